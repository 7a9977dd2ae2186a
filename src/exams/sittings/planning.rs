//! Planning a sitting: what the form asks for, understood; then new, changed or cancelled.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeZone};
use serde::Deserialize;

use super::{
    letters::{Desk, News},
    model::{Phase, Release, Sitting, SittingId},
    queries::{self, Plan},
    rules::{self, Times},
};
use crate::{
    access::{Acting, Planning, audit},
    db::{Conn, Instant},
    exams::rules::Offer,
    i18n::Text,
    record::{PersonId, Rules},
    staff::{self, Post, Site},
    text,
    web::{Error, Problems, Result, forms::new_key},
};

/// The form as it stands in the browser. Times are those of the clock on the wall of the site.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlanForm {
    pub form_key: String,
    pub exam: String,
    pub site: String,
    pub room: String,
    pub opens_at: String,
    pub start_by: String,
    pub hand_in_by: String,
    pub seats: String,
    pub register_from: String,
    pub register_by: String,
    pub entry_code: String,
    pub networks: String,
    pub release: String,
    pub release_at: String,
    /// Staff numbers, one a line.
    pub invigilators: String,
    pub note: String,
}

const WALL_CLOCK: &str = "%Y-%m-%dT%H:%M";
const MOST_SEATS: i64 = 2000;

impl PlanForm {
    pub fn empty(exam: &str) -> PlanForm {
        PlanForm {
            form_key: new_key(),
            exam: exam.to_owned(),
            seats: "15".to_owned(),
            release: Release::AtOnce.word().to_owned(),
            ..PlanForm::default()
        }
    }

    /// The form filled in with what is planned.
    pub fn of(sitting: &Sitting, site: &Site, invigilators: &[Post]) -> PlanForm {
        let at = |at: Instant| at.utc().with_timezone(&site.zone()).format(WALL_CLOCK).to_string();
        let maybe = |moment: Option<Instant>| moment.map(at).unwrap_or_default();
        let numbers: Vec<&str> =
            invigilators.iter().map(|post| post.person.staff_no.as_str()).collect();
        PlanForm {
            form_key: new_key(),
            exam: sitting.exam.clone(),
            site: site.code.clone(),
            room: sitting.room.clone(),
            opens_at: at(sitting.opens_at),
            start_by: at(sitting.start_by),
            hand_in_by: maybe(sitting.hand_in_by),
            seats: sitting.seats.to_string(),
            register_from: maybe(sitting.register_from),
            register_by: maybe(sitting.register_by),
            entry_code: sitting.entry_code.clone().unwrap_or_default(),
            networks: sitting.networks.clone().unwrap_or_default(),
            release: sitting.release.word().to_owned(),
            release_at: maybe(sitting.release_at),
            invigilators: numbers.join("\n"),
            note: sitting.note.clone(),
        }
    }

    /// What the form says, or what is wrong with it by field.
    pub fn read(
        &self,
        rules: &Rules,
        sites: &[Site],
        now: Instant,
    ) -> std::result::Result<Plan, Problems> {
        let mut problems = Problems::default();
        let site = sites.iter().find(|site| site.code == self.site);
        if site.is_none() {
            problems.add("site", text!("请选择门店。", "Choose a site."));
        }
        if Offer::find(rules, &self.exam).is_none() {
            problems.add("exam", text!("请选择考试。", "Choose an exam."));
        }
        for (field, value) in
            [("room", &self.room), ("opens_at", &self.opens_at), ("start_by", &self.start_by)]
        {
            if value.trim().is_empty() {
                problems.add(field, text!("请填写。", "Please fill this in."));
            }
        }
        if self.room.chars().count() > 100 {
            problems.add("room", text!("最多 100 个字符。", "At most 100 characters."));
        }
        let seats = self.seats.trim().parse().ok().filter(|n| (1..=MOST_SEATS).contains(n));
        if seats.is_none() {
            problems.add(
                "seats",
                text!("请填 1 到 {MOST_SEATS} 之间的数。", "A number from 1 to {MOST_SEATS}."),
            );
        }
        let networks = rules::networks(&self.networks).unwrap_or_else(|wrong| {
            problems.add("networks", wrong);
            None
        });
        let release = self.release(&mut problems);
        let times = site.and_then(|site| self.times(site, now, &mut problems));
        let release_at = match (site, release) {
            (Some(site), Some(Release::AtTime)) => self.release_at(site, &times, &mut problems),
            _ => None,
        };
        match (site, seats, release, times) {
            (Some(site), Some(seats), Some(release), Some(times)) if problems.is_empty() => {
                Ok(Plan {
                    exam: self.exam.clone(),
                    site: site.id,
                    room: self.room.trim().to_owned(),
                    times,
                    seats,
                    entry_code: Some(rules::tidy_code(&self.entry_code))
                        .filter(|code| !code.is_empty()),
                    networks,
                    release,
                    release_at,
                    note: self.note.trim().to_owned(),
                })
            }
            _ => Err(problems),
        }
    }

    fn release(&self, problems: &mut Problems) -> Option<Release> {
        let release = Release::parse(&self.release);
        if release.is_none() {
            problems.add("release", text!("请选择公布方式。", "Choose how results are released."));
        }
        release
    }

    fn release_at(
        &self,
        site: &Site,
        times: &Option<Times>,
        problems: &mut Problems,
    ) -> Option<Instant> {
        let at = moment("release_at", &self.release_at, site, problems);
        let early = at.zip(times.as_ref()).is_some_and(|(at, times)| at <= times.start_by);
        if at.is_none() || early {
            problems.add(
                "release_at",
                text!("公布时间须晚于最晚开始时间。", "Results are released after the last start."),
            );
        }
        at
    }

    fn times(&self, site: &Site, now: Instant, problems: &mut Problems) -> Option<Times> {
        let mut at = |field: &'static str, value: &str| moment(field, value, site, problems);
        let (opens_at, start_by) = (at("opens_at", &self.opens_at), at("start_by", &self.start_by));
        let hand_in_by = at("hand_in_by", &self.hand_in_by);
        let register_from = at("register_from", &self.register_from);
        let register_by = at("register_by", &self.register_by);
        let times = Times {
            opens_at: opens_at?,
            start_by: start_by?,
            hand_in_by,
            register_from,
            register_by,
        };
        for (field, wrong) in rules::check_times(&times, now) {
            problems.add(field, wrong);
        }
        Some(times)
    }
}

/// A moment by the clock on the wall of the site. An hour that does not exist there, or exists
/// twice, is refused or taken the first time.
fn moment(
    field: &'static str,
    typed: &str,
    site: &Site,
    problems: &mut Problems,
) -> Option<Instant> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let wall = NaiveDateTime::parse_from_str(typed, WALL_CLOCK)
        .or_else(|_| NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M:%S"));
    let at = wall.ok().and_then(|wall| site.zone().from_local_datetime(&wall).earliest());
    if at.is_none() {
        problems.add(
            field,
            text!("请按 2026-12-31T09:00 的格式填写。", "Write it as in 2026-12-31T09:00."),
        );
    }
    at.map(|at| Instant::from(at.to_utc()))
}

/// The people the form names as invigilators; anybody of the region may be asked.
pub fn invigilators(
    conn: &mut Conn,
    acting: &Acting<Planning>,
    form: &PlanForm,
    problems: &mut Problems,
) -> Result<Vec<Post>> {
    let mut found: BTreeMap<PersonId, Post> = BTreeMap::new();
    let words = form.invigilators.split(['\n', ',', '，', ' ', ';']).map(str::trim);
    for word in words.filter(|word| !word.is_empty()) {
        let person = staff::queries::person_by_staff_no(conn, word)?;
        let post = match person {
            None => None,
            Some(person) => staff::queries::post_in(conn, acting.reach(), person.id, acting.today)?,
        };
        match post.filter(|post| post.works_on(acting.today)) {
            Some(post) => drop(found.insert(post.person.id, post)),
            None => problems.add(
                "invigilators",
                text!(
                    "{word}：没有这个工号，或此人不在您负责的范围内。",
                    "{word}: nobody has this staff number, or they are not in your reach."
                ),
            ),
        }
    }
    Ok(found.into_values().collect())
}

/// A code for links and calendars that tells nothing and is read aloud easily.
fn new_code() -> String {
    const LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let letter = |_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    (0..8).map(letter).collect()
}

/// Plans a new sitting; where it is shown.
pub fn add(conn: &mut Conn, desk: &Desk<'_>, plan: &Plan, watch: &[Post]) -> Result<String> {
    let code = new_code();
    let by = (desk.by.id, desk.by.now);
    let id = queries::add(conn, &code, plan, by)?;
    let detail = serde_json::json!({ "code": code, "exam": plan.exam, "seats": plan.seats });
    audit::note(
        conn,
        Some(desk.by.id),
        "plan-sitting",
        ("sitting", Some(id.0)),
        detail,
        desk.by.now,
    )?;
    set_watch(conn, desk, id, watch)?;
    Ok(format!("/exams/sittings/{code}"))
}

/// Plans a sitting anew. Everybody is told when place or time change, and only then.
pub fn change(
    conn: &mut Conn,
    desk: &Desk<'_>,
    sitting: &Sitting,
    plan: &Plan,
    watch: &[Post],
) -> Result<String> {
    let held = queries::hold(conn, sitting.id)?.ok_or(Error::NotFound)?;
    still_planned(&held, desk.by.now)?;
    let taken = queries::seats_taken(conn, held.id)?;
    if plan.seats < taken {
        return Err(Error::Refused(text!(
            "已有 {taken} 人报名，座位数不能少于这个数。",
            "{taken} people are registered already; there cannot be fewer seats."
        )));
    }
    if plan.exam != held.exam {
        return Err(Error::Refused(text!(
            "场次的考试不能更换。请取消这一场，另排一场。",
            "The exam of a sitting stays. Cancel this one and plan another."
        )));
    }
    let moved = plan.times.moves(&Times::of(&held))
        || (plan.site, plan.room.as_str()) != (held.site_id, held.room.as_str());
    queries::change(conn, held.id, plan, held.sequence + i64::from(moved))?;
    let detail = serde_json::json!({ "code": held.code, "moved": moved, "seats": plan.seats });
    let subject = ("sitting", Some(held.id.0));
    audit::note(conn, Some(desk.by.id), "change-sitting", subject, detail, desk.by.now)?;
    let new = set_watch(conn, desk, held.id, watch)?;
    if moved {
        let (now, site) = queries::by_code(conn, &held.code)?.ok_or(Error::NotFound)?;
        for person in everybody(conn, held.id)?.into_iter().filter(|one| !new.contains(one)) {
            desk.tell(conn, person, (&now, &site), News::Moved)?;
        }
    }
    Ok(held.path())
}

fn everybody(conn: &mut Conn, id: SittingId) -> Result<Vec<PersonId>> {
    let names = queries::registrations(conn, id)?.into_iter().map(|one| one.person_id);
    let mut people: Vec<PersonId> = names.collect();
    people.extend(queries::invigilators(conn, id)?);
    Ok(people)
}

fn still_planned(sitting: &Sitting, now: Instant) -> Result<()> {
    match sitting.phase(now) {
        Phase::Planned => Ok(()),
        _ => Err(Error::Refused(text!(
            "场次已经开始、结束或取消，不能再修改。",
            "The sitting has begun, ended or been cancelled; it cannot be changed any more."
        ))),
    }
}

/// Makes these the invigilators, tells those who are new and those who no longer are; answers who
/// is new.
fn set_watch(
    conn: &mut Conn,
    desk: &Desk<'_>,
    id: SittingId,
    watch: &[Post],
) -> Result<Vec<PersonId>> {
    let sitting = queries::by_id(conn, id)?.ok_or(Error::NotFound)?;
    let site = staff::queries::site(conn, sitting.site_id)?.ok_or(Error::NotFound)?;
    let before = queries::invigilators(conn, id)?;
    let mut new = Vec::new();
    for Post { person, .. } in watch.iter().filter(|post| !before.contains(&post.person.id)) {
        if queries::registration_of(conn, id, person.id)?.is_some() {
            let number = &person.staff_no;
            return Err(Error::Refused(text!(
                "{number} 已报名参加这一场，不能监考。",
                "{number} sits this exam here and cannot invigilate it."
            )));
        }
        queries::assign(conn, id, person.id, (desk.by.id, desk.by.now))?;
        desk.tell(conn, person.id, (&sitting, &site), News::Assigned)?;
        new.push(person.id);
    }
    for gone in before.into_iter().filter(|one| !watch.iter().any(|post| post.person.id == *one)) {
        queries::unassign(conn, id, gone, desk.by.now)?;
        desk.tell(conn, gone, (&sitting, &site), News::Unassigned)?;
    }
    Ok(new)
}

/// Cancels a sitting and tells everybody why.
pub fn cancel(conn: &mut Conn, desk: &Desk<'_>, sitting: &Sitting, why: &str) -> Result<String> {
    let held = queries::hold(conn, sitting.id)?.ok_or(Error::NotFound)?;
    still_planned(&held, desk.by.now)?;
    queries::cancel(conn, held.id, why, (desk.by.id, desk.by.now))?;
    let detail = serde_json::json!({ "code": held.code, "why": why });
    let subject = ("sitting", Some(held.id.0));
    audit::note(conn, Some(desk.by.id), "cancel-sitting", subject, detail, desk.by.now)?;
    let (now, site) = queries::by_code(conn, &held.code)?.ok_or(Error::NotFound)?;
    desk.tell_all(conn, (&now, &site), News::Cancelled { why })?;
    Ok(held.path())
}

/// A reason as somebody gave it; it must say something.
pub fn reason(typed: &str) -> Result<String> {
    let why = typed.trim();
    if why.is_empty() || why.chars().count() > 500 {
        return Err(Error::Invalid(reason_missing()));
    }
    Ok(why.to_owned())
}

fn reason_missing() -> Text {
    text!(
        "请写明原因（最多 500 字），当事人会看到。",
        "Give a reason (at most 500 characters); the people concerned will read it."
    )
}
