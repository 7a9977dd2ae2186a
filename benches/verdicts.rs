//! How fast requirements are judged: every requirement of the shipped rule sets against one person
//! with thirty facts, a board of a whole network, and what a change of the rules would do to it. No
//! database: judging knows none.
//!
//! `cargo bench --bench verdicts`

#[path = "support/measure.rs"]
mod measure;

use std::{collections::HashMap, hint::black_box, path::Path, time::Instant};

use chrono::{Days, NaiveDate};
use measure::{ROUNDS, Rates, print_head};
use shifu::record::{
    Amount, Fact, Kind, Programmes, Rules,
    requirement::Requirement,
    verdict::{self, earliest, is_met, judge},
};
use shifu::rulebook::effects::{Person, Trial};

const PEOPLE: usize = 20_000;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("course-content/programmes");
    let Ok(programmes) = Programmes::read(&folder) else {
        panic!("the shipped rule sets are in order");
    };
    let requirements = all(&programmes);
    one_person(&programmes, &requirements);
    board(&programmes);
    what_if(&folder, programmes);
}

/// Every requirement the shipped rule sets state.
fn all(programmes: &Programmes) -> Vec<Requirement> {
    let mut sets: Vec<_> = programmes.sets().cloned().collect();
    sets.iter_mut()
        .flat_map(|set| set.requirements_mut().into_iter().map(|requirement| requirement.clone()))
        .collect()
}

fn lines(requirement: &Requirement) -> usize {
    let mut lines = 0;
    requirement.visit(&mut |_| lines += 1);
    lines
}

/// Lines stand in the requirement; how many of them an answer needs is the judge's own business.
fn one_person(programmes: &Programmes, requirements: &[Requirement]) {
    let (facts, context) = (person(7), programmes.context());
    let repeats = 200_000 / requirements.len();
    let count = repeats * requirements.iter().map(lines).sum::<usize>();
    let [mut met, mut first, mut told] = [Rates::default(), Rates::default(), Rates::default()];
    for _ in 0..ROUNDS {
        for (rates, judges) in [(&mut met, 0), (&mut first, 1), (&mut told, 2)] {
            let begun = Instant::now();
            for repeat in 0..repeats {
                let on = day("2024-01-01") + Days::new(repeat as u64 % 1000);
                for requirement in requirements {
                    match judges {
                        0 => _ = black_box(is_met(requirement, context, &facts, on)),
                        1 => _ = black_box(earliest(requirement, context, &facts, on)),
                        _ => _ = black_box(judge(requirement, context, &facts, on)),
                    }
                }
            }
            rates.add(count, begun.elapsed());
        }
    }
    print_head("requirement lines, one person of 30 facts");
    met.print("is it met? (is_met)", count, &met);
    first.print("when at the earliest? (earliest)", count, &met);
    told.print("the whole verdict in words (judge)", count, &met);
}

fn board(programmes: &Programmes) {
    let network: Vec<Vec<Fact>> = (0..PEOPLE).map(person).collect();
    let context = programmes.context();
    let paths = ["cn-auto-mechanic-2018style/L4", "cn-auto-mechanic-2018style/L3"];
    let (mut walk, mut judged) = (Rates::default(), Rates::default());
    let mut eligible = 0;
    for round in 0..ROUNDS {
        let on = day("2026-11-23") + Days::new(round as u64);
        let begun = Instant::now();
        let facts = network.iter().map(|facts| facts.iter().filter(|f| f.from <= on).count());
        black_box(facts.sum::<usize>());
        walk.add(PEOPLE, begun.elapsed());
        let begun = Instant::now();
        eligible = paths
            .iter()
            .filter_map(|path| programmes.path(path))
            .map(|(_, path)| {
                network.iter().filter(|facts| is_met(&path.requires, context, facts, on)).count()
            })
            .sum();
        judged.add(PEOPLE, begun.elapsed());
    }
    print_head("people on a board of 20,000, two paths each");
    walk.print("probe: only looking at every fact", PEOPLE, &walk);
    judged.print("judged", PEOPLE, &walk);
    println!("{eligible} are eligible; one board takes {:.3} s", PEOPLE as f64 / judged.median());
}

/// What a stricter figure would do to everybody, three years ahead.
fn what_if(folder: &Path, programmes: Programmes) {
    let sets: Vec<String> = programmes.sets().map(|set| set.code.clone()).collect();
    let files = sets.iter().map(|set| {
        let name = format!("{set}.toml");
        let text = std::fs::read_to_string(folder.join(&name)).expect("a rule set");
        (name, text.replace("\"brake-theory\", min = 60", "\"brake-theory\", min = 85"))
    });
    let Ok(draft) = Programmes::of_files(&files.collect::<Vec<_>>()) else {
        panic!("the draft is in order");
    };
    let base = Rules::new(programmes, HashMap::new());
    let draft = Rules::new(draft, HashMap::new());
    let trial = Trial::new(base, draft, "inhouse-default", day("2026-12-01"));
    let network: Vec<Vec<Fact>> = (0..PEOPLE).map(certified).collect();
    let barriers = HashMap::new();
    let (mut walk, mut judged) = (Rates::default(), Rates::default());
    let mut effects = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let facts =
            network.iter().map(|facts| facts.iter().filter(|f| f.from <= trial.from).count());
        black_box(facts.sum::<usize>());
        walk.add(PEOPLE, begun.elapsed());
        let begun = Instant::now();
        let each = network.iter().map(|facts| {
            let person = Person { facts, occupation: "auto-mechanic", barriers: &barriers };
            trial.judge(person).effects.len()
        });
        effects = each.sum();
        judged.add(PEOPLE, begun.elapsed());
    }
    print_head("effects of a draft on 20,000 people");
    walk.print("probe: only looking at every fact", PEOPLE, &walk);
    judged.print("judged by both", PEOPLE, &walk);
    println!("{effects} effects; a draft takes {:.3} s", PEOPLE as f64 / judged.median());
}

/// [`person`], who passed the brake exam by some score and holds the certificate.
fn certified(number: usize) -> Vec<Fact> {
    let mut facts = person(number);
    let on = day("2025-06-01") + Days::new(number as u64 % 300);
    let score = Some(Amount { numerator: 60 + number as i64 % 40, denominator: 1 });
    let exam = fact(Kind::Exam, "inhouse-default/brake-theory", on);
    let certificate = fact(Kind::Certificate, "inhouse-default/brake-specialist", on);
    facts.push(Fact { id: 31, amount: score, ..exam });
    facts.push(Fact { id: 32, through: Some(on + Days::new(730)), ..certificate });
    verdict::sort(&mut facts);
    facts
}

fn day(word: &str) -> NaiveDate {
    word.parse().expect("a day")
}

/// A believable person of thirty facts, a little different for every number.
fn person(number: usize) -> Vec<Fact> {
    let hired = day("2008-01-01") + Days::new((number * 37 % 5000) as u64);
    let after = |years: u64| hired + Days::new(years * 365);
    let mut facts = vec![
        fact(Kind::Employment, "auto-mechanic", hired),
        fact(Kind::Position, "technician", hired),
        fact(Kind::Education, "vocational", hired),
        fact(Kind::Course, "onboarding", after(0)),
        fact(Kind::Course, "hv-safety", after(2)),
        fact(Kind::Course, "brake-systems", after(3)),
        fact(Kind::Certificate, "de-dguv-209-093-s/1S", after(2)),
        fact(Kind::Certificate, "de-dguv-209-093-s/2S", after(3)),
    ];
    for (level, years) in [("L5", 1), ("L4", 5), ("L3", 10)].into_iter().take(1 + number % 3) {
        let level = Some(level.to_owned());
        facts.push(Fact { level, ..fact(Kind::Grade, "cn-auto-mechanic", after(years)) });
    }
    for month in 0..12_i64 {
        let from = day("2025-12-01") + chrono::Months::new(month as u32);
        let through = from + chrono::Months::new(1) - Days::new(1);
        let amount = Some(Amount { numerator: 34 + month % 6, denominator: 40 });
        let kpi = fact(Kind::Kpi, "first-time-fix", from);
        facts.push(Fact { through: Some(through), amount, ..kpi });
    }
    while facts.len() < 30 {
        let done = after(1) + Days::new(facts.len() as u64 * 10);
        let amount = Some(Amount { numerator: 1, denominator: 1 });
        facts.push(Fact { amount, ..fact(Kind::Logbook, "brake-service", done) });
    }
    for (id, fact) in facts.iter_mut().enumerate() {
        fact.id = id as i64 + 1;
    }
    verdict::sort(&mut facts);
    facts
}

fn fact(kind: Kind, code: &str, from: NaiveDate) -> Fact {
    let (level, amount, unit, through) = (None, None, None, None);
    Fact { id: 0, kind, code: code.to_owned(), level, amount, unit, from, through }
}
