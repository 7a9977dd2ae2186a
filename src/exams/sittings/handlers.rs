//! Requests about sittings: lists, planning, registration, attendance.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{
    letters::Desk,
    model::{Attendance, Phase, RegistrationId, Sitting},
    pages::{self, Candidate, Page},
    planning::{self, PlanForm},
    queries::{self, Narrowed, Whose},
    registering::{self, Hand},
    rules::Ratio,
    sight::{self, Invigilating, Planned, Seen},
};
use crate::{
    access::{Acting, Planning, Registering, Viewer, audit, submit},
    db::{Conn, Db},
    exams::rules::offered,
    mail::Letterhead,
    record::Rules,
    staff::{self, Post, Site},
    text,
    web::{Error, Form, Problems, Result, html},
};

/// The filter of the list, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// `mine`, `open`, `watch` or `reach`.
    #[serde(default)]
    pub who: String,
    /// `past`, or what is to come.
    #[serde(default)]
    pub when: String,
    #[serde(default)]
    pub exam: String,
    pub page: Option<usize>,
}

const ROWS: usize = 30;

impl Asked {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }

    /// Those who plan begin with their reach, everybody else with what they may register for.
    fn settled(mut self, plans: bool) -> Asked {
        let known = ["mine", "open", "watch", "reach"].contains(&self.who.as_str());
        if !known || (self.who == "reach" && !plans) {
            self.who = if plans { "reach" } else { "open" }.to_owned();
        }
        self
    }
}

pub async fn list(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let reach = Acting::<Registering>::of(viewer.clone()).ok().map(|acting| acting.reach().clone());
    let asked = asked.into_inner().settled(reach.is_some());
    let (who, query) = (viewer.clone(), asked.clone());
    let offset = ((asked.page() - 1) * ROWS) as i64;
    let (mut rows, own) = db
        .read(move |conn| -> Result<_> {
            let whose = match (query.who.as_str(), reach) {
                ("mine", _) => Whose::Candidate(who.id),
                ("watch", _) => Whose::Invigilator(who.id),
                ("reach", Some(reach)) => Whose::Reach(reach),
                _ => sight::near(conn, &who)?,
            };
            let exam = Some(query.exam.clone()).filter(|exam| !exam.is_empty());
            let wanted = Narrowed { whose, past: query.when == "past", exam };
            let rows = queries::list(conn, &wanted, who.now, ROWS as i64 + 1, offset)?;
            let own = queries::registered_for(conn, who.id, who.now)?;
            Ok((rows, own.into_iter().map(|(_, sitting, _)| sitting.id).collect::<Vec<_>>()))
        })
        .await?;
    let has_more = rows.len() > ROWS;
    rows.truncate(ROWS);
    Ok(html(pages::list(&viewer, &rules, &asked, &rows, &own, has_more)))
}

pub async fn new_page(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let who = acting.clone();
    let sites = db.read(move |conn| staff::queries::sites(conn, who.reach())).await?;
    let form = PlanForm::empty(&asked.exam);
    let offers = offered(&rules, acting.today);
    Ok(html(pages::plan(&acting, &offers, &sites, None, &form, &Problems::default())))
}

pub async fn add(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    Form(form): Form<PlanForm>,
) -> Result<HttpResponse> {
    let (who, rules, key) = (acting.clone(), rules.clone(), form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        let sites = staff::queries::sites(conn, who.reach())?;
        let (plan, watch) = understood(conn, &who, &rules, &sites, None, &form)?;
        let desk = Desk { rules: &rules, head: &head, by: &who };
        planning::add(conn, &desk, &plan, &watch)
    })
    .await
}

/// The plan and the invigilators of a form, or the form again with its mistakes.
fn understood(
    conn: &mut Conn,
    who: &Acting<Planning>,
    rules: &Rules,
    sites: &[Site],
    sitting: Option<&Sitting>,
    form: &PlanForm,
) -> Result<(queries::Plan, Vec<Post>)> {
    let plan = form.read(rules, sites, who.now);
    let mut problems = plan.as_ref().err().cloned().unwrap_or_default();
    let watch = planning::invigilators(conn, who, form, &mut problems)?;
    match plan {
        Ok(plan) if problems.is_empty() => Ok((plan, watch)),
        _ => {
            let offers = offered(rules, who.today);
            let page = pages::plan(who, &offers, sites, sitting, form, &problems);
            Err(Error::Again(Box::new(page)))
        }
    }
}

pub async fn edit_page(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let judged = rules.clone();
    let page = db
        .read(move |conn| -> Result<_> {
            let Planned { acting, sitting, site } = Planned::of(conn, acting, &code)?;
            let sites = staff::queries::sites(conn, acting.reach())?;
            let watch = queries::invigilators(conn, sitting.id)?;
            let watch = staff::queries::posts_of(conn, &watch, acting.today)?;
            let form = PlanForm::of(&sitting, &site, &watch);
            let offers = offered(&judged, acting.today);
            let none = Problems::default();
            Ok(pages::plan(&acting, &offers, &sites, Some(&sitting), &form, &none))
        })
        .await?;
    Ok(html(page))
}

pub async fn change(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    code: web::Path<String>,
    Form(form): Form<PlanForm>,
) -> Result<HttpResponse> {
    let (who, rules, key) = (acting.clone(), rules.clone(), form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        let Planned { acting, sitting, .. } = Planned::of(conn, who, &code)?;
        let sites = staff::queries::sites(conn, acting.reach())?;
        let (plan, watch) = understood(conn, &acting, &rules, &sites, Some(&sitting), &form)?;
        let desk = Desk { rules: &rules, head: &head, by: &acting };
        planning::change(conn, &desk, &sitting, &plan, &watch)
    })
    .await
}

#[derive(Deserialize)]
pub struct Why {
    form_key: String,
    #[serde(default)]
    why: String,
}

pub async fn cancel(
    acting: Acting<Planning>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    code: web::Path<String>,
    Form(form): Form<Why>,
) -> Result<HttpResponse> {
    let (who, rules) = (acting.clone(), rules.clone());
    submit(&db, &acting, &form.form_key, move |conn| {
        let Planned { acting, sitting, .. } = Planned::of(conn, who, &code)?;
        let why = planning::reason(&form.why)?;
        let desk = Desk { rules: &rules, head: &head, by: &acting };
        planning::cancel(conn, &desk, &sitting, &why)
    })
    .await
}

/// How many invigilators for how many candidates, as the address says.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct AskedRatio {
    per: Option<i64>,
    least: Option<i64>,
}

impl AskedRatio {
    fn ratio(self) -> Ratio {
        let usual = Ratio::default();
        Ratio {
            candidates: self.per.unwrap_or(usual.candidates).clamp(1, 1000),
            at_least: self.least.unwrap_or(usual.at_least).clamp(0, 100),
        }
    }
}

pub async fn show(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    code: web::Path<String>,
    asked: web::Query<AskedRatio>,
) -> Result<HttpResponse> {
    let (who, judged) = (viewer.clone(), rules.clone());
    let ratio = asked.ratio();
    let page = db
        .read(move |conn| {
            let desk = Desk { rules: &judged, head: &head, by: &who };
            page_of(conn, &desk, &code, ratio)
        })
        .await?;
    Ok(html(pages::show(&viewer, &rules, &page)))
}

fn page_of(conn: &mut Conn, desk: &Desk<'_>, code: &str, ratio: Ratio) -> Result<Page> {
    let viewer = desk.by;
    let seen = Seen::of(conn, viewer, code)?;
    let Seen { sitting, site, registration, .. } = &seen;
    let taken = queries::seats_taken(conn, sitting.id)?;
    let knows_names = seen.plans || seen.watches || seen.registers;
    let candidates = if knows_names { candidates(conn, desk, &seen)? } else { Vec::new() };
    let watch = queries::invigilators(conn, sitting.id)?;
    let watch = staff::queries::posts_of(conn, &watch, viewer.today)?;
    let coming = sitting.phase(viewer.now) == Phase::Planned;
    let chance = match registration {
        None if coming => Some(registering::own_chance(conn, desk, viewer, (sitting, site))?),
        _ => None,
    };
    let others = match registration {
        Some(_) if coming => others(conn, viewer, sitting)?,
        _ => Vec::new(),
    };
    Ok(Page { taken, candidates, watch, chance, others, ratio, seen })
}

/// The names on the list that the viewer may read: all for those who plan or invigilate, people
/// in their reach for others.
fn candidates(conn: &mut Conn, desk: &Desk<'_>, seen: &Seen) -> Result<Vec<Candidate>> {
    let viewer = desk.by;
    let rows = queries::registrations(conn, seen.sitting.id)?;
    let ids: Vec<_> = rows.iter().map(|row| row.person_id).collect();
    let posts = if seen.plans || seen.watches {
        staff::queries::posts_of(conn, &ids, viewer.today)?
    } else {
        let acting = Acting::<Registering>::of(viewer.clone())?;
        staff::queries::posts_among(conn, acting.reach(), &ids, viewer.today)?
    };
    let mut rows: std::collections::HashMap<_, _> =
        rows.into_iter().map(|row| (row.person_id, row)).collect();
    let posts = posts.into_iter();
    Ok(posts
        .filter_map(|post| {
            rows.remove(&post.person.id).map(|registration| Candidate { post, registration })
        })
        .collect())
}

/// Other coming sittings of the same exam, to move to.
fn others(conn: &mut Conn, viewer: &Viewer, sitting: &Sitting) -> Result<Vec<queries::Listed>> {
    let wanted = Narrowed {
        whose: sight::near(conn, viewer)?,
        past: false,
        exam: Some(sitting.exam.clone()),
    };
    let rows = queries::list(conn, &wanted, viewer.now, 50, 0)?;
    let free = |row: &queries::Listed| {
        row.sitting.id != sitting.id
            && row.taken < row.sitting.seats
            && row.sitting.takes_names(viewer.now)
    };
    Ok(rows.into_iter().filter(free).collect())
}

#[derive(Deserialize)]
pub struct NameForm {
    form_key: String,
    /// Nobody else: the viewer themselves.
    #[serde(default)]
    staff_no: String,
    #[serde(default)]
    why: String,
    /// The code of the sitting to move to.
    #[serde(default)]
    to: String,
}

/// Whose name it is, and by whose hand.
fn meant(conn: &mut Conn, viewer: &Viewer, staff_no: &str) -> Result<(Post, Hand)> {
    let staff_no = staff_no.trim();
    if staff_no.is_empty() || staff_no == viewer.staff_no {
        return Ok((viewer.post(conn, viewer.id)?, Hand::Own));
    }
    let acting = Acting::<Registering>::of(viewer.clone())?;
    let person = staff::queries::person_by_staff_no(conn, staff_no)?;
    let post = match person {
        Some(person) => staff::queries::post_in(conn, acting.reach(), person.id, viewer.today)?,
        None => None,
    };
    let post = post.ok_or_else(|| {
        Error::Refused(text!(
            "{staff_no}：没有这个工号，或此人不在您负责的范围内。",
            "{staff_no}: nobody has this staff number, or they are not in your reach."
        ))
    })?;
    Ok((post, Hand::Other))
}

pub async fn register(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    code: web::Path<String>,
    Form(form): Form<NameForm>,
) -> Result<HttpResponse> {
    let (who, rules) = (viewer.clone(), rules.clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let Seen { sitting, site, .. } = Seen::of(conn, &who, &code)?;
        let (person, hand) = meant(conn, &who, &form.staff_no)?;
        let desk = Desk { rules: &rules, head: &head, by: &who };
        registering::register(conn, &desk, &person, (&sitting, &site), hand)?;
        Ok(sitting.path())
    })
    .await
}

pub async fn withdraw(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    code: web::Path<String>,
    Form(form): Form<NameForm>,
) -> Result<HttpResponse> {
    let (who, rules) = (viewer.clone(), rules.clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let Seen { sitting, site, .. } = Seen::of(conn, &who, &code)?;
        let (person, hand) = meant(conn, &who, &form.staff_no)?;
        let registration = queries::registration_of(conn, sitting.id, person.person.id)?;
        let desk = Desk { rules: &rules, head: &head, by: &who };
        if let Some(registration) = registration {
            let why = planning::reason(&form.why)?;
            registering::withdraw(conn, &desk, &registration, (&sitting, &site), &why, hand)?;
        }
        Ok(sitting.path())
    })
    .await
}

pub async fn reschedule(
    viewer: Viewer,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    code: web::Path<String>,
    Form(form): Form<NameForm>,
) -> Result<HttpResponse> {
    let (who, rules) = (viewer.clone(), rules.clone());
    submit(&db, &viewer, &form.form_key, move |conn| {
        let from = Seen::of(conn, &who, &code)?;
        let to = Seen::of(conn, &who, &form.to)?;
        let (person, hand) = meant(conn, &who, &form.staff_no)?;
        let id = person.person.id;
        let registration =
            queries::registration_of(conn, from.sitting.id, id)?.ok_or(Error::NotFound)?;
        let desk = Desk { rules: &rules, head: &head, by: &who };
        let old = (&registration, &from.sitting, &from.site);
        registering::reschedule(conn, &desk, &person, old, (&to.sitting, &to.site), hand)?;
        Ok(to.sitting.path())
    })
    .await
}

#[derive(Deserialize)]
pub struct AttendanceForm {
    form_key: String,
    registration: RegistrationId,
    attendance: String,
    #[serde(default)]
    note: String,
}

/// Marks who did not come or was not let in. Present is who starts.
pub async fn mark(
    viewer: Viewer,
    db: web::Data<Db>,
    code: web::Path<String>,
    Form(form): Form<AttendanceForm>,
) -> Result<HttpResponse> {
    let who = viewer.clone();
    submit(&db, &viewer, &form.form_key, move |conn| {
        let Invigilating { viewer, sitting, .. } = Invigilating::of(conn, &who, &code)?;
        let attendance = Attendance::parse(&form.attendance)
            .filter(|said| *said != Attendance::Present)
            .ok_or_else(|| Error::Invalid(text!("请选择出勤情况。", "Choose what to mark.")))?;
        let rows = queries::registrations(conn, sitting.id)?;
        let row = rows.into_iter().find(|row| row.id == form.registration);
        let row = row.ok_or(Error::NotFound)?;
        may_be_marked(&sitting, &row, attendance, &viewer)?;
        let note: String = form.note.trim().chars().take(500).collect();
        let by = (viewer.id, viewer.now);
        queries::set_attendance(conn, row.id, attendance, &note, by)?;
        let detail = serde_json::json!({ "attendance": attendance, "note": note });
        let subject = ("registration", Some(row.id.0));
        audit::note(conn, Some(viewer.id), "mark-attendance", subject, detail, viewer.now)?;
        Ok(format!("{}/live", sitting.path()))
    })
    .await
}

fn may_be_marked(
    sitting: &Sitting,
    row: &super::model::Registration,
    attendance: Attendance,
    viewer: &Viewer,
) -> Result<()> {
    if row.attendance == Some(Attendance::Present) {
        return Err(Error::Refused(text!(
            "此人已开始考试，不能再登记为未到。可以收卷。",
            "This person has started, so they are present. You can close their attempt."
        )));
    }
    let early = viewer.now < sitting.opens_at && attendance != Attendance::Excused;
    if early {
        return Err(Error::Refused(text!(
            "考试还没有开始，只能登记请假。",
            "The sitting has not opened yet; only “excused” can be marked."
        )));
    }
    Ok(())
}
