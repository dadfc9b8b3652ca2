//! Real images, against what the package managers and image tools say of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use hullmark::image::{self, ContentId, Image, NodeKind, ReadOptions};
use serde_json::Value;

use crate::build::Seen;

const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/images");

fn truth(name: &str) -> Option<Value> {
    let path = Path::new(IMAGES).join(format!("{name}.expected.json"));
    match fs::read(path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            eprintln!("skipped: shared data is not here");
            None
        }
    }
}

fn read(file: &str, platform: Option<&str>) -> (Image, Seen) {
    let mut options = ReadOptions::default();
    options.platform = platform.map(|platform| platform.parse().unwrap());
    let mut seen = Seen {
        most: Some(64),
        ..Seen::default()
    };
    let file = File::open(Path::new(IMAGES).join(file)).unwrap();
    (image::read(file, &options, &mut seen).unwrap(), seen)
}

/// The lists `files` of the truth.
fn check_files(image: &Image, truth: &Value) {
    let text = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|path| path.as_str().unwrap().to_owned())
            .collect()
    };
    let files = || {
        image
            .view
            .iter()
            .filter(|(_, node)| matches!(node.kind, NodeKind::File { .. }))
    };
    let with = |bits: u32| -> Vec<String> {
        files()
            .filter(|(_, node)| node.mode & bits != 0)
            .map(|(path, _)| path.to_string())
            .collect()
    };
    assert_eq!(with(0o4000), text(&truth["setuid"]));
    assert_eq!(with(0o2000), text(&truth["setgid"]));
    assert_eq!(with(0o002), text(&truth["world_writable_files"]));
    let mut names: BTreeMap<ContentId, Vec<String>> = BTreeMap::new();
    for (path, node) in files() {
        names
            .entry(node.content().unwrap())
            .or_default()
            .push(path.to_string());
    }
    let mut linked: Vec<Vec<String>> = names.into_values().filter(|names| names.len() > 1).collect();
    linked.sort();
    let expected: Vec<Vec<String>> = truth["hard_links"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(linked, expected);
}

fn check_layers(image: &Image, manifest: &Value, stored_as_there: bool) {
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(image.layers.len(), layers.len());
    let history = manifest["history"].as_array().unwrap();
    let steps: Vec<&Value> = history
        .iter()
        .filter(|step| step["empty_layer"] != true)
        .collect();
    for ((layer, expected), step) in image.layers.iter().zip(layers).zip(steps) {
        assert_eq!(layer.diff_id, expected["diff_id"].as_str().unwrap());
        if stored_as_there {
            assert_eq!(layer.digest, expected["digest"].as_str().unwrap());
        }
        assert_eq!(layer.created_by.as_deref(), step["created_by"].as_str());
    }
    let config = image.config.as_ref().unwrap();
    assert_eq!(config.history.len(), history.len());
    let expected = &manifest["config"];
    let list = |key: &str| -> Vec<String> {
        let words = expected[key].as_array().into_iter().flatten();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(config.env, list("Env"));
    assert_eq!(config.cmd, list("Cmd"));
    assert_eq!(config.entrypoint, list("Entrypoint"));
    assert_eq!(config.user, expected["User"].as_str().unwrap_or_default());
    assert_eq!(
        config.working_dir,
        expected["WorkingDir"].as_str().unwrap_or_default()
    );
    let mut ports: Vec<String> = expected["ExposedPorts"]
        .as_object()
        .map(|ports| ports.keys().cloned().collect())
        .unwrap_or_default();
    ports.sort();
    assert_eq!(config.exposed_ports, ports);
}

#[test]
fn mixed_small() {
    let Some(truth) = truth("mixed-small") else { return };
    let (image, seen) = read("mixed-small.oci.tar", None);
    assert_eq!(image.notes, []);
    assert_eq!(image.digest, truth["manifests"][0]["digest"].as_str().unwrap());
    assert_eq!(image.name.as_deref(), Some("latest"));
    check_layers(&image, &truth["manifests"][0], true);
    check_files(&image, &truth["files"]);
    let there = |path: &str| image.view.resolve(path.as_bytes()).is_some();
    assert!(!there("/srv/app/node_modules/minimist"));
    assert!(!there("/srv/app/config/removed-later.txt"));
    assert!(!there("/srv/plugins/node_modules/left-pad"));
    assert!(!there(
        "/usr/local/lib/python3.9/site-packages/Werkzeug-1.0.1.dist-info"
    ));
    assert!(there("/srv/app/node_modules/lodash/package.json"));
    assert!(there("/bin/sh"));
    let hidden = |name: &[u8]| {
        seen.files
            .iter()
            .any(|(header, _)| header.path.file_name() == name)
    };
    assert!(
        hidden(b"removed-later.txt"),
        "files that a later layer hides are seen too"
    );
}

#[test]
fn debian_minbase_squeezed_with_xz() {
    let Some(truth) = truth("debian-minbase") else {
        return;
    };
    let (image, _) = read("debian-minbase.docker.tar.xz", None);
    assert_eq!(image.notes, []);
    assert_eq!(
        image.digest,
        truth["manifests"][0]["config_digest"].as_str().unwrap()
    );
    check_layers(&image, &truth["manifests"][0], false);
    check_files(&image, &truth["files"]);
}

#[test]
fn the_tiny_image_in_every_form() {
    let Some(truth) = truth("tiny") else { return };
    let manifest = &truth["manifests"][0];
    let (gzip, _) = read("tiny-gzip.oci.tar", None);
    check_layers(&gzip, manifest, true);
    for file in [
        "tiny-gzip.oci.tar",
        "tiny-zstd.oci.tar",
        "tiny-none.oci.tar",
        "tiny.docker.tar",
        "tiny.docker25.tar",
        "tiny-multi.oci.tar",
    ] {
        let (image, _) = read(file, None);
        assert_eq!(image.notes, [], "{file}");
        check_layers(&image, manifest, false);
        check_files(&image, &truth["files"]);
        assert!(image.view.iter().eq(gzip.view.iter()), "{file}");
        assert!(
            image
                .view
                .resolve(b"/srv/node_modules/left-pad/package.json")
                .is_some(),
            "{file}"
        );
    }
    let (arm, _) = read("tiny-multi.oci.tar", Some("linux/arm64"));
    assert_eq!(arm.platform.unwrap().to_string(), "linux/arm64");
    assert!(arm.view.iter().eq(gzip.view.iter()));
}

#[test]
fn a_layer_of_umoci_insert_without_padding_and_end() {
    if truth("tiny").is_none() {
        return;
    }
    let (image, _) = read("tiny-umoci-insert.oci.tar", None);
    assert_eq!(image.notes, []);
    assert_eq!(image.layers.len(), 4);
    let found: Vec<String> = image
        .view
        .below(b"srv")
        .filter(|(path, _)| path.file_name() == b"package.json")
        .map(|(path, _)| path.to_string())
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("is-odd"), "{found:?}");
}
