//! Appointments (R25): grades held for a term, in a number of places, reviewed within the term.
//!
//! An appointment is nothing but the fact of a grade with a last day. A decided candidacy writes it
//! ([`super::acts`]); the end of the term needs no act, and the grade below stays what it was. What
//! people do within the term is kept: a review, or an end before the last day ([`acts`]). Places
//! are counted in the record, in the transaction that takes one ([`queries::take_place`]).

pub mod acts;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;
pub mod views;
