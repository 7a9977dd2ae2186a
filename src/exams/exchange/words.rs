//! Words of other systems as Markdown that reads the same.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html;
use crate::i18n::Text;

/// How a text of a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Markup {
    /// Moodle's own: HTML in which line breaks count.
    #[default]
    Moodle,
    Html,
    Plain,
    Markdown,
}

/// Where a picture of a text is shown from now on, or why it cannot be.
pub type Place<'a> = &'a mut dyn FnMut(&str) -> Result<String, Text>;

/// Puts a text into Markdown; a picture that cannot be shown is a mistake.
pub fn markdown(text: &str, markup: Markup, place: Place<'_>) -> Result<String, Vec<Text>> {
    let text = text.trim();
    match markup {
        Markup::Markdown => Ok(text.to_owned()),
        Markup::Plain => Ok(plain(text)),
        Markup::Html => html::markdown(text, place),
        Markup::Moodle if has_tags(text) => html::markdown(&text.replace('\n', "<br>"), place),
        Markup::Moodle => Ok(plain(text)),
    }
}

/// Whether a text has anything of HTML in it: a tag, a comment or a named character.
fn has_tags(text: &str) -> bool {
    let tag = text.match_indices('<').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('/');
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') && rest.contains('>')
    });
    let entity = text.match_indices('&').any(|(at, _)| {
        let rest = &text[at + 1..];
        let name = rest.find(';').and_then(|end| rest.get(..end)).unwrap_or_default();
        let name = name.strip_prefix('#').unwrap_or(name);
        !name.is_empty() && name.len() < 12 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    tag || entity
}

/// Plain words as Markdown that shows exactly them; most need no change at all.
pub fn plain(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let joined = lines.join("  \n");
    if shows(&joined) {
        return joined;
    }
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("  \n")
}

/// A run of words inside other Markdown.
pub fn run(text: &str) -> String {
    if shows(text) { text.to_owned() } else { escaped(text) }
}

/// As pages render it.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Whether Markdown shows these very characters, white space aside.
fn shows(text: &str) -> bool {
    let mut heard = String::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Text(words) => heard.push_str(&words),
            Event::Start(Tag::Paragraph)
            | Event::End(TagEnd::Paragraph)
            | Event::SoftBreak
            | Event::HardBreak => {}
            _ => return false,
        }
    }
    let bare = |c: &char| !c.is_whitespace();
    heard.chars().filter(bare).eq(text.chars().filter(bare))
}

fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    for (at, c) in line.char_indices() {
        let inline = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|');
        let first = at == 0 && matches!(c, '#' | '+' | '-' | '=' | ':');
        let number = digits > 0 && at == digits && matches!(c, '.' | ')');
        if inline || first || number {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The words a reader sees, for places that show no Markdown: the choices of a matching, lists.
pub fn bare(markdown: &str) -> String {
    let mut out = String::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Text(words) | Event::Code(words) => out.push_str(&words),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Item) => out.push(' '),
            Event::Start(Tag::Image { .. }) => out.push_str("[图] "),
            _ => {}
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nowhere(_: &str) -> Result<String, Text> {
        Ok("/p".to_owned())
    }

    #[test]
    fn plain_words_stay_as_they_are_unless_markdown_would_change_them() {
        for (text, markdown) in [
            ("R < 60 Ω & U = 12 V", "R < 60 Ω & U = 12 V"),
            ("_____ is a sea.", "_____ is a sea."),
            ("1*2*3", "1\\*2\\*3"),
            ("# not a heading", "\\# not a heading"),
            ("2. is no list", "2\\. is no list"),
            ("one\ntwo", "one  \ntwo"),
        ] {
            assert_eq!(plain(text), markdown);
            assert!(shows(&plain(text)) || plain(text) != text);
        }
    }

    #[test]
    fn moodle_text_is_html_only_where_it_has_tags() {
        let read = |text| super::markdown(text, Markup::Moodle, &mut nowhere).unwrap();
        assert_eq!(read("a <b>bold</b> word"), "a **bold** word");
        assert_eq!(read("x &lt; y"), "x < y");
        assert_eq!(read("5 < 6 > 4"), "5 < 6 > 4");
    }

    proptest! {
        #[test]
        fn plain_words_read_the_same_as_markdown(text in "[ -~中文。\\n]{0,60}") {
            let seen = |words: &str| words.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let mut shown = String::new();
            for event in Parser::new_ext(&plain(&text), options()) {
                if let Event::Text(words) = event { shown.push_str(&words) }
            }
            prop_assert_eq!(seen(&shown), seen(&text), "{}", plain(&text));
        }
    }
}
