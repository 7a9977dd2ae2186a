//! All that reads and writes the table `blueprint`, and how often questions were on papers.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use diesel::prelude::*;

use super::model::{BlueprintId, Form, Version};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{attempt, attempt_question, blueprint, person, question_version},
    },
    exams::questions::{QuestionId, VersionId},
    i18n::Text,
    record::{PersonId, Rules, blueprint::Blueprint, programme::ExamPlan},
};

type Result<T> = std::result::Result<T, Error>;
type Row = (
    (BlueprintId, String, i64, String, String),
    (Instant, Option<String>, Option<Instant>, Option<PersonId>),
);

fn read((said, made): Row) -> Result<Version> {
    let (id, exam, version, body, note) = said;
    let (created_at, created_by, published_at, _) = made;
    let blueprint = serde_json::from_str(&body).map_err(|error| {
        Error::Query(diesel::result::Error::DeserializationError(Box::new(error)))
    })?;
    Ok(Version {
        id,
        exam,
        version,
        blueprint,
        note,
        created_at,
        created_by,
        published_at,
        published_by: None,
    })
}

/// The versions of an exam's blueprint, newest first.
pub fn versions(conn: &mut Conn, exam: &str) -> Result<Vec<Version>> {
    let rows: Vec<Row> = blueprint::table
        .left_join(person::table.on(person::id.nullable().eq(blueprint::created_by)))
        .filter(blueprint::exam.eq(exam))
        .order(blueprint::version.desc())
        .limit(100)
        .select((
            (blueprint::id, blueprint::exam, blueprint::version, blueprint::body, blueprint::note),
            (
                blueprint::created_at,
                person::name.nullable(),
                blueprint::published_at,
                blueprint::published_by,
            ),
        ))
        .load(conn)?;
    let publishers: Vec<PersonId> = rows.iter().filter_map(|row| row.1.3).collect();
    let names: Vec<(PersonId, String)> = person::table
        .filter(person::id.eq_any(&publishers))
        .order(person::id)
        .select((person::id, person::name))
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let by = row.1.3;
            let mut version = read(row)?;
            version.published_by =
                names.iter().find(|(id, _)| Some(*id) == by).map(|(_, name)| name.clone());
            Ok(version)
        })
        .collect()
}

pub fn version(conn: &mut Conn, exam: &str, number: i64) -> Result<Option<Version>> {
    Ok(versions(conn, exam)?.into_iter().find(|one| one.version == number))
}

/// Adds a version that is not published yet; says its number.
pub fn add(
    conn: &mut Conn,
    exam: &str,
    body: &Blueprint,
    note: &str,
    (at, by): (Instant, PersonId),
) -> Result<i64> {
    let last: Option<i64> = blueprint::table
        .filter(blueprint::exam.eq(exam))
        .select(diesel::dsl::max(blueprint::version))
        .first(conn)?;
    let number = last.unwrap_or(0) + 1;
    diesel::insert_into(blueprint::table)
        .values((
            blueprint::exam.eq(exam),
            blueprint::version.eq(number),
            blueprint::body.eq(serde_json::to_string(body).unwrap_or_default()),
            blueprint::note.eq(note),
            blueprint::created_at.eq(at),
            blueprint::created_by.eq(by),
        ))
        .execute(conn)?;
    Ok(number)
}

/// Publishes a version; says whether it was not yet.
pub fn publish(conn: &mut Conn, id: BlueprintId, (at, by): (Instant, PersonId)) -> Result<bool> {
    let changed = diesel::update(blueprint::table.find(id))
        .filter(blueprint::published_at.is_null())
        .set((blueprint::published_at.eq(at), blueprint::published_by.eq(by)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// What every exam with a published blueprint is drawn by.
#[derive(Clone, Debug, Default)]
pub struct Published(HashMap<String, (BlueprintId, Blueprint)>);

impl Published {
    pub fn load(conn: &mut Conn) -> Result<Published> {
        let rows: Vec<(String, BlueprintId, String)> = blueprint::table
            .filter(blueprint::published_at.is_not_null())
            .order((blueprint::exam, blueprint::published_at, blueprint::version))
            .select((blueprint::exam, blueprint::id, blueprint::body))
            .load(conn)?;
        // The last one published counts.
        let kept = rows
            .into_iter()
            .filter_map(|(exam, id, body)| Some((exam, (id, serde_json::from_str(&body).ok()?))));
        Ok(Published(kept.collect()))
    }

    /// What an exam is drawn by: the version published here, else what its plan says.
    pub fn form<'a>(&'a self, exam: &str, plan: &'a ExamPlan) -> Form<'a> {
        match (self.0.get(exam), &plan.blueprint) {
            (Some((id, blueprint)), _) => {
                Form::Blueprint { id: Some(*id), blueprint: Cow::Borrowed(blueprint) }
            }
            (None, Some(blueprint)) => {
                Form::Blueprint { id: None, blueprint: Cow::Borrowed(blueprint) }
            }
            (None, None) => Form::Plain(&plan.draw),
        }
    }
}

/// What one exam is drawn by.
pub fn form_of<'a>(conn: &mut Conn, exam: &str, plan: &'a ExamPlan) -> Result<Form<'a>> {
    let published: Option<(BlueprintId, String)> = blueprint::table
        .filter(blueprint::exam.eq(exam).and(blueprint::published_at.is_not_null()))
        .order((blueprint::published_at.desc(), blueprint::version.desc()))
        .select((blueprint::id, blueprint::body))
        .first(conn)
        .optional()?;
    let Some((id, body)) = published else {
        return Ok(match &plan.blueprint {
            Some(blueprint) => Form::Blueprint { id: None, blueprint: Cow::Borrowed(blueprint) },
            None => Form::Plain(&plan.draw),
        });
    };
    let blueprint = serde_json::from_str(&body).map_err(|error| {
        Error::Query(diesel::result::Error::DeserializationError(Box::new(error)))
    })?;
    Ok(Form::Blueprint { id: Some(id), blueprint: Cow::Owned(blueprint) })
}

/// The headings of the blocks a paper was drawn by, from 1.
pub fn headings(
    conn: &mut Conn,
    rules: &Rules,
    exam: &str,
    id: Option<BlueprintId>,
) -> Result<BTreeMap<i64, (Text, Option<u32>)>> {
    let kept: Option<String> = match id {
        Some(id) => blueprint::table.find(id).select(blueprint::body).first(conn).optional()?,
        None => None,
    };
    let kept = kept.and_then(|body| serde_json::from_str::<Blueprint>(&body).ok());
    let planned = || rules.exam(exam).and_then(|(_, plan)| plan.blueprint.clone());
    let Some(blueprint) = kept.or_else(planned) else { return Ok(BTreeMap::new()) };
    let form = Form::Blueprint { id, blueprint: Cow::Owned(blueprint) };
    let line = |(block, title, minutes)| (block as i64, (title, minutes));
    Ok(form.headings().into_iter().map(line).collect())
}

/// The papers a person has had at an exam: the question versions of each.
pub fn papers_of(
    conn: &mut Conn,
    person: PersonId,
    exam: &str,
) -> Result<Vec<BTreeSet<VersionId>>> {
    let rows: Vec<(i64, VersionId)> = attempt_question::table
        .inner_join(attempt::table)
        .filter(attempt::person_id.eq(person).and(attempt::exam.eq(exam)))
        .order((attempt_question::attempt_id, attempt_question::position))
        .select((attempt_question::attempt_id, attempt_question::question_version_id))
        .load(conn)?;
    let mut papers: HashMap<i64, BTreeSet<VersionId>> = HashMap::new();
    for (attempt, version) in rows {
        papers.entry(attempt).or_default().insert(version);
    }
    Ok(papers.into_values().collect())
}

/// On how many papers of an exam each question was since a moment, and how many papers there were.
pub fn exposure(
    conn: &mut Conn,
    exam: &str,
    since: Instant,
) -> Result<(HashMap<QuestionId, i64>, i64)> {
    let of_exam = attempt::exam.eq(exam).and(attempt::started_at.ge(since));
    let papers: i64 = attempt::table.filter(of_exam).count().get_result(conn)?;
    let rows: Vec<(QuestionId, i64)> = attempt_question::table
        .inner_join(attempt::table)
        .inner_join(question_version::table)
        // The parts of a case stand on one paper together and count once.
        .filter(of_exam.and(attempt_question::part.le(1)))
        .group_by(question_version::question_id)
        .order(question_version::question_id)
        .select((question_version::question_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok((rows.into_iter().collect(), papers))
}
