//! Terms, places and reviews. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::super::model::GradeHeld;
use crate::{
    i18n::Text,
    record::{
        PersonId,
        period::{FOREVER, next_day, through_of_months},
        programme::{Path, Per},
    },
    staff::{Site, SiteKind},
    text,
};

/// A place taken by somebody for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub person: PersonId,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

impl Term {
    fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.through.is_none_or(|through| day <= through)
    }
}

/// How many people take a place on a day. Whoever is appointed twice in a row counts once.
pub fn taken_on(terms: &[Term], day: NaiveDate) -> usize {
    let people = terms.iter().filter(|term| term.covers(day)).map(|term| term.person);
    people.collect::<BTreeSet<PersonId>>().len()
}

/// Whether one more person finds a place on every day of a term.
pub fn fits(terms: &[Term], max: u32, from: NaiveDate, through: Option<NaiveDate>) -> bool {
    let within = |day: &NaiveDate| from <= *day && through.is_none_or(|through| *day <= through);
    // The number taken only grows where a term begins.
    let begins = terms.iter().map(|term| term.from).filter(within);
    std::iter::once(from).chain(begins).all(|day| taken_on(terms, day) < max as usize)
}

/// The first day, from today on, from which one more person finds a place for a whole term.
pub fn next_free(
    terms: &[Term],
    max: u32,
    today: NaiveDate,
    term_months: Option<u32>,
) -> Option<NaiveDate> {
    // A later beginning only helps where a term has just ended.
    let ends = terms.iter().filter_map(|term| term.through).map(next_day);
    let days: BTreeSet<NaiveDate> =
        ends.filter(|day| *day > today).chain(std::iter::once(today)).collect();
    let through = |day| term_months.map(|months| through_of_months(day, months));
    days.into_iter().find(|day| fits(terms, max, *day, through(*day)))
}

/// The part of the tree in which a quota is counted for somebody who works at the last site of a
/// line that leads there from the root.
///
/// It is the site of that kind above them. Where a tree has no dealers, each site is one; where it
/// has no regions, the group counts.
pub fn unit_of(line: &[Site], per: Per) -> Option<&Site> {
    let kind = match per {
        Per::Site => SiteKind::Site,
        Per::Dealer => SiteKind::Dealer,
        Per::Region => SiteKind::Region,
        Per::Group => SiteKind::Group,
    };
    let last_of = |kind| line.iter().rev().find(|site| site.kind == kind);
    let stand_in = || match per {
        Per::Site | Per::Dealer => last_of(SiteKind::Site).or(line.last()),
        Per::Region | Per::Group => line.first(),
    };
    last_of(kind).or_else(stand_in)
}

/// What HR asks for: from when, and through when where the rules do not say how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

/// From when through when a grade is given.
///
/// A grade that is no appointment is given for good. Another term of the same appointment begins
/// after the present one, so that nobody is appointed twice on a day.
pub fn term_of(
    path: &Path,
    appointed: bool,
    held: &[GradeHeld],
    asked: Asked,
) -> Result<(NaiveDate, Option<NaiveDate>), Text> {
    if !appointed && path.term_months.is_none() {
        return Ok((asked.from, None));
    }
    let same = held.iter().filter(|held| held.ladder == path.ladder && held.level == path.grants);
    let present = same.map(|held| held.through.unwrap_or(FOREVER)).max();
    let from = match present {
        Some(through) if through >= asked.from => next_day(through),
        _ => asked.from,
    };
    match path.term_through(from).or(asked.through) {
        Some(through) if through >= from => Ok((from, Some(through))),
        Some(_) => Err(text!(
            "聘期的最后一天不能早于第一天，请改正。",
            "The term ends before it begins. Correct its last day."
        )),
        None => Err(text!(
            "这是有聘期的岗位，规则没有规定聘期长短。请填写聘期的最后一天。",
            "This is an appointment, and the rules do not say for how long. Enter the last day of the term."
        )),
    }
}

/// The days by which an appointment is reviewed: every so many months within its term.
pub fn review_days(
    from: NaiveDate,
    through: Option<NaiveDate>,
    every_months: u32,
) -> impl Iterator<Item = NaiveDate> {
    let every = every_months.max(1);
    let last = through.unwrap_or(FOREVER);
    (1..=100).map(move |n| through_of_months(from, every * n)).take_while(move |due| *due < last)
}

/// The review due next. Each review done stands for the earliest one still open, as soon as the one
/// before that was due: a late one counts, and two in a row do not run ahead.
pub fn next_review(
    from: NaiveDate,
    through: Option<NaiveDate>,
    every_months: u32,
    reviewed: &[NaiveDate],
) -> Option<NaiveDate> {
    let mut reviewed = reviewed.to_vec();
    reviewed.sort_unstable();
    let mut reviewed = reviewed.into_iter().filter(|day| *day >= from).peekable();
    let mut before = None;
    for due in review_days(from, through, every_months) {
        while reviewed.next_if(|day| before.is_some_and(|before| *day <= before)).is_some() {}
        if reviewed.next().is_none() {
            return Some(due);
        }
        before = Some(due);
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        record::period::{day_before, days_after},
        staff::SiteId,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn term(person: i64, from: &str, through: &str) -> Term {
        Term { person: PersonId(person), from: day(from), through: Some(day(through)) }
    }

    #[test]
    fn a_place_is_free_from_the_day_after_a_term_ends() {
        let terms = [
            term(1, "2025-01-01", "2027-12-31"),
            term(2, "2025-06-01", "2027-03-31"),
            term(3, "2026-01-01", "2028-12-31"),
        ];
        let today = day("2026-11-23");
        assert_eq!(taken_on(&terms, today), 3);
        assert!(fits(&terms, 4, today, None));
        assert!(!fits(&terms, 3, today, Some(today)));
        assert_eq!(next_free(&terms, 3, today, Some(36)), Some(day("2027-04-01")));
        assert_eq!(next_free(&terms, 4, today, Some(36)), Some(today));
        assert_eq!(next_free(&terms, 1, today, Some(36)), Some(day("2029-01-01")));
    }

    #[test]
    fn a_term_that_begins_later_takes_its_place_then() {
        let terms = [term(1, "2027-06-01", "2030-05-31")];
        let today = day("2026-11-23");
        assert!(fits(&terms, 1, today, Some(day("2027-05-31"))), "over before the other begins");
        assert!(!fits(&terms, 1, today, Some(day("2027-06-01"))));
        assert_eq!(next_free(&terms, 1, today, Some(36)), Some(day("2030-06-01")));
    }

    #[test]
    fn whoever_is_appointed_again_takes_one_place_and_an_open_term_is_never_free() {
        let again = [term(1, "2024-01-01", "2026-12-31"), term(1, "2026-12-01", "2029-11-30")];
        assert_eq!(taken_on(&again, day("2026-12-15")), 1);
        let open = [Term { through: None, ..term(1, "2024-01-01", "2024-01-01") }];
        assert_eq!(next_free(&open, 1, day("2026-11-23"), None), None);
    }

    #[test]
    fn the_next_term_begins_after_the_present_one_and_the_last_day_must_be_known() {
        let path: Path = toml::from_str(
            "code = \"p\"\ntitle = { zh = \"聘\", en = \"appoint\" }\nladder = \"l\"\ngrants = \"7\"\n\
             requires.age = { min = 18 }",
        )
        .unwrap();
        let held = |through: Option<&str>| GradeHeld {
            ladder: "l".into(),
            level: "7".into(),
            rank: 7,
            from: day("2024-01-01"),
            through: through.map(day),
        };
        let asked = Asked { from: day("2026-11-23"), through: None };
        let three_years = Path { term_months: Some(36), ..path.clone() };
        let of = |path: &Path, held: &[GradeHeld], asked| term_of(path, true, held, asked);
        let first = (day("2026-11-23"), Some(day("2029-11-22")));
        assert_eq!(of(&three_years, &[], asked), Ok(first));
        let ended = held(Some("2026-11-22"));
        assert_eq!(of(&three_years, &[ended], asked), Ok(first), "the present one is over");
        let next = (day("2027-01-01"), Some(day("2029-12-31")));
        assert_eq!(of(&three_years, &[held(Some("2026-12-31"))], asked), Ok(next));
        assert!(of(&path, &[], asked).is_err(), "nobody says how long");
        let said = Asked { through: Some(day("2027-11-22")), ..asked };
        assert_eq!(of(&path, &[], said), Ok((day("2026-11-23"), Some(day("2027-11-22")))));
        let backwards = Asked { through: Some(day("2026-11-22")), ..asked };
        assert!(of(&path, &[], backwards).is_err());
        assert_eq!(term_of(&path, false, &[], said), Ok((day("2026-11-23"), None)), "for good");
    }

    #[test]
    fn reviews_are_due_within_the_term_and_a_late_one_counts_once() {
        let (from, through) = (day("2026-01-01"), Some(day("2028-12-31")));
        let next = |reviewed: &[&str]| {
            let reviewed: Vec<NaiveDate> = reviewed.iter().map(|word| day(word)).collect();
            next_review(from, through, 12, &reviewed)
        };
        let due: Vec<NaiveDate> = review_days(from, through, 12).collect();
        assert_eq!(due, [day("2026-12-31"), day("2027-12-31")], "none on the last day itself");
        assert_eq!(next(&[]), Some(due[0]));
        assert_eq!(next(&["2026-12-01"]), Some(due[1]));
        assert_eq!(next(&["2026-11-01", "2026-12-01"]), Some(due[1]), "twice for one year");
        assert_eq!(next(&["2027-02-01"]), Some(due[1]), "late, for the first");
        assert_eq!(next(&["2027-02-01", "2027-12-01"]), None);
    }

    fn site(id: i64, kind: SiteKind) -> Site {
        let (name, time_zone) = (format!("s{id}"), "Asia/Shanghai".to_owned());
        let lineage = format!("/{id}/");
        let code = name.clone();
        Site {
            id: SiteId(id),
            code,
            name,
            name_en: None,
            parent_id: None,
            kind,
            time_zone,
            lineage,
        }
    }

    #[test]
    fn a_quota_is_counted_in_the_part_of_the_tree_of_its_kind() {
        use SiteKind::{Dealer, Group, Region, Team};
        let tree = |kinds: &[SiteKind]| -> Vec<Site> {
            kinds.iter().enumerate().map(|(at, kind)| site(at as i64, *kind)).collect()
        };
        let whole = tree(&[Group, Region, Dealer, SiteKind::Site, Team]);
        let flat = tree(&[Group, SiteKind::Site]);
        let office = tree(&[Group, Region]);
        for (line, per, unit) in [
            (&whole, Per::Group, 0),
            (&whole, Per::Region, 1),
            (&whole, Per::Dealer, 2),
            (&whole, Per::Site, 3),
            (&flat, Per::Region, 0),
            (&flat, Per::Dealer, 1),
            (&office, Per::Site, 1),
        ] {
            assert_eq!(unit_of(line, per).map(|site| site.id), Some(SiteId(unit)), "{per:?}");
        }
        assert!(unit_of(&[], Per::Site).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is called free fits for the whole term, and no earlier day does.
        #[test]
        fn the_next_free_day_is_free_and_the_first(
            spans in prop::collection::vec((0i64..6, 0u32..900, 1u32..900), 0..12),
            max in 1u32..4,
            months in 1u32..40,
        ) {
            let start = day("2026-01-01");
            let terms: Vec<Term> = spans.iter().map(|(person, after, length)| {
                let from = days_after(start, *after);
                Term { person: PersonId(*person), from, through: Some(days_after(from, *length)) }
            }).collect();
            let through = |from| Some(through_of_months(from, months));
            let free = next_free(&terms, max, start, Some(months)).unwrap();
            prop_assert!(fits(&terms, max, free, through(free)));
            let mut earlier = free;
            while earlier > start {
                earlier = day_before(earlier);
                prop_assert!(!fits(&terms, max, earlier, through(earlier)));
            }
        }

        /// Fitting means: on no day of the term are all places taken.
        #[test]
        fn fitting_is_a_place_on_every_day(
            spans in prop::collection::vec((0i64..6, 0u32..200, 1u32..200), 0..10),
            max in 1u32..4,
            length in 0u32..120,
        ) {
            let start = day("2026-03-01");
            let terms: Vec<Term> = spans.iter().map(|(person, after, length)| {
                let from = days_after(day("2026-01-01"), *after);
                Term { person: PersonId(*person), from, through: Some(days_after(from, *length)) }
            }).collect();
            let every = (0..=length).all(|n| taken_on(&terms, days_after(start, n)) < max as usize);
            prop_assert_eq!(fits(&terms, max, start, Some(days_after(start, length))), every);
        }
    }
}
