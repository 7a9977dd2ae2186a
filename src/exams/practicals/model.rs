//! The nouns of practical exams: the frozen sheet, seats of examiners, scores, results.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::conflicts::Check;
use crate::{
    content::ContentId,
    db::{
        Instant,
        schema::{conflict_declaration, practical, practical_examiner, practical_result},
    },
    i18n::Text,
    record::{
        Amount, FactId, PersonId,
        requirement::Limit,
        rubric::{PracticalPlan, ScoreLine, Station},
    },
    staff::SiteId,
    text,
};

crate::id! {
    /// One candidate's practical exam, or review by a panel.
    PracticalId
}

crate::id! {
    /// The place of one examiner at one practical exam.
    SeatId
}

crate::id! {
    /// A photo taken as evidence.
    PhotoId
}

crate::id! {
    /// A tie two people have, as somebody stated it.
    DeclarationId
}

crate::words! {
    /// What two people are to each other.
    Relation {
        Kin = "kin",
        Taught = "taught",
        Friend = "friend",
        Business = "business",
        Other = "other",
    }
}

impl Relation {
    pub fn title(self) -> Text {
        match self {
            Relation::Kin => text!("亲属（含姻亲）", "Relatives, in-laws included"),
            Relation::Taught => text!("授课关系", "One taught the other a course"),
            Relation::Friend => text!("好友", "Friends"),
            Relation::Business => text!("经济往来", "Business ties"),
            Relation::Other => text!("其他利害关系", "Another tie"),
        }
    }
}

crate::words! {
    /// Why there is a result: each later one takes the place of the one before.
    Cause { Scores = "scores", Appeal = "appeal" }
}

/// What the exam was judged by, frozen when it was planned: its rules and the stations drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub title: Text,
    /// The code of the fact it will write.
    pub fact: String,
    pub pass: Limit,
    /// Its stations are the drawn ones.
    pub plan: PracticalPlan,
}

impl Sheet {
    pub fn stations(&self) -> &[Station] {
        &self.plan.stations
    }

    pub fn station(&self, code: &str) -> Option<&Station> {
        self.plan.stations.iter().find(|station| station.code == code)
    }

    pub fn line(&self, station: &str, line: &str) -> Option<ScoreLine> {
        self.station(station)?.lines().into_iter().find(|one| one.code == line)
    }

    /// Every line that is scored, with its station.
    pub fn lines(&self) -> Vec<(&Station, ScoreLine)> {
        let of = |station: &'_ Station| station.lines();
        self.stations()
            .iter()
            .flat_map(|station| of(station).into_iter().map(move |line| (station, line)))
            .collect()
    }

    /// Hundredths of a point.
    pub fn points_max(&self) -> i64 {
        self.stations().iter().map(Station::points_max).sum()
    }

    pub fn minutes(&self) -> u32 {
        self.stations().iter().map(|station| station.minutes).sum()
    }

    /// The seat of the third examiner, whom a pair may need.
    pub fn third_slot(&self) -> Option<i64> {
        (!self.plan.is_panel()).then(|| self.plan.judges() + 1)
    }
}

/// A practical exam as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = practical)]
pub struct Kept {
    pub id: PracticalId,
    /// `RULESET/NAME`.
    pub exam: String,
    /// The revision of the rule set it is held under.
    pub content_id: ContentId,
    pub person_id: PersonId,
    pub site_id: SiteId,
    pub held_on: NaiveDate,
    pub seed: i64,
    pub stations: String,
    pub created_by: PersonId,
    pub cancelled_at: Option<Instant>,
    pub cancelled_why: Option<String>,
}

/// A practical exam with its sheet understood.
#[derive(Clone, Debug)]
pub struct Practical {
    pub id: PracticalId,
    pub exam: String,
    pub content: ContentId,
    pub person: PersonId,
    pub site: SiteId,
    pub held_on: NaiveDate,
    pub seed: i64,
    pub sheet: Sheet,
    pub created_by: PersonId,
    pub cancelled_at: Option<Instant>,
    pub cancelled_why: Option<String>,
}

impl Practical {
    pub fn path(&self) -> String {
        path_of(self.id)
    }
}

pub fn path_of(id: PracticalId) -> String {
    format!("/exams/practicals/{id}")
}

/// An examiner's place, as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = practical_examiner)]
pub struct Seat {
    pub id: SeatId,
    pub practical_id: PracticalId,
    pub examiner_id: PersonId,
    pub slot: i64,
    pub assigned_by: PersonId,
    pub conflicts: String,
    pub override_why: Option<String>,
    pub seconded_at: Option<Instant>,
    pub seconded_by: Option<PersonId>,
    pub recused_at: Option<Instant>,
    pub recused_why: Option<String>,
    pub submitted_at: Option<Instant>,
}

impl Seat {
    /// What stood against them, as it was judged then.
    pub fn checks(&self) -> Vec<Check> {
        serde_json::from_str(&self.conflicts).unwrap_or_default()
    }

    /// An exception was made that nobody has seconded yet: they may not score.
    pub fn waits_for_second(&self) -> bool {
        self.override_why.is_some() && self.seconded_at.is_none()
    }
}

/// One line as an examiner scored it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    pub station: String,
    pub line: String,
    /// Hundredths of a point.
    pub points: i64,
    pub vetoed: bool,
    pub note: String,
    pub edition: i64,
    pub saved_at: Instant,
}

/// How long somebody took at a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pub started_at: Instant,
    pub stopped_at: Option<Instant>,
}

impl Timing {
    pub fn seconds(&self, now: Instant) -> i64 {
        self.stopped_at.unwrap_or(now).seconds_since(self.started_at)
    }
}

/// A photo, without its bytes.
#[derive(Clone, Debug)]
pub struct Photo {
    pub id: PhotoId,
    pub seat: SeatId,
    pub station: String,
    pub line: String,
    pub digest: String,
}

/// The result of a practical exam, as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = practical_result)]
pub struct PracticalResult {
    pub practical_id: PracticalId,
    /// With `points_max` an exact share of what could be earned.
    pub points: i64,
    pub points_max: i64,
    pub vetoed: bool,
    pub passed: bool,
    pub detail: String,
    pub cause: Cause,
    pub graded_at: Instant,
    pub released_at: Option<Instant>,
    pub released_by: Option<PersonId>,
    pub fact_id: Option<FactId>,
}

impl PracticalResult {
    /// Out of 100, exactly.
    pub fn score(&self) -> Amount {
        Amount { numerator: self.points * 100, denominator: self.points_max.max(1) }
    }

    pub fn detail(&self) -> Detail {
        serde_json::from_str(&self.detail).unwrap_or_default()
    }
}

/// How a result came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Each examiner's total out of 100, by seat.
    pub totals: Vec<Total>,
    /// The lowest and the highest total are so far apart.
    pub spread: Option<Amount>,
    /// HR looks at it before it is released.
    pub flagged: bool,
    /// A third examiner was asked.
    pub adjudicated: bool,
    pub stations: Vec<StationScore>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    pub slot: i64,
    pub score: Amount,
    pub vetoed: bool,
    /// Its score is part of the result.
    pub counts: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationScore {
    pub code: String,
    pub title: Text,
    pub points: i64,
    pub points_max: i64,
}

impl StationScore {
    pub fn score(&self) -> Amount {
        Amount { numerator: self.points * 100, denominator: self.points_max.max(1) }
    }
}

/// A declared tie, as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = conflict_declaration)]
pub struct Declaration {
    pub id: DeclarationId,
    pub person_id: PersonId,
    pub other_id: PersonId,
    pub relation: Relation,
    pub note: String,
    pub declared_at: Instant,
    pub declared_by: PersonId,
    pub ended_at: Option<Instant>,
}
