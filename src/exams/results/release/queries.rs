//! Reads what waits for its release; it owns no table.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::{
    db::{
        Conn, Error, Instant,
        schema::{attempt, attempt_result, marking, person, sitting},
    },
    exams::{
        attempts::model::{Attempt, AttemptId, AttemptResult},
        questions::agreement,
    },
};

type Result<T> = std::result::Result<T, Error>;

/// Results whose sitting said they were to be known by now, oldest first.
pub fn due(conn: &mut Conn, now: Instant, limit: i64) -> Result<Vec<AttemptId>> {
    Ok(attempt_result::table
        .inner_join(attempt::table)
        .inner_join(sitting::table.on(attempt::sitting_id.eq(sitting::id.nullable())))
        .filter(attempt_result::superseded_at.is_null())
        .filter(attempt_result::released_at.is_null())
        .filter(sitting::release.eq("at-time").and(sitting::release_at.le(now)))
        .order(attempt::id)
        .limit(limit)
        .select(attempt::id)
        .load(conn)?)
}

/// An attempt nobody was told the result of.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub attempt: Attempt,
    pub staff_no: String,
    pub name: String,
    pub name_en: Option<String>,
    pub sitting_code: Option<String>,
    /// None while it is being marked.
    pub result: Option<AttemptResult>,
    /// Two markers were so far apart that a third decided.
    pub apart: bool,
}

const MOST: i64 = 5_000;

type Row = (Attempt, (String, String, Option<String>), Option<String>);

/// Finished attempts of these exams without a released result, oldest first.
pub fn waiting(conn: &mut Conn, exams: &[String]) -> Result<Vec<Waiting>> {
    let told = attempt_result::table
        .filter(attempt_result::attempt_id.eq(attempt::id))
        .filter(attempt_result::superseded_at.is_null())
        .filter(attempt_result::released_at.is_not_null());
    let rows: Vec<Row> = attempt::table
        .inner_join(person::table)
        .left_join(sitting::table.on(attempt::sitting_id.eq(sitting::id.nullable())))
        .filter(attempt::exam.eq_any(exams.to_vec()))
        .filter(attempt::finished_at.is_not_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(told)))
        .order((attempt::finished_at, attempt::id))
        .limit(MOST)
        .select((
            Attempt::as_select(),
            (person::staff_no, person::name, person::name_en),
            sitting::code.nullable(),
        ))
        .load(conn)?;
    let ids: Vec<AttemptId> = rows.iter().map(|(attempt, ..)| attempt.id).collect();
    let (mut results, apart) = (results_of(conn, &ids)?, apart(conn, &ids)?);
    let one = |(attempt, (staff_no, name, name_en), sitting_code): Row| Waiting {
        result: results.remove(&attempt.id),
        apart: apart.contains(&attempt.id),
        attempt,
        staff_no,
        name,
        name_en,
        sitting_code,
    };
    Ok(rows.into_iter().map(one).collect())
}

fn results_of(
    conn: &mut Conn,
    ids: &[AttemptId],
) -> Result<std::collections::HashMap<AttemptId, AttemptResult>> {
    let mut results = std::collections::HashMap::new();
    for some in ids.chunks(500) {
        let rows: Vec<AttemptResult> = attempt_result::table
            .filter(attempt_result::attempt_id.eq_any(some.to_vec()))
            .filter(attempt_result::superseded_at.is_null())
            .select(AttemptResult::as_select())
            .load(conn)?;
        results.extend(rows.into_iter().map(|result| (result.attempt_id, result)));
    }
    Ok(results)
}

/// Those of which a third marker had to decide something.
fn apart(conn: &mut Conn, ids: &[AttemptId]) -> Result<HashSet<AttemptId>> {
    let mut apart = HashSet::new();
    for some in ids.chunks(500) {
        let rows: Vec<AttemptId> = marking::table
            .filter(marking::attempt_id.eq_any(some.iter().map(|id| id.0)))
            .filter(marking::slot.eq(agreement::DECIDING).and(marking::withdrawn_at.is_null()))
            .select(marking::attempt_id)
            .load(conn)?;
        apart.extend(rows);
    }
    Ok(apart)
}
