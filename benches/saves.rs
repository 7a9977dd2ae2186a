//! Durable saves, as an exam makes them: read the edition, write the answer, answer when it is on
//! disk. Sixty-four at a time through `Db::write`, beside bare commits of one row by one
//! connection on the same disk in the same rounds.
//!
//! `cargo bench --bench saves`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;

use std::time::Instant;

use diesel::{connection::SimpleConnection, prelude::*};
use measure::{ROUNDS, Rates, print_head};
use shifu::db::{Conn, Db, Error};

const CLIENTS: usize = 64;
const SAVES_OF_EACH: usize = 50;
const PROBES: usize = 500;

diesel::table! {
    bench_answer (attempt_id, position) {
        attempt_id -> BigInt,
        position -> BigInt,
        response -> Text,
        edition -> BigInt,
    }
}

fn main() {
    let (found, _folder) = databases::databases();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    print_head("durable saves, 64 at a time");
    for (name, url) in found {
        let db = Db::open(&url).expect("the database opens");
        db.write_blocking(prepare).expect("a table for the saves");
        let mut probe = connect(&url);
        let (mut bare, mut grouped) = (Rates::default(), Rates::default());
        let mut waits = Vec::new();
        for round in 0..ROUNDS as i64 {
            let begun = Instant::now();
            for at in 0..PROBES as i64 {
                save(&mut probe, 1_000_000 + round, at, "A").expect("saved");
            }
            bare.add(PROBES, begun.elapsed());
            let begun = Instant::now();
            waits.extend(runtime.block_on(rush(&db, round)));
            grouped.add(CLIENTS * SAVES_OF_EACH, begun.elapsed());
        }
        waits.sort_by(f64::total_cmp);
        bare.print(&format!("{name}: probe, one row a commit"), PROBES, &bare);
        grouped.print(&format!("{name}: Db::write"), CLIENTS * SAVES_OF_EACH, &bare);
        println!("{name}: p99 {:.1} ms", waits[waits.len() * 99 / 100]);
        db.write_blocking(drop_table).expect("the table goes away");
    }
}

/// Every client saves one answer after the other; returns how long each save took, in ms.
async fn rush(db: &Db, round: i64) -> Vec<f64> {
    let clients = (0..CLIENTS as i64).map(|client| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut waits = Vec::with_capacity(SAVES_OF_EACH);
            for at in 0..SAVES_OF_EACH as i64 {
                let begun = Instant::now();
                let attempt = round * CLIENTS as i64 + client;
                db.write(move |conn| save(conn, attempt, at % 25, "B")).await.expect("saved");
                waits.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            waits
        })
    });
    let mut all = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        all.extend(client.await.expect("the client comes to its end"));
    }
    all
}

/// The edition so far is read first; an older save that comes late must change nothing.
fn save(conn: &mut Conn, attempt: i64, position: i64, response: &str) -> Result<(), Error> {
    let answer = bench_answer::table.find((attempt, position));
    let edition: Option<i64> = answer.select(bench_answer::edition).first(conn).optional()?;
    match edition {
        Some(edition) => diesel::update(answer)
            .set((bench_answer::response.eq(response), bench_answer::edition.eq(edition + 1)))
            .execute(conn)?,
        None => diesel::insert_into(bench_answer::table)
            .values((
                bench_answer::attempt_id.eq(attempt),
                bench_answer::position.eq(position),
                bench_answer::response.eq(response),
                bench_answer::edition.eq(1),
            ))
            .execute(conn)?,
    };
    Ok(())
}

fn prepare(conn: &mut Conn) -> Result<(), Error> {
    Ok(conn.batch_execute(
        "CREATE TABLE bench_answer (attempt_id BIGINT NOT NULL, position BIGINT NOT NULL, \
         response TEXT NOT NULL, edition BIGINT NOT NULL, PRIMARY KEY (attempt_id, position))",
    )?)
}

fn drop_table(conn: &mut Conn) -> Result<(), Error> {
    Ok(conn.batch_execute("DROP TABLE bench_answer")?)
}

/// A connection of the probe's own, as durable as the program's.
fn connect(url: &str) -> Conn {
    match url.strip_prefix("sqlite://") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(file).expect("opens");
            conn.batch_execute(
                "PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
            )
            .expect("is durable");
            Conn::Sqlite(conn)
        }
        None => Conn::Postgres(PgConnection::establish(url).expect("opens")),
    }
}
