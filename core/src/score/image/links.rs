//! Paths of the view with symbolic links followed.

use std::cell::Cell;

use crate::image::{ImagePath, NodeKind, View};

/// Symbolic links after one another that the kernel follows.
const LINKS: u32 = 40;

/// Bytes of path looked at for one image. An honest image needs a few million; without a bound a
/// package database full of long paths through links would cost hours.
const BUDGET: u64 = 256 << 20;

/// Follows symbolic links, within a budget.
pub(super) struct Links<'a> {
    view: &'a View,
    left: Cell<u64>,
}

impl<'a> Links<'a> {
    pub(super) fn new(view: &'a View) -> Self {
        Self {
            view,
            left: Cell::new(BUDGET),
        }
    }

    /// The path as the view has it, every link in it followed; `None` where nothing stands there.
    pub(super) fn follow(&self, path: &ImagePath) -> Option<&'a ImagePath> {
        let nodes = &self.view.nodes;
        let mut links = 0;
        let mut wanted = path.clone();
        'again: loop {
            let bytes = wanted.as_bytes();
            let slashes = bytes.iter().enumerate().filter(|(_, b)| **b == b'/');
            for end in slashes.map(|(at, _)| at).chain([bytes.len()]) {
                self.left.set(self.left.get().checked_sub(end as u64 + 1)?);
                let (head, tail) = bytes.split_at(end);
                let here = ImagePath::new(head);
                let Some(NodeKind::Symlink(target)) = nodes.get(&here).map(|node| &node.kind) else {
                    continue;
                };
                links += 1;
                if links > LINKS || target.len() + tail.len() > 8192 {
                    return None;
                }
                let folder = match target.first() {
                    Some(b'/') => b"".as_slice(),
                    _ => here.parent(),
                };
                wanted = ImagePath::new(&[folder, b"/", target, tail].concat());
                continue 'again;
            }
            return nodes.get_key_value(&wanted).map(|(path, _)| path);
        }
    }

    /// The regular file a word names: an absolute path, or one below `folder`.
    pub(super) fn file(&self, folder: &str, word: &str) -> Option<&'a ImagePath> {
        let text = match word.starts_with('/') {
            true => word.to_owned(),
            false => format!("{folder}/{word}"),
        };
        let path = self.follow(&ImagePath::new(text.as_bytes()))?;
        is_file(self.view, path).then_some(path)
    }
}

pub(super) fn is_file(view: &View, path: &ImagePath) -> bool {
    let node = view.nodes.get(path);
    node.is_some_and(|node| matches!(node.kind, NodeKind::File { .. }))
}
