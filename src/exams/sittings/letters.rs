//! Mails about sittings, each with the appointment for the recipient's calendar.

use super::{model::Sitting, queries};
use crate::{
    access::Viewer,
    db::{Conn, Instant},
    exams::rules::{self, Offer},
    i18n::{self, Lang},
    mail::{self, Appointment, Letter, Letterhead, Method, Recipient},
    record::{PersonId, Rules},
    staff::{self, Person, Site},
    t,
    web::{Error, Result},
};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'a> {
    Registered,
    /// Place or time changed.
    Moved,
    /// Their name was taken off the list.
    Withdrawn {
        why: &'a str,
    },
    /// There will be no such sitting.
    Cancelled {
        why: &'a str,
    },
    /// They invigilate it.
    Assigned,
    /// They no longer do.
    Unassigned,
}

impl News<'_> {
    fn method(self) -> Method {
        match self {
            News::Registered | News::Moved | News::Assigned => Method::Request,
            News::Withdrawn { .. } | News::Cancelled { .. } | News::Unassigned => Method::Cancel,
        }
    }
}

/// What writing to people takes.
pub struct Desk<'a> {
    pub rules: &'a Rules,
    pub head: &'a Letterhead,
    pub by: &'a Viewer,
}

impl Desk<'_> {
    /// Tells one person, if they can be reached by mail.
    pub fn tell(
        &self,
        conn: &mut Conn,
        person: PersonId,
        (sitting, site): (&Sitting, &Site),
        news: News<'_>,
    ) -> Result<()> {
        let person = staff::queries::person(conn, person)?.ok_or(Error::NotFound)?;
        let Some(email) = person.email.clone() else { return Ok(()) };
        let lang = person.lang();
        let sequence = self.sequence(conn, sitting, person.id, news)?;
        let to = Recipient { person: person.id, name: person.title(lang).to_owned(), email, lang };
        let letter = self.letter(lang, sitting, site, news);
        let appointment = self.appointment(&person, &to, (sitting, site), sequence, news);
        mail::post_with(conn, self.head, &to, &letter, Some(&appointment), self.by.now)?;
        Ok(())
    }

    /// Tells everybody whose name is on the list and everybody who invigilates.
    pub fn tell_all(
        &self,
        conn: &mut Conn,
        (sitting, site): (&Sitting, &Site),
        news: News<'_>,
    ) -> Result<()> {
        let registered = queries::registrations(conn, sitting.id)?;
        let candidates = registered.into_iter().map(|one| one.person_id);
        let mut people: Vec<PersonId> = candidates.collect();
        people.extend(queries::invigilators(conn, sitting.id)?);
        people.into_iter().try_for_each(|person| self.tell(conn, person, (sitting, site), news))
    }

    /// Higher with every change of the sitting, and with every time this person was taken off it
    /// and put back on.
    fn sequence(
        &self,
        conn: &mut Conn,
        sitting: &Sitting,
        person: PersonId,
        news: News<'_>,
    ) -> Result<i64> {
        let off = queries::withdrawals(conn, sitting.id, person)?
            + queries::unassignments(conn, sitting.id, person)?;
        Ok(match news {
            // Written after it was taken off: that one counts once only.
            News::Withdrawn { .. } | News::Unassigned => sitting.sequence + 2 * off - 1,
            _ => sitting.sequence + 2 * off,
        })
    }

    fn appointment(
        &self,
        person: &Person,
        to: &Recipient,
        (sitting, site): (&Sitting, &Site),
        sequence: i64,
        news: News<'_>,
    ) -> Appointment {
        let minutes = Offer::find(self.rules, &sitting.exam).map_or(60, |offer| offer.minutes());
        Appointment {
            uid: format!("sitting-{}-{}@{}", sitting.code, person.staff_no, self.head.host()),
            sequence,
            method: news.method(),
            stamp: self.by.now,
            begins: sitting.opens_at,
            ends: sitting.ends(minutes),
            summary: rules::title(self.rules, &sitting.exam).get(to.lang).to_owned(),
            place: place(to.lang, sitting, site),
            description: sitting.note.clone(),
            url: self.head.link(&sitting.path()),
            organizer: self.head.address().to_owned(),
            attendee: to.email.clone(),
        }
    }

    fn letter(&self, lang: Lang, sitting: &Sitting, site: &Site, news: News<'_>) -> Letter {
        let exam = rules::title(self.rules, &sitting.exam);
        let exam = exam.get(lang);
        let (opens, start_by) =
            (moment(lang, site, sitting.opens_at), moment(lang, site, sitting.start_by));
        let where_ = place(lang, sitting, site);
        let (subject, first) = said(lang, exam, &opens, news);
        let mut paragraphs = vec![first];
        match news {
            News::Withdrawn { why } | News::Cancelled { why } if !why.is_empty() => {
                paragraphs.push(t!(lang, "原因：{why}", "Reason: {why}"));
            }
            News::Registered | News::Moved | News::Assigned => {
                paragraphs.push(t!(lang, "地点：{where_}", "Place: {where_}"));
                paragraphs.push(t!(
                    lang,
                    "{opens} 开考，最晚 {start_by} 开始。",
                    "It opens on {opens}; start by {start_by}."
                ));
                if let Some(end) = sitting.hand_in_by {
                    let end = moment(lang, site, end);
                    paragraphs.push(t!(
                        lang,
                        "所有人最晚 {end} 交卷。",
                        "Everybody hands in by {end}."
                    ));
                }
            }
            _ => {}
        }
        let (label, path) = match news {
            News::Withdrawn { .. } | News::Cancelled { .. } => (
                t!(lang, "查看其他场次", "Other sittings"),
                format!("/exams/sittings?exam={}", sitting.exam),
            ),
            _ => (t!(lang, "查看场次", "Open the sitting"), sitting.path()),
        };
        Letter { subject, paragraphs, action: Some((label, path)) }
    }
}

/// Subject and first sentence.
fn said(lang: Lang, exam: &str, opens: &str, news: News<'_>) -> (String, String) {
    match news {
        News::Registered => (
            t!(lang, "考试报名成功：{exam}", "You are registered: {exam}"),
            t!(lang, "您已报名参加 {exam}。", "Your name is on the list for {exam}."),
        ),
        News::Moved => (
            t!(lang, "考试时间或地点有变：{exam}", "Changed place or time: {exam}"),
            t!(
                lang,
                "{exam} 的时间或地点有变，以本邮件为准。",
                "Place or time of {exam} have changed; what this mail says holds."
            ),
        ),
        News::Withdrawn { .. } => (
            t!(lang, "已取消报名：{exam}", "You are no longer registered: {exam}"),
            t!(
                lang,
                "您在 {opens} 的 {exam} 场次中的报名已取消。",
                "Your name was taken off the list for {exam} on {opens}."
            ),
        ),
        News::Cancelled { .. } => (
            t!(lang, "考试取消：{exam}", "Cancelled: {exam}"),
            t!(lang, "{opens} 的 {exam} 已取消。", "{exam} on {opens} is cancelled."),
        ),
        News::Assigned => (
            t!(lang, "请您监考：{exam}", "You invigilate: {exam}"),
            t!(lang, "您被安排为 {exam} 的监考员。", "You have been asked to invigilate {exam}."),
        ),
        News::Unassigned => (
            t!(lang, "监考安排取消：{exam}", "You no longer invigilate: {exam}"),
            t!(
                lang,
                "您不再担任 {opens} {exam} 的监考员。",
                "You no longer invigilate {exam} on {opens}."
            ),
        ),
    }
}

/// A moment at the place of the sitting.
pub fn moment(lang: Lang, site: &Site, at: Instant) -> String {
    i18n::instant(lang, at.utc(), site.zone())
}

pub fn place(lang: Lang, sitting: &Sitting, site: &Site) -> String {
    let (site, room) = (site.title(lang), &sitting.room);
    t!(lang, "{site}，{room}", "{site}, {room}")
}
