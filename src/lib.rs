//! shifu runs the training, certification and careers of after-sales staff in car dealer groups.
//!
//! The modules stand in floors, and a module uses only modules declared above it; the test
//! `floors` reads these declarations and names the line that breaks the rule. ARCHITECTURE.md is
//! the map.

// Tools: they know nothing of workshops.
pub mod i18n;
pub mod db;
pub mod web;
pub mod print;
pub mod content;
pub mod signing;

// The heart: hiring, teaching, examining and deciding all write here, so it stands below them.
pub mod record;

// People and what reaches them.
pub mod mail;
pub mod staff;
pub mod access;

// Capabilities: what people do; each writes facts.
pub mod people;
pub mod courses;
pub mod mentoring;
pub mod exams;
pub mod certification;
pub mod careers;

// Across: they read everything and decide nothing.
pub mod rulebook;
pub mod extracts;
pub mod reminders;
pub mod mailroom;
pub mod calendar;
pub mod home;
pub mod api;

// The whole.
pub mod settings;
pub mod app;
pub mod demo;
pub mod cli;
