//! Forms in, pages or redirects out.

use std::collections::{HashMap, HashSet};

use actix_multipart::Multipart;
use actix_web::{HttpResponse, http::header, web};
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::{
    agreement::Pair,
    model::{PhotoId, Practical, PracticalId, SeatId},
    pages, planning,
    planning::{Draft, Offer},
    queries::{self, Narrowed, State},
    release, report, score_pages,
    scoring::{self, Assigned, Given, Saved, Upload},
};
use crate::{
    access::{Acting, Examiner, Hr, Judging, Planning, Viewer, submit},
    db::{Conn, Db},
    i18n,
    mail::Letterhead,
    record::{Consequences, PersonId, Rules, ledger},
    staff::{self, Post, Site},
    text,
    web::{Error, Form, Problems, Result, html, redirect},
};

/// The filter of the list as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    pub state: String,
    #[serde(default)]
    pub exam: String,
    /// The code of a site.
    #[serde(default)]
    pub site: String,
    page: Option<usize>,
}

impl Filter {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }

    pub fn state(&self) -> State {
        State::parse(&self.state).unwrap_or(State::Coming)
    }

    pub fn query(&self) -> [(&'static str, &str); 3] {
        [("state", &self.state), ("exam", &self.exam), ("site", &self.site)]
    }
}

const ROWS: usize = 25;
const OWN: i64 = 20;

/// What is mine to sit, mine to score, and what is planned in my reach.
pub async fn board(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    let page = db
        .read(move |conn| -> Result<_> {
            let own = queries::of_person(conn, viewer.id, OWN)?;
            let own = with_results(conn, own)?;
            let waiting = queries::waiting_for(conn, viewer.id)?;
            let overseen = match Acting::<Planning>::of(viewer.clone()) {
                Ok(acting) => Some(overseen(conn, &acting, &filter)?),
                Err(_) => None,
            };
            let people = waiting.iter().map(|(exam, _)| exam.person);
            let people = posts(conn, people, viewer.today)?;
            Ok(pages::board(&viewer, &rules, &own, &waiting, &people, &filter, overseen.as_ref()))
        })
        .await?;
    Ok(html(page))
}

fn with_results(conn: &mut Conn, exams: Vec<Practical>) -> Result<Vec<pages::Line>> {
    let ids: Vec<PracticalId> = exams.iter().map(|exam| exam.id).collect();
    let mut results = queries::results(conn, &ids)?;
    let line = |exam: Practical| pages::Line { result: results.remove(&exam.id), exam };
    Ok(exams.into_iter().map(line).collect())
}

fn overseen(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    filter: &Filter,
) -> Result<pages::Overseen> {
    let sites = staff::queries::sites(conn, acting.reach())?;
    let below = sites.iter().find(|site| site.code == filter.site);
    let below = below.map(|site| site.lineage.clone());
    let (reach, today) = (acting.reach(), acting.today);
    let mut reached = staff::queries::people_within(conn, reach, below.as_deref(), today)?;
    // One's own exam is among one's own, as a candidate sees it.
    reached.retain(|id| *id != acting.id);
    let exam = Some(filter.exam.clone()).filter(|exam| !exam.is_empty());
    let narrowed = Narrowed { state: filter.state(), exam, today };
    let offset = ((filter.page() - 1) * ROWS) as i64;
    let mut found = queries::list(conn, &reached, &narrowed, ROWS as i64 + 1, offset)?;
    let has_more = found.len() > ROWS;
    found.truncate(ROWS);
    let people = posts(conn, found.iter().map(|exam| exam.person), today)?;
    let lines = with_results(conn, found)?;
    Ok(pages::Overseen { lines, people, sites, has_more })
}

fn posts(
    conn: &mut Conn,
    people: impl IntoIterator<Item = PersonId>,
    today: NaiveDate,
) -> Result<HashMap<PersonId, Post>> {
    let ids: Vec<PersonId> = people.into_iter().collect();
    let posts = staff::queries::posts_of(conn, &ids, today)?;
    Ok(posts.into_iter().map(|post| (post.person.id, post)).collect())
}

/// What is typed when an exam is planned.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PlanForm {
    #[serde(default)]
    pub form_key: String,
    #[serde(default)]
    pub exam: String,
    #[serde(default)]
    pub person: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub held_on: String,
}

pub async fn new(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    form: web::Query<PlanForm>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| plan_page(conn, &acting, &rules, &form)).await?;
    Ok(html(page))
}

fn plan_page(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    rules: &Rules,
    form: &PlanForm,
) -> Result<maud::Markup> {
    let sites = staff::queries::sites(conn, acting.reach())?;
    let begun = !form.person.is_empty();
    let (draft, problems) = match understand(conn, acting, rules, form, &sites)? {
        Ok(draft) => (Some(draft), Problems::default()),
        Err(problems) if begun => (None, problems),
        Err(_) => (None, Problems::default()),
    };
    let judged = match &draft {
        None => None,
        Some(draft) => {
            let offer = Offer::find(rules, &draft.exam).ok_or(Error::NotFound)?;
            let facts = ledger::facts_of(conn, draft.candidate.person.id, None)?;
            let lines = planning::eligibility(rules, offer, &facts, draft.held_on);
            let refusal = planning::refusal(conn, rules, offer, draft, &facts)?;
            Some(pages::Judged { lines, refusal })
        }
    };
    let preview = draft.as_ref().zip(judged.as_ref());
    Ok(pages::new(acting, rules, form, &problems, &sites, preview))
}

/// The draft a form describes, or what is wrong with it.
fn understand(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    rules: &Rules,
    form: &PlanForm,
    sites: &[Site],
) -> Result<std::result::Result<Draft, Problems>> {
    let mut problems = Problems::default();
    if Offer::find(rules, &form.exam).is_none() {
        problems.add("exam", text!("请选择考核。", "Choose an exam."));
    }
    let candidate = candidate(conn, acting, form.person.trim())?;
    if candidate.is_none() {
        problems.add(
            "person",
            text!(
                "您的管辖范围内没有这个工号；也不能为自己安排考核。",
                "No such staff number in your reach; and nobody plans their own exam."
            ),
        );
    }
    let held_on = form.held_on.trim().parse::<NaiveDate>().ok();
    let near = held_on.filter(|day| (0..=366).contains(&(*day - acting.today).num_days()));
    if near.is_none() {
        problems.add(
            "held_on",
            text!("请填今天起一年以内的日期。", "A day from today on, within a year."),
        );
    }
    let site = sites.iter().find(|site| site.code == form.site);
    if site.is_none() {
        problems.add("site", text!("请选择地点。", "Choose a place."));
    }
    Ok(match (candidate, near, site) {
        (Some(candidate), Some(held_on), Some(site)) if problems.is_empty() => {
            Ok(Draft { exam: form.exam.clone(), candidate, site: site.clone(), held_on })
        }
        _ => Err(problems),
    })
}

fn candidate(conn: &mut Conn, acting: &Acting<Planning>, number: &str) -> Result<Option<Post>> {
    let Some(person) = staff::queries::person_by_staff_no(conn, number)? else { return Ok(None) };
    match acting.other_person(conn, person.id) {
        Ok(post) => Ok(Some(post)),
        Err(Error::NotFound | Error::Forbidden) => Ok(None),
        Err(error) => Err(error),
    }
}

pub async fn plan(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    Form(form): Form<PlanForm>,
) -> Result<HttpResponse> {
    let (who, seed) = (acting.clone(), rand::random());
    let key = form.form_key.clone();
    submit(&db, &acting, &key, move |conn| {
        let sites = staff::queries::sites(conn, who.reach())?;
        match understand(conn, &who, &rules, &form, &sites)? {
            Ok(draft) => planning::plan(conn, &who, &rules, &head, &draft, seed),
            Err(_) => Err(Error::Again(Box::new(plan_page(conn, &who, &rules, &form)?))),
        }
    })
    .await
}

/// One exam, as this viewer may see it.
pub async fn exam(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<PracticalId>,
) -> Result<HttpResponse> {
    let id = *id;
    let page = db
        .read(move |conn| -> Result<_> {
            let shown = shown(conn, &viewer, &rules, id)?;
            Ok(pages::exam(&viewer, &rules, &shown))
        })
        .await?;
    Ok(html(page))
}

/// Collects what the viewer may see, and nothing else: what is not collected cannot be shown.
fn shown(conn: &mut Conn, viewer: &Viewer, rules: &Rules, id: PracticalId) -> Result<pages::Shown> {
    let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    let own_seat = queries::seat_of(conn, id, viewer.id)?;
    if own_seat.is_none() {
        viewer.post(conn, exam.person)?;
    }
    let candidate = staff::queries::post_of(conn, exam.person, viewer.today)?;
    let site = staff::queries::site(conn, exam.site)?;
    let (candidate, site) = candidate.zip(site).ok_or(Error::NotFound)?;
    let is_candidate = viewer.id == exam.person;
    let plans = !is_candidate && planned_within(conn, viewer, &exam);
    let decides = !is_candidate && decided_within(conn, viewer, &exam);
    let result = queries::result(conn, id)?;
    let is_examiner = own_seat.is_some() && !is_candidate;
    let opens = result.is_some() && (is_examiner || decides);
    let told = result.clone().filter(|result| result.released_at.is_some() || opens);
    let sheets = if opens { queries::signed(conn, &exam)? } else { Vec::new() };
    let photos = if opens { queries::photos(conn, id)? } else { Vec::new() };
    let mut shown = pages::Shown {
        exam,
        candidate,
        site,
        own_seat,
        plans,
        decides,
        seats: Vec::new(),
        people: HashMap::new(),
        progress: None,
        result: told,
        sheets,
        photos,
        third_needed: false,
        possible: None,
    };
    if plans || opens {
        shown.seats = queries::all_seats(conn, id)?;
        let people = shown.seats.iter().flat_map(|seat| [Some(seat.examiner_id), seat.seconded_by]);
        shown.people = posts(conn, people.flatten().collect::<HashSet<_>>(), viewer.today)?;
    }
    // Who examines does not learn how far the others are.
    if plans && !is_examiner && result.is_none() {
        shown.progress = Some(queries::scored_lines(conn, id)?);
    }
    let open = result.is_none() && shown.exam.cancelled_at.is_none();
    let slot = if plans && open { planning::free_slot(conn, &shown.exam)? } else { None };
    let third = slot.is_some() && slot == shown.exam.sheet.third_slot();
    if let Some(slot) = slot.filter(|_| !(third && is_examiner)) {
        shown.third_needed = third;
        shown.possible = Some(planning::possible(conn, rules, &shown.exam, slot, viewer.today)?);
    }
    Ok(shown)
}

fn planned_within(conn: &mut Conn, viewer: &Viewer, exam: &Practical) -> bool {
    let acting = Acting::<Planning>::of(viewer.clone());
    acting.is_ok_and(|acting| acting.other_person(conn, exam.person).is_ok())
}

fn decided_within(conn: &mut Conn, viewer: &Viewer, exam: &Practical) -> bool {
    let acting = Acting::<Hr>::of(viewer.clone());
    acting.is_ok_and(|acting| acting.other_person(conn, exam.person).is_ok())
}

#[derive(Deserialize)]
pub struct AssignForm {
    form_key: String,
    examiner: PersonId,
    #[serde(default)]
    why: String,
}

pub async fn assign(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    id: web::Path<PracticalId>,
    Form(form): Form<AssignForm>,
) -> Result<HttpResponse> {
    let (who, id, key) = (acting.clone(), *id, form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        planning::assign(conn, &who, &rules, &head, id, form.examiner, &form.why)?;
        Ok(super::model::path_of(id))
    })
    .await
}

#[derive(Deserialize)]
pub struct WhyForm {
    form_key: String,
    #[serde(default)]
    why: String,
}

pub async fn second(
    acting: Acting<Judging>,
    db: web::Data<Db>,
    path: web::Path<(PracticalId, SeatId)>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (who, (id, seat)) = (acting.clone(), path.into_inner());
    submit(&db, &acting, &form.form_key, move |conn| {
        planning::second(conn, &who, id, seat)?;
        Ok(super::model::path_of(id))
    })
    .await
}

pub async fn recuse(
    viewer: Viewer,
    db: web::Data<Db>,
    path: web::Path<(PracticalId, SeatId)>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (who, (id, seat)) = (viewer.clone(), path.into_inner());
    submit(&db, &viewer, &form.form_key, move |conn| {
        planning::recuse(conn, &who, id, seat, &form.why)?;
        Ok("/exams/practicals".to_owned())
    })
    .await
}

pub async fn cancel(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    id: web::Path<PracticalId>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (who, id) = (acting.clone(), *id);
    submit(&db, &acting, &form.form_key, move |conn| {
        planning::cancel(conn, &who, &head, id, &form.why)?;
        Ok(super::model::path_of(id))
    })
    .await
}

pub async fn release_result(
    acting: Acting<Hr>,
    db: web::Data<Db>,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    id: web::Path<PracticalId>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (who, id) = (acting.clone(), *id);
    submit(&db, &acting, &form.form_key, move |conn| {
        release::by_decision(conn, &who, id, &consequences, &head)?;
        Ok(super::model::path_of(id))
    })
    .await
}

/// Which station of the sheet; without one, the first that is not finished.
#[derive(Default, Deserialize)]
pub struct AtStation {
    #[serde(default)]
    pub station: String,
    pub stale: Option<usize>,
}

pub async fn score(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    id: web::Path<PracticalId>,
    at: web::Query<AtStation>,
) -> Result<HttpResponse> {
    let id = *id;
    let page = db
        .read(move |conn| -> Result<_> {
            let assigned = Assigned::at_work(conn, &acting, id)?;
            let sheet = own_sheet(conn, &acting, assigned)?;
            Ok(score_pages::score(&acting, &sheet, &at))
        })
        .await?;
    Ok(html(page))
}

fn own_sheet(
    conn: &mut Conn,
    acting: &Acting<Examiner>,
    assigned: Assigned,
) -> Result<score_pages::Own> {
    let seat = assigned.seat.id;
    let candidate = staff::queries::post_of(conn, assigned.exam.person, acting.today)?;
    let mut photos = queries::photos(conn, assigned.exam.id)?;
    // The third examiner, who was not there, may look at what the others photographed.
    if Some(assigned.seat.slot) != assigned.exam.sheet.third_slot() {
        photos.retain(|photo| photo.seat == seat);
    }
    Ok(score_pages::Own {
        scores: queries::scores(conn, seat)?,
        timings: queries::timings(conn, seat)?,
        photos,
        candidate: candidate.ok_or(Error::NotFound)?,
        exam: assigned.exam,
        seat: assigned.seat,
    })
}

#[derive(Deserialize)]
pub struct OneScore {
    station: String,
    line: String,
    points: i64,
    #[serde(default)]
    note: String,
    edition: i64,
}

/// Saves one line; acknowledged when it is on disk.
pub async fn save_one(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    id: web::Path<PracticalId>,
    score: web::Json<OneScore>,
) -> Result<HttpResponse> {
    let (id, who, now) = (*id, acting.clone(), acting.now);
    let OneScore { station, line, points, note, edition } = score.into_inner();
    let saved = db
        .write(move |conn| -> Result<_> {
            queries::hold_shared(conn, id)?;
            let assigned = Assigned::at_work(conn, &who, id)?;
            let given = Given { station: &station, line: &line, points, note: &note, edition };
            scoring::save(conn, &assigned, given, now)
        })
        .await?;
    Ok(acknowledge(&acting, saved))
}

fn acknowledge(viewer: &Viewer, saved: Saved) -> HttpResponse {
    let clock = |at: crate::db::Instant| i18n::short_instant(at.utc(), viewer.zone);
    match saved {
        Saved::Kept(kept) => HttpResponse::Ok().json(serde_json::json!({
            "edition": kept.edition,
            "saved_clock": clock(kept.saved_at),
            "vetoed": kept.vetoed,
        })),
        Saved::Stale(kept) => HttpResponse::Conflict().json(serde_json::json!({
            "reason": "stale",
            "edition": kept.edition,
            "points": kept.points,
            "note": kept.note,
        })),
        Saved::Signed => HttpResponse::Conflict().json(serde_json::json!({ "reason": "signed" })),
    }
}

/// Saves a whole station from a plain form, for browsers without script.
pub async fn save_station(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    id: web::Path<PracticalId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, acting.clone());
    let to = db
        .write(move |conn| -> Result<_> {
            queries::hold_shared(conn, id)?;
            let assigned = Assigned::at_work(conn, &who, id)?;
            let fields: HashMap<String, String> = fields.into_iter().collect();
            save_fields(conn, &assigned, &fields, who.now)
        })
        .await?;
    Ok(redirect(to))
}

fn save_fields(
    conn: &mut Conn,
    assigned: &Assigned,
    fields: &HashMap<String, String>,
    now: crate::db::Instant,
) -> Result<String> {
    let get = |name: String| fields.get(&name).map(String::as_str).unwrap_or_default();
    let code = get("station".to_owned());
    let exam = &assigned.exam;
    let station = exam.sheet.station(code).ok_or(Error::NotFound)?;
    let mut stale = 0;
    for line in station.lines() {
        let Ok(points) = get(format!("points-{}", line.code)).parse::<i64>() else { continue };
        let note = get(format!("note-{}", line.code)).trim();
        let edition: i64 = get(format!("edition-{}", line.code)).parse().unwrap_or(0);
        let kept = queries::score_at(conn, assigned.seat.id, code, &line.code)?;
        if kept.is_some_and(|kept| (kept.points, kept.note.as_str()) == (points, note)) {
            continue;
        }
        let given = Given { station: code, line: &line.code, points, note, edition: edition + 1 };
        match scoring::save(conn, assigned, given, now)? {
            Saved::Kept(_) => {}
            Saved::Stale(_) => stale += 1,
            Saved::Signed => return Ok(exam.path()),
        }
    }
    let path = format!("{}/score", exam.path());
    let at = exam.sheet.stations().iter().position(|one| one.code == code).unwrap_or(0);
    let next = exam.sheet.stations().get(at + 1);
    Ok(match (stale, next) {
        (0, Some(next)) => format!("{path}?station={}", next.code),
        (0, None) => format!("{path}/sign"),
        (stale, _) => format!("{path}?station={code}&stale={stale}"),
    })
}

#[derive(Deserialize)]
pub struct ClockForm {
    form_key: String,
    station: String,
    act: String,
}

pub async fn clock(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    id: web::Path<PracticalId>,
    Form(form): Form<ClockForm>,
) -> Result<HttpResponse> {
    let (id, who, key) = (*id, acting.clone(), form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        let assigned = Assigned::at_work(conn, &who, id)?;
        scoring::clock(conn, &assigned, &form.station, form.act == "start", who.now)?;
        Ok(format!("{}/score?station={}", assigned.exam.path(), form.station))
    })
    .await
}

/// The last look before signing.
pub async fn check_before_signing(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    id: web::Path<PracticalId>,
) -> Result<HttpResponse> {
    let id = *id;
    let page = db
        .read(move |conn| -> Result<_> {
            let assigned = Assigned::at_work(conn, &acting, id)?;
            let sheet = own_sheet(conn, &acting, assigned)?;
            Ok(score_pages::check(&acting, &sheet))
        })
        .await?;
    Ok(html(page))
}

pub async fn sign(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    id: web::Path<PracticalId>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, acting.clone());
    submit(&db, &acting, &form.form_key, move |conn| {
        scoring::sign(conn, &who, id, &consequences, &head)?;
        Ok(super::model::path_of(id))
    })
    .await
}

pub async fn add_photo(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    id: web::Path<PracticalId>,
    form: Multipart,
) -> Result<HttpResponse> {
    let upload = receive(form).await?;
    let (id, who, key) = (*id, acting.clone(), upload.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        let station = upload.station.clone();
        scoring::add_photo(conn, &who, id, upload)?;
        Ok(format!("{}/score?station={station}#photos", super::model::path_of(id)))
    })
    .await
}

async fn receive(mut form: Multipart) -> Result<Upload> {
    let mut upload = Upload::default();
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let of = field.name().unwrap_or_default().to_owned();
        if let Some(name) = field.content_disposition().and_then(|said| said.get_filename()) {
            upload.name = name.chars().take(120).collect();
        }
        let (mut bytes, mut length) = (Vec::new(), 0);
        // What is too large is read to its end, so that the browser hears why it is refused.
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            length += chunk.len();
            if length <= scoring::MOST_BYTES {
                bytes.extend_from_slice(&chunk);
            } else if length > 8 * scoring::MOST_BYTES {
                break;
            }
        }
        if length > scoring::MOST_BYTES {
            return Err(Error::Refused(text!(
                "照片超过 8 MB。请缩小后上传。",
                "The photo is larger than 8 MB. Upload a smaller one."
            )));
        }
        let word = || String::from_utf8_lossy(&bytes).trim().to_owned();
        match of.as_str() {
            "form_key" => upload.form_key = word(),
            "station" => upload.station = word(),
            "line" => upload.line = word(),
            "file" => upload.bytes = bytes,
            _ => {}
        }
    }
    Ok(upload)
}

fn malformed(error: impl std::fmt::Display) -> Error {
    tracing::debug!(%error, "an upload was not understood");
    Error::Invalid(text!(
        "上传不完整，请重新选择照片。",
        "The upload is incomplete. Choose the photo again."
    ))
}

/// A photo, for whoever took it, and once everybody has signed for the examiners and HR.
pub async fn photo(
    viewer: Viewer,
    db: web::Data<Db>,
    path: web::Path<(PracticalId, PhotoId)>,
) -> Result<HttpResponse> {
    let (id, photo) = path.into_inner();
    let (media_type, bytes) = db
        .read(move |conn| -> Result<_> {
            let exam = queries::find(conn, id)?.ok_or(Error::NotFound)?;
            let photos = queries::photos(conn, id)?;
            let photo = photos.into_iter().find(|one| one.id == photo).ok_or(Error::NotFound)?;
            let settled = queries::result(conn, id)?.is_some();
            let seat = queries::seat_of(conn, id, viewer.id)?.filter(|_| viewer.id != exam.person);
            let by_seat = seat.is_some_and(|seat| {
                settled || seat.id == photo.seat || Some(seat.slot) == exam.sheet.third_slot()
            });
            let may_see = by_seat || settled && decided_within(conn, &viewer, &exam);
            if !may_see {
                return Err(Error::NotFound);
            }
            queries::file(conn, &photo.digest)?.ok_or(Error::NotFound)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(bytes))
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct AgreementQuery {
    #[serde(default)]
    pub exam: String,
}

/// How far back agreement is counted.
const AGREEMENT_DAYS: i64 = 730;
const MOST_EXAMS: i64 = 2_000;

pub async fn agreement(
    acting: Acting<Judging>,
    db: web::Data<Db>,
    rules: Rules,
    query: web::Query<AgreementQuery>,
) -> Result<HttpResponse> {
    let page = db
        .read(move |conn| -> Result<_> {
            let pairs = pairs(conn, &acting)?;
            let people = pairs.iter().flat_map(|pair| [pair.examiners.0, pair.examiners.1]);
            let people = posts(conn, people.collect::<HashSet<_>>(), acting.today)?;
            Ok(report::agreement(&acting, &rules, &query, &pairs, &people))
        })
        .await?;
    Ok(html(page))
}

/// Everybody who scored the same exam as somebody else, in reach; third examiners knew that two
/// had differed, so they are no fair comparison.
fn pairs(conn: &mut Conn, acting: &Acting<Judging>) -> Result<Vec<Pair>> {
    let reached = staff::queries::people_within(conn, acting.reach(), None, acting.today)?;
    let reached: HashSet<PersonId> = reached.into_iter().collect();
    let first = acting.today - chrono::Duration::days(AGREEMENT_DAYS);
    let mut exams = queries::settled_since(conn, first, MOST_EXAMS)?;
    exams.retain(|exam| reached.contains(&exam.person));
    let ids: Vec<PracticalId> = exams.iter().map(|exam| exam.id).collect();
    let mut signed = queries::signed_of(conn, &ids)?;
    let mut found = Vec::new();
    for exam in &exams {
        let judges = exam.sheet.plan.judges();
        let mut sheets = signed.remove(&exam.id).unwrap_or_default();
        sheets.retain(|(seat, _)| seat.slot <= judges);
        for (at, one) in sheets.iter().enumerate() {
            found.extend(sheets[at + 1..].iter().map(|other| report::pair(exam, one, other)));
        }
    }
    Ok(found)
}
