//! The OCI image layout: `index.json` leads over indexes and manifests to a configuration and layers.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

use std::collections::{BTreeMap, BTreeSet};

use super::layer::Stated;
use super::manifest::{Configuration, Descriptor, Document, parse};
use super::notes::Notes;
use super::plan::{Plan, PlannedLayer, Store, blob_name, describe, no_platform, no_reference, serves};
use super::{ImageKind, Platform, ReadOptions, digest};
use crate::{Error, Result};

const FORMAT: &str = "oci-layout";
const INDEX: &str = "index.json";

/// A manifest that could be the one to read.
struct Candidate {
    descriptor: Descriptor,
    platform: Option<Platform>,
}

pub(super) fn plan(store: &mut dyn Store, options: &ReadOptions, notes: &mut Notes) -> Result<Plan> {
    let bytes = store
        .document(INDEX)?
        .ok_or_else(|| wrong(INDEX, "it is not there"))?;
    let index: Document = parse(FORMAT, INDEX, &bytes)?;
    let top = index
        .manifests
        .ok_or_else(|| wrong(INDEX, "no list of manifests"))?;
    let (name, top) = choose_image(top, options, notes)?;

    let mut search = Search {
        store,
        options,
        notes: &mut *notes,
        candidates: Vec::new(),
        absent: Vec::new(),
        seen: BTreeSet::new(),
        platforms: BTreeMap::new(),
    };
    search.add(top, 0)?;
    let Search {
        candidates, absent, ..
    } = search;
    let chosen = choose_platform(candidates, &absent, options, notes)?;
    image(store, name, chosen, notes)
}

/// The descriptors of the image that the options ask for, or of the first: those under one name are one image.
fn choose_image(
    top: Vec<Descriptor>,
    options: &ReadOptions,
    notes: &mut Notes,
) -> Result<(Option<String>, Vec<Descriptor>)> {
    let top: Vec<Descriptor> = top
        .into_iter()
        .filter(|descriptor| !descriptor.is_attestation())
        .collect();
    let (chosen, others): (Vec<_>, Vec<_>) = match &options.reference {
        Some(asked) => top
            .into_iter()
            .partition(|descriptor| descriptor.is_called(asked)),
        None => {
            let name = top.first().and_then(Descriptor::name).map(str::to_owned);
            top.into_iter()
                .partition(|descriptor| descriptor.name() == name.as_deref())
        }
    };
    let Some(first) = chosen.first() else {
        return Err(match &options.reference {
            Some(asked) => no_reference(
                asked,
                &others.iter().filter_map(Descriptor::name).collect::<Vec<_>>(),
            ),
            None => wrong(INDEX, "it lists no image"),
        });
    };
    let name = first.name().map(str::to_owned);
    if options.reference.is_none() {
        let read: BTreeSet<&str> = chosen.iter().map(|chosen| &*chosen.digest).collect();
        for other in others.iter().filter(|other| !read.contains(&*other.digest)) {
            let name = other.name().unwrap_or(&other.digest);
            notes.add(INDEX, format!("image {name} is not read: the first one is"));
        }
    }
    Ok((name, chosen))
}

/// Collects the manifests below an index.
struct Search<'s> {
    store: &'s mut dyn Store,
    options: &'s ReadOptions,
    notes: &'s mut Notes,
    candidates: Vec<Candidate>,
    /// Digests that are named but not there.
    absent: Vec<String>,
    /// Each blob is read once, so that indexes that name one another many times cost no more.
    seen: BTreeSet<String>,
    /// By digest of the configuration, which many manifests may share.
    platforms: BTreeMap<String, Option<Platform>>,
}

impl Search<'_> {
    fn add(&mut self, descriptors: Vec<Descriptor>, depth: u32) -> Result<()> {
        if depth > self.options.limits.nesting {
            let limit = u64::from(self.options.limits.nesting);
            return Err(Error::Limit {
                place: INDEX.to_owned(),
                what: "nesting",
                limit,
            });
        }
        for descriptor in descriptors {
            if descriptor.is_attestation() || !self.seen.insert(descriptor.digest.clone()) {
                continue;
            }
            // `docker save` lists all platforms of an image and saves the one it has.
            let Some(document) = open(self.store, &descriptor)? else {
                self.absent.push(descriptor.digest);
                continue;
            };
            if let Some(nested) = document.manifests {
                self.add(nested, depth + 1)?;
                continue;
            }
            if !document.is_image() {
                self.notes
                    .add(&descriptor.digest, "an artifact, not an image: it is not read");
                continue;
            }
            let platform = match &descriptor.platform {
                Some(platform) => Some(platform.clone().into()),
                None => self.platform(&document)?,
            };
            self.candidates.push(Candidate { descriptor, platform });
        }
        Ok(())
    }

    /// The platform as the configuration tells it, for a descriptor that does not.
    fn platform(&mut self, document: &Document) -> Result<Option<Platform>> {
        let Some(config) = &document.config else {
            return Ok(None);
        };
        if let Some(known) = self.platforms.get(&config.digest) {
            return Ok(known.clone());
        }
        let platform = match blob(self.store, config)? {
            Some(bytes) => parse::<Configuration>(FORMAT, &config.digest, &bytes)?.platform(),
            None => None,
        };
        self.platforms.insert(config.digest.clone(), platform.clone());
        Ok(platform)
    }
}

fn choose_platform(
    candidates: Vec<Candidate>,
    absent: &[String],
    options: &ReadOptions,
    notes: &mut Notes,
) -> Result<Candidate> {
    let default = Platform {
        os: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        variant: None,
    };
    let asked = options.platform.as_ref().unwrap_or(&default);
    let matches = |candidate: &Candidate| candidate.platform.as_ref().is_some_and(|has| serves(has, asked));
    let mut fitting = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| matches(candidate));
    let at = fitting.next().map(|(at, _)| at);
    for (_, other) in fitting {
        notes.add(
            INDEX,
            format!(
                "{} is not read: an earlier one is for the same platform",
                other.descriptor.digest
            ),
        );
    }
    if at.is_none() && options.platform.is_some() {
        let there: BTreeSet<Platform> = candidates
            .into_iter()
            .filter_map(|candidate| candidate.platform)
            .collect();
        return Err(no_platform(asked, &there.into_iter().collect::<Vec<_>>()));
    }
    candidates
        .into_iter()
        .nth(at.unwrap_or(0))
        .ok_or_else(|| match absent.first() {
            Some(digest) => wrong(digest, "the manifest is missing"),
            None => wrong(INDEX, "it leads to no manifest of an image"),
        })
}

fn image(store: &mut dyn Store, name: Option<String>, chosen: Candidate, notes: &mut Notes) -> Result<Plan> {
    let digest = chosen.descriptor.digest.clone();
    let document =
        open(store, &chosen.descriptor)?.ok_or_else(|| wrong(&digest, "the manifest is missing"))?;
    let layers = document.layers.unwrap_or_default();
    let config = document
        .config
        .ok_or_else(|| wrong(&digest, "the manifest names no configuration"))?;
    let bytes = blob(store, &config)?.ok_or_else(|| wrong(&config.digest, "the configuration is missing"))?;
    let configuration: Configuration = parse(FORMAT, &config.digest, &bytes)?;

    let described = describe(FORMAT, &config.digest, &configuration, layers.len(), notes)?;
    let mut planned = Vec::with_capacity(layers.len());
    for (layer, (diff_id, created_by)) in layers.into_iter().zip(described) {
        if layer.media_type.ends_with("+encrypted") {
            return Err(Error::Unsupported {
                what: "layer",
                text: format!("{} {}", layer.media_type, layer.digest),
            });
        }
        let place = format!("layer {}", layer.digest);
        let found = store.find(&blob_name(&layer.digest, &digest)?);
        let blob = if found.is_some() {
            found
        } else if layer.is_foreign() {
            let urls = layer.urls.join(", ");
            notes.add(
                &place,
                format!(
                    "{} is not in the archive and not read; it is at {urls:?}",
                    layer.media_type
                ),
            );
            None
        } else {
            return Err(wrong(&layer.digest, "the layer is missing"));
        };
        let stated = Stated {
            place,
            digest: Some(layer.digest),
            size: layer.size,
            diff_id,
        };
        planned.push(PlannedLayer {
            blob,
            stated,
            created_by,
        });
    }
    Ok(Plan {
        kind: ImageKind::OciLayout,
        name,
        digest,
        platform: chosen.platform.or_else(|| configuration.platform()),
        config: configuration.into_config(),
        layers: planned,
    })
}

/// Reads an index or a manifest; `None` where the blob is not there.
fn open(store: &mut dyn Store, descriptor: &Descriptor) -> Result<Option<Document>> {
    let Some(bytes) = blob(store, descriptor)? else {
        return Ok(None);
    };
    let document: Document = parse(FORMAT, &descriptor.digest, &bytes)?;
    match (&document.manifests, &document.layers) {
        (Some(_), Some(_)) => Err(wrong(&descriptor.digest, "an index and a manifest at once")),
        (None, None) if document.fs_layers.is_some() => Err(Error::Unsupported {
            what: "manifest",
            text: format!("{} (Docker schema 1)", descriptor.digest),
        }),
        (None, None) if document.config.is_none() => {
            Err(wrong(&descriptor.digest, "neither an index nor a manifest"))
        }
        _ => Ok(Some(document)),
    }
}

/// Reads a small blob and verifies size and digest; `None` where it is not there.
fn blob(store: &mut dyn Store, descriptor: &Descriptor) -> Result<Option<Vec<u8>>> {
    let Some(bytes) = store.document(&blob_name(&descriptor.digest, FORMAT)?)? else {
        return Ok(None);
    };
    digest::verify(
        &format!("blob {}", descriptor.digest),
        &descriptor.digest,
        &digest::of(&bytes),
    )?;
    match descriptor.size {
        Some(size) if size != bytes.len() as u64 => {
            let reason = format!("blob of {} bytes, its descriptor states {size}", bytes.len());
            Err(wrong(&descriptor.digest, &reason))
        }
        _ => Ok(Some(bytes)),
    }
}

fn wrong(place: &str, reason: &str) -> Error {
    Error::format(FORMAT, place, reason)
}
