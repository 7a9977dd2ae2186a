//! All that reads and writes the table `outbox`.

use chrono::Duration;
use diesel::prelude::*;

use super::{Appointment, Letter, Letterhead, Recipient, Row};
use crate::{
    db::{Conn, Error, Instant, schema::outbox, types::LangColumn},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

crate::id! {
    /// A mail in the outbox.
    OutboxId
}

/// A mail as it waits or went out.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Mail {
    pub id: OutboxId,
    pub message_id: String,
    pub person_id: Option<PersonId>,
    pub recipient: String,
    pub language: LangColumn,
    pub subject: String,
    pub body_text: String,
    pub body_html: String,
    pub created_at: Instant,
    pub next_try_at: Instant,
    pub tries: i64,
    pub last_error: Option<String>,
    pub sent_at: Option<Instant>,
    pub parked_at: Option<Instant>,
    /// The appointment that goes with it, as iCalendar.
    pub calendar: Option<String>,
}

/// Puts a mail into the outbox, in the transaction of what it announces.
pub fn post(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    letter: &Letter,
    now: Instant,
) -> Result<OutboxId> {
    post_with(conn, head, to, letter, None, now)
}

/// [`post`] with an appointment for the recipient's calendar.
pub fn post_with(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    letter: &Letter,
    appointment: Option<&Appointment>,
    now: Instant,
) -> Result<OutboxId> {
    put(conn, head, to, (letter, &[]), appointment, now)
}

/// [`post`] with a list of things under the letter's paragraphs.
pub fn post_rows(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    letter: &Letter,
    rows: &[Row],
    now: Instant,
) -> Result<OutboxId> {
    put(conn, head, to, (letter, rows), None, now)
}

fn put(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    (letter, rows): (&Letter, &[Row]),
    appointment: Option<&Appointment>,
    now: Instant,
) -> Result<OutboxId> {
    let message_id = format!("<{}@{}>", uuid::Uuid::now_v7().simple(), head.host());
    Ok(diesel::insert_into(outbox::table)
        .values((
            outbox::message_id.eq(message_id),
            outbox::person_id.eq(to.person),
            outbox::recipient.eq(&to.email),
            outbox::language.eq(LangColumn(to.lang)),
            outbox::subject.eq(&letter.subject),
            outbox::body_text.eq(letter.as_text(to, head, rows)),
            outbox::body_html.eq(letter.as_html(to, head, rows)),
            outbox::created_at.eq(now),
            outbox::next_try_at.eq(now),
            outbox::tries.eq(0),
            outbox::calendar.eq(appointment.map(Appointment::to_ics)),
        ))
        .returning(outbox::id)
        .get_result(conn)?)
}

/// How long a worker may take over one mail before another may try it.
const LEASE: Duration = Duration::minutes(5);

/// Takes the mail that has waited longest, for one worker alone.
pub fn claim(conn: &mut Conn, now: Instant) -> Result<Option<Mail>> {
    let free = outbox::leased_until.is_null().or(outbox::leased_until.lt(now));
    let due = outbox::table
        .filter(outbox::sent_at.is_null().and(outbox::parked_at.is_null()))
        .filter(outbox::next_try_at.le(now))
        .filter(free)
        .order((outbox::next_try_at, outbox::id))
        .select(Mail::as_select())
        .limit(16)
        .load::<Mail>(conn)?;
    for mail in due {
        // Every try ended without a word: the program must have died over it each time.
        if mail.tries >= MOST_TRIES {
            park(conn, mail.id, mail.last_error.as_deref().unwrap_or("no answer"), now)?;
            continue;
        }
        // Checked again in the update: of two workers on one row, the second changes nothing.
        let taken = diesel::update(outbox::table.find(mail.id))
            .filter(free)
            .filter(outbox::sent_at.is_null().and(outbox::parked_at.is_null()))
            .set((outbox::leased_until.eq(now.plus(LEASE)), outbox::tries.eq(outbox::tries + 1)))
            .execute(conn)?;
        if taken == 1 {
            return Ok(Some(Mail { tries: mail.tries + 1, ..mail }));
        }
    }
    Ok(None)
}

/// The server has accepted it.
pub fn mark_sent(conn: &mut Conn, id: OutboxId, now: Instant) -> Result<()> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::sent_at.eq(now),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Waits between tries: they double from a minute to six hours.
fn backoff(tries: i64) -> Duration {
    let minutes = 1_i64 << tries.clamp(0, 9);
    Duration::minutes(minutes.min(360))
}

/// After this many tries a mail is given up, visibly.
pub const MOST_TRIES: i64 = 14;

/// It failed for now: try again later, or give up when it has been tried often enough.
pub fn mark_failed(conn: &mut Conn, mail: &Mail, why: &str, now: Instant) -> Result<()> {
    if mail.tries >= MOST_TRIES {
        return park(conn, mail.id, why, now);
    }
    diesel::update(outbox::table.find(mail.id))
        .set((
            outbox::next_try_at.eq(now.plus(backoff(mail.tries - 1))),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// Trying again would not help; it stays for a person to look at.
pub fn park(conn: &mut Conn, id: OutboxId, why: &str, now: Instant) -> Result<()> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::parked_at.eq(now),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// Sends a parked mail again, by hand; the Message-ID stays.
pub fn send_again(conn: &mut Conn, id: OutboxId, now: Instant) -> Result<usize> {
    Ok(diesel::update(outbox::table.find(id))
        .filter(outbox::sent_at.is_null())
        .set((
            outbox::parked_at.eq(None::<Instant>),
            outbox::next_try_at.eq(now),
            outbox::tries.eq(0),
        ))
        .execute(conn)?)
}

/// What state a list of mails is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    All,
    Waiting,
    Sent,
    Parked,
}

/// Mails, newest first.
pub fn list(conn: &mut Conn, shown: Shown, limit: i64, offset: i64) -> Result<Vec<Mail>> {
    let query = outbox::table.into_boxed();
    let query = match shown {
        Shown::All => query,
        Shown::Waiting => query.filter(outbox::sent_at.is_null().and(outbox::parked_at.is_null())),
        Shown::Sent => query.filter(outbox::sent_at.is_not_null()),
        Shown::Parked => query.filter(outbox::parked_at.is_not_null()),
    };
    Ok(query
        .order(outbox::id.desc())
        .limit(limit)
        .offset(offset)
        .select(Mail::as_select())
        .load(conn)?)
}

pub fn find(conn: &mut Conn, id: OutboxId) -> Result<Option<Mail>> {
    Ok(outbox::table.find(id).select(Mail::as_select()).first(conn).optional()?)
}

/// How many wait, and how many were given up.
pub fn backlog(conn: &mut Conn) -> Result<(i64, i64)> {
    let open = outbox::table.filter(outbox::sent_at.is_null());
    let waiting = open.filter(outbox::parked_at.is_null()).count().get_result(conn)?;
    let parked = open.filter(outbox::parked_at.is_not_null()).count().get_result(conn)?;
    Ok((waiting, parked))
}
