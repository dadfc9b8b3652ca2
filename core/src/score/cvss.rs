//! CVSS base scores from vectors: v2, v3.0, v3.1, v4.0.

use std::str::FromStr;

use cvss::Cvss;

use super::Level;
use crate::{Error, Result};

/// Base score of a vector (for v4.0 the score of the whole vector), 0.0 to 10.0.
///
/// Vectors of v2 are taken bare, in parentheses, and behind `CVSS:2.0/` or `CVSS2#`.
///
/// ```
/// use hullmark::score::cvss::base_score;
///
/// assert_eq!(base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")?, 9.8);
/// assert_eq!(base_score("(AV:N/AC:L/Au:N/C:P/I:P/A:P)")?, 7.5);
/// assert!(base_score("CVSS:3.1/AV:N").is_err());
/// # Ok::<(), hullmark::Error>(())
/// ```
///
/// # Errors
/// [`Error::Value`] where the vector is not one of CVSS v2, v3.0, v3.1 or v4.0.
pub fn base_score(vector: &str) -> Result<f64> {
    parse(vector).map(|cvss| cvss.score())
}

/// Base score of a vector with the class its version gives that score: NVD's ranges for v2, which has
/// no `critical`, the specification's own for v3 and v4.
///
/// # Errors
/// [`Error::Value`] as for [`base_score`].
pub fn rate(vector: &str) -> Result<(f64, Level)> {
    let cvss = parse(vector)?;
    let score = cvss.score();
    let level = match cvss {
        Cvss::CvssV20(_) => Level::of_cvss_v2(score),
        _ => Level::of_cvss(score),
    };
    Ok((score, level))
}

/// Whether the text is a vector of v2, in any of the forms it comes in.
fn version_2(vector: &str) -> Option<&str> {
    let bare = vector.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let bare = bare.unwrap_or(vector);
    let behind = bare
        .strip_prefix("CVSS:2.0/")
        .or_else(|| bare.strip_prefix("CVSS2#"));
    let bare = behind.unwrap_or(bare);
    (!bare.starts_with("CVSS:")).then_some(bare)
}

fn parse(vector: &str) -> Result<Cvss> {
    let text = vector.trim();
    let parsed = match version_2(text) {
        Some(text) => cvss::v2::Vector::from_str(text).map(Cvss::CvssV20),
        None => Cvss::from_str(text),
    };
    let refused = |reason: String| Error::Value {
        what: format!("CVSS vector {vector:?}"),
        reason,
    };
    let cvss = parsed.map_err(|error| refused(error.to_string()))?;
    match missing(text, &cvss) {
        Some(metric) => Err(refused(format!("base metric {metric} is missing"))),
        None => Ok(cvss),
    }
}

/// The first base metric a vector lacks. The crate reads v2 and v3 vectors with gaps and scores the
/// gaps as no impact, which would make an unreadable vector harmless.
fn missing(vector: &str, cvss: &Cvss) -> Option<&'static str> {
    let required: &[&'static str] = match cvss {
        Cvss::CvssV20(_) => &["AV:", "AC:", "Au:", "C:", "I:", "A:"],
        Cvss::CvssV30(_) | Cvss::CvssV31(_) => &["AV:", "AC:", "PR:", "UI:", "S:", "C:", "I:", "A:"],
        _ => &[],
    };
    let has = |metric: &str| {
        let mut metrics = vector.split(['/', '(', '#']);
        metrics.any(|written| written.starts_with(metric))
    };
    required
        .iter()
        .copied()
        .find(|metric| !has(metric))
        .map(|metric| metric.trim_end_matches(':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn forms_and_levels() {
        let cases = [
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Level::High),
            (" (AV:L/AC:H/Au:M/C:P/I:N/A:N) ", 0.8, Level::Low),
            ("CVSS:2.0/AV:N/AC:M/Au:N/C:N/I:P/A:N", 4.3, Level::Medium),
            ("CVSS2#AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0, Level::Low),
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
                10.0,
                Level::Critical,
            ),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Level::None),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/RL:O/RC:C",
                7.5,
                Level::High,
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                9.3,
                Level::Critical,
            ),
        ];
        for (vector, score, level) in cases {
            assert_eq!(rate(vector).unwrap(), (score, level), "{vector}");
        }
    }

    #[test]
    fn refuses_with_the_text() {
        for bad in [
            "",
            "/",
            "()",
            "7.5",
            "CVSS:3.1/AV:N",
            "CVSS:9.9/AV:N/AC:L",
            "AV:N/AC:L/Au:N",
            "CVSS:2.0/",
            "(AV:N",
        ] {
            let error = base_score(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "a test reads its data"
    )]
    fn published_base_scores() {
        for version in ["2.0", "3.0", "3.1", "4.0"] {
            let path = format!(
                "{}/../../shared/conformance/cvss-{version}.json",
                env!("CARGO_MANIFEST_DIR")
            );
            let Ok(text) = std::fs::read(path) else {
                eprintln!("skipped: shared data is not here");
                return;
            };
            let file: Value = serde_json::from_slice(&text).unwrap();
            for row in file["vectors"].as_array().unwrap() {
                let Some(expected) = row[1].as_f64() else { continue };
                assert_eq!(base_score(row[0].as_str().unwrap()).unwrap(), expected, "{row}");
            }
            for bad in file["invalid"].as_array().into_iter().flatten() {
                assert!(base_score(bad.as_str().unwrap()).is_err(), "{bad}");
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(CVSS:[234]\\.[01]/)?([A-Z]{1,3}:[A-Zu]{1,2}/?){0,14}") {
            if let Ok(score) = base_score(&text) {
                prop_assert!((0.0..=10.0).contains(&score));
            }
        }

        #[test]
        fn every_v4_vector_has_a_score(pick in proptest::collection::vec(0usize..4, 26)) {
            let metrics = [
                ("AV", "NALP"), ("AC", "LHLH"), ("AT", "NPNP"), ("PR", "NLHN"), ("UI", "NPAN"),
                ("VC", "HLNN"), ("VI", "HLNN"), ("VA", "HLNN"), ("SC", "HLNN"), ("SI", "HLNN"),
                ("SA", "HLNN"), ("E", "XAPU"), ("CR", "XHML"), ("IR", "XHML"), ("AR", "XHML"),
                ("MAV", "XNAL"), ("MAC", "XLHX"), ("MAT", "XNPX"), ("MPR", "XNLH"), ("MUI", "XNPA"),
                ("MVC", "XHLN"), ("MVI", "XHLN"), ("MVA", "XHLN"), ("MSC", "XHLN"), ("MSI", "XSHN"),
                ("MSA", "XSHN"),
            ];
            let mut vector = "CVSS:4.0".to_owned();
            for ((name, values), at) in metrics.iter().zip(pick) {
                let value = values.as_bytes()[at] as char;
                vector.push_str(&format!("/{name}:{value}"));
            }
            let score = base_score(&vector).unwrap();
            prop_assert!((0.0..=10.0).contains(&score));
        }
    }
}
