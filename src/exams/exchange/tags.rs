//! Ids and tags: the code of a question, and what our own tags say about it. Other tags name the
//! area where no category does, as people use them for topics.

use super::draft::Draft;
use crate::{
    exams::questions::model::{Difficulty, Importance, Level},
    i18n::Text,
    text,
};

#[derive(Debug, Default)]
pub struct Tagged {
    pub id: Option<String>,
    pub tags: Vec<String>,
}

/// The tags by which our exports say what a question is besides its words.
pub fn of(level: Level, importance: Importance, difficulty: Difficulty) -> [String; 3] {
    [
        format!("level:{}", level.word()),
        format!("importance:{}", importance.word()),
        format!("difficulty:{}", difficulty.word()),
    ]
}

/// `[id:…]` and `[tag:…]` of GIFT's comments; `\]` is a bracket.
pub fn comment(comments: &str) -> Tagged {
    let mut tagged = Tagged::default();
    for line in comments.lines() {
        tagged.id = tagged.id.or_else(|| bracketed(line, "[id:").next());
        tagged.tags.extend(bracketed(line, "[tag:").take(50));
    }
    tagged
}

fn bracketed<'a>(line: &'a str, start: &'a str) -> impl Iterator<Item = String> + 'a {
    line.split(start).skip(1).filter_map(|rest| {
        let mut found = String::new();
        let mut chars = rest.chars();
        while let Some(c) = chars.next() {
            match c {
                ']' => {
                    let found = found.trim().to_owned();
                    return (!found.is_empty()).then_some(found);
                }
                '\\' if chars.as_str().starts_with(']') => {
                    found.push(']');
                    chars.next();
                }
                c if c.is_control() => return None,
                c => found.push(c),
            }
        }
        None
    })
}

/// A tag as GIFT's comments hold it.
pub fn bracket(name: &str, value: &str) -> String {
    let value: String = value.chars().filter(|c| !c.is_control()).collect();
    format!("[{name}:{}]", value.replace(']', "\\]"))
}

impl Tagged {
    /// Says it of a question; what is not kept comes back.
    pub fn apply(self, draft: &mut Draft) -> Vec<Text> {
        if self.id.is_some() {
            draft.code = self.id;
        }
        let mut others = Vec::new();
        for tag in self.tags {
            let (name, value) = tag.split_once(':').unwrap_or(("", &tag));
            let value = value.trim();
            let known = match name.trim() {
                "level" => set(&mut draft.level, Level::parse(value)),
                "importance" => set(&mut draft.importance, Importance::parse(value)),
                "difficulty" | "难度" => set(&mut draft.difficulty, difficulty(value)),
                "area" => set(&mut draft.area, Some(value.to_owned())),
                _ => false,
            };
            if !known {
                others.push(tag);
            }
        }
        if draft.area.is_none() && !others.is_empty() {
            draft.area = Some(others.remove(0).replace('/', "//"));
        }
        if others.is_empty() {
            return Vec::new();
        }
        let others = super::draft::short(&others.join(", "), 200);
        vec![text!("标签不保留：{others}", "tags that are not kept: {others}")]
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let known = value.is_some();
    *place = value.or_else(|| place.take());
    known
}

/// The words people have for how hard a question is.
pub fn difficulty(word: &str) -> Option<Difficulty> {
    let word = word.trim().to_lowercase();
    match word.as_str() {
        "1" | "easy" | "low" | "简单" | "容易" | "易" | "较易" | "低" | "初级" => {
            Some(Difficulty::Easy)
        }
        "2" | "medium" | "normal" | "moderate" | "中等" | "中" | "一般" | "普通" | "适中"
        | "中级" => Some(Difficulty::Medium),
        "3" | "hard" | "difficult" | "high" | "困难" | "难" | "较难" | "高" | "高级" => {
            Some(Difficulty::Hard)
        }
        _ => None,
    }
}

pub fn edited_elsewhere() -> Text {
    text!(
        "这种题型在该格式里只能显示为说明，改动后无法读回。请在网页上修改，或从 XLSX 导入。",
        "this format only shows such a question as a description, and an edited one cannot be read back. Edit it in the browser, or use another format."
    )
}

pub fn ordering_by_place() -> Text {
    text!(
        "排序题按位置逐项计分，与原系统的计分方式不同",
        "the ordering is marked place by place, which is not how the other system marked it"
    )
}
