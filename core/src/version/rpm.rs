//! RPM versions: `[epoch:]version[-release]`, ordered by librpm's `rpmVersionCompare` and `rpmvercmp`.
//!
//! librpm takes every text but the empty one: what it does not know only separates. The epoch is a run
//! of digits before the first colon (`a:1` has none), the release is what follows the last hyphen.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["rpm"],
    reference: "librpm",
    check,
    compare,
    key,
    key_orders: true,
};

fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    // C ends a text there, so that librpm would order only what stands before it.
    if text.contains('\0') {
        return Err("it has a NUL character");
    }
    Ok(())
}

struct Parts<'a> {
    /// Empty where there is none, which is epoch 0.
    epoch: &'a [u8],
    version: &'a [u8],
    release: Option<&'a [u8]>,
}

fn parts(text: &str) -> Parts<'_> {
    let text = text.as_bytes();
    let (epoch, version) = match digits::split(text) {
        (epoch, [b':', version @ ..]) => (epoch, version),
        _ => (&[][..], text),
    };
    let (version, release) = match version.iter().rposition(|byte| *byte == b'-') {
        Some(hyphen) => {
            let (version, release) = version.split_at(hyphen);
            (version, release.get(1..))
        }
        None => (version, None),
    };
    Parts {
        epoch,
        version,
        release,
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    digits::compare(left.epoch, right.epoch)
        .then_with(|| compare_segments(left.version, right.version))
        .then_with(|| match (left.release, right.release) {
            (Some(left), Some(right)) => compare_segments(left, right),
            // Compared plainly, a version without release sorts before its releases.
            (left, right) => left.is_some().cmp(&right.is_some()),
        })
}

/// A text is a row of segments; the first unlike ones decide.
///
/// In the order of librpm: `~` is before the end, `^` after it, then letters, then numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a [u8]),
    Number(&'a [u8]),
}

impl Segment<'_> {
    fn rank(self) -> u8 {
        match self {
            Segment::Tilde => 1,
            Segment::End => 2,
            Segment::Caret => 3,
            Segment::Letters(_) => 4,
            Segment::Number(_) => 5,
        }
    }
}

/// Splits off the first segment.
fn segment(text: &[u8]) -> (Segment<'_>, &[u8]) {
    let mut text = text;
    loop {
        match text {
            [] => return (Segment::End, text),
            [b'~', rest @ ..] => return (Segment::Tilde, rest),
            [b'^', rest @ ..] => return (Segment::Caret, rest),
            [b'0'..=b'9', ..] => {
                let (number, rest) = digits::split(text);
                return (Segment::Number(number), rest);
            }
            [b'A'..=b'Z' | b'a'..=b'z', ..] => {
                let length = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                let (letters, rest) = text.split_at(length);
                return (Segment::Letters(letters), rest);
            }
            [_, rest @ ..] => text = rest,
        }
    }
}

fn compare_segments(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = digits::unlike(left, right, u8::is_ascii_alphanumeric);
    loop {
        let (a, after_left) = segment(left);
        let (b, after_right) = segment(right);
        let order = match (a, b) {
            (Segment::End, Segment::End) => return Ordering::Equal,
            (Segment::Number(a), Segment::Number(b)) => digits::compare(a, b),
            (Segment::Letters(a), Segment::Letters(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (after_left, after_right);
    }
}

fn key(text: &str, key: &mut Vec<u8>) {
    let parts = parts(text);
    digits::key(parts.epoch, key);
    push_segments(parts.version, key);
    key.push(parts.release.is_some().into());
    if let Some(release) = parts.release {
        push_segments(release, key);
    }
}

fn push_segments(mut text: &[u8], key: &mut Vec<u8>) {
    loop {
        let (segment, rest) = segment(text);
        key.push(segment.rank());
        match segment {
            Segment::End => return,
            Segment::Number(number) => digits::key(number, key),
            Segment::Letters(letters) => {
                key.extend_from_slice(letters);
                // Below every letter, so that `a` comes before `aa`.
                key.push(0);
            }
            Segment::Tilde | Segment::Caret => {}
        }
        text = rest;
    }
}
