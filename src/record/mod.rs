//! The record: one append-only ledger of dated facts about people, and the rules read from it.
//!
//! Every capability writes its facts here in the transaction that writes its own rows, and every
//! decision reads only here. [`ledger`] is the one place that adds to the record or voids in it;
//! [`verdict`] is the one place that judges by it, in pure code: requirement, facts and a date in,
//! a tree of lines with their evidence out. [`programme`] says which requirements there are.
//!
//! Invariant: no row of the record is ever changed in what it says, or deleted. A correction voids
//! a fact and adds another, so what was known on a day can be told later.

pub mod amount;
pub mod asof;
pub mod blueprint;
pub mod case;
pub mod chain;
pub mod check;
pub mod context;
pub mod fact;
pub mod holding;
pub mod ledger;
pub mod number;
pub mod pages;
pub mod pattern;
pub mod period;
pub mod programme;
pub mod reading;
pub mod requirement;
pub mod rubric;
pub mod rules;
pub mod tenure;
pub mod verdict;
pub mod wording;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod vectors;

pub use fact::{Amount, Fact, Kind};
pub use ledger::{NewFact, Source};
pub use programme::Programmes;
pub use rules::{Consequences, LiveRules, Rules};

crate::id! {
    /// A person, of whom the record speaks.
    PersonId
}

crate::id! {
    /// A fact in the record.
    FactId
}

crate::word_column!(Kind);
