//! What stands in a person's calendar.

use chrono::{Duration, NaiveDate};

use crate::{
    certification::{self, Held, State},
    courses::{self, Catalogue},
    db::{Conn, Error, Instant},
    exams::{
        rules::{self, Offer},
        sittings::{self, model::Sitting},
    },
    i18n::Lang,
    mail::{
        Letterhead,
        calendar::{Event, When},
    },
    record::{Kind, PersonId, Rules, asof::AsOf},
    staff::{self, Person, Site},
    t,
};

type Result<T> = std::result::Result<T, Error>;

/// For how many days what is over stays in the calendar.
const BEHIND: i64 = 60;

/// Whose calendar it is, by which rules it is computed.
pub struct Desk<'a> {
    pub rules: &'a Rules,
    pub catalogue: &'a Catalogue,
    pub head: &'a Letterhead,
    pub person: &'a Person,
    pub today: NaiveDate,
    pub now: Instant,
}

impl Desk<'_> {
    /// Everything in the calendar, the earliest first.
    pub fn events(&self, conn: &mut Conn) -> Result<Vec<Event>> {
        let mut events = self.certificates(conn)?;
        events.extend(self.sittings(conn)?);
        events.extend(self.courses(conn)?);
        let first = self.today - Duration::days(BEHIND);
        events.retain(|event| day_of(event.when) >= first);
        events.sort_by(|a, b| (day_of(a.when), &a.uid).cmp(&(day_of(b.when), &b.uid)));
        Ok(events)
    }

    fn lang(&self) -> Lang {
        self.person.lang()
    }

    fn uid(&self, what: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '.' };
        let what: String = what.chars().map(plain).collect();
        format!("{what}-{}@{}", self.person.id, self.head.host())
    }

    fn certificates(&self, conn: &mut Conn) -> Result<Vec<Event>> {
        let (rules, now) = (self.rules.on(self.today), AsOf::now(self.today));
        let seen = certification::asof::of_person(conn, rules.context(), self.person.id, &now)?;
        Ok(seen.iter().flat_map(|seen| self.of_certificate(&seen.held)).collect())
    }

    /// Its last day, its next review, and from when it may be renewed.
    fn of_certificate(&self, held: &Held) -> Vec<Event> {
        let (context, standing) = (self.rules.context(), &held.standing);
        if matches!(standing.state, State::Revoked | State::Superseded) {
            return Vec::new();
        }
        let (lang, name) = (self.lang(), context.name(Kind::Certificate, &held.code));
        let name = name.get(lang);
        let opens = standing.window.map(|(opens, _)| opens).filter(|opens| *opens > held.from);
        // Renewed already: what ends is the one that follows.
        let (begun, ends) = held.followed.unwrap_or((held.from, standing.through));
        let days = [
            ("expiry", begun, ends, t!(lang, "证书到期：{name}", "Certificate ends: {name}")),
            ("window", held.from, opens, t!(lang, "可以开始续期：{name}", "Renewal opens: {name}")),
            (
                "review",
                held.from,
                standing.review.as_ref().map(|review| review.due),
                t!(lang, "证书复审截止：{name}", "Review due: {name}"),
            ),
        ];
        let path = match &held.number {
            Some(number) if held.is_ours() => format!("/certificates/{number}"),
            _ => "/certificates".to_owned(),
        };
        let number = held.number.clone().unwrap_or_default();
        days.into_iter()
            .filter_map(|(what, from, day, summary)| {
                let key = format!("{what}-{}-{from}", held.code);
                Some(self.whole_day(&key, day?, summary, &number, &path))
            })
            .collect()
    }

    fn whole_day(
        &self,
        key: &str,
        on: NaiveDate,
        summary: String,
        detail: &str,
        path: &str,
    ) -> Event {
        Event {
            uid: self.uid(key),
            when: When::Day(on),
            summary,
            place: String::new(),
            description: detail.to_owned(),
            url: self.head.link(path),
        }
    }

    /// Sittings they are registered for or invigilate.
    fn sittings(&self, conn: &mut Conn) -> Result<Vec<Event>> {
        let lang = self.lang();
        let from = self.now.plus(-Duration::days(BEHIND));
        let mut events = Vec::new();
        for (_, sitting, site) in sittings::queries::registered_for(conn, self.person.id, from)? {
            let title = rules::title(self.rules, &sitting.exam).get(lang).to_owned();
            events.push(self.of_sitting(&sitting, &site, title));
        }
        for sitting in sittings::queries::invigilated_by(conn, self.person.id, from)? {
            let Some(site) = staff::queries::site(conn, sitting.site_id)? else { continue };
            let title = rules::title(self.rules, &sitting.exam);
            let title = title.get(lang);
            let summary = t!(lang, "监考：{title}", "Invigilating: {title}");
            events.push(self.of_sitting(&sitting, &site, summary));
        }
        Ok(events)
    }

    fn of_sitting(&self, sitting: &Sitting, site: &Site, summary: String) -> Event {
        let minutes = Offer::find(self.rules, &sitting.exam).map_or(60, |offer| offer.minutes());
        Event {
            // The same as in the mail about it.
            uid: format!("sitting-{}-{}@{}", sitting.code, self.person.staff_no, self.head.host()),
            when: When::Span(sitting.opens_at, sitting.ends(minutes)),
            summary,
            place: sittings::letters::place(self.lang(), sitting, site),
            description: sitting.note.clone(),
            url: self.head.link(&sitting.path()),
        }
    }

    fn courses(&self, conn: &mut Conn) -> Result<Vec<Event>> {
        let (lang, id): (Lang, PersonId) = (self.lang(), self.person.id);
        let rounds = courses::queries::rounds_of(conn, id)?;
        let open = rounds.iter().filter(|round| round.is_open());
        Ok(open
            .filter_map(|round| {
                let enrolment = &round.enrolment;
                let title = self.catalogue.title(&enrolment.course);
                let title = title.get(lang);
                let summary = t!(lang, "课程截止：{title}", "Course due: {title}");
                let key = format!("course-{}-{}", enrolment.course, enrolment.round);
                let path = format!("/courses/{}", enrolment.course);
                Some(self.whole_day(&key, enrolment.due_on?, summary, "", &path))
            })
            .collect())
    }
}

fn day_of(when: When) -> NaiveDate {
    match when {
        When::Day(on) => on,
        When::Span(begins, _) => begins.utc().date_naive(),
    }
}
