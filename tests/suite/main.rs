//! The whole suite in one binary: the real application over HTTP, with a named cast.
//!
//! Every test that touches the database runs on SQLite and on PostgreSQL. What this machine lacks
//! is left out and named on standard error; with `SHIFU_TEST_REQUIRE=all` a lack is a failure.

mod world;

mod access;
mod architecture;
mod browser;
mod routes;
mod schema;
mod story;

mod careers;
mod certification;
mod courses;
mod exams;
mod exams_paper;
mod exams_practice;
mod exams_analysis;
mod exams_blueprints;
mod exams_statistics;
mod exams_sittings;
mod exams_storm;
mod exams_questions;
mod exams_marking;
mod exams_results;
mod exams_exchange;
mod exams_practicals;
mod home;
mod imports;
mod mail;
mod mail_form;
mod mentoring;
mod record;
mod reminders;
mod reminders_rules;
mod reminders_sources;
