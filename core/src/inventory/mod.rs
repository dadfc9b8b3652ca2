//! The packages inside an image, a folder, a lockfile or an SBOM.

mod binary;
mod go_binary;
mod java;
mod maven_groups;
mod maven_identity;
mod rust_binary;
mod zip;

use serde::Serialize;

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

/// One fact about one content. The path in a fact is that of the header; where the content turns out to
/// be visible elsewhere (hard link, folder behind a symbolic link) the join puts the visible one.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// A package; `inner` is the path inside the archive, for packages in archives (`BOOT-INF/lib/x.jar`).
    Package { package: Package, inner: Option<String> },
    /// Files of an OS package (`dpkg` `*.list`): name, or name and `:arch`.
    Files { of: String, paths: Vec<ImagePath> },
    /// An `os-release` file.
    Distribution(Distribution),
}
