//! Up to where what was written is complete, for whoever reads on from where they were.

use diesel::{RunQueryDsl, dsl::sql, sql_types::BigInt};

use super::{Conn, Error};

/// Below this value of a column `written` nothing can appear any more. To be asked before the rows
/// are read: what is committed in between then lies above it.
///
/// SQLite writes one transaction after the other, so a row that is committed later has the higher
/// id; `written` is 0 there, and everything is settled. On PostgreSQL several transactions are under
/// way at once and `written` is when the row's own began, so the oldest one that is open is the
/// bound. One that begins just now may be seen a little later than it began; hence the second.
pub fn settled(conn: &mut Conn) -> Result<i64, Error> {
    match conn {
        Conn::Sqlite(_) => Ok(i64::MAX),
        Conn::Postgres(conn) => Ok(diesel::select(sql::<BigInt>(OLDEST)).get_result(conn)?),
    }
}

/// Every server and the command line sign in by one role, and a role sees its own transactions. Those
/// that have written nothing yet count, too: they may.
const OLDEST: &str = "(SELECT (EXTRACT(EPOCH FROM least(min(xact_start), now() - interval '1 second')) * 1000000)::bigint \
     FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user)";
