//! Proving that nobody tampered with the record: every chain is walked and computed again.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Amount, FactId, Kind, NewFact, PersonId, chain};
use crate::db::{Conn, Error, Instant, schema::fact, schema::record_head};

/// What is wrong with one person's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    pub person: PersonId,
    pub seq: i64,
    pub what: &'static str,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = fact)]
struct Link {
    id: FactId,
    person_id: PersonId,
    seq: i64,
    kind: String,
    code: String,
    level: Option<String>,
    amount_numerator: Option<i64>,
    amount_denominator: Option<i64>,
    unit: Option<String>,
    from_on: chrono::NaiveDate,
    through_on: Option<chrono::NaiveDate>,
    issuer: Option<String>,
    number: Option<String>,
    note: Option<String>,
    source_kind: String,
    source_id: i64,
    source_line: i64,
    recorded_at: Instant,
    recorded_by: Option<PersonId>,
    voided_at: Option<Instant>,
    void_reason: Option<String>,
    digest: Vec<u8>,
    hash: Vec<u8>,
}

impl Link {
    fn said(&self) -> NewFact {
        let amount = self.amount_numerator.zip(self.amount_denominator);
        NewFact {
            kind: Kind::parse(&self.kind),
            code: self.code.clone(),
            level: self.level.clone(),
            amount: amount.map(|(numerator, denominator)| Amount { numerator, denominator }),
            unit: self.unit.clone(),
            from: self.from_on,
            through: self.through_on,
            issuer: self.issuer.clone(),
            number: self.number.clone(),
            note: self.note.clone(),
        }
    }

    /// What this row should hash to after the one before it.
    fn expected(&self, previous: &[u8]) -> [u8; 32] {
        let source = (self.source_kind.as_str(), self.source_id, self.source_line);
        let by = self.recorded_by.map(|by| by.0);
        chain::link(previous, self.seq, &self.digest, source, self.recorded_at, by)
    }
}

/// People whose chains are walked in one go.
const PEOPLE_AT_ONCE: i64 = 200;

/// Walks every chain; returns how many facts were checked and what is wrong.
pub fn chains(conn: &mut Conn) -> Result<(usize, Vec<Break>), Error> {
    let (mut checked, mut breaks, mut after) = (0, Vec::new(), PersonId(0));
    loop {
        let heads: Vec<(PersonId, i64, Vec<u8>)> = record_head::table
            .filter(record_head::person_id.gt(after))
            .order(record_head::person_id)
            .limit(PEOPLE_AT_ONCE)
            .load(conn)?;
        let Some((last, ..)) = heads.last() else { return Ok((checked, breaks)) };
        let links: Vec<Link> = fact::table
            .filter(fact::person_id.gt(after).and(fact::person_id.le(*last)))
            .order((fact::person_id, fact::seq))
            .select(Link::as_select())
            .load(conn)?;
        after = *last;
        checked += links.len();
        let mut of_person: HashMap<PersonId, Vec<Link>> = HashMap::new();
        for link in links {
            of_person.entry(link.person_id).or_default().push(link);
        }
        for (person, seq, hash) in heads {
            let links = of_person.remove(&person).unwrap_or_default();
            breaks.extend(walk(person, &links, seq, &hash));
        }
        breaks.extend(of_person.into_keys().map(|person| Break {
            person,
            seq: 0,
            what: "facts without a head",
        }));
    }
}

fn walk(person: PersonId, links: &[Link], head_seq: i64, head_hash: &[u8]) -> Option<Break> {
    let broken = |seq, what| Some(Break { person, seq, what });
    let voids: HashMap<&str, &Link> = links
        .iter()
        .filter(|link| Kind::parse(&link.kind).is_none())
        .map(|link| (link.code.as_str(), link))
        .collect();
    let mut previous = chain::START.to_vec();
    for (n, link) in links.iter().enumerate() {
        if link.seq != n as i64 + 1 {
            return broken(link.seq, "a row is missing");
        }
        if link.said().digest().as_slice() != link.digest {
            return broken(link.seq, "what the row says was changed");
        }
        if link.expected(&previous).as_slice() != link.hash {
            return broken(link.seq, "the row does not follow the one before");
        }
        let void = voids.get(link.id.to_string().as_str());
        let agrees = match (void, link.voided_at) {
            (None, None) => true,
            (Some(void), Some(at)) => void.recorded_at == at && void.note == link.void_reason,
            _ => false,
        };
        if !agrees {
            return broken(link.seq, "its voiding does not agree with the chain");
        }
        previous.clone_from(&link.hash);
    }
    if head_seq != links.len() as i64 || head_hash != previous {
        return broken(head_seq, "rows at the end are missing");
    }
    None
}
