//! hullmark reads what is inside a container, matches it against published advisories, and answers with
//! findings that can be proved and scores that can be recomputed.
//!
//! One direction only: bytes in, values out. The engine opens no socket and reads no clock, environment or
//! global; only feature `fs` touches the disk, where a caller gives it a path.
//!
//! ```
//! use hullmark::database::{Database, DatabaseBuilder};
//! use hullmark::{Limits, ScanOptions, scan_image};
//!
//! # let advisories = include_bytes!("../../examples/data/advisories.jsonl");
//! # let archive = include_bytes!("../../examples/data/demo.oci.tar");
//! let mut builder = DatabaseBuilder::new(Limits::default());
//! builder.add("advisories.jsonl", advisories)?;
//! let (file, _what_was_skipped) = builder.finish()?;
//! let database = Database::from_bytes(file)?;
//!
//! let image = std::io::Cursor::new(archive);
//! let report = scan_image("demo", image, Some(&database), &ScanOptions::default())?;
//! for finding in report.open_findings() {
//!     let package = &report.inventory.packages[finding.package];
//!     println!("{} {}: {}", package.name, package.version, finding.id);
//! }
//! assert!(report.open_findings().count() > 20);
//! # Ok::<(), hullmark::Error>(())
//! ```
//!
//! The stages, each usable on its own: [`image`] reads archives and folders, [`inventory`] finds packages,
//! [`exposure`] finds unsafe configuration, [`database`] holds advisories, [`matcher`] judges packages
//! against them, [`score`] weighs the result, [`report`] prints it. Below them lie [`Purl`],
//! [`ecosystem`], [`version`] and [`range`].
//!
//! Each question ends in one of three answers: affected, not affected, or unknown with a reason. What could
//! not be read or judged is listed under [`report::Coverage`]; nothing is silently clean.

mod advisory;
pub mod database;
pub mod ecosystem;
mod error;
pub mod exposure;
pub mod finding;
pub mod image;
pub mod inventory;
mod limits;
pub mod matcher;
mod purl;
pub mod range;
pub mod report;
mod scan;
pub mod score;
pub mod version;

pub use error::{Error, Result};
pub use limits::Limits;
pub use matcher::explain;
pub use purl::{Purl, PurlBuilder};
#[cfg(feature = "fs")]
pub use scan::scan_folder;
pub use scan::{ScanOptions, match_purls, scan_image};

/// Version of the engine, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The README's example compiles.
#[cfg(all(doctest, feature = "fs"))]
#[doc = include_str!("../../README.md")]
struct Readme;
