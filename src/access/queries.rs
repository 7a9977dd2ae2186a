//! All that reads and writes the tables of access: accounts, sessions, devices, links, grants.

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;

use super::model::{Grant, GrantId, Role};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            account, known_device, notice, one_time_link, person, role_grant, session,
            sign_in_attempt, site,
        },
    },
    record::{PersonId, period},
    staff::{Person, Site, SiteId, model},
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// A browser that is signed in.
    SessionId
}

/// How long a session lasts without being used, and in all.
pub const SESSION_IDLE: Duration = Duration::days(14);
pub const SESSION_MOST: Duration = Duration::days(90);

/// The condition under which a session counts, for a query over session and account.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn counts<'a>(token_hash: &'a [u8], now: Instant, seen_since: Instant) -> _ {
    session::token_hash
        .eq(token_hash)
        .and(session::ended_at.is_null())
        .and(session::expires_at.gt(now))
        .and(session::last_seen_at.gt(seen_since))
        .and(account::disabled_at.is_null())
}

/// A session that counts, its person, and every role they ever had.
pub struct SignedIn {
    pub session: SessionId,
    pub last_seen_at: Instant,
    pub person: Person,
    /// How many notices they have not read.
    pub unread: i64,
    grants: Vec<Grant>,
}

impl SignedIn {
    /// The roles in force on a day.
    pub fn grants_on(self, day: NaiveDate) -> Vec<Grant> {
        let in_force =
            |grant: &Grant| grant.starts_on <= day && grant.ends_on.is_none_or(|last| day <= last);
        self.grants.into_iter().filter(in_force).collect()
    }
}

/// Who a session token belongs to, while it lasts. One query, for every request asks it.
pub fn signed_in(conn: &mut Conn, token_hash: &[u8], now: Instant) -> Result<Option<SignedIn>> {
    type Row = (SessionId, Instant, Person, Option<i64>, Option<GrantRow>);
    let unread = notice::table
        .filter(notice::person_id.eq(session::person_id).and(notice::read_at.is_null()))
        .count()
        .single_value();
    let rows: Vec<Row> = session::table
        .inner_join(person::table)
        .inner_join(account::table.on(account::person_id.eq(session::person_id)))
        .left_join(
            role_grant::table
                .inner_join(site::table)
                .on(role_grant::person_id.eq(session::person_id)),
        )
        .filter(counts(token_hash, now, now.plus(-SESSION_IDLE)))
        .order(role_grant::id)
        .select((session::id, session::last_seen_at, Person::as_select(), unread, GRANT.nullable()))
        .load(conn)?;
    let mut grants = Vec::new();
    let mut who = None;
    for (session, last_seen_at, person, unread, row) in rows {
        who.get_or_insert((session, last_seen_at, person, unread.unwrap_or(0)));
        grants.extend(row.map(grant));
    }
    Ok(who.map(|(session, last_seen_at, person, unread)| SignedIn {
        session,
        last_seen_at,
        person,
        unread,
        grants,
    }))
}

pub fn begin_session(
    conn: &mut Conn,
    person: PersonId,
    token_hash: &[u8],
    address: &str,
    device: &str,
    now: Instant,
) -> Result<()> {
    diesel::insert_into(session::table)
        .values((
            session::token_hash.eq(token_hash),
            session::person_id.eq(person),
            session::created_at.eq(now),
            session::last_seen_at.eq(now),
            session::expires_at.eq(now.plus(SESSION_MOST)),
            session::address.eq(address),
            session::device.eq(device),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn touch_session(conn: &mut Conn, id: SessionId, now: Instant) -> Result<()> {
    diesel::update(session::table.find(id)).set(session::last_seen_at.eq(now)).execute(conn)?;
    Ok(())
}

pub fn end_session(conn: &mut Conn, token_hash: &[u8], now: Instant) -> Result<()> {
    diesel::update(session::table.filter(session::token_hash.eq(token_hash)))
        .filter(session::ended_at.is_null())
        .set(session::ended_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Signs a person out of every browser.
pub fn end_sessions(conn: &mut Conn, person: PersonId, now: Instant) -> Result<usize> {
    Ok(diesel::update(session::table.filter(session::person_id.eq(person)))
        .filter(session::ended_at.is_null())
        .set(session::ended_at.eq(now))
        .execute(conn)?)
}

/// Where a person is signed in: address, device, since, last seen.
pub fn sessions_of(
    conn: &mut Conn,
    person: PersonId,
    now: Instant,
) -> Result<Vec<(String, String, Instant, Instant)>> {
    Ok(session::table
        .filter(session::person_id.eq(person))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now))
        .filter(session::last_seen_at.gt(now.plus(-SESSION_IDLE)))
        .order((session::last_seen_at.desc(), session::id.desc()))
        .limit(50)
        .select((session::address, session::device, session::created_at, session::last_seen_at))
        .load(conn)?)
}

/// The password hash of an account that may sign in.
pub fn password_of(conn: &mut Conn, person: PersonId) -> Result<Option<String>> {
    Ok(account::table
        .find(person)
        .filter(account::disabled_at.is_null())
        .select(account::password_hash)
        .first::<Option<String>>(conn)
        .optional()?
        .flatten())
}

/// Sets a password; opens the account when the person has none yet.
pub fn set_password(conn: &mut Conn, person: PersonId, hash: &str, now: Instant) -> Result<()> {
    let changed = diesel::update(account::table.find(person))
        .set((account::password_hash.eq(hash), account::password_set_at.eq(now)))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(account::table)
            .values((
                account::person_id.eq(person),
                account::password_hash.eq(hash),
                account::password_set_at.eq(now),
                account::created_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// People whose account was closed: they get no reminders.
pub fn closed_accounts(conn: &mut Conn) -> Result<std::collections::HashSet<PersonId>> {
    let closed = account::table.filter(account::disabled_at.is_not_null());
    let ids: Vec<PersonId> =
        closed.order(account::person_id).select(account::person_id).load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Those of these people whose account was closed.
pub fn closed_among(
    conn: &mut Conn,
    people: &[PersonId],
) -> Result<std::collections::HashSet<PersonId>> {
    let mut closed = std::collections::HashSet::new();
    for some in people.chunks(500) {
        let ids: Vec<PersonId> = account::table
            .filter(account::person_id.eq_any(some.to_vec()))
            .filter(account::disabled_at.is_not_null())
            .order(account::person_id)
            .select(account::person_id)
            .load(conn)?;
        closed.extend(ids);
    }
    Ok(closed)
}

/// Somebody who holds a role for a time.
#[derive(Clone, Debug, Queryable)]
pub struct Holder {
    pub role: Role,
    pub person: PersonId,
    /// The part of the tree it reaches.
    pub lineage: String,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
}

impl Holder {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|last| day <= last)
    }
}

/// Everybody who holds one of these roles on a day, or on the day before or after it: that day may
/// be today where they work.
pub fn holders_about(conn: &mut Conn, roles: &[Role], day: NaiveDate) -> Result<Vec<Holder>> {
    let (yesterday, tomorrow) = (period::day_before(day), period::next_day(day));
    let words: Vec<&str> = roles.iter().map(|role| role.word()).collect();
    Ok(role_grant::table
        .inner_join(site::table)
        .filter(role_grant::role.eq_any(words))
        .filter(role_grant::starts_on.le(tomorrow))
        .filter(role_grant::ends_on.is_null().or(role_grant::ends_on.ge(yesterday)))
        .order(role_grant::id)
        .select((
            role_grant::role,
            role_grant::person_id,
            site::lineage,
            role_grant::starts_on,
            role_grant::ends_on,
        ))
        .load(conn)?)
}

pub fn has_account(conn: &mut Conn, person: PersonId) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(account::table.find(person))).get_result(conn)?)
}

pub fn any_account(conn: &mut Conn) -> Result<bool> {
    Ok(account::table.select(account::person_id).first::<PersonId>(conn).optional()?.is_some())
}

/// The window in which failed sign-ins count.
pub const WINDOW: Duration = Duration::minutes(15);

pub fn note_attempt(
    conn: &mut Conn,
    person: Option<PersonId>,
    address: &str,
    succeeded: bool,
    now: Instant,
) -> Result<()> {
    diesel::insert_into(sign_in_attempt::table)
        .values((
            sign_in_attempt::person_id.eq(person),
            sign_in_attempt::address.eq(address),
            sign_in_attempt::at.eq(now),
            sign_in_attempt::succeeded.eq(succeeded),
        ))
        .execute(conn)?;
    // Attempts are kept only as long as they count, or the table would grow with every attack.
    diesel::delete(sign_in_attempt::table.filter(sign_in_attempt::at.lt(now.plus(-WINDOW * 4))))
        .execute(conn)?;
    Ok(())
}

/// Recent failures: for the account and for the address.
pub fn recent_failures(
    conn: &mut Conn,
    person: Option<PersonId>,
    address: &str,
    now: Instant,
) -> Result<(i64, i64)> {
    let recent = sign_in_attempt::table
        .filter(sign_in_attempt::at.gt(now.plus(-WINDOW)))
        .filter(sign_in_attempt::succeeded.eq(false));
    let of_account = match person {
        Some(person) => {
            recent.filter(sign_in_attempt::person_id.eq(person)).count().get_result(conn)?
        }
        None => 0,
    };
    let of_address =
        recent.filter(sign_in_attempt::address.eq(address)).count().get_result(conn)?;
    Ok((of_account, of_address))
}

pub fn knows_device(conn: &mut Conn, person: PersonId, token_hash: &[u8]) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(
        known_device::table
            .filter(known_device::person_id.eq(person))
            .filter(known_device::token_hash.eq(token_hash)),
    ))
    .get_result(conn)?)
}

pub fn remember_device(
    conn: &mut Conn,
    person: PersonId,
    token_hash: &[u8],
    now: Instant,
) -> Result<()> {
    if knows_device(conn, person, token_hash)? {
        return Ok(());
    }
    diesel::insert_into(known_device::table)
        .values((
            known_device::token_hash.eq(token_hash),
            known_device::person_id.eq(person),
            known_device::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

crate::words! {
    /// What a one-time link is for.
    Purpose {
        FirstAdministrator = "first-administrator",
        SetPassword = "set-password",
    }
}

pub fn add_link(
    conn: &mut Conn,
    purpose: Purpose,
    person: Option<PersonId>,
    token_hash: &[u8],
    expires_at: Instant,
    now: Instant,
) -> Result<()> {
    diesel::insert_into(one_time_link::table)
        .values((
            one_time_link::purpose.eq(purpose),
            one_time_link::token_hash.eq(token_hash),
            one_time_link::person_id.eq(person),
            one_time_link::created_at.eq(now),
            one_time_link::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// What an unused link that has not run out is for.
pub fn link_for(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Instant,
) -> Result<Option<(Purpose, Option<PersonId>)>> {
    Ok(one_time_link::table
        .filter(one_time_link::token_hash.eq(token_hash))
        .filter(one_time_link::used_at.is_null())
        .filter(one_time_link::expires_at.gt(now))
        .select((one_time_link::purpose, one_time_link::person_id))
        .first(conn)
        .optional()?)
}

/// Uses a link up; of two at once only one succeeds.
pub fn use_link_up(conn: &mut Conn, token_hash: &[u8], now: Instant) -> Result<bool> {
    let used =
        diesel::update(one_time_link::table.filter(one_time_link::token_hash.eq(token_hash)))
            .filter(one_time_link::used_at.is_null())
            .filter(one_time_link::expires_at.gt(now))
            .set(one_time_link::used_at.eq(now))
            .execute(conn)?;
    Ok(used == 1)
}

/// The roles of a person in force on a day.
pub fn grants_of(conn: &mut Conn, person: PersonId, day: NaiveDate) -> Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = role_grant::table
        .inner_join(site::table)
        .filter(role_grant::person_id.eq(person))
        .filter(role_grant::starts_on.le(day))
        .filter(role_grant::ends_on.is_null().or(role_grant::ends_on.ge(day)))
        .order(role_grant::id)
        .select(GRANT)
        .load(conn)?;
    Ok(rows.into_iter().map(grant).collect())
}

type GrantRow = (GrantId, PersonId, Role, SiteId, String, NaiveDate, Option<NaiveDate>);

const GRANT: (
    role_grant::id,
    role_grant::person_id,
    role_grant::role,
    role_grant::site_id,
    site::lineage,
    role_grant::starts_on,
    role_grant::ends_on,
) = (
    role_grant::id,
    role_grant::person_id,
    role_grant::role,
    role_grant::site_id,
    site::lineage,
    role_grant::starts_on,
    role_grant::ends_on,
);

fn grant((id, person, role, site, lineage, starts_on, ends_on): GrantRow) -> Grant {
    Grant { id, person, role, site, lineage, starts_on, ends_on }
}

/// Everybody who holds a role that reaches a site on a day: the site's own and those above it.
pub fn holders_reaching(
    conn: &mut Conn,
    role: Role,
    lineage: &str,
    day: NaiveDate,
) -> Result<Vec<PersonId>> {
    let rows: Vec<(PersonId, String)> = role_grant::table
        .inner_join(site::table)
        .filter(role_grant::role.eq(role))
        .filter(role_grant::starts_on.le(day))
        .filter(role_grant::ends_on.is_null().or(role_grant::ends_on.ge(day)))
        .order(role_grant::id)
        .select((role_grant::person_id, site::lineage))
        .load(conn)?;
    Ok(rows.into_iter().filter(|(_, root)| lineage.starts_with(root)).map(|(id, _)| id).collect())
}

/// Grants at sites below the given parts of the tree, in force or yet to begin.
pub fn grants_below(
    conn: &mut Conn,
    lineages: &[String],
    day: NaiveDate,
    limit: i64,
) -> Result<Vec<(Grant, Person, Site)>> {
    let rows: Vec<(GrantRow, Person, Site)> = role_grant::table
        .inner_join(site::table)
        .inner_join(person::table.on(person::id.eq(role_grant::person_id)))
        .filter(role_grant::ends_on.is_null().or(role_grant::ends_on.ge(day)))
        .order((site::lineage, role_grant::role, person::staff_no, role_grant::id))
        .limit(limit)
        .select((GRANT, Person::as_select(), model::Site::as_select()))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(_, _, site)| lineages.iter().any(|root| site.lineage.starts_with(root)))
        .map(|(row, person, site)| (grant(row), person, site))
        .collect())
}

pub fn add_grant(
    conn: &mut Conn,
    person: PersonId,
    role: Role,
    site: SiteId,
    starts_on: NaiveDate,
    by: Option<PersonId>,
    now: Instant,
) -> Result<GrantId> {
    Ok(diesel::insert_into(role_grant::table)
        .values((
            role_grant::person_id.eq(person),
            role_grant::role.eq(role),
            role_grant::site_id.eq(site),
            role_grant::starts_on.eq(starts_on),
            role_grant::granted_at.eq(now),
            role_grant::granted_by.eq(by),
        ))
        .returning(role_grant::id)
        .get_result(conn)?)
}

pub fn find_grant(conn: &mut Conn, id: GrantId) -> Result<Option<Grant>> {
    let row: Option<GrantRow> = role_grant::table
        .inner_join(site::table)
        .filter(role_grant::id.eq(id))
        .select(GRANT)
        .first(conn)
        .optional()?;
    Ok(row.map(grant))
}

/// Takes a role away after a day (usually the day before today, so that it ends at once).
pub fn end_grant(conn: &mut Conn, id: GrantId, last_day: NaiveDate) -> Result<()> {
    let starts_on: NaiveDate =
        role_grant::table.find(id).select(role_grant::starts_on).first(conn)?;
    // A role given today and taken away today was held for a day: the row says so.
    diesel::update(role_grant::table.find(id))
        .set(role_grant::ends_on.eq(last_day.max(starts_on)))
        .execute(conn)?;
    Ok(())
}
