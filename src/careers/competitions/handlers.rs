//! Form in, page or redirect out.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

use super::{
    acts, pages,
    views::{Asked, ListView, ResultView},
};
use crate::{
    access::{Acting, Hr, submit},
    careers::{acts::Tools, handlers::day_from_now},
    db::Db,
    mail::Letterhead,
    record::{Consequences, FactId, Rules},
    web::{Error, Form, Problems, Result, download, html},
};

pub async fn list(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let view = ListView::load(conn, &rules, &hr, &asked)?;
        Ok(pages::list(&hr, &rules, &view))
    });
    Ok(html(page.await?))
}

pub async fn file(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let bytes = db.read(move |conn| -> Result<_> {
        let view = ListView::load(conn, &rules, &hr, &asked)?;
        pages::file(&hr, &rules, &view)
    });
    Ok(download("competitions.csv", "text/csv; charset=utf-8", bytes.await?))
}

pub async fn one(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    id: web::Path<FactId>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let view = ResultView::load(conn, &rules, &hr, *id)?;
        Ok(pages::one(&hr, &rules, &view, &Problems::default()))
    });
    Ok(html(page.await?))
}

#[derive(Clone, Deserialize, Validate)]
pub struct Raise {
    form_key: String,
    #[serde(default)]
    effective_on: String,
    #[validate(length(min = 1, max = 2000))]
    reason: String,
}

pub async fn raise(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    letterhead: web::Data<Letterhead>,
    hr: Acting<Hr>,
    id: web::Path<FactId>,
    Form(form): Form<Raise>,
) -> Result<HttpResponse> {
    let (id, mut problems) = (*id, Problems::of(&form));
    let effective_on = day_from_now(&form.effective_on, hr.today, &mut problems);
    if !problems.is_empty() {
        let page = db.read(move |conn| -> Result<_> {
            let view = ResultView::load(conn, &rules, &hr, id)?;
            Ok(pages::one(&hr, &rules, &view, &problems))
        });
        return Err(Error::Again(Box::new(page.await?)));
    }
    let tools = Tools::new(&rules, &consequences, &letterhead);
    let by = hr.clone();
    submit(&db, &hr, &form.form_key.clone(), move |conn| {
        acts::raise(conn, &tools, &by, id, effective_on, form.reason.trim())?;
        Ok(format!("/promotion/competitions/{id}"))
    })
    .await
}
