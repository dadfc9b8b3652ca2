//! Which rating of a finding ranks it.
//!
//! Every rating is kept; the one that ranks is the first readable one in the stated order. By default
//! that is: what a publisher says of this very package (`affected[].severity`, Ubuntu's priority), for a
//! distribution knows how it builds it; then the record's CVSS vectors, the newest version of CVSS first;
//! then a word in `database_specific.severity`.

use crate::database::{Candidate, Record};
use crate::score::{Level, Severity, cvss};

/// A kind of rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rating {
    /// Of this package: `affected[].severity`, or a vendor's own scale such as Ubuntu's priority.
    Package,
    /// The record's CVSS v4 vector.
    CvssV4,
    /// The record's CVSS v3 vector.
    CvssV3,
    /// The record's CVSS v2 vector.
    CvssV2,
    /// The word of `database_specific.severity`.
    Word,
}

impl Rating {
    /// The default order: the first kind that a finding has ranks it.
    pub const ORDER: [Self; 5] = [
        Self::Package,
        Self::CvssV4,
        Self::CvssV3,
        Self::CvssV2,
        Self::Word,
    ];
}

/// The ratings of one record about one entry, as published.
pub(super) fn ratings(record: &Record<'_>, entry: &Candidate<'_>) -> Vec<(Rating, Severity)> {
    let own = entry.severities().map(|(kind, score)| {
        let source = format!("{} /affected/{}/severity", record.id(), entry.index());
        (Rating::Package, severity(kind, score, source))
    });
    let of_record = record
        .severities()
        .map(|(kind, score)| (rating(kind, score), severity(kind, score, record.id().to_owned())));
    let word = record.severity_word().map(|word| {
        let source = format!("{} /database_specific/severity", record.id());
        (Rating::Word, severity("", word, source))
    });
    own.chain(of_record).chain(word).collect()
}

/// The rating that ranks: by kind in `order`, and among equals the earlier.
pub(super) fn ranking(order: &[Rating], ratings: &[(Rating, Severity)], leading: &str) -> Severity {
    order
        .iter()
        .flat_map(|wanted| ratings.iter().filter(move |(kind, _)| kind == wanted))
        .map(|(_, severity)| severity)
        .find(|severity| severity.level != Level::Unknown)
        .cloned()
        .unwrap_or_else(|| Severity {
            level: Level::Unknown,
            score: None,
            vector: None,
            source: leading.to_owned(),
        })
}

/// Told by the vector where there is one: some records write a v4 vector under `CVSS_V3`.
fn rating(kind: &str, score: &str) -> Rating {
    match score.get(..7) {
        Some("CVSS:4.") => Rating::CvssV4,
        Some("CVSS:3.") => Rating::CvssV3,
        _ => match kind {
            "CVSS_V4" => Rating::CvssV4,
            "CVSS_V3" => Rating::CvssV3,
            "CVSS_V2" => Rating::CvssV2,
            _ => Rating::Package,
        },
    }
}

/// Reads a rating: a CVSS vector, a bare CVSS score, or a word; what is none of them is `unknown`, with
/// the text kept.
fn severity(kind: &str, text: &str, source: String) -> Severity {
    let bare = || {
        let score = text
            .trim()
            .parse()
            .ok()
            .filter(|score| (0.0..=10.0).contains(score))?;
        let level = match kind {
            "CVSS_V2" => Level::of_cvss_v2(score),
            _ => Level::of_cvss(score),
        };
        Some((score, level))
    };
    let (score, level) = match cvss::rate(text).ok().or_else(bare) {
        Some((score, level)) => (Some(score), level),
        None => (None, text.parse().unwrap_or(Level::Unknown)),
    };
    Severity {
        level,
        score,
        // Every vector has its metrics behind colons; neither a score nor a word has one.
        vector: text.contains(':').then(|| text.to_owned()),
        source,
    }
}
