//! Digests as OCI writes them: `sha256:` and 64 hexadecimal digits.

use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// The digest of `bytes`.
pub(super) fn of(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(bytes);
    finish(hash)
}

/// Writes a finished hash the way OCI does.
pub(super) fn finish(hash: Sha256) -> String {
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in hash.finalize() {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    text
}

/// The hexadecimal part of a digest that can be verified.
///
/// Only this form may become part of a path: a digest is text from outside.
pub(super) fn hex<'d>(digest: &'d str, place: &str) -> Result<&'d str> {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return Err(Error::format(
            "digest",
            place,
            format!("{digest:?} is not algorithm:hex"),
        ));
    };
    if algorithm != "sha256" {
        return Err(Error::Unsupported {
            what: "digest algorithm",
            text: digest.to_owned(),
        });
    }
    if !is_hex(hex) {
        return Err(Error::format(
            "digest",
            place,
            format!("{digest:?} is not sha256: and 64 hexadecimal digits"),
        ));
    }
    Ok(hex)
}

/// Whether `text` is the hexadecimal part of a SHA-256 digest.
pub(super) fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Compares what is stated with what is there.
pub(super) fn verify(place: &str, expected: &str, actual: &str) -> Result<()> {
    if expected == actual {
        return Ok(());
    }
    Err(Error::Digest {
        place: place.to_owned(),
        expected: expected.to_owned(),
        actual: actual.to_owned(),
    })
}
