//! Digit runs of any length: dates, commit counts and serial numbers pass every machine integer.

use std::cmp::Ordering;

/// Splits a text where its leading digits end.
pub(super) fn split(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// Drops what two texts begin with alike, up to the start of the run in which they part.
///
/// `run` says which bytes hold together; neighbours share most of their text, so this saves most of the work.
pub(super) fn unlike<'a>(left: &'a [u8], right: &'a [u8], run: impl Fn(&u8) -> bool) -> (&'a [u8], &'a [u8]) {
    let alike = left
        .iter()
        .zip(right)
        .take_while(|(left, right)| left == right)
        .count();
    let (shared, _) = left.split_at(alike);
    let start = alike - shared.iter().rev().take_while(|byte| run(byte)).count();
    (
        left.get(start..).unwrap_or_default(),
        right.get(start..).unwrap_or_default(),
    )
}

/// The digits without their leading zeros; none for zero.
pub(super) fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

/// Orders two digit runs by value; an empty one is zero.
pub(super) fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (significant(left), significant(right));
    // Byte by byte: for the few digits of a version a call of memcmp costs more than it saves.
    left.len().cmp(&right.len()).then_with(|| left.iter().cmp(right))
}

/// Appends a key that orders digit runs by value: the count of digits, then the digits.
///
/// A byte of 255 says that the count goes on in the next byte.
pub(super) fn key(digits: &[u8], key: &mut Vec<u8>) {
    let digits = significant(digits);
    key.resize(key.len().saturating_add(digits.len() / 255), 255);
    key.push((digits.len() % 255) as u8);
    key.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_order_agree_at_every_length() {
        let runs: Vec<Vec<u8>> = [0, 1, 2, 19, 20, 254, 255, 256, 510, 511, 70_000]
            .iter()
            .flat_map(|length| [b'1', b'9'].map(|digit| vec![digit; *length]))
            .collect();
        for left in &runs {
            for right in &runs {
                let (mut a, mut b) = (Vec::new(), Vec::new());
                key(left, &mut a);
                key(right, &mut b);
                assert_eq!(a.cmp(&b), compare(left, right), "{} {}", left.len(), right.len());
            }
        }
    }

    #[test]
    fn leading_zeros_carry_no_value() {
        assert_eq!(compare(b"007", b"7"), Ordering::Equal);
        assert_eq!(compare(b"000", b""), Ordering::Equal);
        assert_eq!(compare(b"0099", b"100"), Ordering::Less);
        assert_eq!(split(b"12.3"), (&b"12"[..], &b".3"[..]));
    }
}
