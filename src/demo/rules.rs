//! A change of the rules that somebody thinks about: what it would do can be tried at once.

use super::Making;
use crate::{db::Error, rulebook::drafts, staff};

/// The administrator's draft: 80 points instead of 60 for the brake certificate.
pub fn make(making: &mut Making<'_>) -> Result<(), Error> {
    let author = staff::queries::person_by_staff_no(making.conn, "A1001")?;
    let Some(author) = author else { return Ok(()) };
    let stricter = |text: &str| {
        text.replace("code = \"brake-theory\", min = 60", "code = \"brake-theory\", min = 80")
    };
    let title = "制动系统专修：合格线提高到 80 分";
    drafts::begin(making.conn, "inhouse-default", title, stricter, (author.id, making.now))?;
    Ok(())
}
