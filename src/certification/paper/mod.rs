//! The certificate on paper: a PDF in either language, by a template, and kept as it was made.
//!
//! What stands on it is fixed at issue: [`Content`] comes from the row of the certificate, and the
//! row names the version of the [`template`] that was in use. The bytes are made when somebody asks
//! for the first time, kept with their digest, and are what everybody gets from then on; so no
//! later name, logo or template changes what was issued, nor does a newer shifu. What must not
//! stay is a code that leads nowhere: when its key was revoked or this installation moved, a
//! further edition is made that differs in the code alone, and the older ones stay as they are.
//!
//! A character no font has does not keep a certificate from being issued: its page says which
//! character, where it stands, and what can be done about it.

pub mod content;
mod form;
pub mod handlers;
pub mod keeping;
pub mod layout;
mod ornament;
mod pages;
pub mod queries;
pub mod template;

pub use content::Content;
pub use layout::sheet;
pub use pages::{downloads, public_download};
pub use template::Body;

use handlers as h;

use super::model::Certificate;
use crate::{
    access::{Administrator, Role, Routes, Who, proof::Proof},
    mail::Letterhead,
};

const ADMINISTRATOR: &[Role] = <Administrator as Proof>::ROLES;

pub fn routes() -> Routes {
    Routes::new()
        .get("/check/paper.pdf", Who::Public, h::public_paper)
        .get("/certificates/templates", Who::Roles(ADMINISTRATOR), h::templates)
        .post("/certificates/templates", Who::ForAll(ADMINISTRATOR), h::begin)
        .get("/certificates/templates/{id}", Who::Roles(ADMINISTRATOR), h::template)
        .post("/certificates/templates/{id}", Who::ForAll(ADMINISTRATOR), h::save)
        .post("/certificates/templates/{id}/publish", Who::ForAll(ADMINISTRATOR), h::publish)
        .post("/certificates/templates/{id}/discard", Who::ForAll(ADMINISTRATOR), h::discard)
        .get("/certificates/templates/{id}/preview.pdf", Who::Roles(ADMINISTRATOR), h::preview_pdf)
        .get("/certificates/templates/{id}/preview.svg", Who::Roles(ADMINISTRATOR), h::preview_svg)
        .get("/certificates/{number}/paper.pdf", Who::SignedIn, h::paper)
}

/// What the QR code on a paper carries: where anybody can check the certificate.
pub fn qr_content(head: &Letterhead, certificate: &Certificate) -> String {
    let pairs =
        [("number", certificate.number.as_str()), ("code", certificate.check_code.as_str())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    head.link(&format!("/check?{query}"))
}
