//! Debian versions: `[epoch:]upstream[-revision]`, as dpkg reads and orders them (deb-version(7)).
//!
//! Only what dpkg takes without a warning is a version: `parseversion` must succeed, not merely go on.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["deb", "debian", "dpkg"],
    reference: "dpkg",
    check,
    compare,
    key,
    key_orders: true,
};

/// The three parts, which are compared one after the other.
struct Parts<'a> {
    epoch: Option<&'a [u8]>,
    upstream: &'a [u8],
    revision: Option<&'a [u8]>,
}

fn parts(text: &str) -> Parts<'_> {
    let text = text.trim_matches(is_space).as_bytes();
    let (epoch, version) = match text.iter().position(|byte| *byte == b':') {
        Some(colon) => (text.get(..colon), text.get(colon + 1..).unwrap_or_default()),
        None => (None, text),
    };
    let (upstream, revision) = match version.iter().rposition(|byte| *byte == b'-') {
        Some(hyphen) => (
            version.get(..hyphen).unwrap_or_default(),
            version.get(hyphen + 1..),
        ),
        None => (version, None),
    };
    Parts {
        epoch,
        upstream,
        revision,
    }
}

impl Parts<'_> {
    fn epoch(&self) -> u32 {
        self.epoch
            .and_then(|epoch| read_epoch(epoch).ok())
            .unwrap_or_default()
    }

    /// Empty where there is none: dpkg orders `1.0` and `1.0-0` as equals.
    fn revision(&self) -> &[u8] {
        self.revision.unwrap_or_default()
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    let parts = parts(text);
    if let Some(epoch) = parts.epoch {
        read_epoch(epoch)?;
    }
    if parts.revision.is_some_and(<[u8]>::is_empty) {
        return Err("nothing follows the last hyphen");
    }
    match parts.upstream {
        [] => return Err("it has no upstream version"),
        [b'0'..=b'9', ..] => {}
        _ => return Err("the upstream version does not start with a digit"),
    }
    if !consists_of(parts.upstream, UPSTREAM) {
        return Err("the upstream version allows letters, digits and . - + ~ : only");
    }
    if !consists_of(parts.revision(), REVISION) {
        return Err("the revision allows letters, digits and . + ~ only");
    }
    Ok(())
}

const REVISION: u128 = ascii_set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.+~");
const UPSTREAM: u128 = REVISION | ascii_set(b"-:");

/// One bit for each ASCII character.
const fn ascii_set(mut characters: &[u8]) -> u128 {
    let mut set = 0;
    while let [first, rest @ ..] = characters {
        set |= 1 << *first;
        characters = rest;
    }
    set
}

fn consists_of(text: &[u8], set: u128) -> bool {
    text.iter().all(|byte| byte.is_ascii() && (set >> byte) & 1 == 1)
}

/// Reads an epoch as C's `strtol` does for dpkg: a sign may stand before the digits.
fn read_epoch(text: &[u8]) -> Result<u32, &'static str> {
    let (negative, number) = match text {
        [b'-', number @ ..] => (true, number),
        [b'+', number @ ..] => (false, number),
        number => (false, number),
    };
    let (number, rest) = digits::split(number);
    if number.is_empty() || !rest.is_empty() {
        return Err("the epoch is not a number");
    }
    let value = number.iter().fold(0_u32, |value, digit| {
        value.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
    });
    match (negative, value) {
        (true, 1..) => Err("the epoch is negative"),
        (false, 0x8000_0000..) => Err("the epoch is above 2147483647"),
        (_, value) => Ok(value),
    }
}

/// The spaces of C's `isspace`, which are one more (`\v`) than Rust's ASCII white space.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t'..='\r')
}

fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    left.epoch()
        .cmp(&right.epoch())
        .then_with(|| compare_part(left.upstream, right.upstream))
        .then_with(|| compare_part(left.revision(), right.revision()))
}

/// Runs of non-digits and of digits in turn.
fn compare_part(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = digits::unlike(left, right, u8::is_ascii_digit);
    loop {
        loop {
            let (a, b) = (rank(left.first()), rank(right.first()));
            if a != b {
                return a.cmp(&b);
            }
            if a == END {
                break;
            }
            left = left.get(1..).unwrap_or_default();
            right = right.get(1..).unwrap_or_default();
        }
        if left.is_empty() && right.is_empty() {
            return Ordering::Equal;
        }
        let (a, after_left) = digits::split(left);
        let (b, after_right) = digits::split(right);
        match digits::compare(a, b) {
            Ordering::Equal => (left, right) = (after_left, after_right),
            order => return order,
        }
    }
}

/// Where a run of non-digits ends, at a digit or with the text: after `~`, before all else.
const END: u8 = 2;

/// Place of a byte in a run of non-digits: `~`, the end, letters, everything else.
fn rank(byte: Option<&u8>) -> u8 {
    match byte.copied() {
        None | Some(b'0'..=b'9') => END,
        Some(b'~') => 1,
        Some(letter @ (b'A'..=b'Z' | b'a'..=b'z')) => letter,
        Some(mark) => mark | 0x80,
    }
}

fn key(text: &str, key: &mut Vec<u8>) {
    let parts = parts(text);
    key.extend_from_slice(&parts.epoch().to_be_bytes());
    for mut rest in [parts.upstream, parts.revision()] {
        loop {
            while let Some(byte) = rest.first().filter(|byte| !byte.is_ascii_digit()) {
                key.push(rank(Some(byte)));
                rest = rest.get(1..).unwrap_or_default();
            }
            key.push(END);
            let (number, after) = digits::split(rest);
            digits::key(number, key);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        // A longer text goes on with `~` (less) or another mark (more), never with END.
        key.push(END);
    }
}
