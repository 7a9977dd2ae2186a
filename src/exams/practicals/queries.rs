//! All that reads and writes the tables `practical`, `practical_examiner`, `practical_score`,
//! `practical_time`, `practical_photo`, `practical_result` and `conflict_declaration`; photos lie
//! in `exam_file`, once under their digest.
//!
//! What an examiner has not signed is read only by [`scores`] for their own page; everything else
//! asks [`signed`].

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{
    model::{
        Cause, Declaration, DeclarationId, Kept, Photo, PhotoId, Practical, PracticalId,
        PracticalResult, Relation, Score, Seat, SeatId, Sheet, Timing,
    },
    rules::{Judged, Outcome},
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error, Instant,
        schema::{
            conflict_declaration, exam_file, practical, practical_examiner, practical_photo,
            practical_result, practical_score, practical_time,
        },
    },
    each_backend,
    record::{FactId, PersonId, ledger::Stamp},
    staff::SiteId,
};

type Result<T> = std::result::Result<T, Error>;

/// A practical exam to be held.
#[derive(Clone, Debug)]
pub struct NewPractical<'a> {
    pub exam: &'a str,
    pub content: ContentId,
    pub person: PersonId,
    pub site: SiteId,
    pub held_on: NaiveDate,
    pub seed: i64,
    pub sheet: &'a Sheet,
    pub by: PersonId,
    pub at: Instant,
}

pub fn add(conn: &mut Conn, new: &NewPractical<'_>) -> Result<PracticalId> {
    Ok(diesel::insert_into(practical::table)
        .values((
            practical::exam.eq(new.exam),
            practical::content_id.eq(new.content),
            practical::person_id.eq(new.person),
            practical::site_id.eq(new.site),
            practical::held_on.eq(new.held_on),
            practical::seed.eq(new.seed),
            practical::stations.eq(serde_json::to_string(new.sheet).unwrap_or_default()),
            practical::created_at.eq(new.at),
            practical::created_by.eq(new.by),
        ))
        .returning(practical::id)
        .get_result(conn)?)
}

/// A sheet that this version cannot read any more is no practical exam it could judge.
fn understood(kept: Kept) -> Option<Practical> {
    let sheet = serde_json::from_str(&kept.stations)
        .map_err(|error| tracing::error!(%error, practical = kept.id.0, "an unreadable sheet"))
        .ok()?;
    Some(Practical {
        id: kept.id,
        exam: kept.exam,
        content: kept.content_id,
        person: kept.person_id,
        site: kept.site_id,
        held_on: kept.held_on,
        seed: kept.seed,
        sheet,
        created_by: kept.created_by,
        cancelled_at: kept.cancelled_at,
        cancelled_why: kept.cancelled_why,
    })
}

pub fn find(conn: &mut Conn, id: PracticalId) -> Result<Option<Practical>> {
    let kept: Option<Kept> =
        practical::table.find(id).select(Kept::as_select()).first(conn).optional()?;
    Ok(kept.and_then(understood))
}

/// Holds an exam until the transaction ends: of two who sign or assign at once the second waits.
pub fn hold(conn: &mut Conn, id: PracticalId) -> Result<()> {
    diesel::update(practical::table.find(id))
        .set(practical::seed.eq(practical::seed))
        .execute(conn)?;
    Ok(())
}

/// Holds an exam against being signed until the transaction ends, but not against other saves.
/// SQLite has one writer at a time anyway.
pub fn hold_shared(conn: &mut Conn, id: PracticalId) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        let held = practical::table.find(id).select(practical::id).for_share();
        held.first::<PracticalId>(conn).optional()?;
    }
    Ok(())
}

/// Cancels an exam; of two at once only one succeeds.
pub fn cancel(conn: &mut Conn, id: PracticalId, why: &str, stamp: Stamp) -> Result<bool> {
    let changed = diesel::update(practical::table.find(id))
        .filter(practical::cancelled_at.is_null())
        .set((
            practical::cancelled_at.eq(stamp.at),
            practical::cancelled_by.eq(stamp.by),
            practical::cancelled_why.eq(why),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

crate::words! {
    /// Which exams a list shows.
    State {
        Coming = "coming",
        Judging = "judging",
        Settled = "settled",
        Released = "released",
        Cancelled = "cancelled",
        All = "all",
    }
}

/// What a list is narrowed to.
#[derive(Clone, Debug)]
pub struct Narrowed {
    pub state: State,
    pub exam: Option<String>,
    pub today: NaiveDate,
}

/// So many people can be named in one query; both databases bound its parameters.
const MOST_NAMED: usize = 20_000;
const BATCH: i64 = 1_000;

/// Exams of these people: coming ones by day, others the latest first.
pub fn list(
    conn: &mut Conn,
    reached: &[PersonId],
    narrowed: &Narrowed,
    limit: i64,
    offset: i64,
) -> Result<Vec<Practical>> {
    if reached.len() <= MOST_NAMED {
        return page(conn, Some(reached), narrowed, limit, offset);
    }
    let reached: HashSet<PersonId> = reached.iter().copied().collect();
    let wanted = usize::try_from(offset + limit).unwrap_or(usize::MAX);
    let (mut kept, mut seen) = (Vec::new(), 0);
    while kept.len() < wanted {
        let batch = page(conn, None, narrowed, BATCH, seen)?;
        let last = (batch.len() as i64) < BATCH;
        kept.extend(batch.into_iter().filter(|one| reached.contains(&one.person)));
        seen += BATCH;
        if last {
            break;
        }
    }
    kept.truncate(wanted);
    Ok(kept.into_iter().skip(usize::try_from(offset).unwrap_or(0)).collect())
}

fn page(
    conn: &mut Conn,
    people: Option<&[PersonId]>,
    narrowed: &Narrowed,
    limit: i64,
    offset: i64,
) -> Result<Vec<Practical>> {
    let mut query = practical::table
        .left_join(
            practical_result::table.on(practical_result::practical_id
                .eq(practical::id)
                .and(practical_result::superseded_at.is_null())),
        )
        .into_boxed();
    if let Some(people) = people {
        query = query.filter(practical::person_id.eq_any(people.iter().map(|id| id.0)));
    }
    if let Some(exam) = &narrowed.exam {
        query = query.filter(practical::exam.eq(exam.clone()));
    }
    let (unsettled, held) =
        (practical_result::id.nullable().is_null(), practical::cancelled_at.is_null());
    query = match narrowed.state {
        State::Coming => {
            query.filter(held).filter(practical::held_on.ge(narrowed.today)).filter(unsettled)
        }
        State::Judging => {
            query.filter(held).filter(practical::held_on.le(narrowed.today)).filter(unsettled)
        }
        State::Settled => query
            .filter(practical_result::id.nullable().is_not_null())
            .filter(practical_result::released_at.nullable().is_null()),
        State::Released => query.filter(practical_result::released_at.nullable().is_not_null()),
        State::Cancelled => query.filter(practical::cancelled_at.is_not_null()),
        State::All => query,
    };
    query = match narrowed.state {
        State::Coming => query.order((practical::held_on, practical::id)),
        _ => query.order((practical::held_on.desc(), practical::id.desc())),
    };
    let kept: Vec<Kept> = query.limit(limit).offset(offset).select(Kept::as_select()).load(conn)?;
    Ok(kept.into_iter().filter_map(understood).collect())
}

/// The exams of one person, the latest first.
pub fn of_person(conn: &mut Conn, person: PersonId, limit: i64) -> Result<Vec<Practical>> {
    let kept: Vec<Kept> = practical::table
        .filter(practical::person_id.eq(person))
        .order((practical::held_on.desc(), practical::id.desc()))
        .limit(limit)
        .select(Kept::as_select())
        .load(conn)?;
    Ok(kept.into_iter().filter_map(understood).collect())
}

/// Whether somebody has this exam before them, or its result is still open.
pub fn is_planned(conn: &mut Conn, person: PersonId, exam: &str) -> Result<bool> {
    let released = practical_result::table
        .filter(practical_result::practical_id.eq(practical::id))
        .filter(practical_result::released_at.is_not_null());
    let open = practical::table
        .filter(practical::person_id.eq(person).and(practical::exam.eq(exam)))
        .filter(practical::cancelled_at.is_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(released)));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

/// An examiner to be given a place.
#[derive(Clone, Debug)]
pub struct NewSeat<'a> {
    pub practical: PracticalId,
    pub examiner: PersonId,
    pub slot: i64,
    pub conflicts: String,
    pub override_why: Option<&'a str>,
    pub by: PersonId,
    pub at: Instant,
}

pub fn add_seat(conn: &mut Conn, new: &NewSeat<'_>) -> Result<SeatId> {
    Ok(diesel::insert_into(practical_examiner::table)
        .values((
            practical_examiner::practical_id.eq(new.practical),
            practical_examiner::examiner_id.eq(new.examiner),
            practical_examiner::slot.eq(new.slot),
            practical_examiner::assigned_at.eq(new.at),
            practical_examiner::assigned_by.eq(new.by),
            practical_examiner::conflicts.eq(&new.conflicts),
            practical_examiner::override_why.eq(new.override_why),
        ))
        .returning(practical_examiner::id)
        .get_result(conn)?)
}

/// The places of an exam, those given up included, by slot.
pub fn all_seats(conn: &mut Conn, id: PracticalId) -> Result<Vec<Seat>> {
    Ok(practical_examiner::table
        .filter(practical_examiner::practical_id.eq(id))
        .order((practical_examiner::slot, practical_examiner::id))
        .limit(100)
        .select(Seat::as_select())
        .load(conn)?)
}

/// The places in force.
pub fn seats(conn: &mut Conn, id: PracticalId) -> Result<Vec<Seat>> {
    let all = all_seats(conn, id)?;
    Ok(all.into_iter().filter(|seat| seat.recused_at.is_none()).collect())
}

/// The place somebody holds at an exam.
pub fn seat_of(conn: &mut Conn, id: PracticalId, examiner: PersonId) -> Result<Option<Seat>> {
    Ok(practical_examiner::table
        .filter(practical_examiner::practical_id.eq(id))
        .filter(practical_examiner::examiner_id.eq(examiner))
        .filter(practical_examiner::recused_at.is_null())
        .select(Seat::as_select())
        .first(conn)
        .optional()?)
}

pub fn second(conn: &mut Conn, id: SeatId, stamp: Stamp) -> Result<bool> {
    let changed = diesel::update(practical_examiner::table.find(id))
        .filter(practical_examiner::seconded_at.is_null())
        .filter(practical_examiner::recused_at.is_null())
        .set((
            practical_examiner::seconded_at.eq(stamp.at),
            practical_examiner::seconded_by.eq(stamp.by),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

pub fn recuse(conn: &mut Conn, id: SeatId, why: &str, stamp: Stamp) -> Result<bool> {
    let changed = diesel::update(practical_examiner::table.find(id))
        .filter(practical_examiner::recused_at.is_null())
        .filter(practical_examiner::submitted_at.is_null())
        .set((
            practical_examiner::recused_at.eq(stamp.at),
            practical_examiner::recused_by.eq(stamp.by),
            practical_examiner::recused_why.eq(why),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Signs a sheet; a signed one stays as it is.
pub fn sign(conn: &mut Conn, id: SeatId, now: Instant) -> Result<bool> {
    let changed = diesel::update(practical_examiner::table.find(id))
        .filter(practical_examiner::submitted_at.is_null())
        .filter(practical_examiner::recused_at.is_null())
        .set(practical_examiner::submitted_at.eq(now))
        .execute(conn)?;
    Ok(changed == 1)
}

/// How many exams each examiner has before them.
pub fn loads(conn: &mut Conn) -> Result<HashMap<PersonId, i64>> {
    let rows: Vec<(PersonId, i64)> = practical_examiner::table
        .inner_join(practical::table)
        .filter(practical_examiner::submitted_at.is_null())
        .filter(practical_examiner::recused_at.is_null())
        .filter(practical::cancelled_at.is_null())
        .group_by(practical_examiner::examiner_id)
        .select((practical_examiner::examiner_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What waits for an examiner's scores, the earliest first.
pub fn waiting_for(conn: &mut Conn, examiner: PersonId) -> Result<Vec<(Practical, Seat)>> {
    let rows: Vec<(Kept, Seat)> = practical_examiner::table
        .inner_join(practical::table)
        .filter(practical_examiner::examiner_id.eq(examiner))
        .filter(practical_examiner::submitted_at.is_null())
        .filter(practical_examiner::recused_at.is_null())
        .filter(practical::cancelled_at.is_null())
        .order((practical::held_on, practical::id))
        .limit(100)
        .select((Kept::as_select(), Seat::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(kept, seat)| Some((understood(kept)?, seat))).collect())
}

type ScoreRow = (String, String, i64, bool, String, i64, Instant);

fn score(row: ScoreRow) -> Score {
    let (station, line, points, vetoed, note, edition, saved_at) = row;
    Score { station, line, points, vetoed, note, edition, saved_at }
}

const SCORE: (
    practical_score::station,
    practical_score::criterion,
    practical_score::points,
    practical_score::vetoed,
    practical_score::note,
    practical_score::edition,
    practical_score::saved_at,
) = (
    practical_score::station,
    practical_score::criterion,
    practical_score::points,
    practical_score::vetoed,
    practical_score::note,
    practical_score::edition,
    practical_score::saved_at,
);

/// What one examiner has scored so far.
pub fn scores(conn: &mut Conn, seat: SeatId) -> Result<Vec<Score>> {
    let rows: Vec<ScoreRow> = practical_score::table
        .filter(practical_score::practical_examiner_id.eq(seat))
        .order((practical_score::station, practical_score::criterion))
        .limit(2000)
        .select(SCORE)
        .load(conn)?;
    Ok(rows.into_iter().map(score).collect())
}

/// How many lines each examiner has scored: all that may be told before everybody has signed.
pub fn scored_lines(conn: &mut Conn, id: PracticalId) -> Result<HashMap<SeatId, i64>> {
    let rows: Vec<(SeatId, i64)> = practical_score::table
        .inner_join(practical_examiner::table)
        .filter(practical_examiner::practical_id.eq(id))
        .group_by(practical_examiner::id)
        .select((practical_examiner::id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The signed sheets of an exam, with their scores.
pub fn signed(conn: &mut Conn, exam: &Practical) -> Result<Vec<(Seat, Vec<Score>)>> {
    let mut found = Vec::new();
    for seat in seats(conn, exam.id)?.into_iter().filter(|seat| seat.submitted_at.is_some()) {
        let own = scores(conn, seat.id)?;
        found.push((seat, own));
    }
    Ok(found)
}

/// A signed sheet as the rules read it.
pub fn judged(exam: &Practical, seat: &Seat, scores: &[Score]) -> Judged {
    let points_of = |station: &str, line: &str| {
        let found = scores.iter().find(|one| one.station == station && one.line == line);
        found.map_or(0, |one| one.points)
    };
    let lines = exam.sheet.lines();
    Judged {
        slot: seat.slot,
        points: lines.iter().map(|(station, line)| points_of(&station.code, &line.code)).collect(),
        vetoed: scores.iter().any(|one| one.vetoed),
    }
}

/// Keeps a score, unless one with the same or a higher edition is kept already.
pub fn put_score(conn: &mut Conn, seat: SeatId, new: &Score) -> Result<bool> {
    use diesel::{query_dsl::methods::FilterDsl, upsert::excluded};
    let changed = each_backend!(conn, |conn| diesel::insert_into(practical_score::table)
        .values((
            practical_score::practical_examiner_id.eq(seat),
            practical_score::station.eq(&new.station),
            practical_score::criterion.eq(&new.line),
            practical_score::points.eq(new.points),
            practical_score::vetoed.eq(new.vetoed),
            practical_score::note.eq(&new.note),
            practical_score::edition.eq(new.edition),
            practical_score::saved_at.eq(new.saved_at),
        ))
        .on_conflict((
            practical_score::practical_examiner_id,
            practical_score::station,
            practical_score::criterion,
        ))
        .do_update()
        .set((
            practical_score::points.eq(excluded(practical_score::points)),
            practical_score::vetoed.eq(excluded(practical_score::vetoed)),
            practical_score::note.eq(excluded(practical_score::note)),
            practical_score::edition.eq(excluded(practical_score::edition)),
            practical_score::saved_at.eq(excluded(practical_score::saved_at)),
        ))
        .filter(practical_score::edition.lt(excluded(practical_score::edition)))
        .execute(conn))?;
    Ok(changed > 0)
}

pub fn score_at(conn: &mut Conn, seat: SeatId, station: &str, line: &str) -> Result<Option<Score>> {
    let row: Option<ScoreRow> = practical_score::table
        .find((seat.0, station, line))
        .select(SCORE)
        .first(conn)
        .optional()?;
    Ok(row.map(score))
}

/// The station's clocks of an examiner.
pub fn timings(conn: &mut Conn, seat: SeatId) -> Result<HashMap<String, Timing>> {
    let rows: Vec<(String, Instant, Option<Instant>)> = practical_time::table
        .filter(practical_time::practical_examiner_id.eq(seat))
        .order(practical_time::station)
        .limit(200)
        .select((practical_time::station, practical_time::started_at, practical_time::stopped_at))
        .load(conn)?;
    let timing = |(station, started_at, stopped_at)| (station, Timing { started_at, stopped_at });
    Ok(rows.into_iter().map(timing).collect())
}

/// Starts a station's clock; one that ran already goes on from its beginning.
pub fn start_clock(conn: &mut Conn, seat: SeatId, station: &str, now: Instant) -> Result<()> {
    let again = diesel::update(practical_time::table.find((seat.0, station)))
        .set(practical_time::stopped_at.eq(None::<Instant>))
        .execute(conn)?;
    if again == 0 {
        diesel::insert_into(practical_time::table)
            .values((
                practical_time::practical_examiner_id.eq(seat),
                practical_time::station.eq(station),
                practical_time::started_at.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub fn stop_clock(conn: &mut Conn, seat: SeatId, station: &str, now: Instant) -> Result<()> {
    diesel::update(practical_time::table.find((seat.0, station)))
        .filter(practical_time::stopped_at.is_null())
        .set(practical_time::stopped_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// A picture as it came in.
#[derive(Clone, Debug)]
pub struct NewPhoto {
    pub station: String,
    pub line: String,
    pub name: String,
    pub media_type: &'static str,
    pub digest: String,
    pub bytes: Vec<u8>,
}

/// Keeps a photo; the same one again is kept once.
pub fn add_photo(conn: &mut Conn, seat: SeatId, new: &NewPhoto, stamp: Stamp) -> Result<()> {
    each_backend!(conn, |conn| diesel::insert_into(exam_file::table)
        .values((
            exam_file::digest.eq(&new.digest),
            exam_file::name.eq(&new.name),
            exam_file::media_type.eq(new.media_type),
            exam_file::bytes.eq(&new.bytes),
            exam_file::added_at.eq(stamp.at),
            exam_file::added_by.eq(stamp.by),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    each_backend!(conn, |conn| diesel::insert_into(practical_photo::table)
        .values((
            practical_photo::practical_examiner_id.eq(seat),
            practical_photo::station.eq(&new.station),
            practical_photo::criterion.eq(&new.line),
            practical_photo::digest.eq(&new.digest),
            practical_photo::added_at.eq(stamp.at),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// The photos of an exam, without their bytes.
pub fn photos(conn: &mut Conn, id: PracticalId) -> Result<Vec<Photo>> {
    let rows: Vec<(PhotoId, SeatId, String, String, String)> = practical_photo::table
        .inner_join(practical_examiner::table)
        .filter(practical_examiner::practical_id.eq(id))
        .order(practical_photo::id)
        .limit(500)
        .select((
            practical_photo::id,
            practical_examiner::id,
            practical_photo::station,
            practical_photo::criterion,
            practical_photo::digest,
        ))
        .load(conn)?;
    let photo = |(id, seat, station, line, digest)| Photo { id, seat, station, line, digest };
    Ok(rows.into_iter().map(photo).collect())
}

/// Media type and bytes of a file.
pub fn file(conn: &mut Conn, digest: &str) -> Result<Option<(String, Vec<u8>)>> {
    Ok(exam_file::table
        .find(digest)
        .select((exam_file::media_type, exam_file::bytes))
        .first(conn)
        .optional()?)
}

/// The result of an exam that counts now.
pub fn result(conn: &mut Conn, id: PracticalId) -> Result<Option<PracticalResult>> {
    Ok(results(conn, &[id])?.remove(&id))
}

/// The results of these exams that count now.
pub fn results(
    conn: &mut Conn,
    ids: &[PracticalId],
) -> Result<HashMap<PracticalId, PracticalResult>> {
    let rows: Vec<PracticalResult> = practical_result::table
        .filter(practical_result::practical_id.eq_any(ids.iter().map(|id| id.0)))
        .filter(practical_result::superseded_at.is_null())
        .order(practical_result::id)
        .select(PracticalResult::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|result| (result.practical_id, result)).collect())
}

/// Adds the result; a second one at the same time is refused by the database.
pub fn add_result(conn: &mut Conn, id: PracticalId, outcome: &Outcome, now: Instant) -> Result<()> {
    diesel::insert_into(practical_result::table)
        .values((
            practical_result::practical_id.eq(id),
            practical_result::points.eq(outcome.points),
            practical_result::points_max.eq(outcome.points_max),
            practical_result::vetoed.eq(outcome.vetoed),
            practical_result::passed.eq(outcome.passed),
            practical_result::detail.eq(serde_json::to_string(&outcome.detail).unwrap_or_default()),
            practical_result::cause.eq(Cause::Scores),
            practical_result::graded_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Releases a result with its fact; of two at once only one succeeds.
pub fn release(conn: &mut Conn, id: PracticalId, fact: FactId, stamp: Stamp) -> Result<bool> {
    let changed = diesel::update(practical_result::table)
        .filter(practical_result::practical_id.eq(id))
        .filter(practical_result::superseded_at.is_null())
        .filter(practical_result::released_at.is_null())
        .set((
            practical_result::released_at.eq(stamp.at),
            practical_result::released_by.eq(stamp.by),
            practical_result::fact_id.eq(fact),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Settled exams since a day, the latest first: for the agreement of examiners.
pub fn settled_since(conn: &mut Conn, first: NaiveDate, limit: i64) -> Result<Vec<Practical>> {
    let kept: Vec<Kept> = practical::table
        .inner_join(practical_result::table)
        .filter(practical_result::superseded_at.is_null())
        .filter(practical::held_on.ge(first))
        .order((practical::held_on.desc(), practical::id.desc()))
        .limit(limit)
        .select(Kept::as_select())
        .load(conn)?;
    Ok(kept.into_iter().filter_map(understood).collect())
}

/// Each examiner of a practical with what they scored.
type Sheets = Vec<(Seat, Vec<Score>)>;

/// The signed sheets of many exams, in two queries.
pub fn signed_of(conn: &mut Conn, ids: &[PracticalId]) -> Result<HashMap<PracticalId, Sheets>> {
    let mut found: HashMap<PracticalId, Vec<(Seat, Vec<Score>)>> = HashMap::new();
    for some in ids.chunks(500) {
        let seats: Vec<Seat> = practical_examiner::table
            .filter(practical_examiner::practical_id.eq_any(some.iter().map(|id| id.0)))
            .filter(practical_examiner::recused_at.is_null())
            .filter(practical_examiner::submitted_at.is_not_null())
            .order((practical_examiner::slot, practical_examiner::id))
            .select(Seat::as_select())
            .load(conn)?;
        let rows: Vec<(SeatId, ScoreRow)> = practical_score::table
            .inner_join(practical_examiner::table)
            .filter(practical_examiner::practical_id.eq_any(some.iter().map(|id| id.0)))
            .filter(practical_examiner::recused_at.is_null())
            .filter(practical_examiner::submitted_at.is_not_null())
            .order((practical_examiner::id, practical_score::station, practical_score::criterion))
            .select((practical_examiner::id, SCORE))
            .load(conn)?;
        let mut scores: HashMap<SeatId, Vec<Score>> = HashMap::new();
        for (seat, row) in rows {
            scores.entry(seat).or_default().push(score(row));
        }
        for seat in seats {
            let own = scores.remove(&seat.id).unwrap_or_default();
            found.entry(seat.practical_id).or_default().push((seat, own));
        }
    }
    Ok(found)
}

/// A tie somebody declares.
#[derive(Clone, Debug)]
pub struct NewDeclaration<'a> {
    pub person: PersonId,
    pub other: PersonId,
    pub relation: Relation,
    pub note: &'a str,
}

pub fn declare(
    conn: &mut Conn,
    new: &NewDeclaration<'_>,
    by: PersonId,
    now: Instant,
) -> Result<DeclarationId> {
    Ok(diesel::insert_into(conflict_declaration::table)
        .values((
            conflict_declaration::person_id.eq(new.person),
            conflict_declaration::other_id.eq(new.other),
            conflict_declaration::relation.eq(new.relation),
            conflict_declaration::note.eq(new.note),
            conflict_declaration::declared_at.eq(now),
            conflict_declaration::declared_by.eq(by),
        ))
        .returning(conflict_declaration::id)
        .get_result(conn)?)
}

/// Every declaration that names one of these people, ended ones included, the latest first.
pub fn declarations(conn: &mut Conn, people: &[PersonId], limit: i64) -> Result<Vec<Declaration>> {
    let named: Vec<i64> = people.iter().take(MOST_NAMED / 2).map(|id| id.0).collect();
    Ok(conflict_declaration::table
        .filter(
            conflict_declaration::person_id
                .eq_any(named.clone())
                .or(conflict_declaration::other_id.eq_any(named)),
        )
        .order(conflict_declaration::id.desc())
        .limit(limit)
        .select(Declaration::as_select())
        .load(conn)?)
}

pub fn declaration(conn: &mut Conn, id: DeclarationId) -> Result<Option<Declaration>> {
    Ok(conflict_declaration::table
        .find(id)
        .select(Declaration::as_select())
        .first(conn)
        .optional()?)
}

/// Ends a declaration; it stays to be seen.
pub fn end_declaration(conn: &mut Conn, id: DeclarationId, stamp: Stamp) -> Result<bool> {
    let changed = diesel::update(conflict_declaration::table.find(id))
        .filter(conflict_declaration::ended_at.is_null())
        .set((
            conflict_declaration::ended_at.eq(stamp.at),
            conflict_declaration::ended_by.eq(stamp.by),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
