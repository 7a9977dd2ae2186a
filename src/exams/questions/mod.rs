//! Questions: banks, how each kind is answered and marked, frozen versions.

pub mod agreement;
pub mod bank;
pub mod body;
pub mod correction;
pub mod decimal;
pub mod model;
pub mod scoring;
pub mod share;
mod written;

pub use body::{Body, Task};
pub use model::{BankId, QuestionId, QuestionKind, VersionId};
