//! The planner: what is due to whom, and its mails into the outbox, once each.
//!
//! It may be killed at any point and run by several servers at once: a mail, its notice and its
//! ledger rows are one transaction, and the rows' unique key makes a second one impossible. The
//! lease only saves work. Pages never depend on it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{NaiveDate, NaiveDateTime};

use super::{
    defaults::ReminderRules,
    hours::{self, Calendar, Pace},
    letters,
    model::{Due, Rule, Source, Subject, To, Withheld},
    queries::{self, Choice, LastRun, Mute, Rhythm},
    recipients::{People, When},
    rules::{self, Told},
    sources::{self, Ask, Item, Whose},
};
use crate::{
    certification::issue,
    db::{Conn, Db, Error, Instant},
    i18n::{Lang, Text},
    mail::{self, DueDay, Enclosed, Letterhead, notice},
    record::{
        PersonId, Rules,
        ledger::Stamp,
        period::{days_after, days_before, next_day},
    },
    staff::{self, Post, Site, queries::Scope},
    t,
};

type Result<T> = std::result::Result<T, Error>;

/// What the planner goes by.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    pub rules: &'a Rules,
    pub reminders: &'a ReminderRules,
}

/// Every reminder that is due and not yet in the ledger, and those of the next `ahead` days.
pub fn due(conn: &mut Conn, by: By<'_>, when: When, ahead: u32, whose: &Whose) -> Result<Vec<Due>> {
    let mut found = Vec::new();
    for rule in queries::rules_in_force(conn, by.reminders)? {
        if rule.on {
            let rule = Arc::new(rule);
            found.extend(due_by(conn, by.rules, &rule, when, ahead, whose)?);
        }
    }
    // By day, then by subject and step, so that the recipients of one stand together.
    found.sort_by_key(|due| {
        let Due { subject, due_on, step, to, .. } = due;
        let about = (subject.kind, subject.id);
        (due.on, *due_on, due.rule.code.clone(), about, -*step, !due.to_holder(), to.id)
    });
    found.dedup_by(|one, other| one.key() == other.key());
    Ok(found)
}

fn due_by(
    conn: &mut Conn,
    rules: &Rules,
    rule: &Arc<Rule>,
    when: When,
    ahead: u32,
    whose: &Whose,
) -> Result<Vec<Due>> {
    let today = when.about();
    // Days on the other side of the world are one off.
    let first = days_before(today, rule.reaches_back() + 1);
    let last = days_after(today, rule.reaches_ahead() + ahead + 1);
    let items = sources::find(conn, &Ask { rules, rule, first, last, today, whose })?;
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut classes: Vec<To> = rule.steps.iter().flat_map(|step| step.to.clone()).collect();
    classes.sort_unstable();
    classes.dedup();
    let people = People::load(conn, when, &items, &classes)?;
    let told = queries::told(conn, &rule.code, &items)?;
    let mutes = queries::mutes_in_force(conn, today)?;
    let digests = queries::digests_since(conn, days_before(today, 1))?;
    let mut planning =
        Planning { rule, when, ahead, classes, people, told, mutes, digests, found: Vec::new() };
    for item in items {
        planning.look_at(item);
    }
    Ok(planning.found)
}

/// What the plan of one rule is made from.
struct Planning<'a> {
    rule: &'a Arc<Rule>,
    when: When,
    ahead: u32,
    classes: Vec<To>,
    people: People,
    told: HashMap<(PersonId, &'static str, i64), Vec<queries::Entered>>,
    mutes: Vec<Mute>,
    /// Who has had a digest on which day.
    digests: HashSet<(PersonId, NaiveDate)>,
    found: Vec<Due>,
}

/// What is decided for one recipient of one thing.
struct Recipient {
    post: Post,
    local: NaiveDateTime,
    calendar: Calendar,
    pace: Pace,
    digest: bool,
    opted_out: bool,
    had_digest: bool,
}

impl Planning<'_> {
    fn look_at(&mut self, item: Item) {
        let about = match item.about {
            Some(id) => match self.people.at_work(id) {
                Some(post) => Some(post.clone()),
                None => return,
            },
            None => None,
        };
        let site = item.site.clone().or_else(|| about.as_ref().map(|post| post.site.clone()));
        let Some(site) = site else { return };
        let home = about.as_ref().map_or(&site, |post| &post.site);
        let due_on = item.due.day_in(home.zone());
        // Whoever answers for the person counts from where the person works.
        let told = self.people.told(&item, home, &self.classes);
        let subject = Arc::new(subject_of(item, about, &site));
        for (id, classes) in told {
            self.plan_for(&subject, due_on, id, &classes);
        }
    }

    fn plan_for(
        &mut self,
        subject: &Arc<Subject>,
        due_on: NaiveDate,
        id: PersonId,
        classes: &[To],
    ) {
        let steps = self.rule.steps_for(classes);
        let Some(to) = self.recipient(id, classes) else { return };
        let today = to.local.date();
        let zone = to.post.site.zone();
        let entered = self.told.get(&(id, subject.kind, subject.id)).into_iter().flatten();
        let told: Vec<Told> = entered.map(|row| row.told(zone)).collect();
        let reached = rules::step_on(&steps, self.rule.late_days, due_on, today);
        let through = days_after(today, self.ahead);
        let coming = rules::steps_between(&steps, due_on, today, through);
        let mut plan: Vec<(i32, NaiveDate, bool)> = Vec::new();
        for step in reached.into_iter().chain(coming) {
            if rules::is_told(&told, due_on, step) {
                continue;
            }
            let (on, now) = self.goes_out(&to, due_on, step);
            // What waits until the next step falls due is passed over for it.
            plan.retain(|(_, earlier, _)| *earlier < on);
            plan.push((step, on, now));
        }
        let withheld = self.withheld(subject, &to, today);
        self.found.extend(plan.into_iter().filter(|(_, on, _)| *on <= through).map(
            |(step, on, now)| Due {
                rule: self.rule.clone(),
                subject: subject.clone(),
                due_on,
                step,
                on,
                today,
                now,
                to: to.post.person.clone(),
                // The last moment does not wait for tomorrow's digest.
                digest: to.digest && !(to.had_digest && on == today),
                withheld: withheld.clone(),
            },
        ));
    }

    fn recipient(&mut self, id: PersonId, classes: &[To]) -> Option<Recipient> {
        let post = self.people.at_work(id)?.clone();
        let local = self.when.local(&post.site);
        let choice = self.people.choices.get(&id);
        let rhythm = choice.and_then(|choice| choice.rhythm);
        let by_rule = classes.iter().all(|class| self.rule.digest.contains(class));
        let wants = |choice: &Choice| choice.opted_out.contains(&self.rule.code);
        Some(Recipient {
            local,
            calendar: self.people.calendar(&post.site).clone(),
            pace: if rhythm == Some(Rhythm::Weekly) { Pace::Weekly } else { Pace::AsItComes },
            digest: rhythm.map_or(by_rule, |rhythm| rhythm != Rhythm::Each),
            opted_out: self.rule.optional && self.people.choices.get(&id).is_some_and(wants),
            had_digest: self.digests.contains(&(id, local.date())),
            post,
        })
    }

    /// The day a step goes out, and whether that is at this moment.
    fn goes_out(&self, to: &Recipient, due_on: NaiveDate, step: i32) -> (NaiveDate, bool) {
        let (today, hours) = (to.local.date(), self.rule.hours);
        let day = rules::day_of(due_on, step).max(today);
        let out = |day| hours::day_out(hours, to.pace, &to.calendar, due_on, day);
        let on = out(day);
        if on > today {
            return (on, false);
        }
        // One digest a day; the next comes tomorrow, unless that is too late.
        if to.digest && to.had_digest && due_on != today {
            return (out(next_day(today)), false);
        }
        let now = hours::may_send(hours, to.pace, &to.calendar, due_on, to.local);
        if !now && to.calendar.is_evening(to.local) {
            return (out(next_day(today)), false);
        }
        (on, now)
    }

    fn withheld(&self, subject: &Subject, to: &Recipient, today: NaiveDate) -> Option<Withheld> {
        let person = to.post.person.id;
        let mute = self.mutes.iter().find(|mute| {
            mute.from_on <= today
                && today <= mute.through_on
                && mute.covers(person, &self.rule.code, subject.kind, subject.id)
        });
        let muted = mute.map(|mute| Withheld::Muted(mute.why.clone()));
        muted.or(to.opted_out.then_some(Withheld::OptedOut))
    }
}

fn subject_of(item: Item, about: Option<Post>, site: &Site) -> Subject {
    Subject {
        kind: item.kind,
        id: item.id,
        code: item.code,
        number: item.number,
        title: item.title,
        path: item.path,
        path_for_others: item.path_for_others,
        site: site.id,
        site_title: Text::new(site.title(Lang::Zh), site.title(Lang::En)),
        lineage: about.as_ref().map_or(&site.lineage, |post| &post.site.lineage).clone(),
        about: about.map(|post| post.person),
        detail: item.detail,
    }
}

/// What goes out together: one mail with its rows in the ledger, or none where it is withheld.
#[derive(Clone, Debug)]
struct Parcel {
    dues: Vec<Due>,
    digest: bool,
}

fn parcels(dues: Vec<Due>) -> Vec<Parcel> {
    let mut digests: BTreeMap<PersonId, Vec<Due>> = BTreeMap::new();
    let mut all = Vec::new();
    for due in dues.into_iter().filter(|due| due.now) {
        if due.digest && due.withheld.is_none() {
            digests.entry(due.to.id).or_default().push(due);
        } else {
            all.push(Parcel { dues: vec![due], digest: false });
        }
    }
    all.extend(digests.into_values().map(|dues| Parcel { dues, digest: true }));
    all
}

/// Enters a parcel's reminders and puts its mail into the outbox, in the caller's transaction.
/// Everybody gets a notice as well; for whoever has no address it is all there is.
fn enter(conn: &mut Conn, head: &Letterhead, parcel: &Parcel, now: Instant) -> Result<()> {
    let Some(first) = parcel.dues.first() else { return Ok(()) };
    if first.withheld.is_some() {
        return queries::enter(conn, &parcel.dues, None, None, now);
    }
    if parcel.digest {
        queries::take_digest(conn, first.to.id, first.today, now)?;
    }
    let (letter, rows) = match parcel.dues.as_slice() {
        [due] => (letters::letter(due), Vec::new()),
        dues => letters::digest(dues),
    };
    let mail = match first.recipient() {
        Some(to) => {
            let unsubscribe = match parcel.dues.as_slice() {
                [due] if due.rule.optional => {
                    Some(mail::choices::unsubscribe_path(conn, to.person, &due.rule.code, now)?)
                }
                _ => None,
            };
            let calendar = match parcel.dues.as_slice() {
                [due] => for_the_calendar(conn, head, &to, due, now)?,
                _ => None,
            };
            let enclosed = Enclosed { rows: rows.clone(), calendar, unsubscribe };
            Some(mail::post_enclosing(conn, head, &to, &letter, &enclosed, now)?)
        }
        None => None,
    };
    let notice = notice::add(conn, first.to.id, &letters::as_notice(&letter, &rows), now)?;
    queries::enter(conn, &parcel.dues, mail, Some(notice), now)
}

/// The last day of a holder's certificate for their calendar, with the first mail about it. When it
/// moves afterwards, the module `calendar` tells them so.
fn for_the_calendar(
    conn: &mut Conn,
    head: &Letterhead,
    to: &mail::Recipient,
    due: &Due,
    now: Instant,
) -> Result<Option<String>> {
    let ends = due.rule.source == Source::CertificateExpiring;
    if !ends || !due.to_holder() || due.due_on < due.today {
        return Ok(None);
    }
    let (lang, subject) = (due.lang(), &due.subject);
    let name = subject.title.get(lang);
    let day = DueDay {
        kind: subject.kind,
        id: subject.id,
        on: Some(due.due_on),
        summary: t!(lang, "证书到期：{name}", "Certificate ends: {name}"),
        description: subject.number.clone().unwrap_or_default(),
        path: due.path().to_owned(),
    };
    mail::announce(conn, head, to, &day, now)
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows in the ledger.
    pub entered: usize,
    pub without_address: usize,
    pub withheld: usize,
    pub mails: usize,
}

impl Outcome {
    fn of(parcel: &Parcel) -> Outcome {
        let count = parcel.dues.len();
        let withheld = parcel.dues.iter().filter(|due| due.withheld.is_some()).count();
        let addressed = parcel.dues.first().is_some_and(|due| due.to.email.is_some());
        Outcome {
            entered: count,
            withheld,
            without_address: if addressed { 0 } else { count - withheld },
            mails: usize::from(addressed && withheld == 0),
        }
    }

    fn add(&mut self, other: Outcome) {
        self.entered += other.entered;
        self.without_address += other.without_address;
        self.withheld += other.withheld;
        self.mails += other.mails;
    }
}

/// So many parcels share a transaction: enough that ten thousand do not wait for the disk ten
/// thousand times, few enough that a candidate's answer does not wait behind them.
const TOGETHER: usize = 64;

/// Posts everything that is due. Where another planner entered one of them meanwhile, the others
/// of its group go in one by one, and that one is passed over.
pub async fn post_due(db: &Db, head: &Letterhead, dues: Vec<Due>, now: Instant) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for group in parcels(dues).chunks(TOGETHER) {
        match put(db, head, group, now).await {
            Ok(()) => group.iter().for_each(|parcel| outcome.add(Outcome::of(parcel))),
            Err(error) if error.is_unique_violation() => {
                for parcel in group {
                    match put(db, head, std::slice::from_ref(parcel), now).await {
                        Ok(()) => outcome.add(Outcome::of(parcel)),
                        Err(error) if error.is_unique_violation() => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}

async fn put(db: &Db, head: &Letterhead, group: &[Parcel], now: Instant) -> Result<()> {
    let (head, group) = (head.clone(), group.to_vec());
    db.write(move |conn| group.iter().try_for_each(|parcel| enter(conn, &head, parcel, now))).await
}

/// At most so often, unless a day has begun at one of the sites.
const PAUSE_SECONDS: i64 = 600;

/// What a round of the background needs.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    pub db: &'a Db,
    pub rules: &'a Rules,
    pub reminders: &'a ReminderRules,
    pub head: &'a Letterhead,
    /// Names this server.
    pub holder: &'a str,
}

/// One look of the background: plans when it is time to.
pub async fn round(desk: Desk<'_>, now: Instant) -> Result<Option<Outcome>> {
    let Desk { db, holder, .. } = desk;
    if !db.read(move |conn| is_time(conn, now)).await? {
        return Ok(None);
    }
    let name = holder.to_owned();
    if !db.write(move |conn| queries::take_lease(conn, &name, now)).await? {
        return Ok(None);
    }
    let outcome = work(desk, now).await;
    let said = match &outcome {
        Ok(Outcome { entered, without_address, withheld, mails }) => {
            format!("ok {entered} {without_address} {withheld} {mails}")
        }
        Err(error) => format!("failed {error}"),
    };
    let name = holder.to_owned();
    db.write(move |conn| queries::give_back(conn, &name, &said, now)).await?;
    outcome.map(Some)
}

async fn work(desk: Desk<'_>, now: Instant) -> Result<Outcome> {
    let Desk { db, rules, reminders, head, .. } = desk;
    let last = db.read(queries::last_run).await?.at;
    if last.is_none_or(|last| last.utc().date_naive() != now.utc().date_naive()) {
        issue_by_time(db, rules, head, now).await?;
    }
    let (rules, reminders) = (rules.clone(), reminders.clone());
    let dues = db
        .read(move |conn| {
            let by = By { rules: &rules, reminders: &reminders };
            due(conn, by, When::now(now), 0, &Whose::Everyone)
        })
        .await?;
    post_due(db, head, dues, now).await
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
