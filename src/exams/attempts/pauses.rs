//! A clock that stands still: paused by the invigilator, or on a break that was granted.
//!
//! A break ends by itself when its minutes are used up, whether or not the candidate is back; it
//! is put down the next time anybody looks. Its event carries the moment the clock stopped, so
//! `paused_at` tells a break from a pause without another column.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use chrono::Duration;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    events::{self, Detail, EventKind},
    model::{Attempt, AttemptId},
    pages::to_exams,
    presence, queries, taking,
};
use crate::{
    access::{Viewer, submit},
    db::{Conn, Db, Instant},
    exams::sittings::{self, Granted},
    i18n::{Lang, Text},
    record::PersonId,
    t, text,
    web::{
        Error, Form, Result,
        components::{Tone, alert, button_form, card, heading, icon},
        forms::new_key,
        html as answer,
    },
};

/// A break somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    pub since: Instant,
    /// How long it may last.
    pub most: Duration,
}

impl Break {
    pub fn ends(self) -> Instant {
        self.since.plus(self.most)
    }
}

/// The break an attempt is on, if it is on one.
pub fn running_break(conn: &mut Conn, attempt: &Attempt) -> Result<Option<Break>> {
    let Some(since) = attempt.paused_at else { return Ok(None) };
    let breaks = events::of_attempt(conn, attempt.id, &[EventKind::Break])?;
    let last = breaks.into_iter().rfind(|event| event.at == since);
    let most = last.and_then(|event| event.detail.seconds);
    Ok(most.map(|seconds| Break { since, most: Duration::seconds(seconds) }))
}

/// How many seconds of breaks are left to somebody in this attempt: what was granted less what was
/// used, and not beyond the end for everybody.
pub fn break_left(conn: &mut Conn, attempt: &Attempt, day: chrono::NaiveDate) -> Result<i64> {
    let granted = sittings::queries::accommodations(conn, attempt.person_id)?;
    let granted = Granted::on(&granted, day).break_minutes * 60;
    if granted == 0 {
        return Ok(0);
    }
    let over = events::of_attempt(conn, attempt.id, &[EventKind::BreakOver])?;
    let used: i64 = over.iter().filter_map(|event| event.detail.seconds).sum();
    let room = match end_for_all(conn, attempt)? {
        Some(end) => end.seconds_since(attempt.hand_in_by),
        None => granted,
    };
    Ok((granted - used).min(room).max(0))
}

/// The last moment to hand in for everybody in the sitting of an attempt.
pub fn end_for_all(conn: &mut Conn, attempt: &Attempt) -> Result<Option<Instant>> {
    let Some(id) = attempt.sitting_id else { return Ok(None) };
    let sitting = sittings::queries::by_id(conn, sittings::SittingId(id))?;
    Ok(sitting.and_then(|sitting| sitting.hand_in_by))
}

/// The attempt as it stands now: a break whose minutes are used up is over.
pub fn settle(conn: &mut Conn, attempt: Attempt, now: Instant) -> Result<Attempt> {
    match running_break(conn, &attempt)? {
        Some(pause) if pause.ends() <= now => end_break(conn, &attempt, pause, pause.ends()),
        _ => Ok(attempt),
    }
}

fn end_break(conn: &mut Conn, attempt: &Attempt, pause: Break, at: Instant) -> Result<Attempt> {
    let clock = attempt.clock().resume_within(at, pause.most);
    let used = at.seconds_since(pause.since).min(pause.most.num_seconds());
    if queries::set_clock(conn, attempt, clock)? {
        let detail = Detail { seconds: Some(used), ..Detail::default() };
        let by = (Some(attempt.person_id), at);
        events::note(conn, attempt.id, EventKind::BreakOver, &detail, by)?;
    }
    queries::attempt(conn, attempt.id)?.ok_or(Error::NotFound)
}

/// Ends whatever stops the clock: a break counts as used, a pause is given back.
pub fn resume(
    conn: &mut Conn,
    attempt: &Attempt,
    by: Option<PersonId>,
    now: Instant,
) -> Result<Attempt> {
    if let Some(pause) = running_break(conn, attempt)? {
        return end_break(conn, attempt, pause, now.min(pause.ends()));
    }
    if attempt.paused_at.is_some()
        && queries::set_clock(conn, attempt, attempt.clock().resume(now))?
    {
        events::note(conn, attempt.id, EventKind::Resume, &Detail::default(), (by, now))?;
    }
    queries::attempt(conn, attempt.id)?.ok_or(Error::NotFound)
}

/// Stops the clock. Who is on a break is paused instead, and keeps what is left of it.
pub fn pause(
    conn: &mut Conn,
    attempt: &Attempt,
    why: &str,
    (by, now): (PersonId, Instant),
) -> Result<()> {
    let attempt = match running_break(conn, attempt)? {
        Some(pause) => end_break(conn, attempt, pause, now.min(pause.ends()))?,
        None => attempt.clone(),
    };
    if attempt.paused_at.is_none()
        && queries::set_clock(conn, &attempt, attempt.clock().pause(now))?
    {
        let detail =
            Detail { why: Some(why.to_owned()).filter(|why| !why.is_empty()), ..Detail::default() };
        events::note(conn, attempt.id, EventKind::Pause, &detail, (Some(by), now))?;
    }
    Ok(())
}

#[derive(Deserialize)]
pub struct Key {
    form_key: String,
}

/// The candidate takes a break.
pub async fn begin_break(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<AttemptId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, viewer.clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let attempt = queries::attempt_of(conn, id, who.id)?.ok_or(Error::NotFound)?;
        let now = taking::not_before(conn, &attempt, who.now)?;
        if attempt.finished_at.is_some() || attempt.paused_at.is_some() || attempt.is_over(now) {
            return Ok(attempt.path());
        }
        let left = break_left(conn, &attempt, who.today)?;
        if left == 0 {
            return Err(Error::Refused(no_break_left()));
        }
        if queries::set_clock(conn, &attempt, attempt.clock().pause(now))? {
            let detail = Detail { seconds: Some(left), ..Detail::default() };
            events::note(conn, id, EventKind::Break, &detail, (Some(who.id), now))?;
        }
        Ok(attempt.path())
    })
    .await
}

/// The candidate is back from a break; a pause of the invigilator stays.
pub async fn end_own_break(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<AttemptId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, viewer.clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let attempt = queries::attempt_of(conn, id, who.id)?.ok_or(Error::NotFound)?;
        if let Some(pause) = running_break(conn, &attempt)? {
            end_break(conn, &attempt, pause, who.now.min(pause.ends()))?;
        }
        Ok(attempt.path())
    })
    .await
}

fn no_break_left() -> Text {
    text!(
        "没有可用的休息时间了，或考场统一收卷时间不允许再停表。",
        "No break is left to you, or the end for everybody leaves no room for one."
    )
}

/// What a save is told while the clock stands still; the browser keeps the answer.
pub fn paused() -> Text {
    text!(
        "考试已暂停，计时停止。作答已记在本机，继续后自动上传。",
        "The exam is paused and the clock stands still. Your answer is kept on this device and sent when it goes on."
    )
}

/// The button for a break, for those who have minutes left.
pub fn break_button(lang: Lang, attempt: &Attempt, left: i64) -> Markup {
    let minutes = left / 60;
    html! {
        @if left > 0 {
            div.mb-3.d-print-none {
                (button_form(&format!("{}/break", attempt.path()), &new_key(), "",
                    html! { (icon("clock")) (t!(lang, "休息（还剩 {minutes} 分钟）", "Take a break ({minutes} minutes left)")) }))
            }
        }
    }
}

/// What a candidate sees instead of the questions while the clock stands still. It asks again by
/// itself every few seconds, without any script.
pub async fn standing_still(
    viewer: &Viewer,
    db: &Db,
    request: &HttpRequest,
    attempt: &Attempt,
    title: &Text,
) -> Result<HttpResponse> {
    presence::heard(db, request, attempt.id, viewer.now).await;
    let asked = attempt.clone();
    let pause = db.read(move |conn| running_break(conn, &asked)).await?;
    let mut response = answer(page(viewer, attempt, title, pause));
    let refresh = header::HeaderName::from_static("refresh");
    response.headers_mut().insert(refresh, header::HeaderValue::from_static("10"));
    Ok(response)
}

fn page(viewer: &Viewer, attempt: &Attempt, title: &Text, pause: Option<Break>) -> Markup {
    let lang = viewer.lang();
    let title = title.get(lang);
    let left = attempt.remaining_seconds(viewer.now);
    let (minutes, seconds) = (left / 60, left % 60);
    let body = html! {
        (heading(title, "", html! {}))
        @match pause {
            Some(pause) => {
                @let until = pause.ends().seconds_since(viewer.now);
                @let (m, s) = (until / 60, until % 60);
                (alert(Tone::Info, html! { strong #exam-paused { (t!(lang, "休息中", "On a break")) } }))
                (card("", html! {
                    p { (t!(lang, "计时已停止，题目已隐藏。休息还剩 {m} 分 {s} 秒，用完后计时自动继续。", "The clock stands still and the questions are hidden. {m} min {s} s of the break are left; then the clock goes on by itself.")) }
                    (button_form(&format!("{}/break-over", attempt.path()), &new_key(), "btn-primary", html! { (icon("player-play")) (t!(lang, "继续考试", "Go on")) }))
                }))
            }
            None => {
                (alert(Tone::Warn, html! { strong #exam-paused { (t!(lang, "考试已暂停", "The exam is paused")) } }))
                (card("", html! {
                    p { (t!(lang, "监考员暂停了考试，计时已停止，不会少了您的时间。", "The invigilator has paused the exam. The clock stands still; you lose no time.")) }
                    p.mb-0 { (t!(lang, "已保存的作答都在。继续后本页会自动打开试卷，请不要关闭。", "Everything saved is safe. This page opens the paper by itself when the exam goes on; please leave it open.")) }
                }))
            }
        }
        p.text-secondary { (t!(lang, "剩余时间：{minutes} 分 {seconds} 秒", "Time left: {minutes} min {seconds} s")) }
    };
    viewer.page(title, &[to_exams(lang)], body)
}
