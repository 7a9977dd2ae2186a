//! Marking: pure, exact, the same for everybody.
//!
//! A question is worth one point or none. A multiple choice earns its point only when exactly the
//! right options are chosen, which the page says. What is not answered, or cannot be read, earns
//! nothing. The score out of 100 is a fraction and is never rounded.

use super::{
    decimal::Decimal,
    model::{AreaScore, Body, Numeric, QuestionKind},
};
use crate::record::Amount;

/// A question of a paper with what was answered.
#[derive(Clone, Debug)]
pub struct Item {
    pub kind: QuestionKind,
    pub area: String,
    pub body: Body,
    /// The options in the order in which the candidate saw them.
    pub order: Vec<usize>,
    pub response: Option<String>,
}

/// What a paper earned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    pub points: i64,
    pub points_max: i64,
    pub areas: Vec<AreaScore>,
}

impl Score {
    /// Out of 100.
    pub fn of_hundred(&self) -> Amount {
        Amount { numerator: self.points * 100, denominator: self.points_max.max(1) }
    }

    /// `pass` in hundredths of a point out of 100.
    pub fn passes(&self, pass: i64) -> bool {
        self.of_hundred().reaches(Amount { numerator: pass, denominator: 100 })
    }
}

/// Marks a paper.
pub fn score(items: &[Item]) -> Score {
    let mut areas: Vec<AreaScore> = Vec::new();
    for item in items {
        let earned = i64::from(is_right(item));
        match areas.iter_mut().find(|known| known.area == item.area) {
            Some(known) => {
                known.points += earned;
                known.points_max += 1;
            }
            None => areas.push(AreaScore {
                area: item.area.clone(),
                title: item.body.area.clone(),
                points: earned,
                points_max: 1,
            }),
        }
    }
    areas.sort_by(|a, b| a.area.cmp(&b.area));
    let points = areas.iter().map(|area| area.points).sum();
    let points_max = areas.iter().map(|area| area.points_max).sum();
    Score { points, points_max, areas }
}

/// Whether the answer is right.
pub fn is_right(item: &Item) -> bool {
    let Some(response) = item.response.as_deref().filter(|response| !response.is_empty()) else {
        return false;
    };
    match item.kind {
        QuestionKind::Single | QuestionKind::Multiple => {
            let Some(chosen) = chosen(response, &item.order) else { return false };
            let options = item.body.options.iter().enumerate();
            options.clone().all(|(at, option)| option.correct == chosen.contains(&at))
        }
        QuestionKind::TrueFalse => item.body.answer == parse_bool(response),
        QuestionKind::Numeric => {
            item.body.numeric.as_ref().is_some_and(|key| is_number(response, key))
        }
    }
}

fn parse_bool(response: &str) -> Option<bool> {
    response.parse().ok()
}

fn is_number(response: &str, key: &Numeric) -> bool {
    let (value, tolerance) = (Decimal::parse(&key.value), Decimal::parse(&key.tolerance));
    let (Some(value), Some(tolerance)) = (value, tolerance) else { return false };
    read_number(response, key).is_some_and(|given| given.is_within(tolerance, value))
}

/// The number somebody typed, with or without its unit.
pub fn read_number(response: &str, key: &Numeric) -> Option<Decimal> {
    let unit = key.unit();
    Decimal::parse_with_unit(response, &[&unit.zh, &unit.en])
}

/// The options behind the letters, in the author's numbering.
fn chosen(response: &str, order: &[usize]) -> Option<Vec<usize>> {
    response.split(',').map(|letter| order.get(place(letter)?).copied()).collect()
}

/// `a` is the first option shown.
fn place(letter: &str) -> Option<usize> {
    match letter.as_bytes() {
        [byte @ b'a'..=b'z'] => Some(usize::from(byte - b'a')),
        _ => None,
    }
}

/// The letter of the option shown at a place.
pub fn letter(place: usize) -> String {
    char::from(b'a' + (place % 26) as u8).to_string()
}

const LONGEST_NUMBER: usize = 40;

/// An answer in the one way it is kept, or nothing when it cannot be an answer to this question.
/// Empty takes the answer back.
pub fn canonical(kind: QuestionKind, options: usize, response: &str) -> Option<String> {
    let response = response.trim();
    if response.is_empty() {
        return Some(String::new());
    }
    match kind {
        QuestionKind::Single => {
            place(response).filter(|at| *at < options).map(|_| response.to_owned())
        }
        QuestionKind::Multiple => {
            let mut letters: Vec<&str> = response.split(',').collect();
            letters.sort_unstable();
            letters.dedup();
            let known = letters.iter().all(|one| place(one).is_some_and(|at| at < options));
            known.then(|| letters.join(","))
        }
        QuestionKind::TrueFalse => parse_bool(response).map(|answer| answer.to_string()),
        QuestionKind::Numeric => {
            let short = response.chars().count() <= LONGEST_NUMBER;
            (short && !response.contains(char::is_control)).then(|| response.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{exams::questions::model::Choice, i18n::Text};

    fn body(options: &[bool], answer: Option<bool>, numeric: Option<Numeric>) -> Body {
        let choice = |correct: &bool| Choice { correct: *correct, ..choice_of("x") };
        Body {
            area: Text::same("A"),
            stem: Text::same("?"),
            options: options.iter().map(choice).collect(),
            answer,
            numeric,
            feedback: Text::default(),
        }
    }

    fn choice_of(word: &str) -> Choice {
        Choice { zh: word.into(), en: word.into(), correct: false }
    }

    fn item(kind: QuestionKind, body: Body, order: &[usize], response: &str) -> Item {
        Item {
            kind,
            area: "a".into(),
            body,
            order: order.to_vec(),
            response: Some(response.to_owned()),
        }
    }

    #[test]
    fn each_kind_has_its_right_answer() {
        use QuestionKind::{Multiple, Numeric as Number, Single, TrueFalse};
        let single = body(&[false, true, false], None, None);
        let multiple = body(&[true, false, true], None, None);
        let key = Numeric { value: "60".into(), tolerance: "0.5".into(), unit: "V".into() };
        let number = body(&[], None, Some(key));
        let truth = body(&[], Some(false), None);
        for (item, right) in [
            (item(Single, single.clone(), &[1, 0, 2], "a"), true),
            (item(Single, single.clone(), &[1, 0, 2], "b"), false),
            (item(Single, single.clone(), &[1, 0, 2], "z"), false),
            (item(Single, single, &[1, 0, 2], ""), false),
            (item(Multiple, multiple.clone(), &[2, 1, 0], "a,c"), true),
            (item(Multiple, multiple.clone(), &[2, 1, 0], "a"), false),
            (item(Multiple, multiple, &[2, 1, 0], "a,b,c"), false),
            (item(TrueFalse, truth.clone(), &[], "false"), true),
            (item(TrueFalse, truth.clone(), &[], "true"), false),
            (item(TrueFalse, truth, &[], "maybe"), false),
            (item(Number, number.clone(), &[], "６０ V"), true),
            (item(Number, number.clone(), &[], "59,5"), true),
            (item(Number, number.clone(), &[], "60.51"), false),
            (item(Number, number, &[], "sixty"), false),
        ] {
            assert_eq!(is_right(&item), right, "{item:?}");
        }
    }

    #[test]
    fn a_pass_mark_is_compared_exactly() {
        let score = |points, points_max| Score { points, points_max, areas: Vec::new() };
        assert!(score(3, 5).passes(60_00));
        assert!(!score(599, 1000).passes(60_00));
        assert!(score(2, 3).passes(66_66));
        assert!(!score(2, 3).passes(66_67));
        assert!(!score(0, 0).passes(60_00), "an empty paper passes nobody");
    }

    #[test]
    fn an_answer_is_kept_in_one_way() {
        use QuestionKind::{Multiple, Numeric as Number, Single, TrueFalse};
        for (kind, response, kept) in [
            (Single, "b", Some("b")),
            (Single, "e", None),
            (Single, "a,b", None),
            (Single, "", Some("")),
            (Multiple, "c,a,c", Some("a,c")),
            (Multiple, "a,q", None),
            (TrueFalse, "true", Some("true")),
            (TrueFalse, "correct", None),
            (Number, " 60 ", Some("60")),
            (Number, "about sixty", Some("about sixty")),
        ] {
            assert_eq!(canonical(kind, 4, response).as_deref(), kept, "{kind:?} {response}");
        }
        assert_eq!(canonical(Number, 0, &"9".repeat(41)), None);
    }

    fn papers() -> impl Strategy<Value = Vec<Item>> {
        let one = (prop::collection::vec(any::<bool>(), 2..6), any::<u64>(), "[a-f](,[a-f]){0,3}");
        let item_of = |(key, seed, response): (Vec<bool>, u64, String)| {
            let mut order: Vec<usize> = (0..key.len()).collect();
            order.rotate_left(seed as usize % key.len());
            let kind = if seed % 2 == 0 { QuestionKind::Single } else { QuestionKind::Multiple };
            let mut item = item(kind, body(&key, None, None), &order, &response);
            item.area = format!("area-{}", seed % 3);
            item
        };
        prop::collection::vec(one.prop_map(item_of), 1..30)
    }

    proptest! {
        #[test]
        fn a_score_lies_between_nothing_and_everything(paper in papers()) {
            let score = score(&paper);
            prop_assert!(score.points >= 0 && score.points <= score.points_max);
            prop_assert_eq!(score.points_max, paper.len() as i64);
            let sum: i64 = score.areas.iter().map(|area| area.points).sum();
            prop_assert_eq!(sum, score.points);
        }

        #[test]
        fn the_order_of_questions_changes_nothing(paper in papers()) {
            let mut turned = paper.clone();
            turned.reverse();
            prop_assert_eq!(score(&paper), score(&turned));
        }

        #[test]
        fn the_order_of_options_changes_nothing(key in prop::collection::vec(any::<bool>(), 2..6), turn in 0_usize..6) {
            let plain: Vec<usize> = (0..key.len()).collect();
            let mut turned = plain.clone();
            turned.rotate_left(turn % key.len());
            // The same options are chosen under whatever letters they are shown.
            let letters = |order: &[usize]| {
                let places = order.iter().enumerate().filter(|(_, option)| key[**option]);
                places.map(|(place, _)| letter(place)).collect::<Vec<_>>().join(",")
            };
            for order in [&plain, &turned] {
                let item = item(QuestionKind::Multiple, body(&key, None, None), order, &letters(order));
                prop_assert_eq!(is_right(&item), key.contains(&true));
            }
        }
    }
}
