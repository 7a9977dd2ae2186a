//! The calculator: for any completion date, the dates that follow.
//!
//! Nobody should have to hold a certificate to learn how its dates are counted. The rule is always
//! said together with the dates: `valid through` is the last day on which it is valid.

use chrono::NaiveDate;

use super::rules::renewed_run;
use crate::record::{
    period::months_after,
    programme::{Certification, Renewal, ReviewDay},
};

/// Most renewals anybody asks about: longer than a life of work.
pub const MOST_CYCLES: u32 = 99;

/// The dates of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    /// It is the certificate of before, which lasts longer (R22).
    pub extended: bool,
    /// None, when a certificate is extended of which nobody said when it began.
    pub from: Option<NaiveDate>,
    /// The last valid day; none when it does not expire.
    pub through: Option<NaiveDate>,
    /// The reviews inside it, as far as its first day is known.
    pub reviews: Vec<ReviewDay>,
    /// The ways of renewing it, in the order of the rules, with the days on which each is open.
    pub ways: Vec<Way>,
}

/// A way of renewing a certificate and when it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its place among the renewals of the certification.
    pub place: usize,
    pub opens: NaiveDate,
    /// The last day on which it is open.
    pub closes: NaiveDate,
}

/// What follows when a certificate is renewed on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The day on which the evidence is complete.
    pub on: NaiveDate,
    pub place: usize,
    /// The running certificate lasts longer; none is issued.
    pub extends: bool,
    /// None, when an extended certificate began on a day that is not known.
    pub from: Option<NaiveDate>,
    pub through: Option<NaiveDate>,
}

impl Term {
    fn of(
        certification: &Certification,
        cycle: u32,
        (from, through): (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Term {
        let reviews = certification.review.as_ref().zip(from);
        let reviews = reviews.map(|(review, from)| review.days(from, through, false));
        let ways = through.map(|through| ways_after(certification, cycle, through));
        let (reviews, ways) = (reviews.unwrap_or_default(), ways.unwrap_or_default());
        Term { cycle, extended: false, from, through, reviews, ways }
    }

    /// When it may be renewed by any way.
    pub fn window(&self) -> Option<(NaiveDate, NaiveDate)> {
        let opens = self.ways.iter().map(|way| way.opens).min()?;
        let closes = self.ways.iter().map(|way| way.closes).max()?;
        Some((opens, closes))
    }

    /// The last day of grace, where renewing is possible after the end.
    pub fn grace_ends(&self) -> Option<NaiveDate> {
        let (_, closes) = self.window()?;
        (Some(closes) > self.through).then_some(closes)
    }

    /// The days people ask about: the first of the window, the last valid one, the last of grace.
    pub fn days_of_interest(&self) -> Vec<NaiveDate> {
        let opens = self.window().map(|(opens, _)| opens);
        let mut days: Vec<NaiveDate> =
            [opens, self.through, self.grace_ends()].into_iter().flatten().collect();
        days.dedup();
        days
    }
}

/// The ways of renewing a certificate that has been renewed so often already and ends on a day.
fn ways_after(certification: &Certification, cycle: u32, through: NaiveDate) -> Vec<Way> {
    let ways = certification.renewals.iter().enumerate();
    ways.filter(|(_, way)| way.is_for(cycle + 1))
        .map(|(place, way)| {
            let (opens, closes) = way.window(through);
            Way { place, opens, closes }
        })
        .collect()
}

/// A first issue, completed on a day.
pub fn first(certification: &Certification, completed: NaiveDate) -> Term {
    Term::of(certification, 0, (Some(completed), certification.validity.through(completed)))
}

/// What follows when a certificate is renewed on a day by the first way that is open then.
pub fn renewed(certification: &Certification, term: &Term, on: NaiveDate) -> Option<Renewed> {
    let through = term.through?;
    let open = term.ways.iter().find(|way| way.opens <= on && on <= way.closes)?;
    let way = certification.renewals.get(open.place)?;
    let (from, through) = period(certification, way, term.from, through, on);
    Some(Renewed { on, place: open.place, extends: way.extends_months.is_some(), from, through })
}

/// The validity that a way of renewing gives.
fn period(
    certification: &Certification,
    way: &Renewal,
    from: Option<NaiveDate>,
    through: NaiveDate,
    on: NaiveDate,
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    if let Some(months) = way.extends_months {
        return (from, Some(months_after(through, months)));
    }
    let (from, through) = renewed_run(certification, way, through, on);
    (Some(from), through)
}

/// The term that a renewal brings. What is extended has been renewed no oftener than before.
pub fn term_of(certification: &Certification, before: &Term, renewed: &Renewed) -> Term {
    let cycle = if renewed.extends { before.cycle } else { before.cycle + 1 };
    let term = Term::of(certification, cycle, (renewed.from, renewed.through));
    Term { extended: renewed.extends, ..term }
}

/// What is asked: a completion of a first issue, or of the n-th renewal of a certificate that
/// ended, or will end, on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub completed: NaiveDate,
    /// 0 for a first issue.
    pub cycle: u32,
    /// The last valid day of the certificate that is renewed; the day of completion when absent.
    pub previous: Option<NaiveDate>,
}

/// Why nothing comes of a completion: no way of renewing is open on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpen {
    /// It is too early; one opens on this day.
    Until(NaiveDate),
    /// None opens any more, and the certificate runs through this day.
    Runs(NaiveDate),
    /// It is over: it would be a first issue again.
    Over,
}

/// The certificate that comes of it and the two after it, each renewed on its last valid day.
/// Fewer, where it does not expire or cannot be renewed any more.
pub fn terms(certification: &Certification, asked: Asked) -> Result<Vec<Term>, NotOpen> {
    let mut terms = vec![begin(certification, asked)?];
    while terms.len() < 3
        && let Some(last) = terms.last()
    {
        let next = last.through.and_then(|through| renewed(certification, last, through));
        let Some(next) = next else { break };
        let next = term_of(certification, last, &next);
        terms.push(next);
    }
    Ok(terms)
}

fn begin(certification: &Certification, asked: Asked) -> Result<Term, NotOpen> {
    let Asked { completed, cycle, previous } = asked;
    if cycle == 0 {
        return Ok(first(certification, completed));
    }
    // How the certificate before it began is not asked, and only an extension would need it.
    let through = previous.unwrap_or(completed);
    let before = Term::of(certification, cycle - 1, (None, Some(through)));
    match renewed(certification, &before, completed) {
        Some(renewed) => Ok(term_of(certification, &before, &renewed)),
        None => Err(not_open(&before, through, completed)),
    }
}

/// Why a certificate that ends on a day is not renewed on another, as [`super::rules::due`] has it.
fn not_open(term: &Term, through: NaiveDate, on: NaiveDate) -> NotOpen {
    let later = term.ways.iter().map(|way| way.opens).filter(|opens| on < *opens);
    match later.min() {
        Some(opens) => NotOpen::Until(opens),
        None if on <= through => NotOpen::Runs(through),
        None => NotOpen::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Programmes;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn certification(rules: &str) -> Certification {
        let text = format!(
            "code = \"s\"\nversion = \"1\"\ntitle = {{ zh = \"测\", en = \"t\" }}\njurisdiction = \"house\"\n\
             source = \"s\"\nverified = \"primary\"\nnotice = {{ zh = \"注\", en = \"n\" }}\n\
             [[certification]]\ncode = \"c\"\ntitle = {{ zh = \"证\", en = \"c\" }}\n\
             requires.age.min = 16\n{rules}"
        );
        let programmes = Programmes::of_files(&[("s.toml".to_owned(), text)]).unwrap();
        programmes.certification("s/c").unwrap().1.clone()
    }

    fn last_valid_day(rules: &str, completed: &str) -> String {
        let term = first(&certification(rules), day(completed));
        term.through.map(|day| day.to_string()).unwrap_or_default()
    }

    /// The vectors of other systems' users. Months end on the day before the corresponding day; days
    /// are added to the day of completion.
    #[test]
    fn last_valid_days_are_those_that_others_document() {
        let new_year = "validity.fixed = { ends = \"12-31\", months = 12, min_active_months = 5 }";
        for (who, rules, completed, expected) in [
            ("Moodle use case 1", "validity.months = 12", "2023-02-12", "2024-02-11"),
            ("Moodle use case 2", "validity.months = 12", "2023-02-20", "2024-02-19"),
            ("ILIAS 5625", "validity.days = 365", "2019-04-01", "2020-03-31"),
            ("ILIAS 5625", "validity.days = 365", "2019-01-17", "2020-01-17"),
            (
                "Spordle",
                "validity.fixed = { ends = \"08-31\", months = 36 }",
                "2022-10-01",
                "2025-08-31",
            ),
            // 31 December 2014 is less than five months away, so it is the next one. Totara answered
            // 2016-12-31, which its reporter called a year too far.
            ("Totara d=16441", new_year, "2014-08-24", "2015-12-31"),
            ("V1", "validity.months = 72", "2024-02-29", "2030-02-28"),
        ] {
            assert_eq!(last_valid_day(rules, completed), expected, "{who}, {completed}");
        }
    }

    #[test]
    fn a_rope_certificate_of_a_year_and_a_day() {
        // V8: 366 days, since the year has no leap day.
        assert_eq!(last_valid_day("validity.days = 366", "2017-04-01"), "2018-04-02");
    }

    #[test]
    fn a_low_voltage_licence_is_reviewed_once_and_renewed_sixty_days_before() {
        let rules = "validity.months = 72\nreview = { months = 36, window_days = 60 }\n\
                     [[certification.renewal]]\nwindow_days = 60\nrequires.age.min = 16\n";
        let term = first(&certification(rules), day("2024-02-29"));
        let review = ReviewDay { opens: day("2026-12-30"), due: day("2027-02-28") };
        assert_eq!(term.reviews, [review]);
        assert_eq!(term.through, Some(day("2030-02-28")));
        assert_eq!(term.window(), Some((day("2029-12-30"), day("2030-02-28"))));
        assert_eq!(term.grace_ends(), None);
    }

    const YEARLY: &str = "validity.months = 12\n[[certification.renewal]]\nwindow_days = 60\n\
                          grace_days = 30\nrequires.age.min = 16\n";

    /// What a renewal on a day brings under a base, for a certificate of the year 2026.
    fn renewed_on(base: &str, on: &str) -> Option<(String, String)> {
        let certification = certification(&format!("{YEARLY}base = \"{base}\"\n"));
        let term = first(&certification, day("2026-01-01"));
        let renewed = renewed(&certification, &term, day(on))?;
        Some((renewed.from?.to_string(), renewed.through?.to_string()))
    }

    #[test]
    fn each_base_counts_from_its_own_day() {
        let span = |from: &str, through: &str| Some((from.to_owned(), through.to_owned()));
        for (base, on, expected) in [
            ("previous-expiry", "2026-10-31", None),
            ("previous-expiry", "2026-11-01", span("2027-01-01", "2027-12-31")),
            ("previous-expiry", "2026-12-31", span("2027-01-01", "2027-12-31")),
            ("previous-expiry", "2027-01-30", span("2027-01-30", "2028-01-29")),
            ("previous-expiry", "2027-01-31", None),
            ("completion", "2026-11-02", span("2026-11-02", "2027-11-01")),
            ("completion", "2027-01-30", span("2027-01-30", "2028-01-29")),
            ("cycle", "2026-11-02", span("2027-01-01", "2027-12-31")),
            ("cycle", "2027-01-30", span("2027-01-01", "2027-12-31")),
        ] {
            assert_eq!(renewed_on(base, on), expected, "{base}, {on}");
        }
    }

    #[test]
    fn the_next_three_ends_follow_one_another() {
        let certification = certification(YEARLY);
        let asked = Asked { completed: day("2026-03-01"), cycle: 0, previous: None };
        let first = terms(&certification, asked).unwrap();
        let ends: Vec<_> = first.iter().filter_map(|term| term.through).collect();
        assert_eq!(ends, [day("2027-02-28"), day("2028-02-29"), day("2029-02-28")]);
        let late =
            Asked { completed: day("2027-03-10"), cycle: 1, previous: Some(day("2027-02-28")) };
        let again = terms(&certification, late).unwrap();
        assert_eq!(again[0].cycle, 1);
        assert_eq!(again[0].through, Some(day("2028-03-09")));
    }

    #[test]
    fn where_no_way_is_open_it_says_why() {
        let late_only = "validity.months = 12\n[[certification.renewal]]\nlate = true\n\
                         grace_months = 6\nrequires.age.min = 16\n";
        let closing = "validity.months = 12\n";
        for (rules, completed, expected) in [
            (YEARLY, "2026-12-29", Err(NotOpen::Until(day("2026-12-30")))),
            (YEARLY, "2026-12-30", Ok(())),
            (YEARLY, "2027-03-30", Ok(())),
            (YEARLY, "2027-03-31", Err(NotOpen::Over)),
            (late_only, "2027-02-28", Err(NotOpen::Until(day("2027-03-01")))),
            (closing, "2027-02-28", Err(NotOpen::Runs(day("2027-02-28")))),
            (closing, "2027-03-01", Err(NotOpen::Over)),
        ] {
            let previous = Some(day("2027-02-28"));
            let asked = Asked { completed: day(completed), cycle: 1, previous };
            let found = terms(&certification(rules), asked).map(drop);
            assert_eq!(found, expected, "{completed}: {rules}");
        }
    }

    #[test]
    fn a_new_hire_falls_in_line_with_the_common_date() {
        let rules = "validity.fixed = { ends = \"12-31\", months = 12, min_active_months = 3 }\n\
                     [[certification.renewal]]\nwindow_days = 90\nrequires.age.min = 16\n";
        let certification = certification(rules);
        for (completed, first_end) in [
            ("2026-01-01", "2026-12-31"),
            ("2026-10-01", "2026-12-31"),
            ("2026-10-02", "2027-12-31"),
            ("2026-12-31", "2027-12-31"),
        ] {
            let asked = Asked { completed: day(completed), cycle: 0, previous: None };
            let terms = terms(&certification, asked).unwrap();
            let first_end = day(first_end);
            assert_eq!(terms[0].through, Some(first_end), "{completed}");
            let next = first_end.with_year_after();
            assert_eq!(terms[1].through, Some(next), "{completed}");
        }
    }

    trait YearAfter {
        fn with_year_after(self) -> NaiveDate;
    }

    impl YearAfter for NaiveDate {
        fn with_year_after(self) -> NaiveDate {
            months_after(self, 12)
        }
    }

    #[test]
    fn the_nth_renewal_takes_its_own_way_and_a_late_one_is_shorter() {
        let rules = "validity.months = 24\n\
             [[certification.renewal]]\ntitle = { zh = \"一\", en = \"delta\" }\nnth = [1]\nof = 2\nwindow_days = 90\nrequires.age.min = 16\n\
             [[certification.renewal]]\ntitle = { zh = \"二\", en = \"full\" }\nnth = [2]\nof = 2\nwindow_days = 90\nrequires.age.min = 17\n\
             [[certification.renewal]]\nlate = true\ngrace_months = 12\nvalidity.months = 12\nrequires.age.min = 18\n";
        let certification = certification(rules);
        let first = first(&certification, day("2026-01-01"));
        assert_eq!(first.ways.iter().map(|way| way.place).collect::<Vec<_>>(), [0, 2]);
        let ladder = &first.ways[1];
        assert_eq!((ladder.opens, ladder.closes), (day("2028-01-01"), day("2028-12-31")));
        let late = renewed(&certification, &first, day("2028-06-01")).unwrap();
        assert_eq!((late.place, late.through), (2, Some(day("2029-05-31"))));
        let early = renewed(&certification, &first, day("2027-12-01")).unwrap();
        let second = term_of(&certification, &first, &early);
        assert_eq!(second.ways.iter().map(|way| way.place).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn credits_extend_the_running_certificate() {
        // V4 as a way of renewing: whoever has the eight answers keeps the certificate a year longer.
        let rules = "validity.months = 60\n\
             [[certification.renewal]]\nwindow_days = 365\nextends_months = 12\nrequires.age.min = 16\n";
        let certification = certification(rules);
        let term = first(&certification, day("2023-01-01"));
        assert_eq!(term.through, Some(day("2027-12-31")));
        let extended = renewed(&certification, &term, day("2027-06-01")).unwrap();
        assert_eq!((extended.from, extended.through), (term.from, Some(day("2028-12-31"))));
    }

    #[test]
    fn an_extended_certificate_is_the_same_one() {
        let rules = "validity.months = 48\nreview = { months = 24, window_days = 60 }\n\
             [[certification.renewal]]\nwindow_days = 90\nrequires.age.min = 16\n\
             [[certification.renewal]]\nwindow_months = 12\nextends_months = 12\nrequires.age.min = 16\n";
        let certification = certification(rules);
        let running = first(&certification, day("2024-01-01"));
        let on = day("2027-06-01");
        let extended = renewed(&certification, &running, on).unwrap();
        let longer = term_of(&certification, &running, &extended);
        assert_eq!((longer.cycle, longer.extended), (0, true), "renewed no oftener than before");
        assert_eq!(longer.from, Some(day("2024-01-01")));
        assert_eq!(
            longer.reviews.iter().map(|review| review.due).collect::<Vec<_>>(),
            [day("2025-12-31"), day("2027-12-31"),]
        );
        // Asked without saying when it began: its first day and its reviews are not made up.
        let asked = Asked { completed: on, cycle: 1, previous: Some(day("2027-12-31")) };
        let found = terms(&certification, asked).unwrap();
        assert_eq!((found[0].cycle, found[0].extended), (0, true));
        assert_eq!((found[0].from, found[0].through), (None, Some(day("2028-12-31"))));
        assert!(found[0].reviews.is_empty());
        assert_eq!((found[1].cycle, found[1].from), (1, Some(day("2029-01-01"))));
    }

    #[test]
    fn what_does_not_expire_has_one_term() {
        let asked = Asked { completed: day("2026-03-01"), cycle: 0, previous: None };
        let terms = terms(&certification(""), asked).unwrap();
        assert_eq!(terms.len(), 1);
        assert!(terms[0].through.is_none() && terms[0].days_of_interest().is_empty());
    }

    #[test]
    fn reminders_of_an_end_are_counted_back_from_the_last_valid_day() {
        let days = crate::record::period::reminder_days(day("2027-03-15"), &[90, 60, 30, 14, 7, 1]);
        let expected =
            ["2026-12-15", "2027-01-14", "2027-02-13", "2027-03-01", "2027-03-08", "2027-03-14"];
        assert_eq!(days, expected.map(day));
    }
}
