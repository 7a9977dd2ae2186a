//! Filing, marking again, deciding: each in one transaction.

use serde_json::json;

use super::{
    AppealId, Line, ListQuery, Outcome, Sheet, Standing, letters, note, queries, rules, standing,
};
use crate::{
    access::{Acting, Grading, Viewer},
    db::Conn,
    exams::{
        attempts::{
            letters::result_turned,
            marks,
            model::{Attempt, AttemptId, Cause},
            queries as attempts,
            settle::{self, With},
        },
        marking::{
            assign,
            queries::{self as markings, Withdrawn},
        },
        questions::agreement::REMARK,
        results::{candidate::known_result, queries::resting_on},
        rules as exam_rules,
    },
    mail::Letterhead,
    record::Rules,
    staff, text,
    web::{Error, Result},
};

pub fn file(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    head: &Letterhead,
    id: AttemptId,
    grounds: &str,
) -> Result<()> {
    attempts::hold_for_result(conn, id)?;
    let (attempt, result) = known_result(conn, viewer, id)?;
    match standing(conn, viewer, rules, &attempt, &result)? {
        Standing::MayFile { .. } => {}
        Standing::Filed(_) => {
            return Err(Error::Refused(text!(
                "您已对这次成绩提出过申诉。",
                "You have appealed against this result already."
            )));
        }
        Standing::Closed => {
            return Err(Error::Refused(text!("申诉期限已过。", "The time for an appeal is over.")));
        }
    }
    let by = rules::decide_by(viewer.today);
    let appeal = queries::add(conn, id, viewer.id, grounds, by, viewer.now)?;
    note(conn, viewer, "file-appeal", appeal, json!({ "attempt": id.0 }))?;
    let title = exam_rules::title(rules, &attempt.exam);
    if let Some((appeal, _)) = queries::find(conn, appeal)? {
        letters::filed(conn, head, &title, &attempt, &appeal, viewer.now)?;
    }
    Ok(())
}

pub fn withdraw(conn: &mut Conn, viewer: &Viewer, id: AttemptId) -> Result<()> {
    attempts::hold_for_result(conn, id)?;
    known_result(conn, viewer, id)?;
    let open = queries::of_attempt(conn, id)?.into_iter().find(|one| one.outcome.is_none());
    let appeal = open.ok_or_else(decided_already)?;
    close(conn, &appeal.id, id, Outcome::Withdrawn, None, viewer)?;
    note(conn, viewer, "withdraw-appeal", appeal.id, json!({ "attempt": id.0 }))
}

fn decided_already() -> Error {
    Error::Refused(text!("这份申诉已经有结论。", "This appeal has been closed already."))
}

/// Closes an appeal; what was marked again goes unless the outcome uses it.
fn close(
    conn: &mut Conn,
    id: &AppealId,
    attempt: AttemptId,
    outcome: Outcome,
    reasons: Option<&str>,
    viewer: &Viewer,
) -> Result<()> {
    if !queries::decide(conn, *id, outcome, reasons, viewer.stamp())? {
        return Err(decided_already());
    }
    if !outcome.changes() {
        let why = format!("appeal {}", outcome.word());
        markings::withdraw(conn, attempt, Withdrawn::From { slot: REMARK }, &why, viewer.now)?;
    }
    Ok(())
}

/// The appeals of the people in reach; never one's own.
pub fn lines(conn: &mut Conn, acting: &Acting<Grading>, query: &ListQuery) -> Result<Vec<Line>> {
    const MOST: i64 = 2_000;
    let found = queries::list(conn, query.state != "decided", MOST)?;
    let ids: Vec<_> = found.iter().map(|(appeal, _)| appeal.person_id).collect();
    let reached = staff::queries::posts_among(conn, acting.reach(), &ids, acting.today)?;
    let mut posts: std::collections::HashMap<_, _> =
        reached.into_iter().map(|post| (post.person.id, post)).collect();
    posts.remove(&acting.id);
    Ok(found
        .into_iter()
        .filter_map(|(appeal, attempt)| {
            let post = posts.get(&appeal.person_id)?.clone();
            Some(Line { appeal, attempt, post })
        })
        .collect())
}

fn line(conn: &mut Conn, acting: &Acting<Grading>, id: AppealId) -> Result<Line> {
    let (appeal, attempt) = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    let post = acting.other_person(conn, appeal.person_id)?;
    Ok(Line { appeal, attempt, post })
}

pub fn sheet(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    rules: &Rules,
    id: AppealId,
) -> Result<Sheet> {
    let line = line(conn, acting, id)?;
    let attempt = line.attempt.clone();
    let mut markings_of = Vec::new();
    for marking in markings::of_attempt(conn, attempt.id)? {
        let person = staff::queries::person(conn, marking.marker_id)?;
        markings_of.push((marking, person));
    }
    let items = marks::marked_paper(conn, attempt.id)?;
    let has_essays = items.iter().any(|(_, item)| marks::is_marked_by_people(item));
    let mut before = attempts::results_told(conn, attempt.id)?;
    let result = (!before.is_empty()).then(|| before.remove(0));
    let markers = markings::markers_of(conn, attempt.id)?;
    let barred = rules::bar(acting.id, attempt.person_id, &markers);
    let certificates = resting_on(conn, rules, &attempt, acting.today)?;
    Ok(Sheet { line, result, before, markings: markings_of, has_essays, certificates, barred })
}

/// Has every essay marked once more, by somebody who has not marked it.
pub fn remark(conn: &mut Conn, acting: &Acting<Grading>, id: AppealId) -> Result<()> {
    let Line { appeal, attempt, .. } = line(conn, acting, id)?;
    may_act(conn, acting, &attempt)?;
    if appeal.outcome.is_some() {
        return Err(decided_already());
    }
    if assign::assign_remarks(conn, &attempt, acting.id, acting.stamp())? == 0 {
        return Err(Error::Refused(text!(
            "没有可以复核的考评员：须管辖考生的门店，且没有阅过这份试卷。请先由管理员增加考评员。",
            "Nobody is free to mark it again: it takes an examiner who reaches the candidate's site and has not marked this paper. Have an administrator appoint one."
        )));
    }
    note(conn, acting, "remark-for-appeal", id, json!({ "attempt": attempt.id.0 }))
}

fn may_act(conn: &mut Conn, acting: &Acting<Grading>, attempt: &Attempt) -> Result<()> {
    let markers = markings::markers_of(conn, attempt.id)?;
    match rules::bar(acting.id, attempt.person_id, &markers) {
        Some(why) => Err(Error::Refused(why)),
        None => Ok(()),
    }
}

/// Decides an appeal and settles the result by it.
pub fn decide(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    id: AppealId,
    (outcome, reasons): (Outcome, &str),
    with: With<'_>,
    head: &Letterhead,
) -> Result<()> {
    let Line { attempt, .. } = line(conn, acting, id)?;
    attempts::hold_for_result(conn, attempt.id)?;
    may_act(conn, acting, &attempt)?;
    let markings = markings::of_attempt(conn, attempt.id)?;
    let open = markings.iter().filter(|one| one.slot >= REMARK && one.is_open()).count();
    if let Some(why) = rules::obstacle(outcome, open) {
        return Err(Error::Refused(why));
    }
    close(conn, &id, attempt.id, outcome, Some(reasons), acting)?;
    let detail = json!({ "attempt": attempt.id.0, "outcome": outcome, "reasons": reasons });
    note(conn, acting, "decide-appeal", id, detail)?;
    let title = exam_rules::title(with.rules, &attempt.exam);
    letters::decided(conn, head, &title, &attempt, (outcome, reasons), acting.now)?;
    let settled = settle::settle(conn, attempt.id, Cause::Appeal, reasons, acting.stamp(), with)?;
    result_turned(conn, head, with.rules, &attempt, &settled, acting.now)?;
    Ok(())
}
