//! How the reminders look.

use maud::{Markup, html};

use super::{
    letters,
    model::Due,
    queries::{LastRun, Past},
};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    mail::MailDelivery,
    record::Rules,
    t,
    web::{
        Crumb,
        components::{Tone, alert, badge, card, card_with, empty, heading, icon, table},
    },
};

fn administration(lang: Lang) -> Crumb {
    Crumb::new("/admin", t!(lang, "管理", "Administration"))
}

/// Says so when mails are only kept.
fn delivery_notice(lang: Lang, delivery: MailDelivery) -> Markup {
    html! {
        @if !delivery.0 {
            (alert(Tone::Warn, t!(lang, "没有配置邮件服务器：邮件只保存在这里，不会发出。请在设置中填写 [smtp]，或用 SHIFU_SMTP_HOST 等变量。", "No mail server is configured: mails are only kept here and go nowhere. Fill in [smtp] in the settings, or SHIFU_SMTP_HOST and the like.")))
        }
    }
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
