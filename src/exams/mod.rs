//! Exams: question banks, blueprints, sittings, attempts, marking, practicals, results and what is
//! known about the questions.
//!
//! An attempt is drawn and frozen when it starts ([`blueprints::draw`], [`attempts::taking`]):
//! which version of which question, in which order, with the options in which order. Each answer
//! is acknowledged only when it is on disk. There is one [`attempts::finish::finish`], whether the
//! candidate hands in, the time runs out or the program finds the attempt after a crash; it marks
//! what was saved ([`questions::scoring`]), writes the fact and what follows from it in one
//! transaction, exactly once.
//!
//! Invariants: the server's clock decides; the key never leaves the server during or after an
//! exam; a saved answer is replaced only by one with a higher edition; a result comes about only
//! in [`attempts::settle`], and nothing is told of it or follows from it before it is released.

use crate::access::Routes;

pub mod statistics;
pub mod questions;
pub mod exchange;
pub mod standard;
pub mod clock;
pub mod rules;
pub mod blueprints;
pub mod sittings;
mod office;
pub mod attempts;
pub mod practice;
pub mod invigilation;
pub mod marking;
pub mod practicals;
pub mod results;
pub mod analysis;

pub use attempts::finish::sweep;
pub use attempts::queries::{recent_results, running_attempt};
pub use marking::assign::assign_due;
pub use results::{corrections::advance_all as advance_corrections, release::release_due};

pub fn routes() -> Routes {
    // The pages with fixed names come before `/exams/{set}/{exam}`.
    exchange::routes()
        .and(questions::routes())
        .and(blueprints::routes())
        .and(sittings::routes())
        .and(invigilation::routes())
        .and(results::routes())
        .and(marking::routes())
        .and(practicals::routes())
        .and(analysis::routes())
        .and(practice::routes())
        .and(attempts::routes())
}
