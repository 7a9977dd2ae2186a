//! Drawing a paper: pure, and the same again from the same seed and bank.

use std::collections::{BTreeMap, HashSet};

use crate::{
    exams::questions::{QuestionId, QuestionKind, VersionId, bank::Live},
    i18n::Text,
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

/// So many questions out of these, for one block of the paper.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    pub block: usize,
    pub count: usize,
    /// In the order of the bank's codes.
    pub from: Vec<&'a Live>,
    pub scored: bool,
    /// What to call it when it is short.
    pub name: Text,
}

/// Draws what the parts ask for, one after the other; no question comes twice. Where a part leaves
/// a choice, questions of a lower `rank` come first. A part that cannot be filled draws nothing at
/// all: a paper is never short in silence.
pub fn draw(parts: &[Part<'_>], seed: i64, rank: impl Fn(&Live) -> u8) -> Result<Vec<Drawn>, Text> {
    let mut chance = Chance(seed as u64);
    let mut used: HashSet<QuestionId> = HashSet::new();
    let mut blocks: BTreeMap<usize, Vec<(&Live, bool)>> = BTreeMap::new();
    let mut short: Vec<Text> = Vec::new();
    for part in parts {
        let mut pool: Vec<&Live> =
            part.from.iter().filter(|one| !used.contains(&one.question)).copied().collect();
        if pool.len() < part.count {
            short.push(shortage(part, pool.len()));
            continue;
        }
        chance.shuffle(&mut pool);
        pool.sort_by_key(|one| rank(one));
        pool.truncate(part.count);
        used.extend(pool.iter().map(|one| one.question));
        let block = blocks.entry(part.block).or_default();
        block.extend(pool.into_iter().map(|one| (one, part.scored)));
    }
    if !short.is_empty() {
        return Err(Text::list(&short));
    }
    let mut paper = Vec::new();
    for (block, mut drawn) in blocks {
        chance.shuffle(&mut drawn);
        for (one, scored) in drawn {
            paper.extend(chance.lay_out(one, block, scored));
        }
    }
    Ok(paper)
}

fn shortage(part: &Part<'_>, there: usize) -> Text {
    let (wanted, zh, en) = (part.count, &part.name.zh, &part.name.en);
    text!("{zh}需要 {wanted} 题，题库只有 {there} 题", "{en}{wanted} needed, the bank has {there}")
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
    fn lay_out(&mut self, one: &Live, block: usize, scored: bool) -> Vec<Drawn> {
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
                    scored,
                    block,
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
pub mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::exams::questions::{
        body::Place,
        model::{Difficulty, Importance, Level},
    };

    /// A bank of single choices: area `a0` with so many, `a1` with so many …
    pub fn bank(sizes: &[usize]) -> Vec<Live> {
        let areas = sizes.iter().enumerate();
        let questions = areas.flat_map(|(area, size)| (0..*size).map(move |at| (area, at)));
        questions
            .map(|(area, at)| Live {
                question: QuestionId((area * 100 + at) as i64),
                version: VersionId((area * 100 + at) as i64),
                code: format!("q{area}-{at:02}"),
                area: format!("a{area}"),
                kind: QuestionKind::Single,
                level: Level::ALL[at % 3],
                importance: Importance::Core,
                difficulty: Difficulty::ALL[at / 3 % 3],
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

    fn part<'a>(live: &'a [Live], area: Option<&str>, count: usize) -> Part<'a> {
        let fits = |one: &&Live| area.is_none_or(|area| area == one.area);
        let from = live.iter().filter(fits).collect();
        Part { block: 0, count, from, scored: true, name: Text::same(area.unwrap_or("")) }
    }

    fn plainly(parts: &[Part<'_>], seed: i64) -> Result<Vec<Drawn>, Text> {
        draw(parts, seed, |_| 0)
    }

    #[test]
    fn a_short_part_is_named_and_nothing_is_drawn() {
        let live = bank(&[2, 2]);
        let parts = [part(&live, Some("a0"), 3), part(&live, Some("a1"), 2)];
        let short = plainly(&parts, 7).unwrap_err();
        assert!(short.en.contains("a03 needed, the bank has 2"), "{}", short.en);
        assert!(short.zh.contains("a0") && !short.zh.contains("a1"));
    }

    #[test]
    fn another_seed_draws_another_paper() {
        let live = bank(&[30]);
        let parts = [part(&live, None, 20)];
        assert_ne!(plainly(&parts, 1), plainly(&parts, 2));
    }

    #[test]
    fn a_seed_draws_the_same_paper_in_every_version_of_the_program() {
        let live = bank(&[6]);
        let paper = plainly(&[part(&live, None, 4)], 42).unwrap();
        let versions: Vec<i64> = paper.iter().map(|one| one.version.0).collect();
        assert_eq!(versions, PINNED, "kept papers could no longer be drawn again");
    }

    const PINNED: [i64; 4] = [2, 4, 3, 0];

    #[test]
    fn what_ranks_lower_comes_first() {
        let live = bank(&[10]);
        let seen: BTreeSet<i64> = (0..6).collect();
        let rank = |one: &Live| u8::from(seen.contains(&one.version.0));
        let paper = draw(&[part(&live, None, 5)], 3, rank).unwrap();
        let fresh = paper.iter().filter(|one| !seen.contains(&one.version.0)).count();
        assert_eq!(fresh, 4, "all four that were not seen, and one that was");
    }

    proptest! {
        #[test]
        fn a_paper_has_what_the_parts_ask_for_and_nothing_twice(
            sizes in prop::collection::vec(3_usize..12, 1..4),
            counts in prop::collection::vec(0_usize..4, 1..4),
            more in 0_usize..3,
            seed in any::<i64>(),
        ) {
            let live = bank(&sizes);
            let named = counts.iter().take(sizes.len()).enumerate();
            let mut parts: Vec<Part<'_>> = named
                .map(|(area, count)| part(&live, Some(&format!("a{area}")), *count))
                .collect();
            parts.push(part(&live, None, more));
            let wanted: usize = parts.iter().map(|part| part.count).sum();
            prop_assume!(wanted <= live.len());
            let paper = plainly(&parts, seed).unwrap();
            let different: BTreeSet<_> = paper.iter().map(|one| one.version).collect();
            prop_assert_eq!(different.len(), wanted);
            for (area, count) in counts.iter().take(sizes.len()).enumerate() {
                let of_area = paper.iter().filter(|one| one.version.0 / 100 == area as i64).count();
                prop_assert!(of_area >= *count);
            }
            for one in &paper {
                let mut order = one.order.clone();
                order.sort_unstable();
                prop_assert_eq!(order, vec![0, 1, 2, 3]);
            }
            prop_assert_eq!(plainly(&parts, seed).unwrap(), paper, "the same seed, the same paper");
        }
    }
}
