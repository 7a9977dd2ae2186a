//! All that reads and writes appeals against theory exams in the table `appeal`.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Appeal, AppealId, Outcome};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{appeal, attempt},
    },
    exams::attempts::model::{Attempt, AttemptId},
    record::{PersonId, ledger::Stamp},
};

type Result<T> = std::result::Result<T, Error>;

/// The appeals against an attempt, newest first.
pub fn of_attempt(conn: &mut Conn, id: AttemptId) -> Result<Vec<Appeal>> {
    Ok(appeal::table
        .filter(appeal::attempt_id.eq(id))
        .order(appeal::id.desc())
        .limit(50)
        .select(Appeal::as_select())
        .load(conn)?)
}

pub fn find(conn: &mut Conn, id: AppealId) -> Result<Option<(Appeal, Attempt)>> {
    Ok(appeal::table
        .inner_join(attempt::table)
        .filter(appeal::id.eq(id))
        .select((Appeal::as_select(), Attempt::as_select()))
        .first(conn)
        .optional()?)
}

/// Open or decided ones: open ones by their date, decided ones from the latest.
pub fn list(conn: &mut Conn, open: bool, limit: i64) -> Result<Vec<(Appeal, Attempt)>> {
    let query = appeal::table.inner_join(attempt::table).into_boxed();
    let query = if open {
        query.filter(appeal::decided_at.is_null()).order((appeal::decide_by, appeal::id))
    } else {
        query
            .filter(appeal::decided_at.is_not_null())
            .order((appeal::decided_at.desc(), appeal::id.desc()))
    };
    Ok(query.limit(limit).select((Appeal::as_select(), Attempt::as_select())).load(conn)?)
}

/// Files an appeal; a second open one against the same attempt is a unique violation.
pub fn add(
    conn: &mut Conn,
    attempt: AttemptId,
    person: PersonId,
    grounds: &str,
    decide_by: NaiveDate,
    now: Instant,
) -> Result<AppealId> {
    Ok(diesel::insert_into(appeal::table)
        .values((
            appeal::attempt_id.eq(attempt),
            appeal::person_id.eq(person),
            appeal::filed_at.eq(now),
            appeal::grounds.eq(grounds),
            appeal::decide_by.eq(decide_by),
        ))
        .returning(appeal::id)
        .get_result(conn)?)
}

/// Decides an appeal; says whether it was open until then.
pub fn decide(
    conn: &mut Conn,
    id: AppealId,
    outcome: Outcome,
    reasons: Option<&str>,
    stamp: Stamp,
) -> Result<bool> {
    let decided = diesel::update(appeal::table.find(id))
        .filter(appeal::decided_at.is_null())
        .set((
            appeal::outcome.eq(outcome),
            appeal::reasons.eq(reasons),
            appeal::decided_at.eq(stamp.at),
            appeal::decided_by.eq(stamp.by),
        ))
        .execute(conn)?;
    Ok(decided == 1)
}
