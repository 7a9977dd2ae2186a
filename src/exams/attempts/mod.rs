//! Sitting an exam: drawing and freezing the paper, saving answers, the one end, the result.
//!
//! What happens when something goes wrong:
//!
//! | | an answer under way | afterwards |
//! |---|---|---|
//! | the program is killed | acknowledged = on disk; the browser sends the rest again | attempts go on; those whose time is over are closed by the sweep; nothing is marked twice |
//! | two browsers, a stale tab | the higher edition stays, the other one is told (409, `stale`) | both show what is kept |
//! | handed in while an answer is on its way | marked, or refused (409, `finished`); never acknowledged and left out | one result, one fact |
//! | the server's clock goes back | time already used stays used | no attempt gains time |
//! | the clock goes forward past the end | whoever asks meanwhile is closed (409, `time`) and stays so | nobody else lost anything when it is set right |
//! | the database is locked by another program | waits some seconds, then 503 "nothing was saved"; the browser tries again | goes on by itself |
//! | PostgreSQL stops or starts anew | 503, as above; pages too | dead connections are replaced; no restart |
//! | the disk is full | 503, as above; pages can still be read (SQLite) | goes on as soon as there is room |
//! | the session ends, the account is closed | 401 from the next answer on | what was saved stays |

use crate::access::{Routes, Who};

pub mod desk;
pub mod events;
pub mod finish;
pub mod handlers;
pub mod letters;
pub mod marks;
pub mod model;
pub mod pages;
pub mod pauses;
pub mod presence;
pub mod queries;
pub mod settle;
pub mod sheet;
pub mod standing;
pub mod taking;
pub mod watching;

pub fn routes() -> Routes {
    Routes::new()
        .get("/exams", Who::SignedIn, handlers::mine)
        .get("/exams/attempts/{id}", Who::SignedIn, handlers::paper)
        .post("/exams/attempts/{id}", Who::SignedIn, handlers::save_all)
        .get("/exams/attempts/{id}/clock", Who::SignedIn, handlers::clock)
        .post("/exams/attempts/{id}/break", Who::SignedIn, pauses::begin_break)
        .post("/exams/attempts/{id}/break-over", Who::SignedIn, pauses::end_own_break)
        .post_by_claim("/exams/attempts/{id}/answers", handlers::save_one)
        .post("/exams/attempts/{id}/flags", Who::SignedIn, watching::flag)
        .post("/exams/attempts/{id}/events", Who::SignedIn, watching::seen)
        .get("/exams/attempts/{id}/finish", Who::SignedIn, handlers::check_before_finish)
        .post("/exams/attempts/{id}/finish", Who::SignedIn, handlers::finish)
        .get("/exams/{set}/{exam}", Who::SignedIn, handlers::explain)
        .post("/exams/{set}/{exam}/start", Who::SignedIn, handlers::start)
}
