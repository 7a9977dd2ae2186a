//! What falls due and whom to tell, once each.
//!
//! Seven times before a certificate ends its holder and their manager are told. The days are
//! counted back from the last valid day ([`rules`]); a ledger row with a unique key stands for
//! each reminder, written in one transaction with its mail ([`planner`]). So a second planner, a
//! crash or a week of silence doubles nothing, and after a silence only the latest step is sent.

pub mod handlers;
pub mod letters;
pub mod model;
pub mod pages;
pub mod planner;
pub mod queries;
pub mod rules;

use handlers as h;

use crate::access::{Role, Routes, Who};

const ADMIN: Who = Who::Roles(&[Role::Administrator]);

pub fn routes() -> Routes {
    Routes::new().get("/admin/reminders", ADMIN, h::reminders)
}
