//! Bringing either database up to date, and refusing one that is newer than the program.

use diesel::{Connection, connection::SimpleConnection, migration::MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Error};
use crate::each_backend;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Serialises two programs that start on one PostgreSQL at the same time.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_lock(7216201)";
const POSTGRES_UNLOCK: &str = "SELECT pg_advisory_unlock(7216201)";

/// Operations on the schema as a whole.
pub struct Migrations;

impl Migrations {
    /// Applies what is pending; returns the versions it applied.
    pub fn run(conn: &mut Conn) -> Result<Vec<String>, Error> {
        lock(conn, POSTGRES_LOCK)?;
        let outcome = refuse_newer(conn).and_then(|()| apply(conn));
        lock(conn, POSTGRES_UNLOCK)?;
        outcome
    }

    /// Takes every migration back, for the test that proves each has a way down.
    pub fn revert_all(conn: &mut Conn) -> Result<(), Error> {
        match conn {
            Conn::Sqlite(conn) => conn.revert_all_migrations(SQLITE).map(drop),
            Conn::Postgres(conn) => conn.revert_all_migrations(POSTGRES).map(drop),
        }
        .map_err(|error| Error::Migration(error.to_string()))
    }
}

/// The names of the embedded migrations of either database, in order.
pub fn migrations_of(conn: &Conn) -> Result<Vec<String>, Error> {
    use diesel::migration::{Migration, MigrationSource};
    fn names<DB: diesel::backend::Backend>(
        found: diesel::migration::Result<Vec<Box<dyn Migration<DB>>>>,
    ) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = found
            .map_err(|error| Error::Migration(error.to_string()))?
            .iter()
            .map(|migration| migration.name().version().to_string())
            .collect();
        names.sort();
        Ok(names)
    }
    match conn {
        Conn::Sqlite(_) => names(MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)),
        Conn::Postgres(_) => names(MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES)),
    }
}

fn refuse_newer(conn: &mut Conn) -> Result<(), Error> {
    let known = migrations_of(conn)?;
    let applied: Vec<MigrationVersion<'static>> = each_backend!(conn, |conn| conn
        .applied_migrations())
    .map_err(|error| Error::Migration(error.to_string()))?;
    match applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        Some(unknown) => Err(Error::Newer(unknown)),
        None => Ok(()),
    }
}

/// All or nothing: a failure half-way leaves the database as it was.
fn apply(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let applied = match conn {
        Conn::Sqlite(conn) => conn.transaction(|conn| run_pending(conn, SQLITE)),
        Conn::Postgres(conn) => conn.transaction(|conn| run_pending(conn, POSTGRES)),
    };
    applied.map_err(|Failed(error)| Error::Migration(error))
}

struct Failed(String);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Failed(error.to_string())
    }
}

fn run_pending<DB: diesel::backend::Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    source: EmbeddedMigrations,
) -> Result<Vec<String>, Failed>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    conn.run_pending_migrations(source)
        .map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|error| Failed(error.to_string()))
}

fn lock(conn: &mut Conn, statement: &str) -> Result<(), Error> {
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(statement)?;
    }
    Ok(())
}
