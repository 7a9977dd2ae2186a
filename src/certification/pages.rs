//! How certificates look: my cards, the board, the printable sheet, the public check.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Months, NaiveDate};
use maud::{Markup, PreEscaped, html};

use super::{
    acts::{
        handlers::ActFilled,
        pages::{file_field, number_parts, supervision},
        queries::{File, FileKind},
        supervision::Shown,
    },
    credentials,
    doubts::Doubt,
    handlers::{self, Board, BoardQuery, Sheet},
    issue::Next,
    model::{Act, ActKind, Basis, Certificate, Held, State},
};
use crate::{
    access::{Role, Viewer},
    db::Instant,
    i18n::{self, Lang},
    mail::Letterhead,
    record::{
        Kind, PersonId, Rules,
        asof::{self, AsOf, Asking},
        pages as record, period,
    },
    staff::Post,
    t,
    web::{
        Crumb, Problems,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, pager, table,
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

pub fn through(lang: Lang, day: Option<NaiveDate>) -> String {
    match day {
        Some(day) => i18n::date(lang, day),
        None => t!(lang, "长期", "no end"),
    }
}

/// What readers call a certification.
pub fn name(rules: &Rules, lang: Lang, code: &str) -> String {
    rules.context().name(Kind::Certificate, code).get(lang).to_owned()
}

/// Which day was asked for, and how it was understood.
pub struct Asked<'a> {
    pub asking: &'a Asking,
    pub asof: &'a AsOf,
    pub problems: &'a Problems,
}

impl Asked<'_> {
    /// The form that asks, what was wrong with it, and that this is not today.
    fn head(&self, viewer: &Viewer, keep: &[(&str, &str)]) -> Markup {
        let lang = viewer.lang();
        html! {
            (asof::form(lang, self.asking, self.problems, keep))
            @if !self.problems.is_empty() { (asof::misunderstood(lang)) }
            (asof::banner(lang, self.asof, viewer.today))
        }
    }
}

/// What I hold, and what I can earn or renew next.
pub fn mine(
    viewer: &Viewer,
    rules: &Rules,
    held: &[Held],
    next: &[Next<'_>],
    supervised: &[Shown],
    asked: &Asked<'_>,
) -> Markup {
    let lang = viewer.lang();
    let now = asked.asof.is_now(viewer.today);
    let title = t!(lang, "我的证书", "My certificates");
    let over_people = viewer.holds_any(super::OVER_PEOPLE);
    viewer.page(&title, &[], html! {
        (heading(&title, t!(lang, "条件满足后自动颁发，到期前会发邮件提醒。", "Issued as soon as you meet the conditions; you are reminded before they run out."), html! {
            @if viewer.holds(Role::Administrator) { a.btn href="/certificates/templates" { (icon("file-text")) (t!(lang, "证书模板", "Templates")) } }
            a.btn href="/extracts" { (icon("shield-check")) (t!(lang, "持证证明", "Extracts")) }
            @if over_people { a.btn href="/certificates/board" { (icon("users")) (t!(lang, "全员证书", "Everybody's certificates")) } }
        }))
        (asked.head(viewer, &[]))
        @if held.is_empty() && !now {
            (card("", empty("certificate", &t!(lang, "这一天没有证书", "No certificates on that day"), t!(lang, "换一个日期试试。", "Try another day."))))
        } @else if held.is_empty() {
            (card("", empty("certificate", &t!(lang, "您还没有证书", "No certificates yet"), t!(lang, "看看下面可以取得哪些，还缺什么。", "See below what you can earn and what is missing."))))
        }
        div.row.row-cards.mb-3 { @for one in held { (held_card(viewer, rules, one)) } }
        (supervision(viewer, rules, supervised, false))
        @if !next.is_empty() {
            h2.mb-3 { (t!(lang, "接下来可以取得或换证", "To earn or renew next")) }
            div.row.row-cards { @for one in next { (next_card(viewer, rules, one)) } }
        }
    })
}

/// A certificate somebody holds, on a card.
pub fn held_card(viewer: &Viewer, rules: &Rules, held: &Held) -> Markup {
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
            @if let Some(note) = held.followed.map(|next| renewed(lang, next)) { p.text-secondary.small.mt-2.mb-0 { (note) } }
            @if let Some(why) = &held.standing.why { p.text-danger.small.mt-2.mb-0 { (why.get(lang)) } }
            @if let Some(issuer) = &held.issuer { p.text-secondary.small.mt-2.mb-0 { (t!(lang, "发证机构：{issuer}", "Issued by {issuer}")) } }
            @if let (true, Some(number)) = (held.is_ours(), &held.number) {
                a.btn.btn-sm.mt-3 href={ "/certificates/" (number) } { (icon("certificate")) (t!(lang, "查看与打印", "Open and print")) }
            }
        } } }
    }
}

/// That its renewal is there already, and from when to when it runs.
pub fn renewed(lang: Lang, (from, last): (NaiveDate, Option<NaiveDate>)) -> String {
    let (from, last) = (i18n::date(lang, from), through(lang, last));
    t!(
        lang,
        "已换证：{from} 起由新证接续，有效至 {last}。",
        "Renewed: the next one follows on {from} and is valid through {last}."
    )
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
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let title = t!(lang, "全员证书", "Everybody's certificates");
    let page = query.page.unwrap_or(1).clamp(1, 100_000);
    let shown: Vec<_> = board.rows.iter().skip((page - 1) * ROWS).take(ROWS).collect();
    let has_more = board.rows.len() > page * ROWS;
    let filter = query.pairs();
    let asking = query.asking();
    let asked = Asked { asking: &asking, asof: &board.asof, problems };
    let csv = form_urlencoded::Serializer::new(String::from("/certificates/board.csv?"))
        .extend_pairs(filter)
        .finish();
    let crumbs = [Crumb::new("/certificates", t!(lang, "证书", "Certificates"))];
    let hr = viewer.holds_any(super::HR);
    viewer.page(&title, &crumbs, html! {
        (heading(&title, t!(lang, "共 {} 张", "{} in all", board.rows.len()), html! {
            @if hr { (hr_links(lang)) }
            a.btn href=(csv) { (icon("download")) "CSV" }
        }))
        (asked.head(viewer, &filter[..5]))
        (doubtful(lang, rules, doubts))
        (card(&t!(lang, "未来十二个月到期", "Running out in the next twelve months"), timeline(lang, board, board.asof.on)))
        (state_chips(lang, board, query))
        (card_with("", filter_form(lang, rules, board, query), html! {
            @if shown.is_empty() {
                (empty("certificate", &t!(lang, "没有符合条件的证书", "No certificates found"), t!(lang, "换一个筛选条件；新证书在条件满足时自动出现，旧证书可由人事导入。", "Try another filter. New ones appear as soon as somebody meets the conditions; HR can import old ones.")))
            } @else {
                (board_table(viewer, rules, &shown, hr))
                (pager(lang, page, has_more, &filter))
            }
        }))
    })
}

/// Where HR does what is done about certificates.
fn hr_links(lang: Lang) -> Markup {
    html! {
        a.btn href="/certificates/issue" { (icon("plus")) (t!(lang, "颁发", "Issue")) }
        a.btn href="/certificates/import" { (icon("upload")) (t!(lang, "导入旧证书", "Import")) }
        a.btn href="/certificates/extensions" { (icon("history")) (t!(lang, "延期记录", "Extensions")) }
    }
}

/// The states with how many stand so, each a link to those alone.
fn state_chips(lang: Lang, board: &Board, query: &BoardQuery) -> Markup {
    let chip = |word: &str, title: String, count: usize| {
        let chosen = query.state == word;
        let pairs =
            query.pairs().map(|(key, value)| (key, if key == "state" { word } else { value }));
        let link = form_urlencoded::Serializer::new(String::from("/certificates/board?"))
            .extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()))
            .finish();
        html! {
            a.btn.btn-sm.btn-pill .btn-primary[chosen] href=(link) aria-current=[chosen.then_some("true")] { (title) " " span.ms-1 { (count) } }
        }
    };
    let count = |word: &str| board.counts.get(word).copied().unwrap_or(0);
    let valid = count(State::Valid.word()) + count(State::Expiring(0).word());
    let all: usize =
        board.counts.iter().filter(|(word, _)| **word != handlers::DUE).map(|(_, n)| n).sum();
    let others = [
        State::Expiring(1),
        State::InGrace(1),
        State::Expired,
        State::Suspended,
        State::Revoked,
        State::Superseded,
        State::NotYet,
    ];
    html! {
        nav.btn-list.mb-3 #states aria-label=(t!(lang, "按状态筛选", "Filter by state")) {
            (chip("", t!(lang, "全部", "All"), all))
            (chip("valid", State::Valid.title().get(lang).to_owned(), valid))
            (chip(handlers::DUE, t!(lang, "可以换证", "Due for renewal"), count(handlers::DUE)))
            @for state in others {
                @if count(state.word()) > 0 || query.state == state.word() { (chip(state.word(), state.title().get(lang).to_owned(), count(state.word()))) }
            }
        }
    }
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

fn board_table(viewer: &Viewer, rules: &Rules, shown: &[&(Arc<Post>, Held)], hr: bool) -> Markup {
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
        vec![
            html! { a href={ "/certificates/of/" (post.person.id) } { (post.person.title(lang)) } div.text-secondary.small { (post.person.staff_no) } },
            html! { (post.site.title(lang)) },
            html! { (name(rules, lang, &held.code)) },
            number_cell(lang, held, hr),
            html! { (through(lang, held.through)) },
            html! {
                (state_badge(lang, held.state()))
                @if handlers::is_due(held, viewer.today) { " " (badge(Tone::Warn, t!(lang, "可以换证", "Renewal open"))) }
                @if let Some(note) = held.followed.map(|next| renewed(lang, next)) { div.small.text-secondary { (note) } }
                @if let Some(why) = &held.standing.why { div.small.text-secondary { (why.get(lang)) } }
            },
        ]
    });
    let table = table(&headers, rows);
    if !hr {
        return table;
    }
    html! {
        form method="get" action="/certificates/extensions/new" {
            (table)
            div.card-footer { button.btn.btn-sm type="submit" { (icon("history")) (t!(lang, "为选中的证书延期", "Extend those ticked")) } }
        }
    }
}

fn number_cell(lang: Lang, held: &Held, hr: bool) -> Markup {
    let number = held.number.as_deref().unwrap_or("—");
    if !held.is_ours() {
        return html! { (number) };
    }
    html! {
        @if hr && held.through.is_some() {
            input.form-check-input.me-2 type="checkbox" name="number" value=(number) aria-label=(t!(lang, "选中 {number}", "Pick {number}"));
        }
        a href={ "/certificates/" (number) } { (number) }
    }
}

fn filter_form(lang: Lang, rules: &Rules, board: &Board, query: &BoardQuery) -> Markup {
    html! {
        form.d-flex.flex-wrap.gap-2 method="get" {
            @for (name, value) in [("on", &query.on), ("known_on", &query.known_on)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            select.form-select.w-auto name="certification" aria-label=(t!(lang, "证书", "Certificate")) {
                option value="" { (t!(lang, "全部证书", "All certificates")) }
                @for code in &board.codes { option value=(code) selected[*code == query.certification] { (name(rules, lang, code)) } }
            }
            select.form-select.w-auto name="site" aria-label=(t!(lang, "门店", "Site")) {
                option value="" { (t!(lang, "全部门店", "All sites")) }
                @for site in &board.sites { option value=(site.code) selected[site.code == query.site] { ("　".repeat(site.depth())) (site.title(lang)) } }
            }
            @if !query.state.is_empty() { input type="hidden" name="state" value=(query.state); }
            label.d-flex.align-items-center.gap-1 { span.text-secondary { (t!(lang, "到期", "Ends")) } input.form-control.w-auto type="date" name="first" value=(query.first); }
            label.d-flex.align-items-center.gap-1 { span.text-secondary { (t!(lang, "至", "to")) } input.form-control.w-auto type="date" name="last" value=(query.last); }
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
        t!(lang, "发证机构", "Issuer"),
        t!(lang, "第几次换证", "Renewal"),
        t!(lang, "生效日期", "Valid from"),
        t!(lang, "有效期至", "Valid through"),
        t!(lang, "换证开始", "Renewal from"),
        t!(lang, "换证截止", "Renewal until"),
        t!(lang, "下次复审", "Next review"),
        t!(lang, "状态", "State"),
        t!(lang, "原因", "Why"),
    ])?;
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    for (post, held) in &board.rows {
        let standing = &held.standing;
        writer.write_record([
            harmless(&post.person.staff_no),
            harmless(post.person.title(lang)),
            harmless(post.site.title(lang)),
            harmless(&held.code),
            harmless(&name(rules, lang, &held.code)),
            harmless(held.number.as_deref().unwrap_or_default()),
            harmless(held.issuer.as_deref().unwrap_or_default()),
            held.cycle.to_string(),
            held.from.to_string(),
            day(held.through),
            day(standing.window.map(|(opens, _)| opens)),
            day(standing.window.map(|(_, closes)| closes)),
            day(standing.review.map(|review| review.due)),
            held.state().title().get(lang).to_owned(),
            standing.why.as_ref().map(|why| why.get(lang).to_owned()).unwrap_or_default(),
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

/// The certificate on paper, and below it (on screen only) how it stands and what was done to it.
pub fn sheet(
    viewer: &Viewer,
    rules: &Rules,
    head: &Letterhead,
    sheet: &Sheet,
    filled: &ActFilled,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let one = &sheet.certificate;
    let title = t!(lang, "证书 {}", "Certificate {}", one.number);
    let imported = one.basis == Basis::Import;
    viewer.page(&title, &[], html! {
        div.d-print-none {
            (heading(&title, html! { (state_badge(lang, sheet.standing.state)) @if let Some(why) = &sheet.standing.why { " " (why.get(lang)) } }, html! {
                a.btn href="/certificates" { (icon("arrow-left")) (t!(lang, "证书", "Certificates")) }
                @if sheet.acting { a.btn href={ "/certificates/of/" (one.person_id) } { (icon("user")) (t!(lang, "此人的证书", "This person's certificates")) } }
            }))
            (notes(lang, sheet))
            @if !imported { (super::paper::downloads(lang, one)) }
        }
        @if imported { (taken_over(lang, rules, sheet)) } @else { (paper(one, head)) }
        div.d-print-none {
            @if !imported { (credentials::downloads(lang, &one.number)) }
            p.mt-3 { a href={ "/rules/revisions/" (one.content_id) } { (icon("book")) " " (t!(lang, "颁发时依据的规则版本", "The version of the rules it was issued under")) } }
            (history(viewer, sheet))
            (files_card(lang, sheet))
            @if !sheet.possible.is_empty() { (act_forms(viewer, rules, sheet, filled, problems)) }
        }
    })
}

/// What the reader has to know before anything else.
fn notes(lang: Lang, sheet: &Sheet) -> Markup {
    let one = &sheet.certificate;
    let next = sheet.acts.iter().rev().find_map(|act| sheet.numbers.get(&act.other_id?));
    html! {
        @if let Some(missing) = &sheet.exception {
            (alert(Tone::Warn, html! {
                strong { (t!(lang, "例外颁发：条件未满足。", "Issued as an exception: the requirement was not met.")) }
                @if !missing.is_blank() { " " (t!(lang, "当时还缺：{}", "Missing then: {}", missing.get(lang))) }
                @if let Some(why) = &one.why { br; (t!(lang, "理由：{why}", "Reason: {why}")) }
            }))
        }
        @if let Some(next) = sheet.followed { (alert(Tone::Info, renewed(lang, next))) }
        @if let Some(next) = next { (alert(Tone::Info, html! { (t!(lang, "由这张证书取代：", "Its place is taken by ")) a href={ "/certificates/" (next) } { (next) } })) }
    }
}

/// What was issued elsewhere has no paper of ours; its scan is among the files.
fn taken_over(lang: Lang, rules: &Rules, sheet: &Sheet) -> Markup {
    let one = &sheet.certificate;
    let printed = one.printed();
    let names = printed.names();
    html! {
        (card(&t!(lang, "导入的证书", "Taken over from elsewhere"), definitions([
            (t!(lang, "姓名", "Name"), html! { (names.get(lang)) }),
            (t!(lang, "证书", "Certificate"), html! { (name(rules, lang, &one.certification)) }),
            (t!(lang, "原证书编号", "Number on the paper"), html! { (one.foreign_number.as_deref().unwrap_or("—")) }),
            (t!(lang, "发证机构", "Issued by"), html! { (one.issuer.as_deref().unwrap_or("—")) }),
            (t!(lang, "生效日期", "Valid from"), html! { (i18n::date(lang, one.valid_from)) }),
            (t!(lang, "有效期至", "Valid through"), html! { (through(lang, sheet.standing.through)) }),
            (t!(lang, "备注", "Note"), html! { (one.why.as_deref().unwrap_or("—")) }),
        ])))
        @if let Some(number) = &one.foreign_number { (number_parts(lang, number)) }
    }
}

fn paper(one: &Certificate, head: &Letterhead) -> Markup {
    let printed = one.printed();
    let names = printed.names();
    let link = super::paper::qr_content(head, one);
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

/// Everything that was done to it: by whom, when, why and on what grounds.
fn history(viewer: &Viewer, sheet: &Sheet) -> Markup {
    let lang = viewer.lang();
    let one = &sheet.certificate;
    let issued = match one.basis {
        Basis::Rule => t!(lang, "按规则颁发", "Issued by rule"),
        Basis::Decision => t!(lang, "经批准颁发", "Issued by decision"),
        Basis::Import => t!(lang, "导入", "Taken over"),
        Basis::Replacement => t!(lang, "更正后换发", "Issued again, put right"),
    };
    let before = one.previous_id.and_then(|id| sheet.numbers.get(&id));
    card(
        &t!(lang, "经过", "History"),
        html! {
            ul.list-unstyled.mb-0 #history {
                li.mb-2 {
                    strong { (issued) } " · " (i18n::date(lang, one.issued_on)) (by(viewer, sheet, one.issued_by, one.issued_at))
                    @if let (Some(why), true) = (&one.why, one.basis != Basis::Import) { div { (why) } }
                    @if let Some(before) = before { div { (t!(lang, "此前的证书：", "Before it: ")) a href={ "/certificates/" (before) } { (before) } } }
                }
                @for act in &sheet.acts { li.mb-2 { (act_line(viewer, sheet, act)) } }
            }
        },
    )
}

fn by(viewer: &Viewer, sheet: &Sheet, who: Option<PersonId>, at: Instant) -> Markup {
    let lang = viewer.lang();
    let name = who.map(|who| sheet.names.get(&who).map_or("", String::as_str));
    html! {
        span.text-secondary {
            " · " (name.map_or_else(|| t!(lang, "系统", "shifu"), str::to_owned))
            " · " (i18n::instant(lang, at.utc(), viewer.zone))
        }
    }
}

fn act_line(viewer: &Viewer, sheet: &Sheet, act: &Act) -> Markup {
    let lang = viewer.lang();
    let other = act.other_id.and_then(|id| sheet.numbers.get(&id));
    let file = act.file_id.filter(|_| sheet.acting);
    html! {
        strong { (act.kind.title().get(lang)) } " · " (i18n::date(lang, act.on))
        @if act.kind == ActKind::Extended { " · " (t!(lang, "新的末日：{}", "new last day: {}", through(lang, act.through))) }
        @if let Some(other) = other { " → " a href={ "/certificates/" (other) } { (other) } }
        (by(viewer, sheet, act.done_by, act.done_at))
        // What a rule did says why in its evidence.
        @if act.done_by.is_some() { div { (act.why) } }
        @if let Some(evidence) = &act.evidence { div.text-secondary { (t!(lang, "依据：{evidence}", "Rests on: {evidence}")) } }
        @if let Some(file) = file { div { a href={ "/certificates/" (sheet.certificate.number) "/files/" (file) } { (icon("download")) (t!(lang, "依据文件", "Document")) } } }
        @if let Some(campaign) = act.campaign_id {
            div { @if sheet.acting { a href={ "/certificates/extensions/" (campaign) } { (t!(lang, "批量延期 {campaign}", "Extension {campaign}")) } } @else { (t!(lang, "批量延期 {campaign}", "Extension {campaign}")) } }
        }
    }
}

fn files_card(lang: Lang, sheet: &Sheet) -> Markup {
    let kind = |file: &File| match file.kind {
        FileKind::Source => t!(lang, "扫描件", "Scan"),
        FileKind::Letter => t!(lang, "通知", "Letter"),
        FileKind::Evidence => t!(lang, "依据", "Evidence"),
        FileKind::Paper | FileKind::Picture => String::new(),
    };
    html! {
        @if !sheet.files.is_empty() {
            (card(&t!(lang, "文件", "Files"), html! {
                ul.list-unstyled.mb-0 #files { @for file in &sheet.files {
                    li { (kind(file)) " · " a.text-break href={ "/certificates/" (sheet.certificate.number) "/files/" (file.id) } title={ "SHA-256 " (file.digest) } { (file.name) } }
                } }
            }))
        }
    }
}

/// A form for each act that is possible now, folded up until it is wanted.
fn act_forms(
    viewer: &Viewer,
    rules: &Rules,
    sheet: &Sheet,
    filled: &ActFilled,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let none = (ActFilled::default(), Problems::default());
    let possible = sheet
        .possible
        .iter()
        .filter(|kind| **kind != ActKind::Superseded || !sheet.others.is_empty());
    card(
        &t!(lang, "人事处理", "For HR"),
        html! {
            p.text-secondary { (t!(lang, "办理后通知本人；派工、晋升等判定随之改变。暂停、恢复和吊销对同一认证的其他有效证书一并生效。", "The holder is told, and job and promotion verdicts follow. Suspending, reinstating and revoking go for other running certificates of the same certification, too.")) }
            @for kind in possible {
                @let (filled, problems) = if filled.act == Some(*kind) { (filled, problems) } else { (&none.0, &none.1) };
                details.border.rounded.p-2.mb-2 open[filled.act == Some(*kind)] {
                    summary { strong { (verb(lang, *kind)) } }
                    (act_form(viewer, rules, sheet, *kind, filled, problems))
                }
            }
        },
    )
}

fn verb(lang: Lang, kind: ActKind) -> String {
    match kind {
        ActKind::Suspended => t!(lang, "暂停", "Suspend"),
        ActKind::Reinstated => t!(lang, "恢复", "Reinstate"),
        ActKind::Revoked => t!(lang, "吊销（不可恢复）", "Revoke (for good)"),
        ActKind::Extended => t!(lang, "变更有效期", "Move its last day"),
        ActKind::Replaced => t!(lang, "更正姓名后换发", "Put the name right and issue again"),
        ActKind::Superseded => t!(lang, "由另一张证书取代", "Let another take its place"),
    }
}

fn act_form(
    viewer: &Viewer,
    rules: &Rules,
    sheet: &Sheet,
    kind: ActKind,
    filled: &ActFilled,
    problems: &Problems,
) -> Markup {
    let (lang, number) = (viewer.lang(), &sheet.certificate.number);
    let id = format!("file-{}", kind.word());
    let today = viewer.today.to_string();
    let on = if filled.on.is_empty() { &today } else { &filled.on };
    html! {
        form.mt-2 method="post" action={ "/certificates/" (number) "/acts" } enctype="multipart/form-data" {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="act" value=(kind.word());
            input type="hidden" name="seen" value=(sheet.acts.len());
            @match kind {
                ActKind::Extended => { (extension_fields(viewer, sheet, filled, problems)) },
                ActKind::Replaced => { (name_fields(lang, sheet, filled, problems)) },
                _ => {
                    (Field::new("on", t!(lang, "自何日起", "From"), on).kind("date").hint(t!(lang, "今天或之前；不能早于上一次处理", "Today or before, not before the act before it")).input(lang, problems))
                },
            }
            @if kind == ActKind::Superseded { (other_field(lang, rules, sheet, filled, problems)) }
            (Field::new("why", t!(lang, "原因（必填，本人可见）", "Reason (the holder sees it)"), &filled.why).required().area(lang, problems, 2))
            (Field::new("evidence", t!(lang, "依据", "What it rests on"), &filled.evidence).hint(t!(lang, "文件号、会议纪要、通知等", "A circular, minutes, a letter …")).input(lang, problems))
            (file_field(lang, &id, "file", &t!(lang, "依据文件（可选）", "Document (optional)"), problems))
            button.btn .btn-danger[kind == ActKind::Revoked] type="submit" { (verb(lang, kind)) }
        }
    }
}

fn extension_fields(
    viewer: &Viewer,
    sheet: &Sheet,
    filled: &ActFilled,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let now = through(lang, sheet.standing.through);
    let hint = t!(
        lang,
        "现在到 {now}。已过期的自原末日次日起接续，中间不留空档；也可以提前，但不早于今天。",
        "Now {now}. One that has run out goes on from the day after, without a gap. It may also be made shorter, down to today."
    );
    Field::new("through", t!(lang, "新的末日", "New last valid day"), &filled.through)
        .kind("date")
        .required()
        .hint(hint)
        .input(lang, problems)
}

fn name_fields(lang: Lang, sheet: &Sheet, filled: &ActFilled, problems: &Problems) -> Markup {
    let printed = sheet.certificate.printed();
    let blank = filled.name.is_empty() && filled.act.is_none();
    let (name, name_en) = match blank {
        true => (printed.name, printed.name_en.unwrap_or_default()),
        false => (filled.name.clone(), filled.name_en.clone()),
    };
    html! {
        p.text-secondary { (t!(lang, "新证书编号不同，日期不变；旧证书标为“已被取代”。", "The new certificate has another number and the same dates; the old one is marked as superseded.")) }
        (Field::new("name", t!(lang, "姓名", "Name"), &name).required().input(lang, problems))
        (Field::new("name_en", t!(lang, "英文姓名", "Name in Latin letters"), &name_en).input(lang, problems))
    }
}

fn other_field(
    lang: Lang,
    rules: &Rules,
    sheet: &Sheet,
    filled: &ActFilled,
    problems: &Problems,
) -> Markup {
    let options = sheet
        .others
        .iter()
        .map(|(number, code)| (number.clone(), format!("{number} · {}", name(rules, lang, code))));
    Field::new(
        "other",
        t!(lang, "取代它的证书", "The certificate that takes its place"),
        &filled.other,
    )
    .required()
    .select(lang, problems, options)
}
