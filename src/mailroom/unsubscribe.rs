//! Opting out of a kind of mail by the address in it, without signing in (RFC 8058).
//!
//! A mail program posts `List-Unsubscribe=One-Click` to it; a person who opens it is asked first,
//! because programs that check links open them too.

use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use crate::{
    access::audit,
    db::{Conn, Db, Instant},
    i18n::Lang,
    mail::choices,
    t,
    web::{
        Error, Now, Reader, Result, Shell,
        components::{Tone, alert, card},
        html,
    },
};

/// Kinds of mail are named in small letters, digits and hyphens.
fn checked(kind: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = !kind.is_empty() && kind.len() <= 64 && kind.chars().all(plain);
    if fits { Ok(kind.to_owned()) } else { Err(Error::NotFound) }
}

pub async fn page(
    db: web::Data<Db>,
    reader: Reader,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (secret, kind) = path.into_inner();
    let kind = checked(&kind)?;
    let asked = kind.clone();
    let out = db
        .read(move |conn| -> Result<_> {
            let person = choices::person_by_secret(conn, &secret)?.ok_or(Error::NotFound)?;
            Ok(choices::opted_out(conn, person)?.contains(&asked))
        })
        .await?;
    Ok(html(shown(&reader, out)))
}

/// A mail program may send its wish in any form; without `back`, which the button sends that takes
/// it back, it is a wish to opt out.
pub async fn choose(
    db: web::Data<Db>,
    reader: Reader,
    now: Now,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> Result<HttpResponse> {
    let (secret, kind) = path.into_inner();
    let out = !form_urlencoded::parse(&body).any(|(name, _)| name == "back");
    let kind = checked(&kind)?;
    db.write(move |conn| set(conn, &secret, &kind, out, now.0)).await?;
    Ok(html(shown(&reader, out)))
}

fn set(conn: &mut Conn, secret: &str, kind: &str, out: bool, now: Instant) -> Result<()> {
    let person = choices::person_by_secret(conn, secret)?.ok_or(Error::NotFound)?;
    // The same wish a second time changes nothing.
    if choices::set_opted_out(conn, person, (kind, out), now)? {
        let act = if out { "opt-out-of-mail" } else { "opt-in-to-mail" };
        audit::note(conn, Some(person), act, ("person", Some(person.0)), kind, now)?;
    }
    Ok(())
}

fn shown(reader: &Reader, out: bool) -> Markup {
    let lang = reader.lang;
    let title = t!(lang, "邮件退订", "Mails of this kind");
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    shell.page(
        &title,
        &[],
        None,
        html! {
            h1.page-title.mb-3 { (title) }
            (card("", if out { done(lang) } else { question(lang) }))
        },
    )
}

fn question(lang: Lang) -> Markup {
    html! {
        p { (t!(lang, "不再接收这类邮件吗？其他提醒照常发送，规定必须通知本人的事项也会照常通知。", "Stop mails of this kind? Other reminders still come, and so does what you must be told.")) }
        form method="post" { button.btn.btn-primary type="submit" { (t!(lang, "不再接收", "Stop them")) } }
    }
}

fn done(lang: Lang) -> Markup {
    html! {
        (alert(Tone::Good, t!(lang, "已退订，不会再给您发这类邮件。", "Done: you will get no more mails of this kind.")))
        form method="post" {
            input type="hidden" name="back" value="1";
            button.btn type="submit" { (t!(lang, "恢复接收", "Get them again")) }
        }
    }
}
