//! All that reads and writes the tables `certificate`, `certificate_act` and `certificate_series`.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use subtle::ConstantTimeEq;

use super::{
    model::{Act, Basis, Certificate, CertificateId},
    rules,
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
        Fact, FactId, PersonId, Rules,
        context::Context,
        ledger::{self, Stamp},
        programme::Certification,
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

/// A certificate for somebody who knows its number, in one of these spellings, and its check code.
///
/// The work is the same whether there is such a number or not: a row is read and a code compared
/// for each spelling, so an answer's time tells no more than the answer.
pub fn by_number_and_code(
    conn: &mut Conn,
    numbers: &[String; 2],
    code: &str,
) -> Result<Option<Certificate>> {
    let any = certificate::table
        .order(certificate::id)
        .select(Certificate::as_select())
        .first(conn)
        .optional()?;
    let mut found = None;
    for number in numbers {
        let asked = by_number(conn, number)?;
        let compared = asked.as_ref().or(any.as_ref());
        let right = compared
            .is_some_and(|one| bool::from(one.check_code.as_bytes().ct_eq(code.as_bytes())));
        found = found.or(asked.filter(|_| right));
    }
    Ok(found)
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

/// The dates of a certificate as it was issued.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct Issued {
    pub id: CertificateId,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub cycle: i64,
    pub basis: Basis,
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
                certificate::basis,
            ))
            .load(conn)?;
        found.extend(rows.into_iter().map(|one| (one.id, one)));
    }
    Ok(found)
}

/// Of those among these that were issued in place of another, a name put right: the certificate that
/// stood there first. To its holder it is the same one.
pub fn first_issued(
    conn: &mut Conn,
    certificates: &[CertificateId],
) -> Result<HashMap<CertificateId, CertificateId>> {
    let mut before: HashMap<CertificateId, CertificateId> = HashMap::new();
    let mut open: Vec<CertificateId> = certificates.to_vec();
    while !open.is_empty() {
        let mut found: HashMap<CertificateId, CertificateId> = HashMap::new();
        for some in open.chunks(500) {
            let ids: Vec<i64> = some.iter().map(|id| id.0).collect();
            let rows: Vec<(CertificateId, Option<CertificateId>)> = certificate::table
                .filter(certificate::id.eq_any(ids))
                .filter(certificate::basis.eq(Basis::Replacement.word()))
                .order(certificate::id)
                .select((certificate::id, certificate::previous_id))
                .load(conn)?;
            found.extend(rows.into_iter().filter_map(|(id, previous)| Some((id, previous?))));
        }
        open = found.values().copied().collect();
        before.extend(found);
    }
    let first_of = |id: CertificateId| {
        std::iter::successors(before.get(&id), |one| before.get(*one)).last().copied()
    };
    Ok(certificates.iter().filter_map(|id| Some((*id, first_of(*id)?))).collect())
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

pub(super) fn by_certificate(rows: Vec<Act>) -> HashMap<CertificateId, Vec<Act>> {
    let mut acts: HashMap<CertificateId, Vec<Act>> = HashMap::new();
    for act in rows {
        acts.entry(act.certificate_id).or_default().push(act);
    }
    acts
}

/// What we issued to these people on grounds that name a word of a verdict, with the verdicts; by
/// person, oldest first.
pub fn issued_on_grounds(
    conn: &mut Conn,
    people: &[PersonId],
    word: &str,
) -> Result<Vec<(Certificate, String)>> {
    let mut found = Vec::new();
    for some in people.chunks(500) {
        found.extend(
            certificate::table
                .filter(certificate::person_id.eq_any(some.to_vec()))
                .filter(certificate::verdict.like(format!("%{word}%")))
                .order((certificate::person_id, certificate::valid_from, certificate::id))
                .select((Certificate::as_select(), certificate::verdict))
                .load::<(Certificate, String)>(conn)?,
        );
    }
    Ok(found)
}

/// How one certificate we issued stands on a day since its issue, by what is known now.
pub fn standing_of(
    conn: &mut Conn,
    rules: &Rules,
    one: &Certificate,
    acts: &[Act],
    on: NaiveDate,
) -> Result<Standing> {
    let rules = &rules.on(on);
    let context = rules.context();
    let counts = |plan: &&Certification| {
        plan.binds_holders() || (one.basis == Basis::Import && rules::counts_renewals(plan))
    };
    let facts = match context.certification(&one.certification).filter(counts) {
        Some(_) => ledger::facts_of(conn, one.person_id, None)?,
        None => Vec::new(),
    };
    Ok(standing_by(context, one, acts, &facts, on))
}

/// [`standing_of`], by facts that were loaded already.
pub fn standing_by(
    context: &Context,
    one: &Certificate,
    acts: &[Act],
    facts: &[Fact],
    on: NaiveDate,
) -> Standing {
    let (code, from) = (&one.certification, one.valid_from);
    let said = (one.basis != Basis::Import).then_some(one.cycle);
    let cycle = rules::cycle_of(context, facts, code, from, said);
    standing(context, &Life { code, from, through: one.valid_through, cycle, acts }, facts, on)
}
