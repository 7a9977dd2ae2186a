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

use super::{
    Changes, Conn, DatabaseUrl, Error, PATIENCE,
    job::{Outcome, SentJob, failed},
};

/// Jobs in one commit at most, so that the first is not kept waiting for long.
const GROUP: usize = 128;

/// Tells whoever asked what became of a job, once it is known whether its group was committed.
type Reply = Box<dyn FnOnce(Result<Outcome, Error>) + Send>;

/// A job in the queue.
struct Order {
    changes: Changes,
    job: SentJob,
    reply: Reply,
}

/// A job that was done or could not be, before its group is committed.
struct Done {
    outcome: Result<Outcome, Error>,
    reply: Reply,
}

impl Done {
    fn tell(self, committed: Result<(), Error>) {
        let Done { outcome, reply } = self;
        reply(match (outcome, committed) {
            // A job that failed by itself keeps its own reason.
            (Ok(outcome), Err(error)) if !outcome.failed => Err(error),
            (outcome, _) => outcome,
        });
    }
}

pub(super) struct Writer {
    orders: Option<Sender<Order>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub fn start(url: &DatabaseUrl) -> Result<Writer, Error> {
        let line = Line { url: url.clone(), conn: Some(url.connect_to_write(PATIENCE)?) };
        let (orders, queue) = channel();
        let thread = thread::Builder::new()
            .name("shifu-writer".to_owned())
            .spawn(move || write_groups(line, &queue))
            .map_err(|error| Error::Connect(error.to_string()))?;
        Ok(Writer { orders: Some(orders), thread: Some(thread) })
    }

    /// Queues a job; `reply` gets its outcome after the commit.
    pub fn submit(&self, changes: Changes, job: SentJob, reply: Reply) -> Result<(), Error> {
        let orders = self.orders.as_ref().ok_or(Error::Closed)?;
        orders.send(Order { changes, job, reply }).map_err(|_| Error::Closed)
    }
}

/// Ending the writer waits for what is queued: a stop loses nothing that was accepted.
impl Drop for Writer {
    fn drop(&mut self) {
        self.orders.take();
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

fn write_groups(mut line: Line, queue: &Receiver<Order>) {
    while let Ok(first) = queue.recv() {
        let mut group = Vec::new();
        match write_group(&mut line, first, queue, &mut group) {
            Ok(()) => group.into_iter().for_each(|done| done.tell(Ok(()))),
            Err(error) => {
                line.conn = None;
                tracing::error!(%error, jobs = group.len(), "a group of writes was not committed");
                group.into_iter().for_each(|done| done.tell(Err(copy_of(&error))));
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
    first: Order,
    queue: &Receiver<Order>,
    group: &mut Vec<Done>,
) -> Result<(), Error> {
    let begun = line.conn().and_then(|conn| begin(conn).map(|()| conn));
    let conn = match begun {
        Ok(conn) => conn,
        Err(error) => {
            // Nobody behind has to wait as long for the same answer.
            let waiting = std::iter::once(first).chain(queue.try_iter().take(10 * GROUP));
            let in_vain = |order: Order| Done { outcome: Err(copy_of(&error)), reply: order.reply };
            group.extend(waiting.map(in_vain));
            return Err(error);
        }
    };
    let mut next = Some(first);
    while let Some(Order { changes, job, reply }) = next {
        let work = AssertUnwindSafe(|| changes.made(conn, job));
        let Ok(outcome) = catch_unwind(work) else {
            // The panic left its savepoint open, and what stands in the group is unsure. Whoever
            // gave the job hears of it by the reply that goes with it.
            roll_back(conn);
            return Err(Error::Panicked);
        };
        let failed = failed(&outcome);
        group.push(Done { outcome, reply });
        // SQLite itself ends the transaction when the disk is full.
        if failed && !is_under_way(conn) {
            return Err(Error::Connect("the transaction was given up".to_owned()));
        }
        next = if group.len() < GROUP { queue.try_recv().ok() } else { None };
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
