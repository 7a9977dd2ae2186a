//! Promotion: the path of a person, candidacies, recommendations, decisions.

pub mod model;
pub mod queries;
pub mod rules;

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
