//! The staff list, the tree of sites, transfers and imports as pages.
//!
//! An upload is kept under its digest until somebody carries it out, and planned anew at that
//! moment: what is done is what was shown, or it is shown again.

mod import_handlers;
mod import_pages;
mod lists;
mod moves;
mod pages;
mod uploads;

use crate::access::{Role, Routes, Who};

const ADMINISTRATOR: Who = Who::Roles(&[Role::Administrator]);
const OVER_PEOPLE: Who =
    Who::Roles(&[Role::Trainer, Role::Examiner, Role::Manager, Role::Hr, Role::Administrator]);
const MOVING: Who = Who::Roles(&[Role::Manager, Role::Hr, Role::Administrator]);
const HIRING: Who = Who::Roles(&[Role::Hr, Role::Administrator]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/imports", ADMINISTRATOR, import_handlers::list)
        .post("/admin/imports", ADMINISTRATOR, import_handlers::upload)
        .get("/admin/imports/preview", ADMINISTRATOR, import_handlers::preview)
        .post("/admin/imports/carry-out", ADMINISTRATOR, import_handlers::carry_out)
        .post("/admin/imports/undo", ADMINISTRATOR, import_handlers::undo)
        .get("/admin/imports/template/{kind}/{lang}", ADMINISTRATOR, import_handlers::template)
        .get("/people", OVER_PEOPLE, lists::people)
        .get("/people.csv", OVER_PEOPLE, lists::people_csv)
        .get("/sites", OVER_PEOPLE, lists::sites)
        .get("/people/new", HIRING, moves::new_person_page)
        .post("/people/new", HIRING, moves::new_person)
        .get("/people/{id}/transfer", MOVING, moves::transfer_page)
        .post("/people/{id}/transfer", MOVING, moves::transfer)
        .get("/people/{id}/leave", MOVING, moves::leave_page)
        .post("/people/{id}/leave", MOVING, moves::leave)
}
