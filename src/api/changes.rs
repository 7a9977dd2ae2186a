//! What happened to certificates since a place in time: for systems that keep a copy in step.
//!
//! A change is shown a minute after it was made. By then every transaction that began earlier has
//! ended, so nothing can appear later in front of what was read already.

use chrono::Duration;
use diesel::prelude::*;

use crate::{
    certification::model::{ActKind, CertificateId},
    db::{
        Conn, Error, Instant,
        schema::{certificate, certificate_act},
    },
    record::PersonId,
};

/// Seconds until a change is shown.
pub const SETTLED: i64 = 60;

/// A place between two changes: everything up to and including it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: Instant,
    /// 0 for an issue, 1 for an act: a certificate comes before what is done to it.
    rank: i64,
    id: i64,
}

impl Cursor {
    /// As it stands in an address.
    pub fn word(self) -> String {
        format!("{}-{}-{}", self.at.utc().timestamp_micros(), self.rank, self.id)
    }

    pub fn parse(word: &str) -> Option<Cursor> {
        let mut parts = word.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (micros, rank, id) = (parts.next()??, parts.next()??, parts.next()??);
        let at = chrono::DateTime::from_timestamp_micros(micros)?.into();
        (0..=1).contains(&rank).then_some(Cursor { at, rank, id })
    }
}

/// A certificate was issued, or something was done to it.
#[derive(Clone, Debug)]
pub struct Change {
    pub cursor: Cursor,
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

/// The next changes of everybody after a place, oldest first.
pub fn after(
    conn: &mut Conn,
    cursor: Option<Cursor>,
    now: Instant,
    limit: usize,
) -> Result<Vec<Change>, Error> {
    let settled = now.plus(-Duration::seconds(SETTLED));
    let mut changes = issued(conn, cursor, settled, limit as i64)?;
    changes.extend(acted(conn, cursor, settled, limit as i64)?);
    changes.sort_by_key(|change| change.cursor);
    changes.truncate(limit);
    Ok(changes)
}

/// Of what has this rank, what comes after a cursor: from which moment on, and after which id at
/// that very moment.
fn bounds(cursor: Option<Cursor>, rank: i64) -> (Instant, i64) {
    match cursor {
        None => (Instant::from(chrono::DateTime::UNIX_EPOCH), 0),
        Some(cursor) if rank > cursor.rank => (cursor.at, 0),
        Some(cursor) if rank == cursor.rank => (cursor.at, cursor.id),
        Some(cursor) => (cursor.at, i64::MAX),
    }
}

fn issued(
    conn: &mut Conn,
    cursor: Option<Cursor>,
    settled: Instant,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let (since, id) = bounds(cursor, 0);
    type Row =
        (CertificateId, PersonId, String, String, chrono::NaiveDate, Instant, Option<String>);
    let rows: Vec<Row> = certificate::table
        .filter(certificate::issued_at.ge(since).and(certificate::issued_at.le(settled)))
        .filter(certificate::issued_at.gt(since).or(certificate::id.gt(CertificateId(id))))
        .order((certificate::issued_at, certificate::id))
        .limit(limit)
        .select((
            certificate::id,
            certificate::person_id,
            certificate::number,
            certificate::certification,
            certificate::issued_on,
            certificate::issued_at,
            certificate::why,
        ))
        .load(conn)?;
    let change = |(id, person, number, certification, on, at, why): Row| Change {
        cursor: Cursor { at, rank: 0, id: id.0 },
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

fn acted(
    conn: &mut Conn,
    cursor: Option<Cursor>,
    settled: Instant,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let (since, id) = bounds(cursor, 1);
    type Row = (i64, ActKind, PersonId, String, String, chrono::NaiveDate, Instant, String);
    let rows: Vec<Row> = certificate_act::table
        .inner_join(certificate::table.on(certificate::id.eq(certificate_act::certificate_id)))
        .filter(certificate_act::done_at.ge(since).and(certificate_act::done_at.le(settled)))
        .filter(certificate_act::done_at.gt(since).or(certificate_act::id.gt(id)))
        .order((certificate_act::done_at, certificate_act::id))
        .limit(limit)
        .select((
            certificate_act::id,
            certificate_act::act,
            certificate::person_id,
            certificate::number,
            certificate::certification,
            certificate_act::on_day,
            certificate_act::done_at,
            certificate_act::why,
        ))
        .load(conn)?;
    let change = |(id, act, person, number, certification, on, at, why): Row| Change {
        cursor: Cursor { at, rank: 1, id },
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
        let at: Instant =
            "2026-11-23T02:00:00.123456Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into();
        let cursor = Cursor { at, rank: 1, id: 12 };
        assert_eq!(Cursor::parse(&cursor.word()), Some(cursor));
        for wrong in ["", "1", "1-1", "a-1-1", "1-2-3", "1-1-1-1", "-1"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn at_one_moment_issues_come_before_acts() {
        let at = Instant::from(chrono::DateTime::UNIX_EPOCH);
        let issued = Cursor { at, rank: 0, id: 7 };
        let acted = Cursor { at, rank: 1, id: 3 };
        assert_eq!((bounds(Some(issued), 0).1, bounds(Some(issued), 1).1), (7, 0));
        assert_eq!((bounds(Some(acted), 0).1, bounds(Some(acted), 1).1), (i64::MAX, 3));
    }
}
