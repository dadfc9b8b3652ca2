//! Paths that lists name, found in the merged view.

use std::collections::HashMap;
use std::ops::Bound;

use crate::image::{ImagePath, Node, NodeKind, View};

/// Looks up paths in a view. Lists name thousands of files in the same few folders, so the links among
/// folders are followed once a folder.
pub(super) struct Paths<'a> {
    view: &'a View,
    folders: HashMap<Vec<u8>, Option<&'a ImagePath>>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(view: &'a View) -> Self {
        Self {
            view,
            folders: HashMap::new(),
        }
    }

    /// The regular file at `path`, with links among its folders followed; the last part is not, for a
    /// package that ships a link does not own what it leads to.
    pub(super) fn file(&mut self, path: &ImagePath) -> Option<&'a ImagePath> {
        let nodes = &self.view.nodes;
        let is_file = |found: (&'a ImagePath, &'a Node)| {
            let (path, node) = found;
            matches!(node.kind, NodeKind::File { .. }).then_some(path)
        };
        if let Some(found) = nodes.get_key_value(path) {
            return is_file(found);
        }
        let parent = path.parent();
        let folder = match self.folders.get(parent) {
            Some(known) => *known,
            None => {
                let folder = self.view.resolve(parent).map(|(path, _)| path);
                self.folders.insert(parent.to_vec(), folder);
                folder
            }
        };
        let joined = join(folder?.as_bytes(), path.file_name());
        nodes.get_key_value(joined.as_slice()).and_then(is_file)
    }

    /// The regular files below `folder`, but for those in the folder `except` right below it; `room` is
    /// how many paths may be looked at.
    pub(super) fn below(&self, folder: &[u8], except: &[u8], room: &mut u64) -> Vec<&'a ImagePath> {
        // No path below starts before `folder/`, and none below `except` stands behind `except0`, the byte
        // after the slash.
        let skipped = (!except.is_empty()).then(|| join(folder, except));
        let mut from = join(folder, b"");
        let mut files = Vec::new();
        loop {
            let mut resume = None;
            let start = Bound::Included(from.as_slice());
            for (path, node) in self.view.nodes.range::<[u8], _>((start, Bound::Unbounded)) {
                let path_bytes = path.as_bytes();
                let Some(left) = room.checked_sub(1).filter(|_| is_below(path_bytes, folder)) else {
                    return files;
                };
                *room = left;
                match &skipped {
                    Some(skipped) if is_below(path_bytes, skipped) => {
                        resume = Some([skipped, b"0".as_slice()].concat());
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
