//! Times in which the mail server took nothing: no mail's fault, so all of them wait untried.
//!
//! Kept in the database, so several servers of ours do not each find out by themselves, and people
//! can read why nothing goes out.

use chrono::Duration;
use diesel::prelude::*;

use crate::db::{Conn, Error, Instant, schema::mail_pause};

type Result<T> = std::result::Result<T, Error>;

/// A time without a mail server that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = mail_pause)]
pub struct Pause {
    pub id: i64,
    pub began_at: Instant,
    /// Nothing is tried before.
    pub until_at: Instant,
    /// How often it was tried in vain.
    pub failures: i64,
    /// The server's words, or the network's.
    pub why: String,
}

/// The one that has not ended, if there is one.
pub fn open(conn: &mut Conn) -> Result<Option<Pause>> {
    Ok(mail_pause::table
        .filter(mail_pause::ended_at.is_null())
        .order(mail_pause::id.desc())
        .select(Pause::as_select())
        .first(conn)
        .optional()?)
}

/// Waits double from a quarter of a minute to eight minutes.
fn wait(failures: i64) -> Duration {
    Duration::seconds(15 << (failures - 1).clamp(0, 5))
}

/// The server took nothing again.
pub fn note(conn: &mut Conn, why: &str, now: Instant) -> Result<()> {
    let Some(pause) = open(conn)? else {
        diesel::insert_into(mail_pause::table)
            .values((
                mail_pause::began_at.eq(now),
                mail_pause::until_at.eq(now.plus(wait(1))),
                mail_pause::failures.eq(1),
                mail_pause::why.eq(why),
            ))
            .execute(conn)?;
        return Ok(());
    };
    // Several lines of ours that fail at once are one failure.
    if now < pause.until_at {
        return Ok(());
    }
    let failures = pause.failures + 1;
    diesel::update(mail_pause::table.find(pause.id))
        .set((
            mail_pause::until_at.eq(now.plus(wait(failures))),
            mail_pause::failures.eq(failures),
            mail_pause::why.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// The server takes mail again.
pub fn end(conn: &mut Conn, now: Instant) -> Result<()> {
    diesel::update(mail_pause::table.filter(mail_pause::ended_at.is_null()))
        .set(mail_pause::ended_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Tries at once, because somebody asks for it.
pub fn cut_short(conn: &mut Conn, now: Instant) -> Result<()> {
    diesel::update(mail_pause::table)
        .filter(mail_pause::ended_at.is_null().and(mail_pause::until_at.gt(now)))
        .set(mail_pause::until_at.eq(now))
        .execute(conn)?;
    Ok(())
}
