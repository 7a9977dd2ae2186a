//! Ten thousand mails from the outbox to a mail server on loopback, beside the bare dialogue: the
//! same bytes to the same server by blocking loops that do nothing else, over as many connections.
//!
//! The server runs as a process of its own. `instant` takes a mail for granted; `durable` writes it
//! to a file and waits for the disk before it says so, as mail servers do, here on the disk we wait
//! for ourselves; `scanning` looks at each mail for five milliseconds first, as most do.
//!
//! `cargo bench --bench mail`, for a small run `SHIFU_BENCH_MAILS=1000 cargo bench --bench mail`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
#[allow(dead_code, reason = "each bench uses its part of this module")]
mod measure;
#[path = "support/network.rs"]
#[allow(dead_code, reason = "each bench uses its part of this module")]
mod network;
#[path = "support/process.rs"]
#[allow(dead_code, reason = "each bench uses its part of this module")]
mod process;

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use measure::{Rates, print_head};
use process::{Served, cpu_of};
use shifu::{
    app::Shared,
    db::{Conn, Error},
    i18n::Lang,
    mail::{
        self, Letter, Letterhead, Protection, Recipient, Smtp, Transport, message,
        outbox::{self, Shown},
    },
    record::ledger::Stamp,
    settings::Settings,
    web::Clock,
};

/// Set for the process that is the server: the folder of a durable one, [`SCANNING`], or nothing.
const SERVER: &str = "SHIFU_BENCH_SMTP";
const SCANNING: &str = "scanning";
const SCAN: Duration = Duration::from_millis(5);
const LINES: usize = 4;
const ROUNDS: usize = 3;

fn main() {
    if let Some(folder) = std::env::var_os(SERVER) {
        return serve(&PathBuf::from(folder));
    }
    let mails = std::env::var("SHIFU_BENCH_MAILS").ok();
    let mails: usize = mails.map_or(10_000, |count| count.parse().expect("a number"));
    let (found, folder) = databases::databases();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    print_head("mails handed to a server on loopback");
    let shared: Vec<(&str, Shared)> =
        found.into_iter().map(|(name, url)| (name, network_of(url))).collect();
    let kinds = [
        ("instant", Path::new(""), mails),
        ("durable", folder.path(), mails),
        (SCANNING, Path::new(SCANNING), mails.div_ceil(10)),
    ];
    for (kind, place, mails) in kinds {
        let server = start(place);
        let address = server.address;
        let wire = wires(&shared[0].1, mails);
        let (mut one, mut several) = (Rates::default(), Rates::default());
        let mut ours: Vec<(Rates, Duration)> = shared.iter().map(|_| Default::default()).collect();
        for _ in 0..ROUNDS {
            one.add(mails, bare(address, &wire, 1));
            several.add(mails, bare(address, &wire, LINES));
            for ((_, shared), (rates, cpu)) in shared.iter().zip(&mut ours) {
                fill(shared, mails);
                let (before, begun) = (cpu_of(std::process::id()), Instant::now());
                let sent = runtime.block_on(send(shared, address));
                rates.add(mails, begun.elapsed());
                *cpu += cpu_of(std::process::id()) - before;
                assert_eq!(sent, mails);
            }
        }
        one.print(&format!("{kind}: the bare dialogue, 1 connection"), mails, &several);
        several.print(&format!("{kind}: the bare dialogue, {LINES} connections"), mails, &several);
        for ((name, _), (rates, cpu)) in shared.iter().zip(&ours) {
            rates.print(&format!("{kind}: the outbox on {name}"), mails, &several);
            let each = cpu.as_secs_f64() * 1e6 / (mails * ROUNDS) as f64;
            println!("{kind}: the outbox on {name} takes {each:.0} µs of processor time a mail");
        }
    }
}

fn network_of(url: String) -> Shared {
    let settings = Settings { database_url: url, ..Settings::default() };
    let shared = Shared::open(&settings, Clock::default()).expect("the application starts");
    let stamp = Stamp { at: shared.clock.now(), by: None };
    shared.db.write_blocking(move |conn| network::fill(conn, 1, None, stamp)).expect("a person");
    shared
}

fn letter(number: usize) -> Letter {
    Letter {
        subject: format!("证书到期提醒：制动系统专修 还有 {number} 天到期"),
        paragraphs: vec![
            "您的证书 制动系统专修（SF-2026-000007）将于 2027年3月15日 到期。".to_owned(),
            "续期需要完成复训课程并通过理论考试，请尽早安排。".to_owned(),
        ],
        action: Some(("查看证书".to_owned(), "/certificates".to_owned())),
    }
}

fn fill(shared: &Shared, mails: usize) {
    let (head, now) = (shared.letterhead.clone(), shared.clock.now());
    let job = move |conn: &mut Conn| write(conn, &head, mails, now);
    shared.db.write_blocking(job).expect("mails");
}

fn write(
    conn: &mut Conn,
    head: &Letterhead,
    mails: usize,
    now: shifu::db::Instant,
) -> Result<(), Error> {
    let person = shifu::staff::queries::person_by_staff_no(conn, "T0000")?.expect("a person").id;
    let (name, email) = ("林涛".to_owned(), "t0000@evergreen.example".to_owned());
    let to = Recipient { person, name, email, lang: Lang::Zh };
    (0..mails).try_for_each(|number| mail::post(conn, head, &to, &letter(number), now).map(drop))
}

/// The bytes of so many mails as they go over the wire; they do not stay in the outbox.
fn wires(shared: &Shared, mails: usize) -> Vec<Vec<u8>> {
    fill(shared, mails);
    let head = shared.letterhead.clone();
    let job = move |conn: &mut Conn| -> Result<Vec<Vec<u8>>, Error> {
        let kept = outbox::list(conn, Shown::Waiting, mails as i64, 0)?;
        let now = shifu::db::Instant::from(chrono::DateTime::UNIX_EPOCH);
        let wire = |mail: &outbox::Mail| message::compose(mail, &head).expect("a mail").bytes;
        let wires = kept.iter().map(wire).collect();
        kept.iter().try_for_each(|mail| outbox::mark_sent(conn, mail.id, now))?;
        Ok(wires)
    };
    shared.db.write_blocking(job).expect("the database answers")
}

async fn send(shared: &Shared, address: SocketAddr) -> usize {
    let settings = Smtp {
        host: address.ip().to_string(),
        port: Some(address.port()),
        protection: Protection::None,
        username: None,
        password: None,
    };
    let transport = Transport::new(&settings).expect("a transport");
    let sent = transport.send_due(&shared.db, &shared.clock, &shared.letterhead).await;
    sent.expect("the database answers")
}

/// The dialogue and nothing else.
fn bare(address: SocketAddr, wires: &[Vec<u8>], connections: usize) -> Duration {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for part in wires.chunks(wires.len().div_ceil(connections)) {
            scope.spawn(move || {
                let mut line = Dialogue::open(address);
                line.say(b"EHLO bench\r\n");
                for wire in part {
                    line.say(b"MAIL FROM:<shifu@localhost>\r\n");
                    line.say(b"RCPT TO:<t0000@evergreen.example>\r\n");
                    line.say(b"DATA\r\n");
                    line.say(&[wire.as_slice(), b"\r\n.\r\n"].concat());
                }
                line.say(b"QUIT\r\n");
            });
        }
    });
    begun.elapsed()
}

struct Dialogue(BufReader<TcpStream>);

impl Dialogue {
    fn open(address: SocketAddr) -> Dialogue {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        let mut line = Dialogue(BufReader::new(stream));
        line.answer();
        line
    }

    fn say(&mut self, words: &[u8]) {
        self.0.get_mut().write_all(words).expect("sent");
        self.answer();
    }

    fn answer(&mut self) {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer");
        assert!(line.starts_with(['2', '3']), "{line}");
    }
}

fn start(folder: &Path) -> Served {
    let own = std::env::current_exe().expect("our own program");
    Served::start(Command::new(own).env(SERVER, folder))
}

/// The server: a thread for each connection.
fn serve(folder: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("listens on http://{}", listener.local_addr().expect("an address"));
    for (number, stream) in listener.incoming().enumerate() {
        let scans = folder == Path::new(SCANNING);
        let file = (!scans && !folder.as_os_str().is_empty())
            .then(|| File::create(folder.join(format!("spool-{number}"))).expect("a file"));
        std::thread::spawn(move || converse(stream.expect("a connection"), file, scans));
    }
}

/// Ends with its connection.
fn converse(mut stream: TcpStream, mut spool: Option<File>, scans: bool) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 bench\r\n")?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let data = line.starts_with(b"DATA");
        stream.write_all(if data { b"354 go on\r\n" } else { b"250 ok\r\n" })?;
        if data {
            let mail = text(&mut lines)?;
            if let Some(spool) = &mut spool {
                spool.write_all(&mail)?;
                spool.sync_data()?;
            }
            if scans {
                std::thread::sleep(SCAN);
            }
            stream.write_all(b"250 taken\r\n")?;
        }
    }
}

fn text(lines: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::with_capacity(16 * 1024);
    loop {
        let before = mail.len();
        if lines.read_until(b'\n', &mut mail)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if &mail[before..] == b".\r\n" {
            return Ok(mail);
        }
    }
}
