//! The ecosystem and package URL of a package: the one place where they are put together.

use super::{Distribution, Package};
use crate::Purl;
use crate::ecosystem::{Ecosystem, distro_qualifier};
use crate::version::Scheme;

/// The OSV ecosystem of a distribution whose packages order their versions by `scheme`.
///
/// An Alpine image may hold a `dpkg` database too: its packages are not Alpine's.
pub(super) fn ecosystem(distribution: &Distribution, scheme: Scheme) -> Option<String> {
    let ecosystem = Ecosystem::of_distribution(distribution)?;
    (ecosystem.scheme() == Some(scheme)).then(|| ecosystem.to_string())
}

/// `pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc`; without a distribution no namespace
/// and no `distro`.
///
/// `upstream`, the source package, is not in the specification but what other tools write: advisories name
/// sources, so a package URL without it could not be matched by itself.
pub(super) fn of_distribution(
    kind: &str,
    package: &Package,
    distribution: Option<&Distribution>,
) -> Option<Purl> {
    let namespace = distribution.map_or("", |distribution| distribution.id.as_str());
    let distro = distribution.and_then(distro_qualifier);
    let upstream =
        package
            .source
            .as_ref()
            .map_or(String::new(), |source| match source.version == package.version {
                true => source.name.clone(),
                false => format!("{}@{}", source.name, source.version),
            });
    let qualifiers = [
        ("arch", package.arch.as_deref().unwrap_or_default()),
        ("distro", distro.as_deref().unwrap_or_default()),
        ("upstream", &upstream),
    ];
    build(kind, namespace, &package.name, &package.version, &qualifiers)
}

/// `pkg:pypi/django@3.2`.
pub(super) fn python(name: &str, version: &str) -> Option<Purl> {
    build("pypi", "", name, version, &[])
}

/// `pkg:npm/%40hapi/hoek@8.5.0`: the scope is the namespace.
pub(super) fn node(name: &str, version: &str) -> Option<Purl> {
    let (scope, name) = name.split_once('/').unwrap_or(("", name));
    build("npm", scope, name, version, &[])
}

/// `pkg:gem/nokogiri@1.15.4?platform=x86_64-linux`; the platform `ruby` goes without saying.
pub(super) fn ruby(name: &str, version: &str, platform: Option<&str>) -> Option<Purl> {
    let platform = platform
        .filter(|platform| *platform != "ruby")
        .unwrap_or_default();
    build("gem", "", name, version, &[("platform", platform)])
}

/// `pkg:golang/golang.org/x/text@v0.3.2`: the path before the last slash is the namespace.
pub(super) fn go(module: &str, version: &str) -> Option<Purl> {
    let (namespace, name) = module.rsplit_once('/').unwrap_or(("", module));
    build("golang", namespace, name, version, &[])
}

/// `pkg:cargo/smallvec@0.6.13`.
pub(super) fn rust(name: &str, version: &str) -> Option<Purl> {
    build("cargo", "", name, version, &[])
}

/// `pkg:maven/org.yaml/snakeyaml@1.26`.
pub(super) fn maven(group: &str, artifact: &str, version: &str) -> Option<Purl> {
    build("maven", group, artifact, version, &[])
}

/// `None` for a name that a package URL cannot hold.
fn build(
    kind: &str,
    namespace: &str,
    name: &str,
    version: &str,
    qualifiers: &[(&str, &str)],
) -> Option<Purl> {
    let purl = Purl::builder(kind, name).namespace(namespace).version(version);
    let add = |purl: crate::purl::PurlBuilder, (key, value): &(&str, &str)| purl.qualifier(key, value);
    qualifiers.iter().fold(purl, add).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls() {
        let text = |purl: Option<Purl>| purl.map(|purl| purl.to_string()).unwrap_or_default();
        let mut package = Package::new("libstdc++6", "1:12.2.0-14", "", "dpkg");
        package.arch = Some("amd64".to_owned());
        let debian = Distribution {
            id: "debian".to_owned(),
            version_id: "12".to_owned(),
            ..Distribution::default()
        };
        for (purl, expected) in [
            (
                of_distribution("deb", &package, Some(&debian)),
                "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14?arch=amd64&distro=debian-12",
            ),
            (
                of_distribution("deb", &package, Some(&Distribution::default())),
                "pkg:deb/libstdc%2B%2B6@1:12.2.0-14?arch=amd64",
            ),
            (
                of_distribution("deb", &package, None),
                "pkg:deb/libstdc%2B%2B6@1:12.2.0-14?arch=amd64",
            ),
            (python("PyYAML", "5.4.1"), "pkg:pypi/pyyaml@5.4.1"),
            (python("Flask_Login", "1"), "pkg:pypi/flask-login@1"),
            (node("@hapi/hoek", "8.5.0"), "pkg:npm/%40hapi/hoek@8.5.0"),
            (node("qs", "6.5.1"), "pkg:npm/qs@6.5.1"),
            (ruby("rake", "13.0.3", Some("ruby")), "pkg:gem/rake@13.0.3"),
            (
                ruby("nokogiri", "1.15.4", Some("x86_64-linux")),
                "pkg:gem/nokogiri@1.15.4?platform=x86_64-linux",
            ),
        ] {
            assert_eq!(text(purl), expected);
        }
    }

    #[test]
    fn packages_of_another_family_are_not_the_distributions() {
        let alpine = Distribution {
            id: "alpine".to_owned(),
            version_id: "3.18.4".to_owned(),
            ..Distribution::default()
        };
        assert_eq!(ecosystem(&alpine, Scheme::Apk).as_deref(), Some("Alpine:v3.18"));
        assert_eq!(ecosystem(&alpine, Scheme::Deb), None);
    }
}
