//! The outbox, for administrators of the whole group: mails of everybody, with the links in them.

use actix_web::{HttpResponse, http::header, web};
use serde::Deserialize;

use super::pages;
use crate::{
    access::{Administrator, ForAll, audit, handlers::OnlyKey, submit},
    db::{Conn, Db, Instant},
    mail::{
        Letterhead, MailDelivery, OutboxId, message,
        outbox::{self, Mail, Shown},
        pause::{self, Pause},
    },
    text,
    web::{Error, Form, Result, download, html, middleware},
};

/// The filter of the list, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct MailQuery {
    #[serde(default)]
    pub state: String,
    #[serde(default)]
    pub q: String,
    pub page: Option<usize>,
}

impl MailQuery {
    fn shown(&self) -> Shown {
        match self.state.as_str() {
            "waiting" => Shown::Waiting,
            "sent" => Shown::Sent,
            "parked" => Shown::Parked,
            "doubt" => Shown::InDoubt,
            _ => Shown::All,
        }
    }
}

/// A page of the outbox.
pub struct Mails {
    pub mails: Vec<Mail>,
    pub waiting: i64,
    pub parked: i64,
    pub in_doubt: i64,
    pub pause: Option<Pause>,
    pub page: usize,
    pub has_more: bool,
}

impl Mails {
    fn load(conn: &mut Conn, query: &MailQuery, now: Instant) -> Result<Mails> {
        const ROWS: usize = 50;
        let page = query.page.unwrap_or(1).clamp(1, 10_000);
        let offset = ((page - 1) * ROWS) as i64;
        let asked = (query.shown(), query.q.trim());
        let mut mails = outbox::search(conn, asked, now, ROWS as i64 + 1, offset)?;
        let has_more = mails.len() > ROWS;
        mails.truncate(ROWS);
        let (waiting, parked) = outbox::backlog(conn)?;
        let (in_doubt, pause) = (outbox::in_doubt(conn, now)?, pause::open(conn)?);
        Ok(Mails { mails, waiting, parked, in_doubt, pause, page, has_more })
    }
}

pub async fn list(
    db: web::Data<Db>,
    delivery: web::Data<MailDelivery>,
    admin: ForAll<Administrator>,
    query: web::Query<MailQuery>,
) -> Result<HttpResponse> {
    let (asked, now) = (query.clone(), admin.now);
    let mails = db.read(move |conn| Mails::load(conn, &asked, now)).await?;
    Ok(html(pages::list(&admin, &mails, &query, **delivery)))
}

async fn find(db: &Db, _: &ForAll<Administrator>, id: i64) -> Result<Mail> {
    db.read(move |conn| outbox::find(conn, OutboxId(id))?.ok_or(Error::NotFound)).await
}

pub async fn mail(
    db: web::Data<Db>,
    delivery: web::Data<MailDelivery>,
    admin: ForAll<Administrator>,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let mail = shown(find(&db, &admin, *id).await?, **delivery);
    let mut response = html(pages::mail(&admin, &mail, **delivery));
    // This page alone shows another of our own inside it.
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static(middleware::POLICY_WITH_OWN_FRAMES),
    );
    Ok(response)
}

/// The mail as its recipient sees it, for the frame on its page: it loads nothing, runs nothing,
/// and leads nowhere.
pub async fn preview(
    db: web::Data<Db>,
    delivery: web::Data<MailDelivery>,
    admin: ForAll<Administrator>,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let mail = shown(find(&db, &admin, *id).await?, **delivery);
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        ))
        .body(mail.body.html))
}

/// The mail as it goes over the wire.
pub async fn raw(
    db: web::Data<Db>,
    delivery: web::Data<MailDelivery>,
    head: web::Data<Letterhead>,
    admin: ForAll<Administrator>,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let mail = shown(find(&db, &admin, *id).await?, **delivery);
    let wire = message::compose(&mail, &head)
        .map_err(|unfit| Error::Refused(message::said(&unfit.to_string())))?;
    Ok(download(&format!("mail-{id}.eml"), "message/rfc822", wire.bytes))
}

/// The mail without the secrets in its links: whoever reads over a shoulder must not get into
/// somebody's account. Only while mails go nowhere are they shown, to be handed over.
fn shown(mut mail: Mail, delivery: MailDelivery) -> Mail {
    if !delivery.0 && mail.sent_at.is_none() {
        return mail;
    }
    for text in [&mut mail.body.plain, &mut mail.body.html] {
        *text = without_secrets(text);
    }
    mail.unsubscribe = mail.unsubscribe.map(|path| without_secrets(&path));
    mail
}

fn without_secrets(text: &str) -> String {
    ["/links/", "/mail/unsubscribe/"].iter().fold(text.to_owned(), |text, before| {
        let mut pieces = text.split(before);
        let mut hidden = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let secret = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            hidden.push_str(before);
            hidden.push_str("___");
            hidden.push_str(piece.trim_start_matches(secret));
        }
        hidden
    })
}

pub async fn send_again(
    db: web::Data<Db>,
    admin: ForAll<Administrator>,
    id: web::Path<i64>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        let id = OutboxId(*id);
        let mail = outbox::find(conn, id)?.ok_or(Error::NotFound)?;
        if outbox::send_again(conn, id, acting.now)? == 0 {
            return Err(Error::Refused(if mail.sent_at.is_some() {
                text!(
                    "这封邮件已经送达邮件服务器，不能再发。",
                    "The mail server has already accepted this mail; it cannot be sent again."
                )
            } else {
                text!(
                    "这封邮件正在发送，请稍候。",
                    "This mail is going out right now; wait a moment."
                )
            }));
        }
        pause::cut_short(conn, acting.now)?;
        let subject = ("outbox", Some(id.0));
        audit::note(conn, Some(acting.id), "send-mail-again", subject, (), acting.now)?;
        Ok(format!("/admin/mail/{id}"))
    })
    .await
}

/// Everything that was given up, once more.
pub async fn send_all_again(
    db: web::Data<Db>,
    admin: ForAll<Administrator>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        let count = outbox::send_all_again(conn, acting.now)?;
        pause::cut_short(conn, acting.now)?;
        let subject = ("outbox", None);
        audit::note(conn, Some(acting.id), "send-all-mail-again", subject, count, acting.now)?;
        Ok("/admin/mail?state=waiting".to_owned())
    })
    .await
}

/// Does not wait for the end of a pause.
pub async fn try_now(
    db: web::Data<Db>,
    admin: ForAll<Administrator>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        pause::cut_short(conn, acting.now)?;
        audit::note(conn, Some(acting.id), "try-mail-now", ("outbox", None), (), acting.now)?;
        Ok("/admin/mail".to_owned())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn secrets_in_links_are_hidden_and_nothing_else() {
        let text = "http://x/links/aB-_9\" or <http://x/mail/unsubscribe/s3cret/logbook>, /certificates/SF-1";
        let hidden =
            "http://x/links/___\" or <http://x/mail/unsubscribe/___/logbook>, /certificates/SF-1";
        assert_eq!(without_secrets(text), hidden);
    }
}
