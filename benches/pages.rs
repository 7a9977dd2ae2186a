//! A page of fifty rows by the real application, beside a bare handler of the same web framework,
//! asked by the same clients in the same rounds.
//!
//! `cargo bench --bench pages`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/network.rs"]
mod network;

use std::{net::SocketAddr, time::Instant};

use measure::{ROUNDS, Rates, print_head};
use network::{Client, serve, serve_bare};

const CONNECTIONS: usize = 32;
const REQUESTS_OF_EACH: usize = 60;

fn main() {
    let (found, _folder) = databases::databases();
    print_head("pages, 32 connections");
    for (name, url) in found {
        let (ours, bare) = (serve(network::network(url)), serve_bare());
        let (page, rows) = widest_page(ours);
        let (mut probe, mut rates) = (Rates::default(), Rates::default());
        for _ in 0..ROUNDS {
            rush(bare, "/", &mut probe);
            rush(ours, page, &mut rates);
        }
        let count = CONNECTIONS * REQUESTS_OF_EACH;
        probe.print(&format!("{name}: probe, a bare handler"), count, &probe);
        rates.print(&format!("{name}: {page} with {rows} rows"), count, &probe);
    }
}

/// The list of people, or the longest list there is for an administrator.
fn widest_page(address: SocketAddr) -> (&'static str, usize) {
    let rows = |page: &&'static str| {
        let answer = Client::new(address, 0).get(page);
        if answer.status == 200 { answer.body.matches("<tr").count() } else { 0 }
    };
    let pages = ["/people", "/admin/roles", "/account"].map(|page| (page, rows(&page)));
    pages.into_iter().max_by_key(|(_, rows)| *rows).expect("there are pages")
}

fn rush(address: SocketAddr, path: &'static str, rates: &mut Rates) {
    let clients: Vec<Client> = (0..CONNECTIONS).map(|_| Client::new(address, 0)).collect();
    let begun = Instant::now();
    let threads: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            std::thread::spawn(move || {
                for _ in 0..REQUESTS_OF_EACH {
                    let answer = client.get(path);
                    assert_eq!(answer.status, 200, "{path} leads to {}", answer.location);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the client comes to its end"));
    rates.add(CONNECTIONS * REQUESTS_OF_EACH, begun.elapsed());
}
