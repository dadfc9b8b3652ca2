//! RubyGems: `Gem::Version` (<https://guides.rubygems.org/patterns/#semantic-versioning>).
//!
//! A version is read as runs of digits and runs of letters; a hyphen stands for the letters `pre`. A run
//! of letters makes a prerelease: it sorts before any number, also before the end of a shorter version.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["gem", "rubygems"],
    reference: "RubyGems 3.3.15, Gem::Version",
    check,
    compare,
    key,
    key_orders: true,
};

/// White space to a Ruby pattern.
const SPACE: &[char] = &[' ', '\t', '\r', '\n', '\x0b', '\x0c'];

fn check(text: &str) -> Result<(), &'static str> {
    let text = text.trim_matches(SPACE).as_bytes();
    if text.is_empty() {
        // RubyGems reads a blank text as 0.
        return Ok(());
    }
    let (number, rest) = digits::split(text);
    if number.is_empty() {
        return Err("a number must come first");
    }
    let hyphen = rest.iter().position(|byte| *byte == b'-').unwrap_or(rest.len());
    let (release, prerelease) = rest.split_at(hyphen);
    let rest_of_release = match release.split_first() {
        None => None,
        Some((b'.', segments)) => Some(segments),
        Some(_) => return Err("letters must follow a dot or a hyphen"),
    };
    let segments = |text: &[u8], allowed: fn(&u8) -> bool| {
        text.split(|byte| *byte == b'.')
            .all(|segment| !segment.is_empty() && segment.iter().all(allowed))
    };
    if !rest_of_release.is_none_or(|text| segments(text, u8::is_ascii_alphanumeric)) {
        return Err("segments must be letters and digits, joined by single dots");
    }
    match prerelease.split_first() {
        Some((_, text)) if !segments(text, |byte| byte.is_ascii_alphanumeric() || *byte == b'-') => {
            Err("a prerelease after a hyphen must be letters, digits and hyphens, joined by single dots")
        }
        _ => Ok(()),
    }
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Letters(&'a [u8]),
    Number(&'a [u8]),
}

impl Segment<'_> {
    fn is_zero(self) -> bool {
        matches!(self, Self::Number(number) if digits::significant(number).is_empty())
    }
}

/// The segments in order, without the zeros that end the numbers in front: `1.0.a` is `1.a`.
#[derive(Clone)]
struct Segments<'a> {
    rest: &'a [u8],
    /// No letters have come yet, so zeros may have to be left out.
    numbers_only: bool,
    /// Zeros that are known to have a number after them.
    kept_zeros: usize,
}

impl<'a> Segments<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text.trim_matches(SPACE).as_bytes(),
            numbers_only: true,
            kept_zeros: 0,
        }
    }

    fn written(&mut self) -> Option<Segment<'a>> {
        loop {
            let (first, after) = self.rest.split_first()?;
            if *first == b'-' {
                self.rest = after;
                return Some(Segment::Letters(b"pre"));
            }
            if first.is_ascii_digit() {
                let (number, rest) = digits::split(self.rest);
                self.rest = rest;
                return Some(Segment::Number(number));
            }
            let end = self.rest.iter().position(|byte| !byte.is_ascii_alphabetic());
            let (letters, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            if !letters.is_empty() {
                self.rest = rest;
                return Some(Segment::Letters(letters));
            }
            self.rest = after;
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let segment = self.written()?;
        if !self.numbers_only {
            return Some(segment);
        }
        if !segment.is_zero() {
            self.numbers_only = matches!(segment, Segment::Number(_));
            return Some(segment);
        }
        if let Some(kept) = self.kept_zeros.checked_sub(1) {
            self.kept_zeros = kept;
            return Some(segment);
        }
        let mut ahead = self.clone();
        let mut zeros = 0;
        loop {
            match ahead.written() {
                Some(next) if next.is_zero() => zeros += 1,
                Some(Segment::Number(_)) => {
                    self.kept_zeros = zeros;
                    return Some(segment);
                }
                next => {
                    ahead.numbers_only = false;
                    *self = ahead;
                    return next;
                }
            }
        }
    }
}

/// Past its end a version goes on with zeros.
fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (Segments::of(left), Segments::of(right));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (
                left.unwrap_or(Segment::Number(&[])),
                right.unwrap_or(Segment::Number(&[])),
            ),
        };
        let order = match (left, right) {
            (Segment::Number(left), Segment::Number(right)) => digits::compare(left, right),
            (Segment::Letters(left), Segment::Letters(right)) => left.cmp(right),
            (Segment::Letters(_), Segment::Number(_)) => Ordering::Less,
            (Segment::Number(_), Segment::Letters(_)) => Ordering::Greater,
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Since the end equals zeros without end, a zero is written below the end or above it, as what follows
/// the zeros says: `1.a.0.b` is below `1.a`, and `1.a.0.1` is above.
fn key(text: &str, key: &mut Vec<u8>) {
    const END: u8 = 3;
    let mut zeros = 0;
    for segment in Segments::of(text) {
        match segment {
            _ if segment.is_zero() => {
                zeros += 1;
                continue;
            }
            Segment::Letters(letters) => {
                key.extend(std::iter::repeat_n(END - 1, zeros));
                key.push(END - 2);
                key.extend_from_slice(letters);
                key.push(0);
            }
            Segment::Number(number) => {
                for number in std::iter::repeat_n([].as_slice(), zeros).chain([number]) {
                    key.push(END + 1);
                    digits::key(number, key);
                }
            }
        }
        zeros = 0;
    }
    key.push(END);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_sort_below_numbers() {
        DEFINITION.ascends(&[
            &["0.a"],
            &["", "0", " \n", "0.0.0", "00"],
            &["0.9"],
            &["1.A"],
            &["1.a", "1.0.a", "1.0.0.a.0", "1.a.0.0"],
            &["1.a.0.1", "1.0.a0.1"],
            &["1.a.1", "1.a1", "1.0.0.a01"],
            &["1.a.2"],
            &["1.a.10"],
            &["1.b"],
            &["1.ba"],
            &["1-0.a", "1.pre.0.a"],
            &["1.pre", "1-0", "1.0-0.0"],
            &["1-1", "1.pre.1", "1-01.0"],
            &["1-1.1"],
            &["1", "1.0", "\t1.0.0\x0b", "001"],
            &["1.0.0.1"],
            &["1.0.1.a"],
            &["1.0.1"],
            &["1.0.2"],
            &["1.0.10"],
            &["1.1", "1.1.0"],
            &["99999999999999999999.1"],
            &["100000000000000000000"],
        ]);
        // Inside a prerelease zeros stay where they are, and what follows them decides.
        DEFINITION.ascends(&[
            &["1.a.b"],
            &["1.a.0.b"],
            &["1.a.0.0.b"],
            &["1.a"],
            &["1.a.0.0.1"],
            &["1.a.0.1"],
        ]);
        // A second hyphen is one more `pre`.
        DEFINITION.ascends(&[&["1-a-b"], &["1-a.pre.c", "1-a-c"], &["1-a"]]);
    }

    #[test]
    fn what_rubygems_refuses_is_refused() {
        DEFINITION.refuses(&[
            "a", "1a", "1beta", ".1", "1.", "1..2", "1.-1", "1-", "1-.1", "1-1.", "1-1..2", "1+1", "1_1",
            "1 2", "1.2 3", "1.é", "1.٣", "\u{a0}1", "1\0", "-1", "v1",
        ]);
    }

    #[test]
    fn long_texts_are_read() {
        DEFINITION.reads_long_texts(
            &["", "1", "1.", "1.a.", "1-"],
            &["0", "0.", ".0", ".a", "a1", "-", " ", "0.0.a."],
        );
    }

    proptest! {
        #[test]
        fn keys_keep_the_order(left in version(), right in version()) {
            DEFINITION.is_the_order_of_keys(&left, &right);
        }
    }

    fn version() -> impl Strategy<Value = String> {
        prop_oneof![4 => r"[0-2]{1,2}(\.([0-2]|00|[abA]{1,2}|a[01])){0,6}(-[ab01-]{1,2}(\.[ab0]){0,3})?", 1 => r"\PC{0,12}"]
    }
}
