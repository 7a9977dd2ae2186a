//! The planner: what is due to whom, and its mails into the outbox, once each.
//!
//! It may be killed at any point and run by several servers at once: a mail, its notice and its
//! ledger rows are one transaction, and the rows' unique key makes a second one impossible. The
//! lease only saves work. Pages never depend on it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{Duration, NaiveDate, NaiveDateTime, TimeZone};

use super::{
    defaults::ReminderRules,
    hours::{self, Calendar, Pace},
    letters,
    memory::{Memory, Outlook, Pass},
    model::{Due, Hours, Rule, Source, Subject, To, Withheld},
    queries::{self, Choice, LastRun, Mute, Rhythm, SiteTimes},
    recipients::{self, People, When},
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
    due_of(conn, by, (when, ahead), |_| whose)
}

fn due_of<'a>(
    conn: &mut Conn,
    by: By<'_>,
    (when, ahead): (When, u32),
    whose: impl Fn(Source) -> &'a Whose,
) -> Result<Vec<Due>> {
    let today = when.about();
    let common = Common {
        when,
        ahead,
        mutes: queries::mutes_in_force(conn, today)?,
        digests: queries::digests_since(conn, days_before(today, 1))?,
        times: Arc::new(queries::site_times(conn)?),
    };
    let mut found = Vec::new();
    for rule in queries::rules_in_force(conn, by.reminders)? {
        let whose = whose(rule.source);
        if rule.on && !whose.is_nobody() {
            found.extend(due_by(conn, by.rules, &Arc::new(rule), &common, whose)?);
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
    common: &Common,
    whose: &Whose,
) -> Result<Vec<Due>> {
    let Common { when, ahead, .. } = *common;
    let (today, now) = (when.about(), when.moment());
    // Days on the other side of the world are one off.
    let first = days_before(today, rule.reaches_back() + 1);
    let last = days_after(today, rule.reaches_ahead() + ahead + 1);
    let items = sources::find(conn, &Ask { rules, rule, first, last, today, now, whose })?;
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut classes: Vec<To> = rule.steps.iter().flat_map(|step| step.to.clone()).collect();
    classes.sort_unstable();
    classes.dedup();
    let people = People::load(conn, when, &items, &classes, &common.times)?;
    let told = queries::told(conn, &rule.code, &items)?;
    let mut planning = Planning { rule, common, classes, people, told, found: Vec::new() };
    for item in items {
        planning.look_at(item);
    }
    Ok(planning.found)
}

/// What the plans of all rules are made from.
struct Common {
    when: When,
    ahead: u32,
    mutes: Vec<Mute>,
    /// Who has had a digest on which day.
    digests: HashSet<(PersonId, NaiveDate)>,
    times: Arc<SiteTimes>,
}

/// What the plan of one rule is made from.
struct Planning<'a> {
    rule: &'a Arc<Rule>,
    common: &'a Common,
    classes: Vec<To>,
    people: People,
    told: HashMap<(PersonId, &'static str, i64), Vec<queries::Entered>>,
    found: Vec<Due>,
}

/// What is decided for one recipient of one thing.
struct Recipient {
    post: Post,
    local: NaiveDateTime,
    calendar: Calendar,
    hours: Hours,
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
        let (today, ahead) = (to.local.date(), self.common.ahead);
        let zone = to.post.site.zone();
        let entered = self.told.get(&(id, subject.kind, subject.id)).into_iter().flatten();
        let told: Vec<Told> = entered.map(|row| row.told(zone)).collect();
        let last_chance = |last| to.last_chance(due_on, last);
        let reached = rules::step_on(&steps, self.rule.late_days, due_on, today, last_chance);
        let through = days_after(today, ahead);
        let coming = rules::steps_between(&steps, due_on, today, through);
        let mut plan: Vec<(i32, NaiveDate, bool)> = Vec::new();
        for step in reached.into_iter().chain(coming) {
            if rules::is_told(&told, due_on, step) {
                continue;
            }
            let (on, now) = to.goes_out(due_on, step);
            if subject.until.is_some_and(|until| until < on) {
                continue;
            }
            // What waits until the next step falls due is passed over for it.
            plan.retain(|(_, earlier, _)| *earlier < on);
            plan.push((step, on, now));
        }
        let going = plan.into_iter().filter(|(_, on, _)| *on <= through);
        let dues: Vec<Due> = going
            .map(|(step, on, now)| Due {
                rule: self.rule.clone(),
                subject: subject.clone(),
                due_on,
                step,
                on,
                today,
                now,
                waits_until: (!now && on == today).then(|| to.quiet_ends()),
                to: to.post.person.clone(),
                // The last moment does not wait for tomorrow's digest.
                digest: to.digest && !(to.had_digest && on == today),
                withheld: self.withheld(subject, &to, on),
            })
            .collect();
        self.found.extend(dues);
    }

    fn recipient(&mut self, id: PersonId, classes: &[To]) -> Option<Recipient> {
        let post = self.people.at_work(id)?.clone();
        let local = self.common.when.local(&post.site);
        let choice = self.people.choices.get(&id);
        let rhythm = choice.and_then(|choice| choice.rhythm);
        let by_rule = classes.iter().all(|class| self.rule.digest.contains(class));
        let wants = |choice: &Choice| choice.opted_out.contains(&self.rule.code);
        let digest = rhythm.map_or(by_rule, |rhythm| rhythm != Rhythm::Each);
        Some(Recipient {
            local,
            calendar: self.people.calendar(&post.site).clone(),
            // There is one digest a day: it does not leave at midnight, before what other rules say
            // in the daytime has joined it.
            hours: match self.rule.hours {
                Hours::Any if digest => Hours::Daytime,
                hours => hours,
            },
            pace: if rhythm == Some(Rhythm::Weekly) { Pace::Weekly } else { Pace::AsItComes },
            digest,
            opted_out: self.rule.optional && self.people.choices.get(&id).is_some_and(wants),
            had_digest: self.common.digests.contains(&(id, local.date())),
            post,
        })
    }

    /// Why it will not be sent, as things stand for the day it would go out.
    fn withheld(&self, subject: &Subject, to: &Recipient, on: NaiveDate) -> Option<Withheld> {
        let person = to.post.person.id;
        let mute = self.common.mutes.iter().find(|mute| {
            mute.from_on <= on
                && on <= mute.through_on
                && mute.covers(person, &self.rule.code, subject.kind, subject.id)
        });
        let muted = mute.map(|mute| Withheld::Muted(mute.why.clone()));
        muted.or(to.opted_out.then_some(Withheld::OptedOut))
    }
}

impl Recipient {
    /// The day a step goes out, and whether that is at this moment.
    fn goes_out(&self, due_on: NaiveDate, step: i32) -> (NaiveDate, bool) {
        let Recipient { hours, pace, calendar, .. } = self;
        let today = self.local.date();
        let day = rules::day_of(due_on, step).max(today);
        let out = |day| hours::day_out(*hours, *pace, calendar, due_on, day);
        let on = out(day);
        if on > today {
            return (on, false);
        }
        // One digest a day; the next comes tomorrow, unless that is too late.
        if self.digest && self.had_digest && due_on != today {
            return (out(next_day(today)), false);
        }
        let now = hours::may_send(*hours, *pace, calendar, due_on, self.local);
        if !now && calendar.is_evening(self.local) {
            return (out(next_day(today)), false);
        }
        (on, now)
    }

    /// Until when what falls due through a day may go out.
    fn last_chance(&self, due_on: NaiveDate, last: NaiveDate) -> NaiveDate {
        hours::last_chance(self.hours, self.pace, &self.calendar, due_on, last)
    }

    /// When the quiet hours end that last now.
    fn quiet_ends(&self) -> Instant {
        let ends = self.calendar.quiet_ends(self.local);
        let moment = self.post.site.zone().from_local_datetime(&ends).earliest();
        // An hour that is left out in spring begins when it would have begun in winter.
        moment.map_or_else(|| ends.and_utc().into(), |moment| moment.to_utc().into())
    }
}

fn subject_of(item: Item, about: Option<Post>, site: &Site) -> Subject {
    let until = item.until.map(|until| sources::When::Moment(until).day_in(site.zone()));
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
        until,
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
    let untold = queries::overtake(conn, &parcel.dues, now)?;
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
            let calendar = calendar.or(untold);
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
    pub memory: &'a Memory,
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
    let Desk { db, rules, reminders, head, memory, .. } = desk;
    let last = db.read(queries::last_run).await?.at;
    if last.is_none_or(|last| last.utc().date_naive() != now.utc().date_naive()) {
        issue_by_time(db, rules, head, now).await?;
        give_up_on_who_left(db, now).await?;
    }
    let (rules, reminders, known) = (rules.clone(), reminders.clone(), memory.clone());
    let (dues, outlook, whose) = db
        .read(move |conn| -> Result<_> {
            let outlook = Outlook::read(conn, now)?;
            let whose = known.whose(conn, &outlook, now)?;
            let by = By { rules: &rules, reminders: &reminders };
            let of = |source: Source| if source.is_wide() { &whose } else { &Whose::Everyone };
            let dues = due_of(conn, by, (When::now(now), 0), of)?;
            Ok((dues, outlook, whose))
        })
        .await?;
    // Whatever goes wrong below, and whatever another planner was faster with, is looked at again.
    let before = memory.take();
    let wanted = dues.iter().filter(|due| due.now).count();
    let wakes = Pass::wakes(&dues);
    let outcome = post_due(db, head, dues, now).await?;
    if outcome.entered == wanted {
        memory.keep(before, outlook, &whose, wakes);
    }
    Ok(outcome)
}

/// A mail may have waited for longer than its recipient has worked here.
const OLD_HOURS: i64 = 24;

/// Once a day: what still waits for people who have left by now is given up.
async fn give_up_on_who_left(db: &Db, now: Instant) -> Result<()> {
    let gone = db
        .read(move |conn| -> Result<Vec<PersonId>> {
            let before = now.plus(-Duration::hours(OLD_HOURS));
            let mut people = queries::waited_for(conn, before)?;
            let there = recipients::at_work_among(conn, When::now(now), &people)?;
            people.retain(|id| !there.contains(id));
            Ok(people)
        })
        .await?;
    if gone.is_empty() {
        return Ok(());
    }
    db.write(move |conn| queries::give_up_on(conn, &gone, now)).await
}

/// Once a day: certificates that became due by time alone, each person in a transaction. What fails
/// for one person is left for the next day and holds up nobody else.
async fn issue_by_time(db: &Db, rules: &Rules, head: &Letterhead, now: Instant) -> Result<()> {
    let (about, asked) = (now.utc().date_naive(), rules.clone());
    let people = db.read(move |conn| issue::due_by_time(conn, &asked, about)).await?;
    for person in people {
        let (rules, head) = (rules.clone(), head.clone());
        let issued = db.write(move |conn| -> Result<()> {
            let Some(post) = staff::queries::post_of(conn, person, about)? else { return Ok(()) };
            let today = When::now(now).today(&post.site);
            let stamp = Stamp { at: now, by: None };
            issue::issue_due(conn, &rules, &head, person, today, stamp).map(drop)
        });
        if let Err(error) = issued.await {
            tracing::error!(%error, person = person.0, "what became due was not issued");
        }
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
