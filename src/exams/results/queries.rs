//! Reads released results of many people; it owns no table.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::{
    db::{
        Conn, Error, Instant,
        schema::{attempt, attempt_result, person},
    },
    exams::{
        attempts::{
            model::{Attempt, AttemptResult},
            settle,
        },
        rules as exam_rules,
    },
    record::{Fact, Kind, PersonId, Rules, ledger},
    staff::queries::{Scope, people_within},
};

type Result<T> = std::result::Result<T, Error>;

/// What a list of results is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Narrowed {
    pub exam: Option<String>,
    /// The lineage of a site.
    pub below: Option<String>,
    pub passed: Option<bool>,
    /// Finished in this span.
    pub from: Option<Instant>,
    pub until: Option<Instant>,
}

/// A line of the list of results.
#[derive(Clone, Debug)]
pub struct ResultLine {
    pub staff_no: String,
    pub name: String,
    pub name_en: Option<String>,
    pub site: Option<crate::staff::Site>,
    pub attempt: Attempt,
    pub result: AttemptResult,
}

type Found = (Attempt, AttemptResult, (String, String, Option<String>));

/// So many people can be named in one query; both databases bound its parameters.
const MOST_NAMED: usize = 20_000;
/// Rows looked through at a time when more people are in reach.
const BATCH: i64 = 1_000;

/// Results of people within a scope, newest first.
pub fn results(
    conn: &mut Conn,
    scope: &Scope,
    narrowed: &Narrowed,
    today: NaiveDate,
    limit: i64,
    offset: i64,
) -> Result<Vec<ResultLine>> {
    let reached = people_within(conn, scope, narrowed.below.as_deref(), today)?;
    let found = if reached.len() <= MOST_NAMED {
        found(conn, narrowed, Some(&reached), limit, offset)?
    } else {
        found_among(conn, narrowed, &reached.into_iter().collect(), limit, offset)?
    };
    let people: Vec<PersonId> = found.iter().map(|(attempt, ..)| attempt.person_id).collect();
    let sites: HashMap<_, _> = crate::staff::queries::sites_of(conn, &people, today)?;
    Ok(found
        .into_iter()
        .map(|(attempt, result, (staff_no, name, name_en))| {
            let site = sites.get(&attempt.person_id).cloned();
            ResultLine { staff_no, name, name_en, site, attempt, result }
        })
        .collect())
}

/// Whoever reaches most of a large group finds a page of their people after a few batches.
fn found_among(
    conn: &mut Conn,
    narrowed: &Narrowed,
    reached: &HashSet<PersonId>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Found>> {
    let wanted = usize::try_from(offset + limit).unwrap_or(usize::MAX);
    let mut kept = Vec::new();
    let mut seen = 0;
    while kept.len() < wanted {
        let batch = found(conn, narrowed, None, BATCH, seen)?;
        let last = (batch.len() as i64) < BATCH;
        kept.extend(batch.into_iter().filter(|(attempt, ..)| reached.contains(&attempt.person_id)));
        seen += BATCH;
        if last {
            break;
        }
    }
    kept.truncate(wanted);
    Ok(kept.into_iter().skip(usize::try_from(offset).unwrap_or(0)).collect())
}

fn found(
    conn: &mut Conn,
    narrowed: &Narrowed,
    people: Option<&[PersonId]>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Found>> {
    let mut query = attempt::table
        .inner_join(attempt_result::table)
        .inner_join(person::table.on(person::id.eq(attempt::person_id)))
        .filter(attempt_result::superseded_at.is_null())
        .filter(attempt_result::released_at.is_not_null())
        .into_boxed();
    if let Some(people) = people {
        query = query.filter(attempt::person_id.eq_any(people.iter().map(|id| id.0)));
    }
    if let Some(exam) = &narrowed.exam {
        query = query.filter(attempt::exam.eq(exam.clone()));
    }
    if let Some(passed) = narrowed.passed {
        query = query.filter(attempt_result::passed.eq(passed));
    }
    if let Some(from) = narrowed.from {
        query = query.filter(attempt::finished_at.ge(from));
    }
    if let Some(until) = narrowed.until {
        query = query.filter(attempt::finished_at.lt(until));
    }
    Ok(query
        .order((attempt::finished_at.desc(), attempt::id.desc()))
        .limit(limit)
        .offset(offset)
        .select((
            Attempt::as_select(),
            AttemptResult::as_select(),
            (person::staff_no, person::name, person::name_en),
        ))
        .load(conn)?)
}

/// The certificates of a candidate that ask for the exam of an attempt, run on a day, and began no
/// earlier than the exam was sat: they may rest on its result.
pub fn resting_on(
    conn: &mut Conn,
    rules: &Rules,
    attempt: &Attempt,
    today: NaiveDate,
) -> Result<Vec<Fact>> {
    let at = attempt.finished_at.unwrap_or(attempt.hand_in_by);
    let day = settle::day_of(conn, attempt.person_id, at)?;
    let code = settle::fact_code(rules, &attempt.exam);
    let asks = exam_rules::certifications_asking(rules, &code);
    let facts = ledger::facts_of(conn, attempt.person_id, None)?;
    let rests = |fact: &Fact| {
        fact.kind == Kind::Certificate
            && fact.from >= day
            && fact.through.is_none_or(|through| through >= today)
            && asks.contains(&fact.code)
    };
    Ok(facts.into_iter().filter(rests).collect())
}
