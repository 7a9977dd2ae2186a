//! What the papers of an exam say about its questions and about the exam: pure, from marks to
//! figures.

use crate::{
    exams::statistics::{
        self, Counted, Reliability, kurtosis, mean, measurement_error, median, pearson, sample_sd,
        skewness,
    },
    i18n::Text,
    text,
};

/// A question on one finished paper, as it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mark {
    /// Which question: its place among the questions looked at.
    pub question: usize,
    /// The share of its points that it earned, from 0 to 1.
    pub score: f64,
    /// Its points.
    pub weight: f64,
    /// A pilot question does not count: it is measured against the total and is not part of it.
    pub counts: bool,
    pub answered: bool,
    /// What was chosen: places among the choices of the question.
    pub chosen: Vec<u16>,
}

impl Mark {
    fn points(&self) -> f64 {
        self.score * self.weight
    }
}

/// A finished paper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Out of 100.
    pub score: f64,
    pub passed: bool,
    pub marks: Vec<Mark>,
}

/// How much may be read into figures from so many answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Too few for any judgement.
    Nothing,
    /// Enough for a first look.
    Provisional,
    Firm,
}

impl Weight {
    pub fn of(n: usize) -> Weight {
        match n {
            0..30 => Weight::Nothing,
            30..100 => Weight::Provisional,
            _ => Weight::Firm,
        }
    }
}

crate::words! {
    /// What a discrimination is worth, worst first.
    Verdict {
        CheckKey = "check-key",
        Revise = "revise",
        Fair = "fair",
        Good = "good",
        Excellent = "excellent",
    }
}

impl Verdict {
    pub fn of(discrimination: f64) -> Verdict {
        match discrimination {
            r if r < 0.0 => Verdict::CheckKey,
            r if r < 0.20 => Verdict::Revise,
            r if r < 0.30 => Verdict::Fair,
            r if r < 0.40 => Verdict::Good,
            _ => Verdict::Excellent,
        }
    }

    pub fn title(self) -> Text {
        match self {
            Verdict::CheckKey => text!("核对答案", "Check the key"),
            Verdict::Revise => text!("需修改", "Revise"),
            Verdict::Fair => text!("尚可", "Fair"),
            Verdict::Good => text!("良好", "Good"),
            Verdict::Excellent => text!("优秀", "Excellent"),
        }
    }
}

/// Something about a question that somebody should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    TooHard,
    TooEasy,
    /// So many wrong options that hardly anybody takes.
    Idle(usize),
    /// A wrong option that the strong prefer.
    AttractsTheStrong,
    LeftOpen,
}

impl Flag {
    pub fn title(self) -> Text {
        match self {
            Flag::TooHard => text!("过难", "Very hard"),
            Flag::TooEasy => text!("过易", "Very easy"),
            Flag::Idle(n) => {
                let idle = crate::i18n::count(n, "idle distractor", "idle distractors");
                text!("{n} 个无效干扰项", "{idle}")
            }
            Flag::AttractsTheStrong => {
                text!("干扰项吸引高分者", "A distractor attracts the strong")
            }
            Flag::LeftOpen => text!("常被空着", "Often left open"),
        }
    }
}

/// What stands for choice on a question, right or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub label: Text,
    pub right: bool,
    /// An option of the author's; the rest is what people gave.
    pub offered: bool,
}

/// How a choice was used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Use {
    pub n: usize,
    /// Of everybody who had the question on their paper.
    pub share: f64,
    /// Of choosing it with the rest of the paper: above zero for a right one, below for a wrong.
    pub correlation: Option<f64>,
}

/// Below this share of takers a wrong option distracts nobody.
pub const FUNCTIONAL: f64 = 0.05;

/// The figures of a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuestionFigures {
    /// Finished papers it stood on.
    pub n: usize,
    /// The mean score: the share of right answers where nothing lies between right and wrong.
    pub facility: Option<f64>,
    pub sd: Option<f64>,
    /// Correlation with the rest of the paper.
    pub discrimination: Option<f64>,
    /// The share of the possible separation that it reached.
    pub efficiency: Option<f64>,
    /// The share of papers on which it was left open.
    pub omitted: Option<f64>,
    pub uses: Vec<Use>,
}

impl QuestionFigures {
    pub fn weight(&self) -> Weight {
        Weight::of(self.n)
    }

    /// Nothing when there are too few answers, or when the figure is not defined.
    pub fn verdict(&self) -> Option<Verdict> {
        self.discrimination.filter(|_| self.weight() > Weight::Nothing).map(Verdict::of)
    }

    /// What somebody should look at; nothing on too few answers.
    pub fn flags(&self, choices: &[Choice]) -> Vec<Flag> {
        let Some(facility) = self.facility.filter(|_| self.weight() > Weight::Nothing) else {
            return Vec::new();
        };
        let wrong =
            || choices.iter().zip(&self.uses).filter(|(choice, _)| choice.offered && !choice.right);
        let idle = wrong().filter(|(_, used)| used.share < FUNCTIONAL).count();
        let draws = |used: &Use| {
            used.share >= FUNCTIONAL
                && used.correlation.is_some_and(|correlation| correlation > 0.05)
        };
        let mut flags = Vec::new();
        flags.extend((facility < 0.20).then_some(Flag::TooHard));
        flags.extend((facility > 0.95).then_some(Flag::TooEasy));
        flags.extend(wrong().any(|(_, used)| draws(used)).then_some(Flag::AttractsTheStrong));
        // Where everybody knows the answer, no distractor can show what it is good for.
        flags.extend((idle > 0 && facility <= 0.95).then_some(Flag::Idle(idle)));
        flags.extend(self.omitted.is_some_and(|open| open > 0.10).then_some(Flag::LeftOpen));
        flags
    }
}

/// One answer to a question, beside the rest of its paper.
#[derive(Clone, Copy, Debug)]
struct Seen<'a> {
    mark: &'a Mark,
    /// What the other questions that count earned, from 0 to 1.
    rest: Option<f64>,
}

/// The answers to each question.
pub struct Answers<'a>(Vec<Vec<Seen<'a>>>);

impl<'a> Answers<'a> {
    /// Sorts the marks of all papers by question: one pass.
    pub fn of(sheets: &'a [Sheet], questions: usize) -> Answers<'a> {
        let mut by_question: Vec<Vec<Seen<'a>>> = vec![Vec::new(); questions];
        for sheet in sheets {
            let counted = sheet.marks.iter().filter(|mark| mark.counts);
            let (total, most) =
                counted.fold((0.0, 0.0), |(total, most), mark| (total + mark.score, most + 1.0));
            for mark in &sheet.marks {
                let own = if mark.counts { mark.weight } else { 0.0 };
                let others = most - own;
                let rest = (others > 0.0).then(|| even((total - own * mark.score) / others));
                if let Some(seen) = by_question.get_mut(mark.question) {
                    seen.push(Seen { mark, rest });
                }
            }
        }
        Answers(by_question)
    }

    /// The figures of a question with so many choices.
    pub fn figures(&self, question: usize, choices: usize) -> QuestionFigures {
        let seen = self.0.get(question).map_or(&[][..], Vec::as_slice);
        let n = seen.len();
        let scores: Vec<f64> = seen.iter().map(|one| one.mark.score).collect();
        let (beside, rests) = pairs(seen, |mark| mark.score);
        let open = seen.iter().filter(|one| !one.mark.answered).count();
        QuestionFigures {
            n,
            facility: mean(&scores),
            sd: sample_sd(&scores),
            discrimination: pearson(&beside, &rests),
            efficiency: statistics::efficiency(&beside, &rests),
            omitted: (n > 0).then(|| open as f64 / n as f64),
            uses: (0..choices).map(|choice| used(seen, choice)).collect(),
        }
    }

    /// The share choosing each choice, by groups of equal size from the weakest to the strongest.
    /// People with the same rest of the paper stand in the same group.
    pub fn curve(&self, question: usize, choices: usize) -> Curve {
        let seen = self.0.get(question).map_or(&[][..], Vec::as_slice);
        let seen: Vec<(&Mark, f64)> =
            seen.iter().filter_map(|one| Some((one.mark, one.rest?))).collect();
        let groups = match Weight::of(seen.len()) {
            Weight::Nothing => return Curve::default(),
            Weight::Provisional => 3,
            Weight::Firm => 5,
        };
        let mut rests: Vec<f64> = seen.iter().map(|(_, rest)| *rest).collect();
        rests.sort_by(f64::total_cmp);
        let mut tallies = vec![Tally { n: 0, rest: 0.0, chosen: vec![0; choices] }; groups];
        for (mark, rest) in &seen {
            // The middle of the ranks that share this rest: ties never part.
            let below = rests.partition_point(|other| other < rest);
            let through = rests.partition_point(|other| other <= rest);
            let group = (below + through) * groups / (2 * rests.len());
            let tally = &mut tallies[group.min(groups - 1)];
            tally.n += 1;
            tally.rest += rest;
            for choice in &mark.chosen {
                if let Some(count) = tally.chosen.get_mut(usize::from(*choice)) {
                    *count += 1;
                }
            }
        }
        Curve(tallies.into_iter().filter(|tally| tally.n > 0).map(Tally::group).collect())
    }
}

/// Free of what is left of thirds and sixths after adding and taking away: equal rests are equal.
fn even(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// The marks beside the rests of their papers, where there is a rest.
fn pairs(seen: &[Seen<'_>], value: impl Fn(&Mark) -> f64) -> (Vec<f64>, Vec<f64>) {
    seen.iter().filter_map(|one| Some((value(one.mark), one.rest?))).unzip()
}

fn used(seen: &[Seen<'_>], choice: usize) -> Use {
    let is_chosen = |mark: &Mark| mark.chosen.iter().any(|one| usize::from(*one) == choice);
    let n = seen.iter().filter(|one| is_chosen(one.mark)).count();
    let (chose, rests) = pairs(seen, |mark| f64::from(u8::from(is_chosen(mark))));
    let share = n as f64 / seen.len().max(1) as f64;
    Use { n, share, correlation: pearson(&chose, &rests) }
}

#[derive(Clone)]
struct Tally {
    n: usize,
    rest: f64,
    chosen: Vec<usize>,
}

impl Tally {
    fn group(self) -> Group {
        let n = self.n as f64;
        let shares = self.chosen.iter().map(|count| *count as f64 / n).collect();
        Group { n: self.n, score: self.rest / n, shares }
    }
}

/// How each choice was taken by the weak and by the strong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve(pub Vec<Group>);

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub n: usize,
    /// The group's mean score on the rest of the paper, from 0 to 1.
    pub score: f64,
    /// For each choice.
    pub shares: Vec<f64>,
}

/// The figures of an exam. Scores are out of 100.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExamFigures {
    pub n: usize,
    pub mean: Option<f64>,
    pub sd: Option<f64>,
    pub median: Option<f64>,
    pub least: Option<f64>,
    pub most: Option<f64>,
    pub skewness: Option<f64>,
    pub kurtosis: Option<f64>,
    pub passed: Option<f64>,
    pub reliability: Option<Reliability>,
    /// The standard error of measurement of a score.
    pub error: Option<f64>,
    /// How many scores lie in each step of five; 100 is in the last.
    pub histogram: [usize; STEPS],
}

pub const STEPS: usize = 20;

/// The step of five a score lies in.
fn step(score: f64) -> usize {
    ((score.max(0.0) / 5.0) as usize).min(STEPS - 1)
}

impl ExamFigures {
    pub fn of(sheets: &[Sheet]) -> ExamFigures {
        let scores: Vec<f64> = sheets.iter().map(|sheet| sheet.score).collect();
        let n = scores.len();
        let passed = sheets.iter().filter(|sheet| sheet.passed).count();
        let papers: Vec<Counted> = sheets.iter().map(counted).collect();
        let reliability = statistics::reliability(&papers);
        let spread = statistics::population_variance(&scores).map(f64::sqrt);
        let mut histogram = [0; STEPS];
        for score in &scores {
            histogram[step(*score)] += 1;
        }
        ExamFigures {
            n,
            mean: mean(&scores),
            sd: sample_sd(&scores),
            median: median(&scores),
            least: scores.iter().copied().min_by(f64::total_cmp),
            most: scores.iter().copied().max_by(f64::total_cmp),
            skewness: skewness(&scores),
            kurtosis: kurtosis(&scores),
            passed: (n > 0).then(|| passed as f64 / n as f64),
            reliability,
            error: spread.zip(reliability).map(|(sd, found)| measurement_error(sd, found.value)),
            histogram,
        }
    }

    pub fn weight(&self) -> Weight {
        Weight::of(self.n)
    }
}

fn counted(sheet: &Sheet) -> Counted {
    let counting = sheet.marks.iter().filter(|mark| mark.counts);
    counting.map(|mark| (mark.question, mark.points())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sheet(row: &str) -> Sheet {
        let mark = |(question, c): (usize, char)| Mark {
            question,
            score: f64::from(u8::from(c == '1')),
            weight: 1.0,
            counts: true,
            answered: c != '-',
            chosen: Vec::new(),
        };
        let marks: Vec<Mark> = row.chars().enumerate().map(mark).collect();
        let score = marks.iter().map(|mark| mark.score).sum::<f64>() * 100.0 / marks.len() as f64;
        Sheet { score, passed: score >= 60.0, marks }
    }

    fn near(found: Option<f64>, expected: f64) {
        let found = found.expect("a figure");
        assert!((found - expected).abs() < 5e-7, "{found} is not {expected}");
    }

    #[test]
    fn eight_papers_of_five_questions() {
        let rows = ["11111", "11110", "11100", "11010", "10100", "01000", "10000", "00001"];
        let sheets = rows.map(sheet);
        let answers = Answers::of(&sheets, 5);
        let expected = [0.361158, 0.359864, 0.447214, 0.643494, -0.103695];
        use Verdict::{CheckKey, Excellent, Good};
        let verdicts = [Good, Good, Excellent, Excellent, CheckKey];
        for (question, (r, verdict)) in expected.into_iter().zip(verdicts).enumerate() {
            let found = answers.figures(question, 0);
            near(found.discrimination, r);
            assert_eq!(found.discrimination.map(Verdict::of), Some(verdict));
            assert_eq!(found.verdict(), None, "eight papers judge no question");
        }
        let exam = ExamFigures::of(&sheets);
        near(exam.reliability.map(|found| found.value), 0.56640625);
        near(exam.error.map(|error| error / 20.0), 0.931229);
        near(exam.mean, 50.0);
        near(exam.passed, 0.5);
        assert_eq!(exam.histogram.iter().sum::<usize>(), 8);
        assert_eq!(exam.histogram[STEPS - 1], 1, "100 lies in the last step");
    }

    #[test]
    fn nothing_says_nothing() {
        let answers = Answers::of(&[], 2);
        assert_eq!(answers.figures(1, 3).discrimination, None);
        assert_eq!(answers.figures(7, 0), QuestionFigures::default(), "not among the questions");
        assert_eq!(answers.curve(0, 3), Curve::default());
        let exam = ExamFigures::of(&[]);
        assert_eq!(
            (exam.mean, exam.reliability, exam.error, exam.passed),
            (None, None, None, None)
        );
        let alone = [sheet("1"), sheet("0")];
        assert_eq!(Answers::of(&alone, 1).figures(0, 0).discrimination, None, "it has no rest");
        let known = [sheet("11"), sheet("10")];
        let found = Answers::of(&known, 2).figures(0, 0);
        assert_eq!((found.facility, found.discrimination), (Some(1.0), None));
    }

    #[test]
    fn a_pilot_question_is_measured_and_does_not_count() {
        let mut sheets: Vec<Sheet> = ["110", "101", "010", "000"].map(sheet).to_vec();
        for sheet in &mut sheets {
            sheet.marks[2].counts = false;
        }
        let piloted = Answers::of(&sheets, 3);
        let plain: Vec<Sheet> = ["11", "10", "01", "00"].map(sheet).to_vec();
        let without = Answers::of(&plain, 2);
        for question in 0..2 {
            assert_eq!(piloted.figures(question, 0), without.figures(question, 0));
        }
        assert_eq!(ExamFigures::of(&sheets).reliability, ExamFigures::of(&plain).reliability);
        // Totals 2 1 1 0 beside 0 1 0 0.
        near(piloted.figures(2, 0).discrimination, 0.0);
        assert_eq!(piloted.figures(2, 0).facility, Some(0.25));
    }

    #[test]
    fn few_answers_are_not_judged_and_some_are_provisional() {
        assert_eq!(
            [0, 29, 30, 99, 100].map(Weight::of),
            [
                Weight::Nothing,
                Weight::Nothing,
                Weight::Provisional,
                Weight::Provisional,
                Weight::Firm
            ]
        );
        let words = [-0.01, 0.0, 0.19, 0.20, 0.29, 0.30, 0.39, 0.40].map(Verdict::of);
        use Verdict::{CheckKey, Excellent, Fair, Good, Revise};
        assert_eq!(words, [CheckKey, Revise, Revise, Fair, Fair, Good, Good, Excellent]);
    }

    /// So many people on two questions: the weak half gets the second wrong, and everybody answers
    /// the first by the choice the function names.
    fn answered(n: usize, choose: impl Fn(usize) -> u16) -> Vec<Sheet> {
        let one = |at: usize| {
            let strong = at * 2 >= n;
            let choice = choose(at);
            let first = Mark {
                question: 0,
                score: f64::from(u8::from(choice == 0)),
                weight: 1.0,
                counts: true,
                answered: true,
                chosen: vec![choice],
            };
            let second = Mark { question: 1, score: f64::from(u8::from(strong)), ..first.clone() };
            Sheet { marks: vec![first, second], ..Sheet::default() }
        };
        (0..n).map(one).collect()
    }

    fn choices() -> Vec<Choice> {
        ["a", "b", "c"]
            .map(|label| Choice { label: Text::same(label), right: label == "a", offered: true })
            .to_vec()
    }

    #[test]
    fn a_wrong_key_shows() {
        // The strong choose b, the weak choose a, which is keyed; nobody chooses c.
        let sheets = answered(40, |at| u16::from(at >= 20));
        let answers = Answers::of(&sheets, 2);
        let found = answers.figures(0, 3);
        assert_eq!(found.verdict(), Some(Verdict::CheckKey));
        assert_eq!(found.flags(&choices()), [Flag::AttractsTheStrong, Flag::Idle(1)]);
        assert_eq!(found.uses[1].share, 0.5);
        near(found.uses[0].correlation, -1.0);
        let curve = answers.curve(0, 3);
        assert_eq!(curve.0.first().map(|group| group.shares.clone()), Some(vec![1.0, 0.0, 0.0]));
        assert_eq!(curve.0.last().map(|group| group.shares.clone()), Some(vec![0.0, 1.0, 0.0]));
    }

    #[test]
    fn too_few_raise_no_flag() {
        let sheets = answered(29, |_| 1);
        let answers = Answers::of(&sheets, 2);
        assert_eq!(answers.figures(0, 3).flags(&choices()), []);
        assert_eq!(answers.curve(0, 3), Curve::default());
        let sheets = answered(30, |_| 1);
        let found = Answers::of(&sheets, 2).figures(0, 3).flags(&choices());
        assert_eq!(found, [Flag::TooHard, Flag::Idle(1)]);
    }

    prop_compose! {
        /// Drawn papers: each has some of the questions, some of them pilots.
        fn drawn()(rows in prop::collection::vec(
            prop::collection::vec((0_usize..9, 0_u8..=4, any::<bool>(), 0_u16..4), 0..8), 0..60))
            -> Vec<Sheet> {
            rows.into_iter().map(|row| {
                let mut marks: Vec<Mark> = Vec::new();
                for (question, quarters, counts, choice) in row {
                    if marks.iter().all(|mark| mark.question != question) {
                        let score = f64::from(quarters) / 4.0;
                        marks.push(Mark { question, score, weight: f64::from(1 + choice), counts, answered: choice > 0, chosen: vec![choice] });
                    }
                }
                let score = mean(&marks.iter().map(|mark| mark.score * 100.0).collect::<Vec<_>>());
                Sheet { score: score.unwrap_or(0.0), passed: false, marks }
            }).collect()
        }
    }

    proptest! {
        #[test]
        fn every_figure_is_within_its_bounds(sheets in drawn()) {
            let answers = Answers::of(&sheets, 9);
            for question in 0..9 {
                let found = answers.figures(question, 4);
                let within = |value: Option<f64>, least: f64| value.is_none_or(|value| (least..=1.0).contains(&value));
                prop_assert!(within(found.facility, 0.0) && within(found.omitted, 0.0));
                prop_assert!(within(found.discrimination, -1.0));
                prop_assert_eq!(found.facility.is_none(), found.n == 0);
                prop_assert_eq!(found.uses.iter().map(|used| used.n).sum::<usize>(), found.n);
                for group in answers.curve(question, 4).0 {
                    prop_assert!((group.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                    prop_assert!((0.0..=1.0).contains(&group.score));
                }
            }
            let exam = ExamFigures::of(&sheets);
            prop_assert_eq!(exam.histogram.iter().sum::<usize>(), sheets.len());
            prop_assert!(exam.reliability.is_none_or(|found| found.value <= 1.0 + 1e-9 && !found.value.is_nan()));
            prop_assert!(exam.error.is_none_or(|error| error >= 0.0));
        }

        #[test]
        fn the_order_of_papers_changes_nothing(sheets in drawn(), turn in 0_usize..60) {
            let mut turned = sheets.clone();
            turned.rotate_left(turn % sheets.len().max(1));
            let (a, b) = (Answers::of(&sheets, 9), Answers::of(&turned, 9));
            for question in 0..9 {
                let (one, other) = (a.figures(question, 4), b.figures(question, 4));
                prop_assert_eq!(one.n, other.n);
                prop_assert_eq!(one.discrimination.is_some(), other.discrimination.is_some());
                let apart = one.discrimination.unwrap_or(0.0) - other.discrimination.unwrap_or(0.0);
                prop_assert!(apart.abs() < 1e-9);
                let (one, other) = (a.curve(question, 4), b.curve(question, 4));
                let sizes = |curve: &Curve| curve.0.iter().map(|group| group.n).collect::<Vec<_>>();
                prop_assert_eq!(sizes(&one), sizes(&other));
            }
        }
    }
}
