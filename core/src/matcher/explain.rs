//! Why a package is affected by an advisory, or why not: every check, in order, with its outcome.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::alias::upstream_is_alias;
use super::entry::{COMMITS_ONLY, Judgement, Placed, Subject, place};
use super::finding::listing;
use super::release::{Plan, Reach, reach};
use super::{Judged, Matcher, Query};
use crate::database::{Candidate, Database, RangeKind, Record};
use crate::finding::{MatchedBy, Verdict};
use crate::inventory::Package;
use crate::range::Answer;

/// The answer to one question about one package and one advisory, with every step that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The id asked for.
    pub advisory: String,
    /// Name of the package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its ecosystem.
    pub ecosystem: String,
    /// The answer.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: String,
    /// The checks, in the order they were made.
    pub steps: Vec<Step>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Id of the record it is about; empty for checks of the package alone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub record: String,
    /// JSON pointer into the record; empty for the whole of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// What was checked.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// The values compared, in words.
    pub says: String,
    /// The comparisons made, such as `1.2.3 < 1.2.4 (fixed)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<String>,
}

/// What a step checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// Which record an id means.
    Record,
    /// Whether the record was withdrawn.
    Withdrawn,
    /// Whether the entry is for the package's ecosystem and release.
    Ecosystem,
    /// Whether the entry names the package.
    Name,
    /// Whether the `versions` list has the version.
    Versions,
    /// Whether a range holds the version.
    Range,
    /// What else keeps an entry from being judged.
    Entry,
}

/// How a check comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It holds: so far the package may be affected, or (versions, ranges) is.
    Holds,
    /// It does not hold.
    Fails,
    /// It cannot be decided.
    Undecided,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.outcome {
            Outcome::Holds => '+',
            Outcome::Fails => '-',
            Outcome::Undecided => '?',
        };
        write!(f, "{sign} ")?;
        if !self.record.is_empty() {
            write!(f, "{}{}: ", self.record, self.pointer)?;
        }
        f.write_str(&self.says)?;
        for (index, comparison) in self.comparisons.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { ", " })?;
            f.write_str(comparison)?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    /// The answer first, then a line for each step: `+` holds, `-` does not, `?` undecided.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            advisory,
            name,
            version,
            ecosystem,
            verdict,
            reason,
            steps,
        } = self;
        writeln!(
            f,
            "{ecosystem} {name} {version}: {verdict} by {advisory}: {reason}"
        )?;
        steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// Explains the answer for one package and one advisory, given by its id or one of its aliases.
///
/// The verdict is that of [`Matcher::match_package`]; the steps show all entries that have the package's
/// name or are for its ecosystem and release.
pub fn explain(database: &Database, package: &Package, advisory: &str) -> Explanation {
    Matcher::new(database).explain(package, advisory)
}

impl Matcher {
    /// Explains the answer for one package and one advisory, given by its id or one of its aliases.
    pub fn explain(&self, package: &Package, advisory: &str) -> Explanation {
        let plan = self.plan(&package.ecosystem);
        let queries = Query::all(&plan, package);
        let subjects: Vec<(&Query<'_>, Subject<'_>)> = queries
            .iter()
            .map(|query| (query, Subject::new(plan.scheme, &query.version)))
            .collect();
        let mut teller = Teller {
            plan: &plan,
            subjects: &subjects,
            steps: Vec::new(),
            answers: Vec::new(),
        };
        let records: BTreeMap<&str, Record<'_>> = self
            .database()
            .record(advisory)
            .map(|record| (record.id(), record))
            .collect();
        if records.is_empty() {
            let says = format!("no record has the id {advisory}, nor as an alias");
            teller.step("", String::new(), Check::Record, Outcome::Fails, says);
        }
        for record in records.values() {
            teller.record(record, advisory);
        }
        let (verdict, reason) = teller.answer();
        Explanation {
            advisory: advisory.to_owned(),
            name: package.name.clone(),
            version: package.version.clone(),
            ecosystem: package.ecosystem.clone(),
            verdict,
            reason,
            steps: teller.steps,
        }
    }
}

/// Collects steps and answers.
struct Teller<'t, 'a> {
    plan: &'t Plan,
    subjects: &'a [(&'t Query<'t>, Subject<'a>)],
    steps: Vec<Step>,
    /// Each entry's verdict, with the reason in words.
    answers: Vec<(Verdict, String)>,
}

impl<'a> Teller<'_, 'a> {
    fn step(&mut self, record: &str, pointer: String, check: Check, outcome: Outcome, says: String) {
        self.steps.push(Step {
            record: record.to_owned(),
            pointer,
            check,
            outcome,
            says,
            comparisons: Vec::new(),
        });
    }

    fn record(&mut self, record: &Record<'a>, asked: &str) {
        let id = record.id();
        let says = if id == asked {
            "has the id asked for".to_owned()
        } else if record.aliases().any(|alias| alias == asked) {
            format!("has {asked} among its aliases")
        } else if upstream_is_alias(record.upstream()) {
            format!("has {asked} upstream")
        } else {
            format!("answers {asked} among other flaws")
        };
        self.step(id, String::new(), Check::Record, Outcome::Holds, says);
        if let Some(withdrawn) = record.withdrawn() {
            let says = format!("was withdrawn at {withdrawn}");
            self.step(id, String::new(), Check::Withdrawn, Outcome::Fails, says);
            self.answers
                .push((Verdict::NotAffected, format!("{id} was withdrawn")));
            return;
        }
        let mut named = false;
        for entry in record.affected() {
            named |= self.entry(record, &entry);
        }
        if !named {
            let reason = format!("{id} does not name the package in this ecosystem and release");
            self.answers.push((Verdict::NotAffected, reason));
        }
    }

    /// Whether the entry speaks of the package.
    fn entry(&mut self, record: &Record<'a>, entry: &Candidate<'a>) -> bool {
        let (id, pointer) = (record.id(), format!("/affected/{}", entry.index()));
        let (wanted, own) = (entry.ecosystem(), self.plan.text.as_str());
        let reach = reach(own, wanted);
        let folded = self.plan.fold(entry.name());
        let hit = self
            .subjects
            .iter()
            .find(|(query, _)| self.plan.fold(query.name) == folded);
        if hit.is_none() && reach.is_none() {
            // Another package of another ecosystem: nothing that anyone would ask about.
            return false;
        }
        let package_path = format!("{pointer}/package");
        let Some(reach) = reach else {
            let says = format!("record is for {wanted}, package is of {own}");
            self.step(id, package_path, Check::Ecosystem, Outcome::Fails, says);
            return false;
        };
        let Some((query, subject)) = hit else {
            let names: Vec<&str> = self.subjects.iter().map(|(query, _)| query.name).collect();
            let says = format!("record names {}, package is {}", entry.name(), names.join(" or "));
            self.step(id, package_path, Check::Name, Outcome::Fails, says);
            return false;
        };
        let (outcome, says) = match reach {
            Reach::Same => (
                Outcome::Holds,
                format!("record is for {wanted}, package is of {own}"),
            ),
            Reach::ReleaseMissing => (Outcome::Undecided, super::release_missing(wanted)),
        };
        self.step(id, package_path.clone(), Check::Ecosystem, outcome, says);
        let whose = match query.matched {
            MatchedBy::Name => "package",
            MatchedBy::Source => "source package",
        };
        let says = format!("record names {}, {whose} is {}", entry.name(), query.name);
        self.step(id, package_path, Check::Name, Outcome::Holds, says);
        self.versions(id, &pointer, entry, subject);
        self.ranges(id, &pointer, entry, subject);
        if let Some(unreadable) = entry.unreadable() {
            self.step(
                id,
                pointer,
                Check::Entry,
                Outcome::Undecided,
                unreadable.to_owned(),
            );
        }
        let judged = Judged::new(*entry, *record, reach, query.matched, subject);
        self.answers
            .push(answer(id, &judged.judgement, subject.version()));
        true
    }

    fn versions(&mut self, id: &str, pointer: &str, entry: &Candidate<'a>, subject: &Subject<'a>) {
        let count = entry.versions().count();
        if count == 0 {
            return;
        }
        let pointer = format!("{pointer}/versions");
        let listed = entry
            .versions()
            .find(|listed| *listed == subject.version())
            .or_else(|| entry.versions().find(|listed| subject.own().equals(listed)));
        match listed {
            Some(listed) => {
                let says = format!("one of {count} listed versions");
                self.step(id, pointer, Check::Versions, Outcome::Holds, says);
                if let Some(step) = self.steps.last_mut() {
                    step.comparisons.push(listing(subject.version(), listed));
                }
            }
            None => {
                let says = format!("{} is none of {count} listed versions", subject.version());
                self.step(id, pointer, Check::Versions, Outcome::Fails, says);
            }
        }
    }

    fn ranges(&mut self, id: &str, pointer: &str, entry: &Candidate<'a>, subject: &Subject<'a>) {
        for range in entry.ranges() {
            let pointer = format!("{pointer}/ranges/{}", range.index());
            match place(&range, subject) {
                Placed::At(position, scheme) => {
                    let by = match (scheme, range.kind()) {
                        (_, RangeKind::Semver) => "by SemVer".to_owned(),
                        (Some(scheme), _) => format!("by scheme {scheme}"),
                        (None, _) => "without a scheme".to_owned(),
                    };
                    let (outcome, says) = match position.answer {
                        Answer::In => (Outcome::Holds, format!("in the range {by}")),
                        Answer::Out => (Outcome::Fails, format!("not in the range {by}")),
                        Answer::Undecided => {
                            let reason = position.reason.clone().unwrap_or_default();
                            (Outcome::Undecided, format!("undecided {by}: {reason}"))
                        }
                    };
                    self.step(id, pointer, Check::Range, outcome, says);
                    if let Some(step) = self.steps.last_mut() {
                        step.comparisons
                            .extend(position.comparisons().map(|comparison| comparison.to_string()));
                    }
                }
                Placed::Commits => {
                    let says = "a range of commits, which a version cannot decide".to_owned();
                    self.step(id, pointer, Check::Range, Outcome::Undecided, says);
                }
                Placed::Unknown(says) => self.step(id, pointer, Check::Range, Outcome::Undecided, says),
            }
        }
    }

    /// The strongest of all answers, with the reason of the first that gave it.
    fn answer(&self) -> (Verdict, String) {
        let strongest = self.answers.iter().min_by_key(|(verdict, _)| *verdict);
        let problem = self.plan.problem.as_ref();
        let problem = problem.filter(|_| strongest.is_none() || !self.plan.no_feed);
        match (strongest, problem) {
            (Some((verdict, reason)), None) => (*verdict, reason.clone()),
            (Some((verdict @ Verdict::Affected, reason)), Some(_)) => (*verdict, reason.clone()),
            (_, Some(problem)) => (Verdict::Unknown, problem.clone()),
            (None, None) => (Verdict::NotAffected, "no such record".to_owned()),
        }
    }
}

fn answer(id: &str, judgement: &Judgement<'_>, version: &str) -> (Verdict, String) {
    let reason = match (judgement.verdict, judgement.reason.as_deref()) {
        (Verdict::Affected, _) => format!("{id} calls {version} affected"),
        (Verdict::NotAffected, _) => format!("{id} does not list {version}, and none of its ranges holds it"),
        (Verdict::Unknown, Some(COMMITS_ONLY)) => format!("{id}: {COMMITS_ONLY}"),
        (Verdict::Unknown, reason) => format!("{id}: {}", reason.unwrap_or("undecided")),
    };
    (judgement.verdict, reason)
}
