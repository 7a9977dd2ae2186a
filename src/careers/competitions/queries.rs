//! Results read from the record, and all that reads and writes the table `competition_raise`.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{model::Raised, rules::Spent};
use crate::{
    db::{Conn, Error, schema::competition_raise},
    record::{FactId, PersonId},
};

type Result<T> = std::result::Result<T, Error>;

/// What a result was used for, if it was.
pub fn raised_by(conn: &mut Conn, result: FactId) -> Result<Option<Raised>> {
    Ok(competition_raise::table.find(result).select(Raised::as_select()).first(conn).optional()?)
}

/// What the results of these people were used for, by person, oldest first.
pub fn raised_of(conn: &mut Conn, people: &[PersonId]) -> Result<HashMap<PersonId, Vec<Raised>>> {
    let mut found: HashMap<PersonId, Vec<Raised>> = HashMap::new();
    for some in people.chunks(500) {
        let rows: Vec<Raised> = competition_raise::table
            .filter(competition_raise::person_id.eq_any(some.to_vec()))
            .order((competition_raise::decided_at, competition_raise::fact_id))
            .select(Raised::as_select())
            .load(conn)?;
        for row in rows {
            found.entry(row.person_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// What the yearly limit counts.
pub fn spent(raised: &[Raised]) -> Vec<Spent> {
    let of = |one: &Raised| Spent {
        result: one.fact_id.0,
        set: one.competition.split('/').next().unwrap_or_default().to_owned(),
        year: i32::try_from(one.year).unwrap_or_default(),
    };
    raised.iter().map(of).collect()
}

pub fn add(conn: &mut Conn, raised: &Raised) -> Result<()> {
    diesel::insert_into(competition_raise::table).values(raised).execute(conn)?;
    Ok(())
}
