//! How the lists of reminders look.

use maud::{Markup, html};

use super::handlers::{Asked, Forecast, Gone, SPANS};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    mail::MailDelivery,
    reminders::{
        letters,
        model::{Due, Rule, Withheld},
        pages::{administration, delivery_notice},
        queries::{Fate, LastRun, Past},
    },
    staff::name_in,
    t,
    web::components::{
        Tone, alert, badge, card, card_with, empty, figure, heading, icon, pager, table,
    },
};

/// The pages for administrators, side by side.
pub fn tabs(lang: Lang, here: &str) -> Markup {
    let all = [
        ("/admin/reminders", t!(lang, "预告", "To come")),
        ("/admin/reminders/past", t!(lang, "已发", "Sent")),
        ("/admin/reminders/rules", t!(lang, "规则", "Rules")),
        ("/admin/reminders/mutes", t!(lang, "静音", "Mutes")),
        ("/admin/reminders/hours", t!(lang, "时段与假日", "Hours and holidays")),
    ];
    side_by_side(&t!(lang, "提醒", "Reminders"), &all, here)
}

/// The pages for everybody.
pub fn own_tabs(lang: Lang, here: &str) -> Markup {
    let all = [
        ("/notices", t!(lang, "消息", "Messages")),
        ("/reminders", t!(lang, "预告", "To come")),
        ("/reminders/past", t!(lang, "已发", "Sent")),
        ("/reminders/choices", t!(lang, "我的选择", "My choices")),
    ];
    side_by_side(&t!(lang, "我的提醒", "My reminders"), &all, here)
}

fn side_by_side(label: &str, all: &[(&str, String)], here: &str) -> Markup {
    html! {
        nav.btn-list.mb-3.d-print-none aria-label=(label) { @for (href, label) in all {
            a.btn .active[*href == here] aria-current=[(*href == here).then_some("page")] href=(href) { (label) }
        } }
    }
}

pub fn all(viewer: &Viewer, delivery: MailDelivery, forecast: &Forecast, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "提醒", "Reminders");
    viewer.page(&title, &[administration(lang)], html! {
        (heading(&title, t!(lang, "将发什么、发给谁、何时发。规则可以更改。", "What will be sent, to whom and when. The rules can be changed."), html! {
            @if forecast.backlog.is_some() { a.btn href="/admin/mail" { (icon("mail")) (t!(lang, "邮件", "Mail")) } }
        }))
        (tabs(lang, "/admin/reminders"))
        (delivery_notice(lang, delivery))
        (card(&t!(lang, "最近一次运行", "Last run"), heartbeat(viewer, &forecast.last_run)))
        @if let Some((waiting, parked)) = forecast.backlog { div.row.row-cards.mb-3 {
            (figure("/admin/mail?state=waiting", &t!(lang, "待发邮件", "Mails waiting"), waiting, Tone::Info))
            (figure("/admin/mail?state=parked", &t!(lang, "已搁置邮件", "Mails given up"), parked, if parked > 0 { Tone::Bad } else { Tone::Good }))
        } }
        (to_come(viewer, forecast, asked, "/admin/reminders", true))
    })
}

pub fn own(viewer: &Viewer, forecast: &Forecast, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "我的提醒", "My reminders");
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "我将收到哪些提醒。", "What I will be reminded of."), html! {}))
        (own_tabs(lang, "/reminders"))
        (to_come(viewer, forecast, asked, "/reminders", false))
    })
}

fn to_come(viewer: &Viewer, forecast: &Forecast, asked: &Asked, here: &str, mutes: bool) -> Markup {
    const SHOWN: usize = 200;
    let (lang, days, dues) = (viewer.lang(), asked.days(), &forecast.dues);
    let title = t!(lang, "今后 {days} 天", "The next {days} days");
    let export = format!("{here}.csv?{}", query(asked));
    let actions = html! {
        @if !dues.is_empty() { a.btn.btn-sm href=(export) { (icon("download")) "CSV" } }
    };
    let filter = filter(lang, forecast, asked, here);
    card_with(
        &title,
        actions,
        html! {
            (filter)
            @if dues.is_empty() {
                (empty("bell", &t!(lang, "今后 {days} 天没有要发的提醒", "Nothing to send in the next {days} days"), t!(lang, "临近到期的事项会自动列在这里。放宽筛选或选更长的时间看看。", "What is about to fall due appears here by itself. Look with a wider filter or further ahead.")))
            } @else {
                (forecast_table(lang, dues.iter().take(SHOWN), mutes))
                @if dues.len() > SHOWN { div.card-footer.text-secondary { (t!(lang, "共 {} 条，只列出前 {} 条；CSV 含全部。", "{} in all, the first {} are shown; the CSV has all.", dues.len(), SHOWN)) } }
            }
        },
    )
}

fn query(asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.pairs());
    query.finish()
}

fn filter(lang: Lang, forecast: &Forecast, asked: &Asked, here: &str) -> Markup {
    let team = forecast.has_team && here == "/reminders";
    html! {
        form.card-body.row.g-2.align-items-end method="get" action=(here) {
            (spans(lang, asked))
            (rule_choice(lang, &forecast.rules, asked))
            @if forecast.sites.len() > 1 {
                div."col-6"."col-md-auto" {
                    label.form-label for="site" { (t!(lang, "站点", "Site")) }
                    select.form-select #site name="site" {
                        option value="" { (t!(lang, "全部", "All")) }
                        @for site in &forecast.sites { option value=(site.code) selected[site.code == asked.site] { (site.title(lang)) } }
                    }
                }
            }
            (person_field(lang, asked))
            @if team { (team_choice(lang, asked)) }
            div.col-auto { button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
        }
    }
}

fn spans(lang: Lang, asked: &Asked) -> Markup {
    html! {
        div."col-6"."col-md-auto" {
            label.form-label for="days" { (t!(lang, "天数", "Days")) }
            select.form-select #days name="days" {
                @for span in SPANS { option value=(span) selected[span == asked.days()] { (span) } }
            }
        }
    }
}

fn rule_choice(lang: Lang, rules: &[Rule], asked: &Asked) -> Markup {
    html! {
        div."col-6"."col-md-auto" {
            label.form-label for="rule" { (t!(lang, "规则", "Rule")) }
            select.form-select #rule name="rule" {
                option value="" { (t!(lang, "全部", "All")) }
                @for rule in rules { option value=(rule.code) selected[rule.code == asked.rule] { (rule.title.get(lang)) } }
            }
        }
    }
}

fn person_field(lang: Lang, asked: &Asked) -> Markup {
    html! {
        div."col-6"."col-md-auto" {
            label.form-label for="person" { (t!(lang, "姓名或工号", "Name or staff number")) }
            input.form-control #person name="person" value=(asked.person);
        }
    }
}

fn team_choice(lang: Lang, asked: &Asked) -> Markup {
    html! {
        div."col-6"."col-md-auto" {
            label.form-label for="who" { (t!(lang, "范围", "Whose")) }
            select.form-select #who name="who" {
                option value="" { (t!(lang, "只看我的", "Mine")) }
                option value="team" selected[asked.is_team()] { (t!(lang, "包括我负责的人", "Also those I answer for")) }
            }
        }
    }
}

fn forecast_table<'a>(lang: Lang, dues: impl Iterator<Item = &'a Due>, mutes: bool) -> Markup {
    let mut headers = vec![
        t!(lang, "发送日", "Goes out"),
        t!(lang, "发给", "To"),
        t!(lang, "内容", "What"),
        t!(lang, "到期日", "Due"),
        t!(lang, "步骤", "Step"),
    ];
    if mutes {
        headers.push(String::new());
    }
    let rows = dues.map(|due| {
        let mut cells = vec![
            html! { @if due.now { (badge(Tone::Info, t!(lang, "现在", "Now"))) } @else { (i18n::date(lang, due.on)) } },
            html! { (due.to.title(lang)) div.small.text-secondary { (due.to.staff_no) @if due.to.email.is_none() { " · " (t!(lang, "没有邮箱", "no address")) } @if due.digest { " · " (t!(lang, "汇总", "digest")) } } },
            html! {
                a href=(due.path()) { (letters::line_in(due, lang)) }
                div.small.text-secondary { (due.subject.said()) }
                @if let Some(why) = &due.withheld { div { (badge(Tone::Warn, why.title().get(lang))) } }
            },
            html! { (i18n::date(lang, due.due_on)) },
            html! { (step(lang, i64::from(due.step))) },
        ];
        if mutes {
            cells.push(html! { @if due.withheld.is_none() { a.btn.btn-sm href=(mute_address(due)) { (t!(lang, "静音", "Mute")) } } });
        }
        cells
    });
    table(&headers, rows)
}

/// The form that mutes this, filled in.
fn mute_address(due: &Due) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("recipient", &due.to.staff_no)
        .append_pair("rule", &due.rule.code)
        .append_pair("kind", due.subject.kind)
        .append_pair("id", &due.subject.id.to_string())
        .append_pair("said", &due.subject.said())
        .append_pair("until", &due.due_on.max(due.on).to_string())
        .finish();
    format!("/admin/reminders/mutes/new?{query}")
}

/// How far from the due date a step lies.
pub fn step(lang: Lang, days_before: i64) -> String {
    match days_before {
        0 => t!(lang, "当天", "on the day"),
        days if days < 0 => {
            let (days, after) = (-days, i18n::count(-days, "day", "days"));
            t!(lang, "之后 {days} 天", "{after} after")
        }
        days => {
            let before = i18n::count(days, "day", "days");
            t!(lang, "提前 {days} 天", "{before} before")
        }
    }
}

/// When the planner last ran, what it did, and whether it is late.
pub fn heartbeat(viewer: &Viewer, last_run: &LastRun) -> Markup {
    let lang = viewer.lang();
    let Some(at) = last_run.at else {
        return html! { (t!(lang, "还没有运行过。服务启动后每 10 分钟运行一次。", "It has not run yet. It runs every 10 minutes while the server does.")) };
    };
    let result = last_run.result.as_deref().unwrap_or_default();
    let words: Vec<&str> = result.splitn(5, ' ').collect();
    let minutes = viewer.now.seconds_since(at) / 60;
    html! {
        p.mb-1 {
            (i18n::instant(lang, at.utc(), viewer.zone)) " "
            @if minutes > 60 { (badge(Tone::Bad, t!(lang, "超过一小时没有运行", "Has not run for over an hour"))) }
            @else { (badge(Tone::Good, t!(lang, "{minutes} 分钟前", "{minutes} min ago"))) }
        }
        @match words.as_slice() {
            ["ok", entered, without, withheld, mails] => { p.mb-0.text-secondary { (t!(lang, "新增 {entered} 条提醒，写了 {mails} 封邮件；{without} 条因没有邮箱只在站内显示，{withheld} 条未发（静音或退订）。", "{entered} new reminders in {mails} mails; {without} without an address are shown inside only, {withheld} withheld (muted or not wanted).")) } }
            // As an earlier version wrote it.
            ["ok", entered, ..] => { p.mb-0.text-secondary { (t!(lang, "新增 {entered} 条提醒。", "{entered} new reminders.")) } }
            _ => { (alert(Tone::Bad, t!(lang, "运行失败：{result}", "It failed: {result}"))) }
        }
    }
}

pub fn past(viewer: &Viewer, gone: &Gone, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "已发的提醒", "Reminders sent");
    viewer.page(&title, &[administration(lang)], html! {
        (heading(&title, t!(lang, "每条提醒只有一次，未发的也写明原因。", "Each reminder stands here once; what was withheld, with the reason."), html! {}))
        (tabs(lang, "/admin/reminders/past"))
        (gone_by(viewer, gone, asked, "/admin/reminders/past", true))
    })
}

pub fn own_past(viewer: &Viewer, gone: &Gone, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "我的提醒", "My reminders");
    viewer.page(
        &title,
        &[],
        html! {
            (heading(&title, t!(lang, "我收到过哪些提醒。", "What I was reminded of."), html! {}))
            (own_tabs(lang, "/reminders/past"))
            (gone_by(viewer, gone, asked, "/reminders/past", false))
        },
    )
}

fn gone_by(viewer: &Viewer, gone: &Gone, asked: &Asked, here: &str, admin: bool) -> Markup {
    let (lang, days) = (viewer.lang(), asked.days());
    let export = format!("{here}.csv?{}", query(asked));
    let actions = html! {
        @if admin && !gone.past.is_empty() { a.btn.btn-sm href=(export) { (icon("download")) "CSV" } }
    };
    let pairs = asked.pairs();
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    card_with(
        &t!(lang, "过去 {days} 天", "The last {days} days"),
        actions,
        html! {
            form.card-body.row.g-2.align-items-end method="get" action=(here) {
                (spans(lang, asked))
                (rule_choice(lang, &gone.rules, asked))
                div."col-6"."col-md-auto" {
                    label.form-label for="state" { (t!(lang, "状态", "State")) }
                    select.form-select #state name="state" {
                        option value="" { (t!(lang, "全部", "All")) }
                        @for fate in Fate::ALL { option value=(fate.word()) selected[fate.word() == asked.state] { (fate_title(lang, fate)) } }
                    }
                }
                (person_field(lang, asked))
                @if gone.has_team && !admin { (team_choice(lang, asked)) }
                div.col-auto { button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
            }
            @if gone.past.is_empty() {
                (empty("history", &t!(lang, "这段时间没有提醒", "No reminders in this time"), t!(lang, "放宽筛选或选更长的时间看看。", "Look with a wider filter or further back.")))
            } @else {
                (past_table(viewer, gone))
                (pager(lang, asked.page(), gone.has_more, &pairs))
            }
        },
    )
}

fn fate_title(lang: Lang, fate: Fate) -> String {
    match fate {
        Fate::Sent => t!(lang, "已发送", "Sent"),
        Fate::Waiting => t!(lang, "等待发送", "Waiting"),
        Fate::Parked => t!(lang, "已搁置", "Given up"),
        Fate::Withheld => t!(lang, "未发", "Withheld"),
        Fate::NoAddress => t!(lang, "没有邮箱，仅站内", "No address, inside only"),
    }
}

fn fate_tone(fate: Fate) -> Tone {
    match fate {
        Fate::Sent => Tone::Good,
        Fate::Waiting => Tone::Info,
        Fate::Parked => Tone::Bad,
        Fate::Withheld | Fate::NoAddress => Tone::Warn,
    }
}

fn past_table(viewer: &Viewer, gone: &Gone) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "时间", "When"),
        t!(lang, "发给", "To"),
        t!(lang, "内容", "What"),
        t!(lang, "到期日和步骤", "Due and step"),
        t!(lang, "状态", "State"),
    ];
    let title_of = |code: &str| {
        let rule = gone.rules.iter().find(|rule| rule.code == code);
        rule.map_or_else(|| code.to_owned(), |rule| rule.title.get(lang).to_owned())
    };
    let rows = gone.past.iter().map(|one| {
        let fate = one.fate();
        let why = one.withheld.as_deref().map(Withheld::parse);
        vec![
            html! { (i18n::instant(lang, one.planned_at.utc(), viewer.zone)) },
            html! { (name_in(lang, &one.name, one.name_en.as_deref())) div.small.text-secondary { (one.staff_no) } },
            html! {
                (title_of(&one.rule)) @if let Some((_, name, name_en)) = &one.about { " · " (name_in(lang, name, name_en.as_deref())) }
                div.small.text-secondary { (one.said.as_deref().unwrap_or_default()) }
                @if let (true, Some((id, subject, ..))) = (gone.shows_mail, &one.mail) { div.small { a href={ "/admin/mail/" (id) } { (subject) } } }
                @else { div.small { (one.said_in_mail()) } }
            },
            html! { (i18n::date(lang, one.due_on)) div.small.text-secondary { (step(lang, one.days_before)) } },
            html! {
                (badge(fate_tone(fate), fate_title(lang, fate)))
                @if let Some(why) = why { div.small.text-secondary { (why.title().get(lang)) } }
            },
        ]
    });
    table(&headers, rows)
}

/// A spreadsheet must not take a name for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

pub fn forecast_csv(lang: Lang, dues: &[Due]) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    file.write_record([
        "on",
        "rule",
        "recipient",
        "recipient_name",
        "person",
        "subject",
        "site",
        "due",
        "offset",
        "digest",
        "withheld",
        "text",
    ])?;
    for due in dues {
        let about = due.subject.about.as_ref();
        file.write_record([
            due.on.to_string(),
            due.rule.code.clone(),
            harmless(&due.to.staff_no),
            harmless(due.to.title(lang)),
            harmless(about.map_or("", |about| about.staff_no.as_str())),
            harmless(&due.subject.said()),
            harmless(due.subject.site_title.get(lang)),
            due.due_on.to_string(),
            due.step.to_string(),
            due.digest.to_string(),
            harmless(&due.withheld.as_ref().map(Withheld::kept).unwrap_or_default()),
            harmless(&letters::line_in(due, lang)),
        ])?;
    }
    file.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

pub fn past_csv(lang: Lang, past: &[Past]) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    file.write_record([
        "at",
        "rule",
        "recipient",
        "recipient_name",
        "person",
        "subject",
        "due",
        "offset",
        "state",
        "withheld",
        "mail",
    ])?;
    for one in past {
        let about = one.about.as_ref();
        file.write_record([
            one.planned_at.to_string(),
            one.rule.clone(),
            harmless(&one.staff_no),
            harmless(name_in(lang, &one.name, one.name_en.as_deref())),
            harmless(about.map_or("", |(staff_no, ..)| staff_no.as_str())),
            harmless(one.said.as_deref().unwrap_or_default()),
            one.due_on.to_string(),
            one.days_before.to_string(),
            one.fate().word().to_owned(),
            harmless(one.withheld.as_deref().unwrap_or_default()),
            harmless(one.said_in_mail()),
        ])?;
    }
    file.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
