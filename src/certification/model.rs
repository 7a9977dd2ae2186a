//! The nouns: certificates as issued, acts on them, what a person holds.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::standing::Standing;
use crate::{
    content::ContentId,
    db::{
        Instant,
        schema::{certificate, certificate_act},
    },
    i18n::Text,
    record::{FactId, PersonId, ledger::Stamp},
    text,
};

crate::id! {
    /// A certificate we issued.
    CertificateId
}

crate::words! {
    /// What was done to a certificate. Reinstating takes back a suspension; nothing takes back a
    /// revocation.
    ActKind {
        Suspended = "suspended",
        Reinstated = "reinstated",
        Revoked = "revoked",
        /// Its last valid day was moved.
        Extended = "extended",
        /// It was issued again, with a name put right.
        Replaced = "replaced",
        /// A newer certificate took its place.
        Superseded = "superseded",
    }
}

impl ActKind {
    pub fn title(self) -> Text {
        match self {
            ActKind::Suspended => text!("暂停", "Suspended"),
            ActKind::Reinstated => text!("恢复", "Reinstated"),
            ActKind::Revoked => text!("吊销", "Revoked"),
            ActKind::Extended => text!("延期", "Extended"),
            ActKind::Replaced => text!("换发", "Replaced"),
            ActKind::Superseded => text!("取代", "Superseded"),
        }
    }
}

impl Act {
    /// An act by somebody, or by a rule, without anything special to it.
    pub fn new(
        certificate: CertificateId,
        kind: ActKind,
        on: NaiveDate,
        why: &str,
        stamp: Stamp,
    ) -> Act {
        Act {
            certificate_id: certificate,
            kind,
            on,
            why: why.to_owned(),
            done_at: stamp.at,
            done_by: stamp.by,
            through: None,
            other_id: None,
            evidence: None,
            file_id: None,
            campaign_id: None,
        }
    }
}

crate::words! {
    /// How a certificate came about.
    Basis {
        Rule = "rule",
        Decision = "decision",
        /// It was issued elsewhere or before, and taken over with its document.
        Import = "import",
        /// In place of one with a mistake on it.
        Replacement = "replacement",
    }
}

/// An act and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = certificate_act)]
pub struct Act {
    pub certificate_id: CertificateId,
    #[diesel(column_name = act)]
    pub kind: ActKind,
    /// The first day on which it holds.
    #[diesel(column_name = on_day)]
    pub on: NaiveDate,
    pub why: String,
    pub done_at: Instant,
    /// None, when a rule did it.
    pub done_by: Option<PersonId>,
    /// Of an extension: the new last valid day.
    #[diesel(column_name = through_on)]
    pub through: Option<NaiveDate>,
    /// The certificate that took its place.
    pub other_id: Option<CertificateId>,
    pub evidence: Option<String>,
    pub file_id: Option<i64>,
    pub campaign_id: Option<i64>,
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
    /// None, when a rule issued it.
    pub issued_by: Option<PersonId>,
    pub fact_id: FactId,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: i64,
    pub basis: Basis,
    /// Of an imported one: who issued it, under which number.
    pub issuer: Option<String>,
    pub foreign_number: Option<String>,
    /// The one it renews or replaces.
    pub previous_id: Option<CertificateId>,
    /// Why it was issued, where somebody decided it.
    pub why: Option<String>,
    pub template_id: Option<i64>,
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

/// A certificate a person holds or held, ours or imported, and how it stands on the day it was
/// loaded for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub person: PersonId,
    /// `RULESET/NAME`.
    pub code: String,
    /// Whether we issued it: then it has a page and a paper.
    pub id: Option<CertificateId>,
    pub number: Option<String>,
    pub from: NaiveDate,
    /// The last valid day, after extensions.
    pub through: Option<NaiveDate>,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    pub issuer: Option<String>,
    pub acts: Vec<Act>,
    /// The renewal that follows without a gap: when it begins, and its last day.
    pub followed: Option<(NaiveDate, Option<NaiveDate>)>,
    pub standing: Standing,
}

impl Held {
    pub fn is_ours(&self) -> bool {
        self.id.is_some()
    }

    pub fn state(&self) -> State {
        self.standing.state
    }
}

/// How things stand on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    NotYet,
    Valid,
    /// It may be renewed by now, or its last day is so many days away, 90 at most.
    Expiring(i64),
    /// Its last day has passed; it may still be renewed for so many days. Nobody may rely on it.
    InGrace(i64),
    Expired,
    /// By HR, or because what it stands on is not met for now.
    Suspended,
    Revoked,
    /// Another certificate took its place.
    Superseded,
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
            State::InGrace(_) => "in-grace",
            State::Expired => "expired",
            State::Suspended => "suspended",
            State::Revoked => "revoked",
            State::Superseded => "superseded",
        }
    }

    pub fn title(self) -> Text {
        match self {
            State::NotYet => text!("尚未生效", "Not yet valid"),
            State::Valid => text!("有效", "Valid"),
            State::Expiring(_) => text!("即将到期", "Expiring soon"),
            State::InGrace(_) => text!("宽限期内", "In grace"),
            State::Expired => text!("已过期", "Expired"),
            State::Suspended => text!("已暂停", "Suspended"),
            State::Revoked => text!("已吊销", "Revoked"),
            State::Superseded => text!("已被取代", "Superseded"),
        }
    }
}
