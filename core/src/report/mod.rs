//! What a scan hands out: one value, its JSON, and a table for people.

mod json;
mod text;

pub use json::SCHEMA;
pub use text::Style;

use serde::Serialize;

use crate::exposure::Exposure;
use crate::finding::Finding;
use crate::inventory::Inventory;
use crate::score::image::ImageScore;

/// What was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Target {
    /// `docker-archive`, `oci-layout`, `rootfs`.
    pub kind: &'static str,
    /// Name inside the target (a tag), else the name the caller gave.
    pub name: String,
    /// Digest of the manifest or configuration, `sha256:…`; absent for a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Platform, such as `linux/amd64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// One thing that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Unknown {
    /// The package, as `name version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The file or blob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Why.
    pub reason: String,
}

/// What the database knows of one ecosystem of the target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct CoveredFeed {
    /// OSV ecosystem with release.
    pub ecosystem: String,
    /// Records.
    pub records: u64,
    /// Newest `modified` among them.
    pub newest: String,
}

/// How much of the target the answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// Packages seen.
    pub packages: usize,
    /// Packages every question about which could be answered.
    pub judged: usize,
    /// What could not be read or judged, sorted.
    pub unknown: Vec<Unknown>,
    /// Feeds that were asked, sorted.
    pub feeds: Vec<CoveredFeed>,
}

/// The answer of a scan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// What was scanned.
    pub target: Target,
    /// The time the caller gave, RFC 3339.
    pub now: Option<String>,
    /// Digest of the database, where one was given.
    pub database: Option<String>,
    /// The packages.
    pub inventory: Inventory,
    /// The findings, by package and id.
    pub findings: Vec<Finding>,
    /// Unsafe configuration, sorted.
    pub exposures: Vec<Exposure>,
    /// How much could be judged.
    pub coverage: Coverage,
    /// Score S.
    pub image_score: Option<ImageScore>,
}

impl Report {
    /// Findings that count: affected and not set aside.
    pub fn open_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|f| f.verdict == crate::finding::Verdict::Affected && f.suppressed.is_none())
    }
}
