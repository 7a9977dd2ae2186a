//! What an invigilator sees of a sitting, read in a few queries however full the room is. Reads
//! `attempt`, `attempt_question` and `answer`; writes nothing.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::{
    db::{
        Conn, Error, Instant,
        schema::{answer, attempt, attempt_question},
    },
    exams::{
        attempts::{
            events::{self, EventKind},
            model::{Attempt, AttemptId},
            pauses::{self, Break},
            presence::{self, Presence},
        },
        sittings::{Granted, SittingId, model::Registration, queries as sittings},
    },
    record::PersonId,
    staff::{self, Post},
    web,
};

type Result<T> = std::result::Result<T, Error>;

/// Somebody on the list, and how far they are.
pub struct Row {
    pub post: Post,
    pub registration: Registration,
    pub granted: Granted,
    pub sat: Option<Sat>,
}

/// An attempt as an invigilator sees it: how much, never what.
pub struct Sat {
    pub attempt: Attempt,
    pub on_break: Option<Break>,
    pub questions: i64,
    pub answered: i64,
    pub last_saved: Option<Instant>,
    pub presence: Option<Presence>,
    pub left_window: i64,
    pub address_changed: i64,
}

/// The attempts of a sitting, the latest of each person.
pub fn attempts(conn: &mut Conn, sitting: SittingId) -> Result<HashMap<PersonId, Attempt>> {
    let rows: Vec<Attempt> = attempt::table
        .filter(attempt::sitting_id.eq(sitting.0))
        .order(attempt::id)
        .limit(5000)
        .select(Attempt::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|attempt| (attempt.person_id, attempt)).collect())
}

pub fn rows(
    conn: &mut Conn,
    sitting: SittingId,
    today: chrono::NaiveDate,
) -> web::Result<Vec<Row>> {
    let names = sittings::registrations(conn, sitting)?;
    let people: Vec<PersonId> = names.iter().map(|row| row.person_id).collect();
    let mut names: HashMap<_, _> = names.into_iter().map(|row| (row.person_id, row)).collect();
    let granted = sittings::accommodations_of(conn, &people)?;
    let mut sat = sat(conn, sitting)?;
    let posts = staff::queries::posts_of(conn, &people, today)?;
    let row = |post: Post| {
        let person = post.person.id;
        let granted = granted.get(&person).map(|all| Granted::on(all, today));
        Some(Row {
            registration: names.remove(&person)?,
            granted: granted.unwrap_or_default(),
            sat: sat.remove(&person),
            post,
        })
    };
    Ok(posts.into_iter().filter_map(row).collect())
}

fn sat(conn: &mut Conn, sitting: SittingId) -> web::Result<HashMap<PersonId, Sat>> {
    let attempts = attempts(conn, sitting)?;
    let ids: Vec<AttemptId> = attempts.values().map(|attempt| attempt.id).collect();
    let questions = questions(conn, &ids)?;
    let answers = answers(conn, &ids)?;
    let mut presence = presence::of_attempts(conn, &ids)?;
    let events = events::counts(conn, &ids)?;
    let mut found = HashMap::new();
    for (person, attempt) in attempts {
        let id = attempt.id;
        let count = |kind| events.get(&(id, kind)).copied().unwrap_or(0);
        let (answered, last_saved) = answers.get(&id).copied().unwrap_or((0, None));
        let sat = Sat {
            on_break: pauses::running_break(conn, &attempt)?,
            questions: questions.get(&id).copied().unwrap_or(0),
            answered,
            last_saved,
            presence: presence.remove(&id),
            left_window: count(EventKind::LeftWindow),
            address_changed: count(EventKind::Address),
            attempt,
        };
        found.insert(person, sat);
    }
    Ok(found)
}

fn questions(conn: &mut Conn, ids: &[AttemptId]) -> Result<HashMap<AttemptId, i64>> {
    let rows: Vec<(AttemptId, i64)> = attempt_question::table
        .filter(attempt_question::attempt_id.eq_any(ids.iter().map(|id| id.0)))
        .group_by(attempt_question::attempt_id)
        .select((attempt_question::attempt_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

type Answers = HashMap<AttemptId, (i64, Option<Instant>)>;

fn answers(conn: &mut Conn, ids: &[AttemptId]) -> Result<Answers> {
    let rows: Vec<(AttemptId, i64, Option<Instant>)> = answer::table
        .filter(answer::attempt_id.eq_any(ids.iter().map(|id| id.0)))
        .filter(answer::response.ne(""))
        .group_by(answer::attempt_id)
        .select((answer::attempt_id, diesel::dsl::count_star(), diesel::dsl::max(answer::saved_at)))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, n, at)| (id, (n, at))).collect())
}
