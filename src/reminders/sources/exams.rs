//! Exams: registration that opens, sittings, results.

use std::collections::{HashMap, HashSet};

use super::{Ask, Item, Result, When};
use crate::{
    careers,
    db::{Conn, Instant},
    exams::{
        attempts::{self, model::path_of},
        rules::title,
        sittings::{self, Sitting, SittingId},
    },
    i18n::Text,
    record::{
        Kind, PersonId, Rules, ledger,
        period::{days_after, days_before},
        requirement::{Requirement, Rule},
    },
    reminders::model::To,
    staff::{self, Site},
    text,
};

/// How far ahead a sitting whose registration opens may lie.
const FARTHEST: u32 = 400;
/// A certificate that ends within so many days is one its holder needs an exam for.
const SOON: u32 = 180;

/// When its registration opens; a sitting that does not say was open from the day it was planned.
fn opens(sitting: &Sitting) -> Option<Instant> {
    sitting.register_from
}

/// When its registration closes, at the latest when the exam begins.
fn closes(sitting: &Sitting) -> Instant {
    sitting.register_by.unwrap_or(sitting.opens_at)
}

/// Sittings by the day on which registration opens, for those who need the exam: they hold a
/// certificate that ends soon and is renewed by it, or their candidacy waits for it.
pub fn registration_open(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (from, until) = ask.moments();
    let sittings = sittings::queries::opening_between(conn, from, later(ask))?;
    let opening = sittings.into_iter().filter(|(sitting, _)| {
        opens(sitting).is_some_and(|at| from <= at && at < until) && closes(sitting) > ask.now
    });
    let opening: Vec<(Sitting, Site)> = opening.collect();
    if opening.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<SittingId> = opening.iter().map(|(sitting, _)| sitting.id).collect();
    let registered = sittings::queries::registered_in(conn, &ids)?;
    let taken: HashSet<(SittingId, PersonId)> =
        registered.iter().map(|one| (one.sitting_id, one.person_id)).collect();
    let mut found = Vec::new();
    let mut in_need: HashMap<&str, Vec<PersonId>> = HashMap::new();
    for (sitting, site) in &opening {
        let region = staff::queries::region_of(conn, site)?.0;
        let exam = sitting.exam.as_str();
        if !in_need.contains_key(exam) {
            in_need.insert(exam, who_needs(conn, ask, exam)?);
        }
        let people = in_need.get(exam).map_or(&[][..], Vec::as_slice);
        let posts = staff::queries::posts_of(conn, people, ask.today)?;
        let near = posts.into_iter().filter(|post| {
            post.site.lineage.starts_with(&region.lineage)
                && !taken.contains(&(sitting.id, post.person.id))
        });
        let near: Vec<PersonId> = near.map(|post| post.person.id).collect();
        let Some(due) = opens(sitting).map(When::Moment).filter(|_| !near.is_empty()) else {
            continue;
        };
        let item = sitting_item(ask.rules, "sitting", sitting.id.0, sitting, site, due);
        let item = Item { until: Some(closes(sitting)), ..item };
        // Those who look after the site are told once, not for each who needs it.
        let n = near.len();
        let Text { zh, en } = &item.detail;
        let detail = text!("{zh}，{n} 人需要", "{en}, {n} in need of it");
        let only_to = Some(vec![To::Trainer, To::Examiner, To::Manager, To::Hr]);
        found.push(Item { site: Some(site.clone()), detail, only_to, ..item.clone() });
        found.extend(near.into_iter().map(|person| {
            let only_to = Some(vec![To::Person, To::Mentor]);
            Item { only_to, ..item.clone() }.about(person)
        }));
    }
    Ok(found)
}

fn later(ask: &Ask<'_>) -> Instant {
    let farthest = days_after(ask.last, FARTHEST);
    let far = Ask { last: farthest, ..*ask };
    far.moments().1
}

fn sitting_item(
    rules: &Rules,
    kind: &'static str,
    id: i64,
    sitting: &Sitting,
    site: &Site,
    due: When,
) -> Item {
    let item = Item::new(kind, id, &sitting.exam, title(rules, &sitting.exam), due);
    let local = sitting.opens_at.utc().with_timezone(&site.zone());
    let at = local.format("%Y-%m-%d %H:%M");
    let (zh, en) = (site.title(crate::i18n::Lang::Zh), site.title(crate::i18n::Lang::En));
    let room = &sitting.room;
    let detail = text!("{at}，{zh} {room}", "{at}, {en} {room}");
    let number = Some(sitting.code.clone());
    Item { number, detail, ..item.leads_to(sitting.path(), sitting.path()) }
}

/// Whether a requirement asks for the exam that writes facts of this code.
fn asks_for(requirement: &Requirement, code: &str) -> bool {
    let mut asks = false;
    requirement.visit(&mut |rule| {
        if let Rule::Exam(exam) = rule {
            asks |= exam.parts.iter().any(|part| part.code == code);
        }
    });
    asks
}

fn who_needs(conn: &mut Conn, ask: &Ask<'_>, exam: &str) -> Result<Vec<PersonId>> {
    let Some((set, plan)) = ask.rules.exam(exam) else { return Ok(Vec::new()) };
    let (code, few) = (plan.fact_code(set), ask.few());
    let mut people: HashSet<PersonId> = HashSet::new();
    for (set, certification) in
        ask.rules.sets().flat_map(|set| set.certifications.iter().map(move |one| (set, one)))
    {
        if !certification.renewals.iter().any(|way| asks_for(&way.requires, &code)) {
            continue;
        }
        let (first, last) = (days_before(ask.today, SOON), days_after(ask.today, SOON));
        let named = set.qualified(&certification.code);
        let kind = (Kind::Certificate, Some(named.as_str()));
        let rows = ledger::rows_running_out(conn, kind, few.as_deref(), first, last)?;
        people.extend(rows.iter().filter_map(|row| {
            let through = row.through_on?;
            let ways = certification.renewals.iter().map(|way| way.window(through).1);
            (ask.today <= ways.max()?).then_some(row.person_id)
        }));
    }
    let (since, _) = Ask { first: days_before(ask.today, FARTHEST), ..*ask }.moments();
    for (candidacy, _) in careers::queries::open_since(conn, since)? {
        let path = ask.rules.path(&candidacy.path);
        let assessment = path.and_then(|(_, path)| path.assessment.as_ref());
        if assessment.is_some_and(|assessment| asks_for(assessment, &code)) {
            people.insert(candidacy.person_id);
        }
    }
    let mut people: Vec<PersonId> = people.into_iter().filter(|id| ask.wants(*id)).collect();
    people.sort_unstable();
    Ok(people)
}

/// Names on the lists of sittings, by the day of the exam at its place.
pub fn sitting_tomorrow(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (from, until) = ask.moments();
    let sittings = sittings::queries::opening_between(conn, from, until)?;
    let ids: Vec<SittingId> = sittings.iter().map(|(sitting, _)| sitting.id).collect();
    let names = sittings::queries::registered_in(conn, &ids)?;
    let sittings: HashMap<SittingId, (Sitting, Site)> =
        sittings.into_iter().map(|(sitting, site)| (sitting.id, (sitting, site))).collect();
    Ok(names
        .iter()
        .filter(|name| ask.wants(name.person_id) && name.attendance.is_none())
        .filter_map(|name| {
            let (sitting, site) = sittings.get(&name.sitting_id)?;
            let due = When::Day(sitting.day(site));
            let item = sitting_item(ask.rules, "registration", name.id.0, sitting, site, due);
            Some(item.about(name.person_id))
        })
        .collect())
}

/// Results by the day they were released.
pub fn result_out(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (from, until) = ask.moments();
    let released = attempts::queries::released_between(conn, from, until)?;
    let wanted = released.into_iter().filter(|(person, ..)| ask.wants(*person));
    Ok(wanted
        .map(|(person, attempt, exam, at)| {
            let title: Text = title(ask.rules, &exam);
            let item = Item::new("attempt", attempt.0, &exam, title, When::Moment(at));
            let path = format!("{}/result", path_of(attempt));
            let item = item.about(person).leads_to(path, format!("/people/{person}"));
            Item { mailed_already: true, ..item }
        })
        .collect())
}
