//! The nouns of appeals.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::{
    db::{Instant, schema::appeal},
    exams::attempts::model::AttemptId,
    i18n::Text,
    record::PersonId,
    text,
};

crate::id! {
    /// A candidate's objection to a result.
    AppealId
}

crate::words! {
    /// What became of it.
    Outcome {
        Upheld = "upheld",
        Partly = "partly",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
    }
}

impl Outcome {
    pub fn title(self) -> Text {
        match self {
            Outcome::Upheld => text!("申诉成立", "Upheld"),
            Outcome::Partly => text!("部分成立", "Partly upheld"),
            Outcome::Rejected => text!("申诉不成立", "Rejected"),
            Outcome::Withdrawn => text!("已撤回", "Withdrawn"),
        }
    }

    /// Whether what was marked again counts.
    pub fn changes(self) -> bool {
        matches!(self, Outcome::Upheld | Outcome::Partly)
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = appeal)]
pub struct Appeal {
    pub id: AppealId,
    pub attempt_id: Option<AttemptId>,
    pub person_id: PersonId,
    pub filed_at: Instant,
    pub grounds: String,
    pub decide_by: NaiveDate,
    pub outcome: Option<Outcome>,
    pub reasons: Option<String>,
    pub decided_at: Option<Instant>,
    pub decided_by: Option<PersonId>,
}
