//! `shifu explain`: the verdict on one person, as a tree for people or as JSON for programs.

use chrono::NaiveDate;
use clap::Args;

use super::Outcome;
use crate::{
    api::explain::{Answer, Subject},
    app::Shared,
    certification::{
        acts::supervision::{Shown, Stands},
        asof::Seen,
    },
    db::{Conn, Error, Instant},
    i18n::{self, Lang, Text},
    record::{
        Kind, Rules,
        asof::{AsOf, Days, known_by, parse_day},
        pages,
        verdict::{Evidence, Line},
    },
    staff, t,
};

#[derive(Args)]
pub struct Explain {
    /// The staff number.
    #[arg(long, value_name = "NO")]
    person: String,
    #[command(flatten)]
    subject: Named,
    /// Judge on this day (default: today where the person works).
    #[arg(long, value_name = "DATE", value_parser = day)]
    on: Option<NaiveDate>,
    /// As it was known at the end of this day.
    #[arg(long, value_name = "DATE", value_parser = day)]
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
struct Named {
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

impl Named {
    fn subject(&self) -> Result<Subject, String> {
        match self {
            Named { path: Some(code), .. } => Ok(Subject::Path(code.clone())),
            Named { certification: Some(code), .. } => Ok(Subject::Certification(code.clone())),
            Named { job: Some(code), .. } => Ok(Subject::Job(code.clone())),
            _ => Err("name a path, a certification or a job".to_owned()),
        }
    }
}

pub fn run(shared: &Shared, asked: &Explain) -> Result<Outcome, String> {
    let lang = language(asked.lang.as_deref(), |name| std::env::var(name).ok())?;
    let (subject, now) = (asked.subject.subject()?, shared.clock.now());
    // What was in force on the day asked about, which need not be what is in force today.
    let rules = asked.on.map_or_else(|| shared.rules.clone(), |day| shared.rules.on(day));
    if subject.find(&rules).is_none() {
        let (word, code) = (subject.word(), subject.code());
        return Err(format!(
            "no rule set defines the {word} {code}; write RULESET/NAME, such as inhouse-default/T2"
        ));
    }
    let job = |conn: &mut Conn| answer(conn, &rules, asked, &subject, now);
    let found = shared.db.read_blocking(job).map_err(|error| error.to_string())?;
    let answer = found
        .map_err(|wrong| wrong.get(lang).to_owned())?
        .ok_or_else(|| format!("there is nobody with staff number {}", asked.person))?;
    if asked.json {
        let text = serde_json::to_string_pretty(&answer.to_json());
        say!("{}", text.map_err(|error| error.to_string())?);
    } else {
        say!("{}", to_tree(&answer, lang, &rules).trim_end());
    }
    Ok(if answer.line.met { Outcome::Done } else { Outcome::Refused })
}

/// The answer, none when there is no such person; or what is wrong with the question.
fn answer(
    conn: &mut Conn,
    rules: &Rules,
    asked: &Explain,
    subject: &Subject,
    now: Instant,
) -> Result<Result<Option<Answer>, Text>, Error> {
    let Some(person) = staff::queries::person_by_staff_no(conn, &asked.person)? else {
        return Ok(Ok(None));
    };
    let post = staff::queries::post_of(conn, person.id, now.utc().date_naive())?;
    let zone = post.map_or(chrono_tz::Asia::Shanghai, |post| post.site.zone());
    let today = now.utc().with_timezone(&zone).date_naive();
    if let Err(wrong) = known_by(asked.known_on, today) {
        return Ok(Err(wrong));
    }
    let asof = Days { on: asked.on, known_on: asked.known_on }.at(today, zone);
    Answer::of(conn, rules, person, subject, asof).map(Ok)
}

/// A day on the command line.
pub fn day(word: &str) -> Result<NaiveDate, String> {
    parse_day(word).map_err(|wrong| wrong.en)
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

fn to_tree(answer: &Answer, lang: Lang, rules: &Rules) -> String {
    let name = answer.person.title(lang);
    let (number, title) = (&answer.person.staff_no, answer.title.get(lang));
    let mut text = format!(
        "{name} ({number}) · {title} · {}{}\n",
        i18n::date(lang, answer.asof.on),
        known(lang, &answer.asof)
    );
    let verdict = match (answer.line.met, answer.line.earliest) {
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
    if let Some(shown) = &answer.supervised {
        text.push_str(&under_supervision(lang, shown));
    }
    if let Some(seen) = &answer.certificate {
        text.push_str(&held(lang, seen, answer.asof.on));
    }
    branch(answer, &mut text, lang, rules, &answer.line, 1);
    text
}

fn known(lang: Lang, asof: &AsOf) -> String {
    let day = asof.known_on.map(|day| i18n::date(lang, day));
    day.map(|day| t!(lang, "（按 {day} 结束时所知）", " (as known at the end of {day})"))
        .unwrap_or_default()
}

/// Under whose eyes the job may be done all the same.
fn under_supervision(lang: Lang, shown: &Shown) -> String {
    let Stands::Allowed(through) = &shown.stands else { return String::new() };
    let (name, number) = (shown.supervisor.title(lang), &shown.supervisor.staff_no);
    let through = i18n::date(lang, *through);
    let said = t!(
        lang,
        "可在 {name}（{number}）监护下作业，至 {through}；监护人不在场时不得作业。",
        "May be done under the eyes of {name} ({number}) through {through}, never without them."
    );
    format!("{said}\n")
}

/// How the certificate itself stands, whatever a first issue would demand today.
fn held(lang: Lang, seen: &Seen, on: NaiveDate) -> String {
    let number = seen.held.number.as_deref().unwrap_or("—");
    let (state, span) =
        (seen.held.state().title(), pages::span(lang, seen.held.from, seen.held.through));
    let state = state.get(lang);
    let why = seen.why(on).filter(|_| !seen.in_force());
    let why = why.map(|why| format!(" · {}", why.get(lang))).unwrap_or_default();
    let line = t!(lang, "证书 {number}：{state}，{span}", "Certificate {number}: {state}, {span}");
    format!("{line}{why}\n")
}

fn branch(
    answer: &Answer,
    text: &mut String,
    lang: Lang,
    rules: &Rules,
    line: &Line,
    depth: usize,
) {
    let (mark, indent) = (if line.met { '✓' } else { '✗' }, "  ".repeat(depth));
    text.push_str(&format!("{indent}{mark} {}\n", line.title().get(lang)));
    for evidence in &line.evidence {
        text.push_str(&format!("{indent}    {}\n", evidence_line(answer, lang, rules, evidence)));
    }
    if let (Some(missing), true) = (&line.missing, line.lines.is_empty()) {
        text.push_str(&format!("{indent}    → {}\n", missing.get(lang)));
    }
    line.lines.iter().for_each(|inner| branch(answer, text, lang, rules, inner, depth + 1));
}

fn evidence_line(answer: &Answer, lang: Lang, rules: &Rules, evidence: &Evidence) -> String {
    let Evidence { kind, code, level, from, through, fact } = evidence;
    let kind: &Kind = kind;
    let name = pages::name_of(rules.context(), *kind, code, level.as_deref());
    let source = answer.sources.get(fact).map_or("", String::as_str);
    let span = pages::span(lang, *from, *through);
    format!("{} · {} · {span} [{source}]", kind.title().get(lang), name.get(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

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
