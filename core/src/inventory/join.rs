//! Joins facts about contents with the merged view: what is visible, where, whose it is.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::merge::{merged, sorted, tidy};
use super::node_links::NodeLinks;
use super::paths::{self, Paths};
use super::{
    Distribution, EXTRACTORS, Fact, Found, Inventory, ListOf, Location, Package, PathList, Reader, apk, dpkg,
    identity, os_release, quoted,
};
use crate::Limits;
use crate::image::{ContentId, FileHeader, Image, ImagePath, Node, Note};
use crate::version::Scheme;

/// What of a distribution's packages depends on the database they were found in: its extractor, the type
/// of package URL, and the scheme of their versions.
const DISTRIBUTION_DATABASES: [(&str, Option<&str>, Scheme); 3] = [
    (dpkg::DPKG, Some("deb"), Scheme::Deb),
    (dpkg::OPKG, None, Scheme::Deb),
    (apk::APK, Some("apk"), Scheme::Apk),
];

/// Databases of packages that no extractor reads: an image that has one must not look empty.
const UNREAD: [&[u8]; 7] = [
    b"var/lib/rpm/Packages",
    b"var/lib/rpm/Packages.db",
    b"var/lib/rpm/rpmdb.sqlite",
    b"usr/lib/sysimage/rpm/Packages",
    b"usr/lib/sysimage/rpm/Packages.db",
    b"usr/lib/sysimage/rpm/rpmdb.sqlite",
    b"var/lib/pacman/local/ALPM_DB_VERSION",
];

/// Everything found, as the container sees it.
pub(super) fn inventory(
    found: &Found,
    seen: &HashSet<ContentId>,
    image: &Image,
    limits: &Limits,
) -> Inventory {
    let visible = visible(found, image);
    let distribution = distribution(found, &visible, image);
    let mut join = Join {
        image,
        paths: Paths::new(&image.view),
        visible: &visible,
        room: limits.entries,
        full: false,
        notes: Vec::new(),
    };
    let (system, language) = join.placed(found);
    let system = join.system(system, found, distribution.as_ref());
    let language = join.language(language, &system, found);
    join.unread(seen);
    let mut notes = join.notes;
    let still_there = |content: &ContentId| visible.contains_key(content);
    notes.extend(
        found
            .notes
            .iter()
            .filter(|(content, _)| still_there(content))
            .map(|(_, note)| note.clone()),
    );
    notes.sort();
    notes.dedup();
    Inventory {
        distribution,
        packages: sorted(system, language),
        notes,
    }
}

/// A path of the view with its node.
type Place<'a> = (&'a ImagePath, &'a Node);

/// Where each content stands of which something was found. Hard links are several places of one content.
fn visible<'a>(found: &Found, image: &'a Image) -> HashMap<ContentId, Vec<Place<'a>>> {
    let facts = found.facts.iter().map(|(content, _)| *content);
    let wanted: HashSet<ContentId> = facts
        .chain(found.notes.iter().map(|(content, _)| *content))
        .collect();
    let mut visible: HashMap<ContentId, Vec<Place<'a>>> = HashMap::new();
    for (path, node) in image.view.iter() {
        if let Some(content) = node.content().filter(|content| wanted.contains(content)) {
            visible.entry(content).or_default().push((path, node));
        }
    }
    visible
}

/// The first of the files that tell the distribution, wherever its links lead.
fn distribution(
    found: &Found,
    visible: &HashMap<ContentId, Vec<Place<'_>>>,
    image: &Image,
) -> Option<Distribution> {
    let mut candidates = BTreeMap::new();
    for (content, fact) in &found.facts {
        if let Fact::Distribution(distribution) = fact {
            for (path, _) in visible.get(content).into_iter().flatten() {
                candidates.insert(*path, distribution);
            }
        }
    }
    os_release::PLACES.iter().find_map(|place| {
        let (path, _) = image.view.resolve(place)?;
        let mut distribution = Distribution::clone(candidates.get(path)?);
        distribution.path = path.to_string();
        Some(distribution)
    })
}

/// A folder whose files belong to a package, and the folder in it that is left out.
type Tree<'a> = (&'a [u8], &'static [u8]);

/// A package at one visible place.
struct Placed<'a> {
    package: Package,
    content: ContentId,
    path: &'a ImagePath,
}

struct Join<'a> {
    image: &'a Image,
    paths: Paths<'a>,
    visible: &'a HashMap<ContentId, Vec<Place<'a>>>,
    /// Places and listed files that may still be looked at: an image of many hard links must not multiply.
    room: u64,
    full: bool,
    notes: Vec<Note>,
}

impl<'a> Join<'a> {
    /// All packages at all their visible places: those of the distribution, and the others.
    fn placed(&mut self, found: &Found) -> (Vec<Placed<'a>>, Vec<Placed<'a>>) {
        let (mut system, mut language) = (Vec::new(), Vec::new());
        let mut links = None;
        for (content, fact) in &found.facts {
            let (package, inner, linked) = match fact {
                Fact::Package { package, inner } => (package, inner.as_deref(), false),
                Fact::Linked(package) => (package, None, true),
                _ => continue,
            };
            let visible = self.visible;
            for (path, node) in visible.get(content).into_iter().flatten() {
                if !self.take(1) {
                    return (system, language);
                }
                let mut package = package.clone();
                if linked {
                    let links = links.get_or_insert_with(|| NodeLinks::of(&self.image.view));
                    let mut places = links.places(path);
                    places.retain(|_| self.take(1));
                    package.locations = places.iter().map(|at| self.location(at, node, None)).collect();
                    if package.locations.is_empty() {
                        continue;
                    }
                } else {
                    package.locations = vec![self.location(path, node, inner)];
                }
                let content = *content;
                let placed = Placed {
                    package,
                    content,
                    path,
                };
                if database(placed.package.found_by).is_some() {
                    system.push(placed);
                } else {
                    language.push(placed);
                }
            }
        }
        (system, language)
    }

    fn location(&self, path: &ImagePath, node: &Node, inner: Option<&str>) -> Location {
        let path = match inner {
            Some(inner) => format!("{path}!/{inner}"),
            None => path.to_string(),
        };
        let layer = self
            .image
            .layers
            .get(node.layer)
            .map(|layer| layer.diff_id.clone());
        Location {
            path,
            layer: layer.filter(|layer| !layer.is_empty()),
        }
    }

    /// Gives the distribution's packages their ecosystem, package URL and files.
    fn system(
        &mut self,
        placed: Vec<Placed<'a>>,
        found: &Found,
        distribution: Option<&Distribution>,
    ) -> Vec<Package> {
        let mut packages: Vec<Package> = placed.into_iter().map(|placed| placed.package).collect();
        for (name, kind, scheme) in DISTRIBUTION_DATABASES {
            let named = distribution.filter(|distribution| !distribution.id.is_empty());
            let ecosystem = named.and_then(|distribution| identity::ecosystem(distribution, scheme));
            let mut count = 0_usize;
            for package in packages.iter_mut().filter(|package| package.found_by == name) {
                count = count.saturating_add(1);
                package.ecosystem = ecosystem.clone().unwrap_or_default();
                package.purl = kind.and_then(|kind| identity::of_distribution(kind, package, distribution));
            }
            if count > 0 && ecosystem.is_none() {
                self.no_ecosystem(name, count, distribution);
            }
        }
        let mut packages = merged(packages);
        self.listed_files(&mut packages, found);
        packages
    }

    fn no_ecosystem(&mut self, name: &str, count: usize, distribution: Option<&Distribution>) {
        let (place, why) = match distribution {
            None => ("/etc/os-release".to_owned(), "no such file".to_owned()),
            Some(distribution) if distribution.id.is_empty() => {
                (distribution.path.clone(), "no ID".to_owned())
            }
            Some(distribution) => {
                let id = [distribution.id.as_str(), " ", distribution.version_id.as_str()].concat();
                (
                    distribution.path.clone(),
                    format!("no ecosystem is known for {}", quoted(id.trim().as_bytes())),
                )
            }
        };
        let reason = format!("{why}: packages of {name} without an ecosystem: {count}");
        self.notes.push(Note { place, reason });
    }

    /// Puts the files that database lists name to their packages.
    fn listed_files(&mut self, packages: &mut [Package], found: &Found) {
        let mut by_name: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
        for (index, package) in packages.iter().enumerate() {
            let mut add = |name: String| by_name.entry((package.found_by, name)).or_default().push(index);
            add(package.name.clone());
            if let Some(arch) = &package.arch {
                add(format!("{}:{arch}", package.name));
            }
        }
        for (content, fact) in &found.facts {
            let Fact::Files {
                of: ListOf::Name(by, name),
                paths,
            } = fact
            else {
                continue;
            };
            if !self.visible.contains_key(content) {
                continue;
            }
            let files = self.files(b"", paths);
            for index in by_name.get(&(*by, name.clone())).into_iter().flatten() {
                if let Some(package) = packages.get_mut(*index).filter(|_| self.take(files.len() as u64)) {
                    package.files.extend(files.iter().copied().cloned());
                }
            }
        }
        packages.iter_mut().for_each(tidy);
    }

    /// The visible regular files of a list whose paths start at `folder`.
    fn files(&mut self, folder: &[u8], list: &PathList) -> Vec<&'a ImagePath> {
        let mut files = Vec::new();
        for path in list.iter() {
            let path = match path.starts_with(b"/") {
                true => path.to_vec(),
                false => paths::join(folder, path),
            };
            // Long paths count as several: a list may name the same one a million times.
            if !self.take(1 + path.len() as u64 / 256) {
                break;
            }
            files.extend(self.paths.file(&ImagePath::new(&path)));
        }
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Gives packages of languages their files, and the distribution's package that owns their evidence.
    fn language(&mut self, placed: Vec<Placed<'a>>, system: &[Package], found: &Found) -> Vec<Package> {
        let owners = owners(&placed, system);
        let mut beside: HashMap<&[u8], Vec<(usize, &PathList)>> = HashMap::new();
        let mut trees: HashMap<ContentId, Vec<Tree<'_>>> = HashMap::new();
        for (content, fact) in &found.facts {
            match fact {
                Fact::Files {
                    of: ListOf::Beside(up),
                    paths,
                } => {
                    for (path, _) in self.visible.get(content).into_iter().flatten() {
                        beside.entry(path.parent()).or_default().push((*up, paths));
                    }
                }
                Fact::Tree { folder, except } => trees.entry(*content).or_default().push((folder, except)),
                _ => {}
            }
        }
        let mut packages = Vec::with_capacity(placed.len());
        for Placed {
            mut package,
            content,
            path,
        } in placed
        {
            package.owner = owners.get(path).copied();
            for (up, list) in beside.get(path.parent()).into_iter().flatten() {
                let folder = ImagePath::new(&paths::join(path.parent(), "../".repeat(*up).as_bytes()));
                let files = self.files(folder.as_bytes(), list);
                package.files.extend(files.into_iter().cloned());
            }
            for (folder, except) in trees.get(&content).into_iter().flatten() {
                let folder = ImagePath::new(&paths::join(path.parent(), folder));
                let files = self.paths.below(folder.as_bytes(), except, &mut self.room);
                package.files.extend(files.into_iter().cloned());
            }
            packages.push(package);
        }
        let mut packages = merged(packages);
        packages.iter_mut().for_each(tidy);
        packages
    }

    /// Notes files that should have been read and were not.
    fn unread(&mut self, seen: &HashSet<ContentId>) {
        let view = &self.image.view;
        let mut note = |path: &ImagePath, reason: &str| {
            let (place, reason) = (path.to_string(), reason.to_owned());
            self.notes.push(Note { place, reason });
        };
        for path in UNREAD {
            if let Some((path, _)) = view.resolve(path) {
                note(path, "not examined: package databases of this kind are not read");
            }
        }
        let mut header = FileHeader {
            path: ImagePath::default(),
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            content: ContentId(0),
        };
        // The name under which a layer brings a hard link's content need not be the one that tells.
        for (path, node) in view.iter() {
            if node.content().is_none_or(|content| seen.contains(&content)) {
                continue;
            }
            header.path = path.clone();
            let whole = EXTRACTORS
                .iter()
                .filter(|extractor| matches!(extractor.read, Reader::Bytes(_)));
            if whole.into_iter().any(|extractor| (extractor.wants)(&header, b"")) {
                note(
                    path,
                    "not examined: its layer brings it as a link to another name",
                );
            }
        }
        let databases = [dpkg::STATUS].into_iter().chain(apk::INSTALLED);
        for (path, (resolved, node)) in databases.filter_map(|path| Some((path, view.resolve(path)?))) {
            if node.content().is_some_and(|content| !seen.contains(&content)) {
                let reason = format!("not examined: a symbolic link leads to {resolved}");
                note(&ImagePath::new(path), &reason);
            }
        }
    }

    /// Takes from the room that is left; once there is too little, says so and gives no more.
    fn take(&mut self, count: u64) -> bool {
        if let Some(room) = self.room.checked_sub(count) {
            self.room = room;
            return true;
        }
        self.room = 0;
        if !std::mem::replace(&mut self.full, true) {
            self.notes.push(Note {
                place: "/".to_owned(),
                reason: "left out: places and files of packages pass the limit of entries".to_owned(),
            });
        }
        false
    }
}

fn database(found_by: &str) -> Option<Scheme> {
    DISTRIBUTION_DATABASES
        .iter()
        .find(|(name, ..)| *name == found_by)
        .map(|(.., scheme)| *scheme)
}

/// Which of the distribution's packages lists the evidence of a placed one.
fn owners<'a>(placed: &[Placed<'a>], system: &[Package]) -> HashMap<&'a ImagePath, usize> {
    let evidence: HashSet<&'a ImagePath> = placed.iter().map(|placed| placed.path).collect();
    let mut owners = HashMap::new();
    for (index, package) in system.iter().enumerate() {
        for path in package.files.iter().filter_map(|path| evidence.get(path)) {
            owners.entry(*path).or_insert(index);
        }
    }
    owners
}
