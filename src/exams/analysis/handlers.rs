//! From a request to the page of an exam or a question. Figures are computed when asked, away
//! from the threads that answer requests.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use chrono::Months;
use serde::Deserialize;

use super::{
    figures::{ExamFigures, Verdict, Weight},
    model::{Line, Papers},
    pages::{self, ExamLine, ExamPage, QuestionPage},
    queries::{self, Exposures},
    rules::{self, Sort},
};
use crate::{
    access::{Acting, Authoring, Viewer},
    db::{Conn, Db, Instant},
    exams::{
        results::safe,
        rules::{Offer, offered, title},
        standard::{self, Adopted},
    },
    i18n::{Lang, Text},
    record::Rules,
    t,
    web::{Error, Result, download, html},
};

/// The filter as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    pub sort: String,
    /// The title of a part, as the reader sees it.
    #[serde(default)]
    pub area: String,
    /// `doubtful`, or all.
    #[serde(default)]
    pub show: String,
    /// A version of the blueprint.
    #[serde(default)]
    pub blueprint: String,
    /// Exposure is counted over so many months.
    months: Option<u32>,
    page: Option<usize>,
}

/// Questions on a page of the table.
const PAGE: usize = 100;
const MONTHS: u32 = 12;
/// The list of exams looks at so many of each one's newest papers.
const IN_LIST: i64 = 1_000;

impl Filter {
    pub fn sort(&self) -> Sort {
        Sort::parse(&self.sort).unwrap_or(Sort::Worst)
    }

    pub fn months(&self) -> u32 {
        self.months.unwrap_or(MONTHS).clamp(1, 120)
    }

    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 10_000)
    }

    pub fn query(&self) -> [(&'static str, &str); 4] {
        [
            ("sort", &self.sort),
            ("area", &self.area),
            ("show", &self.show),
            ("blueprint", &self.blueprint),
        ]
    }

    /// Since when exposure is counted.
    fn since(&self, now: Instant) -> Instant {
        now.utc().checked_sub_months(Months::new(self.months())).map_or(now, Instant::from)
    }

    fn takes(&self, lang: Lang, line: &Line<'_>) -> bool {
        let doubtful = || {
            matches!(line.figures.verdict(), Some(Verdict::CheckKey | Verdict::Revise))
                || !line.figures.flags(&line.question.choices).is_empty()
        };
        (self.area.is_empty() || line.question.area.get(lang) == self.area)
            && (self.show != "doubtful" || doubtful())
    }
}

/// The pass mark of an exam, out of 100: by judges where they set one, else as planned.
fn cut(rules: &Rules, code: &str, adopted: Option<&Adopted>) -> f64 {
    let planned = Offer::find(rules, code).map_or(6000, |offer| offer.pass_score());
    adopted.map_or(planned, |adopted| adopted.pass_score) as f64 / 100.0
}

pub async fn exams(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
) -> Result<HttpResponse> {
    let codes: Vec<String> =
        offered(&rules, acting.today).iter().map(|offer| offer.code()).collect();
    let found = db
        .read(move |conn| -> Result<_> {
            codes.into_iter().map(|code| summary(conn, code)).collect::<Result<Vec<_>>>()
        })
        .await?;
    let lines: Vec<ExamLine> = found
        .into_iter()
        .map(|(code, figures, adopted)| ExamLine {
            title: title(&rules, &code),
            cut: cut(&rules, &code, adopted.as_ref()),
            adopted: adopted.is_some(),
            figures,
            code,
        })
        .collect();
    Ok(html(pages::exams(&acting, &lines)))
}

fn summary(conn: &mut Conn, code: String) -> Result<(String, ExamFigures, Option<Adopted>)> {
    let papers = queries::papers(conn, &code, None, IN_LIST)?;
    let adopted = standard::adopted(conn, &code)?;
    Ok((code, ExamFigures::of(&papers.sheets), adopted))
}

/// What the pages of an exam need, read in one go.
struct Loaded {
    code: String,
    title: Text,
    papers: Papers,
    exposures: Exposures,
    adopted: Option<Adopted>,
    blueprints: Vec<(i64, i64)>,
}

async fn load(
    db: &Db,
    rules: &Rules,
    viewer: &Viewer,
    (set, exam): (String, String),
    filter: &Filter,
) -> Result<Loaded> {
    let code = format!("{set}/{exam}");
    let (since, blueprint) = (filter.since(viewer.now), filter.blueprint.parse().ok());
    let asked = code.clone();
    let (papers, exposures, adopted, blueprints) = db
        .read(move |conn| -> Result<_> {
            Ok((
                queries::papers(conn, &asked, blueprint, queries::MOST_PAPERS)?,
                queries::exposures(conn, &asked, since)?,
                standard::adopted(conn, &asked)?,
                queries::blueprints(conn, &asked)?,
            ))
        })
        .await?;
    // An exam that no rule set plans any more keeps its papers and its figures.
    if Offer::find(rules, &code).is_none() && papers.sheets.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Loaded { title: title(rules, &code), code, papers, exposures, adopted, blueprints })
}

pub async fn exam(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    path: web::Path<(String, String)>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    let loaded = load(&db, &rules, &acting, path.into_inner(), &filter).await?;
    let (viewer, rules) = ((*acting).clone(), rules.clone());
    let page = web::block(move || exam_page(&viewer, &rules, &loaded, &filter)).await;
    Ok(html(page.map_err(|error| Error::Internal(error.to_string()))?))
}

fn exam_page(viewer: &Viewer, rules: &Rules, loaded: &Loaded, filter: &Filter) -> maud::Markup {
    let lang = viewer.lang();
    let figures = ExamFigures::of(&loaded.papers.sheets);
    let all = loaded.papers.lines(|version| loaded.exposures.of(version));
    let areas: BTreeSet<String> =
        all.iter().map(|line| line.question.area.get(lang).to_owned()).collect();
    let mut lines: Vec<Line<'_>> =
        all.iter().filter(|line| filter.takes(lang, line)).cloned().collect();
    rules::sort(&mut lines, filter.sort());
    let has_more = lines.len() > filter.page() * PAGE;
    let lines: Vec<Line<'_>> =
        lines.into_iter().skip((filter.page() - 1) * PAGE).take(PAGE).collect();
    let page = ExamPage {
        title: &loaded.title,
        code: &loaded.code,
        figures: &figures,
        cut: cut(rules, &loaded.code, loaded.adopted.as_ref()),
        adopted: loaded.adopted.as_ref(),
        all: &all,
        lines: &lines,
        has_more,
        areas: areas.into_iter().collect(),
        blueprints: loaded.blueprints.clone(),
        capped: loaded.papers.sheets.len() >= queries::MOST_PAPERS as usize,
    };
    pages::exam(viewer, &page, filter)
}

pub async fn question(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    path: web::Path<(String, String, String)>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    let (set, exam, key) = path.into_inner();
    let loaded = load(&db, &rules, &acting, (set, exam), &filter).await?;
    let (viewer, months) = ((*acting).clone(), filter.months());
    let page = web::block(move || question_page(&viewer, &loaded, &key, months)).await;
    Ok(html(page.map_err(|error| Error::Internal(error.to_string()))?.ok_or(Error::NotFound)?))
}

fn question_page(viewer: &Viewer, loaded: &Loaded, key: &str, months: u32) -> Option<maud::Markup> {
    let lines = loaded.papers.lines(|version| loaded.exposures.of(version));
    let line = lines.iter().find(|line| line.question.key() == key)?;
    let mut versions: Vec<&Line<'_>> = lines.iter().filter(|other| is_same(other, line)).collect();
    versions.sort_by_key(|line| line.question.number);
    let curve = loaded.papers.answers().curve(line.at, line.question.choices.len());
    let page = QuestionPage {
        exam: &loaded.title,
        code: &loaded.code,
        line,
        curve: &curve,
        versions: &versions,
        months,
    };
    Some(pages::question(viewer, &page))
}

/// Whether two lines are versions of one question, the same part of it.
fn is_same(a: &Line<'_>, b: &Line<'_>) -> bool {
    (a.question.question, a.question.part) == (b.question.question, b.question.part)
}

pub async fn as_csv(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    path: web::Path<(String, String)>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    let loaded = load(&db, &rules, &acting, path.into_inner(), &filter).await?;
    let lang = acting.lang();
    let mut lines = loaded.papers.lines(|version| loaded.exposures.of(version));
    lines.retain(|line| filter.takes(lang, line));
    rules::sort(&mut lines, filter.sort());
    let mut table = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    table.write_record(columns(lang)).map_err(failed)?;
    for line in &lines {
        table.write_record(fields(lang, line)).map_err(failed)?;
    }
    let bytes = table.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
    Ok(download("questions.csv", "text/csv; charset=utf-8", bytes))
}

fn failed(error: csv::Error) -> Error {
    Error::Internal(format!("CSV: {error}"))
}

fn columns(lang: Lang) -> Vec<String> {
    vec![
        t!(lang, "试题", "Question"),
        t!(lang, "版本", "Version"),
        t!(lang, "题型", "Kind"),
        t!(lang, "部分", "Area"),
        t!(lang, "样本", "n"),
        t!(lang, "难度系数", "Facility"),
        t!(lang, "标准差", "Standard deviation"),
        t!(lang, "区分度", "Discrimination"),
        t!(lang, "区分效率", "Discriminative efficiency"),
        t!(lang, "空答率", "Left open"),
        t!(lang, "评价", "Judgement"),
        t!(lang, "暂定", "Provisional"),
        t!(lang, "提示", "Remarks"),
        t!(lang, "抽中次数", "Times drawn"),
        t!(lang, "最近抽中", "Last drawn"),
        t!(lang, "曝光率", "Exposure"),
    ]
}

/// Figures in full; a figure that is not defined is an empty field, not 0.
fn fields(lang: Lang, line: &Line<'_>) -> Vec<String> {
    let (question, found, seen) = (line.question, &line.figures, &line.exposure);
    let figure = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
    let flags: Vec<Text> =
        found.flags(&question.choices).into_iter().map(|flag| flag.title()).collect();
    let verdict = found.verdict().map(|verdict| verdict.title().get(lang).to_owned());
    let provisional = found.weight() == Weight::Provisional;
    vec![
        safe(&question.code),
        question.number.to_string(),
        question.kind.get(lang).to_owned(),
        safe(question.area.get(lang)),
        found.n.to_string(),
        figure(found.facility),
        figure(found.sd),
        figure(found.discrimination),
        figure(found.efficiency),
        figure(found.omitted),
        verdict.unwrap_or_default(),
        if provisional { t!(lang, "是", "yes") } else { String::new() },
        Text::list(&flags).get(lang).to_owned(),
        seen.drawn.to_string(),
        seen.last.map(|at| at.utc().date_naive().to_string()).unwrap_or_default(),
        figure(seen.share()),
    ]
}
