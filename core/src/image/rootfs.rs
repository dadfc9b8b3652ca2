//! A root filesystem in a folder.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "feature fs: the caller names a folder, and this file is what reads it"
)]

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::layer::{Scan, child, weight};
use super::stream::Fault;
use super::{
    ContentId, FileHeader, Image, ImageKind, ImagePath, Inspect, Layer, Node, NodeKind, ReadOptions, View,
};
use crate::{Error, Result};

/// Reads a root filesystem from a folder, such as an unpacked image or the root of a machine.
///
/// No symbolic link is followed and no device opened. What cannot be read, or is gone when its turn comes,
/// becomes a note. The files of a folder come sorted, before those of its subfolders.
///
/// # Errors
/// [`Error::Io`] where `path` itself is no folder that can be read, [`Error::Limit`] for a bound that is
/// passed, and what the inspector returns.
pub fn read_rootfs(
    path: impl AsRef<Path>,
    options: &ReadOptions,
    inspect: &mut dyn Inspect,
) -> Result<Image> {
    let root = path.as_ref();
    let place = root.display().to_string();
    let metadata = fs::metadata(root).map_err(|error| Error::io(&place, error))?;
    // Tells a file from a folder, and one that may not be read.
    fs::read_dir(root).map_err(|error| Error::io(&place, error))?;

    let mut walk = Rootfs {
        root,
        place,
        device: identity(&metadata).0,
        scan: Scan::new(&options.limits, inspect),
        view: View::default(),
        linked: HashMap::new(),
    };
    let mut ahead = vec![ImagePath::default()];
    while let Some(folder) = ahead.pop() {
        let from = ahead.len();
        walk.folder(&folder, &mut ahead)?;
        if let Some(added) = ahead.get_mut(from..) {
            added.reverse();
        }
    }
    let Rootfs { scan, view, .. } = walk;
    Ok(Image {
        kind: ImageKind::Rootfs,
        name: None,
        digest: String::new(),
        platform: None,
        config: None,
        layers: vec![Layer {
            digest: String::new(),
            diff_id: String::new(),
            created_by: None,
        }],
        view,
        content_layers: scan.content_layers,
        notes: scan.notes.finish(),
    })
}

struct Rootfs<'a> {
    root: &'a Path,
    place: String,
    device: u64,
    scan: Scan<'a>,
    view: View,
    /// Contents of files with several names, by device and inode.
    linked: HashMap<(u64, u64), ContentId>,
}

impl Rootfs<'_> {
    /// Takes up what is in `folder` and puts its subfolders on `ahead`.
    fn folder(&mut self, folder: &ImagePath, ahead: &mut Vec<ImagePath>) -> Result<()> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        match fs::read_dir(self.real(folder)) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => {
                            let name = bytes(entry.file_name());
                            self.scan.charge(&self.place, weight(folder.as_bytes()))?;
                            names.push(name);
                        }
                        Err(error) => self
                            .scan
                            .notes
                            .add(folder.to_string(), format!("not read to its end: {error}")),
                    }
                }
            }
            Err(error) => self
                .scan
                .notes
                .add(folder.to_string(), format!("folder is not read: {error}")),
        }
        names.sort_unstable();
        for name in names {
            let path = child(folder.as_bytes(), &name);
            if path.as_bytes().len() > self.scan.limits.path_bytes {
                let reason = format!(
                    "path of more than {} bytes is left out",
                    self.scan.limits.path_bytes
                );
                self.scan.notes.add(path.to_string(), reason);
                continue;
            }
            match fs::symlink_metadata(self.real(&path)) {
                Ok(metadata) => self.entry(path, &metadata, ahead)?,
                Err(error) => self
                    .scan
                    .notes
                    .add(path.to_string(), format!("not read: {error}")),
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: ImagePath, metadata: &Metadata, ahead: &mut Vec<ImagePath>) -> Result<()> {
        let (mode, uid, gid) = attributes(metadata);
        let kind = if metadata.is_dir() {
            if self.is_of_the_kernel(&path, metadata) {
                self.scan
                    .notes
                    .add(path.to_string(), "mounted by the kernel, not read");
            } else {
                ahead.push(path.clone());
            }
            NodeKind::Directory
        } else if metadata.is_symlink() {
            match fs::read_link(self.real(&path)) {
                Ok(target) => NodeKind::Symlink(bytes(target.into_os_string())),
                Err(error) => {
                    self.scan
                        .notes
                        .add(path.to_string(), format!("symbolic link is not read: {error}"));
                    return Ok(());
                }
            }
        } else if metadata.is_file() {
            let linked = links(metadata).then(|| identity(metadata));
            let known = linked.and_then(|identity| self.linked.get(&identity).copied());
            let content = match known {
                Some(content) => content,
                None => {
                    let content = self.scan.content(0)?;
                    if let Some(identity) = linked {
                        self.linked.insert(identity, content);
                    }
                    let header = FileHeader {
                        path: path.clone(),
                        mode,
                        uid,
                        gid,
                        size: metadata.len(),
                        content,
                    };
                    self.file(&header, metadata)?;
                    content
                }
            };
            NodeKind::File {
                content,
                size: metadata.len(),
            }
        } else {
            NodeKind::Other
        };
        self.view.nodes.insert(
            path,
            Node {
                kind,
                mode,
                uid,
                gid,
                layer: 0,
            },
        );
        Ok(())
    }

    /// Shows a file to the inspector.
    fn file(&mut self, header: &FileHeader, metadata: &Metadata) -> Result<()> {
        let opened = File::open(self.real(&header.path)).and_then(|file| {
            // Something else may stand there by now, such as a link out of the root.
            let same = file
                .metadata()
                .is_ok_and(|now| now.is_file() && identity(&now) == identity(metadata));
            if same {
                Ok(file)
            } else {
                Err(io::Error::other("it was replaced while reading"))
            }
        });
        let file = match opened {
            Ok(file) => file,
            Err(error) => {
                self.scan
                    .notes
                    .add(header.path.to_string(), format!("file is not read: {error}"));
                return Ok(());
            }
        };
        let limit = self.scan.limits.unpacked_bytes;
        let left = limit.saturating_sub(self.scan.unpacked);
        let mut body = Body {
            file: file.take(header.size),
            left,
            limit,
            failure: None,
        };
        self.scan.inspect.file(header, &mut body)?;
        self.scan.unpacked += left - body.left;
        match body.failure {
            None => {}
            Some(Fault::Limit { what, limit }) => {
                return Err(Error::Limit {
                    place: header.path.to_string(),
                    what,
                    limit,
                });
            }
            Some(fault) => self.scan.notes.add(
                header.path.to_string(),
                format!("file is not read to its end: {fault}"),
            ),
        }
        Ok(())
    }

    /// Whether the kernel mounts something there that is no part of the image and may not end.
    fn is_of_the_kernel(&self, path: &ImagePath, metadata: &Metadata) -> bool {
        matches!(path.as_bytes(), b"proc" | b"sys" | b"dev") && identity(metadata).0 != self.device
    }

    fn real(&self, path: &ImagePath) -> PathBuf {
        let mut real = self.root.to_path_buf();
        if !path.as_bytes().is_empty() {
            real.push(os_string(path.as_bytes()));
        }
        real
    }
}

/// A file that remembers why it could not be read, whatever the inspector makes of it.
struct Body {
    file: io::Take<File>,
    left: u64,
    limit: u64,
    failure: Option<Fault>,
}

impl Read for Body {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.file.read(out) {
            Ok(read) if read as u64 <= self.left => {
                self.left -= read as u64;
                Ok(read)
            }
            Ok(_) => {
                self.left = 0;
                let fault = Fault::Limit {
                    what: "unpacked_bytes",
                    limit: self.limit,
                };
                self.failure = Some(fault.clone());
                Err(fault.into())
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.failure = Some(Fault::of(&error));
                }
                Err(error)
            }
        }
    }
}

#[cfg(unix)]
fn bytes(name: OsString) -> Vec<u8> {
    std::os::unix::ffi::OsStringExt::into_vec(name)
}

#[cfg(not(unix))]
fn bytes(name: OsString) -> Vec<u8> {
    name.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(unix)]
fn os_string(name: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(name.to_vec())
}

#[cfg(not(unix))]
fn os_string(name: &[u8]) -> OsString {
    String::from_utf8_lossy(name).into_owned().into()
}

/// Mode, owner and group.
#[cfg(unix)]
fn attributes(metadata: &Metadata) -> (u32, u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (
        metadata.mode() & 0o7777,
        metadata.uid().into(),
        metadata.gid().into(),
    )
}

#[cfg(not(unix))]
fn attributes(metadata: &Metadata) -> (u32, u64, u64) {
    (if metadata.is_dir() { 0o755 } else { 0o644 }, 0, 0)
}

/// Device and inode.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// Whether a file has more than one name.
#[cfg(unix)]
fn links(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.nlink() > 1
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> bool {
    false
}
