//! Installed Python distributions: `*.dist-info`, `*.egg-info` and `*.egg`, a folder or zipped.
//!
//! The judge is `pip list`, which reads the metadata as mail headers. Two `dist-info` of different versions
//! are two packages here, although pip shows but the first: both are on the disk.

use std::io::Read;

use super::zip::{self, Content, Meter, Visit};
use super::{Extractor, Fact, Found, ListOf, Package, PathList, Reader, identity, lines, quoted};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "python",
    wants: |header, _| Evidence::of(header).is_some(),
    read: Reader::Bytes(read),
};

/// An egg that `easy_install` left zipped: Python imports from it as it is.
pub(super) const ZIPPED_EGG: Extractor = Extractor {
    name: EXTRACTOR.name,
    wants: |header, head| stem(header.path.file_name(), b".egg").is_some() && head.starts_with(b"PK\x03\x04"),
    read: Reader::Stream(read_egg),
};

const EGG_METADATA: &str = "EGG-INFO/PKG-INFO";
/// Bytes kept of the metadata of an egg: a name and a version come before a long description.
const EGG_TEXT_BYTES: u64 = 256 << 10;
/// Unpacked bytes that are granted whatever the ratio.
const EGG_GRANT: u64 = 64 << 20;

/// What one file of a distribution holds.
#[derive(Debug, PartialEq, Eq)]
enum Evidence<'a> {
    /// Headers; with the name and version the folder states.
    Metadata(Option<&'a [u8]>, Option<&'a [u8]>),
    /// `RECORD`: comma-separated path, digest, size; paths start at the parent of the `dist-info`.
    Record,
    /// `installed-files.txt` of an `egg-info`: paths start at the `egg-info`.
    InstalledFiles,
}

impl<'a> Evidence<'a> {
    fn of(header: &'a FileHeader) -> Option<Self> {
        let name = header.path.file_name();
        let folder = header.path.parent();
        let folder = folder.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        match name {
            b"METADATA" => {
                let stem = stem(folder, b".dist-info")?;
                let dash = stem.iter().position(|byte| *byte == b'-');
                match dash.and_then(|dash| stem.split_at_checked(dash)) {
                    Some((name, version)) => Some(Self::Metadata(Some(name), version.get(1..))),
                    None => Some(Self::Metadata(None, None)),
                }
            }
            b"PKG-INFO" if folder == b"EGG-INFO" => Some(Self::Metadata(None, None)),
            b"PKG-INFO" => Some(Self::egg_info(stem(folder, b".egg-info")?)),
            b"RECORD" => stem(folder, b".dist-info").map(|_| Self::Record),
            b"installed-files.txt" => stem(folder, b".egg-info").map(|_| Self::InstalledFiles),
            name => Some(Self::egg_info(stem(name, b".egg-info")?)),
        }
    }

    /// `NAME-VERSION-py3.11.egg-info`, of which only the name is certain.
    fn egg_info(stem: &'a [u8]) -> Self {
        Self::Metadata(stem.split(|byte| *byte == b'-').next(), None)
    }
}

/// The name without its suffix, in whatever case.
fn stem<'a>(name: &'a [u8], suffix: &[u8]) -> Option<&'a [u8]> {
    let (stem, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(stem)
}

fn read(header: &FileHeader, text: &[u8], _limits: &Limits, found: &mut Found) {
    match Evidence::of(header) {
        Some(Evidence::Metadata(name, version)) => match metadata(header, text, name, version) {
            Ok(package) => found.package(header, package),
            Err(reason) => found.note(header, reason),
        },
        Some(Evidence::Record) => {
            let mut paths = PathList::default();
            lines(text).for_each(|line| paths.push(&[&first_column(line)]));
            list(header, 1, paths, found);
        }
        Some(Evidence::InstalledFiles) => {
            let mut paths = PathList::default();
            lines(text).for_each(|line| paths.push(&[line]));
            list(header, 0, paths, found);
        }
        None => {}
    }
}

fn read_egg(header: &FileHeader, body: &mut dyn Read, limits: &Limits, found: &mut Found) {
    let grant = limits.ratio.saturating_mul(header.size).saturating_add(EGG_GRANT);
    let meter = Meter::new(grant.min(limits.unpacked_bytes));
    let mut egg = Egg::default();
    let read = zip::streamed(body, &meter, &mut egg);
    egg.notes.into_iter().for_each(|note| found.note(header, note));
    if let Err(error) = read {
        found.note(header, error.to_string());
    }
    let Some(text) = egg.metadata else {
        return found.note(header, format!("no {EGG_METADATA}"));
    };
    match metadata(header, &text, None, None) {
        Ok(package) => {
            let inner = Some(EGG_METADATA.to_owned());
            found.fact(header, Fact::Package { package, inner });
        }
        Err(reason) => found.note(header, reason),
    }
}

/// What is kept of a zipped egg.
#[derive(Default)]
struct Egg {
    metadata: Option<Vec<u8>>,
    notes: Vec<String>,
}

impl Visit for Egg {
    fn wants(&self, name: &[u8]) -> bool {
        name == EGG_METADATA.as_bytes()
    }

    fn entry(&mut self, _: &[u8], _: u64, content: Content<'_>) {
        let mut text = Vec::new();
        let read = match content {
            Content::Held(data) => data.take(EGG_TEXT_BYTES).read_to_end(&mut text),
            Content::Packed(body) => body.take(EGG_TEXT_BYTES).read_to_end(&mut text),
        };
        // What ended the unpacking is noted by the reader of the archive; what came before it stands.
        if read.is_ok() || !text.is_empty() {
            self.metadata = Some(text);
        }
    }

    fn note(&mut self, _: Option<&[u8]>, reason: String) {
        self.notes.push(reason);
    }
}

fn list(header: &FileHeader, up: usize, paths: PathList, found: &mut Found) {
    if paths.iter().next().is_some() {
        let of = ListOf::Beside(up);
        found.fact(header, Fact::Files { of, paths });
    }
}

/// The first field of a line of comma-separated values; in quotes a doubled quote is one.
fn first_column(line: &[u8]) -> Vec<u8> {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        return line
            .split(|byte| *byte == b',')
            .next()
            .unwrap_or_default()
            .to_vec();
    };
    let mut field = Vec::new();
    let mut bytes = quoted.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
            break;
        }
        field.push(byte);
    }
    field
}

fn metadata(
    header: &FileHeader,
    text: &[u8],
    folder_name: Option<&[u8]>,
    folder_version: Option<&[u8]>,
) -> Result<Package, String> {
    let (name, version) = headers(text);
    let present = |value: Option<&[u8]>| {
        let value = value.map(|value| String::from_utf8_lossy(value).trim().to_owned());
        value.filter(|value| !value.is_empty())
    };
    // pip goes by the folder to tell which names are leftovers (`~ip-22.0.dist-info`).
    let folder_name = present(folder_name);
    let stated = present(name);
    let name = stated.as_ref().or(folder_name.as_ref()).ok_or("no Name")?;
    let judged = folder_name.as_ref().unwrap_or(name);
    if !is_name(judged) {
        return Err(format!("not a distribution name: {}", quoted(judged.as_bytes())));
    }
    let version = present(version)
        .or_else(|| present(folder_version))
        .ok_or_else(|| format!("{name}: no Version"))?;
    if is_vendored(header.path.as_bytes()) {
        let (name, version) = (quoted(name.as_bytes()), quoted(version.as_bytes()));
        return Err(format!(
            "inside another distribution, where pip does not look: {name} {version}"
        ));
    }
    let mut package = Package::new(name, &version, "PyPI", EXTRACTOR.name);
    package.purl = identity::python(name, &version);
    Ok(package)
}

/// Whether the metadata stands deeper in a folder of installed distributions than in the folder itself:
/// `site-packages/setuptools/_vendor/wheel-0.45.dist-info/METADATA`. (Such a folder need not have that name:
/// `pip install --target` fills any.)
fn is_vendored(path: &[u8]) -> bool {
    let is_site = |part: &[u8]| matches!(part, b"site-packages" | b"dist-packages");
    let is_metadata = |part: &[u8]| {
        let suffixes: [&[u8]; 3] = [b".dist-info", b".egg-info", b".egg"];
        part == b"EGG-INFO" || suffixes.into_iter().any(|suffix| stem(part, suffix).is_some())
    };
    let mut above = path
        .split(|byte| *byte == b'/')
        .take_while(|part| !is_metadata(part));
    let last = above.by_ref().find(|part| is_site(part)).map(|_| above.last());
    // Nothing, or another such folder, comes between the two.
    matches!(last, Some(Some(last)) if !is_site(last))
}

/// Letters, digits, and between them also `.`, `_` and `-`.
fn is_name(name: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(alphanumeric)
        && name.ends_with(alphanumeric)
        && name
            .chars()
            .all(|c| alphanumeric(c) || matches!(c, '.' | '_' | '-'))
}

/// The first `Name` and the first `Version` among the headers, which end at an empty line, or at one that
/// is neither header nor continuation (a description that was not folded).
fn headers(text: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let (mut name, mut version) = (None, None);
    for line in lines(text) {
        if line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b"From ") {
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((key, value)) = colon.and_then(|colon| line.split_at_checked(colon)) else {
            break;
        };
        if !key.iter().all(u8::is_ascii_graphic) {
            break;
        }
        if key.eq_ignore_ascii_case(b"Name") {
            name.get_or_insert(value.get(1..).unwrap_or_default());
        } else if key.eq_ignore_ascii_case(b"Version") {
            version.get_or_insert(value.get(1..).unwrap_or_default());
        }
    }
    (name, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::{found, reasons, wanted};

    fn shown(path: &str, text: &[u8]) -> Vec<String> {
        let found = found(&EXTRACTOR, path, text);
        let packages = found.facts.iter().map(|(_, fact)| match fact {
            Fact::Package { package, .. } => format!("{} {}", package.name, package.version),
            Fact::Files {
                of: ListOf::Beside(up),
                paths,
            } => {
                let paths: Vec<_> = paths.iter().map(String::from_utf8_lossy).collect();
                format!("{up}: {}", paths.join(" "))
            }
            other => panic!("{other:?}"),
        });
        packages.chain(reasons(&found)).collect()
    }

    #[test]
    fn every_kind_of_metadata() {
        for (path, text, expected) in [
            (
                "s/Django-3.2.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: Django\nVersion: 3.2\n",
                "Django 3.2",
            ),
            (
                "s/a-1.egg-info/PKG-INFO",
                "name: A \r\nVERSION:\t1.0\r\n\r\nVersion: 2\r\n",
                "A 1.0",
            ),
            ("s/a-1-py3.8.egg-info", "Name: a\nVersion: 1\nVersion: 2\n", "a 1"),
            (
                "s/a-1-py3.8.egg/EGG-INFO/PKG-INFO",
                "\u{feff}Name: a\nVersion: 1\n",
                "a 1",
            ),
            (
                "s/a.b_c-1.0.DIST-INFO/METADATA",
                "Description: x\n Name: no\nName: a.b-c\nVersion: 1\n",
                "a.b-c 1",
            ),
            ("s/a-1.0.dist-info/METADATA", "Summary: nothing\n", "a 1.0"),
            (
                "s/a-1.0.dist-info/METADATA",
                "Keywords: one\ntwo\nName: b\nVersion: 2\n",
                "a 1.0",
            ),
            ("s/a-1.0.dist-info/METADATA", "", "a 1.0"),
            ("s/a.egg-info/PKG-INFO", "Name: a\n", "a: no Version"),
            ("s/a.dist-info/METADATA", "{\"a\": 1}", "no Name"),
            (
                "s/~ip-22.0.dist-info/METADATA",
                "Name: pip\nVersion: 22.0\n",
                "not a distribution name: \"~ip\"",
            ),
            (
                "s/x.egg/EGG-INFO/PKG-INFO",
                "Name: a b\nVersion: 1\n",
                "not a distribution name: \"a b\"",
            ),
        ] {
            assert_eq!(shown(path, text.as_bytes()), [expected], "{path} {text}");
        }
        let latin = b"Name: a\nAuthor: \xe9\nVersion: 1\n";
        assert_eq!(shown("s/a-1.dist-info/METADATA", latin), ["a 1"]);
        assert_eq!(shown("s/a.egg-info", &vec![0; 1 << 20]), ["a: no Version"]);
    }

    #[test]
    fn vendored_distributions_are_told_and_not_counted() {
        for (path, counts) in [
            ("usr/lib/python3/dist-packages/a.egg-info", true),
            ("v/site-packages/a-1.dist-info/METADATA", true),
            ("v/site-packages/a-1-py3.egg/EGG-INFO/PKG-INFO", true),
            ("v/site-packages/x/site-packages/a-1.dist-info/METADATA", true),
            ("srv/any/folder/a-1.dist-info/METADATA", true),
            ("v/site-packages/setuptools/_vendor/a-1.dist-info/METADATA", false),
            ("usr/lib/python3/dist-packages/x/a-1.egg-info/PKG-INFO", false),
            ("v/site-packages/x/a-1.egg-info", false),
        ] {
            let packages = shown(path, b"Name: a\nVersion: 1\n");
            let told = "inside another distribution, where pip does not look: \"a\" \"1\"";
            assert_eq!(packages, [if counts { "a 1" } else { told }], "{path}");
        }
    }

    #[test]
    fn lists_of_files() {
        let record = b"a/__init__.py,sha256=x,1\n\"a/b, \"\"c\"\".py\",,\n../../../bin/a,,\n\n\"open";
        assert_eq!(
            shown("s/a-1.dist-info/RECORD", record),
            ["1: a/__init__.py a/b, \"c\".py ../../../bin/a open"]
        );
        assert_eq!(
            shown("s/a.egg-info/installed-files.txt", b"../a.py\nPKG-INFO\n"),
            ["0: ../a.py PKG-INFO"]
        );
        assert!(shown("s/a-1.dist-info/RECORD", b"\n\n").is_empty());
    }

    #[test]
    fn other_files_are_not_asked() {
        for path in [
            "METADATA",
            "s/a/METADATA",
            "s/PKG-INFO",
            "s/a.egg-info/requires.txt",
            "s/RECORD",
            "s/a.egg-inf",
        ] {
            assert!(!wanted(&EXTRACTOR, path), "{path}");
        }
    }
}
