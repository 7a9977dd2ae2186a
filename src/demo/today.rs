//! What is going on today: courses half-way, apprentices with their masters, candidacies.

use chrono::Duration;

use super::{
    Making,
    people::{Somebody, Trade},
};
use crate::{
    access::Role,
    careers, courses,
    db::Error,
    mentoring::{self, model::Said, rules::Written},
    record::{Kind, NewFact, PersonId, Source, ledger},
    staff::{SiteId, queries::Scope},
};

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    lessons(making, people)?;
    for site in sites_of(people) {
        apprenticeships(making, people, site)?;
    }
    candidacies(making, people)?;
    super::practicals::make(making, people)?;
    post_delivered(making)
}

/// The mails of years gone by were delivered; only today's news waits.
fn post_delivered(making: &mut Making<'_>) -> Result<(), Error> {
    use crate::db::schema::outbox;
    use diesel::prelude::*;
    let recent = making.stamp(making.today - Duration::days(3)).at;
    diesel::update(outbox::table.filter(outbox::created_at.lt(recent)))
        .set(outbox::sent_at.eq(outbox::created_at.nullable()))
        .execute(making.conn)?;
    Ok(())
}

fn sites_of(people: &[Somebody]) -> Vec<SiteId> {
    let mut sites: Vec<SiteId> = people
        .iter()
        .filter(|somebody| somebody.trade == Trade::Apprentice)
        .map(|somebody| somebody.site)
        .collect();
    sites.dedup();
    sites
}

fn at_work(people: &[Somebody], trade: Trade, site: SiteId) -> impl Iterator<Item = &Somebody> {
    people.iter().filter(move |one| one.trade == trade && one.site == site && one.left.is_none())
}

/// Somebody is in the middle of a course, and somebody is late.
fn lessons(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let catalogue = making.shared.catalogue.clone();
    let trainer = people.iter().find(|one| one.staff_no == "R1001").map(|one| one.id);
    let learners = people.iter().filter(|one| one.trade == Trade::Technician && one.left.is_none());
    for (n, who) in learners.enumerate().filter(|(n, who)| n % 6 == 2 || who.staff_no == "T1001") {
        let code = if n % 12 == 2 { "nev-diagnosis" } else { "first-time-fix" };
        let Some(course) = catalogue.get(code) else { continue };
        let due = making.today + Duration::days(if n % 5 == 4 { -6 } else { 24 });
        let begun = making.stamp(making.today - Duration::days(21)).at;
        let by = trainer.unwrap_or(who.id);
        if !courses::queries::begin(making.conn, who.id, course, 1, Some(due), (by, begun))? {
            continue;
        }
        let Some(round) = courses::queries::round_of(making.conn, who.id, code)? else { continue };
        for lesson in course.plan.lessons.iter().take(1 + n % 3) {
            let id = round.enrolment.id;
            courses::queries::mark_done(making.conn, id, &lesson.slug, begun)?;
        }
    }
    Ok(())
}

/// The longest-serving technicians of a site with its apprentices, and what stands in the logbooks.
fn apprenticeships(
    making: &mut Making<'_>,
    people: &[Somebody],
    site: SiteId,
) -> Result<(), Error> {
    let manager = at_work(people, Trade::Manager, site).next().map(|one| one.id);
    let mut mentors: Vec<&Somebody> = Vec::new();
    for one in at_work(people, Trade::Technician, site) {
        let grants = crate::access::queries::grants_of(making.conn, one.id, making.today)?;
        if grants.iter().any(|grant| grant.role == Role::Mentor) {
            mentors.push(one);
        }
    }
    let apprentices: Vec<&Somebody> = at_work(people, Trade::Apprentice, site).collect();
    // The account of the printed mentor has the printed apprentice.
    mentors.sort_by_key(|one| one.staff_no != "T1003");
    let Some(by) = manager else { return Ok(()) };
    for (n, apprentice) in apprentices.into_iter().enumerate() {
        let Some(mentor) = mentors.get(n / 2) else { break };
        pair(making, mentor.id, apprentice, by)?;
    }
    Ok(())
}

fn pair(
    making: &mut Making<'_>,
    mentor: PersonId,
    apprentice: &Somebody,
    by: PersonId,
) -> Result<(), Error> {
    let rules = making.shared.rules.clone();
    let Some(set) = rules.set("inhouse-default") else { return Ok(()) };
    let starts_on = (apprentice.hired + Duration::days(14)).min(making.today);
    let stamp = making.stamp(starts_on);
    let new = mentoring::queries::NewPairing {
        mentor,
        apprentice: apprentice.id,
        ladder: "technician".to_owned(),
        content: rules.revision(set),
        goal: "一年内独立完成常规保养和制动系统作业。".to_owned(),
        starts_on,
        ends_on: starts_on + Duration::days(364),
        verdict: "{}".to_owned(),
        goals: vec![("routine-maintenance".to_owned(), 12), ("brake-service".to_owned(), 8)],
    };
    let id = mentoring::queries::add(making.conn, &new, by, stamp.at)?;
    let source = Source::new(mentoring::acts::PAIRING_SOURCE, id.0);
    for (person, kind) in [(mentor, Kind::Mentor), (apprentice.id, Kind::Apprentice)] {
        let fact = NewFact::new(kind, "technician", starts_on);
        ledger::append(making.conn, person, &fact, source, stamp)?;
    }
    logbook(making, id, mentor, apprentice)
}

/// What was done so many days ago, and what the mentor said to it.
const ENTRIES: [(i64, &str, i64, &str, Option<Said>); 5] = [
    (
        24,
        "routine-maintenance",
        2,
        "更换机油和三滤，检查制动片厚度，前 7 mm、后 6 mm。",
        Some(Said::Signed),
    ),
    (
        17,
        "brake-service",
        1,
        "更换前制动片，清洁卡钳导销并涂专用脂，磨合后路试正常。",
        Some(Said::Signed),
    ),
    (
        9,
        "routine-maintenance",
        3,
        "三台车常规保养，其中一台发现冷却液泄漏并报修。",
        Some(Said::Signed),
    ),
    (4, "brake-service", 1, "更换制动液。", Some(Said::Returned)),
    (1, "routine-maintenance", 1, "新能源车常规保养：检查高压线束外观、充电口和冷却液液位。", None),
];

fn logbook(
    making: &mut Making<'_>,
    pairing: mentoring::model::PairingId,
    mentor: PersonId,
    apprentice: &Somebody,
) -> Result<(), Error> {
    for (n, (ago, task, times, note, said)) in ENTRIES.into_iter().enumerate() {
        let done_on = making.today - Duration::days(ago);
        if done_on < apprentice.hired + Duration::days(14) {
            continue;
        }
        let stamp = making.stamp(done_on);
        let key = format!("demo-{pairing}-{n}");
        let entry = mentoring::queries::add_entry(making.conn, pairing, &key, stamp.at)?;
        let written = Written {
            task: task.to_owned(),
            done_on,
            times,
            work_order: format!("RO-{}-{:04}", done_on.format("%y%m"), 100 * pairing.0 + n as i64),
            note: note.to_owned(),
        };
        let version = mentoring::queries::add_version(making.conn, entry, 1, &written, stamp.at)?;
        let Some(said) = said else { continue };
        let signed = said == Said::Signed;
        let fact = if signed {
            let fact = NewFact::new(Kind::Logbook, task, done_on).amount(times, 1, Some("times"));
            let source = Source::new(mentoring::acts::LOGBOOK_SOURCE, entry.0);
            Some(ledger::append(making.conn, apprentice.id, &fact, source, stamp)?)
        } else {
            None
        };
        let why = (!signed).then_some("请写明制动液型号、更换量和排气顺序。");
        mentoring::queries::add_review(making.conn, version, said, why, fact, (mentor, stamp.at))?;
    }
    Ok(())
}

/// In each region a few of those who may take a step have applied; some are recommended already.
fn candidacies(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let rules = making.shared.rules.clone();
    for code in ["inhouse-default/T2", "inhouse-default/T3", "inhouse-default/T4"] {
        let Some((set, path)) = rules.path(code) else { continue };
        let everyone = Scope::everyone();
        let board =
            careers::queries::board(making.conn, &rules, path, &everyone, None, making.today)?;
        // Not the printed account: its owner applies by hand.
        let eligible = board.eligible.iter().filter(|one| one.post.person.staff_no != "T1001");
        for (n, one) in eligible.take(9).enumerate().filter(|(n, _)| n % 3 != 2) {
            let person = one.post.person.id;
            let at = making.stamp(making.today - Duration::days(5 + n as i64)).at;
            let new = careers::queries::NewCandidacy {
                person,
                path: code,
                content: rules.revision(set),
                statement: "近一年独立完成作业，返修少，愿意承担更多诊断工作。",
                by: person,
                at,
            };
            let id = careers::queries::add(making.conn, &new)?;
            let manager = at_work(people, Trade::Manager, one.post.site.id).next();
            let Some(manager) = manager.filter(|_| n % 2 == 0) else { continue };
            let given = careers::model::Recommendation {
                candidacy_id: id,
                supports: true,
                note: "技术扎实，带新人耐心，同意推荐。".to_owned(),
                given_at: at,
                given_by: manager.id,
            };
            careers::queries::recommend(making.conn, &given)?;
        }
    }
    Ok(())
}
