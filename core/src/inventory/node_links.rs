//! Node packages that a `node_modules` holds through symbolic links.
//!
//! npm links workspaces and `file:` dependencies into `node_modules`, and Debian the whole of
//! `/usr/share/node_modules` to `/usr/share/nodejs`. npm names such a package by the place of its link.

use std::collections::HashMap;

use super::node::is_in_tree;
use super::paths::join;
use crate::image::{ImagePath, NodeKind, View};

/// Links by the folder they lead to.
type Links = HashMap<Vec<u8>, Vec<Vec<u8>>>;

/// The links that lead to packages, and those that stand for a whole `node_modules`.
pub(super) struct NodeLinks {
    packages: Links,
    modules: Links,
}

impl NodeLinks {
    pub(super) fn of(view: &View) -> Self {
        let mut links = Self {
            packages: Links::new(),
            modules: Links::new(),
        };
        for (path, node) in view.iter() {
            if !matches!(node.kind, NodeKind::Symlink(_)) {
                continue;
            }
            let is_modules = path.file_name() == b"node_modules";
            let (tail, by_target) = match is_modules {
                true => (b"any/package.json".as_slice(), &mut links.modules),
                false => (b"package.json".as_slice(), &mut links.packages),
            };
            let path = path.as_bytes();
            if !is_in_tree(&join(path, tail)) {
                continue;
            }
            if let Some((target, node)) = view.resolve(path)
                && node.kind == NodeKind::Directory
            {
                let links = by_target.entry(target.as_bytes().to_vec()).or_default();
                links.push(path.to_vec());
            }
        }
        links
    }

    /// Where npm sees the package of the `package.json` at `path`.
    pub(super) fn places(&self, path: &ImagePath) -> Vec<ImagePath> {
        if is_in_tree(path.as_bytes()) {
            return vec![path.clone()];
        }
        let folder = ImagePath::new(path.parent());
        let above = ImagePath::new(folder.parent());
        let leading = |links: &Links, to: &[u8], rest: &[&[u8]]| -> Vec<ImagePath> {
            let links = links.get(to).into_iter().flatten();
            links
                .map(|link| rest.iter().fold(link.clone(), |path, part| join(&path, part)))
                .filter(|place| is_in_tree(place))
                .map(|place| ImagePath::new(&place))
                .collect()
        };
        let file = path.file_name();
        let name = folder.file_name();
        let mut places = leading(&self.packages, folder.as_bytes(), &[file]);
        places.extend(leading(&self.modules, above.as_bytes(), &[name, file]));
        places.extend(leading(
            &self.modules,
            above.parent(),
            &[above.file_name(), name, file],
        ));
        places
    }
}
