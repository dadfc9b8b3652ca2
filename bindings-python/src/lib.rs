//! hullmark for Python: converts, calls, converts.

use pyo3::prelude::*;

/// The engine under its Python names.
#[pymodule(gil_used = false)]
mod _hullmark {
    use super::*;

    /// Version of the engine, such as `0.1.0`.
    #[pyfunction]
    fn version() -> &'static str {
        hullmark::VERSION
    }
}
