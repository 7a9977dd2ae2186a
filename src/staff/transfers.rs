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

impl NewAssignment<'_> {
    /// What the record will say of it.
    pub fn facts(&self) -> [NewFact; 2] {
        [
            NewFact::new(Kind::Employment, self.occupation, self.starts_on).through(self.ends_on),
            NewFact::new(Kind::Position, self.position, self.starts_on).through(self.ends_on),
        ]
    }
}

/// Records an assignment and the facts that follow from it.
pub fn assign(conn: &mut Conn, new: &NewAssignment<'_>, stamp: Stamp) -> Result<AssignmentId> {
    let id = add_assignment(conn, new, stamp)?;
    record(conn, id, new, stamp)?;
    Ok(id)
}

/// The row alone, for imports: they record the facts of many people together.
pub fn add_assignment(
    conn: &mut Conn,
    new: &NewAssignment<'_>,
    stamp: Stamp,
) -> Result<AssignmentId> {
    Ok(diesel::insert_into(assignment::table)
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
        .get_result(conn)?)
}

fn record(conn: &mut Conn, id: AssignmentId, new: &NewAssignment<'_>, stamp: Stamp) -> Result<()> {
    for fact in new.facts() {
        ledger::append(conn, new.person, &fact, Source::new(SOURCE, id.0), stamp)?;
    }
    Ok(())
}

/// What the record says an assignment counts for; the position itself where it says nothing.
pub fn occupation_of(conn: &mut Conn, held: &Assignment) -> Result<String> {
    let said = ledger::said_by(conn, Kind::Employment, SOURCE, held.id.0)?;
    Ok(said.unwrap_or_else(|| held.position.clone()))
}

/// Moves a person from what they hold to another assignment. The old one ends the day before, so
/// tenure has no gap; a move on the very day it began corrects it in place.
pub fn transfer(
    conn: &mut Conn,
    held: &Assignment,
    next: &NewAssignment<'_>,
    why: &str,
    stamp: Stamp,
) -> Result<AssignmentId> {
    if next.starts_on <= held.starts_on {
        amend(
            conn,
            held.id,
            &NewAssignment { starts_on: held.starts_on, ..next.clone() },
            why,
            stamp,
        )?;
        return Ok(held.id);
    }
    let last = next.starts_on.pred_opt().unwrap_or(next.starts_on);
    if held.ends_on.is_none_or(|end| end > last) {
        let occupation = occupation_of(conn, held)?;
        end(conn, held, &occupation, last, why, stamp)?;
    }
    assign(conn, next, stamp)
}

/// Corrects an assignment: its facts are voided and said again.
pub fn amend(
    conn: &mut Conn,
    id: AssignmentId,
    new: &NewAssignment<'_>,
    why: &str,
    stamp: Stamp,
) -> Result<()> {
    diesel::update(assignment::table.find(id))
        .set((
            assignment::site_id.eq(new.site),
            assignment::position.eq(new.position),
            assignment::manager_id.eq(new.manager),
            assignment::starts_on.eq(new.starts_on),
            assignment::ends_on.eq(new.ends_on),
        ))
        .execute(conn)?;
    ledger::void_source(conn, SOURCE, id.0, why, stamp)?;
    record(conn, id, new, stamp)
}

/// Takes an assignment back as if it had never been; its facts stay in the record as voided.
pub fn withdraw(conn: &mut Conn, id: AssignmentId, why: &str, stamp: Stamp) -> Result<()> {
    ledger::void_source(conn, SOURCE, id.0, why, stamp)?;
    diesel::delete(assignment::table.find(id)).execute(conn)?;
    Ok(())
}

/// Changes what identifies and reaches a person.
pub fn update_person(conn: &mut Conn, id: PersonId, new: &NewPerson<'_>) -> Result<()> {
    diesel::update(person::table.find(id))
        .set((
            person::name.eq(new.name),
            person::name_en.eq(new.name_en),
            person::email.eq(new.email.map(str::to_lowercase)),
            person::phone.eq(new.phone),
            person::language.eq(LangColumn(new.lang)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Changes a site, and moves it with all below it when it got another parent.
pub fn update_site(conn: &mut Conn, id: SiteId, new: &NewSite<'_>) -> Result<()> {
    let before: String = site::table.find(id).select(site::lineage).first(conn)?;
    let above: String = match new.parent {
        Some(parent) => site::table.find(parent).select(site::lineage).first(conn)?,
        None => "/".to_owned(),
    };
    diesel::update(site::table.find(id))
        .set((
            site::name.eq(new.name),
            site::name_en.eq(new.name_en),
            site::parent_id.eq(new.parent),
            site::kind.eq(new.kind),
            site::time_zone.eq(new.time_zone),
        ))
        .execute(conn)?;
    let after = format!("{above}{id}/");
    if after == before {
        return Ok(());
    }
    let moved: Vec<(SiteId, String)> = site::table
        .filter(site::lineage.like(format!("{before}%")))
        .order(site::id)
        .select((site::id, site::lineage))
        .load(conn)?;
    for (id, lineage) in moved {
        let lineage = format!("{after}{}", &lineage[before.len()..]);
        diesel::update(site::table.find(id)).set(site::lineage.eq(lineage)).execute(conn)?;
    }
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
