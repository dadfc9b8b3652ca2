//! CVSS base scores from vectors: v2, v3.0, v3.1, v4.0.

use crate::{Error, Result};

/// Base score of a vector (for v4.0 the score of the whole vector), 0.0 to 10.0.
///
/// # Errors
/// [`Error::Value`] where the vector is not one of CVSS v2, v3.0, v3.1 or v4.0.
pub fn base_score(vector: &str) -> Result<f64> {
    Err(Error::Value {
        what: vector.to_owned(),
        reason: "not a CVSS vector".to_owned(),
    })
}
