//! Reading container images, through the public API. The archives are made in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that goes wrong should stop"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read samples and make folders"
)]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]
#![allow(unreachable_pub, reason = "there is nobody to reach")]

mod build;
#[cfg(feature = "fs")]
mod folders;
mod forms;
mod hostile;
mod merging;
mod shared;
mod tars;
