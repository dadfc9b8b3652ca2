//! What one entry of a record's `affected` says of an installed version.
//!
//! As the schema has it, a version is affected if the `versions` list names it or any range holds it. An
//! entry with neither affects nothing (`IsVulnerable` in the schema is then false for every version).
//! What cannot be evaluated leaves the entry open only where it could add something: a range of commits
//! does so when it stands alone, since the schema asks for a `versions` list beside it, and a range of an
//! unknown type always.

use std::cell::OnceCell;

use crate::database::{Candidate, Range, RangeKind};
use crate::finding::Verdict;
use crate::range::{Answer, Installed, Position};
use crate::version::Scheme;

/// An installed version as the two kinds of range compare it.
pub(super) struct Subject<'v> {
    own: Installed<'v>,
    semver: OnceCell<Installed<'v>>,
}

impl<'v> Subject<'v> {
    /// A version of an ecosystem that orders its versions by `scheme`.
    pub(super) fn new(scheme: Option<Scheme>, version: &'v str) -> Self {
        Self {
            own: Installed::new(scheme, version),
            semver: OnceCell::new(),
        }
    }

    pub(super) fn version(&self) -> &'v str {
        self.own.text()
    }

    pub(super) fn own(&self) -> &Installed<'v> {
        &self.own
    }

    /// As ranges of this kind compare it; `None` where a version cannot decide.
    pub(super) fn for_range(&self, kind: RangeKind) -> Option<&Installed<'v>> {
        match kind {
            RangeKind::Semver if self.own.scheme() == Some(Scheme::Semver) => Some(&self.own),
            RangeKind::Semver => Some(
                self.semver
                    .get_or_init(|| Installed::new(Some(Scheme::Semver), self.own.text())),
            ),
            RangeKind::Ecosystem => Some(&self.own),
            RangeKind::Git | RangeKind::Other => None,
        }
    }
}

/// The answer of an entry, and what decided it.
pub(super) struct Judgement<'a> {
    pub(super) verdict: Verdict,
    pub(super) decided: Decided<'a>,
    /// Why the verdict is `unknown`.
    pub(super) reason: Option<String>,
}

/// What decided.
pub(super) enum Decided<'a> {
    /// The `versions` list, by this item.
    Listed(&'a str),
    /// The range with this index; for `not affected` the first one that could be judged.
    Range(usize, Position<'a>, Option<Scheme>),
    /// Nothing: there was nothing that could be judged.
    Nothing,
}

/// Judges an entry.
pub(super) fn judge<'a>(entry: &Candidate<'a>, subject: &Subject<'a>) -> Judgement<'a> {
    let affected = |decided| Judgement {
        verdict: Verdict::Affected,
        decided,
        reason: None,
    };
    // The same text is the cheap half of equality; the other half waits until no range has decided.
    if entry.lists(subject.version()) {
        return affected(Decided::Listed(subject.version()));
    }
    let mut open: Option<(Decided<'a>, String)> = None;
    let mut out = Decided::Nothing;
    let mut ranges = 0_usize;
    let mut commits = 0_usize;
    for range in entry.ranges() {
        ranges += 1;
        match place(&range, subject) {
            Placed::At(position, scheme) => match position.answer {
                Answer::In => return affected(Decided::Range(range.index(), position, scheme)),
                Answer::Out if matches!(out, Decided::Nothing) => {
                    out = Decided::Range(range.index(), position, scheme)
                }
                Answer::Out => {}
                Answer::Undecided if open.is_none() => {
                    let reason = position.reason.clone().unwrap_or_default();
                    open = Some((Decided::Range(range.index(), position, scheme), reason));
                }
                Answer::Undecided => {}
            },
            Placed::Commits => commits += 1,
            Placed::Unknown(reason) => {
                open.get_or_insert((Decided::Nothing, reason));
            }
        }
    }
    let mut listing = false;
    for listed in entry.versions() {
        listing = true;
        if subject.own().equals(listed) {
            return affected(Decided::Listed(listed));
        }
    }
    if listing
        && open.is_none()
        && let Some(reason) = subject.own().unreadable()
        && subject.own().scheme().is_some()
    {
        // `1.0` may be written `1.0.0` in the list; without reading the version nobody can tell.
        open = Some((Decided::Nothing, reason));
    }
    if let Some(reason) = entry.unreadable() {
        open.get_or_insert((Decided::Nothing, reason.to_owned()));
    }
    if commits > 0 && commits == ranges && !listing {
        open.get_or_insert((Decided::Nothing, COMMITS_ONLY.to_owned()));
    }
    match open {
        Some((decided, reason)) => Judgement {
            verdict: Verdict::Unknown,
            decided,
            reason: Some(reason),
        },
        None => Judgement {
            verdict: Verdict::NotAffected,
            decided: out,
            reason: None,
        },
    }
}

pub(super) const COMMITS_ONLY: &str = "the entry has only ranges of commits, which a version cannot decide";

/// Where a version stands in one range.
pub(super) enum Placed<'a> {
    At(Position<'a>, Option<Scheme>),
    Commits,
    Unknown(String),
}

/// Evaluates one range.
pub(super) fn place<'a>(range: &Range<'a>, subject: &Subject<'a>) -> Placed<'a> {
    if range.damaged() {
        return Placed::Unknown("an event of the range could not be read".to_owned());
    }
    match (range.kind(), subject.for_range(range.kind())) {
        (_, Some(installed)) => Placed::At(installed.evaluate(range.events()), installed.scheme()),
        (RangeKind::Git, None) => Placed::Commits,
        (_, None) => Placed::Unknown("the entry has a range of an unknown type".to_owned()),
    }
}

/// Whether any range of the entry holds the version; what is undecided does not.
pub(super) fn in_ranges<'a>(entry: &Candidate<'a>, subject: &Subject<'a>) -> bool {
    entry.ranges().any(
        |range| matches!(place(&range, subject), Placed::At(position, _) if position.answer == Answer::In),
    )
}
