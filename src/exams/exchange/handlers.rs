//! Uploading, previewing, carrying out and taking back imports of questions; exports.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::{
    ExchangeError, Format, Import, ImportId, Report, Source, TypeCodes, pages,
    plan::Change,
    queries::{self, Run},
    to_sheet, undo, uploads, write,
};
use crate::{
    access::{Acting, Authoring, Routes, Who, audit, proof::Proof, submit},
    db::{Conn, Db},
    exams::questions::{BankId, QuestionKind, model::Stage},
    i18n::{Lang, Text},
    text,
    web::{Error, Form, Result, download, html, redirect},
};

impl From<ExchangeError> for Error {
    fn from(error: ExchangeError) -> Error {
        match error {
            ExchangeError::Database(error) => Error::Database(error),
            ExchangeError::Refused(text) => Error::Refused(text),
        }
    }
}

pub fn routes() -> Routes {
    let who = Who::Roles(Authoring::ROLES);
    Routes::new()
        .get("/exams/banks/{bank}/import", who, start)
        .post("/exams/banks/{bank}/import", who, upload)
        .get("/exams/banks/{bank}/import/preview", who, preview)
        .post("/exams/banks/{bank}/import/carry-out", who, carry_out)
        .get("/exams/banks/{bank}/import/template", who, template)
        .get("/exams/banks/{bank}/imports/{id}", who, report)
        .post("/exams/banks/{bank}/imports/{id}/undo", who, take_back)
        .get("/exams/banks/{bank}/export/{format}", who, export)
}

/// Where the questions of a bank are imported.
pub fn import_link(bank: &str) -> String {
    format!("/exams/banks/{bank}/import")
}

/// Where a bank is exported; the formats are those of [`Format::WRITTEN`].
pub fn export_link(bank: &str, format: Format) -> String {
    format!("/exams/banks/{bank}/export/{}", format.word())
}

type Author = Acting<Authoring>;

fn the_bank(conn: &mut Conn, code: &str) -> Result<(BankId, Text)> {
    queries::bank_of(conn, code)?.ok_or(Error::NotFound)
}

/// A bank as pages name it.
#[derive(Clone)]
pub struct Bank {
    pub code: String,
    pub title: Text,
}

async fn start(db: web::Data<Db>, author: Author, bank: web::Path<String>) -> Result<HttpResponse> {
    let code = bank.into_inner();
    let (bank, runs) = db
        .read(move |conn| -> Result<_> {
            let (id, title) = the_bank(conn, &code)?;
            Ok((Bank { code, title }, queries::runs(conn, id, 50)?))
        })
        .await?;
    Ok(html(pages::start(&author, &bank, &runs)))
}

async fn upload(
    db: web::Data<Db>,
    author: Author,
    bank: web::Path<String>,
    form: Multipart,
) -> Result<HttpResponse> {
    let code = bank.into_inner();
    let asked = code.clone();
    db.read(move |conn| the_bank(conn, &asked).map(drop)).await?;
    let upload = uploads::receive(form, author.now).await?;
    let file = FileRef {
        digest: upload.digest,
        name: upload.name,
        format: Format::parse(&upload.format),
        lang: Lang::parse(&upload.lang),
        codes: TypeCodes::new(),
    };
    Ok(redirect(file.preview(&code, &[])))
}

/// A kept upload and how it is read, as it stands in the address.
#[derive(Clone, Debug, Default)]
pub struct FileRef {
    digest: String,
    pub name: String,
    pub format: Option<Format>,
    pub lang: Option<Lang>,
    pub codes: TypeCodes,
}

impl FileRef {
    fn parse(query: &str) -> FileRef {
        let mut file = FileRef::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()).take(200) {
            match &*key {
                "digest" => file.digest = value.into_owned(),
                "name" => file.name = value.chars().take(120).collect(),
                "format" => file.format = Format::parse(&value),
                "lang" => file.lang = Lang::parse(&value),
                "type" => {
                    let known = value.rsplit_once('=');
                    let known =
                        known.and_then(|(word, kind)| Some((word, QuestionKind::parse(kind)?)));
                    if let Some((word, kind)) = known {
                        file.codes.insert(word.to_lowercase(), kind);
                    }
                }
                _ => {}
            }
        }
        file
    }

    /// As it stands in an address and in forms.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("digest", self.digest.clone()), ("name", self.name.clone())];
        pairs.extend(self.format.map(|format| ("format", format.word().to_owned())));
        pairs.extend(self.lang.map(|lang| ("lang", lang.tag().to_owned())));
        let types =
            self.codes.iter().map(|(word, kind)| ("type", format!("{word}={}", kind.word())));
        pairs.extend(types);
        pairs
    }

    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    fn preview(&self, bank: &str, more: &[(&str, &str)]) -> String {
        let mut link = format!("/exams/banks/{bank}/import/preview?{}", self.query());
        for (name, value) in more {
            link.push_str(&format!("&{name}={value}"));
        }
        link
    }

    fn source(&self) -> Result<Source> {
        let place = uploads::find(&self.digest)?;
        Source::open(&place, &self.name, self.format).map_err(|refusal| Error::Refused(refusal.0))
    }
}

fn import<'a>(
    file: &'a FileRef,
    source: &'a Source,
    bank: &'a str,
    skip_refused: bool,
) -> Import<'a> {
    Import {
        source,
        bank,
        new_bank: None,
        lang: file.lang,
        codes: &file.codes,
        skip_refused,
        stage: Stage::Draft,
    }
}

/// What part of a preview is shown.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Part {
    pub show: Option<String>,
    pub page: Option<usize>,
    #[serde(default)]
    pub changed: bool,
}

impl Part {
    pub fn change(&self) -> Option<Change> {
        self.show.as_deref().and_then(Change::parse)
    }

    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }
}

async fn preview(
    db: web::Data<Db>,
    author: Author,
    bank: web::Path<String>,
    request: HttpRequest,
    part: web::Query<Part>,
) -> Result<HttpResponse> {
    let code = bank.into_inner();
    let file = FileRef::parse(request.query_string());
    let looked = file.clone();
    let (bank, report) = db
        .read(move |conn| -> Result<(Bank, Report)> {
            let (_, title) = the_bank(conn, &code)?;
            let source = looked.source()?;
            let report = import(&looked, &source, &code, false).preview(conn)?;
            Ok((Bank { code, title }, report))
        })
        .await?;
    Ok(html(pages::preview(&author, &bank, &file, &report, &part)))
}

#[derive(Deserialize)]
struct CarryOut {
    form_key: String,
    /// The query of the preview.
    #[serde(default)]
    file: String,
    /// What the preview promised.
    #[serde(default)]
    mark: String,
    /// Refused questions stay out.
    skip: Option<String>,
}

async fn carry_out(
    db: web::Data<Db>,
    author: Author,
    bank: web::Path<String>,
    Form(form): Form<CarryOut>,
) -> Result<HttpResponse> {
    let (code, stamp) = (bank.into_inner(), author.stamp());
    let CarryOut { form_key, file, mark, skip } = form;
    submit(&db, &author, &form_key, move |conn| {
        the_bank(conn, &code)?;
        let file = FileRef::parse(&file);
        let source = file.source()?;
        let import = import(&file, &source, &code, skip.is_some());
        let done = import.carry_out(conn, &|plan| plan.mark() == mark, stamp)?;
        Ok(match done.run {
            Some(run) => format!("/exams/banks/{code}/imports/{run}?done=true"),
            None => file.preview(&code, &[("changed", "true")]),
        })
    })
    .await
}

/// An import of a bank.
fn the_run(conn: &mut Conn, code: &str, id: i64) -> Result<(Bank, Run)> {
    let (bank, title) = the_bank(conn, code)?;
    let run = queries::run(conn, ImportId(id))?.filter(|run| run.bank_id == bank);
    Ok((Bank { code: code.to_owned(), title }, run.ok_or(Error::NotFound)?))
}

async fn report(
    db: web::Data<Db>,
    author: Author,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse> {
    let (code, id) = path.into_inner();
    let (bank, run, told) = db
        .read(move |conn| -> Result<_> {
            let (bank, run) = the_run(conn, &code, id)?;
            let told = queries::told(conn, run.id, 500)?;
            Ok((bank, run, told))
        })
        .await?;
    Ok(html(pages::report(&author, &bank, &run, &told)))
}

#[derive(Deserialize)]
struct Undo {
    form_key: String,
    #[serde(default)]
    reason: String,
}

async fn take_back(
    db: web::Data<Db>,
    author: Author,
    path: web::Path<(String, i64)>,
    Form(form): Form<Undo>,
) -> Result<HttpResponse> {
    let ((code, id), stamp) = (path.into_inner(), author.stamp());
    submit(&db, &author, &form.form_key, move |conn| {
        let (_, run) = the_run(conn, &code, id)?;
        let why = form.reason.trim();
        if why.is_empty() || why.chars().count() > 500 {
            return Err(Error::Refused(text!(
                "请写明撤销的理由（500 字以内）；它会留在题目的历史里。",
                "Say why it is taken back, in 500 characters at most; the reason stays with the questions."
            )));
        }
        undo::undo(conn, run.id, why, stamp)?;
        Ok(format!("/exams/banks/{code}/imports/{id}"))
    })
    .await
}

#[derive(Deserialize)]
struct Tongue {
    lang: Option<String>,
}

async fn export(
    db: web::Data<Db>,
    author: Author,
    path: web::Path<(String, String)>,
    query: web::Query<Tongue>,
) -> Result<HttpResponse> {
    let (code, format) = path.into_inner();
    let format = Format::parse(&format).filter(|format| Format::WRITTEN.contains(format));
    let format = format.ok_or(Error::NotFound)?;
    let lang = query.lang.as_deref().and_then(Lang::parse).unwrap_or(author.lang());
    let (name, stamp) = (format.file_name(&code), author.stamp());
    let bytes = db
        .write(move |conn| -> Result<_> {
            let (bank, _) = the_bank(conn, &code)?;
            let bytes = write(conn, &code, format, lang)?;
            // The keys leave the house: who took them stays known.
            let detail = serde_json::json!({ "bank": code, "format": format });
            let subject = ("question-bank", Some(bank.0));
            audit::note(conn, stamp.by, "export-questions", subject, detail, stamp.at)?;
            Ok(bytes)
        })
        .await?;
    let media_type = match format {
        Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Format::MoodleXml => "application/xml; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    Ok(download(&name, media_type, bytes))
}

async fn template(
    db: web::Data<Db>,
    author: Author,
    bank: web::Path<String>,
) -> Result<HttpResponse> {
    let code = bank.into_inner();
    db.read(move |conn| the_bank(conn, &code).map(drop)).await?;
    let lang = author.lang();
    let bytes = to_sheet::template(lang).map_err(|error| Error::Internal(error.to_string()))?;
    let name = format!("shifu-questions-{}.xlsx", lang.tag());
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(&name, media_type, bytes))
}
