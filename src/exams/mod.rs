//! Exams: question banks, blueprints, sittings, attempts, marking, practicals, results and what is
//! known about the questions.
//!
//! An attempt is drawn and frozen when it starts ([`attempts::paper`], [`attempts::taking`]):
//! which version of which question, in which order, with the options in which order. Each answer
//! is acknowledged only when it is on disk. There is one [`attempts::finish::finish`], whether the
//! candidate hands in, the time runs out or the program finds the attempt after a crash; it marks
//! what was saved ([`questions::scoring`]), writes the fact and what follows from it in one
//! transaction, exactly once.
//!
//! Invariants: the server's clock decides; the key never leaves the server during or after an
//! exam; a saved answer is replaced only by one with a higher edition.

use crate::access::Routes;

pub mod questions;
pub mod rules;
pub mod attempts;
pub mod practicals;
pub mod results;

pub use attempts::finish::sweep;
pub use attempts::queries::{recent_results, running_attempt};

pub fn routes() -> Routes {
    // The pages with fixed names come before `/exams/{set}/{exam}`.
    results::routes().and(practicals::routes()).and(attempts::routes())
}
