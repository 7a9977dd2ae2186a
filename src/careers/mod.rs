//! Promotion: the path of a person, candidacies, recommendations, decisions.
//!
//! Who could take which step is computed from the record when asked ([`rules`]); only what people
//! do is kept ([`queries`]). A technician applies or HR nominates, the manager recommends, HR
//! decides on the verdict of that day, and the decision keeps this verdict with the revision of
//! the rules. A promotion writes the fact `grade`: for good, or for a term where it is an
//! appointment ([`appointments`]). A result at a competition may raise a grade too
//! ([`competitions`]).
//!
//! For others: [`queries::waiting_for_manager`], [`queries::waiting_for_hr`],
//! [`queries::candidacies_of`], [`queries::board`], [`rules::current_grades`].

pub mod acts;
pub mod appointments;
pub mod boards;
pub mod competitions;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;
pub mod views;

use appointments::handlers as appointing;
use competitions::handlers as competing;
use handlers as h;

use crate::access::{Role, Routes, Who};

const HR: Who = Who::Roles(&[Role::Hr]);
const PROMOTING: Who = Who::Roles(&[Role::Manager, Role::Hr]);

pub fn routes() -> Routes {
    Routes::new()
        .get("/my-path", Who::SignedIn, h::my_path)
        .get("/people/{id}/path", Who::SignedIn, h::path_of_person)
        .get("/my-path/apply", Who::SignedIn, h::application)
        .post("/my-path/apply", Who::SignedIn, h::apply)
        .get("/promotion", PROMOTING, h::promotion)
        .get("/promotion/export", PROMOTING, h::promotion_file)
        .get("/promotion/nominate", HR, h::nomination)
        .post("/promotion/nominate", HR, h::nominate)
        .get("/promotion/appointments", PROMOTING, appointing::board)
        .get("/promotion/appointments/export", PROMOTING, appointing::file)
        .get("/promotion/appointments/{id}", PROMOTING, appointing::one)
        .post("/promotion/appointments/{id}/review", HR, appointing::review)
        .post("/promotion/appointments/{id}/end", HR, appointing::end)
        .get("/promotion/competitions", HR, competing::list)
        .get("/promotion/competitions/export", HR, competing::file)
        .get("/promotion/competitions/{id}", HR, competing::one)
        .post("/promotion/competitions/{id}", HR, competing::raise)
        .get("/candidacies/{id}", Who::SignedIn, h::candidacy)
        .post("/candidacies/{id}/recommendation", Who::Roles(&[Role::Manager]), h::recommend)
        .post("/candidacies/{id}/decision", HR, h::decide)
        .post("/candidacies/{id}/withdrawal", Who::SignedIn, h::withdraw)
}
