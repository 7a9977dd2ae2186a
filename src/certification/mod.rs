//! Certificates: issue by rule and by decision, state, HR's acts, import, the public check.
//!
//! Whoever records facts calls [`crate::record::Consequences`], which leads to [`issue_due`]: a
//! certificate whose requirement the facts meet is issued in that same transaction, with its
//! number, what is printed on it, the verdict and the revision of the rule set. Its fact goes into
//! the record, and only that fact makes other verdicts (a job, a promotion) come true.
//!
//! Invariant: no status is stored. Valid, expiring, expired, suspended and revoked are computed
//! from dates and acts when asked; what was printed never changes; nothing is deleted.

pub mod acts;
pub mod asof;
pub mod calculator;
pub mod check;
pub mod credentials;
pub mod doubts;
pub mod handlers;
pub mod import;
pub mod issue;
pub mod limit;
pub mod model;
pub mod numbers;
pub mod pages;
pub mod paper;
pub mod queries;
pub mod rules;
pub mod standing;

pub use issue::issue_due;
pub use limit::CheckLimit;
pub use model::{Held, State};

#[cfg(test)]
mod vectors;

use acts::handlers as a;
use handlers as h;
use import::handlers as i;

use crate::access::{
    OverPeople, Role, Routes, Who,
    proof::{Hr, Proof},
};

const OVER_PEOPLE: &[Role] = <OverPeople as Proof>::ROLES;
const HR: &[Role] = <Hr as Proof>::ROLES;

pub fn routes() -> Routes {
    Routes::new()
        .get("/check", Who::Public, check::check)
        .get("/certificates", Who::SignedIn, h::mine)
        .get("/certificates/board", Who::Roles(OVER_PEOPLE), h::board)
        .get("/certificates/board.csv", Who::Roles(OVER_PEOPLE), h::board_csv)
        .and(paper::routes())
        .get("/certificates/issue", Who::Roles(HR), a::issue_form)
        .post("/certificates/issue", Who::Roles(HR), a::issue_one)
        .get("/certificates/issue-many", Who::Roles(HR), a::many_form)
        .post("/certificates/issue-many", Who::Roles(HR), a::issue_many)
        .get("/certificates/extensions", Who::Roles(HR), a::extensions)
        .post("/certificates/extensions", Who::Roles(HR), a::extend_many)
        .get("/certificates/extensions/new", Who::Roles(HR), a::extension_form)
        .get("/certificates/extensions/{id}", Who::Roles(HR), a::extension)
        .post("/certificates/extensions/{id}/take-back", Who::Roles(HR), a::take_back)
        .get("/certificates/import", Who::Roles(HR), i::start)
        .post("/certificates/import", Who::Roles(HR), i::upload)
        .get("/certificates/import/one", Who::Roles(HR), i::one_form)
        .post("/certificates/import/one", Who::Roles(HR), i::one)
        .get("/certificates/import/preview", Who::Roles(HR), i::preview)
        .post("/certificates/import/carry-out", Who::Roles(HR), i::carry_out)
        .get("/certificates/import/template/{lang}", Who::Roles(HR), i::template)
        .get("/certificates/imports/{id}/file", Who::Roles(HR), i::file)
        .post("/certificates/imports/{id}/undo", Who::Roles(HR), i::undo)
        .get("/certificates/numbers", Who::SignedIn, a::numbers)
        .get("/certificates/of/{person}", Who::SignedIn, a::of_person)
        .post("/certificates/of/{person}/supervision", Who::Roles(HR), a::supervise)
        .post("/certificates/supervision/{id}/end", Who::Roles(HR), a::end_supervision)
        .get("/certificates/{number}", Who::SignedIn, h::sheet)
        .post("/certificates/{number}/acts", Who::Roles(HR), a::act)
        .get("/certificates/{number}/files/{id}", Who::SignedIn, a::file)
        .and(credentials::routes())
}
