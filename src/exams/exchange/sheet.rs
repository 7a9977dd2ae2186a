//! Spreadsheets: a question a row, under the headers people really use.
//!
//! The header may stand a few rows down, below a title or instructions. What a digit or an unknown
//! word in the column of types means differs between systems, so it is asked, never guessed.

use std::{collections::BTreeMap, path::Path};

use super::{
    cells::{self, Field, Header},
    draft::{Ask, Draft, MOST_OF_ONE, Reading, Refusal, Wrong, short, too_long},
    own, tags,
};
use crate::{
    exams::questions::model::{Importance, Level, QuestionKind},
    i18n::{Lang, Text},
    staff::import::{Row, Table, Unreadable},
    text,
};

/// What the words in the column of types mean, where somebody said so.
pub type TypeCodes = BTreeMap<String, QuestionKind>;

/// The header stands within so many rows.
const HEADER_ROWS: usize = 15;

impl From<Unreadable> for Refusal {
    fn from(Unreadable(text): Unreadable) -> Refusal {
        Refusal(text)
    }
}

pub fn read(path: &Path, codes: &TypeCodes, reading: &mut Reading) -> Result<(), Refusal> {
    let table = Table::open(path)?;
    let mut header: Option<Header> = None;
    let mut seen = 0;
    table.rows::<Refusal>(&mut |row| {
        if let Some(header) = &header {
            read_row(row, header, codes, reading);
            return reading.check_count();
        }
        seen += 1;
        header = Header::of(&row.cells);
        if header.is_none() && seen >= HEADER_ROWS {
            return Err(no_header());
        }
        Ok(())
    })?;
    let header = header.ok_or_else(no_header)?;
    reading.ignored_columns = header.ignored;
    reading.lang = header.lang;
    Ok(())
}

fn no_header() -> Refusal {
    Refusal(text!(
        "没有找到表头：需要“题干”和“答案”两列（或 stem 和 answer）。请对照模板检查。",
        "no header was found: the columns stem and answer (or 题干 and 答案) are needed. Compare with the template."
    ))
}

fn read_row(row: &Row, header: &Header, codes: &TypeCodes, reading: &mut Reading) {
    let cells = header.cells(&row.cells);
    let stem = cells.get(Field::Stem).unwrap_or_default().to_owned();
    let own = own::read(&cells.own());
    let own = match own {
        Some(own) if own.is_untouched(&cells.visible()) => {
            let name = own.name().to_owned();
            reading.add(row.line, &name, Vec::new(), Ok(own.draft()));
            return;
        }
        own => own,
    };
    let length: usize = row.cells.iter().map(String::len).sum();
    if length > MOST_OF_ONE * 6 {
        reading.add(row.line, &stem, Vec::new(), Err(vec![too_long(length)]));
        return;
    }
    let mut notes = Vec::new();
    let kind = match kind(&cells, codes) {
        Ok(kind) => kind,
        Err(word) => {
            ask(reading, &word, row.line, &stem);
            reading.add(row.line, &stem, notes, Err(vec![asked(&word)]));
            return;
        }
    };
    let found = question(&cells, kind, &mut notes).map(|mut draft| {
        if let Some(own) = own {
            // These have columns of their own here.
            let (points, references) = (draft.body.points, draft.body.references.clone());
            own.complete(&mut draft);
            (draft.body.points, draft.body.references) = (points, references);
        }
        draft
    });
    reading.add(row.line, &stem, notes, found);
}

fn ask(reading: &mut Reading, word: &str, line: u64, stem: &str) {
    match reading.asks.iter().position(|ask| ask.word == word) {
        Some(at) => reading.asks[at].rows += 1,
        // Nobody answers more questions than this about one column.
        None if reading.asks.len() >= 30 => {}
        None => {
            let (word, example) = (word.to_owned(), short(stem, 60));
            reading.asks.push(Ask { word, rows: 1, first_line: line, example });
        }
    }
}

fn asked(word: &str) -> Text {
    text!("请说明题型“{word}”是什么意思", "say what “{word}” means in the column of types")
}

/// What kind of question a row says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Kind(QuestionKind),
    /// Some choice; the number of right answers tells which.
    Choice,
    /// Nothing was said.
    Silent,
}

fn kind(cells: &cells::Cells<'_>, codes: &TypeCodes) -> Result<Said, String> {
    let Some(word) = cells.get(Field::Kind) else { return Ok(Said::Silent) };
    let word = cells::half_width(word).trim().to_lowercase();
    if let Some(kind) = codes.get(&word) {
        return Ok(Said::Kind(*kind));
    }
    cells::kind(&word).ok_or_else(|| short(&word, 40))
}

/// A row as a question.
fn question(cells: &cells::Cells<'_>, said: Said, notes: &mut Vec<Text>) -> Result<Draft, Wrong> {
    let mut wrong = Vec::new();
    let task = cells::task(cells, said, notes);
    let mut draft = match task {
        Ok(task) => Draft::new(cells.words(Field::Stem), task, cells.words(Field::Feedback)),
        Err(mistakes) => return Err(mistakes),
    };
    draft.code = cells.get(Field::Code).map(str::to_owned);
    draft.area = cells.get(Field::Area).map(str::to_owned);
    draft.difficulty = cells.get(Field::Difficulty).and_then(|word| {
        let known = tags::difficulty(&cells::half_width(word));
        if known.is_none() {
            let word = short(word, 20);
            wrong.push(text!(
                "难度“{word}”无法识别，请写 1–3 或 简单/中等/困难",
                "the difficulty “{word}” is not known; write 1–3 or easy/medium/hard"
            ));
        }
        known
    });
    draft.level = cells.get(Field::Level).and_then(|word| level(word, &mut wrong));
    draft.importance = cells.get(Field::Importance).and_then(|word| importance(word, &mut wrong));
    match points(cells.get(Field::Points)) {
        Ok(points) => draft.body.points = points,
        Err(mistake) => wrong.push(mistake),
    }
    draft.body.references = cells
        .get(Field::References)
        .map(|cell| {
            cell.split(['\n', '；', ';'])
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    cells.translate(&mut draft.body);
    wrong.extend(cells.mistakes());
    if wrong.is_empty() { Ok(draft) } else { Err(wrong) }
}

fn level(word: &str, wrong: &mut Wrong) -> Option<Level> {
    let known = Level::ALL.iter().copied().find(|level| {
        let title = level.title();
        [level.word(), &title.zh].contains(&word) || title.en.eq_ignore_ascii_case(word)
    });
    if known.is_none() {
        let (word, all) = (
            short(word, 20),
            Text::list(&Level::ALL.iter().copied().map(Level::title).collect::<Vec<_>>()),
        );
        let (zh, en) = (all.get(Lang::Zh), all.get(Lang::En));
        wrong.push(text!(
            "层次“{word}”无法识别，可选：{zh}",
            "the level “{word}” is not known; it is one of {en}"
        ));
    }
    known
}

fn importance(word: &str, wrong: &mut Wrong) -> Option<Importance> {
    let known = Importance::ALL.iter().copied().find(|one| {
        let title = one.title();
        [one.word(), &title.zh].contains(&word) || title.en.eq_ignore_ascii_case(word)
    });
    if known.is_none() {
        let word = short(word, 20);
        wrong.push(text!(
            "重要性“{word}”无法识别，可选 X、Y、Z",
            "the importance “{word}” is not known; it is X, Y or Z"
        ));
    }
    known
}

/// `2`, `2分`, `2.0`; empty is 1.
fn points(cell: Option<&str>) -> Result<u32, Text> {
    let Some(cell) = cell else { return Ok(1) };
    let plain = cells::half_width(cell);
    let word = plain.trim().trim_end_matches('分').trim();
    let word = word.strip_suffix(".0").unwrap_or(word);
    word.parse().ok().filter(|points| (1..=100).contains(points)).ok_or_else(|| {
        let word = short(cell, 20);
        text!(
            "分值“{word}”须为 1 至 100 的整数",
            "the points “{word}” are no whole number from 1 to 100"
        )
    })
}
