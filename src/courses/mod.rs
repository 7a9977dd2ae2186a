//! Courses: the catalogue, lessons, enrolment, progress, completion.
//!
//! Somebody enrols in a course as it is taught that day and keeps that revision; lessons are marked
//! done one by one, and with the last one the completion and its fact in the record are written in
//! the same transaction, once. A refresher is a new round of the same course. Whether somebody has
//! completed a course is asked of the record alone, so courses taken elsewhere and imported count.
//!
//! Reading never writes: lessons are open to everybody signed in, and only the buttons (enrol,
//! done) leave a trace. [`training`] is the side of those who look after others.

pub mod catalogue;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;
pub mod study;
pub mod training;

pub use catalogue::Catalogue;
pub use model::{Enrolment, EnrolmentId, Progress};

use crate::access::{Routes, Who};
use handlers as h;

pub fn routes() -> Routes {
    Routes::new()
        .get("/courses", Who::SignedIn, h::catalogue)
        .get("/courses/{code}", Who::SignedIn, h::course)
        .post("/courses/{code}/enrol", Who::SignedIn, h::enrol)
        .get("/courses/{code}/lessons/{slug}", Who::SignedIn, h::lesson)
        .post("/courses/{code}/lessons/{slug}/done", Who::SignedIn, h::mark_done)
        .get("/courses/{code}/media/{path:.*}", Who::SignedIn, h::media)
        .and(training::routes())
}
