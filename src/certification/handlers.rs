//! Pages and forms of certificates.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use maud::Markup;
use serde::Deserialize;

use super::{
    acts::{
        self,
        handlers::ActFilled,
        queries::{self as files, File, FileKind},
    },
    asof::Known,
    doubts, issue,
    model::{Act, ActKind, Basis, Certificate, CertificateId, Held},
    pages, queries,
    standing::Standing,
};
use crate::{
    access::{Acting, Hr, OverPeople, Viewer},
    db::{Conn, Db},
    i18n::Text,
    mail::Letterhead,
    record::{
        PersonId, Rules,
        asof::{AsOf, Asking, Days},
    },
    staff::{
        self, Post, Site,
        queries::{Filter, Scope},
    },
    text,
    web::{Error, Problems, Result, download, html},
};

/// The days asked for, and what is wrong with them; what is wrong is answered for today.
fn understood(asking: &Asking, today: NaiveDate) -> (Days, Problems) {
    match asking.read(today) {
        Ok(days) => (days, Problems::default()),
        Err(problems) => (Days::default(), problems),
    }
}

/// The page, or the page again with what is wrong with the days.
fn shown(page: Markup, problems: &Problems) -> Result<HttpResponse> {
    if problems.is_empty() { Ok(html(page)) } else { Err(Error::Again(Box::new(page))) }
}

pub async fn mine(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    asking: web::Query<Asking>,
) -> Result<HttpResponse> {
    let (id, today) = (viewer.id, viewer.today);
    let (days, problems) = understood(&asking, today);
    let asof = days.at(today, viewer.zone);
    let (judged, wrong) = (rules.clone(), problems.clone());
    let page = db
        .read(move |conn| -> Result<_> {
            let seen = super::asof::of_person(conn, judged.on(asof.on).context(), id, &asof)?;
            let held: Vec<Held> = seen.into_iter().map(|seen| seen.held).collect();
            // What comes next, and who supervises whom, is a matter of today.
            let (mut next, mut supervised) = (Vec::new(), Vec::new());
            if asof.is_now(today) {
                next = issue::next_for(conn, &judged, &held, id, today)?;
                supervised = acts::supervision::shown(conn, &judged, id, today, None)?;
            }
            let asked = pages::Asked { asking: &asking, asof: &asof, problems: &wrong };
            Ok(pages::mine(&viewer, &judged, &held, &next, &supervised, &asked))
        })
        .await?;
    shown(page, &problems)
}

/// The filter of the board, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct BoardQuery {
    #[serde(default)]
    pub certification: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub state: String,
    /// How things stood on this day …
    #[serde(default)]
    pub on: String,
    /// … as it was known at the end of that one.
    #[serde(default)]
    pub known_on: String,
    /// They end within these days.
    #[serde(default)]
    pub first: String,
    #[serde(default)]
    pub last: String,
    pub page: Option<usize>,
}

/// What the board shows.
pub struct Board {
    pub rows: Vec<(Arc<Post>, Held)>,
    pub sites: Vec<Site>,
    /// Certifications anybody in reach holds.
    pub codes: Vec<String>,
    pub asof: AsOf,
    /// How many there are in each state, whichever state is asked for.
    pub counts: BTreeMap<&'static str, usize>,
}

/// The word for what may be renewed by now; it is among what runs out.
pub const DUE: &str = "due";

impl BoardQuery {
    pub fn asking(&self) -> Asking {
        Asking { on: self.on.clone(), known_on: self.known_on.clone() }
    }

    fn load(
        &self,
        conn: &mut Conn,
        rules: &Rules,
        scope: &Scope,
        today: NaiveDate,
        asof: AsOf,
    ) -> Result<Board> {
        let sites = staff::queries::sites(conn, scope)?;
        let site = sites.iter().find(|site| site.code == self.site);
        let filter = Filter { site: site.map(|site| site.lineage.clone()), ..Filter::default() };
        let rules = rules.on(asof.on);
        let seen = super::asof::board(conn, rules.context(), scope, &filter, today, &asof)?;
        let mut rows: Vec<(Arc<Post>, Held)> =
            seen.into_iter().map(|(post, seen)| (post, seen.held)).collect();
        let codes: BTreeSet<&str> = rows.iter().map(|(_, held)| held.code.as_str()).collect();
        let codes = codes.into_iter().map(str::to_owned).collect();
        rows.retain(|(_, held)| self.takes(held));
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for (_, held) in &rows {
            *counts.entry(held.state().word()).or_default() += 1;
            if is_due(held, asof.on) {
                *counts.entry(DUE).or_default() += 1;
            }
        }
        rows.retain(|(_, held)| self.shows(held, asof.on));
        Ok(Board { rows, sites, codes, counts, asof })
    }

    /// Whether it is asked for, its state apart.
    fn takes(&self, held: &Held) -> bool {
        let day = |word: &str| word.trim().parse::<NaiveDate>().ok();
        let (first, last) = (day(&self.first), day(&self.last));
        let ends = held.through;
        (self.certification.is_empty() || held.code == self.certification)
            && first.is_none_or(|first| ends.is_some_and(|ends| first <= ends))
            && last.is_none_or(|last| ends.is_some_and(|ends| ends <= last))
    }

    fn shows(&self, held: &Held, today: NaiveDate) -> bool {
        let state = held.state();
        match self.state.as_str() {
            "" => true,
            // Whoever asks for what is valid wants those running out as well.
            "valid" => state.in_force(),
            DUE => is_due(held, today),
            word => state.word() == word,
        }
    }

    /// As it stands in addresses, without the page.
    pub fn pairs(&self) -> [(&'static str, &str); 7] {
        [
            ("certification", &self.certification),
            ("site", &self.site),
            ("state", &self.state),
            ("first", &self.first),
            ("last", &self.last),
            ("on", &self.on),
            ("known_on", &self.known_on),
        ]
    }
}

/// Whether it is in force and may be renewed by now.
pub fn is_due(held: &Held, today: NaiveDate) -> bool {
    let opened =
        held.standing.window.is_some_and(|(opens, closes)| opens <= today && today <= closes);
    held.state().in_force() && opened
}

pub async fn board(
    db: web::Data<Db>,
    rules: Rules,
    over: Acting<OverPeople>,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse> {
    let (scope, today, asked) = (over.scope(), over.today, query.clone());
    let (days, problems) = understood(&query.asking(), today);
    let asof = days.at(today, over.zone);
    let known = rules.clone();
    let (board, doubts) = db
        .read(move |conn| -> Result<_> {
            // What is to be decided is a matter of today.
            let now = asof.is_now(today);
            let doubts = now.then(|| doubts::within(conn, &known, &scope, today)).transpose()?;
            Ok((asked.load(conn, &known, &scope, today, asof)?, doubts.unwrap_or_default()))
        })
        .await?;
    shown(pages::board(&over, &rules, &board, &doubts, &query, &problems), &problems)
}

pub async fn board_csv(
    db: web::Data<Db>,
    rules: Rules,
    over: Acting<OverPeople>,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse> {
    let (scope, today) = (over.scope(), over.today);
    let wrong = text!(
        "日期有误。请按 2026-03-14 的形式填写，“按哪一天所知”不能晚于今天。",
        "A day was not understood. Write it like 2026-03-14; “as known on” is today at the latest."
    );
    let days = query.asking().read(today).map_err(|_| Error::Invalid(wrong))?;
    let (asof, known) = (days.at(today, over.zone), rules.clone());
    let board = db.read(move |conn| query.load(conn, &known, &scope, today, asof)).await?;
    let bytes = pages::board_csv(over.lang(), &rules, &board)
        .map_err(|error| Error::Internal(format!("CSV: {error}")))?;
    Ok(download("certificates.csv", "text/csv; charset=utf-8", bytes))
}

/// A certificate as its page shows it.
pub struct Sheet {
    pub certificate: Certificate,
    pub acts: Vec<Act>,
    pub standing: Standing,
    /// The renewal that follows without a gap: when it begins, and its last day.
    pub followed: Option<(NaiveDate, Option<NaiveDate>)>,
    /// Scans, letters and, for HR, what acts rest on.
    pub files: Vec<File>,
    /// What was missing when it was issued all the same.
    pub exception: Option<Text>,
    /// The names of those who acted, and the numbers of certificates that are spoken of.
    pub names: HashMap<PersonId, String>,
    pub numbers: HashMap<CertificateId, String>,
    /// Certificates of the holder that might take its place: number and certification.
    pub others: Vec<(String, String)>,
    /// Which acts the viewer may do on it.
    pub possible: Vec<ActKind>,
    pub acting: bool,
}

pub async fn sheet(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    viewer: Viewer,
    number: web::Path<String>,
) -> Result<HttpResponse> {
    let (asking, known) = (viewer.clone(), rules.clone());
    let sheet = db.read(move |conn| load_sheet(conn, &known, &asking, &number)).await?;
    let none = (ActFilled::default(), Problems::default());
    Ok(html(pages::sheet(&viewer, &rules, &head, &sheet, &none.0, &none.1)))
}

pub fn load_sheet(conn: &mut Conn, rules: &Rules, viewer: &Viewer, number: &str) -> Result<Sheet> {
    let certificate = queries::by_number(conn, number)?.ok_or(Error::NotFound)?;
    viewer.post(conn, certificate.person_id)?;
    let mut all = queries::acts_of(conn, certificate.person_id)?;
    let hr = Acting::<Hr>::of(viewer.clone());
    let acting = hr.and_then(|hr| hr.other_person(conn, certificate.person_id)).is_ok();
    let acts = all.remove(&certificate.id).unwrap_or_default();
    let known = Known::load(conn, certificate.person_id, None)?;
    let mut seen = known.all(rules.on(viewer.today).context(), viewer.today).into_iter();
    let own = seen.find(|seen| seen.held.id == Some(certificate.id)).ok_or(Error::NotFound)?;
    let Held { standing, followed, .. } = own.held;
    let mut files = files::files_of(conn, certificate.id)?;
    files.retain(|file| match file.kind {
        FileKind::Source | FileKind::Letter => true,
        FileKind::Evidence => acting,
        FileKind::Paper | FileKind::Picture => false,
    });
    let issued = queries::issued_to(conn, certificate.person_id)?;
    let numbers = issued.iter().map(|one| (one.id, one.number.clone())).collect();
    let others = issued.iter().filter(|one| one.id != certificate.id).filter(|one| {
        let acts = all.get(&one.id).map_or(&[][..], Vec::as_slice);
        acts::state(one, acts, viewer.today).in_force()
    });
    let others = others.map(|one| (one.number.clone(), one.certification.clone())).collect();
    let possible = match acting {
        true => acts::possible(&certificate, acts::state(&certificate, &acts, viewer.today)),
        false => Vec::new(),
    };
    let names = names_of(conn, viewer, &certificate, &acts)?;
    let exception = exception(conn, &certificate)?;
    Ok(Sheet {
        acts,
        standing,
        followed,
        files,
        exception,
        names,
        numbers,
        others,
        possible,
        acting,
        certificate,
    })
}

fn names_of(
    conn: &mut Conn,
    viewer: &Viewer,
    certificate: &Certificate,
    acts: &[Act],
) -> Result<HashMap<PersonId, String>> {
    let who = acts.iter().filter_map(|act| act.done_by).chain(certificate.issued_by);
    let mut names = HashMap::new();
    for id in who {
        if names.contains_key(&id) {
            continue;
        }
        if let Some(person) = staff::queries::person(conn, id)? {
            names.insert(id, person.title(viewer.lang()).to_owned());
        }
    }
    Ok(names)
}

/// What was missing, where it was issued though its requirement was not met.
fn exception(conn: &mut Conn, certificate: &Certificate) -> Result<Option<Text>> {
    if !matches!(certificate.basis, Basis::Decision | Basis::Replacement) {
        return Ok(None);
    }
    let verdict = queries::verdict_of(conn, certificate.id)?;
    let verdict: serde_json::Value = serde_json::from_str(&verdict).unwrap_or_default();
    if verdict.get("met") != Some(&serde_json::Value::Bool(false)) {
        return Ok(None);
    }
    let missing = verdict.get("missing").cloned().unwrap_or_default();
    Ok(Some(serde_json::from_value(missing).unwrap_or_default()))
}
