//! Package URLs: ECMA-427 and the type definitions of `package-url/purl-spec`.

mod builder;
mod encoding;
mod parse;
mod types;

pub use builder::PurlBuilder;

/// Foldings of names that ecosystems share with their purl types.
pub(crate) mod fold {
    pub(crate) use super::types::{lower, pypi};
}

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// A package URL in canonical form: the name of a package in every ecosystem.
///
/// Two purls are equal when their canonical texts are; they are ordered by it too.
///
/// ```
/// use hullmark::Purl;
///
/// let purl = Purl::parse("pkg:PYPI/Zope.Interface@5.4.0?Arch=any")?;
/// assert_eq!(purl.as_str(), "pkg:pypi/zope-interface@5.4.0?arch=any");
/// assert_eq!(purl.kind(), "pypi");
/// assert_eq!(purl.name(), "zope-interface");
/// assert_eq!(purl.qualifier("arch").as_deref(), Some("any"));
///
/// let built = Purl::builder("npm", "core").namespace("@babel").version("7.0.0").build()?;
/// assert_eq!(built.to_string(), "pkg:npm/%40babel/core@7.0.0");
///
/// let error = Purl::parse("pkg:npm").unwrap_err();
/// assert_eq!(error.to_string(), r#"not a package URL: "pkg:npm": a name is required"#);
/// # Ok::<(), hullmark::Error>(())
/// ```
#[derive(Clone)]
pub struct Purl {
    /// Canonical text. The components are slices of it, decoded when asked for: one allocation a purl.
    text: Box<str>,
    marks: Marks,
}

/// Where the components of the text begin and end.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    kind_end: usize,
    /// Start of the name: behind the slash that ends type and namespace.
    name: usize,
    name_end: usize,
    version_end: usize,
    qualifiers_end: usize,
}

impl Purl {
    /// Reads a package URL and brings it to canonical form.
    ///
    /// Takes what the specification asks readers to take: slashes after `pkg:`, capitals in type and
    /// qualifier keys, unencoded characters, empty qualifiers, `.` and `..` in the subpath.
    ///
    /// # Errors
    /// [`Error::Purl`] with the rule the text breaks.
    pub fn parse(text: &str) -> Result<Self> {
        parse::parse(text, parse::Keys::FoldCase)
    }

    /// As [`parse`](Self::parse), but refuses a qualifier key that begins with a capital, as the
    /// specification's own tests do.
    ///
    /// # Errors
    /// [`Error::Purl`] with the rule the text breaks.
    pub fn parse_strict(text: &str) -> Result<Self> {
        parse::parse(text, parse::Keys::AsWritten)
    }

    /// Starts a package URL from its parts, which are not encoded.
    pub fn builder(kind: &str, name: &str) -> PurlBuilder {
        PurlBuilder::new(kind, name)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The type, such as `npm`.
    pub fn kind(&self) -> &str {
        self.slice(parse::SCHEME.len(), self.marks.kind_end)
    }

    /// The namespace, decoded, such as `@babel` or `org.apache.commons`.
    pub fn namespace(&self) -> Option<Cow<'_, str>> {
        let range = self.slice(self.marks.kind_end + 1, self.marks.name.saturating_sub(1));
        present(range)
    }

    /// The name, decoded.
    pub fn name(&self) -> Cow<'_, str> {
        decoded(self.slice(self.marks.name, self.marks.name_end))
    }

    /// The version, decoded.
    pub fn version(&self) -> Option<Cow<'_, str>> {
        present(self.slice(self.marks.name_end + 1, self.marks.version_end))
    }

    /// The qualifiers, sorted by key, values decoded.
    pub fn qualifiers(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.slice(self.marks.version_end + 1, self.marks.qualifiers_end)
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key, decoded(value)))
    }

    /// The value of one qualifier, decoded.
    pub fn qualifier(&self, key: &str) -> Option<Cow<'_, str>> {
        self.qualifiers().find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    /// The subpath, decoded.
    pub fn subpath(&self) -> Option<Cow<'_, str>> {
        present(self.slice(self.marks.qualifiers_end + 1, self.text.len()))
    }

    /// The same package without version, qualifiers and subpath.
    #[must_use]
    pub fn without_version(&self) -> Self {
        let end = self.marks.name_end;
        Self {
            text: self.slice(0, end).into(),
            marks: Marks {
                version_end: end,
                qualifiers_end: end,
                ..self.marks
            },
        }
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

fn present(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then(|| decoded(text))
}

/// Canonical text was encoded here, so decoding it cannot fail.
fn decoded(text: &str) -> Cow<'_, str> {
    encoding::decode(text).unwrap_or(Cow::Borrowed(text))
}

fn error(text: &str, reason: impl Into<String>) -> Error {
    Error::Purl {
        text: text.to_owned(),
        reason: reason.into(),
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Purl({:?})", &self.text)
    }
}

impl AsRef<str> for Purl {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl FromStr for Purl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl PartialEq for Purl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Purl {}

impl PartialOrd for Purl {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Purl {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Purl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Serialize for Purl {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Purl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
