//! Release: by decision on a page of its own, at a time in the background or when somebody looks.

use std::collections::{BTreeMap, HashSet};

use actix_web::{HttpResponse, web};

use self::queries::Waiting;
use crate::{
    access::{Acting, Grading, Routes, Who, proof::Proof, submit},
    db::{Conn, Db, Error as DbError, Instant},
    exams::attempts::{
        letters,
        model::AttemptId,
        settle::{self, With},
    },
    mail::Letterhead,
    record::{Consequences, PersonId, Rules, ledger::Stamp},
    staff,
    web::{Error, Form, Result, html},
};

mod pages;
pub mod queries;

pub fn routes() -> Routes {
    let grading = Who::Roles(Grading::ROLES);
    Routes::new().get("/exams/results/release", grading, list).post(
        "/exams/results/release",
        grading,
        decide,
    )
}

/// Releases what a sitting was to release by now, with a letter each; says how many. Any number of
/// servers may do so at once, and whoever looks at results does: a stopped background delays the
/// letters, not the results.
pub async fn release_due(
    db: &Db,
    rules: &Rules,
    consequences: &Consequences,
    head: &Letterhead,
    now: Instant,
) -> std::result::Result<usize, DbError> {
    let due = db.read(move |conn| queries::due(conn, now, AT_ONCE)).await?;
    let mut released = 0;
    for id in due {
        let (rules, consequences, head) = (rules.clone(), consequences.clone(), head.clone());
        let stamp = Stamp { at: now, by: None };
        let outcome = db
            .write(move |conn| {
                let with = With { rules: &rules, consequences: &consequences };
                release_one(conn, id, stamp, with, &head)
            })
            .await;
        match outcome {
            Ok(did) => released += usize::from(did),
            // One that cannot be released must not keep the others waiting.
            Err(error) => tracing::error!(%error, attempt = id.0, "a result was not released"),
        }
    }
    Ok(released)
}

const AT_ONCE: i64 = 500;

/// Releases one result and writes to the candidate; says whether it was waiting until now.
pub fn release_one(
    conn: &mut Conn,
    id: AttemptId,
    stamp: Stamp,
    with: With<'_>,
    head: &Letterhead,
) -> std::result::Result<bool, DbError> {
    let Some((attempt, _)) = settle::release(conn, id, stamp, with)? else { return Ok(false) };
    letters::result_released(conn, head, with.rules, &attempt, stamp.at)?;
    Ok(true)
}

/// What waits of one exam, or of one of its sittings.
pub struct Group {
    pub exam: String,
    pub sitting: Option<i64>,
    /// The sitting's code, where there is one.
    pub sitting_code: Option<String>,
    pub ready: Vec<Waiting>,
    /// How many are still being marked.
    pub unmarked: usize,
}

pub async fn list(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
) -> Result<HttpResponse> {
    release_due(&db, &rules, &consequences, &head, acting.now).await?;
    let (who, known) = (acting.clone(), rules.clone());
    let groups = db.read(move |conn| groups(conn, &who, &known)).await?;
    Ok(html(pages::list(&acting, &rules, &groups)))
}

/// What waits of the people in reach, by exam and sitting; never one's own.
fn groups(conn: &mut Conn, acting: &Acting<Grading>, rules: &Rules) -> Result<Vec<Group>> {
    let reached = staff::queries::people_within(conn, acting.reach(), None, acting.today)?;
    let reached: HashSet<PersonId> = reached.into_iter().collect();
    let exams: Vec<String> = rules
        .sets()
        .flat_map(|set| set.exams.iter().map(|plan| set.qualified(&plan.code)))
        .collect();
    let mut groups: BTreeMap<(String, Option<i64>), Group> = BTreeMap::new();
    for one in queries::waiting(conn, &exams)? {
        let person = one.attempt.person_id;
        if person == acting.id || !reached.contains(&person) {
            continue;
        }
        let (exam, sitting) = (one.attempt.exam.clone(), one.attempt.sitting_id);
        let sitting_code = one.sitting_code.clone();
        let new =
            || Group { exam: exam.clone(), sitting, sitting_code, ready: Vec::new(), unmarked: 0 };
        let group = groups.entry((exam.clone(), sitting)).or_insert_with(new);
        match one.result {
            Some(_) => group.ready.push(one),
            None => group.unmarked += 1,
        }
    }
    Ok(groups.into_values().collect())
}

/// One decision: the results that are named, or with `all` everything ready of that exam and
/// sitting as the page showed it.
struct Decision {
    key: String,
    chosen: Vec<AttemptId>,
}

impl Decision {
    fn read(fields: Vec<(String, String)>) -> Decision {
        let mut decision = Decision { key: String::new(), chosen: Vec::new() };
        let (mut all, mut shown) = (false, Vec::new());
        for (name, value) in fields {
            match name.as_str() {
                "form_key" => decision.key = value,
                "act" => all = value == "all",
                "attempt" => decision.chosen.extend(value.parse().map(AttemptId)),
                "shown" => {
                    shown.extend(value.split(',').filter_map(|id| id.parse().ok().map(AttemptId)))
                }
                _ => {}
            }
        }
        if all {
            decision.chosen = shown;
        }
        decision
    }
}

pub async fn decide(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let Decision { key, chosen } = Decision::read(fields);
    if chosen.is_empty() {
        return Err(Error::Refused(crate::text!(
            "请先勾选要公布成绩的考生。",
            "Choose whose results are to be released first."
        )));
    }
    let who = acting.clone();
    let (rules, consequences) = (rules.clone(), consequences.get_ref().clone());
    submit(&db, &acting, &key, move |conn| {
        let with = With { rules: &rules, consequences: &consequences };
        for id in chosen {
            let attempt = crate::exams::attempts::queries::attempt(conn, id)?;
            let attempt = attempt.ok_or(Error::NotFound)?;
            who.other_person(conn, attempt.person_id)?;
            release_one(conn, id, who.stamp(), with, &head)?;
        }
        Ok("/exams/results/release".to_owned())
    })
    .await
}
