//! Who may do what: accounts, sign-in, sessions, roles and their reach, proofs.
//!
//! A handler states in its signature what it needs: a [`Viewer`] is somebody signed in, an
//! [`Acting<Hr>`](proof::Acting) is proof of a role in force today, with the parts of the tree it
//! reaches. Functions that change something demand the proof; people are loaded through it. What
//! a person may not see is "not found"; what they see but may not do is "not allowed".

pub mod audit;
pub mod handlers;
pub mod links;
pub mod model;
pub mod once;
pub mod pages;
pub mod password;
pub mod proof;
pub mod queries;
pub mod routes;
pub mod viewer;

pub use model::{Grant, Role};
pub use once::submit;
pub use proof::{
    Acting, Administrator, Authoring, Examiner, ForAll, Grading, Granting, Hiring, Hr, Judging,
    Manager, Mentor, Moving, OverPeople, Planning, Promoting, Registering, RuleMaking, Teaching,
    Trainer,
};
pub use routes::{Routes, Who};
pub use viewer::{Claim, Viewer};

use handlers as h;

pub fn routes() -> Routes {
    Routes::new()
        .get("/sign-in", Who::Public, h::sign_in_page)
        .post("/sign-in", Who::Public, h::sign_in)
        .post("/sign-out", Who::Public, h::sign_out)
        .get("/forgotten", Who::Public, h::forgotten_page)
        .post("/forgotten", Who::Public, h::forgotten)
        .get("/links/{token}", Who::Public, h::link_page)
        .post("/links/{token}", Who::Public, h::use_link)
        .post("/reader", Who::Public, h::choose_reader)
        .get("/account", Who::SignedIn, h::account_page)
        .post("/account/password", Who::SignedIn, h::change_password)
        .post("/account/sign-out-everywhere", Who::SignedIn, h::sign_out_everywhere)
        .get("/admin/roles", Who::Roles(&[Role::Administrator]), h::roles_page)
        .post("/admin/roles", Who::Roles(&[Role::Administrator]), h::grant_role)
        .post("/admin/roles/{grant}/end", Who::Roles(&[Role::Administrator]), h::end_role)
        .post("/admin/invitations", Who::Roles(&[Role::Administrator]), h::invite)
        .get("/admin/audit", Who::ForAll(&[Role::Administrator]), h::audit_page)
}
