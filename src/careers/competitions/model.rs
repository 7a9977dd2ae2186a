//! The nouns: a raise that was decided.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::{
    content::ContentId,
    db::{Instant, schema::competition_raise},
    record::{FactId, PersonId},
};

/// A result that raised a grade, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = competition_raise)]
pub struct Raised {
    /// The result. It is the key: each is used once.
    pub fact_id: FactId,
    pub person_id: PersonId,
    /// `RULESET/NAME`.
    pub competition: String,
    pub content_id: ContentId,
    /// The calendar year of the result.
    pub year: i64,
    pub grade_fact_id: FactId,
    pub effective_on: NaiveDate,
    pub reason: String,
    /// A [`KeptVerdict`](crate::careers::model::KeptVerdict) as JSON.
    pub verdict: String,
    pub decided_at: Instant,
    pub decided_by: PersonId,
}
