//! Building a package URL from its parts.

use std::borrow::Cow;

use super::types::{self, Components};
use super::{Purl, error, parse};
use crate::Result;

/// Collects the parts of a [`Purl`]; parts are given as they are, not encoded.
///
/// ```
/// use hullmark::Purl;
///
/// let purl = Purl::builder("deb", "curl")
///     .namespace("debian")
///     .version("7.88.1-10+deb12u5")
///     .qualifier("distro", "debian-12")
///     .build()?;
/// assert_eq!(purl.as_str(), "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?distro=debian-12");
/// # Ok::<(), hullmark::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PurlBuilder {
    kind: String,
    namespace: String,
    name: String,
    version: String,
    qualifiers: Vec<(String, String)>,
    subpath: String,
}

impl PurlBuilder {
    pub(super) fn new(kind: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: String::new(),
            name: name.to_owned(),
            version: String::new(),
            qualifiers: Vec::new(),
            subpath: String::new(),
        }
    }

    /// Sets the namespace; slashes part its segments. Empty is none.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// Sets the version. Empty is none.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Adds a qualifier. An empty value is no qualifier.
    #[must_use]
    pub fn qualifier(mut self, key: &str, value: &str) -> Self {
        self.qualifiers.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets the subpath. Empty is none.
    #[must_use]
    pub fn subpath(mut self, subpath: &str) -> Self {
        subpath.clone_into(&mut self.subpath);
        self
    }

    /// The package URL.
    ///
    /// # Errors
    /// [`Error::Purl`](crate::Error::Purl) with the rule a part breaks.
    pub fn build(&self) -> Result<Purl> {
        self.canonical().map_err(|reason| {
            let text = format!(
                "pkg:{}/{}/{}@{}",
                self.kind, self.namespace, self.name, self.version
            );
            error(&text, reason)
        })
    }

    fn canonical(&self) -> Result<Purl, Cow<'static, str>> {
        let kind = parse::check_kind(&self.kind)?;
        let row = types::find(&kind);
        let qualifiers = self.qualifiers.iter();
        let parts = Components {
            namespace: Cow::Borrowed(&self.namespace),
            name: Cow::Borrowed(&self.name),
            version: Cow::Borrowed(&self.version),
            qualifiers: qualifiers
                .map(|(key, value)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(value.as_str())))
                .collect(),
        };
        parse::canonical(&kind, row, parts, &self.subpath)
    }
}
