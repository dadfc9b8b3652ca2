//! `hullmark match`

use std::io::BufRead;

use super::{Failure, print};
use crate::args::Match;
use crate::{Outcome, feeds};

pub(crate) fn run(question: &Match) -> Result<Outcome, Failure> {
    let db = feeds::open(&question.db)?;
    let purls = if question.purls.is_empty() {
        std::io::stdin()
            .lock()
            .split(b'\n')
            .map(|line| line.map(|line| text(&line)))
            .filter(|line| {
                !line
                    .as_ref()
                    .is_ok_and(|line| line.is_empty() || line.starts_with('#'))
            })
            .collect::<Result<Vec<String>, _>>()
            .map_err(|error| Failure::new(format!("standard input: {error}")))?
    } else {
        question.purls.clone()
    };
    let report = hullmark::match_purls(purls.iter().map(String::as_str), &db);
    print(None, &report.to_json())?;
    Ok(Outcome::Done)
}

/// A line as text. One that is none must not pass for a package nobody warns of.
fn text(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(line) => line.trim().to_owned(),
        Err(_) => format!("not UTF-8: {}", line.trim_ascii().escape_ascii()),
    }
}
