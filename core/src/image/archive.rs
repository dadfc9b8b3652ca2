//! The walk over a tar archive: v7, ustar, pax, GNU and star headers, sparse files.
//!
//! The `tar` crate gives the layout of a header. The walk is our own, because it must read what container
//! runtimes read (they use Go's `archive/tar`), take every name as bytes, bound what it holds, know all
//! sparse formats and tell a truncated archive from one that only lacks its end marker.

use std::io::{self, Read};

use tar::{GnuExtSparseHeader, Header};

use super::pax::{Pax, show};
use super::sparse::{self, Extent, LeadingMap, number};
use super::stream::{Fault, Source, explain};
use crate::{Error, Result};

const BLOCK: u64 = 512;

/// Bytes of a long name or a pax header; the bound of Go's reader.
const MOST_EXTENSION: u64 = 1 << 20;

/// Remarks kept of one archive.
const MOST_REMARKS: usize = 100;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Symlink,
    HardLink,
    /// Device or pipe.
    Other,
    /// A type flag nobody unpacks.
    Unknown(u8),
}

/// One entry, with its extended headers applied.
#[derive(Debug)]
pub(super) struct Entry {
    pub kind: Kind,
    /// As written.
    pub path: Vec<u8>,
    /// Target of a link, as written.
    pub link: Vec<u8>,
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    /// Bytes of the file, holes included.
    pub size: u64,
    /// Bytes stored.
    pub stored: u64,
    /// Where the stored bytes begin in the archive.
    pub offset: u64,
    extents: Option<Vec<Extent>>,
}

impl Entry {
    /// Whether the file is stored as it is, without holes.
    pub(super) fn is_plain(&self) -> bool {
        self.kind == Kind::File && self.extents.is_none()
    }
}

/// Goes from entry to entry.
pub(super) struct Walk<S> {
    source: S,
    /// What a failing source is explained by: `gzip`, `tar`.
    format: &'static str,
    place: String,
    /// Bytes taken from the source.
    position: u64,
    /// Stored bytes of the current entry that are still ahead.
    stored: u64,
    padding: u64,
    ended: bool,
    /// Bytes of holes that bodies may still produce.
    holes: u64,
    limit: u64,
    /// What is odd about the archive, without being about one entry.
    pub remarks: Vec<String>,
}

impl<S: Source> Walk<S> {
    /// `place` names the archive in errors; `holes` bounds the zeros that holes may give to readers, as what
    /// is left of `limit`.
    pub(super) fn new(source: S, format: &'static str, place: &str, holes: u64, limit: u64) -> Self {
        Self {
            source,
            format,
            place: place.to_owned(),
            position: 0,
            stored: 0,
            padding: 0,
            ended: false,
            holes: holes.saturating_add(1),
            limit,
            remarks: Vec::new(),
        }
    }

    /// Bytes of holes that may still be read.
    pub(super) fn holes(&self) -> u64 {
        self.holes.saturating_sub(1)
    }

    /// The next entry; `None` at the end of the archive. What was left of the body is passed over.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry>> {
        self.leave()?;
        let mut long_path = None;
        let mut long_link = None;
        let mut pax = None;
        loop {
            let start = self.position;
            let Some(header) = self.header()? else {
                if long_path.is_some() || long_link.is_some() || pax.is_some() {
                    return Err(self.wrong(start, "truncated: an extended header without its entry"));
                }
                return Ok(None);
            };
            match header.entry_type().as_byte() {
                b'L' => long_path = Some(self.text(&header, start)?),
                b'K' => long_link = Some(self.text(&header, start)?),
                b'x' => {
                    let text = self.extension(&header, start)?;
                    pax = Some(
                        Pax::parse(&text).map_err(|why| self.wrong(start, &format!("pax header: {why}")))?,
                    );
                }
                b'g' => {
                    let text = self.extension(&header, start)?;
                    let global =
                        Pax::parse(&text).map_err(|why| self.wrong(start, &format!("pax header: {why}")))?;
                    // Container runtimes do not apply global headers, so the files have the values of their
                    // own headers in the container.
                    let stated = global.stated();
                    if !stated.is_empty() {
                        self.remark(format!(
                            "global pax header states {}, which is not applied",
                            stated.join(", ")
                        ));
                    }
                }
                _ => {
                    return self
                        .entry(&header, start, pax.unwrap_or_default(), long_path, long_link)
                        .map(Some);
                }
            }
        }
    }

    /// Reads what follows the end marker, so that a decoder gets to its end and can check it.
    pub(super) fn drain(&mut self) -> Result<()> {
        let skipped = self
            .source
            .skip(u64::MAX)
            .map_err(|e| explain(self.format, &self.place, &e))?;
        self.position = self.position.saturating_add(skipped);
        Ok(())
    }

    /// The content of the entry that [`Walk::next_entry`] gave last.
    pub(super) fn body<'w>(&'w mut self, entry: &'w Entry) -> Body<'w, S> {
        Body {
            walk: self,
            size: entry.size,
            extents: entry.extents.as_deref(),
            at: 0,
        }
    }

    fn entry(
        &mut self,
        header: &Header,
        start: u64,
        pax: Pax,
        long_path: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Entry> {
        let fields = header.as_old();
        let path = long_path.or(pax.path).unwrap_or_else(|| short_path(header));
        let mut kind = match header.entry_type().as_byte() {
            b'0' | 0 | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' | b'4' | b'6' => Kind::Other,
            b'5' => Kind::Directory,
            other => Kind::Unknown(other),
        };
        // v7 has no type for folders.
        if header.entry_type().as_byte() == 0 && path.ends_with(b"/") {
            kind = Kind::Directory;
        }
        let size = match pax.size {
            Some(size) => size,
            None => self.size(header, start)?,
        };
        // The size of a link, folder or device is not that of a body (POSIX lets it state the target's).
        let stored = match kind {
            Kind::File | Kind::Unknown(_) => size,
            Kind::Directory | Kind::Symlink | Kind::HardLink | Kind::Other => 0,
        };
        let field = |name: &str, field: &[u8]| {
            number(field).ok_or_else(|| self.wrong(start, &format!("{name} {} is no number", show(field))))
        };
        let mut entry = Entry {
            kind,
            path,
            link: long_link
                .or(pax.link)
                .unwrap_or_else(|| until_zero(&fields.linkname).to_vec()),
            mode: (field("mode", &fields.mode)? & 0o7777) as u32,
            uid: pax.uid.map_or_else(|| field("uid", &fields.uid), Ok)?,
            gid: pax.gid.map_or_else(|| field("gid", &fields.gid), Ok)?,
            size: stored,
            stored,
            offset: self.position,
            extents: None,
        };
        self.stored = stored;
        self.padding = stored.next_multiple_of_block() - stored;
        if header.entry_type().as_byte() == b'S' {
            self.old_gnu_sparse(header, start, &mut entry)?;
        } else if entry.kind == Kind::File {
            self.pax_sparse(pax.sparse, start, &mut entry)?;
        }
        Ok(entry)
    }

    fn old_gnu_sparse(&mut self, header: &Header, start: u64, entry: &mut Entry) -> Result<()> {
        let Some(gnu) = header.as_gnu() else {
            return Err(self.wrong(start, "sparse entry without a GNU header"));
        };
        let size =
            number(&gnu.realsize).ok_or_else(|| self.wrong(start, "sparse entry with a malformed size"))?;
        let mut map = Vec::new();
        let mut open = sparse::add_gnu(&mut map, &gnu.sparse).map_err(|why| self.wrong(start, &why))?;
        let mut more = gnu.isextended == [1];
        while more {
            let mut block = GnuExtSparseHeader::new();
            if self.block(block.as_mut_bytes())? < BLOCK as usize {
                return Err(self.wrong(start, "truncated in a sparse map"));
            }
            if open {
                open = sparse::add_gnu(&mut map, block.sparse()).map_err(|why| self.wrong(start, &why))?;
            }
            more = block.is_extended();
        }
        entry.offset = self.position;
        self.set_sparse(map, size, start, entry)
    }

    fn pax_sparse(&mut self, pax: super::pax::PaxSparse, start: u64, entry: &mut Entry) -> Result<()> {
        let leading = match (pax.major, pax.minor) {
            (Some(1), Some(0)) => true,
            (Some(0), Some(0 | 1)) => false,
            (None, None) if pax.map.is_some() => false,
            (None, None) => return Ok(()),
            (major, minor) => {
                self.remark(format!(
                    "{}: sparse format {major:?}.{minor:?} is not known",
                    show(&entry.path)
                ));
                return Ok(());
            }
        };
        if let Some(name) = pax.name {
            entry.path = name;
        }
        let size = pax.size.unwrap_or(entry.size);
        if !leading {
            return self.set_sparse(pax.map.unwrap_or_default(), size, start, entry);
        }
        let mut leading = LeadingMap::default();
        loop {
            let mut block = [0; BLOCK as usize];
            self.read_stored_exact(&mut block, start)?;
            if leading.add_block(&block).map_err(|why| self.wrong(start, &why))? {
                break;
            }
        }
        entry.offset = self.position;
        entry.stored = self.stored;
        self.set_sparse(leading.map, size, start, entry)
    }

    fn set_sparse(&self, map: Vec<Extent>, size: u64, start: u64, entry: &mut Entry) -> Result<()> {
        sparse::check(&map, size, entry.stored).map_err(|why| self.wrong(start, &why))?;
        entry.size = size;
        entry.extents = Some(map);
        Ok(())
    }

    /// The next header; `None` at the end marker, or at the end of an archive that has none.
    fn header(&mut self) -> Result<Option<Header>> {
        if self.ended {
            return Ok(None);
        }
        let start = self.position;
        let mut header = blank();
        let read = self.block(header.as_mut_bytes())?;
        if header.as_bytes().iter().all(|b| *b == 0) {
            // Zeros that stop short of a block are a shortened end marker; nothing can be missing.
            self.ended = true;
            let mut second = blank();
            self.block(second.as_mut_bytes())?;
            if second.as_bytes().iter().any(|b| *b != 0) {
                return Err(self.wrong(start, "one block of zeros, where the end has two"));
            }
            return Ok(None);
        }
        if read < BLOCK as usize {
            return Err(self.wrong(start, "truncated in a header"));
        }
        let stated = number(&header.as_old().cksum);
        if stated != Some(sum(header.as_bytes(), u64::from)) {
            // Some old archivers added the bytes as signed ones.
            let signed = sum(header.as_bytes(), |b| i64::from(b.cast_signed()) as u64);
            if stated != Some(signed) {
                return Err(self.wrong(start, "not a tar header: its checksum is wrong"));
            }
        }
        Ok(Some(header))
    }

    /// The body of an extended header.
    fn extension(&mut self, header: &Header, start: u64) -> Result<Vec<u8>> {
        let size = self.size(header, start)?;
        if size > MOST_EXTENSION {
            return Err(self.wrong(
                start,
                &format!("extended header of {size} bytes, more than {MOST_EXTENSION}"),
            ));
        }
        self.stored = size;
        self.padding = size.next_multiple_of_block() - size;
        let mut text = vec![0; size as usize];
        self.read_stored_exact(&mut text, start)?;
        self.leave()?;
        Ok(text)
    }

    /// The body of a GNU long name, which ends with a zero byte.
    fn text(&mut self, header: &Header, start: u64) -> Result<Vec<u8>> {
        let mut text = self.extension(header, start)?;
        text.truncate(until_zero(&text).len());
        Ok(text)
    }

    fn size(&self, header: &Header, start: u64) -> Result<u64> {
        let field = &header.as_old().size;
        // A size that cannot be rounded up to a block cannot be there either.
        number(field)
            .filter(|size| *size <= i64::MAX as u64)
            .ok_or_else(|| self.wrong(start, &format!("size {} is no number", show(field))))
    }

    /// Passes over the rest of the body and its padding.
    fn leave(&mut self) -> Result<()> {
        if self.holes == 0 {
            return Err(Error::Limit {
                place: self.place.clone(),
                what: "unpacked_bytes",
                limit: self.limit,
            });
        }
        let skipped = self
            .source
            .skip(self.stored)
            .map_err(|e| explain(self.format, &self.place, &e))?;
        self.position += skipped;
        if skipped < self.stored {
            return Err(self.wrong(self.position, "truncated in the body of an entry"));
        }
        self.stored = 0;
        // The last entry may lack its padding: archives of `umoci insert` end so.
        let skipped = self
            .source
            .skip(self.padding)
            .map_err(|e| explain(self.format, &self.place, &e))?;
        self.position += skipped;
        self.padding = 0;
        Ok(())
    }

    /// Reads stored bytes of the current entry.
    fn read_stored(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.stored).map_or(out.len(), |stored| stored.min(out.len()));
        let Some(out) = out.get_mut(..most).filter(|out| !out.is_empty()) else {
            return Ok(0);
        };
        let read = self.source.read(out)?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the archive ends in the body of an entry",
            ));
        }
        self.position += read as u64;
        self.stored -= read as u64;
        Ok(read)
    }

    fn read_stored_exact(&mut self, mut out: &mut [u8], start: u64) -> Result<()> {
        while !out.is_empty() {
            let read = self
                .read_stored(out)
                .map_err(|e| explain(self.format, &self.place, &e))?;
            if read == 0 {
                return Err(self.wrong(
                    start,
                    "truncated: an extended header or sparse map goes beyond its size",
                ));
            }
            out = out.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Reads one block, or what is left of the archive.
    fn block(&mut self, block: &mut [u8; BLOCK as usize]) -> Result<usize> {
        let mut filled = 0;
        while let Some(space) = block.get_mut(filled..).filter(|space| !space.is_empty()) {
            let read = self
                .source
                .read(space)
                .map_err(|e| explain(self.format, &self.place, &e))?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        self.position += filled as u64;
        Ok(filled)
    }

    fn remark(&mut self, remark: String) {
        if self.remarks.len() < MOST_REMARKS && !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn wrong(&self, at: u64, reason: &str) -> Error {
        Error::format("tar", &*self.place, format!("at byte {at}: {reason}"))
    }
}

/// A file's content; holes read as zeros without being stored or decoded.
pub(super) struct Body<'w, S> {
    walk: &'w mut Walk<S>,
    size: u64,
    /// Those still ahead, of a sparse file.
    extents: Option<&'w [Extent]>,
    at: u64,
}

impl<S: Source> Read for Body<'_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(extents) = &mut self.extents else {
            return self.walk.read_stored(out);
        };
        while extents.first().is_some_and(|extent| extent.end() <= self.at) {
            *extents = extents.get(1..).unwrap_or_default();
        }
        let next = extents.first().copied().unwrap_or(Extent {
            offset: self.size,
            length: 0,
        });
        let stored = next.offset <= self.at;
        let stretch = if stored { next.end() } else { next.offset }.saturating_sub(self.at);
        let most = usize::try_from(stretch).map_or(out.len(), |stretch| stretch.min(out.len()));
        let Some(out) = out.get_mut(..most).filter(|out| !out.is_empty()) else {
            return Ok(0);
        };
        let read = if stored {
            self.walk.read_stored(out)?
        } else {
            self.walk.hole(out)?
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl<S> Walk<S> {
    fn hole(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.holes = self.holes.saturating_sub(out.len() as u64);
        if self.holes == 0 {
            return Err(Fault::Limit {
                what: "unpacked_bytes",
                limit: self.limit,
            }
            .into());
        }
        out.fill(0);
        Ok(out.len())
    }
}

trait Blocks {
    fn next_multiple_of_block(self) -> u64;
}

impl Blocks for u64 {
    fn next_multiple_of_block(self) -> u64 {
        self.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
    }
}

/// The name field, with the prefix of the ustar and star formats.
fn short_path(header: &Header) -> Vec<u8> {
    let bytes = header.as_bytes();
    let name = until_zero(&header.as_old().name);
    // GNU's magic is `ustar  `: it keeps times where ustar has the prefix.
    if bytes.get(257..263) != Some(b"ustar\0") {
        return name.to_vec();
    }
    let end = if bytes.get(508..512) == Some(b"tar\0") {
        345 + 131
    } else {
        345 + 155
    };
    match until_zero(bytes.get(345..end).unwrap_or_default()) {
        b"" => name.to_vec(),
        prefix => [prefix, name].join(&b'/'),
    }
}

/// A header of zeros, to be read into.
fn blank() -> Header {
    let mut header = Header::new_old();
    header.as_mut_bytes().fill(0);
    header
}

fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

/// The checksum: all bytes added, those of the checksum itself as spaces.
fn sum(header: &[u8; BLOCK as usize], value: impl Fn(u8) -> u64) -> u64 {
    let (front, rest) = header.split_at(148);
    let back = rest.get(8..).unwrap_or_default();
    front
        .iter()
        .chain(back)
        .fold(8 * u64::from(b' '), |sum, b| sum.wrapping_add(value(*b)))
}
