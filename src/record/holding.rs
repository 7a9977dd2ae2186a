//! What holding a certificate depends on besides its dates.
//!
//! A certification may demand something of whoever holds its certificate: a review half-way
//! through (R19), not to be away for too long (R21), every part of a composite (R24), and, after
//! its rules have changed, what the newer version asks (see [`Transition`]). While such a demand
//! is not met the certificate is suspended, not expired: it counts again as soon as it is met.
//!
//! Nothing of it is stored. It is judged where a certificate is asked for, so a job, a promotion
//! and a page cannot disagree.

use chrono::NaiveDate;

use super::{
    case::{Case, Truth, span_of},
    fact::{Fact, Kind},
    period::{FOREVER, day_before},
    programme::{Certification, Review, ReviewDay, Transition},
    requirement::Requirement,
};

/// Why a certificate whose dates run does not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lapse<'a> {
    /// What is demanded for as long as it is held is not met.
    Condition(&'a Requirement),
    /// A review was missed.
    Review(ReviewDay),
    /// The newer rules bind it since this day, and they are not met.
    NewerRules(NaiveDate, &'a Requirement),
}

/// How long a certificate has run and will: from its first day, before any suspension.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

/// The demands that bind a certificate on a day.
struct Demands<'a> {
    suspended_unless: Option<&'a Requirement>,
    review: Option<&'a Review>,
}

/// A certificate may hang on others, and those on others again; deeper than this nobody builds, and
/// a circle ends here.
const DEEPEST: u8 = 4;

impl Case<'_> {
    /// Whether the certificate of this code that runs on the day counts, and for how long that is
    /// certain. One that no rule set knows counts by its dates alone.
    pub(super) fn counts(&self, code: &str) -> Truth {
        let plan = self.context.certification(code).filter(|plan| plan.binds_holders());
        let Some(plan) = plan.filter(|_| self.depth < DEEPEST) else { return Truth::always(true) };
        let facts = self.of(Kind::Certificate);
        let first = facts.partition_point(|fact| fact.code.as_str() < code);
        let facts = &facts[first..];
        let facts = &facts[..facts.partition_point(|fact| fact.code == code)];
        let Some(at) = facts.iter().rposition(|fact| span_of(fact).contains(self.on)) else {
            return Truth::always(true);
        };
        let run = Run { from: facts[at].began(), through: facts[at].through };
        let truth = self.bears(plan, run);
        // Another certificate, begun later or left over from before, is judged by its own days.
        let next = facts.iter().map(|fact| fact.from).find(|from| *from > self.on);
        let ends = span_of(&facts[at]).through.min(next.map_or(FOREVER, day_before));
        Truth { through: truth.through.min(ends), ..truth }
    }

    /// Whether everything that is demanded of the holder of a certificate is met on the day.
    pub fn bears(&self, plan: &Certification, run: Run) -> Truth {
        let demands = self.demands(plan, run.from);
        let case = self.deeper();
        let unless = demands.suspended_unless.map_or(Truth::always(true), |one| case.truth(one));
        let reviewed =
            demands.review.map_or(Truth::always(true), |review| case.reviewed(review, run));
        let truth = unless.and(reviewed).and(case.bound(plan, run.from));
        // From the day on which a newer version binds it, other demands count.
        let binding = newer(plan, run.from).iter().filter_map(Transition::binds_from);
        let next = binding.filter(|day| *day > self.on).min();
        Truth { through: truth.through.min(next.map_or(FOREVER, day_before)), ..truth }
    }

    /// Why a certificate does not count on the day, if it does not.
    pub fn lapse<'b>(&self, plan: &'b Certification, run: Run) -> Option<Lapse<'b>> {
        let demands = self.demands(plan, run.from);
        let case = self.deeper();
        if let Some(unless) = demands.suspended_unless.filter(|one| !case.is_met(one)) {
            return Some(Lapse::Condition(unless));
        }
        let missed = demands.review.filter(|review| !case.reviewed(review, run).met);
        if let Some(day) = missed.and_then(|review| case.open_review(review, run)) {
            return Some(Lapse::Review(day));
        }
        let binding = self.asking(newer(plan, run.from))?;
        let bound = case.bound(plan, run.from).met;
        (!bound).then_some(Lapse::NewerRules(binding.binds_from()?, binding.asks(plan)))
    }

    /// The first review that has not been done, as far as is known on the day.
    pub fn next_review(&self, plan: &Certification, run: Run) -> Option<ReviewDay> {
        self.deeper().open_review(self.demands(plan, run.from).review?, run)
    }

    fn has_bound(&self, one: &Transition) -> bool {
        one.binds_from().is_some_and(|day| day <= self.on)
    }

    /// The last version that binds a certificate by the day and asked something else for it, of
    /// those that came after it began.
    fn asking<'b>(&self, newer: &'b [Transition]) -> Option<&'b Transition> {
        newer.iter().rfind(|one| !one.holding_only && self.has_bound(one))
    }

    /// A certificate that began under earlier rules keeps their demands until newer ones bind it,
    /// and then keeps those until still newer ones do.
    fn demands<'b>(&self, plan: &'b Certification, from: NaiveDate) -> Demands<'b> {
        let newer = newer(plan, from).iter();
        // Back to the last that binds it; of those after it, the first says what counted till then.
        // One without `before` demanded the same of holders as the version before it.
        let later = newer.rev().take_while(|one| !self.has_bound(one));
        match later.filter_map(|one| one.before.as_ref()).last() {
            Some(before) => Demands {
                suspended_unless: before.suspended_unless.as_ref(),
                review: before.review.as_ref(),
            },
            None => Demands {
                suspended_unless: plan.suspended_unless.as_ref(),
                review: plan.review.as_ref(),
            },
        }
    }

    /// Whether a certificate from before the version that binds it has met what that version asks,
    /// on some day since it began: evidence gets old, and whoever met the newer conditions when
    /// they were certified has met them.
    fn bound(&self, plan: &Certification, from: NaiveDate) -> Truth {
        let Some(binding) = self.asking(newer(plan, from)) else { return Truth::always(true) };
        match self.at(from).earliest(binding.asks(plan)) {
            Some(day) if day <= self.on => Truth::always(true),
            Some(day) => Truth { met: false, through: day_before(day) },
            None => Truth::always(false),
        }
    }

    /// Whether every review whose day has passed was done by the day.
    fn reviewed(&self, review: &Review, run: Run) -> Truth {
        if review.requires.is_none() {
            return Truth::always(true);
        }
        for day in self.review_days(review, run) {
            match self.done(review, day) {
                // Done in time, or late and by now.
                Some(done) if done <= day.due || done <= self.on && day.due < self.on => {}
                _ if self.on <= day.due => return Truth { met: true, through: day.due },
                Some(done) => return Truth { met: false, through: day_before(done) },
                None => return Truth::always(false),
            }
        }
        Truth::always(true)
    }

    /// The first review not yet done by the day.
    fn open_review(&self, review: &Review, run: Run) -> Option<ReviewDay> {
        let done = |day: &ReviewDay| self.done(review, *day).is_some_and(|done| done <= self.on);
        match review.requires {
            Some(_) => self.review_days(review, run).into_iter().find(|day| !done(day)),
            // Nobody tells shifu when such a review is done: the next one by the calendar.
            None => self.review_days(review, run).into_iter().find(|day| self.on <= day.due),
        }
    }

    fn review_days(&self, review: &Review, run: Run) -> Vec<ReviewDay> {
        let usual = review.days(run.from, run.through, false);
        let longer = review.longer.as_ref().zip(usual.first());
        match longer.is_some_and(|(longer, first)| self.at(first.due).is_met(&longer.requires)) {
            true => review.days(run.from, run.through, true),
            false => usual,
        }
    }

    /// The first day from its opening on on which a review is done, by what was done since then.
    fn done(&self, review: &Review, day: ReviewDay) -> Option<NaiveDate> {
        let requires = review.requires.as_ref()?;
        let old = |fact: &Fact| {
            let deed = matches!(fact.kind, Kind::Course | Kind::Exam | Kind::Logbook | Kind::Skill);
            deed && fact.from < day.opens
        };
        let facts: Vec<Fact> = self.facts.iter().filter(|fact| !old(fact)).cloned().collect();
        Case { facts: &facts, on: day.opens, ..*self }.earliest(requires)
    }

    fn deeper(&self) -> Self {
        Case { depth: self.depth + 1, ..*self }
    }

    fn at(&self, on: NaiveDate) -> Self {
        Case { on, ..*self }
    }
}

/// The versions that came after a certificate began, oldest first.
fn newer(plan: &Certification, begun: NaiveDate) -> &[Transition] {
    let under = plan.transitions.partition_point(|one| one.from.0 <= begun);
    plan.transitions.get(under..).unwrap_or_default()
}
