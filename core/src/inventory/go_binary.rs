//! What `go version -m` prints: the Go version and the modules an executable was linked from.
//!
//! Reference: `debug/buildinfo` and `runtime/debug.ParseBuildInfo` of Go 1.26. The linker writes a header of
//! 32 bytes at a multiple of 16. Since Go 1.18 the two texts follow it; before, it holds pointers to them.

use std::io::{self, Read};

use aho_corasick::AhoCorasick;

use super::binary::{Layout, Mapping, Report};
use super::{Scope, quoted, rust_binary};

const FOUND_BY: &str = "go-binary";
const MAGIC: &[u8] = b"\xff Go buildinf:";
const GO_ID: &[u8] = b"\xff Go build ID: \"";
const HEADER: usize = 32;
/// Marks of 16 bytes before and after the module lines.
const MODULES_START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const MODULES_END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
/// The largest programs known list some two thousand modules of a hundred bytes.
const TEXT_BYTES: u64 = 4 << 20;
/// A multiple of 16, so that the header is never cut.
const CHUNK: usize = 64 << 10;

/// The two texts of build info: the Go version, and the module lines between their marks.
struct Texts<'a> {
    go: &'a [u8],
    modules: &'a [u8],
}

/// Reads the build info of an executable held in memory, if it is one of Go.
pub(super) fn read(layout: &Layout, data: &[u8], report: &mut Report<'_>) {
    match find(layout, data) {
        Some(texts) => report_texts(&texts, report),
        None if layout.go_section => report.note("Go build info: the section cannot be read".to_owned()),
        None => {}
    }
}

/// Reads the build info of an executable that is too large to hold, as it passes by, and Rust's list with it.
///
/// The texts of Go 1.18 and later follow the header in the data segment. The older header points back to
/// them: the module lines are known by their marks and kept in passing, the Go version is not.
pub(super) fn read_large(body: &mut dyn Read, head_bytes: u64, report: &mut Report<'_>) {
    let mut head = Vec::new();
    let mut passed = Passed::default();
    let result = body.take(head_bytes).read_to_end(&mut head).and_then(|_| {
        let Some(layout) = Layout::parse(&head) else {
            return Ok(());
        };
        // Go's linker puts this before the first code: most large executables need not be searched further.
        let is_go = head.windows(GO_ID.len()).any(|window| window == GO_ID);
        passed.rust = (!is_go).then(rust_binary::Passing::default);
        let mut stream = head.as_slice().chain(body);
        let (mut position, mut seen) = (0, false);
        for room in rooms(layout.writable) {
            // Segments in the order of the file; one that overlaps the last is not read twice.
            let Some(gap) = room.offset.checked_sub(position) else {
                continue;
            };
            passed.skip(&mut (&mut stream).take(gap))?;
            seen = scan(&mut (&mut stream).take(room.size), &mut passed, report)?;
            if seen {
                break;
            }
            position = room.offset.saturating_add(room.size);
        }
        passed.skip(&mut stream)?;
        if passed.go_section && !seen {
            report.note("Go build info: not found in passing, the file is too large to hold".to_owned());
        }
        Ok(())
    });
    if let Err(error) = result {
        report.note(format!("cannot be read: {error}"));
    }
    if let Some(rust) = passed.rust.filter(|_| passed.rust_section) {
        rust.finish(report);
    }
}

/// Where the header may stand, from the first multiple of 16.
fn room(layout: &Layout) -> Option<Mapping> {
    let (start, size) = layout.go_data?;
    let aligned = start.checked_next_multiple_of(16)?;
    let mapping = layout.at(aligned)?;
    let size = size.checked_sub(aligned - start)?.min(mapping.size);
    Some(Mapping { size, ..mapping })
}

/// Segments from their first multiple of 16, in the order of the file.
fn rooms(mut writable: Vec<Mapping>) -> Vec<Mapping> {
    for room in &mut writable {
        let skip = room.address.wrapping_neg() % 16;
        room.offset = room.offset.saturating_add(skip);
        room.size = room.size.saturating_sub(skip);
    }
    writable.sort_by_key(|room| room.offset);
    writable
}

/// Reports the build info that stands in `room`; whether there is any.
fn scan(room: &mut dyn Read, passed: &mut Passed, report: &mut Report<'_>) -> io::Result<bool> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = fill(room, &mut chunk)?;
        let data = chunk.get(..length).unwrap_or_default();
        if data.is_empty() {
            return Ok(false);
        }
        passed.see(data);
        let Some(at) = position(data) else { continue };
        let mut info = data.get(at..).unwrap_or_default().to_vec();
        room.take(TEXT_BYTES).read_to_end(&mut info)?;
        match info.split_at_checked(HEADER) {
            Some((header, rest)) if inline(header) => match texts(rest) {
                Some(texts) => report_texts(&texts, report),
                None => report.note("Go build info: cannot be read".to_owned()),
            },
            Some(_) => {
                report
                    .note("Go build info: Go version not examined, the file is too large to hold".to_owned());
                report_modules(passed.modules.as_deref().unwrap_or_default(), report);
            }
            None => {}
        }
        return Ok(true);
    }
}

/// What is kept of bytes that pass by.
#[derive(Default)]
struct Passed {
    /// The end of the last chunk, where a mark may begin.
    carry: Vec<u8>,
    /// The module lines with their marks, or what came of them so far.
    modules: Option<Vec<u8>>,
    complete: bool,
    /// Whether the names of the sections of cargo-auditable and of Go came by.
    rust_section: bool,
    go_section: bool,
    rust: Option<rust_binary::Passing>,
    marks: Option<AhoCorasick>,
}

impl Passed {
    fn skip(&mut self, bytes: &mut dyn Read) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = fill(bytes, &mut chunk)?;
            if length == 0 {
                return Ok(());
            }
            self.see(chunk.get(..length).unwrap_or_default());
        }
    }

    fn see(&mut self, data: &[u8]) {
        if let Some(rust) = &mut self.rust {
            rust.see(data);
        }
        if self.marks.is_none() {
            // The marks begin with bytes that are frequent in code: looking for those first takes longer.
            let marks: [&[u8]; 4] = [MODULES_START, MODULES_END, b".dep-v0\0", b".go.buildinfo\0"];
            self.marks = AhoCorasick::builder().prefilter(false).build(marks).ok();
        }
        let Some(marks) = &self.marks else { return };
        // Each byte is in `joined` with the 15 before it, so a mark across two chunks is seen, and once.
        let mut joined = std::mem::take(&mut self.carry);
        let old = joined.len();
        joined.extend_from_slice(data);
        let mut start = old;
        for mark in marks.find_iter(&joined) {
            match mark.pattern().as_usize() {
                0 if self.modules.is_none() => {
                    self.modules = Some(MODULES_START.to_vec());
                    start = mark.end();
                }
                1 if self.modules.is_some() && !self.complete => {
                    self.complete = true;
                    // The part of the mark that came with the last chunk is already kept.
                    let rest = joined.get(start..mark.end()).unwrap_or_default();
                    self.modules
                        .iter_mut()
                        .for_each(|kept| kept.extend_from_slice(rest));
                }
                2 => self.rust_section = true,
                3 => self.go_section = true,
                _ => {}
            }
        }
        if let Some(kept) = self.modules.as_mut().filter(|_| !self.complete) {
            kept.extend_from_slice(joined.get(start..).unwrap_or_default());
            // Longer than any list: the end mark is missing.
            self.complete = kept.len() as u64 > TEXT_BYTES;
        }
        let keep = joined.len().saturating_sub(MODULES_START.len() - 1);
        self.carry = joined.split_off(keep);
    }
}

/// Fills `chunk` as far as the bytes reach.
fn fill(bytes: &mut dyn Read, chunk: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = chunk.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match bytes.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn find<'a>(layout: &Layout, data: &'a [u8]) -> Option<Texts<'a>> {
    let room = room(layout)?;
    let data_room = layout.bytes(data, room.address)?;
    let size = usize::try_from(room.size).unwrap_or(usize::MAX);
    let at = position(data_room.get(..size).unwrap_or(data_room))?;
    let (header, rest) = data_room.get(at..)?.split_at_checked(HEADER)?;
    if inline(header) {
        return texts(rest);
    }
    let pointers = Pointers::of(header)?;
    let (go, modules) = header.get(16..)?.split_at_checked(pointers.size)?;
    Some(Texts {
        go: pointers.string(layout, data, pointers.read(go)?)?,
        modules: pointers
            .string(layout, data, pointers.read(modules)?)
            .unwrap_or_default(),
    })
    .filter(|texts| !texts.go.is_empty())
}

/// Where the header stands in `data`, which starts at a multiple of 16.
fn position(data: &[u8]) -> Option<usize> {
    let line = data.chunks_exact(16).position(|line| line.starts_with(MAGIC))?;
    line.checked_mul(16)
}

fn inline(header: &[u8]) -> bool {
    header.get(15).is_some_and(|flags| flags & 2 != 0)
}

/// The texts after the header, each behind its length.
fn texts(rest: &[u8]) -> Option<Texts<'_>> {
    let (go, rest) = text(rest)?;
    let (modules, _) = text(rest)?;
    Some(Texts { go, modules }).filter(|_| !go.is_empty())
}

/// A length in seven bits a byte, then so many bytes.
fn text(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift) = (0u64, 0);
    let mut rest = data;
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            break;
        }
        shift = Some(shift + 7).filter(|shift| *shift < 64)?;
    }
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// How the header of Go before 1.18 writes addresses.
struct Pointers {
    size: usize,
    big_endian: bool,
}

impl Pointers {
    fn of(header: &[u8]) -> Option<Self> {
        let (size, flags) = (*header.get(14)?, *header.get(15)?);
        matches!(size, 4 | 8).then(|| Self {
            size: size.into(),
            big_endian: flags & 1 != 0,
        })
    }

    fn read(&self, data: &[u8]) -> Option<u64> {
        let bytes = data.get(..self.size)?.iter();
        let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(match self.big_endian {
            true => bytes.fold(0, join),
            false => bytes.rev().fold(0, join),
        })
    }

    /// The Go string whose address and length stand at `address`.
    fn string<'a>(&self, layout: &Layout, data: &'a [u8], address: u64) -> Option<&'a [u8]> {
        let (start, length) = layout.bytes(data, address)?.split_at_checked(self.size)?;
        let length = usize::try_from(self.read(length)?).ok()?;
        if length == 0 {
            return Some(b"");
        }
        layout.bytes(data, self.read(start)?)?.get(..length)
    }
}

fn report_texts(texts: &Texts<'_>, report: &mut Report<'_>) {
    let go = String::from_utf8_lossy(texts.go);
    report.package(FOUND_BY, "Go", "stdlib", &standard_library(&go), Scope::Runtime);
    report_modules(texts.modules, report);
}

fn report_modules(modules: &[u8], report: &mut Report<'_>) {
    // Without both marks the program was built without modules (GOPATH, Bazel): only the version is known.
    let inner = modules
        .len()
        .checked_sub(17)
        .filter(|at| modules.len() >= 33 && modules.get(*at) == Some(&b'\n'))
        .and_then(|at| modules.get(16..=at));
    let Some(inner) = inner else {
        return report.note("Go build info: no modules listed, only the Go version".to_owned());
    };
    modules_of(&String::from_utf8_lossy(inner), report);
}

/// Reports the modules of `mod`, `dep` and `=>` lines.
fn modules_of(lines: &str, report: &mut Report<'_>) {
    let mut last: Option<(&str, &str)> = None;
    for line in lines.lines() {
        let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
        let columns: Vec<&str> = rest.split('\t').collect();
        match (kind, columns.as_slice()) {
            ("mod" | "dep", [name, version] | [name, version, _]) => {
                flush(last.replace((name, version)), report);
            }
            // A folder in place of a module is nothing anyone published: the module's name, no version.
            ("=>", [name, version, _]) if last.is_some() => match name.starts_with(['.', '/']) {
                true => last = last.map(|(name, _)| (name, "(devel)")),
                false => last = Some((name, version)),
            },
            ("mod" | "dep" | "=>", _) => {
                let line = quoted(line.as_bytes());
                report.note(format!("Go build info: not a module line: {line}"));
            }
            _ => {}
        }
    }
    flush(last, report);
}

fn flush(module: Option<(&str, &str)>, report: &mut Report<'_>) {
    if let Some((name, version)) = module {
        report.package(FOUND_BY, "Go", name, version, Scope::Runtime);
    }
}

/// The version of the standard library as Go's vulnerability database writes it: `go1.19.8` is `1.19.8`,
/// `go1.20` is `1.20.0`, `go1.21rc2` is `1.21.0-rc.2`. Experiments (`X:…`) and the marks of other builders
/// (`b7` of BoringCrypto, ` (Red Hat …)`, `-1`) are no part of it. A development version stays as written.
fn standard_library(go: &str) -> String {
    let release = go
        .strip_prefix("go")
        .filter(|v| v.starts_with(|c: char| c.is_ascii_digit()));
    let Some(release) = release else {
        return go.to_owned();
    };
    let numbers = release
        .find(|c: char| c != '.' && !c.is_ascii_digit())
        .and_then(|end| release.split_at_checked(end));
    let (numbers, rest) = numbers.unwrap_or((release, ""));
    let mut version = numbers.trim_end_matches('.').to_owned();
    for _ in version.matches('.').count()..2 {
        version.push_str(".0");
    }
    for stage in ["rc", "beta"] {
        if let Some(number) = rest.strip_prefix(stage) {
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            version.push_str(&format!("-{stage}.{digits}"));
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::super::binary::tests::{elf, examine, names};
    use super::*;
    use crate::Limits;

    const LINES: &str = "path\tgit.example/app\nmod\tgit.example/app\tv1.4.0\th1:x=\n\
        dep\tgit.example/a\tv1.0.0\th1:x=\n=>\tgit.example/b\tv1.0.1\th1:y=\n\
        dep\tgit.example/c\tv0.9.0+incompatible\n\
        dep\tgit.example/d\tv2.0.0\n=>\t./d\t(devel)\t\nbuild\t-compiler=gc\n";

    fn marked(lines: &str) -> Vec<u8> {
        [MODULES_START, lines.as_bytes(), MODULES_END].concat()
    }

    fn inline(go: &str, modules: &[u8]) -> Vec<u8> {
        let length = |n: usize| match n {
            0..0x80 => vec![n as u8],
            n => vec![n as u8 | 0x80, (n >> 7) as u8],
        };
        let mut data = [MAGIC, &[8, 2], &[0; 16]].concat();
        data.extend(
            [
                length(go.len()),
                go.into(),
                length(modules.len()),
                modules.to_vec(),
            ]
            .concat(),
        );
        data
    }

    #[test]
    fn modules_and_replacements() {
        let info = inline("go1.22.1 X:loopvar", &marked(LINES));
        let expected = [
            "Go|stdlib|1.22.1",
            "Go|git.example/app|v1.4.0",
            "Go|git.example/b|v1.0.1",
            "Go|git.example/c|v0.9.0+incompatible",
            "Go|git.example/d|(devel)",
        ];
        for section in [".go.buildinfo", ".data"] {
            let data = elf(section, &info);
            let (packages, notes) = examine("app", &data, &Limits::default());
            assert_eq!(names(&packages), expected, "{section}");
            assert!(notes.is_empty(), "{notes:?}");
            // As it passes by, wherever the chunks are cut.
            let limits = Limits {
                file_bytes: 16,
                ..Limits::default()
            };
            let (packages, _) = examine("app", &data, &limits);
            assert_eq!(names(&packages), expected);
        }
    }

    #[test]
    fn a_malformed_line_hides_no_other() {
        let lines = "dep\tgit.example/a\nmod\ndep\tgit.example/b\tv1.0.0\n";
        let (packages, notes) = examine(
            "app",
            &elf(".data", &inline("go1.20", &marked(lines))),
            &Limits::default(),
        );
        assert_eq!(names(&packages), ["Go|stdlib|1.20.0", "Go|git.example/b|v1.0.0"]);
        assert_eq!(
            notes,
            [
                r#"Go build info: not a module line: "dep\tgit.example/a""#,
                r#"Go build info: not a module line: "mod""#
            ]
        );
    }

    #[test]
    fn without_modules_or_texts() {
        let (packages, notes) = examine("app", &elf(".data", &inline("go1.20", b"")), &Limits::default());
        assert_eq!(names(&packages), ["Go|stdlib|1.20.0"]);
        assert_eq!(notes, ["Go build info: no modules listed, only the Go version"]);
        let cut = &inline("go1.20", &marked(LINES))[..60];
        let (packages, notes) = examine("app", &elf(".go.buildinfo", cut), &Limits::default());
        assert!(packages.is_empty());
        assert_eq!(notes, ["Go build info: the section cannot be read"]);
    }

    #[test]
    fn marks_are_kept_wherever_chunks_are_cut() {
        let stream = [b"......", marked(LINES).as_slice(), b".......dep-v0\0...."].concat();
        for size in 1..64 {
            let mut passed = Passed::default();
            stream.chunks(size).for_each(|chunk| passed.see(chunk));
            assert_eq!(
                passed.modules.as_deref(),
                Some(marked(LINES).as_slice()),
                "chunks of {size}"
            );
            assert!(passed.rust_section);
        }
    }

    #[test]
    fn versions_of_the_standard_library() {
        for (go, version) in [
            ("go1.19.8", "1.19.8"),
            ("go1.20", "1.20.0"),
            ("go1.21rc2", "1.21.0-rc.2"),
            ("go1.18beta1", "1.18.0-beta.1"),
            ("go1.18.9b7", "1.18.9"),
            ("go1.22.5 X:nocoverageredesign", "1.22.5"),
            ("go1.21.6-1", "1.21.6"),
            ("go1.20.10 (Red Hat 1.20.10-1.el9_3)", "1.20.10"),
            ("devel go1.23-abcdef Mon Jan 1", "devel go1.23-abcdef Mon Jan 1"),
        ] {
            assert_eq!(standard_library(go), version);
        }
    }

    #[test]
    fn the_header_before_go_1_18() {
        for (size, big_endian) in [(8, false), (8, true), (4, false), (4, true)] {
            // The data segment is loaded at 0x1000: header, two string headers, two texts.
            let modules = marked(LINES);
            let word = |value: usize| {
                let bytes = (value as u64).to_be_bytes();
                let mut bytes = bytes[8 - size..].to_vec();
                if !big_endian {
                    bytes.reverse();
                }
                bytes
            };
            let mut data = [MAGIC, &[size as u8, u8::from(big_endian)]].concat();
            data.extend([word(0x1020), word(0x1020 + 2 * size)].concat());
            data.resize(HEADER, 0);
            let at = 0x1020 + 4 * size;
            data.extend([word(at), word(8), word(at + 8), word(modules.len())].concat());
            data.extend([b"go1.16.3".as_slice(), &modules].concat());
            let (packages, notes) = examine("app", &elf(".data", &data), &Limits::default());
            assert_eq!(
                names(&packages)[..2],
                ["Go|stdlib|1.16.3", "Go|git.example/app|v1.4.0"]
            );
            assert_eq!(packages.len(), 5);
            assert!(notes.is_empty());
        }
    }
}
