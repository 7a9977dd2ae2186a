//! What the pages of question banks read and write.
//!
//! With `bank` it owns `question_bank`, `question`, `question_version`, `question_stage`, and alone
//! `exam_file`. From the papers' tables it reads where a question was used, and nothing else.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{
    bank::stages,
    body::Body,
    fields::slug,
    lifecycle::Standing,
    model::{BankId, Difficulty, Importance, Level, QuestionId, QuestionKind, Stage, VersionId},
};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            attempt, attempt_question, exam_file, person, question, question_bank, question_stage,
            question_version,
        },
    },
    i18n::{Lang, Text},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

/// Questions of one bank that are looked at; a bank of a group has some thousands.
const MOST_QUESTIONS: i64 = 50_000;
const MOST_BANKS: i64 = 500;

/// A bank by its name.
#[derive(Clone, Debug)]
pub struct Bank {
    pub id: BankId,
    pub code: String,
    pub title: Text,
    /// Its questions may be practised.
    pub practice: bool,
}

impl Bank {
    fn of((id, code, zh, en, practice): (BankId, String, String, String, bool)) -> Bank {
        Bank { id, code, title: Text { zh, en }, practice }
    }

    pub fn path(&self) -> String {
        format!("/exams/banks/{}", self.code)
    }

    pub fn question_path(&self, code: &str) -> String {
        path_of(&self.code, code)
    }
}

/// Where authors find a question.
pub fn path_of(bank: &str, question: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(question.as_bytes()).collect();
    format!("/exams/banks/{bank}/questions/{}", encoded.replace('+', "%20"))
}

pub fn banks(conn: &mut Conn) -> Result<Vec<Bank>> {
    let rows = question_bank::table
        .order(question_bank::code)
        .limit(MOST_BANKS)
        .select((
            question_bank::id,
            question_bank::code,
            question_bank::title_zh,
            question_bank::title_en,
            question_bank::practice,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(Bank::of).collect())
}

pub fn bank(conn: &mut Conn, code: &str) -> Result<Option<Bank>> {
    let row = question_bank::table
        .filter(question_bank::code.eq(code))
        .select((
            question_bank::id,
            question_bank::code,
            question_bank::title_zh,
            question_bank::title_en,
            question_bank::practice,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(Bank::of))
}

/// Opens a bank for practice, or closes it.
pub fn set_practice(conn: &mut Conn, id: BankId, open: bool) -> Result<()> {
    diesel::update(question_bank::table.find(id))
        .set(question_bank::practice.eq(open))
        .execute(conn)?;
    Ok(())
}

/// A code taken already is a unique violation.
pub fn add_bank(conn: &mut Conn, code: &str, title: &Text) -> Result<BankId> {
    Ok(diesel::insert_into(question_bank::table)
        .values((
            question_bank::code.eq(code),
            question_bank::title_zh.eq(&title.zh),
            question_bank::title_en.eq(&title.en),
        ))
        .returning(question_bank::id)
        .get_result(conn)?)
}

/// A version without its wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    pub id: VersionId,
    pub number: i64,
    pub stage: Stage,
    pub kind: QuestionKind,
    pub area: String,
    pub level: Level,
    pub importance: Importance,
    pub difficulty: Difficulty,
    pub author: Option<PersonId>,
    pub written_at: Instant,
}

/// A question on the shelf: its newest version, and the one that papers are drawn from.
#[derive(Clone, Debug)]
pub struct OnShelf {
    pub question: QuestionId,
    pub code: String,
    /// A file of course-content brings it.
    pub filed: bool,
    pub newest: Outline,
    pub drawn: Option<Outline>,
}

impl OnShelf {
    /// The version that stands for the question: the one in use, else the newest.
    pub fn standing(&self) -> &Outline {
        self.drawn.as_ref().unwrap_or(&self.newest)
    }

    /// A newer version is on its way while an older one is in use.
    pub fn in_the_works(&self) -> bool {
        self.drawn.as_ref().is_some_and(|drawn| drawn.number != self.newest.number)
            && matches!(self.newest.stage, Stage::Draft | Stage::Reviewed)
    }
}

type OutlineRow = (
    (VersionId, i64, QuestionKind, String),
    (Level, Importance, Difficulty, Option<PersonId>, Instant),
);

fn outline(row: OutlineRow, stages: &HashMap<VersionId, Stage>) -> Outline {
    let ((id, number, kind, area), (level, importance, difficulty, author, written_at)) = row;
    let stage = stages.get(&id).copied().unwrap_or(Stage::Draft);
    Outline { id, number, stage, kind, area, level, importance, difficulty, author, written_at }
}

/// The questions of a bank in the order of their codes.
pub fn shelf(conn: &mut Conn, code: &str) -> Result<Vec<OnShelf>> {
    type Row = (QuestionId, String, Option<String>, OutlineRow);
    let rows: Vec<Row> = question::table
        .inner_join(question_bank::table)
        .inner_join(question_version::table)
        .filter(question_bank::code.eq(code))
        .order((question::code, question_version::version))
        .limit(MOST_QUESTIONS)
        .select((question::id, question::code, question::file_digest, OUTLINE))
        .load(conn)?;
    let stages = stages(conn, code)?;
    let mut shelf: Vec<OnShelf> = Vec::new();
    for (question, code, file, row) in rows {
        let outline = outline(row, &stages);
        let drawn = outline.stage.is_drawn().then(|| outline.clone());
        match shelf.last_mut().filter(|last| last.question == question) {
            Some(last) => {
                last.newest = outline;
                last.drawn = drawn.or(last.drawn.take());
            }
            None => {
                let filed = file.is_some();
                shelf.push(OnShelf { question, code, filed, newest: outline, drawn });
            }
        }
    }
    Ok(shelf)
}

type WhatColumns = (
    question_version::id,
    question_version::version,
    question_version::kind,
    question_version::area,
);
type HowColumns = (
    question_version::level,
    question_version::importance,
    question_version::difficulty,
    question_version::created_by,
    question_version::created_at,
);

const OUTLINE: (WhatColumns, HowColumns) = (
    (
        question_version::id,
        question_version::version,
        question_version::kind,
        question_version::area,
    ),
    (
        question_version::level,
        question_version::importance,
        question_version::difficulty,
        question_version::created_by,
        question_version::created_at,
    ),
);

/// What versions say, by their ids.
pub fn bodies(conn: &mut Conn, ids: &[VersionId]) -> Result<HashMap<VersionId, Body>> {
    let mut bodies = HashMap::new();
    for some in ids.chunks(1000) {
        let rows: Vec<(VersionId, QuestionKind, String)> = question_version::table
            .filter(question_version::id.eq_any(some))
            .select((question_version::id, question_version::kind, question_version::body))
            .load(conn)?;
        // What this program cannot read it did not write; such a question is left out.
        bodies.extend(rows.into_iter().filter_map(|(id, kind, json)| {
            Body::read(kind, &json)
                .inspect_err(
                    |error| tracing::error!(%error, version = id.0, "a question cannot be read"),
                )
                .ok()
                .map(|body| (id, body))
        }));
    }
    Ok(bodies)
}

/// The areas of a bank, each with the title of its newest version, in the order of their codes.
pub fn areas(conn: &mut Conn, code: &str) -> Result<Vec<(String, Text)>> {
    let newest: Vec<(String, Option<VersionId>)> = question_version::table
        .inner_join(question::table.inner_join(question_bank::table))
        .filter(question_bank::code.eq(code))
        .group_by(question_version::area)
        .order(question_version::area)
        .select((question_version::area, diesel::dsl::max(question_version::id)))
        .load(conn)?;
    let ids: Vec<VersionId> = newest.iter().filter_map(|(_, id)| *id).collect();
    let bodies = bodies(conn, &ids)?;
    let title = |code: &str, id: Option<VersionId>| {
        let title = id.and_then(|id| bodies.get(&id)).map(|body| body.area.clone());
        title.filter(|title| !title.is_blank()).unwrap_or_else(|| Text::same(code))
    };
    Ok(newest.into_iter().map(|(code, id)| (code.clone(), title(&code, id))).collect())
}

/// A version with its wording, and who wrote it.
#[derive(Clone, Debug)]
pub struct Version {
    pub outline: Outline,
    pub body: Body,
}

/// A line of a question's history: a version written, or a stage reached.
#[derive(Clone, Debug)]
pub struct Passage {
    pub version: i64,
    pub stage: Stage,
    pub why: Option<String>,
    pub at: Instant,
    pub by: Option<PersonId>,
}

/// A question with all its versions, the newest last.
#[derive(Clone, Debug)]
pub struct Whole {
    pub bank: Bank,
    pub question: QuestionId,
    pub code: String,
    pub filed: bool,
    pub versions: Vec<Version>,
    pub history: Vec<Passage>,
    /// The names of those who wrote and judged it.
    pub people: BTreeMap<PersonId, Text>,
}

impl Whole {
    pub fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The version authors work on: the newest, unless it was put aside while another is in use.
    pub fn current(&self) -> Option<&Version> {
        let aside = |version: &&Version| {
            matches!(version.outline.stage, Stage::Retired | Stage::Compromised)
        };
        self.newest().filter(|newest| !aside(newest)).or(self.drawn()).or(self.newest())
    }

    pub fn version(&self, number: i64) -> Option<&Version> {
        self.versions.iter().find(|version| version.outline.number == number)
    }

    /// The version papers are drawn from.
    pub fn drawn(&self) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.outline.stage.is_drawn())
    }

    pub fn standing(&self, version: &Version) -> Standing {
        Standing {
            stage: version.outline.stage,
            author: version.outline.author,
            newest: self.newest().is_some_and(|last| last.outline.id == version.outline.id),
        }
    }

    pub fn path(&self) -> String {
        self.bank.question_path(&self.code)
    }

    pub fn name(&self, lang: Lang, person: Option<PersonId>) -> Option<&str> {
        person.and_then(|person| self.people.get(&person)).map(|name| name.get(lang))
    }
}

pub fn whole(conn: &mut Conn, bank_code: &str, code: &str) -> Result<Option<Whole>> {
    let Some(bank) = bank(conn, bank_code)? else { return Ok(None) };
    let found: Option<(QuestionId, Option<String>)> = question::table
        .filter(question::bank_id.eq(bank.id).and(question::code.eq(code)))
        .select((question::id, question::file_digest))
        .first(conn)
        .optional()?;
    let Some((question, file)) = found else { return Ok(None) };
    let history = history(conn, question)?;
    let versions = versions(conn, question, &history)?;
    let written = versions.iter().filter_map(|version| version.outline.author);
    let people = names(conn, written.chain(history.iter().filter_map(|passage| passage.by)))?;
    let code = code.to_owned();
    Ok(Some(Whole { bank, question, code, filed: file.is_some(), versions, history, people }))
}

/// Versions of one question that are looked at.
const MOST_VERSIONS: i64 = 500;

fn history(conn: &mut Conn, question: QuestionId) -> Result<Vec<Passage>> {
    type Row = (i64, Stage, Option<String>, Instant, Option<PersonId>);
    let rows: Vec<Row> = question_stage::table
        .inner_join(question_version::table)
        .filter(question_version::question_id.eq(question))
        .order(question_stage::id)
        .limit(MOST_VERSIONS * 6)
        .select((
            question_version::version,
            question_stage::stage,
            question_stage::why,
            question_stage::set_at,
            question_stage::set_by,
        ))
        .load(conn)?;
    let passage = |(version, stage, why, at, by)| Passage { version, stage, why, at, by };
    Ok(rows.into_iter().map(passage).collect())
}

fn versions(conn: &mut Conn, question: QuestionId, history: &[Passage]) -> Result<Vec<Version>> {
    let rows: Vec<OutlineRow> = question_version::table
        .filter(question_version::question_id.eq(question))
        .order(question_version::version)
        .limit(MOST_VERSIONS)
        .select(OUTLINE)
        .load(conn)?;
    let number: HashMap<i64, VersionId> =
        rows.iter().map(|((id, number, ..), _)| (*number, *id)).collect();
    // The last one counts.
    let stages: HashMap<VersionId, Stage> = history
        .iter()
        .filter_map(|passage| Some((*number.get(&passage.version)?, passage.stage)))
        .collect();
    let ids: Vec<VersionId> = number.into_values().collect();
    let mut bodies = bodies(conn, &ids)?;
    let outlines = rows.into_iter().map(|row| outline(row, &stages));
    Ok(outlines
        .filter_map(|outline| Some(Version { body: bodies.remove(&outline.id)?, outline }))
        .collect())
}

fn names(conn: &mut Conn, ids: impl Iterator<Item = PersonId>) -> Result<BTreeMap<PersonId, Text>> {
    let mut ids: Vec<PersonId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(PersonId, String, Option<String>)> = person::table
        .filter(person::id.eq_any(ids))
        .select((person::id, person::name, person::name_en))
        .load(conn)?;
    let text = |zh: String, en: Option<String>| Text { en: en.unwrap_or_else(|| zh.clone()), zh };
    Ok(rows.into_iter().map(|(id, zh, en)| (id, text(zh, en))).collect())
}

/// Holds a question until the transaction ends, so that two editors come one after the other.
pub fn hold(conn: &mut Conn, question: QuestionId) -> Result<()> {
    // Writing what stands there already takes the row's lock in either database.
    diesel::update(question::table.find(question))
        .set(question::code.eq(question::code))
        .execute(conn)?;
    Ok(())
}

/// Holds a bank likewise, so that two new questions do not get one code.
pub fn hold_bank(conn: &mut Conn, bank: BankId) -> Result<()> {
    diesel::update(question_bank::table.find(bank))
        .set(question_bank::code.eq(question_bank::code))
        .execute(conn)?;
    Ok(())
}

pub fn is_code_taken(conn: &mut Conn, bank: BankId, code: &str) -> Result<bool> {
    let same = question::table.filter(question::bank_id.eq(bank).and(question::code.eq(code)));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(conn)?)
}

/// The next code in the bank's own way of numbering.
pub fn next_code(conn: &mut Conn, bank: &Bank) -> Result<String> {
    let codes: Vec<String> = question::table
        .filter(question::bank_id.eq(bank.id))
        .order(question::id.desc())
        .limit(MOST_QUESTIONS)
        .select(question::code)
        .load(conn)?;
    Ok(following(&codes, &bank.code))
}

/// The code after the highest one of the most used beginning.
fn following(codes: &[String], bank: &str) -> String {
    let mut series: BTreeMap<&str, (usize, u64, usize)> = BTreeMap::new();
    for code in codes {
        let head = code.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &code[head.len()..];
        if let Ok(number) = digits.parse::<u64>() {
            let (count, highest, width) = series.entry(head).or_default();
            *count += 1;
            *highest = (*highest).max(number);
            *width = (*width).max(digits.len());
        }
    }
    match series.into_iter().max_by_key(|(_, (count, ..))| *count) {
        Some((head, (_, highest, width))) => format!("{head}{:0width$}", highest.saturating_add(1)),
        None => {
            let head: String =
                slug(bank).split('-').filter_map(|word| word.chars().next()).collect();
            format!("{head}-001")
        }
    }
}

/// Where a question was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    pub papers: i64,
    /// Of these, papers somebody is working on now.
    pub running: i64,
    pub first: Option<Instant>,
    pub last: Option<Instant>,
}

/// The papers a question was on in any version, or in one.
pub fn used(conn: &mut Conn, question: QuestionId, version: Option<VersionId>) -> Result<Use> {
    let papers = || {
        let papers = attempt_question::table
            .inner_join(attempt::table)
            .inner_join(question_version::table)
            .filter(question_version::question_id.eq(question))
            .into_boxed();
        match version {
            Some(version) => papers.filter(question_version::id.eq(version)),
            None => papers,
        }
    };
    let count = || diesel::dsl::count(attempt::id).aggregate_distinct();
    let (all, first, last) = papers()
        .select((
            count(),
            diesel::dsl::min(attempt::started_at),
            diesel::dsl::max(attempt::started_at),
        ))
        .first(conn)?;
    let running = papers().filter(attempt::finished_at.is_null()).select(count()).first(conn)?;
    Ok(Use { papers: all, running, first, last })
}

/// A picture as it is kept.
pub struct Picture {
    pub digest: String,
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Keeps a picture; the same one again is kept once. Says whether it is new.
pub fn keep_picture(
    conn: &mut Conn,
    picture: &Picture,
    (at, by): (Instant, PersonId),
) -> Result<bool> {
    let same = exam_file::table.find(&picture.digest);
    if diesel::select(diesel::dsl::exists(same)).get_result(conn)? {
        return Ok(false);
    }
    diesel::insert_into(exam_file::table)
        .values((
            exam_file::digest.eq(&picture.digest),
            exam_file::name.eq(&picture.name),
            exam_file::media_type.eq(picture.media_type),
            exam_file::bytes.eq(&picture.bytes),
            exam_file::added_at.eq(at),
            exam_file::added_by.eq(Some(by)),
        ))
        .execute(conn)?;
    Ok(true)
}

/// The media type and the bytes of a kept file.
pub fn file(conn: &mut Conn, digest: &str) -> Result<Option<(String, Vec<u8>)>> {
    Ok(exam_file::table
        .find(digest)
        .select((exam_file::media_type, exam_file::bytes))
        .first(conn)
        .optional()?)
}

/// The day of an instant for somebody in a time zone.
pub fn day(at: Instant, zone: chrono_tz::Tz) -> NaiveDate {
    at.utc().with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_on_in_the_banks_own_way() {
        let following = |codes: &[&str]| {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            super::following(&codes, "nev-diagnosis")
        };
        assert_eq!(following(&[]), "nd-001");
        assert_eq!(following(&["hv-001", "hv-009", "x"]), "hv-010");
        assert_eq!(following(&["hv-001", "q7", "hv-120"]), "hv-121");
        assert_eq!(following(&["only words"]), "nd-001");
    }

    #[test]
    fn an_address_holds_any_code() {
        assert_eq!(path_of("b", "hv-001"), "/exams/banks/b/questions/hv-001");
        assert_eq!(path_of("b", "第 1/2"), "/exams/banks/b/questions/%E7%AC%AC%201%2F2");
    }
}
