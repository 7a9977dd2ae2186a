//! The pass mark of an exam where judges set one: read when an attempt starts, which keeps it.
//!
//! The studies themselves belong to [`super::analysis::standards`]; this stands below attempts, so
//! that a start can ask.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::{Conn, Error, Instant, schema::standard_study};

/// A cut score that somebody decided to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub study: i64,
    /// Hundredths of a point out of 100.
    pub pass_score: i64,
    pub at: Instant,
}

/// The cut score of an exam that was adopted last; nothing when the plan's pass mark holds.
pub fn adopted(conn: &mut Conn, exam: &str) -> Result<Option<Adopted>, Error> {
    let row: Option<(i64, Option<i64>, Option<Instant>)> = standard_study::table
        .filter(standard_study::exam.eq(exam))
        .filter(standard_study::adopted_at.is_not_null().and(standard_study::cut.is_not_null()))
        .order((standard_study::adopted_at.desc(), standard_study::id.desc()))
        .select((standard_study::id, standard_study::cut, standard_study::adopted_at))
        .first(conn)
        .optional()?;
    Ok(row.and_then(|(study, cut, at)| Some(Adopted { study, pass_score: cut?, at: at? })))
}

/// What an attempt that starts now must reach, in hundredths of a point out of 100.
pub fn pass_score(conn: &mut Conn, exam: &str, planned: i64) -> Result<i64, Error> {
    Ok(adopted(conn, exam)?.map_or(planned, |adopted| adopted.pass_score))
}

/// The adopted cut scores of all exams.
pub fn cuts(conn: &mut Conn) -> Result<HashMap<String, i64>, Error> {
    let rows: Vec<(String, Option<i64>)> = standard_study::table
        .filter(standard_study::adopted_at.is_not_null())
        .order((standard_study::adopted_at, standard_study::id))
        .select((standard_study::exam, standard_study::cut))
        .load(conn)?;
    // The last one adopted stays.
    Ok(rows.into_iter().filter_map(|(exam, cut)| Some((exam, cut?))).collect())
}
