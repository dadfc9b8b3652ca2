//! Advisory records as their publishers state them, before they become rows of a database.

mod json;
pub(crate) mod osv;

use std::borrow::Cow;

use crate::image::Note;

/// How an affected range counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeKind {
    /// SemVer 2.0 precedence, whatever the ecosystem.
    Semver,
    /// The ecosystem's own order.
    Ecosystem,
    /// Commits: not decidable from a version.
    Git,
    /// Another word.
    Other,
}

/// What happens at a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EventKind {
    /// From here on affected; version `0` is before all versions.
    Introduced,
    /// From here on not affected.
    Fixed,
    /// Up to and including here affected.
    LastAffected,
    /// Nothing at or after is judged; `*` is after all versions.
    Limit,
}

/// One record. Lists are in published order unless said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Advisory<'a> {
    pub id: Cow<'a, str>,
    /// As written; empty where absent.
    pub modified: Cow<'a, str>,
    /// As written; empty where absent.
    pub published: Cow<'a, str>,
    pub withdrawn: Option<Cow<'a, str>>,
    /// Sorted, each once; so are the next two.
    pub aliases: Vec<Cow<'a, str>>,
    pub upstream: Vec<Cow<'a, str>>,
    pub related: Vec<Cow<'a, str>>,
    pub severities: Vec<Rating<'a>>,
    /// `database_specific.severity`.
    pub severity_word: Option<String>,
    pub summary: Option<String>,
    pub malicious: bool,
    /// JSON without white space; so are the two of [`Affected`].
    pub database_specific: Option<Cow<'a, str>>,
    pub affected: Vec<Affected<'a>>,
}

/// Type and score of a rating.
pub(crate) type Rating<'a> = (Cow<'a, str>, Cow<'a, str>);

/// One entry of `affected`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Affected<'a> {
    /// Its index as published.
    pub index: u32,
    /// Ecosystem and name; `None` for an entry that names only repositories.
    pub package: Option<(Cow<'a, str>, Cow<'a, str>)>,
    pub ranges: Vec<Range<'a>>,
    /// Sorted by text, each once.
    pub versions: Vec<Cow<'a, str>>,
    pub severities: Vec<Rating<'a>>,
    /// `database_specific.informational`.
    pub informational: Option<String>,
    /// What of its ranges and versions could not be read: JSON pointers and reasons.
    pub unreadable: Option<String>,
    pub ecosystem_specific: Option<Cow<'a, str>>,
    pub database_specific: Option<Cow<'a, str>>,
}

/// One entry of `ranges`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range<'a> {
    /// Its index as published.
    pub index: u32,
    pub kind: RangeKind,
    pub events: Vec<(EventKind, Cow<'a, str>)>,
    /// An event was lost, so that the others may mislead.
    pub damaged: bool,
}

/// Notes kept of one feed; the rest is only counted, so that a hostile feed cannot fill the memory.
const KEPT: usize = 10_000;

/// What was skipped of a feed, and why.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub kept: Vec<Note>,
    pub total: u64,
}

impl Notes {
    /// Adds a note; `reason` is built only if it is kept.
    pub(crate) fn add(&mut self, place: impl FnOnce() -> String, reason: impl FnOnce() -> String) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(Note {
                place: place(),
                reason: reason(),
            });
        }
    }
}
