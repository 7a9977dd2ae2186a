//! Starting an attempt and saving its answers.

use super::{
    events::{self, Detail, EventKind},
    finish,
    model::{Answer, Attempt, AttemptId, path_of},
    pauses, queries,
};
use crate::{
    access::{self, Claim, Viewer, audit},
    db::{Conn, Instant},
    exams::{
        blueprints,
        questions::scoring,
        rules::{self, Offer, Turn},
        sittings::{self, Admission, Entry},
        standard,
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
    entry: &Entry,
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
    may_start(conn, viewer, rules, offer)?;
    let form = blueprints::queries::form_of(conn, code, offer.plan)?;
    let offer = offer.sized(form.size());
    let start = match sittings::admit(conn, viewer, rules, offer, entry)? {
        Admission::Start(start) => start,
        // Led back rather than refused, so that the try stays on record.
        Admission::WrongCode => return Ok(format!("{}?entry=wrong", offer.path())),
    };
    let paper = blueprints::prepare(conn, code, offer.plan, viewer.id, seed, viewer.now)?
        .map_err(|short| Error::Refused(blueprints::cannot_start(&short)))?;
    let new = queries::NewAttempt {
        person: viewer.id,
        exam: code,
        content: rules.revision(offer.set),
        seed,
        pass_score: standard::pass_score(conn, code, offer.pass_score())?,
        started_at: viewer.now,
        hand_in_by: start.hand_in_by,
        blueprint: paper.blueprint,
        sitting: start.sitting,
    };
    let id = queries::add(conn, &new, &paper.drawn)?;
    note_extra_time(conn, id, &start, viewer)?;
    let detail = serde_json::json!({ "exam": code, "questions": paper.drawn.len() });
    audit::note(conn, Some(viewer.id), "start-exam", ("attempt", Some(id.0)), detail, viewer.now)?;
    Ok(path_of(id))
}

/// Keeps with the attempt which share of extra time it began with, so that a later grant adds only
/// what is new.
fn note_extra_time(
    conn: &mut Conn,
    id: AttemptId,
    start: &sittings::Start,
    viewer: &Viewer,
) -> Result<()> {
    if start.granted.extra_percent > 0 {
        let detail = Detail { percent: Some(start.granted.extra_percent), ..Detail::default() };
        events::note(conn, id, EventKind::ExtraTime, &detail, (None, viewer.now))?;
    }
    Ok(())
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
    /// The clock stands still: the browser keeps the answer until it goes on.
    Paused,
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
    let now = not_before(conn, &attempt, now)?;
    // A break whose minutes are used up is over; everything else that stops the clock stops this.
    let attempt = pauses::settle(conn, attempt, now)?;
    Ok(may_save(&attempt, now).map(|()| (attempt, now)))
}

/// Whether answers may be saved at a moment. Everything that stops the pen stands here.
fn may_save(attempt: &Attempt, now: Instant) -> std::result::Result<(), Saved> {
    if attempt.finished_at.is_some() {
        return Err(Saved::Finished);
    }
    if attempt.paused_at.is_some() {
        return Err(Saved::Paused);
    }
    if attempt.is_over(now) { Err(Saved::TimeUp) } else { Ok(()) }
}

/// The server's clock, but never earlier than what this attempt has already seen of it.
pub fn not_before(conn: &mut Conn, attempt: &Attempt, now: Instant) -> Result<Instant> {
    Ok(no_earlier(attempt, queries::last_saved(conn, attempt.id)?, now))
}

fn no_earlier(attempt: &Attempt, last_saved: Option<Instant>, now: Instant) -> Instant {
    now.max(last_saved.unwrap_or(attempt.started_at)).max(attempt.started_at)
}

/// Saves one answer of an attempt that is open.
pub fn save(conn: &mut Conn, id: AttemptId, given: Given<'_>, now: Instant) -> Result<Saved> {
    let slot = queries::slot(conn, id, given.position)?.ok_or(Error::NotFound)?;
    let new = understood(slot, given, now)?;
    if queries::put_answer(conn, id, given.position, &new)? {
        return Ok(Saved::Kept(new));
    }
    overtaken(conn, id, given.position, &new)
}

/// [`save`] for whoever holds a session, in two statements: all there is to know, then the answer.
/// Tells besides at which desk it was given.
pub fn save_one(
    conn: &mut Conn,
    claim: &Claim,
    id: AttemptId,
    given: Given<'_>,
) -> Result<(Saved, queries::Desk)> {
    let Some(mut desk) = queries::desk(conn, claim, id, given.position)? else {
        let known = access::queries::signed_in(conn, &claim.token_hash, claim.now)?;
        return Err(known.map_or(Error::SignInFirst, |_| Error::NotFound));
    };
    let now = no_earlier(&desk.attempt, desk.last_saved, claim.now);
    if desk.attempt.paused_at.is_some() {
        desk.attempt = pauses::settle(conn, desk.attempt, now)?;
    }
    if let Err(late) = may_save(&desk.attempt, now) {
        return Ok((late, desk));
    }
    let new = understood(desk.slot, given, now)?;
    if queries::put_answer(conn, id, given.position, &new)? {
        return Ok((Saved::Kept(new), desk));
    }
    Ok((overtaken(conn, id, given.position, &new)?, desk))
}

/// The answer in the one way it is kept.
fn understood(slot: queries::Slot, given: Given<'_>, now: Instant) -> Result<Answer> {
    let Given { position, response, edition } = given;
    let response = scoring::canonical(slot.kind, slot.options, response)
        .filter(|_| (1..=MOST_EDITIONS).contains(&edition))
        .ok_or_else(|| {
            Error::Invalid(text!(
                "这不是第 {position} 题的有效作答。请刷新页面后重新作答。",
                "This cannot be an answer to question {position}. Reload the page and answer again."
            ))
        })?;
    Ok(Answer { response, edition, saved_at: now })
}

/// Why an answer was not put down: the attempt was finished at this very moment, or something as
/// new was kept already. A repeat of what is kept is as good as kept.
fn overtaken(conn: &mut Conn, id: AttemptId, position: i64, new: &Answer) -> Result<Saved> {
    let finished = queries::attempt(conn, id)?.is_none_or(|one| one.finished_at.is_some());
    if finished {
        return Ok(Saved::Finished);
    }
    let kept = queries::answer_at(conn, id, position)?.ok_or(Error::NotFound)?;
    let repeated = kept.response == new.response;
    Ok(if repeated { Saved::Kept(kept) } else { Saved::Stale(kept) })
}
