//! The nouns: what an exam is drawn by.

use std::borrow::Cow;

use crate::{
    db::Instant,
    exams::{
        blueprints::allocate::{self, Supply},
        questions::{
            QuestionKind,
            bank::Live,
            model::{Difficulty, Importance, Level},
        },
        rules::Size,
    },
    i18n::Text,
    record::{
        blueprint::{Block, Blueprint, Pick, Table},
        programme::Draw,
    },
    text,
};

use super::draw::Part;

crate::id! {
    /// A version of a blueprint that was written in the browser.
    BlueprintId
}

/// A version of a blueprint as it is kept.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: BlueprintId,
    pub exam: String,
    pub version: i64,
    pub blueprint: Blueprint,
    pub note: String,
    pub created_at: Instant,
    pub created_by: Option<String>,
    pub published_at: Option<Instant>,
    pub published_by: Option<String>,
}

/// What an exam is drawn by: the plain counts of its plan, or a table of specifications, from the
/// plan or published in the browser.
#[derive(Clone, Debug)]
pub enum Form<'a> {
    Plain(&'a [Draw]),
    Blueprint { id: Option<BlueprintId>, blueprint: Cow<'a, Blueprint> },
}

impl Form<'_> {
    /// Scored questions; a case counts as one.
    pub fn questions(&self) -> u32 {
        match self {
            Form::Plain(draws) => draws.iter().map(|draw| draw.count).sum(),
            Form::Blueprint { blueprint, .. } => blueprint.questions(),
        }
    }

    /// The time of the whole paper, where its blocks say.
    pub fn minutes(&self) -> Option<u32> {
        match self {
            Form::Plain(_) => None,
            Form::Blueprint { blueprint, .. } => blueprint.minutes(),
        }
    }

    pub fn size(&self) -> Size {
        Size { questions: self.questions(), minutes: self.minutes() }
    }

    pub fn id(&self) -> Option<BlueprintId> {
        match self {
            Form::Plain(_) => None,
            Form::Blueprint { id, .. } => *id,
        }
    }

    pub fn max_exposure(&self) -> Option<u32> {
        match self {
            Form::Plain(_) => None,
            Form::Blueprint { blueprint, .. } => blueprint.max_exposure,
        }
    }

    /// The headings of its blocks with their minutes, from 1; a single block needs none.
    pub fn headings(&self) -> Vec<(usize, Text, Option<u32>)> {
        let Form::Blueprint { blueprint, .. } = self else { return Vec::new() };
        if blueprint.blocks.len() < 2 {
            return Vec::new();
        }
        let heading = |(number, block): (usize, &Block)| {
            let title = block.title.clone();
            let title = title.unwrap_or_else(|| text!("第 {number} 部分", "Part {number}"));
            (number, title, block.minutes)
        };
        (1..).zip(&blueprint.blocks).map(heading).collect()
    }

    /// The parts a paper is drawn from, or everything the bank lacks.
    pub fn parts<'a>(&self, live: &'a [Live]) -> Result<Vec<Part<'a>>, Vec<Text>> {
        match self {
            Form::Plain(draws) => Ok(plain_parts(draws, live)),
            Form::Blueprint { blueprint, .. } => blueprint_parts(blueprint, live),
        }
    }
}

/// Named areas first, so that the rest cannot eat up what they need.
fn plain_parts<'a>(draws: &[Draw], live: &'a [Live]) -> Vec<Part<'a>> {
    let (named, anywhere): (Vec<&Draw>, Vec<&Draw>) =
        draws.iter().partition(|draw| draw.area.is_some());
    let part = |draw: &Draw| {
        let fits = |one: &&Live| draw.area.as_ref().is_none_or(|area| *area == one.area);
        let name = match &draw.area {
            Some(area) => text!("“{area}”部分", "area “{area}”: "),
            None => Text::default(),
        };
        let from = live.iter().filter(|one| !one.pilot).filter(fits).collect();
        Part { block: 0, count: draw.count as usize, from, scored: true, name }
    };
    named.into_iter().chain(anywhere).map(part).collect()
}

fn blueprint_parts<'a>(
    blueprint: &Blueprint,
    live: &'a [Live],
) -> Result<Vec<Part<'a>>, Vec<Text>> {
    let (mut parts, mut lacks) = (Vec::new(), Vec::new());
    for (number, block) in (1..).zip(&blueprint.blocks) {
        for pick in &block.picks {
            match pick_part(pick, live, number) {
                Ok(part) => parts.push(part),
                Err(lack) => lacks.push(lack),
            }
        }
        if let Some(table) = &block.table {
            match table_parts(table, live, number, blueprint) {
                Ok(cells) => parts.extend(cells),
                Err(short) => lacks.extend(short),
            }
        }
    }
    parts.extend(pilots(blueprint, live));
    if lacks.is_empty() { Ok(parts) } else { Err(lacks) }
}

fn pick_part<'a>(pick: &Pick, live: &'a [Live], block: usize) -> Result<Part<'a>, Text> {
    let mut from = Vec::new();
    for code in &pick.of {
        let found = live.iter().find(|one| one.code == *code && !one.pilot);
        from.push(found.ok_or_else(|| {
            text!(
                "题目“{code}”不在题库中，或没有启用",
                "question “{code}” is not in the bank or not live"
            )
        })?);
    }
    let worth = |one: &&Live| one.places.iter().map(|place| place.points).sum::<u32>();
    let first = from.first().map_or(0, worth);
    if (pick.draw as usize) < from.len() && from.iter().any(|one| worth(one) != first) {
        let codes = pick.of.join(", ");
        return Err(text!(
            "抽考题（{codes}）分值不同，对考生不公平",
            "of the questions {codes} some are worth more than others: whom they are drawn for is not fair"
        ));
    }
    let name = text!("指定的题目", "the named questions: ");
    Ok(Part { block, count: pick.draw as usize, from, scored: true, name })
}

/// What a table may draw: live, of its importance, not a case, not named by a pick.
fn eligible<'a>(table: &Table, live: &'a [Live], blueprint: &Blueprint) -> Vec<&'a Live> {
    let named = |code: &str| {
        blueprint
            .blocks
            .iter()
            .flat_map(|block| &block.picks)
            .any(|pick| pick.of.iter().any(|named| named == code))
    };
    let important = |one: &Live| {
        table.importance.is_empty()
            || table.importance.iter().any(|word| Importance::parse(word) == Some(one.importance))
    };
    live.iter()
        .filter(|one| !one.pilot && one.kind != QuestionKind::Case)
        .filter(|one| important(one) && !named(&one.code))
        .collect()
}

/// How many questions there are of each area, level and difficulty.
pub fn supply(table: &Table, live: &[Live], blueprint: &Blueprint) -> Supply {
    let mut supply = Supply::new();
    for one in eligible(table, live, blueprint) {
        *supply.entry((one.area.clone(), one.level, one.difficulty)).or_default() += 1;
    }
    supply
}

fn table_parts<'a>(
    table: &Table,
    live: &'a [Live],
    block: usize,
    blueprint: &Blueprint,
) -> Result<Vec<Part<'a>>, Vec<Text>> {
    let pool = eligible(table, live, blueprint);
    let cells = allocate::cells(table, &supply(table, live, blueprint)).map_err(|s| said(&s))?;
    let mut parts = Vec::new();
    for cell in cells {
        let fits = |one: &&&Live| {
            one.area == cell.area
                && cell.level.is_none_or(|level| level == one.level)
                && cell.difficulty.is_none_or(|difficulty| difficulty == one.difficulty)
        };
        let from: Vec<&Live> = pool.iter().filter(fits).copied().collect();
        let points = |one: &&Live| one.places.first().map_or(1, |place| place.points);
        let name = cell_name(&cell);
        if from.iter().any(|one| points(one) != from.first().map_or(1, points)) {
            let (zh, en) = (&name.zh, &name.en);
            return Err(vec![text!(
                "{zh}题目分值不同，对考生不公平",
                "{en}some questions are worth more than others, which is not fair"
            )]);
        }
        parts.push(Part { block, count: cell.count as usize, from, scored: true, name });
    }
    Ok(parts)
}

/// What a cell is called before a count.
fn cell_name(cell: &allocate::Cell) -> Text {
    let area = &cell.area;
    let level = cell.level.map(Level::title);
    let difficulty = cell.difficulty.map(Difficulty::title);
    let rest: Vec<Text> = level.into_iter().chain(difficulty).collect();
    let Text { zh, en } = Text::list(&rest);
    if rest.is_empty() {
        text!("“{area}”部分", "area “{area}”: ")
    } else {
        text!("“{area}”部分（{zh}）", "area “{area}” ({en}): ")
    }
}

fn said(short: &allocate::Short) -> Vec<Text> {
    let mut said = Vec::new();
    for (area, need, there) in &short.areas {
        said.push(text!(
            "“{area}”部分需要 {need} 题，题库有 {there} 题",
            "area “{area}” needs {need}, the bank has {there}"
        ));
    }
    let levels = short.levels.iter().map(|(level, need, there)| (level.title(), need, there));
    let difficulties =
        short.difficulties.iter().map(|(one, need, there)| (one.title(), need, there));
    for (title, need, there) in levels.chain(difficulties) {
        let (zh, en) = (title.zh, title.en);
        said.push(text!(
            "“{zh}”需要 {need} 题，题库有 {there} 题",
            "“{en}” needs {need}, the bank has {there}"
        ));
    }
    if short.areas.iter().all(|(_, need, there)| there >= need) {
        said.push(text!(
            "各项单独够用，但合在一起无法同时满足：请补充题目或放宽细目表",
            "each is enough alone, but not all together: add questions or loosen the table"
        ));
    }
    said
}

/// Questions on trial from the areas of the tables, in the first block that has a table.
fn pilots<'a>(blueprint: &Blueprint, live: &'a [Live]) -> Option<Part<'a>> {
    let tables =
        || (1..).zip(&blueprint.blocks).filter_map(|(n, block)| Some((n, block.table.as_ref()?)));
    let (block, _) = tables().next()?;
    let areas: Vec<String> = tables()
        .flat_map(|(_, table)| allocate::by_area(table.questions, &table.areas))
        .map(|(area, _)| area)
        .collect();
    let fits =
        |one: &&Live| one.pilot && one.kind != QuestionKind::Case && areas.contains(&one.area);
    let from: Vec<&Live> = live.iter().filter(fits).collect();
    let count = from.len().min(blueprint.pilot as usize);
    let name = text!("试测题", "on trial: ");
    (count > 0).then_some(Part { block, count, from, scored: false, name })
}
