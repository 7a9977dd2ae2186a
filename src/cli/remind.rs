//! `shifu remind`: what is due, to whom; its mails into the outbox; and what was sent.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use super::Outcome;
use crate::{
    app::Shared,
    reminders::{
        model::{Due, Withheld},
        planner::{self, By},
        queries::{self, Narrowed, Past},
        recipients::When,
        sources::Whose,
    },
};

#[derive(clap::Args)]
pub struct Remind {
    /// As if it were this day (2026-01-31) at every site.
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// Also say what will be due in the next N days; only what is due now is posted. With --past,
    /// say what was sent in the last N days.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=3660))]
    days: u32,
    /// Only say it, post nothing.
    #[arg(long)]
    dry_run: bool,
    /// Say what was sent, and what became of it; post nothing.
    #[arg(long, conflicts_with = "on")]
    past: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// More reminders than a group sends in ten years.
const EVERYTHING: i64 = 10_000_000;

impl Remind {
    pub fn run(&self, shared: &Shared) -> Result<Outcome, String> {
        if self.past {
            return self.tell_the_past(shared);
        }
        let when = When { now: shared.clock.now(), on: self.on };
        let (days, by) = (self.days, By { rules: &shared.rules, reminders: &shared.reminders });
        let dues = shared
            .db
            .read_blocking(|conn| planner::due(conn, by, when, days, &Whose::Everyone))
            .map_err(|error| error.to_string())?;
        for group in by_subject(&dues) {
            if self.json {
                say!("{}", line(group, self.dry_run));
            } else {
                say!("{}", sentence(group));
            }
        }
        if !self.dry_run {
            let posting = planner::post_due(&shared.db, &shared.letterhead, dues, when.now);
            let outcome = actix_web::rt::System::new().block_on(posting);
            let outcome = outcome.map_err(|error| error.to_string())?;
            eprintln!(
                "{} entered in {} mails, {} of them without a mail for lack of an address, {} withheld",
                outcome.entered, outcome.mails, outcome.without_address, outcome.withheld
            );
        } else if dues.is_empty() {
            eprintln!("Nothing is due.");
        }
        Ok(Outcome::Done)
    }

    fn tell_the_past(&self, shared: &Shared) -> Result<Outcome, String> {
        let since = shared.clock.now().plus(-Duration::days(i64::from(self.days)));
        // Without a number of days everything is told.
        let since = (self.days > 0).then_some(since);
        let narrowed = Narrowed { since, ..Narrowed::default() };
        let past = shared
            .db
            .read_blocking(|conn| queries::past(conn, &narrowed, EVERYTHING, 0))
            .map_err(|error| error.to_string())?;
        for one in past.iter().rev() {
            let line = past_line(one);
            if self.json {
                say!("{line}");
            } else {
                say!(
                    "{}  {}  {}  due {}  step {}  to {}  {}",
                    one.planned_at,
                    one.rule,
                    one.said.as_deref().unwrap_or("-"),
                    one.due_on,
                    one.days_before,
                    one.staff_no,
                    one.fate().word()
                );
            }
        }
        Ok(Outcome::Done)
    }
}

/// The reminders of one step about one thing: the same mail to several recipients.
fn by_subject(dues: &[Due]) -> impl Iterator<Item = &[Due]> {
    let same = |due: &Due| {
        let subject = (due.subject.kind, due.subject.id);
        (due.rule.code.clone(), subject, due.due_on, due.step, due.on)
    };
    dues.chunk_by(move |a, b| same(a) == same(b))
}

fn staff_nos<'a>(group: impl Iterator<Item = &'a Due>) -> Vec<&'a str> {
    group.map(|due| due.to.staff_no.as_str()).collect()
}

fn line(group: &[Due], dry_run: bool) -> Value {
    let due = &group[0];
    let sent = || group.iter().filter(|due| due.withheld.is_none());
    let withheld: Vec<Value> = group
        .iter()
        .filter_map(|due| {
            let why = due.withheld.as_ref().map(Withheld::kept)?;
            Some(json!({ "recipient": due.to.staff_no, "why": why }))
        })
        .collect();
    json!({
        "rule": due.rule.code,
        "person": due.subject.about.as_ref().map(|about| &about.staff_no),
        "subject": due.subject.said(),
        "certification": due.subject.code,
        "number": due.subject.number,
        "due": due.due_on,
        "offset": due.step,
        "on": due.on,
        "recipients": staff_nos(sent()),
        "digest": staff_nos(sent().filter(|due| due.digest)),
        "withheld": withheld,
        "posted": due.now && !dry_run,
    })
}

fn past_line(one: &Past) -> Value {
    json!({
        "at": one.planned_at.to_string(),
        "rule": one.rule,
        "person": one.about.as_ref().map(|(staff_no, ..)| staff_no),
        "subject": one.said,
        "due": one.due_on,
        "offset": one.days_before,
        "recipients": [one.staff_no],
        "state": one.fate().word(),
        "withheld": one.withheld,
        "mail": one.said_in_mail(),
    })
}

fn sentence(group: &[Due]) -> String {
    let due = &group[0];
    let about = due.subject.about.as_ref().map_or("-", |about| about.staff_no.as_str());
    format!(
        "{}  {}  {} {}  due {}  step {}  to {}",
        due.on,
        due.rule.code,
        about,
        due.subject.said(),
        due.due_on,
        due.step,
        staff_nos(group.iter()).join(", "),
    )
}
