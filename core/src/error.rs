//! The one error of the engine: what was wrong, where, and the offending text.

/// Result of the engine's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong; each variant names the place and the offending text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A version that its scheme does not allow.
    #[error("not a {scheme} version: {text:?}: {reason}")]
    Version {
        /// Name of the version scheme, such as `deb`.
        scheme: &'static str,
        /// The text as given.
        text: String,
        /// The rule it breaks.
        reason: String,
    },
    /// A package URL that the specification does not allow.
    #[error("not a package URL: {text:?}: {reason}")]
    Purl {
        /// The text as given.
        text: String,
        /// The rule it breaks.
        reason: String,
    },
    /// Input that is not what its format asks for.
    #[error("{format}: {place}: {reason}")]
    Format {
        /// The format that was being read, such as `oci-layout` or `osv`.
        format: &'static str,
        /// File, line, JSON pointer or record id.
        place: String,
        /// What is wrong there, with the offending text.
        reason: String,
    },
    /// Content whose digest is not the one its manifest states.
    #[error("{place}: digest is {actual}, expected {expected}")]
    Digest {
        /// Name of the blob or layer.
        place: String,
        /// Digest the manifest states, as `sha256:…`.
        expected: String,
        /// Digest of the content.
        actual: String,
    },
    /// Input passes a bound of [`Limits`](crate::Limits).
    #[error("{place}: {what} passes the limit of {limit}")]
    Limit {
        /// What was being read.
        place: String,
        /// The bound, in the words of the field of `Limits`.
        what: &'static str,
        /// Its value.
        limit: u64,
    },
    /// A database file that cannot be used.
    #[error("database: {place}: {reason}")]
    Database {
        /// Section or offset.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// Something hullmark does not know (a scheme, an ecosystem, a target of no known kind).
    #[error("{what} {text:?} is not supported")]
    Unsupported {
        /// Kind of thing: `scheme`, `ecosystem`, `target`.
        what: &'static str,
        /// The text as given.
        text: String,
    },
    /// A value outside its range.
    #[error("{what}: {reason}")]
    Value {
        /// What the value is for.
        what: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// Reading failed.
    #[error("{place}: {source}")]
    Io {
        /// What was being read.
        place: String,
        /// The reader's error.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// A [`Error::Format`].
    pub(crate) fn format(format: &'static str, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Format {
            format,
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// A [`Error::Io`].
    pub(crate) fn io(place: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            place: place.into(),
            source,
        }
    }
}
