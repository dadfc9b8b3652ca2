//! The package URL specification's own cases.
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test reads its data, says what it skips, and stops where something is wrong"
)]

use std::path::Path;

use hullmark::Purl;
use serde_json::Value;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/purl");

#[test]
fn specification_cases() {
    if !Path::new(CASES).is_dir() {
        eprintln!("skipped: shared data is not here");
        return;
    }
    let (mut seen, mut wrong) = (0, Vec::new());
    for folder in ["spec", "types"] {
        for entry in std::fs::read_dir(Path::new(CASES).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for case in file["tests"].as_array().unwrap() {
                seen += 1;
                let answer = run(case);
                let passed = if case["expected_failure"] == true {
                    answer.is_err()
                } else {
                    answer
                        .as_ref()
                        .is_ok_and(|answer| *answer == case["expected_output"])
                };
                if !passed {
                    wrong.push(format!("{}: {case}\n  got {answer:?}", path.display()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {seen} cases differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(seen, 586);
}

fn run(case: &Value) -> hullmark::Result<Value> {
    let input = &case["input"];
    let text = |key: &str| input[key].as_str().unwrap_or_default();
    match case["test_type"].as_str().unwrap() {
        "parse" => Purl::parse_strict(input.as_str().unwrap()).map(|purl| parts(&purl)),
        "validate" => Purl::parse(input.as_str().unwrap()).map(|purl| purl.to_string().into()),
        "build" => {
            let mut builder = Purl::builder(text("type"), text("name"))
                .namespace(text("namespace"))
                .version(text("version"))
                .subpath(text("subpath"));
            for (key, value) in input["qualifiers"].as_object().into_iter().flatten() {
                builder = builder.qualifier(key, value.as_str().unwrap());
            }
            builder.build().map(|purl| purl.to_string().into())
        }
        other => panic!("unknown kind of case {other}"),
    }
}

fn parts(purl: &Purl) -> Value {
    let qualifiers: serde_json::Map<String, Value> = purl
        .qualifiers()
        .map(|(key, value)| (key.to_owned(), value.into_owned().into()))
        .collect();
    serde_json::json!({
        "type": purl.kind(),
        "namespace": purl.namespace(),
        "name": purl.name(),
        "version": purl.version(),
        "qualifiers": if qualifiers.is_empty() { Value::Null } else { qualifiers.into() },
        "subpath": purl.subpath(),
    })
}
