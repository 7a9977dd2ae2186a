//! The verdict: every line of a requirement, met or not, by which evidence, what is missing, and
//! the first day on which time alone would meet it.
//!
//! [`is_met`] and [`earliest`] answer boards over a whole network and allocate nothing; [`judge`]
//! explains one person to a reader. All three ask the same leaves ([`super::case`]), so they
//! cannot disagree.
//!
//! Facts are one person's, without voided ones, in the order of [`sort`].

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    case::Case,
    context::Context,
    fact::{Fact, Kind},
    requirement::{Requirement, Rule},
    wording,
};
use crate::i18n::Text;

/// One line of a verdict, with the lines inside it. A decision keeps it as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What is demanded.
    pub text: Text,
    /// The name of the route or demand, where the rule set gives one.
    pub name: Option<Text>,
    pub note: Option<Text>,
    pub met: bool,
    /// The first day, from the day judged on, on which time alone meets it.
    pub earliest: Option<NaiveDate>,
    /// The facts that count for it.
    pub evidence: Vec<Evidence>,
    /// What is missing; nothing when it is met.
    pub missing: Option<Text>,
    /// For a met `any`: the place among `lines` of the route that was used (R01).
    pub route: Option<usize>,
    pub lines: Vec<Line>,
}

/// A fact that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub fact: i64,
    pub kind: Kind,
    pub code: String,
    pub level: Option<String>,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

impl From<&Fact> for Evidence {
    fn from(fact: &Fact) -> Evidence {
        let Fact { id, kind, code, level, from, through, .. } = fact.clone();
        Evidence { fact: id, kind, code, level, from, through }
    }
}

/// Puts one person's facts in the order judging needs.
pub fn sort(facts: &mut [Fact]) {
    facts.sort_by(|a, b| {
        (a.kind, a.code.as_str(), a.from, a.id).cmp(&(b.kind, b.code.as_str(), b.from, b.id))
    });
}

/// Whether the requirement is met on the day.
pub fn is_met(requirement: &Requirement, context: &Context, facts: &[Fact], on: NaiveDate) -> bool {
    Case::new(context, facts, on).is_met(requirement)
}

/// The first day, from `on` on, on which time alone meets the requirement.
pub fn earliest(
    requirement: &Requirement,
    context: &Context,
    facts: &[Fact],
    on: NaiveDate,
) -> Option<NaiveDate> {
    Case::new(context, facts, on).earliest(requirement)
}

/// The whole verdict, for a reader.
pub fn judge(requirement: &Requirement, context: &Context, facts: &[Fact], on: NaiveDate) -> Line {
    line(requirement, &Case::new(context, facts, on))
}

fn line(requirement: &Requirement, case: &Case) -> Line {
    let lines: Vec<Line> = requirement.children().iter().map(|inner| line(inner, case)).collect();
    let mut evidence: Vec<Evidence> = Vec::new();
    case.leaf(&requirement.rule, &mut |fact: &Fact| evidence.push(fact.into()));
    evidence.dedup();
    let earliest = case.earliest(requirement);
    let met = earliest == Some(case.on);
    let route = route(requirement, &lines);
    let missing = (!met).then(|| wording::missing(requirement, case, earliest, &lines));
    let text = wording::text(requirement, case.context, route.map(|at| &lines[at]));
    let (name, note) = (requirement.name.clone(), requirement.note.clone());
    Line { text, name, note, met, earliest, evidence, missing, route, lines }
}

/// The first met branch of an `any`.
fn route(requirement: &Requirement, lines: &[Line]) -> Option<usize> {
    let choice = matches!(requirement.rule, Rule::Any(_));
    lines.iter().position(|line| line.met).filter(|_| choice)
}

impl Line {
    /// What readers call this line: its name, or else what it demands.
    pub fn title(&self) -> &Text {
        self.name.as_ref().unwrap_or(&self.text)
    }

    /// The branch by which an `any` is met.
    pub fn route_used(&self) -> Option<&Line> {
        self.route.and_then(|at| self.lines.get(at))
    }

    /// The fact ids of all evidence in the tree.
    pub fn facts(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.evidence.iter().map(|evidence| evidence.fact).collect();
        self.lines.iter().for_each(|line| ids.extend(line.facts()));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The answer for other programs. `source` says where a fact came from, by its id.
    pub fn to_json(&self, source: &dyn Fn(i64) -> Option<String>) -> Value {
        let evidence: Vec<Value> =
            self.evidence.iter().map(|one| one.to_json(source(one.fact))).collect();
        let lines: Vec<Value> = self.lines.iter().map(|line| line.to_json(source)).collect();
        json!({
            "text": self.text,
            "met": self.met,
            "earliest": self.earliest,
            "evidence": evidence,
            "missing": self.missing,
            "lines": lines,
        })
    }

    /// The same with sources from a table.
    pub fn to_json_with(&self, sources: &HashMap<i64, String>) -> Value {
        self.to_json(&|fact| sources.get(&fact).cloned())
    }
}

impl Evidence {
    fn to_json(&self, source: Option<String>) -> Value {
        let mut value = json!({
            "kind": self.kind,
            "code": self.code,
            "from": self.from,
            "through": self.through,
            "source": source,
        });
        if let Some(level) = &self.level {
            value["level"] = json!(level);
        }
        value
    }
}
