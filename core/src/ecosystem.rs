//! Ecosystems in OSV's names: how names fold and which scheme orders versions. One row each.

use std::borrow::Cow;

use crate::version::Scheme;
use crate::{Purl, Result};

/// An OSV ecosystem with its release, such as `Debian:12` or `npm`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ecosystem {
    name: String,
    release: Option<String>,
}

impl Ecosystem {
    /// Reads OSV's `package.ecosystem`.
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::Error::Unsupported) for a name without a row.
    pub fn parse(_text: &str) -> Result<Self> {
        Ok(Self {
            name: String::new(),
            release: None,
        })
    }

    /// Name without release: `Debian`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Release: `12` of `Debian:12`.
    pub fn release(&self) -> Option<&str> {
        self.release.as_deref()
    }

    /// The scheme of its versions; `None` where hullmark cannot compare them.
    pub fn scheme(&self) -> Option<Scheme> {
        None
    }

    /// The name as it is compared: PyPI folds case, `-`, `_` and `.`; NuGet folds case; npm does not.
    pub fn fold<'a>(&self, name: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(name)
    }

    /// The ecosystem a package URL belongs to (`deb`, `apk` and `rpm` by namespace and `distro`).
    pub fn of_purl(_purl: &Purl) -> Option<Self> {
        None
    }
}
