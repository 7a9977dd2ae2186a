//! Sittings to come and one gone by, with names on their lists, invigilators and one person who is
//! granted extra time.

use chrono::{Duration, NaiveDate, NaiveTime, TimeZone};

use super::{
    Making,
    people::{Somebody, Trade},
};
use crate::{
    db::{Error, Instant},
    exams::{
        attempts::{
            finish,
            model::{Answer, AttemptId, EndedBy},
            queries as attempts,
        },
        blueprints, clock,
        questions::scoring,
        rules::Offer,
        sittings::{
            Release, Sitting, SittingId,
            model::{Attendance, Granted},
            queries::{self, NewAccommodation, NewRegistration, Plan},
            rules::{self, Times},
        },
    },
    record::{PersonId, Rules, ledger},
    staff::SiteId,
};

const EXAM: &str = "inhouse-default/brake-theory";

pub fn make(making: &mut Making<'_>, people: &[Somebody]) -> Result<(), Error> {
    let find = |number: &str| people.iter().find(|one| one.staff_no == number);
    let (Some(trainer), Some(examiner), Some(manager), Some(hr), Some(technician)) =
        (find("R1001"), find("E1001"), find("M1001"), find("H1001"), find("T1001"))
    else {
        return Ok(());
    };
    let home = technician.site;
    let technicians: Vec<&Somebody> = people
        .iter()
        .filter(|one| one.trade == Trade::Technician && one.left.is_none())
        .filter(|one| one.staff_no != "T1001")
        .collect();
    let at = |site: SiteId| technicians.iter().copied().filter(move |one| one.site == site);
    let Some(other) = technicians.iter().map(|one| one.site).find(|site| *site != home) else {
        return Ok(());
    };
    let by = trainer.id;
    let watch = [examiner.id, manager.id];
    let past: Vec<&Somebody> = at(home).skip(2).take(5).collect();
    gone_by(making, home, by, &watch, &past)?;
    let soon = sitting(making, "demosoon", home, (3, 9), by, &watch)?;
    let later = sitting(making, "demolate", other, (10, 14), by, &watch[..1])?;
    let before = making.stamp(making.today - Duration::days(2)).at;
    for somebody in at(home).skip(7).take(6) {
        put_down(making, &soon, somebody.id, manager.id, before)?;
    }
    for somebody in at(other).take(3) {
        put_down(making, &later, somebody.id, somebody.id, before)?;
    }
    let Some(granted) = at(home).nth(7) else { return Ok(()) };
    let grant = NewAccommodation {
        extra_percent: 25,
        break_minutes: 10,
        note: "阅读障碍，持医院证明。".to_owned(),
        from: making.today - Duration::days(30),
        through: Some(making.today + Duration::days(335)),
    };
    let at = making.stamp(grant.from).at;
    queries::grant(making.conn, granted.id, &grant, (hr.id, at))?;
    Ok(())
}

/// A sitting so many days from today, at a full hour in China.
fn sitting(
    making: &mut Making<'_>,
    code: &str,
    site: SiteId,
    (days, hour): (i64, u32),
    by: PersonId,
    watch: &[PersonId],
) -> Result<Sitting, Error> {
    let opens_at = at_hour(making, making.today + Duration::days(days), hour);
    let planned = making.stamp(making.today + Duration::days(days.min(0) - 14)).at;
    let plan = Plan {
        exam: EXAM.to_owned(),
        site,
        room: "二楼培训教室".to_owned(),
        times: Times {
            opens_at,
            start_by: opens_at.plus(Duration::minutes(30)),
            hand_in_by: None,
            register_from: None,
            register_by: Some(opens_at.plus(-Duration::hours(12))),
        },
        seats: 16,
        entry_code: Some("BRAKE24".to_owned()),
        networks: None,
        release: Release::AtOnce,
        release_at: None,
        note: "请携带工号牌，提前 10 分钟到场。".to_owned(),
    };
    let id = queries::add(making.conn, code, &plan, (by, planned))?;
    for person in watch {
        queries::assign(making.conn, id, *person, (by, planned))?;
    }
    Ok(queries::by_id(making.conn, id)?.ok_or(diesel::result::Error::NotFound)?)
}

fn at_hour(making: &Making<'_>, day: NaiveDate, hour: u32) -> Instant {
    let wall = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
    let local = chrono_tz::Asia::Shanghai.from_local_datetime(&wall).earliest();
    local.map_or(making.now, |local| Instant::from(local.to_utc()))
}

/// Puts a name down if the record says they may sit it on that day.
fn put_down(
    making: &mut Making<'_>,
    sitting: &Sitting,
    person: PersonId,
    by: PersonId,
    at: Instant,
) -> Result<bool, Error> {
    let programme: Rules = making.shared.rules.clone();
    let Some(offer) = Offer::find(&programme, &sitting.exam) else { return Ok(false) };
    let facts = ledger::facts_of(making.conn, person, None)?;
    let day = sitting.opens_at.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
    let line = rules::eligibility(&programme, offer, &facts, day);
    if !line.met {
        return Ok(false);
    }
    let new = NewRegistration {
        sitting: sitting.id,
        person,
        verdict: &serde_json::to_string(&line).unwrap_or_default(),
        content: programme.revision(offer.set),
    };
    queries::register(making.conn, &new, (by, at))?;
    Ok(true)
}

/// A sitting twelve days ago: most came, one was excused, one did not come.
fn gone_by(
    making: &mut Making<'_>,
    site: SiteId,
    by: PersonId,
    watch: &[PersonId],
    people: &[&Somebody],
) -> Result<(), Error> {
    let sitting = sitting(making, "demopast", site, (-12, 9), by, watch)?;
    for (n, somebody) in people.iter().enumerate() {
        let booked = sitting.opens_at.plus(-Duration::days(5));
        if !put_down(making, &sitting, somebody.id, somebody.id, booked)? {
            continue;
        }
        let begins = sitting.opens_at.plus(Duration::minutes(2 + n as i64));
        let attendance = match n {
            0 => Attendance::Absent,
            1 => Attendance::Excused,
            _ => Attendance::Present,
        };
        if attendance == Attendance::Present {
            sit(making, sitting.id, somebody.id, begins, n)?;
        }
        let row = queries::registration_of(making.conn, sitting.id, somebody.id)?;
        if let (Some(row), Some(invigilator)) = (row, watch.first()) {
            let note = if n == 1 { "家中有事，已提前说明" } else { "" };
            let by = (*invigilator, begins);
            queries::set_attendance(making.conn, row.id, attendance, note, by)?;
        }
    }
    let ends = sitting.opens_at.plus(Duration::hours(2));
    if let Some(invigilator) = watch.first() {
        queries::close(making.conn, sitting.id, (*invigilator, ends))?;
    }
    Ok(())
}

/// Somebody sits the exam and knows most of it.
fn sit(
    making: &mut Making<'_>,
    sitting: SittingId,
    person: PersonId,
    begins: Instant,
    n: usize,
) -> Result<(), Error> {
    let (programme, consequences) =
        (making.shared.rules.clone(), making.shared.consequences.clone());
    let Some(offer) = Offer::find(&programme, EXAM) else { return Ok(()) };
    let seed = 100 + n as i64;
    let paper = blueprints::prepare(making.conn, EXAM, offer.plan, person, seed, begins)?;
    let Ok(paper) = paper else { return Ok(()) };
    let allowed = clock::time_allowed(offer.minutes(), Granted::default().extra_percent);
    let new = attempts::NewAttempt {
        person,
        exam: EXAM,
        content: programme.revision(offer.set),
        seed,
        pass_score: offer.pass_score(),
        started_at: begins,
        hand_in_by: begins.plus(allowed),
        blueprint: paper.blueprint,
        sitting: Some(sitting),
    };
    let id = attempts::add(making.conn, &new, &paper.drawn)?;
    answer(making, id, begins, n)?;
    let Some(attempt) = attempts::attempt(making.conn, id)? else { return Ok(()) };
    let ends = begins.plus(Duration::minutes(22 + n as i64));
    finish::finish(making.conn, &attempt, EndedBy::Candidate, ends, &programme, &consequences)?;
    Ok(())
}

fn answer(making: &mut Making<'_>, id: AttemptId, begins: Instant, n: usize) -> Result<(), Error> {
    for (position, item) in attempts::paper(making.conn, id)? {
        let knows = (position + n as i64) % 6 != 0;
        let right = item.task().and_then(|task| scoring::model_response(task, &item.order));
        if let Some(response) = right.filter(|_| knows) {
            let saved_at = begins.plus(Duration::seconds(50 * position));
            let answer = Answer { response, edition: 1, saved_at };
            attempts::put_answer(making.conn, id, position, &answer)?;
        }
    }
    Ok(())
}
