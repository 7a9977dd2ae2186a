//! Pure decisions about sittings: how many invigilators, who may be put down, what fits together.

use std::net::IpAddr;

use chrono::NaiveDate;
use ipnet::IpNet;

use super::model::Sitting;
use crate::{
    db::Instant,
    exams::rules::Offer,
    i18n::Text,
    record::{
        Fact, Rules,
        requirement::{Requirement, Rule},
        verdict::{self, Line},
    },
    text,
};

/// One invigilator for so many candidates, and never fewer than so many in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub candidates: i64,
    pub at_least: i64,
}

impl Default for Ratio {
    /// What is asked for in theory exams of skill grades: 1 to 15, and two in a room.
    fn default() -> Ratio {
        Ratio { candidates: 15, at_least: 2 }
    }
}

impl Ratio {
    /// How many a room with so many candidates needs.
    pub fn needed(self, candidates: i64) -> i64 {
        let each = self.candidates.max(1);
        (candidates.max(0) + each - 1).div_euclid(each).max(self.at_least)
    }
}

/// What the exam asks of somebody for a day, line by line: the wait since the last attempt, the
/// number of attempts, and what its rule set demands besides.
pub fn eligibility(rules: &Rules, offer: Offer<'_>, facts: &[Fact], day: NaiveDate) -> Line {
    let wait = Requirement {
        name: None,
        note: how_days_count(offer),
        rule: Rule::ExamWait(offer.plan.wait(offer.set)),
    };
    let all = std::iter::once(wait).chain(offer.plan.requires.clone()).collect();
    let whole = Requirement {
        name: Some(text!("报考条件", "Conditions for this exam")),
        note: None,
        rule: Rule::All(all),
    };
    verdict::judge(&whole, rules.context(), facts, day)
}

/// How a wait in full days is read, since people read it in two ways.
pub fn how_days_count(offer: Offer<'_>) -> Option<Text> {
    let days = offer.plan.wait_full_days;
    (days > 0).then(|| {
        text!(
            "按整日计：上次考试当天不算，其后满 {days} 个整日，再下一天起可以考。",
            "Counted in full days: the day of the last attempt does not count, then {days} full days pass, and the day after them is the first."
        )
    })
}

/// Whether two spans of time have a moment in common; one may begin when the other ends.
pub fn overlap(one: (Instant, Instant), other: (Instant, Instant)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// What makes a plan of times impossible, by the field that is to blame.
pub fn check_times(new: &Times, now: Instant) -> Vec<(&'static str, Text)> {
    let mut wrong = Vec::new();
    if new.opens_at <= now {
        wrong.push(("opens_at", text!("开考时间须晚于现在。", "It must open later than now.")));
    }
    if new.start_by < new.opens_at {
        wrong.push((
            "start_by",
            text!("最晚开始时间不能早于开考时间。", "The last start cannot come before it opens."),
        ));
    }
    if new.hand_in_by.is_some_and(|end| end <= new.start_by) {
        wrong.push((
            "hand_in_by",
            text!(
                "统一收卷时间须晚于最晚开始时间。",
                "The end for everybody must come after the last start."
            ),
        ));
    }
    if new.register_by.is_some_and(|by| by > new.opens_at) {
        wrong.push((
            "register_by",
            text!("报名截止不能晚于开考时间。", "Registration must end before it opens."),
        ));
    }
    if let (Some(from), Some(by)) = (new.register_from, new.register_by)
        && from >= by
    {
        wrong.push((
            "register_from",
            text!("报名开始须早于报名截止。", "Registration must begin before it ends."),
        ));
    }
    wrong
}

/// The times of a sitting as they are planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    pub opens_at: Instant,
    pub start_by: Instant,
    pub hand_in_by: Option<Instant>,
    pub register_from: Option<Instant>,
    pub register_by: Option<Instant>,
}

impl Times {
    pub fn of(sitting: &Sitting) -> Times {
        Times {
            opens_at: sitting.opens_at,
            start_by: sitting.start_by,
            hand_in_by: sitting.hand_in_by,
            register_from: sitting.register_from,
            register_by: sitting.register_by,
        }
    }

    /// Whether candidates have to be told: when they come and when they go.
    pub fn moves(&self, before: &Times) -> bool {
        (self.opens_at, self.start_by, self.hand_in_by)
            != (before.opens_at, before.start_by, before.hand_in_by)
    }
}

/// An entry code as it is compared: people type it from a board, in any case and with spaces.
pub fn tidy_code(typed: &str) -> String {
    typed.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase()
}

/// Reads networks, one a line, as they were typed: `10.0.0.0/8`, or a single address. The tidy form
/// is what is kept.
pub fn networks(typed: &str) -> Result<Option<String>, Text> {
    let mut tidy: Vec<String> = Vec::new();
    let words = typed.split([',', '，', ';', '\n', ' ']).map(str::trim);
    for word in words.filter(|word| !word.is_empty()) {
        let network = network(word)?;
        if !tidy.contains(&network) {
            tidy.push(network);
        }
    }
    Ok((!tidy.is_empty()).then(|| tidy.join("\n")))
}

fn network(word: &str) -> Result<String, Text> {
    let single = word.parse::<IpAddr>().ok().map(IpNet::from);
    let network = single.or_else(|| word.parse().ok()).ok_or_else(|| {
        text!(
            "“{word}”不是网段。请写成 192.168.10.0/24 或 2001:db8::/48。",
            "“{word}” is no network. Write it as in 192.168.10.0/24 or 2001:db8::/48."
        )
    })?;
    if network.prefix_len() == 0 {
        return Err(text!(
            "“{word}”包含所有地址，等于不限制。不限制请留空。",
            "“{word}” contains every address. To limit nothing, leave the field empty."
        ));
    }
    if network.trunc() != network {
        let meant = network.trunc();
        return Err(text!(
            "“{word}”的主机位不为零，您可能想写 {meant}。",
            "“{word}” has bits set beyond its prefix; you may mean {meant}."
        ));
    }
    Ok(network.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invigilators_follow_the_ratio_and_never_fall_below_the_floor() {
        let usual = Ratio::default();
        for (candidates, needed) in
            [(0, 2), (1, 2), (15, 2), (16, 2), (30, 2), (31, 3), (45, 3), (46, 4)]
        {
            assert_eq!(usual.needed(candidates), needed, "{candidates} candidates");
        }
        let strict = Ratio { candidates: 10, at_least: 1 };
        assert_eq!((strict.needed(10), strict.needed(11)), (1, 2));
        assert_eq!(Ratio { candidates: 0, at_least: 0 }.needed(3), 3, "no division by nothing");
    }

    #[test]
    fn two_rooms_are_counted_one_by_one() {
        let usual = Ratio::default();
        assert_eq!([16, 15].map(|room| usual.needed(room)), [2, 2]);
        assert_eq!(usual.needed(31), 3);
    }

    #[test]
    fn networks_are_checked_for_sense() {
        let tidy = networks("192.168.10.0/24, 10.1.2.3\n2001:db8::/48\n10.1.2.3/32").unwrap();
        assert_eq!(tidy.as_deref(), Some("192.168.10.0/24\n10.1.2.3/32\n2001:db8::/48"));
        assert_eq!(networks(" \n ").unwrap(), None);
        assert!(networks("0.0.0.0/0").unwrap_err().en.contains("every address"));
        assert!(networks("192.168.10.7/24").unwrap_err().en.contains("192.168.10.0/24"));
        for nonsense in ["workshop", "10.0.0.0/33", "300.1.1.1", "::/200"] {
            assert!(networks(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn one_sitting_may_begin_when_another_ends() {
        let at = |n: i64| Instant::from(chrono::DateTime::from_timestamp(n, 0).unwrap());
        assert!(!overlap((at(0), at(10)), (at(10), at(20))));
        assert!(overlap((at(0), at(11)), (at(10), at(20))));
        assert!(overlap((at(0), at(30)), (at(10), at(20))));
    }
}
