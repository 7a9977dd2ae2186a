//! Days and the periods between them.
//!
//! Everything in the record is a civil date, and every rule about time comes down to a few
//! questions that people answer differently: what is the last day of "twelve months", is the
//! anniversary in or out, what are "thirty full days"? The answers stand here once, by name, and
//! nothing else in shifu adds months to a date.
//!
//! * A **period of n months** from a day ends the day before the corresponding day, or on the
//!   month's last day where there is no such day: 12 months from 2023-02-12 run through 2024-02-11,
//!   36 months from 2024-02-29 through 2027-02-28.
//! * A **period of n days** ends on the day plus n: 365 days from 2019-04-01 run through 2020-03-31.
//! * **At least n years after** a day is met on the anniversary, that is on the first day after the
//!   period. Where the anniversary does not exist (one year after 2020-02-29) the period ends on
//!   2021-02-28 and the first day is 2021-03-01.
//! * **n full days** after a day leave n whole days in between.
//!
//! Dates beyond the calendar saturate at [`FOREVER`], which also stands for "open".

use chrono::{Datelike, Days, Months, NaiveDate};

/// The last day of an open period, and the answer when a date would leave the calendar.
pub const FOREVER: NaiveDate = NaiveDate::MAX;

/// The day `n` days later.
pub fn days_after(day: NaiveDate, n: u32) -> NaiveDate {
    day.checked_add_days(Days::new(n.into())).unwrap_or(FOREVER)
}

/// The day `n` days earlier.
pub fn days_before(day: NaiveDate, n: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(n.into())).unwrap_or(NaiveDate::MIN)
}

/// The following day.
pub fn next_day(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(FOREVER)
}

/// The preceding day.
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(NaiveDate::MIN)
}

/// The corresponding day `n` months later, or the month's last day where there is none.
pub fn months_after(day: NaiveDate, n: u32) -> NaiveDate {
    day.checked_add_months(Months::new(n)).unwrap_or(FOREVER)
}

/// The corresponding day `n` months earlier, or the month's last day where there is none.
pub fn months_before(day: NaiveDate, n: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(n)).unwrap_or(NaiveDate::MIN)
}

/// The last day of the period of `n` months that begins on `from`.
pub fn through_of_months(from: NaiveDate, n: u32) -> NaiveDate {
    let corresponding = months_after(from, n);
    let exists = corresponding.day() == from.day();
    if corresponding == FOREVER || !exists { corresponding } else { day_before(corresponding) }
}

/// The last day of a validity of `n` days that begins on `from`.
pub fn through_of_days(from: NaiveDate, n: u32) -> NaiveDate {
    days_after(from, n)
}

/// The first day that is at least `n` months after `from`: the anniversary itself.
pub fn first_day_after_months(from: NaiveDate, n: u32) -> NaiveDate {
    next_day(through_of_months(from, n))
}

/// The first day after `n` full days have passed since `day`.
pub fn after_full_days(day: NaiveDate, n: u32) -> NaiveDate {
    next_day(days_after(day, n))
}

/// The last day of the calendar month.
pub fn end_of_month(day: NaiveDate) -> NaiveDate {
    day_before(months_after(first_of_month(day), 1))
}

/// The first day of the calendar month.
pub fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The last `n` whole calendar months before `on`, as first and last day.
pub fn whole_months_before(on: NaiveDate, n: u32) -> (NaiveDate, NaiveDate) {
    let first = first_of_month(on);
    (months_before(first, n), day_before(first))
}

/// The last day of a validity that always ends on the same day of the year.
///
/// It is the last such day within the period of `months`; when that would leave fewer than
/// `min_active_months`, the next one.
pub fn through_of_fixed_date(
    from: NaiveDate,
    ends: MonthDay,
    months: u32,
    min_active_months: u32,
) -> NaiveDate {
    let limit = through_of_months(from, months);
    let mut year = limit.year();
    if ends.in_year(year) > limit {
        year -= 1;
    }
    let least = through_of_months(from, min_active_months).max(from);
    while ends.in_year(year) < least && year < limit.year() + 100 {
        year += 1;
    }
    ends.in_year(year)
}

/// A day of the year, written `12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDay {
    pub month: u32,
    pub day: u32,
}

impl MonthDay {
    /// Reads `mm-dd`; 02-29 stands for the last day of February.
    pub fn parse(word: &str) -> Option<MonthDay> {
        let (month, day) = word.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        NaiveDate::from_ymd_opt(2024, month, day).map(|_| MonthDay { month, day })
    }

    /// This day in a year; the month's last day where it does not exist.
    pub fn in_year(self, year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, self.month, self.day)
            .or_else(|| NaiveDate::from_ymd_opt(year, self.month, 1).map(end_of_month))
            .unwrap_or(FOREVER)
    }
}

/// The days on which a reminder about `due` is planned, in the order of the offsets.
pub fn reminder_days(due: NaiveDate, offsets: &[u32]) -> Vec<NaiveDate> {
    offsets.iter().map(|&days| days_before(due, days)).collect()
}

/// A length of time as people say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    pub years: u32,
    pub months: u32,
    pub days: u32,
}

impl Term {
    /// So many months, in years and months.
    pub fn of_months(n: u32) -> Term {
        Term { years: n / 12, months: n % 12, days: 0 }
    }

    /// The time from one day to a later one, in whole civil months and remaining days.
    pub fn between(from: NaiveDate, until: NaiveDate) -> Term {
        if until <= from {
            return Term::default();
        }
        let span = (until.year() - from.year()) * 12 + until.month() as i32 - from.month() as i32;
        let mut months = span.max(0) as u32;
        while months > 0 && first_day_after_months(from, months) > until {
            months -= 1;
        }
        let start = first_day_after_months(from, months).max(from);
        let days = (until - start).num_days().max(0) as u32;
        Term { days, ..Term::of_months(months) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(word: &str) -> NaiveDate {
        word.parse().unwrap()
    }

    #[test]
    fn a_period_of_months_ends_the_day_before_the_corresponding_day_or_on_the_last() {
        for (from, months, through) in [
            ("2023-02-12", 12, "2024-02-11"),
            ("2023-02-20", 12, "2024-02-19"),
            ("2024-02-29", 36, "2027-02-28"),
            ("2024-02-29", 72, "2030-02-28"),
            ("2024-02-29", 48, "2028-02-28"),
            ("2023-01-31", 1, "2023-02-28"),
            ("2023-01-31", 2, "2023-03-30"),
        ] {
            assert_eq!(through_of_months(day(from), months), day(through), "{from} + {months}");
        }
    }

    #[test]
    fn a_validity_of_days_ends_on_the_day_plus_n() {
        assert_eq!(through_of_days(day("2019-04-01"), 365), day("2020-03-31"));
        assert_eq!(through_of_days(day("2019-01-17"), 365), day("2020-01-17"));
    }

    #[test]
    fn a_fixed_date_is_the_last_one_in_the_period_unless_too_little_time_is_left() {
        let august = MonthDay::parse("08-31").unwrap();
        assert_eq!(through_of_fixed_date(day("2022-10-01"), august, 36, 0), day("2025-08-31"));
        let december = MonthDay::parse("12-31").unwrap();
        assert_eq!(through_of_fixed_date(day("2014-08-24"), december, 12, 5), day("2015-12-31"));
        assert_eq!(through_of_fixed_date(day("2014-01-01"), december, 12, 5), day("2014-12-31"));
    }

    #[test]
    fn the_anniversary_counts_and_a_missing_one_moves_to_the_next_day() {
        assert_eq!(first_day_after_months(day("2019-06-01"), 48), day("2023-06-01"));
        assert_eq!(first_day_after_months(day("2020-02-29"), 12), day("2021-03-01"));
    }

    #[test]
    fn v3_thirty_full_days_leave_thirty_whole_days_in_between() {
        assert_eq!(after_full_days(day("2026-03-01"), 30), day("2026-04-01"));
    }

    #[test]
    fn v8_one_year_and_one_day_is_the_day_after_the_anniversary() {
        let first = days_after(first_day_after_months(day("2017-04-01"), 12), 1);
        assert_eq!(first, day("2018-04-02"));
    }

    #[test]
    fn v1_the_review_window_opens_sixty_days_before_the_review_is_due() {
        let issued = day("2024-02-29");
        assert_eq!(days_before(through_of_months(issued, 36), 60), day("2026-12-30"));
    }

    #[test]
    fn v6_reminders_are_plain_days_before_the_due_date() {
        let planned = reminder_days(day("2027-03-15"), &[90, 60, 30, 14, 7, 1]);
        let expected =
            ["2026-12-15", "2027-01-14", "2027-02-13", "2027-03-01", "2027-03-08", "2027-03-14"];
        assert_eq!(planned, expected.map(day));
    }

    #[test]
    fn whole_months_before_a_day_leave_out_its_own_month() {
        let window = (day("2025-11-01"), day("2026-10-31"));
        assert_eq!(whole_months_before(day("2026-11-23"), 12), window);
    }

    #[test]
    fn a_span_is_said_in_years_months_and_days() {
        let term = Term::between(day("2019-06-01"), day("2023-05-31"));
        assert_eq!(term, Term { years: 3, months: 11, days: 30 });
        let term = Term::between(day("2024-01-31"), day("2024-03-01"));
        assert_eq!(term, Term { years: 0, months: 1, days: 0 });
    }

    #[test]
    fn dates_beyond_the_calendar_saturate() {
        assert_eq!(through_of_months(FOREVER, 12), FOREVER);
        assert_eq!(next_day(FOREVER), FOREVER);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_later_start_never_ends_earlier(days in 0u32..20_000, months in 0u32..400) {
            let from = days_after(day("1990-01-01"), days);
            let ends = through_of_months(from, months);
            prop_assert!(ends <= through_of_months(next_day(from), months));
            prop_assert!(ends <= through_of_months(from, months + 1));
        }
    }
}
