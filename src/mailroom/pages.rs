//! How the outbox looks.

use maud::{Markup, html};

use super::handlers::{MailQuery, Mails};
use crate::{
    access::Viewer,
    db::Instant,
    i18n::{self, Lang},
    mail::{MailDelivery, message, outbox::Mail, pause::Pause},
    reminders::pages::{administration, delivery_notice},
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

/// Says so when the server takes nothing.
fn pause_notice(viewer: &Viewer, pause: Option<&Pause>) -> Markup {
    let lang = viewer.lang();
    let Some(pause) = pause else { return html! {} };
    let moment = |at: Instant| i18n::instant(lang, at.utc(), viewer.zone);
    let (since, next) = (moment(pause.began_at), moment(pause.until_at));
    let tried = i18n::count(pause.failures, "time", "times");
    let failures = pause.failures;
    alert(
        Tone::Bad,
        html! {
            p.mb-1 { strong { (t!(lang, "从 {since} 起，邮件服务器没有接受任何邮件。", "Since {since} the mail server has taken nothing.")) } }
            p.mb-1.text-break { (message::said(&pause.why).get(lang)) }
            p.mb-2 { (t!(lang, "已尝试 {failures} 次，下次尝试：{next}。邮件都在排队，不会丢失，也不计入各自的尝试次数。", "It was tried {tried}; the next try is at {next}. All mail waits; none is lost, and none of this counts as a try.")) }
            (button_form("/admin/mail/try-now", &new_key(), "btn-sm", html! { (icon("refresh")) (t!(lang, "马上重试", "Try now")) }))
        },
    )
}

fn state_of(lang: Lang, mail: &Mail, now: Instant) -> Markup {
    let going_out = mail.leased_until.is_some_and(|until| now <= until);
    html! {
        @match (mail.sent_at, mail.parked_at) {
            (Some(_), _) => (badge(Tone::Good, t!(lang, "已发送", "Sent"))),
            (None, Some(_)) => (badge(Tone::Bad, t!(lang, "已搁置", "Given up"))),
            (None, None) if going_out => (badge(Tone::Info, t!(lang, "正在发送", "Going out"))),
            (None, None) if mail.tries > 0 => (badge(Tone::Warn, t!(lang, "等待重试", "Waiting to try again"))),
            (None, None) => (badge(Tone::Info, t!(lang, "等待发送", "Waiting"))),
        }
        @if mail.is_in_doubt(now) { " " (badge(Tone::Warn, t!(lang, "可能已送达", "In doubt"))) }
    }
}

pub fn list(viewer: &Viewer, list: &Mails, query: &MailQuery, delivery: MailDelivery) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "邮件", "Mail");
    let tone = |count, tone| if count > 0 { tone } else { Tone::Good };
    let subtitle = t!(lang, "系统写给员工的每一封邮件。", "Every mail the system wrote.");
    viewer.page(&title, &[administration(lang)], html! {
        (heading(&title, subtitle, html! {
            a.btn href="/admin/reminders" { (icon("bell")) (t!(lang, "提醒", "Reminders")) }
        }))
        (delivery_notice(lang, delivery))
        (pause_notice(viewer, list.pause.as_ref()))
        div.row.row-cards.mb-3 {
            (figure("/admin/mail?state=waiting", &t!(lang, "等待中", "Waiting"), list.waiting, tone(list.waiting, Tone::Info)))
            (figure("/admin/mail?state=parked", &t!(lang, "已搁置", "Given up"), list.parked, tone(list.parked, Tone::Bad)))
            (figure("/admin/mail?state=doubt", &t!(lang, "可能已送达", "In doubt"), list.in_doubt, tone(list.in_doubt, Tone::Warn)))
        }
        (card_with("", filter(lang, query, list.parked), html! {
            @if query.state == "doubt" { div.card-body.text-secondary.pb-0 { (what_doubt_means(lang)) } }
            @if list.mails.is_empty() { (empty("mail", &t!(lang, "没有邮件", "No mail here"), t!(lang, "换一个状态或搜索词看看。", "Look at another state, or search for something else."))) }
            @else { (mail_table(viewer, &list.mails)) (pager(lang, list.page, list.has_more, &[("state", &query.state), ("q", &query.q)])) }
        }))
    })
}

fn what_doubt_means(lang: Lang) -> String {
    t!(
        lang,
        "正文已经发出，但没有收到服务器的答复，不知道它是否收下。系统会以同一个 Message-ID 再发，收件方的服务器可以认出是同一封。",
        "The text went out and no answer came back, so nobody knows whether the server has it. It is sent again under the same Message-ID, by which the recipient's server can tell."
    )
}

fn filter(lang: Lang, query: &MailQuery, parked: i64) -> Markup {
    let states = [
        ("", t!(lang, "全部状态", "Any state")),
        ("waiting", t!(lang, "等待中", "Waiting")),
        ("sent", t!(lang, "已发送", "Sent")),
        ("parked", t!(lang, "已搁置", "Given up")),
        ("doubt", t!(lang, "可能已送达", "In doubt")),
    ];
    html! {
        div.d-flex.flex-wrap.gap-2 {
            form.d-flex.flex-wrap.gap-2 method="get" action="/admin/mail" role="search" {
                input.form-control.form-control-sm.w-auto type="search" name="q" value=(query.q) maxlength="100" aria-label=(t!(lang, "收件人或主题", "Recipient or subject")) placeholder=(t!(lang, "收件人或主题", "Recipient or subject"));
                select.form-select.form-select-sm.w-auto name="state" aria-label=(t!(lang, "状态", "State")) {
                    @for (word, label) in &states { option value=(word) selected[*word == query.state] { (label) } }
                }
                button.btn.btn-sm type="submit" { (icon("search")) (t!(lang, "查找", "Search")) }
            }
            @if query.state == "parked" && parked > 0 {
                (button_form("/admin/mail/again", &new_key(), "btn-sm btn-primary", html! { (icon("refresh")) (t!(lang, "全部再发", "Send all again")) }))
            }
        }
    }
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
            html! { span.text-break { (mail.recipient) } },
            html! { (i18n::instant(lang, mail.created_at.utc(), viewer.zone)) },
            html! { (state_of(lang, mail, viewer.now)) @if let (None, Some(why)) = (mail.sent_at, &mail.last_error) { div.small.text-secondary.text-break { (message::said(why).get(lang)) } } },
        ]
    });
    table(&headers, rows)
}

pub fn mail(viewer: &Viewer, mail: &Mail, delivery: MailDelivery) -> Markup {
    let lang = viewer.lang();
    let crumbs = [administration(lang), Crumb::new("/admin/mail", t!(lang, "邮件", "Mail"))];
    let state = state_of(lang, mail, viewer.now);
    viewer.page(&mail.subject, &crumbs, html! {
        (heading(&mail.subject, state, html! {
            a.btn href={ "/admin/mail/" (mail.id) "/mail.eml" } { (icon("download")) (t!(lang, "原始邮件", "Raw mail")) }
            @if mail.sent_at.is_none() {
                (button_form(&format!("/admin/mail/{}/again", mail.id), &new_key(), "", html! { (icon("refresh")) (t!(lang, "立即再发", "Send again now")) }))
            }
        }))
        (delivery_notice(lang, delivery))
        @if mail.is_in_doubt(viewer.now) { (alert(Tone::Warn, what_doubt_means(lang))) }
        (card("", definitions(facts(viewer, mail))))
        (card_with(&t!(lang, "收件人看到的样子", "As its recipient sees it"), html! {}, html! {
            iframe.mail-preview src={ "/admin/mail/" (mail.id) "/preview" } sandbox="" title=(t!(lang, "邮件预览", "Preview of the mail")) loading="lazy" {}
        }))
        (card(&t!(lang, "纯文本", "Plain text"), html! { pre.mail-text { (mail.body.plain) } }))
        @if let Some(calendar) = &mail.body.calendar {
            (card(&t!(lang, "附带的日程", "For the calendar"), html! { pre.mail-text { (calendar) } }))
        }
    })
}

fn facts(viewer: &Viewer, mail: &Mail) -> Vec<(String, Markup)> {
    let lang = viewer.lang();
    let moment = |at: Instant| html! { (i18n::instant(lang, at.utc(), viewer.zone)) };
    let mut lines = vec![
        (
            t!(lang, "收件人", "To"),
            html! {
                @match mail.person_id {
                    Some(person) => a.text-break href={ "/people/" (person) } { (mail.recipient) },
                    None => span.text-break { (mail.recipient) },
                }
            },
        ),
        (t!(lang, "写于", "Written"), moment(mail.created_at)),
        (t!(lang, "尝试次数", "Tries"), html! { (mail.tries) }),
        ("Message-ID".to_owned(), html! { code.text-break { (mail.message_id) } }),
    ];
    if let Some(sent) = mail.sent_at {
        lines.push((t!(lang, "发送于", "Sent"), moment(sent)));
    } else if mail.parked_at.is_none() {
        lines.push((t!(lang, "下次尝试", "Next try"), moment(mail.next_try_at)));
    }
    if let Some(why) = &mail.last_error {
        let said = message::said(why);
        lines.push((
            t!(lang, "上次失败的原因", "Why it failed"),
            html! { span.text-break { (said.get(lang)) } },
        ));
    }
    if mail.unsubscribe.is_some() {
        lines
            .push((t!(lang, "可以退订", "May be opted out of"), html! { (t!(lang, "是", "Yes")) }));
    }
    lines
}
