//! Certificates: those that end, those in grace, reviews, and conditions that will lapse.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};

use super::{Ask, Item, Result, When};
use crate::{
    certification::{
        issue::is_cut_short,
        model::{Act, Basis, CertificateId, State},
        queries::{self, Issued, SOURCE},
        rules,
        standing::{Life, Standing, standing},
    },
    db::Conn,
    record::{
        Fact, Kind, PersonId,
        case::{Case, Truth},
        ledger::{self, Row},
        period::{day_before, months_before, next_day},
        programme::Certification,
        requirement::{Requirement, Rule},
    },
};

/// What bears on the certificates that were found: acts, and facts where conditions are set.
struct Lives {
    issued: HashMap<CertificateId, Issued>,
    acts: HashMap<CertificateId, Vec<Act>>,
    facts: HashMap<PersonId, Vec<Fact>>,
    /// What was issued first, of those that took its place.
    first: HashMap<CertificateId, CertificateId>,
}

impl Lives {
    fn load(conn: &mut Conn, ask: &Ask<'_>, rows: &[Row]) -> Result<Lives> {
        let ours = rows.iter().filter(|row| row.source_kind == SOURCE);
        let ids: Vec<CertificateId> = ours.map(|row| CertificateId(row.source_id)).collect();
        let issued = queries::issued_as(conn, &ids)?;
        let conditional = |row: &&Row| {
            let certification = ask.rules.context().certification(&row.code);
            certification.is_some_and(|plan| {
                let counts = rules::counts_renewals(plan) && issued_by_us(&issued, row).is_none();
                plan.binds_holders() || counts
            })
        };
        let people: HashSet<PersonId> =
            rows.iter().filter(conditional).map(|row| row.person_id).collect();
        let people: Vec<PersonId> = people.into_iter().collect();
        Ok(Lives {
            issued,
            acts: queries::acts_on(conn, &ids)?,
            facts: ledger::facts_of_these(conn, &people, None)?,
            first: queries::first_issued(conn, &ids)?,
        })
    }

    fn standing(&self, ask: &Ask<'_>, row: &Row) -> Standing {
        let context = ask.rules.context();
        let facts = self.facts.get(&row.person_id).map_or(&[][..], Vec::as_slice);
        let ours = (row.source_kind == SOURCE).then_some(CertificateId(row.source_id));
        let acts = ours.and_then(|id| self.acts.get(&id)).map_or(&[][..], Vec::as_slice);
        let code = row.code.as_str();
        let kept = ours.and_then(|id| self.issued.get(&id));
        let (from, through) =
            kept.map_or((row.from_on, row.through_on), |one| (one.from, one.through));
        let said = issued_by_us(&self.issued, row).map(|one| one.cycle);
        let cycle = rules::cycle_of(context, facts, code, from, said);
        let life = Life { code, from, through, cycle, acts };
        standing(context, &life, facts, ask.today)
    }

    fn item(&self, ask: &Ask<'_>, row: &Row, due_on: NaiveDate) -> Item {
        // What is left of a certificate after a suspension is still the same certificate, and so is
        // one that was issued again with a name put right.
        let ours = row.source_kind == SOURCE;
        let first = self.first.get(&CertificateId(row.source_id)).filter(|_| ours);
        let (kind, id) = if ours { ("certificate", row.source_id) } else { ("fact", row.id.0) };
        let id = first.map_or(id, |first| first.0);
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
}

/// The certificate a fact is about, unless somebody else issued it: then which renewal it is stands
/// in the record only.
fn issued_by_us<'a>(issued: &'a HashMap<CertificateId, Issued>, row: &Row) -> Option<&'a Issued> {
    let ours = issued.get(&CertificateId(row.source_id)).filter(|_| row.source_kind == SOURCE)?;
    (ours.basis != Basis::Import).then_some(ours)
}

/// Nobody is reminded of a certificate that was taken away or that another one has replaced.
fn speaks(state: State) -> bool {
    !matches!(state, State::Suspended | State::Revoked | State::Superseded)
}

/// Whether a condition suspends it and nobody's act: a review that was missed is still due.
fn is_lapsed(now: &Standing) -> bool {
    now.state == State::Suspended && now.why.is_some()
}

fn wanted(ask: &Ask<'_>, rows: Vec<Row>) -> Vec<Row> {
    let rows = rows.into_iter();
    rows.filter(|row| ask.rule.covers(&row.code) && ask.wants(row.person_id) && !is_cut_short(row))
        .collect()
}

/// Certificates by their last valid day, after extensions.
pub fn expiring(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (kind, few) = ((Kind::Certificate, None), ask.few());
    let rows = ledger::rows_running_out(conn, kind, few.as_deref(), ask.first, ask.last)?;
    let rows = wanted(ask, rows);
    let lives = Lives::load(conn, ask, &rows)?;
    let due = rows.iter().filter_map(|row| {
        let now = lives.standing(ask, row);
        let due_on = now.through.filter(|_| speaks(now.state))?;
        (ask.first <= due_on && due_on <= ask.last).then(|| lives.item(ask, row, due_on))
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
    let (mut found, few) = (Vec::new(), ask.few());
    for (code, certification) in certifications(ask) {
        // The longest grace of any way of renewing it, counted from one end of the range.
        let ways = certification.renewals.iter();
        let graces = ways.map(|way| (way.window(ask.first).1 - ask.first).num_days());
        let Some(longest) = graces.max().and_then(|days| u64::try_from(days).ok()) else {
            continue;
        };
        if longest == 0 {
            continue;
        }
        let first = ask.first - Days::new(longest + SLACK);
        let kind = (Kind::Certificate, Some(code.as_str()));
        let rows = ledger::rows_running_out(conn, kind, few.as_deref(), first, ask.last)?;
        let rows = wanted(ask, rows);
        let lives = Lives::load(conn, ask, &rows)?;
        found.extend(rows.iter().filter_map(|row| {
            let now = lives.standing(ask, row);
            let (through, (_, due_on)) =
                now.through.filter(|_| speaks(now.state)).zip(now.window)?;
            let is_due = through < due_on && ask.first <= due_on && due_on <= ask.last;
            is_due.then(|| lives.item(ask, row, due_on))
        }));
    }
    Ok(found)
}

/// No certificate is valid for longer than so many months.
const LONGEST_MONTHS: u32 = 240;

/// Certificates by the next review inside their validity.
pub fn review_due(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let (mut found, few) = (Vec::new(), ask.few());
    for (code, certification) in certifications(ask) {
        let Some(review) = &certification.review else { continue };
        let longer = review.longer.as_ref().map(|longer| longer.months);
        let intervals = std::iter::once(review.months).chain(longer).filter(|every| *every > 0);
        let mut after: Vec<u32> = intervals
            .flat_map(|every| (1..=LONGEST_MONTHS / every).map(move |n| n * every))
            .collect();
        after.sort_unstable();
        after.dedup();
        let mut rows: HashMap<i64, Row> = HashMap::new();
        for months in after {
            let first = months_before(ask.first, months) - Days::new(SLACK);
            let last = months_before(ask.last, months) + Days::new(SLACK);
            let kind = (Kind::Certificate, code.as_str());
            let some = ledger::rows_beginning(conn, kind, few.as_deref(), first, last)?;
            rows.extend(some.into_iter().map(|row| (row.id.0, row)));
        }
        let mut rows: Vec<Row> = wanted(ask, rows.into_values().collect());
        rows.retain(|row| row.through_on.is_none_or(|through| through >= ask.today));
        rows.sort_by_key(|row| row.id);
        let lives = Lives::load(conn, ask, &rows)?;
        found.extend(rows.iter().filter_map(|row| {
            let now = lives.standing(ask, row);
            let due_on = now.review.filter(|_| speaks(now.state) || is_lapsed(&now))?.due;
            (ask.first <= due_on && due_on <= ask.last).then(|| lives.item(ask, row, due_on))
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
            found.extend(
                courses.map(|code| Lapse::AfterItsStart(Kind::Course, code.clone(), months)),
            );
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
        let few = ask.few();
        let few = few.as_deref();
        let rows = match self {
            Lapse::AtItsEnd(kind, code) => {
                let kind = (*kind, code.as_deref());
                ledger::rows_running_out(conn, kind, few, ask.first, ask.last)?
            }
            Lapse::AfterItsStart(kind, code, months) => {
                let (first, last) = shifted(*months);
                ledger::rows_beginning(conn, (*kind, code), few, first, last)?
            }
            Lapse::AfterItsEnd(kind, code, months) => {
                let (first, last) = shifted(*months);
                ledger::rows_running_out(conn, (*kind, Some(code)), few, first, last)?
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
            let Some(due_on) = last_met(condition, ask, facts) else { continue };
            let now = lives.standing(ask, row);
            let revoked = matches!(now.state, State::Revoked | State::Superseded | State::Expired);
            if !revoked && now.through.is_none_or(|through| through > due_on) {
                found.push(lives.item(ask, row, due_on));
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

/// A condition changes no oftener than this between two days that are asked about.
const MOST_CHANGES: usize = 200;

/// The last day on which a condition is met before it is not: the next such day, or when it is not
/// met today, the day since when it is not.
fn last_met(condition: &Requirement, ask: &Ask<'_>, facts: &[Fact]) -> Option<NaiveDate> {
    let (mut on, mut before, mut lapsed) = (ask.first, false, None);
    for _ in 0..MOST_CHANGES {
        let Truth { met, through } = Case::new(ask.rules.context(), facts, on).truth(condition);
        if before && !met {
            let ended = day_before(on);
            if ended >= ask.today {
                return Some(ended);
            }
            lapsed = Some(ended);
        }
        if met && on <= ask.today {
            lapsed = None;
        }
        before = met;
        on = next_day(through.max(on));
        if on > next_day(ask.last) {
            break;
        }
    }
    lapsed
}
