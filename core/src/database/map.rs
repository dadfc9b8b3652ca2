//! A database as a memory map, shared by all processes that open the same file.

// The one module of the engine that touches the disk for a database; the caller asked for it by a path.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use super::Database;
use crate::{Error, Result};

impl Database {
    /// Maps a file and reads it in place: takes microseconds, whatever its size.
    ///
    /// Replace the file by renaming a new one over it. Who shortens or rewrites it in place pulls it away
    /// from under the map, which ends the process on most systems: read such a file into memory and use
    /// [`Self::from_bytes`].
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be opened or mapped, [`Error::Database`] as for
    /// [`Self::from_bytes`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::io(path.display().to_string(), source);
        let file = File::open(path).map_err(failed)?;
        // SAFETY: the map is only read, through `&[u8]` whose bytes are checked at each use and may hold
        // anything. That they do not change while borrowed is for the owner of the file to keep; the
        // documentation above says how.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
        Self::from_bytes(map)
    }
}
