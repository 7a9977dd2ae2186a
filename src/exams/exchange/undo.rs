//! Taking an import back. Nothing is deleted: questions it added are retired, questions it changed
//! get their former words back as their newest version.

use super::{
    ExchangeError,
    acts::Result,
    queries::{self, Did, ImportId, Run},
};
use crate::{
    access::audit,
    db::Conn,
    exams::questions::{
        VersionId,
        bank::{self, Question},
        model::Stage,
    },
    i18n::Text,
    record::ledger::Stamp,
    text,
};

/// Takes back an import, if nothing later rests on it.
pub fn undo(conn: &mut Conn, id: ImportId, why: &str, stamp: Stamp) -> Result<Run> {
    let run = queries::run(conn, id)?.ok_or_else(|| {
        ExchangeError::Refused(text!("没有这次导入。", "There is no such import."))
    })?;
    if run.undone_at.is_some() {
        return Err(ExchangeError::Refused(text!(
            "这次导入已经撤销。",
            "This import was taken back already."
        )));
    }
    let changes = queries::changes(conn, id)?;
    for (line, version, _) in &changes {
        if let Some(Text { zh, en }) = rests_on(conn, *version)? {
            return Err(ExchangeError::Refused(text!(
                "不能撤销：第 {line} 行的题目{zh}",
                "This cannot be taken back: the question of line {line} {en}"
            )));
        }
    }
    for (_, version, did) in changes {
        take_back(conn, version, did, why, stamp)?;
    }
    queries::mark_undone(conn, id, stamp)?;
    let detail = serde_json::json!({ "why": why, "file": run.file_name });
    let subject = ("question-import", Some(id.0));
    audit::note(conn, stamp.by, "undo-import-questions", subject, detail, stamp.at)?;
    Ok(run)
}

/// Why a version cannot be taken back.
fn rests_on(conn: &mut Conn, version: VersionId) -> Result<Option<Text>> {
    let said = queries::version(conn, version)?;
    let code = &said.said.code;
    if queries::is_used(conn, version)? {
        return Ok(Some(text!(
            "（{code}）之后已被使用（考试、练习或定标）。请改为停用这道题。",
            "({code}) was used since, in an exam, in practice or by judges. Retire it instead."
        )));
    }
    let newest = queries::versions(conn, said.question)?.first().map(|(_, number)| *number);
    Ok((newest != Some(said.number)).then(|| {
        text!(
            "（{code}）之后又有新版本。请先处理后来的修改。",
            "({code}) has a newer version by now. See to the later change first."
        )
    }))
}

fn take_back(conn: &mut Conn, version: VersionId, did: Did, why: &str, stamp: Stamp) -> Result<()> {
    let by = (stamp.at, stamp.by);
    bank::set_stage(conn, version, Stage::Retired, Some(why), by)?;
    let now = queries::version(conn, version)?;
    let before = match did {
        Did::Added => None,
        Did::Changed => former(conn, &now)?,
    };
    let Some((stage, said)) = before else { return Ok(()) };
    let restored = bank::add_version(conn, now.question, now.number + 1, &said, by)?;
    Ok(bank::set_stage(conn, restored, stage, Some(why), by)?)
}

/// The stage and the words of the version before.
fn former(conn: &mut Conn, now: &queries::Version) -> Result<Option<(Stage, Question)>> {
    let versions = queries::versions(conn, now.question)?;
    let Some((id, _)) = versions.into_iter().find(|(_, number)| *number < now.number) else {
        return Ok(None);
    };
    let stage = queries::stage_of(conn, id)?.unwrap_or(Stage::Draft);
    Ok(Some((stage, queries::version(conn, id)?.said)))
}
