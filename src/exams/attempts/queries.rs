//! All that reads and writes the tables `attempt`, `attempt_question`, `answer` and
//! `attempt_result`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use diesel::prelude::*;

use super::{
    model::{Answer, Attempt, AttemptId, AttemptResult, EndedBy},
    paper::{self, Drawn},
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{
            answer, attempt, attempt_event, attempt_question, attempt_result, question_version,
        },
    },
    each_backend,
    exams::questions::{Body, QuestionKind, VersionId, scoring::Item},
    record::{PersonId, ledger::Stamp},
};

type Result<T> = std::result::Result<T, Error>;

/// What an attempt starts with.
pub struct NewAttempt<'a> {
    pub person: PersonId,
    pub exam: &'a str,
    pub content: ContentId,
    pub seed: i64,
    pub pass_score: i64,
    pub started_at: Instant,
    pub hand_in_by: Instant,
}

/// Adds an attempt with its paper. A second running attempt of the same person at the same exam
/// is a unique violation.
pub fn add(conn: &mut Conn, new: &NewAttempt<'_>, paper: &[Drawn]) -> Result<AttemptId> {
    let last: Option<i64> = attempt::table
        .filter(attempt::person_id.eq(new.person).and(attempt::exam.eq(new.exam)))
        .select(diesel::dsl::max(attempt::number))
        .first(conn)?;
    let id: AttemptId = diesel::insert_into(attempt::table)
        .values((
            attempt::person_id.eq(new.person),
            attempt::exam.eq(new.exam),
            attempt::content_id.eq(new.content),
            attempt::number.eq(last.unwrap_or(0) + 1),
            attempt::seed.eq(new.seed),
            attempt::pass_score.eq(new.pass_score),
            attempt::started_at.eq(new.started_at),
            attempt::hand_in_by.eq(new.hand_in_by),
        ))
        .returning(attempt::id)
        .get_result(conn)?;
    let rows: Vec<_> = (1_i64..)
        .zip(paper)
        .map(|(position, drawn)| {
            (
                attempt_question::attempt_id.eq(id),
                attempt_question::position.eq(position),
                attempt_question::question_version_id.eq(drawn.version),
                attempt_question::option_order.eq(paper::order_word(&drawn.order)),
                attempt_question::kind.eq(drawn.kind),
                attempt_question::part.eq(drawn.part as i64),
                attempt_question::block.eq(drawn.block as i64),
                attempt_question::weight.eq(i64::from(drawn.weight)),
                attempt_question::scored.eq(drawn.scored),
            )
        })
        .collect();
    each_backend!(conn, |conn| diesel::insert_into(attempt_question::table)
        .values(&rows)
        .execute(conn))?;
    Ok(id)
}

/// An attempt of this person; another's is not there.
pub fn attempt_of(conn: &mut Conn, id: AttemptId, person: PersonId) -> Result<Option<Attempt>> {
    Ok(attempt::table
        .find(id)
        .filter(attempt::person_id.eq(person))
        .select(Attempt::as_select())
        .first(conn)
        .optional()?)
}

/// The same, held so that it cannot be finished before this transaction ends. SQLite has one
/// writer, so there it is held already.
pub fn hold(conn: &mut Conn, id: AttemptId, person: PersonId) -> Result<Option<Attempt>> {
    let found = match conn {
        Conn::Sqlite(_) => return attempt_of(conn, id, person),
        Conn::Postgres(conn) => attempt::table
            .filter(attempt::id.eq(id).and(attempt::person_id.eq(person)))
            .select(Attempt::as_select())
            .for_share()
            .first(conn)
            .optional()?,
    };
    Ok(found)
}

/// The attempt a person is in the middle of, of all exams the one to be handed in first.
pub fn running_attempt(conn: &mut Conn, person: PersonId) -> Result<Option<Attempt>> {
    Ok(running(conn, person)?.into_iter().next())
}

/// All attempts a person is in the middle of: one an exam at most.
pub fn running(conn: &mut Conn, person: PersonId) -> Result<Vec<Attempt>> {
    Ok(attempt::table
        .filter(attempt::person_id.eq(person).and(attempt::finished_at.is_null()))
        .order((attempt::hand_in_by, attempt::id))
        .limit(50)
        .select(Attempt::as_select())
        .load(conn)?)
}

/// A person's finished attempts with the results they know, newest first.
pub fn recent_results(
    conn: &mut Conn,
    person: PersonId,
    limit: i64,
) -> Result<Vec<(Attempt, AttemptResult)>> {
    Ok(attempt::table
        .inner_join(attempt_result::table)
        .filter(attempt::person_id.eq(person).and(attempt_result::superseded_at.is_null()))
        .filter(attempt_result::released_at.is_not_null())
        .order((attempt::finished_at.desc(), attempt::id.desc()))
        .limit(limit)
        .select((Attempt::as_select(), AttemptResult::as_select()))
        .load(conn)?)
}

pub fn result_of(conn: &mut Conn, id: AttemptId) -> Result<Option<AttemptResult>> {
    Ok(attempt_result::table
        .filter(attempt_result::attempt_id.eq(id).and(attempt_result::superseded_at.is_null()))
        .select(AttemptResult::as_select())
        .first(conn)
        .optional()?)
}

/// How a question on a paper is answered: its kind and how many options it shows.
pub fn slot(
    conn: &mut Conn,
    id: AttemptId,
    position: i64,
) -> Result<Option<(QuestionKind, usize)>> {
    let row: Option<(QuestionKind, String)> = attempt_question::table
        .filter(attempt_question::attempt_id.eq(id).and(attempt_question::position.eq(position)))
        .select((attempt_question::kind, attempt_question::option_order))
        .first(conn)
        .optional()?;
    Ok(row.map(|(kind, order)| (kind, paper::parse_order(&order).len())))
}

/// Keeps an answer if it is newer than the one kept; says whether it was.
pub fn put_answer(conn: &mut Conn, id: AttemptId, position: i64, new: &Answer) -> Result<bool> {
    use diesel::{query_dsl::methods::FilterDsl, upsert::excluded};
    let changed = each_backend!(conn, |conn| diesel::insert_into(answer::table)
        .values((
            answer::attempt_id.eq(id),
            answer::position.eq(position),
            answer::response.eq(&new.response),
            answer::edition.eq(new.edition),
            answer::saved_at.eq(new.saved_at),
        ))
        .on_conflict((answer::attempt_id, answer::position))
        .do_update()
        .set((
            answer::response.eq(excluded(answer::response)),
            answer::edition.eq(excluded(answer::edition)),
            answer::saved_at.eq(excluded(answer::saved_at)),
        ))
        .filter(answer::edition.lt(excluded(answer::edition)))
        .execute(conn))?;
    Ok(changed > 0)
}

pub fn answer_at(conn: &mut Conn, id: AttemptId, position: i64) -> Result<Option<Answer>> {
    let row: Option<(String, i64, Instant)> = answer::table
        .find((id.0, position))
        .select((answer::response, answer::edition, answer::saved_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(response, edition, saved_at)| Answer { response, edition, saved_at }))
}

/// When something was last saved: the clock may be set back, an exam's time may not.
pub fn last_saved(conn: &mut Conn, id: AttemptId) -> Result<Option<Instant>> {
    Ok(answer::table
        .filter(answer::attempt_id.eq(id))
        .select(diesel::dsl::max(answer::saved_at))
        .first(conn)?)
}

/// The answers kept, by position.
pub fn answers(conn: &mut Conn, id: AttemptId) -> Result<BTreeMap<i64, Answer>> {
    let rows: Vec<(i64, String, i64, Instant)> = answer::table
        .filter(answer::attempt_id.eq(id))
        .order(answer::position)
        .select((answer::position, answer::response, answer::edition, answer::saved_at))
        .load(conn)?;
    let answer = |(position, response, edition, saved_at)| {
        (position, Answer { response, edition, saved_at })
    };
    Ok(rows.into_iter().map(answer).collect())
}

/// A place of a paper as it is kept.
#[derive(Queryable)]
struct Slot {
    position: i64,
    version: VersionId,
    kind: QuestionKind,
    part: i64,
    order: String,
    weight: i64,
    scored: bool,
    whole: QuestionKind,
    area: String,
    body: String,
}

/// The paper with what was answered, by position. What markers gave and what was corrected is
/// added by [`super::marks::marked_paper`], where results are made.
pub fn paper(conn: &mut Conn, id: AttemptId) -> Result<Vec<(i64, Item)>> {
    let slots: Vec<Slot> = attempt_question::table
        .inner_join(question_version::table)
        .filter(attempt_question::attempt_id.eq(id))
        .order(attempt_question::position)
        .select((
            attempt_question::position,
            attempt_question::question_version_id,
            attempt_question::kind,
            attempt_question::part,
            attempt_question::option_order,
            attempt_question::weight,
            attempt_question::scored,
            question_version::kind,
            question_version::area,
            question_version::body,
        ))
        .load(conn)?;
    let mut answers = answers(conn, id)?;
    let mut bodies: HashMap<VersionId, Arc<Body>> = HashMap::new();
    slots
        .into_iter()
        .map(|slot| {
            let body = match bodies.get(&slot.version) {
                Some(known) => known.clone(),
                None => {
                    let body = Arc::new(Body::read(slot.whole, &slot.body).map_err(unreadable)?);
                    bodies.insert(slot.version, body.clone());
                    body
                }
            };
            let response = answers.remove(&slot.position).map(|answer| answer.response);
            let item = Item {
                kind: slot.kind,
                area: slot.area,
                body,
                part: usize::try_from(slot.part).unwrap_or(0),
                order: paper::parse_order(&slot.order),
                weight: slot.weight,
                scored: slot.scored,
                response,
                marked: None,
                corrections: Vec::new(),
            };
            Ok((slot.position, item))
        })
        .collect()
}

pub(super) fn unreadable(error: String) -> Error {
    Error::Query(diesel::result::Error::DeserializationError(error.into()))
}

/// Ends an attempt, unless it has ended: whoever gets `true` marks it, and nobody else.
pub fn close(conn: &mut Conn, id: AttemptId, at: Instant) -> Result<bool> {
    let closed = diesel::update(attempt::table.find(id))
        .filter(attempt::finished_at.is_null())
        .set(attempt::finished_at.eq(at))
        .execute(conn)?;
    Ok(closed == 1)
}

pub fn attempt(conn: &mut Conn, id: AttemptId) -> Result<Option<Attempt>> {
    Ok(attempt::table.find(id).select(Attempt::as_select()).first(conn).optional()?)
}

/// Holds an attempt, so that its result is made by one transaction at a time.
pub fn hold_for_result(conn: &mut Conn, id: AttemptId) -> Result<()> {
    diesel::update(attempt::table.find(id))
        .set(attempt::number.eq(attempt::number))
        .execute(conn)?;
    Ok(())
}

/// Notes how an attempt ended whose result has to wait.
pub fn note_end(conn: &mut Conn, id: AttemptId, ended_by: EndedBy, stamp: Stamp) -> Result<()> {
    if ended_by != EndedBy::Invigilator {
        return Ok(());
    }
    diesel::insert_into(attempt_event::table)
        .values((
            attempt_event::attempt_id.eq(id),
            attempt_event::kind.eq("closed"),
            attempt_event::detail.eq(ended_by.word()),
            attempt_event::at.eq(stamp.at),
            attempt_event::by_person.eq(stamp.by),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes the current result of an attempt out of force; it stays to be seen.
pub fn supersede(conn: &mut Conn, id: AttemptId, at: Instant) -> Result<()> {
    diesel::update(attempt_result::table)
        .filter(attempt_result::attempt_id.eq(id).and(attempt_result::superseded_at.is_null()))
        .set(attempt_result::superseded_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// Every result an attempt ever had and that was told, newest first.
pub fn results_told(conn: &mut Conn, id: AttemptId) -> Result<Vec<AttemptResult>> {
    Ok(attempt_result::table
        .filter(attempt_result::attempt_id.eq(id).and(attempt_result::released_at.is_not_null()))
        .order(attempt_result::id.desc())
        .limit(50)
        .select(AttemptResult::as_select())
        .load(conn)?)
}

/// Whether some questions of an attempt were on trial.
pub fn has_pilots(conn: &mut Conn, id: AttemptId) -> Result<bool> {
    let pilots = attempt_question::table
        .filter(attempt_question::attempt_id.eq(id).and(attempt_question::scored.eq(false)))
        .select(attempt_question::position);
    Ok(diesel::select(diesel::dsl::exists(pilots)).get_result(conn)?)
}

/// A person's finished attempts whose result is not told yet, newest first.
pub fn untold(conn: &mut Conn, person: PersonId) -> Result<Vec<Attempt>> {
    let told = attempt_result::table
        .filter(attempt_result::attempt_id.eq(attempt::id))
        .filter(attempt_result::superseded_at.is_null())
        .filter(attempt_result::released_at.is_not_null());
    Ok(attempt::table
        .filter(attempt::person_id.eq(person).and(attempt::finished_at.is_not_null()))
        .filter(diesel::dsl::not(diesel::dsl::exists(told)))
        .order((attempt::finished_at.desc(), attempt::id.desc()))
        .limit(50)
        .select(Attempt::as_select())
        .load(conn)?)
}

pub fn add_result(conn: &mut Conn, result: &AttemptResult) -> Result<()> {
    diesel::insert_into(attempt_result::table)
        .values((
            attempt_result::attempt_id.eq(result.attempt_id),
            attempt_result::ended_by.eq(result.ended_by),
            attempt_result::points.eq(result.points),
            attempt_result::points_max.eq(result.points_max),
            attempt_result::passed.eq(result.passed),
            attempt_result::by_area.eq(&result.by_area),
            attempt_result::cause.eq(result.cause),
            attempt_result::graded_at.eq(result.graded_at),
            attempt_result::released_at.eq(result.released_at),
            attempt_result::released_by.eq(result.released_by),
            attempt_result::fact_id.eq(result.fact_id),
        ))
        .execute(conn)?;
    Ok(())
}

/// Running attempts that had to be handed in before a moment, oldest first.
pub fn overdue(conn: &mut Conn, before: Instant, limit: i64) -> Result<Vec<AttemptId>> {
    Ok(attempt::table
        .filter(attempt::finished_at.is_null().and(attempt::hand_in_by.lt(before)))
        .order((attempt::hand_in_by, attempt::id))
        .limit(limit)
        .select(attempt::id)
        .load(conn)?)
}
