//! A marker's list, the sheet of one answer, keeping and submitting a mark.

use std::collections::HashSet;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{
    assign::{self, Open},
    model::{Marking, MarkingId, path_of},
    pages,
    queries::{self, Draft},
    rules::read_points,
};
use crate::{
    access::{Acting, Grading, audit, submit},
    db::{Conn, Db, Instant},
    exams::{
        attempts::{
            letters, marks,
            model::{AttemptId, Cause},
            queries as attempts,
            settle::{self, With},
        },
        questions::scoring::Item,
    },
    mail::Letterhead,
    record::{Consequences, PersonId, Rules},
    staff, text,
    web::{Error, Form, Problems, Result, html},
};

const SHOWN: i64 = 100;

/// A place that waits, for whoever sees to it that marking goes on.
pub struct Waiting {
    pub attempt: AttemptId,
    pub exam: String,
    pub open: Open,
    pub finished_at: Option<Instant>,
    pub marker: Option<staff::Person>,
}

pub async fn queue(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
) -> Result<HttpResponse> {
    assign::assign_due(&db, &rules, acting.now).await?;
    let (who, known) = (acting.clone(), rules.clone());
    let (open, done, waiting) = db
        .read(move |conn| -> Result<_> {
            let open = queries::open_of(conn, who.id, SHOWN)?;
            let done = queries::done_by(conn, who.id, 20)?;
            Ok((open, done, waiting(conn, &who, &known)?))
        })
        .await?;
    Ok(html(pages::queue(&acting, &rules, &open, &done, &waiting)))
}

/// What waits of the people in reach; never of oneself.
fn waiting(conn: &mut Conn, acting: &Acting<Grading>, rules: &Rules) -> Result<Vec<Waiting>> {
    let reached = staff::queries::people_within(conn, acting.reach(), None, acting.today)?;
    let reached: HashSet<PersonId> = reached.into_iter().collect();
    let mut found = Vec::new();
    for attempt in assign::waiting(conn, rules, acting.now)? {
        if attempt.person_id == acting.id || !reached.contains(&attempt.person_id) {
            continue;
        }
        let given = queries::of_attempt(conn, attempt.id)?;
        for open in assign::open_places(conn, attempt.id)? {
            let holder = given
                .iter()
                .find(|one| one.position == open.position && one.slot == open.slot)
                .map(|one| one.marker_id);
            let marker = match holder {
                Some(id) => staff::queries::person(conn, id)?,
                None => None,
            };
            let (exam, finished_at) = (attempt.exam.clone(), attempt.finished_at);
            found.push(Waiting { attempt: attempt.id, exam, open, finished_at, marker });
        }
        if found.len() >= SHOWN as usize {
            break;
        }
    }
    Ok(found)
}

/// One answer as its marker sees it.
pub struct Sheet {
    pub marking: Marking,
    pub exam: String,
    pub item: Item,
    /// The next one of this marker.
    pub next: Option<MarkingId>,
}

fn load(conn: &mut Conn, id: MarkingId, marker: PersonId) -> Result<Sheet> {
    let marking = queries::mine(conn, id, marker)?.ok_or(Error::NotFound)?;
    let attempt = attempts::attempt(conn, marking.attempt_id)?.ok_or(Error::NotFound)?;
    let items = marks::marked_paper(conn, attempt.id)?;
    let item = items.into_iter().find(|(position, _)| *position == marking.position);
    let (_, item) = item.ok_or(Error::NotFound)?;
    let open = queries::open_of(conn, marker, SHOWN)?;
    let next = open.into_iter().map(|(one, _)| one.id).find(|one| *one != id);
    Ok(Sheet { marking, exam: attempt.exam, item, next })
}

pub async fn sheet(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<MarkingId>,
) -> Result<HttpResponse> {
    let (id, marker) = (*id, acting.id);
    let sheet = db.read(move |conn| load(conn, id, marker)).await?;
    Ok(html(pages::sheet(&acting, &rules, &sheet, None, &Problems::default())))
}

/// What a marker fills in.
#[derive(Clone, Default, Deserialize)]
pub struct MarkForm {
    form_key: String,
    #[serde(default)]
    pub points: String,
    #[serde(default)]
    pub comment: String,
    #[serde(default)]
    pub edition: i64,
    /// `save` keeps it, anything else submits it.
    #[serde(default)]
    act: String,
}

const LONGEST_COMMENT: usize = 4_000;

impl MarkForm {
    fn comment(&self) -> String {
        self.comment.trim().chars().take(LONGEST_COMMENT).collect()
    }
}

pub async fn mark(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    id: web::Path<MarkingId>,
    Form(form): Form<MarkForm>,
) -> Result<HttpResponse> {
    let (id, marker) = (*id, acting.id);
    let sheet = db.read(move |conn| load(conn, id, marker)).await?;
    let points = read_points(&form.points, sheet.item.weight);
    let saving = form.act == "save";
    if let (Err(mistake), false) = (&points, saving && form.points.trim().is_empty()) {
        let mut problems = Problems::default();
        problems.add("points", mistake.clone());
        let page = pages::sheet(&acting, &rules, &sheet, Some(&form), &problems);
        return Err(Error::Again(Box::new(page)));
    }
    let (rules, consequences) = (rules.clone(), consequences.get_ref().clone());
    let (who, key) = (acting.clone(), form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        if saving {
            let (comment, edition) = (form.comment(), form.edition + 1);
            let draft = Draft { points: points.ok(), comment: &comment, edition };
            keep(conn, id, &draft, who.now)?;
            return Ok(format!("{}?saved=1", path_of(id)));
        }
        let with = With { rules: &rules, consequences: &consequences };
        let points = points.map_err(Error::Invalid)?;
        submit_mark(conn, &who, id, points, &form.comment(), with, &head)?;
        let next = queries::open_of(conn, who.id, 1)?.pop();
        Ok(next.map_or_else(|| "/exams/marking".to_owned(), |(one, _)| one.path()))
    })
    .await
}

fn keep(conn: &mut Conn, id: MarkingId, draft: &Draft<'_>, now: Instant) -> Result<()> {
    if queries::keep(conn, id, draft, now)? {
        return Ok(());
    }
    Err(Error::Refused(text!(
        "这份评分已提交，或已在别的窗口改过。请刷新页面。",
        "This mark has been submitted, or was changed in another window. Reload the page."
    )))
}

/// Submits a mark; with the last one the result comes about.
fn submit_mark(
    conn: &mut Conn,
    acting: &Acting<Grading>,
    id: MarkingId,
    points: i64,
    comment: &str,
    with: With<'_>,
    head: &Letterhead,
) -> Result<()> {
    let marking = queries::mine(conn, id, acting.id)?.ok_or(Error::NotFound)?;
    // Two markers at the same moment: the second one waits here and sees the first one's mark.
    attempts::hold_for_result(conn, marking.attempt_id)?;
    if !queries::submit(conn, id, points, comment, acting.now)? {
        return Err(Error::Refused(text!(
            "这份评分已经提交，不能再改。",
            "This mark has been submitted and cannot be changed."
        )));
    }
    let stamp = acting.stamp();
    let detail =
        serde_json::json!({ "position": marking.position, "slot": marking.slot, "points": points });
    let subject = ("attempt", Some(marking.attempt_id.0));
    audit::note(conn, stamp.by, "submit-mark", subject, detail, stamp.at)?;
    assign::assign_missing(
        conn,
        marking.attempt_id,
        crate::record::ledger::Stamp { by: None, ..stamp },
    )?;
    let settled =
        settle::settle(conn, marking.attempt_id, Cause::Marking, "marked anew", stamp, with)?;
    let told = settled.after.as_ref().is_some_and(|after| after.released_at.is_some());
    if let (true, None, Some(attempt)) =
        (told, &settled.before, attempts::attempt(conn, marking.attempt_id)?)
    {
        letters::result_released(conn, head, with.rules, &attempt, acting.now)?;
    }
    Ok(())
}

/// What the script keeps while a marker writes.
#[derive(Deserialize)]
pub struct DraftIn {
    #[serde(default)]
    points: String,
    #[serde(default)]
    comment: String,
    edition: i64,
}

pub async fn draft(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    id: web::Path<MarkingId>,
    draft: web::Json<DraftIn>,
) -> Result<HttpResponse> {
    let (id, marker, now) = (*id, acting.id, acting.now);
    let DraftIn { points, comment, edition } = draft.into_inner();
    let kept = db
        .write(move |conn| -> Result<_> {
            let sheet = load(conn, id, marker)?;
            let points = read_points(&points, sheet.item.weight).ok();
            let comment: String = comment.trim().chars().take(LONGEST_COMMENT).collect();
            Ok(queries::keep(conn, id, &Draft { points, comment: &comment, edition }, now)?)
        })
        .await?;
    let said = serde_json::json!({ "saved": kept, "edition": edition });
    Ok(if kept { HttpResponse::Ok().json(said) } else { HttpResponse::Conflict().json(said) })
}

/// A place and the examiner it is given to.
#[derive(Deserialize)]
pub struct HandForm {
    form_key: String,
    attempt: AttemptId,
    position: i64,
    slot: i64,
    marker: String,
}

pub async fn assign_by_hand(
    acting: Acting<Grading>,
    db: web::Data<Db>,
    Form(form): Form<HandForm>,
) -> Result<HttpResponse> {
    let who = acting.clone();
    let key = form.form_key.clone();
    submit(&db, &acting, &key, move |conn| {
        let open = Open { position: form.position, slot: form.slot };
        assign::assign_to(conn, &who, form.attempt, open, &form.marker)?;
        Ok("/exams/marking".to_owned())
    })
    .await
}

/// How many answers somebody has yet to mark, for start pages.
pub fn load_of(conn: &mut Conn, marker: PersonId) -> std::result::Result<i64, crate::db::Error> {
    Ok(queries::loads(conn)?.get(&marker).copied().unwrap_or(0))
}
