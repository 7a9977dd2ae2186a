//! Questions: banks, how each kind is answered and marked, frozen versions, their life, and the
//! pages on which they are written and judged.
//!
//! Invariants: a version is never changed, an edit adds one; nobody reviews what they wrote; the
//! key is shown to those who write questions and to nobody else.

use crate::access::{Authoring, Routes, Who, proof::Proof};

pub mod agreement;
pub mod bank;
pub mod body;
pub mod correction;
pub mod decimal;
pub mod fields;
mod form;
mod handlers;
pub mod lifecycle;
pub mod memo;
pub mod model;
mod pages;
pub mod percent;
pub mod pictures;
mod preview;
pub mod queries;
pub mod render;
pub mod scoring;
pub mod sent;
pub mod share;
pub mod shelf;
pub mod similar;
pub mod writing;
mod written;

pub use body::{Body, Task};
pub use model::{BankId, QuestionId, QuestionKind, VersionId};

use handlers as h;

/// The pages of question banks, and the pictures of their questions.
pub fn routes() -> Routes {
    let authors = Who::Roles(Authoring::ROLES);
    Routes::new()
        .get("/exams/banks", authors, h::banks)
        .get("/exams/banks/new", authors, h::new_bank_page)
        .post("/exams/banks/new", authors, h::new_bank)
        .get("/exams/banks/{bank}", authors, h::bank)
        .post("/exams/banks/{bank}/practice", authors, h::set_practice)
        .get("/exams/banks/{bank}/duplicates", authors, h::duplicates)
        .get("/exams/banks/{bank}/new", authors, h::new_page)
        .post("/exams/banks/{bank}/new", authors, h::write_new)
        .get("/exams/banks/{bank}/questions/{question}", authors, h::question)
        .get("/exams/banks/{bank}/questions/{question}/edit", authors, h::edit_page)
        .post("/exams/banks/{bank}/questions/{question}/edit", authors, h::write_edit)
        .post("/exams/banks/{bank}/questions/{question}/stage", authors, h::take_step)
        .get("/exams/files/{digest}", Who::SignedIn, h::file)
}
