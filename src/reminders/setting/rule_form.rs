//! A rule as a form: what is shown in it, and what comes back.

use crate::{
    i18n::Text,
    reminders::{
        defaults::{self, MOST_STEPS},
        model::{Hours, Rule, Source, Step, To},
    },
    text,
    web::Problems,
};

/// The address of the form for a rule that is not there yet.
pub const NEW: &str = "new";

/// What a form says, field by field, as it came or as it is to be shown.
#[derive(Clone, Debug, Default)]
pub struct RuleForm {
    fields: Vec<(String, String)>,
}

impl RuleForm {
    pub fn read(fields: Vec<(String, String)>) -> RuleForm {
        RuleForm { fields }
    }

    /// A rule, to be shown.
    pub fn of(rule: &Rule) -> RuleForm {
        let mut form = RuleForm::default();
        let mut put =
            |name: &str, value: &str| form.fields.push((name.to_owned(), value.to_owned()));
        put("code", &rule.code);
        put("source", rule.source.word());
        put("title_zh", &rule.title.zh);
        put("title_en", &rule.title.en);
        put("only", &rule.only.join(", "));
        put("late_days", &rule.late_days.to_string());
        put("hours", rule.hours.word());
        if let Some(at_least) = rule.at_least {
            put("at_least", &at_least.to_string());
        }
        for (name, is_set) in [("on", rule.on), ("optional", rule.optional)] {
            if is_set {
                put(name, "yes");
            }
        }
        rule.digest.iter().for_each(|to| put(&format!("digest_{}", to.word()), "yes"));
        for (n, step) in rule.steps.iter().enumerate() {
            put(&format!("days_{n}"), &step.days.to_string());
            step.to.iter().for_each(|to| put(&format!("to_{n}_{}", to.word()), "yes"));
        }
        form
    }

    /// An empty one, for a new rule.
    pub fn blank() -> RuleForm {
        let fields = [("on", "yes"), ("late_days", "30"), ("hours", Hours::Daytime.word())];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        RuleForm { fields: fields.into() }
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    pub fn has(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// How many lines for steps the form has: those filled in, and a few to spare.
    pub fn lines(&self) -> usize {
        let filled = (0..MOST_STEPS).filter(|n| self.has(&format!("days_{n}"))).max();
        (filled.map_or(0, |last| last + 1) + 3).min(MOST_STEPS)
    }

    /// The rule it says, or what is wrong with it.
    pub fn rule(&self, problems: &mut Problems) -> Option<Rule> {
        let number = |name: &str, problems: &mut Problems| match self.value(name).parse::<u32>() {
            Ok(number) => number,
            Err(_) => {
                problems.add(name, text!("请填写整数天数。", "Write a whole number."));
                0
            }
        };
        let source = Source::parse(self.value("source"));
        if source.is_none() {
            problems.add("source", text!("请选择提醒的事项。", "Choose what it looks at."));
        }
        let late_days = number("late_days", problems);
        let at_least = match source {
            Some(Source::CoverageAtRisk) => Some(number("at_least", problems)),
            _ => None,
        };
        let only = self.value("only").split([',', '，', '、', ' ', '\n']);
        let rule = Rule {
            code: self.value("code").to_owned(),
            source: source?,
            title: Text::new(self.value("title_zh"), self.value("title_en")),
            on: self.has("on"),
            only: only.filter(|code| !code.is_empty()).map(str::to_owned).collect(),
            at_least,
            steps: self.steps(problems),
            late_days,
            digest: self.chosen("digest_"),
            hours: Hours::parse(self.value("hours")).unwrap_or(Hours::Daytime),
            optional: self.has("optional"),
        };
        if problems.is_empty()
            && let Err(wrong) = defaults::check(&rule)
        {
            problems.add("rule", wrong);
        }
        if !self.has("why") {
            problems.add("why", text!("请写明修改原因。", "Say why it is changed."));
        }
        problems.is_empty().then_some(rule)
    }

    fn chosen(&self, prefix: &str) -> Vec<To> {
        let all = To::ALL.iter().copied();
        all.filter(|to| self.has(&format!("{prefix}{}", to.word()))).collect()
    }

    fn steps(&self, problems: &mut Problems) -> Vec<Step> {
        let mut steps = Vec::new();
        for n in 0..MOST_STEPS {
            let name = format!("days_{n}");
            if !self.has(&name) {
                continue;
            }
            match self.value(&name).parse() {
                Ok(days) => steps.push(Step { days, to: self.chosen(&format!("to_{n}_")) }),
                Err(_) => problems.add("rule", text!(
                    "步骤的天数要写整数：之前为正，之后为负。",
                    "The days of a step are a whole number: above zero before the due date, below zero after it."
                )),
            }
        }
        steps.sort_by_key(|step| -step.days);
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reminders::defaults::ReminderRules;

    #[test]
    fn every_built_in_rule_survives_its_form() {
        let rules = ReminderRules::parse(include_str!("../../../course-content/reminders.toml"));
        for rule in rules.unwrap().iter() {
            let mut form = RuleForm::of(rule);
            form.fields.push(("why".to_owned(), "a test".to_owned()));
            let mut problems = Problems::default();
            assert_eq!(form.rule(&mut problems).as_ref(), Some(rule), "{problems:?}");
        }
    }
}
