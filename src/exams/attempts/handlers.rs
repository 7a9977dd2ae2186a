//! The candidate's way: what may be sat, the paper, saving, handing in, the result.

use actix_web::{HttpRequest, HttpResponse, http::header::ContentEncoding, web};
use serde::Deserialize;

use super::{
    desk::{self, Desk},
    finish as ending,
    model::{Answer, Attempt, AttemptId, EndedBy},
    pages, pauses, presence, queries,
    sheet::Sheet,
    standing::Standing,
    taking::{self, Given, Saved},
};
use crate::{
    access::{self, Claim, Viewer, submit},
    courses::Catalogue,
    db::{Conn, Db, Instant},
    exams::{
        blueprints::{self, queries::Published},
        questions::bank,
        rules::{self, Offer, Turn},
        sittings::{self, Entry},
        standard,
    },
    i18n::{Lang, Text},
    record::{Consequences, Rules, ledger},
    text,
    web::{Error, Form, Result, html, redirect},
};

const PAST_SHOWN: i64 = 30;

pub async fn mine(viewer: Viewer, db: web::Data<Db>, rules: Rules) -> Result<HttpResponse> {
    let (person, now, today, known) = (viewer.id, viewer.now, viewer.today, rules.clone());
    let (running, past, published, cuts, facts, registered, standing) = db
        .read(move |conn| -> Result<_> {
            let running = queries::running(conn, person)?;
            let past = queries::recent_results(conn, person, PAST_SHOWN)?;
            let (published, cuts) = (Published::load(conn)?, standard::cuts(conn)?);
            let registered = sittings::queries::registered_for(conn, person, now)?;
            let facts = ledger::facts_of(conn, person, None)?;
            let standing = Standing::load(conn, person, &known, &facts, None, today)?;
            Ok((running, past, published, cuts, facts, registered, standing))
        })
        .await?;
    let exams: Vec<(Offer<'_>, Turn)> = rules::offered(&rules, viewer.today)
        .into_iter()
        .map(|offer| offer.with_cut(cuts.get(&offer.code()).copied()))
        .map(|offer| offer.sized(published.form(&offer.code(), offer.plan).size()))
        .map(|offer| (offer, rules::turn(&rules, offer, &facts, viewer.today)))
        .collect();
    Ok(html(pages::mine(&viewer, &rules, &running, &exams, &past, &registered, &standing)))
}

pub async fn explain(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    catalogue: web::Data<Catalogue>,
    path: web::Path<(String, String)>,
    asked: web::Query<AfterEntry>,
) -> Result<HttpResponse> {
    let (set, name) = path.into_inner();
    let code = format!("{set}/{name}");
    let offer = Offer::find(&rules, &code).ok_or(Error::NotFound)?;
    let (person, bank) = (viewer.id, offer.plan.bank.clone().unwrap_or_default());
    let (wanted, plan) = (code.clone(), offer.plan.clone());
    let (who, planned) = (viewer.clone(), rules.clone());
    let (fact_code, today, known) = (offer.plan.fact_code(offer.set), viewer.today, rules.clone());
    let (running, size, short, adopted, facts, prospect, standing) = db
        .read(move |conn| -> Result<_> {
            let planned = Offer::find(&planned, &code).ok_or(Error::NotFound)?;
            let running = queries::running(conn, person)?.into_iter().find(|one| one.exam == code);
            let live = bank::live(conn, &bank)?;
            let form = blueprints::queries::form_of(conn, &wanted, &plan)?;
            let planned = planned.sized(form.size());
            let prospect = sittings::prospect(conn, &who, planned)?;
            let short = blueprints::shortage(&form, &live);
            let adopted = standard::adopted(conn, &wanted)?;
            let facts = ledger::facts_of(conn, person, None)?;
            let mut standing =
                Standing::load(conn, person, &known, &facts, Some(&fact_code), today)?;
            standing.untold.retain(|attempt| attempt.exam == code);
            Ok((running, form.size(), short, adopted, facts, prospect, standing))
        })
        .await?;
    let offer = offer.sized(size).with_cut(adopted.map(|adopted| adopted.pass_score));
    let turn = rules::turn(&rules, offer, &facts, viewer.today);
    let before =
        pages::BeforeStart { short, prospect, wrong_code: asked.entry.is_some(), standing };
    let page = pages::explain(&viewer, &rules, &catalogue, offer, running.as_ref(), &turn, &before);
    Ok(html(page))
}

/// What the address says after a wrong entry code.
#[derive(Default, Deserialize)]
pub struct AfterEntry {
    entry: Option<String>,
}

#[derive(Deserialize)]
pub struct Key {
    form_key: String,
}

#[derive(Deserialize)]
pub struct StartForm {
    form_key: String,
    #[serde(default)]
    entry_code: String,
}

pub async fn start(
    request: HttpRequest,
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    path: web::Path<(String, String)>,
    Form(form): Form<StartForm>,
) -> Result<HttpResponse> {
    let (set, name) = path.into_inner();
    let code = format!("{set}/{name}");
    let address = crate::web::address::of(&request);
    let entry = Entry { code: form.entry_code, address };
    let (who, wanted) = (viewer.clone(), code.clone());
    let (rules, consequences) = (rules.clone(), consequences.get_ref().clone());
    let seed: i64 = rand::random();
    let outcome = submit(&db, &viewer, &form.form_key, move |conn| {
        taking::start(conn, &who, &rules, &consequences, &wanted, &entry, seed)
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
    let (attempt, at, _) = settled_with(db, viewer, rules, consequences, id, |_, _| Ok(())).await?;
    Ok((attempt, at))
}

/// [`settled`] with more that is read of the attempt on the same occasion.
async fn settled_with<T: Send + 'static>(
    db: &Db,
    viewer: &Viewer,
    rules: &Rules,
    consequences: &Consequences,
    id: AttemptId,
    more: impl FnOnce(&mut Conn, &Attempt) -> Result<T> + Send + 'static,
) -> Result<(Attempt, Instant, T)> {
    let (person, now) = (viewer.id, viewer.now);
    let (attempt, at, more) = db
        .read(move |conn| -> Result<_> {
            let attempt = queries::attempt_of(conn, id, person)?.ok_or(Error::NotFound)?;
            let at = taking::not_before(conn, &attempt, now)?;
            let more = more(conn, &attempt)?;
            Ok((attempt, at, more))
        })
        .await?;
    let attempt = match attempt.paused_at {
        Some(_) => db.write(move |conn| pauses::settle(conn, attempt, at)).await?,
        None => attempt,
    };
    if attempt.finished_at.is_some() || !attempt.is_over(at) {
        return Ok((attempt, at, more));
    }
    let ended = close_for_time(db, rules, consequences, attempt, at).await?;
    Ok((ended, at, more))
}

async fn close_for_time(
    db: &Db,
    rules: &Rules,
    consequences: &Consequences,
    attempt: Attempt,
    at: Instant,
) -> Result<Attempt> {
    let with = Ending { rules: rules.clone(), consequences: consequences.clone() };
    db.write(move |conn| end_of_time(conn, attempt, at, &with)).await
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

/// What stands on the viewer's desk: the questions, the headings of their blocks, and the break
/// they may still take.
type OnDesk = (Vec<queries::Seat>, desk::BlockTitles, i64);

fn on_desk(
    viewer: &Viewer,
    rules: &Rules,
) -> impl FnOnce(&mut Conn, &Attempt) -> Result<OnDesk> + Send + 'static {
    let (today, rules) = (viewer.today, rules.clone());
    move |conn, attempt| {
        let seats = queries::seats(conn, attempt.id)?;
        let blocks = match seats.iter().any(|seat| seat.block > 1) {
            true => {
                blueprints::queries::headings(conn, &rules, &attempt.exam, attempt.blueprint_id)?
            }
            false => desk::BlockTitles::new(),
        };
        Ok((seats, blocks, pauses::break_left(conn, attempt, today)?))
    }
}

pub async fn paper(
    viewer: Viewer,
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    after: web::Query<AfterSave>,
) -> Result<HttpResponse> {
    let read = on_desk(&viewer, &rules);
    let (attempt, now, (seats, blocks, breaks)) =
        settled_with(&db, &viewer, &rules, &consequences, *id, read).await?;
    if attempt.finished_at.is_some() {
        return Ok(redirect(format!("{}/result", attempt.path())));
    }
    presence::heard(&db, &request, attempt.id, viewer.now).await;
    let title = rules::title(&rules, &attempt.exam);
    if attempt.paused_at.is_some() {
        return pauses::standing_still(&viewer, &db, &request, &attempt, &title).await;
    }
    let (viewer, attempt, title) = (&viewer, &attempt, &title);
    let desk = Desk { viewer, attempt, title, now, seats: &seats, blocks: &blocks, breaks };
    Ok(html(desk.paper(&after.read())))
}

#[derive(Deserialize)]
pub struct OneAnswer {
    position: i64,
    response: String,
    edition: i64,
}

/// Saves one answer; acknowledged when it is on disk. What else the client says is not read.
pub async fn save_one(
    claim: Claim,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    answer: std::result::Result<web::Json<OneAnswer>, actix_web::Error>,
) -> Result<HttpResponse> {
    let (id, asked) = (*id, claim.clone());
    let Ok(web::Json(answer)) = answer else { return Err(not_an_answer(&db, claim).await) };
    let (saved, desk) = db
        .write_once(move |conn| {
            let OneAnswer { position, response, edition } = answer;
            let given = Given { position, response: &response, edition };
            taking::save_one(conn, &asked, id, given)
        })
        .await?;
    let (session, now) = (desk.session, claim.now);
    if claim.outdates(desk.last_seen_at) {
        db.write(move |conn| access::queries::touch_session(conn, session, now)).await?;
    }
    let answered = acknowledge(claim.lang(desk.lang), &saved, &desk.attempt, now);
    if saved == Saved::TimeUp {
        close_for_time(&db, &rules, &consequences, desk.attempt, now).await?;
    }
    Ok(answered)
}

/// Why a request that is no answer at all is refused: first of all, who sends it must be signed in.
async fn not_an_answer(db: &Db, claim: Claim) -> Error {
    let known =
        db.read(move |conn| access::queries::signed_in(conn, &claim.token_hash, claim.now)).await;
    match known {
        Ok(Some(_)) => Error::Invalid(text!(
            "这不是一次作答。请刷新页面后重新作答。",
            "This is not an answer. Reload the page and answer again."
        )),
        Ok(None) => Error::SignInFirst,
        Err(error) => error.into(),
    }
}

/// The answer to a save, for the script.
fn acknowledge(lang: Lang, saved: &Saved, attempt: &Attempt, now: Instant) -> HttpResponse {
    let left = |kept: &Answer| attempt.remaining_seconds(now.max(kept.saved_at));
    let refusal = |reason: &str, text: Text| {
        HttpResponse::Conflict().json(
            serde_json::json!({ "saved": false, "reason": reason, "message": text.get(lang) }),
        )
    };
    match saved {
        // Too short to gain anything by being compressed, and sent more often than all else.
        Saved::Kept(kept) => {
            HttpResponse::Ok().insert_header(ContentEncoding::Identity).json(serde_json::json!({
                "saved_at": kept.saved_at,
                "edition": kept.edition,
                "remaining_seconds": left(kept),
            }))
        }
        Saved::Stale(kept) => HttpResponse::Conflict().json(serde_json::json!({
            "saved": false,
            "reason": "stale",
            "message": stale().get(lang),
            "response": kept.response,
            "edition": kept.edition,
            "saved_at": kept.saved_at,
            "remaining_seconds": left(kept),
        })),
        Saved::TimeUp => refusal("time", too_late()),
        Saved::Finished => refusal("finished", handed_in()),
        Saved::Paused => refusal("paused", pauses::paused()),
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
    rules: Rules,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (attempt, now) = settled(&db, &viewer, &rules, &consequences, *id).await?;
    if attempt.finished_at.is_none() {
        presence::heard(&db, &request, attempt.id, viewer.now).await;
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
    rules: Rules,
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
        Err(Saved::Paused) => Err(Error::Refused(pauses::paused())),
        Err(_) => {
            settled(&db, &viewer, &rules, &consequences, id).await?;
            Err(Error::Refused(too_late()))
        }
    }
}

pub async fn check_before_finish(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let read = on_desk(&viewer, &rules);
    let (attempt, now, (seats, blocks, breaks)) =
        settled_with(&db, &viewer, &rules, &consequences, *id, read).await?;
    if attempt.finished_at.is_some() {
        return Ok(redirect(format!("{}/result", attempt.path())));
    }
    if attempt.paused_at.is_some() {
        return Ok(redirect(attempt.path()));
    }
    let title = rules::title(&rules, &attempt.exam);
    let (viewer, attempt, title) = (&viewer, &attempt, &title);
    let desk = Desk { viewer, attempt, title, now, seats: &seats, blocks: &blocks, breaks };
    Ok(html(desk.review()))
}

pub async fn finish(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    id: web::Path<AttemptId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (id, person, now) = (*id, viewer.id, viewer.now);
    let (rules, consequences) = (rules.clone(), consequences.get_ref().clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let attempt = queries::attempt_of(conn, id, person)?.ok_or(Error::NotFound)?;
        let now = taking::not_before(conn, &attempt, now)?;
        let attempt = pauses::settle(conn, attempt, now)?;
        if attempt.paused_at.is_some() && attempt.finished_at.is_none() {
            return Err(Error::Refused(pauses::paused()));
        }
        ending::finish(conn, &attempt, EndedBy::Candidate, now, &rules, &consequences)?;
        Ok(format!("{}/result", attempt.path()))
    })
    .await
}
