//! What stands in the cells of a question: headers, types, options and answers as people write
//! them.

use std::{cell::RefCell, collections::HashMap};

use super::{
    draft::{MOST_OPTIONS, Wrong, option, said, short, too_many_options},
    numbers,
    sheet::Said,
    tags,
    words::{self, Markup},
};
use crate::{
    exams::questions::{
        Body, QuestionKind, Task,
        body::{Accepted, Choice, Credit, Essay, Matching, Numeric, Pair, Short},
    },
    i18n::{Lang, Text},
    text,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Code,
    Kind,
    Stem,
    /// All options in one cell.
    Options,
    Option(usize),
    Answer,
    Feedback,
    Difficulty,
    Area,
    Points,
    Level,
    Importance,
    References,
    Tolerance,
    Unit,
    /// A serial number of the row: says nothing.
    Row,
}

/// What people call the columns; the first name of a field is the surest.
const NAMES: [(Field, &[&str]); 14] = [
    (
        Field::Stem,
        &[
            "题干",
            "stem",
            "试题题干",
            "题目内容",
            "试题内容",
            "题目描述",
            "questiontext",
            "question",
            "题目",
            "试题",
            "问题",
            "题目名称",
        ],
    ),
    (Field::Kind, &["题型", "题目类型", "试题类型", "questiontype", "type", "kind", "类型"]),
    (Field::Options, &["选项", "options", "choices", "备选答案", "备选项", "题目选项"]),
    (
        Field::Answer,
        &[
            "正确答案",
            "标准答案",
            "答案",
            "参考答案",
            "正确选项",
            "correctanswer",
            "answer",
            "answers",
            "rightanswer",
            "correct",
            "key",
        ],
    ),
    (
        Field::Feedback,
        &[
            "解析",
            "答案解析",
            "试题解析",
            "题目解析",
            "详解",
            "解释",
            "explanation",
            "feedback",
            "rationale",
            "analysis",
        ],
    ),
    (Field::Difficulty, &["难度", "difficulty", "难易度", "难易程度", "难度等级", "难度系数"]),
    (
        Field::Area,
        &[
            "章节",
            "area",
            "chapter",
            "所属章节",
            "分类",
            "category",
            "题目分类",
            "试题分类",
            "知识点",
            "topic",
            "标签",
            "tags",
            "tag",
        ],
    ),
    (Field::Points, &["分值", "points", "题目分值", "分数", "score", "marks", "mark"]),
    (Field::Code, &["编号", "code", "题目编号", "试题编号", "题目代码", "代码", "idnumber"]),
    (Field::Level, &["层次", "level", "认知层次", "能力层次"]),
    (Field::Importance, &["重要性", "importance", "重要程度"]),
    (Field::References, &["依据", "references", "reference", "出处"]),
    (Field::Tolerance, &["误差", "tolerance", "允许误差"]),
    (Field::Unit, &["单位", "unit"]),
];
const ROW: [&str; 7] = ["序号", "题号", "no", "no.", "number", "id", "#"];

/// Full-width letters, digits and marks as half-width ones.
pub fn half_width(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// The columns of a file.
#[derive(Debug)]
pub struct Header {
    /// The second of the key says: in the other language.
    places: HashMap<(Field, bool), usize>,
    own: Vec<usize>,
    pub ignored: Vec<String>,
    /// The language of the columns that name none, where that is clear from those that do.
    pub lang: Option<Lang>,
}

/// The field a header names, how sure that is, and the language it names.
fn named(header: &str) -> Option<(Field, usize, Option<Lang>)> {
    let plain: String = half_width(header)
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '-' | '\u{feff}' | ':'))
        .collect();
    let ends = [
        ("(英文)", Lang::En),
        ("(english)", Lang::En),
        ("(en)", Lang::En),
        ("英文", Lang::En),
        ("(中文)", Lang::Zh),
        ("(chinese)", Lang::Zh),
        ("(zh)", Lang::Zh),
        ("中文", Lang::Zh),
    ];
    let ended = ends.iter().find_map(|(end, lang)| Some((plain.strip_suffix(end)?, Some(*lang))));
    let tagged = |end: &str| {
        half_width(header).to_lowercase().trim().strip_suffix(end).map(str::len).is_some()
    };
    let (name, lang) = match ended {
        Some(found) => found,
        None if tagged("_en") => (plain.trim_end_matches("en"), Some(Lang::En)),
        None if tagged("_zh") => (plain.trim_end_matches("zh"), Some(Lang::Zh)),
        None => (plain.as_str(), None),
    };
    // `单选/多选` and the like behind a name are hints to whoever fills the table in.
    let name = name.split('(').next().unwrap_or(name);
    if let Some(at) = option_place(name) {
        return Some((Field::Option(at), 0, lang));
    }
    if ROW.contains(&name) {
        return Some((Field::Row, 0, lang));
    }
    NAMES.iter().find_map(|(field, names)| {
        names.iter().position(|known| *known == name).map(|rank| (*field, rank, lang))
    })
}

/// `选项A`, `A选项`, `选项1`, `option b`, `A`.
fn option_place(name: &str) -> Option<usize> {
    let starts = ["选项", "option", "choice", "备选项", "答案选项"];
    let bare = starts
        .iter()
        .find_map(|start| name.strip_prefix(start))
        .or_else(|| name.strip_suffix("选项"));
    let (label, digits) = match bare {
        Some(label) => (label, true),
        None => (name, false),
    };
    if let Ok(number) = label.parse::<usize>() {
        return (digits && (1..=MOST_OPTIONS).contains(&number)).then(|| number - 1);
    }
    match label.as_bytes() {
        [letter @ b'a'..=b'z'] => Some(usize::from(letter - b'a')),
        _ => None,
    }
}

impl Header {
    /// The columns, if this row is a header.
    pub fn of(row: &[String]) -> Option<Header> {
        let mut found: HashMap<(Field, Option<Lang>), (usize, usize)> = HashMap::new();
        let (mut own, mut ignored) = (Vec::new(), Vec::new());
        for (at, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            if cell.to_lowercase().starts_with("shifu") {
                own.push(at);
                continue;
            }
            let Some((field, rank, lang)) = named(cell) else {
                ignored.push(short(cell, 40));
                continue;
            };
            match found.get(&(field, lang)) {
                Some((known, _)) if *known <= rank => ignored.push(short(cell, 40)),
                _ => drop(found.insert((field, lang), (rank, at))),
            }
        }
        let has = |field| found.keys().any(|(known, _)| *known == field);
        if !has(Field::Stem) || (own.is_empty() && !has(Field::Answer)) {
            return None;
        }
        let stem = |lang| found.contains_key(&(Field::Stem, lang));
        let lang = match (stem(Some(Lang::Zh)), stem(Some(Lang::En))) {
            (true, true) => Some(Lang::Zh),
            (true, false) if stem(None) => Some(Lang::En),
            (false, true) if stem(None) => Some(Lang::Zh),
            (true, false) => Some(Lang::Zh),
            (false, true) => Some(Lang::En),
            (false, false) => None,
        };
        let places = found
            .into_iter()
            .map(|((field, said), (_, at))| ((field, said.is_some() && said != lang), at))
            .collect();
        Some(Header { places, own, ignored, lang })
    }

    pub fn cells<'a>(&'a self, row: &'a [String]) -> Cells<'a> {
        Cells { header: self, row, wrong: RefCell::new(Vec::new()) }
    }
}

/// A row under its header.
pub struct Cells<'a> {
    header: &'a Header,
    row: &'a [String],
    wrong: RefCell<Wrong>,
}

impl Cells<'_> {
    pub fn get(&self, field: Field) -> Option<&str> {
        self.at(field, false)
    }

    fn at(&self, field: Field, other: bool) -> Option<&str> {
        let at = *self.header.places.get(&(field, other))?;
        self.row.get(at).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// Our own files hold Markdown; others hold plain words, or HTML.
    fn markdown(&self, cell: &str) -> String {
        let markup = if self.header.own.is_empty() { Markup::Moodle } else { Markup::Markdown };
        let mut none = std::collections::BTreeMap::new();
        let shown = words::markdown(cell, markup, &mut |address| {
            super::place::picture(address, &mut none, &mut |_, _| None)
        });
        shown.unwrap_or_else(|mistakes| {
            self.wrong.borrow_mut().extend(mistakes);
            String::new()
        })
    }

    pub fn words(&self, field: Field) -> String {
        self.get(field).map(|cell| self.markdown(cell)).unwrap_or_default()
    }

    pub fn mistakes(&self) -> Wrong {
        self.wrong.take()
    }

    /// The hidden mark, put together from its cells.
    pub fn own(&self) -> String {
        self.header.own.iter().filter_map(|at| self.row.get(*at)).map(String::as_str).collect()
    }

    /// All other cells, as the hidden mark knows them.
    pub fn visible(&self) -> String {
        let width = self.row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1);
        let seen = self.row.iter().take(width).enumerate();
        let seen = seen.filter(|(at, _)| !self.header.own.contains(at));
        visible(seen.map(|(_, cell)| cell.as_str()))
    }

    /// Adds what the columns of the other language say.
    pub fn translate(&self, body: &mut Body) {
        let other =
            |field| self.at(field, true).map(|cell| self.markdown(cell)).unwrap_or_default();
        body.stem.en = other(Field::Stem);
        body.feedback.en = other(Field::Feedback);
        if let Task::Single { options } | Task::Multiple { options, .. } = &mut body.task {
            let places = options.iter_mut().enumerate();
            places.for_each(|(at, one)| one.text.en = other(Field::Option(at)));
        }
        if let Task::Ordering { items, .. } = &mut body.task {
            items.iter_mut().enumerate().for_each(|(at, item)| item.en = other(Field::Option(at)));
        }
    }

    /// The options, from their columns or from the one cell that holds all.
    fn options(&self) -> Result<Vec<String>, Wrong> {
        let placed: Vec<Option<&str>> =
            (0..MOST_OPTIONS).map(|at| self.get(Field::Option(at))).collect();
        let many = placed.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
        if many == 0 {
            let options = split_options(self.get(Field::Options).unwrap_or_default());
            return match options.len() {
                many if many > MOST_OPTIONS => Err(vec![too_many_options(many)]),
                _ => Ok(options.iter().map(|one| self.markdown(one)).collect()),
            };
        }
        let missing = placed[..many].iter().position(Option::is_none);
        if let Some(at) = missing {
            let (here, last) = (letter(at), letter(many - 1));
            return Err(vec![text!(
                "选项{here}是空的，选项{last}却有内容",
                "option {here} is empty, but option {last} is not"
            )]);
        }
        let options: Vec<&str> = placed.into_iter().flatten().collect();
        Ok(unlabelled(&options).into_iter().map(|one| self.markdown(one)).collect())
    }
}

/// Cells in the form by which the hidden mark remembers them.
pub fn visible<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let joined = cells.map(str::trim).collect::<Vec<_>>().join(" \u{1f} ");
    joined.trim_end_matches([' ', '\u{1f}']).to_owned()
}

fn letter(at: usize) -> char {
    char::from(b'A' + (at % MOST_OPTIONS) as u8)
}

/// Takes `A. ` off options, where each has its own letter.
fn unlabelled<'a>(options: &[&'a str]) -> Vec<&'a str> {
    let bare: Option<Vec<&str>> = options
        .iter()
        .enumerate()
        .map(|(at, option)| {
            let rest = option.strip_prefix([letter(at), letter(at).to_ascii_lowercase()])?;
            let rest = rest.trim_start().strip_prefix(['.', '、', '．', ':', '：', ')', '）'])?;
            Some(rest.trim()).filter(|rest| !rest.is_empty())
        })
        .collect();
    bare.unwrap_or_else(|| options.to_vec())
}

/// One cell with all options: lines, or `A.… B.…`, or parts between `|`, `；` or `;`.
fn split_options(cell: &str) -> Vec<&str> {
    let parts = |separator: &[char]| -> Vec<&str> {
        let parts = cell.split(|c| separator.contains(&c)).map(str::trim);
        parts.filter(|part| !part.is_empty()).take(1_000).collect()
    };
    let lines = parts(&['\n']);
    if lines.len() > 1 {
        return unlabelled(&lines);
    }
    if let Some(options) = lettered(cell) {
        return options;
    }
    let separators: [&[char]; 3] = [&['|', '｜'], &['；', ';'], &['$']];
    let split = separators.iter().map(|separator| parts(separator)).find(|parts| parts.len() > 1);
    unlabelled(&split.unwrap_or(lines))
}

/// `A.red B.green C.blue`: the letters in order, each behind white space.
fn lettered(cell: &str) -> Option<Vec<&str>> {
    let mark = |at: usize, from: usize| {
        let rest = &cell[from..];
        rest.match_indices(letter(at)).find_map(|(place, _)| {
            let before = rest[..place].chars().next_back();
            let after = rest[place + 1..].chars().next()?;
            let sound = matches!(after, '.' | '、' | '．' | ':' | '：' | ')' | '）');
            let apart = before
                .is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '；' | ',' | '，' | '|'));
            (sound && apart).then(|| (from + place, from + place + 1 + after.len_utf8()))
        })
    };
    let mut marks = Vec::new();
    let mut from = 0;
    while let Some((start, end)) =
        (marks.len() < MOST_OPTIONS).then(|| mark(marks.len(), from)).flatten()
    {
        marks.push((start, end));
        from = end;
    }
    let ends = marks.iter().skip(1).map(|(start, _)| *start).chain([cell.len()]);
    let edge = [';', '；', ',', '，', '|'];
    let options: Vec<&str> = marks
        .iter()
        .zip(ends)
        .map(|((_, from), to)| cell[*from..to].trim().trim_end_matches(edge).trim())
        .collect();
    (marks.len() > 1 && marks[0].0 == 0).then_some(options)
}

/// The kind a word of the column of types names; nothing where it may mean anything.
pub fn kind(word: &str) -> Option<Said> {
    use QuestionKind::{
        Case, Essay, Hotspot, Matching, Multiple, Numeric, Ordering, Short, Single, TrueFalse,
    };
    let titled = QuestionKind::ALL.iter().copied().find(|kind| {
        let title = kind.title();
        title.zh == word || title.en.to_lowercase() == word || kind.word() == word
    });
    // What we call a multiple choice is what most others call any choice; ours has our hidden mark.
    if let Some(kind) = titled.filter(|kind| *kind != Multiple || word != "multiple choice") {
        return Some(Said::Kind(kind));
    }
    let bare = word.trim_end_matches("试题").trim_end_matches('题');
    let kind = match bare {
        "单选" | "单项选择" | "单项" | "single choice" | "single answer" | "single select"
        | "radio" => Single,
        "多选" | "多项选择" | "多项" | "不定项选择" | "不定项" | "multiple answer"
        | "multiple answers" | "multiple response" | "multiple select" | "multi select"
        | "checkbox" => Multiple,
        "判断" | "是非" | "对错" | "正误" | "true/false" | "truefalse" | "true false" | "t/f"
        | "tf" => TrueFalse,
        "填空" | "short answer" | "shortanswer" | "fill in the blank" | "fill in" | "blank"
        | "text" => Short,
        "简答" | "问答" | "论述" | "主观" | "名词解释" | "分析" | "open" | "long answer" => {
            Essay
        }
        "数值" | "计算" | "numerical" | "number" => Numeric,
        "排序" | "order" | "sorting" => Ordering,
        "匹配" | "连线" | "配对" | "match" => Matching,
        "案例" | "案例分析" | "综合" => Case,
        "图上标注" => Hotspot,
        "选择" | "choice" | "multiple choice" | "multichoice" | "mcq" | "mc" => {
            return Some(Said::Choice);
        }
        _ => return None,
    };
    Some(Said::Kind(kind))
}

/// Whether an answer says true or false.
pub fn truth(word: &str) -> Option<bool> {
    match half_width(word).trim().to_lowercase().as_str() {
        "正确" | "对" | "是" | "√" | "✓" | "✔" | "t" | "true" | "y" | "yes" | "right"
        | "correct" | "1" => Some(true),
        "错误" | "错" | "否" | "×" | "✗" | "✘" | "x" | "f" | "false" | "n" | "no" | "wrong"
        | "incorrect" | "0" | "不正确" | "不对" | "非" => Some(false),
        _ => None,
    }
}

/// Which options an answer names: letters, numbers from 1, or the words of an option.
fn right(answer: &str, options: &[String]) -> Result<Vec<usize>, Text> {
    let plain = half_width(answer).trim().to_uppercase();
    let many = options.len();
    let parts: Vec<&str> = plain
        .split(|c: char| {
            c.is_whitespace() || matches!(c, ',' | '、' | ';' | '|' | '/' | '#' | '&' | '+')
        })
        .filter(|part| !part.is_empty())
        .take(100)
        .collect();
    let of = |label: &str| match label.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(usize::from(letter - b'A')),
        _ => label.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
    };
    let named: Option<Vec<usize>> =
        parts.iter().map(|part| of(part).filter(|at| *at < many)).collect();
    let run: Option<Vec<usize>> = match parts.as_slice() {
        [run] if run.len() > 1 => {
            run.chars().map(|c| of(c.encode_utf8(&mut [0; 4])).filter(|at| *at < many)).collect()
        }
        _ => None,
    };
    let worded = options.iter().position(|option| option.trim() == words::plain(answer.trim()));
    let found = match (worded, named, run) {
        (Some(at), ..) => Some(vec![at]),
        (_, Some(named), _) if !named.is_empty() => Some(named),
        (.., run) => run,
    };
    let mut found = found.ok_or_else(|| no_such_option(answer, many))?;
    let mut seen = [false; 1_000];
    found.retain(|at| seen.get_mut(*at).is_some_and(|seen| !std::mem::replace(seen, true)));
    Ok(found)
}

fn no_such_option(answer: &str, many: usize) -> Text {
    let answer = short(answer, 40);
    text!(
        "答案“{answer}”与 {many} 个选项对不上，请写字母（如 AC）、从 1 起的数字或选项原文",
        "the answer “{answer}” fits none of the {many} options; write letters (AC), numbers from 1, or the words of an option"
    )
}

fn no_answer() -> Wrong {
    vec![text!("答案是空的", "the answer is empty")]
}

/// What a row asks.
pub fn task(cells: &Cells<'_>, said: Said, notes: &mut Vec<Text>) -> Result<Task, Wrong> {
    match said {
        Said::Kind(kind) => of_kind(cells, kind),
        Said::Choice => choice(cells, None),
        Said::Silent => {
            let task = guessed(cells)?;
            let Text { zh, en } = task.kind().title();
            notes.push(text!(
                "没有写题型，按答案作为{zh}",
                "no type is given; by its answer taken as: {en}"
            ));
            Ok(task)
        }
    }
}

/// Where no column of types is: options make a choice, a truth a true or false, words a short answer.
fn guessed(cells: &Cells<'_>) -> Result<Task, Wrong> {
    let answer = cells.get(Field::Answer).ok_or_else(no_answer)?;
    let options = cells.options()?;
    let truths = options.iter().all(|option| truth(option).is_some());
    match (options.is_empty(), truth(answer)) {
        (false, _) if options.len() == 2 && truths => true_false(cells),
        (false, _) => choice(cells, None),
        (true, Some(_)) if answer.trim().parse::<f64>().is_err() => true_false(cells),
        (true, _) => short_answer(cells),
    }
}

fn of_kind(cells: &Cells<'_>, kind: QuestionKind) -> Result<Task, Wrong> {
    match kind {
        QuestionKind::Single => choice(cells, Some(false)),
        QuestionKind::Multiple => choice(cells, Some(true)),
        QuestionKind::TrueFalse => true_false(cells),
        QuestionKind::Short => short_answer(cells),
        QuestionKind::Numeric => numeric(cells),
        QuestionKind::Ordering => ordering(cells),
        QuestionKind::Matching => matching(cells),
        QuestionKind::Essay => {
            let guide = said(cells.words(Field::Answer));
            Ok(Task::Essay(Essay { guide, words: None, markers: 1 }))
        }
        QuestionKind::Case | QuestionKind::Hotspot => Err(vec![tags::edited_elsewhere()]),
    }
}

fn choice(cells: &Cells<'_>, several: Option<bool>) -> Result<Task, Wrong> {
    let answer = cells.get(Field::Answer).ok_or_else(no_answer)?;
    let options = cells.options()?;
    if options.is_empty() {
        return Err(vec![text!("没有选项", "there are no options")]);
    }
    let right = right(answer, &options).map_err(|mistake| vec![mistake])?;
    let places = options.into_iter().enumerate();
    let options: Vec<Choice> =
        places.map(|(at, words)| option(words, right.contains(&at))).collect();
    Ok(match several.unwrap_or(right.len() > 1) {
        true => Task::Multiple { options, credit: Credit::Exact },
        false => Task::Single { options },
    })
}

fn true_false(cells: &Cells<'_>) -> Result<Task, Wrong> {
    let answer = cells.get(Field::Answer).ok_or_else(no_answer)?;
    let options = cells.options()?;
    let by_option = || match right(answer, &options).ok()?.as_slice() {
        [at] => truth(&options[*at]),
        _ => None,
    };
    let plain = || truth(answer);
    let found = if options.is_empty() { plain() } else { by_option().or_else(plain) };
    let answer = short(answer, 20);
    found.map(|answer| Task::TrueFalse { answer }).ok_or_else(|| {
        vec![text!(
            "判断题的答案“{answer}”无法识别，请写 正确 或 错误",
            "the answer “{answer}” is neither true nor false; write one of these"
        )]
    })
}

fn short_answer(cells: &Cells<'_>) -> Result<Task, Wrong> {
    let answer = cells.get(Field::Answer).ok_or_else(no_answer)?;
    let stem = cells.get(Field::Stem).unwrap_or_default();
    let forms: Vec<&str> = answer
        .split(['|', '｜', '；', ';', '\n'])
        .map(str::trim)
        .filter(|form| !form.is_empty())
        .take(100)
        .collect();
    if blanks(stem) > 1 && forms.len() > 1 {
        return Err(vec![text!(
            "题干有多个空、答案也有多个，无法分别计分。请拆成几道题，或在网页上做成案例题",
            "several gaps with several answers cannot be marked one by one here. Split the question, or write it in the browser as a case"
        )]);
    }
    let accepted = |form: &&str| Accepted {
        form: (*form).to_owned(),
        share: super::draft::WHOLE,
        feedback: Text::default(),
    };
    Ok(Task::Short(Short { accepted: forms.iter().map(accepted).collect(), case_matters: false }))
}

/// Gaps in a stem: runs of `_`, and empty brackets.
fn blanks(stem: &str) -> usize {
    let plain: String = half_width(stem).chars().filter(|c| !c.is_whitespace()).collect();
    let lines = plain.split(|c| c != '_').filter(|run| run.len() > 1).count();
    lines + plain.matches("()").count()
}

fn numeric(cells: &Cells<'_>) -> Result<Task, Wrong> {
    let answer = half_width(cells.get(Field::Answer).ok_or_else(no_answer)?);
    let unit = cells.get(Field::Unit).unwrap_or_default().to_owned();
    let answer = answer.trim().strip_suffix(&unit).unwrap_or(answer.trim()).trim();
    let tolerance = cells.get(Field::Tolerance).map(half_width).unwrap_or_default();
    let read = || {
        if let Some((value, tolerance)) = answer.split_once('±') {
            return Ok((numbers::plain(value)?, numbers::positive(tolerance)?));
        }
        if let Some((low, high)) = answer.split_once("..").or_else(|| answer.split_once('~')) {
            return numbers::range(low, high);
        }
        Ok((numbers::plain(answer)?, numbers::positive(&tolerance)?))
    };
    let (value, tolerance) = read().map_err(|mistake: Text| vec![mistake])?;
    Ok(Task::Numeric(Numeric { value, tolerance, unit, also: Vec::new() }))
}

/// The items as they stand, or in the order the answer names.
fn ordering(cells: &Cells<'_>) -> Result<Task, Wrong> {
    let options = cells.options()?;
    let order = match cells.get(Field::Answer) {
        Some(answer) => right(answer, &options).map_err(|mistake| vec![mistake])?,
        None => (0..options.len()).collect(),
    };
    if order.len() != options.len() {
        return Err(vec![text!(
            "答案须列出全部条目的顺序",
            "the answer must put all items in order"
        )]);
    }
    let items = order.into_iter().filter_map(|at| options.get(at)).map(said).collect();
    Ok(Task::Ordering { items, credit: Credit::Exact })
}

/// Options that read `prompt -> partner`.
fn matching(cells: &Cells<'_>) -> Result<Task, Wrong> {
    let mut matching = Matching::default();
    for option in cells.options()? {
        // Markdown may have taken the meaning from the arrow.
        let option = option.replace("-\\>", "->").replace("=\\>", "=>");
        let arrow = ["->", "→", "=>", "——"].iter().find_map(|arrow| option.split_once(arrow));
        let Some((prompt, partner)) = arrow else {
            return Err(vec![text!(
                "匹配题的每个选项须写成“提示 -> 搭配”",
                "each option of a matching reads “prompt -> partner”"
            )]);
        };
        let (prompt, partner) = (prompt.trim(), said(words::bare(partner)));
        if prompt.is_empty() {
            matching.distractors.push(partner);
        } else {
            matching.pairs.push(Pair { prompt: said(prompt), partner });
        }
    }
    Ok(Task::Matching(matching))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_many_forms() {
        for (header, field) in [
            ("题目内容", Field::Stem),
            ("＊题干", Field::Stem),
            ("Question Text", Field::Stem),
            ("选项A", Field::Option(0)),
            ("选项 3", Field::Option(2)),
            ("Option_D", Field::Option(3)),
            ("h", Field::Option(7)),
            ("正确答案（必填）", Field::Answer),
            ("标签", Field::Area),
            ("序号", Field::Row),
        ] {
            assert_eq!(named(header).map(|found| found.0), Some(field), "{header}");
        }
        assert_eq!(named("题干（英文）").map(|found| found.2), Some(Some(Lang::En)));
        assert_eq!(named("stem_zh").map(|found| found.2), Some(Some(Lang::Zh)));
        assert_eq!(named("出题人"), None);
    }

    #[test]
    fn answers_are_read_as_people_write_them() {
        let options: Vec<String> = ["红", "黄", "蓝", "绿"].map(str::to_owned).to_vec();
        for (answer, expected) in [
            ("A", vec![0]),
            ("ABD", vec![0, 1, 3]),
            ("A,C", vec![0, 2]),
            ("A|B", vec![0, 1]),
            ("b、d", vec![1, 3]),
            ("ＡＣ", vec![0, 2]),
            ("2", vec![1]),
            ("1,3", vec![0, 2]),
            ("13", vec![0, 2]),
            ("蓝", vec![2]),
            ("A A", vec![0]),
        ] {
            assert_eq!(right(answer, &options), Ok(expected), "{answer}");
        }
        for answer in ["E", "5", "AE", "0", "紫", ""] {
            assert!(right(answer, &options).is_err(), "{answer}");
        }
    }

    #[test]
    fn one_cell_may_hold_all_options() {
        for cell in [
            "A.红 B.黄 C.蓝",
            "A、红\nB、黄\nC、蓝",
            "红|黄|蓝",
            "红；黄；蓝",
            "A. 红; B. 黄; C. 蓝",
            "红\n黄\n蓝",
        ] {
            assert_eq!(split_options(cell), ["红", "黄", "蓝"], "{cell}");
        }
    }

    #[test]
    fn truths_are_known() {
        for word in ["正确", "对", "√", "T", "true", "Ｔ"] {
            assert_eq!(truth(word), Some(true), "{word}");
        }
        for word in ["错误", "错", "×", "F", "FALSE"] {
            assert_eq!(truth(word), Some(false), "{word}");
        }
        assert_eq!(truth("A"), None);
    }

    #[test]
    fn gaps_are_counted() {
        assert_eq!(blanks("A____B（  ）C"), 2);
        assert_eq!(blanks("_____"), 1);
    }
}
