//! Opens any bytes as a database and asks it everything.
#![no_main]

use hullmark::database::Database;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(db) = Database::from_bytes(bytes.to_vec()) else { return };
    let _ = db.verify();
    for candidate in db.candidates("npm", "a").take(1000) {
        let _ = candidate.record().summary();
        for range in candidate.ranges().take(1000) {
            let _ = range.events().take(1000).count();
        }
    }
    let _ = db.record("CVE-2020-1").take(1000).count();
    let _ = db.feeds().take(1000).count();
});
