//! Uploading, previewing, carrying out and taking back imports.

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{import_pages as pages, uploads};
use crate::{
    access::{Acting, Administrator, audit, submit},
    db::Db,
    i18n::Lang,
    record::Rules,
    staff::import::{self, Import, ImportError, ImportKind, Report, RunId, Table},
    text,
    web::{Error, Form, Result, download, html, redirect},
};

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Error {
        match error {
            ImportError::Database(error) => Error::Database(error),
            ImportError::Refused(text) => Error::Refused(text),
        }
    }
}

type Admin = Acting<Administrator>;

#[derive(Deserialize)]
pub struct Done {
    done: Option<i64>,
}

pub async fn list(
    db: web::Data<Db>,
    admin: Admin,
    query: web::Query<Done>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    let done = query.done.map(RunId);
    let (runs, last, done) = db
        .read(move |conn| -> Result<_> {
            let all = acting.reaches_all(conn)?;
            let runs = import::runs(conn, (!all).then_some(acting.id), 50)?;
            let last = import::last_run(conn)?.map(|run| run.id);
            let done = done.and_then(|id| runs.iter().find(|(run, _)| run.id == id).cloned());
            Ok((runs, last, done))
        })
        .await?;
    Ok(html(pages::list(&admin, &runs, last, done.map(|(run, _)| run).as_ref())))
}

pub async fn upload(admin: Admin, form: Multipart) -> Result<HttpResponse> {
    let upload = uploads::receive(form, admin.now).await?;
    Ok(redirect(
        File { kind: upload.kind, digest: upload.digest, name: upload.name }.preview(false),
    ))
}

/// Which kept upload, and what it is.
#[derive(Clone, Debug, Deserialize)]
pub struct File {
    pub kind: ImportKind,
    pub digest: String,
    pub name: String,
}

impl File {
    fn preview(&self, changed: bool) -> String {
        let mut link = form_urlencoded::Serializer::new(String::from("/admin/imports/preview?"));
        link.append_pair("kind", self.kind.word());
        link.append_pair("digest", &self.digest).append_pair("name", &self.name);
        if changed {
            link.append_pair("changed", "true");
        }
        link.finish()
    }
}

#[derive(Deserialize)]
pub struct Preview {
    kind: ImportKind,
    digest: String,
    name: String,
    #[serde(default)]
    changed: bool,
}

pub async fn preview(
    db: web::Data<Db>,
    rules: Rules,
    admin: Admin,
    query: web::Query<Preview>,
) -> Result<HttpResponse> {
    let Preview { kind, digest, name, changed } = query.into_inner();
    let (file, acting) = (File { kind, digest, name }, admin.clone());
    let looked = file.clone();
    let report = db
        .read(move |conn| -> Result<Report> {
            let table = Table::open(&uploads::find(&looked.digest)?).map_err(ImportError::from)?;
            Ok(planned(&looked, &table, &rules, &acting).preview(conn, &mut |_| {})?)
        })
        .await?;
    Ok(html(pages::preview(&admin, &file, &report, changed)))
}

fn planned<'a>(file: &'a File, table: &'a Table, rules: &'a Rules, admin: &'a Admin) -> Import<'a> {
    Import {
        kind: file.kind,
        table,
        file_name: &file.name,
        rules,
        scope: admin.reach(),
        today: admin.today,
    }
}

#[derive(Deserialize)]
pub struct CarryOut {
    form_key: String,
    kind: ImportKind,
    digest: String,
    name: String,
    /// What the preview promised.
    mark: String,
}

pub async fn carry_out(
    db: web::Data<Db>,
    rules: Rules,
    admin: Admin,
    Form(form): Form<CarryOut>,
) -> Result<HttpResponse> {
    let acting = admin.clone();
    let CarryOut { form_key, kind, digest, name, mark } = form;
    let file = File { kind, digest, name };
    submit(&db, &admin, &form_key, move |conn| {
        let table = Table::open(&uploads::find(&file.digest)?).map_err(ImportError::from)?;
        let import = planned(&file, &table, &rules, &acting);
        let agreed = |plan: &Report| plan.mark() == mark;
        let report = import.carry_out_if(conn, &agreed, acting.stamp(), &mut |_| {})?;
        let Some(run) = report.run else { return Ok(file.preview(true)) };
        let detail = serde_json::json!({
            "kind": report.kind, "file": report.file_name, "digest": report.file_digest,
            "added": report.added, "changed": report.changed,
        });
        audit::note(conn, Some(acting.id), "import", ("import", Some(run.0)), detail, acting.now)?;
        Ok(format!("/admin/imports?done={run}"))
    })
    .await
}

#[derive(Deserialize)]
pub struct Undo {
    form_key: String,
    run: i64,
    #[serde(default)]
    reason: String,
}

pub async fn undo(db: web::Data<Db>, admin: Admin, Form(form): Form<Undo>) -> Result<HttpResponse> {
    let acting = admin.clone();
    submit(&db, &admin, &form.form_key, move |conn| {
        let run = import::run(conn, RunId(form.run))?.ok_or(Error::NotFound)?;
        if run.imported_by != Some(acting.id) && !acting.reaches_all(conn)? {
            return Err(Error::NotFound);
        }
        let why = form.reason.trim();
        if why.is_empty() {
            return Err(Error::Refused(text!(
                "请写明撤销的理由；它会留在档案里。",
                "Say why it is taken back; the reason stays in the record."
            )));
        }
        import::undo(conn, run.id, why, acting.stamp())?;
        let detail = serde_json::json!({ "why": why, "file": run.file_name });
        let subject = ("import", Some(run.id.0));
        audit::note(conn, Some(acting.id), "undo-import", subject, detail, acting.now)?;
        Ok("/admin/imports".to_owned())
    })
    .await
}

pub async fn template(_: Admin, path: web::Path<(String, String)>) -> Result<HttpResponse> {
    let (kind, lang) = path.into_inner();
    let kind = ImportKind::parse(&kind).ok_or(Error::NotFound)?;
    let lang = Lang::parse(&lang).ok_or(Error::NotFound)?;
    let name = format!("shifu-{}-{}.csv", kind.word(), lang.tag());
    Ok(download(&name, "text/csv; charset=utf-8", kind.template(lang).into_bytes()))
}
