//! Builds a database from any bytes; what it gives back opens and verifies.
#![no_main]

use hullmark::database::{Database, DatabaseBuilder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
    let _ = builder.add("fuzz", bytes);
    let (built, _) = builder.finish().expect("small feeds fit");
    Database::from_bytes(built).and_then(|db| db.verify()).expect("what was built verifies");
});
