//! Practical exams (实操考核) and reviews by a panel (综合评审).
//!
//! A trainer, an examiner or HR plans an exam for a candidate ([`planning`]): its stations are
//! drawn and frozen with every figure of its rule set. Examiners are given their places; what
//! stood against them is judged by pure rules ([`conflicts`]) and kept, and an exception needs a
//! reason and a second person. Each examiner scores line by line on a phone ([`scoring`]) and
//! signs; what the sheets come to is a pure rule ([`rules`]); the result becomes a fact when it is
//! released ([`release`]).
//!
//! Invariants: nobody sees another's points, notes or signature before all that are asked have
//! signed; a signed sheet is never changed; a fact is written exactly once; nobody examines
//! themselves, whatever the reason.

use crate::access::{Role, Routes, Who};

pub mod agreement;
pub mod conflicts;
mod declaring;
mod handlers;
mod letters;
pub mod model;
mod pages;
pub mod planning;
pub mod queries;
pub mod release;
mod report;
pub mod rules;
mod score_pages;
pub mod scoring;

pub use queries::waiting_for;

use handlers as h;

const PLANNING: Who = Who::Roles(&[Role::Trainer, Role::Examiner, Role::Hr]);
const JUDGING: Who = Who::Roles(&[Role::Examiner, Role::Hr]);
const EXAMINER: Who = Who::Roles(&[Role::Examiner]);
const HR: Who = Who::Roles(&[Role::Hr]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/exams/conflicts", Who::SignedIn, declaring::list)
        .post("/exams/conflicts", Who::SignedIn, declaring::declare)
        .post("/exams/conflicts/{declaration}/end", Who::SignedIn, declaring::end)
        .get("/exams/practicals", Who::SignedIn, h::board)
        .post("/exams/practicals", PLANNING, h::plan)
        .get("/exams/practicals/new", PLANNING, h::new)
        .get("/exams/practicals/agreement", JUDGING, h::agreement)
        .get("/exams/practicals/{practical}", Who::SignedIn, h::exam)
        .post("/exams/practicals/{practical}/examiners", PLANNING, h::assign)
        .post("/exams/practicals/{practical}/examiners/{seat}/second", JUDGING, h::second)
        .post("/exams/practicals/{practical}/examiners/{seat}/recuse", Who::SignedIn, h::recuse)
        .post("/exams/practicals/{practical}/cancel", PLANNING, h::cancel)
        .post("/exams/practicals/{practical}/release", HR, h::release_result)
        .get("/exams/practicals/{practical}/score", EXAMINER, h::score)
        .post("/exams/practicals/{practical}/score", EXAMINER, h::save_station)
        .post("/exams/practicals/{practical}/scores", EXAMINER, h::save_one)
        .post("/exams/practicals/{practical}/clock", EXAMINER, h::clock)
        .post("/exams/practicals/{practical}/photos", EXAMINER, h::add_photo)
        .get("/exams/practicals/{practical}/photos/{photo}", Who::SignedIn, h::photo)
        .get("/exams/practicals/{practical}/score/sign", EXAMINER, h::check_before_signing)
        .post("/exams/practicals/{practical}/score/sign", EXAMINER, h::sign)
}
