//! The header page and the table of sections.
//!
//! | offset | bytes | what |
//! |---:|---:|---|
//! | 0 | 16 | magic |
//! | 16 | 2 + 2 | major version (another one is refused), minor version (adds sections; unknown ones are passed over) |
//! | 20 | 4 | number of sections |
//! | 24 | 8 | length of the file |
//! | 32 | 32 | SHA-256 of everything after this page: names the database by its content |
//! | 64 | 8 × 4 | records, withdrawn ones among them, entries, packages that can be looked up |
//! | 96 | 8 | seed of the hashes |
//! | 104 | 4 + 4 | longest search in the table of packages, in that of ids |
//! | 128 | 40 each | sections: kind 4, flags 4, offset 8, length 8, count 4, bytes of an item 4 (0 where they differ), XXH3 8 |
//! | 4088 | 8 | XXH3 of the page before it |
//!
//! All integers are little-endian. The checksums guard against damage, not against forgery.

use std::ops::Range;

use twox_hash::XxHash3_64;

use super::codec::Reader;
use super::table::PROBES;
use crate::{Error, Result};

/// As PNG does it: a transfer that mangles line ends or strips the eighth bit shows here.
pub(super) const MAGIC: &[u8; 16] = b"\x89hullmark\r\n\x1a\ndb\0";
const MAJOR: u16 = 1;
const MINOR: u16 = 0;

/// Bytes of the header page.
pub(super) const PAGE: usize = 4096;
const TABLE: usize = 128;
const ROW: usize = 40;
const CHECKSUM: usize = PAGE - 8;

macro_rules! sections {
    ($($section:ident = $kind:literal, $stride:literal, $doc:literal;)*) => {
        /// A section of the file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Section {
            $(#[doc = $doc] $section,)*
        }

        impl Section {
            pub(super) const ALL: &[Self] = &[$(Self::$section),*];

            /// Its number in the file.
            pub(super) fn kind(self) -> u32 {
                match self {
                    $(Self::$section => $kind,)*
                }
            }

            /// Bytes of an item; 0 where items differ.
            pub(super) fn stride(self) -> u32 {
                match self {
                    $(Self::$section => $stride,)*
                }
            }
        }
    };
}

// In the order of the file: what matching reads comes first, so that it can be fetched at once.
sections! {
    Slots = 1, 8, "Hash table of (ecosystem, folded name): places in `Packages`, divided by eight.";
    Packages = 2, 0, "Packages, each with its key and all its entries behind one another.";
    Strings = 3, 0, "Texts that repeat: versions, ratings, names as published.";
    Records = 4, 16, "Records, sorted by id: places in `Facts` and `Texts`, first row in `Entries`, flags.";
    Facts = 5, 0, "What a finding says of a record: times, ids, ratings.";
    IdSlots = 6, 8, "Hash table of ids and aliases: places in `Ids`.";
    Ids = 7, 0, "Ids, each with the records that bear it.";
    Entries = 8, 8, "Entries record by record: place of the package divided by eight, and of the entry behind it.";
    Texts = 9, 0, "What is only shown: summaries.";
    Extras = 10, 0, "JSON that publishers add in their own shape.";
    Feeds = 11, 0, "Ecosystems with their number of records and newest change.";
}

/// The header, with the sections this version knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub minor: u16,
    pub digest: [u8; 32],
    pub records: u64,
    pub withdrawn: u64,
    pub entries: u64,
    pub packages: u64,
    pub seed: u64,
    pub probes: u32,
    pub id_probes: u32,
    /// By the order of [`Section::ALL`].
    pub rows: [Row; Section::ALL.len()],
}

/// Where a section stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    offset: u64,
    length: u64,
    count: u32,
    checksum: u64,
}

impl Row {
    fn range(self) -> Option<Range<usize>> {
        let end = self.offset.checked_add(self.length)?;
        Some(usize::try_from(self.offset).ok()?..usize::try_from(end).ok()?)
    }
}

fn wrong(place: &str, reason: impl Into<String>) -> Error {
    Error::Database {
        place: place.to_owned(),
        reason: reason.into(),
    }
}

/// Major and minor version this engine writes.
pub(super) const VERSION: (u16, u16) = (MAJOR, MINOR);

impl Header {
    /// Reads the header of a whole file, without touching any other page of it.
    pub(super) fn read(file: &[u8]) -> Result<Self> {
        let page = file.first_chunk::<PAGE>().ok_or_else(|| {
            let reason = format!("{} bytes are less than the header's {PAGE}", file.len());
            wrong("header", reason)
        })?;
        let cut = || wrong("header", "ends too early");
        let mut reader = Reader::new(page);
        let magic = reader.take(MAGIC.len()).ok_or_else(cut)?;
        if magic != MAGIC {
            return Err(wrong(
                "magic",
                format!(
                    "{:?} is not a hullmark database",
                    magic.escape_ascii().to_string()
                ),
            ));
        }
        let (major, minor) = match reader.take(4) {
            Some(&[a, b, c, d]) => (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
            _ => return Err(cut()),
        };
        if major != MAJOR {
            let reason = format!("{major} cannot be read, only {MAJOR}: build the database anew");
            return Err(wrong("format version", reason));
        }
        let checksum = Reader::at(page, CHECKSUM).u64().ok_or_else(cut)?;
        if checksum != XxHash3_64::oneshot(page.get(..CHECKSUM).unwrap_or_default()) {
            return Err(wrong("header", "its checksum is wrong: the file is damaged"));
        }
        Self::fields(reader, minor, page, file.len()).ok_or_else(cut)?
    }

    /// The fields behind the version; `None` where the page ends within one.
    fn fields(mut reader: Reader<'_>, minor: u16, page: &[u8], file: usize) -> Option<Result<Self>> {
        let sections = reader.u32()?;
        let length = reader.u64()?;
        if length != file as u64 {
            let reason =
                format!("{file} bytes, where the header states {length}: the file is cut off or padded");
            return Some(Err(wrong("file length", reason)));
        }
        let digest = *reader.take(32)?.first_chunk()?;
        let mut header = Self {
            minor,
            digest,
            records: reader.u64()?,
            withdrawn: reader.u64()?,
            entries: reader.u64()?,
            packages: reader.u64()?,
            seed: reader.u64()?,
            probes: reader.u32()?,
            id_probes: reader.u32()?,
            rows: Default::default(),
        };
        if header.probes > PROBES || header.id_probes > PROBES {
            return Some(Err(wrong(
                "header",
                format!("a search may take no more than {PROBES} probes"),
            )));
        }
        let mut reader = Reader::at(page, TABLE);
        let mut ranges = Vec::new();
        for number in 0..sections {
            // The checksum at the end of the page bounds the table, whatever `sections` says.
            if reader.remaining() < ROW + (PAGE - CHECKSUM) {
                return Some(Err(wrong(
                    "section table",
                    format!("{sections} sections do not fit"),
                )));
            }
            let (kind, flags) = (reader.u32()?, reader.u32()?);
            let (offset, length) = (reader.u64()?, reader.u64()?);
            let (count, stride, checksum) = (reader.u32()?, reader.u32()?, reader.u64()?);
            let row = Row {
                offset,
                length,
                count,
                checksum,
            };
            match row.range() {
                Some(range) if range.start >= PAGE && range.end <= file => ranges.push(range),
                _ => {
                    return Some(Err(wrong(
                        "section table",
                        format!("section {number} is outside the file"),
                    )));
                }
            }
            let known = Section::ALL.iter().position(|section| section.kind() == kind);
            if let Some(at) = known {
                let section = Section::ALL.get(at)?;
                // Kept for packed sections: plain reading would give wrong answers.
                if flags != 0 {
                    let reason = format!("its flags {flags:#x} are not known: a newer engine wrote it");
                    return Some(Err(wrong(&format!("section {section:?}"), reason)));
                }
                let items = u64::from(count) * u64::from(stride);
                if stride != section.stride() || stride > 0 && items != length {
                    let reason = format!("{count} items of {stride} bytes are not its {length} bytes");
                    return Some(Err(wrong(&format!("section {section:?}"), reason)));
                }
                *header.rows.get_mut(at)? = row;
            }
        }
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let overlap = ranges
            .iter()
            .zip(ranges.iter().skip(1))
            .any(|(one, next)| next.start < one.end);
        if overlap {
            return Some(Err(wrong("section table", "two sections overlap")));
        }
        Some(Ok(header))
    }

    fn row(&self, section: Section) -> Row {
        self.rows.get(section as usize).copied().unwrap_or_default()
    }

    /// Bytes of a section; empty where the file has none.
    #[inline]
    pub(super) fn section<'f>(&self, file: &'f [u8], section: Section) -> &'f [u8] {
        self.row(section)
            .range()
            .and_then(|range| file.get(range))
            .unwrap_or_default()
    }

    /// Number of items of a section, as the table states it.
    pub(super) fn count(&self, section: Section) -> u32 {
        self.row(section).count
    }

    /// Whether the bytes of a section are those that were written.
    pub(super) fn intact(&self, file: &[u8], section: Section) -> bool {
        let row = self.row(section);
        row.length == 0 || XxHash3_64::oneshot(self.section(file, section)) == row.checksum
    }

    /// Notes where a section was written and what it holds.
    pub(super) fn place(&mut self, section: Section, offset: usize, bytes: &[u8], count: u32) {
        if let Some(row) = self.rows.get_mut(section as usize) {
            *row = Row {
                offset: offset as u64,
                length: bytes.len() as u64,
                count,
                checksum: XxHash3_64::oneshot(bytes),
            };
        }
    }

    /// The page for a file of `length` bytes.
    pub(super) fn page(&self, length: u64) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE);
        page.extend_from_slice(MAGIC);
        page.extend_from_slice(&MAJOR.to_le_bytes());
        page.extend_from_slice(&MINOR.to_le_bytes());
        page.extend_from_slice(&(Section::ALL.len() as u32).to_le_bytes());
        page.extend_from_slice(&length.to_le_bytes());
        page.extend_from_slice(&self.digest);
        for field in [
            self.records,
            self.withdrawn,
            self.entries,
            self.packages,
            self.seed,
        ] {
            page.extend_from_slice(&field.to_le_bytes());
        }
        page.extend_from_slice(&self.probes.to_le_bytes());
        page.extend_from_slice(&self.id_probes.to_le_bytes());
        page.resize(TABLE, 0);
        for (section, row) in Section::ALL.iter().zip(&self.rows) {
            page.extend_from_slice(&section.kind().to_le_bytes());
            page.extend_from_slice(&0_u32.to_le_bytes());
            page.extend_from_slice(&row.offset.to_le_bytes());
            page.extend_from_slice(&row.length.to_le_bytes());
            page.extend_from_slice(&row.count.to_le_bytes());
            page.extend_from_slice(&section.stride().to_le_bytes());
            page.extend_from_slice(&row.checksum.to_le_bytes());
        }
        page.resize(CHECKSUM, 0);
        let checksum = XxHash3_64::oneshot(&page);
        page.extend_from_slice(&checksum.to_le_bytes());
        page
    }
}
