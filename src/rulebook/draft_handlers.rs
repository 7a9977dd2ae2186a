//! Requests of those who change the rules: drafts, their effects, publication.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    Rulebook, diff, draft_pages as pages,
    drafts::{self, Draft, DraftId, Publication, Saved},
    editing::{self, Header, Misread, Wanted, WantedWay},
    editions::{self, version_of},
    effect_pages,
    effects::{Change, Trial},
    handlers::words_of,
    saying, survey, transitions,
};
use crate::{
    access::{Acting, ForAll, RuleMaking, submit},
    content::{Extent, Word},
    db::{Conn, Db, Instant},
    i18n::{self, Lang, Text},
    record::{
        PersonId, Rules,
        period::{MonthDay, days_after},
        programme::{Base, Certification, Ends, FixedDate, Holders, RuleSet, Transition, Validity},
        reading::Problem,
    },
    staff::{self, Site},
    text,
    web::{Error, Form, Problems, Result, download, html},
};

type Maker = Acting<RuleMaking>;
/// Rules count for everybody.
type Author = ForAll<RuleMaking>;
type Values = BTreeMap<String, String>;

/// A draft with everything its pages show.
pub struct Opened {
    pub draft: Draft,
    /// What it is seen as a change of.
    pub base: Word,
    /// What was said since by somebody else.
    pub newer: Option<Word>,
    pub base_rules: Option<Rules>,
    pub read: Result<Rules, Vec<Problem>>,
    pub names: HashMap<PersonId, staff::Person>,
    pub may_write: bool,
    /// How much was said about the rules when it was looked at: what is added later is noticed.
    pub seen: Extent,
}

impl Opened {
    fn load(
        conn: &mut Conn,
        rulebook: &Rulebook,
        (rules, seen): (&Rules, Extent),
        acting: &Maker,
        id: DraftId,
    ) -> Result<Opened> {
        let draft = drafts::find(conn, id)?;
        let words = words_of(conn, &draft.rule_set)?;
        let base = words.iter().find(|word| word.id == draft.base_content_id);
        let base = base.cloned().ok_or(Error::NotFound)?;
        let newest = editions::last(&words, &draft.rule_set);
        let newer = newest.filter(|word| draft.is_open() && word.id != base.id).cloned();
        let set = &draft.rule_set;
        let read = rulebook.shelf.tried(conn, rules, set, &draft.body)?;
        let base_rules = rulebook.shelf.tried(conn, rules, set, &base.text)?.ok();
        let names = names_of(conn, std::slice::from_ref(&draft))?;
        let may_write = acting.reaches_all(conn)?;
        Ok(Opened { draft, base, newer, base_rules, read, names, may_write, seen })
    }

    /// The certifications the draft changes.
    pub fn changed(&self) -> Vec<String> {
        match (&self.base_rules, &self.read) {
            (Some(base), Ok(draft)) => {
                saying::changed_certifications(base, draft, &self.draft.rule_set)
            }
            _ => Vec::new(),
        }
    }
}

impl Opened {
    /// A certification as it was and as the draft has it.
    fn versions_of<'a>(
        &'a self,
        code: &str,
    ) -> (Option<&'a Certification>, Option<&'a Certification>) {
        let set = self.draft.rule_set.as_str();
        let old = self.base_rules.as_ref().and_then(|rules| rules.set(set));
        let new = self.read.as_ref().ok().and_then(|rules| rules.set(set));
        let one = |set: &'a RuleSet| set.certification(code);
        (old.and_then(one), new.and_then(one))
    }

    /// What the draft means for those who hold a certificate already, published from a day on:
    /// the transitions its text should have, where those are others than it has.
    fn transitions(
        &self,
        code: &str,
        from: NaiveDate,
        holders: Option<Holders>,
    ) -> Option<Vec<Transition>> {
        let (old, new) = self.versions_of(code);
        let new = new?;
        let transitions = transitions::after(old, new, from, holders);
        (transitions != new.transitions).then_some(transitions)
    }
}

fn names_of(conn: &mut Conn, drafts: &[Draft]) -> Result<HashMap<PersonId, staff::Person>> {
    let mut names = HashMap::new();
    for draft in drafts {
        let ids = [
            Some(draft.drafted_by),
            Some(draft.changed_by),
            draft.withdrawn_by,
            draft.published_by,
        ];
        for id in ids.into_iter().flatten() {
            if !names.contains_key(&id)
                && let Some(person) = staff::queries::person(conn, id)?
            {
                names.insert(id, person);
            }
        }
    }
    Ok(names)
}

/// Opens a draft after catching up with what others have published.
async fn open(db: &Db, rulebook: &Rulebook, acting: &Maker, id: i64) -> Result<(Rules, Opened)> {
    rulebook.refresh(db, acting.today).await?;
    // Before the rules are taken: nothing that is added between the two is missed.
    let seen = rulebook.seen();
    let rules = rulebook.live.current().on(acting.today);
    let (book, maker, now) = (rulebook.clone(), acting.clone(), rules.clone());
    let opened =
        db.read(move |conn| Opened::load(conn, &book, (&now, seen), &maker, DraftId(id))).await?;
    Ok((rules, opened))
}

pub async fn list(db: web::Data<Db>, rules: Rules, acting: Maker) -> Result<HttpResponse> {
    let (drafts, names) = db
        .read(|conn| -> Result<_> {
            let drafts = drafts::all(conn)?;
            let names = names_of(conn, &drafts)?;
            Ok((drafts, names))
        })
        .await?;
    Ok(html(pages::list(&acting, &rules, &drafts, &names)))
}

#[derive(Deserialize)]
pub struct Start {
    form_key: String,
    /// Whether it is to carry over what the file has changed.
    from_file: Option<String>,
}

pub async fn start(
    db: web::Data<Db>,
    rules: Rules,
    acting: Author,
    code: web::Path<String>,
    Form(form): Form<Start>,
) -> Result<HttpResponse> {
    let set = rules.set(&code).ok_or(Error::NotFound)?;
    let (author, code) = (acting.clone(), set.code.clone());
    let title = set.title.get(acting.lang()).to_owned();
    let from_file = form.from_file.is_some();
    submit(&db, &acting, &form.form_key, move |conn| {
        let start = if from_file { drafts::start_from_file } else { drafts::start };
        let id = start(conn, &author, &code, &title)?;
        Ok(format!("/rules/drafts/{id}"))
    })
    .await
}

pub async fn draft(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Maker,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let (_, opened) = open(&db, &rulebook, &acting, *id).await?;
    Ok(html(pages::draft(&acting, &opened, &Problems::default())))
}

#[derive(Clone, Deserialize)]
pub struct TextForm {
    pub form_key: String,
    pub edition: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub body: String,
}

pub async fn text_page(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Maker,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let (_, opened) = open(&db, &rulebook, &acting, *id).await?;
    let form = TextForm {
        form_key: String::new(),
        edition: opened.draft.edition(),
        title: opened.draft.title.clone(),
        body: opened.draft.body.clone(),
    };
    Ok(html(pages::text(&acting, &opened, &form, &Problems::default(), &[])))
}

pub async fn save_text(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Author,
    id: web::Path<i64>,
    Form(mut form): Form<TextForm>,
) -> Result<HttpResponse> {
    let (rules, opened) = open(&db, &rulebook, &acting, *id).await?;
    form.body = diff::unified(&form.body);
    let mut problems = Problems::default();
    check_title(&form.title, &mut problems);
    let wrong = problems_of(&db, &rulebook, &rules, &opened.draft.rule_set, &form.body).await?;
    if !problems.is_empty() || !wrong.is_empty() {
        return Err(again(pages::text(&acting, &opened, &form, &problems, &wrong)));
    }
    save(&db, &acting, &opened.draft, &form, None).await
}

fn again(page: maud::Markup) -> Error {
    Error::Again(Box::new(page))
}

fn check_title(title: &str, problems: &mut Problems) {
    if title.trim().is_empty() || title.chars().count() > 200 {
        problems.add(
            "title",
            text!("请填写，最多 200 个字符。", "Fill this in, at most 200 characters."),
        );
    }
}

/// What is wrong with a text as the rule set of this code.
async fn problems_of(
    db: &Db,
    rulebook: &Rulebook,
    rules: &Rules,
    set: &str,
    body: &str,
) -> Result<Vec<Problem>> {
    let (shelf, rules, set, body) =
        (rulebook.shelf.clone(), rules.clone(), set.to_owned(), body.to_owned());
    let tried = db.read(move |conn| shelf.tried(conn, &rules, &set, &body)).await?;
    Ok(tried.err().unwrap_or_default())
}

/// What is wrong with a text from a day on: on that day, and on each later one on which a version
/// of another rule set that was announced already comes into force beside it.
async fn problems_from(
    db: &Db,
    rulebook: &Rulebook,
    rules: &Rules,
    set: &str,
    body: &str,
    from: NaiveDate,
) -> Result<Vec<Problem>> {
    let wrong = problems_of(db, rulebook, &rules.on(from), set, body).await?;
    if !wrong.is_empty() {
        return Ok(wrong);
    }
    for day in rules.changes_after(from) {
        let wrong = problems_of(db, rulebook, &rules.on(day), set, body).await?;
        if !wrong.is_empty() {
            return Ok(wrong.into_iter().map(|problem| on_later_day(problem, day)).collect());
        }
    }
    Ok(Vec::new())
}

fn on_later_day(problem: Problem, day: NaiveDate) -> Problem {
    let (from, from_en) = (i18n::date(Lang::Zh, day), i18n::date(Lang::En, day));
    let Text { zh, en } = &problem.text;
    let text = text!(
        "与已发布、自 {from} 起生效的版本不合：{zh}。请先修订该版本或修改本草稿",
        "does not go with what was published for {from_en}: {en}; change that version first, or this draft"
    );
    Problem { text, ..problem }
}

async fn save(
    db: &Db,
    acting: &Author,
    draft: &Draft,
    form: &TextForm,
    base: Option<crate::content::ContentId>,
) -> Result<HttpResponse> {
    let (author, id, form) = (acting.clone(), draft.id, form.clone());
    let key = form.form_key.clone();
    submit(db, acting, &key, move |conn| {
        let saved = Saved { title: form.title.trim(), body: &form.body, base };
        drafts::save(conn, &author, id, &form.edition, &saved)?;
        Ok(format!("/rules/drafts/{id}"))
    })
    .await
}

pub async fn form_page(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Maker,
    path: web::Path<(i64, String)>,
) -> Result<HttpResponse> {
    let (id, code) = path.into_inner();
    let (_, opened) = open(&db, &rulebook, &acting, id).await?;
    let one = in_draft(&opened, &code)?;
    let values = values_of(&opened.draft, &code, one);
    Ok(html(pages::form(&acting, &opened, one, &values, &Problems::default(), &[])))
}

fn in_draft<'a>(opened: &'a Opened, code: &str) -> Result<&'a Certification> {
    let draft = opened.read.as_ref().map_err(|_| Error::NotFound)?;
    let set = draft.set(&opened.draft.rule_set).ok_or(Error::NotFound)?;
    set.certification(code).ok_or(Error::NotFound)
}

/// The fields of the form as the draft has them.
fn values_of(draft: &Draft, code: &str, one: &Certification) -> Values {
    let mut values = Values::new();
    let mut put = |name: String, value: String| drop(values.insert(name, value));
    let document = editing::read("", &draft.body).ok();
    let excerpt =
        |key| document.as_ref().map(|all| editing::excerpt(all, code, key)).unwrap_or_default();
    put("edition".into(), draft.edition());
    let (kind, n) = match one.validity {
        Validity::None => ("none", 0),
        Validity::Months(n) => ("months", n),
        Validity::Days(n) => ("days", n),
        Validity::Fixed(fixed) => {
            put("ends".into(), String::from(fixed.ends));
            put("least".into(), fixed.min_active_months.to_string());
            ("fixed", fixed.months)
        }
    };
    put("validity".into(), kind.into());
    put("length".into(), n.to_string());
    put("requires".into(), excerpt("requires"));
    put("suspended_unless".into(), excerpt("suspended_unless"));
    if let Some(review) = &one.review {
        put("review".into(), review.months.to_string());
        put("review_window".into(), review.window_days.to_string());
    }
    for (place, way) in one.renewals.iter().enumerate() {
        let field = |name: &str| format!("renewal-{place}-{name}");
        put(field("window_days"), way.window_days.to_string());
        put(field("window_months"), way.window_months.to_string());
        put(field("grace_days"), way.grace_days.to_string());
        put(field("grace_months"), way.grace_months.to_string());
        put(field("base"), editing::base_word(way.base).into());
        let requires = document.as_ref().map(|all| editing::renewal_excerpt(all, code, place));
        put(field("requires"), requires.unwrap_or_default());
    }
    values
}

pub async fn save_form(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Author,
    path: web::Path<(i64, String)>,
    Form(values): Form<Values>,
) -> Result<HttpResponse> {
    let (id, code) = path.into_inner();
    let (rules, opened) = open(&db, &rulebook, &acting, id).await?;
    let one = in_draft(&opened, &code)?;
    let show = |problems: &Problems, wrong: &[Problem]| {
        again(pages::form(&acting, &opened, one, &values, problems, wrong))
    };
    let wanted = wanted(&values, one).map_err(|problems| show(&problems, &[]))?;
    let body = editing::change(&opened.draft.body, &code, &wanted)
        .map_err(|misread| show(&by_field(&misread), &[]))?;
    let wrong = problems_of(&db, &rulebook, &rules, &opened.draft.rule_set, &body).await?;
    if !wrong.is_empty() {
        return Err(show(&Problems::default(), &wrong));
    }
    let word = |name: &str| values.get(name).cloned().unwrap_or_default();
    let title = opened.draft.title.clone();
    let form = TextForm { form_key: word("form_key"), edition: word("edition"), title, body };
    save(&db, &acting, &opened.draft, &form, None).await
}

fn by_field(misread: &[Misread]) -> Problems {
    let mut problems = Problems::default();
    for Misread { field, problem } in misread {
        let Text { zh, en } = &problem.text;
        let text = match problem.line {
            Some(line) => text!("第 {line} 行：{zh}", "line {line}: {en}"),
            None => problem.text.clone(),
        };
        problems.add(field, text);
    }
    problems
}

/// Longer than any certificate is valid for, and short enough to be counted with.
const MOST: u32 = 6000;

/// Reads the form.
fn wanted(values: &Values, one: &Certification) -> Result<Wanted, Problems> {
    let mut problems = Problems::default();
    let word = |name: &str| values.get(name).map(|word| word.trim()).unwrap_or_default();
    let mut number = |name: &str, least: u32| -> u32 {
        let read = if word(name).is_empty() { Some(0) } else { word(name).parse().ok() };
        read.filter(|n| (least..=MOST).contains(n)).unwrap_or_else(|| {
            problems.add(
                name,
                text!(
                    "请填 {least} 到 {MOST} 之间的整数。",
                    "A whole number from {least} to {MOST}."
                ),
            );
            0
        })
    };
    let length = if word("validity") == "none" { 0 } else { number("length", 1) };
    let min_active_months = number("least", 0);
    let review = number("review", 0);
    let review = (review > 0).then(|| (review, number("review_window", 0)));
    let mut renewals = Vec::new();
    for place in 0..one.renewals.len() {
        let field = |name: &str| format!("renewal-{place}-{name}");
        renewals.push(WantedWay {
            window_days: number(&field("window_days"), 0),
            window_months: number(&field("window_months"), 0),
            grace_days: number(&field("grace_days"), 0),
            grace_months: number(&field("grace_months"), 0),
            base: base_of(word(&field("base"))),
            requires: word(&field("requires")).to_owned(),
        });
    }
    let validity = match word("validity") {
        "months" => Validity::Months(length),
        "days" => Validity::Days(length),
        "fixed" => match MonthDay::parse(word("ends")) {
            Some(day) => {
                Validity::Fixed(FixedDate { ends: Ends(day), months: length, min_active_months })
            }
            None => {
                problems.add(
                    "ends",
                    text!("请写成 12-31 的形式。", "Write a day of the year such as 12-31."),
                );
                Validity::None
            }
        },
        _ => Validity::None,
    };
    let wanted = Wanted {
        validity,
        requires: word("requires").to_owned(),
        suspended_unless: word("suspended_unless").to_owned(),
        review,
        renewals,
    };
    if problems.is_empty() { Ok(wanted) } else { Err(problems) }
}

fn base_of(word: &str) -> Base {
    let all = [Base::Completion, Base::Cycle];
    all.into_iter().find(|base| editing::base_word(*base) == word).unwrap_or_default()
}

#[derive(Deserialize)]
pub struct Rebase {
    form_key: String,
    edition: String,
    /// `merge`, or `keep` the text as it is.
    how: String,
}

/// Sees the draft as a change of what was said since: with that carried in, or as it stands.
pub async fn rebase(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Author,
    id: web::Path<i64>,
    Form(form): Form<Rebase>,
) -> Result<HttpResponse> {
    let (_, opened) = open(&db, &rulebook, &acting, *id).await?;
    let Opened { draft, base, newer, .. } = &opened;
    let newer = newer.as_ref().ok_or_else(|| {
        Error::Refused(text!(
            "草稿已经基于最新版本。",
            "The draft is a change of the newest version already."
        ))
    })?;
    let body = if form.how == "merge" {
        diff::carry_over(&base.text, &draft.body, &newer.text).map_err(|conflict| {
            let line = conflict.line;
            Error::Refused(text!(
                "两边都改了原文第 {line} 行附近，无法自动合并。请选择“保留草稿”，再对照差异手工修改。",
                "Both changed what stands around line {line} of the old text, and it cannot be merged. Choose to keep the draft, and put it right by hand with the comparison in sight."
            ))
        })?
    } else {
        draft.body.clone()
    };
    let (form_key, edition, title) = (form.form_key, form.edition, draft.title.clone());
    let text = TextForm { form_key, edition, title, body };
    save(&db, &acting, draft, &text, Some(newer.id)).await
}

#[derive(Deserialize)]
pub struct Withdrawal {
    form_key: String,
    #[serde(default)]
    why: String,
}

pub async fn withdraw(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Author,
    id: web::Path<i64>,
    Form(form): Form<Withdrawal>,
) -> Result<HttpResponse> {
    let (_, opened) = open(&db, &rulebook, &acting, *id).await?;
    let why = form.why.trim().to_owned();
    if why.is_empty() || why.chars().count() > 1000 {
        let mut problems = Problems::default();
        problems.add(
            "why",
            text!("请写明原因，最多 1000 个字符。", "Say why, in at most 1,000 characters."),
        );
        return Err(again(pages::draft(&acting, &opened, &problems)));
    }
    let (author, id) = (acting.clone(), opened.draft.id);
    submit(&db, &acting, &form.form_key, move |conn| {
        drafts::withdraw(conn, &author, id, &why)?;
        Ok(format!("/rules/drafts/{id}"))
    })
    .await
}

/// What the effects are asked for, as it stands in the address and in the form that publishes.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Plan {
    #[serde(default)]
    pub effective: String,
    /// `keep` what the draft says, or one of the three.
    #[serde(default)]
    pub transition: String,
    #[serde(default)]
    pub grace: String,
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub change: String,
    #[serde(default)]
    pub code: String,
    page: Option<usize>,
}

impl Plan {
    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 100_000)
    }

    pub fn change(&self) -> Option<Change> {
        Change::parse(&self.change)
    }

    pub fn query(&self) -> [(&'static str, &str); 6] {
        [
            ("effective", &self.effective),
            ("transition", &self.transition),
            ("grace", &self.grace),
            ("site", &self.site),
            ("change", &self.change),
            ("code", &self.code),
        ]
    }

    /// The day and the choice; what cannot be read is named.
    fn read(&self, today: NaiveDate) -> Result<(NaiveDate, Option<Holders>), Problems> {
        let mut problems = Problems::default();
        let latest = days_after(today, 3660);
        let day = match self.effective.trim() {
            "" => Some(today),
            word => word.parse().ok().filter(|day| (today..=latest).contains(day)),
        };
        if day.is_none() {
            problems.add(
                "effective",
                text!(
                    "请填今天或以后十年内的日期，例如 2027-01-01。",
                    "A date from today on, within ten years, such as 2027-01-01."
                ),
            );
        }
        let holders = match self.transition.as_str() {
            "from-date" => Some(Holders::FromDate),
            "grandfather" => Some(Holders::Grandfather),
            "grace" => {
                let days = self.grace.trim().parse().ok().filter(|days| (1..=3660).contains(days));
                if days.is_none() {
                    problems.add(
                        "grace",
                        text!("请填 1 到 3660 之间的天数。", "A number of days from 1 to 3660."),
                    );
                }
                days.map(|days| Holders::Grace { days })
            }
            _ => None,
        };
        match day {
            Some(day) if problems.is_empty() => Ok((day, holders)),
            _ => Err(problems),
        }
    }
}

/// A text as it would be published.
fn prepared(
    opened: &Opened,
    version: &str,
    (from, holders): (NaiveDate, Option<Holders>),
) -> Result<String, Problem> {
    let transitions: Vec<(String, Vec<Transition>)> = opened
        .changed()
        .into_iter()
        .filter_map(|code| Some((code.clone(), opened.transitions(&code, from, holders)?)))
        .collect();
    let header = Header { version, effective_from: from, transitions: &transitions };
    editing::head(&opened.draft.body, &header)
}

/// Compares what is in force on the day with what the draft would bring.
async fn trial(
    db: &Db,
    rulebook: &Rulebook,
    rules: &Rules,
    opened: &Opened,
    plan: (NaiveDate, Option<Holders>),
) -> Result<Result<Trial, Vec<Problem>>> {
    let version = version_of(&opened.draft.body).unwrap_or_default();
    let text = match prepared(opened, &version, plan) {
        Ok(text) => text,
        Err(problem) => return Ok(Err(vec![problem])),
    };
    let (shelf, base) = (rulebook.shelf.clone(), rules.on(plan.0));
    let set = opened.draft.rule_set.clone();
    db.read(move |conn| -> Result<_> {
        let tried = shelf.tried(conn, &base, &set, &text)?;
        Ok(tried.map(|draft| Trial::new(base, draft, &set, plan.0)))
    })
    .await
}

/// The effects with everything the page shows.
pub struct Shown {
    pub opened: Opened,
    pub plan: Plan,
    pub from: NaiveDate,
    pub trial: Arc<Trial>,
    pub survey: Arc<survey::Survey>,
    pub judged_at: Instant,
    pub sites: Vec<Site>,
    pub versions: Vec<String>,
}

/// The effects on everybody asked about: those judged some minutes ago, or judged now.
async fn surveyed(
    db: &Db,
    rulebook: &Rulebook,
    trial: Arc<Trial>,
    asked: survey::Asked,
    now: Instant,
) -> Result<survey::Made> {
    if let Some(made) = rulebook.surveys.find(&asked, now) {
        return Ok(made);
    }
    let (scope, below, today) = (asked.scope.clone(), asked.below.clone(), asked.today);
    let survey = survey::run(db, trial, scope, below, today).await?;
    let made = survey::Made { at: now, survey: Arc::new(survey) };
    rulebook.surveys.keep(asked, made.clone());
    Ok(made)
}

async fn look(db: &Db, rulebook: &Rulebook, acting: &Maker, id: i64, plan: &Plan) -> Result<Shown> {
    let (rules, opened) = open(db, rulebook, acting, id).await?;
    let read = plan.read(acting.today);
    let choice = read
        .map_err(|problems| again(effect_pages::misread(acting, &opened, plan, &problems, &[])))?;
    let trial = trial(db, rulebook, &rules, &opened, choice).await?;
    let trial = trial.map_err(|wrong| {
        again(effect_pages::misread(acting, &opened, plan, &Problems::default(), &wrong))
    })?;
    let trial = Arc::new(trial);
    let (scope, set) = (acting.reach().clone(), opened.draft.rule_set.clone());
    let (sites, words) = {
        let scope = scope.clone();
        db.read(move |conn| -> Result<_> {
            Ok((staff::queries::sites(conn, &scope)?, words_of(conn, &set)?))
        })
        .await?
    };
    let below = sites.iter().find(|site| site.code == plan.site).map(|site| site.lineage.clone());
    if below.is_none() && !plan.site.is_empty() {
        return Err(Error::NotFound);
    }
    let asked = survey::Asked {
        draft: opened.draft.id,
        edition: opened.draft.edition(),
        plan: choice,
        scope,
        below,
        today: acting.today,
        extent: opened.seen,
    };
    let survey::Made { at: judged_at, survey } =
        surveyed(db, rulebook, trial.clone(), asked, acting.now).await?;
    let versions = words.iter().filter_map(|word| version_of(&word.text)).collect();
    let (plan, from) = (plan.clone(), choice.0);
    Ok(Shown { opened, plan, from, trial, survey, judged_at, sites, versions })
}

pub async fn effects(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Maker,
    id: web::Path<i64>,
    plan: web::Query<Plan>,
) -> Result<HttpResponse> {
    let shown = look(&db, &rulebook, &acting, *id, &plan).await?;
    let form = PublishForm::suggested(&shown, acting.today);
    Ok(html(effect_pages::effects(&acting, &shown, &form, &Problems::default())))
}

pub async fn effects_csv(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Maker,
    id: web::Path<i64>,
    plan: web::Query<Plan>,
) -> Result<HttpResponse> {
    let shown = look(&db, &rulebook, &acting, *id, &plan).await?;
    let bytes = effect_pages::csv(acting.lang(), &shown)
        .map_err(|error| Error::Internal(format!("CSV: {error}")))?;
    Ok(download(
        &format!("effects-{}.csv", shown.opened.draft.id),
        "text/csv; charset=utf-8",
        bytes,
    ))
}

/// What the form that publishes sends.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PublishForm {
    pub form_key: String,
    pub edition: String,
    #[serde(default)]
    pub version: String,
    #[serde(default)]
    pub effective: String,
    #[serde(default)]
    pub transition: String,
    #[serde(default)]
    pub grace: String,
    #[serde(default)]
    pub why: String,
    pub alone: Option<String>,
}

impl PublishForm {
    fn suggested(shown: &Shown, today: NaiveDate) -> PublishForm {
        let draft = &shown.opened.draft;
        let own = version_of(&draft.body).unwrap_or_default();
        let taken = |version: &String| shown.versions.contains(version);
        let version = if taken(&own) {
            let day = today.to_string();
            let more = (2..).map(|n| format!("{day}-{n}"));
            std::iter::once(day.clone()).chain(more).find(|one| !taken(one)).unwrap_or_default()
        } else {
            own
        };
        PublishForm { edition: draft.edition(), version, ..PublishForm::default() }
    }

    fn plan(&self) -> Plan {
        Plan {
            effective: self.effective.clone(),
            transition: self.transition.clone(),
            grace: self.grace.clone(),
            ..Plan::default()
        }
    }

    fn problems(&self, draft: &Draft, versions: &[String], publisher: PersonId) -> Problems {
        let mut problems = Problems::default();
        let version = self.version.trim();
        if version.is_empty() || version.chars().count() > 40 {
            problems.add(
                "version",
                text!("请填写，最多 40 个字符。", "Fill this in, at most 40 characters."),
            );
        } else if versions.iter().any(|taken| taken == version) {
            problems.add(
                "version",
                text!(
                    "“{version}”已用于较早的版本，请换一个。",
                    "“{version}” was used for an earlier version: choose another."
                ),
            );
        }
        let why = self.why.trim();
        if why.is_empty() || why.chars().count() > 1000 {
            problems.add(
                "why",
                text!("请写明原因，最多 1000 个字符。", "Say why, in at most 1,000 characters."),
            );
        }
        if draft.is_by(publisher) && self.alone.is_none() {
            problems.add(
                "alone",
                text!(
                    "这份草稿是您自己写的。请由另一位人事或管理员发布；确需自己发布的，请勾选确认，审计记录会注明。",
                    "You wrote this draft yourself. Let another HR reviewer or administrator publish it; if you must, confirm here, and the audit trail says so."
                ),
            );
        }
        problems
    }
}

pub async fn publish(
    db: web::Data<Db>,
    rulebook: web::Data<Rulebook>,
    acting: Author,
    id: web::Path<i64>,
    Form(form): Form<PublishForm>,
) -> Result<HttpResponse> {
    let (rules, opened) = open(&db, &rulebook, &acting, *id).await?;
    let plan = form.plan();
    let choice = plan.read(acting.today).map_err(|problems| {
        again(effect_pages::misread(&acting, &opened, &plan, &problems, &[]))
    })?;
    let set = opened.draft.rule_set.clone();
    let words = db.read(move |conn| words_of(conn, &set)).await?;
    // What a form sent twice has published itself is no obstacle; `submit` leads it to the same place.
    let versions: Vec<String> = words
        .iter()
        .filter(|word| Some(word.id) != opened.draft.content_id)
        .filter_map(|word| version_of(&word.text))
        .collect();
    let problems = form.problems(&opened.draft, &versions, acting.id);
    if !problems.is_empty() {
        let shown = look(&db, &rulebook, &acting, *id, &plan).await?;
        return Err(again(effect_pages::effects(&acting, &shown, &form, &problems)));
    }
    let misread = |wrong: &[Problem]| {
        again(effect_pages::misread(&acting, &opened, &plan, &Problems::default(), wrong))
    };
    let body =
        prepared(&opened, form.version.trim(), choice).map_err(|problem| misread(&[problem]))?;
    let wrong = problems_from(&db, &rulebook, &rules, &opened.draft.rule_set, &body, choice.0);
    let wrong = wrong.await?;
    if !wrong.is_empty() {
        return Err(misread(&wrong));
    }
    let (author, id, key) = (acting.clone(), opened.draft.id, form.form_key.clone());
    let seen = opened.seen;
    let set = opened.draft.rule_set.clone();
    let alone = opened.draft.is_by(acting.id);
    let done = submit(&db, &acting, &key, move |conn| {
        let new = Publication {
            edition: &form.edition,
            body: &body,
            version: form.version.trim(),
            effective_on: choice.0,
            why: form.why.trim(),
            alone,
            seen,
        };
        drafts::publish(conn, &author, id, &new)?;
        Ok(format!("/rules/{set}"))
    })
    .await?;
    rulebook.refresh(&db, acting.today).await?;
    Ok(done)
}
