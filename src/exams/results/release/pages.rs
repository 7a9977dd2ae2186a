//! What waits for its release.

use maud::{Markup, html};

use super::{Group, queries::Waiting};
use crate::{
    access::{Acting, Grading},
    exams::{
        attempts::{
            model::AttemptResult,
            pages::{moment, outcome_badge, to_exams},
        },
        rules,
    },
    i18n::Lang,
    record::Rules,
    t,
    web::components::{Tone, badge, card, card_with, definitions, empty, heading, progress, table},
    web::forms::new_key,
};

pub fn list(acting: &Acting<Grading>, rules: &Rules, groups: &[Group]) -> Markup {
    let lang = acting.lang();
    let title = t!(lang, "公布成绩", "Release of results");
    let said = t!(
        lang,
        "公布前，考生和主管都看不到成绩，也不会颁发证书",
        "Until then neither candidates nor managers see a score, and no certificate is issued"
    );
    let body = html! {
        (heading(&title, said, html! {
            a.btn href="/exams/marking" { (t!(lang, "阅卷", "Marking")) }
            a.btn href="/exams/corrections" { (t!(lang, "错题更正", "Corrections")) }
        }))
        @if groups.is_empty() {
            (card("", empty("circle-check", &t!(lang, "没有待公布的成绩", "Nothing waits"),
                t!(lang, "按决定公布的考试有人交卷后，会显示在这里。", "When somebody hands in an exam whose results are released by decision, it appears here."))))
        }
        @for group in groups { (one(acting, rules, group)) }
    };
    acting.page(&title, &[to_exams(lang)], body)
}

fn one(acting: &Acting<Grading>, rules: &Rules, group: &Group) -> Markup {
    let lang = acting.lang();
    let title = rules::title(rules, &group.exam);
    let title = match &group.sitting_code {
        Some(code) => t!(lang, "{}（场次 {code}）", "{} (sitting {code})", title.get(lang)),
        None => title.get(lang).to_owned(),
    };
    let results: Vec<&AttemptResult> =
        group.ready.iter().filter_map(|one| one.result.as_ref()).collect();
    let passed = results.iter().filter(|result| result.passed).count();
    let (ready, unmarked) = (results.len(), group.unmarked);
    let shown: Vec<String> = group.ready.iter().map(|one| one.attempt.id.to_string()).collect();
    card_with(
        &title,
        html! {},
        html! {
            div.card-body {
                (definitions([
                    (t!(lang, "已阅完", "Marked"), html! { (ready) }),
                    (t!(lang, "仍在阅卷", "Still being marked"), html! { (unmarked) }),
                    (t!(lang, "合格", "Passed"), html! { (passed) " / " (ready) }),
                ]))
                @if ready > 0 { (distribution(lang, &results)) }
            }
            @if ready > 0 {
                form method="post" action="/exams/results/release" {
                    input type="hidden" name="form_key" value=(new_key());
                    input type="hidden" name="shown" value=(shown.join(","));
                    (people(acting, &group.ready))
                    div.card-footer { div.btn-list {
                        button.btn type="submit" name="act" value="chosen" { (t!(lang, "公布所选", "Release the chosen")) }
                        button.btn.btn-primary type="submit" name="act" value="all" { (t!(lang, "全部公布", "Release all")) }
                    } }
                }
            }
        },
    )
}

/// How the scores lie, in tens.
fn distribution(lang: Lang, results: &[&AttemptResult]) -> Markup {
    let mut bands = [0_usize; 10];
    for result in results {
        let tenth = result.points * 10 / result.points_max.max(1);
        bands[tenth.clamp(0, 9) as usize] += 1;
    }
    html! {
        details.mt-2 {
            summary { (t!(lang, "分数分布", "Distribution of scores")) }
            @for (at, count) in bands.iter().enumerate().rev() {
                @let (from, to) = (at * 10, at * 10 + 10);
                div.row.g-1.align-items-center {
                    div."col-3"."col-sm-2".small.text-secondary { (from) "–" (to) }
                    div.col { (progress(*count, results.len(), &t!(lang, "{from} 至 {to} 分的人数", "from {from} to {to}"))) }
                }
            }
        }
    }
}

fn people(acting: &Acting<Grading>, ready: &[Waiting]) -> Markup {
    let lang = acting.lang();
    let headers = [
        t!(lang, "选择", "Choose"),
        t!(lang, "姓名", "Name"),
        t!(lang, "交卷时间", "Handed in"),
        t!(lang, "得分", "Score"),
        t!(lang, "结果", "Result"),
        t!(lang, "提示", "Note"),
    ];
    let rows = ready.iter().filter_map(|one| one.result.as_ref().map(|result| (one, result)));
    let rows = rows.map(|(one, result)| {
        let name = match (lang, one.name_en.as_deref()) {
            (Lang::En, Some(name)) if !name.is_empty() => name,
            _ => one.name.as_str(),
        };
        let at = one.attempt.finished_at.map(|at| moment(acting, at)).unwrap_or_default();
        vec![
            html! { input.form-check-input type="checkbox" name="attempt" value=(one.attempt.id) aria-label=(name); },
            html! { (name) " " span.text-secondary.small { (one.staff_no) } },
            html! { (at) },
            html! { (result.score()) },
            outcome_badge(lang, result.passed),
            html! {
                @if one.apart { (badge(Tone::Warn, t!(lang, "两评分差过大，已仲裁", "Markers apart; a third decided"))) }
            },
        ]
    });
    table(&headers, rows)
}
