//! The forms an image comes in, and which image is meant.

use hullmark::Error;
use hullmark::image::{ImageKind, ImagePath, ReadOptions};
use serde_json::{Value, json};

use crate::build::{Layout, Tar, fails, gzip, list, oci, read, read_with, sha256, xz, zstd};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn layer(text: &str) -> Vec<u8> {
    Tar::default().file("etc/issue", text).end()
}

/// A docker-archive as it was before version 25: layers in folders, some of them links.
fn docker() -> (Tar, Value) {
    let (one, two) = (layer("one"), layer("two"));
    let config = json!({
        "architecture": "arm64", "os": "linux",
        "config": {"User": "app", "Env": ["A=1"], "ExposedPorts": {"80/tcp": {}}, "Cmd": ["run"]},
        "rootfs": {"diff_ids": [sha256(&one), sha256(&two), sha256(&one)]},
        "history": [{"created_by": "ADD one"}, {"created_by": "ENV", "empty_layer": true}, {"created_by": "ADD two"},
                    {"created_by": "ADD one again"}],
    })
    .to_string();
    let name = format!("{}.json", &sha256(config.as_bytes())[7..]);
    let manifest = json!([{"Config": name, "RepoTags": ["shop/app:1.2", "app:latest"],
                           "Layers": ["one/layer.tar", "two/layer.tar", "three/layer.tar"]}]);
    let tar = Tar::default()
        .folder("one")
        .entry(b'0', b"one.tar", b"", 0o644, &one)
        .symlink("one/layer.tar", "../one.tar")
        .entry(b'0', b"two/layer.tar", b"", 0o644, &two)
        .hard_link("three/layer.tar", "one.tar")
        .file(&name, &config);
    (tar, manifest)
}

#[test]
fn docker_archives() {
    let (tar, manifest) = docker();
    let archive = tar.file("manifest.json", &manifest.to_string()).end();
    for archive in [archive.clone(), gzip(&archive), zstd(&archive), xz(&archive)] {
        let (image, seen) = read(&archive).unwrap();
        assert_eq!(image.kind, ImageKind::DockerArchive);
        assert_eq!(image.name.as_deref(), Some("shop/app:1.2"));
        assert_eq!(image.platform.as_ref().unwrap().to_string(), "linux/arm64");
        assert_eq!(
            image.digest,
            format!(
                "sha256:{}",
                manifest[0]["Config"].as_str().unwrap().replace(".json", "")
            )
        );
        let config = image.config.as_ref().unwrap();
        assert_eq!(
            (
                config.user.as_str(),
                config.env[0].as_str(),
                config.cmd[0].as_str()
            ),
            ("app", "A=1", "run")
        );
        assert_eq!(config.exposed_ports, ["80/tcp"]);
        assert_eq!(config.history, ["ADD one", "ENV", "ADD two", "ADD one again"]);
        let steps: Vec<_> = image
            .layers
            .iter()
            .map(|layer| layer.created_by.as_deref().unwrap())
            .collect();
        assert_eq!(steps, ["ADD one", "ADD two", "ADD one again"]);
        assert_eq!(image.layers[0].digest, sha256(&layer("one")));
        // The third layer is the first one once more.
        assert_eq!(seen.files.len(), 2);
        assert_eq!(list(&image, &seen), "/etc/\n/etc/issue = one");
        assert_eq!(image.view.get(&ImagePath::new(b"etc/issue")).unwrap().layer, 2);
        assert_eq!(image.notes, []);
    }
}

#[test]
fn a_docker_archive_of_several_images() {
    let (tar, manifest) = docker();
    let (_, other) = docker();
    let mut other = other[0].clone();
    other["RepoTags"] = json!(["other:2"]);
    let both = json!([manifest[0], other]).to_string();
    let archive = tar.file("manifest.json", &both).end();
    let (image, _) = read(&archive).unwrap();
    assert_eq!(
        image.notes[0].reason,
        "image other:2 is not read: the first one is"
    );
    let mut options = ReadOptions::default();
    options.reference = Some("other:2".to_owned());
    let (image, _) = read_with(&archive, &options).unwrap();
    assert_eq!((image.name.as_deref(), image.notes.len()), (Some("other:2"), 0));
    options.reference = Some("app".to_owned());
    assert_eq!(
        read_with(&archive, &options).unwrap().0.name.as_deref(),
        Some("shop/app:1.2")
    );
    options.reference = Some("nobody".to_owned());
    let error = read_with(&archive, &options).unwrap_err().to_string();
    assert_eq!(
        error,
        "reference: \"nobody\" is not in the archive, which has shop/app:1.2, app:latest, other:2"
    );
}

#[test]
fn a_docker_archive_with_a_configuration_that_is_not_the_one_named() {
    let (tar, manifest) = docker();
    let name = manifest[0]["Config"].as_str().unwrap().to_owned();
    let archive = tar
        .file(&name, "{}")
        .file("manifest.json", &manifest.to_string())
        .end();
    assert!(matches!(fails(&archive), Error::Digest { place, .. } if place == name));
}

#[test]
fn oci_archives_in_every_compression() {
    let tar = layer("hello");
    let members = [gzip(&tar[..700]), gzip(&tar[700..])].concat();
    let frames = [
        zstd(&tar[..700]),
        b"\x51\x2a\x4d\x18\x02\0\0\0xx".to_vec(),
        zstd(&tar[700..]),
    ]
    .concat();
    for stored in [tar.clone(), gzip(&tar), members, zstd(&tar), frames, xz(&tar)] {
        let mut layout = Layout::default();
        let mut manifest = layout.image("amd64", &[(&tar, &stored)]);
        manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "latest"});
        layout.top(&[manifest.clone()]);
        for archive in [layout.tar(), gzip(&layout.tar()), xz(&layout.tar())] {
            let (image, seen) = read(&archive).unwrap();
            assert_eq!(image.kind, ImageKind::OciLayout);
            assert_eq!(image.name.as_deref(), Some("latest"));
            assert_eq!(image.digest, manifest["digest"].as_str().unwrap());
            assert_eq!(image.layers[0].digest, sha256(&stored));
            assert_eq!(image.layers[0].diff_id, sha256(&tar));
            assert_eq!(image.layers[0].created_by.as_deref(), Some("step 0"));
            assert_eq!(list(&image, &seen), "/etc/\n/etc/issue = hello");
        }
    }
}

#[test]
fn both_manifests_mean_the_layout() {
    let tar = layer("x");
    let mut layout = Layout::default();
    let manifest = layout.image("amd64", &[(&tar, &tar)]);
    layout.top(&[manifest]);
    layout.0.insert("manifest.json".to_owned(), b"[]".to_vec());
    assert_eq!(read(&layout.tar()).unwrap().0.kind, ImageKind::OciLayout);
}

fn platforms() -> Layout {
    let mut layout = Layout::default();
    let mut manifests = Vec::new();
    for (architecture, variant) in [
        ("arm64", Some("v8")),
        ("arm", Some("v7")),
        ("amd64", None),
        ("amd64", None),
    ] {
        let tar = layer(&format!("{architecture} {}", manifests.len()));
        let mut manifest = layout.image(architecture, &[(&tar, &tar)]);
        manifest["platform"] = json!({"os": "linux", "architecture": architecture, "variant": variant});
        manifests.push(manifest);
        let mut attestation = layout.blob("application/vnd.oci.image.manifest.v1+json", b"{\"layers\": []}");
        attestation["platform"] = json!({"os": "unknown", "architecture": "unknown"});
        attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        manifests.insert(0, attestation);
    }
    let inner = layout.index(&manifests);
    let outer = layout.index(&[inner.clone(), inner]);
    layout.top(&[outer]);
    layout
}

#[test]
fn one_platform_of_many() {
    let archive = platforms().tar();
    let (image, seen) = read(&archive).unwrap();
    assert_eq!(image.platform.as_ref().unwrap().to_string(), "linux/amd64");
    assert!(list(&image, &seen).contains("amd64"));
    assert!(
        image.notes[0]
            .reason
            .contains("an earlier one is for the same platform"),
        "{:?}",
        image.notes
    );
    let mut options = ReadOptions::default();
    for (asked, found) in [
        ("linux/arm64", "arm64"),
        ("linux/arm64/v8", "arm64"),
        ("linux/arm/v7", "arm "),
    ] {
        options.platform = Some(asked.parse().unwrap());
        let (image, seen) = read_with(&archive, &options).unwrap();
        assert!(list(&image, &seen).contains(found), "{asked}");
        assert_eq!(image.notes, []);
    }
    for asked in ["linux/riscv64", "linux/arm/v6", "windows/amd64"] {
        options.platform = Some(asked.parse().unwrap());
        let error = read_with(&archive, &options).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "platform: {asked} is not in the image, which has linux/amd64, linux/arm/v7, linux/arm64/v8"
            )
        );
    }
}

#[test]
fn a_platform_may_be_told_by_the_configuration_alone() {
    let mut layout = Layout::default();
    let (one, two) = (layer("s390x"), layer("amd64"));
    let manifests = [
        layout.image("s390x", &[(&one, &one)]),
        layout.image("amd64", &[(&two, &two)]),
    ];
    layout.top(&manifests);
    assert_eq!(
        read(&layout.tar()).unwrap().0.platform.unwrap().architecture,
        "amd64"
    );
    let mut options = ReadOptions::default();
    options.platform = Some("linux/s390x".parse().unwrap());
    assert_eq!(
        read_with(&layout.tar(), &options)
            .unwrap()
            .0
            .platform
            .unwrap()
            .architecture,
        "s390x"
    );
    // An archive with one image for another platform than the usual one is read without being asked.
    layout.top(&manifests[..1]);
    assert_eq!(
        read(&layout.tar()).unwrap().0.platform.unwrap().architecture,
        "s390x"
    );
}

#[test]
fn platforms_that_were_not_saved_do_not_count() {
    let mut layout = platforms();
    let tar = layer("only");
    let mut there = layout.image("arm64", &[(&tar, &tar)]);
    there["platform"] = json!({"os": "linux", "architecture": "arm64"});
    let absent = json!({"digest": format!("sha256:{}", "0".repeat(64)), "size": 1, "mediaType": "",
                        "platform": {"os": "linux", "architecture": "amd64"}});
    layout.top(&[absent.clone(), there]);
    assert_eq!(
        read(&layout.tar()).unwrap().0.platform.unwrap().architecture,
        "arm64"
    );
    layout.top(&[absent]);
    assert!(
        fails(&layout.tar())
            .to_string()
            .contains("the manifest is missing")
    );
}

#[test]
fn artifacts_beside_an_image_are_noted() {
    let tar = layer("x");
    let mut layout = Layout::default();
    let config = layout.blob("application/vnd.oci.empty.v1+json", b"{}");
    let artifact = json!({"artifactType": "application/vnd.example.sbom", "config": config, "layers": []});
    let artifact = layout.blob(
        "application/vnd.oci.image.manifest.v1+json",
        artifact.to_string().as_bytes(),
    );
    let image = layout.image("s390x", &[(&tar, &tar)]);
    layout.top(&[artifact.clone(), image]);
    let (image, _) = read(&layout.tar()).unwrap();
    assert_eq!(image.platform.unwrap().architecture, "s390x");
    assert_eq!(image.notes[0].place, artifact["digest"].as_str().unwrap());
    layout.top(&[artifact]);
    assert!(
        fails(&layout.tar())
            .to_string()
            .contains("no manifest of an image")
    );
}

#[test]
fn several_tags_in_a_layout() {
    let mut layout = Layout::default();
    let mut tops = Vec::new();
    for name in ["1", "2"] {
        let tar = layer(name);
        let mut manifest = layout.image("amd64", &[(&tar, &tar)]);
        manifest["annotations"] = json!({"org.opencontainers.image.ref.name": name,
                                         "io.containerd.image.name": format!("registry.example/app:{name}")});
        tops.push(manifest);
    }
    layout.top(&tops);
    let (image, seen) = read(&layout.tar()).unwrap();
    assert_eq!(image.name.as_deref(), Some("registry.example/app:1"));
    assert_eq!(
        image.notes[0].reason,
        "image registry.example/app:2 is not read: the first one is"
    );
    assert!(list(&image, &seen).ends_with("= 1"));
    let mut options = ReadOptions::default();
    for asked in ["2", "registry.example/app:2", tops[1]["digest"].as_str().unwrap()] {
        options.reference = Some(asked.to_owned());
        let (image, seen) = read_with(&layout.tar(), &options).unwrap();
        assert!(list(&image, &seen).ends_with("= 2"), "{asked}");
        assert_eq!(image.notes, []);
    }
}

#[test]
fn a_foreign_layer_that_is_elsewhere_is_noted() {
    let tar = layer("mine");
    let mut layout = Layout::default();
    let base = json!({"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": 7,
                      "digest": format!("sha256:{}", "1".repeat(64)), "urls": ["https://files.example/base"]});
    let mine = layout.blob(LAYER, &gzip(&tar));
    let config = json!({"os": "windows", "architecture": "amd64",
                        "rootfs": {"diff_ids": [format!("sha256:{}", "2".repeat(64)), sha256(&tar)]}});
    let manifest = layout.manifest(&config, &[base, mine]);
    layout.top(&[manifest]);
    let (image, seen) = read(&layout.tar()).unwrap();
    assert_eq!(list(&image, &seen), "/etc/\n/etc/issue = mine");
    assert_eq!(image.layers.len(), 2);
    assert!(image.layers[0].digest.ends_with("1111") && image.layers[0].diff_id.ends_with("2222"));
    assert_eq!(image.view.iter().next().unwrap().1.layer, 1);
    assert!(
        image.notes[0].reason.contains("https://files.example/base"),
        "{:?}",
        image.notes
    );
}

#[test]
fn a_history_that_does_not_fit_is_noted_and_not_guessed_at() {
    let tar = layer("x");
    let mut layout = Layout::default();
    let stored = layout.blob(LAYER, &tar);
    let config = json!({"history": [{"created_by": "a"}, {"created_by": "b"}], "rootfs": {"diff_ids": [sha256(&tar)]}});
    let manifest = layout.manifest(&config, &[stored]);
    layout.top(&[manifest]);
    let (image, _) = read(&layout.tar()).unwrap();
    assert_eq!(image.layers[0].created_by, None);
    assert_eq!(image.config.unwrap().history, ["a", "b"]);
    assert!(image.notes[0].reason.contains("history"), "{:?}", image.notes);
}

#[test]
fn an_image_without_layers_is_an_image() {
    let (image, _) = read(&oci(&[])).unwrap();
    assert!(image.view.is_empty() && image.layers.is_empty() && image.notes.is_empty());
}

#[test]
fn what_is_no_image() {
    let tar = Tar::default().file("README", "hello").end();
    for archive in [tar.clone(), gzip(&tar), Vec::new(), vec![0; 4096]] {
        assert!(matches!(
            fails(&archive),
            Error::Unsupported { what: "target", .. }
        ));
    }
    assert!(
        fails(b"just some text, longer than nothing")
            .to_string()
            .contains("truncated in a header")
    );
    assert!(fails(&[b'x'; 600]).to_string().contains("not a tar header"));
    assert!(matches!(
        fails(b"BZh91AY&SY123456789"),
        Error::Unsupported {
            what: "compression",
            ..
        }
    ));
}
