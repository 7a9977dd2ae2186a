//! A wrong question put right after it was used, as a column keeps it.

use super::{
    body::{Body, Task},
    model::QuestionKind,
    scoring::Correction,
};
use crate::{i18n::Text, text};

crate::words! {
    /// What is done about a wrong question.
    CorrectionKind { Void = "void", Rekey = "rekey", Accept = "accept" }
}

impl CorrectionKind {
    pub fn title(self) -> Text {
        match self {
            CorrectionKind::Void => text!("作废，不计分", "Void: it counts for nobody"),
            CorrectionKind::Rekey => text!("更正答案", "Another key holds instead"),
            CorrectionKind::Accept => text!("增加一种正确答案", "One more answer is accepted"),
        }
    }
}

impl Correction {
    pub fn kind(&self) -> CorrectionKind {
        match self {
            Correction::Void => CorrectionKind::Void,
            Correction::Rekey(_) => CorrectionKind::Rekey,
            Correction::Accept(_) => CorrectionKind::Accept,
        }
    }

    /// The key it brings.
    pub fn task(&self) -> Option<&Task> {
        match self {
            Correction::Void => None,
            Correction::Rekey(task) | Correction::Accept(task) => Some(task),
        }
    }

    /// As a column keeps it: the key in a body of its own; nothing for a void.
    pub fn to_json(&self) -> String {
        let Some(task) = self.task() else { return String::new() };
        let body = Body {
            area: Text::default(),
            stem: Text::same("-"),
            task: task.clone(),
            feedback: Text::default(),
            references: Vec::new(),
            points: 1,
            fixed_order: false,
        };
        body.to_json()
    }

    /// Reads what [`Correction::to_json`] wrote about a place of this kind.
    pub fn read(
        kind: CorrectionKind,
        place: QuestionKind,
        json: &str,
    ) -> Result<Correction, String> {
        let task = || Body::read(place, json).map(|body| body.task);
        Ok(match kind {
            CorrectionKind::Void => Correction::Void,
            CorrectionKind::Rekey => Correction::Rekey(task()?),
            CorrectionKind::Accept => Correction::Accept(task()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exams::questions::body::{Numeric, Short};

    #[test]
    fn a_correction_is_read_as_it_was_written() {
        let number =
            Numeric { value: "12.5".into(), tolerance: "0.5".into(), ..Numeric::default() };
        let word = crate::exams::questions::body::Accepted {
            form: "制动*".into(),
            share: 1_000_000,
            feedback: Text::default(),
        };
        let words = Short { accepted: vec![word], case_matters: false };
        for task in [Task::TrueFalse { answer: false }, Task::Numeric(number), Task::Short(words)] {
            for correction in [Correction::Rekey(task.clone()), Correction::Accept(task.clone())] {
                let kept = correction.to_json();
                let read = Correction::read(correction.kind(), task.kind(), &kept);
                assert_eq!(read, Ok(correction));
            }
        }
        assert_eq!(
            Correction::read(CorrectionKind::Void, QuestionKind::Single, ""),
            Ok(Correction::Void)
        );
    }
}
