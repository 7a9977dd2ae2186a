//! A pool over either database.

use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::{Conn, DatabaseUrl, Error};

#[derive(Clone, Copy)]
pub(super) enum Access {
    Read,
    Write,
}

pub(super) struct Pool {
    inner: r2d2::Pool<Manager>,
}

struct Manager {
    url: DatabaseUrl,
    access: Access,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn, Error> {
        match self.access {
            Access::Read => self.url.connect_to_read(),
            Access::Write => self.url.connect(),
        }
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Error> {
        Ok(conn.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        use diesel::r2d2::R2D2Connection;
        match conn {
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
            .connection_timeout(Duration::from_secs(20))
            .build(manager)
            .map_err(|error| Error::Connect(error.to_string()))?;
        Ok(Pool { inner })
    }

    pub fn get(&self) -> Result<impl std::ops::DerefMut<Target = Conn> + use<>, Error> {
        self.inner.get().map_err(|error| Error::Connect(error.to_string()))
    }
}
