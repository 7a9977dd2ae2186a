//! The connection to either database.
//!
//! One enum stands for SQLite and PostgreSQL, so every query is written once. [`Db::read`] lends a
//! connection that cannot write; [`Db::write`] runs a job in a transaction and answers only when
//! it is on disk. On SQLite all writes go through one writer thread, which commits whatever has
//! queued up in one transaction, a savepoint a job; on PostgreSQL they share a small pool.
//!
//! A database that is locked, full or gone is no reason to start anew: jobs wait for a few seconds,
//! then fail with an error that [is told as such](Error::is_unavailable), and broken connections
//! are replaced.
//!
//! Invariant: nothing above this module knows which database it talks to.

mod job;
mod migrations;
mod pool;
pub mod schema;
mod settled;
pub mod types;
mod url;
mod writer;

use std::{fmt, sync::Arc, time::Duration};

use diesel::{Connection, PgConnection, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use migrations::{Migrations, migrations_of};
pub use settled::settled;
pub use types::Instant;
pub use url::DatabaseUrl;

use job::{Job, Outcome, SentJob, answer, sent};
use pool::Pool;
use writer::Writer;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    #[error("the database address is not understood: {0}")]
    Url(String),
    #[error("the database was made by a newer shifu (it has {0}); run that version or a newer one")]
    Newer(String),
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error("the database is shutting down")]
    Closed,
    #[error("the database did not take the work in time")]
    Busy,
    #[error("a database job panicked")]
    Panicked,
}

impl Error {
    /// A row that must be unique exists already: somebody was faster, or clicked twice.
    pub fn is_unique_violation(&self) -> bool {
        use diesel::result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError};
        matches!(self, Error::Query(DatabaseError(UniqueViolation, _)))
    }

    /// The database cannot be reached or cannot take anything just now. Nothing was done; the same
    /// may well succeed in a moment.
    pub fn is_unavailable(&self) -> bool {
        use diesel::result::{
            DatabaseErrorKind::{ClosedConnection, UnableToSendCommand},
            Error::DatabaseError,
        };
        match self {
            Error::Connect(_) | Error::Closed | Error::Busy => true,
            Error::Query(DatabaseError(ClosedConnection | UnableToSendCommand, _)) => true,
            // Neither database gives these a kind of their own.
            Error::Query(DatabaseError(_, said)) => {
                TROUBLE.iter().any(|words| said.message().contains(words))
            }
            _ => false,
        }
    }
}

/// How the databases say that they are locked, full, stopping or starting.
const TROUBLE: [&str; 11] = [
    "database is locked",
    "due to lock timeout",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "No space left on device",
    "could not extend file",
    "terminating connection",
    "the database system is",
    "server closed the connection",
    "too many clients already",
];

/// Repeats one body for the connection inside the enum, for the few statements diesel cannot
/// compile for both backends at once (`on_conflict`, several rows in one insert).
#[macro_export]
macro_rules! each_backend {
    ($conn:expr, |$inner:ident| $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($inner) => $body,
            $crate::db::Conn::Postgres($inner) => $body,
        }
    };
}

/// The database, cheap to clone and to hand to every worker.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    url: DatabaseUrl,
    readers: Pool,
    /// Bounds the jobs in flight to the width of the pool: more would only queue up inside it.
    reading: Semaphore,
    writes: Writes,
}

enum Writes {
    /// SQLite: one thread that groups commits.
    Queue(Writer),
    /// PostgreSQL: a pool of its own.
    Pool(Pool, Semaphore),
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({})", self.shared.url)
    }
}

const READERS: u32 = 8;
const POSTGRES_WRITERS: u32 = 8;

/// How long a job waits for its turn or for a lock, and how long for a connection that is not there.
/// Together they are shorter than a browser's own patience with a save, so that it hears why.
const PATIENCE: Duration = Duration::from_secs(7);
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(2);

/// What a job's changes amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    /// Several statements, which stand or fall together.
    Several,
    /// One statement at the end, which stands or falls by itself.
    OneAtTheEnd,
}

impl Changes {
    fn made(self, conn: &mut Conn, job: SentJob) -> Result<Outcome, Error> {
        match self {
            Changes::Several => in_transaction(conn, job),
            Changes::OneAtTheEnd => Ok(job(conn)),
        }
    }
}

impl Db {
    /// Opens the database and brings its schema up to date; creates an SQLite file that is not
    /// there yet. Nothing is created when the address is wrong or the database is a newer one.
    pub fn open(url: &str) -> Result<Db, Error> {
        let url = DatabaseUrl::parse(url)?;
        let mut first = url.connect()?;
        Migrations::run(&mut first)?;
        drop(first);
        Db::pooled(url)
    }

    fn pooled(url: DatabaseUrl) -> Result<Db, Error> {
        let readers = Pool::new(&url, pool::Access::Read, READERS)?;
        let writes = match url {
            DatabaseUrl::Sqlite(_) => Writes::Queue(Writer::start(&url)?),
            DatabaseUrl::Postgres(_) => Writes::Pool(
                Pool::new(&url, pool::Access::Write, POSTGRES_WRITERS)?,
                Semaphore::new(POSTGRES_WRITERS as usize),
            ),
        };
        let reading = Semaphore::new(READERS as usize);
        Ok(Db { shared: Arc::new(Shared { url, readers, reading, writes }) })
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.shared.url
    }

    /// Runs a job that only reads. A write inside it fails.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        answer(self.look(sent(job)).await)
    }

    /// Runs a job in a transaction; answers when it is committed. An error rolls it back.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        answer(self.change(Changes::Several, sent(job)).await)
    }

    /// [`Db::write`] for a job that reads and then changes something by its last statement alone,
    /// and does not fail after it: that statement needs no transaction around it. What the job has
    /// read may have changed by then, so the statement itself must say on what condition it holds.
    /// It spares two round trips to PostgreSQL.
    pub async fn write_once<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        answer(self.change(Changes::OneAtTheEnd, sent(job)).await)
    }

    async fn look(&self, job: SentJob) -> Result<Outcome, Error> {
        let _permit = a_turn(&self.shared.reading).await?;
        let shared = self.shared.clone();
        run_blocking(move || shared.readers.lend(|conn| read_once(conn, job))).await
    }

    async fn change(&self, changes: Changes, job: SentJob) -> Result<Outcome, Error> {
        match &self.shared.writes {
            Writes::Queue(writer) => {
                let (reply, outcome) = tokio::sync::oneshot::channel();
                writer.submit(changes, job, Box::new(|done| drop(reply.send(done))))?;
                outcome.await.unwrap_or(Err(Error::Panicked))
            }
            Writes::Pool(_, permits) => {
                let _permit = a_turn(permits).await?;
                let shared = self.shared.clone();
                run_blocking(move || shared.write_pooled(changes, job)).await
            }
        }
    }

    /// [`Db::read`] for the command line and for threads of our own.
    pub fn read_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E>,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let job: Job<'_> = Box::new(|conn| Outcome::of(job(conn)));
        answer(self.shared.readers.lend(|conn| read_once(conn, job)))
    }

    /// [`Db::write`] for the command line and for threads of our own.
    pub fn write_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        answer(self.change_blocking(sent(job)))
    }

    fn change_blocking(&self, job: SentJob) -> Result<Outcome, Error> {
        match &self.shared.writes {
            Writes::Queue(writer) => {
                let (reply, outcome) = std::sync::mpsc::channel();
                writer.submit(
                    Changes::Several,
                    job,
                    Box::new(move |done| drop(reply.send(done))),
                )?;
                outcome.recv().unwrap_or(Err(Error::Panicked))
            }
            Writes::Pool(..) => self.shared.write_pooled(Changes::Several, job),
        }
    }
}

impl Shared {
    fn write_pooled(&self, changes: Changes, job: SentJob) -> Result<Outcome, Error> {
        let Writes::Pool(pool, _) = &self.writes else { return Err(Error::Closed) };
        pool.lend(|conn| changes.made(conn, job))
    }
}

/// Whose turn it is to use a pool; nobody waits longer than is of use to them.
async fn a_turn(turns: &Semaphore) -> Result<SemaphorePermit<'_>, Error> {
    match tokio::time::timeout(PATIENCE, turns.acquire()).await {
        Ok(permit) => permit.map_err(|_| Error::Closed),
        Err(_) => Err(Error::Busy),
    }
}

/// On SQLite a job reads in one transaction: what it sees belongs together, and the file is locked
/// and unlocked once instead of for every statement. On PostgreSQL that would only cost two more
/// round trips.
fn read_once(conn: &mut Conn, job: Job<'_>) -> Result<Outcome, Error> {
    match conn {
        Conn::Sqlite(_) => in_transaction(conn, job),
        Conn::Postgres(_) => Ok(job(conn)),
    }
}

/// A transaction (or a savepoint within one), which is rolled back when its job fails.
fn in_transaction(conn: &mut Conn, job: Job<'_>) -> Result<Outcome, Error> {
    enum Undone {
        Job(Outcome),
        Database(diesel::result::Error),
    }
    impl From<diesel::result::Error> for Undone {
        fn from(error: diesel::result::Error) -> Self {
            Undone::Database(error)
        }
    }
    let done = conn.transaction(|conn| {
        let outcome = job(conn);
        if outcome.failed { Err(Undone::Job(outcome)) } else { Ok(outcome) }
    });
    match done {
        Ok(outcome) | Err(Undone::Job(outcome)) => Ok(outcome),
        Err(Undone::Database(error)) => Err(Error::Query(error)),
    }
}

async fn run_blocking(
    job: impl FnOnce() -> Result<Outcome, Error> + Send + 'static,
) -> Result<Outcome, Error> {
    tokio::task::spawn_blocking(job).await.unwrap_or(Err(Error::Panicked))
}
