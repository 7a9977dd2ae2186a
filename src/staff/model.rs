//! The nouns: sites, people, assignments.

use chrono::NaiveDate;
use chrono_tz::Tz;
use diesel::prelude::*;

use crate::{
    db::{
        schema::{assignment, person, site},
        types::LangColumn,
    },
    i18n::{Lang, Text},
    record::PersonId,
    text,
};

crate::id! {
    /// A site: the group itself, a region, a dealer, a workshop, a team.
    SiteId
}

crate::id! {
    /// A person's position at a site for a time.
    AssignmentId
}

crate::words! {
    /// What a site is in the tree.
    SiteKind {
        Group = "group",
        Region = "region",
        Dealer = "dealer",
        Site = "site",
        Team = "team",
    }
}

impl SiteKind {
    pub fn title(self) -> Text {
        match self {
            SiteKind::Group => text!("集团", "Group"),
            SiteKind::Region => text!("区域", "Region"),
            SiteKind::Dealer => text!("经销商", "Dealer"),
            SiteKind::Site => text!("门店", "Site"),
            SiteKind::Team => text!("班组", "Team"),
        }
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = site)]
pub struct Site {
    pub id: SiteId,
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    pub parent_id: Option<SiteId>,
    pub kind: SiteKind,
    pub time_zone: String,
    pub lineage: String,
}

impl Site {
    pub fn title(&self, lang: Lang) -> &str {
        name_in(lang, &self.name, self.name_en.as_deref())
    }

    /// The zone that says what "today" is here. The import checks names, so the fallback is rare.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::Asia::Shanghai)
    }

    /// How deep it stands below the root.
    pub fn depth(&self) -> usize {
        self.lineage.matches('/').count().saturating_sub(2)
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = person)]
pub struct Person {
    pub id: PersonId,
    pub staff_no: String,
    pub name: String,
    pub name_en: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub language: LangColumn,
}

impl Person {
    pub fn title(&self, lang: Lang) -> &str {
        name_in(lang, &self.name, self.name_en.as_deref())
    }

    pub fn lang(&self) -> Lang {
        self.language.0
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = assignment)]
pub struct Assignment {
    pub id: AssignmentId,
    pub person_id: PersonId,
    pub site_id: SiteId,
    pub position: String,
    pub manager_id: Option<PersonId>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
}

impl Assignment {
    /// Whether it holds on a day; both ends are inclusive.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.starts_on <= day && self.ends_on.is_none_or(|end| day <= end)
    }
}

/// A person with the position they hold, or held last, and where.
#[derive(Clone, Debug)]
pub struct Post {
    pub person: Person,
    pub assignment: Assignment,
    pub site: Site,
}

impl Post {
    pub fn works_on(&self, day: NaiveDate) -> bool {
        self.assignment.covers(day)
    }
}

/// The English name where there is one and the reader wants it.
pub fn name_in<'a>(lang: Lang, name: &'a str, name_en: Option<&'a str>) -> &'a str {
    match (lang, name_en) {
        (Lang::En, Some(name_en)) if !name_en.is_empty() => name_en,
        _ => name,
    }
}
