//! The file, from records in the order of their ids.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use super::codec::{Reader, Write, prefix};
use super::format::{Header, PAGE, Section};
use super::stage::{Staged, StagedEntry, StagedKey};
use super::{modified_order, table};
use crate::{Error, Result};

/// Bits of an entry's flags: which optional members follow its ranges, in this order.
pub(super) mod entry_flag {
    pub(in super::super) const NAME: u8 = 1;
    pub(in super::super) const UNREADABLE: u8 = 2;
    pub(in super::super) const INFORMATIONAL: u8 = 4;
    pub(in super::super) const ECOSYSTEM_SPECIFIC: u8 = 8;
    pub(in super::super) const DATABASE_SPECIFIC: u8 = 16;
    pub(in super::super) const SEVERITIES: u8 = 32;
    pub(in super::super) const VERSIONS: u8 = 64;
}

/// Bits of a record's flags.
pub(super) mod record_flag {
    pub(in super::super) const WITHDRAWN: u32 = 1;
    pub(in super::super) const MALICIOUS: u32 = 2;
}

/// Seeds tried before a set of keys that collide is refused: a publisher cannot foresee all of them.
const SEEDS: u64 = 8;

/// Texts that each stand once in a section, however often they are named.
#[derive(Default)]
struct Pool<'a> {
    bytes: Vec<u8>,
    places: HashMap<&'a [u8], u32>,
}

impl<'a> Pool<'a> {
    fn place(&mut self, text: &'a [u8]) -> Result<u32> {
        if let Some(place) = self.places.get(text) {
            return Ok(*place);
        }
        let place = offset(self.bytes.len())?;
        self.bytes.put_block(text);
        self.places.insert(text, place);
        Ok(place)
    }

    /// The places of pairs of texts behind one another.
    fn pairs(&mut self, mut pairs: Reader<'a>) -> Result<Vec<u8>> {
        let mut places = Vec::new();
        while !pairs.is_empty() {
            places.put_varint(self.place(pairs.block().ok_or_else(unread)?)?);
        }
        Ok(places)
    }
}

/// An offset within a section, which may take 4 GiB.
fn offset(at: usize) -> Result<u32> {
    u32::try_from(at).map_err(|_| Error::Limit {
        place: "database".to_owned(),
        what: "bytes of a section",
        limit: u64::from(u32::MAX),
    })
}

/// Staged bytes are our own; that they cannot be read is a fault of this module.
fn unread() -> Error {
    Error::Database {
        place: "staged record".to_owned(),
        reason: "cannot be read back".to_owned(),
    }
}

/// An entry on its way to its package.
struct Row<'a> {
    /// Entries of withdrawn records stand apart, where no lookup meets them.
    withdrawn: bool,
    record: u32,
    /// Its number among all entries, in the order of records.
    number: u32,
    /// The first bytes of its name as a number, which orders most names with one comparison.
    prefix: u128,
    key: StagedKey<'a>,
}

/// Which ids a record bears.
struct Bearer<'a> {
    id: &'a [u8],
    /// Its first bytes as a number, which orders most ids with one comparison.
    prefix: u128,
    record: u32,
    /// Its number among all, in the order in which `facts` names ids.
    number: u32,
    bears: Bears,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bears {
    Own,
    /// As alias or `upstream`.
    Other,
    /// Merely names it as related, which is no way to find it.
    Not,
}

/// Writes the file. `records` must be sorted by id, each id once.
pub(super) fn write(records: &[&[u8]]) -> Result<Vec<u8>> {
    let staged: Vec<Staged<'_>> = records
        .iter()
        .map(|bytes| Staged::read(bytes).ok_or_else(unread))
        .collect::<Result<_>>()?;
    let mut header = Header {
        records: staged.len() as u64,
        withdrawn: staged
            .iter()
            .filter(|record| !record.withdrawn.is_empty())
            .count() as u64,
        ..Header::default()
    };
    let mut strings = Pool::default();
    let mut extras = Pool::default();

    let (rows, begins) = rows(&staged)?;
    header.entries = rows.len() as u64;
    let feeds = feeds(&staged, &rows);
    let packages = packages(rows, &mut strings, &mut extras)?;
    header.packages = packages.keys.len() as u64;

    let ids = ids(&staged)?;
    let (seed, slots, id_slots) = (0..SEEDS)
        .find_map(|seed| {
            let key =
                |(ecosystem, name, place): &(&[u8], &[u8], u32)| (table::hash(seed, ecosystem, name), *place);
            let slots = table::build(packages.keys.iter().map(key))?;
            let key = |(id, place): &(&[u8], u32)| (table::hash(seed, b"id", id), *place);
            let id_slots = table::build(ids.keys.iter().map(key))?;
            Some((seed, slots, id_slots))
        })
        .ok_or_else(|| Error::Database {
            place: "slots".to_owned(),
            reason: format!("too many names collide under each of {SEEDS} seeds"),
        })?;
    (header.seed, header.probes, header.id_probes) = (seed, slots.1, id_slots.1);

    let facts = facts(&staged, &ids, &begins, &mut strings, &mut extras)?;
    drop(ids.places);

    let mut file = vec![0; PAGE];
    let counts = [
        packages.keys.len(),
        staged.len(),
        ids.keys.len(),
        packages.entries.len() / 8,
    ];
    let [packages_count, records_count, ids_count, entries_count] = counts.map(|n| n as u32);
    let slot_count = |slots: &[u8]| (slots.len() / table::SLOT) as u32;
    let sections = [
        (Section::Slots, slot_count(&slots.0), slots.0),
        (Section::Packages, packages_count, packages.bytes),
        (Section::Strings, strings.places.len() as u32, strings.bytes),
        (Section::Records, records_count, facts.records),
        (Section::Facts, records_count, facts.bytes),
        (Section::IdSlots, slot_count(&id_slots.0), id_slots.0),
        (Section::Ids, ids_count, ids.bytes),
        (Section::Entries, entries_count, packages.entries),
        (Section::Texts, records_count, facts.texts),
        (Section::Extras, extras.places.len() as u32, extras.bytes),
        (Section::Feeds, feeds.1, feeds.0),
    ];
    let length = sections.iter().map(|(_, _, bytes)| bytes.len()).sum();
    file.reserve_exact(length);
    for (section, count, bytes) in sections {
        offset(bytes.len())?;
        header.place(section, file.len(), &bytes, count);
        file.extend_from_slice(&bytes);
    }
    let (page, body) = file.split_at_mut(PAGE);
    header.digest = Sha256::digest(&*body).into();
    let length = (page.len() + body.len()) as u64;
    page.copy_from_slice(&header.page(length));
    Ok(file)
}

/// All entries, in the order of records, and where those of each record begin.
fn rows<'a>(staged: &[Staged<'a>]) -> Result<(Vec<Row<'a>>, Vec<u32>)> {
    let mut rows = Vec::new();
    let mut begins = Vec::with_capacity(staged.len());
    for (record, staged) in (0_u32..).zip(staged) {
        begins.push(offset(rows.len())?);
        let mut entries = staged.entries;
        while !entries.is_empty() {
            let key = entries.block().and_then(StagedKey::read).ok_or_else(unread)?;
            rows.push(Row {
                withdrawn: !staged.withdrawn.is_empty(),
                record,
                number: offset(rows.len())?,
                prefix: prefix(key.folded),
                key,
            });
        }
    }
    Ok((rows, begins))
}

/// Ecosystems with how many records name them and the newest change of those.
fn feeds(staged: &[Staged<'_>], rows: &[Row<'_>]) -> (Vec<u8>, u32) {
    /// Number of records, newest `modified`, and the record counted last.
    #[derive(Default)]
    struct Named<'a> {
        records: u32,
        newest: &'a [u8],
        last: Option<u32>,
    }

    let mut feeds: BTreeMap<&[u8], Named<'_>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.key.ecosystem.is_empty()) {
        let named = feeds.entry(row.key.ecosystem).or_default();
        if named.last == Some(row.record) {
            continue;
        }
        named.last = Some(row.record);
        named.records += 1;
        let record = staged.get(row.record as usize);
        let modified = record.map(|record| record.modified).unwrap_or_default();
        if modified_order(modified, named.newest).is_gt() {
            named.newest = modified;
        }
    }
    let mut bytes = Vec::new();
    for (ecosystem, named) in &feeds {
        bytes.put_block(ecosystem);
        bytes.put_varint(named.records);
        bytes.put_block(named.newest);
    }
    (bytes, feeds.len() as u32)
}

/// The packages section with what refers to it.
struct Packages<'a> {
    bytes: Vec<u8>,
    /// Ecosystem, folded name and place of each package that can be looked up, sorted.
    keys: Vec<(&'a [u8], &'a [u8], u32)>,
    /// The section `Entries`.
    entries: Vec<u8>,
}

fn packages<'a>(
    mut rows: Vec<Row<'a>>,
    strings: &mut Pool<'a>,
    extras: &mut Pool<'a>,
) -> Result<Packages<'a>> {
    let mut entries = vec![0; rows.len() * 8];
    rows.sort_unstable_by(|a, b| {
        let key = |row: &Row<'a>| {
            (
                row.withdrawn,
                row.key.ecosystem,
                row.prefix,
                row.key.folded,
                row.number,
            )
        };
        key(a).cmp(&key(b))
    });

    let (mut bytes, mut keys, mut body) = (Vec::new(), Vec::new(), Vec::new());
    let same = |a: &Row<'_>, b: &Row<'_>| {
        a.withdrawn == b.withdrawn && a.key.folded == b.key.folded && a.key.ecosystem == b.key.ecosystem
    };
    for package in rows.chunk_by(same) {
        let Some(first) = package.first() else { continue };
        let start = bytes.len();
        let place = offset(start / 8)?;
        if !first.withdrawn && !first.key.ecosystem.is_empty() {
            keys.push((first.key.ecosystem, first.key.folded, place));
        }
        bytes.put_block(first.key.ecosystem);
        bytes.put_block(first.key.folded);
        bytes.put_varint(offset(package.len())?);
        for row in package {
            let within = offset(bytes.len() - start)?;
            let at = entries
                .get_mut(row.number as usize * 8..)
                .and_then(|row| row.first_chunk_mut::<8>());
            *at.ok_or_else(unread)? = (u64::from(place) | u64::from(within) << 32).to_le_bytes();
            body.clear();
            entry(row, strings, extras, &mut body)?;
            bytes.put_block(&body);
        }
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    Ok(Packages { bytes, keys, entries })
}

fn entry<'a>(row: &Row<'a>, strings: &mut Pool<'a>, extras: &mut Pool<'a>, out: &mut Vec<u8>) -> Result<()> {
    let entry = StagedEntry::read(row.key.entry).ok_or_else(unread)?;
    let flags = [
        (entry_flag::NAME, !entry.name.is_empty()),
        (entry_flag::UNREADABLE, !entry.unreadable.is_empty()),
        (entry_flag::INFORMATIONAL, !entry.informational.is_empty()),
        (
            entry_flag::ECOSYSTEM_SPECIFIC,
            !entry.ecosystem_specific.is_empty(),
        ),
        (entry_flag::DATABASE_SPECIFIC, !entry.database_specific.is_empty()),
        (entry_flag::SEVERITIES, !entry.severities.is_empty()),
        (entry_flag::VERSIONS, !entry.versions.is_empty()),
    ];
    out.put_varint(row.record);
    out.put_varint(row.key.index);
    out.push(
        flags
            .iter()
            .filter(|(_, set)| *set)
            .fold(0, |flags, (flag, _)| flags | flag),
    );
    out.put_block(entry.ranges);
    for text in [entry.name, entry.unreadable, entry.informational] {
        if !text.is_empty() {
            out.put_varint(strings.place(text)?);
        }
    }
    for text in [entry.ecosystem_specific, entry.database_specific] {
        if !text.is_empty() {
            out.put_varint(extras.place(text)?);
        }
    }
    if !entry.severities.is_empty() {
        out.put_block(&strings.pairs(entry.severities)?);
    }
    // Of equal width and in the order of their texts, so that one can be searched for.
    let mut versions = entry.versions;
    while !versions.is_empty() {
        let place = strings.place(versions.block().ok_or_else(unread)?)?;
        out.extend_from_slice(&place.to_le_bytes());
    }
    Ok(())
}

/// The ids section with what refers to it.
struct Ids<'a> {
    bytes: Vec<u8>,
    /// Each id with its place, sorted.
    keys: Vec<(&'a [u8], u32)>,
    /// Places of all ids that records name, in the order in which `facts` names them.
    places: Vec<u32>,
}

fn ids<'a>(staged: &[Staged<'a>]) -> Result<Ids<'a>> {
    let mut bearers = Vec::new();
    for (record, staged) in (0_u32..).zip(staged) {
        let mut bear = |id, bears| -> Result<()> {
            bearers.push(Bearer {
                id,
                prefix: prefix(id),
                record,
                number: offset(bearers.len())?,
                bears,
            });
            Ok(())
        };
        bear(staged.id, Bears::Own)?;
        for (mut names, bears) in [
            (staged.aliases, Bears::Other),
            (staged.upstream, Bears::Other),
            (staged.related, Bears::Not),
        ] {
            while !names.is_empty() {
                bear(names.block().ok_or_else(unread)?, bears)?;
            }
        }
    }
    let key = |bearer: &Bearer<'a>| (bearer.prefix, bearer.id, bearer.number);
    bearers.sort_unstable_by(|a, b| key(a).cmp(&key(b)));

    let (mut bytes, mut keys, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut places = vec![0; bearers.len()];
    for group in bearers.chunk_by(|a, b| a.id == b.id) {
        let Some(first) = group.first() else { continue };
        let place = offset(bytes.len())?;
        keys.push((first.id, place));
        for bearer in group {
            *places.get_mut(bearer.number as usize).ok_or_else(unread)? = place;
        }
        let own = group
            .iter()
            .find(|bearer| bearer.bears == Bears::Own)
            .map(|bearer| bearer.record);
        let other = group
            .iter()
            .filter(|bearer| bearer.bears == Bears::Other && Some(bearer.record) != own);
        others.clear();
        others.extend(other.map(|bearer| bearer.record));
        others.dedup();
        bytes.put_block(first.id);
        bytes.put_varint(own.map_or(0, |own| own + 1));
        bytes.put_varint(offset(others.len())?);
        others.iter().for_each(|record| bytes.put_varint(*record));
    }
    Ok(Ids { bytes, keys, places })
}

/// The sections that tell of records.
#[derive(Default)]
struct Facts {
    records: Vec<u8>,
    bytes: Vec<u8>,
    texts: Vec<u8>,
}

fn facts<'a>(
    staged: &[Staged<'a>],
    ids: &Ids<'a>,
    begins: &[u32],
    strings: &mut Pool<'a>,
    extras: &mut Pool<'a>,
) -> Result<Facts> {
    let mut out = Facts::default();
    let mut places = ids.places.iter();
    let mut place = || places.next().copied().ok_or_else(unread);
    let mut block = Vec::new();
    for (record, begin) in staged.iter().zip(begins) {
        let mut flags = 0;
        if !record.withdrawn.is_empty() {
            flags |= record_flag::WITHDRAWN;
        }
        if record.malicious {
            flags |= record_flag::MALICIOUS;
        }
        for field in [offset(out.bytes.len())?, offset(out.texts.len())?, *begin, flags] {
            out.records.extend_from_slice(&field.to_le_bytes());
        }

        let facts = &mut out.bytes;
        facts.put_varint(place()?);
        for text in [record.modified, record.published, record.withdrawn] {
            facts.put_block(text);
        }
        for names in [record.aliases, record.upstream, record.related] {
            let mut names = names;
            block.clear();
            while !names.is_empty() {
                names.block().ok_or_else(unread)?;
                block.put_varint(place()?);
            }
            facts.put_block(&block);
        }
        facts.put_block(&strings.pairs(record.severities)?);
        facts.put_varint(match record.severity_word {
            b"" => 0,
            word => strings.place(word)?.saturating_add(1),
        });

        out.texts.put_block(record.summary);
        out.texts.put_varint(match record.database_specific {
            b"" => 0,
            json => extras.place(json)?.saturating_add(1),
        });
    }
    Ok(out)
}
