//! Sitting an exam: drawing and freezing the paper, saving answers, the one end, the result.

use crate::access::{Routes, Who};

pub mod desk;
pub mod finish;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod paper;
pub mod queries;
pub mod sheet;
pub mod taking;
pub mod watching;

pub fn routes() -> Routes {
    Routes::new()
        .get("/exams", Who::SignedIn, handlers::mine)
        .get("/exams/attempts/{id}", Who::SignedIn, handlers::paper)
        .post("/exams/attempts/{id}", Who::SignedIn, handlers::save_all)
        .get("/exams/attempts/{id}/clock", Who::SignedIn, handlers::clock)
        .post("/exams/attempts/{id}/answers", Who::SignedIn, handlers::save_one)
        .post("/exams/attempts/{id}/flags", Who::SignedIn, watching::flag)
        .post("/exams/attempts/{id}/events", Who::SignedIn, watching::seen)
        .get("/exams/attempts/{id}/finish", Who::SignedIn, handlers::check_before_finish)
        .post("/exams/attempts/{id}/finish", Who::SignedIn, handlers::finish)
        .get("/exams/attempts/{id}/result", Who::SignedIn, handlers::result)
        .get("/exams/{set}/{exam}", Who::SignedIn, handlers::explain)
        .post("/exams/{set}/{exam}/start", Who::SignedIn, handlers::start)
}
