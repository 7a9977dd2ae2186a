//! What travels hidden in our own exports, so that importing one gives the same bank again.
//!
//! Beside the question as the format can say it stands one comment (GIFT, XML) or column (XLSX):
//! `shifu:1:LANG:SEEN:BASE64`. BASE64 is JSON with the code, area, kind, level, importance and
//! difficulty of the question and its body in both languages, as the database keeps it; LANG says
//! in which language the visible part was written; SEEN is the start of the SHA-256 of that
//! visible part, white space folded. Where the visible part still is what it was, the hidden one
//! counts. Where somebody edited it, what they see counts: the hidden part only fills in what the
//! visible one is silent about, among it the other language of words that were not touched.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::draft::{Draft, area_parts, each_text};
use crate::{
    exams::questions::{
        Body, QuestionKind, Task,
        bank::Question,
        body::Credit,
        model::{Difficulty, Importance, Level},
    },
    i18n::{Lang, Text},
};

pub const START: &str = "shifu:1:";
/// Characters of a mark at most.
pub const MOST: usize = 2 << 20;

#[derive(Serialize, Deserialize)]
struct Packed {
    code: String,
    area: String,
    kind: QuestionKind,
    level: Level,
    importance: Importance,
    difficulty: Difficulty,
    body: serde_json::Value,
}

/// The hidden part of a question.
#[derive(Debug)]
pub struct Own {
    question: Question,
    lang: Lang,
    seen: String,
}

fn fingerprint(visible: &str) -> String {
    let mut folded = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        folded.push_str(word);
        folded.push(' ');
    }
    super::pictures::digest(folded.as_bytes()).chars().take(16).collect()
}

/// The mark of a question whose visible part is this.
pub fn mark(question: &Question, lang: Lang, visible: &str) -> String {
    let packed = Packed {
        code: question.code.clone(),
        area: question.area.clone(),
        kind: question.kind,
        level: question.level,
        importance: question.importance,
        difficulty: question.difficulty,
        body: serde_json::from_str(&question.body.to_json()).unwrap_or_default(),
    };
    let json = serde_json::to_vec(&packed).unwrap_or_default();
    let (tag, seen) = (lang.tag(), fingerprint(visible));
    format!("{START}{tag}:{seen}:{}", STANDARD.encode(json))
}

/// Reads a mark; what cannot be read is as if it were not there.
pub fn read(mark: &str) -> Option<Own> {
    let mut fields = mark.trim().strip_prefix(START)?.splitn(3, ':');
    let lang = Lang::parse(fields.next()?)?;
    let seen = fields.next()?.to_owned();
    let encoded = fields.next().filter(|encoded| encoded.len() <= MOST)?;
    let packed: Packed = serde_json::from_slice(&STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let body = Body::read(packed.kind, &packed.body.to_string()).ok()?;
    let Packed { code, area, kind, level, importance, difficulty, .. } = packed;
    let question = Question { code, kind, area, level, importance, difficulty, body };
    Some(Own { question, lang, seen })
}

impl Own {
    /// Whether the visible part is as it was exported.
    pub fn is_untouched(&self, visible: &str) -> bool {
        fingerprint(visible) == self.seen
    }

    pub fn name(&self) -> &str {
        &self.question.code
    }

    /// The question as it was exported.
    pub fn draft(self) -> Draft {
        let Question { code, area, level, importance, difficulty, body, .. } = self.question;
        Draft {
            code: Some(code),
            name: None,
            area_title: Some(body.area.clone()),
            area: Some(area),
            level: Some(level),
            importance: Some(importance),
            difficulty: Some(difficulty),
            body,
            settled: true,
        }
    }

    /// Fills in what an edited question is silent about.
    pub fn complete(self, draft: &mut Draft) {
        draft.settle(self.lang);
        let was = self.question;
        draft.code.get_or_insert(was.code);
        draft.level.get_or_insert(was.level);
        draft.importance.get_or_insert(was.importance);
        draft.difficulty.get_or_insert(was.difficulty);
        let title = &was.body.area;
        let same = |path: &String| {
            area_parts(path).last().is_some_and(|last| [&title.zh, &title.en].contains(&last))
        };
        if draft.area.as_ref().is_none_or(same) {
            draft.area = Some(was.area);
            draft.area_title = Some(was.body.area.clone());
        }
        if draft.body.task.kind() == was.kind {
            draft.body.references = was.body.references.clone();
            draft.body.fixed_order = was.body.fixed_order;
            draft.body.points = was.body.points;
            keep_credit(&mut draft.body.task, &was.body.task);
        }
        keep_other_language(&mut draft.body, &was.body, self.lang);
    }
}

/// The rule of partial credit, which hardly any format can say.
fn keep_credit(task: &mut Task, was: &Task) {
    match (task, was) {
        (Task::Ordering { credit, .. }, Task::Ordering { credit: known, .. }) => *credit = *known,
        (Task::Multiple { options, credit }, Task::Multiple { credit: known, .. })
            if *known != Credit::Weighted =>
        {
            *credit = *known;
            options.iter_mut().for_each(|option| option.share = None);
        }
        (Task::Matching(matching), Task::Matching(known)) => matching.credit = known.credit,
        (Task::Essay(essay), Task::Essay(known)) => {
            essay.markers = known.markers;
            essay.words = essay.words.or(known.words);
        }
        _ => {}
    }
}

/// Words that read as before keep what they say in the other language. How many texts lost it.
pub fn keep_other_language(body: &mut Body, before: &Body, lang: Lang) -> usize {
    let mut known: Vec<Text> = Vec::new();
    each_text(&mut before.clone(), &mut |text| known.push(text.clone()));
    let other = |text: &Text| match lang {
        Lang::Zh => !text.en.is_empty(),
        Lang::En => !text.zh.is_empty(),
    };
    let (mut at, mut lost) = (0, 0);
    each_text(body, &mut |text| {
        // The same place first, then any with the same words.
        let same = |known: &&Text| known.get(lang) == text.get(lang) && other(known);
        let found = known.get(at).filter(same).or_else(|| known.iter().find(same));
        match found {
            Some(found) if !other(text) => *text = found.clone(),
            None if !other(text) && known.get(at).is_some_and(other) => lost += 1,
            _ => {}
        }
        at += 1;
    });
    lost
}
