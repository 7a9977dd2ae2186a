//! XML as a tree with line numbers, within bounds. No entity but the five of XML is ever resolved,
//! and a document type that defines any is refused, so nothing can be fetched or multiplied.

use std::ops::Range;

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};

use super::{draft::Refusal, own};
use crate::{i18n::Text, text};

const DEPTH: usize = 100;
const ELEMENTS: usize = 1_000_000;
const ATTRIBUTES: usize = 100;

#[derive(Debug, Default)]
pub struct Node {
    /// Without its prefix.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Child>,
    pub line: u64,
    /// Where it stands in the file.
    pub span: Range<usize>,
}

#[derive(Debug)]
pub enum Child {
    Node(Node),
    Words(String),
    /// A comment by which our own export says the rest.
    Own(String),
}

impl Node {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.children.iter().filter_map(|child| match child {
            Child::Node(node) => Some(node),
            _ => None,
        })
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes().filter(move |node| node.name == name)
    }

    pub fn child(&self, name: &str) -> Option<&Node> {
        self.nodes().find(|node| node.name == name)
    }

    /// The words right below it.
    pub fn words(&self) -> String {
        let words = self.children.iter().filter_map(|child| match child {
            Child::Words(words) => Some(words.as_str()),
            _ => None,
        });
        words.collect()
    }

    /// The words of a child; empty without one.
    pub fn words_of(&self, name: &str) -> String {
        self.child(name).map(Node::words).unwrap_or_default().trim().to_owned()
    }

    /// Every element below it, itself first.
    pub fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Node)) {
        see(self);
        self.nodes().for_each(|node| node.each(see));
    }

    /// The elements of this name below it.
    pub fn below<'a>(&'a self, name: &str) -> Vec<&'a Node> {
        let mut found = Vec::new();
        self.each(&mut |node| {
            if node.name == name {
                found.push(node);
            }
        });
        found
    }

    pub fn own(&self) -> Option<&str> {
        self.children.iter().find_map(|child| match child {
            Child::Own(words) => Some(words.as_str()),
            _ => None,
        })
    }
}

/// Reads a document; its outermost element.
pub fn parse(text: &str) -> Result<Node, Refusal> {
    let mut tree = Tree { text, counted: 0, line: 1, open: vec![Node::default()], elements: 0 };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        let from = reader.buffer_position() as usize;
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let line = tree.line_at(reader.error_position() as usize);
                return Err(broken(line, &error.to_string()));
            }
        };
        if matches!(event, Event::Eof) {
            break;
        }
        tree.take(event, from..reader.buffer_position() as usize)?;
    }
    if tree.open.len() > 1 {
        let (line, name) =
            tree.open.last().map(|node| (node.line, node.name.clone())).unwrap_or_default();
        return Err(broken(line, &format!("<{name}> is never closed")));
    }
    let root = tree.open.pop().and_then(|document| {
        document.children.into_iter().find_map(|child| match child {
            Child::Node(node) => Some(node),
            _ => None,
        })
    });
    root.ok_or_else(|| broken(1, "there is no element"))
}

struct Tree<'a> {
    text: &'a str,
    /// How far lines were counted.
    counted: usize,
    line: u64,
    /// The elements that are open, the document first.
    open: Vec<Node>,
    elements: usize,
}

impl Tree<'_> {
    /// Positions come in order, so each byte is counted once.
    fn line_at(&mut self, position: usize) -> u64 {
        let position = position.min(self.text.len());
        if let Some(new) = self.text.as_bytes().get(self.counted..position) {
            self.line += new.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.counted = position;
        }
        self.line
    }

    fn take(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), Refusal> {
        match event {
            Event::Start(start) => {
                let node = self.node(&start, at)?;
                self.open.push(node);
                if self.open.len() > DEPTH {
                    return Err(too_deep(self.line));
                }
            }
            Event::Empty(start) => {
                let node = self.node(&start, at)?;
                self.add(Child::Node(node));
            }
            Event::End(_) => {
                if let Some(mut node) = self.open.pop() {
                    node.span.end = at.end;
                    self.add(Child::Node(node));
                }
            }
            Event::Text(words) => self.add_words(&words.xml10_content()),
            Event::CData(words) => self.add_words(&words.xml10_content()),
            Event::GeneralRef(reference) => {
                let c = self.character(&reference, at.start)?;
                self.add_words(c.encode_utf8(&mut [0; 4]));
            }
            Event::Comment(words) => {
                let words: &str = words.trim();
                if words.starts_with(own::START) {
                    self.add(Child::Own(words.to_owned()));
                }
            }
            Event::DocType(declared) => {
                if declared.contains('[') || declared.contains("ENTITY") {
                    return Err(entities(self.line_at(at.start)));
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn node(&mut self, start: &BytesStart<'_>, at: Range<usize>) -> Result<Node, Refusal> {
        self.elements += 1;
        let line = self.line_at(at.start);
        if self.elements > ELEMENTS {
            return Err(too_many(line));
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| broken(line, &error.to_string()))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| broken(line, &error.to_string()))?;
            if attributes.len() >= ATTRIBUTES {
                return Err(too_many(line));
            }
            attributes.push((local(attribute.key.as_ref()), value.into_owned()));
        }
        let name = local(start.name().as_ref());
        Ok(Node { name, attributes, children: Vec::new(), line, span: at })
    }

    fn character(&mut self, reference: &BytesRef<'_>, at: usize) -> Result<char, Refusal> {
        let name: &str = reference;
        let known = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        let name = name.chars().take(40).collect::<String>();
        known.ok_or_else(|| broken(self.line_at(at), &format!("&{name}; is not known in XML")))
    }

    fn add(&mut self, child: Child) {
        if let Some(node) = self.open.last_mut() {
            node.children.push(child);
        }
    }

    fn add_words(&mut self, words: &str) {
        let Some(node) = self.open.last_mut() else { return };
        match node.children.last_mut() {
            Some(Child::Words(known)) => known.push_str(words),
            _ => node.children.push(Child::Words(words.to_owned())),
        }
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_owned()
}

fn broken(line: u64, why: &str) -> Refusal {
    Refusal(text!(
        "第 {line} 行：XML 有错误（{why}）。请从原系统重新导出。",
        "line {line}: the XML is broken ({why}). Export it again from the other system."
    ))
}

fn too_deep(line: u64) -> Refusal {
    Refusal(text!(
        "第 {line} 行：XML 嵌套超过 {DEPTH} 层，已拒绝。",
        "line {line}: the XML is nested more than {DEPTH} deep and was refused."
    ))
}

fn too_many(line: u64) -> Refusal {
    Refusal(text!(
        "第 {line} 行：XML 的元素或属性过多，已拒绝。请拆分文件。",
        "line {line}: the XML has far too many elements or attributes and was refused. Split the file."
    ))
}

fn entities(line: u64) -> Refusal {
    Refusal(text!(
        "第 {line} 行：文件自定义了实体（DTD），为安全起见已拒绝。请去掉 DOCTYPE 后再导入。",
        "line {line}: the file defines entities of its own (a DTD) and was refused for safety. Remove the DOCTYPE."
    ))
}

/// The node as HTML, its own tag left out; `leave_out` says which elements do not come along.
pub fn html(node: &Node, leave_out: &dyn Fn(&Node) -> Option<String>) -> String {
    let mut out = String::new();
    inner(node, leave_out, &mut out);
    out
}

fn inner(node: &Node, leave_out: &dyn Fn(&Node) -> Option<String>, out: &mut String) {
    for child in &node.children {
        match child {
            Child::Words(words) => out.push_str(&escape(words)),
            Child::Own(_) => {}
            Child::Node(node) => match leave_out(node) {
                Some(instead) => out.push_str(&instead),
                None => {
                    out.push('<');
                    out.push_str(&node.name);
                    for (name, value) in &node.attributes {
                        out.push_str(&format!(" {name}=\"{}\"", escape(value)));
                    }
                    out.push('>');
                    inner(node, leave_out, out);
                    if !matches!(node.name.as_str(), "br" | "img" | "hr") {
                        out.push_str(&format!("</{}>", node.name));
                    }
                }
            },
        }
    }
}

/// Text as XML holds it; what XML cannot hold at all is left out.
pub fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            '\r' => out.push_str("&#13;"),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// What is wrong, with the line of an element before it.
pub fn at(node: &Node, mistake: Text) -> Text {
    let line = node.line;
    let Text { zh, en } = mistake;
    text!("第 {line} 行：{zh}", "line {line}: {en}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().0.en
    }

    #[test]
    fn a_tree_knows_its_lines() {
        let tree = parse("<?xml version=\"1.0\"?>\n<quiz>\n\n<q:a n='1 &lt; 2'>x &amp; <![CDATA[<y>]]></q:a><b/></quiz>").unwrap();
        let a = tree.child("a").unwrap();
        assert_eq!((a.line, a.words().as_str(), a.attribute("n")), (4, "x & <y>", Some("1 < 2")));
        assert_eq!(tree.nodes().count(), 2);
    }

    #[test]
    fn what_would_harm_is_refused_with_its_line() {
        let bomb = "<?xml version='1.0'?>\n<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>\n<x>&b;</x>";
        assert!(refused(bomb).starts_with("line 2: the file defines entities"));
        let outside = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>";
        assert!(refused(outside).contains("entities"));
        assert!(refused("<x>\n&unknown;</x>").starts_with("line 2"));
        assert!(refused(&"<a>".repeat(200)).contains("nested"));
        assert!(refused("<a>\n<b>\n</a>").contains("line 3"), "{}", refused("<a>\n<b>\n</a>"));
        assert!(refused("<a>").contains("never closed"));
        assert!(refused("").contains("no element"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(<|>|/|a|b| |=|'|&|;|!|\\[|\\]|CDATA|-|\\?|#|x1){0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_escaped_reads_the_same(text in "[\\PC\n]{1,40}") {
            let tree = parse(&format!("<a b=\"{}\">{}</a>", escape(&text), escape(&text))).unwrap();
            prop_assert_eq!(tree.words(), text);
        }
    }
}
