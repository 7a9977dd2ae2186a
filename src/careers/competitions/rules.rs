//! Whom a result raises to what. Pure.

use chrono::{Datelike, NaiveDate};

use super::super::{model::GradeHeld, rules::grades};
use crate::{
    i18n::Text,
    record::{
        Fact,
        case::is_placed,
        context::Context,
        programme::{CompetitionPlan, Raise},
        requirement,
        verdict::{Evidence, Line},
    },
    text,
};

/// A raise that was decided before, as far as the yearly limit goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The fact of the result.
    pub result: i64,
    /// The code of the rule set.
    pub set: String,
    pub year: i32,
}

/// What a result may do for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chance {
    /// It may raise them to this level.
    Raise(String),
    /// It has done so.
    Used,
    /// Other results of the same calendar year have used up the limit.
    YearSpent(i32),
    /// The rules raise nobody for this place.
    NotPlaced,
    /// They hold as much already.
    NothingHigher,
}

/// What a result may do for somebody who holds these grades today.
pub fn chance(
    set: &str,
    plan: &CompetitionPlan,
    context: &Context,
    result: &Fact,
    held: &[GradeHeld],
    spent: &[Spent],
) -> Chance {
    if spent.iter().any(|one| one.result == result.id) {
        return Chance::Used;
    }
    let fitting = || plan.raises.iter().filter(|raise| fits(raise, result));
    if fitting().next().is_none() {
        return Chance::NotPlaced;
    }
    let rank = |level: &String| context.rank(&plan.ladder, level).unwrap_or(0);
    let present = held.iter().filter(|grade| grade.ladder == plan.ladder);
    let present = present.map(|grade| grade.rank).max().unwrap_or(0);
    let level =
        fitting().filter_map(|raise| raised(raise, present, &rank)).max_by_key(|level| rank(level));
    let Some(level) = level else { return Chance::NothingHigher };
    let year = result.from.year();
    let this_year = spent.iter().filter(|one| one.set == set && one.year == year).count();
    match plan.yearly_limit {
        Some(limit) if this_year >= limit as usize => Chance::YearSpent(year),
        _ => Chance::Raise(level.clone()),
    }
}

/// The grades that count against a raise: those held on a day, and those given from a later one.
pub fn not_over(facts: &[Fact], context: &Context, today: NaiveDate) -> Vec<GradeHeld> {
    let mut held = grades(facts, context);
    held.retain(|grade| grade.through.is_none_or(|through| through >= today));
    held
}

/// The level a raise brings to somebody of a rank, if it is a higher one.
fn raised<'a>(
    raise: &'a Raise,
    present: u32,
    rank: &impl Fn(&String) -> u32,
) -> Option<&'a String> {
    std::iter::once(&raise.to).chain(&raise.then).find(|level| rank(level) > present)
}

/// Whether a result is one of those a raise is for: its level, and its place.
pub fn fits(raise: &Raise, result: &Fact) -> bool {
    let level = match &result.level {
        Some(level) => raise.levels.contains(level),
        None => raise.levels.is_empty(),
    };
    let place = requirement::Competition {
        code: None,
        top: raise.top,
        top_percent: raise.top_percent,
        within_months: None,
        after: None,
    };
    level && is_placed(&place, result.amount)
}

/// The verdict a decision keeps: what the rules demand, and the result that meets it.
pub fn verdict(plan: &CompetitionPlan, context: &Context, result: &Fact, chance: &Chance) -> Line {
    let met = matches!(chance, Chance::Raise(_));
    let result_text = result_text(context, result);
    let ladder = context.ladder(&plan.ladder).map(|ladder| ladder.title.clone());
    let ladder = ladder.unwrap_or_else(|| Text::same(&plan.ladder));
    let text = match chance {
        Chance::Raise(level) => {
            let level = context.level_name(&plan.ladder, level);
            Text::new(
                format!("{}，{}晋升“{}”", result_text.zh, ladder.zh, level.zh),
                format!("{} raises to {} ({})", result_text.en, level.en, ladder.en),
            )
        }
        _ => result_text,
    };
    Line {
        text,
        name: None,
        note: plan.note.clone(),
        met,
        earliest: met.then_some(result.from),
        evidence: vec![Evidence::from(result)],
        missing: (!met).then(|| why_not(chance)),
        route: None,
        lines: Vec::new(),
    }
}

/// A result in words: the competition, the place, the prize or group.
pub fn result_text(context: &Context, result: &Fact) -> Text {
    let name = context.name(crate::record::Kind::Competition, &result.code);
    let place = place_text(result);
    Text::new(format!("{}{}", name.zh, place.zh), format!("{}{}", name.en, place.en))
}

fn place_text(result: &Fact) -> Text {
    let level = result.level.as_deref().map(level_title);
    let place = result.amount.map(|amount| match (amount.numerator, amount.denominator) {
        (place, 1) => text!("第 {place} 名", "place {place}"),
        (place, of) => text!("第 {place} 名（共 {of} 人）", "place {place} of {of}"),
    });
    let parts: Vec<Text> = [place, level].into_iter().flatten().collect();
    if parts.is_empty() {
        return Text::default();
    }
    let parts = Text::list(&parts);
    Text::new(format!("，{}", parts.zh), format!(", {}", parts.en))
}

/// The words a result's level may be, said to readers; others stand for themselves.
pub fn level_title(level: &str) -> Text {
    match level {
        "student" => text!("学生组", "students"),
        "gold" => text!("金奖", "gold"),
        "silver" => text!("银奖", "silver"),
        "bronze" => text!("铜奖", "bronze"),
        "merit" => text!("优胜奖", "merit"),
        other => Text::same(other),
    }
}

/// Why a result raises nobody.
pub fn why_not(chance: &Chance) -> Text {
    match chance {
        Chance::Raise(_) => Text::default(),
        Chance::Used => text!("该成绩已用于晋级", "This result has raised a grade already"),
        Chance::YearSpent(year) => text!(
            "{year} 年的竞赛成绩已晋级过一次，同一自然年内不再晋级",
            "Results of {year} have raised once already; one calendar year raises no further"
        ),
        Chance::NotPlaced => text!("名次或奖项不在晋级范围内", "The place or prize does not raise"),
        Chance::NothingHigher => {
            text!(
                "已达到或超过可晋升的等级",
                "The grade it would bring, or a higher one, is held already"
            )
        }
    }
}

/// A raise in words: "top 10 → Technician (if that is held: Senior technician)".
pub fn raise_text(plan: &CompetitionPlan, context: &Context, raise: &Raise) -> Text {
    let levels: Vec<Text> = raise.levels.iter().map(|level| level_title(level)).collect();
    let top = raise.top.map(|top| text!("前 {top} 名", "top {top}"));
    let share = raise.top_percent.map(|share| text!("前 {share}%", "top {share} %"));
    let who: Vec<Text> = [(!levels.is_empty()).then(|| Text::list(&levels)), top, share]
        .into_iter()
        .flatten()
        .collect();
    let who = Text::list(&who);
    let to = context.level_name(&plan.ladder, &raise.to);
    let then = raise.then.as_ref().map(|level| context.level_name(&plan.ladder, level));
    match then {
        Some(then) => Text::new(
            format!("{} → {}（已是该级的 → {}）", who.zh, to.zh, then.zh),
            format!("{} → {} (who holds that → {})", who.en, to.en, then.en),
        ),
        None => Text::new(format!("{} → {}", who.zh, to.zh), format!("{} → {}", who.en, to.en)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::record::{Amount, Kind, Programmes};

    /// The rule sets as shipped, read once.
    static SHIPPED: LazyLock<Programmes> = LazyLock::new(|| {
        let pieces = crate::content::read(None).unwrap();
        let files: Vec<(String, String)> = pieces
            .iter()
            .filter(|piece| piece.kind == crate::content::ContentKind::RuleSet)
            .map(|piece| (format!("{}.toml", piece.code), piece.only_text().to_owned()))
            .collect();
        Programmes::of_files(&files).unwrap()
    });

    fn fact(id: i64, kind: Kind, code: &str, level: Option<&str>, from: &str) -> Fact {
        let level = level.map(str::to_owned);
        let from = from.parse().unwrap();
        Fact { id, kind, code: code.into(), level, amount: None, unit: None, from, through: None }
    }

    fn result(id: i64, code: &str, level: Option<&str>, place: (i64, i64), on: &str) -> Fact {
        let (numerator, denominator) = place;
        let amount = Some(Amount { numerator, denominator });
        Fact { amount, ..fact(id, Kind::Competition, code, level, on) }
    }

    fn chance_of(result: &Fact, grade: Option<&str>, spent: &[Spent]) -> Chance {
        let programmes = &*SHIPPED;
        let held: Vec<Fact> = grade
            .map(|level| fact(9, Kind::Grade, "cn-auto-mechanic", Some(level), "2020-01-01"))
            .into_iter()
            .collect();
        let held = not_over(&held, programmes.context(), "2026-11-23".parse().unwrap());
        let (set, plan) = programmes.competition(&result.code).unwrap();
        chance(&set.code, plan, programmes.context(), result, &held, spent)
    }

    fn raise(level: &str) -> Chance {
        Chance::Raise(level.to_owned())
    }

    #[test]
    fn tianjin_raises_workers_and_students_by_class_and_place() {
        let (one, two) = ("cn-tj-detail/class-1", "cn-tj-detail/class-2");
        let house = "cn-tj-detail/enterprise";
        for (code, level, place, held, expected) in [
            (one, None, (10, 1), None, raise("L2")),
            (one, None, (10, 1), Some("L3"), raise("L2")),
            (one, None, (1, 1), Some("L2"), raise("L1")),
            (one, None, (1, 1), Some("L1"), Chance::NothingHigher),
            (one, None, (11, 1), Some("L3"), Chance::NotPlaced),
            (one, Some("student"), (10, 1), None, raise("L3")),
            (one, Some("student"), (1, 1), Some("L3"), Chance::NothingHigher),
            (one, Some("gold"), (1, 1), None, Chance::NotPlaced),
            (two, None, (6, 40), Some("L4"), raise("L3")),
            (two, None, (6, 40), Some("L3"), raise("L2")),
            (two, None, (7, 40), Some("L4"), Chance::NotPlaced),
            (house, None, (12, 40), Some("L5"), raise("L4")),
            (house, None, (12, 40), Some("L4"), raise("L3")),
            (house, None, (13, 40), Some("L5"), Chance::NotPlaced),
            (house, None, (1, 1), Some("L5"), Chance::NotPlaced),
        ] {
            let result = result(1, code, level, place, "2026-06-01");
            assert_eq!(
                chance_of(&result, held, &[]),
                expected,
                "{code} {level:?} {place:?} {held:?}"
            );
        }
    }

    #[test]
    fn t1_a_second_award_of_the_same_calendar_year_raises_nobody() {
        let first = result(1, "cn-tj-detail/class-1", None, (3, 1), "2026-03-01");
        assert_eq!(chance_of(&first, Some("L2"), &[]), raise("L1"));
        let spent = [Spent { result: 1, set: "cn-tj-detail".into(), year: 2026 }];
        assert_eq!(chance_of(&first, Some("L2"), &spent), Chance::Used);
        let again = result(2, "cn-tj-detail/class-2", None, (1, 30), "2026-12-31");
        assert_eq!(chance_of(&again, Some("L3"), &spent), Chance::YearSpent(2026), "in total");
        let next = result(3, "cn-tj-detail/class-1", None, (1, 1), "2027-01-01");
        assert_eq!(chance_of(&next, Some("L2"), &spent), raise("L1"), "another year");
        let elsewhere = result(4, "cn-hainan-competition/team", Some("gold"), (1, 1), "2026-05-01");
        assert_eq!(chance_of(&elsewhere, Some("L3"), &spent), raise("L2"), "another rule set");
    }

    #[test]
    fn hainan_raises_by_the_prize() {
        let team =
            |level| result(1, "cn-hainan-competition/team", Some(level), (1, 1), "2026-05-01");
        for (level, held, expected) in [
            ("gold", Some("L3"), raise("L2")),
            ("bronze", Some("L2"), raise("L1")),
            ("merit", None, raise("L3")),
            ("merit", Some("L3"), raise("L2")),
            ("merit", Some("L2"), Chance::NothingHigher),
            ("none", Some("L3"), Chance::NotPlaced),
        ] {
            assert_eq!(chance_of(&team(level), held, &[]), expected, "{level} {held:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        /// Whatever is raised rises, and a better place never raises less.
        #[test]
        fn a_raise_rises_and_a_better_place_never_raises_less(
            place in 1i64..60, of in 1i64..60, present in 0usize..6, class in 0usize..3,
        ) {
            let codes = ["cn-tj-detail/class-1", "cn-tj-detail/class-2", "cn-tj-detail/enterprise"];
            let held = [None, Some("L5"), Some("L4"), Some("L3"), Some("L2"), Some("L1")][present];
            let programmes = &*SHIPPED;
            let rank = |level: &str| programmes.context().rank("cn-auto-mechanic", level).unwrap();
            let reached = |place| match chance_of(
                &result(1, codes[class], None, (place, of), "2026-06-01"), held, &[],
            ) {
                Chance::Raise(level) => rank(&level),
                _ => 0,
            };
            let now = reached(place);
            prop_assert!(now == 0 || held.is_none_or(|held| now > rank(held)));
            prop_assert!(place == 1 || reached(place - 1) >= now);
        }
    }
}
