//! How a QTI item is marked: its key, its mapping, and whether its processing says no more than
//! that.

use super::{draft::WHOLE, xml::Node};
use crate::{exams::questions::body::Credit, i18n::Text, text};

/// What an item declares about its response.
#[derive(Debug, Default)]
pub struct Key {
    pub cardinality: String,
    base_type: String,
    pub correct: Vec<String>,
    pub mapped: Vec<Entry>,
    default: f64,
    upper: Option<f64>,
}

#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub case_matters: bool,
    value: f64,
}

fn number(node: &Node, name: &str) -> Option<f64> {
    node.attribute(name)
        .and_then(|word| word.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
}

impl Key {
    pub fn of(item: &Node, identifier: &str) -> Key {
        let declared = item
            .all("responseDeclaration")
            .find(|node| node.attribute("identifier") == Some(identifier));
        let Some(declared) = declared else { return Key::default() };
        let word = |name| declared.attribute(name).unwrap_or_default().to_owned();
        let correct = declared
            .child("correctResponse")
            .map(|node| node.all("value").map(|value| value.words().trim().to_owned()).collect());
        let mapping = declared.child("mapping");
        let mapped = mapping.map(|mapping| {
            let entries = mapping.all("mapEntry").map(|entry| Entry {
                key: entry.attribute("mapKey").unwrap_or_default().to_owned(),
                case_matters: entry.attribute("caseSensitive") != Some("false"),
                value: number(entry, "mappedValue").unwrap_or(0.0),
            });
            entries.collect()
        });
        Key {
            cardinality: word("cardinality"),
            base_type: word("baseType"),
            correct: correct.unwrap_or_default(),
            mapped: mapped.unwrap_or_default(),
            default: mapping.and_then(|node| number(node, "defaultValue")).unwrap_or(0.0),
            upper: mapping.and_then(|node| number(node, "upperBound")),
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self.base_type.as_str(), "integer" | "float")
    }

    /// The most that can be earned.
    pub fn most(&self, several: bool) -> f64 {
        let values = self.mapped.iter().map(|entry| entry.value);
        let most = match several {
            true => values.filter(|value| *value > 0.0).sum(),
            false => values.fold(0.0, f64::max),
        };
        self.upper.filter(|upper| *upper > 0.0 && *upper < most).unwrap_or(most)
    }

    /// What one answer earns, in millionths.
    pub fn share(&self, key: &str, most: f64) -> i64 {
        let value = self
            .mapped
            .iter()
            .find(|entry| entry.key == key)
            .map_or(self.default, |entry| entry.value);
        let share = if most > 0.0 { value / most } else { 0.0 };
        ((share * WHOLE as f64).round() as i64).clamp(-WHOLE, WHOLE)
    }

    pub fn is_uneven(&self) -> bool {
        let mut values = self.mapped.iter().map(|entry| entry.value).filter(|value| *value > 0.0);
        let first = values.next();
        first.is_some_and(|first| values.any(|value| (value - first).abs() > 1e-9))
    }

    /// With a mapping each pair earns something by itself.
    pub fn credit_of_pairs(&self) -> Credit {
        if self.mapped.is_empty() { Credit::Exact } else { Credit::Partial }
    }
}

/// By what an item is marked.
#[derive(Debug, PartialEq, Eq)]
pub enum Marking {
    Correct,
    Mapped,
    /// A number within this of the right one.
    Within(String),
}

/// Elements of a processing that says no more than: compare with the key, set the score, choose
/// the feedback.
const PLAIN: [&str; 17] = [
    "responseProcessing",
    "responseCondition",
    "responseIf",
    "responseElse",
    "responseElseIf",
    "match",
    "variable",
    "correct",
    "setOutcomeValue",
    "baseValue",
    "isNull",
    "mapResponse",
    "not",
    "and",
    "sum",
    "equal",
    "exitResponse",
];

impl Marking {
    pub fn of(item: &Node, key: &Key) -> Result<Marking, Text> {
        let marking = match item.child("responseProcessing") {
            None => Marking::Correct,
            Some(node) => match node.attribute("template").or(node.attribute("templateLocation")) {
                Some(template) => by_template(template)?,
                None => by_rules(node)?,
            },
        };
        match marking {
            Marking::Mapped if key.mapped.is_empty() => Err(no_key()),
            Marking::Correct | Marking::Within(_) if key.correct.is_empty() => Err(no_key()),
            marking => Ok(marking),
        }
    }
}

fn no_key() -> Text {
    text!(
        "没有写明正确答案（correctResponse 或 mapping）",
        "no right answer is stated (correctResponse or mapping)"
    )
}

fn by_template(template: &str) -> Result<Marking, Text> {
    let name = template.trim_end_matches(".xml").rsplit('/').next().unwrap_or_default();
    match name {
        "match_correct" | "CC2_match" | "CC2_match_basic" => Ok(Marking::Correct),
        "map_response" | "CC2_map_response" => Ok(Marking::Mapped),
        other => {
            Err(text!("不支持评分模板 {other}", "the marking template {other} is not supported"))
        }
    }
}

fn by_rules(node: &Node) -> Result<Marking, Text> {
    let (mut strange, mut literal, mut mapped, mut correct, mut within) =
        (None, None, false, false, None);
    node.each(&mut |node| {
        let line = node.line;
        match node.name.as_str() {
            "mapResponse" => mapped = true,
            "correct" => correct = true,
            // A comparison with something else than the declared key.
            "match" if node.child("correct").is_none() => literal = Some(line),
            "equal" => within = tolerance(node),
            name if !PLAIN.contains(&name) => strange = Some((name.to_owned(), line)),
            _ => {}
        }
    });
    if let Some((name, line)) = strange {
        return Err(text!(
            "第 {line} 行：评分规则用了 {name}，无法表达",
            "line {line}: its marking uses {name}, which cannot be expressed here"
        ));
    }
    if let Some(line) = literal {
        return Err(text!(
            "第 {line} 行：评分规则另有自己的答案，无法表达",
            "line {line}: its marking has answers of its own beside the key, which cannot be expressed here"
        ));
    }
    match (mapped, within, correct) {
        (true, ..) => Ok(Marking::Mapped),
        (_, Some(tolerance), _) => Ok(Marking::Within(tolerance)),
        (.., true) => Ok(Marking::Correct),
        _ => Err(text!(
            "评分规则不与正确答案比较，无法表达",
            "its marking does not compare with the right answer, which cannot be expressed here"
        )),
    }
}

/// The tolerance of a comparison of numbers, where it is the same on both sides.
fn tolerance(node: &Node) -> Option<String> {
    match node.attribute("toleranceMode") {
        Some("absolute") => {
            let mut sides = node.attribute("tolerance").unwrap_or("0").split_whitespace();
            let (below, above) = (sides.next()?, sides.next());
            above.is_none_or(|above| above == below).then(|| below.to_owned())
        }
        Some("relative") => None,
        _ => Some("0".to_owned()),
    }
}
