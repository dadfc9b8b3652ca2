//! A package URL that parses writes itself back to an equal one.
#![no_main]

use hullmark::Purl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(purl) = text.parse::<Purl>() {
        assert_eq!(purl.to_string().parse::<Purl>().ok(), Some(purl));
    }
});
