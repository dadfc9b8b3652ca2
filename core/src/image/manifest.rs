//! The JSON documents of an image: index, manifest and configuration.
//!
//! <https://github.com/opencontainers/image-spec>; the Docker schema 2 documents have the same fields.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::{ImageConfig, Platform};
use crate::{Error, Result};

/// Points at a blob.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default, deserialize_with = "nullable")]
    pub media_type: String,
    pub digest: String,
    pub size: Option<u64>,
    pub platform: Option<RawPlatform>,
    #[serde(default, deserialize_with = "nullable")]
    pub annotations: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "nullable")]
    pub urls: Vec<String>,
}

impl Descriptor {
    /// The name an image store gave to the image: the full one of containerd and Docker where there is one.
    pub(super) fn name(&self) -> Option<&str> {
        ["io.containerd.image.name", REFERENCE_NAME]
            .iter()
            .find_map(|key| self.annotations.get(*key))
            .map(String::as_str)
    }

    /// Whether a user who says `reference` means this one.
    pub(super) fn is_called(&self, reference: &str) -> bool {
        self.digest == reference
            || self.name() == Some(reference)
            || self
                .annotations
                .get(REFERENCE_NAME)
                .is_some_and(|name| name == reference)
    }

    /// Whether it holds statements about another manifest, such as provenance, and nothing to run.
    pub(super) fn is_attestation(&self) -> bool {
        self.annotations.contains_key("vnd.docker.reference.type")
            || self
                .platform
                .as_ref()
                .is_some_and(|p| p.os == "unknown" && p.architecture == "unknown")
    }

    /// Whether it is a layer that its author forbids to hand on, so that archives leave it out.
    pub(super) fn is_foreign(&self) -> bool {
        self.media_type.contains(".foreign.")
            || self.media_type.contains(".nondistributable.")
            || !self.urls.is_empty()
    }
}

const REFERENCE_NAME: &str = "org.opencontainers.image.ref.name";

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct RawPlatform {
    #[serde(default, deserialize_with = "nullable")]
    pub os: String,
    #[serde(default, deserialize_with = "nullable")]
    pub architecture: String,
    pub variant: Option<String>,
}

impl From<RawPlatform> for Platform {
    fn from(raw: RawPlatform) -> Self {
        Platform {
            os: raw.os,
            architecture: raw.architecture,
            variant: raw.variant.filter(|v| !v.is_empty()),
        }
    }
}

/// An index or a manifest; a document that could be read as both is refused, since readers would differ
/// (CVE-2021-41190).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub manifests: Option<Vec<Descriptor>>,
    pub config: Option<Descriptor>,
    pub layers: Option<Vec<Descriptor>>,
    pub fs_layers: Option<serde::de::IgnoredAny>,
}

impl Document {
    /// Whether a manifest is that of an image; signatures, charts and the like have other configurations.
    pub(super) fn is_image(&self) -> bool {
        self.config.as_ref().is_none_or(|config| {
            let kind = config.media_type.as_str();
            kind.is_empty()
                || kind.ends_with("image.config.v1+json")
                || kind.ends_with("container.image.v1+json")
        })
    }
}

/// One image of a docker-archive.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DockerImage {
    pub config: String,
    #[serde(default, deserialize_with = "nullable")]
    pub repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub layers: Vec<String>,
}

/// The configuration of an image.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Configuration {
    #[serde(flatten)]
    pub platform: RawPlatform,
    #[serde(default, deserialize_with = "nullable")]
    pub config: Runtime,
    #[serde(default, deserialize_with = "nullable")]
    pub rootfs: RootFs,
    #[serde(default, deserialize_with = "nullable")]
    pub history: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Runtime {
    #[serde(default, deserialize_with = "nullable")]
    user: String,
    #[serde(default, deserialize_with = "nullable")]
    env: Vec<String>,
    #[serde(default, deserialize_with = "words")]
    entrypoint: Vec<String>,
    #[serde(default, deserialize_with = "words")]
    cmd: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    working_dir: String,
    #[serde(default, deserialize_with = "nullable")]
    exposed_ports: BTreeMap<String, serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RootFs {
    #[serde(default, deserialize_with = "nullable")]
    pub diff_ids: Vec<String>,
}

/// One step of the build.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Step {
    pub created_by: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub empty_layer: bool,
}

impl Configuration {
    pub(super) fn platform(&self) -> Option<Platform> {
        let platform = Platform::from(self.platform.clone());
        (!platform.os.is_empty() || !platform.architecture.is_empty()).then_some(platform)
    }

    /// The step of each layer; empty where the history does not tell of as many layers as there are.
    pub(super) fn steps(&self, layers: usize) -> Vec<Option<String>> {
        let steps: Vec<_> = self
            .history
            .iter()
            .filter(|step| !step.empty_layer)
            .map(|s| s.created_by.clone())
            .collect();
        if steps.len() == layers { steps } else { Vec::new() }
    }

    pub(super) fn into_config(self) -> ImageConfig {
        ImageConfig {
            user: self.config.user,
            env: self.config.env,
            entrypoint: self.config.entrypoint,
            cmd: self.config.cmd,
            working_dir: self.config.working_dir,
            exposed_ports: self.config.exposed_ports.into_keys().collect(),
            history: self
                .history
                .into_iter()
                .map(|step| step.created_by.unwrap_or_default())
                .collect(),
        }
    }
}

/// Reads a document; `place` names it in the error.
pub(super) fn parse<T: DeserializeOwned>(format: &'static str, place: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::format(format, place, error.to_string()))
}

/// Go writes `null` for an empty list, map or text.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A list of words, or one text, which Docker accepts for `Cmd` and `Entrypoint` as well.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        Many(Vec<String>),
        One(String),
    }
    Ok(match Option::<Words>::deserialize(deserializer)? {
        Some(Words::Many(words)) => words,
        Some(Words::One(word)) => vec![word],
        None => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_with_nulls_and_texts() {
        let json =
            br#"{"architecture": "arm64", "os": "linux", "variant": "v8", "rootfs": null, "history": null,
            "config": {"User": null, "Env": null, "Entrypoint": "/bin/run", "Cmd": ["a", "b"],
                       "ExposedPorts": {"80/tcp": {}, "22/tcp": {}}}}"#;
        let configuration: Configuration = parse("oci-layout", "config", json).unwrap();
        assert_eq!(configuration.platform().unwrap().to_string(), "linux/arm64/v8");
        let config = configuration.into_config();
        assert_eq!(config.entrypoint, ["/bin/run"]);
        assert_eq!(config.cmd, ["a", "b"]);
        assert_eq!(config.exposed_ports, ["22/tcp", "80/tcp"]);
        let empty: Configuration = parse("oci-layout", "config", b"{\"config\": null}").unwrap();
        assert_eq!(empty.platform(), None);
    }

    #[test]
    fn history_counts_only_where_it_fits() {
        let json = br#"{"history": [{"created_by": "a", "empty_layer": true}, {"created_by": "b"}, {}]}"#;
        let configuration: Configuration = parse("oci-layout", "config", json).unwrap();
        assert_eq!(configuration.steps(2), [Some("b".to_owned()), None]);
        assert!(configuration.steps(3).is_empty());
    }
}
