//! Scans any bytes as an image.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut options = hullmark::ScanOptions::default();
    options.reading.limits.unpacked_bytes = 16 << 20;
    let _ = hullmark::scan_image("fuzz", Cursor::new(bytes), None, &options);
});
