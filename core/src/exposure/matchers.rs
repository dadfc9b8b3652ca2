//! What must stand around a keyword to make it a credential. Each gets the text and the place of the keyword,
//! and gives the place of the secret.

use std::ops::Range;

/// Up to `reach` bytes from `at`. A matcher looks no further than its format needs, so that a text made of
/// keywords costs little more than another.
fn after(text: &[u8], at: usize, reach: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    rest.get(..reach).unwrap_or(rest)
}

fn run(text: &[u8], fits: fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !fits(*byte)).unwrap_or(text.len())
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn base64_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

/// Whether nobody chose these characters by hand as a stand-in (`xxxx…`, `0000…`, `…EXAMPLE`).
pub(super) fn is_random(secret: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut distinct = 0;
    for byte in secret {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            distinct += usize::from(!std::mem::replace(seen, true));
        }
    }
    distinct >= (secret.len() / 4).clamp(3, 8)
        && find(secret, b"EXAMPLE").is_none()
        && find(secret, b"...").is_none()
}

/// The value behind a name: past its closing quote, `=` or `:`, blanks and an opening quote.
fn value(text: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = after(text, end, 2048);
    let gap = run(rest, |b| matches!(b, b'"' | b'\'' | b' ' | b'\t' | b'=' | b':'));
    let between = rest.get(..gap)?;
    (between.contains(&b'=') || between.contains(&b':')).then_some(())?;
    let length = run(rest.get(gap..)?, |b| {
        !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b',' | b';' | b'\\')
    });
    let start = end.checked_add(gap)?;
    (length > 0).then_some(start..start.checked_add(length)?)
}

/// A private key in PEM: in a file of its own, or in a JSON or shell string with `\n` for the line ends.
/// Headers that may stand above the content of a key; those of PGP are the most.
const PEM_HEADERS: usize = 12;

pub(super) fn pem(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let rest = after(text, keyword.end, 16 << 10);
    let label_end = find(rest.get(..64).unwrap_or(rest), b"-----")?;
    let label = rest.get(..label_end)?;
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    // Code that handles keys names the line too; only a key has content. That of Ed25519 has 64 characters.
    let mut content = Vec::new();
    let mut end = keyword.end + label_end + 5;
    let lines = rest.get(label_end + 5..)?.split_inclusive(|byte| *byte == b'\n');
    'body: for (number, line) in lines.enumerate() {
        let may_be_header = content.is_empty() && number < PEM_HEADERS;
        if may_be_header && find(line.get(..80).unwrap_or(line), b": ").is_some() {
            end += line.len();
            continue;
        }
        for byte in line {
            match byte {
                byte if base64(*byte) => content.push(*byte),
                b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'"' | b'\'' | b',' | b';' | b'=' => {}
                _ => break 'body,
            }
            end += 1;
        }
    }
    (content.len() >= 60 && is_random(&content)).then_some(keyword.start..end)
}

/// Whether a private key found by [`pem`] needs a passphrase.
pub(super) fn is_encrypted(key: &[u8]) -> bool {
    // The OpenSSH format names its cipher first: this is the beginning of one that says `none`.
    const OPEN: &[u8] = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    if find(key, b"ENCRYPTED").is_some() {
        return true;
    }
    if find(key, b"OPENSSH PRIVATE KEY").is_some() {
        return find(key, OPEN).is_none();
    }
    find(key, b"Encryption: aes").is_some()
}

/// `PuTTY-User-Key-File-2: ssh-rsa`, with `Private-Lines:` further down.
pub(super) fn putty(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    // The public key of RSA with 4096 bits takes 720 characters.
    let lines = find(after(text, keyword.end, 2048), b"\nPrivate-Lines: ")?;
    let content = after(text, keyword.end + lines + 16, 2048);
    (content.iter().filter(|byte| base64(**byte)).count() >= 60).then_some(keyword.start..keyword.end + lines)
}

/// A PEM private key, encoded in base64 once more.
pub(super) fn base64_key(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let rest = after(text, keyword.start, 24 << 10);
    let head = decode(rest.get(..64)?, 48)?;
    let is_key = find(head.strip_prefix(b"-----BEGIN ")?, b"PRIVATE KEY").is_some();
    let length = if is_key { run(rest, base64) } else { 0 };
    (length >= 120).then_some(keyword.start..keyword.start + length)
}

/// The first `most` bytes that base64 stands for.
pub(super) fn decode(text: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
        if bytes.len() == most {
            break;
        }
    }
    Some(bytes)
}

/// 40 characters of base64 behind their name.
pub(super) fn aws_secret(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let range = value(text, keyword.end)?;
    let secret = text.get(range.clone())?;
    (secret.len() == 40 && secret.iter().all(|byte| base64(*byte)) && is_random(secret)).then_some(range)
}

/// 64 bytes in base64, in a connection string of Azure.
pub(super) fn account_key(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let length = run(after(text, keyword.end, 100), base64);
    let range = keyword.end..keyword.end + length;
    let ends = after(text, range.end, 2).starts_with(b"==");
    (length == 86 && ends && is_random(text.get(range.clone())?)).then_some(range)
}

/// `//registry.example/:_authToken=…` of an `.npmrc`.
pub(super) fn auth_token(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let range = value(text, keyword.end)?;
    let token = text.get(range.clone())?;
    (token.len() >= 16
        && token
            .iter()
            .all(|byte| base64_url(*byte) || b"=./+".contains(byte))
        && is_random(token))
    .then_some(range)
}

/// `"auth": "…"` of Docker's `config.json`: user and password in base64.
pub(super) fn docker_auth(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let range = value(text, keyword.end)?;
    let auth = text.get(range.clone())?;
    let decoded = decode(auth, 1024)?;
    let (_, password) = decoded.split_at_checked(decoded.iter().position(|byte| *byte == b':')?)?;
    let graphic = decoded
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    (graphic && password.len() > 4 && auth.len() >= 12).then_some(range)
}

/// `xoxb-` and its kin: groups of digits, then letters and digits.
pub(super) fn long_body(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let rest = after(text, keyword.end, 301);
    let length = run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let body = rest.get(..length)?;
    let fits =
        (24..=300).contains(&length) && body.first().is_some_and(u8::is_ascii_digit) && body.contains(&b'-');
    (fits && is_random(body)).then_some(keyword.start..keyword.end + length)
}

/// `T…/B…/` and 24 characters.
pub(super) fn slack_webhook(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let rest = after(text, keyword.end, 200);
    let length = run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'/');
    let mut parts = rest.get(..length)?.split(|byte| *byte == b'/').skip(1);
    let (channel, secret) = (parts.next()?, parts.next()?);
    (channel.starts_with(b"B") && secret.len() == 24 && is_random(secret))
        .then_some(keyword.start..keyword.end + length)
}

/// `SG.`, 22 characters, a dot and 43.
pub(super) fn sendgrid(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let rest = after(text, keyword.end, 66);
    let first = run(rest, base64_url);
    let second = run(rest.get(first..)?.strip_prefix(b".")?, base64_url);
    let fits = first == 22 && second == 43 && bounded(text, keyword.start);
    (fits && is_random(rest)).then_some(keyword.start..keyword.end + 66)
}

/// `sk-`, at least 20 characters, this mark, at least 20 more.
pub(super) fn openai(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let before = text.get(keyword.start.saturating_sub(200)..keyword.start)?;
    let head = before.iter().rev().take_while(|byte| base64_url(**byte)).count();
    let start = keyword.start.checked_sub(head)?;
    let tail = run(after(text, keyword.end, 200), base64_url);
    (text.get(start..)?.starts_with(b"sk-") && head >= 23 && tail >= 20).then_some(start..keyword.end + tail)
}

/// `scheme://user:password@host`, the password in clear.
pub(super) fn url_password(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    let rest = after(text, keyword.end, 512);
    let length = run(rest, |byte| {
        byte.is_ascii_graphic() && !b"/\"'`<>{}$ ".contains(&byte)
    });
    let authority = rest.get(..length)?;
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    let colon = authority.iter().position(|byte| *byte == b':')?;
    let password = authority.get(colon + 1..at)?;
    let host = authority.get(at + 1..)?;
    let stand_ins: [&[u8]; 9] = [
        b"password",
        b"pass",
        b"passwd",
        b"pwd",
        b"secret",
        b"PASSWORD",
        b"user",
        b"xxx",
        b"pw",
    ];
    let literal = password.len() >= 4
        && !stand_ins.contains(&password)
        && !password.iter().all(|byte| b"*x.".contains(byte))
        && !password.starts_with(b"%")
        && !host.starts_with(b"example")
        && !host.is_empty();
    literal.then_some(keyword.end + colon + 1..keyword.end + at)
}

/// Header, claims and signature.
pub(super) fn jwt(text: &[u8], keyword: Range<usize>) -> Option<Range<usize>> {
    if !bounded(text, keyword.start) {
        return None;
    }
    let rest = after(text, keyword.start, 8 << 10);
    let header = run(rest, base64_url);
    let claims = rest.get(header..)?.strip_prefix(b".")?;
    let middle = run(claims, base64_url);
    let signature = run(claims.get(middle..)?.strip_prefix(b".")?, base64_url);
    let fits = claims.starts_with(b"eyJ") && middle >= 20 && signature >= 40;
    fits.then_some(keyword.start..keyword.start + header + middle + signature + 2)
}

/// Whether a word begins at `start`: what stands before is no letter, digit or `_`.
pub(super) fn bounded(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
