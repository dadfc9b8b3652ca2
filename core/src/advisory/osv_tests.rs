use super::*;

fn with_notes(json: &str) -> (Advisory<'_>, Vec<String>) {
    let mut notes = Notes::default();
    let record = read("feed.json", json, &mut notes).unwrap();
    let notes = notes
        .kept
        .into_iter()
        .map(|note| format!("{}: {}", note.place, note.reason))
        .collect();
    (record, notes)
}

fn clean(json: &str) -> Advisory<'_> {
    let (record, notes) = with_notes(json);
    assert_eq!(notes, [""; 0]);
    record
}

fn error(json: &str) -> String {
    read("feed.json", json, &mut Notes::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_whole_record() {
    let record = clean(
        r#"{"id":"X-1","modified":"2024-01-02T03:04:05Z","published":"2024-01-01T00:00:00Z","new":[1],
            "aliases":["CVE-2","CVE-1","CVE-2"],"upstream":["U-1"],"related":["R-1"],"summary":" One line ",
            "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"},{"type":"Ubuntu","score":"medium"}],
            "database_specific":{ "severity":"HIGH", "x": "a b" },
            "affected":[{"package":{"ecosystem":"npm","name":"left","purl":"pkg:npm/left"},
              "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"},{"limit":"*"}]}],
              "versions":["0.2","0.1"],"severity":[{"type":"CVSS_V2","score":"AV:N"}],
              "ecosystem_specific":{"a":1},"database_specific":{"informational":"unsound"}}]}"#,
    );
    assert_eq!(record.aliases, ["CVE-1", "CVE-2"]);
    assert_eq!(
        (record.upstream, record.related),
        (vec!["U-1".into()], vec!["R-1".into()])
    );
    assert_eq!(record.summary.as_deref(), Some("One line"));
    assert_eq!(record.severities[1], ("Ubuntu".into(), "medium".into()));
    assert_eq!(record.severity_word.as_deref(), Some("HIGH"));
    assert_eq!(
        record.database_specific.as_deref(),
        Some(r#"{"severity":"HIGH","x":"a b"}"#)
    );
    let entry = &record.affected[0];
    assert_eq!(entry.package, Some(("npm".into(), "left".into())));
    assert_eq!(entry.ranges[0].kind, RangeKind::Semver);
    assert_eq!(
        entry.ranges[0].events,
        [
            (EventKind::Introduced, "0".into()),
            (EventKind::Fixed, "1.0.0".into()),
            (EventKind::Limit, "*".into())
        ]
    );
    assert_eq!(entry.versions, ["0.1", "0.2"]);
    assert_eq!(entry.severities, [("CVSS_V2".into(), "AV:N".into())]);
    assert_eq!(entry.informational.as_deref(), Some("unsound"));
    assert_eq!(entry.ecosystem_specific.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!(entry.unreadable, None);
    assert!(!record.malicious && record.withdrawn.is_none());
}

#[test]
fn what_makes_no_record() {
    assert!(error("{").contains("EOF"));
    assert!(error("[]").contains("the record is a list, not an object"));
    assert!(error("null").contains("null"));
    assert!(error("{}").contains("/id is missing"));
    assert!(error(r#"{"id":7}"#).contains("/id is a number, not a string"));
    assert!(error(r#"{"id":""}"#).contains("/id is empty"));
}

#[test]
fn depth_costs_the_record_or_nothing_but_no_stack() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let record = |member: &str| format!(r#"{{"id":"X","modified":"m","{member}":{deep}}}"#);
    for member in ["unknown", "details", "summary", "database_specific"] {
        assert_eq!(clean(&record(member)).id, "X");
    }
    let json = record("aliases");
    assert_eq!(
        with_notes(&json).1,
        ["feed.json: X: /aliases/0: is a list, not a string"]
    );
    let json = format!(
        r#"{{"id":"X","affected":{}}}"#,
        r#"[{"package":{"name":"#.repeat(50_000)
    );
    assert!(error(&json).starts_with("osv: feed.json: "));
}

#[test]
fn a_wrong_type_costs_one_member() {
    let (record, notes) = with_notes(
        r#"{"id":"X","modified":1,"withdrawn":true,"aliases":"CVE-1","upstream":[1,"U"],"severity":"HIGH",
            "affected":[7,null,{"package":"p"},{"package":{"name":"n"}},
              {"package":{"ecosystem":"E","name":"ok"},"versions":["1",2]}]}"#,
    );
    assert_eq!(record.upstream, ["U"]);
    let kept: Vec<_> = record
        .affected
        .iter()
        .map(|entry| (entry.index, entry.package.is_some()))
        .collect();
    assert_eq!(kept, [(2, false), (3, false), (4, true)]);
    assert_eq!(record.affected[2].versions, ["1"]);
    assert_eq!(
        record.affected[2].unreadable.as_deref(),
        Some("/affected/4/versions/1 is a number, not a string")
    );
    assert_eq!(
        notes,
        [
            "feed.json: X: /modified: is a number, not a string",
            "feed.json: X: /modified: is missing",
            "feed.json: X: /withdrawn: is a boolean, not a string",
            "feed.json: X: /aliases: is a string, not a list",
            "feed.json: X: /upstream/0: is a number, not a string",
            "feed.json: X: /severity: is a string, not a list",
            "feed.json: X: /affected/0: is a number, not an object",
            "feed.json: X: /affected/1: is null, not an object",
            "feed.json: X: /affected/2/package: is a string, not an object",
            "feed.json: X: /affected/3/package: has no ecosystem or no name: no package is found by this entry",
            "feed.json: X: /affected/4/versions/1: is a number, not a string",
        ]
    );
}

#[test]
fn lost_ranges_and_events_are_remembered() {
    let ranges = |json: &str| {
        let json = format!(
            r#"{{"id":"X","modified":"m","affected":[{{"package":{{"ecosystem":"E","name":"n"}},"ranges":{json}}}]}}"#
        );
        let (record, notes) = with_notes(&json);
        let entry = &record.affected[0];
        let damaged: Vec<_> = entry
            .ranges
            .iter()
            .map(|range| (range.index, range.damaged))
            .collect();
        (damaged, entry.unreadable.clone().unwrap_or_default(), notes.len())
    };
    // Seen in a published Photon record.
    assert_eq!(
        ranges(r#"{"type":"ECOSYSTEM","events":[]}"#),
        (
            vec![],
            "/affected/0/ranges is an object, not a list".to_owned(),
            1
        )
    );
    // Seen in a record of the first schema draft.
    assert_eq!(
        ranges(r#"[{"type":"ECOSYSTEM","events":[{"type":"INTRODUCED","value":"1"}]}]"#),
        (
            vec![(0, true)],
            "/affected/0/ranges/0/events/0 is none of introduced, fixed, last_affected, limit".to_owned(),
            1
        )
    );
    assert_eq!(
        ranges(r#"[1,{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":2}]}]"#),
        (
            vec![(1, true)],
            "/affected/0/ranges/0 is a number, not an object; /affected/0/ranges/1/events/1/fixed is a number, not a string"
                .to_owned(),
            2
        )
    );
    assert_eq!(
        ranges(r#"[{"type":"SEMVER","events":[{"fixed":"1","introduced":"0","limit":null}]}]"#),
        (vec![(0, false)], String::new(), 0)
    );
}

#[test]
fn several_keys_in_one_event_are_several_events() {
    let record = clean(
        r#"{"id":"X","modified":"m","affected":[{"ranges":[{"type":"GIT","repo":"r","events":[{"fixed":"b","introduced":"a"}]}]}]}"#,
    );
    assert_eq!(
        record.affected[0].ranges[0].events,
        [
            (EventKind::Introduced, "a".into()),
            (EventKind::Fixed, "b".into())
        ]
    );
    assert_eq!(record.affected[0].package, None);
}

#[test]
fn malicious_by_id_alias_origin_or_weakness() {
    assert!(clean(r#"{"id":"MAL-2024-1","modified":"m"}"#).malicious);
    assert!(clean(r#"{"id":"LWA-1","modified":"m","aliases":["MAL-2024-1"]}"#).malicious);
    let origins = r#"{"id":"GHSA-1","modified":"m","database_specific":{"malicious-packages-origins":[]}}"#;
    assert!(clean(origins).malicious);
    let weakness =
        |cwe| format!(r#"{{"id":"GHSA-1","modified":"m","database_specific":{{"cwe_ids":["{cwe}"]}}}}"#);
    assert!(clean(&weakness("CWE-506")).malicious);
    assert!(!clean(&weakness("CWE-79")).malicious);
    assert!(!clean(r#"{"id":"NORMAL-1","modified":"m"}"#).malicious);
}

#[test]
fn a_summary_is_taken_from_the_details() {
    let summary = |members: &str| {
        clean(&format!(r#"{{"id":"X","modified":"m",{members}}}"#))
            .summary
            .unwrap_or_default()
    };
    assert_eq!(summary(r#""summary":"s","details":"d""#), "s");
    assert_eq!(
        summary(r#""summary":"","details":"\n \n first \nsecond""#),
        "first"
    );
    assert_eq!(
        summary(&format!(r#""details":"{}""#, "ä".repeat(300))),
        "ä".repeat(200) + "…"
    );
    // A lone surrogate makes a text unreadable, not the record.
    assert_eq!(summary(r#""summary":"\ud800""#), "");
}
