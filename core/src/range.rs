//! Affected ranges as OSV evaluates them (`Evaluation` in the OSV schema).
//!
//! The schema sorts a range's events by version and walks them: the last event that the installed version
//! has reached says whether it is affected. So no sorting is needed: the answer is the effect of the
//! *greatest reached* event. Where an `introduced` and another event stand at one version, the
//! `introduced` comes first, as in osv.dev: `introduced 1.0, fixed 1.0` affects nothing.
//!
//! A bound that cannot be read may stand anywhere. It leaves the answer open only if its effect would
//! change it: an unreadable `fixed` says nothing new about a version before the first `introduced`.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::fmt;

use crate::database::{Event, EventKind};
use crate::version::Scheme;

/// Whether a version lies in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Affected by the range.
    In,
    /// Not affected by the range.
    Out,
    /// Not decidable; [`Position::reason`] says why.
    Undecided,
}

/// An installed version, read once and compared with many bounds.
#[derive(Debug, Clone)]
pub struct Installed<'v> {
    scheme: Option<Scheme>,
    text: &'v str,
    readable: bool,
    /// Its byte key, once an event with one asks for it.
    key: OnceCell<Vec<u8>>,
}

impl<'v> Installed<'v> {
    /// Reads `text` as a version of `scheme`; `None` is an ecosystem whose versions nobody can order. What
    /// cannot be compared can still be judged where no comparison is needed: `introduced: 0` alone
    /// affects every version.
    pub fn new(scheme: Option<Scheme>, text: &'v str) -> Self {
        Self {
            scheme,
            text,
            readable: scheme.is_some_and(|scheme| !text.is_empty() && scheme.check(text).is_ok()),
            key: OnceCell::new(),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &'v str {
        self.text
    }

    /// The scheme that compares.
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// Whether the scheme can read it.
    pub fn is_readable(&self) -> bool {
        self.readable
    }

    /// Why the scheme cannot read it; `None` if it can.
    pub fn unreadable(&self) -> Option<String> {
        if self.readable {
            return None;
        }
        if self.text.is_empty() {
            return Some("the package has no version".to_owned());
        }
        let Some(scheme) = self.scheme else {
            return Some("no scheme orders the versions of this ecosystem".to_owned());
        };
        Some(format!("installed version: {}", scheme.check(self.text).err()?))
    }

    /// Order of the installed version and `bound`; `None` if either cannot be read.
    pub fn compare(&self, bound: &str) -> Option<Ordering> {
        let scheme = self.scheme.filter(|_| self.readable)?;
        let bound = scheme.bound(bound).ok()?;
        Some(scheme.order(self.text, &bound))
    }

    /// Order of the installed version and an event's: by key where the event has one.
    fn reach(&self, event: Event<'_>) -> Option<Ordering> {
        let (Some(scheme), Some(key)) = (self.scheme.filter(|_| self.readable), event.key) else {
            return self.compare(event.version);
        };
        let own = self.key.get_or_init(|| {
            let mut own = Vec::new();
            // The text passed the check when it was read.
            let _ = scheme.key(self.text, &mut own);
            own
        });
        Some(own.as_slice().cmp(key))
    }

    /// Whether a listed version is this one: equal under the scheme, or the same text.
    pub fn equals(&self, listed: &str) -> bool {
        self.text == listed || self.compare(listed) == Some(Ordering::Equal)
    }

    /// Evaluates the events of one range, in whatever order they come.
    ///
    /// ```
    /// use hullmark::database::{Event, EventKind};
    /// use hullmark::range::{Answer, Installed};
    /// use hullmark::version::Scheme;
    ///
    /// let events = [
    ///     Event { kind: EventKind::Introduced, version: "0", key: None },
    ///     Event { kind: EventKind::Fixed, version: "1.2.4", key: None },
    /// ];
    /// let position = Installed::new(Some(Scheme::Semver), "1.2.3").evaluate(events);
    /// assert_eq!(position.answer, Answer::In);
    /// assert_eq!(position.fixed(), Some("1.2.4"));
    /// ```
    pub fn evaluate<'a>(&self, events: impl IntoIterator<Item = Event<'a>>) -> Position<'a>
    where
        'v: 'a,
    {
        let mut walk = Walk::new(self);
        for event in events {
            walk.take(event);
        }
        walk.finish()
    }
}

/// Where a version stands in a range, and what decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position<'a> {
    /// The answer.
    pub answer: Answer,
    /// Why the answer is open.
    pub reason: Option<String>,
    installed: &'a str,
    /// The event last reached, and the one that would turn the answer next.
    last: Option<Event<'a>>,
    next: Option<Event<'a>>,
    /// The limit that counted, and whether it was reached.
    limit: Option<(Event<'a>, bool)>,
}

impl<'a> Position<'a> {
    /// The comparisons that decided: with the event last reached, the one that comes next, and the limit.
    pub fn comparisons(&self) -> impl Iterator<Item = Comparison<'a>> {
        let installed = self.installed;
        let last = self.last.map(|event| (event, true));
        let next = self.next.map(|event| (event, false));
        let all = [last, next, self.limit].into_iter().flatten();
        all.map(move |(event, reached)| Comparison {
            installed,
            event,
            reached,
        })
    }

    /// The version that ends the affected interval the installed version lies in, where it is `fixed`.
    pub fn fixed(&self) -> Option<&'a str> {
        let end = self.next.filter(|_| self.answer == Answer::In)?;
        (end.kind == EventKind::Fixed).then_some(end.version)
    }
}

/// One comparison; shown as `1.2.3 >= 1.0.0 (introduced)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison<'a> {
    /// The installed version.
    pub installed: &'a str,
    /// The event it was compared with.
    pub event: Event<'a>,
    /// Whether the event takes effect for the installed version.
    pub reached: bool,
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.event.kind, self.reached) {
            (EventKind::LastAffected, true) => ">",
            (EventKind::LastAffected, false) => "<=",
            (_, true) => ">=",
            (_, false) => "<",
        };
        let Event { kind, version, .. } = self.event;
        write!(f, "{} {sign} {version} ({})", self.installed, word(kind))
    }
}

/// The kind as the schema spells it.
pub(crate) fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Introduced => "introduced",
        EventKind::Fixed => "fixed",
        EventKind::LastAffected => "last_affected",
        EventKind::Limit => "limit",
    }
}

/// The events seen so far, reduced to those that can decide.
struct Walk<'i, 'a> {
    installed: &'i Installed<'a>,
    /// The greatest reached event other than limits.
    last: Option<Event<'a>>,
    /// The least `introduced` not reached.
    start: Option<Event<'a>>,
    /// The least `fixed` or `last_affected` not reached.
    end: Option<Event<'a>>,
    has_introduced: bool,
    /// An unreadable event that would make the version affected, if it is the last reached.
    may_start: Option<Event<'a>>,
    /// An unreadable event that would make it not affected.
    may_end: Option<Event<'a>>,
    limits: Limits<'a>,
}

/// What the `limit` events say: a version is judged if it is below any of them.
#[derive(Clone, Copy)]
enum Limits<'a> {
    None,
    Below(Event<'a>),
    Reached(Event<'a>),
    Unreadable(Event<'a>),
}

impl<'i, 'a> Walk<'i, 'a> {
    fn new(installed: &'i Installed<'a>) -> Self {
        Self {
            installed,
            last: None,
            start: None,
            end: None,
            has_introduced: false,
            may_start: None,
            may_end: None,
            limits: Limits::None,
        }
    }

    fn take(&mut self, event: Event<'a>) {
        if event.kind == EventKind::Limit {
            return self.take_limit(event);
        }
        let introduced = event.kind == EventKind::Introduced;
        self.has_introduced |= introduced;
        if introduced && event.version == "0" {
            // Before every version, readable or not.
            self.last.get_or_insert(event);
            return;
        }
        let Some(order) = self.installed.reach(event) else {
            let slot = if introduced {
                &mut self.may_start
            } else {
                &mut self.may_end
            };
            slot.get_or_insert(event);
            return;
        };
        let reached = match event.kind {
            EventKind::LastAffected => order == Ordering::Greater,
            _ => order != Ordering::Less,
        };
        let scheme = self.installed.scheme;
        let (slot, wanted) = match (reached, introduced) {
            (true, _) => (&mut self.last, Ordering::Greater),
            (false, true) => (&mut self.start, Ordering::Less),
            (false, false) => (&mut self.end, Ordering::Less),
        };
        if slot.is_none_or(|held| by_version(scheme, event, held) == wanted) {
            *slot = Some(event);
        }
    }

    fn take_limit(&mut self, event: Event<'a>) {
        let below = event.version.contains('*');
        self.limits = match (self.limits, self.installed.reach(event)) {
            (Limits::Below(held), _) => Limits::Below(held),
            (_, _) if below => Limits::Below(event),
            (_, Some(Ordering::Less)) => Limits::Below(event),
            (Limits::Unreadable(held), _) => Limits::Unreadable(held),
            (_, None) => Limits::Unreadable(event),
            (Limits::Reached(held), Some(_)) => Limits::Reached(held),
            (Limits::None, Some(_)) => Limits::Reached(event),
        };
    }

    fn finish(self) -> Position<'a> {
        let affected = matches!(
            self.last,
            Some(Event {
                kind: EventKind::Introduced,
                ..
            })
        );
        let open = if affected { self.may_end } else { self.may_start };
        let (answer, reason) = match (affected, self.limits, open) {
            (_, Limits::Reached(_), _) => (Answer::Out, None),
            _ if !self.has_introduced && (self.end.is_some() || self.last.is_none()) => (
                Answer::Undecided,
                Some("the range has no introduced event".to_owned()),
            ),
            (_, _, Some(event)) => (Answer::Undecided, Some(self.unreadable(event))),
            (true, Limits::Unreadable(event), None) => (Answer::Undecided, Some(self.unreadable(event))),
            (true, _, None) => (Answer::In, None),
            (false, _, None) => (Answer::Out, None),
        };
        let limit = match self.limits {
            Limits::Below(event) if affected => Some((event, false)),
            Limits::Reached(event) => Some((event, true)),
            _ => None,
        };
        Position {
            answer,
            reason,
            installed: self.installed.text,
            last: self.last,
            next: if affected { self.end } else { self.start },
            limit,
        }
    }

    /// Says what is wrong with the installed version or, if nothing is, with the bound of `event`.
    fn unreadable(&self, event: Event<'a>) -> String {
        self.installed.unreadable().unwrap_or_else(|| {
            let error = self
                .installed
                .scheme
                .and_then(|scheme| scheme.bound(event.version).err());
            match error {
                Some(error) => format!("{}: {error}", word(event.kind)),
                None => format!("{} {:?} cannot be compared", word(event.kind), event.version),
            }
        })
    }
}

/// Order of the versions of two events, by key where both have one.
fn keyed(scheme: Option<Scheme>, left: Event<'_>, right: Event<'_>) -> Ordering {
    if let (Some(left), Some(right)) = (left.key, right.key) {
        return left.cmp(right);
    }
    let by_text = |scheme: Scheme| {
        let (left, right) = (
            scheme.bound(left.version).ok()?,
            scheme.bound(right.version).ok()?,
        );
        Some(scheme.order(&left, &right))
    };
    scheme.and_then(by_text).unwrap_or(Ordering::Equal)
}

/// Order of two events whose versions can be read; an `introduced` comes first at its version, and
/// `introduced: 0` before everything.
fn by_version(scheme: Option<Scheme>, left: Event<'_>, right: Event<'_>) -> Ordering {
    let before_all = |event: Event<'_>| event.kind == EventKind::Introduced && event.version == "0";
    match (before_all(left), before_all(right)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => keyed(scheme, left, right).then(left.kind.cmp(&right.kind)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Events from `introduced 1.0, fixed 1.2`.
    fn events(text: &str) -> Vec<Event<'_>> {
        let kinds = [
            EventKind::Introduced,
            EventKind::Fixed,
            EventKind::LastAffected,
            EventKind::Limit,
        ];
        text.split(", ")
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, version) = part.split_once(' ').unwrap();
                let kind = *kinds.iter().find(|kind| word(**kind) == name).unwrap();
                Event {
                    kind,
                    version,
                    key: None,
                }
            })
            .collect()
    }

    /// `in`, `out` or `undecided`, then what decided.
    fn answer(scheme: Option<Scheme>, version: &str, range: &str) -> String {
        let installed = Installed::new(scheme, version);
        let mut events = events(range);
        let position = installed.evaluate(events.iter().copied());
        events.reverse();
        assert_eq!(
            installed.evaluate(events.iter().copied()).answer,
            position.answer,
            "order of events: {range}"
        );
        let comparisons: Vec<String> = position
            .comparisons()
            .map(|comparison| comparison.to_string())
            .collect();
        let comparisons = comparisons.join(", ");
        let fixed = position
            .fixed()
            .map(|fixed| format!("; fixed {fixed}"))
            .unwrap_or_default();
        match position.answer {
            Answer::In => format!("in: {comparisons}{fixed}"),
            Answer::Out => format!("out: {comparisons}{fixed}"),
            Answer::Undecided => format!("undecided: {}", position.reason.unwrap_or_default()),
        }
    }

    #[track_caller]
    fn semver(cases: &[(&str, &str, &str)]) {
        for (range, version, wanted) in cases {
            assert_eq!(
                answer(Some(Scheme::Semver), version, range),
                *wanted,
                "{version} in {range}"
            );
        }
    }

    #[test]
    fn half_open_intervals() {
        semver(&[
            (
                "introduced 0, fixed 1.2.4",
                "1.2.3",
                "in: 1.2.3 >= 0 (introduced), 1.2.3 < 1.2.4 (fixed); fixed 1.2.4",
            ),
            (
                "introduced 0, fixed 1.2.4",
                "1.2.4",
                "out: 1.2.4 >= 1.2.4 (fixed)",
            ),
            (
                "introduced 0, fixed 1.2.4",
                "0.0.0-0",
                "in: 0.0.0-0 >= 0 (introduced), 0.0.0-0 < 1.2.4 (fixed); fixed 1.2.4",
            ),
            (
                "introduced 0, fixed 1.2.4",
                "1.2.4-rc.1",
                "in: 1.2.4-rc.1 >= 0 (introduced), 1.2.4-rc.1 < 1.2.4 (fixed); fixed 1.2.4",
            ),
            (
                "introduced 1.0.0, fixed 1.2.4",
                "0.9.0",
                "out: 0.9.0 < 1.0.0 (introduced)",
            ),
            (
                "introduced 1.0.0, fixed 1.2.4",
                "1.0.0",
                "in: 1.0.0 >= 1.0.0 (introduced), 1.0.0 < 1.2.4 (fixed); fixed 1.2.4",
            ),
            ("introduced 1.0.0", "9.0.0", "in: 9.0.0 >= 1.0.0 (introduced)"),
            ("introduced 0", "9.0.0", "in: 9.0.0 >= 0 (introduced)"),
        ]);
    }

    #[test]
    fn last_affected_is_affected() {
        semver(&[
            (
                "introduced 0, last_affected 1.2.0",
                "1.2.0",
                "in: 1.2.0 >= 0 (introduced), 1.2.0 <= 1.2.0 (last_affected)",
            ),
            (
                "introduced 0, last_affected 1.2.0",
                "1.2.1",
                "out: 1.2.1 > 1.2.0 (last_affected)",
            ),
            (
                "introduced 1.2.0, last_affected 1.2.0",
                "1.2.0",
                "in: 1.2.0 >= 1.2.0 (introduced), 1.2.0 <= 1.2.0 (last_affected)",
            ),
            (
                "introduced 1.2.0, last_affected 1.2.0",
                "1.2.1",
                "out: 1.2.1 > 1.2.0 (last_affected)",
            ),
        ]);
    }

    #[test]
    fn several_intervals_in_one_range() {
        let range = "introduced 0, fixed 1.2.4, introduced 2.0.0, fixed 2.1.0";
        semver(&[
            (
                range,
                "1.0.0",
                "in: 1.0.0 >= 0 (introduced), 1.0.0 < 1.2.4 (fixed); fixed 1.2.4",
            ),
            (
                range,
                "1.5.0",
                "out: 1.5.0 >= 1.2.4 (fixed), 1.5.0 < 2.0.0 (introduced)",
            ),
            (
                range,
                "2.0.5",
                "in: 2.0.5 >= 2.0.0 (introduced), 2.0.5 < 2.1.0 (fixed); fixed 2.1.0",
            ),
            (range, "2.1.0", "out: 2.1.0 >= 2.1.0 (fixed)"),
            // Bitnami writes intervals that hold nothing.
            (
                "introduced 1.0.0, fixed 1.0.0",
                "1.0.0",
                "out: 1.0.0 >= 1.0.0 (fixed)",
            ),
            ("introduced 0, fixed 0", "1.0.0", "out: 1.0.0 >= 0 (fixed)"),
            // A second `introduced` inside an interval changes nothing.
            (
                "introduced 0, introduced 1.0.0, fixed 2.0.0",
                "0.5.0",
                "in: 0.5.0 >= 0 (introduced), 0.5.0 < 2.0.0 (fixed); fixed 2.0.0",
            ),
            (
                "introduced 1.0.0, fixed 2.0.0, fixed 3.0.0",
                "2.5.0",
                "out: 2.5.0 >= 2.0.0 (fixed)",
            ),
            (
                "introduced 1.0.0, fixed 2.0.0, last_affected 3.0.0",
                "2.5.0",
                "out: 2.5.0 >= 2.0.0 (fixed)",
            ),
        ]);
    }

    #[test]
    fn limits() {
        semver(&[
            (
                "introduced 0, limit 2.0.0",
                "1.0.0",
                "in: 1.0.0 >= 0 (introduced), 1.0.0 < 2.0.0 (limit)",
            ),
            (
                "introduced 0, limit 2.0.0",
                "2.0.0",
                "out: 2.0.0 >= 0 (introduced), 2.0.0 >= 2.0.0 (limit)",
            ),
            (
                "introduced 0, limit 2.0.0, limit 3.0.0",
                "2.5.0",
                "in: 2.5.0 >= 0 (introduced), 2.5.0 < 3.0.0 (limit)",
            ),
            (
                "introduced 0, limit *",
                "9.0.0",
                "in: 9.0.0 >= 0 (introduced), 9.0.0 < * (limit)",
            ),
            (
                "introduced 0, fixed 1.0.0, limit *",
                "9.0.0",
                "out: 9.0.0 >= 1.0.0 (fixed)",
            ),
            (
                "introduced 0, limit soon",
                "1.0.0",
                "undecided: limit: not a semver version: \"soon\": a number is missing",
            ),
            (
                "introduced 0, limit soon, limit 2.0.0",
                "1.0.0",
                "in: 1.0.0 >= 0 (introduced), 1.0.0 < 2.0.0 (limit)",
            ),
            (
                "introduced 2.0.0, limit soon",
                "1.0.0",
                "out: 1.0.0 < 2.0.0 (introduced)",
            ),
        ]);
    }

    #[test]
    fn unreadable_bounds_count_only_where_they_could_decide() {
        let fixed = "undecided: fixed: not a semver version: \"x\": a number is missing";
        let introduced = "undecided: introduced: not a semver version: \"x\": a number is missing";
        semver(&[
            ("introduced 0, fixed x", "1.0.0", fixed),
            (
                "introduced 2.0.0, fixed x",
                "1.0.0",
                "out: 1.0.0 < 2.0.0 (introduced)",
            ),
            ("introduced 2.0.0, fixed x", "2.0.0", fixed),
            ("introduced x, fixed 2.0.0", "1.0.0", introduced),
            // The unreadable event may come after the readable one.
            ("introduced x, fixed 2.0.0", "3.0.0", introduced),
            (
                "introduced 0, introduced x",
                "1.0.0",
                "in: 1.0.0 >= 0 (introduced)",
            ),
            (
                "introduced 2.0.0, fixed x, last_affected y",
                "1.0.0",
                "out: 1.0.0 < 2.0.0 (introduced)",
            ),
        ]);
    }

    #[test]
    fn ranges_without_introduced() {
        let wanted = "undecided: the range has no introduced event";
        semver(&[
            ("", "1.0.0", wanted),
            ("fixed 2.0.0", "1.0.0", wanted),
            ("last_affected 2.0.0", "2.0.0", wanted),
            ("fixed 2.0.0", "2.0.0", "out: 2.0.0 >= 2.0.0 (fixed)"),
            ("fixed 2.0.0, fixed 3.0.0", "2.5.0", wanted),
            ("limit 2.0.0", "1.0.0", wanted),
            ("limit 2.0.0", "3.0.0", "out: 3.0.0 >= 2.0.0 (limit)"),
        ]);
    }

    #[test]
    fn versions_that_cannot_be_read() {
        let range = "introduced 0, fixed 1.0.0";
        let unread = |scheme, version| answer(scheme, version, range);
        assert_eq!(
            unread(Some(Scheme::Semver), "main"),
            "undecided: installed version: not a semver version: \"main\": a number is missing"
        );
        assert_eq!(
            unread(Some(Scheme::Semver), ""),
            "undecided: the package has no version"
        );
        assert_eq!(
            unread(None, "1.0.0"),
            "undecided: no scheme orders the versions of this ecosystem"
        );
        // Every version is affected, this one too.
        assert_eq!(answer(None, "main", "introduced 0"), "in: main >= 0 (introduced)");
        assert_eq!(
            answer(Some(Scheme::Semver), "", "introduced 0"),
            "in:  >= 0 (introduced)"
        );
    }

    /// The schema's `IncludedInRanges`, word by word: sort, then walk.
    fn walk(version: &semver::Version, events: &[(EventKind, semver::Version)]) -> bool {
        let limits: Vec<_> = events
            .iter()
            .filter(|(kind, _)| *kind == EventKind::Limit)
            .collect();
        if !limits.is_empty()
            && !limits
                .iter()
                .any(|(_, limit)| version.cmp_precedence(limit).is_lt())
        {
            return false;
        }
        let mut sorted = events.to_vec();
        sorted.sort_by(|left, right| left.1.cmp_precedence(&right.1).then(left.0.cmp(&right.0)));
        let mut vulnerable = false;
        for (kind, at) in sorted {
            let order = version.cmp_precedence(&at);
            match kind {
                EventKind::Introduced if order.is_ge() => vulnerable = true,
                EventKind::Fixed if order.is_ge() => vulnerable = false,
                EventKind::LastAffected if order.is_gt() => vulnerable = false,
                _ => {}
            }
        }
        vulnerable
    }

    fn version() -> impl Strategy<Value = String> {
        (
            0..3_u8,
            0..3_u8,
            0..2_u8,
            prop::sample::select(vec!["", "-alpha", "-alpha.1", "-rc.2", "+build"]),
        )
            .prop_map(|(major, minor, patch, rest)| format!("{major}.{minor}.{patch}{rest}"))
    }

    fn kind() -> impl Strategy<Value = EventKind> {
        prop::sample::select(vec![
            EventKind::Introduced,
            EventKind::Introduced,
            EventKind::Fixed,
            EventKind::LastAffected,
            EventKind::Limit,
        ])
    }

    proptest! {
        #[test]
        fn agrees_with_the_schema(
            installed in version(),
            first in version(),
            rest in prop::collection::vec((kind(), version()), 0..8),
        ) {
            let mut texts = rest;
            texts.push((EventKind::Introduced, first));
            let parsed: Vec<_> = texts
                .iter()
                .map(|(kind, text)| (*kind, semver::Version::parse(text).unwrap()))
                .collect();
            let wanted = walk(&semver::Version::parse(&installed).unwrap(), &parsed);
            let events = texts.iter().map(|(kind, version)| Event { kind: *kind, version, key: None });
            let position = Installed::new(Some(Scheme::Semver), &installed).evaluate(events);
            prop_assert_eq!(position.answer, if wanted { Answer::In } else { Answer::Out });
            let keys: Vec<Vec<u8>> = texts
                .iter()
                .map(|(_, text)| {
                    let mut key = Vec::new();
                    Scheme::Semver.key(text, &mut key).unwrap();
                    key
                })
                .collect();
            let keyed = texts.iter().zip(&keys).map(|((kind, version), key)| Event {
                kind: *kind,
                version,
                key: Some(key),
            });
            let by_key = Installed::new(Some(Scheme::Semver), &installed).evaluate(keyed);
            prop_assert_eq!(by_key.answer, position.answer);
        }

        #[test]
        fn any_text_is_survived(version in ".{0,12}", bounds in prop::collection::vec((kind(), ".{0,12}"), 0..6)) {
            for scheme in Scheme::ALL {
                let events = bounds.iter().map(|(kind, version)| Event { kind: *kind, version, key: None });
                let _ = Installed::new(Some(*scheme), &version).evaluate(events);
            }
        }
    }
}
