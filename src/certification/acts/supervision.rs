//! Trainees who may do the work of a certificate under the eyes of a named holder, for a time
//! (R10).
//!
//! The record says so in a word of its own, `supervision`, which no requirement takes for holding
//! the certificate. Whether it still holds today is computed: it ends with its last day, and as
//! soon as trainee or supervisor no longer meet what the rule demands of them.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::json;

use super::queries::{self, NewSupervision};
use crate::{
    access::{Acting, Hr, audit},
    db::{Conn, Error, Instant, schema::supervision},
    i18n::{self, Lang, Text},
    mail::{self, Letter, Letterhead, Recipient},
    record::{
        Fact, FactId, Kind, NewFact, PersonId, Rules, Source,
        case::Case,
        context::Context,
        ledger,
        period::{FOREVER, day_before, days_after, days_before, first_day_after_months},
        programme::Exemption,
        requirement::{Certificate, Requirement, Rule},
        verdict,
    },
    staff::{self, Person, Post},
    t, text, web,
};

crate::id! {
    /// A trainee under supervision, for one certification and a time.
    SupervisionId
}

/// The source of the facts of supervision.
pub const SOURCE: &str = "supervision";
/// How far ahead it may begin.
const AHEAD_DAYS: u32 = 92;

/// Who is supervised by whom, for which certification, from when through when.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = supervision)]
pub struct Supervised {
    pub id: SupervisionId,
    pub person_id: PersonId,
    pub supervisor_id: PersonId,
    pub certification: String,
    pub from_on: NaiveDate,
    pub through_on: NaiveDate,
    pub fact_id: FactId,
    pub made_at: Instant,
    /// The last day, where somebody ended it early.
    pub ended_on: Option<NaiveDate>,
    pub ended_why: Option<String>,
}

impl Supervised {
    /// The last day it was meant to last, an early end included; it may have ended before it began.
    pub fn last_day(&self) -> NaiveDate {
        self.ended_on.map_or(self.through_on, |ended| ended.min(self.through_on))
    }

    fn days(&self) -> i64 {
        (self.last_day() - self.from_on).num_days().max(-1) + 1
    }
}

/// How a supervision stands on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// The trainee may do the work; through this day, if nothing changes meanwhile.
    Allowed(NaiveDate),
    /// It has not begun.
    NotYet,
    /// Its time is over.
    Over,
    /// Its time runs, but somebody does not qualify; the words say who and why.
    Refused(Text),
}

/// What is demanded of the supervisor: to hold the certificate, unless the rule says otherwise.
fn of_supervisor(exemption: &Exemption, code: &str) -> Requirement {
    exemption.supervisor.clone().unwrap_or_else(|| Requirement {
        name: None,
        note: None,
        rule: Rule::Certificate(Certificate {
            code: code.to_owned(),
            strictly: false,
            for_months: 0,
            ever: false,
        }),
    })
}

/// How a supervision stands on a day, by the facts of both.
pub fn stands(
    context: &Context,
    exemption: Option<&Exemption>,
    one: &Supervised,
    trainee: &[Fact],
    supervisor: &[Fact],
    on: NaiveDate,
) -> Stands {
    if on < one.from_on {
        return Stands::NotYet;
    }
    if on > one.last_day() {
        return Stands::Over;
    }
    let Some(exemption) = exemption else {
        return Stands::Refused(text!(
            "规则不再允许监护下作业",
            "the rule no longer allows work under supervision"
        ));
    };
    let mut through = one.last_day();
    if let Some(demand) = &exemption.trainee {
        let truth = Case::new(context, trainee, on).truth(demand);
        if !truth.met {
            return Stands::Refused(text!(
                "学员不再符合条件",
                "the trainee no longer meets what is demanded of trainees"
            ));
        }
        through = through.min(truth.through);
    }
    let demand = of_supervisor(exemption, &one.certification);
    let truth = Case::new(context, supervisor, on).truth(&demand);
    if !truth.met {
        return Stands::Refused(text!(
            "监护人不再符合条件",
            "the supervisor no longer meets what is demanded of supervisors"
        ));
    }
    Stands::Allowed(through.min(truth.through))
}

/// [`stands`], while both work here: facts about those who have left go on for a while.
fn stands_while_both_work_here(
    conn: &mut Conn,
    context: &Context,
    exemption: Option<&Exemption>,
    one: &Supervised,
    (trainee, supervisor): (&[Fact], &[Fact]),
    on: NaiveDate,
) -> Result<Stands, Error> {
    let stands = stands(context, exemption, one, trainee, supervisor, on);
    if matches!(stands, Stands::NotYet | Stands::Over) {
        return Ok(stands);
    }
    let mut works = |person| -> Result<bool, Error> {
        let post = staff::queries::post_of(conn, person, on)?;
        Ok(post.is_some_and(|post| post.works_on(on)))
    };
    if !works(one.supervisor_id)? {
        return Ok(Stands::Refused(text!(
            "监护人已离职，请另行指定",
            "the supervisor works here no longer: name another one"
        )));
    }
    if !works(one.person_id)? {
        return Ok(Stands::Refused(text!("学员已离职", "the trainee works here no longer")));
    }
    Ok(stands)
}

/// The last day supervision may last when it begins on a day, after what was used up before; none
/// when nothing is left.
pub fn longest(months: u32, before: &[Supervised], from: NaiveDate) -> Option<NaiveDate> {
    let begun = before.iter().map(|one| one.from_on).min().unwrap_or(from).min(from);
    let allowed = (first_day_after_months(begun, months) - begun).num_days();
    let used: i64 = before.iter().map(Supervised::days).sum();
    let left = u32::try_from(allowed - used).ok().filter(|left| *left > 0)?;
    Some(days_after(from, left - 1).min(day_before(FOREVER)))
}

/// What HR asks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub certification: String,
    pub supervisor: String,
    pub from: Option<NaiveDate>,
    pub through: Option<NaiveDate>,
}

/// Names a supervisor to a trainee.
pub fn begin(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    trainee: PersonId,
    wanted: &Wanted,
) -> web::Result<SupervisionId> {
    let post = hr.other_person(conn, trainee)?;
    let supervisor = find_supervisor(conn, hr, &wanted.supervisor, trainee)?;
    ledger::hold_all(conn, [trainee, supervisor.id])?;
    let (from, through) = checked(conn, hr, rules, &post, &supervisor, wanted)?;
    let note = format!("{} {}", supervisor.staff_no, supervisor.name);
    let said = NewFact::new(Kind::Supervision, &wanted.certification, from)
        .through(Some(through))
        .note(note);
    // The fact comes first and the row names it; two of one trainee begin on different days.
    let source = Source::new(SOURCE, trainee.0).line(supervision_line(conn, trainee)?);
    let fact = ledger::append(conn, trainee, &said, source, hr.stamp())?;
    let new = NewSupervision {
        person: trainee,
        supervisor: supervisor.id,
        certification: &wanted.certification,
        from,
        through,
        fact,
        stamp: (hr.now, hr.id),
    };
    let id = queries::add_supervision(conn, &new)?;
    let detail = json!({
        "certification": wanted.certification, "supervisor": supervisor.staff_no,
        "from": from, "through": through,
    });
    audit::note(
        conn,
        Some(hr.id),
        "begin-supervision",
        ("supervision", Some(id.0)),
        detail,
        hr.now,
    )?;
    tell(
        conn,
        rules,
        head,
        hr,
        (&post.person, &supervisor),
        &wanted.certification,
        (from, through),
    )?;
    Ok(id)
}

fn supervision_line(conn: &mut Conn, trainee: PersonId) -> Result<i64, Error> {
    Ok(queries::supervisions_of(conn, trainee)?.len() as i64 + 1)
}

fn find_supervisor(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    staff_no: &str,
    trainee: PersonId,
) -> web::Result<Person> {
    let found = staff::queries::person_by_staff_no(conn, staff_no.trim())?;
    let post = match found {
        Some(person) => staff::queries::post_in(conn, hr.reach(), person.id, hr.today)?,
        None => None,
    };
    match post.filter(|post| post.works_on(hr.today)) {
        None => Err(web::Error::Refused(text!(
            "在您的管理范围内没有工号为“{staff_no}”的在职人员。",
            "Nobody with staff number {staff_no} works within your reach."
        ))),
        Some(post) if post.person.id == trainee => Err(web::Error::Refused(text!(
            "监护人不能是学员本人。",
            "Nobody supervises themselves."
        ))),
        Some(post) => Ok(post.person),
    }
}

/// From when through when, if the rule allows it.
fn checked(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    post: &Post,
    supervisor: &Person,
    wanted: &Wanted,
) -> web::Result<(NaiveDate, NaiveDate)> {
    let refuse = |text| Err(web::Error::Refused(text));
    let plan = rules.certification(&wanted.certification);
    let Some(exemption) = plan.and_then(|(_, plan)| plan.exemption.as_ref()) else {
        return refuse(text!(
            "这项认证不允许无证人员在监护下作业。",
            "This certification allows no work under supervision."
        ));
    };
    let from = wanted.from.unwrap_or(hr.today);
    if from < hr.today || from > days_after(hr.today, AHEAD_DAYS) {
        return refuse(text!(
            "开始日期应在今天到 {AHEAD_DAYS} 天之内。",
            "It begins today or within {AHEAD_DAYS} days."
        ));
    }
    let mut before = queries::supervisions_of(conn, post.person.id)?;
    before.retain(|one| one.certification == wanted.certification);
    let Some(longest) = longest(exemption.months, &before, from) else {
        let months = exemption.months;
        return refuse(text!(
            "累计最多 {months} 个月，已经用完。",
            "It may last {months} months in all, and they are used up."
        ));
    };
    let through = wanted.through.unwrap_or(longest);
    if through < from || through > longest {
        let (zh, en) = (i18n::date(Lang::Zh, longest), i18n::date(Lang::En, longest));
        return refuse(text!(
            "结束日期应不早于开始日期，且不晚于 {zh}（累计时限）。",
            "It ends on or after its first day and by {en}, when the time allowed in all is over."
        ));
    }
    if before.iter().any(|one| one.from_on <= through && from <= one.last_day()) {
        return refuse(text!(
            "这段时间已经有监护人。请先结束原来的安排。",
            "There is a supervisor at that time already. End that first."
        ));
    }
    let one = Supervised {
        id: SupervisionId(0),
        person_id: post.person.id,
        supervisor_id: supervisor.id,
        certification: wanted.certification.clone(),
        from_on: from,
        through_on: through,
        fact_id: FactId(0),
        made_at: hr.now,
        ended_on: None,
        ended_why: None,
    };
    let trainee = ledger::facts_of(conn, post.person.id, None)?;
    let holder = ledger::facts_of(conn, supervisor.id, None)?;
    let (context, facts) = (rules.context(), (trainee.as_slice(), holder.as_slice()));
    match stands_while_both_work_here(conn, context, Some(exemption), &one, facts, from)? {
        Stands::Allowed(_) => Ok((from, through)),
        Stands::Refused(Text { zh, en }) => {
            refuse(text!("不能安排：{zh}。", "This is not possible: {en}."))
        }
        Stands::NotYet | Stands::Over => Err(web::Error::NotFound),
    }
}

fn tell(
    conn: &mut Conn,
    rules: &Rules,
    head: &Letterhead,
    hr: &Acting<Hr>,
    (trainee, supervisor): (&Person, &Person),
    code: &str,
    (from, through): (NaiveDate, NaiveDate),
) -> Result<(), Error> {
    for (to, other) in [(trainee, supervisor), (supervisor, trainee)] {
        let Some(email) = to.email.clone() else { continue };
        let lang = to.lang();
        let title = rules.context().name(Kind::Certificate, code);
        let (title, other) = (title.get(lang), other.title(lang));
        let (from, through) = (i18n::date(lang, from), i18n::date(lang, through));
        let said = if to.id == trainee.id {
            t!(
                lang,
                "{from} 至 {through}，您可以在 {other} 的监护下从事需要“{title}”的工作；监护人不在场时不得作业。",
                "From {from} through {through} you may do work that needs “{title}” under the eyes of {other}, and never without them."
            )
        } else {
            t!(
                lang,
                "{from} 至 {through}，您是 {other} 从事需要“{title}”的工作的监护人，作业时须全程在场。",
                "From {from} through {through} you supervise {other} in work that needs “{title}”; be present whenever it is done."
            )
        };
        let letter = Letter {
            subject: t!(lang, "监护下作业：{title}", "Work under supervision: {title}"),
            paragraphs: vec![said],
            action: Some((
                t!(lang, "查看我的证书", "Open my certificates"),
                "/certificates".into(),
            )),
        };
        let name = to.title(lang).to_owned();
        let to = Recipient { person: to.id, name, email, lang };
        mail::post(conn, head, &to, &letter, hr.now)?;
    }
    Ok(())
}

/// Ends a supervision: today is its last day no longer, yesterday was.
pub fn end(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    id: SupervisionId,
    why: &str,
) -> web::Result<PersonId> {
    let one = queries::supervision(conn, id)?.ok_or(web::Error::NotFound)?;
    hr.other_person(conn, one.person_id)?;
    ledger::hold(conn, one.person_id)?;
    let one = queries::supervision(conn, id)?.ok_or(web::Error::NotFound)?;
    if one.ended_on.is_some() || one.through_on < hr.today {
        return Err(web::Error::Refused(text!(
            "监护已经结束。",
            "This supervision has ended already."
        )));
    }
    let last = days_before(hr.today, 1);
    queries::end_supervision(conn, id, last, hr.id, why)?;
    ledger::void(conn, one.fact_id, why, hr.stamp())?;
    if last >= one.from_on {
        let said = NewFact::new(Kind::Supervision, &one.certification, one.from_on)
            .through(Some(last))
            .note(why);
        let source = Source::new(SOURCE, one.person_id.0).line(-id.0);
        ledger::append(conn, one.person_id, &said, source, hr.stamp())?;
    }
    let detail = json!({ "why": why, "last_day": last });
    audit::note(conn, Some(hr.id), "end-supervision", ("supervision", Some(id.0)), detail, hr.now)?;
    Ok(one.person_id)
}

/// A supervision as pages show it.
pub struct Shown {
    pub one: Supervised,
    pub supervisor: Person,
    pub stands: Stands,
}

/// What a trainee is or was supervised in, and how each stands on a day, as known at a moment.
pub fn shown(
    conn: &mut Conn,
    rules: &Rules,
    person: PersonId,
    on: NaiveDate,
    known_at: Option<Instant>,
) -> Result<Vec<Shown>, Error> {
    let all = queries::supervisions_of(conn, person)?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let trainee = ledger::facts_of(conn, person, known_at)?;
    let mut shown = Vec::new();
    for mut one in all.into_iter().filter(|one| known_at.is_none_or(|at| one.made_at <= at)) {
        // An early end takes its fact back: while that counted, nobody knew of the end.
        if trainee.iter().any(|fact| fact.id == one.fact_id.0) {
            (one.ended_on, one.ended_why) = (None, None);
        }
        let Some(supervisor) = staff::queries::person(conn, one.supervisor_id)? else { continue };
        let holder = ledger::facts_of(conn, supervisor.id, known_at)?;
        let plan = rules.certification(&one.certification);
        let exemption = plan.and_then(|(_, plan)| plan.exemption.as_ref());
        let (context, facts) = (rules.context(), (trainee.as_slice(), holder.as_slice()));
        let stands = stands_while_both_work_here(conn, context, exemption, &one, facts, on)?;
        shown.push(Shown { one, supervisor, stands });
    }
    Ok(shown)
}

/// The supervision under which a trainee may do on a day what a requirement does not let them do
/// alone: with the certificate they are supervised for, it would be met. `facts` are the trainee's.
pub fn that_allows(
    conn: &mut Conn,
    rules: &Rules,
    (person, facts): (PersonId, &[Fact]),
    requires: &Requirement,
    (on, known_at): (NaiveDate, Option<Instant>),
) -> Result<Option<Shown>, Error> {
    let allows = |one: &Shown| {
        let held = Fact {
            id: one.one.fact_id.0,
            kind: Kind::Certificate,
            code: one.one.certification.clone(),
            level: None,
            amount: None,
            unit: None,
            from: one.one.from_on,
            through: Some(one.one.last_day()),
        };
        let mut with = facts.to_vec();
        with.push(held);
        verdict::sort(&mut with);
        verdict::is_met(requires, rules.context(), &with, on)
    };
    let mut shown = shown(conn, rules, person, on, known_at)?;
    shown.retain(|one| matches!(one.stands, Stands::Allowed(_)));
    Ok(shown.into_iter().find(allows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn one(from: &str, through: &str, ended: Option<&str>) -> Supervised {
        Supervised {
            id: SupervisionId(1),
            person_id: PersonId(1),
            supervisor_id: PersonId(2),
            certification: "s/c".into(),
            from_on: day(from),
            through_on: day(through),
            fact_id: FactId(1),
            made_at: Instant::from(chrono::DateTime::UNIX_EPOCH),
            ended_on: ended.map(day),
            ended_why: None,
        }
    }

    fn held(from: &str, through: &str) -> Fact {
        Fact {
            id: 1,
            kind: Kind::Certificate,
            code: "s/c".into(),
            level: None,
            amount: None,
            unit: None,
            from: day(from),
            through: Some(day(through)),
        }
    }

    #[test]
    fn the_months_count_in_all() {
        let from = day("2026-01-01");
        assert_eq!(longest(12, &[], from), Some(day("2026-12-31")));
        let first = one("2026-01-01", "2026-12-31", Some("2026-03-31"));
        assert_eq!(
            longest(12, std::slice::from_ref(&first), day("2026-07-01")),
            Some(day("2027-04-01"))
        );
        let second = one("2026-07-01", "2027-04-01", None);
        assert_eq!(longest(12, &[first, second], day("2027-05-01")), None);
        let never_begun = one("2026-06-01", "2026-12-31", Some("2026-05-15"));
        assert_eq!(longest(1, &[never_begun], day("2026-06-01")), Some(day("2026-06-30")));
    }

    #[test]
    fn it_ends_with_its_time_and_with_the_supervisors_certificate() {
        let context = Context::default();
        let exemption = Exemption { months: 12, trainee: None, supervisor: None, note: None };
        let supervised = one("2026-01-01", "2026-12-31", None);
        let at = |on: &str, holder: &[Fact]| {
            stands(&context, Some(&exemption), &supervised, &[], holder, day(on))
        };
        let holder = [held("2025-01-01", "2026-06-30")];
        assert_eq!(at("2025-12-31", &holder), Stands::NotYet);
        assert_eq!(at("2026-02-01", &holder), Stands::Allowed(day("2026-06-30")));
        assert!(matches!(at("2026-07-01", &holder), Stands::Refused(_)));
        assert!(matches!(at("2026-02-01", &[]), Stands::Refused(_)));
        assert_eq!(at("2027-01-01", &holder), Stands::Over);
        let ended = one("2026-01-01", "2026-12-31", Some("2026-01-31"));
        let by_rule = |one: &Supervised, on: &str| {
            stands(&context, Some(&exemption), one, &[], &holder, day(on))
        };
        assert_eq!(by_rule(&ended, "2026-01-31"), Stands::Allowed(day("2026-01-31")));
        assert_eq!(by_rule(&ended, "2026-02-01"), Stands::Over);
        let gone = stands(&context, None, &supervised, &[], &holder, day("2026-02-01"));
        assert!(matches!(gone, Stands::Refused(_)));
    }

    #[test]
    fn supervision_is_never_taken_for_holding() {
        let fact = Fact { kind: Kind::Supervision, ..held("2026-01-01", "2026-12-31") };
        let exemption = Exemption { months: 12, trainee: None, supervisor: None, note: None };
        let holding = of_supervisor(&exemption, "s/c");
        assert!(!verdict::is_met(&holding, &Context::default(), &[fact], day("2026-02-01")));
    }
}
