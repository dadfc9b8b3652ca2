//! Zip archives, read for a few of their entries: in place where held in memory, in passing where not.
//!
//! Held, the central directory says what is inside, as it does for the Java runtime. In passing, local headers
//! come first; the central directory at the end then confirms which of them count.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use rawzip::CompressionMethod;

/// What an archive's reader wants to know of it.
pub(super) trait Visit {
    /// Whether the content of the entry of this name is asked for.
    fn wants(&self, name: &[u8]) -> bool;

    /// An entry that was asked for; `size` is what the archive claims.
    fn entry(&mut self, name: &[u8], size: u64, content: Content<'_>);

    /// An entry, or something about the whole archive, that could not be read.
    fn note(&mut self, name: Option<&[u8]>, reason: String);
}

/// The content of an entry.
pub(super) enum Content<'a> {
    /// Stored in an archive that is held.
    Held(&'a [u8]),
    /// To be unpacked.
    Packed(&'a mut dyn Read),
}

/// What may still be unpacked, all nested archives together: no more than honest compression yields.
#[derive(Debug)]
pub(super) struct Meter(Cell<u64>);

impl Meter {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Cell::new(bytes))
    }

    /// Takes `bytes` off.
    ///
    /// # Errors
    /// Where so many are not left.
    pub(super) fn take(&self, bytes: u64) -> io::Result<()> {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or_default());
        left.map(drop)
            .ok_or_else(|| io::Error::other("unpacks to more than the limits allow"))
    }
}

/// Content on its way out of an archive, counted and summed.
struct Unpacked<'a, R> {
    packed: R,
    meter: &'a Meter,
    size: u64,
    /// Claimed size where it is known beforehand: what is more is not read.
    claim: Option<u64>,
    crc: Crc,
}

impl<'a, R: Read> Unpacked<'a, R> {
    fn new(packed: R, meter: &'a Meter, claim: Option<u64>) -> Self {
        Self {
            packed,
            meter,
            size: 0,
            claim,
            crc: Crc::new(),
        }
    }

    /// Reads what the visitor left and compares with what the archive states.
    fn finish(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.packed.read(buffer)?;
        self.meter.take(length as u64)?;
        self.size = self.size.saturating_add(length as u64);
        if self.claim.is_some_and(|claim| self.size > claim) {
            return Err(io::Error::other("unpacks to more than its stated size"));
        }
        self.crc.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

/// Reads an archive that is held; `false` where it has no readable central directory.
pub(super) fn held(data: &[u8], meter: &Meter, visit: &mut dyn Visit) -> bool {
    let Ok(archive) = rawzip::ZipArchive::from_slice(data) else {
        return false;
    };
    let mut entries = archive.entries();
    loop {
        let entry = match entries.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return true,
            Err(error) => {
                visit.note(None, format!("central directory: {error}"));
                return true;
            }
        };
        let path = entry.file_path();
        let name = path.as_bytes();
        if name.ends_with(b"/") || !visit.wants(name) {
            continue;
        }
        if entry.flags().is_encrypted() {
            visit.note(Some(name), "encrypted".to_owned());
            continue;
        }
        let packed = match archive.get_entry(entry.wayfinder()) {
            Ok(found) => found.data(),
            Err(error) => {
                visit.note(Some(name), error.to_string());
                continue;
            }
        };
        let size = entry.uncompressed_size_hint();
        let result = match entry.compression_method() {
            // Summing a stored archive would mean to read all of it; the entries inside carry their own sums.
            CompressionMethod::STORE if packed.len() as u64 == size => meter.take(size).map(|()| {
                visit.entry(name, size, Content::Held(packed));
            }),
            CompressionMethod::STORE => Err(io::Error::other("stored with two different sizes")),
            CompressionMethod::DEFLATE => {
                let mut unpacked = Unpacked::new(DeflateDecoder::new(packed), meter, Some(size));
                visit.entry(name, size, Content::Packed(&mut unpacked));
                unpacked.finish().map(|()| {
                    check(name, &unpacked.crc, entry.crc32(), unpacked.size, size, visit);
                })
            }
            method => Err(unsupported(method.as_u16())),
        };
        if let Err(error) = result {
            visit.note(Some(name), error.to_string());
        }
    }
}

fn unsupported(method: u16) -> io::Error {
    io::Error::other(format!("compression method {method} is not supported"))
}

fn check(name: &[u8], crc: &Crc, stated: u32, size: u64, stated_size: u64, visit: &mut dyn Visit) {
    if size != stated_size {
        visit.note(
            Some(name),
            format!("{size} bytes, the archive states {stated_size}"),
        );
    } else if crc.sum() != stated {
        let reason = format!("CRC is {:08x}, the archive states {stated:08x}", crc.sum());
        visit.note(Some(name), reason);
    }
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
const ENDS: [&[u8]; 2] = [b"PK\x05\x06", b"PK\x06\x06"];

/// Reads an archive in passing, from its first local header to its central directory.
///
/// # Errors
/// Where the archive ends early or cannot be followed any further; what was read before stands.
pub(super) fn streamed(source: &mut dyn Read, meter: &Meter, visit: &mut dyn Visit) -> io::Result<()> {
    let mut window = Window::new(source);
    let mut seen = BTreeSet::new();
    let mut listed = BTreeSet::new();
    let mut any = false;
    loop {
        let mark = window.peek(4)?;
        if mark == LOCAL {
            local_entry(&mut window, meter, &mut seen, visit)?;
        } else if mark == CENTRAL {
            central_entry(&mut window, &mut listed, visit)?;
        } else if ENDS.contains(&mark) {
            break;
        } else if mark.len() < 4 {
            let reason = if any {
                "ends before its central directory"
            } else {
                "not a zip archive"
            };
            return Err(io::Error::other(reason));
        } else {
            // A shell script before the archive, or a gap that a deleted entry left.
            window.consume(1);
            window.skip_to_mark()?;
            continue;
        }
        any = true;
    }
    for name in listed.difference(&seen) {
        visit.note(Some(name), "listed, but not found on the way".to_owned());
    }
    for name in seen.difference(&listed) {
        visit.note(Some(name), "not listed in the central directory".to_owned());
    }
    Ok(())
}

/// A little-endian number of so many bytes.
fn number(data: &[u8], at: usize, size: usize) -> u64 {
    let bytes = data.get(at..at.saturating_add(size)).unwrap_or_default();
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn local_entry(
    window: &mut Window<'_>,
    meter: &Meter,
    seen: &mut BTreeSet<Vec<u8>>,
    visit: &mut dyn Visit,
) -> io::Result<()> {
    let header = window.bytes(30)?;
    let (flags, method) = (number(&header, 6, 2), number(&header, 8, 2));
    let crc = number(&header, 14, 4);
    let (mut packed_size, mut size) = (number(&header, 18, 4), number(&header, 22, 4));
    let name = window.bytes(number(&header, 26, 2))?;
    let extra = window.bytes(number(&header, 28, 2))?;
    wide_sizes(&extra, &mut size, &mut packed_size);

    let follows = flags & 8 != 0;
    let unknown = follows && packed_size == 0;
    let wanted = !name.ends_with(b"/") && visit.wants(&name);
    if wanted {
        seen.insert(name.clone());
    }
    if unknown && (method != 8 || flags & 1 != 0) {
        let name = String::from_utf8_lossy(&name);
        return Err(io::Error::other(format!(
            "{name}: its length is not stated before its content; what follows was not examined"
        )));
    }
    let readable = match (flags & 1, method) {
        (1, _) => Err(io::Error::other("encrypted")),
        (_, 0 | 8) => Ok(()),
        (_, method) => Err(unsupported(method as u16)),
    };
    if !unknown && (!wanted || readable.is_err()) {
        if let (true, Err(error)) = (wanted, readable) {
            visit.note(Some(&name), error.to_string());
        }
        window.skip(packed_size)?;
    } else {
        let limit = if unknown { u64::MAX } else { packed_size };
        let claim = (!follows).then_some(size);
        let mut packed = Read::take(&mut *window, limit);
        let asked = wanted.then_some(&name);
        let (result, length) = if method == 8 {
            let mut decoder = DeflateDecoder::new(&mut packed);
            let result = unpack(&mut decoder, meter, claim, asked, size, visit);
            (result, decoder.total_in())
        } else {
            (unpack(&mut packed, meter, claim, asked, size, visit), packed_size)
        };
        let rest = packed.limit();
        match result {
            // The end of this entry is known: the next can still be read.
            Err(error) if !unknown => {
                visit.note(Some(&name), error.to_string());
                window.skip(rest)?;
            }
            Err(error) => return Err(error),
            Ok((sum, unpacked_size)) => {
                if !unknown {
                    window.skip(rest)?;
                }
                let stated = match follows {
                    true => descriptor(window, length, unpacked_size)?,
                    false => (crc as u32, size),
                };
                if wanted {
                    check(&name, &sum, stated.0, unpacked_size, stated.1, visit);
                }
                return Ok(());
            }
        }
    }
    if follows {
        descriptor(window, packed_size, size)?;
    }
    Ok(())
}

/// Unpacks an entry; to the visitor where `wanted` names it, else only to find its end.
fn unpack(
    packed: &mut dyn Read,
    meter: &Meter,
    claim: Option<u64>,
    wanted: Option<&Vec<u8>>,
    size: u64,
    visit: &mut dyn Visit,
) -> io::Result<(Crc, u64)> {
    let mut unpacked = Unpacked::new(packed, meter, claim);
    if let Some(name) = wanted {
        visit.entry(
            name,
            if claim.is_some() { size } else { u64::MAX },
            Content::Packed(&mut unpacked),
        );
    }
    unpacked.finish()?;
    Ok((unpacked.crc, unpacked.size))
}

/// Sizes of eight bytes in the extra field of zip64 stand where the header has all ones.
fn wide_sizes(extra: &[u8], size: &mut u64, packed_size: &mut u64) {
    let mut rest = extra;
    while let Some((head, after)) = rest.split_at_checked(4) {
        let length = usize::try_from(number(head, 2, 2)).unwrap_or_default();
        let Some((field, after)) = after.split_at_checked(length) else {
            return;
        };
        if number(head, 0, 2) == 1 {
            let mut at = 0;
            for value in [size, packed_size] {
                if *value == u64::from(u32::MAX) {
                    *value = number(field, at, 8);
                    at += 8;
                }
            }
            return;
        }
        rest = after;
    }
}

/// What follows an entry whose sizes were not known before: CRC and sizes of four or of eight bytes, with or
/// without a mark. The packed size, known by now, says which. Gives CRC and size.
fn descriptor(window: &mut Window<'_>, packed: u64, size: u64) -> io::Result<(u32, u64)> {
    let next = window.peek(24)?;
    let mark = if next.starts_with(DESCRIPTOR) { 4 } else { 0 };
    let crc = number(next, mark, 4) as u32;
    let wide = number(next, mark + 4, 8) == packed && number(next, mark + 12, 8) == size;
    let width = if wide { 8 } else { 4 };
    let stated = number(next, mark + 4 + width, width);
    window.consume(mark + 4 + 2 * width);
    Ok((crc, stated))
}

fn central_entry(
    window: &mut Window<'_>,
    listed: &mut BTreeSet<Vec<u8>>,
    visit: &dyn Visit,
) -> io::Result<()> {
    let header = window.bytes(46)?;
    let name = window.bytes(number(&header, 28, 2))?;
    window.skip(number(&header, 30, 2) + number(&header, 32, 2))?;
    if !name.ends_with(b"/") && visit.wants(&name) {
        listed.insert(name);
    }
    Ok(())
}

/// A stream one can look ahead in.
struct Window<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<'a> Window<'a> {
    fn new(source: &'a mut dyn Read) -> Self {
        Self {
            source,
            buffer: vec![0; 32 << 10],
            start: 0,
            end: 0,
        }
    }

    /// The next `length` bytes (at most a few), or as many as there are.
    fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        if self.end - self.start < length {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            while self.end < length {
                match self
                    .source
                    .read(self.buffer.get_mut(self.end..).unwrap_or_default())
                {
                    Ok(0) => break,
                    Ok(read) => self.end += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let ready = self.buffer.get(self.start..self.end).unwrap_or_default();
        Ok(ready.get(..length).unwrap_or(ready))
    }

    fn bytes(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Read::take(&mut *self, length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length {
            Ok(bytes)
        } else {
            Err(cut())
        }
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut Read::take(&mut *self, length), &mut io::sink())?;
        if skipped == length { Ok(()) } else { Err(cut()) }
    }

    /// Goes to the next `PK`, or to the end.
    fn skip_to_mark(&mut self) -> io::Result<()> {
        loop {
            let ready = self.fill_buf()?;
            if ready.is_empty() {
                return Ok(());
            }
            let at = ready.iter().position(|byte| *byte == b'P');
            let skipped = at.unwrap_or(ready.len());
            self.consume(skipped);
            if at.is_some() {
                match self.peek(4)? {
                    [b'P', b'K', 1..=6, 2..=6] => return Ok(()),
                    _ => self.consume(1),
                }
            }
        }
    }
}

fn cut() -> io::Error {
    io::Error::other("ends in the middle of an entry")
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), ready.get(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.peek(1)?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }
}
