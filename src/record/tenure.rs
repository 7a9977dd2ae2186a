//! How long somebody has worked in a trade, over several employers, gaps and absences.
//!
//! The rule, as one would explain it at the counter:
//!
//! 1. Days worked twice count once; adjoining spans are one span; days of absence are taken out.
//!    What counts on a day is what was worked through the day before.
//! 2. Years are counted one after the other over the worked days. A year begins on a worked day
//!    and has as many days as the civil year from that day. A gap inside the year moves its end by
//!    the days of the gap; the next year begins on the next worked day.
//! 3. Months beyond whole years are counted in the same way from the day after the last full year,
//!    or from the start of a later span when that is sooner for the person.
//!
//! So one unbroken span is complete exactly on its anniversary; 2015 and 2017 are two years
//! although the two calendar years 2015 and 2016 have a day more; and no added working day can
//! ever make the result smaller or later (a property test says so).
//!
//! *Continuous* tenure is the same count inside one run of spans whose gaps are at most
//! `max_gap_days` long. Gap days never count as worked. The run need not be the current one.

use chrono::NaiveDate;

use super::period::{FOREVER, Term, day_before, days_after, next_day, through_of_months};

/// A span of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: NaiveDate,
    pub through: NaiveDate,
}

impl Span {
    /// How many days the span has.
    pub fn days(self) -> i64 {
        (self.through - self.from).num_days() + 1
    }

    /// Whether the day lies in the span.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.through
    }
}

const INLINE: usize = 8;

/// Spans in order, without overlap. Few people have more than eight, so eight live on the stack
/// and judging a hundred thousand people allocates nothing.
#[derive(Clone, Debug)]
pub struct Spans {
    inline: [Span; INLINE],
    len: usize,
    spilled: Vec<Span>,
}

impl Spans {
    /// No span at all.
    pub fn none() -> Spans {
        let empty = Span { from: NaiveDate::MIN, through: NaiveDate::MIN };
        Spans { inline: [empty; INLINE], len: 0, spilled: Vec::new() }
    }

    /// Merges spans given in any order; empty ones are left out.
    pub fn merged(given: impl Iterator<Item = Span>) -> Spans {
        let mut raw = Spans::none();
        given.filter(|span| span.from <= span.through).for_each(|span| raw.push(span));
        raw.as_mut_slice().sort_unstable();
        let mut merged = Spans::none();
        for &span in raw.as_slice() {
            match merged.as_mut_slice().last_mut() {
                Some(last) if span.from <= next_day(last.through) => {
                    last.through = last.through.max(span.through);
                }
                _ => merged.push(span),
            }
        }
        merged
    }

    /// The same days without those of `others`.
    pub fn without(&self, others: &Spans) -> Spans {
        if others.as_slice().is_empty() {
            return self.clone();
        }
        let mut kept = Spans::none();
        for &span in self.as_slice() {
            let mut from = span.from;
            for &other in others.as_slice().iter().filter(|other| other.through >= span.from) {
                if other.from > span.through {
                    break;
                }
                kept.push_if_any(Span { from, through: day_before(other.from) });
                from = next_day(other.through);
            }
            let swallowed = from == FOREVER && others.contains(FOREVER);
            if !swallowed {
                kept.push_if_any(Span { from, through: span.through });
            }
        }
        kept
    }

    /// Only the days from `first` through `last`.
    pub fn within(&self, first: NaiveDate, last: NaiveDate) -> Spans {
        let mut kept = Spans::none();
        for span in self.as_slice() {
            kept.push_if_any(Span { from: span.from.max(first), through: span.through.min(last) });
        }
        kept
    }

    /// Whether the day lies in one of the spans.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.as_slice().iter().any(|span| span.contains(day))
    }

    /// The spans, in order.
    pub fn as_slice(&self) -> &[Span] {
        if self.spilled.is_empty() { &self.inline[..self.len] } else { &self.spilled }
    }

    fn as_mut_slice(&mut self) -> &mut [Span] {
        if self.spilled.is_empty() { &mut self.inline[..self.len] } else { &mut self.spilled }
    }

    fn push_if_any(&mut self, span: Span) {
        if span.from <= span.through {
            self.push(span);
        }
    }

    fn push(&mut self, span: Span) {
        if self.spilled.is_empty() && self.len < INLINE {
            self.inline[self.len] = span;
            self.len += 1;
            return;
        }
        if self.spilled.is_empty() {
            self.spilled.extend_from_slice(&self.inline);
        }
        self.spilled.push(span);
    }
}

/// Which gaps end a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Gaps only cost their own days.
    Cumulative,
    /// A gap longer than this begins a new count.
    Continuous { max_gap_days: u32 },
}

/// The worked day that completes `months` of tenure; the day before the calendar for none at all.
pub fn completed(spans: &[Span], months: u32, counting: Counting) -> Option<NaiveDate> {
    if months == 0 {
        return Some(NaiveDate::MIN);
    }
    runs(spans, counting).filter_map(|run| completed_in_run(run, months)).min()
}

/// The tenure in these spans, as people say it; the longest run when counted continuously. The
/// spans must have an end: cut them off on the day asked about.
pub fn amount(spans: &[Span], counting: Counting) -> Term {
    runs(spans, counting).map(amount_of_run).max().unwrap_or_default()
}

/// The stretches in which time is counted together.
fn runs(spans: &[Span], counting: Counting) -> impl Iterator<Item = &[Span]> {
    spans.chunk_by(move |left, right| match counting {
        Counting::Cumulative => true,
        Counting::Continuous { max_gap_days } => {
            right.from <= next_day(days_after(left.through, max_gap_days))
        }
    })
}

fn amount_of_run(run: &[Span]) -> Term {
    let mut months = 0;
    while completed_in_run(run, months + 12).is_some_and(|day| day < FOREVER) {
        months += 12;
    }
    while completed_in_run(run, months + 1).is_some_and(|day| day < FOREVER) {
        months += 1;
    }
    let done = if months == 0 { None } else { completed_in_run(run, months) };
    let first = done.map_or(NaiveDate::MIN, next_day);
    let rest = run.iter().filter(|span| span.through >= first);
    let days: i64 = rest.map(|span| Span { from: span.from.max(first), ..*span }.days()).sum();
    Term { days: days as u32, ..Term::of_months(months) }
}

fn completed_in_run(run: &[Span], months: u32) -> Option<NaiveDate> {
    let mut walk = Walk::from_start(run)?;
    let last_of_years = walk.years(months / 12)?;
    let rest = months % 12;
    if rest == 0 { Some(last_of_years) } else { walk.soonest_months(rest) }
}

/// The worked days not counted yet: `spans`, the first of them only from `from` on.
struct Walk<'a> {
    spans: &'a [Span],
    from: NaiveDate,
    /// The day the unbroken count began on and the months counted since, so that a count from
    /// 29 February or the 31st does not drift.
    anchor: (NaiveDate, u32),
}

impl<'a> Walk<'a> {
    fn from_start(spans: &'a [Span]) -> Option<Walk<'a>> {
        let from = spans.first()?.from;
        Some(Walk { spans, from, anchor: (from, 0) })
    }

    /// Counts so many years and returns the day that completes the last.
    fn years(&mut self, years: u32) -> Option<NaiveDate> {
        let mut left = years;
        let mut last = NaiveDate::MIN;
        while left > 0 {
            let (anchor, spans) = (self.from, self.spans.len());
            let whole = whole_years(anchor, self.spans.first()?.through, left);
            if whole > 0 {
                last = through_of_months(anchor, 12 * whole);
                self.count_through(last);
                left -= whole;
            }
            let begun = self.spans.len() == spans;
            if begun {
                self.anchor = (anchor, 12 * whole);
            }
            if left > 0 && begun {
                last = self.days(days_of_year(anchor, whole, self.from))?;
                left -= 1;
            }
        }
        Some(last)
    }

    /// Counts so many worked days and returns the last of them.
    fn days(&mut self, days: i64) -> Option<NaiveDate> {
        let mut left = days;
        loop {
            let span = Span { from: self.from, ..*self.spans.first()? };
            if span.days() >= left {
                let last = days_after(span.from, (left - 1) as u32);
                self.count_through(last);
                self.anchor = (self.from, 0);
                return Some(last);
            }
            left -= span.days();
            self.count_through(span.through);
        }
    }

    /// The day that completes so many months, begun where it is soonest complete.
    fn soonest_months(&self, months: u32) -> Option<NaiveDate> {
        let (anchor, counted) = self.anchor;
        let last = through_of_months(anchor, counted + months);
        let mut going_on = Walk { anchor: self.anchor, ..*self };
        let first = going_on.days((last - self.from).num_days() + 1);
        let later = (1..self.spans.len()).filter_map(|at| {
            let mut walk = Walk::from_start(&self.spans[at..])?;
            let last = through_of_months(walk.from, months);
            walk.days((last - walk.from).num_days() + 1)
        });
        first.into_iter().chain(later).min()
    }

    /// Everything through this day of the first span is counted.
    fn count_through(&mut self, last: NaiveDate) {
        let Some(span) = self.spans.first() else { return };
        if last < span.through {
            self.from = next_day(last);
            return;
        }
        self.spans = &self.spans[1..];
        self.from = self.spans.first().map_or(FOREVER, |next| next.from);
        self.anchor = (self.from, 0);
    }
}

/// How many whole years from `anchor` fit before the span ends, at most `limit`.
fn whole_years(anchor: NaiveDate, through: NaiveDate, limit: u32) -> u32 {
    if through_of_months(anchor, 12 * limit) <= through {
        return limit;
    }
    let mut years = through.years_since(anchor).unwrap_or(0).saturating_add(1).min(limit);
    while years > 0 && through_of_months(anchor, 12 * years) > through {
        years -= 1;
    }
    years
}

/// The days of the year that begins on `from`, `whole` years after the anchor.
fn days_of_year(anchor: NaiveDate, whole: u32, from: NaiveDate) -> i64 {
    (through_of_months(anchor, 12 * (whole + 1)) - from).num_days() + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(word: &str) -> NaiveDate {
        word.parse().unwrap()
    }

    fn spans(words: &[(&str, &str)]) -> Spans {
        let given =
            words.iter().map(|(from, through)| Span { from: day(from), through: day(through) });
        Spans::merged(given)
    }

    fn first_day(worked: &Spans, months: u32) -> Option<NaiveDate> {
        completed(worked.as_slice(), months, Counting::Cumulative).map(next_day)
    }

    #[test]
    fn e2_six_years_over_two_employers_are_complete_after_the_last_worked_day() {
        let worked = spans(&[("2015-01-01", "2016-12-31"), ("2018-01-01", "2021-12-31")]);
        assert_eq!(first_day(&worked, 72), Some(day("2022-01-01")));
        let continuous = Counting::Continuous { max_gap_days: 0 };
        assert_eq!(completed(worked.as_slice(), 84, continuous), None);
        assert_eq!(amount(worked.as_slice(), continuous), Term { years: 4, months: 0, days: 0 });
    }

    #[test]
    fn two_calendar_years_are_two_years_whichever_they_are() {
        let worked = spans(&[("2015-01-01", "2015-12-31"), ("2017-01-01", "2017-12-31")]);
        assert_eq!(first_day(&worked, 24), Some(day("2018-01-01")));
    }

    #[test]
    fn a_gap_moves_the_end_by_its_own_days() {
        let worked = spans(&[("2020-03-01", "2020-08-31"), ("2020-09-11", "2030-01-01")]);
        assert_eq!(first_day(&worked, 12), Some(day("2021-03-11")));
        assert_eq!(first_day(&worked, 24), Some(day("2022-03-11")));
    }

    #[test]
    fn an_unbroken_span_is_complete_on_its_anniversary_even_from_29_february() {
        let worked =
            Spans::merged([Span { from: day("2020-02-29"), through: FOREVER }].into_iter());
        assert_eq!(first_day(&worked, 12), Some(day("2021-03-01")));
        assert_eq!(first_day(&worked, 48), Some(day("2024-02-29")));
        assert_eq!(first_day(&worked, 18), Some(day("2021-08-29")));
    }

    #[test]
    fn overlaps_count_once_and_absences_do_not_count() {
        let worked = spans(&[("2020-01-01", "2020-12-31"), ("2020-06-01", "2021-12-31")]);
        assert_eq!(worked.as_slice().len(), 1);
        let away = spans(&[("2020-03-01", "2020-03-31")]);
        let left = worked.without(&away);
        assert_eq!(left.as_slice().len(), 2);
        assert_eq!(first_day(&left, 12), Some(day("2021-02-01")));
    }

    #[test]
    fn a_short_gap_does_not_break_continuity_but_does_not_count_either() {
        let worked = spans(&[("2020-01-01", "2020-06-30"), ("2020-07-31", "2021-12-31")]);
        let run =
            |max_gap_days| completed(worked.as_slice(), 18, Counting::Continuous { max_gap_days });
        assert_eq!(run(29), None);
        assert_eq!(run(30), Some(day("2021-07-30")));
    }

    /// Worked days as a bit each, from 2015-06-01.
    fn of_bits(bits: &[bool]) -> Spans {
        let start = day("2015-06-01");
        let worked = bits.iter().enumerate().filter(|(_, worked)| **worked);
        Spans::merged(worked.map(|(at, _)| {
            let day = days_after(start, 7 * at as u32);
            Span { from: day, through: days_after(day, 6) }
        }))
    }

    fn counting() -> impl Strategy<Value = Counting> {
        prop_oneof![
            Just(Counting::Cumulative),
            (0u32..40).prop_map(|max_gap_days| Counting::Continuous { max_gap_days }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn another_working_day_never_makes_tenure_later(
            bits in proptest::collection::vec(proptest::bool::weighted(0.8), 1..300),
            at in 0u32..2200, months in 1u32..50, counting in counting(),
        ) {
            let worked = of_bits(&bits);
            let added = days_after(day("2015-05-20"), at);
            let more = Spans::merged(
                worked.as_slice().iter().copied().chain([Span { from: added, through: added }]),
            );
            if let Some(before) = completed(worked.as_slice(), months, counting) {
                let after = completed(more.as_slice(), months, counting);
                prop_assert!(after.is_some_and(|after| after <= before), "{before} then {after:?}");
            }
        }

        #[test]
        fn an_unbroken_span_is_exact(start in 0u32..4000, months in 1u32..200) {
            let from = days_after(day("2012-01-01"), start);
            let worked = [Span { from, through: FOREVER }];
            let done = completed(&worked, months, Counting::Cumulative);
            prop_assert_eq!(done, Some(through_of_months(from, months)));
        }

        #[test]
        fn longer_terms_are_complete_later(
            bits in proptest::collection::vec(any::<bool>(), 1..300), months in 1u32..50,
        ) {
            let worked = of_bits(&bits);
            let shorter = completed(worked.as_slice(), months, Counting::Cumulative);
            let longer = completed(worked.as_slice(), months + 1, Counting::Cumulative);
            prop_assert!(longer.is_none() || shorter <= longer);
        }
    }
}
