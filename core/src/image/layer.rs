//! One layer: decompressed, hashed, walked and shown to the inspector in a single pass.

use std::cell::Cell;
use std::io::{ErrorKind, Read};

use super::archive::{Entry, Kind, Walk};
use super::compression::Compression;
use super::notes::Notes;
use super::stream::{Fault, Stream, explain};
use super::{ContentId, FileHeader, ImagePath, Inspect, digest};
use crate::{Error, Limits, Result};

/// What one entry of a layer does to the layers below.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub path: ImagePath,
    pub kind: ChangeKind,
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
}

#[derive(Debug, Clone)]
pub(super) enum ChangeKind {
    File {
        content: ContentId,
        size: u64,
    },
    Directory,
    Symlink(Vec<u8>),
    HardLink(ImagePath),
    Other,
    /// Takes `path` away.
    Whiteout,
    /// Takes away what the layers below have in the folder `path`.
    Opaque,
}

/// A layer after reading.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub digest: String,
    pub diff_id: String,
    pub list: Vec<Change>,
}

/// What is known of a layer before it is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated {
    /// Names it in errors, such as `layer sha256:…`.
    pub place: String,
    pub digest: Option<String>,
    pub size: Option<u64>,
    pub diff_id: Option<String>,
}

impl Stated {
    /// Compares both digests with those of the content.
    pub(super) fn verify(&self, changes: &Changes) -> Result<()> {
        if let Some(expected) = &self.digest {
            digest::verify(&self.place, expected, &changes.digest)?;
        }
        match &self.diff_id {
            Some(expected) => digest::verify(
                &format!("{}, uncompressed", self.place),
                expected,
                &changes.diff_id,
            ),
            None => Ok(()),
        }
    }
}

/// What is counted and collected over all layers.
pub(super) struct Scan<'a> {
    pub limits: &'a Limits,
    pub inspect: &'a mut dyn Inspect,
    pub content_layers: Vec<usize>,
    pub notes: Notes,
    pub unpacked: u64,
    pub entries: u64,
}

/// The folder in which aufs kept hard-linked files, and the prefix of its other entries.
pub(super) const AUFS_LINKS: &[u8] = b".wh..wh.plnk/";
const AUFS: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
const WHITEOUT: &[u8] = b".wh.";

/// The ratio is judged once this much is unpacked.
const RATIO_FROM: u64 = 64 << 20;

impl<'a> Scan<'a> {
    pub(super) fn new(limits: &'a Limits, inspect: &'a mut dyn Inspect) -> Self {
        Self {
            limits,
            inspect,
            content_layers: Vec::new(),
            notes: Notes::default(),
            unpacked: 0,
            entries: 0,
        }
    }

    /// Counts `entries` more.
    pub(super) fn charge(&mut self, place: &str, entries: u64) -> Result<()> {
        self.entries = self.entries.saturating_add(entries);
        if self.entries > self.limits.entries {
            return Err(Error::Limit {
                place: place.to_owned(),
                what: "entries",
                limit: self.limits.entries,
            });
        }
        Ok(())
    }

    /// Names the content of a file that `layer` brings.
    pub(super) fn content(&mut self, layer: usize) -> Result<ContentId> {
        let id = u32::try_from(self.content_layers.len()).map_err(|_| Error::Limit {
            place: format!("layer {layer}"),
            what: "entries",
            limit: u64::from(u32::MAX),
        })?;
        self.content_layers.push(layer);
        Ok(ContentId(id))
    }

    /// Reads the layer with the number `layer` from its blob, and verifies what is stated of it.
    pub(super) fn layer(&mut self, layer: usize, stated: &Stated, blob: &mut dyn Read) -> Result<Changes> {
        let place = &*stated.place;
        let limits = self.limits;
        let before = self.unpacked;
        let packed = Cell::new(0u64);
        let unpacked = Cell::new(0u64);
        let count_packed = |bytes| {
            packed.set(packed.get().saturating_add(bytes));
            Ok(())
        };
        let count_unpacked = |bytes| {
            unpacked.set(unpacked.get().saturating_add(bytes));
            let all = before.saturating_add(unpacked.get());
            within(limits, all, unpacked.get(), packed.get())
        };

        let mut blob = Stream::new(Box::new(blob), Box::new(count_packed)).hashed();
        let compression = Compression::of(blob.peek(16).map_err(|e| explain("layer", place, &e))?);
        let mut list = Vec::new();
        let walked = if compression == Compression::None {
            blob.count_with(Box::new(|bytes| {
                count_packed(bytes).and_then(|()| count_unpacked(bytes))
            }));
            unpacked.set(packed.get());
            self.walk(layer, place, "tar", &mut blob, &mut list)
                .map(|()| None)
        } else {
            let format = compression.name();
            let decoder = compression
                .decode(&mut blob)
                .map_err(|e| explain(format, place, &e))?;
            let mut plain = Stream::new(decoder, Box::new(count_unpacked)).hashed();
            self.walk(layer, place, format, &mut plain, &mut list)
                .and_then(|()| plain.finish().map_err(|e| explain(format, place, &e)))
                .map(Some)
        };
        if let Err(error @ Error::Limit { .. }) = walked {
            return Err(error);
        }
        let stored = blob.finish().map_err(|e| explain(compression.name(), place, &e));
        // That the blob is not the one meant explains best why it cannot be read.
        if let (Some(expected), Ok(end)) = (&stated.digest, &stored) {
            digest::verify(place, expected, &end.digest)?;
        }
        let plain = walked?;
        let stored = stored?;
        // Stored as it is, the layer has one hash for both digests.
        let plain = plain.unwrap_or_else(|| stored.clone());
        if let Some(size) = stated.size.filter(|size| *size != packed.get()) {
            let reason = format!("blob of {} bytes, the manifest states {size}", packed.get());
            return Err(Error::format("oci-layout", place, reason));
        }
        if plain.rest {
            self.notes
                .add(place, "what follows the end of the tar archive is not read");
        }
        self.unpacked = self.unpacked.saturating_add(unpacked.get());
        let changes = Changes {
            digest: stored.digest,
            diff_id: plain.digest,
            list,
        };
        stated.verify(&changes)?;
        Ok(changes)
    }

    /// Shows the files to the inspector and lists what the entries do.
    fn walk(
        &mut self,
        layer: usize,
        place: &str,
        format: &'static str,
        source: &mut Stream<'_>,
        list: &mut Vec<Change>,
    ) -> Result<()> {
        let holes = self.limits.unpacked_bytes.saturating_sub(self.unpacked);
        let mut walk = Walk::new(source, format, place, holes, self.limits.unpacked_bytes);
        while let Some(entry) = walk.next_entry()? {
            self.charge(place, weight(&entry.path) + weight(&entry.link) - 1)?;
            let Some((path, kind)) = self.change(layer, place, &entry)? else {
                continue;
            };
            if let ChangeKind::File { content, size } = kind {
                let header = FileHeader {
                    path: path.clone(),
                    mode: entry.mode,
                    uid: entry.uid,
                    gid: entry.gid,
                    size,
                    content,
                };
                self.inspect
                    .file(&header, &mut walk.body(&entry))
                    .map_err(|error| of_layer(error, format, place))?;
            }
            list.push(Change {
                path,
                kind,
                mode: entry.mode,
                uid: entry.uid,
                gid: entry.gid,
            });
        }
        self.unpacked = self.unpacked.saturating_add(holes - walk.holes().min(holes));
        for remark in walk.remarks.drain(..) {
            self.notes.add(place, remark);
        }
        Ok(())
    }

    /// What an entry does, and to which path; `None` for what does nothing.
    fn change(
        &mut self,
        layer: usize,
        place: &str,
        entry: &Entry,
    ) -> Result<Option<(ImagePath, ChangeKind)>> {
        let Some(path) = self.path(place, &entry.path) else {
            return Ok(None);
        };
        let name = path.file_name();
        if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            let in_links = path.as_bytes().starts_with(AUFS_LINKS) && entry.kind == Kind::File;
            if name == OPAQUE {
                return Ok(Some((ImagePath(path.parent().to_vec()), ChangeKind::Opaque)));
            }
            if !in_links {
                return Ok(match hidden {
                    // `.` and `..` must not become parts of a path: they would take the folder itself away.
                    b"" | b"." | b".." => {
                        self.notes
                            .add(in_layer(&path, place), "whiteout of no name is ignored");
                        None
                    }
                    hidden if hidden.starts_with(WHITEOUT) => None,
                    hidden => Some((child(path.parent(), hidden), ChangeKind::Whiteout)),
                });
            }
        } else if path.as_bytes().starts_with(AUFS) && !path.as_bytes().starts_with(AUFS_LINKS) {
            return Ok(None);
        }
        let kind = match entry.kind {
            Kind::Directory => ChangeKind::Directory,
            _ if path.as_bytes().is_empty() => {
                self.notes.add(
                    in_layer(&path, place),
                    "an entry other than a folder in place of the root is ignored",
                );
                return Ok(None);
            }
            Kind::File => ChangeKind::File {
                content: self.content(layer)?,
                size: entry.size,
            },
            Kind::Symlink if entry.link.len() > self.limits.path_bytes => {
                let reason = format!(
                    "symbolic link to a path of {} bytes is left out",
                    entry.link.len()
                );
                self.notes.add(in_layer(&path, place), reason);
                return Ok(None);
            }
            Kind::Symlink => ChangeKind::Symlink(entry.link.clone()),
            Kind::HardLink => match self.path(place, &entry.link) {
                Some(target) => ChangeKind::HardLink(target),
                None => return Ok(None),
            },
            Kind::Other => ChangeKind::Other,
            Kind::Unknown(flag) => {
                let reason = format!("entry of unknown type {:?} is ignored", char::from(flag));
                self.notes.add(in_layer(&path, place), reason);
                return Ok(None);
            }
        };
        Ok(Some((path, kind)))
    }

    /// The normalised path, with a note where that is not simply what is written.
    fn path(&mut self, place: &str, raw: &[u8]) -> Option<ImagePath> {
        let path = ImagePath::new(raw);
        if raw.len() > self.limits.path_bytes {
            let reason = format!(
                "path of {} bytes, more than {}, is left out",
                raw.len(),
                self.limits.path_bytes
            );
            self.notes.add(in_layer(&path, place), reason);
            return None;
        }
        if climbs(raw) {
            let reason = format!("{:?} climbs out of the root", String::from_utf8_lossy(raw));
            self.notes.add(in_layer(&path, place), reason);
        }
        Some(path)
    }
}

/// An inspector's error, as one of the layer where it was the layer that could not be read on.
fn of_layer(error: Error, format: &'static str, layer: &str) -> Error {
    match error {
        Error::Io { place, source }
            if source.kind() == ErrorKind::UnexpectedEof
                || source.get_ref().is_some_and(|inner| inner.is::<Fault>()) =>
        {
            explain(format, &format!("{place} in {layer}"), &source)
        }
        error => error,
    }
}

/// Whether a path written as `raw` leaves the root on its way.
fn climbs(raw: &[u8]) -> bool {
    let mut depth = 0u32;
    raw.split(|b| *b == b'/').any(|part| {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
        false
    })
}

/// The path of `name`, a single part, in the folder `parent`.
pub(super) fn child(parent: &[u8], name: &[u8]) -> ImagePath {
    match parent {
        b"" => ImagePath(name.to_vec()),
        parent => ImagePath([parent, name].join(&b'/')),
    }
}

/// What a path counts against the bound on entries: long ones count as several, which bounds their memory.
pub(super) fn weight(path: &[u8]) -> u64 {
    1 + path.len() as u64 / 256
}

/// A path and its layer, for notes.
pub(super) fn in_layer(path: &ImagePath, layer: &str) -> String {
    format!("{path} in {layer}")
}

/// Bounds of a layer that has `unpacked` bytes out of `packed`, of `all` so far.
pub(super) fn within(limits: &Limits, all: u64, unpacked: u64, packed: u64) -> Result<(), Fault> {
    if all > limits.unpacked_bytes {
        return Err(Fault::Limit {
            what: "unpacked_bytes",
            limit: limits.unpacked_bytes,
        });
    }
    if unpacked > RATIO_FROM && unpacked / packed.max(1) > limits.ratio {
        return Err(Fault::Limit {
            what: "ratio",
            limit: limits.ratio,
        });
    }
    Ok(())
}
