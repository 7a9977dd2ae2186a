//! All that writes the tables `standard_study`, `standard_judge` and `standard_estimate`.

use diesel::prelude::*;

use super::{
    model::{Judge, Judged, Study, StudyId},
    rules::Estimates,
};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            person, question, question_version, role_grant, standard_estimate, standard_judge,
            standard_study,
        },
    },
    each_backend,
    exams::questions::{Body, QuestionKind, VersionId},
    record::PersonId,
    staff::Person,
};

type Result<T> = std::result::Result<T, Error>;

pub struct NewStudy<'a> {
    pub exam: &'a str,
    pub title: &'a str,
    pub questions: &'a [VersionId],
}

pub fn add(conn: &mut Conn, new: &NewStudy<'_>, by: PersonId, now: Instant) -> Result<StudyId> {
    let questions = serde_json::to_string(new.questions).unwrap_or_default();
    Ok(diesel::insert_into(standard_study::table)
        .values((
            standard_study::exam.eq(new.exam),
            standard_study::title.eq(new.title),
            standard_study::questions.eq(questions),
            standard_study::created_at.eq(now),
            standard_study::created_by.eq(by),
        ))
        .returning(standard_study::id)
        .get_result(conn)?)
}

pub fn study(conn: &mut Conn, id: StudyId) -> Result<Option<Study>> {
    Ok(standard_study::table.find(id).select(Study::as_select()).first(conn).optional()?)
}

/// Studies, newest first; of one exam, or of all.
pub fn studies(conn: &mut Conn, exam: &str, limit: i64, offset: i64) -> Result<Vec<Study>> {
    let mut query = standard_study::table.into_boxed();
    if !exam.is_empty() {
        query = query.filter(standard_study::exam.eq(exam.to_owned()));
    }
    Ok(query
        .order((standard_study::created_at.desc(), standard_study::id.desc()))
        .limit(limit)
        .offset(offset)
        .select(Study::as_select())
        .load(conn)?)
}

/// Invites somebody, unless they are invited; says whether they were not.
pub fn invite(
    conn: &mut Conn,
    id: StudyId,
    judge: PersonId,
    by: PersonId,
    now: Instant,
) -> Result<bool> {
    let added = each_backend!(conn, |conn| diesel::insert_into(standard_judge::table)
        .values((
            standard_judge::study_id.eq(id),
            standard_judge::person_id.eq(judge),
            standard_judge::invited_at.eq(now),
            standard_judge::invited_by.eq(by),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(added == 1)
}

pub fn judges(conn: &mut Conn, id: StudyId) -> Result<Vec<Judge>> {
    let rows: Vec<(Person, Instant)> = standard_judge::table
        .inner_join(person::table)
        .filter(standard_judge::study_id.eq(id))
        .order((person::staff_no, person::id))
        .select((Person::as_select(), standard_judge::invited_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(person, invited_at)| Judge { person, invited_at }).collect())
}

pub fn is_judge(conn: &mut Conn, id: StudyId, person: PersonId) -> Result<bool> {
    let found = standard_judge::table.find((id.0, person.0)).count();
    Ok(found.get_result::<i64>(conn)? > 0)
}

/// Which studies a person judges, of these.
pub fn judged_by(conn: &mut Conn, person: PersonId) -> Result<Vec<StudyId>> {
    Ok(standard_judge::table
        .filter(standard_judge::person_id.eq(person))
        .order(standard_judge::study_id)
        .select(standard_judge::study_id)
        .load(conn)?)
}

/// Everybody who holds one of these roles on a day.
pub fn holders(
    conn: &mut Conn,
    roles: &[crate::access::Role],
    day: chrono::NaiveDate,
) -> Result<Vec<PersonId>> {
    Ok(role_grant::table
        .filter(role_grant::role.eq_any(roles.to_vec()))
        .filter(role_grant::starts_on.le(day))
        .filter(role_grant::ends_on.is_null().or(role_grant::ends_on.ge(day)))
        .order(role_grant::person_id)
        .select(role_grant::person_id)
        .distinct()
        .load(conn)?)
}

/// Questions by version, in the order of their codes.
pub fn questions(conn: &mut Conn, versions: &[VersionId]) -> Result<Vec<Judged>> {
    let rows: Vec<(VersionId, String, QuestionKind, String)> = question_version::table
        .inner_join(question::table)
        .filter(question_version::id.eq_any(versions.iter().map(|version| version.0)))
        .order((question::code, question_version::id))
        .select((
            question_version::id,
            question::code,
            question_version::kind,
            question_version::body,
        ))
        .load(conn)?;
    let read = |(version, code, kind, body): (VersionId, String, QuestionKind, String)| {
        let body = Body::read(kind, &body).ok()?;
        Some(Judged { version, code, kind, body })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

pub fn estimates(conn: &mut Conn, id: StudyId) -> Result<Estimates> {
    let rows: Vec<(PersonId, i64, VersionId, i64)> = standard_estimate::table
        .filter(standard_estimate::study_id.eq(id))
        .select((
            standard_estimate::person_id,
            standard_estimate::round,
            standard_estimate::question_version_id,
            standard_estimate::percent,
        ))
        .load(conn)?;
    Ok(Estimates::of(rows))
}

/// Keeps what a judge says of a question in a round; the last word counts.
pub fn say(
    conn: &mut Conn,
    (id, judge, round): (StudyId, PersonId, i64),
    question: VersionId,
    percent: i64,
    now: Instant,
) -> Result<()> {
    each_backend!(conn, |conn| diesel::insert_into(standard_estimate::table)
        .values((
            standard_estimate::study_id.eq(id),
            standard_estimate::person_id.eq(judge),
            standard_estimate::round.eq(round),
            standard_estimate::question_version_id.eq(question),
            standard_estimate::percent.eq(percent),
            standard_estimate::saved_at.eq(now),
        ))
        .on_conflict((
            standard_estimate::study_id,
            standard_estimate::person_id,
            standard_estimate::round,
            standard_estimate::question_version_id,
        ))
        .do_update()
        .set((standard_estimate::percent.eq(percent), standard_estimate::saved_at.eq(now)))
        .execute(conn))?;
    Ok(())
}

/// Takes back what a judge said.
pub fn unsay(
    conn: &mut Conn,
    (id, judge, round): (StudyId, PersonId, i64),
    question: VersionId,
) -> Result<()> {
    diesel::delete(standard_estimate::table.find((id.0, judge.0, round, question.0)))
        .execute(conn)?;
    Ok(())
}

/// The study, held until the end of the transaction, so that nothing is saved into a round while
/// it closes. SQLite has one writer, so there it is held already.
pub fn hold(conn: &mut Conn, id: StudyId) -> Result<Option<Study>> {
    match conn {
        Conn::Sqlite(_) => study(conn, id),
        Conn::Postgres(conn) => Ok(standard_study::table
            .filter(standard_study::id.eq(id))
            .select(Study::as_select())
            .for_update()
            .first(conn)
            .optional()?),
    }
}

/// Closes a round.
pub fn close(conn: &mut Conn, id: StudyId, round: i64, now: Instant) -> Result<()> {
    let row = standard_study::table.find(id);
    match round {
        1 => diesel::update(row).set(standard_study::first_closed_at.eq(now)).execute(conn)?,
        _ => diesel::update(row).set(standard_study::closed_at.eq(now)).execute(conn)?,
    };
    Ok(())
}

/// Adopts a cut for the exam.
pub fn adopt(
    conn: &mut Conn,
    id: StudyId,
    cut: i64,
    why: &str,
    by: PersonId,
    now: Instant,
) -> Result<()> {
    diesel::update(standard_study::table.find(id))
        .set((
            standard_study::cut.eq(cut),
            standard_study::adopted_at.eq(now),
            standard_study::adopted_by.eq(by),
            standard_study::adopted_why.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}
