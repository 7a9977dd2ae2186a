//! What falls due, one source a module function: each asks for what is due between two days and
//! nothing else, so its cost follows what is due and not what exists.
//!
//! A source says what is due and whom it is about. Who is told, when and whether, is decided by
//! [`super::planner`] for all of them alike.

mod certificates;
mod coverage;
mod exams;
mod work;

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use super::model::{Rule, Source, To};
use crate::{
    db::{Conn, Error, Instant},
    i18n::Text,
    record::{
        PersonId, Rules,
        period::{day_before, next_day},
    },
    staff::Site,
};

type Result<T> = std::result::Result<T, Error>;

/// What is asked of a source.
pub struct Ask<'a> {
    pub rules: &'a Rules,
    pub rule: &'a Rule,
    /// Due dates from one day to the other.
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// A day that is today somewhere.
    pub today: NaiveDate,
    pub now: Instant,
    pub whose: &'a Whose,
}

/// So many people are named in a query; of more, everybody is asked for and the others left out.
const FEW: usize = 500;

impl Ask<'_> {
    fn wants(&self, person: PersonId) -> bool {
        self.whose.includes(person)
    }

    /// The people it is about, when they are so few that a query can name them.
    fn few(&self) -> Option<Vec<PersonId>> {
        match self.whose {
            Whose::These(people) if people.len() <= FEW => {
                let mut people: Vec<PersonId> = people.iter().copied().collect();
                people.sort_unstable();
                Some(people)
            }
            Whose::These(_) | Whose::Everyone => None,
        }
    }

    /// Moments that may lie on one of the days, wherever that is.
    fn moments(&self) -> (Instant, Instant) {
        let at = |day: NaiveDate| {
            DateTime::<Utc>::from_naive_utc_and_offset(day.and_time(NaiveTime::MIN), Utc)
        };
        (at(day_before(self.first)).into(), at(next_day(next_day(self.last))).into())
    }
}

/// About whom reminders are looked for.
#[derive(Clone, Debug)]
pub enum Whose {
    Everyone,
    These(HashSet<PersonId>),
}

impl Whose {
    pub fn includes(&self, person: PersonId) -> bool {
        match self {
            Whose::Everyone => true,
            Whose::These(people) => people.contains(&person),
        }
    }

    pub fn is_nobody(&self) -> bool {
        matches!(self, Whose::These(people) if people.is_empty())
    }
}

/// The day something is due, or the moment whose day at the person's site it is.
#[derive(Clone, Copy, Debug)]
pub enum When {
    Day(NaiveDate),
    Moment(Instant),
}

impl When {
    pub fn day_in(self, zone: Tz) -> NaiveDate {
        match self {
            When::Day(day) => day,
            When::Moment(at) => at.utc().with_timezone(&zone).date_naive(),
        }
    }
}

/// Something that is due.
#[derive(Clone, Debug)]
pub struct Item {
    pub kind: &'static str,
    pub id: i64,
    pub code: String,
    pub number: Option<String>,
    pub title: Text,
    pub due: When,
    /// After that it is of no use to be told.
    pub until: Option<Instant>,
    pub about: Option<PersonId>,
    /// Where it is, when that is not where the person works.
    pub site: Option<Site>,
    pub mentor: Option<PersonId>,
    /// Only these are concerned, whatever the rule says.
    pub only_to: Option<Vec<To>>,
    /// They were mailed about it when it happened; only who has no address hears of it here.
    pub mailed_already: bool,
    pub path: String,
    pub path_for_others: String,
    pub detail: Text,
}

impl Item {
    fn new(kind: &'static str, id: i64, code: &str, title: Text, due: When) -> Item {
        Item {
            kind,
            id,
            code: code.to_owned(),
            number: None,
            title,
            due,
            until: None,
            about: None,
            site: None,
            mentor: None,
            only_to: None,
            mailed_already: false,
            path: "/".to_owned(),
            path_for_others: "/".to_owned(),
            detail: Text::default(),
        }
    }

    fn about(self, person: PersonId) -> Item {
        Item { about: Some(person), ..self }
    }

    fn leads_to(self, path: impl Into<String>, others: impl Into<String>) -> Item {
        Item { path: path.into(), path_for_others: others.into(), ..self }
    }
}

/// Everything a rule finds due.
pub fn find(conn: &mut Conn, ask: &Ask<'_>) -> Result<Vec<Item>> {
    let found = match ask.rule.source {
        Source::CertificateExpiring => certificates::expiring(conn, ask),
        Source::GraceEnding => certificates::grace_ending(conn, ask),
        Source::ReviewDue => certificates::review_due(conn, ask),
        Source::SuspendedSoon => certificates::suspended_soon(conn, ask),
        Source::RegistrationOpen => exams::registration_open(conn, ask),
        Source::SittingTomorrow => exams::sitting_tomorrow(conn, ask),
        Source::ResultOut => exams::result_out(conn, ask),
        Source::LogbookWaiting => work::logbook_waiting(conn, ask),
        Source::CandidacyWaiting => work::candidacy_waiting(conn, ask),
        Source::CourseOverdue => work::course_overdue(conn, ask),
        Source::CoverageAtRisk => coverage::at_risk(conn, ask),
    }?;
    Ok(found.into_iter().filter(|item| ask.rule.covers(&item.code)).collect())
}
