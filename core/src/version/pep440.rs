//! PyPI: <https://packaging.python.org/en/latest/specifications/version-specifiers/>, as
//! `packaging.version.Version` reads it.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["pypi", "pep440"],
    reference: "packaging 26.3, packaging.version.Version",
    check: |text| suffix(release(text)?.rest).map(drop),
    compare,
    key,
    key_orders: true,
};

/// The front of a version, which decides most comparisons alone. An epoch that is left out is empty, which
/// counts as zero.
struct Release<'a> {
    epoch: &'a [u8],
    /// Numbers with dots between them.
    numbers: &'a [u8],
    rest: &'a [u8],
}

/// What may follow the release. A number that is left out is empty, which counts as zero.
struct Suffix<'a> {
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

fn release(text: &str) -> Result<Release<'_>, &'static str> {
    let text = text.trim_matches(is_space).as_bytes();
    let text = match text {
        [b'v' | b'V', rest @ ..] => rest,
        text => text,
    };
    let (epoch, text) = match digits::split(text) {
        (epoch @ [_, ..], [b'!', rest @ ..]) => (epoch, rest),
        _ => ([].as_slice(), text),
    };
    let (first, mut rest) = digits::split(text);
    if first.is_empty() {
        return Err("a release number must come first");
    }
    while let [b'.', after @ ..] = rest {
        let (number, after) = digits::split(after);
        if number.is_empty() {
            break;
        }
        rest = after;
    }
    let (numbers, rest) = text.split_at(text.len() - rest.len());
    Ok(Release { epoch, numbers, rest })
}

fn suffix(text: &[u8]) -> Result<Suffix<'_>, &'static str> {
    let (pre, text) = labelled(text, PRE);
    let (post, text) = match implicit_post(text) {
        Some((number, rest)) => (Some(((), number)), rest),
        None => labelled(text, POST),
    };
    let (dev, text) = labelled(text, DEV);
    let local = match text {
        [] => None,
        [b'+', local @ ..] => {
            let whole = |segment: &[u8]| !segment.is_empty() && segment.iter().all(u8::is_ascii_alphanumeric);
            if !local.split(is_separator).all(whole) {
                return Err("the local version after + must be letters and digits, joined by one of . _ -");
            }
            Some(local)
        }
        _ => return Err("only a pre, post, dev or local segment may follow the release"),
    };
    Ok(Suffix {
        pre,
        post: post.map(|((), number)| number),
        dev: dev.map(|((), number)| number),
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

/// `-1` right after the release or pre-release is `.post1`.
fn implicit_post(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (number, rest) = digits::split(text.strip_prefix(b"-")?);
    (!number.is_empty()).then_some((number, rest))
}

/// Takes one of the words, with or without a separator before and after it, and the number it may have.
fn labelled<'a, T: Copy>(text: &'a [u8], words: &[(&[u8], T)]) -> (Option<(T, &'a [u8])>, &'a [u8]) {
    let labelled = skip_separator(text);
    let found = words.iter().find_map(|&(word, meaning)| {
        let (head, rest) = labelled.split_at_checked(word.len())?;
        head.eq_ignore_ascii_case(word).then_some((meaning, rest))
    });
    match found {
        Some((meaning, rest)) => {
            let (number, rest) = digits::split(skip_separator(rest));
            (Some((meaning, number)), rest)
        }
        None => (None, text),
    }
}

fn skip_separator(text: &[u8]) -> &[u8] {
    match text.split_first() {
        Some((first, rest)) if is_separator(first) => rest,
        _ => text,
    }
}

impl<'a> Suffix<'a> {
    fn phase(&self) -> (Phase, &'a [u8]) {
        match (self.pre, self.post, self.dev) {
            (Some(pre), _, _) => pre,
            (None, None, Some(_)) => (Phase::DevOnly, &[]),
            _ => (Phase::Release, &[]),
        }
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (Ok(one), Ok(other)) = (release(left), release(right)) else {
        // Does not happen behind `check`; still one order for all texts.
        return left.cmp(right);
    };
    let order =
        digits::compare(one.epoch, other.epoch).then_with(|| compare_numbers(one.numbers, other.numbers));
    if order.is_ne() {
        return order;
    }
    match (suffix(one.rest), suffix(other.rest)) {
        (Ok(one), Ok(other)) => compare_suffixes(&one, &other),
        _ => left.cmp(right),
    }
}

/// Missing numbers are zeros: `1.0` is `1`.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (left.split(is_dot), right.split(is_dot));
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

fn is_dot(byte: &u8) -> bool {
    *byte == b'.'
}

fn compare_suffixes(left: &Suffix<'_>, right: &Suffix<'_>) -> Ordering {
    let ((phase, number), (other_phase, other_number)) = (left.phase(), right.phase());
    phase
        .cmp(&other_phase)
        .then_with(|| digits::compare(number, other_number))
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
    let read = release(text).and_then(|release| suffix(release.rest).map(|suffix| (release, suffix)));
    let Ok((release, suffix)) = read else {
        return key.extend_from_slice(text.as_bytes());
    };
    digits::key(release.epoch, key);
    // Zeros are written once a number follows them, so that those at the end leave no trace.
    let mut zeros = 0;
    for number in release.numbers.split(is_dot) {
        if digits::significant(number).is_empty() {
            zeros += 1;
            continue;
        }
        for number in std::iter::repeat_n([].as_slice(), zeros).chain([number]) {
            key.push(1);
            digits::key(number, key);
        }
        zeros = 0;
    }
    key.push(0);
    let (phase, number) = suffix.phase();
    key.push(phase as u8);
    digits::key(number, key);
    key.push(u8::from(suffix.post.is_some()));
    digits::key(suffix.post.unwrap_or_default(), key);
    key.push(u8::from(suffix.dev.is_none()));
    digits::key(suffix.dev.unwrap_or_default(), key);
    for segment in suffix
        .local
        .into_iter()
        .flat_map(|local| local.split(is_separator))
    {
        if is_number(segment) {
            key.push(2);
            digits::key(segment, key);
        } else {
            key.push(1);
            key.extend(lower(segment));
            key.push(0);
        }
    }
    key.push(0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn segments_order_as_the_specification_has_it() {
        DEFINITION.ascends(&[
            &["0"],
            &["0.0.0.1.dev1"],
            &["1.dev0", "1.0DEV", " 1.0.0-dev\n", "v1_dev_0", "\u{a0}1.dev\x1c"],
            &["1.dev2"],
            &["1a0.dev1", "1.ALPHA.dev-1"],
            &["1a0", "1alpha", "1.0-a.", "V1.0_alpha-00"],
            &["1a0.post0.dev9", "1a-r-dev9"],
            &["1a0.post0", "1alpha.rev", "1a--0"],
            &["1a2"],
            &["1a10"],
            &["1b0", "1.beta"],
            &["1rc0", "1c", "1.0pre", "1-preview_0", "1.0.RC0"],
            &["1rc0.post2"],
            &["1", "1.0", "01.00", "0!1", "1.0.0.0"],
            &["1+0a"],
            &["1+a"],
            &["1+abc", "1.0+ABC"],
            &["1+abc.1", "1+abc-01", "1+abc_1"],
            &["1+0"],
            &["1+9.a"],
            &["1+9.0"],
            &["1+20130301"],
            &["1.post0.dev1"],
            &["1.post0", "1-0", "1r", "1.rev"],
            &["1.post0+local"],
            &["1.post1", "1-1"],
            &["1.0.1"],
            &["1.1.dev1"],
            &["1.2"],
            &["1.10"],
            &["99999999999999999999999999999"],
            &["100000000000000000000000000000"],
            &["1!0.1"],
            &["2!0"],
        ]);
    }

    #[test]
    fn what_packaging_refuses_is_refused() {
        DEFINITION.refuses(&[
            "",
            " ",
            "v",
            "!1",
            "1!",
            ".1",
            "1.",
            "1..0",
            "1.0-",
            "1-",
            "1--1",
            "1.0.x",
            "1+",
            "1+_",
            "1+a..b",
            "1+a+b",
            "1+é",
            "1 0",
            "1.0-final",
            "1.0p1",
            "1.0alph",
            "1.0.post.1.1",
            "1.0dev1a1",
            "٣.0",
            "1po\u{17f}t",
            "vv1",
            "french toast",
            "1!2!3",
        ]);
    }

    #[test]
    fn long_texts_are_read() {
        DEFINITION.reads_long_texts(
            &["", "1", "1+", "1a"],
            &["0", "9", "0.", ".0", "1-", "a.", " ", "\u{a0}"],
        );
    }

    fn version() -> impl Strategy<Value = String> {
        let text = r"(v|[0-2]!)?[0-2]{1,2}(\.[0-2]){0,3}([._-]?(a|b|c|rc|pre|ALPHA)[._-]?[0-2]?)?(-[0-2]|[._-]?(post|r)[._-]?[0-2]?)?([.-]?dev[0-2]?)?(\+[ab01]{1,2}([._-][ab01]{1,2}){0,2})?";
        prop_oneof![4 => text, 1 => r"\PC{0,12}"]
    }

    proptest! {
        #[test]
        fn keys_keep_the_order(left in version(), right in version()) {
            DEFINITION.is_the_order_of_keys(&left, &right);
        }
    }
}
