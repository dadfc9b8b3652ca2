//! Paths of the merged view: where a path leads once its symbolic links are followed.

use std::collections::HashMap;

use crate::image::{ImagePath, Node, NodeKind, View};

/// Resolves paths in a view. Lists name thousands of files in the same few folders, so folders are
/// resolved once.
pub(super) struct Paths<'a> {
    view: &'a View,
    links: u32,
    folders: HashMap<Vec<u8>, Option<ImagePath>>,
}

impl<'a> Paths<'a> {
    /// `links` is how many symbolic links one path may take.
    pub(super) fn new(view: &'a View, links: u32) -> Self {
        Self {
            view,
            links,
            folders: HashMap::new(),
        }
    }

    /// Follows all symbolic links of `path`; `None` for what does not exist, loops or takes too many.
    ///
    /// `..` climbs from where a link leads, as in the kernel: not from where it stands.
    pub(super) fn resolve(&self, path: &[u8]) -> Option<ImagePath> {
        let mut links = self.links;
        let mut done: Vec<u8> = Vec::new();
        let mut todo: Vec<Vec<u8>> = parts_reversed(path);
        while let Some(part) = todo.pop() {
            if part == b".." {
                let parent = done.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                done.truncate(parent);
                continue;
            }
            let before = done.len();
            if before > 0 {
                done.push(b'/');
            }
            done.extend_from_slice(&part);
            match &self.view.nodes.get(&ImagePath::new(&done))?.kind {
                NodeKind::Symlink(target) => {
                    links = links.checked_sub(1)?;
                    done.truncate(if target.starts_with(b"/") { 0 } else { before });
                    todo.extend(parts_reversed(target));
                }
                NodeKind::Directory => {}
                _ if todo.is_empty() => {}
                _ => return None,
            }
        }
        Some(ImagePath::new(&done))
    }

    /// The node at `path` with links among its folders followed, and its place; the last part is not
    /// followed, for a package that ships a link does not own what it leads to.
    pub(super) fn entry(&mut self, path: &ImagePath) -> Option<(&'a ImagePath, &'a Node)> {
        let nodes = &self.view.nodes;
        if let Some(found) = nodes.get_key_value(path) {
            return Some(found);
        }
        let parent = path.parent();
        if parent.is_empty() {
            return None;
        }
        let folder = match self.folders.get(parent) {
            Some(known) => known.clone(),
            None => {
                let folder = self.resolve(parent);
                self.folders.insert(parent.to_vec(), folder.clone());
                folder
            }
        };
        let joined = join(folder?.as_bytes(), path.file_name());
        nodes.get_key_value(&ImagePath::new(&joined))
    }

    /// The regular file at `path`, by the same rule.
    pub(super) fn file(&mut self, path: &ImagePath) -> Option<&'a ImagePath> {
        let (path, node) = self.entry(path)?;
        matches!(node.kind, NodeKind::File { .. }).then_some(path)
    }

    /// The regular files below `folder`, but for those in the folder `except` right below it; `room` is
    /// how many paths may be looked at.
    pub(super) fn below(&self, folder: &[u8], except: &[u8], room: &mut u64) -> Vec<&'a ImagePath> {
        let skipped = match except {
            b"" => None,
            except => Some(join(folder, except)),
        };
        // No name sorts before a lone zero byte, and none of what stands below `except` after `except0`.
        let mut from = ImagePath::new(&join(folder, b"\0"));
        let mut files = Vec::new();
        loop {
            let mut resume = None;
            for (path, node) in self.view.nodes.range(&from..) {
                let Some(left) = room.checked_sub(1).filter(|_| is_below(path.as_bytes(), folder)) else {
                    return files;
                };
                *room = left;
                match &skipped {
                    Some(skipped) if is_below(path.as_bytes(), skipped) => {
                        resume = Some(ImagePath::new(&[skipped, b"0".as_slice()].concat()));
                        break;
                    }
                    _ if matches!(node.kind, NodeKind::File { .. }) => files.push(path),
                    _ => {}
                }
            }
            match resume {
                Some(resume) => from = resume,
                None => return files,
            }
        }
    }
}

/// Whether `path` stands below `folder`, at any depth.
fn is_below(path: &[u8], folder: &[u8]) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => folder.is_empty() || rest.first() == Some(&b'/'),
        None => false,
    }
}

/// `folder/name`; in the root just `name`.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() {
        name.to_vec()
    } else {
        [folder, b"/", name].concat()
    }
}

fn parts_reversed(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path.split(|byte| *byte == b'/');
    parts
        .rev()
        .filter(|part| !part.is_empty() && *part != b".")
        .map(<[u8]>::to_vec)
        .collect()
}
