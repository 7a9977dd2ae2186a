//! Certificates: those that end, those in grace, reviews, and conditions that will lapse.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};

use super::{Ask, Item, Result, When};
use crate::{
    certification::{
        issue::is_cut_short,
        model::{Act, CertificateId, State},
        queries::{self, SOURCE},
        rules,
        standing::{Life, Standing, standing},
    },
    db::Conn,
    record::{
        Fact, Kind, PersonId,
        ledger::{self, Row},
        period::{day_before, months_after, months_before, next_day},
        programme::Certification,
        requirement::{Requirement, Rule},
        verdict,
    },
};

/// What bears on the certificates that were found: acts, and facts where conditions are set.
struct Lives {
    acts: HashMap<CertificateId, Vec<Act>>,
    facts: HashMap<PersonId, Vec<Fact>>,
}

impl Lives {
    fn load(conn: &mut Conn, ask: &Ask<'_>, rows: &[Row]) -> Result<Lives> {
        let ours = rows.iter().filter(|row| row.source_kind == SOURCE);
        let ids: Vec<CertificateId> = ours.map(|row| CertificateId(row.source_id)).collect();
        let conditional = |row: &&Row| {
            let certification = ask.rules.context().certification(&row.code);
            certification.is_some_and(|one| one.suspended_unless.is_some() || one.review.is_some())
        };
        let people: HashSet<PersonId> =
            rows.iter().filter(conditional).map(|row| row.person_id).collect();
        let people: Vec<PersonId> = people.into_iter().collect();
        Ok(Lives {
            acts: queries::acts_on(conn, &ids)?,
            facts: ledger::facts_of_these(conn, &people, None)?,
        })
    }

    fn standing(&self, ask: &Ask<'_>, row: &Row) -> Standing {
        let ours = row.source_kind == SOURCE;
        let acts = ours.then(|| self.acts.get(&CertificateId(row.source_id))).flatten();
        let life = Life {
            code: &row.code,
            from: row.from_on,
            through: row.through_on,
            acts: acts.map_or(&[], Vec::as_slice),
        };
        let facts = self.facts.get(&row.person_id).map_or(&[][..], Vec::as_slice);
        standing(ask.rules.context(), &life, facts, ask.today)
    }
}

/// Nobody is reminded of a certificate that was taken away or that another one has replaced.
fn speaks(state: State) -> bool {
    !matches!(state, State::Suspended | State::Revoked | State::Superseded)
}

fn wanted(ask: &Ask<'_>, rows: Vec<Row>) -> Vec<Row> {
    let rows = rows.into_iter();
    rows.filter(|row| ask.rule.covers(&row.code) && ask.wants(row.person_id) && !is_cut_short(row))
        .collect()
}

fn item(ask: &Ask<'_>, row: &Row, due_on: NaiveDate) -> Item {
    // What is left of a certificate after a suspension is still the same certificate.
    let ours = row.source_kind == SOURCE;
    let (kind, id) = if ours { ("certificate", row.source_id) } else { ("fact", row.id.0) };
    let title = ask.rules.context().name(Kind::Certificate, &row.code);
    let (path, others) = match &row.number {
        Some(number) if ours => {
            let number: String = form_urlencoded::byte_serialize(number.as_bytes()).collect();
            (format!("/certificates/{number}"), format!("/certificates/{number}"))
        }
        _ => ("/certificates".to_owned(), format!("/people/{}", row.person_id)),
    };
    let item = Item::new(kind, id, &row.code, title, When::Day(due_on)).about(row.person_id);
    Item { number: row.number.clone(), ..item.leads_to(path, others) }
}

/// Certificates by their last valid day, after extensions.
pub fn expiring(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let rows = ledger::rows_running_out(conn, Kind::Certificate, ask.first, ask.last)?;
    let rows = wanted(ask, rows);
    let lives = Lives::load(conn, ask, &rows)?;
    let due = rows.iter().filter_map(|row| {
        let now = lives.standing(ask, row);
        let due_on = now.through.filter(|_| speaks(now.state))?;
        (ask.first <= due_on && due_on <= ask.last).then(|| item(ask, row, due_on))
    });
    Ok(due.collect())
}

/// Every certification in the rules, by its code.
fn certifications<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = (String, &'a Certification)> {
    let sets = ask.rules.sets();
    sets.flat_map(|set| set.certifications.iter().map(|one| (set.qualified(&one.code), one)))
        .filter(|(code, _)| ask.rule.covers(code))
}

/// Months are not all of one length: a range that was shifted by some is this much wider.
const SLACK: u64 = 4;

/// Certificates that have ended, by the last day on which they may still be renewed.
pub fn grace_ending(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for (code, certification) in certifications(ask) {
        let closes = |through| rules::window(certification, through).map(|(_, closes)| closes);
        let Some(grace) = closes(ask.first).map(|closes| (closes - ask.first).num_days()) else {
            continue;
        };
        let Some(grace) = u64::try_from(grace).ok().filter(|grace| *grace > 0) else { continue };
        let first = ask.first - Days::new(grace + SLACK);
        let last = ask.last - Days::new(grace.saturating_sub(SLACK));
        let rows = ledger::rows_running_out_of(conn, Kind::Certificate, Some(&code), first, last)?;
        let rows = wanted(ask, rows);
        let lives = Lives::load(conn, ask, &rows)?;
        found.extend(rows.iter().filter_map(|row| {
            let now = lives.standing(ask, row);
            let through = now.through.filter(|_| speaks(now.state))?;
            let due_on = closes(through)?;
            (ask.first <= due_on && due_on <= ask.last).then(|| item(ask, row, due_on))
        }));
    }
    Ok(found)
}

/// No certificate is valid for longer than so many months.
const LONGEST_MONTHS: u32 = 240;

/// Certificates by the next review inside their validity.
pub fn review_due(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for (code, certification) in certifications(ask) {
        let Some(review) = &certification.review else { continue };
        let longer = review.longer.as_ref().map(|longer| longer.months);
        let intervals = std::iter::once(review.months).chain(longer).filter(|every| *every > 0);
        let mut after: Vec<u32> =
            intervals.flat_map(|every| (1..=LONGEST_MONTHS / every).map(move |n| n * every)).collect();
        after.sort_unstable();
        after.dedup();
        let mut rows: HashMap<i64, Row> = HashMap::new();
        for months in after {
            let first = months_before(ask.first, months) - Days::new(SLACK);
            let last = months_before(ask.last, months) + Days::new(SLACK);
            let some = ledger::rows_beginning(conn, Kind::Certificate, &code, first, last)?;
            rows.extend(some.into_iter().map(|row| (row.id.0, row)));
        }
        let mut rows: Vec<Row> = wanted(ask, rows.into_values().collect());
        rows.retain(|row| row.through_on.is_none_or(|through| through >= ask.today));
        rows.sort_by_key(|row| row.id);
        let lives = Lives::load(conn, ask, &rows)?;
        found.extend(rows.iter().filter_map(|row| {
            let now = lives.standing(ask, row);
            let due_on = now.review.filter(|_| speaks(now.state))?.due;
            (ask.first <= due_on && due_on <= ask.last).then(|| item(ask, row, due_on))
        }));
    }
    Ok(found)
}

/// Where the evidence for a condition runs out: facts of a kind and code, by their last day or so
/// many months after their first.
enum Lapse {
    AtItsEnd(Kind, Option<String>),
    AfterItsStart(Kind, String, u32),
    AfterItsEnd(Kind, String, u32),
}

fn lapses(condition: &Requirement) -> Vec<Lapse> {
    let mut found = Vec::new();
    condition.visit(&mut |rule| match rule {
        Rule::Certificate(one) => {
            found.push(Lapse::AtItsEnd(Kind::Certificate, Some(one.code.clone())));
        }
        Rule::Health(_) => found.push(Lapse::AtItsEnd(Kind::Health, None)),
        Rule::Course(one) => found.extend(
            one.within_months
                .map(|months| Lapse::AfterItsStart(Kind::Course, one.code.clone(), months)),
        ),
        Rule::ClassHours(one) => {
            let months = one.within_months.unwrap_or(0);
            let courses = one.courses.iter().filter(|_| months > 0);
            found.extend(courses.map(|code| Lapse::AfterItsStart(Kind::Course, code.clone(), months)));
        }
        Rule::Exam(one) => found.extend(one.parts.iter().filter_map(|part| {
            let months = part.valid_months?;
            Some(Lapse::AfterItsStart(Kind::Exam, part.code.clone(), months))
        })),
        Rule::Logbook(one) => found.extend(
            one.within_months
                .map(|months| Lapse::AfterItsStart(Kind::Logbook, one.task.clone(), months)),
        ),
        Rule::Active(one) => found.extend(
            one.occupations
                .iter()
                .map(|code| Lapse::AfterItsEnd(Kind::Employment, code.clone(), one.away_months)),
        ),
        _ => {}
    });
    found
}

impl Lapse {
    /// Whose evidence may run out between the days.
    fn people(&self, conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<PersonId>> {
        let shifted = |months| {
            let first = months_before(ask.first, months) - Days::new(SLACK);
            (first, months_before(ask.last, months) + Days::new(SLACK))
        };
        let rows = match self {
            Lapse::AtItsEnd(kind, code) => {
                let (first, last) = (ask.first, ask.last);
                ledger::rows_running_out_of(conn, *kind, code.as_deref(), first, last)?
            }
            Lapse::AfterItsStart(kind, code, months) => {
                let (first, last) = shifted(*months);
                ledger::rows_beginning(conn, *kind, code, first, last)?
            }
            Lapse::AfterItsEnd(kind, code, months) => {
                let (first, last) = shifted(*months);
                ledger::rows_running_out_of(conn, *kind, Some(code), first, last)?
            }
        };
        Ok(rows.into_iter().map(|row| row.person_id).filter(|id| ask.wants(*id)).collect())
    }
}

/// Certificates by the last day on which what they stand on is met: an instruction that must be
/// repeated, another certificate, work in the trade.
pub fn suspended_soon(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    for (code, certification) in certifications(ask) {
        let Some(condition) = &certification.suspended_unless else { continue };
        let mut people: HashSet<PersonId> = HashSet::new();
        for lapse in lapses(condition) {
            people.extend(lapse.people(conn, ask)?);
        }
        let mut people: Vec<PersonId> = people.into_iter().collect();
        people.sort_unstable();
        let facts = ledger::facts_of_these(conn, &people, None)?;
        let rows = certificates_of(conn, &people, &code)?;
        let rows = wanted(ask, rows);
        let lives = Lives::load(conn, ask, &rows)?;
        for row in &rows {
            let Some(facts) = facts.get(&row.person_id) else { continue };
            let met = |on| verdict::is_met(condition, ask.rules.context(), facts, on);
            let Some(due_on) = last_met(&ends_of_evidence(condition, facts), ask, &met) else {
                continue;
            };
            let now = lives.standing(ask, row);
            let revoked = matches!(now.state, State::Revoked | State::Superseded | State::Expired);
            if !revoked && now.through.is_none_or(|through| through > due_on) {
                found.push(item(ask, row, due_on));
            }
        }
    }
    Ok(found)
}

/// The certificates of one certification that these people hold or will hold.
fn certificates_of(conn: &mut Conn, people: &[PersonId], code: &str) -> Result<Vec<Row>> {
    let mut rows = ledger::rows_with_code_of(conn, people, Kind::Certificate, code)?;
    // The newest of each person speaks for the certification.
    rows.sort_by_key(|row| (row.person_id, row.through_on.is_none(), row.through_on, row.id));
    rows.reverse();
    rows.dedup_by_key(|row| row.person_id);
    rows.reverse();
    Ok(rows)
}

/// The days on which some evidence of a condition counts for the last time, as far as its dates
/// tell; the verdict has the last word.
fn ends_of_evidence(condition: &Requirement, facts: &[Fact]) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = Vec::new();
    for lapse in lapses(condition) {
        days.extend(facts.iter().filter_map(|fact| match &lapse {
            Lapse::AtItsEnd(kind, code) => {
                let same = fact.kind == *kind && code.as_ref().is_none_or(|code| fact.code == *code);
                fact.through.filter(|_| same)
            }
            Lapse::AfterItsStart(kind, code, months) => {
                let same = fact.kind == *kind && fact.code == *code;
                same.then(|| months_after(fact.from, *months))
            }
            Lapse::AfterItsEnd(kind, code, months) => {
                let same = fact.kind == *kind && fact.code == *code;
                fact.through.filter(|_| same).map(|through| months_after(through, *months))
            }
        }));
    }
    days.sort_unstable();
    days.dedup();
    days
}

/// The last of these days on which it is met while on the next it is not. How a period of months
/// ends is the verdict's business, so the days around each are tried.
fn last_met(
    days: &[NaiveDate],
    ask: &Ask<'_>,
    met: &dyn Fn(NaiveDate) -> bool,
) -> Option<NaiveDate> {
    days.iter().rev().find_map(|day| {
        let mut on = *day + Days::new(2);
        while on + Days::new(SLACK) >= *day {
            let within = ask.first <= on && on <= ask.last;
            if within && met(on) && !met(next_day(on)) {
                return Some(on);
            }
            on = day_before(on);
        }
        None
    })
}
