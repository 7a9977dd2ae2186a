//! What the pages show of appointments. Reads, decides nothing.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    model::{Appointment, Occupancy, Stage},
    queries::{self, Holders, Seat},
    rules::unit_of,
};
use crate::{
    access::{Acting, Hr, Promoting},
    careers::{rules::SOON_DAYS, views::posts_by_person},
    db::Conn,
    record::{
        FactId, PersonId, Rules,
        period::days_before,
        programme::{Path, Places},
    },
    staff::{self, Post, Site, queries::Scope},
    web::{Error, Result},
};

crate::words! {
    /// The lists of the board.
    List {
        Running = "running",
        /// The term ends within ninety days.
        Ending = "ending",
        Upcoming = "upcoming",
        /// Within the last year.
        Over = "over",
    }
}

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    pub seat: Option<String>,
    pub site: Option<String>,
    pub list: Option<List>,
    pub page: Option<usize>,
}

/// How long ago an appointment may have ended to be listed.
const OVER_DAYS: u32 = 366;

/// An appointment with its holder's post.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub seat: Seat<'a>,
    pub appointment: Appointment,
    pub post: Post,
}

impl Entry<'_> {
    /// When it is reviewed next, while it runs.
    pub fn next_review(&self, today: NaiveDate) -> Option<NaiveDate> {
        let runs = self.appointment.stage(today) != Stage::Over;
        let every = self.seat.path.and_then(|(_, path)| path.review_months);
        self.appointment.next_review(every).filter(|_| runs)
    }
}

/// The board of appointments.
pub struct BoardView<'a> {
    pub seats: Vec<Seat<'a>>,
    pub seat: String,
    pub sites: Vec<Site>,
    pub site: String,
    pub list: List,
    pub page: usize,
    pub entries: Vec<Entry<'a>>,
    pub counts: HashMap<List, usize>,
    /// The quotas that reach into what the viewer sees.
    pub quotas: Vec<(Seat<'a>, Occupancy)>,
}

impl<'a> BoardView<'a> {
    pub fn load(
        conn: &mut Conn,
        rules: &'a Rules,
        acting: &Acting<Promoting>,
        asked: &Asked,
    ) -> Result<BoardView<'a>> {
        let mut seats = queries::seats(rules, acting.today);
        let all = seats.clone();
        let wanted = asked.seat.clone().unwrap_or_default();
        if !wanted.is_empty() {
            seats.retain(|seat| seat.code() == wanted);
            if seats.is_empty() {
                return Err(Error::NotFound);
            }
        }
        let sites = staff::queries::sites(conn, acting.reach())?;
        let site = asked.site.clone().unwrap_or_default();
        let below = sites.iter().find(|one| one.code == site).map(|one| one.lineage.clone());
        if below.is_none() && !site.is_empty() {
            return Err(Error::NotFound);
        }
        let list = asked.list.unwrap_or(List::Running);
        let found = entries(conn, acting, &seats, below.as_deref())?;
        let mut counts = HashMap::new();
        for one in &found {
            for list in lists_of(&one.appointment, acting.today) {
                *counts.entry(list).or_insert(0) += 1;
            }
        }
        let mut entries = found;
        entries.retain(|one| lists_of(&one.appointment, acting.today).contains(&list));
        let quotas = quotas(conn, acting, &seats, &sites)?;
        let page = asked.page.unwrap_or(1).max(1);
        Ok(BoardView { seats: all, seat: wanted, sites, site, list, page, entries, counts, quotas })
    }
}

/// On which lists an appointment stands.
pub fn lists_of(appointment: &Appointment, today: NaiveDate) -> Vec<List> {
    match appointment.stage(today) {
        Stage::Upcoming => vec![List::Upcoming],
        Stage::Over => vec![List::Over],
        Stage::Running(Some(left)) if left <= SOON_DAYS.into() => {
            vec![List::Running, List::Ending]
        }
        Stage::Running(_) => vec![List::Running],
    }
}

/// The appointments of people within reach, the next to end first.
fn entries<'a>(
    conn: &mut Conn,
    acting: &Acting<Promoting>,
    seats: &[Seat<'a>],
    below: Option<&str>,
) -> Result<Vec<Entry<'a>>> {
    let since = days_before(acting.today, OVER_DAYS);
    let mut found = Vec::new();
    for seat in seats {
        let all = queries::of_seat(conn, seat.ladder, seat.level, since)?;
        found.extend(all.into_iter().map(|appointment| (*seat, appointment)));
    }
    let people = found.iter().map(|(_, one)| one.person);
    let posts = posts_by_person(conn, acting.reach(), people, acting.today)?;
    let mut entries: Vec<Entry<'a>> = found
        .into_iter()
        .filter_map(|(seat, appointment)| {
            let post = posts.get(&appointment.person)?.clone();
            let here = below.is_none_or(|below| post.site.lineage.starts_with(below));
            here.then_some(Entry { seat, appointment, post })
        })
        .collect();
    entries.sort_by_key(|one| {
        let through = one.appointment.through;
        (through.is_none(), through, one.appointment.id)
    });
    Ok(entries)
}

/// Who takes how many places, for every quota that is counted where the viewer's people work. The
/// holders of a seat are read once, however many parts of the tree it is counted in.
fn quotas<'a>(
    conn: &mut Conn,
    acting: &Acting<Promoting>,
    seats: &[Seat<'a>],
    sites: &[Site],
) -> Result<Vec<(Seat<'a>, Occupancy)>> {
    let tree = staff::queries::sites(conn, &Scope::everyone())?;
    let tree: HashMap<i64, &Site> = tree.iter().map(|site| (site.id.0, site)).collect();
    let mut found = Vec::new();
    for seat in seats {
        let Some((_, path)) = seat.path else { continue };
        let Some(places) = path.quota.as_ref().and_then(|quota| quota.places) else { continue };
        let holders = Holders::load(conn, path, acting.today)?;
        let units = units(&tree, places, sites).into_iter();
        found.extend(units.map(|unit| (*seat, holders.in_unit(path, places, unit))));
    }
    Ok(found)
}

/// The parts of the tree in which places are counted, of these sites.
fn units(tree: &HashMap<i64, &Site>, places: Places, sites: &[Site]) -> Vec<Site> {
    let mut units: Vec<Site> = Vec::new();
    for site in sites {
        let line = site.lineage.split('/').filter_map(|id| id.parse::<i64>().ok());
        let line: Vec<Site> =
            line.filter_map(|id| tree.get(&id).map(|site| (*site).clone())).collect();
        let Some(unit) = unit_of(&line, places.per) else { continue };
        if !units.iter().any(|one| one.id == unit.id) {
            units.push(unit.clone());
        }
    }
    units
}

/// One appointment with everything that happened to it.
pub struct AppointmentView<'a> {
    pub seat: Seat<'a>,
    pub appointment: Appointment,
    pub post: Post,
    pub names: HashMap<PersonId, staff::Person>,
    pub occupancy: Option<Occupancy>,
    pub may_act: bool,
}

impl<'a> AppointmentView<'a> {
    pub fn load(
        conn: &mut Conn,
        rules: &'a Rules,
        acting: &Acting<Promoting>,
        id: FactId,
    ) -> Result<AppointmentView<'a>> {
        let appointment = queries::one(conn, rules, id)?.ok_or(Error::NotFound)?;
        let post = staff::queries::post_in(conn, acting.reach(), appointment.person, acting.today)?;
        let post = post.ok_or(Error::NotFound)?;
        let found = queries::seats(rules, acting.today)
            .into_iter()
            .find(|seat| seat.ladder == appointment.ladder && seat.level == appointment.level);
        let seat = found.ok_or(Error::NotFound)?;
        let mut names = HashMap::new();
        for act in &appointment.acts {
            if let Some(person) = staff::queries::person(conn, act.done_by)? {
                names.insert(act.done_by, person);
            }
        }
        let occupancy = match seat.path {
            Some((_, path)) => queries::occupancy_at(conn, path, &post.site, acting.today)?,
            None => None,
        };
        let hr = Acting::<Hr>::of((**acting).clone());
        let open = appointment.ended().is_none() && appointment.stage(acting.today) != Stage::Over;
        let may_act = open && hr.and_then(|hr| hr.other_person(conn, appointment.person)).is_ok();
        Ok(AppointmentView { seat, appointment, post, names, occupancy, may_act })
    }

    pub fn path(&self) -> Option<&Path> {
        self.seat.path.map(|(_, path)| path)
    }
}
