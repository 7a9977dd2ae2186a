//! Knowing every question for what it is worth.

pub mod charts;
pub mod figures;
