//! The nouns of analysis: what an exam's papers hold, question by question.

use super::figures::{Answers, Choice, QuestionFigures, Sheet};
use crate::{
    db::Instant,
    exams::questions::{QuestionId, VersionId},
    i18n::Text,
};

/// A version of a question that stood on papers of an exam.
#[derive(Clone, Debug)]
pub struct Question {
    pub version: VersionId,
    /// Which part of a case, from 1; 0 is the question itself.
    pub part: i64,
    pub question: QuestionId,
    /// Its code in the bank.
    pub code: String,
    /// 1 for the first version.
    pub number: i64,
    pub kind: Text,
    pub area: Text,
    /// What the parts of a case share.
    pub shared: Option<Text>,
    pub stem: Text,
    pub choices: Vec<Choice>,
}

impl Question {
    /// `brake-07`, `brake-07 v2` for its second version, `brake-07 (1)` for the first part of a
    /// case.
    pub fn name(&self) -> String {
        let version = if self.number > 1 { format!(" v{}", self.number) } else { String::new() };
        let part = if self.part > 0 { format!(" ({})", self.part) } else { String::new() };
        format!("{}{version}{part}", self.code)
    }

    /// The end of its address: `812`, or `812-2` for the second part of a case.
    pub fn key(&self) -> String {
        match self.part {
            0 => self.version.to_string(),
            part => format!("{}-{part}", self.version),
        }
    }
}

/// How often a version was drawn, finished or not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exposure {
    pub drawn: i64,
    pub last: Option<Instant>,
    /// In the months looked at.
    pub recent: i64,
    /// Papers of the exam that began in those months.
    pub papers: i64,
}

impl Exposure {
    /// The share of recent papers it appeared on.
    pub fn share(&self) -> Option<f64> {
        (self.papers > 0).then(|| self.recent as f64 / self.papers as f64)
    }
}

/// Everything the papers of an exam hold.
#[derive(Clone, Debug, Default)]
pub struct Papers {
    pub questions: Vec<Question>,
    pub sheets: Vec<Sheet>,
}

/// A question with what is known about it.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its place among the questions.
    pub at: usize,
    pub question: &'a Question,
    pub figures: QuestionFigures,
    pub exposure: Exposure,
}

impl Papers {
    pub fn answers(&self) -> Answers<'_> {
        Answers::of(&self.sheets, self.questions.len())
    }

    /// Every question with its figures.
    pub fn lines(&self, exposure: impl Fn(VersionId) -> Exposure) -> Vec<Line<'_>> {
        let answers = self.answers();
        let questions = self.questions.iter().enumerate();
        questions
            .map(|(at, question)| Line {
                at,
                question,
                figures: answers.figures(at, question.choices.len()),
                exposure: exposure(question.version),
            })
            .collect()
    }
}
