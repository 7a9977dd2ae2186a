//! What the points of several markers come to: pure.
//!
//! Two blind markers who come close to one another agree on their mean; otherwise a third decides.
//! A re-mark after an appeal takes the place of everything before it.

use super::share::Share;

/// The points one marker gave, in hundredths of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// 1 and 2 are blind to each other, 3 decides between them, later ones are re-marks.
    pub slot: i64,
    pub points: i64,
}

/// The slot of whoever decides between two.
pub const DECIDING: i64 = 3;

/// The first slot of re-marks after an appeal.
pub const REMARK: i64 = 4;

/// How far apart two markers may be, in percent of the question's points.
pub const TOLERANCE_PERCENT: i64 = 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// These slots have yet to be marked.
    Waiting(Vec<i64>),
    Agreed(Share),
}

impl Agreement {
    pub fn share(&self) -> Option<Share> {
        match self {
            Agreement::Waiting(_) => None,
            Agreement::Agreed(share) => Some(*share),
        }
    }
}

/// What so many markers come to on a question that is worth `weight` points.
pub fn agree(markers: u32, weight: i64, marks: &[Mark]) -> Agreement {
    let most = weight.max(1) * 100;
    let given = |slot: i64| marks.iter().find(|mark| mark.slot == slot).map(|mark| mark.points);
    let remark = marks.iter().filter(|mark| mark.slot >= REMARK).max_by_key(|mark| mark.slot);
    if let Some(mark) = remark {
        return Agreement::Agreed(Share::new(mark.points, most).bounded());
    }
    let missing: Vec<i64> =
        (1..=i64::from(markers.clamp(1, 2))).filter(|slot| given(*slot).is_none()).collect();
    match (given(1), given(2)) {
        _ if !missing.is_empty() => Agreement::Waiting(missing),
        (Some(one), Some(two)) if markers >= 2 => {
            if !are_apart(one, two, weight) {
                return Agreement::Agreed(Share::new(one + two, 2 * most).bounded());
            }
            match given(DECIDING) {
                Some(third) => Agreement::Agreed(Share::new(third, most).bounded()),
                None => Agreement::Waiting(vec![DECIDING]),
            }
        }
        (Some(one), _) => Agreement::Agreed(Share::new(one, most).bounded()),
        _ => Agreement::Waiting(vec![1]),
    }
}

/// Whether two markers are too far apart for their mean to stand.
pub fn are_apart(one: i64, two: i64, weight: i64) -> bool {
    (one - two).abs() * 100 > weight.max(1) * 100 * TOLERANCE_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(points: &[(i64, i64)]) -> Vec<Mark> {
        points.iter().map(|(slot, points)| Mark { slot: *slot, points: points * 100 }).collect()
    }

    #[test]
    fn close_marks_are_averaged_and_distant_ones_decided_by_a_third() {
        use Agreement::{Agreed, Waiting};
        for (markers, weight, given, expected) in [
            (1, 10, vec![], Waiting(vec![1])),
            (1, 10, vec![(1, 7)], Agreed(Share::new(7, 10))),
            (2, 10, vec![], Waiting(vec![1, 2])),
            (2, 10, vec![(2, 7)], Waiting(vec![1])),
            (2, 10, vec![(1, 6), (2, 7)], Agreed(Share::new(13, 20))),
            (2, 10, vec![(1, 6), (2, 8)], Waiting(vec![3])),
            (2, 10, vec![(1, 6), (2, 8), (3, 8)], Agreed(Share::new(8, 10))),
            // A re-mark stands alone, the latest of several.
            (2, 10, vec![(1, 6), (2, 8), (3, 8), (4, 9)], Agreed(Share::new(9, 10))),
            (1, 10, vec![(1, 2), (4, 9), (5, 5)], Agreed(Share::new(5, 10))),
        ] {
            assert_eq!(agree(markers, weight, &marks(&given)), expected, "{given:?}");
        }
    }

    #[test]
    fn x4_raters_one_point_of_ten_apart_agree_and_two_apart_do_not() {
        assert!(!are_apart(300, 400, 10));
        assert!(are_apart(300, 350, 4), "half a point of four is more than a tenth");
        assert!(are_apart(200, 400, 5));
        assert!(!are_apart(350, 400, 5));
    }
}
