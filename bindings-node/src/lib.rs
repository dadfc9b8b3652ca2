//! hullmark for Node.js: converts, calls, converts.

use napi_derive::napi;

/// Version of the engine, such as `0.1.0`.
#[napi]
pub fn version() -> &'static str {
    hullmark::VERSION
}
