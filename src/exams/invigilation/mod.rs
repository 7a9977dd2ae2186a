//! The room while an exam is on: who is there, how far they are, and what an invigilator does.
//!
//! Everything an invigilator does to an attempt is noted with it and in the audit trail. What was
//! granted to somebody reaches a running attempt at once.

use crate::access::{Granting, Routes, Who, proof::Proof};

pub mod accommodations;
pub mod acts;
pub mod handlers;
pub mod pages;
pub mod queries;

use accommodations as a;
use handlers as h;

pub fn routes() -> Routes {
    let grants = Who::Roles(Granting::ROLES);
    Routes::new()
        .get("/exams/sittings/{code}/live", Who::SignedIn, h::live)
        .get("/exams/sittings/{code}/live/rows", Who::SignedIn, h::rows)
        .post("/exams/sittings/{code}/live/pause", Who::SignedIn, h::pause)
        .post("/exams/sittings/{code}/live/resume", Who::SignedIn, h::resume)
        .post("/exams/sittings/{code}/live/extra", Who::SignedIn, h::extra)
        .post("/exams/sittings/{code}/live/close", Who::SignedIn, h::close)
        .get("/people/{id}/accommodations", Who::SignedIn, a::show)
        .post("/people/{id}/accommodations", grants, a::add)
        .post("/people/{id}/accommodations/{grant}/end", grants, a::end)
}
