//! The one end of an attempt, however it comes about.

use chrono::Duration;

use super::{
    model::{Attempt, AttemptId, Cause, EndedBy, GRACE_SECONDS},
    pauses, queries,
    settle::{With, settle_held},
};
use crate::{
    db::{Conn, Db, Error, Instant},
    record::{Consequences, Rules, ledger::Stamp},
};

/// Ends an attempt and marks what can be marked; exactly once. Says whether it was this call that
/// did it. What waits for a marker gets its result when the last mark is in.
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
    let closed = Attempt { finished_at: Some(at), ..attempt.clone() };
    let with = With { rules, consequences };
    let settled = settle_held(conn, &closed, ended_by, None, (Cause::Finish, ""), stamp, with)?;
    if settled.after.is_none() {
        queries::note_end(conn, attempt.id, ended_by, stamp)?;
    }
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
