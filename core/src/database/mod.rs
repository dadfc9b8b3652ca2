//! Advisories in one immutable file, read in place.
//!
//! Opening looks at one page, whatever the size. A lookup hashes the name, reads one slot and then one
//! package with all its entries behind one another; it allocates nothing. Every offset is checked where it
//! is used, so that hostile bytes end in an error or in a wrong answer, never in a panic or a long search;
//! [`Database::verify`] tells damage beforehand.
//!
//! ```
//! use hullmark::database::{Database, DatabaseBuilder};
//!
//! let feed = br#"{"id": "EX-1", "modified": "2024-01-01T00:00:00Z", "affected": [{
//!     "package": {"ecosystem": "npm", "name": "left"},
//!     "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]}]}"#;
//! let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
//! builder.add("ex-1.json", feed)?;
//! let (file, report) = builder.finish()?;
//! assert_eq!(report.feeds[0].records, 1);
//!
//! let database = Database::from_bytes(file)?;
//! let entry = database.candidates("npm", "left").next().unwrap();
//! assert_eq!(entry.record().id(), "EX-1");
//! assert_eq!(entry.ranges().next().unwrap().events().last().unwrap().version, "1.2.3");
//! assert!(database.candidates("npm", "right").next().is_none());
//! # Ok::<(), hullmark::Error>(())
//! ```

mod builder;
mod codec;
mod feed;
mod format;
#[cfg(feature = "fs")]
mod map;
mod read;
mod stage;
mod table;
mod verify;
mod write;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

pub use self::builder::{BuildReport, DatabaseBuilder, FeedReport};
pub use self::read::{Candidate, Event, Range, Record};
pub use crate::advisory::{EventKind, RangeKind};

use self::codec::Reader;
use self::format::{Header, Section};
use crate::Result;

/// A database of advisories. Cheap to clone, `Send + Sync`.
#[derive(Clone)]
pub struct Database {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    header: Arc<Header>,
}

impl Database {
    /// Reads a database in place from any bytes.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) where the header, its checksum or a bound is wrong.
    /// The sections are not looked at: [`Self::verify`] does that.
    ///
    /// ```
    /// let error = hullmark::database::Database::from_bytes(b"PK\x03\x04").unwrap_err();
    /// assert_eq!(error.to_string(), "database: header: 4 bytes are less than the header's 4096");
    /// ```
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self> {
        let header = Header::read(bytes.as_ref())?;
        Ok(Self {
            bytes: Arc::new(bytes),
            header: Arc::new(header),
        })
    }

    /// Whether these bytes begin as a database file does; that it can be used, [`Self::from_bytes`] says.
    ///
    /// ```
    /// assert!(!hullmark::database::Database::is_database(b"PK\x03\x04"));
    /// ```
    pub fn is_database(bytes: &[u8]) -> bool {
        bytes.starts_with(format::MAGIC)
    }

    /// Entries of live records for one package, by record id and then as published: `ecosystem` in OSV's
    /// words with release (`Debian:12`), `name` folded as [`Ecosystem::fold`](crate::ecosystem::Ecosystem::fold)
    /// does.
    pub fn candidates<'a>(
        &'a self,
        ecosystem: &str,
        name: &str,
    ) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        let hash = table::hash(self.header.seed, ecosystem.as_bytes(), name.as_bytes());
        let packages = self.section(Section::Packages);
        table::find(self.section(Section::Slots), self.header.probes, hash)
            .filter_map(|place| read::Package::read(packages, place))
            .find(|package| package.name == name.as_bytes() && package.ecosystem == ecosystem.as_bytes())
            .into_iter()
            .flat_map(|package| package.candidates(self))
    }

    /// The record with this id, then those with it among their aliases or `upstream`, by id.
    pub fn record<'a>(&'a self, id: &str) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let hash = table::hash(self.header.seed, b"id", id.as_bytes());
        let ids = self.section(Section::Ids);
        table::find(self.section(Section::IdSlots), self.header.id_probes, hash)
            .filter_map(|place| {
                let mut reader = Reader::at(ids, place as usize);
                (reader.block()? == id.as_bytes()).then_some(reader)
            })
            .next()
            .into_iter()
            .flat_map(|reader| self.bearers(reader))
    }

    fn bearers<'a>(&'a self, mut reader: Reader<'a>) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let own = reader.varint().and_then(|own| own.checked_sub(1));
        let others = reader.varint().unwrap_or(0);
        let others = (0..others).map_while(move |_| reader.varint());
        own.into_iter()
            .chain(others)
            .filter_map(|number| Record::get(self, number))
    }

    /// All records, by id.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> + '_ {
        (0..self.header.count(Section::Records)).filter_map(|number| Record::get(self, number))
    }

    /// Every ecosystem text with its number of records and newest `modified`, sorted.
    pub fn feeds(&self) -> impl Iterator<Item = Feed<'_>> + '_ {
        let mut reader = Reader::new(self.section(Section::Feeds));
        std::iter::from_fn(move || {
            Some(Feed {
                ecosystem: reader.text()?,
                records: u64::from(reader.varint()?),
                newest: reader.text()?,
            })
        })
    }

    /// SHA-256 of the content, `sha256:…`, as it was when the file was written: databases of the same
    /// records have the same.
    pub fn digest(&self) -> String {
        let hex = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
        let digits = self.header.digest.iter().flat_map(hex).flatten();
        "sha256:".chars().chain(digits).collect()
    }

    /// What the file is and holds.
    pub fn info(&self) -> DatabaseInfo<'_> {
        let (major, _) = format::VERSION;
        DatabaseInfo {
            format: format!("{major}.{}", self.header.minor),
            digest: self.digest(),
            bytes: self.file().len() as u64,
            records: self.header.records,
            withdrawn: self.header.withdrawn,
            entries: self.header.entries,
            packages: self.header.packages,
            feeds: self.feeds().collect(),
        }
    }

    /// Checks that no section is damaged: a flipped bit could hide a record. Reads the whole file, at some
    /// gigabytes a second.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) with the first damaged section.
    pub fn verify_checksums(&self) -> Result<()> {
        verify::checksums(self)
    }

    /// Checks the whole file: the checksum of each section, and that all of it can be read.
    ///
    /// Opening does not do this, since it takes time in proportion to the file. It tells damage, not
    /// forgery: who could change the file could change its checksums.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) with the first place that is wrong.
    pub fn verify(&self) -> Result<()> {
        verify::verify(self)
    }

    fn file(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    #[inline]
    fn section(&self, section: Section) -> &[u8] {
        self.header.section(self.file(), section)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("digest", &self.digest())
            .field("bytes", &self.file().len())
            .field("records", &self.header.records)
            .finish_non_exhaustive()
    }
}

/// What a database is and holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DatabaseInfo<'a> {
    /// Version of the file format, `major.minor`.
    pub format: String,
    /// As [`Database::digest`].
    pub digest: String,
    /// Length of the file.
    pub bytes: u64,
    /// Records, withdrawn ones included.
    pub records: u64,
    /// Withdrawn ones among them.
    pub withdrawn: u64,
    /// Entries of `affected`, of all records.
    pub entries: u64,
    /// Packages that some live record names: pairs of ecosystem and folded name.
    pub packages: u64,
    /// As [`Database::feeds`].
    pub feeds: Vec<Feed<'a>>,
}

/// What a database knows of one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Feed<'a> {
    /// OSV ecosystem with release.
    pub ecosystem: &'a str,
    /// Records that name it.
    pub records: u64,
    /// Newest `modified` among them, as written.
    pub newest: &'a str,
}

/// Orders times as OSV writes them (RFC 3339 in UTC). Their bytes alone do not: `…00.5Z` is later than `…00Z`.
/// A text of another form is before all times.
fn modified_order(left: &[u8], right: &[u8]) -> Ordering {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    fn key(time: &[u8]) -> (bool, &[u8], &[u8], &[u8]) {
        let (second, fraction) = time.split_at_checked(SHAPE.len()).unwrap_or_default();
        let mut digits = second.iter().zip(SHAPE);
        let shaped = digits.all(|(b, shape)| {
            if *shape == b'0' {
                b.is_ascii_digit()
            } else {
                b == shape
            }
        });
        let fraction = fraction.strip_suffix(b"Z").unwrap_or(fraction);
        let end = fraction.iter().rposition(|digit| !b"0.".contains(digit));
        let fraction = fraction.get(..end.map_or(0, |last| last + 1)).unwrap_or_default();
        (!second.is_empty() && shaped, second, fraction, time)
    }
    key(left).cmp(&key(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_ordered() {
        let sorted = [
            "",
            "yesterday",
            "2024-01-02T03:04:05.000Z",
            "2024-01-02T03:04:05Z",
            "2024-01-02T03:04:05.05Z",
            "2024-01-02T03:04:05.5Z",
            "2024-01-02T03:04:06Z",
        ];
        for (at, left) in sorted.iter().enumerate() {
            for right in sorted.iter().skip(at + 1) {
                assert!(
                    modified_order(left.as_bytes(), right.as_bytes()).is_lt(),
                    "{left} {right}"
                );
                assert!(
                    modified_order(right.as_bytes(), left.as_bytes()).is_gt(),
                    "{left} {right}"
                );
            }
        }
    }

    #[test]
    fn threads_may_share_a_database() {
        fn shared<T: Send + Sync + Clone>() {}
        shared::<Database>();
    }
}
