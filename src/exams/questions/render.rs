//! One question as candidates see it: on a paper, in practice, in a preview. No key.

use maud::{Markup, html};

use super::{
    QuestionKind, Task,
    body::Credit,
    scoring::{Item, letter},
};
use crate::{i18n::Lang, t};

/// The question at a place of a paper with the controls that answer it, for within a fieldset.
pub fn question(lang: Lang, position: i64, item: &Item) -> Markup {
    html! {
        legend."h3" { (position) ". " (item.body.stem.get(lang)) " " span.small.text-secondary.fw-normal { (kind_word(lang, item)) } }
        (controls(lang, position, item))
    }
}

/// How it is answered and what counts, in words.
pub fn kind_word(lang: Lang, item: &Item) -> String {
    let partial = matches!(
        item.task(),
        Some(Task::Multiple { credit: Credit::Partial | Credit::Weighted, .. })
    );
    match item.kind {
        QuestionKind::Single => t!(lang, "（单选）", "(choose one)"),
        QuestionKind::Multiple if partial => t!(
            lang,
            "（多选，部分选对得部分分，错选扣减）",
            "(choose all that apply; right ones earn a part, wrong ones take from it)"
        ),
        QuestionKind::Multiple => t!(
            lang,
            "（多选，全部选对才得分）",
            "(choose all that apply; a point only for exactly those)"
        ),
        QuestionKind::TrueFalse => t!(lang, "（判断）", "(true or false)"),
        QuestionKind::Numeric => t!(lang, "（填数）", "(a number)"),
        QuestionKind::Short => t!(lang, "（填空）", "(a few words)"),
        QuestionKind::Ordering => t!(lang, "（排序）", "(put in order)"),
        QuestionKind::Matching => t!(lang, "（匹配）", "(match)"),
        QuestionKind::Hotspot => t!(lang, "（图上标注）", "(mark on the picture)"),
        QuestionKind::Essay => t!(lang, "（论述）", "(in your own words)"),
        QuestionKind::Case => String::new(),
    }
}

/// What is answered with.
pub fn controls(lang: Lang, position: i64, item: &Item) -> Markup {
    let response = item.response.as_deref().unwrap_or_default();
    let option = |kind: &'static str, value: &str, label: String| {
        let chosen = response.split(',').any(|one| one == value);
        html! {
            label.exam-option {
                input.form-check-input type=(kind) name={ "q" (position) } value=(value) checked[chosen];
                span { (label) }
            }
        }
    };
    match item.task() {
        Some(Task::Single { options } | Task::Multiple { options, .. }) => {
            let kind = if item.kind == QuestionKind::Single { "radio" } else { "checkbox" };
            let shown = item.order.iter().filter_map(|at| options.get(*at));
            html! { @for (place, choice) in shown.enumerate() {
                (option(kind, &letter(place), choice.text.get(lang).to_owned()))
            } }
        }
        Some(Task::TrueFalse { .. }) => html! {
            (option("radio", "true", t!(lang, "对", "True")))
            (option("radio", "false", t!(lang, "错", "False")))
        },
        Some(Task::Numeric(numeric)) => {
            let unit = numeric.unit();
            html! {
                div.input-group.mb-2 {
                    input.form-control type="text" inputmode="decimal" maxlength="40" name={ "q" (position) }
                        value=(response) autocomplete="off" aria-label=(t!(lang, "第 {position} 题的数值", "Number for question {position}"));
                    @if !unit.get(lang).is_empty() { span.input-group-text { (unit.get(lang)) } }
                }
            }
        }
        _ => html! {
            input.form-control.mb-2 type="text" name={ "q" (position) } value=(response) autocomplete="off"
                aria-label=(t!(lang, "第 {position} 题的作答", "Answer to question {position}"));
        },
    }
}
