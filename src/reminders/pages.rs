//! How the outbox looks.

use maud::{Markup, html};

use crate::{
    access::Viewer,
    i18n::{self, Lang},
    mail::{MailDelivery, outbox::Mail},
    t,
    web::{
        Crumb,
        components::{
            Tone, alert, badge, button_form, card, card_with, definitions, empty, figure, heading,
            icon, pager, table,
        },
        forms::new_key,
    },
};

pub(super) fn administration(lang: Lang) -> Crumb {
    Crumb::new("/admin", t!(lang, "管理", "Administration"))
}

/// A page of the outbox.
pub struct Mails<'a> {
    pub mails: Vec<Mail>,
    /// How many wait, and how many were given up.
    pub backlog: (i64, i64),
    pub state: &'a str,
    pub page: usize,
    pub has_more: bool,
}

/// Says so when mails are only kept.
pub(super) fn delivery_notice(lang: Lang, delivery: MailDelivery) -> Markup {
    html! {
        @if !delivery.0 {
            (alert(Tone::Warn, t!(lang, "没有配置邮件服务器：邮件只保存在这里，不会发出。请在设置中填写 [smtp]，或用 SHIFU_SMTP_HOST 等变量。", "No mail server is configured: mails are only kept here and go nowhere. Fill in [smtp] in the settings, or SHIFU_SMTP_HOST and the like.")))
        }
    }
}

fn state_of(lang: Lang, mail: &Mail) -> Markup {
    match (mail.sent_at, mail.parked_at) {
        (Some(_), _) => badge(Tone::Good, t!(lang, "已发送", "Sent")),
        (None, Some(_)) => badge(Tone::Bad, t!(lang, "已搁置", "Given up")),
        (None, None) if mail.tries > 0 => {
            badge(Tone::Warn, t!(lang, "等待重试", "Waiting to try again"))
        }
        (None, None) => badge(Tone::Info, t!(lang, "等待发送", "Waiting")),
    }
}

pub fn mails(viewer: &Viewer, list: &Mails<'_>, delivery: MailDelivery) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "邮件", "Mail");
    let (waiting, parked) = list.backlog;
    let tone = |count, tone| if count > 0 { tone } else { Tone::Good };
    let tabs = [
        ("", t!(lang, "全部", "All")),
        ("waiting", t!(lang, "等待中", "Waiting")),
        ("sent", t!(lang, "已发送", "Sent")),
        ("parked", t!(lang, "已搁置", "Given up")),
    ];
    viewer.page(&title, &[administration(lang)], html! {
        (heading(&title, t!(lang, "系统写给员工的每一封邮件。", "Every mail the system wrote."), html! {
            a.btn href="/admin/reminders" { (icon("bell")) (t!(lang, "提醒", "Reminders")) }
        }))
        (delivery_notice(lang, delivery))
        div.row.row-cards.mb-3 {
            (figure("/admin/mail?state=waiting", &t!(lang, "等待中", "Waiting"), waiting, tone(waiting, Tone::Info)))
            (figure("/admin/mail?state=parked", &t!(lang, "已搁置", "Given up"), parked, tone(parked, Tone::Bad)))
        }
        (card_with("", html! {
            nav.btn-list aria-label=(t!(lang, "状态", "State")) { @for (word, label) in &tabs {
                a.btn.btn-sm .active[*word == list.state] aria-current=[(*word == list.state).then_some("page")] href={ "/admin/mail?state=" (word) } { (label) }
            } }
        }, html! {
            @if list.mails.is_empty() { (empty("mail", &t!(lang, "没有邮件", "No mail here"), t!(lang, "换一个状态看看。", "Look at another state."))) }
            @else { (mail_table(viewer, &list.mails)) (pager(lang, list.page, list.has_more, &[("state", list.state)])) }
        }))
    })
}

fn mail_table(viewer: &Viewer, mails: &[Mail]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "主题", "Subject"),
        t!(lang, "收件人", "To"),
        t!(lang, "写于", "Written"),
        t!(lang, "状态", "State"),
    ];
    let rows = mails.iter().map(|mail| {
        vec![
            html! { a href={ "/admin/mail/" (mail.id) } { (mail.subject) } },
            html! { (mail.recipient) },
            html! { (i18n::instant(lang, mail.created_at.utc(), viewer.zone)) },
            html! { (state_of(lang, mail)) @if let (None, Some(why)) = (mail.sent_at, &mail.last_error) { div.small.text-secondary { (why) } } },
        ]
    });
    table(&headers, rows)
}

pub fn mail(viewer: &Viewer, mail: &Mail, delivery: MailDelivery) -> Markup {
    let lang = viewer.lang();
    let crumbs = [administration(lang), Crumb::new("/admin/mail", t!(lang, "邮件", "Mail"))];
    let moment = |at: crate::db::Instant| i18n::instant(lang, at.utc(), viewer.zone);
    let mut lines = vec![
        (t!(lang, "收件人", "To"), html! { (mail.recipient) }),
        (t!(lang, "写于", "Written"), html! { (moment(mail.created_at)) }),
        (t!(lang, "尝试次数", "Tries"), html! { (mail.tries) }),
        ("Message-ID".to_owned(), html! { code.text-break { (mail.message_id) } }),
    ];
    if let Some(sent) = mail.sent_at {
        lines.push((t!(lang, "发送于", "Sent"), html! { (moment(sent)) }));
    } else if mail.parked_at.is_none() {
        lines.push((t!(lang, "下次尝试", "Next try"), html! { (moment(mail.next_try_at)) }));
    }
    if let Some(why) = &mail.last_error {
        lines.push((t!(lang, "上次失败的原因", "Why it failed"), html! { (why) }));
    }
    viewer.page(&mail.subject, &crumbs, html! {
        (heading(&mail.subject, state_of(lang, mail), html! {
            @if mail.sent_at.is_none() {
                (button_form(&format!("/admin/mail/{}/again", mail.id), &new_key(), "", html! { (icon("refresh")) (t!(lang, "立即再发", "Send again now")) }))
            }
        }))
        (delivery_notice(lang, delivery))
        (card("", definitions(lines)))
        (card(&t!(lang, "内容", "Text"), html! { pre.mail-text { (readable(lang, mail, delivery)) } }))
    })
}

/// The text, without the secret of a one-time link: whoever reads over a shoulder must not get
/// into somebody's account. Only while mails go nowhere is it shown, to be handed over.
fn readable(lang: Lang, mail: &Mail, delivery: MailDelivery) -> String {
    if !delivery.0 && mail.sent_at.is_none() {
        return mail.body_text.clone();
    }
    let mut pieces = mail.body_text.split("/links/");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest =
            piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        text.push_str(&t!(lang, "/links/（已隐藏）", "/links/(hidden)"));
        text.push_str(rest);
    }
    text
}
