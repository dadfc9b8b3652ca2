//! One file a command.

pub(crate) mod db;
pub(crate) mod explain;
pub(crate) mod inventory;
pub(crate) mod matching;
pub(crate) mod scan;
pub(crate) mod version;

use std::fmt;
use std::io::Write;
use std::path::Path;

/// Why a command could not do its work; shown after `hullmark:`.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(crate) fn at(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<hullmark::Error> for Failure {
    fn from(error: hullmark::Error) -> Self {
        Self(error.to_string())
    }
}

/// Writes the output of a command to a file or to standard output. A reader that has gone away
/// (`hullmark … | head`) is no failure.
pub(crate) fn print(output: Option<&Path>, text: &str) -> Result<(), Failure> {
    match output {
        Some(path) => std::fs::write(path, text).map_err(|error| Failure::at(path, &error)),
        None => {
            let mut out = std::io::stdout().lock();
            match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                Err(error) => Err(Failure::new(format!("standard output: {error}"))),
                Ok(()) => Ok(()),
            }
        }
    }
}
