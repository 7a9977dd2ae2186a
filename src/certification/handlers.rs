//! Pages and forms of certificates.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use validator::Validate;

use super::{
    CheckLimit, doubts, issue,
    model::{Act, ActKind, Certificate, Held},
    pages, queries,
    standing::Standing,
};
use crate::{
    access::{Acting, Hr, OverPeople, Viewer, submit},
    db::{Conn, Db},
    mail::Letterhead,
    record::Rules,
    staff::{
        self, Post, Site,
        queries::{Filter, Scope},
    },
    text,
    web::{Error, Form, Now, Problems, Reader, Result, download, html},
};

pub async fn mine(db: web::Data<Db>, rules: Rules, viewer: Viewer) -> Result<HttpResponse> {
    let (id, today) = (viewer.id, viewer.today);
    let judged = rules.clone();
    let page = db
        .read(move |conn| -> Result<_> {
            let held = queries::of_person(conn, &judged, id, today)?;
            let next = issue::next_for(conn, &judged, &held, id, today)?;
            Ok(pages::mine(&viewer, &judged, &held, &next))
        })
        .await?;
    Ok(html(page))
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
    pub page: Option<usize>,
}

/// What the board shows.
pub struct Board {
    pub rows: Vec<(Post, Held)>,
    pub sites: Vec<Site>,
    /// Certifications anybody in reach holds.
    pub codes: Vec<String>,
}

impl BoardQuery {
    fn load(
        &self,
        conn: &mut Conn,
        rules: &Rules,
        scope: &Scope,
        today: NaiveDate,
    ) -> Result<Board> {
        let sites = staff::queries::sites(conn, scope)?;
        let site = sites.iter().find(|site| site.code == self.site);
        let filter = Filter { site: site.map(|site| site.lineage.clone()), ..Filter::default() };
        let mut rows = queries::board(conn, rules, scope, &filter, today)?;
        let mut codes: Vec<String> = rows.iter().map(|(_, held)| held.code.clone()).collect();
        codes.sort();
        codes.dedup();
        rows.retain(|(_, held)| {
            (self.certification.is_empty() || held.code == self.certification) && self.shows(held)
        });
        Ok(Board { rows, sites, codes })
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
    let known = rules.clone();
    let (board, doubts) = db
        .read(move |conn| -> Result<_> {
            let doubts = doubts::within(conn, &known, &scope, today)?;
            Ok((asked.load(conn, &known, &scope, today)?, doubts))
        })
        .await?;
    Ok(html(pages::board(&over, &rules, &board, &doubts, &query)))
}

pub async fn board_csv(
    db: web::Data<Db>,
    rules: Rules,
    over: Acting<OverPeople>,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse> {
    let (scope, today) = (over.scope(), over.today);
    let known = rules.clone();
    let board = db.read(move |conn| query.load(conn, &known, &scope, today)).await?;
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

#[derive(Deserialize)]
pub struct CheckQuery {
    number: Option<String>,
    code: Option<String>,
}

/// What the public check found.
pub enum Checked {
    NothingAsked,
    /// Wrong number and wrong code look alike: nobody learns which numbers exist.
    Unknown,
    Found(Box<Certificate>, Box<Standing>),
}

pub async fn check(
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    limit: web::Data<CheckLimit>,
    reader: Reader,
    now: Now,
    query: web::Query<CheckQuery>,
) -> Result<HttpResponse> {
    let number = tidy(query.number.as_deref());
    let code = tidy(query.code.as_deref()).replace('-', "");
    let today = now.0.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
    if number.is_empty() && code.is_empty() {
        return Ok(html(pages::check(&reader, "", &Checked::NothingAsked, today)));
    }
    if !limit.allows(&address_of(&request), now.0) {
        return Err(Error::TooMany(text!(
            "查询过于频繁，请一分钟后再试。",
            "Too many checks from your address. Try again in a minute."
        )));
    }
    let asked = number.clone();
    let (checked, today) = db.read(move |conn| look_up(conn, &rules, &asked, &code, now)).await?;
    Ok(html(pages::check(&reader, &number, &checked, today)))
}

/// Today is the day at the holder's site.
fn look_up(
    conn: &mut Conn,
    rules: &Rules,
    number: &str,
    code: &str,
    now: Now,
) -> Result<(Checked, NaiveDate)> {
    let utc = now.0.utc();
    let found = queries::by_number(conn, number)?;
    let right = found.filter(|one| bool::from(one.check_code.as_bytes().ct_eq(code.as_bytes())));
    let Some(certificate) = right else { return Ok((Checked::Unknown, utc.date_naive())) };
    let post = staff::queries::post_of(conn, certificate.person_id, utc.date_naive())?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    let mut acts = queries::acts_of(conn, certificate.person_id)?;
    let acts = acts.remove(&certificate.id).unwrap_or_default();
    let today = utc.with_timezone(&zone).date_naive();
    let standing = queries::standing_of(conn, rules, &certificate, &acts, today)?;
    Ok((Checked::Found(Box::new(certificate), Box::new(standing)), today))
}

/// As people type from paper: any case, spaces anywhere.
fn tidy(word: Option<&str>) -> String {
    let word = word.unwrap_or_default().chars().filter(|c| !c.is_whitespace());
    word.take(64).collect::<String>().to_uppercase()
}

fn address_of(request: &HttpRequest) -> String {
    let address = request.connection_info().realip_remote_addr().unwrap_or("unknown").to_owned();
    address.chars().take(64).collect()
}
