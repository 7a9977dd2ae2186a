//! How a million certificates stand: the board of a whole network, today and as of another day,
//! beside the bare scan of the same rows; and one person, now and as known then.
//!
//! `cargo bench --bench certificates`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;

use std::{hint::black_box, time::Instant};

use chrono::NaiveDate;
use diesel::{connection::SimpleConnection, prelude::*};
use measure::{ROUNDS, Rates, print_head};
use shifu::{
    app::Shared,
    certification::{asof, model::CertificateId},
    db::{Conn, Error, schema::certificate},
    record::{
        PersonId, Rules,
        asof::{AsOf, Days},
    },
    settings::Settings,
    staff::queries::{Filter, Scope},
    web::Clock,
};

const PEOPLE: usize = 100_000;
const EACH: usize = 10;
/// People asked about one by one in a round.
const ASKED: usize = 2_000;

fn main() {
    let (found, _folder) = databases::databases();
    print_head("certificates a second");
    for (name, url) in found {
        let clock = Clock::default();
        let then = "2026-11-23T02:00:00Z".parse::<chrono::DateTime<chrono::Utc>>();
        clock.travel_to(then.expect("a moment").into());
        let settings = Settings { database_url: url, ..Settings::default() };
        let shared = Shared::open(&settings, clock).expect("the database opens");
        shared.db.write_blocking(fill).expect("a million certificates");
        boards(name, &shared);
        people(name, &shared);
    }
}

fn day(word: &str) -> NaiveDate {
    word.parse().expect("a day")
}

/// Today, and a day two years back as it was known half a year after it.
fn moments() -> [(&'static str, AsOf); 2] {
    let (today, zone) = (day("2026-11-23"), chrono_tz::Asia::Shanghai);
    let past = Days { on: Some(day("2024-11-23")), known_on: Some(day("2025-05-23")) };
    [("now", AsOf::now(today)), ("as of two years ago, as known then", past.at(today, zone))]
}

fn boards(name: &str, shared: &Shared) {
    let (mut probe, mut rates) = (Rates::default(), [Rates::default(), Rates::default()]);
    let mut shown = [0; 2];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let count = shared.db.read_blocking(scan).expect("a scan");
        probe.add(count, begun.elapsed());
        for (at, (_, asof)) in moments().iter().enumerate() {
            let begun = Instant::now();
            shown[at] =
                shared.db.read_blocking(|conn| board(conn, &shared.rules, asof)).expect("a board");
            rates[at].add(PEOPLE * EACH, begun.elapsed());
        }
    }
    probe.print(&format!("{name}: probe, the bare scan"), PEOPLE * EACH, &probe);
    for (at, (moment, _)) in moments().iter().enumerate() {
        let what = format!("{name}: board, {} rows, {moment}", shown[at]);
        rates[at].print(&what, PEOPLE * EACH, &probe);
    }
}

type Bare = (
    CertificateId,
    PersonId,
    String,
    String,
    NaiveDate,
    NaiveDate,
    Option<NaiveDate>,
    i64,
    Option<String>,
);

fn scan(conn: &mut Conn) -> Result<usize, Error> {
    let rows: Vec<Bare> = certificate::table
        .order(certificate::id)
        .select((
            certificate::id,
            certificate::person_id,
            certificate::certification,
            certificate::number,
            certificate::issued_on,
            certificate::valid_from,
            certificate::valid_through,
            certificate::cycle,
            certificate::issuer,
        ))
        .load(conn)?;
    Ok(black_box(rows).len())
}

fn board(conn: &mut Conn, rules: &Rules, asof: &AsOf) -> Result<usize, Error> {
    let (scope, filter, today) = (Scope::everyone(), Filter::default(), day("2026-11-23"));
    let rows = asof::board(conn, rules.context(), &scope, &filter, today, asof)?;
    Ok(black_box(rows).len())
}

fn people(name: &str, shared: &Shared) {
    let mut rates = [Rates::default(), Rates::default()];
    for _ in 0..ROUNDS {
        for (at, (_, asof)) in moments().iter().enumerate() {
            let begun = Instant::now();
            let asked = shared.db.read_blocking(|conn| -> Result<(), Error> {
                for one in 0..ASKED {
                    let person = PersonId((one * 37 % PEOPLE) as i64 + 1);
                    black_box(asof::of_person(conn, shared.rules.context(), person, asof)?);
                }
                Ok(())
            });
            asked.expect("people");
            rates[at].add(ASKED, begun.elapsed());
        }
    }
    for (at, (moment, _)) in moments().iter().enumerate() {
        rates[at].print(&format!("{name}: one person, {moment}"), ASKED, &rates[0]);
    }
}

/// A site, its people, and what each was issued over the years, written by the database itself.
fn fill(conn: &mut Conn) -> Result<(), Error> {
    let (plus, moment) = match conn {
        Conn::Sqlite(_) => (
            "date('2016-01-01', '+' || (i % 3600) || ' days')",
            "datetime('2016-01-01', '+' || (i % 3600) || ' days')",
        ),
        Conn::Postgres(_) => (
            "(DATE '2016-01-01' + (i % 3600)::int)",
            "(TIMESTAMP '2016-01-01' + make_interval(days => (i % 3600)::int))",
        ),
    };
    let through = match conn {
        Conn::Sqlite(_) => "date('2018-01-01', '+' || (i % 3600) || ' days')",
        Conn::Postgres(_) => "(DATE '2018-01-01' + (i % 3600)::int)",
    };
    let blob = match conn {
        Conn::Sqlite(_) => "x'00'",
        Conn::Postgres(_) => "'\\x00'::bytea",
    };
    let series = |n: usize| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {})",
            n - 1
        )
    };
    let (people, all) = (series(PEOPLE), series(PEOPLE * EACH));
    let code = format!(
        "CASE i / {PEOPLE} WHEN 0 THEN 'inhouse-default/brake-specialist' WHEN 1 THEN 'inhouse-default/hv-aware' ELSE 'elsewhere/c' || (i / {PEOPLE}) END"
    );
    conn.batch_execute(&format!(
        "INSERT INTO site (code, name, kind, time_zone, lineage, created_at) VALUES ('g', '集团', 'group', 'Asia/Shanghai', '/1/', '2016-01-01 00:00:00');
         {people} INSERT INTO person (staff_no, name, language, created_at) SELECT 'P' || i, '张伟', 'zh-CN', '2016-01-01 00:00:00' FROM n;
         {people} INSERT INTO assignment (person_id, site_id, position, starts_on, recorded_at) SELECT i + 1, 1, 'technician', '2016-01-01', '2016-01-01 00:00:00' FROM n;
         {all} INSERT INTO fact (person_id, seq, kind, code, from_on, through_on, source_kind, source_id, source_line, recorded_at, digest, hash)
           SELECT i % {PEOPLE} + 1, i / {PEOPLE} + 1, 'certificate', {code}, {plus}, {through}, 'certificate', i + 1, 0, {moment}, {blob}, {blob} FROM n;
         {all} INSERT INTO certificate (person_id, certification, content_id, number, check_code, issued_on, valid_from, valid_through, printed, verdict, issued_at, fact_id)
           SELECT i % {PEOPLE} + 1, {code}, (SELECT min(id) FROM content), 'N' || i, 'AAAAAAAAAA', {plus}, {plus}, {through}, '{{}}', '{{}}', {moment}, i + 1 FROM n;
         INSERT INTO certificate_act (certificate_id, act, on_day, why, done_at)
           SELECT id, 'suspended', valid_from, '因', issued_at FROM certificate WHERE id % 100 = 0;"
    ))?;
    Ok(())
}
