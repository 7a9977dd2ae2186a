//! The people: who works where, since when, under whom, with which role.

use chrono::{Duration, NaiveDate};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::{Making, group::Group, names};
use crate::{
    access::{Role, queries},
    db::Error,
    i18n::Lang,
    record::PersonId,
    staff::{
        SiteId,
        transfers::{self, NewAssignment, NewPerson},
    },
};

/// What somebody does, for the making of their history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trade {
    Technician,
    Apprentice,
    Advisor,
    Manager,
    Office,
}

/// Somebody of the demo.
#[derive(Clone, Debug)]
pub struct Somebody {
    pub id: PersonId,
    pub staff_no: String,
    pub trade: Trade,
    pub site: SiteId,
    pub hired: NaiveDate,
    pub left: Option<NaiveDate>,
}

/// What hiring one person takes.
struct Hire<'a> {
    staff_no: String,
    trade: Trade,
    position: &'a str,
    site: SiteId,
    manager: Option<PersonId>,
    /// Days ago.
    hired: i64,
    /// The site they came from, if they were moved.
    from: Option<SiteId>,
    left: Option<i64>,
}

struct Staffing<'m, 'c> {
    making: &'m mut Making<'c>,
    hash: &'m str,
    random: StdRng,
    all: Vec<Somebody>,
    next: [usize; 5],
}

/// Hires everybody, the printed accounts first.
pub fn make(making: &mut Making<'_>, group: &Group, hash: &str) -> Result<Vec<Somebody>, Error> {
    let random = StdRng::seed_from_u64(20_261_123);
    let mut staffing = Staffing { making, hash, random, all: Vec::new(), next: [1001; 5] };
    staffing.office(group)?;
    let mut previous = None;
    for region in &group.regions {
        for site in &region.sites {
            staffing.workshop(*site, previous)?;
            previous = Some(*site);
        }
    }
    Ok(staffing.all)
}

/// Technicians of a site by days since they were hired, so that every grade is there.
const TECHNICIANS: [i64; 18] = [
    6300, 5400, 4700, 4100, 3600, 3100, 2800, 2400, 2100, 1900, 1700, 1500, 1300, 1150, 1000, 800,
    640, 470,
];
const APPRENTICES: [i64; 4] = [330, 210, 120, 35];
const ADVISORS: [i64; 6] = [4300, 2600, 1800, 1200, 700, 260];

impl Staffing<'_, '_> {
    fn office(&mut self, group: &Group) -> Result<(), Error> {
        let admin =
            self.hire(self.plain("A1001", Trade::Office, "administrator", group.root, 4000))?;
        self.grant(admin, Role::Administrator, group.root)?;
        for (n, region) in group.regions.iter().enumerate() {
            for (letter, position, role) in [
                ("R", "trainer", Role::Trainer),
                ("E", "trainer", Role::Examiner),
                ("H", "hr", Role::Hr),
            ] {
                let number = format!("{letter}{}", 1001 + n);
                let person = self.hire(self.plain(
                    &number,
                    Trade::Office,
                    position,
                    region.id,
                    3000 - 300 * n as i64,
                ))?;
                self.grant(person, role, region.id)?;
            }
        }
        Ok(())
    }

    fn plain<'a>(
        &self,
        staff_no: &str,
        trade: Trade,
        position: &'a str,
        site: SiteId,
        hired: i64,
    ) -> Hire<'a> {
        Hire {
            staff_no: staff_no.to_owned(),
            trade,
            position,
            site,
            manager: None,
            hired,
            from: None,
            left: None,
        }
    }

    fn workshop(&mut self, site: SiteId, neighbour: Option<SiteId>) -> Result<(), Error> {
        let number = self.number('M');
        let manager =
            self.hire(self.plain(&number, Trade::Manager, "workshop-manager", site, 5200))?;
        self.grant(manager, Role::Manager, site)?;
        let first =
            self.all.iter().filter(|somebody| somebody.trade == Trade::Technician).count() == 0;
        if first {
            self.printed_accounts(site, manager)?;
        }
        for (n, days) in TECHNICIANS.into_iter().enumerate() {
            let hired = days + self.random.random_range(-60..60);
            let moved = (n % 7 == 3).then_some(neighbour).flatten();
            let left = (n == 5).then(|| self.random.random_range(40..400));
            let number = self.number('T');
            let hire = Hire {
                manager: Some(manager),
                from: moved,
                left,
                ..self.plain(&number, Trade::Technician, "technician", site, hired)
            };
            let person = self.hire(hire)?;
            // The two longest-serving bring apprentices through.
            if n < 2 {
                self.grant(person, Role::Mentor, site)?;
            }
        }
        self.crew(site, manager, 'T', Trade::Apprentice, "apprentice", &APPRENTICES)?;
        self.crew(site, manager, 'S', Trade::Advisor, "service-advisor", &ADVISORS)?;
        self.crew(site, manager, 'S', Trade::Office, "parts", &[2200, 900])
    }

    fn crew(
        &mut self,
        site: SiteId,
        manager: PersonId,
        letter: char,
        trade: Trade,
        position: &str,
        hired: &[i64],
    ) -> Result<(), Error> {
        for days in hired {
            let hired = days + self.random.random_range(-20..20);
            let number = self.number(letter);
            self.hire(Hire {
                manager: Some(manager),
                ..self.plain(&number, trade, position, site, hired)
            })?;
        }
        Ok(())
    }

    /// The technician, the apprentice and the mentor whose accounts the demo prints.
    fn printed_accounts(&mut self, site: SiteId, manager: PersonId) -> Result<(), Error> {
        for (trade, position, hired) in [
            (Trade::Technician, "technician", 900),
            (Trade::Apprentice, "apprentice", 150),
            (Trade::Technician, "technician", 5100),
        ] {
            let number = self.number('T');
            let hire = Hire {
                manager: Some(manager),
                ..self.plain(&number, trade, position, site, hired)
            };
            let person = self.hire(hire)?;
            if number == "T1003" {
                self.grant(person, Role::Mentor, site)?;
            }
        }
        Ok(())
    }

    fn number(&mut self, letter: char) -> String {
        let kind = match letter {
            'T' => 0,
            'M' => 1,
            'S' => 2,
            _ => 3,
        };
        let number = format!("{letter}{}", self.next[kind]);
        self.next[kind] += 1;
        number
    }

    fn hire(&mut self, hire: Hire<'_>) -> Result<PersonId, Error> {
        let hired = self.making.today - Duration::days(hire.hired);
        let left = hire.left.map(|days| self.making.today - Duration::days(days));
        let stamp = self.making.stamp(hired);
        let (name, name_en) = names::name(self.all.len());
        let email = format!("{}@evergreen.example", hire.staff_no.to_lowercase());
        let lang = if self.all.len() % 23 == 7 { Lang::En } else { Lang::Zh };
        let new = NewPerson {
            staff_no: &hire.staff_no,
            name: &name,
            name_en: Some(&name_en),
            email: Some(&email),
            phone: None,
            lang,
        };
        let person = transfers::add_person(self.making.conn, &new, stamp)?;
        self.assign(person, &hire, hired, left)?;
        if left.is_none() {
            queries::set_password(self.making.conn, person, self.hash, self.making.now)?;
        }
        let (staff_no, trade, site) = (hire.staff_no, hire.trade, hire.site);
        self.all.push(Somebody { id: person, staff_no, trade, site, hired, left });
        Ok(person)
    }

    /// One position, or two when they came from another site half-way.
    fn assign(
        &mut self,
        person: PersonId,
        hire: &Hire<'_>,
        hired: NaiveDate,
        left: Option<NaiveDate>,
    ) -> Result<(), Error> {
        let occupation = self.making.shared.rules.occupation_of(hire.position);
        let moved = hired + Duration::days(hire.hired / 2);
        let mut begin = |site, manager, starts_on, ends_on| {
            let new = NewAssignment {
                person,
                site,
                position: hire.position,
                occupation: &occupation,
                manager,
                starts_on,
                ends_on,
            };
            let stamp = self.making.stamp(starts_on);
            transfers::assign(self.making.conn, &new, stamp).map(drop)
        };
        match hire.from {
            Some(before) => {
                begin(before, None, hired, Some(moved - Duration::days(1)))?;
                begin(hire.site, hire.manager, moved, left)
            }
            None => begin(hire.site, hire.manager, hired, left),
        }
    }

    fn grant(&mut self, person: PersonId, role: Role, site: SiteId) -> Result<(), Error> {
        let (today, now) = (self.making.today, self.making.now);
        let since = today - Duration::days(700);
        queries::add_grant(self.making.conn, person, role, site, since, None, now).map(drop)
    }
}

/// A day so many days after another, give or take.
pub fn around(random: &mut impl Rng, day: NaiveDate, spread: i64) -> NaiveDate {
    day + Duration::days(random.random_range(-spread..=spread))
}
