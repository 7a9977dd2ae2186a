//! Laws every verdict obeys, tried on random requirements and random people.

use chrono::NaiveDate;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    case::Case,
    context::Context,
    fact::{Amount, Fact, Kind},
    period::days_after,
    programme::{GradePlan, Ladder},
    requirement::*,
    verdict::{self, earliest, is_met, judge},
};
use crate::i18n::Text;

const CODES: [&str; 3] = ["a", "b", "c"];
const LEVELS: [&str; 3] = ["L3", "L2", "L1"];

fn context() -> Context {
    let mut context = Context::default();
    let grades = LEVELS.iter().zip(1..).map(|(level, rank)| GradePlan {
        level: level.to_string(),
        rank,
        name: Text::same(*level),
        note: None,
        appointed: false,
    });
    for code in CODES {
        context.add_ladder(Ladder {
            code: code.into(),
            title: Text::same(code),
            track: None,
            twin: None,
            re_entry_level: None,
            occupations: vec![],
            grades: grades.clone().collect(),
        });
    }
    context.relate_occupations("a", &["b".into()]);
    let by = Rule::Certificate(Certificate {
        code: "b".into(),
        strictly: false,
        for_months: 0,
        ever: false,
    });
    context.deem("a", by.into());
    context
}

fn code() -> impl Strategy<Value = String> + Clone {
    select(&CODES[..]).prop_map(String::from)
}

fn some_day() -> impl Strategy<Value = NaiveDate> + Clone {
    (0u32..3000).prop_map(|days| days_after("2016-01-01".parse().unwrap(), days))
}

fn a_fact() -> impl Strategy<Value = Fact> {
    let level = prop_oneof![
        select(&LEVELS[..]).prop_map(String::from),
        select(&["completed", "online", "1", "2", "3"][..]).prop_map(String::from),
    ];
    let kind = select(&Kind::ALL[..]);
    let amount = option::weighted(0.8, (0i64..100, 1i64..3));
    let shape = (kind, code(), option::weighted(0.8, level), amount, some_day());
    (shape, option::of(0u32..1500)).prop_map(|((kind, code, level, amount, from), length)| {
        let code = match kind {
            Kind::Education => EDUCATION[code.len() % EDUCATION.len()].to_owned(),
            _ => code,
        };
        let amount = amount.map(|(numerator, denominator)| Amount { numerator, denominator });
        let through = length.map(|days| days_after(from, days));
        Fact { id: 0, kind, code, level, amount, unit: None, from, through }
    })
}

fn person() -> impl Strategy<Value = Vec<Fact>> {
    vec(a_fact(), 0..40).prop_map(|mut facts| {
        facts.iter_mut().zip(1..).for_each(|(fact, id)| fact.id = id);
        verdict::sort(&mut facts);
        facts
    })
}

fn months() -> impl Strategy<Value = Option<u32>> {
    option::of(1u32..40)
}

fn grade() -> impl Strategy<Value = Grade> {
    let level = select(&LEVELS[..]).prop_map(String::from);
    (code(), level, any::<bool>(), 0u32..30, option::weighted(0.2, some_day())).prop_map(
        |(ladder, level, exact, for_months, since)| Grade {
            ladder,
            level,
            exact,
            for_months,
            since,
        },
    )
}

fn milestone() -> impl Strategy<Value = Milestone> {
    prop_oneof![
        grade().prop_map(Milestone::Grade),
        code().prop_map(Milestone::Certificate),
        code().prop_map(Milestone::Exam),
    ]
}

fn tenure() -> impl Strategy<Value = Rule> {
    let mode = select(&[Mode::Cumulative, Mode::Continuous][..]);
    let shape = (code(), any::<bool>(), 0u32..4, 0u32..12, 0u32..3, mode, 0u32..60);
    let by = code().prop_map(|code| Rule::Health(Health { code }).into());
    (shape, option::of(milestone()), option::of((by, 1u32..12))).prop_map(|(shape, after, by)| {
        let (code, related, years, months, plus_days, mode, max_gap_days) = shape;
        let substitutes = by.map(|(by, months)| Substitute { by, months }).into_iter().collect();
        Rule::Tenure(Tenure {
            occupations: vec![code],
            related,
            years,
            months,
            plus_days,
            mode,
            max_gap_days,
            after,
            substitutes,
            substitute_max_months: Some(6),
        })
    })
}

fn exam() -> impl Strategy<Value = Rule> {
    let after = option::weighted(0.3, code());
    let part = (code(), 0i64..80, 1u32..4, months(), after, months()).prop_map(
        |(code, min, weight, valid_months, after, after_within_months)| Part {
            code,
            min: Limit::whole(min),
            weight,
            valid_months,
            after,
            after_within_months,
        },
    );
    let counts = select(&[Counts::Last, Counts::Best][..]);
    let composite = option::of((10i64..70).prop_map(Limit::whole));
    (vec(part, 1..3), counts, composite).prop_map(|(parts, counts, composite_min)| {
        Rule::Exam(Exam { parts, counts, composite_min })
    })
}

fn measured() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (code(), 1u32..24, 0i64..200, 0i64..4).prop_map(|(metric, months, least, min_n)| {
            let at_least = Some(Limit::parse(&format!("{least}/4")).unwrap());
            Rule::Kpi(Kpi { metric, months, at_least, at_most: None, min_n })
        }),
        (code(), 0i64..100, option::of(0u32..100), months(), option::of(milestone())).prop_map(
            |(code, min, online_max_percent, within_months, after)| {
                let (min, courses) = (Limit::whole(min), vec![code]);
                Rule::ClassHours(ClassHours {
                    min,
                    courses,
                    online_max_percent,
                    within_months,
                    after,
                })
            }
        ),
        (code(), 0i64..100, months()).prop_map(|(task, min, within_months)| Rule::Logbook(
            Logbook { task, min, within_months }
        )),
        (code(), 1u32..4).prop_map(|(code, min)| Rule::Skill(Skill { code, min })),
        (code(), 1u32..3, months()).prop_map(|(code, completed, within_months)| {
            Rule::Mentoring(Mentoring { code: Some(code), completed, within_months })
        }),
        (code(), 0u32..100, option::of(1u32..4), months(), option::of(code())).prop_map(
            |(exam, full_days, max_attempts, within_months, waived_by_course)| {
                let wait =
                    ExamWait { exam, full_days, max_attempts, within_months, waived_by_course };
                Rule::ExamWait(wait)
            }
        ),
    ]
}

fn leaf() -> impl Strategy<Value = Requirement> {
    let simple = prop_oneof![
        grade().prop_map(Rule::Grade),
        (code(), any::<bool>(), 0u32..20, any::<bool>()).prop_map(
            |(code, strictly, for_months, ever)| {
                Rule::Certificate(Certificate { code, strictly, for_months, ever })
            }
        ),
        (code(), months(), option::of(milestone())).prop_map(|(code, within_months, after)| {
            Rule::Course(Course { code, within_months, after })
        }),
        (code(), 1u32..12, vec(milestone(), 1..3)).prop_map(|(code, away_months, restored_by)| {
            let occupations = vec![code];
            Rule::Active(Active { occupations, related: true, away_months, restored_by })
        }),
        (0u32..10, option::of(5u32..20))
            .prop_map(|(min, max)| Rule::Age(Age { min: Some(min), max })),
        code().prop_map(|code| Rule::Health(Health { code })),
        (code(), months()).prop_map(|(code, within_months)| {
            Rule::Incident(Incident { code: Some(code), within_months })
        }),
        (code(), 1u32..3, months()).prop_map(|(code, min, within_months)| {
            Rule::Award(Award { code: Some(code), min, within_months })
        }),
        (code(), 0u32..20).prop_map(|(code, for_months)| Rule::Position(Position {
            one_of: vec![code],
            for_months
        })),
    ];
    prop_oneof![3 => simple, 1 => tenure(), 1 => exam(), 2 => measured()]
        .prop_map(Requirement::from)
}

fn requirement() -> impl Strategy<Value = Requirement> {
    leaf().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(|of| Rule::All(of).into()),
            vec(inner.clone(), 1..4).prop_map(|of| Rule::Any(of).into()),
            vec(inner.clone(), 1..3).prop_map(|of| Rule::None(of).into()),
            (vec(inner, 1..4), 1usize..3)
                .prop_map(|(of, n)| { Rule::AtLeast(AtLeast { n: n.min(of.len()), of }).into() }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn the_earliest_day_is_met_and_no_day_before_it_is(
        requirement in requirement(), facts in person(), on in some_day(),
        samples in vec(0u32..4000, 20),
    ) {
        let context = context();
        let first = earliest(&requirement, &context, &facts, on);
        if let Some(first) = first {
            prop_assert!(first >= on && is_met(&requirement, &context, &facts, first));
        }
        let near = 0..40;
        for days in samples.into_iter().chain(near) {
            let day = days_after(on, days);
            let before = first.is_none_or(|first| day < first);
            prop_assert!(!(before && is_met(&requirement, &context, &facts, day)), "{day} < {first:?}");
        }
        if let Some(eve) = first.and_then(|first| first.pred_opt()).filter(|eve| *eve >= on) {
            prop_assert!(!is_met(&requirement, &context, &facts, eve), "{eve}");
        }
    }

    #[test]
    fn a_truth_lasts_as_long_as_it_says(
        requirement in requirement(), facts in person(), on in some_day(), ahead in 0u32..3000,
    ) {
        let context = context();
        let truth = Case::new(&context, &facts, on).truth(&requirement);
        for day in [days_after(on, ahead), days_after(on, ahead / 50), truth.through] {
            if day <= truth.through && day < days_after(on, 20_000) {
                prop_assert_eq!(is_met(&requirement, &context, &facts, day), truth.met, "{}", day);
            }
        }
    }

    #[test]
    fn the_fast_answer_and_the_explanation_agree_and_repeat(
        requirement in requirement(), facts in person(), on in some_day(),
    ) {
        let context = context();
        let line = judge(&requirement, &context, &facts, on);
        prop_assert_eq!(line.met, is_met(&requirement, &context, &facts, on));
        prop_assert_eq!(line.earliest, earliest(&requirement, &context, &facts, on));
        prop_assert_eq!(line.met, line.missing.is_none());
        prop_assert!(!line.text.zh.is_empty() && !line.text.en.is_empty());
        prop_assert_eq!(judge(&requirement, &context, &facts, on), line);
    }

    #[test]
    fn facts_of_other_codes_change_nothing(
        requirement in requirement(), facts in person(), others in person(), on in some_day(),
    ) {
        let context = context();
        // Any employment says since when it is known where somebody worked.
        let mut asks_where = false;
        requirement.visit(&mut |rule| asks_where |= matches!(rule, Rule::Active(_)));
        let strange = others.into_iter().filter(|fact| {
            let known = matches!(fact.kind, Kind::Education | Kind::Birth);
            !known && (!asks_where || fact.kind != Kind::Employment)
        });
        let mut more = facts.clone();
        more.extend(strange.map(|fact| Fact { code: "elsewhere".into(), ..fact }));
        verdict::sort(&mut more);
        let judged = |facts: &[Fact]| earliest(&requirement, &context, facts, on);
        prop_assert_eq!(judged(&facts), judged(&more));
    }

    #[test]
    fn all_is_and_any_is_or_none_is_neither(
        left in requirement(), right in requirement(), facts in person(), on in some_day(),
    ) {
        let context = context();
        let met = |requirement: &Requirement| is_met(requirement, &context, &facts, on);
        let (one, other) = (met(&left), met(&right));
        let both = vec![left, right];
        prop_assert_eq!(met(&Rule::All(both.clone()).into()), one && other);
        prop_assert_eq!(met(&Rule::Any(both.clone()).into()), one || other);
        prop_assert_eq!(met(&Rule::None(both).into()), !one && !other);
    }

    #[test]
    fn a_requirement_survives_json_and_toml(requirement in requirement()) {
        let json = serde_json::to_string(&requirement).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Requirement>(&json).unwrap(), &requirement);
        let toml = toml::to_string(&requirement).unwrap();
        prop_assert_eq!(&toml::from_str::<Requirement>(&toml).unwrap(), &requirement);
    }
}
