//! How a certificate stands on a day, by everything that bears on it: its dates, the acts on it,
//! and the conditions its certification sets for as long as it is held.
//!
//! Nothing of it is stored. Whoever shows, checks or counts certificates asks here.

use chrono::NaiveDate;

use super::{
    model::{Act, ActKind, State},
    rules,
};
use crate::{
    i18n::Text,
    record::{Fact, context::Context, programme::ReviewDay},
};

/// What a certificate brings with it.
#[derive(Clone, Copy, Debug)]
pub struct Life<'a> {
    /// `RULESET/NAME`.
    pub code: &'a str,
    pub from: NaiveDate,
    /// The last valid day when it was issued.
    pub through: Option<NaiveDate>,
    /// In the order they were done.
    pub acts: &'a [Act],
}

/// How it stands, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// The last valid day, after extensions.
    pub through: Option<NaiveDate>,
    /// From when to when it may be renewed, by any way.
    pub window: Option<(NaiveDate, NaiveDate)>,
    /// The next review inside its validity, or the one that was missed.
    pub review: Option<ReviewDay>,
    /// Why it is suspended, where a condition and not an act did it.
    pub why: Option<Text>,
}

/// How a certificate of a person with these facts stands on a day.
pub fn standing(context: &Context, life: &Life<'_>, facts: &[Fact], on: NaiveDate) -> Standing {
    let _ = facts;
    let extended = life.acts.iter().rev().find(|act| act.kind == ActKind::Extended && act.on <= on);
    let through = extended.map_or(life.through, |act| act.through);
    let certification = context.certification(life.code);
    let window = certification.zip(through).and_then(|(one, through)| rules::window(one, through));
    let state = rules::state(life.from, through, life.acts, on);
    Standing { state, through, window, review: None, why: None }
}
