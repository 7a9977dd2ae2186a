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

mod api;
mod asof;
mod careers;
mod careers_appointments;
mod careers_competitions;
mod certification;
mod certification_acts;
mod certification_import;
mod courses;
mod credentials;
mod extracts;
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
mod papers;
mod record;
mod reminders;
mod rulebook;
mod reminders_rules;
mod reminders_sources;
