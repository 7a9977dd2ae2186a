//! The mathematics of measuring: pure functions from numbers to numbers.
//!
//! What a sample does not say is `None`, never 0: a question that everybody got right has no
//! discrimination, an exam of one question no reliability. Two conventions are often mixed up, so
//! each function says which it uses: the population variance divides by n, the sample variance by
//! n − 1.

/// Below this share of the mean square a variance is rounding, not spread.
const ROUNDING: f64 = 1e-12;

pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sum of products of deviations; of a series with itself, the sum of squares.
fn deviations(xs: &[f64], ys: &[f64]) -> Option<f64> {
    let (x, y) = (mean(xs)?, mean(ys)?);
    Some(xs.iter().zip(ys).map(|(a, b)| (a - x) * (b - y)).sum())
}

/// The sum of squared deviations, exactly zero where there is no spread.
fn squares(values: &[f64]) -> Option<f64> {
    let sum = deviations(values, values)?;
    let whole: f64 = values.iter().map(|value| value * value).sum();
    Some(if sum <= whole * ROUNDING { 0.0 } else { sum })
}

/// Divides by n.
pub fn population_variance(values: &[f64]) -> Option<f64> {
    Some(squares(values)? / values.len() as f64)
}

/// Divides by n − 1; a single value has none.
pub fn sample_variance(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| squares(values).map(|sum| sum / (values.len() - 1) as f64))?
}

pub fn sample_sd(values: &[f64]) -> Option<f64> {
    sample_variance(values).map(f64::sqrt)
}

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// The central moment of an order, divided by n.
fn moment(values: &[f64], order: i32) -> Option<f64> {
    let centre = mean(values)?;
    mean(&values.iter().map(|value| (value - centre).powi(order)).collect::<Vec<_>>())
}

/// Skewness by the unbiased cumulants, as spreadsheets and Moodle give it. Needs three values.
pub fn skewness(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let spread = sample_variance(values).filter(|spread| *spread > 0.0)?;
    let third = n * n * moment(values, 3)? / ((n - 1.0) * (n - 2.0));
    (values.len() > 2).then(|| third / spread.powf(1.5))
}

/// Excess kurtosis by the unbiased cumulants. Needs four values.
pub fn kurtosis(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let spread = sample_variance(values).filter(|spread| *spread > 0.0)?;
    let (second, fourth) = (moment(values, 2)?, moment(values, 4)?);
    let cumulant = n * n * ((n + 1.0) * fourth - 3.0 * (n - 1.0) * second * second)
        / ((n - 1.0) * (n - 2.0) * (n - 3.0));
    (values.len() > 3).then(|| cumulant / (spread * spread))
}

/// Pearson's correlation; undefined when either series does not vary.
pub fn pearson(xs: &[f64], ys: &[f64]) -> Option<f64> {
    let below = (squares(xs)? * squares(ys)?).sqrt();
    let r = deviations(xs, ys)? / below;
    (xs.len() == ys.len() && below > 0.0).then(|| r.clamp(-1.0, 1.0))
}

/// Which share of the separation that these scores could give was reached: the covariance by the
/// greatest that the same values in another order could have. Unlike a correlation it is fair to
/// an easy question.
pub fn efficiency(xs: &[f64], ys: &[f64]) -> Option<f64> {
    let ordered = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let best = deviations(&ordered(xs), &ordered(ys))?;
    pearson(xs, ys)?;
    (best > 0.0).then_some(deviations(xs, ys)? / best)
}

/// The questions of a paper that count, with what each earned from 0 to 1.
pub type Counted = Vec<(usize, f64)>;

/// How far the questions of an exam measure the same thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reliability {
    /// From −∞ to 1.
    pub value: f64,
    /// Every answer was right or wrong: then Cronbach's α is called KR-20.
    pub kr20: bool,
    /// Questions on a paper; a mean where papers differ in length.
    pub questions: f64,
}

/// KR-20, or Cronbach's α where part of a point can be earned. Population variances throughout.
///
/// Papers may be drawn, so that no two need to share a question. Each score is therefore taken
/// against the mean of its own question, and α is built from the mean variance v and the mean
/// covariance c of those: k·c / (v + (k−1)·c). Where everybody sat the same questions, this is
/// the textbook's k/(k−1) · (1 − Σpq/σ²) to the last digit.
pub fn reliability(papers: &[Counted]) -> Option<Reliability> {
    let marks: usize = papers.iter().map(Vec::len).sum();
    let questions = marks as f64 / papers.len().max(1) as f64;
    let pairs: usize = papers.iter().map(|paper| paper.len() * paper.len().saturating_sub(1)).sum();
    if papers.len() < 2 || questions < 2.0 {
        return None;
    }
    let means = means(papers);
    let (mut own, mut shared, mut raw) = (0.0, 0.0, 0.0);
    for paper in papers {
        let away = paper.iter().map(|(question, score)| score - means[*question]);
        let (sum, squares) = away.fold((0.0, 0.0), |(sum, squares), d| (sum + d, squares + d * d));
        own += squares;
        shared += sum * sum - squares;
        raw += sum * sum;
    }
    if raw <= marks as f64 * ROUNDING {
        return None;
    }
    let (v, c) = (own / marks as f64, shared / pairs as f64);
    let below = v + (questions - 1.0) * c;
    let kr20 = papers.iter().flatten().all(|(_, score)| *score == 0.0 || *score == 1.0);
    (below > ROUNDING).then(|| Reliability { value: questions * c / below, kr20, questions })
}

/// The mean score of each question.
fn means(papers: &[Counted]) -> Vec<f64> {
    let most = papers.iter().flatten().map(|(question, _)| question + 1).max().unwrap_or(0);
    let mut sums = vec![(0.0, 0_u32); most];
    for (question, score) in papers.iter().flatten() {
        sums[*question].0 += score;
        sums[*question].1 += 1;
    }
    sums.into_iter().map(|(sum, n)| sum / f64::from(n.max(1))).collect()
}

/// How much of the spread is error: √(1 − reliability).
pub fn error_ratio(reliability: f64) -> f64 {
    (1.0 - reliability).max(0.0).sqrt()
}

/// The standard error of measurement, in the unit of the standard deviation.
pub fn measurement_error(sd: f64, reliability: f64) -> f64 {
    sd * error_ratio(reliability)
}

/// A cut score from judges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard {
    /// In points: the mean over judges of the sum of their probabilities, each times the points of
    /// its question. Where every question has one point, this is in questions.
    pub cut: f64,
    /// All points there are.
    pub most: f64,
    pub judges: usize,
    /// Of the judges' sums, as a sample; one judge has none.
    pub sd: Option<f64>,
}

impl Standard {
    /// Out of 100.
    pub fn of_hundred(&self) -> f64 {
        self.cut * 100.0 / self.most
    }

    /// The standard error of the cut, in points.
    pub fn error(&self) -> Option<f64> {
        self.sd.map(|sd| sd / (self.judges as f64).sqrt())
    }

    /// The same out of 100.
    pub fn error_of_hundred(&self) -> Option<f64> {
        self.error().map(|error| error * 100.0 / self.most)
    }
}

/// Modified Angoff: each judge's probabilities, from 0 to 1, for the same questions with so many
/// points each.
pub fn angoff(judges: &[Vec<f64>], points: &[f64]) -> Option<Standard> {
    let most: f64 = points.iter().sum();
    if most <= 0.0 || judges.iter().any(|judge| judge.len() != points.len()) {
        return None;
    }
    let sum = |judge: &Vec<f64>| judge.iter().zip(points).map(|(p, points)| p * points).sum();
    let sums: Vec<f64> = judges.iter().map(sum).collect();
    Some(Standard { cut: mean(&sums)?, most, judges: judges.len(), sd: sample_sd(&sums) })
}

/// How far two raters who judged the same work agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    pub n: usize,
    /// The share of equal judgements.
    pub exact: f64,
    /// The share of judgements at most one step apart.
    pub adjacent: f64,
    /// Cohen's κ: agreement beyond chance. Undefined when chance alone would agree always.
    pub kappa: Option<f64>,
}

/// Agreement of two raters; each pair is one piece of work, judged on a scale of whole steps.
pub fn agreement(pairs: &[(i64, i64)]) -> Option<Agreement> {
    let n = pairs.len();
    let share = |fits: &dyn Fn(u64) -> bool| {
        let fitting = pairs.iter().filter(|(a, b)| fits(a.abs_diff(*b))).count();
        fitting as f64 / n as f64
    };
    let exact = share(&|apart| apart == 0);
    let mut levels: Vec<i64> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    levels.sort_unstable();
    levels.dedup();
    let count = |level: i64, of: fn(&(i64, i64)) -> i64| {
        pairs.iter().filter(|pair| of(pair) == level).count()
    };
    let by_chance: usize = levels
        .iter()
        .map(|level| count(*level, |pair| pair.0) * count(*level, |pair| pair.1))
        .sum();
    let expected = by_chance as f64 / (n * n).max(1) as f64;
    let kappa = (by_chance < n * n).then(|| (exact - expected) / (1.0 - expected));
    (n > 0).then(|| Agreement { n, exact, adjacent: share(&|apart| apart <= 1), kappa })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: Option<f64>, expected: f64) {
        let found = found.expect("a figure");
        assert!((found - expected).abs() < 5e-7, "{found} is not {expected}");
    }

    fn papers(rows: &[&str]) -> Vec<Counted> {
        let score = |c: char| f64::from(u8::from(c == '1'));
        rows.iter().map(|row| row.chars().map(score).enumerate().collect()).collect()
    }

    const EIGHT: [&str; 8] =
        ["11111", "11110", "11100", "11010", "10100", "01000", "10000", "00001"];

    fn column(papers: &[Counted], question: usize) -> (Vec<f64>, Vec<f64>) {
        let scores: Vec<f64> = papers.iter().map(|paper| paper[question].1).collect();
        let total = |paper: &Counted| paper.iter().map(|(_, score)| score).sum::<f64>();
        let rests = papers.iter().map(|paper| total(paper) - paper[question].1).collect();
        (scores, rests)
    }

    #[test]
    fn eight_people_and_five_questions_come_out_as_computed_elsewhere() {
        let papers = papers(&EIGHT);
        for (question, (p, r)) in [
            (0.75, 0.361158),
            (0.625, 0.359864),
            (0.5, 0.447214),
            (0.375, 0.643494),
            (0.25, -0.103695),
        ]
        .into_iter()
        .enumerate()
        {
            let (scores, rests) = column(&papers, question);
            near(mean(&scores), p);
            near(pearson(&scores, &rests), r);
        }
        let totals: Vec<f64> =
            papers.iter().map(|paper| paper.iter().map(|(_, score)| score).sum()).collect();
        near(mean(&totals), 2.5);
        near(population_variance(&totals), 2.0);
        near(sample_variance(&totals), 2.285714286);
        let found = reliability(&papers).unwrap();
        assert!(found.kr20);
        near(Some(found.value), 0.56640625);
        near(Some(measurement_error(2.0_f64.sqrt(), found.value)), 0.931229);
    }

    #[test]
    fn three_judges_set_a_cut() {
        let judges = [
            vec![0.9, 0.7, 0.6, 0.5, 0.4],
            vec![0.8, 0.8, 0.5, 0.6, 0.3],
            vec![0.95, 0.75, 0.55, 0.45, 0.35],
        ];
        let found = angoff(&judges, &[1.0; 5]).unwrap();
        near(Some(found.cut), 3.05);
        near(Some(found.of_hundred()), 61.0);
        near(found.sd, 0.05);
        near(found.error(), 0.028867513);
        let alone = angoff(&judges[..1], &[1.0; 5]).unwrap();
        assert_eq!(alone.error(), None, "one judge says nothing of judges");
        let heavy = angoff(&[vec![0.5, 1.0]], &[1.0, 3.0]).unwrap();
        near(Some(heavy.of_hundred()), 87.5);
        assert_eq!(angoff(&[vec![0.5], vec![]], &[1.0]), None);
        assert_eq!(angoff(&[], &[1.0]), None);
        assert_eq!(angoff(&[vec![]], &[]), None);
    }

    #[test]
    fn two_raters_agree_beyond_chance() {
        let of = |word: &str| word.chars().map(|c| i64::from(c == '1')).collect::<Vec<_>>();
        let pairs: Vec<_> = of("1110010110").into_iter().zip(of("1100011110")).collect();
        let found = agreement(&pairs).unwrap();
        near(Some(found.exact), 0.8);
        near(found.kappa, 0.583333333);
        near(Some(found.adjacent), 1.0);
        let steps = agreement(&[(5, 3), (4, 4), (2, 3), (1, 1)]).unwrap();
        assert_eq!((steps.exact, steps.adjacent), (0.5, 0.75));
        assert_eq!(agreement(&[(3, 3), (3, 3)]).unwrap().kappa, None, "chance would agree too");
        assert_eq!(agreement(&[]), None);
    }

    #[test]
    fn what_a_sample_does_not_say_is_not_said() {
        let all_right = papers(&["110", "101", "100"]);
        let (scores, rests) = column(&all_right, 0);
        assert_eq!(mean(&scores), Some(1.0));
        assert_eq!(pearson(&scores, &rests), None);
        assert_eq!(efficiency(&scores, &rests), None);
        for none in [papers(&[]), papers(&["1", "0"]), papers(&["1110"]), papers(&["10", "01"])] {
            assert_eq!(reliability(&none), None, "{none:?}");
        }
        assert_eq!(
            (mean(&[]), median(&[]), sample_sd(&[1.0]), pearson(&[], &[])),
            (None, None, None, None)
        );
        assert_eq!((skewness(&[1.0, 2.0]), kurtosis(&[1.0, 2.0, 4.0])), (None, None));
        assert_eq!(skewness(&[3.0; 5]), None);
    }

    #[test]
    fn a_drawn_paper_is_no_weaker_a_measure_than_the_same_for_everybody() {
        // Two questions that measure the same and two others that do: no paper has all four.
        let one = |a, b, right: f64| vec![(a, right), (b, right)];
        let papers = [one(0, 1, 1.0), one(0, 1, 0.0), one(2, 3, 1.0), one(2, 3, 0.0)];
        near(reliability(&papers).map(|found| found.value), 1.0);
    }

    #[test]
    fn a_third_of_a_point_leaves_no_spread_behind_by_rounding() {
        let thirds = [1.0 / 3.0, 1.0 - 2.0 / 3.0, 0.1 + 0.2 + 1.0 / 30.0];
        assert_eq!(population_variance(&thirds), Some(0.0));
        assert_eq!(pearson(&thirds, &[1.0, 2.0, 3.0]), None);
    }

    prop_compose! {
        fn exam()(people in 0_usize..25, questions in 0_usize..12)(
            rows in prop::collection::vec(
                prop::collection::vec(0_u8..=4, questions), people)) -> Vec<Counted> {
            let score = |quarter: u8| f64::from(quarter) / 4.0;
            rows.into_iter().map(|row| row.into_iter().map(score).enumerate().collect()).collect()
        }
    }

    /// The textbook's α, for papers with the same questions.
    fn textbook(papers: &[Counted]) -> Option<f64> {
        let k = papers.first()?.len();
        let totals: Vec<f64> =
            papers.iter().map(|paper| paper.iter().map(|(_, score)| score).sum()).collect();
        let whole = sample_variance(&totals).filter(|whole| *whole > 0.0)?;
        let parts: Option<Vec<f64>> =
            (0..k).map(|question| sample_variance(&column(papers, question).0)).collect();
        let parts: f64 = parts?.iter().sum();
        (k > 1).then(|| k as f64 / (k as f64 - 1.0) * (1.0 - parts / whole))
    }

    proptest! {
        #[test]
        fn reliability_is_the_textbooks_where_the_textbook_applies(papers in exam()) {
            match (reliability(&papers), textbook(&papers)) {
                (Some(found), Some(expected)) => {
                    let scale = expected.abs().max(1.0);
                    prop_assert!((found.value - expected).abs() / scale < 1e-9, "{} {}", found.value, expected);
                    prop_assert!(found.value <= 1.0 + 1e-9);
                }
                (found, expected) => prop_assert!(found.is_none() && expected.is_none(), "{found:?} {expected:?}"),
            }
        }

        #[test]
        fn the_order_of_people_changes_nothing(papers in exam(), turn in 0_usize..25) {
            let mut turned = papers.clone();
            turned.rotate_left(turn % papers.len().max(1));
            let (a, b) = (reliability(&papers), reliability(&turned));
            prop_assert_eq!(a.is_some(), b.is_some());
            if let (Some(a), Some(b)) = (a, b) {
                prop_assert!((a.value - b.value).abs() / a.value.abs().max(1.0) < 1e-9);
            }
        }

        #[test]
        fn a_correlation_lies_between_minus_one_and_one_and_knows_no_unit(
            pairs in prop::collection::vec((-100_i32..100, -100_i32..100), 0..40),
            scale in 1_i32..50,
            shift in -50_i32..50,
        ) {
            let xs: Vec<f64> = pairs.iter().map(|(x, _)| f64::from(*x)).collect();
            let ys: Vec<f64> = pairs.iter().map(|(_, y)| f64::from(*y)).collect();
            let others: Vec<f64> =
                pairs.iter().map(|(x, _)| f64::from(*x * scale + shift)).collect();
            let (r, other) = (pearson(&xs, &ys), pearson(&others, &ys));
            prop_assert_eq!(r.is_some(), other.is_some());
            if let (Some(r), Some(other)) = (r, other) {
                prop_assert!((-1.0..=1.0).contains(&r));
                prop_assert!((r - other).abs() < 1e-9);
                let reached = efficiency(&xs, &ys).expect("both vary");
                prop_assert!(reached <= 1.0 + 1e-9);
            }
        }

        #[test]
        fn agreement_is_the_same_from_either_side(
            pairs in prop::collection::vec((0_i64..5, 0_i64..5), 1..40),
        ) {
            let turned: Vec<_> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
            let (a, b) = (agreement(&pairs).unwrap(), agreement(&turned).unwrap());
            prop_assert_eq!(a, b);
            prop_assert!(a.exact <= a.adjacent && a.adjacent <= 1.0);
            prop_assert!(a.kappa.is_none_or(|kappa| kappa <= 1.0));
        }

        #[test]
        fn a_cut_lies_between_its_judges(
            judges in prop::collection::vec(prop::collection::vec(0_u8..=100, 6), 1..15),
        ) {
            let judges: Vec<Vec<f64>> = judges
                .iter()
                .map(|judge| judge.iter().map(|percent| f64::from(*percent) / 100.0).collect())
                .collect();
            let found = angoff(&judges, &[1.0; 6]).unwrap();
            let sums = judges.iter().map(|judge| judge.iter().sum::<f64>());
            let least = sums.clone().fold(f64::INFINITY, f64::min);
            let most = sums.fold(0.0, f64::max);
            prop_assert!(found.cut >= least - 1e-9 && found.cut <= most + 1e-9);
            prop_assert!((0.0..=100.0 + 1e-9).contains(&found.of_hundred()));
        }
    }
}
