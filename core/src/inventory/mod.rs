//! The packages inside an image, a folder, a lockfile or an SBOM.
//!
//! A [`Cataloguer`] sees every file of an image once. Each kind of evidence is an `Extractor`: a file of
//! its own, and a row in `EXTRACTORS`. What they find are facts about *contents*, because a layer does
//! not know yet what later layers hide; joined with the merged view they become an [`Inventory`].

mod apk;
mod binary;
mod cataloguer;
mod dpkg;
mod go_binary;
mod identity;
mod java;
mod join;
mod maven_groups;
mod maven_identity;
mod merge;
mod node;
mod node_links;
mod os_release;
mod paths;
mod python;
mod ruby;
mod rust_binary;
#[cfg(test)]
mod tests;
mod zip;

use serde::Serialize;

pub use cataloguer::{Cataloguer, Want};

use crate::image::{ContentId, FileHeader, ImagePath, Note};
use crate::{Limits, Purl};

/// Where a package stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Location {
    /// Path inside the target; `archive!/entry` inside an archive.
    pub path: String,
    /// Digest (diff id) of the layer that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
}

/// The source package a binary package was built from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Source {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// What a package is there for, where its evidence says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scope {
    /// Part of what runs.
    Runtime,
    /// Needed to build or test only.
    Development,
}

/// The distribution an image is made of, from `os-release`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Distribution {
    /// `ID`, such as `debian`; empty where the file has none.
    pub id: String,
    /// `ID_LIKE`, split at spaces.
    pub id_like: Vec<String>,
    /// `VERSION_ID`, such as `12`.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// The file it was read from.
    pub path: String,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// Name as its ecosystem writes it (not folded).
    pub name: String,
    /// Version as written.
    pub version: String,
    /// OSV ecosystem with release, such as `Debian:12` or `npm`; empty where none could be told.
    pub ecosystem: String,
    /// Package URL; `None` where no type fits.
    pub purl: Option<Purl>,
    /// Source package, for distribution packages.
    pub source: Option<Source>,
    /// Architecture, for distribution packages.
    pub arch: Option<String>,
    /// The evidence, sorted.
    pub locations: Vec<Location>,
    /// Runtime or development, where known.
    pub scope: Option<Scope>,
    /// The extractor that found it, such as `dpkg`.
    pub found_by: &'static str,
    /// Files that belong to it, as its package database lists them, sorted.
    pub files: Vec<ImagePath>,
    /// The distribution package that owns this language package's evidence: index into
    /// [`Inventory::packages`].
    pub owner: Option<usize>,
}

/// All packages of one target.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Inventory {
    /// The distribution, where an `os-release` was found.
    pub distribution: Option<Distribution>,
    /// Packages, sorted by ecosystem, name, version, then first location.
    pub packages: Vec<Package>,
    /// What could not be read.
    pub notes: Vec<Note>,
}

impl Package {
    /// A package of which only this much is known.
    pub(crate) fn new(name: &str, version: &str, ecosystem: &str, found_by: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            ecosystem: ecosystem.to_owned(),
            purl: None,
            source: None,
            arch: None,
            locations: Vec::new(),
            scope: None,
            found_by,
            files: Vec::new(),
            owner: None,
        }
    }
}

/// Every kind of evidence that is looked for, in the order in which they are asked.
pub(crate) const EXTRACTORS: &[&Extractor] = &[
    &os_release::EXTRACTOR,
    &dpkg::EXTRACTOR,
    &apk::EXTRACTOR,
    &python::EXTRACTOR,
    &python::ZIPPED_EGG,
    &node::EXTRACTOR,
    &ruby::EXTRACTOR,
    &java::POM_PROPERTIES,
    &java::ARCHIVE,
    &binary::EXTRACTOR,
];

/// One kind of evidence: which files hold it, and how it is read.
pub(crate) struct Extractor {
    /// Name shown as `found_by`.
    pub name: &'static str,
    /// Whether this file is for this extractor, by path and first bytes (up to 512).
    pub wants: fn(&FileHeader, &[u8]) -> bool,
    /// How it is read.
    pub read: Reader,
}

/// How an extractor takes the content of a file.
pub(crate) enum Reader {
    /// Whole, held in memory (at most `Limits::file_bytes`).
    Bytes(fn(&FileHeader, &[u8], &Limits, &mut Found)),
    /// As a stream, once, from the first byte; the extractor bounds what it keeps.
    Stream(fn(&FileHeader, &mut dyn std::io::Read, &Limits, &mut Found)),
}

/// What extractors find while an image is read: facts about contents, joined with the view afterwards.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub facts: Vec<(ContentId, Fact)>,
    pub notes: Vec<(ContentId, Note)>,
}

/// A file full of garbage must not fill the report: after so many notes about it, one says that more follow.
const NOTES_PER_FILE: usize = 32;

impl Found {
    /// Keeps a package of this file.
    pub(crate) fn package(&mut self, header: &FileHeader, package: Package) {
        self.fact(header, Fact::Package { package, inner: None });
    }

    /// Keeps a fact about this file.
    pub(crate) fn fact(&mut self, header: &FileHeader, fact: Fact) {
        self.facts.push((header.content, fact));
    }

    /// Keeps why something in this file could not be read.
    pub(crate) fn note(&mut self, header: &FileHeader, reason: impl Into<String>) {
        let same = self.notes.iter().rev().take(NOTES_PER_FILE + 1);
        let reason = match same.take_while(|(content, _)| *content == header.content).count() {
            ..NOTES_PER_FILE => reason.into(),
            NOTES_PER_FILE => "more like these, left out".to_owned(),
            _ => return,
        };
        let place = header.path.to_string();
        self.notes.push((header.content, Note { place, reason }));
    }
}

/// One fact about one content. The path in a fact is that of the header; where the content turns out to
/// be visible elsewhere (hard link, folder behind a symbolic link) the join puts the visible one.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// A package; `inner` is the path inside the archive, for packages in archives (`BOOT-INF/lib/x.jar`).
    Package { package: Package, inner: Option<String> },
    /// A Node package where a link in a `node_modules` leads to it, and nowhere else.
    Linked(Package),
    /// A list of files, and whose they are.
    Files { of: ListOf, paths: PathList },
    /// All files below a folder belong to the packages of this content.
    Tree {
        /// The folder, relative to the one the content stands in.
        folder: Vec<u8>,
        /// A folder right below that is left out.
        except: &'static [u8],
    },
    /// An `os-release` file, or one that stands in for it.
    Distribution(Distribution),
}

/// Whose files a list names, and where its paths start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListOf {
    /// The package of this extractor and name (or name and `:arch`); paths start at the root.
    Name(&'static str, String),
    /// The package whose evidence stands in the folder of the list; paths start so many folders above.
    Beside(usize),
}

/// Paths as a list has them: one after another in one buffer, since an image has a hundred thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PathList(Vec<u8>);

impl PathList {
    /// Adds `parts`, joined, as one path. (A path cannot hold a zero byte, so that one ends it.)
    pub(crate) fn push(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.extend(part.iter().filter(|byte| **byte != 0));
        }
        self.0.push(0);
    }

    /// The paths, as written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == 0).filter(|path| !path.is_empty())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Text from outside as notes show it: quoted, escaped, and no longer than is needed to find it.
pub(crate) fn quoted(text: &[u8]) -> String {
    const SHOWN: usize = 60;
    let cut = text.get(..SHOWN).unwrap_or(text);
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{:?}{more}", String::from_utf8_lossy(cut))
}

/// The lines of a text file, whatever ends them, without a byte order mark.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}
