//! Feeds as they are published: a record, a list of them, one a line, any of these in gzip, or a zip of
//! many; told by content, never by name.

use std::fmt;
use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::advisory::Notes;
use crate::{Error, Limits, Result};

/// Takes one record: the name of its place, and its JSON.
pub(super) type Take<'t> = dyn FnMut(&str, &str, &mut Notes) -> Result<()> + 't;

/// A gzipped feed is unpacked in memory: at most this many times [`Limits::record_bytes`], 1 GiB by default.
const PACKED_RECORDS: u64 = 32;

/// Finds the records of a feed. What is skipped goes to `notes`.
///
/// # Errors
/// Where there is nothing to read at all: another format, a zip without directory, a damaged gzip.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    limits: &Limits,
    notes: &mut Notes,
    take: &mut Take<'_>,
) -> Result<()> {
    match bytes {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => zip(name, bytes, limits, notes, take),
        [0x1f, 0x8b, ..] => json(name, &gunzip(name, bytes, limits)?, notes, take),
        _ => json(name, bytes, notes, take),
    }
}

fn gunzip(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let limit = limits
        .record_bytes
        .saturating_mul(PACKED_RECORDS)
        .min(limits.unpacked_bytes);
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limit.saturating_add(1));
    reader
        .read_to_end(&mut unpacked)
        .map_err(|source| Error::io(name, source))?;
    if unpacked.len() as u64 > limit {
        return Err(Error::Limit {
            place: name.to_owned(),
            what: "unpacked_bytes",
            limit,
        });
    }
    Ok(unpacked)
}

fn json(place: &str, bytes: &[u8], notes: &mut Notes, take: &mut Take<'_>) -> Result<()> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    match bytes.first() {
        Some(b'{') => {
            object_or_lines(place, bytes, notes, take);
            Ok(())
        }
        Some(b'[') => {
            list(place, bytes, notes, take);
            Ok(())
        }
        _ => {
            let start: String = String::from_utf8_lossy(bytes).chars().take(20).collect();
            Err(Error::format(
                "feed",
                place,
                format!("neither a zip nor JSON: starts with {start:?}"),
            ))
        }
    }
}

fn skip(place: impl fmt::Display, error: impl fmt::Display, notes: &mut Notes) {
    notes.add(|| place.to_string(), || error.to_string());
}

/// An error of [`Take`] without the place, which the note has already.
fn reason(error: Error) -> String {
    match error {
        Error::Format { reason, .. } => reason,
        error => error.to_string(),
    }
}

/// One record; where that fails and further lines begin one too, a record a line.
fn object_or_lines(place: &str, bytes: &[u8], notes: &mut Notes, take: &mut Take<'_>) {
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => take(place, text, notes).map_err(reason),
        Err(error) => Err(error.to_string()),
    };
    let Err(why) = whole else { return };
    if !bytes.windows(2).any(|pair| pair == b"\n{") {
        return skip(place, why, notes);
    }
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let place = format!("{place}:{number}");
        let taken = match std::str::from_utf8(line) {
            Ok(text) => take(&place, text, notes).map_err(reason),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = taken {
            skip(place, why, notes);
        }
    }
}

/// A list of records, each on its own: the list is never held as a whole.
fn list(place: &str, bytes: &[u8], notes: &mut Notes, take: &mut Take<'_>) {
    struct Each<'e, 't> {
        place: &'e str,
        index: u64,
        notes: &'e mut Notes,
        take: &'e mut Take<'t>,
    }

    impl<'de> Visitor<'de> for &mut Each<'_, '_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of records")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
            while let Some(record) = list.next_element::<&RawValue>()? {
                let place = format!("{}/{}", self.place, self.index);
                self.index += 1;
                if let Err(error) = (self.take)(&place, record.get(), self.notes) {
                    skip(place, reason(error), self.notes);
                }
            }
            Ok(())
        }
    }

    let mut each = Each {
        place,
        index: 0,
        notes,
        take,
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = reader.deserialize_seq(&mut each).and_then(|()| reader.end());
    if let Err(error) = read {
        let place = format!("{place}/{}", each.index);
        skip(place, format!("{error}; what follows is lost"), each.notes);
    }
}

fn zip(name: &str, bytes: &[u8], limits: &Limits, notes: &mut Notes, take: &mut Take<'_>) -> Result<()> {
    let broken = |error: rawzip::Error| Error::format("zip", name, error.to_string());
    let archive = ZipArchive::from_slice(bytes).map_err(broken)?;
    let mut members = archive.entries();
    let mut member = Member::new(limits);
    // Members may overlap, so that a small archive could unpack to any size.
    let ratio = limits
        .ratio
        .saturating_mul(bytes.len() as u64)
        .saturating_add(64 << 20);
    let mut left = limits.unpacked_bytes.min(ratio);
    for count in 0_u64.. {
        let header = match members.next_entry() {
            Ok(Some(header)) => header,
            Ok(None) => break,
            Err(error) => {
                skip(
                    name,
                    format!("its directory is damaged: {error}; what follows is lost"),
                    notes,
                );
                break;
            }
        };
        if count >= limits.entries {
            skip(
                name,
                format!(
                    "has more than {} members; what follows is left out",
                    limits.entries
                ),
                notes,
            );
            break;
        }
        if header.is_dir() {
            continue;
        }
        let place = format!("{name}/{}", String::from_utf8_lossy(header.file_path().as_ref()));
        match member.unpack(&archive, &header) {
            Err(why) => skip(place, why, notes),
            Ok(content) => match left.checked_sub(content.len() as u64) {
                Some(rest) => {
                    left = rest;
                    if let Err(error) = json(&place, content, notes, take) {
                        skip(place, reason(error), notes);
                    }
                }
                None => {
                    skip(
                        name,
                        "unpacks to more than the limits allow; what follows is left out",
                        notes,
                    );
                    break;
                }
            },
        }
    }
    Ok(())
}

/// Unpacks one member after the other into the same buffer.
struct Member {
    limit: u64,
    inflate: Decompress,
    content: Vec<u8>,
}

impl Member {
    fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.record_bytes,
            inflate: Decompress::new(false),
            content: Vec::new(),
        }
    }

    /// The content of a member, if it is whole.
    fn unpack<'m>(
        &'m mut self,
        archive: &'m ZipSliceArchive<&[u8]>,
        header: &ZipFileHeaderRecord<'_>,
    ) -> std::result::Result<&'m [u8], String> {
        if header.flags().is_encrypted() {
            return Err("is encrypted".to_owned());
        }
        let size = header.uncompressed_size_hint();
        if size > self.limit {
            return Err(format!(
                "{size} bytes pass the limit of {} for a record",
                self.limit
            ));
        }
        let entry = archive
            .get_entry(header.wayfinder())
            .map_err(|error| error.to_string())?;
        let packed = entry.data();
        let content = match header.compression_method() {
            CompressionMethod::STORE => packed,
            CompressionMethod::DEFLATE => {
                self.inflate(packed, size)?;
                &self.content
            }
            other => return Err(format!("is packed by {other:?}, which cannot be read")),
        };
        if content.len() as u64 != size {
            return Err(format!("is damaged: {} bytes instead of {size}", content.len()));
        }
        if rawzip::crc32(content) != header.crc32() {
            return Err("is damaged: its CRC-32 is wrong".to_owned());
        }
        Ok(content)
    }

    fn inflate(&mut self, packed: &[u8], size: u64) -> std::result::Result<(), String> {
        // DEFLATE reaches 1032 bytes for one: a stated size above that is a lie not worth the memory.
        let possible = (packed.len() as u64).saturating_mul(1032);
        if size > possible {
            return Err(format!(
                "is damaged: states {size} bytes for {} packed ones",
                packed.len()
            ));
        }
        self.content.clear();
        self.content.reserve(usize::try_from(size).unwrap_or(usize::MAX));
        self.inflate.reset(false);
        match self
            .inflate
            .decompress_vec(packed, &mut self.content, FlushDecompress::Finish)
        {
            Ok(Status::StreamEnd) => Ok(()),
            Ok(_) => Err("is damaged: its data does not end where it should".to_owned()),
            Err(error) => Err(format!("is damaged: {error}")),
        }
    }
}
