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
    // One registration is one attempt: who has started is done with it.
    let sitting = registered.into_iter().find(|(registration, sitting, _)| {
        sitting.exam == code && registration.attendance != Some(Attendance::Present)
    });
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
    if let Some(said) = registration.attendance {
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
    // Held, so that tries sent at the same time are counted one after the other.
    ledger::hold(conn, viewer.id)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exams::sittings::Release, record::PersonId, staff::SiteId};

    fn at(minute: i64) -> Instant {
        let second = 1_795_000_000 + 60 * minute;
        Instant::from(chrono::DateTime::from_timestamp(second, 0).unwrap())
    }

    /// Opens in the tenth minute, last start in the fortieth.
    fn registered() -> (Registration, Sitting, Site) {
        let registration = Registration {
            id: crate::exams::sittings::model::RegistrationId(1),
            sitting_id: SittingId(1),
            person_id: PersonId(1),
            registered_at: at(0),
            registered_by: PersonId(1),
            verdict: String::new(),
            content_id: crate::content::ContentId(1),
            withdrawn_at: None,
            withdrawn_why: None,
            attendance: None,
            attendance_note: None,
        };
        let sitting = Sitting {
            id: SittingId(1),
            code: "abc".to_owned(),
            exam: "set/exam".to_owned(),
            site_id: SiteId(1),
            room: "301".to_owned(),
            opens_at: at(10),
            start_by: at(40),
            hand_in_by: None,
            seats: 10,
            register_from: None,
            register_by: None,
            entry_code: None,
            networks: Some("192.168.10.0/24\n2001:db8::/48".to_owned()),
            release: Release::AtOnce,
            release_at: None,
            note: String::new(),
            created_by: PersonId(1),
            sequence: 0,
            cancelled_at: None,
            cancelled_why: None,
            closed_at: None,
        };
        let site = Site {
            id: SiteId(1),
            code: "pudong".to_owned(),
            name: "浦东店".to_owned(),
            name_en: None,
            parent_id: None,
            kind: crate::staff::SiteKind::Site,
            time_zone: "Asia/Shanghai".to_owned(),
            lineage: "/1/".to_owned(),
        };
        (registration, sitting, site)
    }

    #[test]
    fn an_exam_that_needs_a_sitting_is_started_in_its_window_only() {
        let granted = Granted::default();
        let alone = |required| Prospect { sitting: None, required, granted };
        assert!(alone(false).obstacle(at(0)).is_none());
        assert!(alone(true).obstacle(at(0)).is_some_and(|why| why.en.contains("planned sittings")));
        let prospect = Prospect { sitting: Some(registered()), required: true, granted };
        for (minute, may) in [(9, false), (10, true), (40, true), (41, false)] {
            assert_eq!(prospect.obstacle(at(minute)).is_none(), may, "minute {minute}");
        }
    }

    #[test]
    fn only_the_named_networks_are_admitted_also_when_written_in_the_other_family() {
        let (_, sitting, _) = registered();
        for (address, may) in [
            ("192.168.10.77", true),
            ("::ffff:192.168.10.77", true),
            ("192.168.11.1", false),
            ("2001:db8:0:1::5", true),
            ("2001:db9::5", false),
        ] {
            assert_eq!(sitting.admits(address.parse().ok()), may, "{address}");
        }
        assert!(!sitting.admits(None), "an unknown address is not on them");
        assert!(Sitting { networks: None, ..sitting }.admits(None), "where none is named");
    }
}
