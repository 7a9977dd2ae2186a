//! What an administrator decides about reminders: the rules, what is muted and why, the hours and
//! holidays of sites. Every change is kept with who, when and why.

pub mod handlers;
pub mod pages;
pub mod rule_form;

use handlers as h;

use super::{ADMIN, ADMIN_OF_ALL};
use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/reminders/rules", ADMIN, h::rules)
        .get("/admin/reminders/rules/{code}", ADMIN, h::rule)
        .post("/admin/reminders/rules/{code}", ADMIN_OF_ALL, h::change_rule)
        .get("/admin/reminders/mutes", ADMIN, h::mutes)
        .get("/admin/reminders/mutes/new", ADMIN, h::new_mute)
        .post("/admin/reminders/mutes/new", ADMIN, h::mute)
        .post("/admin/reminders/mutes/{id}/end", ADMIN, h::end_mute)
        .get("/admin/reminders/hours", ADMIN, h::sites)
        .get("/admin/reminders/hours/{site}", ADMIN, h::site)
        .post("/admin/reminders/hours/{site}", ADMIN, h::set_week)
        .post("/admin/reminders/hours/{site}/days", ADMIN, h::set_days)
}
