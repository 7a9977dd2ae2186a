//! A master and an apprentice: pairings, the logbook, signatures.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
