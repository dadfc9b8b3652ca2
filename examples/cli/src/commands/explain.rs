//! `hullmark explain`

use hullmark::Purl;
use hullmark::inventory::Package;

use super::{Failure, print};
use crate::args::{Explain, Format};
use crate::{Outcome, feeds};

pub(crate) fn run(question: &Explain) -> Result<Outcome, Failure> {
    let db = feeds::open(&question.db)?;
    let purl: Purl = question.purl.parse()?;
    let explanation = hullmark::explain(&db, &Package::from_purl(&purl), &question.advisory);
    let text = match question.format {
        Format::Json => explanation.to_json(),
        Format::Table => explanation.to_string(),
    };
    print(None, &text)?;
    Ok(Outcome::Done)
}
