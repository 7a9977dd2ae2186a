//! `shifu explain`: the verdict on one person, as a tree for people or as JSON for programs.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use clap::Args;
use serde_json::{Value, json};

use super::Outcome;
use crate::{
    app::Shared,
    db::{Conn, Error, Instant},
    i18n::{self, Lang, Text},
    record::{
        Fact, Kind, Programmes, Rules,
        ledger::{self, Row},
        pages,
        requirement::Requirement,
        verdict::{self, Evidence, Line},
    },
    staff::{self, Person},
    t,
};

#[derive(Args)]
pub struct Explain {
    /// The staff number.
    #[arg(long, value_name = "NO")]
    person: String,
    #[command(flatten)]
    subject: Subject,
    /// Judge on this day (default: today where the person works).
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// As it was known at the end of this day.
    #[arg(long, value_name = "DATE")]
    known_on: Option<NaiveDate>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// zh or en (default: the language of the environment).
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// A promotion path, such as inhouse-default/T2.
    #[arg(long, value_name = "RULESET/NAME")]
    path: Option<String>,
    /// A certification, such as inhouse-default/hv-aware.
    #[arg(long, value_name = "RULESET/NAME")]
    certification: Option<String>,
    /// A job, such as inhouse-default/hv-work.
    #[arg(long, value_name = "RULESET/NAME")]
    job: Option<String>,
}

impl Subject {
    /// The code asked for, what it is called and what it demands.
    fn find<'a>(
        &self,
        rules: &'a Programmes,
    ) -> Result<(String, &'a Text, &'a Requirement), String> {
        let (kind, code, found) = match self {
            Subject { path: Some(code), .. } => {
                ("path", code, rules.path(code).map(|(_, one)| (&one.title, &one.requires)))
            }
            Subject { certification: Some(code), .. } => (
                "certification",
                code,
                rules.certification(code).map(|(_, one)| (&one.title, &one.requires)),
            ),
            Subject { job: Some(code), .. } => {
                ("job", code, rules.job(code).map(|(_, one)| (&one.title, &one.requires)))
            }
            _ => return Err("name a path, a certification or a job".to_owned()),
        };
        let (title, requires) = found.ok_or_else(|| {
            format!("no rule set defines the {kind} {code}; write RULESET/NAME, such as inhouse-default/T2")
        })?;
        Ok((code.clone(), title, requires))
    }
}

pub fn run(shared: &Shared, asked: &Explain) -> Result<Outcome, String> {
    let lang = language(asked.lang.as_deref(), |name| std::env::var(name).ok())?;
    // What was in force on the day asked about, which need not be what is in force today.
    let rules = asked.on.map_or_else(|| shared.rules.clone(), |day| shared.rules.on(day));
    let (code, title, requires) = asked.subject.find(&rules)?;
    let now = shared.clock.now();
    let job = |conn: &mut Conn| look_up(conn, asked, now);
    let found: Option<(Person, NaiveDate, Vec<Row>)> =
        shared.db.read_blocking(job).map_err(|error| error.to_string())?;
    let (person, on, rows) =
        found.ok_or_else(|| format!("there is nobody with staff number {}", asked.person))?;
    let answer = Answer::judge(&rules, (code, title.clone()), requires, person, on, &rows);
    if asked.json {
        let text = serde_json::to_string_pretty(&answer.to_json());
        println!("{}", text.map_err(|error| error.to_string())?);
    } else {
        print!("{}", answer.to_tree(lang, &rules));
    }
    Ok(if answer.line.met { Outcome::Done } else { Outcome::Refused })
}

/// The person, the day to judge on, and the record as far as it was known.
fn look_up(
    conn: &mut Conn,
    asked: &Explain,
    now: Instant,
) -> Result<Option<(Person, NaiveDate, Vec<Row>)>, Error> {
    let Some(person) = staff::queries::person_by_staff_no(conn, &asked.person)? else {
        return Ok(None);
    };
    let post = staff::queries::post_of(conn, person.id, now.utc().date_naive())?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    let on = asked.on.unwrap_or_else(|| now.utc().with_timezone(&zone).date_naive());
    let known_at = asked.known_on.map(|day| end_of_day(day, zone));
    let rows = ledger::rows_of(conn, person.id, known_at)?;
    Ok(Some((person, on, rows)))
}

/// The last moment of a day somewhere.
fn end_of_day(day: NaiveDate, zone: Tz) -> Instant {
    let midnight = (day + Days::new(1)).and_time(NaiveTime::MIN);
    // Where the clocks leave midnight out, the zone's next moment; failing that, UTC.
    let next = zone
        .from_local_datetime(&midnight)
        .earliest()
        .map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc));
    Instant::from(next - chrono::Duration::microseconds(1))
}

/// The language asked for, or that of the environment; English when it says nothing we know.
fn language(word: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Lang, String> {
    if let Some(word) = word {
        return Lang::parse(word).ok_or_else(|| format!("--lang {word}: write zh or en"));
    }
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
    let primary = locale.as_deref().and_then(|locale| locale.split(['_', '.', '-']).next());
    Ok(primary.and_then(Lang::parse).unwrap_or(Lang::En))
}

/// A verdict with where its evidence comes from.
struct Answer {
    person: Person,
    code: String,
    title: Text,
    on: NaiveDate,
    line: Line,
    sources: HashMap<i64, String>,
}

impl Answer {
    fn judge(
        rules: &Rules,
        (code, title): (String, Text),
        requires: &Requirement,
        person: Person,
        on: NaiveDate,
        rows: &[Row],
    ) -> Answer {
        let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
        verdict::sort(&mut facts);
        let line = verdict::judge(requires, rules.context(), &facts, on);
        let sources = rows.iter().map(|row| (row.id.0, row.source())).collect();
        Answer { person, code, title, on, line, sources }
    }

    fn to_json(&self) -> Value {
        json!({
            "person": self.person.staff_no,
            "subject": self.code,
            "on": self.on,
            "met": self.line.met,
            "earliest": self.line.earliest,
            "line": self.line.to_json_with(&self.sources),
        })
    }

    fn to_tree(&self, lang: Lang, rules: &Rules) -> String {
        let name = self.person.title(lang);
        let (number, title) = (&self.person.staff_no, self.title.get(lang));
        let mut text = format!("{name} ({number}) · {title} · {}\n", i18n::date(lang, self.on));
        let verdict = match (self.line.met, self.line.earliest) {
            (true, _) => t!(lang, "条件已满足", "Met"),
            (false, Some(day)) => {
                let day = i18n::date(lang, day);
                t!(lang, "未满足；仅靠时间，最早 {day}", "Not met; time alone meets it on {day}")
            }
            (false, None) => {
                t!(lang, "未满足；仅靠时间不会满足", "Not met; time alone will not meet it")
            }
        };
        text.push_str(&verdict);
        text.push('\n');
        self.branch(&mut text, lang, rules, &self.line, 1);
        text
    }

    fn branch(&self, text: &mut String, lang: Lang, rules: &Rules, line: &Line, depth: usize) {
        let (mark, indent) = (if line.met { '✓' } else { '✗' }, "  ".repeat(depth));
        text.push_str(&format!("{indent}{mark} {}\n", line.title().get(lang)));
        for evidence in &line.evidence {
            text.push_str(&format!("{indent}    {}\n", self.evidence(lang, rules, evidence)));
        }
        if let (Some(missing), true) = (&line.missing, line.lines.is_empty()) {
            text.push_str(&format!("{indent}    → {}\n", missing.get(lang)));
        }
        line.lines.iter().for_each(|inner| self.branch(text, lang, rules, inner, depth + 1));
    }

    fn evidence(&self, lang: Lang, rules: &Rules, evidence: &Evidence) -> String {
        let Evidence { kind, code, level, from, through, fact } = evidence;
        let kind: &Kind = kind;
        let name = pages::name_of(rules.context(), *kind, code, level.as_deref());
        let source = self.sources.get(fact).map_or("", String::as_str);
        let span = pages::span(lang, *from, *through);
        format!("{} · {} · {span} [{source}]", kind.title().get(lang), name.get(lang))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_day_is_the_sites() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let end = end_of_day(day, chrono_tz::Asia::Shanghai);
        assert_eq!(end.to_string(), "2026-11-23T15:59:59.999999Z");
    }

    #[test]
    fn the_language_is_the_one_asked_for_or_the_environments() {
        let in_chinese = |name: &str| (name == "LANG").then(|| "zh_CN.UTF-8".to_owned());
        for (word, expected) in [(None, Ok(Lang::Zh)), (Some("en"), Ok(Lang::En))] {
            assert_eq!(language(word, in_chinese), expected);
        }
        assert_eq!(language(None, |_| None), Ok(Lang::En));
        assert!(language(Some("klingon"), |_| None).is_err());
    }
}
