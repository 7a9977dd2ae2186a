//! Asking for extracts, fetching them, and the public check.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{
    make::{self, Ask, Office, hex},
    pages::{self, Checked},
    queries::{self, Extract, Header},
};
use crate::{
    access::{Acting, Hr, Viewer, submit},
    certification::CheckLimit,
    db::{Conn, Db},
    mail::Letterhead,
    record::{Kind, PersonId, Rules, asof, ledger},
    rulebook::Rulebook,
    signing::Keys,
    staff::{self, Post},
    text,
    web::{Error, Form, Now, Problems, Reader, Result, download, html},
};

/// Extracts on a page of the list.
const SHOWN: usize = 100;
/// Extracts looked through for those within reach.
const LOOKED_THROUGH: i64 = 2000;

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListQuery {
    /// A staff number: only extracts about this person, and the form is about them.
    #[serde(default)]
    pub person: String,
    #[serde(default)]
    pub certification: String,
    #[serde(default)]
    pub on: String,
}

/// What the list shows.
pub struct List {
    pub rows: Vec<(Post, Header)>,
}

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AskForm {
    pub form_key: String,
    #[serde(default)]
    pub person: String,
    #[serde(default)]
    pub certification: String,
    #[serde(default)]
    pub on: String,
    #[serde(default)]
    pub known_on: String,
}

pub async fn list(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse> {
    let form = AskForm {
        person: query.person.trim().to_owned(),
        certification: query.certification.clone(),
        on: query.on.clone(),
        ..AskForm::default()
    };
    let list = load(&db, &viewer, &form.person).await?;
    Ok(html(pages::list(&viewer, &rules, &list, &form, &Problems::default())))
}

async fn load(db: &Db, viewer: &Viewer, staff_no: &str) -> Result<List> {
    let (viewer, staff_no) = (viewer.clone(), staff_no.to_owned());
    db.read(move |conn| {
        let hr = Acting::<Hr>::of(viewer.clone()).ok();
        let about = match staff_no.as_str() {
            "" => None,
            number => staff::queries::person_by_staff_no(conn, number)?.map(|one| one.id),
        };
        let headers = match (&hr, about) {
            (None, _) => queries::of_person(conn, viewer.id, SHOWN as i64)?,
            (Some(_), Some(person)) => queries::of_person(conn, person, SHOWN as i64)?,
            (Some(_), None) => queries::newest(conn, LOOKED_THROUGH)?,
        };
        let mut people: Vec<PersonId> = headers.iter().map(|one| one.person_id).collect();
        people.sort_unstable();
        people.dedup();
        let mut posts = match &hr {
            Some(hr) => staff::queries::posts_among(conn, hr.reach(), &people, viewer.today)?,
            None => Vec::new(),
        };
        posts.extend(staff::queries::post_of(conn, viewer.id, viewer.today)?);
        let rows = headers.into_iter().filter_map(|header| {
            let post = posts.iter().find(|post| post.person.id == header.person_id)?;
            Some((post.clone(), header))
        });
        Ok(List { rows: rows.take(SHOWN).collect() })
    })
    .await
}

/// HR asks about somebody in their reach.
pub async fn add(
    db: web::Data<Db>,
    rules: Rules,
    (head, keys, book): (web::Data<Letterhead>, web::Data<Keys>, web::Data<Rulebook>),
    hr: Acting<Hr>,
    Form(form): Form<AskForm>,
) -> Result<HttpResponse> {
    let (acting, number) = (hr.clone(), form.person.trim().to_owned());
    let found = db
        .read(move |conn| -> Result<Option<Post>> {
            let Some(person) = staff::queries::person_by_staff_no(conn, &number)? else {
                return Ok(None);
            };
            match acting.person(conn, person.id) {
                Ok(post) => Ok(Some(post)),
                // Out of sight is the same as not there.
                Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await?;
    let about = found.map(|post| post.person.id);
    let acting = hr.clone();
    let again = move |conn: &mut Conn, id| acting.person(conn, id);
    let office =
        Office { rules, head: (**head).clone(), keys: (**keys).clone(), shelf: book.shelf.clone() };
    answer(&db, office, &hr, about, form, again).await
}

/// Anybody asks about themselves.
pub async fn add_own(
    db: web::Data<Db>,
    rules: Rules,
    (head, keys, book): (web::Data<Letterhead>, web::Data<Keys>, web::Data<Rulebook>),
    viewer: Viewer,
    Form(form): Form<AskForm>,
) -> Result<HttpResponse> {
    let (asking, about) = (viewer.clone(), Some(viewer.id));
    let again = move |conn: &mut Conn, id| asking.post(conn, id);
    let office =
        Office { rules, head: (**head).clone(), keys: (**keys).clone(), shelf: book.shelf.clone() };
    answer(&db, office, &viewer, about, form, again).await
}

async fn answer(
    db: &Db,
    office: Office,
    viewer: &Viewer,
    about: Option<PersonId>,
    form: AskForm,
    post: impl FnOnce(&mut Conn, PersonId) -> Result<Post> + Send + 'static,
) -> Result<HttpResponse> {
    let known = known_to_the_record(db, about, &form.certification).await?;
    let read = read(&form, &office.rules, about, known, viewer.today);
    let (person, ask) = match read {
        Ok(read) => read,
        Err(problems) => {
            let list = load(db, viewer, "").await?;
            let page = pages::list(viewer, &office.rules, &list, &form, &problems);
            return Err(Error::Again(Box::new(page)));
        }
    };
    let stamp = viewer.stamp();
    submit(db, viewer, &form.form_key, move |conn| {
        let post = post(conn, person)?;
        let number = make::make(conn, &office, &post, &ask, stamp)?;
        Ok(format!("/extracts/{number}"))
    })
    .await
}

/// Whether the person's record speaks of a certification no rule set defines.
async fn known_to_the_record(db: &Db, about: Option<PersonId>, code: &str) -> Result<bool> {
    let Some(person) = about else { return Ok(false) };
    let code = code.to_owned();
    db.read(move |conn| {
        let rows = ledger::rows_of(conn, person, None)?;
        let kind = Kind::Certificate.word();
        Ok(rows.iter().any(|row| row.kind == kind && row.code == code))
    })
    .await
}

fn read(
    form: &AskForm,
    rules: &Rules,
    about: Option<PersonId>,
    known: bool,
    today: NaiveDate,
) -> std::result::Result<(PersonId, Ask), Problems> {
    let mut problems = Problems::default();
    if about.is_none() {
        problems.add(
            "person",
            text!(
                "您的管辖范围内没有这个工号。请核对后重填。",
                "Nobody in your reach has this staff number. Check it and try again."
            ),
        );
    }
    let certification = form.certification.trim().to_owned();
    if !known && rules.certification(&certification).is_none() {
        problems.add("certification", text!("请选择证书。", "Choose a certification."));
    }
    let asking = asof::Asking { on: form.on.clone(), known_on: form.known_on.clone() };
    let days = asking.read(today).map_err(|wrong| {
        for field in ["on", "known_on"] {
            if let Some(problem) = wrong.get(field) {
                problems.add(field, problem.clone());
            }
        }
    });
    let days = days.unwrap_or_default();
    let on = days.on;
    if form.on.trim().is_empty() {
        problems.add("on", text!("请填写要证明的日期。", "Give the day to be proved."));
    }
    match (about, on) {
        (Some(person), Some(on)) if problems.is_empty() => {
            Ok((person, Ask { certification, on, known_on: days.known_on }))
        }
        _ => Err(problems),
    }
}

/// An extract, if the viewer may open the record it is about.
async fn visible(db: &Db, viewer: &Viewer, number: String) -> Result<Extract> {
    let viewer = viewer.clone();
    db.read(move |conn| {
        let extract = queries::by_number(conn, &number)?.ok_or(Error::NotFound)?;
        viewer.post(conn, extract.person_id)?;
        Ok(extract)
    })
    .await
}

pub async fn show(
    db: web::Data<Db>,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let extract = visible(&db, &viewer, number.into_inner()).await?;
    let body = extract.read()?;
    Ok(html(pages::show(&viewer, &extract, &body)))
}

pub async fn json(
    db: web::Data<Db>,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let extract = visible(&db, &viewer, number.into_inner()).await?;
    let name = format!("{}.json", extract.number);
    Ok(download(&name, "application/json; charset=utf-8", extract.body.into_bytes()))
}

/// The signature with the JSON inside it, for any library of JWS.
pub async fn jws(
    db: web::Data<Db>,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let extract = visible(&db, &viewer, number.into_inner()).await?;
    let name = format!("{}.jws", extract.number);
    Ok(download(&name, "application/jose", extract.jws.into_bytes()))
}

/// The paper, made when it is first asked for and the same ever after.
pub async fn pdf(
    db: web::Data<Db>,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let extract = visible(&db, &viewer, number.into_inner()).await?;
    let name = format!("{}.pdf", extract.number);
    let id = extract.id;
    let bytes = match db.read(move |conn| queries::paper_of(conn, id)).await? {
        Some(bytes) => bytes,
        None => {
            let drawn = web::block(move || make::draw(&extract)).await;
            let drawn = drawn.map_err(|error| Error::Internal(error.to_string()))??;
            db.write(move |conn| queries::keep_paper(conn, id, drawn)).await?
        }
    };
    Ok(download(&name, "application/pdf", bytes))
}

#[derive(Deserialize)]
pub struct CheckQuery {
    #[serde(default)]
    number: String,
    #[serde(default)]
    code: String,
}

pub async fn check(
    request: HttpRequest,
    db: web::Data<Db>,
    limit: web::Data<CheckLimit>,
    reader: Reader,
    now: Now,
    query: web::Query<CheckQuery>,
) -> Result<HttpResponse> {
    let (number, code) = (tidy(&query.number), tidy(&query.code).replace('-', ""));
    if number.is_empty() && code.is_empty() {
        return Ok(html(pages::check(&reader, "", &Checked::NothingAsked)));
    }
    limit.take(&request, now.0)?;
    let checked = look_up(&db, &number, code, None).await?;
    Ok(html(pages::check(&reader, &number, &checked)))
}

/// The same, with the file somebody was given: is it, byte for byte, what we made?
pub async fn check_file(
    request: HttpRequest,
    db: web::Data<Db>,
    limit: web::Data<CheckLimit>,
    reader: Reader,
    now: Now,
    form: Multipart,
) -> Result<HttpResponse> {
    limit.take(&request, now.0)?;
    let Given { number, code, file } = receive(form).await?;
    let (number, code) = (tidy(&number), tidy(&code).replace('-', ""));
    let checked = look_up(&db, &number, code, Some(file)).await?;
    Ok(html(pages::check(&reader, &number, &checked)))
}

async fn look_up(db: &Db, number: &str, code: String, file: Option<Vec<u8>>) -> Result<Checked> {
    let number = number.to_owned();
    db.read(move |conn| {
        let found = queries::by_number(conn, &number)?;
        let right =
            found.filter(|one| bool::from(one.check_code.as_bytes().ct_eq(code.as_bytes())));
        let Some(extract) = right else { return Ok(Checked::Unknown) };
        let paper = queries::paper_of(conn, extract.id)?;
        let same = file.map(|file| {
            let own = [extract.body.as_bytes(), extract.jws.as_bytes()];
            own.contains(&file.as_slice()) || paper.as_ref() == Some(&file)
        });
        let body = extract.read()?;
        let paper = paper.map(|bytes| hex(&sha2_of(&bytes)));
        Ok(Checked::Found { extract: Box::new(extract), body: Box::new(body), paper, same })
    })
    .await
}

fn sha2_of(bytes: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).to_vec()
}

/// What somebody sent to be compared.
#[derive(Default)]
struct Given {
    number: String,
    code: String,
    file: Vec<u8>,
}

/// Bytes of a file to compare at most; ours are far smaller.
const MOST: usize = 4 << 20;

async fn receive(mut form: Multipart) -> Result<Given> {
    let malformed = |_| {
        Error::Invalid(text!(
            "上传内容不完整。请重新选择文件再试。",
            "The upload is incomplete. Choose the file again."
        ))
    };
    let (mut given, mut length) = (Given::default(), 0);
    while let Some(mut field) = form.try_next().await.map_err(malformed)? {
        let of = field.name().unwrap_or_default().to_owned();
        while let Some(chunk) = field.try_next().await.map_err(malformed)? {
            length += chunk.len();
            if length > MOST {
                return Err(Error::Invalid(text!(
                    "文件太大，不是我们出具的证明。",
                    "The file is too large to be one of our extracts."
                )));
            }
            match of.as_str() {
                "file" => given.file.extend_from_slice(&chunk),
                "number" => given.number.push_str(&String::from_utf8_lossy(&chunk)),
                "code" => given.code.push_str(&String::from_utf8_lossy(&chunk)),
                _ => {}
            }
        }
    }
    Ok(given)
}

/// As people type from paper: any case, spaces anywhere.
fn tidy(word: &str) -> String {
    let word = word.chars().filter(|c| !c.is_whitespace());
    word.take(64).collect::<String>().to_uppercase()
}
