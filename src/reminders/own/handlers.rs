//! Messages and choices.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::pages;
use crate::{
    access::{Viewer, audit, handlers::OnlyKey, submit},
    db::Db,
    mail::notice::{self, NoticeId},
    reminders::{
        defaults::ReminderRules,
        queries::{self, Choice, Rhythm},
    },
    web::{Error, Form, Result, html, redirect},
};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    pub page: Option<usize>,
}

const ROWS: usize = 30;

pub async fn notices(
    db: web::Data<Db>,
    viewer: Viewer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (id, page) = (viewer.id, asked.page.unwrap_or(1).clamp(1, 10_000));
    let offset = ((page - 1) * ROWS) as i64;
    let mut all = db.read(move |conn| notice::list(conn, id, ROWS as i64 + 1, offset)).await?;
    let has_more = all.len() > ROWS;
    all.truncate(ROWS);
    Ok(html(pages::notices(&viewer, &all, page, has_more)))
}

/// Leads to what a notice is about; it counts as read from then on.
pub async fn open(db: web::Data<Db>, viewer: Viewer, id: web::Path<i64>) -> Result<HttpResponse> {
    let (person, now) = (viewer.id, viewer.now);
    let path = db.write(move |conn| notice::open(conn, person, NoticeId(*id), now)).await?;
    let path = path.ok_or(Error::NotFound)?;
    Ok(redirect(path.as_deref().unwrap_or("/notices")))
}

pub async fn read_all(
    db: web::Data<Db>,
    viewer: Viewer,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let (person, now) = (viewer.id, viewer.now);
    submit(&db, &viewer, &form.form_key, move |conn| {
        notice::read_all(conn, person, now)?;
        Ok("/notices".to_owned())
    })
    .await
}

pub async fn choices(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    viewer: Viewer,
) -> Result<HttpResponse> {
    let id = viewer.id;
    let (choice, rules) = db
        .read(move |conn| -> Result<_> {
            Ok((queries::choice_of(conn, id)?, queries::rules_in_force(conn, &reminders)?))
        })
        .await?;
    Ok(html(pages::choices(&viewer, &choice, &rules)))
}

pub async fn choose(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    viewer: Viewer,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let value =
        |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, v)| v.as_str());
    let rhythm = value("rhythm").and_then(Rhythm::parse);
    let key = value("form_key").unwrap_or_default().to_owned();
    let codes = |name: &str| -> Vec<String> {
        fields.iter().filter(|(known, _)| known == name).map(|(_, code)| code.clone()).collect()
    };
    let (shown, wanted) = (codes("shown"), codes("wanted"));
    let (person, now) = (viewer.id, viewer.now);
    submit(&db, &viewer, &key, move |conn| {
        // Only what a rule allows can be declined; a form that says otherwise changes nothing. What
        // stood on no form stays as it was.
        let rules = queries::rules_in_force(conn, &reminders)?;
        let asked = rules.into_iter().filter(|rule| rule.optional && shown.contains(&rule.code));
        let declined = asked.map(|rule| rule.code).filter(|code| !wanted.contains(code));
        let mut opted_out = queries::choice_of(conn, person)?.opted_out;
        opted_out.retain(|code| !shown.contains(code));
        opted_out.extend(declined);
        let choice = Choice { rhythm, opted_out };
        queries::choose(conn, person, &choice, now)?;
        let detail = json!({ "rhythm": choice.rhythm, "opted_out": choice.opted_out });
        let subject = ("person", Some(person.0));
        audit::note(conn, Some(person), "choose-reminders", subject, detail, now)?;
        Ok("/reminders/choices".to_owned())
    })
    .await
}
