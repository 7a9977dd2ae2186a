//! What there was to choose on a question, or what was given where nothing is offered: pure.

use std::collections::HashMap;

use super::figures::Choice;
use crate::{
    exams::questions::{Task, share::Share},
    i18n::Text,
    text,
};

/// So many of the answers that people typed are named.
const COMMON: usize = 12;

/// The choices of a question as they become known while its answers are read.
pub struct Choosing {
    /// In the author's order, where the author offers some.
    offered: Vec<Choice>,
    /// What was given where nothing is offered: its number, how often, whether it is right.
    given: HashMap<String, (u16, usize, bool)>,
}

impl Choosing {
    pub fn of(task: Option<&Task>) -> Choosing {
        Choosing { offered: task.map(offered).unwrap_or_default(), given: HashMap::new() }
    }

    /// Which choices a response takes; `order` is what the candidate saw.
    pub fn read(
        &mut self,
        task: Option<&Task>,
        order: &[usize],
        response: &str,
        earned: Share,
    ) -> Vec<u16> {
        let shown = |letter: &str| match letter.as_bytes() {
            [byte @ b'a'..=b'z'] => order.get(usize::from(byte - b'a')).copied(),
            _ => None,
        };
        let letters = || response.split(',').map(shown);
        match task {
            _ if response.is_empty() => Vec::new(),
            Some(Task::Single { .. } | Task::Multiple { .. }) => {
                letters().flatten().filter_map(|option| u16::try_from(option).ok()).collect()
            }
            Some(Task::TrueFalse { .. }) => match response {
                "true" => vec![0],
                "false" => vec![1],
                _ => Vec::new(),
            },
            Some(Task::Matching(key)) => {
                let choices = key.choices().len();
                let pairs = letters().enumerate();
                let number = |(prompt, choice): (usize, Option<usize>)| {
                    u16::try_from(prompt * choices + choice?).ok()
                };
                pairs.filter_map(number).collect()
            }
            Some(Task::Ordering { .. }) => {
                let numbers = letters().flatten().map(|item| (item + 1).to_string());
                let said = numbers.collect::<Vec<_>>().join(" → ");
                self.note(said, earned.is_all())
            }
            Some(Task::Hotspot(_)) => vec![u16::from(!earned.is_all())],
            Some(Task::Numeric(_) | Task::Short(_)) => {
                self.note(response.trim().to_lowercase(), earned.is_all())
            }
            Some(Task::Case { .. } | Task::Essay(_)) | None => Vec::new(),
        }
    }

    fn note(&mut self, said: String, right: bool) -> Vec<u16> {
        let next = u16::try_from(self.given.len()).unwrap_or(u16::MAX);
        let known = self.given.entry(said).or_insert((next, 0, right));
        known.1 += 1;
        vec![known.0]
    }

    /// The choices to show. Of what was typed, the most common answers, and how their numbers
    /// change by that.
    pub fn choices(self) -> (Vec<Choice>, Option<HashMap<u16, u16>>) {
        if self.given.is_empty() {
            return (self.offered, None);
        }
        let mut given: Vec<(String, (u16, usize, bool))> = self.given.into_iter().collect();
        given.sort_by(|a, b| b.1.1.cmp(&a.1.1).then_with(|| a.0.cmp(&b.0)));
        given.truncate(COMMON);
        let places = (0_u16..).zip(&given).map(|(place, (_, (number, ..)))| (*number, place));
        let places = places.collect();
        let choice = |(said, (_, _, right)): (String, (u16, usize, bool))| Choice {
            label: Text::same(said),
            right,
            offered: false,
        };
        (given.into_iter().map(choice).collect(), Some(places))
    }
}

fn offered(task: &Task) -> Vec<Choice> {
    let choice = |label: Text, right| Choice { label, right, offered: true };
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            options.iter().map(|one| choice(one.text.clone(), one.correct)).collect()
        }
        Task::TrueFalse { answer } => {
            vec![choice(text!("对", "True"), *answer), choice(text!("错", "False"), !*answer)]
        }
        Task::Matching(key) => {
            let choices = key.choices();
            let pair = |(prompt, partner): (&Text, &Text), right| Choice {
                label: Text::new(
                    format!(
                        "{} → {}",
                        prompt.get(crate::i18n::Lang::Zh),
                        partner.get(crate::i18n::Lang::Zh)
                    ),
                    format!(
                        "{} → {}",
                        prompt.get(crate::i18n::Lang::En),
                        partner.get(crate::i18n::Lang::En)
                    ),
                ),
                right,
                offered: false,
            };
            key.pairs
                .iter()
                .flat_map(|one| {
                    choices
                        .iter()
                        .map(move |other| pair((&one.prompt, other), **other == one.partner))
                })
                .collect()
        }
        Task::Hotspot(_) => {
            [(text!("点中", "On the spot"), true), (text!("未点中", "Beside it"), false)]
                .map(|(label, right)| Choice { label, right, offered: false })
                .to_vec()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exams::questions::body::{self, Credit, Matching, Pair, Short};

    fn option(word: &str, correct: bool) -> body::Choice {
        body::Choice { text: Text::same(word), correct, ..body::Choice::default() }
    }

    #[test]
    fn options_are_counted_in_the_authors_order_whatever_was_shown() {
        let task = Task::Multiple {
            options: vec![option("x", true), option("y", false), option("z", true)],
            credit: Credit::Exact,
        };
        let mut choosing = Choosing::of(Some(&task));
        let chosen = choosing.read(Some(&task), &[2, 0, 1], "a,b", Share::ALL);
        assert_eq!(chosen, [2, 0]);
        assert!(choosing.read(Some(&task), &[2, 0, 1], "", Share::NONE).is_empty());
        let (choices, places) = choosing.choices();
        assert_eq!(choices.iter().map(|one| one.right).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(places, None);
    }

    #[test]
    fn each_prompt_has_its_partners() {
        let pair =
            |prompt, partner| Pair { prompt: Text::same(prompt), partner: Text::same(partner) };
        let task = Task::Matching(Matching {
            pairs: vec![pair("1", "one"), pair("2", "two")],
            distractors: vec![Text::same("three")],
            credit: Credit::Partial,
        });
        let mut choosing = Choosing::of(Some(&task));
        assert_eq!(choosing.read(Some(&task), &[1, 0, 2], "b,-", Share::NONE), [0]);
        assert_eq!(choosing.read(Some(&task), &[1, 0, 2], "c,a", Share::NONE), [2, 4]);
        let choices = choosing.choices().0;
        let right: Vec<&str> =
            choices.iter().filter(|one| one.right).map(|one| one.label.en.as_str()).collect();
        assert_eq!((choices.len(), right), (6, vec!["1 → one", "2 → two"]));
    }

    #[test]
    fn the_most_common_answers_are_named() {
        let task = Task::Short(Short::default());
        let mut choosing = Choosing::of(Some(&task));
        let mut say = |words: &str, right| choosing.read(Some(&task), &[], words, right)[0];
        let rare = say("rare", Share::NONE);
        for _ in 0..3 {
            say("Common ", Share::ALL);
        }
        for n in 0..COMMON {
            say(&format!("x{n}"), Share::NONE);
            say(&format!("X{n}"), Share::NONE);
        }
        let (choices, places) = choosing.choices();
        assert_eq!((choices.len(), choices[0].label.en.as_str()), (COMMON, "common"));
        assert!(choices[0].right && !choices[1].right);
        let places = places.unwrap();
        assert_eq!((places.get(&rare), places.len()), (None, COMMON));
    }
}
