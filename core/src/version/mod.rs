//! Version schemes: how each ecosystem orders its versions.
//!
//! One file a scheme, each exporting a `Definition`; the list below is all that registers it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::{Error, Result};

mod apk;
mod composer;
mod deb;
mod digits;
mod gem;
#[cfg(test)]
mod laws;
mod maven;
mod nuget;
mod pep440;
mod rpm;
mod semver;

/// What a scheme file gives: its names and the functions that decide.
pub(crate) struct Definition {
    /// Name in VERS (`package-url/vers-spec`), then other names users write.
    pub names: &'static [&'static str],
    /// The program whose answers are the truth.
    pub reference: &'static str,
    /// Says what is wrong with a text that the reference refuses.
    pub check: fn(&str) -> std::result::Result<(), &'static str>,
    /// Orders two texts that passed `check`, as the reference does; allocates nothing. Total and transitive
    /// where the reference is (Maven's is not).
    pub compare: fn(&str, &str) -> Ordering,
    /// Appends a byte key of a text that passed `check`: keys are equal exactly when `compare` says `Equal`,
    /// and their byte order is a total order.
    pub key: fn(&str, &mut Vec<u8>),
    /// Whether the byte order of keys is that of `compare`. No key can follow an order with cycles.
    pub key_orders: bool,
}

macro_rules! schemes {
    ($($scheme:ident => $module:ident, $doc:literal;)*) => {
        /// A version scheme. `parse` takes the name VERS gives it, or a common other one.
        ///
        /// ```
        /// use hullmark::version::Scheme;
        /// let scheme: Scheme = "deb".parse()?;
        /// assert_eq!(scheme.compare("1.0~rc1", "1.0")?, std::cmp::Ordering::Less);
        /// # Ok::<(), hullmark::Error>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Scheme {
            $(#[doc = $doc] $scheme,)*
        }

        impl Scheme {
            /// All schemes, by name.
            pub const ALL: &[Scheme] = &[$(Scheme::$scheme),*];

            fn definition(self) -> &'static Definition {
                match self {
                    $(Scheme::$scheme => &$module::DEFINITION,)*
                }
            }
        }
    };
}

schemes! {
    Apk => apk, "Alpine, Wolfi, Chainguard: apk-tools 3.";
    Composer => composer, "Packagist: Composer's normalised versions.";
    Deb => deb, "Debian and Ubuntu: dpkg.";
    Gem => gem, "RubyGems: Gem::Version.";
    Maven => maven, "Maven: ComparableVersion of Maven 3.";
    Nuget => nuget, "NuGet: NuGetVersion.";
    Pep440 => pep440, "PyPI: PEP 440 as `packaging` reads it.";
    Rpm => rpm, "Red Hat, SUSE and kin: rpmvercmp with epoch and release.";
    Semver => semver, "SemVer 2.0 precedence, with the `v` and `+incompatible` of Go.";
}

impl Scheme {
    /// Name in VERS.
    pub fn name(self) -> &'static str {
        self.definition().names.first().copied().unwrap_or_default()
    }

    /// The program whose answers this scheme reproduces.
    pub fn reference(self) -> &'static str {
        self.definition().reference
    }

    /// Reads a version.
    ///
    /// # Errors
    /// [`Error::Version`] where the reference program refuses the text.
    pub fn parse(self, text: &str) -> Result<Version> {
        self.check(text)?;
        Ok(Version {
            scheme: self,
            text: text.into(),
        })
    }

    /// Says whether the reference program would take this text as a version.
    ///
    /// # Errors
    /// [`Error::Version`] with the rule it breaks.
    pub fn check(self, text: &str) -> Result<()> {
        (self.definition().check)(text).map_err(|reason| self.refuse(text, reason))
    }

    fn refuse(self, text: &str, reason: &str) -> Error {
        Error::Version {
            scheme: self.name(),
            text: text.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// Reads a bound of an advisory's range, as a version of this scheme.
    ///
    /// Bounds of OSV's ranges of type `SEMVER` are written more freely than versions are: `1.2` and `19.03.9`
    /// stand for `1.2.0` and `19.3.9`, and `0` is before everything. Other schemes read bounds as versions.
    ///
    /// ```
    /// use hullmark::version::Scheme;
    /// let bound = Scheme::Semver.bound("19.03.9")?;
    /// assert_eq!(Scheme::Semver.compare("19.3.8", &bound)?, std::cmp::Ordering::Less);
    /// # Ok::<(), hullmark::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Version`] if the text can be ordered in no way, or in more than one.
    pub fn bound(self, text: &str) -> Result<Cow<'_, str>> {
        if self == Self::Semver {
            return semver::bound(text).map_err(|reason| self.refuse(text, reason));
        }
        self.check(text)?;
        Ok(Cow::Borrowed(text))
    }

    /// Orders two versions.
    ///
    /// # Errors
    /// [`Error::Version`] if either is not a version of this scheme.
    pub fn compare(self, left: &str, right: &str) -> Result<Ordering> {
        self.check(left)?;
        self.check(right)?;
        Ok((self.definition().compare)(left, right))
    }

    /// Orders two texts that are known to pass [`check`](Self::check).
    pub(crate) fn order(self, left: &str, right: &str) -> Ordering {
        (self.definition().compare)(left, right)
    }

    /// Orders two texts as the reference program's own comparison does, which may take more than versions.
    ///
    /// apk-tools orders a text with a fault by the part before it. Such an answer is not for a verdict, since
    /// texts that differ after the fault are equal: [`compare`](Self::compare) refuses them.
    ///
    /// ```
    /// use hullmark::version::Scheme;
    /// assert!(Scheme::Apk.compare("5.7.1p1-r0", "5.7.2-r0").is_err());
    /// assert_eq!(Scheme::Apk.reference_order("5.7.1p1-r0", "5.7.2-r0")?, std::cmp::Ordering::Less);
    /// # Ok::<(), hullmark::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Version`] if the reference program gives no order.
    pub fn reference_order(self, left: &str, right: &str) -> Result<Ordering> {
        if self == Self::Apk {
            return Ok((self.definition().compare)(left, right));
        }
        self.compare(left, right)
    }

    /// Appends the byte key of a version to `key`: two keys are equal exactly when the versions are, and
    /// their byte order is a total order, good for sorting.
    ///
    /// It is the order of [`Self::compare`] where [`Self::key_orders`] says so.
    ///
    /// # Errors
    /// [`Error::Version`] if `text` is not a version of this scheme.
    pub fn key(self, text: &str, key: &mut Vec<u8>) -> Result<()> {
        self.check(text)?;
        (self.definition().key)(text, key);
        Ok(())
    }

    /// Whether versions may be compared by their keys. Not those of Maven: `1.0.alpha.1 < 1 < 1-1` and
    /// `1-1 < 1.0.alpha.1` in ComparableVersion of Maven 3, and no key can follow a cycle.
    pub fn key_orders(self) -> bool {
        self.definition().key_orders
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scheme {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|scheme| scheme.definition().names.contains(&text))
            .ok_or_else(|| Error::Unsupported {
                what: "scheme",
                text: text.to_owned(),
            })
    }
}

/// A version of one scheme: ordered as its reference program orders it, shown as it was written.
///
/// Versions of unlike schemes have no order.
#[derive(Debug, Clone)]
pub struct Version {
    scheme: Scheme,
    text: Box<str>,
}

impl Version {
    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.scheme == other.scheme).then(|| (self.scheme.definition().compare)(&self.text, &other.text))
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut key = Vec::with_capacity(self.text.len() + 8);
        (self.scheme.definition().key)(&self.text, &mut key);
        self.scheme.hash(state);
        key.hash(state);
    }
}
