//! What a scan answers: findings with their evidence.

use std::fmt;

use serde::Serialize;

use crate::score::Severity;

/// The answer to one question; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The installed version is among the affected ones.
    Affected,
    /// A record names this package but cannot be judged; `reason` says why.
    Unknown,
    /// The installed version is not among the affected ones. No finding says so on its own; a record
    /// that disagrees with the others of its finding does, and an explanation.
    NotAffected,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Affected => "affected",
            Self::Unknown => "unknown",
            Self::NotAffected => "not affected",
        })
    }
}

/// What a record says of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FindingKind {
    /// A known vulnerability.
    Vulnerability,
    /// The package itself is malware (OSV `MAL-` records and their kin).
    Malicious,
    /// Nobody maintains it any more (RustSec `informational = "unmaintained"`).
    Unmaintained,
    /// Another informational record (RustSec `unsound`, `notice`).
    Informational,
}

/// Why a finding is set aside (it stays visible and counts nothing in a score).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Suppression {
    /// Rule that set it aside: `ownership`, later `vex`, `ignore`.
    pub by: String,
    /// Why, in words.
    pub reason: String,
}

/// One question about one package and one flaw, answered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Id of the leading record.
    pub id: String,
    /// All other ids of the same flaw, sorted.
    pub aliases: Vec<String>,
    /// The flaws that an advisory for several of them (a `DSA`, an `RHSA`) answers, sorted; empty where
    /// the finding is about one flaw, whose ids are then among `aliases`.
    pub upstream: Vec<String>,
    /// Index into [`Inventory::packages`](crate::inventory::Inventory::packages).
    pub package: usize,
    /// The answer.
    pub verdict: Verdict,
    /// What kind of record says so.
    pub kind: FindingKind,
    /// Why the verdict is `unknown`.
    pub reason: Option<String>,
    /// One line of the leading record, where it has one.
    pub summary: Option<String>,
    /// The rating that ranks: one of `ratings`, or `unknown` where there is none.
    pub severity: Severity,
    /// Every rating of the records, the leading record's first.
    pub ratings: Vec<Severity>,
    /// Versions that fix it for this package, in the order of the scheme; empty if none is known.
    pub fixed_versions: Vec<String>,
    /// Vendor status, as written.
    pub status: Option<String>,
    /// Set aside, and by what.
    pub suppressed: Option<Suppression>,
    /// The proof.
    pub evidence: Evidence,
}

/// The proof of a finding: which records said what, and which comparison decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// One entry a record, the leading one first, the rest by id. Records of the same flaw that name the
    /// package and do not call it affected are here too.
    pub records: Vec<RecordEvidence>,
    /// What else bears on the answer, such as an owner whose distribution has no feed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How one record came to its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordEvidence {
    /// Record id.
    pub id: String,
    /// Its `modified`, as written.
    pub modified: String,
    /// Its answer; records of one finding may differ.
    pub verdict: Verdict,
    /// OSV ecosystem of the entry.
    pub ecosystem: String,
    /// Package name as the record writes it.
    pub name: String,
    /// Whether the name is that of the package or of its source package.
    pub matched: MatchedBy,
    /// The installed version that was compared (the source package's where `matched` says so).
    pub version: String,
    /// Name of the version scheme that compared, such as `deb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// JSON pointer of what decided, such as `/affected/0/ranges/1` or `/affected/0/versions`.
    pub pointer: String,
    /// The comparisons that decided, in order, such as `1.2.3 >= 1.0.0 (introduced)`.
    pub comparisons: Vec<String>,
    /// Why this record is undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which name of the package a record named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MatchedBy {
    /// The package's own name.
    Name,
    /// The name of its source package.
    Source,
}
