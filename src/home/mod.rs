//! The start page of each role, a person's whole record, administration.

use crate::access::Routes;

pub fn routes() -> Routes {
    Routes::new()
}

/// Whether a mail server is configured; without one, mails are kept for reading on a page.
#[derive(Clone, Copy, Debug)]
pub struct MailDelivery(pub bool);
