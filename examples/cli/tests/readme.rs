//! Every command in README.md runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;
use std::process::Command;

/// Commands that are not run here: they are the test itself, or need what only the reader has.
const LEFT_OUT: &[&str] = &[
    "make test",
    "docker save",
    "cargo add",
    "cargo bench",
    "cargo test",
    "git clone",
];

#[test]
fn every_command_of_the_readme_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    std::fs::create_dir_all(root.join("target")).unwrap();
    let mut run = 0;
    for command in readme
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .flat_map(str::lines)
    {
        let command = command.split('#').next().unwrap_or_default().trim();
        if command.is_empty() || LEFT_OUT.iter().any(|start| command.starts_with(start)) {
            continue;
        }
        let rest = command
            .strip_prefix("cargo run --release -- ")
            .or_else(|| command.strip_prefix("hullmark "))
            .unwrap_or_else(|| panic!("the test does not know how to run {command:?}"));
        let output = Command::new(env!("CARGO_BIN_EXE_hullmark"))
            .args(rest.split_whitespace().map(|word| word.trim_matches('\'')))
            .current_dir(&root)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        run += 1;
    }
    assert!(run >= 5, "README.md shows {run} commands");
}

#[test]
fn the_screen_of_the_readme_is_the_demonstration() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let screen = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hullmark"))
        .arg("scan")
        .env("COLUMNS", "110")
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let shown: Vec<&str> = output.lines().collect();
    for line in screen.lines().filter(|line| *line != "…") {
        assert!(shown.contains(&line), "{line:?} is not in\n{output}");
    }
}
