//! Theory exams: question banks, papers, attempts, results.
//!
//! An attempt is drawn and frozen when it starts ([`paper`], [`taking`]): which version of which
//! question, in which order, with the options in which order. Each answer is acknowledged only
//! when it is on disk. There is one [`finish::finish`], whether the candidate hands in, the time
//! runs out or the program finds the attempt after a crash; it marks what was saved
//! ([`scoring`]), writes the fact and what follows from it in one transaction, exactly once.
//!
//! Invariants: the server's clock decides; the key never leaves the server during or after an
//! exam; a saved answer is replaced only by one with a higher edition.

use crate::access::{OverPeople, Routes, Who, proof::Proof};

pub mod bank;
pub mod decimal;
pub mod finish;
mod handlers;
pub mod model;
mod pages;
pub mod paper;
pub mod queries;
pub mod results;
pub mod rules;
pub mod scoring;
pub mod taking;

pub use finish::sweep;
pub use queries::{recent_results, running_attempt};

pub fn routes() -> Routes {
    let over_people = Who::Roles(OverPeople::ROLES);
    Routes::new()
        .get("/exams", Who::SignedIn, handlers::mine)
        .get("/exams/results", over_people, results::list)
        .get("/exams/results.csv", over_people, results::as_csv)
        .get("/exams/attempts/{id}", Who::SignedIn, handlers::paper)
        .post("/exams/attempts/{id}", Who::SignedIn, handlers::save_all)
        .get("/exams/attempts/{id}/clock", Who::SignedIn, handlers::clock)
        .post("/exams/attempts/{id}/answers", Who::SignedIn, handlers::save_one)
        .get("/exams/attempts/{id}/finish", Who::SignedIn, handlers::check_before_finish)
        .post("/exams/attempts/{id}/finish", Who::SignedIn, handlers::finish)
        .get("/exams/attempts/{id}/result", Who::SignedIn, handlers::result)
        .get("/exams/{set}/{exam}", Who::SignedIn, handlers::explain)
        .post("/exams/{set}/{exam}/start", Who::SignedIn, handlers::start)
}
