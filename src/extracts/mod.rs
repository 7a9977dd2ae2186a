//! Signed extracts for auditors: did this person hold this certificate on that day?
//!
//! An extract answers as it was known at the end of that day and as it is known now, and names the
//! facts, the version of the rules and the place in the person's chain each answer rests on. It is
//! kept exactly as it was signed, so it can be fetched again by its number, and anybody who was
//! given it can ask the public check whether we made it.
//!
//! Invariant: an extract is never changed. Whoever asks again gets another one.

pub mod body;
pub mod handlers;
pub mod make;
pub mod pages;
pub mod paper;
pub mod queries;

pub use make::{Ask, make};

use handlers as h;

use crate::access::{
    Role, Routes, Who,
    proof::{Hr, Proof},
};

const HR: &[Role] = <Hr as Proof>::ROLES;

pub fn routes() -> Routes {
    Routes::new()
        .get("/extracts", Who::SignedIn, h::list)
        .post("/extracts", Who::Roles(HR), h::add)
        .post("/extracts/mine", Who::SignedIn, h::add_own)
        .get("/extracts/{number}", Who::SignedIn, h::show)
        .get("/extracts/{number}/extract.json", Who::SignedIn, h::json)
        .get("/extracts/{number}/extract.jws", Who::SignedIn, h::jws)
        .get("/extracts/{number}/extract.pdf", Who::SignedIn, h::pdf)
        .get("/check/extract", Who::Public, h::check)
        .post("/check/extract", Who::Public, h::check_file)
}
