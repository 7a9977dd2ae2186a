//! The list of results within a reach.

use maud::{Markup, html};

use super::{Filter, queries::ResultLine};
use crate::{
    access::{Acting, Grading, OverPeople, Viewer, proof::Proof},
    exams::{
        attempts::pages::{moment, outcome, outcome_badge, to_exams},
        rules,
    },
    i18n::Lang,
    record::Rules,
    staff::Site,
    t,
    web::components::{card, card_with, empty, heading, icon, pager, table},
};

/// The name as the reader writes it.
pub fn name(lang: Lang, line: &ResultLine) -> &str {
    match (lang, line.name_en.as_deref()) {
        (Lang::En, Some(name)) if !name.is_empty() => name,
        _ => &line.name,
    }
}

/// Results of people within reach.
pub fn results(
    acting: &Acting<OverPeople>,
    rules: &Rules,
    filter: &Filter,
    sites: &[Site],
    lines: &[ResultLine],
    has_more: bool,
) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "考试成绩", "Exam results");
    let mut csv = form_urlencoded::Serializer::new(String::from("/exams/results.csv?"));
    csv.extend_pairs(filter.query());
    let grading = acting.holds_any(<Grading as Proof>::ROLES);
    let actions = html! {
        @if grading {
            a.btn href="/exams/marking" { (t!(lang, "阅卷", "Marking")) }
            a.btn href="/exams/results/release" { (t!(lang, "公布成绩", "Release")) }
            a.btn href="/exams/appeals" { (t!(lang, "申诉", "Appeals")) }
            a.btn href="/exams/corrections" { (t!(lang, "错题更正", "Corrections")) }
        }
        a.btn href=(csv.finish()) { (icon("download")) "CSV" }
    };
    let body = html! {
        (heading(&title, t!(lang, "您所辖人员的理论考试成绩", "Theory exams of the people in your reach"), actions))
        (card("", filter_form(lang, rules, filter, sites, acting)))
        @if lines.is_empty() {
            (card("", empty("clipboard-check", &t!(lang, "没有符合条件的成绩", "No results match"),
                t!(lang, "放宽筛选条件，或等所辖人员参加考试。", "Widen the filter, or wait until your people have sat an exam."))))
        } @else {
            (card_with("", html! {}, html! {
                (results_table(acting, rules, lines))
                (pager(lang, filter.page(), has_more, &filter.query()))
            }))
        }
    };
    acting.page(&title, &[to_exams(lang)], body)
}

fn results_table(viewer: &Viewer, rules: &Rules, lines: &[ResultLine]) -> Markup {
    let lang = viewer.lang();
    let headers = [
        t!(lang, "姓名", "Name"),
        t!(lang, "门店", "Site"),
        t!(lang, "考试", "Exam"),
        t!(lang, "交卷时间", "Handed in"),
        t!(lang, "得分", "Score"),
        t!(lang, "结果", "Result"),
    ];
    let rows = lines.iter().map(|line| {
        let at = line.attempt.finished_at.map(|at| moment(viewer, at)).unwrap_or_default();
        vec![
            html! { a href={ "/people/" (line.attempt.person_id) } { (name(lang, line)) } " " span.text-secondary.small { (line.staff_no) } },
            html! { (line.site.as_ref().map_or("", |site| site.title(lang))) },
            html! { (rules::title(rules, &line.attempt.exam).get(lang)) },
            html! { (at) },
            html! { (line.result.score()) },
            outcome_badge(lang, line.result.passed),
        ]
    });
    table(&headers, rows)
}

fn filter_form(
    lang: Lang,
    rules: &Rules,
    filter: &Filter,
    sites: &[Site],
    viewer: &Viewer,
) -> Markup {
    let exams = rules::offered(rules, viewer.today).into_iter();
    let exams = exams.map(|offer| (offer.code(), offer.plan.title.get(lang).to_owned()));
    let sites = sites.iter().map(|site| {
        (site.code.clone(), format!("{}{}", "　".repeat(site.depth()), site.title(lang)))
    });
    let passed = [("yes".to_owned(), outcome(lang, true)), ("no".to_owned(), outcome(lang, false))];
    html! {
        form.row.g-2.align-items-end method="get" action="/exams/results" data-auto {
            (choice("exam", t!(lang, "考试", "Exam"), &filter.exam, t!(lang, "全部", "All"), exams))
            (choice("site", t!(lang, "门店", "Site"), &filter.site, t!(lang, "全部", "All"), sites))
            (choice("passed", t!(lang, "结果", "Result"), &filter.passed, t!(lang, "全部", "All"), passed))
            (day_field("from", t!(lang, "从", "From"), &filter.from))
            (day_field("through", t!(lang, "至", "Through"), &filter.through))
            div.col-auto { button.btn.btn-primary type="submit" { (icon("filter")) (t!(lang, "筛选", "Filter")) } }
        }
    }
}

fn choice(
    name: &str,
    label: String,
    value: &str,
    all: String,
    options: impl IntoIterator<Item = (String, String)>,
) -> Markup {
    html! {
        div."col-6"."col-md-2" {
            label.form-label for=(name) { (label) }
            select.form-select id=(name) name=(name) {
                option value="" { (all) }
                @for (code, title) in options { option value=(code) selected[code == value] { (title) } }
            }
        }
    }
}

fn day_field(name: &str, label: String, value: &str) -> Markup {
    html! {
        div."col-6"."col-md-2" {
            label.form-label for=(name) { (label) }
            input.form-control type="date" id=(name) name=(name) value=(value);
        }
    }
}
