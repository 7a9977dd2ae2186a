//! Who changed what: one line for each change, written in its transaction.

use diesel::prelude::*;
use serde::Serialize;

use crate::{
    db::{
        Conn, Error, Instant,
        schema::{audit, person},
    },
    record::PersonId,
};

/// A line of the audit trail.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: Instant,
    pub by: Option<String>,
    pub act: String,
    pub subject_kind: String,
    pub subject_id: Option<i64>,
    pub detail: String,
}

/// Notes a change. `act` is a verb phrase in kebab-case, `detail` what a reviewer would ask for.
pub fn note(
    conn: &mut Conn,
    by: Option<PersonId>,
    act: &str,
    subject: (&str, Option<i64>),
    detail: impl Serialize,
    now: Instant,
) -> Result<(), Error> {
    diesel::insert_into(audit::table)
        .values((
            audit::at.eq(now),
            audit::by_person.eq(by),
            audit::act.eq(act),
            audit::subject_kind.eq(subject.0),
            audit::subject_id.eq(subject.1),
            audit::detail.eq(serde_json::to_string(&detail).unwrap_or_default()),
        ))
        .execute(conn)?;
    Ok(())
}

/// How often somebody did this to a subject since a moment.
pub fn times(
    conn: &mut Conn,
    by: PersonId,
    act: &str,
    subject: (&str, i64),
    since: Instant,
) -> Result<i64, Error> {
    Ok(audit::table
        .filter(audit::subject_kind.eq(subject.0).and(audit::subject_id.eq(subject.1)))
        .filter(audit::by_person.eq(by).and(audit::act.eq(act)))
        .filter(audit::at.gt(since))
        .count()
        .get_result(conn)?)
}

type LineRow = (Instant, Option<String>, String, String, Option<i64>, String);

/// The trail, newest first, narrowed to acts or subjects that contain a word.
pub fn lines(conn: &mut Conn, word: &str, limit: i64, offset: i64) -> Result<Vec<Line>, Error> {
    let mut query = audit::table.left_join(person::table).into_boxed();
    if !word.is_empty() {
        let pattern = format!("%{}%", word.replace(['%', '_'], ""));
        query = query.filter(
            audit::act.like(pattern.clone()).or(audit::detail.like(pattern.clone())).or(
                person::staff_no
                    .nullable()
                    .is_not_null()
                    .and(person::staff_no.nullable().assume_not_null().like(pattern)),
            ),
        );
    }
    let rows: Vec<LineRow> = query
        .order(audit::id.desc())
        .limit(limit)
        .offset(offset)
        .select((
            audit::at,
            person::staff_no.nullable(),
            audit::act,
            audit::subject_kind,
            audit::subject_id,
            audit::detail,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(at, by, act, subject_kind, subject_id, detail)| Line {
            at,
            by,
            act,
            subject_kind,
            subject_id,
            detail,
        })
        .collect())
}
