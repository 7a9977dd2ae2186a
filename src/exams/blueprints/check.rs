//! What is known about a blueprint before anybody sits it: pure.

use super::{
    draw::{self, Part},
    model::Form,
};
use crate::{exams::questions::bank::Live, i18n::Text};

/// Whether a bank can fill a form, where it is thin, and how many different papers it gives.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// What is missing; nothing, when it can be sat.
    pub lacks: Vec<Text>,
    pub cells: Vec<CellLine>,
    /// The number of different sets of questions, as a power of ten.
    pub papers_log10: f64,
    /// The largest share of papers any question will be on, in percent.
    pub most_exposed: u32,
}

/// A cell with what it asks for and what the bank has for it.
#[derive(Clone, Debug)]
pub struct CellLine {
    pub block: usize,
    pub name: Text,
    pub count: usize,
    pub there: usize,
    pub scored: bool,
}

impl CellLine {
    /// On how many of a hundred papers each of its questions will be.
    pub fn exposure(&self) -> u32 {
        (self.count * 100).div_ceil(self.there.max(1)) as u32
    }

    /// Candidates who talk to each other soon know every question.
    pub fn is_thin(&self, most: Option<u32>) -> bool {
        self.scored && self.exposure() > most.unwrap_or(THIN)
    }
}

/// Where no limit is set, a question on more than half of the papers is told.
const THIN: u32 = 50;

impl Check {
    pub fn of(form: &Form<'_>, live: &[Live]) -> Check {
        let parts = match form.parts(live) {
            Ok(parts) => parts,
            Err(lacks) => return Check { lacks, ..Check::default() },
        };
        let lacks = draw::draw(&parts, 0, |_| 0).err().into_iter().collect();
        let cells: Vec<CellLine> = parts.iter().map(line).collect();
        let papers_log10 =
            parts.iter().map(|part| choices_log10(part.from.len(), part.count)).sum();
        let scored = cells.iter().filter(|cell| cell.scored && cell.there > cell.count);
        let most_exposed = scored.map(CellLine::exposure).max().unwrap_or(0);
        Check { lacks, cells, papers_log10, most_exposed }
    }

    pub fn can_be_sat(&self) -> bool {
        self.lacks.is_empty()
    }

    /// How many different papers, as far as it is worth counting.
    pub fn papers(&self) -> Papers {
        if self.papers_log10 < 6.0 {
            Papers::Exactly(10_f64.powf(self.papers_log10).round() as u64)
        } else {
            Papers::PowerOfTen(self.papers_log10.floor() as u32)
        }
    }
}

/// A number of papers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Papers {
    Exactly(u64),
    /// At least ten to this power.
    PowerOfTen(u32),
}

fn line(part: &Part<'_>) -> CellLine {
    CellLine {
        block: part.block,
        name: part.name.clone(),
        count: part.count,
        there: part.from.len(),
        scored: part.scored,
    }
}

/// log₁₀ of "n choose k".
fn choices_log10(n: usize, k: usize) -> f64 {
    if k > n {
        return 0.0;
    }
    (0..k.min(n - k)).map(|at| (((n - at) as f64) / ((at + 1) as f64)).log10()).sum()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{
        exams::blueprints::draw::tests::bank,
        record::blueprint::{AreaShare, Block, Blueprint, Levels, Pick, Table},
    };

    fn table(questions: u32, areas: &[&str]) -> Table {
        let leaf = |area: &&str| AreaShare {
            weight: 1,
            area: Some((*area).to_owned()),
            ..AreaShare::default()
        };
        Table { questions, areas: areas.iter().map(leaf).collect(), ..Table::default() }
    }

    fn form(blocks: Vec<Block>, pilot: u32) -> Form<'static> {
        let blueprint = Blueprint { blocks, pilot, max_exposure: None };
        assert_eq!(blueprint.mistakes(), []);
        Form::Blueprint { id: None, blueprint: Cow::Owned(blueprint) }
    }

    fn of_table(table: Table) -> Vec<Block> {
        vec![Block { table: Some(table), ..Block::default() }]
    }

    #[test]
    fn different_papers_are_counted() {
        let live = bank(&[4, 3]);
        let check = Check::of(&form(of_table(table(4, &["a0", "a1"])), 0), &live);
        assert!(check.can_be_sat());
        assert_eq!(check.papers(), Papers::Exactly(18), "6 times 3");
        assert!(check.cells[1].is_thin(None) && !check.cells[0].is_thin(None), "2 of 3, 2 of 4");
        let many = Check::of(&form(of_table(table(20, &["a0"])), 0), &bank(&[60]));
        assert_eq!(many.papers(), Papers::PowerOfTen(15));
    }

    #[test]
    fn vector_r15_required_and_drawn_blocks_have_their_own_minutes() {
        let live = bank(&[6, 6]);
        let pick = |draw: u32, of: &[&str]| Pick {
            draw,
            of: of.iter().map(|code| (*code).to_owned()).collect(),
        };
        let block =
            |minutes, table, picks| Block { minutes: Some(minutes), table, picks, title: None };
        let form = form(
            vec![
                block(30, None, vec![pick(1, &["q0-00", "q0-01"])]),
                block(30, None, vec![pick(1, &["q0-02", "q0-03"]), pick(2, &["q0-04", "q0-05"])]),
                block(20, Some(table(4, &["a1"])), vec![]),
            ],
            0,
        );
        assert_eq!((form.questions(), form.minutes()), (8, Some(80)));
        let parts = form.parts(&live).unwrap();
        for seed in 0..50 {
            let paper = draw::draw(&parts, seed, |_| 0).unwrap();
            let of_block = |block| paper.iter().filter(|one| one.block == block).count();
            assert_eq!([of_block(1), of_block(2), of_block(3)], [1, 3, 4]);
            let blocks: Vec<usize> = paper.iter().map(|one| one.block).collect();
            assert!(blocks.is_sorted(), "block by block");
            let has = |version| paper.iter().any(|one| one.version.0 == version);
            assert!(has(4) && has(5), "what is required is on every paper");
            assert!(has(0) != has(1), "one of the two");
        }
    }

    #[test]
    fn vector_r14_pilots_are_unscored_and_a_half_form_keeps_the_shares() {
        let mut live = bank(&[30, 30]);
        live.iter_mut().filter(|one| one.code.ends_with('9')).for_each(|one| one.pilot = true);
        let whole = form(of_table(table(20, &["a0", "a1"])), 5);
        let paper = draw::draw(&whole.parts(&live).unwrap(), 1, |_| 0).unwrap();
        assert_eq!(paper.iter().filter(|one| one.scored).count(), 20);
        assert_eq!(paper.iter().filter(|one| !one.scored).count(), 5);
        let half = form(of_table(table(10, &["a0", "a1"])), 0);
        let paper = draw::draw(&half.parts(&live).unwrap(), 1, |_| 0).unwrap();
        let of = |area: i64| paper.iter().filter(|one| one.version.0 / 100 == area).count();
        assert_eq!((of(0), of(1)), (5, 5));
        assert!(paper.iter().all(|one| one.scored));
    }

    #[test]
    fn every_candidate_gets_the_same_cells() {
        let live = bank(&[30, 30]);
        let levels = Some(Levels { recall: 3, apply: 5, diagnose: 2 });
        let form = form(of_table(Table { levels, ..table(20, &["a0", "a1"]) }), 0);
        let parts = form.parts(&live).unwrap();
        let count = |seed: i64| {
            let paper = draw::draw(&parts, seed, |_| 0).unwrap();
            let level =
                |version: i64| live.iter().find(|one| one.version.0 == version).unwrap().level;
            let mut cells: Vec<_> =
                paper.iter().map(|one| (one.version.0 / 100, level(one.version.0))).collect();
            cells.sort_unstable();
            cells
        };
        assert!((1..30).all(|seed| count(seed) == count(0)), "papers are parallel");
    }

    #[test]
    fn what_is_lacking_is_said_before_anything_is_published() {
        let live = bank(&[2]);
        let check = Check::of(&form(of_table(table(4, &["a0", "a9"])), 0), &live);
        assert!(!check.can_be_sat());
        assert!(check.lacks[0].en.contains("“a9” needs 2, the bank has 0"), "{:?}", check.lacks);
        let named =
            Block { picks: vec![Pick { draw: 1, of: vec!["gone".into()] }], ..Block::default() };
        let check = Check::of(&form(vec![named], 0), &live);
        assert!(check.lacks[0].en.contains("“gone”"));
    }
}
