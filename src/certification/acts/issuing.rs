//! Issuing by decision: to one person or to many, with the requirement met or as an exception.
//!
//! What will be issued is computed before anybody decides ([`Offer`]): dates by the rule, the
//! verdict, and why somebody gets none. What was shown is sent along with the decision, and is
//! computed again in its transaction: when it would be something else now, nothing happens.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{Grounds, letters, queries as files, queries::FileKind};
use crate::{
    access::{Acting, Hr},
    certification::{
        issue::{self, Draft, Issuing},
        model::{Basis, Certificate},
        queries,
        rules::{self, Barrier},
    },
    db::{Conn, Error},
    i18n::{self, Lang, Text},
    mail::Letterhead,
    record::{
        Fact, PersonId, Rules,
        ledger::{self, Row},
        period::{days_after, days_before},
        programme::{Certification, Issue, RuleSet},
        verdict::{self, Line},
    },
    staff::{self, Post, queries::Scope},
    text, web,
};

/// How far from today the first day of a certificate may lie.
const FROM_DAYS: u32 = 366;
/// People in one decision at most.
pub const MOST: usize = 500;

/// What a person would be issued today.
#[derive(Clone, Debug)]
pub struct Offer {
    pub verdict: Line,
    /// Whether the rule is met, new evidence for a renewal included; if not, it is an exception.
    pub met: bool,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    /// The running certificate would last longer; none is issued.
    pub extends: bool,
}

/// The certifications that may be issued here, with their rule sets: what another body issues is
/// only taken over.
pub fn issuable(rules: &Rules, today: NaiveDate) -> Vec<(&RuleSet, &Certification)> {
    let sets = rules.sets().filter(|set| set.applies(today));
    sets.flat_map(|set| set.certifications.iter().map(move |one| (set, one)))
        .filter(|(_, one)| one.issue != Issue::Elsewhere)
        .collect()
}

/// What a person with these facts would be issued on a day, or why nothing.
///
/// `from` is the first day HR chose for a first issue; a renewal begins when its rule says.
pub fn offer(
    rules: &Rules,
    certification: (&str, &Certification),
    facts: &[Fact],
    barrier: Barrier,
    from: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Offer, Text> {
    let (code, plan) = certification;
    let context = rules.context();
    if barrier == Barrier::Suspended {
        return Err(text!(
            "现有证书已暂停，请先恢复或吊销。",
            "The present certificate is suspended: reinstate or revoke it first."
        ));
    }
    if let Some(due) = rules::due(plan, code, context, facts, barrier, today) {
        let first = due.cycle == 0 && !due.extends;
        let begins = from.filter(|_| first).unwrap_or(due.from);
        let through = if first { plan.validity.through(begins) } else { due.through };
        let (cycle, extends) = (due.cycle, due.extends);
        return check(
            Offer { verdict: due.verdict, met: true, from: begins, through, cycle, extends },
            today,
        );
    }
    let judge = |requirement| verdict::judge(requirement, context, facts, today);
    let over = matches!(barrier, Barrier::Revoked(_) | Barrier::Superseded);
    let Some(held) = rules::last_held(facts, code).filter(|_| !over) else {
        let begins = from.unwrap_or(today);
        let through = plan.validity.through(begins);
        let verdict = judge(&plan.requires);
        return check(
            Offer { verdict, met: false, from: begins, through, cycle: 0, extends: false },
            today,
        );
    };
    let Some(through) = rules::last_day(held, barrier) else { return Err(held_without_end()) };
    let nth = rules::cycle(plan, facts, code) + 1;
    let window = rules::window(plan, nth, through);
    match (rules::open_way(plan, nth, through, today), window) {
        (Some(way), _) if way.extends_months.is_none() => {
            let (from, through) = rules::renewed_run(plan, way, through, today);
            let verdict = judge(&way.requires);
            check(Offer { verdict, met: false, from, through, cycle: nth, extends: false }, today)
        }
        (_, Some((opens, closes))) if today <= closes => Err(held_until(through, Some(opens))),
        _ if today <= through => Err(held_until(through, None)),
        _ => {
            let begins = from.unwrap_or(today);
            let through = plan.validity.through(begins);
            let verdict = judge(&plan.requires);
            check(
                Offer { verdict, met: false, from: begins, through, cycle: 0, extends: false },
                today,
            )
        }
    }
}

fn check(offer: Offer, today: NaiveDate) -> Result<Offer, Text> {
    let far =
        offer.from < days_before(today, FROM_DAYS) || offer.from > days_after(today, FROM_DAYS);
    if far {
        return Err(text!(
            "生效日期离今天不能超过一年。更早的证书请用“导入旧证书”。",
            "The first day must lie within a year of today. Older certificates are taken over by import."
        ));
    }
    if offer.through.is_some_and(|through| through < today) {
        return Err(text!(
            "按这个生效日期，证书今天已经过期。",
            "With this first day it would have ended already."
        ));
    }
    Ok(offer)
}

fn held_without_end() -> Text {
    text!("已持有长期有效的证书。", "Holds one that does not expire.")
}

fn held_until(through: NaiveDate, opens: Option<NaiveDate>) -> Text {
    let (zh, en) = (i18n::date(Lang::Zh, through), i18n::date(Lang::En, through));
    match opens {
        None => text!("已持有，有效至 {zh}。", "Holds one through {en}."),
        Some(opens) => {
            let (opens, opens_en) = (i18n::date(Lang::Zh, opens), i18n::date(Lang::En, opens));
            text!(
                "已持有，有效至 {zh}；{opens} 起可以换证。",
                "Holds one through {en}; it may be renewed from {opens_en}."
            )
        }
    }
}

/// Everything about one person that an offer is made of.
struct Known {
    rows: Vec<Row>,
    facts: Vec<Fact>,
    barrier: Barrier,
    issued: Vec<Certificate>,
}

fn known(conn: &mut Conn, person: PersonId, code: &str, today: NaiveDate) -> Result<Known, Error> {
    let rows = ledger::rows_of(conn, person, None)?;
    let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
    verdict::sort(&mut facts);
    let barriers = issue::barriers_of(conn, person, today)?;
    let barrier = barriers.get(code).copied().unwrap_or_default();
    let issued = queries::issued_to(conn, person)?;
    Ok(Known { rows, facts, barrier, issued })
}

/// Somebody and what they would be issued.
pub struct Candidate {
    pub post: Post,
    pub offer: Result<Offer, Text>,
}

impl Candidate {
    /// Equal offers have equal marks: what was shown is what is decided.
    pub fn mark(&self) -> String {
        match &self.offer {
            Ok(Offer { from, through, met, .. }) => {
                let through = through.map(|day| day.to_string()).unwrap_or_default();
                format!("{}:{from}:{through}:{met}", self.post.person.id)
            }
            Err(_) => format!("{}:-", self.post.person.id),
        }
    }
}

/// The mark of all offers together.
pub fn mark(candidates: &[Candidate]) -> String {
    let all: Vec<String> = candidates.iter().map(Candidate::mark).collect();
    files::hex_digest(all.join("\n").as_bytes())
}

/// What one person would be issued.
pub fn candidate(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    person: PersonId,
    code: &str,
    from: Option<NaiveDate>,
) -> web::Result<Candidate> {
    let post = hr.other_person(conn, person)?;
    let offer = offer_to(conn, hr, rules, &post, code, from)?;
    Ok(Candidate { post, offer })
}

fn offer_to(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    post: &Post,
    code: &str,
    from: Option<NaiveDate>,
) -> web::Result<Result<Offer, Text>> {
    let (_, plan) = the_certification(rules, code, hr.today)?;
    if post.person.id == hr.id {
        return Ok(Err(text!("不能给自己颁发。", "Nobody issues to themselves.")));
    }
    if !post.works_on(hr.today) {
        return Ok(Err(text!("今天不在职。", "Does not work here today.")));
    }
    let known = known(conn, post.person.id, code, hr.today)?;
    Ok(offer(rules, (code, plan), &known.facts, known.barrier, from, hr.today))
}

fn the_certification<'a>(
    rules: &'a Rules,
    code: &str,
    today: NaiveDate,
) -> web::Result<(&'a RuleSet, &'a Certification)> {
    let all = issuable(rules, today).into_iter();
    let mut found = all.filter(|(set, one)| set.qualified(&one.code) == code);
    found.next().ok_or_else(|| {
        web::Error::Refused(text!(
            "没有可以在这里颁发的认证“{code}”。",
            "There is no certification “{code}” that is issued here."
        ))
    })
}

/// The decision about one person.
#[derive(Clone, Debug)]
pub struct Decision {
    pub person: PersonId,
    pub code: String,
    pub from: Option<NaiveDate>,
    pub grounds: Grounds,
    /// Whether HR has said that it is an exception.
    pub exception: bool,
    /// What was shown.
    pub mark: String,
}

/// Issues to one person, and returns the number.
pub fn decide(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    decision: &Decision,
) -> web::Result<String> {
    ledger::hold(conn, decision.person)?;
    let candidate = candidate(conn, hr, rules, decision.person, &decision.code, decision.from)?;
    if candidate.mark() != decision.mark {
        return Err(web::Error::Refused(shown_otherwise()));
    }
    let offer = candidate.offer.clone().map_err(web::Error::Refused)?;
    if !offer.met && !decision.exception {
        return Err(web::Error::Refused(text!(
            "条件未满足。如确需颁发，请勾选“例外颁发”并写明理由。",
            "The requirement is not met. To issue it all the same, tick “exception” and say why."
        )));
    }
    let file = keep(conn, hr, &decision.grounds)?;
    let giving = Giving { hr, rules, head, code: &decision.code, grounds: &decision.grounds };
    let number = giving.give(conn, &candidate.post, &offer)?;
    if let (Some(file), Some(one)) = (file, queries::by_number(conn, &number)?) {
        files::belong(conn, file, one.id)?;
    }
    Ok(number)
}

fn keep(conn: &mut Conn, hr: &Acting<Hr>, grounds: &Grounds) -> web::Result<Option<files::FileId>> {
    let Some(file) = &grounds.file else { return Ok(None) };
    Ok(Some(files::add_file(conn, None, FileKind::Evidence, None, file, hr.stamp())?))
}

fn shown_otherwise() -> Text {
    text!(
        "预览之后情况有变化，什么也没有颁发。请重新预览。",
        "Things have changed since the preview, and nothing was issued. Look at the preview again."
    )
}

/// One decision as it is carried out for one person after another.
struct Giving<'a> {
    hr: &'a Acting<Hr>,
    rules: &'a Rules,
    head: &'a Letterhead,
    code: &'a str,
    grounds: &'a Grounds,
}

impl Giving<'_> {
    fn give(&self, conn: &mut Conn, post: &Post, offer: &Offer) -> web::Result<String> {
        let (set, certification) = the_certification(self.rules, self.code, self.hr.today)?;
        let Known { rows, issued, .. } = known(conn, post.person.id, self.code, self.hr.today)?;
        let (today, stamp) = (self.hr.today, self.hr.stamp());
        let (rules, head) = (self.rules, self.head);
        let issuing = Issuing { rules, head, post, set, certification, today, stamp };
        let last = issued.iter().rev().find(|one| one.certification == self.code);
        if let (true, Some(last)) = (offer.extends, last) {
            let evidence = self.grounds.evidence.clone();
            let why = &self.grounds.why;
            return Ok(issuing.lengthen(conn, last, offer.through, why, evidence)?);
        }
        let sources: HashMap<i64, String> =
            rows.iter().map(|row| (row.id.0, row.source())).collect();
        let why = match &self.grounds.evidence {
            Some(evidence) => format!("{}\n{evidence}", self.grounds.why),
            None => self.grounds.why.clone(),
        };
        let draft = Draft {
            from: offer.from,
            through: offer.through,
            cycle: offer.cycle,
            basis: Basis::Decision,
            previous: last.filter(|_| offer.cycle > 0).map(|one| one.id),
            why: Some(why),
            verdict: offer.verdict.to_json_with(&sources).to_string(),
        };
        let (number, id) = issuing.write(conn, &draft)?;
        let lang = post.person.lang();
        let dates = (offer.from, offer.through);
        let letter =
            letters::of_issue(lang, &certification.title, &number, dates, &self.grounds.why);
        letters::send(conn, self.head, post, id, &letter, stamp)?;
        Ok(number)
    }
}

/// Whom a decision about many is about.
#[derive(Clone, Debug, Default)]
pub struct Whom {
    pub certification: String,
    /// Below this site.
    pub site: String,
    pub position: String,
    /// Staff numbers, in any order, with anything between them.
    pub staff: String,
}

impl Whom {
    pub fn is_blank(&self) -> bool {
        self.site.is_empty() && self.position.is_empty() && self.staff.trim().is_empty()
    }

    /// The staff numbers that were listed, each once.
    pub fn numbers(&self) -> Vec<String> {
        let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、');
        let mut seen = HashSet::new();
        let words = self.staff.split(between).filter(|word| !word.is_empty());
        words.filter(|word| seen.insert((*word).to_owned())).map(str::to_owned).collect()
    }
}

/// Everybody a decision would be about, and what stands in the way of the rest.
pub struct Bulk {
    pub candidates: Vec<Candidate>,
    /// Numbers nobody in reach has.
    pub unknown: Vec<String>,
    /// More people were meant than one decision may be about.
    pub too_many: bool,
}

impl Bulk {
    pub fn given(&self) -> impl Iterator<Item = (&Post, &Offer)> {
        self.candidates.iter().filter_map(|one| {
            let offer = one.offer.as_ref().ok().filter(|offer| offer.met)?;
            Some((&one.post, offer))
        })
    }
}

/// Who would get what.
pub fn bulk(conn: &mut Conn, hr: &Acting<Hr>, rules: &Rules, whom: &Whom) -> web::Result<Bulk> {
    let numbers = whom.numbers();
    let (posts, unknown) = match numbers.is_empty() {
        true => (by_filter(conn, hr.reach(), whom, hr.today)?, Vec::new()),
        false => by_number(conn, hr, &numbers)?,
    };
    let too_many = posts.len() > MOST || numbers.len() > MOST;
    let mut candidates = Vec::new();
    for post in posts.into_iter().take(MOST) {
        let offer = offer_to(conn, hr, rules, &post, &whom.certification, None)?;
        candidates.push(Candidate { post, offer });
    }
    Ok(Bulk { candidates, unknown, too_many })
}

fn by_filter(
    conn: &mut Conn,
    scope: &Scope,
    whom: &Whom,
    today: NaiveDate,
) -> web::Result<Vec<Post>> {
    let sites = staff::queries::sites(conn, scope)?;
    let site = sites.iter().find(|site| site.code == whom.site);
    if site.is_none() && !whom.site.is_empty() {
        return Ok(Vec::new());
    }
    let filter = staff::queries::Filter {
        site: site.map(|site| site.lineage.clone()),
        position: Some(whom.position.clone()).filter(|position| !position.is_empty()),
        ..staff::queries::Filter::default()
    };
    Ok(staff::queries::posts(conn, scope, &filter, today, MOST as i64 + 1, 0)?)
}

fn by_number(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    numbers: &[String],
) -> web::Result<(Vec<Post>, Vec<String>)> {
    let (mut posts, mut unknown) = (Vec::new(), Vec::new());
    for number in numbers.iter().take(MOST) {
        let person = staff::queries::person_by_staff_no(conn, number)?;
        let post = match person {
            Some(person) => staff::queries::post_in(conn, hr.reach(), person.id, hr.today)?,
            None => None,
        };
        match post {
            Some(post) => posts.push(post),
            None => unknown.push(number.clone()),
        }
    }
    Ok((posts, unknown))
}

/// Issues to everybody who meets the requirement: all of them, or nobody. Returns how many.
pub fn decide_all(
    conn: &mut Conn,
    hr: &Acting<Hr>,
    rules: &Rules,
    head: &Letterhead,
    whom: &Whom,
    grounds: &Grounds,
    shown: &str,
) -> web::Result<usize> {
    let first = bulk(conn, hr, rules, whom)?;
    ledger::hold_all(conn, first.candidates.iter().map(|one| one.post.person.id))?;
    let bulk = bulk(conn, hr, rules, whom)?;
    if mark(&bulk.candidates) != shown || bulk.too_many {
        return Err(web::Error::Refused(shown_otherwise()));
    }
    let giving = Giving { hr, rules, head, code: &whom.certification, grounds };
    let mut given = 0;
    for (post, offer) in bulk.given() {
        giving.give(conn, post, offer)?;
        given += 1;
    }
    if given == 0 {
        return Err(web::Error::Refused(text!(
            "名单里没有人满足条件，什么也没有颁发。",
            "Nobody on the list meets the requirement; nothing was issued."
        )));
    }
    Ok(given)
}
