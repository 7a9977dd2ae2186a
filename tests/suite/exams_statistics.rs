//! Figures that others computed: with `SHIFU_FIXTURES=FOLDER` the data sets in its folder
//! `psychometrics` are measured again and compared. Without it they are named as left out.

use std::path::PathBuf;

use shifu::exams::statistics::{
    Counted, efficiency, error_ratio, kurtosis, mean, median, pearson, reliability, sample_sd,
    skewness,
};

use crate::world::named_as_left_out;

/// A file among the fixtures, as lines of fields; nothing where there are none.
fn fixture(name: &str) -> Option<Vec<Vec<String>>> {
    let Some(folder) = std::env::var_os("SHIFU_FIXTURES").map(PathBuf::from) else {
        named_as_left_out(
            "figures computed elsewhere (set SHIFU_FIXTURES to the folder of the data sets)",
        );
        return None;
    };
    let file = folder.join("psychometrics").join(name);
    let mut reader = csv::Reader::from_path(&file).expect("a data set");
    let rows = reader.records().map(|row| row.expect("a line"));
    Some(rows.map(|row| row.iter().map(str::to_owned).collect()).collect())
}

fn near(found: Option<f64>, expected: f64, within: f64) {
    let found = found.expect("a figure");
    assert!((found - expected).abs() <= within, "{found} is not {expected}");
}

fn papers(rows: &[Vec<String>], columns: std::ops::Range<usize>) -> Vec<Counted> {
    let score = |field: &String| field.parse::<f64>().expect("a score");
    rows.iter().map(|row| row[columns.clone()].iter().map(score).enumerate().collect()).collect()
}

fn total(paper: &Counted) -> f64 {
    paper.iter().map(|(_, score)| score).sum()
}

/// The scores of a question and of the rest of each paper.
fn beside(papers: &[Counted], question: usize) -> (Vec<f64>, Vec<f64>) {
    papers.iter().map(|paper| (paper[question].1, total(paper) - paper[question].1)).unzip()
}

#[test]
fn a_thousand_people_on_five_questions() {
    let Some(rows) = fixture("lsat6.csv") else { return };
    let papers = papers(&rows, 0..5);
    assert_eq!(papers.len(), 1000);
    let facility = [0.924, 0.709, 0.553, 0.763, 0.870];
    let discrimination = [0.1128, 0.1532, 0.1728, 0.1444, 0.1216];
    for question in 0..5 {
        let (scores, rests) = beside(&papers, question);
        near(mean(&scores), facility[question], 1e-9);
        near(pearson(&scores, &rests), discrimination[question], 6e-5);
    }
    let found = reliability(&papers).expect("a reliability");
    assert!(found.kr20);
    near(Some(found.value), 0.2949972, 5e-8);
}

#[test]
fn a_quiz_with_parts_of_points() {
    let Some(rows) = fixture("quiz-statistics/results00.csv") else { return };
    let Some(known) = fixture("quiz-statistics/qstats00.csv") else { return };
    let papers = papers(&rows, 1..8);
    let totals: Vec<f64> = papers.iter().map(total).collect();
    near(median(&totals), 4.5, 1e-9);
    near(skewness(&totals), -0.092502502, 1e-6);
    near(kurtosis(&totals), -0.7073968557, 1e-6);
    let found = reliability(&papers).expect("a reliability");
    assert!(!found.kr20, "a third of a point was earned");
    near(Some(found.value * 100.0), -87.2230935542, 1e-4);
    near(Some(error_ratio(found.value) * 100.0), 136.8294900795, 1e-4);
    // Whole questions have no variant and a weight; the other lines are parts of them.
    let whole = known.iter().filter(|line| line[1].is_empty() && line[2].is_empty());
    for (question, line) in whole.enumerate() {
        let figure = |column: usize| line[column].parse::<f64>().expect("a figure");
        let (scores, rests) = beside(&papers, question);
        near(mean(&scores), figure(4), 1e-7);
        near(sample_sd(&scores), figure(5), 1e-7);
        near(pearson(&scores, &rests).map(|r| r * 100.0), figure(10), 1e-4);
        near(efficiency(&scores, &rests).map(|share| share * 100.0), figure(12), 1e-4);
    }
}
