//! Opting out of a kind of mail by the address in it, without signing in (RFC 8058).
//!
//! A mail program posts `List-Unsubscribe=One-Click` to it; a person who opens it is asked first,
//! because programs that check links open them too.

use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use crate::{
    access::audit,
    db::{self, Conn, Db, Instant},
    i18n::{Lang, Text},
    mail::choices,
    reminders::{defaults::ReminderRules, queries},
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

/// What mails of a kind are about, as the rule that sends them is called now.
fn about(
    conn: &mut Conn,
    reminders: &ReminderRules,
    kind: &str,
) -> std::result::Result<Option<Text>, db::Error> {
    let rules = queries::rules_in_force(conn, reminders)?;
    Ok(rules.into_iter().find(|rule| rule.code == kind).map(|rule| rule.title))
}

pub async fn page(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    reader: Reader,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (secret, kind) = path.into_inner();
    let kind = checked(&kind)?;
    let (out, about) = db
        .read(move |conn| -> Result<_> {
            let person = choices::person_by_secret(conn, &secret)?.ok_or(Error::NotFound)?;
            let out = choices::opted_out(conn, person)?.contains(&kind);
            Ok((out, about(conn, &reminders, &kind)?))
        })
        .await?;
    Ok(html(shown(&reader, about.as_ref(), out)))
}

/// A mail program may send its wish in any form; without `back`, which the button sends that takes
/// it back, it is a wish to opt out.
pub async fn choose(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    reader: Reader,
    now: Now,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> Result<HttpResponse> {
    let (secret, kind) = path.into_inner();
    let out = !form_urlencoded::parse(&body).any(|(name, _)| name == "back");
    let kind = checked(&kind)?;
    let about = db
        .write(move |conn| -> Result<_> {
            set(conn, &secret, &kind, out, now.0)?;
            Ok(about(conn, &reminders, &kind)?)
        })
        .await?;
    Ok(html(shown(&reader, about.as_ref(), out)))
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

fn shown(reader: &Reader, about: Option<&Text>, out: bool) -> Markup {
    let lang = reader.lang;
    let title = t!(lang, "邮件退订", "Stop mails");
    let what = match about {
        Some(about) => {
            let about = about.get(lang);
            t!(lang, "“{about}”提醒邮件", "mails about “{about}”")
        }
        None => t!(lang, "这类邮件", "mails of this kind"),
    };
    let shell = Shell { reader: reader.clone(), nav: Vec::new(), who: None, unread: 0 };
    shell.page(
        &title,
        &[],
        None,
        html! {
            h1.page-title.mb-3 { (title) }
            (card("", if out { done(lang, &what) } else { question(lang, &what) }))
        },
    )
}

fn question(lang: Lang, what: &str) -> Markup {
    html! {
        p { (t!(lang, "不再接收{what}吗？其他提醒照常发送，规定必须通知本人的事项也会照常通知。", "Stop {what}? Other reminders still come, and so does what you must be told.")) }
        form method="post" { button.btn.btn-primary type="submit" { (t!(lang, "不再接收", "Stop them")) } }
    }
}

fn done(lang: Lang, what: &str) -> Markup {
    html! {
        (alert(Tone::Good, t!(lang, "已退订，不会再给您发{what}。", "Done: you will get no more {what}.")))
        form method="post" {
            input type="hidden" name="back" value="1";
            button.btn type="submit" { (t!(lang, "恢复接收", "Get them again")) }
        }
    }
}
