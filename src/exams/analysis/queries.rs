//! Reads the papers of an exam with what they earned; it owns no table.
//!
//! Nothing is stored: the rows of all papers are read in one pass and marked again by the same
//! rules as at the finish, the key of each question read once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use diesel::prelude::*;

use super::{
    choices::Choosing,
    figures::{Mark, Sheet},
    model::{Exposure, Papers, Question},
};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            answer, attempt, attempt_question, attempt_result, blueprint, marking, question,
            question_correction, question_version,
        },
    },
    exams::{
        attempts::model::AttemptId,
        blueprints::draw::parse_order,
        questions::{
            Body, QuestionId, QuestionKind, VersionId,
            correction::CorrectionKind,
            scoring::{self, Correction, Item},
            share::Share,
        },
    },
};

type Result<T> = std::result::Result<T, Error>;

/// The newest papers that are looked at.
pub const MOST_PAPERS: i64 = 5_000;

/// Where a question stands: its version, and which part of a case.
type Place = (VersionId, i64);

/// The finished papers of an exam with every mark, of one version of its blueprint or of all.
pub fn papers(conn: &mut Conn, exam: &str, version: Option<i64>, most: i64) -> Result<Papers> {
    let (mut sheets, since) = sheets(conn, exam, version, most)?;
    let Some(since) = since else { return Ok(Papers::default()) };
    let mut marker = Marker::of(conn, exam)?;
    for row in rows(conn, exam, since)? {
        if let Some(sheet) = sheets.get_mut(&row.attempt) {
            sheet.marks.extend(marker.mark(row));
        }
    }
    let mut sheets: Vec<Sheet> = sheets.into_values().collect();
    Ok(Papers { questions: marker.questions(&mut sheets), sheets })
}

/// The results of the newest papers by attempt, and when the oldest of them was finished.
fn sheets(
    conn: &mut Conn,
    exam: &str,
    version: Option<i64>,
    most: i64,
) -> Result<(BTreeMap<AttemptId, Sheet>, Option<Instant>)> {
    let mut query = attempt::table
        .inner_join(attempt_result::table)
        .left_join(blueprint::table.on(attempt::blueprint_id.eq(blueprint::id.nullable())))
        .filter(attempt::exam.eq(exam).and(attempt_result::superseded_at.is_null()))
        .into_boxed();
    if let Some(version) = version {
        query = query.filter(blueprint::version.eq(version));
    }
    let rows: Vec<(AttemptId, Option<Instant>, i64, i64, bool)> = query
        .order((attempt::finished_at.desc(), attempt::id.desc()))
        .limit(most)
        .select((
            attempt::id,
            attempt::finished_at,
            attempt_result::points,
            attempt_result::points_max,
            attempt_result::passed,
        ))
        .load(conn)?;
    let since = rows.iter().filter_map(|(_, at, ..)| *at).min();
    let sheet = |(id, _, points, most, passed): (AttemptId, Option<Instant>, i64, i64, bool)| {
        let score = points as f64 * 100.0 / most.max(1) as f64;
        (id, Sheet { score, passed, marks: Vec::new() })
    };
    Ok((rows.into_iter().map(sheet).collect(), since))
}

/// The scores of the newest papers, out of 100.
pub fn scores(conn: &mut Conn, exam: &str) -> Result<Vec<f64>> {
    let (sheets, _) = sheets(conn, exam, None, MOST_PAPERS)?;
    Ok(sheets.into_values().map(|sheet| sheet.score).collect())
}

/// A place of a paper with what was answered there.
#[derive(Queryable)]
struct Row {
    attempt: AttemptId,
    position: i64,
    version: VersionId,
    part: i64,
    kind: QuestionKind,
    order: String,
    weight: i64,
    scored: bool,
    response: Option<String>,
}

fn rows(conn: &mut Conn, exam: &str, since: Instant) -> Result<Vec<Row>> {
    Ok(attempt_question::table
        .inner_join(attempt::table)
        .left_join(
            answer::table.on(answer::attempt_id
                .eq(attempt_question::attempt_id)
                .and(answer::position.eq(attempt_question::position))),
        )
        .filter(attempt::exam.eq(exam).and(attempt::finished_at.ge(since)))
        .order((attempt_question::attempt_id, attempt_question::position))
        .select((
            attempt_question::attempt_id,
            attempt_question::position,
            attempt_question::question_version_id,
            attempt_question::part,
            attempt_question::kind,
            attempt_question::option_order,
            attempt_question::weight,
            attempt_question::scored,
            answer::response.nullable(),
        ))
        .load(conn)?)
}

/// A version that stood on papers of an exam.
#[derive(Queryable)]
struct Version {
    version: VersionId,
    question: QuestionId,
    code: String,
    number: i64,
    kind: QuestionKind,
    area: String,
    body: String,
}

struct Known {
    version: Version,
    body: Arc<Body>,
}

/// Marks rows, and learns on the way which questions there are and what was chosen.
struct Marker {
    known: HashMap<VersionId, Known>,
    corrections: HashMap<Place, Vec<Correction>>,
    marked: HashMap<(AttemptId, i64), Share>,
    places: HashMap<Place, usize>,
    questions: Vec<(Place, Choosing)>,
}

impl Marker {
    fn of(conn: &mut Conn, exam: &str) -> Result<Marker> {
        let used = attempt_question::table
            .inner_join(attempt::table)
            .filter(attempt::exam.eq(exam))
            .select(attempt_question::question_version_id)
            .distinct();
        let versions: Vec<Version> = question_version::table
            .inner_join(question::table)
            .filter(question_version::id.eq_any(used))
            .order(question_version::id)
            .select((
                question_version::id,
                question::id,
                question::code,
                question_version::version,
                question_version::kind,
                question_version::area,
                question_version::body,
            ))
            .load(conn)?;
        let read = |version: Version| {
            // What cannot be read any more is left out of the figures rather than all of them.
            let body = Body::read(version.kind, &version.body).ok()?;
            Some((version.version, Known { version, body: Arc::new(body) }))
        };
        Ok(Marker {
            known: versions.into_iter().filter_map(read).collect(),
            corrections: corrections(conn, exam)?,
            marked: marked(conn, exam)?,
            places: HashMap::new(),
            questions: Vec::new(),
        })
    }

    /// What a place earned; nothing while it waits for a marker.
    fn mark(&mut self, row: Row) -> Option<Mark> {
        let known = self.known.get(&row.version)?;
        let place = (row.version, row.part);
        let corrections = self.corrections.get(&place).cloned().unwrap_or_default();
        let item = Item {
            kind: row.kind,
            area: String::new(),
            body: known.body.clone(),
            part: usize::try_from(row.part).unwrap_or(0),
            order: parse_order(&row.order),
            weight: row.weight,
            scored: row.scored,
            response: row.response,
            marked: self.marked.get(&(row.attempt, row.position)).copied(),
            corrections,
        };
        let earned = scoring::earned(&item)?;
        let question = *self.places.entry(place).or_insert_with(|| {
            self.questions.push((place, Choosing::of(item.task())));
            self.questions.len() - 1
        });
        let response = item.response.as_deref().unwrap_or_default();
        Some(Mark {
            question,
            score: earned.numerator() as f64 / earned.denominator() as f64,
            weight: item.weight as f64,
            counts: item.scored && !item.corrections.contains(&Correction::Void),
            answered: !response.is_empty(),
            chosen: self.questions[question].1.read(item.task(), &item.order, response, earned),
        })
    }

    /// The questions met, with their choices; what was typed once or twice is dropped from both.
    fn questions(self, sheets: &mut [Sheet]) -> Vec<Question> {
        let mut questions = Vec::new();
        let mut kept = Vec::new();
        for (place, choosing) in self.questions {
            let (choices, places) = choosing.choices();
            kept.push(places);
            questions
                .extend(self.known.get(&place.0).map(|known| described(place, known, choices)));
        }
        for mark in sheets.iter_mut().flat_map(|sheet| &mut sheet.marks) {
            if let Some(Some(places)) = kept.get(mark.question) {
                mark.chosen =
                    mark.chosen.iter().filter_map(|one| places.get(one).copied()).collect();
            }
        }
        questions
    }
}

fn described(
    (version, part): Place,
    known: &Known,
    choices: Vec<super::figures::Choice>,
) -> Question {
    let body = &known.body;
    let task = body.task_at(usize::try_from(part).unwrap_or(0));
    let own = match &body.task {
        crate::exams::questions::Task::Case { parts } => {
            let at = usize::try_from(part - 1).unwrap_or(0);
            parts.get(at).map(|part| part.stem.clone())
        }
        _ => None,
    };
    Question {
        version,
        part,
        question: known.version.question,
        code: known.version.code.clone(),
        number: known.version.number,
        kind: task.map_or(known.version.kind, |task| task.kind()).title(),
        area: if body.area.is_blank() {
            crate::i18n::Text::same(&known.version.area)
        } else {
            body.area.clone()
        },
        shared: own.is_some().then(|| body.stem.clone()),
        stem: own.unwrap_or_else(|| body.stem.clone()),
        choices,
    }
}

/// The corrections in force of the questions an exam used.
fn corrections(conn: &mut Conn, exam: &str) -> Result<HashMap<Place, Vec<Correction>>> {
    type Row = (i64, VersionId, i64, QuestionKind, CorrectionKind, String);
    let same_place = attempt_question::question_version_id
        .eq(question_correction::question_version_id)
        .and(attempt_question::part.eq(question_correction::part));
    let rows: Vec<Row> = question_correction::table
        .inner_join(attempt_question::table.on(same_place))
        .inner_join(attempt::table.on(attempt::id.eq(attempt_question::attempt_id)))
        .filter(attempt::exam.eq(exam))
        .filter(question_correction::undone_at.is_null())
        .order(question_correction::id)
        .select((
            question_correction::id,
            question_correction::question_version_id,
            question_correction::part,
            attempt_question::kind,
            question_correction::kind,
            question_correction::body,
        ))
        .distinct()
        .load(conn)?;
    let mut found: HashMap<Place, Vec<Correction>> = HashMap::new();
    for (_, version, part, place, kind, body) in rows {
        // As with a body: what cannot be read any more is left out rather than all the figures.
        let Ok(correction) = Correction::read(kind, place, &body) else { continue };
        found.entry((version, part)).or_default().push(correction);
    }
    Ok(found)
}

/// What people gave for written answers: the mean of the first two, or what a third decided.
fn marked(conn: &mut Conn, exam: &str) -> Result<HashMap<(AttemptId, i64), Share>> {
    type Given = (AttemptId, i64, i64, Option<i64>, i64);
    let rows: Vec<Given> = marking::table
        .inner_join(attempt::table.on(attempt::id.eq(marking::attempt_id)))
        .inner_join(
            attempt_question::table.on(attempt_question::attempt_id
                .eq(marking::attempt_id)
                .and(attempt_question::position.eq(marking::position))),
        )
        .filter(attempt::exam.eq(exam))
        .filter(marking::withdrawn_at.is_null().and(marking::submitted_at.is_not_null()))
        .order((marking::attempt_id, marking::position, marking::slot))
        .select((
            marking::attempt_id,
            marking::position,
            marking::slot,
            marking::points,
            attempt_question::weight,
        ))
        .load(conn)?;
    let mut given: HashMap<(AttemptId, i64), (Vec<i64>, i64)> = HashMap::new();
    for (attempt, position, slot, points, weight) in rows {
        let (points, (seen, most)) =
            (points.unwrap_or(0), given.entry((attempt, position)).or_default());
        *most = weight * 100;
        if slot > 2 {
            seen.clear();
        }
        seen.push(points);
    }
    let share = |(seen, most): (Vec<i64>, i64)| {
        Share::new(seen.iter().sum(), most * seen.len() as i64).bounded()
    };
    Ok(given.into_iter().map(|(place, given)| (place, share(given))).collect())
}

/// How often each version was drawn for an exam.
#[derive(Clone, Debug, Default)]
pub struct Exposures {
    drawn: HashMap<VersionId, (i64, Option<Instant>)>,
    recent: HashMap<VersionId, i64>,
    papers: i64,
}

impl Exposures {
    pub fn of(&self, version: VersionId) -> Exposure {
        let (drawn, last) = self.drawn.get(&version).copied().unwrap_or_default();
        let recent = self.recent.get(&version).copied().unwrap_or(0);
        Exposure { drawn, last, recent, papers: self.papers }
    }
}

/// Every draw counts, also for papers that were never handed in: they were seen.
pub fn exposures(conn: &mut Conn, exam: &str, since: Instant) -> Result<Exposures> {
    use diesel::dsl::{count_star, max};
    // A case has a row for each part; its first one stands for it.
    let drawn: Vec<(VersionId, i64, Option<Instant>)> = attempt_question::table
        .inner_join(attempt::table)
        .filter(attempt::exam.eq(exam).and(attempt_question::part.le(1)))
        .group_by(attempt_question::question_version_id)
        .select((attempt_question::question_version_id, count_star(), max(attempt::started_at)))
        .load(conn)?;
    let recent: Vec<(VersionId, i64)> = attempt_question::table
        .inner_join(attempt::table)
        .filter(attempt::exam.eq(exam).and(attempt_question::part.le(1)))
        .filter(attempt::started_at.ge(since))
        .group_by(attempt_question::question_version_id)
        .select((attempt_question::question_version_id, count_star()))
        .load(conn)?;
    let papers: i64 = attempt::table
        .filter(attempt::exam.eq(exam).and(attempt::started_at.ge(since)))
        .count()
        .get_result(conn)?;
    Ok(Exposures {
        drawn: drawn.into_iter().map(|(version, n, last)| (version, (n, last))).collect(),
        recent: recent.into_iter().collect(),
        papers,
    })
}

/// The versions of the blueprint that finished papers were drawn by, with how many.
pub fn blueprints(conn: &mut Conn, exam: &str) -> Result<Vec<(i64, i64)>> {
    Ok(attempt::table
        .inner_join(blueprint::table.on(attempt::blueprint_id.eq(blueprint::id.nullable())))
        .inner_join(attempt_result::table)
        .filter(attempt::exam.eq(exam).and(attempt_result::superseded_at.is_null()))
        .group_by(blueprint::version)
        .order(blueprint::version)
        .select((blueprint::version, diesel::dsl::count_star()))
        .load(conn)?)
}
