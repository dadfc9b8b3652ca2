//! Alpine versions, `1.2.3a_rc1_p2~0a1b2c-r4`, as apk-tools 3 reads and orders them (`src/version.c`).
//!
//! apk-tools refuses a text in one function and orders any two in another: what is wrong counts by the part
//! before the fault, so that `5.7.1p1-r0` and `5.7.1p1-r1` are equal. [`check`] is the first function;
//! [`compare`] is the second, and total over all texts.

use std::cmp::Ordering;

use super::{Definition, digits};

pub(super) const DEFINITION: Definition = Definition {
    names: &["apk", "alpine"],
    reference: "apk-tools 3",
    check,
    compare,
    key,
    key_orders: true,
};

/// Suffixes by rank. Those before a release are less than the end of the text, the others more.
const SUFFIXES: [(&[u8], u8); 9] = [
    (b"alpha", 1),
    (b"beta", 2),
    (b"pre", 3),
    (b"rc", 4),
    (b"cvs", 10),
    (b"svn", 11),
    (b"git", 12),
    (b"hg", 13),
    (b"p", 14),
];
// Of two texts alike so far, the one that goes on with the higher rank is the newer.
const FAULT: u8 = 5;
const END: u8 = 6;
const REVISION: u8 = 7;
const HASH: u8 = 8;
const SUFFIX_NUMBER: u8 = 9;
const LETTER: u8 = 15;
/// A number after a dot with a leading zero: it is compared as text, and is less than all others.
const FRACTION: u8 = 16;
const NUMBER: u8 = 17;

/// Kind of a token and what is compared within the kind: digits or bytes.
struct Token<'a> {
    rank: u8,
    text: &'a [u8],
}

impl Token<'_> {
    fn is_number(&self) -> bool {
        matches!(self.rank, NUMBER | SUFFIX_NUMBER | REVISION)
    }
}

/// What was read last; what may follow depends on it.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Stage {
    Start,
    Numbers,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
}

struct Tokens<'a> {
    rest: &'a [u8],
    stage: Stage,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            stage: Stage::Start,
        }
    }

    fn next(&mut self) -> Result<Token<'a>, &'static str> {
        let stage = self.stage;
        match self.rest {
            [] if stage != Stage::Start => Ok(Token { rank: END, text: &[] }),
            _ if stage == Stage::Start => self.number(NUMBER, Stage::Numbers),
            [b'.', rest @ ..] if stage == Stage::Numbers => {
                self.rest = rest;
                let rank = if rest.starts_with(b"0") { FRACTION } else { NUMBER };
                self.number(rank, Stage::Numbers)
            }
            [b'a'..=b'z', rest @ ..] if stage == Stage::Numbers => {
                let (text, _) = self.rest.split_at(1);
                Ok(self.token(LETTER, text, rest, Stage::Letter))
            }
            [b'0'..=b'9', ..] if stage == Stage::Suffix => self.number(SUFFIX_NUMBER, Stage::SuffixNumber),
            [b'_', rest @ ..] if stage <= Stage::SuffixNumber => {
                let (name, rest) = split_while(rest, |byte| byte.is_ascii_lowercase());
                match SUFFIXES.iter().find(|(suffix, _)| *suffix == name) {
                    Some((_, rank)) => Ok(self.token(*rank, &[], rest, Stage::Suffix)),
                    None => Err("an unknown suffix follows _"),
                }
            }
            [b'~', rest @ ..] if stage < Stage::Hash => {
                match split_while(rest, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                    ([], _) => Err("no commit hash follows ~"),
                    (hash, rest) => Ok(self.token(HASH, hash, rest, Stage::Hash)),
                }
            }
            [b'-', b'r', rest @ ..] if stage < Stage::Revision => {
                self.rest = rest;
                self.number(REVISION, Stage::Revision)
            }
            _ => Err(
                "a character stands where digits{.digits}[letter]{_suffix[digits]}[~hash][-rdigits] has none",
            ),
        }
    }

    fn next_or_fault(&mut self) -> Token<'a> {
        self.next().unwrap_or(Token {
            rank: FAULT,
            text: &[],
        })
    }

    fn number(&mut self, rank: u8, stage: Stage) -> Result<Token<'a>, &'static str> {
        match digits::split(self.rest) {
            ([], _) => Err("a number is missing"),
            (number, rest) => Ok(self.token(rank, number, rest, stage)),
        }
    }

    fn token(&mut self, rank: u8, text: &'a [u8], rest: &'a [u8], stage: Stage) -> Token<'a> {
        *self = Self { rest, stage };
        Token { rank, text }
    }
}

fn split_while(text: &[u8], wanted: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| wanted(byte)).count())
}

fn check(text: &str) -> Result<(), &'static str> {
    let mut tokens = Tokens::new(text);
    while tokens.next()?.rank != END {}
    Ok(())
}

fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (Tokens::new(left), Tokens::new(right));
    loop {
        let (a, b) = (left.next_or_fault(), right.next_or_fault());
        let order = a.rank.cmp(&b.rank).then_with(|| {
            if a.is_number() {
                digits::compare(a.text, b.text)
            } else {
                a.text.cmp(b.text)
            }
        });
        if order != Ordering::Equal || matches!(a.rank, END | FAULT) {
            return order;
        }
    }
}

fn key(text: &str, key: &mut Vec<u8>) {
    let mut tokens = Tokens::new(text);
    while let Ok(token) = tokens.next() {
        key.push(token.rank);
        match token.rank {
            END => return,
            _ if token.is_number() => digits::key(token.text, key),
            FRACTION | HASH => {
                key.extend_from_slice(token.text);
                // Below every digit and letter, so that `0` comes before `00`.
                key.push(0);
            }
            _ => key.extend_from_slice(token.text),
        }
    }
}
