//! Bounds on everything that comes from outside.

/// How much of a hostile input the engine is willing to look at.
///
/// Passing a bound ends in [`Error::Limit`](crate::Error::Limit) where nothing can be said without the rest,
/// and in a note under `coverage` where the rest can be left out.
///
/// ```
/// let mut limits = hullmark::Limits::default();
/// limits.entries = 10_000;
/// assert!(limits.unpacked_bytes > 0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes an image or an archive may unpack to, all layers together. Default 64 GiB.
    pub unpacked_bytes: u64,
    /// Entries of all layers, a folder or a zip. Default 4 million.
    pub entries: u64,
    /// Bytes of one path. Default 4096 (`PATH_MAX` of Linux).
    pub path_bytes: usize,
    /// Archives inside archives, indexes inside indexes. Default 16.
    pub nesting: u32,
    /// Unpacked bytes for one packed byte, judged once 64 MiB are unpacked. Default 1100
    /// (DEFLATE reaches 1032).
    pub ratio: u64,
    /// Bytes of one file held in memory to be understood (package database, archive inside a layer). Larger
    /// files are streamed or listed as not examined. Default 24 MiB, so that reading an image stays within
    /// 64 MiB.
    pub file_bytes: u64,
    /// Bytes of one JSON document of an image: index, manifest, configuration. Default 8 MiB (registries take
    /// manifests up to 4 MiB).
    pub document_bytes: u64,
    /// Bytes of one advisory record. Default 32 MiB.
    pub record_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_bytes: 64 << 30,
            entries: 4_000_000,
            path_bytes: 4096,
            nesting: 16,
            ratio: 1100,
            file_bytes: 24 << 20,
            document_bytes: 8 << 20,
            record_bytes: 32 << 20,
        }
    }
}
