//! An image in a tar archive.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::archive::{Entry, Kind, Walk};
use super::compression::Compression;
use super::layer::{Changes, Scan, child, weight, within};
use super::plan::{Plan, Store, plan};
use super::read::assemble;
use super::stream::{Source, Stream, explain};
use super::view::MOST_LINKS;
use super::{Image, ImagePath, Inspect, ReadOptions};
use crate::{Error, Limits, Result};

const PLACE: &str = "archive";

/// A reader that can go back.
pub(super) trait Seekable: Read + Seek {}

impl<R: Read + Seek> Seekable for R {}

pub(super) fn read(
    reader: &mut dyn Seekable,
    options: &ReadOptions,
    inspect: &mut dyn Inspect,
) -> Result<Image> {
    let failed = |error| Error::io(PLACE, error);
    let length = reader.seek(SeekFrom::End(0)).map_err(failed)?;
    reader.rewind().map_err(failed)?;
    let mut start = Vec::new();
    reader.take(16).read_to_end(&mut start).map_err(failed)?;
    reader.rewind().map_err(failed)?;
    match Compression::of(&start) {
        Compression::None => plain(reader, length, options, inspect),
        compression => compressed(reader, compression, options, inspect),
    }
}

/// Reads the headers, then what is needed, by seeking.
fn plain(
    reader: &mut dyn Seekable,
    length: u64,
    options: &ReadOptions,
    inspect: &mut dyn Inspect,
) -> Result<Image> {
    let limits = &options.limits;
    let mut index = Index::default();
    let source = Seeking {
        inner: BufReader::new(&mut *reader),
        left: length,
    };
    let mut walk = Walk::new(source, "tar", PLACE, 0, limits.unpacked_bytes);
    while let Some(entry) = walk.next_entry()? {
        index.add(&entry, limits)?;
    }
    drop(walk);
    let mut store = Plain {
        reader,
        index,
        limits,
    };
    let mut scan = Scan::new(limits, inspect);
    let plan = plan(&mut store, options, &mut scan.notes)?;
    assemble(plan, scan, &mut |number, layer, scan| {
        let name = layer.blob.as_deref().unwrap_or_default();
        let mut blob = store.open(name)?.ok_or_else(|| gone(name))?;
        scan.layer(number, &layer.stated, &mut blob)
    })
}

/// Streams the archive for its documents, then again for the layers that these name.
fn compressed(
    reader: &mut dyn Seekable,
    compression: Compression,
    options: &ReadOptions,
    inspect: &mut dyn Inspect,
) -> Result<Image> {
    let limits = &options.limits;
    let mut store = Kept {
        index: Index::default(),
        documents: HashMap::new(),
        bytes: 0,
        limits,
    };
    stream(reader, compression, limits, |walk| {
        while let Some(entry) = walk.next_entry()? {
            store.add(walk, &entry)?;
        }
        walk.drain()
    })?;
    let mut scan = Scan::new(limits, inspect);
    let plan = plan(&mut store, options, &mut scan.notes)?;
    let mut wanted = store.wanted(&plan);
    let mut changes = HashMap::new();
    reader.rewind().map_err(|error| Error::io(PLACE, error))?;
    stream(reader, compression, limits, |walk| {
        while !wanted.is_empty()
            && let Some(entry) = walk.next_entry()?
        {
            if let Some(number) = wanted.remove(&entry.offset)
                && let Some(layer) = plan.layers.get(number)
            {
                changes.insert(number, scan.layer(number, &layer.stated, &mut walk.body(&entry))?);
            }
        }
        Ok(())
    })?;
    assemble(plan, scan, &mut |number, layer, _| -> Result<Changes> {
        changes
            .remove(&number)
            .ok_or_else(|| gone(layer.blob.as_deref().unwrap_or_default()))
    })
}

/// Walks over the compressed archive from where the reader stands.
fn stream<T>(
    reader: &mut dyn Seekable,
    compression: Compression,
    limits: &Limits,
    walk: impl FnOnce(&mut Walk<&mut Stream<'_>>) -> Result<T>,
) -> Result<T> {
    let format = compression.name();
    let packed = Cell::new(0u64);
    let unpacked = Cell::new(0u64);
    let count_packed = |bytes| {
        packed.set(packed.get().saturating_add(bytes));
        Ok(())
    };
    let count_unpacked = |bytes| {
        unpacked.set(unpacked.get().saturating_add(bytes));
        within(limits, unpacked.get(), unpacked.get(), packed.get())
    };
    let stored = Stream::new(Box::new(reader), Box::new(count_packed));
    let decoder = compression
        .decode(stored)
        .map_err(|e| explain(format, PLACE, &e))?;
    let mut plain = Stream::new(decoder, Box::new(count_unpacked));
    walk(&mut Walk::new(
        &mut plain,
        format,
        PLACE,
        0,
        limits.unpacked_bytes,
    ))
}

fn gone(name: &str) -> Error {
    Error::format("tar", name, "it is not in the archive any more")
}

/// What an archive holds under which name.
#[derive(Default)]
struct Index {
    entries: BTreeMap<ImagePath, Found>,
    weight: u64,
}

enum Found {
    File {
        offset: u64,
        size: u64,
    },
    /// A link of either kind, as a path from the root of the archive.
    Link(ImagePath),
    /// A file that cannot be read by seeking, as it has holes.
    Sparse,
}

impl Index {
    /// A later entry takes the place of an earlier one, as it does when unpacking.
    fn add(&mut self, entry: &Entry, limits: &Limits) -> Result<()> {
        self.weight = self
            .weight
            .saturating_add(weight(&entry.path) + weight(&entry.link) - 1);
        if self.weight > limits.entries {
            return Err(Error::Limit {
                place: PLACE.to_owned(),
                what: "entries",
                limit: limits.entries,
            });
        }
        let path = ImagePath::new(&entry.path);
        let found = match entry.kind {
            Kind::File if entry.is_plain() => Found::File {
                offset: entry.offset,
                size: entry.size,
            },
            Kind::File => Found::Sparse,
            Kind::HardLink => Found::Link(ImagePath::new(&entry.link)),
            Kind::Symlink if entry.link.starts_with(b"/") => Found::Link(ImagePath::new(&entry.link)),
            Kind::Symlink => Found::Link(ImagePath::new(child(path.parent(), &entry.link).as_bytes())),
            Kind::Directory | Kind::Other | Kind::Unknown(_) => return Ok(()),
        };
        self.entries.insert(path, found);
        Ok(())
    }

    fn file(&self, name: &str) -> Option<(&ImagePath, &Found)> {
        let (mut path, mut found) = self.entries.get_key_value(&ImagePath::new(name.as_bytes()))?;
        for _ in 0..MOST_LINKS {
            match found {
                Found::Link(target) => (path, found) = self.entries.get_key_value(target)?,
                _ => return Some((path, found)),
            }
        }
        None
    }

    fn find(&self, name: &str) -> Option<String> {
        let (path, _) = self.file(name)?;
        String::from_utf8(path.as_bytes().to_vec()).ok()
    }

    /// Offset and size of a file.
    fn stretch(&self, name: &str) -> Result<Option<(u64, u64)>> {
        match self.file(name) {
            Some((_, Found::File { offset, size })) => Ok(Some((*offset, *size))),
            Some((_, Found::Sparse)) => Err(Error::Unsupported {
                what: "sparse file in an archive of images",
                text: name.to_owned(),
            }),
            _ => Ok(None),
        }
    }
}

/// A plain archive.
struct Plain<'a> {
    reader: &'a mut dyn Seekable,
    index: Index,
    limits: &'a Limits,
}

impl Plain<'_> {
    fn open(&mut self, name: &str) -> Result<Option<impl Read>> {
        let Some((offset, size)) = self.index.stretch(name)? else {
            return Ok(None);
        };
        self.reader
            .seek(SeekFrom::Start(offset))
            .map_err(|error| Error::io(name, error))?;
        Ok(Some((&mut *self.reader).take(size)))
    }
}

impl Store for Plain<'_> {
    fn document(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let limit = self.limits.document_bytes;
        let Some((_, size)) = self.index.stretch(name)? else {
            return Ok(None);
        };
        if size > limit {
            return Err(Error::Limit {
                place: name.to_owned(),
                what: "document_bytes",
                limit,
            });
        }
        let Some(mut file) = self.open(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| Error::io(name, error))?;
        Ok(Some(bytes))
    }

    fn find(&self, name: &str) -> Option<String> {
        self.index.find(name)
    }
}

/// What is kept of a compressed archive: where everything is, and all that may be a document.
struct Kept<'l> {
    index: Index,
    /// By offset.
    documents: HashMap<u64, Vec<u8>>,
    bytes: u64,
    limits: &'l Limits,
}

impl Kept<'_> {
    fn add<S: Source>(&mut self, walk: &mut Walk<S>, entry: &Entry) -> Result<()> {
        // Documents are JSON objects or lists; layers are not, and are much larger in sum.
        if entry.is_plain() && self.bytes.saturating_add(entry.size) <= self.limits.file_bytes {
            let failed = |error| explain("tar", PLACE, &error);
            let mut body = walk.body(entry);
            let mut bytes = Vec::new();
            (&mut body).take(64).read_to_end(&mut bytes).map_err(failed)?;
            if let Some(b'{' | b'[') = bytes.trim_ascii_start().first() {
                body.read_to_end(&mut bytes).map_err(failed)?;
                self.bytes += bytes.len() as u64;
                self.documents.insert(entry.offset, bytes);
            }
        }
        self.index.add(entry, self.limits)
    }

    /// The number of the layer that first needs what begins at an offset.
    fn wanted(&self, plan: &Plan) -> HashMap<u64, usize> {
        let mut wanted = HashMap::new();
        for (number, layer) in plan.layers.iter().enumerate() {
            if let Some(Ok(Some((offset, _)))) = layer.blob.as_deref().map(|name| self.index.stretch(name)) {
                wanted.entry(offset).or_insert(number);
            }
        }
        wanted
    }
}

impl Store for Kept<'_> {
    fn document(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some((offset, size)) = self.index.stretch(name)? else {
            return Ok(None);
        };
        let limit = self.limits.document_bytes;
        match self.documents.get(&offset) {
            Some(bytes) if bytes.len() as u64 > limit => Err(Error::Limit {
                place: name.to_owned(),
                what: "document_bytes",
                limit,
            }),
            Some(bytes) => Ok(Some(bytes.clone())),
            None if self.bytes.saturating_add(size) > self.limits.file_bytes => Err(Error::Limit {
                place: name.to_owned(),
                what: "file_bytes",
                limit: self.limits.file_bytes,
            }),
            None => Err(Error::format("json", name, "neither an object nor a list")),
        }
    }

    fn find(&self, name: &str) -> Option<String> {
        self.index.find(name)
    }
}

/// Passes over bodies by seeking.
struct Seeking<R> {
    inner: BufReader<R>,
    left: u64,
}

impl<R: Read> Read for Seeking<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: Read> BufRead for Seeking<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.inner.consume(bytes);
        self.left = self.left.saturating_sub(bytes as u64);
    }
}

impl<R: Read + Seek> Source for Seeking<R> {
    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        let step = bytes.min(self.left);
        self.inner
            .seek_relative(i64::try_from(step).map_err(io::Error::other)?)?;
        self.left -= step;
        Ok(step)
    }
}
