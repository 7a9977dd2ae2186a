//! Promotion by a competition result (R26).
//!
//! A result is a fact, mostly imported. The rule sets say which places of which class of
//! competitions raise to which grade; [`rules::chance`] says what a result may do for somebody, HR
//! decides ([`acts::raise`]), and the grade names the result as its evidence. A result is used once.

pub mod acts;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod rules;
pub mod views;
