//! PyPI: <https://packaging.python.org/en/latest/specifications/version-specifiers/>, as
//! `packaging.version.Version` reads it.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["pypi", "pep440"],
    reference: "packaging 26.3, packaging.version.Version",
    check: |text| parse(text).map(drop),
    compare,
    key,
};

/// The segments, as they stand in the text. A number that is left out is empty, which counts as zero.
struct Segments<'a> {
    epoch: &'a [u8],
    /// Numbers with dots between them.
    release: &'a [u8],
    pre: Option<(Phase, &'a [u8])>,
    post: Option<&'a [u8]>,
    dev: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
}

/// What a release is preceded by, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// `1.0.dev1` comes before `1.0a1`, while `1.0a1.dev1` stays with `1.0a1`.
    DevOnly,
    Alpha,
    Beta,
    Candidate,
    Release,
}

/// Longer spellings first, so that `pre` does not take the head of `preview`.
const PRE: &[(&[u8], Phase)] = &[
    (b"alpha", Phase::Alpha),
    (b"a", Phase::Alpha),
    (b"beta", Phase::Beta),
    (b"b", Phase::Beta),
    (b"preview", Phase::Candidate),
    (b"pre", Phase::Candidate),
    (b"c", Phase::Candidate),
    (b"rc", Phase::Candidate),
];
const POST: &[(&[u8], ())] = &[(b"post", ()), (b"rev", ()), (b"r", ())];
const DEV: &[(&[u8], ())] = &[(b"dev", ())];

fn parse(text: &str) -> Result<Segments<'_>, &'static str> {
    let text = text.trim_matches(is_space).as_bytes();
    let text = match text.split_first() {
        Some((b'v' | b'V', rest)) => rest,
        _ => text,
    };
    let (number, rest) = digits::split(text);
    let (epoch, release) = match rest.split_first() {
        Some((b'!', release)) if !number.is_empty() => (number, release),
        _ => (number.get(..0).unwrap_or_default(), text),
    };
    let rest = after_release(release)?;
    let release = before(release, rest);

    let (pre, rest) = match labelled(rest, PRE) {
        Some((phase, number, rest)) => (Some((phase, number)), rest),
        None => (None, rest),
    };
    let (post, rest) = match implicit_post(rest) {
        Some((number, rest)) => (Some(number), rest),
        None => match labelled(rest, POST) {
            Some(((), number, rest)) => (Some(number), rest),
            None => (None, rest),
        },
    };
    let (dev, rest) = match labelled(rest, DEV) {
        Some(((), number, rest)) => (Some(number), rest),
        None => (None, rest),
    };
    let local = match rest.split_first() {
        None => None,
        Some((b'+', local)) => {
            let whole = |segment: &[u8]| !segment.is_empty() && segment.iter().all(u8::is_ascii_alphanumeric);
            if !local.split(is_separator).all(whole) {
                return Err("the local version after + must be letters and digits, joined by one of . _ -");
            }
            Some(local)
        }
        Some(_) => return Err("only a pre, post, dev or local segment may follow the release"),
    };
    Ok(Segments {
        epoch,
        release,
        pre,
        post,
        dev,
        local,
    })
}

/// White space to a Python pattern: that of Unicode and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
}

/// The part of `text` in front of its tail `rest`.
fn before<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    let end = text.len().saturating_sub(rest.len());
    text.get(..end).unwrap_or(text)
}

fn after_release(text: &[u8]) -> Result<&[u8], &'static str> {
    let (number, mut rest) = digits::split(text);
    if number.is_empty() {
        return Err("a release number must come first");
    }
    while let Some((b'.', after)) = rest.split_first() {
        let (number, after) = digits::split(after);
        if number.is_empty() {
            break;
        }
        rest = after;
    }
    Ok(rest)
}

/// `-1` right after the release or pre-release is `.post1`.
fn implicit_post(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (number, rest) = digits::split(text.strip_prefix(b"-")?);
    (!number.is_empty()).then_some((number, rest))
}

/// One of the words with a separator before and after it, both optional, and a number, optional too.
fn labelled<'a, T: Copy>(text: &'a [u8], words: &[(&[u8], T)]) -> Option<(T, &'a [u8], &'a [u8])> {
    let text = skip_separator(text);
    words.iter().find_map(|&(word, meaning)| {
        let (head, rest) = text.split_at_checked(word.len())?;
        if !head.eq_ignore_ascii_case(word) {
            return None;
        }
        let (number, rest) = digits::split(skip_separator(rest));
        Some((meaning, number, rest))
    })
}

fn skip_separator(text: &[u8]) -> &[u8] {
    match text.split_first() {
        Some((first, rest)) if is_separator(first) => rest,
        _ => text,
    }
}

impl<'a> Segments<'a> {
    fn phase(&self) -> (Phase, &'a [u8]) {
        match (self.pre, self.post, self.dev) {
            (Some(pre), _, _) => pre,
            (None, None, Some(_)) => (Phase::DevOnly, &[]),
            _ => (Phase::Release, &[]),
        }
    }

    fn releases(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.release.split(|byte| *byte == b'.')
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (Ok(left), Ok(right)) = (parse(left), parse(right)) else {
        // Unreachable behind `check`; still one order for all texts.
        return left.cmp(right);
    };
    digits::compare(left.epoch, right.epoch)
        .then_with(|| compare_releases(&left, &right))
        .then_with(|| {
            let ((left, left_number), (right, right_number)) = (left.phase(), right.phase());
            left.cmp(&right).then_with(|| digits::compare(left_number, right_number))
        })
        .then_with(|| match (left.post, right.post) {
            (Some(left), Some(right)) => digits::compare(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        })
        .then_with(|| match (left.dev, right.dev) {
            (Some(left), Some(right)) => digits::compare(left, right),
            (left, right) => left.is_none().cmp(&right.is_none()),
        })
        .then_with(|| match (left.local, right.local) {
            (Some(left), Some(right)) => compare_locals(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        })
}

/// Missing numbers are zeros: `1.0` is `1`.
fn compare_releases(left: &Segments<'_>, right: &Segments<'_>) -> Ordering {
    let (mut left, mut right) = (left.releases(), right.releases());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => digits::compare(left.unwrap_or_default(), right.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers follow words, and a longer local version follows its own head.
fn compare_locals(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (left.split(is_separator), right.split(is_separator));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(left), Some(right)) => match (is_number(left), is_number(right)) {
                (true, true) => digits::compare(left, right),
                (false, false) => lower(left).cmp(lower(right)),
                (left, right) => left.cmp(&right),
            },
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn is_number(segment: &[u8]) -> bool {
    segment.iter().all(u8::is_ascii_digit)
}

fn lower(word: &[u8]) -> impl Iterator<Item = u8> {
    word.iter().map(u8::to_ascii_lowercase)
}

fn key(text: &str, key: &mut Vec<u8>) {
    let Ok(version) = parse(text) else {
        return key.extend_from_slice(text.as_bytes());
    };
    digits::push(version.epoch, key);
    // Zeros are written once a number follows them, so that those at the end leave no trace.
    let mut zeros = 0;
    for number in version.releases() {
        if digits::is_zero(number) {
            zeros += 1;
            continue;
        }
        for _ in 0..zeros {
            digits::push(&[], key);
        }
        zeros = 0;
        digits::push(number, key);
    }
    key.push(0);
    let (phase, number) = version.phase();
    key.push(phase as u8);
    digits::push(number, key);
    match version.post {
        None => key.push(0),
        Some(number) => digits::push(number, key),
    }
    match version.dev {
        Some(number) => digits::push(number, key),
        None => key.extend_from_slice(&NO_DEV),
    }
    for segment in version.local.into_iter().flat_map(|local| local.split(is_separator)) {
        if is_number(segment) {
            key.push(2);
            digits::push(segment, key);
        } else {
            key.push(1);
            key.extend(lower(segment));
            key.push(0);
        }
    }
    key.push(0);
}

/// Follows every number: the count that `digits` writes in front never reaches it.
const NO_DEV: [u8; 2] = [0xFF, 0xFF];
