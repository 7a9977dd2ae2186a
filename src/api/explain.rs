//! Whether somebody meets the rules of a step, a certification or a job, and why (not): one answer
//! for the command line and for the API.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    certification::{
        acts::supervision::{self, Shown, Stands},
        asof::{Known, Seen},
    },
    db::{Conn, Error},
    i18n::Text,
    record::{
        Rules,
        asof::AsOf,
        ledger::Row,
        requirement::Requirement,
        verdict::{self, Line},
    },
    staff::Person,
};

/// What is asked about, by `RULESET/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Path(String),
    Certification(String),
    Job(String),
}

impl Subject {
    pub fn word(&self) -> &'static str {
        match self {
            Subject::Path(_) => "path",
            Subject::Certification(_) => "certification",
            Subject::Job(_) => "job",
        }
    }

    pub fn code(&self) -> &str {
        let (Subject::Path(code) | Subject::Certification(code) | Subject::Job(code)) = self;
        code
    }

    /// What it is called and what it demands; none when no rule set defines it.
    pub fn find<'a>(&self, rules: &'a Rules) -> Option<(&'a Text, &'a Requirement)> {
        match self {
            Subject::Path(code) => rules.path(code).map(|(_, one)| (&one.title, &one.requires)),
            Subject::Certification(code) => {
                rules.certification(code).map(|(_, one)| (&one.title, &one.requires))
            }
            Subject::Job(code) => rules.job(code).map(|(_, one)| (&one.title, &one.requires)),
        }
    }
}

/// A verdict with where its evidence comes from.
pub struct Answer {
    pub person: Person,
    pub code: String,
    pub title: Text,
    pub asof: AsOf,
    pub line: Line,
    pub sources: HashMap<i64, String>,
    /// Of a certification: the certificate that counts on the day, and how it stands.
    pub certificate: Option<Seen>,
    certificate_json: Option<Value>,
    /// Of a job that the person may not do alone: under whose eyes they may do it.
    pub supervised: Option<Shown>,
}

impl Answer {
    /// Judges by what was known at the moment asked about; none when no rule set defines the subject.
    pub fn of(
        conn: &mut Conn,
        rules: &Rules,
        person: Person,
        subject: &Subject,
        asof: AsOf,
    ) -> Result<Option<Answer>, Error> {
        let Some((title, requires)) = subject.find(rules) else { return Ok(None) };
        let known = Known::load(conn, person.id, asof.known_at)?;
        let (context, code) = (rules.context(), subject.code());
        let line = verdict::judge(requires, context, &known.facts, asof.on);
        let sources = known.rows.iter().map(|row: &Row| (row.id.0, row.source())).collect();
        let certificate = match subject {
            Subject::Certification(code) => {
                known.counting(context, asof.on).into_iter().find(|seen| seen.held.code == *code)
            }
            _ => None,
        };
        let certificate_json = match subject {
            Subject::Certification(_) => {
                let shown = certificate.as_ref().map(|seen| seen.to_json(context, asof.on));
                Some(shown.unwrap_or(Value::Null))
            }
            _ => None,
        };
        let supervised = match subject {
            Subject::Job(_) if !line.met => {
                let (trainee, when) =
                    ((person.id, known.facts.as_slice()), (asof.on, asof.known_at));
                supervision::that_allows(conn, rules, trainee, requires, when)?
            }
            _ => None,
        };
        let (code, title) = (code.to_owned(), title.clone());
        Ok(Some(Answer {
            person,
            code,
            title,
            asof,
            line,
            sources,
            certificate,
            certificate_json,
            supervised,
        }))
    }

    pub fn to_json(&self) -> Value {
        let mut answer = json!({
            "person": self.person.staff_no,
            "subject": self.code,
            "on": self.asof.on,
            "known_on": self.asof.known_on,
            "met": self.line.met,
            "earliest": self.line.earliest,
            "line": self.line.to_json_with(&self.sources),
        });
        if let Some(certificate) = &self.certificate_json {
            answer["certificate"] = certificate.clone();
        }
        if let Some(Shown { one, supervisor, stands: Stands::Allowed(through) }) = &self.supervised
        {
            answer["under_supervision"] = json!({
                "certification": one.certification,
                "supervisor": supervisor.staff_no,
                "from": one.from_on,
                "through": through,
            });
        }
        answer
    }
}
