//! Images made to deceive, to exhaust or to crash; and damaged ones.

use std::io::{Cursor, Read};

use hullmark::image::{self, FileHeader, Inspect, ReadOptions};
use hullmark::{Error, Result};
use serde_json::json;

use crate::build::{Layout, Seen, Tar, fails, gzip, oci, read, read_with, sha256, xz, zstd};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn layer() -> Vec<u8> {
    Tar::default().file("a", "1").file("b", "2").end()
}

/// A layout with one layer, and the name of its blob.
fn one(stored: &[u8], diff_id: &str) -> (Layout, String) {
    let mut layout = Layout::default();
    let descriptor = layout.blob(LAYER, stored);
    let config = json!({"rootfs": {"diff_ids": [diff_id]}});
    let manifest = layout.manifest(&config, &[descriptor]);
    layout.top(&[manifest]);
    (layout, format!("blobs/sha256/{}", &sha256(stored)[7..]))
}

#[test]
fn a_blob_that_is_not_the_one_stated() {
    let tar = layer();
    for stored in [tar.clone(), gzip(&tar), zstd(&tar)] {
        let (mut layout, name) = one(&stored, &sha256(&tar));
        // Whether the change breaks the encoding or not.
        for at in [0, 5, stored.len() / 2, stored.len() - 1] {
            let mut changed = stored.clone();
            changed[at] ^= 1;
            layout.0.insert(name.clone(), changed);
            match fails(&layout.tar()) {
                Error::Digest { place, expected, .. } => {
                    assert_eq!(expected, sha256(&stored));
                    assert!(place.contains(&expected), "{place}");
                }
                error => panic!("{at}: {error}"),
            }
        }
        layout.0.insert(name.clone(), stored[..stored.len() - 1].to_vec());
        assert!(matches!(fails(&layout.tar()), Error::Digest { .. }));
        layout.0.insert(name, [&stored[..], b"\0"].concat());
        assert!(matches!(fails(&layout.tar()), Error::Digest { .. }));
    }
}

#[test]
fn a_layer_that_is_not_the_one_stated() {
    let tar = layer();
    for stored in [tar.clone(), gzip(&tar)] {
        let (layout, _) = one(&stored, &sha256(b"another"));
        match fails(&layout.tar()) {
            Error::Digest {
                place,
                expected,
                actual,
            } => {
                assert_eq!((expected, actual), (sha256(b"another"), sha256(&tar)));
                assert!(place.ends_with("uncompressed"), "{place}");
            }
            error => panic!("{error}"),
        }
        assert!(matches!(fails(&gzip(&layout.tar())), Error::Digest { .. }));
    }
}

#[test]
fn documents_that_are_not_the_ones_stated() {
    let (layout, _) = one(&layer(), &sha256(&layer()));
    for name in layout.0.keys().filter(|name| name.starts_with("blobs/")) {
        let mut changed = layout.clone();
        changed.0.get_mut(name).unwrap().push(b' ');
        assert!(matches!(fails(&changed.tar()), Error::Digest { .. }), "{name}");
    }
}

#[test]
fn wrong_sizes_and_counts() {
    let tar = layer();
    let mut layout = Layout::default();
    let mut descriptor = layout.blob(LAYER, &tar);
    descriptor["size"] = json!(7);
    let manifest = layout.manifest(
        &json!({"rootfs": {"diff_ids": [sha256(&tar)]}}),
        &[descriptor.clone()],
    );
    layout.top(&[manifest]);
    assert!(fails(&layout.tar()).to_string().contains("the manifest states 7"));
    descriptor["size"] = json!(tar.len());
    let manifest = layout.manifest(
        &json!({"rootfs": {"diff_ids": [sha256(&tar), sha256(&tar)]}}),
        &[descriptor],
    );
    layout.top(&[manifest]);
    assert!(
        fails(&layout.tar())
            .to_string()
            .contains("1 layers, but the configuration has 2 diff ids")
    );
}

#[test]
fn blobs_that_are_missing() {
    let (layout, name) = one(&layer(), &sha256(&layer()));
    for missing in layout.0.keys().filter(|name| name.starts_with("blobs/")) {
        let mut without = layout.clone();
        without.0.remove(missing);
        let error = fails(&without.tar()).to_string();
        assert!(
            error.contains(&missing[13..]) && error.contains("missing"),
            "{error}"
        );
        if *missing == name {
            assert!(error.contains("the layer is missing"), "{error}");
        }
    }
    let manifest = json!([{"Config": "c.json", "Layers": ["gone/layer.tar"]}]).to_string();
    let config = json!({"rootfs": {"diff_ids": [sha256(b"")]}}).to_string();
    let archive = Tar::default()
        .file("manifest.json", &manifest)
        .file("c.json", &config)
        .end();
    assert_eq!(
        fails(&archive).to_string(),
        "docker-archive: gone/layer.tar: the layer is missing"
    );
}

#[test]
fn digests_that_are_no_digests() {
    let name = "x".repeat(64);
    for digest in [
        "",
        "sha256",
        "sha256:",
        "sha256:../../etc/passwd",
        "md5:00",
        &format!("sha256:{name}"),
        &format!("sha512:{}", "0".repeat(128)),
    ] {
        let mut layout = Layout::default();
        layout.top(&[json!({"mediaType": "", "digest": digest, "size": 1})]);
        let error = fails(&layout.tar());
        assert!(
            matches!(error, Error::Format { .. } | Error::Unsupported { .. }),
            "{digest}: {error}"
        );
        assert!(error.to_string().contains(digest));
    }
}

#[test]
fn a_damaged_archive_is_an_error_wherever_it_ends() {
    let tar = Tar::default()
        .file("a", &"text ".repeat(300))
        .file("b", "2")
        .end();
    for stored in [tar.clone(), gzip(&tar), zstd(&tar), xz(&tar)] {
        for cut in 0..stored.len() {
            // In the layer, with a digest that fits.
            if stored != tar {
                let (layout, _) = one(&stored[..cut], &sha256(&tar));
                fails(&layout.tar());
            }
        }
    }
    let whole = oci(&[tar]);
    let compressed = gzip(&whole);
    // Up to the index; what follows it is the file `oci-layout` and the end marker.
    for cut in (0..whole.len() - 4 * 512 - 512).step_by(37) {
        fails(&whole[..cut]);
    }
    for cut in (0..compressed.len()).step_by(7) {
        fails(&compressed[..cut]);
    }
}

#[test]
fn bombs_end_at_the_limits() {
    let zeros = Tar::default()
        .entry(b'0', b"zeros", b"", 0o644, &vec![0; 80 << 20])
        .end();
    let stored = gzip(&zeros);
    let (layout, _) = one(&stored, &sha256(&zeros));
    let archive = layout.tar();
    let mut options = ReadOptions::default();
    assert!(read_with(&archive, &options).is_ok());
    options.limits.ratio = 100;
    for archive in [&archive, &gzip(&archive)] {
        match read_with(archive, &options).unwrap_err() {
            Error::Limit {
                place,
                what: "ratio",
                limit: 100,
            } => assert!(place.starts_with("layer sha256:"), "{place}"),
            error => panic!("{error}"),
        }
    }
    assert!(matches!(
        read_with(&gzip(&oci(&[zeros])), &options),
        Err(Error::Limit { what: "ratio", .. })
    ));
    options = ReadOptions::default();
    options.limits.unpacked_bytes = 1 << 20;
    assert!(matches!(
        read_with(&archive, &options),
        Err(Error::Limit {
            what: "unpacked_bytes",
            ..
        })
    ));
    // All layers together.
    let half = Tar::default()
        .entry(b'0', b"x", b"", 0, &vec![1; 600 << 10])
        .end();
    let other = Tar::default()
        .entry(b'0', b"y", b"", 0, &vec![1; 600 << 10])
        .end();
    assert!(read_with(&oci(std::slice::from_ref(&half)), &options).is_ok());
    assert!(matches!(
        read_with(&oci(&[half, other]), &options),
        Err(Error::Limit {
            what: "unpacked_bytes",
            ..
        })
    ));
}

#[test]
fn holes_that_are_read_count_as_unpacked() {
    let layer = Tar::default()
        .pax(
            b'x',
            &[("GNU.sparse.size", b"8000000"), ("GNU.sparse.map", b"0,1")],
        )
        .file("holes", "x")
        .end();
    let mut options = ReadOptions::default();
    options.limits.unpacked_bytes = 1 << 20;
    let mut all = Seen {
        most: Some(u64::MAX),
        ..Seen::default()
    };
    let error = image::read(Cursor::new(oci(std::slice::from_ref(&layer))), &options, &mut all).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Limit {
                what: "unpacked_bytes",
                ..
            }
        ),
        "{error}"
    );
    let mut little = Seen {
        most: Some(100),
        ..Seen::default()
    };
    image::read(Cursor::new(oci(&[layer])), &options, &mut little).unwrap();
}

#[test]
fn too_many_entries() {
    let layer = (0..20)
        .fold(Tar::default(), |tar, i| tar.file(&format!("{i}"), ""))
        .end();
    let mut options = ReadOptions::default();
    options.limits.entries = 10;
    for archive in [
        oci(std::slice::from_ref(&layer)),
        gzip(&oci(std::slice::from_ref(&layer))),
    ] {
        assert!(matches!(
            read_with(&archive, &options),
            Err(Error::Limit {
                what: "entries",
                limit: 10,
                ..
            })
        ));
    }
    // Folders that only a path mentions are entries as well.
    let deep = Tar::default()
        .pax(b'x', &[("path", "d/".repeat(1000).as_bytes())])
        .folder("x")
        .end();
    options.limits.entries = 500;
    assert!(matches!(
        read_with(&oci(&[deep]), &options),
        Err(Error::Limit { what: "entries", .. })
    ));
}

#[test]
fn documents_beyond_the_bounds() {
    let mut options = ReadOptions::default();
    options.limits.document_bytes = 1000;
    let mut layout = Layout::default();
    layout.top(&[]);
    layout.0.insert(
        "index.json".to_owned(),
        [b"[".repeat(2), b" ".repeat(2000)].concat(),
    );
    for archive in [layout.tar(), gzip(&layout.tar())] {
        assert!(matches!(
            read_with(&archive, &options),
            Err(Error::Limit {
                what: "document_bytes",
                ..
            })
        ));
    }
    for deep in [
        "[".repeat(100_000),
        "{\"manifests\":[".repeat(100_000),
        "{\"a\":".repeat(100_000),
    ] {
        layout.0.insert("index.json".to_owned(), deep.into_bytes());
        let error = fails(&layout.tar());
        assert!(matches!(error, Error::Format { .. }), "{error}");
    }
}

#[test]
fn indexes_without_end() {
    // Each names the one below twice: read naively, that is 2^20 manifests.
    let mut layout = Layout::default();
    let tar = layer();
    let mut below = layout.image("amd64", &[(&tar, &tar)]);
    for _ in 0..16 {
        below = layout.index(&[below.clone(), below]);
    }
    layout.top(&[below.clone()]);
    assert!(read(&layout.tar()).is_ok());
    below = layout.index(&[below]);
    layout.top(&[below]);
    assert!(matches!(
        fails(&layout.tar()),
        Error::Limit {
            what: "nesting",
            limit: 16,
            ..
        }
    ));
}

#[test]
fn a_document_that_is_two_things() {
    let mut layout = Layout::default();
    let both = layout.blob(
        "application/vnd.oci.image.index.v1+json",
        b"{\"manifests\": [], \"layers\": []}",
    );
    layout.top(&[both]);
    assert!(
        fails(&layout.tar())
            .to_string()
            .contains("an index and a manifest at once")
    );
    let old = layout.blob("", b"{\"schemaVersion\": 1, \"fsLayers\": []}");
    layout.top(&[old]);
    assert!(matches!(
        fails(&layout.tar()),
        Error::Unsupported { what: "manifest", .. }
    ));
}

#[test]
fn links_in_the_archive_that_lead_nowhere() {
    let config = json!({"rootfs": {"diff_ids": [sha256(b"")]}}).to_string();
    for target in ["layer.tar", "../../../../etc/passwd", "/etc/passwd"] {
        let manifest = json!([{"Config": "c.json", "Layers": ["layer.tar"]}]).to_string();
        let archive = Tar::default()
            .file("manifest.json", &manifest)
            .file("c.json", &config)
            .symlink("layer.tar", target)
            .end();
        assert!(fails(&archive).to_string().contains("the layer is missing"));
    }
}

#[test]
fn links_of_links_do_not_buy_time() {
    // Each entry walks over forty links of hundreds of parts.
    let long = "d/../".repeat(700);
    let mut layer = Tar::default().folder("d");
    for i in 0..39 {
        layer = layer
            .pax(b'x', &[("linkpath", format!("{long}l{}", i + 1).as_bytes())])
            .symlink(&format!("l{i}"), "x");
    }
    layer = layer.folder("l39");
    for i in 0..200 {
        layer = layer.file(&format!("l0/{i}"), "").symlink("again", "d");
    }
    let mut options = ReadOptions::default();
    options.limits.entries = 100_000;
    let archive = oci(&[layer.end()]);
    assert!(matches!(
        read_with(&archive, &options),
        Err(Error::Limit { what: "entries", .. })
    ));
}

#[test]
fn notes_do_not_grow_without_bound() {
    let layer = (0..12_000)
        .fold(Tar::default(), |tar, _| tar.hard_link("a", "gone"))
        .end();
    let (image, _) = read(&oci(&[layer])).unwrap();
    assert_eq!(image.notes.len(), 10_001);
    assert_eq!(image.notes.last().unwrap().reason, "2000 more notes are left out");
}

#[test]
fn an_inspector_can_end_it() {
    struct Stop;
    impl Inspect for Stop {
        fn file(&mut self, header: &FileHeader, _: &mut dyn Read) -> Result<()> {
            Err(Error::Unsupported {
                what: "file",
                text: header.path.to_string(),
            })
        }
    }
    let error = image::read(Cursor::new(oci(&[layer()])), &ReadOptions::default(), &mut Stop).unwrap_err();
    assert_eq!(error.to_string(), "file \"/a\" is not supported");
}

#[test]
fn random_damage_never_panics() {
    let tar = Tar::default()
        .folder("d")
        .pax(b'x', &[("GNU.sparse.size", b"100"), ("GNU.sparse.map", b"0,1")])
        .file("holes", "x")
        .entry(b'L', b"L", b"", 0, b"long\0")
        .symlink("x", "d")
        .hard_link("y", "d/z")
        .file("d/.wh.q", "")
        .end();
    let mut layout = Layout::default();
    let manifest = layout.image("amd64", &[(&tar, &tar)]);
    layout.top(&[manifest]);
    let archive = layout.tar();
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..300 {
        let mut damaged = archive.clone();
        for _ in 0..3 {
            let at = random(damaged.len());
            damaged[at] = random(256) as u8;
        }
        let _ = read(&damaged);
        // Past the digests: the layer alone.
        let mut layer = tar.clone();
        for _ in 0..3 {
            let at = random(layer.len());
            layer[at] = random(256) as u8;
        }
        let _ = read(&oci(&[layer]));
        // And what it is stored in.
        for mut stored in [gzip(&tar), zstd(&tar), xz(&tar)] {
            let at = random(stored.len());
            stored[at] = random(256) as u8;
            let _ = read(&one(&stored, &sha256(&tar)).0.tar());
        }
    }
}
