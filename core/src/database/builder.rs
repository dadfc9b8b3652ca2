//! Feeds in, one file out.

use std::cmp::Ordering;

use super::codec::{Reader, prefix};
use super::stage::Stager;
use super::{feed, modified_order, write};
use crate::advisory::{Notes, osv};
use crate::image::Note;
use crate::{Error, Limits, Result};

/// Collects advisories and writes the database.
///
/// What is kept of a record waits as a string of bytes, near the size it takes in the file; the feeds
/// themselves are not held.
#[derive(Debug, Default)]
pub struct DatabaseBuilder {
    limits: Limits,
    stager: Stager,
    arena: Arena,
    waiting: Vec<Waiting>,
    feeds: Vec<FeedReport>,
}

/// What one input gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedReport {
    /// Name of the input.
    pub name: String,
    /// Records taken.
    pub records: u64,
    /// Withdrawn ones among them.
    pub withdrawn: u64,
    /// Those among them that another input gave too, or a newer one of their id.
    pub repeated: u64,
    /// What was skipped, and why: place is `file: record id: JSON pointer`. The first ten thousand.
    pub skipped: Vec<Note>,
    /// How many were skipped.
    pub skipped_total: u64,
}

/// What went into a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildReport {
    /// One entry an input, sorted by name.
    pub feeds: Vec<FeedReport>,
    /// Records in the database: each id once.
    pub records: u64,
}

/// Where the bytes of a record wait, and who gave it.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    chunk: usize,
    start: usize,
    length: usize,
    feed: usize,
}

/// Bytes in chunks, so that growing copies nothing.
#[derive(Debug, Default)]
struct Arena {
    chunks: Vec<Vec<u8>>,
}

impl Arena {
    const CHUNK: usize = 1 << 20;

    /// Keeps the bytes; gives their chunk and where they start in it.
    fn keep(&mut self, bytes: &[u8]) -> (usize, usize) {
        let fits = self
            .chunks
            .last()
            .is_some_and(|chunk| chunk.capacity() - chunk.len() >= bytes.len());
        if !fits {
            self.chunks.push(Vec::with_capacity(bytes.len().max(Self::CHUNK)));
        }
        let number = self.chunks.len().saturating_sub(1);
        let Some(chunk) = self.chunks.last_mut() else {
            return (0, 0);
        };
        let start = chunk.len();
        chunk.extend_from_slice(bytes);
        (number, start)
    }

    fn get(&self, place: &Waiting) -> &[u8] {
        let chunk = self
            .chunks
            .get(place.chunk)
            .map(Vec::as_slice)
            .unwrap_or_default();
        chunk
            .get(place.start..place.start.saturating_add(place.length))
            .unwrap_or_default()
    }
}

impl DatabaseBuilder {
    /// An empty builder.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Adds a feed: an OSV JSON record, a list of records, JSON lines, one of these in gzip, or a zip of
    /// them, told by content.
    ///
    /// # Errors
    /// Only what makes the whole input unusable: neither JSON nor a zip, a zip without directory, a damaged
    /// gzip. Bad records are skipped and reported.
    ///
    /// ```
    /// let mut builder = hullmark::database::DatabaseBuilder::new(hullmark::Limits::default());
    /// builder.add("lines.json", b"{\"id\": \"A\", \"modified\": \"2024-01-01T00:00:00Z\"}\n{\"id\": 1}")?;
    /// let (_, report) = builder.finish()?;
    /// let feed = &report.feeds[0];
    /// assert_eq!((feed.records, feed.skipped_total), (1, 1));
    /// assert_eq!(feed.skipped[0].reason, "/id is a number, not a string");
    /// # Ok::<(), hullmark::Error>(())
    /// ```
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let Self {
            limits,
            stager,
            arena,
            waiting,
            feeds,
        } = self;
        let mut report = FeedReport {
            name: name.to_owned(),
            ..FeedReport::default()
        };
        let mut notes = Notes::default();
        let mut take = |place: &str, json: &str, notes: &mut Notes| {
            if json.len() as u64 > limits.record_bytes {
                return Err(Error::Limit {
                    place: place.to_owned(),
                    what: "record_bytes",
                    limit: limits.record_bytes,
                });
            }
            let advisory = osv::read(place, json, notes)?;
            let staged = stager.stage(&advisory);
            let (chunk, start) = arena.keep(staged);
            waiting.push(Waiting {
                chunk,
                start,
                length: staged.len(),
                feed: feeds.len(),
            });
            report.records += 1;
            report.withdrawn += u64::from(advisory.withdrawn.is_some());
            Ok(())
        };
        feed::read(name, bytes, limits, &mut notes, &mut take)?;
        // A feed of nothing must not pass for one that knows of no flaws.
        if report.records == 0 && notes.total == 0 {
            notes.add(|| name.to_owned(), || "holds no record".to_owned());
        }
        report.skipped = notes.kept;
        report.skipped_total = notes.total;
        feeds.push(report);
        Ok(())
    }

    /// Writes the database. The same records give the same bytes, in whatever order they were added.
    ///
    /// Of several records with one id the one with the newest `modified` counts, then the longer one, then
    /// the one later in the order of bytes.
    ///
    /// # Errors
    /// [`Error::Limit`] where a section of the file would pass 4 GiB.
    pub fn finish(self) -> Result<(Vec<u8>, BuildReport)> {
        let Self {
            arena,
            waiting,
            mut feeds,
            ..
        } = self;
        let mut offered: Vec<_> = waiting
            .iter()
            .map(|place| Offered::new(arena.get(place), place.feed))
            .collect();
        let name = |feed: usize| feeds.get(feed).map(|feed| feed.name.as_str());
        offered.sort_by(|a, b| a.rank(b).then_with(|| name(a.feed).cmp(&name(b.feed))));

        let mut chosen: Vec<&[u8]> = Vec::with_capacity(offered.len());
        for group in offered.chunk_by(|a, b| a.id == b.id) {
            let Some((used, others)) = group.split_first() else {
                continue;
            };
            chosen.push(used.bytes);
            for other in others {
                if let Some(feed) = feeds.get_mut(other.feed) {
                    feed.passed_over(other, used);
                }
            }
        }
        feeds.sort_by(|a, b| a.name.cmp(&b.name));
        let records = chosen.len() as u64;
        Ok((write::write(&chosen)?, BuildReport { feeds, records }))
    }
}

/// A record that waits, with what decides between those of one id.
struct Offered<'a> {
    id: &'a [u8],
    prefix: u128,
    modified: &'a [u8],
    bytes: &'a [u8],
    feed: usize,
}

impl<'a> Offered<'a> {
    fn new(bytes: &'a [u8], feed: usize) -> Self {
        let mut reader = Reader::new(bytes);
        let id = reader.block().unwrap_or_default();
        Self {
            id,
            prefix: prefix(id),
            modified: reader.block().unwrap_or_default(),
            bytes,
            feed,
        }
    }

    /// By id, the one to be used first.
    fn rank(&self, other: &Self) -> Ordering {
        (self.prefix, self.id)
            .cmp(&(other.prefix, other.id))
            .then_with(|| modified_order(other.modified, self.modified))
            .then_with(|| other.bytes.len().cmp(&self.bytes.len()))
            .then_with(|| other.bytes.cmp(self.bytes))
    }
}

impl FeedReport {
    /// Counts a record for which another one is used; that they differ is worth a note.
    fn passed_over(&mut self, other: &Offered<'_>, used: &Offered<'_>) {
        self.repeated += 1;
        if other.bytes == used.bytes {
            return;
        }
        let mut notes = Notes {
            kept: std::mem::take(&mut self.skipped),
            total: self.skipped_total,
        };
        let (id, modified) = (
            String::from_utf8_lossy(used.id),
            String::from_utf8_lossy(used.modified),
        );
        notes.add(
            || format!("{}: {id}", self.name),
            || format!("another record of this id, modified {modified:?}, is used instead"),
        );
        (self.skipped, self.skipped_total) = (notes.kept, notes.total);
    }
}
