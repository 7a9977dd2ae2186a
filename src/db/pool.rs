//! A pool over either database.
//!
//! A connection is looked at only when there is reason to doubt it: after a job that failed on it,
//! and after another one was found dead. So a PostgreSQL that was started anew costs nobody more
//! than the requests that were under way.

use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;

use super::{
    Conn, DatabaseUrl, Error, PATIENCE, PATIENCE_TO_CONNECT,
    job::{Outcome, failed},
};

#[derive(Clone, Copy)]
pub(super) enum Access {
    Read,
    Write,
}

pub(super) struct Pool {
    inner: r2d2::Pool<Manager>,
    /// How often a connection was found dead.
    deaths: AtomicU64,
}

struct Manager {
    url: DatabaseUrl,
    access: Access,
}

struct Pooled {
    conn: Conn,
    dead: bool,
    /// The number of deaths up to which it is known to live.
    alive_at: u64,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = Error;

    fn connect(&self) -> Result<Pooled, Error> {
        let conn = match self.access {
            Access::Read => self.url.connect_to_read()?,
            Access::Write => self.url.connect_to_write(PATIENCE)?,
        };
        Ok(Pooled { conn, dead: false, alive_at: 0 })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Error> {
        Ok(pooled.conn.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        use diesel::r2d2::R2D2Connection;
        pooled.dead
            || match &mut pooled.conn {
                Conn::Sqlite(conn) => conn.is_broken(),
                Conn::Postgres(conn) => std::thread::panicking() || conn.is_broken(),
            }
    }
}

impl Pool {
    pub fn new(url: &DatabaseUrl, access: Access, width: u32) -> Result<Pool, Error> {
        let manager = Manager { url: url.clone(), access };
        let inner = r2d2::Pool::builder()
            .max_size(width)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE_TO_CONNECT)
            .error_handler(Box::new(Quiet))
            .build(manager)
            .map_err(|error| Error::Connect(error.to_string()))?;
        Ok(Pool { inner, deaths: AtomicU64::new(0) })
    }

    /// Lends a connection to a job.
    pub fn lend(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<Outcome, Error>,
    ) -> Result<Outcome, Error> {
        let mut pooled = self.get()?;
        let outcome = work(&mut pooled.conn);
        if failed(&outcome) {
            self.look_at(&mut pooled);
        }
        outcome
    }

    /// A connection that nothing speaks against.
    fn get(&self) -> Result<r2d2::PooledConnection<Manager>, Error> {
        loop {
            let pooled = self.inner.get();
            let mut pooled = pooled.map_err(|error| Error::Connect(error.to_string()))?;
            let deaths = self.deaths.load(Ordering::Relaxed);
            if pooled.alive_at == deaths || self.look_at(&mut pooled) {
                pooled.alive_at = deaths;
                return Ok(pooled);
            }
        }
    }

    /// Whether a connection lives; a dead one goes from the pool when it is given back.
    fn look_at(&self, pooled: &mut Pooled) -> bool {
        pooled.dead = pooled.conn.batch_execute("SELECT 1").is_err();
        if pooled.dead {
            self.deaths.fetch_add(1, Ordering::Relaxed);
        }
        !pooled.dead
    }
}

/// While the database is gone, every waiting request fails with the reason; one more line for each
/// attempt to connect would only fill the log.
#[derive(Debug)]
struct Quiet;

impl r2d2::HandleError<Error> for Quiet {
    fn handle_error(&self, error: Error) {
        tracing::debug!(%error, "no connection");
    }
}
