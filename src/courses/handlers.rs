//! A learner's requests.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use serde::Deserialize;

use super::{
    Catalogue,
    catalogue::Course,
    pages,
    queries::{self, completed, progress_of},
    study::{self, Place},
};
use crate::{
    access::{Viewer, submit},
    content,
    db::{Conn, Db},
    record::Consequences,
    web::{Error, Form, Result, html},
};

#[derive(Deserialize)]
pub struct Narrowed {
    area: Option<String>,
}

pub async fn catalogue(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    viewer: Viewer,
    query: web::Query<Narrowed>,
) -> Result<HttpResponse> {
    let (all, who) = (catalogue.clone(), viewer.clone());
    let (progress, completed) = db
        .read(move |conn| -> Result<_> {
            let progress = progress_of(conn, &all, who.id, who.today)?;
            Ok((progress, completed(conn, who.id, who.today)?))
        })
        .await?;
    let area = query.area.as_deref().filter(|area| !area.is_empty());
    Ok(html(pages::catalogue(&viewer, &catalogue, &progress, &completed, area)))
}

pub async fn course(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    viewer: Viewer,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let (all, who) = (catalogue.clone(), viewer.clone());
    let (place, completed) = db
        .read(move |conn| -> Result<_> {
            let place = Place::find(conn, &all, &who, &code)?;
            Ok((place, completed(conn, who.id, who.today)?))
        })
        .await?;
    Ok(html(pages::course(&viewer, &catalogue, &place, &completed)))
}

#[derive(Deserialize)]
pub struct OnlyKey {
    form_key: String,
}

pub async fn enrol(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    viewer: Viewer,
    code: web::Path<String>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let who = viewer.clone();
    submit(&db, &viewer, &form.form_key, move |conn| study::enrol(conn, &catalogue, &who, &code))
        .await
}

pub async fn lesson(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    viewer: Viewer,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (code, slug) = path.into_inner();
    let who = viewer.clone();
    let place = db.read(move |conn| Place::find(conn, &catalogue, &who, &code)).await?;
    let page = pages::lesson(&viewer, &place, &slug).ok_or(Error::NotFound)?;
    Ok(html(page))
}

pub async fn mark_done(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    consequences: web::Data<Consequences>,
    viewer: Viewer,
    path: web::Path<(String, String)>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let (code, slug) = path.into_inner();
    let who = viewer.clone();
    submit(&db, &viewer, &form.form_key, move |conn| {
        study::mark_done(conn, &catalogue, &consequences, &who, &code, &slug)
    })
    .await
}

/// A picture may be opened by itself: then nothing in it may run or load.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// Browsers keep a picture for a week; its tag changes with the revision.
const PICTURE_CACHE: &str = "private, max-age=604800";

pub async fn media(
    request: HttpRequest,
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    viewer: Viewer,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (code, name) = path.into_inner();
    let (tag, media_type, bytes) =
        db.read(move |conn| picture(conn, &catalogue, &viewer, &code, &name)).await?;
    let known = request.headers().get(header::IF_NONE_MATCH);
    let known = known.and_then(|value| value.to_str().ok()).is_some_and(|known| known == tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(PICTURE_CACHE)))
        .insert_header((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE_POLICY)));
    if known {
        return Ok(answer.finish());
    }
    Ok(answer.content_type(media_type).body(bytes))
}

/// A picture of the revision the viewer is enrolled in, else of the one of today.
fn picture(
    conn: &mut Conn,
    catalogue: &Catalogue,
    viewer: &Viewer,
    code: &str,
    name: &str,
) -> Result<(String, String, Vec<u8>)> {
    let round = queries::round_of(conn, viewer.id, code)?;
    let enrolled = round.map(|round| round.enrolment.content_id);
    let current = catalogue.get(code).map(|course: &Course| course.content);
    for revision in enrolled.into_iter().chain(current) {
        if let Some((media_type, bytes)) = content::file(conn, revision, &format!("media/{name}"))?
        {
            return Ok((format!("\"{revision}\""), media_type, bytes));
        }
    }
    Err(Error::NotFound)
}
