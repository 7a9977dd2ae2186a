//! What happened to certificates since a place in time: for systems that keep a copy in step.
//!
//! The order is that of writing, not of the moments a change names: a request may have begun long
//! before its change was written. [`db::settled`] says up to where every transaction has ended, so
//! nothing can appear later in front of what was read already.

use diesel::prelude::*;

use crate::{
    certification::model::{ActKind, CertificateId},
    db::{
        self, Conn, Error, Instant,
        schema::{certificate, certificate_act},
    },
    record::PersonId,
};

/// A place in one table: everything up to and including this row was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    written: i64,
    id: i64,
}

/// A place between two changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    issued: Place,
    acted: Place,
}

impl Cursor {
    /// As it stands in an address.
    pub fn word(self) -> String {
        let Cursor { issued, acted } = self;
        format!("{}-{}-{}-{}", issued.written, issued.id, acted.written, acted.id)
    }

    pub fn parse(word: &str) -> Option<Cursor> {
        let mut parts = word.splitn(4, '-').map(|part| part.parse::<i64>().ok());
        let mut place = || Some(Place { written: parts.next()??, id: parts.next()?? });
        Some(Cursor { issued: place()?, acted: place()? })
    }

    /// The place after these, which were read from here on.
    pub fn past(mut self, changes: &[Change]) -> Cursor {
        for change in changes {
            match change.act {
                None => self.issued = change.place,
                Some(_) => self.acted = change.place,
            }
        }
        self
    }
}

/// A certificate was issued, or something was done to it.
#[derive(Clone, Debug)]
pub struct Change {
    place: Place,
    pub at: Instant,
    /// None: it was issued.
    pub act: Option<ActKind>,
    pub person: PersonId,
    pub number: String,
    pub certification: String,
    /// The day of issue, or the first day on which the act holds.
    pub on: chrono::NaiveDate,
    pub why: Option<String>,
}

/// The next changes of everybody after a place, in the order in which they were written; what was
/// written together begins with what was issued.
pub fn after(conn: &mut Conn, cursor: Cursor, limit: usize) -> Result<Vec<Change>, Error> {
    let settled = db::settled(conn)?;
    let mut changes = Vec::new();
    for stretch in stretches(cursor.issued, settled) {
        let room = limit.saturating_sub(changes.len());
        changes.extend(issued(conn, stretch, room as i64)?);
    }
    let mut acts = Vec::new();
    for stretch in stretches(cursor.acted, settled) {
        let room = limit.saturating_sub(acts.len());
        acts.extend(acted(conn, stretch, room as i64)?);
    }
    changes.append(&mut acts);
    changes.sort_by_key(|change| (change.place.written, change.act.is_some(), change.place.id));
    changes.truncate(limit);
    Ok(changes)
}

/// Rows written from one value to before another, with a higher id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: i64,
    before: i64,
    id: i64,
}

/// What comes after a place: what is left of the rows written together with its own, then all that
/// were written later. Each is a range of the index.
fn stretches(place: Place, settled: i64) -> [Stretch; 2] {
    let next = place.written.saturating_add(1);
    [
        Stretch { from: place.written, before: next.min(settled), id: place.id },
        Stretch { from: next, before: settled, id: 0 },
    ]
}

fn issued(conn: &mut Conn, stretch: Stretch, limit: i64) -> Result<Vec<Change>, Error> {
    type Row =
        (CertificateId, i64, PersonId, String, String, chrono::NaiveDate, Instant, Option<String>);
    let rows: Vec<Row> = certificate::table
        .filter(certificate::written.ge(stretch.from).and(certificate::written.lt(stretch.before)))
        .filter(certificate::id.gt(CertificateId(stretch.id)))
        .order((certificate::written, certificate::id))
        .limit(limit)
        .select((
            certificate::id,
            certificate::written,
            certificate::person_id,
            certificate::number,
            certificate::certification,
            certificate::issued_on,
            certificate::issued_at,
            certificate::why,
        ))
        .load(conn)?;
    let change = |(id, written, person, number, certification, on, at, why): Row| Change {
        place: Place { written, id: id.0 },
        at,
        act: None,
        person,
        number,
        certification,
        on,
        why,
    };
    Ok(rows.into_iter().map(change).collect())
}

fn acted(conn: &mut Conn, stretch: Stretch, limit: i64) -> Result<Vec<Change>, Error> {
    type Row = (i64, i64, ActKind, PersonId, String, String, chrono::NaiveDate, Instant, String);
    let rows: Vec<Row> = certificate_act::table
        .inner_join(certificate::table.on(certificate::id.eq(certificate_act::certificate_id)))
        .filter(certificate_act::written.ge(stretch.from))
        .filter(certificate_act::written.lt(stretch.before))
        .filter(certificate_act::id.gt(stretch.id))
        .order((certificate_act::written, certificate_act::id))
        .limit(limit)
        .select((
            certificate_act::id,
            certificate_act::written,
            certificate_act::act,
            certificate::person_id,
            certificate::number,
            certificate::certification,
            certificate_act::on_day,
            certificate_act::done_at,
            certificate_act::why,
        ))
        .load(conn)?;
    let change = |(id, written, act, person, number, certification, on, at, why): Row| Change {
        place: Place { written, id },
        at,
        act: Some(act),
        person,
        number,
        certification,
        on,
        why: Some(why),
    };
    Ok(rows.into_iter().map(change).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_out() {
        let issued = Place { written: 1_795_399_200_123_456, id: 12 };
        let cursor = Cursor { issued, acted: Place { written: 0, id: 3 } };
        assert_eq!(Cursor::parse(&cursor.word()), Some(cursor));
        for wrong in ["", "1", "1-1", "1-1-1", "a-1-1-1", "1-2-3-4-5", "1-1-1-", "-1-1-1"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_not_settled_is_not_read() {
        let place = Place { written: 7, id: 3 };
        let [rest, later] = stretches(place, 20);
        assert_eq!((rest.from, rest.before, rest.id), (7, 8, 3));
        assert_eq!((later.from, later.before, later.id), (8, 20, 0));
        let [rest, later] = stretches(place, 5);
        assert!(rest.before <= rest.from && later.before <= later.from, "nothing");
    }
}
