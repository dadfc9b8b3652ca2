//! From the layers of a plan to an image.

use std::collections::HashMap;
use std::io::{Read, Seek};

use super::layer::{Changes, Scan};
use super::merge::Merge;
use super::plan::{Plan, PlannedLayer};
use super::{Image, Inspect, Layer, ReadOptions, View, tarball};
use crate::Result;

/// Reads a container image from an archive: what `docker save` writes, or an OCI layout, as a tar, plain or
/// compressed as a whole with gzip, zstd or xz.
///
/// Everything is told by content. A plain archive is read once, by seeking to what is needed; a compressed
/// one is streamed twice, since the manifest may stand behind the layers.
///
/// ```
/// use hullmark::image::{self, FileHeader, Inspect};
/// use std::io::{Cursor, Read};
///
/// /// Adds up the sizes of all files.
/// struct Sizes(u64);
///
/// impl Inspect for Sizes {
///     fn file(&mut self, header: &FileHeader, _: &mut dyn Read) -> hullmark::Result<()> {
///         self.0 += header.size;
///         Ok(())
///     }
/// }
///
/// let not_an_image = Cursor::new(vec![0; 1024]);
/// let error = image::read(not_an_image, &image::ReadOptions::default(), &mut Sizes(0)).unwrap_err();
/// assert!(matches!(error, hullmark::Error::Unsupported { what: "target", .. }));
/// ```
///
/// # Errors
/// [`Error::Unsupported`](crate::Error::Unsupported) for an archive that is no image,
/// [`Error::Digest`](crate::Error::Digest) for a blob or layer that is not what its manifest states,
/// [`Error::Limit`](crate::Error::Limit) for one that passes a bound,
/// [`Error::Format`](crate::Error::Format) for what is malformed, truncated or missing,
/// [`Error::Value`](crate::Error::Value) for a platform or reference that is not there, and what the
/// inspector returns.
pub fn read<R: Read + Seek>(
    mut reader: R,
    options: &ReadOptions,
    inspect: &mut dyn Inspect,
) -> Result<Image> {
    tarball::read(&mut reader, options, inspect)
}

/// Gives the changes of the layer with the given number.
pub(super) type ReadLayer<'r> = dyn FnMut(usize, &PlannedLayer, &mut Scan<'_>) -> Result<Changes> + 'r;

/// Reads all layers, lowest first, and merges them.
pub(super) fn assemble(plan: Plan, mut scan: Scan<'_>, read: &mut ReadLayer<'_>) -> Result<Image> {
    let mut view = View::default();
    let mut layers = Vec::with_capacity(plan.layers.len());
    // A blob may serve as several layers (empty ones do); it is read once and kept until its last use.
    let mut last_use = HashMap::new();
    for (number, layer) in plan.layers.iter().enumerate() {
        last_use.insert(layer.blob.as_deref(), number);
    }
    let mut kept: HashMap<&str, Changes> = HashMap::new();
    for (number, layer) in plan.layers.iter().enumerate() {
        let stated = &layer.stated;
        let Some(blob) = layer.blob.as_deref() else {
            layers.push(Layer {
                digest: stated.digest.clone().unwrap_or_default(),
                diff_id: stated.diff_id.clone().unwrap_or_default(),
                created_by: layer.created_by.clone(),
            });
            continue;
        };
        let changes = match kept.remove(blob) {
            Some(changes) => {
                stated.verify(&changes)?;
                scan.charge(&stated.place, changes.list.len() as u64)?;
                changes
            }
            None => read(number, layer, &mut scan)?,
        };
        Merge::apply(&mut view, number, &stated.place, &changes, &mut scan)?;
        layers.push(Layer {
            digest: changes.digest.clone(),
            diff_id: changes.diff_id.clone(),
            created_by: layer.created_by.clone(),
        });
        if last_use.get(&Some(blob)).is_some_and(|last| *last > number) {
            kept.insert(blob, changes);
        }
    }
    Ok(Image {
        kind: plan.kind,
        name: plan.name,
        digest: plan.digest,
        platform: plan.platform,
        config: Some(plan.config),
        layers,
        view,
        content_layers: scan.content_layers,
        notes: scan.notes.finish(),
    })
}
