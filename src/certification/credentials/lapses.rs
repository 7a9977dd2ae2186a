//! Certificates of a status list that are suspended by a condition of their certification and not
//! by an act: a review was missed, somebody was away too long, a part of a composite lapsed.
//!
//! Which they are depends on the record of their holders, so it is computed, for a whole list at a
//! time, and kept as long as readers keep a list. What somebody did about a certificate is never
//! kept back by that: the acts are read each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;

use super::{queries, status::FRESH_SECONDS};
use crate::{
    certification::{
        model::{CertificateId, State},
        queries as certificates,
        standing::{Life, standing},
    },
    db::{Conn, Error, Instant},
    record::{Rules, ledger},
};

type Found = Arc<Vec<CertificateId>>;

/// What this server found of late, by list.
#[derive(Clone, Default)]
pub struct Lapses {
    found: Arc<Mutex<HashMap<i64, (Instant, Found)>>>,
}

impl Lapses {
    pub(super) fn of(
        &self,
        conn: &mut Conn,
        rules: &Rules,
        list: i64,
        today: NaiveDate,
        now: Instant,
    ) -> Result<Found, Error> {
        let fresh = |at: Instant| (0..FRESH_SECONDS).contains(&now.seconds_since(at));
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&list).cloned();
        if let Some((_, found)) = known.filter(|(at, _)| fresh(*at)) {
            return Ok(found);
        }
        let found = Arc::new(computed(conn, rules, list, today)?);
        let mut kept = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(list, (now, found.clone()));
        Ok(found)
    }
}

fn computed(
    conn: &mut Conn,
    rules: &Rules,
    list: i64,
    today: NaiveDate,
) -> Result<Vec<CertificateId>, Error> {
    let rules = rules.on(today);
    let context = rules.context();
    let binding: Vec<String> = rules
        .sets()
        .flat_map(|set| set.certifications.iter().map(move |one| (set, one)))
        .filter(|(_, one)| one.binds_holders())
        .map(|(set, one)| set.qualified(&one.code))
        .collect();
    let issued = queries::of_list(conn, list, &binding, today)?;
    let ids: Vec<CertificateId> = issued.iter().map(|one| one.id).collect();
    let acts = certificates::acts_on(conn, &ids)?;
    let mut people: Vec<_> = issued.iter().map(|one| one.person_id).collect();
    people.sort_unstable();
    people.dedup();
    let facts = ledger::facts_of_these(conn, &people, None)?;
    let lapsed = |one: &&queries::Listed| {
        let life = Life {
            code: &one.certification,
            from: one.valid_from,
            through: one.valid_through,
            cycle: u32::try_from(one.cycle).unwrap_or(0),
            acts: acts.get(&one.id).map_or(&[], Vec::as_slice),
        };
        let facts = facts.get(&one.person_id).map_or(&[][..], Vec::as_slice);
        let stands = standing(context, &life, facts, today);
        stands.state == State::Suspended && stands.why.is_some()
    };
    Ok(issued.iter().filter(lapsed).map(|one| one.id).collect())
}
