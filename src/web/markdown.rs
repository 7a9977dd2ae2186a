//! Markdown to HTML that is safe to show.

use std::sync::LazyLock;

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::default();
    cleaner.add_tag_attributes("img", &["loading"]).add_tag_attributes("th", &["style"]);
    cleaner
});

/// Renders CommonMark with tables. Relative picture addresses are put below `media`.
pub fn render(markdown: &str, media: &str) -> Markup {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(markdown, options).map(|event| place_picture(event, media));
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    PreEscaped(CLEANER.clean(&out).to_string())
}

fn place_picture<'a>(event: Event<'a>, media: &str) -> Event<'a> {
    match event {
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let placed = if dest_url.contains("://") || dest_url.starts_with('/') {
                dest_url
            } else {
                CowStr::from(format!("{media}/{dest_url}"))
            };
            Event::Start(Tag::Image { link_type, dest_url: placed, title, id })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_in_a_lesson_does_not_survive() {
        let html = render("hello <script>alert(1)</script> <img src=x onerror=alert(1)>", "/m").0;
        assert!(!html.contains("script") && !html.contains("onerror"), "{html}");
    }

    #[test]
    fn pictures_are_found_beside_the_lesson() {
        let html = render("![cut](media/disc.svg)", "/courses/brakes").0;
        assert!(html.contains("src=\"/courses/brakes/media/disc.svg\""), "{html}");
    }
}
