//! Maven: `ComparableVersion` of Maven 3 (<https://maven.apache.org/pom.html#version-order-specification>).
//!
//! A version is a list of numbers and words whose last item may be another such list: a hyphen, a change
//! between digits and letters and most words open one. So the nested lists are one chain, and a walk over
//! the text can hand out their items in order without building them.
//!
//! # The order has cycles
//!
//! A list that ends compares like zero with a number, but any number sorts above any word or list:
//!
//! ```text
//! 1.0.alpha.1 < 1        [1, 0, alpha, 1]: 0 is the end of [1], alpha is below it
//! 1           < 1-1      [1, [1]]
//! 1-1         < 1.0.alpha.1    a list is below any number, even 0
//! ```
//!
//! Likewise `1-alpha < 1 < 1.x.1 < 1-alpha`, as a word is below any list. Nothing that sorts bytes can
//! reproduce this. The key is a total order that departs from `compare` for such pairs only: where the
//! first unlike items are a word from the release up against a list below the release, or zeros that end
//! in something below the release against something above it that is no number. Equality has no such
//! gaps: keys are equal exactly when the versions are.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["maven"],
    reference: "Maven 3.8.7, org.apache.maven.artifact.versioning.ComparableVersion",
    // Maven takes any text.
    check: |_| Ok(()),
    compare,
    key,
    key_orders: false,
};

#[derive(Clone, Copy)]
enum Item<'a> {
    Word(Word<'a>),
    /// Unicode digits, as Java knows them.
    Number(&'a str),
    /// The rest stands in a list of its own.
    List,
}

#[derive(Clone, Copy)]
struct Word<'a> {
    rank: Rank,
    /// Kept for other words than the known ones.
    text: &'a str,
}

/// The known words in order, and all others after them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Alpha = 1,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
    Release,
    ServicePack,
    Other,
}

const WORDS: &[(&str, Rank)] = &[
    ("alpha", Rank::Alpha),
    ("beta", Rank::Beta),
    ("milestone", Rank::Milestone),
    ("rc", Rank::Candidate),
    ("cr", Rank::Candidate),
    ("snapshot", Rank::Snapshot),
    ("ga", Rank::Release),
    ("final", Rank::Release),
    ("release", Rank::Release),
    ("sp", Rank::ServicePack),
];

impl<'a> Word<'a> {
    fn of(text: &'a str, before_digit: bool) -> Self {
        let rank = match text.as_bytes() {
            b"a" | b"A" if before_digit => Some(Rank::Alpha),
            b"b" | b"B" if before_digit => Some(Rank::Beta),
            b"m" | b"M" if before_digit => Some(Rank::Milestone),
            _ => WORDS
                .iter()
                .find_map(|(word, rank)| word.eq_ignore_ascii_case(text).then_some(*rank)),
        };
        Self {
            rank: rank.unwrap_or(Rank::Other),
            text,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        self.rank.cmp(&other.rank).then_with(|| match self.rank {
            Rank::Other => utf16(self.text).cmp(utf16(other.text)),
            _ => Ordering::Equal,
        })
    }
}

/// The word in lower case, each character as a number that orders as UTF-16 does: characters of two
/// units come before the last ones of one unit. Java writes the Greek sigma at the end of a word in
/// another form; here it is the same everywhere.
fn utf16(word: &str) -> impl Iterator<Item = u32> {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match u32::from(c) {
            c @ 0xE000..=0xFFFF => c + 0x11_0000,
            c => c,
        })
}

/// The digits 0 of Java's `Character.isDigit`; each has its nine others behind it.
const ZEROS: &[u32] = &[
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let c = u32::from(c);
    let at = ZEROS.partition_point(|zero| *zero <= c);
    let value = c - ZEROS.get(at.checked_sub(1)?)?;
    (value < 10).then_some(value)
}

/// A number in the order of Maven: first by the Java type that its length takes (`int`, `long`,
/// `BigInteger`), which counts, so that ten zeros are above 9; then by value.
struct Number<'a> {
    java_type: u8,
    /// How many digits, without the zeros in front.
    length: usize,
    digits: &'a str,
}

impl<'a> Number<'a> {
    fn of(text: &'a str) -> Self {
        // Java drops ASCII zeros only, and leaves them alone where nothing else is there.
        let significant = match text.trim_start_matches('0') {
            "" => text,
            significant => significant,
        };
        let written = if significant.is_ascii() {
            significant.len()
        } else {
            significant.chars().count()
        };
        let digits = significant.trim_start_matches(|c| digit(c) == Some(0));
        Self {
            java_type: match written {
                0..=9 => 0,
                10..=18 => 1,
                _ => 2,
            },
            length: if digits.is_ascii() {
                digits.len()
            } else {
                digits.chars().count()
            },
            digits,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let head = |number: &Self| (number.java_type, number.length);
        head(self)
            .cmp(&head(other))
            .then_with(|| match (self.digits, other.digits) {
                (left, right) if left.is_ascii() && right.is_ascii() => left.cmp(right),
                (left, right) => left.chars().map(digit).cmp(right.chars().map(digit)),
            })
    }

    fn push(&self, key: &mut Vec<u8>) {
        key.push(self.java_type);
        if self.digits.is_ascii() {
            return digits::key(self.digits.as_bytes(), key);
        }
        let ascii: String = self
            .digits
            .chars()
            .filter_map(|c| char::from_digit(digit(c)?, 10))
            .collect();
        digits::key(ascii.as_bytes(), key);
    }
}

impl Item<'_> {
    /// How it compares with the end of its list; a list leaves that to its items.
    fn sign(self) -> Ordering {
        match self {
            Self::Word(word) => word.rank.cmp(&Rank::Release),
            Self::Number(number) if number.chars().all(|c| digit(c) == Some(0)) => Ordering::Equal,
            Self::Number(_) => Ordering::Greater,
            Self::List => Ordering::Equal,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        let kind = |item| match item {
            Item::Word(_) => 0,
            Item::List => 1,
            Item::Number(_) => 2,
        };
        match (self, other) {
            (Self::Word(left), Self::Word(right)) => left.compare(right),
            (Self::Number(left), Self::Number(right)) => Number::of(left).compare(&Number::of(right)),
            (left, right) => kind(left).cmp(&kind(right)),
        }
    }
}

/// The items as written, empty lists and trailing zeros included.
#[derive(Clone)]
struct Written<'a> {
    rest: &'a str,
    /// The list in hand has no items yet.
    list_is_empty: bool,
    list_opens: bool,
}

impl<'a> Iterator for Written<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.list_opens {
            self.list_opens = false;
            self.list_is_empty = true;
            return Some(Item::List);
        }
        let first = self.rest.chars().next()?;
        let is_number = digit(first).is_some();
        let end = self
            .rest
            .find(|c| matches!(c, '.' | '-') || digit(c).is_some() != is_number)
            .unwrap_or(self.rest.len());
        let (run, after) = self.rest.split_at(end);
        let separator = after.chars().next();
        let before_digit = separator.is_some_and(|c| digit(c).is_some());
        // `1.x1` and `1.x` at the end are `1-x1` and `1-x`; `1.x.1` and `1.x-1` are not.
        let dashed = !run.is_empty() && !is_number && (separator.is_none() || before_digit);
        if dashed && !self.list_is_empty {
            self.list_is_empty = true;
            return Some(Item::List);
        }
        self.rest = after.strip_prefix(['.', '-']).unwrap_or(after);
        self.list_opens = !matches!(separator, None | Some('.'));
        self.list_is_empty = false;
        Some(match run {
            // Nothing before a separator is a zero.
            "" => Item::Number(run),
            _ if is_number => Item::Number(run),
            _ => Item::Word(Word::of(run, before_digit)),
        })
    }
}

/// The items that count. A list loses what equals its end (zeros, `ga`, `final`, `release`) from its
/// own end and from before the list inside it, and a list without items is not there.
struct Items<'a> {
    written: Written<'a>,
    /// So many lists open next, each the first item of the one before.
    lists: usize,
    /// Then so many items equal the end of their list, and stay since more follows them there.
    kept: usize,
    /// How the version from the last item on compares with the end of the list that item is in.
    sign: Ordering,
}

impl<'a> Items<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            written: Written {
                rest: text,
                list_is_empty: true,
                list_opens: false,
            },
            lists: 0,
            kept: 0,
            sign: Ordering::Equal,
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if let Some(lists) = self.lists.checked_sub(1) {
            self.lists = lists;
            return Some(Item::List);
        }
        let item = self.written.next()?;
        if let Some(kept) = self.kept.checked_sub(1) {
            self.kept = kept;
            return Some(item);
        }
        let mut sign = item.sign();
        if sign.is_ne() {
            self.sign = sign;
            return Some(item);
        }
        // What this item is worth shows where the next one that does not equal an end stands. All up to
        // there is settled at once, so that long runs are read twice and not once for each item.
        let mut ahead = self.written.clone();
        let mut last_list = self.written.clone();
        let mut lists = usize::from(matches!(item, Item::List));
        let mut kept = 0;
        while sign.is_eq() {
            let next = ahead.next()?;
            sign = next.sign();
            if matches!(next, Item::List) {
                lists += 1;
                kept = 0;
                last_list = ahead.clone();
            } else if sign.is_eq() {
                kept += 1;
            }
        }
        self.sign = sign;
        self.kept = kept;
        match lists.checked_sub(1) {
            None => Some(item),
            Some(more) => {
                self.lists = more;
                self.written = last_list;
                Some(Item::List)
            }
        }
    }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (Items::of(left), Items::of(right));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => left.sign,
            (None, Some(_)) => right.sign.reverse(),
            (Some(left), Some(right)) => left.compare(right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Place of the end of a list among the rungs.
const END: u8 = 5;

impl Items<'_> {
    /// Where the last item stands around the end of its list, in the order of keys.
    fn rung(&self, item: Item<'_>) -> u8 {
        let below_end = self.sign.is_lt();
        match item {
            Item::Word(word) if word.rank != Rank::Release => {
                if below_end {
                    1
                } else {
                    7
                }
            }
            Item::Word(_) => {
                if below_end {
                    2
                } else {
                    6
                }
            }
            Item::List => {
                if below_end {
                    3
                } else {
                    8
                }
            }
            Item::Number(_) => {
                if below_end {
                    4
                } else {
                    9
                }
            }
        }
    }
}

fn key(text: &str, key: &mut Vec<u8>) {
    let mut items = Items::of(text);
    while let Some(item) = items.next() {
        key.push(items.rung(item));
        match item {
            Item::Word(word) => {
                key.push(word.rank as u8);
                if word.rank == Rank::Other {
                    push_word(word.text, key);
                }
            }
            Item::List => {}
            Item::Number(number) => Number::of(number).push(key),
        }
    }
    key.push(END);
}

/// One byte for an ASCII character, four for another, and 0 at the end.
fn push_word(word: &str, key: &mut Vec<u8>) {
    for c in utf16(word) {
        match u8::try_from(c + 1) {
            Ok(c @ ..0x80) => key.push(c),
            _ => key.extend_from_slice(&((c + 1) | 0x8000_0000).to_be_bytes()),
        }
    }
    key.push(0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn qualifiers_order_around_the_release() {
        DEFINITION.ascends(&[
            &["alpha", "ALPHA-0"],
            &["0-alpha", "0.0.Alpha", "-alpha"],
            &["", "0", "0.0", "-", ".", "0-0", "ga", "final-0", "0.RELEASE"],
            &["1-alpha", "1alpha", "1.0.0-alpha", "1.alpha", "1-Alpha-0"],
            &["1-a1", "1a1", "1-alpha1", "1alpha-01", "1.a1"],
            &["1-beta", "1.beta"],
            &["1-b2", "1-beta-2"],
            &["1-m3", "1milestone3"],
            &["1-cr", "1.0-rc"],
            &["1-rc-1", "1CR1"],
            &["1-SNAPSHOT", "1.snapshot"],
            &[
                "1", "1.0.0", "1-0", "1-ga", "1.final", "1Release", "1-", "1..0", "001", "1-0.0-0",
            ],
            &["1-sp", "1.SP"],
            &["1-sp-1", "1sp1"],
            &["1-a", "1.a", "1.A"],
            &["1-b"],
            &["1-foo", "1.foo", "1FOO"],
            &["1-foo-1", "1foo1"],
            &["1-foo.1"],
            &["1-foo\0"],
            &["1-xyz"],
            &["1-é", "1-É"],
            &["1-\u{1F600}"],
            &["1-\u{FFEE}"],
            &["1--1", "1-0-1"],
            &["1-1", "1.0-1", "1-01", "1.0.0-1"],
            &["1-2"],
            &["1-10"],
            &["1.0.1"],
            &["1.1-alpha"],
            &["1.1", "1.01"],
            &["1.2"],
            &["1.\u{663}", "1.3"],
            &["1.\u{FF11}0", "1.10"],
            &["999999999"],
            // Java keeps ten digits as a `long`, zeros too, and a `long` is above any `int`.
            &["0000000000.1"],
            &["9999999999"],
            &["00000000000000000000.1"],
            &["99999999999999999999999"],
            &["100000000000000000000000"],
        ]);
    }

    #[test]
    fn words_before_a_dot_or_hyphen_stay_in_their_list() {
        DEFINITION.ascends(&[&["1.rc-1"], &["1.rc.1"], &["1-rc"], &["1-rc-1", "1.rc1"], &["1"]]);
        DEFINITION.ascends(&[
            &["1"],
            &["1.x-1"],
            &["1.x.1"],
            &["1-x", "1.Final-x"],
            &["1-1"],
            &["1.0.x.1"],
        ]);
    }

    /// One step of a cycle is where the key departs; see the head of this file.
    #[test]
    fn the_order_has_cycles() {
        for cycle in [
            ["1.0.alpha.1", "1", "1-1"],
            ["1-alpha", "1", "1.x.1"],
            ["1-alpha", "1", "1.Final.x.1"],
        ] {
            let steps = cycle.iter().zip(cycle.iter().cycle().skip(1));
            let departures = steps
                .map(|(low, high)| {
                    assert_eq!(compare(low, high), Ordering::Less, "{low} and {high}");
                    DEFINITION.key_of(low) > DEFINITION.key_of(high)
                })
                .filter(|departs| *departs);
            assert_eq!(departures.count(), 1, "{cycle:?}");
        }
    }

    #[test]
    fn long_texts_are_read() {
        DEFINITION.reads_long_texts(
            &["", "1.", "1-x"],
            &[
                "0", "9", ".0", "0.", "-", "-0", "a", "a1", "1a", ".a", "ga.", "ga-", "0-", "é", "\u{660}",
                "0.ga.",
            ],
        );
    }

    fn version() -> impl Strategy<Value = String> {
        let item = r"[.-]?(0|0|1|2|0{10}|alpha|RC|ga|Final|sp|x|a|\x{660})";
        prop_oneof![4 => proptest::collection::vec(item, 0..7).prop_map(|items| items.concat()), 1 => r"\PC{0,12}"]
    }

    /// Whether the first unlike items are of those that the key cannot order as Maven does.
    fn departs(left: &str, right: &str) -> bool {
        let (mut left, mut right) = (Items::of(left), Items::of(right));
        while let (Some(one), Some(other)) = (left.next(), right.next()) {
            if one.compare(other).is_ne() {
                let (one, other) = (left.rung(one), right.rung(other));
                return matches!((one.min(other), one.max(other)), (3, 6 | 7) | (4, 6..=8));
            }
        }
        false
    }

    proptest! {
        #[test]
        fn keys_keep_the_order_but_where_they_cannot(left in version(), right in version()) {
            let order = DEFINITION.is_an_order_of(&left, &right);
            let kept = DEFINITION.key_of(&left).cmp(&DEFINITION.key_of(&right)) == order;
            prop_assert_eq!(kept, !departs(&left, &right));
        }
    }
}
