//! What a rule demands, as data.
//!
//! A requirement is a small expression over facts: `all`, `any`, `at_least n of`, `none`, and
//! leaves that each look for one kind of fact. It is written in the rule-set files as TOML and
//! kept with every decision as JSON, so this module is the grammar: what it does not know is
//! refused with an explanation, never ignored.
//!
//! ```toml
//! [[path]]
//! code = "L4"
//! requires.any = [
//!     { name = { zh = "持证满年限", en = "grade and years" }, all = [
//!         { grade = { ladder = "cn-auto-mechanic", level = "L5" } },
//!         { tenure = { occupations = ["auto-mechanic"], years = 4, after = { grade = { ladder = "cn-auto-mechanic", level = "L5" } } } },
//!     ] },
//!     { tenure = { occupations = ["auto-mechanic"], related = true, years = 6 } },
//! ]
//! ```
//!
//! `name` names a route, so that a verdict can say which one was used; `note` says something the
//! rule itself cannot. How each leaf is judged stands in [`super::verdict`].

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::fact::Amount;
use crate::i18n::Text;

/// The level of a mentoring or apprenticeship fact that ended well (出师).
pub const COMPLETED: &str = "completed";
/// The level of a course fact for hours taught online.
pub const ONLINE: &str = "online";
/// The code of an absence from every trade.
pub const ALL_TRADES: &str = "all";
/// Education from low to high, as in the history file.
pub const EDUCATION: [&str; 7] = [
    "vocational",
    "senior-technical",
    "college",
    "higher-vocational",
    "bachelor",
    "master",
    "doctor",
];

/// One demand, with the name of its route and a note for the reader.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Requirement {
    pub name: Option<Text>,
    pub note: Option<Text>,
    pub rule: Rule,
}

/// What is demanded.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Every one of them.
    All(Vec<Requirement>),
    /// One of them is enough.
    Any(Vec<Requirement>),
    /// So many of them.
    AtLeast(AtLeast),
    /// Not a single one of them: a veto.
    None(Vec<Requirement>),
    Grade(Grade),
    Certificate(Certificate),
    Course(Course),
    ClassHours(ClassHours),
    Education(Education),
    Tenure(Tenure),
    Active(Active),
    Age(Age),
    Health(Health),
    Exam(Exam),
    ExamWait(ExamWait),
    Kpi(Kpi),
    Incident(Incident),
    Apprenticeship(Apprenticeship),
    Mentoring(Mentoring),
    Logbook(Logbook),
    Skill(Skill),
    Award(Award),
    Competition(Competition),
    Position(Position),
}

/// `at_least = { n = 2, of = [...] }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    pub n: usize,
    pub of: Vec<Requirement>,
}

/// A grade on a ladder, that level or a higher one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    pub ladder: String,
    pub level: String,
    /// Only this level, not a higher one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exact: bool,
    /// Held without interruption for so long.
    #[serde(default, skip_serializing_if = "is_default")]
    pub for_months: u32,
    /// Held on this day already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
}

/// A valid certificate; one deemed held (R09) counts too unless `strictly`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    pub code: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub strictly: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub for_months: u32,
    /// Ever held is enough: an expired one counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ever: bool,
}

/// A completed course.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
    /// Completed on or after the day of this milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Milestone>,
}

/// Class hours over courses, with a cap on what was taught online.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassHours {
    pub min: Limit,
    /// Which courses count; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub courses: Vec<String>,
    /// Online hours count at most up to this share of the hours that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online_max_percent: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Milestone>,
}

/// A finished education.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Education {
    /// This one or a higher one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// Exactly one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// In one of these fields; any field when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Fields the rule sets call related count too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub related: bool,
}

/// Time worked in a trade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenure {
    pub occupations: Vec<String>,
    /// Occupations the rule sets call related count too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub related: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub years: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub months: u32,
    /// So many days more ("one year and one day").
    #[serde(default, skip_serializing_if = "is_default")]
    pub plus_days: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// With `continuous`: the longest gap that does not break it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_gap_days: u32,
    /// Only time worked from this milestone on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Milestone>,
    /// What shortens the time: an education, a training.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<Substitute>,
    /// The most that all substitutes together take off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute_max_months: Option<u32>,
}

impl Tenure {
    /// The time demanded, in months.
    pub fn total_months(&self) -> u32 {
        self.years.saturating_mul(12).saturating_add(self.months)
    }
}

/// Whether gaps break a tenure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    #[default]
    Cumulative,
    Continuous,
}

/// Whoever meets `by` needs so many months less.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    pub by: Requirement,
    pub months: u32,
}

/// Not away from the trade for so long since the milestone that made up for it (R21).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Active {
    pub occupations: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub related: bool,
    /// Away this long is too long.
    pub away_months: u32,
    /// What makes up for an absence; the latest date of any of them counts.
    pub restored_by: Vec<Milestone>,
}

/// Age in full years.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Age {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// A valid health clearance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    pub code: String,
}

/// Passed exam parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exam {
    pub parts: Vec<Part>,
    /// Which attempt at a part counts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub counts: Counts,
    /// The weighted mean of the parts must reach this too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composite_min: Option<Limit>,
}

/// One part of an exam and what passing it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub code: String,
    /// Points out of 100.
    pub min: Limit,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: u32,
    /// A passed part is banked for so long; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_months: Option<u32>,
    /// This part may only be sat once that one is passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// And within so many months of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_within_months: Option<u32>,
}

/// Which of several attempts counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    #[default]
    Last,
    Best,
}

/// Whether an exam may be sat (again) on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExamWait {
    pub exam: String,
    /// Whole days between two attempts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub full_days: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// The attempts counted are those of so many months; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
    /// Completing this course after the last attempt lifts both limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_by_course: Option<String>,
}

/// A KPI over whole calendar months.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kpi {
    pub metric: String,
    /// The last so many whole months before the day.
    pub months: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Limit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Limit>,
    /// The sum of the denominators must reach this, or the figure says nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_n: i64,
}

/// An incident; used inside `none`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
}

/// A completed apprenticeship of one's own (出师).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apprenticeship {
    /// In this trade or ladder; in any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Apprentices brought through to the end (带徒出师).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mentoring {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub completed: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
}

/// Signed-off tasks in the logbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logbook {
    pub task: String,
    pub min: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
}

/// A skill at a level; the latest valid rating counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    pub code: String,
    pub min: u32,
}

/// Awards received.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Award {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub min: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
}

/// A competition result (R26); the fact's amount is the rank, as `3` or `3/40`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Competition {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Among the first so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u32>,
    /// Among the first so many of a hundred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_percent: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_months: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Milestone>,
}

/// A position held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub one_of: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub for_months: u32,
}

/// The day something was first reached, from which other time is counted (R03).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    Grade(Grade),
    /// First certified; deemed certificates have no day of their own and do not count here.
    Certificate(String),
    Course(String),
    Education(Education),
    /// The exam (part) of this code was sat.
    Exam(String),
    Position(String),
}

/// An exact number: `60`, `59.5`, `"37/40"` or `"90%"`, always in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Amount);

impl Limit {
    /// A whole number.
    pub fn whole(number: i64) -> Limit {
        Limit(Amount { numerator: number, denominator: 1 })
    }

    /// Reads a decimal, a fraction or a percentage.
    pub fn parse(word: &str) -> Option<Limit> {
        let word = word.trim();
        if let Some(percent) = word.strip_suffix('%') {
            let Limit(part) = Limit::parse(percent)?;
            return Some(Limit::reduced(part.numerator, part.denominator.checked_mul(100)?));
        }
        if let Some((above, below)) = word.split_once('/') {
            let (above, below) = (above.trim().parse().ok()?, below.trim().parse().ok()?);
            return (below > 0).then(|| Limit::reduced(above, below));
        }
        let (whole, decimals) = word.split_once('.').unwrap_or((word, ""));
        let plain = decimals.len() <= 9 && decimals.bytes().all(|byte| byte.is_ascii_digit());
        let denominator = 10_i64.checked_pow(decimals.len() as u32)?;
        let numerator = format!("{whole}{decimals}").parse().ok()?;
        plain.then(|| Limit::reduced(numerator, denominator))
    }

    fn reduced(numerator: i64, denominator: i64) -> Limit {
        let (mut a, mut b) = (numerator.unsigned_abs(), denominator.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = (a as i64).max(1);
        Limit(Amount { numerator: numerator / divisor, denominator: denominator / divisor })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Amount { numerator, denominator: 1 } => serializer.serialize_i64(numerator),
            Amount { numerator, denominator } => {
                serializer.collect_str(&format_args!("{numerator}/{denominator}"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
        deserializer.deserialize_any(LimitVisitor)
    }
}

struct LimitVisitor;

impl de::Visitor<'_> for LimitVisitor {
    type Value = Limit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a fraction such as \"37/40\" or a percentage such as \"90%\"")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Limit, E> {
        Ok(Limit::whole(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Limit, E> {
        i64::try_from(number).map(Limit::whole).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Limit, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Limit, E> {
        Limit::parse(word).ok_or_else(|| E::invalid_value(de::Unexpected::Str(word), &self))
    }
}

/// Writes the struct a requirement has in files, one optional key for each rule, and both ways
/// between them, from one list: a rule cannot be forgotten in one of the three places.
macro_rules! written {
    ($($key:ident: $shape:ty => $rule:ident),* $(,)?) => {
        /// A requirement as it stands in a file.
        #[derive(Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Written {
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<Text>,
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<Text>,
            $(#[serde(skip_serializing_if = "Option::is_none")] $key: Option<$shape>,)*
        }

        /// The keys a requirement may have.
        const KEYS: &[&str] = &[$(stringify!($key)),*];

        impl TryFrom<Written> for Requirement {
            type Error = String;

            fn try_from(written: Written) -> Result<Requirement, String> {
                let mut rules = Vec::new();
                $(rules.extend(written.$key.map(Rule::$rule));)*
                let count = rules.len();
                match rules.pop() {
                    Some(rule) if count == 1 => {
                        Ok(Requirement { name: written.name, note: written.note, rule })
                    }
                    _ => Err(one_rule(count)),
                }
            }
        }

        impl From<Requirement> for Written {
            fn from(requirement: Requirement) -> Written {
                let Requirement { name, note, rule } = requirement;
                let mut written = Written { name, note, ..Written::default() };
                match rule {
                    $(Rule::$rule(shape) => written.$key = Some(shape),)*
                }
                written
            }
        }
    };
}

written! {
    all: Vec<Requirement> => All,
    any: Vec<Requirement> => Any,
    at_least: AtLeast => AtLeast,
    none: Vec<Requirement> => None,
    grade: Grade => Grade,
    certificate: Certificate => Certificate,
    course: Course => Course,
    class_hours: ClassHours => ClassHours,
    education: Education => Education,
    tenure: Tenure => Tenure,
    active: Active => Active,
    age: Age => Age,
    health: Health => Health,
    exam: Exam => Exam,
    exam_wait: ExamWait => ExamWait,
    kpi: Kpi => Kpi,
    incident: Incident => Incident,
    apprenticeship: Apprenticeship => Apprenticeship,
    mentoring: Mentoring => Mentoring,
    logbook: Logbook => Logbook,
    skill: Skill => Skill,
    award: Award => Award,
    competition: Competition => Competition,
    position: Position => Position,
}

fn one_rule(count: usize) -> String {
    let keys = KEYS.join(", ");
    format!(
        "每条要求必须且只能写一项规则，这里有 {count} 项 / a requirement has exactly one rule, \
         here are {count}; write one of: {keys}"
    )
}

impl From<Rule> for Requirement {
    fn from(rule: Rule) -> Requirement {
        Requirement { name: None, note: None, rule }
    }
}

impl Requirement {
    /// The requirements directly inside this one.
    pub fn children(&self) -> &[Requirement] {
        match &self.rule {
            Rule::All(inner) | Rule::Any(inner) | Rule::None(inner) => inner,
            Rule::AtLeast(at_least) => &at_least.of,
            _ => &[],
        }
    }

    /// Shows every rule in the tree, substitutes included, to a visitor.
    pub fn visit(&self, see: &mut dyn FnMut(&Rule)) {
        see(&self.rule);
        self.children().iter().for_each(|inner| inner.visit(see));
        if let Rule::Tenure(tenure) = &self.rule {
            tenure.substitutes.iter().for_each(|substitute| substitute.by.visit(see));
        }
    }

    /// Lets a visitor change every rule in the tree.
    pub fn visit_mut(&mut self, change: &mut dyn FnMut(&mut Rule)) {
        change(&mut self.rule);
        match &mut self.rule {
            Rule::All(inner) | Rule::Any(inner) | Rule::None(inner) => {
                inner.iter_mut().for_each(|inner| inner.visit_mut(change));
            }
            Rule::AtLeast(at_least) => {
                at_least.of.iter_mut().for_each(|inner| inner.visit_mut(change));
            }
            Rule::Tenure(tenure) => {
                let substitutes = tenure.substitutes.iter_mut();
                substitutes.for_each(|substitute| substitute.by.visit_mut(change));
            }
            _ => {}
        }
    }
}

impl Rule {
    /// The milestones from which this rule counts.
    pub fn milestones(&self) -> &[Milestone] {
        match self {
            Rule::Tenure(tenure) => tenure.after.as_slice(),
            Rule::Course(course) => course.after.as_slice(),
            Rule::ClassHours(hours) => hours.after.as_slice(),
            Rule::Competition(competition) => competition.after.as_slice(),
            Rule::Active(active) => &active.restored_by,
            _ => &[],
        }
    }

    /// The same, to be changed.
    pub fn milestones_mut(&mut self) -> &mut [Milestone] {
        match self {
            Rule::Tenure(tenure) => tenure.after.as_mut_slice(),
            Rule::Course(course) => course.after.as_mut_slice(),
            Rule::ClassHours(hours) => hours.after.as_mut_slice(),
            Rule::Competition(competition) => competition.after.as_mut_slice(),
            Rule::Active(active) => &mut active.restored_by,
            _ => &mut [],
        }
    }
}

fn one() -> u32 {
    1
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
