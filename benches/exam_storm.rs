//! An exam of fifty questions that a whole network sits at once: everybody starts within the same
//! second, answers every question, hands in and looks at the result. The program runs as its own
//! process (`shifu serve`), the candidates in this one; both share the machine.
//!
//! Answers come as fast as the machine takes them, sixty-four at any moment, round and round the
//! candidates. Sessions stand in the database beforehand, so no password is checked. Beside the
//! figures stand a bare handler and bare durable commits, measured in the same run.
//!
//! `cargo bench --bench exam_storm`, for a small run `SHIFU_BENCH_CANDIDATES=200 cargo bench …`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/http.rs"]
mod http;
#[path = "support/network.rs"]
#[allow(dead_code, reason = "each bench uses its part of this module")]
mod network;
#[path = "support/process.rs"]
mod process;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer, web};
use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
};
use http::{Answer, Browser};
use process::{Served, cpu_of, cpu_of_family, parent_of};
use shifu::{
    access::viewer::SESSION_COOKIE, app::Shared, record::ledger::Stamp, settings::Settings,
    web::Clock,
};
use tokio::{sync::Semaphore, task::JoinSet};

const QUESTIONS: usize = 50;
const EXAM: &str = "/exams/inhouse-default/storm-theory";
/// Requests under way at any moment, where everybody does not come at once.
const AT_ONCE: usize = 64;
const BARE: &str = "SHIFU_BENCH_BARE";

fn main() {
    if std::env::var_os(BARE).is_some() {
        return serve_bare();
    }
    let candidates = std::env::var("SHIFU_BENCH_CANDIDATES").ok();
    let candidates = candidates.map_or(2000, |count| count.parse().expect("a number"));
    let (found, folder) = databases::databases();
    let content = content_with_a_long_exam(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    for (name, url) in found {
        prepare(&url, &content, candidates);
        let run = Run { name, server: serve(&url, &content), database: Database::of(&url) };
        runtime.block_on(run.storm(candidates, &url));
    }
}

/// The shipped course-content with one more exam: fifty questions out of all there are.
fn content_with_a_long_exam(folder: &Path) -> PathBuf {
    let (from, to) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("course-content"), folder.join("content"));
    let copied = Command::new("cp").arg("-r").args([&from, &to]).status().expect("cp runs");
    assert!(copied.success());
    let mut bank = "code = \"storm\"\ntitle = { zh = \"全部\", en = \"Everything\" }\n".to_owned();
    for one in ["brake-systems", "hv-safety", "service-basics"] {
        let text = std::fs::read_to_string(from.join(format!("question-banks/{one}.toml")));
        let text = text.expect("a bank");
        bank.push_str(&text[text.find("[[").expect("areas")..]);
    }
    std::fs::write(to.join("question-banks/storm.toml"), bank).expect("written");
    let rules = to.join("programmes/inhouse-default.toml");
    let exam = "\n[[exam]]\ncode = \"storm-theory\"\ntitle = { zh = \"大考\", en = \"The great exam\" }\n\
                bank = \"storm\"\nminutes = 240\npass = 60\ndraw = [{ count = 50 }]\nwait_full_days = 30\n";
    let text = std::fs::read_to_string(&rules).expect("a rule set") + exam;
    std::fs::write(rules, text).expect("written");
    to
}

/// The network in the database, everybody signed in.
fn prepare(url: &str, content: &Path, candidates: usize) {
    let settings = Settings {
        database_url: url.to_owned(),
        content: Some(content.to_path_buf()),
        ..Settings::default()
    };
    let shared = Shared::open(&settings, Clock::default()).expect("the application starts");
    let stamp = Stamp { at: shared.clock.now(), by: None };
    let filled = shared.db.write_blocking(move |conn| network::fill(conn, candidates, None, stamp));
    filled.expect("a network");
}

fn serve(url: &str, content: &Path) -> Served {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shifu"));
    command.args(["serve", "--database", url, "--listen", "127.0.0.1:0"]);
    Served::start(command.env("SHIFU_CONTENT", content).stderr(Stdio::null()))
}

fn serve_bare() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("listens on http://{}", listener.local_addr().expect("an address"));
    let hello = || App::new().route("/", web::get().to(|| async { "hello" }));
    let server = HttpServer::new(hello).listen(listener).expect("a socket").run();
    actix_web::rt::System::new().block_on(server).expect("it serves");
}

/// The database beside the program: whose processor time counts too.
enum Database {
    InTheProgram,
    /// The parent of all processes of a PostgreSQL.
    Postgres(u32),
}

impl Database {
    fn of(url: &str) -> Database {
        if url.starts_with("sqlite://") {
            return Database::InTheProgram;
        }
        #[derive(diesel::QueryableByName)]
        struct Pid {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            pid: i32,
        }
        let mut conn = PgConnection::establish(url).expect("opens");
        let query = diesel::sql_query("SELECT pg_backend_pid() AS pid");
        let own: Pid = query.get_result(&mut conn).expect("its number");
        Database::Postgres(parent_of(own.pid as u32).expect("PostgreSQL runs on this machine"))
    }
}

struct Run {
    name: &'static str,
    server: Served,
    database: Database,
}

/// Somebody with a running attempt.
struct Candidate {
    browser: Browser,
    number: usize,
    attempt: String,
}

/// How long the requests of a kind took, in milliseconds, and what they cost.
#[derive(Default)]
struct Phase {
    waits: Vec<f64>,
    took: Duration,
    cpu: Duration,
}

impl Phase {
    fn percentile(&self, hundredth: usize) -> f64 {
        let mut waits = self.waits.clone();
        waits.sort_by(f64::total_cmp);
        waits[(waits.len() * hundredth / 100).min(waits.len() - 1)]
    }

    fn rate(&self) -> f64 {
        self.waits.len() as f64 / self.took.as_secs_f64()
    }

    fn print(&self, what: &str) {
        let mean_cpu = self.cpu.as_secs_f64() * 1e6 / self.waits.len() as f64;
        println!(
            "  {what:<34} {:>8} {:>9.0}/s   p50 {:>7.1} ms   p99 {:>7.1} ms   {mean_cpu:>6.0} µs CPU",
            self.waits.len(),
            self.rate(),
            self.percentile(50),
            self.percentile(99),
        );
    }
}

impl Run {
    /// Processor time of the program and its database so far.
    fn cpu(&self) -> Duration {
        let database = match self.database {
            Database::InTheProgram => Duration::ZERO,
            Database::Postgres(parent) => cpu_of_family(parent),
        };
        cpu_of(self.server.pid()) + database
    }

    async fn storm(&self, count: usize, url: &str) {
        let bare = self.bare_handler().await;
        let mut commits = vec![bare_commits(url)];
        println!("\n{}: {count} candidates, {QUESTIONS} questions", self.name);
        let (all, [starts, papers]) = self.everybody_starts(count).await;
        let (all, saves) = self.everybody_answers(all).await;
        let (all, again) = self.papers_again(all).await;
        let [finishes, results] = self.everybody_hands_in(all).await;
        commits.push(bare_commits(url));

        starts.print("start, all within a second");
        papers.print("paper of fifty questions, at once");
        saves.print(&format!("save, {AT_ONCE} at a time"));
        finishes.print("hand in");
        results.print("result");
        let took = (starts.took + saves.took + finishes.took).as_secs_f64();
        let cpu: Duration =
            [&starts, &papers, &saves, &finishes, &results].map(|one| one.cpu).iter().sum();
        let (rate, each) = (count as f64 / took, cpu.as_secs_f64() / count as f64);
        let memory = self.server.peak_memory();
        println!(
            "  completed attempts {rate:.1}/s, {each:.4} CPU-s each; peak memory {memory:.0} MB"
        );
        let commits = commits.iter().sum::<f64>() / commits.len() as f64;
        println!("  probes: a bare handler {bare:.0}/s, one row a commit {commits:.0}/s");
        println!("  saves: {:.2} × bare commits", saves.rate() / commits);
        if let Some(upserts) = pgbench(url) {
            let ratio = saves.rate() / upserts;
            println!("  saves: {ratio:.2} × the same upsert by pgbench, {upserts:.0}/s");
        }
        let ratio = again.rate() / bare;
        println!(
            "  the paper, {AT_ONCE} at a time: {:.0}/s, {ratio:.3} × the bare handler",
            again.rate()
        );
    }

    /// The requests of one kind, so many at a time, with what they cost.
    async fn phase<T, F>(
        &self,
        all: Vec<Candidate>,
        job: impl Fn(Candidate, Arc<Semaphore>) -> F,
    ) -> (Vec<Candidate>, Vec<T>, Duration, Duration)
    where
        F: Future<Output = (Candidate, T)> + Send + 'static,
        T: Send + 'static,
    {
        let (begun, cpu) = (Instant::now(), self.cpu());
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks = JoinSet::new();
        for one in all {
            tasks.spawn(job(one, turns.clone()));
        }
        let done = tasks.join_all().await;
        let (took, cpu) = (begun.elapsed(), self.cpu() - cpu);
        let (candidates, waits) = done.into_iter().unzip();
        (candidates, waits, took, cpu)
    }

    /// Starts are spread over one second, each at its own moment however slow the others are; the
    /// paper is asked for as soon as there is one.
    async fn everybody_starts(&self, count: usize) -> (Vec<Candidate>, [Phase; 2]) {
        let all = (0..count).map(|number| Candidate::new(&self.server, number)).collect();
        let begun = tokio::time::Instant::now() + Duration::from_millis(100);
        let (candidates, waits, took, cpu) = self
            .phase(all, |mut one, _| async move {
                let due = begun + Duration::from_secs(1).mul_f64(one.number as f64 / count as f64);
                tokio::time::sleep_until(due).await;
                let start = one.start().await;
                let page = one.open_the_paper().await;
                (one, (start, page))
            })
            .await;
        let (starts, pages) = waits.into_iter().unzip();
        let phase = |waits, share| Phase { waits, took, cpu: cpu * share / 2 };
        (candidates, [phase(starts, 1), phase(pages, 1)])
    }

    async fn everybody_answers(&self, all: Vec<Candidate>) -> (Vec<Candidate>, Phase) {
        let (candidates, waits, took, cpu) = self
            .phase(all, |mut one, turns| async move {
                let mut waits = Vec::with_capacity(QUESTIONS);
                for position in 1..=QUESTIONS {
                    let _turn = turns.acquire().await.expect("open");
                    waits.push(one.save(position).await);
                }
                (one, waits)
            })
            .await;
        (candidates, Phase { waits: waits.into_iter().flatten().collect(), took, cpu })
    }

    /// Everybody's paper once more, without the haste of the start and as plain as the bare
    /// handler's answer.
    async fn papers_again(&self, all: Vec<Candidate>) -> (Vec<Candidate>, Phase) {
        let (all, waits, took, cpu) = self
            .phase(all, |mut one, turns| async move {
                let _turn = turns.acquire().await.expect("open");
                one.browser.accepts = "identity";
                let wait = one.open_the_paper().await;
                one.browser.accepts = http::AS_BROWSERS;
                (one, wait)
            })
            .await;
        (all, Phase { waits, took, cpu })
    }

    async fn everybody_hands_in(&self, all: Vec<Candidate>) -> [Phase; 2] {
        let (_, waits, took, cpu) = self
            .phase(all, |mut one, turns| async move {
                let _turn = turns.acquire().await.expect("open");
                let finish = one.hand_in().await;
                let result = one.see_the_result().await;
                (one, (finish, result))
            })
            .await;
        let (finishes, results): (Vec<f64>, Vec<f64>) = waits.into_iter().unzip();
        [finishes, results].map(|waits| Phase { waits, took, cpu: cpu / 2 })
    }

    async fn bare_handler(&self) -> f64 {
        const OF_EACH: usize = 300;
        let me = std::env::current_exe().expect("this program");
        let bare = Served::start(Command::new(me).env(BARE, "1"));
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..AT_ONCE {
            let mut browser = Browser::new(bare.address, String::new());
            tasks.spawn(async move {
                for _ in 0..OF_EACH {
                    assert_eq!(browser.get("/").await.status, 200);
                }
            });
        }
        tasks.join_all().await;
        (AT_ONCE * OF_EACH) as f64 / begun.elapsed().as_secs_f64()
    }
}

/// How long something took, in milliseconds.
async fn timed<T>(job: impl Future<Output = T>) -> (f64, T) {
    let begun = Instant::now();
    let done = job.await;
    (begun.elapsed().as_secs_f64() * 1000.0, done)
}

impl Candidate {
    fn new(server: &Served, number: usize) -> Candidate {
        let cookie = format!("{SESSION_COOKIE}={}", network::token(number));
        let browser = Browser::new(server.address, cookie);
        Candidate { browser, number, attempt: String::new() }
    }

    async fn start(&mut self) -> f64 {
        let form = format!("form_key=start-{}", self.number);
        let (wait, begun) = timed(self.browser.post_form(&format!("{EXAM}/start"), &form)).await;
        assert_eq!(begun.status, 303, "{}", said(&begun));
        self.attempt = begun.location;
        wait
    }

    async fn open_the_paper(&mut self) -> f64 {
        let (wait, paper) = timed(self.browser.get(&self.attempt)).await;
        assert_eq!(paper.status, 200, "{}", said(&paper));
        if self.browser.accepts != http::AS_BROWSERS {
            assert_eq!(said(&paper).matches("<fieldset").count(), QUESTIONS);
        }
        wait
    }

    /// Taking an answer back is an answer that every kind of question understands.
    async fn save(&mut self, position: usize) -> f64 {
        let body = format!("{{\"position\":{position},\"response\":\"\",\"edition\":1}}");
        let path = format!("{}/answers", self.attempt);
        let (wait, saved) = timed(self.browser.post_json(&path, &body)).await;
        assert_eq!(saved.status, 200, "{}", said(&saved));
        wait
    }

    async fn hand_in(&mut self) -> f64 {
        let form = format!("form_key=finish-{}", self.number);
        let path = format!("{}/finish", self.attempt);
        let (wait, ended) = timed(self.browser.post_form(&path, &form)).await;
        assert_eq!((ended.status, ended.location), (303, format!("{}/result", self.attempt)));
        wait
    }

    async fn see_the_result(&mut self) -> f64 {
        let (wait, result) = timed(self.browser.get(&format!("{}/result", self.attempt))).await;
        assert_eq!(result.status, 200, "{}", said(&result));
        wait
    }
}

fn said(answer: &Answer) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(&answer.body)
}

/// Durable commits of one row, one after the other, beside the database that is measured.
fn bare_commits(url: &str) -> f64 {
    const COMMITS: usize = 1000;
    let table =
        "CREATE TABLE IF NOT EXISTS bench_commit (id BIGINT PRIMARY KEY, n BIGINT NOT NULL);
         INSERT INTO bench_commit VALUES (1, 0) ON CONFLICT DO NOTHING";
    let commit = "UPDATE bench_commit SET n = n + 1 WHERE id = 1";
    fn times(conn: &mut impl SimpleConnection, commit: &str) -> f64 {
        let begun = Instant::now();
        for _ in 0..COMMITS {
            conn.batch_execute(commit).expect("committed");
        }
        COMMITS as f64 / begun.elapsed().as_secs_f64()
    }
    match url.strip_prefix("sqlite://") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(&format!("{file}.probe")).expect("opens");
            conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
                .expect("durable");
            conn.batch_execute(table).expect("a table");
            times(&mut conn, commit)
        }
        None => {
            let mut conn = PgConnection::establish(url).expect("opens");
            conn.batch_execute(table).expect("a table");
            times(&mut conn, commit)
        }
    }
}

/// PostgreSQL's own bench with an upsert of the same shape, a second by sixteen clients.
fn pgbench(url: &str) -> Option<f64> {
    if url.starts_with("sqlite://") {
        return None;
    }
    let mut conn = PgConnection::establish(url).expect("opens");
    conn.batch_execute(
        "CREATE TABLE IF NOT EXISTS bench_answer (attempt_id BIGINT, position BIGINT, response TEXT NOT NULL, \
         edition BIGINT NOT NULL, saved_at TIMESTAMP NOT NULL, PRIMARY KEY (attempt_id, position))",
    )
    .expect("a table");
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(
        script.path(),
        "\\set attempt random(1, 2000)\n\\set position random(1, 50)\n\
         INSERT INTO bench_answer VALUES (:attempt, :position, 'a', 1, now()) \
         ON CONFLICT (attempt_id, position) DO UPDATE SET response = excluded.response, \
         edition = excluded.edition, saved_at = excluded.saved_at;\n",
    )
    .expect("written");
    let mut command = Command::new("pgbench");
    command.args(["-n", "-M", "prepared", "-c", "16", "-j", "1", "-T", "4", "-f"]);
    let Ok(output) = command.arg(script.path()).arg(url).output() else {
        eprintln!("LEFT OUT: the same upsert by pgbench (it is not on the PATH)");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    Some(rate.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr))))
}
