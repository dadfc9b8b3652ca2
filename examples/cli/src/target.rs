//! From a path on the command line to a report.

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::Path;

use hullmark::database::Database;
use hullmark::report::Report;
use hullmark::{ScanOptions, image::Platform};

use crate::args::Reading;
use crate::commands::Failure;
use crate::progress;

/// The bundled demonstration: a small real image, and advisories about what is in it.
const DEMO_IMAGE: &[u8] = include_bytes!("../../data/demo.oci.tar");
pub(crate) const DEMO_ADVISORIES: &[u8] = include_bytes!("../../data/advisories.jsonl");

/// The options of a scan, from the command line.
pub(crate) fn options(reading: &Reading, now: Option<&str>) -> Result<ScanOptions, Failure> {
    let mut options = ScanOptions::default();
    options.now = now.map(str::to_owned);
    options.reading.reference.clone_from(&reading.image);
    if let Some(platform) = &reading.platform {
        let mut parts = platform.split('/');
        let (Some(os), Some(architecture)) = (parts.next(), parts.next()) else {
            return Err(Failure::new(format!(
                "--platform {platform:?}: expected OS/ARCH, such as linux/arm64"
            )));
        };
        options.reading.platform = Some(Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: parts.next().map(str::to_owned),
        });
    }
    if let Some(bytes) = reading.max_unpacked {
        options.reading.limits.unpacked_bytes = bytes;
    }
    Ok(options)
}

/// Scans one target.
pub(crate) fn scan(path: &Path, db: Option<&Database>, options: &ScanOptions) -> Result<Report, Failure> {
    let failed = |error: hullmark::Error| Failure::new(format!("{}: {error}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| Failure::at(path, &error))?;
    if metadata.is_dir() {
        return hullmark::scan_folder(path, db, options).map_err(failed);
    }
    let file = File::open(path).map_err(|error| Failure::at(path, &error))?;
    let bar = progress::bar("reading", metadata.len());
    let reader = progress::Watched::new(BufReader::with_capacity(1 << 18, file), bar);
    hullmark::scan_image(&path.to_string_lossy(), reader, db, options).map_err(failed)
}

/// Scans the demonstration.
pub(crate) fn scan_demonstration(db: &Database, options: &ScanOptions) -> Result<Report, Failure> {
    Ok(hullmark::scan_image(
        "demonstration",
        Cursor::new(DEMO_IMAGE),
        Some(db),
        options,
    )?)
}
