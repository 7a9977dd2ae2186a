//! Sitting an exam: drawing and freezing the paper, saving answers, the one end, the result.

use crate::access::{Routes, Who};

pub mod finish;
pub mod handlers;
pub mod letters;
pub mod marks;
pub mod model;
pub mod pages;
pub mod paper;
pub mod queries;
pub mod settle;
pub mod standing;
pub mod taking;

pub fn routes() -> Routes {
    Routes::new()
        .get("/exams", Who::SignedIn, handlers::mine)
        .get("/exams/attempts/{id}", Who::SignedIn, handlers::paper)
        .post("/exams/attempts/{id}", Who::SignedIn, handlers::save_all)
        .get("/exams/attempts/{id}/clock", Who::SignedIn, handlers::clock)
        .post("/exams/attempts/{id}/answers", Who::SignedIn, handlers::save_one)
        .get("/exams/attempts/{id}/finish", Who::SignedIn, handlers::check_before_finish)
        .post("/exams/attempts/{id}/finish", Who::SignedIn, handlers::finish)
        .get("/exams/{set}/{exam}", Who::SignedIn, handlers::explain)
        .post("/exams/{set}/{exam}/start", Who::SignedIn, handlers::start)
}
