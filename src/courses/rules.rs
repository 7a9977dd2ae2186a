//! The decisions, pure: who may enrol, what is missing, when a course is completed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::catalogue::{Course, CoursePlan};
use crate::{
    i18n::Text,
    record::{Fact, Kind},
    text,
};

/// The courses a record says are completed, each with the latest day. A completion that was given
/// an end counts through that end only.
pub fn completions(facts: &[Fact], today: NaiveDate) -> BTreeMap<String, NaiveDate> {
    let mut latest = BTreeMap::new();
    let counts = |fact: &&Fact| {
        fact.kind == Kind::Course
            && fact.from <= today
            && fact.through.is_none_or(|through| through >= today)
    };
    for fact in facts.iter().filter(counts) {
        let day = latest.entry(fact.code.clone()).or_insert(fact.from);
        *day = fact.from.max(*day);
    }
    latest
}

/// The prerequisites of a course that are not completed, in their order.
pub fn missing<'a>(plan: &'a CoursePlan, completed: &BTreeMap<String, NaiveDate>) -> Vec<&'a str> {
    let needed = plan.prerequisites.iter().map(String::as_str);
    needed.filter(|code| !completed.contains_key(*code)).collect()
}

/// Why somebody cannot enrol yet, naming the courses to take first.
pub fn refusal(title: &Text, missing: &[Text]) -> Text {
    let quoted: Vec<Text> =
        missing.iter().map(|t| Text::new(format!("《{}》", t.zh), format!("“{}”", t.en))).collect();
    let Text { zh, en } = Text::list(&quoted);
    let (title_zh, title_en) = (&title.zh, &title.en);
    text!(
        "还不能学习《{title_zh}》：须先完成{zh}。",
        "“{title_en}” is not open yet: complete {en} first."
    )
}

/// Whether every lesson of the course has been done.
pub fn is_complete(course: &Course, done: &BTreeSet<String>) -> bool {
    course.plan.lessons.iter().all(|lesson| done.contains(&lesson.slug))
}

/// How many of its lessons have been done; marks of lessons it no longer has do not count.
pub fn done_of(course: &Course, done: &BTreeSet<String>) -> usize {
    course.plan.lessons.iter().filter(|lesson| done.contains(&lesson.slug)).count()
}

/// The lesson to go on with: the first that is not done, or the first.
pub fn next_lesson<'a>(course: &'a Course, done: &BTreeSet<String>) -> Option<&'a str> {
    let open = course.plan.lessons.iter().find(|lesson| !done.contains(&lesson.slug));
    open.or(course.plan.lessons.first()).map(|lesson| lesson.slug.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: Kind, code: &str, from: &str, through: Option<&str>) -> Fact {
        let day = |text: &str| text.parse().unwrap();
        let (from, through) = (day(from), through.map(day));
        let code = code.to_owned();
        Fact { id: 1, kind, code, level: None, amount: None, unit: None, from, through }
    }

    #[test]
    fn a_completion_counts_from_its_day_through_its_end() {
        let facts = [
            fact(Kind::Course, "old", "2020-01-01", Some("2020-12-31")),
            fact(Kind::Course, "first-aid", "2024-01-01", None),
            fact(Kind::Course, "first-aid", "2026-01-01", None),
            fact(Kind::Course, "later", "2027-01-01", None),
            fact(Kind::Exam, "exam", "2024-01-01", None),
        ];
        let found = completions(&facts, "2026-11-23".parse().unwrap());
        let expected = [("first-aid".to_owned(), "2026-01-01".parse().unwrap())];
        assert_eq!(found, expected.into());
    }

    #[test]
    fn a_refusal_names_every_course_to_take_first() {
        let names = [Text::new("入职", "Onboarding"), Text::new("安全", "Safety")];
        let said = refusal(&Text::new("诊断", "Diagnosis"), &names);
        assert_eq!(said.zh, "还不能学习《诊断》：须先完成《入职》、《安全》。");
        assert_eq!(said.en, "“Diagnosis” is not open yet: complete “Onboarding”, “Safety” first.");
    }
}
