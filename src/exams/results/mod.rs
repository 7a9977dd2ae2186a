//! Results: what a candidate learns, lists within reach (scores, never answers), release, appeals,
//! corrections of wrong questions.
//!
//! Until a result is released nobody but those who release it learns anything of it, and nothing
//! follows from it. A result that changed takes the place of the one before; both stay.

use actix_web::{HttpResponse, web};
use chrono::{Duration, NaiveDate, NaiveTime, TimeZone};
use serde::Deserialize;

use self::queries::Narrowed;
use crate::{
    access::{Acting, OverPeople, Routes, Who, proof::Proof},
    db::{Db, Instant},
    exams::rules,
    i18n,
    mail::Letterhead,
    record::{Consequences, Rules},
    staff::{self, Site},
    t,
    web::{Error, Result, download, html},
};

pub mod appeals;
pub mod candidate;
pub mod corrections;
mod pages;
pub mod queries;
pub mod release;

pub fn routes() -> Routes {
    let over_people = Who::Roles(OverPeople::ROLES);
    Routes::new()
        .get("/exams/results", over_people, list)
        .get("/exams/results.csv", over_people, as_csv)
        .and(release::routes())
        .and(appeals::routes())
        .and(corrections::routes())
        .get("/exams/attempts/{id}/result", Who::SignedIn, candidate::result)
}

/// The filter as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Filter {
    #[serde(default)]
    pub exam: String,
    /// The code of a site.
    #[serde(default)]
    pub site: String,
    /// `yes` or `no`.
    #[serde(default)]
    pub passed: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub through: String,
    page: Option<usize>,
}

const PAGE: usize = 50;
const CSV_LINES: i64 = 10_000;

impl Filter {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 100_000)
    }

    pub fn query(&self) -> [(&'static str, &str); 5] {
        [
            ("exam", &self.exam),
            ("site", &self.site),
            ("passed", &self.passed),
            ("from", &self.from),
            ("through", &self.through),
        ]
    }

    fn narrowed(&self, acting: &Acting<OverPeople>, sites: &[Site]) -> Narrowed {
        let begin = |day: NaiveDate| {
            let local = acting.zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
            local.map(|local| Instant::from(local.to_utc()))
        };
        let site = sites.iter().find(|site| site.code == self.site);
        let through: Option<NaiveDate> = self.through.parse().ok();
        Narrowed {
            exam: Some(self.exam.clone()).filter(|exam| !exam.is_empty()),
            below: site.map(|site| site.lineage.clone()),
            passed: match self.passed.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            from: self.from.parse().ok().and_then(begin),
            until: through.and_then(|day| begin(day + Duration::days(1))),
        }
    }
}

pub async fn list(
    acting: Acting<OverPeople>,
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    release::release_due(&db, &rules, &consequences, &head, acting.now).await?;
    let (who, wanted) = (acting.clone(), filter.clone());
    let offset = ((filter.page() - 1) * PAGE) as i64;
    let (sites, mut lines) = db
        .read(move |conn| -> Result<_> {
            let sites = staff::queries::sites(conn, who.reach())?;
            let narrowed = wanted.narrowed(&who, &sites);
            let most = PAGE as i64 + 1;
            let lines = queries::results(conn, who.reach(), &narrowed, who.today, most, offset)?;
            Ok((sites, lines))
        })
        .await?;
    let has_more = lines.len() > PAGE;
    lines.truncate(PAGE);
    Ok(html(pages::results(&acting, &rules, &filter, &sites, &lines, has_more)))
}

pub async fn as_csv(
    acting: Acting<OverPeople>,
    db: web::Data<Db>,
    rules: Rules,
    filter: web::Query<Filter>,
) -> Result<HttpResponse> {
    let who = acting.clone();
    let lines = db
        .read(move |conn| -> Result<_> {
            let sites = staff::queries::sites(conn, who.reach())?;
            let narrowed = filter.narrowed(&who, &sites);
            Ok(queries::results(conn, who.reach(), &narrowed, who.today, CSV_LINES, 0)?)
        })
        .await?;
    let lang = acting.lang();
    let mut table = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let head = [
        t!(lang, "工号", "Staff number"),
        t!(lang, "姓名", "Name"),
        t!(lang, "门店", "Site"),
        t!(lang, "考试", "Exam"),
        t!(lang, "代码", "Code"),
        t!(lang, "第几次", "Attempt"),
        t!(lang, "交卷时间", "Handed in"),
        t!(lang, "得分", "Score"),
        t!(lang, "结果", "Result"),
    ];
    table.write_record(&head).map_err(failed)?;
    for line in &lines {
        let site = line.site.as_ref().map_or("", |site| site.title(lang));
        let at = line.attempt.finished_at.map(|at| i18n::instant(lang, at.utc(), acting.zone));
        let fields = [
            safe(&line.staff_no),
            safe(pages::name(lang, line)),
            safe(site),
            safe(rules::title(&rules, &line.attempt.exam).get(lang)),
            safe(&line.attempt.exam),
            line.attempt.number.to_string(),
            at.unwrap_or_default(),
            line.result.score().to_string(),
            super::attempts::pages::outcome(lang, line.result.passed),
        ];
        table.write_record(&fields).map_err(failed)?;
    }
    let bytes = table.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
    Ok(download("exam-results.csv", "text/csv; charset=utf-8", bytes))
}

fn failed(error: csv::Error) -> Error {
    Error::Internal(format!("CSV: {error}"))
}

/// A text that a spreadsheet takes for a text, not for a formula.
pub fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
