//! Floors: the same work with nothing of hullmark in it, by the same crates.
//!
//! `cargo bench -p hullmark-benches` prints each workload beside its floor, measured in turns in one run, as a
//! ratio of processor time. A faster machine or a busier hour moves both sides.

use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::time::Duration;

use cpu_time::ProcessTime;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Processor time of `work`, and what it gave.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = ProcessTime::now();
    let value = work();
    (start.elapsed(), value)
}

/// Median processor times of two pieces of work run in turns.
pub fn paired<A, B>(
    rounds: usize,
    mut ours: impl FnMut() -> A,
    mut floor: impl FnMut() -> B,
) -> (Duration, Duration) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        first.push(timed(&mut ours).0);
        second.push(timed(&mut floor).0);
    }
    (median(first), median(second))
}

/// The middle one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Floor D: every layer of an OCI layout tar hashed as stored, inflated, hashed again, and walked as a tar.
/// Gives the number of entries.
///
/// # Panics
/// If the image is not one that this floor can read.
#[allow(clippy::expect_used, reason = "a floor that cannot run is no floor")]
pub fn image(bytes: &[u8]) -> usize {
    let mut entries = 0;
    let mut archive = tar::Archive::new(Cursor::new(bytes));
    for entry in archive.entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let mut magic = [0; 2];
        if entry.size() < 2 || entry.read_exact(&mut magic).is_err() || magic != [0x1f, 0x8b] {
            continue;
        }
        let blob = Hashing {
            inner: Cursor::new(magic).chain(entry),
            digest: Sha256::new(),
        };
        let buffered = std::io::BufReader::with_capacity(1 << 18, blob);
        let mut layer = tar::Archive::new(Hashing {
            inner: MultiGzDecoder::new(buffered),
            digest: Sha256::new(),
        });
        entries += layer.entries().expect("a layer").count();
        let mut rest = layer.into_inner();
        std::io::copy(&mut rest, &mut std::io::sink()).expect("a whole layer");
        assert_eq!(rest.digest.finalize().len(), 32);
    }
    entries
}

struct Hashing<R> {
    inner: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// What a matcher needs of an OSV record, borrowed from its text.
#[derive(Deserialize)]
#[allow(dead_code, reason = "parsed to be measured")]
struct Record<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    modified: Option<Cow<'a, str>>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(borrow, default)]
    summary: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    details: Option<Cow<'a, str>>,
    #[serde(default)]
    affected: Option<Vec<Affected>>,
    #[serde(default)]
    references: Option<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "parsed to be measured")]
struct Affected {
    package: Option<Package>,
    ranges: Option<Vec<Range>>,
    versions: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "parsed to be measured")]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "parsed to be measured")]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    events: Option<Vec<std::collections::BTreeMap<String, String>>>,
}

/// The floor of building a database: inflate every member of a zip and parse it as a typed OSV record.
/// Gives the number of records.
///
/// # Panics
/// If the zip cannot be read.
#[allow(clippy::expect_used, reason = "a floor that cannot run is no floor")]
pub fn advisories(zip: &[u8]) -> usize {
    let archive = rawzip::ZipArchive::from_slice(zip).expect("a zip");
    let mut text = Vec::new();
    let mut records = 0;
    for entry in archive.entries() {
        let entry = entry.expect("a member");
        let member = archive.get_entry(entry.wayfinder()).expect("its data");
        text.clear();
        let verified = member.verifying_reader(DeflateDecoder::new(member.data()));
        { verified }.read_to_end(&mut text).expect("its content");
        records += usize::from(serde_json::from_slice::<Record<'_>>(&text).is_ok());
    }
    records
}
