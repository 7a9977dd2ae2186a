//! Where the pass mark of an exam should lie, by the modified Angoff method.
//!
//! Judges who know the work say for every question how likely somebody who is only just competent
//! gets it right. After a first round everybody sees how the others judged, without names, and may
//! change their mind. The cut is the mean over judges of the sum of their probabilities. To use it
//! is a decision of its own: who, when, why. Attempts that start later are held to it
//! ([`crate::exams::standard`]); one that has started keeps what it started with.

use crate::access::{Authoring, Examiner, Routes, Who, proof::Proof};

mod handlers;
pub mod model;
mod pages;
pub mod queries;
pub mod rules;

pub fn routes() -> Routes {
    let judging = Who::Roles(Authoring::ROLES);
    Routes::new()
        .get("/exams/standards", judging, handlers::list)
        .post("/exams/standards", judging, handlers::create)
        .get("/exams/standards/new", judging, handlers::new)
        .get("/exams/standards/{id}", judging, handlers::show)
        .post("/exams/standards/{id}/judges", judging, handlers::invite)
        .post("/exams/standards/{id}/close", judging, handlers::close)
        .post("/exams/standards/{id}/adopt", Who::Roles(Examiner::ROLES), handlers::adopt)
        .get("/exams/standards/{id}/estimates", judging, handlers::estimates)
        .post("/exams/standards/{id}/estimates", judging, handlers::save)
}
