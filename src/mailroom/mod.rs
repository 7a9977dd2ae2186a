//! The outbox for administrators, and the way out of mails for those who get them.
//!
//! Whoever looks after mail sees what waits, what was given up and why, and of what nobody knows
//! whether the server has it; sends it again; and reads each mail as its recipient does. The
//! secrets within a mail (one-time links) are hidden from them.

mod handlers;
mod pages;
mod unsubscribe;

use handlers as h;

use crate::access::{Role, Routes, Who};

const ADMIN: Who = Who::ForAll(&[Role::Administrator]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/admin/mail", ADMIN, h::list)
        .post("/admin/mail/again", ADMIN, h::send_all_again)
        .post("/admin/mail/try-now", ADMIN, h::try_now)
        .get("/admin/mail/{id}", ADMIN, h::mail)
        .post("/admin/mail/{id}/again", ADMIN, h::send_again)
        .get("/admin/mail/{id}/preview", ADMIN, h::preview)
        .get("/admin/mail/{id}/mail.eml", ADMIN, h::raw)
        .get("/mail/unsubscribe/{secret}/{kind}", Who::Public, unsubscribe::page)
        .post("/mail/unsubscribe/{secret}/{kind}", Who::Public, unsubscribe::choose)
}
