//! Percent-encoding as package URLs use it: ECMA-427, clause 5.4.

use std::borrow::Cow;

/// Characters that stand for themselves: letters, digits, `.-_~`, and the colon, which the
/// specification never encodes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':')
}

/// Appends `text` percent-encoded, bytes of `also` left as they are.
pub(super) fn encode_into(out: &mut String, text: &str, also: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| char::from(HEX.get(usize::from(value)).copied().unwrap_or(b'0'));
    for byte in text.bytes() {
        if is_plain(byte) || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 15));
        }
    }
}

/// Undoes percent-encoding; borrows where there is nothing to undo.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, &'static str> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (Some(high), Some(low)) = (hex(tail.first()), hex(tail.get(1))) else {
            return Err("a percent sign is not followed by two hexadecimal digits");
        };
        bytes.push(high << 4 | low);
        rest = tail.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| "percent-encoded bytes are not UTF-8")
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    let digit = char::from(*byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_is_not_plain() {
        let mut out = String::new();
        encode_into(&mut out, "a:b/c+d e@f~é%", b"");
        assert_eq!(out, "a:b%2Fc%2Bd%20e%40f~%C3%A9%25");
        out.clear();
        encode_into(&mut out, "a/b", b"/");
        assert_eq!(out, "a/b");
    }

    #[test]
    fn decodes_or_says_why_not() {
        assert_eq!(decode("a%2fb%2Fc+").unwrap(), "a/b/c+");
        for bad in ["%", "%4", "%zz", "a%+1", "%é"] {
            assert!(decode(bad).unwrap_err().contains("percent sign"), "{bad}");
        }
        assert!(decode("%ff").unwrap_err().contains("UTF-8"));
    }
}
