//! Certificates on any day, as they were known at any moment.
//!
//! What is known at a moment are the certificates issued by then, the acts done by then and the
//! facts recorded by then and not voided by then; how one stands on a day is decided by
//! [`standing`](super::standing::standing()) from those alone. So a suspension that is entered on
//! Friday for Wednesday is unseen by whoever asks for Wednesday as known on Thursday.
//!
//! Asking for another day costs what asking for today costs: the moment is one more condition on
//! the same queries by index.

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::{
    acts::spans::{self, Earlier, Link},
    model::{Act, Basis, CertificateId, Held, State},
    queries::{self, SOURCE},
    rules,
    standing::{Life, standing},
};
use crate::{
    db::{
        Conn, Error, Instant,
        schema::{certificate, certificate_act},
    },
    i18n::{self, Lang, Text},
    record::{
        Fact, Kind, PersonId,
        asof::AsOf,
        context::Context,
        ledger::{self, Row},
        period::{days_after, next_day},
        verdict,
    },
    staff::{
        self, Post,
        queries::{Filter, Scope},
    },
    text,
};

type Result<T> = std::result::Result<T, Error>;

/// A certificate, ours or recorded from elsewhere, as far as it was known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Paper {
    /// None, when it was not issued here: then only the record speaks of it.
    id: Option<CertificateId>,
    person: PersonId,
    code: String,
    number: String,
    issued_on: NaiveDate,
    from: NaiveDate,
    through: Option<NaiveDate>,
    /// Which renewal it is; none, when somebody else issued it: that stands in the record only.
    cycle: Option<i64>,
    issuer: Option<String>,
    acts: Vec<Act>,
    earlier: Earlier,
}

/// A certificate and how it stands on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub held: Held,
    pub issued_on: NaiveDate,
    /// What was done to those it replaces with a name put right.
    earlier: Vec<Act>,
}

impl Seen {
    pub fn in_force(&self) -> bool {
        self.held.state().in_force()
    }

    /// Why it is not simply in force: the condition that is not met, or the last act on it.
    pub fn why(&self, on: NaiveDate) -> Option<Text> {
        let done = || self.earlier.iter().chain(&self.held.acts);
        let act = || done().rev().find(|act| act.on <= on);
        let said = |act: &Act| {
            let (title, day) = (act.kind.title(), act.on);
            let (zh, en) = (i18n::date(Lang::Zh, day), i18n::date(Lang::En, day));
            let (Text { zh: act_zh, en: act_en }, why) = (title, &act.why);
            text!("{zh} {act_zh}：{why}", "{act_en} {en}: {why}")
        };
        self.held.standing.why.clone().or_else(|| act().map(said))
    }

    /// For other programs.
    pub fn to_json(&self, context: &Context, on: NaiveDate) -> Value {
        let Seen { held, issued_on, .. } = self;
        let window =
            held.standing.window.map(|(from, through)| json!({ "from": from, "through": through }));
        let review = held.standing.review.map(|one| json!({ "opens": one.opens, "due": one.due }));
        let acts = held.acts.iter().map(|act| {
            json!({ "act": act.kind, "on": act.on, "through": act.through, "why": act.why, "done_at": act.done_at })
        });
        json!({
            "number": held.number,
            "certification": held.code,
            "title": context.name(Kind::Certificate, &held.code),
            "issued_here": held.is_ours(),
            "issuer": held.issuer,
            "issued_on": issued_on,
            "valid_from": held.from,
            "valid_through": held.through,
            "state": held.state().word(),
            "in_force": self.in_force(),
            "why": self.why(on),
            "renewal": window,
            "renewed": held.followed.map(|(from, through)| json!({ "from": from, "through": through })),
            "review": review,
            "acts": acts.collect::<Vec<_>>(),
        })
    }

    /// Of several of one certification, the greatest is the one that counts. One that was issued
    /// later with the same days (the name was put right) counts from its issue on.
    fn weight(&self, on: NaiveDate) -> (bool, bool, bool, NaiveDate, NaiveDate) {
        let Seen { held, issued_on, .. } = self;
        let through = held.through.unwrap_or(NaiveDate::MAX);
        (self.in_force(), held.from <= on, *issued_on <= on, held.from, through)
    }
}

/// What somebody holds, with where they work; a person's post stands beside each of theirs.
pub type Placed = (Arc<Post>, Seen);

/// All that was known of a person at a moment.
#[derive(Clone, Debug)]
pub struct Known {
    pub rows: Vec<Row>,
    pub facts: Vec<Fact>,
    papers: Vec<Paper>,
}

impl Known {
    /// As known at a moment; `None` is now.
    pub fn load(conn: &mut Conn, person: PersonId, at: Option<Instant>) -> Result<Known> {
        let rows = ledger::rows_of(conn, person, at)?;
        let mut facts: Vec<Fact> = rows.iter().filter_map(Row::fact).collect();
        verdict::sort(&mut facts);
        let mut papers = issued(conn, Whose::These(&[person]), at)?;
        let certificates = rows.iter().filter(|row| row.kind == Kind::Certificate.word());
        papers.extend(certificates.filter_map(recorded));
        let papers = in_order(papers);
        Ok(Known { rows, facts, papers })
    }

    /// Every certificate, and how it stands on a day; oldest first.
    pub fn all(&self, context: &Context, on: NaiveDate) -> Vec<Seen> {
        let seen = |paper: &Paper| paper.clone().seen(context, &self.facts, on);
        let mut all: Vec<Seen> = self.papers.iter().map(seen).collect();
        follow(&mut all, on);
        all
    }

    /// The one of each certification that counts on a day; soonest expiry first.
    pub fn counting(&self, context: &Context, on: NaiveDate) -> Vec<Seen> {
        counting(self.all(context, on), on)
    }
}

/// What a person holds or held of each certification, on a day as known at a moment.
pub fn of_person(
    conn: &mut Conn,
    context: &Context,
    person: PersonId,
    asof: &AsOf,
) -> Result<Vec<Seen>> {
    Ok(Known::load(conn, person, asof.known_at)?.counting(context, asof.on))
}

/// What everybody within a scope holds, with where they work on that day; soonest expiry first.
///
/// Who may be seen is decided by where people are today. Where they stand on the board, and which
/// of them a filter by site keeps, is decided by where they worked on the day asked about.
pub fn board(
    conn: &mut Conn,
    context: &Context,
    scope: &Scope,
    filter: &Filter,
    today: NaiveDate,
    asof: &AsOf,
) -> Result<Vec<Placed>> {
    let posts = posts_on(conn, scope, filter, today, asof.on)?;
    of_posts(conn, context, posts, asof)
}

/// What the people of one part of a long list hold: those within a scope today, by staff number,
/// with where they worked on the day asked about. Whoever worked nowhere then is left out, so a
/// part may be shorter than its limit; the second value says whether more follow.
pub fn part(
    conn: &mut Conn,
    context: &Context,
    scope: &Scope,
    today: NaiveDate,
    asof: &AsOf,
    (limit, offset): (usize, usize),
) -> Result<(Vec<Placed>, bool)> {
    let everybody = Filter { with_left: true, ..Filter::default() };
    let (most, skip) = (limit as i64 + 1, offset as i64);
    let mut seen = staff::queries::posts(conn, scope, &everybody, today, most, skip)?;
    let more = seen.len() > limit;
    seen.truncate(limit);
    if asof.on != today {
        let people: Vec<PersonId> = seen.iter().map(|post| post.person.id).collect();
        seen = staff::queries::posts_of(conn, &people, asof.on)?;
    }
    seen.retain(|post| post.works_on(asof.on));
    let posts = seen.into_iter().map(|post| (post.person.id, post)).collect();
    let mut rows = of_posts(conn, context, posts, asof)?;
    rows.sort_by(|(a, one), (b, other)| {
        let key = |post: &Post, seen: &Seen| (post.person.staff_no.clone(), seen.held.code.clone());
        key(a, one).cmp(&key(b, other))
    });
    Ok((rows, more))
}

/// What runs out within so many days in a scope and is not renewed yet, soonest first.
/// Its cost follows what runs out, not what exists.
pub fn expiring_in(
    conn: &mut Conn,
    context: &Context,
    scope: &Scope,
    today: NaiveDate,
    days: u32,
) -> Result<Vec<Placed>> {
    let last = days_after(today, days);
    let rows = ledger::rows_running_out(conn, (Kind::Certificate, None), None, today, last)?;
    let holders: HashSet<PersonId> = rows.iter().map(|row| row.person_id).collect();
    let holders: Vec<PersonId> = holders.into_iter().collect();
    let mut posts = staff::queries::posts_by_person(conn, scope, &holders, today)?;
    posts.retain(|_, post| post.works_on(today));
    let mut all = of_posts(conn, context, posts, &AsOf::now(today))?;
    all.retain(|(_, Seen { held, .. })| {
        let ends = held.through.is_some_and(|through| through <= last);
        held.state().in_force() && held.followed.is_none() && ends
    });
    Ok(all)
}

fn of_posts(
    conn: &mut Conn,
    context: &Context,
    posts: HashMap<PersonId, Post>,
    asof: &AsOf,
) -> Result<Vec<Placed>> {
    let posts: HashMap<PersonId, Arc<Post>> =
        posts.into_iter().map(|(person, post)| (person, Arc::new(post))).collect();
    let people: Vec<PersonId> = posts.keys().copied().collect();
    let few = people.len() <= FEW;
    let whose = if few { Whose::These(&people) } else { Whose::All };
    let mut papers = issued(conn, whose, asof.known_at)?;
    let among = few.then_some(people.as_slice());
    let elsewhere = ledger::certificates_of_others(conn, SOURCE, among, asof.known_at)?;
    papers.extend(elsewhere.iter().filter_map(recorded));
    papers.retain(|paper| posts.contains_key(&paper.person));
    let papers = in_order(papers);
    let facts = facts_for(conn, context, &papers, asof.known_at)?;
    let seen = papers.into_iter().map(|paper| {
        let facts = facts.get(&paper.person).map_or(&[][..], Vec::as_slice);
        paper.seen(context, facts, asof.on)
    });
    let mut all: Vec<Seen> = seen.collect();
    follow(&mut all, asof.on);
    let placed = counting(all, asof.on).into_iter().filter_map(|seen| {
        let post = posts.get(&seen.held.person)?;
        Some((post.clone(), seen))
    });
    Ok(placed.collect())
}

/// People whose certificates are fetched by person; for more, the whole table is read once.
const FEW: usize = 2000;

/// More than any group employs: a board is not cut off silently.
const EVERYBODY: i64 = 1_000_000;

fn posts_on(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    today: NaiveDate,
    on: NaiveDate,
) -> Result<HashMap<PersonId, Post>> {
    let mut posts = if on == today {
        staff::queries::posts(conn, scope, filter, today, EVERYBODY, 0)?
    } else {
        let seen = staff::queries::people_within(conn, scope, None, today)?;
        let seen: HashSet<PersonId> = seen.into_iter().collect();
        let everybody = Scope::everyone();
        let mut posts = staff::queries::posts(conn, &everybody, filter, on, EVERYBODY, 0)?;
        posts.retain(|post| seen.contains(&post.person.id));
        posts
    };
    Ok(posts.drain(..).map(|post| (post.person.id, post)).collect())
}

/// Whose certificates are asked for.
enum Whose<'a> {
    These(&'a [PersonId]),
    All,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = certificate)]
struct PaperRow {
    id: CertificateId,
    person_id: PersonId,
    certification: String,
    number: String,
    issued_on: NaiveDate,
    valid_from: NaiveDate,
    valid_through: Option<NaiveDate>,
    cycle: i64,
    basis: Basis,
    issuer: Option<String>,
    previous_id: Option<CertificateId>,
}

impl PaperRow {
    /// The one whose name it puts right.
    fn put_right(&self) -> Option<CertificateId> {
        self.previous_id.filter(|_| self.basis == Basis::Replacement)
    }

    fn link(&self) -> Link {
        Link {
            issued_on: self.issued_on,
            through: self.valid_through,
            basis: self.basis,
            previous: self.previous_id,
        }
    }
}

/// What we issued, with the acts on it, as known at a moment.
fn issued(conn: &mut Conn, whose: Whose<'_>, at: Option<Instant>) -> Result<Vec<Paper>> {
    let mut rows: Vec<PaperRow> = Vec::new();
    let mut acts: Vec<Act> = Vec::new();
    match whose {
        Whose::All => {
            rows = papers_of(conn, None, at)?;
            acts = acts_of(conn, None, at)?;
        }
        Whose::These(people) => {
            for some in people.chunks(AT_ONCE) {
                rows.extend(papers_of(conn, Some(some), at)?);
            }
            let ids: Vec<CertificateId> = rows.iter().map(|row| row.id).collect();
            for some in ids.chunks(AT_ONCE) {
                acts.extend(acts_of(conn, Some(some), at)?);
            }
        }
    }
    let mut by_certificate = queries::by_certificate(acts);
    // Most take nobody's place; what stands behind the others is looked up by its number.
    let behind: HashSet<CertificateId> = rows.iter().filter_map(PaperRow::put_right).collect();
    let replaced = rows.iter().filter(|row| behind.contains(&row.id));
    let links = replaced.map(|row| (row.id, row.link())).collect();
    let earlier: Vec<Earlier> =
        rows.iter().map(|row| spans::earlier(row.link(), &links, &by_certificate)).collect();
    let whole = rows.into_iter().zip(earlier);
    Ok(whole.map(|(row, earlier)| paper(row, earlier, &mut by_certificate)).collect())
}

const AT_ONCE: usize = 500;

fn papers_of(
    conn: &mut Conn,
    people: Option<&[PersonId]>,
    at: Option<Instant>,
) -> Result<Vec<PaperRow>> {
    let mut query = certificate::table.into_boxed();
    if let Some(people) = people {
        query = query.filter(certificate::person_id.eq_any(people.to_vec()));
    }
    if let Some(at) = at {
        query = query.filter(certificate::issued_at.le(at));
    }
    Ok(query.order(certificate::id).select(PaperRow::as_select()).load(conn)?)
}

/// In the order they were done.
fn acts_of(
    conn: &mut Conn,
    certificates: Option<&[CertificateId]>,
    at: Option<Instant>,
) -> Result<Vec<Act>> {
    let mut query = certificate_act::table.into_boxed();
    if let Some(certificates) = certificates {
        query = query.filter(certificate_act::certificate_id.eq_any(certificates.to_vec()));
    }
    if let Some(at) = at {
        query = query.filter(certificate_act::done_at.le(at));
    }
    Ok(query.order(certificate_act::id).select(Act::as_select()).load(conn)?)
}

fn paper(row: PaperRow, earlier: Earlier, acts: &mut HashMap<CertificateId, Vec<Act>>) -> Paper {
    let ours = row.basis != Basis::Import;
    Paper {
        id: Some(row.id),
        person: row.person_id,
        code: row.certification,
        number: row.number,
        issued_on: row.issued_on,
        from: row.valid_from,
        through: row.valid_through,
        cycle: ours.then_some(row.cycle),
        issuer: row.issuer,
        acts: acts.remove(&row.id).unwrap_or_default(),
        earlier,
    }
}

/// What the record alone knows: issued elsewhere, and imported with somebody's history.
fn recorded(row: &Row) -> Option<Paper> {
    let issued_on = row.from_on.min(row.recorded_at.utc().date_naive());
    (row.source_kind != SOURCE).then(|| Paper {
        id: None,
        person: row.person_id,
        code: row.code.clone(),
        number: row.number.clone().unwrap_or_default(),
        issued_on,
        from: row.from_on,
        through: row.through_on,
        cycle: None,
        issuer: row.issuer.clone(),
        acts: Vec::new(),
        earlier: Earlier { issued_on, through: row.through_on, acts: Vec::new() },
    })
}

fn in_order(papers: Vec<Paper>) -> Vec<Paper> {
    ordered(papers, |a, b| {
        let key = |one: &Paper| (one.person, one.from, one.through, one.id);
        (key(a), &a.code, &a.number).cmp(&(key(b), &b.code, &b.number))
    })
}

/// Sorts a long list of large things by their places in it: each is moved once.
fn ordered<T>(all: Vec<T>, order: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by(|a, b| order(&all[*a], &all[*b]));
    let mut all: Vec<Option<T>> = all.into_iter().map(Some).collect();
    places.into_iter().filter_map(|place| all[place].take()).collect()
}

impl Paper {
    /// How it stands on a day, by the facts of its holder.
    fn seen(self, context: &Context, facts: &[Fact], on: NaiveDate) -> Seen {
        let Paper { id, person, code, number, issued_on, from, cycle, issuer, acts, .. } = self;
        let cycle = rules::cycle_of(context, facts, &code, from, cycle);
        let Earlier { through, acts: earlier, .. } = self.earlier;
        let story = match earlier.is_empty() {
            true => Cow::Borrowed(&acts),
            false => Cow::Owned([earlier.as_slice(), &acts].concat()),
        };
        let life = Life { code: &code, from, through, cycle, acts: &story };
        let standing = standing(context, &life, facts, on);
        let held = Held {
            person,
            id,
            number: Some(number).filter(|number| !number.is_empty()),
            from,
            through: standing.through,
            cycle,
            issuer,
            followed: None,
            standing,
            code,
            acts,
        };
        Seen { held, issued_on, earlier }
    }
}

/// Facts of those whose certificates depend on more than dates and acts.
fn facts_for(
    conn: &mut Conn,
    context: &Context,
    papers: &[Paper],
    at: Option<Instant>,
) -> Result<HashMap<PersonId, Vec<Fact>>> {
    let mut depends: HashMap<&str, (bool, bool)> = HashMap::new();
    let mut people: Vec<PersonId> = Vec::new();
    for Paper { cycle, person, code, .. } in papers {
        let (binds, counts) = *depends.entry(code).or_insert_with(|| {
            let plan = context.certification(code);
            (
                plan.is_some_and(|plan| plan.binds_holders()),
                plan.is_some_and(rules::counts_renewals),
            )
        });
        if (binds || (counts && cycle.is_none())) && people.last() != Some(person) {
            people.push(*person);
        }
    }
    match people.len() {
        0 => Ok(HashMap::new()),
        few if few <= FEW => ledger::facts_of_these(conn, &people, at),
        _ => ledger::facts_of_all(conn, at),
    }
}

/// Notes for each in force the renewal that was issued by the day and follows on it without a gap:
/// then it is not due for renewal any more. They are in the order of [`in_order`].
fn follow(all: &mut [Seen], on: NaiveDate) {
    for of_person in all.chunk_by_mut(|a, b| a.held.person == b.held.person) {
        let mut coming: Vec<(String, NaiveDate, Option<NaiveDate>)> = Vec::new();
        for Seen { held, issued_on, .. } in of_person.iter_mut().rev() {
            match held.state() {
                State::NotYet if *issued_on <= on => {
                    coming.push((held.code.clone(), held.from, held.through));
                }
                State::Valid | State::Expiring(_) => {
                    let next = coming.iter().rev().find(|(code, ..)| *code == held.code);
                    let reaches = |from| held.through.is_none_or(|last| from <= next_day(last));
                    let next = next.filter(|(_, from, _)| reaches(*from));
                    if let Some((_, from, through)) = next {
                        held.followed = Some((*from, *through));
                        held.standing.state = State::Valid;
                        held.standing.window = None;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Of each person and certification the one that counts on the day; soonest expiry first. What was
/// not even issued by then, and begins later, is no answer to the question how things stood. They
/// are in the order of [`in_order`].
fn counting(all: Vec<Seen>, on: NaiveDate) -> Vec<Seen> {
    let mut kept: Vec<Seen> = Vec::with_capacity(all.len());
    // Where those of the person at hand begin.
    let mut first = 0;
    for seen in all {
        let Seen { held, issued_on, .. } = &seen;
        if *issued_on > on && held.from > on {
            continue;
        }
        if kept.last().is_some_and(|last| last.held.person != held.person) {
            first = kept.len();
        }
        match kept[first..].iter_mut().find(|other| other.held.code == held.code) {
            Some(other) if other.weight(on) > seen.weight(on) => {}
            Some(other) => *other = seen,
            None => kept.push(seen),
        }
    }
    ordered(kept, |a, b| {
        let last = |seen: &Seen| seen.held.through.unwrap_or(NaiveDate::MAX);
        let (one, other) = (&a.held, &b.held);
        (last(a), &one.code, one.person).cmp(&(last(b), &other.code, other.person))
    })
}
