//! Dates and times as each reader writes them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Lang;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `2026年11月23日` or `23 Nov 2026`.
pub fn date(lang: Lang, day: NaiveDate) -> String {
    match lang {
        Lang::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        Lang::En => format!("{} {} {}", day.day(), MONTHS[day.month0() as usize], day.year()),
    }
}

/// `2026年11月` or `Nov 2026`.
pub fn month(lang: Lang, day: NaiveDate) -> String {
    match lang {
        Lang::Zh => format!("{}年{}月", day.year(), day.month()),
        Lang::En => format!("{} {}", MONTHS[day.month0() as usize], day.year()),
    }
}

/// Day and minute in the reader's time zone.
pub fn instant(lang: Lang, at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{} {}", date(lang, local.date_naive()), local.format("%H:%M"))
}

/// The time of day to the second, for "saved at".
pub fn short_instant(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_its_reader_writes_it() {
        let day = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
        assert_eq!(date(Lang::Zh, day), "2026年2月3日");
        assert_eq!(date(Lang::En, day), "3 Feb 2026");
        assert_eq!(month(Lang::En, day), "Feb 2026");
    }

    #[test]
    fn an_instant_is_shown_in_the_zone_of_the_site() {
        let at = "2026-11-22T16:30:00Z".parse().unwrap();
        assert_eq!(instant(Lang::Zh, at, chrono_tz::Asia::Shanghai), "2026年11月23日 00:30");
    }
}
