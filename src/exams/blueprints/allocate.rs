//! How many questions each cell of a table gets: pure, exact, the same every time.
//!
//! Shares are made by largest remainder: everybody gets the whole part of what their weight is
//! worth, and the seats left go to the largest remainders; **of equal remainders the first in the
//! blueprint's order wins**. Nested areas share level by level. Every candidate's paper has the
//! same cells, so papers are parallel: only which questions fill a cell is chance.

use std::collections::BTreeMap;

use crate::{
    exams::questions::model::{Difficulty, Level},
    record::blueprint::{AreaShare, Table},
};

/// Shares a number by weights.
pub fn apportion(total: u32, weights: &[u32]) -> Vec<u32> {
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let worth = |weight: &u32| u64::from(total) * u64::from(*weight);
    let mut seats: Vec<u32> =
        weights.iter().map(|weight| u32::try_from(worth(weight) / sum).unwrap_or(0)).collect();
    let left = total.saturating_sub(seats.iter().sum());
    let mut order: Vec<usize> = (0..weights.len()).collect();
    // A stable sort: of equal remainders the first stays first.
    order.sort_by_key(|at| std::cmp::Reverse(worth(&weights[*at]) % sum));
    for at in order.into_iter().take(left as usize) {
        seats[at] += 1;
    }
    seats
}

/// Shares questions among nested areas; an area named twice gets both shares.
pub fn by_area(total: u32, areas: &[AreaShare]) -> Vec<(String, u32)> {
    let mut leaves: Vec<(String, u32)> = Vec::new();
    descend(total, areas, &mut leaves);
    leaves
}

fn descend(total: u32, areas: &[AreaShare], leaves: &mut Vec<(String, u32)>) {
    let weights: Vec<u32> = areas.iter().map(|area| area.weight).collect();
    for (share, seats) in areas.iter().zip(apportion(total, &weights)) {
        match &share.area {
            None => descend(seats, &share.areas, leaves),
            Some(area) => match leaves.iter_mut().find(|(known, _)| known == area) {
                Some((_, count)) => *count += seats,
                None => leaves.push((area.clone(), seats)),
            },
        }
    }
}

/// A cell of the table: questions of one area, and of one level and difficulty where the table
/// asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub area: String,
    pub level: Option<Level>,
    pub difficulty: Option<Difficulty>,
    pub count: u32,
}

/// How many questions the bank has of each area, level and difficulty.
pub type Supply = BTreeMap<(String, Level, Difficulty), u32>;

/// What is missing to fill a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Short {
    /// Areas with what they need and what there is.
    pub areas: Vec<(String, u32, u32)>,
    pub levels: Vec<(Level, u32, u32)>,
    pub difficulties: Vec<(Difficulty, u32, u32)>,
}

type Column = (Option<Level>, Option<Difficulty>);

/// The cells of a table that the bank can fill, or what it lacks.
pub fn cells(table: &Table, supply: &Supply) -> Result<Vec<Cell>, Short> {
    let rows = by_area(table.questions, &table.areas);
    let levels = table.levels.map(|levels| apportion(table.questions, &levels.weights()));
    let difficulties =
        table.difficulties.map(|weights| apportion(table.questions, &weights.weights()));
    let columns = columns(levels.is_some(), difficulties.is_some());
    let caps: Vec<Vec<u32>> = rows
        .iter()
        .map(|(area, _)| columns.iter().map(|column| there(supply, area, *column)).collect())
        .collect();
    let needs: Vec<u32> = rows.iter().map(|(_, need)| *need).collect();
    let filled = match (&levels, &difficulties) {
        (Some(levels), Some(difficulties)) => crossings(levels, difficulties, table.questions)
            .into_iter()
            .find_map(|wanted| fill(&needs, &wanted, &caps)),
        (Some(wanted), None) | (None, Some(wanted)) => fill(&needs, wanted, &caps),
        (None, None) => fill(&needs, &[table.questions], &caps),
    };
    match filled {
        Some(counts) => Ok(to_cells(&rows, &columns, &counts)),
        None => Err(short(&rows, levels.as_deref(), difficulties.as_deref(), supply)),
    }
}

fn columns(by_level: bool, by_difficulty: bool) -> Vec<Column> {
    let levels: Vec<Option<Level>> =
        if by_level { Level::ALL.iter().copied().map(Some).collect() } else { vec![None] };
    let difficulties: Vec<Option<Difficulty>> = if by_difficulty {
        Difficulty::ALL.iter().copied().map(Some).collect()
    } else {
        vec![None]
    };
    let cross = |level: &Option<Level>| {
        let level = *level;
        difficulties.iter().map(move |difficulty| (level, *difficulty)).collect::<Vec<_>>()
    };
    levels.iter().flat_map(cross).collect()
}

fn there(supply: &Supply, area: &str, (level, difficulty): Column) -> u32 {
    let fits = |key: &(String, Level, Difficulty)| {
        key.0 == area
            && level.is_none_or(|level| level == key.1)
            && difficulty.is_none_or(|difficulty| difficulty == key.2)
    };
    supply.iter().filter(|(key, _)| fits(key)).map(|(_, count)| count).sum()
}

fn to_cells(rows: &[(String, u32)], columns: &[Column], counts: &[Vec<u32>]) -> Vec<Cell> {
    let of_row = |((area, _), counts): (&(String, u32), &Vec<u32>)| {
        let cell = |((level, difficulty), count): (&Column, &u32)| Cell {
            area: area.clone(),
            level: *level,
            difficulty: *difficulty,
            count: *count,
        };
        columns.iter().zip(counts).map(cell).filter(|cell| cell.count > 0).collect::<Vec<_>>()
    };
    rows.iter().zip(counts).flat_map(of_row).collect()
}

/// More tables than these of levels × difficulties are not tried.
const MOST_CROSSINGS: usize = 3_000;

/// The tables of levels × difficulties with the given sums, the ones nearest to proportional
/// first, row by row.
fn crossings(levels: &[u32], difficulties: &[u32], total: u32) -> Vec<Vec<u32>> {
    let mut found: Vec<(u64, Vec<u32>)> = Vec::new();
    let mut table = vec![0; levels.len() * difficulties.len()];
    cross(levels, difficulties, 0, &mut difficulties.to_vec(), &mut table, &mut |table| {
        found.push((off(table, levels, difficulties, total), table.to_vec()));
        found.len() < MOST_CROSSINGS * 4
    });
    found.sort();
    found.truncate(MOST_CROSSINGS);
    found.into_iter().map(|(_, table)| table).collect()
}

/// How far a table is from proportional: squared differences, on a common denominator.
fn off(table: &[u32], levels: &[u32], difficulties: &[u32], total: u32) -> u64 {
    let cells = levels.iter().flat_map(|level| difficulties.iter().map(move |d| (*level, *d)));
    cells
        .zip(table)
        .map(|((level, difficulty), count)| {
            let fair = u64::from(level) * u64::from(difficulty);
            fair.abs_diff(u64::from(*count) * u64::from(total)).pow(2)
        })
        .sum()
}

/// Every table, cell by cell, starting near the proportional count; `each` says whether to go on.
fn cross(
    levels: &[u32],
    difficulties: &[u32],
    at: usize,
    left: &mut Vec<u32>,
    table: &mut Vec<u32>,
    each: &mut impl FnMut(&[u32]) -> bool,
) -> bool {
    let width = difficulties.len();
    let (row, column) = (at / width, at % width);
    if row == levels.len() {
        return !left.iter().all(|left| *left == 0) || each(table);
    }
    let used: u32 = table[row * width..at].iter().sum();
    let rest = levels[row] - used;
    let last = column + 1 == width;
    let sum: u32 = difficulties.iter().sum::<u32>().max(1);
    let fair = levels[row] * difficulties[column] / sum;
    let mut counts: Vec<u32> =
        if last { vec![rest] } else { (0..=rest.min(left[column])).collect() };
    counts.sort_by_key(|count| count.abs_diff(fair));
    for count in counts.into_iter().filter(|count| *count <= left[column]).collect::<Vec<_>>() {
        table[at] = count;
        left[column] -= count;
        let go_on = cross(levels, difficulties, at + 1, left, table, each);
        left[column] += count;
        table[at] = 0;
        if !go_on {
            return false;
        }
    }
    true
}

/// Fills rows and columns to their sums within the caps: a largest flow (Ford and Fulkerson, 1956)
/// that starts from the proportional counts.
fn fill(rows: &[u32], columns: &[u32], caps: &[Vec<u32>]) -> Option<Vec<Vec<u32>>> {
    let total: u32 = columns.iter().sum();
    if rows.iter().sum::<u32>() != total {
        return None;
    }
    let start = |row: &u32, column: &u32, cap: &u32| (row * column / total.max(1)).min(*cap);
    let mut flow: Vec<Vec<u32>> = rows
        .iter()
        .zip(caps)
        .map(|(row, caps)| columns.iter().zip(caps).map(|(c, cap)| start(row, c, cap)).collect())
        .collect();
    for row in 0..rows.len() {
        while flow[row].iter().sum::<u32>() < rows[row] {
            if !augment(row, columns, caps, &mut flow) {
                return None;
            }
        }
    }
    Some(flow)
}

/// Finds one more place for a row, moving others if need be: a breadth-first search over
/// alternating rows and columns.
fn augment(row: usize, columns: &[u32], caps: &[Vec<u32>], flow: &mut [Vec<u32>]) -> bool {
    let taken = |flow: &[Vec<u32>], column: usize| flow.iter().map(|row| row[column]).sum::<u32>();
    let mut came_from: Vec<Option<usize>> = vec![None; columns.len()];
    let mut entered: Vec<Option<usize>> = vec![None; flow.len()];
    let mut queue = std::collections::VecDeque::from([row]);
    while let Some(at) = queue.pop_front() {
        for column in 0..columns.len() {
            if came_from[column].is_some() || flow[at][column] >= caps[at][column] {
                continue;
            }
            came_from[column] = Some(at);
            if taken(flow, column) < columns[column] {
                walk_back(row, column, &came_from, &entered, flow);
                return true;
            }
            for other in 0..flow.len() {
                if other != row && entered[other].is_none() && flow[other][column] > 0 {
                    entered[other] = Some(column);
                    queue.push_back(other);
                }
            }
        }
    }
    false
}

fn walk_back(
    row: usize,
    mut column: usize,
    came_from: &[Option<usize>],
    entered: &[Option<usize>],
    flow: &mut [Vec<u32>],
) {
    while let Some(at) = came_from[column] {
        flow[at][column] += 1;
        if at == row {
            return;
        }
        let Some(left) = entered[at] else { return };
        flow[at][left] -= 1;
        column = left;
    }
}

/// What the bank lacks, sum by sum. When every sum by itself could be met, all are named: it is
/// their combination that cannot.
fn short(
    rows: &[(String, u32)],
    levels: Option<&[u32]>,
    difficulties: Option<&[u32]>,
    supply: &Supply,
) -> Short {
    let areas =
        rows.iter().map(|(area, need)| (area.clone(), *need, there(supply, area, (None, None))));
    let all =
        |column: Column| rows.iter().map(|(area, _)| there(supply, area, column)).sum::<u32>();
    let level = |(level, need): (&Level, &u32)| (*level, *need, all((Some(*level), None)));
    let difficulty = |(one, need): (&Difficulty, &u32)| (*one, *need, all((None, Some(*one))));
    let whole = Short {
        areas: areas.collect(),
        levels: Level::ALL.iter().zip(levels.unwrap_or_default()).map(level).collect(),
        difficulties: Difficulty::ALL
            .iter()
            .zip(difficulties.unwrap_or_default())
            .map(difficulty)
            .collect(),
    };
    let mut lacking = whole.clone();
    lacking.areas.retain(|(_, need, there)| there < need);
    lacking.levels.retain(|(_, need, there)| there < need);
    lacking.difficulties.retain(|(_, need, there)| there < need);
    if lacking == Short::default() { whole } else { lacking }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::blueprint::{Difficulties, Levels};

    fn leaf(area: &str, weight: u32) -> AreaShare {
        AreaShare { weight, area: Some(area.into()), ..AreaShare::default() }
    }

    fn group(weight: u32, areas: Vec<AreaShare>) -> AreaShare {
        AreaShare { weight, areas, ..AreaShare::default() }
    }

    #[test]
    fn vector_p4_half_a_form_shares_by_largest_remainder() {
        assert_eq!(apportion(25, &[15, 10, 10, 8, 7]), [8, 5, 5, 4, 3]);
        assert_eq!(apportion(50, &[15, 10, 10, 8, 7]), [15, 10, 10, 8, 7]);
        assert_eq!(apportion(3, &[0, 0]), [0, 0], "no weights, no seats");
        assert_eq!(apportion(1, &[1, 1, 1]), [1, 0, 0], "of equal remainders the first");
    }

    #[test]
    fn nested_weights_share_level_by_level() {
        // Basics 25 of 100, of which conduct 5; the rest by 3 : 1.
        let areas = [
            group(25, vec![leaf("conduct", 5), leaf("basics", 20)]),
            group(75, vec![leaf("engine", 3), leaf("chassis", 1)]),
        ];
        let shares = by_area(100, &areas);
        let shares: Vec<(&str, u32)> = shares.iter().map(|(a, n)| (a.as_str(), *n)).collect();
        assert_eq!(shares, [("conduct", 5), ("basics", 20), ("engine", 56), ("chassis", 19)]);
    }

    fn supply(of: &[(&str, Level, Difficulty, u32)]) -> Supply {
        of.iter().map(|(area, level, d, n)| (((*area).to_owned(), *level, *d), *n)).collect()
    }

    #[test]
    fn a_table_whose_sums_clash_with_the_bank_names_what_is_short() {
        let table = Table {
            questions: 10,
            areas: vec![leaf("a", 1), leaf("b", 1)],
            levels: Some(Levels { recall: 1, apply: 1, diagnose: 0 }),
            ..Table::default()
        };
        let thin = supply(&[
            ("a", Level::Recall, Difficulty::Easy, 9),
            ("b", Level::Apply, Difficulty::Easy, 3),
        ]);
        let short = cells(&table, &thin).unwrap_err();
        assert_eq!(short.areas, [("b".to_owned(), 5, 3)]);
        assert_eq!(short.levels, [(Level::Apply, 5, 3)]);
        // Each sum can be met alone, but not all together: everything is named.
        let clash = supply(&[
            ("a", Level::Recall, Difficulty::Easy, 9),
            ("a", Level::Apply, Difficulty::Easy, 9),
            ("b", Level::Diagnose, Difficulty::Easy, 9),
        ]);
        assert_eq!(cells(&table, &clash).unwrap_err().areas.len(), 2);
    }

    fn tables() -> impl Strategy<Value = (Table, Supply)> {
        let weights = || prop::option::of((0_u32..4, 0_u32..4, 1_u32..4));
        let areas = prop::collection::vec(1_u32..9, 1..5);
        let counts = prop::collection::vec(0_u32..9, 36);
        (1_u32..20, areas, weights(), weights(), counts).prop_map(
            |(questions, areas, levels, difficulties, counts)| {
                let name = |at: usize| format!("a{at}");
                let supply: Supply = (0..4)
                    .flat_map(|area| Level::ALL.iter().map(move |level| (area, level)))
                    .flat_map(|(a, l)| Difficulty::ALL.iter().map(move |d| (name(a), *l, *d)))
                    .zip(counts)
                    .collect();
                let leaves = areas.iter().enumerate().map(|(at, weight)| leaf(&name(at), *weight));
                let table = Table {
                    questions,
                    areas: leaves.collect(),
                    levels: levels.map(|(recall, apply, diagnose)| Levels {
                        recall,
                        apply,
                        diagnose,
                    }),
                    difficulties: difficulties.map(|(easy, medium, hard)| Difficulties {
                        easy,
                        medium,
                        hard,
                    }),
                    importance: Vec::new(),
                };
                (table, supply)
            },
        )
    }

    proptest! {
        #[test]
        fn shares_add_up_and_stay_within_one_of_fair(
            total in 0_u32..500,
            weights in prop::collection::vec(0_u32..100, 1..12),
        ) {
            let sum: u32 = weights.iter().sum();
            let shares = apportion(total, &weights);
            prop_assert_eq!(shares.iter().sum::<u32>(), if sum == 0 { 0 } else { total });
            for (share, weight) in shares.iter().zip(&weights) {
                let fair = f64::from(total) * f64::from(*weight) / f64::from(sum.max(1));
                prop_assert!((f64::from(*share) - fair).abs() < 1.0);
            }
        }

        #[test]
        fn filled_cells_keep_every_sum_and_never_ask_for_more_than_there_is(
            (table, supply) in tables(),
        ) {
            let Ok(cells) = cells(&table, &supply) else { return Ok(()) };
            let sum = |fits: &dyn Fn(&Cell) -> bool| -> u32 {
                cells.iter().filter(|cell| fits(cell)).map(|cell| cell.count).sum()
            };
            for (area, need) in by_area(table.questions, &table.areas) {
                prop_assert_eq!(sum(&|cell| cell.area == area), need);
            }
            if let Some(levels) = table.levels {
                let needs = apportion(table.questions, &levels.weights());
                for (level, need) in Level::ALL.iter().zip(needs) {
                    prop_assert_eq!(sum(&|cell| cell.level == Some(*level)), need);
                }
            }
            if let Some(difficulties) = table.difficulties {
                let needs = apportion(table.questions, &difficulties.weights());
                for (one, need) in Difficulty::ALL.iter().zip(needs) {
                    prop_assert_eq!(sum(&|cell| cell.difficulty == Some(*one)), need);
                }
            }
            for cell in &cells {
                prop_assert!(cell.count <= there(&supply, &cell.area, (cell.level, cell.difficulty)));
            }
        }

        #[test]
        fn a_table_by_level_is_refused_only_when_no_filling_exists((table, supply) in tables()) {
            // With plenty of everything there is always a way.
            let plenty: Supply = supply.keys().map(|key| (key.clone(), 99)).collect();
            prop_assert!(cells(&table, &plenty).is_ok());
        }
    }
}
