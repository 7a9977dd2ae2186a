//! Mail: composing, the outbox, delivery; calendars.
//!
//! A mail is written into the outbox in the transaction of what it announces, so neither exists
//! without the other. Workers hand it over later, as often as it takes, always under the same
//! Message-ID. A mail that cannot be delivered stays, visibly, with the reason; one of which nobody
//! knows whether the server has it says so.

pub mod calendar;
pub mod choices;
pub mod delivery;
pub mod entries;
pub mod letter;
mod look;
pub mod message;
pub mod notice;
pub mod outbox;
pub mod pause;
mod smtp;

pub use calendar::{Appointment, DayEntry, Method};
pub use delivery::{Protection, Smtp, Transport};
pub use entries::{DueDay, announce};
pub use letter::{Enclosed, Letter, Letterhead, Recipient, Row};
pub use outbox::{OutboxId, post, post_enclosing, post_rows, post_with};

/// Whether a mail server is configured; without one, mails are kept for reading on a page.
#[derive(Clone, Copy, Debug)]
pub struct MailDelivery(pub bool);
