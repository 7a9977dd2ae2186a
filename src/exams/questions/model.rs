//! The nouns of questions: banks, kinds, stages, levels.

use serde::{Deserialize, Serialize};

use crate::{i18n::Text, text};

crate::id! {
    /// A question bank.
    BankId
}

crate::id! {
    /// A question, through all its versions.
    QuestionId
}

crate::id! {
    /// One frozen wording of a question.
    VersionId
}

crate::words! {
    /// How a question is answered.
    QuestionKind {
        Single = "single",
        Multiple = "multiple",
        TrueFalse = "true-false",
        Numeric = "numeric",
        Short = "short",
        Ordering = "ordering",
        Matching = "matching",
        Hotspot = "hotspot",
        Case = "case",
        Essay = "essay",
    }
}

impl QuestionKind {
    pub fn title(self) -> Text {
        match self {
            QuestionKind::Single => text!("单选题", "Single choice"),
            QuestionKind::Multiple => text!("多选题", "Multiple choice"),
            QuestionKind::TrueFalse => text!("判断题", "True or false"),
            QuestionKind::Numeric => text!("数值题", "Number"),
            QuestionKind::Short => text!("填空题", "Short answer"),
            QuestionKind::Ordering => text!("排序题", "Ordering"),
            QuestionKind::Matching => text!("匹配题", "Matching"),
            QuestionKind::Hotspot => text!("图上标注题", "Hotspot"),
            QuestionKind::Case => text!("案例题", "Case"),
            QuestionKind::Essay => text!("论述题", "Essay"),
        }
    }
}

crate::words! {
    /// How far a version has come in its life.
    Stage {
        Draft = "draft",
        Reviewed = "reviewed",
        Pilot = "pilot",
        Live = "live",
        Retired = "retired",
        Compromised = "compromised",
    }
}

impl Stage {
    /// Whether papers are drawn from it; a pilot is drawn unscored.
    pub fn is_drawn(self) -> bool {
        matches!(self, Stage::Pilot | Stage::Live)
    }

    pub fn title(self) -> Text {
        match self {
            Stage::Draft => text!("草稿", "Draft"),
            Stage::Reviewed => text!("已审", "Reviewed"),
            Stage::Pilot => text!("试测", "Pilot"),
            Stage::Live => text!("启用", "Live"),
            Stage::Retired => text!("停用", "Retired"),
            Stage::Compromised => text!("泄题", "Compromised"),
        }
    }
}

crate::words! {
    /// What it takes to answer it.
    Level { Recall = "recall", Apply = "apply", Diagnose = "diagnose" }
}

impl Level {
    pub fn title(self) -> Text {
        match self {
            Level::Recall => text!("识记", "Recall"),
            Level::Apply => text!("应用", "Apply"),
            Level::Diagnose => text!("诊断", "Diagnose"),
        }
    }
}

crate::words! {
    /// Core, general or auxiliary knowledge.
    Importance { Core = "X", General = "Y", Auxiliary = "Z" }
}

impl Importance {
    pub fn title(self) -> Text {
        match self {
            Importance::Core => text!("核心", "Core"),
            Importance::General => text!("一般", "General"),
            Importance::Auxiliary => text!("辅助", "Auxiliary"),
        }
    }
}

crate::words! {
    Difficulty { Easy = "easy", Medium = "medium", Hard = "hard" }
}

impl Difficulty {
    pub fn title(self) -> Text {
        match self {
            Difficulty::Easy => text!("易", "Easy"),
            Difficulty::Medium => text!("中", "Medium"),
            Difficulty::Hard => text!("难", "Hard"),
        }
    }
}

/// How an area of a paper went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaScore {
    pub area: String,
    pub title: Text,
    pub points: i64,
    pub points_max: i64,
}
