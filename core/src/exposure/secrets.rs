//! Finds secrets in a text: one pass for all keywords, then what each keyword asks for.

use aho_corasick::AhoCorasick;

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
    keywords: Option<AhoCorasick>,
    /// The rule of each keyword.
    owners: Vec<&'static Rule>,
    names: Option<AhoCorasick>,
}

impl Rules {
    pub(super) fn new() -> Self {
        let keywords = RULES.iter().flat_map(|rule| rule.keywords);
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
            keywords: AhoCorasick::new(keywords).ok(),
            owners: RULES
                .iter()
                .flat_map(|rule| rule.keywords.iter().map(move |_| rule))
                .collect(),
            names: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(names)
                .ok(),
        }
    }

    /// Credentials and private keys, told by their form.
    pub(super) fn credentials(&self, text: &[u8]) -> Vec<Secret> {
        let mut secrets: Vec<Secret> = Vec::new();
        let mut end = 0;
        for found in self.keywords.iter().flat_map(|keywords| keywords.find_iter(text)) {
            // What lies inside the last secret is part of it.
            if found.start() < end {
                continue;
            }
            let Some(rule) = self.owners.get(found.pattern().as_usize()) else {
                continue;
            };
            let range = match &rule.shape {
                Shape::Check(check) => check(text, found.range()),
                Shape::Run(class, lengths) => {
                    let rest = text.get(found.end()..).unwrap_or_default();
                    let most = rest.get(..lengths.end).unwrap_or(rest);
                    let length = most.iter().take_while(|byte| class.has(**byte)).count();
                    let random = most.get(..length).is_some_and(is_random);
                    let fits = lengths.contains(&length) && random && bounded(text, found.start());
                    // No longer than the format allows: what goes on is something else.
                    fits.then(|| found.start()..found.end() + length)
                }
            };
            let Some((range, secret)) = range.and_then(|range| Some((range.clone(), text.get(range)?)))
            else {
                continue;
            };
            end = range.end;
            let mut secret = credential(rule, secret);
            if secrets
                .iter()
                .any(|other| other.fingerprint == secret.fingerprint)
            {
                continue;
            }
            secret.line = line(text, range.start);
            secrets.push(secret);
            if secrets.len() == PER_TEXT {
                break;
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
