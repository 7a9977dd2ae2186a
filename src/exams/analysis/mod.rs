//! Knowing every question for what it is worth.
//!
//! How hard a question is, whether it tells the able from the others, which wrong options nobody
//! takes, how reliable an exam is and where its pass mark should lie. Everything is computed from
//! the frozen papers and the answers when somebody asks ([`queries`] reads, [`figures`] and
//! [`super::statistics`] compute); nothing is stored. Figures are over all attempts of the group,
//! since no person is shown, and they say how much may be read into them.

use crate::access::{Authoring, Routes, Who, proof::Proof};

pub mod charts;
mod choices;
pub mod figures;
mod handlers;
pub mod model;
mod pages;
pub mod queries;
mod rules;
pub mod standards;

pub fn routes() -> Routes {
    let authors = Who::Roles(Authoring::ROLES);
    Routes::new()
        .get("/exams/analysis", authors, handlers::exams)
        .get("/exams/analysis/{set}/{exam}", authors, handlers::exam)
        .get("/exams/analysis/{set}/{exam}/questions.csv", authors, handlers::as_csv)
        .get("/exams/analysis/{set}/{exam}/questions/{version}", authors, handlers::question)
        .and(standards::routes())
}
