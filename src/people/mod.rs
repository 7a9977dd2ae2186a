//! The staff list, the tree of sites, transfers and imports as pages.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
