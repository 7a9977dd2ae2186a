//! Marking by people: essays wait after the finish, each for one marker or for two who do not see
//! each other; where two are far apart, a third decides.
//!
//! A marker never learns whose answer it is, only a code. Whoever trained, leads or is the
//! candidate does not mark ([`rules`]). A mark is kept while it is being written and counts when
//! it is submitted; with the last one the result comes about in the same transaction.

use crate::access::{Grading, Routes, Who, proof::Proof};

pub mod assign;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;

pub fn routes() -> Routes {
    let grading = Who::Roles(Grading::ROLES);
    Routes::new()
        .get("/exams/marking", grading, handlers::queue)
        .post("/exams/marking/assign", grading, handlers::assign_by_hand)
        .get("/exams/marking/{id}", grading, handlers::sheet)
        .post("/exams/marking/{id}", grading, handlers::mark)
        .post("/exams/marking/{id}/draft", grading, handlers::draft)
}
