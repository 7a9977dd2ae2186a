//! The pages of practice.

use maud::{Markup, html};

use super::{
    handlers::{Round, Titles},
    rules::{ROUND, Standing, WHOLE},
};
use crate::{
    access::Viewer,
    exams::{
        attempts::model::Attempt,
        questions::{
            Task,
            render::{self, rich, rich_line},
            scoring::{Item, model_response},
        },
    },
    i18n::{self, Lang, Text},
    t,
    web::{
        Crumb,
        components::{Tone, alert, card, card_with, empty, heading, icon},
        forms::new_key,
    },
};

fn to_practice(lang: Lang) -> Crumb {
    Crumb::new("/practice", t!(lang, "练习", "Practice"))
}

/// Where I stand and what to practise, the weakest area first.
pub fn start(
    viewer: &Viewer,
    standings: &[Standing],
    titles: &Titles,
    course: Option<&str>,
    running: Option<&Attempt>,
) -> Markup {
    let lang = viewer.lang();
    let subtitle = t!(
        lang,
        "做错的题出现得更多；答后马上看讲解，不计入任何成绩。",
        "What you got wrong comes more often. Each answer is explained at once, and nothing counts."
    );
    let of_course = standings.iter().any(|one| Some(one.area.as_str()) == course);
    let shown = standings.iter().filter(|one| !of_course || Some(one.area.as_str()) == course);
    let body = html! {
        (heading(&t!(lang, "练习", "Practice"), subtitle, html! {}))
        @if let Some(attempt) = running {
            (alert(Tone::Warn, html! {
                (t!(lang, "您有一场考试正在进行，交卷后再来练习。", "You are in the middle of an exam. Come back when you have handed in.")) " "
                a.alert-link href=(attempt.path()) { (t!(lang, "继续考试", "Go on with the exam")) }
            }))
        } @else if standings.is_empty() {
            (card("", empty("clipboard-list", &t!(lang, "还没有练习题", "Nothing to practise yet"),
                t!(lang, "题库负责人开放练习后，题目会出现在这里。", "Questions appear here once somebody opens a bank for practice."))))
        } @else {
            @if !of_course { (ten_of_all(lang)) }
            div.row.row-cards.mb-3 { @for standing in shown {
                div."col-md-6"."col-xl-4" { (area_card(lang, standing, titles)) }
            } }
            @if of_course { p { a href="/practice" { (t!(lang, "全部练习", "All of practice")) } } }
        }
    };
    viewer.page(&t!(lang, "练习", "Practice"), &[], body)
}

fn ten_of_all(lang: Lang) -> Markup {
    html! {
        section.card.mb-3 { div.card-body.d-flex.flex-wrap.gap-3.align-items-center {
            div.flex-fill {
                h2.card-title.mb-1 { (t!(lang, "来 {ROUND} 题", "{ROUND} questions")) }
                div.text-secondary { (t!(lang, "从所有部分里挑，偏重您常错和没见过的。", "From every area, most from what you get wrong or have not seen.")) }
            }
            a.btn.btn-primary href="/practice/new" { (icon("player-play")) (t!(lang, "开始", "Start")) }
        } }
    }
}

fn area_card(lang: Lang, standing: &Standing, titles: &Titles) -> Markup {
    let key = (standing.bank.clone(), standing.area.clone());
    let title = titles.get(&key).map_or(standing.area.as_str(), |title| title.get(lang));
    let (seen, questions) = (standing.seen, standing.questions);
    let address = form_urlencoded::Serializer::new(String::from("/practice/new?"))
        .append_pair("bank", &standing.bank)
        .append_pair("area", &standing.area)
        .finish();
    html! {
        section.card."h-100".practice-area id=(standing.area) { div.card-body {
            h2.card-title { (title) }
            p.mb-1 {
                @match standing.right {
                    Some(right) => { strong.h2 { (right) " %" } " " (t!(lang, "答对", "right")) }
                    None => { span.text-secondary { (t!(lang, "还没练过", "Not tried yet")) } }
                }
            }
            p.small.text-secondary.mb-2 { (t!(lang, "{questions} 题，见过 {seen} 题", "{seen} of {questions} questions seen")) }
            @if standing.right.is_some() {
                (weeks(lang, title, &standing.weeks))
                p.small.text-secondary.mb-0 { (t!(lang, "最近 {} 周，虚线为 50 %", "The last {} weeks; the dashed line is 50 %", standing.weeks.len())) }
            }
            a.btn.mt-2 href=(address) { (icon("player-play")) (t!(lang, "练这一部分", "Practise this")) }
        } }
    }
}

/// A bar a week; a week without practice has a line only.
fn weeks(lang: Lang, title: &str, weeks: &[Option<i64>]) -> Markup {
    let told: Vec<String> = weeks
        .iter()
        .map(|week| week.map_or_else(|| "–".to_owned(), |right| format!("{right} %")))
        .collect();
    let told = told.join(", ");
    let n = weeks.len();
    let label = t!(
        lang,
        "{title}：最近 {n} 周每周答对的比例：{told}",
        "{title}: share right in each of the last {n} weeks: {told}"
    );
    html! {
        svg.practice-weeks viewBox={ "0 0 " (n * 20) " 54" } role="img" aria-label=(label) {
            line.half x1="0" x2=(n * 20) y1="27" y2="27" {}
            @for (at, week) in weeks.iter().enumerate() {
                @let height = week.map_or(1, |right| (right / 2).max(2));
                rect .none[week.is_none()] x=(at * 20 + 3) width="14" y=(52 - height) height=(height) rx="2" {}
            }
        }
    }
}

/// One question of a round.
pub fn ask(viewer: &Viewer, round: &Round, item: &Item, unclear: bool) -> Markup {
    let lang = viewer.lang();
    let (at, all) = (round.at, round.units().len());
    let body = html! {
        (heading(&t!(lang, "练习", "Practice"), t!(lang, "第 {at} 题，共 {all} 题 · {}", "Question {at} of {all} · {}", item.body.area.get(lang)), html! {}))
        @if unclear {
            (alert(Tone::Warn, t!(lang, "作答不完整或有重复，请改好再提交。", "The answer is incomplete or uses a place twice. Put it right and send it again.")))
        }
        form.exam-room method="post" action="/practice/round" autocomplete="off" {
            input type="hidden" name="form_key" value=(new_key());
            input type="hidden" name="seed" value=(round.seed);
            input type="hidden" name="list" value=(round.list);
            input type="hidden" name="at" value=(at);
            @if item.part > 0 { (render::case_text(lang, item)) }
            fieldset.card.mb-3.exam-question.practice-question data-lone data-position=(at) data-kind=(item.kind.word())
                aria-labelledby={ "n" (at) " s" (at) } {
                div.card-body { (render::question(lang, at as i64, item)) }
            }
            button.btn.btn-primary type="submit" { (icon("check")) (t!(lang, "提交，看讲解", "Answer and see why")) }
        }
    };
    let title = t!(lang, "练习：第 {at} 题", "Practice: question {at}");
    viewer.page_with_script(&title, &[to_practice(lang)], "question.js", body)
}

/// Whether it was right, and why.
pub fn explain(
    viewer: &Viewer,
    round: &Round,
    item: &Item,
    earned: i64,
    so_far: &[Option<i64>],
) -> Markup {
    let lang = viewer.lang();
    let (at, all) = (round.at, round.units().len());
    let (tone, said) = match earned {
        WHOLE => (Tone::Good, t!(lang, "答对了", "Right")),
        0 => (Tone::Bad, t!(lang, "不对", "Not right")),
        part => (
            Tone::Warn,
            t!(lang, "部分正确：得 {} %", "Partly right: {} % of the points", part / 100),
        ),
    };
    let response = item.response.as_deref().unwrap_or_default();
    let model = item.task().and_then(|task| model_response(task, &item.order)).unwrap_or_default();
    let body = html! {
        (heading(&t!(lang, "讲解", "Why"), t!(lang, "第 {at} 题，共 {all} 题 · {}", "Question {at} of {all} · {}", item.body.area.get(lang)), html! {}))
        div #verdict { (alert(tone, html! { strong { (said) } })) }
        @if item.part > 0 { (render::case_text(lang, item)) }
        section.card.mb-3 { div.card-body {
            div.exam-stem { (rich(render::stem(item).get(lang))) }
            dl.practice-answers {
                dt { (t!(lang, "您的作答", "Your answer")) }
                dd #given {
                    @if response.is_empty() { span.text-secondary { (t!(lang, "没有作答", "None")) } }
                    @else { (render::answer(lang, item, response)) }
                }
                @if earned < WHOLE {
                    dt { (t!(lang, "正确答案", "The right answer")) }
                    dd #right { (render::answer(lang, item, &model)) (render::key_beside(lang, item)) }
                }
            }
            (reasons(lang, item, response))
        } }
        (onward(lang, round, so_far))
    };
    let title = t!(lang, "讲解：第 {at} 题", "Why: question {at}");
    viewer.page_with_script(&title, &[to_practice(lang)], "question.js", body)
}

/// What the author says about the answer and the question, and where it can be read.
fn reasons(lang: Lang, item: &Item, response: &str) -> Markup {
    let remarks = render::remarks(item, response);
    let part = match &item.body.task {
        Task::Case { parts } if item.part > 0 => parts.get(item.part - 1),
        _ => None,
    };
    let general = part.map_or(&item.body.feedback, |part| &part.feedback);
    let said: Vec<&Text> =
        remarks.into_iter().chain([general]).filter(|text| !text.is_blank()).collect();
    html! {
        @if !said.is_empty() {
            h2.h4 { (t!(lang, "为什么", "Why")) }
            div #feedback { @for text in said { (rich(text.get(lang))) } }
        }
        @if !item.body.references.is_empty() {
            h2.h4.mt-3 { (t!(lang, "出处", "Where to read it")) }
            ul.mb-0 #references { @for reference in &item.body.references { li { (rich_line(reference)) } } }
        }
    }
}

/// The next question, or how the round went.
fn onward(lang: Lang, round: &Round, so_far: &[Option<i64>]) -> Markup {
    let all = so_far.len();
    if round.at < all {
        return html! {
            a.btn.btn-primary href=(round.next().path()) { (t!(lang, "下一题", "Next question")) " " (icon("arrow-right")) }
        };
    }
    let right = so_far.iter().flatten().filter(|earned| **earned == WHOLE).count();
    let counted = i18n::count(all, "question", "questions");
    card_with(
        &t!(lang, "这一轮做完了", "This round is done"),
        html! {},
        html! {
            div.card-body {
                p #round-result { (t!(lang, "{all} 题中答对 {right} 题。", "{right} right of {counted}.")) }
                div.btn-list {
                    a.btn.btn-primary href="/practice/new" { (icon("refresh")) (t!(lang, "再来一轮", "Another round")) }
                    a.btn href="/practice" { (t!(lang, "看我的进步", "See how I am doing")) }
                }
            }
        },
    )
}
