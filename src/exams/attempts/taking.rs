//! Starting an attempt and saving its answers.

use super::{
    finish,
    model::{Answer, Attempt, AttemptId, path_of},
    paper, queries, standing,
};
use crate::{
    access::{Viewer, audit},
    db::{Conn, Instant},
    exams::{
        questions::{bank, scoring},
        rules::{self, Offer, Turn},
    },
    i18n::{Lang, date},
    record::{Consequences, PersonId, Rules, ledger},
    text,
    web::{Error, Result},
};

/// Starts an exam for the viewer, or leads back to the attempt they are in the middle of.
pub fn start(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    consequences: &Consequences,
    code: &str,
    seed: i64,
) -> Result<String> {
    let offer = Offer::find(rules, code).ok_or(Error::NotFound)?;
    let running = queries::running(conn, viewer.id)?.into_iter().find(|one| one.exam == code);
    if let Some(attempt) = running {
        if !attempt.is_over(viewer.now) {
            return Ok(attempt.path());
        }
        finish::time_up(conn, &attempt, viewer.now, rules, consequences)?;
    }
    standing::refuse_while_untold(conn, viewer.id, code)?;
    may_start(conn, viewer, rules, offer)?;
    let bank = offer.plan.bank.as_deref().unwrap_or_default();
    let live = bank::live(conn, bank)?;
    if let Some(short) = rules::shortage(offer, &live) {
        return Err(Error::Refused(short));
    }
    let drawn = paper::draw(&offer.plan.draw, &live, seed).map_err(Error::Refused)?;
    let new = queries::NewAttempt {
        person: viewer.id,
        exam: code,
        content: rules.revision(offer.set),
        seed,
        pass_score: offer.pass_score(),
        started_at: viewer.now,
        hand_in_by: viewer.now.plus(chrono::Duration::minutes(offer.minutes())),
    };
    let id = queries::add(conn, &new, &drawn)?;
    let detail = serde_json::json!({ "exam": code, "questions": drawn.len() });
    audit::note(conn, Some(viewer.id), "start-exam", ("attempt", Some(id.0)), detail, viewer.now)?;
    Ok(path_of(id))
}

/// The rules about starting, judged on the record.
fn may_start(conn: &mut Conn, viewer: &Viewer, rules: &Rules, offer: Offer<'_>) -> Result<()> {
    if !offer.set.applies(viewer.today) {
        return Err(Error::Refused(text!(
            "这套规则今天不适用，不能开考。",
            "The rule set of this exam is not in force today, so it cannot be started."
        )));
    }
    let facts = ledger::facts_of(conn, viewer.id, None)?;
    match rules::turn(rules, offer, &facts, viewer.today) {
        Turn::Now => Ok(()),
        Turn::Later { why, first_day } => {
            let (zh, en) = (date(Lang::Zh, first_day), date(Lang::En, first_day));
            let (why_zh, why_en) = (why.zh, why.en);
            Err(Error::Refused(text!(
                "{why_zh}最早 {zh} 可以再考。",
                "{why_en} You may sit it again from {en}."
            )))
        }
        Turn::Never { why } => Err(Error::Refused(why)),
    }
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It will be on disk when the transaction is.
    Kept(Answer),
    /// A newer one is kept already and stays.
    Stale(Answer),
    /// Too late: the time is over.
    TimeUp,
    /// Too late: the paper was handed in.
    Finished,
}

/// An answer as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    pub position: i64,
    pub response: &'a str,
    pub edition: i64,
}

/// Editions count changes by hand; whatever is beyond this was made up.
const MOST_EDITIONS: i64 = 1_000_000;

/// The attempt, held, if answers may still be saved; the moment never goes back behind what was
/// saved before.
pub fn open(
    conn: &mut Conn,
    id: AttemptId,
    person: PersonId,
    now: Instant,
) -> Result<std::result::Result<(Attempt, Instant), Saved>> {
    let attempt = queries::hold(conn, id, person)?.ok_or(Error::NotFound)?;
    if attempt.finished_at.is_some() {
        return Ok(Err(Saved::Finished));
    }
    let now = not_before(conn, &attempt, now)?;
    Ok(if attempt.is_over(now) { Err(Saved::TimeUp) } else { Ok((attempt, now)) })
}

/// The server's clock, but never earlier than what this attempt has already seen of it.
pub fn not_before(conn: &mut Conn, attempt: &Attempt, now: Instant) -> Result<Instant> {
    let saved = queries::last_saved(conn, attempt.id)?.unwrap_or(attempt.started_at);
    Ok(now.max(saved).max(attempt.started_at))
}

/// Saves one answer of an attempt that is open.
pub fn save(conn: &mut Conn, id: AttemptId, given: Given<'_>, now: Instant) -> Result<Saved> {
    let Given { position, response, edition } = given;
    let (kind, options) = queries::slot(conn, id, position)?.ok_or(Error::NotFound)?;
    let response = scoring::canonical(kind, options, response)
        .filter(|_| (1..=MOST_EDITIONS).contains(&edition))
        .ok_or_else(|| {
            Error::Invalid(text!(
                "这不是第 {position} 题的有效作答。请刷新页面后重新作答。",
                "This cannot be an answer to question {position}. Reload the page and answer again."
            ))
        })?;
    let new = Answer { response, edition, saved_at: now };
    if queries::put_answer(conn, id, position, &new)? {
        return Ok(Saved::Kept(new));
    }
    // A repeat of what is kept is as good as kept; anything else has been overtaken.
    let kept = queries::answer_at(conn, id, position)?.ok_or(Error::NotFound)?;
    let repeated = kept.response == new.response;
    Ok(if repeated { Saved::Kept(kept) } else { Saved::Stale(kept) })
}
