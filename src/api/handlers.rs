//! The addresses of the API. Each takes a [`Token`] first and reads within its reach.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use chrono::NaiveDate;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    changes::{self, Change, Cursor},
    explain::{Answer, Subject},
    problem::{Problem, Result},
    token::Token,
};
use crate::{
    certification::{
        asof::{self, Known, Seen},
        queries,
    },
    db::{Conn, Db},
    i18n::{Lang, Text},
    record::{
        PersonId, Rules,
        asof::{AsOf, Asking, Days},
    },
    staff::{self, Post},
    text,
};

/// People whose certificates stand on one page.
const PEOPLE_A_PAGE: usize = 200;
/// Changes in one answer.
const CHANGES: usize = 200;

/// The parameters of a request.
fn parameters<T: DeserializeOwned>(request: &HttpRequest) -> Result<T> {
    let read = web::Query::<T>::from_query(request.query_string());
    read.map(web::Query::into_inner).map_err(|error| {
        let error = error.to_string();
        let what = text!("参数无法识别：{error}", "The parameters cannot be read: {error}");
        Problem::BadParameter("query", what)
    })
}

fn days(on: &str, known_on: &str, today: NaiveDate) -> Result<Days> {
    let asking = Asking { on: on.to_owned(), known_on: known_on.to_owned() };
    asking.read(today).map_err(|problems| {
        let wrong = |name| Some((name, problems.get(name)?.clone()));
        let found = wrong("on").or_else(|| wrong("known_on"));
        let (name, what) = found.unwrap_or_default();
        Problem::BadParameter(name, what)
    })
}

/// What every answer about a day begins with.
fn asked(asof: &AsOf) -> Value {
    json!({ "on": asof.on, "known_on": asof.known_on, "known_at": asof.known_at })
}

fn with(mut answer: Value, more: Value) -> Value {
    if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
        answer.extend(more);
    }
    answer
}

fn person_json(post: &Post) -> Value {
    json!({
        "staff_no": post.person.staff_no,
        "name": Text::new(post.person.title(Lang::Zh), post.person.title(Lang::En)),
        "site": post.site.code,
    })
}

fn answer(body: &Value) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

/// The description of the API; anybody may read it.
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(include_str!("openapi.json"))
}

#[derive(Debug, Default, Deserialize)]
struct AsOfQuery {
    #[serde(default)]
    on: String,
    #[serde(default)]
    known_on: String,
}

/// What one person holds.
pub async fn certificates_of(
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    token: Token,
    staff_no: web::Path<String>,
) -> Result<HttpResponse> {
    let query: AsOfQuery = parameters(&request)?;
    let days = days(&query.on, &query.known_on, token.today)?;
    let body = db
        .read(move |conn| -> Result<Value> {
            let post = token.post_by_staff_no(conn, &staff_no)?;
            let asof = days.at(token.today, post.site.zone());
            let rules = rules.on(asof.on);
            let context = rules.context();
            let held = asof::of_person(conn, context, post.person.id, &asof)?;
            let certificates: Vec<Value> =
                held.iter().map(|seen| seen.to_json(context, asof.on)).collect();
            let more = json!({ "person": person_json(&post), "certificates": certificates });
            Ok(with(asked(&asof), more))
        })
        .await?;
    Ok(answer(&body))
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    #[serde(default)]
    certification: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    on: String,
    #[serde(default)]
    known_on: String,
    #[serde(default)]
    page: String,
}

impl ListQuery {
    fn page(&self) -> Result<usize> {
        let page = if self.page.is_empty() { Ok(1) } else { self.page.parse() };
        page.ok().filter(|page| (1..=1_000_000).contains(page)).ok_or_else(|| {
            let what = text!("请填从 1 开始的页码。", "Give a page number from 1 on.");
            Problem::BadParameter("page", what)
        })
    }

    /// Whether it is one of the words a certificate's state may have.
    fn check_state(&self) -> Result<()> {
        const WORDS: [&str; 9] = [
            "",
            "valid",
            "expiring",
            "not-yet-valid",
            "in-grace",
            "expired",
            "suspended",
            "revoked",
            "superseded",
        ];
        if WORDS.contains(&self.state.as_str()) {
            return Ok(());
        }
        let words = WORDS[1..].join(", ");
        Err(Problem::BadParameter(
            "state",
            text!("可用的状态：{words}。", "The states are: {words}."),
        ))
    }

    fn shows(&self, seen: &Seen) -> bool {
        let held = &seen.held;
        let state = match self.state.as_str() {
            "" => true,
            // Whoever asks for what is valid wants those running out as well.
            "valid" => seen.in_force(),
            word => seen.held.standing.state.word() == word,
        };
        state && (self.certification.is_empty() || held.code == self.certification)
    }

    /// The address of another page with everything else the same.
    fn link(&self, page: usize) -> String {
        let pairs = [
            ("certification", self.certification.as_str()),
            ("state", &self.state),
            ("site", &self.site),
            ("on", &self.on),
            ("known_on", &self.known_on),
        ];
        let address = "/api/v1/certificates?".to_owned();
        let begins = address.len();
        let mut link = form_urlencoded::Serializer::for_suffix(address, begins);
        link.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
        link.append_pair("page", &page.to_string()).finish()
    }
}

/// What everybody in reach holds, a number of people a page.
pub async fn certificates(
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    token: Token,
) -> Result<HttpResponse> {
    let query: ListQuery = parameters(&request)?;
    let (page, days) = (query.page()?, days(&query.on, &query.known_on, token.today)?);
    query.check_state()?;
    let body = db
        .read(move |conn| -> Result<Value> {
            let below = below_site(conn, &token, &query.site)?;
            let asof = days.at(token.today, token.zone());
            let rules = rules.on(asof.on);
            let (context, part) = (rules.context(), (PEOPLE_A_PAGE, (page - 1) * PEOPLE_A_PAGE));
            let (rows, more) = asof::part(conn, context, &token.scope(), token.today, &asof, part)?;
            let shown = rows.iter().filter(|(post, seen)| {
                post.site.lineage.starts_with(below.as_str()) && query.shows(seen)
            });
            let items: Vec<Value> = shown
                .map(|(post, seen)| {
                    with(seen.to_json(context, asof.on), json!({ "person": person_json(post) }))
                })
                .collect();
            let links = json!({
                "self": query.link(page),
                "next": more.then(|| query.link(page + 1)),
                "previous": (page > 1).then(|| query.link(page - 1)),
            });
            Ok(with(asked(&asof), json!({ "items": items, "links": links })))
        })
        .await?;
    Ok(answer(&body))
}

/// The lineage of the site asked for, within reach; all of the reach when none is.
fn below_site(conn: &mut Conn, token: &Token, code: &str) -> Result<String> {
    if code.is_empty() {
        return Ok(String::new());
    }
    let site = staff::queries::site_by_code(conn, code)?;
    let site = site.filter(|site| token.scope().covers_site(site));
    site.map(|site| site.lineage).ok_or(Problem::NotFound)
}

/// One certificate we issued.
pub async fn certificate(
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    token: Token,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let query: AsOfQuery = parameters(&request)?;
    let days = days(&query.on, &query.known_on, token.today)?;
    let body = db
        .read(move |conn| -> Result<Value> {
            let certificate = queries::by_number(conn, &number)?.ok_or(Problem::NotFound)?;
            let post = token.post(conn, certificate.person_id)?;
            let asof = days.at(token.today, post.site.zone());
            let rules = rules.on(asof.on);
            let known = Known::load(conn, certificate.person_id, asof.known_at)?;
            let all = known.all(rules.context(), asof.on);
            // What was issued later was not known then.
            let seen = all.into_iter().find(|seen| seen.held.id == Some(certificate.id));
            let seen = seen.ok_or(Problem::NotFound)?;
            let printed = certificate.printed();
            let more = json!({
                "person": person_json(&post),
                "printed": { "name": printed.names(), "title": printed.title, "site": printed.site, "issuer": printed.issuer },
                "cycle": seen.held.cycle,
                "basis": certificate.basis,
            });
            Ok(with(asked(&asof), with(seen.to_json(rules.context(), asof.on), more)))
        })
        .await?;
    Ok(answer(&body))
}

#[derive(Debug, Default, Deserialize)]
struct ExplainQuery {
    #[serde(default)]
    person: String,
    path: Option<String>,
    certification: Option<String>,
    job: Option<String>,
    #[serde(default)]
    on: String,
    #[serde(default)]
    known_on: String,
}

impl ExplainQuery {
    fn subject(&self) -> Result<Subject> {
        match (&self.path, &self.certification, &self.job) {
            (Some(code), None, None) => Ok(Subject::Path(code.clone())),
            (None, Some(code), None) => Ok(Subject::Certification(code.clone())),
            (None, None, Some(code)) => Ok(Subject::Job(code.clone())),
            _ => Err(Problem::BadParameter(
                "subject",
                text!(
                    "请在 path、certification、job 中恰好填一个。",
                    "Give exactly one of path, certification and job."
                ),
            )),
        }
    }
}

/// Whether somebody meets a rule, and why: what `shifu explain --json` prints.
pub async fn explain(
    request: HttpRequest,
    db: web::Data<Db>,
    rules: Rules,
    token: Token,
) -> Result<HttpResponse> {
    let query: ExplainQuery = parameters(&request)?;
    let (subject, days) = (query.subject()?, days(&query.on, &query.known_on, token.today)?);
    let body = db
        .read(move |conn| -> Result<Value> {
            let post = token.post_by_staff_no(conn, &query.person)?;
            let asof = days.at(token.today, post.site.zone());
            let answer = Answer::of(conn, &rules.on(asof.on), post.person, &subject, asof)?;
            answer.map(|answer| answer.to_json()).ok_or(Problem::NotFound)
        })
        .await?;
    Ok(answer(&body))
}

#[derive(Debug, Default, Deserialize)]
struct ChangesQuery {
    #[serde(default)]
    after: String,
}

/// What was issued and done since a place; the answer says from where to go on.
pub async fn changes(
    request: HttpRequest,
    db: web::Data<Db>,
    token: Token,
) -> Result<HttpResponse> {
    let query: ChangesQuery = parameters(&request)?;
    let cursor = match query.after.as_str() {
        "" => None,
        word => Some(Cursor::parse(word).ok_or_else(|| {
            let what = text!(
                "请使用上一次回答中的 after。",
                "Use the value of after from the previous answer."
            );
            Problem::BadParameter("after", what)
        })?),
    };
    let body = db
        .read(move |conn| -> Result<Value> {
            let changes = changes::after(conn, cursor.unwrap_or_default(), CHANGES)?;
            let moved = (!changes.is_empty()).then(|| cursor.unwrap_or_default().past(&changes));
            let after = moved.or(cursor);
            let more = changes.len() == CHANGES;
            let seen = visible(conn, &token, &changes)?;
            let shown = changes.iter().filter_map(|change| change_json(change, &seen));
            let items: Vec<Value> = shown.collect();
            Ok(json!({ "items": items, "after": after.map(Cursor::word), "more": more }))
        })
        .await?;
    Ok(answer(&body))
}

fn visible(
    conn: &mut Conn,
    token: &Token,
    changes: &[Change],
) -> Result<HashMap<PersonId, String>> {
    let mut people: Vec<PersonId> = changes.iter().map(|change| change.person).collect();
    people.sort_unstable();
    people.dedup();
    let posts = staff::queries::posts_among(conn, &token.scope(), &people, token.today)?;
    Ok(posts.into_iter().map(|post| (post.person.id, post.person.staff_no)).collect())
}

fn change_json(change: &Change, seen: &HashMap<PersonId, String>) -> Option<Value> {
    let staff_no = seen.get(&change.person)?;
    Some(json!({
        "at": change.at,
        "change": change.act.map_or("issued", |act| act.word()),
        "on": change.on,
        "number": change.number,
        "certification": change.certification,
        "person": staff_no,
        "why": change.why,
    }))
}
