//! Requests of those who watch over a sitting.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{acts, pages, queries};
use crate::{
    access::{Viewer, submit},
    db::{Conn, Db},
    exams::{
        attempts::model::AttemptId,
        sittings::{Invigilating, model::Phase, planning::reason},
    },
    record::{Consequences, Rules},
    text,
    web::{Error, Form, Result, html},
};

pub async fn live(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let (watch, rows) = looked(&db, viewer, code.into_inner()).await?;
    Ok(html(pages::live(&watch, &rules, &rows)))
}

/// The rows alone, for the script that refreshes them.
pub async fn rows(
    viewer: Viewer,
    db: web::Data<Db>,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let (watch, rows) = looked(&db, viewer, code.into_inner()).await?;
    Ok(html(pages::fragment(&watch, &rows)))
}

async fn looked(
    db: &Db,
    viewer: Viewer,
    code: String,
) -> Result<(Invigilating, Vec<queries::Row>)> {
    db.read(move |conn| {
        let watch = Invigilating::of(conn, &viewer, &code)?;
        let rows = queries::rows(conn, watch.sitting.id, viewer.today)?;
        Ok((watch, rows))
    })
    .await
}

#[derive(Clone, Deserialize)]
pub struct ActForm {
    form_key: String,
    /// One attempt; all that are running when it is empty.
    #[serde(default)]
    attempt: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    why: String,
}

impl ActForm {
    fn whom(&self) -> Result<acts::Whom> {
        match self.attempt.as_str() {
            "" => Ok(None),
            id => id.parse().map(AttemptId).map(Some).map_err(|_| Error::NotFound),
        }
    }

    fn minutes(&self) -> Result<i64> {
        const MOST: i64 = 240;
        let minutes = self.minutes.trim().parse().ok().filter(|n| (1..=MOST).contains(n));
        minutes.ok_or_else(|| {
            Error::Invalid(text!(
                "请填 1 到 {MOST} 之间的分钟数。",
                "A number of minutes from 1 to {MOST}."
            ))
        })
    }
}

/// Does one thing to the attempts that are meant, in one transaction, and leads back to the room.
async fn act<F>(
    db: &Db,
    viewer: Viewer,
    code: String,
    form: ActForm,
    work: F,
) -> Result<HttpResponse>
where
    F: FnOnce(&mut Conn, &Invigilating, &ActForm) -> Result<()> + Send + 'static,
{
    let (who, key) = (viewer.clone(), form.form_key.clone());
    submit(db, &viewer, &key, move |conn| {
        let watch = Invigilating::of(conn, &who, &code)?;
        if matches!(watch.sitting.phase(who.now), Phase::Planned | Phase::Cancelled) {
            return Err(Error::Refused(text!(
                "场次还没有开考，或已取消。",
                "The sitting has not opened yet, or it is cancelled."
            )));
        }
        work(conn, &watch, &form)?;
        Ok(format!("{}/live", watch.sitting.path()))
    })
    .await
}

pub async fn pause(
    viewer: Viewer,
    db: web::Data<Db>,
    code: web::Path<String>,
    Form(form): Form<ActForm>,
) -> Result<HttpResponse> {
    act(&db, viewer, code.into_inner(), form, |conn, watch, form| {
        acts::pause(conn, watch, form.whom()?, form.why.trim())
    })
    .await
}

pub async fn resume(
    viewer: Viewer,
    db: web::Data<Db>,
    code: web::Path<String>,
    Form(form): Form<ActForm>,
) -> Result<HttpResponse> {
    act(&db, viewer, code.into_inner(), form, |conn, watch, form| {
        acts::resume(conn, watch, form.whom()?)
    })
    .await
}

pub async fn extra(
    viewer: Viewer,
    db: web::Data<Db>,
    code: web::Path<String>,
    Form(form): Form<ActForm>,
) -> Result<HttpResponse> {
    act(&db, viewer, code.into_inner(), form, |conn, watch, form| {
        acts::extra(conn, watch, form.whom()?, form.minutes()?, &reason(&form.why)?)
    })
    .await
}

pub async fn close(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    code: web::Path<String>,
    Form(form): Form<ActForm>,
) -> Result<HttpResponse> {
    act(&db, viewer, code.into_inner(), form, move |conn, watch, form| {
        let (why, with) = (reason(&form.why)?, (&rules, consequences.get_ref()));
        match form.whom()? {
            None => acts::close_sitting(conn, watch, &why, with),
            whom => acts::close(conn, watch, whom, &why, with),
        }
    })
    .await
}
