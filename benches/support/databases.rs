//! The databases to measure on: an SQLite file beside the build, and the PostgreSQL database that
//! `SHIFU_BENCH_POSTGRES` names. It should be empty and is filled.

/// Name and address of each database, and the folder that keeps the file for as long as it lives.
pub fn databases() -> (Vec<(&'static str, String)>, tempfile::TempDir) {
    // Beside the build, for /tmp is often memory, and a durable commit there costs nothing.
    let beside = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir_in(beside).expect("a folder beside the build");
    let file = folder.path().join("bench.db");
    let mut found = vec![("SQLite", format!("sqlite://{}", file.display()))];
    match std::env::var("SHIFU_BENCH_POSTGRES") {
        Ok(url) => found.push(("PostgreSQL", url)),
        Err(_) => eprintln!(
            "LEFT OUT: PostgreSQL (set SHIFU_BENCH_POSTGRES=postgres://… to an empty database)"
        ),
    }
    (found, folder)
}
