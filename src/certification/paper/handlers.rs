//! Downloads of papers, and the templates an administrator makes.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    Body, Content,
    content::hex_digest,
    form::{Filled, MOST},
    keeping::{self, Printer, file_name},
    layout::{Setting, sheet},
    pages,
    queries::{self, Kept, Template},
    template::Stored,
};
use crate::{
    access::{Acting, Administrator, ForAll, Viewer, audit, handlers::OnlyKey, submit},
    certification::{
        CheckLimit, State,
        check::{CheckQuery, Typed},
        model::Certificate,
        queries as certificates,
    },
    db::{Conn, Db},
    i18n::Lang,
    mail::Letterhead,
    print::{self, Picture},
    record::Rules,
    signing::Keys,
    text,
    web::{Error, Form, Now, Problems, Reader, Result, download, html},
};

#[derive(Deserialize)]
pub struct LangQuery {
    lang: Option<String>,
}

impl LangQuery {
    fn or(&self, reader: Lang) -> Lang {
        self.lang.as_deref().and_then(Lang::parse).unwrap_or(reader)
    }
}

/// The paper, for its holder and whoever may see that person.
pub async fn paper(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    keys: web::Data<Keys>,
    viewer: Viewer,
    number: web::Path<String>,
    query: web::Query<LangQuery>,
) -> Result<HttpResponse> {
    let (lang, asking) = (query.or(viewer.lang()), viewer.clone());
    let certificate = db
        .read(move |conn| -> Result<_> {
            let found = certificates::by_number(conn, &number)?.ok_or(Error::NotFound)?;
            asking.post(conn, found.person_id)?;
            Ok(found)
        })
        .await?;
    let name = file_name(&certificate, lang);
    let printer = Printer { head: &head, keys: &keys };
    let bytes =
        keeping::paper(&db, &printer, certificate, lang, viewer.now, Some(viewer.id)).await?;
    Ok(download(&name, "application/pdf", bytes))
}

#[derive(Deserialize)]
pub struct PublicQuery {
    #[serde(flatten)]
    asked: CheckQuery,
    lang: Option<String>,
}

/// The paper, for whoever knows number and check code.
pub async fn public_paper(
    request: HttpRequest,
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    (rules, keys, limit): (Rules, web::Data<Keys>, web::Data<CheckLimit>),
    reader: Reader,
    now: Now,
    query: web::Query<PublicQuery>,
) -> Result<HttpResponse> {
    limit.take(&request, now.0)?;
    let asked = query.asked.typed();
    let lang = query.lang.as_deref().and_then(Lang::parse).unwrap_or(reader.lang);
    let certificate = db.read(move |conn| known_by_code(conn, &rules, &asked, now)).await?;
    let name = file_name(&certificate, lang);
    let printer = Printer { head: &head, keys: &keys };
    let bytes = keeping::paper(&db, &printer, certificate, lang, now.0, None).await?;
    Ok(download(&name, "application/pdf", bytes))
}

/// Nobody but its people gets a fresh copy of a certificate that was taken back.
fn known_by_code(conn: &mut Conn, rules: &Rules, asked: &Typed, now: Now) -> Result<Certificate> {
    let found = certificates::by_number_and_code(conn, &asked.numbers(), &asked.code)?;
    let certificate = found.ok_or(Error::NotFound)?;
    let mut acts = certificates::acts_of(conn, certificate.person_id)?;
    let acts = acts.remove(&certificate.id).unwrap_or_default();
    let today = now.0.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
    let state = certificates::standing_of(conn, rules, &certificate, &acts, today)?.state;
    if offered(state) { Ok(certificate) } else { Err(Error::NotFound) }
}

/// Whether the public check offers the paper.
pub fn offered(state: State) -> bool {
    !matches!(state, State::Suspended | State::Revoked | State::Superseded)
}

type Admin = Acting<Administrator>;
/// Templates count for everybody.
type Writer = ForAll<Administrator>;

pub async fn templates(db: web::Data<Db>, rules: Rules, admin: Admin) -> Result<HttpResponse> {
    let acting = admin.clone();
    let (all, may_write) = db
        .read(move |conn| -> Result<_> {
            Ok((queries::templates(conn)?, acting.reaches_all(conn)?))
        })
        .await?;
    let with_body = |template: Template| -> Result<_> {
        let body = template.body()?;
        Ok((template, body))
    };
    let all: Vec<(Template, Body)> = all.into_iter().map(with_body).collect::<Result<_>>()?;
    Ok(html(pages::templates(&admin, &rules, &all, may_write)))
}

#[derive(Deserialize)]
pub struct BeginForm {
    form_key: String,
    /// The version it continues; empty for a new template.
    #[serde(default)]
    from: String,
}

pub async fn begin(
    db: web::Data<Db>,
    admin: Writer,
    Form(form): Form<BeginForm>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key.clone(), move |conn| {
        let id = begin_draft(conn, &acting, form.from.parse().ok())?;
        Ok(format!("/certificates/templates/{id}"))
    })
    .await
}

fn begin_draft(conn: &mut Conn, admin: &Writer, from: Option<i64>) -> Result<i64> {
    let Some(from) = from else {
        let named = Body { name: text!("新模板", "New template"), ..Body::standard() };
        return Ok(queries::begin(conn, None, None, &named, admin.stamp())?);
    };
    let from = queries::template(conn, from)?.ok_or(Error::NotFound)?;
    if let Some(open) = queries::open_draft(conn, &from.code)? {
        return Ok(open);
    }
    let (of, body) = (from.certification.as_deref(), from.body()?);
    Ok(queries::begin(conn, Some(&from.code), of, &body, admin.stamp())?)
}

/// A template, and whether the administrator may change it.
async fn load(db: &Db, admin: &Admin, id: i64) -> Result<(Template, bool)> {
    let acting = admin.clone();
    db.read(move |conn| {
        let template = queries::template(conn, id)?.ok_or(Error::NotFound)?;
        Ok((template, acting.reaches_all(conn)?))
    })
    .await
}

pub async fn template(
    db: web::Data<Db>,
    rules: Rules,
    admin: Admin,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let (template, may_write) = load(&db, &admin, *id).await?;
    let (body, of) = (template.body()?, template.certification.clone());
    let shown = pages::Shown { template: &template, of: of.as_deref(), body: &body, may_write };
    Ok(html(pages::template(&admin, &rules, &shown, &Problems::default())))
}

pub async fn save(
    db: web::Data<Db>,
    rules: Rules,
    admin: Writer,
    id: web::Path<i64>,
    filled: Filled,
) -> Result<HttpResponse> {
    let (id, (template, may_write)) = (*id, load(&db, &admin, *id).await?);
    if !may_write {
        return Err(Error::Forbidden);
    }
    let body = filled.body(&template.body()?);
    let of = Some(filled.word("certification").to_owned()).filter(|of| !of.is_empty());
    let mut problems = body.problems();
    if of.as_deref().is_some_and(|of| rules.certification(of).is_none()) {
        problems.add("certification", text!("没有这项认证。", "There is no such certification."));
    }
    let mut taken = Vec::new();
    for field in ["logo", "seal"] {
        match filled.files.get(field).map(|(name, bytes)| take(name, bytes)) {
            Some(Ok(picture)) => taken.push((field, picture)),
            Some(Err(problem)) => problems.add(field, problem),
            None => {}
        }
    }
    if !problems.is_empty() {
        let shown = pages::Shown { template: &template, of: of.as_deref(), body: &body, may_write };
        let page = pages::template(&admin, &rules, &shown, &problems);
        return Err(Error::Again(Box::new(page)));
    }
    let acting = admin.clone();
    submit(&db, &admin, filled.word("form_key"), move |conn| {
        keep_draft(conn, &acting, id, of.as_deref(), body, taken)?;
        Ok(format!("/certificates/templates/{id}"))
    })
    .await
}

/// A picture on its way in: its name, kind and bytes.
struct Taken {
    name: String,
    media_type: &'static str,
    file: Kept,
}

fn take(name: &str, bytes: &[u8]) -> Result<Taken, crate::i18n::Text> {
    if bytes.len() > MOST {
        return Err(text!(
            "图片超过 1 MB，请压缩后再上传。",
            "The picture is larger than 1 MB. Make it smaller and upload it again."
        ));
    }
    let picture = Picture::read(bytes).map_err(|error| error.message())?;
    let file = Kept { bytes: bytes.to_vec(), digest: hex_digest(bytes) };
    Ok(Taken { name: name.to_owned(), media_type: picture.media_type, file })
}

fn keep_draft(
    conn: &mut Conn,
    admin: &Writer,
    id: i64,
    of: Option<&str>,
    mut body: Body,
    taken: Vec<(&'static str, Taken)>,
) -> Result<()> {
    for (field, Taken { name, media_type, file }) in taken {
        let kept = queries::add_picture(conn, &name, media_type, &file, admin.stamp())?;
        let stored = Some(Stored { file: kept, digest: file.digest });
        if field == "logo" { body.logo = stored } else { body.seal = stored }
    }
    if queries::change(conn, id, of, &body)? { Ok(()) } else { Err(published_already()) }
}

fn published_already() -> Error {
    Error::Refused(text!(
        "这一版已经发布，不能再改。请由它新建草稿。",
        "This version is published and does not change any more. Begin a new draft from it."
    ))
}

pub async fn publish(
    db: web::Data<Db>,
    admin: Writer,
    id: web::Path<i64>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let (id, acting) = (*id, admin.clone());
    submit(&db, &admin, &form.form_key, move |conn| {
        let template = queries::template(conn, id)?.ok_or(Error::NotFound)?;
        if !template.body()?.problems().is_empty() {
            return Err(Error::Refused(text!(
                "草稿还有错误，请先改正并保存。",
                "The draft has mistakes. Put them right and save it first."
            )));
        }
        if !queries::publish(conn, id, acting.stamp())? {
            return Err(published_already());
        }
        let detail =
            json!({ "template": template.title(), "certification": template.certification });
        let subject = ("certificate_template", Some(id));
        audit::note(conn, Some(acting.id), "publish-template", subject, detail, acting.now)?;
        Ok("/certificates/templates".to_owned())
    })
    .await
}

/// A draft has printed nothing, so nothing is lost but its words.
pub async fn discard(
    db: web::Data<Db>,
    admin: Writer,
    id: web::Path<i64>,
    Form(form): Form<OnlyKey>,
) -> Result<HttpResponse> {
    let (id, acting) = (*id, admin.clone());
    submit(&db, &admin, &form.form_key, move |conn| {
        let template = queries::template(conn, id)?.ok_or(Error::NotFound)?;
        if !queries::discard(conn, id)? {
            return Err(published_already());
        }
        let detail = json!({
            "template": template.title(),
            "certification": template.certification,
            "body": template.body()?,
        });
        let subject = ("certificate_template", Some(id));
        audit::note(conn, Some(acting.id), "discard-template", subject, detail, acting.now)?;
        Ok("/certificates/templates".to_owned())
    })
    .await
}

pub async fn preview_pdf(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    admin: Admin,
    id: web::Path<i64>,
    query: web::Query<LangQuery>,
) -> Result<HttpResponse> {
    let (lang, now) = (query.or(admin.lang()), admin.now);
    let sample = Sample::load(&db, &head, &admin, *id).await?;
    let bytes = keeping::make(sample.setting(lang), now).map_err(shown)?;
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"preview.pdf\""))
        .body(bytes))
}

pub async fn preview_svg(
    db: web::Data<Db>,
    head: web::Data<Letterhead>,
    admin: Admin,
    id: web::Path<i64>,
    query: web::Query<LangQuery>,
) -> Result<HttpResponse> {
    let lang = query.or(admin.lang());
    let sample = Sample::load(&db, &head, &admin, *id).await?;
    let picture = sheet(sample.setting(lang)).and_then(|sheet| sheet.to_svg()).map_err(shown)?;
    Ok(HttpResponse::Ok().content_type("image/svg+xml").body(picture))
}

fn shown(error: print::Error) -> Error {
    Error::Refused(error.message())
}

/// A template with the words of a certificate nobody holds.
struct Sample {
    body: Body,
    pictures: super::layout::Pictures,
    content: Content,
    qr: String,
    digest: String,
}

impl Sample {
    async fn load(db: &Db, head: &Letterhead, viewer: &Viewer, id: i64) -> Result<Sample> {
        let (body, pictures, title) = db
            .read(move |conn| -> Result<_> {
                let template = queries::template(conn, id)?.ok_or(Error::NotFound)?;
                let body = template.body()?;
                let pictures = keeping::pictures(conn, &body)?;
                Ok((body, pictures, template.title()))
            })
            .await?;
        let content = Content::sample(viewer.today);
        let (digest, qr) = (content.digest(&title), head.link("/check"));
        Ok(Sample { body, pictures, content, qr, digest })
    }

    fn setting(&self, lang: Lang) -> Setting<'_> {
        let Sample { body, pictures, content, qr, digest } = self;
        Setting { body, pictures, content, lang, qr, digest }
    }
}
