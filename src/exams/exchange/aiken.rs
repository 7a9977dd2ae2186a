//! Aiken: a stem, options `A)` or `A.`, and `ANSWER: B`.

use super::draft::{
    Draft, MOST_OF_ONE, MOST_OPTIONS, Reading, Refusal, Wrong, option, short, too_long,
    too_many_options,
};
use super::words;
use crate::{
    exams::questions::{Task, body::Credit},
    i18n::Text,
    text,
};

/// What was read of a question so far.
#[derive(Default)]
struct Found {
    line: u64,
    stem: Vec<String>,
    options: Vec<String>,
    wrong: Wrong,
    length: usize,
}

pub fn read(text: &str, reading: &mut Reading) -> Result<(), Refusal> {
    let mut found = Found::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if found.line == 0 {
            found.line = number;
        }
        found.length += line.len();
        match (answer(line), labelled(line)) {
            (Some(letters), _) => {
                std::mem::take(&mut found).end(&letters, reading);
                reading.check_count()?;
            }
            _ if found.length > MOST_OF_ONE => {}
            (_, Some((letter, words))) => found.option(letter, words, number),
            _ if found.options.is_empty() => found.stem.push(line.to_owned()),
            _ => found.wrong.push(stray(number)),
        }
    }
    if found.line > 0 {
        let name = found.stem.join(" ");
        let wrong = text!("没有 ANSWER 行", "there is no ANSWER line");
        reading.add(found.line, &name, Vec::new(), Err(vec![wrong]));
    }
    Ok(())
}

/// The letters behind `ANSWER:` (also in Chinese), whatever their case and width.
fn answer(line: &str) -> Option<String> {
    let (word, letters) = line.split_once([':', '：'])?;
    let known =
        word.trim().eq_ignore_ascii_case("answer") || matches!(word.trim(), "答案" | "正确答案");
    known.then(|| letters.trim().to_owned())
}

/// `A)` or `A.` before an option.
fn labelled(line: &str) -> Option<(char, &str)> {
    let mut chars = line.chars();
    let letter = chars.next().filter(char::is_ascii_uppercase)?;
    let rest = chars.as_str();
    let mark = rest.chars().next()?;
    let words = rest.get(mark.len_utf8()..)?;
    let known = match mark {
        ')' | '.' => words.starts_with(char::is_whitespace) || words.is_empty(),
        '）' | '．' | '、' => true,
        _ => false,
    };
    known.then(|| (letter, words.trim()))
}

/// Whether a text looks like Aiken at all.
pub fn fits(text: &str) -> bool {
    text.lines().any(|line| answer(line.trim()).is_some())
        && text.lines().any(|line| labelled(line.trim()).is_some())
}

fn stray(line: u64) -> Text {
    text!(
        "第 {line} 行：选项之后、ANSWER 之前有一行既不是选项也不是答案",
        "line {line}: between the options and ANSWER stands a line that is neither"
    )
}

impl Found {
    fn option(&mut self, letter: char, words: &str, line: u64) {
        let expected = char::from(b'A' + (self.options.len() % MOST_OPTIONS) as u8);
        if self.stem.is_empty() {
            self.wrong.push(text!(
                "第 {line} 行：选项之前没有题干",
                "line {line}: there is no stem before the option"
            ));
        } else if letter != expected && self.options.len() < MOST_OPTIONS {
            self.wrong.push(text!(
                "第 {line} 行：选项 {letter} 应为 {expected}",
                "line {line}: the option {letter} should be {expected}"
            ));
        }
        if self.options.len() <= MOST_OPTIONS {
            self.options.push(words.to_owned());
        }
    }

    fn end(mut self, letters: &str, reading: &mut Reading) {
        let name = short(&self.stem.join(" "), 60);
        let mut notes = Vec::new();
        let right = self.right(letters);
        let found = match right {
            _ if self.length > MOST_OF_ONE => Err(vec![too_long(self.length)]),
            _ if self.options.len() > MOST_OPTIONS => {
                Err(vec![too_many_options(self.options.len())])
            }
            Ok(right) if self.wrong.is_empty() => {
                if right.len() > 1 {
                    notes.push(text!(
                        "有多个答案，作为多选题",
                        "several answers: taken as a multiple choice"
                    ));
                }
                Ok(self.draft(&right))
            }
            Ok(_) => Err(std::mem::take(&mut self.wrong)),
            Err(mistake) => {
                self.wrong.push(mistake);
                Err(std::mem::take(&mut self.wrong))
            }
        };
        reading.add(self.line, &name, notes, found);
    }

    /// Which options are right.
    fn right(&self, letters: &str) -> Result<Vec<usize>, Text> {
        let mut right = Vec::new();
        for c in letters
            .chars()
            .take(100)
            .filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，' | '、'))
        {
            let place = c.to_ascii_uppercase() as usize;
            match place.checked_sub('A' as usize).filter(|at| *at < self.options.len()) {
                Some(at) if !right.contains(&at) => right.push(at),
                Some(_) => {}
                None => return Err(unknown(letters)),
            }
        }
        if right.is_empty() { Err(unknown(letters)) } else { Ok(right) }
    }

    fn draft(&self, right: &[usize]) -> Draft {
        let options = self.options.iter().enumerate();
        let options =
            options.map(|(at, words)| option(words::plain(words), right.contains(&at))).collect();
        let task = match right.len() {
            1 => Task::Single { options },
            _ => Task::Multiple { options, credit: Credit::Exact },
        };
        Draft::new(words::plain(&self.stem.join("\n")), task, String::new())
    }
}

fn unknown(letters: &str) -> Text {
    let letters = short(letters, 20);
    text!("答案“{letters}”没有对应的选项", "no option belongs to the answer “{letters}”")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exams::exchange::draft::{Entry, Outcome};

    fn entries(text: &str) -> Vec<Entry> {
        let mut reading = Reading::default();
        assert!(read(text, &mut reading).is_ok());
        reading.entries
    }

    #[test]
    fn questions_are_read_with_their_lines() {
        let file = "Which tool\nmeasures torque?\nA) Ruler\nB) Torque wrench\nANSWER: B\n\n刹车油多久更换？\nA. 两年\nB、十年\n答案：A\n";
        let entries = entries(file);
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [1, 7]);
        let Outcome::Read(draft) = &entries[0].outcome else { panic!("{entries:?}") };
        assert_eq!(draft.body.stem.zh, "Which tool  \nmeasures torque?");
        let Task::Single { options } = &draft.body.task else { panic!("{draft:?}") };
        assert_eq!(options[1].text.zh, "Torque wrench");
        assert!(options[1].correct && !options[0].correct);
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        for (file, expected) in [
            ("Q\nA) x\nB) y\nANSWER: C", "no option"),
            ("Q\nA) x\nC) y\nANSWER: A", "line 3"),
            ("Q\nA) x\nB) y\nmore\nANSWER: A", "line 4"),
            ("Q\nA) x\nB) y\n", "no ANSWER line"),
            ("A) x\nB) y\nANSWER: A", "no stem"),
        ] {
            let entries = entries(file);
            let Outcome::Refused(wrong) = &entries[0].outcome else {
                panic!("{file}: {entries:?}")
            };
            assert!(wrong.iter().any(|text| text.en.contains(expected)), "{file}: {wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(A\\)|B\\.|ANSWER: |A|B|\n| |题){0,60}") {
            entries(&text);
        }
    }
}
