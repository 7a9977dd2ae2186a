//! All that reads and writes the tables `certificate`, `certificate_act` and `certificate_series`.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use subtle::ConstantTimeEq;

use super::{
    model::{Act, Basis, Certificate, CertificateId, Held, State},
    standing::{Life, Standing, standing},
};
use crate::{
    content::ContentId,
    db::{
        Conn, Error,
        schema::{certificate, certificate_act, certificate_series},
    },
    each_backend,
    record::{
        Fact, FactId, Kind, PersonId, Rules,
        context::Context,
        ledger::{self, Row, Stamp},
        programme::Certification,
        verdict,
    },
    staff::{
        self, Post,
        queries::{Filter, Scope},
    },
};

type Result<T> = std::result::Result<T, Error>;

/// The source of the facts a certificate writes; an act's id is their line.
pub const SOURCE: &str = "certificate";

/// The next serial of a series. Whoever comes second waits for the first to commit, and a number
/// that was taken back with its transaction is given to the next: there are no gaps.
pub fn next_serial(conn: &mut Conn, series: &str) -> Result<i64> {
    next_serials(conn, series, 1)
}

/// The last of so many serials that follow one another.
pub fn next_serials(conn: &mut Conn, series: &str, count: i64) -> Result<i64> {
    let first = (certificate_series::series.eq(series), certificate_series::last_serial.eq(0_i64));
    each_backend!(conn, |conn| diesel::insert_into(certificate_series::table)
        .values(first)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(diesel::update(certificate_series::table.find(series))
        .set(certificate_series::last_serial.eq(certificate_series::last_serial + count))
        .returning(certificate_series::last_serial)
        .get_result(conn)?)
}

/// A certificate about to be kept.
pub struct NewCertificate<'a> {
    pub person: PersonId,
    pub certification: &'a str,
    pub content: ContentId,
    pub number: &'a str,
    pub check_code: &'a str,
    pub issued_on: NaiveDate,
    pub valid_from: NaiveDate,
    pub valid_through: Option<NaiveDate>,
    pub printed: String,
    pub verdict: String,
    /// 0 for a first issue, n for the n-th renewal.
    pub cycle: u32,
    pub basis: Basis,
    /// Of an imported one: who issued it, under which number.
    pub issuer: Option<String>,
    pub foreign_number: Option<String>,
    /// The one it renews or replaces.
    pub previous: Option<CertificateId>,
    /// Why it was issued, where somebody decided it.
    pub why: Option<String>,
    /// How it is printed; by the template in use when absent.
    pub template: Option<i64>,
    /// The file it was taken over from.
    pub import: Option<i64>,
}

/// Keeps a certificate whose fact is yet to be recorded and named by [`name_fact`].
pub fn add(conn: &mut Conn, new: &NewCertificate<'_>, stamp: Stamp) -> Result<CertificateId> {
    // What it will be printed by is settled now.
    let template = match new.template {
        Some(template) => Some(template),
        None => super::paper::queries::in_use(conn, new.certification)?,
    };
    Ok(diesel::insert_into(certificate::table)
        .values((
            certificate::template_id.eq(template),
            certificate::person_id.eq(new.person),
            certificate::certification.eq(new.certification),
            certificate::content_id.eq(new.content),
            certificate::number.eq(new.number),
            certificate::check_code.eq(new.check_code),
            certificate::issued_on.eq(new.issued_on),
            certificate::valid_from.eq(new.valid_from),
            certificate::valid_through.eq(new.valid_through),
            certificate::printed.eq(&new.printed),
            certificate::verdict.eq(&new.verdict),
            certificate::issued_at.eq(stamp.at),
            certificate::issued_by.eq(stamp.by),
            certificate::fact_id.eq(FactId(0)),
            certificate::cycle.eq(i64::from(new.cycle)),
            certificate::basis.eq(new.basis),
            certificate::issuer.eq(&new.issuer),
            certificate::foreign_number.eq(&new.foreign_number),
            certificate::previous_id.eq(new.previous),
            certificate::why.eq(&new.why),
            certificate::import_id.eq(new.import),
        ))
        .returning(certificate::id)
        .get_result(conn)?)
}

pub fn name_fact(conn: &mut Conn, id: CertificateId, fact: FactId) -> Result<()> {
    diesel::update(certificate::table.find(id)).set(certificate::fact_id.eq(fact)).execute(conn)?;
    Ok(())
}

pub fn by_number(conn: &mut Conn, number: &str) -> Result<Option<Certificate>> {
    Ok(certificate::table
        .filter(certificate::number.eq(number))
        .select(Certificate::as_select())
        .first(conn)
        .optional()?)
}

/// A certificate for somebody who knows its number and its check code.
///
/// The work is the same whether there is such a number or not: a row is read and a code compared
/// either way, so an answer's time tells no more than the answer.
pub fn by_number_and_code(
    conn: &mut Conn,
    number: &str,
    code: &str,
) -> Result<Option<Certificate>> {
    let asked = by_number(conn, number)?;
    let any = certificate::table
        .order(certificate::id)
        .select(Certificate::as_select())
        .first(conn)
        .optional()?;
    let compared = asked.as_ref().or(any.as_ref());
    let right =
        compared.is_some_and(|one| bool::from(one.check_code.as_bytes().ct_eq(code.as_bytes())));
    Ok(asked.filter(|_| right))
}

/// The verdict under which it was issued, as JSON.
pub fn verdict_of(conn: &mut Conn, id: CertificateId) -> Result<String> {
    Ok(certificate::table.find(id).select(certificate::verdict).first(conn)?)
}

/// What we issued to a person, oldest first.
pub fn issued_to(conn: &mut Conn, person: PersonId) -> Result<Vec<Certificate>> {
    Ok(certificate::table
        .filter(certificate::person_id.eq(person))
        .order((certificate::valid_from, certificate::id))
        .select(Certificate::as_select())
        .load(conn)?)
}

/// Notes an act and returns its id.
pub fn add_act(conn: &mut Conn, act: &Act) -> Result<i64> {
    Ok(diesel::insert_into(certificate_act::table)
        .values((
            certificate_act::certificate_id.eq(act.certificate_id),
            certificate_act::act.eq(act.kind),
            certificate_act::on_day.eq(act.on),
            certificate_act::why.eq(&act.why),
            certificate_act::done_at.eq(act.done_at),
            certificate_act::done_by.eq(act.done_by),
            certificate_act::through_on.eq(act.through),
            certificate_act::other_id.eq(act.other_id),
            certificate_act::evidence.eq(&act.evidence),
            certificate_act::file_id.eq(act.file_id),
            certificate_act::campaign_id.eq(act.campaign_id),
        ))
        .returning(certificate_act::id)
        .get_result(conn)?)
}

/// The acts on a person's certificates, in the order they were done.
pub fn acts_of(conn: &mut Conn, person: PersonId) -> Result<HashMap<CertificateId, Vec<Act>>> {
    let rows: Vec<Act> = certificate_act::table
        .inner_join(certificate::table.on(certificate::id.eq(certificate_act::certificate_id)))
        .filter(certificate::person_id.eq(person))
        .order(certificate_act::id)
        .select(Act::as_select())
        .load(conn)?;
    Ok(by_certificate(rows))
}

/// Everybody on whose certificates somebody acted.
pub fn acted_on(conn: &mut Conn) -> Result<HashSet<PersonId>> {
    let people: Vec<PersonId> = certificate_act::table
        .inner_join(certificate::table.on(certificate::id.eq(certificate_act::certificate_id)))
        .select(certificate::person_id)
        .distinct()
        .load(conn)?;
    Ok(people.into_iter().collect())
}

/// The dates of a certificate as it was issued.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct Issued {
    pub id: CertificateId,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub cycle: i64,
}

/// How these certificates were issued.
pub fn issued_as(
    conn: &mut Conn,
    certificates: &[CertificateId],
) -> Result<HashMap<CertificateId, Issued>> {
    let mut found = HashMap::new();
    for some in certificates.chunks(500) {
        let ids: Vec<i64> = some.iter().map(|id| id.0).collect();
        let rows: Vec<Issued> = certificate::table
            .filter(certificate::id.eq_any(ids))
            .order(certificate::id)
            .select((
                certificate::id,
                certificate::valid_from,
                certificate::valid_through,
                certificate::cycle,
            ))
            .load(conn)?;
        found.extend(rows.into_iter().map(|one| (one.id, one)));
    }
    Ok(found)
}

/// The acts on these certificates, in the order they were done.
pub fn acts_on(
    conn: &mut Conn,
    certificates: &[CertificateId],
) -> Result<HashMap<CertificateId, Vec<Act>>> {
    let mut rows: Vec<Act> = Vec::new();
    for some in certificates.chunks(500) {
        let ids: Vec<i64> = some.iter().map(|id| id.0).collect();
        rows.extend(
            certificate_act::table
                .filter(certificate_act::certificate_id.eq_any(ids))
                .order(certificate_act::id)
                .select(Act::as_select())
                .load::<Act>(conn)?,
        );
    }
    Ok(by_certificate(rows))
}

fn by_certificate(rows: Vec<Act>) -> HashMap<CertificateId, Vec<Act>> {
    let mut acts: HashMap<CertificateId, Vec<Act>> = HashMap::new();
    for act in rows {
        acts.entry(act.certificate_id).or_default().push(act);
    }
    acts
}

/// Everything a person holds or held, ours and imported, the newest of each certification, as it
/// stands today.
pub fn of_person(
    conn: &mut Conn,
    rules: &Rules,
    person: PersonId,
    today: NaiveDate,
) -> Result<Vec<Held>> {
    let rules = &rules.on(today);
    let acts = acts_of(conn, person)?;
    let ours: Vec<Held> = issued_to(conn, person)?
        .into_iter()
        .map(|one| held(rules.context(), one, &acts, today))
        .collect();
    let rows = ledger::rows_of(conn, person, None)?;
    let imported = rows.iter().filter(|row| row.kind == Kind::Certificate.word());
    let imported = imported.filter_map(|row| imported_one(rules.context(), row, today));
    let mut all = newest(ours.into_iter().chain(imported));
    let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
    verdict::sort(&mut facts);
    for held in &mut all {
        held.judge(rules.context(), &facts, today);
    }
    Ok(all)
}

fn held(
    context: &Context,
    one: Certificate,
    acts: &HashMap<CertificateId, Vec<Act>>,
    today: NaiveDate,
) -> Held {
    let acts = acts.get(&one.id).cloned().unwrap_or_default();
    let life = Life {
        code: &one.certification,
        from: one.valid_from,
        through: one.valid_through,
        cycle: u32::try_from(one.cycle).unwrap_or(0),
        acts: &acts,
    };
    let standing = standing(context, &life, &[], today);
    Held {
        cycle: life.cycle,
        person: one.person_id,
        code: one.certification,
        id: Some(one.id),
        number: Some(one.number),
        from: one.valid_from,
        issued_through: one.valid_through,
        through: standing.through,
        issuer: one.issuer,
        acts,
        until_then: None,
        standing,
    }
}

fn imported_one(context: &Context, row: &Row, today: NaiveDate) -> Option<Held> {
    (row.source_kind != SOURCE).then(|| {
        let life = Life {
            code: &row.code,
            from: row.from_on,
            through: row.through_on,
            cycle: 0,
            acts: &[],
        };
        let standing = standing(context, &life, &[], today);
        Held {
            cycle: 0,
            person: row.person_id,
            code: row.code.clone(),
            id: None,
            number: row.number.clone(),
            from: row.from_on,
            issued_through: row.through_on,
            through: row.through_on,
            issuer: row.issuer.clone(),
            acts: Vec::new(),
            until_then: None,
            standing,
        }
    })
}

impl Held {
    /// How it stands by the facts of its holder, which dates and acts alone do not tell.
    fn judge(&mut self, context: &Context, facts: &[Fact], on: NaiveDate) {
        let Some(plan) = context.certification(&self.code).filter(|plan| needs_facts(plan)) else {
            return;
        };
        if self.id.is_none() {
            self.cycle = super::rules::cycle(plan, facts, &self.code);
        }
        self.standing = standing(context, &self.life(), facts, on);
    }
}

/// Whether how a certificate stands depends on other facts than its own.
fn needs_facts(plan: &Certification) -> bool {
    plan.binds_holders() || plan.renewals.iter().any(|way| !way.nth.is_empty())
}

/// How one certificate we issued stands on a day, by what is known now.
pub fn standing_of(
    conn: &mut Conn,
    rules: &Rules,
    one: &Certificate,
    acts: &[Act],
    on: NaiveDate,
) -> Result<Standing> {
    let rules = &rules.on(on);
    let plan = rules.context().certification(&one.certification);
    let facts = match plan.filter(|plan| needs_facts(plan)) {
        Some(_) => ledger::facts_of(conn, one.person_id, None)?,
        None => Vec::new(),
    };
    let life = Life {
        code: &one.certification,
        from: one.valid_from,
        through: one.valid_through,
        cycle: u32::try_from(one.cycle).unwrap_or(0),
        acts,
    };
    Ok(standing(rules.context(), &life, &facts, on))
}

/// The newest of each person and certification; it remembers one that runs until it begins.
fn newest(all: impl IntoIterator<Item = Held>) -> Vec<Held> {
    let mut kept: HashMap<(PersonId, String), Held> = HashMap::new();
    let mut all: Vec<Held> = all.into_iter().collect();
    all.sort_by_key(|held| (held.from, held.through));
    for mut held in all {
        let key = (held.person, held.code.clone());
        if let Some(before) = kept.remove(&key) {
            let runs = held.state() == State::NotYet && before.state().in_force();
            held.until_then = runs.then_some(before.through).flatten();
        }
        kept.insert(key, held);
    }
    let mut kept: Vec<Held> = kept.into_values().collect();
    kept.sort_by(|a, b| {
        let last = |held: &Held| held.through.unwrap_or(NaiveDate::MAX);
        (last(a), &a.code, a.person).cmp(&(last(b), &b.code, b.person))
    });
    kept
}

/// What everybody within a scope holds, with where they work; soonest expiry first.
///
/// The whole network in three queries: boards evaluate in memory.
pub fn board(
    conn: &mut Conn,
    rules: &Rules,
    scope: &Scope,
    filter: &Filter,
    today: NaiveDate,
) -> Result<Vec<(Post, Held)>> {
    let posts = staff::queries::posts(conn, scope, filter, today, EVERYBODY, 0)?;
    let posts: HashMap<PersonId, Post> =
        posts.into_iter().map(|post| (post.person.id, post)).collect();
    let acts: Vec<Act> =
        certificate_act::table.order(certificate_act::id).select(Act::as_select()).load(conn)?;
    let acts = by_certificate(acts);
    let ours: Vec<Certificate> =
        certificate::table.order(certificate::id).select(Certificate::as_select()).load(conn)?;
    let imported = ledger::rows_of_kind(conn, Kind::Certificate, None)?;
    let context = rules.context();
    let all = ours.into_iter().map(|one| held(context, one, &acts, today)).collect::<Vec<_>>();
    let imported = imported.iter().filter_map(|row| imported_one(context, row, today));
    let all = all.into_iter().chain(imported);
    let mut all = newest(all.filter(|held| posts.contains_key(&held.person)));
    judge_all(conn, context, &mut all, today)?;
    Ok(all.into_iter().filter_map(|held| Some((posts.get(&held.person)?.clone(), held))).collect())
}

/// Judges those whose standing depends on other facts; the facts of their holders come in bulk.
fn judge_all(conn: &mut Conn, context: &Context, all: &mut [Held], today: NaiveDate) -> Result<()> {
    let depends = |held: &Held| context.certification(&held.code).is_some_and(needs_facts);
    let mut people: Vec<PersonId> =
        all.iter().filter(|held| depends(held)).map(|held| held.person).collect();
    people.sort();
    people.dedup();
    let facts = ledger::facts_of_these(conn, &people, None)?;
    for held in all {
        if let Some(facts) = facts.get(&held.person) {
            held.judge(context, facts, today);
        }
    }
    Ok(())
}

/// More than any group employs: a board is not cut off silently.
const EVERYBODY: i64 = 1_000_000;

/// What runs out within so many days in a scope, soonest first.
pub fn expiring_in(
    conn: &mut Conn,
    rules: &Rules,
    scope: &Scope,
    today: NaiveDate,
    days: u32,
) -> Result<Vec<(Post, Held)>> {
    let last = crate::record::period::days_after(today, days);
    let mut all = board(conn, rules, scope, &Filter::default(), today)?;
    all.retain(|(_, held)| {
        held.state().in_force() && held.through.is_some_and(|through| through <= last)
    });
    Ok(all)
}
