//! Views into the file: what a lookup gives back. All borrow, none allocates.

use std::fmt;

use super::Database;
use super::codec::Reader;
use super::format::Section;
use super::stage::{HAS_KEY, range_flag};
use super::verify::Texts;
use super::write::{entry_flag, record_flag};
use crate::advisory::{EventKind, RangeKind};

/// One package: its key, and its entries behind one another.
pub(super) struct Package<'a> {
    pub ecosystem: &'a [u8],
    pub name: &'a [u8],
    pub count: u32,
    pub entries: Reader<'a>,
}

impl<'a> Package<'a> {
    /// The package at a place of the section, which is an offset divided by eight.
    #[inline]
    pub(super) fn read(packages: &'a [u8], place: u32) -> Option<Self> {
        let mut reader = Reader::at(packages, (place as usize).checked_mul(8)?);
        Some(Self {
            ecosystem: reader.block()?,
            name: reader.block()?,
            count: reader.varint()?,
            entries: reader,
        })
    }

    /// Its key; empty texts where that is not UTF-8.
    fn key(&self) -> (&'a str, &'a str) {
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        (text(self.ecosystem), text(self.name))
    }

    pub(super) fn candidates(self, db: &'a Database) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        let mut entries = self.entries;
        let (ecosystem, folded) = self.key();
        (0..self.count).map_while(move |_| Candidate::read(db, ecosystem, folded, entries.block()?))
    }
}

/// One entry of a record's `affected` that names the package looked up.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    db: &'a Database,
    record: u32,
    index: u32,
    flags: u8,
    ecosystem: &'a str,
    folded: &'a str,
    ranges: Reader<'a>,
    /// The members that `flags` names.
    members: Reader<'a>,
}

impl<'a> Candidate<'a> {
    pub(super) fn read(
        db: &'a Database,
        ecosystem: &'a str,
        folded: &'a str,
        entry: &'a [u8],
    ) -> Option<Self> {
        let mut reader = Reader::new(entry);
        Some(Self {
            db,
            ecosystem,
            folded,
            record: reader.varint()?,
            index: reader.varint()?,
            flags: reader.byte()?,
            ranges: Reader::new(reader.block()?),
            members: reader,
        })
    }

    /// The entry a row of the section `Entries` refers to.
    fn get(db: &'a Database, number: u32) -> Option<Self> {
        let mut row = Reader::at(db.section(Section::Entries), (number as usize).checked_mul(8)?);
        let (place, within) = (row.u32()?, row.u32()?);
        let packages = db.section(Section::Packages);
        let package = Package::read(packages, place)?;
        let offset = (place as usize).checked_mul(8)?.checked_add(within as usize)?;
        let (ecosystem, folded) = package.key();
        Self::read(db, ecosystem, folded, Reader::at(packages, offset).block()?)
    }

    /// The record it belongs to.
    pub fn record(&self) -> Record<'a> {
        Record {
            db: self.db,
            number: self.record,
        }
    }

    /// Its index in the record's `affected`, as published.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// OSV ecosystem as published; empty for an entry without package.
    pub fn ecosystem(&self) -> &'a str {
        self.ecosystem
    }

    /// Package name as published; empty for an entry without package.
    pub fn name(&self) -> &'a str {
        match self.member(entry_flag::NAME) {
            Some(place) => self.string(place).unwrap_or_default(),
            None => self.folded,
        }
    }

    /// Package name as it is looked up.
    pub fn folded_name(&self) -> &'a str {
        self.folded
    }

    /// Its ranges, in published order.
    pub fn ranges(&self) -> impl Iterator<Item = Range<'a>> + use<'a> {
        let mut ranges = self.ranges;
        std::iter::from_fn(move || Range::read(ranges.block()?))
    }

    /// `versions`, sorted by text, each once.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let (db, places) = (self.db, self.version_places());
        let place = move |bytes: &[u8; 4]| string(db, u32::from_le_bytes(*bytes)).unwrap_or_default();
        places.iter().map(place)
    }

    /// Whether `versions` holds this very text; takes logarithmic time.
    pub fn lists(&self, version: &str) -> bool {
        let text = |place: &[u8; 4]| string(self.db, u32::from_le_bytes(*place)).unwrap_or_default();
        self.version_places()
            .binary_search_by(|place| text(place).cmp(version))
            .is_ok()
    }

    fn version_places(&self) -> &'a [[u8; 4]] {
        match self.after_places() {
            Some(mut reader) if self.flags & entry_flag::VERSIONS != 0 => {
                if self.flags & entry_flag::SEVERITIES != 0 && reader.block().is_none() {
                    return &[];
                }
                reader.rest().as_chunks().0
            }
            _ => &[],
        }
    }

    /// Ratings of this entry (`affected[].severity`): type, such as `CVSS_V3`, and score text.
    pub fn severities(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let block = match self.flags & entry_flag::SEVERITIES {
            0 => None,
            _ => self.after_places().and_then(|mut reader| reader.block()),
        };
        pairs(self.db, block.unwrap_or_default())
    }

    /// What kind of statement the entry makes, where it is not a vulnerability: RustSec's
    /// `informational` (`unmaintained`, `unsound`, `notice`).
    pub fn informational(&self) -> Option<&'a str> {
        self.string(self.member(entry_flag::INFORMATIONAL)?)
    }

    /// What of its ranges and versions could not be read when the database was built, so that it is not
    /// silently clean: JSON pointers and reasons.
    pub fn unreadable(&self) -> Option<&'a str> {
        self.string(self.member(entry_flag::UNREADABLE)?)
    }

    /// `ecosystem_specific`, as JSON without white space; an empty object is absent.
    pub fn ecosystem_specific(&self) -> Option<&'a str> {
        extra(self.db, self.member(entry_flag::ECOSYSTEM_SPECIFIC)?)
    }

    /// `database_specific` of the entry, as JSON without white space; an empty object is absent.
    pub fn database_specific(&self) -> Option<&'a str> {
        extra(self.db, self.member(entry_flag::DATABASE_SPECIFIC)?)
    }

    fn string(&self, place: u32) -> Option<&'a str> {
        string(self.db, place)
    }

    /// The place a member refers to. Members stand in the order of their bits.
    fn member(&self, wanted: u8) -> Option<u32> {
        if self.flags & wanted == 0 {
            return None;
        }
        let mut reader = self.members;
        for _ in 0..(self.flags & (wanted - 1)).count_ones() {
            reader.varint()?;
        }
        reader.varint()
    }

    /// Behind the members that are single places.
    fn after_places(&self) -> Option<Reader<'a>> {
        let mut reader = self.members;
        for _ in 0..(self.flags & (entry_flag::SEVERITIES - 1)).count_ones() {
            reader.varint()?;
        }
        Some(reader)
    }

    /// The number of its record.
    pub(super) fn record_number(&self) -> u32 {
        self.record
    }

    /// Whether every part of the entry can be read, if texts begin only where `texts` says.
    pub(super) fn readable(&self, texts: &Texts) -> bool {
        let mut ranges = self.ranges;
        while !ranges.is_empty() {
            match ranges.block().and_then(Range::read) {
                Some(range) if range.readable() => {}
                _ => return false,
            }
        }
        let mut reader = self.members;
        for flag in (0..u8::BITS)
            .map(|bit| 1 << bit)
            .filter(|flag| self.flags & flag != 0)
        {
            let fits = match flag {
                entry_flag::NAME | entry_flag::UNREADABLE | entry_flag::INFORMATIONAL => {
                    reader.varint().is_some_and(|place| texts.strings.has(place))
                }
                entry_flag::ECOSYSTEM_SPECIFIC | entry_flag::DATABASE_SPECIFIC => {
                    reader.varint().is_some_and(|place| texts.extras.has(place))
                }
                entry_flag::SEVERITIES => reader.block().is_some_and(|block| texts.strings.has_pairs(block)),
                entry_flag::VERSIONS => {
                    let (places, rest) = std::mem::take(&mut reader).rest().as_chunks();
                    rest.is_empty()
                        && places
                            .iter()
                            .all(|place| texts.strings.has(u32::from_le_bytes(*place)))
                }
                _ => false,
            };
            if !fits {
                return false;
            }
        }
        reader.is_empty()
    }
}

/// One range of an entry.
#[derive(Clone, Copy)]
pub struct Range<'a> {
    index: u32,
    flags: u8,
    events: Reader<'a>,
}

impl<'a> Range<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        Some(Self {
            flags: reader.byte()?,
            index: reader.varint()?,
            events: reader,
        })
    }

    /// Its index in `ranges`, as published.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// Its kind.
    pub fn kind(&self) -> RangeKind {
        match self.flags & 3 {
            0 => RangeKind::Semver,
            1 => RangeKind::Ecosystem,
            2 => RangeKind::Git,
            _ => RangeKind::Other,
        }
    }

    /// Its events: in the order of their versions where [`Self::sorted`], else as published. At one
    /// version, `introduced` comes before what ends the range.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        let mut events = self.events;
        std::iter::from_fn(move || Event::read(&mut events))
    }

    /// Whether the scheme could read all versions, so that the events are in order. `introduced: 0` is
    /// before and `limit: *` after all versions.
    pub fn sorted(&self) -> bool {
        self.flags & range_flag::SORTED != 0
    }

    /// Whether an event could not be read and is missing here, so that the others may mislead; see
    /// [`Candidate::unreadable`].
    pub fn damaged(&self) -> bool {
        self.flags & range_flag::DAMAGED != 0
    }

    /// Whether there is an `introduced`. Without one, the schema gives a range no meaning.
    pub fn has_introduced(&self) -> bool {
        self.flags & range_flag::INTRODUCED != 0
    }

    fn readable(&self) -> bool {
        let mut events = self.events;
        while !events.is_empty() {
            if Event::read(&mut events).is_none() {
                return false;
            }
        }
        true
    }
}

/// One event of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// What happens.
    pub kind: EventKind,
    /// At which version, as written.
    pub version: &'a str,
    /// The version as [`Scheme::key`](crate::version::Scheme::key) writes it (SemVer for
    /// [`RangeKind::Semver`], else the ecosystem's scheme), so that comparing bytes compares versions. Empty
    /// for `introduced: 0`, which is before any version. `None` where the range is not
    /// [sorted](Range::sorted), for `limit: *`, and for keys longer than 64 bytes: compare the texts.
    pub key: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let head = reader.byte()?;
        let kind = match head & 3 {
            0 => EventKind::Introduced,
            1 => EventKind::Fixed,
            2 => EventKind::LastAffected,
            _ => EventKind::Limit,
        };
        let key = if head & HAS_KEY == 0 {
            None
        } else {
            Some(reader.block()?)
        };
        Some(Self {
            kind,
            key,
            version: reader.text()?,
        })
    }
}

/// One advisory record.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    db: &'a Database,
    number: u32,
}

/// The facts of a record.
struct Facts<'a> {
    id: u32,
    modified: &'a str,
    published: &'a str,
    withdrawn: &'a str,
    aliases: &'a [u8],
    upstream: &'a [u8],
    related: &'a [u8],
    severities: &'a [u8],
    severity_word: u32,
}

impl<'a> Facts<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            id: reader.varint()?,
            modified: reader.text()?,
            published: reader.text()?,
            withdrawn: reader.text()?,
            aliases: reader.block()?,
            upstream: reader.block()?,
            related: reader.block()?,
            severities: reader.block()?,
            severity_word: reader.varint()?,
        })
    }
}

impl<'a> Record<'a> {
    /// The record of this number, if there is one.
    pub(super) fn get(db: &'a Database, number: u32) -> Option<Self> {
        (number < db.header.count(Section::Records)).then_some(Self { db, number })
    }

    /// Places in `Facts` and `Texts`, first entry, flags.
    fn row(&self) -> Option<[u32; 4]> {
        let offset = (self.number as usize).checked_mul(16)?;
        let mut row = Reader::at(self.db.section(Section::Records), offset);
        Some([row.u32()?, row.u32()?, row.u32()?, row.u32()?])
    }

    fn flag(&self, flag: u32) -> bool {
        self.row().is_some_and(|[.., flags]| flags & flag != 0)
    }

    fn facts(&self) -> Option<Facts<'a>> {
        let [facts, ..] = self.row()?;
        Facts::read(&mut Reader::at(self.db.section(Section::Facts), facts as usize))
    }

    fn texts(&self) -> Option<(&'a str, u32)> {
        let [_, texts, ..] = self.row()?;
        let mut reader = Reader::at(self.db.section(Section::Texts), texts as usize);
        Some((reader.text()?, reader.varint()?))
    }

    fn names(&self, of: fn(&Facts<'a>) -> &'a [u8]) -> impl Iterator<Item = &'a str> + use<'a> {
        let db = self.db;
        let mut places = Reader::new(self.facts().as_ref().map(of).unwrap_or_default());
        std::iter::from_fn(move || id(db, places.varint()?))
    }

    /// Id.
    pub fn id(&self) -> &'a str {
        self.facts()
            .and_then(|facts| id(self.db, facts.id))
            .unwrap_or_default()
    }

    /// `aliases`, sorted, each once.
    pub fn aliases(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(|facts| facts.aliases)
    }

    /// `upstream`, sorted, each once.
    pub fn upstream(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(|facts| facts.upstream)
    }

    /// `related`, sorted, each once: other flaws, which this record cannot be found by.
    pub fn related(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(|facts| facts.related)
    }

    /// `modified`, as written.
    pub fn modified(&self) -> &'a str {
        self.facts().map_or("", |facts| facts.modified)
    }

    /// `published`, as written; empty where absent.
    pub fn published(&self) -> &'a str {
        self.facts().map_or("", |facts| facts.published)
    }

    /// `withdrawn`, where set: the record matches nothing.
    pub fn withdrawn(&self) -> Option<&'a str> {
        if !self.is_withdrawn() {
            return None;
        }
        Some(self.facts().map_or("", |facts| facts.withdrawn))
    }

    /// `summary`, where present (else the first line of `details`, shortened).
    pub fn summary(&self) -> Option<&'a str> {
        self.texts()
            .map(|(summary, _)| summary)
            .filter(|summary| !summary.is_empty())
    }

    /// Ratings of the record (`severity`): type and score text, in published order.
    pub fn severities(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        pairs(
            self.db,
            self.facts().map(|facts| facts.severities).unwrap_or_default(),
        )
    }

    /// A severity word of `database_specific.severity` (`HIGH`), where there is one.
    pub fn severity_word(&self) -> Option<&'a str> {
        string(self.db, self.facts()?.severity_word.checked_sub(1)?)
    }

    /// `database_specific`, as JSON without white space; an empty object is absent.
    pub fn database_specific(&self) -> Option<&'a str> {
        extra(self.db, self.texts()?.1.checked_sub(1)?)
    }

    /// Whether it is a malicious-package record: an id or alias `MAL-…`, or
    /// `database_specific` that says so.
    pub fn malicious(&self) -> bool {
        self.flag(record_flag::MALICIOUS)
    }

    /// All its entries, withdrawn or not, as published.
    pub fn affected(&self) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        let db = self.db;
        self.entries()
            .into_iter()
            .flatten()
            .filter_map(move |number| Candidate::get(db, number))
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.flag(record_flag::WITHDRAWN)
    }

    /// Rows of its entries: up to those of the next record.
    pub(super) fn entries(&self) -> Option<std::ops::Range<u32>> {
        let [.., first, _] = self.row()?;
        let all = db_entries(self.db);
        let next = self
            .number
            .checked_add(1)
            .and_then(|number| Self { number, ..*self }.row());
        Some(first..next.map_or(all, |[.., next, _]| next.min(all)))
    }

    /// Whether every part of the record, without its entries, can be read, if its facts and shown texts
    /// begin at these offsets; gives where they end.
    pub(super) fn readable(&self, texts: &Texts, (facts, shown): (usize, usize)) -> Option<(usize, usize)> {
        let [facts_at, shown_at, _, flags] = self.row()?;
        ((facts_at as usize, shown_at as usize) == (facts, shown)).then_some(())?;
        let section = self.db.section(Section::Facts);
        let mut reader = Reader::at(section, facts);
        let facts = Facts::read(&mut reader)?;
        let names = [facts.aliases, facts.upstream, facts.related];
        let fits = texts.ids.has(facts.id)
            && names.iter().all(|block| texts.ids.count(block).is_some())
            && texts.strings.has_pairs(facts.severities)
            && facts
                .severity_word
                .checked_sub(1)
                .is_none_or(|place| texts.strings.has(place))
            && (flags & record_flag::WITHDRAWN != 0) != facts.withdrawn.is_empty();
        let all = self.db.section(Section::Texts);
        let mut end = Reader::at(all, shown);
        end.text()?;
        let json = end.varint()?;
        let fits = fits && json.checked_sub(1).is_none_or(|place| texts.extras.has(place));
        fits.then_some((section.len() - reader.remaining(), all.len() - end.remaining()))
    }
}

fn db_entries(db: &Database) -> u32 {
    db.header.count(Section::Entries)
}

fn id(db: &Database, place: u32) -> Option<&str> {
    Reader::at(db.section(Section::Ids), place as usize).text()
}

fn string(db: &Database, place: u32) -> Option<&str> {
    Reader::at(db.section(Section::Strings), place as usize).text()
}

fn extra(db: &Database, place: u32) -> Option<&str> {
    Reader::at(db.section(Section::Extras), place as usize).text()
}

fn pairs<'a>(db: &'a Database, block: &'a [u8]) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let mut places = Reader::new(block);
    std::iter::from_fn(move || Some((string(db, places.varint()?)?, string(db, places.varint()?)?)))
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Candidate({} /affected/{}: {} {})",
            self.record().id(),
            self.index,
            self.ecosystem,
            self.name()
        )
    }
}

impl fmt::Debug for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Range")
            .field("index", &self.index)
            .field("kind", &self.kind())
            .field("events", &self.events().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({})", self.id())
    }
}
