//! Pure decisions: who may mark an answer, and whose turn it is.

use std::collections::{HashMap, HashSet};

use chrono::{Months, NaiveDate};

use crate::{i18n::Text, record::PersonId, text};

/// For so many months after a pairing ended, its mentor stays too close to judge.
pub const LOOK_BACK_MONTHS: u32 = 24;

/// Who stands close to a candidate.
#[derive(Clone, Debug)]
pub struct Ties {
    pub candidate: PersonId,
    pub manager: Option<PersonId>,
    /// With the last day of the pairing; none while it goes on.
    pub mentors: Vec<(PersonId, Option<NaiveDate>)>,
    /// Who marks or marked the same answer.
    pub markers: HashSet<PersonId>,
}

impl Ties {
    /// What keeps somebody from marking the candidate's answer.
    pub fn against(&self, marker: PersonId, today: NaiveDate) -> Option<Text> {
        let mentored = |(mentor, ended): &(PersonId, Option<NaiveDate>)| {
            *mentor == marker && ended.is_none_or(|ended| is_recent(ended, today))
        };
        if marker == self.candidate {
            return Some(text!("不能给自己阅卷。", "Nobody marks their own answer."));
        }
        if self.manager == Some(marker) {
            return Some(text!(
                "考生的直接上级不能阅卷。",
                "The candidate reports to this person, who therefore cannot mark."
            ));
        }
        if self.mentors.iter().any(mentored) {
            return Some(text!(
                "考生现在的师傅，或 {LOOK_BACK_MONTHS} 个月内带过考生的师傅不能阅卷。",
                "A mentor of the candidate, now or within {LOOK_BACK_MONTHS} months, cannot mark."
            ));
        }
        self.markers.contains(&marker).then(|| {
            text!("此人已阅过这份答卷。", "This person marks or has marked the same answer.")
        })
    }

    /// Who of these is to mark: whoever has least to do, then whoever came first.
    pub fn choose(
        &self,
        examiners: &[PersonId],
        load: &HashMap<PersonId, i64>,
        today: NaiveDate,
    ) -> Option<PersonId> {
        let free = examiners.iter().filter(|one| self.against(**one, today).is_none());
        free.min_by_key(|one| (load.get(one).copied().unwrap_or(0), one.0)).copied()
    }
}

fn is_recent(ended: NaiveDate, today: NaiveDate) -> bool {
    ended.checked_add_months(Months::new(LOOK_BACK_MONTHS)).is_none_or(|until| today < until)
}

/// Points in halves from nothing to everything, in hundredths.
pub fn read_points(word: &str, weight: i64) -> Result<i64, Text> {
    let wrong =
        || text!("请填 0 到 {weight} 分，以半分为单位。", "Give 0 to {weight} points, in halves.");
    let (whole, half) = word.trim().split_once(['.', ',']).unwrap_or((word.trim(), "0"));
    let whole: i64 = whole.parse().map_err(|_| wrong())?;
    let half = match half.trim_end_matches('0') {
        "" => 0,
        "5" => 50,
        _ => return Err(wrong()),
    };
    let points = whole * 100 + half;
    (0..=weight * 100).contains(&points).then_some(points).ok_or_else(wrong)
}

/// As a form shows them.
pub fn points_word(hundredths: i64) -> String {
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        _ => format!("{}.{}", hundredths / 100, hundredths % 100 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ties() -> Ties {
        Ties {
            candidate: PersonId(1),
            manager: Some(PersonId(2)),
            mentors: vec![(PersonId(3), None), (PersonId(4), Some(day("2025-03-31")))],
            markers: HashSet::from([PersonId(5)]),
        }
    }

    #[test]
    fn whoever_is_close_to_the_candidate_does_not_mark() {
        let today = day("2026-11-23");
        for (marker, may) in [(1, false), (2, false), (3, false), (4, false), (5, false), (6, true)]
        {
            assert_eq!(ties().against(PersonId(marker), today).is_none(), may, "{marker}");
        }
        assert!(ties().against(PersonId(4), day("2027-03-31")).is_none(), "24 months are over");
        assert!(ties().against(PersonId(4), day("2027-03-30")).is_some());
    }

    #[test]
    fn whoever_has_least_to_do_marks() {
        let today = day("2026-11-23");
        let examiners: Vec<PersonId> = [9, 8, 7, 3].map(PersonId).into();
        let load = HashMap::from([(PersonId(7), 2), (PersonId(8), 1)]);
        assert_eq!(ties().choose(&examiners, &load, today), Some(PersonId(9)));
        let load = HashMap::from([(PersonId(9), 1), (PersonId(7), 1), (PersonId(8), 1)]);
        assert_eq!(ties().choose(&examiners, &load, today), Some(PersonId(7)));
        assert_eq!(ties().choose(&[PersonId(3)], &load, today), None);
    }

    #[test]
    fn points_are_given_in_halves() {
        for (word, points) in [
            ("0", Some(0)),
            ("7", Some(700)),
            ("7.5", Some(750)),
            ("7,50", Some(750)),
            ("10", Some(1000)),
            ("10.5", None),
            ("7.25", None),
            ("-1", None),
            ("", None),
            ("many", None),
        ] {
            assert_eq!(read_points(word, 10).ok(), points, "{word}");
        }
        assert_eq!((points_word(750), points_word(700)), ("7.5".to_owned(), "7".to_owned()));
    }
}
