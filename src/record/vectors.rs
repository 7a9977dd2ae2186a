//! The acceptance vectors of the domain, judged with the rule sets as shipped.
use std::path::PathBuf;

use chrono::NaiveDate;

use super::{
    fact::{Amount, Fact, Kind},
    programme::Programmes,
    requirement::{Requirement, Rule},
    verdict::{self, Line},
};

fn day(word: &str) -> NaiveDate {
    word.parse().unwrap()
}

fn shipped() -> Programmes {
    let folder = std::env::var("SHIFU_PROGRAMMES").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/course-content/programmes").into()
    });
    Programmes::read(&PathBuf::from(folder)).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(|one| one.to_string()).collect::<Vec<_>>().join("\n"))
    })
}

fn fact(kind: Kind, code: &str, from: &str) -> Fact {
    let (level, amount, unit, through) = (None, None, None, None);
    Fact { id: 0, kind, code: code.into(), level, amount, unit, from: day(from), through }
}

trait With {
    fn level(self, level: &str) -> Self;
    fn through(self, through: &str) -> Self;
    fn amount(self, numerator: i64, denominator: i64) -> Self;
}

impl With for Fact {
    fn level(self, level: &str) -> Fact {
        Fact { level: Some(level.into()), ..self }
    }

    fn through(self, through: &str) -> Fact {
        Fact { through: Some(day(through)), ..self }
    }

    fn amount(self, numerator: i64, denominator: i64) -> Fact {
        Fact { amount: Some(Amount { numerator, denominator }), ..self }
    }
}

fn worked(from: &str) -> Fact {
    fact(Kind::Employment, "auto-mechanic", from)
}

fn grade(level: &str, from: &str) -> Fact {
    fact(Kind::Grade, "cn-auto-mechanic", from).level(level)
}

fn facts(mut facts: Vec<Fact>) -> Vec<Fact> {
    for (at, fact) in facts.iter_mut().enumerate() {
        fact.id = at as i64 + 1;
    }
    verdict::sort(&mut facts);
    facts
}

fn judged(programmes: &Programmes, path: &str, facts: &[Fact], on: &str) -> Line {
    let requirement = &programmes.path(path).unwrap().1.requires;
    verdict::judge(requirement, programmes.context(), facts, day(on))
}

#[test]
fn the_shipped_rule_sets_are_in_order() {
    let programmes = shipped();
    assert_eq!(programmes.sets().count(), 15);
    let courses = [
        "onboarding",
        "service-etiquette",
        "hv-safety",
        "brake-systems",
        "nev-diagnosis",
        "first-time-fix",
    ];
    assert_eq!(programmes.unknown_courses(&[], &courses.map(String::from).into()), []);
    assert_eq!(programmes.position(" 机修工 ").unwrap().code, "technician");
    assert_eq!(programmes.position("HR").unwrap().code, "hr");
}

#[test]
fn e1_four_years_after_grade_5_are_reached_on_the_anniversary() {
    let programmes = shipped();
    let facts = facts(vec![worked("2018-09-01"), grade("L5", "2019-06-01")]);
    let path = "cn-auto-mechanic-2018style/L4";
    let line = judged(&programmes, path, &facts, "2023-06-01");
    assert!(line.met);
    assert_eq!(line.route_used().unwrap().title().en, "grade and years");
    let line = judged(&programmes, path, &facts, "2023-05-31");
    assert!(!line.met);
    assert_eq!(line.earliest, Some(day("2023-06-01")));
    let missing = line.lines[0].missing.as_ref().unwrap();
    assert!(
        missing.zh.starts_with("还差 1 天（已满 3 年 11 个月 30 天，要求 4 年）"),
        "{}",
        missing.zh
    );
    assert!(missing.en.starts_with("1 day short (3 years 11 months 30 days of 4 years)"));
}

#[test]
fn e2_six_cumulative_years_are_not_seven_continuous_ones() {
    let programmes = shipped();
    let facts = facts(vec![
        worked("2015-01-01").through("2016-12-31"),
        worked("2018-01-01").through("2021-12-31"),
    ]);
    let style = |on| judged(&programmes, "cn-auto-mechanic-2018style/L4", &facts, on);
    assert!(style("2022-01-01").met);
    assert!(!style("2021-12-31").met);
    assert_eq!(style("2021-12-31").earliest, Some(day("2022-01-01")));
    let legacy = judged(&programmes, "cn-auto-mechanic-legacy/L4", &facts, "2022-01-01");
    assert!(!legacy.met);
    assert_eq!(legacy.earliest, None);
}

#[test]
fn e3_a_related_degree_makes_two_years_enough() {
    let programmes = shipped();
    let mut given = vec![worked("2015-01-01"), grade("L4", "2020-01-10")];
    let path = "cn-auto-mechanic-2018style/L3";
    let without = judged(&programmes, path, &facts(given.clone()), "2022-01-10");
    assert!(!without.met);
    assert_eq!(without.earliest, Some(day("2025-01-10")));
    given.push(fact(Kind::Education, "college", "2014-07-01").level("new-energy-vehicle"));
    let with = facts(given);
    let line = judged(&programmes, path, &with, "2022-01-10");
    assert!(line.met);
    assert_eq!(line.route_used().unwrap().title().en, "college degree");
    assert!(!judged(&programmes, path, &with, "2022-01-09").met);
}

#[test]
fn a_higher_vocational_diploma_is_enough_at_once_and_counts_as_a_college_s() {
    let programmes = shipped();
    let path = "cn-auto-mechanic-2018style/L3";
    let of = |school: &str| {
        facts(vec![
            worked("2015-01-01"),
            grade("L4", "2020-01-10"),
            fact(Kind::Education, school, "2014-07-01").level("automotive"),
        ])
    };
    assert!(judged(&programmes, path, &of("higher-vocational"), "2020-01-10").met);
    assert!(judged(&programmes, path, &of("senior-technical"), "2020-01-10").met);
    assert!(!judged(&programmes, path, &of("college"), "2020-01-10").met);
    assert!(judged(&programmes, "cn-template-2023/L3", &of("higher-vocational"), "2020-01-10").met);
}

#[test]
fn e6_ten_years_of_work_are_enough_in_2023_style_only() {
    let programmes = shipped();
    let facts = facts(vec![worked("2010-03-01"), grade("L5", "2012-03-01")]);
    assert!(!judged(&programmes, "cn-auto-mechanic-2018style/L3", &facts, "2020-03-01").met);
    assert!(judged(&programmes, "cn-template-2023/L3", &facts, "2020-03-01").met);
    assert!(!judged(&programmes, "cn-template-2023/L3", &facts, "2020-02-29").met);
}

#[test]
fn x1_a_passed_part_is_banked_for_two_years_and_59_9_is_not_60() {
    let programmes = shipped();
    let sat = |code: &str, from: &str| {
        fact(Kind::Exam, &format!("cn-auto-mechanic-2018style/{code}"), from)
    };
    let mut given = vec![
        sat("L4-theory", "2024-03-10").amount(60, 1),
        sat("L4-practical", "2024-03-10").amount(599, 10),
    ];
    let (_, path) = programmes.path("cn-auto-mechanic-2018style/L4").unwrap();
    let exam = path.assessment.as_ref().unwrap();
    let line = |facts: &[Fact], on| verdict::judge(exam, programmes.context(), facts, day(on));
    let first = line(&facts(given.clone()), "2024-03-10");
    assert!(!first.met);
    assert_eq!(first.evidence.len(), 1, "the theory is banked");
    assert!(first.missing.unwrap().zh.contains("59.9 分，要求 60 分"));
    given.push(sat("L4-practical", "2026-03-09").amount(60, 1));
    let resat = facts(given);
    assert!(line(&resat, "2026-03-09").met);
    assert!(!line(&resat, "2026-03-10").met, "two years are over");
}

#[test]
fn v1_a_licence_is_reviewed_halfway_and_expires_after_six_years() {
    let programmes = shipped();
    let (_, licence) = programmes.certification("cn-special-operation-lv/low-voltage").unwrap();
    let issued = day("2024-02-29");
    let through = licence.validity.through(issued);
    assert_eq!(through, Some(day("2030-02-28")));
    let review = licence.review.as_ref().unwrap();
    let days = review.days(issued, through, false);
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].opens, days[0].due), (day("2026-12-30"), day("2027-02-28")));
    assert!(
        review.days(issued, through, true).is_empty(),
        "ten years in the trade: only at the end"
    );
}

#[test]
fn v3_a_test_may_be_sat_again_after_thirty_full_days() {
    let programmes = shipped();
    let (set, exam) = programmes.exam("us-ase-a-series/A5-test").unwrap();
    let failed =
        facts(vec![fact(Kind::Exam, "us-ase-a-series/A5-test", "2026-03-01").amount(0, 1)]);
    let wait = Requirement::from(Rule::ExamWait(exam.wait(set)));
    let first = verdict::earliest(&wait, programmes.context(), &failed, day("2026-03-02"));
    assert_eq!(first, Some(day("2026-04-01")));
}

#[test]
fn v8_a_year_and_a_day_of_work_is_met_on_the_day_after_the_anniversary() {
    let programmes = shipped();
    let facts = facts(vec![worked("2017-04-01")]);
    let rule = rule("tenure = { occupations = [\"auto-mechanic\"], years = 1, plus_days = 1 }");
    let first = verdict::earliest(&rule, programmes.context(), &facts, day("2017-06-01"));
    assert_eq!(first, Some(day("2018-04-02")));
}

#[test]
fn r25_a_quota_is_a_number_or_only_a_note_and_nothing_else() {
    use super::programme::{Per, Places, Quota};
    #[derive(serde::Deserialize)]
    struct File {
        quota: Quota,
    }
    let read = |text: &str| toml::from_str::<File>(text).map(|file| file.quota);
    let counted = read("quota = { max = 3, per = \"region\" }").unwrap();
    assert_eq!(counted.places, Some(Places { max: 3, per: Per::Region }));
    let group = read("quota = { max = 1 }").unwrap();
    assert_eq!(group.places, Some(Places { max: 1, per: Per::Group }));
    let said = read("quota = { zh = \"由企业规定\", en = \"set by the house\" }").unwrap();
    assert_eq!(
        (said.places, said.note.map(|note| note.en)),
        (None, Some("set by the house".into()))
    );
    for wrong in [
        "{ max = 0 }",
        "{ per = \"site\" }",
        "{ zh = \"x\" }",
        "{ max = 1, zh = \"x\", en = \"x\" }",
    ] {
        assert!(read(&format!("quota = {wrong}")).is_err(), "{wrong}");
    }
    // A decision keeps its rules as JSON, and a draft is written back.
    for quota in [counted, group] {
        let kept = serde_json::to_string(&quota).unwrap();
        assert_eq!(serde_json::from_str::<Quota>(&kept).unwrap(), quota);
    }
}

#[test]
fn h1_a_mechatroniker_of_the_2013_order_is_deemed_to_hold_2s() {
    let programmes = shipped();
    let job = &programmes.job("de-dguv-209-093-s/de-energised-work").unwrap().1.requires;
    let facts = facts(vec![
        fact(Kind::Education, "vocational", "2016-07-31").level("kfz-mechatroniker-2013"),
        fact(Kind::Course, "hv-instruction", "2025-03-01"),
    ]);
    let line = verdict::judge(job, programmes.context(), &facts, day("2026-02-28"));
    assert!(line.met);
    assert_eq!(line.lines[0].evidence[0].kind, Kind::Education);
    let later = verdict::judge(job, programmes.context(), &facts, day("2026-03-01"));
    assert!(!later.met, "the yearly instruction is over");
}

#[test]
fn a_wrong_rule_set_is_refused_with_file_line_and_advice() {
    let text = r#"
code = "house"
version = "1"
title = { zh = "本店", en = "House" }
jurisdiction = "house"
source = "ourselves"
verified = "unverified"
notice = { zh = "仅供参考", en = "For reference" }

[[path]]
code = "X"
title = { zh = "晋升", en = "Promotion" }
ladder = "no-such-ladder"
grants = "L4"
requires.all = [
    { certificate = { code = "missing" } },
    { kpi = { metric = "speed", months = 12, at_least = "90%" } },
]
"#;
    let read =
        |text: &str| Programmes::of_files(&[("house.toml".into(), text.into())]).unwrap_err();
    let problems: Vec<String> = read(text).iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems[0].starts_with("house.toml:13: 没有名为“no-such-ladder”的等级序列"));
    assert!(problems[1].contains("house.toml:16:") && problems[1].contains("correct the name"));
    assert!(problems[2].contains("house.toml:17:"));
    let twice = text.replace("metric =", "cours = 1, metric =");
    let problem = &read(&twice)[0];
    assert_eq!(problem.line, Some(17));
    assert!(problem.text.en.contains("unknown field"), "{problem}");
    let empty = text.replace("{ certificate = { code = \"missing\" } }", "{}");
    assert!(read(&empty)[0].text.zh.contains("必须且只能写一项规则"));
}

fn rule(toml: &str) -> Requirement {
    toml::from_str(toml).unwrap()
}

fn met(programmes: &Programmes, toml: &str, facts: &[Fact], on: &str) -> bool {
    verdict::is_met(&rule(toml), programmes.context(), facts, day(on))
}

#[test]
fn what_is_missing_of_a_tenure_is_said_in_years_and_months() {
    let programmes = shipped();
    let facts = facts(vec![worked("2020-01-01")]);
    let four = rule("tenure = { occupations = [\"auto-mechanic\"], years = 4 }");
    let line = verdict::judge(&four, programmes.context(), &facts, day("2023-06-01"));
    let missing = line.missing.unwrap();
    assert_eq!(missing.zh, "还差 7 个月（已满 3 年 5 个月，要求 4 年），最早 2024年1月1日");
    assert_eq!(
        missing.en,
        "7 months short (3 years 5 months of 4 years); at the earliest on 1 Jan 2024"
    );
}

#[test]
fn a_line_becomes_json_as_other_programs_expect_it() {
    let programmes = shipped();
    let facts = facts(vec![grade("L5", "2019-06-01")]);
    let held = rule("all = [{ grade = { ladder = \"cn-auto-mechanic\", level = \"L5\" } }]");
    let line = verdict::judge(&held, programmes.context(), &facts, day("2023-06-01"));
    let json = line.to_json(&|fact| (fact == 1).then(|| "import:7".to_owned()));
    assert_eq!(
        json["lines"][0],
        serde_json::json!({
            "text": {
                "zh": "汽车维修工达到“五级/初级工”及以上",
                "en": "Motor vehicle mechanic: holds Junior worker (grade 5) or higher"
            },
            "met": true,
            "earliest": "2023-06-01",
            "evidence": [{
                "kind": "grade", "code": "cn-auto-mechanic", "level": "L5",
                "from": "2019-06-01", "through": null, "source": "import:7"
            }],
            "missing": null,
            "lines": []
        })
    );
}

#[test]
fn r12_the_practical_counts_only_within_twelve_months_of_the_theory() {
    let programmes = shipped();
    let demand = r#"exam.parts = [
        { code = "t", min = 60 },
        { code = "p", min = 60, after = "t", after_within_months = 12 },
    ]"#;
    let sat = |theory: &str, practical: &str| {
        facts(vec![
            fact(Kind::Exam, "t", theory).amount(70, 1),
            fact(Kind::Exam, "p", practical).amount(70, 1),
        ])
    };
    for (theory, practical, counts) in [
        ("2025-03-10", "2026-03-09", true),
        ("2025-03-10", "2026-03-10", false),
        ("2025-03-10", "2025-03-01", false),
    ] {
        let facts = sat(theory, practical);
        assert_eq!(met(&programmes, demand, &facts, "2026-06-01"), counts, "{practical}");
    }
}

#[test]
fn r11_the_last_attempt_counts_unless_the_best_does_and_the_mean_is_weighted() {
    let programmes = shipped();
    let facts = facts(vec![
        fact(Kind::Exam, "t", "2025-01-01").amount(80, 1),
        fact(Kind::Exam, "t", "2025-02-01").amount(55, 1),
        fact(Kind::Exam, "p", "2025-01-01").amount(70, 1),
    ]);
    let on = "2025-03-01";
    let part = "exam.parts = [{ code = \"t\", min = 60 }]";
    assert!(!met(&programmes, part, &facts, on));
    assert!(met(&programmes, &format!("{part}\nexam.counts = \"best\""), &facts, on));
    let mean = |least: &str| {
        format!(
            "exam = {{ counts = \"best\", composite_min = {least}, parts = \
             [{{ code = \"t\", min = 60, weight = 1 }}, {{ code = \"p\", min = 60, weight = 3 }}] }}"
        )
    };
    assert!(met(&programmes, &mean("72.5"), &facts, on));
    assert!(!met(&programmes, &mean("72.6"), &facts, on));
}

#[test]
fn x2_each_part_reaches_seventy_and_the_mean_of_all_eighty() {
    let programmes = shipped();
    let demand = "exam = { composite_min = 80, parts = [{ code = \"general\", min = 70 }, \
                  { code = \"specific\", min = 70 }, { code = \"practical\", min = 70 }] }";
    let on = "2026-06-01";
    let sat = |scores: [i64; 3]| {
        let parts = ["general", "specific", "practical"].into_iter().zip(scores);
        facts(
            parts
                .map(|(part, tenths)| fact(Kind::Exam, part, "2026-05-01").amount(tenths, 10))
                .collect(),
        )
    };
    for (scores, passes) in [
        ([700, 850, 850], true),
        ([699, 900, 900], false),
        ([700, 849, 850], false),
        ([900, 900, 600], false),
    ] {
        assert_eq!(met(&programmes, demand, &sat(scores), on), passes, "{scores:?}");
    }
}

#[test]
fn r07_online_hours_count_up_to_their_share() {
    let programmes = shipped();
    let facts = facts(vec![
        fact(Kind::Course, "x", "2025-01-01").amount(8, 1),
        fact(Kind::Course, "y", "2025-01-02").amount(20, 1).level("online"),
    ]);
    let hours = |min: u32| format!("class_hours = {{ min = {min}, online_max_percent = 50 }}");
    assert!(met(&programmes, &hours(16), &facts, "2025-02-01"));
    assert!(!met(&programmes, &hours(17), &facts, "2025-02-01"));
}

#[test]
fn r06_education_takes_a_year_off_the_time() {
    let programmes = shipped();
    let on = "2021-01-01";
    let (_, a5) = programmes.certification("us-ase-a-series/A5").unwrap();
    let mut given = vec![
        worked("2020-01-01"),
        fact(Kind::Exam, "us-ase-a-series/A5-test", "2020-06-01").amount(100, 1),
    ];
    let judged = |given: Vec<Fact>| {
        verdict::earliest(&a5.requires, programmes.context(), &facts(given), day(on))
    };
    assert_eq!(judged(given.clone()), Some(day("2022-01-01")));
    given.push(fact(Kind::Education, "college", "2019-07-01").level("automotive"));
    assert_eq!(judged(given), Some(day(on)));
}

#[test]
fn r21_six_months_away_suspend_until_the_practical_is_sat_again() {
    let programmes = shipped();
    let (_, licence) = programmes.certification("cn-special-operation-lv/low-voltage").unwrap();
    let active = licence.suspended_unless.as_ref().unwrap();
    let work = |from: &str| fact(Kind::Employment, "low-voltage-electrician", from);
    let mut given = vec![
        fact(Kind::Certificate, "cn-special-operation-lv/low-voltage", "2020-01-01"),
        work("2020-01-01").through("2022-03-31"),
        work("2022-11-01"),
    ];
    let holds = |given: &[Fact], on: &str| {
        verdict::is_met(active, programmes.context(), &facts(given.to_vec()), day(on))
    };
    assert!(holds(&given, "2022-09-30"));
    assert!(!holds(&given, "2022-10-01"));
    assert!(!holds(&given, "2023-01-01"));
    given.push(fact(Kind::Exam, "cn-special-operation-lv/practical", "2022-11-15").amount(90, 1));
    assert!(holds(&given, "2022-11-15"));
}

#[test]
fn r32_a_kpi_gate_needs_enough_cases_and_an_incident_vetoes() {
    let programmes = shipped();
    let gate = |min_n: u32| {
        format!(
            "kpi = {{ metric = \"first-time-fix\", months = 12, at_least = \"90%\", min_n = {min_n} }}"
        )
    };
    let facts = facts(vec![
        fact(Kind::Kpi, "first-time-fix", "2026-09-01").through("2026-09-30").amount(18, 20),
        fact(Kind::Kpi, "first-time-fix", "2026-10-01").through("2026-10-31").amount(18, 20),
        fact(Kind::Incident, "safety", "2026-01-15"),
    ]);
    assert!(met(&programmes, &gate(40), &facts, "2026-11-23"));
    assert!(!met(&programmes, &gate(41), &facts, "2026-11-23"));
    assert!(!met(&programmes, &gate(40), &facts, "2026-10-31"), "October is not over");
    let veto = rule("none = [{ incident = { code = \"safety\", within_months = 12 } }]");
    let free = verdict::earliest(&veto, programmes.context(), &facts, day("2026-11-23"));
    assert_eq!(free, Some(day("2027-01-15")));
}

#[test]
fn every_shipped_requirement_is_said_in_both_languages() {
    let programmes = shipped();
    for mut set in programmes.sets().cloned() {
        for requirement in set.requirements_mut() {
            let line = verdict::judge(requirement, programmes.context(), &[], day("2026-11-23"));
            let mut lines = vec![line];
            while let Some(line) = lines.pop() {
                assert!(!line.text.zh.is_empty() && !line.text.en.is_empty());
                lines.extend(line.lines);
            }
        }
    }
}
