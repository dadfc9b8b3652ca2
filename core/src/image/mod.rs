//! Container images and root filesystems: which files there are, and which layer brought each.
//!
//! An image is read in one pass a layer. Nothing is unpacked: an [`Inspect`] sees every regular file
//! once as a stream, and the [`View`] says afterwards which of them are visible in the container.

mod archive;
mod compression;
mod digest;
mod docker_archive;
#[cfg(feature = "fs")]
mod folder;
mod layer;
mod manifest;
mod merge;
mod notes;
mod oci_layout;
mod pax;
mod plan;
mod read;
#[cfg(feature = "fs")]
mod rootfs;
mod sparse;
mod stream;
mod tarball;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::str::FromStr;

use crate::{Error, Limits, Result};

#[cfg(feature = "fs")]
pub use folder::read_folder;
pub use read::read;
#[cfg(feature = "fs")]
pub use rootfs::read_rootfs;

/// A path inside an image: bytes, relative to the root, without `.`, `..`, leading or double slashes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ImagePath(Vec<u8>);

impl ImagePath {
    /// Normalises `raw`: drops `.` and empty parts, lets `..` climb no higher than the root.
    pub fn new(raw: &[u8]) -> Self {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in raw.split(|b| *b == b'/') {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Self(parts.join(&b'/'))
    }

    /// The bytes, such as `etc/os-release`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last part, such as `os-release`.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }

    /// The path without its last part; empty for a path in the root.
    pub fn parent(&self) -> &[u8] {
        match self.0.iter().rposition(|b| *b == b'/') {
            Some(at) => self.0.get(..at).unwrap_or_default(),
            None => b"",
        }
    }
}

/// With a leading slash; bytes that are not UTF-8 appear as `\xNN`, a backslash as `\\`.
impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    c if c.is_control() => write!(f, "{}", c.escape_default())?,
                    c => write!(f, "{c}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Names the content of one regular file as it was met while reading; hard links share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(pub u32);

/// A regular file as its layer tells of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileHeader {
    /// Where the layer puts it (a symbolic link among its parents is not yet followed).
    pub path: ImagePath,
    /// Permission bits with setuid, setgid and sticky (`07777`).
    pub mode: u32,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// Bytes of content.
    pub size: u64,
    /// What findings about the content attach to.
    pub content: ContentId,
}

/// Sees every regular file of every layer once, in the order of the archive.
pub trait Inspect {
    /// Looks at one file. What is left unread of `body` is skipped.
    ///
    /// # Errors
    /// Only what ends the whole reading; what concerns one file is kept by the inspector as a note.
    fn file(&mut self, header: &FileHeader, body: &mut dyn Read) -> Result<()>;
}

/// What stands at a path of the merged view.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeKind {
    /// Regular file.
    File {
        /// Its content.
        content: ContentId,
        /// Bytes.
        size: u64,
    },
    /// Folder.
    Directory,
    /// Symbolic link, with its target as written.
    Symlink(Vec<u8>),
    /// Device, pipe or socket.
    Other,
}

/// One path of the merged view.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Permission bits with setuid, setgid and sticky (`07777`).
    pub mode: u32,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// The layer that brought it: index into [`Image::layers`].
    pub layer: usize,
}

/// The files of an image as the container sees them, all layers merged.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub(crate) nodes: BTreeMap<ImagePath, Node>,
}

/// One layer, lowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layer {
    /// Digest of the blob as stored, `sha256:…`; empty for a folder.
    pub digest: String,
    /// Digest of the uncompressed tar, `sha256:…`; empty for a folder.
    pub diff_id: String,
    /// The build step, as the image's history tells it.
    pub created_by: Option<String>,
}

/// What form the input had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageKind {
    /// `docker save`: `manifest.json` beside the layers.
    DockerArchive,
    /// OCI image layout, as a tar or a folder.
    OciLayout,
    /// A root filesystem folder.
    Rootfs,
}

/// Operating system and processor, as OCI spells them.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Platform {
    /// `linux`, `windows`, …
    pub os: String,
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v7`, `v8`, … where stated.
    pub variant: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// Reads `os/architecture` or `os/architecture/variant`.
///
/// ```
/// let platform: hullmark::image::Platform = "linux/arm/v7".parse()?;
/// assert_eq!(platform.architecture, "arm");
/// # Ok::<(), hullmark::Error>(())
/// ```
impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), variant, None)
                if !os.is_empty() && !architecture.is_empty() && variant.as_deref() != Some("") =>
            {
                Ok(Self {
                    os,
                    architecture,
                    variant,
                })
            }
            _ => Err(Error::Value {
                what: "platform".to_owned(),
                reason: format!("{text:?} is not os/architecture or os/architecture/variant"),
            }),
        }
    }
}

/// The configuration of an image, as far as the engine reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ImageConfig {
    /// `User` as written; empty means root.
    pub user: String,
    /// `Env`, one `NAME=value` each.
    pub env: Vec<String>,
    /// `Entrypoint`.
    pub entrypoint: Vec<String>,
    /// `Cmd`.
    pub cmd: Vec<String>,
    /// `WorkingDir`.
    pub working_dir: String,
    /// `ExposedPorts`, such as `8080/tcp`, sorted.
    pub exposed_ports: Vec<String>,
    /// `history[].created_by`, every step (also those without a layer).
    pub history: Vec<String>,
}

/// Something that could not be read or judged, with its place and reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Path inside the image (and layer), or name of the blob.
    pub place: String,
    /// Why, with the offending text.
    pub reason: String,
}

/// An image after reading.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Image {
    /// The form it came in.
    pub kind: ImageKind,
    /// First tag or reference name, where stated.
    pub name: Option<String>,
    /// Digest of the manifest (OCI) or the configuration (docker-archive), `sha256:…`; empty for a folder.
    pub digest: String,
    /// Platform that was read.
    pub platform: Option<Platform>,
    /// The configuration; `None` for a folder.
    pub config: Option<ImageConfig>,
    /// Layers, lowest first.
    pub layers: Vec<Layer>,
    /// The merged view.
    pub view: View,
    /// Layer of each content: index by [`ContentId`], value into `layers`.
    pub content_layers: Vec<usize>,
    /// What could not be read.
    pub notes: Vec<Note>,
}

/// How to read an image.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Bounds.
    pub limits: Limits,
    /// Which image of a multi-platform index; default the first of `linux/amd64`, else the first.
    pub platform: Option<Platform>,
    /// Which image of an archive with several: a tag, a reference name or a digest; default the first.
    pub reference: Option<String>,
}
