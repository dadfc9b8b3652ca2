//! Ecosystems in OSV's names: how names fold and which scheme orders versions.

mod release;
mod table;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use release::Hint;
pub(crate) use table::Names;
use table::{Join, ROWS, Row, Suffix};

use crate::inventory::Distribution;
use crate::version::Scheme;
use crate::{Error, Purl, Result};

/// An OSV ecosystem with its release, such as `Debian:12` or `npm`.
///
/// ```
/// use hullmark::Purl;
/// use hullmark::ecosystem::Ecosystem;
/// use hullmark::version::Scheme;
///
/// let bookworm = Ecosystem::parse("Debian:12")?;
/// assert_eq!((bookworm.name(), bookworm.release()), ("Debian", Some("12")));
/// assert_eq!(bookworm.scheme(), Some(Scheme::Deb));
///
/// let purl = Purl::parse("pkg:deb/debian/curl@7.88.1-10?distro=bookworm")?;
/// assert_eq!(Ecosystem::of_purl(&purl), Some(bookworm));
/// # Ok::<(), hullmark::Error>(())
/// ```
#[derive(Clone)]
pub struct Ecosystem {
    row: &'static Row,
    /// Name and release in the row's spelling, such as `Debian:12`; the bare name costs no allocation.
    text: Cow<'static, str>,
}

/// Whether a record's ecosystem wants a release behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReleaseUse {
    /// It has none (`npm`), or what stands there is the address of a registry (`Maven:https://…`).
    None,
    /// It may have one; a record without speaks of all releases.
    Optional,
    /// A record without is malformed: it does not say which release, or which patched ecosystem, it speaks of.
    Required,
}

impl Ecosystem {
    /// Reads OSV's `package.ecosystem`. Capitals in the name do not matter.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a name without a row.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, release) = text.split_once(':').unwrap_or((text, ""));
        let row = find(name).ok_or_else(|| Error::Unsupported {
            what: "ecosystem",
            text: text.to_owned(),
        })?;
        let release = match row.suffix {
            Suffix::Inner(_) => spell(release),
            _ => Cow::Borrowed(release),
        };
        Ok(Self::new(row, (!release.is_empty()).then_some(&*release)))
    }

    fn new(row: &'static Row, release: Option<&str>) -> Self {
        let text = match release {
            Some(release) => Cow::Owned([row.name, ":", release].concat()),
            None => Cow::Borrowed(row.name),
        };
        Self { row, text }
    }

    /// Name and release as OSV writes them: `Debian:12`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of all ecosystems, sorted without regard to capitals.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.name)
    }

    /// Name without release: `Debian`.
    pub fn name(&self) -> &'static str {
        self.row.name
    }

    /// What stands behind the first colon: `12` of `Debian:12`, `22.04:LTS` of `Ubuntu:22.04:LTS`.
    pub fn release(&self) -> Option<&str> {
        self.text.get(self.row.name.len() + 1..)
    }

    /// Which names of a package its records use.
    pub(crate) fn names_used(&self) -> Names {
        self.row.names
    }

    /// Whether a record of the ecosystem wants a release.
    pub fn release_use(&self) -> ReleaseUse {
        match self.row.suffix {
            Suffix::None | Suffix::Registry => ReleaseUse::None,
            Suffix::Optional(_) => ReleaseUse::Optional,
            Suffix::Required(_) | Suffix::Inner(_) => ReleaseUse::Required,
        }
    }

    /// The scheme of its versions; `None` where hullmark cannot compare them.
    pub fn scheme(&self) -> Option<Scheme> {
        match (self.row.suffix, self.release()) {
            (Suffix::Inner(trusted), Some(_)) => {
                let scheme = self.inner()?.row.scheme?;
                trusted.contains(&scheme).then_some(scheme)
            }
            _ => self.row.scheme,
        }
    }

    /// Why [`scheme`](Self::scheme) is `None`.
    pub fn unordered_reason(&self) -> Option<&'static str> {
        match (self.scheme(), self.row.why) {
            (Some(_), _) => None,
            (None, "") => Some("the order of the patched ecosystem's versions is not known"),
            (None, why) => Some(why),
        }
    }

    /// The ecosystem behind the colon of a vendor that patches others (`Root:Debian:12`).
    fn inner(&self) -> Option<Self> {
        let inner = Self::parse(self.release()?).ok()?;
        // No vendor patches another vendor's patches; this also ends the recursion.
        (!matches!(inner.row.suffix, Suffix::Inner(_))).then_some(inner)
    }

    /// The name as it is compared: PyPI folds case, `-`, `_` and `.`; NuGet folds case; npm does not.
    pub fn fold<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let row = match self.row.suffix {
            Suffix::Inner(_) => self.inner().map_or(self.row, |inner| inner.row),
            _ => self.row,
        };
        (row.fold)(Cow::Borrowed(name))
    }

    /// The ecosystem a package URL belongs to (`deb`, `apk` and `rpm` by namespace and `distro`).
    pub fn of_purl(purl: &Purl) -> Option<Self> {
        let namespace = purl.namespace().unwrap_or_default();
        let fits = |row: &&Row| {
            let mut purls = row.purls.iter();
            purls.any(|(kind, space)| *kind == purl.kind() && (space.is_empty() || *space == namespace))
        };
        let row = ROWS.iter().find(fits)?;
        let release = match row.suffix {
            Suffix::Optional(form) | Suffix::Required(form) => match purl.qualifier("distro") {
                Some(distro) => form(&hint(row, &distro)),
                None if purl.kind() == "rpm" => purl.version().and_then(|version| {
                    form(&Hint {
                        version: dist_tag(&version)?,
                        ..Hint::default()
                    })
                }),
                None => None,
            },
            Suffix::Inner(_) => patched(purl),
            Suffix::None | Suffix::Registry => None,
        };
        Some(Self::new(row, release.as_deref()))
    }

    /// The package name of OSV for a package URL: `@scope/name`, `group:artifact`, `vendor/name`.
    pub fn name_of_purl(&self, purl: &Purl) -> String {
        let (namespace, name) = (purl.namespace(), purl.name());
        match (self.row.join, namespace) {
            (Join::Slash, Some(namespace)) => format!("{namespace}/{name}"),
            (Join::Colon, Some(namespace)) => format!("{namespace}:{name}"),
            (Join::Dot, Some(namespace)) => format!("{namespace}.{name}"),
            _ => name.into_owned(),
        }
    }

    /// The ecosystem of a distribution's packages; `None` where OSV has no feed for it, or where
    /// `os-release` does not say which release it is.
    pub fn of_distribution(distribution: &Distribution) -> Option<Self> {
        let row = ROWS
            .iter()
            .find(|row| row.os.contains(&distribution.id.as_str()))?;
        let release = match row.suffix {
            Suffix::Optional(form) | Suffix::Required(form) => Some(form(&Hint {
                id: &distribution.id,
                version: &distribution.version_id,
                codename: &distribution.codename,
                pretty: &distribution.pretty_name,
            })?),
            _ => None,
        };
        Some(Self::new(row, release.as_deref()))
    }
}

/// The `distro` qualifier of a distribution's purls, such as `debian-12`; [`Ecosystem::of_purl`] reads it.
pub fn distro_qualifier(distribution: &Distribution) -> Option<String> {
    let Distribution {
        id,
        version_id,
        codename,
        ..
    } = distribution;
    if id.is_empty() {
        return None;
    }
    let text = match (version_id.is_empty(), codename.is_empty()) {
        (false, _) => format!("{id}-{version_id}"),
        (true, false) => format!("{id}-{codename}"),
        (true, true) => return Some(id.clone()),
    };
    // openEuler tells its service pack in the pretty name only.
    if id == "openEuler"
        && let Some(ecosystem) = Ecosystem::of_distribution(distribution)
        && let Some(release) = ecosystem.release()
    {
        return Some(format!("{id}-{release}"));
    }
    Some(text)
}

fn find(name: &str) -> Option<&'static Row> {
    let at = ROWS.binary_search_by(|row| {
        let theirs = row.name.bytes().map(|b| b.to_ascii_lowercase());
        theirs.cmp(name.bytes().map(|b| b.to_ascii_lowercase()))
    });
    ROWS.get(at.ok()?)
}

/// An ecosystem behind a vendor's colon in the spelling of its row: `PyPI` of `PyPi`.
fn spell(text: &str) -> Cow<'_, str> {
    let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
    match find(name) {
        Some(row) if row.name != name => Cow::Owned([row.name, rest].concat()),
        _ => Cow::Borrowed(text),
    }
}

/// Reads a `distro` qualifier: `debian-12`, `12`, `bookworm`, `debian-bookworm`, `v3.20`.
fn hint<'a>(row: &'static Row, distro: &'a str) -> Hint<'a> {
    let names = row
        .os
        .iter()
        .chain(row.purls.iter().map(|(_, namespace)| namespace));
    let prefix = |name: &&&'static str| {
        let head = distro.get(..name.len()).unwrap_or_default();
        !name.is_empty() && head.eq_ignore_ascii_case(name)
    };
    let id = names.filter(prefix).max_by_key(|name| name.len()).copied();
    let rest = id.and_then(|id| distro.get(id.len()..)).unwrap_or(distro);
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let numeric = rest
        .trim_start_matches('v')
        .starts_with(|c: char| c.is_ascii_digit());
    Hint {
        id: id.unwrap_or_default(),
        version: if numeric { rest } else { "" },
        codename: if numeric { "" } else { rest },
        // SUSE writes its pretty name into its own purls.
        pretty: if distro.contains(' ') { distro } else { "" },
    }
}

/// The release in the dist tag of an RPM: `9` of `1.2.11-39.el9_4`. Only rebuilds of one distribution
/// share a tag, and these share its numbers too.
fn dist_tag(version: &str) -> Option<&str> {
    let mut words = version.split(['.', '+', '_', '-']);
    words.find_map(|word| {
        let tag = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = word.get(tag.len()..).filter(|number| !number.is_empty())?;
        matches!(tag, "azl" | "cm" | "el" | "mga" | "ph").then_some(number)
    })
}

/// The distribution a vendor patches: `os_distro` and `os_version` of Docker Hardened Images.
fn patched(purl: &Purl) -> Option<String> {
    let row = find(&purl.qualifier("os_distro")?)?;
    Some(format!("{}:{}", row.name, purl.qualifier("os_version")?))
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ecosystem({self})")
    }
}

impl FromStr for Ecosystem {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl PartialEq for Ecosystem {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Ecosystem {}

impl PartialOrd for Ecosystem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ecosystem {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Ecosystem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests;
