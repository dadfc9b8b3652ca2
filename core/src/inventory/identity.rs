//! The ecosystem and package URL of a package: the one place where they are put together.

use super::{Distribution, Package};
use crate::Purl;
use crate::version::Scheme;

/// The OSV ecosystem of a distribution whose packages order their versions by `scheme`.
///
/// An Alpine image may hold a `dpkg` database too: its packages are not Alpine's.
pub(super) fn ecosystem(_distribution: &Distribution, _scheme: Scheme) -> Option<String> {
    None
}

/// `pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12`; without a distribution no namespace and no
/// `distro`.
pub(super) fn of_distribution(
    kind: &str,
    package: &Package,
    distribution: Option<&Distribution>,
) -> Option<Purl> {
    let distribution = distribution.filter(|distribution| !distribution.id.is_empty());
    let namespace = distribution.map(|distribution| distribution.id.as_str());
    let distro = distribution.filter(|distribution| !distribution.version_id.is_empty());
    let distro = distro.map(|distribution| format!("{}-{}", distribution.id, distribution.version_id));
    let mut qualifiers = Vec::new();
    qualifiers.extend(package.arch.as_deref().map(|arch| ("arch", arch)));
    qualifiers.extend(distro.as_deref().map(|distro| ("distro", distro)));
    build(kind, namespace, &package.name, &package.version, &qualifiers)
}

/// `pkg:pypi/django@3.2`.
pub(super) fn python(name: &str, version: &str) -> Option<Purl> {
    build("pypi", None, name, version, &[])
}

/// `pkg:npm/%40hapi/hoek@8.5.0`: the scope is the namespace.
pub(super) fn node(name: &str, version: &str) -> Option<Purl> {
    match name.split_once('/') {
        Some((scope, name)) => build("npm", Some(scope), name, version, &[]),
        None => build("npm", None, name, version, &[]),
    }
}

/// `pkg:gem/nokogiri@1.15.4?platform=x86_64-linux`; the platform `ruby` goes without saying.
pub(super) fn ruby(name: &str, version: &str, platform: Option<&str>) -> Option<Purl> {
    let platform = platform.filter(|platform| *platform != "ruby");
    let qualifiers: Vec<_> = platform
        .map(|platform| ("platform", platform))
        .into_iter()
        .collect();
    build("gem", None, name, version, &qualifiers)
}

fn build(
    _kind: &str,
    _namespace: Option<&str>,
    _name: &str,
    _version: &str,
    _qualifiers: &[(&str, &str)],
) -> Option<Purl> {
    None
}
