//! Mail: composing, the outbox, delivery.
//!
//! A mail is written into the outbox in the transaction of what it announces, so neither exists
//! without the other. Workers hand it over later, as often as it takes, always under the same
//! Message-ID. A mail that cannot be delivered stays, visibly, with the reason.

pub mod calendar;
pub mod delivery;
pub mod letter;
pub mod notice;
pub mod outbox;

pub use calendar::{Appointment, Method};
pub use delivery::{Smtp, Transport};
pub use letter::{Letter, Letterhead, Recipient, Row};
pub use outbox::{OutboxId, post, post_rows, post_with};

/// Whether a mail server is configured; without one, mails are kept for reading on a page.
#[derive(Clone, Copy, Debug)]
pub struct MailDelivery(pub bool);
