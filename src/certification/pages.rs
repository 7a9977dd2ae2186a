//! How certificates look: my cards, the board, the printable sheet, the public check.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use maud::{Markup, PreEscaped, html};

use super::{
    credentials,
    doubts::Doubt,
    handlers::{Board, BoardQuery, Sheet},
    issue::{self, Next},
    model::{Act, ActKind, Certificate, Held, State},
};
use crate::{
    access::Viewer,
    i18n::{self, Lang},
    mail::Letterhead,
    record::{Kind, Rules, pages as record, period},
    staff::Post,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, badge, card, card_with, definitions, empty, heading, icon, pager, table,
        },
        forms::{Field, new_key},
    },
};

/// How things stand, in a colour and in words.
pub fn state_badge(lang: Lang, state: State) -> Markup {
    match state {
        State::Expiring(0) => badge(Tone::Warn, t!(lang, "今天到期", "Ends today")),
        State::Expiring(days) => {
            let left = i18n::count(days, "day", "days");
            badge(Tone::Warn, t!(lang, "{days} 天后到期", "{left} left"))
        }
        State::Valid => badge(Tone::Good, state.title().get(lang)),
        State::NotYet => badge(Tone::Info, state.title().get(lang)),
        State::InGrace(left) => {
            let days = i18n::count(left, "day", "days");
            badge(
                Tone::Bad,
                t!(lang, "已过期，{left} 天内仍可换证", "Expired, renewable for {days}"),
            )
        }
        State::Expired | State::Suspended | State::Revoked | State::Superseded => {
            badge(Tone::Bad, state.title().get(lang))
        }
    }
}

pub(super) fn through(lang: Lang, day: Option<NaiveDate>) -> String {
    match day {
        Some(day) => i18n::date(lang, day),
        None => t!(lang, "长期", "no end"),
    }
}

fn name(rules: &Rules, lang: Lang, code: &str) -> String {
    rules.context().name(Kind::Certificate, code).get(lang).to_owned()
}

/// What I hold, and what I can earn or renew next.
pub fn mine(viewer: &Viewer, rules: &Rules, held: &[Held], next: &[Next<'_>]) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "我的证书", "My certificates");
    let over_people = viewer.holds_any(super::OVER_PEOPLE);
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "条件满足后自动颁发，到期前会发邮件提醒。", "Issued as soon as you meet the conditions; you are reminded before they run out."), html! {
            @if over_people { a.btn href="/certificates/board" { (icon("users")) (t!(lang, "全员证书", "Everybody's certificates")) } }
        }))
        @if held.is_empty() {
            (card("", empty("certificate", &t!(lang, "您还没有证书", "No certificates yet"), t!(lang, "看看下面可以取得哪些，还缺什么。", "See below what you can earn and what is missing."))))
        }
        div.row.row-cards.mb-3 { @for one in held { (held_card(viewer, rules, one)) } }
        @if !next.is_empty() {
            h2.mb-3 { (t!(lang, "接下来可以取得或换证", "To earn or renew next")) }
            div.row.row-cards { @for one in next { (next_card(viewer, rules, one)) } }
        }
    })
}

fn held_card(viewer: &Viewer, rules: &Rules, held: &Held) -> Markup {
    let lang = viewer.lang();
    let title = name(rules, lang, &held.code);
    html! {
        div."col-md-6"."col-xl-4" { article.card.certificate-card { div.card-body {
            div.d-flex.justify-content-between.gap-2.mb-2 {
                h2.card-title.mb-0 { (title) }
                (state_badge(lang, held.state()))
            }
            (definitions([
                (t!(lang, "有效期至", "Valid through"), html! { strong { (through(lang, held.through)) } }),
                (t!(lang, "生效日期", "Valid from"), html! { (i18n::date(lang, held.from)) }),
                (t!(lang, "证书编号", "Number"), html! { (held.number.as_deref().unwrap_or("—")) }),
            ]))
            @if let Some(day) = held.until_then {
                p.text-secondary.small.mt-2.mb-0 { (t!(lang, "现有证书有效至 {}，之后由这张接续。", "The present one runs through {}; this one follows it.", i18n::date(lang, day))) }
            }
            @if let Some(issuer) = &held.issuer { p.text-secondary.small.mt-2.mb-0 { (t!(lang, "发证机构：{issuer}", "Issued by {issuer}")) } }
            @if let (true, Some(number)) = (held.is_ours(), &held.number) {
                a.btn.btn-sm.mt-3 href={ "/certificates/" (number) } { (icon("certificate")) (t!(lang, "查看与打印", "Open and print")) }
            }
        } } }
    }
}

fn next_card(viewer: &Viewer, rules: &Rules, next: &Next<'_>) -> Markup {
    let lang = viewer.lang();
    html! {
        div."col-lg-6" { article.card { div.card-body {
            div.d-flex.justify-content-between.gap-2.mb-2 {
                h3.card-title.mb-0 { (next.title.get(lang)) }
                @if next.window.is_some() { (badge(Tone::Warn, t!(lang, "可以换证", "Renewal open"))) }
            }
            @if let Some((opens, closes)) = next.window {
                p.text-secondary { (t!(lang, "换证期：{} 至 {}。这段时间内新完成的课程或考试才算。", "Renewal from {} to {}. It takes a course or exam done within this time.", i18n::date(lang, opens), i18n::date(lang, closes))) }
            }
            @if let (false, Some(missing)) = (next.verdict.met, &next.verdict.missing) {
                p { strong { (t!(lang, "还缺：", "Missing: ")) } (missing.get(lang)) }
            }
            details { summary { (t!(lang, "全部条件", "All conditions")) } (record::verdict(lang, rules.context(), &next.verdict)) }
        } } }
    }
}

const ROWS: usize = 50;

/// Everybody's certificates in reach.
pub fn board(
    viewer: &Viewer,
    rules: &Rules,
    board: &Board,
    doubts: &[Doubt],
    query: &BoardQuery,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "全员证书", "Everybody's certificates");
    let page = query.page.unwrap_or(1).clamp(1, 100_000);
    let shown: Vec<_> = board.rows.iter().skip((page - 1) * ROWS).take(ROWS).collect();
    let has_more = board.rows.len() > page * ROWS;
    let filter = [
        ("certification", query.certification.as_str()),
        ("site", &query.site),
        ("state", &query.state),
    ];
    let csv = form_urlencoded::Serializer::new(String::from("/certificates/board.csv?"))
        .extend_pairs(filter)
        .finish();
    let crumbs = [Crumb::new("/certificates", t!(lang, "证书", "Certificates"))];
    viewer.page(&title, &crumbs, html! {
        (heading(&title, t!(lang, "共 {} 张", "{} in all", board.rows.len()), html! {
            a.btn href=(csv) { (icon("download")) "CSV" }
        }))
        (doubtful(lang, rules, doubts))
        (card(&t!(lang, "未来十二个月到期", "Running out in the next twelve months"), timeline(lang, board, viewer.today)))
        (card_with("", filter_form(lang, rules, board, query), html! {
            @if shown.is_empty() {
                (empty("certificate", &t!(lang, "没有符合条件的证书", "No certificates found"), t!(lang, "换一个筛选条件；新证书在条件满足时自动出现。", "Try another filter; new ones appear as soon as somebody meets the conditions.")))
            } @else {
                (board_table(viewer, rules, &shown))
                (pager(lang, page, has_more, &filter))
            }
        }))
    })
}

/// Certificates whose exam has another result now: HR decides whether to suspend or revoke.
fn doubtful(lang: Lang, rules: &Rules, doubts: &[Doubt]) -> Markup {
    html! {
        @if !doubts.is_empty() {
            section.card.mb-3 #doubtful { div.card-body {
                h2.card-title { (t!(lang, "依据已变更，待人事决定", "Their grounds have changed: for HR to decide")) }
                p.text-secondary { (t!(lang, "这些证书依据的考试成绩经申诉或错题更正后不再合格。证书不会自动吊销，请打开证书决定暂停或吊销。",
                    "The exam these rest on is no longer passed after an appeal or a correction. Nothing is revoked by itself: open the certificate to suspend or revoke it.")) }
                ul.mb-0 { @for doubt in doubts {
                    li {
                        a href={ "/certificates/" (doubt.certificate.number) } { (doubt.certificate.number) }
                        " " (name(rules, lang, &doubt.certificate.certification)) " · "
                        (doubt.post.person.title(lang)) " " span.text-secondary { (doubt.post.person.staff_no) }
                    }
                } }
            } }
        }
    }
}

fn board_table(viewer: &Viewer, rules: &Rules, shown: &[&(Post, Held)]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "人员", "Person"),
        t!(lang, "门店", "Site"),
        t!(lang, "证书", "Certificate"),
        t!(lang, "编号", "Number"),
        t!(lang, "有效期至", "Valid through"),
        t!(lang, "状态", "State"),
    ];
    let rows = shown.iter().map(|(post, held)| {
        let number = held.number.as_deref().unwrap_or("—");
        vec![
            html! { (post.person.title(lang)) div.text-secondary.small { (post.person.staff_no) } },
            html! { (post.site.title(lang)) },
            html! { (name(rules, lang, &held.code)) },
            html! { @if held.is_ours() { a href={ "/certificates/" (number) } { (number) } } @else { (number) } },
            html! { (through(lang, held.through)) },
            state_badge(lang, held.state()),
        ]
    });
    table(&headers, rows)
}

fn filter_form(lang: Lang, rules: &Rules, board: &Board, query: &BoardQuery) -> Markup {
    let states = [
        State::Valid,
        State::Expiring(1),
        State::InGrace(1),
        State::Expired,
        State::Suspended,
        State::Revoked,
        State::Superseded,
        State::NotYet,
    ];
    html! {
        form.d-flex.flex-wrap.gap-2 method="get" {
            select.form-select.w-auto name="certification" aria-label=(t!(lang, "证书", "Certificate")) {
                option value="" { (t!(lang, "全部证书", "All certificates")) }
                @for code in &board.codes { option value=(code) selected[*code == query.certification] { (name(rules, lang, code)) } }
            }
            select.form-select.w-auto name="site" aria-label=(t!(lang, "门店", "Site")) {
                option value="" { (t!(lang, "全部门店", "All sites")) }
                @for site in &board.sites { option value=(site.code) selected[site.code == query.site] { ("　".repeat(site.depth())) (site.title(lang)) } }
            }
            select.form-select.w-auto name="state" aria-label=(t!(lang, "状态", "State")) {
                option value="" { (t!(lang, "全部状态", "All states")) }
                @for state in states { option value=(state.word()) selected[state.word() == query.state] { (state.title().get(lang)) } }
            }
            button.btn type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) }
        }
    }
}

/// How many run out in each of the next twelve months, as bars.
fn timeline(lang: Lang, board: &Board, today: NaiveDate) -> Markup {
    let first = period::first_of_month(today);
    let mut months: BTreeMap<NaiveDate, usize> =
        (0..12).filter_map(|n| Some((first.checked_add_months(Months::new(n))?, 0))).collect();
    for (_, held) in board.rows.iter().filter(|(_, held)| held.state().in_force()) {
        let month = held.through.map(period::first_of_month);
        if let Some(count) = month.and_then(|month| months.get_mut(&month)) {
            *count += 1;
        }
    }
    let most = months.values().copied().max().unwrap_or(0).max(1);
    let said: Vec<String> = months
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(month, count)| format!("{}: {count}", i18n::month(lang, *month)))
        .collect();
    let said = if said.is_empty() {
        t!(lang, "没有到期的证书", "Nothing runs out")
    } else {
        said.join("; ")
    };
    html! {
        svg.expiry-timeline viewBox="0 0 600 120" role="img" aria-label=(said) {
            @for (at, (month, count)) in months.iter().enumerate() {
                @let (x, height) = (at * 50, count * 70 / most);
                rect.bar x=(x + 8) y=(90 - height) width="34" height=(height) rx="3" {}
                @if *count > 0 { text x=(x + 25) y=(84 - height) text-anchor="middle" { (count) } }
                text.month x=(x + 25) y="108" text-anchor="middle" { (month.format("%y-%m")) }
            }
        }
    }
}

/// The board as a file for spreadsheets: with a mark so that they read it as UTF-8.
pub fn board_csv(lang: Lang, rules: &Rules, board: &Board) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record([
        t!(lang, "工号", "Staff number"),
        t!(lang, "姓名", "Name"),
        t!(lang, "门店", "Site"),
        t!(lang, "证书代码", "Certification"),
        t!(lang, "证书", "Certificate"),
        t!(lang, "编号", "Number"),
        t!(lang, "生效日期", "Valid from"),
        t!(lang, "有效期至", "Valid through"),
        t!(lang, "状态", "State"),
    ])?;
    for (post, held) in &board.rows {
        writer.write_record([
            harmless(&post.person.staff_no),
            harmless(post.person.title(lang)),
            harmless(post.site.title(lang)),
            harmless(&held.code),
            harmless(&name(rules, lang, &held.code)),
            harmless(held.number.as_deref().unwrap_or_default()),
            held.from.to_string(),
            held.through.map(|day| day.to_string()).unwrap_or_default(),
            held.state().title().get(lang).to_owned(),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// The certificate on paper, and below it (on screen only) how it stands.
pub fn sheet(
    viewer: &Viewer,
    head: &Letterhead,
    sheet: &Sheet,
    why: &str,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let one = &sheet.certificate;
    let title = t!(lang, "证书 {}", "Certificate {}", one.number);
    let state = sheet.standing.state;
    viewer.page(&title, &[], html! {
        div.d-print-none {
            (heading(&title, state_badge(lang, state), html! {
                a.btn href="/certificates" { (icon("arrow-left")) (t!(lang, "证书", "Certificates")) }
            }))
            p.text-secondary { (icon("printer")) " " (t!(lang, "用浏览器的“打印”即可打印或存为 PDF（A4 横向）。", "Use your browser's print command for paper or PDF (A4 landscape).")) }
        }
        (paper(one, head))
        div.d-print-none { (credentials::downloads(lang, &one.number)) }
        div.d-print-none { (acts_card(lang, sheet)) @if sheet.acting { (act_form(lang, one, state, why, problems)) } }
    })
}

fn paper(one: &Certificate, head: &Letterhead) -> Markup {
    let printed = one.printed();
    let names = printed.names();
    let link = check_link(head, one);
    let (zh, en) = (Lang::Zh, Lang::En);
    html! {
        article.certificate-sheet lang="zh-CN" {
            header {
                div.issuer { (printed.issuer.zh) @if printed.issuer.en != printed.issuer.zh { span lang="en" { (printed.issuer.en) } } }
                div.kind { "资格证书" span lang="en" { "Certificate of Qualification" } }
            }
            p.holder { (names.zh) @if names.en != names.zh { span lang="en" { (names.en) } } }
            p.says { "已通过培训与考核，具备" span lang="en" { "has completed the training and passed the assessment for" } }
            p.what { (printed.title.zh) span lang="en" { (printed.title.en) } }
            footer {
                dl {
                    div { dt { "证书编号 " span lang="en" { "Number" } } dd { (one.number) } }
                    div { dt { "颁发日期 " span lang="en" { "Issued on" } } dd { (i18n::date(zh, one.issued_on)) span lang="en" { (i18n::date(en, one.issued_on)) } } }
                    div { dt { "有效期 " span lang="en" { "Valid" } } dd {
                        (i18n::date(zh, one.valid_from)) " 至 " (through(zh, one.valid_through))
                        span lang="en" { (i18n::date(en, one.valid_from)) " through " (through(en, one.valid_through)) }
                    } }
                    div { dt { "所在门店 " span lang="en" { "Site" } } dd { (printed.site.zh) @if printed.site.en != printed.site.zh { span lang="en" { (printed.site.en) } } } }
                    div { dt { "查验码 " span lang="en" { "Check code" } } dd { (one.check_code) } }
                }
                a.qr href=(link) aria-label="查验 / Check" { (qr(&link)) "扫码查验 " span lang="en" { "Scan to check" } }
            }
        }
    }
}

fn check_link(head: &Letterhead, one: &Certificate) -> String {
    let pairs = [("number", one.number.as_str()), ("code", one.check_code.as_str())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    head.link(&format!("/check?{query}"))
}

/// A square picture of a link; nothing when the link is too long for one.
fn qr(link: &str) -> Markup {
    let Ok(code) = qrcode::QrCode::new(link) else { return html! {} };
    let picture = code
        .render::<qrcode::render::svg::Color<'_>>()
        .min_dimensions(120, 120)
        .quiet_zone(true)
        .build();
    // Inside a page there is no place for the declaration that begins an XML file.
    let inline = picture.find("<svg").map_or("", |at| &picture[at..]);
    PreEscaped(inline.to_owned())
}

fn acts_card(lang: Lang, sheet: &Sheet) -> Markup {
    let line = |act: &Act| {
        html! { li { strong { (act.kind.title().get(lang)) } " · " (i18n::date(lang, act.on)) " · " (act.why) } }
    };
    html! {
        @if !sheet.acts.is_empty() {
            (card(&t!(lang, "暂停、恢复与吊销", "Suspended, reinstated, revoked"), html! { ul.mb-0 { @for act in &sheet.acts { (line(act)) } } }))
        }
    }
}

fn act_form(lang: Lang, one: &Certificate, state: State, why: &str, problems: &Problems) -> Markup {
    let possible: Vec<ActKind> =
        ActKind::ALL.iter().copied().filter(|kind| issue::may(*kind, state)).collect();
    if possible.is_empty() {
        return html! {};
    }
    let verb = |kind| match kind {
        ActKind::Suspended => t!(lang, "暂停", "Suspend"),
        ActKind::Reinstated => t!(lang, "恢复", "Reinstate"),
        ActKind::Revoked => t!(lang, "吊销（不可恢复）", "Revoke (for good)"),
        ActKind::Extended => t!(lang, "延期", "Extend"),
        ActKind::Replaced => t!(lang, "换发", "Replace"),
        ActKind::Superseded => t!(lang, "取代", "Supersede"),
    };
    card(
        &t!(lang, "人事处理", "For HR"),
        html! {
            p.text-secondary { (t!(lang, "即日生效，并通知本人；派工、晋升等判定随之改变。同一认证的其他有效证书一并处理。", "Takes effect today and the holder is told; job and promotion verdicts follow. Other running certificates of the same certification go with it.")) }
            form method="post" action={ "/certificates/" (one.number) "/acts" } {
                input type="hidden" name="form_key" value=(new_key());
                (Field::new("why", t!(lang, "原因（必填，本人可见）", "Reason (the holder sees it)"), why).required().area(lang, problems, 2))
                div.btn-list {
                    @for kind in possible {
                        button.btn .btn-danger[kind == ActKind::Revoked] type="submit" name="act" value=(kind.word()) { (verb(kind)) }
                    }
                }
            }
        },
    )
}
