//! Rule sets: ladders, promotion paths, certifications, exams and jobs as plain files.
//!
//! A rule set is one TOML file. It says where its rules come from, for which jurisdiction and from
//! which day, and whether somebody has read the source: nothing unverified may pass for a fact.
//! What one set defines, others and the command line call `RULESET/NAME`; inside its own file the
//! bare name will do. Ladders, occupations, positions, tasks and metrics are named across all sets,
//! because facts carry their bare codes.
//!
//! [`Programmes`] is everything that was loaded; reading and checking the files is in
//! [`super::reading`].

use std::{collections::BTreeMap, fmt};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize, de};

use super::{
    blueprint::Blueprint,
    context::Context,
    fact::Kind,
    period::{
        MonthDay, days_after, days_before, first_day_after_months, months_after, months_before,
        next_day, through_of_days, through_of_fixed_date, through_of_months,
    },
    requirement::{ExamWait, Limit, Requirement},
    rubric::PracticalPlan,
};
use crate::i18n::Text;

/// Whether somebody read the source of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verified {
    /// Read in the primary text or on the issuing body's own page.
    Primary,
    /// Read in a page that names the scheme.
    Secondary,
    /// Best knowledge only: check before use.
    #[default]
    Unverified,
}

/// One rule-set file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    pub code: String,
    pub version: String,
    pub title: Text,
    pub jurisdiction: String,
    pub effective_from: Option<Day>,
    pub effective_to: Option<Day>,
    pub supersedes: Option<String>,
    pub source: String,
    pub verified: Verified,
    pub notice: Text,
    #[serde(default, rename = "ladder")]
    pub ladders: Vec<Ladder>,
    #[serde(default, rename = "related_occupations")]
    pub related_occupations: Vec<Related>,
    #[serde(default, rename = "related_majors")]
    pub related_majors: Vec<Related>,
    #[serde(default)]
    pub deemed: Vec<Deemed>,
    #[serde(default, rename = "path")]
    pub paths: Vec<Path>,
    #[serde(default, rename = "certification")]
    pub certifications: Vec<Certification>,
    #[serde(default, rename = "exam")]
    pub exams: Vec<ExamPlan>,
    #[serde(default, rename = "task")]
    pub tasks: Vec<Task>,
    #[serde(default, rename = "job")]
    pub jobs: Vec<Job>,
    pub mentoring: Option<MentorRules>,
    #[serde(default, rename = "position")]
    pub positions: Vec<PositionPlan>,
    #[serde(default, rename = "metric")]
    pub metrics: Vec<Metric>,
    #[serde(default, rename = "competition")]
    pub competitions: Vec<CompetitionPlan>,
    #[serde(default, rename = "name")]
    pub names: Vec<Naming>,
}

/// A date in a rule-set file, as a TOML date or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Toml(toml::value::Datetime),
        }
        let word = match Either::deserialize(deserializer)? {
            Either::Text(word) => word,
            Either::Toml(date) => date.to_string(),
        };
        let wrong =
            || de::Error::custom(format!("{word} 不是日期 / is not a date: write 2026-01-31"));
        word.parse().map(Day).map_err(|_| wrong())
    }
}

/// A ladder of grades.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    pub code: String,
    pub title: Text,
    /// `technical` or `management`, where a house has both (R30).
    pub track: Option<String>,
    /// The ladder of the other track.
    pub twin: Option<String>,
    /// Back on this ladder from its twin, a person re-enters at this level unless they held more.
    pub re_entry_level: Option<String>,
    #[serde(default)]
    pub occupations: Vec<String>,
    #[serde(rename = "grade")]
    pub grades: Vec<GradePlan>,
}

impl Ladder {
    /// The grade of a level.
    pub fn grade(&self, level: &str) -> Option<&GradePlan> {
        self.grades.iter().find(|grade| grade.level == level)
    }

    /// The grades from the lowest to the highest.
    pub fn ascending(&self) -> Vec<&GradePlan> {
        let mut grades: Vec<&GradePlan> = self.grades.iter().collect();
        grades.sort_by_key(|grade| grade.rank);
        grades
    }
}

/// One rung. The level is its name in facts; the rank is its order, as Chinese levels descend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradePlan {
    pub level: String,
    pub rank: u32,
    pub name: Text,
    pub note: Option<Text>,
    /// Held by appointment with a term, not by certificate (R25).
    #[serde(default)]
    pub appointed: bool,
}

/// What counts for what: work in `related` counts as work in `code`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    pub code: String,
    pub related: Vec<String>,
}

/// Whoever meets `by` is deemed to hold the certificate (R09).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deemed {
    pub certificate: String,
    pub by: Requirement,
    pub source: Option<String>,
    pub verified: Option<Verified>,
}

/// A promotion path: who may be granted a level of a ladder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    pub code: String,
    pub title: Text,
    pub ladder: String,
    /// The level it leads to.
    pub grants: String,
    /// The level it usually starts from.
    pub from: Option<String>,
    /// The ladder of that level, where it is another one.
    pub from_ladder: Option<String>,
    /// Who may apply.
    pub requires: Requirement,
    /// What must be passed after applying.
    pub assessment: Option<Requirement>,
    /// An appointment for so many months, not a grade for good (R25).
    pub term_months: Option<u32>,
    /// Within its term an appointment is reviewed every so many months.
    pub review_months: Option<u32>,
    /// How many there may be.
    pub quota: Option<Quota>,
    pub duties: Option<Text>,
    pub benefits: Option<Text>,
    pub note: Option<Text>,
    pub source: Option<String>,
    pub verified: Option<Verified>,
}

impl Path {
    /// The last day of a term that begins on a day, where the rules say how long it is.
    pub fn term_through(&self, from: NaiveDate) -> Option<NaiveDate> {
        self.term_months.map(|months| through_of_months(from, months))
    }
}

/// How many may hold an appointed grade at a time (R25), or only who says how many.
///
/// ```toml
/// quota = { max = 3, per = "region" }
/// quota = { zh = "名额由企业规定", en = "Set by the enterprise" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenQuota", into = "WrittenQuota")]
pub struct Quota {
    /// Unknown, when only the note speaks of it: then nothing is refused.
    pub places: Option<Places>,
    pub note: Option<Text>,
}

/// So many places in each part of the tree of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub max: u32,
    pub per: Per,
}

/// In what a quota is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    Site,
    Dealer,
    Region,
    #[default]
    Group,
}

/// A quota as it stands in a file: a text in two languages, or a number with what it is counted in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenQuota {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    en: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per: Option<Per>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Text>,
}

impl TryFrom<WrittenQuota> for Quota {
    type Error = String;

    fn try_from(written: WrittenQuota) -> Result<Quota, String> {
        let wrong = "名额请写 { max = 3, per = \"region\" } 或 { zh = …, en = … } / write a quota as \
                     { max = 3, per = \"region\" } or as { zh = …, en = … }";
        match written {
            WrittenQuota { zh: Some(zh), en: Some(en), max: None, per: None, note: None } => {
                Ok(Quota { places: None, note: Some(Text { zh, en }) })
            }
            WrittenQuota { zh: None, en: None, max: Some(max), per, note } if max > 0 => {
                let places = Places { max, per: per.unwrap_or_default() };
                Ok(Quota { places: Some(places), note })
            }
            _ => Err(wrong.to_owned()),
        }
    }
}

impl From<Quota> for WrittenQuota {
    fn from(Quota { places, note }: Quota) -> WrittenQuota {
        match (places, note) {
            (Some(Places { max, per }), note) => {
                WrittenQuota { zh: None, en: None, max: Some(max), per: Some(per), note }
            }
            (None, note) => {
                let Text { zh, en } = note.unwrap_or_default();
                WrittenQuota { zh: Some(zh), en: Some(en), max: None, per: None, note: None }
            }
        }
    }
}

/// A class of competitions and whom its results raise (R26). A result is a fact whose code is
/// `RULESET/NAME`, whose amount is the place, as `3` or `3/40`, and whose level a medal or a group.
///
/// ```toml
/// [[competition]]
/// code = "class-1"
/// ladder = "cn-auto-mechanic"
/// yearly_limit = 1
/// raise = [
///     { top = 10, to = "L2", then = "L1" },
///     { levels = ["student"], top = 10, to = "L3" },
/// ]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompetitionPlan {
    pub code: String,
    pub title: Text,
    /// The ladder on which it raises.
    pub ladder: String,
    /// One person is raised at most so many times by results of one calendar year, over all
    /// competitions of the rule set.
    pub yearly_limit: Option<u32>,
    #[serde(rename = "raise")]
    pub raises: Vec<Raise>,
    pub note: Option<Text>,
    pub source: Option<String>,
    pub verified: Option<Verified>,
}

/// Which result raises to which level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// Results with one of these words as their level; those without any, when empty.
    #[serde(default)]
    pub levels: Vec<String>,
    /// Among the first so many.
    pub top: Option<u32>,
    /// Among the first so many of a hundred.
    pub top_percent: Option<u32>,
    pub to: String,
    /// Whoever holds that level already is raised to this one.
    pub then: Option<String>,
}

/// A certification and its life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certification {
    pub code: String,
    pub title: Text,
    /// First issue.
    pub requires: Requirement,
    /// The ways of renewing it; which of them is open depends on the day and on how often it has
    /// been renewed.
    #[serde(default, rename = "renewal")]
    pub renewals: Vec<Renewal>,
    #[serde(default)]
    pub validity: Validity,
    pub review: Option<Review>,
    /// While this is not met, the certificate is suspended, not expired (R21, R24).
    pub suspended_unless: Option<Requirement>,
    /// Trainees who may do its work under supervision (R10).
    pub exemption: Option<Exemption>,
    /// What newer versions mean for certificates issued before them, one after the other: a later
    /// version changes nothing about what an earlier one asked of those it found.
    #[serde(
        default,
        rename = "transition",
        deserialize_with = "one_or_several",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub transitions: Vec<Transition>,
    #[serde(default)]
    pub issue: Issue,
    /// Such as `SF-{year}-{serial:6}`.
    pub number: Option<String>,
    pub note: Option<Text>,
    pub source: Option<String>,
    pub verified: Option<Verified>,
}

impl Certification {
    /// Whether anything is demanded of whoever holds it.
    pub fn binds_holders(&self) -> bool {
        self.suspended_unless.is_some() || self.review.is_some() || !self.transitions.is_empty()
    }

    /// The ways of the n-th renewal, counted from 1.
    pub fn ways(&self, nth: u32) -> impl Iterator<Item = &Renewal> {
        self.renewals.iter().filter(move |way| way.is_for(nth))
    }

    fn requirements_mut(&mut self) -> Vec<&mut Requirement> {
        let mut all = vec![&mut self.requires];
        all.extend(self.renewals.iter_mut().map(|renewal| &mut renewal.requires));
        all.extend(&mut self.suspended_unless);
        if let Some(exemption) = &mut self.exemption {
            all.extend(&mut exemption.trainee);
            all.extend(&mut exemption.supervisor);
        }
        all.extend(self.review.iter_mut().flat_map(Review::demands_mut));
        all.extend(self.transitions.iter_mut().flat_map(Transition::requirements_mut));
        all
    }

    /// What may bring it: the first issue and every way of renewing it.
    pub fn demands(&self) -> impl Iterator<Item = &Requirement> {
        std::iter::once(&self.requires).chain(self.renewals.iter().map(|one| &one.requires))
    }
}

/// How a certificate comes about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issue {
    /// As soon as its requirement is met.
    Auto,
    /// Somebody decides.
    #[default]
    ByDecision,
    /// Another body issues it; shifu only records it.
    Elsewhere,
}

/// One way of renewing a certificate (R22, R23).
///
/// ```toml
/// [[certification.renewal]]   # the 1st, 3rd, 5th … renewal: a delta course
/// nth = [1]
/// of = 2
/// window_days = 90
/// requires.course.code = "hv-delta"
///
/// [[certification.renewal]]   # too late for that: an exam, for a year
/// late = true
/// grace_months = 12
/// requires.exam.parts = [{ code = "hv", min = 80 }]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// What readers call this way.
    pub title: Option<Text>,
    pub requires: Requirement,
    /// For which renewals it is, counted from 1; for all when empty.
    #[serde(default)]
    pub nth: Vec<u32>,
    /// With `nth`: counted within every round of so many renewals.
    pub of: Option<u32>,
    /// From so many days before the expiry.
    #[serde(default)]
    pub window_days: u32,
    /// Or from so many months before it.
    #[serde(default)]
    pub window_months: u32,
    /// Until so many days after it; after the last way closes it is a first issue again.
    #[serde(default)]
    pub grace_days: u32,
    /// Or until so many months after it.
    #[serde(default)]
    pub grace_months: u32,
    /// Only after the expiry: a rung of the late-renewal ladder.
    #[serde(default)]
    pub late: bool,
    /// From which day the new validity is counted.
    #[serde(default)]
    pub base: Base,
    /// Where a renewed certificate is valid for another time than a first one.
    pub validity: Option<Validity>,
    /// The running certificate is extended by so many months; none is issued (R22).
    pub extends_months: Option<u32>,
    pub note: Option<Text>,
    pub source: Option<String>,
    pub verified: Option<Verified>,
}

impl Renewal {
    /// Whether it is a way of the n-th renewal, counted from 1.
    pub fn is_for(&self, nth: u32) -> bool {
        let place = self.of.filter(|of| *of > 0).map_or(nth, |of| (nth.max(1) - 1) % of + 1);
        self.nth.is_empty() || self.nth.contains(&place)
    }

    /// From when to when this way is open for a certificate that ends on `through`.
    pub fn window(&self, through: NaiveDate) -> (NaiveDate, NaiveDate) {
        let opens = if self.late {
            next_day(through)
        } else {
            days_before(months_before(through, self.window_months), self.window_days)
        };
        (opens, days_after(months_after(through, self.grace_months), self.grace_days))
    }
}

/// From which day the validity of a renewed certificate is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// From the day after the previous expiry; from completion when that is later.
    #[default]
    PreviousExpiry,
    /// From completion, though days of the old validity are lost.
    Completion,
    /// From the day after the previous expiry, even when it is renewed late.
    Cycle,
}

/// A trainee may do the work of a certificate, supervised by somebody named who holds it (R10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// For so many months in all.
    pub months: u32,
    /// What the trainee must meet, such as being in an apprenticeship; nothing when absent.
    pub trainee: Option<Requirement>,
    /// What the supervisor must meet; holding the certificate when absent.
    pub supervisor: Option<Requirement>,
    /// What the rule itself cannot say, such as where the trainee must be enrolled.
    pub note: Option<Text>,
}

/// What a newer version of the rules means for certificates that began before it.
///
/// ```toml
/// [[certification.transition]]   # one alone may be a table: transition = { … }
/// from = 2026-12-01
/// holders = "from-date"
/// requires.exam.parts = [{ code = "hv", min = 80 }]   # what that version asked
///
/// [[certification.transition]]
/// from = 2027-12-01
/// holders = { grace = { days = 90 } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Certificates that begin on this day or later are under the newer version.
    pub from: Day,
    pub holders: Holders,
    /// Whether only what is demanded while it is held has changed (a review, what suspends it):
    /// then nobody shows again what they have shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holding_only: bool,
    /// What the newer version asks of them; what the certification requires now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires: Option<Requirement>,
    /// What the version before demanded of holders: it goes on binding them until the newer does.
    pub before: Option<Before>,
}

impl Transition {
    /// From which day on earlier holders must have met the newer requirement; never, when they
    /// keep what they have until it ends.
    pub fn binds_from(&self) -> Option<NaiveDate> {
        match self.holders {
            Holders::FromDate => Some(self.from.0),
            Holders::Grandfather => None,
            Holders::Grace { days } => Some(days_after(self.from.0, days)),
        }
    }

    /// What earlier holders must have met.
    pub fn asks<'a>(&'a self, plan: &'a Certification) -> &'a Requirement {
        self.requires.as_ref().unwrap_or(&plan.requires)
    }

    fn requirements_mut(&mut self) -> impl Iterator<Item = &mut Requirement> {
        let before = self.before.iter_mut().flat_map(|before| {
            let reviews = before.review.iter_mut().flat_map(Review::demands_mut);
            before.suspended_unless.iter_mut().chain(reviews)
        });
        self.requires.iter_mut().chain(before)
    }

    /// Every requirement it names.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        let before = self.before.iter().flat_map(|before| {
            let reviews = before.review.iter().flat_map(Review::demands);
            before.suspended_unless.iter().chain(reviews)
        });
        self.requires.iter().chain(before)
    }
}

/// Reads one table or several, into the order of their days.
fn one_or_several<'de, D: de::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Transition>, D::Error> {
    struct OneOrSeveral;

    impl<'de> de::Visitor<'de> for OneOrSeveral {
        type Value = Vec<Transition>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a transition such as { from = 2026-12-01, holders = \"from-date\" }, or several of them")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            let one = Transition::deserialize(de::value::MapAccessDeserializer::new(map))?;
            Ok(vec![one])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            let mut all: Vec<Transition> =
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq))?;
            all.sort_by_key(|one| one.from);
            Ok(all)
        }
    }

    deserializer.deserialize_any(OneOrSeveral)
}

/// The demands on holders of the version before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    pub suspended_unless: Option<Requirement>,
    pub review: Option<Review>,
}

/// How earlier holders are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holders {
    /// The newer conditions bind them from the first day.
    FromDate,
    /// They keep what they have until it ends, and renew by the newer version.
    Grandfather,
    /// The newer conditions bind them after so many days.
    Grace { days: u32 },
}

/// How long a certificate is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Validity {
    /// It does not expire.
    #[default]
    None,
    Months(u32),
    Days(u32),
    Fixed(FixedDate),
}

impl Validity {
    /// The last valid day of a certificate issued on a day; none when it does not expire.
    pub fn through(self, from: NaiveDate) -> Option<NaiveDate> {
        match self {
            Validity::None => None,
            Validity::Months(n) => Some(through_of_months(from, n)),
            Validity::Days(n) => Some(through_of_days(from, n)),
            Validity::Fixed(fixed) => {
                let FixedDate { ends: Ends(ends), months, min_active_months } = fixed;
                Some(through_of_fixed_date(from, ends, months, min_active_months))
            }
        }
    }
}

/// Always ending on the same day of the year.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedDate {
    /// `mm-dd`.
    pub ends: Ends,
    /// The last such day within so many months.
    #[serde(default = "twelve")]
    pub months: u32,
    /// The next one, when less than this would be left.
    #[serde(default)]
    pub min_active_months: u32,
}

/// A day of the year as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ends(pub MonthDay);

impl TryFrom<String> for Ends {
    type Error = String;

    fn try_from(word: String) -> Result<Ends, String> {
        let wrong = || format!("{word} 不是月日 / is not a day of the year: write 12-31");
        MonthDay::parse(&word).map(Ends).ok_or_else(wrong)
    }
}

impl From<Ends> for String {
    fn from(Ends(day): Ends) -> String {
        format!("{:02}-{:02}", day.month, day.day)
    }
}

fn twelve() -> u32 {
    12
}

/// A review inside the validity (R19).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Every so many months.
    pub months: u32,
    /// It may be done from so many days before it is due.
    #[serde(default)]
    pub window_days: u32,
    pub requires: Option<Requirement>,
    /// Who is reviewed less often (R20).
    pub longer: Option<LongerReview>,
}

/// A longer interval for those who meet a requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongerReview {
    pub months: u32,
    pub requires: Requirement,
}

/// When a review falls due and from when it may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewDay {
    pub opens: NaiveDate,
    pub due: NaiveDate,
}

impl Review {
    /// What it asks, and of whom it asks it less often.
    pub fn demands(&self) -> impl Iterator<Item = &Requirement> {
        let longer = self.longer.as_ref().map(|longer| &longer.requires);
        self.requires.iter().chain(longer)
    }

    fn demands_mut(&mut self) -> impl Iterator<Item = &mut Requirement> {
        let longer = self.longer.as_mut().map(|longer| &mut longer.requires);
        self.requires.iter_mut().chain(longer)
    }

    /// The reviews within the validity of a certificate; none falls on or after its last day.
    pub fn days(
        &self,
        from: NaiveDate,
        through: Option<NaiveDate>,
        longer: bool,
    ) -> Vec<ReviewDay> {
        let longer = self.longer.as_ref().filter(|_| longer).map(|longer| longer.months);
        let every = longer.unwrap_or(self.months).max(1);
        let limit = through.unwrap_or_else(|| first_day_after_months(from, 1200));
        (1..)
            .map(|n| through_of_months(from, every * n))
            .take_while(|due| *due < limit)
            .map(|due| ReviewDay { opens: days_before(due, self.window_days), due })
            .collect()
    }
}

/// An exam as planned; the banks it draws from are files of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExamPlan {
    pub code: String,
    pub title: Text,
    /// The question bank; none for a practical that is only recorded.
    pub bank: Option<String>,
    pub minutes: Option<u32>,
    /// Points out of 100.
    #[serde(default = "sixty")]
    pub pass: Limit,
    /// When candidates learn their result; a sitting may say otherwise.
    #[serde(default)]
    pub release: Release,
    /// So many days after its release a result may be appealed; fifteen when absent.
    pub appeal_days: Option<u32>,
    #[serde(default)]
    pub draw: Vec<Draw>,
    /// A table of specifications, instead of `draw`.
    pub blueprint: Option<Blueprint>,
    /// Whole days between two attempts.
    #[serde(default)]
    pub wait_full_days: u32,
    pub max_attempts: Option<u32>,
    /// The code of the fact it writes, where that is not `RULESET/CODE`.
    pub part: Option<String>,
    /// Only its result is recorded.
    #[serde(default)]
    pub recorded: bool,
    /// Whether it is sat in a planned sitting only: `sitting = "required"`.
    #[serde(default)]
    pub sitting: SittingRule,
    /// What must be met before it may be sat, besides the wait (theory before practical, say).
    pub requires: Option<Requirement>,
    /// A practical exam, or a review by a panel, judged here.
    pub practical: Option<PracticalPlan>,
    pub note: Option<Text>,
    pub source: Option<String>,
    pub verified: Option<Verified>,
}

/// Whether an exam needs a planned sitting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SittingRule {
    /// Anybody whose turn it is starts it alone; a sitting may be planned all the same.
    #[default]
    Optional,
    /// Nobody starts it but in a sitting they are registered for.
    Required,
}

/// When the results of an exam become known, and what follows from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Release {
    /// As soon as everything is marked.
    #[default]
    AtOnce,
    /// When an examiner or HR says so.
    ByDecision,
}

fn sixty() -> Limit {
    Limit::whole(60)
}

/// So many questions from one area of the bank; from the whole bank when no area is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    pub area: Option<String>,
    pub count: u32,
}

/// A task of the logbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub code: String,
    pub title: Text,
    pub ladder: Option<String>,
    pub occupation: Option<String>,
}

/// A job that may only be given to somebody who meets a requirement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    pub code: String,
    pub title: Text,
    pub requires: Requirement,
    /// What the second person, who must be another one, has to meet (R28).
    pub guardian: Option<Requirement>,
    pub note: Option<Text>,
}

/// Who may mentor whom, and how many (R27).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MentorRules {
    pub ladder: String,
    /// The least level of a mentor.
    pub min_level: Option<String>,
    /// How many ranks the mentor stands above the apprentice at least.
    #[serde(default)]
    pub min_gap: u32,
    /// How many apprentices at a time.
    pub max_active: Option<u32>,
    pub term_min_months: Option<u32>,
    pub term_max_months: Option<u32>,
    /// Either side may withdraw within so many days.
    pub objection_days: Option<u32>,
    /// A former mentor may not examine for so many months.
    pub look_back_months: Option<u32>,
    pub verified: Option<Verified>,
    pub source: Option<String>,
}

/// A position in the house and what people call it in staff lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionPlan {
    pub code: String,
    pub title: Text,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub occupation: Option<String>,
    pub track: Option<String>,
}

/// A KPI.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    pub code: String,
    pub title: Text,
    pub direction: Direction,
    pub unit: String,
    pub note: Option<Text>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    HigherIsBetter,
    LowerIsBetter,
}

/// What readers call a code that nothing else defines: an occupation, a health clearance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    pub kind: Kind,
    pub code: String,
    pub name: Text,
}

impl RuleSet {
    /// A path by its bare code.
    pub fn path(&self, code: &str) -> Option<&Path> {
        self.paths.iter().find(|path| path.code == code)
    }

    /// A certification by its bare code.
    pub fn certification(&self, code: &str) -> Option<&Certification> {
        self.certifications.iter().find(|certification| certification.code == code)
    }

    /// An exam by its bare code.
    pub fn exam(&self, code: &str) -> Option<&ExamPlan> {
        self.exams.iter().find(|exam| exam.code == code)
    }

    /// A competition by its bare code.
    pub fn competition(&self, code: &str) -> Option<&CompetitionPlan> {
        self.competitions.iter().find(|competition| competition.code == code)
    }

    /// A job by its bare code.
    pub fn job(&self, code: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.code == code)
    }

    /// How the rest of the world calls something this set defines.
    pub fn qualified(&self, code: &str) -> String {
        format!("{}/{code}", self.code)
    }

    /// Whether the rules apply on a day.
    pub fn applies(&self, on: NaiveDate) -> bool {
        self.effective_from.is_none_or(|Day(from)| from <= on)
            && self.effective_to.is_none_or(|Day(to)| on <= to)
    }

    /// Every requirement of the set, to be changed or walked through.
    pub fn requirements_mut(&mut self) -> Vec<&mut Requirement> {
        self.owned_requirements_mut().into_iter().map(|(_, requirement)| requirement).collect()
    }

    /// The same, each with the bare code of what asks it.
    pub fn owned_requirements_mut(&mut self) -> Vec<(String, &mut Requirement)> {
        let mut all: Vec<(String, &mut Requirement)> = Vec::new();
        for deemed in &mut self.deemed {
            all.push((deemed.certificate.clone(), &mut deemed.by));
        }
        for path in &mut self.paths {
            let asked = std::iter::once(&mut path.requires).chain(&mut path.assessment);
            all.extend(asked.map(|one| (path.code.clone(), one)));
        }
        for certification in &mut self.certifications {
            let code = certification.code.clone();
            let asked = certification.requirements_mut().into_iter();
            all.extend(asked.map(|one| (code.clone(), one)));
        }
        for exam in &mut self.exams {
            let practical = exam.practical.iter_mut().flat_map(PracticalPlan::requirements_mut);
            let asked = exam.requires.iter_mut().chain(practical);
            all.extend(asked.map(|one| (exam.code.clone(), one)));
        }
        for job in &mut self.jobs {
            let asked = std::iter::once(&mut job.requires).chain(&mut job.guardian);
            all.extend(asked.map(|one| (job.code.clone(), one)));
        }
        all
    }
}

impl ExamPlan {
    /// When this exam may be sat again.
    pub fn wait(&self, set: &RuleSet) -> ExamWait {
        ExamWait {
            exam: self.fact_code(set),
            full_days: self.wait_full_days,
            max_attempts: self.max_attempts,
            within_months: None,
            waived_by_course: None,
        }
    }
}

/// All loaded rule sets, and the context they make.
#[derive(Clone, Debug, Default)]
pub struct Programmes {
    sets: BTreeMap<String, RuleSet>,
    context: Context,
}

impl Programmes {
    /// Takes sets whose references are resolved and checked.
    pub(super) fn of_checked(sets: BTreeMap<String, RuleSet>) -> Programmes {
        let mut context = Context::default();
        EDUCATIONS.iter().for_each(|(code, zh, en)| {
            context.set_name(Kind::Education, *code, Text::new(*zh, *en));
        });
        sets.values().for_each(|set| set.describe(&mut context));
        Programmes { sets, context }
    }

    /// All rule sets, by code.
    pub fn sets(&self) -> impl Iterator<Item = &RuleSet> {
        self.sets.values()
    }

    /// One rule set.
    pub fn set(&self, code: &str) -> Option<&RuleSet> {
        self.sets.get(code)
    }

    /// What judging needs.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// To name what rule sets do not define, such as courses.
    pub fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// A promotion path by `RULESET/NAME`, with its rule set.
    pub fn path(&self, code: &str) -> Option<(&RuleSet, &Path)> {
        self.find(code, RuleSet::path)
    }

    /// A certification by `RULESET/NAME`, with its rule set.
    pub fn certification(&self, code: &str) -> Option<(&RuleSet, &Certification)> {
        self.find(code, RuleSet::certification)
    }

    /// An exam by `RULESET/NAME`, with its rule set.
    pub fn exam(&self, code: &str) -> Option<(&RuleSet, &ExamPlan)> {
        self.find(code, RuleSet::exam)
    }

    /// A competition by `RULESET/NAME`, with its rule set.
    pub fn competition(&self, code: &str) -> Option<(&RuleSet, &CompetitionPlan)> {
        self.find(code, RuleSet::competition)
    }

    /// A job by `RULESET/NAME`, with its rule set.
    pub fn job(&self, code: &str) -> Option<(&RuleSet, &Job)> {
        self.find(code, RuleSet::job)
    }

    /// A ladder by its code, or by `RULESET/CODE`.
    pub fn ladder(&self, code: &str) -> Option<&Ladder> {
        let bare = code.rsplit('/').next().unwrap_or(code);
        self.context.ladder(bare)
    }

    /// A position by its code, title or alias in either language.
    pub fn position(&self, word: &str) -> Option<&PositionPlan> {
        let word = word.trim().to_lowercase();
        let is = |name: &String| name.to_lowercase() == word;
        self.sets().flat_map(|set| &set.positions).find(|position| {
            let PositionPlan { code, title, aliases, .. } = position;
            is(code) || is(&title.zh) || is(&title.en) || aliases.iter().any(is)
        })
    }

    /// A KPI by its code.
    pub fn metric(&self, code: &str) -> Option<&Metric> {
        self.sets().flat_map(|set| &set.metrics).find(|metric| metric.code == code)
    }

    /// A logbook task by its code.
    pub fn task(&self, code: &str) -> Option<&Task> {
        self.sets().flat_map(|set| &set.tasks).find(|task| task.code == code)
    }

    fn find<'a, T>(
        &'a self,
        code: &str,
        inside: impl Fn(&'a RuleSet, &str) -> Option<&'a T>,
    ) -> Option<(&'a RuleSet, &'a T)> {
        let (set, name) = code.split_once('/')?;
        let set = self.sets.get(set)?;
        inside(set, name).map(|found| (set, found))
    }
}

const EDUCATIONS: [(&str, &str, &str); 7] = [
    ("vocational", "中等职业学校（技工学校）", "vocational school"),
    ("senior-technical", "高级技工学校（技师学院）", "senior technical school"),
    ("college", "大专", "college"),
    // Its diploma is of the level of a college; some routes are open to it alone.
    ("higher-vocational", "高等职业学校（高职）", "higher vocational college"),
    ("bachelor", "本科", "bachelor"),
    ("master", "硕士", "master"),
    ("doctor", "博士", "doctor"),
];

impl RuleSet {
    /// Adds what the set defines to the context.
    fn describe(&self, context: &mut Context) {
        for ladder in &self.ladders {
            context.set_name(Kind::Grade, &ladder.code, ladder.title.clone());
            context.add_ladder(ladder.clone());
        }
        for Related { code, related } in &self.related_occupations {
            context.relate_occupations(code, related);
        }
        for Related { code, related } in &self.related_majors {
            context.relate_majors(code, related);
        }
        for deemed in &self.deemed {
            context.deem(&deemed.certificate, deemed.by.clone());
        }
        for one in &self.certifications {
            context.certify(self.qualified(&one.code), one.clone());
        }
        self.describe_names(context);
    }

    fn describe_names(&self, context: &mut Context) {
        for one in &self.certifications {
            context.set_name(Kind::Certificate, self.qualified(&one.code), one.title.clone());
        }
        for one in &self.competitions {
            context.set_name(Kind::Competition, self.qualified(&one.code), one.title.clone());
        }
        for exam in &self.exams {
            let code = exam.part.clone().unwrap_or_else(|| self.qualified(&exam.code));
            context.set_name(Kind::Exam, code, exam.title.clone());
        }
        for task in &self.tasks {
            context.set_name(Kind::Logbook, &task.code, task.title.clone());
        }
        for position in &self.positions {
            context.set_name(Kind::Position, &position.code, position.title.clone());
        }
        for metric in &self.metrics {
            context.set_name(Kind::Kpi, &metric.code, metric.title.clone());
        }
        for Naming { kind, code, name } in &self.names {
            context.set_name(*kind, code, name.clone());
        }
    }
}
