//! From an image with its findings to the components of score S.

use std::collections::{BTreeMap, BTreeSet};

use super::entry_point::EntryPoint;
use super::links::{Links, is_file};
use super::roles::{self, Standing};
use super::{Charge, Component, ComponentFile, ImageScore, Role, ScorePolicy, Target};
use crate::Result;
use crate::exposure::{Exposure, ExposureKind};
use crate::finding::{Finding, FindingKind, Verdict};
use crate::image::{Image, ImagePath, NodeKind, View};
use crate::inventory::{Inventory, Package};
use crate::score::Level;

/// Score S of an image, from what was found in it.
///
/// A package is one component with the files its database lists; so is each other file that is
/// executable, a library, configuration or carries a finding, and the folder of the entry point.
/// Findings fall on the code files of their package, else on the file that is their evidence.
///
/// # Errors
/// [`Error::Value`](crate::Error::Value) where a number of the policy or of a severity cannot be used.
pub fn image_score(
    image: &Image,
    inventory: &Inventory,
    findings: &[Finding],
    exposures: &[Exposure],
    policy: &ScorePolicy,
) -> Result<ImageScore> {
    policy.check()?;
    if let Some(reason) = unreadable_database(inventory) {
        return Ok(ImageScore::undefined(policy, &reason));
    }
    let components = Builder::new(image, inventory, policy).build(findings, exposures);
    ImageScore::compute(&components, policy)
}

/// Package databases of distributions: without them most of the image is unknown.
const DATABASES: &[&str] = &[
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm/",
    "usr/lib/sysimage/rpm/",
];

fn unreadable_database(inventory: &Inventory) -> Option<String> {
    let is_database = |place: &str| {
        DATABASES
            .iter()
            .any(|path| place.trim_start_matches('/').starts_with(path))
    };
    let read = |package: &Package| {
        package
            .locations
            .iter()
            .any(|location| is_database(&location.path))
    };
    let note = inventory.notes.iter().find(|note| is_database(&note.place))?;
    // A single bad entry is a note too; the score is lost only where nothing could be read.
    (!inventory.packages.iter().any(read)).then(|| {
        format!(
            "the package database could not be read: {}: {}",
            note.place, note.reason
        )
    })
}

struct Builder<'a> {
    image: &'a Image,
    inventory: &'a Inventory,
    policy: &'a ScorePolicy,
    entry: EntryPoint,
    /// Files that could not be examined.
    unexamined: BTreeSet<ImagePath>,
}

impl<'a> Builder<'a> {
    fn new(image: &'a Image, inventory: &'a Inventory, policy: &'a ScorePolicy) -> Self {
        let notes = image.notes.iter().chain(&inventory.notes);
        let unexamined = notes
            .filter_map(|note| file_of_place(&image.view, &note.place))
            .collect();
        let links = Links::new(&image.view);
        let entry = match &image.config {
            Some(config) => EntryPoint::of(config, &image.view, &links),
            None => EntryPoint::default(),
        };
        Self {
            image,
            inventory,
            policy,
            entry,
            unexamined,
        }
    }

    fn build(&self, findings: &[Finding], exposures: &[Exposure]) -> Vec<Component> {
        let mut packages: Vec<Component> = self.inventory.packages.iter().map(Self::package).collect();
        let mut others = Vec::new();
        for finding in findings {
            let charge = self.finding(finding);
            match self.bearer(finding.package).and_then(|at| packages.get_mut(at)) {
                Some(component) => component.charges.push(charge),
                None => {
                    others.push(self.single("package of no inventory", Role::Package, vec![charge], true))
                }
            }
        }
        let mut charged = self.exposures(exposures, &mut others);
        self.files(&mut packages, &mut others, &mut charged);
        for component in &mut packages {
            component.importance = self.importance(&component.name, component.role);
        }
        // A language package inside a distribution package is part of that; its findings went there.
        let packages = packages.into_iter().enumerate();
        let mut components: Vec<Component> = packages
            .filter(|(at, _)| self.bearer(*at) == Some(*at))
            .map(|(_, component)| component)
            .collect();
        components.extend(others);
        components
    }

    /// The package whose component bears the findings of this one.
    fn bearer(&self, package: usize) -> Option<usize> {
        let owner = self.inventory.packages.get(package)?.owner;
        Some(
            owner
                .filter(|owner| *owner < self.inventory.packages.len())
                .unwrap_or(package),
        )
    }

    /// A package as a component; its files, role and importance follow.
    fn package(package: &Package) -> Component {
        let name = match &package.purl {
            Some(purl) => purl.without_version().to_string(),
            None => format!("{}/{}", package.ecosystem, package.name),
        };
        Component {
            name,
            role: Role::Package,
            importance: 0.0,
            files: Vec::new(),
            charges: Vec::new(),
        }
    }

    fn importance(&self, name: &str, role: Role) -> f64 {
        if let Some(importance) = self.policy.overrides.get(name) {
            return *importance;
        }
        let factor = match role {
            Role::EntryPoint if self.entry.exposed => self.policy.exposed_factor,
            _ => 1.0,
        };
        self.policy.importance(role) * factor
    }

    /// A component of one file.
    fn single(&self, path: &str, role: Role, charges: Vec<Charge>, examined: bool) -> Component {
        Component {
            name: path.to_owned(),
            role,
            importance: self.importance(path, role),
            files: vec![ComponentFile {
                path: path.to_owned(),
                is_code: true,
                examined,
            }],
            charges,
        }
    }

    fn finding(&self, finding: &Finding) -> Charge {
        let policy = self.policy;
        let severity = &finding.severity;
        let rated = severity.score.is_some() || severity.level != Level::Unknown;
        let of_level = |level| policy.vulnerability(None, level);
        let rating = policy.vulnerability(severity.score, severity.level);
        let (mut base, mut least, mut most) = match finding.kind {
            FindingKind::Malicious => (
                policy.special.malware,
                policy.special.malware,
                policy.special.malware,
            ),
            FindingKind::Unmaintained | FindingKind::Informational if !rated => {
                let base = policy.special.informational;
                (base, base, base)
            }
            _ if rated => (rating, rating, rating),
            _ => (
                rating,
                of_level(Level::Low).min(rating),
                of_level(Level::Critical).max(rating),
            ),
        };
        if finding.verdict == Verdict::Unknown {
            // Not known to be affected: it opens the interval and leaves the score alone.
            (base, least) = (0.0, 0.0);
        }
        most = most.max(base);
        least = least.min(base);
        let validity = match (&finding.suppressed, finding.status.as_deref()) {
            (Some(_), _) => policy.set_aside,
            (None, Some("under_investigation")) => policy.under_investigation,
            _ => 1.0,
        };
        let suppressed = finding.suppressed.as_ref();
        Charge {
            id: finding.id.clone(),
            aliases: finding.aliases.clone(),
            target: Target::Component,
            base,
            least,
            most,
            exploitation: match finding.kind {
                FindingKind::Malicious => 1.0,
                _ => policy.exploitation_unknown,
            },
            validity,
            reason: suppressed
                .map(|suppressed| format!("{}: {}", suppressed.by, suppressed.reason))
                .or_else(|| finding.reason.clone()),
        }
    }

    /// Charges by file of the view; what stands elsewhere becomes a component at once.
    fn exposures(
        &self,
        exposures: &[Exposure],
        others: &mut Vec<Component>,
    ) -> BTreeMap<ImagePath, Vec<Charge>> {
        let mut charged: BTreeMap<ImagePath, Vec<Charge>> = BTreeMap::new();
        let mut elsewhere: BTreeMap<String, Vec<Charge>> = BTreeMap::new();
        for exposure in exposures {
            let special = &self.policy.special;
            let base = match exposure.kind {
                ExposureKind::PrivateKey | ExposureKind::Credential => special.credential,
                ExposureKind::Secret => special.secret,
                ExposureKind::Setuid => special.setuid,
                ExposureKind::WorldWritable => special.world_writable,
                // A root user raises the importance of what it starts, and counts in score C.
                ExposureKind::RootUser => continue,
            };
            let path = ImagePath::new(exposure.location.path.as_bytes());
            let line = exposure.line.map_or_else(String::new, |line| format!(":{line}"));
            let charge = |path: &str| Charge {
                id: format!("{}{line}", exposure.rule),
                aliases: Vec::new(),
                target: Target::File(path.to_owned()),
                base,
                least: base,
                most: base,
                exploitation: 1.0,
                validity: 1.0,
                reason: None,
            };
            if !exposure.in_lower_layer && is_file(&self.image.view, &path) {
                let text = shown(&path);
                charged.entry(path).or_default().push(charge(&text));
            } else {
                let digest = exposure.location.layer.as_deref().unwrap_or_default();
                let place = match exposure.in_lower_layer {
                    true => format!("layer:{digest}:{}", exposure.location.path),
                    false => exposure.location.path.clone(),
                };
                let charge = charge(&place);
                elsewhere.entry(place).or_default().push(charge);
            }
        }
        let single =
            |(place, charges): (String, Vec<Charge>)| self.single(&place, Role::Security, charges, true);
        others.extend(elsewhere.into_iter().map(single));
        charged
    }

    /// Gives every regular file of the view its place.
    fn files(
        &self,
        packages: &mut [Component],
        others: &mut Vec<Component>,
        charged: &mut BTreeMap<ImagePath, Vec<Charge>>,
    ) {
        let mut owners = self.owners().into_iter().peekable();
        let mut application = self.many("application", Role::EntryPoint);
        let mut data = self.many("data", Role::Data);
        let mut documentation = self.many("documentation", Role::Documentation);
        for (path, node) in &self.image.view.nodes {
            let NodeKind::File { .. } = node.kind else {
                continue;
            };
            while owners.next_if(|(owned, _)| *owned < path).is_some() {}
            let bytes = path.as_bytes();
            let is_code = roles::is_code(bytes, node.mode);
            let examined = !self.unexamined.contains(path);
            let charges = charged.remove(path).unwrap_or_default();
            let is_entry = self.entry.files.contains(path);
            let file = || ComponentFile {
                path: shown(path),
                is_code,
                examined,
            };
            let noted = !charges.is_empty() || !examined;

            let mut owned = false;
            while let Some((_, at)) = owners.next_if(|(owned, _)| *owned == path) {
                let Some((component, package)) = packages.get_mut(at).zip(self.inventory.packages.get(at))
                else {
                    continue;
                };
                owned = true;
                component.role = component
                    .role
                    .min(self.role_in(package, bytes, node.mode, is_entry));
                if is_code || !noted {
                    component.files.push(file());
                    component.charges.extend(charges.iter().cloned());
                }
            }
            let in_application = self.entry.folders.iter().any(|folder| is_below(bytes, folder));
            if owned && (is_code || !noted) {
                continue;
            }
            if !owned && in_application && (is_code || !noted) {
                application.files.push(file());
                application.charges.extend(charges);
                continue;
            }
            // Beside code, other files bear no importance: one that has something to say stands alone.
            match roles::standing(bytes, node.mode) {
                _ if is_entry => others.push(self.single(&shown(path), Role::EntryPoint, charges, examined)),
                Standing::Alone(role) => others.push(self.single(&shown(path), role, charges, examined)),
                _ if !charges.is_empty() => {
                    others.push(self.single(&shown(path), Role::Security, charges, examined));
                }
                Standing::Data if noted => {
                    others.push(self.single(&shown(path), Role::Data, charges, examined))
                }
                Standing::Data => data.files.push(file()),
                Standing::Documentation => documentation.files.push(file()),
            }
        }
        for component in [application, data, documentation] {
            if !component.files.is_empty() {
                others.push(component);
            }
        }
        for (component, package) in packages.iter_mut().zip(&self.inventory.packages) {
            if component.files.is_empty() {
                self.evidence(component, package);
            }
        }
    }

    fn many(&self, name: &str, role: Role) -> Component {
        Component {
            files: Vec::new(),
            ..self.single(name, role, Vec::new(), true)
        }
    }

    /// The role one file gives its package.
    fn role_in(&self, package: &Package, path: &[u8], mode: u32, is_entry: bool) -> Role {
        let starts_another = self.entry.files.len() > 1 && roles::starts_others(path);
        if is_entry && !starts_another {
            return Role::EntryPoint;
        }
        let kind = package.purl.as_ref().map_or("", |purl| purl.kind());
        match kind {
            "alpm" | "apk" | "deb" | "rpm" => roles::of_package_file(path, mode).min(Role::Package),
            _ => Role::Package,
        }
    }

    /// A package of which no file is known stands by the file that names it.
    fn evidence(&self, component: &mut Component, package: &Package) {
        let Some(location) = package.locations.first() else {
            return;
        };
        let archive = location.path.split('!').next().unwrap_or_default();
        let path = ImagePath::new(archive.as_bytes());
        if self.entry.files.contains(&path) {
            // A module of the program that starts, or a jar inside it, is linked into it.
            component.role = Role::Linked;
        }
        component.files.push(ComponentFile {
            path: location.path.clone(),
            is_code: true,
            examined: !self.unexamined.contains(&path),
        });
    }

    /// Files of packages as the view has them, in its order, each with its package.
    fn owners(&self) -> Vec<(&'a ImagePath, usize)> {
        let nodes = &self.image.view.nodes;
        let links = Links::new(&self.image.view);
        let mut owners = Vec::new();
        for (at, package) in self.inventory.packages.iter().enumerate() {
            let Some(bearer) = self.bearer(at) else { continue };
            for path in &package.files {
                let listed = nodes.get_key_value(path).map(|(path, _)| path);
                if let Some(path) = listed.or_else(|| links.follow(path)) {
                    owners.push((path, bearer));
                }
            }
        }
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}

/// The path as text. Nearly all are plain ASCII, which needs no look at each character.
fn shown(path: &ImagePath) -> String {
    let plain = |b: &u8| matches!(b, b' '..=b'~') && *b != b'\\';
    match std::str::from_utf8(path.as_bytes()) {
        Ok(text) if text.bytes().all(|b| plain(&b)) => format!("/{text}"),
        _ => path.to_string(),
    }
}

/// The file a note is about: its place is a path, with a layer or an entry of the archive behind it.
fn file_of_place(view: &View, place: &str) -> Option<ImagePath> {
    let ends = [place.find(" ("), place.find('!')].into_iter().flatten();
    let mut texts = std::iter::once(place).chain(ends.filter_map(|end| place.get(..end)));
    texts.find_map(|text| Some(ImagePath::new(text.as_bytes())).filter(|path| is_file(view, path)))
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests;
