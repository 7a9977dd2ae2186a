//! The candidate's way: what may be sat, the paper, saving, handing in, the result.

use actix_web::{HttpRequest, HttpResponse, web};
use maud::Markup;
use serde::Deserialize;

use super::{
    desk, finish as ending,
    model::{Attempt, AttemptId, EndedBy},
    pages, queries,
    sheet::Sheet,
    taking::{self, Given, Saved},
    watching,
};
use crate::{
    access::{Viewer, submit},
    courses::Catalogue,
    db::{Conn, Db, Instant},
    exams::{
        questions::bank,
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
    let person = viewer.id;
    let (running, past, facts) = db
        .read(move |conn| -> Result<_> {
            let running = queries::running(conn, person)?;
            let past = queries::recent_results(conn, person, PAST_SHOWN)?;
            Ok((running, past, ledger::facts_of(conn, person, None)?))
        })
        .await?;
    let exams: Vec<(Offer<'_>, Turn)> = rules::offered(&rules, viewer.today)
        .into_iter()
        .map(|offer| (offer, rules::turn(&rules, offer, &facts, viewer.today)))
        .collect();
    Ok(html(pages::mine(&viewer, &rules, &running, &exams, &past)))
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
    let (running, live, facts) = db
        .read(move |conn| -> Result<_> {
            let running = queries::running(conn, person)?.into_iter().find(|one| one.exam == code);
            let live = bank::live(conn, &bank)?;
            Ok((running, live, ledger::facts_of(conn, person, None)?))
        })
        .await?;
    let turn = rules::turn(&rules, offer, &facts, viewer.today);
    let short = rules::shortage(offer, &live);
    let page = pages::explain(&viewer, &rules, &catalogue, offer, running.as_ref(), &turn, short);
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
async fn settled(
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

/// Which questions a plain form left as they are kept: `?saved=1&stale=3,7&unclear=9`.
#[derive(Default, Deserialize)]
pub struct AfterSave {
    #[serde(default)]
    stale: String,
    #[serde(default)]
    unclear: String,
    saved: Option<String>,
}

impl AfterSave {
    fn read(&self) -> desk::AfterSave {
        let list = |word: &str| {
            word.split(',').filter_map(|position| position.parse().ok()).take(100).collect()
        };
        let saved = self.saved.is_some();
        desk::AfterSave { stale: list(&self.stale), unclear: list(&self.unclear), saved }
    }
}

/// The paper on its desk, or where its candidate belongs instead.
async fn at_desk(
    db: &Db,
    viewer: &Viewer,
    rules: &Rules,
    (attempt, now): (Attempt, Instant),
    draw: impl FnOnce(desk::Desk<'_>) -> Markup,
) -> Result<HttpResponse> {
    if attempt.finished_at.is_some() {
        return Ok(redirect(format!("{}/result", attempt.path())));
    }
    let id = attempt.id;
    let seats = db.read(move |conn| queries::seats(conn, id)).await?;
    let title = rules::title(rules, &attempt.exam);
    let blocks = desk::BlockTitles::new();
    let breaks = desk::Breaks::default();
    let (attempt, seats, title, blocks) = (&attempt, &seats, &title, &blocks);
    Ok(html(draw(desk::Desk { viewer, attempt, title, now, seats, blocks, breaks })))
}

pub async fn paper(
    viewer: Viewer,
    request: HttpRequest,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    after: web::Query<AfterSave>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_none() {
        watching::notice_address(&db, attempt.id, watching::address(&request), now).await?;
    }
    let is_paused = attempt.paused_at.is_some();
    at_desk(&db, &viewer, &rules, (attempt, now), |desk| {
        if is_paused { desk.paused() } else { desk.paper(&after.read()) }
    })
    .await
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
    request: HttpRequest,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_none() {
        watching::notice_address(&db, attempt.id, watching::address(&request), now).await?;
    }
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "remaining_seconds": attempt.remaining_seconds(now),
        "hand_in_by": attempt.hand_in_by,
        "paused": attempt.paused_at.is_some(),
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
        Ok((left, attempt)) if left.is_empty() && review => {
            Ok(redirect(format!("{}/finish", attempt.path())))
        }
        Ok((left, attempt)) => Ok(redirect(format!("{}?{}", attempt.path(), left.query()))),
        Err(Saved::Finished) => Err(Error::Refused(handed_in())),
        Err(_) => {
            settled(&db, &viewer, &rules, &consequences, id).await?;
            Err(Error::Refused(too_late()))
        }
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
    let is_paused = attempt.paused_at.is_some();
    at_desk(&db, &viewer, &rules, (attempt, now), |desk| {
        if is_paused { desk.paused() } else { desk.review() }
    })
    .await
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

pub async fn result(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: web::Data<Rules>,
    catalogue: web::Data<Catalogue>,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (attempt, _) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_none() {
        return Ok(redirect(attempt.path()));
    }
    let (id, person) = (attempt.id, viewer.id);
    let (result, facts) = db
        .read(move |conn| -> Result<_> {
            let result = queries::result_of(conn, id)?.ok_or(Error::NotFound)?;
            Ok((result, ledger::facts_of(conn, person, None)?))
        })
        .await?;
    let turn = Offer::find(&rules, &attempt.exam)
        .map(|offer| (offer, rules::turn(&rules, offer, &facts, viewer.today)));
    Ok(html(pages::result(&viewer, &rules, &catalogue, &attempt, &result, turn)))
}
