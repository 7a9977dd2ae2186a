//! Requests of readers: what the rules say, and the calculator.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{drafts, pages};
use crate::{
    access::{RuleMaking, Viewer, proof::Proof},
    certification::calculator::{self, Asked, MOST_CYCLES},
    content::{self, ContentId, ContentKind, Word},
    db::{Conn, Db},
    record::Rules,
    text,
    web::{Error, Problems, Result, html, redirect},
};

/// Whether somebody may see drafts.
pub fn sees_drafts(viewer: &Viewer) -> bool {
    viewer.holds_any(<RuleMaking as Proof>::ROLES)
}

pub async fn list(db: web::Data<Db>, rules: Rules, viewer: Viewer) -> Result<HttpResponse> {
    let words = db.read(content::words).await?;
    Ok(html(pages::list(&viewer, &rules, &words)))
}

pub async fn set(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    code: web::Path<String>,
) -> Result<HttpResponse> {
    let set = rules.set(&code).ok_or(Error::NotFound)?;
    let (code, sees) = (code.into_inner(), sees_drafts(&viewer));
    let (words, drafts) = db
        .read(move |conn| -> Result<_> {
            let drafts = if sees { drafts::of_set(conn, &code)? } else { Vec::new() };
            Ok((words_of(conn, &code)?, drafts))
        })
        .await?;
    Ok(html(pages::set(&viewer, &rules, set, &words, &drafts)))
}

/// What was said about one rule set, oldest first.
pub fn words_of(conn: &mut Conn, code: &str) -> Result<Vec<Word>> {
    let mut words = content::words(conn)?;
    words.retain(|word| word.code == code);
    Ok(words)
}

pub async fn version(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse> {
    let (code, number) = path.into_inner();
    let of = code.clone();
    let words = db.read(move |conn| words_of(conn, &of)).await?;
    let place = words.iter().position(|word| word.number == number).ok_or(Error::NotFound)?;
    let before = place.checked_sub(1).and_then(|place| words.get(place));
    Ok(html(pages::version(&viewer, &rules, &code, &words[place], before)))
}

/// Leads to the version that a certificate or a decision names.
pub async fn revision(
    db: web::Data<Db>,
    _viewer: Viewer,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let found = db.read(move |conn| content::revision(conn, ContentId(*id))).await?;
    let rules = found.filter(|found| found.kind == ContentKind::RuleSet);
    let found = rules.ok_or(Error::NotFound)?;
    Ok(redirect(format!("/rules/{}/versions/{}", found.code, found.number)))
}

/// What the calculator is asked, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    pub completed: String,
    #[serde(default)]
    pub cycle: String,
    #[serde(default)]
    pub previous: String,
}

impl Query {
    /// What is asked, today's completion of a first issue where nothing is said; what cannot be
    /// read is named.
    pub fn read(&self, today: NaiveDate) -> (Option<Asked>, Problems) {
        let mut problems = Problems::default();
        let mut day = |field: &str, word: &str| -> Option<NaiveDate> {
            let word = word.trim();
            if word.is_empty() {
                return None;
            }
            let read = word.parse().ok().filter(|day: &NaiveDate| in_reach(*day));
            if read.is_none() {
                problems.add(
                    field,
                    text!(
                        "请写成 2026-01-31 的形式，年份在 1950 到 2200 之间。",
                        "Write a date such as 2026-01-31, in the years 1950 to 2200."
                    ),
                );
            }
            read
        };
        let completed = day("completed", &self.completed).unwrap_or(today);
        let previous = day("previous", &self.previous);
        let cycle = match self.cycle.trim() {
            "" => Some(0),
            word => word.parse().ok().filter(|n| *n <= MOST_CYCLES),
        };
        if cycle.is_none() {
            problems.add(
                "cycle",
                text!(
                    "请填 0 到 {MOST_CYCLES} 之间的整数。",
                    "A whole number from 0 to {MOST_CYCLES}."
                ),
            );
        }
        let asked = cycle.map(|cycle| Asked { completed, cycle, previous });
        (asked.filter(|_| problems.is_empty()), problems)
    }
}

/// Dates that mean something, and from which every period can be counted.
fn in_reach(day: NaiveDate) -> bool {
    use chrono::Datelike;
    (1950..=2200).contains(&day.year())
}

pub async fn certification(
    rules: Rules,
    viewer: Viewer,
    path: web::Path<(String, String)>,
    query: web::Query<Query>,
) -> Result<HttpResponse> {
    let (set, code) = path.into_inner();
    let full = format!("{set}/{code}");
    let (set, one) = rules.certification(&full).ok_or(Error::NotFound)?;
    let (asked, problems) = query.read(viewer.today);
    let terms = asked.map(|asked| calculator::terms(one, asked));
    let calculation = pages::Calculation { query: &query, asked, terms, problems };
    Ok(html(pages::certification(&viewer, &rules, set, one, &calculation)))
}
