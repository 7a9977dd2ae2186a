//! "As of": the day a question is about, and the moment whose knowledge answers it.
//!
//! The two are independent. What held on 14 March *as we know it now* counts what was corrected
//! since; *as it was known then* leaves out everything recorded later and takes in what was voided
//! later. Every page, command and address that can be asked so reads the same two words, `on` and
//! `known_on`, through here.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;

use super::period;
use crate::{
    db::Instant,
    i18n::{self, Lang, Text},
    t, text,
    web::{
        Problems,
        components::{Tone, alert, icon},
    },
};

/// Years people mean. Outside them a digit is missing or one too many.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// The two words of an address, as somebody wrote them; empty means today, and what is known now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Asking {
    #[serde(default)]
    pub on: String,
    /// As it was known at the end of this day.
    #[serde(default, alias = "known")]
    pub known_on: String,
}

/// The two days as they were understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    pub on: Option<NaiveDate>,
    pub known_on: Option<NaiveDate>,
}

/// A day to judge on, and what is known for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    pub on: NaiveDate,
    pub known_on: Option<NaiveDate>,
    /// The last moment whose facts count; none: what is known now.
    pub known_at: Option<Instant>,
}

impl Asking {
    /// The days, or what is wrong with them by field.
    pub fn read(&self, today: NaiveDate) -> Result<Days, Problems> {
        let mut problems = Problems::default();
        let mut days = Days::default();
        for (field, word, day) in
            [("on", &self.on, &mut days.on), ("known_on", &self.known_on, &mut days.known_on)]
        {
            match word.trim() {
                "" => {}
                word => match parse_day(word) {
                    Ok(found) => *day = Some(found),
                    Err(problem) => problems.add(field, problem),
                },
            }
        }
        if let Err(problem) = known_by(days.known_on, today) {
            problems.add("known_on", problem);
        }
        if problems.is_empty() { Ok(days) } else { Err(problems) }
    }

    /// Whether nothing was asked but now.
    pub fn is_now(&self) -> bool {
        self.on.trim().is_empty() && self.known_on.trim().is_empty()
    }
}

/// Nobody knows today what will be known tomorrow.
pub fn known_by(day: Option<NaiveDate>, today: NaiveDate) -> Result<(), Text> {
    match day {
        Some(day) if day > today => {
            let (zh, en) = (i18n::date(Lang::Zh, day), i18n::date(Lang::En, day));
            Err(text!(
                "{zh} 还没有到，无法知道届时所知。请留空（按现在所知），或填今天及以前的日期。",
                "{en} has not come yet, so what will be known then is not known. Leave it empty for what is known now, or give today or an earlier day."
            ))
        }
        _ => Ok(()),
    }
}

/// A day as people and programs write it: `2026-03-14`.
pub fn parse_day(word: &str) -> Result<NaiveDate, Text> {
    let day = word.parse::<NaiveDate>().ok().filter(|day| YEARS.contains(&day.year()));
    day.ok_or_else(|| {
        let word: String = word.chars().take(40).collect();
        let (first, last) = (YEARS.start(), YEARS.end());
        text!(
            "“{word}”不是有效日期。请按 2026-03-14 的形式填写，年份在 {first} 到 {last} 之间。",
            "“{word}” is not a day. Write it like 2026-03-14, with a year from {first} to {last}."
        )
    })
}

impl Days {
    /// The question as it is asked where the clock of a site says what a day is.
    pub fn at(self, today: NaiveDate, zone: Tz) -> AsOf {
        AsOf {
            on: self.on.unwrap_or(today),
            known_on: self.known_on,
            known_at: self.known_on.map(|day| end_of_day(day, zone)),
        }
    }
}

impl AsOf {
    pub fn now(today: NaiveDate) -> AsOf {
        AsOf { on: today, known_on: None, known_at: None }
    }

    pub fn is_now(&self, today: NaiveDate) -> bool {
        self.on == today && self.known_on.is_none()
    }
}

/// The last moment of a day somewhere.
pub fn end_of_day(day: NaiveDate, zone: Tz) -> Instant {
    let midnight = period::next_day(day).and_time(NaiveTime::MIN);
    // Where the clocks leave midnight out, the next day begins an hour later.
    let begins = |hours| zone.from_local_datetime(&(midnight + chrono::Duration::hours(hours)));
    let next = begins(0).earliest().or_else(|| begins(1).earliest());
    let next = next.map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc));
    Instant::from(next - chrono::Duration::microseconds(1))
}

/// The form that asks for another day; `keep` is what else stands in the address.
pub fn form(lang: Lang, asking: &Asking, problems: &Problems, keep: &[(&str, &str)]) -> Markup {
    let field = |name: &str, label: String, value: &str| {
        let (problem, id) = (problems.get(name), format!("asof-{name}"));
        let note = format!("{id}-note");
        html! {
            div.col-auto {
                label.form-label for=(id) { (label) }
                input.form-control .is-invalid[problem.is_some()] type="date" id=(id) name=(name) value=(value)
                    min="1900-01-01" max="2199-12-31" aria-describedby=[problem.map(|_| &note)] aria-invalid=[problem.map(|_| "true")];
                @if let Some(problem) = problem { div.text-danger.small.mt-1 id=(note) { (problem.get(lang)) } }
            }
        }
    };
    html! {
        form.as-of.row."g-2".align-items-end.mb-3.d-print-none method="get" {
            @for (name, value) in keep.iter().filter(|(_, value)| !value.is_empty()) { input type="hidden" name=(name) value=(value); }
            (field("on", t!(lang, "查看哪一天", "As of"), &asking.on))
            (field("known_on", t!(lang, "按哪一天所知", "As known on"), &asking.known_on))
            div.col-auto {
                button.btn type="submit" { (icon("history")) (t!(lang, "查看", "Show")) }
                @if !asking.is_now() { " " a.btn.btn-link href={ "?" (address_of(keep)) } { (t!(lang, "回到今天", "Back to today")) } }
            }
        }
    }
}

fn address_of(keep: &[(&str, &str)]) -> String {
    let kept = keep.iter().filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

/// Says above everything else that this is not today, or not as known now.
pub fn banner(lang: Lang, asof: &AsOf, today: NaiveDate) -> Markup {
    if asof.is_now(today) {
        return html! {};
    }
    let on = i18n::date(lang, asof.on);
    let known = match asof.known_on.map(|day| i18n::date(lang, day)) {
        Some(day) => t!(lang, "按 {day} 结束时所知", "as known at the end of {day}"),
        None => t!(lang, "按现在所知", "as known now"),
    };
    let tone = if asof.on > today { Tone::Warn } else { Tone::Info };
    html! {
        div.as-of-banner { (alert(tone, html! {
            strong { (t!(lang, "以下是 {on} 的情况，{known}。", "As of {on}, {known}.")) }
            @if asof.on > today { " " (t!(lang, "这一天还没有到：仅按现有记录推算。", "That day has not come: a forecast from what is recorded by now.")) }
        })) }
    }
}

/// Says that a day was not understood and what is shown instead.
pub fn misunderstood(lang: Lang) -> Markup {
    alert(
        Tone::Bad,
        t!(
            lang,
            "日期有误，请更正后再查看。以下是今天的情况。",
            "A day was not understood; put it right and ask again. Below is how things stand today."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn asking(on: &str, known_on: &str) -> Asking {
        Asking { on: on.into(), known_on: known_on.into() }
    }

    #[test]
    fn the_end_of_a_day_is_the_sites() {
        let end = |zone| end_of_day(day("2026-11-23"), zone).to_string();
        assert_eq!(end(chrono_tz::Asia::Shanghai), "2026-11-23T15:59:59.999999Z");
        assert_eq!(end(chrono_tz::UTC), "2026-11-23T23:59:59.999999Z");
        // São Paulo left out the midnight that began 4 November 2018.
        let gap = end_of_day(day("2018-11-03"), chrono_tz::America::Sao_Paulo);
        assert_eq!(gap.to_string(), "2018-11-04T02:59:59.999999Z");
        assert!(end_of_day(day("2199-12-31"), chrono_tz::Asia::Shanghai) > gap);
    }

    #[test]
    fn days_are_read_and_what_is_no_day_is_named() {
        let today = day("2026-11-23");
        let read = |on, known_on| asking(on, known_on).read(today);
        assert_eq!(read("", " "), Ok(Days::default()));
        let both = Days { on: Some(day("2040-02-29")), known_on: Some(today) };
        assert_eq!(
            read("2040-02-29", "2026-11-23"),
            Ok(both),
            "a forecast, by what is known today"
        );
        for (on, known_on, field) in [
            ("2026-02-30", "", "on"),
            ("0026-03-14", "", "on"),
            ("20260-03-14", "", "on"),
            ("yesterday", "", "on"),
            ("", "14.3.2026", "known_on"),
            ("", "2026-11-24", "known_on"),
        ] {
            let problems = read(on, known_on).unwrap_err();
            assert!(problems.get(field).is_some(), "{on} {known_on}");
        }
    }

    #[test]
    fn nothing_asked_is_today_as_known_now() {
        let today = day("2026-11-23");
        let now = Days::default().at(today, chrono_tz::Asia::Shanghai);
        assert_eq!(now, AsOf::now(today));
        assert_eq!(banner(Lang::En, &now, today).into_string(), "");
        let then = Days { on: None, known_on: Some(today) }.at(today, chrono_tz::Asia::Shanghai);
        assert!(!then.is_now(today) && then.known_at.is_some());
    }
}
