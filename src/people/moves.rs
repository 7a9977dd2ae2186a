//! Taking people on, moving them, and recording that they leave.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::pages;
use crate::{
    access::{Acting, Hiring, Moving, audit, proof::Proof, submit},
    db::{Conn, Db},
    i18n::Lang,
    record::{Consequences, Kind, NewFact, PersonId, Rules, Source, ledger},
    staff::{
        self, Post, Site, SiteId,
        transfers::{self, NewAssignment, NewPerson},
    },
    text,
    web::{Error, Form, Problems, Result, html},
};

/// What the forms of this page send; each uses the fields it has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    pub form_key: String,
    pub staff_no: String,
    pub name: String,
    pub name_en: String,
    pub email: String,
    pub phone: String,
    pub language: String,
    pub born_on: String,
    pub site: String,
    pub position: String,
    pub manager: String,
    /// The first day; for leaving, the last.
    pub on: String,
}

/// A checked wish.
#[derive(Clone, Debug)]
pub struct Checked {
    pub site: SiteId,
    pub position: String,
    pub occupation: String,
    pub manager: Option<PersonId>,
    pub on: NaiveDate,
}

impl Checked {
    pub fn post(&self, person: PersonId, ends_on: Option<NaiveDate>) -> NewAssignment<'_> {
        NewAssignment {
            person,
            site: self.site,
            position: &self.position,
            occupation: &self.occupation,
            manager: self.manager,
            starts_on: self.on,
            ends_on,
        }
    }
}

fn given(word: &str) -> Option<&str> {
    Some(word.trim()).filter(|word| !word.is_empty())
}

/// Reads the day of a form, noting where there is none.
fn day(word: &str, field: &str, problems: &mut Problems) -> Option<NaiveDate> {
    let day = word.trim().parse().ok();
    if day.is_none() {
        problems.add(field, text!("请填写日期，如 2026-01-31。", "Give a day such as 2026-01-31."));
    }
    day
}

/// Where, as what, under whom and from when, within the viewer's reach.
fn check<P: Proof>(
    conn: &mut Conn,
    acting: &Acting<P>,
    rules: &Rules,
    person: Option<PersonId>,
    wanted: &Wanted,
    problems: &mut Problems,
) -> Result<Option<Checked>> {
    let id = wanted.site.parse().map(SiteId).unwrap_or(SiteId(0));
    let site = staff::queries::site(conn, id)?.filter(|site| acting.reach().covers_site(site));
    if site.is_none() {
        problems
            .add("site", text!("请选择您管理范围内的门店。", "Choose a site within your reach."));
    }
    let position = given(&wanted.position).map(str::to_owned);
    if position.is_none() {
        problems.add("position", text!("请选择岗位。", "Choose a position."));
    }
    let manager = match given(&wanted.manager) {
        None => None,
        Some(number) => {
            let found = staff::queries::person_by_staff_no(conn, number)?;
            let found = found.filter(|manager| Some(manager.id) != person);
            if found.is_none() {
                problems.add(
                    "manager",
                    text!(
                        "没有工号为 {number} 的上级。",
                        "There is no manager with staff number {number}."
                    ),
                );
            }
            found.map(|manager| manager.id)
        }
    };
    let on = day(&wanted.on, "on", problems);
    let (Some(site), Some(position), Some(on)) = (site, position, on) else { return Ok(None) };
    let occupation = rules.occupation_of(&position);
    let checked = Checked { site: site.id, position, occupation, manager, on };
    Ok(problems.is_empty().then_some(checked))
}

/// A wish to move somebody, checked against where they stand.
fn check_move(
    conn: &mut Conn,
    acting: &Acting<Moving>,
    rules: &Rules,
    post: &Post,
    wanted: &Wanted,
    problems: &mut Problems,
) -> Result<Option<Checked>> {
    let checked = check(conn, acting, rules, Some(post.person.id), wanted, problems)?;
    let held = &post.assignment;
    let start = held.starts_on;
    if checked.as_ref().is_some_and(|checked| checked.on < start) {
        problems.add(
            "on",
            text!(
                "不能早于现任岗位的开始日期 {start}。",
                "Not before the present assignment began ({start})."
            ),
        );
    }
    if held.ends_on.is_some_and(|end| end < acting.today) {
        problems.add(
            "on",
            text!(
                "此人已离职。再次入职请用导入。",
                "This person has left; hire them again by an import."
            ),
        );
    }
    let later = staff::queries::assignments_of(conn, post.person.id)?;
    if later.iter().any(|(row, _)| row.starts_on > start) {
        problems.add(
            "on",
            text!("此人已有将来的调动。", "Another transfer of this person is planned already."),
        );
    }
    Ok(checked.filter(|_| problems.is_empty()))
}

pub async fn transfer_page(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Moving>,
    id: web::Path<i64>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let (viewer, wanted) = (acting.clone(), query.into_inner());
    let page = db
        .read(move |conn| -> Result<_> {
            let post = viewer.other_person(conn, PersonId(*id))?;
            let sites = staff::queries::sites(conn, viewer.reach())?;
            let mut problems = Problems::default();
            let (wanted, checked) = if wanted.site.is_empty() {
                (present(conn, &post, viewer.today)?, None)
            } else {
                let checked = check_move(conn, &viewer, &rules, &post, &wanted, &mut problems)?;
                (wanted, checked)
            };
            Ok(pages::transfer(
                &viewer,
                &rules,
                &post,
                &sites,
                &wanted,
                checked.as_ref(),
                &problems,
            ))
        })
        .await?;
    Ok(html(page))
}

/// The form as it opens: where they are now, from today.
fn present(conn: &mut Conn, post: &Post, today: NaiveDate) -> Result<Wanted> {
    let manager = match post.assignment.manager_id {
        Some(id) => staff::queries::person(conn, id)?.map(|person| person.staff_no),
        None => None,
    };
    Ok(Wanted {
        site: post.site.id.to_string(),
        position: post.assignment.position.clone(),
        manager: manager.unwrap_or_default(),
        on: today.to_string(),
        ..Wanted::default()
    })
}

pub async fn transfer(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    acting: Acting<Moving>,
    id: web::Path<i64>,
    Form(wanted): Form<Wanted>,
) -> Result<HttpResponse> {
    let viewer = acting.clone();
    submit(&db, &acting, &wanted.form_key.clone(), move |conn| {
        let post = viewer.other_person(conn, PersonId(*id))?;
        let sites = staff::queries::sites(conn, viewer.reach())?;
        let mut problems = Problems::default();
        let checked = check_move(conn, &viewer, &rules, &post, &wanted, &mut problems)?;
        let Some(checked) = checked else {
            let page =
                pages::transfer(&viewer, &rules, &post, &sites, &wanted, None, &problems);
            return Err(Error::Again(Box::new(page)));
        };
        let person = post.person.id;
        let next = checked.post(person, post.assignment.ends_on);
        transfers::transfer(conn, &post.assignment, &next, "transfer", viewer.stamp())?;
        consequences.follow(conn, person, viewer.today, viewer.stamp())?;
        let detail = serde_json::json!({
            "from": { "site": post.site.code, "position": post.assignment.position },
            "to": { "site": checked.site, "position": checked.position, "manager": checked.manager },
            "on": checked.on,
        });
        let subject = ("person", Some(person.0));
        audit::note(conn, Some(viewer.id), "transfer", subject, detail, viewer.now)?;
        Ok(format!("/people/{person}"))
    })
    .await
}

/// The last day of somebody, checked.
fn check_leave(post: &Post, wanted: &Wanted, problems: &mut Problems) -> Option<NaiveDate> {
    let on = day(&wanted.on, "on", problems)?;
    let start = post.assignment.starts_on;
    if on < start {
        problems.add(
            "on",
            text!(
                "不能早于现任岗位的开始日期 {start}。",
                "Not before the present assignment began ({start})."
            ),
        );
    }
    problems.is_empty().then_some(on)
}

pub async fn leave_page(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Moving>,
    id: web::Path<i64>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let viewer = acting.clone();
    let (post, occupation) = db
        .read(move |conn| -> Result<_> {
            let post = viewer.other_person(conn, PersonId(*id))?;
            let occupation = transfers::occupation_of(conn, &post.assignment)?;
            Ok((post, occupation))
        })
        .await?;
    let wanted = query.into_inner();
    let mut problems = Problems::default();
    let on = match wanted.on.as_str() {
        "" => None,
        _ => check_leave(&post, &wanted, &mut problems),
    };
    Ok(html(pages::leave(&acting, &rules, &post, &occupation, &wanted, on, &problems)))
}

pub async fn leave(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Moving>,
    id: web::Path<i64>,
    Form(wanted): Form<Wanted>,
) -> Result<HttpResponse> {
    let viewer = acting.clone();
    submit(&db, &acting, &wanted.form_key.clone(), move |conn| {
        let post = viewer.other_person(conn, PersonId(*id))?;
        let occupation = transfers::occupation_of(conn, &post.assignment)?;
        let mut problems = Problems::default();
        let Some(on) = check_leave(&post, &wanted, &mut problems) else {
            let page = pages::leave(&viewer, &rules, &post, &occupation, &wanted, None, &problems);
            return Err(Error::Again(Box::new(page)));
        };
        transfers::end(conn, &post.assignment, &occupation, on, "left", viewer.stamp())?;
        let (person, detail) = (post.person.id, serde_json::json!({ "on": on }));
        let subject = ("person", Some(person.0));
        audit::note(conn, Some(viewer.id), "leave", subject, detail, viewer.now)?;
        Ok(format!("/people/{person}"))
    })
    .await
}

pub async fn new_person_page(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Hiring>,
) -> Result<HttpResponse> {
    let viewer = acting.clone();
    let sites = db.read(move |conn| staff::queries::sites(conn, viewer.reach())).await?;
    let wanted = Wanted { on: acting.today.to_string(), ..Wanted::default() };
    Ok(html(pages::new_person(&acting, &rules, &sites, &wanted, &Problems::default())))
}

pub async fn new_person(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    acting: Acting<Hiring>,
    Form(wanted): Form<Wanted>,
) -> Result<HttpResponse> {
    let viewer = acting.clone();
    submit(&db, &acting, &wanted.form_key.clone(), move |conn| {
        let sites: Vec<Site> = staff::queries::sites(conn, viewer.reach())?;
        let mut problems = identity_problems(conn, &wanted)?;
        let born = match given(&wanted.born_on) {
            None => None,
            Some(word) => day(word, "born_on", &mut problems),
        };
        let checked = check(conn, &viewer, &rules, None, &wanted, &mut problems)?;
        let Some(checked) = checked else {
            let page = pages::new_person(&viewer, &rules, &sites, &wanted, &problems);
            return Err(Error::Again(Box::new(page)));
        };
        let person = hire(conn, &wanted, &checked, born, viewer.stamp())?;
        consequences.follow(conn, person, viewer.today, viewer.stamp())?;
        let detail =
            serde_json::json!({ "staff_no": wanted.staff_no.trim(), "site": checked.site });
        let subject = ("person", Some(person.0));
        audit::note(conn, Some(viewer.id), "add-person", subject, detail, viewer.now)?;
        Ok(format!("/people/{person}"))
    })
    .await
}

fn identity_problems(conn: &mut Conn, wanted: &Wanted) -> Result<Problems> {
    let mut problems = Problems::default();
    for (field, value) in [("staff_no", &wanted.staff_no), ("name", &wanted.name)] {
        if given(value).is_none() || value.len() > 200 {
            problems.add(field, text!("请填写。", "Please fill this in."));
        }
    }
    let email = wanted.email.trim();
    if !email.is_empty() && !validator::ValidateEmail::validate_email(&email) {
        problems
            .add("email", text!("这不是有效的邮箱地址。", "This is not a valid e-mail address."));
    }
    if staff::queries::person_by_staff_no(conn, wanted.staff_no.trim())?.is_some() {
        problems.add(
            "staff_no",
            text!("这个工号已有人使用。", "Somebody has this staff number already."),
        );
    }
    if !email.is_empty() && staff::queries::person_by_sign_in(conn, email)?.is_some() {
        problems.add(
            "email",
            text!("这个邮箱已有人使用。", "Somebody has this e-mail address already."),
        );
    }
    Ok(problems)
}

fn hire(
    conn: &mut Conn,
    wanted: &Wanted,
    checked: &Checked,
    born: Option<NaiveDate>,
    stamp: ledger::Stamp,
) -> Result<PersonId> {
    let new = NewPerson {
        staff_no: wanted.staff_no.trim(),
        name: wanted.name.trim(),
        name_en: given(&wanted.name_en),
        email: given(&wanted.email),
        phone: given(&wanted.phone),
        lang: Lang::parse(&wanted.language).unwrap_or_default(),
    };
    let person = transfers::add_person(conn, &new, stamp)?;
    transfers::assign(conn, &checked.post(person, None), stamp)?;
    if let Some(day) = born {
        let birth = NewFact::new(Kind::Birth, "", day);
        ledger::append(conn, person, &birth, Source::new("person", person.0), stamp)?;
    }
    Ok(person)
}
