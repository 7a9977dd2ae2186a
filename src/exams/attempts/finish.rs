//! The one end of an attempt, however it comes about.

use chrono::{Duration, NaiveDate};

use super::{
    model::{Attempt, AttemptId, AttemptResult, Cause, EndedBy, GRACE_SECONDS},
    pauses, queries,
};
use crate::{
    access::audit,
    db::{Conn, Db, Error, Instant},
    exams::questions::scoring,
    record::{
        Consequences, Kind, NewFact, PersonId, Rules, Source,
        ledger::{self, Stamp},
    },
    staff,
};

/// Ends an attempt, marks what was saved, records the fact and what follows from it; exactly
/// once. Says whether it was this call that did it.
///
/// An attempt ends no later than its time: found days later, it still ended on its day.
pub fn finish(
    conn: &mut Conn,
    attempt: &Attempt,
    ended_by: EndedBy,
    now: Instant,
    rules: &Rules,
    consequences: &Consequences,
) -> Result<bool, Error> {
    let ended_by = if now >= attempt.hand_in_by { EndedBy::Time } else { ended_by };
    let at = now.min(attempt.hand_in_by).max(attempt.started_at);
    // Whoever closes it first marks it; on PostgreSQL another one waits here and finds it closed.
    if !queries::close(conn, attempt.id, at)? {
        return Ok(false);
    }
    let by = (ended_by == EndedBy::Candidate).then_some(attempt.person_id);
    let stamp = Stamp { at: now, by };
    let items: Vec<_> =
        queries::paper(conn, attempt.id)?.into_iter().map(|(_, item)| item).collect();
    let score = scoring::score(&items);
    let person = attempt.person_id;
    let day = day_of(conn, person, at)?;
    let said = NewFact::new(Kind::Exam, fact_code(rules, &attempt.exam), day).amount(
        score.points * 100,
        score.points_max.max(1),
        None,
    );
    let source = Source::new("attempt", attempt.id.0);
    let fact_id = ledger::append(conn, person, &said, source, stamp)?;
    let result = AttemptResult {
        attempt_id: attempt.id,
        ended_by,
        points: score.points,
        points_max: score.points_max.max(1),
        passed: score.passes(attempt.pass_score),
        by_area: serde_json::to_string(&score.areas).unwrap_or_default(),
        cause: Cause::Finish,
        graded_at: now,
        released_at: Some(now),
        released_by: None,
        fact_id: Some(fact_id),
    };
    queries::add_result(conn, &result)?;
    note(conn, &result, attempt, by, now)?;
    let today = day_of(conn, person, now)?;
    consequences.follow(conn, person, today, stamp)?;
    Ok(true)
}

/// [`finish`] for an attempt whose time is over.
pub fn time_up(
    conn: &mut Conn,
    attempt: &Attempt,
    now: Instant,
    rules: &Rules,
    consequences: &Consequences,
) -> Result<bool, Error> {
    finish(conn, attempt, EndedBy::Time, now.max(attempt.hand_in_by), rules, consequences)
}

fn note(
    conn: &mut Conn,
    result: &AttemptResult,
    attempt: &Attempt,
    by: Option<PersonId>,
    now: Instant,
) -> Result<(), Error> {
    let detail = serde_json::json!({
        "exam": attempt.exam,
        "ended_by": result.ended_by,
        "points": result.points,
        "points_max": result.points_max,
        "passed": result.passed,
    });
    audit::note(conn, by, "finish-exam", ("attempt", Some(attempt.id.0)), detail, now)
}

/// The code of the fact; an exam no rule set plans any more keeps its own name.
fn fact_code(rules: &Rules, exam: &str) -> String {
    rules.exam(exam).map_or_else(|| exam.to_owned(), |(set, plan)| plan.fact_code(set))
}

/// Which day it was where the person works.
fn day_of(conn: &mut Conn, person: PersonId, at: Instant) -> Result<NaiveDate, Error> {
    let near = at.utc().date_naive() + Duration::days(1);
    let post = staff::queries::post_of(conn, person, near)?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    Ok(at.utc().with_timezone(&zone).date_naive())
}

/// Ends the breaks whose minutes are used up, so that their clocks run again.
async fn end_breaks(db: &Db, now: Instant) -> crate::web::Result<()> {
    let still = db
        .read(move |conn| -> Result<Vec<Attempt>, crate::web::Error> {
            let mut over = Vec::new();
            for attempt in queries::paused_before(conn, now, AT_ONCE)? {
                let running = pauses::running_break(conn, &attempt)?;
                over.extend(running.filter(|pause| pause.ends() <= now).map(|_| attempt));
            }
            Ok(over)
        })
        .await?;
    for attempt in still {
        let id = attempt.id;
        let outcome = db.write(move |conn| pauses::settle(conn, attempt, now).map(drop)).await;
        if let Err(error) = outcome {
            tracing::error!(%error, attempt = id.0, "a break was not ended");
        }
    }
    Ok(())
}

const AT_ONCE: i64 = 500;

/// Ends the attempts whose time is over; says how many. Any number of servers may do so at once.
pub async fn sweep(
    db: &Db,
    rules: &Rules,
    consequences: &Consequences,
    now: Instant,
) -> Result<usize, Error> {
    let before = now.plus(-Duration::seconds(GRACE_SECONDS));
    if let Err(error) = end_breaks(db, now).await {
        tracing::error!(%error, "breaks were not ended");
    }
    let overdue: Vec<AttemptId> =
        db.read(move |conn| queries::overdue(conn, before, AT_ONCE)).await?;
    let mut ended = 0;
    for id in overdue {
        let (rules, consequences) = (rules.clone(), consequences.clone());
        let outcome = db
            .write(move |conn| -> Result<bool, Error> {
                let Some(attempt) = queries::attempt(conn, id)? else { return Ok(false) };
                time_up(conn, &attempt, now, &rules, &consequences)
            })
            .await;
        match outcome {
            Ok(did) => ended += usize::from(did),
            // One that cannot be marked must not keep the others waiting.
            Err(error) => tracing::error!(%error, attempt = id.0, "an attempt was not closed"),
        }
    }
    Ok(ended)
}
