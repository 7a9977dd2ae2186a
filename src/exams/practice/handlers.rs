//! Practice over HTTP. A round is carried by its address: the questions, how far it is, and the
//! seed that puts their options in order; every step looks again whether the question is open.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{
    pages,
    queries::{self, PracticeId},
    rules::{self, Open, ROUND, Unit},
};
use crate::{
    access::{Viewer, submit},
    db::{Conn, Db},
    exams::{
        attempts,
        questions::{
            scoring::{self, Item},
            sent::Fields,
            share::Share,
        },
    },
    i18n::Text,
    record::PersonId,
    text,
    web::{Error, Form, Result, html, redirect},
};

/// Which area is meant; the page of a course names the course.
#[derive(Default, Deserialize, Serialize)]
pub struct Wanted {
    bank: Option<String>,
    area: Option<String>,
    course: Option<String>,
}

impl Wanted {
    fn fits(&self, one: &Open) -> bool {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == value)
        };
        is(&self.bank, &one.bank) && is(&self.area, &one.area)
    }
}

/// A round as its address carries it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Round {
    pub seed: i64,
    /// `41.0-52.2`.
    pub list: String,
    /// From 1.
    pub at: usize,
}

impl Round {
    pub fn units(&self) -> Vec<Unit> {
        self.list.split('-').filter_map(Unit::parse).take(ROUND).collect()
    }

    fn unit(&self) -> Option<Unit> {
        self.units().get(self.at.checked_sub(1)?).copied()
    }

    pub fn next(&self) -> Round {
        Round { at: self.at + 1, ..self.clone() }
    }

    pub fn query(&self) -> String {
        format!("seed={}&list={}&at={}", self.seed, self.list, self.at)
    }

    pub fn path(&self) -> String {
        format!("/practice/round?{}", self.query())
    }
}

pub async fn start(
    viewer: Viewer,
    db: web::Data<Db>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let person = viewer.id;
    let (open, given, running, titles) = db
        .read(move |conn| -> Result<_> {
            let running = attempts::queries::running_attempt(conn, person)?;
            let open = queries::open(conn)?;
            let titles = titles(conn, &open)?;
            Ok((open, queries::given(conn, person)?, running, titles))
        })
        .await?;
    let standings = rules::standings(&open, &given, viewer.now);
    let course = wanted.course.as_deref();
    Ok(html(pages::start(&viewer, &standings, &titles, course, running.as_ref())))
}

/// What each area is called, by bank and area.
pub type Titles = BTreeMap<(String, String), Text>;

fn titles(conn: &mut Conn, open: &[Open]) -> Result<Titles> {
    let mut titles = Titles::new();
    for one in open {
        let key = (one.bank.clone(), one.area.clone());
        if !titles.contains_key(&key)
            && let Some((_, body)) = queries::wording(conn, one.version)?
        {
            titles.insert(key, body.area.clone());
        }
    }
    Ok(titles)
}

/// What is practised during an exam would be looked up there.
fn not_during_an_exam(conn: &mut Conn, person: PersonId) -> Result<()> {
    match attempts::queries::running_attempt(conn, person)? {
        None => Ok(()),
        Some(_) => Err(Error::Refused(text!(
            "您有一场考试正在进行，交卷后再来练习。",
            "You are in the middle of an exam. Come back to practice when you have handed in."
        ))),
    }
}

/// Draws a round and leads to its first question.
pub async fn new(
    viewer: Viewer,
    db: web::Data<Db>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let (person, now) = (viewer.id, viewer.now);
    let seed: i64 = rand::random();
    let units = db
        .read(move |conn| -> Result<_> {
            not_during_an_exam(conn, person)?;
            let mut open = queries::open(conn)?;
            open.retain(|one| wanted.fits(one));
            Ok(rules::choose(&open, &queries::given(conn, person)?, now, ROUND, seed))
        })
        .await?;
    if units.is_empty() {
        return Ok(redirect("/practice"));
    }
    let list = units.into_iter().map(Unit::word).collect::<Vec<_>>().join("-");
    Ok(redirect(Round { seed, list, at: 1 }.path()))
}

/// The question at a step of a round, if it is open: nothing else leaves the bank this way.
fn item(conn: &mut Conn, unit: Unit, seed: i64) -> Result<Option<Item>> {
    if !queries::open(conn)?.iter().any(|one| one.unit() == unit) {
        return Ok(None);
    }
    let Some((area, body)) = queries::wording(conn, unit.version)? else { return Ok(None) };
    let Some(place) = body.places().get(unit.part.saturating_sub(1)).copied() else {
        return Ok(None);
    };
    Ok(Some(Item {
        kind: place.kind,
        area,
        part: unit.part,
        order: rules::shown_order(unit, place.options, place.fixed_order, seed),
        weight: i64::from(place.points),
        scored: true,
        response: None,
        marked: None,
        corrections: Vec::new(),
        body,
    }))
}

pub async fn ask(
    viewer: Viewer,
    db: web::Data<Db>,
    round: web::Query<Round>,
) -> Result<HttpResponse> {
    let round = round.into_inner();
    let Some(unit) = round.unit() else { return Ok(redirect("/practice")) };
    let (person, seed) = (viewer.id, round.seed);
    let item = db
        .read(move |conn| -> Result<_> {
            not_during_an_exam(conn, person)?;
            item(conn, unit, seed)
        })
        .await?;
    match item {
        Some(item) => Ok(html(pages::ask(&viewer, &round, &item, false))),
        // Closed or replaced since the round was drawn.
        None => Ok(redirect(round.next().path())),
    }
}

/// What a form of a round says.
struct Sent {
    round: Round,
    form_key: String,
    fields: Fields,
}

impl Sent {
    fn read(fields: Vec<(String, String)>) -> Option<Sent> {
        let mut sent = Sent {
            round: Round { seed: 0, list: String::new(), at: 0 },
            form_key: String::new(),
            fields: Fields::default(),
        };
        for (name, value) in fields {
            match name.as_str() {
                "seed" => sent.round.seed = value.parse().ok()?,
                "at" => sent.round.at = value.parse().ok()?,
                "list" => sent.round.list = value,
                "form_key" => sent.form_key = value,
                _ => drop(sent.fields.take(&name, &value)),
            }
        }
        Some(sent)
    }

    /// The answer in the one way answers are kept.
    fn response(&self, item: &Item) -> Option<String> {
        let (kind, shown) = (item.kind, item.order.len());
        let said = self.fields.response(self.round.at as i64, kind, shown);
        scoring::canonical(kind, shown, &said.unwrap_or(Ok(String::new())).ok()?)
    }
}

/// Marks and keeps an answer, and leads to what there is to say about it.
pub async fn answer(
    viewer: Viewer,
    db: web::Data<Db>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let sent = Sent::read(fields).ok_or(Error::NotFound)?;
    let unit = sent.round.unit().ok_or(Error::NotFound)?;
    let who = viewer.clone();
    let form_key = sent.form_key.clone();
    submit(&db, &viewer, &form_key, move |conn| {
        not_during_an_exam(conn, who.id)?;
        let mut item = item(conn, unit, sent.round.seed)?.ok_or(Error::NotFound)?;
        let Some(response) = sent.response(&item) else {
            return Err(Error::Again(Box::new(pages::ask(&who, &sent.round, &item, true))));
        };
        item.response = Some(response.clone());
        let earned = ten_thousandths(scoring::earned(&item).unwrap_or(Share::NONE));
        let id = queries::add(conn, who.id, unit, &response, earned, who.now)?;
        Ok(format!("/practice/answers/{id}?{}", sent.round.query()))
    })
    .await
}

fn ten_thousandths(share: Share) -> i64 {
    share.numerator() * rules::WHOLE / share.denominator()
}

/// Whether it was right, what is right, why, and where it can be read.
pub async fn explain(
    viewer: Viewer,
    db: web::Data<Db>,
    id: web::Path<PracticeId>,
    round: web::Query<Round>,
) -> Result<HttpResponse> {
    let (person, id, round) = (viewer.id, *id, round.into_inner());
    let (seed, units) = (round.seed, round.units());
    let (item, earned, so_far) = db
        .read(move |conn| -> Result<_> {
            not_during_an_exam(conn, person)?;
            let (unit, response, earned) =
                queries::answer_of(conn, id, person)?.ok_or(Error::NotFound)?;
            let mut item = item(conn, unit, seed)?.ok_or(Error::NotFound)?;
            item.response = Some(response);
            Ok((item, earned, queries::earned(conn, person, &units)?))
        })
        .await?;
    Ok(html(pages::explain(&viewer, &round, &item, earned, &so_far)))
}
