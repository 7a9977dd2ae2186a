//! Exams with something left to do: an essay to mark, results to release, an appeal to decide.

use chrono::Duration;

use super::{
    Making,
    people::{Somebody, Trade},
};
use crate::{
    access::{Role, queries as grants},
    db::{Error, Instant},
    exams::{
        attempts::{
            finish,
            model::{Answer, AttemptId, Cause, EndedBy},
            queries,
            settle::{self, With},
        },
        blueprints, marking,
        questions::{QuestionKind, scoring},
        results::appeals,
        rules::Offer,
    },
    record::ledger::Stamp,
    staff,
};

const EXAM: &str = "inhouse-default/service-cases-theory";

const ESSAYS: [&str; 3] = [
    "先请客户到安静的地方坐下，听他把三次进厂的经过讲完，复述一遍确认，并为反复进厂道歉。\n然后调出前两次工单，和客户一起到车上确认漏水的条件：停放角度、雨量、车速。\n请车间派资深技师会诊，做淋水测试，拍照留底。误工赔偿我不当场答应，当天报告经理，明确告诉客户明天中午前答复。\n交车时和客户一起淋水验证，三天内回访。",
    "我会先道歉，马上安排返修，优先派工。修好后洗车、打八折，并承诺下次免费保养。误工费按客户说的赔，让他满意最重要。",
    "登记工单，请技师检查，修好后通知客户取车，请客户签字。",
];

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let at = making.stamp(making.today - Duration::days(6));
    more_examiners(making, people, at.at)?;
    let technicians = people.iter().filter(|one| {
        one.trade == Trade::Technician && one.left.is_none() && one.staff_no != "T1001"
    });
    let some: Vec<&Somebody> = technicians.take(40).step_by(9).take(3).collect();
    let [ready, waiting, failed] = some[..] else { return Ok(()) };
    // One is marked and waits for its release, one waits for its markers.
    let first = sit(making, ready, ESSAYS[0], 20, at)?;
    mark(making, first, &[900, 850], at)?;
    let second =
        sit(making, waiting, ESSAYS[1], 20, making.stamp(making.today - Duration::days(1)))?;
    give_out(making, second)?;
    // One knows that it was not enough, and objects.
    let third = sit(making, failed, ESSAYS[2], 5, at)?;
    mark(making, third, &[250, 200], at)?;
    let told = making.stamp(making.today - Duration::days(3));
    release(making, third, told)?;
    appeals::queries::add(
        making.conn,
        third,
        failed.id,
        "论述题我写了请技师检查和请客户签字，属于评分要点里的共同验证，希望由另一位考评员重新评分。",
        making.today + Duration::days(12),
        told.at,
    )?;
    Ok(())
}

/// Two managers of the region examine as well, so that an essay finds its second marker.
fn more_examiners(making: &mut Making<'_>, people: &[Somebody], at: Instant) -> Result<(), Error> {
    let managers = people.iter().filter(|one| one.trade == Trade::Manager && one.left.is_none());
    for manager in managers.skip(1).take(2) {
        let site = staff::queries::site(making.conn, manager.site)?;
        let Some(region) = site.and_then(|site| site.parent_id) else { continue };
        let since = making.today - Duration::days(700);
        grants::add_grant(making.conn, manager.id, Role::Examiner, region, since, None, at)?;
    }
    Ok(())
}

/// Sits the exam: so many of the places answered rightly, and the essay.
fn sit(
    making: &mut Making<'_>,
    who: &Somebody,
    essay: &str,
    right: usize,
    at: Stamp,
) -> Result<AttemptId, Error> {
    let (rules, consequences) = (making.shared.rules.clone(), making.shared.consequences.clone());
    let Some(offer) = Offer::find(&rules, EXAM) else { return Ok(AttemptId(0)) };
    let seed = who.id.0;
    let paper = blueprints::prepare(making.conn, EXAM, offer.plan, who.id, seed, at.at)?;
    let Ok(paper) = paper else { return Ok(AttemptId(0)) };
    let new = queries::NewAttempt {
        person: who.id,
        exam: EXAM,
        content: rules.revision(offer.set),
        seed,
        pass_score: offer.pass_score(),
        started_at: at.at,
        hand_in_by: at.at.plus(Duration::minutes(offer.minutes())),
        blueprint: paper.blueprint,
        sitting: None,
    };
    let id = queries::add(making.conn, &new, &paper.drawn)?;
    let handed_in = at.at.plus(Duration::minutes(47));
    for (n, (position, item)) in queries::paper(making.conn, id)?.into_iter().enumerate() {
        let response = match (item.kind, item.task()) {
            (QuestionKind::Essay, _) => Some(essay.to_owned()),
            (_, Some(task)) if n < right => scoring::model_response(task, &item.order),
            _ => None,
        };
        let Some(response) = response else { continue };
        let saved_at = at.at.plus(Duration::minutes(5 + n as i64));
        let answer = Answer { response, edition: 1, saved_at };
        queries::put_answer(making.conn, id, position, &answer)?;
    }
    if let Some(attempt) = queries::attempt(making.conn, id)? {
        let by = EndedBy::Candidate;
        finish::finish(making.conn, &attempt, by, handed_in, &rules, &consequences)?;
    }
    Ok(id)
}

fn give_out(making: &mut Making<'_>, id: AttemptId) -> Result<(), Error> {
    let stamp = Stamp { at: making.now, by: None };
    marking::assign::assign_missing(making.conn, id, stamp).map(drop)
}

fn mark(making: &mut Making<'_>, id: AttemptId, points: &[i64], at: Stamp) -> Result<(), Error> {
    let (rules, consequences) = (making.shared.rules.clone(), making.shared.consequences.clone());
    let marked = Stamp { at: at.at.plus(Duration::hours(20)), by: None };
    marking::assign::assign_missing(making.conn, id, marked)?;
    let given = marking::queries::of_attempt(making.conn, id)?;
    for (one, points) in given.into_iter().zip(points) {
        let said = "对照评分要点逐项给分。";
        marking::queries::submit(making.conn, one.id, *points, said, marked.at)?;
    }
    let with = With { rules: &rules, consequences: &consequences };
    settle::settle(making.conn, id, Cause::Marking, "marked", marked, with).map(drop)
}

fn release(making: &mut Making<'_>, id: AttemptId, at: Stamp) -> Result<(), Error> {
    let (rules, consequences) = (making.shared.rules.clone(), making.shared.consequences.clone());
    let with = With { rules: &rules, consequences: &consequences };
    settle::release(making.conn, id, at, with).map(drop)
}
