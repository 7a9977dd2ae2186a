//! A table of specifications as lines somebody types or pastes, and back.
//!
//! Areas: one a line, its weight, then the code of an area of the bank; deeper lines stand further
//! in. A line with deeper ones below is a group, whose words are its title (`基本要求 / Basics`).
//!
//! ```text
//! 25 基本要求 / Basics
//!   5 conduct
//!   20 basics
//! 75 engine
//! ```
//!
//! Picks: `2: q-1, q-2, q-3` draws two of three; `all: q-4, q-5` asks for each.

use crate::{
    i18n::Text,
    record::blueprint::{AreaShare, Pick},
    text,
};

/// What is wrong, by line from 1.
pub type Wrong = Vec<(usize, Text)>;

struct Line {
    number: usize,
    depth: usize,
    weight: u32,
    words: String,
}

/// Reads areas; `known` are the areas of the bank.
pub fn read_areas(typed: &str, known: &[String]) -> Result<Vec<AreaShare>, Wrong> {
    let (mut lines, mut wrong) = (Vec::new(), Wrong::new());
    for (number, line) in (1..).zip(typed.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match read_line(number, line) {
            Ok(line) => lines.push(line),
            Err(mistake) => wrong.push((number, mistake)),
        }
    }
    let mut at = 0;
    let areas = gather(&lines, &mut at, 0, known, &mut wrong);
    if wrong.is_empty() { Ok(areas) } else { Err(wrong) }
}

fn read_line(number: usize, line: &str) -> Result<Line, Text> {
    // A full-width space is as wide as two narrow ones, a tab as two.
    let width = |c: char| match c {
        ' ' => Some(1),
        '\t' | '\u{3000}' => Some(2),
        _ => None,
    };
    let depth = line.chars().map_while(width).sum();
    let said = line.trim();
    let (weight, words) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    let weight = weight.trim_end_matches(['%', '％', '.', '、']).parse::<u32>();
    match weight {
        Ok(weight) if !words.trim().is_empty() => {
            Ok(Line { number, depth, weight, words: words.trim().to_owned() })
        }
        _ => Err(text!(
            "应为“权重 部分代码”，例如 25 isolation",
            "write a weight and the code of an area, such as 25 isolation"
        )),
    }
}

/// The lines at one depth, each with what stands deeper below it.
fn gather(
    lines: &[Line],
    at: &mut usize,
    depth: usize,
    known: &[String],
    wrong: &mut Wrong,
) -> Vec<AreaShare> {
    let mut shares = Vec::new();
    while let Some(line) = lines.get(*at).filter(|line| line.depth >= depth) {
        *at += 1;
        let deeper = lines.get(*at).map(|next| next.depth).filter(|next| *next > line.depth);
        let areas = match deeper {
            Some(deeper) => gather(lines, at, deeper, known, wrong),
            None => Vec::new(),
        };
        let (weight, words) = (line.weight, &line.words);
        if !areas.is_empty() {
            let (zh, en) = words.split_once(" / ").unwrap_or((words, words));
            let title = Some(Text::new(zh.trim(), en.trim()));
            shares.push(AreaShare { weight, area: None, title, areas });
            continue;
        }
        if !known.contains(words) {
            let all = known.join(", ");
            let mistake = text!(
                "题库没有“{words}”这个部分，可用：{all}",
                "the bank has no area “{words}”; it has {all}"
            );
            wrong.push((line.number, mistake));
        }
        shares.push(AreaShare { weight, area: Some(words.clone()), ..AreaShare::default() });
    }
    shares
}

/// Areas as they are typed.
pub fn write_areas(areas: &[AreaShare]) -> String {
    let mut lines = Vec::new();
    write_level(areas, 0, &mut lines);
    lines.join("\n")
}

fn write_level(areas: &[AreaShare], depth: usize, lines: &mut Vec<String>) {
    for share in areas {
        let title = share.title.as_ref().map(|title| match title {
            Text { zh, en } if zh == en => zh.clone(),
            Text { zh, en } => format!("{zh} / {en}"),
        });
        let name = share.area.clone().or(title).unwrap_or_default();
        lines.push(format!("{}{} {name}", "  ".repeat(depth), share.weight));
        write_level(&share.areas, depth + 1, lines);
    }
}

/// Reads picks; `known` are the questions that are live in the bank.
pub fn read_picks(typed: &str, known: &[String]) -> Result<Vec<Pick>, Wrong> {
    let (mut picks, mut wrong) = (Vec::new(), Wrong::new());
    for (number, line) in (1..).zip(typed.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match read_pick(line.trim(), known) {
            Ok(pick) => picks.push(pick),
            Err(mistake) => wrong.push((number, mistake)),
        }
    }
    if wrong.is_empty() { Ok(picks) } else { Err(wrong) }
}

fn read_pick(line: &str, known: &[String]) -> Result<Pick, Text> {
    let (draw, codes) = line.split_once([':', '：']).unwrap_or(("all", line));
    let codes = codes.split([',', '，', '、', ' ']).map(str::trim).filter(|code| !code.is_empty());
    let of: Vec<String> = codes.map(str::to_owned).collect();
    if let Some(code) = of.iter().find(|code| !known.contains(code)) {
        return Err(text!("题库没有启用的题目“{code}”", "the bank has no live question “{code}”"));
    }
    let all = u32::try_from(of.len()).unwrap_or(0);
    let draw = match draw.trim() {
        "all" | "全部" => Some(all),
        number => number.parse().ok(),
    };
    match draw.filter(|draw| (1..=all).contains(draw)) {
        Some(draw) => Ok(Pick { draw, of }),
        None => Err(text!(
            "应为“抽几题: 题目代码, 题目代码”，例如 1: hv-001, hv-002",
            "write how many, a colon and the codes, such as 1: hv-001, hv-002"
        )),
    }
}

/// Picks as they are typed.
pub fn write_picks(picks: &[Pick]) -> String {
    let line = |pick: &Pick| {
        let codes = pick.of.join(", ");
        match pick.of.len() == pick.draw as usize {
            true => format!("all: {codes}"),
            false => format!("{}: {codes}", pick.draw),
        }
    };
    picks.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["conduct", "basics", "engine"].map(str::to_owned).to_vec()
    }

    #[test]
    fn lines_become_a_tree_and_lines_again() {
        let typed = "25 基本要求 / Basics\n  5 conduct\n  20 basics\n75 engine";
        let areas = read_areas(typed, &known()).unwrap();
        assert_eq!(areas.len(), 2);
        assert_eq!(areas[0].areas[1].area.as_deref(), Some("basics"));
        assert_eq!(areas[0].title, Some(Text::new("基本要求", "Basics")));
        assert_eq!(write_areas(&areas), typed);
        let pasted = "25% 基本要求\n\u{3000}5 conduct\n\t20\tbasics\n\n75 engine\n";
        assert_eq!(read_areas(pasted, &known()).unwrap()[0].areas.len(), 2);
    }

    #[test]
    fn each_wrong_line_is_named() {
        let wrong = read_areas("25 conduct\nlots of brakes\n5 brakes", &known()).unwrap_err();
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
        let codes = ["a", "b"].map(str::to_owned);
        assert_eq!(read_picks("1: a, b\n3: a, b\n1：c\nall：a、b", &codes).unwrap_err().len(), 2);
        let picks = read_picks("1: a, b\nall: a\nb", &codes).unwrap();
        assert_eq!(write_picks(&picks), "1: a, b\nall: a\nall: b");
    }
}
