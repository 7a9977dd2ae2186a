//! All that reads and writes the tables `attempt`, `attempt_question`, `answer` and
//! `attempt_result`.

use std::collections::BTreeMap;

use diesel::{
    backend::Backend,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, HasSqlType, Text, Timestamp},
};

use super::model::{Answer, Attempt, AttemptId, AttemptResult, EndedBy};
use crate::{
    access::{self, Claim, queries::SessionId},
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{
            account, answer, attempt, attempt_event, attempt_question, attempt_result, person,
            question_version, session,
        },
        types::LangColumn,
    },
    each_backend,
    exams::{
        blueprints::{
            BlueprintId,
            draw::{self, Drawn},
        },
        clock::Clock,
        questions::{QuestionKind, memo, scoring::Item},
        sittings::SittingId,
    },
    i18n::Lang,
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
    pub blueprint: Option<BlueprintId>,
    pub sitting: Option<SittingId>,
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
            attempt::blueprint_id.eq(new.blueprint),
            attempt::sitting_id.eq(new.sitting.map(|id| id.0)),
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
                attempt_question::option_order.eq(draw::order_word(&drawn.order)),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub kind: QuestionKind,
    pub options: usize,
}

impl Slot {
    fn new((kind, order): (QuestionKind, String)) -> Slot {
        Slot { kind, options: draw::parse_order(&order).len() }
    }
}

pub fn slot(conn: &mut Conn, id: AttemptId, position: i64) -> Result<Option<Slot>> {
    Ok(attempt_question::table
        .find((id.0, position))
        .select((attempt_question::kind, attempt_question::option_order))
        .first(conn)
        .optional()?
        .map(Slot::new))
}

/// All that a save has to know.
pub struct Desk {
    pub session: SessionId,
    pub last_seen_at: Instant,
    pub lang: Lang,
    pub attempt: Attempt,
    pub slot: Slot,
    /// When something was last saved in this attempt.
    pub last_saved: Option<Instant>,
}

/// Whose session it is, their attempt and the question to be answered, in one query: this is what
/// the program is asked most often of all. Nothing when any of the three is not there.
pub fn desk(conn: &mut Conn, claim: &Claim, id: AttemptId, position: i64) -> Result<Option<Desk>> {
    type Row = (SessionId, Instant, LangColumn, Attempt, (QuestionKind, String), Option<Instant>);
    let seen_since = claim.now.plus(-access::queries::SESSION_IDLE);
    let of_attempt = answer::table.filter(answer::attempt_id.eq(id));
    let row: Option<Row> = attempt::table
        .inner_join(attempt_question::table)
        .inner_join(person::table)
        .inner_join(session::table.on(session::person_id.eq(attempt::person_id)))
        .inner_join(account::table.on(account::person_id.eq(attempt::person_id)))
        .filter(access::queries::counts(&claim.token_hash, claim.now, seen_since))
        .filter(attempt::id.eq(id).and(attempt_question::position.eq(position)))
        .select((
            session::id,
            session::last_seen_at,
            person::language,
            Attempt::as_select(),
            (attempt_question::kind, attempt_question::option_order),
            of_attempt.select(diesel::dsl::max(answer::saved_at)).single_value(),
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(session, last_seen_at, lang, attempt, slot, last_saved)| {
        let (lang, slot) = (lang.into(), Slot::new(slot));
        Desk { session, last_seen_at, lang, attempt, slot, last_saved }
    }))
}

/// Keeps an answer if the attempt is still open and nothing as new is kept already; says whether it
/// did. It needs nothing around it: whoever finishes the attempt at this moment either waits for
/// the answer or keeps it out.
pub fn put_answer(conn: &mut Conn, id: AttemptId, position: i64, new: &Answer) -> Result<bool> {
    // SQLite has one writer, and that is here already.
    let hold = matches!(conn, Conn::Postgres(_));
    let put = PutAnswer { id, position, new, hold };
    let changed = each_backend!(conn, |conn| put.execute(conn))?;
    Ok(changed > 0)
}

/// The statement of [`put_answer`]. It is spelled out because diesel does not keep its own
/// `on_conflict` prepared, and parsing and planning it anew costs more than all the rest of a save.
struct PutAnswer<'a> {
    id: AttemptId,
    position: i64,
    new: &'a Answer,
    hold: bool,
}

impl<DB: Backend> QueryFragment<DB> for PutAnswer<'_>
where
    AttemptId: ToSql<BigInt, DB>,
    i64: ToSql<BigInt, DB>,
    String: ToSql<Text, DB>,
    Instant: ToSql<Timestamp, DB>,
    DB: HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Timestamp>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO answer (attempt_id, position, response, edition, saved_at) SELECT id, ",
        );
        out.push_bind_param::<BigInt, _>(&self.position)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.new.response)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.new.edition)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamp, _>(&self.new.saved_at)?;
        out.push_sql(" FROM attempt WHERE finished_at IS NULL AND id = ");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        if self.hold {
            out.push_sql(" FOR SHARE");
        }
        out.push_sql(
            " ON CONFLICT (attempt_id, position) DO UPDATE SET response = excluded.response, \
             edition = excluded.edition, saved_at = excluded.saved_at \
             WHERE answer.edition < excluded.edition",
        );
        Ok(())
    }
}

/// Known by its text.
impl QueryId for PutAnswer<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for PutAnswer<'_> {}
impl RunQueryDsl<PgConnection> for PutAnswer<'_> {}

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
struct Place {
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

impl Place {
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
            order: draw::parse_order(&self.order),
            weight: self.weight,
            scored: self.scored,
            response,
            marked: None,
            corrections: Vec::new(),
        };
        let Place { position, block, flagged, .. } = self;
        Ok(Seat { position, block, flagged, item, edition, saved_at })
    }
}

/// The paper as its candidate has it, by position.
pub fn seats(conn: &mut Conn, id: AttemptId) -> Result<Vec<Seat>> {
    let slots: Vec<Place> = attempt_question::table
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
pub fn slots(conn: &mut Conn, id: AttemptId) -> Result<BTreeMap<i64, Slot>> {
    let rows: Vec<(i64, QuestionKind, String)> = attempt_question::table
        .filter(attempt_question::attempt_id.eq(id))
        .order(attempt_question::position)
        .select((
            attempt_question::position,
            attempt_question::kind,
            attempt_question::option_order,
        ))
        .load(conn)?;
    let slot = |(position, kind, order)| (position, Slot::new((kind, order)));
    Ok(rows.into_iter().map(slot).collect())
}

/// The places the candidate wants to come back to.
pub fn flagged(conn: &mut Conn, id: AttemptId) -> Result<Vec<i64>> {
    Ok(attempt_question::table
        .filter(attempt_question::attempt_id.eq(id).and(attempt_question::flagged.eq(true)))
        .order(attempt_question::position)
        .select(attempt_question::position)
        .load(conn)?)
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

/// Sets the clock of an attempt that is still running and whose clock is as it was read; says
/// whether it did.
pub fn set_clock(conn: &mut Conn, was: &Attempt, to: Clock) -> Result<bool> {
    let unchanged = attempt::hand_in_by.eq(was.hand_in_by);
    let query = diesel::update(attempt::table.find(was.id))
        .filter(attempt::finished_at.is_null().and(unchanged));
    let set = (attempt::hand_in_by.eq(to.hand_in_by), attempt::paused_at.eq(to.paused_at));
    let changed = match was.paused_at {
        None => query.filter(attempt::paused_at.is_null()).set(set).execute(conn)?,
        Some(since) => query.filter(attempt::paused_at.eq(since)).set(set).execute(conn)?,
    };
    Ok(changed == 1)
}

/// Attempts whose clock stands still since before a moment, oldest first.
pub fn paused_before(conn: &mut Conn, before: Instant, limit: i64) -> Result<Vec<Attempt>> {
    Ok(attempt::table
        .filter(attempt::finished_at.is_null().and(attempt::paused_at.lt(before)))
        .order((attempt::paused_at, attempt::id))
        .limit(limit)
        .select(Attempt::as_select())
        .load(conn)?)
}

/// Running attempts that had to be handed in before a moment, oldest first. One whose clock stands
/// still has time.
pub fn overdue(conn: &mut Conn, before: Instant, limit: i64) -> Result<Vec<AttemptId>> {
    Ok(attempt::table
        .filter(attempt::finished_at.is_null().and(attempt::hand_in_by.lt(before)))
        .filter(attempt::paused_at.is_null())
        .order((attempt::hand_in_by, attempt::id))
        .limit(limit)
        .select(attempt::id)
        .load(conn)?)
}

/// Results that were released between two moments and still count: whose, of which attempt at
/// which exam, and when. For reminders.
pub fn released_between(
    conn: &mut Conn,
    from: Instant,
    until: Instant,
) -> Result<Vec<(PersonId, AttemptId, String, Instant)>> {
    let rows: Vec<(PersonId, AttemptId, String, Option<Instant>)> = attempt_result::table
        .inner_join(attempt::table)
        .filter(attempt_result::released_at.ge(from).and(attempt_result::released_at.lt(until)))
        .filter(attempt_result::superseded_at.is_null())
        .order((attempt_result::released_at, attempt_result::id))
        .select((attempt::person_id, attempt::id, attempt::exam, attempt_result::released_at))
        .load(conn)?;
    let told = |(person, id, exam, at): (_, _, _, Option<Instant>)| Some((person, id, exam, at?));
    Ok(rows.into_iter().filter_map(told).collect())
}
