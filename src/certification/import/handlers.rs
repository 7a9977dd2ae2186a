//! Uploading, previewing, taking over and taking back old certificates.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{
    pages,
    plan::{self, Asked, Cells, Column, Plan},
    uploads::{self, Kept},
};
use crate::{
    access::{Acting, Hr, submit},
    certification::acts::{
        handlers::WhyForm,
        queries::{self, Import, ImportId},
        uploads::{Filled, Sent, give},
    },
    db::{Conn, Db},
    i18n::Lang,
    record::Rules,
    text,
    web::{Error, Form, Problems, Result, download, html, redirect},
};

#[derive(Deserialize)]
pub struct Done {
    done: Option<i64>,
}

pub async fn start(
    db: web::Data<Db>,
    hr: Acting<Hr>,
    query: web::Query<Done>,
) -> Result<HttpResponse> {
    let by = hr.id;
    let past = db.read(move |conn| Ok::<_, Error>(queries::imports_by(conn, by, 50)?)).await?;
    let done = query.done.and_then(|id| past.iter().find(|one| one.id.0 == id).cloned());
    Ok(html(pages::start(&hr, &past, done.as_ref())))
}

pub async fn upload(hr: Acting<Hr>, filled: Filled) -> Result<HttpResponse> {
    let file = uploads::keep(filled, hr.now).await?;
    Ok(redirect(preview_link(&file, false)))
}

fn preview_link(file: &str, changed: bool) -> String {
    let changed = if changed { "&changed=true" } else { "" };
    format!("/certificates/import/preview?file={file}{changed}")
}

#[derive(Deserialize)]
pub struct Preview {
    file: String,
    #[serde(default)]
    changed: bool,
    page: Option<usize>,
}

fn planned(conn: &mut Conn, hr: &Acting<Hr>, rules: &Rules, kept: &Kept) -> Result<Plan> {
    let asked = Asked { rules, scope: hr.reach(), by: hr.id, today: hr.today, scans: &kept.scans };
    Ok(plan::read(conn, &asked, &kept.table()?)?)
}

pub async fn preview(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    query: web::Query<Preview>,
) -> Result<HttpResponse> {
    let (acting, judged, file) = (hr.clone(), rules.clone(), query.file.clone());
    let (kept, plan) = db
        .read(move |conn| -> Result<_> {
            let kept = uploads::find(&file)?;
            let plan = planned(conn, &acting, &judged, &kept)?;
            Ok((kept, plan))
        })
        .await?;
    let page = query.page.unwrap_or(1).clamp(1, 10_000);
    let shown = pages::Shown { file: &query.file, kept: &kept, plan: &plan, page };
    Ok(html(pages::preview(&hr, &rules, &shown, query.changed)))
}

#[derive(Deserialize)]
pub struct CarryOut {
    form_key: String,
    file: String,
    /// What the preview promised.
    mark: String,
}

pub async fn carry_out(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    Form(form): Form<CarryOut>,
) -> Result<HttpResponse> {
    let acting = hr.clone();
    let CarryOut { form_key, file, mark } = form;
    submit(&db, &hr, &form_key, move |conn| {
        let kept = uploads::find(&file)?;
        let first = planned(conn, &acting, &rules, &kept)?;
        super::hold(conn, &first)?;
        // Whoever was faster has been waited for: what is taken over is looked at again.
        let plan = planned(conn, &acting, &rules, &kept)?;
        if !plan.can_be_done() || plan.mark() != mark {
            return Ok(preview_link(&file, true));
        }
        let table = (kept.name.as_str(), &kept.bytes()?[..]);
        let id = super::carry_out(conn, &acting, &rules, &plan, table, &kept.scans)?;
        Ok(format!("/certificates/import?done={id}"))
    })
    .await
}

pub async fn template(_: Acting<Hr>, lang: web::Path<String>) -> Result<HttpResponse> {
    let lang = Lang::parse(&lang).ok_or(Error::NotFound)?;
    let name = format!("shifu-certificates-{}.csv", lang.tag());
    Ok(download(&name, "text/csv; charset=utf-8", plan::template(lang).into_bytes()))
}

/// An import of the viewer's own: what others took over is theirs to take back.
fn own(conn: &mut Conn, hr: &Acting<Hr>, id: ImportId) -> Result<Import> {
    let import = queries::import(conn, id)?.ok_or(Error::NotFound)?;
    if import.imported_by == hr.id { Ok(import) } else { Err(Error::NotFound) }
}

pub async fn file(db: web::Data<Db>, hr: Acting<Hr>, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = ImportId(*id);
    let (import, bytes) = db
        .read(move |conn| -> Result<_> {
            let import = own(conn, &hr, id)?;
            Ok((import, queries::file_of_import(conn, id)?))
        })
        .await?;
    Ok(give(&import.file_name, "application/octet-stream", bytes))
}

pub async fn undo(
    db: web::Data<Db>,
    hr: Acting<Hr>,
    id: web::Path<i64>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (acting, id) = (hr.clone(), ImportId(*id));
    let why = form.why()?;
    submit(&db, &hr, &form.form_key, move |conn| {
        let import = own(conn, &acting, id)?;
        super::undo(conn, &acting, &import, &why)?;
        Ok("/certificates/import".to_owned())
    })
    .await
}

/// One certificate at a time: the form becomes a table of one line and goes the same way.
pub async fn one_form(rules: Rules, hr: Acting<Hr>) -> Result<HttpResponse> {
    Ok(html(pages::one(&hr, &rules, &Cells::new(), &Problems::default())))
}

pub async fn one(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    mut filled: Filled,
) -> Result<HttpResponse> {
    let mut cells = Cells::new();
    for column in Column::ALL.iter().copied().filter(|column| *column != Column::Scan) {
        let word = filled.word(column.word()).to_owned();
        if !word.is_empty() {
            cells.insert(column, word);
        }
    }
    filled.files.retain(|sent| sent.field == "scan");
    filled.files.truncate(1);
    let mut problems = Problems::default();
    if let Some(sent) = filled.files.first() {
        match crate::certification::acts::uploads::inspect(sent.clone()) {
            Ok(_) => drop(cells.insert(Column::Scan, sent.name.clone())),
            Err(refused) => problems.add("scan", refused),
        }
    }
    let (acting, judged, asked) = (hr.clone(), rules.clone(), cells.clone());
    let plan = db.read(move |conn| checked(conn, &acting, &judged, &asked)).await?;
    for said in &plan.mistakes {
        // The scan was looked at above; the plan does not know it yet.
        let column = said.column.filter(|column| *column != Column::Scan);
        if let Some(column) = column {
            problems.add(column.word(), said.text.clone());
        }
    }
    if let Some(known) = plan.lines.first().and_then(|line| line.known.clone()) {
        let crate::i18n::Text { zh, en } = known;
        problems.add("number", text!("这张证书{zh}。", "This certificate is {en}."));
    }
    if !problems.is_empty() {
        return Err(Error::Again(Box::new(pages::one(&hr, &rules, &cells, &problems))));
    }
    filled.files.push(Sent {
        field: "file".to_owned(),
        name: format!("{}.csv", cells.get(&Column::StaffNo).cloned().unwrap_or_default()),
        bytes: as_table(&cells).map_err(|error| Error::Internal(format!("CSV: {error}")))?,
        too_large: false,
    });
    let file = uploads::keep(filled, hr.now).await?;
    Ok(redirect(preview_link(&file, false)))
}

fn checked(conn: &mut Conn, hr: &Acting<Hr>, rules: &Rules, cells: &Cells) -> Result<Plan> {
    let asked = Asked { rules, scope: hr.reach(), by: hr.id, today: hr.today, scans: &[] };
    let mut plan = Plan::default();
    plan::check(conn, &asked, &[(2, cells.clone())], &mut plan)?;
    if cells.contains_key(&Column::Scan) {
        // Without its scan the line was refused; whether it is known already is asked without it.
        let without: Cells = cells
            .iter()
            .filter(|(column, _)| **column != Column::Scan)
            .map(|(c, v)| (*c, v.clone()))
            .collect();
        let mut again = Plan::default();
        plan::check(conn, &asked, &[(2, without)], &mut again)?;
        return Ok(again);
    }
    Ok(plan)
}

fn as_table(cells: &Cells) -> std::result::Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(Column::ALL.iter().map(|column| column.word()))?;
    writer.write_record(
        Column::ALL.iter().map(|column| cells.get(column).map_or("", String::as_str)),
    )?;
    writer.into_inner().map_err(|error| error.into_error().into())
}
