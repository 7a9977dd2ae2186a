//! Who plays in the tests. Built once into a template that every test copies.

use shifu::{
    access::{Role, password, queries},
    app::Shared,
    db::{Conn, Error},
    i18n::Lang,
    record::{PersonId, ledger::Stamp},
    settings::Settings,
    staff::{
        SiteId, SiteKind,
        transfers::{self, NewAssignment, NewPerson, NewSite},
    },
    web::Clock,
};

use super::{BEGINNING, day, instant};

/// Everybody's password.
pub const PASSWORD: &str = "扳手-and-torque-42";

pub fn fill(url: &str) {
    let clock = Clock::default();
    clock.travel_to(instant(BEGINNING));
    let settings = Settings { database_url: url.to_owned(), ..Settings::default() };
    let shared = Shared::open(&settings, clock).expect("the template opens");
    let hash = password::hash_blocking(PASSWORD).expect("a hash");
    shared.db.write_blocking(move |conn| build(conn, &hash)).expect("the cast is set up");
}

const STAMP: fn() -> Stamp = || Stamp { at: instant(BEGINNING), by: None };

fn build(conn: &mut Conn, hash: &str) -> Result<(), Error> {
    let site = |conn: &mut Conn, code, name, name_en, kind, parent| {
        let new = NewSite {
            code,
            name,
            name_en: Some(name_en),
            kind,
            time_zone: "Asia/Shanghai",
            parent,
        };
        transfers::add_site(conn, &new, STAMP())
    };
    let group = site(conn, "group", "长青汽车集团", "Evergreen Motors", SiteKind::Group, None)?;
    let east = site(conn, "east", "华东区", "East", SiteKind::Region, Some(group))?;
    let pudong = site(conn, "pudong", "浦东店", "Pudong", SiteKind::Site, Some(east))?;
    let north = site(conn, "north", "华北区", "North", SiteKind::Region, Some(group))?;
    let beijing = site(conn, "beijing", "北京店", "Beijing", SiteKind::Site, Some(north))?;
    let mut person = |staff_no, name, name_en, site, position, manager, since| {
        hire(conn, hash, (staff_no, name, name_en), site, position, manager, since)
    };
    let zhou = person("M0001", "周敏", "Zhou Min", pudong, "workshop-manager", None, "2015-03-01")?;
    person("T0001", "林涛", "Lin Tao", pudong, "technician", Some(zhou), "2021-07-01")?;
    let wang =
        person("T0002", "王建国", "Wang Jianguo", pudong, "technician", Some(zhou), "2010-04-01")?;
    person("T0003", "孙悦", "Sun Yue", beijing, "technician", None, "2020-01-06")?;
    let zhao = person("R0001", "赵青", "Zhao Qing", east, "trainer", None, "2012-05-01")?;
    let chen = person("E0001", "陈刚", "Chen Gang", east, "trainer", None, "2013-05-01")?;
    let he = person("H0001", "何静", "He Jing", east, "hr", None, "2014-05-01")?;
    let gao = person("A0001", "高远", "Gao Yuan", group, "administrator", None, "2011-05-01")?;
    for (who, role, site) in [
        (zhou, Role::Manager, pudong),
        (wang, Role::Mentor, pudong),
        (zhao, Role::Trainer, east),
        (chen, Role::Examiner, east),
        (he, Role::Hr, east),
        (gao, Role::Administrator, group),
    ] {
        queries::add_grant(conn, who, role, site, day("2020-01-01"), None, STAMP().at)?;
    }
    Ok(())
}

fn hire(
    conn: &mut Conn,
    hash: &str,
    (staff_no, name, name_en): (&str, &str, &str),
    site: SiteId,
    position: &str,
    manager: Option<PersonId>,
    since: &str,
) -> Result<PersonId, Error> {
    let email = format!("{}@evergreen.example", staff_no.to_lowercase());
    let new = NewPerson {
        staff_no,
        name,
        name_en: Some(name_en),
        email: Some(&email),
        phone: None,
        lang: Lang::Zh,
    };
    let person = transfers::add_person(conn, &new, STAMP())?;
    let occupation = if position == "technician" { "auto-mechanic" } else { position };
    let post = NewAssignment {
        person,
        site,
        position,
        occupation,
        manager,
        starts_on: day(since),
        ends_on: None,
    };
    transfers::assign(conn, &post, STAMP())?;
    queries::set_password(conn, person, hash, STAMP().at)?;
    Ok(person)
}
