//! Pure decisions: which exams there are, what each is for, whether somebody may sit one today.

use chrono::NaiveDate;

use crate::{
    i18n::Text,
    record::{
        Amount, Fact, Rules,
        blueprint::Blueprint,
        programme::{ExamPlan, RuleSet},
        requirement::{Requirement, Rule},
        verdict,
    },
    text,
};

/// An exam that is sat in the browser.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    pub set: &'a RuleSet,
    pub plan: &'a ExamPlan,
    /// The pass mark that judges set and somebody adopted, in hundredths; the plan's else.
    cut: Option<i64>,
    /// What a blueprint published in the browser makes of it.
    size: Option<Size>,
}

/// How large a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Scored ones.
    pub questions: u32,
    /// Where the blueprint says.
    pub minutes: Option<u32>,
}

impl<'a> Offer<'a> {
    /// `RULESET/NAME`.
    pub fn code(&self) -> String {
        self.set.qualified(&self.plan.code)
    }

    pub fn path(&self) -> String {
        format!("/exams/{}", self.code())
    }

    pub fn find(rules: &'a Rules, code: &str) -> Option<Offer<'a>> {
        let (set, plan) = rules.exam(code)?;
        Some(Offer { set, plan, cut: None, size: None }).filter(Offer::is_sat_here)
    }

    fn is_sat_here(&self) -> bool {
        self.plan.bank.is_some() && !self.plan.recorded
    }

    /// The same, as large as its papers really are.
    pub fn sized(self, size: Size) -> Offer<'a> {
        Offer { size: Some(size), ..self }
    }

    pub fn questions(&self) -> u32 {
        let planned = match &self.plan.blueprint {
            Some(blueprint) => blueprint.questions(),
            None => self.plan.draw.iter().map(|draw| draw.count).sum(),
        };
        self.size.map_or(planned, |size| size.questions)
    }

    pub fn minutes(&self) -> i64 {
        let of_blueprint = self.plan.blueprint.as_ref().and_then(Blueprint::minutes);
        let of_size = self.size.and_then(|size| size.minutes);
        i64::from(of_size.or(self.plan.minutes).or(of_blueprint).unwrap_or(60))
    }

    /// The same exam held to an adopted pass mark, where there is one.
    pub fn with_cut(self, cut: Option<i64>) -> Offer<'a> {
        Offer { cut, ..self }
    }

    /// Out of 100.
    pub fn pass_mark(&self) -> Amount {
        self.cut.map_or(self.plan.pass.0, |cut| Amount { numerator: cut, denominator: 100 })
    }

    /// In hundredths of a point, rounded up, as an attempt keeps it.
    pub fn pass_score(&self) -> i64 {
        if let Some(cut) = self.cut {
            return cut;
        }
        let pass = self.plan.pass.0;
        let below = i128::from(pass.denominator.max(1));
        let hundredths = (i128::from(pass.numerator) * 100 + below - 1).div_euclid(below);
        i64::try_from(hundredths).unwrap_or(i64::MAX)
    }
}

/// The exams that can be sat on a day.
pub fn offered(rules: &Rules, today: NaiveDate) -> Vec<Offer<'_>> {
    let in_force = rules.sets().filter(|set| set.applies(today));
    in_force
        .flat_map(|set| {
            set.exams.iter().map(move |plan| Offer { set, plan, cut: None, size: None })
        })
        .filter(Offer::is_sat_here)
        .collect()
}

/// What an exam is called, also when no rule set plans it any more.
pub fn title(rules: &Rules, code: &str) -> Text {
    rules.exam(code).map_or_else(|| Text::same(code), |(_, plan)| plan.title.clone())
}

/// What an exam leads to.
pub struct Purpose {
    pub certification: Text,
    /// The courses its certification asks for besides: where to read up.
    pub courses: Vec<String>,
}

/// The certifications that name an exam, for issue or renewal.
pub fn purposes(rules: &Rules, offer: Offer<'_>) -> Vec<Purpose> {
    let code = offer.plan.fact_code(offer.set);
    let certifications = rules.sets().flat_map(|set| &set.certifications);
    certifications
        .filter_map(|certification| {
            let named = certification.demands().any(|requirement| names_exam(requirement, &code));
            named.then(|| Purpose {
                certification: certification.title.clone(),
                courses: courses(&certification.requires),
            })
        })
        .collect()
}

/// The codes of the certifications that ask for exams with this fact code, for issue or renewal.
pub fn certifications_asking(rules: &Rules, code: &str) -> Vec<String> {
    let all = rules.sets().flat_map(|set| set.certifications.iter().map(move |one| (set, one)));
    let asks = all.filter(|(_, one)| one.demands().any(|asked| names_exam(asked, code)));
    asks.map(|(set, one)| set.qualified(&one.code)).collect()
}

fn names_exam(requirement: &Requirement, code: &str) -> bool {
    let mut named = false;
    requirement.visit(&mut |rule| {
        if let Rule::Exam(exam) = rule {
            named |= exam.parts.iter().any(|part| part.code == code);
        }
    });
    named
}

fn courses(requirement: &Requirement) -> Vec<String> {
    let mut codes = Vec::new();
    requirement.visit(&mut |rule| {
        if let Rule::Course(course) = rule {
            codes.push(course.code.clone());
        }
    });
    codes
}

/// Where to read up for an exam: the course of its bank's name first, then what its
/// certifications ask for.
pub fn reading(rules: &Rules, offer: Offer<'_>) -> Vec<String> {
    let mut codes: Vec<String> = offer.plan.bank.iter().cloned().collect();
    codes.extend(purposes(rules, offer).into_iter().flat_map(|purpose| purpose.courses));
    let mut seen = Vec::new();
    codes.retain(|code| {
        let new = !seen.contains(code);
        seen.push(code.clone());
        new
    });
    codes
}

/// Whether somebody may sit an exam, and if not, why and from when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    Later {
        why: Text,
        first_day: NaiveDate,
    },
    /// Time alone does not help.
    Never {
        why: Text,
    },
}

/// Judges the waiting rule of a plan on the record.
pub fn turn(rules: &Rules, offer: Offer<'_>, facts: &[Fact], today: NaiveDate) -> Turn {
    let rule = Rule::ExamWait(offer.plan.wait(offer.set));
    let requirement = Requirement { name: None, note: None, rule };
    let line = verdict::judge(&requirement, rules.context(), facts, today);
    if line.met {
        return Turn::Now;
    }
    let why = match offer.plan.max_attempts {
        None => {
            let days = offer.plan.wait_full_days;
            text!(
                "两次考试之间须满 {days} 个整日。",
                "{days} full days must lie between two attempts."
            )
        }
        Some(_) => line.text.clone(),
    };
    match line.earliest {
        Some(first_day) => Turn::Later { why, first_day },
        None => Turn::Never { why },
    }
}
