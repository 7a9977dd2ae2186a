//! Names on the list of a sitting: put down, taken off, moved to another.
//!
//! Who registers holds the head of the person's record and then the sitting, so two clicks cannot
//! take two seats and two people cannot take the last one.

use super::{
    letters::{Desk, News},
    model::{Registration, Sitting},
    queries, rules,
};
use crate::{
    access::{Viewer, audit},
    db::{Conn, Instant},
    exams::rules::Offer,
    i18n::{Lang, Text, date},
    record::{PersonId, Rules, ledger, verdict::Line},
    staff::{Post, Site},
    text,
    web::{Error, Result},
};

/// Who puts the name down: candidates keep to the times of registration, those who look after
/// people may still add one until the last start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Own,
    Other,
}

/// Why somebody cannot be put down; the first reason is told.
#[derive(Clone, Debug)]
pub struct Judged {
    pub line: Line,
    pub obstacle: Option<Text>,
}

/// Judges a registration on the record, for the day of the sitting.
pub fn judge(
    conn: &mut Conn,
    desk: &Desk<'_>,
    person: &Post,
    (sitting, site): (&Sitting, &Site),
    hand: Hand,
    leaving: Option<&Sitting>,
) -> Result<Judged> {
    let offer = Offer::find(desk.rules, &sitting.exam).ok_or(Error::NotFound)?;
    let facts = ledger::facts_of(conn, person.person.id, None)?;
    let day = sitting.day(site);
    let line = rules::eligibility(desk.rules, offer, &facts, day);
    let calendar = not_open(sitting, site, hand, desk.by.now);
    let obstacle = match calendar {
        Some(closed) => Some(closed),
        None if !offer.set.applies(day) => Some(text!(
            "这套规则在考试当天不适用。",
            "The rule set of this exam is not in force on that day."
        )),
        None if !person.works_on(day) => {
            Some(text!("此人当天已不在职。", "This person no longer works here on that day."))
        }
        None if !line.met => Some(not_eligible(&line)),
        None => clash(conn, desk, person.person.id, sitting, leaving)?,
    };
    Ok(Judged { line, obstacle })
}

/// What the calendar says against it.
fn not_open(sitting: &Sitting, site: &Site, hand: Hand, now: Instant) -> Option<Text> {
    let said = |at: Instant| {
        let zh = super::letters::moment(Lang::Zh, site, at);
        (zh, super::letters::moment(Lang::En, site, at))
    };
    if sitting.cancelled_at.is_some() {
        return Some(text!("这场考试已取消。", "This sitting is cancelled."));
    }
    if sitting.closed_at.is_some() || now > sitting.start_by {
        return Some(text!("这场考试已经结束报名。", "This sitting takes no more names."));
    }
    if hand == Hand::Other {
        return None;
    }
    if let Some(from) = sitting.register_from.filter(|from| now < *from) {
        let (zh, en) = said(from);
        return Some(text!("{zh} 开始报名。", "Registration begins on {en}."));
    }
    let by = sitting.register_by.unwrap_or(sitting.opens_at);
    (now > by).then(|| {
        let (zh, en) = said(by);
        text!(
            "报名已于 {zh} 截止。请联系培训师补报。",
            "Registration ended on {en}. Ask a trainer to add you."
        )
    })
}

/// The lines that are not met, and the first day time alone would help.
fn not_eligible(line: &Line) -> Text {
    let missing: Vec<Text> = line.lines.iter().filter_map(|inner| inner.missing.clone()).collect();
    let Text { zh, en } = Text::list(&missing);
    match line.earliest {
        None => text!("不符合报考条件：{zh}", "The conditions for this exam are not met: {en}"),
        Some(day) => {
            let (day_zh, day_en) = (date(Lang::Zh, day), date(Lang::En, day));
            text!(
                "不符合报考条件：{zh}。最早可报 {day_zh} 的场次。",
                "The conditions for this exam are not met: {en}. Sittings from {day_en} on can be booked."
            )
        }
    }
}

/// What else the person has to do at that time, and whether they are down for this exam already.
fn clash(
    conn: &mut Conn,
    desk: &Desk<'_>,
    person: PersonId,
    sitting: &Sitting,
    leaving: Option<&Sitting>,
) -> Result<Option<Text>> {
    let watched = queries::invigilated_by(conn, person, desk.by.now)?;
    if watched.iter().any(|one| one.id == sitting.id) {
        return Ok(Some(text!(
            "监考员不能参加自己监考的场次。",
            "Somebody who invigilates a sitting cannot sit it."
        )));
    }
    let leaves = |other: &Sitting| leaving.is_some_and(|leaving| leaving.id == other.id);
    let down: Vec<(Registration, Sitting)> = queries::registered_for(conn, person, desk.by.now)?
        .into_iter()
        .map(|(registration, other, _)| (registration, other))
        .filter(|(_, other)| other.id != sitting.id && !leaves(other))
        .collect();
    let overlapping = down
        .iter()
        .map(|(_, other)| other)
        .chain(&watched)
        .find(|other| rules::overlap(span(desk.rules, sitting), span(desk.rules, other)));
    if let Some(Sitting { code, .. }) = overlapping {
        return Ok(Some(text!(
            "与另一场次（{code}）时间冲突。",
            "It overlaps with another sitting ({code}) this person is down for."
        )));
    }
    // A registration that was used stands in nobody's way.
    let twice = down.iter().find(|(registration, other)| {
        other.exam == sitting.exam && registration.attendance.is_none()
    });
    Ok(twice.map(|(_, Sitting { code, .. })| {
        text!(
            "已报名同一考试的另一场次（{code}）。请改期，或先取消那一场。",
            "This person is down for another sitting of the same exam ({code}). Move that registration, or withdraw it first."
        )
    }))
}

/// From when to when a sitting lasts.
fn span(rules: &Rules, sitting: &Sitting) -> (Instant, Instant) {
    let minutes = Offer::find(rules, &sitting.exam).map_or(60, |offer| offer.minutes());
    (sitting.opens_at, sitting.ends(minutes))
}

/// Puts a name down. One that stands there already stays as it is.
pub fn register(
    conn: &mut Conn,
    desk: &Desk<'_>,
    person: &Post,
    (sitting, site): (&Sitting, &Site),
    hand: Hand,
) -> Result<()> {
    ledger::hold(conn, person.person.id)?;
    put_down(conn, desk, person, (sitting, site), hand, None)
}

fn put_down(
    conn: &mut Conn,
    desk: &Desk<'_>,
    person: &Post,
    (sitting, site): (&Sitting, &Site),
    hand: Hand,
    leaving: Option<&Sitting>,
) -> Result<()> {
    let held = queries::hold(conn, sitting.id)?.ok_or(Error::NotFound)?;
    let id = person.person.id;
    if queries::registration_of(conn, held.id, id)?.is_some() {
        return Ok(());
    }
    let judged = judge(conn, desk, person, (&held, site), hand, leaving)?;
    if let Some(obstacle) = judged.obstacle {
        return Err(Error::Refused(obstacle));
    }
    if queries::seats_taken(conn, held.id)? >= held.seats {
        return Err(Error::Refused(text!(
            "这场考试已经满员。请选择其他场次。",
            "All seats of this sitting are taken. Choose another one."
        )));
    }
    let offer = Offer::find(desk.rules, &held.exam).ok_or(Error::NotFound)?;
    let new = queries::NewRegistration {
        sitting: held.id,
        person: id,
        verdict: &serde_json::to_string(&judged.line)?,
        content: desk.rules.revision(offer.set),
    };
    let registration = queries::register(conn, &new, (desk.by.id, desk.by.now))?;
    let detail = serde_json::json!({ "sitting": held.code, "person": person.person.staff_no });
    let subject = ("registration", Some(registration.0));
    audit::note(conn, Some(desk.by.id), "register-for-exam", subject, detail, desk.by.now)?;
    desk.tell(conn, id, (&held, site), News::Registered)
}

/// Takes a name off the list.
pub fn withdraw(
    conn: &mut Conn,
    desk: &Desk<'_>,
    registration: &Registration,
    (sitting, site): (&Sitting, &Site),
    why: &str,
    hand: Hand,
) -> Result<()> {
    let limit = if hand == Hand::Own { sitting.opens_at } else { sitting.start_by };
    if sitting.cancelled_at.is_some() || desk.by.now > limit || registration.attendance.is_some() {
        return Err(Error::Refused(text!(
            "考试已经开始，不能再取消报名。请联系监考员。",
            "The sitting has begun, so the registration stays. Speak to the invigilator."
        )));
    }
    queries::withdraw(conn, registration.id, why, (desk.by.id, desk.by.now))?;
    let detail = serde_json::json!({ "sitting": sitting.code, "why": why });
    let subject = ("registration", Some(registration.id.0));
    audit::note(conn, Some(desk.by.id), "withdraw-from-exam", subject, detail, desk.by.now)?;
    desk.tell(conn, registration.person_id, (sitting, site), News::Withdrawn { why })
}

/// Moves a name to another sitting of the same exam, or leaves everything as it is.
pub fn reschedule(
    conn: &mut Conn,
    desk: &Desk<'_>,
    person: &Post,
    from: (&Registration, &Sitting, &Site),
    to: (&Sitting, &Site),
    hand: Hand,
) -> Result<()> {
    let (registration, sitting, site) = from;
    if sitting.exam != to.0.exam {
        return Err(Error::Refused(text!(
            "只能改到同一考试的其他场次。",
            "A registration moves to another sitting of the same exam only."
        )));
    }
    ledger::hold(conn, person.person.id)?;
    put_down(conn, desk, person, to, hand, Some(sitting))?;
    let why = match person.person.lang() {
        Lang::Zh => "改期到另一场次",
        Lang::En => "moved to another sitting",
    };
    withdraw(conn, desk, registration, (sitting, site), why, hand)
}

/// Whether a name may be put down by hand of a viewer for themselves right now, with the reasons.
pub fn own_chance(
    conn: &mut Conn,
    desk: &Desk<'_>,
    viewer: &Viewer,
    at: (&Sitting, &Site),
) -> Result<Judged> {
    let post = viewer.post(conn, viewer.id)?;
    judge(conn, desk, &post, at, Hand::Own, None)
}
