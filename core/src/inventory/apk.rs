//! apk's database of installed packages: `X:value` lines, an empty line after each package.
//!
//! `P` name, `V` version, `A` architecture, `o` origin (the source package), `F` a folder and `R` a file in
//! it. <https://wiki.alpinelinux.org/wiki/Apk_spec>

use super::{Extractor, Fact, Found, ListOf, Package, PathList, Reader, Source, lines, quoted};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: APK,
    wants: |header, _| INSTALLED.contains(&header.path.as_bytes()),
    read: Reader::Bytes(read),
};

pub(super) const APK: &str = "apk";

/// Where the database is; the second since `/lib` may be a link to `/usr/lib`.
pub(super) const INSTALLED: [&[u8]; 2] = [b"lib/apk/db/installed", b"usr/lib/apk/db/installed"];

/// The fields of one package, and the line it begins in.
#[derive(Default)]
struct Entry<'a> {
    line: usize,
    name: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    arch: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
    folder: &'a [u8],
    files: PathList,
}

fn read(header: &FileHeader, text: &[u8], limits: &Limits, found: &mut Found) {
    let mut entry = Entry::default();
    for (number, line) in (1..).zip(lines(text)) {
        if line.is_empty() {
            end(header, &mut entry, found);
            continue;
        }
        let [key, b':', value @ ..] = line else {
            found.note(header, format!("line {number}: not a field: {}", quoted(line)));
            continue;
        };
        // A lost empty line must not lose the package that follows it.
        if *key == b'P' && entry.name.is_some() {
            found.note(
                header,
                format!("line {number}: a second P in one package: {}", quoted(value)),
            );
            end(header, &mut entry, found);
        }
        if entry.line == 0 {
            entry.line = number;
        }
        match key {
            b'P' => entry.name = Some(value),
            b'V' => entry.version = Some(value),
            b'A' => entry.arch = Some(value),
            b'o' => entry.origin = Some(value),
            b'F' => entry.folder = value,
            b'R' => file(header, &mut entry, value, limits, found),
            _ => {}
        }
    }
    end(header, &mut entry, found);
}

/// Adds a file of the folder above it, which a hostile database need not repeat to have it kept a million times.
fn file(header: &FileHeader, entry: &mut Entry<'_>, name: &[u8], limits: &Limits, found: &mut Found) {
    let bytes = entry.folder.len().saturating_add(name.len());
    if bytes >= limits.path_bytes || entry.files.bytes() >= limits.file_bytes {
        let name = quoted(entry.name.unwrap_or_default());
        found.note(
            header,
            format!("line {}: files of {name} are too long, and left out", entry.line),
        );
    } else {
        entry.files.push(&[entry.folder, b"/", name]);
    }
}

fn end(header: &FileHeader, entry: &mut Entry<'_>, found: &mut Found) {
    let entry = std::mem::take(entry);
    if entry.line == 0 {
        return;
    }
    let text = |value: &[u8]| String::from_utf8_lossy(value.trim_ascii()).into_owned();
    let present = |value: Option<&[u8]>| value.map(text).filter(|value| !value.is_empty());
    let Some(name) = present(entry.name) else {
        return found.note(
            header,
            format!("line {}: a package without P, its name", entry.line),
        );
    };
    let Some(version) = present(entry.version) else {
        return found.note(header, format!("line {}: {name}: no V, its version", entry.line));
    };
    let mut package = Package::new(&name, &version, "", APK);
    package.arch = present(entry.arch);
    // All packages of one origin are built together, with one version.
    package.source = Some(Source {
        name: present(entry.origin).unwrap_or_else(|| name.clone()),
        version,
    });
    found.package(header, package);
    if !entry.files.is_empty() {
        let of = ListOf::Name(APK, name);
        found.fact(
            header,
            Fact::Files {
                of,
                paths: entry.files,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::{found, reasons, wanted};

    fn installed(text: &[u8]) -> Found {
        found(&EXTRACTOR, "lib/apk/db/installed", text)
    }

    fn shown(found: &Found) -> Vec<String> {
        let shown = found.facts.iter().map(|(_, fact)| match fact {
            Fact::Package { package, .. } => {
                let source = package.source.as_ref().unwrap();
                let arch = package.arch.as_deref().unwrap_or("-");
                let Package { name, version, .. } = package;
                format!("{name} {version} {arch} <- {} {}", source.name, source.version)
            }
            Fact::Files {
                of: ListOf::Name("apk", name),
                paths,
            } => {
                let paths: Vec<_> = paths.iter().map(String::from_utf8_lossy).collect();
                format!("{name}: {}", paths.join(" "))
            }
            other => panic!("{other:?}"),
        });
        shown.collect()
    }

    #[test]
    fn packages_with_their_files() {
        let found = installed(
            b"C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:1\no:musl\nD:so:a\np:so:b=1\nr:old\nF:lib\nR:ld.so\n\
              a:0:0:755\nZ:Q1x=\nR:libc.so\nF:\nR:top\nF:etc\nM:0:0:700\n\n\
              P:busybox-binsh\nV:1.36.1-r2\nA:x86_64\no:busybox\n\nP:bare\nV:1",
        );
        assert_eq!(
            shown(&found),
            [
                "musl 1.2.4-r2 x86_64 <- musl 1.2.4-r2",
                "musl: lib/ld.so lib/libc.so /top",
                "busybox-binsh 1.36.1-r2 x86_64 <- busybox 1.36.1-r2",
                "bare 1 - <- bare 1",
            ]
        );
        assert!(found.notes.is_empty());
    }

    #[test]
    fn what_is_broken_is_noted_and_the_rest_counts() {
        let found = installed(
            b"P:a\r\nV:1\r\n\r\nV:2\n\nP:c\n\nhello\n\nP:d\nV:4\nP:e\nV:5\nF:\xff\nR:\0\n\nP:f\nV:",
        );
        assert_eq!(
            shown(&found),
            ["a 1 - <- a 1", "d 4 - <- d 4", "e 5 - <- e 5", "e: \u{fffd}/"]
        );
        assert_eq!(
            reasons(&found),
            [
                "line 4: a package without P, its name",
                "line 6: c: no V, its version",
                r#"line 8: not a field: "hello""#,
                r#"line 12: a second P in one package: "e""#,
                "line 17: f: no V, its version",
            ]
        );
        assert_eq!(installed(&vec![0xff; 1 << 20]).notes.len(), 1);
    }

    #[test]
    fn both_places_are_looked_at() {
        assert!(wanted(&EXTRACTOR, "lib/apk/db/installed"));
        assert!(wanted(&EXTRACTOR, "usr/lib/apk/db/installed"));
        assert!(!wanted(&EXTRACTOR, "srv/lib/apk/db/installed"));
    }
}
