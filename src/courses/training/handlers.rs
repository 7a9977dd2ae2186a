//! Requests of those who look after other people's training.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    enrolling::{self, Order, Outcome, People},
    pages::{self, Choices, Row},
};
use crate::{
    access::{Acting, Teaching, submit},
    courses::{
        Catalogue,
        model::State,
        queries::{self, Filter},
        rules,
    },
    db::{Conn, Db},
    mail::Letterhead,
    record::Rules,
    staff::{self, Site},
    text,
    web::{Error, Form, Problems, Result, download, forms::new_key, html},
};

/// What the address says: the filter, and after enrolling the report of what was done.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub course: String,
    #[serde(default)]
    pub state: String,
    pub page: Option<usize>,
    pub enrolled: Option<usize>,
    pub due_set: Option<usize>,
    pub unchanged: Option<String>,
    pub left: Option<String>,
    pub locked: Option<String>,
}

impl Asked {
    fn filter(&self, sites: &[Site]) -> Result<Filter> {
        let lineage = match self.site.as_str() {
            "" => None,
            code => Some(site_among(sites, code)?.lineage.clone()),
        };
        let course = Some(self.course.clone()).filter(|course| !course.is_empty());
        Ok(Filter { course, state: State::parse(&self.state), lineage })
    }
}

fn site_among<'a>(sites: &'a [Site], code: &str) -> Result<&'a Site> {
    sites.iter().find(|site| site.code == code).ok_or(Error::NotFound)
}

const ROWS: usize = 50;
/// A saved table ends here; a group that large narrows it to a region first.
const SAVED_ROWS: i64 = 100_000;

pub async fn who_is_where(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    acting: Acting<Teaching>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (who, all, query) = (acting.clone(), catalogue.clone(), asked.clone());
    let page = asked.page.unwrap_or(1).clamp(1, 10_000);
    let (mut rows, overdue, sites) = db
        .read(move |conn| -> Result<_> {
            let sites = staff::queries::sites(conn, who.reach())?;
            let filter = query.filter(&sites)?;
            let offset = ((page - 1) * ROWS) as i64;
            let rows = rows(conn, &all, &who, &filter, ROWS as i64 + 1, offset)?;
            Ok((rows, queries::overdue_in(conn, who.reach(), who.today)?, sites))
        })
        .await?;
    let has_more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let choices = Choices { catalogue: &catalogue, sites: &sites };
    Ok(html(pages::who_is_where(&acting, &choices, &rows, overdue, &asked, (page, has_more))))
}

pub async fn export(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    rules: Rules,
    acting: Acting<Teaching>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let who = acting.clone();
    let rows = db
        .read(move |conn| -> Result<_> {
            let filter = asked.filter(&staff::queries::sites(conn, who.reach())?)?;
            rows(conn, &catalogue, &who, &filter, SAVED_ROWS, 0)
        })
        .await?;
    let bytes = pages::as_csv(&acting, &rules, &rows)?;
    let name = format!("training-{}.csv", acting.today);
    Ok(download(&name, "text/csv; charset=utf-8", bytes))
}

/// The rounds within reach, each with its person and how far they are.
fn rows(
    conn: &mut Conn,
    catalogue: &Catalogue,
    acting: &Acting<Teaching>,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<Vec<Row>> {
    let rounds = queries::who_is_where(conn, acting.reach(), filter, acting.today, limit, offset)?;
    let ids: Vec<_> = rounds.iter().map(|round| round.enrolment.person_id).collect();
    let posts = staff::queries::posts_of(conn, &ids, acting.today)?;
    let posts: std::collections::HashMap<_, _> =
        posts.into_iter().map(|post| (post.person.id, post)).collect();
    let courses = queries::courses_of(conn, catalogue, &rounds)?;
    let rows = rounds.into_iter().filter_map(|round| {
        let post = posts.get(&round.enrolment.person_id)?.clone();
        let course = courses.get(&round.enrolment.content_id);
        let done = course.map_or(round.done.len(), |course| rules::done_of(course, &round.done));
        let total = course.map_or(round.done.len(), |course| course.plan.lessons.len());
        let title = catalogue.title(&round.enrolment.course);
        Some(Row { post, round, title, done, total })
    });
    Ok(rows.collect())
}

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EnrolForm {
    #[serde(default)]
    pub form_key: String,
    #[serde(default)]
    pub course: String,
    #[serde(default)]
    pub staff_nos: String,
    #[serde(default)]
    pub position: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub due_on: String,
    pub again: Option<String>,
}

pub async fn enrol_page(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    rules: Rules,
    acting: Acting<Teaching>,
    form: web::Query<EnrolForm>,
) -> Result<HttpResponse> {
    let who = acting.clone();
    let sites = db.read(move |conn| staff::queries::sites(conn, who.reach())).await?;
    let choices = Choices { catalogue: &catalogue, sites: &sites };
    let form = EnrolForm { form_key: new_key(), ..form.into_inner() };
    Ok(html(pages::enrol(&acting, &choices, &rules, &form, &Problems::default(), &[])))
}

pub async fn enrol(
    db: web::Data<Db>,
    catalogue: web::Data<Catalogue>,
    rules: Rules,
    head: web::Data<Letterhead>,
    acting: Acting<Teaching>,
    Form(form): Form<EnrolForm>,
) -> Result<HttpResponse> {
    let (who, key) = (acting.clone(), form.form_key.clone());
    submit(&db, &acting, &key, move |conn| {
        let sites = staff::queries::sites(conn, who.reach())?;
        let choices = Choices { catalogue: &catalogue, sites: &sites };
        let again = |problems: &Problems, mistakes: &[enrolling::Mistake]| {
            let form = EnrolForm { form_key: new_key(), ..form.clone() };
            let page = pages::enrol(&who, &choices, &rules, &form, problems, mistakes);
            Error::Again(Box::new(page))
        };
        let order = order(&form, &choices, who.today).map_err(|problems| again(&problems, &[]))?;
        match enrolling::carry_out(conn, &catalogue, &head, &who, &order)? {
            Ok(outcome) => Ok(report(&order, &outcome)),
            Err(mistakes) => Err(again(&Problems::default(), &mistakes)),
        }
    })
    .await
}

/// Understands the form, or says what is wrong with it.
fn order(
    form: &EnrolForm,
    choices: &Choices<'_>,
    today: NaiveDate,
) -> std::result::Result<Order, Problems> {
    let mut problems = Problems::default();
    let course = choices.catalogue.get(&form.course).cloned();
    if course.is_none() {
        problems.add("course", text!("请选择课程。", "Choose a course."));
    }
    let people = people(form, choices, &mut problems);
    let due_on = due_on(form, today, &mut problems);
    match (course, people) {
        (Some(course), Some(people)) if problems.is_empty() => {
            Ok(Order { course, people, due_on, again: form.again.is_some() })
        }
        _ => Err(problems),
    }
}

fn people(form: &EnrolForm, choices: &Choices<'_>, problems: &mut Problems) -> Option<People> {
    let lines = enrolling::listed(&form.staff_nos);
    let position = form.position.trim();
    let complaint = match (lines.is_empty(), position.is_empty()) {
        (false, true) if lines.len() <= enrolling::MOST => return Some(People::Listed(lines)),
        (true, false) => match choices.sites.iter().find(|site| site.code == form.site) {
            Some(site) => {
                let (position, site) = (position.to_owned(), site.clone());
                return Some(People::Holding { position, site });
            }
            None => {
                problems.add("site", text!("请选择门店。", "Choose a site."));
                return None;
            }
        },
        (false, true) => {
            let most = enrolling::MOST;
            text!("一次最多 {most} 人，请分批。", "At most {most} people at once; enrol in parts.")
        }
        (true, true) => text!(
            "请填写工号，每行一个；或者在下面选择岗位。",
            "Fill in staff numbers, one a line; or choose a position below."
        ),
        (false, false) => {
            text!("工号和岗位只能选一种方式。", "Either staff numbers or a position, not both.")
        }
    };
    problems.add("staff_nos", complaint);
    None
}

fn due_on(form: &EnrolForm, today: NaiveDate, problems: &mut Problems) -> Option<NaiveDate> {
    let typed = form.due_on.trim();
    if typed.is_empty() {
        return None;
    }
    match typed.parse::<NaiveDate>() {
        Ok(day) if day >= today => return Some(day),
        Ok(_) => problems.add(
            "due_on",
            text!("截止日期不能早于今天。", "The due day must not lie in the past."),
        ),
        Err(_) => problems.add(
            "due_on",
            text!("请按 2026-12-31 的格式填写日期。", "Write the day as in 2026-12-31."),
        ),
    }
    None
}

/// Where a finished order leads: the list of that course, with what was done in the address.
fn report(order: &Order, outcome: &Outcome) -> String {
    let mut address = form_urlencoded::Serializer::new(String::from("/training?"));
    address.append_pair("course", &order.course.plan.code);
    address.append_pair("enrolled", &outcome.enrolled.len().to_string());
    if !outcome.due_set.is_empty() {
        address.append_pair("due_set", &outcome.due_set.len().to_string());
    }
    for (name, numbers) in
        [("unchanged", &outcome.unchanged), ("left", &outcome.left), ("locked", &outcome.locked)]
    {
        if !numbers.is_empty() {
            address.append_pair(name, &some_of(numbers));
        }
    }
    address.finish()
}

/// The first few numbers, and how many there are in all.
fn some_of(numbers: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = numbers.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" ");
    match numbers.len() {
        n if n > SHOWN => format!("{shown} … ({n})"),
        _ => shown,
    }
}
