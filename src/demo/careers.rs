//! Appointments in every stage of their term, and competition results that raise somebody.

use chrono::{Duration, Months, NaiveDate};

use super::{Making, people::Somebody, reviewer::unless_refused};
use crate::{
    careers::{
        self, acts::Ruling, appointments, competitions, model::Outcome, queries::NewCandidacy,
    },
    db::Error,
    record::{
        FactId, Kind, NewFact, PersonId, Programmes, Source, ledger, period::through_of_months,
        programme::Path, verdict,
    },
    staff::queries::Scope,
};

const SOURCE: &str = "demo-careers";
const DIRECTOR: &str = "inhouse-default/technical-director";
const REGIONS: [(&str, &str); 3] = [("EVG-E", "H1001"), ("EVG-N", "H1002"), ("EVG-S", "H1003")];

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    for (region, reviewer) in REGIONS {
        directors(making, people, region, reviewer)?;
    }
    contests(making, people)
}

/// In each region one appointment from before shifu that runs out soon, one by a decision that is
/// reviewed, and one that ended early; so one place of three is free.
fn directors(
    making: &mut Making<'_>,
    people: &[Somebody],
    region: &str,
    reviewer: &str,
) -> Result<(), Error> {
    let rules = making.shared.rules.clone();
    let Some((_, path)) = rules.path(DIRECTOR) else { return Ok(()) };
    let Some(site) = crate::staff::queries::site_by_code(making.conn, region)? else {
        return Ok(());
    };
    let scope = Scope::part(&site.lineage);
    let today = making.today;
    let board = careers::queries::board(making.conn, &rules, path, &scope, None, today)?;
    let mut able = board.eligible;
    if let Some(person) = next_able(&mut able, &rules, path, today) {
        let from = today + Duration::days(46) - Months::new(36);
        let fact = NewFact::new(Kind::Grade, &path.ladder, from)
            .level(&path.grants)
            .through(Some(through_of_months(from, 36)))
            .note("上线前聘任，随履历导入。");
        let source = Source::new(SOURCE, person.0);
        let stamp = making.stamp(from);
        ledger::append(making.conn, person, &fact, source, stamp)?;
    }
    let begun = today - Months::new(14);
    if let Some(person) = next_able(&mut able, &rules, path, begun)
        && let Some(fact) = appoint(making, people, reviewer, person, begun)?
    {
        let day = today - Months::new(2) - Duration::days(5);
        review(making, people, reviewer, fact, day)?;
    }
    let begun = today - Months::new(9);
    if let Some(person) = next_able(&mut able, &rules, path, begun)
        && let Some(fact) = appoint(making, people, reviewer, person, begun)?
    {
        let tools = making.tools();
        let Some(hr) = making.reviewer(people, reviewer, today - Duration::days(20))? else {
            return Ok(());
        };
        let last = today - Duration::days(15);
        let why = "本人申请转任管理岗位。";
        unless_refused(appointments::acts::end(making.conn, &tools, &hr, fact, last, why))?;
    }
    Ok(())
}

/// The next of those who are able today that was so on an earlier day, too.
fn next_able(
    able: &mut Vec<careers::rules::Standing>,
    rules: &Programmes,
    path: &Path,
    on: NaiveDate,
) -> Option<PersonId> {
    let was = |one: &careers::rules::Standing| {
        verdict::is_met(&path.requires, rules.context(), &one.facts, on)
    };
    let at = able.iter().position(was)?;
    Some(able.remove(at).post.person.id)
}

/// Applied for and decided on that day: the fact of the grade.
fn appoint(
    making: &mut Making<'_>,
    people: &[Somebody],
    reviewer: &str,
    person: PersonId,
    day: NaiveDate,
) -> Result<Option<FactId>, Error> {
    let (rules, tools) = (making.shared.rules.clone(), making.tools());
    let Some((set, _)) = rules.path(DIRECTOR) else { return Ok(None) };
    let Some(hr) = making.reviewer(people, reviewer, day)? else { return Ok(None) };
    let new = NewCandidacy {
        person,
        path: DIRECTOR,
        content: rules.revision(set),
        statement: "多次解决区域疑难故障，带徒出师，愿意承担区域技术支持。",
        by: hr.id,
        at: making.stamp(day - Duration::days(9)).at,
    };
    let id = careers::queries::add(making.conn, &new)?;
    let ruling = Ruling {
        outcome: Outcome::Promoted,
        effective_on: day,
        through: None,
        reason: "业绩评审、现场答辩和综合评审均通过。".to_owned(),
    };
    unless_refused(careers::acts::decide(making.conn, &tools, &hr, id, &ruling))?;
    let story = careers::queries::story(making.conn, id)?;
    Ok(story.and_then(|story| story.decision).and_then(|made| made.fact_id))
}

fn review(
    making: &mut Making<'_>,
    people: &[Somebody],
    reviewer: &str,
    fact: FactId,
    day: NaiveDate,
) -> Result<(), Error> {
    let tools = making.tools();
    let Some(hr) = making.reviewer(people, reviewer, day)? else { return Ok(()) };
    let found = "首年完成区域会诊 31 次，带徒 2 人，继续聘任。";
    unless_refused(appointments::acts::review(making.conn, &tools, &hr, fact, found)).map(drop)
}

/// A contest of the group last month: somebody may be raised, somebody was, and others were not
/// placed high enough.
fn contests(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let rules = making.shared.rules.clone();
    let Some((_, path)) = rules.path("inhouse-default/T3") else { return Ok(()) };
    let Some(region) = crate::staff::queries::site_by_code(making.conn, "EVG-E")? else {
        return Ok(());
    };
    let (scope, today) = (Scope::part(region.lineage), making.today);
    let board = careers::queries::board(making.conn, &rules, path, &scope, None, today)?;
    let ready = board.soon.into_iter().chain(board.blocked);
    // The winners hold less than what their places raise to.
    let ready: Vec<PersonId> = ready.map(|one| one.post.person.id).take(4).collect();
    let held = today - Duration::days(40);
    let mut results = Vec::new();
    for (place, person) in [1, 2, 3, 9].into_iter().zip(&ready) {
        let code = "inhouse-default/skills-contest";
        results.push(enter(making, *person, code, (place, 24), held)?);
    }
    if let Some(person) = ready.first() {
        let code = "cn-tj-detail/class-2";
        enter(making, *person, code, (5, 60), today - Duration::days(120))?;
    }
    let Some(result) = results.first() else { return Ok(()) };
    let day = today - Duration::days(30);
    let tools = making.tools();
    let Some(hr) = making.reviewer(people, "H1001", day)? else { return Ok(()) };
    let why = "集团技能比武第一名，按通报晋级。";
    unless_refused(competitions::acts::raise(making.conn, &tools, &hr, *result, day, why)).map(drop)
}

fn enter(
    making: &mut Making<'_>,
    person: PersonId,
    code: &str,
    (place, of): (i64, i64),
    day: NaiveDate,
) -> Result<FactId, Error> {
    let fact = NewFact::new(Kind::Competition, code, day).amount(place, of, None);
    let source = Source::new(SOURCE, person.0).line(1);
    let stamp = making.stamp(day + Duration::days(3));
    ledger::append(making.conn, person, &fact, source, stamp)
}
