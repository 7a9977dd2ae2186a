//! The nouns of marking.

use diesel::prelude::*;

use crate::{
    db::{Instant, schema::marking},
    exams::attempts::model::AttemptId,
    record::PersonId,
};

crate::id! {
    /// One person's marking of one written answer.
    MarkingId
}

/// A marking as it is kept: assigned, perhaps begun, perhaps submitted.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = marking)]
pub struct Marking {
    pub id: MarkingId,
    pub attempt_id: AttemptId,
    pub position: i64,
    /// 1 and 2 are blind to each other, 3 decides, from 4 on an appeal asked for it.
    pub slot: i64,
    pub marker_id: PersonId,
    pub assigned_at: Instant,
    /// Hundredths of a point.
    pub points: Option<i64>,
    pub comment: String,
    /// Counts what was kept, so that an old tab overwrites nothing.
    pub edition: i64,
    pub saved_at: Option<Instant>,
    pub submitted_at: Option<Instant>,
    pub withdrawn_at: Option<Instant>,
}

impl Marking {
    pub fn is_open(&self) -> bool {
        self.submitted_at.is_none() && self.withdrawn_at.is_none()
    }

    pub fn path(&self) -> String {
        path_of(self.id)
    }

    /// What markers call the answer: it says nothing about who wrote it.
    pub fn code(&self) -> String {
        code_of(self.attempt_id, self.position)
    }
}

pub fn path_of(id: MarkingId) -> String {
    format!("/exams/marking/{id}")
}

/// A short code of an answer: the same for every marker of it, and of no use to guess the person.
pub fn code_of(attempt: AttemptId, position: i64) -> String {
    const LETTERS: &[u8; 25] = b"34679ACDEFGHJKMNPQRTUVWXY";
    let mut z = (attempt.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (position as u64) << 17;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let letter = |at: u32| char::from(LETTERS[(z >> (at * 8)) as usize % LETTERS.len()]);
    (0..6).map(letter).collect()
}
