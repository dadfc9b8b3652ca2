//! The packages of real images, against what their own package managers say of the unpacked root.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read their data from files"
)]

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use hullmark::Limits;
use hullmark::image::{self, ReadOptions};
use hullmark::inventory::{Cataloguer, Inventory};
use serde_json::Value;

const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/images");

fn inventory(file: &Path) -> Inventory {
    let mut cataloguer = Cataloguer::new(&Limits::default());
    let image = image::read(
        File::open(file).unwrap(),
        &ReadOptions::default(),
        &mut cataloguer,
    )
    .unwrap();
    cataloguer.finish(&image)
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// The packages of one manager, a line each.
fn expected(truth: &Value, list: &str, line: impl Fn(&Value) -> String) -> BTreeSet<String> {
    let list = truth[list].as_array().unwrap().iter();
    let installed = list.filter(|entry| matches!(text(entry, "status").as_str(), "" | "installed"));
    installed.map(line).collect()
}

/// The packages an extractor found, a line for each place.
fn found(inventory: &Inventory, by: &str, folders: usize) -> BTreeSet<String> {
    let packages = inventory.packages.iter().filter(|package| package.found_by == by);
    let lines = packages.flat_map(|package| {
        package.locations.iter().map(move |location| {
            let folder = Path::new(&location.path).ancestors().nth(folders).unwrap();
            format!("{} {} {}", package.name, package.version, folder.display())
        })
    });
    lines.collect()
}

/// What `go version -m` and `rust-audit-info` say.
fn check_binaries(truth: &Value, inventory: &Inventory) {
    let lines = |programs: &str, list: &str| -> BTreeSet<String> {
        let programs = truth[programs].as_array().unwrap().iter();
        let lines = programs.flat_map(|program| {
            let list = program[list].as_array().unwrap().iter();
            list.map(|entry| {
                format!(
                    "{} {} {}",
                    text(entry, "name"),
                    text(entry, "version"),
                    text(program, "path")
                )
            })
        });
        lines.collect()
    };
    let modules = found(inventory, "go-binary", 0);
    let missing: Vec<_> = lines("go_binaries", "modules")
        .into_iter()
        .filter(|line| !modules.contains(line))
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {modules:?}");
    assert_eq!(
        found(inventory, "rust-binary", 0),
        lines("rust_binaries", "crates")
    );
}

/// Every `pom.properties` of every archive, by the path of the archive.
fn check_archives(truth: &Value, inventory: &Inventory) {
    let archives = found(inventory, "java-archive", 0);
    for archive in truth["jars"].as_array().unwrap() {
        for pom in archive["pom_properties"].as_array().unwrap() {
            let field = |name| text(pom, name);
            let coordinates = format!(
                "{}:{} {}",
                field("groupId"),
                field("artifactId"),
                field("version")
            );
            let line = format!("{coordinates} {}", text(archive, "path"));
            assert!(archives.contains(&line), "{line} not in {archives:#?}");
        }
    }
}

#[allow(clippy::print_stdout, reason = "says when there was nothing to test")]
fn check(image: &str, truth: &str) {
    let folder = Path::new(IMAGES);
    let Ok(truth) = std::fs::read(folder.join(truth)) else {
        println!("skipped: shared data is not here");
        return;
    };
    let truth: Value = serde_json::from_slice(&truth).unwrap();
    let inventory = inventory(&folder.join(image));

    let system = |entry: &Value| {
        let field = |name| text(entry, name);
        let source = format!("{} {}", field("source"), field("source_version"));
        format!(
            "{} {} {} {source}",
            field("name"),
            field("version"),
            field("arch")
        )
    };
    let mut wanted = expected(&truth, "dpkg", system);
    wanted.extend(expected(&truth, "dpkg_status_d", system));
    let packages = inventory
        .packages
        .iter()
        .filter(|package| package.found_by == "dpkg");
    let dpkg = packages.map(|package| {
        let source = package.source.as_ref().unwrap();
        let arch = package.arch.as_deref().unwrap();
        format!(
            "{} {} {arch} {} {}",
            package.name, package.version, source.name, source.version
        )
    });
    assert_eq!(dpkg.collect::<BTreeSet<_>>(), wanted);

    let language = |entry: &Value| {
        format!(
            "{} {} {}",
            text(entry, "name"),
            text(entry, "version"),
            text(entry, "path")
        )
    };
    assert_eq!(
        found(&inventory, "python", 2),
        expected(&truth, "python", language)
    );
    assert_eq!(found(&inventory, "node", 1), expected(&truth, "npm", language));
    assert!(found(&inventory, "ruby", 0).is_empty());

    let distribution = inventory.distribution.as_ref().unwrap();
    assert_eq!(distribution.id, truth["os_release"]["ID"]);
    assert_eq!(distribution.version_id, truth["os_release"]["VERSION_ID"]);
    check_binaries(&truth, &inventory);
    check_archives(&truth, &inventory);
    for package in &inventory.packages {
        // A program that was built where it lies is of no ecosystem.
        let local = package.ecosystem.is_empty() && package.purl.is_none();
        assert!(local == (package.name == "rust-demo"), "{package:?}");
        assert!(
            package.locations.iter().all(|location| location.layer.is_some()),
            "{package:?}"
        );
    }
    assert!(inventory.notes.is_empty(), "{:?}", inventory.notes);
}

#[test]
fn mixed() {
    check("mixed-small.oci.tar", "mixed-small.expected.json");
}

#[test]
fn minbase() {
    check("debian-minbase.docker.tar.xz", "debian-minbase.expected.json");
}

#[test]
fn tiny_in_every_form() {
    for image in [
        "tiny.docker.tar",
        "tiny.docker25.tar",
        "tiny-gzip.oci.tar",
        "tiny-zstd.oci.tar",
        "tiny-none.oci.tar",
        "tiny-multi.oci.tar",
    ] {
        check(image, "tiny.expected.json");
    }
}
