//! Questions to the merged view.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::{ContentId, ImagePath, Node, NodeKind, View};

/// Symbolic links that Linux follows after one another (`MAXSYMLINKS`).
pub(super) const MOST_LINKS: u32 = 40;

impl Borrow<[u8]> for ImagePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Node {
    /// The content of a regular file.
    pub fn content(&self) -> Option<ContentId> {
        match self.kind {
            NodeKind::File { content, .. } => Some(content),
            _ => None,
        }
    }
}

impl View {
    /// What stands at `path` itself; a symbolic link is not followed.
    pub fn get(&self, path: &ImagePath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// What a program in the container finds at `path`: symbolic links are followed, at most 40 of them,
    /// and never out of the root.
    pub fn resolve(&self, path: &[u8]) -> Option<(&ImagePath, &Node)> {
        let followed = follow(&self.nodes, path, true)?;
        if followed.missing {
            return None;
        }
        self.nodes.get_key_value(followed.path.as_slice())
    }

    /// All paths, sorted by their bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&ImagePath, &Node)> {
        self.nodes.iter()
    }

    /// Number of paths.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no path at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Everything below the folder `path`, at any depth, sorted; of the root for an empty path.
    pub fn below(&self, path: &[u8]) -> impl Iterator<Item = (&ImagePath, &Node)> {
        below(&self.nodes, path)
    }

    /// What stands directly in the folder `path`, sorted; in the root for an empty path.
    pub fn children(&self, path: &[u8]) -> impl Iterator<Item = (&ImagePath, &Node)> {
        let prefix = prefix(path);
        let mut from = Bound::Included(prefix.clone());
        std::iter::from_fn(move || {
            loop {
                let start = from.as_ref().map(Vec::as_slice);
                let (key, node) = self.nodes.range::<[u8], _>((start, Bound::Unbounded)).next()?;
                let name = key.0.strip_prefix(prefix.as_slice())?;
                let Some(slash) = name.iter().position(|b| *b == b'/') else {
                    from = Bound::Excluded(key.0.clone());
                    return Some((key, node));
                };
                // Deeper: go on behind everything below this folder. `0` follows `/`.
                let folder = key.0.get(..prefix.len() + slash).unwrap_or_default();
                from = Bound::Included([folder, b"0"].concat());
            }
        })
    }
}

/// What all paths below `path` start with.
fn prefix(path: &[u8]) -> Vec<u8> {
    match path {
        b"" => Vec::new(),
        path => [path, b"/"].concat(),
    }
}

/// The nodes below a folder.
pub(super) fn below<'n>(
    nodes: &'n BTreeMap<ImagePath, Node>,
    path: &[u8],
) -> impl Iterator<Item = (&'n ImagePath, &'n Node)> + use<'n> {
    let prefix = prefix(path);
    nodes
        .range::<[u8], _>((Bound::Included(prefix.as_slice()), Bound::Unbounded))
        .take_while(move |(key, _)| key.0.starts_with(&prefix))
}

/// Where a path leads.
pub(super) struct Followed {
    /// Free of symbolic links, as far as it exists.
    pub path: Vec<u8>,
    /// Whether a part before the last one is no folder.
    pub missing: bool,
    /// Parts that were looked at.
    pub steps: u64,
}

/// Follows the symbolic links of `path`, that of its last part only if `last` says so; `None` for a loop.
///
/// `..` goes to the parent of where a link has led, as in the kernel, and stays inside the root.
pub(super) fn follow<'n>(
    nodes: &'n BTreeMap<ImagePath, Node>,
    path: &'n [u8],
    last: bool,
) -> Option<Followed> {
    let mut ahead: Vec<&[u8]> = Vec::new();
    let mut done: Vec<u8> = Vec::with_capacity(path.len());
    let mut links = 0;
    let mut steps = 0;
    let mut missing = false;
    push_parts(&mut ahead, path);
    while let Some(part) = ahead.pop() {
        steps += 1;
        let parent = done.len();
        if part == b".." {
            done.truncate(done.iter().rposition(|b| *b == b'/').unwrap_or(0));
            continue;
        }
        if !done.is_empty() {
            done.push(b'/');
        }
        done.extend_from_slice(part);
        if ahead.is_empty() && !last {
            break;
        }
        match nodes.get(done.as_slice()).map(|node| &node.kind) {
            Some(NodeKind::Symlink(target)) => {
                links += 1;
                if links > MOST_LINKS {
                    return None;
                }
                done.truncate(if target.starts_with(b"/") { 0 } else { parent });
                push_parts(&mut ahead, target);
            }
            Some(NodeKind::Directory) => {}
            _ => missing = missing || !ahead.is_empty(),
        }
    }
    Some(Followed {
        path: done,
        missing,
        steps,
    })
}

/// Puts the parts of `path` on the stack, the first on top.
fn push_parts<'p>(ahead: &mut Vec<&'p [u8]>, path: &'p [u8]) {
    ahead.extend(
        path.rsplit(|b| *b == b'/')
            .filter(|part| !matches!(*part, b"" | b".")),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(entries: &[(&str, NodeKind)]) -> View {
        let node = |kind: &NodeKind| Node {
            kind: kind.clone(),
            mode: 0o755,
            uid: 0,
            gid: 0,
            layer: 0,
        };
        View {
            nodes: entries
                .iter()
                .map(|(path, kind)| (ImagePath::new(path.as_bytes()), node(kind)))
                .collect(),
        }
    }

    fn link(target: &str) -> NodeKind {
        NodeKind::Symlink(target.as_bytes().to_vec())
    }

    const FILE: NodeKind = NodeKind::File {
        content: ContentId(0),
        size: 0,
    };
    const FOLDER: NodeKind = NodeKind::Directory;

    #[test]
    fn links_are_followed_inside_the_root() {
        let view = view(&[
            ("usr", FOLDER),
            ("usr/lib", FOLDER),
            ("usr/lib/os-release", FILE),
            ("lib", link("usr/lib")),
            ("etc", FOLDER),
            ("etc/os-release", link("../usr/lib/os-release")),
            ("etc/up", link("../../../../../etc/os-release")),
            ("etc/absolute", link("/lib/os-release")),
            ("etc/outside", link("/../../../tmp/secret")),
            ("etc/dangling", link("nowhere")),
            ("etc/self", link("self")),
            ("etc/a", link("b")),
            ("etc/b", link("/etc/a")),
            ("etc/root", link("/")),
        ]);
        let found = |path: &str| view.resolve(path.as_bytes()).map(|(path, _)| path.to_string());
        for path in [
            "/lib/os-release",
            "etc/os-release",
            "etc/up",
            "//etc/./absolute",
            "etc/root/lib/../lib/os-release",
            "../../lib/os-release",
        ] {
            assert_eq!(found(path).as_deref(), Some("/usr/lib/os-release"), "{path}");
        }
        // `..` behind a link is the parent of the link's target.
        assert_eq!(found("lib/..").as_deref(), Some("/usr"));
        for path in [
            "etc/outside",
            "etc/dangling",
            "etc/self",
            "etc/a",
            "etc/self/x",
            "usr/lib/os-release/x",
            "nowhere/../etc",
            "usr/lib/os-release/..",
            "/",
            "",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn forty_links_and_no_more() {
        let chain: Vec<(String, NodeKind)> = (0..41)
            .map(|i| (format!("l{i:02}"), link(&format!("l{:02}", i + 1))))
            .chain([("l41".to_owned(), FILE)])
            .collect();
        let chain: Vec<(&str, NodeKind)> = chain
            .iter()
            .map(|(path, kind)| (path.as_str(), kind.clone()))
            .collect();
        let view = view(&chain);
        assert!(view.resolve(b"l01").is_some());
        assert!(view.resolve(b"l00").is_none());
    }

    #[test]
    fn children_and_what_is_below() {
        let view = view(&[
            ("a", FOLDER),
            ("a-b", FILE),
            ("a/x", FOLDER),
            ("a/x/1", FILE),
            ("a/x-1", FILE),
            ("a/x0", FILE),
            ("a/y", FILE),
            ("b", FILE),
        ]);
        let names = |found: Vec<(&ImagePath, &Node)>| {
            found
                .into_iter()
                .map(|(path, _)| path.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names(view.children(b"").collect()), "/a /a-b /b");
        assert_eq!(names(view.children(b"a").collect()), "/a/x /a/x-1 /a/x0 /a/y");
        assert_eq!(names(view.below(b"a").collect()), "/a/x /a/x-1 /a/x/1 /a/x0 /a/y");
        assert_eq!(names(view.below(b"a/x").collect()), "/a/x/1");
        assert_eq!(view.below(b"").count(), view.len());
        assert_eq!(view.children(b"b").count(), 0);
    }
}
