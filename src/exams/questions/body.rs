//! What a version of a question says, its key included: it never leaves the server whole.
//!
//! A [`Body`] holds one [`Task`]: each kind of question carries what it needs and nothing else, so
//! a numeric question without a number cannot exist in the program. Files and the database hold
//! the flat form [`Written`]; [`Body::read`] turns one into the other or says what is wrong.

use super::{decimal::Decimal, model::QuestionKind, share::Share};
use crate::{
    i18n::{Lang, Text},
    text,
};

pub use super::written::Written;

/// A question without its place in a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The title of the area it belongs to, as it was then.
    pub area: Text,
    /// Markdown; pictures are `/exams/files/DIGEST`.
    pub stem: Text,
    pub task: Task,
    /// Why the right answer is right; shown in practice, never during an exam.
    pub feedback: Text,
    /// Where it can be looked up: a standard, a manual, a lesson.
    pub references: Vec<String>,
    /// What it is worth beside others.
    pub points: u32,
    /// Options are shown in the author's order.
    pub fixed_order: bool,
}

/// What is asked, with the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Exactly one option is right; others may earn a share.
    Single {
        options: Vec<Choice>,
    },
    Multiple {
        options: Vec<Choice>,
        credit: Credit,
    },
    TrueFalse {
        answer: bool,
    },
    Numeric(Numeric),
    Short(Short),
    /// In the right order.
    Ordering {
        items: Vec<Text>,
        credit: Credit,
    },
    Matching(Matching),
    Hotspot(Hotspot),
    /// A shared text, which is the stem, with several questions; each has its own place on a paper.
    Case {
        parts: Vec<Part>,
    },
    /// Marked by people.
    Essay(Essay),
}

/// How partly right answers count; the page says which rule holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credit {
    /// Everything or nothing.
    #[default]
    Exact,
    /// Right ones less wrong ones, over all right ones, not below nothing. In an ordering or a
    /// matching, the share of what stands in its right place.
    Partial,
    /// Each option has its own share, as in files of other systems.
    Weighted,
}

/// An option of a single or multiple choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub text: Text,
    pub correct: bool,
    /// Millionths of the points for choosing it, where that is not all or nothing.
    pub share: Option<i64>,
    pub feedback: Text,
}

impl Choice {
    /// What choosing it earns by itself.
    pub fn earns(&self) -> Share {
        match self.share {
            Some(millionths) => Share::of_millionths(millionths),
            None if self.correct => Share::ALL,
            None => Share::NONE,
        }
    }
}

/// A number as the answer; decimals are text, so that nothing is rounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numeric {
    pub value: String,
    pub tolerance: String,
    /// `V`, or `个 / cells` where the languages differ.
    pub unit: String,
    /// Other numbers that earn something.
    pub also: Vec<OtherNumber>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherNumber {
    pub value: String,
    pub tolerance: String,
    pub share: i64,
    pub feedback: Text,
}

impl Numeric {
    /// The unit as each reader writes it.
    pub fn unit(&self) -> Text {
        match self.unit.split_once(" / ") {
            Some((zh, en)) => Text::new(zh, en),
            None => Text::same(&self.unit),
        }
    }
}

/// A few words as the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Short {
    /// The accepted forms; `*` stands for anything.
    pub accepted: Vec<Accepted>,
    /// Upper and lower case differ. Width (Ａ or A) and spaces at the ends never do.
    pub case_matters: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub form: String,
    /// Millionths of the points; the whole for a right answer.
    pub share: i64,
    pub feedback: Text,
}

/// Prompts, each with its partner; what is left over misleads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    pub pairs: Vec<Pair>,
    pub distractors: Vec<Text>,
    pub credit: Credit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub prompt: Text,
    pub partner: Text,
}

impl Matching {
    /// What may be chosen, in the author's numbering: the partners, then the distractors. Partners
    /// that read the same are one choice.
    pub fn choices(&self) -> Vec<&Text> {
        let mut choices: Vec<&Text> = Vec::new();
        for one in self.pairs.iter().map(|pair| &pair.partner).chain(&self.distractors) {
            if !choices.contains(&one) {
                choices.push(one);
            }
        }
        choices
    }
}

/// A place on a picture as the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hotspot {
    /// The picture's address, `/exams/files/DIGEST`.
    pub picture: String,
    pub alt: Text,
    pub regions: Vec<Region>,
}

/// A shape in thousandths of the picture's width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Rectangle { x: i32, y: i32, width: i32, height: i32 },
    Circle { x: i32, y: i32, radius: i32 },
}

impl Region {
    pub fn contains(self, at: (i32, i32)) -> bool {
        match self {
            Region::Rectangle { x, y, width, height } => {
                (x..=x + width).contains(&at.0) && (y..=y + height).contains(&at.1)
            }
            Region::Circle { x, y, radius } => {
                let (dx, dy) = (i64::from(at.0 - x), i64::from(at.1 - y));
                dx * dx + dy * dy <= i64::from(radius) * i64::from(radius)
            }
        }
    }
}

/// A question of a case; never a case itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub stem: Text,
    pub task: Task,
    pub feedback: Text,
    pub points: u32,
    pub fixed_order: bool,
}

/// A text as the answer, marked by people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Essay {
    /// What markers look for; candidates never see it.
    pub guide: Text,
    /// Asked for; more is allowed.
    pub words: Option<u32>,
    /// How many mark it without seeing each other: one or two.
    pub markers: u32,
}

impl Task {
    pub fn kind(&self) -> QuestionKind {
        match self {
            Task::Single { .. } => QuestionKind::Single,
            Task::Multiple { .. } => QuestionKind::Multiple,
            Task::TrueFalse { .. } => QuestionKind::TrueFalse,
            Task::Numeric(_) => QuestionKind::Numeric,
            Task::Short(_) => QuestionKind::Short,
            Task::Ordering { .. } => QuestionKind::Ordering,
            Task::Matching(_) => QuestionKind::Matching,
            Task::Hotspot(_) => QuestionKind::Hotspot,
            Task::Case { .. } => QuestionKind::Case,
            Task::Essay(_) => QuestionKind::Essay,
        }
    }

    /// How many things are shown in an order of their own.
    pub fn shown(&self) -> usize {
        match self {
            Task::Single { options } | Task::Multiple { options, .. } => options.len(),
            Task::Ordering { items, .. } => items.len(),
            Task::Matching(matching) => matching.choices().len(),
            _ => 0,
        }
    }
}

/// Letters name what is shown, so there are no more of them than letters.
const MOST_SHOWN: usize = 26;

impl Task {
    /// What is wrong with it; nothing, when it can be asked and marked.
    pub fn mistakes(&self) -> Vec<Text> {
        match self {
            Task::Single { options } => single_mistakes(options),
            Task::Multiple { options, credit } => multiple_mistakes(options, *credit),
            Task::TrueFalse { .. } => Vec::new(),
            Task::Numeric(numeric) => numeric_mistakes(numeric),
            Task::Short(short) => short_mistakes(short),
            Task::Ordering { items, .. } => ordering_mistakes(items),
            Task::Matching(matching) => matching_mistakes(matching),
            Task::Hotspot(hotspot) => hotspot_mistakes(hotspot),
            Task::Case { parts } => case_mistakes(parts),
            Task::Essay(essay) => essay_mistakes(essay),
        }
    }
}

fn single_mistakes(options: &[Choice]) -> Vec<Text> {
    let (all, right) = (options.len(), options.iter().filter(|one| one.correct).count());
    let mut wrong = option_mistakes(options);
    if right != 1 || !(2..=MOST_SHOWN).contains(&all) {
        wrong.push(text!(
            "单选题须有 2 至 26 个选项、恰好 1 个正确；现有 {all} 个选项，{right} 个正确",
            "a single choice has 2 to 26 options, exactly one of them correct; this one has {all}, {right} correct"
        ));
    }
    wrong
}

fn multiple_mistakes(options: &[Choice], credit: Credit) -> Vec<Text> {
    let (all, right) = (options.len(), options.iter().filter(|one| one.correct).count());
    let mut wrong = option_mistakes(options);
    if right < 1 || !(2..=MOST_SHOWN).contains(&all) {
        wrong.push(text!(
            "多选题须有 2 至 26 个选项、至少 1 个正确；现有 {all} 个选项，{right} 个正确",
            "a multiple choice has 2 to 26 options, at least one of them correct; this one has {all}, {right} correct"
        ));
    }
    let best = options.iter().map(Choice::earns).filter(|share| *share > Share::NONE);
    if credit == Credit::Weighted && best.fold(Share::NONE, Share::plus) < Share::ALL {
        wrong.push(text!(
            "正确选项的分值合计不到 100%",
            "the shares of the right options come to less than 100 %"
        ));
    }
    wrong
}

fn option_mistakes(options: &[Choice]) -> Vec<Text> {
    let blank = options.iter().any(|option| option.text.is_blank());
    blank.then(|| text!("有一个选项是空的", "an option is empty")).into_iter().collect()
}

fn numeric_mistakes(numeric: &Numeric) -> Vec<Text> {
    let sound = |value: &str, tolerance: &str| {
        Decimal::parse(value).is_some()
            && Decimal::parse(tolerance).is_some_and(|tolerance| !tolerance.is_negative())
    };
    let others = numeric.also.iter().all(|one| sound(&one.value, &one.tolerance));
    if sound(&numeric.value, &numeric.tolerance) && others {
        return Vec::new();
    }
    vec![text!(
        "数值题的答案和误差须是小数，误差不为负",
        "the value and the tolerance of a numeric question are decimals, the tolerance not below zero"
    )]
}

fn short_mistakes(short: &Short) -> Vec<Text> {
    let whole = short.accepted.iter().any(|one| Share::of_millionths(one.share).is_all());
    let blank = short.accepted.iter().any(|one| one.form.trim().is_empty());
    if whole && !blank {
        return Vec::new();
    }
    vec![text!(
        "填空题须有至少一个得满分的答案，答案不能为空",
        "a short answer has at least one form that earns everything, and no empty one"
    )]
}

fn ordering_mistakes(items: &[Text]) -> Vec<Text> {
    let sound = (2..=MOST_SHOWN).contains(&items.len()) && !items.iter().any(Text::is_blank);
    (!sound)
        .then(|| {
            text!(
                "排序题须有 2 至 26 项，不能有空项",
                "an ordering has 2 to 26 items, none of them empty"
            )
        })
        .into_iter()
        .collect()
}

fn matching_mistakes(matching: &Matching) -> Vec<Text> {
    let blank = matching.pairs.iter().any(|pair| pair.prompt.is_blank() || pair.partner.is_blank())
        || matching.distractors.iter().any(Text::is_blank);
    // Who reads one language must find two choices to choose from as well.
    let choices = matching.choices();
    let differ = |lang| choices.iter().any(|one| one.get(lang) != choices[0].get(lang));
    let sound = (2..=MOST_SHOWN).contains(&matching.pairs.len())
        && (2..=MOST_SHOWN).contains(&choices.len())
        && differ(Lang::Zh)
        && differ(Lang::En);
    (blank || !sound)
        .then(|| {
            text!(
                "匹配题须有 2 至 26 对和至少两个不同的选择，不能有空项",
                "a matching has 2 to 26 pairs and at least two different choices, none of them empty"
            )
        })
        .into_iter()
        .collect()
}

fn hotspot_mistakes(hotspot: &Hotspot) -> Vec<Text> {
    let mut wrong = Vec::new();
    if !hotspot.picture.starts_with("/exams/files/") {
        wrong.push(text!("图上标注题须有图片", "a hotspot needs its picture"));
    }
    if hotspot.regions.is_empty() {
        wrong.push(text!("请至少标出一个正确区域", "mark at least one region that is right"));
    }
    wrong
}

fn case_mistakes(parts: &[Part]) -> Vec<Text> {
    let mut wrong = Vec::new();
    if !(1..=20).contains(&parts.len()) {
        wrong.push(text!("案例题须有 1 至 20 个小题", "a case has 1 to 20 questions"));
    }
    for (number, part) in (1..).zip(parts) {
        let mut mistakes = part.task.mistakes();
        if part.task.kind() == QuestionKind::Case {
            mistakes.push(text!("小题不能再是案例题", "a question of a case cannot be a case"));
        }
        if part.stem.is_blank() {
            mistakes.push(text!("题干是空的", "the stem is empty"));
        }
        wrong.extend(mistakes.into_iter().map(|mistake| {
            let (zh, en) = (mistake.zh, mistake.en);
            text!("小题 {number}：{zh}", "question {number}: {en}")
        }));
    }
    wrong
}

fn essay_mistakes(essay: &Essay) -> Vec<Text> {
    (!(1..=2).contains(&essay.markers))
        .then(|| text!("论述题由 1 人或 2 人阅卷", "an essay is marked by one person or two"))
        .into_iter()
        .collect()
}

impl Body {
    /// What is wrong with it beyond its form.
    pub fn mistakes(&self) -> Vec<Text> {
        let mut wrong = self.task.mistakes();
        if self.stem.is_blank() {
            wrong.push(text!("题干是空的", "the stem is empty"));
        }
        if !(1..=100).contains(&self.points) {
            wrong.push(text!("分值须为 1 至 100", "the points are 1 to 100"));
        }
        wrong
    }

    /// The question at a place: the whole, or a part of a case.
    pub fn task_at(&self, part: usize) -> Option<&Task> {
        match (&self.task, part) {
            (task, 0) => Some(task),
            (Task::Case { parts }, part) => parts.get(part - 1).map(|part| &part.task),
            _ => None,
        }
    }

    /// The places it takes on a paper: one, or one for each part of a case.
    pub fn places(&self) -> Vec<Place> {
        let place = |task: &Task, fixed_order, points| Place {
            kind: task.kind(),
            options: task.shown(),
            fixed_order,
            points,
        };
        match &self.task {
            Task::Case { parts } => {
                parts.iter().map(|part| place(&part.task, part.fixed_order, part.points)).collect()
            }
            task => vec![place(task, self.fixed_order, self.points)],
        }
    }
}

/// What a question takes up at one place of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub kind: QuestionKind,
    /// So many options are shown.
    pub options: usize,
    /// In the author's order, not in a drawn one.
    pub fixed_order: bool,
    pub points: u32,
}

impl Place {
    /// As a column keeps them: `single:4:1`, or `true-false:0:1,single:=4:2` for a case.
    pub fn word(places: &[Place]) -> String {
        let one = |place: &Place| {
            let Place { kind, options, fixed_order, points } = place;
            let fixed = if *fixed_order { "=" } else { "" };
            format!("{}:{fixed}{options}:{points}", kind.word())
        };
        places.iter().map(one).collect::<Vec<_>>().join(",")
    }

    pub fn parse(word: &str) -> Option<Vec<Place>> {
        let one = |word: &str| {
            let mut fields = word.split(':');
            let kind = QuestionKind::parse(fields.next()?)?;
            let options = fields.next()?;
            let bare = options.strip_prefix('=');
            let fixed_order = bare.is_some();
            let options = bare.unwrap_or(options).parse().ok()?;
            Some(Place { kind, options, fixed_order, points: fields.next()?.parse().ok()? })
        };
        word.split(',').map(one).collect()
    }
}
