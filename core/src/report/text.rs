//! The report as a table for people: packages, what is wrong with each, then scores and coverage.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use super::Report;
use crate::finding::{Finding, FindingKind, Verdict};
use crate::inventory::Package;
use crate::score::Level;

/// Terms of a score that a table shows.
const TERMS: usize = 8;

/// How a table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// Colours by ANSI escapes.
    pub colour: bool,
    /// Columns a line may have; longer summaries are cut.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: false,
            width: 110,
        }
    }
}

impl Style {
    /// Plain text of `width` columns, in colour if asked for.
    pub fn new(colour: bool, width: usize) -> Self {
        Self {
            colour,
            width: width.clamp(60, 200),
        }
    }

    fn paint(self, code: &str, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    fn bold(self, text: impl fmt::Display) -> String {
        self.paint("1", text)
    }

    fn dim(self, text: impl fmt::Display) -> String {
        self.paint("2", text)
    }

    fn level(self, level: Level) -> String {
        let (code, word) = match level {
            Level::Critical => ("1;97;41", "CRITICAL"),
            Level::High => ("1;31", "HIGH"),
            Level::Medium => ("33", "MEDIUM"),
            Level::Low => ("36", "LOW"),
            Level::None => ("2", "NONE"),
            Level::Unknown => ("35", "UNRATED"),
        };
        self.paint(code, format!("{word:<8}"))
    }

    fn degree(self, value: f64) -> String {
        let code = if value >= 0.9 {
            "1;32"
        } else if value >= 0.4 {
            "1;33"
        } else {
            "1;31"
        };
        self.paint(code, format!("{value:.3}"))
    }
}

/// Text from outside, safe to print: control characters (escape sequences among them) and those that are not
/// seen or turn the direction of what follows become `\u{…}`.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                printable.extend(c.escape_unicode());
            }
            c if c.is_control() => printable.extend(c.escape_default()),
            c => printable.push(c),
        }
    }
    printable
}

fn cut(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= width {
        return text;
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Ids a reader knows first: the CVE of a finding, where it has one.
fn shown_id(finding: &Finding) -> String {
    let known = std::iter::once(&finding.id)
        .chain(&finding.aliases)
        .find(|id| id.starts_with("CVE-"));
    printable(known.unwrap_or(&finding.id))
}

impl Report {
    /// The report as a table.
    pub fn to_text(&self, style: Style) -> String {
        let mut out = String::new();
        // Writing to a String does not fail.
        let _ = self.write_text(&mut out, style);
        out
    }

    fn write_text(&self, out: &mut String, style: Style) -> fmt::Result {
        self.write_head(out, style)?;
        self.write_findings(out, style)?;
        self.write_exposures(out, style)?;
        self.write_suppressed(out, style)?;
        self.write_totals(out, style)?;
        self.write_score(out, style)?;
        self.write_coverage(out, style)
    }

    fn write_head(&self, out: &mut String, style: Style) -> fmt::Result {
        let mut line = style.bold(printable(&self.target.name));
        let _ = write!(line, "  {}", self.target.kind);
        if let Some(platform) = &self.target.platform {
            let _ = write!(line, "  {}", printable(platform));
        }
        if let Some(distribution) = &self.inventory.distribution {
            let _ = write!(line, "  {}", printable(&distribution.pretty_name));
        }
        writeln!(out, "{line}")?;
        if let Some(digest) = &self.target.digest {
            writeln!(out, "{}", style.dim(printable(digest)))?;
        }
        writeln!(out)
    }

    fn write_findings(&self, out: &mut String, style: Style) -> fmt::Result {
        let mut groups: Vec<(&Package, Vec<&Finding>)> = Vec::new();
        let mut open: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
        for finding in self.open_findings() {
            open.entry(finding.package).or_default().push(finding);
        }
        for (at, mut findings) in open {
            let Some(package) = self.inventory.packages.get(at) else {
                continue;
            };
            findings.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(a.id.cmp(&b.id)));
            groups.push((package, findings));
        }
        let worst = |findings: &[&Finding]| findings.first().map_or((0, 0.0), |f| rank(f));
        groups.sort_by(|a, b| {
            worst(&b.1)
                .partial_cmp(&worst(&a.1))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        if groups.is_empty() {
            writeln!(
                out,
                "No known vulnerability among the packages that could be judged.\n"
            )?;
        }
        for (package, findings) in groups {
            let place = package.locations.first().map_or("", |l| l.path.as_str());
            let more = package.locations.len().saturating_sub(1);
            let more = if more > 0 {
                format!(" (+{more})")
            } else {
                String::new()
            };
            writeln!(
                out,
                "{} {}  {}",
                style.bold(printable(&package.name)),
                printable(&package.version),
                style.dim(format!(
                    "{}  {}{more}",
                    printable(&package.ecosystem),
                    printable(place)
                ))
            )?;
            for finding in findings {
                self.write_finding(out, style, finding)?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn write_finding(&self, out: &mut String, style: Style, finding: &Finding) -> fmt::Result {
        let score = finding
            .severity
            .score
            .map_or("    ".to_owned(), |score| format!("{score:>4.1}"));
        let fix = match finding.fixed_versions.first() {
            Some(version) => format!("fixed in {}", printable(version)),
            None => match finding.kind {
                FindingKind::Vulnerability => "no fix known".to_owned(),
                FindingKind::Malicious => "remove it".to_owned(),
                FindingKind::Unmaintained | FindingKind::Informational => String::new(),
            },
        };
        let mark = match finding.kind {
            FindingKind::Vulnerability => "",
            FindingKind::Malicious => "malicious package: ",
            FindingKind::Unmaintained => "unmaintained: ",
            FindingKind::Informational => "notice: ",
        };
        let head = format!("{:<20} {:<24}", shown_id(finding), fix);
        let room = style.width.saturating_sub(16 + head.chars().count());
        let text = format!("{mark}{}", finding.summary.as_deref().unwrap_or_default());
        writeln!(
            out,
            "  {} {score} {head} {}",
            style.level(finding.severity.level),
            cut(&text, room)
        )
    }

    fn write_exposures(&self, out: &mut String, style: Style) -> fmt::Result {
        if self.exposures.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", style.bold("Unsafe configuration"))?;
        let mut exposures: Vec<_> = self.exposures.iter().collect();
        exposures.sort_by(|a, b| {
            (level_rank(b.severity), &a.location.path).cmp(&(level_rank(a.severity), &b.location.path))
        });
        for exposure in exposures {
            let line = exposure.line.map_or(String::new(), |line| format!(":{line}"));
            let hidden = if exposure.in_lower_layer {
                " (in a lower layer)"
            } else {
                ""
            };
            let text = format!("{}{line}{hidden}  {}", exposure.location.path, exposure.evidence);
            writeln!(
                out,
                "  {} {:<26} {}",
                style.level(exposure.severity),
                printable(&exposure.rule),
                cut(&text, style.width.saturating_sub(38))
            )?;
        }
        writeln!(out)
    }

    fn write_suppressed(&self, out: &mut String, style: Style) -> fmt::Result {
        let mut suppressed = self
            .findings
            .iter()
            .filter_map(|f| f.suppressed.as_ref().map(|s| (f, s)))
            .peekable();
        if suppressed.peek().is_none() {
            return Ok(());
        }
        writeln!(out, "{}", style.bold("Set aside"))?;
        for (finding, suppression) in suppressed {
            let name = self
                .inventory
                .packages
                .get(finding.package)
                .map_or("", |p| p.name.as_str());
            let head = format!("  {:<20} {} ", shown_id(finding), printable(name));
            let room = style.width.saturating_sub(head.chars().count() + 1);
            writeln!(out, "{head} {}", style.dim(cut(&suppression.reason, room)))?;
        }
        writeln!(out)
    }

    fn write_totals(&self, out: &mut String, style: Style) -> fmt::Result {
        let open: Vec<&Finding> = self.open_findings().collect();
        let packages: BTreeSet<usize> = open.iter().map(|finding| finding.package).collect();
        let levels = [
            Level::Critical,
            Level::High,
            Level::Medium,
            Level::Low,
            Level::None,
            Level::Unknown,
        ];
        let counts: Vec<String> = levels
            .iter()
            .map(|level| {
                (
                    open.iter()
                        .filter(|finding| finding.severity.level == *level)
                        .count(),
                    level,
                )
            })
            .filter(|(count, _)| *count > 0)
            .map(|(count, level)| match level {
                Level::Unknown => format!("{count} unrated"),
                level => format!("{count} {level}"),
            })
            .collect();
        let counts = if counts.is_empty() {
            String::new()
        } else {
            format!(" ({})", counts.join(", "))
        };
        writeln!(
            out,
            "{}  {} findings{counts} in {} packages, {} unsafe settings, {} set aside\n",
            style.bold("Found"),
            open.len(),
            packages.len(),
            self.exposures.len(),
            self.findings
                .iter()
                .filter(|finding| finding.suppressed.is_some())
                .count()
        )
    }

    fn write_score(&self, out: &mut String, style: Style) -> fmt::Result {
        let Some(score) = &self.image_score else {
            return Ok(());
        };
        let (Some(value), Some(low), Some(high)) = (score.value, score.low, score.high) else {
            let reason = score.undefined.as_deref().unwrap_or("not computed");
            return writeln!(
                out,
                "{}  S is undefined: {}\n",
                style.bold("Image score"),
                printable(reason)
            );
        };
        let interval = format!("between {low:.3} and {high:.3}; 1 is best");
        writeln!(
            out,
            "{}  S = {}  {}",
            style.bold("Image score"),
            style.degree(value),
            style.dim(interval)
        )?;
        let losing = score.terms.iter().filter(|term| term.loss > 0.0);
        if losing.clone().next().is_some() {
            writeln!(out, "  {}", style.dim("  loss  share   weight  degree  file"))?;
        }
        for term in losing.clone().take(TERMS) {
            let more = if term.files > 1 {
                format!(" (+{})", term.files - 1)
            } else {
                String::new()
            };
            let ids: Vec<&str> = term.charges.iter().map(|charge| charge.id.as_str()).collect();
            let text = format!("{}{more}  {}", term.path, ids.join(" "));
            let (w, s) = (term.w, term.s);
            writeln!(
                out,
                "  {:>6.3} {:>5.1} % {w:>8.3} {s:>7.3}  {}",
                term.loss,
                term.share * 100.0,
                cut(&text, style.width.saturating_sub(36))
            )?;
        }
        let rest = losing.count().saturating_sub(TERMS);
        if rest > 0 {
            writeln!(out, "  … and {rest} more terms (--format json lists all)")?;
        }
        writeln!(out)
    }

    fn write_coverage(&self, out: &mut String, style: Style) -> fmt::Result {
        let coverage = &self.coverage;
        writeln!(
            out,
            "{}  {} packages seen, {} judged; not read or not judged: {}",
            style.bold("Coverage"),
            coverage.packages,
            coverage.judged,
            coverage.unknown.len()
        )?;
        for unknown in coverage.unknown.iter().take(10) {
            let what = unknown
                .package
                .as_deref()
                .or(unknown.path.as_deref())
                .unwrap_or("");
            writeln!(
                out,
                "  ? {}",
                cut(
                    &format!("{what}: {}", unknown.reason),
                    style.width.saturating_sub(4)
                )
            )?;
        }
        if coverage.unknown.len() > 10 {
            writeln!(
                out,
                "  … and {} more (--format json lists all)",
                coverage.unknown.len() - 10
            )?;
        }
        for feed in &coverage.feeds {
            let text = format!(
                "{}: {} records, newest {}",
                feed.ecosystem, feed.records, feed.newest
            );
            writeln!(out, "  {}", style.dim(cut(&text, style.width.saturating_sub(2))))?;
        }
        Ok(())
    }
}

fn level_rank(level: Level) -> u8 {
    match level {
        Level::Critical => 5,
        Level::High => 4,
        Level::Unknown => 3,
        Level::Medium => 2,
        Level::Low => 1,
        Level::None => 0,
    }
}

fn rank(finding: &Finding) -> (u8, f64) {
    if finding.verdict == Verdict::Unknown {
        return (0, 0.0);
    }
    let malicious = u8::from(finding.kind == FindingKind::Malicious);
    (
        level_rank(finding.severity.level) + malicious,
        finding.severity.score.unwrap_or(0.0),
    )
}
