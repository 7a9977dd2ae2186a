//! The HR reviewer of a region, acting on an earlier day by the same functions as on a page.

use chrono::NaiveDate;

use super::{Making, people::Somebody};
use crate::{
    access::{Acting, Hr, Viewer, queries},
    careers::acts::Tools,
    db::Error,
    i18n::Lang,
    staff,
    web::{self, Reader, reader::Theme},
};

impl Making<'_> {
    /// The reviewer with this staff number on a day on which they held the role.
    pub fn reviewer(
        &mut self,
        people: &[Somebody],
        staff_no: &str,
        day: NaiveDate,
    ) -> Result<Option<Acting<Hr>>, Error> {
        let Some(who) = people.iter().find(|one| one.staff_no == staff_no) else { return Ok(None) };
        let here = String::new();
        let viewer = Viewer {
            id: who.id,
            staff_no: who.staff_no.clone(),
            name: who.staff_no.clone(),
            reader: Reader { lang: Lang::Zh, theme: Theme::System, here },
            now: self.stamp(day).at,
            today: day,
            zone: chrono_tz::Asia::Shanghai,
            site: staff::queries::site_of(self.conn, who.id, day)?,
            grants: queries::grants_of(self.conn, who.id, day)?,
            unread: 0,
        };
        Ok(Acting::of(viewer).ok())
    }

    /// What deciding needs.
    pub fn tools(&self) -> Tools {
        let shared = self.shared;
        Tools {
            rules: shared.rules.clone(),
            consequences: shared.consequences.clone(),
            letterhead: shared.letterhead.clone(),
        }
    }
}

/// What was done; nothing when a rule said no, as it may on a day of less luck.
pub fn unless_refused<T>(outcome: web::Result<T>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(web::Error::Database(error)) => Err(error),
        Err(refused) => {
            tracing::debug!(%refused, "left out of the demo");
            Ok(None)
        }
    }
}
