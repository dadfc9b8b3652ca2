//! `os-release`: which distribution this is. <https://www.freedesktop.org/software/systemd/man/os-release.html>
//!
//! Which of the files counts is decided when the view is known: `etc/os-release`, wherever it leads, else
//! `usr/lib/os-release`. Images older than that standard have a file of their own instead.

use super::{Distribution, Extractor, Fact, Found, Reader, lines};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "os-release",
    wants,
    read: Reader::Bytes(read),
};

/// The files that tell the distribution, best first.
pub(super) const PLACES: [&[u8]; 5] = [
    b"etc/os-release",
    b"usr/lib/os-release",
    b"etc/lsb-release",
    b"etc/alpine-release",
    b"etc/debian_version",
];

fn wants(header: &FileHeader, _head: &[u8]) -> bool {
    // `etc/os-release` may lead to a file of another name, such as `usr/lib/os.release.d/os-release-fedora`.
    header.path.file_name().starts_with(b"os-release") || PLACES.contains(&header.path.as_bytes())
}

fn read(header: &FileHeader, text: &[u8], _limits: &Limits, found: &mut Found) {
    let mut distribution = match header.path.as_bytes() {
        b"etc/alpine-release" => of_version("alpine", text),
        b"etc/debian_version" => debian_version(text),
        b"etc/lsb-release" => lsb_release(text),
        _ => os_release(text),
    };
    distribution.path = header.path.to_string();
    found.fact(header, Fact::Distribution(distribution));
}

fn os_release(text: &[u8]) -> Distribution {
    let mut distribution = Distribution::default();
    for (key, value) in assignments(text) {
        match key {
            "ID" => distribution.id = value,
            "ID_LIKE" => distribution.id_like = value.split_ascii_whitespace().map(str::to_owned).collect(),
            "VERSION_ID" => distribution.version_id = value,
            "VERSION_CODENAME" => distribution.codename = value,
            "PRETTY_NAME" => distribution.pretty_name = value,
            _ => {}
        }
    }
    distribution
}

fn lsb_release(text: &[u8]) -> Distribution {
    let mut distribution = Distribution::default();
    for (key, value) in assignments(text) {
        match key {
            "DISTRIB_ID" => distribution.id = value.to_ascii_lowercase(),
            "DISTRIB_RELEASE" => distribution.version_id = value,
            "DISTRIB_CODENAME" => distribution.codename = value,
            "DISTRIB_DESCRIPTION" => distribution.pretty_name = value,
            _ => {}
        }
    }
    distribution
}

fn of_version(id: &str, text: &[u8]) -> Distribution {
    let version = lines(text).next().unwrap_or_default();
    Distribution {
        id: id.to_owned(),
        version_id: String::from_utf8_lossy(version).trim().to_owned(),
        ..Distribution::default()
    }
}

/// `6.0.10` is release 6 (`VERSION_ID` has no point release either); `wheezy/sid` has no number yet.
fn debian_version(text: &[u8]) -> Distribution {
    let mut distribution = of_version("debian", text);
    let version = std::mem::take(&mut distribution.version_id);
    match version.split_once('/') {
        Some((codename, _)) => distribution.codename = codename.to_owned(),
        None => distribution.version_id = version.split('.').next().unwrap_or_default().to_owned(),
    }
    distribution
}

/// The assignments of a shell-like file, in order: a later one of the same name overrides.
fn assignments(text: &[u8]) -> impl Iterator<Item = (&str, String)> {
    lines(text).filter_map(|line| {
        let line = line.trim_ascii_start();
        let (key, value) = line.split_at_checked(line.iter().position(|byte| *byte == b'=')?)?;
        let key = str::from_utf8(key).ok().filter(|key| !key.starts_with('#'))?;
        Some((key, unquote(&String::from_utf8_lossy(value.get(1..)?))))
    })
}

/// The value of a shell word: in single quotes as it stands, in double quotes a backslash escapes what the
/// shell would act on, and without quotes anything.
fn unquote(word: &str) -> String {
    let mut value = String::with_capacity(word.len());
    let mut quote = None;
    let mut chars = word.trim().chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '\\') => value.extend(chars.next()),
            (Some('"'), '\\') => match chars.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => value.push(c),
                other => value.extend(std::iter::once('\\').chain(other)),
            },
            (None, ' ' | '\t') => break,
            (_, c) => value.push(c),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shell_words() {
        for (word, value) in [
            ("debian", "debian"),
            (
                "\"Debian GNU/Linux 12 (bookworm)\"",
                "Debian GNU/Linux 12 (bookworm)",
            ),
            ("'3.18'", "3.18"),
            (r#""a \"b\" \$c \`d\` \\ \n""#, r#"a "b" $c `d` \ \n"#),
            (r"'a\b'", r"a\b"),
            (r"a\ b", "a b"),
            ("\"12\"  # comment", "12"),
            ("\"never closed", "never closed"),
            ("", ""),
            ("\\", ""),
        ] {
            assert_eq!(unquote(word), value, "{word}");
        }
    }

    #[test]
    fn fields_are_read_and_the_last_counts() {
        let text = b"\xef\xbb\xbf# ID=not\r\nID=first\r\n  ID=\"ubuntu\"\r\nID_LIKE=\"debian  other\"\r\n\
            VERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\nPRETTY_NAME='Ubuntu \xff'\nno equals sign\n=\n";
        let distribution = os_release(text);
        assert_eq!(distribution.id, "ubuntu");
        assert_eq!(distribution.id_like, ["debian", "other"]);
        assert_eq!(distribution.version_id, "22.04");
        assert_eq!(distribution.codename, "jammy");
        assert_eq!(distribution.pretty_name, "Ubuntu \u{fffd}");
    }

    #[test]
    fn older_images_have_other_files() {
        assert_eq!(of_version("alpine", b"3.2.0\n").version_id, "3.2.0");
        assert_eq!(debian_version(b"6.0.10\n").version_id, "6");
        assert_eq!(debian_version(b"wheezy/sid\n").codename, "wheezy");
        assert_eq!(debian_version(b"wheezy/sid\n").version_id, "");
        let lsb = lsb_release(b"DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\n");
        assert_eq!((lsb.id.as_str(), lsb.version_id.as_str()), ("ubuntu", "10.04"));
    }
}
