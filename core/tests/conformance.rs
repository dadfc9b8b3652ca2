//! Judges the engine by the public test suites of other implementations.
//!
//! `HULLMARK_CONFORMANCE=DIR cargo test --release -p hullmark --test conformance` reads every `*.json` of
//! `DIR` (else of `shared/conformance` beside the workspace) and prints what passed, file by file. A kind of
//! row is judged where [`JUDGES`] has a line for it; everything else is named and counted as skipped.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "this is a program of its own: it reads a folder that the environment names and prints a report"
)]

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hullmark::version::Scheme;
use serde_json::{Map, Value};

/// Judges one kind of row.
struct Judge {
    /// Which files: takes their `scheme`, else the name of the file (`cvss-3.1`).
    of: fn(&str) -> bool,
    /// Key of the rows in the file.
    kind: &'static str,
    /// Says what is wrong with the engine's answer; takes what `of` took, and the row.
    judge: fn(&str, &Value) -> Result<(), String>,
}

/// All that can be judged. A new kind of row is one line here and one function below.
#[rustfmt::skip]
const JUDGES: &[Judge] = &[
    Judge { of: is_version_scheme, kind: "compare", judge: compare },
    Judge { of: is_version_scheme, kind: "valid", judge: valid },
    Judge { of: is_version_scheme, kind: "invalid", judge: invalid },
];

/// The kinds of rows that settle nothing, and why.
const UNSETTLED: &[(&str, &str)] = &[
    ("compare_lenient", "the reference refuses a text"),
    ("compare_maven4_only", "holds for Maven 4 only"),
    ("compare_total", "orders by build metadata too"),
    ("disputed", "source and reference differ"),
    ("disputed_range", "source and reference differ"),
    ("disputed_valid", "source and reference differ"),
];

/// Rows that two suites of one scheme answer unlike: scheme, kind, which rows, why.
type Contradiction = (&'static str, &'static str, fn(&str) -> bool, &'static str);
const CONTRADICTIONS: &[Contradiction] = &[(
    "semver",
    "invalid",
    |text| text.starts_with('v') && Scheme::Semver.check(text).is_ok(),
    "the scheme serves Go too, whose versions start with v",
)];

fn is_version_scheme(subject: &str) -> bool {
    scheme(subject).is_ok()
}

fn scheme(subject: &str) -> Result<Scheme, String> {
    subject
        .parse()
        .map_err(|error: hullmark::Error| error.to_string())
}

fn compare(subject: &str, row: &Value) -> Result<(), String> {
    let scheme = scheme(subject)?;
    let (left, operator, right) = match row.as_array().map(Vec::as_slice) {
        Some([Value::String(left), Value::String(operator), Value::String(right)]) => (left, operator, right),
        _ => return Err("it is not of the form [a, operator, b]".to_owned()),
    };
    let wanted = match operator.as_str() {
        "<" => Ordering::Less,
        "=" => Ordering::Equal,
        ">" => Ordering::Greater,
        _ => return Err("its operator is unknown".to_owned()),
    };
    let order = |a: &str, b: &str| scheme.reference_order(a, b).map_err(|error| error.to_string());
    let mut answers = vec![
        ("order", order(left, right)?),
        ("reversed order", order(right, left)?.reverse()),
    ];
    let (mut left_key, mut right_key) = (Vec::new(), Vec::new());
    // What the reference orders without calling it a version has no key.
    if scheme.key(left, &mut left_key).is_ok() && scheme.key(right, &mut right_key).is_ok() {
        answers.push(("order of keys", left_key.cmp(&right_key)));
        answers.push((
            "order of versions",
            scheme.compare(left, right).map_err(|error| error.to_string())?,
        ));
    }
    match answers.iter().find(|(_, answer)| *answer != wanted) {
        Some((name, answer)) => Err(format!("{name} is {answer:?}")),
        None => Ok(()),
    }
}

fn valid(subject: &str, row: &Value) -> Result<(), String> {
    scheme(subject)?
        .check(text(row)?)
        .map_err(|error| error.to_string())
}

fn invalid(subject: &str, row: &Value) -> Result<(), String> {
    match scheme(subject)?.check(text(row)?) {
        Ok(()) => Err("it was accepted".to_owned()),
        Err(_) => Ok(()),
    }
}

fn text(row: &Value) -> Result<&str, String> {
    row.as_str().ok_or_else(|| "it is not a text".to_owned())
}

#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    /// How many rows were left out, by reason.
    skipped: BTreeMap<String, usize>,
}

impl Count {
    fn skip(&mut self, reason: String, rows: usize) {
        *self.skipped.entry(reason).or_default() += rows;
    }

    fn rows(&mut self, file: &str, subject: &str, judge: &Judge, rows: &[Value]) {
        for row in rows {
            let contradicted = CONTRADICTIONS.iter().find(|(of, kind, which, _)| {
                *of == subject && *kind == judge.kind && row.as_str().is_some_and(which)
            });
            if let Some((_, kind, _, reason)) = contradicted {
                self.skip(format!("{kind} ({reason})"), 1);
                continue;
            }
            match (judge.judge)(subject, row) {
                Ok(()) => self.passed += 1,
                Err(reason) => {
                    self.failed += 1;
                    println!("{file}: {} {row}: {reason}", judge.kind);
                }
            }
        }
    }

    fn file(&mut self, file: &str, content: &Map<String, Value>) {
        let name = file.strip_suffix(".json").unwrap_or(file);
        let subject = content.get("scheme").and_then(Value::as_str).unwrap_or(name);
        for (kind, rows) in content {
            let Some(rows) = rows.as_array().filter(|_| kind != "notes") else {
                continue;
            };
            if let Some((_, reason)) = UNSETTLED.iter().find(|(name, _)| name == kind) {
                self.skip(format!("{kind} ({reason})"), rows.len());
            } else if let Some(judge) = JUDGES
                .iter()
                .find(|judge| judge.kind == kind && (judge.of)(subject))
            {
                self.rows(file, subject, judge, rows);
            } else {
                self.skip(format!("{kind} (no judge for {subject})"), rows.len());
            }
        }
    }
}

fn main() -> ExitCode {
    // Cargo runs tests in the folder of their package; a relative folder is meant from the root of the workspace.
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let given = std::env::var_os("HULLMARK_CONFORMANCE").map(|folder| root.join(folder));
    let folder = given
        .clone()
        .unwrap_or_else(|| root.join("../shared/conformance"));
    let Ok(entries) = fs::read_dir(&folder) else {
        if given.is_some() {
            println!("HULLMARK_CONFORMANCE: no folder {}", folder.display());
            return ExitCode::FAILURE;
        }
        println!("skipped: no conformance data in {}", folder.display());
        return ExitCode::SUCCESS;
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();

    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for path in paths {
        let name = path
            .file_name()
            .and_then(OsStr::to_str)
            .unwrap_or_default()
            .to_owned();
        let count = if path.is_dir() {
            let mut count = Count::default();
            count.skip("folder (no judge for its files)".to_owned(), 1);
            count
        } else if path.extension() == Some(OsStr::new("json")) {
            judge_file(&name, &path)
        } else {
            continue;
        };
        let left_out: Vec<String> = count
            .skipped
            .iter()
            .map(|(what, rows)| format!("{rows} {what}"))
            .collect();
        let separator = if left_out.is_empty() { "" } else { "; skipped: " };
        println!(
            "{name} {}/{}{separator}{}",
            count.passed,
            count.passed + count.failed,
            left_out.join(", ")
        );
        passed += count.passed;
        failed += count.failed;
        skipped += count.skipped.values().sum::<usize>();
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn judge_file(name: &str, path: &Path) -> Count {
    let mut count = Count::default();
    let content = fs::read(path).map_err(|error| error.to_string());
    match content.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string())) {
        Ok(Value::Object(content)) => count.file(name, &content),
        Ok(_) => count.skip("file (not an object)".to_owned(), 1),
        Err(error) => {
            println!("{name}: {error}");
            count.failed = 1;
        }
    }
    count
}
