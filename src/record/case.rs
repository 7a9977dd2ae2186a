//! One person's facts before a rule on one day: is it met, and until when does that answer hold?
//!
//! Every leaf answers with a [`Truth`]: met or not, and the last day through which the same answer
//! is certain if no fact is added. So the first day on which time alone helps is found by leaping
//! from one such day to the next, exactly and without trying each day; and a caller who wants only
//! `met` pays for nothing else.
//!
//! The same code serves boards of a hundred thousand people and the page that explains one: it is
//! generic over a [`Witness`], which is `()` for the former and collects evidence for the latter.
//! Nothing here allocates unless somebody has more than eight spans of work.

use chrono::NaiveDate;

use super::{
    context::Context,
    fact::{Amount, FAILED, Fact, Kind},
    period::{
        FOREVER, after_full_days, day_before, days_after, end_of_month, first_day_after_months,
        next_day, through_of_months, whole_months_before,
    },
    requirement::{
        ALL_TRADES, Active, Age, Award, COMPLETED, Certificate, ClassHours, Competition, Counts,
        Course, EDUCATION, Education, Exam, ExamWait, Grade, Incident, Kpi, Limit, Logbook,
        Mentoring, Milestone, Mode, ONLINE, Part, Requirement, Rule, Skill, Tenure,
    },
    tenure::{Counting, Span, Spans, completed},
};

/// An answer and the last day through which it is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    pub met: bool,
    pub through: NaiveDate,
}

impl Truth {
    pub(super) fn always(met: bool) -> Truth {
        Truth { met, through: FOREVER }
    }

    fn not(self) -> Truth {
        Truth { met: !self.met, ..self }
    }

    /// Met when either is.
    fn or(self, other: Truth) -> Truth {
        match (self.met, other.met) {
            (true, true) => Truth { met: true, through: self.through.max(other.through) },
            (true, false) => self,
            (false, true) => other,
            (false, false) => Truth { met: false, through: self.through.min(other.through) },
        }
    }

    /// Met when both are.
    pub(super) fn and(self, other: Truth) -> Truth {
        self.not().or(other.not()).not()
    }
}

/// Sees the facts that count for an answer.
pub trait Witness {
    fn saw(&mut self, fact: &Fact);
}

impl Witness for () {
    fn saw(&mut self, _: &Fact) {}
}

impl<F: FnMut(&Fact)> Witness for F {
    fn saw(&mut self, fact: &Fact) {
        self(fact);
    }
}

/// One person's facts, sorted by kind, code and day, on one day.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub context: &'a Context,
    pub facts: &'a [Fact],
    pub on: NaiveDate,
    pub(super) follow_deemed: bool,
    /// How many certificates hang on one another above this one.
    pub(super) depth: u8,
}

impl<'a> Case<'a> {
    pub fn new(context: &'a Context, facts: &'a [Fact], on: NaiveDate) -> Case<'a> {
        Case { context, facts, on, follow_deemed: true, depth: 0 }
    }

    /// Only whether it is met; stops at the first line that settles it.
    pub fn is_met(&self, requirement: &Requirement) -> bool {
        match &requirement.rule {
            Rule::All(inner) => inner.iter().all(|one| self.is_met(one)),
            Rule::Any(inner) => inner.iter().any(|one| self.is_met(one)),
            Rule::None(inner) => !inner.iter().any(|one| self.is_met(one)),
            Rule::AtLeast(rule) => {
                rule.n == 0
                    || rule.of.iter().filter(|one| self.is_met(one)).nth(rule.n - 1).is_some()
            }
            leaf => self.leaf(leaf, &mut ()).met,
        }
    }

    /// Whether it is met, and through which day that is certain.
    pub fn truth(&self, requirement: &Requirement) -> Truth {
        match &requirement.rule {
            Rule::All(inner) => self.fold(inner, Truth::always(true), Truth::and),
            Rule::Any(inner) => self.any(inner),
            Rule::None(inner) => self.any(inner).not(),
            Rule::AtLeast(rule) => self.at_least(rule.n, &rule.of),
            leaf => self.leaf(leaf, &mut ()),
        }
    }

    /// The first day, from `on` on, on which time alone meets it.
    pub fn earliest(&self, requirement: &Requirement) -> Option<NaiveDate> {
        let mut case = *self;
        loop {
            let truth = case.truth(requirement);
            if truth.met {
                return Some(case.on);
            }
            if truth.through == FOREVER {
                return None;
            }
            case.on = next_day(truth.through.max(case.on));
        }
    }

    fn any(&self, inner: &[Requirement]) -> Truth {
        self.fold(inner, Truth::always(false), Truth::or)
    }

    fn fold(&self, inner: &[Requirement], start: Truth, join: fn(Truth, Truth) -> Truth) -> Truth {
        inner.iter().fold(start, |so_far, one| join(so_far, self.truth(one)))
    }

    fn at_least(&self, n: usize, inner: &[Requirement]) -> Truth {
        let (mut met, mut through) = (0, FOREVER);
        for truth in inner.iter().map(|one| self.truth(one)) {
            met += usize::from(truth.met);
            through = through.min(truth.through);
        }
        Truth { met: met >= n, through }
    }

    /// One leaf; the witness sees what counts. Trees are never met here.
    pub fn leaf(&self, rule: &Rule, witness: &mut impl Witness) -> Truth {
        match rule {
            Rule::All(_) | Rule::Any(_) | Rule::None(_) | Rule::AtLeast(_) => Truth::always(false),
            Rule::Grade(grade) => self.grade(grade, witness),
            Rule::Certificate(certificate) => self.certificate(certificate, witness),
            Rule::Course(course) => self.course(course, witness),
            Rule::ClassHours(hours) => self.class_hours(hours, witness),
            Rule::Education(education) => self.education(education, witness),
            Rule::Tenure(tenure) => self.tenure(tenure, witness),
            Rule::Active(active) => self.active(active, witness),
            Rule::Age(age) => self.age(age, witness),
            Rule::Health(health) => {
                self.held(Kind::Health, |fact| fact.code == health.code, 0, None, witness)
            }
            Rule::Exam(exam) => self.exam(exam, witness),
            Rule::ExamWait(wait) => self.exam_wait(wait, witness),
            Rule::Kpi(kpi) => self.kpi(kpi, witness),
            Rule::Incident(incident) => self.incident(incident, witness),
            Rule::Apprenticeship(rule) => {
                self.brought_through(Kind::Apprentice, rule.code.as_deref(), None, 1, witness)
            }
            Rule::Mentoring(mentoring) => self.mentoring(mentoring, witness),
            Rule::Logbook(logbook) => self.logbook(logbook, witness),
            Rule::Skill(skill) => self.skill(skill, witness),
            Rule::Award(award) => self.award(award, witness),
            Rule::Competition(competition) => self.competition(competition, witness),
            Rule::Position(position) => {
                let wanted = |fact: &Fact| position.one_of.contains(&fact.code);
                self.held(Kind::Position, wanted, position.for_months, None, witness)
            }
        }
    }

    /// The facts of one kind, in the order of code and day.
    pub fn of(&self, kind: Kind) -> &'a [Fact] {
        let from = self.facts.partition_point(|fact| fact.kind < kind);
        let rest = &self.facts[from..];
        &rest[..rest.partition_point(|fact| fact.kind == kind)]
    }

    /// Facts that simply hold from a day through a day, perhaps for so long already.
    fn held(
        &self,
        kind: Kind,
        wanted: impl Fn(&Fact) -> bool,
        for_months: u32,
        since: Option<NaiveDate>,
        witness: &mut impl Witness,
    ) -> Truth {
        let mut days = Existence::on(self.on);
        let facts = self.of(kind).iter().filter(|fact| wanted(fact));
        if for_months == 0 && since.is_none() {
            facts.for_each(|fact| days.see(fact, span_of(fact), witness));
            return days.truth();
        }
        for span in Spans::merged(facts.clone().map(span_of)).as_slice() {
            if since.is_none_or(|day| span.contains(day)) {
                days.count(first_day_after_months(span.from, for_months), span.through);
            }
        }
        if days.truth().met {
            facts.filter(|fact| span_of(fact).contains(self.on)).for_each(|fact| witness.saw(fact));
        }
        days.truth()
    }

    /// Whether a grade fact is of this ladder and reaches the level.
    pub fn is_grade(&self, grade: &Grade, fact: &Fact) -> bool {
        if fact.code != grade.ladder {
            return false;
        }
        let Some(level) = fact.level.as_deref() else { return false };
        if level == grade.level || grade.exact {
            return level == grade.level;
        }
        let rank = |level| self.context.rank(&grade.ladder, level);
        rank(&grade.level).is_some_and(|least| rank(level).is_some_and(|held| held >= least))
    }

    fn grade(&self, grade: &Grade, witness: &mut impl Witness) -> Truth {
        let wanted = |fact: &Fact| self.is_grade(grade, fact);
        self.held(Kind::Grade, wanted, grade.for_months, grade.since, witness)
    }

    fn certificate(&self, rule: &Certificate, witness: &mut impl Witness) -> Truth {
        let wanted = |fact: &Fact| fact.code == rule.code;
        let held = if rule.ever {
            let mut days = Existence::on(self.on);
            for fact in self.of(Kind::Certificate).iter().filter(|fact| wanted(fact)) {
                days.see(fact, Span { from: fact.from, through: FOREVER }, witness);
            }
            days.truth()
        } else {
            let dated = self.held(Kind::Certificate, wanted, rule.for_months, None, witness);
            if dated.met { dated.and(self.counts(&rule.code)) } else { dated }
        };
        if rule.strictly || rule.for_months > 0 || !self.follow_deemed {
            return held;
        }
        let case = Case { follow_deemed: false, ..*self };
        let deemed = self.context.deemed(&rule.code).iter();
        deemed.fold(held, |so_far, by| {
            let truth = case.truth(by);
            if truth.met && !so_far.met {
                case.witnesses(by, witness);
            }
            so_far.or(truth)
        })
    }

    /// Shows the witness what counts for the met leaves of a tree.
    fn witnesses(&self, requirement: &Requirement, witness: &mut impl Witness) {
        if !self.is_met(requirement) {
            return;
        }
        match &requirement.rule {
            Rule::All(_) | Rule::Any(_) | Rule::AtLeast(_) => {
                requirement.children().iter().for_each(|inner| self.witnesses(inner, witness));
            }
            leaf => {
                self.leaf(leaf, witness);
            }
        }
    }

    /// Whether a fact of the milestone's kind sets it.
    fn sets(&self, milestone: &Milestone, fact: &Fact) -> bool {
        match milestone {
            Milestone::Grade(grade) => self.is_grade(grade, fact),
            Milestone::Education(education) => self.is_education(education, fact),
            Milestone::Certificate(code)
            | Milestone::Course(code)
            | Milestone::Exam(code)
            | Milestone::Position(code) => fact.code == *code,
        }
    }

    /// The fact that first reached the milestone, whenever that is.
    pub fn first_of(&self, milestone: &Milestone) -> Option<&'a Fact> {
        self.all_of(milestone).min_by_key(|fact| began(fact))
    }

    fn all_of(&self, milestone: &Milestone) -> impl Iterator<Item = &'a Fact> {
        self.of(milestone.kind()).iter().filter(|fact| self.sets(milestone, fact))
    }

    /// The day from which something counts: at once without a milestone, never without its fact.
    pub fn start(&self, milestone: Option<&Milestone>) -> NaiveDate {
        match milestone {
            None => NaiveDate::MIN,
            Some(milestone) => self.first_of(milestone).map_or(FOREVER, began),
        }
    }

    fn course(&self, course: &Course, witness: &mut impl Witness) -> Truth {
        let mut days = Existence::on(self.on);
        let start = self.start(course.after.as_ref());
        for fact in self.of(Kind::Course) {
            if fact.code == course.code && fact.from >= start {
                days.see(fact, recent(fact, course.within_months), witness);
            }
        }
        days.truth()
    }

    fn class_hours(&self, rule: &ClassHours, witness: &mut impl Witness) -> Truth {
        let mut tally = Tally::on(self.on);
        let start = self.start(rule.after.as_ref());
        let (mut taught, mut online) = (0, 0);
        for fact in self.of(Kind::Course).iter().filter(|fact| self.is_class(rule, start, fact)) {
            if tally.see(fact, recent(fact, rule.within_months), witness) {
                let is_online = fact.level.as_deref() == Some(ONLINE);
                *(if is_online { &mut online } else { &mut taught }) += hundredths(fact.amount);
            }
        }
        let counted = taught + capped(online, taught, rule.online_max_percent);
        tally.truth(counted >= hundredths(Some(rule.min.0)))
    }

    /// Whether a course fact has hours that this rule counts.
    pub fn is_class(&self, rule: &ClassHours, start: NaiveDate, fact: &Fact) -> bool {
        let wanted = rule.courses.is_empty() || rule.courses.contains(&fact.code);
        wanted && fact.from >= start && fact.unit.as_deref().is_none_or(|unit| unit == "h")
    }

    /// Whether an education fact is of the kind and field demanded.
    pub fn is_education(&self, rule: &Education, fact: &Fact) -> bool {
        let place = |code: &str| EDUCATION.iter().position(|&known| known == code);
        let enough = rule.at_least.as_deref().is_none_or(|least| {
            fact.code == least || place(least).is_some_and(|least| place(&fact.code) >= Some(least))
        });
        let listed = rule.one_of.is_empty() || rule.one_of.contains(&fact.code);
        enough && listed && self.is_field(rule, fact.level.as_deref())
    }

    fn is_field(&self, rule: &Education, field: Option<&str>) -> bool {
        if rule.fields.is_empty() {
            return true;
        }
        let Some(field) = field else { return false };
        let same = |others: &[String]| others.iter().any(|other| other == field);
        same(&rule.fields)
            || rule.related && rule.fields.iter().any(|of| same(self.context.related_majors(of)))
    }

    fn education(&self, rule: &Education, witness: &mut impl Witness) -> Truth {
        let mut days = Existence::on(self.on);
        for fact in self.of(Kind::Education) {
            if self.is_education(rule, fact) {
                days.see(fact, Span { from: began(fact), through: FOREVER }, witness);
            }
        }
        days.truth()
    }

    /// Whether work in this occupation counts.
    fn is_occupation(&self, wanted: &[String], related: bool, code: &str) -> bool {
        let same = |others: &[String]| others.iter().any(|other| other == code);
        same(wanted)
            || related && wanted.iter().any(|of| same(self.context.related_occupations(of)))
    }

    /// The days worked in these occupations from `start` on, without absences.
    pub fn worked(&self, occupations: &[String], related: bool, start: NaiveDate) -> Spans {
        let counts = |fact: &&Fact| self.is_occupation(occupations, related, &fact.code);
        let work = self.of(Kind::Employment).iter().filter(counts);
        let work = Spans::merged(work.map(|fact| {
            let span = span_of(fact);
            Span { from: span.from.max(start), ..span }
        }));
        let absences = self.of(Kind::Absence);
        if absences.is_empty() {
            return work;
        }
        let away = absences.iter().filter(|fact| fact.code == ALL_TRADES || counts(fact));
        work.without(&Spans::merged(away.map(span_of)))
    }

    /// The months still demanded on the day, after what substitutes for time.
    pub fn months_demanded(&self, tenure: &Tenure) -> (u32, NaiveDate) {
        let (mut off, mut through) = (0_u32, FOREVER);
        for substitute in &tenure.substitutes {
            let truth = self.truth(&substitute.by);
            through = through.min(truth.through);
            off = off.saturating_add(if truth.met { substitute.months } else { 0 });
        }
        let off = tenure.substitute_max_months.map_or(off, |most| off.min(most));
        (tenure.total_months().saturating_sub(off), through)
    }

    fn tenure(&self, tenure: &Tenure, witness: &mut impl Witness) -> Truth {
        let start = self.start(tenure.after.as_ref());
        let (months, certain) = self.months_demanded(tenure);
        let worked = self.worked(&tenure.occupations, tenure.related, start);
        let done = completed(worked.as_slice(), months, tenure.counting());
        let first = match done {
            Some(day) if day == NaiveDate::MIN && tenure.plus_days == 0 => NaiveDate::MIN,
            Some(day) => days_after(next_day(day), tenure.plus_days),
            None => FOREVER,
        };
        if let Some(fact) = tenure.after.as_ref().and_then(|milestone| self.first_of(milestone)) {
            witness.saw(fact);
        }
        for fact in self.of(Kind::Employment) {
            let counts = self.is_occupation(&tenure.occupations, tenure.related, &fact.code);
            if counts && fact.from < self.on && span_of(fact).through >= start {
                witness.saw(fact);
            }
        }
        let met = first <= self.on && first < FOREVER;
        let change = if met || first == FOREVER { FOREVER } else { day_before(first) };
        Truth { met, through: certain.min(change) }
    }

    fn active(&self, rule: &Active, witness: &mut impl Witness) -> Truth {
        let mut through = FOREVER;
        let mut restored: Option<&Fact> = None;
        for fact in rule.restored_by.iter().flat_map(|milestone| self.all_of(milestone)) {
            if began(fact) > self.on {
                through = through.min(day_before(began(fact)));
            } else if restored.is_none_or(|latest| began(latest) <= began(fact)) {
                restored = Some(fact);
            }
        }
        let Some(restored) = restored else { return Truth { met: false, through } };
        witness.saw(restored);
        match self.too_long_away(rule, began(restored)) {
            Some(day) if day <= self.on => Truth { met: false, through },
            Some(day) => Truth { met: true, through: through.min(day_before(day)) },
            None => Truth { met: true, through },
        }
    }

    /// The first day on which an absence since `start` has become too long.
    fn too_long_away(&self, rule: &Active, start: NaiveDate) -> Option<NaiveDate> {
        let worked = self.worked(&rule.occupations, rule.related, NaiveDate::MIN);
        let mut away_from = start.max(self.work_known_from(rule, start)?);
        for span in worked.as_slice().iter().filter(|span| span.through >= start) {
            let limit = first_day_after_months(away_from, rule.away_months);
            if limit <= span.from {
                return Some(limit);
            }
            away_from = next_day(span.through);
        }
        let limit = first_day_after_months(away_from, rule.away_months);
        (away_from < FOREVER && limit < FOREVER).then_some(limit)
    }

    /// From when on the record tells where somebody worked: since they first worked in the trade,
    /// or since the first work it knows after `start`. Of the time before nothing is known, and
    /// nothing known is not being away: a licence taken over from elsewhere stays valid.
    fn work_known_from(&self, rule: &Active, start: NaiveDate) -> Option<NaiveDate> {
        let tells = |fact: &&Fact| {
            span_of(fact).through >= start
                || self.is_occupation(&rule.occupations, rule.related, &fact.code)
        };
        self.of(Kind::Employment).iter().filter(tells).map(|fact| fact.from).min()
    }

    fn age(&self, age: &Age, witness: &mut impl Witness) -> Truth {
        let mut days = Existence::on(self.on);
        if let Some(birth) = self.of(Kind::Birth).last() {
            let birthday =
                |years: u32| first_day_after_months(birth.from, years.saturating_mul(12));
            let from = age.min.map_or(birth.from, birthday);
            let through =
                age.max.map_or(FOREVER, |max| day_before(birthday(max.saturating_add(1))));
            days.see(birth, Span { from, through }, witness);
        }
        days.truth()
    }

    fn exam(&self, exam: &Exam, witness: &mut impl Witness) -> Truth {
        let (mut all, mut through) = (true, FOREVER);
        let mut mean = Mean::default();
        for part in &exam.parts {
            let mut tally = Tally::on(self.on);
            let result = self.part(exam, part, &mut tally);
            through = through.min(tally.through);
            match result {
                Some((fact, score)) => {
                    witness.saw(fact);
                    mean.add(score, part.weight);
                }
                None => all = false,
            }
        }
        let composite = exam.composite_min.is_none_or(|least| mean.reaches(least));
        Truth { met: all && composite, through }
    }

    /// The attempt that passes a part on the day, with its score.
    pub fn part(&self, exam: &Exam, part: &Part, tally: &mut Tally) -> Option<(&'a Fact, Amount)> {
        let mut result: Option<(&Fact, Amount)> = None;
        for fact in self.of(Kind::Exam) {
            if fact.code != part.code || !self.in_order(exam, part, fact) {
                continue;
            }
            let days = recent(fact, part.valid_months);
            tally.seen(Span { from: fact.from, through: FOREVER });
            if fact.from > self.on {
                continue;
            }
            let failed = fact.level.as_deref() == Some(FAILED);
            let score = fact.amount.filter(|score| !failed && score.reaches(part.min.0));
            let valid = tally.seen(days);
            let passed = score.filter(|_| valid).map(|score| (fact, score));
            result = match exam.counts {
                Counts::Last => passed,
                Counts::Best => better(result, passed),
            };
        }
        result
    }

    /// Whether the part before this one had been passed, and recently enough, when it was sat.
    fn in_order(&self, exam: &Exam, part: &Part, fact: &Fact) -> bool {
        let Some(before) = &part.after else { return true };
        let min = exam.parts.iter().find(|part| part.code == *before).map(|part| part.min.0);
        self.of(Kind::Exam).iter().filter(|earlier| earlier.code == *before).any(|earlier| {
            let passed = min.is_none_or(|min| earlier.amount.is_some_and(|got| got.reaches(min)));
            let days = recent(earlier, part.after_within_months);
            passed && days.contains(fact.from)
        })
    }

    fn exam_wait(&self, wait: &ExamWait, witness: &mut impl Witness) -> Truth {
        let mut tally = Tally::on(self.on);
        let (mut last, mut counted) = (None, 0);
        for fact in self.of(Kind::Exam).iter().filter(|fact| fact.code == wait.exam) {
            if tally.see(fact, recent(fact, wait.within_months), witness) {
                counted += 1;
            }
            if fact.from <= self.on {
                last = Some(fact.from);
            }
        }
        let Some(last) = last else { return tally.truth(true) };
        let again = after_full_days(last, wait.full_days);
        let waited = !tally.seen(Span { from: last, through: day_before(again) });
        let free = wait.max_attempts.is_none_or(|most| counted < most);
        let waived = self.of(Kind::Course).iter().any(|fact| {
            let waives = wait.waived_by_course.as_ref() == Some(&fact.code) && fact.from >= last;
            waives && tally.see(fact, span_of(fact), witness)
        });
        tally.truth(waived || waited && free)
    }

    fn kpi(&self, kpi: &Kpi, witness: &mut impl Witness) -> Truth {
        let (sum, later) = self.kpi_sum(kpi, witness);
        let enough = sum.denominator > 0 && sum.denominator >= kpi.min_n;
        let least = kpi.at_least.is_none_or(|Limit(least)| sum.reaches(least));
        let most = kpi.at_most.is_none_or(|Limit(most)| most.reaches(sum));
        // The window moves with the calendar month, as long as there is anything for it to leave.
        let through = if later { end_of_month(self.on) } else { FOREVER };
        Truth { met: enough && least && most, through }
    }

    /// The figure over the window, and whether a later window would see anything at all.
    pub fn kpi_sum(&self, kpi: &Kpi, witness: &mut impl Witness) -> (Amount, bool) {
        let (from, through) = whole_months_before(self.on, kpi.months);
        let mut sum = Amount { numerator: 0, denominator: 0 };
        let mut later = false;
        for fact in self.of(Kind::Kpi).iter().filter(|fact| fact.code == kpi.metric) {
            let (Some(amount), true) = (fact.amount, fact.from >= from) else { continue };
            later = true;
            if fact.through.unwrap_or_else(|| end_of_month(fact.from)) <= through {
                sum.numerator = sum.numerator.saturating_add(amount.numerator);
                sum.denominator = sum.denominator.saturating_add(amount.denominator);
                witness.saw(fact);
            }
        }
        (sum, later)
    }

    fn incident(&self, rule: &Incident, witness: &mut impl Witness) -> Truth {
        let mut days = Existence::on(self.on);
        for fact in self.of(Kind::Incident) {
            if rule.code.as_ref().is_none_or(|code| *code == fact.code) {
                days.see(fact, since(fact.from, rule.within_months), witness);
            }
        }
        days.truth()
    }

    fn mentoring(&self, rule: &Mentoring, witness: &mut impl Witness) -> Truth {
        let code = rule.code.as_deref();
        self.brought_through(Kind::Mentor, code, rule.within_months, rule.completed, witness)
    }

    /// Whether at least so many apprentices were brought through.
    pub fn has_brought_through(&self, rule: &Mentoring, n: u32) -> bool {
        self.mentoring(&Mentoring { completed: n, ..rule.clone() }, &mut ()).met
    }

    /// Pairings that ended well, from the day they ended.
    fn brought_through(
        &self,
        kind: Kind,
        code: Option<&str>,
        within_months: Option<u32>,
        min: u32,
        witness: &mut impl Witness,
    ) -> Truth {
        let mut tally = Tally::on(self.on);
        let mut count = 0;
        for fact in self.of(kind) {
            let done = fact.level.as_deref() == Some(COMPLETED);
            if done && code.is_none_or(|code| code == fact.code) {
                let ended = fact.through.unwrap_or(fact.from);
                count += u32::from(tally.see(fact, since(ended, within_months), witness));
            }
        }
        tally.truth(count >= min)
    }

    fn logbook(&self, rule: &Logbook, witness: &mut impl Witness) -> Truth {
        let mut tally = Tally::on(self.on);
        let mut count = 0;
        for fact in self.of(Kind::Logbook).iter().filter(|fact| fact.code == rule.task) {
            if tally.see(fact, since(fact.from, rule.within_months), witness) {
                count += fact.amount.map_or(100, |amount| hundredths(Some(amount)));
            }
        }
        tally.truth(count >= i128::from(rule.min) * 100)
    }

    fn skill(&self, rule: &Skill, witness: &mut impl Witness) -> Truth {
        let mut tally = Tally::on(self.on);
        let mut latest = None;
        for fact in self.of(Kind::Skill).iter().filter(|fact| fact.code == rule.code) {
            if tally.seen(span_of(fact)) {
                latest = Some(fact);
            }
        }
        let enough = latest.filter(|fact| skill_level(fact) >= Some(rule.min));
        if let Some(fact) = enough {
            witness.saw(fact);
        }
        tally.truth(enough.is_some())
    }

    fn award(&self, rule: &Award, witness: &mut impl Witness) -> Truth {
        let mut tally = Tally::on(self.on);
        let mut count = 0;
        for fact in self.of(Kind::Award) {
            if rule.code.as_ref().is_none_or(|code| *code == fact.code) {
                let days = since(fact.from, rule.within_months);
                count += u32::from(tally.see(fact, days, witness));
            }
        }
        tally.truth(count >= rule.min)
    }

    fn competition(&self, rule: &Competition, witness: &mut impl Witness) -> Truth {
        let mut days = Existence::on(self.on);
        let start = self.start(rule.after.as_ref());
        for fact in self.of(Kind::Competition) {
            let of_code = rule.code.as_ref().is_none_or(|code| *code == fact.code);
            if of_code && fact.from >= start && is_placed(rule, fact.amount) {
                days.see(fact, since(fact.from, rule.within_months), witness);
            }
        }
        days.truth()
    }
}

impl Tenure {
    /// Which gaps end the count.
    pub fn counting(&self) -> Counting {
        match self.mode {
            Mode::Cumulative => Counting::Cumulative,
            Mode::Continuous => Counting::Continuous { max_gap_days: self.max_gap_days },
        }
    }
}

impl Milestone {
    /// The kind of fact that sets it.
    pub fn kind(&self) -> Kind {
        match self {
            Milestone::Grade(_) => Kind::Grade,
            Milestone::Certificate(_) => Kind::Certificate,
            Milestone::Course(_) => Kind::Course,
            Milestone::Education(_) => Kind::Education,
            Milestone::Exam(_) => Kind::Exam,
            Milestone::Position(_) => Kind::Position,
        }
    }
}

/// Met while at least one span covers the day.
struct Existence {
    on: NaiveDate,
    covered_through: Option<NaiveDate>,
    before_next: NaiveDate,
}

impl Existence {
    fn on(on: NaiveDate) -> Existence {
        Existence { on, covered_through: None, before_next: FOREVER }
    }

    fn count(&mut self, from: NaiveDate, through: NaiveDate) -> bool {
        if from > through {
            return false;
        }
        if self.on < from {
            self.before_next = self.before_next.min(day_before(from));
            return false;
        }
        let covers = self.on <= through;
        if covers {
            self.covered_through = self.covered_through.max(Some(through));
        }
        covers
    }

    fn see(&mut self, fact: &Fact, days: Span, witness: &mut impl Witness) {
        if self.count(days.from, days.through) {
            witness.saw(fact);
        }
    }

    fn truth(&self) -> Truth {
        match self.covered_through {
            Some(through) => Truth { met: true, through },
            None => Truth { met: false, through: self.before_next },
        }
    }
}

/// Counts what lies on the day and remembers when the count may change.
pub struct Tally {
    on: NaiveDate,
    through: NaiveDate,
}

impl Tally {
    pub fn on(on: NaiveDate) -> Tally {
        Tally { on, through: FOREVER }
    }

    /// Whether the span covers the day; its next end becomes a day of change.
    fn seen(&mut self, days: Span) -> bool {
        if days.from > days.through || self.on > days.through {
            return false;
        }
        let begun = self.on >= days.from;
        let change = if begun { days.through } else { day_before(days.from) };
        self.through = self.through.min(change);
        begun
    }

    fn see(&mut self, fact: &Fact, days: Span, witness: &mut impl Witness) -> bool {
        let counts = self.seen(days);
        if counts {
            witness.saw(fact);
        }
        counts
    }

    fn truth(&self, met: bool) -> Truth {
        Truth { met, through: self.through }
    }
}

/// A weighted mean, kept as a fraction.
#[derive(Default)]
struct Mean {
    numerator: i128,
    denominator: Option<i128>,
    weight: i128,
}

impl Mean {
    fn add(&mut self, score: Amount, weight: u32) {
        let below = self.denominator.unwrap_or(1);
        let (n, d) = (i128::from(score.numerator), i128::from(score.denominator));
        let weight = i128::from(weight);
        self.numerator = (self.numerator.saturating_mul(d))
            .saturating_add(n.saturating_mul(weight).saturating_mul(below));
        self.denominator = Some(below.saturating_mul(d));
        self.weight += weight;
    }

    fn reaches(&self, least: Limit) -> bool {
        let below = self.denominator.unwrap_or(1).saturating_mul(self.weight);
        let left = self.numerator.saturating_mul(i128::from(least.0.denominator));
        self.weight > 0 && left >= below.saturating_mul(i128::from(least.0.numerator))
    }
}

/// The days on which a fact holds.
pub fn span_of(fact: &Fact) -> Span {
    Span { from: fact.from, through: fact.through.unwrap_or(FOREVER) }
}

/// The day from which a fact counts: an education with both days counts from the day it ended.
pub fn began(fact: &Fact) -> NaiveDate {
    match fact.kind {
        Kind::Education => fact.through.unwrap_or(fact.from),
        _ => fact.from,
    }
}

/// The days on which a fact holds and is not older than so many months.
pub fn recent(fact: &Fact, within_months: Option<u32>) -> Span {
    let span = span_of(fact);
    let days = since(fact.from, within_months);
    Span { through: span.through.min(days.through), ..span }
}

/// The days on which something of that day is not older than so many months.
pub fn since(day: NaiveDate, within_months: Option<u32>) -> Span {
    let through = within_months.map_or(FOREVER, |months| through_of_months(day, months));
    Span { from: day, through }
}

/// The level of a rating, written as level or as amount.
pub fn skill_level(fact: &Fact) -> Option<u32> {
    let level = fact.level.as_deref().and_then(|level| level.parse().ok());
    level.or_else(|| u32::try_from(fact.amount?.numerator).ok())
}

/// Hours and counts in hundredths, so that halves and quarters add up exactly.
pub fn hundredths(amount: Option<Amount>) -> i128 {
    amount
        .filter(|amount| amount.denominator > 0)
        .map_or(0, |amount| i128::from(amount.numerator) * 100 / i128::from(amount.denominator))
}

/// The online hours that count beside those taught on site.
pub fn capped(online: i128, taught: i128, max_percent: Option<u32>) -> i128 {
    match max_percent.map(i128::from) {
        Some(percent) if percent < 100 => online.min(taught * percent / (100 - percent)),
        _ => online,
    }
}

/// Whether a place, as `3` or `3/40`, is among those a rule names.
pub fn is_placed(rule: &Competition, amount: Option<Amount>) -> bool {
    if rule.top.is_none() && rule.top_percent.is_none() {
        return true;
    }
    let Some(Amount { numerator: place, denominator: of }) = amount else { return false };
    let top = rule.top.is_none_or(|top| place <= top.into());
    let share = rule.top_percent.is_none_or(|percent| {
        of > 1 && i128::from(place) * 100 <= i128::from(of) * i128::from(percent)
    });
    place > 0 && top && share
}

fn better<'a>(
    left: Option<(&'a Fact, Amount)>,
    right: Option<(&'a Fact, Amount)>,
) -> Option<(&'a Fact, Amount)> {
    match (left, right) {
        (Some(left), Some(right)) if left.1.reaches(right.1) => Some(left),
        (left, right) => right.or(left),
    }
}
