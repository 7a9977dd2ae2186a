//! Handing mails over to a mail server: every one, and none twice by our doing.
//!
//! When much is waiting, several lines (connections) work side by side. Each claims a handful of
//! mails and hands them over one after the other. That the server has accepted a mail is written
//! down while sender and recipient of the next are named, and before its text goes out; so if we
//! are killed, at most the last mail of each line is sent again, under the same Message-ID.
//!
//! What goes wrong, and what follows:
//!
//! | What the server does | What becomes of the mail | and of the others |
//! |---|---|---|
//! | refuses with 4xx | tried again later, in steps that double | go on |
//! | refuses with 5xx | parked with the server's words | go on |
//! | breaks the connection before the text is out | tried again later | go on over a new connection |
//! | breaks it after the text | the same, and in doubt | go on over a new connection |
//! | is silent for two minutes | as when it breaks the connection | wait for the next round |
//! | is not there, refuses us as such (421, sign-in) | waits; this counts as no try | all wait, in steps that double |
//! | nothing: we are killed | is claimed again after five minutes; in doubt if the text was going out | are claimed again |

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;

pub use super::smtp::{Protection, Smtp};
use super::{
    Letterhead,
    message::{self, Wire},
    outbox::{self, Claimed, Fate, OutboxId},
    pause,
    smtp::{Line, Refusal, Route},
};
use crate::{
    db::{Conn, Db, Error, Instant},
    web::Clock,
};

/// Lines to the server at most. Mail services allow few per client, and each waits for the server
/// most of the time.
const LINES: usize = 4;
/// Mails one line claims at a time.
const BATCH: usize = 16;
/// Connections that break one after the other before the server counts as out of order.
const BREAKS: usize = 3;

/// The way to the mail server.
pub struct Transport {
    route: Route,
    stopping: Arc<AtomicBool>,
}

impl Transport {
    pub fn new(settings: &Smtp) -> Result<Transport, String> {
        Transport::with_patience(settings, Duration::from_secs(120))
    }

    /// Gives up on each answer of the server after so long. Two such waits must be shorter than the
    /// claim on a mail lasts.
    pub fn with_patience(settings: &Smtp, patience: Duration) -> Result<Transport, String> {
        let route = Route::new(settings, patience)?;
        Ok(Transport { route, stopping: Arc::default() })
    }

    /// Lets every line finish the mail it has in its hands and then end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Sends what is due until nothing is; returns how many the server accepted.
    pub async fn send_due(
        &self,
        db: &Db,
        clock: &Clock,
        head: &Letterhead,
    ) -> Result<usize, Error> {
        let now = clock.now();
        let (pause, due) = db
            .read(move |conn| -> Result<_, Error> {
                let most = (LINES * BATCH) as i64;
                Ok((pause::open(conn)?, outbox::count_due(conn, now, most)?))
            })
            .await?;
        if due == 0 || pause.as_ref().is_some_and(|pause| now < pause.until_at) {
            return Ok(0);
        }
        if let Err(why) = message::sender(head) {
            db.write(move |conn| pause::note(conn, &why, now)).await?;
            return Ok(0);
        }
        let lines = (0..due.div_ceil(BATCH)).map(|_| Worker::new(self, db, clock, head).run());
        let (mut sent, mut trouble, mut failed) = (0, None, None);
        for ended in join_all(lines).await {
            match ended {
                Ok(ended) => {
                    sent += ended.sent;
                    trouble = trouble.or(ended.trouble);
                }
                Err(error) => failed = Some(error),
            }
        }
        let now = clock.now();
        match trouble {
            // A server that takes mail over another line is not out of order.
            Some(why) if sent == 0 => db.write(move |conn| pause::note(conn, &why, now)).await?,
            _ if pause.is_some() => db.write(move |conn| pause::end(conn, now)).await?,
            _ => {}
        }
        failed.map_or(Ok(sent), Err)
    }
}

/// What came of one line.
struct Ended {
    sent: usize,
    /// Why the server is of no use just now.
    trouble: Option<String>,
}

/// Whoever works one line.
struct Worker<'a> {
    transport: &'a Transport,
    db: &'a Db,
    clock: &'a Clock,
    head: &'a Letterhead,
    line: Option<Line>,
    /// Accepted by the server and not yet written down.
    taken: Option<OutboxId>,
    sent: usize,
    breaks: usize,
}

impl<'a> Worker<'a> {
    fn new(
        transport: &'a Transport,
        db: &'a Db,
        clock: &'a Clock,
        head: &'a Letterhead,
    ) -> Worker<'a> {
        Worker { transport, db, clock, head, line: None, taken: None, sent: 0, breaks: 0 }
    }

    async fn run(mut self) -> Result<Ended, Error> {
        let outcome = self.work().await;
        // What was accepted is written down whatever else went wrong.
        self.note_taken().await?;
        if let Some(line) = self.line.take() {
            line.close().await;
        }
        Ok(Ended { sent: self.sent, trouble: outcome? })
    }

    /// Claims and delivers until nothing is due; says why when the server is of no use.
    async fn work(&mut self) -> Result<Option<String>, Error> {
        loop {
            let claimed = self.write(|conn, now| outbox::claim(conn, now, BATCH as i64)).await?;
            if claimed.is_empty() {
                return Ok(None);
            }
            let mut rest = VecDeque::from(claimed);
            while let Some(claimed) = rest.pop_front() {
                if self.transport.stopping.load(Ordering::Relaxed) {
                    rest.push_front(claimed);
                    self.release(rest.into()).await?;
                    return Ok(None);
                }
                if let Some(why) = self.deliver(claimed).await? {
                    self.release(rest.into()).await?;
                    return Ok(Some(why));
                }
            }
        }
    }

    async fn deliver(&mut self, claimed: Claimed) -> Result<Option<String>, Error> {
        // Every try ended without a word: we must have died over it each time.
        if claimed.mail.tries >= outbox::MOST_TRIES {
            return self.park(claimed, message::NO_ANSWER.to_owned()).await;
        }
        let wire = match message::compose(&claimed.mail, self.head) {
            Ok(wire) => wire,
            Err(unfit) => return self.park(claimed, unfit.to_string()).await,
        };
        if self.line.is_none() {
            self.note_taken().await?;
            match self.transport.route.open().await {
                Ok(line) => self.line = Some(line),
                Err(why) => {
                    self.release(vec![claimed]).await?;
                    return Ok(Some(why));
                }
            }
        }
        self.hand_over(claimed, &wire).await
    }

    /// The dialogue about one mail, over an open line.
    async fn hand_over(&mut self, claimed: Claimed, wire: &Wire) -> Result<Option<String>, Error> {
        let Some(mut line) = self.line.take() else { return Ok(None) };
        let begin = self.write(move |conn, now| outbox::begin(conn, &claimed, now));
        let (begun, offered) = tokio::join!(begin, line.offer(wire));
        let Some(begun) = begun? else {
            // The claim ran out meanwhile, and somebody else has the mail.
            self.line = line.withdraw().await.then_some(line);
            return Ok(None);
        };
        let outcome = match offered {
            Ok(()) => line.hand_over(wire).await,
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(()) => {
                self.line = Some(line);
                self.taken = Some(begun.mail.id);
                self.sent += 1;
                self.breaks = 0;
                Ok(None)
            }
            Err(refusal) => self.refused(begun, line, refusal).await,
        }
    }

    async fn refused(
        &mut self,
        claimed: Claimed,
        mut line: Line,
        refusal: Refusal,
    ) -> Result<Option<String>, Error> {
        match refusal {
            Refusal::OfServer(why) => {
                self.write(move |conn, now| outbox::put_behind(conn, &claimed, now)).await?;
                Ok(Some(why))
            }
            Refusal::ForNow(why) => {
                self.failed(claimed, why, Fate::NotTaken).await?;
                self.line = line.withdraw().await.then_some(line);
                Ok(None)
            }
            Refusal::ForGood(why) => {
                self.park(claimed, why).await?;
                self.line = line.withdraw().await.then_some(line);
                Ok(None)
            }
            Refusal::Broken { why, silent } => {
                self.failed(claimed, why.clone(), Fate::NotTaken).await?;
                Ok(self.broke(why, silent))
            }
            Refusal::Doubt { why, silent } => {
                self.failed(claimed, why.clone(), Fate::Unknown).await?;
                Ok(self.broke(why, silent))
            }
        }
    }

    /// The next mail goes over a new connection, unless it would fail in the same way after the
    /// same wait.
    fn broke(&mut self, why: String, silent: bool) -> Option<String> {
        self.breaks += 1;
        (silent || self.breaks >= BREAKS).then_some(why)
    }

    async fn failed(&mut self, claimed: Claimed, why: String, fate: Fate) -> Result<(), Error> {
        self.write(move |conn, now| outbox::mark_failed(conn, &claimed, &why, fate, now)).await
    }

    async fn park(&mut self, claimed: Claimed, why: String) -> Result<Option<String>, Error> {
        let park =
            move |conn: &mut Conn, now| outbox::park(conn, &claimed, &why, Fate::NotTaken, now);
        self.write(park).await.map(|()| None)
    }

    async fn release(&mut self, claimed: Vec<Claimed>) -> Result<(), Error> {
        self.write(move |conn, _| outbox::release(conn, &claimed)).await
    }

    /// Writes down what was accepted. A database that is locked or gone for a moment must not make
    /// us send that mail again.
    async fn note_taken(&mut self) -> Result<(), Error> {
        const PATIENT: usize = 5;
        if self.taken.is_none() {
            return Ok(());
        }
        for _ in 0..PATIENT {
            match self.write(|_, _| Ok(())).await {
                Err(error) if error.is_unavailable() => {}
                outcome => return outcome,
            }
        }
        self.write(|_, _| Ok(())).await
    }

    /// One transaction, which also writes down what was accepted.
    async fn write<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut Conn, Instant) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (taken, now) = (self.taken, self.clock.now());
        let outcome = self
            .db
            .write(move |conn| -> Result<T, Error> {
                if let Some(id) = taken {
                    outbox::mark_sent(conn, id, now)?;
                }
                job(conn, now)
            })
            .await?;
        self.taken = None;
        Ok(outcome)
    }
}
