//! Forms in, pages or redirects out.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use maud::Markup;
use serde::Deserialize;

use super::{
    acts::{self, Plan},
    model::{Couple, Entry, EntryId, Outcome, PairingId, VersionId},
    pages::{self, EndForm, EntryForm, PairingForm},
    queries::{self, Ending, Which},
    rules::{self, Scheme},
};
use crate::{
    access::{self, Acting, Mentor, Role, Teaching, Viewer, submit},
    db::{Conn, Db},
    i18n::Text,
    mail::Letterhead,
    record::{Consequences, Kind, PersonId, Rules, ledger, period::through_of_months},
    staff::{self, Person, Post, queries::Filter},
    text,
    web::{Error, Form, Problems, Result, html},
};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct BoardQuery {
    q: Option<String>,
    state: Option<String>,
    page: Option<usize>,
}

/// The start for everybody: what is mine as an apprentice, as a mentor, and who is in my reach.
pub async fn board(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    query: web::Query<BoardQuery>,
) -> Result<HttpResponse> {
    let page = db.read(move |conn| board_page(conn, &viewer, &rules, &query)).await?;
    Ok(html(page))
}

fn board_page(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    query: &BoardQuery,
) -> Result<Markup> {
    let mut own = Vec::new();
    for couple in queries::couples(conn, Which::OfApprentice(viewer.id), 5)? {
        own.push(pages::Own {
            progress: queries::progress(conn, couple.pairing.id)?,
            entries: queries::entries_of(conn, couple.pairing.id, pages::FEW, 0)?,
            couple,
        });
    }
    let taught = taught(conn, viewer)?;
    let overseen = match Acting::<Teaching>::of(viewer.clone()) {
        Ok(acting) => Some(overseen(conn, &acting, query)?),
        Err(_) => None,
    };
    Ok(pages::board(viewer, rules, &own, taught.as_ref(), overseen.as_ref()))
}

/// What a mentor sees; nothing for those who neither hold the role nor have apprentices.
fn taught(conn: &mut Conn, viewer: &Viewer) -> Result<Option<pages::Taught>> {
    let apprentices = queries::couples(conn, Which::OpenOfMentor(viewer.id), 100)?;
    if apprentices.is_empty() && !viewer.holds(Role::Mentor) {
        return Ok(None);
    }
    let mut with_progress = Vec::new();
    for couple in apprentices {
        with_progress.push((queries::progress(conn, couple.pairing.id)?, couple));
    }
    let waiting = queries::waiting(conn, viewer.id, false, pages::MANY)?;
    let mut deputy = Vec::new();
    if let Ok(acting) = Acting::<Mentor>::of(viewer.clone()) {
        for line in queries::waiting(conn, viewer.id, true, pages::MANY)? {
            let (reach, id) = (acting.reach(), line.couple.apprentice.id);
            if staff::queries::post_in(conn, reach, id, viewer.today)?.is_some() {
                deputy.push(line);
            }
        }
    }
    let may_sign = viewer.holds(Role::Mentor);
    Ok(Some(pages::Taught { apprentices: with_progress, waiting, deputy, may_sign }))
}

/// The pairings whose apprentice is in reach, narrowed by the filter.
fn overseen(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    query: &BoardQuery,
) -> Result<pages::Overseen> {
    /// More than a network has; the reach is applied in memory, by the people it holds.
    const ALL: i64 = 20_000;
    let state = query.state.clone().unwrap_or_else(|| "open".to_owned());
    let which = match state.as_str() {
        "ended" => Which::Ended,
        "all" => Which::All,
        _ => Which::Open,
    };
    let filter = Filter { with_left: true, ..Filter::default() };
    let posts = staff::queries::posts(conn, acting.reach(), &filter, acting.today, ALL, 0)?;
    let sites: std::collections::HashMap<PersonId, staff::Site> =
        posts.into_iter().map(|post| (post.person.id, post.site)).collect();
    let waiting = queries::waiting_by_pairing(conn)?;
    let search = query.q.clone().unwrap_or_default();
    let mut lines: Vec<pages::OverseenLine> = queries::couples(conn, which, ALL)?
        .into_iter()
        .filter(|couple| speaks_of(couple, &search))
        .filter_map(|couple| {
            let site = sites.get(&couple.apprentice.id)?.clone();
            let waiting = waiting.get(&couple.pairing.id).copied().unwrap_or(0);
            Some(pages::OverseenLine { couple, site, waiting })
        })
        .collect();
    let page = query.page.unwrap_or(1).clamp(1, 10_000);
    let skip = ((page - 1) * pages::ROWS).min(lines.len());
    lines.drain(..skip);
    let has_more = lines.len() > pages::ROWS;
    lines.truncate(pages::ROWS);
    Ok(pages::Overseen { lines, search, state, page, has_more })
}

fn speaks_of(couple: &Couple, search: &str) -> bool {
    let word = search.trim().to_lowercase();
    let says = |person: &Person| {
        let names = [Some(&person.staff_no), Some(&person.name), person.name_en.as_ref()];
        names.into_iter().flatten().any(|name| name.to_lowercase().contains(&word))
    };
    word.is_empty() || says(&couple.mentor) || says(&couple.apprentice)
}

pub async fn new_pairing(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<Teaching>,
    form: web::Query<PairingForm>,
) -> Result<HttpResponse> {
    let form = form.into_inner();
    Ok(html(db.read(move |conn| pairing_form(conn, &acting, &rules, &form, &[])).await?))
}

/// The rules a form is about: those it names, or else the house's own.
fn scheme_of<'a>(rules: &'a Rules, form: &PairingForm, on: NaiveDate) -> Result<Scheme<'a>> {
    let schemes = rules::schemes(rules, on);
    let named = schemes.iter().find(|scheme| scheme.set.code == form.set);
    named.or(schemes.first()).copied().ok_or_else(|| {
        Error::Refused(text!(
            "没有启用带徒规则的规则集。请管理员在规则文件中加入 [mentoring]。",
            "No rule set in force has mentoring rules; ask an administrator to add [mentoring] to one."
        ))
    })
}

/// The page on which a pairing is put together: the form, the verdict once both are chosen, and
/// the mentors with their grade and load.
fn pairing_form(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    rules: &Rules,
    form: &PairingForm,
    targets: &[(String, String)],
) -> Result<Markup> {
    let scheme = scheme_of(rules, form, acting.today)?;
    let mut form = form.clone();
    if form.starts_on.is_empty() {
        form.starts_on = acting.today.to_string();
        form.months = "12".to_owned();
    }
    let begun = !form.apprentice.is_empty() || !form.mentor.is_empty();
    let (plan, problems) = match understand(conn, acting, &form)? {
        Ok(plan) => (Some(plan), Problems::default()),
        Err(problems) if begun => (None, problems),
        Err(_) => (None, Problems::default()),
    };
    let verdict = match &plan {
        None => None,
        Some(plan) => Some(rules::judge(scheme, &acts::propose(conn, scheme, plan, acting.today)?)),
    };
    let (mentors, apprentices) = candidates(conn, acting, scheme)?;
    let page = pages::NewPairing {
        scheme,
        form: &form,
        problems: &problems,
        verdict: verdict.as_ref(),
        targets,
        mentors: &mentors,
        apprentices: &apprentices,
    };
    Ok(pages::new_pairing(acting, rules, &page))
}

/// Who may be chosen: people at work in reach, with grade and load; mentors hold the role.
fn candidates(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    scheme: Scheme<'_>,
) -> Result<(Vec<pages::Candidate>, Vec<pages::Candidate>)> {
    let posts =
        staff::queries::posts(conn, acting.reach(), &Filter::default(), acting.today, 500, 0)?;
    let grades = ledger::facts_with(conn, Kind::Grade, &scheme.ladder.code)?;
    let loads = queries::loads(conn)?;
    // One query for everybody's roles, wherever they were given.
    let grants = access::queries::grants_below(conn, &["/".to_owned()], acting.today, 100_000)?;
    let in_force =
        |grant: &access::Grant| grant.role == Role::Mentor && grant.starts_on <= acting.today;
    let holders: std::collections::HashSet<PersonId> = grants
        .into_iter()
        .filter(|(grant, ..)| in_force(grant))
        .map(|(grant, ..)| grant.person)
        .collect();
    let (mut mentors, mut others) = (Vec::new(), Vec::new());
    for post in posts.into_iter().filter(|post| post.person.id != acting.id) {
        let facts = grades.get(&post.person.id).map_or(&[][..], Vec::as_slice);
        let grade = rules::grade_on(facts, scheme.ladder, acting.today);
        let level = grade.and_then(|fact| fact.level.clone());
        let load = loads.get(&post.person.id).copied().unwrap_or(0);
        let is_mentor = holders.contains(&post.person.id);
        let candidate = pages::Candidate { post, level, load };
        if is_mentor {
            mentors.push(candidate.clone());
        }
        others.push(candidate);
    }
    Ok((mentors, others))
}

/// Somebody named by staff number whom the viewer may pair, or why not.
fn chosen(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    number: &str,
) -> Result<std::result::Result<Post, Text>> {
    let number = number.trim();
    if number.is_empty() {
        return Ok(Err(text!("请选择人员。", "Please choose somebody.")));
    }
    let unknown = || {
        text!(
            "您的管辖范围内没有工号 {number}。",
            "There is no staff number {number} in your reach."
        )
    };
    let Some(person) = staff::queries::person_by_staff_no(conn, number)? else {
        return Ok(Err(unknown()));
    };
    if person.id == acting.id {
        return Ok(Err(text!(
            "不能安排自己的结对，请由另一位主管、内训师或人事操作。",
            "You cannot pair yourself; ask another manager, trainer or HR."
        )));
    }
    match acting.other_person(conn, person.id) {
        Ok(post) => Ok(Ok(post)),
        Err(Error::NotFound | Error::Forbidden) => Ok(Err(unknown())),
        Err(error) => Err(error),
    }
}

fn understand(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    form: &PairingForm,
) -> Result<std::result::Result<Plan, Problems>> {
    let mut problems = Problems::default();
    let mut person = |field: &str, number: &str, conn: &mut Conn| -> Result<Option<Post>> {
        let found = chosen(conn, acting, number)?;
        Ok(found.map_err(|problem| problems.add(field, problem)).ok())
    };
    let apprentice = person("apprentice", &form.apprentice, conn)?;
    let mentor = person("mentor", &form.mentor, conn)?;
    let starts_on = form.starts_on.trim().parse::<NaiveDate>().ok();
    let near = starts_on.filter(|day| (*day - acting.today).num_days().abs() <= 366);
    if near.is_none() {
        let problem =
            text!("请填一年以内的日期。", "A date not more than a year from today, please.");
        problems.add("starts_on", problem);
    }
    let months = form.months.trim().parse::<u32>().ok().filter(|months| (1..=120).contains(months));
    if months.is_none() {
        problems
            .add("months", text!("请填 1 到 120 之间的整数。", "A whole number from 1 to 120."));
    }
    if form.goal.chars().count() > 500 {
        problems.add("goal", text!("最多 500 个字符。", "At most 500 characters."));
    }
    Ok(match (apprentice, mentor, near, months) {
        (Some(apprentice), Some(mentor), Some(starts_on), Some(months)) if problems.is_empty() => {
            let ends_on = through_of_months(starts_on, months);
            let goal = form.goal.trim().to_owned();
            Ok(Plan { mentor, apprentice, starts_on, ends_on, goal, goals: Vec::new() })
        }
        _ => Err(problems),
    })
}

type Fields = Vec<(String, String)>;

fn field(fields: &Fields, name: &str) -> String {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The targets somebody set, as they wrote them: `target-TASK`, empty for none.
fn targets_of(fields: &Fields) -> Vec<(String, String)> {
    let target = |(name, value): &(String, String)| {
        let task = name.strip_prefix("target-")?;
        let value = value.trim();
        (!value.is_empty()).then(|| (task.to_owned(), value.to_owned()))
    };
    fields.iter().filter_map(target).collect()
}

/// Targets as numbers; nothing when one of them is none, or speaks of a task off the ladder.
fn understood(
    targets: &[(String, String)],
    rules: &Rules,
    scheme: Scheme<'_>,
) -> Option<Vec<(String, i64)>> {
    let tasks = pages::tasks_of(rules, &scheme.ladder.code);
    let one = |(task, value): &(String, String)| {
        let target = value.parse::<i64>().ok().filter(|target| (1..=1000).contains(target))?;
        tasks.iter().any(|known| known.code == *task).then(|| (task.clone(), target))
    };
    targets.iter().map(one).collect()
}

pub async fn pair(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    acting: Acting<Teaching>,
    Form(fields): Form<Fields>,
) -> Result<HttpResponse> {
    let form = PairingForm::of(|name| field(&fields, name));
    let targets = targets_of(&fields);
    let scheme = scheme_of(&rules, &form, acting.today)?;
    let Some(goals) = understood(&targets, &rules, scheme) else {
        return Err(Error::Invalid(text!(
            "目标次数须为 1 到 1000 之间的整数。",
            "A target is a whole number from 1 to 1000."
        )));
    };
    let (checked, proof, known) = (form.clone(), acting.clone(), rules.clone());
    let wrong = db
        .read(move |conn| -> Result<Option<Markup>> {
            let plan = understand(conn, &proof, &checked)?;
            let scheme = scheme_of(&known, &checked, proof.today)?;
            let fine = match &plan {
                Ok(plan) => {
                    let proposal = acts::propose(conn, scheme, plan, proof.today)?;
                    rules::judge(scheme, &proposal).met
                }
                Err(_) => false,
            };
            if fine {
                Ok(None)
            } else {
                pairing_form(conn, &proof, &known, &checked, &targets).map(Some)
            }
        })
        .await?;
    // A form that was sent already leads where it led; only a new one is shown its mistakes.
    let key = field(&fields, "form_key");
    let sent = sent_before(&db, &acting, &key).await?;
    if let Some(page) = wrong.filter(|_| !sent) {
        return Err(Error::Again(Box::new(page)));
    }
    let proof = acting.clone();
    submit(&db, &acting, &key, move |conn| {
        let scheme = scheme_of(&rules, &form, proof.today)?;
        let plan = understand(conn, &proof, &form)?.map_err(|_| Error::NotFound)?;
        let id = acts::pair(conn, &proof, scheme, &rules, &head, &Plan { goals, ..plan })?;
        Ok(format!("/mentoring/pairings/{id}"))
    })
    .await
}

/// Whether this form was sent and worked already.
async fn sent_before(db: &Db, viewer: &Viewer, key: &str) -> Result<bool> {
    let (key, id) = (key.to_owned(), viewer.id);
    db.read(move |conn| Ok(access::once::receipt(conn, &key, id)?.is_some())).await
}

#[derive(Deserialize)]
pub struct PageQuery {
    page: Option<usize>,
}

pub async fn pairing(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<i64>,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse> {
    let page = query.page.unwrap_or(1).clamp(1, 10_000);
    let id = PairingId(*id);
    let form = EndForm::default();
    let shown = db
        .read(move |conn| {
            pairing_page(conn, &viewer, &rules, id, page, (&form, &Problems::default()))
        })
        .await?;
    Ok(html(shown))
}

fn pairing_page(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    id: PairingId,
    page: usize,
    (form, problems): (&EndForm, &Problems),
) -> Result<Markup> {
    let couple = acts::visible(conn, viewer, id)?;
    let rows = pages::ROWS as i64;
    let mut entries = queries::entries_of(conn, id, rows + 1, (page as i64 - 1) * rows)?;
    let has_more = entries.len() > pages::ROWS;
    entries.truncate(pages::ROWS);
    let may_end = match Acting::<Teaching>::of(viewer.clone()) {
        Ok(acting) => couple.pairing.is_open() && acts::decided_by(conn, &acting, id).is_ok(),
        Err(_) => false,
    };
    let progress = queries::progress(conn, id)?;
    let waiting = queries::waiting_by_pairing(conn)?.get(&id).copied().unwrap_or(0);
    let shown = pages::Shown {
        couple: &couple,
        progress: &progress,
        entries: &entries,
        page,
        has_more,
        waiting,
        may_end,
        form,
        problems,
    };
    Ok(pages::pairing(viewer, rules, &shown))
}

pub async fn end(
    db: web::Data<Db>,
    rules: Rules,
    consequences: web::Data<Consequences>,
    head: web::Data<Letterhead>,
    acting: Acting<Teaching>,
    id: web::Path<i64>,
    Form(form): Form<EndForm>,
) -> Result<HttpResponse> {
    let id = PairingId(*id);
    let (proof, asked, known) = (acting.clone(), form.clone(), rules.clone());
    let ending = db
        .read(move |conn| -> Result<Ending> {
            let couple = acts::decided_by(conn, &proof, id)?;
            let progress = queries::progress(conn, id)?;
            asked.read(&couple.pairing, &progress, proof.today).or_else(|problems| {
                let page = pairing_page(conn, &proof, &known, id, 1, (&asked, &problems))?;
                Err(Error::Again(Box::new(page)))
            })
        })
        .await?;
    let proof = acting.clone();
    submit(&db, &acting, &form.form_key.clone(), move |conn| {
        let couple = acts::decided_by(conn, &proof, id)?;
        acts::end(conn, &proof, &consequences, &head, &couple, &ending)?;
        Ok(format!("/mentoring/pairings/{id}"))
    })
    .await
}

impl EndForm {
    /// What the form says, or its mistakes.
    fn read(
        &self,
        pairing: &super::Pairing,
        progress: &[super::Progress],
        today: NaiveDate,
    ) -> std::result::Result<Ending, Problems> {
        let mut problems = Problems::default();
        let outcome = Outcome::parse(&self.outcome);
        if outcome.is_none() {
            problems.add("outcome", text!("请选择结果。", "Please choose the outcome."));
        }
        // Before the first day there is nothing to complete; it can only be called off, today.
        let first = pairing.starts_on.min(today);
        let on = self.ended_on.trim().parse::<NaiveDate>().ok();
        let on = on.filter(|day| (first..=today).contains(day));
        if on.is_none() {
            problems.add(
                "ended_on",
                text!(
                    "请填结对开始到今天之间的日期。",
                    "A day from the beginning of the pairing until today."
                ),
            );
        }
        if outcome == Some(Outcome::Completed) && on.is_some_and(|on| on < pairing.starts_on) {
            problems.add(
                "outcome",
                text!("结对尚未开始，不能出师。", "It has not begun, so it cannot be completed."),
            );
        }
        let why = Some(self.why.trim().to_owned()).filter(|why| !why.is_empty());
        let needs_reason = match outcome {
            Some(Outcome::Completed) => rules::needs_reason_to_complete(progress),
            _ => true,
        };
        if needs_reason && why.is_none() {
            problems.add(
                "why",
                text!(
                    "提前终止或目标未完成时，请写明原因。",
                    "Please say why: it is broken off, or a goal is not reached."
                ),
            );
        }
        if self.why.chars().count() > 500 {
            problems.add("why", text!("最多 500 个字符。", "At most 500 characters."));
        }
        match (outcome, on) {
            (Some(outcome), Some(on)) if problems.is_empty() => Ok(Ending { on, outcome, why }),
            _ => Err(problems),
        }
    }
}

#[derive(Deserialize)]
pub struct NewEntryQuery {
    pairing: Option<i64>,
}

pub async fn new_entry(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    query: web::Query<NewEntryQuery>,
) -> Result<HttpResponse> {
    let asked = query.pairing.map(PairingId);
    let page = db
        .read(move |conn| -> Result<Markup> {
            let open = queries::open_pairings_of(conn, viewer.id)?;
            let wanted = |couple: &&Couple| asked.is_none_or(|id| couple.pairing.id == id);
            let Some(couple) = open.iter().find(wanted) else {
                return Ok(pages::no_pairing(&viewer));
            };
            let form = EntryForm::fresh(viewer.today.min(couple.pairing.last_day()));
            entry_form(conn, &viewer, &rules, couple, None, (&form, &Problems::default()))
        })
        .await?;
    Ok(html(page))
}

fn entry_form(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    couple: &Couple,
    returned: Option<&Entry>,
    (form, problems): (&EntryForm, &Problems),
) -> Result<Markup> {
    let progress = queries::progress(conn, couple.pairing.id)?;
    let action = match returned {
        Some(entry) => format!("/mentoring/logbook/{}", entry.id),
        None => "/mentoring/logbook".to_owned(),
    };
    let page = pages::EntryPage { couple, progress: &progress, returned, action, form, problems };
    Ok(pages::entry_form(viewer, rules, &page))
}

/// Reads an entry for one of the viewer's pairings; shows the form again when it is wrong.
fn read_entry(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    couple: &Couple,
    returned: Option<&Entry>,
    form: &EntryForm,
) -> Result<rules::Written> {
    let tasks = pages::tasks_of(rules, &couple.pairing.ladder);
    let is_task = |code: &str| tasks.iter().any(|task| task.code == code);
    let read = rules::read_entry(&form.draft(), &couple.pairing, is_task, viewer.today);
    read.or_else(|problems| {
        let page = entry_form(conn, viewer, rules, couple, returned, (form, &problems))?;
        Err(Error::Again(Box::new(page)))
    })
}

pub async fn write_entry(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    Form(form): Form<EntryForm>,
) -> Result<HttpResponse> {
    if form.entry_key.is_empty() || form.entry_key.len() > 64 {
        return Err(Error::Invalid(text!(
            "表单已失效，请刷新页面后重试。",
            "This form is out of date. Reload the page and try again."
        )));
    }
    let id = PairingId(form.pairing.parse().map_err(|_| Error::NotFound)?);
    let (apprentice, draft) = (viewer.clone(), form.clone());
    let written = db
        .read(move |conn| -> Result<rules::Written> {
            let couple = acts::own(conn, &apprentice, id)?;
            read_entry(conn, &apprentice, &rules, &couple, None, &draft)
        })
        .await?;
    let apprentice = viewer.clone();
    submit(&db, &viewer, &form.form_key.clone(), move |conn| {
        acts::write(conn, &apprentice, id, &form.entry_key, &written)?;
        Ok("/mentoring".to_owned())
    })
    .await
}

pub async fn entry(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let id = EntryId(*id);
    let page =
        db.read(move |conn| entry_page(conn, &viewer, &rules, id, &Problems::default())).await?;
    Ok(html(page))
}

fn entry_page(
    conn: &mut Conn,
    viewer: &Viewer,
    rules: &Rules,
    id: EntryId,
    problems: &Problems,
) -> Result<Markup> {
    let (entry, couple) = acts::visible_entry(conn, viewer, id)?;
    let may_sign = match Acting::<Mentor>::of(viewer.clone()) {
        Ok(acting) => acts::may_sign(conn, &acting, &couple).is_ok(),
        Err(_) => false,
    };
    Ok(pages::entry(viewer, rules, &couple, &entry, may_sign, problems))
}

pub async fn edit_entry(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<i64>,
) -> Result<HttpResponse> {
    let id = EntryId(*id);
    let page = db
        .read(move |conn| -> Result<Markup> {
            let (entry, couple) = acts::own_returned(conn, &viewer, id)?;
            let form = EntryForm::of(&entry);
            let problems = Problems::default();
            entry_form(conn, &viewer, &rules, &couple, Some(&entry), (&form, &problems))
        })
        .await?;
    Ok(html(page))
}

pub async fn rewrite_entry(
    db: web::Data<Db>,
    rules: Rules,
    viewer: Viewer,
    id: web::Path<i64>,
    Form(form): Form<EntryForm>,
) -> Result<HttpResponse> {
    let id = EntryId(*id);
    let (apprentice, draft) = (viewer.clone(), form.clone());
    let written = db
        .read(move |conn| -> Result<rules::Written> {
            let (entry, _) = acts::visible_entry(conn, &apprentice, id)?;
            let couple = acts::own(conn, &apprentice, entry.pairing)?;
            read_entry(conn, &apprentice, &rules, &couple, Some(&entry), &draft)
        })
        .await?;
    let apprentice = viewer.clone();
    submit(&db, &viewer, &form.form_key, move |conn| {
        acts::rewrite(conn, &apprentice, id, &written)?;
        Ok("/mentoring".to_owned())
    })
    .await
}

#[derive(Clone, Debug, Deserialize)]
pub struct ReviewForm {
    form_key: String,
    version: i64,
    #[serde(default)]
    reason: String,
}

pub async fn sign(
    db: web::Data<Db>,
    consequences: web::Data<Consequences>,
    acting: Acting<Mentor>,
    id: web::Path<i64>,
    Form(form): Form<ReviewForm>,
) -> Result<HttpResponse> {
    let proof = acting.clone();
    submit(&db, &acting, &form.form_key, move |conn| {
        acts::sign(conn, &proof, &consequences, EntryId(*id), VersionId(form.version))?;
        Ok("/mentoring".to_owned())
    })
    .await
}

pub async fn sign_several(
    db: web::Data<Db>,
    consequences: web::Data<Consequences>,
    acting: Acting<Mentor>,
    Form(fields): Form<Fields>,
) -> Result<HttpResponse> {
    let versions: Vec<VersionId> = fields
        .iter()
        .filter(|(name, _)| name == "version")
        .filter_map(|(_, value)| value.parse().ok().map(VersionId))
        .take(pages::MANY as usize)
        .collect();
    let (proof, key) = (acting.clone(), field(&fields, "form_key"));
    submit(&db, &acting, &key, move |conn| {
        acts::sign_several(conn, &proof, &consequences, &versions)?;
        Ok("/mentoring".to_owned())
    })
    .await
}

pub async fn send_back(
    db: web::Data<Db>,
    rules: Rules,
    head: web::Data<Letterhead>,
    acting: Acting<Mentor>,
    id: web::Path<i64>,
    Form(form): Form<ReviewForm>,
) -> Result<HttpResponse> {
    let (id, reason) = (EntryId(*id), form.reason.trim().to_owned());
    let mut problems = Problems::default();
    if reason.is_empty() {
        problems.add("reason", text!("请写明退回的原因。", "Please say why you send it back."));
    }
    if reason.chars().count() > 500 {
        problems.add("reason", text!("最多 500 个字符。", "At most 500 characters."));
    }
    let proof = acting.clone();
    if !problems.is_empty() {
        let page = db.read(move |conn| entry_page(conn, &proof, &rules, id, &problems)).await?;
        return Err(Error::Again(Box::new(page)));
    }
    submit(&db, &acting, &form.form_key, move |conn| {
        acts::send_back(conn, &proof, &head, id, VersionId(form.version), &reason)?;
        Ok("/mentoring".to_owned())
    })
    .await
}
