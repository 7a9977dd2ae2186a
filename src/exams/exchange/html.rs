//! HTML as Markdown. Only what a question needs survives: paragraphs, lists, tables, emphasis,
//! code, links, pictures; scripts, styles and everything else go.
//!
//! The tokenizer of html5ever copes with any HTML in linear time; frames hold what is open.

use std::cell::RefCell;

use html5ever::{
    Attribute,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
    },
};

use super::words::{self, Place};
use crate::i18n::Text;

/// Frames open at a time; deeper ones are read as part of the last.
const DEPTH: usize = 40;

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Root,
    Wrapped { tag: String, mark: &'static str },
    Code,
    Pre,
    Link(String),
    List(Option<u32>),
    Item,
    Quote,
    Table(Vec<Vec<String>>),
    Row(Vec<String>),
    Cell,
    Silent(String),
}

struct Frame {
    kind: Kind,
    out: String,
}

struct Sink<'a> {
    state: RefCell<State<'a>>,
}

struct State<'a> {
    frames: Vec<Frame>,
    place: Place<'a>,
    wrong: Vec<Text>,
}

/// Puts HTML into Markdown.
pub fn markdown(html: &str, place: Place<'_>) -> Result<String, Vec<Text>> {
    let root = Frame { kind: Kind::Root, out: String::new() };
    let state = State { frames: vec![root], place, wrong: Vec::new() };
    let tokenizer = Tokenizer::new(Sink { state: RefCell::new(state) }, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    while state.frames.len() > 1 {
        state.close();
    }
    let out = state.frames.pop().map(|frame| frame.out).unwrap_or_default();
    if state.wrong.is_empty() { Ok(tidy(&out)) } else { Err(state.wrong) }
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(words) => state.text(&words),
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => state.end(&tag.name),
            Token::TagToken(tag) => state.start(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State<'_> {
    fn out(&mut self) -> &mut String {
        if self.frames.is_empty() {
            self.frames.push(Frame { kind: Kind::Root, out: String::new() });
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last].out
    }

    fn is_in(&self, kind: fn(&Kind) -> bool) -> bool {
        self.frames.iter().any(|frame| kind(&frame.kind))
    }

    fn text(&mut self, text: &str) {
        if self.is_in(|kind| matches!(kind, Kind::Silent(_))) {
            return;
        }
        if self.is_in(|kind| matches!(kind, Kind::Pre | Kind::Code)) {
            self.out().push_str(text);
            return;
        }
        let folded = fold(text);
        let out = self.out();
        let blank = out.is_empty() || out.ends_with(char::is_whitespace);
        let words = if blank { folded.trim_start() } else { &folded };
        let (kept, trailing) = (words.trim_end(), words.ends_with(' '));
        let (start, body) = (words.starts_with(' '), kept.trim_start());
        if start {
            out.push(' ');
        }
        out.push_str(&words::run(body));
        if trailing && !body.is_empty() {
            out.push(' ');
        }
    }

    fn open(&mut self, kind: Kind) {
        if self.frames.len() < DEPTH {
            self.frames.push(Frame { kind, out: String::new() });
        }
    }

    fn start(&mut self, tag: &Tag) {
        match &*tag.name {
            "p" | "div" | "section" | "article" | "center" | "dd" | "dt" | "dl" => self.paragraph(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.paragraph();
                self.open(Kind::Wrapped { tag: "strong".into(), mark: "**" });
            }
            "br" => self.line_break(),
            "hr" => {
                self.paragraph();
                self.out().push_str("---\n\n");
            }
            "b" | "strong" => self.open(Kind::Wrapped { tag: "strong".into(), mark: "**" }),
            "i" | "em" => self.open(Kind::Wrapped { tag: "em".into(), mark: "*" }),
            "sub" | "sup" => self.open(Kind::Wrapped { tag: tag.name.to_string(), mark: "" }),
            "code" | "tt" | "kbd" if !self.is_in(|kind| *kind == Kind::Pre) => {
                self.open(Kind::Code)
            }
            "pre" => self.open(Kind::Pre),
            "a" => self.open(Kind::Link(attribute(&tag.attrs, "href").unwrap_or_default())),
            "ul" => self.open(Kind::List(None)),
            "ol" => self.open(Kind::List(Some(1))),
            "li" => self.open(Kind::Item),
            "blockquote" => self.open(Kind::Quote),
            "table" => self.open(Kind::Table(Vec::new())),
            "tr" => self.open(Kind::Row(Vec::new())),
            "td" | "th" => self.open(Kind::Cell),
            "script" | "style" | "head" | "noscript" if !tag.self_closing => {
                self.open(Kind::Silent(tag.name.to_string()));
            }
            "img" => self.picture(&tag.attrs),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let fits = |kind: &Kind| match (name, kind) {
            (
                "b" | "strong" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6",
                Kind::Wrapped { tag, .. },
            ) => tag == "strong",
            ("i" | "em", Kind::Wrapped { tag, .. }) => tag == "em",
            ("sub" | "sup", Kind::Wrapped { tag, .. }) => tag == name,
            ("code" | "tt" | "kbd", Kind::Code)
            | ("pre", Kind::Pre)
            | ("a", Kind::Link(_))
            | ("ul" | "ol", Kind::List(_))
            | ("li", Kind::Item)
            | ("blockquote", Kind::Quote)
            | ("table", Kind::Table(_))
            | ("tr", Kind::Row(_))
            | ("td" | "th", Kind::Cell) => true,
            (_, Kind::Silent(tag)) => tag == name,
            _ => false,
        };
        if let Some(at) = self.frames.iter().rposition(|frame| fits(&frame.kind)) {
            while self.frames.len() > at.max(1) {
                self.close();
            }
        }
        if matches!(name, "p" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dd" | "dt") {
            self.paragraph();
        }
    }

    /// Closes the innermost frame and hands what it holds to the one around it.
    fn close(&mut self) {
        let Some(Frame { kind, out }) = self.frames.pop() else { return };
        match kind {
            Kind::Root => self.out().push_str(&out),
            Kind::Silent(_) => {}
            Kind::Wrapped { tag, mark } => self.inline(&wrapped(&tag, mark, out.trim()), &out),
            Kind::Code => self.inline(&code(out.trim()), &out),
            Kind::Link(address) => self.inline(&link(&address, out.trim()), &out),
            Kind::Pre => self.block(&fenced(&out)),
            Kind::Quote => self.block(&prefixed(&tidy(&out), "> ", "> ")),
            Kind::Item => self.item(&tidy(&out)),
            Kind::List(_) => self.block(out.trim_end()),
            Kind::Cell => match self.frames.last_mut() {
                Some(Frame { kind: Kind::Row(cells), .. }) => cells.push(cell(&out)),
                _ => self.block(&tidy(&out)),
            },
            Kind::Row(cells) => match self.frames.last_mut() {
                Some(Frame { kind: Kind::Table(rows), .. }) => rows.push(cells),
                _ => self.block(&cells.join(" ")),
            },
            Kind::Table(rows) => self.block(&table(&rows)),
        }
    }

    /// White space at the ends of what was inside stands outside.
    fn inline(&mut self, words: &str, raw: &str) {
        let out = self.out();
        if raw.starts_with(char::is_whitespace) && !out.ends_with(char::is_whitespace) {
            out.push(' ');
        }
        out.push_str(words);
        if raw.ends_with(char::is_whitespace) && !words.is_empty() {
            out.push(' ');
        }
    }

    fn paragraph(&mut self) {
        let out = self.out();
        let end = out.trim_end().len();
        out.truncate(end);
        if !out.is_empty() {
            out.push_str("\n\n");
        }
    }

    fn line_break(&mut self) {
        if self.is_in(|kind| matches!(kind, Kind::Pre)) {
            self.out().push('\n');
            return;
        }
        let out = self.out();
        let end = out.trim_end_matches(' ').len();
        out.truncate(end);
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str("  \n");
        } else if out.ends_with("  \n") {
            out.push('\n');
        }
    }

    fn block(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        self.paragraph();
        let out = self.out();
        out.push_str(words);
        out.push_str("\n\n");
    }

    fn item(&mut self, words: &str) {
        let mark = match self.frames.last_mut() {
            Some(Frame { kind: Kind::List(Some(number)), .. }) => {
                let mark = format!("{number}. ");
                *number += 1;
                mark
            }
            _ => "- ".to_owned(),
        };
        let indent = " ".repeat(mark.len());
        let lines = prefixed(words, &mark, &indent);
        let out = self.out();
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&lines);
        out.push('\n');
    }

    fn picture(&mut self, attributes: &[Attribute]) {
        let address = attribute(attributes, "src").unwrap_or_default();
        let alt = attribute(attributes, "alt").unwrap_or_default().replace(['[', ']', '\n'], " ");
        match (self.place)(address.trim()) {
            Ok(shown) => {
                let shown = destination(&shown);
                self.out().push_str(&format!("![{alt}]({shown})"));
            }
            Err(mistake) => self.wrong.push(mistake),
        }
    }
}

fn attribute(attributes: &[Attribute], name: &str) -> Option<String> {
    attributes.iter().find(|one| &*one.name.local == name).map(|one| one.value.to_string())
}

fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let space = matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}');
        if !space {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

/// Marks only close beside letters, so that Chinese punctuation at the ends takes tags.
fn wrapped(tag: &str, mark: &str, words: &str) -> String {
    if words.is_empty() {
        return String::new();
    }
    let plain = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let close = plain(words.chars().next()) && plain(words.chars().next_back());
    if !mark.is_empty() && close && !words.contains('\n') {
        format!("{mark}{words}{mark}")
    } else {
        format!("<{tag}>{words}</{tag}>")
    }
}

fn code(words: &str) -> String {
    let fence = if words.contains('`') { "``" } else { "`" };
    let gap = if words.starts_with('`') || words.ends_with('`') { " " } else { "" };
    if words.is_empty() { String::new() } else { format!("{fence}{gap}{words}{gap}{fence}") }
}

fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}", text.trim_matches('\n'))
}

fn link(address: &str, words: &str) -> String {
    let known = ["http://", "https://", "mailto:"].iter().any(|start| address.starts_with(start));
    if known && !words.is_empty() {
        format!("[{words}]({})", destination(address))
    } else {
        words.to_owned()
    }
}

/// An address as Markdown holds it.
pub fn destination(address: &str) -> String {
    if address.contains([' ', '(', ')', '<', '>', '\n']) {
        let packed = address.replace(' ', "%20").replace('(', "%28").replace(')', "%29");
        return packed.replace('<', "%3C").replace('>', "%3E").replace('\n', "");
    }
    address.to_owned()
}

fn cell(words: &str) -> String {
    tidy(words).replace("  \n", " ").replace('\n', " ").replace('|', "\\|")
}

fn table(rows: &[Vec<String>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    let line = |cells: &[String]| {
        let mut cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        cells.resize(width, "");
        format!("| {} |", cells.join(" | "))
    };
    let mut lines: Vec<String> = rows.iter().map(|row| line(row)).collect();
    if !lines.is_empty() && width > 0 {
        lines.insert(1, format!("|{}", " --- |".repeat(width)));
    }
    lines.join("\n")
}

fn prefixed(words: &str, first: &str, rest: &str) -> String {
    let lines = words.lines().enumerate().map(|(at, line)| match at {
        0 => format!("{first}{line}"),
        _ if line.is_empty() => rest.trim_end().to_owned(),
        _ => format!("{rest}{line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// No empty lines at the ends, one between paragraphs.
fn tidy(out: &str) -> String {
    let mut tidied = out.trim().to_owned();
    while tidied.contains("\n\n\n") {
        tidied = tidied.replace("\n\n\n", "\n\n");
    }
    tidied
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(html: &str) -> String {
        markdown(html, &mut |address| Ok(format!("/files/{address}"))).unwrap()
    }

    #[test]
    fn what_a_question_needs_survives() {
        for (html, expected) in [
            ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo  \nthree"),
            ("<p>a <b> bold </b>word</p>", "a **bold** word"),
            ("<b>注意！</b>高压", "<strong>注意！</strong>高压"),
            ("H<sub>2</sub>O", "H<sub>2</sub>O"),
            ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n\n  1. c"),
            ("<img src='x y.png' alt='cut'>", "![cut](/files/x%20y.png)"),
            (
                "<a href=\"javascript:x\">no</a> <a href='https://a.b'>yes</a>",
                "no [yes](https://a.b)",
            ),
            ("<script>alert(1)</script><style>p{}</style>kept", "kept"),
            (
                "<table><tr><th>U</th><th>I</th></tr><tr><td>1</td><td>2</td></tr></table>",
                "| U | I |\n| --- | --- |\n| 1 | 2 |",
            ),
            ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
            ("2 &lt; 3 &amp; x&nbsp;y", "2 < 3 & x y"),
        ] {
            assert_eq!(read(html), expected, "{html}");
        }
    }

    #[test]
    fn deep_nesting_is_read_flat() {
        let html = "<ul><li>".repeat(20_000) + "deep";
        assert!(read(&html).contains("deep"));
    }

    proptest! {
        #[test]
        fn any_html_is_read(html in "(<|>|/|b|p|ul|li|table|td|tr|pre| |a|&|;|\"|中){0,80}") {
            let _ = markdown(&html, &mut |_| Ok(String::new()));
        }
    }
}
