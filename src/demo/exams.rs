//! Exams that were sat here in the last years: papers drawn, answered and finished by the same
//! functions as on the pages, so that the figures about questions have something to say.
//!
//! Who knows more gets more right, and hard questions are missed first. In every bank one question
//! is worded badly: those who know most read a wrong option into it.

use chrono::{Duration, NaiveDate};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::Making;
use crate::{
    access::Role,
    db::Error,
    exams::{
        analysis::standards::queries::{self as standards, NewStudy},
        attempts::{
            finish,
            model::{Answer, AttemptId, EndedBy},
            queries::{self, NewAttempt},
        },
        blueprints::{self, draw::Drawn},
        questions::{
            Task, VersionId,
            bank::{self, Live},
            scoring::{self, Item},
        },
        rules::Offer,
    },
    record::PersonId,
};

/// Sits an exam with about so many points of 100.
pub fn sit(
    making: &mut Making<'_>,
    person: PersonId,
    code: &str,
    score: i64,
    on: NaiveDate,
) -> Result<(), Error> {
    let shared = making.shared;
    let exam = format!("inhouse-default/{code}");
    let Some(offer) = Offer::find(&shared.rules, &exam) else { return Ok(()) };
    let live = bank::live(making.conn, offer.plan.bank.as_deref().unwrap_or_default())?;
    let seed = person.0 * 1_000_003 + i64::from(chrono::Datelike::num_days_from_ce(&on));
    let end = making.stamp(on).at;
    let paper = blueprints::prepare(making.conn, &exam, offer.plan, person, seed, end)?;
    let Ok(paper) = paper else { return Ok(()) };
    let new = NewAttempt {
        person,
        exam: &exam,
        content: shared.rules.revision(offer.set),
        seed,
        pass_score: offer.pass_score(),
        started_at: end.plus(-Duration::minutes(22)),
        hand_in_by: end.plus(Duration::minutes(offer.minutes() - 22)),
        blueprint: paper.blueprint,
        sitting: None,
    };
    let id = queries::add(making.conn, &new, &paper.drawn)?;
    let candidate = Candidate::new(score, seed, &live);
    answer(making, id, &paper.drawn, candidate)?;
    if let Some(attempt) = queries::attempt(making.conn, id)? {
        let by = EndedBy::Candidate;
        finish::finish(making.conn, &attempt, by, end, &shared.rules, &shared.consequences)?;
    }
    Ok(())
}

/// Judges in the middle of setting a pass mark: the first round is over, the second is open.
pub fn set_a_standard(making: &mut Making<'_>) -> Result<(), Error> {
    let roles = [Role::Trainer, Role::Examiner];
    let judges = standards::holders(making.conn, &roles, making.today)?;
    let live = bank::live(making.conn, "hv-safety")?;
    let questions: Vec<VersionId> = live.iter().take(15).map(|one| one.version).collect();
    let Some(chief) = judges.first().copied() else { return Ok(()) };
    let begun = making.stamp(making.today - Duration::days(9)).at;
    let title = format!("{} 年度划线", chrono::Datelike::year(&making.today));
    let exam = "inhouse-default/hv-safety-theory";
    let new = NewStudy { exam, title: &title, questions: &questions };
    let study = standards::add(making.conn, &new, chief, begun)?;
    for judge in judges {
        standards::invite(making.conn, study, judge, chief, begun)?;
        let mut mind = StdRng::seed_from_u64(judge.0 as u64);
        let strict = mind.random_range(-6..7);
        for version in &questions {
            let fair = 88 - (hardness(*version) * 45.0) as i64;
            let said = (fair + strict + mind.random_range(-9..10)).clamp(5, 98);
            standards::say(making.conn, (study, judge, 1), *version, said, begun)?;
        }
    }
    let closed = making.stamp(making.today - Duration::days(2)).at;
    standards::close(making.conn, study, 1, closed)
}

fn answer(
    making: &mut Making<'_>,
    id: AttemptId,
    drawn: &[Drawn],
    mut candidate: Candidate,
) -> Result<(), Error> {
    let missed = candidate.missed(drawn);
    let items = queries::paper(making.conn, id)?;
    let Some(attempt) = queries::attempt(making.conn, id)? else { return Ok(()) };
    for ((position, item), one) in items.into_iter().zip(drawn) {
        let response = match missed.contains(&one.version) {
            true => candidate.wrong(one.version, &item),
            false => item.task().and_then(|task| scoring::model_response(task, &item.order)),
        };
        let Some(response) = response else { continue };
        let saved_at = attempt.started_at.plus(Duration::seconds(position * 50));
        let answer = Answer { response, edition: 1, saved_at };
        queries::put_answer(making.conn, id, position, &answer)?;
    }
    Ok(())
}

/// Somebody who knows so much.
struct Candidate {
    score: i64,
    random: StdRng,
    /// The question of the bank that is worded badly.
    bad: Option<VersionId>,
}

impl Candidate {
    fn new(score: i64, seed: i64, live: &[Live]) -> Candidate {
        use crate::exams::questions::QuestionKind::Single;
        let bad = live.iter().filter(|one| one.kind == Single).nth(3).map(|one| one.version);
        Candidate { score, random: StdRng::seed_from_u64(seed as u64), bad }
    }

    /// The questions they get wrong: so many as their score says, the hard ones first.
    fn missed(&mut self, drawn: &[Drawn]) -> Vec<VersionId> {
        let wrong = (drawn.len() as i64 * (100 - self.score) / 100) as usize;
        let strong = self.score >= 75;
        let mut order: Vec<(f64, VersionId)> = drawn
            .iter()
            .map(|one| {
                let hard = hardness(one.version);
                let reads_too_much = match Some(one.version) == self.bad {
                    true if strong => 2.0,
                    true => -2.0,
                    false => 0.0,
                };
                (hard + reads_too_much + self.random.random_range(0.0..0.9), one.version)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        order.into_iter().take(wrong).map(|(_, version)| version).collect()
    }

    /// A wrong answer: each question has a favourite one; now and then it is left open.
    fn wrong(&mut self, version: VersionId, item: &Item) -> Option<String> {
        if self.random.random_range(0..100) < 4 {
            return None;
        }
        match item.task()? {
            Task::Single { options } => {
                let wrong: Vec<usize> =
                    (0..options.len()).filter(|at| !options[*at].correct).collect();
                let favourite = self.random.random_range(0..100) < 65;
                let at =
                    if favourite { version.0 as usize } else { self.random.random_range(0..9) };
                shown(item, *wrong.get(at % wrong.len().max(1))?)
            }
            Task::Multiple { options, .. } => {
                let taken = self.random.random_range(0..options.len());
                shown(item, taken)
            }
            Task::TrueFalse { answer } => Some((!answer).to_string()),
            Task::Numeric(_) => Some((version.0 % 90 + 7).to_string()),
            _ => None,
        }
    }
}

/// The letter under which the candidate saw an option.
fn shown(item: &Item, option: usize) -> Option<String> {
    item.order.iter().position(|at| *at == option).map(scoring::letter)
}

/// How hard a question is, from 0 to 1: the same for everybody.
fn hardness(version: VersionId) -> f64 {
    StdRng::seed_from_u64(version.0 as u64).random_range(0.0..1.0)
}
