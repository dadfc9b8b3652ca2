//! Judged entries into findings: one for each flaw.

use std::collections::{BTreeMap, BTreeSet};

use super::Judged;
use super::alias::{groups, rank, upstream_is_alias};
use super::entry::{Decided, Subject, in_ranges};
use super::severity::{Rating, ranking, ratings};
use crate::finding::{Evidence, Finding, FindingKind, RecordEvidence, Verdict};

/// One record's entries about the package.
struct OfRecord<'j, 'a> {
    id: &'a str,
    /// All of them, in published order.
    entries: Vec<&'j Judged<'a>>,
    /// The one with the strongest verdict, which is the record's.
    best: &'j Judged<'a>,
}

impl OfRecord<'_, '_> {
    fn verdict(&self) -> Verdict {
        self.best.judgement.verdict
    }
}

/// Adds one finding for each flaw that affects the package, or may, sorted by id.
pub(super) fn collect(judged: &[Judged<'_>], package: usize, order: &[Rating], findings: &mut Vec<Finding>) {
    let mut by_id: BTreeMap<&str, Vec<&Judged<'_>>> = BTreeMap::new();
    for judged in judged {
        by_id.entry(judged.record.id()).or_default().push(judged);
    }
    let of_records: Vec<OfRecord<'_, '_>> = by_id
        .into_iter()
        .filter_map(|(id, entries)| {
            let strength =
                |judged: &&Judged<'_>| (judged.judgement.verdict, judged.matched, judged.candidate.index());
            let best = entries.iter().copied().min_by_key(strength)?;
            Some(OfRecord { id, entries, best })
        })
        .collect();
    let records: Vec<_> = of_records.iter().map(|of| of.best.record).collect();
    let first = findings.len();
    for group in groups(&records) {
        let mut group: Vec<&OfRecord<'_, '_>> =
            group.iter().filter_map(|&index| of_records.get(index)).collect();
        group.sort_by_key(|of| {
            let malicious = of.best.record.malicious();
            (
                of.verdict(),
                rank(of.id, of.best.candidate.ecosystem(), malicious),
                of.id,
            )
        });
        if let Some((lead, rest)) = group.split_first_mut()
            && lead.verdict() != Verdict::NotAffected
        {
            rest.sort_by_key(|of| of.id);
            findings.push(finding(&group, package, order));
        }
    }
    if let Some(new) = findings.get_mut(first..) {
        new.sort_by(|left, right| left.id.cmp(&right.id));
    }
}

/// One finding from the records of one flaw, the leading one first.
fn finding(group: &[&OfRecord<'_, '_>], package: usize, order: &[Rating]) -> Finding {
    let lead = group.first().map(|of| of.best);
    let id = lead.map_or("", |lead| lead.record.id());
    let verdict = lead.map_or(Verdict::Unknown, |lead| lead.judgement.verdict);
    let rated: Vec<_> = group
        .iter()
        .flat_map(|of| ratings(&of.best.record, &of.best.candidate))
        .collect();
    let (aliases, upstream) = ids(group, id);
    Finding {
        id: id.to_owned(),
        aliases,
        upstream,
        package,
        verdict,
        kind: kind(group, verdict),
        reason: lead.and_then(|lead| lead.judgement.reason.clone()),
        summary: group
            .iter()
            .find_map(|of| of.best.record.summary())
            .map(str::to_owned),
        severity: ranking(order, &rated, id),
        ratings: rated.into_iter().map(|(_, severity)| severity).collect(),
        fixed_versions: fixed_versions(group),
        status: None,
        suppressed: None,
        evidence: Evidence {
            records: group.iter().map(|of| evidence(of.best)).collect(),
            notes: Vec::new(),
        },
    }
}

/// All other ids of the flaw; and the flaws that its records bundle.
fn ids(group: &[&OfRecord<'_, '_>], lead: &str) -> (Vec<String>, Vec<String>) {
    let mut same = BTreeSet::new();
    let mut bundled = BTreeSet::new();
    for of in group {
        let record = of.best.record;
        same.insert(record.id());
        same.extend(record.aliases());
        match upstream_is_alias(record.upstream()) {
            true => same.extend(record.upstream()),
            false => bundled.extend(record.upstream()),
        }
    }
    let owned = |id: &str| id.to_owned();
    let upstream = bundled.difference(&same).copied().map(owned).collect();
    same.remove(lead);
    (same.into_iter().map(owned).collect(), upstream)
}

/// What kind of statement the records with this verdict make: malware if any says so, informational if
/// all do.
fn kind(group: &[&OfRecord<'_, '_>], verdict: Verdict) -> FindingKind {
    let deciding = || {
        group
            .iter()
            .filter(|of| of.verdict() == verdict)
            .map(|of| of.best)
    };
    if deciding().any(|judged| judged.record.malicious()) {
        return FindingKind::Malicious;
    }
    let mut words = deciding().map(|judged| judged.candidate.informational());
    match words.next().flatten() {
        Some(word) if words.all(|other| other.is_some()) => match word {
            "unmaintained" => FindingKind::Unmaintained,
            _ => FindingKind::Informational,
        },
        _ => FindingKind::Vulnerability,
    }
}

/// The versions that end the affected intervals the installed version lies in, in the order of the
/// scheme. One that another range of the same record still holds is no fix.
fn fixed_versions(group: &[&OfRecord<'_, '_>]) -> Vec<String> {
    // By key, so that the order is total whatever the texts are.
    let mut fixes: BTreeSet<(Option<Vec<u8>>, &str)> = BTreeSet::new();
    for of in group {
        for judged in &of.entries {
            let scheme = judged.subject.own().scheme();
            for range in judged.candidate.ranges() {
                let Some(installed) = judged.subject.for_range(range.kind()) else {
                    continue;
                };
                let Some(fixed) = installed.evaluate(range.events()).fixed() else {
                    continue;
                };
                let at_fix = Subject::new(scheme, fixed);
                if of
                    .entries
                    .iter()
                    .any(|other| in_ranges(&other.candidate, &at_fix))
                {
                    continue;
                }
                let mut key = Vec::new();
                let readable = scheme.is_some_and(|scheme| scheme.key(fixed, &mut key).is_ok());
                fixes.insert((readable.then_some(key), fixed));
            }
        }
    }
    let mut fixes: Vec<_> = fixes.into_iter().collect();
    fixes.dedup_by(|(left, _), (right, _)| left.is_some() && left == right);
    fixes.into_iter().map(|(_, fixed)| fixed.to_owned()).collect()
}

/// The proof of one record's answer.
fn evidence(judged: &Judged<'_>) -> RecordEvidence {
    let entry = judged.candidate.index();
    let own = judged.subject.own();
    let (pointer, comparisons, scheme) = match &judged.judgement.decided {
        Decided::Listed(listed) => (
            format!("/affected/{entry}/versions"),
            vec![listing(own.text(), listed)],
            own.scheme(),
        ),
        Decided::Range(index, position, scheme) => (
            format!("/affected/{entry}/ranges/{index}"),
            position
                .comparisons()
                .map(|comparison| comparison.to_string())
                .collect(),
            *scheme,
        ),
        Decided::Nothing => (format!("/affected/{entry}"), Vec::new(), own.scheme()),
    };
    RecordEvidence {
        id: judged.record.id().to_owned(),
        modified: judged.record.modified().to_owned(),
        verdict: judged.judgement.verdict,
        ecosystem: judged.candidate.ecosystem().to_owned(),
        name: judged.candidate.name().to_owned(),
        matched: judged.matched,
        version: own.text().to_owned(),
        scheme: scheme.map(|scheme| scheme.name().to_owned()),
        pointer,
        comparisons,
        reason: judged.judgement.reason.clone(),
    }
}

/// How a hit in a `versions` list is shown.
pub(super) fn listing(installed: &str, listed: &str) -> String {
    format!("{installed} = {listed} (versions)")
}
