//! The nouns of questions: banks, kinds, what a frozen version says.

use serde::{Deserialize, Serialize};

use crate::i18n::Text;

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
    }
}

crate::words! {
    /// What it takes to answer it.
    Level { Recall = "recall", Apply = "apply", Diagnose = "diagnose" }
}

crate::words! {
    /// Core, general or auxiliary knowledge.
    Importance { Core = "X", General = "Y", Auxiliary = "Z" }
}

crate::words! {
    Difficulty { Easy = "easy", Medium = "medium", Hard = "hard" }
}

/// What a version of a question says, its key included: it never leaves the server whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The title of the area it belongs to, as it was then.
    pub area: Text,
    pub stem: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numeric: Option<Numeric>,
    pub feedback: Text,
}

/// An option of a single or multiple choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub zh: String,
    pub en: String,
    #[serde(default)]
    pub correct: bool,
}

impl Choice {
    pub fn text(&self) -> Text {
        Text::new(&self.zh, &self.en)
    }
}

/// A number as the answer; decimals are text, so that nothing is rounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numeric {
    pub value: String,
    #[serde(default = "nothing")]
    pub tolerance: String,
    /// `V`, or `个 / cells` where the languages differ.
    #[serde(default)]
    pub unit: String,
}

fn nothing() -> String {
    "0".to_owned()
}

impl Numeric {
    /// The unit as each reader writes it.
    pub fn unit(&self) -> Text {
        match self.unit.split_once(" / ") {
            Some((zh, en)) => Text::new(zh, en),
            None => Text::same(&self.unit),
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
