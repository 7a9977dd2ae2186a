//! `shifu extract`: an extract for an auditor, made and kept as on the page.

use std::{io::Write, path::PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::{Outcome, explain::day};
use crate::{
    app::Shared,
    extracts::{
        self, Ask,
        make::{Office, draw},
        queries::{self, Extract},
    },
    record::{asof::known_by, ledger::Stamp},
    staff, web,
};

#[derive(Args)]
pub struct Command {
    /// The staff number.
    #[arg(long, value_name = "NO")]
    person: String,
    /// A certification, such as inhouse-default/hv-aware.
    #[arg(long, value_name = "RULESET/NAME")]
    certification: String,
    /// The day to be proved.
    #[arg(long, value_name = "DATE", value_parser = day)]
    on: NaiveDate,
    /// One more answer, as it was known at the end of this day.
    #[arg(long, value_name = "DATE", value_parser = day)]
    known_on: Option<NaiveDate>,
    /// Where to write it, by its ending: .json, .jws (the signature with the JSON in it) or .pdf
    /// (default: the JSON on standard output).
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What is written.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Jws,
    Pdf,
}

impl Command {
    pub fn run(self, shared: &Shared) -> Result<Outcome, String> {
        let form = self.form()?;
        if shared.rules.certification(&self.certification).is_none() {
            return Err(format!(
                "no rule set defines the certification {}; write RULESET/NAME",
                self.certification
            ));
        }
        let extract = self.make(shared)?;
        eprintln!("{}  check code {}", extract.number, extract.check_code);
        let bytes = match form {
            Form::Json => extract.body.into_bytes(),
            Form::Jws => extract.jws.into_bytes(),
            Form::Pdf => paper(shared, &extract)?,
        };
        match &self.output {
            // To the byte as it was kept: a line more, and the public check calls it altered.
            None => print(&bytes).map_err(|error| format!("standard output: {error}"))?,
            Some(file) => std::fs::write(file, bytes)
                .map_err(|error| format!("{}: {error}", file.display()))?,
        }
        Ok(Outcome::Done)
    }

    fn form(&self) -> Result<Form, String> {
        let Some(file) = &self.output else { return Ok(Form::Json) };
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Ok(Form::Json),
            Some("jws") => Ok(Form::Jws),
            Some("pdf") => Ok(Form::Pdf),
            _ => Err(format!("{}: end it in .json, .jws or .pdf", file.display())),
        }
    }

    fn make(&self, shared: &Shared) -> Result<Extract, String> {
        let now = shared.clock.now();
        let Shared { rules, letterhead, keys, rulebook, .. } = shared.clone();
        let office = Office { rules, head: letterhead, keys, shelf: rulebook.shelf };
        let ask =
            Ask { certification: self.certification.clone(), on: self.on, known_on: self.known_on };
        let staff_no = self.person.clone();
        let made = shared.db.write_blocking(move |conn| -> web::Result<Option<Extract>> {
            let today = now.utc().date_naive();
            let Some(person) = staff::queries::person_by_staff_no(conn, &staff_no)? else {
                return Ok(None);
            };
            let Some(post) = staff::queries::post_of(conn, person.id, today)? else {
                return Ok(None);
            };
            let today = now.utc().with_timezone(&post.site.zone()).date_naive();
            known_by(ask.known_on, today).map_err(web::Error::Refused)?;
            let number = extracts::make(conn, &office, &post, &ask, Stamp { at: now, by: None })?;
            Ok(queries::by_number(conn, &number)?)
        });
        let made = made.map_err(|error| said(&error))?;
        made.ok_or_else(|| format!("there is nobody with staff number {}", self.person))
    }
}

fn print(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(bytes)?;
    out.flush()
}

fn paper(shared: &Shared, extract: &Extract) -> Result<Vec<u8>, String> {
    let (id, bytes) = (extract.id, draw(extract).map_err(|error| said(&error))?);
    let kept = shared.db.write_blocking(move |conn| queries::keep_paper(conn, id, bytes));
    kept.map_err(|error| error.to_string())
}

fn said(error: &web::Error) -> String {
    match error {
        web::Error::Refused(text) => text.en.clone(),
        error => error.to_string(),
    }
}
