//! Certificates whose grounds have gone: an exam they rested on has another result now. Nothing is
//! revoked by itself; they are shown until HR decides or the facts bear them again.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    acts,
    model::{Act, Certificate, CertificateId},
    queries,
};
use crate::{
    db::{Conn, Error},
    record::{Fact, Kind, PersonId, Rules, ledger, verdict},
    staff::{self, Post, queries::Scope},
};

/// A certificate in force that would not have been issued on what is known now.
pub struct Doubt {
    pub post: Post,
    pub certificate: Certificate,
}

/// The source of the facts that may change: attempts at exams.
const ATTEMPT: &str = "attempt";

/// The doubtful certificates within a scope, by person.
///
/// The board asks on every opening, so everything is loaded for many people at once, and facts only
/// of those whose running certificates name a result that is void.
pub fn within(
    conn: &mut Conn,
    rules: &Rules,
    scope: &Scope,
    today: NaiveDate,
) -> Result<Vec<Doubt>, Error> {
    let mut changed: HashMap<PersonId, Vec<String>> = HashMap::new();
    for (person, source) in ledger::voided_sources(conn, Kind::Exam, ATTEMPT)? {
        changed.entry(person).or_default().push(source);
    }
    let mut people: Vec<PersonId> = changed.keys().copied().collect();
    people.sort_unstable();
    let posts = staff::queries::posts_by_person(conn, scope, &people, today)?;
    people.retain(|person| posts.contains_key(person));
    let (resting, acts) = resting(conn, &people, &changed, today)?;
    let holders: HashSet<PersonId> = resting.iter().map(|one| one.person_id).collect();
    people.retain(|person| holders.contains(person));
    let facts = ledger::facts_of_these(conn, &people, None)?;
    let now = rules.on(today);
    let doubtful = resting.into_iter().filter_map(|certificate| {
        let post = posts.get(&certificate.person_id)?.clone();
        let facts = facts.get(&certificate.person_id).map_or(&[][..], Vec::as_slice);
        let acts = acts.get(&certificate.id).map_or(&[][..], Vec::as_slice);
        let stands = queries::standing_by(now.context(), &certificate, acts, facts, today);
        let doubtful = stands.state.in_force() && !is_borne(rules, &certificate, facts);
        doubtful.then_some(Doubt { post, certificate })
    });
    Ok(doubtful.collect())
}

type Acts = HashMap<CertificateId, Vec<Act>>;

/// The certificates of these people that run by their dates and acts and rest on what has changed,
/// and the acts on them.
fn resting(
    conn: &mut Conn,
    people: &[PersonId],
    changed: &HashMap<PersonId, Vec<String>>,
    today: NaiveDate,
) -> Result<(Vec<Certificate>, Acts), Error> {
    let issued = queries::issued_on_grounds(conn, people, &format!("\"{ATTEMPT}:"))?;
    let rests = |(one, verdict): (Certificate, String)| {
        let sources = changed.get(&one.person_id)?;
        sources.iter().any(|source| verdict.contains(&format!("\"{source}\""))).then_some(one)
    };
    let mut resting: Vec<Certificate> = issued.into_iter().filter_map(rests).collect();
    let ids: Vec<CertificateId> = resting.iter().map(|one| one.id).collect();
    let acts = queries::acts_on(conn, &ids)?;
    let of = |one: &Certificate| acts.get(&one.id).map_or(&[][..], Vec::as_slice);
    resting.retain(|one| acts::state(one, of(one), today).in_force());
    Ok((resting, acts))
}

/// Whether what is known now would have brought it on the day it was issued.
fn is_borne(rules: &Rules, one: &Certificate, facts: &[Fact]) -> bool {
    // By the rules of that day, whatever has been published since.
    let rules = rules.on(one.issued_on);
    let Some((_, plan)) = rules.certification(&one.certification) else { return true };
    plan.demands().any(|asked| verdict::is_met(asked, rules.context(), facts, one.issued_on))
}
