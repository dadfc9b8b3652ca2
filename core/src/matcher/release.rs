//! Which published ecosystems speak of a package of an ecosystem.
//!
//! OSV writes the release into the ecosystem text: `Debian:12`, `Ubuntu:22.04:LTS`. A record for one
//! release says nothing of another. A record without a release speaks of all where the schema lets the
//! release be left out (Debian, AlmaLinux, Rocky Linux); where it does not (Alpine, Ubuntu, …) the record
//! is malformed, so that a package it calls affected is `unknown` instead.

use crate::ecosystem::{Ecosystem, Names, ReleaseUse};
use crate::version::Scheme;

/// How a published ecosystem applies to a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It speaks of the package's release.
    Same,
    /// It should name a release and does not.
    ReleaseMissing,
}

/// Everything about an ecosystem that does not depend on the package.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) text: String,
    /// `None` where hullmark does not know the ecosystem.
    pub(super) ecosystem: Option<Ecosystem>,
    pub(super) scheme: Option<Scheme>,
    pub(super) names: Names,
    /// The published ecosystems to look in.
    pub(super) feeds: Vec<(String, Reach)>,
    /// Why packages of this ecosystem cannot be judged.
    pub(super) problem: Option<String>,
    /// The problem is that the database has no feed, which says nothing against a record it does have.
    pub(super) no_feed: bool,
}

impl Plan {
    /// Plans for a package's ecosystem text, given the texts of the feeds at hand.
    pub(super) fn new<'f>(text: &str, feeds: impl Iterator<Item = &'f str>) -> Self {
        let (base, release) = split(text);
        let mut applying = Vec::new();
        let mut other_releases = false;
        for feed in feeds {
            match reach(text, feed) {
                Some(reach) => applying.push((feed.to_owned(), reach)),
                None => other_releases |= split(feed).0.eq_ignore_ascii_case(base),
            }
        }
        let (ecosystem, unsupported) = match Ecosystem::parse(text) {
            Ok(ecosystem) => (Some(ecosystem), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let scheme = ecosystem.as_ref().and_then(Ecosystem::scheme);
        let names = ecosystem.as_ref().map_or(Names::Own, Ecosystem::names_used);
        let no_feed = !applying.iter().any(|(_, reach)| *reach == Reach::Same);
        let (problem, no_feed) = if text.is_empty() {
            (Some("the package has no ecosystem".to_owned()), false)
        } else if unsupported.is_some() {
            (unsupported, false)
        } else if release.is_none() && other_releases {
            let says = format!("the package does not say which release of {base} it is of");
            (Some(says), false)
        } else if no_feed {
            (Some(format!("the database has no feed for {text}")), true)
        } else {
            (None, false)
        };
        Self {
            text: text.to_owned(),
            scheme,
            ecosystem,
            names,
            feeds: applying,
            problem,
            no_feed,
        }
    }
}

/// Ecosystem and what follows its first colon.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((base, release)) => (base, Some(release)),
        None => (text, None),
    }
}

/// What ecosystems of one name have in common, whatever their release.
pub(super) fn family(text: &str) -> String {
    split(text).0.to_ascii_lowercase()
}

/// Whether records of the ecosystem `feed` speak of packages of the ecosystem `package`.
pub(super) fn reach(package: &str, feed: &str) -> Option<Reach> {
    if package == feed {
        return Some(Reach::Same);
    }
    let (base, release) = split(package);
    let (feed_base, feed_release) = split(feed);
    // Publishers do not agree on capitals: `Kubernetes`, `kubernetes`.
    if !base.eq_ignore_ascii_case(feed_base) {
        return None;
    }
    let same = match (release, feed_release) {
        (None, None) => true,
        // Which repository an inventory's package came from is seldom known, and names are coordinated
        // between repositories: `androidx.*` is on Google's only, `drupal/*` on Drupal's only.
        (None, Some(url)) => is_repository(url),
        (Some(release), None) => {
            let required =
                Ecosystem::parse(base).is_ok_and(|base| base.release_use() == ReleaseUse::Required);
            return match required && !is_repository(release) {
                true => Some(Reach::ReleaseMissing),
                false => Some(Reach::Same),
            };
        }
        (Some(release), Some(feed_release)) => match base {
            "Ubuntu" => same_ubuntu(release, feed_release),
            "Red Hat" => same_red_hat(release, feed_release),
            // A point release belongs to its release.
            "AlmaLinux" | "Alpine" | "Azure Linux" | "Debian" | "Oracle Linux" | "Rocky Linux" => {
                starts(release, feed_release, '.')
            }
            _ => false,
        },
    };
    same.then_some(Reach::Same)
}

fn is_repository(release: &str) -> bool {
    release.contains("://")
}

/// `Ubuntu:20.04` and `Ubuntu:20.04:LTS` are one release. Pro channels (`Ubuntu:Pro:…`, also FIPS and
/// real-time kernels) hold other builds than the public archive: their records never speak of a package
/// that is not itself of that channel.
fn same_ubuntu(release: &str, feed: &str) -> bool {
    let plain = |text: &str| !text.starts_with("Pro:");
    fn bare(text: &str) -> &str {
        text.strip_suffix(":LTS").unwrap_or(text)
    }
    plain(release) && plain(feed) && bare(release) == bare(feed)
}

/// Red Hat's release is a CPE without its prefix: `enterprise_linux:8::appstream`. A part left out on
/// either side stands for all of it, and a major version for its minor ones; another product
/// (`rhel_eus`, `openshift`) is another channel with fixes of its own.
fn same_red_hat(release: &str, feed: &str) -> bool {
    fn part(text: &str, at: usize) -> &str {
        text.split(':').nth(at).unwrap_or_default()
    }
    let agree = |at| {
        let (left, right) = (part(release, at), part(feed, at));
        left.is_empty() || right.is_empty() || like(left, right)
    };
    let (version, of_feed) = (part(release, 1), part(feed, 1));
    part(release, 0) == part(feed, 0)
        && (like(version, of_feed) || starts(version, of_feed, '.'))
        && agree(2)
        && agree(3)
}

/// Whether a part of a CPE is that of a record, in which `%02` stands for any text.
fn like(part: &str, of_record: &str) -> bool {
    match of_record.split_once("%02") {
        Some((start, end)) => part.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => part == of_record,
    }
}

/// Whether `text` is `start`, `after` and more.
fn starts(text: &str, start: &str, after: char) -> bool {
    text.strip_prefix(start)
        .is_some_and(|rest| rest.starts_with(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_rules() {
        let same = Some(Reach::Same);
        for (package, feed, wanted) in [
            ("Debian:12", "Debian:12", same),
            ("Debian:12", "Debian:11", None),
            ("Debian:12", "Debian:1", None),
            ("Debian:12.5", "Debian:12", same),
            ("Debian:12", "Debian", same),
            ("Debian", "Debian:12", None),
            ("Debian:12", "Ubuntu:12", None),
            ("Alpine:v3.9.4", "Alpine:v3.9", same),
            ("Alpine:v3.9", "Alpine", Some(Reach::ReleaseMissing)),
            ("AlmaLinux:8", "AlmaLinux", same),
            ("Ubuntu:22.04", "Ubuntu:22.04:LTS", same),
            ("Ubuntu:22.04:LTS", "Ubuntu:22.04", same),
            ("Ubuntu:22.04:LTS", "Ubuntu:Pro:22.04:LTS", None),
            ("Ubuntu:Pro:22.04:LTS", "Ubuntu:Pro:22.04:LTS", same),
            ("Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04:LTS", None),
            ("Ubuntu:22.04:LTS", "Ubuntu:22.04:LTS:for:NVIDIA:BlueField", None),
            (
                "Red Hat:enterprise_linux:8",
                "Red Hat:enterprise_linux:8::baseos",
                same,
            ),
            (
                "Red Hat:enterprise_linux:8::baseos",
                "Red Hat:enterprise_linux:8::appstream",
                None,
            ),
            (
                "Red Hat:enterprise_linux:8::baseos",
                "Red Hat:enterprise_linux:8",
                same,
            ),
            ("Red Hat:enterprise_linux:8.4", "Red Hat:enterprise_linux:8", same),
            ("Red Hat:enterprise_linux:8", "Red Hat:enterprise_linux:8.4", None),
            ("Red Hat:enterprise_linux:8", "Red Hat:rhel_eus:8.6::baseos", None),
            (
                "Red Hat:openshift:4.13::el8",
                "Red Hat:openshift:4.%02::el8",
                same,
            ),
            ("Red Hat:openshift:5.1::el8", "Red Hat:openshift:4.%02::el8", None),
            ("Packagist", "Packagist:https://packages.shop.example/8", same),
            ("Maven:https://one.example", "Maven:https://two.example", None),
            ("Maven:https://one.example", "Maven", same),
            ("npm", "npm", same),
            ("npm", "PyPI", None),
        ] {
            assert_eq!(reach(package, feed), wanted, "{package} against {feed}");
        }
    }
}
