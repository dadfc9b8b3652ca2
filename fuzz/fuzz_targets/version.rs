//! Orders any three texts under every scheme: no panic; no cycle and keys that agree, where there can be such.
#![no_main]

use hullmark::version::Scheme;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (a, b, c) = texts;
    for scheme in Scheme::ALL {
        let (Ok(ab), Ok(bc), Ok(ac)) = (scheme.compare(a, b), scheme.compare(b, c), scheme.compare(a, c)) else {
            continue;
        };
        assert_eq!(scheme.compare(b, a).ok(), Some(ab.reverse()));
        if ab == bc && (scheme.key_orders() || ab.is_eq()) {
            assert_eq!(ac, ab, "{scheme}: {a:?} {b:?} {c:?}");
        }
        let (mut left, mut right) = (Vec::new(), Vec::new());
        if scheme.key(a, &mut left).is_ok() && scheme.key(b, &mut right).is_ok() {
            assert_eq!(left == right, ab.is_eq(), "{scheme}: {a:?} {b:?}");
            if scheme.key_orders() {
                assert_eq!(left.cmp(&right), ab, "{scheme}: {a:?} {b:?}");
            }
        }
    }
});
