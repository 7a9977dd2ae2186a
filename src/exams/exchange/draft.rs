//! What a reader found in a file, before anybody compares it with a bank.

use std::collections::BTreeMap;

use serde::Serialize;

use super::pictures::Picture;
use crate::{
    exams::questions::{
        Body, Task,
        body::{Choice, Credit, Part},
        model::{Difficulty, Importance, Level},
    },
    i18n::{Lang, Text},
    text,
};

/// Questions in one file at most.
pub const MOST_QUESTIONS: usize = 10_000;
/// Characters in one field at most.
pub const MOST_CHARACTERS: usize = 40_000;
/// Options, pairs or items at most: letters name them.
pub const MOST_OPTIONS: usize = 26;
/// Characters one question may take up in a file.
pub const MOST_OF_ONE: usize = 400_000;

/// Why a file cannot be read at all, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub Text);

/// Why one question cannot be taken; everything that is wrong with it.
pub type Wrong = Vec<Text>;

/// A question as a file says it. What the file is silent about is `None`: the bank knows it
/// already, or a default holds.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The code or number somebody gave it.
    pub code: Option<String>,
    pub name: Option<String>,
    /// The area or category, as a path with `/`.
    pub area: Option<String>,
    pub area_title: Option<Text>,
    pub level: Option<Level>,
    pub importance: Option<Importance>,
    pub difficulty: Option<Difficulty>,
    pub body: Body,
    /// The words are in the right language already; else they wait in the Chinese place.
    pub settled: bool,
}

impl Draft {
    pub fn new(stem: String, task: Task, feedback: String) -> Draft {
        let body = Body {
            area: Text::default(),
            stem: said(stem),
            task,
            feedback: said(feedback),
            references: Vec::new(),
            points: 1,
            fixed_order: false,
        };
        Draft {
            code: None,
            name: None,
            area: None,
            area_title: None,
            level: None,
            importance: None,
            difficulty: None,
            body,
            settled: false,
        }
    }

    /// Puts the words where their language belongs.
    pub fn settle(&mut self, lang: Lang) {
        if self.settled {
            return;
        }
        self.settled = true;
        if lang == Lang::En {
            each_text(&mut self.body, &mut |text| {
                if text.en.is_empty() {
                    text.en = std::mem::take(&mut text.zh);
                } else {
                    std::mem::swap(&mut text.zh, &mut text.en);
                }
            });
        }
    }
}

/// Words whose language is not known yet.
pub fn said(words: impl Into<String>) -> Text {
    Text { zh: words.into(), en: String::new() }
}

/// What became of one question of the file.
#[derive(Clone, Debug)]
pub enum Outcome {
    Read(Box<Draft>),
    Refused(Wrong),
    /// No question: a heading, a description.
    Skipped(Text),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub line: u64,
    /// The file inside a package.
    pub file: Option<String>,
    /// What to call it when telling about it.
    pub name: String,
    pub outcome: Outcome,
    /// What the file says and we do not keep.
    pub notes: Vec<Text>,
}

/// A word in the column of types that this file alone can explain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ask {
    pub word: String,
    pub rows: u64,
    pub first_line: u64,
    /// The stem of the first of them, to tell what it may mean.
    pub example: String,
}

/// All that was found in a file.
#[derive(Debug, Default)]
pub struct Reading {
    pub entries: Vec<Entry>,
    /// By digest.
    pub pictures: BTreeMap<String, Picture>,
    pub asks: Vec<Ask>,
    /// Categories were named, even if no question was.
    pub categories: usize,
    pub ignored_columns: Vec<String>,
    /// The language of the words, where the file itself says so.
    pub lang: Option<Lang>,
}

impl Reading {
    /// Takes in what was found at a line; checks that it can be asked and marked.
    pub fn add(&mut self, line: u64, name: &str, notes: Vec<Text>, found: Result<Draft, Wrong>) {
        let outcome = match found.and_then(checked) {
            Ok(draft) => Outcome::Read(Box::new(draft)),
            Err(wrong) => Outcome::Refused(wrong),
        };
        self.push(line, name, notes, outcome);
    }

    pub fn skip(&mut self, line: u64, name: &str, why: Text) {
        self.push(line, name, Vec::new(), Outcome::Skipped(why));
    }

    fn push(&mut self, line: u64, name: &str, notes: Vec<Text>, outcome: Outcome) {
        let name = short(name, 80);
        self.entries.push(Entry { line, file: None, name, outcome, notes });
    }

    pub fn check_count(&self) -> Result<(), Refusal> {
        if self.entries.len() <= MOST_QUESTIONS {
            return Ok(());
        }
        let line = self.entries.last().map_or(0, |entry| entry.line);
        Err(Refusal(text!(
            "第 {line} 行：文件超过 {MOST_QUESTIONS} 道题。请拆分后再导入。",
            "line {line}: the file has more than {MOST_QUESTIONS} questions. Split it."
        )))
    }
}

fn checked(mut draft: Draft) -> Result<Draft, Wrong> {
    let mut longest = 0;
    each_text(&mut draft.body, &mut |text| {
        let length = text.zh.chars().count().max(text.en.chars().count());
        longest = longest.max(length);
    });
    if longest > MOST_CHARACTERS {
        return Err(vec![too_long(longest)]);
    }
    let wrong = draft.body.mistakes();
    if wrong.is_empty() { Ok(draft) } else { Err(wrong) }
}

pub fn too_long(length: usize) -> Text {
    text!(
        "有 {length} 个字的内容，上限为 {MOST_CHARACTERS}。请缩短或拆成几道题。",
        "{length} characters in one place; {MOST_CHARACTERS} are the most. Shorten it or make several questions of it."
    )
}

pub fn too_many_options(many: usize) -> Text {
    text!(
        "有 {many} 个选项，上限为 {MOST_OPTIONS} 个。",
        "{many} options; {MOST_OPTIONS} are the most."
    )
}

/// The first characters, on one line.
pub fn short(words: &str, most: usize) -> String {
    let mut line = String::new();
    for (count, c) in words.chars().enumerate() {
        if count == most {
            line.push('…');
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

/// The parts of an area's path, `$course$/top/Brakes/Fluid`; `//` is a slash in a name.
pub fn area_parts(path: &str) -> Vec<String> {
    let held = path.trim().replace("//", "\u{1}");
    let parts = held.split('/').map(|part| part.replace('\u{1}', "/").trim().to_owned());
    let mut parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    if parts
        .first()
        .is_some_and(|first| first.len() > 1 && first.starts_with('$') && first.ends_with('$'))
    {
        parts.remove(0);
    }
    if parts.len() > 1 && parts.first().is_some_and(|first| first == "top") {
        parts.remove(0);
    }
    parts.iter().map(|part| short(part, 100)).collect()
}

/// Shows every text of a body that people wrote, but for the title of its area.
pub fn each_text(body: &mut Body, see: &mut dyn FnMut(&mut Text)) {
    see(&mut body.stem);
    see(&mut body.feedback);
    each_of_task(&mut body.task, see);
}

fn each_of_task(task: &mut Task, see: &mut dyn FnMut(&mut Text)) {
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            for Choice { text, feedback, .. } in options {
                see(text);
                see(feedback);
            }
        }
        Task::TrueFalse { .. } => {}
        Task::Numeric(numeric) => numeric.also.iter_mut().for_each(|one| see(&mut one.feedback)),
        Task::Short(short) => short.accepted.iter_mut().for_each(|one| see(&mut one.feedback)),
        Task::Ordering { items, .. } => items.iter_mut().for_each(see),
        Task::Matching(matching) => {
            for pair in &mut matching.pairs {
                see(&mut pair.prompt);
                see(&mut pair.partner);
            }
            matching.distractors.iter_mut().for_each(see);
        }
        Task::Hotspot(hotspot) => see(&mut hotspot.alt),
        Task::Case { parts } => {
            for Part { stem, task, feedback, .. } in parts {
                see(stem);
                see(feedback);
                each_of_task(task, see);
            }
        }
        Task::Essay(essay) => see(&mut essay.guide),
    }
}

/// An option that is right or wrong, with nothing in between.
pub fn option(text: String, correct: bool) -> Choice {
    Choice { text: said(text), correct, ..Choice::default() }
}

/// Options with a share of the points for each, in millionths, as other systems keep them.
#[derive(Clone, Debug)]
pub struct Weighted {
    pub text: String,
    pub share: i64,
    pub feedback: String,
}

pub const WHOLE: i64 = 1_000_000;

/// One may be chosen. The first that earns everything is the right one; others that do keep their
/// share.
pub fn one_of(options: Vec<Weighted>) -> Task {
    let mut right = false;
    let choice = |one: Weighted| {
        let correct = one.share >= WHOLE && !right;
        right |= correct;
        let share = (!correct && one.share != 0).then_some(one.share);
        Choice { text: said(one.text), correct, share, feedback: said(one.feedback) }
    };
    Task::Single { options: options.into_iter().map(choice).collect() }
}

/// Several may be chosen, and their shares add up.
pub fn some_of(options: Vec<Weighted>) -> Task {
    let choice = |one: Weighted| Choice {
        text: said(one.text),
        correct: one.share > 0,
        share: Some(one.share),
        feedback: said(one.feedback),
    };
    let options = options.into_iter().map(choice).collect();
    Task::Multiple { options, credit: Credit::Weighted }
}

/// Feedback for what is not one of the options: before a tick what is said of a right answer,
/// before a cross what is said of a wrong one. Needs no language.
pub fn with_verdicts(general: String, right: &str, wrong: &str) -> String {
    let mut all = vec![general];
    if !right.trim().is_empty() {
        all.push(format!("√ {right}"));
    }
    if !wrong.trim().is_empty() {
        all.push(format!("× {wrong}"));
    }
    all.retain(|part| !part.trim().is_empty());
    all.join("\n\n")
}

/// The language most letters are of: where one letter in ten is a Chinese character, Chinese.
pub fn guess<'a>(texts: impl Iterator<Item = &'a str>) -> Lang {
    let (mut han, mut letters) = (0_u64, 0_u64);
    for c in texts.flat_map(str::chars).filter(|c| c.is_alphabetic()) {
        letters += 1;
        han += u64::from(matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}'));
    }
    if han * 10 >= letters.max(1) { Lang::Zh } else { Lang::En }
}
