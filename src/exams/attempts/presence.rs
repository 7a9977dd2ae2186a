//! When a candidate's page was last heard of, and from where. All that reads and writes the table
//! `attempt_presence`.
//!
//! Pages ask often; a row is written only when it has grown old or the address is another one.

use std::collections::HashMap;

use actix_web::{HttpRequest, http::header};
use diesel::prelude::*;

use super::{
    events::{self, Detail, EventKind},
    model::AttemptId,
};
use crate::{
    db::{Conn, Db, Error, Instant, schema::attempt_presence},
    each_backend,
};

type Result<T> = std::result::Result<T, Error>;

/// A page that was not heard of for so long has lost its connection.
pub const LOST_AFTER_SECONDS: i64 = 60;

/// So often at most a row is written.
const FRESH_SECONDS: i64 = 20;

/// Where a page was last heard from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    pub seen_at: Instant,
    pub address: String,
    pub device: String,
}

/// What the request says about where it comes from.
fn of_request(request: &HttpRequest, now: Instant) -> Presence {
    let short = |text: &str| text.chars().take(200).collect::<String>();
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Presence {
        seen_at: now,
        address: crate::web::address::word_of(request),
        device: short(agent.unwrap_or("unknown")),
    }
}

/// Notes that the page of a running attempt was heard of. No page fails for it: while nothing can
/// be written, the paper can still be read.
pub async fn heard(db: &Db, request: &HttpRequest, attempt: AttemptId, now: Instant) {
    if let Err(error) = note(db, request, attempt, now).await {
        tracing::warn!(%error, attempt = attempt.0, "it was not noted that a page was heard of");
    }
}

async fn note(db: &Db, request: &HttpRequest, attempt: AttemptId, now: Instant) -> Result<()> {
    let new = of_request(request, now);
    let known = db.read(move |conn| find(conn, attempt)).await?;
    let is_fresh = known.as_ref().is_some_and(|known| {
        now.seconds_since(known.seen_at) < FRESH_SECONDS && known.address == new.address
    });
    if is_fresh {
        return Ok(());
    }
    db.write(move |conn| keep(conn, attempt, &new)).await
}

fn find(conn: &mut Conn, attempt: AttemptId) -> Result<Option<Presence>> {
    Ok(of_attempts(conn, &[attempt])?.remove(&attempt))
}

fn keep(conn: &mut Conn, attempt: AttemptId, new: &Presence) -> Result<()> {
    let known = find(conn, attempt)?;
    if let Some(known) = known.filter(|known| known.address != new.address) {
        let detail = Detail {
            from: Some(known.address),
            to: Some(new.address.clone()),
            ..Detail::default()
        };
        events::note(conn, attempt, EventKind::Address, &detail, (None, new.seen_at))?;
    }
    let row = (
        attempt_presence::attempt_id.eq(attempt),
        attempt_presence::seen_at.eq(new.seen_at),
        attempt_presence::address.eq(&new.address),
        attempt_presence::device.eq(&new.device),
    );
    let (_, seen_at, address, device) = row;
    each_backend!(conn, |conn| diesel::insert_into(attempt_presence::table)
        .values(row)
        .on_conflict(attempt_presence::attempt_id)
        .do_update()
        .set((seen_at, address, device))
        .execute(conn))?;
    Ok(())
}

/// Where the pages of these attempts were last heard from.
pub fn of_attempts(
    conn: &mut Conn,
    attempts: &[AttemptId],
) -> Result<HashMap<AttemptId, Presence>> {
    let rows: Vec<(AttemptId, Instant, String, String)> = attempt_presence::table
        .filter(attempt_presence::attempt_id.eq_any(attempts.iter().map(|id| id.0)))
        .select((
            attempt_presence::attempt_id,
            attempt_presence::seen_at,
            attempt_presence::address,
            attempt_presence::device,
        ))
        .load(conn)?;
    let presence = |(id, seen_at, address, device)| (id, Presence { seen_at, address, device });
    Ok(rows.into_iter().map(presence).collect())
}
