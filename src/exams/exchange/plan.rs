//! What an import would do: the drafts of a file beside the questions of a bank.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::{
    Format,
    draft::{self, Ask, Draft, Entry, Outcome, Reading, each_text, short},
    own,
    pictures::{self, Picture},
    queries::{self, ImportId, Newest},
    words,
};
use crate::{
    exams::questions::{
        Body, QuestionKind, Task,
        bank::Question,
        model::{Difficulty, Importance, Level, Stage},
    },
    i18n::{Lang, Text},
    text,
};

crate::words! {
    /// What happens to a question.
    Change {
        Added = "added",
        Changed = "changed",
        Unchanged = "unchanged",
        Refused = "refused",
        Skipped = "skipped",
    }
}

impl Change {
    pub fn title(self) -> Text {
        match self {
            Change::Added => text!("新增", "Added"),
            Change::Changed => text!("变更", "Changed"),
            Change::Unchanged => text!("未变", "Unchanged"),
            Change::Refused => text!("拒绝", "Refused"),
            Change::Skipped => text!("跳过", "Skipped"),
        }
    }
}

/// An option, item or accepted answer as the preview shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub words: Text,
    /// Part of the right answer.
    pub right: bool,
}

/// One question of the file and what becomes of it.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub line: u64,
    /// The file inside a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub name: String,
    pub change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<QuestionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Text>,
    #[serde(skip_serializing_if = "Text::is_blank")]
    pub stem: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Shown>,
    /// Why it is refused or skipped, and what to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Text>,
    /// What the file says and is not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
}

/// The plan of an import, or what it did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub bank: String,
    /// The bank does not exist yet and is made along with it.
    pub new_bank: bool,
    pub format: Format,
    pub file_name: String,
    pub file_digest: String,
    /// The language of the words, and whether it was only guessed by their letters.
    pub lang: Lang,
    pub lang_guessed: bool,
    /// The import that was carried out; nothing for a plan.
    pub run: Option<ImportId>,
    pub questions: u64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub refused: u64,
    pub skipped: u64,
    /// Words of the column of types that somebody must explain first.
    pub asks: Vec<Ask>,
    pub ignored_columns: Vec<String>,
    pub lines: Vec<Line>,
}

impl Report {
    /// Nothing stands in the way of doing all of it.
    pub fn can_be_done(&self) -> bool {
        self.refused == 0 && self.asks.is_empty()
    }

    pub fn changes_nothing(&self) -> bool {
        self.added == 0 && self.changed == 0
    }

    /// Equal plans have equal marks: what was previewed is what is carried out.
    pub fn mark(&self) -> String {
        let mut said = format!("{}-{}", self.file_digest, self.lang.tag());
        for line in &self.lines {
            let code = line.code.as_deref().unwrap_or_default();
            said.push_str(&format!("\n{}:{}:{code}", line.line, line.change.word()));
        }
        pictures::digest(said.as_bytes())
    }

    fn count(&mut self, change: Change) {
        let count = match change {
            Change::Added => &mut self.added,
            Change::Changed => &mut self.changed,
            Change::Unchanged => &mut self.unchanged,
            Change::Refused => &mut self.refused,
            Change::Skipped => &mut self.skipped,
        };
        *count += 1;
        self.questions += u64::from(change != Change::Skipped);
    }
}

/// What is to be written for one question.
pub(super) struct Step {
    pub line: u64,
    /// The question it is a new version of.
    pub of: Option<Newest>,
    pub question: Question,
}

/// A plan with everything needed to carry it out.
pub(super) struct Plan {
    pub report: Report,
    pub steps: Vec<Step>,
    pub pictures: BTreeMap<String, Picture>,
}

impl Plan {
    /// Pictures of questions that stay out stay out too.
    fn drop_strangers(&mut self) {
        let bodies: Vec<String> = match self.pictures.is_empty() {
            true => Vec::new(),
            false => self.steps.iter().map(|step| step.question.body.to_json()).collect(),
        };
        let shown: HashSet<&str> =
            bodies.iter().flat_map(|json| pictures::shown_in(json)).collect();
        self.pictures.retain(|digest, _| shown.contains(digest.as_str()));
    }
}

/// What a plan is made for.
pub(super) struct Setting<'a> {
    pub bank: &'a str,
    pub new_bank: bool,
    pub source: &'a super::Source,
    pub lang: Option<Lang>,
}

pub(super) fn plan(setting: &Setting<'_>, mut reading: Reading, known: Vec<Newest>) -> Plan {
    let said = setting.lang.or(reading.lang);
    let lang = said.unwrap_or_else(|| guess(&reading));
    let report = Report {
        bank: setting.bank.to_owned(),
        new_bank: setting.new_bank,
        format: setting.source.format,
        file_name: setting.source.name.clone(),
        file_digest: setting.source.digest.clone(),
        lang,
        lang_guessed: said.is_none(),
        run: None,
        questions: 0,
        added: 0,
        changed: 0,
        unchanged: 0,
        refused: 0,
        skipped: 0,
        asks: std::mem::take(&mut reading.asks),
        ignored_columns: std::mem::take(&mut reading.ignored_columns),
        lines: Vec::new(),
    };
    let mut planner =
        Planner { lang, areas: Areas::of(&known), known: by_code(known), taken: HashMap::new() };
    let mut plan = Plan { report, steps: Vec::new(), pictures: reading.pictures };
    for entry in reading.entries {
        planner.take(entry, &mut plan);
    }
    plan.drop_strangers();
    plan
}

fn guess(reading: &Reading) -> Lang {
    let mut stems = Vec::new();
    for entry in &reading.entries {
        if let Outcome::Read(draft) = &entry.outcome {
            let mut body = draft.body.clone();
            each_text(&mut body, &mut |text| stems.push(std::mem::take(&mut text.zh)));
        }
    }
    draft::guess(stems.iter().map(String::as_str))
}

fn by_code(known: Vec<Newest>) -> HashMap<String, Newest> {
    known.into_iter().map(|one| (one.question.code.clone(), one)).collect()
}

struct Planner {
    lang: Lang,
    areas: Areas,
    known: HashMap<String, Newest>,
    /// The codes the file gave out, with the lines.
    taken: HashMap<String, u64>,
}

impl Planner {
    fn take(&mut self, entry: Entry, plan: &mut Plan) {
        let Entry { line, file, name, outcome, notes } = entry;
        let mut told = Line {
            line,
            file,
            name,
            change: Change::Skipped,
            code: None,
            kind: None,
            area: None,
            stem: Text::default(),
            shown: Vec::new(),
            reasons: Vec::new(),
            notes,
        };
        match outcome {
            Outcome::Skipped(why) => told.reasons.push(why),
            Outcome::Refused(wrong) => {
                told.change = Change::Refused;
                told.reasons = wrong;
            }
            Outcome::Read(draft) => self.settle(*draft, &mut told, plan),
        }
        plan.report.count(told.change);
        plan.report.lines.push(told);
    }

    fn settle(&mut self, mut draft: Draft, told: &mut Line, plan: &mut Plan) {
        draft.settle(self.lang);
        let code = match self.code(&draft, told.line) {
            Ok(code) => code,
            Err(mistake) => {
                told.change = Change::Refused;
                told.reasons.push(mistake);
                return;
            }
        };
        let known = self.known.get(&code).cloned();
        let question = self.question(draft, code, known.as_ref(), told);
        told.code = Some(question.code.clone());
        told.kind = Some(question.kind);
        told.area = Some(question.body.area.clone());
        told.stem = brief(&question.body.stem);
        told.shown = shown(&question.body);
        told.change = compare(&question, known.as_ref(), told);
        if matches!(told.change, Change::Added | Change::Changed) {
            plan.steps.push(Step { line: told.line, of: known, question });
        }
    }

    /// The code it has or gets: given, from its name, or from its words.
    fn code(&mut self, draft: &Draft, line: u64) -> Result<String, Text> {
        if let Some(given) = &draft.code {
            // A code the bank knows stays as it is, whatever it is made of.
            let code = if self.known.contains_key(given) { given.clone() } else { slug(given) };
            return match self.taken.insert(code.clone(), line) {
                Some(before) => Err(text!(
                    "代码 {code} 在第 {before} 行已用过",
                    "the code {code} is used in line {before} already"
                )),
                None => Ok(code),
            };
        }
        let code = match &draft.name {
            Some(name) => slug(name),
            None => {
                let stem = draft.body.stem.get(self.lang);
                let said = format!("{}\n{stem}", draft.body.task.kind().word());
                format!("q-{}", &pictures::digest(said.as_bytes())[..10])
            }
        };
        let free = (1..).map(|number| match number {
            1 => code.clone(),
            number => format!("{code}-{number}"),
        });
        let mut free = free.filter(|code| !self.taken.contains_key(code));
        let code = free.next().unwrap_or(code);
        self.taken.insert(code.clone(), line);
        Ok(code)
    }

    /// The question, with what the file does not say from what is known.
    fn question(
        &mut self,
        draft: Draft,
        code: String,
        known: Option<&Newest>,
        told: &mut Line,
    ) -> Question {
        let was = known.map(|known| &known.question);
        let (area, title) = match (&draft.area, was) {
            (Some(area), _) => self.areas.find(area, draft.area_title.as_ref(), self.lang),
            (None, Some(was)) => (was.area.clone(), was.body.area.clone()),
            (None, None) => self.areas.default(),
        };
        let mut body = draft.body;
        body.area = title;
        if let Some(was) = was {
            let lost = own::keep_other_language(&mut body, &was.body, self.lang);
            if lost > 0 && was.digest() != as_question(&body, was).digest() {
                told.notes.push(text!(
                    "有 {lost} 处文字改动后，另一种语言的译文需要重写",
                    "{lost} texts changed; their words in the other language must be written again"
                ));
            }
            if body.references.is_empty() {
                body.references = was.body.references.clone();
            }
        }
        Question {
            code,
            kind: body.task.kind(),
            area,
            level: draft.level.or(was.map(|was| was.level)).unwrap_or(Level::Recall),
            importance: draft
                .importance
                .or(was.map(|was| was.importance))
                .unwrap_or(Importance::General),
            difficulty: draft
                .difficulty
                .or(was.map(|was| was.difficulty))
                .unwrap_or(Difficulty::Medium),
            body,
        }
    }
}

fn as_question(body: &Body, was: &Question) -> Question {
    Question { body: body.clone(), kind: body.task.kind(), ..was.clone() }
}

/// What becomes of a question beside the one that is known.
fn compare(question: &Question, known: Option<&Newest>, told: &mut Line) -> Change {
    let Some(known) = known else { return Change::Added };
    if known.stage == Some(Stage::Compromised) {
        let code = &question.code;
        told.reasons.push(text!(
            "题目 {code} 已因泄题停用，请换一个代码",
            "the question {code} was compromised; give it another code"
        ));
        return Change::Refused;
    }
    let same = known.question.digest() == question.digest();
    let ended = known.stage.is_some_and(queries::is_ended);
    if same && ended {
        told.notes.push(text!(
            "题目已停用，将以新版本恢复",
            "the question was retired and comes back as a new version"
        ));
    }
    if same && !ended { Change::Unchanged } else { Change::Changed }
}

/// A code as banks use them; the same words always give the same one.
fn slug(words: &str) -> String {
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !words.is_empty() && words.len() <= 60 && words.chars().all(sound) {
        return words.to_owned();
    }
    let mut slug = String::new();
    for c in words.chars().take(40) {
        let c = if sound(c) { c.to_ascii_lowercase() } else { '-' };
        if c != '-' || !(slug.is_empty() || slug.ends_with('-')) {
            slug.push(c);
        }
    }
    let slug = slug.trim_matches('-');
    let digest = &pictures::digest(words.trim().as_bytes())[..8];
    if slug.is_empty() { format!("q-{digest}") } else { format!("{slug}-{digest}") }
}

/// The areas of a bank, to find the one a file means.
struct Areas(BTreeMap<String, Text>);

impl Areas {
    fn of(known: &[Newest]) -> Areas {
        let areas =
            known.iter().map(|one| (one.question.area.clone(), one.question.body.area.clone()));
        Areas(areas.collect())
    }

    /// An area by its code or title, or by the last part of its path; else a new one.
    fn find(&mut self, path: &str, title: Option<&Text>, lang: Lang) -> (String, Text) {
        if let Some(title) = title {
            self.0.entry(path.to_owned()).or_insert_with(|| title.clone());
            return (path.to_owned(), title.clone());
        }
        let parts = draft::area_parts(path);
        let whole = parts.join(" / ");
        let last = parts.last().cloned().unwrap_or_default();
        let named = |name: &str| {
            self.0.iter().find(|(code, title)| {
                [code.as_str(), &title.zh, &title.en]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            })
        };
        if let Some((code, title)) = named(&whole).or_else(|| named(&last)) {
            return (code.clone(), title.clone());
        }
        if whole.is_empty() {
            return self.default();
        }
        let title = match lang {
            Lang::Zh => Text::new(&whole, ""),
            Lang::En => Text::new("", &whole),
        };
        let code = slug(&whole).to_lowercase();
        self.0.insert(code.clone(), title.clone());
        (code, title)
    }

    fn default(&self) -> (String, Text) {
        let mut all = self.0.iter();
        match (all.next(), all.next()) {
            (Some((code, title)), None) => (code.clone(), title.clone()),
            _ => ("general".to_owned(), text!("综合", "General")),
        }
    }
}

fn brief(text: &Text) -> Text {
    let brief = |words: &str| short(&words::bare(words), 160);
    Text { zh: brief(&text.zh), en: brief(&text.en) }
}

/// The options and answers as the preview shows them.
fn shown(body: &Body) -> Vec<Shown> {
    let plain = |words: &Text, right| Shown { words: brief(words), right };
    let same = |words: String| vec![Shown { words: Text::same(words), right: true }];
    match &body.task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            options.iter().map(|one| plain(&one.text, one.correct)).collect()
        }
        Task::TrueFalse { answer: true } => {
            vec![Shown { words: text!("正确", "True"), right: true }]
        }
        Task::TrueFalse { answer: false } => {
            vec![Shown { words: text!("错误", "False"), right: true }]
        }
        Task::Numeric(numeric) => {
            let tolerance = if numeric.tolerance == "0" {
                String::new()
            } else {
                format!(" ± {}", numeric.tolerance)
            };
            same(format!("{}{tolerance} {}", numeric.value, numeric.unit).trim().to_owned())
        }
        Task::Short(key) => {
            let forms = key.accepted.iter().filter(|one| one.share >= draft::WHOLE);
            same(forms.map(|one| short(&one.form, 80)).collect::<Vec<_>>().join(" | "))
        }
        Task::Ordering { items, .. } => items.iter().map(|item| plain(item, true)).collect(),
        Task::Matching(matching) => matching
            .pairs
            .iter()
            .map(|pair| {
                let (prompt, partner) = (brief(&pair.prompt), brief(&pair.partner));
                let join = |lang| format!("{} → {}", prompt.get(lang), partner.get(lang));
                Shown { words: Text::new(join(Lang::Zh), join(Lang::En)), right: true }
            })
            .collect(),
        Task::Case { parts } => parts.iter().map(|part| plain(&part.stem, false)).collect(),
        Task::Hotspot(_) | Task::Essay(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_always_gives_the_same_code() {
        assert_eq!(slug("br-001"), "br-001");
        assert_eq!(slug("Jesus' hometown"), slug("Jesus' hometown"));
        assert!(slug("Jesus' hometown").starts_with("jesus-hometown-"));
        assert_ne!(slug("制动液"), slug("冷却液"));
        assert!(slug("制动液").starts_with("q-"));
    }

    #[test]
    fn a_path_loses_what_only_moodle_needs() {
        assert_eq!(
            draft::area_parts("$course$/top/Default for Unit 1: Topic"),
            ["Default for Unit 1: Topic"]
        );
        assert_eq!(draft::area_parts("Brakes/AC//DC"), ["Brakes", "AC/DC"]);
        assert_eq!(draft::area_parts("top"), ["top"]);
    }
}
