//! What a candidate does besides answering: flags to come back to, and what an invigilator may
//! want to know later (the window was left, the network address changed). It is noted, not judged.
//!
//! It writes `attempt_question.flagged` and the kinds of `attempt_event` in [`Noticed`].

use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde::Deserialize;

use super::{model::AttemptId, queries};
use crate::{
    access::Viewer,
    db::{
        Conn, Db, Instant,
        schema::{attempt_event, attempt_question},
    },
    i18n::Text,
    text,
    web::{Error, Result},
};

crate::words! {
    /// What the candidate's page notices by itself.
    Noticed { LeftWindow = "left-window", Returned = "returned" }
}

impl Noticed {
    pub fn title(self) -> Text {
        match self {
            Noticed::LeftWindow => text!("离开考试窗口", "Left the window"),
            Noticed::Returned => text!("回到考试窗口", "Came back"),
        }
    }
}

/// So many lines tell the story; a page gone mad must not fill the database.
const MOST_NOTICED: i64 = 200;

/// Notes an event of a running attempt, with what there is to say as JSON; beyond the bound
/// nothing more is noted.
pub fn notice(
    conn: &mut Conn,
    id: AttemptId,
    what: Noticed,
    detail: &serde_json::Value,
    at: Instant,
) -> Result<bool, crate::db::Error> {
    let of_itself = [Noticed::LeftWindow, Noticed::Returned];
    let noticed: i64 = attempt_event::table
        .filter(attempt_event::attempt_id.eq(id.0).and(attempt_event::kind.eq_any(of_itself)))
        .count()
        .get_result(conn)?;
    if noticed >= MOST_NOTICED {
        return Ok(false);
    }
    diesel::insert_into(attempt_event::table)
        .values((
            attempt_event::attempt_id.eq(id.0),
            attempt_event::kind.eq(what),
            attempt_event::detail.eq(detail.to_string()),
            attempt_event::at.eq(at),
        ))
        .execute(conn)?;
    Ok(true)
}

/// Sets or takes away a flag; says whether there is such a place.
pub fn set_flag(
    conn: &mut Conn,
    id: AttemptId,
    position: i64,
    flagged: bool,
) -> Result<bool, crate::db::Error> {
    let place = attempt_question::table
        .filter(attempt_question::attempt_id.eq(id).and(attempt_question::position.eq(position)));
    Ok(diesel::update(place).set(attempt_question::flagged.eq(flagged)).execute(conn)? == 1)
}

#[derive(Deserialize)]
pub struct Flag {
    position: i64,
    flagged: bool,
}

/// Keeps a flag; the same again changes nothing. On a paper that is handed in they rest.
pub async fn flag(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<AttemptId>,
    flag: web::Json<Flag>,
) -> Result<HttpResponse> {
    let (id, person) = (*id, viewer.id);
    let Flag { position, flagged } = flag.into_inner();
    let kept = db
        .write(move |conn| -> Result<_> {
            let attempt = queries::attempt_of(conn, id, person)?.ok_or(Error::NotFound)?;
            if attempt.finished_at.is_some() {
                return Ok(false);
            }
            set_flag(conn, id, position, flagged)?.then_some(true).ok_or(Error::NotFound)
        })
        .await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "flagged": flagged, "kept": kept })))
}

#[derive(Deserialize)]
pub struct Seen {
    kind: Noticed,
    /// For how long the window was away.
    #[serde(default)]
    seconds: u32,
}

/// Notes that the window was left or is in front again.
pub async fn seen(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<AttemptId>,
    seen: web::Json<Seen>,
) -> Result<HttpResponse> {
    let (id, person, now) = (*id, viewer.id, viewer.now);
    let Seen { kind, seconds } = seen.into_inner();
    let detail = match kind {
        Noticed::Returned => serde_json::json!({ "seconds": seconds }),
        _ => serde_json::json!({}),
    };
    let noted = db
        .write(move |conn| -> Result<_> {
            let attempt = queries::attempt_of(conn, id, person)?.ok_or(Error::NotFound)?;
            if attempt.finished_at.is_some() {
                return Ok(false);
            }
            Ok(notice(conn, id, kind, &detail, now)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "noted": noted })))
}
