//! What changes something, each in one transaction: ask the facts, let a rule decide, record the
//! outcome with its facts, and tell whom it concerns.

use chrono::NaiveDate;

use super::{
    model::{Couple, Entry, EntryId, Outcome, PairingId, Said, State, VersionId},
    queries::{self, Ending, NewPairing},
    rules::{self, Proposal, Scheme, Side, Written},
};
use crate::{
    access::{self, Acting, Mentor, Role, Teaching, Viewer, audit},
    db::Conn,
    i18n::{self, Lang, Text},
    mail::{self, Letter, Letterhead, Recipient},
    record::{Consequences, Kind, NewFact, PersonId, Rules, Source, ledger},
    staff::{self, Person, Post, queries::Scope},
    t, text,
    web::{Error, Result},
};

/// The source of the open and closed facts of a pairing.
pub const PAIRING_SOURCE: &str = "pairing";
/// The source of the fact of a signed entry.
pub const LOGBOOK_SOURCE: &str = "logbook";

/// A pairing as somebody proposes it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub mentor: Post,
    pub apprentice: Post,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub goal: String,
    pub goals: Vec<(String, i64)>,
}

/// What the record says about a plan today.
pub fn propose(
    conn: &mut Conn,
    scheme: Scheme<'_>,
    plan: &Plan,
    on: NaiveDate,
) -> Result<Proposal> {
    let (mentor, apprentice) = (&plan.mentor, &plan.apprentice);
    Ok(Proposal {
        mentor: side(conn, scheme, mentor, on)?,
        apprentice: side(conn, scheme, apprentice, on)?,
        oneself: mentor.person.id == apprentice.person.id,
        active: queries::active_of(conn, mentor.person.id)?,
        reaches: reaches(conn, mentor, apprentice, on)?,
        taken: queries::is_taken(conn, apprentice.person.id, &scheme.ladder.code)?,
        starts_on: plan.starts_on,
        ends_on: plan.ends_on,
        on,
    })
}

fn side(conn: &mut Conn, scheme: Scheme<'_>, post: &Post, on: NaiveDate) -> Result<Side> {
    let facts = ledger::facts_of(conn, post.person.id, None)?;
    Ok(Side {
        name: name(&post.person),
        grade: rules::grade_on(&facts, scheme.ladder, on).cloned(),
        works: post.works_on(on),
    })
}

fn reaches(conn: &mut Conn, mentor: &Post, apprentice: &Post, on: NaiveDate) -> Result<bool> {
    let grants = access::queries::grants_of(conn, mentor.person.id, on)?;
    let mut held = grants.iter().filter(|grant| grant.role == Role::Mentor);
    let together = mentor.site.id == apprentice.site.id;
    Ok(held.any(|grant| together || apprentice.site.lineage.starts_with(&grant.lineage)))
}

pub fn name(person: &Person) -> Text {
    Text::new(person.title(Lang::Zh), person.title(Lang::En))
}

/// Makes a pairing, unless a rule refuses it; then every reason is told.
///
/// Both people's records are held first (the lower id first, so two pairings never wait for each
/// other): whoever pairs the same mentor or apprentice at this moment waits, and counts afterwards.
pub fn pair(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    scheme: Scheme<'_>,
    all: &Rules,
    head: &Letterhead,
    plan: &Plan,
) -> Result<PairingId> {
    let (mentor, apprentice) = (plan.mentor.person.id, plan.apprentice.person.id);
    ledger::hold(conn, mentor.min(apprentice))?;
    ledger::hold(conn, mentor.max(apprentice))?;
    let proposal = propose(conn, scheme, plan, acting.today)?;
    let verdict = rules::judge(scheme, &proposal);
    if !verdict.met {
        return Err(Error::Refused(refusal(&rules::refusals(&verdict))));
    }
    let new = NewPairing {
        mentor,
        apprentice,
        ladder: scheme.ladder.code.clone(),
        content: all.revision(scheme.set),
        goal: plan.goal.clone(),
        starts_on: plan.starts_on,
        ends_on: plan.ends_on,
        verdict: verdict.to_json(&|fact| Some(format!("fact:{fact}"))).to_string(),
        goals: plan.goals.clone(),
    };
    let id = queries::add(conn, &new, acting.id, acting.now)?;
    let source = Source::new(PAIRING_SOURCE, id.0);
    for (person, kind) in [(mentor, Kind::Mentor), (apprentice, Kind::Apprentice)] {
        let open = NewFact::new(kind, &new.ladder, plan.starts_on);
        ledger::append(conn, person, &open, source, acting.stamp())?;
    }
    let detail = serde_json::json!({ "mentor": plan.mentor.person.staff_no, "pairing": id });
    audit::note(conn, Some(acting.id), "pair", ("person", Some(apprentice.0)), detail, acting.now)?;
    tell_of_pairing(conn, acting, head, plan, id)?;
    Ok(id)
}

fn refusal(reasons: &[Text]) -> Text {
    let join = |reasons: Vec<&str>, between: &str| reasons.join(between);
    let zh = join(reasons.iter().map(|reason| reason.zh.as_str()).collect(), "；");
    let en = join(reasons.iter().map(|reason| reason.en.as_str()).collect(), "; ");
    text!("不能结对：{zh}。", "They cannot be paired: {en}.")
}

fn tell_of_pairing(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    head: &Letterhead,
    plan: &Plan,
    id: PairingId,
) -> Result<()> {
    let (mentor, apprentice) = (&plan.mentor.person, &plan.apprentice.person);
    let open =
        |lang| (t!(lang, "查看结对", "See the pairing"), format!("/mentoring/pairings/{id}"));
    let term = |lang| (i18n::date(lang, plan.starts_on), i18n::date(lang, plan.ends_on));
    tell(conn, acting, head, mentor, |lang| {
        let (name, (from, to)) = (apprentice.title(lang), term(lang));
        Letter {
            subject: t!(lang, "您有了新徒弟：{name}", "Your new apprentice: {name}"),
            paragraphs: vec![t!(
                lang,
                "从 {from} 到 {to}，您带 {name} 为徒。徒弟写的实操日志由您签字或退回。",
                "From {from} to {to}, {name} is your apprentice. You sign their logbook entries or send them back."
            )],
            action: Some(open(lang)),
        }
    })?;
    tell(conn, acting, head, apprentice, |lang| {
        let (name, (from, to)) = (mentor.title(lang), term(lang));
        Letter {
            subject: t!(lang, "您的师傅：{name}", "Your mentor: {name}"),
            paragraphs: vec![t!(
                lang,
                "从 {from} 到 {to}，您跟 {name} 学艺。每次实操后请写一条日志，由师傅签字。",
                "From {from} to {to}, {name} is your mentor. Write a logbook entry after each piece of work; your mentor signs it."
            )],
            action: Some(open(lang)),
        }
    })
}

/// Mails somebody in their language, if they have an address.
fn tell(
    conn: &mut Conn,
    viewer: &Viewer,
    head: &Letterhead,
    person: &Person,
    letter: impl Fn(Lang) -> Letter,
) -> Result<()> {
    let Some(email) = person.email.clone() else { return Ok(()) };
    let lang = person.lang();
    let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
    mail::post(conn, head, &to, &letter(lang), viewer.now)?;
    Ok(())
}

/// A pairing the viewer decides about: the apprentice is in their reach, and it is not about them.
pub fn decided_by(conn: &mut Conn, acting: &Acting<Teaching>, id: PairingId) -> Result<Couple> {
    let couple = visible(conn, acting, id)?;
    acting.other_person(conn, couple.apprentice.id)?;
    if couple.mentor.id == acting.id {
        return Err(Error::Forbidden);
    }
    Ok(couple)
}

/// Ends a pairing: its open facts are voided and said again with their end and outcome.
pub fn end(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    consequences: &Consequences,
    head: &Letterhead,
    couple: &Couple,
    ending: &Ending,
) -> Result<()> {
    let (id, mentor, apprentice) = (couple.pairing.id, couple.mentor.id, couple.apprentice.id);
    ledger::hold(conn, mentor.min(apprentice))?;
    ledger::hold(conn, mentor.max(apprentice))?;
    if !queries::end(conn, id, ending, acting.stamp())? {
        return Err(Error::Refused(text!(
            "这个结对已经结束，请刷新页面。",
            "This pairing has ended already; reload the page."
        )));
    }
    let (stamp, outcome) = (acting.stamp(), ending.outcome.word());
    ledger::void_source(conn, PAIRING_SOURCE, id.0, "the pairing ended", stamp)?;
    // Broken off before it began, it leaves nothing to say about either of them.
    if ending.on >= couple.pairing.starts_on {
        for (person, kind) in [(mentor, Kind::Mentor), (apprentice, Kind::Apprentice)] {
            let closed = NewFact::new(kind, &couple.pairing.ladder, couple.pairing.starts_on)
                .level(outcome)
                .through(Some(ending.on));
            ledger::append(conn, person, &closed, Source::new(PAIRING_SOURCE, id.0), stamp)?;
        }
    }
    for person in [mentor, apprentice] {
        follow(conn, consequences, person, acting)?;
    }
    let detail = serde_json::json!({ "pairing": id, "outcome": outcome, "why": ending.why });
    let subject = ("person", Some(apprentice.0));
    audit::note(conn, Some(acting.id), "end-pairing", subject, detail, acting.now)?;
    tell_of_end(conn, acting, head, couple, ending)
}

fn tell_of_end(
    conn: &mut Conn,
    acting: &Acting<Teaching>,
    head: &Letterhead,
    couple: &Couple,
    ending: &Ending,
) -> Result<()> {
    for person in [&couple.mentor, &couple.apprentice] {
        tell(conn, acting, head, person, |lang| {
            let (mentor, apprentice) = (couple.mentor.title(lang), couple.apprentice.title(lang));
            let on = i18n::date(lang, ending.on);
            let subject = match ending.outcome {
                Outcome::Completed => t!(
                    lang,
                    "出师：{apprentice}（师傅 {mentor}）",
                    "Apprenticeship completed: {apprentice} (mentor {mentor})"
                ),
                Outcome::BrokenOff => t!(
                    lang,
                    "师徒结对提前终止：{apprentice}（师傅 {mentor}）",
                    "Pairing broken off: {apprentice} (mentor {mentor})"
                ),
            };
            let mut paragraphs =
                vec![t!(lang, "师徒结对已于 {on} 结束。", "The pairing ended on {on}.")];
            paragraphs
                .extend(ending.why.as_ref().map(|why| t!(lang, "说明：{why}", "Reason: {why}")));
            let path = format!("/mentoring/pairings/{}", couple.pairing.id);
            let action = Some((t!(lang, "查看结对", "See the pairing"), path));
            Letter { subject, paragraphs, action }
        })?;
    }
    Ok(())
}

/// Lets what follows from new facts happen, on the day it is where the person works.
fn follow(
    conn: &mut Conn,
    consequences: &Consequences,
    person: PersonId,
    viewer: &Viewer,
) -> Result<()> {
    let post = staff::queries::post_of(conn, person, viewer.today)?;
    let today = post.map_or(viewer.today, |post| {
        viewer.now.utc().with_timezone(&post.site.zone()).date_naive()
    });
    Ok(consequences.follow(conn, person, today, viewer.stamp())?)
}

/// A pairing the viewer may look at: their own, one whose apprentice's record they may open, or
/// one they may sign for as a deputy.
pub fn visible(conn: &mut Conn, viewer: &Viewer, id: PairingId) -> Result<Couple> {
    let couple = queries::couple(conn, id)?.ok_or(Error::NotFound)?;
    if [couple.mentor.id, couple.apprentice.id].contains(&viewer.id) {
        return Ok(couple);
    }
    let deputy = Scope { lineages: viewer.lineages(&[Role::Mentor]), reports_of: None };
    if staff::queries::post_in(conn, &deputy, couple.apprentice.id, viewer.today)?.is_none() {
        viewer.post(conn, couple.apprentice.id)?;
    }
    Ok(couple)
}

/// An entry the viewer may look at, with its pairing.
pub fn visible_entry(conn: &mut Conn, viewer: &Viewer, id: EntryId) -> Result<(Entry, Couple)> {
    let entry = queries::entry(conn, id)?.ok_or(Error::NotFound)?;
    let couple = visible(conn, viewer, entry.pairing)?;
    Ok((entry, couple))
}

/// The viewer's own pairing, as its apprentice.
pub fn own(conn: &mut Conn, viewer: &Viewer, id: PairingId) -> Result<Couple> {
    let couple = visible(conn, viewer, id)?;
    if couple.apprentice.id == viewer.id { Ok(couple) } else { Err(Error::Forbidden) }
}

/// Writes an entry; the same entry sent twice is one.
pub fn write(
    conn: &mut Conn,
    viewer: &Viewer,
    pairing: PairingId,
    key: &str,
    written: &Written,
) -> Result<EntryId> {
    ledger::hold(conn, viewer.id)?;
    if let Some(entry) = queries::entry_named(conn, pairing, key)? {
        return Ok(entry);
    }
    let couple = own(conn, viewer, pairing)?;
    if let Some(problem) = rules::wrong_day(written.done_on, &couple.pairing, viewer.today) {
        return Err(Error::Refused(problem));
    }
    let entry = queries::add_entry(conn, pairing, key, viewer.now)?;
    queries::add_version(conn, entry, 1, written, viewer.now)?;
    note(conn, viewer, "write-logbook-entry", &couple, entry)?;
    Ok(entry)
}

/// Writes a returned entry again; what stood there before stays to be seen.
pub fn rewrite(conn: &mut Conn, viewer: &Viewer, id: EntryId, written: &Written) -> Result<()> {
    ledger::hold(conn, viewer.id)?;
    let (entry, couple) = own_returned(conn, viewer, id)?;
    if let Some(problem) = rules::wrong_day(written.done_on, &couple.pairing, viewer.today) {
        return Err(Error::Refused(problem));
    }
    queries::add_version(conn, id, entry.latest.version + 1, written, viewer.now)?;
    note(conn, viewer, "rewrite-logbook-entry", &couple, id)
}

/// The viewer's own entry, if it was sent back to them.
pub fn own_returned(conn: &mut Conn, viewer: &Viewer, id: EntryId) -> Result<(Entry, Couple)> {
    let entry = visible_entry(conn, viewer, id)?.0;
    let couple = own(conn, viewer, entry.pairing)?;
    match entry.state() {
        State::Returned(_) => Ok((entry, couple)),
        State::Waiting => Err(Error::Refused(text!(
            "这条记录正在等师傅签字，退回后才能修改。",
            "This entry waits for a signature; it can be changed once it was sent back."
        ))),
        State::Signed(_) => Err(Error::Refused(text!(
            "这条记录已签字，不能再改。如有错误，请联系车间主任或人事更正。",
            "This entry is signed and final. If it is wrong, ask your manager or HR to correct it."
        ))),
    }
}

fn note(
    conn: &mut Conn,
    viewer: &Viewer,
    act: &str,
    couple: &Couple,
    entry: EntryId,
) -> Result<()> {
    let deputy = couple.mentor.id != viewer.id && couple.apprentice.id != viewer.id;
    let detail = serde_json::json!({ "entry": entry, "deputy": deputy });
    let subject = ("person", Some(couple.apprentice.id.0));
    Ok(audit::note(conn, Some(viewer.id), act, subject, detail, viewer.now)?)
}

/// Whether the viewer may sign for this pairing: its mentor, or a mentor who reaches the site.
/// Never the apprentice.
pub fn may_sign(conn: &mut Conn, acting: &Acting<Mentor>, couple: &Couple) -> Result<()> {
    let own_apprentice = couple.mentor.id == acting.id && couple.apprentice.id != acting.id;
    if !own_apprentice {
        acting.other_person(conn, couple.apprentice.id)?;
    }
    Ok(())
}

/// An entry to be reviewed in the wording the mentor has read, held until that is done.
fn to_review(
    conn: &mut Conn,
    acting: &Acting<Mentor>,
    id: EntryId,
    read: VersionId,
) -> Result<(Entry, Couple)> {
    let (_, couple) = visible_entry(conn, acting, id)?;
    may_sign(conn, acting, &couple)?;
    // Two who sign at once take their turns here; the second sees the first one's signature.
    ledger::hold(conn, couple.apprentice.id)?;
    let entry = queries::entry(conn, id)?.ok_or(Error::NotFound)?;
    let by = match entry.state() {
        State::Waiting if entry.latest.id == read => return Ok((entry, couple)),
        State::Waiting => None,
        State::Signed(review) | State::Returned(review) => Some(name(&review.by)),
    };
    Err(Error::Refused(match by {
        Some(by) => Text::new(
            format!("{}已经处理过这条记录，请刷新页面。", by.zh),
            format!("{} has dealt with this entry already; reload the page.", by.en),
        ),
        None => text!(
            "这条记录已改写，请看过新内容再签字。",
            "This entry was written again; read the new wording before you sign."
        ),
    }))
}

/// Signs an entry: it becomes a fact, once and for good.
pub fn sign(
    conn: &mut Conn,
    acting: &Acting<Mentor>,
    consequences: &Consequences,
    id: EntryId,
    read: VersionId,
) -> Result<()> {
    let (entry, couple) = to_review(conn, acting, id, read)?;
    let latest = &entry.latest;
    let mut said = NewFact::new(Kind::Logbook, &latest.task, latest.done_on).amount(
        latest.times,
        1,
        Some("times"),
    );
    if !latest.work_order.is_empty() {
        said = said.number(&latest.work_order);
    }
    if couple.mentor.id != acting.id {
        said = said.note(format!("deputy for {}", couple.mentor.staff_no));
    }
    let (person, source) = (couple.apprentice.id, Source::new(LOGBOOK_SOURCE, id.0));
    let fact = ledger::append(conn, person, &said, source, acting.stamp())?;
    let by = (acting.id, acting.now);
    queries::add_review(conn, latest.id, Said::Signed, None, Some(fact), by)?;
    follow(conn, consequences, person, acting)?;
    note(conn, acting, "sign-logbook-entry", &couple, id)
}

/// Signs those of several wordings that still wait; what somebody else was faster with is passed
/// over.
pub fn sign_several(
    conn: &mut Conn,
    acting: &Acting<Mentor>,
    consequences: &Consequences,
    read: &[VersionId],
) -> Result<()> {
    let mut entries = Vec::new();
    for version in read {
        let id = queries::entry_of_version(conn, *version)?.ok_or(Error::NotFound)?;
        let (_, couple) = visible_entry(conn, acting, id)?;
        entries.push((couple.apprentice.id, id, *version));
    }
    // In one order for everybody, so that two mentors never wait for each other.
    entries.sort_unstable();
    entries.dedup();
    for (_, id, version) in entries {
        match sign(conn, acting, consequences, id, version) {
            Err(Error::Refused(_)) => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Sends an entry back with the reason.
pub fn send_back(
    conn: &mut Conn,
    acting: &Acting<Mentor>,
    head: &Letterhead,
    id: EntryId,
    read: VersionId,
    reason: &str,
) -> Result<()> {
    let (entry, couple) = to_review(conn, acting, id, read)?;
    let by = (acting.id, acting.now);
    queries::add_review(conn, entry.latest.id, Said::Returned, Some(reason), None, by)?;
    note(conn, acting, "return-logbook-entry", &couple, id)?;
    let mentor = acting.name.clone();
    tell(conn, acting, head, &couple.apprentice, |lang| Letter {
        subject: t!(lang, "一条实操日志被退回", "A logbook entry was sent back"),
        paragraphs: vec![t!(
            lang,
            "{mentor} 退回了您的实操日志。原因：{reason}",
            "{mentor} sent your logbook entry back. Reason: {reason}"
        )],
        action: Some((
            t!(lang, "修改后重新提交", "Edit and send it again"),
            format!("/mentoring/logbook/{id}/edit"),
        )),
    })
}
