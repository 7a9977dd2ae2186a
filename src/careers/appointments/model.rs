//! The nouns: an appointment, what was done within its term, who takes how many places.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::rules::{self, Term};
use crate::{
    db::{Instant, schema::appointment_act},
    i18n::Text,
    record::{FactId, PersonId},
    staff::Site,
    text,
};

crate::words! {
    /// What people do within the term of an appointment.
    ActKind {
        Reviewed = "reviewed",
        /// Before its last day.
        Ended = "ended",
    }
}

impl ActKind {
    pub fn title(self) -> Text {
        match self {
            ActKind::Reviewed => text!("期中评议", "Reviewed"),
            ActKind::Ended => text!("提前结束", "Ended early"),
        }
    }
}

/// Something that was done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = appointment_act)]
pub struct Act {
    /// The appointment: the fact of its grade as it was given.
    pub fact_id: FactId,
    #[diesel(column_name = act)]
    pub kind: ActKind,
    /// The day of the review, or the last day.
    #[diesel(column_name = on_day)]
    pub on: NaiveDate,
    pub why: String,
    pub done_at: Instant,
    pub done_by: PersonId,
    /// What is left of the grade after an early end.
    pub left_fact_id: Option<FactId>,
}

/// Somebody's appointment.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// The fact of its grade as it was given.
    pub id: FactId,
    pub person: PersonId,
    pub ladder: String,
    pub level: String,
    pub from: NaiveDate,
    /// Its last day; before the planned one when it ended early.
    pub through: Option<NaiveDate>,
    /// Why it was made.
    pub reason: Option<String>,
    /// The candidacy that led to it, if one did.
    pub candidacy: Option<i64>,
    /// In the order they were done.
    pub acts: Vec<Act>,
}

impl Appointment {
    pub fn stage(&self, today: NaiveDate) -> Stage {
        match self.through {
            _ if self.from > today => Stage::Upcoming,
            Some(through) if through < today => Stage::Over,
            Some(through) => Stage::Running(Some((through - today).num_days())),
            None => Stage::Running(None),
        }
    }

    /// When it was ended early, and why.
    pub fn ended(&self) -> Option<&Act> {
        self.acts.iter().find(|act| act.kind == ActKind::Ended)
    }

    /// The review that is due next within the term, if one is.
    pub fn next_review(&self, every_months: Option<u32>) -> Option<NaiveDate> {
        let reviewed = self.acts.iter().filter(|act| act.kind == ActKind::Reviewed);
        let reviewed: Vec<NaiveDate> = reviewed.map(|act| act.on).collect();
        rules::next_review(self.from, self.through, every_months?, &reviewed)
    }
}

/// Where an appointment is in its term on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Upcoming,
    /// With so many days left.
    Running(Option<i64>),
    Over,
}

/// Who takes the places of one quota in one part of the tree.
#[derive(Clone, Debug)]
pub struct Occupancy {
    pub unit: Site,
    pub max: u32,
    pub terms: Vec<Term>,
    /// How long an appointment lasts there.
    pub term_months: Option<u32>,
}

impl Occupancy {
    pub fn taken_on(&self, day: NaiveDate) -> usize {
        rules::taken_on(&self.terms, day)
    }

    /// The first day from which somebody could be appointed for a whole term; none when a place is
    /// never given back.
    pub fn next_free(&self, today: NaiveDate) -> Option<NaiveDate> {
        rules::next_free(&self.terms, self.max, today, self.term_months)
    }
}
