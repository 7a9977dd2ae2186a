//! Tokens: what another system shows to be let in, and how far each reaches.

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use chrono::NaiveDate;
use chrono_tz::Tz;
use diesel::prelude::*;
use futures_util::future::{FutureExt, LocalBoxFuture};

use super::problem::{Problem, Result};
use crate::{
    access::links,
    certification::CheckLimit,
    db::{
        Conn, Db, Error, Instant,
        schema::{api_token, person, site},
    },
    record::{PersonId, ledger::Stamp},
    staff::{self, Post, Site, SiteId, queries::Scope},
    web::Clock,
};

crate::id! {
    /// A token of the API.
    TokenId
}

/// How a token begins, so that a scanner of secrets knows one that got out.
pub const PREFIX: &str = "shifu_";

/// A fresh token; only its digest is kept.
pub fn fresh() -> String {
    format!("{PREFIX}{}", links::new_token())
}

/// What the database keeps of a token.
pub fn digest(token: &str) -> String {
    links::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How often one token may ask: three hundred times in a row, then ten times a second.
#[derive(Clone)]
pub struct ApiLimit(CheckLimit);

impl Default for ApiLimit {
    fn default() -> ApiLimit {
        ApiLimit(CheckLimit::of(300.0, 0.1))
    }
}

/// A token as the administrator's list shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: TokenId,
    pub title: String,
    pub site: Site,
    pub made_at: Instant,
    pub made_by: String,
    pub expires_on: NaiveDate,
    pub ended_at: Option<Instant>,
    pub last_used_at: Option<Instant>,
}

/// The tokens within a reach, newest first.
pub fn list(conn: &mut Conn, scope: &Scope) -> std::result::Result<Vec<Listed>, Error> {
    type Row =
        ((TokenId, String, Instant, NaiveDate, Option<Instant>, Option<Instant>), Site, String);
    let rows: Vec<Row> = api_token::table
        .inner_join(site::table)
        .inner_join(person::table.on(person::id.eq(api_token::made_by)))
        .order(api_token::id.desc())
        .limit(1000)
        .select((
            (
                api_token::id,
                api_token::title,
                api_token::made_at,
                api_token::expires_on,
                api_token::ended_at,
                api_token::last_used_at,
            ),
            Site::as_select(),
            person::name,
        ))
        .load(conn)?;
    let all = rows.into_iter().filter(|(_, site, _)| scope.covers_site(site));
    Ok(all
        .map(|((id, title, made_at, expires_on, ended_at, last_used_at), site, made_by)| Listed {
            id,
            title,
            site,
            made_at,
            made_by,
            expires_on,
            ended_at,
            last_used_at,
        })
        .collect())
}

/// Keeps a new token by its digest.
pub fn add(
    conn: &mut Conn,
    title: &str,
    digest: &str,
    site: SiteId,
    expires_on: NaiveDate,
    stamp: Stamp,
) -> std::result::Result<TokenId, Error> {
    let by = stamp.by.unwrap_or(PersonId(0));
    Ok(diesel::insert_into(api_token::table)
        .values((
            api_token::title.eq(title),
            api_token::digest.eq(digest),
            api_token::site_id.eq(site),
            api_token::made_at.eq(stamp.at),
            api_token::made_by.eq(by),
            api_token::expires_on.eq(expires_on),
        ))
        .returning(api_token::id)
        .get_result(conn)?)
}

/// Whether a token with this digest was kept.
pub fn is_kept(conn: &mut Conn, digest: &str) -> std::result::Result<bool, Error> {
    let found = api_token::table.filter(api_token::digest.eq(digest));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// Ends a token; nothing happens when it was ended before.
pub fn end(conn: &mut Conn, id: TokenId, stamp: Stamp) -> std::result::Result<(), Error> {
    diesel::update(api_token::table.find(id).filter(api_token::ended_at.is_null()))
        .set((api_token::ended_at.eq(stamp.at), api_token::ended_by.eq(stamp.by)))
        .execute(conn)?;
    Ok(())
}

/// Notes that a token was used.
fn touch(conn: &mut Conn, id: TokenId, now: Instant) -> std::result::Result<(), Error> {
    diesel::update(api_token::table.find(id)).set(api_token::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}

/// The proof that a request comes with a token that holds today.
#[derive(Clone, Debug)]
pub struct Token {
    pub id: TokenId,
    /// The top of the part of the tree it reaches.
    pub site: Site,
    pub now: Instant,
    pub today: NaiveDate,
}

impl Token {
    /// Whose certificates it may read.
    pub fn scope(&self) -> Scope {
        Scope::part(self.site.lineage.clone())
    }

    /// What day it is where the token belongs.
    pub fn zone(&self) -> Tz {
        self.site.zone()
    }

    /// Where a person works or last worked, if they are within its reach.
    pub fn post(&self, conn: &mut Conn, person: PersonId) -> Result<Post> {
        let found = staff::queries::post_in(conn, &self.scope(), person, self.today)?;
        found.ok_or(Problem::NotFound)
    }

    /// The same by staff number.
    pub fn post_by_staff_no(&self, conn: &mut Conn, staff_no: &str) -> Result<Post> {
        let person = staff::queries::person_by_staff_no(conn, staff_no)?;
        self.post(conn, person.ok_or(Problem::NotFound)?.id)
    }

    async fn of(request: HttpRequest) -> Result<Token> {
        let shown = shown_by(&request).ok_or(Problem::TokenMissing)?;
        let missing = |what: &str| Problem::Internal(format!("no {what}"));
        let db = request.app_data::<web::Data<Db>>().ok_or_else(|| missing("database"))?;
        let clock = request.app_data::<web::Data<Clock>>().ok_or_else(|| missing("clock"))?;
        let limit = request.app_data::<web::Data<ApiLimit>>().ok_or_else(|| missing("limit"))?;
        let (digest, now) = (digest(&shown), clock.now());
        let (token, last_used) = db.read(move |conn| Token::load(conn, &digest, now)).await?;
        if !limit.0.allows(&token.id.to_string(), now) {
            return Err(Problem::TooMany);
        }
        if last_used.is_none_or(|last| now.seconds_since(last) > 300) {
            let id = token.id;
            db.write(move |conn| touch(conn, id, now)).await?;
        }
        Ok(token)
    }

    fn load(conn: &mut Conn, digest: &str, now: Instant) -> Result<(Token, Option<Instant>)> {
        type Row = (TokenId, NaiveDate, Option<Instant>, Option<Instant>, Site);
        let row: Option<Row> = api_token::table
            .inner_join(site::table)
            .filter(api_token::digest.eq(digest))
            .select((
                api_token::id,
                api_token::expires_on,
                api_token::ended_at,
                api_token::last_used_at,
                Site::as_select(),
            ))
            .first(conn)
            .optional()?;
        let (id, expires_on, ended_at, last_used, site) = row.ok_or(Problem::TokenUnknown)?;
        if ended_at.is_some() {
            return Err(Problem::TokenEnded);
        }
        let today = now.utc().with_timezone(&site.zone()).date_naive();
        if today > expires_on {
            return Err(Problem::TokenExpired);
        }
        Ok((Token { id, site, now, today }, last_used))
    }
}

/// The token in the header; the scheme is written in any case (RFC 9110).
fn shown_by(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

impl FromRequest for Token {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Token>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Token::of(request.clone()).boxed_local()
    }
}
