//! The start page of each role, a person's whole record, administration.
//!
//! Pages that show something of every capability stand here, above them all.

mod admin;
mod chart;
mod record;
mod start;

use crate::access::{Role, Routes, Who};

pub fn routes() -> Routes {
    Routes::new()
        .get("/", Who::SignedIn, start::page)
        .get("/me", Who::SignedIn, record::own)
        .get("/people/{id}", Who::SignedIn, record::of_person)
        .get("/people/{id}/record.csv", Who::SignedIn, record::export)
        .get("/admin", Who::Roles(&[Role::Administrator]), admin::page)
}
