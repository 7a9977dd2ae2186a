//! GIFT, read by Moodle's rules: an empty line ends a question, `\` takes the meaning from
//! `~ = # { } :` and makes `\n` a line break, comments carry `[id:…]` and `[tag:…]`.

use super::{
    draft::{
        Draft, MOST_OF_ONE, MOST_OPTIONS, Reading, Refusal, WHOLE, Weighted, Wrong, one_of, said,
        short, some_of, too_long, too_many_options, with_verdicts,
    },
    numbers, own, tags,
    words::{self, Markup},
};
use crate::{
    exams::questions::{
        Task,
        body::{Accepted, Credit, Essay, Matching, Numeric, OtherNumber, Pair, Short},
    },
    i18n::Text,
    text,
};

/// Stand for escaped characters while a question is taken apart. Unicode keeps these code points
/// out of texts for uses like this.
const STAND_INS: [(char, char); 7] = [
    (':', '\u{fdd0}'),
    ('#', '\u{fdd1}'),
    ('=', '\u{fdd2}'),
    ('{', '\u{fdd3}'),
    ('}', '\u{fdd4}'),
    ('~', '\u{fdd5}'),
    ('n', '\u{fdd6}'),
];

pub fn read(text: &str, reading: &mut Reading) -> Result<(), Refusal> {
    let mut area = None;
    for block in blocks(text) {
        read_block(&block, &mut area, reading);
        reading.check_count()?;
    }
    Ok(())
}

/// The lines between two empty ones.
struct Block<'a> {
    first: u64,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut lines = (1..).zip(text.lines());
    std::iter::from_fn(move || {
        let (first, line) = lines.by_ref().find(|(_, line)| !line.trim().is_empty())?;
        let rest = lines.by_ref().map(|(_, line)| line).take_while(|line| !line.trim().is_empty());
        Some(Block { first, lines: std::iter::once(line).chain(rest).collect() })
    })
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn own_mark(line: &str) -> Option<&str> {
    let comment = line.trim().strip_prefix("//")?.trim();
    comment.strip_prefix('[')?.strip_suffix(']').filter(|mark| mark.starts_with(own::START))
}

impl Block<'_> {
    /// The line on which the question itself begins.
    fn line(&self) -> u64 {
        let comments = self.lines.iter().take_while(|line| is_comment(line)).count();
        self.first + comments as u64
    }

    fn question(&self) -> String {
        let kept = self.lines.iter().map(|line| if is_comment(line) { " " } else { line });
        kept.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    fn comments(&self) -> String {
        let comments =
            self.lines.iter().filter(|line| is_comment(line) && own_mark(line).is_none());
        comments.map(|line| line.trim()).collect::<Vec<_>>().join("\n")
    }

    /// All of it but the hidden mark.
    fn visible(&self) -> String {
        let lines = self.lines.iter().filter(|line| own_mark(line).is_none());
        lines.copied().collect::<Vec<_>>().join("\n")
    }
}

fn read_block(block: &Block<'_>, area: &mut Option<String>, reading: &mut Reading) {
    let own = block.lines.iter().find_map(|line| own_mark(line)).and_then(own::read);
    let line = block.line();
    let visible = block.visible();
    let own = match own {
        Some(own) if own.is_untouched(&visible) => {
            let name = own.name().to_owned();
            reading.add(line, &name, Vec::new(), Ok(own.draft()));
            return;
        }
        own => own,
    };
    if visible.len() > MOST_OF_ONE {
        let name = short(visible.trim(), 40);
        reading.add(line, &name, Vec::new(), Err(vec![too_long(visible.chars().count())]));
        return;
    }
    let question = escape(&block.question());
    if question.is_empty() {
        return;
    }
    if let Some(path) = question.strip_prefix("$CATEGORY:") {
        *area = Some(unescape(path).trim().to_owned());
        reading.categories += 1;
        return;
    }
    let mut found = Found::new(&question);
    let outcome = found.read(reading);
    finish(block, found, outcome, area, own, reading);
}

/// Puts together what was found with what stands around it.
fn finish(
    block: &Block<'_>,
    found: Found<'_>,
    outcome: Result<Option<Draft>, Wrong>,
    area: &Option<String>,
    own: Option<own::Own>,
    reading: &mut Reading,
) {
    let line = block.line();
    let name = found.shown_name();
    let mut notes = found.notes;
    let draft = match outcome {
        Ok(None) if own.is_some() => Err(vec![tags::edited_elsewhere()]),
        Ok(None) => {
            let why = text!("说明文字，不是题目；已跳过", "a description, no question; skipped");
            reading.skip(line, &name, why);
            return;
        }
        Ok(Some(mut draft)) => {
            draft.name = found.name;
            draft.area = area.clone();
            let tagged = tags::comment(&block.comments());
            notes.extend(tagged.apply(&mut draft));
            if let Some(own) = own {
                own.complete(&mut draft);
            }
            Ok(draft)
        }
        Err(wrong) => Err(wrong),
    };
    reading.add(line, &name, notes, draft);
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let stand_in = STAND_INS.iter().find(|(plain, _)| Some(*plain) == next);
        match (c, next, stand_in) {
            ('\\', Some('\\'), _) => {
                chars.next();
                out.push('\\');
            }
            ('\\', _, Some((_, stand_in))) => {
                chars.next();
                out.push(*stand_in);
            }
            ('\u{fdd0}'..='\u{fdef}', ..) => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let plain = |c: char| match STAND_INS.iter().find(|(_, stand_in)| *stand_in == c) {
        Some(('n', _)) => '\n',
        Some((plain, _)) => *plain,
        None => c,
    };
    text.chars().map(plain).collect()
}

/// A question taken apart.
struct Found<'a> {
    name: Option<String>,
    text: &'a str,
    markup: Markup,
    notes: Vec<Text>,
    wrong: Wrong,
}

impl<'a> Found<'a> {
    fn new(question: &'a str) -> Found<'a> {
        let named = question.strip_prefix("::").and_then(|rest| rest.split_once("::"));
        let (name, text) = match named {
            Some((name, text)) => (Some(unescape(name).trim().to_owned()), text.trim()),
            None => (None, question.strip_prefix("::").unwrap_or(question)),
        };
        let name = name.filter(|name| !name.is_empty());
        Found { name, text, markup: Markup::Moodle, notes: Vec::new(), wrong: Vec::new() }
    }

    fn shown_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| short(unescape(self.text).trim(), 60))
    }

    /// The question, or nothing where it is only a description.
    fn read(&mut self, reading: &mut Reading) -> Result<Option<Draft>, Wrong> {
        let Some((stem, answers)) = self.split().map_err(|wrong| vec![wrong])? else {
            return Ok(None);
        };
        let (answers, general) = match answers.rfind("####") {
            Some(at) => (answers[..at].trim().to_owned(), answers[at + 4..].to_owned()),
            None => (answers, String::new()),
        };
        let (markup, bare) = format(stem.trim(), Markup::Moodle);
        self.markup = markup;
        let stem = self.markdown(bare, markup, reading);
        let general = self.formatted(&general, reading);
        let task = self.task(&answers, reading);
        let (task, right, wrong) = task?;
        if !self.wrong.is_empty() {
            return Err(std::mem::take(&mut self.wrong));
        }
        Ok(Some(Draft::new(stem, task, with_verdicts(general, &right, &wrong))))
    }

    /// The stem, with a gap where the answers stood inside it, and the answers.
    fn split(&self) -> Result<Option<(String, String)>, Text> {
        let (open, close) = (self.text.find('{'), self.text.find('}'));
        let (open, close) = match (open, close) {
            (None, None) => return Ok(None),
            (Some(open), Some(close)) if open < close => (open, close),
            _ => return Err(braces()),
        };
        let (before, rest) = (&self.text[..open], &self.text[close + 1..]);
        if rest.contains(['{', '}']) || self.text[open + 1..close].contains('{') {
            return Err(braces());
        }
        let gap = if rest.trim().is_empty() { "" } else { "_____" };
        let stem = format!("{before}{gap}{rest}");
        Ok(Some((stem, self.text[open + 1..close].trim().to_owned())))
    }

    fn markdown(&mut self, text: &str, markup: Markup, reading: &mut Reading) -> String {
        let pictures = &mut reading.pictures;
        let shown = words::markdown(&unescape(text), markup, &mut |address| {
            super::place::picture(address, pictures, &mut |_, _| None)
        });
        shown.unwrap_or_else(|wrong| {
            self.wrong.extend(wrong);
            String::new()
        })
    }

    /// A text that may name its own format; else it has the one of the stem.
    fn formatted(&mut self, text: &str, reading: &mut Reading) -> String {
        let (markup, bare) = format(text.trim(), self.markup);
        self.markdown(bare, markup, reading)
    }

    /// The words of an answer and what is said to whoever gives it.
    fn answer(&mut self, answer: &str, reading: &mut Reading) -> (String, String) {
        let (answer, feedback) = answer.split_once('#').unwrap_or((answer, ""));
        (self.formatted(answer, reading), self.formatted(feedback, reading))
    }

    /// What is asked, and what is said of right and of wrong answers in general.
    fn task(
        &mut self,
        answers: &str,
        reading: &mut Reading,
    ) -> Result<(Task, String, String), Wrong> {
        let none = |task| (task, String::new(), String::new());
        if answers.is_empty() {
            return Ok(none(Task::Essay(Essay { markers: 1, ..Essay::default() })));
        }
        if let Some(numbers) = answers.strip_prefix('#') {
            return self.number(numbers, reading);
        }
        if let Some(items) = answers.strip_prefix('>') {
            return self.ordering(items, reading).map(none);
        }
        if answers.contains('~') {
            return self.choice(answers, reading).map(none);
        }
        if answers.contains('=') && answers.contains("->") {
            return self.matching(answers, reading).map(none);
        }
        match answers.split('#').next().map(str::trim) {
            Some("T" | "TRUE" | "F" | "FALSE") => Ok(self.truth(answers, reading)),
            _ => self.short(answers, reading).map(none),
        }
    }

    fn truth(&mut self, answers: &str, reading: &mut Reading) -> (Task, String, String) {
        let mut parts = answers.splitn(3, '#');
        let answer = parts.next().is_some_and(|word| word.trim().starts_with('T'));
        let wrong = self.formatted(parts.next().unwrap_or_default(), reading);
        let right = self.formatted(parts.next().unwrap_or_default(), reading);
        (Task::TrueFalse { answer }, right, wrong)
    }

    fn choice(&mut self, answers: &str, reading: &mut Reading) -> Result<Task, Wrong> {
        let single = answers.contains('=');
        let marked = answers.replace('=', "~=");
        let pieces = pieces(&marked, '~');
        limit(pieces.len())?;
        let mut options = Vec::new();
        for piece in pieces {
            let piece = piece.trim();
            let (whole, rest) = match piece.strip_prefix('=') {
                Some(rest) => (Some(WHOLE), rest.trim_start()),
                None => (None, piece),
            };
            let (share, rest) = match weight(rest) {
                Some((share, rest)) => (share, rest),
                None => (whole.unwrap_or(0), rest),
            };
            let (text, feedback) = self.answer(rest, reading);
            options.push(Weighted { text, share, feedback });
        }
        Ok(if single { one_of(options) } else { some_of(options) })
    }

    fn matching(&mut self, answers: &str, reading: &mut Reading) -> Result<Task, Wrong> {
        let pieces = pieces(answers, '=');
        limit(pieces.len())?;
        let mut matching = Matching { credit: Credit::Partial, ..Matching::default() };
        for piece in pieces {
            let Some((prompt, partner)) = piece.split_once("->") else {
                return Err(vec![text!(
                    "匹配题的每一项须写成“= 提示 -> 搭配”",
                    "each line of a matching reads “= prompt -> partner”"
                )]);
            };
            let prompt = self.formatted(prompt, reading);
            let partner = said(unescape(partner).trim());
            if prompt.trim().is_empty() {
                matching.distractors.push(partner);
            } else {
                matching.pairs.push(Pair { prompt: said(prompt), partner });
            }
        }
        Ok(Task::Matching(matching))
    }

    /// Moodle's ordering questions: settings behind `>`, then an item a line.
    fn ordering(&mut self, answers: &str, reading: &mut Reading) -> Result<Task, Wrong> {
        let mut lines = answers.lines();
        let settings = lines.next().unwrap_or_default().to_ascii_uppercase();
        let items: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
        limit(items.len())?;
        let credit =
            if settings.contains("ALL_OR_NOTHING") { Credit::Exact } else { Credit::Partial };
        if settings.contains("RELATIVE") || settings.contains("LONGEST") {
            self.notes.push(tags::ordering_by_place());
        }
        let items = items.into_iter().map(|item| said(self.formatted(item, reading))).collect();
        Ok(Task::Ordering { items, credit })
    }

    fn short(&mut self, answers: &str, reading: &mut Reading) -> Result<Task, Wrong> {
        let pieces = pieces(answers, '=');
        limit(pieces.len())?;
        let mut short = Short::default();
        for piece in pieces {
            let piece = piece.trim();
            let (share, rest) = weight(piece).unwrap_or((WHOLE, piece));
            let (form, feedback) = rest.split_once('#').unwrap_or((rest, ""));
            // Answers are compared as they are typed, so they are no Markdown.
            let form = unescape(format(form.trim(), self.markup).1).trim().to_owned();
            let feedback = said(self.formatted(feedback, reading));
            short.accepted.push(Accepted { form, share, feedback });
        }
        Ok(Task::Short(short))
    }

    fn number(
        &mut self,
        answers: &str,
        reading: &mut Reading,
    ) -> Result<(Task, String, String), Wrong> {
        let (answers, wrong) = match answers.find('~') {
            Some(at) => {
                (&answers[..at], answers[at + 1..].split_once('#').map_or("", |(_, said)| said))
            }
            None => (answers, ""),
        };
        let mut wrong = self.formatted(wrong, reading);
        let pieces = pieces(answers, '=');
        limit(pieces.len())?;
        let mut numbers = Vec::new();
        for piece in pieces {
            let piece = piece.trim();
            let (share, rest) = weight(piece).unwrap_or((WHOLE, piece));
            let (number, feedback) = rest.split_once('#').unwrap_or((rest, ""));
            let feedback = self.formatted(feedback, reading);
            let number = unescape(number);
            if number.trim() == "*" && share == 0 {
                wrong = feedback;
                continue;
            }
            let (value, tolerance) =
                numbers::gift(number.trim()).map_err(|mistake| vec![mistake])?;
            numbers.push(OtherNumber { value, tolerance, share, feedback: said(feedback) });
        }
        let (task, right) = numeric(numbers, "").map_err(|mistake| vec![mistake])?;
        Ok((task, right, wrong))
    }
}

/// A numeric question of its answers: the first that earns everything is the one, the others may
/// earn something. Also what is said to whoever gives the first.
pub fn numeric(mut numbers: Vec<OtherNumber>, unit: &str) -> Result<(Task, String), Text> {
    let Some(at) = numbers.iter().position(|one| one.share >= WHOLE) else {
        return Err(text!("没有得满分的答案", "no answer earns everything"));
    };
    let OtherNumber { value, tolerance, feedback, .. } = numbers.remove(at);
    let task = Task::Numeric(Numeric { value, tolerance, unit: unit.to_owned(), also: numbers });
    Ok((task, feedback.zh))
}

fn limit(many: usize) -> Result<(), Wrong> {
    if many > MOST_OPTIONS { Err(vec![too_many_options(many)]) } else { Ok(()) }
}

/// The pieces between marks; what stands before the first only counts if it is something.
fn pieces(answers: &str, mark: char) -> Vec<&str> {
    let mut pieces = answers.split(mark);
    let first = pieces.next().filter(|first| !first.trim().is_empty());
    // One more than allowed is enough to refuse it.
    let rest = pieces.by_ref().take(10_000);
    first.into_iter().chain(rest).collect()
}

/// The format a text names, `[html]…`, or the one it inherits.
fn format(text: &str, inherited: Markup) -> (Markup, &str) {
    let named = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let markup = match named.map(|(name, _)| name) {
        Some("html") => Markup::Html,
        Some("markdown") => Markup::Markdown,
        Some("plain") => Markup::Plain,
        Some("moodle") => Markup::Moodle,
        _ => return (inherited, text),
    };
    (markup, named.map_or(text, |(_, rest)| rest))
}

/// `%50%` or `%-33.33333%` before an answer, in millionths.
fn weight(answer: &str) -> Option<(i64, &str)> {
    let (number, rest) = answer.strip_prefix('%')?.split_once('%')?;
    let digits = number.trim_start_matches('-');
    let sound = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.len() <= 12;
    let share = numbers::percent(number)?;
    (sound && share.abs() <= WHOLE).then_some((share, rest.trim_start()))
}

fn braces() -> Text {
    text!(
        "大括号不成对：一道题须有一个 {{…}}，其中不能有空行，文字里的大括号写成 \\{{ 和 \\}}",
        "the braces do not pair: a question has one {{…}} without an empty line in it, and braces in its words are written \\{{ and \\}}"
    )
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

    fn draft(text: &str) -> Draft {
        match entries(text).remove(0).outcome {
            Outcome::Read(draft) => *draft,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn refusal(text: &str) -> String {
        match entries(text).remove(0).outcome {
            Outcome::Refused(wrong) => Text::list(&wrong).en,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_choice_has_one_right_option_or_shares() {
        let one =
            draft("// a comment\n::Pads::How thin may pads be?{=2 mm#Yes. ~%50%3 mm ~1 mm#Never!}");
        assert_eq!(one.name.as_deref(), Some("Pads"));
        let Task::Single { options } = &one.body.task else { panic!("{one:?}") };
        assert!(options[0].correct && options[0].share.is_none());
        assert_eq!((options[0].feedback.zh.as_str(), options[1].share), ("Yes.", Some(500_000)));
        assert_eq!((options[2].text.zh.as_str(), options[2].share), ("1 mm", None));
        let some = draft("Which wear?{~%50%Pads ~%50%Discs ~%-100%Nothing}");
        let Task::Multiple { options, credit } = &some.body.task else { panic!("{some:?}") };
        assert_eq!(
            (options.iter().filter(|one| one.correct).count(), *credit),
            (2, Credit::Weighted)
        );
        assert_eq!(options[2].share, Some(-1_000_000));
    }

    #[test]
    fn the_gap_stands_where_the_answers_stood() {
        assert_eq!(
            draft("Fluid takes up {=water ~oil} over time.").body.stem.zh,
            "Fluid takes up _____ over time."
        );
        assert_eq!(draft("Fluid takes up?{=water}").body.stem.zh, "Fluid takes up?");
    }

    #[test]
    fn numbers_have_tolerances_ranges_and_second_answers() {
        let read = |text: &str| match draft(text).body.task {
            Task::Numeric(numeric) => (numeric.value, numeric.tolerance, numeric.also.len()),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(read("How thick?{#12:0.5}"), ("12".into(), "0.5".into(), 0));
        assert_eq!(read("How thick?{#11..13}"), ("12".into(), "1".into(), 0));
        assert_eq!(read("How thick?{#=12 =%50%13:1#Nearly}"), ("12".into(), "0".into(), 1));
        let told = draft("How many?{#4:1~#Count again}");
        assert_eq!(told.body.feedback.zh, "× Count again");
    }

    #[test]
    fn every_other_kind_is_told_by_its_answers() {
        let kind = |text: &str| draft(text).body.task.kind().word();
        for (text, expected) in [
            ("Pads wear.{T}", "true-false"),
            ("Pads wear.{FALSE#No#Yes}", "true-false"),
            ("What wears?{=pads =%50%lining}", "short"),
            ("Match.{=U -> volt =I -> ampere = -> ohm}", "matching"),
            ("Explain.{}", "essay"),
            ("Explain.{####At length}", "essay"),
            ("Order.{>ALL\nfirst\nsecond}", "ordering"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        let Outcome::Skipped(_) = &entries("Only words.")[0].outcome else {
            panic!("a description")
        };
        let Task::TrueFalse { answer } = draft("Pads wear.{FALSE#No#Yes}").body.task else {
            panic!("a truth")
        };
        assert!(!answer);
    }

    #[test]
    fn a_backslash_takes_the_meaning_from_marks() {
        let read = draft("A \\{b\\} \\= c\\: \\\\n?{=\\~x\\#y ~z}");
        assert_eq!(read.body.stem.zh, "A {b} = c: \\n?");
        let Task::Single { options } = &read.body.task else { panic!("{read:?}") };
        assert_eq!(options[0].text.zh, "~x#y");
    }

    #[test]
    fn categories_ids_and_tags_say_where_a_question_belongs() {
        let file = "$CATEGORY: $course$/top/Brakes\n\n// [id:br-9] [tag:difficulty:hard] [tag:pads]\nPads wear.{T}";
        let read = draft(file);
        assert_eq!(
            (read.code.as_deref(), read.area.as_deref()),
            (Some("br-9"), Some("$course$/top/Brakes"))
        );
        assert_eq!(read.difficulty.map(|one| one.word()), Some("hard"));
        assert_eq!(entries(file)[0].line, 4);
        assert!(entries(file)[0].notes[0].en.contains("pads"));
    }

    #[test]
    fn formats_are_read_each_in_its_way() {
        let html = draft("[html]<p>Is <b>this</b> it?</p>{=<i>yes</i> ~[plain]*no*}");
        assert_eq!(html.body.stem.zh, "Is **this** it?");
        let Task::Single { options } = &html.body.task else { panic!("{html:?}") };
        assert_eq!(
            (options[0].text.zh.as_str(), options[1].text.zh.as_str()),
            ("*yes*", "\\*no\\*")
        );
        assert_eq!(draft("[markdown]a *b*\\nc{}").body.stem.zh, "a *b*\nc");
    }

    #[test]
    fn what_is_wrong_is_refused_in_words() {
        for (text, expected) in [
            ("Q {=a ~b", "braces"),
            ("Q {=a\n\n~b}", "braces"),
            ("Q {~a ~b}", "correct"),
            ("Q {#abc}", "no number"),
            ("Q {=a -> b =c}", "prompt -> partner"),
            ("[html]<img src='http://x/y.png'>{T}", "not in the file"),
        ] {
            assert!(refusal(text).contains(expected), "{text}: {}", refusal(text));
        }
        assert!(refusal(&format!("Q {{={}}}", "~x".repeat(1_000_000))).contains("Shorten"));
        assert!(refusal(&format!("Q {{=a{}}}", "~x".repeat(1_000))).contains("options"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(=|~|#|\\{|\\}|%50%|->|::|:|\\\\|\n|//|\\[id:|\\]|a|中|\\.\\.|1| |\\$CATEGORY:){0,60}") {
            entries(&text);
        }
    }
}
