//! dpkg's database, and what keeps the same form: distroless `status.d`, and opkg.
//!
//! The judge is `dpkg-query`: a paragraph is installed by its `Status`, not because it is there.

use super::{Extractor, Fact, Found, ListOf, Package, PathList, Reader, Source, lines, quoted};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: DPKG,
    wants: |header, _| Evidence::of(header).is_some(),
    read: Reader::Bytes(read),
};

pub(super) const DPKG: &str = "dpkg";
pub(super) const OPKG: &str = "opkg";

/// Where the database is looked for; elsewhere it is that of another root.
pub(super) const STATUS: &[u8] = b"var/lib/dpkg/status";

/// What one file of the database holds.
enum Evidence<'a> {
    /// All paragraphs.
    Status(&'static str),
    /// One paragraph, of a package that is there because its file is.
    Paragraph,
    /// The files of the named package, a path a line.
    List(&'static str, &'a [u8]),
    /// The same with digests before the paths.
    Digests(&'a [u8]),
}

impl<'a> Evidence<'a> {
    fn of(header: &'a FileHeader) -> Option<Self> {
        let (folder, name) = (header.path.parent(), header.path.file_name());
        Some(match (folder, name) {
            (b"var/lib/dpkg", b"status") => Self::Status(DPKG),
            (b"usr/lib/opkg" | b"var/lib/opkg", b"status") => Self::Status(OPKG),
            (b"var/lib/dpkg/info", name) => Self::List(DPKG, name.strip_suffix(b".list")?),
            (b"usr/lib/opkg/info" | b"var/lib/opkg/info", name) => {
                Self::List(OPKG, name.strip_suffix(b".list")?)
            }
            (b"var/lib/dpkg/status.d", name) => match name.strip_suffix(b".md5sums") {
                Some(name) => Self::Digests(name),
                None => Self::Paragraph,
            },
            _ => return None,
        })
    }
}

fn read(header: &FileHeader, text: &[u8], _limits: &Limits, found: &mut Found) {
    match Evidence::of(header) {
        Some(Evidence::Status(by)) => paragraphs(header, text, by, None, found),
        Some(Evidence::Paragraph) => paragraphs(header, text, DPKG, Some("installed"), found),
        Some(Evidence::List(by, name)) => {
            // opkg adds the mode after a tab.
            let path = |line: &'_ [u8]| line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
            let paths = lines(text).filter_map(|line| line.get(..path(line)));
            list(header, by, name, paths, found);
        }
        Some(Evidence::Digests(name)) => {
            let path = |line: &'_ [u8]| line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
            let paths = lines(text).filter_map(|line| line.get(path(line)..));
            list(header, DPKG, name, paths.map(<[u8]>::trim_ascii_start), found);
        }
        None => {}
    }
}

fn list<'a>(
    header: &FileHeader,
    by: &'static str,
    name: &[u8],
    paths: impl Iterator<Item = &'a [u8]>,
    found: &mut Found,
) {
    let mut list = PathList::default();
    paths
        .filter(|path| !path.is_empty())
        .for_each(|path| list.push(&[path]));
    if !list.is_empty() {
        let of = ListOf::Name(by, String::from_utf8_lossy(name).into_owned());
        found.fact(header, Fact::Files { of, paths: list });
    }
}

/// The fields of one paragraph that tell what is installed, and the line it begins in.
#[derive(Default)]
struct Paragraph<'a> {
    line: usize,
    package: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    architecture: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
}

/// Reads paragraphs of `Field: value` lines. `state` is that of a paragraph without a `Status`.
fn paragraphs(header: &FileHeader, text: &[u8], by: &'static str, state: Option<&str>, found: &mut Found) {
    let mut paragraph = Paragraph::default();
    let end = |paragraph: &mut Paragraph<'_>, found: &mut Found| {
        let paragraph = std::mem::take(paragraph);
        if paragraph.line > 0 {
            match package(&paragraph, by, state) {
                Ok(package) => package
                    .into_iter()
                    .for_each(|package| found.package(header, package)),
                Err(reason) => found.note(header, format!("line {}: {reason}", paragraph.line)),
            }
        }
    };
    for (number, line) in (1..).zip(lines(text)) {
        if line.trim_ascii().is_empty() {
            end(&mut paragraph, found);
            continue;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some((name, value)) = field(line) else {
            found.note(header, format!("line {number}: not a field: {}", quoted(line)));
            continue;
        };
        // A lost empty line must not lose the package that follows it.
        if paragraph.package.is_some() && name.eq_ignore_ascii_case(b"Package") {
            found.note(
                header,
                format!(
                    "line {number}: a second Package in one paragraph: {}",
                    quoted(value)
                ),
            );
            end(&mut paragraph, found);
        }
        if paragraph.line == 0 {
            paragraph.line = number;
        }
        let field = match name.to_ascii_lowercase().as_slice() {
            b"package" => &mut paragraph.package,
            b"version" => &mut paragraph.version,
            b"architecture" => &mut paragraph.architecture,
            b"source" => &mut paragraph.source,
            b"status" => &mut paragraph.status,
            _ => continue,
        };
        field.get_or_insert(value);
    }
    end(&mut paragraph, found);
}

/// The name and the value of a line such as `Version: 1.0`.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    let graphic = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    graphic.then_some((name, value.get(1..)?.trim_ascii()))
}

/// The package a paragraph tells of; `None` if it tells that there is none.
fn package(
    paragraph: &Paragraph<'_>,
    by: &'static str,
    state: Option<&str>,
) -> Result<Option<Package>, String> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let present = |value: Option<&[u8]>| value.filter(|value| !value.is_empty()).map(text);
    let status = present(paragraph.status);
    let name = present(paragraph.package).ok_or("a paragraph without Package")?;
    // `want flag state`: what is wanted says nothing of what is there.
    let state = match (&status, state) {
        (Some(status), _) => status.split_ascii_whitespace().next_back().unwrap_or_default(),
        (None, Some(state)) => state,
        (None, None) => return Err(format!("{name}: no Status, which means not installed")),
    };
    match state {
        // Half-installed files are files.
        "installed" | "half-installed" | "unpacked" | "half-configured" | "triggers-awaited"
        | "triggers-pending" => {}
        "not-installed" | "config-files" => return Ok(None),
        other => return Err(format!("{name}: unknown state {}", quoted(other.as_bytes()))),
    }
    let version = present(paragraph.version).ok_or_else(|| format!("{name}: no Version"))?;
    let source = match present(paragraph.source) {
        Some(source) => source_of(&source, &version),
        None => (name.clone(), version.clone()),
    };
    let mut package = Package::new(&name, &version, "", by);
    package.arch = present(paragraph.architecture);
    package.source = Some(Source {
        name: source.0,
        version: source.1,
    });
    Ok(Some(package))
}

/// `gcc-12 (12.2.0-14)`, or the name alone where source and package have the same version.
fn source_of(source: &str, version: &str) -> (String, String) {
    let (name, rest) = source.split_once([' ', '(']).unwrap_or((source, ""));
    let stated = rest.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let version = if stated.is_empty() { version } else { stated };
    (name.to_owned(), version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::{found, reasons};

    fn status(text: &[u8]) -> Found {
        found(&EXTRACTOR, "var/lib/dpkg/status", text)
    }

    fn shown(found: &Found) -> Vec<String> {
        let mut shown = Vec::new();
        for (_, fact) in &found.facts {
            let Fact::Package { package, .. } = fact else {
                panic!("{fact:?}")
            };
            let source = package.source.as_ref().unwrap();
            let arch = package.arch.as_deref().unwrap_or("-");
            let Package { name, version, .. } = package;
            shown.push(format!(
                "{name} {version} {arch} <- {} {}",
                source.name, source.version
            ));
        }
        shown
    }

    #[test]
    fn a_paragraph_is_a_package() {
        let found = status(
            b"Package: libgcc1\nStatus: install ok installed\nArchitecture: amd64\nSource: gcc-5 (5.1.1-12)\n\
              Version: 1:5.1.1-12\nDescription: one\n Version: 2\n .\n Package: folded\n\n\n\
              package:tzdata\nSTATUS:\thold ok installed\nVersion:2020a\nArchitecture: all\n\n\
              Package: bash\nStatus: install ok installed\nSource: bash\nVersion: 5.2-2+b1",
        );
        assert_eq!(
            shown(&found),
            [
                "libgcc1 1:5.1.1-12 amd64 <- gcc-5 5.1.1-12",
                "tzdata 2020a all <- tzdata 2020a",
                "bash 5.2-2+b1 - <- bash 5.2-2+b1",
            ]
        );
        assert!(found.notes.is_empty(), "{:?}", found.notes);
    }

    #[test]
    fn the_state_decides() {
        for (status_field, packages, notes) in [
            ("install ok installed", 1, 0),
            ("purge ok installed", 1, 0),
            ("deinstall reinstreq half-installed", 1, 0),
            ("install ok unpacked", 1, 0),
            ("install ok half-configured", 1, 0),
            ("install ok triggers-awaited", 1, 0),
            ("install ok triggers-pending", 1, 0),
            ("install user installed", 1, 0),
            ("deinstall ok config-files", 0, 0),
            ("purge ok not-installed", 0, 0),
            ("install ok confused", 0, 1),
            ("", 0, 1),
        ] {
            let found = status(format!("Package: a\nStatus: {status_field}\nVersion: 1\n").as_bytes());
            assert_eq!(
                (found.facts.len(), found.notes.len()),
                (packages, notes),
                "{status_field}"
            );
        }
    }

    #[test]
    fn what_is_broken_is_noted_and_the_rest_counts() {
        let found = status(
            b"\xef\xbb\xbfPackage: a\r\nStatus: install ok installed\r\nVersion: 1\r\n\r\n\
              Package: b\r\nStatus: install ok installed\r\n\r\n\
              Status: install ok installed\nVersion: 3\n\n\
              \0\0\0\0\n\xff\xfe garbage\n\n\
              Package: d\nStatus: install ok installed\nVersion: 4\n\
              Package: e\nStatus: install ok installed\nVersion: 5\n \t\n\
              Package: f\nStatus: install ok inst",
        );
        assert_eq!(shown(&found), ["a 1 - <- a 1", "d 4 - <- d 4", "e 5 - <- e 5"]);
        assert_eq!(
            reasons(&found),
            [
                "line 5: b: no Version",
                "line 8: a paragraph without Package",
                r#"line 11: not a field: "\0\0\0\0""#,
                "line 12: not a field: \"\u{fffd}\u{fffd} garbage\"",
                r#"line 17: a second Package in one paragraph: "e""#,
                r#"line 21: f: unknown state "inst""#,
            ]
        );
    }

    #[test]
    fn distroless_has_a_file_a_package_and_no_status() {
        let one = b"Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\nSource: glibc\n";
        let found_one = found(&EXTRACTOR, "var/lib/dpkg/status.d/libc6", one);
        assert_eq!(shown(&found_one), ["libc6 2.36-9 amd64 <- glibc 2.36-9"]);
        let digests = b"0123  lib/x.so\n4567  usr/share/a b\n\n";
        let found_list = found(&EXTRACTOR, "var/lib/dpkg/status.d/libc6.md5sums", digests);
        let Fact::Files { of, paths } = &found_list.facts[0].1 else {
            panic!()
        };
        assert_eq!(*of, ListOf::Name("dpkg", "libc6".into()));
        assert_eq!(
            paths.iter().collect::<Vec<_>>(),
            [b"lib/x.so".as_slice(), b"usr/share/a b"]
        );
    }

    #[test]
    fn lists_name_their_package() {
        let list = found(
            &EXTRACTOR,
            "var/lib/dpkg/info/libc6:amd64.list",
            b"/.\n/lib\n/lib/x.so\n",
        );
        let Fact::Files { of, paths } = &list.facts[0].1 else {
            panic!()
        };
        assert_eq!(*of, ListOf::Name("dpkg", "libc6:amd64".into()));
        assert_eq!(paths.iter().count(), 3);
        assert!(
            found(&EXTRACTOR, "var/lib/dpkg/info/x.list", b"")
                .facts
                .is_empty()
        );
    }

    #[test]
    fn other_roots_and_other_files_are_not_asked() {
        for path in [
            "srv/root/var/lib/dpkg/status",
            "var/lib/dpkg/status-old",
            "var/lib/dpkg/info/x.md5sums",
        ] {
            assert!(!crate::inventory::tests::wanted(&EXTRACTOR, path), "{path}");
        }
    }

    #[test]
    fn garbage_ends_in_few_notes() {
        let found = status(&[b"no field here\n".repeat(100_000), vec![b'x'; 1 << 20]].concat());
        assert!(found.facts.is_empty());
        assert_eq!(found.notes.len(), 33);
        assert!(found.notes.iter().all(|(_, note)| note.reason.len() < 200));
    }
}
