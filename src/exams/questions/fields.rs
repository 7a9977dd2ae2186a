//! What stands in the editor's fields, and how a question goes into them and comes out again.
//!
//! The form is kept as it was typed: names with their values, in lists by number
//! (`option.0.zh`), in the questions of a case behind `part.0.`. So it can be shown again with
//! every mistake at its field, whatever else is wrong. Rows left empty are no mistake.

use serde::Deserialize;

use super::{
    bank::Question,
    body::{
        Accepted, Body, Choice, Credit, Essay, Hotspot, Matching, Numeric, OtherNumber, Pair, Part,
        Region, Short, Task,
    },
    decimal::Decimal,
    model::{Difficulty, Importance, Level, QuestionKind},
    percent,
};
use crate::{i18n::Text, text, web::Problems};

/// Rows a list of the form can have; more is a mistake or an attack.
pub const MOST_ROWS: usize = 40;

/// A form as it came in: names may come more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn new(all: Vec<(String, String)>) -> Fields {
        Fields(all)
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, given)| known == name && given == value)
    }

    pub fn is_on(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value.into()));
    }

    fn add(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    fn text(&self, name: &str) -> Text {
        let words =
            |tongue| self.get(&format!("{name}.{tongue}")).replace('\r', "").trim().to_owned();
        Text { zh: words("zh"), en: words("en") }
    }

    fn set_text(&mut self, name: &str, text: &Text) {
        self.set(format!("{name}.zh"), &text.zh);
        self.set(format!("{name}.en"), &text.en);
    }

    fn line(&self, name: &str) -> String {
        self.get(name).trim().to_owned()
    }

    /// How many rows a list shows.
    pub fn rows(&self, list: &str) -> usize {
        self.get(&format!("{list}.rows")).parse().unwrap_or(0).min(MOST_ROWS)
    }

    pub fn set_rows(&mut self, list: &str, rows: usize) {
        self.set(format!("{list}.rows"), rows.min(MOST_ROWS).to_string());
    }

    /// Whether anything of a row was filled in, its preset choices aside.
    fn is_filled(&self, row: &str) -> bool {
        const PRESET: [&str; 6] = ["kind", "shape", "points", "credit", "markers", "rows"];
        self.0.iter().any(|(name, value)| {
            let rest = name.strip_prefix(row).and_then(|rest| rest.strip_prefix('.'));
            let last = rest.and_then(|rest| rest.rsplit('.').next());
            last.is_some_and(|last| !PRESET.contains(&last)) && !value.trim().is_empty()
        })
    }

    /// The rows of a list in which something stands, by their numbers on the page.
    fn filled(&self, list: &str) -> Vec<(usize, String)> {
        let rows = (0..self.rows(list)).map(|at| (at, format!("{list}.{at}")));
        rows.filter(|(_, row)| self.is_filled(row)).collect()
    }
}

/// The areas of a bank: code and title.
pub type Areas = [(String, Text)];

/// Empty fields for a new question.
pub fn blank(kind: QuestionKind) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in [
        ("kind", kind.word()),
        ("level", Level::Recall.word()),
        ("importance", Importance::Core.word()),
        ("difficulty", Difficulty::Medium.word()),
    ] {
        fields.set(name, value);
    }
    blank_task(&mut fields, "", kind);
    if kind == QuestionKind::Case {
        for at in 0..2 {
            fields.set(format!("part.{at}.kind"), QuestionKind::Single.word());
            blank_task(&mut fields, &format!("part.{at}."), QuestionKind::Single);
        }
    }
    fields
}

/// Empty rows for what a kind asks for.
pub fn blank_task(fields: &mut Fields, prefix: &str, kind: QuestionKind) {
    let lists: &[(&str, usize)] = match kind {
        QuestionKind::Single | QuestionKind::Multiple => &[("option", 5)],
        QuestionKind::Numeric => &[("also", 1)],
        QuestionKind::Short => &[("accepted", 4)],
        QuestionKind::Ordering => &[("item", 6)],
        QuestionKind::Matching => &[("pair", 5), ("distractor", 2)],
        QuestionKind::Hotspot => &[("region", 2)],
        QuestionKind::Case => &[("part", 2)],
        QuestionKind::TrueFalse | QuestionKind::Essay => &[],
    };
    for (list, rows) in lists {
        fields.set_rows(&format!("{prefix}{list}"), *rows);
    }
    fields.set(format!("{prefix}points"), "1");
    fields.set(format!("{prefix}credit"), "exact");
    fields.set(format!("{prefix}essay.markers"), "1");
}

/// A kept question in the fields, with rows to spare.
pub fn of(question: &Question) -> Fields {
    let mut fields = Fields::default();
    let body = &question.body;
    for (name, value) in [
        ("kind", question.kind.word()),
        ("code", &question.code),
        ("area", &question.area),
        ("level", question.level.word()),
        ("importance", question.importance.word()),
        ("difficulty", question.difficulty.word()),
        ("references", &body.references.join("\n")),
    ] {
        fields.set(name, value);
    }
    let points = (body.points, body.fixed_order);
    write(&mut fields, "", &body.stem, &body.feedback, points, &body.task);
    fields
}

fn write(
    fields: &mut Fields,
    prefix: &str,
    stem: &Text,
    feedback: &Text,
    (points, fixed_order): (u32, bool),
    task: &Task,
) {
    fields.set_text(&format!("{prefix}stem"), stem);
    fields.set_text(&format!("{prefix}feedback"), feedback);
    fields.set(format!("{prefix}points"), points.to_string());
    if fixed_order {
        fields.set(format!("{prefix}fixed_order"), "on");
    }
    write_task(fields, prefix, task);
}

fn credit_word(credit: Credit) -> &'static str {
    match credit {
        Credit::Exact => "exact",
        Credit::Partial => "partial",
        Credit::Weighted => "weighted",
    }
}

const WHOLE: i64 = 1_000_000;

/// Rows to spare below what is there.
const SPARE: usize = 3;

fn write_task(fields: &mut Fields, prefix: &str, task: &Task) {
    let name = |rest: &str| format!("{prefix}{rest}");
    match task {
        Task::Single { options } => write_options(fields, prefix, options),
        Task::Multiple { options, credit } => {
            write_options(fields, prefix, options);
            fields.set(name("credit"), credit_word(*credit));
        }
        Task::TrueFalse { answer } => fields.set(name("answer"), answer.to_string()),
        Task::Numeric(numeric) => write_numeric(fields, prefix, numeric),
        Task::Short(short) => write_short(fields, prefix, short),
        Task::Ordering { items, credit } => {
            write_texts(fields, &name("item"), items);
            fields.set(name("credit"), credit_word(*credit));
        }
        Task::Matching(matching) => {
            for (at, pair) in matching.pairs.iter().enumerate() {
                fields.set_text(&format!("{prefix}pair.{at}.prompt"), &pair.prompt);
                fields.set_text(&format!("{prefix}pair.{at}.partner"), &pair.partner);
            }
            fields.set_rows(&name("pair"), matching.pairs.len() + SPARE);
            write_texts(fields, &name("distractor"), &matching.distractors);
            fields.set(name("credit"), credit_word(matching.credit));
        }
        Task::Hotspot(hotspot) => write_hotspot(fields, prefix, hotspot),
        Task::Case { parts } => write_parts(fields, parts),
        Task::Essay(essay) => {
            fields.set_text(&name("essay.guide"), &essay.guide);
            fields.set(name("essay.words"), essay.words.map(|n| n.to_string()).unwrap_or_default());
            fields.set(name("essay.markers"), essay.markers.to_string());
        }
    }
}

fn write_texts(fields: &mut Fields, list: &str, texts: &[Text]) {
    for (at, text) in texts.iter().enumerate() {
        fields.set_text(&format!("{list}.{at}"), text);
    }
    fields.set_rows(list, texts.len() + SPARE);
}

fn write_options(fields: &mut Fields, prefix: &str, options: &[Choice]) {
    for (at, option) in options.iter().enumerate() {
        let row = format!("{prefix}option.{at}");
        fields.set_text(&row, &option.text);
        fields.set_text(&format!("{row}.feedback"), &option.feedback);
        if let Some(share) = option.share {
            fields.set(format!("{row}.share"), percent::write(share));
        }
        if option.correct {
            fields.add(&format!("{prefix}correct"), at.to_string());
        }
    }
    fields.set_rows(&format!("{prefix}option"), options.len() + SPARE);
}

fn write_numeric(fields: &mut Fields, prefix: &str, numeric: &Numeric) {
    fields.set(format!("{prefix}numeric.value"), &numeric.value);
    fields.set(format!("{prefix}numeric.tolerance"), &numeric.tolerance);
    fields.set_text(&format!("{prefix}numeric.unit"), &numeric.unit());
    for (at, other) in numeric.also.iter().enumerate() {
        let row = format!("{prefix}also.{at}");
        fields.set(format!("{row}.value"), &other.value);
        fields.set(format!("{row}.tolerance"), &other.tolerance);
        fields.set(format!("{row}.share"), percent::write(other.share));
        fields.set_text(&format!("{row}.feedback"), &other.feedback);
    }
    fields.set_rows(&format!("{prefix}also"), numeric.also.len() + 1);
}

fn write_short(fields: &mut Fields, prefix: &str, short: &Short) {
    for (at, one) in short.accepted.iter().enumerate() {
        let row = format!("{prefix}accepted.{at}");
        fields.set(format!("{row}.form"), &one.form);
        fields.set(format!("{row}.share"), percent::write(one.share));
        fields.set_text(&format!("{row}.feedback"), &one.feedback);
    }
    fields.set_rows(&format!("{prefix}accepted"), short.accepted.len() + SPARE);
    if short.case_matters {
        fields.set(format!("{prefix}case_matters"), "on");
    }
}

fn write_hotspot(fields: &mut Fields, prefix: &str, hotspot: &Hotspot) {
    fields.set(format!("{prefix}hotspot.picture"), &hotspot.picture);
    fields.set_text(&format!("{prefix}hotspot.alt"), &hotspot.alt);
    for (at, region) in hotspot.regions.iter().enumerate() {
        let (shape, numbers): (&str, Vec<(&str, i32)>) = match *region {
            Region::Rectangle { x, y, width, height } => {
                ("rectangle", vec![("x", x), ("y", y), ("width", width), ("height", height)])
            }
            Region::Circle { x, y, radius } => {
                ("circle", vec![("x", x), ("y", y), ("width", radius)])
            }
        };
        fields.set(format!("{prefix}region.{at}.shape"), shape);
        for (name, number) in numbers {
            fields.set(format!("{prefix}region.{at}.{name}"), number.to_string());
        }
    }
    fields.set_rows(&format!("{prefix}region"), hotspot.regions.len() + 1);
}

fn write_parts(fields: &mut Fields, parts: &[Part]) {
    for (at, part) in parts.iter().enumerate() {
        let prefix = format!("part.{at}.");
        fields.set(format!("{prefix}kind"), part.task.kind().word());
        let points = (part.points, part.fixed_order);
        write(fields, &prefix, &part.stem, &part.feedback, points, &part.task);
    }
    fields.set_rows("part", parts.len());
}

/// Reads the fields as a question, or names every mistake at its field.
pub fn read(fields: &Fields, areas: &Areas) -> Result<Question, Problems> {
    let mut reading = Reading { fields, problems: Problems::default() };
    let kind = QuestionKind::parse(fields.get("kind"));
    if kind.is_none() {
        reading.mistake("kind", choose());
    }
    let question = kind.and_then(|kind| reading.question(kind, areas));
    match question {
        Some(question) if reading.problems.is_empty() => Ok(question),
        _ => Err(reading.problems),
    }
}

fn choose() -> Text {
    text!("请选择一项。", "Please choose one.")
}

/// Reads on after a mistake, so that all are told at once.
struct Reading<'a> {
    fields: &'a Fields,
    problems: Problems,
}

/// What every question has besides its task.
struct Frame {
    stem: Text,
    feedback: Text,
    points: u32,
    fixed_order: bool,
}

impl Reading<'_> {
    fn mistake(&mut self, field: &str, what: Text) {
        self.problems.add(field, what);
    }

    fn question(&mut self, kind: QuestionKind, areas: &Areas) -> Option<Question> {
        let fields = self.fields;
        let code = self.code();
        let area = self.area(areas);
        let level = self.chosen("level", Level::parse);
        let importance = self.chosen("importance", Importance::parse);
        let difficulty = self.chosen("difficulty", Difficulty::parse);
        let frame = self.frame("");
        let task = self.task("", kind);
        let lines = fields.get("references").lines().map(str::trim);
        let references = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let (area, title) = area?;
        let Frame { stem, feedback, points, fixed_order } = frame;
        let body =
            Body { area: title, stem, task: task?, feedback, references, points, fixed_order };
        let (level, importance, difficulty) = (level?, importance?, difficulty?);
        Some(Question { code, kind, area, level, importance, difficulty, body })
    }

    fn chosen<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let chosen = parse(self.fields.get(name));
        if chosen.is_none() {
            self.mistake(name, choose());
        }
        chosen
    }

    /// Empty means: give it the next one.
    fn code(&mut self) -> String {
        let code = self.fields.line("code");
        let sound = code.len() <= 40
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !sound {
            self.mistake(
                "code",
                text!(
                    "代码最多 40 个字符，只用字母、数字、“-”“_”“.”。",
                    "At most 40 letters, digits, “-”, “_” and “.”."
                ),
            );
        }
        code
    }

    /// One of the bank's areas, or a new one by its title.
    fn area(&mut self, areas: &Areas) -> Option<(String, Text)> {
        let (code, new) = (self.fields.get("area"), self.fields.text("new_area"));
        if !new.is_blank() {
            let known = areas.iter().find(|(_, title)| *title == new);
            return Some(known.cloned().unwrap_or_else(|| (area_code(&new, areas), new)));
        }
        let known = areas.iter().find(|(known, _)| known == code).cloned();
        if known.is_none() {
            self.mistake(
                "area",
                text!("请选择所属部分，或填写新部分的名称。", "Choose an area, or name a new one."),
            );
        }
        known
    }

    fn frame(&mut self, prefix: &str) -> Frame {
        let name = |rest: &str| format!("{prefix}{rest}");
        let stem = self.fields.text(&name("stem"));
        if stem.is_blank() {
            let what =
                text!("请至少用一种语言写题干。", "Write the question in at least one language.");
            self.mistake(&name("stem.zh"), what);
        }
        let points = self.fields.line(&name("points"));
        let points = if points.is_empty() { Some(1) } else { points.parse().ok() };
        let points = points.filter(|points| (1..=100).contains(points));
        if points.is_none() {
            self.mistake(
                &name("points"),
                text!("请填 1 到 100 的整数。", "A whole number from 1 to 100."),
            );
        }
        Frame {
            stem,
            feedback: self.fields.text(&name("feedback")),
            points: points.unwrap_or(1),
            fixed_order: self.fields.is_on(&name("fixed_order")),
        }
    }

    /// The task, with what is wrong with it as a whole told at its list.
    fn task(&mut self, prefix: &str, kind: QuestionKind) -> Option<Task> {
        let name = |rest: &str| format!("{prefix}{rest}");
        let group = name(group(kind));
        let task = match kind {
            QuestionKind::Single => Some(Task::Single { options: self.options(prefix) }),
            QuestionKind::Multiple => {
                Some(Task::Multiple { options: self.options(prefix), credit: self.credit(prefix) })
            }
            QuestionKind::TrueFalse => self
                .chosen(&name("answer"), |word| word.parse().ok())
                .map(|answer| Task::TrueFalse { answer }),
            QuestionKind::Numeric => Some(Task::Numeric(self.numeric(prefix))),
            QuestionKind::Short => Some(Task::Short(self.short(prefix))),
            QuestionKind::Ordering => Some(Task::Ordering {
                items: self.texts(&name("item")),
                credit: self.credit(prefix),
            }),
            QuestionKind::Matching => Some(Task::Matching(self.matching(prefix))),
            QuestionKind::Hotspot => Some(Task::Hotspot(self.hotspot(prefix))),
            QuestionKind::Case if prefix.is_empty() => {
                // What is wrong within a part stands at its own fields.
                let parts = self.parts();
                let task = Task::Case { parts };
                return self.parts_given(&task).then_some(task);
            }
            QuestionKind::Case => None,
            QuestionKind::Essay => self.essay(prefix).map(Task::Essay),
        }?;
        let mistakes = task.mistakes();
        if !mistakes.is_empty() {
            let Text { zh, en } = Text::list(&mistakes);
            let en = capital(&en);
            self.mistake(&group, text!("{zh}。", "{en}."));
        }
        Some(task)
    }

    fn credit(&self, prefix: &str) -> Credit {
        match self.fields.get(&format!("{prefix}credit")) {
            "partial" => Credit::Partial,
            "weighted" => Credit::Weighted,
            _ => Credit::Exact,
        }
    }

    /// A share in percent; empty where there is none.
    fn share(&mut self, name: &str) -> Option<i64> {
        let typed = self.fields.line(name);
        let share = percent::read(&typed);
        if share.is_none() && !typed.is_empty() {
            let what = text!(
                "请填 -100 到 100 的百分数，最多四位小数。",
                "A percentage from -100 to 100 with at most four decimals."
            );
            self.mistake(name, what);
        }
        share
    }

    fn options(&mut self, prefix: &str) -> Vec<Choice> {
        let correct = format!("{prefix}correct");
        let list = format!("{prefix}option");
        let rows = (0..self.fields.rows(&list)).map(|at| (at, format!("{list}.{at}")));
        // A row marked as right with nothing in it is a mistake, not an empty row.
        let rows = rows.filter(|(at, row)| {
            self.fields.is_filled(row) || self.fields.has(&correct, &at.to_string())
        });
        let mut options = Vec::new();
        for (at, row) in rows.collect::<Vec<_>>() {
            let text = self.words(&row);
            options.push(Choice {
                text,
                correct: self.fields.has(&correct, &at.to_string()),
                share: self.share(&format!("{row}.share")),
                feedback: self.fields.text(&format!("{row}.feedback")),
            });
        }
        options
    }

    /// Words that must be there in at least one language.
    fn words(&mut self, row: &str) -> Text {
        let text = self.fields.text(row);
        if text.is_blank() {
            self.mistake(
                &format!("{row}.zh"),
                text!("请填写，或清空整行。", "Fill this in, or empty the whole row."),
            );
        }
        text
    }

    fn texts(&self, list: &str) -> Vec<Text> {
        self.fields.filled(list).iter().map(|(_, row)| self.fields.text(row)).collect()
    }

    /// A decimal as it was typed.
    fn decimal(&mut self, name: &str, empty: &str, least: Option<i64>) -> String {
        let typed = self.fields.line(name);
        let value = if typed.is_empty() { empty.to_owned() } else { typed };
        let read = Decimal::parse(&value);
        if !read.is_some_and(|read| least.is_none() || !read.is_negative()) {
            let what = match least {
                None => text!("请填一个数，例如 60 或 0.25。", "A number, such as 60 or 0.25."),
                Some(_) => text!("请填不小于 0 的数。", "A number not below 0."),
            };
            self.mistake(name, what);
        }
        value
    }

    fn numeric(&mut self, prefix: &str) -> Numeric {
        let unit = self.fields.text(&format!("{prefix}numeric.unit"));
        let value = self.decimal(&format!("{prefix}numeric.value"), "", None);
        let tolerance = self.decimal(&format!("{prefix}numeric.tolerance"), "0", Some(0));
        let mut also = Vec::new();
        for (_, row) in self.fields.filled(&format!("{prefix}also")) {
            also.push(OtherNumber {
                value: self.decimal(&format!("{row}.value"), "", None),
                tolerance: self.decimal(&format!("{row}.tolerance"), "0", Some(0)),
                share: self.share(&format!("{row}.share")).unwrap_or(WHOLE),
                feedback: self.fields.text(&format!("{row}.feedback")),
            });
        }
        Numeric { value, tolerance, unit: one_unit(unit), also }
    }

    fn short(&mut self, prefix: &str) -> Short {
        let mut accepted = Vec::new();
        for (_, row) in self.fields.filled(&format!("{prefix}accepted")) {
            let form = self.fields.line(&format!("{row}.form"));
            if !form.is_empty() {
                let share = self.share(&format!("{row}.share")).unwrap_or(WHOLE);
                let feedback = self.fields.text(&format!("{row}.feedback"));
                accepted.push(Accepted { form, share, feedback });
            }
        }
        Short { accepted, case_matters: self.fields.is_on(&format!("{prefix}case_matters")) }
    }

    fn matching(&mut self, prefix: &str) -> Matching {
        let mut pairs = Vec::new();
        for (_, row) in self.fields.filled(&format!("{prefix}pair")) {
            pairs.push(Pair {
                prompt: self.words(&format!("{row}.prompt")),
                partner: self.words(&format!("{row}.partner")),
            });
        }
        let distractors = self.texts(&format!("{prefix}distractor"));
        Matching { pairs, distractors, credit: self.credit(prefix) }
    }

    fn hotspot(&mut self, prefix: &str) -> Hotspot {
        let mut regions = Vec::new();
        for (_, row) in self.fields.filled(&format!("{prefix}region")) {
            regions.extend(self.region(&row));
        }
        let picture = self.fields.line(&format!("{prefix}hotspot.picture"));
        Hotspot { picture, alt: self.fields.text(&format!("{prefix}hotspot.alt")), regions }
    }

    fn region(&mut self, row: &str) -> Option<Region> {
        let circle = self.fields.get(&format!("{row}.shape")) == "circle";
        let names: &[&str] =
            if circle { &["x", "y", "width"] } else { &["x", "y", "width", "height"] };
        let mut numbers = [0_i32; 4];
        for (number, name) in numbers.iter_mut().zip(names) {
            let field = format!("{row}.{name}");
            let least = i32::from(*name == "width" || *name == "height");
            let typed = self.fields.line(&field).parse().ok();
            let Some(typed) = typed.filter(|typed| (least..=1000).contains(typed)) else {
                self.mistake(
                    &field,
                    text!("请填 {least} 到 1000 的整数。", "A whole number from {least} to 1000."),
                );
                return None;
            };
            *number = typed;
        }
        let [x, y, width, height] = numbers;
        Some(if circle {
            Region::Circle { x, y, radius: width }
        } else {
            Region::Rectangle { x, y, width, height }
        })
    }

    fn essay(&mut self, prefix: &str) -> Option<Essay> {
        let name = format!("{prefix}essay.words");
        let typed = self.fields.line(&name);
        let words: Option<u32> = typed.parse().ok().filter(|words| (1..=20_000).contains(words));
        if words.is_none() && !typed.is_empty() {
            self.mistake(
                &name,
                text!(
                    "请填 1 到 20000 的整数，或留空。",
                    "A whole number from 1 to 20000, or leave it empty."
                ),
            );
        }
        let markers = self.chosen(&format!("{prefix}essay.markers"), |word| word.parse().ok())?;
        Some(Essay { guide: self.fields.text(&format!("{prefix}essay.guide")), words, markers })
    }

    fn parts(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (_, row) in self.fields.filled("part") {
            if self.fields.is_on(&format!("{row}.drop")) {
                continue;
            }
            let prefix = format!("{row}.");
            let kind = self.chosen(&format!("{prefix}kind"), QuestionKind::parse);
            let frame = self.frame(&prefix);
            let task = kind.and_then(|kind| self.task(&prefix, kind));
            let Frame { stem, feedback, points, fixed_order } = frame;
            parts.extend(task.map(|task| Part { stem, task, feedback, points, fixed_order }));
        }
        parts
    }

    fn parts_given(&mut self, task: &Task) -> bool {
        let Task::Case { parts } = task else { return false };
        let sound = (1..=20).contains(&parts.len());
        if !sound {
            self.mistake(
                "part",
                text!("案例题须有 1 至 20 个小题。", "A case has 1 to 20 questions."),
            );
        }
        sound
    }
}

/// Where mistakes of a whole task are told.
fn group(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Single | QuestionKind::Multiple => "option",
        QuestionKind::TrueFalse => "answer",
        QuestionKind::Numeric => "numeric.value",
        QuestionKind::Short => "accepted",
        QuestionKind::Ordering => "item",
        QuestionKind::Matching => "pair",
        QuestionKind::Hotspot => "region",
        QuestionKind::Case => "part",
        QuestionKind::Essay => "essay.markers",
    }
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The way a unit is kept: once where both languages write it alike.
fn one_unit(unit: Text) -> String {
    let Text { zh, en } = unit;
    match (zh.is_empty(), en.is_empty()) {
        (true, _) => en,
        (_, true) => zh,
        _ if zh == en => zh,
        _ => format!("{zh} / {en}"),
    }
}

/// A code for a new area: from its English name, else the next free number.
fn area_code(title: &Text, areas: &Areas) -> String {
    let slug = slug(&title.en);
    let free = |code: &str| areas.iter().all(|(known, _)| known != code);
    if !slug.is_empty() && free(&slug) {
        return slug;
    }
    let numbered = (areas.len() + 1..).map(|n| format!("area-{n}"));
    numbered.into_iter().find(|code| free(code)).unwrap_or_default()
}

/// A name as it stands in an address.
pub fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    slug.chars().take(40).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exams::questions::body::Written;

    fn areas() -> Vec<(String, Text)> {
        vec![("bus".to_owned(), Text::new("总线", "Bus"))]
    }

    fn question(kind: QuestionKind, said: &str) -> Question {
        let written: Written = toml::from_str(said).expect("the form is right");
        let mut body = written.read(kind).expect("sound");
        body.area = Text::new("总线", "Bus");
        Question {
            code: "q1".into(),
            kind,
            area: "bus".into(),
            level: Level::Apply,
            importance: Importance::General,
            difficulty: Difficulty::Hard,
            body,
        }
    }

    const SAID: [&str; 11] = [
        "options = [{ zh = \"甲\", correct = true, feedback = { zh = \"对\" } }, { en = \"B\", share = 333333 }]",
        "credit = \"weighted\"\nfixed_order = true\noptions = [{ en = \"A\", correct = true, share = 1000000 }, { en = \"B\", share = -500000 }]",
        "answer = false\nreferences = [\"GB/T 18488\", \"第三课\"]",
        "numeric = { value = \"60\", tolerance = \"0.5\", unit = \"个 / cells\", also = [{ value = \"6\", tolerance = \"0\", share = 500000 }] }",
        "accepted = [{ form = \"CAN\", feedback = { en = \"Yes\" } }, { form = \"*bus\", share = 500000 }]\ncase_matters = true",
        "items = [\"one\", { zh = \"二\", en = \"two\" }]\ncredit = \"partial\"",
        "pairs = [{ prompt = \"R\", partner = \"Ω\" }, { prompt = \"U\", partner = \"V\" }]\ndistractors = [\"A\"]",
        "hotspot = { picture = \"/exams/files/x\", alt = { zh = \"图\", en = \"\" }, regions = [{ x = 1, y = 2, radius = 9 }, { x = 0, y = 0, width = 5, height = 5 }] }",
        "parts = [{ kind = \"true-false\", stem = \"Q1\", answer = true, points = 2 }, { kind = \"single\", stem = \"Q2\", options = [{ en = \"A\", correct = true }, { en = \"B\" }] }]",
        "essay = { guide = \"names the cause\", words = 300, markers = 2 }",
        "points = 3\nfeedback = \"F\"\nnumeric = { value = \"1\", unit = \"V\" }",
    ];

    const KINDS: [QuestionKind; 11] = [
        QuestionKind::Single,
        QuestionKind::Multiple,
        QuestionKind::TrueFalse,
        QuestionKind::Numeric,
        QuestionKind::Short,
        QuestionKind::Ordering,
        QuestionKind::Matching,
        QuestionKind::Hotspot,
        QuestionKind::Case,
        QuestionKind::Essay,
        QuestionKind::Numeric,
    ];

    #[test]
    fn every_kind_goes_into_the_fields_and_comes_out_the_same() {
        for (kind, said) in KINDS.into_iter().zip(SAID) {
            let one = question(kind, &format!("stem = {{ zh = \"问\", en = \"Q\" }}\n{said}"));
            let back =
                read(&of(&one), &areas()).unwrap_or_else(|wrong| panic!("{kind:?}: {wrong:?}"));
            assert_eq!(back, one, "{kind:?}");
        }
    }

    #[test]
    fn an_empty_form_names_what_is_missing_for_every_kind() {
        for kind in QuestionKind::ALL {
            let wrong = read(&blank(*kind), &areas()).expect_err("nothing was filled in");
            for field in ["stem.zh", "area"] {
                assert!(wrong.get(field).is_some(), "{kind:?} {field}");
            }
            let essay = *kind == QuestionKind::Essay;
            assert_eq!(wrong.get(group(*kind)).is_none(), essay, "{kind:?}: {wrong:?}");
        }
    }

    #[test]
    fn mistakes_stand_at_their_fields() {
        let mut fields = of(&question(
            QuestionKind::Numeric,
            "stem = \"Q\"\nnumeric = { value = \"60\", unit = \"V\" }",
        ));
        for (name, value) in [
            ("numeric.value", "sixty"),
            ("numeric.tolerance", "-1"),
            ("points", "0"),
            ("code", "a b"),
            ("also.0.value", "3"),
            ("also.0.share", "200"),
        ] {
            fields.set(name, value);
        }
        let wrong = read(&fields, &areas()).unwrap_err();
        for field in ["numeric.value", "numeric.tolerance", "points", "code", "also.0.share"] {
            assert!(wrong.get(field).is_some(), "{field}: {wrong:?}");
        }
        assert!(wrong.get("also.0.value").is_none());
    }

    #[test]
    fn a_new_area_gets_a_code_of_its_own() {
        let mut fields = of(&question(QuestionKind::TrueFalse, "stem = \"Q\"\nanswer = true"));
        fields.set_text("new_area", &Text::new("绝缘检测", "Insulation test"));
        let one = read(&fields, &areas()).expect("sound");
        assert_eq!((one.area.as_str(), one.body.area.zh.as_str()), ("insulation-test", "绝缘检测"));
        fields.set_text("new_area", &Text::new("绝缘检测", ""));
        assert_eq!(read(&fields, &areas()).expect("sound").area, "area-2");
        fields.set_text("new_area", &Text::new("总线", "Bus"));
        assert_eq!(read(&fields, &areas()).expect("sound").area, "bus", "it is there already");
    }

    #[test]
    fn a_part_can_be_taken_out() {
        let said = "stem = \"C\"\nparts = [{ kind = \"true-false\", stem = \"Q1\", answer = true }, { kind = \"true-false\", stem = \"Q2\", answer = true }]";
        let mut fields = of(&question(QuestionKind::Case, said));
        fields.set("part.0.drop", "on");
        let Task::Case { parts } = read(&fields, &areas()).expect("sound").body.task else {
            panic!("a case")
        };
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].stem.en, "Q2");
    }
}
