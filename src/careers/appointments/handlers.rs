//! Form in, page or redirect out.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use validator::Validate;

use super::{
    acts, pages,
    views::{AppointmentView, Asked, BoardView},
};
use crate::{
    access::{Acting, Hr, Promoting, submit},
    careers::acts::Tools,
    db::Db,
    mail::Letterhead,
    record::{Consequences, FactId, Rules},
    text,
    web::{Error, Form, Problems, Result, download, html},
};

pub async fn board(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Promoting>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let view = BoardView::load(conn, &rules, &acting, &asked)?;
        Ok(pages::board(&acting, &rules, &view))
    });
    Ok(html(page.await?))
}

pub async fn file(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Promoting>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let bytes = db.read(move |conn| -> Result<_> {
        let view = BoardView::load(conn, &rules, &acting, &asked)?;
        pages::file(&acting, &rules, &view)
    });
    Ok(download("appointments.csv", "text/csv; charset=utf-8", bytes.await?))
}

pub async fn one(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Promoting>,
    id: web::Path<FactId>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let view = AppointmentView::load(conn, &rules, &acting, *id)?;
        Ok(pages::one(&acting, &rules, &view, &Problems::default()))
    });
    Ok(html(page.await?))
}

/// The page again, with what is wrong in a form on it.
async fn again(db: &Db, rules: Rules, hr: &Acting<Hr>, id: FactId, problems: Problems) -> Error {
    let viewer = (**hr).clone();
    let page = db.read(move |conn| -> Result<_> {
        let acting = Acting::<Promoting>::of(viewer)?;
        let view = AppointmentView::load(conn, &rules, &acting, id)?;
        Ok(pages::one(&acting, &rules, &view, &problems))
    });
    match page.await {
        Ok(page) => Error::Again(Box::new(page)),
        Err(error) => error,
    }
}

#[derive(Clone, Deserialize, Validate)]
pub struct Review {
    form_key: String,
    #[validate(length(min = 1, max = 4000))]
    found: String,
}

pub async fn review(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    letterhead: web::Data<Letterhead>,
    hr: Acting<Hr>,
    id: web::Path<FactId>,
    Form(form): Form<Review>,
) -> Result<HttpResponse> {
    let (id, problems) = (*id, Problems::of(&form));
    if !problems.is_empty() {
        return Err(again(&db, rules, &hr, id, problems).await);
    }
    let tools = Tools::new(&rules, &consequences, &letterhead);
    let by = hr.clone();
    submit(&db, &hr, &form.form_key.clone(), move |conn| {
        acts::review(conn, &tools, &by, id, form.found.trim())?;
        Ok(format!("/promotion/appointments/{id}"))
    })
    .await
}

#[derive(Clone, Deserialize, Validate)]
pub struct End {
    form_key: String,
    #[serde(default)]
    last_day: String,
    #[validate(length(min = 1, max = 2000))]
    why: String,
}

pub async fn end(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    letterhead: web::Data<Letterhead>,
    hr: Acting<Hr>,
    id: web::Path<FactId>,
    Form(form): Form<End>,
) -> Result<HttpResponse> {
    let (id, mut problems) = (*id, Problems::of(&form));
    let last_day = form.last_day.trim().parse::<NaiveDate>();
    if last_day.is_err() {
        problems.add(
            "last_day",
            text!("请填写日期，例如 2026-12-31。", "Enter a date such as 2026-12-31."),
        );
    }
    let (Ok(last_day), true) = (last_day, problems.is_empty()) else {
        return Err(again(&db, rules, &hr, id, problems).await);
    };
    let tools = Tools::new(&rules, &consequences, &letterhead);
    let by = hr.clone();
    submit(&db, &hr, &form.form_key.clone(), move |conn| {
        acts::end(conn, &tools, &by, id, last_day, form.why.trim())?;
        Ok(format!("/promotion/appointments/{id}"))
    })
    .await
}
