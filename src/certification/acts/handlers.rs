//! Forms of HR's acts: issue to one or many, extend many, supervise.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    Deed, Grounds,
    campaign::{self, Asked},
    issuing::{self, Bulk, Candidate, Decision, Whom},
    pages,
    queries::{self, Campaign, CampaignId, FileId, FileKind},
    supervision::{self, SupervisionId, Wanted},
    uploads::{self, Filled},
};
use crate::{
    access::{Acting, Hr, Viewer, submit},
    certification::{
        asof,
        handlers::{Sheet, load_sheet},
        model::{ActKind, Held},
        pages as certificates, queries as known,
    },
    db::{Conn, Db},
    mail::Letterhead,
    record::{PersonId, Rules, asof::AsOf, number},
    staff::{self, Site},
    text,
    web::{Error, Form, Problems, Result, html},
};

/// Letters in a reason and in evidence at most.
const LONGEST: usize = 1_000;

/// Reads why and on what grounds, and says what is wrong with them.
fn grounds(filled: &mut Filled, problems: &mut Problems) -> Grounds {
    let why = filled.word("why").to_owned();
    let evidence = filled.word("evidence").to_owned();
    let length = why.chars().count();
    if length == 0 {
        problems.add("why", text!("请填写。", "Please fill this in."));
    }
    for (name, word) in [("why", &why), ("evidence", &evidence)] {
        if word.chars().count() > LONGEST {
            problems.add(name, text!("最多 {LONGEST} 个字符。", "At most {LONGEST} characters."));
        }
    }
    let file = match filled.take_file("file") {
        Ok(file) => file,
        Err(refused) => {
            problems.add("file", refused);
            None
        }
    };
    Grounds { why, evidence: Some(evidence).filter(|word| !word.is_empty()), file }
}

/// A day in a form; nothing when it is left empty.
fn day(word: &str, name: &str, problems: &mut Problems) -> Option<NaiveDate> {
    if word.is_empty() {
        return None;
    }
    let day = word.parse().ok();
    if day.is_none() {
        problems.add(
            name,
            text!(
                "“{word}”不是有效日期，请写成 2026-01-31。",
                "“{word}” is no date; write it as 2026-01-31."
            ),
        );
    }
    day
}

/// A day in an address: whoever typed nonsense sees the page without it.
fn plain_day(word: &str) -> Option<NaiveDate> {
    word.trim().parse().ok()
}

/// What was filled in for an act, to be shown again when something is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct ActFilled {
    pub act: Option<ActKind>,
    pub why: String,
    pub evidence: String,
    pub on: String,
    pub through: String,
    pub other: String,
    pub name: String,
    pub name_en: String,
}

pub async fn act(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    number: web::Path<String>,
    mut filled: Filled,
) -> Result<HttpResponse> {
    let mut problems = Problems::default();
    let again = again(&filled);
    let deed = deed(&mut filled, &hr, &mut problems)?;
    if !problems.is_empty() {
        let asking = Viewer::clone(&hr);
        let known = rules.clone();
        let sheet: Sheet = db.read(move |conn| load_sheet(conn, &known, &asking, &number)).await?;
        let page = certificates::sheet(&hr, &rules, &head, &sheet, &again, &problems);
        return Err(Error::Again(Box::new(page)));
    }
    let acting = hr.clone();
    submit(&db, &hr, filled.word("form_key"), move |conn| {
        let number = super::perform(conn, &acting, &rules, &head, &number, &deed)?;
        Ok(format!("/certificates/{number}"))
    })
    .await
}

fn again(filled: &Filled) -> ActFilled {
    let word = |name| filled.word(name).to_owned();
    ActFilled {
        act: ActKind::parse(filled.word("act")),
        why: word("why"),
        evidence: word("evidence"),
        on: word("on"),
        through: word("through"),
        other: word("other"),
        name: word("name"),
        name_en: word("name_en"),
    }
}

fn deed(filled: &mut Filled, hr: &Acting<Hr>, problems: &mut Problems) -> Result<Deed> {
    let kind = ActKind::parse(filled.word("act")).ok_or_else(|| {
        Error::Invalid(text!("请选择要办理的事项。", "Choose what is to be done."))
    })?;
    let Grounds { why, evidence, file } = grounds(filled, problems);
    let on = day(filled.word("on"), "on", problems).unwrap_or(hr.today);
    let through = day(filled.word("through"), "through", problems);
    let word = |name| filled.word(name).to_owned();
    let (other, name, name_en) = (word("other"), word("name"), word("name_en"));
    if kind == ActKind::Extended && through.is_none() {
        problems.add("through", text!("请填写新的末日。", "Give the new last valid day."));
    }
    if kind == ActKind::Replaced && (name.is_empty() || name.chars().count() > 100) {
        problems.add(
            "name",
            text!(
                "请填写更正后的姓名（最多 100 字）。",
                "Give the name as it should be, 100 characters at most."
            ),
        );
    }
    if kind == ActKind::Superseded && other.is_empty() {
        problems.add(
            "other",
            text!("请选择取代它的证书。", "Choose the certificate that takes its place."),
        );
    }
    let seen = filled.word("seen").parse().unwrap_or(0);
    Ok(Deed { kind, on, why, evidence, file, through, other, name, name_en, seen })
}

/// Gives a file of a certificate for saving. Scans and letters are for everybody who may see the
/// certificate; what an act rests on is for HR.
pub async fn file(
    db: web::Data<Db>,
    viewer: Viewer,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse> {
    let (number, id) = path.into_inner();
    let (file, bytes) = db
        .read(move |conn| -> Result<_> {
            let certificate = known::by_number(conn, &number)?.ok_or(Error::NotFound)?;
            viewer.post(conn, certificate.person_id)?;
            let id = FileId(id);
            let file = queries::file(conn, id)?.ok_or(Error::NotFound)?;
            let belongs = file.certificate_id == Some(certificate.id)
                || queries::is_evidence_of(conn, id, certificate.id)?;
            if !belongs || file.kind == FileKind::Picture {
                return Err(Error::NotFound);
            }
            if file.kind == FileKind::Evidence {
                Acting::<Hr>::of(viewer)?.person(conn, certificate.person_id)?;
            }
            Ok((file, queries::bytes_of(conn, id)?))
        })
        .await?;
    Ok(uploads::give(&file.name, &file.media_type, bytes))
}

/// To whom, and what, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct IssueQuery {
    #[serde(default)]
    pub person: String,
    #[serde(default)]
    pub certification: String,
    #[serde(default)]
    pub from: String,
}

pub async fn issue_form(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    query: web::Query<IssueQuery>,
) -> Result<HttpResponse> {
    let (acting, asked, judged) = (hr.clone(), query.clone(), rules.clone());
    let candidate = db.read(move |conn| offered(conn, &acting, &judged, &asked)).await?;
    let (candidate, mistake) = match candidate {
        Ok(candidate) => (candidate, None),
        Err(mistake) => (None, Some(mistake)),
    };
    let none = (Grounds::default(), Problems::default());
    Ok(html(pages::issue(&hr, &rules, &query, candidate.as_ref(), mistake.as_ref(), &none)))
}

type Offered = std::result::Result<Option<Candidate>, crate::i18n::Text>;

fn offered(conn: &mut Conn, hr: &Acting<Hr>, rules: &Rules, asked: &IssueQuery) -> Result<Offered> {
    if asked.person.trim().is_empty() || asked.certification.is_empty() {
        return Ok(Ok(None));
    }
    let number = asked.person.trim();
    let person = staff::queries::person_by_staff_no(conn, number)?;
    let Some(person) = person.filter(|person| person.id != hr.id) else {
        return Ok(Err(nobody(number)));
    };
    let from = plain_day(&asked.from);
    match issuing::candidate(conn, hr, rules, person.id, &asked.certification, from) {
        Ok(candidate) => Ok(Ok(Some(candidate))),
        Err(Error::NotFound | Error::Forbidden) => Ok(Err(nobody(number))),
        Err(Error::Refused(text)) => Ok(Err(text)),
        Err(error) => Err(error),
    }
}

fn nobody(number: &str) -> crate::i18n::Text {
    text!(
        "在您的管理范围内没有工号为“{number}”的人员（也不能给自己颁发）。",
        "There is nobody with staff number {number} within your reach (and nobody issues to themselves)."
    )
}

pub async fn issue_one(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    mut filled: Filled,
) -> Result<HttpResponse> {
    let mut problems = Problems::default();
    let grounds = grounds(&mut filled, &mut problems);
    let word = |name| filled.word(name).to_owned();
    let query = IssueQuery {
        person: word("person"),
        certification: word("certification"),
        from: word("from"),
    };
    let (acting, asked, judged) = (hr.clone(), query.clone(), rules.clone());
    let offered = db.read(move |conn| offered(conn, &acting, &judged, &asked)).await?;
    let candidate = offered.map_err(Error::Refused)?.ok_or(Error::NotFound)?;
    let exception = filled.is_ticked("exception");
    if candidate.offer.as_ref().is_ok_and(|offer| !offer.met) && !exception {
        problems.add(
            "exception",
            text!(
                "条件未满足，须确认是例外颁发。",
                "The requirement is not met: confirm that it is an exception."
            ),
        );
    }
    if !problems.is_empty() {
        let filled = (grounds, problems);
        let page = pages::issue(&hr, &rules, &query, Some(&candidate), None, &filled);
        return Err(Error::Again(Box::new(page)));
    }
    let decision = Decision {
        person: candidate.post.person.id,
        code: query.certification,
        from: plain_day(&query.from),
        grounds,
        exception,
        mark: word("mark"),
    };
    let acting = hr.clone();
    submit(&db, &hr, filled.word("form_key"), move |conn| {
        let number = issuing::decide(conn, &acting, &rules, &head, &decision)?;
        Ok(format!("/certificates/{number}"))
    })
    .await
}

/// Whom a decision about many is about, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ManyQuery {
    #[serde(default)]
    pub certification: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub position: String,
    #[serde(default)]
    pub staff: String,
    pub done: Option<usize>,
}

impl ManyQuery {
    pub fn whom(&self) -> Whom {
        Whom {
            certification: self.certification.clone(),
            site: self.site.clone(),
            position: self.position.clone(),
            staff: self.staff.clone(),
        }
    }
}

/// What the page about many shows.
pub struct Many {
    pub sites: Vec<Site>,
    pub bulk: Option<Bulk>,
}

fn load_many(conn: &mut Conn, hr: &Acting<Hr>, rules: &Rules, whom: &Whom) -> Result<Many> {
    let sites = staff::queries::sites(conn, hr.reach())?;
    let asked = !whom.certification.is_empty() && !whom.is_blank();
    let bulk = asked.then(|| issuing::bulk(conn, hr, rules, whom)).transpose()?;
    Ok(Many { sites, bulk })
}

pub async fn many_form(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    query: web::Query<ManyQuery>,
) -> Result<HttpResponse> {
    let (acting, whom, judged) = (hr.clone(), query.whom(), rules.clone());
    let many = db.read(move |conn| load_many(conn, &acting, &judged, &whom)).await?;
    let none = (Grounds::default(), Problems::default());
    Ok(html(pages::many(&hr, &rules, &query, &many, &none)))
}

pub async fn issue_many(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    mut filled: Filled,
) -> Result<HttpResponse> {
    let mut problems = Problems::default();
    let grounds = grounds(&mut filled, &mut problems);
    let word = |name| filled.word(name).to_owned();
    let query = ManyQuery {
        certification: word("certification"),
        site: word("site"),
        position: word("position"),
        staff: word("staff"),
        done: None,
    };
    let whom = query.whom();
    if !problems.is_empty() {
        let (acting, judged) = (hr.clone(), rules.clone());
        let many = db.read(move |conn| load_many(conn, &acting, &judged, &whom)).await?;
        let page = pages::many(&hr, &rules, &query, &many, &(grounds, problems));
        return Err(Error::Again(Box::new(page)));
    }
    let (acting, mark) = (hr.clone(), word("mark"));
    submit(&db, &hr, filled.word("form_key"), move |conn| {
        let given = issuing::decide_all(conn, &acting, &rules, &head, &whom, &grounds, &mark)?;
        Ok(format!("/certificates/issue-many?done={given}"))
    })
    .await
}

/// Which certificates are to last longer, as it stands in the address: `number` may come often.
pub fn asked_of(query: &str) -> Asked {
    let mut asked = Asked::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()).take(2_000) {
        take(&mut asked, &key, value.trim());
    }
    asked
}

fn take(asked: &mut Asked, key: &str, value: &str) {
    match key {
        "certification" => asked.certification = value.to_owned(),
        "first" => asked.first = plain_day(value),
        "last" => asked.last = plain_day(value),
        "months" => asked.months = value.parse().unwrap_or(0),
        "days" => asked.days = value.parse().unwrap_or(0),
        "number" if !value.is_empty() => asked.numbers.push(value.to_owned()),
        _ => {}
    }
}

pub async fn extension_form(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    request: actix_web::HttpRequest,
) -> Result<HttpResponse> {
    let asked = asked_of(request.query_string());
    let (acting, wanted) = (hr.clone(), asked.clone());
    let plan = match asked.problem() {
        None => Some(
            db.read(move |conn| Ok::<_, Error>(campaign::plan(conn, &acting, &wanted)?)).await?,
        ),
        Some(_) => None,
    };
    let begun = !request.query_string().is_empty();
    let none = (Grounds::default(), Problems::default());
    Ok(html(pages::extend_many(&hr, &rules, &asked, plan.as_ref(), begun, &none)))
}

pub async fn extend_many(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    mut filled: Filled,
) -> Result<HttpResponse> {
    let mut problems = Problems::default();
    let grounds = grounds(&mut filled, &mut problems);
    let mut asked = Asked::default();
    for name in ["certification", "first", "last", "months", "days"] {
        take(&mut asked, name, filled.word(name));
    }
    asked.numbers = filled.words("number").into_iter().filter(|one| !one.is_empty()).collect();
    if !problems.is_empty() {
        let (acting, wanted) = (hr.clone(), asked.clone());
        let plan =
            db.read(move |conn| Ok::<_, Error>(campaign::plan(conn, &acting, &wanted)?)).await?;
        let filled = (grounds, problems);
        let page = pages::extend_many(&hr, &rules, &asked, Some(&plan), true, &filled);
        return Err(Error::Again(Box::new(page)));
    }
    let (acting, mark) = (hr.clone(), filled.word("mark").to_owned());
    submit(&db, &hr, filled.word("form_key"), move |conn| {
        let id = campaign::carry_out(conn, &acting, &rules, &head, &asked, &grounds, &mark)?;
        Ok(format!("/certificates/extensions/{id}"))
    })
    .await
}

/// A campaign with who decided it.
pub struct Decided {
    pub campaign: Campaign,
    pub by: String,
    pub lines: Vec<campaign::Done>,
}

fn decided(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    campaign: Campaign,
    names: &mut HashMap<PersonId, String>,
) -> Result<Decided> {
    let by = match names.get(&campaign.decided_by) {
        Some(name) => name.clone(),
        None => {
            let person = staff::queries::person(conn, campaign.decided_by)?;
            let name = person.map(|person| person.title(hr.lang()).to_owned()).unwrap_or_default();
            names.insert(campaign.decided_by, name.clone());
            name
        }
    };
    let lines = campaign::done(conn, hr, campaign.id)?;
    Ok(Decided { campaign, by, lines })
}

pub async fn extensions(db: web::Data<Db>, rules: Rules, hr: Acting<Hr>) -> Result<HttpResponse> {
    let acting = hr.clone();
    let all = db
        .read(move |conn| -> Result<_> {
            let mut names = HashMap::new();
            let mut all = Vec::new();
            for campaign in queries::campaigns(conn, 100)? {
                let one = decided(conn, &acting, campaign, &mut names)?;
                // A campaign of another region is not theirs to see.
                if !one.lines.is_empty() || one.campaign.decided_by == acting.id {
                    all.push(one);
                }
            }
            Ok(all)
        })
        .await?;
    Ok(html(pages::campaigns(&hr, &rules, &all)))
}

fn load_campaign(conn: &mut Conn, hr: &Acting<Hr>, id: CampaignId) -> Result<Decided> {
    let campaign = queries::campaign(conn, id)?.ok_or(Error::NotFound)?;
    let one = decided(conn, hr, campaign, &mut HashMap::new())?;
    if one.lines.is_empty() && one.campaign.decided_by != hr.id {
        return Err(Error::NotFound);
    }
    Ok(one)
}

pub async fn extension(
    db: web::Data<Db>,
    rules: Rules,
    hr: Acting<Hr>,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let (acting, id) = (hr.clone(), CampaignId(*id));
    let one = db.read(move |conn| load_campaign(conn, &acting, id)).await?;
    Ok(html(pages::campaign(&hr, &rules, &one)))
}

#[derive(Deserialize)]
pub struct WhyForm {
    pub form_key: String,
    #[serde(default)]
    pub why: String,
}

impl WhyForm {
    /// The reason, or a refusal: these forms have nothing else to show again.
    pub fn why(&self) -> Result<String> {
        let why = self.why.trim();
        match why.chars().count() {
            1..=LONGEST => Ok(why.to_owned()),
            _ => Err(Error::Refused(text!(
                "请写明理由（最多 {LONGEST} 字）；它会留在记录里。",
                "Give a reason of {LONGEST} characters at most; it stays in the record."
            ))),
        }
    }
}

pub async fn take_back(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    id: web::Path<i64>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (acting, id) = (hr.clone(), CampaignId(*id));
    let why = form.why()?;
    submit(&db, &hr, &form.form_key, move |conn| {
        let one = load_campaign(conn, &acting, id)?;
        campaign::take_back(conn, &acting, &rules, &head, &one.campaign, &why)?;
        Ok(format!("/certificates/extensions/{id}"))
    })
    .await
}

/// One person's certificates, for those who may open their record.
pub async fn of_person(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let (asking, judged, id) = (viewer.clone(), rules.clone(), PersonId(*id));
    let (post, held, supervised, acting) = db
        .read(move |conn| -> Result<_> {
            let post = asking.post(conn, id)?;
            let (context, now) = (judged.on(asking.today), AsOf::now(asking.today));
            let seen = asof::of_person(conn, context.context(), id, &now)?;
            let held: Vec<Held> = seen.into_iter().map(|seen| seen.held).collect();
            let supervised = supervision::shown(conn, &judged, id, asking.today, None)?;
            let hr = Acting::<Hr>::of(asking);
            let acting = hr.and_then(|hr| hr.other_person(conn, id)).is_ok();
            Ok((post, held, supervised, acting))
        })
        .await?;
    Ok(html(pages::of_person(&viewer, &rules, &post, &held, &supervised, acting)))
}

#[derive(Deserialize)]
pub struct SuperviseForm {
    form_key: String,
    certification: String,
    supervisor: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    through: String,
}

pub async fn supervise(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    hr: Acting<Hr>,
    id: web::Path<i64>,
    Form(form): Form<SuperviseForm>,
) -> Result<HttpResponse> {
    let mut problems = Problems::default();
    let wanted = Wanted {
        certification: form.certification,
        supervisor: form.supervisor,
        from: day(form.from.trim(), "from", &mut problems),
        through: day(form.through.trim(), "through", &mut problems),
    };
    if let Some(text) = problems.get("from").or(problems.get("through")) {
        return Err(Error::Refused(text.clone()));
    }
    let (acting, id) = (hr.clone(), PersonId(*id));
    submit(&db, &hr, &form.form_key, move |conn| {
        supervision::begin(conn, &acting, &rules, &head, id, &wanted)?;
        Ok(format!("/certificates/of/{id}#supervision"))
    })
    .await
}

pub async fn end_supervision(
    db: web::Data<Db>,
    hr: Acting<Hr>,
    id: web::Path<i64>,
    Form(form): Form<WhyForm>,
) -> Result<HttpResponse> {
    let (acting, id) = (hr.clone(), SupervisionId(*id));
    let why = form.why()?;
    submit(&db, &hr, &form.form_key, move |conn| {
        let person = supervision::end(conn, &acting, id, &why)?;
        Ok(format!("/certificates/of/{person}#supervision"))
    })
    .await
}

#[derive(Deserialize)]
pub struct NumberQuery {
    #[serde(default)]
    number: String,
}

/// Takes a Chinese certificate number apart for whoever holds the paper in their hands.
pub async fn numbers(viewer: Viewer, query: web::Query<NumberQuery>) -> HttpResponse {
    let word: String = query.number.trim().chars().take(64).collect();
    let found = number::recognise(&word);
    html(pages::numbers(&viewer, &word, found.as_ref()))
}
