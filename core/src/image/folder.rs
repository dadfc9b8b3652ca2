//! An image in a folder: an OCI layout, or a docker-archive that was unpacked.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "feature fs: the caller names a folder, and this file is what reads it"
)]

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::layer::Scan;
use super::plan::{Store, plan};
use super::read::assemble;
use super::{Image, ImagePath, Inspect, ReadOptions};
use crate::{Error, Limits, Result};

/// Reads a container image from a folder: an OCI layout, or what `docker save` writes, unpacked.
///
/// # Errors
/// As [`read`](super::read()); [`Error::Io`] for a folder that cannot be read.
pub fn read_folder(
    path: impl AsRef<Path>,
    options: &ReadOptions,
    inspect: &mut dyn Inspect,
) -> Result<Image> {
    let path = path.as_ref();
    let root = fs::canonicalize(path).map_err(|error| Error::io(path.display().to_string(), error))?;
    let mut store = Folder {
        root,
        limits: &options.limits,
    };
    let mut scan = Scan::new(&options.limits, inspect);
    let plan = plan(&mut store, options, &mut scan.notes)?;
    assemble(plan, scan, &mut |number, layer, scan| {
        let name = layer.blob.as_deref().unwrap_or_default();
        let mut blob = File::open(store.root.join(name)).map_err(|error| Error::io(name, error))?;
        scan.layer(number, &layer.stated, &mut blob)
    })
}

struct Folder<'l> {
    root: PathBuf,
    limits: &'l Limits,
}

impl Store for Folder<'_> {
    fn document(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let limit = self.limits.document_bytes;
        let Some(found) = self.find(name) else {
            return Ok(None);
        };
        let failed = |error| Error::io(name, error);
        let file = File::open(self.root.join(found)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > limit {
            return Err(Error::Limit {
                place: name.to_owned(),
                what: "document_bytes",
                limit,
            });
        }
        Ok(Some(bytes))
    }

    /// Build tools make layouts of symbolic links to files elsewhere. The fixed names and the blobs, whose
    /// digests are verified, may be such links; names that a document brings must stay inside.
    fn find(&self, name: &str) -> Option<String> {
        let inside = String::from_utf8(ImagePath::new(name.as_bytes()).as_bytes().to_vec()).ok()?;
        let path = self.root.join(&inside);
        // What is no regular file, such as a pipe, could block for ever.
        if !fs::metadata(&path).ok()?.is_file() {
            return None;
        }
        if inside.starts_with("blobs/sha256/")
            || matches!(&*inside, "index.json" | "oci-layout" | "manifest.json")
        {
            return Some(inside);
        }
        let real = fs::canonicalize(&path).ok()?;
        real.strip_prefix(&self.root).ok()?.to_str().map(str::to_owned)
    }
}
