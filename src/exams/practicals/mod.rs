//! Practical exams.
pub mod agreement;
pub mod conflicts;
pub mod model;
pub mod rules;
