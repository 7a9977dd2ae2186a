//! The settings of a calendar, and the calendar itself.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    feed::Desk,
    pages,
    queries::{self, Feed},
};
use crate::{
    access::{Viewer, audit, handlers::OnlyKey, links, submit},
    certification::CheckLimit,
    courses::Catalogue,
    db::{Conn, Db, Instant},
    i18n::Lang,
    mail::{Letterhead, calendar},
    record::Rules,
    staff, t, text,
    web::{Error, Form, Now, Result, address, html},
};

pub async fn page(db: web::Data<Db>, viewer: Viewer) -> Result<HttpResponse> {
    let id = viewer.id;
    let feed = db.read(move |conn| queries::of_person(conn, id)).await?;
    Ok(html(pages::settings(&viewer, feed.as_ref(), None, &links::new_token())))
}

/// The secret comes with the form that was drawn for it, so that a second click means the same one
/// and the page can show it: nobody can afterwards.
#[derive(Deserialize)]
pub struct Renew {
    secret: String,
}

impl Renew {
    fn is_sound(&self) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        self.secret.len() == 43 && self.secret.chars().all(plain)
    }
}

pub async fn renew(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    viewer: Viewer,
    Form(form): Form<Renew>,
) -> Result<HttpResponse> {
    if !form.is_sound() {
        return Err(Error::Invalid(text!(
            "表单已失效，请刷新页面后重试。",
            "This form is out of date. Reload the page and try again."
        )));
    }
    let (id, now) = (viewer.id, viewer.now);
    let address = head.link(&format!("/calendar/{}.ics", form.secret));
    let feed = db
        .write(move |conn| -> Result<Option<Feed>> {
            if queries::set(conn, id, &form.secret, now)? {
                audit::note(
                    conn,
                    Some(id),
                    "set-calendar-address",
                    ("person", Some(id.0)),
                    (),
                    now,
                )?;
            }
            Ok(queries::of_person(conn, id)?)
        })
        .await?;
    Ok(html(pages::settings(&viewer, feed.as_ref(), Some(&address), &links::new_token())))
}

pub async fn end(
    db: web::Data<Db>,
    viewer: Viewer,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let (id, now) = (viewer.id, viewer.now);
    submit(&db, &viewer, &form.form_key, move |conn| {
        if queries::end(conn, id)? > 0 {
            audit::note(conn, Some(id), "end-calendar-address", ("person", Some(id.0)), (), now)?;
        }
        Ok("/calendar".to_owned())
    })
    .await
}

/// What fetching takes.
struct Shelf {
    rules: Rules,
    catalogue: Catalogue,
    head: Letterhead,
}

/// The calendar, for whoever has its address.
pub async fn fetch(
    request: HttpRequest,
    db: web::Data<Db>,
    (rules, catalogue, head): (Rules, web::Data<Catalogue>, web::Data<Letterhead>),
    limit: web::Data<CheckLimit>,
    now: Now,
    secret: web::Path<String>,
) -> Result<HttpResponse> {
    let now = now.0;
    let shelf = Shelf { rules, catalogue: (**catalogue).clone(), head: (**head).clone() };
    let asked = secret.clone();
    let found = db.read(move |conn| queries::by_secret(conn, &asked)).await?;
    // One address may be a whole office, so whoever knows a secret is counted by it, and only who
    // guesses by where they are.
    let counted = match &found {
        Some(feed) => format!("calendar of {}", feed.person_id),
        None => format!("calendar from {}", address::word_of(&request)),
    };
    if !limit.allows(&counted, now) {
        return Err(Error::TooMany(text!(
            "访问过于频繁，请稍后再试。",
            "Too many requests. Try again in a minute."
        )));
    }
    let feed = found.ok_or(Error::NotFound)?;
    let text = db.read(move |conn| written(conn, &shelf, &feed, now)).await?;
    note_read(&db, &feed, now).await?;
    Ok(answer(&request, text))
}

/// Nobody who left has a calendar here any more.
fn written(conn: &mut Conn, shelf: &Shelf, feed: &Feed, now: Instant) -> Result<String> {
    let post = staff::queries::post_of(conn, feed.person_id, now.utc().date_naive())?;
    let post = post.ok_or(Error::NotFound)?;
    let today = now.utc().with_timezone(&post.site.zone()).date_naive();
    if !post.works_on(today) {
        return Err(Error::NotFound);
    }
    let person = post.person;
    let Shelf { rules, catalogue, head } = shelf;
    let events = Desk { rules, catalogue, head, person: &person, today, now }.events(conn)?;
    Ok(calendar::feed(&name(person.lang(), person.title(person.lang())), feed.made_at, &events))
}

fn name(lang: Lang, person: &str) -> String {
    t!(lang, "培训与认证 · {person}", "Training and certification · {person}")
}

/// Written at most once an hour: it only tells people whether the address is in use.
async fn note_read(db: &Db, feed: &Feed, now: Instant) -> Result<()> {
    let recent = feed.last_read_at.is_some_and(|at| now.seconds_since(at) < 3600);
    if !recent {
        let person = feed.person_id;
        db.write(move |conn| queries::note_read(conn, person, now)).await?;
    }
    Ok(())
}

/// A program that has the same already is told so.
fn answer(request: &HttpRequest, text: String) -> HttpResponse {
    let digest = Sha256::digest(text.as_bytes());
    let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let same = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
    });
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if same {
        return response.finish();
    }
    response
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"shifu.ics\""))
        .body(text)
}
