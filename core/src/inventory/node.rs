//! Node packages as npm finds them on disk: the `package.json` of each folder in a `node_modules`.
//!
//! The judge is `npm ls --all`, which reads the installed tree and not the lock file. A `package.json`
//! deeper inside a package (its `lib`, its test data) is not a package, and one outside of any
//! `node_modules` only where a link in one leads to it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Extractor, Fact, Found, Package, Reader, identity, quoted};
use crate::Limits;
use crate::image::FileHeader;

pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "node",
    wants: |header, _| Place::of(header.path.as_bytes()).is_some(),
    read: Reader::Bytes(read),
};

/// Where a `package.json` in a `node_modules` stands.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In the tree that npm sees, as the package of this folder name.
    Tree(String),
    /// In a `node_modules` somewhere inside another package, where npm does not look.
    Inside,
    /// Outside of any `node_modules`.
    Elsewhere,
}

/// Folders in which other package managers keep the real packages, linked from `node_modules` itself.
const STORES: [&[u8]; 3] = [b".bun", b".pnpm", b".store"];

impl Place {
    /// Walks `node_modules/NAME` and `node_modules/@scope/NAME`, in one another at any depth.
    fn of(path: &[u8]) -> Option<Self> {
        let parts: Vec<&[u8]> = path
            .strip_suffix(b"/package.json")?
            .split(|byte| *byte == b'/')
            .collect();
        let mut folders: Vec<_> = parts.split(|part| *part == b"node_modules").skip(1).collect();
        let Some(package) = folders.pop() else {
            return Some(Self::Elsewhere);
        };
        match package {
            [store, _, b"package"] if STORES.contains(store) => {}
            package if is_folder_of_package(package) => {}
            _ => return None,
        }
        // npm splits the scope of a package from the rest, pnpm writes `@scope+name`.
        let is_link_store = |folder: &[&[u8]]| match folder {
            [store] | [store, _] => STORES.contains(store),
            [store, scope, _] => STORES.contains(store) && scope.starts_with(b"@"),
            _ => false,
        };
        Some(
            if folders
                .into_iter()
                .all(|folder| is_folder_of_package(folder) || is_link_store(folder))
            {
                Self::Tree(String::from_utf8_lossy(&package.join(&b'/')).into_owned())
            } else {
                Self::Inside
            },
        )
    }
}

/// Whether npm sees a package in the folder of this `package.json`, were it there.
pub(super) fn is_in_tree(path: &[u8]) -> bool {
    matches!(Place::of(path), Some(Place::Tree(_)))
}

/// `NAME` or `@scope/NAME`; what begins with a dot (`.bin`, `.cache`) is no package.
fn is_folder_of_package(parts: &[&[u8]]) -> bool {
    match parts {
        [name] => !name.starts_with(b".") && !name.starts_with(b"@"),
        [scope, _] => scope.starts_with(b"@"),
        _ => false,
    }
}

fn read(header: &FileHeader, text: &[u8], _limits: &Limits, found: &mut Found) {
    let Some(place) = Place::of(header.path.as_bytes()) else {
        return;
    };
    let manifest = match manifest(text) {
        Ok(manifest) => manifest,
        // Templates and test data of whoever; if a link leads here, what is no package is none.
        Err(_) if place == Place::Elsewhere => return,
        Err(error) => return found.note(header, format!("not a package.json: {error}")),
    };
    let (folder, inside, linked) = match place {
        Place::Tree(folder) => (folder, false, false),
        Place::Inside => (String::new(), true, false),
        Place::Elsewhere => (String::new(), false, true),
    };
    // npm calls a package without a name by its folder.
    let name = manifest.name.0.filter(|name| !name.is_empty()).unwrap_or(folder);
    let version = manifest.version.0.filter(|version| !version.is_empty());
    match version {
        _ if inside && (name.is_empty() || version.is_none()) => {}
        _ if linked && (!is_name(&name) || version.is_none()) => {}
        Some(version) if inside => {
            let (name, version) = (quoted(name.as_bytes()), quoted(version.as_bytes()));
            found.note(
                header,
                format!("inside another package, where npm does not look: {name} {version}"),
            );
        }
        _ if !is_name(&name) => {
            found.note(
                header,
                format!("not a name npm allows: {}", quoted(name.as_bytes())),
            );
        }
        None => found.note(header, format!("{name}: no version")),
        Some(version) => {
            let mut package = Package::new(&name, &version, "npm", EXTRACTOR.name);
            package.purl = identity::node(&name, &version);
            match linked {
                true => found.fact(header, Fact::Linked(package)),
                false => found.package(header, package),
            }
            let (folder, except) = (Vec::new(), b"node_modules".as_slice());
            found.fact(header, Fact::Tree { folder, except });
        }
    }
}

/// Whether npm lets a package have this name: what a URL does not need to escape, after an optional scope.
/// (Capitals and long names are allowed to old packages.)
fn is_name(name: &str) -> bool {
    let plain = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed)
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name) && !name.starts_with('_'),
    }
}

/// The fields that name the package. Of a repeated field the last counts, as in JavaScript.
#[derive(Default)]
struct Manifest {
    name: Text,
    version: Text,
}

fn manifest(text: &[u8]) -> Result<Manifest, serde_json::Error> {
    let text = String::from_utf8_lossy(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
    serde_json::from_str(&text)
}

impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ManifestVisitor)
    }
}

struct ManifestVisitor;

impl<'de> Visitor<'de> for ManifestVisitor {
    type Value = Manifest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Manifest, A::Error> {
        let mut manifest = Manifest::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => manifest.name = map.next_value()?,
                "version" => manifest.version = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(manifest)
    }
}

/// A value that should be text; anything else counts as missing, whatever it is and however deep.
#[derive(Default)]
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::{found, reasons};

    #[test]
    fn only_what_npm_sees_is_a_package() {
        let tree = |name: &str| Some(Place::Tree(name.to_owned()));
        for (path, place) in [
            ("node_modules/a/package.json", tree("a")),
            ("srv/app/node_modules/@s/a/package.json", tree("@s/a")),
            ("x/node_modules/a/node_modules/b/package.json", tree("b")),
            ("x/node_modules/@s/a/node_modules/@t/b/package.json", tree("@t/b")),
            ("usr/lib/node_modules/npm/node_modules/a/package.json", tree("a")),
            (
                "x/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
                tree("a"),
            ),
            (
                "x/node_modules/.pnpm/@s+a@1/node_modules/@s/a/package.json",
                tree("@s/a"),
            ),
            (
                "x/node_modules/a/test/node_modules/b/package.json",
                Some(Place::Inside),
            ),
            (
                "x/node_modules/a/t/node_modules/b/node_modules/c/package.json",
                Some(Place::Inside),
            ),
            (
                "x/node_modules/.store/a-npm-1.0.0-0123/package/package.json",
                tree(".store/a-npm-1.0.0-0123/package"),
            ),
            (
                "x/node_modules/.cache/a/node_modules/c/package.json",
                Some(Place::Inside),
            ),
            (
                "x/node_modules/.store/@s/a@1.0.0-0123/node_modules/@s/a/package.json",
                tree("@s/a"),
            ),
            ("package.json", None),
            ("srv/app/packages/a/package.json", Some(Place::Elsewhere)),
            ("x/node_modules/package.json", None),
            ("x/node_modules/@s/package.json", None),
            ("x/node_modules/.bin/package.json", None),
            ("x/node_modules/a/lib/package.json", None),
            ("x/node_modules/@s/a/lib/package.json", None),
            ("x/node_modules/a/node_modules/b/lib/package.json", None),
            ("x/node_modules/a/node_modules/package.json", None),
            ("x/node_modules/a/package.json.bak", None),
        ] {
            assert_eq!(Place::of(path.as_bytes()), place, "{path}");
        }
    }

    fn shown(found: &Found) -> Vec<String> {
        let packages = found.facts.iter().filter_map(|(_, fact)| match fact {
            Fact::Package { package, .. } => Some(format!("{} {}", package.name, package.version)),
            _ => None,
        });
        packages.collect()
    }

    #[test]
    fn names_and_versions() {
        let deep = format!(
            "{{\"x\":{}{},\"version\":\"1\"}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let deep_name = format!(
            "{{\"name\":{}{},\"version\":\"1\"}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        for (text, package, note) in [
            (r#"{"name":"b","version":"1.0.0"}"#, Some("b 1.0.0"), None),
            ("\u{feff}{\"version\":\"v1\"}", Some("a v1"), None),
            (r#"{"name":"","version":"1"}"#, Some("a 1"), None),
            (r#"{"name":["b"],"version":"1"}"#, Some("a 1"), None),
            (
                r#"{"name":"x","version":"0","name":"@s/b","version":"2"}"#,
                Some("@s/b 2"),
                None,
            ),
            (
                r#"{"name":"b","version":"1","description":"\ud800"}"#,
                Some("b 1"),
                None,
            ),
            (&deep, Some("a 1"), None),
            (&deep_name, Some("a 1"), None),
            (r#"{"name":"b"}"#, None, Some("b: no version")),
            (r#"{"name":"b","version":7}"#, None, Some("b: no version")),
            (
                r#"{"name":"@s/b/","version":"1"}"#,
                None,
                Some(r#"not a name npm allows: "@s/b/""#),
            ),
            (
                r#"{"name":".b","version":"1"}"#,
                None,
                Some(r#"not a name npm allows: ".b""#),
            ),
            (
                r#"{"name" "b"}"#,
                None,
                Some("not a package.json: expected `:` at line 1 column 9"),
            ),
            (
                "[]",
                None,
                Some("not a package.json: invalid type: sequence, expected an object at line 1 column 0"),
            ),
            (
                "",
                None,
                Some("not a package.json: EOF while parsing a value at line 1 column 0"),
            ),
        ] {
            let found = found(&EXTRACTOR, "app/node_modules/a/package.json", text.as_bytes());
            let shown = shown(&found);
            let text: String = text.chars().take(80).collect();
            assert_eq!(shown.first().map(String::as_str), package, "{text}");
            assert_eq!(reasons(&found).first().map(String::as_str), note, "{text}");
        }
        let latin = b"{\"author\":\"\xe9\",\"name\":\"b\",\"version\":\"1\"}";
        assert_eq!(
            shown(&found(&EXTRACTOR, "node_modules/a/package.json", latin)),
            ["b 1"]
        );
    }

    #[test]
    fn what_npm_does_not_look_at_is_told() {
        let place = "app/node_modules/a/dist/node_modules/b/package.json";
        let found_one = found(&EXTRACTOR, place, br#"{"name":"b","version":"1"}"#);
        assert!(found_one.facts.is_empty());
        assert_eq!(
            reasons(&found_one),
            [r#"inside another package, where npm does not look: "b" "1""#]
        );
        assert!(found(&EXTRACTOR, place, br#"{"main":"b.js"}"#).notes.is_empty());
    }
}
