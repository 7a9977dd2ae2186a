//! Blueprints (双向细目表): what a paper must consist of, and drawing it.
//!
//! An exam is drawn by the newest blueprint published for it in the browser, else by what its rule
//! set says: a blueprint there, or plain counts. A blueprint says before it is published whether
//! the bank can fill it, where it is thin and how many different papers it gives ([`check`]).
//! Every candidate's paper has the same cells ([`allocate`]); chance only chooses among the
//! questions of a cell, unseen ones first ([`draw`], [`prepare`]).

use std::collections::{BTreeSet, HashSet};

use chrono::Duration;

use crate::{
    access::{Authoring, Routes, Who, proof::Proof},
    db::{Conn, Error, Instant},
    exams::questions::{
        VersionId,
        bank::{self, Live},
    },
    i18n::Text,
    record::{PersonId, programme::ExamPlan},
    text,
};

pub mod allocate;
pub mod check;
pub mod draw;
mod handlers;
pub mod lines;
pub mod model;
mod pages;
pub mod queries;

pub use check::Check;
pub use model::{BlueprintId, Form};

pub fn routes() -> Routes {
    let authors = Who::Roles(Authoring::ROLES);
    Routes::new()
        .get("/exams/blueprints", authors, handlers::list)
        .get("/exams/blueprints/{set}/{exam}", authors, handlers::show)
        .post("/exams/blueprints/{set}/{exam}", authors, handlers::add)
        .get("/exams/blueprints/{set}/{exam}/{version}", authors, handlers::version)
        .post("/exams/blueprints/{set}/{exam}/{version}/publish", authors, handlers::publish)
}

/// A paper for one candidate.
pub struct Paper {
    pub drawn: Vec<draw::Drawn>,
    pub blueprint: Option<BlueprintId>,
    /// Where the blueprint says.
    pub minutes: Option<u32>,
}

/// So many seeds are tried for a paper the person has not had yet.
const TRIES: i64 = 20;

/// Draws a paper for a person: questions they have not met come first, then those within the
/// exposure limit, and never the same paper again as long as the bank gives another.
pub fn prepare(
    conn: &mut Conn,
    exam: &str,
    plan: &ExamPlan,
    person: PersonId,
    seed: i64,
    now: Instant,
) -> Result<Result<Paper, Text>, Error> {
    let live = bank::live(conn, plan.bank.as_deref().unwrap_or_default())?;
    let form = queries::form_of(conn, exam, plan)?;
    let parts = match form.parts(&live) {
        Ok(parts) => parts,
        Err(lacks) => return Ok(Err(Text::list(&lacks))),
    };
    let before = queries::papers_of(conn, person, exam)?;
    let seen: HashSet<VersionId> = before.iter().flatten().copied().collect();
    let worn = worn(conn, exam, &form, &live, now)?;
    let rank = |one: &Live| {
        u8::from(seen.contains(&one.version)) * 2 + u8::from(worn.contains(&one.version))
    };
    for turn in 0..TRIES {
        let drawn = match draw::draw(&parts, seed.wrapping_add(turn), rank) {
            Ok(drawn) => drawn,
            Err(short) => return Ok(Err(short)),
        };
        let versions: BTreeSet<VersionId> = drawn.iter().map(|one| one.version).collect();
        // A plan of plain counts may ask for the whole of a small bank: then there is one paper.
        let only = matches!(form, Form::Plain(_)) && turn + 1 == TRIES;
        if only || !before.contains(&versions) {
            return Ok(Ok(Paper { drawn, blueprint: form.id(), minutes: form.minutes() }));
        }
    }
    Ok(Err(text!(
        "题库太小，抽不出与您上次不同的试卷",
        "the bank is too small to give you another paper than before"
    )))
}

/// The questions that were on more papers of the last year than the blueprint allows.
fn worn(
    conn: &mut Conn,
    exam: &str,
    form: &Form<'_>,
    live: &[Live],
    now: Instant,
) -> Result<HashSet<VersionId>, Error> {
    let Some(most) = form.max_exposure() else { return Ok(HashSet::new()) };
    let (counts, papers) = queries::exposure(conn, exam, now.plus(-Duration::days(365)))?;
    let too_often = |one: &&Live| {
        counts.get(&one.question).is_some_and(|count| count * 100 > papers * i64::from(most))
    };
    Ok(live.iter().filter(too_often).map(|one| one.version).collect())
}

/// Why an exam cannot be started for anybody: its bank cannot fill its form.
pub fn shortage(form: &Form<'_>, live: &[Live]) -> Option<Text> {
    let check = Check::of(form, live);
    (!check.can_be_sat()).then(|| cannot_start(&Text::list(&check.lacks)))
}

/// What a candidate is told when no paper can be drawn.
pub fn cannot_start(short: &Text) -> Text {
    let Text { zh, en } = short;
    text!(
        "题库题目不足，暂时不能开考：{zh}。请联系培训师补充题目。",
        "The question bank cannot fill this exam, so it cannot be started: {en}. Ask a trainer to add questions."
    )
}
