//! Which ladders are somebody's, which steps they could take, and what stands in the way. Pure.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::model::GradeHeld;
use crate::{
    i18n::{self, Lang, Text},
    record::{
        Fact, Kind, Programmes, Rules,
        context::Context,
        period::days_after,
        programme::{Ladder, Path, RuleSet},
        requirement::{Requirement, Rule},
        verdict::{self, Line},
    },
    staff::Post,
};

/// "Soon" on the promotion board.
pub const SOON_DAYS: u32 = 90;

/// A path with its rule set.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub set: &'a RuleSet,
    pub path: &'a Path,
}

impl Step<'_> {
    pub fn code(&self) -> String {
        self.set.qualified(&self.path.code)
    }
}

/// The rule sets in force on a day; what a newer one replaces is left out. The house's come first.
pub fn sets_in_force(programmes: &Programmes, on: NaiveDate) -> Vec<&RuleSet> {
    let mut sets: Vec<&RuleSet> = programmes.sets().filter(|set| set.applies(on)).collect();
    let replaced: Vec<String> = sets.iter().filter_map(|set| set.supersedes.clone()).collect();
    sets.retain(|set| !replaced.contains(&set.code));
    sets.sort_by_key(|set| (set.jurisdiction != "house", set.code.clone()));
    sets
}

/// Every step of every path in force.
pub fn steps_in_force(programmes: &Programmes, on: NaiveDate) -> Vec<Step<'_>> {
    let sets = sets_in_force(programmes, on).into_iter();
    sets.flat_map(|set| set.paths.iter().map(move |path| Step { set, path })).collect()
}

/// All grades the record knows of somebody, oldest first; levels no ladder knows are left out.
pub fn grades(facts: &[Fact], context: &Context) -> Vec<GradeHeld> {
    let mut held: Vec<GradeHeld> = facts
        .iter()
        .filter(|fact| fact.kind == Kind::Grade)
        .filter_map(|fact| {
            let level = fact.level.clone()?;
            let rank = context.rank(&fact.code, &level)?;
            let (ladder, from, through) = (fact.code.clone(), fact.from, fact.through);
            Some(GradeHeld { ladder, level, rank, from, through })
        })
        .collect();
    held.sort_by_key(|grade| (grade.from, grade.ladder.clone(), grade.rank));
    held
}

/// The highest grade held on each ladder today.
pub fn current_grades(facts: &[Fact], context: &Context, today: NaiveDate) -> Vec<GradeHeld> {
    let mut best: Vec<GradeHeld> = Vec::new();
    for grade in grades(facts, context).into_iter().filter(|grade| grade.holds_on(today)) {
        match best.iter_mut().find(|known| known.ladder == grade.ladder) {
            Some(known) if known.rank < grade.rank => *known = grade,
            Some(_) => {}
            None => best.push(grade),
        }
    }
    best
}

/// Whether somebody of this occupation climbs this ladder; related work counts.
pub fn fits(ladder: &Ladder, occupation: &str, context: &Context) -> bool {
    ladder.occupations.iter().any(|own| {
        own == occupation || context.related_occupations(own).iter().any(|one| one == occupation)
    })
}

/// The ladders of somebody: those of their occupation and those they ever held a grade on.
pub fn ladders_of<'a>(
    programmes: &'a Programmes,
    facts: &[Fact],
    occupation: &str,
    on: NaiveDate,
) -> Vec<&'a Ladder> {
    let context = programmes.context();
    let held = grades(facts, context);
    let mut ladders: Vec<&Ladder> = Vec::new();
    for ladder in sets_in_force(programmes, on).into_iter().flat_map(|set| &set.ladders) {
        let theirs = fits(ladder, occupation, context)
            || held.iter().any(|grade| grade.ladder == ladder.code);
        if theirs && !ladders.iter().any(|known| known.code == ladder.code) {
            ladders.push(ladder);
        }
    }
    ladders
}

/// Whether a path leads somebody up from where they stand: they hold the level it starts from, or
/// it is an entry of their occupation. An appointment may be renewed while it runs out.
pub fn could_step(
    path: &Path,
    held: &[GradeHeld],
    occupation: &str,
    context: &Context,
    today: NaiveDate,
) -> bool {
    if !leads_up(path, held, context, today) {
        return false;
    }
    match &path.from {
        Some(from) => {
            let ladder = path.from_ladder.as_ref().unwrap_or(&path.ladder);
            let least = context.rank(ladder, from);
            held.iter().any(|grade| grade.ladder == *ladder && Some(grade.rank) >= least)
        }
        // Whoever has gone over to the other track does not begin again below.
        None => context.ladder(&path.ladder).is_some_and(|ladder| {
            let on = |grade: &GradeHeld| {
                grade.ladder == ladder.code || Some(&grade.ladder) == ladder.twin.as_ref()
            };
            !held.iter().any(on) && fits(ladder, occupation, context)
        }),
    }
}

fn leads_up(path: &Path, held: &[GradeHeld], context: &Context, today: NaiveDate) -> bool {
    let Some(target) = context.rank(&path.ladder, &path.grants) else { return false };
    let soon = days_after(today, SOON_DAYS);
    held.iter().filter(|grade| grade.ladder == path.ladder).all(|grade| {
        let ends = grade.through.is_some_and(|through| through <= soon);
        grade.rank < target || (grade.rank == target && is_appointment(path, context) && ends)
    })
}

/// Whether a path leads to a grade that is held for a term.
pub fn is_appointment(path: &Path, context: &Context) -> bool {
    let grade = context.ladder(&path.ladder).and_then(|ladder| ladder.grade(&path.grants));
    path.term_months.is_some() || grade.is_some_and(|grade| grade.appointed)
}

/// Whether somebody may think of this step: they could take it from where they stand, or meet it
/// on another route (years of work without the grade below).
pub fn is_open_to(
    path: &Path,
    facts: &[Fact],
    occupation: &str,
    context: &Context,
    today: NaiveDate,
) -> bool {
    let held = current_grades(facts, context, today);
    if could_step(path, &held, occupation, context, today) {
        return true;
    }
    leads_up(path, &held, context, today)
        && context.ladder(&path.ladder).is_some_and(|ladder| fits(ladder, occupation, context))
        && verdict::is_met(&path.requires, context, facts, today)
}

/// What must be met on the day of the decision: who may apply, and what is passed afterwards.
pub fn to_promote(path: &Path) -> Requirement {
    let Some(assessment) = &path.assessment else { return path.requires.clone() };
    let named = |requirement: &Requirement, name: Text| Requirement {
        name: requirement.name.clone().or(Some(name)),
        ..requirement.clone()
    };
    let apply = named(&path.requires, crate::text!("申报条件", "Conditions for applying"));
    let pass = named(assessment, crate::text!("考核", "Assessment"));
    Requirement { name: None, note: None, rule: Rule::All(vec![apply, pass]) }
}

/// What stands in the way, a piece for each unmet demand.
pub fn blocked_by(requirement: &Requirement, line: &Line) -> Vec<Text> {
    if line.met {
        return Vec::new();
    }
    match requirement.rule {
        Rule::All(_) => line.lines.iter().filter(|one| !one.met).map(short).collect(),
        _ => vec![short(line)],
    }
}

fn short(line: &Line) -> Text {
    match (&line.name, &line.missing) {
        (Some(name), _) => name.clone(),
        (None, Some(missing)) => missing.clone(),
        (None, None) => line.text.clone(),
    }
}

/// The refusal in words: what is missing, and from when time alone would help.
pub fn not_met(line: &Line) -> Text {
    let missing = line.missing.clone().unwrap_or_else(|| line.text.clone());
    let when = |lang| match line.earliest {
        Some(day) => crate::t!(
            lang,
            "仅靠时间，最早 {} 满足。",
            "Time alone meets it on {} at the earliest.",
            i18n::date(lang, day)
        ),
        None => crate::t!(lang, "仅靠时间不会满足。", "Time alone will not meet it."),
    };
    Text::new(
        format!("条件尚未满足：{}。{}", missing.zh, when(Lang::Zh)),
        format!("The conditions are not met yet: {}. {}", missing.en, when(Lang::En)),
    )
}

/// Somebody on the promotion board, with the facts that explain why they stand where they stand.
#[derive(Clone, Debug)]
pub struct Standing {
    pub post: Post,
    pub facts: Vec<Fact>,
    /// The first day on which time alone meets the path; today when eligible.
    pub earliest: Option<NaiveDate>,
}

/// Who could take one step: now, within ninety days, or not without doing something.
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub eligible: Vec<Standing>,
    pub soon: Vec<Standing>,
    pub blocked: Vec<Standing>,
}

/// Places people on the board of one path. Facts are in memory already: no query a person.
pub fn place(
    rules: &Rules,
    path: &Path,
    people: impl IntoIterator<Item = (Post, Vec<Fact>)>,
    today: NaiveDate,
) -> Board {
    let (context, soon) = (rules.context(), days_after(today, SOON_DAYS));
    let mut occupations: HashMap<String, String> = HashMap::new();
    let mut board = Board::default();
    for (post, facts) in people {
        let position = &post.assignment.position;
        let occupation = match occupations.get(position) {
            Some(known) => known,
            None => occupations.entry(position.clone()).or_insert(rules.occupation_of(position)),
        };
        if !is_open_to(path, &facts, occupation, context, today) {
            continue;
        }
        let earliest = verdict::earliest(&path.requires, context, &facts, today);
        let list = match earliest {
            Some(day) if day == today => &mut board.eligible,
            Some(day) if day <= soon => &mut board.soon,
            _ => &mut board.blocked,
        };
        list.push(Standing { post, facts, earliest });
    }
    let by_day = |one: &Standing| (one.earliest.is_none(), one.earliest);
    board.soon.sort_by_key(by_day);
    board.blocked.sort_by_key(by_day);
    board
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programmes() -> Programmes {
        let pieces = crate::content::read(None).unwrap();
        let files: Vec<(String, String)> = pieces
            .iter()
            .filter(|piece| piece.kind == crate::content::ContentKind::RuleSet)
            .map(|piece| (format!("{}.toml", piece.code), piece.only_text().to_owned()))
            .collect();
        Programmes::of_files(&files).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn grade(ladder: &str, level: &str, from: &str, through: Option<&str>) -> Fact {
        Fact {
            id: 1,
            kind: Kind::Grade,
            code: ladder.into(),
            level: Some(level.into()),
            amount: None,
            unit: None,
            from: day(from),
            through: through.map(day),
        }
    }

    fn open_steps(facts: &[Fact], occupation: &str) -> Vec<String> {
        let programmes = programmes();
        let today = day("2026-11-23");
        steps_in_force(&programmes, today)
            .into_iter()
            .filter(|step| step.set.code == "inhouse-default")
            .filter(|step| is_open_to(step.path, facts, occupation, programmes.context(), today))
            .map(|step| step.path.code.clone())
            .collect()
    }

    #[test]
    fn the_next_steps_follow_from_grade_and_occupation() {
        let technician = |level| vec![grade("technician", level, "2020-01-01", None)];
        for (facts, occupation, expected) in [
            (vec![], "auto-mechanic", vec!["T1"]),
            (vec![], "auto-paint", vec!["T1"]),
            (vec![], "service-advisor", vec!["A1"]),
            (vec![], "human-resources", vec![]),
            (technician("T1"), "auto-mechanic", vec!["T2"]),
            (technician("T1"), "human-resources", vec!["T2"]),
            // The dual ladder: up, or across.
            (technician("T3"), "auto-mechanic", vec!["T4", "M1"]),
            // An appointment beside it, for whoever stands high enough.
            (technician("T5"), "auto-mechanic", vec!["technical-director", "M1"]),
        ] {
            assert_eq!(open_steps(&facts, occupation), expected, "{facts:?} {occupation}");
        }
    }

    #[test]
    fn whoever_left_the_expert_track_may_come_back() {
        let facts = vec![
            grade("technician", "T3", "2018-01-01", Some("2022-12-31")),
            grade("technician-management", "M1", "2023-01-01", None),
        ];
        assert_eq!(open_steps(&facts, "auto-mechanic"), ["M2", "T3-return"].map(String::from));
    }

    #[test]
    fn an_appointment_is_renewed_only_when_it_runs_out() {
        let programmes = programmes();
        let context = programmes.context();
        let (_, path) = programmes.path("cn-eight-grade/8").unwrap();
        let today = day("2026-11-23");
        // As shipped nobody says how long a term is; a house may.
        assert_eq!(path.term_months, None);
        let of_three_years = Path { term_months: Some(36), ..path.clone() };
        for (through, open) in
            [(Some("2026-12-31"), true), (Some("2028-12-31"), false), (None, false)]
        {
            let held = current_grades(
                &[
                    grade("cn-eight-grade", "8", "2024-01-01", through),
                    grade("cn-eight-grade", "7", "2020-01-01", None),
                ],
                context,
                today,
            );
            for path in [path, &of_three_years] {
                let found = could_step(path, &held, "auto-mechanic", context, today);
                assert_eq!(found, open, "{through:?}, {:?}", path.term_months);
            }
        }
        // What is held for good is not given again because its last day is near.
        let (_, path) = programmes.path("cn-eight-grade/6").unwrap();
        let held = current_grades(
            &[
                grade("cn-eight-grade", "6", "2024-01-01", Some("2026-12-31")),
                grade("cn-eight-grade", "5", "2020-01-01", None),
            ],
            context,
            today,
        );
        assert!(!could_step(path, &held, "auto-mechanic", context, today));
    }

    #[test]
    fn the_highest_grade_of_today_counts() {
        let programmes = programmes();
        let facts = vec![
            grade("technician", "T1", "2019-01-01", None),
            grade("technician", "T3", "2020-01-01", Some("2021-01-01")),
            grade("technician", "T2", "2022-01-01", None),
            grade("technician", "T4", "2027-01-01", None),
        ];
        let held = current_grades(&facts, programmes.context(), day("2026-11-23"));
        assert_eq!(held.iter().map(|grade| grade.level.as_str()).collect::<Vec<_>>(), ["T2"]);
    }

    #[test]
    fn replaced_rule_sets_are_left_out_and_the_house_comes_first() {
        let programmes = programmes();
        let sets = sets_in_force(&programmes, day("2026-11-23"));
        let codes: Vec<&str> = sets.iter().map(|set| set.code.as_str()).collect();
        assert_eq!(codes[0], "inhouse-default");
        assert!(codes.contains(&"cn-auto-mechanic-2018style"));
        assert!(!codes.contains(&"cn-auto-mechanic-legacy"));
    }
}
