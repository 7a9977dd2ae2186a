//! Requests of those who write and judge questions.

use std::collections::HashMap;

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use maud::{Markup, html as markup};
use serde::Deserialize;

use super::{
    bank::Question,
    body::Body,
    fields::{self, Fields, slug},
    lifecycle::Step,
    model::{QuestionKind, Stage, VersionId},
    pages::{self, Editor},
    pictures::{self, Filled},
    queries::{self, Bank, OnShelf, Whole},
    shelf::{self, Counts, Filter},
    similar::{self, Wording},
    writing,
};
use crate::{
    access::{Acting, Authoring, Viewer, audit, submit},
    db::{Conn, Db},
    i18n::Text,
    record::Rules,
    text,
    web::{Error, Form, Problems, Result, html},
};

type Author = Acting<Authoring>;

fn find_bank(conn: &mut Conn, code: &str) -> Result<Bank> {
    queries::bank(conn, code)?.ok_or(Error::NotFound)
}

fn find(conn: &mut Conn, (bank, code): &(String, String)) -> Result<Whole> {
    queries::whole(conn, bank, code)?.ok_or(Error::NotFound)
}

pub async fn banks(db: web::Data<Db>, rules: Rules, acting: Author) -> Result<HttpResponse> {
    let counted = db
        .read(|conn| -> Result<_> {
            let mut counted = Vec::new();
            for bank in queries::banks(conn)? {
                let counts = Counts::of(&queries::shelf(conn, &bank.code)?);
                counted.push((bank, counts));
            }
            Ok(counted)
        })
        .await?;
    let with_thin = counted.into_iter().map(|(bank, counts)| {
        let plans: Vec<_> =
            shelf::plans(&rules, &bank.code).into_iter().map(|plan| plan.1).collect();
        let thin = shelf::thin(&counts, &plans);
        (bank, counts, thin)
    });
    Ok(html(pages::banks(&acting, &with_thin.collect::<Vec<_>>())))
}

pub async fn new_bank_page(acting: Author) -> Result<HttpResponse> {
    Ok(html(pages::new_bank(&acting, &Fields::default(), &Problems::default())))
}

pub async fn new_bank(
    db: web::Data<Db>,
    acting: Author,
    Form(fields): Form<Fields>,
) -> Result<HttpResponse> {
    let again =
        |problems: &Problems| Error::Again(Box::new(pages::new_bank(&acting, &fields, problems)));
    let (code, title) = read_bank(&fields).map_err(|problems| again(&problems))?;
    let (author, taken) = (acting.clone(), code.clone());
    let key = fields.get("form_key").to_owned();
    let done = submit(&db, &acting, &key, move |conn| {
        writing::open_bank(conn, &author, &code, &title)?;
        Ok(format!("/exams/banks/{code}"))
    })
    .await;
    match done {
        Err(Error::Database(error)) if error.is_unique_violation() => {
            let mut problems = Problems::default();
            problems.add(
                "code",
                text!("“{taken}”已有题库使用。", "There is a bank “{taken}” already."),
            );
            Err(again(&problems))
        }
        done => done,
    }
}

#[derive(Deserialize)]
pub struct Practice {
    form_key: String,
    /// `yes` or `no`.
    open: String,
}

/// Opens a bank for practice, or closes it again.
pub async fn set_practice(
    db: web::Data<Db>,
    acting: Author,
    code: web::Path<String>,
    Form(form): Form<Practice>,
) -> Result<HttpResponse> {
    let (author, open) = (acting.clone(), form.open == "yes");
    submit(&db, &acting, &form.form_key, move |conn| {
        let bank = find_bank(conn, &code)?;
        writing::set_practice(conn, &author, &bank, open)?;
        Ok(bank.path())
    })
    .await
}

/// The code and the title of a new bank.
fn read_bank(fields: &Fields) -> Result<(String, Text), Problems> {
    let mut problems = Problems::default();
    let typed = |name: &str| fields.get(name).trim().to_owned();
    let title = Text { zh: typed("title.zh"), en: typed("title.en") };
    let given = typed("code");
    let code = if given.is_empty() { slug(&title.en) } else { given };
    if title.is_blank() {
        problems.add(
            "title.zh",
            text!("请至少填写一种语言的名称。", "Give it a title in at least one language."),
        );
    }
    // The addresses of fixed pages come first.
    if code.is_empty() || code != slug(&code) || code == "new" {
        problems.add(
            "code",
            text!(
                "请用小写字母、数字和“-”，最多 40 个字符。",
                "Use lower-case letters, digits and “-”, at most 40 characters."
            ),
        );
    }
    if problems.is_empty() { Ok((code, title)) } else { Err(problems) }
}

const PAGE: usize = 50;

pub async fn bank(
    db: web::Data<Db>,
    rules: Rules,
    acting: Author,
    code: web::Path<String>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    let narrowed = filter.clone();
    let (bank, areas, counts, found, lines, bodies) = db
        .read(move |conn| -> Result<_> {
            let bank = find_bank(conn, &code)?;
            let shelf = queries::shelf(conn, &code)?;
            let counts = Counts::of(&shelf);
            let fitting = matching(conn, shelf, &narrowed)?;
            let found = fitting.len();
            let from = (narrowed.page() - 1) * PAGE;
            let lines: Vec<OnShelf> = fitting.into_iter().skip(from).take(PAGE).collect();
            let ids: Vec<VersionId> = lines.iter().map(|one| one.standing().id).collect();
            let bodies = queries::bodies(conn, &ids)?;
            Ok((bank, queries::areas(conn, &code)?, counts, found, lines, bodies))
        })
        .await?;
    let plans = shelf::plans(&rules, &bank.code);
    let thin = shelf::thin(&counts, &plans.iter().map(|plan| plan.1).collect::<Vec<_>>());
    let has_more = filter.page() * PAGE < found;
    let shown = pages::Shown {
        bank: &bank,
        areas: &areas,
        counts: &counts,
        thin: &thin,
        plans: &plans,
        filter: &filter,
        lines: &lines,
        found,
        has_more,
        bodies: &bodies,
    };
    Ok(html(pages::bank(&acting, &shown)))
}

/// The questions a filter leaves; wordings are only read when words are asked for.
fn matching(conn: &mut Conn, shelf: Vec<OnShelf>, filter: &Filter) -> Result<Vec<OnShelf>> {
    let mut fitting: Vec<OnShelf> = shelf.into_iter().filter(|one| filter.fits(one)).collect();
    if !filter.words.trim().is_empty() {
        let ids: Vec<VersionId> = fitting.iter().map(|one| one.standing().id).collect();
        let bodies = queries::bodies(conn, &ids)?;
        fitting.retain(|one| {
            let stem = bodies.get(&one.standing().id).map(|body| &body.stem);
            stem.is_some_and(|stem| {
                filter.speaks_of(&format!("{} {}\n{}", one.code, stem.zh, stem.en))
            })
        });
    }
    Ok(fitting)
}

#[derive(Deserialize)]
pub struct Shown {
    version: Option<i64>,
}

pub async fn question(
    db: web::Data<Db>,
    rules: Rules,
    acting: Author,
    path: web::Path<(String, String)>,
    shown: web::Query<Shown>,
) -> Result<HttpResponse> {
    let number = shown.version;
    let (whole, at, used, similar) = db
        .read(move |conn| -> Result<_> {
            let whole = find(conn, &path)?;
            let current = whole.current().map(|current| current.outline.number);
            let number = number.or(current);
            let at = whole.versions.iter().position(|one| Some(one.outline.number) == number);
            let at = at.ok_or(Error::NotFound)?;
            let used = queries::used(conn, whole.question, None)?;
            let body = &whole.versions[at].body;
            let similar = alike(conn, &whole.bank, body, Some(&whole.code), similar::ALIKE)?;
            Ok((whole, at, used, similar))
        })
        .await?;
    let plans = shelf::plans(&rules, &whole.bank.code);
    let version = whole.versions.get(at).ok_or(Error::NotFound)?;
    let told = pages::Told { whole: &whole, version, used, plans: &plans, similar: &similar };
    Ok(html(pages::question(&acting, &told)))
}

/// The few questions of a bank that are most like a wording.
fn alike(
    conn: &mut Conn,
    bank: &Bank,
    body: &Body,
    own: Option<&str>,
    threshold: f64,
) -> Result<Vec<(String, Text, f64)>> {
    const MOST: usize = 5;
    let (shelf, mut bodies) = compared(conn, bank)?;
    let others: Vec<&OnShelf> =
        shelf.iter().filter(|one| own.is_none_or(|own| own != one.code)).collect();
    let wording =
        |one: &&OnShelf| bodies.get(&one.standing().id).map(Wording::of).unwrap_or_default();
    let wordings: Vec<Wording> = others.iter().map(wording).collect();
    let found = similar::like(&Wording::of(body), &wordings, threshold);
    let told = found.into_iter().take(MOST).filter_map(|(at, likeness)| {
        let one = others.get(at)?;
        let stem = bodies.remove(&one.standing().id)?.stem;
        Some((one.code.clone(), stem, likeness))
    });
    Ok(told.collect())
}

/// What is compared for likeness: everything that is or may come into use.
fn compared(conn: &mut Conn, bank: &Bank) -> Result<(Vec<OnShelf>, HashMap<VersionId, Body>)> {
    let mut shelf = queries::shelf(conn, &bank.code)?;
    shelf.retain(|one| !matches!(one.standing().stage, Stage::Retired | Stage::Compromised));
    let ids: Vec<VersionId> = shelf.iter().map(|one| one.standing().id).collect();
    let bodies = queries::bodies(conn, &ids)?;
    Ok((shelf, bodies))
}

pub async fn duplicates(
    db: web::Data<Db>,
    acting: Author,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    const MOST: usize = 100;
    let (bank, shelf, bodies) = db
        .read(move |conn| -> Result<_> {
            let bank = find_bank(conn, &code)?;
            let (shelf, bodies) = compared(conn, &bank)?;
            Ok((bank, shelf, bodies))
        })
        .await?;
    let read: Vec<(&OnShelf, &Body)> =
        shelf.iter().filter_map(|one| Some((one, bodies.get(&one.standing().id)?))).collect();
    let wordings: Vec<Wording> = read.iter().map(|(_, body)| Wording::of(body)).collect();
    let pairs = similar::pairs(&wordings, similar::ALIKE);
    let more = pairs.len() > MOST;
    let twins = pairs.into_iter().take(MOST);
    let twins: Vec<pages::Twins<'_>> = twins
        .map(|(a, b, likeness)| pages::Twins { left: read[a], right: read[b], likeness })
        .collect();
    Ok(html(pages::duplicates(&acting, &bank, &twins, more)))
}

#[derive(Deserialize)]
pub struct Wanted {
    kind: Option<String>,
}

pub async fn new_page(
    db: web::Data<Db>,
    acting: Author,
    code: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let desk = db.read(move |conn| Desk::for_new(conn, &code)).await?;
    let Some(kind) = wanted.kind.as_deref().and_then(QuestionKind::parse) else {
        return Ok(html(pages::choose_kind(&acting, &desk.bank)));
    };
    Ok(html(desk.page(&acting, &fields::blank(kind), &Shows::default())))
}

pub async fn edit_page(
    db: web::Data<Db>,
    acting: Author,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let desk = db.read(move |conn| Desk::for_edit(conn, &path)).await?;
    let current = desk.whole.as_ref().and_then(Whole::current).ok_or(Error::NotFound)?;
    let code = desk.whole.as_ref().map_or("", |whole| &whole.code);
    let filled = fields::of(&writing::as_question(code, current));
    Ok(html(desk.page(&acting, &filled, &Shows::default())))
}

/// What lies before an author: the bank, its areas, and the question that is edited.
#[derive(Clone)]
struct Desk {
    bank: Bank,
    areas: Vec<(String, Text)>,
    whole: Option<Whole>,
}

/// What the editor shows besides the fields.
#[derive(Default)]
struct Shows<'a> {
    problems: Problems,
    notice: Option<Markup>,
    preview: Option<&'a Body>,
    anyway: bool,
}

impl Desk {
    fn for_new(conn: &mut Conn, code: &str) -> Result<Desk> {
        Ok(Desk { bank: find_bank(conn, code)?, areas: queries::areas(conn, code)?, whole: None })
    }

    fn for_edit(conn: &mut Conn, path: &(String, String)) -> Result<Desk> {
        let whole = find(conn, path)?;
        let areas = queries::areas(conn, &whole.bank.code)?;
        Ok(Desk { bank: whole.bank.clone(), areas, whole: Some(whole) })
    }

    fn page(&self, acting: &Author, fields: &Fields, shows: &Shows<'_>) -> Markup {
        let newest = |whole: &Whole| whole.newest().map_or(0, |newest| newest.outline.number);
        // What was told about a newer version is saved on top of it the next time.
        let based_on = |whole| match fields.get("based_on").parse() {
            Ok(based_on) if shows.notice.is_none() => based_on,
            _ => newest(whole),
        };
        let editor = Editor {
            bank: &self.bank,
            areas: &self.areas,
            fields,
            problems: &shows.problems,
            kind: QuestionKind::parse(fields.get("kind")).unwrap_or(QuestionKind::Single),
            based_on: self.whole.as_ref().map(|whole| (whole, based_on(whole))),
            notice: shows.notice.clone().unwrap_or_else(|| markup! {}),
            preview: shows.preview,
            anyway: shows.anyway,
        };
        pages::editor(acting, &editor)
    }

    /// The question in the fields. One that is kept already stays under its code, whatever it is.
    fn read(&self, fields: &Fields) -> Result<Question, Problems> {
        let Some(whole) = &self.whole else { return fields::read(fields, &self.areas) };
        let mut fields = fields.clone();
        fields.set("code", "");
        fields::read(&fields, &self.areas).map(|one| Question { code: whole.code.clone(), ..one })
    }

    fn again(&self, acting: &Author, fields: &Fields, shows: &Shows<'_>) -> Error {
        Error::Again(Box::new(self.page(acting, fields, shows)))
    }
}

/// What becomes of a form: shown again because that was asked for, or to be saved.
enum Next {
    Show(Markup),
    Save(Fields),
}

/// Does what the form asks for besides saving: more rows, a part, a picture, a preview.
async fn before_saving(db: &Db, acting: &Author, desk: &Desk, filled: Filled) -> Result<Next> {
    let Filled { mut fields, file } = filled;
    let act = fields.get("act").to_owned();
    let with_file = file.is_some();
    if let Some((name, bytes)) = file {
        let kept = keep_picture(db, acting, &name, bytes).await?;
        kept.map(|address| place_picture(&mut fields, &address, acting)).map_err(|why| {
            desk.again(acting, &fields, &Shows { problems: at_file(why), ..Shows::default() })
        })?;
    }
    let list = fields.get("more").to_owned();
    if !list.is_empty() {
        let rows = fields.rows(&list) + 3;
        fields.set_rows(&list, rows);
    } else if act == "add-part" {
        add_part(&mut fields);
    } else if act == "preview" {
        return preview(acting, desk, &fields).map(Next::Show);
    } else if act == "upload" && !with_file {
        let why = text!("请先选择图片文件。", "Choose a picture file first.");
        let shows = Shows { problems: at_file(why), ..Shows::default() };
        return Err(desk.again(acting, &fields, &shows));
    } else if act != "upload" {
        return Ok(Next::Save(fields));
    }
    Ok(Next::Show(desk.page(acting, &fields, &Shows::default())))
}

fn at_file(why: Text) -> Problems {
    let mut problems = Problems::default();
    problems.add("file", why);
    problems
}

fn preview(acting: &Author, desk: &Desk, fields: &Fields) -> Result<Markup> {
    match desk.read(fields) {
        Ok(one) => {
            let shows = Shows { preview: Some(&one.body), ..Shows::default() };
            Ok(desk.page(acting, fields, &shows))
        }
        Err(problems) => Err(desk.again(acting, fields, &Shows { problems, ..Shows::default() })),
    }
}

fn add_part(fields: &mut Fields) {
    let at = fields.rows("part");
    let kind = QuestionKind::parse(fields.get("new_part_kind")).unwrap_or(QuestionKind::Single);
    fields.set(format!("part.{at}.kind"), kind.word());
    fields::blank_task(fields, &format!("part.{at}."), kind);
    fields.set_rows("part", at + 1);
}

/// Keeps a picture and says its address, or why it is not taken.
async fn keep_picture(
    db: &Db,
    acting: &Author,
    name: &str,
    bytes: Vec<u8>,
) -> Result<Result<String, Text>> {
    let picture = match pictures::inspect(name, bytes) {
        Ok(picture) => picture,
        Err(why) => return Ok(Err(why)),
    };
    let address = format!("/exams/files/{}", picture.digest);
    let (by, now) = (acting.id, acting.now);
    db.write(move |conn| -> Result<()> {
        if queries::keep_picture(conn, &picture, (now, by))? {
            let detail = (&picture.digest, &picture.name, picture.bytes.len());
            audit::note(conn, Some(by), "add-picture", ("exam-file", None), detail, now)?;
        }
        Ok(())
    })
    .await?;
    Ok(Ok(address))
}

/// Puts a picture where the author wants it: as the picture to mark, or below a text, in the
/// languages in which it has words already.
fn place_picture(fields: &mut Fields, address: &str, acting: &Author) {
    let target = fields.get("picture_for").to_owned();
    if target.ends_with("hotspot.picture") {
        fields.set(target, address);
        return;
    }
    let target = if target.is_empty() { "stem".to_owned() } else { target };
    let names = [format!("{target}.zh"), format!("{target}.en")];
    let empty = names.iter().all(|name| fields.get(name).trim().is_empty());
    let own = format!("{target}.{}", if acting.lang().tag() == "en" { "en" } else { "zh" });
    let said =
        [fields.get("picture.zh").trim().to_owned(), fields.get("picture.en").trim().to_owned()];
    for (name, alt) in names.into_iter().zip(&said) {
        let words = fields.get(&name).trim_end().to_owned();
        if words.is_empty() && !(empty && name == own) {
            continue;
        }
        let alt = if alt.is_empty() { said.concat() } else { alt.clone() };
        let alt = alt.replace(['[', ']', '\n', '\r'], " ");
        let gap = if words.is_empty() { "" } else { "\n\n" };
        fields.set(name, format!("{words}{gap}![{alt}]({address})"));
    }
    fields.set("picture.zh", "");
    fields.set("picture.en", "");
}

pub async fn write_new(
    db: web::Data<Db>,
    acting: Author,
    code: web::Path<String>,
    filled: Filled,
) -> Result<HttpResponse> {
    let desk = db.read(move |conn| Desk::for_new(conn, &code)).await?;
    let fields = match before_saving(&db, &acting, &desk, filled).await? {
        Next::Show(page) => return Ok(html(page)),
        Next::Save(fields) => fields,
    };
    let one = desk.read(&fields).map_err(|problems| {
        desk.again(&acting, &fields, &Shows { problems, ..Shows::default() })
    })?;
    let (author, key) = (acting.clone(), fields.get("form_key").to_owned());
    submit(&db, &acting, &key, move |conn| save_new(conn, &author, &desk, &fields, one)).await
}

fn save_new(
    conn: &mut Conn,
    author: &Author,
    desk: &Desk,
    fields: &Fields,
    one: Question,
) -> Result<String> {
    if fields.get("act") != "save-anyway" {
        let similar = alike(conn, &desk.bank, &one.body, None, similar::NEARLY_THE_SAME)?;
        if !similar.is_empty() {
            let notice = Some(pages::too_similar(author.lang(), &desk.bank, &similar));
            let shows = Shows { notice, anyway: true, ..Shows::default() };
            return Err(desk.again(author, fields, &shows));
        }
    }
    match writing::add(conn, author, &desk.bank, one)? {
        Ok(code) => Ok(desk.bank.question_path(&code)),
        Err(writing::Taken) => {
            let mut problems = Problems::default();
            problems.add(
                "code",
                text!("题库里已有这个代码。", "The bank has a question of this code."),
            );
            Err(desk.again(author, fields, &Shows { problems, ..Shows::default() }))
        }
    }
}

pub async fn write_edit(
    db: web::Data<Db>,
    acting: Author,
    path: web::Path<(String, String)>,
    filled: Filled,
) -> Result<HttpResponse> {
    let path = path.into_inner();
    let place = path.clone();
    let desk = db.read(move |conn| Desk::for_edit(conn, &place)).await?;
    let fields = match before_saving(&db, &acting, &desk, filled).await? {
        Next::Show(page) => return Ok(html(page)),
        Next::Save(fields) => fields,
    };
    let one = desk.read(&fields).map_err(|problems| {
        desk.again(&acting, &fields, &Shows { problems, ..Shows::default() })
    })?;
    let (author, key) = (acting.clone(), fields.get("form_key").to_owned());
    let based_on = fields.get("based_on").parse().unwrap_or(0);
    submit(&db, &acting, &key, move |conn| {
        let whole = find(conn, &path)?;
        if writing::edit(conn, &author, &whole, based_on, &one)?.is_ok() {
            return Ok(whole.path());
        }
        let desk = Desk::for_edit(conn, &path)?;
        let notice = desk.whole.as_ref().map(|whole| pages::overtaken(&author, whole));
        Err(desk.again(&author, &fields, &Shows { notice, ..Shows::default() }))
    })
    .await
}

#[derive(Deserialize)]
pub struct Taken {
    form_key: String,
    version: i64,
    step: String,
    #[serde(default)]
    why: String,
}

pub async fn take_step(
    db: web::Data<Db>,
    acting: Author,
    path: web::Path<(String, String)>,
    Form(form): Form<Taken>,
) -> Result<HttpResponse> {
    let step = Step::parse(&form.step).ok_or_else(unknown_step)?;
    let why: String = form.why.trim().chars().take(1000).collect();
    let author = acting.clone();
    submit(&db, &acting, &form.form_key, move |conn| {
        let whole = find(conn, &path)?;
        writing::take(conn, &author, &whole, form.version, step, &why)?;
        Ok(whole.path())
    })
    .await
}

fn unknown_step() -> Error {
    Error::Invalid(text!("没有这一步操作。请刷新页面。", "There is no such step. Reload the page."))
}

/// A file may be opened by itself: then nothing in it may run or load.
const FILE_POLICY: &str = "default-src 'none'; sandbox";
/// Its name is its digest: it never changes.
const FILE_CACHE: &str = "private, max-age=31536000, immutable";

pub async fn file(
    db: web::Data<Db>,
    _viewer: Viewer,
    digest: web::Path<String>,
) -> Result<HttpResponse> {
    let found = db.read(move |conn| queries::file(conn, &digest)).await?;
    let (media_type, bytes) = found.ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(FILE_CACHE)))
        .insert_header((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY)))
        .body(bytes))
}
