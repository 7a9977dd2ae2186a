//! All that reads and writes the tables `attempt`, `attempt_question`, `answer` and
//! `attempt_result`.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    model::{Answer, Attempt, AttemptId, AttemptResult},
    paper::{self, Drawn},
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{answer, attempt, attempt_question, attempt_result, question_version},
    },
    each_backend,
    exams::questions::{QuestionKind, memo, scoring::Item},
    record::PersonId,
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

/// A person's finished attempts with their results, newest first.
pub fn recent_results(
    conn: &mut Conn,
    person: PersonId,
    limit: i64,
) -> Result<Vec<(Attempt, AttemptResult)>> {
    Ok(attempt::table
        .inner_join(attempt_result::table)
        .filter(attempt::person_id.eq(person).and(attempt_result::superseded_at.is_null()))
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

/// A place of a paper with everything the candidate did there.
#[derive(Clone, Debug)]
pub struct Seat {
    pub position: i64,
    /// Which block of the blueprint it belongs to; 0 when there are none.
    pub block: i64,
    /// The candidate wants to come back to it.
    pub flagged: bool,
    pub item: Item,
    /// How often it was answered.
    pub edition: i64,
    pub saved_at: Option<Instant>,
}

impl Seat {
    pub fn is_answered(&self) -> bool {
        self.item.response.as_deref().is_some_and(|response| !response.is_empty())
    }
}

/// A place of a paper as it is kept.
#[derive(Queryable)]
struct Slot {
    position: i64,
    kind: QuestionKind,
    part: i64,
    block: i64,
    flagged: bool,
    order: String,
    weight: i64,
    scored: bool,
    whole: QuestionKind,
    area: String,
    body: String,
}

impl Slot {
    fn seat(self, answer: Option<Answer>) -> Result<Seat> {
        let (edition, saved_at, response) = match answer {
            Some(answer) => (answer.edition, Some(answer.saved_at), Some(answer.response)),
            None => (0, None, None),
        };
        let item = Item {
            kind: self.kind,
            area: self.area,
            body: memo::body(self.whole, &self.body).map_err(unreadable)?,
            part: usize::try_from(self.part).unwrap_or(0),
            order: paper::parse_order(&self.order),
            weight: self.weight,
            scored: self.scored,
            response,
            marked: None,
            corrections: Vec::new(),
        };
        let Slot { position, block, flagged, .. } = self;
        Ok(Seat { position, block, flagged, item, edition, saved_at })
    }
}

/// The paper as its candidate has it, by position.
pub fn seats(conn: &mut Conn, id: AttemptId) -> Result<Vec<Seat>> {
    let slots: Vec<Slot> = attempt_question::table
        .inner_join(question_version::table)
        .filter(attempt_question::attempt_id.eq(id))
        .order(attempt_question::position)
        .select((
            attempt_question::position,
            attempt_question::kind,
            attempt_question::part,
            attempt_question::block,
            attempt_question::flagged,
            attempt_question::option_order,
            attempt_question::weight,
            attempt_question::scored,
            question_version::kind,
            question_version::area,
            question_version::body,
        ))
        .load(conn)?;
    let mut answers = answers(conn, id)?;
    slots
        .into_iter()
        .map(|slot| {
            let answer = answers.remove(&slot.position);
            slot.seat(answer)
        })
        .collect()
}

/// The paper with what was answered, marked and corrected, by position.
pub fn paper(conn: &mut Conn, id: AttemptId) -> Result<Vec<(i64, Item)>> {
    Ok(seats(conn, id)?.into_iter().map(|seat| (seat.position, seat.item)).collect())
}

/// How each place is answered: its kind, and how many things it shows.
pub fn slots(conn: &mut Conn, id: AttemptId) -> Result<BTreeMap<i64, (QuestionKind, usize)>> {
    let rows: Vec<(i64, QuestionKind, String)> = attempt_question::table
        .filter(attempt_question::attempt_id.eq(id))
        .order(attempt_question::position)
        .select((
            attempt_question::position,
            attempt_question::kind,
            attempt_question::option_order,
        ))
        .load(conn)?;
    let shown = |order: &str| paper::parse_order(order).len();
    Ok(rows.into_iter().map(|(position, kind, order)| (position, (kind, shown(&order)))).collect())
}

/// The places the candidate wants to come back to.
pub fn flagged(conn: &mut Conn, id: AttemptId) -> Result<Vec<i64>> {
    Ok(attempt_question::table
        .filter(attempt_question::attempt_id.eq(id).and(attempt_question::flagged.eq(true)))
        .order(attempt_question::position)
        .select(attempt_question::position)
        .load(conn)?)
}

fn unreadable(error: String) -> Error {
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
