//! Practical exams: a year and a half of scored ones for the agreement of examiners, one that a
//! third had to decide, one to be released, and one that waits for the printed examiner today.

use chrono::{Duration, NaiveDate};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    Making,
    people::{Somebody, Trade},
};
use crate::{
    access::{self, Role},
    db::Error,
    exams::practicals::{
        model::{Practical, PracticalId, Score},
        planning::{Offer, standing},
        queries::{self, NewPractical, NewSeat},
        release,
        rules::Settlement,
    },
    record::{Kind, NewFact, PersonId, Source, ledger},
    staff::{self, Site},
    web,
};

const BRAKES: &str = "inhouse-default/brake-practical";
const HIGH_VOLTAGE: &str = "inhouse-default/hv-practical";

/// The three who examine in the region of the printed examiner.
struct Examiners {
    printed: PersonId,
    second: PersonId,
    third: PersonId,
    planner: PersonId,
}

/// How two examiners saw a candidate: out of 100, and how much more the second one gave.
struct Seen {
    candidate: PersonId,
    exam: &'static str,
    held_on: NaiveDate,
    ability: i64,
    generosity: i64,
}

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let Some(printed) = people.iter().find(|one| one.staff_no == "E1001") else { return Ok(()) };
    let Some(trainer) = people.iter().find(|one| one.staff_no == "R1001") else { return Ok(()) };
    let masters: Vec<&Somebody> = seniors(people);
    let (Some(second), Some(third)) = (masters.first(), masters.get(1)) else { return Ok(()) };
    for examiner in [printed, second, third] {
        qualify(making, examiner, printed)?;
    }
    let examiners =
        Examiners { printed: printed.id, second: second.id, third: third.id, planner: trainer.id };
    let apart = [second.site, third.site];
    let candidates: Vec<&Somebody> = people
        .iter()
        .filter(|one| one.trade == Trade::Technician && one.left.is_none())
        .filter(|one| !apart.contains(&one.site) && one.hired < making.today - Duration::days(620))
        .take(24)
        .collect();
    history(making, &examiners, &candidates)
}

/// The third-longest-serving technician of each of the first sites.
fn seniors(people: &[Somebody]) -> Vec<&Somebody> {
    let mut found: Vec<&Somebody> = Vec::new();
    for one in people.iter().filter(|one| one.trade == Trade::Technician && one.left.is_none()) {
        let rank = people
            .iter()
            .filter(|other| other.site == one.site && other.trade == Trade::Technician)
            .filter(|other| other.hired < one.hired)
            .count();
        if rank == 2 && !found.iter().any(|other| other.site == one.site) {
            found.push(one);
        }
    }
    found
}

/// An examiner of the region holds the role and a grade.
fn qualify(making: &mut Making<'_>, who: &Somebody, printed: &Somebody) -> Result<(), Error> {
    let since = making.today - Duration::days(640);
    let stamp = making.stamp(since);
    let grade = NewFact::new(Kind::Grade, "technician", since).level("T4");
    ledger::append(making.conn, who.id, &grade, Source::new("demo-history", who.id.0), stamp)?;
    if who.id != printed.id {
        let (role, site) = (Role::Examiner, printed.site);
        access::queries::add_grant(making.conn, who.id, role, site, since, None, stamp.at)?;
    }
    Ok(())
}

fn history(
    making: &mut Making<'_>,
    examiners: &Examiners,
    candidates: &[&Somebody],
) -> Result<(), Error> {
    let mut random = StdRng::seed_from_u64(20_261_124);
    for (n, candidate) in candidates.iter().enumerate() {
        let seen = Seen {
            candidate: candidate.id,
            exam: BRAKES,
            held_on: making.today - Duration::days(25 * (candidates.len() - n) as i64 - 20),
            ability: random.random_range(62..90),
            // The second examiner was hard at first and has come closer since.
            generosity: -8 + n as i64 / 3,
        };
        judged(making, examiners, &seen, &mut random)?;
    }
    let [a, b, c, ..] = candidates else { return Ok(()) };
    let today = making.today;
    let apart = Seen {
        candidate: a.id,
        exam: HIGH_VOLTAGE,
        held_on: today - Duration::days(9),
        ability: 84,
        generosity: -24,
    };
    judged(making, examiners, &apart, &mut random)?;
    // Both have signed; HR has not released it yet.
    let fresh = Seen {
        candidate: b.id,
        exam: HIGH_VOLTAGE,
        held_on: today - Duration::days(2),
        ability: 81,
        generosity: 1,
    };
    judged(making, examiners, &fresh, &mut random)?;
    let waiting =
        Seen { candidate: c.id, exam: HIGH_VOLTAGE, held_on: today, ability: 0, generosity: 0 };
    planned(making, examiners, &waiting).map(drop)
}

fn planned(
    making: &mut Making<'_>,
    examiners: &Examiners,
    seen: &Seen,
) -> Result<Option<Practical>, Error> {
    let rules = making.shared.rules.clone();
    let Some(offer) = Offer::find(&rules, seen.exam) else { return Ok(None) };
    let Some(site) = place(making, seen.candidate)? else { return Ok(None) };
    let stamp = making.stamp(seen.held_on - Duration::days(10));
    let seed = seen.candidate.0;
    let new = NewPractical {
        exam: seen.exam,
        content: rules.revision(offer.set),
        person: seen.candidate,
        site: site.id,
        held_on: seen.held_on,
        seed,
        sheet: &offer.sheet(seed),
        by: examiners.planner,
        at: stamp.at,
    };
    let id = queries::add(making.conn, &new)?;
    for (slot, examiner) in [(1, examiners.printed), (2, examiners.second)] {
        seat(making, examiners, id, slot, examiner, stamp.at)?;
    }
    queries::find(making.conn, id)
}

fn place(making: &mut Making<'_>, person: PersonId) -> Result<Option<Site>, Error> {
    Ok(staff::queries::post_of(making.conn, person, making.today)?.map(|post| post.site))
}

fn seat(
    making: &mut Making<'_>,
    examiners: &Examiners,
    practical: PracticalId,
    slot: i64,
    examiner: PersonId,
    at: crate::db::Instant,
) -> Result<(), Error> {
    let conflicts = "[]".to_owned();
    let by = examiners.planner;
    let new = NewSeat { practical, examiner, slot, conflicts, override_why: None, by, at };
    queries::add_seat(making.conn, &new).map(drop)
}

/// An exam that was held: scored by both, by a third where they were apart, and released unless
/// it is only a few days old.
fn judged(
    making: &mut Making<'_>,
    examiners: &Examiners,
    seen: &Seen,
    random: &mut StdRng,
) -> Result<(), Error> {
    let Some(exam) = planned(making, examiners, seen)? else { return Ok(()) };
    scored(making, &exam, examiners.printed, seen.ability, random)?;
    scored(making, &exam, examiners.second, seen.ability + seen.generosity, random)?;
    let stamp = making.stamp(seen.held_on);
    if standing_of(making, &exam)? == Settlement::ThirdNeeded {
        seat(making, examiners, exam.id, 3, examiners.third, stamp.at)?;
        scored(making, &exam, examiners.third, seen.ability + seen.generosity / 3, random)?;
    }
    let Settlement::Settled(outcome) = standing_of(making, &exam)? else { return Ok(()) };
    queries::add_result(making.conn, exam.id, &outcome, stamp.at)?;
    if seen.held_on < making.today - Duration::days(5) {
        let shared = making.shared.clone();
        let (consequences, head) = (&shared.consequences, &shared.letterhead);
        release::release(making.conn, &exam, consequences, head, stamp).map_err(database)?;
    }
    Ok(())
}

fn standing_of(making: &mut Making<'_>, exam: &Practical) -> Result<Settlement, Error> {
    standing(making.conn, exam).map_err(database)
}

fn database(error: web::Error) -> Error {
    match error {
        web::Error::Database(error) => error,
        other => Error::Connect(other.to_string()),
    }
}

/// One examiner's sheet: each line near the candidate's ability, critical steps kept.
fn scored(
    making: &mut Making<'_>,
    exam: &Practical,
    examiner: PersonId,
    ability: i64,
    random: &mut StdRng,
) -> Result<(), Error> {
    let stamp = making.stamp(exam.held_on);
    let Some(seat) = queries::seat_of(making.conn, exam.id, examiner)? else { return Ok(()) };
    for (station, line) in exam.sheet.lines() {
        let steps = line.choices.len() as i64 - 1;
        let luck = random.random_range(0..100);
        // The part between two choices falls to the higher one as often as it is large.
        let exact = steps * ability.clamp(0, 100);
        let chosen = exact / 100 + i64::from(luck < exact % 100);
        let chosen = if line.critical { steps } else { chosen.min(steps) };
        let score = Score {
            station: station.code.clone(),
            line: line.code.clone(),
            points: line.choices.get(chosen as usize).map_or(0, |choice| choice.points),
            vetoed: false,
            note: String::new(),
            edition: 1,
            saved_at: stamp.at,
        };
        queries::put_score(making.conn, seat.id, &score)?;
    }
    queries::sign(making.conn, seat.id, stamp.at).map(drop)
}
