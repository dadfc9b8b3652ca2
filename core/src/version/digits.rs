//! Runs of ASCII digits as numbers of any size: versions hold dates and commit hashes that no machine
//! integer takes. An empty run counts as zero, which is how schemes read a number that is left out.

use std::cmp::Ordering;

/// Splits off the digits in front.
pub(super) fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Without leading zeros; zero itself becomes empty.
pub(super) fn trim(mut digits: &[u8]) -> &[u8] {
    while let Some((b'0', rest)) = digits.split_first() {
        digits = rest;
    }
    digits
}

pub(super) fn is_zero(digits: &[u8]) -> bool {
    trim(digits).is_empty()
}

pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (trim(left), trim(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Appends the number so that bytes order as numbers do. The first byte is never 0, which is left for
/// the end of a list.
pub(super) fn push(digits: &[u8], key: &mut Vec<u8>) {
    let digits = trim(digits);
    push_count(digits.len(), key);
    key.extend_from_slice(digits);
}

/// Appends a count so that bytes order as counts do: one byte, of 1 to 254, for all but hostile ones.
pub(super) fn push_count(count: usize, key: &mut Vec<u8>) {
    match u8::try_from(count) {
        Ok(count) if count < 0xFE => key.push(count + 1),
        _ => {
            key.push(0xFF);
            key.extend_from_slice(&(count as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digits: &str) -> Vec<u8> {
        let mut key = Vec::new();
        push(digits.as_bytes(), &mut key);
        key
    }

    #[test]
    fn numbers_order_by_value_at_any_length() {
        let long = "9".repeat(252);
        let longer = format!("1{}", "0".repeat(252));
        let longest = "7".repeat(300);
        let ascending = ["", "1", "9", "10", "0020", "18446744073709551616", &long, &longer, &longest];
        for (at, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(compare(left.as_bytes(), right.as_bytes()), at.cmp(&other), "{left} {right}");
                assert_eq!(key(left).cmp(&key(right)), at.cmp(&other), "keys of {left} {right}");
            }
        }
        assert_eq!(compare(b"000", b""), Ordering::Equal);
        assert_eq!(key("000"), key(""));
    }
}
