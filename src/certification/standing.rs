//! How a certificate stands on a day, by everything that bears on it: its dates, the acts on it,
//! and the conditions its certification sets for as long as it is held.
//!
//! Nothing of it is stored. Whoever shows, checks or counts certificates asks here.

use chrono::NaiveDate;

use super::{
    acts::spans,
    model::{Act, State},
    rules,
};
use crate::{
    i18n::{self, Lang, Text},
    record::{
        Fact,
        case::Case,
        context::Context,
        holding::{Lapse, Run},
        programme::{Certification, ReviewDay},
        requirement::Requirement,
        verdict,
    },
    text,
};

/// What a certificate brings with it.
#[derive(Clone, Copy, Debug)]
pub struct Life<'a> {
    /// `RULESET/NAME`.
    pub code: &'a str,
    pub from: NaiveDate,
    /// The last valid day when it was issued.
    pub through: Option<NaiveDate>,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    /// In the order they were done. Of one that puts a name right, how it stood before it was issued
    /// is told only together with what came before ([`spans::earlier`]).
    pub acts: &'a [Act],
}

/// How it stands, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// The last valid day, after extensions.
    pub through: Option<NaiveDate>,
    /// From when to when it may be renewed, by any way.
    pub window: Option<(NaiveDate, NaiveDate)>,
    /// The next review inside its validity, or the one that was missed.
    pub review: Option<ReviewDay>,
    /// Why it is suspended, where a condition and not an act did it.
    pub why: Option<Text>,
}

/// How a certificate of a person with these facts stands on a day.
///
/// `facts` are in the order of [`verdict::sort`]; they are looked at only when the certification
/// demands something of its holders ([`Certification::binds_holders`]).
pub fn standing(context: &Context, life: &Life<'_>, facts: &[Fact], on: NaiveDate) -> Standing {
    let through = spans::through_on(life.through, life.acts, on);
    let plan = context.certification(life.code);
    let ends = plan.zip(through);
    let window = ends.and_then(|(plan, through)| rules::window(plan, life.cycle + 1, through));
    let by_dates = || rules::state_by_dates(life.from, through, window, on);
    let state = rules::state_by_acts(life.acts, on).unwrap_or_else(by_dates);
    let standing = Standing { state, through, window, review: None, why: None };
    match plan.filter(|plan| plan.binds_holders()) {
        Some(plan) if state.in_force() => under_demands(plan, context, life, facts, on, standing),
        _ => standing,
    }
}

/// What its certification demands of the holder, on top of acts and dates.
fn under_demands(
    plan: &Certification,
    context: &Context,
    life: &Life<'_>,
    facts: &[Fact],
    on: NaiveDate,
    standing: Standing,
) -> Standing {
    let case = Case::new(context, facts, on);
    let run = Run { from: life.from, through: standing.through };
    let review = case.next_review(plan, run);
    match case.lapse(plan, run) {
        None => Standing { review, ..standing },
        Some(lapse) => Standing {
            review,
            state: State::Suspended,
            why: Some(said(&lapse, context, facts, on)),
            ..standing
        },
    }
}

/// Why a certificate does not count, in words.
fn said(lapse: &Lapse<'_>, context: &Context, facts: &[Fact], on: NaiveDate) -> Text {
    let missing = |requirement: &Requirement| {
        let line = verdict::judge(requirement, context, facts, on);
        line.missing.unwrap_or(line.text)
    };
    match lapse {
        Lapse::Condition(requirement) => {
            let Text { zh, en } = missing(requirement);
            text!("持证条件未满足：{zh}", "A condition of holding it is not met: {en}")
        }
        Lapse::Review(review) => {
            let (zh, en) = (i18n::date(Lang::Zh, review.due), i18n::date(Lang::En, review.due));
            text!(
                "{zh} 应完成的复审尚未通过",
                "The review that was due on {en} has not been passed"
            )
        }
        Lapse::NewerRules(since, requirement) => {
            let (since, since_en) = (i18n::date(Lang::Zh, *since), i18n::date(Lang::En, *since));
            let Text { zh, en } = missing(requirement);
            text!(
                "自 {since} 起须满足新版规则：{zh}",
                "Since {since_en} the newer rules have to be met: {en}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        certification::model::{ActKind, CertificateId},
        record::{Amount, Kind, Programmes, fact::RESUMED, ledger::Stamp},
    };

    /// A licence reviewed every three years and suspended by six months away; a composite of two
    /// parts; a certificate whose renewals take turns, with a late rung; one that credits extend.
    const SET: &str = r#"
code = "s"
version = "1"
title = { zh = "规", en = "rules" }
jurisdiction = "house"
source = "house"
verified = "primary"
notice = { zh = "规", en = "rules" }
[[name]]
kind = "employment"
code = "electrician"
name = { zh = "电工", en = "electrician" }
[[exam]]
code = "practical"
title = { zh = "实操", en = "practical" }
recorded = true
[[exam]]
code = "review"
title = { zh = "复审", en = "review" }
recorded = true
[[exam]]
code = "full"
title = { zh = "全科", en = "full exam" }
recorded = true
[[certification]]
code = "licence"
title = { zh = "电工证", en = "licence" }
issue = "elsewhere"
validity.months = 72
requires.exam.parts = [{ code = "practical", min = 80 }]
[certification.review]
months = 36
window_days = 60
requires.exam.parts = [{ code = "review", min = 80 }]
[certification.review.longer]
months = 72
requires.tenure = { occupations = ["electrician"], years = 10, mode = "continuous" }
[certification.suspended_unless.active]
occupations = ["electrician"]
away_months = 6
restored_by = [{ exam = "practical" }, { certificate = "licence" }]
[[certification]]
code = "part-a"
title = { zh = "甲", en = "part A" }
issue = "elsewhere"
validity.months = 60
requires.exam.parts = [{ code = "full", min = 60 }]
[[certification]]
code = "part-b"
title = { zh = "乙", en = "part B" }
issue = "elsewhere"
validity.months = 60
requires.exam.parts = [{ code = "full", min = 60 }]
[[certification]]
code = "master"
title = { zh = "大师", en = "master" }
requires.all = [{ certificate = { code = "part-a" } }, { certificate = { code = "part-b" } }]
suspended_unless.all = [{ certificate = { code = "part-a" } }, { certificate = { code = "part-b" } }]
[[certification]]
code = "turns"
title = { zh = "轮换", en = "turns" }
issue = "auto"
validity.months = 12
requires.exam.parts = [{ code = "full", min = 60 }]
[[certification.renewal]]
nth = [1]
of = 2
window_days = 60
requires.exam.parts = [{ code = "review", min = 60 }]
[[certification.renewal]]
nth = [2]
of = 2
window_days = 60
requires.exam.parts = [{ code = "practical", min = 60 }]
[[certification.renewal]]
late = true
grace_months = 6
base = "cycle"
requires.exam.parts = [{ code = "full", min = 60 }]
[[certification]]
code = "credits"
title = { zh = "积分", en = "credits" }
issue = "auto"
validity.months = 60
requires.exam.parts = [{ code = "full", min = 60 }]
[[certification.renewal]]
window_months = 12
grace_months = 12
extends_months = 12
requires.exam.parts = [{ code = "review", min = 60 }]
[[certification]]
code = "yearly"
title = { zh = "年审", en = "yearly" }
issue = "auto"
validity.months = 12
requires.exam.parts = [{ code = "full", min = 60 }]
[[certification.renewal]]
window_days = 90
grace_months = 12
base = "cycle"
requires.exam.parts = [{ code = "full", min = 60 }]
[[job]]
code = "live-work"
title = { zh = "带电", en = "live work" }
requires.certificate.code = "licence"
"#;

    fn day(word: &str) -> NaiveDate {
        word.parse().unwrap()
    }

    fn programmes() -> Programmes {
        Programmes::of_files(&[("s.toml".into(), SET.into())]).unwrap()
    }

    fn fact(kind: Kind, code: &str, from: &str, through: Option<&str>) -> Fact {
        let amount = (kind == Kind::Exam).then_some(Amount { numerator: 90, denominator: 1 });
        Fact {
            id: 1,
            kind,
            code: code.into(),
            level: None,
            amount,
            unit: None,
            from: day(from),
            through: through.map(day),
        }
    }

    fn sorted(facts: &[Fact]) -> Vec<Fact> {
        let mut facts = facts.to_vec();
        verdict::sort(&mut facts);
        facts
    }

    fn life<'a>(code: &'a str, from: &str, through: Option<&str>, acts: &'a [Act]) -> Life<'a> {
        Life { code, from: day(from), through: through.map(day), cycle: 0, acts }
    }

    fn act(kind: ActKind, on: &str, through: Option<&str>) -> Act {
        let now = crate::db::Instant::from(chrono::DateTime::UNIX_EPOCH);
        let stamp = Stamp { at: now, by: None };
        let act = Act::new(CertificateId(1), kind, day(on), "why", stamp);
        Act { through: through.map(day), ..act }
    }

    /// The state of the licence by its page, and whether a job that needs it may be done.
    fn licence(facts: &[Fact], on: &str) -> (State, bool) {
        let rules = programmes();
        let facts = sorted(facts);
        let held = life("s/licence", "2024-02-29", Some("2030-02-28"), &[]);
        let stands = standing(rules.context(), &held, &facts, day(on));
        let (_, job) = rules.job("s/live-work").unwrap();
        (stands.state, verdict::is_met(&job.requires, rules.context(), &facts, day(on)))
    }

    #[test]
    fn v1_a_missed_review_suspends_until_it_is_made_up_for() {
        let held = fact(Kind::Certificate, "s/licence", "2024-02-29", Some("2030-02-28"));
        let work = fact(Kind::Employment, "electrician", "2020-01-01", None);
        let never = [held.clone(), work.clone()];
        assert_eq!(licence(&never, "2027-02-28"), (State::Valid, true), "due, not yet missed");
        assert_eq!(licence(&never, "2027-03-01"), (State::Suspended, false));
        let review = |on| fact(Kind::Exam, "s/review", on, None);
        let early = [held.clone(), work.clone(), review("2026-12-29")];
        assert_eq!(licence(&early, "2027-03-01").0, State::Suspended, "the window had not opened");
        let timely = [held.clone(), work.clone(), review("2026-12-30")];
        assert_eq!(licence(&timely, "2027-03-01"), (State::Valid, true));
        let late = [held, work, review("2027-05-10")];
        assert_eq!(licence(&late, "2027-05-09"), (State::Suspended, false));
        assert_eq!(licence(&late, "2027-05-10"), (State::Valid, true));
    }

    #[test]
    fn the_next_review_is_named_with_its_window() {
        let rules = programmes();
        let facts = sorted(&[
            fact(Kind::Certificate, "s/licence", "2024-02-29", Some("2030-02-28")),
            fact(Kind::Employment, "electrician", "2020-01-01", None),
        ]);
        let held = life("s/licence", "2024-02-29", Some("2030-02-28"), &[]);
        let stands = standing(rules.context(), &held, &facts, day("2026-11-27"));
        let review = ReviewDay { opens: day("2026-12-30"), due: day("2027-02-28") };
        assert_eq!(stands.review, Some(review));
    }

    #[test]
    fn r20_ten_years_in_the_trade_are_reviewed_every_six() {
        let held = fact(Kind::Certificate, "s/licence", "2024-02-29", Some("2030-02-28"));
        let work = |from| fact(Kind::Employment, "electrician", from, None);
        let at = |from| licence(&[held.clone(), work(from)], "2027-06-01").0;
        assert_eq!(at("2017-02-28"), State::Valid);
        assert_eq!(at("2017-03-01"), State::Suspended, "a day short of ten years");
    }

    #[test]
    fn r21_six_months_away_suspend_until_the_practical_is_passed_again() {
        let held = fact(Kind::Certificate, "s/licence", "2024-02-29", Some("2030-02-28"));
        let work = |from, through| fact(Kind::Employment, "electrician", from, through);
        let away = [
            held,
            work("2020-01-01", Some("2025-01-31")),
            work("2025-09-01", None),
            fact(Kind::Exam, "s/practical", "2025-09-20", None),
        ];
        assert_eq!(licence(&away, "2025-07-31"), (State::Valid, true));
        assert_eq!(licence(&away, "2025-08-01"), (State::Suspended, false));
        assert_eq!(licence(&away, "2025-09-19"), (State::Suspended, false));
        assert_eq!(licence(&away, "2025-09-20"), (State::Valid, true));
    }

    #[test]
    fn a_suspension_by_hr_does_not_move_the_review() {
        let before = fact(Kind::Certificate, "s/licence", "2024-02-29", Some("2025-03-31"));
        let after = Fact {
            level: Some(format!("{RESUMED}2024-02-29")),
            ..fact(Kind::Certificate, "s/licence", "2025-05-01", Some("2030-02-28"))
        };
        let work = fact(Kind::Employment, "electrician", "2020-01-01", None);
        let (_, may) = licence(&[before, after, work], "2027-03-01");
        assert!(!may, "three years from its first day, not from its reinstatement");
    }

    #[test]
    fn what_is_earned_after_a_revocation_is_reviewed_by_its_own_days() {
        // Suspended on 1 April 2025 and then revoked, or run out while suspended.
        let before = fact(Kind::Certificate, "s/licence", "2024-02-29", Some("2025-03-31"));
        let anew = fact(Kind::Certificate, "s/licence", "2026-05-01", Some("2032-04-30"));
        let work = fact(Kind::Employment, "electrician", "2020-01-01", None);
        let facts = [before, anew, work];
        assert!(licence(&facts, "2029-04-30").1, "three years from its own first day");
        assert!(!licence(&facts, "2029-05-01").1);
    }

    #[test]
    fn r24_a_composite_falls_when_one_part_lapses_and_returns_with_it() {
        let rules = programmes();
        let facts = sorted(&[
            fact(Kind::Certificate, "s/part-a", "2020-01-01", Some("2024-12-31")),
            fact(Kind::Certificate, "s/part-b", "2022-01-01", Some("2026-12-31")),
            fact(Kind::Certificate, "s/part-a", "2025-03-01", Some("2030-02-28")),
            fact(Kind::Certificate, "s/master", "2022-01-01", None),
        ]);
        let held = life("s/master", "2022-01-01", None, &[]);
        let at = |on| standing(rules.context(), &held, &facts, day(on));
        assert_eq!(at("2024-12-31").state, State::Valid);
        assert_eq!(at("2025-01-01").state, State::Suspended);
        assert!(at("2025-01-01").why.unwrap().en.contains("condition"));
        assert_eq!(at("2025-03-01").state, State::Valid);
        assert_eq!(at("2027-01-01").state, State::Suspended);
    }

    #[test]
    fn grace_is_a_state_of_its_own_and_extensions_move_everything() {
        let rules = programmes();
        let at = |acts: &[Act], on| {
            let held = life("s/turns", "2026-01-01", Some("2026-12-31"), acts);
            standing(rules.context(), &held, &[], day(on))
        };
        assert_eq!(at(&[], "2026-11-01").state, State::Expiring(60));
        assert_eq!(at(&[], "2026-09-30").state, State::Valid);
        assert_eq!(at(&[], "2027-01-01").state, State::InGrace(180));
        assert_eq!(at(&[], "2027-06-30").state, State::InGrace(0));
        assert_eq!(at(&[], "2027-07-01").state, State::Expired);
        let longer = [act(ActKind::Extended, "2026-12-01", Some("2027-06-30"))];
        assert_eq!(at(&longer, "2026-11-30").through, Some(day("2026-12-31")), "not yet then");
        assert_eq!(at(&longer, "2027-01-01").state, State::Valid);
        assert_eq!(at(&longer, "2027-05-01").state, State::Expiring(60), "its window opens then");
        assert_eq!(at(&longer, "2027-07-01").state, State::InGrace(182));
    }

    #[test]
    fn an_extension_does_not_lift_a_suspension() {
        let rules = programmes();
        let acts = [
            act(ActKind::Suspended, "2026-03-01", None),
            act(ActKind::Extended, "2026-04-01", Some("2027-06-30")),
        ];
        let held = life("s/turns", "2026-01-01", Some("2026-12-31"), &acts);
        let state = |on| standing(rules.context(), &held, &[], day(on)).state;
        assert_eq!(state("2026-05-01"), State::Suspended);
    }

    fn due(code: &str, facts: &[Fact], barrier: rules::Barrier, on: &str) -> Option<rules::Due> {
        let programmes = programmes();
        let (_, plan) = programmes.certification(code).unwrap();
        rules::due(plan, code, programmes.context(), &sorted(facts), barrier, day(on))
    }

    #[test]
    fn renewals_take_turns_and_late_ones_have_a_rung_of_their_own() {
        let none = rules::Barrier::None;
        let exam = |code, on| fact(Kind::Exam, code, on, None);
        let held = |from, through| fact(Kind::Certificate, "s/turns", from, Some(through));
        let first = held("2026-01-01", "2026-12-31");
        let with = |code, on| [first.clone(), exam(code, on)];
        let run = |due: Option<rules::Due>| {
            due.map(|due| (due.from.to_string(), due.through.unwrap().to_string(), due.cycle))
        };
        let said = |from: &str, through: &str, cycle| Some((from.into(), through.into(), cycle));
        let got = due("s/turns", &with("s/review", "2026-11-15"), none, "2026-11-15");
        assert_eq!(run(got), said("2027-01-01", "2027-12-31", 1));
        let got = due("s/turns", &with("s/practical", "2026-11-15"), none, "2026-11-15");
        assert_eq!(run(got), None, "that is the way of the second renewal");
        let second =
            [first.clone(), held("2027-01-01", "2027-12-31"), exam("s/practical", "2027-11-15")];
        let got = due("s/turns", &second, none, "2027-11-15");
        assert_eq!(run(got), said("2028-01-01", "2028-12-31", 2));
        // Two months late by the rung: the new year is counted from the old expiry.
        let got = due("s/turns", &with("s/full", "2027-03-01"), none, "2027-03-01");
        assert_eq!(run(got), said("2027-01-01", "2027-12-31", 1));
        let got = due("s/turns", &with("s/full", "2027-07-01"), none, "2027-07-01");
        assert_eq!(run(got), said("2027-07-01", "2028-06-30", 0), "a first issue again");
        // What brought the late year, which began before it, brings nothing more.
        let late = [first, held("2027-01-01", "2027-12-31"), exam("s/full", "2027-03-01")];
        let issued =
            rules::Barrier::Issued { on: day("2027-03-01"), through: Some(day("2027-12-31")) };
        assert_eq!(run(due("s/turns", &late, issued, "2028-07-01")), None);
        let anew = [late.as_slice(), &[exam("s/full", "2028-07-01")]].concat();
        let got = due("s/turns", &anew, issued, "2028-07-01");
        assert_eq!(run(got), said("2028-07-01", "2029-06-30", 0));
    }

    #[test]
    fn one_exam_in_a_long_grace_renews_once() {
        // The window of the next year has been open for weeks when the old one is made up for.
        let exam = fact(Kind::Exam, "s/full", "2027-11-15", None);
        let held = |from, through| fact(Kind::Certificate, "s/yearly", from, Some(through));
        let old = [held("2026-01-01", "2026-12-31"), exam];
        let first = due("s/yearly", &old, rules::Barrier::None, "2027-11-15").unwrap();
        assert_eq!((first.from, first.cycle), (day("2027-01-01"), 1));
        let both = [old.as_slice(), &[held("2027-01-01", "2027-12-31")]].concat();
        let issued =
            rules::Barrier::Issued { on: day("2027-11-15"), through: Some(day("2027-12-31")) };
        assert_eq!(due("s/yearly", &both, issued, "2027-11-15"), None);
    }

    #[test]
    fn r22_credits_extend_the_running_certificate_once_a_year() {
        let held = fact(Kind::Certificate, "s/credits", "2023-01-01", Some("2027-12-31"));
        let credits = |on| fact(Kind::Exam, "s/review", on, None);
        let none = rules::Barrier::None;
        let first = due("s/credits", &[held.clone(), credits("2027-05-01")], none, "2027-05-01");
        let first = first.unwrap();
        assert!(first.extends && first.through == Some(day("2028-12-31")));
        let held = fact(Kind::Certificate, "s/credits", "2023-01-01", Some("2028-12-31"));
        let again = |on, today| {
            let (extended, through) = (day("2028-02-01"), Some(day("2028-12-31")));
            let barrier = rules::Barrier::Issued { on: extended, through };
            due("s/credits", &[held.clone(), credits(on)], barrier, today)
        };
        assert!(again("2028-02-01", "2028-02-01").is_none(), "those credits are used up");
        assert!(again("2028-02-02", "2028-02-02").is_some());
    }
}
