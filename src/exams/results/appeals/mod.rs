//! Appeals: a candidate objects to a released result within a deadline; somebody who did not mark
//! it decides, essays may be marked again by somebody new, and the outcome has reasons.
//!
//! While an appeal is open nothing changes. When it is decided, what was marked again counts, and
//! the result is settled anew; a certificate follows a result that now passes, and one that rested
//! on a result that no longer does is for HR to decide about.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

pub use self::model::{Appeal, AppealId, Outcome};
use super::candidate::known_result;
use crate::{
    access::{Acting, Grading, Routes, Viewer, Who, audit, proof::Proof, submit},
    db::{Conn, Db},
    exams::{
        attempts::{
            model::{Attempt, AttemptId, AttemptResult},
            settle,
        },
        marking::model::Marking,
        rules as exam_rules,
    },
    mail::Letterhead,
    record::{Consequences, Rules},
    staff,
    web::{Error, Form, Problems, Result, html},
};

mod acts;
mod letters;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;

pub fn routes() -> Routes {
    let grading = Who::Roles(Grading::ROLES);
    Routes::new()
        .get("/exams/appeals", grading, list)
        .get("/exams/appeals/{id}", grading, one)
        .post("/exams/appeals/{id}/remark", grading, remark)
        .post("/exams/appeals/{id}/decide", grading, decide)
        .get("/exams/attempts/{id}/appeal", Who::SignedIn, file_page)
        .post("/exams/attempts/{id}/appeal", Who::SignedIn, file)
        .post("/exams/attempts/{id}/appeal/withdraw", Who::SignedIn, withdraw)
}

/// How things stand between a candidate and a result.
#[derive(Clone, Debug)]
pub enum Standing {
    MayFile {
        last_day: NaiveDate,
    },
    Filed(Appeal),
    /// Too late.
    Closed,
}

/// Whether the viewer may appeal against a result they know, or has.
pub fn standing(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    attempt: &Attempt,
    result: &AttemptResult,
) -> Result<Standing> {
    let filed = queries::of_attempt(conn, attempt.id)?;
    if let Some(last) = filed.first().filter(|last| last.outcome != Some(Outcome::Withdrawn)) {
        return Ok(Standing::Filed(last.clone()));
    }
    let Some(released_at) = result.released_at else { return Ok(Standing::Closed) };
    let released_on = settle::day_of(conn, attempt.person_id, released_at)?;
    let days = rules.exam(&attempt.exam).and_then(|(_, plan)| plan.appeal_days);
    let last_day = self::rules::last_day(released_on, days);
    let open = viewer.today <= last_day;
    Ok(if open { Standing::MayFile { last_day } } else { Standing::Closed })
}

pub async fn file_page(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<AttemptId>,
) -> Result<HttpResponse> {
    let (who, known, id) = (viewer.clone(), rules.clone(), *id);
    let (attempt, result, standing) = db
        .read(move |conn| -> Result<_> {
            let (attempt, result) = known_result(conn, &who, id)?;
            let standing = standing(conn, &who, &known, &attempt, &result)?;
            Ok((attempt, result, standing))
        })
        .await?;
    let title = exam_rules::title(&rules, &attempt.exam);
    let problems = Problems::default();
    Ok(html(pages::file(&viewer, &title, &attempt, &result, &standing, "", &problems)))
}

#[derive(Deserialize)]
pub struct FileForm {
    form_key: String,
    #[serde(default)]
    grounds: String,
}

pub async fn file(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    id: web::Path<AttemptId>,
    Form(form): Form<FileForm>,
) -> Result<HttpResponse> {
    let (who, known, id) = (viewer.clone(), rules.clone(), *id);
    if let Some(problem) = self::rules::text_problem(&form.grounds) {
        let (attempt, result, standing) = {
            let (who, known) = (who.clone(), known.clone());
            db.read(move |conn| -> Result<_> {
                let (attempt, result) = known_result(conn, &who, id)?;
                let standing = standing(conn, &who, &known, &attempt, &result)?;
                Ok((attempt, result, standing))
            })
            .await?
        };
        let title = exam_rules::title(&rules, &attempt.exam);
        let mut problems = Problems::default();
        problems.add("grounds", problem);
        let page =
            pages::file(&viewer, &title, &attempt, &result, &standing, &form.grounds, &problems);
        return Err(Error::Again(Box::new(page)));
    }
    submit(&db, &viewer, &form.form_key, move |conn| {
        acts::file(conn, &who, &known, &head, id, form.grounds.trim())?;
        Ok(format!("/exams/attempts/{id}/result"))
    })
    .await
}

#[derive(Deserialize)]
pub struct Key {
    form_key: String,
}

pub async fn withdraw(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<AttemptId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (who, id) = (viewer.clone(), *id);
    submit(&db, &viewer, &form.form_key, move |conn| {
        acts::withdraw(conn, &who, id)?;
        Ok(format!("/exams/attempts/{id}/result"))
    })
    .await
}

/// An appeal with whom it is about.
pub struct Line {
    pub appeal: Appeal,
    pub attempt: Attempt,
    pub post: staff::Post,
}

/// Everything the page of one appeal shows.
pub struct Sheet {
    pub line: Line,
    pub result: Option<AttemptResult>,
    pub before: Vec<AttemptResult>,
    /// With who marks; each essay's marks in their order.
    pub markings: Vec<(Marking, Option<staff::Person>)>,
    pub has_essays: bool,
    /// Certificates in force that ask for this exam: they may rest on the result.
    pub certificates: Vec<crate::record::Fact>,
    /// What keeps the viewer from deciding.
    pub barred: Option<crate::i18n::Text>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    pub state: String,
    page: Option<usize>,
}

const PAGE: usize = 50;

impl ListQuery {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }
}

pub async fn list(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse> {
    let (who, asked) = (acting.clone(), query.clone());
    let mut lines = db.read(move |conn| acts::lines(conn, &who, &asked)).await?;
    let offset = (query.page() - 1) * PAGE;
    let has_more = lines.len() > offset + PAGE;
    lines = lines.into_iter().skip(offset).take(PAGE).collect();
    Ok(html(pages::list(&acting, &rules, &query, &lines, has_more)))
}

pub async fn one(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<AppealId>,
) -> Result<HttpResponse> {
    let (who, known, id) = (acting.clone(), rules.clone(), *id);
    let sheet = db.read(move |conn| acts::sheet(conn, &who, &known, id)).await?;
    Ok(html(pages::one(&acting, &rules, &sheet, ("", ""), &Problems::default())))
}

pub async fn remark(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    id: web::Path<AppealId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (who, id) = (acting.clone(), *id);
    submit(&db, &acting, &form.form_key, move |conn| {
        acts::remark(conn, &who, id)?;
        Ok(format!("/exams/appeals/{id}"))
    })
    .await
}

#[derive(Deserialize)]
pub struct DecideForm {
    form_key: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    reasons: String,
}

pub async fn decide(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    id: web::Path<AppealId>,
    Form(form): Form<DecideForm>,
) -> Result<HttpResponse> {
    let (who, known, id) = (acting.clone(), rules.clone(), *id);
    let outcome = Outcome::parse(&form.outcome).filter(|outcome| *outcome != Outcome::Withdrawn);
    let problem = self::rules::text_problem(&form.reasons);
    let (Some(outcome), None) = (outcome, &problem) else {
        let sheet = db.read(move |conn| acts::sheet(conn, &who, &known, id)).await?;
        let mut problems = Problems::default();
        if outcome.is_none() {
            problems.add("outcome", crate::text!("请选择结论。", "Choose an outcome."));
        }
        problem.into_iter().for_each(|problem| problems.add("reasons", problem));
        let given = (form.outcome.as_str(), form.reasons.as_str());
        let page = pages::one(&acting, &rules, &sheet, given, &problems);
        return Err(Error::Again(Box::new(page)));
    };
    let consequences = consequences.get_ref().clone();
    submit(&db, &acting, &form.form_key, move |conn| {
        let with = settle::With { rules: &known, consequences: &consequences };
        acts::decide(conn, &who, id, (outcome, form.reasons.trim()), with, &head)?;
        Ok(format!("/exams/appeals/{id}"))
    })
    .await
}

/// For the audit trail.
fn note(
    conn: &mut Conn,
    by: &Viewer,
    act: &str,
    id: AppealId,
    detail: serde_json::Value,
) -> Result<()> {
    Ok(audit::note(conn, Some(by.id), act, ("appeal", Some(id.0)), detail, by.now)?)
}
