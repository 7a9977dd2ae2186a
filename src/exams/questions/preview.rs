//! A question as candidates meet it, in both languages, for those who write it.

use std::sync::Arc;

use maud::{Markup, html};

use super::{Body, body::Place, render, scoring::Item};
use crate::{
    i18n::{Lang, Text},
    t,
    web::markdown,
};

/// The question in the reader's language first, and in the other one beside it. Nothing here can
/// be answered.
pub fn preview(reader: Lang, body: &Body) -> Markup {
    let tongues: Vec<Lang> = Lang::ALL.into_iter().filter(|lang| speaks(body, *lang)).collect();
    html! {
        div.row.preview {
            @for lang in &tongues {
                div .col-md-6[tongues.len() > 1] .col-12[tongues.len() == 1] lang=(lang.tag()) {
                    div.text-secondary.small.mb-1 { (lang.own_name()) }
                    (asked(*lang, body))
                }
            }
        }
        @if tongues.len() == 1 {
            p.small.text-secondary.mb-0 { (t!(reader, "只有一种语言；另一种语言的考生看到的也是这段文字。", "In one language only; candidates who read the other one see these words, too.")) }
        }
    }
}

fn speaks(body: &Body, lang: Lang) -> bool {
    let Text { zh, en } = &body.stem;
    !match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
    .trim()
    .is_empty()
}

fn asked(lang: Lang, body: &Body) -> Markup {
    let items = items(body);
    html! {
        @if let Some(item) = items.first().filter(|item| item.part > 0) { (render::case_text(lang, item)) }
        @for (position, item) in (1_i64..).zip(&items) {
            fieldset.mb-3 disabled { (render::question(lang, position, item)) }
        }
        @if items.is_empty() { (markdown::render(body.stem.get(lang), "")) }
    }
}

/// The places it would take on a paper, in the author's order.
fn items(body: &Body) -> Vec<Item> {
    let shared = Arc::new(body.clone());
    let is_case = matches!(body.task, super::Task::Case { .. });
    let item = |(at, place): (usize, Place)| Item {
        kind: place.kind,
        area: String::new(),
        body: Arc::clone(&shared),
        part: if is_case { at + 1 } else { 0 },
        order: (0..place.options).collect(),
        weight: i64::from(place.points),
        scored: true,
        response: None,
        marked: None,
        corrections: Vec::new(),
    };
    body.places().into_iter().enumerate().map(item).collect()
}
