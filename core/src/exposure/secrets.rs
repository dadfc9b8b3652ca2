//! Finds secrets in a text: one pass for all keywords, then what each keyword asks for.

use std::ops::Range;

use aho_corasick::packed::Searcher;
use aho_corasick::{AhoCorasick, MatchKind};

use super::ExposureKind;
use super::matchers::{bounded, is_encrypted, is_random};
use super::named::{Guard, assignment, is_literal, is_secret_name};
use super::rules::{RULES, Rule, Shape};
use crate::score::Level;

/// Secrets reported of one text; a file with more is a dump, and one look at it shows the rest.
const PER_TEXT: usize = 50;

/// One secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    pub(super) rule: &'static str,
    pub(super) kind: ExposureKind,
    pub(super) severity: Level,
    /// 1-based.
    pub(super) line: u32,
    /// What was seen, masked.
    pub(super) evidence: String,
    /// Tells two secrets apart without keeping them.
    pub(super) fingerprint: u64,
}

/// All rules, made ready once.
#[derive(Debug)]
pub(super) struct Rules {
    /// Long keywords apart from short ones: together they are found five times slower, since the vector
    /// search then has only three letters to go by.
    keywords: [Keywords; 2],
    names: Option<AhoCorasick>,
}

/// Keywords that are searched together.
#[derive(Debug)]
struct Keywords {
    /// Vector search; `None` on processors without.
    packed: Option<Searcher>,
    automaton: Option<AhoCorasick>,
    /// The rule of each keyword.
    owners: Vec<&'static Rule>,
}

impl Keywords {
    fn new(fits: fn(&str) -> bool) -> Self {
        let all = RULES
            .iter()
            .flat_map(|rule| rule.keywords.iter().map(move |keyword| (*keyword, rule)));
        let (keywords, owners): (Vec<&str>, Vec<&Rule>) = all.filter(|(keyword, _)| fits(keyword)).unzip();
        let packed = Searcher::new(&keywords);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(&keywords);
        Self {
            automaton: automaton.ok().filter(|_| packed.is_none()),
            packed,
            owners,
        }
    }

    /// The keywords in `text` with their rules.
    fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (&'static Rule, Range<usize>)> + 'a {
        let packed = self
            .packed
            .iter()
            .flat_map(move |searcher| searcher.find_iter(text));
        let automaton = self
            .automaton
            .iter()
            .flat_map(move |searcher| searcher.find_iter(text));
        packed
            .chain(automaton)
            .filter_map(|found| Some((*self.owners.get(found.pattern().as_usize())?, found.range())))
    }
}

impl Rules {
    pub(super) fn new() -> Self {
        let names = [
            "passw",
            "secret",
            "token",
            "credential",
            "passphrase",
            "pwd",
            "_pass",
            "key",
        ];
        Self {
            keywords: [
                Keywords::new(|keyword| keyword.len() > 3),
                Keywords::new(|keyword| keyword.len() <= 3),
            ],
            names: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(names)
                .ok(),
        }
    }

    /// Credentials and private keys, told by their form.
    pub(super) fn credentials(&self, text: &[u8]) -> Vec<Secret> {
        let mut secrets: Vec<Secret> = Vec::new();
        for keywords in &self.keywords {
            let mut end = 0;
            for (rule, keyword) in keywords.find(text) {
                // What lies inside the last secret is part of it.
                if keyword.start < end || secrets.len() >= PER_TEXT {
                    continue;
                }
                let Some(range) = place(rule, text, keyword) else {
                    continue;
                };
                end = range.end;
                let mut secret = credential(rule, text.get(range.clone()).unwrap_or_default());
                if !secrets
                    .iter()
                    .any(|other| other.fingerprint == secret.fingerprint)
                {
                    secret.line = line(text, range.start);
                    secrets.push(secret);
                }
            }
        }
        secrets
    }

    /// Whether a text of settings names anything secret.
    pub(super) fn has_names(&self, text: &[u8]) -> bool {
        self.names.as_ref().is_none_or(|names| names.is_match(text))
    }

    /// Secrets of a text of settings, told by their names.
    pub(super) fn named(&self, text: &str, guard: Guard) -> Vec<Secret> {
        if !self.has_names(text.as_bytes()) {
            return Vec::new();
        }
        let mut secrets = Vec::new();
        for (number, line) in (1u32..).zip(text.lines()) {
            let Some((name, value)) = assignment(line) else {
                continue;
            };
            if secrets.len() < PER_TEXT && is_secret_name(name) && is_literal(name, value, guard) {
                secrets.push(named(name, value, number));
            }
        }
        secrets
    }
}

/// Where the secret stands that `keyword` announces, if it has the shape of its rule.
fn place(rule: &Rule, text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    match &rule.shape {
        Shape::Check(check) => check(text, keyword),
        Shape::Run(class, lengths) => {
            let rest = text.get(keyword.end..).unwrap_or_default();
            let most = rest.get(..lengths.end).unwrap_or(rest);
            let length = most.iter().take_while(|byte| class.has(**byte)).count();
            // No longer than the format allows: what goes on is something else.
            let fits = lengths.contains(&length) && bounded(text, keyword.start);
            (fits && most.get(..length).is_some_and(is_random)).then(|| keyword.start..keyword.end + length)
        }
    }
}

/// A secret known by its name.
pub(super) fn named(name: &str, value: &str, line: u32) -> Secret {
    Secret {
        rule: "secret.named",
        kind: ExposureKind::Secret,
        severity: Level::Medium,
        line,
        evidence: format!("{name}={}", masked(value.as_bytes())),
        fingerprint: fingerprint(value.as_bytes()),
    }
}

fn credential(rule: &Rule, secret: &[u8]) -> Secret {
    let private_key = rule.kind == ExposureKind::PrivateKey;
    let encrypted = private_key && is_encrypted(secret);
    let evidence = match private_key {
        true => format!("{}, {} characters", label(secret), secret.len()),
        false => masked(secret),
    };
    Secret {
        rule: if encrypted {
            "secret.encrypted-private-key"
        } else {
            rule.id
        },
        kind: rule.kind,
        severity: if encrypted { Level::Low } else { rule.severity },
        line: 0,
        evidence,
        fingerprint: fingerprint(secret),
    }
}

/// The words of a PEM line, such as `RSA PRIVATE KEY`.
fn label(key: &[u8]) -> String {
    let label = key.strip_prefix(b"-----BEGIN ").unwrap_or_default();
    let words = label
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || **byte == b' ');
    let label: String = words.map(|byte| char::from(*byte)).collect();
    if label.is_empty() {
        "private key".to_owned()
    } else {
        label.trim_end().to_owned()
    }
}

/// The first characters (four, or a quarter) and the length.
fn masked(secret: &[u8]) -> String {
    let shown = (secret.len() / 4).min(4);
    let start = String::from_utf8_lossy(secret.get(..shown).unwrap_or_default()).into_owned();
    format!("{start}… ({} characters)", secret.len())
}

fn fingerprint(secret: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(secret)
}

fn line(text: &[u8], at: usize) -> u32 {
    let before = text.get(..at).unwrap_or_default();
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}
