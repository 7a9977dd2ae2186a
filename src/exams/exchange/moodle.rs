//! Moodle XML: questions with their files, one `<question>` at a time.

use std::collections::{BTreeMap, HashMap};

use super::{
    draft::{
        Draft, MOST_OF_ONE, MOST_OPTIONS, Reading, Refusal, WHOLE, Weighted, Wrong, one_of, said,
        some_of, too_long, too_many_options, with_verdicts,
    },
    gift, numbers, own,
    pictures::{self, Picture},
    place, tags,
    words::{self, Markup},
    xml::{self, Node},
};
use crate::{
    exams::questions::{
        Task,
        body::{Accepted, Credit, Essay, Matching, OtherNumber, Pair, Short},
    },
    i18n::Text,
    text,
};

pub fn read(text: &str, reading: &mut Reading) -> Result<(), Refusal> {
    let quiz = xml::parse(text)?;
    if quiz.name != "quiz" {
        let name = super::draft::short(&quiz.name, 40);
        return Err(Refusal(text!(
            "这不是 Moodle XML：最外层是 <{name}>，应为 <quiz>。",
            "this is no Moodle XML: its outermost element is <{name}>, not <quiz>."
        )));
    }
    let mut area = None;
    for node in quiz.all("question") {
        let kind = node.attribute("type").unwrap_or_default();
        if kind == "category" {
            let path = node.child("category").map(|category| match category.child("text") {
                Some(text) => text.words(),
                None => category.words(),
            });
            area = path.map(|path| path.trim().to_owned()).filter(|path| !path.is_empty());
            reading.categories += 1;
            continue;
        }
        read_question(text, node, kind, &area, reading);
        reading.check_count()?;
    }
    Ok(())
}

/// The source of a question without its hidden mark.
fn visible(source: &str, node: &Node) -> String {
    let whole = source.get(node.span.clone()).unwrap_or_default();
    match (whole.find("<!-- shifu:"), whole.find("-->")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &whole[..from], &whole[to + 3..]),
        _ => whole.to_owned(),
    }
}

fn read_question(
    source: &str,
    node: &Node,
    kind: &str,
    area: &Option<String>,
    reading: &mut Reading,
) {
    let name = text_of(node, "name");
    let own = node.own().and_then(own::read);
    let own = match own {
        Some(own) if own.is_untouched(&visible(source, node)) => {
            let files = keep_files(node, reading);
            let found = if files.is_empty() { Ok(own.draft()) } else { Err(files) };
            reading.add(node.line, &name, Vec::new(), found);
            return;
        }
        own => own,
    };
    if kind == "description" {
        match own {
            Some(_) => {
                reading.add(node.line, &name, Vec::new(), Err(vec![tags::edited_elsewhere()]))
            }
            None => {
                let why =
                    text!("说明文字，不是题目；已跳过", "a description, no question; skipped");
                reading.skip(node.line, &name, why);
            }
        }
        return;
    }
    let mut question = Question::new(node, &mut reading.pictures);
    let found = question.read(kind);
    let mut notes = std::mem::take(&mut question.notes);
    let found = found.map(|mut draft| {
        draft.name = Some(name.clone()).filter(|name| !name.is_empty());
        draft.area = area.clone();
        notes.extend(tagged(node).apply(&mut draft));
        if let Some(own) = own {
            own.complete(&mut draft);
        }
        draft
    });
    reading.add(node.line, &name, notes, found);
}

/// The pictures that travel with one of our own questions.
fn keep_files(node: &Node, reading: &mut Reading) -> Wrong {
    let files = node.below("file").into_iter();
    let kept = files.map(|file| {
        let name = file.attribute("name").unwrap_or_default();
        pictures::take_base64(&mut reading.pictures, name, &file.words())
    });
    kept.filter_map(Result::err).collect()
}

fn tagged(node: &Node) -> tags::Tagged {
    let id = Some(node.words_of("idnumber")).filter(|id| !id.is_empty());
    let tags = node.child("tags").map(|tags| {
        let tags = tags.all("tag").map(|tag| match tag.child("text") {
            Some(text) => text.words().trim().to_owned(),
            None => tag.words().trim().to_owned(),
        });
        tags.filter(|tag| !tag.is_empty()).take(100).collect()
    });
    tags::Tagged { id, tags: tags.unwrap_or_default() }
}

/// The plain words of an element that holds `<text>`.
fn text_of(node: &Node, name: &str) -> String {
    let Some(child) = node.child(name) else { return String::new() };
    let words = child.child("text").map_or_else(|| child.words(), Node::words);
    words.trim().to_owned()
}

/// A question being read.
struct Question<'a> {
    node: &'a Node,
    markup: Markup,
    pictures: &'a mut BTreeMap<String, Picture>,
    notes: Vec<Text>,
    wrong: Wrong,
}

impl<'a> Question<'a> {
    fn new(node: &'a Node, pictures: &'a mut BTreeMap<String, Picture>) -> Question<'a> {
        Question { node, markup: Markup::Moodle, pictures, notes: Vec::new(), wrong: Vec::new() }
    }

    fn read(&mut self, kind: &str) -> Result<Draft, Wrong> {
        if let Some(wrong) = self.too_large() {
            return Err(vec![wrong]);
        }
        self.markup = self
            .node
            .child("questiontext")
            .map_or(Markup::Moodle, |node| markup(node, Markup::Moodle));
        let stem = self.words_of("questiontext");
        let general = self.words_of("generalfeedback");
        let (task, right, wrong) = self.task(kind)?;
        self.say_what_is_left_out();
        if !self.wrong.is_empty() {
            return Err(std::mem::take(&mut self.wrong));
        }
        let mut draft = Draft::new(stem, task, with_verdicts(general, &right, &wrong));
        let shuffled = self.node.words_of("shuffleanswers");
        draft.body.fixed_order = matches!(shuffled.as_str(), "0" | "false");
        draft.body.points = self.points();
        Ok(draft)
    }

    /// Pictures have a limit of their own.
    fn too_large(&self) -> Option<Text> {
        let mut length = 0;
        self.node.each(&mut |node| {
            if node.name != "file" {
                length += node.words().len();
            }
        });
        (length > MOST_OF_ONE).then(|| too_long(length))
    }

    fn points(&mut self) -> u32 {
        let grade = self.node.words_of("defaultgrade");
        let number: f64 = grade.parse().unwrap_or(1.0);
        let points = number.round().clamp(1.0, 100.0);
        if (number - points).abs() > 1e-6 {
            self.notes.push(text!(
                "分值 {grade} 记为 {points}（分值须为 1 至 100 的整数）",
                "the {grade} points count as {points} (points are whole numbers from 1 to 100)"
            ));
        }
        points as u32
    }

    fn task(&mut self, kind: &str) -> Result<(Task, String, String), Wrong> {
        let none = |task| (task, String::new(), String::new());
        match kind {
            "multichoice" => self.choice().map(none),
            "truefalse" => Ok(self.truth()),
            "shortanswer" => self.short().map(none),
            "numerical" => self.number(),
            "matching" | "match" => self.matching().map(none),
            "essay" => Ok(none(self.essay())),
            "ordering" => self.ordering().map(none),
            other => Err(vec![unsupported(other)]),
        }
    }

    /// A child's text as Markdown.
    fn words_of(&mut self, name: &str) -> String {
        match self.node.child(name) {
            Some(node) => self.markdown(node),
            None => String::new(),
        }
    }

    /// The text of an element with the files that came with it.
    fn markdown(&mut self, node: &Node) -> String {
        let words = node.child("text").map_or_else(|| node.words(), Node::words);
        let files: HashMap<String, &Node> = node
            .all("file")
            .map(|file| {
                let path = file.attribute("path").unwrap_or("/").trim_matches('/');
                let name = file.attribute("name").unwrap_or_default();
                (if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }, file)
            })
            .collect();
        let (pictures, wrong) = (&mut *self.pictures, &mut self.wrong);
        let words = match markup(node, self.markup) {
            Markup::Markdown => place_markdown(&words, &files, pictures, wrong),
            _ => words,
        };
        let shown = words::markdown(&words, markup(node, self.markup), &mut |address| {
            place::picture(address, pictures, &mut |address, pictures| {
                find(&files, address, pictures)
            })
        });
        shown.unwrap_or_else(|mistakes| {
            self.wrong.extend(mistakes);
            String::new()
        })
    }

    fn answers(&self) -> Result<Vec<&'a Node>, Wrong> {
        let answers: Vec<&Node> = self.node.all("answer").collect();
        if answers.len() > MOST_OPTIONS {
            return Err(vec![too_many_options(answers.len())]);
        }
        Ok(answers)
    }

    fn feedback(&mut self, answer: &Node) -> String {
        answer.child("feedback").map(|node| self.markdown(node)).unwrap_or_default()
    }

    fn choice(&mut self) -> Result<Task, Wrong> {
        let single = !matches!(self.node.words_of("single").as_str(), "false" | "0");
        let mut options = Vec::new();
        for answer in self.answers()? {
            let text = self.markdown(answer);
            let feedback = self.feedback(answer);
            options.push(Weighted { text, share: share(answer)?, feedback });
        }
        Ok(if single { one_of(options) } else { some_of(options) })
    }

    fn truth(&mut self) -> (Task, String, String) {
        let (mut answer, mut said) = (false, [String::new(), String::new()]);
        for node in self.node.all("answer").take(MOST_OPTIONS) {
            let word = node.child("text").map_or_else(|| node.words(), Node::words);
            let truth = word.trim().eq_ignore_ascii_case("true");
            let right = share(node).is_ok_and(|share| share > 0);
            if right {
                answer = truth;
            }
            said[usize::from(right)] = self.feedback(node);
        }
        let [wrong, right] = said;
        (Task::TrueFalse { answer }, right, wrong)
    }

    fn short(&mut self) -> Result<Task, Wrong> {
        let case_matters = matches!(self.node.words_of("usecase").as_str(), "1" | "true");
        let mut short = Short { case_matters, ..Short::default() };
        for answer in self.answers()? {
            let form = answer.child("text").map_or_else(|| answer.words(), Node::words);
            let feedback = said(self.feedback(answer));
            short.accepted.push(Accepted {
                form: form.trim().to_owned(),
                share: share(answer)?,
                feedback,
            });
        }
        Ok(Task::Short(short))
    }

    fn number(&mut self) -> Result<(Task, String, String), Wrong> {
        let mut numbers = Vec::new();
        let mut wrong = String::new();
        for answer in self.answers()? {
            let word = answer.child("text").map_or_else(|| answer.words(), Node::words);
            let (share, feedback) = (share(answer)?, self.feedback(answer));
            if word.trim() == "*" && share == 0 {
                wrong = feedback;
                continue;
            }
            let read =
                |word: &str| numbers::plain(word).map_err(|mistake| vec![xml::at(answer, mistake)]);
            let value = read(&word)?;
            let tolerance = answer.words_of("tolerance");
            let tolerance =
                numbers::positive(&tolerance).map_err(|mistake| vec![xml::at(answer, mistake)])?;
            numbers.push(OtherNumber { value, tolerance, share, feedback: said(feedback) });
        }
        let unit = self.unit();
        let (task, right) = gift::numeric(numbers, &unit).map_err(|mistake| vec![mistake])?;
        Ok((task, right, wrong))
    }

    /// The unit the answer is in: the one whose multiplier is 1.
    fn unit(&mut self) -> String {
        let Some(units) = self.node.child("units") else { return String::new() };
        let units: Vec<(String, bool)> = units
            .all("unit")
            .take(100)
            .map(|unit| {
                let factor: f64 = unit.words_of("multiplier").parse().unwrap_or(1.0);
                (unit.words_of("unit_name"), (factor - 1.0).abs() < 1e-9)
            })
            .collect();
        let main = units.iter().find(|(_, main)| *main).or(units.first());
        let unit = main.map(|(name, _)| name.clone()).unwrap_or_default();
        let others: Vec<&str> =
            units.iter().map(|(name, _)| name.as_str()).filter(|name| *name != unit).collect();
        if !others.is_empty() {
            let others = others.join(", ");
            self.notes.push(text!(
                "只接受单位 {unit}；不接受 {others}",
                "answers are in {unit} only; {others} are not taken"
            ));
        }
        unit
    }

    fn matching(&mut self) -> Result<Task, Wrong> {
        let mut matching = Matching { credit: Credit::Partial, ..Matching::default() };
        let all: Vec<&Node> = self.node.all("subquestion").collect();
        if all.len() > MOST_OPTIONS {
            return Err(vec![too_many_options(all.len())]);
        }
        for node in all {
            let prompt = self.markdown(node);
            let partner = said(text_of(node, "answer"));
            if prompt.trim().is_empty() {
                matching.distractors.push(partner);
            } else {
                matching.pairs.push(Pair { prompt: said(prompt), partner });
            }
        }
        Ok(Task::Matching(matching))
    }

    fn essay(&mut self) -> Task {
        let guide = said(self.words_of("graderinfo"));
        if !text_of(self.node, "responsetemplate").is_empty() {
            self.notes.push(text!("作答模板不保留", "the template of the answer is not kept"));
        }
        if self.node.words_of("attachments").parse().unwrap_or(0) != 0 {
            self.notes.push(text!("不支持附件作答", "files cannot be handed in with the answer"));
        }
        let words = self.node.words_of("minwordlimit").parse().ok().filter(|words| *words > 0);
        Task::Essay(Essay { guide, words, markers: 1 })
    }

    fn ordering(&mut self) -> Result<Task, Wrong> {
        let items = self.answers()?.into_iter().map(|answer| said(self.markdown(answer))).collect();
        let grading = self.node.words_of("gradingtype");
        let credit = match grading.as_str() {
            "-1" | "ALL_OR_NOTHING" => Credit::Exact,
            _ => Credit::Partial,
        };
        if !matches!(grading.as_str(), "" | "-1" | "0" | "ALL_OR_NOTHING" | "ABSOLUTE_POSITION") {
            self.notes.push(tags::ordering_by_place());
        }
        if !matches!(self.node.words_of("selecttype").as_str(), "" | "0" | "ALL") {
            self.notes.push(text!(
                "原系统每次抽取部分条目，这里使用全部条目",
                "the other system draws some of the items; here all are used"
            ));
        }
        Ok(Task::Ordering { items, credit })
    }

    fn say_what_is_left_out(&mut self) {
        if self.node.all("hint").any(|hint| !text_in(hint).is_empty()) {
            self.notes.push(text!("提示（hint）不保留", "hints are not kept"));
        }
        let combined = ["correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"];
        // What Moodle puts there by itself is nothing anybody would miss.
        let own_words = |said: &str| !said.is_empty() && !said.contains("Your answer is");
        if combined.iter().any(|name| own_words(&text_of(self.node, name))) {
            self.notes.push(text!(
                "整题的对错反馈不保留",
                "the feedback for right and wrong answers as a whole is not kept"
            ));
        }
    }
}

fn text_in(node: &Node) -> String {
    node.child("text").map_or_else(|| node.words(), Node::words).trim().to_owned()
}

/// In Markdown the addresses of files stand as they are.
fn place_markdown(
    words: &str,
    files: &HashMap<String, &Node>,
    pictures: &mut BTreeMap<String, Picture>,
    wrong: &mut Wrong,
) -> String {
    const START: &str = "@@PLUGINFILE@@/";
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(at) = rest.find(START) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find([')', ' ', '"', '\'', '>', '\n']).unwrap_or(from.len());
        match find(files, &from[..end], pictures) {
            Some(Ok(address)) => out.push_str(&address),
            Some(Err(mistake)) => wrong.push(mistake),
            None => out.push_str(&from[..end]),
        }
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

/// A file by the address a text gives it.
fn find(
    files: &HashMap<String, &Node>,
    address: &str,
    pictures: &mut BTreeMap<String, Picture>,
) -> Option<Result<String, Text>> {
    let path = address.strip_prefix("@@PLUGINFILE@@/")?;
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let path = percent_decoded(path);
    let file = files.get(path.trim_matches('/'));
    Some(match file {
        Some(file) => pictures::take_base64(pictures, &path, &file.words())
            .map_err(|mistake| xml::at(file, mistake)),
        None => Err(text!(
            "图片“{path}”没有随题目导出",
            "the picture “{path}” was not exported with the question"
        )),
    })
}

pub fn percent_decoded(path: &str) -> String {
    // A plus stands for itself in a path.
    let path = path.replace('+', "%2B");
    form_urlencoded::parse(format!("p={path}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn markup(node: &Node, inherited: Markup) -> Markup {
    match node.attribute("format") {
        Some("html") => Markup::Html,
        Some("markdown") => Markup::Markdown,
        Some("plain_text") => Markup::Plain,
        Some("moodle_auto_format") => Markup::Moodle,
        _ => inherited,
    }
}

/// What an answer earns, in millionths.
fn share(answer: &Node) -> Result<i64, Wrong> {
    let word = match answer.attribute("fraction") {
        Some(word) => word.to_owned(),
        None => answer.words_of("fraction"),
    };
    if word.is_empty() {
        return Ok(0);
    }
    let share = numbers::percent(&word).filter(|share| share.abs() <= WHOLE);
    share.ok_or_else(|| {
        let word = super::draft::short(&word, 20);
        vec![xml::at(
            answer,
            text!(
                "分值 {word} 不在 -100 至 100 之间",
                "the fraction {word} is not between -100 and 100"
            ),
        )]
    })
}

fn unsupported(kind: &str) -> Text {
    let kind = super::draft::short(kind, 60);
    text!(
        "不支持题型 {kind}。请在原系统改成选择、判断、填空、数值、匹配、排序或论述题，或改在网页上出题",
        "questions of the type {kind} are not supported. Make it a choice, true/false, short answer, numerical, matching, ordering or essay question, or write it in the browser"
    )
}
