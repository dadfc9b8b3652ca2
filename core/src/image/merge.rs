//! Puts layers on top of one another, the way container runtimes unpack them.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/layer.md>

use std::collections::{BTreeMap, HashSet};
use std::mem;

use super::layer::{AUFS_LINKS, Change, ChangeKind, Changes, Scan, child, in_layer, weight};
use super::view::{below, follow};
use super::{ImagePath, Node, NodeKind, View};
use crate::Result;

/// Path parts that one entry may take to place; more count as further entries, so that links of links of
/// long paths do not buy time.
const PARTS_OF_ENTRY: u64 = 32;

/// One layer on its way into the view.
pub(super) struct Merge<'m, 's> {
    view: &'m mut View,
    layer: usize,
    place: &'m str,
    scan: &'m mut Scan<'s>,
    /// The folder of the last entry, as written and as found: entries of a folder stand together.
    folder: Option<(Vec<u8>, Vec<u8>)>,
    aufs_links: BTreeMap<ImagePath, Node>,
}

impl<'m, 's> Merge<'m, 's> {
    /// Applies `changes` as the layer with the number `layer`; `place` names it in notes.
    pub(super) fn apply(
        view: &'m mut View,
        layer: usize,
        place: &'m str,
        changes: &Changes,
        scan: &'m mut Scan<'s>,
    ) -> Result<()> {
        let mut merge = Self {
            view,
            layer,
            place,
            scan,
            folder: None,
            aufs_links: BTreeMap::new(),
        };
        // Whiteouts speak of the layers below only, wherever in the archive they stand.
        merge.whiteouts(&changes.list)?;
        for change in &changes.list {
            if !matches!(change.kind, ChangeKind::Whiteout | ChangeKind::Opaque) {
                merge.put(change)?;
            }
        }
        Ok(())
    }

    fn whiteouts(&mut self, list: &[Change]) -> Result<()> {
        let mut own_folders = None;
        for change in list {
            match change.kind {
                ChangeKind::Whiteout => {
                    if let Some(folder) = self.folder(change)? {
                        self.remove(&child(&folder, change.path.file_name()));
                    }
                }
                ChangeKind::Opaque => {
                    let Some(folder) = self.folder(change)? else {
                        continue;
                    };
                    let mut at = child(&folder, change.path.file_name());
                    if matches!(self.kind(&at), Some(NodeKind::Symlink(_))) {
                        // A folder of this layer takes the link's place and hides nothing behind the link.
                        let own = own_folders.get_or_insert_with(|| folders(list));
                        if own.contains(&change.path) {
                            continue;
                        }
                        let Some(followed) = self.follow(&change.path, at.as_bytes(), true)? else {
                            continue;
                        };
                        at = ImagePath(followed);
                    }
                    self.remove_below(&at);
                }
                _ => {}
            }
        }
        self.folder = None;
        Ok(())
    }

    fn put(&mut self, change: &Change) -> Result<()> {
        let mut node = Node {
            kind: NodeKind::Other,
            mode: change.mode,
            uid: change.uid,
            gid: change.gid,
            layer: self.layer,
        };
        node.kind = match &change.kind {
            ChangeKind::File { content, size } => NodeKind::File {
                content: *content,
                size: *size,
            },
            ChangeKind::Directory => NodeKind::Directory,
            ChangeKind::Symlink(target) => NodeKind::Symlink(target.clone()),
            ChangeKind::HardLink(target) => return self.link(change, target, node),
            ChangeKind::Other | ChangeKind::Whiteout | ChangeKind::Opaque => NodeKind::Other,
        };
        if change.path.as_bytes().starts_with(AUFS_LINKS) {
            // Not part of the image, but hard links point at them.
            self.aufs_links.insert(change.path.clone(), node);
            return Ok(());
        }
        // The root itself has no node.
        if change.path.as_bytes().is_empty() {
            return Ok(());
        }
        match self.folder(change)? {
            Some(folder) => self.insert(child(&folder, change.path.file_name()), node),
            None => Ok(()),
        }
    }

    /// A hard link: another name for what `target` names at this moment.
    fn link(&mut self, change: &Change, target: &ImagePath, mut node: Node) -> Result<()> {
        let place = in_layer(&change.path, self.place);
        if let Some(kept) = self.aufs_links.get(target) {
            node.kind = kept.kind.clone();
        } else {
            let Some(at) = self.follow(&change.path, target.as_bytes(), false)? else {
                return Ok(());
            };
            match self.view.nodes.get_mut(at.as_slice()) {
                None => {
                    self.scan
                        .notes
                        .add(place, format!("hard link to {target}, which is not there"));
                    return Ok(());
                }
                Some(Node {
                    kind: NodeKind::Directory,
                    ..
                }) => {
                    self.scan
                        .notes
                        .add(place, format!("hard link to {target}, which is a folder"));
                    return Ok(());
                }
                Some(original) => {
                    node.kind = original.kind.clone();
                    // One file, one set of attributes: runtimes set those of the link's header on it.
                    original.mode = node.mode;
                    original.uid = node.uid;
                    original.gid = node.gid;
                }
            }
            let Some(folder) = self.folder(change)? else {
                return Ok(());
            };
            let to = child(&folder, change.path.file_name());
            return if to.as_bytes() == at {
                Ok(())
            } else {
                self.insert(to, node)
            };
        }
        match self.folder(change)? {
            Some(folder) => self.insert(child(&folder, change.path.file_name()), node),
            None => Ok(()),
        }
    }

    fn insert(&mut self, path: ImagePath, node: Node) -> Result<()> {
        self.parents(&path)?;
        match self.view.nodes.get_mut(&path) {
            Some(old) if old.kind == NodeKind::Directory && node.kind == NodeKind::Directory => {
                if (old.mode, old.uid, old.gid) != (node.mode, node.uid, node.gid) {
                    *old = node;
                }
                return Ok(());
            }
            Some(old) => {
                let old = mem::replace(old, node);
                self.folder = None;
                if old.kind == NodeKind::Directory {
                    self.remove_below(&path);
                }
                return Ok(());
            }
            None => {}
        }
        if matches!(node.kind, NodeKind::Symlink(_)) {
            self.folder = None;
        }
        self.view.nodes.insert(path, node);
        Ok(())
    }

    /// Makes the folders on the way to `path` that no layer has mentioned.
    fn parents(&mut self, path: &ImagePath) -> Result<()> {
        let mut parent = path.parent();
        let mut absent = Vec::new();
        while !parent.is_empty() {
            match self.view.nodes.get(parent).map(|node| &node.kind) {
                Some(NodeKind::Directory) => break,
                Some(_) => {
                    let place = in_layer(&ImagePath(parent.to_vec()), self.place);
                    self.scan.notes.add(
                        place,
                        format!("no folder, but {path} stands in it: taken for one"),
                    );
                    absent.push(ImagePath(parent.to_vec()));
                }
                None => absent.push(ImagePath(parent.to_vec())),
            }
            parent = parent
                .iter()
                .rposition(|b| *b == b'/')
                .and_then(|at| parent.get(..at))
                .unwrap_or_default();
        }
        self.scan.charge(
            self.place,
            absent.iter().map(|path| weight(path.as_bytes())).sum(),
        )?;
        for folder in absent {
            let node = Node {
                kind: NodeKind::Directory,
                mode: 0o755,
                uid: 0,
                gid: 0,
                layer: self.layer,
            };
            self.view.nodes.insert(folder, node);
        }
        Ok(())
    }

    /// The folder a change is in, after the symbolic links on the way; `None`, with a note, for a loop.
    fn folder(&mut self, change: &Change) -> Result<Option<Vec<u8>>> {
        let parent = change.path.parent();
        if parent.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if let Some((written, found)) = &self.folder
            && written == parent
        {
            return Ok(Some(found.clone()));
        }
        let found = self.follow(&change.path, parent, true)?;
        self.folder = found.clone().map(|found| (parent.to_vec(), found));
        Ok(found)
    }

    fn follow(&mut self, path: &ImagePath, to: &[u8], last: bool) -> Result<Option<Vec<u8>>> {
        match follow(&self.view.nodes, to, last) {
            Some(followed) => {
                self.scan.charge(self.place, followed.steps / PARTS_OF_ENTRY)?;
                Ok(Some(followed.path))
            }
            None => {
                self.scan.charge(self.place, PARTS_OF_ENTRY)?;
                let reason = "left out: the symbolic links on the way do not end";
                self.scan.notes.add(in_layer(path, self.place), reason);
                Ok(None)
            }
        }
    }

    fn kind(&self, path: &ImagePath) -> Option<&NodeKind> {
        self.view.nodes.get(path).map(|node| &node.kind)
    }

    fn remove(&mut self, path: &ImagePath) {
        if self
            .view
            .nodes
            .remove(path)
            .is_some_and(|node| node.kind == NodeKind::Directory)
        {
            self.remove_below(path);
        }
        self.folder = None;
    }

    fn remove_below(&mut self, path: &ImagePath) {
        let doomed: Vec<ImagePath> = below(&self.view.nodes, path.as_bytes())
            .map(|(path, _)| path.clone())
            .collect();
        for path in &doomed {
            self.view.nodes.remove(path);
        }
    }
}

/// The folders that a layer itself mentions.
fn folders(list: &[Change]) -> HashSet<&ImagePath> {
    list.iter()
        .filter(|change| matches!(change.kind, ChangeKind::Directory))
        .map(|change| &change.path)
        .collect()
}
