//! All that reads and writes the table `practice_answer`, and which questions are open.

use std::sync::Arc;

use diesel::prelude::*;

use super::rules::{Given, Open, Unit};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{practice_answer, question_bank, question_version},
    },
    exams::questions::{Body, QuestionId, QuestionKind, VersionId, bank, memo},
    i18n::Text,
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// An answer given in practice.
    PracticeId
}

/// More than a group keeps; the first by code.
const MOST_BANKS: i64 = 200;

/// The banks whose authors opened them for practice.
pub fn open_banks(conn: &mut Conn) -> Result<Vec<(String, Text)>> {
    let rows: Vec<(String, String, String)> = question_bank::table
        .filter(question_bank::practice.eq(true))
        .order(question_bank::code)
        .limit(MOST_BANKS)
        .select((question_bank::code, question_bank::title_zh, question_bank::title_en))
        .load(conn)?;
    Ok(rows.into_iter().map(|(code, zh, en)| (code, Text { zh, en })).collect())
}

/// Every question that may be practised: live, not on trial, and marked by the program.
pub fn open(conn: &mut Conn) -> Result<Vec<Open>> {
    let mut open = Vec::new();
    for (code, _) in open_banks(conn)? {
        for live in bank::live(conn, &code)?.into_iter().filter(|live| !live.pilot) {
            let is_case = live.kind == QuestionKind::Case;
            for (at, place) in live.places.iter().enumerate() {
                if place.kind != QuestionKind::Essay {
                    open.push(Open {
                        question: live.question,
                        version: live.version,
                        part: if is_case { at + 1 } else { 0 },
                        bank: code.clone(),
                        area: live.area.clone(),
                    });
                }
            }
        }
    }
    Ok(open)
}

/// A version's area and wording.
pub fn wording(conn: &mut Conn, version: VersionId) -> Result<Option<(String, Arc<Body>)>> {
    let row: Option<(QuestionKind, String, String)> = question_version::table
        .find(version)
        .select((question_version::kind, question_version::area, question_version::body))
        .first(conn)
        .optional()?;
    let Some((kind, area, json)) = row else { return Ok(None) };
    let unreadable =
        |why: String| Error::Query(diesel::result::Error::DeserializationError(why.into()));
    Ok(Some((area, memo::body(kind, &json).map_err(unreadable)?)))
}

/// Years of practice; the newest count.
const MOST_GIVEN: i64 = 5_000;

/// What a person answered, newest first.
pub fn given(conn: &mut Conn, person: PersonId) -> Result<Vec<Given>> {
    let rows: Vec<(QuestionId, i64, i64, Instant)> = practice_answer::table
        .inner_join(question_version::table)
        .filter(practice_answer::person_id.eq(person))
        .order((practice_answer::answered_at.desc(), practice_answer::id.desc()))
        .limit(MOST_GIVEN)
        .select((
            question_version::question_id,
            practice_answer::part,
            practice_answer::earned,
            practice_answer::answered_at,
        ))
        .load(conn)?;
    let given = |(question, part, earned, at)| {
        let part = usize::try_from(part).unwrap_or(0);
        Given { question, part, earned, at }
    };
    Ok(rows.into_iter().map(given).collect())
}

pub fn add(
    conn: &mut Conn,
    person: PersonId,
    unit: Unit,
    response: &str,
    earned: i64,
    at: Instant,
) -> Result<PracticeId> {
    Ok(diesel::insert_into(practice_answer::table)
        .values((
            practice_answer::person_id.eq(person),
            practice_answer::question_version_id.eq(unit.version),
            practice_answer::part.eq(unit.part as i64),
            practice_answer::response.eq(response),
            practice_answer::earned.eq(earned),
            practice_answer::answered_at.eq(at),
        ))
        .returning(practice_answer::id)
        .get_result(conn)?)
}

/// An answer of this person; another's is not there.
pub fn answer_of(
    conn: &mut Conn,
    id: PracticeId,
    person: PersonId,
) -> Result<Option<(Unit, String, i64)>> {
    let row: Option<(VersionId, i64, String, i64)> = practice_answer::table
        .find(id.0)
        .filter(practice_answer::person_id.eq(person))
        .select((
            practice_answer::question_version_id,
            practice_answer::part,
            practice_answer::response,
            practice_answer::earned,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(version, part, response, earned)| {
        (Unit { version, part: usize::try_from(part).unwrap_or(0) }, response, earned)
    }))
}

/// What the last answer to each of these earned.
pub fn earned(conn: &mut Conn, person: PersonId, units: &[Unit]) -> Result<Vec<Option<i64>>> {
    let versions: Vec<VersionId> = units.iter().map(|unit| unit.version).collect();
    let rows: Vec<(VersionId, i64, i64)> = practice_answer::table
        .filter(practice_answer::person_id.eq(person))
        .filter(practice_answer::question_version_id.eq_any(versions))
        .order((practice_answer::answered_at.desc(), practice_answer::id.desc()))
        .limit(MOST_GIVEN)
        .select((
            practice_answer::question_version_id,
            practice_answer::part,
            practice_answer::earned,
        ))
        .load(conn)?;
    let last = |unit: &Unit| {
        let mut of_unit = rows.iter().filter(|(version, part, _)| {
            *version == unit.version && usize::try_from(*part) == Ok(unit.part)
        });
        of_unit.next().map(|(.., earned)| *earned)
    };
    Ok(units.iter().map(last).collect())
}
