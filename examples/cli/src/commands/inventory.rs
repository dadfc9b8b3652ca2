//! `hullmark inventory`

use std::fmt::Write;

use hullmark::report::Report;

use super::{Failure, print};
use crate::args::{Format, Inventory};
use crate::{Outcome, progress, target};

pub(crate) fn run(inventory: &Inventory) -> Result<Outcome, Failure> {
    let options = target::options(&inventory.reading, None)?;
    let report = target::scan(&inventory.target, None, &options)?;
    let text = match inventory.format {
        Format::Json => report.inventory_json(),
        Format::Table => table(&report),
    };
    print(inventory.output.as_deref(), &text)?;
    Ok(Outcome::Done)
}

fn table(report: &Report) -> String {
    let rows: Vec<[String; 4]> =
        std::iter::once(["PACKAGE", "VERSION", "ECOSYSTEM", "PLACE"].map(str::to_owned))
            .chain(report.inventory.packages.iter().map(|package| {
                let place = package
                    .locations
                    .first()
                    .map_or("", |location| location.path.as_str());
                [&package.name, &package.version, &package.ecosystem, place].map(progress::printable)
            }))
            .collect();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|text| text.chars().count())
            .max()
    };
    let widths = [width(0), width(1), width(2)].map(Option::unwrap_or_default);
    let mut text = String::new();
    for [name, version, ecosystem, place] in &rows {
        let [a, b, c] = widths;
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:<a$}  {version:<b$}  {ecosystem:<c$}  {place}");
    }
    let _ = writeln!(
        text,
        "\n{} packages, {} things unknown",
        rows.len() - 1,
        report.coverage.unknown.len()
    );
    for unknown in &report.coverage.unknown {
        let what = unknown
            .package
            .as_deref()
            .or(unknown.path.as_deref())
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "  ? {}: {}",
            progress::printable(what),
            progress::printable(&unknown.reason)
        );
    }
    text
}
