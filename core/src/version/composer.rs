//! Packagist: the versions of Composer (<https://getcomposer.org/doc/articles/versions.md>).
//!
//! Composer normalises a version with `VersionParser::normalize` and hands the result to PHP's
//! `version_compare`. Both are done here in one walk over the text as written.
//!
//! Composer gives no order to two unlike branches (`dev-a`, `dev-b`); here they order by name. Any
//! branch sorts below any number, as it does there.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["composer", "packagist"],
    reference: "composer/semver 3.4.4, VersionParser::normalize and Comparator",
    check: |text| normalize(text.as_bytes()).map(drop),
    compare,
    key,
    key_orders: true,
};

enum Normal<'a> {
    /// `dev-` and this name.
    Branch(&'a [u8]),
    Release(Release<'a>),
}

struct Release<'a> {
    /// Numbers, or the `x` and `*` of a numeric branch, with one separator between each two.
    numbers: &'a [u8],
    /// What stands for each number missing out of four; dates are taken as they are.
    fill: Option<&'static [u8]>,
    stability: Option<Form>,
    /// Numbers after the stability.
    serial: &'a [u8],
    dev: bool,
}

/// Words in the order that `version_compare` gives them, among numbers and the end of the version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// A word that `version_compare` does not know. `1.0-stable` never gets there, `1.0-Stable` does.
    Unknown = 1,
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number,
    /// In a key, the values between stand for a number with so many bytes.
    Patch = 16,
}

/// Longer spellings first, so that `p` does not take the head of `patch`.
const STABILITIES: &[(&[u8], Form)] = &[
    (b"stable", Form::Unknown),
    (b"beta", Form::Beta),
    (b"b", Form::Beta),
    (b"RC", Form::Candidate),
    (b"alpha", Form::Alpha),
    (b"a", Form::Alpha),
    (b"patch", Form::Patch),
    (b"pl", Form::Patch),
    (b"p", Form::Patch),
];

/// What Composer puts for the `x` of `1.x-dev`.
const WILDCARD: &[u8] = b"9999999";

fn normalize(text: &[u8]) -> Result<Normal<'_>, &'static str> {
    let text = without_flag(without_alias(trim(text)));
    if matches!(text, b"master" | b"trunk" | b"default") {
        return Ok(Normal::Branch(text));
    }
    if let Some(name) = strip_word(text, b"dev-") {
        return Ok(Normal::Branch(name));
    }
    let text = without_build(text);
    classical(text)
        .or_else(|| date(text))
        .or_else(|| numeric_branch(text))
        .map(Normal::Release)
        .ok_or("neither numbers with a stability, nor a date, nor a branch")
}

/// PHP's `trim`.
fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0B | 0);
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let text = text.split_at(start).1;
    let end = text
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(0, |last| last + 1);
    text.split_at(end).0
}

/// White space to a pattern of PHP.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The end of a pattern lets a last line feed stand.
fn chomp(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}

fn strip_word<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

fn strip_last_word<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
    tail.eq_ignore_ascii_case(word).then_some(rest)
}

/// `dev-fix as 1.0` is `dev-fix`.
fn without_alias(text: &[u8]) -> &[u8] {
    let is_stop = |byte: &u8| *byte == b',' || is_space(*byte);
    let blanks_end = |text: &[u8]| text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    let name_end = text.iter().position(is_stop).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let aliased = || {
        let (blanks, rest) = rest.split_at(blanks_end(rest));
        let rest = rest.strip_prefix(b"as")?;
        let (more_blanks, alias) = rest.split_at(blanks_end(rest));
        let parts = [name, blanks, more_blanks, alias];
        (parts.iter().all(|part| !part.is_empty()) && !alias.iter().any(is_stop)).then_some(name)
    };
    aliased().unwrap_or(text)
}

/// `1.0@beta` is `1.0`.
fn without_flag(text: &[u8]) -> &[u8] {
    let flags: [&[u8]; 5] = [b"@stable", b"@RC", b"@beta", b"@alpha", b"@dev"];
    flags
        .iter()
        .find_map(|flag| strip_last_word(text, flag))
        .unwrap_or(text)
}

/// `1.0+build` is `1.0`.
fn without_build(text: &[u8]) -> &[u8] {
    let stop = text
        .iter()
        .position(|byte| matches!(byte, b',' | b'+') || is_space(*byte));
    let Some((version, [b'+', build @ ..])) = stop.and_then(|stop| text.split_at_checked(stop)) else {
        return text;
    };
    let build = chomp(build);
    let is_build = !version.is_empty() && !build.is_empty() && !build.iter().any(|byte| is_space(*byte));
    if is_build { version } else { text }
}

fn without_v(text: &[u8]) -> &[u8] {
    strip_word(text, b"v").unwrap_or(text)
}

/// The part of `text` in front of its tail `rest`.
fn before<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    text.split_at(text.len().saturating_sub(rest.len())).0
}

/// One to four numbers, the first of at most five digits, so that a longer one can be a date.
fn classical(text: &[u8]) -> Option<Release<'_>> {
    let text = without_v(text);
    let (first, mut rest) = digits::split(text);
    if !(1..=5).contains(&first.len()) {
        return None;
    }
    for _ in 1..4 {
        match rest.strip_prefix(b".").map(digits::split) {
            Some((number, after)) if !number.is_empty() => rest = after,
            _ => break,
        }
    }
    modified(before(text, rest), Some(b"0"), rest)
}

/// A year and one to six pairs of digits, then up to two numbers of one to three digits, each with or
/// without a separator in front: `2010-01-02.5`, `20100102203040-10`.
fn date(text: &[u8]) -> Option<Release<'_>> {
    let text = without_v(text);
    let (year, mut rest) = text.split_at_checked(4)?;
    if !year.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut readings = Readings::YEAR;
    loop {
        let (run, after) = digits::split(match rest.split_first() {
            Some((b'.' | b':' | b'-', after)) => after,
            _ => rest,
        });
        if run.is_empty() {
            break;
        }
        readings = readings.after(run.len());
        rest = after;
    }
    readings
        .is_date()
        .then(|| modified(before(text, rest), None, rest))?
}

/// The ways to read the digits so far: bit n for n pairs after the year, then one bit each for one and
/// for two numbers after the pairs.
#[derive(Clone, Copy)]
struct Readings(u16);

impl Readings {
    const YEAR: Self = Self(1);
    const BELOW_SIX_PAIRS: u16 = 0b011_1111;
    const SOME_PAIRS: u16 = 0b111_1110;
    const ONE_NUMBER: u16 = 1 << 7;
    const TWO_NUMBERS: u16 = 1 << 8;

    fn after(self, run: usize) -> Self {
        // The readings that end here, and one, two and three digits further on.
        let (mut here, mut one, mut two, mut three) = (self.0, 0, 0, 0);
        for _ in 0..run {
            let mut number = 0;
            if here & Self::SOME_PAIRS != 0 {
                number |= Self::ONE_NUMBER;
            }
            if here & Self::ONE_NUMBER != 0 {
                number |= Self::TWO_NUMBERS;
            }
            one |= number;
            two |= number | (here & Self::BELOW_SIX_PAIRS) << 1;
            three |= number;
            (here, one, two, three) = (one, two, three, 0);
        }
        Self(here)
    }

    fn is_date(self) -> bool {
        self.0 & !Self::YEAR.0 != 0
    }
}

/// Takes the stability and `dev` at the end, each with an optional separator: `-rc.1`, `_a2-dev`, `.dev`.
fn modified<'a>(numbers: &'a [u8], fill: Option<&'static [u8]>, text: &'a [u8]) -> Option<Release<'a>> {
    let text = match chomp(text) {
        [b'.' | b'_' | b'-', rest @ ..] => rest,
        text => text,
    };
    let plain = Release {
        numbers,
        fill,
        stability: None,
        serial: &[],
        dev: false,
    };
    let known = STABILITIES
        .iter()
        .find_map(|&(word, form)| Some((form, strip_word(text, word)?)));
    let Some((form, after)) = known else {
        let dev = ends_release(text)?;
        return Some(Release { dev, ..plain });
    };
    let mut rest = after;
    loop {
        let (run, after) = digits::split(skip_dot_or_hyphen(rest));
        if run.is_empty() {
            break;
        }
        rest = after;
    }
    let dev = ends_release(rest)?;
    if text.starts_with(b"stable") {
        return Some(plain);
    }
    Some(Release {
        stability: Some(form),
        serial: skip_dot_or_hyphen(before(after, rest)),
        dev,
        ..plain
    })
}

fn skip_dot_or_hyphen(text: &[u8]) -> &[u8] {
    match text {
        [b'.' | b'-', rest @ ..] => rest,
        text => text,
    }
}

/// Whether a release ends in `dev`; nothing if something else is left.
fn ends_release(text: &[u8]) -> Option<bool> {
    if text.is_empty() {
        return Some(false);
    }
    skip_dot_or_hyphen(text)
        .eq_ignore_ascii_case(b"dev")
        .then_some(true)
}

/// `1.x-dev`, `v2.0.*-dev`: only its last line counts, since a dot of the pattern stops at a line feed.
fn numeric_branch(text: &[u8]) -> Option<Release<'_>> {
    let name = strip_last_word(chomp(text), b"dev")?;
    let name = match name {
        [name @ .., b'.' | b'-'] => name,
        name => name,
    };
    let name = without_v(trim(name.rsplit(|byte| *byte == b'\n').next()?));
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = name.split(|byte| *byte == b'.');
    let numeric = parts.next().is_some_and(is_number)
        && parts
            .by_ref()
            .take(3)
            .all(|part| is_number(part) || matches!(part, b"x" | b"X" | b"*"))
        && parts.next().is_none();
    numeric.then_some(Release {
        numbers: name,
        fill: Some(WILDCARD),
        stability: None,
        serial: &[],
        dev: true,
    })
}

impl<'a> Release<'a> {
    /// What `version_compare` looks at, one after the other; the text goes with `Form::Number`.
    fn parts(&self) -> impl Iterator<Item = (Form, &'a [u8])> + use<'a> {
        let number = |text| (Form::Number, text);
        let numbers = self.numbers.split(|byte| matches!(byte, b'.' | b':' | b'-'));
        let given = match self.fill {
            Some(_) => numbers.clone().take(4).count(),
            None => 4,
        };
        let fill = std::iter::repeat_n(self.fill.unwrap_or_default(), 4 - given);
        let serial = self.serial.split(|byte| matches!(byte, b'.' | b'-'));
        numbers
            .map(|part| {
                if matches!(part, b"x" | b"X" | b"*") {
                    WILDCARD
                } else {
                    part
                }
            })
            .chain(fill)
            .map(number)
            .chain(self.stability.map(|form| (form, [].as_slice())))
            .chain(serial.filter(|part| !part.is_empty()).map(number))
            .chain(self.dev.then_some((Form::Dev, [].as_slice())))
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    match (normalize(left.as_bytes()), normalize(right.as_bytes())) {
        (Ok(Normal::Release(left)), Ok(Normal::Release(right))) => compare_releases(&left, &right),
        (Ok(Normal::Branch(left)), Ok(Normal::Branch(right))) => left.cmp(right),
        (Ok(Normal::Branch(_)), Ok(_)) => Ordering::Less,
        (Ok(_), Ok(Normal::Branch(_))) => Ordering::Greater,
        // Unreachable behind `check`; still one order for all texts.
        _ => left.cmp(right),
    }
}

fn compare_releases(left: &Release<'_>, right: &Release<'_>) -> Ordering {
    let (mut left, mut right) = (left.parts(), right.parts());
    loop {
        let ((left, left_number), (right, right_number)) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or(END), right.unwrap_or(END)),
        };
        let order = left
            .cmp(&right)
            .then_with(|| value(left_number).cmp(&value(right_number)));
        if order.is_ne() {
            return order;
        }
    }
}

const END: (Form, &[u8]) = (Form::End, &[]);

/// PHP reads a number as a C `long`, which stops at its highest value.
fn value(number: &[u8]) -> u64 {
    const HIGHEST: u64 = i64::MAX as u64;
    let number = digits::significant(number);
    if number.len() > 19 {
        return HIGHEST;
    }
    let value = number
        .iter()
        .fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    value.min(HIGHEST)
}

fn key(text: &str, key: &mut Vec<u8>) {
    match normalize(text.as_bytes()) {
        Ok(Normal::Branch(name)) => {
            key.push(0);
            key.extend_from_slice(name);
        }
        Ok(Normal::Release(release)) => {
            for (form, number) in release.parts() {
                if form == Form::Number {
                    let bytes = value(number).to_be_bytes();
                    let bytes = bytes.iter().skip_while(|byte| **byte == 0);
                    key.push(form as u8 + bytes.clone().count() as u8);
                    key.extend(bytes);
                } else {
                    key.push(form as u8);
                }
            }
            key.push(Form::End as u8);
        }
        Err(_) => key.extend_from_slice(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stabilities_order_around_the_release() {
        DEFINITION.ascends(&[
            &["dev-", "DEV-"],
            &["dev-a", "Dev-a", "dev-a as 1.0", "dev-a@dev as ^2.0@dev"],
            &["dev-b"],
            &["dev-b+c"],
            &["dev-master", "master", " master@dev "],
            &["1-Stable", "1.0.0.0.STABLE"],
            &["1-sTable2"],
            &["1-dev", "1.0.0.0-dev", "1.0.DEV", "1.0dev", "1.0_-dev"],
            &["1-alpha-dev", "v1.a-dev"],
            &[
                "1-alpha",
                "1.0a",
                "1-A",
                "1.0.0.0_alpha",
                "1.0-alpha@stable",
                "1.0alpha+build",
            ],
            &["1-alpha1-dev"],
            &["1-alpha1", "1.0.a.01", "1.0a-1"],
            &["1-alpha1.2-3", "1.0.0-a-1-2.3"],
            &["1-alpha10"],
            &["1-beta", "1.0b"],
            &["1-RC", "1.0rc"],
            &["1-rc.1"],
            &[
                "1",
                "V01.0.0.0",
                "1.",
                "1.0-",
                "1.0_",
                "1-stable",
                "1stable.3-dev",
                "1@dev",
                "1 as 2",
                "1\n@RC",
            ],
            &["1-patch-dev"],
            &["1-patch", "1p", "1.0.pl"],
            &["1-p1"],
            &["1.0.0.1-dev"],
            &["1.0.1"],
            &["1.0.10"],
            &[
                "1.x-dev",
                "1.X.x-dev",
                "v1.*.dev",
                "1.9999999.9999999.9999999-dev",
                "foo\n1.x-dev",
                "1 -dev",
            ],
            &["2"],
            &["2010.01.02"],
            &["2010-01-02.5", "2010:01:02-005"],
            &["201001"],
            &["20100102", "v20100102"],
            &["20100102.0"],
            &["20100102.0.3"],
            &["20100102203040-10"],
        ]);
    }

    #[test]
    fn numbers_stop_where_a_c_long_does() {
        DEFINITION.ascends(&[
            &["1.9223372036854775806"],
            &[
                "1.9223372036854775807",
                "1.9223372036854775808",
                "1.99999999999999999999",
            ],
        ]);
    }

    #[test]
    fn what_composer_refuses_is_refused() {
        DEFINITION.refuses(&[
            "",
            "a",
            "1.0.0-meh",
            "1.0.0.0.0",
            "feature-foo",
            "foo-dev",
            "dev",
            "1.0.0+foo bar",
            "1.0.1-SNAPSHOT",
            "1.0.0<1.0.5-dev",
            "foo bar-dev",
            "1.0 .2",
            " as ",
            " as 1.2",
            "1.*",
            "1.x",
            "*-dev",
            "1.y-dev",
            "1.0.0.0.x-dev",
            "1,0",
            "1.0-dev-dev",
            "1.0-beta.",
            "1.0-beta..1",
            "1.0--beta",
            "1.0-.beta",
            "1.0+",
            "1.0@foo",
            "@dev",
            "vv1",
            "Master",
            "main",
            "٣.0",
            "20100102.0.3.4",
            "100000.0.0.0",
            "2023013.0.0",
            "20230131000.0.0",
            "201001x",
        ]);
    }

    #[test]
    fn long_texts_are_read() {
        DEFINITION.reads_long_texts(
            &["", "1", "dev-", "2010", "1-a", "1+"],
            &[
                "0", "01", ".01", ".0", "-1", "x", " ", "\n", "@dev", "-dev", "1.x",
            ],
        );
    }

    fn version() -> impl Strategy<Value = String> {
        let release = r"v?[0-2]{1,2}(\.[0-2]){0,3}";
        let date = r"20[01]{2}([.:-]?0[12]){1,3}([.-]?[0-2]{1,3}){0,2}";
        let modifier =
            r"([._-]?(alpha|b|RC|pl|p|stable|Stable|a)?([.-]?[0-2]){0,2}([.-]?dev)?)?(\+b)?(@dev)?( as 1)?";
        prop_oneof![
            4 => proptest::string::string_regex(&format!("({release}|{date}){modifier}")).unwrap(),
            1 => r"v?[0-2](\.([0-2]|[xX*])){0,3}[.-]?dev",
            1 => r"dev-[ab]{0,2}",
            1 => r"\PC{0,12}",
        ]
    }

    proptest! {
        #[test]
        fn keys_keep_the_order(left in version(), right in version()) {
            DEFINITION.is_the_order_of_keys(&left, &right);
        }
    }
}
