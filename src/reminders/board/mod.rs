//! What will be sent to whom, and what was: for administrators everything, for those who answer
//! for people their reach, for everybody their own.

pub mod handlers;
pub mod pages;

use handlers as h;

use super::ADMIN;
use crate::access::{Routes, Who};

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/reminders", ADMIN, h::all)
        .get("/admin/reminders.csv", ADMIN, h::all_csv)
        .get("/admin/reminders/past", ADMIN, h::past)
        .get("/admin/reminders/past.csv", ADMIN, h::past_csv)
        .get("/reminders", Who::SignedIn, h::own)
        .get("/reminders.csv", Who::SignedIn, h::own_csv)
        .get("/reminders/past", Who::SignedIn, h::own_past)
}
