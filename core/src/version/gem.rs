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
        matches!(self, Self::Number(number) if digits::is_zero(number))
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

/// Since the end equals zeros without end, a run of zeros is written with what follows it: before
/// letters it sorts below the end, and the more zeros the higher; before a number it is the reverse.
fn key(text: &str, key: &mut Vec<u8>) {
    let mut zeros = 0;
    for segment in Segments::of(text) {
        match segment {
            _ if segment.is_zero() => {
                zeros += 1;
                continue;
            }
            Segment::Letters(letters) => {
                key.push(1);
                digits::push_count(zeros, key);
                key.extend_from_slice(letters);
                key.push(0);
            }
            Segment::Number(number) => {
                key.push(3);
                let start = key.len();
                digits::push_count(zeros, key);
                key.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
                digits::push(number, key);
            }
        }
        zeros = 0;
    }
    key.push(2);
}
