//! All that reads and writes the tables `outbox` and `outbox_body`.
//!
//! A mail is claimed for a while by one worker, in batches; a claim is known by the moment it ends,
//! and nothing is changed without it. Just before a worker hands a mail's text over, [`begin`] notes
//! when (`handed_at`); what the server answers takes the note away again or makes it `sent_at`. So
//! whatever kills us, a mail whose fate nobody knows says so.

use chrono::Duration;
use diesel::prelude::*;

use super::{Appointment, Enclosed, Letter, Letterhead, Recipient, Row, message};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{outbox, outbox_body, person},
        types::LangColumn,
    },
    each_backend,
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
    pub created_at: Instant,
    pub next_try_at: Instant,
    pub tries: i64,
    pub last_error: Option<String>,
    pub leased_until: Option<Instant>,
    pub sent_at: Option<Instant>,
    pub parked_at: Option<Instant>,
    /// Path of the page where the recipient may opt out of this kind of mail.
    pub unsubscribe: Option<String>,
    /// When its text last went to the server and no answer is known.
    pub handed_at: Option<Instant>,
    #[diesel(embed)]
    pub body: Body,
}

/// What a mail says.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox_body)]
pub struct Body {
    pub plain: String,
    pub html: String,
    /// The appointment that goes with it, as iCalendar.
    pub calendar: Option<String>,
}

impl Mail {
    /// Whether the server may have it although it never said so: the connection broke, or we died,
    /// between the end of the text and the answer. It is sent again under the same Message-ID.
    pub fn is_in_doubt(&self, now: Instant) -> bool {
        self.sent_at.is_none()
            && self.handed_at.is_some()
            && self.leased_until.is_none_or(|until| until < now)
    }
}

/// Puts a mail into the outbox, in the transaction of what it announces.
pub fn post(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    letter: &Letter,
    now: Instant,
) -> Result<OutboxId> {
    post_enclosing(conn, head, to, letter, &Enclosed::default(), now)
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
    let calendar = appointment.map(Appointment::to_ics);
    post_enclosing(conn, head, to, letter, &Enclosed { calendar, ..Enclosed::default() }, now)
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
    let enclosed = Enclosed { rows: rows.to_vec(), ..Enclosed::default() };
    post_enclosing(conn, head, to, letter, &enclosed, now)
}

/// [`post`] with the lines of a digest, an entry for the calendar, a way to opt out.
pub fn post_enclosing(
    conn: &mut Conn,
    head: &Letterhead,
    to: &Recipient,
    letter: &Letter,
    enclosed: &Enclosed,
    now: Instant,
) -> Result<OutboxId> {
    let message_id = format!("<{}@{}>", uuid::Uuid::now_v7().simple(), head.host());
    let id: OutboxId = diesel::insert_into(outbox::table)
        .values((
            outbox::message_id.eq(message_id),
            outbox::person_id.eq(to.person),
            outbox::recipient.eq(&to.email),
            outbox::language.eq(LangColumn(to.lang)),
            outbox::subject.eq(&letter.subject),
            outbox::created_at.eq(now),
            outbox::next_try_at.eq(now),
            outbox::tries.eq(0),
            outbox::unsubscribe.eq(&enclosed.unsubscribe),
        ))
        .returning(outbox::id)
        .get_result(conn)?;
    diesel::insert_into(outbox_body::table)
        .values((
            outbox_body::outbox_id.eq(id),
            outbox_body::plain.eq(letter.as_text(enclosed, to, head)),
            outbox_body::html.eq(letter.as_html(enclosed, to, head)),
            outbox_body::calendar.eq(&enclosed.calendar),
        ))
        .execute(conn)?;
    Ok(id)
}

/// How long a worker may take over what it claimed before another may take it. Longer than handing
/// over one mail ever takes: the claim on each is renewed right before.
const LEASE: Duration = Duration::minutes(5);

/// A mail that one worker holds, until the moment that names the claim.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub mail: Mail,
    until: Instant,
}

/// How many mails are due, counted up to a limit.
pub fn count_due(conn: &mut Conn, now: Instant, limit: i64) -> Result<usize> {
    let due = outbox::table
        .filter(outbox::sent_at.is_null().and(outbox::parked_at.is_null()))
        .filter(outbox::next_try_at.le(now))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
        .select(outbox::id)
        .limit(limit);
    Ok(due.load::<OutboxId>(conn)?.len())
}

/// Takes the mails that have waited longest, for one worker alone. Empty only when none is due.
pub fn claim(conn: &mut Conn, now: Instant, most: i64) -> Result<Vec<Claimed>> {
    let free = outbox::leased_until.is_null().or(outbox::leased_until.lt(now));
    let open = outbox::sent_at.is_null().and(outbox::parked_at.is_null());
    let until = now.plus(LEASE);
    loop {
        let due: Vec<OutboxId> = outbox::table
            .filter(open)
            .filter(outbox::next_try_at.le(now))
            .filter(free)
            .order((outbox::next_try_at, outbox::id))
            .select(outbox::id)
            .limit(most)
            .load(conn)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        // Checked again in the update: of two workers on one row, the second changes nothing.
        let taken: Vec<OutboxId> = each_backend!(conn, |conn| diesel::update(
            outbox::table.filter(outbox::id.eq_any(due))
        )
        .filter(open)
        .filter(free)
        .set(outbox::leased_until.eq(until))
        .returning(outbox::id)
        .get_results(conn))?;
        // Somebody else was faster with all of these; there may be more behind them.
        if !taken.is_empty() {
            let mails = outbox::table
                .inner_join(outbox_body::table)
                .filter(outbox::id.eq_any(taken))
                .order((outbox::next_try_at, outbox::id))
                .select(Mail::as_select())
                .load(conn)?;
            return Ok(mails.into_iter().map(|mail| Claimed { mail, until }).collect());
        }
    }
}

/// Notes that the text is about to go out, and renews the claim. False when the claim ran out and
/// another worker has the mail: then nothing may be handed over.
pub fn begin(conn: &mut Conn, claimed: &Claimed, now: Instant) -> Result<Option<Claimed>> {
    let until = now.plus(LEASE).max(claimed.until.plus(Duration::microseconds(1)));
    let begun = diesel::update(outbox::table.find(claimed.mail.id))
        .filter(outbox::leased_until.eq(claimed.until).and(outbox::sent_at.is_null()))
        .set((
            outbox::leased_until.eq(until),
            outbox::handed_at.eq(now),
            outbox::tries.eq(claimed.mail.tries + 1),
        ))
        .execute(conn)?;
    Ok((begun == 1).then(|| Claimed { until, ..claimed.clone() }))
}

/// Gives claimed mails back untried.
pub fn release(conn: &mut Conn, claimed: &[Claimed]) -> Result<()> {
    for one in claimed {
        diesel::update(outbox::table.find(one.mail.id))
            .filter(outbox::leased_until.eq(one.until))
            .set((
                outbox::leased_until.eq(None::<Instant>),
                outbox::handed_at.eq(one.mail.handed_at),
                outbox::tries.eq(one.mail.tries),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Gives back a mail over which the server refused everything, untried and behind those that wait:
/// if it was this mail after all that the server did not like, the others are not held up by it.
pub fn put_behind(conn: &mut Conn, claimed: &Claimed, now: Instant) -> Result<()> {
    diesel::update(outbox::table.find(claimed.mail.id))
        .filter(outbox::leased_until.eq(claimed.until))
        .set(outbox::next_try_at.eq(now))
        .execute(conn)?;
    release(conn, std::slice::from_ref(claimed))
}

/// The server has accepted it. This holds whoever has the claim by now.
pub fn mark_sent(conn: &mut Conn, id: OutboxId, now: Instant) -> Result<()> {
    diesel::update(outbox::table.find(id))
        .filter(outbox::sent_at.is_null())
        .set((
            outbox::sent_at.eq(now),
            outbox::leased_until.eq(None::<Instant>),
            outbox::parked_at.eq(None::<Instant>),
            outbox::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Waits between tries: they double from a minute to six hours.
fn backoff(tries: i64) -> Duration {
    let minutes = 1_i64 << (tries - 1).clamp(0, 9);
    Duration::minutes(minutes.min(360))
}

/// After this many tries a mail is given up, visibly.
pub const MOST_TRIES: i64 = 14;

/// Whether the server may have the mail although it did not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    NotTaken,
    Unknown,
}

/// It failed for now: try again later, or give up when it has been tried often enough.
pub fn mark_failed(
    conn: &mut Conn,
    claimed: &Claimed,
    why: &str,
    fate: Fate,
    now: Instant,
) -> Result<()> {
    let mail = &claimed.mail;
    let tries = mail.tries + 1;
    if tries >= MOST_TRIES {
        return park(conn, claimed, why, fate, now);
    }
    diesel::update(outbox::table.find(mail.id))
        .filter(outbox::leased_until.eq(claimed.until))
        .set((
            outbox::next_try_at.eq(now.plus(backoff(tries))),
            outbox::tries.eq(tries),
            outbox::leased_until.eq(None::<Instant>),
            outbox::handed_at.eq(handed(mail, fate, now)),
            outbox::last_error.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// Trying again would not help; it stays for a person to look at.
pub fn park(conn: &mut Conn, claimed: &Claimed, why: &str, fate: Fate, now: Instant) -> Result<()> {
    diesel::update(outbox::table.find(claimed.mail.id))
        .filter(outbox::leased_until.eq(claimed.until))
        .set((
            outbox::parked_at.eq(now),
            outbox::tries.eq(claimed.mail.tries + 1),
            outbox::leased_until.eq(None::<Instant>),
            outbox::handed_at.eq(handed(&claimed.mail, fate, now)),
            outbox::last_error.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives up those of these mails that nobody has in hand and the server cannot have: there is no use
/// in them any more. Returns what they carried for calendars.
pub fn park_useless(
    conn: &mut Conn,
    mails: &[OutboxId],
    why: &str,
    now: Instant,
) -> Result<Vec<String>> {
    let mut carried: Vec<Option<String>> = Vec::new();
    for some in mails.chunks(500) {
        let parked: Vec<OutboxId> = each_backend!(conn, |conn| diesel::update(
            outbox::table.filter(outbox::id.eq_any(some.to_vec()))
        )
        .filter(outbox::sent_at.is_null().and(outbox::handed_at.is_null()))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
        .set((
            outbox::parked_at.eq(now),
            outbox::leased_until.eq(None::<Instant>),
            outbox::last_error.eq(why),
        ))
        .returning(outbox::id)
        .get_results(conn))?;
        carried.extend(
            outbox_body::table
                .filter(outbox_body::outbox_id.eq_any(parked))
                .order(outbox_body::outbox_id)
                .select(outbox_body::calendar)
                .load::<Option<String>>(conn)?,
        );
    }
    Ok(carried.into_iter().flatten().collect())
}

/// A refusal says nothing of an earlier try without an answer: that doubt stays.
fn handed(mail: &Mail, fate: Fate, now: Instant) -> Option<Instant> {
    match fate {
        Fate::NotTaken => mail.handed_at,
        Fate::Unknown => Some(now),
    }
}

/// Sends a mail again, by hand, to the address its recipient has now; the Message-ID stays. Nothing
/// happens to one that was accepted or that a worker has in its hands.
pub fn send_again(conn: &mut Conn, id: OutboxId, now: Instant) -> Result<usize> {
    again(conn, &[id], now)
}

/// Sends everything again that was given up; says how many.
pub fn send_all_again(conn: &mut Conn, now: Instant) -> Result<usize> {
    let given_up: Vec<OutboxId> = outbox::table
        .filter(outbox::sent_at.is_null().and(outbox::parked_at.is_not_null()))
        .filter(is_wanted())
        .order(outbox::id)
        .select(outbox::id)
        .load(conn)?;
    given_up.chunks(500).map(|some| again(conn, some, now)).sum()
}

fn again(conn: &mut Conn, mails: &[OutboxId], now: Instant) -> Result<usize> {
    readdress(conn, mails)?;
    Ok(diesel::update(outbox::table.filter(outbox::id.eq_any(mails)))
        .filter(outbox::sent_at.is_null())
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
        .set((
            outbox::parked_at.eq(None::<Instant>),
            outbox::next_try_at.eq(now),
            outbox::tries.eq(0),
        ))
        .execute(conn)?)
}

/// Not put aside because it came too late or its reader left: those nobody wants any more.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_wanted() -> _ {
    let overtaken: &'static str = message::OVERTAKEN;
    let left: &'static str = message::LEFT;
    outbox::last_error
        .is_null()
        .or(outbox::last_error.ne(overtaken).and(outbox::last_error.ne(left)))
}

/// Whoever's address was put right since gets the mail there; one that may have arrived already
/// stays as it is, or it would look like another mail.
fn readdress(conn: &mut Conn, mails: &[OutboxId]) -> Result<()> {
    let today: Vec<(OutboxId, Option<String>)> = outbox::table
        .inner_join(person::table.on(person::id.nullable().eq(outbox::person_id)))
        .filter(outbox::id.eq_any(mails).and(outbox::sent_at.is_null()))
        .filter(outbox::handed_at.is_null())
        .filter(person::email.ne(outbox::recipient.nullable()))
        .select((outbox::id, person::email))
        .load(conn)?;
    for (id, email) in today {
        let Some(email) = email else { continue };
        diesel::update(outbox::table.find(id))
            .filter(outbox::sent_at.is_null().and(outbox::handed_at.is_null()))
            .set(outbox::recipient.eq(email))
            .execute(conn)?;
    }
    Ok(())
}

/// What state a list of mails is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    All,
    Waiting,
    Sent,
    Parked,
    /// Not known to be accepted, and not known not to be.
    InDoubt,
}

/// Mails, newest first.
pub fn list(conn: &mut Conn, shown: Shown, limit: i64, offset: i64) -> Result<Vec<Mail>> {
    search(conn, (shown, ""), Instant::from(chrono::DateTime::UNIX_EPOCH), limit, offset)
}

/// Mails in a state whose recipient or subject contains some words, newest first.
pub fn search(
    conn: &mut Conn,
    (shown, words): (Shown, &str),
    now: Instant,
    limit: i64,
    offset: i64,
) -> Result<Vec<Mail>> {
    let query = outbox::table.inner_join(outbox_body::table).into_boxed();
    let open = outbox::sent_at.is_null();
    let mut query = match shown {
        Shown::All => query,
        Shown::Waiting => query.filter(open.and(outbox::parked_at.is_null())),
        Shown::Sent => query.filter(outbox::sent_at.is_not_null()),
        Shown::Parked => query.filter(open.and(outbox::parked_at.is_not_null())),
        Shown::InDoubt => query
            .filter(open.and(outbox::handed_at.is_not_null()))
            .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now))),
    };
    if !words.is_empty() {
        // SQLite ignores case here and PostgreSQL does not; addresses are written in small letters.
        let (address, words) = (format!("%{}%", words.to_lowercase()), format!("%{words}%"));
        query = query.filter(outbox::recipient.like(address).or(outbox::subject.like(words)));
    }
    Ok(query
        .order(outbox::id.desc())
        .limit(limit)
        .offset(offset)
        .select(Mail::as_select())
        .load(conn)?)
}

pub fn find(conn: &mut Conn, id: OutboxId) -> Result<Option<Mail>> {
    let one = outbox::table.inner_join(outbox_body::table).filter(outbox::id.eq(id));
    Ok(one.select(Mail::as_select()).first(conn).optional()?)
}

/// How many wait, and how many were given up.
pub fn backlog(conn: &mut Conn) -> Result<(i64, i64)> {
    let open = outbox::table.filter(outbox::sent_at.is_null());
    let waiting = open.filter(outbox::parked_at.is_null()).count().get_result(conn)?;
    let given_up = open.filter(outbox::parked_at.is_not_null()).filter(is_wanted());
    let parked = given_up.count().get_result(conn)?;
    Ok((waiting, parked))
}

/// Of how many nobody knows whether the server has them.
pub fn in_doubt(conn: &mut Conn, now: Instant) -> Result<i64> {
    Ok(outbox::table
        .filter(outbox::sent_at.is_null().and(outbox::handed_at.is_not_null()))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
        .count()
        .get_result(conn)?)
}
