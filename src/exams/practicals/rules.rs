//! Pure decisions: which stations are drawn, and what the scores of several examiners come to.

use std::cmp::Ordering;

use super::model::{Detail, Sheet, StationScore, Total};
use crate::record::{
    Amount,
    rubric::{Adjudicate, PracticalPlan, ScoreLine, Station, Tolerance},
};

/// The stations of one exam: the required ones and the drawn ones, in the order of the plan. The
/// same again from the same seed and plan.
pub fn draw(plan: &PracticalPlan, seed: i64) -> Vec<Station> {
    let mut chance = Chance(seed as u64);
    let mut drawn: Vec<&str> = Vec::new();
    for group in &plan.draw {
        let mut of_group: Vec<&str> = plan
            .stations
            .iter()
            .filter(|station| station.group.as_ref() == Some(&group.group))
            .map(|station| station.code.as_str())
            .collect();
        for place in 0..group.count.min(of_group.len()) {
            let other = place + chance.below(of_group.len() - place);
            of_group.swap(place, other);
            drawn.push(of_group[place]);
        }
    }
    let is_in =
        |station: &&Station| station.group.is_none() || drawn.contains(&station.code.as_str());
    plan.stations.iter().filter(is_in).cloned().collect()
}

/// SplitMix64: a few lines that will draw the same in twenty years.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// What one examiner signed: points by line, in the order of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub slot: i64,
    /// Hundredths of a point.
    pub points: Vec<i64>,
    pub vetoed: bool,
}

impl Judged {
    fn total(&self) -> i64 {
        self.points.iter().sum()
    }
}

/// Where the judging stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Somebody has not signed yet.
    Open,
    /// The two differ too much, or about a veto.
    ThirdNeeded,
    Settled(Outcome),
}

/// What it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub points: i64,
    pub points_max: i64,
    pub vetoed: bool,
    pub passed: bool,
    pub detail: Detail,
}

/// What the signed sheets come to; the same in whatever order they arrive.
pub fn settle(sheet: &Sheet, judged: &[Judged]) -> Settlement {
    let mut judged = judged.to_vec();
    judged.sort_by_key(|one| one.slot);
    let asked = sheet.plan.judges() as usize;
    if judged.len() < asked {
        return Settlement::Open;
    }
    let lines: Vec<(&Station, ScoreLine)> = sheet.lines();
    if sheet.plan.is_panel() {
        return Settlement::Settled(sum_up(sheet, &lines, &judged, &everybody(&lines, asked)));
    }
    let apart = apart(sheet, &lines, &judged);
    if apart && judged.len() == asked {
        return Settlement::ThirdNeeded;
    }
    let counting =
        if apart { adjudicated(sheet, &lines, &judged) } else { everybody(&lines, asked) };
    Settlement::Settled(sum_up(sheet, &lines, &judged, &counting))
}

/// Whose scores count for each line, as places among the judged.
type Counting = Vec<Vec<usize>>;

fn everybody(lines: &[(&Station, ScoreLine)], judges: usize) -> Counting {
    vec![(0..judges).collect(); lines.len()]
}

/// Whether the first two differ too much to take their mean.
fn apart(sheet: &Sheet, lines: &[(&Station, ScoreLine)], judged: &[Judged]) -> bool {
    let (a, b) = (&judged[0], &judged[1]);
    if a.vetoed != b.vetoed {
        return true;
    }
    match sheet.plan.tolerance {
        None => false,
        Some(Tolerance::Points(most)) => is_beyond(sheet, (a.total() - b.total()).abs(), most.0),
        Some(Tolerance::Steps(most)) => (0..lines.len()).any(|at| {
            let (a, b) = (a.points[at], b.points[at]);
            steps_apart(&lines[at].1, a, b) > most as usize
        }),
    }
}

/// Whether a distance in hundredths of a point is more than so many points of 100.
fn is_beyond(sheet: &Sheet, distance: i64, most: Amount) -> bool {
    let distance = Amount { numerator: distance * 100, denominator: sheet.points_max().max(1) };
    distance.compare(most) == Ordering::Greater
}

fn steps_apart(line: &ScoreLine, a: i64, b: i64) -> usize {
    line.step(a).unwrap_or(0).abs_diff(line.step(b).unwrap_or(0))
}

/// With the third examiner's sheet: by the whole, or, where the tolerance is one of steps, only
/// for the lines on which the first two differ too much.
fn adjudicated(sheet: &Sheet, lines: &[(&Station, ScoreLine)], judged: &[Judged]) -> Counting {
    let totals: Vec<i64> = judged.iter().map(Judged::total).collect();
    let mode = sheet.plan.adjudicate;
    match sheet.plan.tolerance {
        Some(Tolerance::Steps(most)) => (0..lines.len())
            .map(|at| {
                let points: Vec<i64> = judged.iter().map(|one| one.points[at]).collect();
                let within = steps_apart(&lines[at].1, points[0], points[1]) <= most as usize;
                if within { vec![0, 1] } else { who_counts(mode, &points) }
            })
            .collect(),
        _ => vec![who_counts(mode, &totals); lines.len()],
    }
}

/// Whose score counts of three.
fn who_counts(mode: Adjudicate, scores: &[i64]) -> Vec<usize> {
    match mode {
        Adjudicate::ThirdDecides => vec![scores.len() - 1],
        Adjudicate::MeanOfAll => (0..scores.len()).collect(),
        Adjudicate::MeanOfTwoClosest => closest(scores),
    }
}

/// The closest two; of pairs equally close, the higher.
fn closest(scores: &[i64]) -> Vec<usize> {
    let pairs = (0..scores.len()).flat_map(|a| (a + 1..scores.len()).map(move |b| (a, b)));
    let best =
        pairs.min_by_key(|(a, b)| ((scores[*a] - scores[*b]).abs(), -(scores[*a] + scores[*b])));
    best.map_or_else(Vec::new, |(a, b)| vec![a, b])
}

fn sum_up(
    sheet: &Sheet,
    lines: &[(&Station, ScoreLine)],
    judged: &[Judged],
    counting: &Counting,
) -> Outcome {
    // Means of one, two, three … are exact when everything is counted in their common multiple.
    let scale = counting.iter().map(|who| who.len() as i64).fold(1, common_multiple);
    let agreed = |at: usize| {
        let who = &counting[at];
        let sum: i64 = who.iter().map(|judge| judged[*judge].points[at]).sum();
        sum * (scale / who.len().max(1) as i64)
    };
    let stations = sheet.stations().iter().map(|station| {
        let own = (0..lines.len()).filter(|at| lines[*at].0.code == station.code);
        StationScore {
            code: station.code.clone(),
            title: station.title.clone(),
            points: own.map(agreed).sum(),
            points_max: station.points_max() * scale,
        }
    });
    let stations: Vec<StationScore> = stations.collect();
    let points = stations.iter().map(|one| one.points).sum();
    let points_max = (sheet.points_max() * scale).max(1);
    let score = Amount { numerator: points * 100, denominator: points_max };
    let vetoed = is_vetoed(sheet, judged);
    let detail = detail(sheet, judged, counting, stations);
    let passed = !vetoed && score.reaches(sheet.pass.0) && has_majority(sheet, judged);
    Outcome { points, points_max, vetoed, passed, detail }
}

/// Of two, both have to see the critical failure; of three or a panel, more than half.
fn is_vetoed(sheet: &Sheet, judged: &[Judged]) -> bool {
    let vetoes = judged.iter().filter(|one| one.vetoed).count();
    let needed = match sheet.plan.is_panel() {
        true => judged.len() / 2 + 1,
        false => 2,
    };
    vetoes >= needed
}

fn has_majority(sheet: &Sheet, judged: &[Judged]) -> bool {
    let finds_passed = |one: &&Judged| !one.vetoed && score(sheet, one).reaches(sheet.pass.0);
    !sheet.plan.majority || judged.iter().filter(finds_passed).count() * 2 > judged.len()
}

/// One examiner's total out of 100.
fn score(sheet: &Sheet, judged: &Judged) -> Amount {
    Amount { numerator: judged.total() * 100, denominator: sheet.points_max().max(1) }
}

fn detail(
    sheet: &Sheet,
    judged: &[Judged],
    counting: &Counting,
    stations: Vec<StationScore>,
) -> Detail {
    let totals: Vec<i64> = judged.iter().map(Judged::total).collect();
    let widest = totals.iter().max().zip(totals.iter().min()).map_or(0, |(max, min)| max - min);
    let spread = Amount { numerator: widest * 100, denominator: sheet.points_max().max(1) };
    let flagged = sheet.plan.spread_flag.is_some_and(|most| is_beyond(sheet, widest, most.0));
    let total = |(at, one): (usize, &Judged)| Total {
        slot: one.slot,
        score: score(sheet, one),
        vetoed: one.vetoed,
        counts: counting.iter().any(|who| who.contains(&at)),
    };
    Detail {
        totals: judged.iter().enumerate().map(total).collect(),
        spread: Some(spread),
        flagged,
        adjudicated: !sheet.plan.is_panel() && judged.len() > sheet.plan.judges() as usize,
        stations,
    }
}

fn common_multiple(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{i18n::Text, record::requirement::Limit};

    /// A sheet of one line with this many points, or this many levels.
    fn sheet(head: &str, criteria: &str) -> Sheet {
        let plan: PracticalPlan = toml::from_str(&format!(
            "{head}\n[[station]]\ncode = \"s\"\ntitle = {{ zh = \"\", en = \"\" }}\nminutes = 5\ncriterion = [{criteria}]"
        ))
        .unwrap();
        Sheet { title: Text::default(), fact: "x".into(), pass: Limit::whole(60), plan }
    }

    const PAIR: &str = "examiners = 2\ntolerance = { points = 10 }\nadjudicate = \"third-decides\"";

    fn hundred() -> String {
        let one =
            |n| format!("{{ code = \"c{n}\", title = {{ zh = \"\", en = \"\" }}, points = 20 }}");
        (0..5).map(one).collect::<Vec<_>>().join(",")
    }

    /// A total of 100, spread over the five lines.
    fn judge(slot: i64, total: i64, vetoed: bool) -> Judged {
        let mut left = total * 100;
        let mut take = || {
            let now = left.min(2000);
            left -= now;
            now
        };
        Judged { slot, points: (0..5).map(|_| take()).collect(), vetoed }
    }

    fn score_of(settlement: Settlement) -> (String, bool, bool) {
        let Settlement::Settled(done) = settlement else { panic!("{settlement:?}") };
        let score = Amount { numerator: done.points * 100, denominator: done.points_max };
        (score.to_string(), done.passed, done.detail.flagged)
    }

    #[test]
    fn within_the_tolerance_the_mean_counts_and_beyond_it_a_third_decides() {
        let sheet = sheet(PAIR, &hundred());
        for (a, b, third, expected) in [
            (80, 70, None, Some(("75", true))),
            (80, 69, None, None),
            (80, 69, Some(59), Some(("59", false))),
            (59, 60, None, Some(("59.5", false))),
            (60, 60, None, Some(("60", true))),
        ] {
            let mut judged = vec![judge(1, a, false), judge(2, b, false)];
            judged.extend(third.map(|third| judge(3, third, false)));
            match expected {
                None => assert_eq!(settle(&sheet, &judged), Settlement::ThirdNeeded, "{a} {b}"),
                Some((score, passed)) => {
                    assert_eq!(score_of(settle(&sheet, &judged)), (score.into(), passed, false));
                }
            }
        }
        assert_eq!(settle(&sheet, &[judge(2, 80, false)]), Settlement::Open);
    }

    /// X3: 78, 82 and 60 are 73.33 and passed; 22 apart is more than 10.
    #[test]
    fn the_mean_of_three_passes_and_a_wide_spread_is_flagged() {
        let judged = [judge(1, 78, false), judge(2, 82, false), judge(3, 60, false)];
        let panel = "panel = 3\nspread_flag = 10";
        assert_eq!(
            score_of(settle(&sheet(panel, &hundred()), &judged)),
            ("73.33".into(), true, true)
        );
        let quiet = sheet("panel = 3", &hundred());
        assert_eq!(score_of(settle(&quiet, &judged)), ("73.33".into(), true, false));
        let mean = "examiners = 2\ntolerance = { points = 3 }\nadjudicate = \"mean-of-all\"\nspread_flag = 10";
        assert_eq!(
            score_of(settle(&sheet(mean, &hundred()), &judged)),
            ("73.33".into(), true, true)
        );
    }

    /// X4: 3 and 4 on a scale of five are 3.5; 2 and 4 need a third, whose 4 makes it 4.
    #[test]
    fn on_a_scale_one_step_apart_is_agreement_and_two_are_not() {
        let levels = "{ zh = \"\", en = \"\" },".repeat(5);
        let line = format!(
            "{{ code = \"q\", title = {{ zh = \"\", en = \"\" }}, points = 4, levels = [{levels}] }}"
        );
        let rated =
            |slot, level: i64| Judged { slot, points: vec![(level - 1) * 100], vetoed: false };
        let level_of = |settlement| match settlement {
            Settlement::Settled(done) => Amount {
                numerator: done.points * 4 + done.points_max,
                denominator: done.points_max,
            }
            .to_string(),
            other => format!("{other:?}"),
        };
        for mode in ["third-decides", "mean-of-two-closest"] {
            let head =
                format!("examiners = 2\ntolerance = {{ steps = 1 }}\nadjudicate = \"{mode}\"");
            let sheet = sheet(&head, &line);
            assert_eq!(level_of(settle(&sheet, &[rated(1, 3), rated(2, 4)])), "3.5");
            let apart = [rated(1, 2), rated(2, 4)];
            assert_eq!(settle(&sheet, &apart), Settlement::ThirdNeeded);
            let [a, b] = apart;
            assert_eq!(level_of(settle(&sheet, &[a, b, rated(3, 4)])), "4", "{mode}");
        }
    }

    #[test]
    fn two_vetoes_fail_and_one_goes_to_the_third() {
        let sheet = sheet(PAIR, &hundred());
        let both = [judge(1, 90, true), judge(2, 92, true)];
        assert!(
            matches!(settle(&sheet, &both), Settlement::Settled(done) if done.vetoed && !done.passed)
        );
        let one = [judge(1, 90, true), judge(2, 92, false)];
        assert_eq!(settle(&sheet, &one), Settlement::ThirdNeeded);
        for third in [true, false] {
            let [a, b] = one.clone();
            let settled = settle(&sheet, &[a, b, judge(3, 90, third)]);
            assert!(
                matches!(settled, Settlement::Settled(done) if done.vetoed == third && done.passed != third)
            );
        }
    }

    #[test]
    fn a_panel_passes_by_its_mean_and_where_stated_by_its_majority() {
        let judged = [judge(1, 100, false), judge(2, 55, false), judge(3, 55, false)];
        assert!(score_of(settle(&sheet("panel = 3", &hundred()), &judged)).1);
        assert!(!score_of(settle(&sheet("panel = 3\nmajority = true", &hundred()), &judged)).1);
    }

    #[test]
    fn of_pairs_equally_close_the_higher_counts() {
        assert_eq!(closest(&[60, 70, 80]), [1, 2]);
        assert_eq!(closest(&[60, 80, 62]), [0, 2]);
    }

    #[test]
    fn a_draw_takes_what_is_required_and_so_many_of_each_group() {
        let station = |code: &str, group: &str| {
            format!(
                "[[station]]\ncode = \"{code}\"\n{group}\ntitle = {{ zh = \"\", en = \"\" }}\nminutes = 5\ncriterion = [{{ code = \"a\", title = {{ zh = \"\", en = \"\" }}, points = 10 }}]\n"
            )
        };
        let group = "group = \"g\"";
        let stations = [("must", ""), ("a", group), ("b", group), ("c", group), ("d", group)];
        let stations: String = stations.iter().map(|(code, group)| station(code, group)).collect();
        let head =
            "examiners = 2\ntolerance = { points = 10 }\ndraw = [{ group = \"g\", count = 2 }]\n";
        let plan: PracticalPlan = toml::from_str(&format!("{head}{stations}")).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let codes: Vec<String> = draw(&plan, seed).into_iter().map(|one| one.code).collect();
            assert_eq!(codes.len(), 3);
            assert!(codes.contains(&"must".to_owned()));
            assert_eq!(draw(&plan, seed), draw(&plan, seed));
            seen.extend(codes);
        }
        assert_eq!(seen.len(), 5, "every station is drawn some day");
    }

    proptest! {
        /// Nobody gains by who signs first, and the result lies between the scores.
        #[test]
        fn the_order_of_signing_changes_nothing(a in 0i64..=100, b in 0i64..=100, c in 0i64..=100, veto in 0u8..8) {
            for head in [PAIR, "panel = 3", "examiners = 2\ntolerance = { points = 5 }\nadjudicate = \"mean-of-two-closest\""] {
                let sheet = sheet(head, &hundred());
                let all = [judge(1, a, veto & 1 > 0), judge(2, b, veto & 2 > 0), judge(3, c, veto & 4 > 0)];
                let mut turned = all.to_vec();
                turned.rotate_left(1);
                let settled = settle(&sheet, &all);
                prop_assert_eq!(&settled, &settle(&sheet, &turned));
                let Settlement::Settled(done) = settled else { return Err(TestCaseError::fail("open")) };
                let score = Amount { numerator: done.points * 100, denominator: done.points_max };
                prop_assert!(score.reaches(Amount::whole(a.min(b).min(c))));
                prop_assert!(Amount::whole(a.max(b).max(c)).reaches(score));
                prop_assert!(!(done.vetoed && done.passed));
            }
        }
    }
}
