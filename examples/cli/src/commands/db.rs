//! `hullmark db`

use std::fmt::Write;
use std::path::Path;

use hullmark::database::Database;

use super::{Failure, print};
use crate::args::{Db, DbCommand, Format};
use crate::{Outcome, feeds, progress};

pub(crate) fn run(db: &Db) -> Result<Outcome, Failure> {
    match &db.command {
        DbCommand::Build { output, sources } => {
            let (bytes, report) = feeds::build(sources)?;
            feeds::warn(&report);
            install(output, &bytes)?;
            let records: u64 = report.feeds.iter().map(|feed| feed.records).sum();
            let skipped: usize = report.feeds.iter().map(|feed| feed.skipped.len()).sum();
            progress::say(&format!(
                "{}: {} bytes from {} feeds, {records} records read, {skipped} notes",
                output.display(),
                bytes.len(),
                report.feeds.len()
            ));
            Ok(Outcome::Done)
        }
        DbCommand::Info { file, format } => {
            let db = Database::open(file)?;
            db.verify()?;
            let info = db.info();
            let text = match format {
                Format::Json => info.to_json(),
                Format::Table => {
                    let mut text = format!(
                        "{}\nformat {}, {} bytes, {} records, digest {}\n",
                        file.display(),
                        info.format,
                        info.bytes,
                        info.records,
                        info.digest
                    );
                    for feed in &info.feeds {
                        // Writing to a String does not fail.
                        let _ = writeln!(
                            text,
                            "  {:<44} {:>8} records, newest {}",
                            feed.ecosystem, feed.records, feed.newest
                        );
                    }
                    text
                }
            };
            print(None, &text)?;
            Ok(Outcome::Done)
        }
    }
}

/// Puts the file in place whole: a reader that has the old one mapped keeps it, nobody sees half a file.
fn install(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = (|| {
        let mut file = std::fs::File::create(&temporary)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    written.map_err(|error| {
        // Best effort: the failure to report is the first one.
        let _ = std::fs::remove_file(&temporary);
        Failure::at(path, &error)
    })
}
