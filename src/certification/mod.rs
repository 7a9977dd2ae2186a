//! Certificates: issue by rule, state, the public check.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
