//! Severity and the scores, each recomputable from its terms.

mod arithmetic;
pub mod cvss;
pub mod image;

use std::str::FromStr;

use serde::Serialize;

use crate::{Error, Result};

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

impl Level {
    /// The class of a score of CVSS v3 or v4, as its specification draws the lines.
    pub fn of_cvss(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            0.0 => Self::None,
            _ => Self::Unknown,
        }
    }

    /// The class of a score of CVSS v2 in NVD's ranges, which end at `high` and begin at `low`.
    pub fn of_cvss_v2(score: f64) -> Self {
        match score {
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score >= 0.0 => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// The word, as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Takes the words of CVSS, GitHub (`moderate`), Red Hat (`important`), Debian and Ubuntu
/// (`negligible`, `unimportant`), in any case.
impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim().to_ascii_lowercase().as_str() {
            "none" | "info" | "informational" => Self::None,
            "low" | "minor" | "negligible" | "unimportant" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" | "important" | "major" => Self::High,
            "critical" => Self::Critical,
            "" | "unknown" | "unrated" | "untriaged" | "undefined" | "not yet assigned" | "end-of-life" => {
                Self::Unknown
            }
            _ => {
                return Err(Error::Value {
                    what: format!("severity {text:?}"),
                    reason: "not a known word".to_owned(),
                });
            }
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_scores() {
        use Level::{Critical, High, Low, Medium};
        let cases = [
            (0.0, Level::None, Low),
            (0.1, Low, Low),
            (3.9, Low, Low),
            (4.0, Medium, Medium),
            (6.9, Medium, Medium),
            (7.0, High, High),
            (8.9, High, High),
            (9.0, Critical, High),
            (10.0, Critical, High),
            (f64::NAN, Level::Unknown, Level::Unknown),
            (-1.0, Level::Unknown, Level::Unknown),
        ];
        for (score, level, level_v2) in cases {
            assert_eq!(
                (Level::of_cvss(score), Level::of_cvss_v2(score)),
                (level, level_v2),
                "{score}"
            );
        }
    }

    #[test]
    fn levels_of_words() {
        for level in [
            Level::None,
            Level::Low,
            Level::Medium,
            Level::High,
            Level::Critical,
            Level::Unknown,
        ] {
            assert_eq!(level.as_str().parse::<Level>().unwrap(), level);
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
        assert_eq!("MODERATE".parse::<Level>().unwrap(), Level::Medium);
        assert_eq!("Important".parse::<Level>().unwrap(), Level::High);
        assert_eq!("negligible".parse::<Level>().unwrap(), Level::Low);
        let error = "severe-ish".parse::<Level>().unwrap_err();
        assert_eq!(error.to_string(), "severity \"severe-ish\": not a known word");
    }
}
