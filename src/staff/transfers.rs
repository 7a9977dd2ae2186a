//! Hiring, moving and leaving: assignments and the facts they write.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{AssignmentId, SiteId};
use crate::{
    db::{
        Conn, Error,
        schema::{assignment, person, site},
        types::LangColumn,
    },
    i18n::Lang,
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
    staff::model::{Assignment, SiteKind},
};

type Result<T> = std::result::Result<T, Error>;

/// The source of the facts an assignment writes.
pub const SOURCE: &str = "assignment";

/// A site to be added below another.
#[derive(Clone, Debug)]
pub struct NewSite<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub name_en: Option<&'a str>,
    pub kind: SiteKind,
    pub time_zone: &'a str,
    pub parent: Option<SiteId>,
}

/// Adds a site to the tree.
pub fn add_site(conn: &mut Conn, new: &NewSite<'_>, stamp: Stamp) -> Result<SiteId> {
    let above: String = match new.parent {
        Some(parent) => site::table.find(parent).select(site::lineage).first(conn)?,
        None => "/".to_owned(),
    };
    let id: SiteId = diesel::insert_into(site::table)
        .values((
            site::code.eq(new.code),
            site::name.eq(new.name),
            site::name_en.eq(new.name_en),
            site::parent_id.eq(new.parent),
            site::kind.eq(new.kind),
            site::time_zone.eq(new.time_zone),
            // Unique until the id is known.
            site::lineage.eq(format!("new:{}", new.code)),
            site::created_at.eq(stamp.at),
        ))
        .returning(site::id)
        .get_result(conn)?;
    diesel::update(site::table.find(id))
        .set(site::lineage.eq(format!("{above}{id}/")))
        .execute(conn)?;
    Ok(id)
}

/// A person to be added, with what identifies and reaches them.
#[derive(Clone, Debug)]
pub struct NewPerson<'a> {
    pub staff_no: &'a str,
    pub name: &'a str,
    pub name_en: Option<&'a str>,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
    pub lang: Lang,
}

pub fn add_person(conn: &mut Conn, new: &NewPerson<'_>, stamp: Stamp) -> Result<PersonId> {
    Ok(diesel::insert_into(person::table)
        .values((
            person::staff_no.eq(new.staff_no),
            person::name.eq(new.name),
            person::name_en.eq(new.name_en),
            person::email.eq(new.email.map(str::to_lowercase)),
            person::phone.eq(new.phone),
            person::language.eq(LangColumn(new.lang)),
            person::created_at.eq(stamp.at),
        ))
        .returning(person::id)
        .get_result(conn)?)
}

/// A position at a site from a day on.
#[derive(Clone, Debug)]
pub struct NewAssignment<'a> {
    pub person: PersonId,
    pub site: SiteId,
    pub position: &'a str,
    /// What the position counts for in tenure.
    pub occupation: &'a str,
    pub manager: Option<PersonId>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
}

/// Records an assignment and the facts that follow from it.
pub fn assign(conn: &mut Conn, new: &NewAssignment<'_>, stamp: Stamp) -> Result<AssignmentId> {
    let id: AssignmentId = diesel::insert_into(assignment::table)
        .values((
            assignment::person_id.eq(new.person),
            assignment::site_id.eq(new.site),
            assignment::position.eq(new.position),
            assignment::manager_id.eq(new.manager),
            assignment::starts_on.eq(new.starts_on),
            assignment::ends_on.eq(new.ends_on),
            assignment::recorded_at.eq(stamp.at),
            assignment::recorded_by.eq(stamp.by),
        ))
        .returning(assignment::id)
        .get_result(conn)?;
    record(conn, id, new, stamp)?;
    Ok(id)
}

fn record(conn: &mut Conn, id: AssignmentId, new: &NewAssignment<'_>, stamp: Stamp) -> Result<()> {
    let source = Source::new(SOURCE, id.0);
    let employment =
        NewFact::new(Kind::Employment, new.occupation, new.starts_on).through(new.ends_on);
    ledger::append(conn, new.person, &employment, source, stamp)?;
    let position = NewFact::new(Kind::Position, new.position, new.starts_on).through(new.ends_on);
    ledger::append(conn, new.person, &position, source, stamp)?;
    Ok(())
}

/// Ends an assignment on a day: its open facts are voided and said again with their end.
pub fn end(
    conn: &mut Conn,
    held: &Assignment,
    occupation: &str,
    on: NaiveDate,
    why: &str,
    stamp: Stamp,
) -> Result<()> {
    diesel::update(assignment::table.find(held.id))
        .set(assignment::ends_on.eq(on))
        .execute(conn)?;
    ledger::void_source(conn, SOURCE, held.id.0, why, stamp)?;
    let ended = NewAssignment {
        person: held.person_id,
        site: held.site_id,
        position: &held.position,
        occupation,
        manager: held.manager_id,
        starts_on: held.starts_on,
        ends_on: Some(on),
    };
    record(conn, held.id, &ended, stamp)
}
