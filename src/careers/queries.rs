//! All that reads and writes the tables `candidacy`, `recommendation` and `decision`.
//!
//! A candidacy is open until it has a decision; whoever withdraws decides so themselves. The
//! decision's primary key is what makes it single: of two at once, the second is refused.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{
    model::{Candidacy, CandidacyId, Decision, Recommendation, Story, Waiting},
    rules::{self, Board},
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{candidacy, decision, recommendation},
    },
    record::{PersonId, Rules, ledger, programme::Path},
    staff::{self, queries::Scope},
};

type Result<T> = std::result::Result<T, Error>;

/// How many open candidacies a list looks at, oldest first.
const MOST_OPEN: i64 = 5000;
/// How many of somebody's candidacies are shown.
const MOST_OF_ONE: i64 = 100;
/// More people than any group of dealers employs.
const MOST_PEOPLE: i64 = 1_000_000;
/// Up to so many people their facts are asked for by person; above, one pass over the table.
const FEW: usize = 2000;

type Row = (Candidacy, Option<Recommendation>, Option<Decision>);

fn story_of((candidacy, recommendation, decision): Row) -> Story {
    Story { candidacy, recommendation, decision }
}

/// A candidacy with everything that happened to it.
pub fn story(conn: &mut Conn, id: CandidacyId) -> Result<Option<Story>> {
    let row: Option<Row> = candidacy::table
        .left_join(recommendation::table)
        .left_join(decision::table)
        .filter(candidacy::id.eq(id))
        .select((
            Candidacy::as_select(),
            Option::<Recommendation>::as_select(),
            Option::<Decision>::as_select(),
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(story_of))
}

/// A candidacy to be changed: whoever else would change it waits until this transaction is over,
/// and then sees what it did.
pub fn take(conn: &mut Conn, id: CandidacyId) -> Result<Option<Story>> {
    diesel::update(candidacy::table.find(id))
        .set(candidacy::closed_at.eq(candidacy::closed_at))
        .execute(conn)?;
    story(conn, id)
}

/// The candidacies of a person, newest first.
pub fn candidacies_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Story>> {
    let rows: Vec<Row> = candidacy::table
        .left_join(recommendation::table)
        .left_join(decision::table)
        .filter(candidacy::person_id.eq(person))
        .order(candidacy::id.desc())
        .limit(MOST_OF_ONE)
        .select((
            Candidacy::as_select(),
            Option::<Recommendation>::as_select(),
            Option::<Decision>::as_select(),
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(story_of).collect())
}

/// Every open candidacy of people within a scope, the longest waiting first.
pub fn open_within(conn: &mut Conn, scope: &Scope, today: NaiveDate) -> Result<Vec<Waiting>> {
    let rows: Vec<Row> = candidacy::table
        .left_join(recommendation::table)
        .left_join(decision::table)
        .filter(candidacy::closed_at.is_null())
        .order((candidacy::applied_at, candidacy::id))
        .limit(MOST_OPEN)
        .select((
            Candidacy::as_select(),
            Option::<Recommendation>::as_select(),
            Option::<Decision>::as_select(),
        ))
        .load(conn)?;
    let mut people: Vec<PersonId> = rows.iter().map(|(open, ..)| open.person_id).collect();
    people.sort_unstable();
    people.dedup();
    let posts = staff::queries::posts_by_person(conn, scope, &people, today)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let post = posts.get(&row.0.person_id)?.clone();
            Some(Waiting { story: story_of(row), post })
        })
        .collect())
}

/// Open candidacies that wait for this manager's recommendation; never their own.
pub fn waiting_for_manager(
    conn: &mut Conn,
    scope: &Scope,
    manager: PersonId,
    today: NaiveDate,
) -> Result<Vec<Waiting>> {
    let mut waiting = open_within(conn, scope, today)?;
    waiting.retain(|one| one.story.recommendation.is_none() && one.post.person.id != manager);
    Ok(waiting)
}

/// Open candidacies this HR reviewer may decide, recommended ones first; never their own.
pub fn waiting_for_hr(
    conn: &mut Conn,
    scope: &Scope,
    reviewer: PersonId,
    today: NaiveDate,
) -> Result<Vec<Waiting>> {
    let mut waiting = open_within(conn, scope, today)?;
    waiting.retain(|one| one.post.person.id != reviewer);
    waiting.sort_by_key(|one| one.story.recommendation.is_none());
    Ok(waiting)
}

/// The open candidacies for one path, by person.
pub fn open_for(conn: &mut Conn, path: &str) -> Result<HashMap<PersonId, CandidacyId>> {
    let rows: Vec<(PersonId, CandidacyId)> = candidacy::table
        .filter(candidacy::closed_at.is_null().and(candidacy::path.eq(path)))
        .order(candidacy::id)
        .limit(MOST_OPEN)
        .select((candidacy::person_id, candidacy::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Somebody's open candidacy for a path.
pub fn open_of(conn: &mut Conn, person: PersonId, path: &str) -> Result<Option<CandidacyId>> {
    Ok(candidacy::table
        .filter(candidacy::person_id.eq(person).and(candidacy::path.eq(path)))
        .filter(candidacy::closed_at.is_null())
        .select(candidacy::id)
        .first(conn)
        .optional()?)
}

/// An application as it is sent in.
#[derive(Clone, Debug)]
pub struct NewCandidacy<'a> {
    pub person: PersonId,
    pub path: &'a str,
    pub content: ContentId,
    pub statement: &'a str,
    pub by: PersonId,
    pub at: Instant,
}

pub fn add(conn: &mut Conn, new: &NewCandidacy<'_>) -> Result<CandidacyId> {
    Ok(diesel::insert_into(candidacy::table)
        .values((
            candidacy::person_id.eq(new.person),
            candidacy::path.eq(new.path),
            candidacy::content_id.eq(new.content),
            candidacy::statement.eq(new.statement),
            candidacy::applied_at.eq(new.at),
            candidacy::applied_by.eq(new.by),
        ))
        .returning(candidacy::id)
        .get_result(conn)?)
}

pub fn recommend(conn: &mut Conn, given: &Recommendation) -> Result<()> {
    diesel::insert_into(recommendation::table).values(given).execute(conn)?;
    Ok(())
}

/// Records the decision and closes the candidacy.
pub fn decide(conn: &mut Conn, made: &Decision) -> Result<()> {
    diesel::insert_into(decision::table).values(made).execute(conn)?;
    diesel::update(candidacy::table.find(made.candidacy_id))
        .set(candidacy::closed_at.eq(made.decided_at))
        .execute(conn)?;
    Ok(())
}

/// The promotion board of one path over everybody who works within the scope today.
pub fn board(
    conn: &mut Conn,
    rules: &Rules,
    path: &Path,
    scope: &Scope,
    site: Option<String>,
    today: NaiveDate,
) -> Result<Board> {
    let filter = staff::queries::Filter { site, ..Default::default() };
    let posts = staff::queries::posts(conn, scope, &filter, today, MOST_PEOPLE, 0)?;
    let mut facts = if posts.len() <= FEW {
        let people: Vec<PersonId> = posts.iter().map(|post| post.person.id).collect();
        ledger::facts_of_these(conn, &people, None)?
    } else {
        ledger::facts_of_all(conn, None)?
    };
    let people = posts.into_iter().map(|post| {
        let theirs = facts.remove(&post.person.id).unwrap_or_default();
        (post, theirs)
    });
    Ok(rules::place(rules, path, people, today))
}

/// Open candidacies sent in since a moment, with their recommendation: for reminders.
pub fn open_since(
    conn: &mut Conn,
    since: Instant,
) -> Result<Vec<(Candidacy, Option<Recommendation>)>> {
    Ok(candidacy::table
        .left_join(recommendation::table)
        .filter(candidacy::closed_at.is_null().and(candidacy::applied_at.ge(since)))
        .order((candidacy::applied_at, candidacy::id))
        .select((Candidacy::as_select(), Option::<Recommendation>::as_select()))
        .load(conn)?)
}
