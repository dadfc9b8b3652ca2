//! Unsafe configuration found in an image: secrets, file modes, a root user.

mod config;
mod detector;
mod matchers;
mod modes;
mod named;
mod rules;
mod secrets;

use serde::Serialize;

pub(crate) use detector::Detector;

use crate::inventory::Location;
use crate::score::Level;

/// What kind of exposure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExposureKind {
    /// A private key in clear.
    PrivateKey,
    /// A live-looking credential of a known kind.
    Credential,
    /// A value that looks like a secret by its name.
    Secret,
    /// A setuid or setgid executable.
    Setuid,
    /// A file or folder anybody may write.
    WorldWritable,
    /// The image runs as root.
    RootUser,
}

/// One unsafe thing found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Exposure {
    /// Stable id of the rule, such as `secret.aws-access-key`.
    pub rule: String,
    /// Kind.
    pub kind: ExposureKind,
    /// How grave it is by default.
    pub severity: Level,
    /// Where: path and layer; `config:Env/NAME`, `config:User` for the image configuration.
    pub location: Location,
    /// 1-based line inside the file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What was seen; secrets are masked, never shown.
    pub evidence: String,
    /// A later layer hides or replaces the file, yet anyone who pulls the image can read it.
    pub in_lower_layer: bool,
}
