//! Pure decisions: which step of a reminder is due on a day, and which follow.

use chrono::NaiveDate;

use crate::record::period::{days_after, days_before};

/// Days before the last valid day on which people are told. 0 is that day itself.
pub const OFFSETS: [u32; 7] = [90, 60, 30, 14, 7, 1, 0];

/// How many days after the last valid day a missed reminder is still sent. What ran out longer
/// ago (an imported history, say) is no news.
pub const LATE_DAYS: u32 = 90;

/// The step due on a day: the latest one reached. Steps missed before it are passed over, so days
/// of silence end in one mail, and the days are counted from the due date, not from the last run.
pub fn step_on(due_on: NaiveDate, today: NaiveDate) -> Option<u32> {
    if today > days_after(due_on, LATE_DAYS) {
        return None;
    }
    OFFSETS.into_iter().rfind(|offset| days_before(due_on, *offset) <= today)
}

/// The steps yet to come, through a day.
pub fn steps_between(due_on: NaiveDate, today: NaiveDate, through: NaiveDate) -> Vec<u32> {
    let coming = |offset: &u32| {
        let day = days_before(due_on, *offset);
        today < day && day <= through
    };
    OFFSETS.into_iter().filter(coming).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn v6_each_step_falls_on_its_day_and_stays_until_the_next() {
        let due = day("2027-03-15");
        for (today, step) in [
            ("2026-12-14", None),
            ("2026-12-15", Some(90)),
            ("2027-01-13", Some(90)),
            ("2027-01-14", Some(60)),
            ("2027-02-13", Some(30)),
            ("2027-03-01", Some(14)),
            ("2027-03-08", Some(7)),
            ("2027-03-14", Some(1)),
            ("2027-03-15", Some(0)),
            ("2027-06-13", Some(0)),
            ("2027-06-14", None),
        ] {
            assert_eq!(step_on(due, day(today)), step, "{today}");
        }
    }

    #[test]
    fn what_is_coming_is_foreseen_without_today() {
        let due = day("2027-03-15");
        assert_eq!(steps_between(due, day("2027-03-01"), day("2027-03-15")), [7, 1, 0]);
        assert!(steps_between(due, day("2027-03-15"), day("2027-04-15")).is_empty());
    }
}
