//! History: one fact a line, as much of it as there is, in bounded memory.

use std::collections::{HashMap, HashSet};

use super::{
    Import, Progress, Result, SOURCE, Writing,
    cells::{self, Col},
    queries,
    report::{Line, Report, Sample, each_line, fact_text},
};
use crate::{
    db::Conn,
    i18n::Text,
    record::{Kind, NewFact, PersonId, Rules, Source, ledger},
    staff::{self, SiteId},
    text,
};

pub(super) const COLUMNS: [Col; 12] = [
    Col::StaffNo,
    Col::Kind,
    Col::From,
    Col::Code,
    Col::Level,
    Col::Amount,
    Col::Unit,
    Col::Through,
    Col::Issuer,
    Col::Number,
    Col::Note,
    Col::Name,
];

pub(super) const EXAMPLE: &str =
    "T0001,grade,2021-06-01,cn-auto-mechanic,L4,,,,上海市职业技能鉴定中心,SH-2021-0001,,林涛";

/// Lines compared with the record and recorded together.
const BATCH: usize = 4000;

pub(super) fn run(
    import: &Import<'_>,
    conn: &mut Conn,
    writing: Option<Writing>,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<()> {
    let people = people(conn, import)?;
    let mut recorder =
        Recorder { import, people: &people, writing, seen: HashSet::new(), batch: Vec::new() };
    let mut codes = Codes { rules: import.rules, known: HashMap::new() };
    let mut done = 0;
    each_line(import.table, report, &mut |line, report| {
        let found = read(line, &people, &mut codes, report);
        // Where something is wrong nothing will be written; the other lines are only checked.
        if let Some((person, said)) = found.filter(|_| report.mistake_count == 0) {
            recorder.batch.push((line.number, person, said));
        }
        done += 1;
        if recorder.batch.len() >= BATCH {
            recorder.flush(conn, report)?;
        }
        if done % 10_000 == 0 {
            progress(done);
        }
        Ok(())
    })?;
    recorder.flush(conn, report)?;
    progress(done);
    Ok(())
}

/// Everybody within reach, by staff number: an id each, no rows.
fn people(conn: &mut Conn, import: &Import<'_>) -> Result<HashMap<Box<str>, PersonId>> {
    let sites = staff::queries::sites(conn, import.scope)?;
    let reached: HashSet<SiteId> = sites.into_iter().map(|site| site.id).collect();
    let whole = import.scope == &staff::queries::Scope::everyone();
    let mut people = HashMap::new();
    for (number, id, site) in queries::staff_numbers(conn)? {
        // The last assignment decides, as it does for who may see the record.
        if whole || site.is_some_and(|site| reached.contains(&site)) {
            people.insert(number.into_boxed_str(), id);
        } else {
            people.remove(number.as_str());
        }
    }
    Ok(people)
}

fn read(
    line: &Line<'_>,
    people: &HashMap<Box<str>, PersonId>,
    codes: &mut Codes<'_>,
    report: &mut Report,
) -> Option<(PersonId, NewFact)> {
    let number = line.required(Col::StaffNo, report);
    let person = people.get(number).copied();
    if person.is_none() && !number.is_empty() {
        report.mistake(
            line.number,
            Some(Col::StaffNo),
            text!(
                "没有工号为“{number}”的人员，或不在您的管理范围内。请先导入人员。",
                "There is nobody with staff number {number} within your reach. Import staff first."
            ),
        );
    }
    let kind = kind(line, report);
    let from = line.day(Col::From, report);
    if from.is_none() {
        line.required(Col::From, report);
    }
    let through = line.day(Col::Through, report);
    if let (Some(from), Some(through)) = (from, through)
        && through < from
    {
        report.mistake(
            line.number,
            Some(Col::Through),
            text!(
                "结束日期早于开始日期，请改正。",
                "It ends before it begins; correct one of the two days."
            ),
        );
    }
    let amount = amount(line, report);
    let code = match kind {
        Some(Kind::Birth) => line.get(Col::Code).unwrap_or_default(),
        _ => line.required(Col::Code, report),
    };
    let kind = kind?;
    let level = line.get(Col::Level);
    if !codes.knows(kind, code, level) {
        let whole = level.map_or(code.to_owned(), |level| format!("{code} {level}"));
        report.unknown_code(line.number, kind, &whole);
    }
    let owned = |col| line.get(col).map(str::to_owned);
    let said = NewFact {
        kind: Some(kind),
        code: code.to_owned(),
        level: level.map(str::to_owned),
        amount,
        unit: owned(Col::Unit),
        from: from?,
        through,
        issuer: owned(Col::Issuer),
        number: owned(Col::Number),
        note: owned(Col::Note),
    };
    Some((person?, said))
}

fn kind(line: &Line<'_>, report: &mut Report) -> Option<Kind> {
    let cell = line.required(Col::Kind, report);
    let kind = cells::fact_kind(cell);
    if kind.is_none() && !cell.is_empty() {
        let titles: Vec<Text> = Kind::ALL.into_iter().map(Kind::title).collect();
        let words: Vec<&str> = Kind::ALL.into_iter().map(Kind::word).collect();
        let (zh, en) = (Text::list(&titles).zh, words.join(", "));
        report.mistake(
            line.number,
            Some(Col::Kind),
            text!(
                "不认识类别“{cell}”。可用：{zh}。",
                "“{cell}” is no kind of fact. Use one of: {en}."
            ),
        );
    }
    kind
}

fn amount(line: &Line<'_>, report: &mut Report) -> Option<crate::record::Amount> {
    let cell = line.get(Col::Amount)?;
    let amount = cells::amount(cell);
    if amount.is_none() {
        report.mistake(
            line.number,
            Some(Col::Amount),
            text!(
                "“{cell}”不是数值。可写 93、59.9、37/40 或 95%。",
                "“{cell}” is no number. Write 93, 59.9, 37/40 or 95%."
            ),
        );
    }
    amount
}

/// Which codes the rule sets define; asked once each.
struct Codes<'a> {
    rules: &'a Rules,
    known: HashMap<(Kind, Box<str>), bool>,
}

impl Codes<'_> {
    fn knows(&mut self, kind: Kind, code: &str, level: Option<&str>) -> bool {
        let whole = match level.filter(|_| kind == Kind::Grade) {
            Some(level) => format!("{code}\u{1}{level}"),
            None => code.to_owned(),
        };
        let rules = self.rules;
        *self
            .known
            .entry((kind, whole.into_boxed_str()))
            .or_insert_with(|| is_defined(rules, kind, code, level))
    }
}

fn is_defined(rules: &Rules, kind: Kind, code: &str, level: Option<&str>) -> bool {
    let context = rules.context();
    match kind {
        Kind::Grade => context
            .ladder(code)
            .is_some_and(|ladder| level.is_none_or(|level| ladder.grade(level).is_some())),
        Kind::Employment => {
            context.is_named(kind, code)
                || rules.sets().any(|set| {
                    let worked = |occupations: &[String]| occupations.iter().any(|o| o == code);
                    set.ladders.iter().any(|ladder| worked(&ladder.occupations))
                        || set.positions.iter().any(|p| p.occupation.as_deref() == Some(code))
                })
        }
        Kind::Mentor | Kind::Apprentice | Kind::Birth | Kind::Absence | Kind::Incident => true,
        Kind::Award | Kind::Competition => true,
        _ => context.is_named(kind, code),
    }
}

/// Compares lines with the record, a batch at a time, and records what is new.
struct Recorder<'a> {
    import: &'a Import<'a>,
    people: &'a HashMap<Box<str>, PersonId>,
    writing: Option<Writing>,
    /// What this file said already: half of a digest each.
    seen: HashSet<u128>,
    batch: Vec<(u64, PersonId, NewFact)>,
}

impl Recorder<'_> {
    /// The staff number; only the first few lines are shown, so looking for it is cheap.
    fn subject(&self, person: PersonId) -> String {
        let found = self.people.iter().find(|(_, id)| **id == person);
        found.map_or_else(String::new, |(number, _)| number.to_string())
    }

    fn flush(&mut self, conn: &mut Conn, report: &mut Report) -> Result<()> {
        let mut people: Vec<PersonId> = self.batch.iter().map(|(_, person, _)| *person).collect();
        people.sort_unstable();
        people.dedup();
        let recorded = ledger::digests_of(conn, &people)?;
        let recorded: HashSet<u128> =
            recorded.iter().map(|(person, digest)| mark(*person, digest)).collect();
        let mut new = Vec::new();
        for (line, person, said) in &self.batch {
            let mark = mark(*person, &said.digest());
            if !self.seen.insert(mark) || recorded.contains(&mark) {
                report.unchanged += 1;
                continue;
            }
            report.facts += 1;
            report.add(|| Sample {
                line: *line,
                subject: self.subject(*person),
                changes: Vec::new(),
                facts: vec![fact_text(self.import.rules.context(), said)],
            });
            if let Some(Writing { run, .. }) = self.writing {
                new.push((*person, said, Source::new(SOURCE, run.0).line(*line as i64)));
            }
        }
        if let Some(Writing { stamp, .. }) = self.writing {
            ledger::append_all(conn, new, stamp)?;
        }
        self.batch.clear();
        Ok(())
    }
}

/// A fact of a person in sixteen bytes.
fn mark(person: PersonId, digest: &[u8]) -> u128 {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    // The multiplier spreads the id over all bits, so that equal facts of two people stay apart.
    u128::from_be_bytes(half)
        ^ (person.0 as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}
