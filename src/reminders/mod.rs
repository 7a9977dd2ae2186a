//! What falls due and whom to tell, once each.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
