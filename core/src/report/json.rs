//! The report as JSON: `hullmark.report/1`.

use serde::Serialize;

use super::{Coverage, Report, Target};
use crate::database::DatabaseInfo;
use crate::exposure::Exposure;
use crate::finding::{Evidence, Finding, FindingKind, Suppression, Verdict};
use crate::inventory::{Distribution, Location, Package, Scope, Source};
use crate::matcher::Explanation;
use crate::score::Severity;
use crate::score::image::ImageScore;

/// Name and version of the report's JSON form.
pub const SCHEMA: &str = "hullmark.report/1";

/// A value as JSON: indented, fields in the order of their declaration, with a line end.
fn to_json<T: Serialize>(value: &T) -> String {
    // No value of the engine has a map with keys that are not text, or a writer that fails.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct ReportJson<'a> {
    schema: &'static str,
    target: &'a Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<DatabaseJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution: Option<&'a Distribution>,
    packages: Vec<PackageJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    exposures: &'a [Exposure],
    coverage: &'a Coverage,
    scores: ScoresJson<'a>,
}

#[derive(Serialize)]
struct DatabaseJson<'a> {
    digest: &'a str,
}

#[derive(Serialize)]
struct ScoresJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a ImageScore>,
}

/// A package as every command prints it.
#[derive(Serialize)]
pub(crate) struct PackageJson<'a> {
    name: &'a str,
    version: &'a str,
    ecosystem: &'a str,
    purl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'a str>,
    locations: &'a [Location],
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    found_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<OwnerJson<'a>>,
}

#[derive(Serialize)]
struct OwnerJson<'a> {
    name: &'a str,
    version: &'a str,
    ecosystem: &'a str,
}

impl<'a> PackageJson<'a> {
    pub(crate) fn new(package: &'a Package, all: &'a [Package]) -> Self {
        Self {
            name: &package.name,
            version: &package.version,
            ecosystem: &package.ecosystem,
            purl: package.purl.as_ref().map(ToString::to_string),
            source: package.source.as_ref(),
            arch: package.arch.as_deref(),
            locations: &package.locations,
            scope: package.scope,
            found_by: package.found_by,
            owner: package.owner.and_then(|at| all.get(at)).map(|owner| OwnerJson {
                name: &owner.name,
                version: &owner.version,
                ecosystem: &owner.ecosystem,
            }),
        }
    }
}

#[derive(Serialize)]
struct PackageRef<'a> {
    name: &'a str,
    version: &'a str,
    ecosystem: &'a str,
    purl: Option<String>,
}

/// A finding as every command prints it.
#[derive(Serialize)]
pub(crate) struct FindingJson<'a> {
    id: &'a str,
    aliases: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    upstream: &'a [String],
    package: Option<PackageRef<'a>>,
    verdict: Verdict,
    kind: FindingKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    severity: &'a Severity,
    #[serde(skip_serializing_if = "<[Severity]>::is_empty")]
    ratings: &'a [Severity],
    fixed_versions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<&'a Suppression>,
    evidence: &'a Evidence,
}

impl<'a> FindingJson<'a> {
    pub(crate) fn new(finding: &'a Finding, packages: &'a [Package]) -> Self {
        Self {
            id: &finding.id,
            aliases: &finding.aliases,
            upstream: &finding.upstream,
            package: packages.get(finding.package).map(|p| PackageRef {
                name: &p.name,
                version: &p.version,
                ecosystem: &p.ecosystem,
                purl: p.purl.as_ref().map(ToString::to_string),
            }),
            verdict: finding.verdict,
            kind: finding.kind,
            reason: finding.reason.as_deref(),
            summary: finding.summary.as_deref(),
            severity: &finding.severity,
            ratings: &finding.ratings,
            fixed_versions: &finding.fixed_versions,
            status: finding.status.as_deref(),
            suppressed: finding.suppressed.as_ref(),
            evidence: &finding.evidence,
        }
    }
}

impl Report {
    /// The report as JSON, schema [`SCHEMA`], indented, with a line end. The same report gives the same bytes.
    pub fn to_json(&self) -> String {
        let packages = &self.inventory.packages;
        to_json(&ReportJson {
            schema: SCHEMA,
            target: &self.target,
            now: self.now.as_deref(),
            database: self.database.as_deref().map(|digest| DatabaseJson { digest }),
            distribution: self.inventory.distribution.as_ref(),
            packages: packages.iter().map(|p| PackageJson::new(p, packages)).collect(),
            findings: self
                .findings
                .iter()
                .map(|f| FindingJson::new(f, packages))
                .collect(),
            exposures: &self.exposures,
            coverage: &self.coverage,
            scores: ScoresJson {
                image: self.image_score.as_ref(),
            },
        })
    }

    /// The packages alone as JSON, schema `hullmark.inventory/1`.
    pub fn inventory_json(&self) -> String {
        #[derive(Serialize)]
        struct InventoryJson<'a> {
            schema: &'static str,
            target: &'a Target,
            #[serde(skip_serializing_if = "Option::is_none")]
            distribution: Option<&'a Distribution>,
            packages: Vec<PackageJson<'a>>,
            coverage: &'a Coverage,
        }
        let packages = &self.inventory.packages;
        to_json(&InventoryJson {
            schema: "hullmark.inventory/1",
            target: &self.target,
            distribution: self.inventory.distribution.as_ref(),
            packages: packages.iter().map(|p| PackageJson::new(p, packages)).collect(),
            coverage: &self.coverage,
        })
    }
}

/// A value under the name and version of its JSON form.
#[derive(Serialize)]
struct Named<'a, T: Serialize> {
    schema: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

impl Explanation {
    /// The explanation as JSON, schema `hullmark.explain/1`.
    pub fn to_json(&self) -> String {
        to_json(&Named {
            schema: "hullmark.explain/1",
            value: self,
        })
    }
}

impl DatabaseInfo<'_> {
    /// What the database holds as JSON, schema `hullmark.database/1`.
    pub fn to_json(&self) -> String {
        to_json(&Named {
            schema: "hullmark.database/1",
            value: self,
        })
    }
}
