//! `hullmark version`

use std::cmp::Ordering;

use hullmark::version::Scheme;

use super::{Failure, print};
use crate::Outcome;
use crate::args::{Version, VersionCommand};

pub(crate) fn run(version: &Version) -> Result<Outcome, Failure> {
    let text = match &version.command {
        VersionCommand::Compare { scheme, left, right } => {
            let scheme: Scheme = scheme.parse()?;
            match scheme.reference_order(left, right)? {
                Ordering::Less => "<\n".to_owned(),
                Ordering::Equal => "=\n".to_owned(),
                Ordering::Greater => ">\n".to_owned(),
            }
        }
        VersionCommand::Schemes => Scheme::ALL
            .iter()
            .map(|scheme| format!("{:<10} {}\n", scheme.name(), scheme.reference()))
            .collect(),
    };
    print(None, &text)?;
    Ok(Outcome::Done)
}
