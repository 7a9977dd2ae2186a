//! What falls due and whom to tell, once each.
//!
//! Rules are data ([`model::Rule`]): what they look at, how many days before and after the due
//! date they speak, to whom, at what hours. The file holds the first version of each, an
//! administrator may write a newer one. A [source](sources) says what is due; [`recipients`] who
//! is told; [`rules`] and [`hours`] which step falls on which day and when it goes out; a ledger
//! row with a unique key stands for each reminder, written in one transaction with its mail and
//! its notice ([`planner`]). So a second planner, a crash or a week of silence doubles nothing, and
//! after a silence only the latest step is sent. Nothing is planned ahead and kept: the forecast
//! asks the same question about the days to come.

pub mod board;
pub mod defaults;
pub mod hours;
pub mod letters;
pub mod memory;
pub mod model;
pub mod own;
pub mod pages;
pub mod planner;
pub mod queries;
pub mod recipients;
pub mod rules;
pub mod setting;
pub mod sources;

use crate::access::{Role, Routes, Who};

const ADMIN: Who = Who::Roles(&[Role::Administrator]);
const ADMIN_OF_ALL: Who = Who::ForAll(&[Role::Administrator]);

pub fn routes() -> Routes {
    board::routes().and(setting::routes()).and(own::routes())
}
