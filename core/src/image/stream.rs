//! A buffered stream that hashes and counts what passes, the base of both sides of a decoder.

use std::fmt;
use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256};

use super::digest;
use crate::{Error, Result};

/// Big enough that neither hashing nor inflating pays for its calls.
const BUFFER: usize = 256 << 10;

/// A stream of bytes that can be passed over without copying them.
pub(super) trait Source: BufRead {
    /// Passes over up to `bytes` bytes and says how many there were: fewer only at the end.
    fn skip(&mut self, bytes: u64) -> io::Result<u64>;
}

/// A stream that was read to its end.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// Digest of everything.
    pub digest: String,
    /// Whether a byte other than zero was left to read.
    pub rest: bool,
}

/// Called with the number of bytes of each filling; its error ends the stream.
type Count<'a> = Box<dyn FnMut(u64) -> Result<(), Fault> + 'a>;

/// Hashes each byte once, when it enters the buffer. An error stays: reading again gives it again, so that
/// it cannot get lost in a caller that carries on.
pub(super) struct Stream<'a> {
    inner: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    hash: Option<Sha256>,
    count: Count<'a>,
    ended: Option<Result<(), Fault>>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(inner: Box<dyn Read + 'a>, count: Count<'a>) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            hash: None,
            count,
            ended: None,
        }
    }

    /// Computes the digest on the way.
    pub(super) fn hashed(mut self) -> Self {
        self.hash = Some(Sha256::new());
        self
    }

    /// The first bytes, at least `least` of them unless the stream is shorter; nothing is consumed.
    pub(super) fn peek(&mut self, least: usize) -> io::Result<&[u8]> {
        while self.end - self.start < least.min(BUFFER / 2) && self.ended.is_none() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            self.refill();
        }
        self.fill_buf()
    }

    /// Counts with `count` from here on.
    pub(super) fn count_with(&mut self, count: Count<'a>) {
        self.count = count;
    }

    /// Reads to the end.
    pub(super) fn finish(mut self) -> io::Result<End> {
        let mut rest = false;
        loop {
            let chunk = self.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            rest = rest || chunk.iter().any(|b| *b != 0);
            let length = chunk.len();
            self.consume(length);
        }
        Ok(End {
            digest: self.hash.map(digest::finish).unwrap_or_default(),
            rest,
        })
    }

    /// Puts more bytes behind those in the buffer.
    fn refill(&mut self) {
        let Some(space) = self.buffer.get_mut(self.end..) else {
            return;
        };
        let read = loop {
            match self.inner.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        match read {
            Ok(0) => self.ended = Some(Ok(())),
            Ok(length) => {
                let filled = space.get(..length).unwrap_or_default();
                if let Some(hash) = &mut self.hash {
                    hash.update(filled);
                }
                self.end += filled.len();
                if let Err(fault) = (self.count)(length as u64) {
                    self.ended = Some(Err(fault));
                }
            }
            Err(error) => self.ended = Some(Err(Fault::of(&error))),
        }
    }
}

impl BufRead for Stream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start >= self.end && self.ended.is_none() {
            self.start = 0;
            self.end = 0;
            self.refill();
        }
        match &self.ended {
            Some(Err(fault)) if self.start >= self.end => Err(fault.clone().into()),
            _ => Ok(self.buffer.get(self.start..self.end).unwrap_or_default()),
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.end);
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl Source for Stream<'_> {
    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        let mut left = bytes;
        while left > 0 {
            let available = self.fill_buf()?.len();
            if available == 0 {
                break;
            }
            let step = usize::try_from(left).map_or(available, |left| left.min(available));
            self.consume(step);
            left -= step as u64;
        }
        Ok(bytes - left)
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        (**self).skip(bytes)
    }
}

/// Why a stream ended early; travels inside an [`io::Error`] through decoders and inspectors.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// A bound was passed.
    Limit { what: &'static str, limit: u64 },
    /// The bytes cannot be read or decoded.
    Read { kind: io::ErrorKind, reason: String },
}

impl Fault {
    pub(super) fn of(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()) {
            Some(fault) => fault.clone(),
            None => Fault::Read {
                kind: error.kind(),
                reason: error.to_string(),
            },
        }
    }

    /// The same as the engine's error; `format` is what was being decoded.
    fn explain(self, format: &'static str, place: &str) -> Error {
        match self {
            Fault::Limit { what, limit } => Error::Limit {
                place: place.to_owned(),
                what,
                limit,
            },
            Fault::Read {
                kind: io::ErrorKind::UnexpectedEof,
                reason,
            } => Error::format(format, place, format!("truncated: {reason}")),
            Fault::Read {
                kind:
                    io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::Other
                    | io::ErrorKind::OutOfMemory,
                reason,
            } => Error::format(format, place, reason),
            Fault::Read {
                kind: io::ErrorKind::Unsupported,
                reason,
            } => Error::Unsupported {
                what: "compression",
                text: format!("{place}: {reason}"),
            },
            Fault::Read { kind, reason } => Error::io(place, io::Error::new(kind, reason)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Limit { what, limit } => write!(f, "{what} passes the limit of {limit}"),
            Fault::Read { reason, .. } => f.write_str(reason),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        let kind = match &fault {
            Fault::Limit { .. } => io::ErrorKind::Other,
            Fault::Read { kind, .. } => *kind,
        };
        io::Error::new(kind, fault)
    }
}

/// The engine's error for one of a stream; `format` is what was being decoded.
pub(super) fn explain(format: &'static str, place: &str, error: &io::Error) -> Error {
    Fault::of(error).explain(format, place)
}
