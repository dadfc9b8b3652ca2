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
