//! What the pages show of results. Reads, decides nothing.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    model::Raised,
    queries,
    rules::{self, Chance},
};
use crate::{
    access::{Acting, Hr},
    careers::{
        model::{KeptRules, KeptVerdict},
        rules::sets_in_force,
        views::posts_by_person,
    },
    db::Conn,
    record::{
        Fact, FactId, Kind, PersonId, Rules,
        ledger::{self, Row},
        programme::{CompetitionPlan, RuleSet},
    },
    staff::{self, Post},
    web::{Error, Result},
};

crate::words! {
    /// The lists of the page.
    List {
        /// May raise somebody.
        Open = "open",
        /// Has raised somebody.
        Used = "used",
        /// Raises nobody.
        Idle = "idle",
    }
}

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    pub competition: Option<String>,
    pub list: Option<List>,
    pub page: Option<usize>,
}

/// A class of competitions with its rule set.
#[derive(Clone, Copy, Debug)]
pub struct Class<'a> {
    pub set: &'a RuleSet,
    pub plan: &'a CompetitionPlan,
}

impl Class<'_> {
    pub fn code(&self) -> String {
        self.set.qualified(&self.plan.code)
    }
}

/// Every class of competitions in force.
pub fn classes(rules: &Rules, on: NaiveDate) -> Vec<Class<'_>> {
    let sets = sets_in_force(rules, on).into_iter();
    sets.flat_map(|set| set.competitions.iter().map(move |plan| Class { set, plan })).collect()
}

/// A result, with what it may do or did.
pub struct Entry<'a> {
    pub class: Class<'a>,
    pub row: Row,
    pub result: Fact,
    pub post: Post,
    pub chance: Chance,
    pub raised: Option<Raised>,
}

impl Entry<'_> {
    pub fn list(&self) -> List {
        match self.chance {
            Chance::Raise(_) => List::Open,
            Chance::Used => List::Used,
            _ => List::Idle,
        }
    }
}

/// The results of people within reach.
pub struct ListView<'a> {
    pub classes: Vec<Class<'a>>,
    pub competition: String,
    pub list: List,
    pub page: usize,
    pub counts: HashMap<List, usize>,
    pub entries: Vec<Entry<'a>>,
}

impl<'a> ListView<'a> {
    pub fn load(
        conn: &mut Conn,
        rules: &'a Rules,
        hr: &Acting<Hr>,
        asked: &Asked,
    ) -> Result<ListView<'a>> {
        let classes = classes(rules, hr.today);
        let competition = asked.competition.clone().unwrap_or_default();
        let mut wanted = classes.clone();
        if !competition.is_empty() {
            wanted.retain(|class| class.code() == competition);
            if wanted.is_empty() {
                return Err(Error::NotFound);
            }
        }
        let mut rows = Vec::new();
        for class in wanted {
            let found = ledger::rows_of_kind(conn, Kind::Competition, Some(&class.code()))?;
            rows.extend(found.into_iter().map(|row| (class, row)));
        }
        let mut entries = entries(conn, rules, hr, rows)?;
        let mut counts = HashMap::new();
        for one in &entries {
            *counts.entry(one.list()).or_insert(0) += 1;
        }
        let list = asked.list.unwrap_or(List::Open);
        entries.retain(|one| one.list() == list);
        let page = asked.page.unwrap_or(1).max(1);
        Ok(ListView { classes, competition, list, page, counts, entries })
    }
}

/// Judges results: the newest first. Three queries, however many there are.
fn entries<'a>(
    conn: &mut Conn,
    rules: &'a Rules,
    hr: &Acting<Hr>,
    rows: Vec<(Class<'a>, Row)>,
) -> Result<Vec<Entry<'a>>> {
    let people = rows.iter().map(|(_, row)| row.person_id);
    let posts = posts_by_person(conn, hr.reach(), people, hr.today)?;
    let people: Vec<PersonId> = posts.keys().copied().collect();
    let grades = ledger::facts_of_kind(conn, &people, Kind::Grade)?;
    let raised = queries::raised_of(conn, &people)?;
    let none = Vec::new();
    let mut entries: Vec<Entry<'a>> = rows
        .into_iter()
        .filter_map(|(class, row)| {
            let post = posts.get(&row.person_id)?.clone();
            let result = row.fact()?;
            let held = grades.get(&row.person_id).map_or(&[][..], Vec::as_slice);
            let held = rules::not_over(held, rules.context(), hr.today);
            let theirs = raised.get(&row.person_id).unwrap_or(&none);
            let spent = queries::spent(theirs);
            let Class { set, plan } = class;
            let chance = rules::chance(&set.code, plan, rules.context(), &result, &held, &spent);
            let raised = theirs.iter().find(|one| one.fact_id == row.id).cloned();
            Some(Entry { class, row, result, post, chance, raised })
        })
        .collect();
    entries.sort_by_key(|one| (std::cmp::Reverse(one.result.from), one.row.id));
    Ok(entries)
}

/// One result with the decision made by it, if one was.
pub struct ResultView<'a> {
    pub entry: Entry<'a>,
    pub may_decide: bool,
    pub decided_by: Option<staff::Person>,
    /// What the record says of the result now.
    pub voided: bool,
}

impl<'a> ResultView<'a> {
    pub fn load(
        conn: &mut Conn,
        rules: &'a Rules,
        hr: &Acting<Hr>,
        id: FactId,
    ) -> Result<ResultView<'a>> {
        let row = ledger::row(conn, id)?.filter(|row| row.kind == Kind::Competition.word());
        let row = row.ok_or(Error::NotFound)?;
        let voided = row.voided_at.is_some();
        let (set, plan) = rules.competition(&row.code).ok_or(Error::NotFound)?;
        let found = entries(conn, rules, hr, vec![(Class { set, plan }, row)])?;
        let entry = found.into_iter().next().ok_or(Error::NotFound)?;
        if voided && entry.raised.is_none() {
            return Err(Error::NotFound);
        }
        let decided_by = match &entry.raised {
            Some(raised) => staff::queries::person(conn, raised.decided_by)?,
            None => None,
        };
        let others = entry.post.person.id != hr.id && entry.post.works_on(hr.today);
        let may_decide = others && entry.list() == List::Open;
        Ok(ResultView { entry, may_decide, decided_by, voided })
    }
}

/// The verdict a decision keeps, with the rules as they were.
pub fn kept(
    rules: &Rules,
    (set, plan): (&RuleSet, &CompetitionPlan),
    row: &Row,
    result: &Fact,
    chance: &Chance,
    on: NaiveDate,
) -> KeptVerdict {
    let line = super::rules::verdict(plan, rules.context(), result, chance);
    KeptVerdict {
        path: set.qualified(&plan.code),
        title: plan.title.clone(),
        on,
        met: line.met,
        earliest: line.earliest,
        rules: KeptRules {
            code: set.code.clone(),
            title: set.title.clone(),
            version: set.version.clone(),
            source: plan.source.clone().unwrap_or_else(|| set.source.clone()),
            verified: plan.verified.unwrap_or(set.verified),
            content_id: rules.revision(set),
        },
        line,
        sources: BTreeMap::from([(row.id.0, row.source())]),
    }
}
