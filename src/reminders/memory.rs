//! What a server remembers of its last pass over all certificates. As long as nothing has changed that
//! bears on it, the next pass would find the same, and is left out.
//!
//! It saves work and decides nothing: it is empty when a server starts, it counts for one day at every
//! site, and whatever was found is told once by the ledger's key alone.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;

use super::{
    model::Due,
    queries::{self, Marks},
    sources::Whose,
};
use crate::{
    db::{Conn, Error, Instant},
    record::ledger,
    staff::{self, queries::Scope},
};

type Result<T> = std::result::Result<T, Error>;

#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Option<Pass>>>);

/// A pass in which everything that was due went out.
#[derive(Clone, Debug)]
pub struct Pass {
    looked_at: Outlook,
    /// When the first of what waits for the end of quiet hours may go out.
    wakes: Option<Instant>,
}

impl Pass {
    /// When the first of what was found and waits may go out.
    pub fn wakes(dues: &[Due]) -> Option<Instant> {
        let wide = dues.iter().filter(|due| due.rule.source.is_wide());
        wide.filter_map(|due| due.waits_until).min()
    }
}

/// What a pass is made from.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Today in each of the time zones there are.
    days: BTreeMap<&'static str, NaiveDate>,
    marks: Marks,
    /// The newest row of the record.
    newest: i64,
}

impl Outlook {
    /// Read before anything is planned: what changes meanwhile is another outlook the next time.
    pub fn read(conn: &mut Conn, now: Instant) -> Result<Outlook> {
        let sites = staff::queries::sites(conn, &Scope::everyone())?;
        let zones = sites.iter().map(staff::Site::zone);
        let day = |zone: chrono_tz::Tz| (zone.name(), now.utc().with_timezone(&zone).date_naive());
        Ok(Outlook {
            days: zones.map(day).collect(),
            marks: queries::marks(conn)?,
            newest: ledger::newest(conn)?,
        })
    }
}

/// Whose records are looked at for what others changed; of more, everybody's.
const MOST_CHANGED: usize = 500;

impl Memory {
    /// Whose certificates have to be gone through.
    pub fn whose(&self, conn: &mut Conn, outlook: &Outlook, now: Instant) -> Result<Whose> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let same = |last: &Pass| {
            let then = &last.looked_at;
            let awake = last.wakes.is_some_and(|wakes| wakes <= now);
            !awake && then.days == outlook.days && then.marks == outlook.marks
        };
        let Some(last) = last.filter(same) else { return Ok(Whose::Everyone) };
        let changed = ledger::people_since(conn, last.looked_at.newest, MOST_CHANGED)?;
        Ok(changed.map_or(Whose::Everyone, Whose::These))
    }

    /// The last pass, for whoever begins another; as long as that is not kept, there is none.
    pub fn take(&self) -> Option<Pass> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps a pass that is done; what was found and waits is remembered until it may go out.
    pub fn keep(
        &self,
        before: Option<Pass>,
        outlook: Outlook,
        whose: &Whose,
        wakes: Option<Instant>,
    ) {
        let before = match whose {
            Whose::Everyone => None,
            Whose::These(_) => before.and_then(|before| before.wakes),
        };
        let wakes = wakes.into_iter().chain(before).min();
        let pass = Pass { looked_at: outlook, wakes };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pass);
    }
}
