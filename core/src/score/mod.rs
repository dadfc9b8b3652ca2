//! Severity and the scores, each recomputable from its terms.

pub mod cvss;

use serde::Serialize;

/// Severity classes, least first; `unknown` ranks apart and is never taken as harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// CVSS 0.0.
    None,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
    /// No source rates it.
    Unknown,
}

/// The rating of a finding that ranks it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Severity {
    /// Class.
    pub level: Level,
    /// CVSS base score, 0.0 to 10.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// CVSS vector as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// Who says so: record id, and the field where it is not `severity`.
    pub source: String,
}
