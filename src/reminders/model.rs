//! The nouns: what is due, to whom.

use chrono::NaiveDate;

use crate::{i18n::Lang, mail::Recipient, record::PersonId, staff::Person};

/// The one rule there is so far.
pub const CERTIFICATE_EXPIRING: &str = "certificate-expiring";

/// What a mail is about: a certificate that runs out.
#[derive(Clone, Debug)]
pub struct Subject {
    /// `certificate` for our own, `fact` for imported ones; with the id of that row.
    pub kind: &'static str,
    pub id: i64,
    pub code: String,
    pub number: Option<String>,
    pub holder: Person,
    pub site: String,
}

impl Subject {
    /// Certification and number, for lists and for programs.
    pub fn said(&self) -> String {
        match &self.number {
            Some(number) => format!("{} {number}", self.code),
            None => self.code.clone(),
        }
    }
}

/// One reminder that is due to one recipient, or will be.
#[derive(Clone, Debug)]
pub struct Due {
    pub rule: &'static str,
    pub subject: Subject,
    /// The last valid day.
    pub due_on: NaiveDate,
    /// Which step: so many days before.
    pub days_before: u32,
    /// The day this step was planned for.
    pub step_on: NaiveDate,
    /// Today, where the recipient works.
    pub today: NaiveDate,
    pub to: Person,
}

/// What makes a reminder the same reminder.
pub type Key = (PersonId, String, i64, NaiveDate, i64);

impl Due {
    pub fn key(&self) -> Key {
        let Due { to, subject, due_on, days_before, .. } = self;
        (to.id, subject.kind.to_owned(), subject.id, *due_on, i64::from(*days_before))
    }

    /// Whether it is due already, not only foreseen.
    pub fn is_due(&self) -> bool {
        self.step_on <= self.today
    }

    /// Whether it goes to the holder and not to their manager.
    pub fn to_holder(&self) -> bool {
        self.to.id == self.subject.holder.id
    }

    pub fn lang(&self) -> Lang {
        self.to.lang()
    }

    /// Where it is mailed to; nobody without an address is.
    pub fn recipient(&self) -> Option<Recipient> {
        let (lang, email) = (self.lang(), self.to.email.clone()?);
        Some(Recipient { person: self.to.id, name: self.to.title(lang).to_owned(), email, lang })
    }
}
