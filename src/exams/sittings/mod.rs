//! Sittings: an exam at a place, in a window of time, for so many people, under somebody's eyes.
//!
//! A name goes on the list only when the record says that person may sit the exam on that day, and
//! the verdict is kept with it ([`registering`]). Whoever starts an exam passes [`admission::admit`],
//! which says with which times. "Start by" and "hand in by" are two things: everybody who starts in
//! time has their whole time, unless the sitting has an end for everybody.
//!
//! Invariants: no more names than seats; nobody invigilates a sitting they sit; a calendar entry
//! keeps its UID, and each change has a higher sequence ([`letters`]).

use crate::access::{Planning, Routes, Who, proof::Proof};

pub mod admission;
pub mod handlers;
pub mod letters;
pub mod model;
pub mod pages;
pub mod planning;
pub mod queries;
pub mod registering;
pub mod rules;
pub mod sight;

pub use admission::{Admission, Entry, Prospect, Start, admit, prospect};
pub use model::{Granted, Release, Sitting, SittingId};
pub use sight::Invigilating;

use handlers as h;

pub fn routes() -> Routes {
    let plans = Who::Roles(Planning::ROLES);
    Routes::new()
        .get("/exams/sittings", Who::SignedIn, h::list)
        .get("/exams/sittings/new", plans, h::new_page)
        .post("/exams/sittings/new", plans, h::add)
        .get("/exams/sittings/{code}", Who::SignedIn, h::show)
        .get("/exams/sittings/{code}/edit", plans, h::edit_page)
        .post("/exams/sittings/{code}/edit", plans, h::change)
        .post("/exams/sittings/{code}/cancel", plans, h::cancel)
        .post("/exams/sittings/{code}/register", Who::SignedIn, h::register)
        .post("/exams/sittings/{code}/withdraw", Who::SignedIn, h::withdraw)
        .post("/exams/sittings/{code}/move", Who::SignedIn, h::reschedule)
        .post("/exams/sittings/{code}/attendance", Who::SignedIn, h::mark)
}
