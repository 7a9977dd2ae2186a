//! Corrections: a question that proves wrong after it was used is void, gets another key, or
//! accepts one more answer.
//!
//! First a dry run says whose result would change; nothing is stored. Then one decision, by
//! somebody who did not write the question, stands for everybody: results are settled anew, batch
//! by batch, and the report says what changed. Attempts still running are scored by it when they
//! end, and later ones too. Undoing is another decision, and brings the former results back.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use self::{
    apply::Effect,
    form::Given,
    queries::{Kept, Subject},
};
use crate::{
    access::{Acting, Grading, Routes, Who, proof::Proof, submit},
    db::Db,
    exams::questions::{VersionId, scoring::Correction},
    mail::Letterhead,
    record::{Consequences, Rules},
    text,
    web::{Error, Form, Problems, Result, html, redirect},
};

pub mod apply;
pub mod form;
mod pages;
pub mod queries;

pub use apply::advance_all;

crate::id! {
    /// A decision about a wrong question.
    CorrectionId
}

pub fn routes() -> Routes {
    let grading = Who::Roles(Grading::ROLES);
    Routes::new()
        .get("/exams/corrections", grading, list)
        .get("/exams/corrections/new", grading, new)
        .post("/exams/corrections/preview", grading, preview)
        .post("/exams/corrections", grading, decide)
        .get("/exams/corrections/{id}", grading, one)
        .post("/exams/corrections/{id}/undo", grading, undo)
}

/// Where a version of a question is put right.
pub fn path_for(version: VersionId, part: usize) -> String {
    format!("/exams/corrections/new?version={version}&part={part}")
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListQuery {
    /// The code of a question, or a part of it, to put right.
    #[serde(default)]
    pub question: String,
    page: Option<usize>,
}

const PAGE: i64 = 50;

impl ListQuery {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }
}

pub async fn list(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse> {
    let asked = query.clone();
    let (mut kept, found) = db
        .read(move |conn| -> Result<_> {
            let offset = (asked.page() as i64 - 1) * PAGE;
            let kept = queries::list(conn, PAGE + 1, offset)?;
            let word = asked.question.trim();
            let found =
                if word.is_empty() { Vec::new() } else { queries::versions_like(conn, word, 40)? };
            Ok((kept, found))
        })
        .await?;
    let has_more = kept.len() as i64 > PAGE;
    kept.truncate(PAGE as usize);
    Ok(html(pages::list(&acting, &query, &kept, &found, has_more)))
}

#[derive(Clone, Debug, Deserialize)]
pub struct NewQuery {
    version: VersionId,
    #[serde(default)]
    part: usize,
}

pub async fn new(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    query: web::Query<NewQuery>,
) -> Result<HttpResponse> {
    let NewQuery { version, part } = query.into_inner();
    let subject = db.read(move |conn| subject(conn, version, part)).await?;
    Ok(html(pages::new(&acting, &subject, &Given::default(), &Problems::default())))
}

fn subject(conn: &mut crate::db::Conn, version: VersionId, part: usize) -> Result<Subject> {
    queries::subject(conn, version, part)?.ok_or(Error::NotFound)
}

/// The form as it came in, understood against the question it is about.
struct Asked {
    given: Given,
    subject: Subject,
    correction: std::result::Result<Correction, Problems>,
}

async fn asked(db: &Db, fields: Vec<(String, String)>) -> Result<Asked> {
    let given = Given::read(fields);
    let (version, part) = (given.version, given.part);
    let subject = db.read(move |conn| subject(conn, version, part)).await?;
    let correction = given.correction(&subject.task);
    Ok(Asked { given, subject, correction })
}

/// Whose result would change: a dry run, nothing is stored.
pub async fn preview(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let Asked { given, subject, correction } = asked(&db, fields).await?;
    let correction = match correction {
        Ok(correction) => correction,
        Err(problems) => {
            return Err(Error::Again(Box::new(pages::new(&acting, &subject, &given, &problems))));
        }
    };
    let (who, known, about) = (acting.clone(), rules.clone(), (subject.version, subject.part));
    let tried = correction.clone();
    let effects = db
        .read(move |conn| -> Result<Vec<Effect>> {
            Ok(apply::dry_run(conn, about, &tried, &known, &who)?)
        })
        .await?;
    Ok(html(pages::preview(&acting, &rules, &subject, &given, &correction, &effects)))
}

pub async fn decide(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let Asked { given, subject, correction } = asked(&db, fields).await?;
    let correction = match correction {
        Ok(correction) => correction,
        Err(problems) => {
            return Err(Error::Again(Box::new(pages::new(&acting, &subject, &given, &problems))));
        }
    };
    let (who, key) = (acting.clone(), given.form_key.clone());
    let done = submit(&db, &acting, &key, move |conn| {
        let id = apply::decide(conn, &who, &subject, &correction, given.why.trim())?;
        Ok(format!("/exams/corrections/{id}"))
    })
    .await?;
    advance_all(&db, &rules, &consequences, &head, acting.now).await?;
    Ok(done)
}

pub async fn one(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<CorrectionId>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, acting.clone());
    let (kept, subject, names) = db
        .read(move |conn| -> Result<_> {
            let kept = queries::find(conn, id)?.ok_or(Error::NotFound)?;
            let subject = subject(conn, kept.version, kept.part)?;
            let names = apply::names(conn, &who, &kept.report)?;
            Ok((kept, subject, names))
        })
        .await?;
    Ok(html(pages::one(&acting, &rules, &kept, &subject, &names)))
}

#[derive(Deserialize)]
pub struct UndoForm {
    form_key: String,
    #[serde(default)]
    why: String,
}

pub async fn undo(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    id: web::Path<CorrectionId>,
    Form(form): Form<UndoForm>,
) -> Result<HttpResponse> {
    let (who, id) = (acting.clone(), *id);
    if form.why.trim().is_empty() {
        return Err(Error::Refused(text!(
            "撤销更正须写明理由。请返回填写。",
            "Undoing a correction takes a reason. Go back and give one."
        )));
    }
    let done = submit(&db, &acting, &form.form_key, move |conn| {
        apply::undo(conn, &who, id, form.why.trim())?;
        Ok(format!("/exams/corrections/{id}"))
    })
    .await?;
    advance_all(&db, &rules, &consequences, &head, acting.now).await?;
    if done.status().is_redirection() {
        return Ok(done);
    }
    Ok(redirect(format!("/exams/corrections/{id}")))
}

impl Kept {
    pub fn path(&self) -> String {
        format!("/exams/corrections/{}", self.id)
    }
}
