//! Certificates whose grounds have gone: an exam they rested on has another result now. Nothing is
//! revoked by itself; they are shown until HR decides or the facts bear them again.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::{
    model::{Certificate, CertificateId},
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

/// The doubtful certificates within a scope, by person.
pub fn within(
    conn: &mut Conn,
    rules: &Rules,
    scope: &Scope,
    today: NaiveDate,
) -> Result<Vec<Doubt>, Error> {
    let mut changed: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
    for (person, source) in ledger::voided_sources(conn, Kind::Exam, "attempt")? {
        changed.entry(person).or_default().push(source);
    }
    let people: Vec<PersonId> = changed.keys().copied().collect();
    let posts = staff::queries::posts_among(conn, scope, &people, today)?;
    let posts: HashMap<PersonId, Post> =
        posts.into_iter().map(|post| (post.person.id, post)).collect();
    let mut doubts = Vec::new();
    for (person, sources) in changed {
        let Some(post) = posts.get(&person) else { continue };
        for certificate in of_person(conn, rules, person, &sources, today)? {
            doubts.push(Doubt { post: post.clone(), certificate });
        }
    }
    Ok(doubts)
}

fn of_person(
    conn: &mut Conn,
    rules: &Rules,
    person: PersonId,
    sources: &[String],
    today: NaiveDate,
) -> Result<Vec<Certificate>, Error> {
    let acts = queries::acts_of(conn, person)?;
    let facts = ledger::facts_of(conn, person, None)?;
    let mut doubtful = Vec::new();
    for one in queries::issued_to(conn, person)? {
        let acts = acts.get(&one.id).map_or(&[][..], Vec::as_slice);
        let runs = queries::standing_of(conn, rules, &one, acts, today)?.state.in_force();
        if runs && rests_on(conn, one.id, sources)? && !is_borne(rules, &one, &facts) {
            doubtful.push(one);
        }
    }
    Ok(doubtful)
}

/// Whether the verdict under which it was issued names one of these sources.
fn rests_on(conn: &mut Conn, id: CertificateId, sources: &[String]) -> Result<bool, Error> {
    let verdict = queries::verdict_of(conn, id)?;
    Ok(sources.iter().any(|source| verdict.contains(&format!("\"{source}\""))))
}

/// Whether what is known now would have brought it on the day it was issued.
fn is_borne(rules: &Rules, one: &Certificate, facts: &[Fact]) -> bool {
    // By the rules of that day, whatever has been published since.
    let rules = rules.on(one.issued_on);
    let Some((_, plan)) = rules.certification(&one.certification) else { return true };
    plan.demands().any(|asked| verdict::is_met(asked, rules.context(), facts, one.issued_on))
}
