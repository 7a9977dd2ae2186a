//! Saving an answer of a running exam over HTTP, sixty-four candidates at a time, beside a bare
//! handler of the same web framework and beside bare commits of one row on the same disk.
//!
//! `cargo bench --bench answers`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/network.rs"]
mod network;

use std::{net::SocketAddr, time::Instant};

use diesel::connection::SimpleConnection;
use measure::{ROUNDS, Rates, print_head};
use network::{Client, PEOPLE, serve, serve_bare};
use shifu::{app::Shared, db::Error};

const QUESTIONS: i64 = 20;
const PROBES: usize = 300;

fn main() {
    let (found, _folder) = databases::databases();
    print_head("answers saved over HTTP, 64 candidates");
    for (name, url) in found {
        let shared = network::network(url);
        let (ours, plain) = (serve(shared.clone()), serve_bare());
        let candidates: Vec<(Client, String)> = (0..PEOPLE).map(|n| start(ours, n)).collect();
        let (mut bare, mut commits, mut saves) =
            (Rates::default(), Rates::default(), Rates::default());
        let mut candidates = candidates;
        let mut waits = Vec::new();
        for round in 1..=ROUNDS as i64 {
            ask_bare(plain, &mut bare);
            commit_rows(&shared, &mut commits);
            let begun = Instant::now();
            let (back, took) = save_all(candidates, round);
            saves.add(PEOPLE * QUESTIONS as usize, begun.elapsed());
            candidates = back;
            waits.extend(took);
        }
        waits.sort_by(f64::total_cmp);
        let count = PEOPLE * QUESTIONS as usize;
        bare.print(&format!("{name}: probe, a bare handler"), count, &bare);
        commits.print(&format!("{name}: probe, one row a commit"), PROBES, &bare);
        saves.print(&format!("{name}: answers, beside the handler"), count, &bare);
        saves.print(&format!("{name}: answers, beside the commits"), count, &commits);
        println!("{name}: p99 {:.1} ms", waits[waits.len() * 99 / 100]);
    }
}

/// A candidate with a running attempt, and where its answers go.
fn start(address: SocketAddr, person: usize) -> (Client, String) {
    let mut client = Client::new(address, person);
    let key = format!("form_key=bench-{person}");
    let begun = client.post(
        "/exams/inhouse-default/brake-theory/start",
        "application/x-www-form-urlencoded",
        &key,
    );
    assert_eq!(begun.status, 303, "{}", begun.body);
    (client, format!("{}/answers", begun.location))
}

/// Every candidate answers every question once; returns how long each save took, in ms.
fn save_all(candidates: Vec<(Client, String)>, round: i64) -> (Vec<(Client, String)>, Vec<f64>) {
    let threads = candidates.into_iter().map(|(mut client, path)| {
        std::thread::spawn(move || {
            let mut waits = Vec::new();
            for position in 1..=QUESTIONS {
                let begun = Instant::now();
                // Taking an answer back is an answer every kind of question understands.
                let body =
                    format!("{{\"position\":{position},\"response\":\"\",\"edition\":{round}}}");
                let answer = client.post(&path, "application/json", &body);
                assert_eq!(answer.status, 200, "{}", answer.body);
                waits.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            (client, path, waits)
        })
    });
    let (mut back, mut all) = (Vec::new(), Vec::new());
    for thread in threads.collect::<Vec<_>>() {
        let (client, path, waits) = thread.join().expect("the candidate comes to the end");
        back.push((client, path));
        all.extend(waits);
    }
    (back, all)
}

fn ask_bare(address: SocketAddr, rates: &mut Rates) {
    let begun = Instant::now();
    let threads = (0..PEOPLE).map(|n| {
        std::thread::spawn(move || {
            let mut client = Client::new(address, n);
            (0..QUESTIONS).for_each(|_| assert_eq!(client.get("/").status, 200));
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|one| one.join().expect("an end"));
    rates.add(PEOPLE * QUESTIONS as usize, begun.elapsed());
}

/// One row a commit, one after the other, through the program's own durable connection.
fn commit_rows(shared: &Shared, rates: &mut Rates) {
    let begun = Instant::now();
    for n in 0..PROBES {
        shared
            .db
            .write_blocking(move |conn| -> Result<(), Error> {
                Ok(conn.batch_execute(&format!(
                    "UPDATE site SET name_en = 'probe {n}' WHERE code = 'group'"
                ))?)
            })
            .expect("committed");
    }
    rates.add(PROBES, begun.elapsed());
}
