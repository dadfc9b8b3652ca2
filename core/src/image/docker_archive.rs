//! What `docker save` writes: `manifest.json` names a configuration and layers for each image.

use super::layer::Stated;
use super::manifest::{Configuration, DockerImage, parse};
use super::notes::Notes;
use super::plan::{Plan, PlannedLayer, Store, describe, no_platform, no_reference, serves};
use super::{ImageKind, ReadOptions, digest};
use crate::{Error, Result};

const FORMAT: &str = "docker-archive";
const MANIFEST: &str = "manifest.json";

pub(super) fn plan(store: &mut dyn Store, options: &ReadOptions, notes: &mut Notes) -> Result<Plan> {
    let bytes = store
        .document(MANIFEST)?
        .ok_or_else(|| missing(MANIFEST, "it is not there"))?;
    let images: Vec<DockerImage> = parse(FORMAT, MANIFEST, &bytes)?;
    let image = choose(images, options, notes)?;

    let bytes = store
        .document(&image.config)?
        .ok_or_else(|| missing(&image.config, "the configuration is missing"))?;
    let config_digest = digest::of(&bytes);
    if let Some(expected) = digest_in_name(&image.config) {
        digest::verify(&image.config, &expected, &config_digest)?;
    }
    let configuration: Configuration = parse(FORMAT, &image.config, &bytes)?;
    let platform = configuration.platform();
    if let Some(asked) = &options.platform
        && !platform.as_ref().is_some_and(|has| serves(has, asked))
    {
        return Err(no_platform(asked, platform.as_slice()));
    }

    let described = describe(FORMAT, &image.config, &configuration, image.layers.len(), notes)?;
    let mut layers = Vec::with_capacity(image.layers.len());
    for (name, (diff_id, created_by)) in image.layers.into_iter().zip(described) {
        let blob = store
            .find(&name)
            .ok_or_else(|| missing(&name, "the layer is missing"))?;
        // Only names of blobs are digests of what is stored; others may be those of anything.
        let digest = name
            .starts_with("blobs/")
            .then(|| digest_in_name(&name))
            .flatten();
        let stated = Stated {
            place: format!("layer {name}"),
            digest,
            size: None,
            diff_id,
        };
        layers.push(PlannedLayer {
            blob: Some(blob),
            stated,
            created_by,
        });
    }
    Ok(Plan {
        kind: ImageKind::DockerArchive,
        name: image.repo_tags.into_iter().next(),
        digest: config_digest,
        platform,
        config: configuration.into_config(),
        layers,
    })
}

/// The image that the options ask for, or the first; the others are noted.
fn choose(images: Vec<DockerImage>, options: &ReadOptions, notes: &mut Notes) -> Result<DockerImage> {
    let names: Vec<&str> = images
        .iter()
        .flat_map(|image| &image.repo_tags)
        .map(String::as_str)
        .collect();
    let at = match &options.reference {
        Some(asked) => images
            .iter()
            .position(|image| image.repo_tags.iter().any(|tag| is_called(tag, asked)))
            .ok_or_else(|| no_reference(asked, &names))?,
        None => 0,
    };
    if options.reference.is_none() {
        for other in images.iter().skip(1) {
            let name = other.repo_tags.first().unwrap_or(&other.config);
            notes.add(MANIFEST, format!("image {name} is not read: the first one is"));
        }
    }
    images
        .into_iter()
        .nth(at)
        .ok_or_else(|| missing(MANIFEST, "it lists no image"))
}

/// A tag may be asked for without `:latest`.
fn is_called(tag: &str, asked: &str) -> bool {
    tag == asked || tag.strip_suffix(":latest") == Some(asked)
}

/// `…/HEX`, `HEX.json`: the content's digest, as the archive names it.
fn digest_in_name(name: &str) -> Option<String> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let hex = file.strip_suffix(".json").unwrap_or(file);
    digest::is_hex(hex).then(|| format!("sha256:{hex}"))
}

fn missing(place: &str, reason: &str) -> Error {
    Error::format(FORMAT, place, reason)
}
