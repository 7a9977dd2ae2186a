//! The nouns: an enrolment, what was done in it, how far somebody is.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::{
    content::ContentId,
    db::{Instant, schema::enrolment},
    i18n::Text,
    record::PersonId,
    text,
};

crate::id! {
    /// One round of a course for one person.
    EnrolmentId
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = enrolment)]
pub struct Enrolment {
    pub id: EnrolmentId,
    pub person_id: PersonId,
    pub course: String,
    /// The revision they enrolled in and finish.
    pub content_id: ContentId,
    pub round: i64,
    pub enrolled_at: Instant,
    pub enrolled_by: Option<PersonId>,
    pub due_on: Option<NaiveDate>,
}

/// An enrolment with the lessons done in it.
#[derive(Clone, Debug)]
pub struct Round {
    pub enrolment: Enrolment,
    pub done: BTreeSet<String>,
    pub completed_at: Option<Instant>,
}

impl Round {
    pub fn is_open(&self) -> bool {
        self.completed_at.is_none()
    }

    /// Past its due day and not completed.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.is_open() && self.enrolment.due_on.is_some_and(|due| due < today)
    }

    pub fn state(&self) -> State {
        match (self.is_open(), self.done.is_empty()) {
            (false, _) => State::Completed,
            (true, true) => State::NotStarted,
            (true, false) => State::InProgress,
        }
    }
}

/// How far a person is in one course, for their start page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub code: String,
    pub done: usize,
    pub total: usize,
    pub due_on: Option<NaiveDate>,
    /// The latest completion the record knows.
    pub completed_on: Option<NaiveDate>,
}

crate::words! {
    /// What the list of who is where can be narrowed to.
    State {
        NotStarted = "not-started",
        InProgress = "in-progress",
        Completed = "completed",
        Overdue = "overdue",
    }
}

impl State {
    pub fn title(self) -> Text {
        match self {
            State::NotStarted => text!("未开始", "Not started"),
            State::InProgress => text!("学习中", "In progress"),
            State::Completed => text!("已完成", "Completed"),
            State::Overdue => text!("已逾期", "Overdue"),
        }
    }
}

/// What readers call an area of the catalogue; an area of their own keeps its word.
pub fn area_title(area: &str) -> Text {
    match area {
        "onboarding" => text!("入职", "Onboarding"),
        "skills" => text!("维修技能", "Repair skills"),
        "safety" => text!("安全", "Safety"),
        "new-technology" => text!("新能源与新技术", "New technology"),
        "cases" => text!("案例", "Cases"),
        "etiquette" => text!("服务礼仪", "Service etiquette"),
        other => Text::same(other),
    }
}
