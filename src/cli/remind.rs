//! `shifu remind`: what is due, to whom; and its mails into the outbox.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::Outcome;
use crate::{
    app::Shared,
    reminders::{
        model::Due,
        planner::{self, When},
    },
};

#[derive(clap::Args)]
pub struct Remind {
    /// As if it were this day (2026-01-31) at every site.
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// Also say what will be due in the next N days; only what is due now is posted.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=3660))]
    days: u32,
    /// Only say it, post nothing.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Remind {
    pub fn run(&self, shared: &Shared) -> Result<Outcome, String> {
        let when = When { now: shared.clock.now(), on: self.on };
        let days = self.days;
        let dues = shared.db.read_blocking(move |conn| planner::due(conn, when, days));
        let dues = dues.map_err(|error| error.to_string())?;
        for group in by_subject(&dues) {
            if self.json {
                println!("{}", line(group, self.dry_run));
            } else {
                println!("{}", sentence(group));
            }
        }
        if !self.dry_run {
            let Shared { db, rules, letterhead, .. } = shared;
            let posting = planner::post_due(db, rules, letterhead, dues, when.now);
            let outcome = actix_web::rt::System::new().block_on(posting);
            let outcome = outcome.map_err(|error| error.to_string())?;
            eprintln!(
                "{} entered, {} of them without a mail for lack of an address",
                outcome.entered, outcome.without_address
            );
        } else if dues.is_empty() {
            eprintln!("Nothing is due.");
        }
        Ok(Outcome::Done)
    }
}

/// The reminders of one step about one certificate: the same mail to several recipients.
fn by_subject(dues: &[Due]) -> impl Iterator<Item = &[Due]> {
    let same = |due: &Due| (due.subject.kind, due.subject.id, due.due_on, due.days_before);
    dues.chunk_by(move |a, b| same(a) == same(b))
}

fn line(group: &[Due], dry_run: bool) -> Value {
    let due = &group[0];
    let recipients: Vec<&str> = group.iter().map(|due| due.to.staff_no.as_str()).collect();
    json!({
        "rule": due.rule,
        "person": due.subject.holder.staff_no,
        "subject": due.subject.said(),
        "certification": due.subject.code,
        "number": due.subject.number,
        "due": due.due_on,
        "offset": due.days_before,
        "on": due.step_on.max(due.today),
        "recipients": recipients,
        "posted": due.is_due() && !dry_run,
    })
}

fn sentence(group: &[Due]) -> String {
    let due = &group[0];
    let recipients: Vec<&str> = group.iter().map(|due| due.to.staff_no.as_str()).collect();
    format!(
        "{}  {} {}  ends {}  step {}  to {}",
        due.step_on.max(due.today),
        due.subject.holder.staff_no,
        due.subject.said(),
        due.due_on,
        due.days_before,
        recipients.join(", "),
    )
}
