//! All that reads and writes the table `calendar_feed`, and what moved in `calendar_entry`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use diesel::{dsl::exists, prelude::*};

use crate::{
    access::links,
    db::{
        Conn, Error, Instant,
        schema::{calendar_entry, calendar_feed, certificate, certificate_act, fact},
    },
    each_backend,
    record::{Kind, PersonId},
};

type Result<T> = std::result::Result<T, Error>;

/// The address a person's calendar has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = calendar_feed)]
pub struct Feed {
    pub person_id: PersonId,
    pub made_at: Instant,
    pub last_read_at: Option<Instant>,
}

/// What is kept of a secret.
pub fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(links::digest(secret))
}

pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Option<Feed>> {
    Ok(calendar_feed::table.find(person).select(Feed::as_select()).first(conn).optional()?)
}

pub fn by_secret(conn: &mut Conn, secret: &str) -> Result<Option<Feed>> {
    let found = calendar_feed::table.filter(calendar_feed::digest.eq(digest(secret)));
    Ok(found.select(Feed::as_select()).first(conn).optional()?)
}

/// Gives the calendar this address; the one it had ends. False when it has it already.
pub fn set(conn: &mut Conn, person: PersonId, secret: &str, now: Instant) -> Result<bool> {
    let digest = digest(secret);
    let same = calendar_feed::table.find(person).filter(calendar_feed::digest.eq(&digest));
    if same.select(calendar_feed::person_id).first::<PersonId>(conn).optional()?.is_some() {
        return Ok(false);
    }
    let row = (
        calendar_feed::person_id.eq(person),
        calendar_feed::digest.eq(&digest),
        calendar_feed::made_at.eq(now),
        calendar_feed::last_read_at.eq(None::<Instant>),
    );
    each_backend!(conn, |conn| diesel::insert_into(calendar_feed::table)
        .values(row)
        .on_conflict(calendar_feed::person_id)
        .do_update()
        .set(row)
        .execute(conn))?;
    Ok(true)
}

pub fn end(conn: &mut Conn, person: PersonId) -> Result<usize> {
    Ok(diesel::delete(calendar_feed::table.find(person)).execute(conn)?)
}

pub fn note_read(conn: &mut Conn, person: PersonId, now: Instant) -> Result<()> {
    diesel::update(calendar_feed::table.find(person))
        .set(calendar_feed::last_read_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// A due day that stands in somebody's calendar.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = calendar_entry)]
pub struct Told {
    pub id: i64,
    pub person_id: PersonId,
    pub subject_kind: String,
    pub subject_id: i64,
    pub on_day: NaiveDate,
}

/// Entries of days to come about certificates of people whose certificates changed since they were
/// told or looked at: those after one, the oldest first.
pub fn to_look_at(conn: &mut Conn, now: Instant, after: i64, limit: i64) -> Result<Vec<Told>> {
    let yesterday = now.utc().date_naive() - chrono::Duration::days(1);
    let changed = fact::table
        .filter(fact::person_id.eq(calendar_entry::person_id))
        .filter(fact::kind.eq(Kind::Certificate.word()))
        .filter(
            fact::recorded_at
                .gt(calendar_entry::sent_at)
                .or(fact::voided_at.gt(calendar_entry::sent_at.nullable())),
        )
        .select(fact::id);
    let acted = certificate_act::table
        .filter(certificate_act::certificate_id.eq(calendar_entry::subject_id))
        .filter(certificate_act::done_at.gt(calendar_entry::sent_at))
        .select(certificate_act::id);
    Ok(calendar_entry::table
        .filter(calendar_entry::id.gt(after))
        .filter(calendar_entry::cancelled_at.is_null().and(calendar_entry::on_day.ge(yesterday)))
        .filter(calendar_entry::subject_kind.eq_any(["certificate", "fact"]))
        .filter(
            exists(changed).or(calendar_entry::subject_kind.eq("certificate").and(exists(acted))),
        )
        .order(calendar_entry::id)
        .limit(limit)
        .select(Told::as_select())
        .load(conn)?)
}

pub fn note_looked_at(conn: &mut Conn, id: i64, now: Instant) -> Result<()> {
    diesel::update(calendar_entry::table.find(id))
        .set(calendar_entry::sent_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// What an entry is about, as the record says it.
pub struct Subject {
    pub code: String,
    pub from: NaiveDate,
    pub voided: bool,
}

pub fn subject_of(conn: &mut Conn, entry: &Told) -> Result<Option<Subject>> {
    if entry.subject_kind == "certificate" {
        let found: Option<(String, NaiveDate)> = certificate::table
            .find(entry.subject_id)
            .select((certificate::certification, certificate::valid_from))
            .first(conn)
            .optional()?;
        return Ok(found.map(|(code, from)| Subject { code, from, voided: false }));
    }
    let found: Option<(String, NaiveDate, Option<Instant>)> = fact::table
        .find(entry.subject_id)
        .select((fact::code, fact::from_on, fact::voided_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(code, from, voided)| Subject { code, from, voided: voided.is_some() }))
}
