//! Pages and forms of certificates.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use maud::Markup;
use serde::Deserialize;
use validator::Validate;

use super::{
    doubts, issue,
    model::{Act, ActKind, Certificate, Held},
    pages, queries,
    standing::Standing,
};
use crate::{
    access::{Acting, Hr, OverPeople, Viewer, submit},
    db::{Conn, Db},
    mail::Letterhead,
    record::{
        Rules,
        asof::{AsOf, Asking, Days},
    },
    staff::{
        self, Post, Site,
        queries::{Filter, Scope},
    },
    web::{Error, Form, Problems, Result, download, html},
};

/// The days asked for, and what is wrong with them; what is wrong is answered for today.
fn understood(asking: &Asking, today: NaiveDate) -> (Days, Problems) {
    match asking.read(today) {
        Ok(days) => (days, Problems::default()),
        Err(problems) => (Days::default(), problems),
    }
}

/// The page, or the page again with what is wrong with the days.
fn shown(page: Markup, problems: &Problems) -> Result<HttpResponse> {
    if problems.is_empty() { Ok(html(page)) } else { Err(Error::Again(Box::new(page))) }
}

pub async fn mine(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    asking: web::Query<Asking>,
) -> Result<HttpResponse> {
    let (id, today) = (viewer.id, viewer.today);
    let (days, problems) = understood(&asking, today);
    let asof = days.at(today, viewer.zone);
    let (judged, wrong) = (rules.clone(), problems.clone());
    let page = db
        .read(move |conn| -> Result<_> {
            let (held, next) = if asof.is_now(today) {
                let held = queries::of_person(conn, &judged, id, today)?;
                let next = issue::next_for(conn, &judged, &held, id, today)?;
                (held, next)
            } else {
                let seen = super::asof::of_person(conn, judged.context(), id, &asof)?;
                (seen.into_iter().map(|seen| seen.held).collect(), Vec::new())
            };
            let asked = pages::Asked { asking: &asking, asof: &asof, problems: &wrong };
            Ok(pages::mine(&viewer, &judged, &held, &next, &asked))
        })
        .await?;
    shown(page, &problems)
}

/// The filter of the board, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct BoardQuery {
    #[serde(default)]
    pub certification: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub state: String,
    /// How things stood on this day …
    #[serde(default)]
    pub on: String,
    /// … as it was known at the end of that one.
    #[serde(default)]
    pub known_on: String,
    pub page: Option<usize>,
}

/// What the board shows.
pub struct Board {
    pub rows: Vec<(Post, Held)>,
    pub sites: Vec<Site>,
    /// Certifications anybody in reach holds.
    pub codes: Vec<String>,
    pub asof: AsOf,
}

impl BoardQuery {
    pub fn asking(&self) -> Asking {
        Asking { on: self.on.clone(), known_on: self.known_on.clone() }
    }

    fn load(
        &self,
        conn: &mut Conn,
        rules: &Rules,
        scope: &Scope,
        today: NaiveDate,
        asof: AsOf,
    ) -> Result<Board> {
        let sites = staff::queries::sites(conn, scope)?;
        let site = sites.iter().find(|site| site.code == self.site);
        let filter = Filter { site: site.map(|site| site.lineage.clone()), ..Filter::default() };
        let mut rows = if asof.is_now(today) {
            queries::board(conn, rules, scope, &filter, today)?
        } else {
            let seen = super::asof::board(conn, rules.context(), scope, &filter, today, &asof)?;
            seen.into_iter().map(|(post, seen)| (post, seen.held)).collect()
        };
        let mut codes: Vec<String> = rows.iter().map(|(_, held)| held.code.clone()).collect();
        codes.sort();
        codes.dedup();
        rows.retain(|(_, held)| {
            (self.certification.is_empty() || held.code == self.certification) && self.shows(held)
        });
        Ok(Board { rows, sites, codes, asof })
    }

    fn shows(&self, held: &Held) -> bool {
        let state = held.state();
        match self.state.as_str() {
            "" => true,
            // Whoever asks for what is valid wants those running out as well.
            "valid" => state.in_force(),
            word => state.word() == word,
        }
    }
}

pub async fn board(
    db: web::Data<Db>,
    rules: Rules,
    over: Acting<OverPeople>,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse> {
    let (scope, today, asked) = (over.scope(), over.today, query.clone());
    let (days, problems) = understood(&query.asking(), today);
    let asof = days.at(today, over.zone);
    let known = rules.clone();
    let (board, doubts) = db
        .read(move |conn| -> Result<_> {
            // What is to be decided is a matter of today.
            let now = asof.is_now(today);
            let doubts = now.then(|| doubts::within(conn, &known, &scope, today)).transpose()?;
            Ok((asked.load(conn, &known, &scope, today, asof)?, doubts.unwrap_or_default()))
        })
        .await?;
    shown(pages::board(&over, &rules, &board, &doubts, &query, &problems), &problems)
}

pub async fn board_csv(
    db: web::Data<Db>,
    rules: Rules,
    over: Acting<OverPeople>,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse> {
    let (scope, today) = (over.scope(), over.today);
    let wrong = text!(
        "日期有误。请按 2026-03-14 的形式填写，“按哪一天所知”不能晚于今天。",
        "A day was not understood. Write it like 2026-03-14; “as known on” is today at the latest."
    );
    let days = query.asking().read(today).map_err(|_| Error::Invalid(wrong))?;
    let (asof, known) = (days.at(today, over.zone), rules.clone());
    let board = db.read(move |conn| query.load(conn, &known, &scope, today, asof)).await?;
    let bytes = pages::board_csv(over.lang(), &rules, &board)
        .map_err(|error| Error::Internal(format!("CSV: {error}")))?;
    Ok(download("certificates.csv", "text/csv; charset=utf-8", bytes))
}

/// A certificate as its page shows it.
pub struct Sheet {
    pub certificate: Certificate,
    pub acts: Vec<Act>,
    pub standing: Standing,
    /// Whether the viewer may act on it.
    pub acting: bool,
}

pub async fn sheet(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let asking = viewer.clone();
    let sheet = db.read(move |conn| load_sheet(conn, &rules, &asking, &number)).await?;
    Ok(html(pages::sheet(&viewer, &head, &sheet, "", &Problems::default())))
}

fn load_sheet(conn: &mut Conn, rules: &Rules, viewer: &Viewer, number: &str) -> Result<Sheet> {
    let certificate = queries::by_number(conn, number)?.ok_or(Error::NotFound)?;
    viewer.post(conn, certificate.person_id)?;
    let mut acts = queries::acts_of(conn, certificate.person_id)?;
    let hr = Acting::<Hr>::of(viewer.clone());
    let acting = hr.and_then(|hr| hr.other_person(conn, certificate.person_id)).is_ok();
    let acts = acts.remove(&certificate.id).unwrap_or_default();
    let standing = queries::standing_of(conn, rules, &certificate, &acts, viewer.today)?;
    Ok(Sheet { acts, standing, certificate, acting })
}

#[derive(Clone, Debug, Deserialize, Validate)]
pub struct ActForm {
    form_key: String,
    act: ActKind,
    #[validate(length(min = 1, max = 500))]
    why: String,
}

pub async fn act(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    number: web::Path<String>,
    Form(mut form): Form<ActForm>,
) -> Result<HttpResponse> {
    form.why = form.why.trim().to_owned();
    let problems = Problems::of(&form);
    if !problems.is_empty() {
        let asking = Viewer::clone(&hr);
        let sheet = db.read(move |conn| load_sheet(conn, &rules, &asking, &number)).await?;
        return Err(Error::Again(Box::new(pages::sheet(&hr, &head, &sheet, &form.why, &problems))));
    }
    let acting = hr.clone();
    submit(&db, &hr, &form.form_key.clone(), move |conn| {
        issue::act(conn, &acting, &rules, &head, &number, form.act, &form.why)?;
        Ok(format!("/certificates/{number}"))
    })
    .await
}
