//! All that reads and writes the tables `sitting`, `sitting_invigilator`, `registration` and
//! `accommodation`.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::{dsl::exists, prelude::*};

use super::model::{
    Accommodation, AccommodationId, Attendance, Registration, RegistrationId, Release, Sitting,
    SittingId,
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{accommodation, registration, site, sitting, sitting_invigilator},
    },
    record::{PersonId, ledger::Stamp},
    staff::{Site, SiteId, queries::Scope},
};

type Result<T> = std::result::Result<T, Error>;

/// Everything that is planned about a sitting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub exam: String,
    pub site: SiteId,
    pub room: String,
    pub times: super::rules::Times,
    pub seats: i64,
    pub entry_code: Option<String>,
    pub networks: Option<String>,
    pub release: Release,
    pub release_at: Option<Instant>,
    pub note: String,
}

pub fn add(
    conn: &mut Conn,
    code: &str,
    plan: &Plan,
    (by, at): (PersonId, Instant),
) -> Result<SittingId> {
    Ok(diesel::insert_into(sitting::table)
        .values((
            sitting::code.eq(code),
            sitting::exam.eq(&plan.exam),
            sitting::site_id.eq(plan.site),
            sitting::room.eq(&plan.room),
            sitting::opens_at.eq(plan.times.opens_at),
            sitting::start_by.eq(plan.times.start_by),
            sitting::hand_in_by.eq(plan.times.hand_in_by),
            sitting::seats.eq(plan.seats),
            sitting::register_from.eq(plan.times.register_from),
            sitting::register_by.eq(plan.times.register_by),
            sitting::entry_code.eq(&plan.entry_code),
            sitting::networks.eq(&plan.networks),
            sitting::release.eq(plan.release),
            sitting::release_at.eq(plan.release_at),
            sitting::note.eq(&plan.note),
            sitting::created_at.eq(at),
            sitting::created_by.eq(by),
            sitting::sequence.eq(0),
        ))
        .returning(sitting::id)
        .get_result(conn)?)
}

/// Plans it anew; which exam it is stays.
pub fn change(conn: &mut Conn, id: SittingId, plan: &Plan, sequence: i64) -> Result<()> {
    diesel::update(sitting::table.find(id))
        .set((
            sitting::site_id.eq(plan.site),
            sitting::room.eq(&plan.room),
            sitting::opens_at.eq(plan.times.opens_at),
            sitting::start_by.eq(plan.times.start_by),
            sitting::hand_in_by.eq(plan.times.hand_in_by),
            sitting::seats.eq(plan.seats),
            sitting::register_from.eq(plan.times.register_from),
            sitting::register_by.eq(plan.times.register_by),
            sitting::entry_code.eq(&plan.entry_code),
            sitting::networks.eq(&plan.networks),
            sitting::release.eq(plan.release),
            sitting::release_at.eq(plan.release_at),
            sitting::note.eq(&plan.note),
            sitting::sequence.eq(sequence),
        ))
        .execute(conn)?;
    Ok(())
}

/// Cancels it; calendars need one more in the sequence.
pub fn cancel(
    conn: &mut Conn,
    id: SittingId,
    why: &str,
    (by, at): (PersonId, Instant),
) -> Result<()> {
    diesel::update(sitting::table.find(id))
        .set((
            sitting::cancelled_at.eq(at),
            sitting::cancelled_by.eq(by),
            sitting::cancelled_why.eq(why),
            sitting::sequence.eq(sitting::sequence + 1),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn close(conn: &mut Conn, id: SittingId, (by, at): (PersonId, Instant)) -> Result<()> {
    diesel::update(sitting::table.find(id))
        .filter(sitting::closed_at.is_null())
        .set((sitting::closed_at.eq(at), sitting::closed_by.eq(by)))
        .execute(conn)?;
    Ok(())
}

pub fn by_code(conn: &mut Conn, code: &str) -> Result<Option<(Sitting, Site)>> {
    Ok(sitting::table
        .inner_join(site::table)
        .filter(sitting::code.eq(code))
        .select((Sitting::as_select(), Site::as_select()))
        .first(conn)
        .optional()?)
}

pub fn by_id(conn: &mut Conn, id: SittingId) -> Result<Option<Sitting>> {
    Ok(sitting::table.find(id).select(Sitting::as_select()).first(conn).optional()?)
}

/// Holds a sitting until this transaction ends, so that two do not take the last seat; answers
/// with what it is now. SQLite has one writer, so there it is held already.
pub fn hold(conn: &mut Conn, id: SittingId) -> Result<Option<Sitting>> {
    let found = match conn {
        Conn::Sqlite(_) => return by_id(conn, id),
        Conn::Postgres(conn) => sitting::table
            .find(id)
            .select(Sitting::as_select())
            .for_no_key_update()
            .first(conn)
            .optional()?,
    };
    Ok(found)
}

/// Whose list of sittings it is.
#[derive(Clone, Debug)]
pub enum Whose {
    /// Those somebody is registered for.
    Candidate(PersonId),
    Invigilator(PersonId),
    /// Those held at sites within a reach.
    Reach(Scope),
    /// Those held in somebody's region or above it.
    Near {
        region: String,
        above: Vec<SiteId>,
    },
}

/// What a list is narrowed to.
#[derive(Clone, Debug)]
pub struct Narrowed {
    pub whose: Whose,
    pub past: bool,
    pub exam: Option<String>,
}

/// A line of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub sitting: Sitting,
    pub site: Site,
    /// Seats taken.
    pub taken: i64,
}

/// Sittings, the next first; past ones, the last first.
pub fn list(
    conn: &mut Conn,
    wanted: &Narrowed,
    now: Instant,
    limit: i64,
    offset: i64,
) -> Result<Vec<Listed>> {
    let mut query = sitting::table.inner_join(site::table).into_boxed();
    query = match &wanted.whose {
        Whose::Candidate(person) => query.filter(exists(
            registration::table
                .filter(registration::sitting_id.eq(sitting::id))
                .filter(registration::person_id.eq(*person))
                .filter(registration::withdrawn_at.is_null()),
        )),
        Whose::Invigilator(person) => query.filter(exists(
            sitting_invigilator::table
                .filter(sitting_invigilator::sitting_id.eq(sitting::id))
                .filter(sitting_invigilator::person_id.eq(*person))
                .filter(sitting_invigilator::removed_at.is_null()),
        )),
        Whose::Reach(scope) => query.filter(site::id.eq_any(reached(conn, scope)?)),
        Whose::Near { region, above } => query.filter(
            site::lineage
                .like(format!("{region}%"))
                .or(site::id.eq_any(above.iter().map(|site| site.0))),
        ),
    };
    if let Some(exam) = &wanted.exam {
        query = query.filter(sitting::exam.eq(exam.clone()));
    }
    let over = sitting::closed_at.is_not_null().or(sitting::cancelled_at.is_not_null());
    query = if wanted.past {
        query
            .filter(sitting::start_by.lt(now).or(over))
            .order((sitting::opens_at.desc(), sitting::id.desc()))
    } else {
        query
            .filter(sitting::start_by.ge(now).and(diesel::dsl::not(over)))
            .order((sitting::opens_at, sitting::id))
    };
    let rows: Vec<(Sitting, Site)> = query
        .limit(limit)
        .offset(offset)
        .select((Sitting::as_select(), Site::as_select()))
        .load(conn)?;
    let ids: Vec<SittingId> = rows.iter().map(|(sitting, _)| sitting.id).collect();
    let taken = taken(conn, &ids)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(sitting, site)| Listed {
            taken: taken.get(&sitting.id).copied().unwrap_or(0),
            sitting,
            site,
        })
        .collect())
}

fn reached(conn: &mut Conn, scope: &Scope) -> Result<Vec<i64>> {
    let sites = crate::staff::queries::sites(conn, scope)?;
    Ok(sites.into_iter().map(|site| site.id.0).collect())
}

/// How many seats are taken.
pub fn taken(conn: &mut Conn, ids: &[SittingId]) -> Result<HashMap<SittingId, i64>> {
    let rows: Vec<(SittingId, i64)> = registration::table
        .filter(registration::sitting_id.eq_any(ids.iter().map(|id| id.0)))
        .filter(registration::withdrawn_at.is_null())
        .group_by(registration::sitting_id)
        .select((registration::sitting_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

pub fn seats_taken(conn: &mut Conn, id: SittingId) -> Result<i64> {
    Ok(taken(conn, &[id])?.get(&id).copied().unwrap_or(0))
}

/// The names on the list, in the order they were put down.
pub fn registrations(conn: &mut Conn, id: SittingId) -> Result<Vec<Registration>> {
    Ok(registration::table
        .filter(registration::sitting_id.eq(id).and(registration::withdrawn_at.is_null()))
        .order(registration::id)
        .limit(5000)
        .select(Registration::as_select())
        .load(conn)?)
}

pub fn registration_of(
    conn: &mut Conn,
    id: SittingId,
    person: PersonId,
) -> Result<Option<Registration>> {
    Ok(registration::table
        .filter(registration::sitting_id.eq(id).and(registration::person_id.eq(person)))
        .filter(registration::withdrawn_at.is_null())
        .select(Registration::as_select())
        .first(conn)
        .optional()?)
}

/// The sittings a person's name is down for that are still to come or under way.
pub fn registered_for(
    conn: &mut Conn,
    person: PersonId,
    from: Instant,
) -> Result<Vec<(Registration, Sitting, Site)>> {
    Ok(registration::table
        .inner_join(sitting::table.inner_join(site::table))
        .filter(registration::person_id.eq(person).and(registration::withdrawn_at.is_null()))
        .filter(sitting::cancelled_at.is_null().and(sitting::closed_at.is_null()))
        .filter(sitting::start_by.ge(from))
        .order((sitting::opens_at, sitting::id))
        .limit(200)
        .select((Registration::as_select(), Sitting::as_select(), Site::as_select()))
        .load(conn)?)
}

/// The sittings a person invigilates that are still to come or under way.
pub fn invigilated_by(conn: &mut Conn, person: PersonId, from: Instant) -> Result<Vec<Sitting>> {
    Ok(sitting_invigilator::table
        .inner_join(sitting::table)
        .filter(sitting_invigilator::person_id.eq(person))
        .filter(sitting_invigilator::removed_at.is_null())
        .filter(sitting::cancelled_at.is_null().and(sitting::closed_at.is_null()))
        .filter(sitting::start_by.ge(from))
        .order((sitting::opens_at, sitting::id))
        .limit(200)
        .select(Sitting::as_select())
        .load(conn)?)
}

/// What putting a name down takes.
pub struct NewRegistration<'a> {
    pub sitting: SittingId,
    pub person: PersonId,
    pub verdict: &'a str,
    pub content: ContentId,
}

pub fn register(
    conn: &mut Conn,
    new: &NewRegistration<'_>,
    (by, at): (PersonId, Instant),
) -> Result<RegistrationId> {
    Ok(diesel::insert_into(registration::table)
        .values((
            registration::sitting_id.eq(new.sitting),
            registration::person_id.eq(new.person),
            registration::registered_at.eq(at),
            registration::registered_by.eq(by),
            registration::verdict.eq(new.verdict),
            registration::content_id.eq(new.content),
        ))
        .returning(registration::id)
        .get_result(conn)?)
}

pub fn withdraw(
    conn: &mut Conn,
    id: RegistrationId,
    why: &str,
    (by, at): (PersonId, Instant),
) -> Result<()> {
    diesel::update(registration::table.find(id))
        .set((
            registration::withdrawn_at.eq(at),
            registration::withdrawn_by.eq(by),
            registration::withdrawn_why.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// How often a person's name was taken off the list of a sitting: calendars count on from there.
pub fn withdrawals(conn: &mut Conn, id: SittingId, person: PersonId) -> Result<i64> {
    Ok(registration::table
        .filter(registration::sitting_id.eq(id).and(registration::person_id.eq(person)))
        .filter(registration::withdrawn_at.is_not_null())
        .count()
        .get_result(conn)?)
}

pub fn set_attendance(
    conn: &mut Conn,
    id: RegistrationId,
    attendance: Attendance,
    note: &str,
    (by, at): (PersonId, Instant),
) -> Result<()> {
    diesel::update(registration::table.find(id))
        .set((
            registration::attendance.eq(attendance),
            registration::attendance_note.eq(Some(note).filter(|note| !note.is_empty())),
            registration::attendance_at.eq(at),
            registration::attendance_by.eq(by),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn invigilators(conn: &mut Conn, id: SittingId) -> Result<Vec<PersonId>> {
    Ok(sitting_invigilator::table
        .filter(sitting_invigilator::sitting_id.eq(id))
        .filter(sitting_invigilator::removed_at.is_null())
        .order(sitting_invigilator::id)
        .limit(500)
        .select(sitting_invigilator::person_id)
        .load(conn)?)
}

pub fn invigilates(conn: &mut Conn, id: SittingId, person: PersonId) -> Result<bool> {
    Ok(invigilators(conn, id)?.contains(&person))
}

pub fn assign(
    conn: &mut Conn,
    id: SittingId,
    person: PersonId,
    (by, at): (PersonId, Instant),
) -> Result<()> {
    diesel::insert_into(sitting_invigilator::table)
        .values((
            sitting_invigilator::sitting_id.eq(id),
            sitting_invigilator::person_id.eq(person),
            sitting_invigilator::assigned_at.eq(at),
            sitting_invigilator::assigned_by.eq(by),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn unassign(conn: &mut Conn, id: SittingId, person: PersonId, at: Instant) -> Result<()> {
    diesel::update(sitting_invigilator::table)
        .filter(sitting_invigilator::sitting_id.eq(id))
        .filter(sitting_invigilator::person_id.eq(person))
        .filter(sitting_invigilator::removed_at.is_null())
        .set(sitting_invigilator::removed_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// How often a person was taken off the watch of a sitting.
pub fn unassignments(conn: &mut Conn, id: SittingId, person: PersonId) -> Result<i64> {
    Ok(sitting_invigilator::table
        .filter(sitting_invigilator::sitting_id.eq(id))
        .filter(sitting_invigilator::person_id.eq(person))
        .filter(sitting_invigilator::removed_at.is_not_null())
        .count()
        .get_result(conn)?)
}

/// All that was ever granted to a person, newest first.
pub fn accommodations(conn: &mut Conn, person: PersonId) -> Result<Vec<Accommodation>> {
    Ok(accommodation::table
        .filter(accommodation::person_id.eq(person))
        .order(accommodation::id.desc())
        .limit(100)
        .select(Accommodation::as_select())
        .load(conn)?)
}

/// What is granted to these people and not ended.
pub fn accommodations_of(
    conn: &mut Conn,
    people: &[PersonId],
) -> Result<HashMap<PersonId, Vec<Accommodation>>> {
    let mut found: HashMap<PersonId, Vec<Accommodation>> = HashMap::new();
    for some in people.chunks(500) {
        let rows: Vec<Accommodation> = accommodation::table
            .filter(accommodation::person_id.eq_any(some.to_vec()))
            .filter(accommodation::ended_at.is_null())
            .order(accommodation::id)
            .select(Accommodation::as_select())
            .load(conn)?;
        for row in rows {
            found.entry(row.person_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// What is granted.
#[derive(Clone, Debug)]
pub struct NewAccommodation {
    pub extra_percent: i64,
    pub break_minutes: i64,
    pub note: String,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

pub fn grant(
    conn: &mut Conn,
    person: PersonId,
    new: &NewAccommodation,
    (by, at): (PersonId, Instant),
) -> Result<AccommodationId> {
    Ok(diesel::insert_into(accommodation::table)
        .values((
            accommodation::person_id.eq(person),
            accommodation::extra_percent.eq(new.extra_percent),
            accommodation::break_minutes.eq(new.break_minutes),
            accommodation::note.eq(&new.note),
            accommodation::from_day.eq(new.from),
            accommodation::through_day.eq(new.through),
            accommodation::granted_at.eq(at),
            accommodation::granted_by.eq(by),
        ))
        .returning(accommodation::id)
        .get_result(conn)?)
}

/// Ends a grant of this person; says whether there was one to end.
pub fn end_grant(
    conn: &mut Conn,
    id: AccommodationId,
    person: PersonId,
    stamp: Stamp,
) -> Result<bool> {
    let ended = diesel::update(accommodation::table.find(id))
        .filter(accommodation::person_id.eq(person).and(accommodation::ended_at.is_null()))
        .set((accommodation::ended_at.eq(stamp.at), accommodation::ended_by.eq(stamp.by)))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Sittings that open between two moments and were not cancelled, with their sites: for reminders.
pub fn opening_between(
    conn: &mut Conn,
    from: Instant,
    until: Instant,
) -> Result<Vec<(Sitting, Site)>> {
    Ok(sitting::table
        .inner_join(site::table)
        .filter(sitting::opens_at.ge(from).and(sitting::opens_at.lt(until)))
        .filter(sitting::cancelled_at.is_null().and(sitting::closed_at.is_null()))
        .order((sitting::opens_at, sitting::id))
        .select((Sitting::as_select(), Site::as_select()))
        .load(conn)?)
}

/// The names on the lists of these sittings.
pub fn registered_in(conn: &mut Conn, ids: &[SittingId]) -> Result<Vec<Registration>> {
    let mut found: Vec<Registration> = Vec::new();
    for some in ids.chunks(500) {
        found.extend(
            registration::table
                .filter(registration::sitting_id.eq_any(some.iter().map(|id| id.0)))
                .filter(registration::withdrawn_at.is_null())
                .order(registration::id)
                .select(Registration::as_select())
                .load::<Registration>(conn)?,
        );
    }
    Ok(found)
}
