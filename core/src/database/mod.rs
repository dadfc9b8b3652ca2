//! Advisories in one immutable file, read in place.

mod builder;

pub use builder::{BuildReport, DatabaseBuilder, FeedReport};

pub use crate::advisory::{EventKind, RangeKind};

use std::sync::Arc;

use crate::Result;

/// A database of advisories. Cheap to clone, `Send + Sync`.
#[derive(Clone)]
pub struct Database {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
}

/// One event of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// What happens.
    pub kind: EventKind,
    /// At which version, as written.
    pub version: &'a str,
}

impl Database {
    /// Reads a database in place from any bytes.
    ///
    /// # Errors
    /// [`Error::Database`](crate::Error::Database) where the header, a checksum or a bound is wrong.
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self> {
        Ok(Self {
            bytes: Arc::new(bytes),
        })
    }

    /// Entries for one package: `ecosystem` in OSV's words with release (`Debian:12`), `name` folded.
    pub fn candidates<'a>(
        &'a self,
        _ecosystem: &str,
        _name: &str,
    ) -> impl Iterator<Item = Candidate<'a>> + 'a {
        let _ = self.bytes.as_ref().as_ref();
        std::iter::empty()
    }

    /// All entries of the record with this id, or with this id among its aliases or `upstream`.
    pub fn record<'a>(&'a self, _id: &str) -> impl Iterator<Item = Record<'a>> + 'a {
        std::iter::empty()
    }

    /// Every ecosystem text with its number of records and newest `modified`, sorted.
    pub fn feeds(&self) -> impl Iterator<Item = Feed<'_>> + '_ {
        std::iter::empty()
    }

    /// Digest of the file's content (`xxh3:…` of the header and the section sums; not cryptographic).
    pub fn digest(&self) -> String {
        String::new()
    }
}

/// What a database knows of one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Feed<'a> {
    /// OSV ecosystem with release.
    pub ecosystem: &'a str,
    /// Records that name it.
    pub records: u64,
    /// Newest `modified` among them, as written.
    pub newest: &'a str,
}

/// One entry of a record's `affected` that names the package looked up.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    db: &'a Database,
}

/// One advisory record.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    db: &'a Database,
}

impl<'a> Candidate<'a> {
    /// The record it belongs to.
    pub fn record(&self) -> Record<'a> {
        Record { db: self.db }
    }
    /// Its index in the record's `affected`, as published.
    pub fn index(&self) -> usize {
        0
    }
    /// OSV ecosystem as published.
    pub fn ecosystem(&self) -> &'a str {
        ""
    }
    /// Package name as published.
    pub fn name(&self) -> &'a str {
        ""
    }
    /// Its ranges, in published order: index, kind, and events sorted by version (events as published
    /// where a version cannot be read).
    pub fn ranges(&self) -> impl Iterator<Item = Range<'a>> + 'a {
        std::iter::empty()
    }
    /// `versions`, as published (sorted by text).
    pub fn versions(&self) -> impl Iterator<Item = &'a str> + 'a {
        std::iter::empty()
    }
    /// Ratings of this entry (`affected[].severity`): type, such as `CVSS_V3`, and score text.
    pub fn severities(&self) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        std::iter::empty()
    }
    /// What kind of statement the entry makes, where it is not a vulnerability: RustSec's
    /// `informational` (`unmaintained`, `unsound`, `notice`).
    pub fn informational(&self) -> Option<&'a str> {
        None
    }
    /// Why part of the entry could not be read (kept at build time), so that it is not silently clean.
    pub fn unreadable(&self) -> Option<&'a str> {
        None
    }
}

/// One range of an entry.
#[derive(Clone, Copy)]
pub struct Range<'a> {
    db: &'a Database,
}

impl<'a> Range<'a> {
    /// Its index in `ranges`, as published.
    pub fn index(&self) -> usize {
        0
    }
    /// Its kind.
    pub fn kind(&self) -> RangeKind {
        RangeKind::Other
    }
    /// Its events.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + 'a {
        let _ = self.db;
        std::iter::empty()
    }
}

impl<'a> Record<'a> {
    /// Id.
    pub fn id(&self) -> &'a str {
        let _ = self.db;
        ""
    }
    /// `aliases`, sorted.
    pub fn aliases(&self) -> impl Iterator<Item = &'a str> + 'a {
        std::iter::empty()
    }
    /// `upstream`, sorted.
    pub fn upstream(&self) -> impl Iterator<Item = &'a str> + 'a {
        std::iter::empty()
    }
    /// `modified`, as written.
    pub fn modified(&self) -> &'a str {
        ""
    }
    /// `published`, as written; empty where absent.
    pub fn published(&self) -> &'a str {
        ""
    }
    /// `withdrawn`, where set: the record matches nothing.
    pub fn withdrawn(&self) -> Option<&'a str> {
        None
    }
    /// `summary`, where present (else the first line of `details`, shortened).
    pub fn summary(&self) -> Option<&'a str> {
        None
    }
    /// Ratings of the record (`severity`): type and score text, in published order.
    pub fn severities(&self) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        std::iter::empty()
    }
    /// A severity word of `database_specific.severity` (`HIGH`), where there is one.
    pub fn severity_word(&self) -> Option<&'a str> {
        None
    }
    /// Whether it is a malicious-package record: an id or alias `MAL-…`, or
    /// `database_specific` that says so.
    pub fn malicious(&self) -> bool {
        false
    }
    /// All its entries, withdrawn or not.
    pub fn affected(&self) -> impl Iterator<Item = Candidate<'a>> + 'a {
        std::iter::empty()
    }
}
