//! A page of fifty rows by the real application, beside a bare handler of the same web framework,
//! asked by the same clients in the same rounds.
//!
//! `cargo bench --bench pages`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Instant,
};

use actix_web::{App, HttpServer, web};
use measure::{ROUNDS, Rates, print_head};
use shifu::{
    access::{Role, links, queries, viewer::SESSION_COOKIE},
    app::{self, Shared},
    db::{Conn, Error},
    i18n::Lang,
    record::{PersonId, ledger::Stamp},
    settings::Settings,
    staff::{
        SiteKind,
        transfers::{self, NewAssignment, NewPerson, NewSite},
    },
    web::Clock,
};

const CONNECTIONS: usize = 32;
const REQUESTS_OF_EACH: usize = 60;
const PEOPLE: usize = 60;
const TOKEN: &str = "the-session-of-the-bench";

fn main() {
    let (found, _folder) = databases::databases();
    print_head("pages, 32 connections");
    for (name, url) in found {
        let settings = Settings { database_url: url, ..Settings::default() };
        let shared = Shared::open(&settings, Clock::default()).expect("the application starts");
        let now = shared.clock.now();
        let stamp = Stamp { at: now, by: None };
        shared.db.write_blocking(move |conn| fill(conn, stamp)).expect("a network");
        let (ours, bare) = (serve(shared), serve_bare());
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
        let mut client = Client::new(address);
        let (status, body) = client.get(page);
        if status == 200 { body.matches("<tr").count() } else { 0 }
    };
    let pages = ["/people", "/admin/roles", "/account"].map(|page| (page, rows(&page)));
    pages.into_iter().max_by_key(|(_, rows)| *rows).expect("there are pages")
}

fn rush(address: SocketAddr, path: &'static str, rates: &mut Rates) {
    let clients: Vec<Client> = (0..CONNECTIONS).map(|_| Client::new(address)).collect();
    let begun = Instant::now();
    let threads: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            std::thread::spawn(move || {
                for _ in 0..REQUESTS_OF_EACH {
                    assert_eq!(client.get(path).0, 200, "{path}");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("the client comes to its end"));
    rates.add(CONNECTIONS * REQUESTS_OF_EACH, begun.elapsed());
}

/// A client that costs little beside the server: one connection, one request after the other.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn new(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Client { stream: BufReader::new(stream) }
    }

    /// Status and body. Without `Accept-Encoding` the body comes plain, with its length.
    fn get(&mut self, path: &str) -> (u16, String) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: {SESSION_COOKIE}={TOKEN}\r\n\r\n"
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("an answer");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().expect("a length");
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}

fn serve(shared: Shared) -> SocketAddr {
    in_a_thread(move |listener| app::serve(shared, listener, Some(2)))
}

fn serve_bare() -> SocketAddr {
    in_a_thread(|listener| {
        let server = HttpServer::new(|| App::new().route("/", web::get().to(|| async { "hello" })));
        Ok(server.workers(2).listen(listener)?.run())
    })
}

fn in_a_thread(
    start: impl FnOnce(TcpListener) -> std::io::Result<actix_web::dev::Server> + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        actix_web::rt::System::new()
            .block_on(async move { start(listener).expect("the server starts").await })
    });
    address
}

/// One site full of people, every one with a role, and a session of the administrator's.
fn fill(conn: &mut Conn, stamp: Stamp) -> Result<(), Error> {
    let group = NewSite {
        code: "group",
        name: "长青汽车集团",
        name_en: Some("Evergreen Motors"),
        kind: SiteKind::Group,
        time_zone: "Asia/Shanghai",
        parent: None,
    };
    let site = transfers::add_site(conn, &group, stamp)?;
    let since = "2020-01-01".parse().expect("a day");
    let mut first = None;
    for number in 0..PEOPLE {
        let person = hire(conn, number, site, since, stamp)?;
        queries::add_grant(conn, person, Role::Administrator, site, since, None, stamp.at)?;
        first = first.or(Some(person));
    }
    let Some(person) = first else { return Ok(()) };
    queries::set_password(conn, person, "nobody signs in with a password here", stamp.at)?;
    queries::begin_session(conn, person, &links::digest(TOKEN), "bench", "bench", stamp.at)
}

fn hire(
    conn: &mut Conn,
    number: usize,
    site: shifu::staff::SiteId,
    since: chrono::NaiveDate,
    stamp: Stamp,
) -> Result<PersonId, Error> {
    let (staff_no, name) = (format!("T{number:04}"), format!("林涛{number}"));
    let new = NewPerson {
        staff_no: &staff_no,
        name: &name,
        name_en: None,
        email: None,
        phone: None,
        lang: Lang::Zh,
    };
    let person = transfers::add_person(conn, &new, stamp)?;
    let post = NewAssignment {
        person,
        site,
        position: "technician",
        occupation: "auto-mechanic",
        manager: None,
        starts_on: since,
        ends_on: None,
    };
    transfers::assign(conn, &post, stamp)?;
    Ok(person)
}
