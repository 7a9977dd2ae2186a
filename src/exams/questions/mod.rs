//! Questions: banks, how each kind is answered and marked, frozen versions.

pub mod bank;
pub mod decimal;
pub mod model;
pub mod scoring;

pub use model::{BankId, QuestionId, QuestionKind, VersionId};
