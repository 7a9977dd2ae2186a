//! The lists of reminders, to come and gone by.

use std::collections::HashSet;

use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Deserialize;

use super::pages;
use crate::{
    access::{Acting, Administrator, Viewer},
    db::{Conn, Db},
    mail::MailDelivery,
    record::{PersonId, Rules},
    reminders::{
        defaults::ReminderRules,
        model::{Due, Rule},
        planner::{self, By},
        queries::{self, Fate, LastRun, Narrowed, Past},
        recipients::When,
        sources::Whose,
    },
    staff::{self, Site, queries::Scope},
    web::{Error, Result, download, html},
};

/// The filter, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// So many days ahead or back.
    pub days: Option<u32>,
    #[serde(default)]
    pub rule: String,
    #[serde(default)]
    pub site: String,
    /// Part of a name or a staff number, of the recipient or of the person it is about.
    #[serde(default)]
    pub person: String,
    /// Of the past: what became of it.
    #[serde(default)]
    pub state: String,
    /// `team`: also what others in reach are told.
    #[serde(default)]
    pub who: String,
    pub page: Option<usize>,
}

/// The spans a reader may choose from.
pub const SPANS: [u32; 4] = [14, 30, 60, 90];

impl Asked {
    pub fn days(&self) -> u32 {
        self.days.filter(|days| (1..=366).contains(days)).unwrap_or(SPANS[0])
    }

    pub fn page(&self) -> usize {
        self.page.unwrap_or(1).clamp(1, 100_000)
    }

    pub fn is_team(&self) -> bool {
        self.who == "team"
    }

    fn shows(&self, due: &Due, below: Option<&Site>) -> bool {
        let wanted = self.person.trim().to_lowercase();
        let named = |person: &staff::Person| {
            person.staff_no.to_lowercase().contains(&wanted)
                || person.name.to_lowercase().contains(&wanted)
                || person.name_en.as_ref().is_some_and(|name| name.to_lowercase().contains(&wanted))
        };
        (self.rule.is_empty() || due.rule.code == self.rule)
            && below.is_none_or(|site| due.subject.lineage.starts_with(&site.lineage))
            && (wanted.is_empty()
                || named(&due.to)
                || due.subject.about.as_ref().is_some_and(named))
    }

    /// The address with this filter, for links that keep it.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let days = self.days.map(|days| days.to_string()).unwrap_or_default();
        let all = [
            ("days", days),
            ("rule", self.rule.clone()),
            ("site", self.site.clone()),
            ("person", self.person.clone()),
            ("state", self.state.clone()),
            ("who", self.who.clone()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// What is to come, as its pages show it.
pub struct Forecast {
    pub dues: Vec<Due>,
    pub rules: Vec<Rule>,
    pub sites: Vec<Site>,
    pub last_run: LastRun,
    /// Mails that wait, and mails that were given up, for whoever looks after them.
    pub backlog: Option<(i64, i64)>,
    /// Whether the viewer answers for others.
    pub has_team: bool,
}

struct With {
    rules: Rules,
    reminders: ReminderRules,
}

impl With {
    fn by(&self) -> By<'_> {
        By { rules: &self.rules, reminders: &self.reminders }
    }
}

fn everything(
    conn: &mut Conn,
    with: &With,
    admin: &Acting<Administrator>,
    asked: &Asked,
) -> Result<Forecast> {
    let (all, reach) = (admin.reaches_all(conn)?, admin.reach());
    let sites = staff::queries::sites(conn, reach)?;
    let site = sites.iter().find(|site| site.code == asked.site);
    let whose = match site {
        // A part of a large network is asked for by itself.
        Some(site) => Whose::These(people_below(conn, &Scope::part(&site.lineage), admin)?),
        None if all => Whose::Everyone,
        None => Whose::These(people_below(conn, reach, admin)?),
    };
    let when = When::now(admin.now);
    let mut dues = planner::due(conn, with.by(), when, asked.days(), &whose)?;
    dues.retain(|due| reach.covers(&due.subject.lineage) && asked.shows(due, site));
    Ok(Forecast {
        dues,
        rules: queries::rules_in_force(conn, &with.reminders)?,
        last_run: queries::last_run(conn)?,
        backlog: if all { Some(crate::mail::outbox::backlog(conn)?) } else { None },
        sites,
        has_team: true,
    })
}

fn people_below(conn: &mut Conn, scope: &Scope, viewer: &Viewer) -> Result<HashSet<PersonId>> {
    let people = staff::queries::people_within(conn, scope, None, viewer.today)?;
    Ok(people.into_iter().collect())
}

/// What one person is told, and with `team` what others are told about people in their reach.
fn of_viewer(conn: &mut Conn, with: &With, viewer: &Viewer, asked: &Asked) -> Result<Forecast> {
    let scope = viewer.scope();
    let reach = people_below(conn, &scope, viewer)?;
    let has_team = reach.iter().any(|id| *id != viewer.id);
    let sites = staff::queries::sites(conn, &scope)?;
    let site = sites.iter().find(|site| site.code == asked.site);
    // Whoever signs somebody's logbook is told of it without having that person in reach; what others
    // are told about their apprentice is none of their business.
    let mentored = crate::mentoring::queries::couples(
        conn,
        crate::mentoring::queries::Which::OpenOfMentor(viewer.id),
        1000,
    )?;
    let mut people = reach.clone();
    people.insert(viewer.id);
    people.extend(mentored.iter().map(|couple| couple.apprentice.id));
    let when = When::now(viewer.now);
    let whose = Whose::These(people);
    let mut dues = planner::due(conn, with.by(), when, asked.days(), &whose)?;
    let in_reach = |due: &Due| {
        scope.covers(&due.subject.lineage)
            || due.subject.about.as_ref().is_some_and(|about| reach.contains(&about.id))
    };
    dues.retain(|due| {
        let mine = due.to.id == viewer.id;
        (mine || asked.is_team() && in_reach(due)) && asked.shows(due, site)
    });
    Ok(Forecast {
        dues,
        rules: queries::rules_in_force(conn, &with.reminders)?,
        sites,
        last_run: LastRun::default(),
        backlog: None,
        has_team,
    })
}

pub async fn all(
    db: web::Data<Db>,
    rules: Rules,
    reminders: web::Data<ReminderRules>,
    delivery: web::Data<MailDelivery>,
    admin: Acting<Administrator>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (acting, filter) = (admin.clone(), asked.clone());
    let with = With { rules, reminders: (**reminders).clone() };
    let forecast = db.read(move |conn| everything(conn, &with, &acting, &filter)).await?;
    Ok(html(pages::all(&admin, **delivery, &forecast, &asked)))
}

pub async fn all_csv(
    db: web::Data<Db>,
    rules: Rules,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (acting, with) = (admin.clone(), With { rules, reminders: (**reminders).clone() });
    let forecast = db.read(move |conn| everything(conn, &with, &acting, &asked)).await?;
    as_csv("reminders.csv", pages::forecast_csv(admin.lang(), &forecast.dues))
}

pub async fn own(
    db: web::Data<Db>,
    rules: Rules,
    reminders: web::Data<ReminderRules>,
    viewer: Viewer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (asking, filter) = (viewer.clone(), asked.clone());
    let with = With { rules, reminders: (**reminders).clone() };
    let forecast = db.read(move |conn| of_viewer(conn, &with, &asking, &filter)).await?;
    Ok(html(pages::own(&viewer, &forecast, &asked)))
}

pub async fn own_csv(
    db: web::Data<Db>,
    rules: Rules,
    reminders: web::Data<ReminderRules>,
    viewer: Viewer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let asking = viewer.clone();
    let with = With { rules, reminders: (**reminders).clone() };
    let forecast = db.read(move |conn| of_viewer(conn, &with, &asking, &asked)).await?;
    as_csv("reminders.csv", pages::forecast_csv(viewer.lang(), &forecast.dues))
}

fn as_csv(name: &str, bytes: std::result::Result<Vec<u8>, csv::Error>) -> Result<HttpResponse> {
    let bytes = bytes.map_err(|error| Error::Internal(format!("CSV: {error}")))?;
    Ok(download(name, "text/csv; charset=utf-8", bytes))
}

/// What was sent, as its pages show it.
pub struct Gone {
    pub past: Vec<Past>,
    pub rules: Vec<Rule>,
    pub has_more: bool,
    pub has_team: bool,
    /// Whether the viewer may open the mails themselves.
    pub shows_mail: bool,
}

/// About so many people a list of the past is searched: more than one query can name are not.
const MOST_ABOUT: usize = 20_000;
const ROWS: usize = 50;
const EXPORTED: usize = 100_000;

fn gone(
    conn: &mut Conn,
    reminders: &ReminderRules,
    viewer: &Viewer,
    asked: &Asked,
    whose: queries::Whose,
    (rows, page): (usize, usize),
) -> Result<Gone> {
    let days = Duration::days(i64::from(asked.days()));
    let narrowed = Narrowed {
        since: Some(viewer.now.plus(-days)),
        rule: Some(asked.rule.clone()).filter(|rule| !rule.is_empty()),
        fate: Fate::parse(&asked.state),
        person: Some(asked.person.trim().to_owned()).filter(|person| !person.is_empty()),
        whose,
    };
    let offset = (page - 1) * rows;
    let mut past = queries::past(conn, &narrowed, rows as i64 + 1, offset as i64)?;
    let has_more = past.len() > rows;
    past.truncate(rows);
    let rules = queries::rules_in_force(conn, reminders)?;
    Ok(Gone { past, rules, has_more, has_team: true, shows_mail: false })
}

/// What was sent about the people an administrator answers for.
fn gone_in(
    conn: &mut Conn,
    reminders: &ReminderRules,
    admin: &Acting<Administrator>,
    asked: &Asked,
    shown: (usize, usize),
) -> Result<Gone> {
    let all = admin.reaches_all(conn)?;
    let whose = if all {
        queries::Whose::Everybody
    } else {
        let people = people_below(conn, admin.reach(), admin)?;
        queries::Whose::About(admin.id, people.into_iter().take(MOST_ABOUT).collect())
    };
    let gone = gone(conn, reminders, admin, asked, whose, shown)?;
    Ok(Gone { shows_mail: all, ..gone })
}

pub async fn past(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (acting, filter) = (admin.clone(), asked.clone());
    let shown = (ROWS, asked.page());
    let gone = db.read(move |conn| gone_in(conn, &reminders, &acting, &filter, shown)).await?;
    Ok(html(pages::past(&admin, &gone, &asked)))
}

pub async fn past_csv(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    admin: Acting<Administrator>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let shown = (EXPORTED, 1);
    let lang = admin.lang();
    let gone = db.read(move |conn| gone_in(conn, &reminders, &admin, &asked, shown)).await?;
    as_csv("reminders-sent.csv", pages::past_csv(lang, &gone.past))
}

pub async fn own_past(
    db: web::Data<Db>,
    reminders: web::Data<ReminderRules>,
    viewer: Viewer,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (asking, filter) = (viewer.clone(), asked.clone());
    let shown = (ROWS, asked.page());
    let gone = db
        .read(move |conn| -> Result<_> {
            let mut people = people_below(conn, &asking.scope(), &asking)?;
            people.remove(&asking.id);
            let has_team = !people.is_empty();
            let whose = if filter.is_team() && has_team {
                queries::Whose::About(asking.id, people.into_iter().take(MOST_ABOUT).collect())
            } else {
                queries::Whose::To(asking.id)
            };
            let gone = gone(conn, &reminders, &asking, &filter, whose, shown)?;
            Ok(Gone { has_team, ..gone })
        })
        .await?;
    Ok(html(pages::own_past(&viewer, &gone, &asked)))
}
