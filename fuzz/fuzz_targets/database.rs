//! Opens a database that was changed behind its header, whose checksum would keep the fuzzer out, and asks it
//! everything. Each three bytes are a place and what is changed there.
#![no_main]

use std::sync::LazyLock;

use hullmark::database::{Database, DatabaseBuilder};
use hullmark::match_purls;
use libfuzzer_sys::fuzz_target;

const FEED: &[u8] = br#"[
    {"id": "A-1", "modified": "2020-01-01T00:00:00Z", "aliases": ["CVE-2020-1"], "upstream": ["B-1"],
     "summary": "text", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
     "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1.0.1", "1.0.2"],
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.2.0"}]}],
        "ecosystem_specific": {"x": 1}, "database_specific": {"y": 2}}]},
    {"id": "B-1", "modified": "2020-01-01T00:00:00Z", "withdrawn": "2021-01-01T00:00:00Z",
     "affected": [{"package": {"ecosystem": "npm", "name": "a"}}]},
    {"id": "C-1", "modified": "2020-01-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Debian:12", "name": "B"},
         "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1:2"}]}]},
        {"package": {"ecosystem": "PyPI", "name": "A_b"}, "ranges": 5}]}
]"#;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
    builder.add("fuzz", FEED).expect("a sound feed");
    builder.finish().expect("a small feed").0
});

fuzz_target!(|bytes: &[u8]| {
    let mut file = SOUND.clone();
    let after_header = file.len() - 4096;
    for edit in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % after_header;
        file[4096 + at] ^= edit[2];
    }
    let Ok(db) = Database::from_bytes(file) else { return };
    let _ = db.verify();
    for (ecosystem, name) in [("npm", "a"), ("Debian:12", "b"), ("PyPI", "a-b")] {
        for candidate in db.candidates(ecosystem, name).take(1000) {
            let _ = (candidate.record().summary(), candidate.name(), candidate.unreadable());
            let _ = candidate.versions().take(1000).count();
            for range in candidate.ranges().take(1000) {
                let _ = range.events().take(1000).count();
            }
        }
    }
    let _ = db.record("CVE-2020-1").take(1000).count();
    let _ = db.feeds().take(1000).count();
    let purls = ["pkg:npm/a@1.0.1", "pkg:deb/debian/b@1.0?distro=debian-12", "pkg:pypi/a-b@1"];
    match_purls(purls, &db).to_json();
});
