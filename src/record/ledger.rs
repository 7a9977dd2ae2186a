//! All that reads and writes the tables `fact` and `record_head`.
//!
//! Adding to a person's record first takes that person's head row, so two writers form one chain.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{Amount, Fact, FactId, Kind, PersonId, chain, verdict};
use crate::{
    db::{Conn, Error, Instant, schema::fact, schema::record_head},
    each_backend,
};

type Result<T> = std::result::Result<T, Error>;

/// What is to be recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewFact {
    pub kind: Option<Kind>,
    pub code: String,
    pub level: Option<String>,
    pub amount: Option<Amount>,
    pub unit: Option<String>,
    pub from: NaiveDate,
    pub through: Option<NaiveDate>,
    pub issuer: Option<String>,
    pub number: Option<String>,
    pub note: Option<String>,
}

impl NewFact {
    pub fn new(kind: Kind, code: impl Into<String>, from: NaiveDate) -> NewFact {
        NewFact { kind: Some(kind), code: code.into(), from, ..NewFact::default() }
    }

    pub fn level(self, level: impl Into<String>) -> NewFact {
        NewFact { level: Some(level.into()), ..self }
    }

    pub fn amount(self, numerator: i64, denominator: i64, unit: Option<&str>) -> NewFact {
        let amount = Some(Amount { numerator, denominator });
        NewFact { amount, unit: unit.map(str::to_owned), ..self }
    }

    pub fn through(self, through: Option<NaiveDate>) -> NewFact {
        NewFact { through, ..self }
    }

    pub fn number(self, number: impl Into<String>) -> NewFact {
        NewFact { number: Some(number.into()), ..self }
    }

    pub fn note(self, note: impl Into<String>) -> NewFact {
        NewFact { note: Some(note.into()), ..self }
    }

    fn kind_word(&self) -> &'static str {
        self.kind.map_or(VOID, Kind::word)
    }

    /// What the fact says, as one hash: equal facts are equal.
    pub fn digest(&self) -> [u8; 32] {
        chain::Said {
            kind: self.kind_word(),
            code: &self.code,
            level: self.level.as_deref(),
            amount: self.amount.map(|amount| (amount.numerator, amount.denominator)),
            unit: self.unit.as_deref(),
            from: self.from,
            through: self.through,
            issuer: self.issuer.as_deref(),
            number: self.number.as_deref(),
            note: self.note.as_deref(),
        }
        .digest()
    }
}

/// The ledger's own kind of row: it voids the fact whose id is its code.
const VOID: &str = "void";

/// Which row of which capability says so; an import names its run and the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    pub kind: &'static str,
    pub id: i64,
    pub line: i64,
}

impl Source {
    pub fn new(kind: &'static str, id: i64) -> Source {
        Source { kind, id, line: 0 }
    }

    pub fn line(self, line: i64) -> Source {
        Source { line, ..self }
    }
}

/// Who records, and when.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub at: Instant,
    /// Nobody: the program itself, by rule or on the command line.
    pub by: Option<PersonId>,
}

#[derive(Insertable)]
#[diesel(table_name = fact)]
struct NewRow<'a> {
    person_id: PersonId,
    seq: i64,
    kind: &'a str,
    code: &'a str,
    level: Option<&'a str>,
    amount_numerator: Option<i64>,
    amount_denominator: Option<i64>,
    unit: Option<&'a str>,
    from_on: NaiveDate,
    through_on: Option<NaiveDate>,
    issuer: Option<&'a str>,
    number: Option<&'a str>,
    note: Option<&'a str>,
    source_kind: &'a str,
    source_id: i64,
    source_line: i64,
    recorded_at: Instant,
    recorded_by: Option<PersonId>,
    digest: Vec<u8>,
    hash: Vec<u8>,
}

/// Where a person's chain stands.
struct Head {
    seq: i64,
    hash: Vec<u8>,
}

impl Head {
    /// Takes the head for this transaction; another writer on the same person waits here.
    fn take(conn: &mut Conn, person: PersonId) -> Result<Head> {
        let taken = diesel::update(record_head::table.find(person))
            .set(record_head::seq.eq(record_head::seq))
            .returning((record_head::seq, record_head::hash))
            .get_result::<(i64, Vec<u8>)>(conn)
            .optional()?;
        if let Some((seq, hash)) = taken {
            return Ok(Head { seq, hash });
        }
        diesel::insert_into(record_head::table)
            .values((
                record_head::person_id.eq(person),
                record_head::seq.eq(0),
                record_head::hash.eq(chain::START.to_vec()),
            ))
            .execute(conn)?;
        Ok(Head { seq: 0, hash: chain::START.to_vec() })
    }

    fn put(&self, conn: &mut Conn, person: PersonId) -> Result<()> {
        diesel::update(record_head::table.find(person))
            .set((record_head::seq.eq(self.seq), record_head::hash.eq(&self.hash)))
            .execute(conn)?;
        Ok(())
    }

    /// Advances the chain by one row.
    fn next<'a>(
        &mut self,
        person: PersonId,
        said: &'a NewFact,
        source: Source,
        stamp: Stamp,
    ) -> NewRow<'a> {
        self.seq += 1;
        let digest = said.digest();
        let from = (source.kind, source.id, source.line);
        let by = stamp.by.map(|by| by.0);
        self.hash = chain::link(&self.hash, self.seq, &digest, from, stamp.at, by).to_vec();
        NewRow {
            person_id: person,
            seq: self.seq,
            kind: said.kind_word(),
            code: &said.code,
            level: said.level.as_deref(),
            amount_numerator: said.amount.map(|amount| amount.numerator),
            amount_denominator: said.amount.map(|amount| amount.denominator),
            unit: said.unit.as_deref(),
            from_on: said.from,
            through_on: said.through,
            issuer: said.issuer.as_deref(),
            number: said.number.as_deref(),
            note: said.note.as_deref(),
            source_kind: source.kind,
            source_id: source.id,
            source_line: source.line,
            recorded_at: stamp.at,
            recorded_by: stamp.by,
            digest: digest.to_vec(),
            hash: self.hash.clone(),
        }
    }
}

/// Holds a person's record until the transaction ends: whoever else records something about them,
/// or holds it, waits. For decisions that first count what others may be adding at this moment.
pub fn hold(conn: &mut Conn, person: PersonId) -> Result<()> {
    Head::take(conn, person).map(drop)
}

/// [`hold`] for many, always in one order, so that two who hold many do not wait for each other.
/// Returns whom it holds, each once.
pub fn hold_all(
    conn: &mut Conn,
    people: impl IntoIterator<Item = PersonId>,
) -> Result<Vec<PersonId>> {
    let people: BTreeSet<PersonId> = people.into_iter().collect();
    people.iter().try_for_each(|person| hold(conn, *person))?;
    Ok(people.into_iter().collect())
}

/// Records one fact.
pub fn append(
    conn: &mut Conn,
    person: PersonId,
    said: &NewFact,
    source: Source,
    stamp: Stamp,
) -> Result<FactId> {
    let mut head = Head::take(conn, person)?;
    let row = head.next(person, said, source, stamp);
    let id = diesel::insert_into(fact::table).values(row).returning(fact::id).get_result(conn)?;
    head.put(conn, person)?;
    Ok(id)
}

/// Records many facts of many people, for imports: rows go in by the hundred.
pub fn append_all<'a>(
    conn: &mut Conn,
    facts: impl IntoIterator<Item = (PersonId, &'a NewFact, Source)>,
    stamp: Stamp,
) -> Result<usize> {
    let mut heads: HashMap<PersonId, Head> = HashMap::new();
    let mut rows = Vec::with_capacity(ROWS_AT_ONCE);
    let mut added = 0;
    for (person, said, source) in facts {
        let head = match heads.entry(person) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Head::take(conn, person)?)
            }
        };
        rows.push(head.next(person, said, source, stamp));
        added += 1;
        if rows.len() == ROWS_AT_ONCE {
            insert_all(conn, &rows)?;
            rows.clear();
        }
    }
    insert_all(conn, &rows)?;
    for (person, head) in heads {
        head.put(conn, person)?;
    }
    Ok(added)
}

const ROWS_AT_ONCE: usize = 500;

fn insert_all(conn: &mut Conn, rows: &[NewRow<'_>]) -> Result<()> {
    each_backend!(conn, |conn| diesel::insert_into(fact::table).values(rows).execute(conn))?;
    Ok(())
}

/// Voids a fact, with the reason; nothing happens when it is void already.
pub fn void(conn: &mut Conn, id: FactId, reason: &str, stamp: Stamp) -> Result<()> {
    let (person, voided): (PersonId, Option<Instant>) =
        fact::table.find(id).select((fact::person_id, fact::voided_at)).first(conn)?;
    if voided.is_some() {
        return Ok(());
    }
    diesel::update(fact::table.find(id))
        .set((
            fact::voided_at.eq(stamp.at),
            fact::voided_by.eq(stamp.by),
            fact::void_reason.eq(reason),
        ))
        .execute(conn)?;
    let said = NewFact {
        kind: None,
        code: id.to_string(),
        from: stamp.at.utc().date_naive(),
        note: Some(reason.to_owned()),
        ..NewFact::default()
    };
    append(conn, person, &said, Source::new(VOID, id.0), stamp)?;
    Ok(())
}

/// Voids what one source said, as when an import is taken back.
pub fn void_source(
    conn: &mut Conn,
    kind: &str,
    id: i64,
    reason: &str,
    stamp: Stamp,
) -> Result<usize> {
    let ids: Vec<FactId> = fact::table
        .filter(fact::source_kind.eq(kind).and(fact::source_id.eq(id)))
        .filter(fact::voided_at.is_null())
        .order(fact::id)
        .select(fact::id)
        .load(conn)?;
    for id in &ids {
        void(conn, *id, reason, stamp)?;
    }
    Ok(ids.len())
}

/// Whose facts of a kind from this source of facts were voided, and which source said each:
/// `attempt:17`.
pub fn voided_sources(
    conn: &mut Conn,
    kind: Kind,
    source: &str,
) -> Result<Vec<(PersonId, String)>> {
    let rows: Vec<(PersonId, i64)> = fact::table
        .filter(fact::kind.eq(kind.word()).and(fact::source_kind.eq(source)))
        .filter(fact::voided_at.is_not_null())
        .order((fact::person_id, fact::id))
        .select((fact::person_id, fact::source_id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(person, id)| (person, format!("{source}:{id}"))).collect())
}

/// The code of the fact of a kind that a source says, if it is in force.
pub fn said_by(conn: &mut Conn, kind: Kind, source: &str, id: i64) -> Result<Option<String>> {
    Ok(fact::table
        .filter(fact::source_kind.eq(source).and(fact::source_id.eq(id)))
        .filter(fact::kind.eq(kind.word()))
        .filter(fact::voided_at.is_null())
        .order(fact::id.desc())
        .select(fact::code)
        .first(conn)
        .optional()?)
}

/// The facts in force of a kind that these sources say, with the id of the source.
pub fn ids_said_by(
    conn: &mut Conn,
    kind: Kind,
    source: &str,
    ids: &[i64],
) -> Result<Vec<(i64, FactId)>> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(ROWS_AT_ONCE) {
        let some: Vec<(i64, FactId)> = fact::table
            .filter(fact::source_kind.eq(source).and(fact::source_id.eq_any(some.to_vec())))
            .filter(fact::kind.eq(kind.word()))
            .filter(fact::voided_at.is_null())
            .order((fact::source_id, fact::id))
            .select((fact::source_id, fact::id))
            .load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// The digests of what is in force about some people, for imports that record nothing twice.
pub fn digests_of(conn: &mut Conn, people: &[PersonId]) -> Result<Vec<(PersonId, Vec<u8>)>> {
    Ok(fact::table
        .filter(fact::person_id.eq_any(people))
        .filter(fact::kind.ne(VOID))
        .filter(fact::voided_at.is_null())
        .select((fact::person_id, fact::digest))
        .load(conn)?)
}

/// Everybody's facts of one kind: id and first day, by person.
pub fn days_of_kind(conn: &mut Conn, kind: Kind) -> Result<Vec<(PersonId, FactId, NaiveDate)>> {
    Ok(fact::table
        .filter(fact::kind.eq(kind.word()))
        .filter(fact::voided_at.is_null())
        .order((fact::person_id, fact::id))
        .select((fact::person_id, fact::id, fact::from_on))
        .load(conn)?)
}

/// How many facts in force somebody else than these sources recorded about a person.
pub fn others_say(conn: &mut Conn, person: PersonId, but: &[(&str, i64)]) -> Result<usize> {
    let said: Vec<(String, i64)> = fact::table
        .filter(fact::person_id.eq(person))
        .filter(fact::kind.ne(VOID))
        .filter(fact::voided_at.is_null())
        .order(fact::id)
        .limit(1000)
        .select((fact::source_kind, fact::source_id))
        .load(conn)?;
    Ok(said.iter().filter(|(kind, id)| !but.contains(&(kind.as_str(), *id))).count())
}

/// A fact with everything the ledger keeps about it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fact)]
pub struct Row {
    pub id: FactId,
    pub person_id: PersonId,
    pub kind: String,
    pub code: String,
    pub level: Option<String>,
    pub amount_numerator: Option<i64>,
    pub amount_denominator: Option<i64>,
    pub unit: Option<String>,
    pub from_on: NaiveDate,
    pub through_on: Option<NaiveDate>,
    pub issuer: Option<String>,
    pub number: Option<String>,
    pub note: Option<String>,
    pub source_kind: String,
    pub source_id: i64,
    pub source_line: i64,
    pub recorded_at: Instant,
    pub recorded_by: Option<PersonId>,
    pub voided_at: Option<Instant>,
    pub voided_by: Option<PersonId>,
    pub void_reason: Option<String>,
}

impl Row {
    /// The fact a decision reads; the ledger's own rows say nothing about the person.
    pub fn fact(&self) -> Option<Fact> {
        let amount = self.amount_numerator.zip(self.amount_denominator);
        Some(Fact {
            id: self.id.0,
            kind: Kind::parse(&self.kind)?,
            code: self.code.clone(),
            level: self.level.clone(),
            amount: amount.map(|(numerator, denominator)| Amount { numerator, denominator }),
            unit: self.unit.clone(),
            from: self.from_on,
            through: self.through_on,
        })
    }

    /// Where it comes from, for people and for the API: `exam-attempt:17`, `import:3:128`.
    pub fn source(&self) -> String {
        match self.source_line {
            0 => format!("{}:{}", self.source_kind, self.source_id),
            line => format!("{}:{}:{line}", self.source_kind, self.source_id),
        }
    }
}

/// What was in force, as it was known at a moment: recorded by then and not yet voided.
fn known(at: Option<Instant>) -> fact::BoxedQuery<'static, diesel_backend::Either> {
    let query = fact::table.filter(fact::kind.ne(VOID)).into_boxed();
    match at {
        None => query.filter(fact::voided_at.is_null()),
        Some(at) => query
            .filter(fact::recorded_at.le(at))
            .filter(fact::voided_at.is_null().or(fact::voided_at.gt(at))),
    }
}

mod diesel_backend {
    /// The backend of the enum connection.
    pub type Either = <crate::db::Conn as diesel::Connection>::Backend;
}

/// The rows of one person, as known now or at an earlier moment, in the order verdicts expect.
pub fn rows_of(conn: &mut Conn, person: PersonId, known_at: Option<Instant>) -> Result<Vec<Row>> {
    Ok(known(known_at)
        .filter(fact::person_id.eq(person))
        .order((fact::kind, fact::code, fact::from_on, fact::id))
        .select(Row::as_select())
        .load(conn)?)
}

/// One row, voided or not.
pub fn row(conn: &mut Conn, id: FactId) -> Result<Option<Row>> {
    Ok(fact::table
        .find(id)
        .filter(fact::kind.ne(VOID))
        .select(Row::as_select())
        .first(conn)
        .optional()?)
}

/// Everybody's rows of one kind and code at one level that had not ended before a day, by first
/// day: who holds an appointment.
pub fn rows_at_level(
    conn: &mut Conn,
    kind: Kind,
    code: &str,
    level: &str,
    since: NaiveDate,
) -> Result<Vec<Row>> {
    Ok(known(None)
        .filter(fact::kind.eq(kind.word()).and(fact::code.eq(code.to_owned())))
        .filter(fact::level.eq(level.to_owned()))
        .filter(fact::through_on.is_null().or(fact::through_on.ge(since)))
        .order((fact::from_on, fact::id))
        .limit(MOST_AT_LEVEL)
        .select(Row::as_select())
        .load(conn)?)
}

/// More appointments than any group makes at one level.
const MOST_AT_LEVEL: i64 = 10_000;

/// The facts of one person.
pub fn facts_of(conn: &mut Conn, person: PersonId, known_at: Option<Instant>) -> Result<Vec<Fact>> {
    let mut facts =
        rows_of(conn, person, known_at)?.iter().filter_map(Row::fact).collect::<Vec<_>>();
    verdict::sort(&mut facts);
    Ok(facts)
}

/// The facts of one kind of these people, for lists: no query a person.
pub fn facts_of_kind(
    conn: &mut Conn,
    people: &[PersonId],
    kind: Kind,
) -> Result<HashMap<PersonId, Vec<Fact>>> {
    let mut rows: Vec<Row> = Vec::new();
    for some in people.chunks(ROWS_AT_ONCE) {
        rows.extend(
            known(None)
                .filter(fact::kind.eq(kind.word()))
                .filter(fact::person_id.eq_any(some.to_vec()))
                .order((fact::person_id, fact::id))
                .select(Row::as_select())
                .load(conn)?,
        );
    }
    Ok(grouped(&rows))
}

fn grouped(rows: &[Row]) -> HashMap<PersonId, Vec<Fact>> {
    let mut people: HashMap<PersonId, Vec<Fact>> = HashMap::new();
    for row in rows {
        people.entry(row.person_id).or_default().extend(row.fact());
    }
    people
}

/// Everybody's facts of one kind and code, for lists that show a grade beside each name.
pub fn facts_with(conn: &mut Conn, kind: Kind, code: &str) -> Result<HashMap<PersonId, Vec<Fact>>> {
    Ok(grouped(&rows_of_kind(conn, kind, Some(code))?))
}

/// The facts of everybody, by person, for boards: one pass over the table, no query a person.
pub fn facts_of_all(
    conn: &mut Conn,
    known_at: Option<Instant>,
) -> Result<HashMap<PersonId, Vec<Fact>>> {
    let rows = known(known_at)
        .order((fact::person_id, fact::id))
        .select(BOARD_COLUMNS)
        .load::<BoardRow>(conn)?;
    Ok(by_person(rows))
}

/// The facts of these people, by person, for boards over a small part of a large network.
pub fn facts_of_these(
    conn: &mut Conn,
    people: &[PersonId],
    known_at: Option<Instant>,
) -> Result<HashMap<PersonId, Vec<Fact>>> {
    let mut found = HashMap::new();
    for some in people.chunks(ROWS_AT_ONCE) {
        let rows = known(known_at)
            .filter(fact::person_id.eq_any(some.to_vec()))
            .order((fact::person_id, fact::id))
            .select(BOARD_COLUMNS)
            .load::<BoardRow>(conn)?;
        found.extend(by_person(rows));
    }
    Ok(found)
}

fn by_person(rows: Vec<BoardRow>) -> HashMap<PersonId, Vec<Fact>> {
    let mut people: HashMap<PersonId, Vec<Fact>> = HashMap::new();
    for (id, person, kind, code, level, numerator, denominator, unit, from, through) in rows {
        let Some(kind) = Kind::parse(&kind) else { continue };
        let amount = numerator.zip(denominator);
        let amount = amount.map(|(numerator, denominator)| Amount { numerator, denominator });
        people.entry(person).or_default().push(Fact {
            id: id.0,
            kind,
            code,
            level,
            amount,
            unit,
            from,
            through,
        });
    }
    people.values_mut().for_each(|facts| verdict::sort(facts));
    people
}

type BoardColumns = (
    fact::id,
    fact::person_id,
    fact::kind,
    fact::code,
    fact::level,
    fact::amount_numerator,
    fact::amount_denominator,
    fact::unit,
    fact::from_on,
    fact::through_on,
);

const BOARD_COLUMNS: BoardColumns = (
    fact::id,
    fact::person_id,
    fact::kind,
    fact::code,
    fact::level,
    fact::amount_numerator,
    fact::amount_denominator,
    fact::unit,
    fact::from_on,
    fact::through_on,
);

type BoardRow = (
    FactId,
    PersonId,
    String,
    String,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    NaiveDate,
    Option<NaiveDate>,
);

/// Everybody's rows of one kind as known now, narrowed to a code, by person.
pub fn rows_of_kind(conn: &mut Conn, kind: Kind, code: Option<&str>) -> Result<Vec<Row>> {
    let query = known(None).filter(fact::kind.eq(kind.word()));
    let query = match code {
        Some(code) => query.filter(fact::code.eq(code.to_owned())),
        None => query,
    };
    Ok(query
        .order((fact::person_id, fact::from_on, fact::id))
        .select(Row::as_select())
        .load(conn)?)
}

/// Certificates that another source than this said, of these people or of everybody, as known at a
/// moment.
pub fn certificates_of_others(
    conn: &mut Conn,
    source: &str,
    people: Option<&[PersonId]>,
    known_at: Option<Instant>,
) -> Result<Vec<Row>> {
    let all = || {
        known(known_at)
            .filter(fact::kind.eq(Kind::Certificate.word()))
            .filter(fact::source_kind.ne(source.to_owned()))
            .order((fact::person_id, fact::from_on, fact::id))
            .select(Row::as_select())
    };
    let Some(people) = people else { return Ok(all().load(conn)?) };
    let mut rows = Vec::new();
    for some in people.chunks(ROWS_AT_ONCE) {
        rows.extend(all().filter(fact::person_id.eq_any(some.to_vec())).load::<Row>(conn)?);
    }
    Ok(rows)
}

/// Where a person's chain stood at a moment: the number and the hash of its last row. Whoever keeps
/// them can tell later whether anything before was altered.
pub fn head_at(
    conn: &mut Conn,
    person: PersonId,
    at: Option<Instant>,
) -> Result<Option<(i64, Vec<u8>)>> {
    let mut query = fact::table.filter(fact::person_id.eq(person)).into_boxed();
    if let Some(at) = at {
        query = query.filter(fact::recorded_at.le(at));
    }
    Ok(query.order(fact::seq.desc()).select((fact::seq, fact::hash)).first(conn).optional()?)
}

/// The place of each of a person's rows in their chain.
pub fn places_of(conn: &mut Conn, person: PersonId) -> Result<HashMap<FactId, i64>> {
    let rows: Vec<(FactId, i64)> = fact::table
        .filter(fact::person_id.eq(person))
        .order(fact::seq)
        .select((fact::id, fact::seq))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Rows of one kind, or of one code of it, whose last day lies within these days, unless a later one
/// of the same code has taken their place; of a few people or of all. Answered from the index on kind
/// and last day.
pub fn rows_running_out(
    conn: &mut Conn,
    (kind, code): (Kind, Option<&str>),
    people: Option<&[PersonId]>,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<Row>> {
    let later = diesel::alias!(fact as later);
    let superseded = later
        .filter(later.field(fact::person_id).eq(fact::person_id))
        .filter(later.field(fact::kind).eq(fact::kind))
        .filter(later.field(fact::code).eq(fact::code))
        .filter(later.field(fact::voided_at).is_null())
        .filter(later.field(fact::id).ne(fact::id))
        .filter(
            later
                .field(fact::through_on)
                .is_null()
                .or(later.field(fact::through_on).gt(fact::through_on)),
        );
    let mut query = fact::table
        .filter(fact::kind.eq(kind.word()))
        .filter(fact::through_on.ge(first).and(fact::through_on.le(last)))
        .filter(fact::voided_at.is_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(superseded)))
        .into_boxed();
    if let Some(code) = code {
        query = query.filter(fact::code.eq(code.to_owned()));
    }
    if let Some(people) = people {
        query = query.filter(fact::person_id.eq_any(people.to_vec()));
    }
    Ok(query.order((fact::through_on, fact::id)).select(Row::as_select()).load(conn)?)
}

/// The rows of one kind and code of these people, the earliest first.
pub fn rows_with_code_of(
    conn: &mut Conn,
    people: &[PersonId],
    kind: Kind,
    code: &str,
) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for some in people.chunks(ROWS_AT_ONCE) {
        rows.extend(
            known(None)
                .filter(fact::person_id.eq_any(some.to_vec()))
                .filter(fact::kind.eq(kind.word()).and(fact::code.eq(code.to_owned())))
                .order((fact::person_id, fact::from_on, fact::id))
                .select(Row::as_select())
                .load::<Row>(conn)?,
        );
    }
    Ok(rows)
}

/// Rows of one kind and code whose first day lies within these days, of a few people or of all.
pub fn rows_beginning(
    conn: &mut Conn,
    (kind, code): (Kind, &str),
    people: Option<&[PersonId]>,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<Row>> {
    let mut query = fact::table
        .filter(fact::kind.eq(kind.word()).and(fact::code.eq(code.to_owned())))
        .filter(fact::from_on.ge(first).and(fact::from_on.le(last)))
        .filter(fact::voided_at.is_null())
        .into_boxed();
    if let Some(people) = people {
        query = query.filter(fact::person_id.eq_any(people.to_vec()));
    }
    Ok(query.order((fact::from_on, fact::id)).select(Row::as_select()).load(conn)?)
}

/// The newest row of all, by its number.
pub fn newest(conn: &mut Conn) -> Result<i64> {
    let newest: Option<i64> = fact::table.select(diesel::dsl::max(fact::id)).first(conn)?;
    Ok(newest.unwrap_or(0))
}

/// Whose record has rows newer than one, voids included; none when there are more people than so many.
pub fn people_since(conn: &mut Conn, row: i64, most: usize) -> Result<Option<HashSet<PersonId>>> {
    let people: Vec<PersonId> = fact::table
        .filter(fact::id.gt(row))
        .order(fact::person_id)
        .select(fact::person_id)
        .distinct()
        .limit(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1))
        .load(conn)?;
    Ok((people.len() <= most).then(|| people.into_iter().collect()))
}

/// The whole story of a person, voids included, newest first.
pub fn history_of(conn: &mut Conn, person: PersonId, limit: i64) -> Result<Vec<Row>> {
    Ok(fact::table
        .filter(fact::person_id.eq(person))
        .order((fact::recorded_at.desc(), fact::seq.desc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?)
}
