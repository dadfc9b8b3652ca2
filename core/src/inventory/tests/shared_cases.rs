//! The cases of the shared inventories: what other projects' tests and the package managers expect.

use super::{Draft, notes, shown};
use crate::inventory::Inventory;

/// Where a case of the shared inventories stands in an image.
fn place(format: &str, case: &serde_json::Value) -> String {
    let file = case["file"].as_str().unwrap();
    let origin = case["origin"]["path"].as_str().unwrap_or_default();
    let name = origin.rsplit('/').next().unwrap();
    match format {
        "dpkg-status" if origin.contains("/status.d/") => format!("var/lib/dpkg/status.d/{name}"),
        "dpkg-status" if file == "status" => "var/lib/dpkg/status".to_owned(),
        "apk-installed" => "lib/apk/db/installed".to_owned(),
        // A folder without a name and version of its own, so that the file has to say them.
        "python-metadata" => "site-packages/EGG-INFO/PKG-INFO".to_owned(),
        "npm-package-json" => "app/node_modules/folder/package.json".to_owned(),
        "ruby-gemspec" => format!("gems/specifications/{name}"),
        _ => file.to_owned(),
    }
}

/// Cases in which another project's view is not that of the package manager.
const DELIBERATE: [&str; 13] = [
    // dpkg counts what is unpacked: its files are there.
    "dpkg-status/scalibr-statusfield",
    // A package without a version is a note.
    "dpkg-status/syft-multiple",
    // What npm calls by its folder, and what is there whoever made it.
    "npm-package-json/scalibr-acorn-package.json",
    "npm-package-json/scalibr-unity-package.json",
    "npm-package-json/scalibr-vscode-extension-only-required.json",
    // Sources of a gem, not what RubyGems writes when it installs one.
    "ruby-gemspec/scalibr-version-constant-conditional.gemspec",
    "ruby-gemspec/scalibr-version-constant-expand-join.gemspec",
    "ruby-gemspec/scalibr-version-constant-expand.gemspec",
    "ruby-gemspec/scalibr-version-constant-freeze.gemspec",
    "ruby-gemspec/scalibr-version-constant-join-multiline.gemspec",
    "ruby-gemspec/scalibr-version-constant-join.gemspec",
    "ruby-gemspec/scalibr-version-constant-require.gemspec",
    // A wheel that is not installed.
    "python-metadata/scalibr-monotonic-1.6-py2.py3-none-any.whl",
];

#[test]
#[allow(clippy::print_stdout, reason = "says when there was nothing to test")]
fn shared_cases() {
    let shared = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/inventories"));
    if !shared.exists() {
        println!("skipped: shared data is not here");
        return;
    }
    let mut count = 0;
    let mut wrong = Vec::new();
    for format in [
        "dpkg-status",
        "dpkg-status-d",
        "apk-installed",
        "python-metadata",
        "npm-package-json",
        "ruby-gemspec",
    ] {
        for folder in disk::folder(&shared.join(format)) {
            let name = format!("{format}/{}", folder.file_name().unwrap().to_str().unwrap());
            let case: serde_json::Value =
                serde_json::from_slice(&disk::read(&folder.join("expected.json"))).unwrap();
            let mut draft = Draft::new();
            let file = folder.join(case["file"].as_str().unwrap());
            for file in if file.is_dir() {
                disk::folder(&file)
            } else {
                vec![file]
            } {
                let inside = file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                let place = if format == "dpkg-status-d" {
                    inside
                } else {
                    place(format, &case)
                };
                draft = draft.file(&place, disk::read(&file));
            }
            let inventory = draft.inventory();
            count += 1;
            match (complaint(&case, &inventory), DELIBERATE.contains(&name.as_str())) {
                (Some(complaint), false) => wrong.push(format!("{name}: {complaint}")),
                (None, true) => wrong.push(format!("{name}: no difference any more")),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 68);
}

/// What an inventory has else than its case expects.
fn complaint(case: &serde_json::Value, inventory: &Inventory) -> Option<String> {
    let notes = notes(inventory);
    let notes = notes
        .iter()
        .filter(|note| !note.contains("without an ecosystem"))
        .collect::<Vec<_>>();
    match case["outcome"].as_str().unwrap() {
        "no-crash" => return None,
        "error" if notes.is_empty() => return Some("nothing is noted".to_owned()),
        _ => {}
    }
    let text = |package: &serde_json::Value, field: &str| package[field].as_str().map(str::to_owned);
    let mut expected: Vec<_> = case["packages"].as_array().unwrap().iter().collect();
    expected.retain(|package| {
        package["status"]
            .as_str()
            .is_none_or(|status| status == "installed")
    });
    let mut missing = Vec::new();
    for package in &expected {
        let is =
            |field: &str, value: Option<&str>| text(package, field).is_none_or(|text| value == Some(&text));
        let there = inventory.packages.iter().any(|found| {
            let source = found.source.as_ref();
            is("name", Some(&found.name))
                && is("version", Some(&found.version))
                && is("arch", found.arch.as_deref())
                && is("source", source.map(|source| source.name.as_str()))
                && is("source_version", source.map(|source| source.version.as_str()))
                && is("origin", source.map(|source| source.name.as_str()))
        });
        if !there {
            missing.push((*package).clone());
        }
    }
    let same = missing.is_empty() && inventory.packages.len() == expected.len();
    (!same).then(|| {
        format!(
            "missing {missing:?}, found {:?}, notes {notes:?}",
            shown(inventory)
        )
    })
}

/// The disk, which the engine itself does not touch.
#[allow(clippy::disallowed_methods)]
mod disk {
    use std::path::{Path, PathBuf};

    pub(super) fn read(path: &Path) -> Vec<u8> {
        std::fs::read(path).unwrap()
    }

    pub(super) fn folder(path: &Path) -> Vec<PathBuf> {
        let mut paths: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
    }
}
