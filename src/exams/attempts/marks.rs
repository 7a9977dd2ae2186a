//! What people said about the answers of an attempt: the points of markers, and questions put
//! right afterwards. Markers' rows are written by `marking`, corrections by `results`.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{model::AttemptId, queries};
use crate::{
    db::{
        Conn, Error,
        schema::{appeal, attempt_question, marking, question_correction},
    },
    exams::questions::{
        QuestionKind, Task,
        agreement::{self, Agreement, Mark},
        correction::CorrectionKind,
        scoring::{Correction, Item},
    },
};

type Result<T> = std::result::Result<T, Error>;

/// The paper with what was answered, what markers agreed on and what was corrected.
pub fn marked_paper(conn: &mut Conn, id: AttemptId) -> Result<Vec<(i64, Item)>> {
    let mut items = queries::paper(conn, id)?;
    add_marks(conn, id, &mut items)?;
    add_corrections(conn, id, &mut items)?;
    Ok(items)
}

/// Whether people mark what stands at this place.
pub fn is_marked_by_people(item: &Item) -> bool {
    let answered = item.response.as_deref().is_some_and(|response| !response.is_empty());
    let void = item.corrections.contains(&Correction::Void);
    item.kind == QuestionKind::Essay && item.scored && answered && !void
}

/// How many mark an essay without seeing each other.
pub fn markers_of(item: &Item) -> u32 {
    match item.task() {
        Some(Task::Essay(essay)) => essay.markers,
        _ => 1,
    }
}

/// What the markers of a place have come to so far.
pub fn agreement(item: &Item, marks: &[Mark]) -> Agreement {
    agreement::agree(markers_of(item), item.weight, marks)
}

fn add_marks(conn: &mut Conn, id: AttemptId, items: &mut [(i64, Item)]) -> Result<()> {
    if !items.iter().any(|(_, item)| is_marked_by_people(item)) {
        return Ok(());
    }
    let marks = submitted(conn, id)?;
    for (position, item) in items.iter_mut().filter(|(_, item)| is_marked_by_people(item)) {
        let of_place = marks.get(position).map_or(&[][..], Vec::as_slice);
        item.marked = agreement(item, of_place).share();
    }
    Ok(())
}

/// The submitted marks of an attempt that count, by position. What was marked again for an appeal
/// counts once the appeal is decided.
pub fn submitted(conn: &mut Conn, id: AttemptId) -> Result<BTreeMap<i64, Vec<Mark>>> {
    let rows: Vec<(i64, i64, Option<i64>)> = marking::table
        .filter(marking::attempt_id.eq(id))
        .filter(marking::withdrawn_at.is_null().and(marking::submitted_at.is_not_null()))
        .order((marking::position, marking::slot))
        .select((marking::position, marking::slot, marking::points))
        .load(conn)?;
    let any_remark = rows.iter().any(|(_, slot, _)| *slot >= agreement::REMARK);
    let pending = any_remark && has_open_appeal(conn, id)?;
    let mut marks: BTreeMap<i64, Vec<Mark>> = BTreeMap::new();
    for (position, slot, points) in rows {
        if pending && slot >= agreement::REMARK {
            continue;
        }
        marks.entry(position).or_default().push(Mark { slot, points: points.unwrap_or(0) });
    }
    Ok(marks)
}

fn has_open_appeal(conn: &mut Conn, id: AttemptId) -> Result<bool> {
    let open = appeal::table
        .filter(appeal::attempt_id.eq(id).and(appeal::decided_at.is_null()))
        .select(appeal::id);
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

fn add_corrections(conn: &mut Conn, id: AttemptId, items: &mut [(i64, Item)]) -> Result<()> {
    let mut found: BTreeMap<i64, Vec<Correction>> = BTreeMap::new();
    for (position, correction) in corrections(conn, id)? {
        found.entry(position).or_default().push(correction);
    }
    for (position, item) in items {
        item.corrections = found.remove(position).unwrap_or_default();
    }
    Ok(())
}

/// What was corrected at the places of an attempt, in the order it was decided.
fn corrections(conn: &mut Conn, id: AttemptId) -> Result<Vec<(i64, Correction)>> {
    let same_place = attempt_question::question_version_id
        .eq(question_correction::question_version_id)
        .and(attempt_question::part.eq(question_correction::part));
    let rows: Vec<(i64, QuestionKind, CorrectionKind, String)> = question_correction::table
        .inner_join(attempt_question::table.on(same_place))
        .filter(attempt_question::attempt_id.eq(id))
        .filter(question_correction::undone_at.is_null())
        .order((attempt_question::position, question_correction::id))
        .select((
            attempt_question::position,
            attempt_question::kind,
            question_correction::kind,
            question_correction::body,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(position, place, kind, body)| {
            let correction = Correction::read(kind, place, &body).map_err(queries::unreadable)?;
            Ok((position, correction))
        })
        .collect()
}
