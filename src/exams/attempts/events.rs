//! What happens during an attempt besides answering. All that reads and writes the table
//! `attempt_event`.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::model::AttemptId;
use crate::{
    db::{Conn, Error, Instant, schema::attempt_event},
    record::PersonId,
};

type Result<T> = std::result::Result<T, Error>;

crate::words! {
    EventKind {
        ExtraTime = "extra-time",
        Pause = "pause",
        Resume = "resume",
        Break = "break",
        BreakOver = "break-over",
        LeftWindow = "left-window",
        Returned = "returned",
        Address = "address",
        Closed = "closed",
        Note = "note",
    }
}

/// What is noted with an event; what does not apply stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// How much time it gave or took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// Extra time granted for good, as the share of the exam's minutes it adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// An event as it is kept.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: EventKind,
    pub detail: Detail,
    pub at: Instant,
    pub by: Option<PersonId>,
}

pub fn note(
    conn: &mut Conn,
    attempt: AttemptId,
    kind: EventKind,
    detail: &Detail,
    (by, at): (Option<PersonId>, Instant),
) -> Result<()> {
    diesel::insert_into(attempt_event::table)
        .values((
            attempt_event::attempt_id.eq(attempt),
            attempt_event::kind.eq(kind),
            attempt_event::detail.eq(serde_json::to_string(detail).unwrap_or_default()),
            attempt_event::at.eq(at),
            attempt_event::by_person.eq(by),
        ))
        .execute(conn)?;
    Ok(())
}

type Row = (EventKind, String, Instant, Option<PersonId>);

/// The events of some kinds, in the order they happened.
pub fn of_attempt(conn: &mut Conn, attempt: AttemptId, kinds: &[EventKind]) -> Result<Vec<Event>> {
    let rows: Vec<Row> = attempt_event::table
        .filter(attempt_event::attempt_id.eq(attempt))
        .filter(attempt_event::kind.eq_any(kinds.iter().map(|kind| kind.word())))
        .order(attempt_event::id)
        .limit(1000)
        .select((
            attempt_event::kind,
            attempt_event::detail,
            attempt_event::at,
            attempt_event::by_person,
        ))
        .load(conn)?;
    let event = |(kind, detail, at, by): Row| Event {
        kind,
        // Others write details of their own; what is not ours reads as nothing.
        detail: serde_json::from_str(&detail).unwrap_or_default(),
        at,
        by,
    };
    Ok(rows.into_iter().map(event).collect())
}

/// How often each kind happened, for the rows of a list.
pub fn counts(
    conn: &mut Conn,
    attempts: &[AttemptId],
) -> Result<HashMap<(AttemptId, EventKind), i64>> {
    let rows: Vec<(AttemptId, EventKind, i64)> = attempt_event::table
        .filter(attempt_event::attempt_id.eq_any(attempts.iter().map(|id| id.0)))
        .group_by((attempt_event::attempt_id, attempt_event::kind))
        .select((attempt_event::attempt_id, attempt_event::kind, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(attempt, kind, n)| ((attempt, kind), n)).collect())
}
