//! Scans any bytes as an image; or, behind a first byte of 1 or 2, as its layer or its configuration.
#![no_main]

mod wrap;

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let archive = match bytes {
        [1, layer @ ..] => wrap::image(layer),
        [2, config @ ..] => wrap::tar([
            ("manifest.json", &br#"[{"Config": "c", "Layers": []}]"#[..]),
            ("c", config),
        ]),
        bytes => bytes.to_vec(),
    };
    let mut options = hullmark::ScanOptions::default();
    options.reading.limits.unpacked_bytes = 16 << 20;
    if let Ok(report) = hullmark::scan_image("fuzz", Cursor::new(archive), None, &options) {
        report.to_json();
        report.to_text(hullmark::report::Style::default());
    }
});
