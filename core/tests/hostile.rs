//! Images whose files are made to deceive, to exhaust or to crash: what can be told is told, of the rest there is
//! a note, and what stands beside it is never lost.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails must say so"
)]

#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared with the tests of images"
)]
#[path = "images/build.rs"]
mod build;

use std::io::{Cursor, Write};

use build::{Layout, Tar, gzip, oci};
use hullmark::report::{Report, Style};
use hullmark::{ScanOptions, scan_image};

/// Scans an image with one layer of these files, and a package that must be found whatever they are.
#[track_caller]
fn scan(layer: Tar) -> Report {
    scan_with(layer, &ScanOptions::default())
}

#[track_caller]
fn scan_with(layer: Tar, options: &ScanOptions) -> Report {
    let layer = layer
        .file(
            "srv/node_modules/minimist/package.json",
            "{\"name\": \"minimist\", \"version\": \"0.0.8\"}",
        )
        .end();
    let report = scan_image("hostile", Cursor::new(oci(&[layer])), None, options).unwrap();
    assert!(
        names(&report).contains(&"minimist 0.0.8".to_owned()),
        "{:?}",
        notes(&report)
    );
    report
}

fn names(report: &Report) -> Vec<String> {
    let packages = report.inventory.packages.iter();
    packages
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}

fn notes(report: &Report) -> Vec<String> {
    let unknown = report.coverage.unknown.iter();
    unknown
        .map(|unknown| {
            format!(
                "{}: {}",
                unknown.path.as_deref().unwrap_or_default(),
                unknown.reason
            )
        })
        .collect()
}

fn bytes(tar: Tar, name: &str, body: &[u8]) -> Tar {
    tar.entry(b'0', name.as_bytes(), b"", 0o644, body)
}

fn jar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut output);
    for (name, content) in entries {
        let (mut entry, config) = writer
            .new_file(name)
            .compression_method(rawzip::CompressionMethod::DEFLATE)
            .start()
            .unwrap();
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut data = config.wrap(encoder);
        data.write_all(content).unwrap();
        let (encoder, descriptor) = data.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    writer.finish().unwrap();
    output
}

const PACKAGE: &str = "Package: a\nStatus: install ok installed\nVersion: 1\n\n";

#[test]
fn a_note_for_each_and_no_lost_neighbour() {
    let deep = format!("{{\"name\": \"a\", \"version\": {}", "[".repeat(100_000));
    let node = "app/node_modules/a/package.json";
    let status = "var/lib/dpkg/status";
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("etc/os-release", b"NAME=x\n".to_vec(), ""),
        (
            status,
            PACKAGE.into(),
            "/etc/os-release: no such file: packages of dpkg without an ecosystem: 1",
        ),
        (
            status,
            [PACKAGE, "Package: b\nStatus: install ok inst"].concat().into(),
            "line 5: b: unknown state \"inst\"",
        ),
        (node, deep.into(), "not a package.json: EOF"),
        (
            "a.jar",
            b"PK\x05\x06".iter().copied().chain([0; 18]).collect(),
            "/a.jar: no pom.properties",
        ),
        ("a.jar", Vec::new(), "/a.jar: not a zip archive"),
        ("a-1.dist-info/METADATA", b"\xff\xfe\0\0".to_vec(), ""),
        (
            "specifications/a-1.gemspec",
            vec![0xff; 1000],
            "not a gem specification: no name",
        ),
        ("bin/a", [&b"\x7fELF\x02\x01\x01"[..], &[0xff; 200]].concat(), ""),
        (
            "lib/apk/db/installed",
            b"P:a\nV:1\nX\n".to_vec(),
            "line 3: not a field: \"X\"",
        ),
        (
            "META-INF/maven/g/a/pom.properties",
            b"version=${x}".to_vec(),
            "version is not filled in",
        ),
        (".env", b"PASSWORD=\xff\x1b[31m".to_vec(), ""),
    ];
    for (name, content, note) in cases {
        let report = scan(bytes(Tar::default(), name, &content));
        let notes = notes(&report);
        assert!(
            note.is_empty() || notes.iter().any(|found| found.contains(note)),
            "{name}: {notes:?}"
        );
        report.to_json();
    }
    let report = scan(
        Tar::default()
            .file("etc/os-release", "NAME=x\n")
            .file(status, PACKAGE),
    );
    assert!(
        notes(&report)
            .contains(&"/etc/os-release: no ID: packages of dpkg without an ecosystem: 1".to_owned())
    );
    assert!(names(&report).contains(&"a 1".to_owned()));
}

#[test]
fn names_that_are_not_text_are_shown_and_reach_no_terminal() {
    let evil = "1\u{1b}[31m\u{202e}\r\n";
    let manifest = serde_json::json!({"name": "evil", "version": evil}).to_string();
    let report = scan(
        bytes(
            Tar::default(),
            "app/node_modules/evil/package.json",
            manifest.as_bytes(),
        )
        .entry(b'0', b"caf\xe9\x1b[31m.jar", b"", 0o644, b"x"),
    );
    assert!(names(&report).contains(&format!("evil {evil}")));
    assert!(notes(&report).contains(&"/caf\\xe9\\u{1b}[31m.jar: not a zip archive".to_owned()));
    let text = report.to_text(Style::default());
    assert!(
        !text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')),
        "{text:?}"
    );
}

#[test]
fn ids_of_advisories_reach_no_terminal() {
    use hullmark::database::{Database, DatabaseBuilder};
    let record = r#"{"id": "A\u001b[31m", "modified": "2020-01-01T00:00:00Z", "summary": "\u001b[2J",
        "affected": [{"package": {"ecosystem": "npm", "name": "minimist"}, "versions": ["0.0.8"]}]}"#;
    let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
    builder.add("feed", record.as_bytes()).unwrap();
    let database = Database::from_bytes(builder.finish().unwrap().0).unwrap();
    let layer = Tar::default()
        .file(
            "srv/node_modules/minimist/package.json",
            "{\"name\": \"minimist\", \"version\": \"0.0.8\"}",
        )
        .end();
    let image = Cursor::new(oci(&[layer]));
    let report = scan_image("x", image, Some(&database), &ScanOptions::default()).unwrap();
    let text = report.to_text(Style::default());
    assert!(
        text.contains("A\\u{1b}[31m") && !text.contains('\u{1b}'),
        "{text:?}"
    );
}

#[test]
fn a_sparse_archive_of_gigabytes_is_read_as_far_as_it_tells_something() {
    let sparse = Tar::default()
        .pax(
            b'x',
            &[("GNU.sparse.size", b"2147483648"), ("GNU.sparse.map", b"0,1")],
        )
        .file("app/big.jar", "x")
        .pax(
            b'x',
            &[("GNU.sparse.size", b"2147483648"), ("GNU.sparse.map", b"0,1")],
        )
        .file("app/node_modules/a/package.json", "{");
    let mut options = ScanOptions::default();
    options.reading.limits.file_bytes = 1 << 20;
    let notes = notes(&scan_with(sparse, &options));
    assert!(
        notes.iter().any(|note| note.starts_with("/app/big.jar: ")),
        "{notes:?}"
    );
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("/app/node_modules/a/package.json: not examined")),
        "{notes:?}"
    );
}

#[test]
fn a_folder_of_apk_is_not_repeated_without_end() {
    let folder = "d/".repeat(1000);
    let database = format!("P:a\nV:1\nF:{folder}\n{}\nP:b\nV:2\n", "R:x\n".repeat(100_000));
    let mut options = ScanOptions::default();
    options.reading.limits.file_bytes = 1 << 20;
    let report = scan_with(Tar::default().file("lib/apk/db/installed", &database), &options);
    let names = names(&report);
    assert!(
        names.contains(&"a 1".to_owned()) && names.contains(&"b 2".to_owned()),
        "{names:?}"
    );
    assert!(
        notes(&report)
            .iter()
            .any(|note| note.contains("files of \"a\" are too long"))
    );
}

#[test]
fn a_list_of_one_long_path_ends() {
    let folder = "d/".repeat(1000);
    let metadata = format!("{folder}a-1.dist-info/METADATA");
    let record = format!("{folder}a-1.dist-info/RECORD");
    let layer = Tar::default()
        .pax(b'x', &[("path", metadata.as_bytes())])
        .file("x", "Name: a\nVersion: 1\n")
        .pax(b'x', &[("path", record.as_bytes())])
        .file("x", &"a-1.dist-info/METADATA\n".repeat(40_000));
    let mut options = ScanOptions::default();
    options.reading.limits.entries = 20_000;
    let report = scan_with(layer, &options);
    let package = report
        .inventory
        .packages
        .iter()
        .find(|package| package.name == "a")
        .unwrap();
    assert_eq!(package.files.len(), 1);
    assert!(
        notes(&report)
            .iter()
            .any(|note| note.contains("pass the limit of entries"))
    );
}

#[test]
fn what_is_found_in_one_file_does_not_fill_the_memory() {
    let start = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
    let end = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
    for (line, most) in [("dep\ta\tv1\n", 2000), ("dep\n", 1)] {
        let modules = [&start[..], line.repeat(60_000).as_bytes(), b"\n", end].concat();
        let mut info = b"\xff Go buildinf:\x08\x02".to_vec();
        info.resize(32, 0);
        info.extend(b"\x06go1.21");
        let mut length = modules.len();
        while length > 0x7f {
            info.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        info.push(length as u8);
        info.extend(modules);
        // An ELF file of one writable segment.
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        elf.extend(b"\x02\0\x3e\0\x01\0\0\0");
        elf.extend([[0; 8], 64u64.to_le_bytes(), [0; 8]].concat());
        elf.extend(b"\0\0\0\0\x40\0\x38\0\x01\0\x40\0\0\0\0\0");
        elf.extend(b"\x01\0\0\0\x06\0\0\0");
        let size = info.len() as u64;
        for word in [128, 0x1000, 0x1000, size, size, 4096] {
            elf.extend(u64::to_le_bytes(word));
        }
        elf.resize(128, 0);
        elf.extend(info);
        let mut options = ScanOptions::default();
        options.reading.limits.file_bytes = 1 << 20;
        let layer = Tar::default().file("srv/node_modules/first/package.json", "{\"version\": \"1\"}");
        let layer = bytes(layer, "bin/a", &elf);
        let report = scan_image("x", Cursor::new(oci(&[layer.end()])), None, &options).unwrap();
        let names = names(&report);
        assert!(
            names.contains(&"first 1".to_owned()) && names.contains(&"stdlib 1.21.0".to_owned()),
            "{names:?}"
        );
        assert!(report.inventory.packages.len() < 10);
        let notes = notes(&report);
        assert!(
            notes.len() < 50
                && notes
                    .iter()
                    .any(|note| note.contains("too much") || note.contains("more like")),
            "{most}: {notes:?}"
        );
    }
}

#[test]
fn names_without_end_cost_no_time() {
    // Sections of an ELF file that are all called by one text.
    let (sections, names) = (60_000u32, 4 << 20);
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(16, 0);
    elf.extend(b"\x02\0\x3e\0\x01\0\0\0");
    elf.extend([[0; 16].as_slice(), &64u64.to_le_bytes()].concat());
    elf.extend(b"\0\0\0\0\x40\0\0\0\0\0\x40\0");
    elf.extend((sections as u16).to_le_bytes());
    elf.extend(b"\x01\0");
    for section in 0..sections {
        let (kind, at, size) = match section {
            1 => (3u32, 64 + 64 * u64::from(sections), names as u64),
            _ => (1, 0, 0),
        };
        elf.extend([0u32, kind].map(u32::to_le_bytes).concat());
        elf.extend([0, 0, at, size, 0, 0, 0].map(u64::to_le_bytes).concat());
    }
    elf.resize(elf.len() + names, b'a');

    // Names in Java archives that are looked at part by part.
    let dots = format!("Bundle-SymbolicName: {}x\n", ".".repeat(200_000));
    let dotted = jar(&[("META-INF/MANIFEST.MF", dots.as_bytes())]);
    let dashed = jar(&[("META-INF/MANIFEST.MF", b"A: b\n")]);
    let name = format!("a-1-x{}.jar", "-1.0-x".repeat(9000));
    let slashes = format!("x=\\{}\n{}", "\\".repeat(120_000), "\\\n".repeat(60_000));
    let nested = jar(&[
        ("x-1.jar", &dotted),
        (&name, &dashed),
        ("META-INF/maven/g/a/pom.properties", slashes.as_bytes()),
        ("META-INF/maven/g/b/pom.properties", b"version=2\n"),
    ]);

    // Lines of keys that go on for ever.
    let keys = "-----BEGIN PRIVATE KEY-----: \n".repeat(30_000);

    let layer = bytes(bytes(Tar::default(), "bin/a", &elf), "a.jar", &nested).file("keys.txt", &keys);
    let report = scan(layer);
    assert!(names_of(&report, "java-archive").contains(&"g:b 2".to_owned()));
    assert!(
        notes(&report)
            .iter()
            .any(|note| note.contains("longer than a path may be"))
    );
}

fn names_of(report: &Report, found_by: &str) -> Vec<String> {
    let packages = report
        .inventory
        .packages
        .iter()
        .filter(|package| package.found_by == found_by);
    packages
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}

#[test]
fn indexes_of_many_images_are_read_in_one_pass() {
    let tar = Tar::default().file("a", "").end();
    let mut layout = Layout::default();
    let image = layout.image("amd64", &[(&tar, &gzip(&tar))]);
    let called = |mut descriptor: serde_json::Value, name: &str| {
        descriptor["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": name});
        descriptor
    };
    let mut top = vec![called(image, "a")];
    for number in 0..20_000 {
        let other = serde_json::json!({"digest": format!("sha256:{number:064x}"), "size": 1});
        top.push(called(other, if number % 2 == 0 { "a" } else { "b" }));
    }
    layout.top(&top);
    scan_image("x", Cursor::new(layout.tar()), None, &ScanOptions::default()).unwrap();

    // Manifests that share a configuration which is long to read.
    let mut layout = Layout::default();
    let config =
        serde_json::json!({"os": "linux", "architecture": "amd64", "x": "y".repeat(1 << 20)}).to_string();
    let config = layout.blob("application/vnd.oci.image.config.v1+json", config.as_bytes());
    let mut top = Vec::new();
    for number in 0..500 {
        let manifest =
            serde_json::json!({"config": config, "layers": [], "annotations": {"n": number.to_string()}});
        top.push(layout.blob(
            "application/vnd.oci.image.manifest.v1+json",
            manifest.to_string().as_bytes(),
        ));
    }
    layout.top(&top);
    scan_image("x", Cursor::new(layout.tar()), None, &ScanOptions::default()).unwrap();
}

#[test]
fn a_feed_of_many_releases_costs_no_more_than_its_length() {
    use hullmark::database::{Database, DatabaseBuilder};
    let feed: String = (0..30_000)
        .map(|number| {
            format!(
                "{{\"id\": \"A-{number}\", \"modified\": \"2020-01-01T00:00:00Z\", \"affected\": [{{\"package\": \
                 {{\"ecosystem\": \"npm:{number}\", \"name\": \"a\"}}, \"versions\": [\"1\"]}}]}}\n"
            )
        })
        .collect();
    let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
    builder.add("feed", feed.as_bytes()).unwrap();
    let database = Database::from_bytes(builder.finish().unwrap().0).unwrap();
    let report = hullmark::match_purls(["pkg:npm/a@1.0.0"], &database);
    assert_eq!(report.inventory.packages.len(), 1);
}

#[test]
fn a_layer_that_ends_in_a_file_is_named_with_it() {
    let layer = Tar::default()
        .file("app/node_modules/a/package.json", &"{".repeat(5000))
        .end();
    let image = |layer: &[u8]| {
        let archive = Tar::default()
            .file("manifest.json", r#"[{"Config": "c", "Layers": ["l"]}]"#)
            .file("c", "{}");
        Cursor::new(bytes(archive, "l", layer).end())
    };
    let fails = |layer: &[u8]| {
        let error = scan_image("x", image(layer), None, &ScanOptions::default()).unwrap_err();
        error.to_string()
    };
    let place = "/app/node_modules/a/package.json in layer l: truncated: ";
    let error = fails(&layer[..3000]);
    assert!(error.starts_with(&format!("tar: {place}")), "{error}");
    let packed = gzip(&layer);
    let error = fails(&packed[..packed.len() - 20]);
    assert!(error.contains("layer l: truncated: "), "{error}");
    let mut options = ScanOptions::default();
    options.reading.limits.unpacked_bytes = 4000;
    let error = scan_image("x", image(&packed), None, &options).unwrap_err();
    assert!(
        matches!(
            error,
            hullmark::Error::Limit {
                what: "unpacked_bytes",
                ..
            }
        ),
        "{error}"
    );
}
