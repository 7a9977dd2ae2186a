//! The rules of reminders as course-content says them, and what makes a rule a sound one.

use std::{collections::BTreeSet, ops::Deref, sync::Arc};

use serde::Deserialize;

use super::model::{Rule, Source};
use crate::{i18n::Text, text};

/// The rules of the file. Cheap to clone; what an administrator changed stands in the database.
#[derive(Clone, Debug)]
pub struct ReminderRules(Arc<[Rule]>);

impl Deref for ReminderRules {
    type Target = [Rule];

    fn deref(&self) -> &[Rule] {
        &self.0
    }
}

impl ReminderRules {
    /// Reads `reminders.toml`. What is wrong with it is said for whoever wrote it.
    pub fn parse(file: &str) -> Result<ReminderRules, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default, rename = "rule")]
            rules: Vec<Rule>,
        }
        let wrong = |what: String| format!("reminders.toml: {what}");
        let file: File = toml::from_str(file).map_err(|error| wrong(error.to_string()))?;
        let mut codes = BTreeSet::new();
        let mut rules = file.rules;
        for rule in &mut rules {
            rule.steps.sort_by_key(|step| -step.days);
            check(rule).map_err(|Text { zh, en }| wrong(format!("{}: {en}\n  {zh}", rule.code)))?;
            if !codes.insert(rule.code.clone()) {
                return Err(wrong(format!("{} stands there twice / 重复", rule.code)));
            }
        }
        Ok(ReminderRules(rules.into()))
    }
}

/// The most steps a rule may have: everything beyond would be noise.
pub const MOST_STEPS: usize = 16;
/// How far from the due date a step may lie.
pub const FARTHEST_STEP: i32 = 730;
/// The longest a missed step may still be sent.
pub const LATEST: u32 = 730;

/// Whether a rule makes sense; what does not is named with its remedy.
pub fn check(rule: &Rule) -> Result<(), Text> {
    let sound_code = !rule.code.is_empty()
        && rule.code.len() <= 64
        && rule.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !sound_code {
        return Err(text!(
            "代码只能用小写字母、数字和连字符。",
            "The code takes small letters, digits and hyphens."
        ));
    }
    if rule.title.is_blank() {
        return Err(text!("请填写名称。", "Give it a title."));
    }
    if rule.steps.is_empty() || rule.steps.len() > MOST_STEPS {
        return Err(text!(
            "请填写 1 到 {MOST_STEPS} 个步骤。",
            "Give it from 1 to {MOST_STEPS} steps."
        ));
    }
    if rule.steps.iter().any(|step| step.to.is_empty()) {
        return Err(text!("每个步骤至少要选一类收件人。", "Every step needs somebody to tell."));
    }
    let mut days: Vec<i32> = rule.steps.iter().map(|step| step.days).collect();
    days.sort_unstable();
    if days.windows(2).any(|two| two[0] == two[1]) {
        return Err(text!("同一天不能有两个步骤。", "Two steps fall on one day; make them one."));
    }
    if days.iter().any(|days| days.abs() > FARTHEST_STEP) || rule.late_days > LATEST {
        return Err(text!(
            "天数须在 {FARTHEST_STEP} 天以内。",
            "Days must lie within {FARTHEST_STEP} of the due date."
        ));
    }
    if rule.source == Source::CoverageAtRisk
        && (rule.only.len() != 1 || rule.at_least.unwrap_or(0) == 0)
    {
        return Err(text!(
            "请写明一种证书，以及每个站点至少需要几名持证人。",
            "Name one certification and how many holders each site needs."
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../course-content/reminders.toml");

    #[test]
    fn the_built_in_rules_cover_every_source_once() {
        let rules = ReminderRules::parse(FILE).unwrap();
        let sources: BTreeSet<Source> = rules.iter().map(|rule| rule.source).collect();
        assert_eq!(sources.len(), Source::ALL.len());
        assert_eq!(rules.len(), Source::ALL.len());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, named) in [
            (
                "days = 90, to = [\"person\", \"manager\"]",
                "days = 60, to = [\"person\"]",
                "one day",
            ),
            ("days = 90, to = [\"person\", \"manager\"]", "days = 90, to = []", "somebody to tell"),
            ("days = 90, to", "days = 9000, to", "730"),
            ("code = \"review-due\"", "code = \"certificate-expiring\"", "twice"),
            ("code = \"review-due\"", "code = \"Review due\"", "hyphens"),
            ("hours = \"daytime\"", "hours = \"night\"", "night"),
            ("at_least = 1\n", "", "how many holders"),
            ("late_days = 90", "late_dys = 90", "late_dys"),
        ] {
            assert!(FILE.contains(from), "{from}");
            let problem = ReminderRules::parse(&FILE.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(named), "{problem}");
        }
    }
}
