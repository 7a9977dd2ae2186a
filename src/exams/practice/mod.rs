//! Practice outside exams: ten questions at a time, weighted to what somebody gets wrong, each
//! explained once it is answered.
//!
//! A bank is open for practice when its owner says so (`practice = true` in its file), or when no
//! exam draws from it. Nothing else is ever shown here: what exams ask stays with exams.

use crate::access::{Routes, Who};

pub mod handlers;
pub mod pages;
pub mod queries;
pub mod rules;

pub fn routes() -> Routes {
    Routes::new()
        .get("/practice", Who::SignedIn, handlers::start)
        .get("/practice/new", Who::SignedIn, handlers::new)
        .get("/practice/round", Who::SignedIn, handlers::ask)
        .post("/practice/round", Who::SignedIn, handlers::answer)
        .get("/practice/answers/{id}", Who::SignedIn, handlers::explain)
}
