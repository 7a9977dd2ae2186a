//! Certificates in every state: not yet valid, valid, due for renewal, in grace, expired, reviewed
//! and not, suspended by HR and by a condition, revoked, extended, replaced for a name misspelt; and
//! a trainee who works under the eyes of a holder.

use chrono::{Duration, Months, NaiveDate};

use super::{
    Making,
    people::{Somebody, Trade},
    reviewer::unless_refused,
};
use crate::{
    certification::{
        self,
        acts::{
            self, Deed,
            supervision::{self, Wanted},
        },
        model::ActKind,
    },
    db::Error,
    record::{Kind, NewFact, PersonId, Source, ledger},
    staff,
};

const SOURCE: &str = "demo-certificates";
const INSPECTOR: &str = "inspection-assessment";

/// A certificate brought by something done so long ago: months, and days besides.
type Ago = (u32, i64);

/// Final inspectors, whose certificate lasts 48 months and is reviewed after 24: what each of the
/// longest-serving technicians did, the oldest first.
const INSPECTORS: [&[(&str, i64, Ago)]; 8] = [
    // Half-way through, reviewed in time.
    &[(INSPECTOR, 88, (30, 0)), ("inspection-check", 86, (7, 0))],
    // The review is due next month.
    &[(INSPECTOR, 91, (23, 0))],
    // The review was missed: suspended by the rule.
    &[(INSPECTOR, 85, (26, 0))],
    // Due for renewal.
    &[(INSPECTOR, 90, (47, 0)), ("inspection-check", 88, (24, 10))],
    // Renewed early: the new one follows on it.
    &[(INSPECTOR, 92, (47, 0)), ("inspection-check", 90, (24, 10)), (INSPECTOR, 94, (0, 5))],
    // In grace.
    &[(INSPECTOR, 84, (48, 12)), ("inspection-check", 82, (25, 0))],
    // Expired.
    &[(INSPECTOR, 83, (51, 0)), ("inspection-check", 85, (28, 0))],
    // Eight right answers brought another year.
    &[
        (INSPECTOR, 95, (40, 0)),
        ("inspection-check", 90, (17, 0)),
        ("inspection-credits", 9, (2, 0)),
    ],
];

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let site = people.iter().find(|one| one.staff_no == "T1001").map(|one| one.site);
    let here = |one: &&Somebody| Some(one.site) == site && one.left.is_none();
    let mut technicians: Vec<&Somebody> =
        people.iter().filter(here).filter(|one| one.trade == Trade::Technician).collect();
    technicians.sort_by_key(|one| one.hired);
    for (who, deeds) in technicians.iter().zip(INSPECTORS) {
        for (line, (exam, score, ago)) in (1..).zip(deeds) {
            let day = earlier(making.today, *ago);
            sat(making, who, exam, *score, (day, line))?;
        }
    }
    briefed(making, &technicians)?;
    batteries(making, people, &technicians)
}

fn earlier(today: NaiveDate, (months, days): Ago) -> NaiveDate {
    today - Months::new(months) - Duration::days(days)
}

/// An exam whose result was recorded here, and what follows from it on that day.
fn sat(
    making: &mut Making<'_>,
    who: &Somebody,
    exam: &str,
    score: i64,
    (day, line): (NaiveDate, i64),
) -> Result<(), Error> {
    let fact = NewFact::new(Kind::Exam, format!("inhouse-default/{exam}"), day);
    known(making, who, fact.amount(score, 1, Some("points")), (day, line))
}

fn known(
    making: &mut Making<'_>,
    who: &Somebody,
    fact: NewFact,
    (day, line): (NaiveDate, i64),
) -> Result<(), Error> {
    if day < who.hired {
        return Ok(());
    }
    let (shared, stamp) = (making.shared, making.stamp(day));
    let source = Source::new(SOURCE, who.id.0).line(line);
    ledger::append(making.conn, who.id, &fact, source, stamp)?;
    shared.consequences.follow(making.conn, who.id, day, stamp)
}

/// The yearly authorisation, which ends with the year for everybody.
fn briefed(making: &mut Making<'_>, technicians: &[&Somebody]) -> Result<(), Error> {
    let day = earlier(making.today, (5, 0));
    for who in technicians.iter().take(10) {
        let fact = NewFact::new(Kind::Course, "safety-briefing", day).amount(1, 1, Some("h"));
        known(making, who, fact, (day, 40))?;
    }
    Ok(())
}

/// Batteries are repaired only by those qualified for high voltage: HR has suspended one of them,
/// so the other certificate is suspended by its rule. Somebody's brake certificate was revoked.
fn batteries(
    making: &mut Making<'_>,
    people: &[Somebody],
    technicians: &[&Somebody],
) -> Result<(), Error> {
    let day = earlier(making.today, (3, 0));
    let mut able = Vec::new();
    for who in technicians {
        if number_of(making, who.id, "inhouse-default/hv-qualified", day)?.is_some() {
            able.push(*who);
        }
    }
    for who in able.iter().take(4) {
        sat(making, who, "battery-assessment", 87, (day, 41))?;
    }
    if let Some(who) = able.first() {
        let why = "高压作业未按规程验电，停止高压作业，待复训。";
        act(making, people, (who.id, "inhouse-default/hv-qualified"), ActKind::Suspended, why)?;
    }
    if let Some(other) = technicians.get(9) {
        let why = "制动考试成绩系他人代考，经核实吊销。";
        act(making, people, (other.id, "inhouse-default/brake-specialist"), ActKind::Revoked, why)?;
    }
    if let Some(misspelt) = able.get(2) {
        let why = "证书英文姓名改按护照写法，换发。";
        act(making, people, (misspelt.id, "inhouse-default/hv-qualified"), ActKind::Replaced, why)?;
    }
    let Some(holder) = able.get(1) else { return Ok(()) };
    supervised(making, people, technicians, holder)
}

/// Somebody on the way to the high-voltage qualification works beside a holder until then.
fn supervised(
    making: &mut Making<'_>,
    people: &[Somebody],
    technicians: &[&Somebody],
    holder: &Somebody,
) -> Result<(), Error> {
    let Some(hr) = making.reviewer(people, "H1001", making.today)? else { return Ok(()) };
    let tools = making.tools();
    let wanted = Wanted {
        certification: "inhouse-default/hv-qualified".to_owned(),
        supervisor: holder.staff_no.clone(),
        from: None,
        through: None,
    };
    for who in technicians {
        let facts = ledger::facts_of(making.conn, who.id, None)?;
        let holds = |code: &str| {
            facts.iter().any(|fact| fact.kind == Kind::Certificate && fact.code == code)
        };
        if holds("inhouse-default/hv-qualified") || !holds("inhouse-default/hv-aware") {
            continue;
        }
        let (rules, head) = (&tools.rules, &tools.letterhead);
        let begun = supervision::begin(making.conn, &hr, rules, head, who.id, &wanted);
        return unless_refused(begun).map(drop);
    }
    Ok(())
}

/// The number of the certificate somebody holds today and held on an earlier day.
fn number_of(
    making: &mut Making<'_>,
    person: PersonId,
    code: &str,
    since: NaiveDate,
) -> Result<Option<String>, Error> {
    let today = making.today;
    let held = certification::queries::issued_to(making.conn, person)?;
    let runs = |one: &&certification::model::Certificate| {
        one.certification == code
            && one.valid_from <= since
            && one.valid_through.is_none_or(|through| through >= today)
    };
    Ok(held.iter().rev().find(runs).map(|one| one.number.clone()))
}

/// What HR did a few days ago.
fn act(
    making: &mut Making<'_>,
    people: &[Somebody],
    (person, code): (PersonId, &str),
    kind: ActKind,
    why: &str,
) -> Result<(), Error> {
    let day = making.today - Duration::days(6);
    let Some(number) = number_of(making, person, code, day)? else { return Ok(()) };
    let Some(hr) = making.reviewer(people, "H1001", day)? else { return Ok(()) };
    let tools = making.tools();
    let Some(holder) = staff::queries::person(making.conn, person)? else { return Ok(()) };
    // Passports write the family name in capitals.
    let name_en = holder.name_en.unwrap_or_default();
    let (given, family) = name_en.rsplit_once(' ').unwrap_or(("", &name_en));
    let deed = Deed {
        kind,
        on: day,
        why: why.to_owned(),
        evidence: None,
        file: None,
        through: None,
        other: String::new(),
        name: holder.name,
        name_en: format!("{given} {}", family.to_uppercase()).trim().to_owned(),
        seen: 0,
    };
    let done = acts::perform(making.conn, &hr, &tools.rules, &tools.letterhead, &number, &deed);
    unless_refused(done).map(drop)
}
