//! What the record says about a person: one dated fact.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{i18n::Text, text};

/// What a fact is about. The code of the fact says which one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Employment,
    Position,
    Education,
    Birth,
    Health,
    Course,
    Exam,
    Certificate,
    Grade,
    Mentor,
    Apprentice,
    Logbook,
    Skill,
    Kpi,
    Award,
    Competition,
    Incident,
    Absence,
    /// Allowed to do the work of a certificate under the eyes of a holder; never held by it.
    Supervision,
}

/// The level of an exam fact whose attempt was failed whatever its score, by a stricter pass mark
/// than a requirement knows. It meets no requirement.
pub const FAILED: &str = "failed";

/// How the level of a certificate fact begins that is not the first of its certificate: it was
/// suspended, or had run out before it was extended. The first day of the certificate follows.
pub const RESUMED: &str = "resumed:";

impl Kind {
    pub const ALL: [Kind; 19] = [
        Kind::Employment,
        Kind::Position,
        Kind::Education,
        Kind::Birth,
        Kind::Health,
        Kind::Course,
        Kind::Exam,
        Kind::Certificate,
        Kind::Grade,
        Kind::Mentor,
        Kind::Apprentice,
        Kind::Logbook,
        Kind::Skill,
        Kind::Kpi,
        Kind::Award,
        Kind::Competition,
        Kind::Incident,
        Kind::Absence,
        Kind::Supervision,
    ];

    /// The word in files, in the database and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Employment => "employment",
            Kind::Position => "position",
            Kind::Education => "education",
            Kind::Birth => "birth",
            Kind::Health => "health",
            Kind::Course => "course",
            Kind::Exam => "exam",
            Kind::Certificate => "certificate",
            Kind::Grade => "grade",
            Kind::Mentor => "mentor",
            Kind::Apprentice => "apprentice",
            Kind::Logbook => "logbook",
            Kind::Skill => "skill",
            Kind::Kpi => "kpi",
            Kind::Award => "award",
            Kind::Competition => "competition",
            Kind::Incident => "incident",
            Kind::Absence => "absence",
            Kind::Supervision => "supervision",
        }
    }

    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What a reader calls it.
    pub fn title(self) -> Text {
        match self {
            Kind::Employment => text!("从业经历", "Employment"),
            Kind::Position => text!("岗位", "Position"),
            Kind::Education => text!("学历", "Education"),
            Kind::Birth => text!("出生日期", "Date of birth"),
            Kind::Health => text!("健康证明", "Health clearance"),
            Kind::Course => text!("课程", "Course"),
            Kind::Exam => text!("考试", "Exam"),
            Kind::Certificate => text!("证书", "Certificate"),
            Kind::Grade => text!("技能等级", "Skill grade"),
            Kind::Mentor => text!("带徒", "Mentoring"),
            Kind::Apprentice => text!("学徒经历", "Apprenticeship"),
            Kind::Logbook => text!("实操记录", "Logbook tasks"),
            Kind::Skill => text!("技能", "Skill"),
            Kind::Kpi => text!("绩效指标", "KPI"),
            Kind::Award => text!("奖励", "Award"),
            Kind::Competition => text!("技能竞赛", "Competition"),
            Kind::Incident => text!("事故", "Incident"),
            Kind::Absence => text!("离岗", "Absence"),
            Kind::Supervision => text!("监护下作业", "Under supervision"),
        }
    }
}

/// An exact amount: a score of 59.9 is 599/10, a first-time-fix rate keeps its 37/40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    pub numerator: i64,
    pub denominator: i64,
}

/// One dated statement about a person. `through` is inclusive; open means still so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub id: i64,
    pub kind: Kind,
    pub code: String,
    pub level: Option<String>,
    pub amount: Option<Amount>,
    pub unit: Option<String>,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

impl Fact {
    /// The first day of what it is about: what is held of a certificate after a suspension is the
    /// same certificate, and what is earned after a revocation is another.
    pub fn began(&self) -> NaiveDate {
        let resumed = |level: &str| level.strip_prefix(RESUMED)?.parse().ok();
        self.level.as_deref().and_then(resumed).unwrap_or(self.from)
    }
}
