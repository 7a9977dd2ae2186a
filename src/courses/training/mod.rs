//! Who is where: for trainers, workshop managers and HR, within their reach.
//!
//! They see the latest round of every person and course, save it as a table, and enrol people: a
//! list of staff numbers or everybody of a position. A list is taken as a whole or not at all.

pub mod enrolling;
pub mod handlers;
pub mod pages;

use crate::access::{Role, Routes, Who};
use handlers as h;

const TEACHING: Who = Who::Roles(&[Role::Trainer, Role::Manager, Role::Hr]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/training", TEACHING, h::who_is_where)
        .get("/training.csv", TEACHING, h::export)
        .get("/training/enrol", TEACHING, h::enrol_page)
        .post("/training/enrol", TEACHING, h::enrol)
}
