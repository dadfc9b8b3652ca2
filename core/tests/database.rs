//! The database through its public face: what goes in comes out, in any order and from any container,
//! and no bytes can do harm.

// Clippy excuses functions marked as tests, but not those they share.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use hullmark::database::{BuildReport, Candidate, Database, DatabaseBuilder, EventKind, RangeKind};
use hullmark::ecosystem::Ecosystem;
use hullmark::version::Scheme;
use hullmark::{Error, Limits};
use proptest::prelude::*;

const FULL: &str = r#"{
    "schema_version": "1.7.0", "id": "EX-2024-1", "modified": "2024-02-01T00:00:00Z",
    "published": "2024-01-01T00:00:00Z", "aliases": ["CVE-2024-2", "CVE-2024-1"],
    "upstream": ["UP-1"], "related": ["EX-2024-9"], "summary": "Left pads right",
    "details": "never read",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
                 {"type": "Ubuntu", "score": "medium"}],
    "affected": [
        {"package": {"ecosystem": "npm", "name": "left", "purl": "pkg:npm/left"},
         "ranges": [{"type": "SEMVER", "events": [{"fixed": "2.5.0"}, {"introduced": "2.0.0"},
                                                  {"fixed": "1.2.3"}, {"introduced": "0"}]},
                    {"type": "GIT", "repo": "https://git.example/left", "events": [{"introduced": "b0"}, {"limit": "a1"}]}],
         "versions": ["3.0.0", "3.0.0-rc.1"],
         "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
         "ecosystem_specific": {"imports": [ {"path": "a b"} ]},
         "database_specific": {"informational": "unsound", "x": 1}},
        {"package": {"ecosystem": "Debian:12", "name": "left"},
         "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1.0-1"}]}]},
        {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}
    ],
    "database_specific": {"severity": "HIGH"}
}"#;

fn build(feeds: &[(&str, &[u8])]) -> (Vec<u8>, BuildReport) {
    let mut builder = DatabaseBuilder::new(Limits::default());
    for (name, bytes) in feeds {
        builder.add(name, bytes).unwrap();
    }
    builder.finish().unwrap()
}

fn database(feeds: &[(&str, &[u8])]) -> Database {
    let database = Database::from_bytes(build(feeds).0).unwrap();
    database.verify().unwrap();
    database
}

fn skipped(report: &BuildReport) -> Vec<String> {
    let notes = report.feeds.iter().flat_map(|feed| &feed.skipped);
    notes
        .map(|note| format!("{}: {}", note.place, note.reason))
        .collect()
}

fn events(candidate: &Candidate<'_>, range: usize) -> Vec<(EventKind, String)> {
    let range = candidate.ranges().nth(range).unwrap();
    range
        .events()
        .map(|event| (event.kind, event.version.to_owned()))
        .collect()
}

/// A record of one npm package, all of whose versions are affected.
fn record(id: &str, modified: &str, name: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"{modified}","affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}}]}}]}}]{more}}}"#
    )
}

#[test]
fn all_of_a_record_comes_back() {
    let db = database(&[("feed.json", FULL.as_bytes())]);
    let record = db.record("EX-2024-1").next().unwrap();
    assert_eq!(record.id(), "EX-2024-1");
    assert_eq!(
        (record.modified(), record.published()),
        ("2024-02-01T00:00:00Z", "2024-01-01T00:00:00Z")
    );
    assert_eq!((record.withdrawn(), record.malicious()), (None, false));
    assert_eq!(record.aliases().collect::<Vec<_>>(), ["CVE-2024-1", "CVE-2024-2"]);
    assert_eq!(record.upstream().collect::<Vec<_>>(), ["UP-1"]);
    assert_eq!(record.related().collect::<Vec<_>>(), ["EX-2024-9"]);
    assert_eq!(record.summary(), Some("Left pads right"));
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    assert_eq!(
        record.severities().collect::<Vec<_>>(),
        [("CVSS_V3", vector), ("Ubuntu", "medium")]
    );
    assert_eq!(record.severity_word(), Some("HIGH"));
    assert_eq!(record.database_specific(), Some(r#"{"severity":"HIGH"}"#));
    let places: Vec<_> = record
        .affected()
        .map(|entry| (entry.index(), entry.ecosystem(), entry.name()))
        .collect();
    assert_eq!(
        places,
        [(0, "npm", "left"), (1, "Debian:12", "left"), (2, "", "")]
    );

    let [npm] = db.candidates("npm", "left").collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert_eq!(npm.record().id(), "EX-2024-1");
    let kinds: Vec<_> = npm
        .ranges()
        .map(|range| (range.index(), range.kind(), range.sorted()))
        .collect();
    assert_eq!(kinds, [(0, RangeKind::Semver, true), (1, RangeKind::Git, false)]);
    assert_eq!(npm.versions().collect::<Vec<_>>(), ["3.0.0", "3.0.0-rc.1"]);
    assert!(npm.lists("3.0.0-rc.1") && !npm.lists("3.0.0-rc"));
    assert_eq!(
        npm.severities().collect::<Vec<_>>(),
        [("CVSS_V2", "AV:N/AC:L/Au:N/C:P/I:P/A:P")]
    );
    assert_eq!(npm.informational(), Some("unsound"));
    assert_eq!(npm.unreadable(), None);
    assert_eq!(npm.ecosystem_specific(), Some(r#"{"imports":[{"path":"a b"}]}"#));
    assert_eq!(
        npm.database_specific(),
        Some(r#"{"informational":"unsound","x":1}"#)
    );

    let [debian] = db.candidates("Debian:12", "left").collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert_eq!(debian.index(), 1);
    assert_eq!(
        events(&debian, 0),
        [
            (EventKind::Introduced, "0".to_owned()),
            (EventKind::LastAffected, "1.0-1".to_owned())
        ]
    );
    assert_eq!(
        (debian.informational(), debian.ecosystem_specific()),
        (None, None)
    );
    assert_eq!((debian.versions().len(), debian.severities().count()), (0, 0));

    // Related ids are not a way to a record; aliases and upstream ids are.
    let found = |id: &str| {
        db.record(id)
            .map(|record| record.id().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("CVE-2024-1"), ["EX-2024-1"]);
    assert_eq!(found("UP-1"), ["EX-2024-1"]);
    assert_eq!(found("EX-2024-9"), [""; 0]);

    // No package is filed under what an entry without package has.
    assert_eq!(db.candidates("", "").count(), 0);
    assert_eq!(
        db.candidates("npm", "LEFT").count() + db.candidates("Debian:11", "left").count(),
        0
    );
    assert_eq!(db.candidates("npmleft", "").count(), 0);

    let feeds: Vec<_> = db
        .feeds()
        .map(|feed| (feed.ecosystem, feed.records, feed.newest))
        .collect();
    let newest = "2024-02-01T00:00:00Z";
    assert_eq!(feeds, [("Debian:12", 1, newest), ("npm", 1, newest)]);
    let info = db.info();
    assert_eq!(
        (info.records, info.withdrawn, info.entries, info.packages),
        (1, 0, 3, 2)
    );
    assert!(
        info.digest.starts_with("sha256:") && info.digest.len() == 71,
        "{}",
        info.digest
    );
}

#[test]
fn events_are_put_in_order_with_keys_that_compare() {
    let json = r#"{"id":"X","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[
        {"type":"SEMVER","events":[{"limit":"*"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"introduced":"0"},{"last_affected":"1.0.0"}]},
        {"type":"SEMVER","events":[{"fixed":"1.0.0"}]}]}]}"#;
    let db = database(&[("feed.json", json.as_bytes())]);
    let entry = db.candidates("npm", "p").next().unwrap();
    let range = entry.ranges().next().unwrap();
    let mut keys = Vec::new();
    let order: Vec<_> = range
        .events()
        .map(|event| {
            keys.extend(event.key);
            (event.kind, event.version, event.key.is_some())
        })
        .collect();
    assert_eq!(
        order,
        [
            (EventKind::Introduced, "0", true),
            (EventKind::LastAffected, "1.0.0", true),
            (EventKind::Introduced, "2.0.0", true),
            (EventKind::Fixed, "2.0.0", true),
            (EventKind::Limit, "*", false),
        ]
    );
    let key = |version| {
        let mut key = Vec::new();
        Scheme::Semver.key(version, &mut key).unwrap();
        key
    };
    assert_eq!(keys, [vec![], key("1.0.0"), key("2.0.0"), key("2.0.0")]);
    assert!(range.has_introduced());
    assert!(!entry.ranges().nth(1).unwrap().has_introduced());
}

#[test]
fn withdrawn_records_are_shown_but_never_candidates() {
    let gone = record(
        "GONE",
        "2024-01-01T00:00:00Z",
        "p",
        r#","withdrawn":"2024-03-01T00:00:00Z""#,
    );
    let live = record("LIVE", "2024-01-01T00:00:00Z", "p", "");
    let db = database(&[("a", gone.as_bytes()), ("b", live.as_bytes())]);
    let ids: Vec<_> = db
        .candidates("npm", "p")
        .map(|entry| entry.record().id())
        .collect();
    assert_eq!(ids, ["LIVE"]);
    let gone = db.record("GONE").next().unwrap();
    assert_eq!(gone.withdrawn(), Some("2024-03-01T00:00:00Z"));
    assert_eq!(
        gone.affected().map(|entry| entry.name()).collect::<Vec<_>>(),
        ["p"]
    );
    assert_eq!(db.info().withdrawn, 1);
}

#[test]
fn names_are_found_folded_and_shown_as_published() {
    let json =
        r#"{"id":"X","modified":"m","affected":[{"package":{"ecosystem":"PyPI","name":"Zope.Interface"}}]}"#;
    let db = database(&[("feed.json", json.as_bytes())]);
    let folded = Ecosystem::parse("PyPI")
        .unwrap()
        .fold("Zope.Interface")
        .into_owned();
    let entry = db.candidates("PyPI", &folded).next().unwrap();
    assert_eq!(
        (entry.name(), entry.folded_name()),
        ("Zope.Interface", folded.as_str())
    );
}

#[test]
fn candidates_come_by_record_and_entry() {
    let twice = r#"{"id":"B","modified":"m","affected":[{"package":{"ecosystem":"E","name":"p"}},{"package":{"ecosystem":"E","name":"p"}}]}"#;
    let once = twice.replace("\"B\"", "\"A\"");
    let db = database(&[("1", twice.as_bytes()), ("2", once.as_bytes())]);
    let order: Vec<_> = db
        .candidates("E", "p")
        .map(|entry| (entry.record().id(), entry.index()))
        .collect();
    assert_eq!(order, [("A", 0), ("A", 1), ("B", 0), ("B", 1)]);
}

#[test]
fn the_record_itself_comes_before_its_aliases() {
    let record = |id: &str, alias: &str| format!(r#"{{"id":"{id}","modified":"m","aliases":["{alias}"]}}"#);
    let feed = [record("A", "M"), record("M", "Z"), record("Z", "M")].join("\n");
    let db = database(&[("feed", feed.as_bytes())]);
    let found: Vec<_> = db.record("M").map(|record| record.id()).collect();
    assert_eq!(found, ["M", "A", "Z"]);
}

#[test]
fn an_empty_database_is_one() {
    let (bytes, report) = build(&[]);
    assert_eq!(report.records, 0);
    let db = Database::from_bytes(bytes).unwrap();
    db.verify().unwrap();
    assert_eq!(
        db.candidates("npm", "left").count() + db.record("X").count() + db.feeds().count(),
        0
    );
}

#[test]
fn of_one_id_the_newest_then_the_longest_counts() {
    let whole = record("X", "2024-01-01T00:00:00Z", "whole", "");
    let fraction = record("X", "2024-01-01T00:00:00.5Z", "fraction", "");
    let longer = record(
        "X",
        "2024-01-01T00:00:00.5Z",
        "fraction",
        r#","aliases":["CVE-1"]"#,
    );
    let feeds = [
        ("a", whole.as_bytes()),
        ("b", fraction.as_bytes()),
        ("c", longer.as_bytes()),
        ("d", longer.as_bytes()),
    ];
    let (bytes, report) = build(&feeds);
    let db = Database::from_bytes(bytes.clone()).unwrap();
    assert_eq!(db.record("X").next().unwrap().aliases().count(), 1);
    assert_eq!(report.records, 1);
    let repeated: Vec<_> = report
        .feeds
        .iter()
        .map(|feed| (feed.records, feed.repeated))
        .collect();
    assert_eq!(repeated, [(1, 1), (1, 1), (1, 0), (1, 1)]);
    assert_eq!(
        skipped(&report),
        [
            r#"a: X: another record of this id, modified "2024-01-01T00:00:00.5Z", is used instead"#,
            r#"b: X: another record of this id, modified "2024-01-01T00:00:00.5Z", is used instead"#
        ]
    );
    let reversed: Vec<_> = feeds.iter().rev().copied().collect();
    assert_eq!(build(&reversed), (bytes, report));
}

/// Writes zips, wrong ones too.
#[derive(Default)]
struct Zip {
    members: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    fn member(self, name: &str, content: &[u8]) -> Self {
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(content).unwrap();
        let packed = packed.finish().unwrap();
        self.raw(name, &packed, content.len(), rawzip::crc32(content), 8, 0)
    }

    fn raw(mut self, name: &str, packed: &[u8], size: usize, crc: u32, method: u16, flags: u16) -> Self {
        let mut shared = Vec::new();
        for field in [20_u16, flags, method, 0, 0] {
            shared.extend(field.to_le_bytes());
        }
        for field in [crc, packed.len() as u32, size as u32] {
            shared.extend(field.to_le_bytes());
        }
        shared.extend((name.len() as u16).to_le_bytes());
        shared.extend(0_u16.to_le_bytes());
        let offset = self.members.len() as u32;
        self.members.extend(b"PK\x03\x04");
        self.members.extend(&shared);
        self.members.extend(name.as_bytes());
        self.members.extend(packed);
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(&shared);
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
        self
    }

    fn finish(self) -> Vec<u8> {
        let (offset, size) = (self.members.len() as u32, self.directory.len() as u32);
        let mut zip = self.members;
        zip.extend(self.directory);
        zip.extend(b"PK\x05\x06\0\0\0\0");
        zip.extend(self.count.to_le_bytes());
        zip.extend(self.count.to_le_bytes());
        zip.extend(size.to_le_bytes());
        zip.extend(offset.to_le_bytes());
        zip.extend(0_u16.to_le_bytes());
        zip
    }
}

#[test]
fn one_bad_member_of_a_zip_costs_only_itself() {
    let good = |id: &str| record(id, "2024-01-01T00:00:00Z", "p", "");
    let plain = good("STORED");
    let deep = format!(
        r#"{{"id":"DEEP","affected":{}"#,
        r#"[{"package":{"name":"#.repeat(50_000)
    );
    let zip = Zip::default()
        .member("A.json", good("A").as_bytes())
        .member("folder/", b"")
        .member("README.md", b"# not a record")
        .member("empty.json", b"")
        .member("cut.json", b"{\"id\": \"CUT\",")
        .member("deep.json", deep.as_bytes())
        .member("latin.json", b"{\"id\": \"\xe4\"}")
        .raw("locked.json", b"123456789012", 12, 0, 8, 1)
        .raw("bad-crc.json", plain.as_bytes(), plain.len(), 7, 0, 0)
        .raw("bad-size.json", plain.as_bytes(), plain.len() + 1, 7, 0, 0)
        .raw("bad-data.json", b"\xff\xff\xff", 10, 0, 8, 0)
        .raw("liar.json", b"\x03\x00", 30_000_000, 0, 8, 0)
        .raw("giant.json", b"\x03\x00", u32::MAX as usize - 1, 0, 8, 0)
        .raw("bzip2.json", b"BZh9", 10, 0, 12, 0)
        .raw(
            "stored.json",
            plain.as_bytes(),
            plain.len(),
            rawzip::crc32(plain.as_bytes()),
            0,
            0,
        )
        .member(
            "lines.json",
            format!("{}\nnonsense\n\n{}\n", good("L1"), good("L2")).as_bytes(),
        )
        .member(
            "list.json",
            format!("[{},7,{}]", good("M1"), good("M2")).as_bytes(),
        )
        .member("Z.json", good("Z").as_bytes())
        .finish();
    let (bytes, report) = build(&[("all.zip", &zip)]);
    let db = Database::from_bytes(bytes).unwrap();
    db.verify().unwrap();
    let ids: Vec<_> = db
        .candidates("npm", "p")
        .map(|entry| entry.record().id())
        .collect();
    assert_eq!(ids, ["A", "L1", "L2", "M1", "M2", "STORED", "Z"]);
    assert_eq!(report.feeds[0].records, 7);
    let notes = skipped(&report);
    for (note, expected) in notes.iter().zip([
        "all.zip/README.md: neither a zip nor JSON: starts with \"# not a record\"",
        "all.zip/empty.json: neither a zip nor JSON: starts with \"\"",
        "all.zip/cut.json: EOF while parsing",
        "all.zip/deep.json: EOF while parsing",
        "all.zip/latin.json: invalid utf-8 sequence",
        "all.zip/locked.json: is encrypted",
        "all.zip/bad-crc.json: is damaged: its CRC-32 is wrong",
        "all.zip/bad-size.json: is damaged: ",
        "all.zip/bad-data.json: is damaged: ",
        "all.zip/liar.json: is damaged: states 30000000 bytes for 2 packed ones",
        "all.zip/giant.json: 4294967294 bytes pass the limit of 33554432 for a record",
        "all.zip/bzip2.json: is packed by",
        "all.zip/lines.json:2: expected",
        "all.zip/list.json/1: the record is a number, not an object",
    ]) {
        assert!(note.starts_with(expected), "{note}");
    }
    assert_eq!(notes.len(), 14, "{notes:#?}");
}

#[test]
fn containers_make_no_difference() {
    let records: Vec<_> = (0..20)
        .map(|n| {
            record(
                &format!("X-{n}"),
                "2024-01-01T00:00:00Z",
                &format!("p{}", n % 7),
                "",
            )
        })
        .collect();
    let lines = records.join("\n");
    let list = format!("\u{feff} [{}]\n", records.join(",\n"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(lines.as_bytes()).unwrap();
    let zip = records.iter().enumerate();
    let zip = zip.fold(Zip::default(), |zip, (n, json)| {
        zip.member(&format!("{n}.json"), json.as_bytes())
    });
    let (bytes, _) = build(&[("lines", lines.as_bytes())]);
    assert_eq!(build(&[("list", list.as_bytes())]).0, bytes);
    assert_eq!(build(&[("gzip", &gzip.finish().unwrap())]).0, bytes);
    let zip = zip.finish();
    assert_eq!(
        build(&[("zip", &zip), ("zip again", &zip), ("lines", lines.as_bytes())]).0,
        bytes
    );
}

#[test]
fn a_list_that_breaks_off_keeps_what_came_before() {
    let feed = format!("[{},{{\"id\":", record("A", "2024-01-01T00:00:00Z", "p", ""));
    let (_, report) = build(&[("list.json", feed.as_bytes())]);
    assert_eq!(report.records, 1);
    assert_eq!(
        skipped(&report),
        ["list.json/1: EOF while parsing a value at line 1 column 167; what follows is lost"]
    );
}

#[test]
fn what_is_no_feed_is_refused() {
    let mut builder = DatabaseBuilder::new(Limits::default());
    let mut error = |bytes: &[u8]| builder.add("feed", bytes).unwrap_err();
    assert_eq!(
        error(b"hello").to_string(),
        "feed: feed: neither a zip nor JSON: starts with \"hello\""
    );
    assert!(matches!(error(b""), Error::Format { .. }));
    assert!(matches!(
        error(b"PK\x03\x04 and nothing"),
        Error::Format { format: "zip", .. }
    ));
    assert!(matches!(error(b"\x1f\x8b\x08 broken"), Error::Io { .. }));
    builder.add("empty.zip", &Zip::default().finish()).unwrap();
    let (_, report) = builder.finish().unwrap();
    assert_eq!(report.feeds.len(), 1);
    assert_eq!(skipped(&report), ["empty.zip: holds no record"]);
}

#[test]
fn a_gzip_bomb_ends_at_the_limit() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::copy(&mut std::io::repeat(b' ').take(40 << 20), &mut gzip).unwrap();
    let mut limits = Limits::default();
    limits.record_bytes = 1 << 20;
    let error = DatabaseBuilder::new(limits)
        .add("bomb", &gzip.finish().unwrap())
        .unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_input_makes_no_difference(order in Just((0..30).collect::<Vec<u32>>()).prop_shuffle(), cut in 0..30_usize) {
        // Ten ids, three times each, with equal and different times and contents.
        let json = |n: &u32| {
            let time = format!("2024-01-0{}T00:00:00Z", 1 + n % 2);
            record(&format!("X-{}", n % 10), &time, &format!("p{}", n % 4), &format!(r#","aliases":["CVE-{}"]"#, n / 10))
        };
        let feed = |order: &[u32]| format!("[{}]", order.iter().map(json).collect::<Vec<_>>().join(","));
        let sorted: Vec<u32> = (0..30).collect();
        let (expected, _) = build(&[("all", feed(&sorted).as_bytes())]);
        let (one, two) = order.split_at(cut);
        let (bytes, report) = build(&[("one", feed(one).as_bytes()), ("two", feed(two).as_bytes())]);
        prop_assert!(bytes == expected);
        prop_assert_eq!(report.records, 10);
    }
}

/// Reads all that can be reached.
fn walk(db: &Database) -> usize {
    let entry = |entry: Candidate<'_>| {
        let events = entry
            .ranges()
            .map(|range| range.events().count() + range.index())
            .sum::<usize>();
        let texts = [
            entry.informational(),
            entry.unreadable(),
            entry.ecosystem_specific(),
            entry.database_specific(),
        ];
        events
            .wrapping_add(entry.versions().map(str::len).sum())
            .wrapping_add(usize::from(entry.lists("1.0.0")))
            .wrapping_add(
                entry.severities().count() + texts.into_iter().flatten().map(str::len).sum::<usize>(),
            )
            .wrapping_add(entry.name().len() + entry.ecosystem().len() + entry.record().id().len())
    };
    let mut sum = db.feeds().count();
    for record in db.records().take(1_000) {
        let texts = [
            record.withdrawn(),
            record.summary(),
            record.severity_word(),
            record.database_specific(),
        ];
        sum = sum
            .wrapping_add(texts.into_iter().flatten().map(str::len).sum())
            .wrapping_add(
                record
                    .aliases()
                    .chain(record.upstream())
                    .chain(record.related())
                    .map(str::len)
                    .sum(),
            )
            .wrapping_add(record.severities().count() + record.modified().len() + record.published().len())
            .wrapping_add(usize::from(record.malicious()))
            .wrapping_add(record.affected().map(entry).fold(0, usize::wrapping_add));
    }
    for name in ["left", "p0", "p1", "p2", "p3", "nothing"] {
        sum = sum.wrapping_add(db.candidates("npm", name).map(entry).fold(0, usize::wrapping_add));
    }
    for id in ["EX-2024-1", "CVE-2024-1", "X-3", "CVE-9"] {
        sum = sum.wrapping_add(db.record(id).map(|record| record.id().len()).sum());
    }
    sum
}

/// A small generator, so that a failing mutation can be told by its number.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn damaged_files_end_in_errors_or_answers_and_never_in_a_panic() {
    let many: Vec<_> = (0..40)
        .map(|n| {
            record(
                &format!("X-{n}"),
                "2024-01-01T00:00:00Z",
                &format!("p{}", n % 4),
                r#","aliases":["CVE-9"]"#,
            )
        })
        .collect();
    let (file, _) = build(&[("full", FULL.as_bytes()), ("many", many.join("\n").as_bytes())]);
    let whole = walk(&Database::from_bytes(file.clone()).unwrap());
    assert!(whole > 0);
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut told = 0;
    for round in 0..10_000 {
        let mut bytes = file.clone();
        let length = bytes.len() as u64;
        match round % 4 {
            0 => bytes.truncate((next(&mut state) % length) as usize),
            // Behind the header, which opening does not look at.
            1 | 2 => {
                for _ in 0..=next(&mut state) % 8 {
                    let at = 4096 + next(&mut state) % (length - 4096);
                    bytes[at as usize] ^= 1 << (next(&mut state) % 8);
                }
            }
            // In the header, whose checksum an attacker would correct.
            _ => {
                let at = 16 + next(&mut state) % 560;
                bytes[at as usize] = next(&mut state) as u8;
                let sum = twox_hash::XxHash3_64::oneshot(&bytes[..4088]);
                bytes[4088..4096].copy_from_slice(&sum.to_le_bytes());
            }
        }
        let changed = bytes != file;
        match Database::from_bytes(bytes) {
            Err(error) => assert!(matches!(error, Error::Database { .. }), "round {round}: {error}"),
            Ok(db) => {
                walk(&db);
                let verified = db.verify();
                told += usize::from(verified.is_err());
                // Digest, minor version and reserved bytes of the header may be anything.
                if round % 4 != 3 && changed {
                    assert!(verified.is_err(), "round {round}");
                }
            }
        }
    }
    assert!(told > 4_000, "{told}");
}

#[test]
fn a_changed_header_is_told_when_opened() {
    let (file, _) = build(&[("full", FULL.as_bytes())]);
    for (at, expected) in [
        (0, "magic"),
        (16, "format version"),
        (30, "header"),
        (200, "header"),
        (4095, "header"),
    ] {
        let mut bytes = file.clone();
        bytes[at] ^= 0x40;
        let error = Database::from_bytes(bytes).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("database: {expected}")),
            "{at}: {error}"
        );
    }
    let mut longer = file;
    longer.push(0);
    assert!(
        Database::from_bytes(longer)
            .unwrap_err()
            .to_string()
            .contains("cut off or padded")
    );
}

#[cfg(feature = "fs")]
#[test]
#[allow(clippy::disallowed_methods)]
fn a_file_is_mapped() {
    let (file, _) = build(&[("full", FULL.as_bytes())]);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mapped.db");
    std::fs::write(&path, &file).unwrap();
    let db = Database::open(&path).unwrap();
    assert_eq!(db.candidates("npm", "left").count(), 1);
    assert_eq!(db.digest(), Database::from_bytes(file).unwrap().digest());
    assert!(matches!(
        Database::open(path.with_extension("none")),
        Err(Error::Io { .. })
    ));
}

/// The public exports beside the project, if they are here.
#[allow(clippy::disallowed_methods)]
fn shared_zips() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/advisories/osv"
    ));
    let mut zips = Vec::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path().join("all.zip");
        zips.push((path.display().to_string(), std::fs::read(path).ok()?));
    }
    Some(zips)
}

#[test]
fn published_records_are_found_with_all_they_say() {
    let Some(zips) = shared_zips() else {
        eprintln!("skipped: shared data is not here");
        return;
    };
    let mut builder = DatabaseBuilder::new(Limits::default());
    for (name, bytes) in &zips {
        builder.add(name, bytes).unwrap();
    }
    let (file, report) = builder.finish().unwrap();
    let db = Database::from_bytes(file).unwrap();
    db.verify().unwrap();

    let mut state = 42;
    let (mut records, mut entries) = (0, 0);
    for (name, bytes) in &zips {
        let archive = rawzip::ZipArchive::from_slice(bytes).unwrap();
        let mut members = archive.entries();
        while let Some(member) = members.next_entry().unwrap() {
            // Of small feeds all, of large ones a sample.
            if archive.entries_hint() > 50 && !next(&mut state).is_multiple_of(20) {
                continue;
            }
            let data = archive.get_entry(member.wayfinder()).unwrap();
            let mut json = Vec::new();
            flate2::read::DeflateDecoder::new(data.data())
                .read_to_end(&mut json)
                .unwrap();
            let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
            records += 1;
            entries += compare(&db, &value, name);
        }
    }
    assert!(records > 3_000 && entries > 6_000, "{records} {entries}");
    let taken: u64 = report.feeds.iter().map(|feed| feed.records - feed.repeated).sum();
    assert_eq!((taken, db.info().records), (report.records, report.records));
}

/// Compares a record with what was published; gives the number of entries.
fn compare(db: &Database, value: &serde_json::Value, zip: &str) -> usize {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let id = text(&value["id"]);
    let record = db.record(&id).next().unwrap_or_else(|| panic!("{zip}: {id}"));
    assert_eq!(record.id(), id);
    assert_eq!(record.modified(), text(&value["modified"]), "{id}");
    assert_eq!(
        record.withdrawn().unwrap_or_default(),
        text(&value["withdrawn"]),
        "{id}"
    );
    for alias in list(&value["aliases"]) {
        assert!(db.record(&text(&alias)).any(|found| found.id() == id), "{id}");
    }
    let ratings: Vec<_> = record
        .severities()
        .map(|(kind, score)| (kind.to_owned(), score.to_owned()))
        .collect();
    let published: Vec<_> = list(&value["severity"])
        .iter()
        .map(|s| (text(&s["type"]), text(&s["score"])))
        .collect();
    assert_eq!(ratings, published, "{id}");

    let affected = list(&value["affected"]);
    for (index, entry) in affected.iter().enumerate() {
        let (ecosystem, name) = (
            text(&entry["package"]["ecosystem"]),
            text(&entry["package"]["name"]),
        );
        let candidate = if ecosystem.is_empty() || record.withdrawn().is_some() {
            record
                .affected()
                .find(|candidate| candidate.index() == index)
                .unwrap()
        } else {
            let folded =
                Ecosystem::parse(&ecosystem).map_or(name.clone(), |known| known.fold(&name).into_owned());
            let mut found = db.candidates(&ecosystem, &folded);
            let this =
                |candidate: &Candidate<'_>| candidate.record().id() == id && candidate.index() == index;
            found
                .find(this)
                .unwrap_or_else(|| panic!("{id} {index} {ecosystem} {name}"))
        };
        assert_eq!(
            (candidate.ecosystem(), candidate.name()),
            (ecosystem.as_str(), name.as_str()),
            "{id}"
        );

        let mut versions: Vec<_> = list(&entry["versions"]).iter().map(text).collect();
        versions.sort();
        versions.dedup();
        assert!(
            candidate.versions().eq(versions.iter().map(String::as_str)),
            "{id}"
        );
        assert!(versions.iter().all(|version| candidate.lists(version)), "{id}");

        let ranges = list(&entry["ranges"]);
        assert_eq!(candidate.ranges().count(), ranges.len(), "{id}");
        assert_eq!(
            candidate.unreadable().is_some(),
            entry["ranges"].is_object() || odd(&ranges),
            "{id}"
        );
        for (range, published) in candidate.ranges().zip(&ranges) {
            let mut stored = BTreeMap::new();
            for event in range.events() {
                *stored.entry((event.kind, event.version.to_owned())).or_insert(0) += 1;
            }
            let mut expected = BTreeMap::new();
            for event in list(&published["events"]) {
                for (kind, member) in [
                    (EventKind::Introduced, "introduced"),
                    (EventKind::Fixed, "fixed"),
                    (EventKind::LastAffected, "last_affected"),
                    (EventKind::Limit, "limit"),
                ] {
                    if let Some(version) = event[member].as_str() {
                        *expected.entry((kind, version.to_owned())).or_insert(0) += 1;
                    }
                }
            }
            assert_eq!(stored, expected, "{id}");
            let keys: Vec<_> = range.events().filter_map(|event| event.key).collect();
            assert!(keys.is_sorted(), "{id}");
        }
    }
    affected.len()
}

/// Events of a draft of the schema, which name no known kind.
fn odd(ranges: &[serde_json::Value]) -> bool {
    ranges.iter().any(|range| {
        range["events"]
            .as_array()
            .is_some_and(|events| events.iter().any(|e| e["value"].is_string()))
    })
}
