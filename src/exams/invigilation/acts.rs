//! What an invigilator does to attempts: pause, resume, extra time, close.

use chrono::Duration;

use super::queries;
use crate::{
    access::audit,
    db::{Conn, Instant},
    exams::{
        attempts::{
            self,
            events::{self, Detail, EventKind},
            finish,
            model::{Attempt, AttemptId, EndedBy},
            pauses,
        },
        rules::Offer,
        sittings::{Granted, Invigilating, queries as sittings},
    },
    record::{Consequences, PersonId, Rules},
    web::{Error, Result},
};

/// Whom it concerns: one attempt, or all that are running.
pub type Whom = Option<AttemptId>;

/// The running attempts of the sitting that are meant. One of another sitting is not there.
fn meant(conn: &mut Conn, watch: &Invigilating, whom: Whom) -> Result<Vec<Attempt>> {
    let all = queries::attempts(conn, watch.sitting.id)?;
    let mut running: Vec<Attempt> =
        all.into_values().filter(|attempt| attempt.finished_at.is_none()).collect();
    running.sort_by_key(|attempt| attempt.id);
    match whom {
        None => Ok(running),
        Some(id) => {
            running.retain(|attempt| attempt.id == id);
            if running.is_empty() { Err(Error::NotFound) } else { Ok(running) }
        }
    }
}

/// One line of the audit trail for each attempt that is meant.
fn note(
    conn: &mut Conn,
    watch: &Invigilating,
    act: &str,
    attempt: &Attempt,
    detail: serde_json::Value,
) -> Result<()> {
    let (by, now) = (watch.viewer.id, watch.viewer.now);
    Ok(audit::note(conn, Some(by), act, ("attempt", Some(attempt.id.0)), detail, now)?)
}

pub fn pause(conn: &mut Conn, watch: &Invigilating, whom: Whom, why: &str) -> Result<()> {
    for attempt in meant(conn, watch, whom)? {
        // Whose time is over hands in; there is nothing left to stop.
        if attempt.is_over(watch.viewer.now) {
            continue;
        }
        pauses::pause(conn, &attempt, why, (watch.viewer.id, watch.viewer.now))?;
        note(conn, watch, "pause-attempt", &attempt, serde_json::json!({ "why": why }))?;
    }
    Ok(())
}

pub fn resume(conn: &mut Conn, watch: &Invigilating, whom: Whom) -> Result<()> {
    for attempt in meant(conn, watch, whom)? {
        if attempt.paused_at.is_none() {
            continue;
        }
        pauses::resume(conn, &attempt, Some(watch.viewer.id), watch.viewer.now)?;
        note(conn, watch, "resume-attempt", &attempt, serde_json::json!({}))?;
    }
    Ok(())
}

/// Minutes more. Given on the spot, it may go beyond the end for everybody.
pub fn extra(
    conn: &mut Conn,
    watch: &Invigilating,
    whom: Whom,
    minutes: i64,
    why: &str,
) -> Result<()> {
    for attempt in meant(conn, watch, whom)? {
        if attempt.is_over(watch.viewer.now) {
            continue;
        }
        let clock = attempt.clock().extra(Duration::minutes(minutes));
        if attempts::queries::set_clock(conn, &attempt, clock)? {
            let detail = Detail {
                seconds: Some(minutes * 60),
                why: Some(why.to_owned()),
                ..Detail::default()
            };
            let by = (Some(watch.viewer.id), watch.viewer.now);
            events::note(conn, attempt.id, EventKind::ExtraTime, &detail, by)?;
        }
        let detail = serde_json::json!({ "minutes": minutes, "why": why });
        note(conn, watch, "give-extra-time", &attempt, detail)?;
    }
    Ok(())
}

/// Hands in for the candidate. The clock of one that stands still goes on first, so that it ends
/// now and not when it was stopped.
pub fn close(
    conn: &mut Conn,
    watch: &Invigilating,
    whom: Whom,
    why: &str,
    (rules, consequences): (&Rules, &Consequences),
) -> Result<()> {
    let now = watch.viewer.now;
    for attempt in meant(conn, watch, whom)? {
        let attempt = pauses::resume(conn, &attempt, Some(watch.viewer.id), now)?;
        let at = attempts::taking::not_before(conn, &attempt, now)?;
        if finish::finish(conn, &attempt, EndedBy::Invigilator, at, rules, consequences)? {
            let detail = Detail { why: Some(why.to_owned()), ..Detail::default() };
            events::note(
                conn,
                attempt.id,
                EventKind::Closed,
                &detail,
                (Some(watch.viewer.id), now),
            )?;
            note(conn, watch, "close-attempt", &attempt, serde_json::json!({ "why": why }))?;
        }
    }
    Ok(())
}

/// Closes every attempt and the sitting: nobody starts any more.
pub fn close_sitting(
    conn: &mut Conn,
    watch: &Invigilating,
    why: &str,
    with: (&Rules, &Consequences),
) -> Result<()> {
    let (by, now) = (watch.viewer.id, watch.viewer.now);
    // The attempts first: whoever registers somebody holds the person before the sitting, too.
    close(conn, watch, None, why, with)?;
    sittings::close(conn, watch.sitting.id, (by, now))?;
    let subject = ("sitting", Some(watch.sitting.id.0));
    audit::note(conn, Some(by), "close-sitting", subject, serde_json::json!({ "why": why }), now)?;
    Ok(())
}

/// Gives a person's running attempts what was granted to them since they began. Nothing is ever
/// taken from a running attempt, and no grant reaches beyond the end for everybody.
pub fn apply_grants(
    conn: &mut Conn,
    rules: &Rules,
    person: PersonId,
    granted: Granted,
    (by, now): (PersonId, Instant),
) -> Result<()> {
    for attempt in attempts::queries::running(conn, person)? {
        let attempt = pauses::settle(conn, attempt, now)?;
        let given = events::of_attempt(conn, attempt.id, &[EventKind::ExtraTime])?;
        let had: i64 = given.iter().filter_map(|event| event.detail.percent).sum();
        let more = granted.extra_percent - had;
        let Some(offer) = Offer::find(rules, &attempt.exam) else { continue };
        if more <= 0 || attempt.is_over(now) {
            continue;
        }
        let span = Duration::seconds(crate::exams::clock::extra_seconds(offer.minutes(), more));
        let end = pauses::end_for_all(conn, &attempt)?;
        let clock = attempt.clock().extra_until(span, end);
        let seconds = clock.hand_in_by.seconds_since(attempt.hand_in_by);
        if attempts::queries::set_clock(conn, &attempt, clock)? {
            let detail =
                Detail { seconds: Some(seconds), percent: Some(more), ..Detail::default() };
            events::note(conn, attempt.id, EventKind::ExtraTime, &detail, (Some(by), now))?;
        }
    }
    Ok(())
}
