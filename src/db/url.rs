//! Which database an address means, strictly: a typo must never create an empty database.

use std::{fmt, path::PathBuf, time::Duration};

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};

use super::{Conn, Error};

/// An address with one of the two schemes we speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(String),
}

impl DatabaseUrl {
    pub fn parse(url: &str) -> Result<DatabaseUrl, Error> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return match path {
                "" => Err(Error::Url(format!("{url} names no file; write sqlite://FILE"))),
                path => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(url.to_owned()));
        }
        Err(Error::Url(format!("{url}; write sqlite://FILE or postgres://USER@HOST/NAME")))
    }

    /// A plain connection that may write.
    pub(super) fn connect(&self) -> Result<Conn, Error> {
        match self {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())
                    .map_err(|error| Error::Connect(format!("{self}: {error}")))?;
                // Temporary data stays in files: the rollback of a savepoint over a large import
                // would otherwise be held in memory page by page.
                conn.batch_execute(
                    "PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA cache_size = -16000;",
                )
                .map_err(|error| Error::Connect(format!("{self}: {error}")))?;
                Ok(Conn::Sqlite(conn))
            }
            DatabaseUrl::Postgres(url) => {
                let mut conn = PgConnection::establish(url)
                    .map_err(|error| Error::Connect(format!("{self}: {error}")))?;
                conn.batch_execute("SET TIME ZONE 'UTC'")?;
                Ok(Conn::Postgres(conn))
            }
        }
    }

    /// A connection that waits so long for what others hold, and not for ever.
    pub(super) fn connect_to_write(&self, patience: Duration) -> Result<Conn, Error> {
        let (mut conn, most) = (self.connect()?, patience.as_millis());
        match &mut conn {
            Conn::Sqlite(conn) => conn.batch_execute(&format!("PRAGMA busy_timeout = {most}"))?,
            Conn::Postgres(conn) => conn.batch_execute(&format!("SET lock_timeout = {most}"))?,
        }
        Ok(conn)
    }

    /// A connection the database itself keeps from writing.
    pub(super) fn connect_to_read(&self) -> Result<Conn, Error> {
        let mut conn = self.connect()?;
        match &mut conn {
            Conn::Sqlite(conn) => conn.batch_execute("PRAGMA query_only = ON")?,
            Conn::Postgres(conn) => {
                conn.batch_execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")?;
            }
        }
        Ok(conn)
    }
}

/// The address without its password, fit for a log.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                match rest.rsplit_once('@') {
                    Some((login, host)) => {
                        let user = login.split(':').next().unwrap_or_default();
                        write!(f, "{scheme}://{user}@{host}")
                    }
                    None => write!(f, "{url}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_schemes_are_understood() {
        assert!(DatabaseUrl::parse("sqlite://shifu.db").is_ok());
        assert!(DatabaseUrl::parse("postgres://shifu@db/shifu").is_ok());
        for wrong in ["sqlite://", "shifu.db", "postgress://x", "mysql://x", ""] {
            assert!(DatabaseUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_logged_address_has_no_password() {
        let url = DatabaseUrl::parse("postgres://shifu:secret@db:5432/shifu").unwrap();
        assert_eq!(url.to_string(), "postgres://shifu@db:5432/shifu");
    }
}
