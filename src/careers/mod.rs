//! Promotion: the path of a person, candidacies, recommendations, decisions.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
