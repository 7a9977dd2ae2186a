//! All that writes the table `question_correction`, and what is asked about the question.

use diesel::prelude::*;

use super::{CorrectionId, apply::Report};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            attempt, attempt_question, person, question, question_bank, question_correction,
            question_version,
        },
    },
    exams::{
        attempts::model::AttemptId,
        questions::{
            Body, QuestionKind, Task, VersionId, correction::CorrectionKind, scoring::Correction,
        },
    },
    record::{PersonId, ledger::Stamp},
};

type Result<T> = std::result::Result<T, Error>;

/// A place of a question that is to be put right.
#[derive(Clone, Debug)]
pub struct Subject {
    pub version: VersionId,
    pub number: i64,
    pub part: usize,
    pub code: String,
    pub bank: String,
    pub body: Body,
    pub task: Task,
    pub author: Option<PersonId>,
    /// What stands corrected already.
    pub corrections: Vec<Correction>,
    /// How many attempts have it on their paper.
    pub used: i64,
}

fn unreadable(error: String) -> Error {
    Error::Query(diesel::result::Error::DeserializationError(error.into()))
}

type SubjectRow = (i64, QuestionKind, String, Option<PersonId>, String, String);

pub fn subject(conn: &mut Conn, version: VersionId, part: usize) -> Result<Option<Subject>> {
    let row: Option<SubjectRow> = question_version::table
        .inner_join(question::table.inner_join(question_bank::table))
        .filter(question_version::id.eq(version))
        .select((
            question_version::version,
            question_version::kind,
            question_version::body,
            question_version::created_by,
            question::code,
            question_bank::code,
        ))
        .first(conn)
        .optional()?;
    let Some((number, kind, json, author, code, bank)) = row else { return Ok(None) };
    let body = Body::read(kind, &json).map_err(unreadable)?;
    // A case is put right part by part.
    let part = if kind == QuestionKind::Case { part.max(1) } else { 0 };
    let Some(task) = body.task_at(part).cloned() else { return Ok(None) };
    let corrections = standing(conn, version, part, task.kind())?;
    let used = attempt_question::table
        .filter(attempt_question::question_version_id.eq(version))
        .filter(attempt_question::part.eq(part as i64))
        .count()
        .get_result(conn)?;
    Ok(Some(Subject { version, number, part, code, bank, body, task, author, corrections, used }))
}

/// What stands corrected at a place.
pub fn standing(
    conn: &mut Conn,
    version: VersionId,
    part: usize,
    place: QuestionKind,
) -> Result<Vec<Correction>> {
    let rows: Vec<(CorrectionKind, String)> = question_correction::table
        .filter(question_correction::question_version_id.eq(version))
        .filter(question_correction::part.eq(part as i64))
        .filter(question_correction::undone_at.is_null())
        .order(question_correction::id)
        .select((question_correction::kind, question_correction::body))
        .load(conn)?;
    rows.into_iter()
        .map(|(kind, body)| Correction::read(kind, place, &body).map_err(unreadable))
        .collect()
}

/// A version found by the code of its question.
pub struct Found {
    pub version: VersionId,
    pub number: i64,
    pub code: String,
    pub bank: String,
    pub kind: QuestionKind,
    pub parts: usize,
    pub stem: crate::i18n::Text,
}

/// Versions of questions whose code has these letters, by code, newest version first.
pub fn versions_like(conn: &mut Conn, word: &str, limit: i64) -> Result<Vec<Found>> {
    type Row = (VersionId, i64, QuestionKind, String, String, String);
    let pattern = format!("%{}%", word.replace(['%', '_'], ""));
    let rows: Vec<Row> = question_version::table
        .inner_join(question::table.inner_join(question_bank::table))
        .filter(question::code.like(pattern))
        .order((question::code, question_version::version.desc(), question_version::id))
        .limit(limit)
        .select((
            question_version::id,
            question_version::version,
            question_version::kind,
            question_version::body,
            question::code,
            question_bank::code,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(version, number, kind, json, code, bank)| {
            let body = Body::read(kind, &json).map_err(unreadable)?;
            let parts = if kind == QuestionKind::Case { body.places().len() } else { 0 };
            Ok(Found { version, number, code, bank, kind, parts, stem: body.stem })
        })
        .collect()
}

/// Has whoever else corrects this version at the same moment wait.
pub fn hold_version(conn: &mut Conn, version: VersionId) -> Result<()> {
    diesel::update(question_version::table.find(version))
        .set(question_version::version.eq(question_version::version))
        .execute(conn)?;
    Ok(())
}

pub fn add(
    conn: &mut Conn,
    subject: &Subject,
    correction: &Correction,
    why: &str,
    report: &Report,
    (at, by): (Instant, PersonId),
) -> Result<CorrectionId> {
    Ok(diesel::insert_into(question_correction::table)
        .values((
            question_correction::question_version_id.eq(subject.version),
            question_correction::part.eq(subject.part as i64),
            question_correction::kind.eq(correction.kind()),
            question_correction::body.eq(correction.to_json()),
            question_correction::why.eq(why),
            question_correction::decided_at.eq(at),
            question_correction::decided_by.eq(by),
            question_correction::report.eq(report.to_json()),
        ))
        .returning(question_correction::id)
        .get_result(conn)?)
}

/// Takes a correction out of force; says whether it was in force until then.
pub fn undo(conn: &mut Conn, id: CorrectionId, report: &Report, stamp: Stamp) -> Result<bool> {
    let undone = diesel::update(question_correction::table.find(id))
        .filter(question_correction::undone_at.is_null())
        .set((
            question_correction::undone_at.eq(stamp.at),
            question_correction::undone_by.eq(stamp.by),
            question_correction::report.eq(report.to_json()),
        ))
        .execute(conn)?;
    Ok(undone == 1)
}

pub fn set_report(conn: &mut Conn, id: CorrectionId, report: &Report) -> Result<()> {
    diesel::update(question_correction::table.find(id))
        .set(question_correction::report.eq(report.to_json()))
        .execute(conn)?;
    Ok(())
}

/// Has whoever else works on the same correction wait.
pub fn hold(conn: &mut Conn, id: CorrectionId) -> Result<()> {
    diesel::update(question_correction::table.find(id))
        .set(question_correction::part.eq(question_correction::part))
        .execute(conn)?;
    Ok(())
}

/// A correction as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    pub id: CorrectionId,
    pub version: VersionId,
    pub part: usize,
    pub kind: CorrectionKind,
    pub body: String,
    pub why: String,
    pub decided_at: Instant,
    pub decided_by: String,
    pub undone_at: Option<Instant>,
    pub report: Report,
    pub question: String,
}

type KeptRow = (
    (CorrectionId, VersionId, i64, CorrectionKind, String, String),
    (Instant, Option<Instant>, String),
    (String, String),
);

fn kept(row: KeptRow) -> Kept {
    let ((id, version, part, kind, body, why), (decided_at, undone_at, report), (by, question)) =
        row;
    let (part, report) = (usize::try_from(part).unwrap_or(0), Report::read(&report));
    Kept {
        id,
        version,
        part,
        kind,
        body,
        why,
        decided_at,
        decided_by: by,
        undone_at,
        report,
        question,
    }
}

macro_rules! kept_rows {
    () => {
        question_correction::table
            .inner_join(question_version::table.inner_join(question::table))
            .inner_join(person::table.on(person::id.eq(question_correction::decided_by)))
            .select((
                (
                    question_correction::id,
                    question_correction::question_version_id,
                    question_correction::part,
                    question_correction::kind,
                    question_correction::body,
                    question_correction::why,
                ),
                (
                    question_correction::decided_at,
                    question_correction::undone_at,
                    question_correction::report,
                ),
                (person::name, question::code),
            ))
    };
}

/// What was decided, newest first.
pub fn list(conn: &mut Conn, limit: i64, offset: i64) -> Result<Vec<Kept>> {
    let rows: Vec<KeptRow> = kept_rows!()
        .order(question_correction::id.desc())
        .limit(limit)
        .offset(offset)
        .load(conn)?;
    Ok(rows.into_iter().map(kept).collect())
}

pub fn find(conn: &mut Conn, id: CorrectionId) -> Result<Option<Kept>> {
    let row: Option<KeptRow> =
        kept_rows!().filter(question_correction::id.eq(id)).first(conn).optional()?;
    Ok(row.map(kept))
}

/// Corrections whose results are not all settled, oldest first.
pub fn unfinished(conn: &mut Conn) -> Result<Vec<CorrectionId>> {
    Ok(question_correction::table
        .filter(question_correction::report.like("{\"finished\":false%"))
        .order(question_correction::id)
        .limit(100)
        .select(question_correction::id)
        .load(conn)?)
}

/// The attempts with this place on their paper after an attempt, running ones too: whoever hands
/// in at this moment is waited for.
pub fn attempts_with(
    conn: &mut Conn,
    (version, part): (VersionId, usize),
    after: AttemptId,
    limit: i64,
) -> Result<Vec<(AttemptId, i64)>> {
    Ok(attempt_question::table
        .inner_join(attempt::table)
        .filter(attempt_question::question_version_id.eq(version))
        .filter(attempt_question::part.eq(part as i64))
        .filter(attempt_question::attempt_id.gt(after.0))
        .order((attempt_question::attempt_id, attempt_question::position))
        .limit(limit)
        .select((attempt::id, attempt_question::position))
        .load(conn)?)
}
