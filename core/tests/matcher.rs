//! Matching through the public API, on records written by hand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::needless_pass_by_value, reason = "records read as they are written")]

use hullmark::database::{Database, DatabaseBuilder};
use hullmark::finding::{Finding, FindingKind, MatchedBy, Verdict};
use hullmark::inventory::{Inventory, Package, Source};
use hullmark::matcher::{MatchOptions, Matcher, Matches, Rating, explain};
use hullmark::score::Level;
use hullmark::{Limits, Purl};
use serde_json::{Value, json};

fn database(records: &[Value]) -> Database {
    let mut builder = DatabaseBuilder::new(Limits::default());
    let mut records = records.to_vec();
    for record in &mut records {
        let record = record.as_object_mut().unwrap();
        record.entry("modified").or_insert(json!("2026-01-01T00:00:00Z"));
    }
    builder
        .add("records.json", &serde_json::to_vec(&records).unwrap())
        .unwrap();
    Database::from_bytes(builder.finish().unwrap().0).unwrap()
}

fn package(purl: &str) -> Package {
    Package::from_purl(&Purl::parse(purl).unwrap())
}

fn inventory(packages: Vec<Package>) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.packages = packages;
    inventory
}

/// A record about one package, with one entry.
fn record(id: &str, ecosystem: &str, name: &str, ranges: Value) -> Value {
    json!({"id": id, "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges}]})
}

/// One range of one interval.
fn interval(kind: &str, introduced: &str, end: Value) -> Value {
    json!([{"type": kind, "events": [{"introduced": introduced}, end]}])
}

fn fixed(version: &str) -> Value {
    interval("ECOSYSTEM", "0", json!({"fixed": version}))
}

fn matches(records: &[Value], purl: &str) -> Matches {
    Matcher::new(&database(records)).match_package(&package(purl))
}

fn one(matches: &Matches) -> &Finding {
    assert_eq!(matches.findings.len(), 1, "{matches:#?}");
    &matches.findings[0]
}

fn ids(matches: &Matches) -> Vec<&str> {
    matches
        .findings
        .iter()
        .map(|finding| finding.id.as_str())
        .collect()
}

/// The pointer and comparisons of the leading record.
fn proof(finding: &Finding) -> (&str, String) {
    let record = &finding.evidence.records[0];
    (&record.pointer, record.comparisons.join(", "))
}

#[test]
fn an_entry_is_its_versions_and_its_ranges() {
    let both = json!({"id": "X-1", "affected": [{
        "package": {"ecosystem": "npm", "name": "p"},
        "versions": ["0.9.0", "4.0.0"],
        "ranges": [
            {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.2.0"}]},
            {"type": "SEMVER", "events": [{"introduced": "2.0.0"}, {"last_affected": "2.1.0"}]},
        ],
    }]});
    let affected = [
        (
            "0.9.0",
            "/affected/0/versions",
            "0.9.0 = 0.9.0 (versions)",
            &[][..],
        ),
        ("4.0.0", "/affected/0/versions", "4.0.0 = 4.0.0 (versions)", &[]),
        (
            "1.1.0",
            "/affected/0/ranges/0",
            "1.1.0 >= 1.0.0 (introduced), 1.1.0 < 1.2.0 (fixed)",
            &["1.2.0"],
        ),
        (
            "2.1.0",
            "/affected/0/ranges/1",
            "2.1.0 >= 2.0.0 (introduced), 2.1.0 <= 2.1.0 (last_affected)",
            &[],
        ),
    ];
    for (version, pointer, comparisons, fixes) in affected {
        let matches = matches(std::slice::from_ref(&both), &format!("pkg:npm/p@{version}"));
        let finding = one(&matches);
        assert_eq!(finding.verdict, Verdict::Affected);
        assert_eq!(proof(finding), (pointer, comparisons.to_owned()));
        assert_eq!(finding.fixed_versions, fixes);
        assert_eq!((matches.judged, matches.unknown.len()), (1, 0));
    }
    for version in ["0.8.0", "1.2.0", "1.9.0", "2.1.1", "3.0.0"] {
        let matches = matches(std::slice::from_ref(&both), &format!("pkg:npm/p@{version}"));
        assert_eq!((matches.findings.len(), matches.judged), (0, 1), "{version}");
    }
}

#[test]
fn listed_versions_are_compared_by_the_scheme() {
    let listed = json!({"id": "PYSEC-1", "affected": [{
        "package": {"ecosystem": "PyPI", "name": "My.Package"},
        "versions": ["3.2"],
    }]});
    let matches = matches(&[listed], "pkg:pypi/my-package@3.2.0");
    assert_eq!(
        proof(one(&matches)),
        ("/affected/0/versions", "3.2.0 = 3.2 (versions)".to_owned())
    );
}

#[test]
fn ranges_of_commits() {
    let git = json!({"type": "GIT", "repo": "https://code.example/p", "events": [{"introduced": "0"}]});
    let entry = |versions: Value, ranges: Value| {
        json!({"id": "X-1", "affected": [{
            "package": {"ecosystem": "npm", "name": "p"}, "versions": versions, "ranges": ranges,
        }]})
    };
    let alone = matches(&[entry(json!([]), json!([git]))], "pkg:npm/p@1.0.0");
    assert_eq!(one(&alone).verdict, Verdict::Unknown);
    assert_eq!(alone.judged, 0);
    assert_eq!(
        alone.unknown[0].reason,
        "X-1: the entry has only ranges of commits, which a version cannot decide"
    );
    // The schema asks for a complete list beside commits, so that a version missing from it is clean.
    let beside_list = entry(json!(["2.0.0"]), json!([git]));
    assert_eq!(
        matches(std::slice::from_ref(&beside_list), "pkg:npm/p@1.0.0").judged,
        1
    );
    assert_eq!(
        one(&matches(&[beside_list], "pkg:npm/p@2.0.0")).verdict,
        Verdict::Affected
    );
    // And beside a range of versions commits add nothing.
    let semver = json!({"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]});
    let beside_range = entry(json!([]), json!([git, semver]));
    assert_eq!(
        matches(std::slice::from_ref(&beside_range), "pkg:npm/p@1.0.0").judged,
        1
    );
    let matches = matches(&[beside_range], "pkg:npm/p@0.9.0");
    assert_eq!(proof(one(&matches)).0, "/affected/0/ranges/1");
}

#[test]
fn one_unusable_range_hides_no_other() {
    let ranges = json!([
        {"type": "SOMETHING", "events": [{"introduced": "0"}]},
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "soon"}]},
        {"type": "SEMVER", "events": [{"fixed": "9.0.0"}]},
        {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.5.0"}]},
    ]);
    let record = record("X-1", "npm", "p", ranges);
    let hit = matches(std::slice::from_ref(&record), "pkg:npm/p@1.2.0");
    assert_eq!(one(&hit).verdict, Verdict::Affected);
    assert_eq!(proof(one(&hit)).0, "/affected/0/ranges/3");
    let open = matches(&[record], "pkg:npm/p@2.0.0");
    assert_eq!(one(&open).verdict, Verdict::Unknown);
}

#[test]
fn an_entry_without_versions_and_ranges_affects_nothing() {
    let matches = matches(&[record("X-1", "npm", "p", json!([]))], "pkg:npm/p@1.0.0");
    assert_eq!((matches.findings.len(), matches.judged), (0, 1));
}

#[test]
fn withdrawn_records_match_nothing() {
    let mut withdrawn = record("X-1", "npm", "p", fixed("9.0.0"));
    withdrawn["withdrawn"] = json!("2026-01-02T00:00:00Z");
    let matches = matches(&[withdrawn], "pkg:npm/p@1.0.0");
    assert_eq!(matches.findings.len(), 0);
}

#[test]
fn what_cannot_be_judged_is_listed() {
    let records = [
        record("X-1", "npm", "p", fixed("9.0.0")),
        record(
            "X-2",
            "npm",
            "always",
            json!([{"type": "SEMVER", "events": [{"introduced": "0"}]}]),
        ),
        record("X-3", "Debian:11", "p", fixed("9")),
    ];
    let reason = |purl: &str| {
        let matches = matches(&records, purl);
        assert_eq!((matches.judged, matches.unknown.len()), (0, 1), "{purl}");
        let verdicts: Vec<Verdict> = matches.findings.iter().map(|finding| finding.verdict).collect();
        (matches.unknown[0].reason.clone(), verdicts)
    };
    for (purl, wanted, verdicts) in [
        ("pkg:npm/p", "the package has no version", &[Verdict::Unknown][..]),
        ("pkg:npm/other", "the package has no version", &[]),
        (
            "pkg:npm/always",
            "the package has no version",
            &[Verdict::Affected],
        ),
        ("pkg:pypi/p@1.0", "the database has no feed for PyPI", &[]),
        ("pkg:generic/p@1.0", "the package has no ecosystem", &[]),
        (
            "pkg:deb/debian/p@1.0?distro=debian-12",
            "the database has no feed for Debian:12",
            &[],
        ),
        (
            "pkg:deb/debian/p@1.0",
            "the package does not say which release of Debian it is of",
            &[],
        ),
    ] {
        assert_eq!(reason(purl), (wanted.to_owned(), verdicts.to_vec()), "{purl}");
    }
    let (unreadable, verdicts) = reason("pkg:npm/p@main");
    assert!(
        unreadable.starts_with("installed version: not a semver version: \"main\""),
        "{unreadable}"
    );
    assert_eq!(verdicts, [Verdict::Unknown]);
}

#[test]
fn versions_are_read_as_records_write_them() {
    let records = [
        record(
            "GO-1",
            "Go",
            "stdlib",
            interval("SEMVER", "0", json!({"fixed": "1.20.4"})),
        ),
        record(
            "BIT-1",
            "Bitnami",
            "wordpress",
            interval("SEMVER", "0", json!({"fixed": "6.8.2"})),
        ),
    ];
    assert_eq!(ids(&matches(&records, "pkg:golang/stdlib@go1.20.3")), ["GO-1"]);
    assert_eq!(matches(&records, "pkg:golang/stdlib@go1.21rc2").judged, 1);
    assert_eq!(
        ids(&matches(&records, "pkg:bitnami/wordpress@6.8.1-7")),
        ["BIT-1"]
    );
    // A rebuild of the fixed version; and no scheme is needed for ranges of SemVer.
    let rebuilt = matches(&records, "pkg:bitnami/wordpress@6.8.2-1");
    assert_eq!((rebuilt.findings.len(), rebuilt.judged), (0, 1), "{rebuilt:?}");
}

#[test]
fn aliases_are_one_finding() {
    let mut ghsa = record("GHSA-aaaa-bbbb-cccc", "PyPI", "p", fixed("1.2.0"));
    ghsa["aliases"] = json!(["CVE-2026-1"]);
    let mut pysec = record("PYSEC-2026-1", "PyPI", "p", fixed("1.1.0"));
    pysec["aliases"] = json!(["CVE-2026-1"]);
    pysec["summary"] = json!("one line");
    let other = record("PYSEC-2026-2", "PyPI", "p", fixed("1.2.0"));
    let records = [ghsa, pysec, other];
    let agreed = matches(&records, "pkg:pypi/p@1.0.0");
    assert_eq!(ids(&agreed), ["PYSEC-2026-1", "PYSEC-2026-2"]);
    let finding = &agreed.findings[0];
    assert_eq!(finding.aliases, ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"]);
    assert_eq!(finding.fixed_versions, ["1.1.0", "1.2.0"]);
    assert_eq!(finding.summary.as_deref(), Some("one line"));
    // One record is enough; the other's different answer is shown.
    let disagreed = matches(&records, "pkg:pypi/p@1.1.5");
    let finding = &disagreed.findings[0];
    assert_eq!(
        (finding.id.as_str(), finding.verdict),
        ("GHSA-aaaa-bbbb-cccc", Verdict::Affected)
    );
    let said: Vec<_> = finding
        .evidence
        .records
        .iter()
        .map(|record| (record.id.as_str(), record.verdict, record.comparisons.join(", ")))
        .collect();
    assert_eq!(
        said,
        [
            (
                "GHSA-aaaa-bbbb-cccc",
                Verdict::Affected,
                "1.1.5 >= 0 (introduced), 1.1.5 < 1.2.0 (fixed)".to_owned()
            ),
            (
                "PYSEC-2026-1",
                Verdict::NotAffected,
                "1.1.5 >= 1.1.0 (fixed)".to_owned()
            ),
        ]
    );
}

#[test]
fn upstream_joins_only_where_it_is_one_flaw() {
    let debian = |id: &str, upstream: Value| {
        let mut record = record(id, "Debian:12", "curl", fixed("7.88.1-10+deb12u5"));
        record["upstream"] = upstream;
        record
    };
    let records = [
        debian("DEBIAN-CVE-2026-1", json!(["CVE-2026-1"])),
        debian("DSA-1-1", json!(["CVE-2026-1"])),
        debian("DEBIAN-CVE-2026-2", json!(["CVE-2026-2"])),
        debian("DSA-2-1", json!(["CVE-2026-2", "CVE-2026-3"])),
    ];
    let matches = matches(&records, "pkg:deb/debian/curl@7.88.1-10?distro=debian-12");
    let found: Vec<_> = matches
        .findings
        .iter()
        .map(|finding| {
            (
                finding.id.as_str(),
                finding.aliases.join(" "),
                finding.upstream.join(" "),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "DEBIAN-CVE-2026-1",
                "CVE-2026-1 DSA-1-1".to_owned(),
                String::new()
            ),
            ("DEBIAN-CVE-2026-2", "CVE-2026-2".to_owned(), String::new()),
            ("DSA-2-1", String::new(), "CVE-2026-2 CVE-2026-3".to_owned()),
        ]
    );
}

#[test]
fn distribution_packages_match_by_source() {
    let records = [
        record("X-1", "Debian:12", "openssl", fixed("3.0.15-1")),
        // A binary package's name is not a source package's.
        record("X-2", "Debian:12", "libssl3", fixed("9")),
        record("X-3", "Debian:11", "openssl", fixed("9")),
        record("X-4", "Debian", "openssl", fixed("3.0.16-1")),
    ];
    let purl = "pkg:deb/debian/libssl3@3.0.14-1+b1?distro=debian-12&upstream=openssl%403.0.14-1";
    let matches = matches(&records, purl);
    assert_eq!(ids(&matches), ["X-1", "X-4"]);
    let record = &matches.findings[0].evidence.records[0];
    assert_eq!(
        (record.matched, record.version.as_str()),
        (MatchedBy::Source, "3.0.14-1")
    );
    assert_eq!(record.scheme.as_deref(), Some("deb"));
    assert_eq!(
        record.comparisons,
        ["3.0.14-1 >= 0 (introduced)", "3.0.14-1 < 3.0.15-1 (fixed)"]
    );
}

#[test]
fn epochs_of_rpms() {
    let records = [
        record("RLSA-1", "Rocky Linux:8", "openssl", fixed("1:1.1.1k-9.el8")),
        record("OESA-1", "openEuler:22.03-LTS", "bash", fixed("5.1-7.oe2203")),
        record("ALSA-1", "AlmaLinux:8", "openssl-libs", fixed("1:1.1.1k-12.el8")),
    ];
    let rocky = "pkg:rpm/rocky-linux/openssl-libs@1.1.1k-9.el8?distro=rocky-8.9&epoch=1&upstream=openssl-1.1.1k-9.el8.src.rpm";
    assert_eq!(ids(&matches(&records, rocky)), [] as [&str; 0]);
    let older = rocky.replace("k-9", "k-8");
    let found = matches(&records, &older);
    assert_eq!(one(&found).evidence.records[0].version, "1:1.1.1k-8.el8");
    // openEuler's records have no epochs, its packages do.
    let euler = "pkg:rpm/openeuler/bash@5.1-6.oe2203?distro=openEuler-22.03-LTS&epoch=1";
    assert_eq!(ids(&matches(&records, euler)), ["OESA-1"]);
    // AlmaLinux names binaries.
    let alma = "pkg:rpm/almalinux/openssl-libs@1.1.1k-9.el8?distro=almalinux-8&epoch=1&upstream=openssl-1.1.1k-9.el8.src.rpm";
    assert_eq!(
        one(&matches(&records, alma)).evidence.records[0].matched,
        MatchedBy::Name
    );
}

#[test]
fn a_record_that_should_name_a_release_leaves_it_open() {
    let records = [
        record("CLEANSTART-1", "Alpine", "curl", fixed("8.5.0-r0")),
        record("ALPINE-CVE-2026-9", "Alpine:v3.19", "other", fixed("1.0-r0")),
    ];
    let open = matches(
        &records,
        "pkg:apk/alpine/curl@8.4.0-r0?distro=alpine-3.19.1&upstream=curl",
    );
    assert_eq!(one(&open).verdict, Verdict::Unknown);
    assert_eq!(
        open.unknown[0].reason,
        "CLEANSTART-1: the record is for Alpine and does not say which release"
    );
    // Fixed in any release.
    let clean = matches(
        &records,
        "pkg:apk/alpine/curl@8.6.0-r0?distro=alpine-3.19.1&upstream=curl",
    );
    assert_eq!((clean.findings.len(), clean.judged), (0, 1));
}

#[test]
fn ubuntu_pro_speaks_of_pro_only() {
    let records = [
        record(
            "UBUNTU-CVE-1",
            "Ubuntu:Pro:20.04:LTS",
            "curl",
            fixed("7.68.0-1ubuntu2.99+esm1"),
        ),
        record(
            "UBUNTU-CVE-2",
            "Ubuntu:20.04:LTS",
            "curl",
            fixed("7.68.0-1ubuntu2.5"),
        ),
    ];
    let matches = matches(
        &records,
        "pkg:deb/ubuntu/curl@7.68.0-1ubuntu2.4?distro=ubuntu-20.04",
    );
    assert_eq!(ids(&matches), ["UBUNTU-CVE-2"]);
}

#[test]
fn a_registry_in_the_record_does_not_set_it_apart() {
    let records = [record(
        "DRUPAL-1",
        "Packagist:https://packages.shop.example/8",
        "shop/cart",
        fixed("2.0.0"),
    )];
    let matches = matches(&records, "pkg:composer/shop/cart@1.9.0");
    assert_eq!(
        one(&matches).evidence.records[0].ecosystem,
        "Packagist:https://packages.shop.example/8"
    );
}

#[test]
fn what_belongs_to_a_distribution_is_set_aside() {
    let records = [
        record("PYSEC-1", "PyPI", "requests", fixed("2.31.0")),
        record("DEBIAN-CVE-1", "Debian:12", "curl", fixed("1.0-1")),
        json!({"id": "MAL-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "requests"}, "versions": ["2.28.1"]}]}),
    ];
    let owned = |distro: &str| {
        let owner = package(&format!(
            "pkg:deb/debian/python3-requests@2.28.1%2Bdfsg-1?distro=debian-{distro}&upstream=requests"
        ));
        let mut python = package("pkg:pypi/requests@2.28.1");
        python.owner = Some(0);
        Matcher::new(&database(&records)).match_inventory(&inventory(vec![owner, python]))
    };
    let judged = owned("12");
    assert_eq!(judged.judged, 2);
    let said: Vec<_> = judged
        .findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding.package, finding.suppressed.clone()))
        .collect();
    assert_eq!((said[0].0, said[0].1, &said[0].2), ("MAL-1", 1, &None));
    let suppression = said[1].2.as_ref().unwrap();
    assert_eq!(
        (said[1].0, said[1].1, suppression.by.as_str()),
        ("PYSEC-1", 1, "ownership")
    );
    assert_eq!(
        suppression.reason,
        "belongs to Debian:12 package python3-requests 2.28.1+dfsg-1; its distribution decides"
    );
    // Nobody would have judged it.
    let unjudged = owned("13");
    let finding = unjudged
        .findings
        .iter()
        .find(|finding| finding.id == "PYSEC-1")
        .unwrap();
    assert_eq!(finding.suppressed, None);
    assert_eq!(
        finding.evidence.notes,
        [
            "belongs to Debian:13 package python3-requests 2.28.1+dfsg-1, which cannot be judged \
          (the database has no feed for Debian:13); not set aside"
        ]
    );
}

#[test]
fn every_rating_is_kept_and_one_ranks() {
    let v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let v4 = "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";
    let mut rated = record("GHSA-1", "npm", "p", fixed("9.0.0"));
    rated["severity"] = json!([{"type": "CVSS_V3", "score": v3}, {"type": "CVSS_V4", "score": v4}]);
    rated["database_specific"] = json!({"severity": "MODERATE"});
    let db = database(&[rated]);
    let ranked = |order: Option<Vec<Rating>>| {
        let mut options = MatchOptions::default();
        options.severity_order = order.unwrap_or(options.severity_order);
        let matches = Matcher::with_options(&db, options).match_package(&package("pkg:npm/p@1.0.0"));
        let finding = one(&matches);
        assert_eq!(finding.ratings.len(), 3);
        (
            finding.severity.level,
            finding.severity.vector.clone(),
            finding.severity.source.clone(),
        )
    };
    assert_eq!(
        ranked(None),
        (Level::Medium, Some(v4.to_owned()), "GHSA-1".to_owned())
    );
    assert_eq!(
        ranked(Some(vec![Rating::CvssV3])),
        (Level::Critical, Some(v3.to_owned()), "GHSA-1".to_owned())
    );
    let word = (
        Level::Medium,
        None,
        "GHSA-1 /database_specific/severity".to_owned(),
    );
    assert_eq!(ranked(Some(vec![Rating::Word])), word);
    assert_eq!(
        ranked(Some(vec![Rating::CvssV2])),
        (Level::Unknown, None, "GHSA-1".to_owned())
    );
}

#[test]
fn the_package_s_own_rating_comes_first() {
    let rated = json!({"id": "UBUNTU-CVE-1", "severity": [
        {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
        {"type": "Ubuntu", "score": "low"},
    ], "affected": [{"package": {"ecosystem": "Ubuntu:22.04:LTS", "name": "p"}, "ranges": fixed("9")}]});
    let found = matches(&[rated], "pkg:deb/ubuntu/p@1?distro=ubuntu-22.04");
    assert_eq!(one(&found).severity.level, Level::Low);
}

#[test]
fn kinds_of_findings() {
    let entry = |id: &str, extra: Value| {
        let mut record = record(id, "crates.io", "p", fixed("9.0.0"));
        record["affected"][0]["database_specific"] = extra;
        record
    };
    let records = [
        entry("RUSTSEC-1", json!({"informational": null})),
        entry("RUSTSEC-2", json!({"informational": "unmaintained"})),
        entry("RUSTSEC-3", json!({"informational": "unsound"})),
        entry("MAL-4", json!({})),
    ];
    let matches = matches(&records, "pkg:cargo/p@1.0.0");
    let kinds: Vec<_> = matches
        .findings
        .iter()
        .map(|finding| (finding.id.as_str(), finding.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("MAL-4", FindingKind::Malicious),
            ("RUSTSEC-1", FindingKind::Vulnerability),
            ("RUSTSEC-2", FindingKind::Unmaintained),
            ("RUSTSEC-3", FindingKind::Informational),
        ]
    );
}

#[test]
fn a_fix_that_is_affected_is_none() {
    let ranges = json!([
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}]},
        {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.4.0"}]},
    ]);
    let matches = matches(&[record("X-1", "npm", "p", ranges)], "pkg:npm/p@1.1.0");
    assert_eq!(one(&matches).fixed_versions, ["1.4.0"]);
}

#[test]
fn inventories_are_answered_in_order() {
    let records = [
        record("X-2", "npm", "a", fixed("9.0.0")),
        record("X-1", "npm", "a", fixed("9.0.0")),
        record("X-3", "npm", "b", fixed("9.0.0")),
    ];
    let packages = vec![
        package("pkg:npm/b@1.0.0"),
        package("pkg:npm/a@1.0.0"),
        package("pkg:npm/c@x"),
    ];
    let matches = Matcher::new(&database(&records)).match_inventory(&inventory(packages));
    let order: Vec<_> = matches
        .findings
        .iter()
        .map(|finding| (finding.package, finding.id.as_str()))
        .collect();
    assert_eq!(order, [(0, "X-3"), (1, "X-1"), (1, "X-2")]);
    assert_eq!((matches.judged, matches.unknown[0].package), (2, 2));
}

#[test]
fn explanations() {
    let mut flaw = record(
        "GHSA-1",
        "npm",
        "p",
        interval("SEMVER", "1.0.0", json!({"fixed": "1.2.0"})),
    );
    flaw["aliases"] = json!(["CVE-2026-1"]);
    let mut gone = record("GHSA-2", "npm", "p", fixed("9.0.0"));
    gone["withdrawn"] = json!("2026-01-02T00:00:00Z");
    let mut dsa = json!({"id": "DSA-1-1", "affected": [
        {"package": {"ecosystem": "Debian:11", "name": "openssl"}, "ranges": fixed("2")},
        {"package": {"ecosystem": "Debian:12", "name": "openssl"}, "ranges": fixed("3.0.15-1")},
    ]});
    dsa["upstream"] = json!(["CVE-2026-2", "CVE-2026-3"]);
    let db = database(&[flaw, gone, dsa]);
    let text = |purl: &str, id: &str| explain(&db, &package(purl), id).to_string();
    assert_eq!(
        text("pkg:npm/p@1.1.0", "CVE-2026-1"),
        "npm p 1.1.0: affected by CVE-2026-1: GHSA-1 calls 1.1.0 affected\n  \
         + GHSA-1: has CVE-2026-1 among its aliases\n  \
         + GHSA-1/affected/0/package: record is for npm, package is of npm\n  \
         + GHSA-1/affected/0/package: record names p, package is p\n  \
         + GHSA-1/affected/0/ranges/0: in the range by SemVer: 1.1.0 >= 1.0.0 (introduced), 1.1.0 < 1.2.0 (fixed)\n"
    );
    assert_eq!(
        text("pkg:npm/p@1.2.0", "GHSA-1"),
        "npm p 1.2.0: not affected by GHSA-1: GHSA-1 does not list 1.2.0, and none of its ranges holds it\n  \
         + GHSA-1: has the id asked for\n  \
         + GHSA-1/affected/0/package: record is for npm, package is of npm\n  \
         + GHSA-1/affected/0/package: record names p, package is p\n  \
         - GHSA-1/affected/0/ranges/0: not in the range by SemVer: 1.2.0 >= 1.2.0 (fixed)\n"
    );
    assert_eq!(
        text("pkg:npm/p@1.0.0", "GHSA-2"),
        "npm p 1.0.0: not affected by GHSA-2: GHSA-2 was withdrawn\n  \
         + GHSA-2: has the id asked for\n  \
         - GHSA-2: was withdrawn at 2026-01-02T00:00:00Z\n"
    );
    assert_eq!(
        text("pkg:npm/q@1.0.0", "GHSA-1"),
        "npm q 1.0.0: not affected by GHSA-1: GHSA-1 does not name the package in this ecosystem and release\n  \
         + GHSA-1: has the id asked for\n  \
         - GHSA-1/affected/0/package: record names p, package is q\n"
    );
    assert_eq!(
        text(
            "pkg:deb/debian/libssl3@3.0.14-1?distro=debian-12&upstream=openssl",
            "CVE-2026-3"
        ),
        "Debian:12 libssl3 3.0.14-1: affected by CVE-2026-3: DSA-1-1 calls 3.0.14-1 affected\n  \
         + DSA-1-1: answers CVE-2026-3 among other flaws\n  \
         - DSA-1-1/affected/0/package: record is for Debian:11, package is of Debian:12\n  \
         + DSA-1-1/affected/1/package: record is for Debian:12, package is of Debian:12\n  \
         + DSA-1-1/affected/1/package: record names openssl, source package is openssl\n  \
         + DSA-1-1/affected/1/ranges/0: in the range by scheme deb: 3.0.14-1 >= 0 (introduced), 3.0.14-1 < 3.0.15-1 (fixed)\n"
    );
    assert_eq!(
        text("pkg:npm/p@1.0.0", "CVE-1999-1"),
        "npm p 1.0.0: not affected by CVE-1999-1: no such record\n  \
         - no record has the id CVE-1999-1, nor as an alias\n"
    );
    assert_eq!(
        text("pkg:npm/p@main", "GHSA-1").lines().next().unwrap(),
        "npm p main: unknown by GHSA-1: GHSA-1: installed version: not a semver version: \"main\": a number is missing"
    );
    // There is no feed for PyPI, but this record says all there is to say.
    assert_eq!(
        text("pkg:pypi/p@1.0", "GHSA-1").lines().next().unwrap(),
        "PyPI p 1.0: not affected by GHSA-1: GHSA-1 does not name the package in this ecosystem and release"
    );
    assert_eq!(
        text("pkg:deb/debian/openssl@1", "DSA-1-1")
            .lines()
            .next()
            .unwrap(),
        "Debian openssl 1: unknown by DSA-1-1: the package does not say which release of Debian it is of"
    );
    let json = serde_json::to_value(explain(&db, &package("pkg:npm/p@1.1.0"), "GHSA-1")).unwrap();
    assert_eq!(json["verdict"], "affected");
    assert_eq!(json["steps"][3]["check"], "range");
    assert_eq!(json["steps"][3]["outcome"], "holds");
}

#[test]
fn sources_can_be_given_by_hand() {
    let mut binary = package("pkg:apk/alpine/libcurl@8.4.0-r0?distro=alpine-3.19");
    binary.source = Some(Source {
        name: "curl".to_owned(),
        version: String::new(),
    });
    let db = database(&[record("ALPINE-CVE-1", "Alpine:v3.19", "curl", fixed("8.5.0-r0"))]);
    assert_eq!(ids(&Matcher::new(&db).match_package(&binary)), ["ALPINE-CVE-1"]);
}

/// Debian's records name sources: of a binary whose source is not known, none may be the right one.
#[test]
fn a_binary_without_its_source_is_not_clean() {
    let record = serde_json::json!({
        "id": "D-1", "modified": "m",
        "affected": [{
            "package": {"ecosystem": "Debian:12", "name": "zlib"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
        }],
    });
    let asked = |purl: &str| {
        let matches = matches(std::slice::from_ref(&record), purl);
        (matches.findings.len(), matches.judged)
    };
    assert_eq!(asked("pkg:deb/debian/zlib1g@1:1.2.13-1?distro=debian-12"), (0, 0));
    assert_eq!(
        asked("pkg:deb/debian/zlib1g@1:1.2.13-1?distro=debian-12&upstream=zlib"),
        (1, 1)
    );
    assert_eq!(
        asked("pkg:deb/debian/zlib@1:1.2.13-1?distro=debian-12&arch=source"),
        (1, 1)
    );
    assert_eq!(asked("pkg:deb/debian/zlib@1:1.2.13-1?distro=debian-12"), (1, 0));
}
