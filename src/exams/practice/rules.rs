//! Pure decisions: which questions to practise next, how somebody stands in an area.

use std::collections::{BTreeMap, HashMap};

use chrono::Duration;

use crate::{
    db::Instant,
    exams::{
        blueprints::draw::Chance,
        questions::{QuestionId, VersionId},
    },
};

/// A question that may be practised, or one of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    pub question: QuestionId,
    pub version: VersionId,
    /// Which part of a case, from 1; 0 is the question itself.
    pub part: usize,
    pub bank: String,
    pub area: String,
}

impl Open {
    pub fn unit(&self) -> Unit {
        Unit { version: self.version, part: self.part }
    }

    fn key(&self) -> (QuestionId, usize) {
        (self.question, self.part)
    }
}

/// What is asked at one step of a round, as an address carries it: `41.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    pub version: VersionId,
    pub part: usize,
}

impl Unit {
    pub fn word(self) -> String {
        format!("{}.{}", self.version, self.part)
    }

    pub fn parse(word: &str) -> Option<Unit> {
        let (version, part) = word.split_once('.')?;
        Some(Unit { version: VersionId(version.parse().ok()?), part: part.parse().ok()? })
    }
}

/// An answer given in practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    pub question: QuestionId,
    pub part: usize,
    /// Ten-thousandths of the question's points.
    pub earned: i64,
    pub at: Instant,
}

pub const WHOLE: i64 = 10_000;
/// A round is over before the kettle boils.
pub const ROUND: usize = 10;

/// What somebody's answers say about one question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Memory {
    answers: i64,
    earned: i64,
    last: Option<Instant>,
}

/// So far above what a question can weigh that has been seen that new ones come first, nearly
/// always.
const NEVER_SEEN: u64 = 500_000;

impl Memory {
    fn add(&mut self, given: &Given) {
        self.answers += 1;
        self.earned += given.earned;
        self.last = self.last.max(Some(given.at));
    }

    /// Thousandths that were wrong, as if one answer of two had been wrong before the first: one
    /// lucky answer is not yet knowledge.
    fn wrong(&self) -> i64 {
        ((self.answers * WHOLE - self.earned + WHOLE) * 1000) / ((self.answers + 2) * WHOLE)
    }

    /// How much a question is worth asking now.
    fn weight(&self, now: Instant) -> u64 {
        let Some(last) = self.last else { return NEVER_SEEN };
        let days = (now.seconds_since(last).max(0) / 86_400).min(30);
        // What was answered today rests; what was not seen for a month weighs four times as much.
        let rest = if days == 0 { 2 } else { 10 + days };
        (self.wrong().max(1) * rest).unsigned_abs()
    }
}

fn memories(given: &[Given]) -> HashMap<(QuestionId, usize), Memory> {
    let mut known: HashMap<_, Memory> = HashMap::new();
    for one in given {
        known.entry((one.question, one.part)).or_default().add(one);
    }
    known
}

/// The next questions, drawn by weight without repeating one; the same seed draws the same ones.
/// It chooses from `open` and from nothing else.
pub fn choose(open: &[Open], given: &[Given], now: Instant, count: usize, seed: i64) -> Vec<Unit> {
    let known = memories(given);
    let weight = |one: &Open| known.get(&one.key()).copied().unwrap_or_default().weight(now);
    let mut left: Vec<(Unit, u64)> = open.iter().map(|one| (one.unit(), weight(one))).collect();
    let mut chance = Chance(seed.cast_unsigned());
    let mut chosen = Vec::new();
    while chosen.len() < count && !left.is_empty() {
        let all: u64 = left.iter().map(|(_, weight)| weight).sum();
        let mut at = chance.below(all);
        let hit = left.iter().position(|(_, weight)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        chosen.push(left.remove(hit.unwrap_or(0)).0);
    }
    chosen
}

/// The order in which a question's options are shown in a round.
pub fn shown_order(unit: Unit, options: usize, fixed: bool, seed: i64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..options).collect();
    if !fixed {
        let salt = unit.version.0.wrapping_mul(1_000_003).wrapping_add(unit.part as i64);
        Chance((seed ^ salt).cast_unsigned()).shuffle(&mut order);
    }
    order
}

/// How somebody stands in an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub bank: String,
    pub area: String,
    pub questions: usize,
    pub seen: usize,
    /// Per cent right, by the last answer to each question; `None` before the first.
    pub right: Option<i64>,
    /// Per cent right in each of the last weeks, the newest last.
    pub weeks: Vec<Option<i64>>,
}

/// How many weeks the picture shows.
pub const WEEKS: usize = 12;

/// Every area that is open, the one with most wrong first, those never tried last.
pub fn standings(open: &[Open], given: &[Given], now: Instant) -> Vec<Standing> {
    let mut by_area: BTreeMap<(&str, &str), Vec<&Open>> = BTreeMap::new();
    for one in open {
        by_area.entry((one.bank.as_str(), one.area.as_str())).or_default().push(one);
    }
    let mut standings: Vec<Standing> = by_area
        .into_iter()
        .map(|((bank, area), open)| {
            let of_area: Vec<&Given> = given
                .iter()
                .filter(|one| open.iter().any(|open| open.key() == (one.question, one.part)))
                .collect();
            let mut last: HashMap<_, &Given> = HashMap::new();
            for one in &of_area {
                let known = last.entry((one.question, one.part)).or_insert(one);
                if one.at > known.at {
                    *known = one;
                }
            }
            Standing {
                bank: bank.to_owned(),
                area: area.to_owned(),
                questions: open.len(),
                seen: last.len(),
                right: percent(last.values().map(|one| one.earned)),
                weeks: weeks(&of_area, now),
            }
        })
        .collect();
    standings.sort_by_key(|one| (one.right.unwrap_or(101), one.bank.clone(), one.area.clone()));
    standings
}

fn weeks(given: &[&Given], now: Instant) -> Vec<Option<i64>> {
    let start = |back: usize| now.plus(-Duration::weeks(back as i64));
    (0..WEEKS)
        .rev()
        .map(|back| {
            let (from, to) = (start(back + 1), start(back));
            percent(given.iter().filter(|one| from < one.at && one.at <= to).map(|one| one.earned))
        })
        .collect()
}

/// The mean as per cent, rounded down: nobody is told they know all while they do not.
fn percent(earned: impl Iterator<Item = i64>) -> Option<i64> {
    let (count, sum) = earned.fold((0, 0), |(count, sum), one| (count + 1, sum + one));
    (count > 0).then(|| sum * 100 / (count * WHOLE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Instant {
        "2026-11-23T02:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
    }

    fn open(n: i64) -> Vec<Open> {
        (0..n)
            .map(|at| Open {
                question: QuestionId(at),
                version: VersionId(100 + at),
                part: 0,
                bank: "b".into(),
                area: if at % 2 == 0 { "even" } else { "odd" }.into(),
            })
            .collect()
    }

    fn given(question: i64, earned: i64, days_ago: i64) -> Given {
        let at = now().plus(-Duration::days(days_ago));
        Given { question: QuestionId(question), part: 0, earned, at }
    }

    #[test]
    fn what_was_wrong_comes_more_often_than_what_was_right() {
        let open = open(20);
        let past: Vec<Given> =
            (0..20).map(|at| given(at, if at < 10 { 0 } else { WHOLE }, 3)).collect();
        let drawn = (0..200).flat_map(|seed| choose(&open, &past, now(), 5, seed));
        let wrong = drawn.filter(|unit| unit.version.0 < 110).count();
        assert!((600..=800).contains(&wrong), "two of three: {wrong} of 1000");
    }

    #[test]
    fn what_was_never_seen_comes_before_what_is_known() {
        let past: Vec<Given> = (0..10).map(|at| given(at, WHOLE, 5)).collect();
        let fresh = |seed| {
            let units = choose(&open(12), &past, now(), 2, seed);
            units.iter().filter(|unit| unit.version.0 >= 110).count()
        };
        let drawn: usize = (0..100).map(fresh).sum();
        assert!(drawn > 160, "{drawn} of 200");
    }

    #[test]
    fn what_was_answered_today_rests_and_what_was_long_ago_comes_back() {
        let weigh = |earned, days| {
            let mut memory = Memory::default();
            memory.add(&given(1, earned, days));
            memory.weight(now())
        };
        assert!(weigh(0, 0) < weigh(WHOLE, 1));
        assert!(weigh(WHOLE, 30) > weigh(WHOLE, 1) && weigh(WHOLE, 60) == weigh(WHOLE, 30));
        assert!(weigh(0, 1) > weigh(WHOLE, 10));
        assert!(weigh(0, 60) < NEVER_SEEN);
    }

    #[test]
    fn the_weakest_area_stands_first_and_the_last_answer_counts() {
        let past = [given(0, WHOLE, 1), given(0, 0, 20), given(1, 0, 1), given(3, WHOLE, 1)];
        let standings = standings(&open(6), &past, now());
        let told: Vec<_> =
            standings.iter().map(|one| (one.area.as_str(), one.right, one.seen)).collect();
        assert_eq!(told, [("odd", Some(50), 2), ("even", Some(100), 1)]);
        assert_eq!(standings[1].weeks[WEEKS - 1], Some(100));
        assert_eq!(standings[1].weeks[WEEKS - 3], Some(0));
        assert_eq!(standings[1].weeks[0], None);
    }

    proptest! {
        #[test]
        fn only_what_is_open_is_ever_chosen_and_nothing_twice(
            there in 0_i64..30,
            past in prop::collection::vec((0_i64..60, 0_i64..=WHOLE, 0_i64..50), 0..80),
            count in 0_usize..15,
            seed in any::<i64>(),
        ) {
            let open = open(there);
            let past: Vec<Given> =
                past.into_iter().map(|(question, earned, days)| given(question, earned, days)).collect();
            let chosen = choose(&open, &past, now(), count, seed);
            prop_assert_eq!(chosen.len(), count.min(open.len()));
            let mut different = chosen.clone();
            different.sort();
            different.dedup();
            prop_assert_eq!(different.len(), chosen.len());
            prop_assert!(chosen.iter().all(|unit| open.iter().any(|one| one.unit() == *unit)));
            prop_assert_eq!(choose(&open, &past, now(), count, seed), chosen);
        }

        #[test]
        fn options_are_all_shown_and_in_the_same_order_after_answering(
            version in any::<i64>(), options in 0_usize..10, seed in any::<i64>(),
        ) {
            let unit = Unit { version: VersionId(version), part: 1 };
            let order = shown_order(unit, options, false, seed);
            prop_assert_eq!(&shown_order(unit, options, false, seed), &order);
            let mut all = order;
            all.sort_unstable();
            prop_assert_eq!(all, (0..options).collect::<Vec<_>>());
        }
    }
}
