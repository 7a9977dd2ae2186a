//! The nouns: certificates as issued, acts on them, what a person holds.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    content::ContentId,
    db::{Instant, schema::certificate},
    i18n::Text,
    record::{FactId, PersonId},
    text,
};

crate::id! {
    /// A certificate we issued.
    CertificateId
}

crate::words! {
    /// What HR did to a certificate. Reinstating takes back a suspension; nothing takes back a
    /// revocation.
    ActKind {
        Suspended = "suspended",
        Reinstated = "reinstated",
        Revoked = "revoked",
    }
}

impl ActKind {
    pub fn title(self) -> Text {
        match self {
            ActKind::Suspended => text!("暂停", "Suspended"),
            ActKind::Reinstated => text!("恢复", "Reinstated"),
            ActKind::Revoked => text!("吊销", "Revoked"),
        }
    }
}

/// An act and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub kind: ActKind,
    pub on: NaiveDate,
    pub why: String,
}

/// A certificate as it was issued.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = certificate)]
pub struct Certificate {
    pub id: CertificateId,
    pub person_id: PersonId,
    pub certification: String,
    pub content_id: ContentId,
    pub number: String,
    pub check_code: String,
    pub issued_on: NaiveDate,
    pub valid_from: NaiveDate,
    pub valid_through: Option<NaiveDate>,
    pub printed: String,
    pub issued_at: Instant,
    pub fact_id: FactId,
}

impl Certificate {
    /// What stands on the paper.
    pub fn printed(&self) -> Printed {
        serde_json::from_str(&self.printed).unwrap_or_default()
    }
}

/// What stands on the paper: kept at issue, so that no later name, title or site alters it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    pub name: String,
    pub name_en: Option<String>,
    pub title: Text,
    pub site: Text,
    pub issuer: Text,
}

impl Printed {
    /// The name in both scripts.
    pub fn names(&self) -> Text {
        let name_en = self.name_en.as_ref().filter(|name| !name.is_empty());
        Text::new(&self.name, name_en.unwrap_or(&self.name))
    }
}

/// The newest certificate of one certification a person holds or held, ours or imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub person: PersonId,
    /// `RULESET/NAME`.
    pub code: String,
    pub number: Option<String>,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub issuer: Option<String>,
    /// Whether we issued it: then it has a page and a paper.
    pub ours: bool,
    pub acts: Vec<Act>,
    /// An earlier one of the same certification that still runs when a renewal begins later.
    pub until_then: Option<NaiveDate>,
}

/// How things stand on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    NotYet,
    Valid,
    /// Its last day is so many days away, 90 at most.
    Expiring(i64),
    Expired,
    Suspended,
    Revoked,
}

impl State {
    /// Whether the holder may rely on it.
    pub fn in_force(self) -> bool {
        matches!(self, State::Valid | State::Expiring(_))
    }

    /// The word in addresses and files.
    pub fn word(self) -> &'static str {
        match self {
            State::NotYet => "not-yet-valid",
            State::Valid => "valid",
            State::Expiring(_) => "expiring",
            State::Expired => "expired",
            State::Suspended => "suspended",
            State::Revoked => "revoked",
        }
    }

    pub fn title(self) -> Text {
        match self {
            State::NotYet => text!("尚未生效", "Not yet valid"),
            State::Valid => text!("有效", "Valid"),
            State::Expiring(_) => text!("即将到期", "Expiring soon"),
            State::Expired => text!("已过期", "Expired"),
            State::Suspended => text!("已暂停", "Suspended"),
            State::Revoked => text!("已吊销", "Revoked"),
        }
    }
}

impl Held {
    pub fn state(&self, today: NaiveDate) -> State {
        super::rules::state(self.from, self.through, &self.acts, today)
    }
}
