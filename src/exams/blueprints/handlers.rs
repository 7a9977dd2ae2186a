//! Forms in, pages or redirects out.

use actix_web::{HttpResponse, web};

use super::{
    check::Check,
    model::{Form as Drawing, Version},
    pages::{self, Sheet},
    queries::{self, Published},
};
use crate::{
    access::{Acting, Authoring, audit, submit},
    db::{Conn, Db},
    exams::{
        questions::bank::{self, Live},
        rules::{self, Offer},
    },
    i18n::Text,
    record::{Rules, blueprint::Blueprint},
    text,
    web::{Error, Form, Result, html},
};

pub async fn list(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
) -> Result<HttpResponse> {
    let page = db
        .read(move |conn| -> Result<_> {
            let published = Published::load(conn)?;
            let mut lines = Vec::new();
            for offer in rules::offered(&rules, acting.today) {
                let live = live_of(conn, offer)?;
                let form = published.form(&offer.code(), offer.plan);
                let check = Check::of(&form, &live);
                lines.push((offer, form, check));
            }
            Ok(pages::list(&acting, &lines))
        })
        .await?;
    Ok(html(page))
}

fn live_of(conn: &mut Conn, offer: Offer<'_>) -> Result<Vec<Live>> {
    Ok(bank::live(conn, offer.plan.bank.as_deref().unwrap_or_default())?)
}

type Exam = web::Path<(String, String)>;

pub async fn show(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    exam: Exam,
) -> Result<HttpResponse> {
    let code = format!("{}/{}", exam.0, exam.1);
    let page = db
        .read(move |conn| -> Result<_> {
            let offer = Offer::find(&rules, &code).ok_or(Error::NotFound)?;
            let form = queries::form_of(conn, &code, offer.plan)?;
            let live = live_of(conn, offer)?;
            let sheet = Sheet::of(&form, &live);
            let versions = queries::versions(conn, &code)?;
            Ok(pages::exam(&acting, offer, &form, &live, &versions, &sheet))
        })
        .await?;
    Ok(html(page))
}

pub async fn add(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    exam: Exam,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let code = format!("{}/{}", exam.0, exam.1);
    let sheet = Sheet::read(fields);
    let (who, key, said) = (acting.clone(), sheet.form_key.clone(), sheet.note.clone());
    submit(&db, &acting, &key, move |conn| {
        let offer = Offer::find(&rules, &code).ok_or(Error::NotFound)?;
        let live = live_of(conn, offer)?;
        let blueprint = match sheet.blueprint(&live) {
            Ok(blueprint) => blueprint,
            Err(sheet) => {
                let form = queries::form_of(conn, &code, offer.plan)?;
                let versions = queries::versions(conn, &code)?;
                let page = pages::exam(&who, offer, &form, &live, &versions, &sheet);
                return Err(Error::Again(Box::new(page)));
            }
        };
        let stamp = (who.now, who.id);
        let number = queries::add(conn, &code, &blueprint, &said, stamp)?;
        note(conn, &who, "write-blueprint", &code, number)?;
        Ok(pages::version_path(&code, number))
    })
    .await
}

fn note(
    conn: &mut Conn,
    who: &Acting<Authoring>,
    act: &str,
    exam: &str,
    version: i64,
) -> Result<()> {
    let detail = serde_json::json!({ "exam": exam, "version": version });
    Ok(audit::note(conn, Some(who.id), act, ("blueprint", None), detail, who.now)?)
}

type ExamVersion = web::Path<(String, String, i64)>;

pub async fn version(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    path: ExamVersion,
) -> Result<HttpResponse> {
    let code = format!("{}/{}", path.0, path.1);
    let number = path.2;
    let page = db
        .read(move |conn| -> Result<_> {
            let offer = Offer::find(&rules, &code).ok_or(Error::NotFound)?;
            let version = queries::version(conn, &code, number)?.ok_or(Error::NotFound)?;
            let live = live_of(conn, offer)?;
            let form = form_of(&version);
            Ok(pages::version(&acting, offer, &version, &form, &live))
        })
        .await?;
    Ok(html(page))
}

fn form_of(version: &Version) -> Drawing<'_> {
    let blueprint = std::borrow::Cow::Borrowed(&version.blueprint);
    Drawing::Blueprint { id: Some(version.id), blueprint }
}

#[derive(serde::Deserialize)]
pub struct Key {
    form_key: String,
}

/// Publishes a version the bank can fill: attempts started from now on are drawn by it.
pub async fn publish(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    path: ExamVersion,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let code = format!("{}/{}", path.0, path.1);
    let number = path.2;
    let who = acting.clone();
    submit(&db, &acting, &form.form_key, move |conn| {
        let offer = Offer::find(&rules, &code).ok_or(Error::NotFound)?;
        let version = queries::version(conn, &code, number)?.ok_or(Error::NotFound)?;
        may_be_published(
            &version.blueprint,
            &Check::of(&form_of(&version), &live_of(conn, offer)?),
        )?;
        if queries::publish(conn, version.id, (who.now, who.id))? {
            note(conn, &who, "publish-blueprint", &code, number)?;
        }
        Ok(pages::version_path(&code, number))
    })
    .await
}

fn may_be_published(blueprint: &Blueprint, check: &Check) -> Result<()> {
    let lacks: Vec<Text> = blueprint.mistakes().into_iter().chain(check.lacks.clone()).collect();
    if lacks.is_empty() {
        return Ok(());
    }
    let Text { zh, en } = Text::list(&lacks);
    Err(Error::Refused(text!(
        "不能发布：{zh}。请先补充题目或修改细目表。",
        "It cannot be published: {en}. Add questions or change the table first."
    )))
}
