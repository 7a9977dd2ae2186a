//! All that reads and writes the tables `import_run` and `import_change`, and the whole staff list
//! as an import compares it.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ImportKind, Report};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{assignment, import_change, import_run, person},
    },
    record::{FactId, Kind, PersonId, ledger, ledger::Stamp},
    staff::{Assignment, Person, Site},
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// An import that was carried out.
    RunId
}

/// An import that was carried out, and whether it was taken back.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = import_run)]
pub struct Run {
    pub id: RunId,
    pub kind: ImportKind,
    pub file_name: String,
    pub file_digest: String,
    pub added: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub imported_at: Instant,
    pub imported_by: Option<PersonId>,
    pub undone_at: Option<Instant>,
    pub undone_by: Option<PersonId>,
}

pub(super) fn add_run(conn: &mut Conn, plan: &Report, stamp: Stamp) -> Result<RunId> {
    Ok(diesel::insert_into(import_run::table)
        .values((
            import_run::kind.eq(plan.kind),
            import_run::file_name.eq(&plan.file_name),
            import_run::file_digest.eq(&plan.file_digest),
            import_run::added.eq(plan.added as i64),
            import_run::changed.eq(plan.changed as i64),
            import_run::unchanged.eq(plan.unchanged as i64),
            import_run::imported_at.eq(stamp.at),
            import_run::imported_by.eq(stamp.by),
        ))
        .returning(import_run::id)
        .get_result(conn)?)
}

/// Past imports, newest first, with who did them.
pub fn runs(
    conn: &mut Conn,
    by: Option<PersonId>,
    limit: i64,
) -> Result<Vec<(Run, Option<String>)>> {
    let mut query = import_run::table
        .left_join(person::table.on(person::id.nullable().eq(import_run::imported_by)))
        .into_boxed();
    if let Some(by) = by {
        query = query.filter(import_run::imported_by.eq(by));
    }
    Ok(query
        .order(import_run::id.desc())
        .limit(limit)
        .select((Run::as_select(), person::staff_no.nullable()))
        .load(conn)?)
}

pub fn run(conn: &mut Conn, id: RunId) -> Result<Option<Run>> {
    Ok(import_run::table.find(id).select(Run::as_select()).first(conn).optional()?)
}

/// The last import that was not taken back: the one that can be.
pub fn last_run(conn: &mut Conn) -> Result<Option<Run>> {
    Ok(import_run::table
        .filter(import_run::undone_at.is_null())
        .order(import_run::id.desc())
        .select(Run::as_select())
        .first(conn)
        .optional()?)
}

pub(super) fn mark_undone(conn: &mut Conn, id: RunId, stamp: Stamp) -> Result<()> {
    diesel::update(import_run::table.find(id))
        .set((import_run::undone_at.eq(stamp.at), import_run::undone_by.eq(stamp.by)))
        .execute(conn)?;
    Ok(())
}

crate::words! {
    /// What a line changed.
    Entity {
        Site = "site",
        Person = "person",
        Assignment = "assignment",
    }
}

/// One row that an import added or changed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = import_change)]
pub(super) struct Changed {
    pub line: i64,
    pub entity: Entity,
    pub entity_id: i64,
    pub before: Option<String>,
}

/// Keeps what a row was before; nothing where the import added it.
pub(super) fn add_change<T: Serialize>(
    conn: &mut Conn,
    run: RunId,
    line: u64,
    (entity, id): (Entity, i64),
    before: Option<&T>,
) -> Result<()> {
    diesel::insert_into(import_change::table)
        .values((
            import_change::run_id.eq(run),
            import_change::line.eq(line as i64),
            import_change::entity.eq(entity),
            import_change::entity_id.eq(id),
            import_change::before.eq(before.and_then(|row| serde_json::to_string(row).ok())),
        ))
        .execute(conn)?;
    Ok(())
}

/// What a run changed, last first: the order in which it is taken back.
pub(super) fn changes_of(conn: &mut Conn, run: RunId) -> Result<Vec<Changed>> {
    Ok(import_change::table
        .filter(import_change::run_id.eq(run))
        .order(import_change::id.desc())
        .select(Changed::as_select())
        .load(conn)?)
}

/// A person's row as it was, with the birthday the record had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PersonBefore {
    pub name: String,
    pub name_en: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub language: crate::i18n::Lang,
    pub born_on: Option<NaiveDate>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AssignmentBefore {
    pub site: i64,
    pub position: String,
    pub occupation: String,
    pub manager: Option<i64>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SiteBefore {
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    pub parent: Option<i64>,
    pub kind: crate::staff::SiteKind,
    pub time_zone: String,
}

impl SiteBefore {
    pub fn of(site: &Site) -> SiteBefore {
        SiteBefore {
            code: site.code.clone(),
            name: site.name.clone(),
            name_en: site.name_en.clone(),
            parent: site.parent_id.map(|id| id.0),
            kind: site.kind,
            time_zone: site.time_zone.clone(),
        }
    }
}

/// Somebody as they stand in the database.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub person: Person,
    pub birth: Option<(FactId, NaiveDate)>,
    /// The first day of the first assignment.
    pub first_on: Option<NaiveDate>,
    pub held: Option<Assignment>,
    /// Added by this very import.
    pub fresh: bool,
}

/// Everybody, by staff number: comparing a whole staff list needs no query a line.
pub(super) fn everybody(conn: &mut Conn) -> Result<HashMap<String, Known>> {
    let people: Vec<Person> =
        person::table.order(person::id).select(Person::as_select()).load(conn)?;
    let mut held: HashMap<PersonId, (NaiveDate, Assignment)> = HashMap::new();
    let assignments: Vec<Assignment> = assignment::table
        .order((assignment::person_id, assignment::starts_on))
        .select(Assignment::as_select())
        .load(conn)?;
    for row in assignments {
        let first = held.get(&row.person_id).map_or(row.starts_on, |(first, _)| *first);
        held.insert(row.person_id, (first, row));
    }
    let births = ledger::days_of_kind(conn, Kind::Birth)?;
    let births: HashMap<PersonId, (FactId, NaiveDate)> =
        births.into_iter().map(|(person, id, day)| (person, (id, day))).collect();
    let known = people.into_iter().map(|person| {
        let (first_on, held) = held.remove(&person.id).unzip();
        let birth = births.get(&person.id).copied();
        (person.staff_no.clone(), Known { person, birth, first_on, held, fresh: false })
    });
    Ok(known.collect())
}

/// Staff numbers with their ids and the site of the last assignment.
pub(super) fn staff_numbers(
    conn: &mut Conn,
) -> Result<Vec<(String, PersonId, Option<crate::staff::SiteId>)>> {
    Ok(person::table
        .left_join(assignment::table.on(assignment::person_id.eq(person::id)))
        .order((person::id, assignment::starts_on))
        .select((person::staff_no, person::id, assignment::site_id.nullable()))
        .load(conn)?)
}

/// Whether anything that the run did not make hangs on an assignment, a person or a site.
pub(super) fn later_assignments(conn: &mut Conn, person: PersonId, last: i64) -> Result<i64> {
    Ok(assignment::table
        .filter(assignment::person_id.eq(person))
        .filter(assignment::id.gt(crate::staff::model::AssignmentId(last)))
        .count()
        .get_result(conn)?)
}

pub(super) fn assignment(conn: &mut Conn, id: i64) -> Result<Option<Assignment>> {
    Ok(assignment::table
        .find(crate::staff::model::AssignmentId(id))
        .select(Assignment::as_select())
        .first(conn)
        .optional()?)
}
