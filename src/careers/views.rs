//! What the pages show, put together from facts, rules and candidacies. Reads, decides nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{
    appointments::{self, model::Occupancy, rules::Asked},
    model::{CandidacyId, GradeHeld, KeptRules, KeptVerdict, Story},
    queries,
    rules::{self, Step},
};
use crate::{
    access::{Acting, Hr, Manager, Role, Viewer},
    content,
    db::{Conn, Instant},
    record::{
        Fact, PersonId, Rules,
        ledger::{self, Row},
        programme::Ladder,
        requirement::Requirement,
        verdict::{self, Line},
    },
    staff::{self, Post, Site, queries::Scope},
    web::{Error, Result},
};

/// What day it is at a site.
pub fn today_at(site: &Site, now: Instant) -> NaiveDate {
    now.utc().with_timezone(&site.zone()).date_naive()
}

/// Where these people work, as far as they are within a reach.
pub fn posts_by_person(
    conn: &mut Conn,
    reach: &Scope,
    people: impl Iterator<Item = PersonId>,
    on: NaiveDate,
) -> Result<HashMap<PersonId, Post>> {
    let people: BTreeSet<PersonId> = people.collect();
    let people: Vec<PersonId> = people.into_iter().collect();
    Ok(staff::queries::posts_by_person(conn, reach, &people, on)?)
}

/// A step somebody may think of, judged.
pub struct Way<'a> {
    pub step: Step<'a>,
    pub line: Line,
    /// What is passed after applying.
    pub assessment: Option<Line>,
    pub applied: Option<CandidacyId>,
    /// Who takes the places, where the rules set a number.
    pub places: Option<Occupancy>,
}

/// Where somebody stands and where they can go.
pub struct PathView<'a> {
    pub post: Post,
    pub today: NaiveDate,
    pub ladders: Vec<&'a Ladder>,
    pub current: Vec<GradeHeld>,
    pub grades: Vec<GradeHeld>,
    pub ways: Vec<Way<'a>>,
    pub stories: Vec<Story>,
}

impl<'a> PathView<'a> {
    pub fn load(
        conn: &mut Conn,
        rules: &'a Rules,
        post: Post,
        now: Instant,
    ) -> Result<PathView<'a>> {
        let facts = ledger::facts_of(conn, post.person.id, None)?;
        let stories = queries::candidacies_of(conn, post.person.id)?;
        let today = today_at(&post.site, now);
        let occupation = rules.occupation_of(&post.assignment.position);
        let context = rules.context();
        let mut ways: Vec<Way<'a>> = rules::steps_in_force(rules, today)
            .into_iter()
            .filter(|step| rules::is_open_to(step.path, &facts, &occupation, context, today))
            .map(|step| Way::judged(step, rules, &facts, &stories, today))
            .collect();
        for way in &mut ways {
            way.places =
                appointments::queries::occupancy_at(conn, way.step.path, &post.site, today)?;
        }
        Ok(PathView {
            ladders: rules::ladders_of(rules, &facts, &occupation, today),
            current: rules::current_grades(&facts, context, today),
            grades: rules::grades(&facts, context),
            ways,
            stories,
            today,
            post,
        })
    }

    pub fn current_on(&self, ladder: &str) -> Option<&GradeHeld> {
        self.current.iter().find(|grade| grade.ladder == ladder)
    }

    /// The next level on a ladder to which a path leads from here.
    pub fn next_on(&self, ladder: &Ladder) -> Option<u32> {
        let steps = self.ways.iter().map(|way| way.step.path);
        let here = steps.filter(|path| path.ladder == ladder.code);
        here.filter_map(|path| ladder.grade(&path.grants)).map(|grade| grade.rank).min()
    }
}

impl<'a> Way<'a> {
    fn judged(
        step: Step<'a>,
        rules: &Rules,
        facts: &[Fact],
        stories: &[Story],
        today: NaiveDate,
    ) -> Way<'a> {
        let judge = |what: &Requirement| verdict::judge(what, rules.context(), facts, today);
        let code = step.code();
        let open = stories.iter().find(|one| one.is_open() && one.candidacy.path == code);
        Way {
            step,
            line: judge(&step.path.requires),
            assessment: step.path.assessment.as_ref().map(judge),
            applied: open.map(|one| one.candidacy.id),
            places: None,
        }
    }
}

/// One step for one person, judged, if it is one they may think of.
pub fn way_of<'a>(
    conn: &mut Conn,
    rules: &'a Rules,
    post: &Post,
    code: &str,
    now: Instant,
) -> Result<Way<'a>> {
    let (set, path) = rules.path(code).ok_or(Error::NotFound)?;
    let facts = ledger::facts_of(conn, post.person.id, None)?;
    let today = today_at(&post.site, now);
    let occupation = rules.occupation_of(&post.assignment.position);
    if !rules::is_open_to(path, &facts, &occupation, rules.context(), today) {
        return Err(Error::Refused(crate::text!(
            "这一步不在此人目前的成长路径上：起点等级或岗位不符，或已达到该等级。请在“我的成长”中查看可走的下一步。",
            "This step does not start from where this person stands, or they hold that level already. “My path” shows the possible next steps."
        )));
    }
    let open = queries::open_of(conn, post.person.id, code)?;
    let mut way = Way::judged(Step { set, path }, rules, &facts, &[], today);
    way.applied = open;
    Ok(way)
}

/// The verdict a decision is made by, to be kept with it.
pub fn verdict_today(
    conn: &mut Conn,
    rules: &Rules,
    post: &Post,
    code: &str,
    now: Instant,
) -> Result<Option<KeptVerdict>> {
    verdict_on(conn, rules, post, code, today_at(&post.site, now), None)
}

/// The verdict of a day as it was known at a moment; none when no rule set has the path any more.
fn verdict_on(
    conn: &mut Conn,
    rules: &Rules,
    post: &Post,
    code: &str,
    on: NaiveDate,
    known_at: Option<Instant>,
) -> Result<Option<KeptVerdict>> {
    let rules = &rules.on(on);
    let Some((set, path)) = rules.path(code) else { return Ok(None) };
    let rows = ledger::rows_of(conn, post.person.id, known_at)?;
    let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
    verdict::sort(&mut facts);
    // At the time of applying only the conditions for applying count.
    let demanded = match known_at {
        Some(_) => path.requires.clone(),
        None => rules::to_promote(path),
    };
    let line = verdict::judge(&demanded, rules.context(), &facts, on);
    let counted = line.facts();
    let sources: BTreeMap<i64, String> = rows
        .iter()
        .filter(|row| counted.contains(&row.id.0))
        .map(|row| (row.id.0, row.source()))
        .collect();
    Ok(Some(KeptVerdict {
        path: code.to_owned(),
        title: path.title.clone(),
        on,
        met: line.met,
        earliest: line.earliest,
        rules: KeptRules {
            code: set.code.clone(),
            title: set.title.clone(),
            version: set.version.clone(),
            source: path.source.clone().unwrap_or_else(|| set.source.clone()),
            verified: path.verified.unwrap_or(set.verified),
            content_id: rules.revision(set),
        },
        line,
        sources,
    }))
}

/// From when through when an appointment would run; the end is open where the rules leave it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
}

/// A candidacy as its page shows it.
pub struct StoryView {
    pub story: Story,
    pub post: Post,
    pub today: NaiveDate,
    /// The verdict of today, while it is open and the path is in the rules.
    pub verdict: Option<KeptVerdict>,
    /// As it was known at the time of applying, if the rules are still the same.
    pub at_application: Option<KeptVerdict>,
    /// The verdict the decision was made by.
    pub kept: Option<KeptVerdict>,
    /// The number of the revision of the rule set the decision was made under.
    pub kept_revision: Option<i64>,
    pub names: HashMap<PersonId, staff::Person>,
    /// The term it would be decided for today, if it is an appointment.
    pub term: Option<Term>,
    /// The last day of what was granted, if it has one.
    pub given_through: Option<NaiveDate>,
    pub places: Option<Occupancy>,
    pub may_withdraw: bool,
    pub may_recommend: bool,
    pub may_decide: bool,
}

/// Whose candidacies somebody may open beside their own: as HR reviewer, as manager, as superior.
pub fn candidacy_scope(viewer: &Viewer) -> Scope {
    let lineages = viewer.lineages(&[Role::Manager, Role::Hr]);
    Scope { lineages, reports_of: Some(viewer.id) }
}

impl StoryView {
    pub fn load(
        conn: &mut Conn,
        rules: &Rules,
        viewer: &Viewer,
        id: CandidacyId,
    ) -> Result<StoryView> {
        let story = queries::story(conn, id)?.ok_or(Error::NotFound)?;
        let person = story.candidacy.person_id;
        let post = if person == viewer.id {
            staff::queries::post_of(conn, person, viewer.today)?
        } else {
            staff::queries::post_in(conn, &candidacy_scope(viewer), person, viewer.today)?
        }
        .ok_or(Error::NotFound)?;
        let open = story.is_open();
        let manager = Acting::<Manager>::of(viewer.clone());
        let may_recommend = open
            && story.recommendation.is_none()
            && manager.and_then(|acting| acting.other_person(conn, person)).is_ok();
        let hr = Acting::<Hr>::of(viewer.clone());
        let may_decide = open && hr.and_then(|acting| acting.other_person(conn, person)).is_ok();
        let mut view = StoryView {
            today: today_at(&post.site, viewer.now),
            verdict: None,
            at_application: None,
            kept: None,
            kept_revision: None,
            names: names_in(conn, &story)?,
            term: None,
            given_through: None,
            places: None,
            may_withdraw: open && person == viewer.id,
            may_recommend,
            may_decide,
            post,
            story,
        };
        view.load_verdicts(conn, rules, viewer.now)?;
        view.load_term(conn, rules)?;
        Ok(view)
    }

    fn load_term(&mut self, conn: &mut Conn, rules: &Rules) -> Result<()> {
        if let Some(fact) = self.story.decision.as_ref().and_then(|made| made.fact_id) {
            self.given_through = ledger::row(conn, fact)?.and_then(|row| row.through_on);
        }
        let found = rules.path(&self.story.candidacy.path);
        let Some((_, path)) = found.filter(|_| self.story.is_open()) else { return Ok(()) };
        if !rules::is_appointment(path, rules.context()) {
            return Ok(());
        }
        let facts = ledger::facts_of(conn, self.post.person.id, None)?;
        let held = rules::grades(&facts, rules.context());
        let asked = Asked { from: self.today, through: Some(NaiveDate::MAX) };
        let term = appointments::rules::term_of(path, true, &held, asked).ok();
        self.term = term.map(|(from, _)| Term { from, through: path.term_through(from) });
        self.places = appointments::queries::occupancy_at(conn, path, &self.post.site, self.today)?;
        Ok(())
    }

    fn load_verdicts(&mut self, conn: &mut Conn, rules: &Rules, now: Instant) -> Result<()> {
        let candidacy = &self.story.candidacy;
        let (path, post) = (candidacy.path.as_str(), &self.post);
        if self.story.is_open() {
            self.verdict = verdict_today(conn, rules, post, path, now)?;
        }
        let applied = candidacy.applied_at;
        let then = today_at(&post.site, applied);
        self.at_application = verdict_on(conn, rules, post, path, then, Some(applied))?
            .filter(|verdict| verdict.rules.content_id == candidacy.content_id);
        if let Some(decision) = &self.story.decision {
            self.kept = serde_json::from_str(&decision.verdict).ok();
        }
        if let Some(kept) = &self.kept {
            let revision = content::revision(conn, kept.rules.content_id)?;
            self.kept_revision = revision.map(|kept| kept.number);
        }
        Ok(())
    }
}

fn names_in(conn: &mut Conn, story: &Story) -> Result<HashMap<PersonId, staff::Person>> {
    let given = story.recommendation.as_ref().map(|given| given.given_by);
    let decided = story.decision.as_ref().map(|made| made.decided_by);
    let mut names = HashMap::new();
    for id in [Some(story.candidacy.applied_by), given, decided].into_iter().flatten() {
        if let Some(person) = staff::queries::person(conn, id)? {
            names.insert(id, person);
        }
    }
    Ok(names)
}
