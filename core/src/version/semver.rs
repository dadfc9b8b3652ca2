//! SemVer 2.0 precedence for npm, crates.io, Go, Hex and OSV's ranges of type `SEMVER`.
//!
//! Three programs judge such texts: the crate `semver` (strict), node-semver and golang.org/x/mod/semver.
//! A text is a version where at least one of them takes it:
//!
//! | text | `semver` | node-semver | x/mod/semver |
//! |---|---|---|---|
//! | `1.2.3`, `1.2.3-rc.1+build` | yes | yes | no |
//! | `v1.2.3`, `v2.0.0+incompatible` | no | yes | yes |
//! | `v1`, `v1.2` | no | no | yes, as `v1.0.0` and `v1.2.0` |
//! | ` 1.2.3 ` | no | yes | no |
//! | numbers up to | 2⁶⁴-1 | 2⁵³-1 | any |
//!
//! They differ in one order: node-semver rounds numeric prerelease identifiers above 2⁵³ to doubles, so that
//! unlike ones may be equal. Here, as in the two others, all digits count.
//!
//! So `1`, `1.2`, `1.2.3.4`, `01.2.3` and `1.2.3-01` are none. Advisories write a few of them as bounds all
//! the same: see [`bound`].

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["semver", "npm", "cargo", "golang", "go"],
    reference: "SemVer 2.0: crate semver, node-semver, golang.org/x/mod/semver",
    check,
    compare,
    key,
    key_orders: true,
};

/// A text of the grammar `[v]number[.number[.number[-prerelease][+build]]]`.
struct Grammar<'a> {
    text: &'a str,
    spaces: bool,
    v: bool,
    numbers: Numbers<'a>,
    count: usize,
}

type Numbers<'a> = [&'a [u8]; 3];

impl<'a> Grammar<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let inner = trim(text);
        let (v, mut rest) = strip_v(inner.as_bytes());
        let mut numbers: Numbers<'_> = [&[]; 3];
        let mut count = 0;
        for slot in &mut numbers {
            if count > 0 {
                match rest {
                    [b'.', after @ ..] => rest = after,
                    _ => break,
                }
            }
            (*slot, rest) = digits::split(rest);
            match *slot {
                [] => return Err("a number is missing"),
                [b'0', _, ..] => return Err("a number has a leading zero"),
                _ => count += 1,
            }
        }
        if count == 3 {
            if let [b'-', after @ ..] = rest {
                rest = identifiers(after, Zeros::Refused)?;
            }
            if let [b'+', after @ ..] = rest {
                rest = identifiers(after, Zeros::Allowed)?;
            }
        }
        if !rest.is_empty() {
            return Err("a character stands where number.number.number[-prerelease][+build] has none");
        }
        Ok(Self {
            text,
            spaces: inner.len() < text.len(),
            v,
            numbers,
            count,
        })
    }

    fn numbers_reach(&self, limit: &[u8]) -> bool {
        self.numbers
            .iter()
            .all(|number| number.len() < limit.len() || digits::compare(number, limit).is_le())
    }

    /// Whether the crate `semver` reads it.
    fn is_cargo(&self) -> bool {
        !self.spaces && !self.v && self.count == 3 && self.numbers_reach(b"18446744073709551615")
    }

    /// Whether node-semver reads it: at most 256 characters and JavaScript's safe integers.
    fn is_node(&self) -> bool {
        self.count == 3 && self.numbers_reach(b"9007199254740991") && self.text.chars().count() <= 256
    }

    /// Whether x/mod/semver reads it.
    fn is_go(&self) -> bool {
        !self.spaces && self.v
    }
}

/// Numeric identifiers may start with zeros in build metadata only.
#[derive(Clone, Copy, PartialEq)]
enum Zeros {
    Allowed,
    Refused,
}

/// Checks the identifiers that a text starts with; gives what follows them.
fn identifiers(mut text: &[u8], zeros: Zeros) -> Result<&[u8], &'static str> {
    loop {
        let length = text
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
            .count();
        let (identifier, rest) = text.split_at(length);
        match identifier {
            [] => return Err("an identifier after - or + is empty or has another character"),
            [b'0', _, ..] if zeros == Zeros::Refused && is_numeric(identifier) => {
                return Err("a numeric identifier has a leading zero");
            }
            _ => {}
        }
        match rest {
            [b'.', after @ ..] => text = after,
            _ => return Ok(rest),
        }
    }
}

fn is_numeric(identifier: &[u8]) -> bool {
    identifier.iter().all(u8::is_ascii_digit)
}

fn strip_v(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'v', rest @ ..] => (true, rest),
        _ => (false, text),
    }
}

/// JavaScript's `trim`: Unicode's white space, less NEL, and the byte order mark.
fn trim(text: &str) -> &str {
    // Nearly every text: it starts and ends with what is no space.
    if let ([first, ..], [.., last]) = (text.as_bytes(), text.as_bytes())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    text.trim_matches(|letter: char| match letter {
        '\u{85}' => false,
        '\u{feff}' => true,
        letter => letter.is_whitespace(),
    })
}

fn check(text: &str) -> Result<(), &'static str> {
    let version = Grammar::read(text)?;
    if version.is_cargo() || version.is_node() || version.is_go() {
        Ok(())
    } else if version.count < 3 {
        Err("it needs three numbers; only with a leading v may they be fewer")
    } else {
        Err("a number or the text is too long")
    }
}

/// A bound as advisories write it, as a version of this scheme.
///
/// OSV's `0` is before everything. Short forms (`1.2`) and leading zeros (`19.03.9`, `2023.03.20`) stand in
/// ranges of type `SEMVER` although no reader of versions takes them; they can be ordered only one way.
pub(super) fn bound(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let Err(reason) = check(text) else {
        return Ok(Cow::Borrowed(text));
    };
    let inner = trim(text);
    if inner == "0" {
        return Ok(Cow::Borrowed("0.0.0-0"));
    }
    let inner = inner.strip_prefix('v').unwrap_or(inner);
    let (release, tail) = inner.split_at(inner.find(['-', '+']).unwrap_or(inner.len()));
    let mut numbers = release.split('.');
    // A leading v admits numbers of any length.
    let mut version = String::from("v");
    for separator in [".", ".", ""] {
        let number = numbers.next().unwrap_or("0");
        match number.trim_start_matches('0') {
            "" if number.is_empty() => return Err(reason),
            "" => version.push('0'),
            significant => version.push_str(significant),
        }
        version.push_str(separator);
    }
    if numbers.next().is_some() {
        return Err(reason);
    }
    version.push_str(tail);
    check(&version)?;
    Ok(Cow::Owned(version))
}

/// A text that passed [`check`], without what has no say in the order.
struct Parts<'a> {
    /// Empty where Go's short forms leave one out, which is 0.
    numbers: Numbers<'a>,
    /// Empty for a release.
    prerelease: &'a [u8],
}

fn parts(text: &str) -> Parts<'_> {
    let (_, text) = strip_v(trim(text).as_bytes());
    let (major, rest) = digits::split(text);
    let (minor, rest) = next_number(rest);
    let (patch, rest) = next_number(rest);
    let prerelease = match rest {
        [b'-', rest @ ..] => rest.split(|byte| *byte == b'+').next().unwrap_or_default(),
        _ => &[],
    };
    Parts {
        numbers: [major, minor, patch],
        prerelease,
    }
}

fn next_number(text: &[u8]) -> (&[u8], &[u8]) {
    match text {
        [b'.', rest @ ..] => digits::split(rest),
        _ => (&[], text),
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    for (left, right) in left.numbers.iter().zip(right.numbers) {
        let order = digits::compare(left, right);
        if order != Ordering::Equal {
            return order;
        }
    }
    match (left.prerelease, right.prerelease) {
        ([], []) => Ordering::Equal,
        ([], _) => Ordering::Greater,
        (_, []) => Ordering::Less,
        (left, right) => compare_prerelease(left, right),
    }
}

fn compare_prerelease(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (split_identifiers(left), split_identifiers(right));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(left), Some(right)) => match (is_numeric(left), is_numeric(right)) {
                (true, true) => digits::compare(left, right),
                (false, false) => left.cmp(right),
                // Numbers come before words.
                (left, right) => right.cmp(&left),
            },
            // Of two rows alike so far, the shorter is less.
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn split_identifiers(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'.')
}

// Key: the three numbers; 2 for a release; else 1, the identifiers (2 and a number, 3 and a word that 0
// ends), and 1 for their end.
fn key(text: &str, key: &mut Vec<u8>) {
    let parts = parts(text);
    for number in parts.numbers {
        digits::key(number, key);
    }
    if parts.prerelease.is_empty() {
        key.push(2);
        return;
    }
    key.push(1);
    for identifier in split_identifiers(parts.prerelease) {
        if is_numeric(identifier) {
            key.push(2);
            digits::key(identifier, key);
        } else {
            key.push(3);
            key.extend_from_slice(identifier);
            key.push(0);
        }
    }
    key.push(1);
}
