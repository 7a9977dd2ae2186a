//! The outbox, for administrators.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::pages;
use crate::{
    access::{Acting, Administrator, audit, handlers::OnlyKey, submit},
    db::Db,
    mail::{MailDelivery, OutboxId, outbox},
    text,
    web::{Error, Form, Result, html},
};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct MailQuery {
    #[serde(default)]
    pub state: String,
    pub page: Option<usize>,
}

impl MailQuery {
    fn shown(&self) -> outbox::Shown {
        match self.state.as_str() {
            "waiting" => outbox::Shown::Waiting,
            "sent" => outbox::Shown::Sent,
            "parked" => outbox::Shown::Parked,
            _ => outbox::Shown::All,
        }
    }
}

pub async fn mails(
    db: web::Data<Db>,
    delivery: web::Data<MailDelivery>,
    admin: Acting<Administrator>,
    query: web::Query<MailQuery>,
) -> Result<HttpResponse> {
    const ROWS: usize = 50;
    let (shown, page) = (query.shown(), query.page.unwrap_or(1).clamp(1, 10_000));
    let offset = ((page - 1) * ROWS) as i64;
    let (mut mails, backlog) = db
        .read(move |conn| -> Result<_> {
            let mails = outbox::list(conn, shown, ROWS as i64 + 1, offset)?;
            Ok((mails, outbox::backlog(conn)?))
        })
        .await?;
    let has_more = mails.len() > ROWS;
    mails.truncate(ROWS);
    let list = pages::Mails { mails, backlog, state: &query.state, page, has_more };
    Ok(html(pages::mails(&admin, &list, **delivery)))
}

pub async fn mail(
    db: web::Data<Db>,
    delivery: web::Data<MailDelivery>,
    admin: Acting<Administrator>,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let found = db.read(move |conn| outbox::find(conn, OutboxId(*id))).await?;
    Ok(html(pages::mail(&admin, &found.ok_or(Error::NotFound)?, **delivery)))
}

pub async fn send_again(
    db: web::Data<Db>,
    admin: Acting<Administrator>,
    id: web::Path<i64>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        let id = OutboxId(*id);
        outbox::find(conn, id)?.ok_or(Error::NotFound)?;
        if outbox::send_again(conn, id, acting.now)? == 0 {
            return Err(Error::Refused(text!(
                "这封邮件已经送达邮件服务器，不能再发。",
                "The mail server has already accepted this mail; it cannot be sent again."
            )));
        }
        let subject = ("outbox", Some(id.0));
        audit::note(conn, Some(acting.id), "send-mail-again", subject, (), acting.now)?;
        Ok(format!("/admin/mail/{id}"))
    })
    .await
}
