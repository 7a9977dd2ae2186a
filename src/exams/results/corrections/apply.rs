//! Trying a correction, deciding it, and settling the results it touches.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    CorrectionId,
    queries::{self, Subject},
};
use crate::{
    access::{Acting, Grading, audit},
    db::{Conn, Db, Error as DbError, Instant},
    exams::{
        attempts::{
            letters, marks,
            model::{Attempt, AttemptId, AttemptResult, Cause},
            queries as attempts,
            settle::{self, With},
        },
        questions::{
            VersionId,
            scoring::{self, Correction, Item, Score},
        },
        results::queries::resting_on,
    },
    mail::Letterhead,
    record::{Amount, Consequences, Fact, PersonId, Rules, ledger::Stamp},
    staff::{self, Post},
    text,
    web::{Error, Result},
};

/// A score and whether it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub score: Amount,
    pub passed: bool,
}

impl Outcome {
    fn of(score: &Score, pass: i64) -> Outcome {
        Outcome { score: score.of_hundred(), passed: score.passes(pass) }
    }

    fn of_result(result: &AttemptResult) -> Outcome {
        Outcome { score: result.score(), passed: result.passed }
    }

    fn same(self, other: Outcome) -> bool {
        self.passed == other.passed
            && self.score.reaches(other.score)
            && other.score.reaches(self.score)
    }
}

/// A result that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub attempt: AttemptId,
    pub person: PersonId,
    pub exam: String,
    pub old: Outcome,
    pub new: Outcome,
}

/// What a correction did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    // First, so that what is unfinished can be looked for.
    pub finished: bool,
    /// The last attempt that was looked at.
    pub through: i64,
    pub looked_at: i64,
    pub changes: Vec<Change>,
    /// What undoing changed, once somebody did.
    #[serde(default)]
    pub undone: Vec<Change>,
    /// Why it was undone.
    #[serde(default)]
    pub undone_why: Option<String>,
}

impl Report {
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A report that cannot be read is done: nothing is settled by guessing.
    pub fn read(json: &str) -> Report {
        let unread = Report { finished: true, ..Report::default() };
        serde_json::from_str(json).unwrap_or(unread)
    }
}

/// A result that would change, with what may rest on it.
#[derive(Clone, Debug)]
pub struct Effect {
    pub change: Change,
    /// Released, so that a candidate knows the old one.
    pub told: bool,
    /// None outside the viewer's reach.
    pub post: Option<Post>,
    pub certificates: Vec<Fact>,
}

/// What a paper earns with a correction besides what stands.
pub fn score_with(items: &[(i64, Item)], positions: &[i64], correction: &Correction) -> Score {
    let with = |(position, item): &(i64, Item)| {
        let mut item = item.clone();
        if positions.contains(position) {
            item.corrections.push(correction.clone());
        }
        item
    };
    let items: Vec<Item> = items.iter().map(with).collect();
    scoring::score(&items)
}

/// Whose result a correction would change; reads only.
pub fn dry_run(
    conn: &mut Conn,
    about: (VersionId, usize),
    correction: &Correction,
    rules: &Rules,
    acting: &Acting<Grading>,
) -> std::result::Result<Vec<Effect>, DbError> {
    let mut effects = Vec::new();
    let mut after = AttemptId(0);
    loop {
        let batch = queries::attempts_with(conn, about, after, BATCH)?;
        let Some((last, _)) = batch.last() else { break };
        after = *last;
        for (id, position) in batch {
            let Some((attempt, result)) = current(conn, id)? else { continue };
            let items = marks::marked_paper(conn, id)?;
            let score = score_with(&items, &[position], correction);
            let (old, new) = (Outcome::of_result(&result), Outcome::of(&score, attempt.pass_score));
            if score.waiting == 0 && !old.same(new) {
                let change = change(&attempt, old, new);
                let told = result.released_at.is_some();
                effects.push(effect(conn, rules, &attempt, change, told, acting.today)?);
            }
        }
    }
    let people: Vec<PersonId> = effects.iter().map(|effect| effect.change.person).collect();
    let names = posts(conn, acting, &people)?;
    for effect in &mut effects {
        effect.post = names.get(&effect.change.person).cloned();
    }
    Ok(effects)
}

fn current(
    conn: &mut Conn,
    id: AttemptId,
) -> std::result::Result<Option<(Attempt, AttemptResult)>, DbError> {
    let attempt = attempts::attempt(conn, id)?;
    let result = attempts::result_of(conn, id)?;
    Ok(attempt.zip(result))
}

fn change(attempt: &Attempt, old: Outcome, new: Outcome) -> Change {
    let (person, exam) = (attempt.person_id, attempt.exam.clone());
    Change { attempt: attempt.id, person, exam, old, new }
}

fn effect(
    conn: &mut Conn,
    rules: &Rules,
    attempt: &Attempt,
    change: Change,
    told: bool,
    today: NaiveDate,
) -> std::result::Result<Effect, DbError> {
    let turns = told && change.old.passed && !change.new.passed;
    let certificates = if turns { resting_on(conn, rules, attempt, today)? } else { Vec::new() };
    Ok(Effect { change, told, post: None, certificates })
}

fn posts(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    people: &[PersonId],
) -> std::result::Result<HashMap<PersonId, Post>, DbError> {
    let mut people = people.to_vec();
    people.sort();
    people.dedup();
    let posts = staff::queries::posts_among(conn, acting.reach(), &people, acting.today)?;
    Ok(posts.into_iter().map(|post| (post.person.id, post)).collect())
}

/// The people of a report whom the viewer may see.
pub fn names(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    report: &Report,
) -> Result<HashMap<PersonId, Post>> {
    let changes = report.changes.iter().chain(&report.undone);
    let people: Vec<PersonId> = changes.map(|change| change.person).collect();
    Ok(posts(conn, acting, &people)?)
}

/// Decides a correction. What it changes is settled by [`advance_all`].
pub fn decide(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    subject: &Subject,
    correction: &Correction,
    why: &str,
) -> Result<CorrectionId> {
    queries::hold_version(conn, subject.version)?;
    if subject.author == Some(acting.id) {
        return Err(Error::Refused(text!(
            "这道题由您编写，须由另一位考评员或人事更正。",
            "You wrote this question; another examiner or HR has to put it right."
        )));
    }
    let standing = queries::standing(conn, subject.version, subject.part, subject.task.kind())?;
    if standing.contains(correction) || standing.contains(&Correction::Void) {
        return Err(Error::Refused(text!(
            "这道题已经这样更正过，或已作废。请在更正列表中查看。",
            "This question has been put right in this way already, or is void. See the list of corrections."
        )));
    }
    let report = Report::default();
    let id = queries::add(conn, subject, correction, why, &report, (acting.now, acting.id))?;
    let detail = json!({
        "version": subject.version.0, "part": subject.part, "kind": correction.kind(), "why": why,
    });
    let subject = ("correction", Some(id.0));
    audit::note(conn, Some(acting.id), "correct-question", subject, detail, acting.now)?;
    Ok(id)
}

/// Takes a correction back; the former results come back by [`advance_all`].
pub fn undo(conn: &mut Conn, acting: &Acting<Grading>, id: CorrectionId, why: &str) -> Result<()> {
    queries::hold(conn, id)?;
    let kept = queries::find(conn, id)?.ok_or(Error::NotFound)?;
    let mut report = kept.report;
    (report.finished, report.through, report.looked_at) = (false, 0, 0);
    report.undone_why = Some(why.to_owned());
    if !queries::undo(conn, id, &report, acting.stamp())? {
        return Err(Error::Refused(text!(
            "这次更正已经撤销。",
            "This correction has been undone already."
        )));
    }
    let subject = ("correction", Some(id.0));
    let detail = json!({ "why": why });
    audit::note(conn, Some(acting.id), "undo-correction", subject, detail, acting.now)?;
    Ok(())
}

/// So many attempts are settled in one transaction, and others may write in between.
const BATCH: i64 = 50;

/// So many batches one call settles; the background goes on with the rest.
const BATCHES: usize = 20;

/// Settles what decided corrections touch, batch by batch; goes on where the last call or a
/// stopped program left off. Any number of servers may do so at once.
pub async fn advance_all(
    db: &Db,
    rules: &Rules,
    consequences: &Consequences,
    head: &Letterhead,
    now: Instant,
) -> std::result::Result<usize, DbError> {
    let mut settled = 0;
    for id in db.read(queries::unfinished).await? {
        for _ in 0..BATCHES {
            let (rules, consequences, head) = (rules.clone(), consequences.clone(), head.clone());
            let step = db
                .write(move |conn| {
                    let with = With { rules: &rules, consequences: &consequences };
                    advance(conn, id, with, &head, now)
                })
                .await?;
            let Some(changed) = step else { break };
            settled += changed;
        }
    }
    Ok(settled)
}

/// Settles the next attempts of a correction; says how many results changed, or that it is done.
fn advance(
    conn: &mut Conn,
    id: CorrectionId,
    with: With<'_>,
    head: &Letterhead,
    now: Instant,
) -> std::result::Result<Option<usize>, DbError> {
    queries::hold(conn, id)?;
    let Some(kept) = queries::find(conn, id)? else { return Ok(None) };
    let mut report = kept.report;
    if report.finished {
        return Ok(None);
    }
    let about = (kept.version, kept.part);
    let batch = queries::attempts_with(conn, about, AttemptId(report.through), BATCH)?;
    report.finished = (batch.len() as i64) < BATCH;
    let undoing = kept.undone_at.is_some();
    let mut changed = 0;
    for (attempt, _) in batch {
        report.through = attempt.0;
        report.looked_at += 1;
        let Some(change) = resettle(conn, attempt, &kept.question, with, head, now)? else {
            continue;
        };
        changed += 1;
        if undoing { report.undone.push(change) } else { report.changes.push(change) }
    }
    queries::set_report(conn, id, &report)?;
    Ok(Some(changed))
}

fn resettle(
    conn: &mut Conn,
    id: AttemptId,
    question: &str,
    with: With<'_>,
    head: &Letterhead,
    now: Instant,
) -> std::result::Result<Option<Change>, DbError> {
    let why = format!("question {question} was corrected");
    let stamp = Stamp { at: now, by: None };
    let settled = settle::settle(conn, id, Cause::Correction, &why, stamp, with)?;
    if !settled.changed() {
        return Ok(None);
    }
    let Some(attempt) = attempts::attempt(conn, id)? else { return Ok(None) };
    letters::result_turned(conn, head, with.rules, &attempt, &settled, now)?;
    let (Some(before), Some(after)) = (&settled.before, &settled.after) else { return Ok(None) };
    Ok(Some(change(&attempt, Outcome::of_result(before), Outcome::of_result(after))))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        exams::questions::{Body, Task, body::Choice},
        i18n::Text,
    };

    fn single(right: usize) -> Task {
        let choice =
            |at| Choice { text: Text::same("x"), correct: at == right, ..Choice::default() };
        Task::Single { options: (0..4).map(choice).collect() }
    }

    fn paper(answers: &[(usize, usize)]) -> Vec<(i64, Item)> {
        let item = |(right, answered): &(usize, usize)| {
            let body = Body {
                area: Text::same("A"),
                stem: Text::same("?"),
                task: single(*right),
                feedback: Text::default(),
                references: Vec::new(),
                points: 1,
                fixed_order: false,
            };
            Item {
                kind: body.task.kind(),
                area: "a".into(),
                body: Arc::new(body),
                part: 0,
                order: vec![0, 1, 2, 3],
                weight: 1,
                scored: true,
                response: Some(scoring::letter(*answered)),
                marked: None,
                corrections: Vec::new(),
            }
        };
        (1..).zip(answers.iter().map(item)).collect()
    }

    fn corrections() -> impl Strategy<Value = Correction> {
        (0_usize..3, 0_usize..4).prop_map(|(kind, right)| match kind {
            0 => Correction::Void,
            1 => Correction::Rekey(single(right)),
            _ => Correction::Accept(single(right)),
        })
    }

    fn apply(items: &mut [(i64, Item)], position: i64, correction: &Correction) {
        for (_, item) in items.iter_mut().filter(|(at, _)| *at == position) {
            item.corrections.push(correction.clone());
        }
    }

    proptest! {
        #[test]
        fn the_dry_run_says_what_applying_does_and_undoing_brings_the_former_score_back(
            answers in prop::collection::vec((0_usize..4, 0_usize..4), 1..20),
            one in corrections(),
            two in corrections(),
        ) {
            let plain = paper(&answers);
            let before = scoring::score(&plain.iter().map(|(_, item)| item.clone()).collect::<Vec<_>>());
            let mut applied = plain.clone();
            apply(&mut applied, 1, &one);
            let said = score_with(&plain, &[1], &one);
            let done = scoring::score(&applied.iter().map(|(_, item)| item.clone()).collect::<Vec<_>>());
            prop_assert_eq!(&said, &done);
            // Another one on top, then both taken back in the order in which they came.
            apply(&mut applied, 1, &two);
            for (_, item) in &mut applied {
                item.corrections.retain(|kept| *kept != one && *kept != two);
            }
            let after = scoring::score(&applied.into_iter().map(|(_, item)| item).collect::<Vec<_>>());
            prop_assert_eq!(before, after);
        }

        #[test]
        fn one_more_accepted_answer_takes_nothing_from_anybody(
            answers in prop::collection::vec((0_usize..4, 0_usize..4), 1..20),
            right in 0_usize..4,
        ) {
            let plain = paper(&answers);
            let before = scoring::score(&plain.iter().map(|(_, item)| item.clone()).collect::<Vec<_>>());
            let after = score_with(&plain, &[1], &Correction::Accept(single(right)));
            prop_assert!(after.of_hundred().reaches(before.of_hundred()));
        }
    }
}
