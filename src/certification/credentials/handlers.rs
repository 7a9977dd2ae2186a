//! What is served to programs, and the page that verifies on a phone.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::{self, Bytes},
};
use serde_json::{Value, json};

use super::{
    Credential, Issuer,
    badge::{self, STATUS_LIST},
    lists::{Ground, Lists, Which},
    making, pages, queries,
    status::{self, Purpose},
};
use crate::{
    access::Viewer,
    certification::{CheckLimit, check::CheckQuery, model::Certificate, queries as certificates},
    db::{Conn, Db, Instant},
    i18n::Text,
    mail::Letterhead,
    record::{Kind, Rules},
    signing::{self, Algorithm, Key, Keys, Signer, proof},
    web::{Error, Now, Reader, Result, assets, html},
};

/// JSON that programs may keep for a little while.
fn document(media_type: &str, body: &Value) -> HttpResponse {
    written(media_type, body.to_string().into())
}

fn written(media_type: &str, body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        // Readers of credentials run in other sites' pages too; nothing here depends on who asks.
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(body)
}

const JSON: &str = "application/json";
const CREDENTIAL: &str = "application/vc";

async fn published(db: &Db) -> Result<(Text, Vec<Key>)> {
    db.read(|conn| -> Result<_> {
        let name = queries::group_name(conn)?.unwrap_or_else(|| Text::same("shifu"));
        Ok((name, signing::all(conn)?))
    })
    .await
}

pub async fn did(db: web::Data<Db>, head: web::Data<Letterhead>) -> Result<HttpResponse> {
    let (_, keys) = published(&db).await?;
    Ok(document("application/did+json", &Issuer::of(&head).did_document(&keys)))
}

pub async fn profile(db: web::Data<Db>, head: web::Data<Letterhead>) -> Result<HttpResponse> {
    let (name, keys) = published(&db).await?;
    Ok(document(JSON, &Issuer::of(&head).profile(&name, &keys)))
}

pub async fn jwks(db: web::Data<Db>) -> Result<HttpResponse> {
    let (_, keys) = published(&db).await?;
    let keys: Vec<Value> = keys.iter().filter(|key| key.is_believed()).map(Key::jwk).collect();
    Ok(document("application/jwk-set+json", &json!({ "keys": keys })))
}

/// One key, where the header of a token says it is. A revoked one is no longer there.
pub async fn key(db: web::Data<Db>, kid: web::Path<String>) -> Result<HttpResponse> {
    let key = db.read(move |conn| signing::by_kid(conn, &kid)).await?;
    let key = key.filter(Key::is_believed).ok_or(Error::NotFound)?;
    Ok(document("application/jwk+json", &key.jwk()))
}

/// What a certification is and what it takes: for programs as JSON, for people as a page.
pub async fn achievement(
    request: HttpRequest,
    head: web::Data<Letterhead>,
    rules: Rules,
    reader: Reader,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let code = format!("{}/{}", path.0, path.1);
    let criteria = making::criteria(&rules, &code).ok_or(Error::NotFound)?;
    let title = rules.context().name(Kind::Certificate, &code);
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut response = if accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        html(pages::achievement(&reader, &title, &criteria))
    } else {
        document(JSON, &badge::achievement(&Issuer::of(&head), &code, &title, &criteria))
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// A status list with its proof, as it is now.
pub async fn status_list(
    db: web::Data<Db>,
    keys: web::Data<Keys>,
    lists: web::Data<Lists>,
    rules: Rules,
    head: web::Data<Letterhead>,
    now: Now,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse> {
    let (purpose, list) = path.into_inner();
    let purpose = Purpose::parse(&purpose).ok_or(Error::NotFound)?;
    let desk = Desk { db: &db, keys: &keys, lists: &lists, rules, now: now.0 };
    let body = desk.answer((purpose.word(), list), |changes, signer| {
        let issuer = Issuer::of(&head);
        let encoded = status::encoded(changes, purpose)
            .map_err(|error| Error::Internal(format!("packing a status list: {error}")))?;
        let mut list = badge::status_list(&issuer, purpose, list, &encoded, now.0);
        proof::add(&mut list, &STATUS_LIST, signer, &issuer.method(signer.key()), now.0)?;
        Ok(list.to_string())
    });
    Ok(written(CREDENTIAL, body.await?))
}

/// The same for the page that verifies, as a signed token.
pub async fn verify_status(
    db: web::Data<Db>,
    keys: web::Data<Keys>,
    lists: web::Data<Lists>,
    rules: Rules,
    now: Now,
    list: web::Path<i64>,
) -> Result<HttpResponse> {
    let list = list.into_inner();
    let desk = Desk { db: &db, keys: &keys, lists: &lists, rules, now: now.0 };
    let body = desk.answer(("token", list), |changes, signer| {
        let told = status::told(changes, list, now.0).to_string();
        Ok(signer.token("shifu-status+jwt", signer.kid(), told.as_bytes())?)
    });
    Ok(HttpResponse::Ok().content_type("application/jwt").body(body.await?))
}

/// What answering with a status list needs.
struct Desk<'a> {
    db: &'a Db,
    keys: &'a Keys,
    lists: &'a Lists,
    rules: Rules,
    now: Instant,
}

impl Desk<'_> {
    /// The answer of a moment ago while nothing changed, or a new one.
    async fn answer(
        self,
        which: Which,
        sign: impl FnOnce(&[status::Change], &Signer) -> Result<String>,
    ) -> Result<Bytes> {
        let (keys, now) = (self.keys.clone(), self.now);
        let (act, existing) = self
            .db
            .read(move |conn| -> Result<_> {
                Ok((queries::last_act(conn)?, keys.existing(conn, Algorithm::Ed25519)?))
            })
            .await?;
        let kid = existing.as_ref().map(|signer| signer.kid().to_owned());
        let ground = Ground { act, kid, today: status::day_of(now) };
        if let Some(body) = self.lists.find(which, &ground, now) {
            return Ok(body);
        }
        let changes = self.changes(which.1).await?;
        // Most of the time there is a key, and nothing is written.
        let signer = match existing {
            Some(signer) => signer,
            None => {
                let keys = self.keys.clone();
                self.db.write(move |conn| keys.current(conn, Algorithm::Ed25519, now)).await?
            }
        };
        let body = Bytes::from(sign(&changes, &signer)?);
        let ground = Ground { kid: Some(signer.kid().to_owned()), ..ground };
        self.lists.keep(which, ground, now, body.clone());
        Ok(body)
    }

    /// What happened to the certificates of a list, by acts and by the conditions of holding them.
    async fn changes(&self, list: i64) -> Result<Vec<status::Change>> {
        let (lapses, rules, now) = (self.lists.lapses.clone(), self.rules.clone(), self.now);
        let today = status::day_of(now);
        self.db
            .read(move |conn| -> Result<_> {
                if !queries::has_list(conn, list)? {
                    return Err(Error::NotFound);
                }
                let changes = queries::changes(conn, list, today)?;
                let lapsed = lapses.of(conn, &rules, list, today, now)?;
                Ok(status::with_lapses(changes, &lapsed))
            })
            .await
    }
}

/// What making a credential needs besides the certificate.
struct Making {
    db: web::Data<Db>,
    keys: web::Data<Keys>,
    head: web::Data<Letterhead>,
    rules: Rules,
    now: Instant,
}

impl Making {
    /// The credential of the certificate that `find` gives: everything in one transaction.
    async fn of(
        self,
        find: impl FnOnce(&mut Conn) -> Result<Certificate> + Send + 'static,
    ) -> Result<(Certificate, Credential)> {
        let Making { db, keys, head, rules, now } = self;
        db.write(move |conn| {
            let one = find(conn)?;
            let credential = making::credential_of(conn, &keys, &head, &rules, &one, now)?;
            Ok((one, credential))
        })
        .await
    }

    async fn seen_by(self, viewer: Viewer, number: String) -> Result<(Certificate, Credential)> {
        self.of(move |conn| {
            let one = certificates::by_number(conn, &number)?.ok_or(Error::NotFound)?;
            viewer.post(conn, one.person_id)?;
            Ok(one)
        })
        .await
    }
}

fn saved(name: &str, media_type: &str, body: String) -> HttpResponse {
    crate::web::download(name, media_type, body.into_bytes())
}

pub async fn badge(
    db: web::Data<Db>,
    keys: web::Data<Keys>,
    head: web::Data<Letterhead>,
    rules: Rules,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let making = Making { db, keys, head, rules, now: viewer.now };
    let (one, made) = making.seen_by(viewer, number.into_inner()).await?;
    Ok(saved(&format!("{}.json", one.number), CREDENTIAL, made.document))
}

pub async fn token(
    db: web::Data<Db>,
    keys: web::Data<Keys>,
    head: web::Data<Letterhead>,
    rules: Rules,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let making = Making { db, keys, head, rules, now: viewer.now };
    let (one, made) = making.seen_by(viewer, number.into_inner()).await?;
    Ok(saved(&format!("{}.jwt", one.number), "application/jwt", made.jwt))
}

pub async fn picture(
    db: web::Data<Db>,
    keys: web::Data<Keys>,
    head: web::Data<Letterhead>,
    rules: Rules,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let making = Making { db, keys, head, rules, now: viewer.now };
    let (one, made) = making.seen_by(viewer, number.into_inner()).await?;
    Ok(saved(&format!("{}.svg", one.number), "image/svg+xml", making::picture(&one, &made)))
}

/// For whoever has the paper: the credential by number and check code.
pub async fn checked_badge(
    request: HttpRequest,
    making: (web::Data<Db>, web::Data<Keys>, web::Data<Letterhead>, Rules, Now),
    limit: web::Data<CheckLimit>,
    query: web::Query<CheckQuery>,
) -> Result<HttpResponse> {
    let (one, made) = checked(&request, making, &limit, query.into_inner()).await?;
    Ok(saved(&format!("{}.json", one.number), CREDENTIAL, made.document))
}

pub async fn checked_token(
    request: HttpRequest,
    making: (web::Data<Db>, web::Data<Keys>, web::Data<Letterhead>, Rules, Now),
    limit: web::Data<CheckLimit>,
    query: web::Query<CheckQuery>,
) -> Result<HttpResponse> {
    let (one, made) = checked(&request, making, &limit, query.into_inner()).await?;
    Ok(saved(&format!("{}.jwt", one.number), "application/jwt", made.jwt))
}

async fn checked(
    request: &HttpRequest,
    (db, keys, head, rules, now): (
        web::Data<Db>,
        web::Data<Keys>,
        web::Data<Letterhead>,
        Rules,
        Now,
    ),
    limit: &CheckLimit,
    query: CheckQuery,
) -> Result<(Certificate, Credential)> {
    limit.take(request, now.0)?;
    let asked = query.typed();
    // Reading decides; only who has the right code leads to a write.
    let found = db
        .read(move |conn| certificates::by_number_and_code(conn, &asked.numbers(), &asked.code))
        .await?
        .ok_or(Error::NotFound)?;
    Making { db, keys, head, rules, now: now.0 }.of(move |_| Ok(found)).await
}

/// The page that verifies. It is the same for everybody and works without network once opened.
pub async fn verify(head: web::Data<Letterhead>, reader: Reader) -> HttpResponse {
    html(pages::verify(&reader, &head))
}

/// The keys a phone keeps, revoked ones too: it is told why something proves nothing.
pub async fn verify_keys(db: web::Data<Db>) -> Result<HttpResponse> {
    let (name, keys) = published(&db).await?;
    let keys: Vec<Value> = keys
        .iter()
        .filter(|key| key.algorithm == Algorithm::Ed25519)
        .map(|key| {
            let public = signing::encoding::base64url(&key.public);
            json!({ "kid": key.kid, "x": public, "revoked": !key.is_believed() })
        })
        .collect();
    let body = json!({ "issuer": { "zh": name.zh, "en": name.en }, "keys": keys });
    Ok(HttpResponse::Ok().content_type(JSON).body(body.to_string()))
}

/// The script that keeps the page on the phone: which files it is made of, then what to do with them.
pub async fn verify_worker() -> HttpResponse {
    let files: Vec<&str> = pages::FILES.iter().map(|file| assets::address(file)).collect();
    let script = format!("const FILES = {};\n{}", json!(files), include_str!("worker.js"));
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(script)
}
