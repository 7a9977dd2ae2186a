//! The form in which a question is put right, understood against what was asked.

use crate::exams::questions::{
    Task, VersionId,
    body::{Accepted, Choice, Hotspot, Matching, Numeric, Pair, Region, Short},
    correction::CorrectionKind,
    scoring::Correction,
};
use crate::{i18n::Text, text, web::Problems};

/// What came in.
#[derive(Clone, Debug)]
pub struct Given {
    pub form_key: String,
    pub version: VersionId,
    pub part: usize,
    pub kind: String,
    pub why: String,
    /// The fields of the new key, as they differ from kind to kind.
    pub key: Vec<(String, String)>,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            form_key: String::new(),
            version: VersionId(0),
            part: 0,
            kind: String::new(),
            why: String::new(),
            key: Vec::new(),
        }
    }
}

const LONGEST_REASON: usize = 2_000;

impl Given {
    pub fn read(fields: Vec<(String, String)>) -> Given {
        let mut given = Given::default();
        for (name, value) in fields {
            match name.as_str() {
                "form_key" => given.form_key = value,
                "version" => given.version = VersionId(value.parse().unwrap_or(0)),
                "part" => given.part = value.parse().unwrap_or(0),
                "kind" => given.kind = value,
                "why" => given.why = value,
                _ => given.key.push((name, value)),
            }
        }
        given
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.key.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.trim()).collect()
    }

    pub fn one(&self, name: &str) -> &str {
        self.all(name).into_iter().next().unwrap_or_default()
    }

    /// What is to hold, or what is wrong with the form.
    pub fn correction(&self, asked: &Task) -> Result<Correction, Problems> {
        let mut problems = Problems::default();
        match self.why.trim().chars().count() {
            0..4 => problems.add("why", text!("请写明理由。", "Give the reason.")),
            4..=LONGEST_REASON => {}
            _ => problems.add(
                "why",
                text!("最多 {LONGEST_REASON} 个字符。", "At most {LONGEST_REASON} characters."),
            ),
        }
        let correction = match CorrectionKind::parse(&self.kind) {
            Some(CorrectionKind::Void) => Some(Correction::Void),
            Some(kind) => match self.task(asked) {
                Ok(task) if kind == CorrectionKind::Accept => Some(Correction::Accept(task)),
                Ok(task) => Some(Correction::Rekey(task)),
                Err(problem) => {
                    problems.add("key", problem);
                    None
                }
            },
            None => {
                problems.add("kind", text!("请选择更正方式。", "Choose what is to be done."));
                None
            }
        };
        correction.filter(|_| problems.is_empty()).ok_or(problems)
    }

    /// The question with the new key.
    fn task(&self, asked: &Task) -> Result<Task, Text> {
        let task = match asked {
            Task::Single { options } => Task::Single { options: self.options(options) },
            Task::Multiple { options, credit } => {
                Task::Multiple { options: self.options(options), credit: *credit }
            }
            Task::TrueFalse { .. } => {
                Task::TrueFalse { answer: self.one("answer").parse().map_err(|_| unfilled())? }
            }
            Task::Numeric(numeric) => Task::Numeric(self.number(numeric)),
            Task::Short(short) => Task::Short(self.words(short)),
            Task::Ordering { items, credit } => {
                Task::Ordering { items: self.sequence(items)?, credit: *credit }
            }
            Task::Matching(matching) => Task::Matching(self.pairs(matching)?),
            Task::Hotspot(hotspot) => Task::Hotspot(self.regions(hotspot)?),
            Task::Case { .. } | Task::Essay(_) => {
                return Err(text!(
                    "这种题由人评分，只能作废；对评分有异议请走申诉。",
                    "People mark this kind of question: it can only be void. Objections to marks are appeals."
                ));
            }
        };
        if task == *asked {
            return Err(text!(
                "答案和原来一样，没有可更正的内容。",
                "This is the key that holds already; nothing would change."
            ));
        }
        match Text::list(&task.mistakes()) {
            wrong if wrong.is_blank() => Ok(task),
            wrong => Err(wrong),
        }
    }

    fn options(&self, options: &[Choice]) -> Vec<Choice> {
        let right: Vec<usize> = self.all("right").iter().filter_map(|at| at.parse().ok()).collect();
        let choice = |(at, option): (usize, &Choice)| Choice {
            correct: right.contains(&at),
            share: None,
            ..option.clone()
        };
        options.iter().enumerate().map(choice).collect()
    }

    fn number(&self, numeric: &Numeric) -> Numeric {
        let tolerance = match self.one("tolerance") {
            "" => "0",
            tolerance => tolerance,
        };
        let (value, tolerance) = (self.one("value").to_owned(), tolerance.to_owned());
        Numeric { value, tolerance, also: Vec::new(), ..numeric.clone() }
    }

    fn words(&self, short: &Short) -> Short {
        let lines = self.one("words").lines().map(str::trim).filter(|line| !line.is_empty());
        let accepted = |form: &str| Accepted {
            form: form.to_owned(),
            share: 1_000_000,
            feedback: Text::default(),
        };
        Short { accepted: lines.map(accepted).collect(), case_matters: short.case_matters }
    }

    /// `3,1,2`: the numbers of the items as they stand in the author's sequence.
    fn sequence(&self, items: &[Text]) -> Result<Vec<Text>, Text> {
        let word = self.one("order").replace('，', ",");
        let numbers: Vec<usize> =
            word.split(',').filter_map(|one| one.trim().parse().ok()).collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(1..=items.len()) {
            let all = items.len();
            return Err(text!(
                "请按新的顺序写出 1 至 {all} 各一次，用逗号分开。",
                "Write the numbers 1 to {all} once each in the new sequence, with commas."
            ));
        }
        Ok(numbers.into_iter().filter_map(|number| items.get(number - 1).cloned()).collect())
    }

    /// `pair0` is the number of the choice that belongs to the first prompt.
    fn pairs(&self, matching: &Matching) -> Result<Matching, Text> {
        let choices = matching.choices();
        let mut pairs = Vec::new();
        for (at, pair) in matching.pairs.iter().enumerate() {
            let chosen = self.one(&format!("pair{at}")).parse().ok();
            let partner = chosen.and_then(|at: usize| choices.get(at)).ok_or_else(unfilled)?;
            pairs.push(Pair { prompt: pair.prompt.clone(), partner: (*partner).clone() });
        }
        let left = choices.iter().filter(|one| !pairs.iter().any(|pair| pair.partner == ***one));
        let distractors = left.map(|one| (*one).clone()).collect();
        Ok(Matching { pairs, distractors, credit: matching.credit })
    }

    /// One region a line, in thousandths: `x y width height` or `x y radius`.
    fn regions(&self, hotspot: &Hotspot) -> Result<Hotspot, Text> {
        let lines = self.one("regions").lines().map(str::trim).filter(|line| !line.is_empty());
        let regions: Option<Vec<Region>> = lines.map(region).collect();
        let regions = regions.ok_or_else(|| {
            text!(
                "每行一个区域：x y 宽 高，或 x y 半径，均为图片宽高的千分之几。",
                "One region a line: x y width height, or x y radius, in thousandths of the picture."
            )
        })?;
        Ok(Hotspot { regions, ..hotspot.clone() })
    }
}

fn region(line: &str) -> Option<Region> {
    let numbers: Option<Vec<i32>> = line
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().ok().filter(|number| (0..=1000).contains(number)))
        .collect();
    match numbers?.as_slice() {
        [x, y, radius] => Some(Region::Circle { x: *x, y: *y, radius: *radius }),
        [x, y, width, height] => {
            Some(Region::Rectangle { x: *x, y: *y, width: *width, height: *height })
        }
        _ => None,
    }
}

/// A region as the form shows it.
pub fn region_word(region: &Region) -> String {
    match *region {
        Region::Circle { x, y, radius } => format!("{x} {y} {radius}"),
        Region::Rectangle { x, y, width, height } => format!("{x} {y} {width} {height}"),
    }
}

fn unfilled() -> Text {
    text!("请填写新的答案。", "Give the new key.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exams::questions::{body::Credit, scoring};

    fn given(kind: &str, key: &[(&str, &str)]) -> Given {
        let key = key.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Given {
            kind: kind.into(),
            why: "a wrong key".into(),
            key: key.collect(),
            ..Given::default()
        }
    }

    fn texts(words: &[&str]) -> Vec<Text> {
        words.iter().map(|word| Text::same(*word)).collect()
    }

    fn single() -> Task {
        let choice = |(at, word): (usize, &str)| Choice {
            text: Text::same(word),
            correct: at == 0,
            ..Choice::default()
        };
        Task::Single { options: ["p", "q", "r"].into_iter().enumerate().map(choice).collect() }
    }

    fn pair(prompt: &str, partner: &str) -> Pair {
        Pair { prompt: Text::same(prompt), partner: Text::same(partner) }
    }

    #[test]
    fn a_reason_and_a_sound_new_key_are_needed() {
        let silent = Given { why: String::new(), ..given("void", &[]) };
        assert!(silent.correction(&single()).is_err());
        assert!(given("", &[]).correction(&single()).is_err());
        assert_eq!(given("void", &[]).correction(&single()), Ok(Correction::Void));
        let same = given("rekey", &[("right", "0")]).correction(&single());
        assert!(same.is_err_and(|problems| problems.get("key").is_some()), "nothing would change");
        let two = given("rekey", &[("right", "0"), ("right", "1")]).correction(&single());
        assert!(two.is_err(), "a single choice has one right option");
        assert!(matches!(
            given("accept", &[("right", "1")]).correction(&single()),
            Ok(Correction::Accept(Task::Single { options })) if options[1].correct && !options[0].correct
        ));
    }

    #[test]
    fn every_kind_with_a_key_gets_another_one() {
        let number = Task::Numeric(Numeric {
            value: "5".into(),
            tolerance: "0".into(),
            ..Numeric::default()
        });
        let words = Task::Short(Short::default());
        for (task, key, right) in [
            (Task::TrueFalse { answer: true }, vec![("answer", "false")], "false"),
            (number, vec![("value", "6"), ("tolerance", "0.5")], "6.4"),
            (words, vec![("words", "brake*\n制动")], "制动"),
        ] {
            let Ok(Correction::Rekey(new)) = given("rekey", &key).correction(&task) else {
                panic!("{task:?} takes another key");
            };
            let response = scoring::canonical(new.kind(), 0, right).unwrap();
            assert!(earns_all(&task, new, &[], &response), "{task:?}");
        }
    }

    fn earns_all(task: &Task, new: Task, order: &[usize], response: &str) -> bool {
        let body = crate::exams::questions::Body {
            area: Text::same("A"),
            stem: Text::same("?"),
            task: task.clone(),
            feedback: Text::default(),
            references: Vec::new(),
            points: 1,
            fixed_order: false,
        };
        scoring::is_right(&scoring::Item {
            kind: task.kind(),
            area: "a".into(),
            body: std::sync::Arc::new(body),
            part: 0,
            order: order.to_vec(),
            weight: 1,
            scored: true,
            response: Some(response.to_owned()),
            marked: None,
            corrections: vec![Correction::Rekey(new)],
        })
    }

    #[test]
    fn another_sequence_is_read_by_what_was_shown() {
        let task = Task::Ordering { items: texts(&["one", "two", "three"]), credit: Credit::Exact };
        let Ok(Correction::Rekey(new)) = given("rekey", &[("order", "2, 1，3")]).correction(&task)
        else {
            panic!("another sequence");
        };
        // Shown as three, one, two: the right answer is now two, one, three.
        assert!(earns_all(&task, new.clone(), &[2, 0, 1], "c,b,a"));
        assert!(!earns_all(&task, new, &[2, 0, 1], "b,c,a"), "the former key");
        assert!(given("rekey", &[("order", "1,1,3")]).correction(&task).is_err());
    }

    #[test]
    fn other_pairs_are_read_by_what_was_shown() {
        let matching = Matching {
            pairs: vec![pair("A", "x"), pair("B", "y")],
            distractors: texts(&["z"]),
            credit: Credit::Exact,
        };
        let task = Task::Matching(matching);
        let key = [("pair0", "2"), ("pair1", "0")];
        let Ok(Correction::Rekey(new)) = given("rekey", &key).correction(&task) else {
            panic!("other pairs");
        };
        // Shown as y, z, x: A belongs to z now, and B to x.
        assert!(earns_all(&task, new.clone(), &[1, 2, 0], "b,c"));
        assert!(!earns_all(&task, new, &[1, 2, 0], "c,a"), "the former key");
    }
}
