//! Questions as GIFT that Moodle and other readers take. What GIFT cannot say travels in comments:
//! `[id:…]` and `[tag:level:…]` in the open, the rest in the hidden mark ([`own`]). Orderings,
//! hotspots and cases, which GIFT lacks, show as descriptions.

use super::{draft::WHOLE, numbers, own, tags, words};
use crate::{
    exams::questions::{
        Task,
        bank::Question,
        body::{Choice, Credit, Matching, Numeric, Short},
    },
    i18n::{Lang, Text},
    t,
};

pub fn write(questions: &[Question], lang: Lang) -> String {
    let mut out = t!(lang, "// 由 shifu 导出\n", "// Exported by shifu\n");
    let mut ordered: Vec<&Question> = questions.iter().collect();
    ordered.sort_by(|a, b| (&a.area, &a.code).cmp(&(&b.area, &b.code)));
    let mut area = None;
    for question in ordered {
        if area != Some(&question.area) {
            area = Some(&question.area);
            let title = line(question.body.area.get(lang)).replace('/', "//");
            out.push_str(&format!("\n$CATEGORY: $course$/top/{title}\n"));
        }
        let visible = visible(question, lang);
        let mark = own::mark(question, lang, &visible);
        out.push_str(&format!("\n// [{mark}]\n{visible}\n"));
    }
    out
}

/// All of a question but its mark.
fn visible(question: &Question, lang: Lang) -> String {
    let Question { code, level, importance, difficulty, body, .. } = question;
    let id = tags::bracket("id", code);
    let tags = tags::of(*level, *importance, *difficulty).map(|tag| tags::bracket("tag", &tag));
    let (name, stem) = (escape(code), escape(body.stem.get(lang)));
    let answers = answers(&body.task, lang);
    let feedback = match body.feedback.get(lang) {
        "" => String::new(),
        words => format!("\n\t####{}", piece(words)),
    };
    let rest = match answers {
        Some(answers) if answers.is_empty() && feedback.is_empty() => "{}".to_owned(),
        Some(answers) => format!("{{{answers}{feedback}\n}}"),
        None => format!("\\n{}", escape(&described(&body.task, lang))),
    };
    format!("// {id} {}\n::{name}::[markdown]{stem}{rest}", tags.join(" "))
}

/// A text as GIFT holds it.
fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for c in words.trim().chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '~' | '=' | '#' | '{' | '}' | ':' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// One line of it, for names of categories.
fn line(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A text of its own inside the answers; a bracket at its start must not read as a format.
fn piece(words: &str) -> String {
    let escaped = escape(words);
    if escaped.starts_with('[') { format!("[markdown]{escaped}") } else { escaped }
}

fn with_feedback(answer: String, feedback: &Text, lang: Lang) -> String {
    match feedback.get(lang) {
        "" => answer,
        words => format!("{answer}#{}", piece(words)),
    }
}

/// What stands between the braces; nothing for kinds that GIFT lacks.
fn answers(task: &Task, lang: Lang) -> Option<String> {
    Some(match task {
        Task::Single { options } => {
            let weigh = |one: &Choice| match (one.correct, one.share) {
                (true, _) => "=".to_owned(),
                (false, Some(share)) if share != 0 => format!("~%{}%", numbers::percentage(share)),
                _ => "~".to_owned(),
            };
            choice(options, &weigh, lang)
        }
        Task::Multiple { options, credit } => {
            let shares = shares(options, *credit);
            let mut shares = shares.into_iter();
            let lines = options.iter().map(|one| {
                let share = shares.next().unwrap_or_default();
                let weight = if share == 0 {
                    String::new()
                } else {
                    format!("%{}%", numbers::percentage(share))
                };
                let answer = format!("\n\t~{weight}{}", piece(one.text.get(lang)));
                with_feedback(answer, &one.feedback, lang)
            });
            lines.collect()
        }
        Task::TrueFalse { answer } => if *answer { "TRUE" } else { "FALSE" }.to_owned(),
        Task::Numeric(numeric) => number(numeric, lang),
        // An arrow would make a matching of it, and GIFT has no way to write one otherwise.
        Task::Short(short) if short.accepted.iter().any(|one| one.form.contains("->")) => {
            return None;
        }
        Task::Short(short) => words_of(short, lang).replace("->", "-&gt;"),
        Task::Matching(matching) => pairs(matching, lang),
        Task::Essay(_) => String::new(),
        Task::Ordering { .. } | Task::Hotspot(_) | Task::Case { .. } => return None,
    })
}

#[cfg(test)]
pub fn is_lacking(task: &Task) -> bool {
    answers(task, Lang::Zh).is_none()
}

fn choice(options: &[Choice], weigh: &dyn Fn(&Choice) -> String, lang: Lang) -> String {
    let line = |one: &Choice| {
        let answer = format!("\n\t{}{}", weigh(one), piece(one.text.get(lang)));
        with_feedback(answer, &one.feedback, lang)
    };
    options.iter().map(line).collect()
}

/// What each option of a multiple choice earns in systems that add shares up. Where everything or
/// nothing counts, a wrong one takes all away.
pub fn shares(options: &[Choice], credit: Credit) -> Vec<i64> {
    let right = options.iter().filter(|one| one.correct).count().max(1) as i64;
    let part = WHOLE / right;
    let share = |one: &Choice| match (credit, one.correct, one.share) {
        (Credit::Weighted, _, Some(share)) => share,
        (Credit::Weighted, true, None) => WHOLE,
        (_, true, _) => part,
        (Credit::Partial, ..) => -part,
        _ => -WHOLE,
    };
    options.iter().map(share).collect()
}

fn number(numeric: &Numeric, lang: Lang) -> String {
    let first = format!("#\n\t=%100%{}:{}", numeric.value, numeric.tolerance);
    let others = numeric.also.iter().map(|one| {
        let share = numbers::percentage(one.share.clamp(-WHOLE, WHOLE));
        let answer = format!("\n\t=%{share}%{}:{}", one.value, one.tolerance);
        with_feedback(answer, &one.feedback, lang)
    });
    std::iter::once(first).chain(others).collect()
}

fn words_of(short: &Short, lang: Lang) -> String {
    let line = |one: &crate::exams::questions::body::Accepted| {
        let share = numbers::percentage(one.share.clamp(-WHOLE, WHOLE));
        let answer = format!("\n\t=%{share}%{}", escape(&one.form));
        with_feedback(answer, &one.feedback, lang)
    };
    short.accepted.iter().map(line).collect()
}

fn pairs(matching: &Matching, lang: Lang) -> String {
    // An arrow inside a prompt would end it.
    let prompt = |words: &Text| piece(words.get(lang)).replace("->", "-&gt;");
    let pairs = matching.pairs.iter().map(|pair| (prompt(&pair.prompt), pair.partner.get(lang)));
    let others = matching.distractors.iter().map(|one| (String::new(), one.get(lang)));
    let lines = pairs.chain(others);
    lines.map(|(prompt, partner)| format!("\n\t={prompt} -> {}", escape(partner))).collect()
}

/// Kinds that a format lacks, as words, so that a reader of the file sees what is asked.
pub fn described(task: &Task, lang: Lang) -> String {
    match task {
        Task::Ordering { items, .. } => {
            let lines =
                (1..).zip(items).map(|(number, item)| format!("{number}. {}", item.get(lang)));
            lines.collect::<Vec<_>>().join("\n")
        }
        Task::Hotspot(hotspot) => {
            format!("![{}]({})", words::bare(hotspot.alt.get(lang)), hotspot.picture)
        }
        Task::Case { parts } => {
            let lines = (1..)
                .zip(parts)
                .map(|(number, part)| format!("({number}) {}", part.stem.get(lang)));
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
