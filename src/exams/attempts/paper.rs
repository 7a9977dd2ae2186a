//! Drawing a paper: pure, and the same again from the same seed and bank.

use crate::{
    exams::questions::{QuestionKind, VersionId, bank::Live},
    i18n::Text,
    record::programme::Draw,
    text,
};

/// A place on a paper, and the order in which this candidate sees its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub version: VersionId,
    /// Which part of a case, from 1; 0 is the question itself.
    pub part: usize,
    pub kind: QuestionKind,
    pub order: Vec<usize>,
    pub weight: u32,
    /// A pilot is not.
    pub scored: bool,
    /// Which block of the blueprint it belongs to.
    pub block: usize,
}

/// Draws the questions a plan asks for. `live` stands in the order of the bank's codes. A bank
/// that cannot fill the plan draws nothing: an area is never short in silence.
pub fn draw(plan: &[Draw], live: &[Live], seed: i64) -> Result<Vec<Drawn>, Text> {
    let mut chance = Chance(seed as u64);
    // A plan without a blueprint asks for no pilots.
    let mut left: Vec<&Live> = live.iter().filter(|one| !one.pilot).collect();
    let mut drawn: Vec<&Live> = Vec::new();
    let mut short: Vec<Text> = Vec::new();
    // Named areas first, so that the rest cannot eat up what they need.
    let (named, anywhere): (Vec<&Draw>, Vec<&Draw>) =
        plan.iter().partition(|draw| draw.area.is_some());
    for part in named.into_iter().chain(anywhere) {
        let fits = |one: &Live| part.area.as_ref().is_none_or(|area| *area == one.area);
        let (mut pool, others): (Vec<&Live>, Vec<&Live>) =
            left.into_iter().partition(|one| fits(one));
        let wanted = part.count as usize;
        if pool.len() < wanted {
            short.push(shortage(part, pool.len()));
        }
        chance.shuffle(&mut pool);
        let rest = pool.split_off(wanted.min(pool.len()));
        drawn.append(&mut pool);
        // Back in the bank's order, so that the draw does not depend on how it was come by.
        left = live.iter().filter(|one| has(&rest, one) || has(&others, one)).collect();
    }
    if !short.is_empty() {
        return Err(Text::list(&short));
    }
    chance.shuffle(&mut drawn);
    Ok(drawn.into_iter().flat_map(|one| chance.lay_out(one)).collect())
}

fn has(list: &[&Live], one: &Live) -> bool {
    list.iter().any(|other| other.version == one.version)
}

fn shortage(part: &Draw, there: usize) -> Text {
    let wanted = part.count;
    match &part.area {
        Some(area) => text!(
            "“{area}”部分需要 {wanted} 题，题库只有 {there} 题",
            "area “{area}” needs {wanted}, the bank has {there}"
        ),
        None => {
            text!("需要 {wanted} 题，题库只有 {there} 题", "{wanted} needed, the bank has {there}")
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and ours to keep unchanged. A library's
/// generator may change with its version, and then an old seed would draw another paper.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly among so many; what would favour the first ones is thrown away.
    pub fn below(&mut self, bound: u64) -> u64 {
        let even = u64::MAX - u64::MAX % bound;
        loop {
            let next = self.next();
            if next < even {
                return next % bound;
            }
        }
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }

    /// The places of one question: the parts of a case stay together.
    fn lay_out(&mut self, one: &Live) -> Vec<Drawn> {
        let is_case = one.kind == QuestionKind::Case;
        let places = one.places.iter().enumerate();
        places
            .map(|(at, place)| {
                let mut order: Vec<usize> = (0..place.options).collect();
                if !place.fixed_order {
                    self.shuffle(&mut order);
                }
                Drawn {
                    version: one.version,
                    part: if is_case { at + 1 } else { 0 },
                    kind: place.kind,
                    order,
                    weight: place.points,
                    scored: !one.pilot,
                    block: 0,
                }
            })
            .collect()
    }
}

/// The order of options as a column keeps it: `2,0,1`.
pub fn order_word(order: &[usize]) -> String {
    order.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

pub fn parse_order(word: &str) -> Vec<usize> {
    word.split(',').filter_map(|place| place.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::exams::questions::{
        QuestionId,
        body::Place,
        model::{Difficulty, Importance, Level},
    };

    fn bank(sizes: &[usize]) -> Vec<Live> {
        let areas = sizes.iter().enumerate();
        let questions = areas.flat_map(|(area, size)| (0..*size).map(move |at| (area, at)));
        questions
            .map(|(area, at)| Live {
                question: QuestionId((area * 100 + at) as i64),
                version: VersionId((area * 100 + at) as i64),
                code: format!("q{area}-{at:02}"),
                area: format!("a{area}"),
                kind: QuestionKind::Single,
                level: Level::Recall,
                importance: Importance::Core,
                difficulty: Difficulty::Easy,
                pilot: false,
                places: vec![Place {
                    kind: QuestionKind::Single,
                    options: 4,
                    fixed_order: false,
                    points: 1,
                }],
            })
            .collect()
    }

    fn part(area: Option<&str>, count: u32) -> Draw {
        Draw { area: area.map(str::to_owned), count }
    }

    #[test]
    fn a_short_area_is_named_and_nothing_is_drawn() {
        let plan = [part(Some("a0"), 3), part(Some("a1"), 2)];
        let short = draw(&plan, &bank(&[2, 2]), 7).unwrap_err();
        assert!(short.en.contains("area “a0” needs 3, the bank has 2"), "{}", short.en);
        assert!(short.zh.contains("a0") && !short.zh.contains("a1"));
    }

    #[test]
    fn another_seed_draws_another_paper() {
        let (bank, plan) = (bank(&[30]), [part(None, 20)]);
        assert_ne!(draw(&plan, &bank, 1), draw(&plan, &bank, 2));
    }

    #[test]
    fn a_seed_draws_the_same_paper_in_every_version_of_the_program() {
        let paper = draw(&[part(None, 4)], &bank(&[6]), 42).unwrap();
        let versions: Vec<i64> = paper.iter().map(|one| one.version.0).collect();
        assert_eq!(versions, PINNED, "kept papers could no longer be drawn again");
    }

    const PINNED: [i64; 4] = [2, 4, 3, 0];

    proptest! {
        #[test]
        fn a_paper_has_what_the_plan_asks_for_and_nothing_twice(
            sizes in prop::collection::vec(3_usize..12, 1..4),
            counts in prop::collection::vec(0_u32..4, 1..4),
            more in 0_u32..3,
            seed in any::<i64>(),
        ) {
            let bank = bank(&sizes);
            let mut plan: Vec<Draw> = vec![part(None, more)];
            let named = counts.iter().take(sizes.len()).enumerate();
            plan.extend(named.map(|(area, count)| part(Some(&format!("a{area}")), *count)));
            let wanted: u32 = plan.iter().map(|draw| draw.count).sum();
            prop_assume!(wanted as usize <= bank.len());
            let paper = draw(&plan, &bank, seed).unwrap();
            let different: BTreeSet<_> = paper.iter().map(|one| one.version).collect();
            prop_assert_eq!(different.len(), wanted as usize);
            for (area, count) in counts.iter().take(sizes.len()).enumerate() {
                let of_area = paper.iter().filter(|one| one.version.0 / 100 == area as i64).count();
                prop_assert!(of_area >= *count as usize);
            }
            for one in &paper {
                let mut order = one.order.clone();
                order.sort_unstable();
                prop_assert_eq!(order, vec![0, 1, 2, 3]);
            }
            prop_assert_eq!(draw(&plan, &bank, seed).unwrap(), paper, "the same seed, the same paper");
        }
    }
}
