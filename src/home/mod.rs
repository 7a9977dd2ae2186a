//! The start page of each role, a person's whole record, administration.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}

pub use crate::mail::MailDelivery;
