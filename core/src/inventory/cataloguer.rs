//! Sees every file of an image once and hands it to the extractors that want it.

use std::collections::HashSet;
use std::io::Read;

use super::{EXTRACTORS, Extractor, Found, Inventory, Reader, join};
use crate::image::{ContentId, FileHeader, Image, Inspect};
use crate::{Limits, Result};

/// How many first bytes of a file extractors judge it by.
const HEAD_BYTES: usize = 512;

/// What is kept of one image, in units of [`Limits::file_bytes`]: facts of real images take a few
/// megabytes, and a hostile one must not take more than the machine has.
const KEPT_FILES: u64 = 4;

/// How a [`Cataloguer`] wants to see a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// Not at all.
    Nothing,
    /// Whole, in memory; a file larger than [`Limits::file_bytes`] is told with [`Cataloguer::too_large`].
    Bytes,
    /// As a stream, from its first byte.
    Stream,
}

/// Finds the packages of an image while it is read.
///
/// It is an [`Inspect`] of its own. Who inspects files for other things too asks [`wants`](Self::wants)
/// and hands over what it has read, with [`bytes`](Self::bytes) or [`stream`](Self::stream), so that
/// nothing is read twice.
///
/// ```
/// use hullmark::inventory::{Cataloguer, Inventory};
/// use hullmark::{Limits, image};
/// use std::io::{Cursor, Read, Seek};
///
/// fn packages(archive: impl Read + Seek) -> hullmark::Result<Inventory> {
///     let mut cataloguer = Cataloguer::new(&Limits::default());
///     let image = image::read(archive, &image::ReadOptions::default(), &mut cataloguer)?;
///     Ok(cataloguer.finish(&image))
/// }
///
/// assert!(packages(Cursor::new(b"no image")).is_err());
/// ```
#[derive(Debug)]
pub struct Cataloguer {
    limits: Limits,
    pub(super) found: Found,
    pub(super) seen: HashSet<ContentId>,
    buffer: Vec<u8>,
}

impl Cataloguer {
    /// A cataloguer that has seen nothing yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            found: Found::within(limits.file_bytes.saturating_mul(KEPT_FILES)),
            seen: HashSet::new(),
            buffer: Vec::new(),
        }
    }

    /// How this file is wanted, by its header and first bytes (512, or all of a smaller file).
    pub fn wants(&self, header: &FileHeader, head: &[u8]) -> Want {
        let mut want = Want::Nothing;
        for extractor in wanting(header, head) {
            match extractor.read {
                Reader::Bytes(_) => return Want::Bytes,
                Reader::Stream(_) => want = Want::Stream,
            }
        }
        want
    }

    /// Reads a file that is in memory as a whole.
    pub fn bytes(&mut self, header: &FileHeader, content: &[u8]) {
        self.examine(header, content, &mut { content }, true);
    }

    /// Reads a file as a stream, from its first byte.
    pub fn stream(&mut self, header: &FileHeader, body: &mut dyn Read) {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        self.read_into(header, &mut body.take(HEAD_BYTES as u64), &mut head);
        self.examine(header, &head, &mut head.as_slice().chain(body), false);
    }

    /// Notes that a file which is wanted whole is larger than [`Limits::file_bytes`].
    pub fn too_large(&mut self, header: &FileHeader) {
        self.seen.insert(header.content);
        let bound = self.limits.file_bytes;
        self.found
            .note(header, format!("not examined: larger than {bound} bytes"));
    }

    /// Joins what was found with the merged view of the image.
    pub fn finish(self, image: &Image) -> Inventory {
        join::inventory(&self.found, &self.seen, image, &self.limits)
    }

    /// Hands the content to all extractors that take it whole (if `whole`), and to the first that streams.
    fn examine(&mut self, header: &FileHeader, head: &[u8], body: &mut dyn Read, whole: bool) {
        self.seen.insert(header.content);
        let mut streamed = false;
        let judged = head.get(..HEAD_BYTES).unwrap_or(head);
        for extractor in wanting(header, judged) {
            match extractor.read {
                Reader::Bytes(read) if whole => read(header, head, &self.limits, &mut self.found),
                Reader::Stream(read) if !streamed => {
                    streamed = true;
                    read(header, body, &self.limits, &mut self.found);
                }
                _ => {}
            }
        }
    }

    /// Reads on into `buffer`; a failure is noted, and what came before it still counts.
    fn read_into(&mut self, header: &FileHeader, body: &mut dyn Read, buffer: &mut Vec<u8>) {
        if let Err(error) = body.read_to_end(buffer) {
            let at = buffer.len();
            self.found
                .note(header, format!("reading failed after {at} bytes: {error}"));
        }
    }
}

impl Inspect for Cataloguer {
    fn file(&mut self, header: &FileHeader, body: &mut dyn Read) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        self.read_into(header, &mut body.take(HEAD_BYTES as u64), &mut buffer);
        match self.wants(header, &buffer) {
            Want::Nothing => {}
            Want::Stream => self.examine(header, &buffer, &mut buffer.as_slice().chain(body), false),
            Want::Bytes => {
                let bound = self.limits.file_bytes.saturating_add(1);
                let rest = bound.saturating_sub(buffer.len() as u64);
                self.read_into(header, &mut body.take(rest), &mut buffer);
                if buffer.len() as u64 > self.limits.file_bytes {
                    self.too_large(header);
                } else {
                    self.bytes(header, &buffer);
                }
            }
        }
        self.buffer = buffer;
        Ok(())
    }
}

fn wanting<'a>(header: &'a FileHeader, head: &'a [u8]) -> impl Iterator<Item = &'static Extractor> + 'a {
    EXTRACTORS
        .iter()
        .copied()
        .filter(move |extractor| (extractor.wants)(header, head))
}
