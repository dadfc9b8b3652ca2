//! Packages against advisories: which flaws affect what is installed, which do not, and which questions
//! cannot be answered.

mod alias;
mod entry;
mod explain;
mod finding;
mod package;
mod release;
mod severity;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use explain::{Check, Explanation, Outcome, Step, explain};
pub use severity::Rating;

use crate::database::{Candidate, Database, Record};
use crate::ecosystem::Ecosystem;
use crate::ecosystem::Names;
use crate::finding::{Finding, FindingKind, MatchedBy, Suppression, Verdict};
use crate::inventory::{Inventory, Package};
use crate::range::Installed;
use crate::version::Scheme;
use entry::{Judgement, Subject, judge};
use release::{Plan, Reach};

/// Choices of a [`Matcher`].
///
/// ```
/// use hullmark::matcher::{MatchOptions, Rating};
///
/// let mut options = MatchOptions::default();
/// options.severity_order = vec![Rating::CvssV3, Rating::CvssV4];
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatchOptions {
    /// Which kind of rating ranks a finding: the first one it has. Default [`Rating::ORDER`].
    pub severity_order: Vec<Rating>,
}

impl Default for MatchOptions {
    fn default() -> Self {
        Self {
            severity_order: Rating::ORDER.to_vec(),
        }
    }
}

/// Matches packages against a database. Cheap to share between threads.
///
/// ```
/// use hullmark::database::{Database, DatabaseBuilder};
/// use hullmark::inventory::Package;
/// use hullmark::matcher::Matcher;
/// use hullmark::{Limits, Purl};
///
/// let feed = br#"{"id": "EX-1", "modified": "2026-01-01T00:00:00Z", "affected": [{
///     "package": {"ecosystem": "npm", "name": "left"},
///     "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]}]}"#;
/// let mut builder = DatabaseBuilder::new(Limits::default());
/// builder.add("ex-1.json", feed)?;
/// let database = Database::from_bytes(builder.finish()?.0)?;
///
/// let matches = Matcher::new(&database).match_package(&Package::from_purl(&Purl::parse("pkg:npm/left@1.2.0")?));
/// let finding = &matches.findings[0];
/// assert_eq!((finding.id.as_str(), finding.fixed_versions.join(" ").as_str()), ("EX-1", "1.2.3"));
/// assert_eq!(finding.evidence.records[0].comparisons, ["1.2.0 >= 0 (introduced)", "1.2.0 < 1.2.3 (fixed)"]);
/// # Ok::<(), hullmark::Error>(())
/// ```
#[derive(Clone)]
pub struct Matcher {
    database: Database,
    options: MatchOptions,
    /// One for each ecosystem text the database publishes (of those with few releases), sorted by it.
    plans: Vec<Plan>,
}

/// What matching an inventory gave.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Matches {
    /// Sorted by package, then id.
    pub findings: Vec<Finding>,
    /// Packages for which every question was answered.
    pub judged: usize,
    /// All other packages, with the first reason, in the order of the inventory.
    pub unknown: Vec<Unjudged>,
}

/// A package that could not be judged, or not in full.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Unjudged {
    /// Index into [`Inventory::packages`].
    pub package: usize,
    /// Why.
    pub reason: String,
}

impl Matcher {
    /// A matcher with the default choices.
    pub fn new(database: &Database) -> Self {
        Self::with_options(database, MatchOptions::default())
    }

    /// A matcher with other choices.
    pub fn with_options(database: &Database, options: MatchOptions) -> Self {
        let mut feeds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for feed in database.feeds() {
            feeds
                .entry(release::family(feed.ecosystem))
                .or_default()
                .push(feed.ecosystem);
        }
        let plan = |text: &&str, family: &[&str]| Plan::new(text, family.iter().copied());
        // Each plan looks through its family. No ecosystem has a thousand releases; those of a feed that
        // invents them are planned when they are asked for.
        let mut plans: Vec<Plan> = feeds
            .values()
            .filter(|family| family.len() <= 1000)
            .flat_map(|family| family.iter().map(move |text| plan(text, family)))
            .collect();
        plans.sort_by(|left, right| left.text.cmp(&right.text));
        Self {
            database: database.clone(),
            options,
            plans,
        }
    }

    /// Matches one package; its index in the answer is 0, and its owner is not asked.
    pub fn match_package(&self, package: &Package) -> Matches {
        let mut matches = Matches::default();
        self.judge(&self.plan(&package.ecosystem), 0, package, &mut matches);
        matches
    }

    /// The answer about one package, without its proof: affected if any record says so, else unknown if any
    /// question stays open, else not affected.
    ///
    /// For callers who ask often and look closer only at some: no finding is built. Ownership and malware
    /// weigh nothing here.
    ///
    /// ```
    /// use hullmark::database::{Database, DatabaseBuilder};
    /// use hullmark::finding::Verdict;
    /// use hullmark::inventory::Package;
    /// use hullmark::matcher::Matcher;
    ///
    /// let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
    /// builder.add("demo", include_bytes!("../../examples/data/advisories.jsonl"))?;
    /// let matcher = Matcher::new(&Database::from_bytes(builder.finish()?.0)?);
    /// let verdict = |purl: &str| purl.parse().map(|purl| matcher.verdict(&Package::from_purl(&purl)));
    /// assert_eq!(verdict("pkg:npm/minimist@0.0.8")?, Verdict::Affected);
    /// assert_eq!(verdict("pkg:npm/minimist@1.2.8")?, Verdict::NotAffected);
    /// assert_eq!(verdict("pkg:npm/minimist@latest")?, Verdict::Unknown);
    /// # Ok::<(), hullmark::Error>(())
    /// ```
    pub fn verdict(&self, package: &Package) -> Verdict {
        let plan = self.plan(&package.ecosystem);
        self.ask(&plan, package, |subjects, judged| match strongest(judged) {
            Verdict::NotAffected if unjudged(&plan, package, subjects).is_some() => Verdict::Unknown,
            verdict => verdict,
        })
    }

    /// Matches all packages of an inventory.
    ///
    /// Findings about a package that belongs to a distribution's package are set aside (`ownership`): the
    /// distribution patches without changing the version, so its own records decide. They are not where
    /// the database has no feed for that distribution, for then nobody would have judged the package.
    pub fn match_inventory(&self, inventory: &Inventory) -> Matches {
        let mut matches = Matches::default();
        let mut held: Option<Cow<'_, Plan>> = None;
        for (index, package) in inventory.packages.iter().enumerate() {
            // An inventory is sorted by ecosystem, so the last plan nearly always serves again.
            let plan = match held.take() {
                Some(plan) if plan.text == package.ecosystem => plan,
                _ => self.plan(&package.ecosystem),
            };
            let first = matches.findings.len();
            self.judge(&plan, index, package, &mut matches);
            held = Some(plan);
            if let (Some(owner), Some(found)) = (package.owner, matches.findings.get_mut(first..))
                && owner != index
                && let Some(owner) = inventory.packages.get(owner)
            {
                self.set_aside(owner, found);
            }
        }
        matches
    }

    /// The database it asks.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    fn plan(&self, ecosystem: &str) -> Cow<'_, Plan> {
        match self
            .plans
            .binary_search_by(|plan| plan.text.as_str().cmp(ecosystem))
        {
            Ok(at) if let Some(plan) = self.plans.get(at) => Cow::Borrowed(plan),
            _ => Cow::Owned(Plan::new(
                ecosystem,
                self.database.feeds().map(|feed| feed.ecosystem),
            )),
        }
    }

    fn set_aside(&self, owner: &Package, found: &mut [Finding]) {
        if found.is_empty() {
            return;
        }
        let name = format!("{} package {} {}", owner.ecosystem, owner.name, owner.version);
        let problem = &self.plan(&owner.ecosystem).problem;
        // A distribution patches flaws; it does not answer for malware under the same name.
        for finding in found
            .iter_mut()
            .filter(|finding| finding.kind != FindingKind::Malicious)
        {
            match problem {
                None => {
                    finding.suppressed = Some(Suppression {
                        by: "ownership".to_owned(),
                        reason: format!("belongs to {name}; its distribution decides"),
                    });
                }
                Some(problem) => {
                    let note =
                        format!("belongs to {name}, which cannot be judged ({problem}); not set aside");
                    finding.evidence.notes.push(note);
                }
            }
        }
    }

    /// Judges a package and adds what it found.
    fn judge(&self, plan: &Plan, index: usize, package: &Package, matches: &mut Matches) {
        let reason = self.ask(plan, package, |subjects, judged| {
            let first = matches.findings.len();
            if strongest(judged) != Verdict::NotAffected {
                finding::collect(judged, index, &self.options.severity_order, &mut matches.findings);
            }
            let undecided = || {
                let found = matches.findings.get(first..)?;
                let finding = found.iter().find(|finding| finding.verdict == Verdict::Unknown)?;
                Some(format!("{}: {}", finding.id, finding.reason.as_deref()?))
            };
            unjudged(plan, package, subjects).or_else(undecided)
        });
        match reason {
            Some(reason) => matches.unknown.push(Unjudged {
                package: index,
                reason,
            }),
            None => matches.judged += 1,
        }
    }

    /// Judges every live entry that names the package, and hands them on.
    fn ask<T>(
        &self,
        plan: &Plan,
        package: &Package,
        then: impl FnOnce(&[Subject<'_>], &[Judged<'_>]) -> T,
    ) -> T {
        let names = Query::all(plan, package);
        let subjects: Vec<Subject<'_>> = names
            .iter()
            .map(|query| Subject::new(plan.scheme, &query.version))
            .collect();
        let mut judged = Vec::new();
        for (query, subject) in names.iter().zip(&subjects) {
            let folded = plan.fold(query.name);
            for (feed, reach) in &plan.feeds {
                for candidate in self.database.candidates(feed, &folded) {
                    let record = candidate.record();
                    judged.push(Judged::new(candidate, record, *reach, query.matched, subject));
                }
            }
        }
        then(&subjects, &judged)
    }
}

/// The verdict that counts among several: affected before unknown before not affected.
fn strongest(judged: &[Judged<'_>]) -> Verdict {
    let verdicts = judged.iter().map(|judged| judged.judgement.verdict);
    verdicts.min().unwrap_or(Verdict::NotAffected)
}

/// Why a package could not be judged, whatever the records say.
fn unjudged(plan: &Plan, package: &Package, subjects: &[Subject<'_>]) -> Option<String> {
    // Without a scheme there are still lists and ranges of SemVer: only a question that stays open counts.
    let ordered = plan.scheme.is_some() || package.version.is_empty();
    let unreadable = || {
        let mut own = subjects.iter().filter(|_| ordered).map(|subject| subject.own());
        own.find_map(Installed::unreadable)
    };
    let sourceless = || {
        let asked = plan.names == Names::Own || package.source.is_some();
        (!asked).then(|| {
            let ecosystem = &package.ecosystem;
            format!("advisories of {ecosystem} name source packages, and that of this package is not known")
        })
    };
    plan.problem.clone().or_else(unreadable).or_else(sourceless)
}

impl Plan {
    /// The name as the ecosystem compares it.
    fn fold<'n>(&self, name: &'n str) -> Cow<'n, str> {
        match &self.ecosystem {
            Some(ecosystem) => ecosystem.fold(name),
            None => Cow::Borrowed(name),
        }
    }
}

/// A name to look up, and the version to compare under it.
struct Query<'p> {
    name: &'p str,
    version: Cow<'p, str>,
    matched: MatchedBy,
}

impl<'p> Query<'p> {
    /// The one or two lookups of a package.
    fn all(plan: &Plan, package: &'p Package) -> Vec<Self> {
        let own = Self {
            name: &package.name,
            version: own_version(plan, package),
            matched: MatchedBy::Name,
        };
        let source = package
            .source
            .as_ref()
            .filter(|source| !source.name.is_empty() && plan.names != Names::Own);
        let Some(source) = source else {
            return vec![own];
        };
        let version = match source.version.as_str() {
            "" => own.version.clone(),
            version => source_version(plan, version, &own.version),
        };
        if source.name == own.name && version == own.version {
            return vec![own];
        }
        let source = Self {
            name: &source.name,
            version,
            matched: MatchedBy::Source,
        };
        match plan.names {
            Names::Both => vec![own, source],
            _ => vec![source],
        }
    }
}

/// The package's version, as the records of its ecosystem write versions.
fn own_version<'p>(plan: &Plan, package: &'p Package) -> Cow<'p, str> {
    let version = package.version.as_str();
    match plan.ecosystem.as_ref().map(Ecosystem::name) {
        Some("Go") if matches!(package.name.as_str(), "stdlib" | "toolchain") => go_release(version),
        // Its records leave epochs out, also where the packages have one.
        Some("openEuler") => match version.split_once(':') {
            Some((_, bare)) => bare.into(),
            None => version.into(),
        },
        // A revision (`1.2.3-4`) is a rebuild of 1.2.3; the records give SemVer ranges, in which it would
        // come before 1.2.3.
        Some("Bitnami") => match version.rsplit_once('-') {
            Some((upstream, revision)) if revision.bytes().all(|byte| byte.is_ascii_digit()) => {
                upstream.into()
            }
            _ => version.into(),
        },
        _ => version.into(),
    }
}

/// Go's own releases: `go1.21rc2` is 1.21.0-rc.2 in its records, and `go1.20.3 X:boringcrypto` 1.20.3.
fn go_release(version: &str) -> Cow<'_, str> {
    let Some(release) = version.strip_prefix("go") else {
        return version.into();
    };
    let release = release.split([' ', '-']).next().unwrap_or(release);
    let end = release
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(release.len());
    let (numbers, pre) = release.split_at_checked(end).unwrap_or((release, ""));
    let zeros = match numbers.matches('.').count() {
        0 => ".0.0",
        1 => ".0",
        _ => "",
    };
    let word = pre.trim_end_matches(|c: char| c.is_ascii_digit());
    match pre.strip_prefix(word).filter(|number| !number.is_empty()) {
        Some(number) => format!("{numbers}{zeros}-{word}.{number}").into(),
        None if pre.is_empty() && zeros.is_empty() => numbers.into(),
        None => format!("{numbers}{zeros}{pre}").into(),
    }
}

/// The source package's version. The name of a source rpm, where it is taken from, has no epoch; records
/// do, and a missing one would count as 0, so the binary package lends its own.
fn source_version<'p>(plan: &Plan, source: &'p str, binary: &str) -> Cow<'p, str> {
    match binary.split_once(':') {
        Some((epoch, _)) if plan.scheme == Some(Scheme::Rpm) && !source.contains(':') => {
            Cow::Owned(format!("{epoch}:{source}"))
        }
        _ => Cow::Borrowed(source),
    }
}

/// One entry that names the package, judged.
struct Judged<'a> {
    candidate: Candidate<'a>,
    record: Record<'a>,
    matched: MatchedBy,
    subject: &'a Subject<'a>,
    judgement: Judgement<'a>,
}

impl<'a> Judged<'a> {
    fn new(
        candidate: Candidate<'a>,
        record: Record<'a>,
        reach: Reach,
        matched: MatchedBy,
        subject: &'a Subject<'a>,
    ) -> Self {
        let mut judgement = judge(&candidate, subject);
        if reach == Reach::ReleaseMissing && judgement.verdict == Verdict::Affected {
            judgement.verdict = Verdict::Unknown;
            judgement.reason = Some(release_missing(candidate.ecosystem()));
        }
        Self {
            candidate,
            record,
            matched,
            subject,
            judgement,
        }
    }
}

/// Why a record without a release leaves the answer open.
fn release_missing(ecosystem: &str) -> String {
    format!("the record is for {ecosystem} and does not say which release")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_releases() {
        for (written, wanted) in [
            ("go1.20.3", "1.20.3"),
            ("go1.21", "1.21.0"),
            ("go1", "1.0.0"),
            ("go1.21rc2", "1.21.0-rc.2"),
            ("go1.8.5rc4", "1.8.5-rc.4"),
            ("go1.20.3 X:boringcrypto", "1.20.3"),
            ("go1.22.5-fips", "1.22.5"),
            ("1.20.3", "1.20.3"),
            ("", ""),
        ] {
            assert_eq!(go_release(written), wanted);
        }
    }
}
