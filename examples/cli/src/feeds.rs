//! From `--db` to a database.

use std::path::{Path, PathBuf};

use hullmark::Limits;
use hullmark::database::{BuildReport, Database, DatabaseBuilder};

use crate::commands::Failure;
use crate::progress;

/// Opens a built database in place, or builds one in memory from feeds.
pub(crate) fn open(paths: &[PathBuf]) -> Result<Database, Failure> {
    if let [path] = paths
        && path.is_file()
        && Database::is_database(&first_bytes(path)?)
    {
        let db = Database::open(path)?;
        // A damaged file must not look like one that knows of no flaws.
        db.verify_checksums()
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        return Ok(db);
    }
    let (bytes, report) = build(paths)?;
    warn(&report);
    Ok(Database::from_bytes(bytes)?)
}

/// Builds a database from feeds, folders of them searched in order of name.
pub(crate) fn build(paths: &[PathBuf]) -> Result<(Vec<u8>, BuildReport), Failure> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::new(format!(
            "{}: no .zip, .json or .jsonl file there",
            paths
                .first()
                .map_or_else(String::new, |p| p.display().to_string())
        )));
    }
    let bar = progress::count("advisories", files.len() as u64);
    let mut builder = DatabaseBuilder::new(Limits::default());
    for (path, given) in files {
        bar.set_message(path.display().to_string());
        let bytes = std::fs::read(&path).map_err(|error| Failure::at(&path, &error))?;
        if Database::is_database(&bytes) {
            return Err(Failure::new(format!(
                "{}: a built database cannot be joined with others",
                path.display()
            )));
        }
        match builder.add(&path.to_string_lossy(), &bytes) {
            Err(error) if given => return Err(error.into()),
            Err(error) => bar.suspend(|| progress::say(&format!("warning: {error}"))),
            Ok(()) => {}
        }
        bar.inc(1);
    }
    let built = builder.finish()?;
    bar.finish_and_clear();
    Ok(built)
}

/// Says what was skipped, in a few lines.
pub(crate) fn warn(report: &BuildReport) {
    for feed in &report.feeds {
        for note in feed.skipped.iter().take(5) {
            progress::say(&format!("warning: {}: {}", note.place, note.reason));
        }
        if feed.skipped.len() > 5 {
            progress::say(&format!(
                "warning: {}: {} more were skipped",
                feed.name,
                feed.skipped.len() - 5
            ));
        }
    }
}

fn first_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| Failure::at(path, &error))?;
    file.take(64)
        .read_to_end(&mut head)
        .map_err(|error| Failure::at(path, &error))?;
    Ok(head)
}

/// A file as given; of a folder, every feed file below it. The flag says that the user named the file.
fn collect(path: &Path, files: &mut Vec<(PathBuf, bool)>) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::at(path, &error))?;
    if !metadata.is_dir() {
        files.push((path.to_owned(), true));
        return Ok(());
    }
    let mut pending = vec![path.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| Failure::at(&folder, &error))? {
            let entry = entry.map_err(|error| Failure::at(&folder, &error))?;
            let kind = entry
                .file_type()
                .map_err(|error| Failure::at(&entry.path(), &error))?;
            let path = entry.path();
            if kind.is_dir() {
                pending.push(path);
            } else if path
                .extension()
                .is_some_and(|e| e == "zip" || e == "json" || e == "jsonl")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    files.extend(found.into_iter().map(|path| (path, false)));
    Ok(())
}
