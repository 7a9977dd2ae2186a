//! Who sees a sitting, and who may do what with it. Each proof comes from a loader; there is no
//! other way to get one.

use super::{
    model::{Registration, Sitting},
    queries::{self, Whose},
};
use crate::{
    access::{Acting, Planning, Registering, Viewer},
    db::Conn,
    staff::{self, Site},
    web::{Error, Result},
};

/// A sitting within somebody's sight, with their part in it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub sitting: Sitting,
    pub site: Site,
    /// Their own registration.
    pub registration: Option<Registration>,
    pub plans: bool,
    pub watches: bool,
    /// They may put other people's names down.
    pub registers: bool,
}

impl Seen {
    /// The sitting, if the viewer sees it: those who plan at its site, who invigilate it or are
    /// registered, and everybody of its region or below its site.
    pub fn of(conn: &mut Conn, viewer: &Viewer, code: &str) -> Result<Seen> {
        let (sitting, site) = queries::by_code(conn, code)?.ok_or(Error::NotFound)?;
        let registration = queries::registration_of(conn, sitting.id, viewer.id)?;
        let watches = queries::invigilates(conn, sitting.id, viewer.id)?;
        let plans = Acting::<Planning>::of(viewer.clone())
            .is_ok_and(|acting| acting.reach().covers_site(&site));
        let registers = Acting::<Registering>::of(viewer.clone()).is_ok();
        if plans || watches || registration.is_some() || is_near(conn, viewer, &site)? {
            return Ok(Seen { sitting, site, registration, plans, watches, registers });
        }
        Err(Error::NotFound)
    }
}

/// Where somebody may sit: their region, and the offices above it.
pub fn near(conn: &mut Conn, viewer: &Viewer) -> Result<Whose> {
    let Some(own) = &viewer.site else {
        return Ok(Whose::Near { region: "none".to_owned(), above: Vec::new() });
    };
    let (region, above) = staff::queries::region_of(conn, own)?;
    let above = above.into_iter().map(|site| site.id).collect();
    Ok(Whose::Near { region: region.lineage, above })
}

fn is_near(conn: &mut Conn, viewer: &Viewer, site: &Site) -> Result<bool> {
    let Whose::Near { region, above } = near(conn, viewer)? else { return Ok(false) };
    Ok(site.lineage.starts_with(&region) || above.contains(&site.id))
}

/// A sitting that the viewer may plan: it is held within their reach.
#[derive(Clone, Debug)]
pub struct Planned {
    pub acting: Acting<Planning>,
    pub sitting: Sitting,
    pub site: Site,
}

impl Planned {
    /// Seen but out of reach is "not allowed"; the rest is "not found".
    pub fn of(conn: &mut Conn, acting: Acting<Planning>, code: &str) -> Result<Planned> {
        let Seen { sitting, site, .. } = Seen::of(conn, &acting, code)?;
        if !acting.reach().covers_site(&site) {
            return Err(Error::Forbidden);
        }
        Ok(Planned { acting, sitting, site })
    }
}

/// Proof that the viewer watches over a sitting: its invigilator, or who may plan it. Nobody
/// watches a sitting they sit.
#[derive(Clone, Debug)]
pub struct Invigilating {
    pub viewer: Viewer,
    pub sitting: Sitting,
    pub site: Site,
}

impl Invigilating {
    pub fn of(conn: &mut Conn, viewer: &Viewer, code: &str) -> Result<Invigilating> {
        let seen = Seen::of(conn, viewer, code)?;
        if !seen.watches && !seen.plans {
            return Err(Error::NotFound);
        }
        if seen.registration.is_some() {
            return Err(Error::Forbidden);
        }
        let Seen { sitting, site, .. } = seen;
        Ok(Invigilating { viewer: viewer.clone(), sitting, site })
    }
}
