//! The parts pages are put together from. Each is a function from plain values to markup.

use maud::{Markup, PreEscaped, Render, html};

use super::assets;
use crate::{i18n::Lang, t};

/// What a colour means. Colour never stands alone: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Warn,
    Bad,
    Info,
    Neutral,
}

impl Tone {
    fn word(self) -> &'static str {
        match self {
            Tone::Good => "success",
            Tone::Warn => "warning",
            Tone::Bad => "danger",
            Tone::Info => "info",
            Tone::Neutral => "secondary",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Tone::Good => "circle-check",
            Tone::Warn => "alert-triangle",
            Tone::Bad => "circle-x",
            Tone::Info | Tone::Neutral => "info-circle",
        }
    }
}

/// A picture from the sprite; decoration only, so screen readers pass over it.
pub fn icon(name: &str) -> Markup {
    html! {
        svg.icon aria-hidden="true" focusable="false" {
            (PreEscaped(format!("<use href=\"{}#{name}\"></use>", assets::address("tabler/icons.svg"))))
        }
    }
}

/// The heading of a page, with what can be done on it.
pub fn heading(title: &str, subtitle: impl Render, actions: Markup) -> Markup {
    html! {
        div.page-header.mt-0.mb-3 {
            div.row.align-items-center.g-2 {
                div."col-12"."col-sm" { h1.page-title { (title) } div.text-secondary.mt-1 { (subtitle) } }
                @if !actions.0.is_empty() {
                    div.col-auto.d-print-none { div.btn-list { (actions) } }
                }
            }
        }
    }
}

pub fn card(title: &str, body: Markup) -> Markup {
    card_with(title, html! {}, html! { div.card-body { (body) } })
}

/// A card whose body fills it to the edge (a table, a list), with actions in its header.
pub fn card_with(title: &str, actions: Markup, body: Markup) -> Markup {
    html! {
        section.card.mb-3 {
            @if !title.is_empty() || !actions.0.is_empty() {
                div.card-header {
                    h2.card-title { (title) }
                    @if !actions.0.is_empty() { div.card-actions { (actions) } }
                }
            }
            (body)
        }
    }
}

pub fn badge(tone: Tone, label: impl Render) -> Markup {
    html! { span class={ "badge bg-" (tone.word()) "-lt" } { (label) } }
}

pub fn alert(tone: Tone, body: impl Render) -> Markup {
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    html! {
        div class={ "alert alert-" (tone.word()) } role=(role) {
            div.d-flex { div.me-2 { (icon(tone.icon())) } div { (body) } }
        }
    }
}

/// What a list shows when it has nothing: what to do next.
pub fn empty(glyph: &str, title: &str, hint: impl Render) -> Markup {
    html! {
        div.empty.py-4 {
            div.empty-icon { (icon(glyph)) }
            p.empty-title { (title) }
            p.empty-subtitle.text-secondary { (hint) }
        }
    }
}

/// A table that becomes a stack of labelled lines on a phone.
pub fn table(headers: &[String], rows: impl IntoIterator<Item = Vec<Markup>>) -> Markup {
    html! {
        div.table-responsive {
            table.table.table-vcenter.card-table.table-mobile-md {
                thead { tr { @for header in headers { th scope="col" { (header) } } } }
                tbody {
                    @for cells in rows {
                        tr {
                            @for (cell, header) in cells.into_iter().zip(headers) {
                                td data-label=(header) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Labels with their values.
pub fn definitions(lines: impl IntoIterator<Item = (String, Markup)>) -> Markup {
    html! {
        dl.row.mb-0 {
            @for (label, value) in lines {
                dt."col-5"."col-sm-4".text-secondary.fw-normal { (label) }
                dd."col-7"."col-sm-8" { (value) }
            }
        }
    }
}

/// A bar with its words; `done` of `total`.
pub fn progress(done: usize, total: usize, label: &str) -> Markup {
    html! {
        div.d-flex.align-items-center.gap-2 {
            progress.shifu-progress max=(total.max(1)) value=(done) aria-label=(label) {}
            span.small.text-secondary.text-nowrap { (done) "/" (total) }
        }
    }
}

/// A figure with its meaning, for the top of a board; links to the list behind it.
pub fn figure(href: &str, label: &str, value: impl Render, tone: Tone) -> Markup {
    html! {
        div."col-6"."col-lg-3" {
            a.card.card-sm.card-link href=(href) {
                div.card-body {
                    div.text-secondary.small { (label) }
                    div class={ "h1 mb-0 text-" (tone.word()) } { (value) }
                }
            }
        }
    }
}

/// A form that does one thing by one button, with the key that makes a double click harmless.
pub fn button_form(action: &str, key: &str, class: &str, body: Markup) -> Markup {
    html! {
        form.d-inline method="post" action=(action) {
            input type="hidden" name="form_key" value=(key);
            button class={ "btn " (class) } type="submit" { (body) }
        }
    }
}

/// Leads through the pages of a long list; keeps the filter in the address.
pub fn pager(lang: Lang, page: usize, has_more: bool, query: &[(&str, &str)]) -> Markup {
    let link = |page: usize| {
        let mut link = form_urlencoded::Serializer::new(String::from("?"));
        for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
            link.append_pair(name, value);
        }
        link.append_pair("page", &page.to_string());
        link.finish()
    };
    html! {
        @if page > 1 || has_more {
            div.card-footer.d-flex.align-items-center {
                span.text-secondary { (t!(lang, "第 {page} 页", "Page {page}")) }
                div.btn-list.ms-auto {
                    @if page > 1 { a.btn href=(link(page - 1)) { (t!(lang, "上一页", "Previous")) } }
                    @if has_more { a.btn href=(link(page + 1)) { (t!(lang, "下一页", "Next")) } }
                }
            }
        }
    }
}
