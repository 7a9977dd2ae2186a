//! Who may be paired with whom, and what a logbook entry must say. Pure: facts and days in, a
//! verdict or the mistakes out.

use chrono::NaiveDate;

use super::model::{Pairing, Progress};
use crate::{
    i18n::{self, Text, count},
    record::{
        Fact, Kind,
        period::through_of_months,
        programme::{Ladder, MentorRules, RuleSet},
        rules::Rules,
        verdict::{Evidence, Line},
    },
    text,
    web::Problems,
};

/// The rules a pairing is made by: a rule set's mentoring rules with the ladder they speak of.
#[derive(Clone, Copy, Debug)]
pub struct Scheme<'a> {
    pub set: &'a RuleSet,
    pub rules: &'a MentorRules,
    pub ladder: &'a Ladder,
}

/// The schemes in force on a day, the house's own first.
pub fn schemes(rules: &Rules, on: NaiveDate) -> Vec<Scheme<'_>> {
    let in_force = rules.sets().filter(|set| set.applies(on));
    let mut schemes: Vec<Scheme<'_>> = in_force
        .filter_map(|set| {
            let mentoring = set.mentoring.as_ref()?;
            let ladder = rules.ladder(&mentoring.ladder)?;
            Some(Scheme { set, rules: mentoring, ladder })
        })
        .collect();
    schemes.sort_by_key(|scheme| scheme.set.jurisdiction != "house");
    schemes
}

/// The grade a person holds on a ladder on a day, by its fact: the highest that is valid.
pub fn grade_on<'a>(facts: &'a [Fact], ladder: &Ladder, on: NaiveDate) -> Option<&'a Fact> {
    let held = facts.iter().filter(|fact| {
        fact.kind == Kind::Grade
            && fact.code == ladder.code
            && fact.from <= on
            && fact.through.is_none_or(|through| on <= through)
    });
    held.max_by_key(|fact| rank(ladder, Some(fact)))
}

/// The rank of a grade fact; nothing held is rank 0.
pub fn rank(ladder: &Ladder, grade: Option<&Fact>) -> u32 {
    let level = grade.and_then(|fact| fact.level.as_deref());
    level.and_then(|level| ladder.grade(level)).map_or(0, |grade| grade.rank)
}

/// One of the two people of a proposed pairing.
#[derive(Clone, Debug)]
pub struct Side {
    pub name: Text,
    pub grade: Option<Fact>,
    /// Whether they work in the group on the day.
    pub works: bool,
}

/// A pairing somebody proposes, with what the record says about the two.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub mentor: Side,
    pub apprentice: Side,
    /// Both are the same person.
    pub oneself: bool,
    /// The apprentices the mentor has now.
    pub active: i64,
    /// The mentor holds the role, and it reaches the apprentice's site or they share one.
    pub reaches: bool,
    /// The apprentice is paired on this ladder already.
    pub taken: bool,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    /// The day on which it is judged.
    pub on: NaiveDate,
}

/// Whether the pairing may be made: one line a rule, each met or not, all of them at once.
pub fn judge(scheme: Scheme<'_>, proposal: &Proposal) -> Line {
    let Scheme { rules, ladder, .. } = scheme;
    let mut lines = vec![not_oneself(proposal), both_work(proposal)];
    lines.extend(rules.min_level.as_deref().map(|least| grade(ladder, least, proposal)));
    if rules.min_gap > 0 {
        lines.push(gap(ladder, rules.min_gap, proposal));
    }
    lines.extend(rules.max_active.map(|most| load(most, proposal)));
    lines.push(role(proposal));
    lines.push(free(ladder, proposal));
    lines.extend(rules.term_min_months.map(|months| long_enough(months, proposal)));
    lines.extend(rules.term_max_months.map(|months| short_enough(months, proposal)));
    let met = lines.iter().all(|line| line.met);
    let missing = Text::list(&refusals_of(&lines));
    let (mentor, apprentice) = (&proposal.mentor.name, &proposal.apprentice.name);
    let text = Text::new(
        format!("{}可以带{}为徒", mentor.zh, apprentice.zh),
        format!("{} may take {} as an apprentice", mentor.en, apprentice.en),
    );
    let earliest = met.then_some(proposal.on);
    let missing = (!met).then_some(missing);
    Line { missing, lines, ..line(met, text, Text::default(), earliest) }
}

/// Why it is refused: every reason.
pub fn refusals(verdict: &Line) -> Vec<Text> {
    refusals_of(&verdict.lines)
}

fn refusals_of(lines: &[Line]) -> Vec<Text> {
    lines.iter().filter_map(|line| line.missing.clone()).collect()
}

fn line(met: bool, text: Text, missing: Text, earliest: Option<NaiveDate>) -> Line {
    Line {
        text,
        name: None,
        note: None,
        met,
        earliest,
        evidence: Vec::new(),
        missing: (!met).then_some(missing),
        route: None,
        lines: Vec::new(),
    }
}

fn simple(proposal: &Proposal, met: bool, text: Text, missing: Text) -> Line {
    line(met, text, missing, met.then_some(proposal.on))
}

fn not_oneself(proposal: &Proposal) -> Line {
    simple(
        proposal,
        !proposal.oneself,
        text!("师傅和徒弟不是同一人", "The mentor and the apprentice are two people"),
        text!(
            "不能带自己为徒，请另选师傅",
            "nobody can be their own apprentice; choose another mentor"
        ),
    )
}

fn both_work(proposal: &Proposal) -> Line {
    let sides = [&proposal.mentor, &proposal.apprentice];
    let gone: Vec<Text> =
        sides.iter().filter(|side| !side.works).map(|side| side.name.clone()).collect();
    let gone_list = Text::list(&gone);
    simple(
        proposal,
        gone.is_empty(),
        text!("两人现在都在职", "Both work here today"),
        Text::new(
            format!("{}目前不在职", gone_list.zh),
            format!("not working here today: {}", gone_list.en),
        ),
    )
}

fn grade_name(ladder: &Ladder, grade: Option<&Fact>) -> Text {
    let level = grade.and_then(|fact| fact.level.as_deref());
    match level {
        None => text!("无等级", "no grade"),
        Some(level) => {
            ladder.grade(level).map_or_else(|| Text::same(level), |grade| grade.name.clone())
        }
    }
}

fn grade(ladder: &Ladder, least: &str, proposal: &Proposal) -> Line {
    let held = proposal.mentor.grade.as_ref();
    let least_rank = ladder.grade(least).map_or(u32::MAX, |grade| grade.rank);
    let least = ladder.grade(least).map_or_else(|| Text::same(least), |grade| grade.name.clone());
    let (has, name) = (grade_name(ladder, held), &proposal.mentor.name);
    let met = rank(ladder, held) >= least_rank;
    let text = Text::new(
        format!("师傅等级不低于 {}", least.zh),
        format!("The mentor holds {} or higher", least.en),
    );
    let missing = Text::new(
        format!("师傅等级须不低于 {}，{}现为 {}", least.zh, name.zh, has.zh),
        format!("the mentor must hold {} or higher; {} has {}", least.en, name.en, has.en),
    );
    let evidence = held.filter(|_| met).map(Evidence::from).into_iter().collect();
    Line { evidence, ..simple(proposal, met, text, missing) }
}

fn gap(ladder: &Ladder, least: u32, proposal: &Proposal) -> Line {
    let (above, below) = (proposal.mentor.grade.as_ref(), proposal.apprentice.grade.as_ref());
    let met = rank(ladder, above) >= rank(ladder, below).saturating_add(least);
    let (mentor, apprentice) = (grade_name(ladder, above), grade_name(ladder, below));
    let grades = count(least, "grade", "grades");
    let text = text!(
        "师傅比徒弟至少高 {least} 级",
        "The mentor stands at least {grades} above the apprentice"
    );
    let missing = Text::new(
        format!(
            "师傅须比徒弟至少高 {least} 级，现在师傅为 {}，徒弟为 {}",
            mentor.zh, apprentice.zh
        ),
        format!(
            "the mentor must stand at least {grades} above the apprentice: {} against {}",
            mentor.en, apprentice.en
        ),
    );
    let evidence = above.into_iter().chain(below).map(Evidence::from).collect();
    Line { evidence, ..simple(proposal, met, text, missing) }
}

fn load(most: u32, proposal: &Proposal) -> Line {
    let active = proposal.active;
    let have = count(active, "apprentice", "apprentices");
    let name = &proposal.mentor.name;
    simple(
        proposal,
        active < i64::from(most),
        text!(
            "师傅同时带徒不超过 {most} 人",
            "The mentor has at most {most} apprentices at a time"
        ),
        Text::new(
            format!("{}已带徒 {active} 人，上限 {most} 人；结束一个结对即可腾出名额", name.zh),
            format!(
                "{} has {have} already, the limit is {most}; ending a pairing frees a place",
                name.en
            ),
        ),
    )
}

fn role(proposal: &Proposal) -> Line {
    let name = &proposal.mentor.name;
    simple(
        proposal,
        proposal.reaches,
        text!("师傅角色覆盖徒弟所在门店", "The mentor's role reaches the apprentice's site"),
        Text::new(
            format!("{}没有覆盖徒弟所在门店的师傅角色，请管理员授权", name.zh),
            format!(
                "{} has no mentor role for the apprentice's site; ask an administrator to grant it",
                name.en
            ),
        ),
    )
}

fn free(ladder: &Ladder, proposal: &Proposal) -> Line {
    let (zh, en) = (&ladder.title.zh, &ladder.title.en);
    let name = &proposal.apprentice.name;
    simple(
        proposal,
        !proposal.taken,
        text!("徒弟在“{zh}”上没有未结束的结对", "The apprentice has no open pairing on {en}"),
        Text::new(
            format!("{}在“{zh}”上已有师傅，请先结束原结对", name.zh),
            format!("{} has a mentor on {en} already; end that pairing first", name.en),
        ),
    )
}

fn long_enough(months: u32, proposal: &Proposal) -> Line {
    let first_end = through_of_months(proposal.starts_on, months);
    let (zh, en) = both_dates(first_end);
    let term = count(months, "month", "months");
    simple(
        proposal,
        proposal.ends_on >= first_end,
        text!("期限不少于 {months} 个月", "The term is at least {term}"),
        text!(
            "期限太短：至少 {months} 个月，即到 {zh}",
            "the term is too short: at least {term}, until {en}"
        ),
    )
}

fn short_enough(months: u32, proposal: &Proposal) -> Line {
    let last_end = through_of_months(proposal.starts_on, months);
    let (zh, en) = both_dates(last_end);
    let term = count(months, "month", "months");
    simple(
        proposal,
        proposal.ends_on <= last_end,
        text!("期限不超过 {months} 个月", "The term is at most {term}"),
        text!(
            "期限太长：最多 {months} 个月，即到 {zh}",
            "the term is too long: at most {term}, until {en}"
        ),
    )
}

fn both_dates(day: NaiveDate) -> (String, String) {
    (i18n::date(i18n::Lang::Zh, day), i18n::date(i18n::Lang::En, day))
}

/// Whether ending well needs a word of explanation: a goal is not reached.
pub fn needs_reason_to_complete(goals: &[Progress]) -> bool {
    goals.iter().any(|goal| !goal.is_reached())
}

/// The most times one entry may claim.
pub const MOST_TIMES: i64 = 50;

/// What a logbook entry says, once it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub task: String,
    pub done_on: NaiveDate,
    pub times: i64,
    pub work_order: String,
    pub note: String,
}

/// The fields of an entry as they came in.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    pub task: &'a str,
    pub done_on: &'a str,
    pub times: &'a str,
    pub work_order: &'a str,
    pub note: &'a str,
}

/// Reads an entry, or says what is wrong with it, field by field.
pub fn read_entry(
    draft: &Draft<'_>,
    pairing: &Pairing,
    is_task: impl Fn(&str) -> bool,
    today: NaiveDate,
) -> Result<Written, Problems> {
    let mut problems = Problems::default();
    if !is_task(draft.task) {
        problems.add("task", text!("请选择任务。", "Please choose a task."));
    }
    let done_on = draft.done_on.trim().parse::<NaiveDate>();
    match done_on {
        Err(_) => problems.add("done_on", text!("请填日期。", "Please enter a date.")),
        Ok(day) => {
            if let Some(problem) = wrong_day(day, pairing, today) {
                problems.add("done_on", problem);
            }
        }
    }
    let times = draft.times.trim().parse::<i64>().ok().filter(|n| (1..=MOST_TIMES).contains(n));
    if times.is_none() {
        let most = MOST_TIMES;
        problems.add(
            "times",
            text!("请填 1 到 {most} 之间的整数。", "A whole number from 1 to {most}."),
        );
    }
    let (work_order, note) = (draft.work_order.trim(), draft.note.trim());
    for (field, value, most) in [("work_order", work_order, 40), ("note", note, 2000)] {
        if value.chars().count() > most {
            problems.add(field, text!("最多 {most} 个字符。", "At most {most} characters."));
        }
    }
    match (done_on, times) {
        (Ok(done_on), Some(times)) if problems.is_empty() => Ok(Written {
            task: draft.task.to_owned(),
            done_on,
            times,
            work_order: work_order.to_owned(),
            note: note.to_owned(),
        }),
        _ => Err(problems),
    }
}

/// What is wrong with the day of an entry.
pub fn wrong_day(day: NaiveDate, pairing: &Pairing, today: NaiveDate) -> Option<Text> {
    let (start, last) = (both_dates(pairing.starts_on), both_dates(pairing.last_day()));
    if day > today {
        return Some(text!("不能填将来的日期。", "The day cannot be in the future."));
    }
    if day < pairing.starts_on {
        let (zh, en) = start;
        return Some(text!("早于结对开始的 {zh}。", "Before the pairing began on {en}."));
    }
    if day > pairing.last_day() {
        let (zh, en) = last;
        return Some(text!("晚于结对结束的 {zh}。", "After the pairing ended on {en}."));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{PersonId, programme::GradePlan};

    fn day(word: &str) -> NaiveDate {
        word.parse().unwrap()
    }

    fn ladder() -> Ladder {
        let grades = (1..=5)
            .map(|rank| GradePlan {
                level: format!("T{rank}"),
                rank,
                name: Text::same(format!("T{rank}")),
                note: None,
                appointed: false,
            })
            .collect();
        Ladder {
            code: "technician".into(),
            title: Text::same("Technician"),
            track: None,
            twin: None,
            re_entry_level: None,
            occupations: vec![],
            grades,
        }
    }

    fn mentoring(max_active: u32) -> MentorRules {
        MentorRules {
            ladder: "technician".into(),
            min_level: Some("T2".into()),
            min_gap: 1,
            max_active: Some(max_active),
            term_min_months: Some(3),
            term_max_months: Some(36),
            objection_days: None,
            look_back_months: None,
            verified: None,
            source: None,
        }
    }

    fn side(name: &str, level: Option<&str>) -> Side {
        let grade = level.map(|level| Fact {
            id: 1,
            kind: Kind::Grade,
            code: "technician".into(),
            level: Some(level.into()),
            amount: None,
            unit: None,
            from: day("2020-01-01"),
            through: None,
        });
        Side { name: Text::same(name), grade, works: true }
    }

    fn good() -> Proposal {
        Proposal {
            mentor: side("Wang", Some("T4")),
            apprentice: side("Lin", Some("T1")),
            oneself: false,
            active: 0,
            reaches: true,
            taken: false,
            starts_on: day("2026-11-23"),
            ends_on: day("2027-11-22"),
            on: day("2026-11-23"),
        }
    }

    fn set() -> RuleSet {
        toml::from_str(
            "code = 'x'\nversion = '1'\ntitle = {zh='', en=''}\njurisdiction = 'house'\n\
             source = ''\nverified = 'unverified'\nnotice = {zh='', en=''}\n",
        )
        .unwrap()
    }

    /// The English reasons for which a proposal is refused with at most so many apprentices.
    fn reasons(max_active: u32, proposal: &Proposal) -> Vec<String> {
        let (set, rules, ladder) = (set(), mentoring(max_active), ladder());
        let verdict = judge(Scheme { set: &set, rules: &rules, ladder: &ladder }, proposal);
        let reasons = refusals(&verdict);
        assert_eq!(verdict.met, reasons.is_empty());
        reasons.into_iter().map(|reason| reason.en).collect()
    }

    #[test]
    fn each_rule_refuses_for_its_own_reason() {
        let table: [(&str, Proposal); 10] = [
            ("two", Proposal { oneself: true, ..good() }),
            ("working", Proposal { mentor: Side { works: false, ..good().mentor }, ..good() }),
            (
                "T2 or higher",
                Proposal {
                    mentor: side("Wang", Some("T1")),
                    apprentice: side("Lin", None),
                    ..good()
                },
            ),
            ("above", Proposal { apprentice: side("Lin", Some("T4")), ..good() }),
            ("above", Proposal { apprentice: side("Lin", Some("T5")), ..good() }),
            ("limit is 3", Proposal { active: 3, ..good() }),
            ("mentor role", Proposal { reaches: false, ..good() }),
            ("already", Proposal { taken: true, ..good() }),
            ("too short", Proposal { ends_on: day("2027-02-21"), ..good() }),
            ("too long", Proposal { ends_on: day("2029-11-23"), ..good() }),
        ];
        for (reason, proposal) in table {
            let said = reasons(3, &proposal);
            assert_eq!(said.len(), 1, "{said:?}");
            let expected = if reason == "two" { "own apprentice" } else { reason };
            assert!(said[0].contains(expected), "{reason}: {said:?}");
        }
    }

    #[test]
    fn a_term_at_either_limit_is_allowed_and_no_grade_is_rank_zero() {
        for ends_on in ["2027-02-22", "2029-11-22"] {
            assert!(reasons(3, &Proposal { ends_on: day(ends_on), ..good() }).is_empty());
        }
        let novice =
            Proposal { mentor: side("Wang", Some("T2")), apprentice: side("Lin", None), ..good() };
        assert!(reasons(3, &novice).is_empty());
    }

    #[test]
    fn m1_with_eight_apprentices_a_ninth_is_refused_and_an_ended_pairing_frees_the_place() {
        assert_eq!(reasons(8, &Proposal { active: 8, ..good() }).len(), 1);
        assert!(reasons(8, &Proposal { active: 7, ..good() }).is_empty());
    }

    #[test]
    fn a_wrong_pairing_is_told_every_reason_at_once() {
        let proposal = Proposal {
            mentor: side("Wang", None),
            active: 3,
            reaches: false,
            taken: true,
            ends_on: day("2026-12-01"),
            ..good()
        };
        assert_eq!(reasons(3, &proposal).len(), 6);
    }

    #[test]
    fn an_expired_grade_does_not_count() {
        let fact = Fact { through: Some(day("2026-11-22")), ..good().mentor.grade.unwrap() };
        let facts = [fact];
        assert!(grade_on(&facts, &ladder(), day("2026-11-22")).is_some());
        assert!(grade_on(&facts, &ladder(), day("2026-11-23")).is_none());
    }

    #[test]
    fn an_entry_is_of_a_day_within_the_pairing_and_not_in_the_future() {
        let pairing = Pairing {
            id: super::super::PairingId(1),
            mentor_id: PersonId(1),
            apprentice_id: PersonId(2),
            ladder: "technician".into(),
            content_id: crate::content::ContentId(1),
            goal: String::new(),
            starts_on: day("2026-10-01"),
            ends_on: day("2026-11-20"),
            ended_on: None,
            outcome: None,
            ended_why: None,
        };
        for (done_on, today, fine) in [
            ("2026-10-01", "2026-11-23", true),
            ("2026-11-20", "2026-11-23", true),
            ("2026-09-30", "2026-11-23", false),
            ("2026-11-21", "2026-11-23", false),
            ("2026-10-11", "2026-10-10", false),
        ] {
            let draft = Draft { task: "brake-service", done_on, times: "2", ..Draft::default() };
            let read = read_entry(&draft, &pairing, |task| task == "brake-service", day(today));
            assert_eq!(read.is_ok(), fine, "{done_on}");
            let wrong = read.err().is_none_or(|problems| problems.get("done_on").is_some());
            assert!(wrong, "the day is what is marked");
        }
        for times in ["0", "51", "x", ""] {
            let draft = Draft { task: "a", done_on: "2026-10-01", times, ..Draft::default() };
            let problems = read_entry(&draft, &pairing, |_| true, day("2026-11-01")).unwrap_err();
            assert!(problems.get("times").is_some());
        }
    }
}
