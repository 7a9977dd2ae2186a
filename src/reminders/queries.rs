//! All that reads and writes the tables of reminders: the ledger, digests, rules, mutes, choices,
//! the hours of sites, the lease.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use diesel::{dsl::max, prelude::*};

use super::{
    defaults::ReminderRules,
    hours::Week,
    model::{Due, Rule, Withheld},
    rules::Told,
    sources::Item,
};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{
            account, certificate_act, content, lease, mail_choice, notice, outbox, pairing, person,
            reminder, reminder_digest, reminder_mute, reminder_rule, role_grant, site, site_day,
            site_hours,
        },
    },
    each_backend,
    mail::{self, OutboxId, notice::NoticeId},
    record::{PersonId, ledger::Stamp},
    staff::SiteId,
};

type Result<T> = std::result::Result<T, Error>;

/// A row of the ledger, as planning asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    pub due_on: NaiveDate,
    pub step: i64,
    pub at: Instant,
}

impl Entered {
    /// As the recipient's calendar has it.
    pub fn told(self, zone: Tz) -> Told {
        let on = self.at.utc().with_timezone(&zone).date_naive();
        Told { due_on: self.due_on, step: self.step, on }
    }
}

type Subjects = HashMap<(PersonId, &'static str, i64), Vec<Entered>>;

/// What was entered by a rule about these things, by recipient and thing.
pub fn told(conn: &mut Conn, rule: &str, items: &[Item]) -> Result<Subjects> {
    let mut kinds: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    for item in items {
        kinds.entry(item.kind).or_default().insert(item.id);
    }
    let mut found: Subjects = HashMap::new();
    for (kind, ids) in kinds {
        let ids: Vec<i64> = ids.into_iter().collect();
        for some in ids.chunks(500) {
            let rows: Vec<(PersonId, i64, NaiveDate, i64, Instant)> = reminder::table
                .filter(reminder::subject_kind.eq(kind))
                .filter(reminder::subject_id.eq_any(some.to_vec()))
                .filter(reminder::rule.eq(rule))
                .order(reminder::id)
                .select((
                    reminder::recipient_id,
                    reminder::subject_id,
                    reminder::due_on,
                    reminder::days_before,
                    reminder::planned_at,
                ))
                .load(conn)?;
            for (recipient, id, due_on, step, at) in rows {
                let entered = Entered { due_on, step, at };
                found.entry((recipient, kind, id)).or_default().push(entered);
            }
        }
    }
    Ok(found)
}

#[derive(Insertable)]
#[diesel(table_name = reminder)]
struct NewRow<'a> {
    rule: &'a str,
    recipient_id: PersonId,
    subject_kind: &'a str,
    subject_id: i64,
    due_on: NaiveDate,
    days_before: i64,
    planned_at: Instant,
    outbox_id: Option<OutboxId>,
    notice_id: Option<NoticeId>,
    withheld: Option<String>,
    about_id: Option<PersonId>,
    said: String,
}

/// Enters reminders in the ledger, all of them or none. The same one a second time is a unique
/// violation, which takes the mail written in the same transaction with it.
pub fn enter(
    conn: &mut Conn,
    dues: &[Due],
    mail: Option<OutboxId>,
    notice: Option<NoticeId>,
    now: Instant,
) -> Result<()> {
    for some in dues.chunks(500) {
        let rows: Vec<NewRow<'_>> = some
            .iter()
            .map(|due| NewRow {
                rule: &due.rule.code,
                recipient_id: due.to.id,
                subject_kind: due.subject.kind,
                subject_id: due.subject.id,
                due_on: due.due_on,
                days_before: i64::from(due.step),
                planned_at: now,
                outbox_id: mail,
                notice_id: notice,
                withheld: due.withheld.as_ref().map(Withheld::kept),
                about_id: due.subject.about.as_ref().map(|about| about.id),
                said: due.subject.said(),
            })
            .collect();
        each_backend!(conn, |conn| diesel::insert_into(reminder::table)
            .values(&rows)
            .execute(conn))?;
    }
    Ok(())
}

/// The reminders whose place these take: earlier ones of the same rule to the same person about the
/// same things, whose mails have not gone out. They are marked as overtaken, and a mail in which
/// nothing else is left is given up. So of what fell due without a mail server only the last is sent.
/// Returns what a calendar was to be told by such a mail; the next one has to tell it.
pub fn overtake(conn: &mut Conn, dues: &[Due], now: Instant) -> Result<Option<String>> {
    let mut things: BTreeMap<(&str, PersonId, &str), Vec<i64>> = BTreeMap::new();
    for due in dues {
        let subject = &due.subject;
        things.entry((&due.rule.code, due.to.id, subject.kind)).or_default().push(subject.id);
    }
    let mut earlier: Vec<(i64, Option<OutboxId>)> = Vec::new();
    for ((rule, recipient, kind), ids) in things {
        for some in ids.chunks(500) {
            let of_these = reminder::table
                .inner_join(outbox::table)
                .filter(reminder::subject_kind.eq(kind))
                .filter(reminder::subject_id.eq_any(some.to_vec()))
                .filter(reminder::rule.eq(rule).and(reminder::recipient_id.eq(recipient)))
                .filter(reminder::withheld.is_null())
                .filter(outbox::sent_at.is_null().and(outbox::handed_at.is_null()))
                .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
                .order(reminder::id)
                .select((reminder::id, reminder::outbox_id));
            earlier.extend(of_these.load::<(i64, Option<OutboxId>)>(conn)?);
        }
    }
    Ok(give_up(conn, earlier, &Withheld::Overtaken, now)?.pop())
}

/// Who has reminders that wait in the outbox since before a moment.
pub fn waited_for(conn: &mut Conn, before: Instant) -> Result<Vec<PersonId>> {
    Ok(reminder::table
        .inner_join(outbox::table)
        .filter(outbox::sent_at.is_null().and(outbox::parked_at.is_null()))
        .filter(outbox::handed_at.is_null().and(outbox::created_at.lt(before)))
        .order(reminder::recipient_id)
        .select(reminder::recipient_id)
        .distinct()
        .load(conn)?)
}

/// Gives up whatever still waits for these people, who have left.
pub fn give_up_on(conn: &mut Conn, people: &[PersonId], now: Instant) -> Result<()> {
    for some in people.chunks(500) {
        let waiting: Vec<(i64, Option<OutboxId>)> = reminder::table
            .inner_join(outbox::table)
            .filter(reminder::recipient_id.eq_any(some.to_vec()))
            .filter(reminder::withheld.is_null())
            .filter(outbox::sent_at.is_null().and(outbox::handed_at.is_null()))
            .filter(outbox::leased_until.is_null().or(outbox::leased_until.lt(now)))
            .order(reminder::id)
            .select((reminder::id, reminder::outbox_id))
            .load(conn)?;
        give_up(conn, waiting, &Withheld::Left, now)?;
    }
    Ok(())
}

/// Marks reminders as withheld and gives up their mails, unless there is something else in them.
/// Returns what those carried for calendars.
pub fn give_up(
    conn: &mut Conn,
    rows: Vec<(i64, Option<OutboxId>)>,
    why: &Withheld,
    now: Instant,
) -> Result<Vec<String>> {
    let (ids, mails): (Vec<i64>, Vec<Option<OutboxId>>) = rows.into_iter().unzip();
    for some in ids.chunks(500) {
        diesel::update(reminder::table.filter(reminder::id.eq_any(some.to_vec())))
            .set(reminder::withheld.eq(why.kept()))
            .execute(conn)?;
    }
    let mails: BTreeSet<OutboxId> = mails.into_iter().flatten().collect();
    let mails: Vec<OutboxId> = mails.into_iter().collect();
    let mut carried = Vec::new();
    for some in mails.chunks(500) {
        let needed: Vec<Option<OutboxId>> = reminder::table
            .filter(reminder::outbox_id.eq_any(some.iter().map(|id| Some(id.0))))
            .filter(reminder::withheld.is_null())
            .select(reminder::outbox_id)
            .distinct()
            .load(conn)?;
        let useless: Vec<OutboxId> =
            some.iter().copied().filter(|id| !needed.contains(&Some(*id))).collect();
        carried.extend(mail::outbox::park_useless(conn, &useless, &why.kept(), now)?);
    }
    Ok(carried)
}

/// Takes a day for a person's digest; the second on one day is a unique violation.
pub fn take_digest(conn: &mut Conn, person: PersonId, day: NaiveDate, now: Instant) -> Result<()> {
    diesel::insert_into(reminder_digest::table)
        .values((
            reminder_digest::recipient_id.eq(person),
            reminder_digest::on_day.eq(day),
            reminder_digest::made_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Who has had a digest on which day, from a day on.
pub fn digests_since(conn: &mut Conn, day: NaiveDate) -> Result<HashSet<(PersonId, NaiveDate)>> {
    let rows: Vec<(PersonId, NaiveDate)> = reminder_digest::table
        .filter(reminder_digest::on_day.ge(day))
        .order((reminder_digest::on_day, reminder_digest::recipient_id))
        .select((reminder_digest::recipient_id, reminder_digest::on_day))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A reminder of the past, for a list.
#[derive(Clone, Debug, Queryable)]
pub struct Past {
    pub rule: String,
    pub planned_at: Instant,
    pub recipient: PersonId,
    pub staff_no: String,
    pub name: String,
    pub name_en: Option<String>,
    /// Code and number.
    pub said: Option<String>,
    pub due_on: NaiveDate,
    pub days_before: i64,
    pub withheld: Option<String>,
    /// Staff number, name and English name of the person it was about.
    pub about: Option<(String, String, Option<String>)>,
    /// None: there was no address to write to.
    pub mail: Option<(OutboxId, String, Option<Instant>, Option<Instant>)>,
    pub notice: Option<(NoticeId, String)>,
}

/// What became of a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Sent,
    Waiting,
    Parked,
    Withheld,
    /// Only inside the program: there was no address.
    NoAddress,
}

impl Fate {
    pub const ALL: [Fate; 5] =
        [Fate::Sent, Fate::Waiting, Fate::Parked, Fate::Withheld, Fate::NoAddress];

    pub fn word(self) -> &'static str {
        match self {
            Fate::Sent => "sent",
            Fate::Waiting => "waiting",
            Fate::Parked => "parked",
            Fate::Withheld => "withheld",
            Fate::NoAddress => "no-address",
        }
    }

    pub fn parse(word: &str) -> Option<Fate> {
        Fate::ALL.into_iter().find(|fate| fate.word() == word)
    }
}

impl Past {
    pub fn fate(&self) -> Fate {
        match (&self.withheld, &self.mail) {
            // Also one that was overtaken and went out after all, with others or by hand.
            (_, Some((.., Some(_), _))) => Fate::Sent,
            (Some(_), _) => Fate::Withheld,
            (None, None) => Fate::NoAddress,
            (None, Some((.., None, Some(_)))) => Fate::Parked,
            (None, Some(_)) => Fate::Waiting,
        }
    }

    /// What it said, in the recipient's language.
    pub fn said_in_mail(&self) -> &str {
        let mail = self.mail.as_ref().map(|(_, subject, ..)| subject.as_str());
        mail.or(self.notice.as_ref().map(|(_, subject)| subject.as_str())).unwrap_or_default()
    }
}

/// What the list of the past is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Narrowed {
    pub since: Option<Instant>,
    pub rule: Option<String>,
    pub fate: Option<Fate>,
    /// Part of a name or a staff number, of the recipient or of the person it was about.
    pub person: Option<String>,
    pub whose: Whose,
}

/// Whose reminders of the past.
#[derive(Clone, Debug, Default)]
pub enum Whose {
    #[default]
    Everybody,
    /// What this person was sent.
    To(PersonId),
    /// What this person was sent, and what was sent about these.
    About(PersonId, Vec<PersonId>),
}

/// The reminders of the past, the newest first.
pub fn past(conn: &mut Conn, narrowed: &Narrowed, limit: i64, offset: i64) -> Result<Vec<Past>> {
    let about = diesel::alias!(person as about);
    let mut query = reminder::table
        .inner_join(person::table)
        .left_join(about.on(about.field(person::id).nullable().eq(reminder::about_id)))
        .left_join(outbox::table)
        .left_join(notice::table)
        .into_boxed();
    if let Some(since) = narrowed.since {
        query = query.filter(reminder::planned_at.ge(since));
    }
    if let Some(rule) = &narrowed.rule {
        query = query.filter(reminder::rule.eq(rule.clone()));
    }
    if let Some(search) = &narrowed.person {
        let pattern = format!("%{}%", search.replace(['%', '_'], ""));
        query = query.filter(
            person::name
                .like(pattern.clone())
                .or(person::staff_no.like(pattern.clone()))
                .or(person::name_en.like(pattern.clone()))
                .or(about.field(person::name).nullable().like(pattern.clone()))
                .or(about.field(person::staff_no).nullable().like(pattern.clone()))
                .or(about.field(person::name_en).nullable().like(pattern)),
        );
    }
    query = match &narrowed.whose {
        Whose::Everybody => query,
        Whose::To(person) => query.filter(reminder::recipient_id.eq(*person)),
        Whose::About(me, people) => query.filter(
            reminder::recipient_id
                .eq(*me)
                .or(reminder::about_id.eq_any(people.iter().map(|id| Some(id.0)))),
        ),
    };
    let sent = outbox::sent_at.is_not_null();
    let parked = outbox::parked_at.is_not_null();
    let unsent = outbox::sent_at.is_null();
    let wanted = reminder::withheld.is_null().and(reminder::outbox_id.is_not_null());
    query = match narrowed.fate {
        None => query,
        Some(Fate::Withheld) => query.filter(reminder::withheld.is_not_null().and(unsent)),
        Some(Fate::NoAddress) => {
            query.filter(reminder::withheld.is_null().and(reminder::outbox_id.is_null()))
        }
        Some(Fate::Sent) => query.filter(sent),
        Some(Fate::Parked) => query.filter(wanted.and(unsent).and(parked)),
        Some(Fate::Waiting) => query.filter(wanted.and(unsent).and(outbox::parked_at.is_null())),
    };
    Ok(query
        .order(reminder::id.desc())
        .limit(limit)
        .offset(offset)
        .select((
            reminder::rule,
            reminder::planned_at,
            reminder::recipient_id,
            person::staff_no,
            person::name,
            person::name_en,
            reminder::said,
            reminder::due_on,
            reminder::days_before,
            reminder::withheld,
            about.fields((person::staff_no, person::name, person::name_en)).nullable(),
            (outbox::id, outbox::subject, outbox::sent_at, outbox::parked_at).nullable(),
            (notice::id, notice::subject).nullable(),
        ))
        .load(conn)?)
}

/// A rule as an administrator changed it.
#[derive(Clone, Debug)]
pub struct RuleVersion {
    pub rule: Rule,
    pub version: i64,
    pub why: String,
    pub changed_at: Instant,
    pub changed_by: PersonId,
}

/// The rules in force: the newest version of each that was changed, and the file's.
pub fn rules_in_force(conn: &mut Conn, defaults: &ReminderRules) -> Result<Vec<Rule>> {
    let rows: Vec<(String, String)> = reminder_rule::table
        .order((reminder_rule::code, reminder_rule::version))
        .limit(10_000)
        .select((reminder_rule::code, reminder_rule::body))
        .load(conn)?;
    let mut changed: BTreeMap<String, Rule> = BTreeMap::new();
    for (code, body) in rows {
        // A body a later program cannot read any more leaves the version before it in force.
        match serde_json::from_str::<Rule>(&body) {
            Ok(rule) => drop(changed.insert(code, rule)),
            Err(error) => tracing::error!(%error, code, "a rule of reminders cannot be read"),
        }
    }
    let mut rules: Vec<Rule> = defaults
        .iter()
        .map(|rule| changed.remove(&rule.code).unwrap_or_else(|| rule.clone()))
        .collect();
    rules.extend(changed.into_values());
    Ok(rules)
}

/// Every version of a rule, the newest first.
pub fn versions_of(conn: &mut Conn, code: &str) -> Result<Vec<RuleVersion>> {
    let rows: Vec<(String, i64, String, Instant, PersonId)> = reminder_rule::table
        .filter(reminder_rule::code.eq(code))
        .order(reminder_rule::version.desc())
        .limit(200)
        .select((
            reminder_rule::body,
            reminder_rule::version,
            reminder_rule::why,
            reminder_rule::changed_at,
            reminder_rule::changed_by,
        ))
        .load(conn)?;
    let read = |(body, version, why, changed_at, changed_by): (String, _, _, _, _)| {
        let rule = serde_json::from_str(&body).ok()?;
        Some(RuleVersion { rule, version, why, changed_at, changed_by })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Keeps a newer version of a rule; of two at once the second is a unique violation.
pub fn change_rule(
    conn: &mut Conn,
    rule: &Rule,
    version: i64,
    why: &str,
    (by, at): (PersonId, Instant),
) -> Result<()> {
    diesel::insert_into(reminder_rule::table)
        .values((
            reminder_rule::code.eq(&rule.code),
            reminder_rule::version.eq(version),
            reminder_rule::body.eq(serde_json::to_string(rule).unwrap_or_default()),
            reminder_rule::why.eq(why),
            reminder_rule::changed_at.eq(at),
            reminder_rule::changed_by.eq(by),
        ))
        .execute(conn)?;
    Ok(())
}

crate::id! {
    /// Something nobody, or somebody, need be reminded of for a time.
    MuteId
}

/// A mute. Whatever it leaves open it covers: without a recipient it is for everybody.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = reminder_mute)]
pub struct Mute {
    pub id: MuteId,
    pub recipient_id: Option<PersonId>,
    pub rule: Option<String>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<i64>,
    pub from_on: NaiveDate,
    pub through_on: NaiveDate,
    pub why: String,
    pub muted_at: Instant,
    pub muted_by: PersonId,
    pub ended_at: Option<Instant>,
}

impl Mute {
    pub fn covers(&self, recipient: PersonId, rule: &str, kind: &str, id: i64) -> bool {
        self.recipient_id.is_none_or(|only| only == recipient)
            && self.rule.as_deref().is_none_or(|only| only == rule)
            && self.subject_kind.as_deref().is_none_or(|only| only == kind)
            && self.subject_id.is_none_or(|only| only == id)
    }
}

/// A mute to be made.
#[derive(Clone, Debug)]
pub struct NewMute {
    pub recipient: Option<PersonId>,
    pub rule: Option<String>,
    pub subject: Option<(String, i64)>,
    pub from_on: NaiveDate,
    pub through_on: NaiveDate,
    pub why: String,
}

pub fn add_mute(conn: &mut Conn, new: &NewMute, (by, at): (PersonId, Instant)) -> Result<MuteId> {
    let (kind, id) = new.subject.clone().unzip();
    Ok(diesel::insert_into(reminder_mute::table)
        .values((
            reminder_mute::recipient_id.eq(new.recipient),
            reminder_mute::rule.eq(&new.rule),
            reminder_mute::subject_kind.eq(kind),
            reminder_mute::subject_id.eq(id),
            reminder_mute::from_on.eq(new.from_on),
            reminder_mute::through_on.eq(new.through_on),
            reminder_mute::why.eq(&new.why),
            reminder_mute::muted_at.eq(at),
            reminder_mute::muted_by.eq(by),
        ))
        .returning(reminder_mute::id)
        .get_result(conn)?)
}

/// Whom a mute is about, if anybody in particular; none when there is no such mute.
pub fn muted_by(conn: &mut Conn, id: MuteId) -> Result<Option<Option<PersonId>>> {
    let found = reminder_mute::table.find(id).select(reminder_mute::recipient_id);
    Ok(found.first(conn).optional()?)
}

/// Ends a mute before its time; false when it has ended already.
pub fn end_mute(conn: &mut Conn, id: MuteId, (by, at): (PersonId, Instant)) -> Result<bool> {
    let ended = diesel::update(reminder_mute::table.find(id))
        .filter(reminder_mute::ended_at.is_null())
        .set((reminder_mute::ended_at.eq(at), reminder_mute::ended_by.eq(by)))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Mutes that cover a day or a later one; a day of slack for the other side of the world.
pub fn mutes_in_force(conn: &mut Conn, day: NaiveDate) -> Result<Vec<Mute>> {
    let yesterday = crate::record::period::day_before(day);
    Ok(reminder_mute::table
        .filter(reminder_mute::ended_at.is_null())
        .filter(reminder_mute::through_on.ge(yesterday))
        .order(reminder_mute::id)
        .limit(10_000)
        .select(Mute::as_select())
        .load(conn)?)
}

/// Mutes, the newest first.
pub fn mutes(conn: &mut Conn, limit: i64) -> Result<Vec<Mute>> {
    Ok(reminder_mute::table
        .order(reminder_mute::id.desc())
        .limit(limit)
        .select(Mute::as_select())
        .load(conn)?)
}

crate::words! {
    /// How often a person wants mail.
    Rhythm {
        Each = "each",
        Daily = "daily",
        Weekly = "weekly",
    }
}

/// How a person wants to be written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// None: as the rules say.
    pub rhythm: Option<Rhythm>,
    /// The rules they opted out of.
    pub opted_out: Vec<String>,
}

/// The choices of these people, of those who made any.
pub fn choices_of(conn: &mut Conn, people: &[PersonId]) -> Result<HashMap<PersonId, Choice>> {
    let mut found = HashMap::new();
    for some in people.chunks(500) {
        let rows: Vec<(PersonId, Option<Rhythm>, String)> = mail_choice::table
            .filter(mail_choice::person_id.eq_any(some.to_vec()))
            .order(mail_choice::person_id)
            .select((mail_choice::person_id, mail_choice::rhythm, mail_choice::opted_out))
            .load(conn)?;
        found.extend(rows.into_iter().map(|(person, rhythm, opted_out)| {
            let opted_out = serde_json::from_str(&opted_out).unwrap_or_default();
            (person, Choice { rhythm, opted_out })
        }));
    }
    Ok(found)
}

pub fn choice_of(conn: &mut Conn, person: PersonId) -> Result<Choice> {
    Ok(choices_of(conn, &[person])?.remove(&person).unwrap_or_default())
}

/// Keeps what a person chose; the secret of their unsubscribe address stays the same.
pub fn choose(conn: &mut Conn, person: PersonId, choice: &Choice, now: Instant) -> Result<()> {
    // Makes the row where there is none yet.
    crate::mail::choices::secret_of(conn, person, now)?;
    let opted_out = serde_json::to_string(&choice.opted_out).unwrap_or_default();
    diesel::update(mail_choice::table.find(person))
        .set((
            mail_choice::rhythm.eq(choice.rhythm),
            mail_choice::opted_out.eq(opted_out),
            mail_choice::changed_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// What is kept of sites' hours and days, of those that say something themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteTimes {
    pub weeks: HashMap<SiteId, Week>,
    pub days: HashMap<SiteId, BTreeMap<NaiveDate, bool>>,
}

pub fn site_times(conn: &mut Conn) -> Result<SiteTimes> {
    let weeks: Vec<(SiteId, i64, i64, String)> = site_hours::table
        .order(site_hours::site_id)
        .select((
            site_hours::site_id,
            site_hours::quiet_from,
            site_hours::quiet_until,
            site_hours::workdays,
        ))
        .load(conn)?;
    let rows: Vec<(SiteId, NaiveDate, bool)> = site_day::table
        .order((site_day::site_id, site_day::on_day))
        .select((site_day::site_id, site_day::on_day, site_day::works))
        .load(conn)?;
    let mut times = SiteTimes::default();
    for (site, from, until, workdays) in weeks {
        times.weeks.insert(site, week(from, until, &workdays));
    }
    for (site, day, works) in rows {
        times.days.entry(site).or_default().insert(day, works);
    }
    Ok(times)
}

fn week(from: i64, until: i64, workdays: &str) -> Week {
    let minute = |minute: i64| u32::try_from(minute).unwrap_or(0).min(24 * 60);
    let mut days = [false; 7];
    for (day, letter) in days.iter_mut().zip(workdays.chars()) {
        *day = letter == '1';
    }
    Week { quiet_from: minute(from), quiet_until: minute(until), workdays: days }
}

/// Sets a site's week; nothing: it follows the site above it again.
pub fn set_week(conn: &mut Conn, site: SiteId, week: Option<Week>, stamp: Stamp) -> Result<()> {
    diesel::delete(site_hours::table.find(site)).execute(conn)?;
    let Some(week) = week else { return Ok(()) };
    let letter = |works: &bool| if *works { '1' } else { '0' };
    diesel::insert_into(site_hours::table)
        .values((
            site_hours::site_id.eq(site),
            site_hours::quiet_from.eq(i64::from(week.quiet_from)),
            site_hours::quiet_until.eq(i64::from(week.quiet_until)),
            site_hours::workdays.eq(week.workdays.iter().map(letter).collect::<String>()),
            site_hours::changed_at.eq(stamp.at),
            site_hours::changed_by.eq(stamp.by.unwrap_or(PersonId(0))),
        ))
        .execute(conn)?;
    Ok(())
}

/// A day on which a site works otherwise than usual.
#[derive(Clone, Debug, Queryable)]
pub struct SpecialDay {
    pub day: NaiveDate,
    pub works: bool,
    pub title: String,
}

/// A site's own special days from a day on.
pub fn special_days(conn: &mut Conn, site: SiteId, from: NaiveDate) -> Result<Vec<SpecialDay>> {
    Ok(site_day::table
        .filter(site_day::site_id.eq(site).and(site_day::on_day.ge(from)))
        .order(site_day::on_day)
        .limit(1000)
        .select((site_day::on_day, site_day::works, site_day::title))
        .load(conn)?)
}

/// Says how a site works on a day; nothing: as usual again.
pub fn set_day(
    conn: &mut Conn,
    site: SiteId,
    day: NaiveDate,
    special: Option<(bool, &str)>,
) -> Result<()> {
    diesel::delete(site_day::table.find((site, day))).execute(conn)?;
    if let Some((works, title)) = special {
        diesel::insert_into(site_day::table)
            .values((
                site_day::site_id.eq(site),
                site_day::on_day.eq(day),
                site_day::works.eq(works),
                site_day::title.eq(title),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Where the tables stand that bear on who is told what and when, facts apart: numbers and moments
/// that are other ones after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    numbers: [i64; 9],
    moments: [Option<Instant>; 3],
    times: SiteTimes,
}

pub fn marks(conn: &mut Conn) -> Result<Marks> {
    let number = |newest: Option<i64>| newest.unwrap_or(0);
    let acts: Option<i64> = certificate_act::table.select(max(certificate_act::id)).first(conn)?;
    let rules: Option<i64> = reminder_rule::table.select(max(reminder_rule::id)).first(conn)?;
    let contents: Option<i64> = content::table.select(max(content::id)).first(conn)?;
    let (mutes, unmuted): (Option<i64>, Option<Instant>) = reminder_mute::table
        .select((max(reminder_mute::id), max(reminder_mute::ended_at)))
        .first(conn)?;
    let grants: Option<i64> = role_grant::table.select(max(role_grant::id)).first(conn)?;
    let ended: i64 =
        role_grant::table.filter(role_grant::ends_on.is_not_null()).count().get_result(conn)?;
    let (pairs, unpaired): (Option<i64>, Option<Instant>) =
        pairing::table.select((max(pairing::id), max(pairing::ended_at))).first(conn)?;
    let closed: i64 =
        account::table.filter(account::disabled_at.is_not_null()).count().get_result(conn)?;
    let sites: i64 = site::table.count().get_result(conn)?;
    let chosen: Option<Instant> =
        mail_choice::table.select(max(mail_choice::changed_at)).first(conn)?;
    let numbers = [
        number(acts),
        number(rules),
        number(contents),
        number(mutes),
        number(grants),
        ended,
        number(pairs),
        closed,
        sites,
    ];
    let moments = [unmuted, unpaired, chosen];
    Ok(Marks { numbers, moments, times: site_times(conn)? })
}

const LEASE: &str = "reminders";
/// How long a planner that died keeps others out.
const LASTS: Duration = Duration::minutes(10);

/// The last run of any planner: when, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable)]
pub struct LastRun {
    pub at: Option<Instant>,
    pub result: Option<String>,
}

pub fn last_run(conn: &mut Conn) -> Result<LastRun> {
    let row = lease::table
        .find(LEASE)
        .select((lease::last_run_at, lease::last_result))
        .first(conn)
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// Takes the lease for a planner; false when another one holds it.
pub fn take_lease(conn: &mut Conn, holder: &str, now: Instant) -> Result<bool> {
    let free = (lease::name.eq(LEASE), lease::holder.eq(""), lease::until_at.eq(now));
    each_backend!(conn, |conn| diesel::insert_into(lease::table)
        .values(free)
        .on_conflict_do_nothing()
        .execute(conn))?;
    let taken = diesel::update(lease::table.find(LEASE))
        .filter(lease::until_at.le(now).or(lease::holder.eq(holder)))
        .set((lease::holder.eq(holder), lease::until_at.eq(now.plus(LASTS))))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Gives the lease back, with what came of the run.
pub fn give_back(conn: &mut Conn, holder: &str, result: &str, now: Instant) -> Result<()> {
    diesel::update(lease::table.find(LEASE))
        .filter(lease::holder.eq(holder))
        .set((lease::until_at.eq(now), lease::last_run_at.eq(now), lease::last_result.eq(result)))
        .execute(conn)?;
    Ok(())
}
