//! Roles and grants.

use chrono::NaiveDate;

use crate::{i18n::Text, record::PersonId, staff::SiteId, text};

crate::words! {
    /// What a person may do for a part of the tree. Being a technician needs no grant: everybody
    /// signed in learns, sits exams and applies for themselves.
    Role {
        Mentor = "mentor",
        Trainer = "trainer",
        Examiner = "examiner",
        Manager = "manager",
        Hr = "hr",
        Administrator = "administrator",
    }
}

impl Role {
    pub fn title(self) -> Text {
        match self {
            Role::Mentor => text!("师傅", "Mentor"),
            Role::Trainer => text!("内训师", "Trainer"),
            Role::Examiner => text!("考评员", "Examiner"),
            Role::Manager => text!("车间主任", "Workshop manager"),
            Role::Hr => text!("人事审核", "HR reviewer"),
            Role::Administrator => text!("管理员", "Administrator"),
        }
    }
}

crate::id! {
    /// A role held by a person for a part of the tree.
    GrantId
}

/// A role in force, and the part of the tree it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub person: PersonId,
    pub role: Role,
    pub site: SiteId,
    pub lineage: String,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
}
