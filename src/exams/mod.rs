//! Theory exams: question banks, papers, attempts, results.

use crate::access::Routes;

pub mod bank;

pub fn routes() -> Routes {
    Routes::new()
}
