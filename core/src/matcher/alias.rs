//! Which records are about one flaw.

use std::collections::{BTreeMap, BTreeSet};

use crate::database::Record;

/// Groups records (one entry an id) that are aliases of one another, directly or through others; each
/// group holds indices, in order.
///
/// Aliases join as the schema says: symmetric and transitive, also through ids that no record at hand has.
/// `upstream` joins only where it can mean one flaw alone (see [`upstream_is_alias`]).
pub(super) fn groups(records: &[Record<'_>]) -> Vec<Vec<usize>> {
    let mut sets = Sets::default();
    let mut of_record = Vec::with_capacity(records.len());
    for record in records {
        let own = sets.id(record.id());
        of_record.push(own);
        for alias in record.aliases() {
            let alias = sets.id(alias);
            sets.join(own, alias);
        }
        if upstream_is_alias(record.upstream()) {
            for upstream in record.upstream() {
                let upstream = sets.id(upstream);
                sets.join(own, upstream);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut first_of_root = BTreeMap::new();
    for (index, set) in of_record.into_iter().enumerate() {
        let first = *first_of_root.entry(sets.root(set)).or_insert(index);
        groups.entry(first).or_default().push(index);
    }
    groups.into_values().collect()
}

/// Whether the `upstream` of a distribution's record means one flaw: at most one id of each database
/// (`CVE-…` and its `GHSA-…`). An advisory for several flaws (`DSA`, `RHSA`) stays one of its own, for
/// joining it would make those flaws one.
pub(super) fn upstream_is_alias<'a>(upstream: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    for id in upstream {
        if !seen.insert(id.split('-').next().unwrap_or(id)) {
            return false;
        }
    }
    !seen.is_empty()
}

/// Which record leads a finding: least rank first, then the id.
///
/// A record that calls the package malware goes before all. Then the home database of the ecosystem
/// (`RUSTSEC` for crates.io, `GO`, `PYSEC`, a distribution's own): it is kept by people who know the
/// ecosystem and names its own packages and versions. Then GitHub's, reviewed across ecosystems; then
/// any other; last `CVE`, whose records describe products, not packages.
pub(super) fn rank(id: &str, ecosystem: &str, malicious: bool) -> u8 {
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    let home: &[&str] = match base {
        "crates.io" => &["RUSTSEC"],
        "Go" => &["GO"],
        "PyPI" => &["PYSEC"],
        "Hackage" | "GHC" => &["HSEC"],
        "Hex" => &["EEF"],
        "Julia" => &["JLSEC"],
        "CRAN" | "Bioconductor" => &["RSEC"],
        "opam" => &["OSEC"],
        "CPAN" => &["CPANSA"],
        "Bitnami" => &["BIT"],
        "Packagist" => &["DRUPAL"],
        "AlmaLinux" => &["ALSA", "ALBA", "ALEA"],
        "Alpine" => &["ALPINE"],
        "Alpaquita" | "BellSoft Hardened Containers" => &["BELL"],
        "Azure Linux" => &["AZL"],
        "Chainguard" | "Wolfi" => &["CGA"],
        "CleanStart" => &["CLEANSTART"],
        "Debian" => &["DEBIAN", "DSA", "DLA", "DTSA"],
        "Echo" => &["ECHO"],
        "Mageia" => &["MGASA"],
        "MinimOS" => &["MINI"],
        "openEuler" => &["OESA"],
        "Photon OS" => &["PHSA"],
        "Red Hat" => &["RHSA", "RHBA", "RHEA"],
        "Rocky Linux" => &["RLSA", "RXSA"],
        "Root" => &["ROOT"],
        "SUSE" | "openSUSE" => &["SUSE", "openSUSE"],
        "Ubuntu" => &["UBUNTU", "USN"],
        _ => &[],
    };
    let database = id.split('-').next().unwrap_or(id);
    match database {
        _ if malicious => 0,
        _ if home.contains(&database) => 1,
        "GHSA" => 2,
        "CVE" => 4,
        _ => 3,
    }
}

/// Union-find over ids.
#[derive(Default)]
struct Sets<'a> {
    ids: BTreeMap<&'a str, usize>,
    parents: Vec<usize>,
}

impl<'a> Sets<'a> {
    fn id(&mut self, id: &'a str) -> usize {
        let next = self.parents.len();
        let index = *self.ids.entry(id).or_insert(next);
        if index == next {
            self.parents.push(next);
        }
        index
    }

    fn root(&mut self, mut index: usize) -> usize {
        loop {
            let parent = self.parents.get(index).copied().unwrap_or(index);
            if parent == index {
                return index;
            }
            // Halve the path on the way, so that long chains of aliases stay cheap.
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(index) {
                *slot = above;
            }
            index = above;
        }
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        if let Some(slot) = self.parents.get_mut(left.max(right)) {
            *slot = left.min(right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_of_one_flaw() {
        for (upstream, wanted) in [
            (&["CVE-2024-0001"][..], true),
            (&["CVE-2024-0001", "GHSA-aaaa-bbbb-cccc"], true),
            (&["CVE-2024-0001", "CVE-2024-0002"], false),
            (&["GHSA-aaaa-bbbb-cccc", "GHSA-aaaa-bbbb-dddd"], false),
            (&[], false),
        ] {
            assert_eq!(
                upstream_is_alias(upstream.iter().copied()),
                wanted,
                "{upstream:?}"
            );
        }
    }

    #[test]
    fn home_database_leads() {
        let lead = |ids: &[&str], ecosystem: &str| {
            let mut ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
            ids.sort_by_key(|id| (rank(id, ecosystem, id.starts_with("MAL-")), id.clone()));
            ids.first().cloned().unwrap_or_default()
        };
        assert_eq!(lead(&["CVE-1", "GHSA-1", "RUSTSEC-1"], "crates.io"), "RUSTSEC-1");
        assert_eq!(lead(&["CVE-1", "GHSA-1"], "npm"), "GHSA-1");
        assert_eq!(lead(&["GHSA-1", "MAL-1"], "npm"), "MAL-1");
        assert_eq!(
            lead(&["CVE-1", "DSA-1", "DEBIAN-CVE-1"], "Debian:12"),
            "DEBIAN-CVE-1"
        );
    }
}
