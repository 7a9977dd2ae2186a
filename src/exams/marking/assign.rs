//! Who marks what: by itself after the finish, or by hand.

use chrono::{Duration, NaiveDate};

use super::{
    model::Marking,
    queries::{self, NewMarking, Withdrawn},
    rules::Ties,
};
use crate::{
    access::{Acting, Grading, Role, audit},
    db::{Conn, Db, Error, Instant},
    exams::{
        attempts::{
            marks,
            model::{Attempt, AttemptId},
            queries as attempts, settle,
        },
        questions::agreement::{Agreement, REMARK},
    },
    mentoring,
    record::{PersonId, Rules, ledger::Stamp},
    staff, text, web,
};

/// A place of an attempt that waits for a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    pub position: i64,
    pub slot: i64,
}

/// What of an attempt waits to be marked, whether somebody has it or not.
pub fn open_places(conn: &mut Conn, id: AttemptId) -> Result<Vec<Open>, Error> {
    let items = marks::marked_paper(conn, id)?;
    let submitted = marks::submitted(conn, id)?;
    let mut open = Vec::new();
    for (position, item) in items.iter().filter(|(_, item)| marks::is_marked_by_people(item)) {
        let of_place = submitted.get(position).map_or(&[][..], Vec::as_slice);
        if let Agreement::Waiting(slots) = marks::agreement(item, of_place) {
            open.extend(slots.into_iter().map(|slot| Open { position: *position, slot }));
        }
    }
    Ok(open)
}

/// Gives everything that waits to a marker, as far as there is one; says how many it gave.
/// Asking again gives nothing twice.
pub fn assign_missing(conn: &mut Conn, id: AttemptId, stamp: Stamp) -> Result<usize, Error> {
    attempts::hold_for_result(conn, id)?;
    let Some(attempt) = attempts::attempt(conn, id)? else { return Ok(0) };
    let mut given = 0;
    for open in open_places(conn, id)? {
        given += usize::from(assign(conn, &attempt, open, stamp)?);
    }
    Ok(given)
}

/// Gives one place to whoever may mark it and has least to do; says whether somebody got it now.
fn assign(conn: &mut Conn, attempt: &Attempt, open: Open, stamp: Stamp) -> Result<bool, Error> {
    let standing = queries::of_attempt(conn, attempt.id)?;
    let taken = |one: &Marking| one.position == open.position && one.slot == open.slot;
    if standing.iter().any(taken) {
        return Ok(false);
    }
    let today = settle::day_of(conn, attempt.person_id, stamp.at)?;
    let examiners = examiners(conn, attempt, today)?;
    let ties = ties(conn, attempt, open.position, today)?;
    let load = queries::loads(conn)?;
    let Some(marker) = ties.choose(&examiners, &load, today) else { return Ok(false) };
    let Open { position, slot } = open;
    let new = NewMarking { attempt: attempt.id, position, slot, marker };
    queries::add(conn, &new, stamp.at, stamp.by)?;
    Ok(true)
}

/// The examiners whose role reaches the candidate's site.
pub fn examiners(
    conn: &mut Conn,
    attempt: &Attempt,
    today: NaiveDate,
) -> Result<Vec<PersonId>, Error> {
    let Some(post) = staff::queries::post_of(conn, attempt.person_id, today)? else {
        return Ok(Vec::new());
    };
    let lineage = &post.site.lineage;
    let mut ids = crate::access::queries::holders_reaching(conn, Role::Examiner, lineage, today)?;
    let closed = crate::access::queries::closed_accounts(conn)?;
    ids.retain(|id| !closed.contains(id));
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Who stands too close to the candidate, or marks the same answer already.
pub fn ties(
    conn: &mut Conn,
    attempt: &Attempt,
    position: i64,
    today: NaiveDate,
) -> Result<Ties, Error> {
    use mentoring::queries::Which;
    let candidate = attempt.person_id;
    let post = staff::queries::post_of(conn, candidate, today)?;
    let pairings = mentoring::queries::couples(conn, Which::OfApprentice(candidate), 50)?;
    let of_place = queries::of_attempt(conn, attempt.id)?;
    let of_place = of_place.iter().filter(|one| one.position == position);
    Ok(Ties {
        candidate,
        manager: post.and_then(|post| post.assignment.manager_id),
        mentors: pairings
            .iter()
            .map(|couple| (couple.pairing.mentor_id, couple.pairing.ended_on))
            .collect(),
        markers: of_place.map(|one| one.marker_id).collect(),
    })
}

/// Gives every essay of an attempt to somebody who has not marked it, for an appeal.
pub fn assign_remarks(
    conn: &mut Conn,
    attempt: &Attempt,
    but: PersonId,
    stamp: Stamp,
) -> Result<usize, Error> {
    attempts::hold_for_result(conn, attempt.id)?;
    let today = settle::day_of(conn, attempt.person_id, stamp.at)?;
    let standing = queries::of_attempt(conn, attempt.id)?;
    let items = marks::marked_paper(conn, attempt.id)?;
    let mut examiners = examiners(conn, attempt, today)?;
    examiners.retain(|one| *one != but);
    let mut given = 0;
    for (position, _) in items.iter().filter(|(_, item)| marks::is_marked_by_people(item)) {
        let of_place: Vec<&Marking> =
            standing.iter().filter(|one| one.position == *position).collect();
        if of_place.iter().any(|one| one.slot >= REMARK && one.is_open()) {
            continue;
        }
        let last = of_place.iter().map(|one| one.slot).max().unwrap_or(0);
        let ties = ties(conn, attempt, *position, today)?;
        let load = queries::loads(conn)?;
        let marker = ties.choose(&examiners, &load, today);
        let (Some(marker), slot) = (marker, (last + 1).max(REMARK)) else { continue };
        let new = NewMarking { attempt: attempt.id, position: *position, slot, marker };
        queries::add(conn, &new, stamp.at, stamp.by)?;
        given += 1;
    }
    Ok(given)
}

/// Gives a place to a named examiner, in the stead of whoever has not submitted it yet.
pub fn assign_to(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    id: AttemptId,
    open: Open,
    marker: &str,
) -> web::Result<()> {
    attempts::hold_for_result(conn, id)?;
    let attempt = attempts::attempt(conn, id)?.ok_or(web::Error::NotFound)?;
    acting.other_person(conn, attempt.person_id)?;
    let standing = queries::of_attempt(conn, id)?;
    let given = standing
        .iter()
        .any(|one| one.position == open.position && one.slot == open.slot && one.is_open());
    if !given && !open_places(conn, id)?.contains(&open) {
        return Err(web::Error::Refused(text!(
            "这份答卷已经阅完，不能再分配。请刷新页面。",
            "This answer has been marked already. Reload the page."
        )));
    }
    queries::withdraw(
        conn,
        id,
        Withdrawn::Open { position: open.position, slot: open.slot },
        "given to somebody else",
        acting.now,
    )?;
    let today = settle::day_of(conn, attempt.person_id, acting.now)?;
    let person = staff::queries::person_by_staff_no(conn, marker.trim())?.map(|person| person.id);
    let examiners = examiners(conn, &attempt, today)?;
    let marker = person.filter(|person| examiners.contains(person)).ok_or_else(|| {
        web::Error::Refused(text!(
            "请填写管辖考生门店的考评员的工号。",
            "Name an examiner whose role reaches the candidate's site, by staff number."
        ))
    })?;
    if let Some(why) = ties(conn, &attempt, open.position, today)?.against(marker, today) {
        return Err(web::Error::Refused(why));
    }
    let Open { position, slot } = open;
    let new = NewMarking { attempt: id, position, slot, marker };
    queries::add(conn, &new, acting.now, Some(acting.id))?;
    let detail = serde_json::json!({ "position": position, "slot": slot, "marker": marker.0 });
    audit::note(
        conn,
        Some(acting.id),
        "assign-marker",
        ("attempt", Some(id.0)),
        detail,
        acting.now,
    )?;
    Ok(())
}

/// How far back attempts without a result are looked for, and how many at a time.
const LOOK_BACK: i64 = 180;
const AT_ONCE: i64 = 500;

/// Attempts that wait for markers, oldest first.
pub fn waiting(conn: &mut Conn, rules: &Rules, now: Instant) -> Result<Vec<Attempt>, Error> {
    let sets = rules.sets();
    let exams = sets.flat_map(|set| set.exams.iter().map(|plan| set.qualified(&plan.code)));
    let exams: Vec<String> = exams.collect();
    queries::without_result(conn, &exams, now.plus(-Duration::days(LOOK_BACK)), AT_ONCE)
}

/// Gives out what waits for a marker; says how many markings. Any number of servers may do so at
/// once, and whoever opens the list of markings does.
pub async fn assign_due(db: &Db, rules: &Rules, now: Instant) -> Result<usize, Error> {
    let rules = rules.clone();
    let missing: Vec<AttemptId> = db
        .read(move |conn| -> Result<_, Error> {
            let mut missing = Vec::new();
            for attempt in waiting(conn, &rules, now)? {
                let given = queries::of_attempt(conn, attempt.id)?;
                let open = open_places(conn, attempt.id)?;
                let has = |open: &Open| {
                    given.iter().any(|one| one.position == open.position && one.slot == open.slot)
                };
                if !open.iter().all(has) {
                    missing.push(attempt.id);
                }
            }
            Ok(missing)
        })
        .await?;
    let mut given = 0;
    for id in missing {
        let stamp = Stamp { at: now, by: None };
        match db.write(move |conn| assign_missing(conn, id, stamp)).await {
            Ok(some) => given += some,
            Err(error) => tracing::error!(%error, attempt = id.0, "no marker was assigned"),
        }
    }
    Ok(given)
}
