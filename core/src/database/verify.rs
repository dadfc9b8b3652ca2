//! The check of a whole file, for the moment it is installed.

use super::Database;
use super::codec::Reader;
use super::format::Section;
use super::read::{Package, Record};
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

pub(super) fn verify(db: &Database) -> Result<()> {
    for section in Section::ALL {
        let intact = db.header.intact(db.file(), *section);
        check(
            intact,
            || format!("section {section:?}"),
            "its checksum is wrong: the file is damaged",
        )?;
    }
    let count = db.header.count(Section::Records);
    check(
        u64::from(count) == db.header.records,
        || "header".to_owned(),
        "its number of records is wrong",
    )?;
    records(db, count)?;
    packages(db)?;
    ids(db, count)?;
    feeds(db)
}

/// Every record can be read, stands in the order of ids, and is the one its entries name.
fn records(db: &Database, count: u32) -> Result<()> {
    let (mut before, mut entries) = ("", 0);
    for record in (0..count).filter_map(|number| Record::get(db, number).map(|record| (number, record))) {
        let (number, record) = record;
        let place = || format!("record {number}");
        check(record.readable(), place, "cannot be read")?;
        check(record.id() > before, place, "its id is out of order")?;
        before = record.id();
        let rows = record.entries().unwrap_or_default();
        check(
            rows.start == entries && rows.start <= rows.end,
            place,
            "its entries are not in order",
        )?;
        entries = rows.end;
        let affected = record.affected();
        let read = affected
            .filter(|entry| entry.record_number() == number && entry.readable())
            .count();
        check(read == rows.len(), place, "an entry cannot be read")?;
    }
    check(
        entries == db.header.count(Section::Entries),
        || "entries".to_owned(),
        "some belong to no record",
    )
}

/// Every slot leads to a package that a lookup of its name finds, and whose entries can be read.
fn packages(db: &Database) -> Result<()> {
    let mut found = 0;
    for place in places(db.section(Section::Slots)) {
        let at = || format!("package at {}", u64::from(place) * 8);
        let package = Package::read(db.section(Section::Packages), place);
        let Some(package) = package else {
            return check(false, at, "cannot be read");
        };
        let read = db
            .candidates(package.ecosystem, package.name)
            .filter(|entry| entry.record().withdrawn().is_none() && entry.readable())
            .count();
        check(
            read > 0 && read == package.count as usize,
            at,
            "its entries cannot be looked up",
        )?;
        found += 1;
    }
    check(
        found == db.header.packages,
        || "header".to_owned(),
        "its number of packages is wrong",
    )
}

/// Every id leads to records, and every record is found by its own.
fn ids(db: &Database, count: u32) -> Result<()> {
    for place in places(db.section(Section::IdSlots)) {
        let at = || format!("id at {place}");
        let mut reader = Reader::at(db.section(Section::Ids), place as usize);
        let read = (|| {
            reader.text()?;
            let own = reader.varint()?;
            let mut fits = own <= count;
            for _ in 0..reader.varint()? {
                fits &= reader.varint()? < count;
            }
            Some(fits)
        })();
        check(read == Some(true), at, "cannot be read")?;
    }
    for record in db.records() {
        let id = record.id();
        let found = db.record(id).next().is_some_and(|found| found.id() == id);
        check(found, || format!("record {id}"), "cannot be found by its id")?;
    }
    Ok(())
}

fn feeds(db: &Database) -> Result<()> {
    let read = db.feeds().count() as u64 == u64::from(db.header.count(Section::Feeds));
    check(read, || "feeds".to_owned(), "cannot be read")
}

/// The places filed in a table.
fn places(slots: &[u8]) -> impl Iterator<Item = u32> {
    let (slots, _) = slots.as_chunks::<SLOT>();
    slots.iter().filter_map(|slot| table::place(*slot))
}
