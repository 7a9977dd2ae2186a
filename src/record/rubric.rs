//! Practical exams and reviews by a panel as rule sets plan them: stations, what is scored at
//! each, who judges, how far two judges may be apart and who may not judge at all.
//!
//! ```toml
//! [exam.practical]
//! examiners = 2
//! tolerance = { points = 10 }
//! examiner = { grade = { ladder = "technician", level = "T3" } }
//! draw = [{ group = "maintenance", count = 1 }]
//!
//! [[exam.practical.station]]
//! code = "fluid"
//! title = { zh = "更换制动液", en = "Change the brake fluid" }
//! minutes = 30
//! group = "maintenance"
//! criterion = [
//!     { code = "bleeding", title = { zh = "排气顺序", en = "Bleeding order" }, points = 10 },
//! ]
//! ```
//!
//! Whatever is drawn has the same points in all, so a score is a share of 100 without weights.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::requirement::{Grade, Limit, Requirement};
use crate::{i18n::Text, text};

/// How a practical exam is held and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PracticalPlan {
    /// Two examiners, blind to each other; a third is asked when they differ too much.
    pub examiners: Option<u32>,
    /// Instead of two examiners: a panel of so many, an odd number of three or more.
    pub panel: Option<u32>,
    /// How far two examiners may be apart; needed with `examiners`.
    pub tolerance: Option<Tolerance>,
    #[serde(default)]
    pub adjudicate: Adjudicate,
    /// The highest and the lowest total further apart than this (of 100) are looked at by HR.
    pub spread_flag: Option<Limit>,
    /// Of a panel, more than half have to find that it is passed, besides the mean.
    #[serde(default)]
    pub majority: bool,
    #[serde(default)]
    pub release: Release,
    /// The grade the exam is for.
    pub grade: Option<Grade>,
    #[serde(default)]
    pub tier: Tier,
    /// Who may sit it, besides the waiting rule of the exam.
    pub requires: Option<Requirement>,
    /// What an examiner's own record has to meet on the day.
    pub examiner: Option<Requirement>,
    /// What the third examiner's record has to meet besides.
    pub third: Option<Requirement>,
    /// The courses that prepare for it: who taught the candidate one of them may not examine. Any
    /// course, where none is named.
    #[serde(default)]
    pub courses: Vec<String>,
    #[serde(default)]
    pub conflicts: ConflictPolicy,
    /// So many stations of each group are drawn; stations without a group are required.
    #[serde(default)]
    pub draw: Vec<GroupDraw>,
    #[serde(rename = "station")]
    pub stations: Vec<Station>,
}

/// How far two examiners may be apart; just so far is still within.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tolerance {
    /// Their totals, in points of 100.
    Points(Limit),
    /// Each line of the rubric by itself, in steps of its scale.
    Steps(u32),
}

/// What becomes of the scores once a third examiner has judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adjudicate {
    /// The third one's score counts.
    #[default]
    ThirdDecides,
    /// The mean of the two that are closest; of two pairs equally close, the higher.
    MeanOfTwoClosest,
    MeanOfAll,
}

/// When a result is told and its fact recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Release {
    /// As soon as it is settled, unless it is flagged.
    AtOnce,
    #[default]
    ByDecision,
}

/// Which kind of examiner the exam needs (考评员, 高级考评员).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    #[default]
    Examiner,
    Senior,
}

impl Tier {
    pub fn title(self) -> Text {
        match self {
            Tier::Examiner => text!("考评员", "Examiner"),
            Tier::Senior => text!("高级考评员", "Senior examiner"),
        }
    }
}

/// What a tie between examiner and candidate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Block,
    Warn,
    Off,
}

/// Which ties keep an examiner away (R18). Oneself, a mentor, who taught the course and kin always
/// do; these can be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConflictPolicy {
    /// How long a tie of mentoring or teaching counts after its end; the set's mentoring rules
    /// say it where this is silent, else 24 months.
    pub look_back_months: Option<u32>,
    /// The same site, now or formerly.
    pub same_site: Severity,
    /// One reports to the other.
    pub manager: Severity,
    /// Friendship, business and other ties somebody declared.
    pub declared: Severity,
}

impl Default for ConflictPolicy {
    fn default() -> ConflictPolicy {
        ConflictPolicy {
            look_back_months: None,
            same_site: Severity::Warn,
            manager: Severity::Block,
            declared: Severity::Warn,
        }
    }
}

/// So many stations out of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDraw {
    pub group: String,
    pub count: usize,
}

/// One piece of work, or one part of a review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    pub code: String,
    pub title: Text,
    pub minutes: u32,
    /// The group it is drawn from; required where there is none.
    pub group: Option<String>,
    /// What the candidate is told to do.
    pub task: Option<Text>,
    /// Where to read up: a course.
    pub course: Option<String>,
    #[serde(rename = "criterion")]
    pub criteria: Vec<Criterion>,
}

/// What is judged at a station: by whole points, by a scale of `levels`, or by a list of `steps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    pub code: String,
    pub title: Text,
    /// Left out with `steps`, which have points of their own.
    #[serde(default)]
    pub points: u32,
    /// A scale from the lowest level, which earns nothing, to the highest, which earns it all.
    #[serde(default)]
    pub levels: Vec<Text>,
    /// A check list: each step is done or not.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Nothing earned here fails the whole exam (一票否决).
    #[serde(default)]
    pub critical: bool,
    /// What examiners should look at.
    pub hint: Option<Text>,
}

/// A step of a check list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub title: Text,
    pub points: u32,
    #[serde(default)]
    pub critical: bool,
}

/// One line of the score sheet: a criterion, or a step of one.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreLine {
    /// `CRITERION`, or `CRITERION.N` for its n-th step.
    pub code: String,
    pub title: Text,
    /// The criterion a step belongs to.
    pub of: Option<Text>,
    pub hint: Option<Text>,
    pub critical: bool,
    /// What can be chosen, from the least to the most.
    pub choices: Vec<Choice>,
}

/// One choice of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Hundredths of a point.
    pub points: i64,
    pub label: Text,
}

/// More points than this are too many buttons for a gloved thumb.
const MOST_POINTS: u32 = 20;
const MOST_PANEL: u32 = 15;

impl ScoreLine {
    pub fn points_max(&self) -> i64 {
        self.choices.last().map_or(0, |choice| choice.points)
    }

    /// The place of what was chosen on the scale.
    pub fn step(&self, points: i64) -> Option<usize> {
        self.choices.iter().position(|choice| choice.points == points)
    }
}

impl Station {
    /// Everything that is scored here, in order.
    pub fn lines(&self) -> Vec<ScoreLine> {
        self.criteria.iter().flat_map(Criterion::lines).collect()
    }

    /// Hundredths of a point.
    pub fn points_max(&self) -> i64 {
        self.criteria.iter().map(|criterion| i64::from(criterion.total()) * 100).sum()
    }
}

impl Criterion {
    fn total(&self) -> u32 {
        match self.steps.as_slice() {
            [] => self.points,
            steps => steps.iter().map(|step| step.points).sum(),
        }
    }

    fn lines(&self) -> Vec<ScoreLine> {
        if self.steps.is_empty() {
            return vec![self.one_line()];
        }
        let step = |(n, step): (usize, &Step)| ScoreLine {
            code: format!("{}.{}", self.code, n + 1),
            title: step.title.clone(),
            of: Some(self.title.clone()),
            hint: self.hint.clone().filter(|_| n == 0),
            critical: step.critical || self.critical,
            choices: vec![
                Choice { points: 0, label: text!("未做到", "Not done") },
                Choice { points: i64::from(step.points) * 100, label: text!("做到", "Done") },
            ],
        };
        self.steps.iter().enumerate().map(step).collect()
    }

    fn one_line(&self) -> ScoreLine {
        let all = i64::from(self.points) * 100;
        let choices = if self.levels.is_empty() {
            let points = 0..=i64::from(self.points);
            points.map(|n| Choice { points: n * 100, label: Text::same(n.to_string()) }).collect()
        } else {
            let steps = (self.levels.len() as i64 - 1).max(1);
            let level = |(n, label): (usize, &Text)| Choice {
                points: all * n as i64 / steps,
                label: label.clone(),
            };
            self.levels.iter().enumerate().map(level).collect()
        };
        ScoreLine {
            code: self.code.clone(),
            title: self.title.clone(),
            of: None,
            hint: self.hint.clone(),
            critical: self.critical,
            choices,
        }
    }
}

impl PracticalPlan {
    /// How many judge it, without a third.
    pub fn judges(&self) -> i64 {
        i64::from(self.panel.or(self.examiners).unwrap_or(2))
    }

    pub fn is_panel(&self) -> bool {
        self.panel.is_some()
    }

    /// Every requirement of the plan, to be changed or walked through.
    pub fn requirements_mut(&mut self) -> Vec<&mut Requirement> {
        [&mut self.requires, &mut self.examiner, &mut self.third].into_iter().flatten().collect()
    }

    /// What is wrong with the plan: the name it is about, what it is and what to do.
    pub fn mistakes(&self, exam: &str) -> Vec<(String, Text)> {
        let mut found = Vec::new();
        let mut say = |about: &str, text: Text| found.push((about.to_owned(), text));
        self.judging_mistakes(exam, &mut say);
        self.drawing_mistakes(exam, &mut say);
        if self.stations.is_empty() {
            say(
                exam,
                text!(
                    "“{exam}”没有考位。请加上 [[exam.practical.station]]",
                    "“{exam}” has no station: add [[exam.practical.station]]"
                ),
            );
        }
        let mut seen = BTreeSet::new();
        for station in &self.stations {
            if !seen.insert(&station.code) {
                let code = &station.code;
                say(
                    code,
                    text!(
                        "考位“{code}”定义了两次。请改名",
                        "station “{code}” is defined twice: rename one"
                    ),
                );
            }
            station.mistakes(&mut say);
        }
        found
    }

    fn judging_mistakes(&self, exam: &str, say: &mut dyn FnMut(&str, Text)) {
        match (self.examiners, self.panel) {
            (Some(2), None) => {}
            (None, Some(n)) if n >= 3 && n % 2 == 1 && n <= MOST_PANEL => {}
            (None, Some(_)) => say(
                exam,
                text!(
                    "“{exam}”的评审组须为 3 到 {MOST_PANEL} 的奇数。请改 panel",
                    "the panel of “{exam}” must be an odd number from 3 to {MOST_PANEL}: change panel"
                ),
            ),
            _ => say(
                exam,
                text!(
                    "“{exam}”须写 examiners = 2，或 panel = 3、5……二者之一",
                    "“{exam}” needs either examiners = 2 or panel = 3, 5 …"
                ),
            ),
        }
        if self.examiners.is_some() && self.tolerance.is_none() {
            say(
                exam,
                text!(
                    "“{exam}”没有写两位考评员允许的分差。请加 tolerance = {{ points = 10 }}",
                    "“{exam}” does not say how far two examiners may be apart: add tolerance = {{ points = 10 }}"
                ),
            );
        }
        if self.majority && self.panel.is_none() {
            say(
                exam,
                text!("“{exam}”：majority 只用于评审组", "“{exam}”: majority is for a panel only"),
            );
        }
    }

    fn drawing_mistakes(&self, exam: &str, say: &mut dyn FnMut(&str, Text)) {
        let mut groups: BTreeMap<&str, Vec<&Station>> = BTreeMap::new();
        for station in &self.stations {
            if let Some(group) = &station.group {
                groups.entry(group).or_default().push(station);
            }
        }
        for (group, stations) in &groups {
            let drawn: Vec<usize> = self
                .draw
                .iter()
                .filter(|draw| draw.group == *group)
                .map(|draw| draw.count)
                .collect();
            let all = stations.len();
            if !matches!(drawn.as_slice(), [n] if (1..=all).contains(n)) {
                say(
                    group,
                    text!(
                        "分组“{group}”有 {all} 个考位，须在 draw 中写一次抽几个（1 到 {all}）",
                        "group “{group}” has {all} stations: say once in draw how many are drawn (1 to {all})"
                    ),
                );
            }
            let points: BTreeSet<i64> =
                stations.iter().map(|station| station.points_max()).collect();
            if points.len() > 1 {
                say(
                    group,
                    text!(
                        "分组“{group}”各考位的总分不同，抽到不同考位就不公平。请改为相同",
                        "the stations of group “{group}” have different points, so a draw would not be fair: make them equal"
                    ),
                );
            }
        }
        for draw in self.draw.iter().filter(|draw| !groups.contains_key(draw.group.as_str())) {
            let group = &draw.group;
            say(
                exam,
                text!(
                    "draw 中的分组“{group}”没有考位",
                    "no station belongs to group “{group}” of draw"
                ),
            );
        }
    }
}

impl Station {
    fn mistakes(&self, say: &mut dyn FnMut(&str, Text)) {
        let station = &self.code;
        if self.minutes == 0 || self.criteria.is_empty() {
            say(
                station,
                text!(
                    "考位“{station}”须有时间 minutes 和至少一条 criterion",
                    "station “{station}” needs minutes and at least one criterion"
                ),
            );
        }
        let mut seen = BTreeSet::new();
        for criterion in &self.criteria {
            let code = &criterion.code;
            if !seen.insert(code) || code.is_empty() || code.contains(['.', '/']) {
                say(
                    code,
                    text!(
                        "考位“{station}”的评分项“{code}”重名，或名称含有 . 或 /",
                        "criterion “{code}” of “{station}” stands there twice, or has . or / in its code"
                    ),
                );
            }
            if let Some(text) = criterion.mistake() {
                say(code, text);
            }
        }
    }
}

impl Criterion {
    fn mistake(&self) -> Option<Text> {
        let code = &self.code;
        let fits = |points: u32| (1..=MOST_POINTS).contains(&points);
        if !self.steps.is_empty() {
            let wrong = self.points > 0
                || !self.levels.is_empty()
                || self.steps.iter().any(|step| !fits(step.points));
            return wrong.then(|| text!(
                "评分项“{code}”写了 steps：每步 1 到 {MOST_POINTS} 分，不再写 points 和 levels",
                "criterion “{code}” has steps: each from 1 to {MOST_POINTS} points, and no points or levels besides"
            ));
        }
        if !fits(self.points) {
            return Some(text!(
                "评分项“{code}”须为 1 到 {MOST_POINTS} 分；更多请拆成几项",
                "criterion “{code}” must have 1 to {MOST_POINTS} points: split a larger one"
            ));
        }
        let steps = self.levels.len() as u32;
        let even =
            steps == 0 || (2..=7).contains(&steps) && (self.points * 100).is_multiple_of(steps - 1);
        (!even).then(|| {
            text!(
                "评分项“{code}”的 levels 须为 2 到 7 级，并能平分 points",
                "the levels of criterion “{code}” must be 2 to 7 and divide its points evenly"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(toml: &str) -> PracticalPlan {
        toml::from_str(toml).unwrap()
    }

    const STATION: &str = r#"
        title = { zh = "考位", en = "Station" }
        minutes = 10
        criterion = [{ code = "a", title = { zh = "甲", en = "A" }, points = 10 }]
    "#;

    fn with(head: &str, stations: &[&str]) -> PracticalPlan {
        let stations: String =
            stations.iter().map(|more| format!("[[station]]\n{more}\n{STATION}")).collect();
        plan(&format!("{head}\n{stations}"))
    }

    #[test]
    fn what_cannot_be_judged_fairly_is_refused_on_load() {
        let fair = "examiners = 2\ntolerance = { points = 10 }";
        for (head, stations, wrong) in [
            (fair, vec!["code = \"one\""], ""),
            ("panel = 3", vec!["code = \"one\""], ""),
            ("panel = 4", vec!["code = \"one\""], "odd number"),
            ("panel = 1", vec!["code = \"one\""], "odd number"),
            (
                "examiners = 3\ntolerance = { steps = 1 }",
                vec!["code = \"one\""],
                "either examiners",
            ),
            ("examiners = 2", vec!["code = \"one\""], "how far"),
            (fair, vec!["code = \"one\"", "code = \"one\""], "twice"),
            (fair, vec!["code = \"one\"\ngroup = \"g\""], "how many are drawn"),
            (
                "examiners = 2\ntolerance = { points = 10 }\ndraw = [{ group = \"g\", count = 1 }]",
                vec!["code = \"one\""],
                "no station belongs",
            ),
        ] {
            let found = with(head, &stations).mistakes("exam");
            match wrong {
                "" => assert!(found.is_empty(), "{head}: {found:?}"),
                wrong => assert!(
                    found.iter().any(|(_, text)| text.en.contains(wrong)),
                    "{head}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn a_scale_gives_nothing_for_its_lowest_level_and_all_for_its_highest() {
        let words = |n: usize| (0..n).map(|n| Text::same(n.to_string())).collect();
        let line = Criterion {
            code: "q".into(),
            title: Text::default(),
            points: 10,
            levels: words(5),
            steps: Vec::new(),
            critical: true,
            hint: None,
        };
        assert_eq!(line.mistake(), None);
        let points: Vec<i64> = line.lines()[0].choices.iter().map(|choice| choice.points).collect();
        assert_eq!(points, [0, 250, 500, 750, 1000]);
        assert!(Criterion { levels: words(8), ..line }.mistake().is_some());
    }

    #[test]
    fn a_word_the_grammar_does_not_know_is_refused() {
        let unknown = "examiners = 2\ntolerance = { points = 10 }\nblind = false\nstation = []";
        assert!(toml::from_str::<PracticalPlan>(unknown).is_err());
    }
}
