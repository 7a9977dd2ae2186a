//! The nouns of standard setting: a study, its questions, its judges.

use diesel::prelude::*;

use crate::{
    db::{Instant, schema::standard_study},
    exams::questions::{Body, QuestionKind, VersionId},
    i18n::Text,
    record::PersonId,
    staff::Person,
    text,
};

crate::id! {
    /// A study of where a pass mark should lie.
    StudyId
}

/// A study as it is kept.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = standard_study)]
pub struct Study {
    pub id: StudyId,
    /// `RULESET/NAME`.
    pub exam: String,
    pub title: String,
    /// A JSON list of versions.
    questions: String,
    pub created_at: Instant,
    pub created_by: PersonId,
    pub first_closed_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub adopted_at: Option<Instant>,
    pub adopted_by: Option<PersonId>,
    pub adopted_why: Option<String>,
    /// Hundredths of a point out of 100.
    pub cut: Option<i64>,
}

/// How far a study has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    First,
    Second,
    Closed,
    Adopted,
}

impl Phase {
    pub fn title(self) -> Text {
        match self {
            Phase::First => text!("第一轮评判中", "First round open"),
            Phase::Second => text!("第二轮评判中", "Second round open"),
            Phase::Closed => text!("评判结束，待决定", "Closed, to be decided"),
            Phase::Adopted => text!("已采纳", "Adopted"),
        }
    }

    /// The round in which judges may judge now.
    pub fn round(self) -> Option<i64> {
        match self {
            Phase::First => Some(1),
            Phase::Second => Some(2),
            Phase::Closed | Phase::Adopted => None,
        }
    }
}

impl Study {
    pub fn phase(&self) -> Phase {
        match (self.first_closed_at, self.closed_at, self.adopted_at) {
            (_, _, Some(_)) => Phase::Adopted,
            (_, Some(_), None) => Phase::Closed,
            (Some(_), None, None) => Phase::Second,
            (None, None, None) => Phase::First,
        }
    }

    pub fn versions(&self) -> Vec<VersionId> {
        serde_json::from_str(&self.questions).unwrap_or_default()
    }

    pub fn path(&self) -> String {
        path_of(self.id)
    }
}

pub fn path_of(id: StudyId) -> String {
    format!("/exams/standards/{id}")
}

/// A question that is judged.
#[derive(Clone, Debug)]
pub struct Judged {
    pub version: VersionId,
    pub code: String,
    pub kind: QuestionKind,
    pub body: Body,
}

impl Judged {
    /// All its points; those of its parts together where it is a case.
    pub fn points(&self) -> f64 {
        self.body.places().iter().map(|place| f64::from(place.points)).sum()
    }
}

/// Somebody who is asked.
#[derive(Clone, Debug)]
pub struct Judge {
    pub person: Person,
    pub invited_at: Instant,
}
