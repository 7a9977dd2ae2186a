//! A whole paper as a plain form sends it: for browsers without script.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::AttemptId,
    queries,
    taking::{self, Given, Saved},
    watching,
};
use crate::{
    db::{Conn, Instant},
    exams::questions::sent::Fields,
    web::{Error, Result},
};

/// `q3` is the answer to question 3, `e3` the edition its page showed, `f3` its flag.
#[derive(Default)]
pub struct Sheet {
    answers: Fields,
    editions: BTreeMap<i64, i64>,
    flags: BTreeSet<i64>,
    /// The candidate wants to look it over and hand in.
    pub review: bool,
}

/// The questions that stay as they are kept.
#[derive(Default)]
pub struct Left {
    stale: Vec<String>,
    unclear: Vec<String>,
}

impl Left {
    pub fn is_empty(&self) -> bool {
        self.stale.is_empty() && self.unclear.is_empty()
    }

    /// For the address of the page that tells.
    pub fn query(&self) -> String {
        format!("saved=1&unclear={}&stale={}", self.unclear.join(","), self.stale.join(","))
    }
}

impl Sheet {
    pub fn read(fields: Vec<(String, String)>) -> Sheet {
        let mut sheet = Sheet::default();
        for (name, value) in fields {
            if name == "act" {
                sheet.review = value == "review";
            } else if let Some(Ok(position)) = name.strip_prefix('e').map(str::parse) {
                sheet.editions.insert(position, value.parse().unwrap_or(0));
            } else if let Some(Ok(position)) = name.strip_prefix('f').map(str::parse) {
                sheet.flags.insert(position);
            } else {
                sheet.answers.take(&name, &value);
            }
        }
        sheet
    }

    /// Saves what differs from what is kept; says which questions stay as they are.
    pub fn save(&self, conn: &mut Conn, id: AttemptId, now: Instant) -> Result<Left> {
        let slots = queries::slots(conn, id)?;
        let kept = queries::answers(conn, id)?;
        let mut left = Left::default();
        for (position, seen) in &self.editions {
            let Some(slot) = slots.get(position) else { return Err(Error::NotFound) };
            let response = match self.answers.response(*position, slot.kind, slot.options) {
                None => continue,
                Some(Err(_)) => {
                    left.unclear.push(position.to_string());
                    continue;
                }
                Some(Ok(response)) => response,
            };
            let known = kept.get(position).map_or("", |answer| answer.response.as_str());
            if response.replace('\r', "").trim() == known {
                continue;
            }
            let given = Given { position: *position, response: &response, edition: seen + 1 };
            match taking::save(conn, id, given, now) {
                Ok(Saved::Stale(_)) => left.stale.push(position.to_string()),
                // One answer that cannot be one must not cost the others.
                Err(Error::Invalid(_)) => left.unclear.push(position.to_string()),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        self.save_flags(conn, id)?;
        Ok(left)
    }

    fn save_flags(&self, conn: &mut Conn, id: AttemptId) -> Result<()> {
        let kept: BTreeSet<i64> = queries::flagged(conn, id)?.into_iter().collect();
        for position in self.editions.keys() {
            let flagged = self.flags.contains(position);
            if flagged != kept.contains(position) {
                watching::set_flag(conn, id, *position, flagged)?;
            }
        }
        Ok(())
    }
}
