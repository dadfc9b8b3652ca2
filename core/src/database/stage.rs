//! Records waiting for the file: each as a string of bytes, so that building holds no trees.
//!
//! Events are put in the order of their versions here, once, with the key by which each compares.

use std::borrow::Cow;
use std::collections::HashMap;

use super::codec::{Reader, Write};
use crate::advisory::{Advisory, Affected, EventKind, Range, RangeKind, Rating};
use crate::ecosystem::Ecosystem;
use crate::version::Scheme;

/// Bits of a range's first byte; the lowest two are its kind.
pub(super) mod range_flag {
    /// All versions could be read: events are in order.
    pub(in super::super) const SORTED: u8 = 4;
    /// An event was lost.
    pub(in super::super) const DAMAGED: u8 = 8;
    /// At least one event is `introduced`.
    pub(in super::super) const INTRODUCED: u8 = 16;
}

/// Bit of an event's first byte that says a key follows; the lowest two are its kind.
pub(super) const HAS_KEY: u8 = 4;

/// Longer keys are not kept; comparing such versions falls back on their text.
const KEY: usize = 64;

/// Ecosystems met so far, by OSV's text: how names fold, and which scheme orders versions.
#[derive(Debug, Default)]
pub(super) struct Ecosystems(HashMap<String, Option<(Ecosystem, Option<Scheme>)>>);

impl Ecosystems {
    /// `None` for one without a row: its names are taken as they are.
    fn get(&mut self, text: &str) -> Option<&(Ecosystem, Option<Scheme>)> {
        if !self.0.contains_key(text) {
            let known = Ecosystem::parse(text).ok().map(|ecosystem| {
                let scheme = ecosystem.scheme();
                (ecosystem, scheme)
            });
            self.0.insert(text.to_owned(), known);
        }
        self.0.get(text)?.as_ref()
    }
}

/// Appends a record.
pub(super) fn stage(advisory: &Advisory<'_>, ecosystems: &mut Ecosystems, out: &mut Vec<u8>) {
    out.put_block(advisory.id.as_bytes());
    out.put_block(advisory.modified.as_bytes());
    out.put_block(advisory.published.as_bytes());
    out.put_block(advisory.withdrawn.as_deref().unwrap_or_default().as_bytes());
    out.push(u8::from(advisory.malicious));
    out.put_block(advisory.severity_word.as_deref().unwrap_or_default().as_bytes());
    out.put_block(advisory.summary.as_deref().unwrap_or_default().as_bytes());
    out.put_block(
        advisory
            .database_specific
            .as_deref()
            .unwrap_or_default()
            .as_bytes(),
    );
    let mut block = Vec::new();
    for names in [&advisory.aliases, &advisory.upstream, &advisory.related] {
        put_texts(names, &mut block, out);
    }
    put_ratings(&advisory.severities, &mut block, out);
    let mut bytes = Vec::new();
    for entry in &advisory.affected {
        bytes.clear();
        stage_entry(entry, ecosystems, &mut bytes);
        out.put_block(&bytes);
    }
}

fn put_texts(texts: &[Cow<'_, str>], block: &mut Vec<u8>, out: &mut Vec<u8>) {
    block.clear();
    texts.iter().for_each(|text| block.put_block(text.as_bytes()));
    out.put_block(block);
}

fn put_ratings(ratings: &[Rating<'_>], block: &mut Vec<u8>, out: &mut Vec<u8>) {
    block.clear();
    for (kind, score) in ratings {
        block.put_block(kind.as_bytes());
        block.put_block(score.as_bytes());
    }
    out.put_block(block);
}

fn stage_entry(entry: &Affected<'_>, ecosystems: &mut Ecosystems, out: &mut Vec<u8>) {
    let (ecosystem, name) = match &entry.package {
        Some((ecosystem, name)) => (&**ecosystem, &**name),
        None => ("", ""),
    };
    let known = ecosystems.get(ecosystem);
    let folded = known.map_or(Cow::Borrowed(name), |(ecosystem, _)| ecosystem.fold(name));
    let scheme = known.and_then(|(_, scheme)| *scheme);

    out.put_varint(entry.index);
    out.put_block(ecosystem.as_bytes());
    out.put_block(folded.as_bytes());
    out.put_block(if *folded == *name { b"" } else { name.as_bytes() });
    let (mut block, mut bytes) = (Vec::new(), Vec::new());
    for range in &entry.ranges {
        bytes.clear();
        stage_range(range, scheme, &mut bytes);
        block.put_block(&bytes);
    }
    out.put_block(&block);
    out.put_block(entry.unreadable.as_deref().unwrap_or_default().as_bytes());
    out.put_block(entry.informational.as_deref().unwrap_or_default().as_bytes());
    out.put_block(entry.ecosystem_specific.as_deref().unwrap_or_default().as_bytes());
    out.put_block(entry.database_specific.as_deref().unwrap_or_default().as_bytes());
    put_ratings(&entry.severities, &mut block, out);
    put_texts(&entry.versions, &mut block, out);
}

/// An event with its place in the order of versions.
struct Placed<'a> {
    /// Before all versions, among them by `key`, or after all.
    rank: u8,
    key: Option<Vec<u8>>,
    kind: EventKind,
    version: &'a str,
}

fn place<'a>(kind: EventKind, version: &'a str, scheme: Option<Scheme>) -> Option<Placed<'a>> {
    let (rank, key) = match (kind, version) {
        // The empty key is less than any other, as `0` is before any version.
        (EventKind::Introduced, "0") => (0, Some(Vec::new())),
        (EventKind::Limit, "*") => (2, None),
        _ => {
            let mut key = Vec::new();
            scheme?.key(version, &mut key).ok()?;
            (1, Some(key))
        }
    };
    Some(Placed {
        rank,
        key,
        kind,
        version,
    })
}

fn stage_range(range: &Range<'_>, scheme: Option<Scheme>, out: &mut Vec<u8>) {
    let (kind, scheme) = match range.kind {
        RangeKind::Semver => (0, Some(Scheme::Semver)),
        RangeKind::Ecosystem => (1, scheme),
        RangeKind::Git => (2, None),
        RangeKind::Other => (3, None),
    };
    let placed: Option<Vec<_>> = match scheme {
        None => None,
        Some(_) => range
            .events
            .iter()
            .map(|(kind, version)| place(*kind, version, scheme))
            .collect(),
    };
    let mut flags = kind;
    if range.damaged {
        flags |= range_flag::DAMAGED;
    }
    if range
        .events
        .iter()
        .any(|(kind, _)| *kind == EventKind::Introduced)
    {
        flags |= range_flag::INTRODUCED;
    }
    if placed.is_some() {
        flags |= range_flag::SORTED;
    }
    out.push(flags);
    out.put_varint(range.index);
    match placed {
        None => {
            for (kind, version) in &range.events {
                put_event(*kind, None, version, out);
            }
        }
        Some(mut placed) => {
            // At one version, `introduced` comes before what ends a range.
            placed.sort_by(|a, b| (a.rank, &a.key, a.kind).cmp(&(b.rank, &b.key, b.kind)));
            for event in placed {
                let compared = scheme.is_some_and(Scheme::key_orders);
                let key = event.key.filter(|key| compared && key.len() <= KEY);
                put_event(event.kind, key.as_deref(), event.version, out);
            }
        }
    }
}

fn put_event(kind: EventKind, key: Option<&[u8]>, version: &str, out: &mut Vec<u8>) {
    let kind = match kind {
        EventKind::Introduced => 0,
        EventKind::Fixed => 1,
        EventKind::LastAffected => 2,
        EventKind::Limit => 3,
    };
    match key {
        None => out.push(kind),
        Some(key) => {
            out.push(kind | HAS_KEY);
            out.put_block(key);
        }
    }
    out.put_block(version.as_bytes());
}

/// A record as it waits: texts as their bytes, which need not be read as texts again. Empty ones are absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Staged<'a> {
    pub id: &'a [u8],
    pub modified: &'a [u8],
    pub published: &'a [u8],
    pub withdrawn: &'a [u8],
    pub malicious: bool,
    pub severity_word: &'a [u8],
    pub summary: &'a [u8],
    pub database_specific: &'a [u8],
    /// Texts behind one another; so are the next two.
    pub aliases: Reader<'a>,
    pub upstream: Reader<'a>,
    pub related: Reader<'a>,
    /// Pairs of texts.
    pub severities: Reader<'a>,
    /// Blocks for [`StagedKey::read`].
    pub entries: Reader<'a>,
}

impl<'a> Staged<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let id = reader.block()?;
        let modified = reader.block()?;
        let published = reader.block()?;
        let withdrawn = reader.block()?;
        let malicious = reader.byte()? != 0;
        let severity_word = reader.block()?;
        let summary = reader.block()?;
        let database_specific = reader.block()?;
        let aliases = Reader::new(reader.block()?);
        let upstream = Reader::new(reader.block()?);
        let related = Reader::new(reader.block()?);
        let severities = Reader::new(reader.block()?);
        Some(Self {
            id,
            modified,
            published,
            withdrawn,
            malicious,
            severity_word,
            summary,
            database_specific,
            aliases,
            upstream,
            related,
            severities,
            entries: reader,
        })
    }
}

/// An entry as it waits: what it is sorted by, then what [`StagedEntry::read`] takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct StagedKey<'a> {
    pub index: u32,
    pub ecosystem: &'a [u8],
    pub folded: &'a [u8],
    pub entry: Reader<'a>,
}

impl<'a> StagedKey<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        Some(Self {
            index: reader.varint()?,
            ecosystem: reader.block()?,
            folded: reader.block()?,
            entry: reader,
        })
    }
}

/// The rest of an entry as it waits. Empty texts are absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct StagedEntry<'a> {
    /// As published, where that differs from the folded one.
    pub name: &'a [u8],
    /// In the form of the file.
    pub ranges: &'a [u8],
    pub unreadable: &'a [u8],
    pub informational: &'a [u8],
    pub ecosystem_specific: &'a [u8],
    pub database_specific: &'a [u8],
    /// Pairs of texts.
    pub severities: Reader<'a>,
    /// Texts behind one another.
    pub versions: Reader<'a>,
}

impl<'a> StagedEntry<'a> {
    pub(super) fn read(mut reader: Reader<'a>) -> Option<Self> {
        Some(Self {
            name: reader.block()?,
            ranges: reader.block()?,
            unreadable: reader.block()?,
            informational: reader.block()?,
            ecosystem_specific: reader.block()?,
            database_specific: reader.block()?,
            severities: Reader::new(reader.block()?),
            versions: Reader::new(reader.block()?),
        })
    }
}
