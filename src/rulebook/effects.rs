//! What a change of the rules would do, judged for one person after another.
//!
//! Pure: two sets of rules, one person's facts, days. The rules in force and the draft are asked
//! the same questions by the same code that answers them everywhere else; where the answers
//! differ, that is an effect. Both answers say until when they hold, so the first day on which
//! they part is found by leaping, not by trying each day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::{
    careers::rules::{is_open_to, sets_in_force},
    certification::rules::{self, Barrier},
    i18n::{Lang, Text, date},
    record::{
        Fact, Kind, Programmes, Rules,
        case::Case,
        context::Context,
        holding::Run,
        period::{FOREVER, months_after, next_day},
        programme::{Certification, Issue, Renewal, ReviewDay, Transition},
        requirement::{self, Milestone, Requirement, Rule},
        verdict,
    },
    t,
};

/// How far ahead answers are compared.
pub const HORIZON_MONTHS: u32 = 36;

crate::words! {
    /// What happens to somebody.
    Change {
        /// They hold it and would not any more.
        FallsOut = "falls-out",
        /// They keep it, and lack something when it has to be renewed.
        AtRenewal = "at-renewal",
        /// They meet what it takes to get it and would not any more.
        NoLonger = "no-longer",
        /// They would hold it, or get it, and do not now.
        Gains = "gains",
        /// Other days of renewal or review.
        Dates = "dates",
        /// They may take the step now and might not any more.
        StepLost = "step-lost",
        StepGained = "step-gained",
        /// They may do the job now and might not any more.
        JobLost = "job-lost",
        JobGained = "job-gained",
    }
}

impl Change {
    /// Whether it is a loss, by its own day.
    pub fn is_loss(self) -> bool {
        matches!(
            self,
            Change::FallsOut
                | Change::AtRenewal
                | Change::NoLonger
                | Change::StepLost
                | Change::JobLost
        )
    }
}

/// One effect on one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub change: Change,
    /// The certification, path or job, as `RULESET/NAME`.
    pub code: String,
    /// The first day on which it shows.
    pub on: NaiveDate,
    /// What is missing, or what changes.
    pub why: Text,
}

/// The rules in force on the day of a change, and those it would bring.
#[derive(Clone, Debug)]
pub struct Trial {
    pub base: Rules,
    pub draft: Rules,
    /// The day from which the draft would be in force.
    pub from: NaiveDate,
    /// The day by which its transitions are over.
    pub settled: NaiveDate,
    /// That day, and later ones from which other rule sets are in force by the one than by the
    /// other.
    pub turns: Vec<Turn>,
    pub affected: Affected,
}

/// The rule sets in force from a day on, before and after.
#[derive(Clone, Debug)]
pub struct Turn {
    pub day: NaiveDate,
    before: BTreeSet<String>,
    after: BTreeSet<String>,
}

impl Turn {
    fn of(base: &Rules, draft: &Rules, day: NaiveDate) -> Turn {
        let in_force = |rules: &Rules| {
            sets_in_force(rules, day).into_iter().map(|set| set.code.clone()).collect()
        };
        Turn { day, before: in_force(base), after: in_force(draft) }
    }

    /// The day by which all is settled, and what comes after it until the horizon.
    fn all(base: &Rules, draft: &Rules, settled: NaiveDate, horizon: NaiveDate) -> Vec<Turn> {
        let sets = base.sets().chain(draft.sets());
        let days: BTreeSet<NaiveDate> = sets
            .flat_map(|set| {
                let begins = set.effective_from.map(|day| day.0);
                begins.into_iter().chain(set.effective_to.map(|day| next_day(day.0)))
            })
            .filter(|day| settled < *day && *day <= horizon)
            .collect();
        let later = days.into_iter().map(|day| Turn::of(base, draft, day));
        let later = later.filter(|turn| turn.before != turn.after);
        std::iter::once(Turn::of(base, draft, settled)).chain(later).collect()
    }
}

/// What a change can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    pub certifications: Vec<String>,
    pub paths: Vec<String>,
    pub jobs: Vec<String>,
}

impl Affected {
    pub fn is_empty(&self) -> bool {
        self.certifications.is_empty() && self.paths.is_empty() && self.jobs.is_empty()
    }

    /// What differs between two sets of rules, and whatever depends on it.
    pub fn of(base: &Programmes, draft: &Programmes, set: &str) -> Affected {
        let everything = bears_on_everything(base, draft, set);
        let mut certifications: BTreeSet<String> = codes(base, draft)
            .into_iter()
            .filter(|code| {
                let definition =
                    |rules: &Programmes| rules.certification(code).map(|(_, one)| one.clone());
                everything || definition(base) != definition(draft)
            })
            .collect();
        close(&mut certifications, base, draft);
        let leads_from = |requirement: &Requirement| names_any(requirement, &certifications);
        let paths = differing(base, draft, everything, |rules| {
            let paths = rules.sets().flat_map(|set| set.paths.iter().map(move |one| (set, one)));
            paths
                .map(|(set, one)| {
                    (set.qualified(&one.code), (one.clone(), leads_from(&one.requires)))
                })
                .collect()
        });
        let jobs = differing(base, draft, everything, |rules| {
            let jobs = rules.sets().flat_map(|set| set.jobs.iter().map(move |one| (set, one)));
            jobs.map(|(set, one)| {
                (set.qualified(&one.code), (one.clone(), leads_from(&one.requires)))
            })
            .collect()
        });
        Affected { certifications: certifications.into_iter().collect(), paths, jobs }
    }
}

/// Those that differ, and those that lead from something that does.
fn differing<T: PartialEq>(
    base: &Programmes,
    draft: &Programmes,
    everything: bool,
    list: impl Fn(&Programmes) -> BTreeMap<String, (T, bool)>,
) -> Vec<String> {
    let (base, draft) = (list(base), list(draft));
    let codes: BTreeSet<&String> = base.keys().chain(draft.keys()).collect();
    let changed = |code: &&&String| {
        let (before, after) = (base.get(**code), draft.get(**code));
        everything
            || before.map(|one| &one.0) != after.map(|one| &one.0)
            || before.into_iter().chain(after).any(|one| one.1)
    };
    codes.iter().filter(changed).map(|code| (*code).clone()).collect()
}

/// Ladders, what counts for what, competitions, and whether the set counts at all bear on verdicts
/// that do not name them.
fn bears_on_everything(base: &Programmes, draft: &Programmes, set: &str) -> bool {
    let (Some(base), Some(draft)) = (base.set(set), draft.set(set)) else { return true };
    base.ladders != draft.ladders
        || base.related_occupations != draft.related_occupations
        || base.related_majors != draft.related_majors
        || base.deemed != draft.deemed
        || base.positions != draft.positions
        || base.competitions != draft.competitions
        || base.effective_to != draft.effective_to
        || base.supersedes != draft.supersedes
}

fn codes(base: &Programmes, draft: &Programmes) -> BTreeSet<String> {
    let of = |rules: &Programmes| -> Vec<String> {
        let sets = rules.sets();
        sets.flat_map(|set| set.certifications.iter().map(|one| set.qualified(&one.code))).collect()
    };
    of(base).into_iter().chain(of(draft)).collect()
}

/// Adds every certification that depends on one that is there already.
fn close(found: &mut BTreeSet<String>, base: &Programmes, draft: &Programmes) {
    loop {
        let before = found.len();
        for set in base.sets().chain(draft.sets()) {
            for one in &set.certifications {
                if certification_names_any(one, found) {
                    found.insert(set.qualified(&one.code));
                }
            }
            for deemed in &set.deemed {
                if names_any(&deemed.by, found) {
                    found.insert(deemed.certificate.clone());
                }
            }
        }
        if found.len() == before {
            return;
        }
    }
}

fn certification_names_any(one: &Certification, codes: &BTreeSet<String>) -> bool {
    let reviews = one.review.iter().flat_map(|review| review.demands());
    let earlier = one.transitions.iter().flat_map(Transition::requirements);
    let demands = one.demands().chain(&one.suspended_unless).chain(reviews).chain(earlier);
    demands.into_iter().any(|one| names_any(one, codes))
}

fn names_any(requirement: &Requirement, codes: &BTreeSet<String>) -> bool {
    let mut found = false;
    requirement.visit(&mut |rule| {
        found |= matches!(rule, Rule::Certificate(one) if codes.contains(&one.code));
        found |= rule
            .milestones()
            .iter()
            .any(|one| matches!(one, Milestone::Certificate(code) if codes.contains(code)));
    });
    found
}

impl Trial {
    /// Compares the rules in force from a day on with a draft of one of their sets.
    pub fn new(base: Rules, draft: Rules, set: &str, from: NaiveDate) -> Trial {
        let affected = Affected::of(&base, &draft, set);
        let certifications = affected.certifications.iter();
        let plans = certifications.filter_map(|code| Some(draft.certification(code)?.1));
        let transitions = plans.flat_map(|plan| &plan.transitions);
        let bind = transitions.map(|one| one.binds_from().unwrap_or(one.from.0));
        let settled = bind.max().unwrap_or(from).max(from);
        let horizon = months_after(settled, HORIZON_MONTHS);
        let turns = Turn::all(&base, &draft, settled, horizon);
        Trial { base, draft, from, settled, turns, affected }
    }

    fn horizon(&self) -> NaiveDate {
        months_after(self.settled, HORIZON_MONTHS)
    }
}

/// Somebody to be judged.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Sorted as [`verdict::sort`] does.
    pub facts: &'a [Fact],
    /// The occupation their position counts for.
    pub occupation: &'a str,
    /// What stands against issuing, by certification.
    pub barriers: &'a HashMap<String, Barrier>,
}

/// What one person adds to the counts: held, eligible, allowed, before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    pub effects: Vec<Effect>,
    /// What they have on the day by which all is settled: before and after.
    pub counts: Vec<(String, bool, bool)>,
}

impl Trial {
    /// Judges one person by both.
    pub fn judge(&self, person: Person<'_>) -> Judged {
        let mut judged = Judged::default();
        for code in &self.affected.certifications {
            self.certificate(person, code, &mut judged);
        }
        for code in &self.affected.paths {
            self.path(person, code, &mut judged);
        }
        for code in &self.affected.jobs {
            self.job(person, code, &mut judged);
        }
        judged
    }

    fn certificate(&self, person: Person<'_>, code: &str, judged: &mut Judged) {
        let holding = Requirement::from(Rule::Certificate(requirement::Certificate {
            code: code.to_owned(),
            strictly: false,
            for_months: 0,
            ever: false,
        }));
        let (lost, gained) = self.partings(person.facts, &holding);
        let met =
            |rules: &Rules, day| verdict::is_met(&holding, rules.context(), person.facts, day);
        let (before, after) = (met(&self.base, self.settled), met(&self.draft, self.settled));
        if before || after {
            judged.counts.push((code.to_owned(), before, after));
        }
        let mut add = |change, on, why| {
            judged.effects.push(Effect { change, code: code.to_owned(), on, why });
        };
        if let Some(on) = lost {
            add(Change::FallsOut, on, self.why_lost(person.facts, code, on));
        }
        if let Some(on) = gained {
            add(Change::Gains, on, Text::new("判定为持有", "counts as held"));
        }
        let Some((_, new)) = self.draft.certification(code) else { return };
        let old = self.base.certification(code).map(|(_, one)| one);
        // The one that is to be renewed: another may run today that has been renewed already.
        let held =
            rules::last_held(person.facts, code).filter(|held| rules::ends(held) >= self.from);
        match held {
            Some(held) if lost.is_none() && met(&self.base, self.from) => {
                self.at_renewal(person.facts, code, held, old.zip(Some(new)), &mut add);
            }
            _ if gained.is_none() && lost.is_none() => {
                self.conditions(person, code, old, new, &mut add);
            }
            _ => {}
        }
    }

    /// The first days on which the answers part: met before and not after, and the other way.
    fn partings(
        &self,
        facts: &[Fact],
        requirement: &Requirement,
    ) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let (mut lost, mut gained) = (None, None);
        let (mut day, horizon) = (self.from, self.horizon());
        while day <= horizon && (lost.is_none() || gained.is_none()) {
            let truth = |rules: &Rules| Case::new(rules.context(), facts, day).truth(requirement);
            let (before, after) = (truth(&self.base), truth(&self.draft));
            match (before.met, after.met) {
                (true, false) => lost = lost.or(Some(day)),
                (false, true) => gained = gained.or(Some(day)),
                _ => {}
            }
            let certain = before.through.min(after.through);
            if certain == FOREVER {
                break;
            }
            day = next_day(certain.max(day));
        }
        (lost, gained)
    }

    /// What the draft asks of somebody who would lose a certificate.
    fn why_lost(&self, facts: &[Fact], code: &str, on: NaiveDate) -> Text {
        let Some((_, one)) = self.draft.certification(code) else {
            return Text::new("新版中没有这项认证", "the new version does not have it");
        };
        let context = self.draft.context();
        let asked = one.transitions.iter().flat_map(|one| &one.requires);
        let mut asked = std::iter::once(&one.requires).chain(&one.suspended_unless).chain(asked);
        let unmet = asked.find(|one| !verdict::is_met(one, context, facts, on));
        unmet.map_or_else(
            || Text::new("新版的条件", "the new conditions"),
            |unmet| missing(unmet, context, facts, on),
        )
    }

    /// Somebody who keeps what they have: what they will lack, and which days move.
    fn at_renewal(
        &self,
        facts: &[Fact],
        code: &str,
        held: &Fact,
        versions: Option<(&Certification, &Certification)>,
        add: &mut impl FnMut(Change, NaiveDate, Text),
    ) {
        let (Some((old, new)), Some(through)) = (versions, held.through) else { return };
        let n = rules::cycle(new, facts, code) + 1;
        let (before, after) = (way(old, n), way(new, n));
        let demand = |way: Option<&'_ Renewal>, one: &Certification| -> Requirement {
            way.map_or(&one.requires, |way| &way.requires).clone()
        };
        let (asked, asks) = (demand(before, old), demand(after, new));
        // Evidence gets old: what counted when the certificate began need not count today.
        let ever = |rules: &Rules, what: &Requirement| {
            [held.began().min(self.from), self.from]
                .iter()
                .any(|day| verdict::is_met(what, rules.context(), facts, *day))
        };
        let applies =
            |rules: &Rules| rules.certification(code).is_some_and(|(set, _)| set.applies(through));
        if applies(&self.base) && !applies(&self.draft) {
            let why = Text::new("届时规则集已失效", "the rule set is no longer in force by then");
            add(Change::AtRenewal, next_day(through), why);
        } else if asked != asks && ever(&self.base, &asked) && !ever(&self.draft, &asks) {
            add(
                Change::AtRenewal,
                next_day(through),
                missing(&asks, self.draft.context(), facts, self.from),
            );
        }
        let windows = (rules::window(old, n, through), rules::window(new, n, through));
        if windows.0 != windows.1 {
            let on = windows.1.or(windows.0).map_or(through, |(opens, _)| opens);
            add(Change::Dates, on.max(self.from), moved(windows.0, windows.1));
        }
        if let Some((before, after)) = self.reviews(facts, held, (old, new)) {
            let on = after.or(before).map_or(through, |review| review.due);
            let days = |one: Option<ReviewDay>| one.map(|one| (one.opens, one.due));
            add(Change::Dates, on.max(self.from), moved(days(before), days(after)));
        }
    }

    /// The next review by both, where they differ: as soon as the draft counts, or once its
    /// transitions are over.
    fn reviews(
        &self,
        facts: &[Fact],
        held: &Fact,
        (old, new): (&Certification, &Certification),
    ) -> Option<(Option<ReviewDay>, Option<ReviewDay>)> {
        let run = Run { from: held.began(), through: held.through };
        let next = |rules: &Rules, plan: &Certification, day: NaiveDate| {
            Case::new(rules.context(), facts, day).next_review(plan, run)
        };
        let both = |day| (next(&self.base, old, day), next(&self.draft, new, day));
        [self.from, self.settled].into_iter().map(both).find(|(before, after)| before != after)
    }

    /// Somebody without the certificate: whether the conditions are met earlier, or no more.
    fn conditions(
        &self,
        person: Person<'_>,
        code: &str,
        old: Option<&Certification>,
        new: &Certification,
        add: &mut impl FnMut(Change, NaiveDate, Text),
    ) {
        let before = old.and_then(|old| self.met_on(&self.base, person, code, old));
        let after = self.met_on(&self.draft, person, code, new);
        match (before, after) {
            (_, Some(on)) if before.is_none_or(|before| on < before) => {
                let why = match new.issue {
                    Issue::Auto => {
                        Text::new("条件满足，自动颁发", "meets the conditions: issued by rule")
                    }
                    Issue::ByDecision => {
                        Text::new("条件满足，可申请颁发", "meets the conditions: may be issued")
                    }
                    Issue::Elsewhere => Text::new(
                        "条件满足，由外部机构颁发",
                        "meets the conditions of the other body",
                    ),
                };
                add(Change::Gains, on, why);
            }
            (Some(on), None) => {
                let context = self.draft.context();
                add(Change::NoLonger, on, missing(&new.requires, context, person.facts, on));
            }
            (Some(on), Some(later)) if later > on => {
                let why = Text::new(
                    format!("推迟到 {}", date(Lang::Zh, later)),
                    format!("not before {}", date(Lang::En, later)),
                );
                add(Change::NoLonger, on, why);
            }
            _ => {}
        }
    }

    /// The first day on which somebody without the certificate would get it, or could.
    fn met_on(
        &self,
        rules: &Rules,
        person: Person<'_>,
        code: &str,
        one: &Certification,
    ) -> Option<NaiveDate> {
        let (context, facts, day) = (rules.context(), person.facts, self.from);
        let barrier = person.barriers.get(code).copied().unwrap_or_default();
        let applies =
            |on: NaiveDate| rules.certification(code).is_some_and(|(set, _)| set.applies(on));
        let held_one = facts.iter().any(|fact| is_certificate(fact, code));
        if held_one || barrier != Barrier::None {
            let due = rules::due(one, code, context, facts, barrier, day);
            return due.map(|_| day).filter(|day| applies(*day));
        }
        let on = Case::new(context, facts, day).earliest(&one.requires)?;
        (on <= self.horizon() && applies(on)).then_some(on)
    }

    fn path(&self, person: Person<'_>, code: &str, judged: &mut Judged) {
        let eligible = |rules: &Rules, in_force: &BTreeSet<String>, day: NaiveDate| {
            rules.path(code).is_some_and(|(set, path)| {
                in_force.contains(&set.code)
                    && is_open_to(path, person.facts, person.occupation, rules.context(), day)
                    && verdict::is_met(&path.requires, rules.context(), person.facts, day)
            })
        };
        let requires = self.draft.path(code).map(|(_, path)| &path.requires);
        let changes = [Change::StepLost, Change::StepGained];
        // A set that ceases to be in force changes nothing until it does.
        for (place, turn) in self.turns.iter().enumerate() {
            let before = eligible(&self.base, &turn.before, turn.day);
            let after = eligible(&self.draft, &turn.after, turn.day);
            if place == 0 {
                self.count(code, (before, after), judged);
            }
            if before != after {
                let when = (turn.day, requires);
                self.note(person.facts, code, (before, after), when, changes, judged);
                return;
            }
        }
    }

    fn job(&self, person: Person<'_>, code: &str, judged: &mut Judged) {
        let allowed = |rules: &Rules| {
            rules.job(code).is_some_and(|(_, job)| {
                verdict::is_met(&job.requires, rules.context(), person.facts, self.settled)
            })
        };
        let both = (allowed(&self.base), allowed(&self.draft));
        let requires = self.draft.job(code).map(|(_, job)| &job.requires);
        let changes = [Change::JobLost, Change::JobGained];
        self.count(code, both, judged);
        self.note(person.facts, code, both, (self.settled, requires), changes, judged);
    }

    fn count(&self, code: &str, (before, after): (bool, bool), judged: &mut Judged) {
        if before || after {
            judged.counts.push((code.to_owned(), before, after));
        }
    }

    fn note(
        &self,
        facts: &[Fact],
        code: &str,
        (before, after): (bool, bool),
        (on, requires): (NaiveDate, Option<&Requirement>),
        [lost, gained]: [Change; 2],
        judged: &mut Judged,
    ) {
        if before == after {
            return;
        }
        let (change, why) = if before {
            (lost, self.why_not(facts, on, requires))
        } else {
            (gained, Text::new("条件满足", "meets the conditions"))
        };
        judged.effects.push(Effect { change, code: code.to_owned(), on, why });
    }
}

impl Trial {
    /// What stands in the way by the draft.
    fn why_not(&self, facts: &[Fact], on: NaiveDate, requires: Option<&Requirement>) -> Text {
        let Some(requires) = requires else {
            return Text::new("新版中已取消", "not in the new version");
        };
        let line = verdict::judge(requires, self.draft.context(), facts, on);
        let gone = || Text::new("届时规则集已失效", "the rule set is no longer in force by then");
        if line.met { gone() } else { line.missing.unwrap_or(line.text) }
    }
}

fn is_certificate(fact: &Fact, code: &str) -> bool {
    fact.kind == Kind::Certificate && fact.code == code
}

/// The way by which a certificate is renewed in time for the n-th time.
fn way(one: &Certification, n: u32) -> Option<&Renewal> {
    one.ways(n).find(|way| !way.late)
}

fn missing(asked: &Requirement, context: &Context, facts: &[Fact], on: NaiveDate) -> Text {
    let line = verdict::judge(asked, context, facts, on);
    line.missing.clone().unwrap_or_else(|| line.text.clone())
}

type Days = Option<(NaiveDate, NaiveDate)>;

fn moved(before: Days, after: Days) -> Text {
    let say = |lang: Lang, days: Days| match days {
        Some((from, to)) => {
            t!(lang, "{} 至 {}", "{} to {}", date(lang, from), date(lang, to))
        }
        None => t!(lang, "无", "none"),
    };
    let (zh, en) = (Lang::Zh, Lang::En);
    Text::new(
        format!("{} → {}", say(zh, before), say(zh, after)),
        format!("{} → {}", say(en, before), say(en, after)),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{Amount, period::day_before};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const HEAD: &str = r#"
code = "s"
version = "1"
title = { zh = "测", en = "t" }
jurisdiction = "house"
source = "s"
verified = "primary"
notice = { zh = "注", en = "n" }

[[exam]]
code = "e"
title = { zh = "考", en = "e" }
recorded = true

[[job]]
code = "j"
title = { zh = "活", en = "job" }
requires.certificate.code = "c"

[[certification]]
code = "other"
title = { zh = "别", en = "other" }
requires.age.min = 16

[[certification]]
code = "d"
title = { zh = "丁", en = "d" }
requires.age.min = 16
suspended_unless.certificate.code = "c"

[[certification]]
code = "c"
title = { zh = "证", en = "c" }
issue = "auto"
"#;

    const BASE: &str = "validity.months = 24\nrequires.exam.parts = [{ code = \"e\", min = 60, valid_months = 24 }]\n\
        [[certification.renewal]]\nwindow_days = 90\nrequires.exam.parts = [{ code = \"e\", min = 60, valid_months = 6 }]\n";

    fn rules(rest: &str) -> Rules {
        let files = [("s.toml".to_owned(), format!("{HEAD}{rest}"))];
        let programmes = Programmes::of_files(&files).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        Rules::new(programmes, HashMap::new())
    }

    /// 80 points from a day on, with what that means for holders.
    fn stricter(transition: &str) -> Rules {
        rules(&BASE.replace("min = 60", "min = 80").replacen(
            "requires",
            &format!("{transition}\nrequires"),
            1,
        ))
    }

    fn trial(draft: Rules) -> Trial {
        Trial::new(rules(BASE), draft, "s", day("2026-12-01"))
    }

    fn exam(id: i64, score: i64, on: &str) -> Fact {
        Fact {
            id,
            kind: Kind::Exam,
            code: "s/e".into(),
            level: None,
            amount: Some(Amount { numerator: score, denominator: 1 }),
            unit: None,
            from: day(on),
            through: None,
        }
    }

    fn certificate(id: i64, from: NaiveDate, through: NaiveDate) -> Fact {
        Fact {
            kind: Kind::Certificate,
            code: "s/c".into(),
            amount: None,
            from,
            through: Some(through),
            ..exam(id, 0, "2026-01-01")
        }
    }

    fn effects(trial: &Trial, facts: &[Fact]) -> Vec<(Change, String, String)> {
        let mut facts = facts.to_vec();
        verdict::sort(&mut facts);
        let barriers = HashMap::new();
        let person = Person { facts: &facts, occupation: "any", barriers: &barriers };
        let found = trial.judge(person).effects.into_iter();
        found.map(|effect| (effect.change, effect.code, effect.on.to_string())).collect()
    }

    fn is(change: Change, code: &str, on: &str) -> (Change, String, String) {
        (change, code.to_owned(), on.to_owned())
    }

    #[test]
    fn a_change_reaches_what_depends_on_it_and_nothing_else() {
        let affected = trial(stricter("")).affected;
        assert_eq!(affected.certifications, ["s/c", "s/d"]);
        assert_eq!(affected.jobs, ["s/j"]);
        assert!(affected.paths.is_empty());
        assert!(Affected::of(&rules(BASE), &rules(BASE), "s").is_empty());
    }

    #[test]
    fn holders_fall_out_by_the_transition_that_was_chosen() {
        let held =
            [exam(1, 70, "2026-01-10"), certificate(2, day("2026-01-10"), day("2028-01-09"))];
        let on = |transition: &str| effects(&trial(stricter(transition)), &held);
        let renewal = is(Change::AtRenewal, "s/c", "2028-01-10");
        assert_eq!(
            on(""),
            std::slice::from_ref(&renewal),
            "without a transition nobody loses what they have"
        );
        assert_eq!(on("transition = { from = 2026-12-01, holders = \"grandfather\" }"), [renewal]);
        let lost =
            |when: &str| [is(Change::FallsOut, "s/c", when), is(Change::JobLost, "s/j", when)];
        assert_eq!(
            on("transition = { from = 2026-12-01, holders = \"from-date\" }"),
            lost("2026-12-01")
        );
        assert_eq!(
            on("transition = { from = 2027-02-01, holders = { grace = { days = 30 } } }"),
            lost("2027-03-03")
        );
    }

    #[test]
    fn whoever_meets_the_new_conditions_keeps_everything() {
        let held =
            [exam(1, 85, "2026-01-10"), certificate(2, day("2026-01-10"), day("2028-01-09"))];
        for transition in ["", "transition = { from = 2026-12-01, holders = \"from-date\" }"] {
            assert_eq!(effects(&trial(stricter(transition)), &held), []);
        }
    }

    #[test]
    fn whoever_met_the_new_conditions_when_certified_falls_out_by_none() {
        let short = |text: &str| text.replace("valid_months = 24", "valid_months = 12");
        let from_date = "transition = { from = 2026-12-01, holders = \"from-date\" }\nrequires";
        let stricter =
            short(BASE).replace("min = 60", "min = 80").replacen("requires", from_date, 1);
        let trial = Trial::new(rules(&short(BASE)), rules(&stricter), "s", day("2026-12-01"));
        let held = |points| {
            let ends = day("2028-01-14");
            effects(
                &trial,
                &[exam(1, points, "2025-01-15"), certificate(2, day("2025-01-15"), ends)],
            )
        };
        assert_eq!(held(95), []);
        assert_eq!(held(75)[0], is(Change::FallsOut, "s/c", "2026-12-01"));
    }

    #[test]
    fn the_days_that_move_are_those_of_the_certificate_to_be_renewed() {
        let later = trial(rules(&BASE.replace("window_days = 90", "window_days = 30")));
        let renewed = [
            exam(1, 70, "2025-01-10"),
            certificate(2, day("2025-01-10"), day("2027-01-09")),
            exam(3, 70, "2026-11-20"),
            certificate(4, day("2027-01-10"), day("2029-01-09")),
        ];
        assert_eq!(effects(&later, &renewed), [is(Change::Dates, "s/c", "2028-12-10")]);
    }

    #[test]
    fn a_review_that_does_not_bind_holders_moves_no_day_of_theirs() {
        let reviewed = |months: u32, transition: &str| {
            rules(&format!(
                "review = {{ months = {months}, window_days = 30 }}\n{transition}\n{BASE}"
            ))
        };
        let held =
            [exam(1, 70, "2026-01-10"), certificate(2, day("2026-01-10"), day("2028-01-09"))];
        let found = |transition: &str| {
            let (base, draft) = (reviewed(12, ""), reviewed(18, transition));
            effects(&Trial::new(base, draft, "s", day("2026-12-01")), &held)
        };
        assert_eq!(found(""), [is(Change::Dates, "s/c", "2027-07-09")]);
        let spared = "transition = { from = 2026-12-01, holders = \"grandfather\", holding_only = true, \
            before = { review = { months = 12, window_days = 30 } } }";
        assert_eq!(found(spared), []);
    }

    #[test]
    fn a_set_that_ends_is_an_effect_at_renewal() {
        let ends = format!("{HEAD}{BASE}").replacen(
            "version = \"1\"",
            "version = \"1\"\neffective_to = 2027-06-30",
            1,
        );
        let programmes = Programmes::of_files(&[("s.toml".to_owned(), ends)]).unwrap();
        let trial = trial(Rules::new(programmes, HashMap::new()));
        assert!(!trial.affected.is_empty());
        assert_eq!(
            trial.turns.iter().map(|turn| turn.day).collect::<Vec<_>>(),
            [day("2026-12-01"), day("2027-07-01")]
        );
        let held =
            [exam(1, 70, "2026-01-10"), certificate(2, day("2026-01-10"), day("2028-01-09"))];
        assert_eq!(effects(&trial, &held), [is(Change::AtRenewal, "s/c", "2028-01-10")]);
    }

    #[test]
    fn who_gains_and_whose_days_move() {
        let easier = rules(
            &BASE.replace("min = 60", "min = 50").replace("window_days = 90", "window_days = 30"),
        );
        let passed = [exam(1, 55, "2026-11-20")];
        assert_eq!(
            effects(&trial(easier.clone()), &passed),
            [is(Change::Gains, "s/c", "2026-12-01")]
        );
        let held =
            [exam(1, 70, "2026-01-10"), certificate(2, day("2026-01-10"), day("2028-01-09"))];
        assert_eq!(effects(&trial(easier), &held), [is(Change::Dates, "s/c", "2027-12-10")]);
        let close = [exam(1, 70, "2026-11-20")];
        assert_eq!(
            effects(&trial(stricter("")), &close),
            [is(Change::NoLonger, "s/c", "2026-12-01")]
        );
    }

    #[test]
    fn a_barrier_stands_in_the_way_of_a_gain() {
        let easier = trial(rules(&BASE.replace("min = 60", "min = 50")));
        let facts = [exam(1, 55, "2026-11-20")];
        let barriers = HashMap::from([("s/c".to_owned(), Barrier::Suspended)]);
        let person = Person { facts: &facts, occupation: "any", barriers: &barriers };
        assert_eq!(easier.judge(person).effects, []);
    }

    fn fact() -> impl Strategy<Value = Fact> {
        (0..2_i32, 40..100_i64, 0..900_i64, 1..900_i64).prop_map(|(kind, score, from, lasts)| {
            let from = day("2025-01-01") + chrono::Duration::days(from);
            match kind {
                0 => Fact { from, ..exam(score, score, "2026-01-01") },
                _ => certificate(score, from, from + chrono::Duration::days(lasts)),
            }
        })
    }

    fn transition() -> impl Strategy<Value = String> {
        (0..4_u32, 0..90_i64, 1..90_u32).prop_map(|(kind, later, days)| {
            let from = day("2026-12-01") + chrono::Duration::days(later);
            match kind {
                0 => String::new(),
                1 => format!("transition = {{ from = {from}, holders = \"from-date\" }}"),
                2 => format!("transition = {{ from = {from}, holders = \"grandfather\" }}"),
                _ => format!(
                    "transition = {{ from = {from}, holders = {{ grace = {{ days = {days} }} }} }}"
                ),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Leaping finds the same days as asking on each day, and before them nothing differs.
        #[test]
        fn the_first_day_on_which_answers_part_is_found(
            facts in prop::collection::vec(fact(), 0..6), transition in transition()
        ) {
            let mut facts = facts;
            verdict::sort(&mut facts);
            let trial = trial(stricter(&transition));
            for code in ["s/c", "s/d"] {
                let holding = Requirement::from(Rule::Certificate(requirement::Certificate {
                    code: code.to_owned(), strictly: false, for_months: 0, ever: false,
                }));
                let (mut lost, mut gained) = (None, None);
                let mut on = trial.from;
                while on <= day("2028-12-31") {
                    let met = |rules: &Rules| verdict::is_met(&holding, rules.context(), &facts, on);
                    match (met(&trial.base), met(&trial.draft)) {
                        (true, false) => lost = lost.or(Some(on)),
                        (false, true) => gained = gained.or(Some(on)),
                        _ => {}
                    }
                    on = next_day(on);
                }
                let found = trial.partings(&facts, &holding);
                prop_assert_eq!(found.0.filter(|day| *day <= day_before(on)), lost);
                prop_assert_eq!(found.1.filter(|day| *day <= day_before(on)), gained);
            }
        }
    }
}
