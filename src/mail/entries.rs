//! Due days in people's calendars: told once, moved when they move, taken away when they are gone.
//!
//! Whoever writes to somebody about a due day calls [`announce`] in the transaction of the mail and
//! encloses what it gives. It knows what the person's calendar was told last, so the second mail
//! about the same day carries nothing.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{DayEntry, Letterhead, Method, Recipient};
use crate::{
    db::{Conn, Error, Instant, schema::calendar_entry},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

/// A day on which something is due for somebody.
#[derive(Clone, Debug)]
pub struct DueDay<'a> {
    /// What it is about; together with the person it makes the entry the same entry.
    pub kind: &'a str,
    pub id: i64,
    /// None when nothing is due any more: it was renewed, revoked, handed in.
    pub on: Option<NaiveDate>,
    /// In the person's language.
    pub summary: String,
    pub description: String,
    /// Path of the page.
    pub path: String,
}

/// What a person's calendar was told last.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = calendar_entry)]
struct Told {
    id: i64,
    uid: String,
    sequence: i64,
    on_day: NaiveDate,
    cancelled_at: Option<Instant>,
}

/// What the person's calendar is to be told about a due day, for [`super::Enclosed::calendar`]: a
/// new entry, the same entry on another day, a cancellation, or nothing when it knows already.
pub fn announce(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    due: &DueDay<'_>,
    now: Instant,
) -> Result<Option<String>> {
    let told = told(conn, to.person, (due.kind, due.id))?;
    let stands = told.as_ref().filter(|told| told.cancelled_at.is_none());
    let (method, on) = match (stands, due.on) {
        (Some(told), Some(on)) if told.on_day == on => return Ok(None),
        (None, None) => return Ok(None),
        (_, Some(on)) => (Method::Request, on),
        (Some(told), None) => (Method::Cancel, told.on_day),
    };
    let (uid, sequence) = match told {
        Some(told) => (change(conn, &told, method, on, now)?, told.sequence + 1),
        None => (add(conn, head, to.person, due, on, now)?, 0),
    };
    let entry = DayEntry {
        uid,
        sequence,
        method,
        stamp: now,
        on,
        summary: due.summary.clone(),
        description: due.description.clone(),
        url: head.link(&due.path),
        organizer: head.address().to_owned(),
        attendee: to.email.clone(),
    };
    Ok(Some(entry.to_ics()))
}

/// The day that stands in the person's calendar.
pub fn announced_day(
    conn: &mut Conn,
    person: PersonId,
    subject: (&str, i64),
) -> Result<Option<NaiveDate>> {
    let told = told(conn, person, subject)?;
    Ok(told.filter(|told| told.cancelled_at.is_none()).map(|told| told.on_day))
}

fn told(conn: &mut Conn, person: PersonId, (kind, id): (&str, i64)) -> Result<Option<Told>> {
    Ok(calendar_entry::table
        .filter(calendar_entry::person_id.eq(person))
        .filter(calendar_entry::subject_kind.eq(kind).and(calendar_entry::subject_id.eq(id)))
        .select(Told::as_select())
        .first(conn)
        .optional()?)
}

fn add(
    conn: &mut Conn,
    head: &Letterhead,
    person: PersonId,
    due: &DueDay<'_>,
    on: NaiveDate,
    now: Instant,
) -> Result<String> {
    let uid = format!("due-{}-{}-{person}@{}", due.kind, due.id, head.host());
    diesel::insert_into(calendar_entry::table)
        .values((
            calendar_entry::person_id.eq(person),
            calendar_entry::uid.eq(&uid),
            calendar_entry::subject_kind.eq(due.kind),
            calendar_entry::subject_id.eq(due.id),
            calendar_entry::sequence.eq(0),
            calendar_entry::on_day.eq(on),
            calendar_entry::sent_at.eq(now),
        ))
        .execute(conn)?;
    Ok(uid)
}

fn change(
    conn: &mut Conn,
    told: &Told,
    method: Method,
    on: NaiveDate,
    now: Instant,
) -> Result<String> {
    diesel::update(calendar_entry::table.find(told.id))
        .set((
            calendar_entry::sequence.eq(told.sequence + 1),
            calendar_entry::on_day.eq(on),
            calendar_entry::sent_at.eq(now),
            calendar_entry::cancelled_at.eq((method == Method::Cancel).then_some(now)),
        ))
        .execute(conn)?;
    Ok(told.uid.clone())
}
