//! The dependency list that `cargo auditable` puts into an executable: zlib-compressed JSON in `.dep-v0`.
//!
//! Reference: `rust-audit-info`; format: `PARSING.md` and `audit-data` of cargo-auditable.

use std::borrow::Cow;
use std::io::Read;

use serde::Deserialize;

use super::Scope;
use super::binary::{Layout, Report};

/// Ten thousand crates take one megabyte; the readers in use stop at eight too.
const LIST_BYTES: u64 = 8 << 20;

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    packages: Vec<Crate<'a>>,
}

#[derive(Deserialize)]
struct Crate<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow, default)]
    source: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
}

pub(super) fn read(layout: &Layout, data: &[u8], report: &mut Report<'_>) {
    let Some((offset, size)) = layout.rust_list else {
        return;
    };
    let list = usize::try_from(offset)
        .ok()
        .zip(usize::try_from(offset.saturating_add(size)).ok())
        .and_then(|(start, end)| data.get(start..end));
    let Some(list) = list else {
        return report.note(format!(
            ".dep-v0: offset {offset}, size {size} is outside the file"
        ));
    };
    let mut json = Vec::new();
    let mut inflated = flate2::bufread::ZlibDecoder::new(list).take(LIST_BYTES + 1);
    if let Err(error) = inflated.read_to_end(&mut json) {
        return report.note(format!(".dep-v0: not zlib: {error}"));
    }
    if json.len() as u64 > LIST_BYTES {
        return report.note(format!(".dep-v0: passes the limit of {LIST_BYTES} bytes"));
    }
    let crates = match serde_json::from_slice::<List<'_>>(&json) {
        Ok(list) => list.packages,
        Err(error) => return report.note(format!(".dep-v0: not a dependency list: {error}")),
    };
    for Crate {
        name,
        version,
        source,
        kind,
    } in crates
    {
        // Only these are what the advisories of crates.io speak of. `local` (the program itself), `git` and
        // `registry` (some other one) may share a name with a crate there and be something else.
        let ecosystem = if source == "crates.io" { "crates.io" } else { "" };
        let scope = match kind.as_ref() {
            "build" => Scope::Development,
            _ => Scope::Runtime,
        };
        report.package("rust-binary", ecosystem, &name, &version, scope);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::binary::tests::{elf, examine, names};
    use super::*;
    use crate::Limits;

    fn program(json: &str) -> Vec<u8> {
        let mut list = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        list.write_all(json.as_bytes()).unwrap();
        elf(".dep-v0", &list.finish().unwrap())
    }

    #[test]
    fn source_and_kind() {
        let json = r#"{"packages":[
            {"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[1]},
            {"name":"time","version":"0.1.42","source":"crates.io"},
            {"name":"autocfg","version":"1.0.1","source":"crates.io","kind":"build"},
            {"name":"forked","version":"2.0.0","source":"git"}],"format":1}"#;
        let (packages, notes) = examine("app", &program(json), &Limits::default());
        let expected = [
            "|app|0.1.0",
            "crates.io|time|0.1.42",
            "crates.io|autocfg|1.0.1",
            "|forked|2.0.0",
        ];
        assert_eq!(names(&packages), expected);
        let scopes: Vec<_> = packages.iter().filter_map(|p| p.scope).collect();
        assert_eq!(
            scopes,
            [Scope::Runtime, Scope::Runtime, Scope::Development, Scope::Runtime]
        );
        assert!(notes.is_empty());
    }

    #[test]
    fn what_is_no_list_is_noted() {
        let (packages, notes) = examine("app", &program("{\"packages\":[{}]}"), &Limits::default());
        assert!(packages.is_empty());
        assert_eq!(
            notes,
            [".dep-v0: not a dependency list: missing field `name` at line 1 column 15"]
        );
        let (_, notes) = examine("app", &elf(".dep-v0", b"plain"), &Limits::default());
        assert!(notes[0].starts_with(".dep-v0: not zlib"), "{notes:?}");
        let (_, notes) = examine("app", &program(&" ".repeat(9 << 20)), &Limits::default());
        assert_eq!(notes, [".dep-v0: passes the limit of 8388608 bytes"]);
    }
}
