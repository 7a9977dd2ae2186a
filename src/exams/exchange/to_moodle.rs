//! Questions as Moodle XML, with their pictures. What Moodle cannot say travels in tags (level,
//! importance, difficulty) and in the hidden mark ([`own`]), which is a comment. Hotspots and
//! cases, which it lacks or tells otherwise, show as descriptions.

use std::{collections::HashMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    draft::WHOLE,
    numbers, own, pictures,
    queries::Kept,
    tags,
    to_gift::{described, shares},
    xml::escape,
};
use crate::{
    exams::questions::{
        Task,
        bank::Question,
        body::{Body, Choice, Credit, Essay, Matching, Numeric, Short},
    },
    i18n::{Lang, Text},
};

pub fn write(questions: &[Question], pictures: &HashMap<String, Kept>, lang: Lang) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n");
    let mut ordered: Vec<&Question> = questions.iter().collect();
    ordered.sort_by(|a, b| (&a.area, &a.code).cmp(&(&b.area, &b.code)));
    let mut area = None;
    for question in ordered {
        if area != Some(&question.area) {
            area = Some(&question.area);
            let title = escape(&question.body.area.get(lang).replace('/', "//"));
            let category = format!("<category><text>$course$/top/{title}</text></category>");
            out.push_str(&format!("<question type=\"category\">{category}</question>\n"));
        }
        let writer = Writer { lang, pictures, out: String::new() };
        let visible = writer.question(question);
        let mark = own::mark(question, lang, &visible);
        let at = visible.find('>').map_or(0, |at| at + 1);
        let (start, rest) = visible.split_at(at);
        out.push_str(&format!("{start}<!-- {mark} -->{rest}\n"));
    }
    out.push_str("</quiz>\n");
    out
}

struct Writer<'a> {
    lang: Lang,
    pictures: &'a HashMap<String, Kept>,
    out: String,
}

impl Writer<'_> {
    fn question(mut self, question: &Question) -> String {
        let Question { code, level, importance, difficulty, body, .. } = question;
        let kind = kind(&body.task);
        self.line(&format!("<question type=\"{kind}\">"));
        self.line(&format!("<name><text>{}</text></name>", escape(code)));
        let shown = match kind {
            "description" => {
                let described = described(&body.task, self.lang);
                Text::same(format!("{}\n\n{described}", body.stem.get(self.lang)))
            }
            _ => body.stem.clone(),
        };
        self.element("questiontext", "", &shown);
        self.element("generalfeedback", "", &body.feedback);
        self.line(&format!("<defaultgrade>{}</defaultgrade>", body.points));
        self.line("<penalty>0</penalty><hidden>0</hidden>");
        self.line(&format!("<idnumber>{}</idnumber>", escape(code)));
        self.task(body);
        let tags = tags::of(*level, *importance, *difficulty);
        let tags: String =
            tags.iter().map(|tag| format!("<tag><text>{tag}</text></tag>")).collect();
        self.line(&format!("<tags>{tags}</tags>"));
        self.out.push_str("</question>");
        self.out
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A text in Markdown with its pictures.
    fn element(&mut self, name: &str, attributes: &str, words: &Text) {
        let inner = self.inner(words);
        self.line(&format!("<{name}{attributes} format=\"markdown\">{inner}</{name}>"));
    }

    fn inner(&self, words: &Text) -> String {
        let words = words.get(self.lang);
        let mut text = words.to_owned();
        let mut files = String::new();
        for digest in pictures::shown_in(words) {
            let Some(kept) = self.pictures.get(digest) else { continue };
            let name = format!("{digest}-{}", file_name(&kept.name));
            let address = format!("{}{digest}", pictures::PREFIX);
            if text.contains(&address) {
                text = text.replace(&address, &format!("@@PLUGINFILE@@/{name}"));
                let bytes = STANDARD.encode(&kept.bytes);
                // Writing to a string cannot fail.
                let _ = write!(
                    files,
                    "<file name=\"{name}\" path=\"/\" encoding=\"base64\">{bytes}</file>"
                );
            }
        }
        format!("<text>{}</text>{files}", escape(&text))
    }

    fn task(&mut self, body: &Body) {
        let shuffle = u8::from(!body.fixed_order);
        match &body.task {
            Task::Single { options } => {
                let shares = options
                    .iter()
                    .map(|one| if one.correct { WHOLE } else { one.share.unwrap_or(0) });
                self.choice(options, &shares.collect::<Vec<_>>(), (true, shuffle));
            }
            Task::Multiple { options, credit } => {
                self.choice(options, &shares(options, *credit), (false, shuffle));
            }
            Task::TrueFalse { answer } => self.truth(*answer),
            Task::Numeric(numeric) => self.number(numeric),
            Task::Short(short) => self.short(short),
            Task::Matching(matching) => self.matching(matching, shuffle),
            Task::Essay(essay) => self.essay(essay),
            Task::Ordering { items, credit } => self.ordering(items, *credit),
            // The comment at the top carries them.
            Task::Hotspot(_) | Task::Case { .. } => {}
        }
    }

    fn choice(&mut self, options: &[Choice], shares: &[i64], (single, shuffle): (bool, u8)) {
        self.line(&format!("<single>{single}</single><shuffleanswers>{shuffle}</shuffleanswers><answernumbering>ABCD</answernumbering>"));
        for (one, share) in options.iter().zip(shares) {
            self.answer(&one.text, *share, &one.feedback, "");
        }
    }

    fn answer(&mut self, words: &Text, share: i64, feedback: &Text, more: &str) {
        let fraction = numbers::percentage(share.clamp(-WHOLE, WHOLE));
        let (inner, feedback) = (self.inner(words), self.inner(feedback));
        self.line(&format!(
            "<answer fraction=\"{fraction}\" format=\"markdown\">{inner}<feedback format=\"markdown\">{feedback}</feedback>{more}</answer>"
        ));
    }

    /// An answer that is compared as it is typed.
    fn plain_answer(&mut self, words: &str, share: i64, feedback: &Text, more: &str) {
        let fraction = numbers::percentage(share.clamp(-WHOLE, WHOLE));
        let (words, feedback) = (escape(words), self.inner(feedback));
        self.line(&format!(
            "<answer fraction=\"{fraction}\" format=\"moodle_auto_format\"><text>{words}</text><feedback format=\"markdown\">{feedback}</feedback>{more}</answer>"
        ));
    }

    fn truth(&mut self, answer: bool) {
        for truth in [true, false] {
            let share = if truth == answer { WHOLE } else { 0 };
            self.plain_answer(if truth { "true" } else { "false" }, share, &Text::default(), "");
        }
    }

    fn number(&mut self, numeric: &Numeric) {
        let tolerance = |word: &str| format!("<tolerance>{}</tolerance>", escape(word));
        self.plain_answer(&numeric.value, WHOLE, &Text::default(), &tolerance(&numeric.tolerance));
        for one in &numeric.also {
            self.plain_answer(&one.value, one.share, &one.feedback, &tolerance(&one.tolerance));
        }
        if numeric.unit.is_empty() {
            return;
        }
        let unit = escape(numeric.unit().get(self.lang));
        self.line(&format!(
            "<units><unit><multiplier>1</multiplier><unit_name>{unit}</unit_name></unit></units><showunits>0</showunits><unitpenalty>0</unitpenalty>"
        ));
    }

    fn short(&mut self, short: &Short) {
        self.line(&format!("<usecase>{}</usecase>", u8::from(short.case_matters)));
        for one in &short.accepted {
            self.plain_answer(&one.form, one.share, &one.feedback, "");
        }
    }

    fn matching(&mut self, matching: &Matching, shuffle: u8) {
        self.line(&format!("<shuffleanswers>{shuffle}</shuffleanswers>"));
        let none = Text::default();
        let pairs = matching.pairs.iter().map(|pair| (&pair.prompt, &pair.partner));
        for (prompt, partner) in pairs.chain(matching.distractors.iter().map(|one| (&none, one))) {
            let (prompt, partner) = (self.inner(prompt), escape(partner.get(self.lang)));
            self.line(&format!(
                "<subquestion format=\"markdown\">{prompt}<answer><text>{partner}</text></answer></subquestion>"
            ));
        }
    }

    fn essay(&mut self, essay: &Essay) {
        self.line("<responseformat>editor</responseformat><responserequired>1</responserequired><attachments>0</attachments>");
        if let Some(words) = essay.words {
            self.line(&format!("<minwordlimit>{words}</minwordlimit>"));
        }
        self.element("graderinfo", "", &essay.guide);
    }

    fn ordering(&mut self, items: &[Text], credit: Credit) {
        let grading = if credit == Credit::Exact { -1 } else { 0 };
        self.line(&format!(
            "<layouttype>VERTICAL</layouttype><selecttype>ALL</selecttype><selectcount>0</selectcount><gradingtype>{}</gradingtype>",
            if grading == 0 { "ABSOLUTE_POSITION" } else { "ALL_OR_NOTHING" }
        ));
        for (number, item) in (1..).zip(items) {
            let inner = self.inner(item);
            self.line(&format!(
                "<answer fraction=\"{number}\" format=\"markdown\">{inner}</answer>"
            ));
        }
    }
}

/// Moodle's name for a kind.
fn kind(task: &Task) -> &'static str {
    match task {
        Task::Single { .. } | Task::Multiple { .. } => "multichoice",
        Task::TrueFalse { .. } => "truefalse",
        Task::Numeric(_) => "numerical",
        Task::Short(_) => "shortanswer",
        Task::Ordering { .. } => "ordering",
        Task::Matching(_) => "matching",
        Task::Essay(_) => "essay",
        Task::Hotspot(_) | Task::Case { .. } => "description",
    }
}

/// A name that needs no quoting anywhere.
fn file_name(name: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let plain: String =
        name.chars().rev().take(30).collect::<Vec<_>>().into_iter().rev().map(sound).collect();
    if plain.is_empty() { "picture".to_owned() } else { plain }
}
