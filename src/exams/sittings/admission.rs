//! Who may start an exam now, and with which times.

use std::net::IpAddr;

use chrono::Duration;
use subtle::ConstantTimeEq;

use super::{
    letters::moment,
    model::{Attendance, Granted, Phase, Registration, Sitting, SittingId},
    queries, rules,
};
use crate::{
    access::{Viewer, audit},
    db::{Conn, Instant},
    exams::{clock, rules::Offer},
    i18n::{Lang, Text},
    record::{Rules, ledger, programme::SittingRule, verdict},
    staff::Site,
    text,
    web::{Error, Result},
};

/// What a candidate brings along.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The entry code as it was typed.
    pub code: String,
    pub address: Option<IpAddr>,
}

/// What stands before somebody who wants to start an exam.
#[derive(Clone, Debug)]
pub struct Prospect {
    /// The sitting they are registered for: the one that is open, else the next.
    pub sitting: Option<(Registration, Sitting, Site)>,
    /// Whether the exam is sat in sittings only.
    pub required: bool,
    pub granted: Granted,
}

/// With which times somebody starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub sitting: Option<SittingId>,
    pub hand_in_by: Instant,
    /// What was granted to them, already within `hand_in_by`.
    pub granted: Granted,
}

/// Whether somebody may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Start(Start),
    /// The entry code was wrong; the try has been noted and is to be committed.
    WrongCode,
}

pub fn prospect(conn: &mut Conn, viewer: &Viewer, offer: Offer<'_>) -> Result<Prospect> {
    let code = offer.code();
    let registered = queries::registered_for(conn, viewer.id, viewer.now)?;
    let sitting = registered.into_iter().find(|(_, sitting, _)| sitting.exam == code);
    let granted = queries::accommodations(conn, viewer.id)?;
    Ok(Prospect {
        sitting,
        required: offer.plan.sitting == SittingRule::Required,
        granted: Granted::on(&granted, viewer.today),
    })
}

impl Prospect {
    /// How long they have.
    pub fn allowed(&self, offer: Offer<'_>) -> Duration {
        clock::time_allowed(offer.minutes(), self.granted.extra_percent)
    }

    /// The sitting that is open now.
    pub fn open(&self, now: Instant) -> Option<&(Registration, Sitting, Site)> {
        self.sitting.as_ref().filter(|(_, sitting, _)| sitting.phase(now) == Phase::Open)
    }

    /// When they hand in if they start now.
    pub fn hand_in_by(&self, offer: Offer<'_>, now: Instant) -> Instant {
        let end = self.open(now).and_then(|(_, sitting, _)| sitting.hand_in_by);
        clock::hand_in_by(now, self.allowed(offer), end)
    }

    /// Why they cannot start now, as far as sittings go.
    pub fn obstacle(&self, now: Instant) -> Option<Text> {
        if !self.required || self.open(now).is_some() {
            return None;
        }
        Some(match &self.sitting {
            None => text!(
                "这门考试只在安排的场次中进行，您还没有报名。请先在“场次”中报名。",
                "This exam is sat in planned sittings only, and you are not registered for one. Register for a sitting first."
            ),
            Some((_, sitting, site)) => {
                let (zh, en) = (
                    moment(Lang::Zh, site, sitting.opens_at),
                    moment(Lang::En, site, sitting.opens_at),
                );
                text!(
                    "您报名的场次 {zh} 才开始，请届时再来。",
                    "The sitting you are registered for opens on {en}. Come back then."
                )
            }
        })
    }
}

/// Whether the viewer may start this exam now, and with which times.
pub fn admit(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    offer: Offer<'_>,
    entry: &Entry,
) -> Result<Admission> {
    let prospect = prospect(conn, viewer, offer)?;
    if let Some(obstacle) = prospect.obstacle(viewer.now) {
        return Err(Error::Refused(obstacle));
    }
    demands(conn, viewer, rules, offer)?;
    let start = Start {
        sitting: prospect.open(viewer.now).map(|(_, sitting, _)| sitting.id),
        hand_in_by: prospect.hand_in_by(offer, viewer.now),
        granted: prospect.granted,
    };
    let Some((registration, sitting, _)) = prospect.open(viewer.now) else {
        return Ok(Admission::Start(start));
    };
    if !at_the_door(conn, viewer, registration, sitting, entry)? {
        return Ok(Admission::WrongCode);
    }
    let by = (viewer.id, viewer.now);
    queries::set_attendance(conn, registration.id, Attendance::Present, "", by)?;
    Ok(Admission::Start(start))
}

/// What the rule set demands besides the wait, judged again on the day.
fn demands(conn: &mut Conn, viewer: &Viewer, rules: &Rules, offer: Offer<'_>) -> Result<()> {
    let Some(requires) = &offer.plan.requires else { return Ok(()) };
    let facts = ledger::facts_of(conn, viewer.id, None)?;
    let line = verdict::judge(requires, rules.context(), &facts, viewer.today);
    match line.missing {
        Some(missing) if !line.met => Err(Error::Refused(missing)),
        _ => Ok(()),
    }
}

/// Network, attendance and entry code; says whether the code was right.
fn at_the_door(
    conn: &mut Conn,
    viewer: &Viewer,
    registration: &Registration,
    sitting: &Sitting,
    entry: &Entry,
) -> Result<bool> {
    if let Some(said) = registration.attendance.filter(|said| *said != Attendance::Present) {
        let Text { zh, en } = said.title();
        return Err(Error::Refused(text!(
            "监考员已将您登记为“{zh}”，不能开始。请找监考员更正。",
            "The invigilator has marked you “{en}”, so you cannot start. Speak to them if that is wrong."
        )));
    }
    if !sitting.admits(entry.address) {
        let address = entry.address.map(|address| address.to_string()).unwrap_or_default();
        return Err(Error::Refused(text!(
            "这场考试只能在指定网络中进行，您的地址 {address} 不在其中。请连接考场网络后重试。",
            "This sitting is held on certain networks only, and your address {address} is not on them. Connect to the network of the room and try again."
        )));
    }
    let Some(code) = &sitting.entry_code else { return Ok(true) };
    knows_code(conn, viewer, sitting.id, code, &entry.code)
}

/// So many wrong codes in so long; then the door stays shut for a while.
const TRIES: i64 = 5;
const TRIES_WITHIN: Duration = Duration::minutes(15);
const WRONG_CODE: &str = "try-entry-code";

fn knows_code(
    conn: &mut Conn,
    viewer: &Viewer,
    sitting: SittingId,
    code: &str,
    typed: &str,
) -> Result<bool> {
    let since = viewer.now.plus(-TRIES_WITHIN);
    let subject = ("sitting", sitting.0);
    if audit::times(conn, viewer.id, WRONG_CODE, subject, since)? >= TRIES {
        return Err(Error::TooMany(text!(
            "入场码错误次数过多。请向监考员确认后，15 分钟后再试。",
            "Too many wrong entry codes. Ask the invigilator and try again in 15 minutes."
        )));
    }
    let typed = rules::tidy_code(typed);
    if bool::from(code.as_bytes().ct_eq(typed.as_bytes())) {
        return Ok(true);
    }
    let (kind, id) = subject;
    let nothing = serde_json::json!({});
    audit::note(conn, Some(viewer.id), WRONG_CODE, (kind, Some(id)), nothing, viewer.now)?;
    Ok(false)
}
