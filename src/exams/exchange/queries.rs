//! All that reads and writes the tables `question_import` and `question_import_change`, keeps
//! pictures in `exam_file`, and reads a bank as an import compares it.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Format, Report,
    pictures::{self, Picture},
};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            attempt_question, exam_file, person, practice_answer, question, question_bank,
            question_import, question_import_change, question_stage, question_version,
            standard_estimate,
        },
    },
    exams::questions::{
        BankId, Body, QuestionId, QuestionKind, VersionId,
        bank::{self, Question},
        model::{Difficulty, Importance, Level, Stage},
    },
    i18n::Text,
    record::{PersonId, ledger::Stamp},
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// An import that was carried out.
    ImportId
}

crate::words! {
    /// What an import did to a question.
    Did { Added = "added", Changed = "changed" }
}

/// A bank by its code.
pub fn bank_of(conn: &mut Conn, code: &str) -> Result<Option<(BankId, Text)>> {
    let row: Option<(BankId, String, String)> = question_bank::table
        .filter(question_bank::code.eq(code))
        .select((question_bank::id, question_bank::title_zh, question_bank::title_en))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, zh, en)| (id, Text { zh, en })))
}

pub(super) fn bank_codes(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(question_bank::table
        .order(question_bank::code)
        .limit(200)
        .select(question_bank::code)
        .load(conn)?)
}

pub(super) fn add_bank(conn: &mut Conn, code: &str, title: &Text) -> Result<BankId> {
    Ok(diesel::insert_into(question_bank::table)
        .values((
            question_bank::code.eq(code),
            question_bank::title_zh.eq(&title.zh),
            question_bank::title_en.eq(&title.en),
        ))
        .returning(question_bank::id)
        .get_result(conn)?)
}

/// A question of a bank in its newest version.
#[derive(Clone, Debug)]
pub(super) struct Newest {
    pub id: QuestionId,
    pub number: i64,
    pub stage: Option<Stage>,
    pub question: Question,
}

/// Whether a question came to its end.
pub(super) fn is_ended(stage: Stage) -> bool {
    matches!(stage, Stage::Retired | Stage::Compromised)
}

type VersionRow = (
    (QuestionId, String, VersionId, i64),
    (QuestionKind, String, Level, Importance, Difficulty, String),
);

fn as_question(code: String, row: VersionRow) -> Result<Question> {
    let (_, (kind, area, level, importance, difficulty, body)) = row;
    let body = Body::read(kind, &body).map_err(|problem| {
        Error::Query(diesel::result::Error::DeserializationError(
            format!("question {code}: {problem}").into(),
        ))
    })?;
    Ok(Question { code, kind, area, level, importance, difficulty, body })
}

/// Every question of a bank in its newest version, in the order of their codes.
pub(super) fn newest(conn: &mut Conn, code: &str) -> Result<Vec<Newest>> {
    let rows: Vec<VersionRow> = question::table
        .inner_join(question_bank::table)
        .inner_join(question_version::table)
        .filter(question_bank::code.eq(code))
        .order((question::code, question_version::version))
        .select((
            (question::id, question::code, question_version::id, question_version::version),
            (
                question_version::kind,
                question_version::area,
                question_version::level,
                question_version::importance,
                question_version::difficulty,
                question_version::body,
            ),
        ))
        .load(conn)?;
    let stages = bank::stages(conn, code)?;
    // The newest version of each comes last.
    let mut last: BTreeMap<String, VersionRow> = BTreeMap::new();
    for row in rows {
        last.insert(row.0.1.clone(), row);
    }
    let of = |(code, row): (String, VersionRow)| {
        let ((id, _, version, number), _) = row;
        let stage = stages.get(&version).copied();
        Ok(Newest { id, number, stage, question: as_question(code, row)? })
    };
    last.into_iter().map(of).collect()
}

/// One version as it stands.
pub(super) struct Version {
    pub question: QuestionId,
    pub number: i64,
    pub said: Question,
}

pub(super) fn version(conn: &mut Conn, id: VersionId) -> Result<Version> {
    let row: VersionRow = select_version(conn, question_version::id.eq(id))?;
    let ((question, code, ..), _) = row.clone();
    let number = row.0.3;
    Ok(Version { question, number, said: as_question(code, row)? })
}

fn select_version(
    conn: &mut Conn,
    which: diesel::dsl::Eq<question_version::id, VersionId>,
) -> Result<VersionRow> {
    Ok(question::table
        .inner_join(question_version::table)
        .filter(which)
        .select((
            (question::id, question::code, question_version::id, question_version::version),
            (
                question_version::kind,
                question_version::area,
                question_version::level,
                question_version::importance,
                question_version::difficulty,
                question_version::body,
            ),
        ))
        .first(conn)?)
}

/// The versions of a question with their numbers, newest first.
pub(super) fn versions(conn: &mut Conn, id: QuestionId) -> Result<Vec<(VersionId, i64)>> {
    Ok(question_version::table
        .filter(question_version::question_id.eq(id))
        .order(question_version::version.desc())
        .select((question_version::id, question_version::version))
        .load(conn)?)
}

/// How far a version has come.
pub(super) fn stage_of(conn: &mut Conn, id: VersionId) -> Result<Option<Stage>> {
    Ok(question_stage::table
        .filter(question_stage::question_version_id.eq(id))
        .order(question_stage::id.desc())
        .select(question_stage::stage)
        .first(conn)
        .optional()?)
}

/// Whether anybody was asked this version, in an exam, in practice, or by judges.
pub(super) fn is_used(conn: &mut Conn, id: VersionId) -> Result<bool> {
    let asked: i64 = attempt_question::table
        .filter(attempt_question::question_version_id.eq(id))
        .count()
        .get_result(conn)?;
    let practised: i64 = practice_answer::table
        .filter(practice_answer::question_version_id.eq(id))
        .count()
        .get_result(conn)?;
    let judged: i64 = standard_estimate::table
        .filter(standard_estimate::question_version_id.eq(id))
        .count()
        .get_result(conn)?;
    Ok(asked + practised + judged > 0)
}

/// Keeps pictures that are not kept yet.
pub(super) fn keep_pictures(
    conn: &mut Conn,
    all: &BTreeMap<String, Picture>,
    stamp: Stamp,
) -> Result<()> {
    for (digest, picture) in all {
        let known: i64 = exam_file::table.find(digest).count().get_result(conn)?;
        if known > 0 {
            continue;
        }
        diesel::insert_into(exam_file::table)
            .values((
                exam_file::digest.eq(digest),
                exam_file::name.eq(&picture.name),
                exam_file::media_type.eq(picture.media_type),
                exam_file::bytes.eq(&picture.bytes),
                exam_file::added_at.eq(stamp.at),
                exam_file::added_by.eq(stamp.by),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// A picture as it is kept.
pub(super) struct Kept {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The pictures that questions show, by digest.
pub(super) fn pictures_of(
    conn: &mut Conn,
    questions: &[Question],
) -> Result<HashMap<String, Kept>> {
    let mut found = HashMap::new();
    for question in questions {
        let json = question.body.to_json();
        for digest in pictures::shown_in(&json) {
            if found.contains_key(digest) {
                continue;
            }
            let row: Option<(String, Vec<u8>)> = exam_file::table
                .find(digest)
                .select((exam_file::name, exam_file::bytes))
                .first(conn)
                .optional()?;
            if let Some((name, bytes)) = row {
                found.insert(digest.to_owned(), Kept { name, bytes });
            }
        }
    }
    Ok(found)
}

/// An import that was carried out, and whether it was taken back.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = question_import)]
pub struct Run {
    pub id: ImportId,
    pub bank_id: BankId,
    pub format: Format,
    pub file_name: String,
    pub digest: String,
    report: String,
    pub imported_at: Instant,
    pub imported_by: Option<PersonId>,
    pub undone_at: Option<Instant>,
    pub undone_by: Option<PersonId>,
}

/// What is kept of the report of an import.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub refused: u64,
}

impl Run {
    pub fn counts(&self) -> Counts {
        serde_json::from_str(&self.report).unwrap_or_default()
    }
}

pub(super) fn add_run(
    conn: &mut Conn,
    bank: BankId,
    report: &Report,
    stamp: Stamp,
) -> Result<ImportId> {
    let Report { added, changed, unchanged, refused, .. } = *report;
    let counts = Counts { added, changed, unchanged, refused };
    Ok(diesel::insert_into(question_import::table)
        .values((
            question_import::bank_id.eq(bank),
            question_import::format.eq(report.format),
            question_import::file_name.eq(&report.file_name),
            question_import::digest.eq(&report.file_digest),
            question_import::report.eq(serde_json::to_string(&counts).unwrap_or_default()),
            question_import::imported_at.eq(stamp.at),
            question_import::imported_by.eq(stamp.by),
        ))
        .returning(question_import::id)
        .get_result(conn)?)
}

pub(super) fn add_change(
    conn: &mut Conn,
    run: ImportId,
    line: u64,
    version: VersionId,
    did: Did,
) -> Result<()> {
    diesel::insert_into(question_import_change::table)
        .values((
            question_import_change::import_id.eq(run),
            question_import_change::line.eq(line as i64),
            question_import_change::question_version_id.eq(version),
            question_import_change::change.eq(did),
        ))
        .execute(conn)?;
    Ok(())
}

/// What an import did, in the order of the file.
pub(super) fn changes(conn: &mut Conn, run: ImportId) -> Result<Vec<(i64, VersionId, Did)>> {
    Ok(question_import_change::table
        .filter(question_import_change::import_id.eq(run))
        .order(question_import_change::id)
        .select((
            question_import_change::line,
            question_import_change::question_version_id,
            question_import_change::change,
        ))
        .load(conn)?)
}

/// A line of what an import did, with the question it did it to.
pub(super) struct Told {
    pub line: i64,
    pub did: Did,
    pub code: String,
    pub kind: QuestionKind,
    pub stem: Text,
}

pub(super) fn told(conn: &mut Conn, run: ImportId, limit: i64) -> Result<Vec<Told>> {
    type Row = (i64, Did, String, QuestionKind, String);
    let rows: Vec<Row> = question_import_change::table
        .inner_join(question_version::table.inner_join(question::table))
        .filter(question_import_change::import_id.eq(run))
        .order(question_import_change::id)
        .limit(limit)
        .select((
            question_import_change::line,
            question_import_change::change,
            question::code,
            question_version::kind,
            question_version::body,
        ))
        .load(conn)?;
    let told = |(line, did, code, kind, body): Row| Told {
        line,
        did,
        code,
        kind,
        stem: Body::read(kind, &body).map(|body| body.stem).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(told).collect())
}

pub fn run(conn: &mut Conn, id: ImportId) -> Result<Option<Run>> {
    Ok(question_import::table.find(id).select(Run::as_select()).first(conn).optional()?)
}

/// The last import into a bank that was not taken back.
pub fn last_run(conn: &mut Conn, bank: BankId) -> Result<Option<Run>> {
    Ok(question_import::table
        .filter(question_import::bank_id.eq(bank))
        .filter(question_import::undone_at.is_null())
        .order(question_import::id.desc())
        .select(Run::as_select())
        .first(conn)
        .optional()?)
}

/// Past imports into a bank, newest first, with who did them.
pub(super) fn runs(
    conn: &mut Conn,
    bank: BankId,
    limit: i64,
) -> Result<Vec<(Run, Option<String>)>> {
    Ok(question_import::table
        .left_join(person::table.on(person::id.nullable().eq(question_import::imported_by)))
        .filter(question_import::bank_id.eq(bank))
        .order(question_import::id.desc())
        .limit(limit)
        .select((Run::as_select(), person::name.nullable()))
        .load(conn)?)
}

pub(super) fn mark_undone(conn: &mut Conn, id: ImportId, stamp: Stamp) -> Result<()> {
    diesel::update(question_import::table.find(id))
        .set((question_import::undone_at.eq(stamp.at), question_import::undone_by.eq(stamp.by)))
        .execute(conn)?;
    Ok(())
}
