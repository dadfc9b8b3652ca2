//! Prints each workload beside its floor. Real data from `HULLMARK_BENCH_IMAGE` (an OCI layout tar with gzip
//! layers) and `HULLMARK_BENCH_OSV` (a folder of OSV zips) where given; else what lies beside the checkout; else
//! the bundled demonstration.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot run says so and prints its table"
)]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hullmark::database::{Database, DatabaseBuilder};
use hullmark::finding::Verdict;
use hullmark::inventory::{Inventory, Package};
use hullmark::matcher::Matcher;
use hullmark::{Limits, Purl, ScanOptions};
use hullmark_benches::{advisories, image, median, paired, timed};

fn main() {
    // `cargo test --benches` passes --test: measuring is not testing.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!(
        "{:<44} {:>12} {:>12} {:>7}",
        "workload", "hullmark", "floor", "ratio"
    );
    scan();
    let database = build();
    open(&database);
    growth();
    lookups(&database);
}

/// What a variable names (from the root of the workspace, where relative), else what lies beside the checkout, else
/// what is bundled.
fn given(variable: &str, beside: &str, bundled: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::var_os(variable)
        .map(|given| root.join(given))
        .unwrap_or_else(|| {
            let beside = root.join("../shared").join(beside);
            if beside.exists() {
                beside
            } else {
                root.join("examples/data").join(bundled)
            }
        })
}

fn row(what: &str, ours: Duration, floor: Duration) {
    let ratio = ours.as_secs_f64() / floor.as_secs_f64();
    println!("{what:<44} {ours:>12.2?} {floor:>12.2?} {ratio:>7.2}");
}

/// G6: a scan that verifies every digest, beside inflating, hashing and walking alone.
fn scan() {
    let path = given(
        "HULLMARK_BENCH_IMAGE",
        "images/mixed-small.oci.tar",
        "demo.oci.tar",
    );
    let bytes = std::fs::read(&path).expect("an image");
    let options = ScanOptions::default();
    let (ours, floor) = paired(
        5,
        || {
            let report =
                hullmark::scan_image("bench", Cursor::new(&bytes), None, &options).expect("a report");
            assert!(!report.inventory.packages.is_empty());
        },
        || assert!(image(&bytes) > 0),
    );
    row(
        &format!("scan {}", path.file_name().unwrap_or_default().to_string_lossy()),
        ours,
        floor,
    );
}

/// G9: building a database, beside inflating and parsing the same records.
fn build() -> Vec<u8> {
    let path = given("HULLMARK_BENCH_OSV", "advisories/osv", "advisories.jsonl");
    if path.is_file() {
        let mut builder = DatabaseBuilder::new(Limits::default());
        builder
            .add("advisories.jsonl", &std::fs::read(&path).expect("advisories"))
            .expect("a feed");
        println!("build: no OSV zips here (HULLMARK_BENCH_OSV), skipped");
        return builder.finish().expect("a database").0;
    }
    let mut zips: Vec<PathBuf> = std::fs::read_dir(&path)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path().join("all.zip"))
        .filter(|zip| zip.is_file())
        .collect();
    zips.sort();
    let feeds: Vec<Vec<u8>> = zips
        .iter()
        .map(|zip| std::fs::read(zip).expect("a zip"))
        .collect();
    let mut database = Vec::new();
    let (ours, floor) = paired(
        3,
        || {
            let mut builder = DatabaseBuilder::new(Limits::default());
            for (path, feed) in zips.iter().zip(&feeds) {
                builder.add(&path.to_string_lossy(), feed).expect("a feed");
            }
            database = builder.finish().expect("a database").0;
        },
        || assert!(feeds.iter().map(|feed| advisories(feed)).sum::<usize>() > 0),
    );
    row(
        &format!("build {} zips ({} MB database)", zips.len(), database.len() >> 20),
        ours,
        floor,
    );
    database
}

/// G1: opening does not grow with the file.
fn open(database: &[u8]) {
    let small = synthetic(200);
    let wall = |bytes: &Vec<u8>| {
        let shared: std::sync::Arc<[u8]> = bytes.clone().into();
        median(
            (0..101)
                .map(|_| {
                    let start = Instant::now();
                    let db = Database::from_bytes(std::sync::Arc::clone(&shared)).expect("opens");
                    let taken = start.elapsed();
                    drop(db);
                    taken
                })
                .collect(),
        )
    };
    let (large, little) = (wall(&database.to_vec()), wall(&small));
    row(
        &format!("open {} KB beside {} KB", database.len() >> 10, small.len() >> 10),
        large,
        little,
    );
}

/// A database of `packages` npm packages with three records each.
fn synthetic(packages: usize) -> Vec<u8> {
    let mut text = String::new();
    for package in 0..packages {
        for record in 0..3 {
            text.push_str(&format!(
                r#"{{"id":"X-{package}-{record}","modified":"2026-01-01T00:00:00Z","affected":[{{"package":{{"ecosystem":"npm","name":"package-{package}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"{record}.0.0"}},{{"fixed":"{record}.5.0"}}]}}]}}]}}"#
            ));
            text.push('\n');
        }
    }
    let mut builder = DatabaseBuilder::new(Limits::default());
    builder.add("synthetic.jsonl", text.as_bytes()).expect("a feed");
    builder.finish().expect("a database").0
}

fn inventory(purls: impl Iterator<Item = String>) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.packages = purls
        .map(|purl| Package::from_purl(&purl.parse::<Purl>().expect("a purl")))
        .collect();
    inventory
}

/// Median processor time a package of asking about every package of an inventory.
fn per_package(inventory: &Inventory, ask: impl Fn(&Package) -> bool) -> Duration {
    let all = || inventory.packages.iter().filter(|package| ask(package)).count();
    let times = (0..7).map(|_| {
        let (taken, found) = timed(all);
        assert!(found > 0);
        taken
    });
    median(times.collect()) / u32::try_from(inventory.packages.len()).expect("not that many")
}

/// G3: ten times the advisories, and ten times the packages; every package has three candidates.
fn growth() {
    let (small, large) = (synthetic(5_000), synthetic(50_000));
    let small = Matcher::new(&Database::from_bytes(small).expect("opens"));
    let large = Matcher::new(&Database::from_bytes(large).expect("opens"));
    let packages =
        |n: usize| inventory((0..n).map(move |i| format!("pkg:npm/package-{}@1.2.3", i * 7919 % 5_000)));
    let (some, many) = (packages(10_000), packages(100_000));
    let verdict = |matcher: &Matcher, packages| {
        per_package(packages, |package| matcher.verdict(package) == Verdict::Affected)
    };
    row(
        "verdict, a package: 10x advisories",
        verdict(&large, &some),
        verdict(&small, &some),
    );
    row(
        "verdict, a package: 10x packages",
        verdict(&large, &many),
        verdict(&large, &some),
    );
    let findings = |matcher: &Matcher, packages| {
        per_package(packages, |package| {
            !matcher.match_package(package).findings.is_empty()
        })
    };
    row(
        "one finding with its proof, beside a verdict",
        findings(&large, &some),
        verdict(&large, &some),
    );
}

/// G2: packages that nothing is known about, beside hashing the key and reading one slot.
fn lookups(database: &[u8]) {
    let db = Database::from_bytes(database.to_vec()).expect("opens");
    let matcher = Matcher::new(&db);
    let missing = inventory((0..10_000).map(|i| format!("pkg:npm/nobody-knows-{i}@1.2.3")));
    let table = vec![0_u64; 1 << 20];
    let (ours, floor) = paired(
        7,
        || {
            for package in &missing.packages {
                assert!(matcher.match_package(package).findings.is_empty());
            }
        },
        || {
            for package in &missing.packages {
                let hash = twox_hash::XxHash3_64::oneshot(package.name.as_bytes());
                assert_eq!(table.get(hash as usize & 0xf_ffff), Some(&0));
            }
        },
    );
    row("match 10,000 unknown packages", ours, floor);
}
