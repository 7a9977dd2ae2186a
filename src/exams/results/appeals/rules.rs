//! Pure decisions about appeals.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::model::Outcome;
use crate::{
    i18n::Text,
    record::{PersonId, period::days_after},
    text,
};

/// So many days after its release a result may be appealed, where the exam says nothing else.
pub const APPEAL_DAYS: u32 = 15;

/// An appeal is decided within so many days.
pub const DECIDE_DAYS: u32 = 15;

/// The last day on which an appeal may be filed.
pub fn last_day(released_on: NaiveDate, days: Option<u32>) -> NaiveDate {
    days_after(released_on, days.unwrap_or(APPEAL_DAYS))
}

pub fn decide_by(filed_on: NaiveDate) -> NaiveDate {
    days_after(filed_on, DECIDE_DAYS)
}

const LONGEST: usize = 4_000;

/// What is wrong with grounds or reasons.
pub fn text_problem(text: &str) -> Option<Text> {
    match text.trim().chars().count() {
        0..10 => Some(text!("请至少写 10 个字。", "Write at least 10 characters.")),
        10..=LONGEST => None,
        _ => Some(text!("最多 {LONGEST} 个字符。", "At most {LONGEST} characters.")),
    }
}

/// What keeps somebody from deciding an appeal at all: whoever sat the exam or marked it first.
pub fn bar(decider: PersonId, candidate: PersonId, markers: &HashSet<PersonId>) -> Option<Text> {
    if decider == candidate {
        return Some(text!("不能裁定自己的申诉。", "Nobody decides about their own appeal."));
    }
    markers.contains(&decider).then(|| {
        text!(
            "您参与过这份试卷的阅卷，须由另一位考评员或人事裁定。",
            "You marked this paper; another examiner or HR has to decide."
        )
    })
}

/// What is missing before an appeal can be decided so.
pub fn obstacle(outcome: Outcome, open_remarks: usize) -> Option<Text> {
    (outcome.changes() && open_remarks > 0).then(|| {
        text!(
            "还有 {open_remarks} 份复核评分没有提交，请等复核完成，或裁定申诉不成立。",
            "{open_remarks} of the answers to be marked again are still open. Wait for them, or reject the appeal."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_deadline_is_a_civil_day_and_inclusive() {
        assert_eq!(last_day(day("2026-11-23"), None), day("2026-12-08"));
        assert_eq!(last_day(day("2026-02-27"), Some(3)), day("2026-03-02"));
        assert_eq!(last_day(day("2026-11-23"), Some(0)), day("2026-11-23"));
    }

    #[test]
    fn whoever_marked_or_sat_it_does_not_decide() {
        let markers = HashSet::from([PersonId(3)]);
        assert!(bar(PersonId(1), PersonId(1), &markers).is_some());
        assert!(bar(PersonId(3), PersonId(1), &markers).is_some());
        assert!(bar(PersonId(2), PersonId(1), &markers).is_none());
    }

    #[test]
    fn open_remarks_hold_up_only_what_would_use_them() {
        assert!(obstacle(Outcome::Upheld, 1).is_some());
        assert!(obstacle(Outcome::Partly, 1).is_some());
        assert!(obstacle(Outcome::Rejected, 1).is_none());
        assert!(obstacle(Outcome::Upheld, 0).is_none());
    }
}
