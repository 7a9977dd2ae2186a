//! When a site may be written to: its quiet hours, its workdays, its holidays. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::model::Hours;

/// A site's week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// Minutes after midnight. From one to the other nothing is sent; equal: there are none.
    pub quiet_from: u32,
    pub quiet_until: u32,
    /// From Monday on.
    pub workdays: [bool; 7],
}

impl Default for Week {
    /// Quiet from eight in the evening to eight in the morning; Monday to Friday are workdays.
    fn default() -> Week {
        let workdays = [true, true, true, true, true, false, false];
        Week { quiet_from: 20 * 60, quiet_until: 8 * 60, workdays }
    }
}

/// A site's week, with the days on which it is otherwise: a holiday, or work on a Sunday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    pub week: Week,
    pub days: BTreeMap<NaiveDate, bool>,
}

/// A longer row of days off than any holiday has; then the day itself counts.
const LONGEST_HOLIDAY: u64 = 30;

impl Calendar {
    pub fn works_on(&self, day: NaiveDate) -> bool {
        let usual = self.week.workdays[day.weekday().num_days_from_monday() as usize];
        self.days.get(&day).copied().unwrap_or(usual)
    }

    fn is_quiet(&self, minute: u32) -> bool {
        let Week { quiet_from, quiet_until, .. } = self.week;
        if quiet_from <= quiet_until {
            (quiet_from..quiet_until).contains(&minute)
        } else {
            minute >= quiet_from || minute < quiet_until
        }
    }

    /// Whether the quiet that lasts at this minute lasts to the end of the day.
    fn is_quiet_until_midnight(&self, minute: u32) -> bool {
        let Week { quiet_from, quiet_until, .. } = self.week;
        self.is_quiet(minute) && quiet_from > quiet_until && minute >= quiet_from
    }

    /// Whether it is too late for today at this moment.
    pub fn is_evening(&self, local: NaiveDateTime) -> bool {
        self.is_quiet_until_midnight(local.hour() * 60 + local.minute())
    }

    /// When it is no longer quiet on the day of a moment.
    pub fn quiet_ends(&self, local: NaiveDateTime) -> NaiveDateTime {
        let minute = local.hour() * 60 + local.minute();
        let ends = if self.is_quiet(minute) { self.week.quiet_until.max(minute) } else { minute };
        local.date().and_time(NaiveTime::MIN) + Duration::minutes(i64::from(ends))
    }

    /// This day, or the first workday after it.
    pub fn workday_from(&self, day: NaiveDate) -> NaiveDate {
        let ahead = (0..=LONGEST_HOLIDAY).filter_map(|n| day.checked_add_days(Days::new(n)));
        ahead.into_iter().find(|day| self.works_on(*day)).unwrap_or(day)
    }

    /// The workday on which those who want one mail a week get it: the first of the week.
    fn weekly_day(&self, day: NaiveDate) -> NaiveDate {
        let monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        self.workday_from(monday)
    }
}

/// How often somebody gets mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AsItComes,
    Weekly,
}

/// The day on which a step goes out that falls on `day`: the next workday where the rule keeps to
/// workdays. But what is due by then does not wait: a reminder never comes after its due date
/// because of a day off.
pub fn day_out(
    hours: Hours,
    pace: Pace,
    calendar: &Calendar,
    due_on: NaiveDate,
    day: NaiveDate,
) -> NaiveDate {
    let wanted = match pace {
        Pace::AsItComes => day,
        Pace::Weekly => {
            let this_week = calendar.weekly_day(day);
            let next_week = calendar.weekly_day(day + Days::new(7));
            if day <= this_week { this_week } else { next_week }
        }
    };
    let urgent = |moved: NaiveDate| day <= due_on && due_on < moved;
    let wanted = if urgent(wanted) { day } else { wanted };
    let moved = match hours {
        Hours::Workdays => calendar.workday_from(wanted),
        Hours::Any | Hours::Daytime => wanted,
    };
    if urgent(moved) { wanted } else { moved }
}

/// Nothing has to wait longer for its turn: two weeks for who wants one mail a week, and a holiday.
pub const LONGEST_WAIT: u32 = 21;

/// The last day on which what fell due through a day may go out: the day it waits for, and the one
/// after that for whoever has had their mail of that day. What comes before its due date or on it
/// does not wait beyond it.
pub fn last_chance(
    hours: Hours,
    pace: Pace,
    calendar: &Calendar,
    due_on: NaiveDate,
    last: NaiveDate,
) -> NaiveDate {
    if last <= due_on {
        return last;
    }
    let out = |day| day_out(hours, pace, calendar, due_on, day);
    out(out(last) + Days::new(1))
}

/// Whether something may be sent at this moment at the site. In quiet hours nothing is, except on
/// the evening of the due date, when the morning would be too late.
pub fn may_send(
    hours: Hours,
    pace: Pace,
    calendar: &Calendar,
    due_on: NaiveDate,
    local: NaiveDateTime,
) -> bool {
    let (day, minute) = (local.date(), local.hour() * 60 + local.minute());
    if day_out(hours, pace, calendar, due_on, day) != day {
        return false;
    }
    match hours {
        Hours::Any => true,
        Hours::Daytime | Hours::Workdays => {
            let last_chance = day == due_on && calendar.is_quiet_until_midnight(minute);
            !calendar.is_quiet(minute) || last_chance
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    /// The first days of October off, and work on the Saturday after them, as in China.
    fn national_day() -> Calendar {
        let off = (1..=8).map(|n| (day(&format!("2027-10-0{n}")), false));
        let made_up = [(day("2027-10-09"), true)];
        Calendar { week: Week::default(), days: off.chain(made_up).collect() }
    }

    #[test]
    fn a_weekend_or_a_holiday_moves_it_to_the_next_workday() {
        let calendar = national_day();
        let out = |due, on| day_out(Hours::Workdays, Pace::AsItComes, &calendar, day(due), day(on));
        assert_eq!(out("2027-12-31", "2027-09-25"), day("2027-09-27"), "a Saturday");
        assert_eq!(out("2027-12-31", "2027-10-01"), day("2027-10-09"), "the make-up Saturday");
        assert_eq!(out("2027-12-31", "2027-10-10"), day("2027-10-11"), "a Sunday as usual");
    }

    #[test]
    fn nothing_waits_past_its_due_date() {
        let calendar = national_day();
        let out = |due, on| day_out(Hours::Workdays, Pace::AsItComes, &calendar, day(due), day(on));
        assert_eq!(out("2027-10-05", "2027-10-04"), day("2027-10-04"));
        assert_eq!(out("2027-10-05", "2027-10-05"), day("2027-10-05"));
        assert_eq!(
            out("2027-10-09", "2027-10-08"),
            day("2027-10-09"),
            "by then it is not too late"
        );
        assert_eq!(
            out("2027-10-01", "2027-10-02"),
            day("2027-10-09"),
            "what is late already can wait"
        );
    }

    #[test]
    fn what_fell_due_on_a_day_off_has_two_more_chances() {
        let calendar = national_day();
        let chance =
            |hours, pace, last| last_chance(hours, pace, &calendar, day("2027-09-18"), day(last));
        let (as_it_comes, weekly) = (Pace::AsItComes, Pace::Weekly);
        for (hours, pace, last, until) in [
            (Hours::Workdays, as_it_comes, "2027-09-25", "2027-09-28"),
            (Hours::Workdays, as_it_comes, "2027-10-01", "2027-10-11"),
            (Hours::Daytime, as_it_comes, "2027-09-25", "2027-09-26"),
            (Hours::Daytime, weekly, "2027-09-21", "2027-10-09"),
            (Hours::Daytime, as_it_comes, "2027-09-18", "2027-09-18"),
            (Hours::Workdays, weekly, "2027-09-18", "2027-09-18"),
        ] {
            assert_eq!(chance(hours, pace, last), day(until), "{hours:?} {pace:?} {last}");
        }
    }

    #[test]
    fn quiet_hours_hold_it_until_the_morning() {
        let calendar = Calendar::default();
        let may = |hours, due, now| may_send(hours, Pace::AsItComes, &calendar, day(due), at(now));
        for hours in [Hours::Daytime, Hours::Workdays] {
            assert!(!may(hours, "2027-03-31", "2027-03-01 00:01"));
            assert!(!may(hours, "2027-03-31", "2027-03-01 07:59"));
            assert!(may(hours, "2027-03-31", "2027-03-01 08:00"));
            assert!(may(hours, "2027-03-31", "2027-03-01 19:59"));
            assert!(!may(hours, "2027-03-31", "2027-03-01 20:00"));
            assert!(!may(hours, "2027-03-01", "2027-03-01 07:00"), "eight is early enough");
            assert!(may(hours, "2027-03-01", "2027-03-01 21:00"), "tomorrow would be too late");
        }
        assert!(may(Hours::Any, "2027-03-31", "2027-03-01 03:00"));
        assert!(may(Hours::Daytime, "2027-03-31", "2027-03-06 12:00"), "a Saturday");
        assert!(!may(Hours::Workdays, "2027-03-31", "2027-03-06 12:00"));
    }

    #[test]
    fn a_night_shift_sleeps_by_day_and_some_never_do() {
        let week = Week { quiet_from: 9 * 60, quiet_until: 17 * 60, ..Week::default() };
        let calendar = Calendar { week, ..Calendar::default() };
        let may =
            |now| may_send(Hours::Daytime, Pace::AsItComes, &calendar, day("2027-12-31"), at(now));
        assert!(may("2027-03-01 08:59") && !may("2027-03-01 09:00") && may("2027-03-01 17:00"));
        let never = Week { quiet_from: 0, quiet_until: 0, ..Week::default() };
        let calendar = Calendar { week: never, ..Calendar::default() };
        assert!(may_send(
            Hours::Daytime,
            Pace::AsItComes,
            &calendar,
            day("2027-12-31"),
            at("2027-03-01 00:00")
        ));
    }

    #[test]
    fn one_mail_a_week_comes_on_the_first_workday_of_the_week() {
        let calendar = national_day();
        let out = |due, on| day_out(Hours::Daytime, Pace::Weekly, &calendar, day(due), day(on));
        assert_eq!(out("2027-12-31", "2027-03-01"), day("2027-03-01"), "a Monday");
        assert_eq!(out("2027-12-31", "2027-03-02"), day("2027-03-08"));
        assert_eq!(
            out("2027-12-31", "2027-10-04"),
            day("2027-10-09"),
            "the week begins on Saturday"
        );
        assert_eq!(out("2027-03-05", "2027-03-02"), day("2027-03-02"), "Monday would be too late");
    }
}
