//! Order tables of the version schemes, and what holds for all texts whatever they are.
//!
//! A line of a table is a chain, `1.0~rc1 < 1.0 = 1.0-0`, in which every two versions are compared, or
//! `! text`, which is no version. `#` begins a comment.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use hullmark::version::{Scheme, Version};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const TABLES: &[(Scheme, &str)] = &[
    (Scheme::Apk, include_str!("data/versions/apk.txt")),
    (Scheme::Deb, include_str!("data/versions/deb.txt")),
    (Scheme::Nuget, include_str!("data/versions/nuget.txt")),
    (Scheme::Rpm, include_str!("data/versions/rpm.txt")),
    (Scheme::Semver, include_str!("data/versions/semver.txt")),
];

fn parse(scheme: Scheme, text: &str) -> Version {
    scheme.parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn key(scheme: Scheme, text: &str) -> Vec<u8> {
    let mut key = Vec::new();
    scheme.key(text, &mut key).unwrap();
    key
}

/// Every way to ask for the order of two versions gives this answer.
#[track_caller]
fn assert_order(scheme: Scheme, left: &str, right: &str, order: Ordering) {
    let (a, b) = (parse(scheme, left), parse(scheme, right));
    assert_eq!(a.partial_cmp(&b), Some(order), "{scheme}: {left} against {right}");
    assert_eq!(
        b.partial_cmp(&a),
        Some(order.reverse()),
        "{scheme}: {right} against {left}"
    );
    assert_eq!(
        scheme.compare(left, right).unwrap(),
        order,
        "{scheme}: {left} against {right}"
    );
    assert_eq!(
        scheme.reference_order(left, right).unwrap(),
        order,
        "{scheme}: {left} against {right}"
    );
    let keys = key(scheme, left).cmp(&key(scheme, right));
    if scheme.key_orders() {
        assert_eq!(keys, order, "{scheme}: keys of {left} and {right}");
    } else {
        assert_eq!(
            keys.is_eq(),
            order.is_eq(),
            "{scheme}: keys of {left} and {right}"
        );
    }
    assert_eq!(a == b, order.is_eq());
    if order.is_eq() {
        let state = RandomState::new();
        assert_eq!(
            state.hash_one(&a),
            state.hash_one(&b),
            "{scheme}: hashes of {left} and {right}"
        );
    }
}

#[test]
fn tables() {
    for (scheme, table) in TABLES {
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            if let Some(text) = line.strip_prefix('!') {
                let text = text.strip_prefix(' ').unwrap_or(text);
                assert!(scheme.parse(text).is_err(), "{scheme} took {text:?}");
                continue;
            }
            // Each version with how many steps upward it stands from the first.
            let mut chain: Vec<(usize, &str)> = Vec::new();
            let mut step = 0;
            for word in line.split(' ') {
                match word {
                    "<" => step += 1,
                    "=" => {}
                    version => chain.push((step, version)),
                }
            }
            assert!(chain.len() > 1, "{scheme}: {line}");
            for (left_step, left) in &chain {
                for (right_step, right) in &chain {
                    assert_order(*scheme, left, right, left_step.cmp(right_step));
                }
            }
        }
    }
}

#[test]
fn spaces_around_a_version() {
    // dpkg, node-semver and NuGet trim them; librpm takes every text; apk-tools refuses.
    assert_order(Scheme::Deb, "\t1.0-1 \n", "1.0-1", Ordering::Equal);
    assert_order(Scheme::Semver, "\u{feff} 1.2.3\u{a0}", "1.2.3", Ordering::Equal);
    assert_order(Scheme::Nuget, " 1 . 2 -a\u{85}", "1.2-A", Ordering::Equal);
    assert_order(Scheme::Rpm, " 1.0 ", "1.0", Ordering::Equal);
    assert!(Scheme::Apk.check("1.0 ").is_err());
    // Of the three programs behind semver only node-semver trims, and it has limits of its own.
    assert!(Scheme::Semver.check(" v1.2 ").is_err());
    assert!(Scheme::Semver.check("9007199254740992.0.0").is_ok());
    assert!(Scheme::Semver.check(" 9007199254740992.0.0").is_err());
}

#[test]
fn schemes_have_names() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.name().parse::<Scheme>().unwrap(), *scheme);
        assert_eq!(scheme.to_string(), scheme.name());
    }
    let aliases = [
        ("alpine", Scheme::Apk),
        ("npm", Scheme::Semver),
        ("golang", Scheme::Semver),
        ("cargo", Scheme::Semver),
    ];
    for (alias, scheme) in aliases {
        assert_eq!(alias.parse::<Scheme>().unwrap(), scheme);
    }
    let error = "Deb".parse::<Scheme>().unwrap_err().to_string();
    assert_eq!(error, r#"scheme "Deb" is not supported"#);
}

#[test]
fn errors_name_scheme_text_and_rule() {
    let error = Scheme::Deb.parse("1.0-").unwrap_err().to_string();
    assert_eq!(
        error,
        r#"not a deb version: "1.0-": nothing follows the last hyphen"#
    );
}

#[test]
fn versions_of_unlike_schemes_have_no_order() {
    let (deb, rpm) = (parse(Scheme::Deb, "1.0"), parse(Scheme::Rpm, "1.0"));
    assert_eq!(deb.partial_cmp(&rpm), None);
    assert_ne!(deb, rpm);
    assert_eq!(deb.to_string(), "1.0");
}

#[test]
fn bounds_of_semver_ranges() {
    // All of these stand in published advisories.
    for (bound, version) in [
        ("0", "0.0.0-0"),
        ("6.0", "6.0.0"),
        ("0.3", "0.3.0"),
        ("8.02.4", "8.2.4"),
        ("19.03.9", "19.3.9"),
        ("2023.03.20", "2023.3.20"),
        ("v1.2", "1.2.0"),
        ("1.0.0-0", "1.0.0-0"),
        ("1.2-rc.1+b", "1.2.0-rc.1"),
        ("000.0", "0.0.0"),
        ("18446744073709551616", "v18446744073709551616.0.0"),
    ] {
        let read = Scheme::Semver.bound(bound).unwrap();
        assert_order(Scheme::Semver, &read, version, Ordering::Equal);
    }
    for text in [
        "",
        "nightly.2026-03-10.0",
        "branch-v0.1.1",
        "1.2.3.4",
        "1..2",
        "1.2-01",
        "1.x",
        "+1",
        "v",
    ] {
        assert!(Scheme::Semver.bound(text).is_err(), "{text}");
    }
    assert!(Scheme::Deb.bound("1.0_1").is_err());
    assert_eq!(Scheme::Deb.bound("1.0-1").unwrap(), "1.0-1");
}

#[test]
fn apk_tools_orders_what_it_refuses() {
    let order = |left, right| Scheme::Apk.reference_order(left, right).unwrap();
    assert_eq!(order("5.7.1p1-r0", "5.7.1p1-r1"), Ordering::Equal);
    assert_eq!(order("5.7.1p1-r0", "5.7.1-r9"), Ordering::Greater);
    assert_eq!(order("1.0_foo", "1.0"), Ordering::Less);
    assert_eq!(order("1.0_foo", "1.0_rc"), Ordering::Greater);
    assert_eq!(order("", "1"), Ordering::Less);
    assert!(Scheme::Apk.compare("5.7.1p1-r0", "5.7.1-r9").is_err());
    assert!(Scheme::Deb.reference_order("1_0", "1").is_err());
}

#[test]
fn a_megabyte_is_read_in_one_pass() {
    let pieces = [
        "0", "1", "1.", "a", "1a", ".", "-", "1-", "~", "^", "_", "_p", "_p1", "-r1", ":", "1:", "+", " ",
        "\u{a0}", "é", "\0",
    ];
    for scheme in Scheme::ALL {
        for prefix in ["", "1.0.0-", "1_p"] {
            for piece in pieces {
                let text = format!("{prefix}{}", piece.repeat(1_000_000 / piece.len()));
                if scheme.check(&text).is_ok() {
                    let longer = format!("{text}{piece}");
                    assert_eq!(scheme.compare(&text, &text).unwrap(), Ordering::Equal);
                    if scheme.check(&longer).is_ok() {
                        let order = scheme.compare(&text, &longer).unwrap();
                        assert_eq!(key(*scheme, &text).cmp(&key(*scheme, &longer)), order);
                    }
                }
            }
        }
    }
}

const STARTS: &[&str] = &[
    "", "0", "1", "1.0", "1.0.0", "v1.0.0", "1.0.0-", "1:1.0-", "1.0_p", "10.2.3", "1!1", "dev-",
];
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "0", "1", "9", "10", "01", "007", ".", "-", "+", "~", "^", "_", ":", "!", " ", ".0", ".1", ".10", "-r0", "-r1",
    "_p1", "_rc", "_alpha2", "~rc1", "^git1", "-rc.1", "-alpha", "-SNAPSHOT", ".post1", ".dev2", "a1", "rc2", "b",
    "A", "z", "el9", "-1", "--5", "+b", "99999999999999999999", "18446744073709551616", "é", "\u{feff}",
];

/// Texts made of what versions are made of: a start that is a version, then anything.
fn versions() -> impl Strategy<Value = String> {
    (select(STARTS), prop::collection::vec(select(PIECES), 0..6)).prop_map(|(start, pieces)| {
        pieces
            .into_iter()
            .fold(start.to_owned(), |text, piece| text + piece)
    })
}

/// A few versions that begin alike, so that the ends decide.
fn family() -> impl Strategy<Value = Vec<String>> {
    (
        versions(),
        prop::collection::vec((versions(), any::<Index>()), 2..6),
    )
        .prop_map(|(first, others)| {
            let letters: Vec<char> = first.chars().collect();
            let mut family: Vec<String> = others
                .iter()
                .flat_map(|(other, cut)| {
                    let start: String = letters.iter().take(cut.index(letters.len() + 1)).collect();
                    [other.clone(), start + other]
                })
                .collect();
            family.push(first);
            family
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_total_and_keys_agree(family in family()) {
        for scheme in Scheme::ALL {
            let known: Vec<&str> = family.iter().map(String::as_str).filter(|text| scheme.check(text).is_ok()).collect();
            for left in &known {
                for right in &known {
                    let order = scheme.compare(left, right).unwrap();
                    assert_order(*scheme, left, right, order);
                    // An order that keys cannot follow is one with cycles.
                    for third in known.iter().filter(|_| scheme.key_orders()) {
                        if order.is_le() && scheme.compare(right, third).unwrap().is_le() {
                            prop_assert!(scheme.compare(left, third).unwrap().is_le(), "{scheme}: {left} {right} {third}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn no_text_is_too_strange(left in any::<String>(), right in versions()) {
        for scheme in Scheme::ALL {
            let _ = scheme.compare(&left, &right);
            let _ = scheme.reference_order(&right, &left);
            let _ = scheme.bound(&left).map(|bound| scheme.check(&bound).unwrap());
            let mut key = Vec::new();
            prop_assert_eq!(scheme.key(&left, &mut key).is_ok(), scheme.check(&left).is_ok());
            prop_assert_eq!(scheme.parse(&left).is_ok(), scheme.check(&left).is_ok());
        }
    }

    #[test]
    fn semver_is_the_crate_where_both_read(left in versions(), right in versions()) {
        let read = |text: &str| semver::Version::parse(text);
        for text in [&left, &right] {
            prop_assert!(read(text).is_err() || Scheme::Semver.check(text).is_ok(), "{}", text);
        }
        if let (Ok(a), Ok(b)) = (read(&left), read(&right)) {
            prop_assert_eq!(Scheme::Semver.compare(&left, &right).unwrap(), a.cmp_precedence(&b));
        }
    }
}
