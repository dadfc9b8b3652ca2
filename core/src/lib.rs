//! hullmark

mod advisory;
pub mod database;
pub mod ecosystem;
mod error;
pub mod exposure;
pub mod finding;
pub mod image;
pub mod inventory;
mod limits;
pub mod matcher;
mod purl;
pub mod range;
pub mod score;
pub mod version;

pub use error::{Error, Result};
pub use limits::Limits;
pub use purl::{Purl, PurlBuilder};

/// Version of the engine, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
