//! `hullmark scan`

use hullmark::database::{Database, DatabaseBuilder};
use hullmark::exposure::Exposure;
use hullmark::report::{Report, Style};

use super::{Failure, print};
use crate::args::{Format, Scan, Threshold};
use crate::{Outcome, feeds, progress, target};

pub(crate) fn run(scan: &Scan) -> Result<Outcome, Failure> {
    let options = target::options(&scan.reading, scan.now.as_deref())?;
    let mut unreadable = 0;
    let mut reports = Vec::new();
    match (scan.targets.as_slice(), scan.db.as_slice()) {
        ([], []) => reports.push(target::scan_demonstration(&demonstration()?, &options)?),
        ([], _) => {
            return Err(Failure::new(
                "scan --db needs a target; `hullmark scan` alone runs the demonstration",
            ));
        }
        (targets, databases) => {
            if databases.is_empty() {
                progress::say(
                    "warning: no --db given: packages are listed, but not matched against advisories",
                );
            }
            let db = if databases.is_empty() {
                None
            } else {
                Some(feeds::open(databases)?)
            };
            // One unreadable target does not lose the others.
            for path in targets {
                match target::scan(path, db.as_ref(), &options) {
                    Ok(report) => reports.push(report),
                    Err(failure) => {
                        progress::say(&format!("hullmark: {failure}"));
                        unreadable += 1;
                    }
                }
            }
        }
    }
    let text = match scan.format {
        Format::Json => reports.iter().map(Report::to_json).collect::<String>(),
        Format::Table => {
            let colour = progress::colour() && scan.output.is_none();
            let style = Style::new(colour, progress::width());
            reports
                .iter()
                .map(|report| report.to_text(style))
                .collect::<Vec<_>>()
                .join("\n")
        }
    };
    if !reports.is_empty() {
        print(scan.output.as_deref(), &text)?;
    }
    let crossed = scan
        .fail_on
        .is_some_and(|threshold| reports.iter().any(|report| crosses(report, threshold)));
    Ok(match (unreadable, crossed) {
        (0, false) => Outcome::Done,
        (0, true) => Outcome::Crossed,
        _ => Outcome::Unreadable,
    })
}

fn demonstration() -> Result<Database, Failure> {
    let mut builder = DatabaseBuilder::new(hullmark::Limits::default());
    builder.add("advisories.jsonl", target::DEMO_ADVISORIES)?;
    let (bytes, _) = builder.finish()?;
    Ok(Database::from_bytes(bytes)?)
}

fn crosses(report: &Report, threshold: Threshold) -> bool {
    report
        .open_findings()
        .any(|finding| threshold.reached(finding.severity.level))
        || report
            .exposures
            .iter()
            .any(|exposure: &Exposure| threshold.reached(exposure.severity))
}
