//! Pure decisions: in which order questions are looked at, and what an exam's figures are worth.

use std::cmp::Ordering;

use super::model::Line;
use crate::{
    exams::statistics::Reliability,
    i18n::Text,
    record::{Amount, Rules, requirement::Rule},
    text,
};

crate::words! {
    /// The order of the table of questions.
    Sort {
        Worst = "worst",
        Code = "code",
        Hardest = "hardest",
        Seen = "seen",
        Open = "open",
    }
}

impl Sort {
    pub fn title(self) -> Text {
        match self {
            Sort::Worst => text!("最差的在前", "Worst first"),
            Sort::Code => text!("按代码", "By code"),
            Sort::Hardest => text!("最难的在前", "Hardest first"),
            Sort::Seen => text!("曝光最多的在前", "Most seen first"),
            Sort::Open => text!("空着最多的在前", "Left open most"),
        }
    }

    fn compare(self, a: &Line<'_>, b: &Line<'_>) -> Ordering {
        let code = || a.question.code.cmp(&b.question.code);
        let by = |key: fn(&Line<'_>) -> f64| key(a).total_cmp(&key(b));
        let order = match self {
            // What cannot be judged comes behind what can.
            Sort::Worst => by(|line| {
                line.figures.verdict().and(line.figures.discrimination).unwrap_or(f64::INFINITY)
            }),
            Sort::Code => Ordering::Equal,
            Sort::Hardest => by(|line| line.figures.facility.unwrap_or(f64::INFINITY)),
            Sort::Seen => by(|line| -line.exposure.share().unwrap_or(-1.0)),
            Sort::Open => by(|line| -line.figures.omitted.unwrap_or(-1.0)),
        };
        order.then_with(code).then_with(|| a.question.key().cmp(&b.question.key()))
    }
}

/// Puts the questions into an order that does not depend on the one they came in.
pub fn sort(lines: &mut [Line<'_>], sort: Sort) {
    lines.sort_by(|a, b| sort.compare(a, b));
}

/// What a reliability is good for. The limits for certification are this program's own defaults:
/// no published standard fixes them.
pub fn worth(found: Reliability) -> Text {
    match found.value {
        r if r >= 0.90 => text!("足以支撑重大决定", "enough for high stakes"),
        r if r >= 0.80 => text!("足以支撑认证", "enough for certification"),
        r if r >= 0.60 => text!("仅够课堂使用", "enough for use in class only"),
        _ => text!("不足以据此作出决定", "too low to decide anything by"),
    }
}

/// A certification that asks for so many points in an exam, whatever its pass mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    pub certification: Text,
    /// Out of 100.
    pub points: Amount,
}

/// The certifications that name an exam with a minimum of their own. They are rules of their
/// rule sets: another pass mark does not change them.
pub fn minima(rules: &Rules, exam: &str) -> Vec<Minimum> {
    let Some((set, plan)) = rules.exam(exam) else { return Vec::new() };
    let code = plan.fact_code(set);
    let mut found: Vec<Minimum> = Vec::new();
    for certification in rules.sets().flat_map(|set| &set.certifications) {
        for requirement in certification.demands() {
            requirement.visit(&mut |rule| {
                let Rule::Exam(exam) = rule else { return };
                for part in exam.parts.iter().filter(|part| part.code == code) {
                    let minimum =
                        Minimum { certification: certification.title.clone(), points: part.min.0 };
                    if !found.contains(&minimum) {
                        found.push(minimum);
                    }
                }
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exams::{
        analysis::{
            figures::QuestionFigures,
            model::{Exposure, Question},
        },
        questions::{QuestionId, VersionId},
    };

    fn question(code: &str) -> Question {
        Question {
            version: VersionId(1),
            part: 0,
            shared: None,
            question: QuestionId(1),
            code: code.into(),
            number: 1,
            kind: Text::default(),
            area: Text::default(),
            stem: Text::default(),
            choices: Vec::new(),
        }
    }

    #[test]
    fn the_worst_question_stands_first_and_the_unjudged_last() {
        let questions = ["good", "bad", "few", "undefined"].map(question);
        let figures = [(40, Some(0.5)), (40, Some(-0.1)), (5, Some(-0.9)), (40, None)];
        let mut lines: Vec<Line<'_>> = questions
            .iter()
            .zip(figures)
            .enumerate()
            .map(|(at, (question, (n, discrimination)))| Line {
                at,
                question,
                figures: QuestionFigures { n, discrimination, ..QuestionFigures::default() },
                exposure: Exposure { recent: at as i64, papers: 4, ..Exposure::default() },
            })
            .collect();
        let mut codes = |order| {
            sort(&mut lines, order);
            lines.iter().map(|line| line.question.code.clone()).collect::<Vec<_>>()
        };
        assert_eq!(codes(Sort::Worst), ["bad", "good", "few", "undefined"]);
        assert_eq!(codes(Sort::Code), ["bad", "few", "good", "undefined"]);
        assert_eq!(codes(Sort::Seen), ["undefined", "few", "bad", "good"]);
    }
}
