//! Affected ranges as OSV evaluates them (`Evaluation` in the OSV schema).
//!
//! The schema sorts a range's events by version and walks them: the last event that the installed version
//! has reached says whether it is affected. So no sorting is needed: the answer is the effect of the
//! *greatest reached* event. Where an `introduced` and another event stand at one version, the
//! `introduced` comes first, as in osv.dev: `introduced 1.0, fixed 1.0` affects nothing.
//!
//! A bound that cannot be read may stand anywhere. It leaves the answer open only if its effect would
//! change it: an unreadable `fixed` says nothing new about a version before the first `introduced`.

#[cfg(test)]
mod tests;

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
