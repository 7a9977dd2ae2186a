//! Planning reminders beside the bare indexed query for what ends within the same days, in two
//! networks of different size: in one shape the same number of certificates is due in both, in the
//! other their last days are spread evenly over three years. Then entering what was planned, with its
//! mails and notices, and rounds in which nothing has changed.
//!
//! `cargo bench --bench reminders`; `SHIFU_BENCH_CERTIFICATES` (1,200,000), `SHIFU_BENCH_DUE`
//! (12,000) and `SHIFU_BENCH_EACH` (12 certificates a person) make it smaller.

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant as Watch,
};

use chrono::{Duration, NaiveDate};
use diesel::{
    connection::{
        Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation,
    },
    prelude::*,
};
use measure::{ROUNDS, Rates, print_head};
use shifu::{
    access::{Role, queries},
    app::Shared,
    db::{Conn, Db, Error, Instant, schema},
    each_backend,
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
        period::{days_after, days_before},
    },
    reminders::{
        planner::{self, By},
        recipients::When,
        sources::Whose,
    },
    settings::Settings,
    staff::{
        SiteId, SiteKind,
        transfers::{self, NewSite},
    },
    web::Clock,
};

static QUERIES: AtomicUsize = AtomicUsize::new(0);

fn counting() -> Option<Box<dyn Instrumentation>> {
    let count = |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            QUERIES.fetch_add(1, Ordering::Relaxed);
        }
    };
    Some(Box::new(count))
}

fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|word| word.parse().ok()).unwrap_or(usual)
}

fn main() {
    set_default_instrumentation(counting).expect("queries can be counted");
    let total = setting("SHIFU_BENCH_CERTIFICATES", 1_200_000);
    let due = setting("SHIFU_BENCH_DUE", 12_000);
    let each = setting("SHIFU_BENCH_EACH", 12);
    print_head("reminders: due ones a second");
    let mut made = 0;
    for shape in [Shape::AFew, Shape::Spread] {
        for total in [total / 10, total] {
            let (found, _folder) = databases::databases();
            made += 1;
            for (name, url) in found {
                let url = place_of_its_own(url, made);
                let network = Network::make(url, shape, total, due.min(total / 2), each);
                let name = format!("{name}, {shape:?}");
                network.plan(&name);
                network.post(&name);
                network.rounds(&name);
                network.empty(&name);
            }
        }
    }
}

/// On PostgreSQL each network lives in a schema of its own.
fn place_of_its_own(url: String, number: usize) -> String {
    if !url.starts_with("postgres") {
        return url;
    }
    let mut conn = PgConnection::establish(&url).expect("PostgreSQL answers");
    conn.batch_execute(&format!("CREATE SCHEMA network_{number}")).expect("a schema");
    let and = if url.contains('?') { '&' } else { '?' };
    format!("{url}{and}options=-csearch_path%3Dnetwork_{number}")
}

/// When certificates end.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// So many in thirty days, the others in years.
    AFew,
    /// As many on each day of the next three years.
    Spread,
}

impl Shape {
    /// In how many days a certificate ends, where one in so many ends soon.
    fn ends_in(self, number: usize, stride: usize) -> i64 {
        match self {
            Shape::AFew if number.is_multiple_of(stride) => 30,
            Shape::AFew => 400 + number as i64 % 700,
            Shape::Spread => number as i64 % 1095,
        }
    }
}

/// A group of dealers on a database of its own.
struct Network {
    shared: Shared,
    today: NaiveDate,
    shape: Shape,
    total: usize,
    due: usize,
}

/// A site has so many people, one of whom manages it.
const CREW: usize = 50;
const TOGETHER: usize = 400;

impl Network {
    fn make(url: String, shape: Shape, total: usize, due: usize, each: usize) -> Network {
        let settings = Settings { database_url: url, ..Settings::default() };
        let clock = Clock::default();
        let today = clock.now().utc().date_naive();
        // Noon in Shanghai: outside quiet hours, and no day begins while it is measured.
        clock.travel_to(today.and_hms_opt(4, 0, 0).expect("a moment").and_utc().into());
        let shared = Shared::open(&settings, clock).expect("the application starts");
        let now = shared.clock.now();
        let due = match shape {
            Shape::AFew => due,
            Shape::Spread => total * 91 / 1095,
        };
        let network = Network { shared, today, shape, total, due };
        let people = (total / each).max(CREW);
        let begun = Watch::now();
        network.db().write_blocking(move |conn| fill(conn, people, today, now)).expect("people");
        network.certify(people, each, now);
        network.settle("fact");
        eprintln!("{total} certificates of {people} people made in {:.0?}", begun.elapsed());
        network
    }

    fn db(&self) -> &Db {
        &self.shared.db
    }

    /// PostgreSQL looks at a table by itself within a minute of so many changes; the bench does not
    /// wait for that. What it knows of an empty table would only mislead it.
    fn settle(&self, table: &'static str) {
        let job = move |conn: &mut Conn| -> Result<(), Error> {
            match conn {
                Conn::Sqlite(_) => Ok(()),
                Conn::Postgres(conn) => Ok(conn.batch_execute(&format!("ANALYZE {table}"))?),
            }
        };
        self.db().write_blocking(job).expect("statistics");
    }

    fn certify(&self, people: usize, each: usize, now: Instant) {
        let codes: Vec<String> = (0..each).map(|n| format!("bench/c{n}")).collect();
        let (shape, stride) = (self.shape, (self.total / self.due.max(1)).max(1));
        for block in (0..people).collect::<Vec<_>>().chunks(2000) {
            let (block, codes, today) = (block.to_vec(), codes.clone(), self.today);
            let write = move |conn: &mut Conn| -> Result<(), Error> {
                let mut facts = Vec::new();
                for person in &block {
                    for (n, code) in codes.iter().enumerate() {
                        let number = person * codes.len() + n;
                        let ends = shape.ends_in(number, stride);
                        let from = today - Duration::days(300);
                        let through = Some(today + Duration::days(ends));
                        facts.push((
                            PersonId(*person as i64 + 1),
                            NewFact::new(Kind::Certificate, code, from).through(through),
                            Source::new("bench", number as i64),
                        ));
                    }
                }
                let facts = facts.iter().map(|(person, fact, source)| (*person, fact, *source));
                ledger::append_all(conn, facts, Stamp { at: now, by: None }).map(drop)
            };
            self.db().write_blocking(write).expect("certificates");
        }
    }

    fn planned(&self) -> Vec<shifu::reminders::model::Due> {
        let Shared { rules, reminders, .. } = &self.shared;
        let when = When { now: self.shared.clock.now(), on: Some(self.today) };
        let by = By { rules, reminders };
        let plan = |conn: &mut Conn| planner::due(conn, by, when, 0, &Whose::Everyone);
        self.db().read_blocking(plan).expect("a plan")
    }

    fn bare(&self) -> usize {
        let (first, last) = (days_before(self.today, 91), days_after(self.today, 91));
        let kind = (Kind::Certificate, None);
        let ask = |conn: &mut Conn| ledger::rows_running_out(conn, kind, None, first, last);
        self.db().read_blocking(ask).expect("rows").len()
    }

    fn plan(&self, name: &str) {
        let (mut probe, mut ours) = (Rates::default(), Rates::default());
        let (mut count, mut asked) = (0, 0);
        for _ in 0..ROUNDS {
            let begun = Watch::now();
            let rows = self.bare();
            probe.add(rows, begun.elapsed());
            let (begun, before) = (Watch::now(), QUERIES.load(Ordering::Relaxed));
            count = self.planned().len();
            ours.add(rows, begun.elapsed());
            asked = QUERIES.load(Ordering::Relaxed) - before;
        }
        probe.print(
            &format!("{name}: probe, the bare query, {} in all", self.total),
            self.due,
            &probe,
        );
        ours.print(&format!("{name}: planned, {count} to tell, {asked} queries"), self.due, &probe);
    }

    /// What is planned goes into ledger, outbox and notices once; what it takes to look again.
    fn post(&self, name: &str) {
        let dues = self.planned();
        let count = dues.len();
        let (mut probe, mut ours) = (Rates::default(), Rates::default());
        let begun = Watch::now();
        let posting =
            planner::post_due(self.db(), &self.shared.letterhead, dues, self.shared.clock.now());
        let system = actix_web::rt::System::new();
        let outcome = system.block_on(posting).expect("posted");
        ours.add(count, begun.elapsed());
        assert_eq!(outcome.entered, count);
        self.settle("");
        let begun = Watch::now();
        let mails = outcome.mails;
        self.db().write_blocking(move |conn| bare_inserts(conn, mails)).expect("inserted");
        probe.add(count, begun.elapsed());
        probe.print(&format!("{name}: probe, bare inserts of {mails} mails"), count, &probe);
        ours.print(&format!("{name}: entered in {mails} mails"), count, &probe);
        let (mut probe, mut ours) = (Rates::default(), Rates::default());
        for _ in 0..ROUNDS {
            let begun = Watch::now();
            let rows = self.bare();
            probe.add(rows, begun.elapsed());
            let begun = Watch::now();
            assert!(self.planned().is_empty(), "each was told");
            ours.add(rows, begun.elapsed());
        }
        ours.print(&format!("{name}: looked again, all told"), self.due, &probe);
    }

    /// What the background does every ten minutes when everybody was told and nothing has changed.
    fn rounds(&self, name: &str) {
        let Shared { db, rules, reminders, letterhead, clock, process, reminded, .. } =
            &self.shared;
        let (head, holder) = (letterhead, process.as_str());
        let desk = planner::Desk { db, rules, reminders, head, holder, memory: reminded };
        let system = actix_web::rt::System::new();
        let round = || {
            clock.advance(Duration::minutes(11));
            system.block_on(planner::round(desk, clock.now())).expect("a round").expect("its time");
        };
        // The first goes through everything, and issues what time has made due.
        round();
        let (mut probe, mut ours) = (Rates::default(), Rates::default());
        for _ in 0..ROUNDS {
            let begun = Watch::now();
            let rows = self.bare();
            probe.add(rows, begun.elapsed());
            let begun = Watch::now();
            round();
            ours.add(rows, begun.elapsed());
        }
        ours.print(&format!("{name}: a round, nothing has changed"), self.due, &probe);
    }

    /// On a day on which nothing is due it costs next to nothing.
    fn empty(&self, name: &str) {
        let Shared { rules, reminders, .. } = &self.shared;
        let quiet = self.today - Duration::days(200);
        let begun = Watch::now();
        let when = When { now: self.shared.clock.now(), on: Some(quiet) };
        let by = By { rules, reminders };
        let plan = |conn: &mut Conn| planner::due(conn, by, when, 0, &Whose::Everyone);
        let found = self.db().read_blocking(plan).expect("a plan");
        assert!(found.is_empty());
        println!("{name}: nothing due among {}: {:.1?}", self.total, begun.elapsed());
    }
}

fn fill(conn: &mut Conn, people: usize, today: NaiveDate, now: Instant) -> Result<(), Error> {
    let stamp = Stamp { at: now, by: None };
    let group = site(conn, "group", None, stamp)?;
    let sites: Vec<SiteId> = (0..people.div_ceil(CREW))
        .map(|n| site(conn, &format!("site-{n}"), Some(group), stamp))
        .collect::<Result<_, _>>()?;
    for some in (0..people).collect::<Vec<_>>().chunks(TOGETHER) {
        use schema::{assignment, person};
        let rows: Vec<_> = some
            .iter()
            .map(|n| {
                (
                    person::id.eq(*n as i64 + 1),
                    person::staff_no.eq(format!("P{n}")),
                    person::name.eq(format!("员工{n}")),
                    person::email.eq(format!("p{n}@bench.example")),
                    person::language.eq("zh-CN"),
                    person::created_at.eq(now),
                )
            })
            .collect();
        each_backend!(conn, |conn| diesel::insert_into(person::table).values(rows).execute(conn))?;
        let rows: Vec<_> = some
            .iter()
            .map(|n| {
                let leads = n - n % CREW;
                (
                    assignment::person_id.eq(*n as i64 + 1),
                    assignment::site_id.eq(sites[n / CREW]),
                    assignment::position.eq("technician"),
                    assignment::manager_id.eq((leads != *n).then_some(leads as i64 + 1)),
                    assignment::starts_on.eq(today - Duration::days(1000)),
                    assignment::recorded_at.eq(now),
                )
            })
            .collect();
        each_backend!(conn, |conn| diesel::insert_into(assignment::table)
            .values(rows)
            .execute(conn))?;
    }
    for (n, site) in sites.iter().enumerate() {
        let (who, since) = (PersonId((n * CREW) as i64 + 1), today - Duration::days(1000));
        queries::add_grant(conn, who, Role::Manager, *site, since, None, now)?;
    }
    Ok(())
}

fn site(
    conn: &mut Conn,
    code: &str,
    parent: Option<SiteId>,
    stamp: Stamp,
) -> Result<SiteId, Error> {
    let kind = if parent.is_none() { SiteKind::Group } else { SiteKind::Site };
    let time_zone = "Asia/Shanghai";
    let new = NewSite { code, name: code, name_en: None, kind, time_zone, parent };
    transfers::add_site(conn, &new, stamp)
}

/// Rows as large as a mail and its notice, in one transaction and nothing else.
fn bare_inserts(conn: &mut Conn, mails: usize) -> Result<(), Error> {
    use schema::{outbox, outbox_body};
    let now: Instant =
        "2000-01-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().expect("a moment").into();
    let body = "x".repeat(2500);
    for n in 0..mails {
        let id: i64 = diesel::insert_into(outbox::table)
            .values((
                outbox::message_id.eq(format!("<bare-{n}@bench.example>")),
                outbox::recipient.eq("somebody@bench.example"),
                outbox::language.eq("zh-CN"),
                outbox::subject.eq("x"),
                outbox::created_at.eq(now),
                outbox::next_try_at.eq(now),
                outbox::tries.eq(0),
                outbox::sent_at.eq(now),
            ))
            .returning(outbox::id)
            .get_result(conn)?;
        diesel::insert_into(outbox_body::table)
            .values((
                outbox_body::outbox_id.eq(id),
                outbox_body::plain.eq(&body[..500]),
                outbox_body::html.eq(&body),
            ))
            .execute(conn)?;
    }
    Ok(())
}
