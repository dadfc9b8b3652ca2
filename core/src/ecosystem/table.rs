//! The ecosystems: one row each. A new one is a row here and nothing else.
//!
//! Names are those of the OSV schema (1.7.5), and those its public exports use beside them.

use std::borrow::Cow;

use super::release::{self, Hint};
use crate::purl::fold;
use crate::version::Scheme;

/// How the namespace and name of a purl make the package name of OSV.
#[derive(Clone, Copy)]
pub(super) enum Join {
    /// The name alone; the namespace is the vendor or the distribution.
    Name,
    /// `namespace/name`.
    Slash,
    /// `group:artifact`.
    Colon,
    /// `publisher.extension`.
    Dot,
}

/// What stands behind the colon of an ecosystem.
#[derive(Clone, Copy)]
pub(super) enum Suffix {
    /// Nothing.
    None,
    /// The address of a registry; it says where a package is from, not which release it is of.
    Registry,
    /// A release, without which a record speaks of all.
    Optional(fn(&Hint<'_>) -> Option<String>),
    /// A release.
    Required(fn(&Hint<'_>) -> Option<String>),
    /// Another ecosystem with its release, whose order holds where it is one of these schemes: the
    /// vendor's own suffix (`-root.io.1`) sorts rightly in these and wrongly in others.
    Inner(&'static [Scheme]),
}

/// Which names the records of an ecosystem use, by the schema and by what is published: AlmaLinux's records
/// list binary packages though the schema speaks of the source package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// The package's own.
    Own,
    /// That of the source package it was built from.
    Source,
    /// Either.
    Both,
}

/// One ecosystem.
pub(super) struct Row {
    pub name: &'static str,
    pub scheme: Option<Scheme>,
    /// Why there is no scheme.
    pub why: &'static str,
    pub fold: fn(Cow<'_, str>) -> Cow<'_, str>,
    /// Purl types with the namespace that tells the distribution; an empty one stands for any.
    pub purls: &'static [(&'static str, &'static str)],
    pub join: Join,
    /// `ID` of `os-release`.
    pub os: &'static [&'static str],
    pub suffix: Suffix,
    pub names: Names,
}

/// An ecosystem whose versions the scheme orders.
const fn ordered(name: &'static str, scheme: Scheme) -> Row {
    Row {
        name,
        scheme: Some(scheme),
        why: "",
        fold: keep,
        purls: &[],
        join: Join::Name,
        os: &[],
        suffix: Suffix::None,
        names: Names::Own,
    }
}

/// An ecosystem whose versions cannot be ordered yet, and why.
const fn unordered(name: &'static str, why: &'static str) -> Row {
    Row {
        scheme: None,
        why,
        ..ordered(name, Semver)
    }
}

impl Row {
    const fn purls(mut self, purls: &'static [(&'static str, &'static str)]) -> Self {
        self.purls = purls;
        self
    }

    const fn join(mut self, join: Join) -> Self {
        self.join = join;
        self
    }

    const fn fold(mut self, fold: fn(Cow<'_, str>) -> Cow<'_, str>) -> Self {
        self.fold = fold;
        self
    }

    const fn os(mut self, ids: &'static [&'static str]) -> Self {
        self.os = ids;
        self
    }

    const fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    const fn suffix(mut self, suffix: Suffix) -> Self {
        self.suffix = suffix;
        self
    }
}

fn keep(name: Cow<'_, str>) -> Cow<'_, str> {
    name
}

/// crates.io keeps apart neither capitals nor `-` and `_`: no two crates differ only in these.
fn crates(name: Cow<'_, str>) -> Cow<'_, str> {
    let lower = fold::lower(name);
    if lower.contains('_') {
        Cow::Owned(lower.replace('_', "-"))
    } else {
        lower
    }
}

/// Some records end a module path with a slash.
fn go(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.trim_end_matches('/')),
        Cow::Owned(name) => Cow::Owned(name.trim_end_matches('/').to_owned()),
    }
}

/// A Swift package is the address of its repository; protocol, `.git` and capitals do not matter.
fn swift(name: Cow<'_, str>) -> Cow<'_, str> {
    let bare = name.trim_start_matches("https://").trim_start_matches("http://");
    let bare = bare.trim_end_matches('/').trim_end_matches(".git");
    if bare.len() == name.len() {
        fold::lower(name)
    } else {
        Cow::Owned(bare.to_lowercase())
    }
}

use Join::{Colon, Dot, Slash};
use Scheme::{Apk, Composer, Deb, Gem, Maven, Nuget, Pep440, Rpm, Semver};
use Suffix::{Inner, Optional, Registry, Required};

/// Schemes under which the suffixes of Root sort as Root means them.
const ROOT: &[Scheme] = &[Apk, Deb, Pep440, Rpm];

const NO_VERSIONS: &str = "records name commits, not versions";

/// Sorted by name, capitals aside.
pub(super) static ROWS: &[Row] = &[
    ordered("AlmaLinux", Rpm)
        .purls(&[("rpm", "almalinux"), ("rpm", "alma")])
        .os(&["almalinux"])
        .suffix(Optional(release::major)),
    ordered("Alpaquita", Apk)
        .names(Names::Source)
        .purls(&[("apk", "alpaquita")])
        .os(&["alpaquita"])
        .suffix(Required(release::as_written)),
    ordered("Alpine", Apk)
        .names(Names::Source)
        .purls(&[("apk", "alpine"), ("alpine", "")])
        .os(&["alpine"])
        .suffix(Required(release::alpine)),
    unordered("Android", "Android security patch levels are dates"),
    ordered("Azure Linux", Rpm)
        .names(Names::Source)
        .purls(&[("rpm", "azure-linux"), ("rpm", "azurelinux"), ("rpm", "mariner")])
        .os(&["azurelinux", "mariner"])
        .suffix(Required(release::major)),
    ordered("BellSoft Hardened Containers", Apk)
        .names(Names::Source)
        .purls(&[("apk", "bellsoft-hardened-containers")])
        .os(&["bellsoft-hardened-containers"])
        .suffix(Required(release::as_written)),
    unordered("Bioconductor", "R package versions have an order of their own")
        .purls(&[("bioconductor", "")])
        .suffix(Optional(release::as_written)),
    unordered(
        "Bitnami",
        "a Bitnami revision (1.2.3-4) follows its version, SemVer puts it before",
    )
    .purls(&[("bitnami", "")])
    .fold(fold::lower),
    ordered("Chainguard", Apk)
        .names(Names::Both)
        .purls(&[("apk", "chainguard")])
        .os(&["chainguard"]),
    ordered("CleanStart", Apk)
        .names(Names::Both)
        .purls(&[("apk", "cleanstart")])
        .os(&["cleanstart"]),
    unordered("ConanCenter", "Conan versions have an order of their own")
        .purls(&[("conan", "")])
        .fold(fold::lower),
    unordered("CPAN", "Perl versions have an order of their own").purls(&[("cpan", "")]),
    unordered("CRAN", "R package versions have an order of their own").purls(&[("cran", "")]),
    ordered("crates.io", Semver).purls(&[("cargo", "")]).fold(crates),
    ordered("Debian", Deb)
        .names(Names::Source)
        .purls(&[("deb", "debian")])
        .os(&["debian"])
        .suffix(Optional(release::debian)),
    ordered("Docker Hardened Images", Deb)
        .names(Names::Both)
        .purls(&[("deb", "dhi"), ("apk", "dhi")])
        .suffix(Inner(&[Apk, Deb])),
    ordered("Echo", Deb)
        .names(Names::Source)
        .purls(&[("deb", "echo")])
        .os(&["echo"])
        .suffix(Inner(&[Deb, Maven, Pep440])),
    unordered("FreeBSD", "FreeBSD package versions have an order of their own")
        .suffix(Optional(release::as_written)),
    ordered("GHC", Semver),
    unordered("GIT", NO_VERSIONS),
    // Moving tags such as v4 are no SemVer and stay undecided.
    ordered("GitHub Actions", Semver)
        .purls(&[("github", ""), ("githubactions", "")])
        .join(Slash)
        .fold(fold::lower),
    ordered("Go", Semver)
        .purls(&[("golang", "")])
        .join(Slash)
        .fold(go),
    unordered("Hackage", "Haskell versions have an order of their own").purls(&[("hackage", "")]),
    ordered("Hex", Semver)
        .purls(&[("hex", "")])
        .join(Slash)
        .fold(fold::lower),
    unordered("Homebrew", "Homebrew versions have an order of their own")
        .purls(&[("brew", "")])
        .fold(fold::lower),
    unordered("Julia", "Julia orders build numbers (1.2.3+4), SemVer does not").purls(&[("julia", "")]),
    ordered("Kubernetes", Semver),
    unordered("Linux", NO_VERSIONS),
    ordered("Mageia", Rpm)
        .names(Names::Source)
        .purls(&[("rpm", "mageia")])
        .os(&["mageia"])
        .suffix(Required(release::major)),
    ordered("Maven", Maven)
        .purls(&[("maven", "")])
        .join(Colon)
        .suffix(Registry),
    ordered("MinimOS", Apk)
        .names(Names::Both)
        .purls(&[("apk", "minimos")])
        .os(&["minimos"]),
    ordered("npm", Semver).purls(&[("npm", "")]).join(Slash),
    ordered("NuGet", Nuget).purls(&[("nuget", "")]).fold(fold::lower),
    unordered(
        "opam",
        "opam compares versions as Debian does, but for the epoch and the revision",
    )
    .purls(&[("opam", "")]),
    ordered("openEuler", Rpm)
        .names(Names::Source)
        .purls(&[("rpm", "openeuler")])
        .os(&["openEuler"])
        .suffix(Required(release::openeuler)),
    ordered("openSUSE", Rpm)
        .names(Names::Both)
        .purls(&[("rpm", "opensuse")])
        .os(&["opensuse-leap", "opensuse-tumbleweed", "opensuse"])
        .suffix(Required(release::opensuse)),
    unordered("OSS-Fuzz", NO_VERSIONS),
    ordered("Packagist", Composer)
        .purls(&[("composer", "")])
        .join(Slash)
        .fold(fold::lower)
        .suffix(Registry),
    ordered("Photon OS", Rpm)
        .names(Names::Both)
        .purls(&[("rpm", "photon"), ("rpm", "vmware")])
        .os(&["photon"])
        .suffix(Required(release::photon)),
    unordered("Pub", "Pub orders build metadata, SemVer does not").purls(&[("pub", "")]),
    ordered("PyPI", Pep440).purls(&[("pypi", "")]).fold(fold::pypi),
    ordered("Red Hat", Rpm)
        .names(Names::Both)
        .purls(&[("rpm", "redhat"), ("rpm", "rhel"), ("rpm", "centos")])
        .os(&["rhel", "redhat", "centos"])
        .suffix(Required(release::red_hat)),
    ordered("Rocky Linux", Rpm)
        .names(Names::Both)
        .purls(&[("rpm", "rocky-linux"), ("rpm", "rocky"), ("rpm", "rockylinux")])
        .os(&["rocky"])
        .suffix(Optional(release::major)),
    unordered("Root", "Root names the ecosystem it patches behind a colon")
        .names(Names::Both)
        .suffix(Inner(ROOT)),
    ordered("RubyGems", Gem).purls(&[("gem", "")]),
    ordered("SUSE", Rpm)
        .names(Names::Both)
        .purls(&[("rpm", "suse"), ("rpm", "sles")])
        .os(&[
            "sles",
            "sled",
            "sles_sap",
            "suse",
            "sle-micro",
            "sl-micro",
            "sle_hpc",
        ])
        .suffix(Required(release::suse)),
    ordered("SwiftURL", Semver)
        .purls(&[("swift", "")])
        .join(Slash)
        .fold(swift),
    unordered("TuxCare", "TuxCare names the ecosystem it patches behind a colon").suffix(Inner(Scheme::ALL)),
    ordered("Ubuntu", Deb)
        .names(Names::Source)
        .purls(&[("deb", "ubuntu")])
        .os(&["ubuntu"])
        .suffix(Required(release::ubuntu)),
    ordered("VSCode", Semver)
        .purls(&[("vscode-extension", ""), ("vscode", "")])
        .join(Dot)
        .fold(fold::lower)
        .suffix(Registry),
    ordered("Wolfi", Apk)
        .names(Names::Both)
        .purls(&[("apk", "wolfi")])
        .os(&["wolfi"]),
];
