//! What a learner does: enrol, mark a lesson done, and with the last one complete the course.

use super::{
    Catalogue,
    catalogue::Course,
    model::Round,
    queries::{self, completed},
    rules,
};
use crate::{
    access::{Viewer, audit},
    db::Conn,
    i18n::Text,
    record::{Consequences, Kind, NewFact, Source, ledger},
    text,
    web::{Error, Result},
};

/// The source of the facts a completed course writes.
pub const SOURCE: &str = "enrolment";

/// A course as one person meets it: their latest round, if any, and what they are taught.
pub struct Place {
    pub course: Course,
    pub round: Option<Round>,
}

impl Place {
    /// The revision they are enrolled in while the round is open, else the one of today. A course
    /// that is no longer taught is still there for those who took it.
    pub fn find(
        conn: &mut Conn,
        catalogue: &Catalogue,
        viewer: &Viewer,
        code: &str,
    ) -> Result<Place> {
        let round = queries::round_of(conn, viewer.id, code)?;
        let course = match &round {
            Some(round) if round.is_open() || catalogue.get(code).is_none() => {
                queries::taught_in(conn, catalogue, code, round.enrolment.content_id)?
            }
            _ => catalogue.get(code).cloned(),
        };
        Ok(Place { course: course.ok_or(Error::NotFound)?, round })
    }

    /// The round in which lessons can be marked.
    pub fn open_round(&self) -> Option<&Round> {
        self.round.as_ref().filter(|round| round.is_open())
    }
}

/// Enrols the viewer; leads to the lesson to go on with. Enrolling again changes nothing.
pub fn enrol(
    conn: &mut Conn,
    catalogue: &Catalogue,
    viewer: &Viewer,
    code: &str,
) -> Result<String> {
    let place = Place::find(conn, catalogue, viewer, code)?;
    if let Some(open) = place.open_round() {
        return Ok(lesson_path(code, rules::next_lesson(&place.course, &open.done)));
    }
    let course = catalogue.get(code).ok_or(Error::NotFound)?;
    let done = completed(conn, viewer.id, viewer.today)?;
    let missing = rules::missing(&course.plan, &done);
    if !missing.is_empty() {
        let titles: Vec<Text> = missing.into_iter().map(|code| catalogue.title(code)).collect();
        return Err(Error::Refused(rules::refusal(&course.plan.title, &titles)));
    }
    let round = place.round.map_or(1, |last| last.enrolment.round + 1);
    let stamp = (viewer.id, viewer.now);
    if queries::begin(conn, viewer.id, course, round, None, stamp)? {
        let detail = serde_json::json!({ "course": code, "round": round });
        let subject = ("person", Some(viewer.id.0));
        audit::note(conn, Some(viewer.id), "enrol", subject, detail, viewer.now)?;
    }
    let first = course.plan.lessons.first().map(|lesson| lesson.slug.as_str());
    if let (Some(first), Some(begun)) = (first, queries::round_of(conn, viewer.id, code)?) {
        queries::note_opened(conn, begun.enrolment.id, first, viewer.now)?;
    }
    Ok(lesson_path(code, first))
}

fn lesson_path(code: &str, slug: Option<&str>) -> String {
    match slug {
        Some(slug) => format!("/courses/{code}/lessons/{slug}"),
        None => format!("/courses/{code}"),
    }
}

/// Marks a lesson done for the viewer and leads on: to the next open lesson, or, when this was the
/// last, to the course, which is then completed.
pub fn mark_done(
    conn: &mut Conn,
    catalogue: &Catalogue,
    consequences: &Consequences,
    viewer: &Viewer,
    code: &str,
    slug: &str,
) -> Result<String> {
    let place = Place::find(conn, catalogue, viewer, code)?;
    let (at, _) = place.course.lesson(slug).ok_or(Error::NotFound)?;
    let Some(round) = place.round else { return Err(Error::Refused(enrol_first())) };
    let id = round.enrolment.id;
    queries::take(conn, id)?;
    // Read again: until the enrolment was ours, another click may have changed it.
    let round = queries::round_of(conn, viewer.id, code)?.ok_or(Error::NotFound)?;
    if !round.is_open() {
        return Ok(format!("/courses/{code}"));
    }
    queries::mark_done(conn, id, slug, viewer.now)?;
    let mut done = round.done;
    done.insert(slug.to_owned());
    if rules::is_complete(&place.course, &done) {
        complete(conn, consequences, viewer, &place.course, id)?;
        return Ok(format!("/courses/{code}"));
    }
    let following = place.course.plan.lessons.iter().skip(at + 1);
    let next = following.map(|lesson| lesson.slug.as_str()).find(|slug| !done.contains(*slug));
    let next = next.or_else(|| rules::next_lesson(&place.course, &done));
    if let Some(next) = next {
        queries::note_opened(conn, id, next, viewer.now)?;
    }
    Ok(lesson_path(code, next))
}

fn enrol_first() -> Text {
    text!(
        "您还没有报名这门课程。请先在课程页上报名，再标记课时。",
        "You are not enrolled in this course. Enrol on its page first, then mark lessons."
    )
}

/// The completion, its fact and what follows from it, together.
fn complete(
    conn: &mut Conn,
    consequences: &Consequences,
    viewer: &Viewer,
    course: &Course,
    id: super::EnrolmentId,
) -> Result<()> {
    let plan = &course.plan;
    let said =
        NewFact::new(Kind::Course, &plan.code, viewer.today).amount(plan.hours, 1, Some("h"));
    let source = Source::new(SOURCE, id.0);
    let fact = ledger::append(conn, viewer.id, &said, source, viewer.stamp())?;
    queries::complete(conn, id, fact, viewer.now)?;
    let detail = serde_json::json!({ "course": plan.code, "fact": fact });
    let subject = ("person", Some(viewer.id.0));
    audit::note(conn, Some(viewer.id), "complete-course", subject, detail, viewer.now)?;
    Ok(consequences.follow(conn, viewer.id, viewer.today, viewer.stamp())?)
}
