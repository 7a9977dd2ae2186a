//! How far examiners agree: exact and adjacent shares, Cohen's κ, severity and its drift. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::record::{PersonId, rubric::ScoreLine};

/// Fewer pairs than this say little.
pub const FEW: usize = 30;
/// Fewer exams than this say little about somebody's severity.
pub const FEW_EXAMS: usize = 5;

/// The band of a score on its line, from 0 to 4: nothing, a quarter, half, three quarters, all.
/// Lines with few choices and with many can be counted together this way.
pub fn band(line: &ScoreLine, points: i64) -> usize {
    let all = line.points_max().max(1);
    ((points * 8 + all) / (all * 2)).clamp(0, 4) as usize
}

/// Two examiners who scored the same exam.
#[derive(Clone, Debug)]
pub struct Pair {
    pub exam: String,
    pub examiners: (PersonId, PersonId),
    pub held_on: NaiveDate,
    /// Their bands, line by line.
    pub bands: Vec<(usize, usize)>,
    /// Their totals in points of 100.
    pub totals: (f64, f64),
}

/// What is known about a group of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    pub exams: usize,
    /// Lines scored by both.
    pub lines: usize,
    pub exact: Option<f64>,
    /// Exact, or one band apart.
    pub adjacent: Option<f64>,
    pub kappa: Option<f64>,
}

pub fn agreement<'a>(pairs: impl IntoIterator<Item = &'a Pair>) -> Agreement {
    let (mut exams, mut bands) = (0, Vec::new());
    for pair in pairs {
        exams += 1;
        bands.extend_from_slice(&pair.bands);
    }
    let share = |within: usize| {
        let close = bands.iter().filter(|(a, b)| a.abs_diff(*b) <= within).count();
        (!bands.is_empty()).then(|| close as f64 / bands.len() as f64)
    };
    Agreement {
        exams,
        lines: bands.len(),
        exact: share(0),
        adjacent: share(1),
        kappa: kappa(&bands),
    }
}

/// Cohen's κ: agreement beyond what chance would give; nothing where chance alone gives it all.
fn kappa(pairs: &[(usize, usize)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let observed = pairs.iter().filter(|(a, b)| a == b).count() as f64 / n;
    let most = pairs.iter().flat_map(|(a, b)| [*a, *b]).max()?;
    let share = |of: &dyn Fn(&(usize, usize)) -> usize, category: usize| {
        pairs.iter().filter(|pair| of(pair) == category).count() as f64 / n
    };
    let expected: f64 = (0..=most)
        .map(|category| share(&|pair| pair.0, category) * share(&|pair| pair.1, category))
        .sum();
    (expected < 1.0).then(|| (observed - expected) / (1.0 - expected))
}

/// How severe an examiner is: the mean of their totals less their partner's.
#[derive(Clone, Debug, PartialEq)]
pub struct Severity {
    pub exams: usize,
    /// Below nothing: harder than their partners.
    pub mean: f64,
    /// By quarter, the first day of each: mean and number of exams.
    pub quarters: Vec<(NaiveDate, f64, usize)>,
}

pub fn severity<'a>(
    examiner: PersonId,
    pairs: impl IntoIterator<Item = &'a Pair>,
) -> Option<Severity> {
    let mut quarters: BTreeMap<NaiveDate, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        let (own, other) = match pair.examiners {
            (a, _) if a == examiner => pair.totals,
            (_, b) if b == examiner => (pair.totals.1, pair.totals.0),
            _ => continue,
        };
        quarters.entry(quarter(pair.held_on)).or_default().push(own - other);
    }
    let all: Vec<f64> = quarters.values().flatten().copied().collect();
    let quarters = quarters.into_iter().map(|(day, found)| (day, mean(&found), found.len()));
    let quarters = quarters.collect();
    (!all.is_empty()).then(|| Severity { exams: all.len(), mean: mean(&all), quarters })
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

/// The first day of the quarter.
fn quarter(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P3.
    #[test]
    fn kappa_is_what_lies_beyond_chance() {
        let bits =
            |word: &str| word.bytes().map(|bit| usize::from(bit == b'1')).collect::<Vec<_>>();
        let pairs: Vec<(usize, usize)> =
            bits("1110010110").into_iter().zip(bits("1100011110")).collect();
        assert!((kappa(&pairs).unwrap() - 0.583_333).abs() < 1e-6);
        assert_eq!(kappa(&[]), None);
        assert_eq!(kappa(&[(1, 1), (1, 1)]), None, "chance alone gives it all");
    }

    #[test]
    fn severity_is_the_difference_to_the_partner_by_quarter() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let pair = |on: &str, totals| Pair {
            exam: "x".into(),
            examiners: (PersonId(1), PersonId(2)),
            held_on: day(on),
            bands: vec![(0, 0), (1, 2), (0, 4)],
            totals,
        };
        let pairs = [
            pair("2026-01-10", (70.0, 80.0)),
            pair("2026-03-31", (80.0, 80.0)),
            pair("2026-04-01", (90.0, 80.0)),
        ];
        let hard = severity(PersonId(1), &pairs).unwrap();
        assert_eq!(hard.quarters, [(day("2026-01-01"), -5.0, 2), (day("2026-04-01"), 10.0, 1)]);
        assert_eq!((hard.exams, hard.mean), (3, 0.0));
        assert_eq!(severity(PersonId(2), &pairs).unwrap().quarters[0].1, 5.0);
        assert_eq!(severity(PersonId(3), &pairs), None);
        let all = agreement(&pairs);
        assert_eq!((all.exams, all.lines), (3, 9));
        assert!((all.exact.unwrap() - 1.0 / 3.0).abs() < 1e-9);
        assert!((all.adjacent.unwrap() - 2.0 / 3.0).abs() < 1e-9);
    }
}
