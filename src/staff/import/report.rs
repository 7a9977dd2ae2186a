//! What an import found and would do, or did; and reading lines so that every mistake is found.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    ImportKind, Result, RunId,
    cells::{self, COLUMNS, Col},
    table::{Row, Table},
};
use crate::{
    i18n::{self, Lang, Text},
    record::{self, Kind, NewFact, context::Context},
    text,
};

/// Mistakes told in full; the rest are counted.
const MISTAKES: usize = 200;
/// Lines shown of each sort of change.
const SAMPLES: usize = 20;
/// Unknown codes told in full.
const CODES: usize = 100;

/// One thing wrong with one line, and what to do about it.
#[derive(Clone, Debug, Serialize)]
pub struct Mistake {
    pub line: u64,
    pub column: Option<Text>,
    pub text: Text,
}

/// A field that changes.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub column: Text,
    pub old: String,
    pub new: String,
}

/// One line of the plan, with what was computed for it.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    pub line: u64,
    pub subject: String,
    pub changes: Vec<Change>,
    /// The facts that the record will say.
    pub facts: Vec<Text>,
}

/// A code that no rule set defines; its facts are kept.
#[derive(Clone, Debug, Serialize)]
pub struct UnknownCode {
    pub kind: Kind,
    pub code: String,
    pub lines: u64,
    pub first_line: u64,
}

/// The plan of an import, or what it did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub kind: ImportKind,
    pub file_name: String,
    pub file_digest: String,
    /// The import that was carried out; nothing for a plan.
    pub run: Option<RunId>,
    pub lines: u64,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Facts that are recorded.
    pub facts: u64,
    pub mistake_count: u64,
    pub mistakes: Vec<Mistake>,
    pub ignored_columns: Vec<String>,
    pub unknown_codes: Vec<UnknownCode>,
    /// Worth a look, but no mistake.
    pub notes: Vec<Mistake>,
    pub first_added: Vec<Sample>,
    pub first_changed: Vec<Sample>,
    #[serde(skip)]
    codes: BTreeMap<(Kind, String), usize>,
}

impl Report {
    pub(super) fn new(kind: ImportKind, file_name: &str, digest: &str) -> Report {
        Report {
            kind,
            file_name: file_name.to_owned(),
            file_digest: digest.to_owned(),
            run: None,
            lines: 0,
            added: 0,
            changed: 0,
            unchanged: 0,
            facts: 0,
            mistake_count: 0,
            mistakes: Vec::new(),
            ignored_columns: Vec::new(),
            unknown_codes: Vec::new(),
            notes: Vec::new(),
            first_added: Vec::new(),
            first_changed: Vec::new(),
            codes: BTreeMap::new(),
        }
    }

    pub fn can_be_done(&self) -> bool {
        self.mistake_count == 0
    }

    pub fn changes_nothing(&self) -> bool {
        self.added == 0 && self.changed == 0
    }

    /// Equal plans have equal marks: what was previewed is what is carried out.
    pub fn mark(&self) -> String {
        format!(
            "{}-{}-{}-{}-{}",
            self.added, self.changed, self.unchanged, self.facts, self.mistake_count
        )
    }

    pub(super) fn mistake(&mut self, line: u64, column: Option<Col>, text: Text) {
        self.mistake_count += 1;
        if self.mistakes.len() < MISTAKES {
            self.mistakes.push(Mistake { line, column: column.map(Col::title), text });
        }
    }

    pub(super) fn note(&mut self, line: u64, column: Col, text: Text) {
        if self.notes.len() < CODES {
            self.notes.push(Mistake { line, column: Some(column.title()), text });
        }
    }

    pub(super) fn unknown_code(&mut self, line: u64, kind: Kind, code: &str) {
        if let Some(index) = self.codes.get(&(kind, code.to_owned())) {
            self.unknown_codes[*index].lines += 1;
        } else if self.unknown_codes.len() < CODES {
            self.codes.insert((kind, code.to_owned()), self.unknown_codes.len());
            let code = code.to_owned();
            self.unknown_codes.push(UnknownCode { kind, code, lines: 1, first_line: line });
        }
    }

    /// Counts an added line; the first few are shown, so only they are put into words.
    pub(super) fn add(&mut self, sample: impl FnOnce() -> Sample) {
        self.added += 1;
        if self.first_added.len() < SAMPLES {
            self.first_added.push(sample());
        }
    }

    pub(super) fn change(&mut self, sample: impl FnOnce() -> Sample) {
        self.changed += 1;
        if self.first_changed.len() < SAMPLES {
            self.first_changed.push(sample());
        }
    }
}

/// A fact in words, with its computed dates.
pub fn fact_text(context: &Context, fact: &NewFact) -> Text {
    let Some(kind) = fact.kind else { return Text::default() };
    let name = record::pages::name_of(context, kind, &fact.code, fact.level.as_deref());
    let say = |lang: Lang| {
        let span = match kind {
            Kind::Birth => i18n::date(lang, fact.from),
            _ => record::pages::span(lang, fact.from, fact.through),
        };
        let amount = fact.amount.map(|amount| format!(" {amount}")).unwrap_or_default();
        let name = name.get(lang);
        let gap = if name.is_empty() { "" } else { " · " };
        format!("{}{gap}{name}{amount} · {span}", kind.title().get(lang))
    };
    Text::new(say(Lang::Zh), say(Lang::En))
}

/// Where each known column stands in this file.
pub(super) struct Columns([Option<usize>; COLUMNS]);

/// One line of a file, its cells by column.
pub(super) struct Line<'a> {
    pub number: u64,
    cells: &'a [String],
    columns: &'a Columns,
}

impl Line<'_> {
    /// The cell, unless it is empty.
    pub fn get(&self, col: Col) -> Option<&str> {
        let index = self.columns.0[col as usize]?;
        self.cells.get(index).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    pub fn required(&self, col: Col, report: &mut Report) -> &str {
        match self.get(col) {
            Some(cell) => cell,
            None => {
                report.mistake(
                    self.number,
                    Some(col),
                    text!("这一格不能为空，请填写。", "This cell must not be empty; fill it in."),
                );
                ""
            }
        }
    }

    /// A day; an open one ("9999-…") counts as empty.
    pub fn day(&self, col: Col, report: &mut Report) -> Option<NaiveDate> {
        let cell = self.get(col)?;
        let day = cells::date(cell);
        if day.is_none() {
            report.mistake(
                self.number,
                Some(col),
                text!(
                    "“{cell}”不是有效日期，请写成 2026-01-31。",
                    "“{cell}” is no date; write it as 2026-01-31."
                ),
            );
        }
        day.filter(|day| !cells::is_open(*day))
    }
}

/// Reads the lines below the header. Where a required column is missing, that is the only mistake.
pub(super) fn each_line(
    table: &Table,
    report: &mut Report,
    see: &mut dyn FnMut(&Line<'_>, &mut Report) -> Result<()>,
) -> Result<()> {
    let mut columns: Option<Columns> = None;
    let mut width = 0;
    table.rows::<super::ImportError>(&mut |row| {
        let Some(columns) = &columns else {
            width = row.cells.len();
            columns = Some(header(row, report));
            return Ok(());
        };
        if report.mistake_count > 0 && columns.0.iter().all(Option::is_none) {
            return Ok(());
        }
        report.lines += 1;
        if row.cells.iter().skip(width).any(|cell| !cell.is_empty()) {
            report.mistake(row.line, None, text!(
                "这一行的格数比表头多，请检查是否有多余的分隔符或未配对的引号。",
                "This line has more cells than the header; look for a stray separator or an unpaired quote."
            ));
        }
        see(&Line { number: row.line, cells: &row.cells, columns }, report)
    })?;
    if columns.is_none() {
        report.mistake(1, None, text!("文件里没有内容。", "There is nothing in the file."));
    }
    Ok(())
}

fn header(row: &Row, report: &mut Report) -> Columns {
    let mut found = [None; COLUMNS];
    for (index, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        match cells::column(cell, report.kind.columns()) {
            Some(col) if found[col as usize].is_none() => found[col as usize] = Some(index),
            _ => report.ignored_columns.push(cell.clone()),
        }
    }
    let mut missing = false;
    for col in report.kind.required() {
        if found[*col as usize].is_none() {
            missing = true;
            let (en, zh, _) = col.names();
            report.mistake(row.line, Some(*col), text!(
                "缺少“{zh}”列。请在表头加上“{zh}”（或 {en}），可下载模板对照。",
                "The column {en} is missing. Add {en} (or {zh}) to the header; the template shows how."
            ));
        }
    }
    Columns(if missing { [None; COLUMNS] } else { found })
}

/// The pairs of old and new that differ.
pub(super) fn changes(pairs: &[(Col, &str, &str)]) -> Vec<Change> {
    let changed = pairs.iter().filter(|(_, old, new)| old != new);
    changed
        .map(|(col, old, new)| Change {
            column: col.title(),
            old: (*old).to_owned(),
            new: (*new).to_owned(),
        })
        .collect()
}
