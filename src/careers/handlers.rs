//! Form in, page or redirect out.

use actix_web::{HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use validator::Validate;

use super::{
    acts::{self, Ruling, Tools},
    boards::{self, Asked},
    model::{CandidacyId, Outcome},
    pages, queries,
    rules::is_appointment,
    views::{PathView, StoryView, today_at, way_of},
};
use crate::{
    access::{Acting, Hr, Manager, Promoting, Viewer, submit},
    db::Db,
    mail::Letterhead,
    record::{Consequences, PersonId, Rules},
    text,
    web::{Error, Form, Problems, Result, download, html},
};

pub async fn my_path(db: web::Data<Db>, rules: Rules, viewer: Viewer) -> Result<HttpResponse> {
    let id = viewer.id;
    path_of(db, rules, viewer, id).await
}

pub async fn path_of_person(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<PersonId>,
) -> Result<HttpResponse> {
    path_of(db, rules, viewer, *id).await
}

async fn path_of(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: PersonId,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let post = viewer.post(conn, id)?;
        let view = PathView::load(conn, &rules, post, viewer.now)?;
        Ok(pages::path(&viewer, &rules, &view))
    });
    Ok(html(page.await?))
}

/// Which step, and for whom: oneself when nobody is named.
#[derive(Clone, Deserialize)]
pub struct Chosen {
    path: String,
    person: Option<PersonId>,
}

pub async fn application(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    chosen: web::Query<Chosen>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let post = viewer.post(conn, viewer.id)?;
        let way = way_of(conn, &rules, &post, &chosen.path, viewer.now)?;
        Ok(pages::application(&viewer, &rules, &post, &way, "", &Problems::default()))
    });
    Ok(html(page.await?))
}

pub async fn nomination(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    chosen: web::Query<Chosen>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let post = hr.other_person(conn, chosen.person.ok_or(Error::NotFound)?)?;
        let way = way_of(conn, &rules, &post, &chosen.path, hr.now)?;
        Ok(pages::application(&hr, &rules, &post, &way, "", &Problems::default()))
    });
    Ok(html(page.await?))
}

#[derive(Clone, Deserialize, Validate)]
pub struct Apply {
    form_key: String,
    path: String,
    #[serde(default)]
    person: Option<PersonId>,
    #[validate(length(min = 1, max = 4000))]
    statement: String,
}

pub async fn apply(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    Form(form): Form<Apply>,
) -> Result<HttpResponse> {
    let problems = Problems::of(&form);
    if !problems.is_empty() {
        let page = db.read(move |conn| -> Result<_> {
            let post = viewer.post(conn, viewer.id)?;
            let way = way_of(conn, &rules, &post, &form.path, viewer.now)?;
            Ok(pages::application(&viewer, &rules, &post, &way, &form.statement, &problems))
        });
        return Err(Error::Again(Box::new(page.await?)));
    }
    let by = viewer.clone();
    submit(&db, &viewer, &form.form_key.clone(), move |conn| {
        let post = by.post(conn, by.id)?;
        let id = acts::apply(conn, &rules, &by, &post, &form.path, form.statement.trim())?;
        Ok(format!("/candidacies/{id}"))
    })
    .await
}

pub async fn nominate(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    Form(form): Form<Apply>,
) -> Result<HttpResponse> {
    let person = form.person.ok_or(Error::NotFound)?;
    let problems = Problems::of(&form);
    if !problems.is_empty() {
        let page = db.read(move |conn| -> Result<_> {
            let post = hr.other_person(conn, person)?;
            let way = way_of(conn, &rules, &post, &form.path, hr.now)?;
            Ok(pages::application(&hr, &rules, &post, &way, &form.statement, &problems))
        });
        return Err(Error::Again(Box::new(page.await?)));
    }
    let by = hr.clone();
    submit(&db, &hr, &form.form_key.clone(), move |conn| {
        let post = by.other_person(conn, person)?;
        let id = acts::apply(conn, &rules, &by, &post, &form.path, form.statement.trim())?;
        Ok(format!("/candidacies/{id}"))
    })
    .await
}

pub async fn candidacy(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<CandidacyId>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let view = StoryView::load(conn, &rules, &viewer, *id)?;
        Ok(pages::candidacy(&viewer, &rules, &view, &Problems::default()))
    });
    Ok(html(page.await?))
}

/// The candidacy's page again, with what is wrong in a form on it.
async fn candidacy_again(
    db: &Db,
    rules: Rules,
    viewer: Viewer,
    id: CandidacyId,
    problems: Problems,
) -> Error {
    let page = db.read(move |conn| -> Result<_> {
        let view = StoryView::load(conn, &rules, &viewer, id)?;
        Ok(pages::candidacy(&viewer, &rules, &view, &problems))
    });
    match page.await {
        Ok(page) => Error::Again(Box::new(page)),
        Err(error) => error,
    }
}

#[derive(Clone, Deserialize, Validate)]
pub struct Recommend {
    form_key: String,
    supports: bool,
    #[validate(length(min = 1, max = 2000))]
    note: String,
}

pub async fn recommend(
    db: web::Data<Db>,
    rules: Rules,
    manager: Acting<Manager>,
    id: web::Path<CandidacyId>,
    Form(form): Form<Recommend>,
) -> Result<HttpResponse> {
    let (id, problems) = (*id, Problems::of(&form));
    if !problems.is_empty() {
        return Err(candidacy_again(&db, rules, (*manager).clone(), id, problems).await);
    }
    let by = manager.clone();
    submit(&db, &manager, &form.form_key.clone(), move |conn| {
        acts::recommend(conn, &by, id, form.supports, form.note.trim())?;
        Ok(format!("/candidacies/{id}"))
    })
    .await
}

#[derive(Clone, Deserialize, Validate)]
pub struct Decide {
    form_key: String,
    outcome: Outcome,
    #[serde(default)]
    effective_on: String,
    /// The last day of an appointment, where the rules leave its length open.
    #[serde(default)]
    through: String,
    #[validate(length(min = 1, max = 2000))]
    reason: String,
}

/// The last day of an appointment, where the rules do not say how long it is.
fn last_day(
    form: &Decide,
    rules: &Rules,
    path: &str,
    from: NaiveDate,
    problems: &mut Problems,
) -> Option<NaiveDate> {
    let open = rules.path(path).is_some_and(|(_, path)| {
        path.term_months.is_none() && is_appointment(path, rules.context())
    });
    if !open || form.outcome != Outcome::Promoted {
        return None;
    }
    let day = form.through.trim().parse::<NaiveDate>().ok().filter(|day| *day >= from);
    if day.is_none() {
        problems.add(
            "through",
            text!(
                "请填聘期的最后一天，不早于生效日期。",
                "Enter the last day of the term, not before its first."
            ),
        );
    }
    day
}

/// A promotion may begin today or within a year.
fn effective_day(form: &Decide, today: NaiveDate, problems: &mut Problems) -> NaiveDate {
    if form.outcome != Outcome::Promoted {
        return today;
    }
    day_from_now(&form.effective_on, today, problems)
}

/// The day a grade is given from: today or within a year.
pub fn day_from_now(written: &str, today: NaiveDate, problems: &mut Problems) -> NaiveDate {
    match written.trim().parse::<NaiveDate>() {
        Ok(day) if day >= today && day <= today + Days::new(366) => day,
        _ => {
            problems.add(
                "effective_on",
                text!("请填今天或一年内的日期。", "A day from today on, within a year."),
            );
            today
        }
    }
}

pub async fn decide(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    letterhead: web::Data<Letterhead>,
    hr: Acting<Hr>,
    id: web::Path<CandidacyId>,
    Form(form): Form<Decide>,
) -> Result<HttpResponse> {
    let id = *id;
    if form.outcome == Outcome::Withdrawn {
        return Err(Error::Forbidden);
    }
    let (asking, reading) = (hr.clone(), rules.clone());
    let (today, path) = db
        .read(move |conn| -> Result<_> {
            let story = queries::story(conn, id)?.ok_or(Error::NotFound)?;
            let post = asking.other_person(conn, story.candidacy.person_id)?;
            Ok((today_at(&post.site, asking.now), story.candidacy.path))
        })
        .await?;
    let mut problems = Problems::of(&form);
    let effective_on = effective_day(&form, today, &mut problems);
    let through = last_day(&form, &rules, &path, effective_on, &mut problems);
    if !problems.is_empty() {
        return Err(candidacy_again(&db, reading, (*hr).clone(), id, problems).await);
    }
    let tools = Tools::new(&rules, &consequences, &letterhead);
    let by = hr.clone();
    submit(&db, &hr, &form.form_key.clone(), move |conn| {
        let reason = form.reason.trim().to_owned();
        let ruling = Ruling { outcome: form.outcome, effective_on, through, reason };
        acts::decide(conn, &tools, &by, id, &ruling)?;
        Ok(format!("/candidacies/{id}"))
    })
    .await
}

#[derive(Clone, Deserialize, Validate)]
pub struct Withdraw {
    form_key: String,
    #[serde(default)]
    #[validate(length(max = 2000))]
    reason: String,
}

pub async fn withdraw(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<CandidacyId>,
    Form(form): Form<Withdraw>,
) -> Result<HttpResponse> {
    let (id, problems) = (*id, Problems::of(&form));
    if !problems.is_empty() {
        return Err(candidacy_again(&db, rules, viewer, id, problems).await);
    }
    let by = viewer.clone();
    submit(&db, &viewer, &form.form_key.clone(), move |conn| {
        acts::withdraw(conn, &rules, &by, id, form.reason.trim())?;
        Ok(format!("/candidacies/{id}"))
    })
    .await
}

pub async fn promotion(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Promoting>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| -> Result<_> {
        let view = boards::BoardView::load(conn, &rules, &acting, &asked)?;
        Ok(boards::page(&acting, &rules, &view))
    });
    Ok(html(page.await?))
}

pub async fn promotion_file(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Promoting>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let bytes = db.read(move |conn| -> Result<_> {
        let view = boards::BoardView::load(conn, &rules, &acting, &asked)?;
        boards::file(&acting, &rules, &view)
    });
    Ok(download("promotion.csv", "text/csv; charset=utf-8", bytes.await?))
}
