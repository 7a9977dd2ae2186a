//! All that reads and writes the tables `reminder` and `lease`.

use std::collections::HashSet;

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;

use super::model::{Due, Key};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{lease, outbox, person, reminder},
    },
    each_backend,
    mail::OutboxId,
};

type Result<T> = std::result::Result<T, Error>;

/// The reminders of a rule that exist for due dates between two days.
pub fn planned(
    conn: &mut Conn,
    rule: &str,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<HashSet<Key>> {
    let rows: Vec<Key> = reminder::table
        .filter(reminder::rule.eq(rule))
        .filter(reminder::due_on.ge(first).and(reminder::due_on.le(last)))
        .order(reminder::id)
        .select((
            reminder::recipient_id,
            reminder::subject_kind,
            reminder::subject_id,
            reminder::due_on,
            reminder::days_before,
        ))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Enters a reminder in the ledger. The same one a second time is a unique violation, which takes
/// the mail written in the same transaction with it.
pub fn enter(conn: &mut Conn, due: &Due, mail: Option<OutboxId>, now: Instant) -> Result<()> {
    diesel::insert_into(reminder::table)
        .values((
            reminder::rule.eq(due.rule),
            reminder::recipient_id.eq(due.to.id),
            reminder::subject_kind.eq(due.subject.kind),
            reminder::subject_id.eq(due.subject.id),
            reminder::due_on.eq(due.due_on),
            reminder::days_before.eq(i64::from(due.days_before)),
            reminder::planned_at.eq(now),
            reminder::outbox_id.eq(mail),
        ))
        .execute(conn)?;
    Ok(())
}

/// A reminder of the past, for a list.
#[derive(Clone, Debug, Queryable)]
pub struct Past {
    pub planned_at: Instant,
    pub staff_no: String,
    pub name: String,
    pub due_on: NaiveDate,
    pub days_before: i64,
    /// None: there was no address to write to.
    pub mail: Option<(OutboxId, String, Option<Instant>, Option<Instant>)>,
}

/// The last reminders, newest first.
pub fn latest(conn: &mut Conn, limit: i64) -> Result<Vec<Past>> {
    Ok(reminder::table
        .inner_join(person::table)
        .left_join(outbox::table)
        .order(reminder::id.desc())
        .limit(limit)
        .select((
            reminder::planned_at,
            person::staff_no,
            person::name,
            reminder::due_on,
            reminder::days_before,
            (outbox::id, outbox::subject, outbox::sent_at, outbox::parked_at).nullable(),
        ))
        .load(conn)?)
}

const LEASE: &str = "reminders";
/// How long a planner that died keeps others out.
const LASTS: Duration = Duration::minutes(10);

/// The last run of any planner: when, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable)]
pub struct LastRun {
    pub at: Option<Instant>,
    pub result: Option<String>,
}

pub fn last_run(conn: &mut Conn) -> Result<LastRun> {
    let row = lease::table
        .find(LEASE)
        .select((lease::last_run_at, lease::last_result))
        .first(conn)
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// Takes the lease for a planner; false when another one holds it.
pub fn take_lease(conn: &mut Conn, holder: &str, now: Instant) -> Result<bool> {
    let free = (lease::name.eq(LEASE), lease::holder.eq(""), lease::until_at.eq(now));
    each_backend!(conn, |conn| diesel::insert_into(lease::table)
        .values(free)
        .on_conflict_do_nothing()
        .execute(conn))?;
    let taken = diesel::update(lease::table.find(LEASE))
        .filter(lease::until_at.le(now).or(lease::holder.eq(holder)))
        .set((lease::holder.eq(holder), lease::until_at.eq(now.plus(LASTS))))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Gives the lease back, with what came of the run.
pub fn give_back(conn: &mut Conn, holder: &str, result: &str, now: Instant) -> Result<()> {
    diesel::update(lease::table.find(LEASE))
        .filter(lease::holder.eq(holder))
        .set((lease::until_at.eq(now), lease::last_run_at.eq(now), lease::last_result.eq(result)))
        .execute(conn)?;
    Ok(())
}
