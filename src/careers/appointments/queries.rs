//! Appointments read from the record, and all that reads and writes the table `appointment_act`.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{
    model::{Act, Appointment, Occupancy},
    rules::{self, Term},
};
use crate::{
    careers::{acts::SOURCE as DECISION, rules as ladders},
    db::{Conn, Error, schema::appointment_act},
    i18n::{self, Lang, Text},
    record::{
        FactId, Kind, PersonId, Programmes,
        context::Context,
        ledger::{self, Row},
        programme::{Path, Places, RuleSet},
    },
    staff::{self, Post, Site},
    web,
};

type Result<T> = std::result::Result<T, Error>;

/// An appointed grade with the path that leads to it, if one in force does.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    pub ladder: &'a str,
    pub level: &'a str,
    pub path: Option<(&'a RuleSet, &'a Path)>,
}

impl Seat<'_> {
    /// `LADDER/LEVEL`, as in addresses.
    pub fn code(&self) -> String {
        format!("{}/{}", self.ladder, self.level)
    }

    pub fn title(&self, context: &Context) -> Text {
        context.level_name(self.ladder, self.level)
    }
}

/// Every appointed grade of the rule sets in force, and every grade a path gives for a term.
pub fn seats(programmes: &Programmes, on: NaiveDate) -> Vec<Seat<'_>> {
    let sets = ladders::sets_in_force(programmes, on);
    let steps = ladders::steps_in_force(programmes, on);
    let mut seats = Vec::new();
    for ladder in sets.iter().flat_map(|set| &set.ladders) {
        for grade in ladder.ascending() {
            let path = steps
                .iter()
                .find(|step| step.path.ladder == ladder.code && step.path.grants == grade.level);
            let path = path.map(|step| (step.set, step.path));
            let for_a_term = path.is_some_and(|(_, path)| path.term_months.is_some());
            if grade.appointed || for_a_term {
                seats.push(Seat { ladder: &ladder.code, level: &grade.level, path });
            }
        }
    }
    seats
}

/// Everybody's appointments of one grade that had not ended before a day.
pub fn of_seat(
    conn: &mut Conn,
    ladder: &str,
    level: &str,
    since: NaiveDate,
) -> Result<Vec<Appointment>> {
    let rows = ledger::rows_at_level(conn, Kind::Grade, ladder, level, since)?;
    let ids: Vec<FactId> = rows.iter().map(|row| row.id).collect();
    let ends = ends_leaving(conn, &ids)?;
    let firsts: Vec<FactId> =
        ids.iter().map(|id| ends.get(id).map_or(*id, |end| end.fact_id)).collect();
    let mut acts = acts_on(conn, &firsts)?;
    let rows = rows.into_iter().zip(firsts);
    Ok(rows.map(|(row, first)| appointment(row, first, &mut acts)).collect())
}

fn appointment(row: Row, first: FactId, acts: &mut HashMap<FactId, Vec<Act>>) -> Appointment {
    Appointment {
        id: first,
        person: row.person_id,
        ladder: row.code,
        level: row.level.unwrap_or_default(),
        from: row.from_on,
        through: row.through_on,
        candidacy: (row.source_kind == DECISION).then_some(row.source_id),
        reason: row.note,
        acts: acts.remove(&first).unwrap_or_default(),
    }
}

/// The early ends that left these facts, by what they left.
fn ends_leaving(conn: &mut Conn, left: &[FactId]) -> Result<HashMap<FactId, Act>> {
    let mut ends = HashMap::new();
    for some in left.chunks(500) {
        let acts: Vec<Act> = appointment_act::table
            .filter(appointment_act::left_fact_id.eq_any(some.iter().map(|id| Some(*id))))
            .order(appointment_act::id)
            .select(Act::as_select())
            .load(conn)?;
        ends.extend(acts.into_iter().filter_map(|act| Some((act.left_fact_id?, act))));
    }
    Ok(ends)
}

fn acts_on(conn: &mut Conn, appointments: &[FactId]) -> Result<HashMap<FactId, Vec<Act>>> {
    let mut found: HashMap<FactId, Vec<Act>> = HashMap::new();
    for some in appointments.chunks(500) {
        let acts: Vec<Act> = appointment_act::table
            .filter(appointment_act::fact_id.eq_any(some.to_vec()))
            .order(appointment_act::id)
            .select(Act::as_select())
            .load(conn)?;
        for act in acts {
            found.entry(act.fact_id).or_default().push(act);
        }
    }
    Ok(found)
}

/// One appointment by the fact of its grade; none when there is no such thing, or when the fact was
/// taken back.
pub fn one(conn: &mut Conn, programmes: &Programmes, id: FactId) -> Result<Option<Appointment>> {
    let Some(row) = ledger::row(conn, id)? else { return Ok(None) };
    let level = row.level.clone().unwrap_or_default();
    let ladder = programmes.context().ladder(&row.code).and_then(|ladder| ladder.grade(&level));
    let is_one = ladder.is_some_and(|grade| grade.appointed || row.through_on.is_some());
    if row.kind != Kind::Grade.word() || !is_one {
        return Ok(None);
    }
    let voided = row.voided_at.is_some();
    let reason = row.note.clone();
    let mut found = appointment(row, id, &mut acts_on(conn, &[id])?);
    match found.ended() {
        Some(end) => found.through = Some(end.on),
        None if voided => return Ok(None),
        None => {}
    }
    Ok(Some(Appointment { reason, ..found }))
}

pub fn add_act(conn: &mut Conn, act: &Act) -> Result<()> {
    diesel::insert_into(appointment_act::table).values(act).execute(conn)?;
    Ok(())
}

/// Who takes the places of a path's quota where this site belongs; none when there is no quota.
pub fn occupancy_at(
    conn: &mut Conn,
    path: &Path,
    site: &Site,
    today: NaiveDate,
) -> Result<Option<Occupancy>> {
    let Some(places) = path.quota.as_ref().and_then(|quota| quota.places) else { return Ok(None) };
    let line = staff::queries::line_of(conn, site)?;
    let Some(unit) = rules::unit_of(&line, places.per) else { return Ok(None) };
    let holders = Holders::load(conn, path, today)?;
    Ok(Some(holders.in_unit(path, places, unit.clone())))
}

/// Everybody who holds the grade of a path or will, with the lineage of the site where they work
/// today, wherever they were appointed.
pub struct Holders(Vec<(Term, String)>);

impl Holders {
    pub fn load(conn: &mut Conn, path: &Path, today: NaiveDate) -> Result<Holders> {
        let rows = ledger::rows_at_level(conn, Kind::Grade, &path.ladder, &path.grants, today)?;
        let people: Vec<PersonId> = rows.iter().map(|row| row.person_id).collect();
        let posts = staff::queries::posts_of(conn, &people, today)?.into_iter();
        let sites: HashMap<PersonId, String> = posts
            .filter(|post| post.works_on(today))
            .map(|post| (post.person.id, post.site.lineage))
            .collect();
        let held = rows.iter().filter_map(|row| {
            let lineage = sites.get(&row.person_id)?.clone();
            let (person, from, through) = (row.person_id, row.from_on, row.through_on);
            Some((Term { person, from, through }, lineage))
        });
        Ok(Holders(held.collect()))
    }

    /// Who takes the places of the path's quota in one part of the tree.
    pub fn in_unit(&self, path: &Path, places: Places, unit: Site) -> Occupancy {
        let here = self.0.iter().filter(|(_, lineage)| lineage.starts_with(&unit.lineage));
        let terms = here.map(|(term, _)| *term).collect();
        Occupancy { unit, max: places.max, terms, term_months: path.term_months }
    }
}

/// Takes a place of a path's quota for a term, or refuses and says when the next one is free.
///
/// It first holds the part of the tree in which the places are counted: of two who appoint there at
/// once, the second counts what the first did.
pub fn take_place(
    conn: &mut Conn,
    path: &Path,
    post: &Post,
    (from, through): (NaiveDate, Option<NaiveDate>),
    today: NaiveDate,
) -> web::Result<()> {
    let Some(places) = path.quota.as_ref().and_then(|quota| quota.places) else { return Ok(()) };
    let line = staff::queries::line_of(conn, &post.site)?;
    let Some(unit) = rules::unit_of(&line, places.per).cloned() else { return Ok(()) };
    staff::queries::hold(conn, unit.id)?;
    let mut taken = Holders::load(conn, path, today)?.in_unit(path, places, unit);
    taken.terms.retain(|term| term.person != post.person.id);
    if rules::fits(&taken.terms, places.max, from, through) {
        return Ok(());
    }
    Err(web::Error::Refused(full(path, &taken, from)))
}

fn full(path: &Path, taken: &Occupancy, from: NaiveDate) -> Text {
    let (max, step) = (taken.max, &path.title);
    let free = taken.next_free(from);
    let when = |lang| match free {
        Some(day) => crate::t!(
            lang,
            "最早从 {} 起有空缺，可把生效日期改到那天。",
            "A place is free for a whole term from {}: make that the first day.",
            i18n::date(lang, day)
        ),
        None => crate::t!(
            lang,
            "目前的聘任没有结束日期，须先结束其中一个。",
            "None of them has a last day: one of them has to end first."
        ),
    };
    let unit = &taken.unit;
    Text::new(
        format!(
            "“{}”在{}的名额共 {max} 个，聘期内已占满。{}",
            step.zh,
            unit.title(Lang::Zh),
            when(Lang::Zh)
        ),
        format!(
            "All places are taken: “{}” has {max} in {}. {}",
            step.en,
            unit.title(Lang::En),
            when(Lang::En)
        ),
    )
}
