//! Pure decisions: which step of a reminder is due on a day, which follow, and on which day each
//! goes out.

use chrono::{Days, NaiveDate};

use crate::record::period::days_after;

/// The day a step falls on. It is counted from the due date, never from the last run.
pub fn day_of(due_on: NaiveDate, step: i32) -> NaiveDate {
    let days = Days::new(u64::from(step.unsigned_abs()));
    let moved =
        if step >= 0 { due_on.checked_sub_days(days) } else { due_on.checked_add_days(days) };
    moved.unwrap_or(due_on)
}

/// The step due on a day: the latest one reached. Steps missed before it are passed over, so days
/// of silence end in one mail. `steps` are from the earliest to the latest; so many days after the
/// due date, or after the last step, nothing is sent any more. `last_chance` says until when what is
/// sent by a day may have to wait for its turn.
pub fn step_on(
    steps: &[i32],
    late_days: u32,
    due_on: NaiveDate,
    today: NaiveDate,
    last_chance: impl Fn(NaiveDate) -> NaiveDate,
) -> Option<i32> {
    let reached = steps.iter().copied().rfind(|step| day_of(due_on, *step) <= today)?;
    let last = days_after(due_on, late_days).max(day_of(due_on, reached));
    (today <= last_chance(last)).then_some(reached)
}

/// The steps yet to come, through a day.
pub fn steps_between(
    steps: &[i32],
    due_on: NaiveDate,
    today: NaiveDate,
    through: NaiveDate,
) -> Vec<i32> {
    let coming = |step: &i32| {
        let day = day_of(due_on, *step);
        today < day && day <= through
    };
    steps.iter().copied().filter(coming).collect()
}

/// A reminder that was entered earlier about the same thing to the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub due_on: NaiveDate,
    pub step: i64,
    /// The day it was entered, where the recipient works.
    pub on: NaiveDate,
}

/// Whether a step was told already: itself, or, where the due date has moved to a later day since,
/// by a mail on or after the day of this step. Whoever heard of it yesterday is not told the same
/// again because of an extension; the steps that lie ahead of it count anew.
pub fn is_told(told: &[Told], due_on: NaiveDate, step: i32) -> bool {
    let day = day_of(due_on, step);
    told.iter().any(|before| {
        (before.due_on == due_on && before.step == i64::from(step))
            || (before.due_on < due_on && day <= before.on)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEPS: [i32; 8] = [90, 60, 30, 14, 7, 1, 0, -7];

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Where nothing has to wait.
    fn step_on(steps: &[i32], late_days: u32, due_on: NaiveDate, today: NaiveDate) -> Option<i32> {
        super::step_on(steps, late_days, due_on, today, |last| last)
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
            ("2027-03-22", Some(-7)),
            ("2027-06-13", Some(-7)),
            ("2027-06-14", None),
        ] {
            assert_eq!(step_on(&STEPS, 90, due, day(today)), step, "{today}");
        }
    }

    #[test]
    fn leap_days_and_year_ends_are_days_like_any_other() {
        for (due, step, on) in [
            ("2028-03-01", 1, "2028-02-29"),
            ("2027-03-01", 1, "2027-02-28"),
            ("2028-02-29", 0, "2028-02-29"),
            ("2028-05-29", 90, "2028-02-29"),
            ("2027-01-05", 7, "2026-12-29"),
            ("2026-12-29", -7, "2027-01-05"),
            ("2028-02-28", -1, "2028-02-29"),
        ] {
            assert_eq!(day_of(day(due), step), day(on), "{due} {step}");
        }
    }

    #[test]
    fn a_step_after_the_due_date_is_sent_though_nothing_else_is_late() {
        let due = day("2027-03-15");
        assert_eq!(
            step_on(&[0, -7], 0, due, day("2027-03-21")),
            None,
            "the step of that day is over"
        );
        assert_eq!(step_on(&[0, -7], 0, due, day("2027-03-22")), Some(-7));
        assert_eq!(step_on(&[0, -7], 0, due, day("2027-03-23")), None);
    }

    #[test]
    fn what_waits_for_its_turn_is_not_too_late_by_then() {
        let due = day("2027-03-13");
        let on = |today| {
            let monday = |last: NaiveDate| last + Days::new(2);
            super::step_on(&[0, -7], 7, due, day(today), monday)
        };
        assert_eq!(on("2027-03-20"), Some(-7), "a Saturday, its day");
        assert_eq!(on("2027-03-22"), Some(-7), "the Monday it waited for");
        assert_eq!(on("2027-03-23"), None);
    }

    #[test]
    fn what_is_coming_is_foreseen_without_today() {
        let due = day("2027-03-15");
        assert_eq!(steps_between(&STEPS, due, day("2027-03-01"), day("2027-03-15")), [7, 1, 0]);
        assert!(steps_between(&STEPS, due, day("2027-03-22"), day("2027-04-15")).is_empty());
    }

    #[test]
    fn an_extension_counts_anew_and_repeats_nothing() {
        let told = [Told { due_on: day("2027-03-15"), step: 1, on: day("2027-03-14") }];
        let moved = day("2027-03-20");
        assert!(is_told(&told, moved, 7), "its day has passed before that mail");
        assert!(!is_told(&told, moved, 1));
        assert!(!is_told(&told, day("2028-03-20"), 90), "a year later all steps come again");
        assert!(!is_told(&told, day("2027-03-10"), 0), "what is due sooner than was said is news");
    }

    proptest! {
        /// Whatever days the planner runs on, each step is told once at most, never before its
        /// day, and on every run after it the last one reached has been told.
        #[test]
        fn whatever_the_days_of_its_runs(mut runs in prop::collection::vec(0_u64..250, 1..60)) {
            let due = day("2027-03-15");
            let first = day("2026-11-01");
            runs.sort_unstable();
            let mut told: Vec<Told> = Vec::new();
            for run in runs {
                let today = first + Days::new(run);
                let Some(step) = step_on(&STEPS, 90, due, today) else { continue };
                if !is_told(&told, due, step) {
                    prop_assert!(day_of(due, step) <= today);
                    prop_assert!(told.iter().all(|before| before.step != i64::from(step)));
                    told.push(Told { due_on: due, step: i64::from(step), on: today });
                }
                let latest = STEPS.iter().rfind(|step| day_of(due, **step) <= today);
                prop_assert_eq!(told.last().map(|last| last.step), latest.map(|step| i64::from(*step)));
            }
        }

        /// However often the due date is moved to a later day, no day brings two mails and no step
        /// of a date comes twice.
        #[test]
        fn whatever_extensions_there_are(moves in prop::collection::vec((1_u64..40, 1_u64..60), 1..12)) {
            let mut due = day("2027-03-15");
            let mut today = day("2026-12-01");
            let mut told: Vec<Told> = Vec::new();
            for (later, by) in moves {
                for _ in 0..later {
                    today = today + Days::new(1);
                    let Some(step) = step_on(&STEPS, 90, due, today) else { continue };
                    if !is_told(&told, due, step) {
                        prop_assert!(told.iter().all(|before| before.on < today));
                        told.push(Told { due_on: due, step: i64::from(step), on: today });
                    }
                }
                due = due + Days::new(by);
            }
            let mut keys: Vec<_> = told.iter().map(|one| (one.due_on, one.step)).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(keys.len(), told.len());
        }
    }
}
