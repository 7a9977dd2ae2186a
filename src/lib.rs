//! shifu runs the training, certification and careers of after-sales staff in car dealer groups.
//!
//! The modules stand in floors, and a module uses only modules declared above it; the test
//! `floors` reads these declarations and names the line that breaks the rule. ARCHITECTURE.md is
//! the map.

// Tools: they know nothing of workshops.
pub mod content;
pub mod db;
pub mod i18n;
pub mod web;

// The heart.
pub mod record;

// People and what reaches them.
pub mod access;
pub mod mail;
pub mod people;
pub mod staff;

// Capabilities: what people do; each writes facts.
pub mod careers;
pub mod certification;
pub mod courses;
pub mod exams;
pub mod mentoring;

// Across: they read everything and decide nothing.
pub mod home;
pub mod reminders;

// The whole.
pub mod app;
pub mod cli;
pub mod demo;
pub mod settings;
