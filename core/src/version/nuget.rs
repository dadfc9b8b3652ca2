//! NuGet versions, `1.2.3.4-label.5+metadata`, as NuGet.Versioning's `NuGetVersion` reads them and its
//! default `VersionComparer` orders them.
//!
//! One to four numbers, each up to 2³¹-1, with leading zeros and with spaces around them; labels compare
//! without case; metadata has no say. A label is a number where .NET's `int.TryParse` takes it: `-5` is
//! one, `2147483648` is a word.

use std::cmp::Ordering;

use super::Definition;

pub(super) const DEFINITION: Definition = Definition {
    names: &["nuget"],
    reference: "NuGet.Versioning",
    check,
    compare,
    key,
    key_orders: true,
};

/// The three sections of a text; a missing one is not an empty one.
fn sections(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let text = text.trim();
    let (text, metadata) = match text.split_once('+') {
        Some((text, metadata)) => (text, Some(metadata)),
        None => (text, None),
    };
    match text.split_once('-') {
        Some((numbers, labels)) => (numbers, Some(labels), metadata),
        None => (text, None, metadata),
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    let (numbers, labels, metadata) = sections(text);
    let mut count = 0_u8;
    for number in numbers.split('.') {
        read_number(number)?;
        count = count.saturating_add(1);
    }
    if count > 4 {
        return Err("it has more than four numbers");
    }
    for label in labels.into_iter().flat_map(|labels| labels.split('.')) {
        check_identifier(label)?;
        if label.len() > 1 && label.starts_with('0') && label.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("a numeric label has a leading zero");
        }
    }
    metadata
        .into_iter()
        .flat_map(|metadata| metadata.split('.'))
        .try_for_each(check_identifier)
}

fn check_identifier(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("a label after - or + is empty")
    } else if text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        Ok(())
    } else {
        Err("a label allows letters, digits and - only")
    }
}

fn read_number(text: &str) -> Result<u32, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a number is missing");
    }
    let mut value = 0_u32;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return Err("a number has another character");
        }
        value = value.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
    }
    if i32::try_from(value).is_ok() {
        Ok(value)
    } else {
        Err("a number is above 2147483647")
    }
}

/// A text that passed [`check`], without its metadata.
struct Parts<'a> {
    numbers: [u32; 4],
    labels: Option<&'a str>,
}

fn parts(text: &str) -> Parts<'_> {
    let (text, labels, _) = sections(text);
    let mut numbers = [0; 4];
    for (slot, number) in numbers.iter_mut().zip(text.split('.')) {
        *slot = read_number(number).unwrap_or_default();
    }
    Parts { numbers, labels }
}

fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    left.numbers
        .cmp(&right.numbers)
        .then_with(|| match (left.labels, right.labels) {
            (Some(left), Some(right)) => compare_labels(left, right),
            // A prerelease is before its release.
            (left, right) => left.is_none().cmp(&right.is_none()),
        })
}

fn compare_labels(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(left), Some(right)) => compare_label(left, right),
            // Of two rows alike so far, the shorter is less.
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers come before words.
fn compare_label(left: &str, right: &str) -> Ordering {
    match (left.parse::<i32>(), right.parse::<i32>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Err(_), Err(_)) => upper(left).cmp(upper(right)),
        (left, right) => left.is_err().cmp(&right.is_err()),
    }
}

fn upper(word: &str) -> impl Iterator<Item = u8> {
    word.bytes().map(|byte| byte.to_ascii_uppercase())
}

// Key: the four numbers; 2 for a release; else 1, the labels (2 and a number, 3 and a word that 0 ends),
// and 1 for their end.
fn key(text: &str, key: &mut Vec<u8>) {
    let parts = parts(text);
    for number in parts.numbers {
        key.extend_from_slice(&number.to_be_bytes());
    }
    let Some(labels) = parts.labels else {
        key.push(2);
        return;
    };
    key.push(1);
    for label in labels.split('.') {
        match label.parse::<i32>() {
            Ok(number) => {
                key.push(2);
                // With its sign turned, a number sorts as its bytes do.
                key.extend_from_slice(&(number ^ i32::MIN).to_be_bytes());
            }
            Err(_) => {
                key.push(3);
                key.extend(upper(label));
                key.push(0);
            }
        }
    }
    key.push(1);
}
