//! From signed sheets to a result, and from a released result to its fact.

use chrono::{Duration, NaiveDate};

use super::{
    letters,
    model::{Practical, PracticalId},
    planning, queries,
    rules::Settlement,
};
use crate::{
    access::{Acting, Hr, Viewer, audit},
    db::{Conn, Instant},
    mail::Letterhead,
    record::{
        Consequences, FactId, Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
        rubric::Release,
    },
    staff, text,
    web::{Error, Result},
};

/// The source of the facts of practical exams.
pub const SOURCE: &str = "practical";

/// Settles an exam if enough is signed. The caller holds it.
pub fn settle(
    conn: &mut Conn,
    exam: &Practical,
    consequences: &Consequences,
    head: &Letterhead,
    viewer: &Viewer,
) -> Result<()> {
    if queries::result(conn, exam.id)?.is_some() {
        return Ok(());
    }
    let outcome = match planning::standing(conn, exam)? {
        Settlement::Open => return Ok(()),
        Settlement::ThirdNeeded => return letters::third_needed(conn, head, exam, viewer.now),
        Settlement::Settled(outcome) => outcome,
    };
    queries::add_result(conn, exam.id, &outcome, viewer.now)?;
    let detail = serde_json::json!({
        "exam": exam.exam,
        "points": outcome.points,
        "points_max": outcome.points_max,
        "passed": outcome.passed,
        "vetoed": outcome.vetoed,
    });
    let subject = ("practical", Some(exam.id.0));
    audit::note(conn, None, "settle-practical", subject, detail, viewer.now)?;
    let at_once = exam.sheet.plan.release == Release::AtOnce && !outcome.detail.flagged;
    if at_once {
        release(conn, exam, consequences, head, Stamp { at: viewer.now, by: None })?;
    }
    Ok(())
}

/// HR releases a result: the candidate is in their reach and not themselves.
pub fn by_decision(
    conn: &mut Conn,
    acting: &Acting<Hr>,
    id: PracticalId,
    consequences: &Consequences,
    head: &Letterhead,
) -> Result<()> {
    queries::hold(conn, id)?;
    let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    acting.other_person(conn, exam.person)?;
    let judges = queries::seats(conn, id)?.iter().any(|seat| seat.examiner_id == acting.id);
    if judges {
        return Err(Error::Refused(text!(
            "您是这场考核的考评员，请由另一位人事发布成绩。",
            "You examined this one; let another HR reviewer release it."
        )));
    }
    release(conn, &exam, consequences, head, acting.stamp())
}

/// Tells the result: its fact, what follows from it, and a letter, exactly once.
pub fn release(
    conn: &mut Conn,
    exam: &Practical,
    consequences: &Consequences,
    head: &Letterhead,
    stamp: Stamp,
) -> Result<()> {
    let Some(result) = queries::result(conn, exam.id)? else {
        return Err(Error::Refused(text!(
            "还没有成绩可以发布。",
            "There is no result to release yet."
        )));
    };
    if result.released_at.is_some() {
        return Ok(());
    }
    let fact = record(conn, exam, (result.points, result.points_max), stamp)?;
    queries::release(conn, exam.id, fact, stamp)?;
    let detail = serde_json::json!({ "practical": exam.id, "fact": fact, "passed": result.passed });
    let subject = ("person", Some(exam.person.0));
    audit::note(conn, stamp.by, "release-practical", subject, detail, stamp.at)?;
    letters::released(conn, head, exam, &result, stamp.at)?;
    let today = day_of(conn, exam.person, stamp.at)?;
    Ok(consequences.follow(conn, exam.person, today, stamp)?)
}

/// The fact of an exam. A veto fails whatever the points are, so the fact says less than the pass
/// mark then: nothing at all.
fn record(conn: &mut Conn, exam: &Practical, points: (i64, i64), stamp: Stamp) -> Result<FactId> {
    let vetoed = queries::result(conn, exam.id)?.is_some_and(|result| result.vetoed);
    let (above, below) = if vetoed { (0, 1) } else { lowest_terms(points.0 * 100, points.1) };
    let said = NewFact::new(Kind::Exam, &exam.sheet.fact, exam.held_on).amount(above, below, None);
    let said = if vetoed { said.note("一票否决 / a critical step failed") } else { said };
    Ok(ledger::append(conn, exam.person, &said, Source::new(SOURCE, exam.id.0), stamp)?)
}

fn lowest_terms(above: i64, below: i64) -> (i64, i64) {
    let (mut a, mut b) = (above, below);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (above / a.max(1), below / a.max(1))
}

/// Which day it is where the person works.
fn day_of(conn: &mut Conn, person: PersonId, at: Instant) -> Result<NaiveDate> {
    let near = at.utc().date_naive() + Duration::days(1);
    let post = staff::queries::post_of(conn, person, near)?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    Ok(at.utc().with_timezone(&zone).date_naive())
}
