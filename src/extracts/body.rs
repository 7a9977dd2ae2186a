//! What an extract says. The page, the paper and the JSON are all made from this.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    certification::{
        asof::{Known, Seen},
        model::{Act, Certificate, CertificateId},
    },
    db::Instant,
    i18n::{self, Lang, Text},
    record::{
        Amount, Kind, PersonId,
        context::Context,
        ledger::Row,
        pages as record,
        requirement::{Certificate as Holding, Requirement, Rule},
        verdict::{self, Line},
    },
    text,
};

/// The form of the JSON; a reader refuses what it does not know.
pub const FORMAT: &str = "shifu-extract/1";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Body {
    pub format: String,
    pub number: String,
    pub made_at: Instant,
    /// None: made on the command line, by whoever runs the installation.
    pub made_by: Option<Named>,
    pub issuer: Text,
    /// Where anybody can ask whether we made this.
    pub check: String,
    pub person: Holder,
    pub certification: Coded,
    /// The day asked about, at the site of the person.
    pub on: NaiveDate,
    pub time_zone: String,
    pub answers: Vec<Answer>,
    /// Everything the answers rest on, and what was taken back of it.
    pub facts: Vec<Told>,
}

impl Body {
    /// Where the days of the extract are days.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.time_zone.parse().unwrap_or(chrono_tz::UTC)
    }

    /// Whether the day asked about had not begun there when the extract was made.
    pub fn is_forecast(&self) -> bool {
        self.on > self.made_at.utc().with_timezone(&self.zone()).date_naive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub staff_no: String,
    pub name: Text,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Holder {
    pub staff_no: String,
    pub name: Text,
    pub site: Text,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Coded {
    pub code: String,
    pub title: Text,
}

/// Whose knowledge an answer goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// At the end of the day asked about.
    Then,
    /// At the end of a day that was named.
    Asked,
    /// When the extract was made.
    Now,
}

impl Knowledge {
    pub fn title(self) -> Text {
        match self {
            Knowledge::Then => text!("按当日所知", "As known on that day"),
            Knowledge::Asked => text!("按指定日期所知", "As known on the day named"),
            Knowledge::Now => text!("按出具时所知", "As known when this was made"),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub as_known: Knowledge,
    pub known_at: Instant,
    pub held: bool,
    pub statement: Text,
    /// All of this certification that were known, oldest first.
    pub certificates: Vec<Shown>,
    /// Why it counts as held or not, line by line, with the ids of facts.
    pub verdict: Line,
    /// The ids of the facts this answer rests on.
    pub facts: Vec<i64>,
    /// By which version of which rule set; none when no rule set knows the certification.
    pub rules: Option<RuleVersion>,
    /// Where the person's chain stood.
    pub record: Option<Chain>,
}

/// A certificate as it stood on the day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    pub number: Option<String>,
    /// The name on it.
    pub name: Option<Text>,
    pub issuer: Option<Text>,
    pub issued_on: NaiveDate,
    pub valid_from: NaiveDate,
    /// After extensions; none: no end.
    pub valid_through: Option<NaiveDate>,
    pub state: String,
    pub state_title: Text,
    pub in_force: bool,
    pub why: Option<Text>,
    pub acts: Vec<ShownAct>,
    /// The revision of the rule set it was issued under.
    pub issued_under: Option<RuleVersion>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownAct {
    pub act: String,
    pub title: Text,
    pub on: NaiveDate,
    pub through: Option<NaiveDate>,
    pub why: String,
    pub done_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleVersion {
    pub set: String,
    /// As the rule set itself says.
    pub version: Option<String>,
    pub revision: i64,
    /// SHA-256 of the file, in hex.
    pub digest: String,
    pub loaded_at: Instant,
}

/// The last row of a chain: its number, counted from 1, and its hash in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    pub rows: i64,
    pub hash: String,
}

/// A fact with everything the ledger keeps about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    pub id: i64,
    /// Its number in the person's chain.
    pub row: i64,
    pub kind: Kind,
    pub code: String,
    pub title: Text,
    pub level: Option<String>,
    pub amount: Option<Amount>,
    pub unit: Option<String>,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub issuer: Option<String>,
    pub number: Option<String>,
    pub note: Option<String>,
    pub source: String,
    pub recorded_at: Instant,
    pub recorded_by: Option<Named>,
    pub voided_at: Option<Instant>,
    pub voided_by: Option<Named>,
    pub void_reason: Option<String>,
}

/// What one answer is made from.
pub struct Moment<'a> {
    pub as_known: Knowledge,
    pub known_at: Instant,
    pub known: &'a Known,
    /// The rules as they were then.
    pub context: &'a Context,
    pub rules: Option<RuleVersion>,
    pub record: Option<Chain>,
}

/// What the certificates of a person bring with them beside what the record knows.
#[derive(Default)]
pub struct Issued {
    pub certificates: HashMap<CertificateId, Certificate>,
    pub versions: HashMap<CertificateId, RuleVersion>,
    /// What each was issued for: the sources of the facts its verdict names.
    pub grounds: HashMap<CertificateId, BTreeSet<String>>,
}

/// The sources of all evidence in a verdict that was kept as JSON.
pub fn sources_in(verdict: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![verdict];
    while let Some(next) = open.pop() {
        match next {
            Value::Array(all) => open.extend(all),
            Value::Object(fields) => {
                if let Some(Value::String(source)) = fields.get("source") {
                    found.insert(source.clone());
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    found
}

/// Who is asked about, for the words of the answer.
pub struct Asked<'a> {
    pub holder: &'a Holder,
    pub certification: &'a Coded,
    pub on: NaiveDate,
}

/// One answer, from nothing but what was known at its moment.
pub fn answer(asked: &Asked<'_>, moment: Moment<'_>, issued: &Issued) -> Answer {
    let Moment { as_known, known_at, known, context, rules, record } = moment;
    let code = &asked.certification.code;
    let holding = Holding { code: code.clone(), strictly: false, for_months: 0, ever: false };
    let requirement = Requirement { name: None, note: None, rule: Rule::Certificate(holding) };
    let verdict = verdict::judge(&requirement, context, &known.facts, asked.on);
    let seen = known.all(context, asked.on).into_iter();
    let seen: Vec<Seen> = seen.filter(|seen| seen.held.code == *code).collect();
    let counting = seen.iter().find(|seen| seen.in_force());
    let statement = statement(asked, verdict.met, counting, &seen);
    let facts = facts_of(&verdict, known, code, &seen, issued);
    let certificates = seen.iter().map(|seen| shown(seen, asked.on, issued)).collect();
    Answer {
        as_known,
        known_at,
        held: verdict.met,
        statement,
        certificates,
        facts,
        verdict,
        rules,
        record,
    }
}

/// The facts of the verdict, the certificates' own, and those each certificate was issued for.
fn facts_of(verdict: &Line, known: &Known, code: &str, seen: &[Seen], issued: &Issued) -> Vec<i64> {
    let grounds: BTreeSet<&String> =
        seen.iter().filter_map(|seen| issued.grounds.get(&seen.held.id?)).flatten().collect();
    let own = |row: &&Row| {
        (row.kind == Kind::Certificate.word() && row.code == code)
            || grounds.contains(&row.source())
    };
    let mut facts: BTreeSet<i64> = verdict.facts().into_iter().collect();
    facts.extend(known.rows.iter().filter(own).map(|row| row.id.0));
    facts.into_iter().collect()
}

fn statement(asked: &Asked<'_>, held: bool, counting: Option<&Seen>, seen: &[Seen]) -> Text {
    let Asked { holder, certification, on } = asked;
    let (name, staff_no, title) = (&holder.name, &holder.staff_no, &certification.title);
    let (on_zh, on_en) = (i18n::date(Lang::Zh, *on), i18n::date(Lang::En, *on));
    let (reason_zh, reason_en) = match (held, counting) {
        (true, Some(seen)) => (
            format!("证书 {}", described(Lang::Zh, seen)),
            format!("certificate {}", described(Lang::En, seen)),
        ),
        (true, None) => (
            "视同持有：其他证书可替代".to_owned(),
            "deemed held: another certificate stands in for it".to_owned(),
        ),
        (false, _) => match seen.iter().max_by_key(|seen| seen.held.from) {
            None => ("没有这种证书".to_owned(), "no such certificate is known".to_owned()),
            Some(last) => (not_in_force(Lang::Zh, last), not_in_force(Lang::En, last)),
        },
    };
    let (zh, en) = (&name.zh, &name.en);
    let (title_zh, title_en) = (&title.zh, &title.en);
    if held {
        text!(
            "{zh}（{staff_no}）在 {on_zh} 持有“{title_zh}”（{reason_zh}）。",
            "{en} ({staff_no}) held “{title_en}” on {on_en} ({reason_en})."
        )
    } else {
        text!(
            "{zh}（{staff_no}）在 {on_zh} 不持有“{title_zh}”（{reason_zh}）。",
            "{en} ({staff_no}) did not hold “{title_en}” on {on_en} ({reason_en})."
        )
    }
}

fn described(lang: Lang, seen: &Seen) -> String {
    let number = seen.held.number.as_deref().unwrap_or("—");
    let span = record::span(lang, seen.held.from, seen.held.through);
    match lang {
        Lang::Zh => format!("{number}，有效期 {span}"),
        Lang::En => format!("{number}, valid {span}"),
    }
}

fn not_in_force(lang: Lang, seen: &Seen) -> String {
    let state = seen.held.standing.state.title();
    let described = described(lang, seen);
    match lang {
        Lang::Zh => format!("证书 {described}，状态：{}", state.zh),
        Lang::En => format!("certificate {described}: {}", state.en.to_lowercase()),
    }
}

fn shown(seen: &Seen, on: NaiveDate, issued: &Issued) -> Shown {
    let held = &seen.held;
    let certificate = seen.held.id.and_then(|id| issued.certificates.get(&id));
    let printed = certificate.map(Certificate::printed);
    let issuer = held.issuer.as_ref().map(Text::same);
    let version = seen.held.id.and_then(|id| issued.versions.get(&id));
    Shown {
        number: held.number.clone(),
        name: printed.as_ref().map(|printed| printed.names()),
        issuer: issuer.or_else(|| printed.map(|printed| printed.issuer)),
        issued_on: seen.issued_on,
        valid_from: held.from,
        valid_through: seen.held.through,
        state: seen.held.standing.state.word().to_owned(),
        state_title: seen.held.standing.state.title(),
        in_force: seen.in_force(),
        why: seen.why(on),
        acts: held.acts.iter().map(shown_act).collect(),
        issued_under: version.cloned(),
    }
}

fn shown_act(act: &Act) -> ShownAct {
    ShownAct {
        act: act.kind.word().to_owned(),
        title: act.kind.title(),
        on: act.on,
        through: act.through,
        why: act.why.clone(),
        done_at: act.done_at,
    }
}

/// Who recorded or voided something, by number.
pub type Names = BTreeMap<PersonId, Named>;

/// The facts answers rest on, and every certificate fact of the certification that was voided: an
/// auditor sees what was taken back, when, by whom and why.
pub fn told(
    answers: &[Answer],
    history: &[Row],
    places: &HashMap<crate::record::FactId, i64>,
    names: &Names,
    code: &str,
    context: &Context,
) -> Vec<Told> {
    let counted: BTreeSet<i64> =
        answers.iter().flat_map(|answer| answer.facts.iter().copied()).collect();
    let matters = |row: &&Row| {
        let own = row.kind == Kind::Certificate.word() && row.code == code;
        counted.contains(&row.id.0) || own
    };
    let mut told: Vec<Told> = history
        .iter()
        .filter(matters)
        .filter_map(|row| one_told(row, places.get(&row.id).copied()?, names, context))
        .collect();
    told.sort_by_key(|fact| fact.row);
    told
}

fn one_told(row: &Row, place: i64, names: &Names, context: &Context) -> Option<Told> {
    let fact = row.fact()?;
    let named = |person: Option<PersonId>| person.and_then(|id| names.get(&id)).cloned();
    Some(Told {
        id: row.id.0,
        row: place,
        kind: fact.kind,
        title: record::name_of(context, fact.kind, &fact.code, fact.level.as_deref()),
        code: fact.code,
        level: fact.level,
        amount: fact.amount,
        unit: fact.unit,
        from: fact.from,
        through: fact.through,
        issuer: row.issuer.clone(),
        number: row.number.clone(),
        note: row.note.clone(),
        source: row.source(),
        recorded_at: row.recorded_at,
        recorded_by: named(row.recorded_by),
        voided_at: row.voided_at,
        voided_by: named(row.voided_by),
        void_reason: row.void_reason.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_however_deep() {
        let verdict = serde_json::json!({
            "evidence": [{ "kind": "course", "source": "course:1" }],
            "lines": [{ "evidence": [], "lines": [{ "evidence": [{ "source": "exam:2" }, { "source": null }] }] }],
        });
        let found: Vec<String> = sources_in(&verdict).into_iter().collect();
        assert_eq!(found, ["course:1", "exam:2"]);
    }
}
