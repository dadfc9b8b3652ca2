//! The numbers behind score S: data that travels with the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Role;
use crate::score::Level;
use crate::{Error, Result};

/// All parameters of the image score. The defaults are those of version 1.
///
/// ```
/// use hullmark::score::image::ScorePolicy;
///
/// let mut policy = ScorePolicy::default();
/// policy.gamma = 1.0; // the plain importance-weighted mean
/// assert!(policy.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ScorePolicy {
    /// Name and version; a changed policy should carry another.
    pub version: String,
    /// γ of the rank weights W(q) = q^γ: 1 is the mean, towards 0 the minimum.
    pub gamma: f64,
    /// η: what a file that could not be examined loses.
    pub eta: f64,
    /// The largest r of one finding. CVSS 10 would reach 1, beyond which nothing can be told apart.
    pub risk_limit: f64,
    /// Base of findings without a CVSS score, by class; those with one have (CVSS/10)^2.5.
    pub base: LevelBase,
    /// Base of what is no rated vulnerability.
    pub special: SpecialBase,
    /// x of a vulnerability of which no exploitation is known or excluded.
    pub exploitation_unknown: f64,
    /// v of a finding that VEX or a rule sets aside.
    pub set_aside: f64,
    /// v of a finding whose vendor is still looking.
    pub under_investigation: f64,
    /// P by role.
    pub importance: RoleImportance,
    /// What the P of the entry point is multiplied with when it runs as root or listens on a port.
    pub exposed_factor: f64,
    /// P of single components, by purl without version or by path; goes before the role.
    pub overrides: BTreeMap<String, f64>,
}

/// Base by severity class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LevelBase {
    #[allow(missing_docs)]
    pub none: f64,
    #[allow(missing_docs)]
    pub low: f64,
    #[allow(missing_docs)]
    pub medium: f64,
    #[allow(missing_docs)]
    pub high: f64,
    #[allow(missing_docs)]
    pub critical: f64,
    /// As medium: what nobody rates is not harmless.
    pub unknown: f64,
}

/// Base of what is no rated vulnerability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SpecialBase {
    /// A malicious package.
    pub malware: f64,
    /// A private key, or a credential that looks live.
    pub credential: f64,
    /// A value that looks like a secret by its name.
    pub secret: f64,
    /// A setuid or setgid executable.
    pub setuid: f64,
    /// A file or folder anybody may write.
    pub world_writable: f64,
    /// A package nobody maintains, or another informational record, where no level is given.
    pub informational: f64,
}

/// P by role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RoleImportance {
    /// What starts, and the folder it stands in.
    pub entry_point: f64,
    /// Shared libraries, interpreters, network services.
    pub linked: f64,
    /// Other executables.
    pub executable: f64,
    /// Credentials and security configuration, also in lower layers.
    pub security: f64,
    /// Other packages.
    pub package: f64,
    /// Data.
    pub data: f64,
    /// Documentation, locales, caches.
    pub documentation: f64,
}

impl Default for ScorePolicy {
    fn default() -> Self {
        Self {
            version: "hullmark.image/1".to_owned(),
            gamma: 0.25,
            eta: 0.2,
            risk_limit: 0.999,
            base: LevelBase::default(),
            special: SpecialBase::default(),
            exploitation_unknown: 0.8,
            set_aside: 0.0,
            under_investigation: 0.7,
            importance: RoleImportance::default(),
            exposed_factor: 1.5,
            overrides: BTreeMap::new(),
        }
    }
}

impl Default for LevelBase {
    fn default() -> Self {
        Self {
            none: 0.0,
            low: 0.05,
            medium: 0.18,
            high: 0.50,
            critical: 0.90,
            unknown: 0.18,
        }
    }
}

impl Default for SpecialBase {
    fn default() -> Self {
        Self {
            malware: 0.99,
            credential: 0.80,
            secret: 0.40,
            setuid: 0.30,
            world_writable: 0.30,
            informational: 0.05,
        }
    }
}

impl Default for RoleImportance {
    fn default() -> Self {
        Self {
            entry_point: 6.0,
            linked: 4.0,
            executable: 3.0,
            security: 3.0,
            package: 2.0,
            data: 1.0,
            documentation: 0.5,
        }
    }
}

impl ScorePolicy {
    /// Says which parameter cannot be used.
    ///
    /// # Errors
    /// [`Error::Value`] naming the parameter.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str, reason: &str| {
            Err(Error::Value {
                what: format!("image score policy: {what}"),
                reason: reason.to_owned(),
            })
        };
        if !(self.gamma > 0.0 && self.gamma <= 1.0) {
            return wrong("gamma", "must be above 0 and at most 1");
        }
        if !(self.risk_limit > 0.0 && self.risk_limit < 1.0) {
            return wrong("risk_limit", "must lie between 0 and 1");
        }
        let shares = [
            ("eta", self.eta),
            ("exploitation_unknown", self.exploitation_unknown),
            ("set_aside", self.set_aside),
            ("under_investigation", self.under_investigation),
            ("base.none", self.base.none),
            ("base.low", self.base.low),
            ("base.medium", self.base.medium),
            ("base.high", self.base.high),
            ("base.critical", self.base.critical),
            ("base.unknown", self.base.unknown),
            ("special.malware", self.special.malware),
            ("special.credential", self.special.credential),
            ("special.secret", self.special.secret),
            ("special.setuid", self.special.setuid),
            ("special.world_writable", self.special.world_writable),
            ("special.informational", self.special.informational),
        ];
        for (what, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return wrong(what, "must lie from 0 to 1");
            }
        }
        let roles = [
            ("importance.entry_point", self.importance.entry_point),
            ("importance.linked", self.importance.linked),
            ("importance.executable", self.importance.executable),
            ("importance.security", self.importance.security),
            ("importance.package", self.importance.package),
            ("importance.data", self.importance.data),
            ("importance.documentation", self.importance.documentation),
            ("exposed_factor", self.exposed_factor),
        ];
        let overrides = self.overrides.iter().map(|(name, value)| (name.as_str(), *value));
        for (what, value) in roles.into_iter().chain(overrides) {
            if !(value.is_finite() && value >= 0.0) {
                return wrong(what, "must be finite and not negative");
            }
        }
        Ok(())
    }

    /// P of a role.
    pub fn importance(&self, role: Role) -> f64 {
        match role {
            Role::EntryPoint => self.importance.entry_point,
            Role::Linked => self.importance.linked,
            Role::Executable => self.importance.executable,
            Role::Security => self.importance.security,
            Role::Package => self.importance.package,
            Role::Data => self.importance.data,
            Role::Documentation => self.importance.documentation,
        }
    }

    /// Base of a vulnerability: from its CVSS score, else from its class.
    pub fn vulnerability(&self, score: Option<f64>, level: Level) -> f64 {
        if let Some(score) = score.filter(|score| score.is_finite()) {
            // (score/10)^2.5 in operations that are exact everywhere.
            let share = (score / 10.0).clamp(0.0, 1.0);
            return share * share * share.sqrt();
        }
        match level {
            Level::None => self.base.none,
            Level::Low => self.base.low,
            Level::Medium => self.base.medium,
            Level::High => self.base.high,
            Level::Critical => self.base.critical,
            Level::Unknown => self.base.unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_of_cvss_scores() {
        let policy = ScorePolicy::default();
        let cases = [
            (9.8, 0.951),
            (9.0, 0.768),
            (7.5, 0.487),
            (7.0, 0.410),
            (5.0, 0.177),
            (4.0, 0.101),
            (3.0, 0.049),
        ];
        for (score, base) in cases {
            let answer = policy.vulnerability(Some(score), Level::Unknown);
            assert_eq!(format!("{answer:.3}"), format!("{base:.3}"));
        }
        assert_eq!(
            policy.vulnerability(None, Level::Unknown),
            policy.vulnerability(None, Level::Medium)
        );
        assert_eq!(policy.vulnerability(Some(f64::NAN), Level::High), 0.5);
    }

    #[test]
    fn travels_as_data_and_names_what_is_wrong() {
        let policy = ScorePolicy::default();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<ScorePolicy>(&text).unwrap(), policy);
        let partial: ScorePolicy = serde_json::from_str(r#"{"gamma": 1.0, "base": {"high": 0.6}}"#).unwrap();
        assert_eq!(
            (partial.gamma, partial.base.high, partial.base.low),
            (1.0, 0.6, 0.05)
        );
        assert!(serde_json::from_str::<ScorePolicy>(r#"{"gama": 1.0}"#).is_err());

        for (json, what) in [
            (r#"{"gamma": 0.0}"#, "gamma"),
            (r#"{"eta": 1.5}"#, "eta"),
            (r#"{"risk_limit": 1.0}"#, "risk_limit"),
            (r#"{"importance": {"data": -1.0}}"#, "importance.data"),
            (r#"{"overrides": {"/x": -1.0}}"#, "/x"),
        ] {
            let policy: ScorePolicy = serde_json::from_str(json).unwrap();
            assert!(policy.check().unwrap_err().to_string().contains(what), "{json}");
        }
    }
}
