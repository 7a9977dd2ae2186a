//! Where a candidate stands besides the attempt at hand: what was handed in and is not released
//! yet, and which parts of an exam are banked until when.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::{model::Attempt, pages::moment, queries};
use crate::{
    access::Viewer,
    db::{Conn, Error},
    exams::rules,
    i18n::{self, Lang, Text},
    record::{
        Amount, Fact, Kind, PersonId, Rules,
        case::{Case, Tally, recent},
        period::FOREVER,
        requirement::{Exam, Part, Requirement, Rule},
    },
    t, text, web,
    web::components::{Tone, badge, card, card_with, table},
};

/// One part of an exam, as it stands on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct PartState {
    pub title: Text,
    pub min: Amount,
    /// The attempt that counts, or else the last one.
    pub last: Option<(Amount, NaiveDate)>,
    pub passed: bool,
    /// The last day on which a passed part counts; none when it counts for good.
    pub through: Option<NaiveDate>,
}

/// An exam made of parts, and what it leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct PartsState {
    pub leads_to: Text,
    pub parts: Vec<PartState>,
    /// What the weighted mean must reach besides.
    pub composite: Option<Amount>,
}

/// Where a candidate stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub untold: Vec<Attempt>,
    pub parts: Vec<PartsState>,
}

impl Standing {
    /// Of all exams, or of the one whose facts have this code.
    pub fn load(
        conn: &mut Conn,
        person: PersonId,
        rules: &Rules,
        facts: &[Fact],
        code: Option<&str>,
        today: NaiveDate,
    ) -> Result<Standing, Error> {
        let untold = queries::untold(conn, person)?;
        Ok(Standing { untold, parts: parts(rules, facts, code, today) })
    }
}

/// How the parts stand of every exam in force that a person has begun; narrowed to the exams of
/// which this code is a part.
pub fn parts(
    rules: &Rules,
    facts: &[Fact],
    code: Option<&str>,
    today: NaiveDate,
) -> Vec<PartsState> {
    let mut found: Vec<PartsState> = Vec::new();
    for (title, requirement) in requirements(rules, today) {
        requirement.visit(&mut |rule| {
            let Rule::Exam(exam) = rule else { return };
            let asked = code.is_none_or(|code| exam.parts.iter().any(|part| part.code == code));
            let begun = facts.iter().any(|fact| {
                fact.kind == Kind::Exam && exam.parts.iter().any(|part| part.code == fact.code)
            });
            // Of a single part that never lapses, the list of results says everything.
            let telling =
                exam.parts.len() > 1 || exam.parts.iter().any(|part| part.valid_months.is_some());
            let state = || PartsState {
                leads_to: title.clone(),
                parts: exam.parts.iter().map(|one| part(rules, facts, exam, one, today)).collect(),
                composite: exam.composite_min.map(|least| least.0),
            };
            if asked && begun && telling {
                let state = state();
                if !found.contains(&state) {
                    found.push(state);
                }
            }
        });
    }
    found
}

/// What asks for exams, with what it leads to.
fn requirements(rules: &Rules, today: NaiveDate) -> Vec<(&Text, &Requirement)> {
    let mut all = Vec::new();
    for set in rules.sets().filter(|set| set.applies(today)) {
        for path in &set.paths {
            all.extend(path.assessment.iter().map(|one| (&path.title, one)));
            all.push((&path.title, &path.requires));
        }
        all.extend(set.certifications.iter().map(|one| (&one.title, &one.requires)));
    }
    all
}

fn part(rules: &Rules, facts: &[Fact], exam: &Exam, part: &Part, today: NaiveDate) -> PartState {
    let case = Case::new(rules.context(), facts, today);
    let counts = case.part(exam, part, &mut Tally::on(today));
    let sat = facts.iter().filter(|fact| fact.kind == Kind::Exam && fact.code == part.code);
    let last = sat.filter(|fact| fact.from <= today).max_by_key(|fact| (fact.from, fact.id));
    let last = last.and_then(|fact| fact.amount.map(|amount| (amount, fact.from)));
    let through = counts.map(|(fact, _)| recent(fact, part.valid_months).through);
    PartState {
        title: rules.context().name(Kind::Exam, &part.code),
        min: part.min.0,
        last: counts.map(|(fact, score)| (score, fact.from)).or(last),
        passed: counts.is_some(),
        through: through.filter(|through| *through != FOREVER),
    }
}

/// Nobody sits an exam again before they know how the last one went: the waiting time is counted
/// from a result.
pub fn refuse_while_untold(conn: &mut Conn, person: PersonId, exam: &str) -> web::Result<()> {
    let waiting = queries::untold(conn, person)?.into_iter().any(|one| one.exam == exam);
    if waiting {
        return Err(web::Error::Refused(text!(
            "您上一次考试的成绩还没有公布，公布后才能再考。",
            "The result of your last attempt has not been released yet. You can sit this exam again after that."
        )));
    }
    Ok(())
}

/// What was handed in and has no released result, and how the parts stand.
pub fn cards(viewer: &Viewer, rules: &Rules, standing: &Standing) -> Markup {
    html! { (untold_card(viewer, rules, &standing.untold)) (parts_cards(viewer.lang(), &standing.parts)) }
}

fn untold_card(viewer: &Viewer, rules: &Rules, untold: &[Attempt]) -> Markup {
    let lang = viewer.lang();
    html! {
        @if !untold.is_empty() {
            (card(&t!(lang, "等待公布成绩", "Waiting for the result"), html! {
                ul.mb-0 { @for attempt in untold {
                    @let at = attempt.finished_at.map(|at| moment(viewer, at)).unwrap_or_default();
                    li {
                        a href={ (attempt.path()) "/result" } { (rules::title(rules, &attempt.exam).get(lang)) }
                        " " span.text-secondary { (t!(lang, "{at} 已交卷，成绩尚未公布", "handed in {at}; result not released yet")) }
                    }
                } }
            }))
        }
    }
}

fn parts_cards(lang: Lang, states: &[PartsState]) -> Markup {
    let headers = [
        t!(lang, "部分", "Part"),
        t!(lang, "要求", "Needed"),
        t!(lang, "得分", "Score"),
        t!(lang, "保留", "Kept"),
    ];
    html! {
        @for state in states {
            @let leads_to = state.leads_to.get(lang);
            (card_with(&t!(lang, "各部分成绩：{leads_to}", "Parts of {leads_to}"), html! {}, html! {
                (table(&headers, state.parts.iter().map(|part| part_row(lang, part))))
                @if let Some(least) = state.composite {
                    div.card-footer.text-secondary { (t!(lang, "各部分加权平均还须达到 {least} 分。", "Besides, the weighted mean of the parts must reach {least}.")) }
                }
            }))
        }
    }
}

fn part_row(lang: Lang, part: &PartState) -> Vec<Markup> {
    let kept = match (part.passed, part.through) {
        (true, Some(through)) => {
            let day = i18n::date(lang, through);
            badge(Tone::Good, t!(lang, "成绩保留至 {day}", "banked until {day}"))
        }
        (true, None) => badge(Tone::Good, t!(lang, "成绩长期有效", "counts for good")),
        (false, _) if part.last.is_some() => {
            badge(Tone::Bad, t!(lang, "须再考", "to be sat again"))
        }
        (false, _) => badge(Tone::Neutral, t!(lang, "尚未参加", "not sat yet")),
    };
    let score = part.last.map(|(score, on)| {
        let day = i18n::date(lang, on);
        t!(lang, "{score}（{day}）", "{score} ({day})")
    });
    vec![
        html! { (part.title.get(lang)) },
        html! { (part.min) },
        html! { (score.unwrap_or_default()) },
        kept,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Programmes;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sat(id: i64, code: &str, on: &str, numerator: i64, denominator: i64) -> Fact {
        Fact {
            id,
            kind: Kind::Exam,
            code: code.to_owned(),
            level: None,
            amount: Some(Amount { numerator, denominator }),
            unit: None,
            from: day(on),
            through: None,
        }
    }

    const EXAMS: &str = "[[exam]]\ncode = \"t\"\ntitle = { zh = \"理论\", en = \"Theory\" }\nrecorded = true\n[[exam]]\ncode = \"p\"\ntitle = { zh = \"实操\", en = \"Practical\" }\nrecorded = true\n";

    fn rules(parts: &str) -> Rules {
        let set = format!(
            "code = \"h\"\nversion = \"1\"\ntitle = {{ zh = \"店\", en = \"House\" }}\njurisdiction = \"house\"\nsource = \"us\"\nverified = \"unverified\"\nnotice = {{ zh = \"仅供参考\", en = \"For reference\" }}\n{EXAMS}[[certification]]\ncode = \"C\"\ntitle = {{ zh = \"证\", en = \"Cert\" }}\n{parts}\n"
        );
        let programmes = Programmes::of_files(&[("h.toml".to_owned(), set)]).unwrap();
        Rules::new(programmes, Default::default())
    }

    #[test]
    fn x1_a_failed_practical_leaves_the_theory_banked_for_two_years() {
        let rules = rules(
            "requires.exam.parts = [{ code = \"t\", min = 60, valid_months = 24 }, { code = \"p\", min = 60, valid_months = 24 }]",
        );
        let facts = [sat(2, "h/p", "2026-03-10", 599, 10), sat(1, "h/t", "2026-03-10", 60, 1)];
        let states = parts(&rules, &facts, None, day("2026-04-01"));
        let [theory, practical] = &states[0].parts[..] else { panic!("two parts") };
        assert_eq!((theory.passed, theory.through), (true, Some(day("2028-03-09"))));
        assert_eq!((practical.passed, practical.through), (false, None));
        assert!(parts(&rules, &facts, Some("x"), day("2026-04-01")).is_empty());
        let later = parts(&rules, &facts, Some("h/p"), day("2028-03-10"));
        assert!(!later[0].parts[0].passed, "two years are over");
    }

    #[test]
    fn r11_each_part_and_the_composite_are_told() {
        let rules = rules(
            "requires.exam = { composite_min = 80, parts = [{ code = \"t\", min = 70 }, { code = \"p\", min = 70 }] }",
        );
        let facts = [sat(2, "h/p", "2026-03-10", 89, 1), sat(1, "h/t", "2026-03-10", 70, 1)];
        let states = parts(&rules, &facts, Some("h/t"), day("2026-04-01"));
        assert!(states[0].parts.iter().all(|part| part.passed && part.through.is_none()));
        assert_eq!(states[0].composite, Some(Amount { numerator: 80, denominator: 1 }));
        let (_, certification) = rules.certification("h/C").unwrap();
        let mut facts = facts.to_vec();
        crate::record::verdict::sort(&mut facts);
        let met = |facts: &[Fact]| {
            crate::record::verdict::is_met(
                &certification.requires,
                rules.context(),
                facts,
                day("2026-04-01"),
            )
        };
        assert!(!met(&facts), "79.5 on the whole");
        facts[0].amount = Some(Amount { numerator: 90, denominator: 1 });
        assert!(met(&facts), "80 on the whole");
    }
}
