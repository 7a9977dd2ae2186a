//! All that reads and writes the tables `enrolment`, `lesson_progress` and `course_completion`.
//!
//! Whether a course is completed is asked of the record ([`completed`]); these tables know how far
//! somebody is in a round.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    Catalogue,
    catalogue::Course,
    model::{Enrolment, EnrolmentId, Progress, Round, State},
    rules,
};
use crate::{
    content::{self, ContentId},
    db::{
        Conn, Error, Instant,
        schema::{assignment, course_completion, enrolment, lesson_progress, person},
    },
    each_backend,
    record::{FactId, Kind, PersonId, ledger},
    staff::{
        SiteId,
        queries::{self as staff_queries, Scope},
    },
};

type Result<T> = std::result::Result<T, Error>;
type Backend = <Conn as diesel::Connection>::Backend;

/// The courses the record says a person has completed by today, each with the latest day.
pub fn completed(
    conn: &mut Conn,
    person: PersonId,
    today: NaiveDate,
) -> Result<BTreeMap<String, NaiveDate>> {
    Ok(completed_of(conn, &[person], today)?.remove(&person).unwrap_or_default())
}

/// The codes alone.
pub fn completed_codes(
    conn: &mut Conn,
    person: PersonId,
    today: NaiveDate,
) -> Result<BTreeSet<String>> {
    Ok(completed(conn, person, today)?.into_keys().collect())
}

/// [`completed`] for many people at once.
pub fn completed_of(
    conn: &mut Conn,
    people: &[PersonId],
    today: NaiveDate,
) -> Result<HashMap<PersonId, BTreeMap<String, NaiveDate>>> {
    let facts = ledger::facts_of_kind(conn, people, Kind::Course)?;
    Ok(facts.into_iter().map(|(id, facts)| (id, rules::completions(&facts, today))).collect())
}

/// The latest round of every course a person ever enrolled in, by course.
pub fn rounds_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Round>> {
    let enrolments: Vec<Enrolment> = latest()
        .filter(enrolment::person_id.eq(person))
        .order((enrolment::course, enrolment::id))
        .limit(1000)
        .select(Enrolment::as_select())
        .load(conn)?;
    with_progress(conn, enrolments)
}

/// The latest round of these people in one course, by person.
pub fn rounds_in(
    conn: &mut Conn,
    course: &str,
    people: &[PersonId],
) -> Result<HashMap<PersonId, Round>> {
    let mut found = HashMap::new();
    for some in people.chunks(500) {
        let enrolments: Vec<Enrolment> = latest()
            .filter(enrolment::course.eq(course.to_owned()))
            .filter(enrolment::person_id.eq_any(some.to_vec()))
            .order(enrolment::id)
            .select(Enrolment::as_select())
            .load(conn)?;
        let rounds = with_progress(conn, enrolments)?;
        found.extend(rounds.into_iter().map(|round| (round.enrolment.person_id, round)));
    }
    Ok(found)
}

/// The latest round of one person in one course.
pub fn round_of(conn: &mut Conn, person: PersonId, course: &str) -> Result<Option<Round>> {
    Ok(rounds_in(conn, course, &[person])?.remove(&person))
}

/// The course as somebody in this round takes it: the revision they enrolled in.
pub fn taught_in(
    conn: &mut Conn,
    catalogue: &Catalogue,
    code: &str,
    revision: ContentId,
) -> Result<Option<Course>> {
    let current = catalogue.get(code);
    if let Some(current) = current.filter(|course| course.content == revision) {
        return Ok(Some(current.clone()));
    }
    let kept = content::revision(conn, revision)?;
    let kept = kept.and_then(|kept| Course::of_revision(revision, &kept.code, kept.texts).ok());
    // A revision this version can no longer read is taught as it stands today.
    Ok(kept.or_else(|| current.cloned()))
}

/// The courses as they are taught in these rounds, by revision.
pub fn courses_of(
    conn: &mut Conn,
    catalogue: &Catalogue,
    rounds: &[Round],
) -> Result<HashMap<ContentId, Course>> {
    let mut found = HashMap::new();
    for Round { enrolment, .. } in rounds {
        if !found.contains_key(&enrolment.content_id)
            && let Some(course) =
                taught_in(conn, catalogue, &enrolment.course, enrolment.content_id)?
        {
            found.insert(enrolment.content_id, course);
        }
    }
    Ok(found)
}

/// How far a person is in every course they enrolled in.
pub fn progress_of(
    conn: &mut Conn,
    catalogue: &Catalogue,
    person: PersonId,
    today: NaiveDate,
) -> Result<Vec<(Progress, Round)>> {
    let completed = completed(conn, person, today)?;
    let mut found = Vec::new();
    for round in rounds_of(conn, person)? {
        let code = round.enrolment.course.clone();
        let course = taught_in(conn, catalogue, &code, round.enrolment.content_id)?;
        let Some(course) = course else { continue };
        let progress = Progress {
            done: rules::done_of(&course, &round.done),
            total: course.plan.lessons.len(),
            due_on: round.enrolment.due_on,
            completed_on: completed.get(&code).copied(),
            code,
        };
        found.push((progress, round));
    }
    Ok(found)
}

/// The courses a person is in the middle of: those with a due day first, the nearest first.
pub fn in_progress(
    conn: &mut Conn,
    catalogue: &Catalogue,
    person: PersonId,
    today: NaiveDate,
) -> Result<Vec<Progress>> {
    let all = progress_of(conn, catalogue, person, today)?.into_iter();
    let mut open: Vec<Progress> =
        all.filter(|(_, round)| round.is_open()).map(|(progress, _)| progress).collect();
    open.sort_by_key(|progress| {
        (progress.due_on.is_none(), progress.due_on, progress.code.clone())
    });
    Ok(open)
}

/// How many rounds of people within a scope are overdue.
pub fn overdue_in(conn: &mut Conn, scope: &Scope, today: NaiveDate) -> Result<i64> {
    let reach = Reach::of(conn, scope, None)?;
    Ok(latest()
        .filter(reach.covers(today))
        .filter(enrolment::due_on.is_not_null().and(enrolment::due_on.assume_not_null().lt(today)))
        .filter(not(is_completed()))
        .count()
        .get_result(conn)?)
}

/// Rounds still open that are due by a day, the earliest first: for reminders.
pub fn due_by(conn: &mut Conn, through: NaiveDate, limit: i64) -> Result<Vec<Enrolment>> {
    Ok(latest()
        .filter(
            enrolment::due_on.is_not_null().and(enrolment::due_on.assume_not_null().le(through)),
        )
        .filter(not(is_completed()))
        .order((enrolment::due_on, enrolment::id))
        .limit(limit)
        .select(Enrolment::as_select())
        .load(conn)?)
}

type Rounds = enrolment::BoxedQuery<'static, Backend>;

/// Of each person and course, the latest round only.
fn latest() -> Rounds {
    let later = diesel::alias!(enrolment as later);
    enrolment::table
        .filter(not(exists(
            later
                .filter(later.field(enrolment::person_id).eq(enrolment::person_id))
                .filter(later.field(enrolment::course).eq(enrolment::course))
                .filter(later.field(enrolment::round).gt(enrolment::round)),
        )))
        .into_boxed()
}

type Condition =
    Box<dyn BoxableExpression<enrolment::table, Backend, SqlType = diesel::sql_types::Bool>>;

fn is_completed() -> Condition {
    Box::new(exists(
        course_completion::table.filter(course_completion::enrolment_id.eq(enrolment::id)),
    ))
}

fn is_started() -> Condition {
    Box::new(exists(
        lesson_progress::table
            .filter(lesson_progress::enrolment_id.eq(enrolment::id))
            .filter(lesson_progress::done_at.is_not_null()),
    ))
}

/// A viewer's scope as sites and a manager: what a condition inside another query can be made of.
struct Reach {
    sites: Vec<SiteId>,
    /// Narrowed to a part of the tree.
    below: Vec<SiteId>,
    manager: PersonId,
}

impl Reach {
    fn of(conn: &mut Conn, scope: &Scope, below: Option<&str>) -> Result<Reach> {
        let ids = |conn: &mut Conn, scope: &Scope| -> Result<Vec<SiteId>> {
            Ok(staff_queries::sites(conn, scope)?.into_iter().map(|site| site.id).collect())
        };
        let below = Scope::part(below.unwrap_or("/"));
        Ok(Reach {
            sites: ids(conn, scope)?,
            below: ids(conn, &below)?,
            manager: scope.reports_of.unwrap_or(PersonId(0)),
        })
    }

    /// The enrolment is of somebody who works here on the day, at one of the sites or reporting to
    /// the manager.
    fn covers(self, day: NaiveDate) -> Condition {
        let later = diesel::alias!(assignment as later);
        let managed = assignment::manager_id
            .is_not_null()
            .and(assignment::manager_id.assume_not_null().eq(self.manager));
        Box::new(exists(
            assignment::table
                .filter(assignment::person_id.eq(enrolment::person_id))
                .filter(assignment::starts_on.le(day))
                .filter(assignment::ends_on.is_null().or(assignment::ends_on.ge(day)))
                .filter(assignment::site_id.eq_any(self.below))
                .filter(assignment::site_id.eq_any(self.sites).or(managed))
                .filter(not(exists(
                    later
                        .filter(later.field(assignment::person_id).eq(assignment::person_id))
                        .filter(later.field(assignment::starts_on).gt(assignment::starts_on))
                        .filter(later.field(assignment::starts_on).le(day)),
                ))),
        ))
    }
}

/// What the list of who is where is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub course: Option<String>,
    pub state: Option<State>,
    /// Below this site.
    pub lineage: Option<String>,
}

/// The latest rounds of people within a scope, by staff number and course.
pub fn who_is_where(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    today: NaiveDate,
    limit: i64,
    offset: i64,
) -> Result<Vec<Round>> {
    let reach = Reach::of(conn, scope, filter.lineage.as_deref())?;
    let mut query = latest().filter(reach.covers(today));
    if let Some(course) = &filter.course {
        query = query.filter(enrolment::course.eq(course.clone()));
    }
    query = match filter.state {
        None => query,
        Some(State::Completed) => query.filter(is_completed()),
        Some(State::NotStarted) => query.filter(not(is_completed())).filter(not(is_started())),
        Some(State::InProgress) => query.filter(not(is_completed())).filter(is_started()),
        Some(State::Overdue) => query.filter(not(is_completed())).filter(
            enrolment::due_on.is_not_null().and(enrolment::due_on.assume_not_null().lt(today)),
        ),
    };
    let staff_no = person::table.find(enrolment::person_id).select(person::staff_no).single_value();
    let enrolments = query
        .order((staff_no, enrolment::course, enrolment::id))
        .limit(limit)
        .offset(offset)
        .select(Enrolment::as_select())
        .load(conn)?;
    with_progress(conn, enrolments)
}

/// Puts the marks and the completion beside each enrolment.
fn with_progress(conn: &mut Conn, enrolments: Vec<Enrolment>) -> Result<Vec<Round>> {
    let ids: Vec<EnrolmentId> = enrolments.iter().map(|enrolment| enrolment.id).collect();
    let mut done: HashMap<EnrolmentId, BTreeSet<String>> = HashMap::new();
    let mut completed: HashMap<EnrolmentId, Instant> = HashMap::new();
    for some in ids.chunks(500) {
        let marks: Vec<(EnrolmentId, String)> = lesson_progress::table
            .filter(lesson_progress::enrolment_id.eq_any(some.to_vec()))
            .filter(lesson_progress::done_at.is_not_null())
            .select((lesson_progress::enrolment_id, lesson_progress::lesson))
            .load(conn)?;
        for (id, lesson) in marks {
            done.entry(id).or_default().insert(lesson);
        }
        completed.extend(
            course_completion::table
                .filter(course_completion::enrolment_id.eq_any(some.to_vec()))
                .select((course_completion::enrolment_id, course_completion::completed_at))
                .load::<(EnrolmentId, Instant)>(conn)?,
        );
    }
    let rounds = enrolments.into_iter().map(|enrolment| Round {
        done: done.remove(&enrolment.id).unwrap_or_default(),
        completed_at: completed.get(&enrolment.id).copied(),
        enrolment,
    });
    Ok(rounds.collect())
}

/// Begins a round; says false when somebody just began the same one.
pub fn begin(
    conn: &mut Conn,
    person: PersonId,
    course: &Course,
    round: i64,
    due_on: Option<NaiveDate>,
    (by, now): (PersonId, Instant),
) -> Result<bool> {
    let row = (
        enrolment::person_id.eq(person),
        enrolment::course.eq(&course.plan.code),
        enrolment::content_id.eq(course.content),
        enrolment::round.eq(round),
        enrolment::enrolled_at.eq(now),
        enrolment::enrolled_by.eq(by),
        enrolment::due_on.eq(due_on),
    );
    let added = each_backend!(conn, |conn| diesel::insert_into(enrolment::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(added == 1)
}

pub fn set_due(conn: &mut Conn, id: EnrolmentId, due_on: NaiveDate) -> Result<()> {
    diesel::update(enrolment::table.find(id)).set(enrolment::due_on.eq(due_on)).execute(conn)?;
    Ok(())
}

/// Takes an enrolment for this transaction: of two last lessons marked at once, the second waits
/// here and then sees the first.
pub fn take(conn: &mut Conn, id: EnrolmentId) -> Result<()> {
    diesel::update(enrolment::table.find(id))
        .set(enrolment::round.eq(enrolment::round))
        .execute(conn)?;
    Ok(())
}

/// Notes that a lesson was opened; the first time stays.
pub fn note_opened(conn: &mut Conn, id: EnrolmentId, lesson: &str, now: Instant) -> Result<()> {
    let row = (
        lesson_progress::enrolment_id.eq(id),
        lesson_progress::lesson.eq(lesson),
        lesson_progress::opened_at.eq(now),
    );
    each_backend!(conn, |conn| diesel::insert_into(lesson_progress::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// Marks a lesson done; the first mark stays.
pub fn mark_done(conn: &mut Conn, id: EnrolmentId, lesson: &str, now: Instant) -> Result<()> {
    note_opened(conn, id, lesson, now)?;
    diesel::update(lesson_progress::table.find((id, lesson)))
        .filter(lesson_progress::done_at.is_null())
        .set(lesson_progress::done_at.eq(now))
        .execute(conn)?;
    Ok(())
}

pub fn complete(conn: &mut Conn, id: EnrolmentId, fact: FactId, now: Instant) -> Result<()> {
    diesel::insert_into(course_completion::table)
        .values((
            course_completion::enrolment_id.eq(id),
            course_completion::completed_at.eq(now),
            course_completion::fact_id.eq(fact),
        ))
        .execute(conn)?;
    Ok(())
}

/// Rounds still open that are due between two days, the earliest first: for reminders.
pub fn due_between(conn: &mut Conn, first: NaiveDate, last: NaiveDate) -> Result<Vec<Enrolment>> {
    Ok(latest()
        .filter(enrolment::due_on.ge(first).and(enrolment::due_on.le(last)))
        .filter(not(is_completed()))
        .order((enrolment::due_on, enrolment::id))
        .select(Enrolment::as_select())
        .load(conn)?)
}
