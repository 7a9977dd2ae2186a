//! Certificates: issue by rule, state, HR's acts, the public check.
//!
//! Whoever records facts calls [`crate::record::Consequences`], which leads to [`issue_due`]: a
//! certificate whose requirement the facts meet is issued in that same transaction, with its
//! number, what is printed on it, the verdict and the revision of the rule set. Its fact goes into
//! the record, and only that fact makes other verdicts (a job, a promotion) come true.
//!
//! Invariant: no status is stored. Valid, expiring, expired, suspended and revoked are computed
//! from dates and acts when asked; what was printed never changes; nothing is deleted.

pub mod doubts;
pub mod handlers;
pub mod issue;
pub mod limit;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;
pub mod standing;

pub use issue::issue_due;
pub use limit::CheckLimit;
pub use model::{Held, State};
pub use queries::{expiring_in, of_person};

#[cfg(test)]
mod vectors;

use handlers as h;

use crate::access::{
    OverPeople, Role, Routes, Who,
    proof::{Hr, Proof},
};

const OVER_PEOPLE: &[Role] = <OverPeople as Proof>::ROLES;
const HR: &[Role] = <Hr as Proof>::ROLES;

pub fn routes() -> Routes {
    Routes::new()
        .get("/check", Who::Public, h::check)
        .get("/certificates", Who::SignedIn, h::mine)
        .get("/certificates/board", Who::Roles(OVER_PEOPLE), h::board)
        .get("/certificates/board.csv", Who::Roles(OVER_PEOPLE), h::board_csv)
        .get("/certificates/{number}", Who::SignedIn, h::sheet)
        .post("/certificates/{number}/acts", Who::Roles(HR), h::act)
}
