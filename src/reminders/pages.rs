//! How the outbox and the reminders look.

use maud::{Markup, html};

use super::{
    letters,
    model::Due,
    queries::{LastRun, Past},
};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    mail::{MailDelivery, outbox::Mail},
    record::Rules,
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

fn administration(lang: Lang) -> Crumb {
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
fn delivery_notice(lang: Lang, delivery: MailDelivery) -> Markup {
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

pub fn reminders(
    viewer: &Viewer,
    rules: &Rules,
    delivery: MailDelivery,
    last_run: &LastRun,
    forecast: &[Due],
    past: &[Past],
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "提醒", "Reminders");
    viewer.page(&title, &[administration(lang)], html! {
        (heading(&title, t!(lang, "证书到期前 90、60、30、14、7、1 天和到期当天，通知本人和主管，各一次。", "90, 60, 30, 14, 7 and 1 days before a certificate ends and on its last day, its holder and their manager are told, once each."), html! {
            a.btn href="/admin/mail" { (icon("mail")) (t!(lang, "邮件", "Mail")) }
        }))
        (delivery_notice(lang, delivery))
        (card(&t!(lang, "最近一次运行", "Last run"), ran(viewer, last_run)))
        (card_with(&t!(lang, "今后 14 天", "The next 14 days"), html! {}, html! {
            @if forecast.is_empty() { (empty("bell", &t!(lang, "今后 14 天没有要发的提醒", "Nothing to send in the next 14 days"), t!(lang, "临近到期的证书会自动列在这里。", "Certificates about to end appear here by themselves."))) }
            @else { (forecast_table(lang, rules, forecast)) }
        }))
        (card_with(&t!(lang, "最近的提醒", "Latest reminders"), html! {}, html! {
            @if past.is_empty() { (empty("history", &t!(lang, "还没有发过提醒", "No reminders yet"), t!(lang, "第一条会在到期前 90 天出现。", "The first comes 90 days before a certificate ends."))) }
            @else { (past_table(viewer, past)) }
        }))
    })
}

fn ran(viewer: &Viewer, last_run: &LastRun) -> Markup {
    let lang = viewer.lang();
    let Some(at) = last_run.at else {
        return html! { (t!(lang, "还没有运行过。服务启动后每 10 分钟运行一次。", "It has not run yet. It runs every 10 minutes while the server does.")) };
    };
    let result = last_run.result.as_deref().unwrap_or_default();
    let words: Vec<&str> = result.splitn(3, ' ').collect();
    let late = viewer.now.seconds_since(at) > 3600;
    html! {
        p.mb-1 { (i18n::instant(lang, at.utc(), viewer.zone)) @if late { " " (badge(Tone::Bad, t!(lang, "超过一小时没有运行", "Has not run for over an hour"))) } }
        @match words.as_slice() {
            ["ok", entered, without] => { p.mb-0.text-secondary { (t!(lang, "新增 {entered} 条提醒，其中 {without} 条因没有邮箱未写邮件。", "{entered} new reminders, {without} of them without a mail for lack of an address.")) } }
            _ => { (alert(Tone::Bad, t!(lang, "运行失败：{result}", "It failed: {result}"))) }
        }
    }
}

fn forecast_table(lang: Lang, rules: &Rules, forecast: &[Due]) -> Markup {
    const SHOWN: usize = 200;
    let headers = [
        t!(lang, "日期", "On"),
        t!(lang, "发给", "To"),
        t!(lang, "内容", "What"),
        t!(lang, "步骤", "Step"),
    ];
    let rows = forecast.iter().take(SHOWN).map(|due| {
        vec![
            html! { @if due.is_due() { (badge(Tone::Info, t!(lang, "现在", "Now"))) } @else { (i18n::date(lang, due.step_on)) } },
            html! { (due.to.title(lang)) div.small.text-secondary { (due.to.staff_no) @if due.to.email.is_none() { " · " (t!(lang, "没有邮箱", "no address")) } } },
            html! { (letters::letter(rules, due).subject) div.small.text-secondary { (due.subject.said()) } },
            html! { (step(lang, i64::from(due.days_before))) },
        ]
    });
    html! {
        (table(&headers, rows))
        @if forecast.len() > SHOWN { div.card-footer.text-secondary { (t!(lang, "共 {} 条，只列出前 {} 条。", "{} in all, the first {} are shown.", forecast.len(), SHOWN)) } }
    }
}

fn step(lang: Lang, days_before: i64) -> String {
    match days_before {
        0 => t!(lang, "到期当天", "on the last day"),
        days => {
            let before = i18n::count(days, "day", "days");
            t!(lang, "提前 {days} 天", "{before} before")
        }
    }
}

fn past_table(viewer: &Viewer, past: &[Past]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "发给", "To"),
        t!(lang, "邮件", "Mail"),
        t!(lang, "步骤", "Step"),
    ];
    let rows = past.iter().map(|one| {
        vec![
            html! { (i18n::instant(lang, one.planned_at.utc(), viewer.zone)) },
            html! { (one.name) div.small.text-secondary { (one.staff_no) } },
            match &one.mail {
                None => badge(Tone::Warn, t!(lang, "没有邮箱，未发", "No address, not sent")),
                Some((id, subject, sent, parked)) => html! {
                    a href={ "/admin/mail/" (id) } { (subject) } " "
                    @if sent.is_some() { (badge(Tone::Good, t!(lang, "已发送", "Sent"))) }
                    @else if parked.is_some() { (badge(Tone::Bad, t!(lang, "已搁置", "Given up"))) }
                    @else { (badge(Tone::Info, t!(lang, "等待发送", "Waiting"))) }
                },
            },
            html! { (step(lang, one.days_before)) " · " (i18n::date(lang, one.due_on)) },
        ]
    });
    table(&headers, rows)
}
