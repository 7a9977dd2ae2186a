//! One database a test, copied from a template that holds the cast.
//!
//! PostgreSQL is a private cluster in a temporary folder, started once and ended with the tests.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::{Connection, PgConnection, RunQueryDsl};

use super::cast;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database that goes away with the test.
pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

/// Says what this machine left out, unless everything is required.
pub fn left_out(what: &'static str) {
    assert!(
        std::env::var("SHIFU_TEST_REQUIRE").as_deref() != Ok("all"),
        "required, but not on this machine: {what}"
    );
    named_as_left_out(what);
}

/// Says what was left out, once each, past the capture of test output. What nobody can be required
/// to have (data sets under licences of their own) is only named.
pub fn named_as_left_out(what: &'static str) {
    static SAID: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().expect("nobody panics here");
    if !said.contains(&what) {
        said.push(what);
        let _ = writeln!(std::io::stderr(), "\nLEFT OUT: {what}");
    }
}

impl Backend {
    /// What is missing for this backend, and how to get it.
    pub fn lack(self) -> Option<&'static str> {
        match self {
            Backend::Sqlite => None,
            Backend::Postgres => postgres_programs().is_none().then_some(
                "the tests on PostgreSQL (install the package postgresql, or put initdb on the PATH)",
            ),
        }
    }

    /// A fresh copy of the template.
    pub fn database(self) -> Database {
        match self {
            Backend::Sqlite => sqlite_copy(),
            Backend::Postgres => postgres_copy(),
        }
    }

    /// A database without anything in it, not even the schema.
    pub fn empty(self) -> Database {
        match self {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("empty.db").display());
                Database { url, _folder: Some(folder) }
            }
            Backend::Postgres => {
                let cluster = Cluster::get();
                let name = next_name();
                cluster.run(&format!("CREATE DATABASE {name}"));
                Database { url: cluster.url(&name), _folder: None }
            }
        }
    }
}

fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn sqlite_copy() -> Database {
    static TEMPLATE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, template) = TEMPLATE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("template.db");
        cast::fill(&format!("sqlite://{}", file.display()));
        // What stands in the write-ahead log moves into the file that is copied.
        let mut conn = diesel::SqliteConnection::establish(&file.to_string_lossy()).expect("opens");
        diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut conn)
            .expect("checkpoint");
        (folder, file)
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("test.db");
    std::fs::copy(template, &file).expect("the template can be copied");
    Database { url: format!("sqlite://{}", file.display()), _folder: Some(folder) }
}

fn postgres_copy() -> Database {
    static TEMPLATE: OnceLock<()> = OnceLock::new();
    let cluster = Cluster::get();
    TEMPLATE.get_or_init(|| {
        cluster.run("CREATE DATABASE template_shifu");
        cast::fill(&cluster.url("template_shifu"));
    });
    let name = next_name();
    cluster.run(&format!("CREATE DATABASE {name} TEMPLATE template_shifu"));
    Database { url: cluster.url(&name), _folder: None }
}

/// The folder with initdb and postgres, on the PATH or where Debian keeps them.
fn postgres_programs() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let mut versions: Vec<PathBuf> =
            debian.flatten().map(|entry| entry.path().join("bin")).collect();
        versions.sort();
        let folders = std::env::split_paths(&path).chain(versions.into_iter().rev());
        folders
            .into_iter()
            .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
    };
    FOUND.get_or_init(find).clone()
}

/// A private PostgreSQL on a socket in a temporary folder.
pub struct Cluster {
    folder: PathBuf,
}

/// PostgreSQL will not run as root; nobody's number is the same everywhere.
const NOBODY: u32 = 65534;

impl Cluster {
    fn get() -> &'static Cluster {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(Cluster::start)
    }

    /// One more, for a test that stops it.
    pub fn start() -> Cluster {
        let programs = postgres_programs().expect("asked only where PostgreSQL is");
        let folder =
            tempfile::Builder::new().prefix("shifu-pg").tempdir().expect("a folder").keep();
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        let cluster = Cluster { folder };
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        initdb.arg(cluster.data()).stdout(Stdio::null());
        assert!(cluster.as_user(initdb).status().expect("initdb runs").success(), "initdb");
        cluster.serve();
        cluster
    }

    /// Starts the server, after [`Cluster::stop`] too.
    pub fn serve(&self) {
        let programs = postgres_programs().expect("asked only where PostgreSQL is");
        // The shell ends the server when our end of its standard input closes, however we end: the
        // one that runs by then, for a number of one that was stopped may be somebody else's.
        let script = format!(
            "'{}' -D '{}' -k '{}' -c listen_addresses='' -c fsync=off -c full_page_writes=off \
             -c max_connections=900 -c log_min_messages=fatal >/dev/null 2>&1 & \
             cat >/dev/null; kill -QUIT \"$(head -n 1 '{}/postmaster.pid')\"; wait; rm -rf '{}'",
            programs.join("postgres").display(),
            self.data().display(),
            self.folder.display(),
            self.data().display(),
            self.folder.display(),
        );
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = self.as_user(shell).spawn().expect("the server starts");
        // Kept open until the process ends.
        std::mem::forget(server);
        self.wait();
    }

    /// Stops the server at once, whoever is connected.
    pub fn stop(&self) {
        let file = self.data().join("postmaster.pid");
        let text = std::fs::read_to_string(&file).expect("it runs");
        let pid = text.lines().next().and_then(|pid| pid.parse().ok()).expect("its number");
        let pid = rustix::process::Pid::from_raw(pid).expect("a number");
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is ours");
        while file.exists() {
            std::thread::yield_now();
        }
    }

    /// A database with the cast in it.
    pub fn database(&self) -> Database {
        let name = next_name();
        self.run(&format!("CREATE DATABASE {name}"));
        cast::fill(&self.url(&name));
        Database { url: self.url(&name), _folder: None }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn as_user(&self, mut command: Command) -> Command {
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.current_dir(&self.folder);
        command
    }

    fn wait(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while PgConnection::establish(&self.url("postgres")).is_err() {
            assert!(std::time::Instant::now() < deadline, "PostgreSQL did not start");
            std::thread::yield_now();
        }
    }

    fn url(&self, name: &str) -> String {
        format!("postgres:///{name}?host={}&user=postgres", folder_of(&self.folder))
    }

    fn run(&self, statement: &str) {
        // One at a time: a template must not be copied while it is being filled.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock();
        let mut conn = PgConnection::establish(&self.url("postgres")).expect("the cluster answers");
        diesel::sql_query(statement).execute(&mut conn).expect(statement);
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

fn folder_of(folder: &Path) -> String {
    folder.to_string_lossy().into_owned()
}
