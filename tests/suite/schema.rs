//! One schema on both databases.

use std::collections::BTreeMap;

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types,
};
use shifu::db::{Conn, Migrations};

use crate::world::{Backend, left_out};

fn connect(backend: Backend) -> (Conn, impl Sized) {
    let database = backend.empty();
    let conn = match backend {
        Backend::Sqlite => Conn::Sqlite(
            SqliteConnection::establish(database.url.trim_start_matches("sqlite://"))
                .expect("opens"),
        ),
        Backend::Postgres => Conn::Postgres(PgConnection::establish(&database.url).expect("opens")),
    };
    (conn, database)
}

fn everywhere(test: impl Fn(Backend)) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        match backend.lack() {
            Some(lack) => left_out(lack),
            None => test(backend),
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = sql_types::Text)]
    line: String,
}

/// Tables, columns with type and nullability, keys and indexes, as comparable lines.
fn describe(conn: &mut Conn) -> Vec<String> {
    let mut lines: Vec<String> = match conn {
        Conn::Sqlite(conn) => {
            SQLITE.iter().flat_map(|query| load(sql_query(*query), conn)).collect()
        }
        Conn::Postgres(conn) => {
            POSTGRES.iter().flat_map(|query| load(sql_query(*query), conn)).collect()
        }
    };
    lines.sort();
    lines.dedup();
    lines
}

fn load<C>(query: diesel::query_builder::SqlQuery, conn: &mut C) -> Vec<String>
where
    C: Connection,
    diesel::query_builder::SqlQuery: for<'a> diesel::query_dsl::LoadQuery<'a, C, Line>,
{
    query
        .load::<Line>(conn)
        .expect("the catalogue can be read")
        .into_iter()
        .map(|line| line.line)
        .collect()
}

const SQLITE: [&str; 3] = [
    "SELECT m.name || '.' || c.name || ' ' ||
        CASE upper(c.type) WHEN 'INTEGER' THEN 'BIGINT' WHEN 'BLOB' THEN 'BYTEA' ELSE upper(c.type) END ||
        CASE WHEN c.\"notnull\" = 1 THEN ' not null' ELSE '' END ||
        CASE WHEN c.pk > 0 THEN ' key ' || c.pk ELSE '' END AS line
     FROM sqlite_master m JOIN pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    "SELECT m.name || ' -> ' || f.\"table\" || ' (' || f.\"from\" || ' = ' || f.\"to\" || ')' AS line
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    "SELECT m.name || CASE WHEN i.\"unique\" = 1 THEN ' unique' ELSE ' index' END ||
        CASE WHEN i.partial = 1 THEN ' partial' ELSE '' END || ' (' ||
        (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')' AS line
     FROM sqlite_master m JOIN pragma_index_list(m.name) i
     WHERE m.type = 'table' AND i.origin <> 'pk' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'",
];

const POSTGRES: [&str; 3] = [
    "SELECT c.table_name || '.' || c.column_name || ' ' ||
        CASE c.data_type WHEN 'timestamp without time zone' THEN 'TIMESTAMP' ELSE upper(c.data_type) END ||
        CASE WHEN c.is_nullable = 'NO' THEN ' not null' ELSE '' END ||
        COALESCE((SELECT ' key ' || array_position(i.indkey::int2[], a.attnum) + 1
            FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = c.column_name
            WHERE i.indisprimary AND t.relname = c.table_name AND a.attnum = ANY (i.indkey)), '') AS line
     FROM information_schema.columns c
     WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_\\_%'",
    "SELECT k.table_name || ' -> ' || u.table_name || ' (' || k.column_name || ' = ' || u.column_name || ')' AS line
     FROM information_schema.referential_constraints r
     JOIN information_schema.key_column_usage k ON k.constraint_name = r.constraint_name
     JOIN information_schema.key_column_usage u ON u.constraint_name = r.unique_constraint_name
        AND u.ordinal_position = k.position_in_unique_constraint",
    "SELECT t.relname || CASE WHEN i.indisunique THEN ' unique' ELSE ' index' END ||
        CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END || ' (' ||
        (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (num, n)
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num) || ')' AS line
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
     WHERE s.nspname = 'public' AND NOT i.indisprimary AND t.relname NOT LIKE '\\_\\_%'",
];

#[test]
fn both_databases_have_the_same_schema() {
    if let Some(lack) = Backend::Postgres.lack() {
        return left_out(lack);
    }
    let described = [Backend::Sqlite, Backend::Postgres].map(|backend| {
        let (mut conn, _database) = connect(backend);
        Migrations::run(&mut conn).expect("migrates");
        describe(&mut conn)
    });
    assert!(described[0].len() > 200, "the catalogue was read");
    let [sqlite, postgres] = &described;
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    assert_eq!((only(sqlite, postgres), only(postgres, sqlite)), (vec![], vec![]));
}

#[test]
fn every_migration_goes_up_down_and_up_again() {
    everywhere(|backend| {
        let (mut conn, _database) = connect(backend);
        let all = Migrations::run(&mut conn).expect("up");
        assert!(!all.is_empty());
        let up = describe(&mut conn);
        Migrations::revert_all(&mut conn).expect("down");
        assert_eq!(
            describe(&mut conn),
            Vec::<String>::new(),
            "nothing is left behind on {backend:?}"
        );
        Migrations::run(&mut conn).expect("up again");
        assert_eq!(describe(&mut conn), up);
    });
}

#[test]
fn a_database_made_by_a_newer_program_is_refused() {
    everywhere(|backend| {
        let (mut conn, _database) = connect(backend);
        Migrations::run(&mut conn).expect("up");
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
        sql_query(newer).execute(&mut conn).expect("pretends to be newer");
        let refusal = Migrations::run(&mut conn).expect_err("refused").to_string();
        assert!(refusal.contains("newer") && refusal.contains("29991231000000"), "{refusal}");
    });
}

/// `schema.rs` says what the migrations make: the same tables and columns in the same order.
#[test]
fn the_schema_in_the_code_is_the_schema_in_the_database() {
    let (mut conn, _database) = connect(Backend::Sqlite);
    Migrations::run(&mut conn).expect("up");
    let Conn::Sqlite(conn) = &mut conn else { unreachable!() };
    let rows = load(sql_query("SELECT m.name || '.' || c.name || ':' || upper(c.type) || ':' || c.\"notnull\" AS line
        FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'
        ORDER BY m.name, c.cid"), conn);
    let in_database: Vec<String> = rows;
    let source = include_str!("../../src/db/schema.rs");
    let mut in_code: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in source.lines().map(str::trim).take_while(|line| !line.contains("joinable!")) {
        if let Some((name, "{")) =
            line.split_once(" (").map(|(name, rest)| (name, &rest[rest.len() - 1..]))
        {
            table = name.to_owned();
        } else if let Some((column, declared)) = line.trim_end_matches(',').split_once(" -> ") {
            let nullable = declared.starts_with("Nullable<");
            let declared = declared.trim_start_matches("Nullable<").trim_end_matches('>');
            let stored = match declared {
                "BigInt" => "BIGINT",
                "Text" => "TEXT",
                "Bool" => "BOOLEAN",
                "Date" => "DATE",
                "Timestamp" => "TIMESTAMP",
                "Binary" => "BLOB",
                other => panic!("{other}"),
            };
            let line = format!("{table}.{column}:{stored}:{}", u8::from(!nullable));
            in_code.entry(table.clone()).or_default().push(line);
        }
    }
    let in_code: Vec<String> = in_code.into_values().flatten().collect();
    let in_database: Vec<String> =
        in_database.into_iter().map(|line| line.replace(":INTEGER:", ":BIGINT:")).collect();
    assert_eq!(in_code, in_database);
}
