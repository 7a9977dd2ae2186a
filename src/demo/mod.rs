//! A believable dealer group to try everything on: three regions, twelve sites, some 400 people
//! with years of history, dated so that today something is due, something has expired and
//! somebody is eligible.
//!
//! Everything is made through the same functions as in real life, with the moment of each act as
//! it would have been, so the record also tells what was known then.

mod careers;
mod certificates;
mod exams;
mod group;
mod history;
mod marking;
mod names;
mod people;
mod practicals;
mod reviewer;
mod rules;
mod sittings;
mod today;

use chrono::NaiveDate;

use crate::{
    access::password,
    app::Shared,
    db::{Conn, Error, Instant},
    record::ledger::Stamp,
};

/// Everybody's password in the demo.
pub const PASSWORD: &str = "shifu-demo-2026";

/// One account for each role, as the demo prints them.
pub const ACCOUNTS: [(&str, &str, &str); 8] = [
    ("T1001", "技师", "technician, one exam short of promotion"),
    ("T1002", "学徒", "apprentice with a logbook"),
    ("T1003", "师傅", "mentor"),
    ("R1001", "内训师", "trainer, region East"),
    ("E1001", "考评员", "examiner, region East"),
    ("M1001", "车间主任", "workshop manager, Pudong"),
    ("H1001", "人事审核", "HR reviewer, region East"),
    ("A1001", "管理员", "administrator of the group"),
];

/// What the makers of the demo share.
struct Making<'a> {
    conn: &'a mut Conn,
    shared: &'a Shared,
    today: NaiveDate,
    now: Instant,
}

impl Making<'_> {
    /// The stamp of an act on an earlier day: late in the morning in China.
    fn stamp(&self, day: NaiveDate) -> Stamp {
        let at = day.and_hms_opt(3, 0, 0).map_or(self.now, |at| Instant::from(at.and_utc()));
        Stamp { at: at.min(self.now), by: None }
    }
}

/// Fills an empty database; leaves one that has people alone.
pub fn fill(shared: &Shared) -> Result<bool, String> {
    let empty = shared
        .db
        .read_blocking(|conn| crate::staff::queries::site_by_code(conn, group::ROOT))
        .map_err(|error| error.to_string())?
        .is_none();
    if !empty {
        return Ok(false);
    }
    let hash = password::hash_blocking(PASSWORD).map_err(|error| error.to_string())?;
    let making = shared.clone();
    shared
        .db
        .write_blocking(move |conn| make(conn, &making, &hash))
        .map_err(|error| error.to_string())?;
    Ok(true)
}

fn make(conn: &mut Conn, shared: &Shared, hash: &str) -> Result<(), Error> {
    let now = shared.clock.now();
    let today = shared.clock.today(chrono_tz::Asia::Shanghai);
    let mut making = Making { conn, shared, today, now };
    let sites = group::make(&mut making)?;
    let people = people::make(&mut making, &sites, hash)?;
    history::make(&mut making, &people)?;
    sittings::make(&mut making, &people)?;
    exams::set_a_standard(&mut making)?;
    marking::make(&mut making, &people)?;
    certificates::make(&mut making, &people)?;
    careers::make(&mut making, &people)?;
    rules::make(&mut making)?;
    today::make(&mut making, &people)
}
