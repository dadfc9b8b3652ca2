//! placeholder

use std::cmp::Ordering;

use super::Definition;

pub(super) const DEFINITION: Definition = Definition {
    names: &["composer"],
    reference: "",
    check: |_| Ok(()),
    compare: |left, right| -> Ordering { left.cmp(right) },
    key: |text, key| key.extend_from_slice(text.as_bytes()),
};
