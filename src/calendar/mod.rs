//! A person's own calendar at a secret address, for the calendar of their phone.
//!
//! Certificates that end, reviews, renewal windows that open, sittings and due days of courses. It
//! is computed at every fetch, like any page. The database keeps only the digest of the address:
//! who has the address reads the calendar, so it can be renewed and ended at any time.
//!
//! Due days that were mailed for people's calendars are followed up here when they move (`moved`).

mod feed;
mod handlers;
mod moved;
mod pages;
mod queries;

pub use moved::tell_moved;

use handlers as h;

use crate::access::{Routes, Who};

pub fn routes() -> Routes {
    Routes::new()
        .get("/calendar", Who::SignedIn, h::page)
        .post("/calendar", Who::SignedIn, h::renew)
        .post("/calendar/end", Who::SignedIn, h::end)
        .get("/calendar/{secret}.ics", Who::Public, h::fetch)
}
