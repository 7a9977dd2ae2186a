//! The candidate's way: what may be sat, the paper, saving, handing in, the result.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{
    finish as ending,
    model::{Attempt, AttemptId, EndedBy},
    pages, queries,
    standing::Standing,
    taking::{self, Given, Saved},
};
use crate::{
    access::{Viewer, submit},
    courses::Catalogue,
    db::{Conn, Db, Instant},
    exams::{
        questions::{bank, scoring},
        rules::{self, Offer, Turn},
    },
    i18n::{self, Text},
    record::{Consequences, Rules, ledger},
    text,
    web::{Error, Form, Result, html, redirect},
};

const PAST_SHOWN: i64 = 30;

pub async fn mine(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
) -> Result<HttpResponse> {
    let (person, today, known) = (viewer.id, viewer.today, rules.clone());
    let (running, past, facts, standing) = db
        .read(move |conn| -> Result<_> {
            let running = queries::running(conn, person)?;
            let past = queries::recent_results(conn, person, PAST_SHOWN)?;
            let facts = ledger::facts_of(conn, person, None)?;
            let standing = Standing::load(conn, person, &known, &facts, None, today)?;
            Ok((running, past, facts, standing))
        })
        .await?;
    let exams: Vec<(Offer<'_>, Turn)> = rules::offered(&rules, viewer.today)
        .into_iter()
        .map(|offer| (offer, rules::turn(&rules, offer, &facts, viewer.today)))
        .collect();
    Ok(html(pages::mine(&viewer, &rules, &running, &exams, &past, &standing)))
}

pub async fn explain(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    catalogue: web::Data<Catalogue>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (set, name) = path.into_inner();
    let code = format!("{set}/{name}");
    let offer = Offer::find(&rules, &code).ok_or(Error::NotFound)?;
    let (person, bank) = (viewer.id, offer.plan.bank.clone().unwrap_or_default());
    let (fact_code, today, known) = (offer.plan.fact_code(offer.set), viewer.today, rules.clone());
    let (running, live, facts, standing) = db
        .read(move |conn| -> Result<_> {
            let running = queries::running(conn, person)?.into_iter().find(|one| one.exam == code);
            let live = bank::live(conn, &bank)?;
            let facts = ledger::facts_of(conn, person, None)?;
            let mut standing =
                Standing::load(conn, person, &known, &facts, Some(&fact_code), today)?;
            standing.untold.retain(|attempt| attempt.exam == code);
            Ok((running, live, facts, standing))
        })
        .await?;
    let turn = rules::turn(&rules, offer, &facts, viewer.today);
    let short = rules::shortage(offer, &live);
    let page = pages::explain(
        &viewer,
        &rules,
        &catalogue,
        offer,
        (running.as_ref(), &turn),
        short,
        &standing,
    );
    Ok(html(page))
}

#[derive(Deserialize)]
pub struct Key {
    form_key: String,
}

pub async fn start(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    path: web::Path<(String, String)>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (set, name) = path.into_inner();
    let code = format!("{set}/{name}");
    let (who, wanted) = (viewer.clone(), code.clone());
    let (rules, consequences) = (rules.get_ref().clone(), consequences.get_ref().clone());
    let seed: i64 = rand::random();
    let outcome = submit(&db, &viewer, &form.form_key, move |conn| {
        taking::start(conn, &who, &rules, &consequences, &wanted, seed)
    })
    .await;
    match outcome {
        // Two tabs at the same moment: the other one has started it.
        Err(Error::Database(error)) if error.is_unique_violation() => {
            let person = viewer.id;
            let running = db.read(move |conn| queries::running(conn, person)).await?;
            let attempt = running.into_iter().find(|one| one.exam == code);
            Ok(redirect(attempt.ok_or(Error::Database(error))?.path()))
        }
        outcome => outcome,
    }
}

/// What the routes of an attempt need to end one whose time is over.
#[derive(Clone)]
struct Ending {
    rules: Rules,
    consequences: Consequences,
}

/// The viewer's attempt and the moment for it; one whose time is over is ended on the way.
pub async fn settled(
    db: &Db,
    viewer: &Viewer,
    rules: &Rules,
    consequences: &Consequences,
    id: AttemptId,
) -> Result<(Attempt, Instant)> {
    let (person, now) = (viewer.id, viewer.now);
    let (attempt, at) = db
        .read(move |conn| -> Result<_> {
            let attempt = queries::attempt_of(conn, id, person)?.ok_or(Error::NotFound)?;
            let at = taking::not_before(conn, &attempt, now)?;
            Ok((attempt, at))
        })
        .await?;
    if attempt.finished_at.is_some() || !attempt.is_over(at) {
        return Ok((attempt, at));
    }
    let with = Ending { rules: rules.clone(), consequences: consequences.clone() };
    let ended = db.write(move |conn| end_of_time(conn, attempt, at, &with)).await?;
    Ok((ended, at))
}

fn end_of_time(conn: &mut Conn, attempt: Attempt, now: Instant, with: &Ending) -> Result<Attempt> {
    ending::time_up(conn, &attempt, now, &with.rules, &with.consequences)?;
    queries::attempt(conn, attempt.id)?.ok_or(Error::NotFound)
}

/// Which questions of a stale page were left as they are kept: `?stale=3,7`.
#[derive(Default, Deserialize)]
pub struct AfterSave {
    #[serde(default)]
    pub stale: String,
    pub saved: Option<String>,
}

pub async fn paper(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    after: web::Query<AfterSave>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_some() {
        return Ok(redirect(format!("{}/result", attempt.path())));
    }
    let id = attempt.id;
    let (items, answers) = db
        .read(move |conn| -> Result<_> {
            Ok((queries::paper(conn, id)?, queries::answers(conn, id)?))
        })
        .await?;
    let title = rules::title(&rules, &attempt.exam);
    Ok(html(pages::paper(&viewer, &attempt, &title, now, &items, &answers, &after)))
}

#[derive(Deserialize)]
pub struct OneAnswer {
    position: i64,
    response: String,
    edition: i64,
}

/// Saves one answer; acknowledged when it is on disk. What else the client says is not read.
pub async fn save_one(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    answer: web::Json<OneAnswer>,
) -> Result<HttpResponse> {
    let (id, person, now) = (*id, viewer.id, viewer.now);
    let OneAnswer { position, response, edition } = answer.into_inner();
    let (saved, left) = db
        .write(move |conn| -> Result<_> {
            let (attempt, now) = match taking::open(conn, id, person, now)? {
                Ok(open) => open,
                Err(late) => return Ok((late, 0)),
            };
            let given = Given { position, response: &response, edition };
            let saved = taking::save(conn, id, given, now)?;
            Ok((saved, attempt.remaining_seconds(now)))
        })
        .await?;
    if saved == Saved::TimeUp {
        settled(&db, &viewer, &rules, &consequences, id).await?;
    }
    Ok(acknowledge(&viewer, saved, left))
}

/// The answer to a save, for the script.
fn acknowledge(viewer: &Viewer, saved: Saved, left: i64) -> HttpResponse {
    let lang = viewer.lang();
    let clock = |at: Instant| i18n::short_instant(at.utc(), viewer.zone);
    let refusal = |reason: &str, text: Text| {
        HttpResponse::Conflict().json(
            serde_json::json!({ "saved": false, "reason": reason, "message": text.get(lang) }),
        )
    };
    match saved {
        Saved::Kept(kept) => HttpResponse::Ok().json(serde_json::json!({
            "saved_at": kept.saved_at,
            "saved_clock": clock(kept.saved_at),
            "edition": kept.edition,
            "remaining_seconds": left,
        })),
        Saved::Stale(kept) => HttpResponse::Conflict().json(serde_json::json!({
            "saved": false,
            "reason": "stale",
            "message": stale().get(lang),
            "response": kept.response,
            "edition": kept.edition,
            "saved_clock": clock(kept.saved_at),
            "remaining_seconds": left,
        })),
        Saved::TimeUp => refusal("time", too_late()),
        Saved::Finished => refusal("finished", handed_in()),
    }
}

fn stale() -> Text {
    text!(
        "这道题已在别的窗口或设备上改过，保留较新的作答。",
        "This question was answered again in another window or on another device; the newer answer stays."
    )
}

fn too_late() -> Text {
    text!(
        "考试时间已到，这次作答没有保存。时间内已保存的作答全部计分。",
        "The time is over and this answer was not saved. Everything saved in time counts."
    )
}

fn handed_in() -> Text {
    text!(
        "试卷已经交卷，这次作答没有保存。",
        "This paper has been handed in; the answer was not saved."
    )
}

/// The remaining time by the server's clock, for a page that comes back from sleep.
pub async fn clock(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "remaining_seconds": attempt.remaining_seconds(now),
        "finished": attempt.finished_at.is_some(),
    })))
}

/// Saves the whole paper from a plain form, for browsers without script.
pub async fn save_all(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let (id, person, now) = (*id, viewer.id, viewer.now);
    let sheet = Sheet::read(fields);
    let review = sheet.review;
    let outcome = db
        .write(move |conn| -> Result<_> {
            let (attempt, now) = match taking::open(conn, id, person, now)? {
                Ok(open) => open,
                Err(late) => return Ok(Err(late)),
            };
            Ok(Ok((sheet.save(conn, id, now)?, attempt)))
        })
        .await?;
    match outcome {
        Ok((stale, attempt)) if stale.is_empty() && review => {
            Ok(redirect(format!("{}/finish", attempt.path())))
        }
        Ok((stale, attempt)) => {
            Ok(redirect(format!("{}?saved=1&stale={}", attempt.path(), stale.join(","))))
        }
        Err(Saved::Finished) => Err(Error::Refused(handed_in())),
        Err(_) => {
            settled(&db, &viewer, &rules, &consequences, id).await?;
            Err(Error::Refused(too_late()))
        }
    }
}

/// A form of the whole paper: `q3` is the answer to question 3, `e3` the edition its page showed.
#[derive(Default)]
struct Sheet {
    responses: BTreeMap<i64, Vec<String>>,
    editions: BTreeMap<i64, i64>,
    review: bool,
}

impl Sheet {
    fn read(fields: Vec<(String, String)>) -> Sheet {
        let mut sheet = Sheet::default();
        for (name, value) in fields {
            if name == "act" {
                sheet.review = value == "review";
            } else if let Some(Ok(position)) = name.strip_prefix('q').map(str::parse) {
                sheet.responses.entry(position).or_default().push(value);
            } else if let Some(Ok(position)) = name.strip_prefix('e').map(str::parse) {
                sheet.editions.insert(position, value.parse().unwrap_or(0));
            }
        }
        sheet
    }

    /// Saves what differs from what is kept; says which questions were newer than the page.
    fn save(&self, conn: &mut Conn, id: AttemptId, now: Instant) -> Result<Vec<String>> {
        let kept = queries::answers(conn, id)?;
        let mut stale = Vec::new();
        for (position, seen) in &self.editions {
            let response = self.responses.get(position).map(|parts| parts.join(","));
            let response = response.unwrap_or_default();
            let known = kept.get(position).map_or("", |answer| answer.response.as_str());
            if response.trim() == known {
                continue;
            }
            let given = Given { position: *position, response: &response, edition: seen + 1 };
            if let Saved::Stale(_) = taking::save(conn, id, given, now)? {
                stale.push(position.to_string());
            }
        }
        Ok(stale)
    }
}

pub async fn check_before_finish(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_some() {
        return Ok(redirect(format!("{}/result", attempt.path())));
    }
    let id = attempt.id;
    let items = db.read(move |conn| queries::paper(conn, id)).await?;
    let title = rules::title(&rules, &attempt.exam);
    Ok(html(pages::check_before_finish(&viewer, &attempt, &title, now, &items)))
}

pub async fn finish(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (id, person, now) = (*id, viewer.id, viewer.now);
    let (rules, consequences) = (rules.get_ref().clone(), consequences.get_ref().clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let attempt = queries::attempt_of(conn, id, person)?.ok_or(Error::NotFound)?;
        let now = taking::not_before(conn, &attempt, now)?;
        ending::finish(conn, &attempt, EndedBy::Candidate, now, &rules, &consequences)?;
        Ok(format!("{}/result", attempt.path()))
    })
    .await
}

/// Whether an answer is more than nothing.
pub fn is_answered(item: &scoring::Item) -> bool {
    item.response.as_deref().is_some_and(|response| !response.is_empty())
}
