//! The nouns: a candidacy with its recommendation and decision, and the verdict a decision keeps.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    content::ContentId,
    db::{
        Instant,
        schema::{candidacy, decision, recommendation},
    },
    i18n::Text,
    record::{FactId, PersonId, programme::Verified, verdict::Line},
    staff::Post,
    text,
};

crate::id! {
    /// Somebody's application for a step of a promotion path.
    CandidacyId
}

crate::words! {
    /// How a candidacy ended.
    Outcome {
        Promoted = "promoted",
        Declined = "declined",
        Withdrawn = "withdrawn",
    }
}

impl Outcome {
    pub fn title(self) -> Text {
        match self {
            Outcome::Promoted => text!("已晋升", "Promoted"),
            Outcome::Declined => text!("未通过", "Declined"),
            Outcome::Withdrawn => text!("已撤回", "Withdrawn"),
        }
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = candidacy)]
pub struct Candidacy {
    pub id: CandidacyId,
    pub person_id: PersonId,
    /// `RULESET/NAME`.
    pub path: String,
    /// The revision of the rule set at the time of applying.
    pub content_id: ContentId,
    pub statement: String,
    pub applied_at: Instant,
    /// The candidate, or the HR reviewer who nominated them.
    pub applied_by: PersonId,
    pub closed_at: Option<Instant>,
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = recommendation)]
pub struct Recommendation {
    pub candidacy_id: CandidacyId,
    pub supports: bool,
    pub note: String,
    pub given_at: Instant,
    pub given_by: PersonId,
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = decision)]
pub struct Decision {
    pub candidacy_id: CandidacyId,
    pub outcome: Outcome,
    pub effective_on: NaiveDate,
    pub reason: String,
    /// A [`KeptVerdict`] as JSON.
    pub verdict: String,
    pub decided_at: Instant,
    pub decided_by: PersonId,
    pub fact_id: Option<FactId>,
}

/// A candidacy with everything that happened to it.
#[derive(Clone, Debug)]
pub struct Story {
    pub candidacy: Candidacy,
    pub recommendation: Option<Recommendation>,
    pub decision: Option<Decision>,
}

impl Story {
    pub fn is_open(&self) -> bool {
        self.decision.is_none()
    }

    /// Where it stands, in a word or two.
    pub fn state(&self) -> Text {
        match (&self.decision, &self.recommendation) {
            (Some(decision), _) => decision.outcome.title(),
            (None, None) => text!("等待车间主任推荐", "Waiting for the manager"),
            (None, Some(given)) if given.supports => {
                text!("已推荐，等待人事决定", "Recommended, waiting for HR")
            }
            (None, Some(_)) => text!("不推荐，等待人事决定", "Not recommended, waiting for HR"),
        }
    }
}

/// An open candidacy with the candidate's post, for those it waits for.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub story: Story,
    pub post: Post,
}

/// The verdict a decision was made by, with the rules as they were: what defends it years later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptVerdict {
    pub path: String,
    pub title: Text,
    pub on: NaiveDate,
    pub met: bool,
    pub earliest: Option<NaiveDate>,
    pub rules: KeptRules,
    pub line: Line,
    /// Where each fact of the evidence came from, by the fact's id.
    pub sources: BTreeMap<i64, String>,
}

/// Which rules, in which revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptRules {
    pub code: String,
    pub title: Text,
    pub version: String,
    pub source: String,
    pub verified: Verified,
    pub content_id: ContentId,
}

/// A grade of somebody, as a fact says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeHeld {
    pub ladder: String,
    pub level: String,
    pub rank: u32,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

impl GradeHeld {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from <= day && self.through.is_none_or(|through| day <= through)
    }
}
