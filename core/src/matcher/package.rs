//! A bare package URL as a package.

use crate::Purl;
use crate::ecosystem::Ecosystem;
use crate::inventory::{Package, Source};

impl Package {
    /// The package a package URL names, with nothing known but what the URL says.
    ///
    /// `upstream` names the source package, as `name`, `name@version` or a source rpm's file name; `arch=source`
    /// says that the package is one; `epoch` belongs to the version of an rpm.
    ///
    /// ```
    /// use hullmark::Purl;
    /// use hullmark::inventory::Package;
    ///
    /// let purl = Purl::parse("pkg:deb/debian/libssl3@3.0.15-1?distro=debian-12&upstream=openssl")?;
    /// let package = Package::from_purl(&purl);
    /// assert_eq!((package.ecosystem.as_str(), package.name.as_str()), ("Debian:12", "libssl3"));
    /// assert_eq!(package.source.map(|source| source.name).as_deref(), Some("openssl"));
    /// # Ok::<(), hullmark::Error>(())
    /// ```
    pub fn from_purl(purl: &Purl) -> Self {
        let ecosystem = Ecosystem::of_purl(purl);
        let name = match &ecosystem {
            Some(ecosystem) => ecosystem.name_of_purl(purl),
            None => purl.name().into_owned(),
        };
        let version = purl.version().unwrap_or_default().into_owned();
        let version = match purl.qualifier("epoch") {
            Some(epoch) if purl.kind() == "rpm" && !version.contains(':') && !version.is_empty() => {
                format!("{epoch}:{version}")
            }
            _ => version,
        };
        let arch = purl.qualifier("arch").map(|arch| arch.into_owned());
        let source = match (purl.qualifier("upstream"), arch.as_deref()) {
            (Some(upstream), _) => Some(source(&upstream)),
            (None, Some("source" | "src")) => Some(Source {
                name: name.clone(),
                version: version.clone(),
            }),
            _ => None,
        };
        Self {
            name,
            version,
            ecosystem: ecosystem
                .map(|ecosystem| ecosystem.to_string())
                .unwrap_or_default(),
            purl: Some(purl.clone()),
            source,
            arch,
            locations: Vec::new(),
            scope: None,
            found_by: "purl",
            files: Vec::new(),
            owner: None,
        }
    }
}

fn source(upstream: &str) -> Source {
    let (name, version) = source_rpm(upstream)
        .or_else(|| upstream.split_once('@'))
        .map_or_else(
            || (upstream, String::new()),
            |(name, version)| (name, version.to_owned()),
        );
    Source {
        name: name.to_owned(),
        version,
    }
}

/// `curl-7.61.1-34.el8.src.rpm`: name, then version and release, which have no `-` themselves.
fn source_rpm(upstream: &str) -> Option<(&str, &str)> {
    let stem = upstream.strip_suffix(".src.rpm")?;
    let release = stem.rfind('-')?;
    let version = stem.get(..release)?.rfind('-')?;
    Some((stem.get(..version)?, stem.get(version.checked_add(1)?..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_packages() {
        for (upstream, name, version) in [
            ("openssl", "openssl", ""),
            ("openssl@3.0.15-1", "openssl", "3.0.15-1"),
            ("gtk+3.0-common-1.0-2.el9.src.rpm", "gtk+3.0-common", "1.0-2.el9"),
            ("odd.src.rpm", "odd.src.rpm", ""),
        ] {
            let source = source(upstream);
            assert_eq!((source.name.as_str(), source.version.as_str()), (name, version));
        }
    }
}
