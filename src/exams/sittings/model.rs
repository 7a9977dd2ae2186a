//! The nouns of sittings.

use std::net::IpAddr;

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;
use ipnet::IpNet;

use crate::{
    content::ContentId,
    db::{
        Instant,
        schema::{accommodation, registration, sitting},
    },
    i18n::Text,
    record::PersonId,
    staff::{Site, SiteId},
    text,
};

crate::id! {
    /// A planned sitting.
    SittingId
}

crate::id! {
    /// Somebody's name on the list of a sitting.
    RegistrationId
}

crate::id! {
    /// What somebody is granted.
    AccommodationId
}

crate::words! {
    /// When candidates of a sitting learn their results.
    Release {
        AtOnce = "at-once",
        ByDecision = "by-decision",
        AtTime = "at-time",
    }
}

impl Release {
    pub fn title(self) -> Text {
        match self {
            Release::AtOnce => text!("交卷后立即公布", "At once"),
            Release::ByDecision => text!("审核后公布", "When somebody decides so"),
            Release::AtTime => text!("在指定时间公布", "At a set time"),
        }
    }
}

crate::words! {
    /// What became of somebody's registration.
    Attendance {
        /// They started.
        Present = "present",
        Absent = "absent",
        /// They said so before, with a reason.
        Excused = "excused",
        /// The invigilator did not let them sit.
        Refused = "refused",
    }
}

impl Attendance {
    pub fn title(self) -> Text {
        match self {
            Attendance::Present => text!("已到", "Present"),
            Attendance::Absent => text!("缺考", "Absent"),
            Attendance::Excused => text!("请假", "Excused"),
            Attendance::Refused => text!("未准入场", "Not admitted"),
        }
    }
}

/// A sitting as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sitting)]
pub struct Sitting {
    pub id: SittingId,
    pub code: String,
    /// `RULESET/NAME`.
    pub exam: String,
    pub site_id: SiteId,
    pub room: String,
    pub opens_at: Instant,
    /// The last moment to begin.
    pub start_by: Instant,
    /// The last moment to hand in for everybody, where there is one.
    pub hand_in_by: Option<Instant>,
    pub seats: i64,
    pub register_from: Option<Instant>,
    pub register_by: Option<Instant>,
    pub entry_code: Option<String>,
    /// Networks in CIDR form, one a line.
    pub networks: Option<String>,
    pub release: Release,
    pub release_at: Option<Instant>,
    pub note: String,
    pub created_by: PersonId,
    /// Counts changes of place and time, for calendars.
    pub sequence: i64,
    pub cancelled_at: Option<Instant>,
    pub cancelled_why: Option<String>,
    pub closed_at: Option<Instant>,
}

/// Where a sitting stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Planned,
    /// Candidates may start.
    Open,
    /// Nobody starts any more; some may still be sitting.
    Started,
    Closed,
    Cancelled,
}

impl Phase {
    pub fn title(self) -> Text {
        match self {
            Phase::Planned => text!("待开考", "Planned"),
            Phase::Open => text!("可入场", "Open"),
            Phase::Started => text!("已停止入场", "No more starts"),
            Phase::Closed => text!("已结束", "Closed"),
            Phase::Cancelled => text!("已取消", "Cancelled"),
        }
    }
}

impl Sitting {
    pub fn path(&self) -> String {
        format!("/exams/sittings/{}", self.code)
    }

    pub fn phase(&self, now: Instant) -> Phase {
        match () {
            () if self.cancelled_at.is_some() => Phase::Cancelled,
            () if self.closed_at.is_some() => Phase::Closed,
            () if now < self.opens_at => Phase::Planned,
            () if now <= self.start_by => Phase::Open,
            () => Phase::Started,
        }
    }

    /// When the last candidate is done if nobody has more than so many minutes.
    pub fn ends(&self, minutes: i64) -> Instant {
        self.hand_in_by.unwrap_or_else(|| self.start_by.plus(Duration::minutes(minutes)))
    }

    /// Whether names may be put down now, as far as the calendar goes.
    pub fn takes_names(&self, now: Instant) -> bool {
        self.phase(now) == Phase::Planned
            && self.register_from.is_none_or(|from| from <= now)
            && self.register_by.is_none_or(|by| now <= by)
    }

    /// Whether somebody at this address may start; anybody where no network is named. What was kept
    /// was checked then, so an unreadable line only admits nobody.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        let Some(networks) = &self.networks else { return true };
        // A phone may come as an IPv4 address inside IPv6.
        let address = address.map(|address| address.to_canonical());
        networks
            .lines()
            .filter_map(|line| line.parse::<IpNet>().ok())
            .any(|network| address.is_some_and(|address| network.contains(&address)))
    }

    /// The day it is held, where it is held.
    pub fn day(&self, site: &Site) -> NaiveDate {
        self.opens_at.utc().with_timezone(&site.zone()).date_naive()
    }
}

/// A registration as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = registration)]
pub struct Registration {
    pub id: RegistrationId,
    pub sitting_id: SittingId,
    pub person_id: PersonId,
    pub registered_at: Instant,
    pub registered_by: PersonId,
    /// Why they may sit it, as it was judged then.
    pub verdict: String,
    pub content_id: ContentId,
    pub withdrawn_at: Option<Instant>,
    pub withdrawn_why: Option<String>,
    pub attendance: Option<Attendance>,
    pub attendance_note: Option<String>,
}

/// Something granted to somebody for every exam while it lasts.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = accommodation)]
pub struct Accommodation {
    pub id: AccommodationId,
    pub person_id: PersonId,
    pub extra_percent: i64,
    pub break_minutes: i64,
    pub note: String,
    pub from_day: NaiveDate,
    pub through_day: Option<NaiveDate>,
    pub granted_at: Instant,
    pub granted_by: PersonId,
    pub ended_at: Option<Instant>,
}

impl Accommodation {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.ended_at.is_none()
            && self.from_day <= day
            && self.through_day.is_none_or(|through| day <= through)
    }
}

/// What all that somebody is granted comes to: of two grants the larger counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    pub extra_percent: i64,
    pub break_minutes: i64,
}

impl Granted {
    pub fn on(all: &[Accommodation], day: NaiveDate) -> Granted {
        all.iter().filter(|one| one.holds_on(day)).fold(Granted::default(), |sum, one| Granted {
            extra_percent: sum.extra_percent.max(one.extra_percent),
            break_minutes: sum.break_minutes.max(one.break_minutes),
        })
    }
}
