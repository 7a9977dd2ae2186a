//! A master and an apprentice: pairings, the logbook, signatures.
//!
//! A manager, trainer or HR reviewer pairs two people for a term, with goals (how often each task
//! is to be done). Whether they may be paired is a pure rule over the record ([`rules`]); the
//! verdict is kept with the pairing. The apprentice writes down what they did, the mentor signs it
//! or sends it back with a reason, and what is signed becomes a fact once, for good.
//!
//! What is counted (a mentor's apprentices, an entry's signatures) is counted while holding the
//! head of a person's record ([`crate::record::ledger::hold`]), so two people deciding at the same
//! moment take their turns and the second sees what the first did.

pub mod acts;
pub mod handlers;
pub mod model;
pub mod pages;

pub mod queries;
pub mod rules;

pub use model::{Couple, Entry, EntryId, Pairing, PairingId, Progress};
pub use queries::{
    active_of, open_pairing_of, open_pairings_of, progress, returned_to, waiting_for,
};

use crate::access::{Role, Routes, Who};
use handlers as h;

/// Who makes and ends pairings.
const TEACHING: Who = Who::Roles(&[Role::Trainer, Role::Manager, Role::Hr]);
const MENTOR: Who = Who::Roles(&[Role::Mentor]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/mentoring", Who::SignedIn, h::board)
        .get("/mentoring/pairings/new", TEACHING, h::new_pairing)
        .post("/mentoring/pairings", TEACHING, h::pair)
        .get("/mentoring/pairings/{pairing}", Who::SignedIn, h::pairing)
        .post("/mentoring/pairings/{pairing}/end", TEACHING, h::end)
        .get("/mentoring/logbook/new", Who::SignedIn, h::new_entry)
        .post("/mentoring/logbook", Who::SignedIn, h::write_entry)
        .post("/mentoring/signatures", MENTOR, h::sign_several)
        .get("/mentoring/logbook/{entry}", Who::SignedIn, h::entry)
        .get("/mentoring/logbook/{entry}/edit", Who::SignedIn, h::edit_entry)
        .post("/mentoring/logbook/{entry}", Who::SignedIn, h::rewrite_entry)
        .post("/mentoring/logbook/{entry}/sign", MENTOR, h::sign)
        .post("/mentoring/logbook/{entry}/return", MENTOR, h::send_back)
}
