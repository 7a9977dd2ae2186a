//! Questions as a workbook to edit: a question a row, both languages side by side, and the hidden
//! mark ([`own`]) in the columns `shifu`, for what no column says.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::{cells, draft::WHOLE, own, to_gift::described};
use crate::{
    exams::questions::{Task, bank::Question},
    i18n::{Lang, Text},
    t,
};

/// Characters a spreadsheet's cell holds at most.
const CELL: usize = 32_767;
/// Characters of the mark in one cell.
const PIECE: usize = 30_000;

/// The columns before the options.
const FIRST: usize = 3;

pub fn write(questions: &[Question], lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let widest = questions.iter().map(|one| options(&one.body.task, lang).len()).max();
    let layout = Layout { lang, options: widest.unwrap_or(0).max(4) };
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(t!(lang, "题目", "Questions"))?;
    let bold = Format::new().set_bold();
    let header = layout.header();
    for (at, title) in header.iter().enumerate() {
        sheet.write_with_format(0, at as u16, title, &bold)?;
    }
    let mut marks = 0;
    for (row, question) in (1..).zip(questions) {
        let visible = layout.row(question);
        for (at, cell) in visible.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, at as u16, cell)?;
        }
        let mark = own::mark(question, lang, &cells::visible(visible.iter().map(String::as_str)));
        for (at, piece) in mark.as_bytes().chunks(PIECE).enumerate() {
            // The mark is ASCII, so no piece ends inside a character.
            let piece = String::from_utf8_lossy(piece);
            sheet.write_string(row, (header.len() + at) as u16, piece.as_ref())?;
            marks = marks.max(at + 1);
        }
    }
    for at in 0..marks.max(1) {
        let title = if at == 0 { "shifu".to_owned() } else { format!("shifu {}", at + 1) };
        sheet.write_with_format(0, (header.len() + at) as u16, title, &bold)?;
    }
    sheet.set_freeze_panes(1, FIRST as u16)?;
    sheet.set_column_width(2, 50)?;
    book.save_to_buffer()
}

/// The same columns with two worked rows and no mark: a file to start from.
pub fn template(lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let layout = Layout { lang, options: 4 };
    let examples = match lang {
        Lang::Zh => EXAMPLES_ZH,
        Lang::En => EXAMPLES_EN,
    };
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for (at, title) in layout.header().iter().enumerate() {
        sheet.write_with_format(0, at as u16, title, &bold)?;
    }
    for (row, cells) in (1..).zip(examples) {
        for (at, cell) in cells.iter().enumerate() {
            sheet.write_string(row, at as u16, *cell)?;
        }
    }
    sheet.set_column_width(2, 50)?;
    book.save_to_buffer()
}

type Examples = [[&'static str; 12]; 3];

const EXAMPLES_ZH: Examples = [
    [
        "",
        "单选题",
        "制动液吸水后，首先下降的是哪项性能？",
        "密度",
        "沸点",
        "颜色",
        "",
        "B",
        "水使沸点下降，容易产生气阻。",
        "",
        "",
        "制动液",
    ],
    [
        "",
        "多选题",
        "更换制动片时必须检查哪些部件？",
        "制动盘厚度",
        "轮胎花纹",
        "导向销",
        "制动软管",
        "ACD",
        "",
        "",
        "",
        "检查",
    ],
    [
        "",
        "判断题",
        "制动液可以长期敞口存放。",
        "",
        "",
        "",
        "",
        "错误",
        "制动液会吸收空气中的水分。",
        "",
        "",
        "制动液",
    ],
];

const EXAMPLES_EN: Examples = [
    [
        "",
        "Single choice",
        "Which property of brake fluid suffers first when it takes up water?",
        "Density",
        "Boiling point",
        "Colour",
        "",
        "B",
        "Water lowers the boiling point.",
        "",
        "",
        "Brake fluid",
    ],
    [
        "",
        "Multiple answers",
        "What must be checked when pads are changed?",
        "Disc thickness",
        "Tyre tread",
        "Guide pins",
        "Hoses",
        "ACD",
        "",
        "",
        "",
        "Inspection",
    ],
    [
        "",
        "True or false",
        "Brake fluid may be stored in an open container.",
        "",
        "",
        "",
        "",
        "false",
        "It takes up water from the air.",
        "",
        "",
        "Brake fluid",
    ],
];

struct Layout {
    lang: Lang,
    options: usize,
}

impl Layout {
    fn header(&self) -> Vec<String> {
        let lang = self.lang;
        let option = |at: usize| {
            let letter = char::from(b'A' + (at % 26) as u8);
            t!(lang, "选项{letter}", "Option {letter}")
        };
        let other = |title: String| t!(lang, "{title}（英文）", "{title} (Chinese)");
        let (stem, feedback) = (t!(lang, "题干", "Stem"), t!(lang, "解析", "Explanation"));
        let mut header = vec![t!(lang, "编号", "Code"), t!(lang, "题型", "Type"), stem.clone()];
        header.extend((0..self.options).map(option));
        header.extend([
            t!(lang, "答案", "Answer"),
            feedback.clone(),
            t!(lang, "误差", "Tolerance"),
            t!(lang, "单位", "Unit"),
            t!(lang, "章节", "Area"),
            t!(lang, "难度", "Difficulty"),
            t!(lang, "分值", "Points"),
            t!(lang, "层次", "Level"),
            t!(lang, "重要性", "Importance"),
            t!(lang, "依据", "References"),
            other(stem),
        ]);
        header.extend((0..self.options).map(|at| other(option(at))));
        header.push(other(feedback));
        header
    }

    /// The cells of a question, as the header names them.
    fn row(&self, question: &Question) -> Vec<String> {
        let (lang, body) = (self.lang, &question.body);
        let mut row =
            vec![question.code.clone(), kind(question, lang), body.stem.get(lang).to_owned()];
        self.put_options(&mut row, options(&body.task, lang));
        let (tolerance, unit) = match &body.task {
            Task::Numeric(numeric) => (numeric.tolerance.clone(), numeric.unit.clone()),
            _ => (String::new(), String::new()),
        };
        row.extend([
            answer(&body.task, lang),
            body.feedback.get(lang).to_owned(),
            tolerance,
            unit,
            body.area.get(lang).to_owned(),
            question.difficulty.title().get(lang).to_owned(),
            body.points.to_string(),
            question.level.title().get(lang).to_owned(),
            question.importance.word().to_owned(),
            body.references.join("\n"),
            other(&body.stem, lang),
        ]);
        self.put_options(&mut row, translated(&body.task, lang));
        row.push(other(&body.feedback, lang));
        row.iter().map(|cell| clean(cell)).collect()
    }

    fn put_options(&self, row: &mut Vec<String>, mut options: Vec<String>) {
        options.resize(self.options, String::new());
        row.extend(options);
    }
}

/// What a cell can hold.
fn clean(cell: &str) -> String {
    let sound = cell.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let sound = sound.filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}' | '\u{200b}'));
    let kept: String = sound.take(CELL / 2).collect();
    kept.trim().to_owned()
}

/// The words in the other language, where they are written.
fn other(text: &Text, lang: Lang) -> String {
    match lang {
        Lang::Zh => text.en.clone(),
        Lang::En => text.zh.clone(),
    }
}

/// The kind in words that a reader of tables takes for the same.
fn kind(question: &Question, lang: Lang) -> String {
    match (&question.body.task, lang) {
        // Most readers take an English "multiple choice" for any choice.
        (Task::Multiple { .. }, Lang::En) => "Multiple answers".to_owned(),
        (task, lang) => task.kind().title().get(lang).to_owned(),
    }
}

fn options(task: &Task, lang: Lang) -> Vec<String> {
    let of = |text: &Text| text.get(lang).to_owned();
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            options.iter().map(|one| of(&one.text)).collect()
        }
        Task::Ordering { items, .. } => items.iter().map(of).collect(),
        Task::Matching(matching) => {
            let pairs = matching.pairs.iter().map(|pair| (of(&pair.prompt), of(&pair.partner)));
            let others = matching.distractors.iter().map(|one| (String::new(), of(one)));
            pairs.chain(others).map(|(prompt, partner)| format!("{prompt} -> {partner}")).collect()
        }
        _ => Vec::new(),
    }
}

fn translated(task: &Task, lang: Lang) -> Vec<String> {
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            options.iter().map(|one| other(&one.text, lang)).collect()
        }
        Task::Ordering { items, .. } => items.iter().map(|item| other(item, lang)).collect(),
        _ => Vec::new(),
    }
}

fn answer(task: &Task, lang: Lang) -> String {
    let letters = |places: &mut dyn Iterator<Item = usize>| -> String {
        places.map(|at| char::from(b'A' + (at % 26) as u8)).collect()
    };
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            let mut right =
                options.iter().enumerate().filter(|(_, one)| one.correct).map(|(at, _)| at);
            letters(&mut right)
        }
        Task::TrueFalse { answer: true } => t!(lang, "正确", "true"),
        Task::TrueFalse { answer: false } => t!(lang, "错误", "false"),
        Task::Numeric(numeric) => numeric.value.clone(),
        Task::Short(short) => {
            let whole = short.accepted.iter().filter(|one| one.share >= WHOLE);
            whole.map(|one| one.form.as_str()).collect::<Vec<_>>().join(" | ")
        }
        Task::Ordering { items, .. } => letters(&mut (0..items.len())),
        Task::Essay(essay) => essay.guide.get(lang).to_owned(),
        Task::Matching(_) => String::new(),
        Task::Hotspot(_) | Task::Case { .. } => described(task, lang),
    }
}
