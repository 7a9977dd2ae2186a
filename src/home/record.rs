//! A person's whole record: what holds today, and everything that was ever said.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;

use super::chart;
use crate::{
    access::{Granting, Hr, Viewer, proof::Proof},
    certification::{
        asof::{Known, Seen},
        pages::{renewed, state_badge},
    },
    db::Db,
    i18n::{self, Lang},
    record::{
        Kind, PersonId, Rules,
        asof::{self, AsOf, Asking, Days},
        ledger::{self, Row},
        pages as shown,
    },
    staff::{self, Post},
    t,
    web::{
        Crumb, Error, Problems, Result,
        components::{Tone, badge, card, card_with, definitions, empty, heading, icon, table},
        download, html,
    },
};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    on: String,
    /// As it was known at the end of this day.
    #[serde(default, alias = "known")]
    known_on: String,
    kind: Option<String>,
}

impl Asked {
    fn asking(&self) -> Asking {
        Asking { on: self.on.clone(), known_on: self.known_on.clone() }
    }

    fn kind(&self) -> Option<Kind> {
        self.kind.as_deref().and_then(Kind::parse)
    }
}

/// What the page shows of one person.
struct Whole {
    post: Post,
    assignments: Vec<(staff::Assignment, staff::Site)>,
    asof: AsOf,
    /// What had begun by the day asked about, as known at the moment asked about.
    rows: Vec<Row>,
    /// The certificate of each certification that counts on the day.
    certificates: Vec<Seen>,
    /// Everything, voided lines included, newest first.
    history: Vec<Row>,
}

pub async fn own(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let id = viewer.id;
    show(&db, &rules, viewer, id, asked.into_inner()).await
}

pub async fn of_person(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<String>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let id = id.parse().map(PersonId).map_err(|_| Error::NotFound)?;
    show(&db, &rules, viewer, id, asked.into_inner()).await
}

async fn show(
    db: &Db,
    rules: &Rules,
    viewer: Viewer,
    id: PersonId,
    asked: Asked,
) -> Result<HttpResponse> {
    let (days, problems) = match asked.asking().read(viewer.today) {
        Ok(days) => (days, Problems::default()),
        Err(problems) => (Days::default(), problems),
    };
    let whole = load(db, rules, &viewer, id, days).await?;
    let page = page(&viewer, rules, &whole, &asked, &problems);
    if problems.is_empty() { Ok(html(page)) } else { Err(Error::Again(Box::new(page))) }
}

const LINES: i64 = 5000;
/// Lines on the page; the filter and the export have the rest.
const SHOWN: usize = 25;

async fn load(db: &Db, rules: &Rules, viewer: &Viewer, id: PersonId, days: Days) -> Result<Whole> {
    let (looking, rules) = (viewer.clone(), rules.clone());
    db.read(move |conn| {
        let post = looking.post(conn, id)?;
        let asof = days.at(looking.today, post.site.zone());
        let known = Known::load(conn, id, asof.known_at)?;
        let certificates = known.counting(rules.on(asof.on).context(), asof.on);
        let mut rows = known.rows;
        if asof.on != looking.today {
            rows.retain(|row| row.from_on <= asof.on);
        }
        let mut history = ledger::history_of(conn, id, LINES)?;
        if let Some(at) = asof.known_at {
            history.retain(|row| row.recorded_at <= at);
            let unseen = |row: &Row| row.voided_at.is_some_and(|voided| voided > at);
            history.iter_mut().filter(|row| unseen(row)).for_each(|row| row.voided_at = None);
        }
        let assignments = staff::queries::assignments_of(conn, id)?;
        Ok(Whole { post, assignments, asof, rows, certificates, history })
    })
    .await
}

/// Every line of the record as a spreadsheet.
pub async fn export(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id = id.parse().map(PersonId).map_err(|_| Error::NotFound)?;
    let whole = load(&db, &rules, &viewer, id, Days::default()).await?;
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let header = [
        "kind",
        "code",
        "level",
        "amount",
        "unit",
        "from",
        "through",
        "issuer",
        "number",
        "note",
        "source",
        "recorded_at",
        "voided_at",
        "void_reason",
    ];
    let failed = |error: csv::Error| Error::Internal(error.to_string());
    writer.write_record(header).map_err(failed)?;
    for row in &whole.history {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        writer
            .write_record([
                row.kind.clone(),
                row.code.clone(),
                text(&row.level),
                exact(row),
                text(&row.unit),
                row.from_on.to_string(),
                row.through_on.map(|day| day.to_string()).unwrap_or_default(),
                text(&row.issuer),
                text(&row.number),
                text(&row.note),
                row.source(),
                row.recorded_at.to_string(),
                row.voided_at.map(|at| at.to_string()).unwrap_or_default(),
                text(&row.void_reason),
            ])
            .map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
    let name = format!("record-{}.csv", whole.post.person.staff_no);
    Ok(download(&name, "text/csv; charset=utf-8", bytes))
}

/// The amount as the import reads it: `93`, `37/40`.
fn exact(row: &Row) -> String {
    match (row.amount_numerator, row.amount_denominator) {
        (Some(numerator), Some(1)) => numerator.to_string(),
        (Some(numerator), Some(denominator)) => format!("{numerator}/{denominator}"),
        _ => String::new(),
    }
}

fn page(
    viewer: &Viewer,
    rules: &Rules,
    whole: &Whole,
    asked: &Asked,
    problems: &Problems,
) -> Markup {
    let lang = viewer.lang();
    let keep = [("kind", asked.kind.as_deref().unwrap_or_default())];
    let own = whole.post.person.id == viewer.id;
    let title = whole.post.person.title(lang).to_owned();
    let crumbs =
        if own { vec![] } else { vec![Crumb::new("/people", t!(lang, "人员", "People"))] };
    viewer.page(&title, &crumbs, html! {
        (heading(&title, subtitle(lang, rules, whole, viewer.today), actions(viewer, whole, own)))
        (asof::form(lang, &asked.asking(), problems, &keep))
        @if !problems.is_empty() { (asof::misunderstood(lang)) }
        (asof::banner(lang, &whole.asof, viewer.today))
        div.row {
            div."col-lg-5" {
                (standing(lang, rules, whole))
                (kpis(lang, rules, &whole.rows))
                (posts(lang, rules, whole))
            }
            div."col-lg-7" {
                (in_force(lang, rules, whole, asked))
                (story(viewer, rules, &whole.history))
            }
        }
    })
}

fn subtitle(lang: Lang, rules: &Rules, whole: &Whole, today: NaiveDate) -> Markup {
    let Post { person, assignment, site } = &whole.post;
    html! {
        (person.staff_no) " · " (rules.position_title(&assignment.position).get(lang)) " · " (site.title(lang))
        @if !assignment.covers(today) { " " (badge(Tone::Neutral, t!(lang, "已离职", "Has left"))) }
    }
}

fn actions(viewer: &Viewer, whole: &Whole, own: bool) -> Markup {
    let lang = viewer.lang();
    let grants = own || viewer.holds_any(Granting::ROLES);
    let id = whole.post.person.id;
    let proves = own || viewer.holds_any(Hr::ROLES);
    let extracts = match own {
        true => "/extracts".to_owned(),
        false => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("person", &whole.post.person.staff_no);
            format!("/extracts?{}", query.finish())
        }
    };
    let path = if own { "/my-path".to_owned() } else { format!("/people/{id}/path") };
    let certificates =
        if own { "/certificates".to_owned() } else { format!("/certificates/of/{id}") };
    html! {
        a.btn href=(certificates) { (icon("certificate")) (t!(lang, "证书", "Certificates")) }
        a.btn href=(path) { (icon("stairs-up")) (t!(lang, "晋升路径", "Promotion path")) }
        @if proves { a.btn href=(extracts) { (icon("shield-check")) (t!(lang, "持证证明", "Extracts")) } }
        @if grants { a.btn href=(format!("/people/{id}/accommodations")) { (icon("clock")) (t!(lang, "考试便利措施", "Exam accommodations")) } }
        a.btn href=(format!("/people/{id}/record.csv")) { (icon("download")) (t!(lang, "导出", "Export")) }
    }
}

/// Grades and certificates: what a reader looks for first.
fn standing(lang: Lang, rules: &Rules, whole: &Whole) -> Markup {
    let (context, today) = (rules.context(), whole.asof.on);
    let name = |row: &Row, kind| {
        shown::name_of(context, kind, &row.code, row.level.as_deref()).get(lang).to_owned()
    };
    let mut grades: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in of_kind(&whole.rows, Kind::Grade) {
        if row.from_on <= today && row.through_on.is_none_or(|end| end >= today) {
            grades.insert(&row.code, row);
        }
    }
    html! {
        (card(&t!(lang, "技能等级", "Skill grades"), html! {
            @if grades.is_empty() { p.text-secondary.mb-0 { (t!(lang, "还没有等级。", "No grade yet.")) } }
            (definitions(grades.values().map(|row| {
                let ladder = context.ladder(&row.code).map_or(row.code.as_str(), |l| l.title.get(lang));
                (ladder.to_owned(), html! { strong { (name(row, Kind::Grade)) } div.small.text-secondary { (shown::span(lang, row.from_on, row.through_on)) } })
            })))
        }))
        div #certificates { (card(&t!(lang, "证书", "Certificates"), html! {
            @if whole.certificates.is_empty() { p.text-secondary.mb-0 { (t!(lang, "还没有证书。", "No certificate yet.")) } }
            (definitions(whole.certificates.iter().map(|seen| {
                let title = context.name(Kind::Certificate, &seen.held.code).get(lang).to_owned();
                (title, certificate(lang, seen, today))
            })))
        })) }
    }
}

fn certificate(lang: Lang, seen: &Seen, on: NaiveDate) -> Markup {
    let held = &seen.held;
    html! {
        (state_badge(lang, held.state()))
        @if !seen.in_force() { @if let Some(why) = seen.why(on) { div.small { (why.get(lang)) } } }
        div.small.text-secondary { (shown::span(lang, held.from, held.through)) }
        @if let Some(note) = held.followed.map(|next| renewed(lang, next)) { div.small.text-secondary { (note) } }
        @if let Some(number) = &held.number {
            div.small { @if held.is_ours() { a href={ "/certificates/" (number) } { (number) } } @else { (number) } }
        }
    }
}

fn of_kind(rows: &[Row], kind: Kind) -> impl Iterator<Item = &Row> {
    rows.iter().filter(move |row| row.kind == kind.word())
}

fn kpis(lang: Lang, rules: &Rules, rows: &[Row]) -> Markup {
    let mut metrics: BTreeMap<&str, Vec<(String, f64)>> = BTreeMap::new();
    for row in of_kind(rows, Kind::Kpi) {
        if let (Some(numerator), Some(denominator)) = (row.amount_numerator, row.amount_denominator)
        {
            let point = (i18n::month(lang, row.from_on), numerator as f64 / denominator as f64);
            metrics.entry(&row.code).or_default().push(point);
        }
    }
    html! {
        @for (code, points) in metrics {
            // Shares only: a response time in minutes has no place on a scale to 100 %.
            @if points.len() > 1 && points.iter().all(|(_, value)| *value <= 1.0) {
                @let title = rules.metric(code).map_or(code, |metric| metric.title.get(lang));
                @let last = points.last().map_or(0.0, |(_, value)| value * 100.0);
                (card(title, html! {
                    div.d-flex.align-items-baseline.gap-2 { span.h2.mb-0 { (format!("{last:.0} %")) } span.text-secondary { (points.last().map_or("", |(when, _)| when.as_str())) } }
                    (chart::trend(&points, &format!("{title}: {last:.0} %")))
                }))
            }
        }
    }
}

fn posts(lang: Lang, rules: &Rules, whole: &Whole) -> Markup {
    card(
        &t!(lang, "任职经历", "Positions held"),
        definitions(whole.assignments.iter().rev().map(|(assignment, site)| {
            (
                shown::span(lang, assignment.starts_on, assignment.ends_on),
                html! {
                    (rules.position_title(&assignment.position).get(lang)) " · " (site.title(lang))
                },
            )
        })),
    )
}

/// Everything in force, narrowed to a kind if the reader wants.
fn in_force(lang: Lang, rules: &Rules, whole: &Whole, asked: &Asked) -> Markup {
    let mut rows: Vec<&Row> = whole
        .rows
        .iter()
        .filter(|row| asked.kind().is_none_or(|kind| row.kind == kind.word()))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.from_on, row.id)));
    let headers = [
        t!(lang, "类别", "Kind"),
        t!(lang, "内容", "What"),
        t!(lang, "数值", "Amount"),
        t!(lang, "时间", "When"),
    ];
    let total = rows.len();
    let lines = rows
        .into_iter()
        .take(SHOWN)
        .filter_map(|row| Some(line(lang, rules, row, Kind::parse(&row.kind)?)));
    card_with(
        &t!(lang, "有效记录", "In force"),
        filter(lang, asked),
        html! {
            @if total == 0 { (empty("file-text", &t!(lang, "没有记录", "Nothing recorded"), t!(lang, "换一个类别或日期试试。", "Try another kind or day."))) }
            @else { (table(&headers, lines)) }
            @if total > SHOWN { div.card-footer.text-secondary { (t!(lang, "显示最近 {SHOWN} 条，共 {total} 条；导出可得全部。", "The latest {SHOWN} of {total}; the export has all.")) } }
        },
    )
}

fn line(lang: Lang, rules: &Rules, row: &Row, kind: Kind) -> Vec<Markup> {
    vec![
        html! { span.text-nowrap { (kind.title().get(lang)) } },
        html! {
            (shown::name_of(rules.context(), kind, &row.code, row.level.as_deref()).get(lang))
            @if let Some(number) = &row.number { div.small.text-secondary { (number) } }
            @if let Some(note) = &row.note { div.small.text-secondary { (note) } }
        },
        html! { (shown::amount(lang, row)) },
        html! { (shown::when(lang, kind, row.from_on, row.through_on)) },
    ]
}

fn filter(lang: Lang, asked: &Asked) -> Markup {
    html! {
        form.d-flex.gap-2.flex-wrap method="get" data-auto {
            select.form-select.form-select-sm.w-auto name="kind" aria-label=(t!(lang, "类别", "Kind")) {
                option value="" { (t!(lang, "全部类别", "All kinds")) }
                @for kind in Kind::ALL {
                    option value=(kind.word()) selected[asked.kind() == Some(kind)] { (kind.title().get(lang)) }
                }
            }
            @for (name, value) in [("on", &asked.on), ("known_on", &asked.known_on)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            button.btn.btn-sm type="submit" { (t!(lang, "查看", "Show")) }
        }
    }
}

/// What was recorded when, by which source, and what was taken back.
fn story(viewer: &Viewer, rules: &Rules, history: &[Row]) -> Markup {
    let lang = viewer.lang();
    let voided: Vec<&Row> = history.iter().filter(|row| row.voided_at.is_some()).take(30).collect();
    let headers = [t!(lang, "内容", "What"), t!(lang, "作废于", "Voided"), t!(lang, "原因", "Why")];
    let rows = voided.iter().filter_map(|row| {
        let kind = Kind::parse(&row.kind)?;
        let when = row.voided_at.map(|at| i18n::instant(lang, at.utc(), viewer.zone)).unwrap_or_default();
        Some(vec![
            html! { (kind.title().get(lang)) " · " (shown::name_of(rules.context(), kind, &row.code, row.level.as_deref()).get(lang)) " · " (shown::span(lang, row.from_on, row.through_on)) },
            html! { (when) },
            html! { (row.void_reason.as_deref().unwrap_or_default()) },
        ])
    });
    html! {
        @if !voided.is_empty() { (card_with(&t!(lang, "更正与作废", "Corrections"), html! {}, table(&headers, rows))) }
    }
}
