//! The nouns of attempts: papers being sat, answers, results.

use diesel::prelude::*;

use crate::{
    content::ContentId,
    db::{
        Instant,
        schema::{attempt, attempt_result},
    },
    exams::{blueprints::BlueprintId, clock::Clock, questions::model::AreaScore},
    i18n::Text,
    record::{Amount, FactId, PersonId},
    text,
};

crate::id! {
    /// One sitting of one person at one exam.
    AttemptId
}

crate::words! {
    /// How an attempt came to its end.
    EndedBy { Candidate = "candidate", Time = "time", Invigilator = "invigilator" }
}

crate::words! {
    /// Why there is a result: each later one takes the place of the one before.
    Cause {
        Finish = "finish",
        Marking = "marking",
        Correction = "correction",
        Appeal = "appeal",
    }
}

impl EndedBy {
    pub fn title(self) -> Text {
        match self {
            EndedBy::Candidate => text!("本人交卷", "Handed in"),
            EndedBy::Time => text!("时间到，系统收卷", "Time was up; collected by the system"),
            EndedBy::Invigilator => text!("监考员收卷", "Closed by the invigilator"),
        }
    }
}

/// An attempt as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = attempt)]
pub struct Attempt {
    pub id: AttemptId,
    pub person_id: PersonId,
    /// `RULESET/NAME`.
    pub exam: String,
    /// The revision of the rule set it is sat under.
    pub content_id: ContentId,
    pub number: i64,
    pub seed: i64,
    /// Hundredths of a point out of 100, as the plan said at the start.
    pub pass_score: i64,
    pub started_at: Instant,
    pub hand_in_by: Instant,
    pub finished_at: Option<Instant>,
    pub sitting_id: Option<i64>,
    pub blueprint_id: Option<BlueprintId>,
    /// The clock stands still since then.
    pub paused_at: Option<Instant>,
}

/// Answers in flight when the time runs out are still taken for so long; nothing is taken later.
pub const GRACE_SECONDS: i64 = 5;

impl Attempt {
    pub fn clock(&self) -> Clock {
        Clock { hand_in_by: self.hand_in_by, paused_at: self.paused_at }
    }

    /// Whether nothing can be saved any more and only the marking is left. Time does not run out
    /// while the clock stands still.
    pub fn is_over(&self, now: Instant) -> bool {
        self.paused_at.is_none()
            && now > self.hand_in_by.plus(chrono::Duration::seconds(GRACE_SECONDS))
    }

    pub fn remaining_seconds(&self, now: Instant) -> i64 {
        self.clock().left(now).num_seconds()
    }

    pub fn path(&self) -> String {
        path_of(self.id)
    }
}

/// Where an attempt is sat.
pub fn path_of(id: AttemptId) -> String {
    format!("/exams/attempts/{id}")
}

/// The result of an attempt.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = attempt_result)]
pub struct AttemptResult {
    pub attempt_id: AttemptId,
    pub ended_by: EndedBy,
    pub points: i64,
    pub points_max: i64,
    pub passed: bool,
    pub by_area: String,
    pub cause: Cause,
    pub graded_at: Instant,
    /// Nothing is told and nothing follows from it before.
    pub released_at: Option<Instant>,
    pub released_by: Option<PersonId>,
    pub fact_id: Option<FactId>,
}

impl AttemptResult {
    /// Out of 100, exactly.
    pub fn score(&self) -> Amount {
        Amount { numerator: self.points * 100, denominator: self.points_max }
    }

    pub fn areas(&self) -> Vec<AreaScore> {
        serde_json::from_str(&self.by_area).unwrap_or_default()
    }
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub response: String,
    pub edition: i64,
    pub saved_at: Instant,
}
