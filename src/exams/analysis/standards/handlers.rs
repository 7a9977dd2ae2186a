//! From a form to a study, an estimate, a closed round, an adopted cut.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::{
    model::{Judge, Judged, Phase, Study, StudyId, path_of},
    pages::{self, Decision, Draft, EstimatesPage, ListLine, NewPage, StudyPage},
    queries::{self, NewStudy},
    rules::{self, Estimates},
};
use crate::{
    access::{Acting, Authoring, Examiner, Viewer, audit, proof::Proof, submit},
    db::{Conn, Db},
    exams::{
        analysis,
        questions::{VersionId, bank},
        rules::{Offer, offered, title},
    },
    i18n::{self, Lang},
    mail::{self, Letter, Letterhead, Recipient},
    record::{PersonId, Rules},
    staff::{self, Person},
    t, text,
    web::{Error, Form, Problems, Result, html, redirect},
};

const PAGE: usize = 50;
const LONGEST_TITLE: usize = 120;
const LONGEST_REASON: usize = 2_000;
/// Judges read every question twice; more than this nobody does well.
const MOST_QUESTIONS: usize = 300;

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub exam: String,
    page: Option<usize>,
}

pub async fn list(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (exam, viewer) = (asked.exam.clone(), acting.id);
    let page = asked.page.unwrap_or(1).clamp(1, 10_000);
    let mut lines = db
        .read(move |conn| -> Result<_> {
            let offset = ((page - 1) * PAGE) as i64;
            let mine: BTreeSet<StudyId> = queries::judged_by(conn, viewer)?.into_iter().collect();
            let studies = queries::studies(conn, &exam, PAGE as i64 + 1, offset)?;
            studies
                .into_iter()
                .map(|study| line(conn, study, viewer, &mine))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    let has_more = lines.len() > PAGE;
    lines.truncate(PAGE);
    let offers = offers(&rules, &acting);
    Ok(html(pages::list(&acting, &rules, &lines, &offers, &asked.exam, page, has_more)))
}

fn line(
    conn: &mut Conn,
    study: Study,
    viewer: PersonId,
    mine: &BTreeSet<StudyId>,
) -> Result<ListLine> {
    let judges = queries::judges(conn, study.id)?.len();
    let open = match study.phase().round() {
        Some(round) if mine.contains(&study.id) => {
            let (said, versions) = (queries::estimates(conn, study.id)?, study.versions());
            versions.len() - said.count(viewer, round, &versions)
        }
        _ => 0,
    };
    Ok(ListLine { judge: mine.contains(&study.id), study, judges, open })
}

/// Exams with a bank, by code and title.
fn offers(rules: &Rules, viewer: &Viewer) -> Vec<(String, String)> {
    let offers = offered(rules, viewer.today).into_iter();
    offers.map(|offer| (offer.code(), offer.plan.title.get(viewer.lang()).to_owned())).collect()
}

/// Who may be asked to judge, and the questions that may be judged.
struct Material {
    candidates: Vec<Person>,
    questions: Vec<Judged>,
}

fn material(conn: &mut Conn, acting: &Acting<Authoring>, bank: &str) -> Result<Material> {
    let live = bank::live(conn, bank)?;
    let versions: Vec<VersionId> =
        live.iter().filter(|one| !one.pilot).map(|one| one.version).collect();
    let questions = queries::questions(conn, &versions)?;
    Ok(Material { candidates: candidates(conn, acting)?, questions })
}

/// Trainers and examiners within reach, and the viewer.
fn candidates(conn: &mut Conn, acting: &Acting<Authoring>) -> Result<Vec<Person>> {
    let holders = queries::holders(conn, Authoring::ROLES, acting.today)?;
    let posts = staff::queries::posts_among(conn, acting.reach(), &holders, acting.today)?;
    let mut people: Vec<Person> = posts.into_iter().map(|post| post.person).collect();
    if people.iter().all(|person| person.id != acting.id) {
        people.extend(staff::queries::person(conn, acting.id)?);
    }
    Ok(people)
}

pub async fn new(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let draft = Draft { exam: asked.exam.clone(), all: true, ..Draft::default() };
    Ok(html(new_page(&acting, &db, &rules, &draft, &Problems::default()).await?))
}

async fn new_page(
    acting: &Acting<Authoring>,
    db: &Db,
    rules: &Rules,
    draft: &Draft,
    problems: &Problems,
) -> Result<maud::Markup> {
    let bank = Offer::find(rules, &draft.exam).and_then(|offer| offer.plan.bank.clone());
    let who = acting.clone();
    let found = match bank {
        Some(bank) => Some(db.read(move |conn| material(conn, &who, &bank)).await?),
        None => None,
    };
    let offers = offers(rules, acting);
    let exam_title = title(rules, &draft.exam);
    Ok(pages::new(
        acting,
        &NewPage {
            offers: &offers,
            exam_title: &exam_title,
            candidates: found.as_ref().map_or(&[], |found| &found.candidates),
            questions: found.as_ref().map_or(&[], |found| &found.questions),
            draft,
            problems,
        },
    ))
}

/// The numbers behind names like `judge-7`.
fn numbers(fields: &[(String, String)], prefix: &str) -> BTreeSet<i64> {
    fields.iter().filter_map(|(name, _)| name.strip_prefix(prefix)?.parse().ok()).collect()
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
}

pub async fn create(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let draft = Draft {
        exam: field(&fields, "exam").to_owned(),
        title: field(&fields, "title").to_owned(),
        all: field(&fields, "which") != "chosen",
        questions: numbers(&fields, "question-"),
        judges: numbers(&fields, "judge-"),
    };
    let offer = Offer::find(&rules, &draft.exam).ok_or(Error::NotFound)?;
    let problems = draft.problems(LONGEST_TITLE);
    if !problems.is_empty() {
        let page = new_page(&acting, &db, &rules, &draft, &problems).await?;
        return Err(Error::Again(Box::new(page)));
    }
    let (who, bank) = (acting.clone(), offer.plan.bank.clone().unwrap_or_default());
    let (exam, head) = (offer.plan.title.clone(), head.get_ref().clone());
    let key = field(&fields, "form_key").to_owned();
    submit(&db, &acting, &key, move |conn| {
        let found = material(conn, &who, &bank)?;
        let chosen = found.questions.iter().map(|one| one.version);
        let questions: Vec<VersionId> =
            chosen.filter(|one| draft.all || draft.questions.contains(&one.0)).collect();
        judgeable(&questions)?;
        let new = NewStudy { exam: &draft.exam, title: &draft.title, questions: &questions };
        let id = queries::add(conn, &new, who.id, who.now)?;
        let detail = serde_json::json!({ "exam": draft.exam, "questions": questions.len() });
        let subject = ("standard-study", Some(id.0));
        audit::note(conn, Some(who.id), "plan-standard-study", subject, detail, who.now)?;
        ask(conn, &who, &head, id, &exam, &found.candidates, &draft.judges)?;
        Ok(path_of(id))
    })
    .await
}

fn judgeable(questions: &[VersionId]) -> Result<()> {
    match questions.len() {
        0 => Err(Error::Refused(text!(
            "没有可评判的试题：请至少选一道启用中的试题。",
            "There is nothing to judge: choose at least one live question."
        ))),
        n if n > MOST_QUESTIONS => Err(Error::Refused(text!(
            "一次最多评判 {MOST_QUESTIONS} 道题，请选择其中一部分。",
            "At most {MOST_QUESTIONS} questions can be judged at a time; choose some of them."
        ))),
        _ => Ok(()),
    }
}

/// Invites those of the candidates who are named, and writes to them.
fn ask(
    conn: &mut Conn,
    acting: &Acting<Authoring>,
    head: &Letterhead,
    id: StudyId,
    exam: &i18n::Text,
    candidates: &[Person],
    named: &BTreeSet<i64>,
) -> Result<()> {
    for person in candidates.iter().filter(|person| named.contains(&person.id.0)) {
        if !queries::invite(conn, id, person.id, acting.id, acting.now)? {
            continue;
        }
        let detail = serde_json::json!({ "judge": person.staff_no });
        let subject = ("standard-study", Some(id.0));
        audit::note(conn, Some(acting.id), "invite-judge", subject, detail, acting.now)?;
        let (Some(email), lang) = (person.email.clone(), person.lang()) else { continue };
        let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
        mail::post(conn, head, &to, &invitation(lang, exam.get(lang), id), acting.now)?;
    }
    Ok(())
}

fn invitation(lang: Lang, exam: &str, id: StudyId) -> Letter {
    Letter {
        subject: t!(lang, "请参与划线：{exam}", "Please judge the questions of {exam}"),
        paragraphs: vec![t!(
            lang,
            "请您作为评委，逐题判断：一名刚好合格的考生答对这道题的可能性有多大。共两轮，第二轮可以看到所有评委的匿名分布。随时可以保存、稍后继续。",
            "You are asked to judge, question by question, how likely somebody who is only just competent gets it right. There are two rounds; in the second you see how all judges judged, without names. You can stop and go on at any time."
        )],
        action: Some((t!(lang, "开始评判", "Begin"), format!("{}/estimates", path_of(id)))),
    }
}

/// A study with everything its pages show.
struct Loaded {
    study: Study,
    questions: Vec<Judged>,
    judges: Vec<Judge>,
    said: Estimates,
}

fn load(conn: &mut Conn, id: StudyId) -> Result<Loaded> {
    let study = queries::study(conn, id)?.ok_or(Error::NotFound)?;
    Ok(Loaded {
        questions: queries::questions(conn, &study.versions())?,
        judges: queries::judges(conn, id)?,
        said: queries::estimates(conn, id)?,
        study,
    })
}

impl Loaded {
    fn judge_ids(&self) -> Vec<PersonId> {
        self.judges.iter().map(|judge| judge.person.id).collect()
    }

    fn versions(&self) -> Vec<VersionId> {
        self.questions.iter().map(|one| one.version).collect()
    }
}

pub async fn show(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<StudyId>,
) -> Result<HttpResponse> {
    let who = (*acting).clone();
    let reached = acting.clone();
    let candidates = db.read(move |conn| candidates(conn, &reached)).await?;
    Ok(html(shown(&who, &db, &rules, *id, &candidates, &Decision::default()).await?))
}

/// The page of a study, with a decision that was not taken shown again.
async fn shown(
    viewer: &Viewer,
    db: &Db,
    rules: &Rules,
    id: StudyId,
    candidates: &[Person],
    decision: &Decision,
) -> Result<maud::Markup> {
    let (loaded, scores, decided_by) = db
        .read(move |conn| -> Result<_> {
            let loaded = load(conn, id)?;
            let scores = analysis::queries::scores(conn, &loaded.study.exam)?;
            let decided_by = match loaded.study.adopted_by {
                Some(person) => staff::queries::person(conn, person)?,
                None => None,
            };
            Ok((loaded, scores, decided_by))
        })
        .await?;
    let decides = viewer.holds_any(Examiner::ROLES);
    let page = study_page(rules, &loaded, candidates, &scores, decides);
    let page = StudyPage { decided_by: decided_by.as_ref(), decision: Some(decision), ..page };
    Ok(pages::study(viewer, &page))
}

fn study_page<'a>(
    rules: &'a Rules,
    loaded: &'a Loaded,
    candidates: &[Person],
    scores: &'a [f64],
    decides: bool,
) -> StudyPage<'a> {
    let (judges, versions) = (loaded.judge_ids(), loaded.versions());
    let study = &loaded.study;
    let invited: BTreeSet<PersonId> = judges.iter().copied().collect();
    let weights: Vec<(VersionId, f64)> =
        loaded.questions.iter().map(|one| (one.version, one.points())).collect();
    let round = |round: i64| loaded.said.standard(&judges, round, &weights);
    let now = study.phase().round().unwrap_or(2);
    let planned = Offer::find(rules, &study.exam).map_or(6000, |offer| offer.pass_score());
    StudyPage {
        study,
        exam: title(rules, &study.exam),
        questions: &loaded.questions,
        judges: &loaded.judges,
        done: judges.iter().map(|one| loaded.said.count(*one, now, &versions)).collect(),
        complete: loaded.said.complete(&judges, now, &versions),
        said: &loaded.said,
        first: study.first_closed_at.and_then(|_| round(1)),
        second: study.closed_at.and_then(|_| round(2)),
        others: candidates.iter().filter(|one| !invited.contains(&one.id)).cloned().collect(),
        scores,
        planned,
        minima: super::super::rules::minima(rules, &study.exam),
        decided_by: None,
        decision: None,
        decides,
    }
}

pub async fn invite(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    id: web::Path<StudyId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let (id, who, head) = (*id, acting.clone(), head.get_ref().clone());
    let (named, key) = (numbers(&fields, "judge-"), field(&fields, "form_key").to_owned());
    let rules = rules.clone();
    submit(&db, &acting, &key, move |conn| {
        let study = queries::hold(conn, id)?.ok_or(Error::NotFound)?;
        if study.phase().round().is_none() {
            return Err(Error::Refused(text!(
                "评判已经结束，不能再邀请评委。",
                "The judging is over; nobody can be invited any more."
            )));
        }
        let candidates = candidates(conn, &who)?;
        ask(conn, &who, &head, id, &title(&rules, &study.exam), &candidates, &named)?;
        Ok(path_of(id))
    })
    .await
}

#[derive(Deserialize)]
pub struct Key {
    form_key: String,
}

pub async fn close(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    id: web::Path<StudyId>,
    Form(form): Form<Key>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, acting.clone());
    submit(&db, &acting, &form.form_key, move |conn| {
        queries::hold(conn, id)?.ok_or(Error::NotFound)?;
        let loaded = load(conn, id)?;
        let phase = loaded.study.phase();
        let round = phase.round().unwrap_or(2);
        let complete = loaded.said.complete(&loaded.judge_ids(), round, &loaded.versions()).len();
        rules::closing(phase, complete).map_err(Error::Refused)?;
        queries::close(conn, id, round, who.now)?;
        let detail = serde_json::json!({ "round": round, "judges": complete });
        let subject = ("standard-study", Some(id.0));
        audit::note(conn, Some(who.id), "close-standard-round", subject, detail, who.now)?;
        Ok(path_of(id))
    })
    .await
}

#[derive(Deserialize)]
pub struct Adoption {
    form_key: String,
    cut: String,
    why: String,
}

/// Uses a cut for the exam from now on: a decision with a name and a reason.
pub async fn adopt(
    acting: Acting<Examiner>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<StudyId>,
    Form(form): Form<Adoption>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, (*acting).clone());
    let decision = Decision::of(&form.cut, &form.why, LONGEST_REASON);
    let Some(cut) = decision.taken() else {
        let page = shown(&who, &db, &rules, id, &[], &decision).await?;
        return Err(Error::Again(Box::new(page)));
    };
    submit(&db, &acting, &form.form_key, move |conn| {
        let study = queries::hold(conn, id)?.ok_or(Error::NotFound)?;
        if study.closed_at.is_none() {
            return Err(Error::Refused(text!(
                "两轮评判结束后才能采纳及格线。",
                "A pass mark can be adopted once both rounds are closed."
            )));
        }
        queries::adopt(conn, id, cut, &decision.why, who.id, who.now)?;
        let detail = serde_json::json!({
            "exam": study.exam, "cut": cut, "before": study.cut, "why": decision.why,
        });
        let subject = ("standard-study", Some(id.0));
        audit::note(conn, Some(who.id), "adopt-pass-mark", subject, detail, who.now)?;
        Ok(path_of(id))
    })
    .await
}

#[derive(Deserialize)]
pub struct AfterSave {
    saved: Option<String>,
}

pub async fn estimates(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    rules: Rules,
    id: web::Path<StudyId>,
    after: web::Query<AfterSave>,
) -> Result<HttpResponse> {
    let (id, viewer) = (*id, acting.id);
    let (loaded, facility) = db
        .read(move |conn| -> Result<_> {
            if !queries::is_judge(conn, id, viewer)? {
                return Err(Error::NotFound);
            }
            let loaded = load(conn, id)?;
            // What really happened is told only once everybody has judged without it.
            let facility = match loaded.study.phase() {
                Phase::First => HashMap::new(),
                _ => facilities(conn, &loaded.study.exam)?,
            };
            Ok((loaded, facility))
        })
        .await?;
    let judges = loaded.judge_ids();
    let page = EstimatesPage {
        study: &loaded.study,
        exam: title(&rules, &loaded.study.exam),
        questions: &loaded.questions,
        said: &loaded.said,
        counted: loaded.said.complete(&judges, 1, &loaded.versions()),
        facility,
        saved: after.saved.is_some(),
    };
    Ok(html(pages::estimates(&acting, &page)))
}

/// How hard the questions turned out to be, where enough people answered them.
fn facilities(conn: &mut Conn, exam: &str) -> Result<HashMap<VersionId, (f64, usize)>> {
    let papers = analysis::queries::papers(conn, exam, None, 1_000)?;
    let lines = papers.lines(|_| Default::default());
    let judged = |line: &analysis::model::Line<'_>| {
        let enough = line.figures.weight() > analysis::figures::Weight::Nothing;
        let facility = line.figures.facility.filter(|_| enough && line.question.part == 0)?;
        Some((line.question.version, (facility, line.figures.n)))
    };
    Ok(lines.iter().filter_map(judged).collect())
}

/// Saves what a judge says. It may be sent any number of times: the last word counts.
pub async fn save(
    acting: Acting<Authoring>,
    db: web::Data<Db>,
    id: web::Path<StudyId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<HttpResponse> {
    let (id, who) = (*id, acting.clone());
    let said: BTreeMap<i64, String> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix('q')?.parse().ok()?, value)))
        .collect();
    db.write(move |conn| keep(conn, &who, id, &said)).await?;
    Ok(redirect(format!("{}/estimates?saved=1", path_of(id))))
}

fn keep(conn: &mut Conn, who: &Viewer, id: StudyId, said: &BTreeMap<i64, String>) -> Result<()> {
    let study = queries::hold(conn, id)?.ok_or(Error::NotFound)?;
    if !queries::is_judge(conn, id, who.id)? {
        return Err(Error::NotFound);
    }
    let Some(round) = study.phase().round() else {
        return Err(Error::Refused(text!(
            "这一轮已经结束，不能再修改。",
            "This round is closed; nothing can be changed any more."
        )));
    };
    let known = queries::estimates(conn, id)?;
    let place = (id, who.id, round);
    for version in study.versions() {
        let Some(text) = said.get(&version.0) else { continue };
        match rules::percent(text) {
            Some(percent) if known.said(who.id, round, version) != Some(percent) => {
                queries::say(conn, place, version, percent, who.now)?;
            }
            None if text.trim().is_empty() => queries::unsay(conn, place, version)?,
            None => return Err(not_a_percentage(text)),
            Some(_) => {}
        }
    }
    Ok(())
}

fn not_a_percentage(text: &str) -> Error {
    let text = text.trim();
    Error::Invalid(text!(
        "“{text}”不是 0 到 100 之间的整数。请返回修改，其余的填写仍在页面上。",
        "“{text}” is not a whole number from 0 to 100. Go back and correct it; the rest is still on the page."
    ))
}
