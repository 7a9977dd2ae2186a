//! All that reads and writes the table `calendar_feed`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::prelude::*;

use crate::{
    access::links,
    db::{Conn, Error, Instant, schema::calendar_feed},
    each_backend,
    record::PersonId,
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
