//! What changes: applying, recommending, deciding. Each runs inside the caller's transaction.

use chrono::NaiveDate;

use super::{
    appointments::{self, rules::Asked},
    model::{CandidacyId, Decision, KeptVerdict, Outcome, Recommendation, Story},
    queries::{self, NewCandidacy},
    rules,
    views::{today_at, verdict_today, way_of},
};
use crate::{
    access::{Acting, Hr, Manager, Viewer, audit},
    db::{self, Conn},
    i18n::{self, Lang, Text},
    mail::{self, Letter, Letterhead, Recipient},
    record::{Consequences, FactId, Kind, NewFact, Rules, Source, ledger},
    staff::{self, Post},
    t, text,
    web::{Error, Result},
};

/// The source of the facts a decision writes; its id is the candidacy's.
pub const SOURCE: &str = "decision";

/// A row that may exist once exists already: somebody was faster. Said in words.
pub fn once(refusal: Text) -> impl FnOnce(db::Error) -> Error {
    move |error| {
        if error.is_unique_violation() { Error::Refused(refusal) } else { error.into() }
    }
}

/// Applies for a step, or nominates somebody for it: only who meets its conditions today.
pub fn apply(
    conn: &mut Conn,
    rules: &Rules,
    by: &Viewer,
    post: &Post,
    path: &str,
    statement: &str,
) -> Result<CandidacyId> {
    if !post.works_on(today_at(&post.site, by.now)) {
        return Err(Error::Refused(text!(
            "此人已离职，不能申报。",
            "Somebody who has left cannot apply."
        )));
    }
    let applied =
        || text!("这一步已有进行中的申报。", "There is an open application for this step.");
    let way = way_of(conn, rules, post, path, by.now)?;
    if way.applied.is_some() {
        return Err(Error::Refused(applied()));
    }
    if !way.line.met {
        return Err(Error::Refused(rules::not_met(&way.line)));
    }
    let content = rules.revision(way.step.set);
    let person = post.person.id;
    let new = NewCandidacy { person, path, content, statement, by: by.id, at: by.now };
    let id = queries::add(conn, &new).map_err(once(applied()))?;
    let detail = serde_json::json!({ "person": post.person.staff_no, "path": path });
    audit::note(conn, Some(by.id), "apply-for-step", ("candidacy", Some(id.0)), detail, by.now)?;
    Ok(id)
}

/// The manager's word for or against.
pub fn recommend(
    conn: &mut Conn,
    manager: &Acting<Manager>,
    id: CandidacyId,
    supports: bool,
    note: &str,
) -> Result<()> {
    let story = queries::take(conn, id)?.ok_or(Error::NotFound)?;
    manager.other_person(conn, story.candidacy.person_id)?;
    still_open(conn, &story)?;
    let given = text!(
        "这份申报已有推荐意见，不能再改。",
        "This candidacy has its recommendation already; it stays."
    );
    if story.recommendation.is_some() {
        return Err(Error::Refused(given));
    }
    let recommendation = Recommendation {
        candidacy_id: id,
        supports,
        note: note.to_owned(),
        given_at: manager.now,
        given_by: manager.id,
    };
    queries::recommend(conn, &recommendation).map_err(once(given))?;
    let detail = serde_json::json!({ "supports": supports });
    let subject = ("candidacy", Some(id.0));
    audit::note(conn, Some(manager.id), "recommend", subject, detail, manager.now)?;
    Ok(())
}

/// What HR has decided.
#[derive(Clone, Debug)]
pub struct Ruling {
    pub outcome: Outcome,
    pub effective_on: NaiveDate,
    /// The last day of an appointment, where the rules leave its length open.
    pub through: Option<NaiveDate>,
    pub reason: String,
}

/// What deciding needs beside the connection.
#[derive(Clone)]
pub struct Tools {
    pub rules: Rules,
    pub consequences: Consequences,
    pub letterhead: Letterhead,
}

impl Tools {
    pub fn new(rules: &Rules, consequences: &Consequences, letterhead: &Letterhead) -> Tools {
        let (rules, consequences) = (rules.clone(), consequences.clone());
        Tools { rules, consequences, letterhead: letterhead.clone() }
    }
}

/// HR decides, on the verdict of today: promoted writes the grade, and both are told by mail.
pub fn decide(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    id: CandidacyId,
    ruling: &Ruling,
) -> Result<()> {
    let story = queries::take(conn, id)?.ok_or(Error::NotFound)?;
    let post = hr.other_person(conn, story.candidacy.person_id)?;
    still_open(conn, &story)?;
    let path = story.candidacy.path.as_str();
    let verdict = verdict_today(conn, &tools.rules, &post, path, hr.now)?;
    let (ruling, fact) = match ruling.outcome {
        Outcome::Promoted => {
            let (ruling, fact) = grant(conn, tools, hr, &post, &story, verdict.as_ref(), ruling)?;
            (ruling, Some(fact))
        }
        Outcome::Declined | Outcome::Withdrawn => (ruling.clone(), None),
    };
    keep(conn, hr, &story, verdict.as_ref(), &ruling, fact)?;
    let today = today_at(&post.site, hr.now);
    tools.consequences.follow(conn, post.person.id, today, hr.stamp())?;
    let title = step_title(&tools.rules, path);
    tell(conn, &tools.letterhead, hr, &post, |lang, reader| {
        letter(lang, reader, &post.person, title.get(lang), id, &ruling)
    })
}

/// The candidate takes it back.
pub fn withdraw(
    conn: &mut Conn,
    rules: &Rules,
    viewer: &Viewer,
    id: CandidacyId,
    reason: &str,
) -> Result<()> {
    let story = queries::take(conn, id)?.ok_or(Error::NotFound)?;
    if story.candidacy.person_id != viewer.id {
        return Err(Error::NotFound);
    }
    still_open(conn, &story)?;
    let post = viewer.post(conn, viewer.id)?;
    let verdict = verdict_today(conn, rules, &post, &story.candidacy.path, viewer.now)?;
    let ruling = Ruling {
        outcome: Outcome::Withdrawn,
        effective_on: today_at(&post.site, viewer.now),
        through: None,
        reason: reason.to_owned(),
    };
    keep(conn, viewer, &story, verdict.as_ref(), &ruling, None)
}

/// Refuses when it is decided already, and says by whom.
fn still_open(conn: &mut Conn, story: &Story) -> Result<()> {
    let Some(made) = &story.decision else { return Ok(()) };
    let by = staff::queries::person(conn, made.decided_by)?;
    let name = |lang| by.as_ref().map_or("", |by| by.title(lang)).to_owned();
    let outcome = made.outcome.title();
    Err(Error::Refused(Text::new(
        format!("这份申报已经办结：{}已作出“{}”的决定。", name(Lang::Zh), outcome.zh),
        format!("This candidacy is closed: {} has decided “{}”.", name(Lang::En), outcome.en),
    )))
}

/// Records the grade, if today's verdict allows it and an appointment finds a place; says from when
/// through when it was given.
fn grant(
    conn: &mut Conn,
    tools: &Tools,
    hr: &Acting<Hr>,
    post: &Post,
    story: &Story,
    verdict: Option<&KeptVerdict>,
    ruling: &Ruling,
) -> Result<(Ruling, FactId)> {
    let found = tools.rules.path(&story.candidacy.path);
    let (Some((_, path)), Some(verdict)) = (found, verdict) else {
        return Err(Error::Refused(text!(
            "现行规则中已没有这条晋升路径，不能据此晋升。请作出“未通过”的决定并说明理由。",
            "No rule set in force has this path any more, so it cannot promote. Decline it and say why."
        )));
    };
    if !verdict.met {
        return Err(Error::Refused(rules::not_met(&verdict.line)));
    }
    let (person, context) = (story.candidacy.person_id, tools.rules.context());
    let held = rules::grades(&ledger::facts_of(conn, person, None)?, context);
    let asked = Asked { from: ruling.effective_on, through: ruling.through };
    let appointed = rules::is_appointment(path, context);
    let (from, through) =
        appointments::rules::term_of(path, appointed, &held, asked).map_err(Error::Refused)?;
    let today = today_at(&post.site, hr.now);
    appointments::queries::take_place(conn, path, post, (from, through), today)?;
    let grade = NewFact::new(Kind::Grade, &path.ladder, from)
        .level(&path.grants)
        .through(through)
        .note(&ruling.reason);
    let source = Source::new(SOURCE, story.candidacy.id.0);
    let fact = ledger::append(conn, person, &grade, source, hr.stamp())?;
    Ok((Ruling { effective_on: from, through, ..ruling.clone() }, fact))
}

/// Keeps the decision with its verdict; of two at once, the second is refused here.
fn keep(
    conn: &mut Conn,
    by: &Viewer,
    story: &Story,
    verdict: Option<&KeptVerdict>,
    ruling: &Ruling,
    fact_id: Option<FactId>,
) -> Result<()> {
    let id = story.candidacy.id;
    let decision = Decision {
        candidacy_id: id,
        outcome: ruling.outcome,
        effective_on: ruling.effective_on,
        reason: ruling.reason.clone(),
        verdict: serde_json::to_string(&verdict)?,
        decided_at: by.now,
        decided_by: by.id,
        fact_id,
    };
    queries::decide(conn, &decision).map_err(once(text!(
        "就在刚才，另一位同事已对这份申报作出决定。请刷新查看。",
        "A colleague decided this candidacy a moment ago. Reload to see it."
    )))?;
    let detail = serde_json::json!({
        "outcome": ruling.outcome, "effective_on": ruling.effective_on,
        "through": ruling.through, "fact": fact_id,
    });
    let subject = ("candidacy", Some(id.0));
    Ok(audit::note(conn, Some(by.id), "decide-candidacy", subject, detail, by.now)?)
}

/// What readers call a step, also one no rule set has any more.
pub fn step_title(rules: &Rules, code: &str) -> Text {
    rules.path(code).map_or_else(|| Text::same(code), |(_, path)| path.title.clone())
}

/// Tells somebody and their manager, each in their own language.
pub fn tell(
    conn: &mut Conn,
    head: &Letterhead,
    hr: &Acting<Hr>,
    post: &Post,
    letter: impl Fn(Lang, &staff::Person) -> Letter,
) -> Result<()> {
    let manager = match post.assignment.manager_id {
        Some(manager) => staff::queries::person(conn, manager)?,
        None => None,
    };
    for reader in [Some(&post.person), manager.as_ref()].into_iter().flatten() {
        let (Some(email), lang) = (reader.email.clone(), reader.lang()) else { continue };
        let name = reader.title(lang).to_owned();
        let to = Recipient { person: reader.id, name, email, lang };
        mail::post(conn, head, &to, &letter(lang, reader), hr.now)?;
    }
    Ok(())
}

fn letter(
    lang: Lang,
    reader: &staff::Person,
    candidate: &staff::Person,
    title: &str,
    id: CandidacyId,
    ruling: &Ruling,
) -> Letter {
    let who = candidate.title(lang);
    let outcome = ruling.outcome.title();
    let outcome = outcome.get(lang);
    let first = if reader.id == candidate.id {
        t!(
            lang,
            "您的申报“{title}”已有结果：{outcome}。",
            "Your application “{title}” is decided: {outcome}."
        )
    } else {
        t!(
            lang,
            "{who}的申报“{title}”已有结果：{outcome}。",
            "{who}’s application “{title}” is decided: {outcome}."
        )
    };
    let day = i18n::date(lang, ruling.effective_on);
    let effective = (ruling.outcome == Outcome::Promoted).then(|| {
        match ruling.through.map(|through| i18n::date(lang, through)) {
            Some(through) => t!(
                lang,
                "聘期：{day} 至 {through}。",
                "The term runs from {day} through {through}."
            ),
            None => t!(lang, "生效日期：{day}。", "Effective from {day}."),
        }
    });
    let reason = &ruling.reason;
    let why = t!(lang, "理由：{reason}", "Reason: {reason}");
    Letter {
        subject: t!(lang, "晋升申报结果：{who}，{outcome}", "Promotion: {who}, {outcome}"),
        paragraphs: [Some(first), effective, Some(why)].into_iter().flatten().collect(),
        action: Some((t!(lang, "查看依据", "See the reasons"), format!("/candidacies/{id}"))),
    }
}
