//! All that writes the table `marking`.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::model::{Marking, MarkingId};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{attempt, attempt_result, marking},
    },
    exams::attempts::model::{Attempt, AttemptId},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

/// A marking of this marker; another's is not there.
pub fn mine(conn: &mut Conn, id: MarkingId, marker: PersonId) -> Result<Option<Marking>> {
    Ok(marking::table
        .find(id)
        .filter(marking::marker_id.eq(marker).and(marking::withdrawn_at.is_null()))
        .select(Marking::as_select())
        .first(conn)
        .optional()?)
}

/// What a marker has yet to submit, oldest first.
pub fn open_of(conn: &mut Conn, marker: PersonId, limit: i64) -> Result<Vec<(Marking, String)>> {
    Ok(marking::table
        .inner_join(attempt::table.on(attempt::id.eq(marking::attempt_id)))
        .filter(marking::marker_id.eq(marker).and(marking::withdrawn_at.is_null()))
        .filter(marking::submitted_at.is_null())
        .order((marking::assigned_at, marking::id))
        .limit(limit)
        .select((Marking::as_select(), attempt::exam))
        .load(conn)?)
}

/// What a marker submitted, newest first.
pub fn done_by(conn: &mut Conn, marker: PersonId, limit: i64) -> Result<Vec<(Marking, String)>> {
    Ok(marking::table
        .inner_join(attempt::table.on(attempt::id.eq(marking::attempt_id)))
        .filter(marking::marker_id.eq(marker).and(marking::submitted_at.is_not_null()))
        .order((marking::submitted_at.desc(), marking::id.desc()))
        .limit(limit)
        .select((Marking::as_select(), attempt::exam))
        .load(conn)?)
}

/// The markings of an attempt that stand.
pub fn of_attempt(conn: &mut Conn, id: AttemptId) -> Result<Vec<Marking>> {
    Ok(marking::table
        .filter(marking::attempt_id.eq(id).and(marking::withdrawn_at.is_null()))
        .order((marking::position, marking::slot, marking::id))
        .select(Marking::as_select())
        .load(conn)?)
}

/// Everybody who ever marked something of an attempt.
pub fn markers_of(conn: &mut Conn, id: AttemptId) -> Result<HashSet<PersonId>> {
    let ids: Vec<PersonId> = marking::table
        .filter(marking::attempt_id.eq(id))
        .order(marking::id)
        .select(marking::marker_id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// How much each marker has yet to do.
pub fn loads(conn: &mut Conn) -> Result<HashMap<PersonId, i64>> {
    let rows: Vec<(PersonId, i64)> = marking::table
        .filter(marking::submitted_at.is_null().and(marking::withdrawn_at.is_null()))
        .group_by(marking::marker_id)
        .select((marking::marker_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// An answer given to a marker.
pub struct NewMarking {
    pub attempt: AttemptId,
    pub position: i64,
    pub slot: i64,
    pub marker: PersonId,
}

pub fn add(conn: &mut Conn, new: &NewMarking, at: Instant, by: Option<PersonId>) -> Result<()> {
    diesel::insert_into(marking::table)
        .values((
            marking::attempt_id.eq(new.attempt),
            marking::position.eq(new.position),
            marking::slot.eq(new.slot),
            marking::marker_id.eq(new.marker),
            marking::assigned_at.eq(at),
            marking::assigned_by.eq(by),
            marking::comment.eq(""),
            marking::edition.eq(0_i64),
        ))
        .execute(conn)?;
    Ok(())
}

/// What a marker wrote.
pub struct Draft<'a> {
    pub points: Option<i64>,
    pub comment: &'a str,
    pub edition: i64,
}

/// Keeps what a marker wrote if it is newer than what is kept and not submitted; says whether.
pub fn keep(conn: &mut Conn, id: MarkingId, draft: &Draft<'_>, now: Instant) -> Result<bool> {
    let kept = diesel::update(marking::table.find(id))
        .filter(marking::submitted_at.is_null().and(marking::withdrawn_at.is_null()))
        .filter(marking::edition.lt(draft.edition))
        .set((
            marking::points.eq(draft.points),
            marking::comment.eq(draft.comment),
            marking::edition.eq(draft.edition),
            marking::saved_at.eq(now),
        ))
        .execute(conn)?;
    Ok(kept == 1)
}

/// Submits a mark; says whether it was open until then.
pub fn submit(
    conn: &mut Conn,
    id: MarkingId,
    points: i64,
    comment: &str,
    now: Instant,
) -> Result<bool> {
    let done = diesel::update(marking::table.find(id))
        .filter(marking::submitted_at.is_null().and(marking::withdrawn_at.is_null()))
        .set((
            marking::points.eq(points),
            marking::comment.eq(comment),
            marking::edition.eq(marking::edition + 1),
            marking::saved_at.eq(now),
            marking::submitted_at.eq(now),
        ))
        .execute(conn)?;
    Ok(done == 1)
}

/// Takes markings of an attempt out of force: at one place and slot, or all from a slot on.
pub fn withdraw(
    conn: &mut Conn,
    id: AttemptId,
    which: Withdrawn,
    why: &str,
    now: Instant,
) -> Result<usize> {
    let update = diesel::update(marking::table)
        .filter(marking::attempt_id.eq(id).and(marking::withdrawn_at.is_null()));
    let set = (marking::withdrawn_at.eq(now), marking::withdrawn_why.eq(why));
    Ok(match which {
        Withdrawn::Open { position, slot } => update
            .filter(marking::position.eq(position).and(marking::slot.eq(slot)))
            .filter(marking::submitted_at.is_null())
            .set(set)
            .execute(conn)?,
        Withdrawn::From { slot } => update.filter(marking::slot.ge(slot)).set(set).execute(conn)?,
    })
}

/// Which markings are withdrawn.
#[derive(Clone, Copy, Debug)]
pub enum Withdrawn {
    Open { position: i64, slot: i64 },
    From { slot: i64 },
}

/// Attempts of these exams, finished since a moment, that have no result yet.
pub fn without_result(
    conn: &mut Conn,
    exams: &[String],
    since: Instant,
    limit: i64,
) -> Result<Vec<Attempt>> {
    let result = attempt_result::table
        .filter(attempt_result::attempt_id.eq(attempt::id))
        .filter(attempt_result::superseded_at.is_null());
    Ok(attempt::table
        .filter(attempt::exam.eq_any(exams.to_vec()))
        .filter(attempt::finished_at.gt(since))
        .filter(diesel::dsl::not(diesel::dsl::exists(result)))
        .order((attempt::finished_at, attempt::id))
        .limit(limit)
        .select(Attempt::as_select())
        .load(conn)?)
}
