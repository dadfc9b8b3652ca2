//! Equal packages at several places are one; all of them have one order.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::{Location, Package, Scope};

/// The order of packages; what is equal in all of it is one package.
fn order(a: &Package, b: &Package) -> Ordering {
    (&a.ecosystem, &a.name, &a.version)
        .cmp(&(&b.ecosystem, &b.name, &b.version))
        .then_with(|| identity_order(a, b))
}

fn identity_order(a: &Package, b: &Package) -> Ordering {
    let key = |package: &'_ Package| (package.found_by, package.owner);
    (&a.arch, &a.purl, &a.source)
        .cmp(&(&b.arch, &b.purl, &b.source))
        .then_with(|| key(a).cmp(&key(b)))
}

/// Makes equal packages one with several locations. One that a distribution's package owns stays apart from
/// one that it does not: the owner speaks for its own files alone.
pub(super) fn merged(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_by(order);
    packages.dedup_by(|next, first| {
        let same = order(first, next).is_eq();
        if same {
            first.locations.append(&mut next.locations);
            first.files.append(&mut next.files);
            first.scope = widest(first.scope, next.scope);
        }
        same
    });
    packages.iter_mut().for_each(tidy);
    packages
}

/// What runs at one place runs, and what is unknown at one place may.
fn widest(a: Option<Scope>, b: Option<Scope>) -> Option<Scope> {
    match (a, b) {
        (Some(Scope::Runtime), _) | (_, Some(Scope::Runtime)) => Some(Scope::Runtime),
        (Some(a), Some(_)) => Some(a),
        _ => None,
    }
}

/// Puts the lists of a package in order.
pub(super) fn tidy(package: &mut Package) {
    let locations: BTreeSet<Location> = std::mem::take(&mut package.locations).into_iter().collect();
    package.locations = locations.into_iter().collect();
    package.files.sort_unstable();
    package.files.dedup();
    package.files.shrink_to_fit();
}

/// All packages in the order of an inventory, with owners pointing to where they end up.
pub(super) fn sorted(system: Vec<Package>, language: Vec<Package>) -> Vec<Package> {
    let mut packages: Vec<(usize, Package)> = system.into_iter().chain(language).enumerate().collect();
    packages.sort_by(|(_, a), (_, b)| {
        let names = (&a.ecosystem, &a.name, &a.version).cmp(&(&b.ecosystem, &b.name, &b.version));
        names
            .then_with(|| a.locations.cmp(&b.locations))
            .then_with(|| identity_order(a, b))
    });
    let moved: HashMap<usize, usize> = packages
        .iter()
        .enumerate()
        .map(|(to, (from, _))| (*from, to))
        .collect();
    let owned = packages.into_iter().map(|(_, mut package)| {
        package.owner = package.owner.and_then(|owner| moved.get(&owner).copied());
        package
    });
    owned.collect()
}
