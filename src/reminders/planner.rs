//! The planner: what is due to whom, and its mails into the outbox, once each.
//!
//! It may be killed at any point and run by several servers at once: a mail and its ledger row are
//! one transaction, and the row's unique key makes a second one impossible. The lease only saves
//! work. Pages never depend on it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    letters,
    model::{CERTIFICATE_EXPIRING, Due, Subject},
    queries::{self, LastRun},
    rules::{self, LATE_DAYS, OFFSETS},
};
use crate::{
    access::{self, Role},
    certification::{
        issue::{self, is_cut_short},
        queries::SOURCE,
    },
    db::{Conn, Db, Error, Instant},
    mail::{self, Letterhead},
    record::{
        Kind, PersonId, Rules,
        ledger::{self, Row, Stamp},
        period::{days_after, days_before},
    },
    staff::{
        self, Post,
        queries::{Filter, Scope},
    },
};

type Result<T> = std::result::Result<T, Error>;

/// When reminders are looked for: now, where each recipient is, or on a day somebody asks about.
#[derive(Clone, Copy, Debug)]
pub struct When {
    pub now: Instant,
    pub on: Option<NaiveDate>,
}

impl When {
    pub fn now(now: Instant) -> When {
        When { now, on: None }
    }

    /// Today at a site.
    fn today(self, site: &staff::Site) -> NaiveDate {
        self.on.unwrap_or_else(|| self.now.utc().with_timezone(&site.zone()).date_naive())
    }

    /// A day that is today somewhere; every other is at most one off.
    fn about(self) -> NaiveDate {
        self.on.unwrap_or_else(|| self.now.utc().date_naive())
    }
}

/// Every reminder that is due and not yet in the ledger, and those of the next `ahead` days.
pub fn due(conn: &mut Conn, when: When, ahead: u32) -> Result<Vec<Due>> {
    let first = days_before(when.about(), LATE_DAYS + 1);
    let last = days_after(when.about(), OFFSETS[0] + ahead + 1);
    let rows = ledger::rows_running_out(conn, Kind::Certificate, first, last)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let planned = queries::planned(conn, CERTIFICATE_EXPIRING, first, last)?;
    let mut people = People::load(conn, when)?;
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| !is_cut_short(row)) {
        let Some((due_on, holder)) = row.through_on.zip(people.at_work(row.person_id)) else {
            continue;
        };
        let subject = subject_of(row, &holder);
        for to in people.told(conn, &holder)? {
            let today = when.today(&to.site);
            let steps = rules::step_on(due_on, today).into_iter().chain(rules::steps_between(
                due_on,
                today,
                days_after(today, ahead),
            ));
            found.extend(steps.map(|step| Due {
                rule: CERTIFICATE_EXPIRING,
                subject: subject.clone(),
                due_on,
                days_before: step,
                step_on: days_before(due_on, step),
                today,
                to: to.person.clone(),
            }));
        }
    }
    found.retain(|due| !planned.contains(&due.key()));
    // By day, then by subject and step, so that the recipients of one stand together.
    found.sort_by_key(|due| {
        let Due { subject, due_on, days_before, to, .. } = due;
        (
            due.step_on.max(due.today),
            *due_on,
            subject.kind,
            subject.id,
            *days_before,
            !due.to_holder(),
            to.id,
        )
    });
    Ok(found)
}

fn subject_of(row: &Row, holder: &Post) -> Subject {
    // What is left of a certificate after a suspension is still the same certificate.
    let ours = row.source_kind == SOURCE;
    Subject {
        kind: if ours { "certificate" } else { "fact" },
        id: if ours { row.source_id } else { row.id.0 },
        code: row.code.clone(),
        number: row.number.clone(),
        holder: holder.person.clone(),
        site: holder.site.lineage.clone(),
    }
}

/// Who works here, looked up once.
struct People {
    when: When,
    posts: HashMap<PersonId, Post>,
    closed: HashSet<PersonId>,
    managers: HashMap<String, Vec<PersonId>>,
}

impl People {
    fn load(conn: &mut Conn, when: When) -> Result<People> {
        let filter = Filter { with_left: true, ..Filter::default() };
        let posts =
            staff::queries::posts(conn, &Scope::everyone(), &filter, when.about(), 1_000_000, 0)?;
        let posts = posts.into_iter().map(|post| (post.person.id, post)).collect();
        let closed = access::queries::closed_accounts(conn)?;
        Ok(People { when, posts, closed, managers: HashMap::new() })
    }

    /// The post of somebody who works here today; nobody who has left or was locked out is told
    /// or spoken of.
    fn at_work(&self, id: PersonId) -> Option<Post> {
        let post = self.posts.get(&id).filter(|_| !self.closed.contains(&id))?;
        post.works_on(self.when.today(&post.site)).then(|| post.clone())
    }

    /// The holder, and their manager; where they have none today, whoever manages their site.
    fn told(&mut self, conn: &mut Conn, holder: &Post) -> Result<Vec<Post>> {
        let manager = holder.assignment.manager_id.and_then(|id| self.at_work(id));
        let managers = match manager {
            Some(manager) => vec![manager],
            None => {
                let ids = self.managers_of(conn, &holder.site)?;
                ids.into_iter().filter_map(|id| self.at_work(id)).collect()
            }
        };
        let others = managers.into_iter().filter(|post| post.person.id != holder.person.id);
        Ok(std::iter::once(holder.clone()).chain(others).collect())
    }

    fn managers_of(&mut self, conn: &mut Conn, site: &staff::Site) -> Result<Vec<PersonId>> {
        if let Some(known) = self.managers.get(&site.lineage) {
            return Ok(known.clone());
        }
        let day = self.when.today(site);
        let mut ids = access::queries::holders_reaching(conn, Role::Manager, &site.lineage, day)?;
        ids.sort();
        ids.dedup();
        self.managers.insert(site.lineage.clone(), ids.clone());
        Ok(ids)
    }
}

/// Enters one reminder and puts its mail into the outbox, in the caller's transaction. Whoever has
/// no address gets a line in the ledger, where an administrator sees it.
fn enter(conn: &mut Conn, rules: &Rules, head: &Letterhead, due: &Due, now: Instant) -> Result<()> {
    let mail = match due.recipient() {
        Some(to) => Some(mail::post(conn, head, &to, &letters::letter(rules, due), now)?),
        None => None,
    };
    queries::enter(conn, due, mail, now)
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub entered: usize,
    pub without_address: usize,
}

/// Posts everything that is due, each in a transaction of its own; what another planner entered
/// meanwhile is passed over.
pub async fn post_due(
    db: &Db,
    rules: &Rules,
    head: &Letterhead,
    dues: Vec<Due>,
    now: Instant,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for due in dues.into_iter().filter(Due::is_due) {
        let without_address = due.to.email.is_none();
        let (rules, head) = (rules.clone(), head.clone());
        match db.write(move |conn| enter(conn, &rules, &head, &due, now)).await {
            Ok(()) => {
                outcome.entered += 1;
                outcome.without_address += usize::from(without_address);
            }
            Err(error) if error.is_unique_violation() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}

/// At most so often, unless a day has begun at one of the sites.
const PAUSE_SECONDS: i64 = 600;

/// One look of the background: plans when it is time to. `holder` names this server.
pub async fn round(
    db: &Db,
    rules: &Rules,
    head: &Letterhead,
    holder: &str,
    now: Instant,
) -> Result<Option<Outcome>> {
    if !db.read(move |conn| is_time(conn, now)).await? {
        return Ok(None);
    }
    let name = holder.to_owned();
    if !db.write(move |conn| queries::take_lease(conn, &name, now)).await? {
        return Ok(None);
    }
    let outcome = work(db, rules, head, now).await;
    let said = match &outcome {
        Ok(outcome) => format!("ok {} {}", outcome.entered, outcome.without_address),
        Err(error) => format!("failed {error}"),
    };
    let name = holder.to_owned();
    db.write(move |conn| queries::give_back(conn, &name, &said, now)).await?;
    outcome.map(Some)
}

async fn work(db: &Db, rules: &Rules, head: &Letterhead, now: Instant) -> Result<Outcome> {
    let last = db.read(queries::last_run).await?.at;
    if last.is_none_or(|last| last.utc().date_naive() != now.utc().date_naive()) {
        issue_by_time(db, rules, head, now).await?;
    }
    let dues = db.read(move |conn| due(conn, When::now(now), 0)).await?;
    post_due(db, rules, head, dues, now).await
}

/// Once a day: certificates that became due by time alone, each person in a transaction.
async fn issue_by_time(db: &Db, rules: &Rules, head: &Letterhead, now: Instant) -> Result<()> {
    let (about, asked) = (now.utc().date_naive(), rules.clone());
    let people = db.read(move |conn| issue::due_by_time(conn, &asked, about)).await?;
    for person in people {
        let (rules, head) = (rules.clone(), head.clone());
        db.write(move |conn| -> Result<()> {
            let Some(post) = staff::queries::post_of(conn, person, about)? else { return Ok(()) };
            let today = When::now(now).today(&post.site);
            let stamp = Stamp { at: now, by: None };
            issue::issue_due(conn, &rules, &head, person, today, stamp).map(drop)
        })
        .await?;
    }
    Ok(())
}

fn is_time(conn: &mut Conn, now: Instant) -> Result<bool> {
    let LastRun { at: Some(last), .. } = queries::last_run(conn)? else { return Ok(true) };
    if now.seconds_since(last) >= PAUSE_SECONDS {
        return Ok(true);
    }
    let sites = staff::queries::sites(conn, &Scope::everyone())?;
    let zones: HashSet<_> = sites.iter().map(staff::Site::zone).collect();
    let day = |at: Instant, zone| at.utc().with_timezone(zone).date_naive();
    Ok(zones.iter().any(|zone| day(last, zone) != day(now, zone)))
}
