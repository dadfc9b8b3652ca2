//! The Open Source Vulnerability format, as <https://ossf.github.io/osv-schema/> defines it and as feeds
//! really write it.
//!
//! Only a record without JSON or without an id is lost. A member of the wrong type is noted and left
//! out; where it says which versions are affected, the entry remembers, so that it is not silently clean.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde_json::value::RawValue;

use super::json::{Field, Lenient, Text, compact, object};
use super::{Advisory, Affected, EventKind, Notes, Range, RangeKind, Rating};
use crate::{Error, Result};

type List<T> = Field<Vec<Field<T>>>;

object! {
    /// The members of a record that say something to the engine.
    Record {
        id: Field<Text<'a>> = "id",
        modified: Field<Text<'a>> = "modified",
        published: Field<Text<'a>> = "published",
        withdrawn: Field<Text<'a>> = "withdrawn",
        aliases: List<Text<'a>> = "aliases",
        upstream: List<Text<'a>> = "upstream",
        related: List<Text<'a>> = "related",
        // Long, and seldom needed: their escapes are resolved only on demand.
        summary: Option<&'a RawValue> = "summary",
        details: Option<&'a RawValue> = "details",
        severity: List<Severity<'a>> = "severity",
        affected: List<Entry<'a>> = "affected",
        database_specific: Option<&'a RawValue> = "database_specific",
    }
}

object! {
    Severity {
        kind: Field<Text<'a>> = "type",
        score: Field<Text<'a>> = "score",
    }
}

object! {
    Entry {
        package: Field<Package<'a>> = "package",
        ranges: List<RawRange<'a>> = "ranges",
        versions: List<Text<'a>> = "versions",
        severity: List<Severity<'a>> = "severity",
        ecosystem_specific: Option<&'a RawValue> = "ecosystem_specific",
        database_specific: Option<&'a RawValue> = "database_specific",
    }
}

object! {
    Package {
        ecosystem: Field<Text<'a>> = "ecosystem",
        name: Field<Text<'a>> = "name",
    }
}

object! {
    RawRange {
        kind: Field<Text<'a>> = "type",
        events: List<RawEvent<'a>> = "events",
    }
}

object! {
    /// One key by the schema; several in feeds older than that rule.
    RawEvent {
        introduced: Field<Text<'a>> = "introduced",
        fixed: Field<Text<'a>> = "fixed",
        last_affected: Field<Text<'a>> = "last_affected",
        limit: Field<Text<'a>> = "limit",
    }
}

object! {
    /// The members of a record's or entry's `database_specific` that several databases agree on.
    Specific {
        severity: Field<Text<'a>> = "severity",
        informational: Field<Text<'a>> = "informational",
        malicious_origins: Option<&'a RawValue> = "malicious-packages-origins",
        weaknesses: Option<&'a RawValue> = "cwe_ids",
    }
}

/// "Embedded Malicious Code": how the GitHub advisory database marks malware that has no `MAL-` record.
const EMBEDDED_MALICE: &str = "\"CWE-506\"";

/// Reads one record of the file `file`. What had to be left out of it goes to `notes`.
///
/// # Errors
/// [`Error::Format`] where it is not JSON, nested too deep to read, not an object, or has no id.
pub(crate) fn read<'a>(file: &str, json: &'a str, notes: &mut Notes) -> Result<Advisory<'a>> {
    let wrong = |reason: String| Error::format("osv", file, reason);
    let record = match serde_json::from_str::<Field<Record<'a>>>(json) {
        Ok(Field::Is(record)) => record,
        Ok(Field::Wrong(found)) => return Err(wrong(format!("the record is {found}, not an object"))),
        Ok(Field::Absent) => return Err(wrong("the record is null, not an object".to_owned())),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let id = match record.id {
        Field::Is(Text(id)) if !id.is_empty() => id,
        Field::Is(_) => return Err(wrong("/id is empty".to_owned())),
        Field::Absent => return Err(wrong("/id is missing".to_owned())),
        Field::Wrong(found) => return Err(wrong(format!("/id is {found}, not a string"))),
    };
    let mut to = Reader { file, id: &id, notes };

    let modified = to.text(record.modified, || "/modified").unwrap_or_default();
    if modified.is_empty() {
        to.note("/modified", "is missing");
    }
    let published = to.text(record.published, || "/published").unwrap_or_default();
    let withdrawn = to
        .text(record.withdrawn, || "/withdrawn")
        .filter(|time| !time.is_empty());
    let aliases = to.names(record.aliases, "/aliases");
    let upstream = to.names(record.upstream, "/upstream");
    let related = to.names(record.related, "/related");
    let severities = to.ratings(record.severity, || "/severity");
    let specific = specific(record.database_specific);
    let affected = to.affected(record.affected);

    Ok(Advisory {
        malicious: specific.malicious_origins.is_some()
            || specific
                .weaknesses
                .is_some_and(|list| list.get().contains(EMBEDDED_MALICE))
            || std::iter::once(&id)
                .chain(&aliases)
                .any(|id| id.starts_with("MAL-")),
        severity_word: word(specific.severity),
        summary: summary(record.summary, record.details),
        database_specific: extra(record.database_specific),
        id,
        modified,
        published,
        withdrawn,
        aliases,
        upstream,
        related,
        severities,
        affected,
    })
}

/// Turns lenient members into values, noting what is lost.
struct Reader<'n> {
    file: &'n str,
    id: &'n str,
    notes: &'n mut Notes,
}

impl Reader<'_> {
    fn note(&mut self, pointer: impl fmt::Display, reason: impl fmt::Display) {
        let (file, id) = (self.file, self.id);
        self.notes
            .add(|| format!("{file}: {id}: {pointer}"), || reason.to_string());
    }

    /// The value; its type error is noted and given back as words.
    fn value<'a, T: Lenient<'a>, P: fmt::Display>(
        &mut self,
        field: Field<T>,
        pointer: impl FnOnce() -> P,
    ) -> std::result::Result<Option<T>, String> {
        match field {
            Field::Absent => Ok(None),
            Field::Is(value) => Ok(Some(value)),
            Field::Wrong(found) => {
                let pointer = pointer();
                let reason = format!("is {found}, not {}", T::WANTED);
                self.note(&pointer, &reason);
                Err(format!("{pointer} {reason}"))
            }
        }
    }

    fn text<'a, P: fmt::Display>(
        &mut self,
        field: Field<Text<'a>>,
        pointer: impl FnOnce() -> P,
    ) -> Option<Cow<'a, str>> {
        self.value(field, pointer).ok().flatten().map(|Text(text)| text)
    }

    /// Ids, sorted, each once.
    fn names<'a>(&mut self, list: List<Text<'a>>, pointer: &str) -> Vec<Cow<'a, str>> {
        let list = self.value(list, || pointer).ok().flatten().unwrap_or_default();
        let mut names = Vec::with_capacity(list.len());
        for (at, name) in list.into_iter().enumerate() {
            names.extend(
                self.text(name, || format!("{pointer}/{at}"))
                    .filter(|name| !name.is_empty()),
            );
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn ratings<'a, P: fmt::Display>(
        &mut self,
        list: List<Severity<'a>>,
        pointer: impl Fn() -> P,
    ) -> Vec<Rating<'a>> {
        let list = self.value(list, &pointer).ok().flatten().unwrap_or_default();
        let mut ratings = Vec::with_capacity(list.len());
        for (at, rating) in list.into_iter().enumerate() {
            let Ok(Some(rating)) = self.value(rating, || format!("{}/{at}", pointer())) else {
                continue;
            };
            let kind = self.text(rating.kind, || format!("{}/{at}/type", pointer()));
            let score = self.text(rating.score, || format!("{}/{at}/score", pointer()));
            match score {
                Some(score) => ratings.push((kind.unwrap_or_default(), score)),
                None => self.note(format_args!("{}/{at}", pointer()), "has no score"),
            }
        }
        ratings
    }

    fn affected<'a>(&mut self, list: List<Entry<'a>>) -> Vec<Affected<'a>> {
        let list = self
            .value(list, || "/affected")
            .ok()
            .flatten()
            .unwrap_or_default();
        let mut affected = Vec::with_capacity(list.len());
        for (index, entry) in (0_u32..).zip(list) {
            match self.value(entry, || format!("/affected/{index}")) {
                Ok(Some(entry)) => affected.push(self.entry(index, entry)),
                Ok(None) => self.note(format_args!("/affected/{index}"), "is null, not an object"),
                Err(_) => {}
            }
        }
        affected
    }

    /// An entry. Without ecosystem and name it is kept like one that names only repositories: nothing can
    /// be looked up by it, but it can be shown.
    fn entry<'a>(&mut self, index: u32, entry: Entry<'a>) -> Affected<'a> {
        let package = self.value(entry.package, || format!("/affected/{index}/package"));
        let package = package.ok().flatten().and_then(|package| {
            let ecosystem = package.ecosystem;
            let ecosystem = self.text(ecosystem, || format!("/affected/{index}/package/ecosystem"));
            let name = self.text(package.name, || format!("/affected/{index}/package/name"));
            match (ecosystem, name) {
                (Some(ecosystem), Some(name)) if !ecosystem.is_empty() && !name.is_empty() => {
                    Some((ecosystem, name))
                }
                _ => {
                    let reason = "has no ecosystem or no name: no package is found by this entry";
                    self.note(format_args!("/affected/{index}/package"), reason);
                    None
                }
            }
        });

        let mut lost = Lost::default();
        let ranges = self.value(entry.ranges, || format!("/affected/{index}/ranges"));
        let ranges = self.ranges(index, lost.taken(ranges), &mut lost);
        let versions = self.value(entry.versions, || format!("/affected/{index}/versions"));
        let versions = self.versions(index, lost.taken(versions), &mut lost);

        Affected {
            index,
            package,
            ranges,
            versions,
            severities: self.ratings(entry.severity, || format!("/affected/{index}/severity")),
            informational: word(specific(entry.database_specific).informational),
            unreadable: lost.0,
            ecosystem_specific: extra(entry.ecosystem_specific),
            database_specific: extra(entry.database_specific),
        }
    }

    fn ranges<'a>(&mut self, entry: u32, list: Vec<Field<RawRange<'a>>>, lost: &mut Lost) -> Vec<Range<'a>> {
        let mut ranges = Vec::with_capacity(list.len());
        for (index, range) in (0_u32..).zip(list) {
            let pointer = || format!("/affected/{entry}/ranges/{index}");
            let value = self.value(range, pointer);
            let Some(range) = lost.some(value, pointer) else {
                continue;
            };
            let kind = self.text(range.kind, || format!("{}/type", pointer()));
            let kind = match kind.as_deref() {
                Some("SEMVER") => RangeKind::Semver,
                Some("ECOSYSTEM") => RangeKind::Ecosystem,
                Some("GIT") => RangeKind::Git,
                _ => RangeKind::Other,
            };
            let list = self.value(range.events, || format!("{}/events", pointer()));
            let mut damaged = list.is_err();
            let list = lost.taken(list);
            let mut events = Vec::with_capacity(list.len());
            for (at, event) in list.into_iter().enumerate() {
                damaged |= !self.event(event, || format!("{}/events/{at}", pointer()), &mut events, lost);
            }
            ranges.push(Range {
                index,
                kind,
                events,
                damaged,
            });
        }
        ranges
    }

    /// Adds what one object of `events` says; `false` if some of it is lost.
    fn event<'a>(
        &mut self,
        event: Field<RawEvent<'a>>,
        pointer: impl Fn() -> String,
        events: &mut Vec<(EventKind, Cow<'a, str>)>,
        lost: &mut Lost,
    ) -> bool {
        let value = self.value(event, &pointer);
        let Some(event) = lost.some(value, &pointer) else {
            return false;
        };
        let (before, mut whole) = (events.len(), true);
        for (kind, name, version) in [
            (EventKind::Introduced, "introduced", event.introduced),
            (EventKind::Fixed, "fixed", event.fixed),
            (EventKind::LastAffected, "last_affected", event.last_affected),
            (EventKind::Limit, "limit", event.limit),
        ] {
            match self.value(version, || format!("{}/{name}", pointer())) {
                Ok(version) => events.extend(version.map(|Text(version)| (kind, version))),
                Err(reason) => {
                    lost.add(reason);
                    whole = false;
                }
            }
        }
        if whole && events.len() == before {
            let reason = "is none of introduced, fixed, last_affected, limit";
            self.note(pointer(), reason);
            lost.add(format!("{} {reason}", pointer()));
            whole = false;
        }
        whole
    }

    fn versions<'a>(&mut self, entry: u32, list: Vec<Field<Text<'a>>>, lost: &mut Lost) -> Vec<Cow<'a, str>> {
        let mut versions = Vec::with_capacity(list.len());
        for (at, version) in list.into_iter().enumerate() {
            let pointer = || format!("/affected/{entry}/versions/{at}");
            let value = self.value(version, pointer);
            versions.extend(lost.some(value, pointer).map(|Text(version)| version));
        }
        versions.sort_unstable();
        versions.dedup();
        versions
    }
}

/// What could not be read of an entry's ranges and versions; the first few, in words.
#[derive(Default)]
struct Lost(Option<String>);

impl Lost {
    const SHOWN: usize = 400;

    fn add(&mut self, reason: impl AsRef<str>) {
        let text = self.0.get_or_insert_default();
        if text.len() >= Self::SHOWN {
            if !text.ends_with('…') {
                text.push('…');
            }
            return;
        }
        if !text.is_empty() {
            text.push_str("; ");
        }
        let _ = text.write_str(reason.as_ref());
    }

    /// The value or its default; an error is remembered.
    fn taken<T: Default>(&mut self, value: std::result::Result<Option<T>, String>) -> T {
        value
            .unwrap_or_else(|reason| {
                self.add(reason);
                None
            })
            .unwrap_or_default()
    }

    /// The element; an error or `null` is remembered.
    fn some<T>(
        &mut self,
        value: std::result::Result<Option<T>, String>,
        pointer: impl FnOnce() -> String,
    ) -> Option<T> {
        match value {
            Ok(Some(value)) => return Some(value),
            Ok(None) => self.add(format!("{} is null", pointer())),
            Err(reason) => self.add(reason),
        }
        None
    }
}

/// The agreed members of a `database_specific`, which may be any JSON.
fn specific(json: Option<&RawValue>) -> Specific<'_> {
    match json.map(|json| serde_json::from_str(json.get())) {
        Some(Ok(Field::Is(specific))) => specific,
        _ => Specific::default(),
    }
}

fn word(field: Field<Text<'_>>) -> Option<String> {
    match field {
        Field::Is(Text(word)) if !word.is_empty() => Some(word.into_owned()),
        _ => None,
    }
}

fn extra(json: Option<&RawValue>) -> Option<Cow<'_, str>> {
    json.map(|json| compact(json.get())).filter(|json| json != "{}")
}

/// Characters of a first line of `details` that stands in for a missing summary.
const LINE: usize = 200;

fn summary(summary: Option<&RawValue>, details: Option<&RawValue>) -> Option<String> {
    let text = |json: &RawValue| serde_json::from_str::<String>(json.get()).ok();
    let summary = summary.and_then(text).map(|text| text.trim().to_owned());
    summary.filter(|text| !text.is_empty()).or_else(|| {
        let details = details.and_then(text)?;
        let line = details.lines().map(str::trim).find(|line| !line.is_empty())?;
        match line.char_indices().nth(LINE) {
            None => Some(line.to_owned()),
            Some((end, _)) => Some(format!("{}…", line.get(..end)?.trim_end())),
        }
    })
}

#[cfg(test)]
#[path = "osv_tests.rs"]
mod tests;
