//! Writing and judging questions: each deed in one transaction, with its line in the audit.

use serde::Serialize;

use super::{
    bank::{self, Question, add_question, add_version, set_stage},
    lifecycle::{self, Step},
    model::{QuestionId, Stage, VersionId},
    queries::{self, Bank, Whole},
};
use crate::{
    access::{Acting, Authoring, audit},
    db::Conn,
    i18n::Text,
    text,
    web::{Error, Result},
};

#[derive(Serialize)]
struct Note<'a> {
    bank: &'a str,
    question: &'a str,
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

pub fn open_bank(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    code: &str,
    title: &Text,
) -> Result<()> {
    let id = queries::add_bank(conn, code, title)?;
    let detail = (code, title);
    audit::note(
        conn,
        Some(acting.id),
        "open-question-bank",
        ("question-bank", Some(id.0)),
        detail,
        acting.now,
    )?;
    Ok(())
}

/// Opens a bank for practice, or closes it again.
pub fn set_practice(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    bank: &queries::Bank,
    open: bool,
) -> Result<()> {
    queries::set_practice(conn, bank.id, open)?;
    let act = if open { "open-for-practice" } else { "close-for-practice" };
    let subject = ("question-bank", Some(bank.id.0));
    Ok(audit::note(conn, Some(acting.id), act, subject, &bank.code, acting.now)?)
}

/// Puts a new question into a bank, as a draft; its code.
pub fn add(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    bank: &Bank,
    mut one: Question,
) -> Result<Result<String, Taken>> {
    queries::hold_bank(conn, bank.id)?;
    if one.code.is_empty() {
        one.code = queries::next_code(conn, bank)?;
    } else if queries::is_code_taken(conn, bank.id, &one.code)? {
        return Ok(Err(Taken));
    }
    let id = add_question(conn, bank.id, &one.code)?;
    write(conn, acting, (&bank.code, id), 1, &one)?;
    Ok(Ok(one.code))
}

/// The code belongs to another question.
pub struct Taken;

/// Somebody else wrote a version since the form was opened.
pub struct Overtaken;

/// Adds a version to a question. What is the same as the newest one changes nothing.
pub fn edit(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    whole: &Whole,
    based_on: i64,
    one: &Question,
) -> Result<Result<(), Overtaken>> {
    queries::hold(conn, whole.question)?;
    let now = queries::whole(conn, &whole.bank.code, &whole.code)?.ok_or(Error::NotFound)?;
    let Some(newest) = now.newest() else { return Err(Error::NotFound) };
    if newest.outline.number != based_on {
        return Ok(Err(Overtaken));
    }
    if as_question(&now.code, newest).digest() != one.digest() {
        write(conn, acting, (&whole.bank.code, whole.question), based_on + 1, one)?;
    }
    Ok(Ok(()))
}

/// A version as the question it is.
pub fn as_question(code: &str, version: &queries::Version) -> Question {
    let outline = &version.outline;
    Question {
        code: code.to_owned(),
        kind: outline.kind,
        area: outline.area.clone(),
        level: outline.level,
        importance: outline.importance,
        difficulty: outline.difficulty,
        body: version.body.clone(),
    }
}

fn write(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    (bank, id): (&str, QuestionId),
    number: i64,
    one: &Question,
) -> Result<()> {
    let stamp = (acting.now, Some(acting.id));
    let version = add_version(conn, id, number, one, stamp)?;
    set_stage(conn, version, Stage::Draft, None, stamp)?;
    let note = Note { bank, question: &one.code, version: number, stage: None, why: None };
    audit::note(
        conn,
        Some(acting.id),
        "write-question",
        ("question", Some(id.0)),
        note,
        acting.now,
    )?;
    Ok(())
}

/// Takes a version a step on in its life.
pub fn take(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    whole: &Whole,
    number: i64,
    step: Step,
    why: &str,
) -> Result<()> {
    queries::hold(conn, whole.question)?;
    let whole = queries::whole(conn, &whole.bank.code, &whole.code)?.ok_or(Error::NotFound)?;
    let version = whole.version(number).ok_or(Error::NotFound)?;
    let standing = whole.standing(version);
    lifecycle::allowed(step, standing, acting.id).map_err(Error::Refused)?;
    if step.needs_reason(standing.stage) && why.is_empty() {
        return Err(Error::Refused(text!(
            "请写明理由，其他出题人会在题目历史中看到。",
            "Say why; other authors read it in the history of the question."
        )));
    }
    let why = Some(why).filter(|why| !why.is_empty());
    settle(conn, acting, &whole, version.outline.id, step, why)?;
    let stage = Some(step.leads_to().word());
    let note = Note { bank: &whole.bank.code, question: &whole.code, version: number, stage, why };
    let subject = ("question", Some(whole.question.0));
    audit::note(conn, Some(acting.id), "set-question-stage", subject, note, acting.now)?;
    Ok(())
}

/// Sets the stage, and ends what it puts an end to.
fn settle(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    whole: &Whole,
    version: VersionId,
    step: Step,
    why: Option<&str>,
) -> Result<()> {
    let stamp = (acting.now, Some(acting.id));
    let stage = step.leads_to();
    let version = whole.versions.iter().map(|one| &one.outline).find(|one| one.id == version);
    let Some(version) = version else { return Err(Error::NotFound) };
    match step {
        // Whoever takes a question out of use means all of it; a draft is only put aside itself.
        Step::Retire | Step::Compromise if version.stage.is_drawn() => {
            bank::end(conn, whole.question, stage, why, stamp)?;
        }
        Step::Release => {
            let earlier = whole.versions.iter().map(|one| &one.outline);
            let replaced = format!("→ v{}", version.number);
            for one in earlier.filter(|one| one.id != version.id && one.stage.is_drawn()) {
                set_stage(conn, one.id, Stage::Retired, Some(&replaced), stamp)?;
            }
            set_stage(conn, version.id, stage, why, stamp)?;
        }
        _ => set_stage(conn, version.id, stage, why, stamp)?,
    }
    Ok(())
}
