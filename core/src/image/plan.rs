//! What an image consists of, before its layers are read; and where its blobs come from.

use super::digest;
use super::layer::Stated;
use super::manifest::Configuration;
use super::notes::Notes;
use super::{ImageConfig, ImageKind, Platform, ReadOptions};
use crate::{Error, Result};

/// The documents and blobs of an image, in an archive or a folder.
///
/// Names are those of the layout: `index.json`, `blobs/sha256/…`, or what a docker-archive's manifest says.
pub(super) trait Store {
    /// Reads a small file whole; `None` where there is none.
    ///
    /// # Errors
    /// A file beyond `Limits::file_bytes`, or one that cannot be read.
    fn document(&mut self, name: &str) -> Result<Option<Vec<u8>>>;

    /// The name under which a file is stored, after links; `None` where there is none.
    fn find(&self, name: &str) -> Option<String>;

    /// Whether there is such a file.
    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}

/// An image that can be read.
#[derive(Debug)]
pub(super) struct Plan {
    pub kind: ImageKind,
    pub name: Option<String>,
    pub digest: String,
    pub platform: Option<Platform>,
    pub config: ImageConfig,
    pub layers: Vec<PlannedLayer>,
}

/// One layer, lowest first.
#[derive(Debug)]
pub(super) struct PlannedLayer {
    /// The name under which its blob is stored; `None` for a foreign layer that is not there.
    pub blob: Option<String>,
    pub stated: Stated,
    pub created_by: Option<String>,
}

/// Finds out what is there, and which image of it is meant.
pub(super) fn plan(store: &mut dyn Store, options: &ReadOptions, notes: &mut Notes) -> Result<Plan> {
    // `docker save` writes both since version 25; the layout states more digests.
    if store.has("index.json") && store.has("oci-layout") {
        return super::oci_layout::plan(store, options, notes);
    }
    if store.has("manifest.json") {
        return super::docker_archive::plan(store, options, notes);
    }
    if store.has("index.json") {
        return super::oci_layout::plan(store, options, notes);
    }
    Err(Error::Unsupported {
        what: "target",
        text: "neither an OCI layout (index.json) nor a docker-archive (manifest.json)".to_owned(),
    })
}

/// The place of a blob in a layout. A digest that cannot be verified has none.
pub(super) fn blob_name(digest: &str, place: &str) -> Result<String> {
    Ok(format!("blobs/sha256/{}", digest::hex(digest, place)?))
}

/// The diff ids and steps of `layers` layers, as the configuration `place` tells them.
pub(super) fn describe(
    format: &'static str,
    place: &str,
    configuration: &Configuration,
    layers: usize,
    notes: &mut Notes,
) -> Result<Vec<(Option<String>, Option<String>)>> {
    let diff_ids = &configuration.rootfs.diff_ids;
    if diff_ids.is_empty() && layers > 0 {
        notes.add(
            place,
            "the configuration has no diff ids: the uncompressed layers cannot be verified",
        );
    } else if diff_ids.len() != layers {
        let reason = format!(
            "{layers} layers, but the configuration has {} diff ids",
            diff_ids.len()
        );
        return Err(Error::format(format, place, reason));
    }
    for diff_id in diff_ids {
        digest::hex(diff_id, place)?;
    }
    let steps = configuration.steps(layers);
    if steps.is_empty() && layers > 0 && !configuration.history.is_empty() {
        notes.add(
            place,
            format!("the history does not tell of {layers} layers: their build steps are not known"),
        );
    }
    Ok((0..layers)
        .map(|i| (diff_ids.get(i).cloned(), steps.get(i).cloned().flatten()))
        .collect())
}

/// Whether an image for `has` serves those who ask for `asked`.
pub(super) fn serves(has: &Platform, asked: &Platform) -> bool {
    // arm64 is v8 unless it says otherwise.
    let variant = |platform: &Platform| match (platform.architecture.as_str(), platform.variant.as_deref()) {
        ("arm64", Some("v8")) => None,
        (_, variant) => variant.map(str::to_owned),
    };
    has.os == asked.os
        && has.architecture == asked.architecture
        && (variant(asked).is_none() || variant(has) == variant(asked))
}

/// The error for a platform that is not there.
pub(super) fn no_platform(asked: &Platform, there: &[Platform]) -> Error {
    let there: Vec<String> = there.iter().map(Platform::to_string).collect();
    let there = if there.is_empty() {
        "states none".to_owned()
    } else {
        format!("has {}", there.join(", "))
    };
    Error::Value {
        what: "platform".to_owned(),
        reason: format!("{asked} is not in the image, which {there}"),
    }
}

/// The error for a reference that is not there.
pub(super) fn no_reference(asked: &str, there: &[&str]) -> Error {
    let there = if there.is_empty() {
        "names none".to_owned()
    } else {
        format!("has {}", there.join(", "))
    };
    Error::Value {
        what: "reference".to_owned(),
        reason: format!("{asked:?} is not in the archive, which {there}"),
    }
}
