//! `hullmark scan`

use hullmark::database::{Database, DatabaseBuilder};
use hullmark::exposure::Exposure;
use hullmark::report::{Report, Style};

use super::{Failure, print};
use crate::args::{Format, Scan, Threshold};
use crate::{Outcome, feeds, progress, target};

pub(crate) fn run(scan: &Scan) -> Result<Outcome, Failure> {
    let options = target::options(&scan.reading, scan.now.as_deref())?;
    let reports = if scan.targets.is_empty() {
        let db = if scan.db.is_empty() {
            demonstration()?
        } else {
            feeds::open(&scan.db)?
        };
        vec![target::scan_demonstration(&db, &options)?]
    } else {
        if scan.db.is_empty() {
            progress::say("warning: no --db given: packages are listed, but not matched against advisories");
        }
        let db = if scan.db.is_empty() {
            None
        } else {
            Some(feeds::open(&scan.db)?)
        };
        scan.targets
            .iter()
            .map(|path| target::scan(path, db.as_ref(), &options))
            .collect::<Result<Vec<Report>, Failure>>()?
    };
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
    print(scan.output.as_deref(), &text)?;
    let crossed = scan
        .fail_on
        .is_some_and(|threshold| reports.iter().any(|report| crosses(report, threshold)));
    Ok(if crossed { Outcome::Crossed } else { Outcome::Done })
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
