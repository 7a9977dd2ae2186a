//! A network of people, the real application and a bare handler in threads of their own, and a
//! client that costs little beside either.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use actix_web::{App, HttpServer, web};
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

/// How many people there are, each with a session.
pub const PEOPLE: usize = 64;

/// The application on a database with people in it.
pub fn network(url: String) -> Shared {
    let settings = Settings { database_url: url, ..Settings::default() };
    let shared = Shared::open(&settings, Clock::default()).expect("the application starts");
    let stamp = Stamp { at: shared.clock.now(), by: None };
    let role = Some(Role::Administrator);
    shared.db.write_blocking(move |conn| fill(conn, PEOPLE, role, stamp)).expect("a network");
    shared
}

/// The session of the n-th person.
pub fn token(number: usize) -> String {
    format!("the-session-of-person-{number}")
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub body: String,
}

/// A client that costs little beside the server: one connection, one request after the other.
pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    /// A browser in which the n-th person is signed in.
    pub fn new(address: SocketAddr, person: usize) -> Client {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Client { stream: BufReader::new(stream), token: token(person) }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "", "")
    }

    #[allow(dead_code, reason = "each bench uses its part of this module")]
    pub fn post(&mut self, path: &str, media_type: &str, body: &str) -> Answer {
        self.ask(&format!("POST {path}"), media_type, body)
    }

    /// Without `Accept-Encoding` the body comes plain, with its length.
    fn ask(&mut self, what: &str, media_type: &str, body: &str) -> Answer {
        let request = format!(
            "{what} HTTP/1.1\r\nHost: bench\r\nCookie: {SESSION_COOKIE}={}\r\n\
             Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut length, mut location) = (0, 0, String::new());
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("an answer");
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().expect("a status");
            }
            let Some((name, value)) = line.split_once(": ") else {
                if line.is_empty() {
                    break;
                } else {
                    continue;
                };
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().expect("a length"),
                "location" => location = value.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        Answer { status, location, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

pub fn serve(shared: Shared) -> SocketAddr {
    in_a_thread(move |listener| app::serve(shared, listener, Some(2)))
}

pub fn serve_bare() -> SocketAddr {
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

/// One site full of people, every one with a session and perhaps a role.
pub fn fill(conn: &mut Conn, people: usize, role: Option<Role>, stamp: Stamp) -> Result<(), Error> {
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
    for number in 0..people {
        let person = hire(conn, number, site, since, stamp)?;
        if let Some(role) = role {
            queries::add_grant(conn, person, role, site, since, None, stamp.at)?;
        }
        queries::set_password(conn, person, "nobody signs in with a password here", stamp.at)?;
        let session = links::digest(&token(number));
        queries::begin_session(conn, person, &session, "bench", "bench", stamp.at)?;
    }
    Ok(())
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
