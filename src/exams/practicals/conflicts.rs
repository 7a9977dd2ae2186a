//! Whether somebody may examine a candidate (R17, R18): pure, one line a rule.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::Relation;
use crate::{
    i18n::{self, Lang, Text},
    record::{
        period::months_before,
        rubric::{ConflictPolicy, Severity},
        verdict::Line,
    },
    text,
};

/// How long ties of mentoring and teaching count where no rule set says it.
pub const LOOK_BACK_MONTHS: u32 = 24;

/// What one rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    Clear,
    /// Told, but nothing stands in the way.
    Warned,
    /// Only with a reason and a second person.
    Blocked,
    /// Never.
    Barred,
}

/// One line of what was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub finding: Finding,
    pub text: Text,
}

impl Check {
    fn new(finding: Finding, text: Text) -> Check {
        Check { finding, text }
    }
}

/// A time of mentoring between the two, either way round.
#[derive(Clone, Copy, Debug)]
pub struct Mentored {
    pub ended_on: Option<NaiveDate>,
}

/// What the record and the declarations say about an examiner and a candidate.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    pub oneself: bool,
    pub mentored: Vec<Mentored>,
    /// Days on which the examiner taught the candidate: a course confirmed, logbook work signed.
    pub taught: Vec<NaiveDate>,
    pub declared: Vec<Relation>,
    pub same_site: bool,
    /// One reports to the other today.
    pub reports: bool,
    /// The role of an examiner, reaching the candidate or the place of the exam, on the day.
    pub holds_role: bool,
    pub works: bool,
    /// The verdict on the examiner's own record, where the plan asks for something.
    pub qualified: Option<Line>,
}

/// Everything that was looked at, in a fixed order: those that stand in the way and those that do
/// not.
pub fn judge(
    policy: &ConflictPolicy,
    look_back: u32,
    ties: &Ties,
    held_on: NaiveDate,
) -> Vec<Check> {
    let mut checks = vec![oneself(ties), role(ties)];
    checks.extend(ties.qualified.as_ref().map(qualified));
    checks.push(mentored(ties, look_back, held_on));
    checks.push(taught(ties, look_back, held_on));
    checks.push(kin(ties));
    checks.extend(set(
        policy.declared,
        declared(ties),
        text!("没有申报其他利害关系", "No other tie is declared"),
    ));
    checks.extend(set(
        policy.same_site,
        same_site(ties),
        text!("从未在同一门店工作", "Never worked at the same site"),
    ));
    checks.extend(set(
        policy.manager,
        manager(ties),
        text!("没有上下级关系", "Neither reports to the other"),
    ));
    checks
}

/// The heaviest finding.
pub fn worst(checks: &[Check]) -> Finding {
    checks.iter().map(|check| check.finding).max().unwrap_or(Finding::Clear)
}

/// What stands in the way, for a refusal.
pub fn reasons(checks: &[Check]) -> Vec<Text> {
    let serious = checks.iter().filter(|check| check.finding >= Finding::Blocked);
    serious.map(|check| check.text.clone()).collect()
}

fn oneself(ties: &Ties) -> Check {
    match ties.oneself {
        true => Check::new(Finding::Barred, text!("不能考评自己", "Nobody examines themselves")),
        false => Check::new(Finding::Clear, text!("不是考生本人", "Not the candidate")),
    }
}

fn role(ties: &Ties) -> Check {
    match (ties.holds_role, ties.works) {
        (true, true) => Check::new(
            Finding::Clear,
            text!("考试当天在岗，有考评员角色", "Works here and is an examiner on the day"),
        ),
        (false, _) => Check::new(
            Finding::Barred,
            text!(
                "考试当天没有覆盖该考生的考评员角色",
                "No examiner’s role that reaches this candidate on the day"
            ),
        ),
        (_, false) => {
            Check::new(Finding::Barred, text!("考试当天已不在岗", "Does not work here on the day"))
        }
    }
}

fn qualified(line: &Line) -> Check {
    match &line.missing {
        None => {
            Check::new(Finding::Clear, text!("本人资格有效", "Their own qualification is valid"))
        }
        Some(missing) => {
            let (zh, en) = (&missing.zh, &missing.en);
            Check::new(
                Finding::Barred,
                text!(
                    "本人资格不符合考评要求：{zh}",
                    "Their own qualification does not suffice: {en}"
                ),
            )
        }
    }
}

fn mentored(ties: &Ties, look_back: u32, held_on: NaiveDate) -> Check {
    let first = months_before(held_on, look_back);
    let counts = |one: &&Mentored| one.ended_on.is_none_or(|ended| ended >= first);
    let within = ties
        .mentored
        .iter()
        .filter(counts)
        .max_by_key(|one| one.ended_on.unwrap_or(NaiveDate::MAX));
    match within {
        None => Check::new(
            Finding::Clear,
            text!(
                "{look_back} 个月内没有师徒关系",
                "No mentoring between them within {look_back} months"
            ),
        ),
        Some(Mentored { ended_on: None }) => {
            Check::new(Finding::Blocked, text!("现为师徒", "They are mentor and apprentice"))
        }
        Some(Mentored { ended_on: Some(ended) }) => {
            let (zh, en) = both(*ended);
            Check::new(
                Finding::Blocked,
                text!(
                    "曾为师徒，{zh} 结束，未满 {look_back} 个月",
                    "They were mentor and apprentice until {en}, less than {look_back} months ago"
                ),
            )
        }
    }
}

fn taught(ties: &Ties, look_back: u32, held_on: NaiveDate) -> Check {
    let first = months_before(held_on, look_back);
    let latest = ties.taught.iter().filter(|day| **day >= first).max();
    if ties.declared.contains(&Relation::Taught) {
        return Check::new(
            Finding::Blocked,
            text!(
                "已申报：给考生上过考前课程",
                "Declared: taught the candidate the preparatory course"
            ),
        );
    }
    match latest {
        None => Check::new(
            Finding::Clear,
            text!(
                "没有给考生授课或签认实操的记录",
                "No record of teaching the candidate or signing their work"
            ),
        ),
        Some(day) => {
            let (zh, en) = both(*day);
            Check::new(
                Finding::Blocked,
                text!(
                    "{zh} 给考生授课或签认过实操",
                    "Taught the candidate or signed their work on {en}"
                ),
            )
        }
    }
}

fn kin(ties: &Ties) -> Check {
    match ties.declared.contains(&Relation::Kin) {
        true => Check::new(Finding::Blocked, text!("已申报亲属关系", "Declared: relatives")),
        false => Check::new(Finding::Clear, text!("没有申报亲属关系", "No kinship is declared")),
    }
}

fn declared(ties: &Ties) -> Option<Text> {
    let other = |one: &&Relation| !matches!(one, Relation::Kin | Relation::Taught);
    let titles: Vec<Text> = ties.declared.iter().filter(other).map(|one| one.title()).collect();
    let Text { zh, en } = Text::list(&titles);
    (!titles.is_empty()).then(|| text!("已申报：{zh}", "Declared: {en}"))
}

fn same_site(ties: &Ties) -> Option<Text> {
    ties.same_site
        .then(|| text!("现在或曾经在同一门店工作", "They work or worked at the same site"))
}

fn manager(ties: &Ties) -> Option<Text> {
    ties.reports.then(|| text!("有上下级关系", "One of them reports to the other"))
}

/// A tie that the house weighs as it wants; a switched-off one is not looked at.
fn set(severity: Severity, found: Option<Text>, clear: Text) -> Option<Check> {
    let finding = match severity {
        Severity::Off => return None,
        Severity::Warn => Finding::Warned,
        Severity::Block => Finding::Blocked,
    };
    Some(found.map_or(Check::new(Finding::Clear, clear), |text| Check::new(finding, text)))
}

fn both(day: NaiveDate) -> (String, String) {
    (i18n::date(Lang::Zh, day), i18n::date(Lang::En, day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::period::{days_before, months_before};

    fn held_on() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
    }

    fn ties() -> Ties {
        Ties { holds_role: true, works: true, ..Ties::default() }
    }

    fn found(ties: Ties) -> Finding {
        worst(&judge(&ConflictPolicy::default(), 24, &ties, held_on()))
    }

    /// C1: a mentor until 20 months ago is kept away by a look-back of 24.
    #[test]
    fn a_mentor_is_kept_away_for_the_time_of_looking_back() {
        let ended = |months, days| {
            let day = days_before(months_before(held_on(), months), days);
            found(Ties { mentored: vec![Mentored { ended_on: Some(day) }], ..ties() })
        };
        assert_eq!(ended(20, 0), Finding::Blocked);
        assert_eq!(ended(24, 0), Finding::Blocked, "the last day of looking back");
        assert_eq!(ended(24, 1), Finding::Clear);
        let open = Ties { mentored: vec![Mentored { ended_on: None }], ..ties() };
        assert_eq!(found(open), Finding::Blocked);
    }

    /// C2: who taught the course is blocked; the same site only as the house has it.
    #[test]
    fn who_taught_is_blocked_and_the_same_site_is_a_matter_of_policy() {
        assert_eq!(
            found(Ties { taught: vec![months_before(held_on(), 3)], ..ties() }),
            Finding::Blocked
        );
        assert_eq!(found(Ties { declared: vec![Relation::Taught], ..ties() }), Finding::Blocked);
        let together = Ties { same_site: true, ..ties() };
        for (same_site, expected) in [
            (Severity::Block, Finding::Blocked),
            (Severity::Warn, Finding::Warned),
            (Severity::Off, Finding::Clear),
        ] {
            let policy = ConflictPolicy { same_site, ..ConflictPolicy::default() };
            assert_eq!(worst(&judge(&policy, 24, &together, held_on())), expected);
        }
    }

    #[test]
    fn oneself_and_a_missing_role_are_never_excused() {
        assert_eq!(found(Ties { oneself: true, ..ties() }), Finding::Barred);
        assert_eq!(found(Ties { holds_role: false, ..ties() }), Finding::Barred);
        assert_eq!(found(Ties { works: false, ..ties() }), Finding::Barred);
        assert_eq!(found(Ties { declared: vec![Relation::Kin], ..ties() }), Finding::Blocked);
        assert_eq!(found(Ties { reports: true, ..ties() }), Finding::Blocked);
        assert_eq!(found(ties()), Finding::Clear);
    }
}
