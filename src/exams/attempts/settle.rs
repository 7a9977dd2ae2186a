//! From what stands about an attempt (answers, marks, corrections) to its result.
//!
//! There is one way to a result, whatever caused it: [`settle`]. It changes nothing when nothing
//! changed, so it may be asked again at any time, by anybody. What was told before stays in the
//! database as superseded, and the record keeps both facts, the old one void.

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;

use super::{
    marks,
    model::{Attempt, AttemptId, AttemptResult, Cause, EndedBy},
    queries,
};
use crate::{
    access::audit,
    db::{
        Conn, Error, Instant,
        schema::{attempt_event, attempt_result, sitting},
    },
    exams::questions::scoring::{self, Score},
    record::{
        Consequences, FactId, Kind, NewFact, PersonId, Rules, Source,
        fact::FAILED,
        ledger::{self, Stamp},
        programme,
    },
    staff,
};

/// What settling needs besides the attempt.
#[derive(Clone, Copy)]
pub struct With<'a> {
    pub rules: &'a Rules,
    pub consequences: &'a Consequences,
}

/// The result before and after; the same one when nothing changed.
#[derive(Clone, Debug)]
pub struct Settled {
    pub before: Option<AttemptResult>,
    pub after: Option<AttemptResult>,
}

impl Settled {
    pub fn changed(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => !says_the_same(before, after),
            (before, after) => before.is_some() != after.is_some(),
        }
    }

    /// Whether a candidate who knew the result must now hear that they passed after all, or not.
    pub fn turned(&self) -> bool {
        let told = |result: &&AttemptResult| result.released_at.is_some();
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        before.filter(told).zip(after).is_some_and(|(one, two)| one.passed != two.passed)
    }
}

/// Whether a later result would say nothing new.
fn says_the_same(one: &AttemptResult, two: &AttemptResult) -> bool {
    one.passed == two.passed
        && i128::from(one.points) * i128::from(two.points_max)
            == i128::from(two.points) * i128::from(one.points_max)
        && one.areas() == two.areas()
}

/// Brings the result of a finished attempt to what stands about it now, exactly once: creates it
/// when nothing waits for a marker any more, and lets another one take its place when it changed.
/// What was released stays so, and the record follows in this transaction.
///
/// `why` is what the record says about a fact that no longer holds.
pub fn settle(
    conn: &mut Conn,
    id: AttemptId,
    cause: Cause,
    why: &str,
    stamp: Stamp,
    with: With<'_>,
) -> Result<Settled, Error> {
    queries::hold_for_result(conn, id)?;
    let attempt = queries::attempt(conn, id)?.filter(|attempt| attempt.finished_at.is_some());
    let Some(attempt) = attempt else { return Ok(Settled { before: None, after: None }) };
    let before = queries::result_of(conn, id)?;
    let ended_by = match &before {
        Some(before) => before.ended_by,
        None => ended_by(conn, &attempt)?,
    };
    settle_held(conn, &attempt, ended_by, before, (cause, why), stamp, with)
}

/// [`settle`] for an attempt this transaction holds already.
pub(super) fn settle_held(
    conn: &mut Conn,
    attempt: &Attempt,
    ended_by: EndedBy,
    before: Option<AttemptResult>,
    (cause, why): (Cause, &str),
    stamp: Stamp,
    with: With<'_>,
) -> Result<Settled, Error> {
    let items: Vec<_> =
        marks::marked_paper(conn, attempt.id)?.into_iter().map(|(_, item)| item).collect();
    let score = scoring::score(&items);
    if score.waiting > 0 {
        return Ok(Settled { after: before.clone(), before });
    }
    let mut new = drafted(attempt, &score, ended_by, cause, stamp.at);
    if before.as_ref().is_some_and(|before| says_the_same(before, &new)) {
        return Ok(Settled { after: before.clone(), before });
    }
    let told = before.as_ref().is_some_and(|before| before.released_at.is_some());
    let released = told || is_due(conn, with.rules, attempt, stamp.at)?;
    if let Some(before) = &before {
        queries::supersede(conn, attempt.id, stamp.at)?;
        if let Some(fact) = before.fact_id {
            ledger::void(conn, fact, why, stamp)?;
        }
    }
    if released {
        new.released_at = Some(stamp.at);
        new.released_by = stamp.by.filter(|_| cause != Cause::Finish);
        new.fact_id = Some(say(conn, with.rules, attempt, &new, stamp)?);
    }
    queries::add_result(conn, &new)?;
    note(conn, &new, attempt, stamp)?;
    if released {
        let today = day_of(conn, attempt.person_id, stamp.at)?;
        with.consequences.follow(conn, attempt.person_id, today, stamp)?;
    }
    Ok(Settled { before, after: Some(new) })
}

fn drafted(
    attempt: &Attempt,
    score: &Score,
    ended_by: EndedBy,
    cause: Cause,
    at: Instant,
) -> AttemptResult {
    AttemptResult {
        attempt_id: attempt.id,
        ended_by,
        points: score.points,
        points_max: score.points_max.max(1),
        passed: score.passes(attempt.pass_score),
        by_area: serde_json::to_string(&score.areas).unwrap_or_default(),
        cause,
        graded_at: at,
        released_at: None,
        released_by: None,
        fact_id: None,
    }
}

/// Writes the result into the record, dated by the day the exam was sat.
fn say(
    conn: &mut Conn,
    rules: &Rules,
    attempt: &Attempt,
    result: &AttemptResult,
    stamp: Stamp,
) -> Result<FactId, Error> {
    let at = attempt.finished_at.unwrap_or(attempt.hand_in_by);
    let day = day_of(conn, attempt.person_id, at)?;
    let said = NewFact::new(Kind::Exam, fact_code(rules, &attempt.exam), day).amount(
        result.points * 100,
        result.points_max,
        None,
    );
    // A cut score set by judges may be stricter than what the plan and requirements ask for: the
    // fact says so, or a failed attempt would certify.
    let planned = rules.exam(&attempt.exam).map(|(_, plan)| plan.pass.0);
    let stricter = planned.is_some_and(|pass| result.score().reaches(pass));
    let said = if !result.passed && stricter { said.level(FAILED) } else { said };
    ledger::append(conn, attempt.person_id, &said, Source::new("attempt", attempt.id.0), stamp)
}

/// Tells a result that waits for its release: the fact is recorded and what follows from it
/// happens. Says the result if it was this call that told it.
pub fn release(
    conn: &mut Conn,
    id: AttemptId,
    stamp: Stamp,
    with: With<'_>,
) -> Result<Option<(Attempt, AttemptResult)>, Error> {
    queries::hold_for_result(conn, id)?;
    let Some(attempt) = queries::attempt(conn, id)? else { return Ok(None) };
    let waiting = queries::result_of(conn, id)?.filter(|result| result.released_at.is_none());
    let Some(mut result) = waiting else { return Ok(None) };
    let fact = say(conn, with.rules, &attempt, &result, stamp)?;
    (result.released_at, result.released_by) = (Some(stamp.at), stamp.by);
    result.fact_id = Some(fact);
    diesel::update(attempt_result::table)
        .filter(attempt_result::attempt_id.eq(id).and(attempt_result::superseded_at.is_null()))
        .set((
            attempt_result::released_at.eq(result.released_at),
            attempt_result::released_by.eq(result.released_by),
            attempt_result::fact_id.eq(result.fact_id),
        ))
        .execute(conn)?;
    let detail = serde_json::json!({ "exam": attempt.exam, "passed": result.passed });
    audit::note(conn, stamp.by, "release-result", ("attempt", Some(id.0)), detail, stamp.at)?;
    let today = day_of(conn, attempt.person_id, stamp.at)?;
    with.consequences.follow(conn, attempt.person_id, today, stamp)?;
    Ok(Some((attempt, result)))
}

/// When the results of an attempt become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    AtOnce,
    ByDecision,
    At(Instant),
}

/// The sitting's own rule, or else the plan's.
pub fn release_rule(conn: &mut Conn, rules: &Rules, attempt: &Attempt) -> Result<Release, Error> {
    let of_sitting: Option<(String, Option<Instant>)> = match attempt.sitting_id {
        Some(id) => sitting::table
            .find(id)
            .select((sitting::release, sitting::release_at))
            .first(conn)
            .optional()?,
        None => None,
    };
    let plan = rules.exam(&attempt.exam).map(|(_, plan)| plan.release).unwrap_or_default();
    Ok(match of_sitting {
        Some((word, Some(at))) if word == "at-time" => Release::At(at),
        Some((word, _)) if word == "by-decision" => Release::ByDecision,
        Some(_) => Release::AtOnce,
        None if plan == programme::Release::ByDecision => Release::ByDecision,
        None => Release::AtOnce,
    })
}

fn is_due(conn: &mut Conn, rules: &Rules, attempt: &Attempt, now: Instant) -> Result<bool, Error> {
    Ok(match release_rule(conn, rules, attempt)? {
        Release::AtOnce => true,
        Release::ByDecision => false,
        Release::At(at) => at <= now,
    })
}

/// How an attempt without a result came to its end.
fn ended_by(conn: &mut Conn, attempt: &Attempt) -> Result<EndedBy, Error> {
    let closed: Option<String> = attempt_event::table
        .filter(attempt_event::attempt_id.eq(attempt.id).and(attempt_event::kind.eq("closed")))
        .order(attempt_event::id.desc())
        .select(attempt_event::detail)
        .first(conn)
        .optional()?;
    let by_time = attempt.finished_at.is_some_and(|at| at >= attempt.hand_in_by);
    Ok(match closed {
        _ if by_time => EndedBy::Time,
        Some(_) => EndedBy::Invigilator,
        None => EndedBy::Candidate,
    })
}

fn note(
    conn: &mut Conn,
    result: &AttemptResult,
    attempt: &Attempt,
    stamp: Stamp,
) -> Result<(), Error> {
    let act = match result.cause {
        Cause::Finish => "finish-exam",
        Cause::Marking => "mark-exam",
        Cause::Correction => "correct-result",
        Cause::Appeal => "change-result-on-appeal",
    };
    let detail = serde_json::json!({
        "exam": attempt.exam,
        "ended_by": result.ended_by,
        "points": result.points,
        "points_max": result.points_max,
        "passed": result.passed,
    });
    audit::note(conn, stamp.by, act, ("attempt", Some(attempt.id.0)), detail, stamp.at)
}

/// The code of the fact; an exam no rule set plans any more keeps its own name.
pub fn fact_code(rules: &Rules, exam: &str) -> String {
    rules.exam(exam).map_or_else(|| exam.to_owned(), |(set, plan)| plan.fact_code(set))
}

/// Which day it was where the person works.
pub fn day_of(conn: &mut Conn, person: PersonId, at: Instant) -> Result<NaiveDate, Error> {
    let near = at.utc().date_naive() + Duration::days(1);
    let post = staff::queries::post_of(conn, person, near)?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    Ok(at.utc().with_timezone(&zone).date_naive())
}
