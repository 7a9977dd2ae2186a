//! A table of specifications (双向细目表): what a paper must consist of, as data.
//!
//! A paper has blocks. A block has a *table*, which shares a number of questions among nested
//! areas, and if wanted among levels and difficulties, by largest remainder; or *picks*, which draw
//! k of n named questions (k = n is required); or both. How it is filled from a bank is known to
//! the exams.

use serde::{Deserialize, Serialize};

use crate::{i18n::Text, text};

/// What a paper must consist of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    #[serde(rename = "block")]
    pub blocks: Vec<Block>,
    /// So many questions on trial are mixed in unscored, as far as the bank has them.
    #[serde(default)]
    pub pilot: u32,
    /// In percent of the papers: a question that was on more of them gives way to others.
    pub max_exposure: Option<u32>,
}

/// A part of a paper with its own heading and minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    pub title: Option<Text>,
    pub minutes: Option<u32>,
    pub table: Option<Table>,
    #[serde(default, rename = "pick")]
    pub picks: Vec<Pick>,
}

/// So many questions, shared by weights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub questions: u32,
    #[serde(rename = "area")]
    pub areas: Vec<AreaShare>,
    pub levels: Option<Levels>,
    pub difficulties: Option<Difficulties>,
    /// Only questions of this importance; all, when none is named.
    #[serde(default)]
    pub importance: Vec<String>,
}

/// The weight of an area of the bank, or of a group of areas that share it further.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaShare {
    pub weight: u32,
    /// The code of an area of the bank; a group has none.
    pub area: Option<String>,
    pub title: Option<Text>,
    #[serde(default, rename = "of")]
    pub areas: Vec<AreaShare>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    #[serde(default)]
    pub recall: u32,
    #[serde(default)]
    pub apply: u32,
    #[serde(default)]
    pub diagnose: u32,
}

impl Levels {
    pub fn weights(self) -> [u32; 3] {
        [self.recall, self.apply, self.diagnose]
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difficulties {
    #[serde(default)]
    pub easy: u32,
    #[serde(default)]
    pub medium: u32,
    #[serde(default)]
    pub hard: u32,
}

impl Difficulties {
    pub fn weights(self) -> [u32; 3] {
        [self.easy, self.medium, self.hard]
    }
}

/// `draw` of these questions, by their codes in the bank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    pub draw: u32,
    pub of: Vec<String>,
}

/// Pilots make up no more than this share of a paper, in percent.
pub const MOST_PILOTS: u32 = 20;

impl Blueprint {
    /// Scored questions; a case counts as one.
    pub fn questions(&self) -> u32 {
        let of = |block: &Block| {
            let picked: u32 = block.picks.iter().map(|pick| pick.draw).sum();
            picked + block.table.as_ref().map_or(0, |table| table.questions)
        };
        self.blocks.iter().map(of).sum()
    }

    /// The time of the whole paper, where every block has its own.
    pub fn minutes(&self) -> Option<u32> {
        self.blocks.iter().map(|block| block.minutes).sum()
    }

    /// What is wrong with it, whatever the bank holds.
    pub fn mistakes(&self) -> Vec<Text> {
        let mut wrong = Vec::new();
        let all = self.questions();
        if !(1..=500).contains(&all) {
            wrong.push(text!(
                "试卷须有 1 至 500 题，现有 {all} 题",
                "a paper has 1 to 500 questions, this one has {all}"
            ));
        }
        let pilot = self.pilot;
        if pilot * 100 > (all + pilot) * MOST_PILOTS {
            wrong.push(text!(
                "试测题 {pilot} 题，超过全卷的 {MOST_PILOTS}%",
                "{pilot} questions on trial are more than {MOST_PILOTS} % of the paper"
            ));
        }
        if self.max_exposure.is_some_and(|most| !(1..=100).contains(&most)) {
            wrong.push(text!("曝光率上限须为 1 至 100（%）", "the exposure limit is 1 to 100 (%)"));
        }
        for (number, block) in (1..).zip(&self.blocks) {
            wrong.extend(block.mistakes().into_iter().map(|mistake| {
                let (zh, en) = (mistake.zh, mistake.en);
                text!("第 {number} 部分：{zh}", "block {number}: {en}")
            }));
        }
        wrong
    }
}

impl Block {
    fn mistakes(&self) -> Vec<Text> {
        let mut wrong = Vec::new();
        if self.table.is_none() && self.picks.is_empty() {
            wrong.push(text!("没有题目", "it has no questions"));
        }
        if self.minutes == Some(0) {
            wrong.push(text!("时间须至少 1 分钟", "it has at least one minute"));
        }
        for pick in &self.picks {
            let (draw, of) = (pick.draw, pick.of.len());
            if draw == 0 || draw as usize > of {
                wrong.push(text!("不能从 {of} 题中抽 {draw} 题", "cannot draw {draw} of {of}"));
            }
        }
        wrong.extend(self.table.iter().flat_map(Table::mistakes));
        wrong
    }
}

impl Table {
    fn mistakes(&self) -> Vec<Text> {
        let mut wrong = Vec::new();
        if self.questions == 0 || self.areas.is_empty() {
            wrong.push(text!("细目表没有题数或部分", "the table has no questions or no areas"));
        }
        let none = |weights: [u32; 3]| weights.iter().all(|weight| *weight == 0);
        if self.levels.is_some_and(|levels| none(levels.weights()))
            || self.difficulties.is_some_and(|difficulties| none(difficulties.weights()))
        {
            wrong.push(text!("权重不能全部为 0", "the weights cannot all be 0"));
        }
        if self.importance.iter().any(|word| !["X", "Y", "Z"].contains(&word.as_str())) {
            wrong.push(text!("重要程度只能是 X、Y、Z", "importance is X, Y or Z"));
        }
        wrong.extend(self.areas.iter().filter_map(AreaShare::mistake));
        wrong
    }
}

impl AreaShare {
    fn mistake(&self) -> Option<Text> {
        let heavy = self.weight > 10_000;
        let sound = self.area.is_some() == self.areas.is_empty();
        if !sound || heavy {
            let name = self.name();
            return Some(text!(
                "“{name}”须要么是题库的一个部分，要么是含下级部分的一组；权重不超过 10000",
                "“{name}” is either an area of the bank or a group of areas; its weight is at most 10,000"
            ));
        }
        self.areas.iter().find_map(AreaShare::mistake)
    }

    /// What to call it in a message.
    pub fn name(&self) -> String {
        match (&self.area, &self.title) {
            (Some(area), _) => area.clone(),
            (None, Some(title)) => title.en.clone(),
            (None, None) => "?".to_owned(),
        }
    }
}
