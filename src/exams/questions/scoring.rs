//! Marking: pure, exact, the same for everybody.
//!
//! An answer earns a share of its question's points: all, nothing, or a part where the question's
//! stated rule says so. What is not answered, or cannot be read, earns nothing; nothing is taken
//! off. The score out of 100 is a fraction and is never rounded. An essay is marked by people and
//! waits for them.
//!
//! How answers are kept: letters name what the candidate saw, in the order shown (`a` is the
//! first). Single `b`; multiple `a,c`; ordering `c,a,b`; matching one letter for each prompt,
//! `b,-,a` with `-` for none; hotspot `x,y` in thousandths of the picture; true/false `true`;
//! numbers and words as they were typed.

use std::sync::Arc;

use super::{
    body::{Accepted, Body, Choice, Credit, Hotspot, Matching, Numeric, Short, Task},
    decimal::Decimal,
    model::{AreaScore, QuestionKind},
    share::Share,
};
use crate::record::Amount;

/// A place on a paper with what was answered.
#[derive(Clone, Debug)]
pub struct Item {
    /// The kind at this place: of the part, where the question is a case.
    pub kind: QuestionKind,
    pub area: String,
    pub body: Arc<Body>,
    /// Which part of a case, from 1; 0 is the question itself.
    pub part: usize,
    /// The options in the order in which the candidate saw them.
    pub order: Vec<usize>,
    pub weight: i64,
    /// A pilot is not: it is asked and studied, and counts for nothing.
    pub scored: bool,
    pub response: Option<String>,
    /// What markers gave, where people mark.
    pub marked: Option<Share>,
    pub corrections: Vec<Correction>,
}

impl Item {
    /// What is asked at this place.
    pub fn task(&self) -> Option<&Task> {
        self.body.task_at(self.part)
    }
}

/// A wrong question put right after it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Correction {
    /// It counts for nobody.
    Void,
    /// This key holds instead.
    Rekey(Task),
    /// This key holds besides.
    Accept(Task),
}

/// What a paper earned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    pub points: i64,
    pub points_max: i64,
    pub areas: Vec<AreaScore>,
    /// How many answers still wait for a marker; the score is final when there is none.
    pub waiting: usize,
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

/// What one area, or all, earned so far.
#[derive(Clone, Copy)]
struct Sum {
    earned: Share,
    most: i64,
}

impl Sum {
    const ZERO: Sum = Sum { earned: Share::NONE, most: 0 };

    fn add(&mut self, earned: Share, weight: i64) {
        self.earned = self.earned.plus(earned.times(weight));
        self.most += weight;
    }

    /// Points and the most there are, on the fraction's own denominator.
    fn points(self) -> (i64, i64) {
        (self.earned.numerator(), self.most * self.earned.denominator())
    }
}

/// Marks a paper.
pub fn score(items: &[Item]) -> Score {
    let mut sums: Vec<(&Item, Sum)> = Vec::new();
    let (mut whole, mut waiting) = (Sum::ZERO, 0);
    for item in items.iter().filter(|item| counts(item)) {
        let earned = earned(item).unwrap_or_else(|| {
            waiting += 1;
            Share::NONE
        });
        whole.add(earned, item.weight);
        match sums.iter_mut().find(|(known, _)| known.area == item.area) {
            Some((_, sum)) => sum.add(earned, item.weight),
            None => {
                let mut sum = Sum::ZERO;
                sum.add(earned, item.weight);
                sums.push((item, sum));
            }
        }
    }
    sums.sort_by(|a, b| a.0.area.cmp(&b.0.area));
    let area = |(item, sum): (&Item, Sum)| {
        let (points, points_max) = sum.points();
        let title = item.body.area.clone();
        AreaScore { area: item.area.clone(), title, points, points_max }
    };
    let (points, points_max) = whole.points();
    Score { points, points_max, areas: sums.into_iter().map(area).collect(), waiting }
}

/// Whether a place counts at all.
fn counts(item: &Item) -> bool {
    item.scored && !item.corrections.contains(&Correction::Void)
}

/// The share of its points an answer earns; `None` while it waits for a marker.
pub fn earned(item: &Item) -> Option<Share> {
    let response = item.response.as_deref().unwrap_or_default();
    let key = item.corrections.iter().rev().find_map(|correction| match correction {
        Correction::Rekey(task) => Some(task),
        _ => None,
    });
    let task = key.or_else(|| item.task())?;
    if let Task::Essay(_) = task {
        // Nothing written needs no marker.
        return if response.is_empty() { Some(Share::NONE) } else { item.marked };
    }
    let also = item.corrections.iter().filter_map(|correction| match correction {
        Correction::Accept(task) => Some(task),
        _ => None,
    });
    let keys = std::iter::once(task).chain(also);
    let asked = item.task();
    keys.map(|task| earns(task, &renumbered(asked, task, &item.order), response)).max()
}

/// The order of what was shown in the numbering of a key. A corrected key names the same things in
/// another sequence.
fn renumbered(asked: Option<&Task>, key: &Task, order: &[usize]) -> Vec<usize> {
    let (from, to): (Vec<_>, Vec<_>) = match (asked, key) {
        (Some(asked), key) if asked == key => return order.to_vec(),
        (Some(Task::Ordering { items: from, .. }), Task::Ordering { items: to, .. }) => {
            (from.iter().collect(), to.iter().collect())
        }
        (Some(Task::Matching(from)), Task::Matching(to)) => (from.choices(), to.choices()),
        _ => return order.to_vec(),
    };
    let place = |at: &usize| from.get(*at).and_then(|one| to.iter().position(|other| other == one));
    order.iter().map(|at| place(at).unwrap_or(usize::MAX)).collect()
}

/// Whether the answer earns everything.
pub fn is_right(item: &Item) -> bool {
    earned(item).is_some_and(Share::is_all)
}

/// What a response earns by a key, the options shown in `order`.
fn earns(task: &Task, order: &[usize], response: &str) -> Share {
    if response.is_empty() {
        return Share::NONE;
    }
    match task {
        Task::Single { options } => single(options, order, response),
        Task::Multiple { options, credit } => multiple(options, *credit, order, response),
        Task::TrueFalse { answer } => whole_if(parse_bool(response) == Some(*answer)),
        Task::Numeric(numeric) => number(numeric, response),
        Task::Short(short) => words(short, response),
        Task::Ordering { items, credit } => ordering(items.len(), *credit, order, response),
        Task::Matching(key) => matching(key, order, response),
        Task::Hotspot(hotspot) => whole_if(is_hit(hotspot, response)),
        Task::Case { .. } | Task::Essay(_) => Share::NONE,
    }
}

fn whole_if(right: bool) -> Share {
    if right { Share::ALL } else { Share::NONE }
}

fn single(options: &[Choice], order: &[usize], response: &str) -> Share {
    let option = place(response).and_then(|at| order.get(at)).and_then(|at| options.get(*at));
    option.map_or(Share::NONE, |option| option.earns().bounded())
}

fn multiple(options: &[Choice], credit: Credit, order: &[usize], response: &str) -> Share {
    let Some(chosen) = chosen(response, order) else { return Share::NONE };
    let right = options.iter().filter(|option| option.correct).count() as i64;
    let of = |correct: bool| {
        let fits = |at: &&usize| options.get(**at).is_some_and(|one| one.correct == correct);
        chosen.iter().filter(fits).count() as i64
    };
    match credit {
        Credit::Exact => whole_if(of(true) == right && of(false) == 0),
        Credit::Partial => Share::new(of(true) - of(false), right.max(1)).bounded(),
        Credit::Weighted => {
            let shares =
                chosen.iter().filter_map(|at| options.get(*at)).map(|one| match one.share {
                    // A wrong option without a share of its own spoils the answer.
                    None if !one.correct => Share::new(-1, 1),
                    _ => one.earns(),
                });
            shares.fold(Share::NONE, Share::plus).bounded()
        }
    }
}

fn parse_bool(response: &str) -> Option<bool> {
    response.parse().ok()
}

fn number(key: &Numeric, response: &str) -> Share {
    let Some(given) = read_number(response, key) else { return Share::NONE };
    let fits = |value: &str, tolerance: &str| {
        let (value, tolerance) = (Decimal::parse(value), Decimal::parse(tolerance));
        value.zip(tolerance).is_some_and(|(value, tolerance)| given.is_within(tolerance, value))
    };
    if fits(&key.value, &key.tolerance) {
        return Share::ALL;
    }
    let others = key.also.iter().filter(|one| fits(&one.value, &one.tolerance));
    others.map(|one| Share::of_millionths(one.share).bounded()).max().unwrap_or(Share::NONE)
}

/// The number somebody typed, with or without its unit.
pub fn read_number(response: &str, key: &Numeric) -> Option<Decimal> {
    let unit = key.unit();
    Decimal::parse_with_unit(response, &[&unit.zh, &unit.en])
}

fn words(key: &Short, response: &str) -> Share {
    let fits = |one: &&Accepted| fits_form(&one.form, response, key.case_matters);
    // The first form that fits counts, as the author put them in order.
    let first = key.accepted.iter().find(fits);
    first.map_or(Share::NONE, |one| Share::of_millionths(one.share).bounded())
}

/// Whether words fit a form in which `*` stands for anything and `\\*` for a star.
pub fn fits_form(form: &str, response: &str, case_matters: bool) -> bool {
    let said: Vec<char> = plain(response, case_matters).chars().collect();
    let mut pieces: Vec<Vec<char>> = vec![Vec::new()];
    let mut chars = plain(form, case_matters).chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'*') => {
                pieces.last_mut().into_iter().for_each(|p| p.push('*'))
            }
            '*' => {
                pieces.push(Vec::new());
                continue;
            }
            other => {
                pieces.last_mut().into_iter().for_each(|p| p.push(other));
                continue;
            }
        }
        chars.next();
    }
    fits_pieces(&pieces, &said)
}

/// Whether the pieces stand in the words one after the other, the first at the start and the last
/// at the end. Taking each as early as possible is enough.
fn fits_pieces(pieces: &[Vec<char>], said: &[char]) -> bool {
    let [first, rest @ ..] = pieces else { return said.is_empty() };
    let Some(mut left) = said.strip_prefix(first.as_slice()) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for piece in middle {
        let found = (0..=left.len()).find(|at| left[*at..].starts_with(piece));
        match found {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

/// As words are compared: full-width letters are letters, spaces at the ends and doubled ones
/// say nothing.
fn plain(words: &str, case_matters: bool) -> String {
    let half = |c: char| match c {
        '\u{3000}' => ' ',
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        other => other,
    };
    let half: String = words.chars().map(half).collect();
    let spaced = half.split_whitespace().collect::<Vec<_>>().join(" ");
    if case_matters { spaced } else { spaced.to_lowercase() }
}

fn ordering(items: usize, credit: Credit, order: &[usize], response: &str) -> Share {
    let Some(given) = chosen(response, order) else { return Share::NONE };
    let in_place = given.iter().enumerate().filter(|(at, item)| at == *item).count();
    match credit {
        Credit::Exact => whole_if(given.len() == items && in_place == items),
        Credit::Partial | Credit::Weighted => Share::new(in_place as i64, items.max(1) as i64),
    }
}

fn matching(key: &Matching, order: &[usize], response: &str) -> Share {
    let choices = key.choices();
    let given: Vec<Option<usize>> =
        response.split(',').map(|letter| order.get(place(letter)?).copied()).collect();
    let fits = |(pair, given): (&super::body::Pair, &Option<usize>)| {
        given.and_then(|at| choices.get(at)).is_some_and(|choice| **choice == pair.partner)
    };
    let right = key.pairs.iter().zip(&given).filter(|one| fits(*one)).count();
    match key.credit {
        Credit::Exact => whole_if(right == key.pairs.len()),
        Credit::Partial | Credit::Weighted => {
            Share::new(right as i64, key.pairs.len().max(1) as i64)
        }
    }
}

fn is_hit(hotspot: &Hotspot, response: &str) -> bool {
    parse_point(response).is_some_and(|at| hotspot.regions.iter().any(|one| one.contains(at)))
}

/// `x,y` in thousandths.
pub fn parse_point(response: &str) -> Option<(i32, i32)> {
    let (x, y) = response.split_once(',')?;
    let thousandths = |word: &str| word.parse().ok().filter(|at| (0..=1000).contains(at));
    Some((thousandths(x)?, thousandths(y)?))
}

/// The options behind the letters, in the author's numbering.
fn chosen(response: &str, order: &[usize]) -> Option<Vec<usize>> {
    response.split(',').map(|letter| order.get(place(letter)?).copied()).collect()
}

/// `a` is the first option shown.
pub fn place(letter: &str) -> Option<usize> {
    match letter.as_bytes() {
        [byte @ b'a'..=b'z'] => Some(usize::from(byte - b'a')),
        _ => None,
    }
}

/// The letter of the option shown at a place.
pub fn letter(place: usize) -> String {
    char::from(b'a' + (place % 26) as u8).to_string()
}

/// The response that earns everything, as this candidate would have to give it: for practice and
/// previews, never for a running exam. There is none for an essay.
pub fn model_response(task: &Task, order: &[usize]) -> Option<String> {
    let shown_at = |option: usize| order.iter().position(|at| *at == option).map(letter);
    let right = |options: &[Choice]| {
        let places = order.iter().enumerate();
        let places = places.filter(|(_, at)| options.get(**at).is_some_and(|one| one.correct));
        places.map(|(place, _)| letter(place)).collect::<Vec<_>>().join(",")
    };
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => Some(right(options)),
        Task::TrueFalse { answer } => Some(answer.to_string()),
        Task::Numeric(numeric) => Some(numeric.value.clone()),
        Task::Short(short) => {
            let whole = short.accepted.iter().find(|one| Share::of_millionths(one.share).is_all());
            whole.map(|one| {
                one.form.replace("\\*", "\u{0}").replace(['*'], "").replace('\u{0}', "*")
            })
        }
        Task::Ordering { items, .. } => {
            let letters: Option<Vec<String>> = (0..items.len()).map(shown_at).collect();
            letters.map(|letters| letters.join(","))
        }
        Task::Matching(matching) => {
            let choices = matching.choices();
            let partner = |pair: &super::body::Pair| {
                choices.iter().position(|one| **one == pair.partner).and_then(shown_at)
            };
            let letters: Option<Vec<String>> = matching.pairs.iter().map(partner).collect();
            letters.map(|letters| letters.join(","))
        }
        Task::Hotspot(hotspot) => hotspot.regions.first().map(|region| match *region {
            super::body::Region::Circle { x, y, .. } => format!("{x},{y}"),
            super::body::Region::Rectangle { x, y, width, height } => {
                format!("{},{}", x + width / 2, y + height / 2)
            }
        }),
        Task::Case { .. } | Task::Essay(_) => None,
    }
}

const LONGEST_NUMBER: usize = 40;
const LONGEST_WORDS: usize = 200;
/// Some twenty pages: more is not an exam's answer.
const LONGEST_ESSAY: usize = 40_000;

/// An answer in the one way it is kept, or nothing when it cannot be an answer to a question of
/// this kind with so many options shown. Empty takes the answer back.
pub fn canonical(kind: QuestionKind, shown: usize, response: &str) -> Option<String> {
    let response = response.trim();
    if response.is_empty() {
        return Some(String::new());
    }
    match kind {
        QuestionKind::Single => {
            place(response).filter(|at| *at < shown).map(|_| response.to_owned())
        }
        QuestionKind::Multiple => {
            let mut letters: Vec<&str> = response.split(',').collect();
            letters.sort_unstable();
            letters.dedup();
            let known = letters.iter().all(|one| place(one).is_some_and(|at| at < shown));
            known.then(|| letters.join(","))
        }
        QuestionKind::TrueFalse => parse_bool(response).map(|answer| answer.to_string()),
        QuestionKind::Numeric => one_line(response, LONGEST_NUMBER),
        QuestionKind::Short => one_line(response, LONGEST_WORDS),
        QuestionKind::Ordering => {
            let mut places: Vec<usize> = response.split(',').filter_map(place).collect();
            let all = places.len() == response.split(',').count();
            places.sort_unstable();
            (all && places.into_iter().eq(0..shown)).then(|| response.to_owned())
        }
        QuestionKind::Matching => canonical_matching(shown, response),
        QuestionKind::Hotspot => parse_point(response).map(|(x, y)| format!("{x},{y}")),
        QuestionKind::Essay => {
            (response.chars().count() <= LONGEST_ESSAY).then(|| response.replace('\r', ""))
        }
        QuestionKind::Case => None,
    }
}

fn one_line(response: &str, most: usize) -> Option<String> {
    let short = response.chars().count() <= most;
    (short && !response.contains(char::is_control)).then(|| response.to_owned())
}

/// One letter or `-` for each prompt; nothing matched at all is no answer.
fn canonical_matching(shown: usize, response: &str) -> Option<String> {
    let letters: Vec<&str> = response.split(',').collect();
    let known = letters.iter().all(|one| *one == "-" || place(one).is_some_and(|at| at < shown));
    if !known || letters.len() > 26 {
        return None;
    }
    let none = letters.iter().all(|one| *one == "-");
    Some(if none { String::new() } else { response.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        exams::questions::body::{Pair, Region},
        i18n::Text,
    };

    fn choices(key: &[bool]) -> Vec<Choice> {
        let choice = |correct: &bool| Choice {
            text: Text::same("x"),
            correct: *correct,
            ..Choice::default()
        };
        key.iter().map(choice).collect()
    }

    fn body(task: Task) -> Body {
        Body {
            area: Text::same("A"),
            stem: Text::same("?"),
            task,
            feedback: Text::default(),
            references: Vec::new(),
            points: 1,
            fixed_order: false,
        }
    }

    fn item(task: Task, order: &[usize], response: &str) -> Item {
        Item {
            kind: task.kind(),
            area: "a".into(),
            body: Arc::new(body(task)),
            part: 0,
            order: order.to_vec(),
            weight: 1,
            scored: true,
            response: Some(response.to_owned()),
            marked: None,
            corrections: Vec::new(),
        }
    }

    fn texts(words: &[&str]) -> Vec<Text> {
        words.iter().map(|word| Text::same(*word)).collect()
    }

    fn accepted(forms: &[(&str, i64)]) -> Task {
        let form = |(form, share): &(&str, i64)| Accepted {
            form: (*form).to_owned(),
            share: *share,
            feedback: Text::default(),
        };
        Task::Short(Short { accepted: forms.iter().map(form).collect(), case_matters: false })
    }

    #[test]
    fn each_kind_has_its_right_answer() {
        let single = Task::Single { options: choices(&[false, true, false]) };
        let exact =
            Task::Multiple { options: choices(&[true, false, true]), credit: Credit::Exact };
        let partial =
            Task::Multiple { options: choices(&[true, false, true]), credit: Credit::Partial };
        let number = Task::Numeric(Numeric {
            value: "60".into(),
            tolerance: "0.5".into(),
            unit: "V".into(),
            also: Vec::new(),
        });
        let truth = Task::TrueFalse { answer: false };
        let words = accepted(&[("CAN*bus", 1_000_000), ("can", 500_000)]);
        let order = |credit| Task::Ordering { items: texts(&["1", "2", "3"]), credit };
        let pair = |prompt: &str, partner: &str| Pair {
            prompt: Text::same(prompt),
            partner: Text::same(partner),
        };
        let pairs = vec![pair("R", "ohm"), pair("U", "volt"), pair("E", "volt")];
        let matching = |credit| {
            let distractors = texts(&["ampere"]);
            Task::Matching(Matching { pairs: pairs.clone(), distractors, credit })
        };
        let spot = Task::Hotspot(Hotspot {
            picture: "/exams/files/x".into(),
            alt: Text::default(),
            regions: vec![Region::Circle { x: 500, y: 500, radius: 100 }],
        });
        let half = Share::new(1, 2);
        for (task, order, response, earns) in [
            (single.clone(), &[1, 0, 2][..], "a", Share::ALL),
            (single.clone(), &[1, 0, 2], "b", Share::NONE),
            (single.clone(), &[1, 0, 2], "z", Share::NONE),
            (single, &[1, 0, 2], "", Share::NONE),
            (exact.clone(), &[2, 1, 0], "a,c", Share::ALL),
            (exact.clone(), &[2, 1, 0], "a", Share::NONE),
            (exact, &[2, 1, 0], "a,b,c", Share::NONE),
            (partial.clone(), &[2, 1, 0], "a", half),
            (partial.clone(), &[2, 1, 0], "a,b,c", half),
            (partial, &[2, 1, 0], "b", Share::NONE),
            (truth.clone(), &[], "false", Share::ALL),
            (truth.clone(), &[], "true", Share::NONE),
            (truth, &[], "maybe", Share::NONE),
            (number.clone(), &[], "６０ V", Share::ALL),
            (number.clone(), &[], "59,5", Share::ALL),
            (number.clone(), &[], "60.51", Share::NONE),
            (number, &[], "sixty", Share::NONE),
            (words.clone(), &[], " ＣＡＮ  Bus", Share::ALL),
            (words.clone(), &[], "can-fd bus", Share::ALL),
            (words.clone(), &[], "Can", half),
            (words, &[], "lin", Share::NONE),
            (order(Credit::Exact), &[2, 0, 1], "b,c,a", Share::ALL),
            (order(Credit::Exact), &[2, 0, 1], "b,a,c", Share::NONE),
            (order(Credit::Partial), &[2, 0, 1], "b,a,c", Share::new(1, 3)),
            (matching(Credit::Exact), &[0, 1, 2], "a,b,b", Share::ALL),
            (matching(Credit::Partial), &[0, 1, 2], "a,b,c", Share::new(2, 3)),
            (matching(Credit::Partial), &[0, 1, 2], "-,b,-", Share::new(1, 3)),
            (spot.clone(), &[], "570,570", Share::ALL),
            (spot, &[], "580,580", Share::NONE),
        ] {
            let mut item = item(task, order, response);
            assert_eq!(earned(&item), Some(earns), "{item:?}");
            item.response = model_response(item.task().unwrap(), order);
            assert!(is_right(&item), "the model response is right: {item:?}");
        }
    }

    #[test]
    fn an_essay_waits_for_its_marker_unless_nothing_was_written() {
        let essay = Task::Essay(crate::exams::questions::body::Essay::default());
        let mut written = item(essay.clone(), &[], "the relay");
        assert_eq!(earned(&written), None);
        assert_eq!(score(std::slice::from_ref(&written)).waiting, 1);
        written.marked = Some(Share::new(3, 4));
        assert_eq!(earned(&written), Some(Share::new(3, 4)));
        assert_eq!(earned(&item(essay, &[], "")), Some(Share::NONE));
    }

    #[test]
    fn a_correction_changes_what_counts() {
        let key = |right: usize| {
            let mut key = [false; 3];
            key[right] = true;
            Task::Single { options: choices(&key) }
        };
        let answered = |response: &str, correction: Option<Correction>| {
            let mut item = item(key(0), &[0, 1, 2], response);
            item.corrections.extend(correction);
            score(&[item])
        };
        assert_eq!(answered("b", None).points, 0);
        assert_eq!(answered("b", Some(Correction::Void)).points_max, 0);
        let accept = answered("b", Some(Correction::Accept(key(1))));
        assert_eq!((accept.points, accept.points_max), (1, 1));
        assert_eq!(answered("a", Some(Correction::Accept(key(1)))).points, 1);
        assert_eq!(answered("a", Some(Correction::Rekey(key(1)))).points, 0);
        assert_eq!(answered("b", Some(Correction::Rekey(key(1)))).points, 1);
    }

    #[test]
    fn an_unscored_question_counts_for_nothing() {
        let mut pilot = item(Task::TrueFalse { answer: true }, &[], "false");
        pilot.scored = false;
        let scored = item(Task::TrueFalse { answer: true }, &[], "true");
        let score = score(&[pilot, scored]);
        assert_eq!((score.points, score.points_max), (1, 1));
    }

    #[test]
    fn weights_and_parts_of_points_add_up_exactly() {
        let three = Task::Ordering { items: texts(&["1", "2", "3"]), credit: Credit::Partial };
        let mut heavy = item(three, &[0, 1, 2], "a,c,b");
        heavy.weight = 2;
        let light = item(Task::TrueFalse { answer: true }, &[], "true");
        let score = score(&[heavy, light]);
        assert_eq!((score.points, score.points_max), (5, 9), "two thirds and one of three");
    }

    #[test]
    fn a_form_with_stars_fits_what_lies_between() {
        for (form, said, fits) in [
            ("*", "", true),
            ("brake*fluid", "Brake  Fluid", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "ab c", false),
            ("ab*ba", "aba", false),
            ("5 \\* 3", "5 * 3", true),
            ("5 \\* 3", "5 x 3", false),
        ] {
            assert_eq!(fits_form(form, said, false), fits, "{form} / {said}");
        }
        assert!(!fits_form("CAN", "can", true));
    }

    #[test]
    fn a_pass_mark_is_compared_exactly() {
        let score =
            |points, points_max| Score { points, points_max, areas: Vec::new(), waiting: 0 };
        assert!(score(3, 5).passes(60_00));
        assert!(!score(599, 1000).passes(60_00));
        assert!(score(2, 3).passes(66_66));
        assert!(!score(2, 3).passes(66_67));
        assert!(!score(0, 0).passes(60_00), "an empty paper passes nobody");
    }

    #[test]
    fn an_answer_is_kept_in_one_way() {
        use QuestionKind::{Matching, Multiple, Numeric as Number, Ordering, Single, TrueFalse};
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
            (Ordering, "d,a,c,b", Some("d,a,c,b")),
            (Ordering, "a,b,c", None),
            (Ordering, "a,a,b,c", None),
            (Matching, "a,-,d", Some("a,-,d")),
            (Matching, "-,-", Some("")),
            (Matching, "a,e", None),
            (QuestionKind::Hotspot, "10,1000", Some("10,1000")),
            (QuestionKind::Hotspot, "10,1001", None),
            (QuestionKind::Short, "two\nlines", None),
            (QuestionKind::Essay, "two\r\nlines", Some("two\nlines")),
            (QuestionKind::Case, "a", None),
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
            let options = choices(&key);
            let task = match seed % 3 {
                0 => Task::Single { options },
                1 => Task::Multiple { options, credit: Credit::Exact },
                _ => Task::Multiple { options, credit: Credit::Partial },
            };
            let mut item = item(task, &order, &response);
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
            prop_assert_eq!(score.points_max % paper.len() as i64, 0);
            let areas = score.areas.iter().map(|area| {
                let questions = paper.iter().filter(|item| item.area == area.area).count() as i64;
                Share::new(area.points, area.points_max).times(questions)
            });
            let sum = areas.fold(Share::NONE, Share::plus);
            prop_assert_eq!(sum, Share::new(score.points, score.points_max).times(paper.len() as i64));
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
                let task = Task::Multiple { options: choices(&key), credit: Credit::Exact };
                let item = item(task, order, &letters(order));
                prop_assert_eq!(is_right(&item), key.contains(&true));
            }
        }
    }
}
