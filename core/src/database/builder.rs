//! Feeds in, one file out.

use super::codec::Reader;
use super::stage::{Ecosystems, stage};
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
    ecosystems: Ecosystems,
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
            ecosystems,
            arena,
            waiting,
            feeds,
        } = self;
        let mut report = FeedReport {
            name: name.to_owned(),
            ..FeedReport::default()
        };
        let mut notes = Notes::default();
        let mut staged = Vec::new();
        let mut take = |place: &str, json: &str, notes: &mut Notes| {
            if json.len() as u64 > limits.record_bytes {
                return Err(Error::Limit {
                    place: place.to_owned(),
                    what: "record_bytes",
                    limit: limits.record_bytes,
                });
            }
            let advisory = osv::read(place, json, notes)?;
            staged.clear();
            stage(&advisory, ecosystems, &mut staged);
            let (chunk, start) = arena.keep(&staged);
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
    pub fn finish(mut self) -> Result<(Vec<u8>, BuildReport)> {
        let Self { arena, waiting, .. } = &self;
        let mut offered: Vec<_> = waiting
            .iter()
            .map(|place| {
                let bytes = arena.get(place);
                let mut reader = Reader::new(bytes);
                let id = reader.text().unwrap_or_default();
                (id, reader.text().unwrap_or_default(), bytes, place.feed)
            })
            .collect();
        let name = |feed: usize| self.feeds.get(feed).map(|feed| feed.name.as_str());
        offered.sort_by(|(a_id, a_modified, a, a_feed), (b_id, b_modified, b, b_feed)| {
            a_id.cmp(b_id)
                .then_with(|| modified_order(b_modified, a_modified))
                .then_with(|| b.len().cmp(&a.len()))
                .then_with(|| b.cmp(a))
                .then_with(|| name(*a_feed).cmp(&name(*b_feed)))
        });

        let mut chosen: Vec<&[u8]> = Vec::with_capacity(offered.len());
        let mut repeated = vec![0; self.feeds.len()];
        let mut outdated = Vec::new();
        for group in offered.chunk_by(|(a, ..), (b, ..)| a == b) {
            let Some(((id, modified, bytes, _), others)) = group.split_first() else {
                continue;
            };
            chosen.push(bytes);
            for (_, _, other, feed) in others {
                if let Some(repeated) = repeated.get_mut(*feed) {
                    *repeated += 1;
                }
                if other != bytes {
                    outdated.push((*feed, (*id).to_owned(), (*modified).to_owned()));
                }
            }
        }
        let file = write::write(&chosen)?;
        let records = chosen.len() as u64;

        for (feed, repeated) in self.feeds.iter_mut().zip(repeated) {
            feed.repeated = repeated;
        }
        for (feed, id, modified) in outdated {
            if let Some(feed) = self.feeds.get_mut(feed) {
                let mut notes = Notes {
                    kept: std::mem::take(&mut feed.skipped),
                    total: feed.skipped_total,
                };
                notes.add(
                    || format!("{}: {id}", feed.name),
                    || format!("another record of this id, modified {modified:?}, is used instead"),
                );
                (feed.skipped, feed.skipped_total) = (notes.kept, notes.total);
            }
        }
        self.feeds.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((
            file,
            BuildReport {
                feeds: self.feeds,
                records,
            },
        ))
    }
}
