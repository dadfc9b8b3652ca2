//! The main job: an image and a database in, a report out.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use crate::database::Database;
use crate::exposure::Detector;
use crate::image::{self, FileHeader, Image, ImageKind, Inspect, Note, ReadOptions};
use crate::inventory::{Cataloguer, Inventory, Package, Want};
use crate::matcher::Matcher;
use crate::report::{Coverage, CoveredFeed, Report, Target, Unknown};
use crate::score::image::{ScorePolicy, image_score};
use crate::{Error, Limits, Purl, Result};

/// How to scan.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ScanOptions {
    /// Bounds, platform and which image of several.
    pub reading: ReadOptions,
    /// The time of the scan, RFC 3339; goes into the report as it is. The engine reads no clock.
    pub now: Option<String>,
    /// What score S weighs.
    pub score: ScorePolicy,
}

/// Scans an image archive: a docker-archive or an OCI layout as a tar, plain or compressed as a whole.
///
/// `name` names the target in the report where the image itself holds no name. Without a database the
/// packages are listed and nothing is judged.
///
/// # Errors
/// Whatever makes the image unreadable as a whole: not an image, a missing or corrupt layer, a passed limit.
/// What concerns one file is listed under `coverage`. [`Error::Value`] where `options.score` holds a number that
/// cannot be used.
///
/// ```
/// # let archive = include_bytes!("../../examples/data/demo.oci.tar");
/// use hullmark::{ScanOptions, scan_image};
/// let report = scan_image("demo", std::io::Cursor::new(archive), None, &ScanOptions::default())?;
/// assert!(report.inventory.packages.iter().any(|package| package.name == "minimist"));
/// # Ok::<(), hullmark::Error>(())
/// ```
pub fn scan_image<R: Read + Seek>(
    name: &str,
    reader: R,
    database: Option<&Database>,
    options: &ScanOptions,
) -> Result<Report> {
    let mut inspector = Inspector::new(&options.reading.limits);
    let image = image::read(reader, &options.reading, &mut inspector)?;
    inspector.report(name, &image, database, options)
}

/// Scans a folder: an OCI image layout, else a root filesystem.
///
/// # Errors
/// As [`scan_image`].
#[cfg(feature = "fs")]
pub fn scan_folder(
    path: &std::path::Path,
    database: Option<&Database>,
    options: &ScanOptions,
) -> Result<Report> {
    let mut inspector = Inspector::new(&options.reading.limits);
    let image = match image::read_folder(path, &options.reading, &mut inspector) {
        Err(Error::Unsupported { what: "target", .. }) => {
            image::read_rootfs(path, &options.reading, &mut inspector)?
        }
        read => read?,
    };
    inspector.report(&path.to_string_lossy(), &image, database, options)
}

/// Matches package URLs against a database. A text that is no package URL is listed under `coverage`.
///
/// ```
/// use hullmark::database::{Database, DatabaseBuilder};
/// let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
/// builder.add("demo", include_bytes!("../../examples/data/advisories.jsonl"))?;
/// let db = Database::from_bytes(builder.finish()?.0)?;
/// let report = hullmark::match_purls(["pkg:npm/minimist@0.0.8", "minimist"], &db);
/// assert_eq!(report.findings.len(), 2);
/// assert_eq!(report.coverage.unknown.len(), 1);
/// # Ok::<(), hullmark::Error>(())
/// ```
pub fn match_purls<'a>(purls: impl IntoIterator<Item = &'a str>, database: &Database) -> Report {
    let mut inventory = Inventory::default();
    for text in purls {
        match text.parse::<Purl>() {
            Ok(purl) => inventory.packages.push(Package::from_purl(&purl)),
            Err(error) => inventory.notes.push(Note {
                place: text.to_owned(),
                reason: error.to_string(),
            }),
        }
    }
    let key = |package: &Package| {
        (
            package.ecosystem.clone(),
            package.name.clone(),
            package.purl.clone(),
        )
    };
    inventory.packages.sort_by_cached_key(key);
    inventory.packages.dedup();
    let target = Target {
        kind: "purls",
        name: String::new(),
        digest: None,
        platform: None,
    };
    assemble(target, inventory, &[], Some(database))
}

/// Shows each file once to everyone who looks for something.
struct Inspector {
    cataloguer: Cataloguer,
    detector: Detector,
    limits: Limits,
    buffer: Vec<u8>,
}

/// First bytes by which a file is judged.
const HEAD_BYTES: u64 = 512;

impl Inspector {
    fn new(limits: &Limits) -> Self {
        Self {
            cataloguer: Cataloguer::new(limits),
            detector: Detector::new(),
            limits: limits.clone(),
            buffer: Vec::new(),
        }
    }

    fn report(
        self,
        name: &str,
        image: &Image,
        database: Option<&Database>,
        options: &ScanOptions,
    ) -> Result<Report> {
        let inventory = self.cataloguer.finish(image);
        let target = Target {
            kind: match image.kind {
                ImageKind::DockerArchive => "docker-archive",
                ImageKind::OciLayout => "oci-layout",
                ImageKind::Rootfs => "rootfs",
            },
            name: image.name.clone().unwrap_or_else(|| name.to_owned()),
            digest: Some(image.digest.clone()).filter(|digest| !digest.is_empty()),
            platform: image.platform.as_ref().map(ToString::to_string),
        };
        let notes: Vec<Note> = image.notes.iter().chain(self.detector.notes()).cloned().collect();
        let mut report = assemble(target, inventory, &notes, database);
        report.exposures = self.detector.finish(image);
        report.now.clone_from(&options.now);
        let score = image_score(
            image,
            &report.inventory,
            &report.findings,
            &report.exposures,
            &options.score,
        )?;
        report.image_score = Some(score);
        Ok(report)
    }
}

impl Inspect for Inspector {
    fn file(&mut self, header: &FileHeader, body: &mut dyn Read) -> Result<()> {
        self.buffer.clear();
        read_up_to(body, HEAD_BYTES, &mut self.buffer, header)?;
        let want = self.cataloguer.wants(header, &self.buffer);
        if want == Want::Stream {
            self.cataloguer
                .stream(header, &mut self.buffer.as_slice().chain(body));
            return Ok(());
        }
        let secrets = self.detector.wants(header, &self.buffer);
        if want == Want::Nothing && !secrets {
            return Ok(());
        }
        let rest = self.limits.file_bytes.saturating_sub(self.buffer.len() as u64);
        read_up_to(body, rest, &mut self.buffer, header)?;
        if self.buffer.len() as u64 >= self.limits.file_bytes && header.size > self.limits.file_bytes {
            self.cataloguer.too_large(header);
            return Ok(());
        }
        if want == Want::Bytes {
            self.cataloguer.bytes(header, &self.buffer);
        }
        if secrets {
            self.detector.inspect(header, &self.buffer);
        }
        Ok(())
    }
}

fn read_up_to(body: &mut dyn Read, bytes: u64, buffer: &mut Vec<u8>, header: &FileHeader) -> Result<()> {
    body.take(bytes)
        .read_to_end(buffer)
        .map_err(|source| Error::io(header.path.to_string(), source))?;
    Ok(())
}

/// Matches an inventory and says how much of it could be judged.
fn assemble(target: Target, inventory: Inventory, notes: &[Note], database: Option<&Database>) -> Report {
    let mut unknown: Vec<Unknown> = notes
        .iter()
        .chain(&inventory.notes)
        .map(|note| Unknown {
            package: None,
            path: Some(note.place.clone()),
            reason: note.reason.clone(),
        })
        .collect();
    let mut coverage = Coverage {
        packages: inventory.packages.len(),
        ..Coverage::default()
    };
    let mut findings = Vec::new();
    match database {
        None if inventory.packages.is_empty() => {}
        None => unknown.push(Unknown {
            package: None,
            path: None,
            reason: "no advisories were given, so no package was judged".to_owned(),
        }),
        Some(database) => {
            let matches = Matcher::new(database).match_inventory(&inventory);
            coverage.judged = matches.judged;
            unknown.extend(matches.unknown.iter().map(|u| {
                Unknown {
                    package: inventory
                        .packages
                        .get(u.package)
                        .map(|p| format!("{} {}", p.name, p.version)),
                    path: inventory
                        .packages
                        .get(u.package)
                        .and_then(|p| p.locations.first())
                        .map(|location| location.path.clone()),
                    reason: u.reason.clone(),
                }
            }));
            findings = matches.findings;
            let asked: BTreeSet<&str> = inventory.packages.iter().map(|p| p.ecosystem.as_str()).collect();
            coverage.feeds = database
                .feeds()
                .filter(|feed| asked.contains(feed.ecosystem))
                .map(|feed| CoveredFeed {
                    ecosystem: feed.ecosystem.to_owned(),
                    records: feed.records,
                    newest: feed.newest.to_owned(),
                })
                .collect();
        }
    }
    unknown.sort();
    unknown.dedup();
    coverage.unknown = unknown;
    Report {
        target,
        now: None,
        database: database.map(Database::digest),
        inventory,
        findings,
        exposures: Vec::new(),
        coverage,
        image_score: None,
    }
}
