//! JSON for other systems: what people hold, on any day and as known at any moment.
//!
//! A caller shows a token (`Authorization: Bearer …`) that an administrator made for a part of the
//! tree; [`Token`] is the proof, and whatever lies outside its reach is not found. The API only
//! reads. What goes wrong is told as RFC 9457 says, with a code that stays the same, in both
//! languages. `openapi.json` describes every address; a test compares it with [`routes`].

pub mod admin;
pub mod changes;
pub mod explain;
mod handlers;
pub mod problem;
pub mod token;

pub use problem::Problem;
pub use token::{ApiLimit, Token};

use handlers as h;

use crate::access::{Role, Routes, Who};

const ADMINISTRATOR: &[Role] = &[Role::Administrator];

pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/openapi.json", Who::Public, h::openapi)
        .get("/api/v1/people/{staff_no}/certificates", Who::Token, h::certificates_of)
        .get("/api/v1/certificates", Who::Token, h::certificates)
        .get("/api/v1/certificates/{number}", Who::Token, h::certificate)
        .get("/api/v1/explain", Who::Token, h::explain)
        .get("/api/v1/changes", Who::Token, h::changes)
        .get("/admin/tokens", Who::Roles(ADMINISTRATOR), admin::list)
        .post("/admin/tokens", Who::Roles(ADMINISTRATOR), admin::add)
        .post("/admin/tokens/{id}/end", Who::Roles(ADMINISTRATOR), admin::end)
}
