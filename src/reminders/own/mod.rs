//! What everybody has for themselves: messages inside the program, and how they want to be
//! written to.

pub mod handlers;
pub mod pages;

use handlers as h;

use crate::access::{Routes, Who};

pub fn routes() -> Routes {
    Routes::new()
        .get("/notices", Who::SignedIn, h::notices)
        .post("/notices/read", Who::SignedIn, h::read_all)
        .get("/notices/{id}", Who::SignedIn, h::open)
        .get("/reminders/choices", Who::SignedIn, h::choices)
        .post("/reminders/choices", Who::SignedIn, h::choose)
}
