//! QTI 2.1 and 2.2 items, alone or in a package: choices, inline choices, matching, ordering, text
//! and number entry, extended text. What an item asks beyond that is named, and the item refused.

use std::collections::BTreeMap;

use super::{
    draft::{
        Draft, MOST_OF_ONE, MOST_OPTIONS, Reading, Refusal, WHOLE, Weighted, Wrong, one_of, said,
        some_of, too_long, too_many_options,
    },
    html,
    moodle::percent_decoded,
    numbers,
    package::Package,
    pictures::{self, Picture},
    place,
    qti_marking::{Key, Marking},
    xml::{self, Node},
};
use crate::{
    exams::questions::{
        Task,
        body::{Accepted, Choice, Credit, Essay, Matching, Numeric, OtherNumber, Pair, Short},
    },
    i18n::Text,
    text,
};

/// An item by itself.
pub fn read(source: &str, reading: &mut Reading) -> Result<(), Refusal> {
    let root = xml::parse(source)?;
    match root.name.as_str() {
        "assessmentItem" => item(&root, "", None, reading),
        "qti-assessment-item" => return Err(version_three()),
        _ => return Err(no_item(&root)),
    }
    Ok(())
}

/// All items of a package.
pub fn read_package(package: &mut Package, reading: &mut Reading) -> Result<(), Refusal> {
    for path in items_of(package)? {
        let Some(bytes) = package.file(&path)? else {
            reading.add(1, &path, Vec::new(), Err(vec![missing(&path)]));
            continue;
        };
        let before = reading.entries.len();
        match super::decode(&bytes).and_then(|source| xml::parse(&source)) {
            Ok(root) if root.name == "assessmentItem" => {
                let folder = path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
                item(&root, folder, Some(package), reading);
            }
            Ok(root) if root.name == "qti-assessment-item" => return Err(version_three()),
            Ok(_) => {}
            Err(Refusal(mistake)) => reading.add(1, &path, Vec::new(), Err(vec![mistake])),
        }
        reading.entries.iter_mut().skip(before).for_each(|entry| entry.file = Some(path.clone()));
        reading.check_count()?;
    }
    Ok(())
}

/// Where the items are: what the manifest names, or every XML file where there is none.
fn items_of(package: &mut Package) -> Result<Vec<String>, Refusal> {
    let Some(manifest) = package.file("imsmanifest.xml")? else {
        return Ok(package.names(".xml"));
    };
    let root = xml::parse(&super::decode(&manifest)?)?;
    let named = root.below("resource").into_iter().filter(|resource| {
        resource.attribute("type").is_some_and(|kind| kind.starts_with("imsqti_item"))
    });
    Ok(named.filter_map(|resource| resource.attribute("href")).map(percent_decoded).collect())
}

fn missing(path: &str) -> Text {
    text!("包里没有文件 {path}", "the file {path} is not in the package")
}

fn version_three() -> Refusal {
    Refusal(text!(
        "这是 QTI 3。请从原系统导出为 QTI 2.1 或 2.2。",
        "This is QTI 3. Export it as QTI 2.1 or 2.2."
    ))
}

fn no_item(root: &Node) -> Refusal {
    let (line, name) = (root.line, super::draft::short(&root.name, 40));
    Refusal(text!(
        "第 {line} 行：最外层是 <{name}>，不是 QTI 题目（assessmentItem）。",
        "line {line}: the outermost element is <{name}>, which is no QTI item (assessmentItem)."
    ))
}

/// The interactions with a key that can be read, beside the extended text, which has none.
const KNOWN: [&str; 5] = [
    "choiceInteraction",
    "inlineChoiceInteraction",
    "orderInteraction",
    "matchInteraction",
    "textEntryInteraction",
];

fn item(root: &Node, folder: &str, package: Option<&mut Package>, reading: &mut Reading) {
    let name = root.attribute("title").or(root.attribute("identifier")).unwrap_or_default();
    let mut item = Item {
        root,
        folder,
        package,
        pictures: &mut reading.pictures,
        notes: Vec::new(),
        wrong: Vec::new(),
    };
    let found = item.read().map(|mut draft| {
        draft.code = root.attribute("identifier").map(str::to_owned);
        draft.name = root.attribute("title").map(str::to_owned);
        draft
    });
    let notes = std::mem::take(&mut item.notes);
    reading.add(root.line, name, notes, found);
}

struct Item<'a> {
    root: &'a Node,
    folder: &'a str,
    package: Option<&'a mut Package>,
    pictures: &'a mut BTreeMap<String, Picture>,
    notes: Vec<Text>,
    wrong: Wrong,
}

impl<'a> Item<'a> {
    fn read(&mut self) -> Result<Draft, Wrong> {
        let body = self.check()?;
        let interaction = the_interaction(body)?;
        let identifier = interaction.attribute("responseIdentifier").unwrap_or_default();
        let key = Key::of(self.root, identifier);
        let stem = self.stem(body, interaction);
        let task = self.task(interaction, &key)?;
        let feedback = self.feedback();
        if !self.wrong.is_empty() {
            return Err(std::mem::take(&mut self.wrong));
        }
        let mut draft = Draft::new(stem, task, feedback);
        draft.body.fixed_order = interaction.attribute("shuffle") == Some("false");
        Ok(draft)
    }

    /// What rules an item out whatever it asks; its body.
    fn check(&mut self) -> Result<&'a Node, Wrong> {
        let mut wrong = Vec::new();
        if self.root.attribute("adaptive") == Some("true") {
            wrong.push(text!("自适应题目（adaptive）", "it is adaptive"));
        }
        let mut length = 0;
        self.root.each(&mut |node| {
            length += node.words().len();
            let element = match node.name.as_str() {
                "templateDeclaration"
                | "templateProcessing"
                | "printedVariable"
                | "math"
                | "video"
                | "audio"
                | "feedbackBlock"
                | "templateBlock"
                | "templateInline" => &node.name,
                _ => return,
            };
            let line = node.line;
            let known = |text: &Text| text.en.ends_with(&format!("<{element}>"));
            if !wrong.iter().any(known) {
                wrong.push(text!("第 {line} 行：<{element}>", "line {line}: <{element}>"));
            }
        });
        if length > MOST_OF_ONE {
            return Err(vec![too_long(length)]);
        }
        if !wrong.is_empty() {
            let Text { zh, en } = Text::list(&wrong);
            return Err(vec![text!("无法表达：{zh}", "this cannot be expressed here: {en}")]);
        }
        self.root
            .child("itemBody")
            .ok_or_else(|| vec![text!("没有 itemBody", "there is no itemBody")])
    }

    fn task(&mut self, interaction: &'a Node, key: &Key) -> Result<Task, Wrong> {
        if interaction.name == "extendedTextInteraction" {
            return Ok(self.essay());
        }
        if !KNOWN.contains(&interaction.name.as_str()) {
            return Err(vec![unsupported(interaction, &interaction.name)]);
        }
        let marking = Marking::of(self.root, key).map_err(|mistake| vec![mistake])?;
        match interaction.name.as_str() {
            "choiceInteraction" => self.choice(interaction, "simpleChoice", key, &marking),
            "inlineChoiceInteraction" => self.choice(interaction, "inlineChoice", key, &marking),
            "orderInteraction" => self.ordering(interaction, key),
            "matchInteraction" => self.matching(interaction, key),
            "textEntryInteraction" if key.is_number() => number(key, &marking),
            "textEntryInteraction" => words(key, &marking),
            other => Err(vec![unsupported(interaction, other)]),
        }
    }

    /// The body with a gap for what is filled in and the prompt for the rest.
    fn stem(&mut self, body: &'a Node, interaction: &'a Node) -> String {
        let hidden = |node: &Node| {
            node.name == "rubricBlock"
                && !node.attribute("view").unwrap_or("candidate").contains("candidate")
        };
        let leave_out = |node: &Node| {
            if hidden(node) {
                return Some(String::new());
            }
            let inline = ["textEntryInteraction", "inlineChoiceInteraction"];
            if !std::ptr::eq(node, interaction) {
                return object(node);
            }
            if inline.contains(&node.name.as_str()) {
                return Some("_____".to_owned());
            }
            let prompt = node.child("prompt").map(|prompt| xml::html(prompt, &object));
            Some(format!("<p>{}</p>", prompt.unwrap_or_default()))
        };
        let html = xml::html(body, &leave_out);
        self.markdown(&html)
    }

    fn markdown(&mut self, html: &str) -> String {
        let (folder, pictures) = (self.folder, &mut *self.pictures);
        let package = &mut self.package;
        let shown = html::markdown(html, &mut |address| {
            place::picture(address, pictures, &mut |address, pictures| {
                let package = package.as_deref_mut()?;
                found(package, folder, address, pictures)
            })
        });
        shown.unwrap_or_else(|mistakes| {
            self.wrong.extend(mistakes);
            String::new()
        })
    }

    /// The words of an option and what is said to whoever chooses it.
    fn option(&mut self, node: &'a Node) -> (String, String) {
        let words = xml::html(node, &|node| match node.name.as_str() {
            "feedbackInline" => Some(String::new()),
            _ => object(node),
        });
        let feedback = node.child("feedbackInline").map(|node| xml::html(node, &object));
        (self.markdown(&words), self.markdown(&feedback.unwrap_or_default()))
    }

    fn choice(
        &mut self,
        interaction: &'a Node,
        name: &str,
        key: &Key,
        marking: &Marking,
    ) -> Result<Task, Wrong> {
        let nodes: Vec<&Node> = interaction.nodes().filter(|node| node.name == name).collect();
        limit(nodes.len())?;
        let several = key.cardinality == "multiple";
        if matches!(marking, Marking::Mapped) {
            let most = key.most(several);
            let mut options = Vec::new();
            for node in nodes {
                let (text, feedback) = self.option(node);
                let share = key.share(identifier(node), most);
                options.push(Weighted { text, share, feedback });
            }
            return Ok(if several { some_of(options) } else { one_of(options) });
        }
        let mut options = Vec::new();
        for node in nodes {
            let (text, feedback) = self.option(node);
            let correct = key.correct.iter().any(|one| one == identifier(node));
            options.push(Choice {
                text: said(text),
                correct,
                share: None,
                feedback: said(feedback),
            });
        }
        Ok(if several {
            Task::Multiple { options, credit: Credit::Exact }
        } else {
            Task::Single { options }
        })
    }

    fn ordering(&mut self, interaction: &'a Node, key: &Key) -> Result<Task, Wrong> {
        let nodes: Vec<&Node> = interaction.all("simpleChoice").collect();
        limit(nodes.len())?;
        let mut items = Vec::new();
        for wanted in &key.correct {
            let node = nodes.iter().find(|node| identifier(node) == wanted);
            let Some(node) = node else { return Err(vec![stranger(wanted)]) };
            items.push(said(self.option(node).0));
        }
        if items.len() != nodes.len() {
            return Err(vec![text!(
                "正确顺序没有列出全部条目",
                "the right order does not name all items"
            )]);
        }
        Ok(Task::Ordering { items, credit: Credit::Exact })
    }

    fn matching(&mut self, interaction: &'a Node, key: &Key) -> Result<Task, Wrong> {
        let sets: Vec<&Node> = interaction.all("simpleMatchSet").collect();
        let [prompts, partners] = sets.as_slice() else {
            return Err(vec![text!("匹配题须有两组", "a matching has two sets")]);
        };
        let (prompts, partners): (Vec<&Node>, Vec<&Node>) =
            (prompts.nodes().collect(), partners.nodes().collect());
        limit(prompts.len())?;
        limit(partners.len())?;
        let pairs: Vec<(&str, &str)> =
            key.correct.iter().filter_map(|pair| pair.split_once(' ')).collect();
        let mut matching = Matching { credit: key.credit_of_pairs(), ..Matching::default() };
        let mut used = Vec::new();
        for prompt in &prompts {
            let partner = partner_of(prompt, &pairs)?;
            let node = partners.iter().find(|node| identifier(node) == partner);
            let Some(node) = node else { return Err(vec![stranger(partner)]) };
            used.push(partner);
            let prompt = said(self.option(prompt).0);
            matching.pairs.push(Pair { prompt, partner: said(self.bare(node)) });
        }
        for node in partners.iter().filter(|node| !used.contains(&identifier(node))) {
            matching.distractors.push(said(self.bare(node)));
        }
        if key.is_uneven() {
            self.notes.push(text!(
                "各对的分值不同，这里每对同样计分",
                "the pairs have different values in the file; here they all count the same"
            ));
        }
        Ok(Task::Matching(matching))
    }

    /// Partners are shown in a list to choose from, without Markdown.
    fn bare(&mut self, node: &'a Node) -> String {
        super::words::bare(&self.option(node).0)
    }

    fn essay(&mut self) -> Task {
        let blocks = self.root.below("rubricBlock").into_iter();
        let guides: Vec<String> = blocks
            .filter(|node| node.attribute("view").is_some_and(|view| view.contains("scorer")))
            .map(|node| xml::html(node, &object))
            .collect();
        let guide = said(self.markdown(&guides.join("<p></p>")));
        Task::Essay(Essay { guide, words: None, markers: 1 })
    }

    /// What is said after the answer, whatever it was.
    fn feedback(&mut self) -> String {
        let said: Vec<&Node> = self.root.all("modalFeedback").take(MOST_OPTIONS).collect();
        let mut all = Vec::new();
        for node in said {
            let words = self.markdown(&xml::html(node, &object));
            if !words.is_empty() && !all.contains(&words) {
                all.push(words);
            }
        }
        all.join("\n\n")
    }
}

/// An object that is a picture becomes one; interactions beside the one that counts go.
fn object(node: &Node) -> Option<String> {
    match node.name.as_str() {
        "object" => {
            let (data, alt) = (node.attribute("data").unwrap_or_default(), node.words());
            Some(format!("<img src=\"{}\" alt=\"{}\">", xml::escape(data), xml::escape(alt.trim())))
        }
        "feedbackInline" => Some(String::new()),
        _ => None,
    }
}

/// A file of the package beside the item.
fn found(
    package: &mut Package,
    folder: &str,
    address: &str,
    pictures: &mut BTreeMap<String, Picture>,
) -> Option<Result<String, Text>> {
    let path = percent_decoded(address.split(['?', '#']).next().unwrap_or(address));
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    match package.file(&parts.join("/")) {
        Ok(Some(bytes)) => Some(pictures::take(pictures, &path, bytes)),
        Ok(None) => None,
        Err(Refusal(mistake)) => Some(Err(mistake)),
    }
}

fn identifier(node: &Node) -> &str {
    node.attribute("identifier").unwrap_or_default()
}

fn limit(many: usize) -> Result<(), Wrong> {
    if many > MOST_OPTIONS { Err(vec![too_many_options(many)]) } else { Ok(()) }
}

fn stranger(identifier: &str) -> Text {
    let identifier = super::draft::short(identifier, 40);
    text!(
        "正确答案 {identifier} 不在选项里",
        "the right answer {identifier} is none of the options"
    )
}

fn partner_of<'k>(prompt: &Node, pairs: &[(&str, &'k str)]) -> Result<&'k str, Wrong> {
    let mut partners = pairs.iter().filter(|(from, _)| *from == identifier(prompt));
    match (partners.next(), partners.next()) {
        (Some((_, partner)), None) => Ok(partner),
        _ => Err(vec![xml::at(
            prompt,
            text!("每个提示须恰好有一个搭配", "each prompt needs exactly one partner"),
        )]),
    }
}

/// The one thing an item asks.
fn the_interaction(body: &Node) -> Result<&Node, Wrong> {
    let mut found = Vec::new();
    body.each(&mut |node| {
        if node.name.ends_with("Interaction") {
            found.push(node);
        }
    });
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(vec![text!(
            "没有作答部分（interaction）",
            "it asks nothing: there is no interaction"
        )]),
        several => {
            let names = several
                .iter()
                .map(|node| node.name.as_str())
                .take(10)
                .collect::<Vec<_>>()
                .join(", ");
            Err(vec![text!(
                "一题里有多个作答部分（{names}），无法表达",
                "several interactions in one item ({names}) cannot be expressed here"
            )])
        }
    }
}

fn unsupported(node: &Node, name: &str) -> Text {
    let line = node.line;
    text!("第 {line} 行：不支持 {name}", "line {line}: {name} is not supported")
}

/// Words that are compared as they are, capitals included, as QTI does.
fn words(key: &Key, marking: &Marking) -> Result<Task, Wrong> {
    let form = |word: &str, share| Accepted {
        // A star is a star here.
        form: word.trim().replace('*', "\\*"),
        share,
        feedback: Text::default(),
    };
    let accepted: Vec<Accepted> = match marking {
        Marking::Mapped => {
            let most = key.most(false);
            key.mapped.iter().map(|entry| form(&entry.key, key.share(&entry.key, most))).collect()
        }
        _ => key.correct.iter().map(|word| form(word, WHOLE)).collect(),
    };
    limit(accepted.len())?;
    let case_matters = match marking {
        Marking::Mapped => key.mapped.iter().any(|entry| entry.case_matters),
        _ => true,
    };
    Ok(Task::Short(Short { accepted, case_matters }))
}

fn number(key: &Key, marking: &Marking) -> Result<Task, Wrong> {
    let read = |word: &str| numbers::plain(word).map_err(|mistake| vec![mistake]);
    let tolerance = match marking {
        Marking::Within(tolerance) => {
            numbers::positive(tolerance).map_err(|mistake| vec![mistake])?
        }
        _ => "0".to_owned(),
    };
    if !matches!(marking, Marking::Mapped) {
        let value = read(key.correct.first().map(String::as_str).unwrap_or_default())?;
        return Ok(Task::Numeric(Numeric { value, tolerance, ..Numeric::default() }));
    }
    limit(key.mapped.len())?;
    let most = key.most(false);
    let mut numbers = Vec::new();
    for entry in &key.mapped {
        let (value, share) = (read(&entry.key)?, key.share(&entry.key, most));
        numbers.push(OtherNumber {
            value,
            tolerance: "0".to_owned(),
            share,
            feedback: Text::default(),
        });
    }
    let (task, _) = super::gift::numeric(numbers, "").map_err(|mistake| vec![mistake])?;
    Ok(task)
}
