//! All that reads and writes the tables `pairing`, `pairing_goal`, `logbook_entry`,
//! `logbook_version` and `logbook_review`.
//!
//! A version without a review is always an entry's latest: another one is written only after the
//! one before it was returned. So what waits for a signature is simply what has no review.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{
    Couple, Entry, EntryId, Outcome, Pairing, PairingId, Progress, Review, Said, Version, VersionId,
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{logbook_entry, logbook_review, logbook_version, pairing, pairing_goal, person},
        types::LangColumn,
    },
    record::{FactId, PersonId, ledger::Stamp},
    staff::{self, Person},
};

type Result<T> = std::result::Result<T, Error>;

/// Which pairings a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    One(PairingId),
    OpenOfMentor(PersonId),
    OfMentor(PersonId),
    OfApprentice(PersonId),
    Open,
    Ended,
    All,
}

type PersonRow =
    (PersonId, String, String, Option<String>, Option<String>, Option<String>, LangColumn);

fn person_of(row: PersonRow) -> Person {
    let (id, staff_no, name, name_en, email, phone, language) = row;
    Person { id, staff_no, name, name_en, email, phone, language }
}

/// The columns of a person under an alias, in the order of [`PersonRow`].
macro_rules! columns_of {
    ($alias:expr) => {
        $alias.fields((
            person::id,
            person::staff_no,
            person::name,
            person::name_en,
            person::email,
            person::phone,
            person::language,
        ))
    };
}

/// Pairings with their people: open ones first, then the latest.
pub fn couples(conn: &mut Conn, which: Which, limit: i64) -> Result<Vec<Couple>> {
    let (mentor, apprentice) = diesel::alias!(person as mentor, person as apprentice);
    let mut query = pairing::table
        .inner_join(mentor.on(mentor.field(person::id).eq(pairing::mentor_id)))
        .inner_join(apprentice.on(apprentice.field(person::id).eq(pairing::apprentice_id)))
        .into_boxed();
    query = match which {
        Which::One(id) => query.filter(pairing::id.eq(id)),
        Which::OpenOfMentor(id) => {
            query.filter(pairing::mentor_id.eq(id)).filter(pairing::ended_on.is_null())
        }
        Which::OfMentor(id) => query.filter(pairing::mentor_id.eq(id)),
        Which::OfApprentice(id) => query.filter(pairing::apprentice_id.eq(id)),
        Which::Open => query.filter(pairing::ended_on.is_null()),
        Which::Ended => query.filter(pairing::ended_on.is_not_null()),
        Which::All => query,
    };
    let rows: Vec<(Pairing, PersonRow, PersonRow)> = query
        .order((pairing::ended_on.is_not_null(), pairing::starts_on.desc(), pairing::id.desc()))
        .limit(limit)
        .select((Pairing::as_select(), columns_of!(mentor), columns_of!(apprentice)))
        .load(conn)?;
    let couple = |(pairing, mentor, apprentice)| Couple {
        pairing,
        mentor: person_of(mentor),
        apprentice: person_of(apprentice),
    };
    Ok(rows.into_iter().map(couple).collect())
}

pub fn couple(conn: &mut Conn, id: PairingId) -> Result<Option<Couple>> {
    Ok(couples(conn, Which::One(id), 1)?.pop())
}

/// The open pairings of an apprentice, one a ladder, the latest first.
pub fn open_pairings_of(conn: &mut Conn, apprentice: PersonId) -> Result<Vec<Couple>> {
    let all = couples(conn, Which::OfApprentice(apprentice), 50)?;
    Ok(all.into_iter().filter(|couple| couple.pairing.is_open()).collect())
}

/// The open pairing of an apprentice; the latest where there are several.
pub fn open_pairing_of(conn: &mut Conn, apprentice: PersonId) -> Result<Option<Couple>> {
    Ok(open_pairings_of(conn, apprentice)?.into_iter().next())
}

/// How many apprentices a mentor has now. Only an end, not the calendar, frees a place.
pub fn active_of(conn: &mut Conn, mentor: PersonId) -> Result<i64> {
    Ok(pairing::table
        .filter(pairing::mentor_id.eq(mentor))
        .filter(pairing::ended_on.is_null())
        .count()
        .get_result(conn)?)
}

/// How many apprentices each mentor has now.
pub fn loads(conn: &mut Conn) -> Result<HashMap<PersonId, i64>> {
    let rows: Vec<(PersonId, i64)> = pairing::table
        .filter(pairing::ended_on.is_null())
        .group_by(pairing::mentor_id)
        .select((pairing::mentor_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Whether an apprentice is paired on a ladder.
pub fn is_taken(conn: &mut Conn, apprentice: PersonId, ladder: &str) -> Result<bool> {
    let open = pairing::table
        .filter(pairing::apprentice_id.eq(apprentice).and(pairing::ladder.eq(ladder)))
        .filter(pairing::ended_on.is_null());
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

/// A pairing to be made.
#[derive(Clone, Debug)]
pub struct NewPairing {
    pub mentor: PersonId,
    pub apprentice: PersonId,
    pub ladder: String,
    pub content: ContentId,
    pub goal: String,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub verdict: String,
    /// Tasks with their targets.
    pub goals: Vec<(String, i64)>,
}

pub fn add(conn: &mut Conn, new: &NewPairing, by: PersonId, now: Instant) -> Result<PairingId> {
    let id: PairingId = diesel::insert_into(pairing::table)
        .values((
            pairing::mentor_id.eq(new.mentor),
            pairing::apprentice_id.eq(new.apprentice),
            pairing::ladder.eq(&new.ladder),
            pairing::content_id.eq(new.content),
            pairing::goal.eq(&new.goal),
            pairing::starts_on.eq(new.starts_on),
            pairing::ends_on.eq(new.ends_on),
            pairing::agreed_at.eq(now),
            pairing::agreed_by.eq(by),
            pairing::verdict.eq(&new.verdict),
        ))
        .returning(pairing::id)
        .get_result(conn)?;
    for (task, target) in &new.goals {
        diesel::insert_into(pairing_goal::table)
            .values((
                pairing_goal::pairing_id.eq(id),
                pairing_goal::task.eq(task),
                pairing_goal::target.eq(target),
            ))
            .execute(conn)?;
    }
    Ok(id)
}

/// How a pairing ends.
#[derive(Clone, Debug)]
pub struct Ending {
    pub on: NaiveDate,
    pub outcome: Outcome,
    pub why: Option<String>,
}

/// Ends an open pairing; of two at once only one succeeds.
pub fn end(conn: &mut Conn, id: PairingId, ending: &Ending, stamp: Stamp) -> Result<bool> {
    let changed = diesel::update(pairing::table.find(id).filter(pairing::ended_on.is_null()))
        .set((
            pairing::ended_on.eq(ending.on),
            pairing::ended_at.eq(stamp.at),
            pairing::ended_by.eq(stamp.by),
            pairing::outcome.eq(ending.outcome),
            pairing::ended_why.eq(&ending.why),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// How far each goal has come, and the other tasks that were signed; goals first.
pub fn progress(conn: &mut Conn, id: PairingId) -> Result<Vec<Progress>> {
    let goals: Vec<(String, i64)> = pairing_goal::table
        .filter(pairing_goal::pairing_id.eq(id))
        .order(pairing_goal::task)
        .select((pairing_goal::task, pairing_goal::target))
        .load(conn)?;
    let signed: Vec<(String, i64)> = logbook_version::table
        .inner_join(logbook_entry::table)
        .inner_join(logbook_review::table)
        .filter(logbook_entry::pairing_id.eq(id))
        .filter(logbook_review::outcome.eq(Said::Signed))
        .order((logbook_version::task, logbook_version::id))
        .select((logbook_version::task, logbook_version::times))
        .load(conn)?;
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (task, times) in signed {
        *sums.entry(task).or_default() += times;
    }
    let mut all: Vec<Progress> = goals
        .into_iter()
        .map(|(task, target)| Progress { signed: sums.remove(&task).unwrap_or(0), task, target })
        .collect();
    all.extend(sums.into_iter().map(|(task, signed)| Progress { task, target: 0, signed }));
    Ok(all)
}

type VersionRow = (
    VersionId,
    EntryId,
    i64,
    String,
    NaiveDate,
    i64,
    String,
    String,
    Instant,
    Option<Said>,
    Option<String>,
    Option<Instant>,
    Option<PersonId>,
);

macro_rules! version_columns {
    () => {
        (
            logbook_version::id,
            logbook_version::entry_id,
            logbook_version::version,
            logbook_version::task,
            logbook_version::done_on,
            logbook_version::times,
            logbook_version::work_order,
            logbook_version::note,
            logbook_version::written_at,
            logbook_review::outcome.nullable(),
            logbook_review::reason.nullable(),
            logbook_review::reviewed_at.nullable(),
            logbook_review::reviewed_by.nullable(),
        )
    };
}

/// The people who reviewed, looked up once each.
fn reviewers(conn: &mut Conn, rows: &[VersionRow]) -> Result<HashMap<PersonId, Person>> {
    let mut people = HashMap::new();
    for id in rows.iter().filter_map(|row| row.12) {
        if let std::collections::hash_map::Entry::Vacant(place) = people.entry(id)
            && let Some(person) = staff::queries::person(conn, id)?
        {
            place.insert(person);
        }
    }
    Ok(people)
}

fn version_of(row: VersionRow, people: &HashMap<PersonId, Person>) -> (EntryId, Version) {
    let (id, entry, version, task, done_on, times, work_order, note, written_at, ..) = row;
    let (said, reason, at, by) = (row.9, row.10, row.11, row.12);
    let review = match (said, at, by.and_then(|by| people.get(&by))) {
        (Some(said), Some(at), Some(by)) => Some(Review { said, reason, at, by: by.clone() }),
        _ => None,
    };
    let version =
        Version { id, version, task, done_on, times, work_order, note, written_at, review };
    (entry, version)
}

/// Part of the logbook of a pairing, newest entry first, each with all its versions.
pub fn entries_of(conn: &mut Conn, of: PairingId, limit: i64, offset: i64) -> Result<Vec<Entry>> {
    let ids: Vec<EntryId> = logbook_entry::table
        .filter(logbook_entry::pairing_id.eq(of))
        .order(logbook_entry::id.desc())
        .limit(limit)
        .offset(offset)
        .select(logbook_entry::id)
        .load(conn)?;
    let (Some(newest), Some(oldest)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
    let rows: Vec<VersionRow> = logbook_version::table
        .inner_join(logbook_entry::table)
        .left_join(logbook_review::table)
        .filter(logbook_entry::pairing_id.eq(of))
        .filter(logbook_entry::id.le(*newest).and(logbook_entry::id.ge(*oldest)))
        .order((logbook_entry::id.desc(), logbook_version::version.desc()))
        .select(version_columns!())
        .load(conn)?;
    let people = reviewers(conn, &rows)?;
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows {
        let (id, version) = version_of(row, &people);
        match entries.last_mut().filter(|entry| entry.id == id) {
            Some(entry) => entry.earlier.push(version),
            None => {
                entries.push(Entry { id, pairing: of, latest: version, earlier: Vec::new() });
            }
        }
    }
    Ok(entries)
}

/// One entry with all its versions.
pub fn entry(conn: &mut Conn, id: EntryId) -> Result<Option<Entry>> {
    let rows: Vec<VersionRow> = logbook_version::table
        .left_join(logbook_review::table)
        .filter(logbook_version::entry_id.eq(id))
        .order(logbook_version::version.desc())
        .limit(100)
        .select(version_columns!())
        .load(conn)?;
    let of: Option<PairingId> =
        logbook_entry::table.find(id).select(logbook_entry::pairing_id).first(conn).optional()?;
    let people = reviewers(conn, &rows)?;
    let mut versions = rows.into_iter().map(|row| version_of(row, &people).1);
    let Some((of, latest)) = of.zip(versions.next()) else { return Ok(None) };
    Ok(Some(Entry { id, pairing: of, latest, earlier: versions.collect() }))
}

/// The entry a version belongs to.
pub fn entry_of_version(conn: &mut Conn, id: VersionId) -> Result<Option<EntryId>> {
    Ok(logbook_version::table.find(id).select(logbook_version::entry_id).first(conn).optional()?)
}

/// The entry a phone has sent under this name already.
pub fn entry_named(conn: &mut Conn, of: PairingId, key: &str) -> Result<Option<EntryId>> {
    Ok(logbook_entry::table
        .filter(logbook_entry::entry_key.eq(key).and(logbook_entry::pairing_id.eq(of)))
        .select(logbook_entry::id)
        .first(conn)
        .optional()?)
}

pub fn add_entry(conn: &mut Conn, of: PairingId, key: &str, now: Instant) -> Result<EntryId> {
    Ok(diesel::insert_into(logbook_entry::table)
        .values((
            logbook_entry::pairing_id.eq(of),
            logbook_entry::entry_key.eq(key),
            logbook_entry::created_at.eq(now),
        ))
        .returning(logbook_entry::id)
        .get_result(conn)?)
}

pub fn add_version(
    conn: &mut Conn,
    entry: EntryId,
    version: i64,
    written: &super::rules::Written,
    now: Instant,
) -> Result<VersionId> {
    Ok(diesel::insert_into(logbook_version::table)
        .values((
            logbook_version::entry_id.eq(entry),
            logbook_version::version.eq(version),
            logbook_version::task.eq(&written.task),
            logbook_version::done_on.eq(written.done_on),
            logbook_version::times.eq(written.times),
            logbook_version::work_order.eq(&written.work_order),
            logbook_version::note.eq(&written.note),
            logbook_version::written_at.eq(now),
        ))
        .returning(logbook_version::id)
        .get_result(conn)?)
}

/// What a mentor says to a version: once.
pub fn add_review(
    conn: &mut Conn,
    version: VersionId,
    said: Said,
    reason: Option<&str>,
    fact: Option<FactId>,
    (by, now): (PersonId, Instant),
) -> Result<()> {
    diesel::insert_into(logbook_review::table)
        .values((
            logbook_review::version_id.eq(version),
            logbook_review::outcome.eq(said),
            logbook_review::reason.eq(reason),
            logbook_review::reviewed_at.eq(now),
            logbook_review::reviewed_by.eq(by),
            logbook_review::fact_id.eq(fact),
        ))
        .execute(conn)?;
    Ok(())
}

/// An entry that waits for a signature, with whose it is.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub entry: EntryId,
    pub version: Version,
    pub couple: Couple,
}

/// What waits for a mentor's signature, or with `for_others` what waits for other mentors',
/// oldest first.
pub fn waiting(
    conn: &mut Conn,
    mentor: PersonId,
    for_others: bool,
    limit: i64,
) -> Result<Vec<Waiting>> {
    let mut query = logbook_version::table
        .inner_join(logbook_entry::table.inner_join(pairing::table))
        .left_join(logbook_review::table)
        .filter(logbook_review::version_id.nullable().is_null())
        .into_boxed();
    query = if for_others {
        query.filter(pairing::mentor_id.ne(mentor)).filter(pairing::apprentice_id.ne(mentor))
    } else {
        query.filter(pairing::mentor_id.eq(mentor))
    };
    let rows: Vec<(PairingId, VersionRow)> = query
        .order((logbook_version::written_at, logbook_version::id))
        .limit(limit)
        .select((pairing::id, version_columns!()))
        .load(conn)?;
    let mut couples: HashMap<PairingId, Couple> = HashMap::new();
    let mut waiting = Vec::with_capacity(rows.len());
    for (id, row) in rows {
        if !couples.contains_key(&id) {
            couples.extend(couple(conn, id)?.map(|couple| (id, couple)));
        }
        let (entry, version) = version_of(row, &HashMap::new());
        if let Some(couple) = couples.get(&id).cloned() {
            waiting.push(Waiting { entry, version, couple });
        }
    }
    Ok(waiting)
}

/// How many entries wait for a mentor's signature.
pub fn waiting_for(conn: &mut Conn, mentor: PersonId) -> Result<i64> {
    Ok(logbook_version::table
        .inner_join(logbook_entry::table.inner_join(pairing::table))
        .left_join(logbook_review::table)
        .filter(logbook_review::version_id.nullable().is_null())
        .filter(pairing::mentor_id.eq(mentor))
        .count()
        .get_result(conn)?)
}

/// How many entries wait in each pairing.
pub fn waiting_by_pairing(conn: &mut Conn) -> Result<HashMap<PairingId, i64>> {
    let rows: Vec<(PairingId, i64)> = logbook_version::table
        .inner_join(logbook_entry::table)
        .left_join(logbook_review::table)
        .filter(logbook_review::version_id.nullable().is_null())
        .group_by(logbook_entry::pairing_id)
        .select((logbook_entry::pairing_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// How many entries were sent back to an apprentice and not yet written again.
pub fn returned_to(conn: &mut Conn, apprentice: PersonId) -> Result<i64> {
    let later = diesel::alias!(logbook_version as later);
    let written_again = later
        .filter(later.field(logbook_version::entry_id).eq(logbook_version::entry_id))
        .filter(later.field(logbook_version::version).gt(logbook_version::version));
    Ok(logbook_version::table
        .inner_join(logbook_entry::table.inner_join(pairing::table))
        .inner_join(logbook_review::table)
        .filter(logbook_review::outcome.eq(Said::Returned))
        .filter(pairing::apprentice_id.eq(apprentice))
        .filter(diesel::dsl::not(diesel::dsl::exists(written_again)))
        .count()
        .get_result(conn)?)
}

/// Who signed or returned an apprentice's entries, each with the last time: they taught them.
pub fn reviewers_of(conn: &mut Conn, apprentice: PersonId) -> Result<Vec<(PersonId, Instant)>> {
    let rows: Vec<(PersonId, Option<Instant>)> = logbook_review::table
        .inner_join(logbook_version::table.inner_join(logbook_entry::table))
        .inner_join(pairing::table.on(pairing::id.eq(logbook_entry::pairing_id)))
        .filter(pairing::apprentice_id.eq(apprentice))
        .group_by(logbook_review::reviewed_by)
        .select((logbook_review::reviewed_by, diesel::dsl::max(logbook_review::reviewed_at)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(by, at)| Some((by, at?))).collect())
}

/// An entry that waits for its mentor's signature.
#[derive(Clone, Debug, Queryable)]
pub struct Unsigned {
    pub version: VersionId,
    pub entry: EntryId,
    pub mentor: PersonId,
    pub apprentice: PersonId,
    pub task: String,
    pub written_at: Instant,
}

/// What was handed in between two moments and has no review, in open pairings: for reminders.
pub fn unsigned_between(conn: &mut Conn, from: Instant, until: Instant) -> Result<Vec<Unsigned>> {
    Ok(logbook_version::table
        .inner_join(logbook_entry::table.inner_join(pairing::table))
        .left_join(logbook_review::table)
        .filter(logbook_version::written_at.ge(from).and(logbook_version::written_at.lt(until)))
        .filter(logbook_review::version_id.is_null())
        .filter(pairing::ended_on.is_null())
        .order((logbook_version::written_at, logbook_version::id))
        .select((
            logbook_version::id,
            logbook_version::entry_id,
            pairing::mentor_id,
            pairing::apprentice_id,
            logbook_version::task,
            logbook_version::written_at,
        ))
        .load(conn)?)
}

/// The mentors of these people in open pairings, as apprentice and mentor.
pub fn mentors_of(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<(PersonId, PersonId)>> {
    let mut found = Vec::new();
    for some in people.chunks(500) {
        let rows: Vec<(PersonId, PersonId)> = pairing::table
            .filter(pairing::apprentice_id.eq_any(some.to_vec()))
            .filter(pairing::ended_on.is_null())
            .order(pairing::id)
            .select((pairing::apprentice_id, pairing::mentor_id))
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}
