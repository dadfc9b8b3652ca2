//! The command line as a user meets it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../data")
        .join(name)
        .to_string_lossy()
        .into_owned()
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn hullmark(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hullmark"))
        .args(arguments)
        .stdin(Stdio::null())
        .env("COLUMNS", "120")
        .output()
        .unwrap()
}

#[track_caller]
fn stdout(output: &Output, status: i32) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(&hullmark(arguments), 0)).unwrap()
}

#[test]
fn the_demonstration_shows_what_is_wrong_in_plain_text() {
    let output = hullmark(&["scan"]);
    let text = stdout(&output, 0);
    for part in [
        "minimist 0.0.8",
        "CVE-2021-44906",
        "fixed in 0.2.4",
        "malicious package",
        "Coverage",
        "S = ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(
        !text.contains('\u{1b}'),
        "no colours where standard output is no terminal"
    );
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_demonstration_as_json_has_every_promised_field() {
    let report = json(&["scan", "--format", "json"]);
    assert_eq!(report["schema"], "hullmark.report/1");
    for pointer in [
        "/target/kind",
        "/target/name",
        "/target/digest",
        "/packages/0/name",
        "/packages/0/version",
        "/packages/0/ecosystem",
        "/packages/0/purl",
        "/packages/0/locations/0/path",
        "/findings/0/id",
        "/findings/0/aliases",
        "/findings/0/package/purl",
        "/findings/0/verdict",
        "/findings/0/severity/level",
        "/findings/0/severity/source",
        "/findings/0/fixed_versions",
        "/findings/0/evidence/records/0/id",
        "/coverage/packages",
        "/coverage/judged",
        "/coverage/unknown",
        "/coverage/feeds/0/ecosystem",
        "/scores/image/value",
        "/scores/image/low",
        "/scores/image/high",
        "/scores/image/terms/0",
    ] {
        assert!(report.pointer(pointer).is_some(), "{pointer} is missing");
    }
}

#[test]
fn what_a_later_layer_removes_is_not_reported() {
    let report = json(&["scan", "--format", "json"]);
    let names: Vec<&str> = report["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("werkzeug")));
    let path_parse = report["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "path-parse")
        .unwrap();
    assert_eq!(path_parse["version"], "1.0.7");
    let hidden = report["exposures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["in_lower_layer"] == true)
        .unwrap();
    assert_eq!(hidden["location"]["path"], "/srv/app/deploy-token.txt");
}

#[test]
fn a_distribution_answers_for_the_python_package_it_owns() {
    let report = json(&["scan", "--format", "json"]);
    let owned: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["package"]["name"] == "urllib3" && f["package"]["version"] == "1.26.12")
        .collect();
    assert!(!owned.is_empty());
    for finding in owned {
        assert_eq!(finding["suppressed"]["by"], "ownership", "{finding}");
    }
}

#[test]
fn the_same_scan_gives_the_same_bytes() {
    let first = hullmark(&["scan", "--format", "json"]);
    assert_eq!(first.stdout, hullmark(&["scan", "--format", "json"]).stdout);
}

#[test]
fn a_built_database_answers_as_its_feed_does() {
    let folder = scratch("built");
    let built = folder.join("demo.hullmark");
    let built = built.to_str().unwrap();
    let (feed, image) = (data("advisories.jsonl"), data("demo.oci.tar"));
    stdout(&hullmark(&["db", "build", "-o", built, &feed]), 0);
    let from_file = hullmark(&["scan", &image, "--db", built, "--format", "json"]);
    let from_feed = hullmark(&["scan", &image, "--db", &feed, "--format", "json"]);
    assert_eq!(stdout(&from_file, 0), stdout(&from_feed, 0));
    let info = json(&["db", "info", built, "--format", "json"]);
    assert_eq!(info["records"], 64);
    assert!(stdout(&hullmark(&["db", "info", built]), 0).contains("npm"));
}

#[test]
fn a_damaged_database_is_refused() {
    let folder = scratch("damaged");
    let built = folder.join("demo.hullmark");
    stdout(
        &hullmark(&[
            "db",
            "build",
            "-o",
            built.to_str().unwrap(),
            &data("advisories.jsonl"),
        ]),
        0,
    );
    let mut bytes = std::fs::read(&built).unwrap();
    bytes[4096 + 8] ^= 1;
    std::fs::write(&built, bytes).unwrap();
    let refused = hullmark(&["match", "--db", built.to_str().unwrap(), "pkg:npm/minimist@0.0.8"]);
    stdout(&refused, 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("damaged"));
}

#[test]
fn a_report_goes_where_it_is_told() {
    let file = scratch("output").join("report.json");
    let printed = stdout(
        &hullmark(&["scan", "--format", "json", "-o", file.to_str().unwrap()]),
        0,
    );
    assert!(printed.is_empty());
    let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(report["schema"], "hullmark.report/1");
}

#[test]
fn thresholds_and_failures_have_their_own_status() {
    stdout(&hullmark(&["scan", "--fail-on", "critical"]), 1);
    let missing = hullmark(&["scan", "no-such-file.tar"]);
    stdout(&missing, 2);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no-such-file.tar"));
    stdout(&hullmark(&["scan", "--no-such-flag"]), 2);
    let garbage = scratch("garbage").join("garbage.tar");
    std::fs::write(&garbage, b"this is no image").unwrap();
    let refused = hullmark(&["scan", garbage.to_str().unwrap()]);
    stdout(&refused, 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("hullmark: "));
}

#[test]
fn one_unreadable_target_does_not_lose_the_others() {
    let output = hullmark(&[
        "scan",
        "no-such-file.tar",
        &data("demo.oci.tar"),
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_str(&stdout(&output, 2)).unwrap();
    assert_eq!(report["target"]["name"], "hullmark/demo:1");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-file.tar"));
}

#[test]
fn the_inventory_lists_packages_with_their_places() {
    let image = data("demo.oci.tar");
    let inventory = json(&["inventory", &image, "--format", "json"]);
    assert_eq!(inventory["schema"], "hullmark.inventory/1");
    let zlib = inventory["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "zlib1g")
        .unwrap();
    assert_eq!(zlib["source"]["name"], "zlib");
    assert_eq!(zlib["ecosystem"], "Debian:12");
    assert!(
        zlib["locations"][0]["layer"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
    assert!(stdout(&hullmark(&["inventory", &image]), 0).contains("zlib1g"));
}

#[test]
fn a_rootfs_folder_is_read_too() {
    let root = scratch("rootfs");
    let package = root.join("srv/node_modules/minimist");
    std::fs::create_dir_all(&package).unwrap();
    std::fs::write(
        package.join("package.json"),
        r#"{"name":"minimist","version":"0.0.8"}"#,
    )
    .unwrap();
    let report = json(&[
        "scan",
        root.to_str().unwrap(),
        "--db",
        &data("advisories.jsonl"),
        "--format",
        "json",
    ]);
    assert_eq!(report["target"]["kind"], "rootfs");
    assert_eq!(report["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn purls_are_matched_from_the_command_line_and_from_standard_input() {
    let feed = data("advisories.jsonl");
    let given = json(&["match", "--db", &feed, "pkg:npm/minimist@0.0.8"]);
    assert_eq!(given["findings"].as_array().unwrap().len(), 2);
    let mut child = Command::new(env!("CARGO_BIN_EXE_hullmark"))
        .args(["match", "--db", &feed])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        b"# a comment\npkg:npm/minimist@0.0.8\n\nnonsense\r\npkg:npm/caf\xe9@1\n",
    )
    .unwrap();
    let piped: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(piped["findings"], given["findings"]);
    let unknown = piped["coverage"]["unknown"].as_array().unwrap();
    let places: Vec<&str> = unknown
        .iter()
        .filter_map(|unknown| unknown["path"].as_str())
        .collect();
    assert_eq!(places, ["nonsense", "not UTF-8: pkg:npm/caf\\xe9@1"]);
}

#[test]
fn what_is_wrong_is_told_in_one_line_that_a_terminal_shows_as_it_is() {
    let folder = scratch("hostile");
    let manifest = r#"[{"Config": "c\u001b[31m\nhullmark: all is well", "Layers": []}]"#;
    std::fs::write(folder.join("manifest.json"), manifest).unwrap();
    let refused = hullmark(&["inventory", &folder.to_string_lossy()]);
    assert_eq!(refused.status.code(), Some(2));
    let line = String::from_utf8(refused.stderr).unwrap();
    assert!(
        line.starts_with("hullmark: ") && line.contains("hostile"),
        "{line:?}"
    );
    assert!(
        line.contains("c\\u{1b}[31m\\nhullmark: all is well: the configuration is missing\n"),
        "{line:?}"
    );
    assert_eq!(line.lines().count(), 1, "{line:?}");
}

#[test]
fn explain_says_why_and_why_not() {
    let feed = data("advisories.jsonl");
    let yes = stdout(
        &hullmark(&[
            "explain",
            "--db",
            &feed,
            "pkg:npm/minimist@0.0.8",
            "CVE-2021-44906",
        ]),
        0,
    );
    assert!(yes.contains("0.0.8 < 0.2.4"), "{yes}");
    let no = stdout(
        &hullmark(&[
            "explain",
            "--db",
            &feed,
            "pkg:npm/minimist@1.2.6",
            "CVE-2021-44906",
        ]),
        0,
    );
    assert!(no.contains("not affected"), "{no}");
}

#[test]
fn versions_compare_as_their_ecosystems_do() {
    for (scheme, left, right, answer) in [
        ("deb", "1.0~rc1", "1.0", "<\n"),
        ("pypi", "1.0", "1.0.0", "=\n"),
        ("rpm", "1:1-1", "2-1", ">\n"),
    ] {
        assert_eq!(
            stdout(&hullmark(&["version", "compare", scheme, left, right]), 0),
            answer
        );
    }
    let refused = hullmark(&["version", "compare", "deb", "not a version", "1"]);
    stdout(&refused, 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not a version"));
}

#[test]
fn help_shows_examples() {
    assert!(stdout(&hullmark(&["scan", "--help"]), 0).contains("Examples:"));
}
