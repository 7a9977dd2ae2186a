//! The nouns: pairings with their goals, and the logbook with its versions and reviews.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::{
    content::ContentId,
    db::{Instant, schema::pairing},
    i18n::Text,
    record::PersonId,
    staff::Person,
    text,
};

crate::id! {
    /// A mentor and an apprentice for a term.
    PairingId
}

crate::id! {
    /// Something an apprentice did, as written in the logbook.
    EntryId
}

crate::id! {
    /// One wording of an entry; a returned entry gets another one.
    VersionId
}

crate::words! {
    /// How a pairing ended.
    Outcome {
        Completed = "completed",
        BrokenOff = "broken-off",
    }
}

impl Outcome {
    pub fn title(self) -> Text {
        match self {
            Outcome::Completed => text!("出师", "Completed"),
            Outcome::BrokenOff => text!("提前终止", "Broken off"),
        }
    }
}

crate::words! {
    /// What the mentor said to a version.
    Said {
        Signed = "signed",
        Returned = "returned",
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = pairing)]
pub struct Pairing {
    pub id: PairingId,
    pub mentor_id: PersonId,
    pub apprentice_id: PersonId,
    pub ladder: String,
    /// The revision of the rule set by which it was allowed.
    pub content_id: ContentId,
    /// What the two set out to reach, in words.
    pub goal: String,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub ended_on: Option<NaiveDate>,
    pub outcome: Option<Outcome>,
    pub ended_why: Option<String>,
}

impl Pairing {
    pub fn is_open(&self) -> bool {
        self.ended_on.is_none()
    }

    /// The last day on which something can be done under it.
    pub fn last_day(&self) -> NaiveDate {
        self.ended_on.unwrap_or(self.ends_on)
    }
}

/// A pairing with its two people.
#[derive(Clone, Debug)]
pub struct Couple {
    pub pairing: Pairing,
    pub mentor: Person,
    pub apprentice: Person,
}

/// How far a task has come: signed times of the target; a target of zero is no goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub task: String,
    pub target: i64,
    pub signed: i64,
}

impl Progress {
    pub fn is_reached(&self) -> bool {
        self.signed >= self.target
    }
}

/// What a mentor said to a version.
#[derive(Clone, Debug)]
pub struct Review {
    pub said: Said,
    pub reason: Option<String>,
    pub at: Instant,
    pub by: Person,
}

/// One wording of an entry.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: VersionId,
    pub version: i64,
    pub task: String,
    pub done_on: NaiveDate,
    pub times: i64,
    pub work_order: String,
    pub note: String,
    pub written_at: Instant,
    pub review: Option<Review>,
}

/// Where an entry stands, read from its latest version.
#[derive(Clone, Copy, Debug)]
pub enum State<'a> {
    Waiting,
    Signed(&'a Review),
    Returned(&'a Review),
}

/// An entry: its latest version and those before it, newest first.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: EntryId,
    pub pairing: PairingId,
    pub latest: Version,
    pub earlier: Vec<Version>,
}

impl Entry {
    pub fn state(&self) -> State<'_> {
        match &self.latest.review {
            None => State::Waiting,
            Some(review) if review.said == Said::Signed => State::Signed(review),
            Some(review) => State::Returned(review),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apprenticeship_ended_well_is_what_requirements_look_for() {
        assert_eq!(Outcome::Completed.word(), crate::record::requirement::COMPLETED);
    }
}
