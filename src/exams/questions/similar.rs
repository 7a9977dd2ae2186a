//! Which questions are worded alike: pure, exact, for Chinese and English.
//!
//! Wordings are compared by the short runs of characters they share (two for Chinese, which has no
//! spaces and short words, four for the rest), as the share of all runs of both (Jaccard). A pair
//! that reaches a threshold must share one of the rarest runs of each (prefix filtering; Chaudhuri,
//! Ganti and Kaushik, 2006), so a bank of thousands is compared without trying every pair.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::body::{Body, Task};
use crate::i18n::{Lang, Text};

/// As alike as this is worth a look.
pub const ALIKE: f64 = 0.6;
/// As alike as this is told before a new question is kept.
pub const NEARLY_THE_SAME: f64 = 0.8;

/// The runs of characters of a wording, each once, in one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs(Vec<u64>);

impl Runs {
    pub fn of(words: &str) -> Runs {
        let chars: Vec<char> = words.chars().map(half_width).flat_map(char::to_lowercase).collect();
        let mut runs = Vec::new();
        for word in chars.split(|c| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            runs_of(word, &mut runs);
        }
        runs.sort_unstable();
        runs.dedup();
        Runs(runs)
    }

    /// The share of all runs of both that both have; nothing for nothing.
    pub fn likeness(&self, other: &Runs) -> f64 {
        let (mut left, mut right, mut both) = (0, 0, 0_usize);
        while let (Some(a), Some(b)) = (self.0.get(left), other.0.get(right)) {
            both += usize::from(a == b);
            left += usize::from(a <= b);
            right += usize::from(b <= a);
        }
        let all = self.0.len() + other.0.len() - both;
        if all == 0 { 0.0 } else { both as f64 / all as f64 }
    }
}

fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A word is a row of letters and digits; Chinese within it is cut more finely. A short word is
/// a run by itself.
fn runs_of(word: &[char], runs: &mut Vec<u64>) {
    for piece in word.chunk_by(|a, b| is_han(*a) == is_han(*b)) {
        let length = if piece.first().copied().is_some_and(is_han) { 2 } else { 4 };
        if piece.len() <= length {
            runs.push(hashed(piece));
        } else {
            runs.extend(piece.windows(length).map(hashed));
        }
    }
}

fn hashed(run: &[char]) -> u64 {
    let mut hasher = DefaultHasher::new();
    run.hash(&mut hasher);
    hasher.finish()
}

/// What a question says in each language, ready to be compared.
#[derive(Clone, Debug, Default)]
pub struct Wording {
    zh: Runs,
    en: Runs,
}

impl Wording {
    pub fn of(body: &Body) -> Wording {
        let runs = |lang| {
            let said: Vec<&str> = words(body).into_iter().map(|text| own(text, lang)).collect();
            Runs::of(&said.join("\n"))
        };
        Wording { zh: runs(Lang::Zh), en: runs(Lang::En) }
    }

    /// How alike two questions are in the language in which they are most alike.
    pub fn likeness(&self, other: &Wording) -> f64 {
        self.zh.likeness(&other.zh).max(self.en.likeness(&other.en))
    }

    fn runs(&self, lang: Lang) -> &[u64] {
        match lang {
            Lang::Zh => &self.zh.0,
            Lang::En => &self.en.0,
        }
    }
}

fn own(text: &Text, lang: Lang) -> &str {
    match lang {
        Lang::Zh => &text.zh,
        Lang::En => &text.en,
    }
}

/// The stem, and what can be chosen: many stems ask alike and differ in their options.
fn words(body: &Body) -> Vec<&Text> {
    let mut words = vec![&body.stem];
    words_of(&body.task, &mut words);
    words
}

fn words_of<'a>(task: &'a Task, words: &mut Vec<&'a Text>) {
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            words.extend(options.iter().map(|option| &option.text));
        }
        Task::Ordering { items, .. } => words.extend(items),
        Task::Matching(matching) => {
            words.extend(matching.pairs.iter().flat_map(|pair| [&pair.prompt, &pair.partner]));
        }
        Task::Case { parts } => {
            for part in parts {
                words.push(&part.stem);
                words_of(&part.task, words);
            }
        }
        _ => {}
    }
}

/// The pairs that are at least as alike as `threshold`, most alike first; each names its places.
pub fn pairs(all: &[Wording], threshold: f64) -> Vec<(usize, usize, f64)> {
    let mut candidates = HashSet::new();
    for lang in Lang::ALL {
        candidates_in(all, lang, threshold, &mut candidates);
    }
    let mut found: Vec<(usize, usize, f64)> = candidates
        .into_iter()
        .map(|(a, b)| (a, b, all[a].likeness(&all[b])))
        .filter(|(.., likeness)| *likeness >= threshold)
        .collect();
    found.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    found
}

/// Pairs that share one of the rarest runs of each and are near enough in length.
fn candidates_in(
    all: &[Wording],
    lang: Lang,
    threshold: f64,
    candidates: &mut HashSet<(usize, usize)>,
) {
    let mut often: HashMap<u64, u32> = HashMap::new();
    for run in all.iter().flat_map(|one| one.runs(lang)) {
        *often.entry(*run).or_default() += 1;
    }
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, one) in all.iter().enumerate() {
        let mut runs = one.runs(lang).to_vec();
        runs.sort_unstable_by_key(|run| (often.get(run).copied().unwrap_or(0), *run));
        let shared = (runs.len() as f64 * threshold).ceil() as usize;
        let rarest = (runs.len() + 1).saturating_sub(shared).min(runs.len());
        for run in &runs[..rarest] {
            let known = holders.entry(*run).or_default();
            let near = known.iter().filter(|other| {
                let length = all[**other].runs(lang).len() as f64;
                let own = runs.len() as f64;
                length.min(own) >= threshold * length.max(own)
            });
            candidates.extend(near.map(|other| (*other, at)));
            known.push(at);
        }
    }
}

/// The questions most like one, best first.
pub fn like(one: &Wording, all: &[Wording], threshold: f64) -> Vec<(usize, f64)> {
    let mut found: Vec<(usize, f64)> = all
        .iter()
        .enumerate()
        .map(|(at, other)| (at, one.likeness(other)))
        .filter(|(_, likeness)| *likeness >= threshold)
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wording(zh: &str, en: &str) -> Wording {
        Wording { zh: Runs::of(zh), en: Runs::of(en) }
    }

    #[test]
    fn small_changes_of_wording_are_seen_in_both_languages() {
        let zh = Runs::of("更换制动液时，应当选用哪一种规格的制动液？")
            .likeness(&Runs::of("更换制动液时应选用哪种规格的制动液?"));
        let en = Runs::of("Which brake fluid must be used when it is changed?")
            .likeness(&Runs::of("Which brake fluid must be used if it is changed"));
        assert!(zh > ALIKE && en > ALIKE, "{zh} {en}");
        let other = Runs::of("测量绝缘电阻时兆欧表选用多少伏？")
            .likeness(&Runs::of("更换制动液时，应当选用哪一种规格的制动液？"));
        assert!(other < 0.2, "{other}");
    }

    #[test]
    fn case_width_and_punctuation_say_nothing() {
        assert_eq!(Runs::of("ＣＡＮ 总线，60Ω"), Runs::of("can总线 60Ω!"));
        assert_eq!(Runs::of("… — ！"), Runs::default());
        assert!(Runs::default().likeness(&Runs::default()) < ALIKE);
    }

    #[test]
    fn a_question_in_one_language_is_compared_in_that_one() {
        let both = wording("车辆断电后至少等待几分钟？", "How long do you wait after isolating?");
        let english = wording("", "How long do you wait after isolating the car?");
        assert!(both.likeness(&english) > ALIKE);
    }

    #[test]
    fn five_thousand_questions_are_compared_at_once() {
        let topics = ["制动主缸", "绝缘手套", "冷却液", "动力电池", "转向角传感器"];
        let all: Vec<Wording> = (0..5000)
            .map(|at| {
                let topic = topics[at % topics.len()];
                let said = format!("检查{topic}时第{at}项标准值{}是什么？", at * 7919);
                let english =
                    format!("What is the value {} of item {at} for part {}?", at * 7919, at % 5);
                wording(&said, &english)
            })
            .collect();
        let again = all.iter().cloned().chain([all[7].clone()]).collect::<Vec<_>>();
        let found = pairs(&again, 0.95);
        assert_eq!(found.first().map(|(a, b, _)| (*a, *b)), Some((7, 5000)));
    }

    proptest! {
        /// The short cut finds exactly what trying every pair finds.
        #[test]
        fn no_pair_is_missed(said in prop::collection::vec("[制动液高压电 abc]{0,12}", 0..25), threshold in 0.3_f64..1.0) {
            let all: Vec<Wording> = said.iter().map(|said| wording(said, said)).collect();
            let mut tried = Vec::new();
            for b in 0..all.len() {
                for a in 0..b {
                    if all[a].likeness(&all[b]) >= threshold { tried.push((a, b)); }
                }
            }
            let mut found: Vec<(usize, usize)> = pairs(&all, threshold).into_iter().map(|(a, b, _)| (a, b)).collect();
            found.sort_unstable();
            tried.sort_unstable();
            prop_assert_eq!(found, tried);
        }

        #[test]
        fn likeness_is_the_same_both_ways(a in ".{0,30}", b in ".{0,30}") {
            let (a, b) = (Runs::of(&a), Runs::of(&b));
            prop_assert_eq!(a.likeness(&b), b.likeness(&a));
            prop_assert!((0.0..=1.0).contains(&a.likeness(&b)));
        }
    }
}
