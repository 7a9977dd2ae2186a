//! Pure decisions: what the judges' estimates come to.

use std::collections::HashMap;

use super::model::Phase;
use crate::{
    exams::{
        questions::VersionId,
        statistics::{self, Standard},
    },
    i18n::Text,
    record::PersonId,
    text,
};

/// Below this many judges the result is shown with a warning.
pub const ENOUGH_JUDGES: usize = 10;

/// What judges said, by judge, round and question, in per cent.
#[derive(Clone, Debug, Default)]
pub struct Estimates(HashMap<(PersonId, i64, VersionId), i64>);

impl Estimates {
    pub fn of(rows: impl IntoIterator<Item = (PersonId, i64, VersionId, i64)>) -> Estimates {
        let rows = rows.into_iter();
        Estimates(
            rows.map(|(judge, round, question, said)| ((judge, round, question), said)).collect(),
        )
    }

    /// What a judge says in a round. In the second, what was not changed still holds.
    pub fn said(&self, judge: PersonId, round: i64, question: VersionId) -> Option<i64> {
        let rounds = (1..=round).rev();
        rounds.filter_map(|round| self.0.get(&(judge, round, question)).copied()).next()
    }

    /// How many questions a judge has judged by the end of a round.
    pub fn count(&self, judge: PersonId, round: i64, questions: &[VersionId]) -> usize {
        questions.iter().filter(|one| self.said(judge, round, **one).is_some()).count()
    }

    /// Whoever judged every question counts; nobody is filled in.
    pub fn complete(
        &self,
        judges: &[PersonId],
        round: i64,
        questions: &[VersionId],
    ) -> Vec<PersonId> {
        let all = |judge: &&PersonId| self.count(**judge, round, questions) == questions.len();
        judges.iter().filter(all).copied().collect()
    }

    /// What those who judged every question say of one, in rising order: nobody can tell who said
    /// what.
    pub fn spread(&self, judges: &[PersonId], round: i64, question: VersionId) -> Vec<i64> {
        let mut said: Vec<i64> =
            judges.iter().filter_map(|judge| self.said(*judge, round, question)).collect();
        said.sort_unstable();
        said
    }

    /// The cut of a round.
    pub fn standard(
        &self,
        judges: &[PersonId],
        round: i64,
        questions: &[(VersionId, f64)],
    ) -> Option<Standard> {
        let versions: Vec<VersionId> = questions.iter().map(|(version, _)| *version).collect();
        let points: Vec<f64> = questions.iter().map(|(_, points)| *points).collect();
        let complete = self.complete(judges, round, &versions);
        let one = |judge: PersonId| -> Option<Vec<f64>> {
            versions.iter().map(|one| Some(self.said(judge, round, *one)? as f64 / 100.0)).collect()
        };
        let rows: Vec<Vec<f64>> = complete.into_iter().filter_map(one).collect();
        statistics::angoff(&rows, &points)
    }
}

/// Why a round cannot be closed yet, if it cannot.
pub fn closing(phase: Phase, complete: usize) -> Result<(), Text> {
    match phase {
        Phase::First | Phase::Second if complete == 0 => Err(text!(
            "还没有评委评完全部试题，不能结束这一轮。请提醒评委完成。",
            "No judge has judged every question yet, so this round cannot be closed. Remind the judges."
        )),
        Phase::First | Phase::Second => Ok(()),
        Phase::Closed | Phase::Adopted => Err(text!(
            "两轮评判都已结束，没有可以结束的轮次。",
            "Both rounds are over; there is none to close."
        )),
    }
}

/// A cut in hundredths of a point out of 100, as a pass mark is kept.
pub fn hundredths(of_hundred: f64) -> i64 {
    (of_hundred * 100.0).round().clamp(0.0, 10_000.0) as i64
}

/// A pass mark as somebody types it: up to two decimals, from 1 to 100.
pub fn typed(text: &str) -> Option<i64> {
    let (whole, rest) = text.trim().split_once(['.', '．']).unwrap_or((text.trim(), ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || rest.len() > 2 || !digits(whole) || !digits(rest) {
        return None;
    }
    let cut = whole.parse::<i64>().ok()? * 100 + format!("{rest:0<2}").parse::<i64>().ok()?;
    (100..=10_000).contains(&cut).then_some(cut)
}

/// What an estimate is, as somebody types it: a whole per cent.
pub fn percent(text: &str) -> Option<i64> {
    text.trim()
        .trim_end_matches(['%', '％'])
        .trim()
        .parse()
        .ok()
        .filter(|said| (0..=100).contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTIONS: [VersionId; 5] =
        [VersionId(1), VersionId(2), VersionId(3), VersionId(4), VersionId(5)];

    fn panel() -> Estimates {
        let said = [[90, 70, 60, 50, 40], [80, 80, 50, 60, 30], [95, 75, 55, 45, 35]];
        Estimates::of(said.iter().enumerate().flat_map(|(judge, row)| {
            let judge = PersonId(judge as i64);
            QUESTIONS.iter().zip(row).map(move |(question, said)| (judge, 1, *question, *said))
        }))
    }

    fn weighted() -> Vec<(VersionId, f64)> {
        QUESTIONS.iter().map(|version| (*version, 1.0)).collect()
    }

    const JUDGES: [PersonId; 4] = [PersonId(0), PersonId(1), PersonId(2), PersonId(3)];

    #[test]
    fn the_cut_is_the_mean_of_the_judges_sums() {
        let found = panel().standard(&JUDGES, 1, &weighted()).unwrap();
        assert_eq!(found.judges, 3, "who judged nothing does not count");
        assert_eq!(hundredths(found.of_hundred()), 6_100);
        assert!((found.error().unwrap() - 0.028868).abs() < 1e-6);
        assert_eq!(panel().complete(&JUDGES, 1, &QUESTIONS), JUDGES[..3]);
        assert_eq!(panel().spread(&JUDGES, 1, VersionId(1)), [80, 90, 95]);
    }

    #[test]
    fn what_is_not_changed_in_the_second_round_holds() {
        let mut panel = panel();
        panel.0.insert((PersonId(0), 2, VersionId(1)), 100);
        assert_eq!(panel.said(PersonId(0), 2, VersionId(1)), Some(100));
        assert_eq!(panel.said(PersonId(0), 1, VersionId(1)), Some(90));
        assert_eq!(panel.said(PersonId(0), 2, VersionId(2)), Some(70));
        let found = panel.standard(&JUDGES, 2, &weighted()).unwrap();
        assert!((found.cut - (3.05 + 0.1 / 3.0)).abs() < 1e-9);
    }

    #[test]
    fn who_left_a_question_out_does_not_count() {
        let mut panel = panel();
        panel.0.remove(&(PersonId(2), 1, VersionId(5)));
        assert_eq!(panel.standard(&JUDGES, 1, &weighted()).unwrap().judges, 2);
        assert_eq!(panel.count(PersonId(2), 1, &QUESTIONS), 4);
        assert_eq!(Estimates::default().standard(&JUDGES, 1, &weighted()), None);
        assert_eq!(panel.standard(&JUDGES, 1, &[]), None);
    }

    #[test]
    fn a_round_closes_when_somebody_has_judged_everything() {
        assert!(closing(Phase::First, 0).is_err());
        assert!(closing(Phase::Second, 1).is_ok());
        assert!(closing(Phase::Closed, 5).is_err());
    }

    #[test]
    fn typed_numbers_are_taken_or_refused() {
        for (text, cut) in [
            ("61", Some(6_100)),
            (" 61.5 ", Some(6_150)),
            ("61.05", Some(6_105)),
            ("100", Some(10_000)),
            ("0.5", None),
            ("100.01", None),
            ("61.005", None),
            ("-3", None),
            ("", None),
            ("sixty", None),
        ] {
            assert_eq!(typed(text), cut, "{text}");
        }
        assert_eq!(
            ["70", "70 %", "0", "101", "-1", "x", ""].map(percent),
            [Some(70), Some(70), Some(0), None, None, None, None]
        );
    }
}
