//! The check of a whole file, for the moment it is installed.
//!
//! Sections are walked from end to end, and whatever refers to a place must refer to one that the walk met:
//! so the time is bounded by the length of the file, whoever wrote it.

use super::Database;
use super::codec::Reader;
use super::format::Section;
use super::read::{Candidate, Package, Record};
use super::table::{self, SLOT};
use crate::{Error, Result};

fn check(fits: bool, place: impl FnOnce() -> String, reason: &str) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::Database {
        place: place(),
        reason: reason.to_owned(),
    })
}

fn header() -> String {
    "header".to_owned()
}

/// Whether every section is what was written.
pub(super) fn checksums(db: &Database) -> Result<()> {
    Section::ALL.iter().try_for_each(|section| {
        let intact = db.header.intact(db.file(), *section);
        let place = || format!("section {section:?}");
        check(intact, place, "its checksum is wrong: the file is damaged")
    })
}

pub(super) fn verify(db: &Database) -> Result<()> {
    checksums(db)?;
    let count = db.header.count(Section::Records);
    check(
        u64::from(count) == db.header.records,
        header,
        "its number of records is wrong",
    )?;
    let texts = Texts {
        strings: starts(db, Section::Strings, |reader| reader.text().map(drop))?,
        extras: starts(db, Section::Extras, |reader| reader.text().map(drop))?,
        ids: starts(db, Section::Ids, |reader| id(reader, count))?,
    };
    let packages = Packages::read(db, &texts, count)?;
    packages.are_found(db)?;
    records(db, &texts, &packages, count)?;
    ids_are_found(db, &texts)?;
    let feeds = db.feeds().count() as u64 == u64::from(db.header.count(Section::Feeds));
    check(feeds, || "section Feeds".to_owned(), "cannot be read")
}

/// Where items begin in the sections that hold one text behind another.
pub(super) struct Texts {
    pub strings: Starts,
    pub extras: Starts,
    pub ids: Starts,
}

/// Offsets in ascending order.
pub(super) struct Starts(Vec<u32>);

impl Starts {
    pub(super) fn has(&self, place: u32) -> bool {
        self.0.binary_search(&place).is_ok()
    }

    /// How many places a block holds, if it holds nothing else.
    pub(super) fn count(&self, block: &[u8]) -> Option<usize> {
        let mut places = Reader::new(block);
        let mut count = 0;
        while !places.is_empty() {
            self.has(places.varint()?).then_some(())?;
            count += 1;
        }
        Some(count)
    }

    pub(super) fn has_pairs(&self, block: &[u8]) -> bool {
        self.count(block).is_some_and(|count| count % 2 == 0)
    }
}

/// Walks a section of items behind one another.
fn starts(db: &Database, section: Section, item: impl Fn(&mut Reader<'_>) -> Option<()>) -> Result<Starts> {
    let bytes = db.section(section);
    let mut reader = Reader::new(bytes);
    let mut starts = Vec::new();
    while !reader.is_empty() {
        let at = bytes.len() - reader.remaining();
        let start = u32::try_from(at).ok().filter(|_| item(&mut reader).is_some());
        check(
            start.is_some(),
            || format!("section {section:?} at {at}"),
            "cannot be read",
        )?;
        starts.extend(start);
    }
    Ok(Starts(starts))
}

/// An id with the records that bear it.
fn id(reader: &mut Reader<'_>, records: u32) -> Option<()> {
    reader.text()?;
    let mut fits = reader.varint()? <= records;
    for _ in 0..reader.varint()? {
        fits &= reader.varint()? < records;
    }
    fits.then_some(())
}

/// What a walk over all packages met.
#[derive(Default)]
struct Packages {
    /// Places of those that a lookup should find.
    live: Vec<u32>,
    /// Place, offset within and record of each entry, in ascending order.
    entries: Vec<(u32, u32, u32)>,
}

impl Packages {
    fn read(db: &Database, texts: &Texts, records: u32) -> Result<Self> {
        let bytes = db.section(Section::Packages);
        let mut packages = Self::default();
        let mut start = 0;
        while start < bytes.len() {
            let end = packages.walk(db, texts, records, start);
            let Some(end) = end else {
                return check(false, || format!("package at {start}"), "cannot be read").map(|()| packages);
            };
            start = end;
        }
        Ok(packages)
    }

    /// Reads the package that starts here; gives where the next one does.
    fn walk(&mut self, db: &Database, texts: &Texts, records: u32, start: usize) -> Option<usize> {
        let bytes = db.section(Section::Packages);
        let place = u32::try_from(start / 8).ok()?;
        let package = Package::read(bytes, place)?;
        let ecosystem = std::str::from_utf8(package.ecosystem).ok()?;
        let name = std::str::from_utf8(package.name).ok()?;
        let mut reader = package.entries;
        let mut withdrawn = None;
        for _ in 0..package.count {
            let within = bytes.len() - reader.remaining() - start;
            let entry = Candidate::read(db, ecosystem, name, reader.block()?)?;
            let number = entry.record_number();
            let gone = entry.record().is_withdrawn();
            // Entries of live and of withdrawn records never stand together.
            let fits = number < records && *withdrawn.get_or_insert(gone) == gone;
            (fits && entry.readable(texts)).then_some(())?;
            self.entries.push((place, u32::try_from(within).ok()?, number));
        }
        if !withdrawn? && !ecosystem.is_empty() {
            self.live.push(place);
        }
        Some((bytes.len() - reader.remaining()).next_multiple_of(8))
    }

    /// Every slot leads to a live package, and each of these is found by its name.
    fn are_found(&self, db: &Database) -> Result<()> {
        let slots = db.section(Section::Slots);
        let filed = places(slots)
            .filter(|place| self.live.binary_search(place).is_ok())
            .count();
        let all = places(slots).count() == filed && filed == self.live.len();
        check(
            all && filed as u64 == db.header.packages,
            header,
            "its number of packages is wrong",
        )?;
        for place in &self.live {
            let found = Package::read(db.section(Section::Packages), *place).is_some_and(|package| {
                let hash = table::hash(db.header.seed, package.ecosystem, package.name);
                table::find(slots, db.header.probes, hash).any(|found| found == *place)
            });
            check(
                found,
                || format!("package at {}", u64::from(*place) * 8),
                "cannot be looked up",
            )?;
        }
        Ok(())
    }
}

/// Every record can be read, stands in the order of ids, and has the entries that name it.
fn records(db: &Database, texts: &Texts, packages: &Packages, count: u32) -> Result<()> {
    let (mut before, mut next, mut at) = ("", 0, (0, 0));
    let mut rows = Reader::new(db.section(Section::Entries));
    for number in 0..count {
        let place = || format!("record {number}");
        let end = Record::get(db, number).and_then(|record| Some((record, record.readable(texts, at)?)));
        let Some((record, end)) = end else {
            return check(false, place, "cannot be read");
        };
        at = end;
        check(record.id() > before, place, "its id is out of order")?;
        before = record.id();
        let entries = record.entries().unwrap_or_default();
        check(
            entries.start == next && entries.start <= entries.end,
            place,
            "its entries are out of order",
        )?;
        next = entries.end;
        for _ in entries {
            let entry = rows
                .u32()
                .zip(rows.u32())
                .map(|(place, within)| (place, within, number));
            let met = entry.is_some_and(|entry| packages.entries.binary_search(&entry).is_ok());
            check(met, place, "an entry cannot be found")?;
        }
    }
    let all = packages.entries.len() as u64;
    let fits = rows.is_empty() && u64::from(next) == all && all == db.header.entries;
    check(fits, header, "its number of entries is wrong")
}

/// Every slot leads to an id, and each id is found.
fn ids_are_found(db: &Database, texts: &Texts) -> Result<()> {
    let slots = db.section(Section::IdSlots);
    let filed = places(slots).filter(|place| texts.ids.has(*place)).count();
    let all = places(slots).count() == filed && filed == texts.ids.0.len();
    check(all, || "section IdSlots".to_owned(), "its number of ids is wrong")?;
    for place in &texts.ids.0 {
        let id = Reader::at(db.section(Section::Ids), *place as usize)
            .block()
            .unwrap_or_default();
        let hash = table::hash(db.header.seed, b"id", id);
        let found = table::find(slots, db.header.id_probes, hash).any(|found| found == *place);
        check(found, || format!("id at {place}"), "cannot be looked up")?;
    }
    Ok(())
}

/// The places filed in a table.
fn places(slots: &[u8]) -> impl Iterator<Item = u32> {
    let (slots, _) = slots.as_chunks::<SLOT>();
    slots.iter().filter_map(|slot| table::place(*slot))
}
