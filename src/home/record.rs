//! A person's whole record: what holds today, and everything that was ever said.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::{Duration, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;

use super::chart;
use crate::{
    access::{Granting, Viewer, proof::Proof},
    db::{Db, Instant},
    i18n::{self, Lang},
    record::{
        Kind, PersonId, Rules,
        ledger::{self, Row},
        pages as shown,
    },
    staff::{self, Post},
    t,
    web::{
        Crumb, Error, Result,
        components::{
            Tone, alert, badge, card, card_with, definitions, empty, heading, icon, table,
        },
        download, html,
    },
};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// As it was known at the end of this day.
    known: Option<String>,
    kind: Option<String>,
}

impl Asked {
    fn known_on(&self) -> Option<NaiveDate> {
        self.known.as_deref().and_then(|day| day.parse().ok())
    }

    fn kind(&self) -> Option<Kind> {
        self.kind.as_deref().and_then(Kind::parse)
    }
}

/// What the page shows of one person.
struct Whole {
    post: Post,
    assignments: Vec<(staff::Assignment, staff::Site)>,
    /// In force, as known when asked about.
    rows: Vec<Row>,
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
    let whole = load(db, &viewer, id, asked.known_on()).await?;
    Ok(html(page(&viewer, rules, &whole, &asked)))
}

const LINES: i64 = 5000;
/// Lines on the page; the filter and the export have the rest.
const SHOWN: usize = 25;

async fn load(db: &Db, viewer: &Viewer, id: PersonId, known: Option<NaiveDate>) -> Result<Whole> {
    let looking = viewer.clone();
    db.read(move |conn| {
        let post = looking.post(conn, id)?;
        let known_at = known.map(|day| end_of(day, post.site.zone()));
        Ok(Whole {
            assignments: staff::queries::assignments_of(conn, id)?,
            rows: ledger::rows_of(conn, id, known_at)?,
            history: ledger::history_of(conn, id, LINES)?,
            post,
        })
    })
    .await
}

/// The last moment of a day where the person works.
fn end_of(day: NaiveDate, zone: chrono_tz::Tz) -> Instant {
    let next = (day + Duration::days(1)).and_hms_opt(0, 0, 0).unwrap_or_default();
    let start_of_next = next.and_local_timezone(zone).earliest().map(|at| at.to_utc());
    Instant::from(start_of_next.unwrap_or_else(|| next.and_utc())).plus(-Duration::microseconds(1))
}

/// Every line of the record as a spreadsheet.
pub async fn export(
    db: web::Data<Db>,
    viewer: Viewer,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id = id.parse().map(PersonId).map_err(|_| Error::NotFound)?;
    let whole = load(&db, &viewer, id, None).await?;
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

fn page(viewer: &Viewer, rules: &Rules, whole: &Whole, asked: &Asked) -> Markup {
    let lang = viewer.lang();
    let own = whole.post.person.id == viewer.id;
    let title = whole.post.person.title(lang).to_owned();
    let crumbs =
        if own { vec![] } else { vec![Crumb::new("/people", t!(lang, "人员", "People"))] };
    viewer.page(&title, &crumbs, html! {
        (heading(&title, subtitle(lang, rules, whole, viewer.today), actions(viewer, whole, own)))
        @if let Some(known) = asked.known_on() {
            (alert(Tone::Info, t!(lang, "以下是截至 {} 系统所知的记录。", "The record as it was known at the end of {}.", i18n::date(lang, known))))
        }
        div.row {
            div."col-lg-5" {
                (standing(lang, rules, whole, viewer.today))
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
    let path = if own { "/my-path".to_owned() } else { format!("/people/{id}/path") };
    html! {
        a.btn href=(path) { (icon("stairs-up")) (t!(lang, "晋升路径", "Promotion path")) }
        @if grants { a.btn href=(format!("/people/{id}/accommodations")) { (icon("clock")) (t!(lang, "考试便利措施", "Exam accommodations")) } }
        a.btn href=(format!("/people/{id}/record.csv")) { (icon("download")) (t!(lang, "导出", "Export")) }
    }
}

/// Grades and certificates: what a reader looks for first.
fn standing(lang: Lang, rules: &Rules, whole: &Whole, today: NaiveDate) -> Markup {
    let context = rules.context();
    let name = |row: &Row, kind| {
        shown::name_of(context, kind, &row.code, row.level.as_deref()).get(lang).to_owned()
    };
    let mut grades: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in of_kind(&whole.rows, Kind::Grade) {
        if row.from_on <= today && row.through_on.is_none_or(|end| end >= today) {
            grades.insert(&row.code, row);
        }
    }
    let mut certificates: BTreeMap<&str, &Row> = BTreeMap::new();
    of_kind(&whole.rows, Kind::Certificate).for_each(|row| {
        certificates.insert(&row.code, row);
    });
    html! {
        (card(&t!(lang, "技能等级", "Skill grades"), html! {
            @if grades.is_empty() { p.text-secondary.mb-0 { (t!(lang, "还没有等级。", "No grade yet.")) } }
            (definitions(grades.values().map(|row| {
                let ladder = context.ladder(&row.code).map_or(row.code.as_str(), |l| l.title.get(lang));
                (ladder.to_owned(), html! { strong { (name(row, Kind::Grade)) } div.small.text-secondary { (shown::span(lang, row.from_on, row.through_on)) } })
            })))
        }))
        (card(&t!(lang, "证书", "Certificates"), html! {
            @if certificates.is_empty() { p.text-secondary.mb-0 { (t!(lang, "还没有证书。", "No certificate yet.")) } }
            (definitions(certificates.values().map(|row| {
                (name(row, Kind::Certificate), html! {
                    (shown::state(lang, row.from_on, row.through_on, today))
                    div.small.text-secondary { (shown::span(lang, row.from_on, row.through_on)) }
                })
            })))
        }))
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
            input.form-control.form-control-sm.w-auto type="date" name="known"
                value=(asked.known_on().map(|day| day.to_string()).unwrap_or_default())
                aria-label=(t!(lang, "截至某日所知", "As known on"));
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
