//! The one writer of an SQLite database.
//!
//! SQLite lets one connection write at a time, and a durable commit costs a wait for the disk.
//! So all writes queue up for one thread, which runs whatever is waiting in one transaction, each
//! job in a savepoint of its own, and commits once for all. Nobody is answered before that commit
//! is on disk, and a job that fails takes nobody else's with it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::{Conn, DatabaseUrl, Error, in_transaction};

/// Jobs in one commit at most, so that the first is not kept waiting for long.
const GROUP: usize = 128;

type Job = Box<dyn FnOnce(&mut Conn) -> Answer + Send>;
/// Tells whoever asked, once it is known whether the group was committed.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub fn start(url: &DatabaseUrl) -> Result<Writer, Error> {
        let conn = url.connect()?;
        let (jobs, queue) = channel();
        let thread = thread::Builder::new()
            .name("shifu-writer".to_owned())
            .spawn(move || write_groups(conn, &queue))
            .map_err(|error| Error::Connect(error.to_string()))?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Queues a job; `reply` gets its outcome after the commit.
    pub fn submit<T, E>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        reply: impl FnOnce(Result<T, E>) + Send + 'static,
    ) -> Result<(), Error>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let boxed: Job = Box::new(move |conn| {
            let outcome = in_transaction(conn, job);
            Box::new(move |committed| {
                reply(match committed {
                    Ok(()) => outcome,
                    // A job that failed by itself keeps its own reason.
                    Err(error) => outcome.and(Err(error.into())),
                })
            })
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

fn write_groups(mut conn: Conn, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let (answers, committed) = write_group(&mut conn, first, queue);
        match committed {
            Ok(()) => answers.into_iter().for_each(|answer| answer(Ok(()))),
            Err(error) => {
                tracing::error!(%error, jobs = answers.len(), "a group of writes was not committed");
                let said = error.to_string();
                for answer in answers {
                    answer(Err(Error::Connect(said.clone())));
                }
            }
        }
    }
}

fn write_group(
    conn: &mut Conn,
    first: Job,
    queue: &Receiver<Job>,
) -> (Vec<Answer>, Result<(), Error>) {
    let mut answers = Vec::new();
    if let Err(error) = begin(conn) {
        // The job is dropped unrun; its asker hears of a closed channel as a failure.
        drop(first);
        return (answers, Err(error));
    }
    let mut next = Some(first);
    while let Some(job) = next {
        match catch_unwind(AssertUnwindSafe(|| job(conn))) {
            Ok(answer) => answers.push(answer),
            Err(_) => {
                // The panic left its savepoint open, and what stands in the group is unsure.
                roll_back(conn);
                return (answers, Err(Error::Panicked));
            }
        }
        next = if answers.len() < GROUP { queue.try_recv().ok() } else { None };
    }
    (answers, commit(conn))
}

fn begin(conn: &mut Conn) -> Result<(), Error> {
    let Conn::Sqlite(conn) = conn else { return Err(Error::Closed) };
    // IMMEDIATE takes the write lock now: a later upgrade could fail half-way.
    Ok(AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?)
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
