//! The one writer of an SQLite database.
//!
//! SQLite lets one connection write at a time, and a durable commit costs a wait for the disk.
//! So all writes queue up for one thread, which runs whatever is waiting in one transaction, each
//! job in a savepoint of its own, and commits once for all. Nobody is answered before that commit
//! is on disk, and a job that fails takes nobody else's with it.
//!
//! When the disk is full or the file is locked by another process for long, the group as a whole
//! fails, and so does everything that queued up behind it meanwhile: nobody is left waiting
//! without an answer. The connection is then opened anew, so nothing of the trouble stays.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};

use super::{Changes, Conn, DatabaseUrl, Error, PATIENCE, in_transaction};

/// Jobs in one commit at most, so that the first is not kept waiting for long.
const GROUP: usize = 128;

/// Does the work, or only hears that there was no use in trying.
type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) -> Done + Send>;
/// Tells whoever asked, once it is known whether the group was committed.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

struct Done {
    answer: Answer,
    failed: bool,
}

pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub fn start(url: &DatabaseUrl) -> Result<Writer, Error> {
        let line = Line { url: url.clone(), conn: Some(url.connect_to_write(PATIENCE)?) };
        let (jobs, queue) = channel();
        let thread = thread::Builder::new()
            .name("shifu-writer".to_owned())
            .spawn(move || write_groups(line, &queue))
            .map_err(|error| Error::Connect(error.to_string()))?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Queues a job; `reply` gets its outcome after the commit.
    pub fn submit<T, E>(
        &self,
        changes: Changes,
        job: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        reply: impl FnOnce(Result<T, E>) + Send + 'static,
    ) -> Result<(), Error>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let boxed: Job = Box::new(move |conn| {
            let outcome = match (conn, changes) {
                (Ok(conn), Changes::Several) => in_transaction(conn, job),
                (Ok(conn), Changes::OneAtTheEnd) => job(conn),
                (Err(error), _) => Err(error.into()),
            };
            let failed = outcome.is_err();
            let answer: Answer = Box::new(move |committed| {
                reply(match committed {
                    Ok(()) => outcome,
                    // A job that failed by itself keeps its own reason.
                    Err(error) => outcome.and(Err(error.into())),
                })
            });
            Done { answer, failed }
        });
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(boxed).map_err(|_| Error::Closed)
    }
}

/// Ending the writer waits for what is queued: a stop loses nothing that was accepted.
impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The connection to write with; none when it has to be opened anew.
struct Line {
    url: DatabaseUrl,
    conn: Option<Conn>,
}

impl Line {
    fn conn(&mut self) -> Result<&mut Conn, Error> {
        match &mut self.conn {
            Some(conn) => Ok(conn),
            gone => Ok(gone.insert(self.url.connect_to_write(PATIENCE)?)),
        }
    }
}

fn write_groups(mut line: Line, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut answers = Vec::new();
        match write_group(&mut line, first, queue, &mut answers) {
            Ok(()) => answers.into_iter().for_each(|answer| answer(Ok(()))),
            Err(error) => {
                line.conn = None;
                tracing::error!(%error, jobs = answers.len(), "a group of writes was not committed");
                answers.into_iter().for_each(|answer| answer(Err(copy_of(&error))));
            }
        }
    }
}

/// The same for everybody in the group.
fn copy_of(error: &Error) -> Error {
    match error {
        Error::Panicked => Error::Panicked,
        error => Error::Connect(error.to_string()),
    }
}

fn write_group(
    line: &mut Line,
    first: Job,
    queue: &Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), Error> {
    let begun = line.conn().and_then(|conn| begin(conn).map(|()| conn));
    let conn = match begun {
        Ok(conn) => conn,
        Err(error) => {
            // Nobody behind has to wait as long for the same answer.
            let waiting = std::iter::once(first).chain(queue.try_iter().take(10 * GROUP));
            answers.extend(waiting.map(|job| job(Err(copy_of(&error))).answer));
            return Err(error);
        }
    };
    let mut next = Some(first);
    while let Some(job) = next {
        match catch_unwind(AssertUnwindSafe(|| job(Ok(&mut *conn)))) {
            Ok(Done { answer, failed }) => {
                answers.push(answer);
                // SQLite itself ends the transaction when the disk is full.
                if failed && !is_under_way(conn) {
                    return Err(Error::Connect("the transaction was given up".to_owned()));
                }
            }
            Err(_) => {
                // The panic left its savepoint open, and what stands in the group is unsure.
                roll_back(conn);
                return Err(Error::Panicked);
            }
        }
        next = if answers.len() < GROUP { queue.try_recv().ok() } else { None };
    }
    commit(conn)
}

fn begin(conn: &mut Conn) -> Result<(), Error> {
    let Conn::Sqlite(conn) = conn else { return Err(Error::Closed) };
    // IMMEDIATE takes the write lock now: a later upgrade could fail half-way.
    Ok(AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?)
}

/// Whether the group's transaction still stands: another one cannot begin inside it.
fn is_under_way(conn: &mut Conn) -> bool {
    conn.batch_execute("BEGIN").is_err()
}

fn commit(conn: &mut Conn) -> Result<(), Error> {
    let Conn::Sqlite(inner) = conn else { return Err(Error::Closed) };
    AnsiTransactionManager::commit_transaction(inner).map_err(|error| {
        roll_back(conn);
        Error::Query(error)
    })
}

fn roll_back(conn: &mut Conn) {
    let Conn::Sqlite(conn) = conn else { return };
    while AnsiTransactionManager::rollback_transaction(conn).is_ok() {}
}
