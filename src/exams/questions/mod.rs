//! Questions: banks, how each kind is answered and marked, frozen versions.

pub mod bank;
pub mod body;
pub mod decimal;
pub mod fields;
pub mod memo;
pub mod model;
pub mod render;
pub mod scoring;
pub mod share;
mod written;

pub use body::{Body, Task};
pub use model::{BankId, QuestionId, QuestionKind, VersionId};
