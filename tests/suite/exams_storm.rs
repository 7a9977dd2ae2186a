//! Exams under hard conditions: the real program is killed, two browsers write at once, the clock
//! jumps, the database is locked, gone or full. What was acknowledged is kept, nothing happens
//! twice, and all goes on by itself.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant as Stopwatch},
};

use diesel::{Connection, connection::SimpleConnection, prelude::*};
use serde_json::json;
use shifu::{
    access::{links, queries as access},
    db::{
        Conn, Db, Error,
        schema::{attempt, attempt_result, fact},
    },
    exams::attempts::{model::Answer, queries},
    i18n::Lang,
    record::ledger::Stamp,
    staff::{
        self,
        transfers::{self, NewAssignment, NewPerson},
    },
};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    exams::{EXAM, QUESTIONS, id_of, right_answers, said, start},
    on_both,
    world::{Actor, Backend, Cluster, Database, Page, Served, World, day, instant, left_out},
};

/// Declares a test of the real program on both databases.
macro_rules! on_both_for_real {
    (async fn $name:ident($database:ident: Database) $body:block) => {
        mod $name {
            use super::*;

            async fn story($database: Database) $body

            #[test]
            fn sqlite() {
                for_real(Backend::Sqlite, story);
            }

            #[test]
            fn postgres() {
                for_real(Backend::Postgres, story);
            }
        }
    };
}

fn for_real<F: Future<Output = ()>>(backend: Backend, story: impl FnOnce(Database) -> F) {
    match backend.lack() {
        Some(lack) => left_out(lack),
        None => run(story(backend.database())),
    }
}

fn run(story: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(story);
}

/// Loops with this in them end one day, also when the program does not do its part.
struct Patience(Stopwatch);

impl Patience {
    fn new() -> Patience {
        Patience(Stopwatch::now())
    }

    fn lasts(&self, what: &str) {
        assert!(self.0.elapsed() < Duration::from_secs(60), "{what}");
    }
}

fn token(number: usize) -> String {
    format!("the-session-of-candidate-{number}")
}

/// So many technicians of Pudong, each with a session.
fn crowd(db: &Db, count: usize) {
    let hire = move |conn: &mut Conn| -> Result<(), Error> {
        let now = shifu::web::Clock::default().now();
        let stamp = Stamp { at: now, by: None };
        let lin = staff::queries::person_by_staff_no(conn, "T0001")?.expect("lin");
        let site = staff::queries::site_of(conn, lin.id, day("2026-11-23"))?.expect("Pudong").id;
        for number in 0..count {
            let staff_no = format!("C{number:04}");
            let new = NewPerson {
                staff_no: &staff_no,
                name: "考生",
                name_en: Some("Candidate"),
                email: None,
                phone: None,
                lang: Lang::En,
            };
            let person = transfers::add_person(conn, &new, stamp)?;
            let post = NewAssignment {
                person,
                site,
                position: "technician",
                occupation: "auto-mechanic",
                manager: None,
                starts_on: day("2022-01-03"),
                ends_on: None,
            };
            transfers::assign(conn, &post, stamp)?;
            access::set_password(conn, person, "nobody signs in with it", now)?;
            access::begin_session(conn, person, &links::digest(&token(number)), "", "", now)?;
        }
        Ok(())
    };
    db.write_blocking(hire).expect("a crowd");
}

/// Reads beside the server. Our own connections die with the database as well.
fn read<T: Send + 'static>(db: &Db, job: impl Fn(&mut Conn) -> Result<T, Error>) -> T {
    for _ in 0..20 {
        match db.read_blocking(&job) {
            Err(error) if error.is_unavailable() => {}
            outcome => return outcome.expect("the database answers"),
        }
    }
    panic!("the database does not answer");
}

/// What a browser was told is saved: edition and response, by position.
type Told = BTreeMap<i64, (i64, String)>;

struct Candidate {
    actor: Actor,
    number: usize,
    path: String,
    key: Vec<(i64, String)>,
    told: Told,
}

impl Candidate {
    /// The crowd, everybody in the middle of the exam.
    async fn all(server: &Served, db: &Db, count: usize) -> Vec<Candidate> {
        crowd(db, count);
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let actor = Actor::with_session(server.address, &token(number));
            tasks.spawn(async move { (number, start(&actor).await, actor) });
        }
        let mut all = Vec::new();
        for (number, path, actor) in tasks.join_all().await {
            let id = id_of(&path);
            let key = db.read_blocking(|conn| right_answers(conn, id)).expect("the key");
            all.push(Candidate { actor, number, path, key, told: Told::new() });
        }
        all.sort_by_key(|one| one.number);
        all
    }

    /// The same browser after the server came back at another address.
    fn now_at(&mut self, server: &Served) {
        self.actor = Actor::with_session(server.address, &token(self.number));
    }

    /// The right answer with odd editions, taken back with even ones.
    fn answer(&self, position: i64, edition: i64) -> &str {
        let right = &self.key[position as usize - 1].1;
        if edition % 2 == 1 { right } else { "" }
    }

    /// Sends one answer and keeps what was told; nothing when the server went away.
    async fn save(&mut self, position: i64, edition: i64) -> Option<Page> {
        let response = self.answer(position, edition).to_owned();
        let body = json!({ "position": position, "response": response, "edition": edition });
        let page = self.actor.try_post_json(&format!("{}/answers", self.path), &body).await?;
        if page.status == 200 {
            self.told.insert(position, (edition, response));
        }
        Some(page)
    }

    /// Answers everything over and over, until the server goes away or refuses.
    async fn keeps_saving(mut self, saved: mpsc::UnboundedSender<()>) -> Candidate {
        for edition in 1.. {
            for position in 1..=QUESTIONS {
                match self.save(position, edition).await {
                    Some(page) if page.status == 200 => _ = saved.send(()),
                    Some(page) => assert_eq!(page.status, 503, "{}", page.body),
                    None => return self,
                }
            }
        }
        self
    }

    fn kept(&self, db: &Db) -> BTreeMap<i64, Answer> {
        let id = id_of(&self.path);
        read(db, |conn| queries::answers(conn, id))
    }

    /// Whatever was acknowledged is there, or something newer that was still on its way.
    fn finds_all_it_was_told(&self, db: &Db) {
        let kept = self.kept(db);
        for (position, (edition, response)) in &self.told {
            let found = kept.get(position).unwrap_or_else(|| {
                panic!("{}: answer {position} was acknowledged and is gone", self.path)
            });
            assert!(found.edition >= *edition, "{}: answer {position} is older", self.path);
            if found.edition == *edition {
                assert_eq!(&found.response, response, "{}: answer {position}", self.path);
            }
        }
    }

    async fn hands_in(&self, form_key: &str) -> Option<Page> {
        self.actor.try_post(&format!("{}/finish", self.path), &[("form_key", form_key)]).await
    }

    /// Marked once, for exactly what is kept.
    fn is_marked_once(&self, db: &Db) {
        let (id, kept) = (id_of(&self.path), self.kept(db));
        let right = |(position, response): &&(i64, String)| {
            kept.get(position).is_some_and(|answer| answer.response == *response)
        };
        let right = self.key.iter().filter(right).count() as i64;
        let (points, facts): (Vec<i64>, i64) = read(db, |conn| {
            let results = attempt_result::table.filter(attempt_result::attempt_id.eq(id));
            let points = results.select(attempt_result::points).load(conn)?;
            let of_attempt = fact::source_kind.eq("attempt").and(fact::source_id.eq(id.0));
            Ok((points, fact::table.filter(of_attempt).count().get_result(conn)?))
        });
        assert_eq!(
            (points, facts),
            (vec![right], 1),
            "{}: marked once, for what is kept",
            self.path
        );
    }
}

/// Everybody saves at once until so many answers were acknowledged and `then` has happened.
async fn storm(all: Vec<Candidate>, until: usize, then: impl FnOnce()) -> Vec<Candidate> {
    let (saved, mut acknowledged) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for one in all {
        tasks.spawn(one.keeps_saving(saved.clone()));
    }
    drop(saved);
    for _ in 0..until {
        acknowledged.recv().await.expect("an acknowledgement");
    }
    then();
    tasks.join_all().await
}

on_both_for_real! {
    async fn a_killed_server_loses_no_acknowledged_answer_and_marks_nothing_twice(database: Database) {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let all = Candidate::all(&server, &db, 24).await;
        let mut all = storm(all, 1500, || server.kill()).await;
        let told: usize = all.iter().map(|one| one.told.len()).sum();
        assert!(told > 24, "the storm was under way");
        all.iter().for_each(|one| one.finds_all_it_was_told(&db));

        // For half of them the time is over while nothing serves.
        let late = all.split_off(12);
        let ids: Vec<_> = late.iter().map(|one| id_of(&one.path)).collect();
        db.write_blocking(move |conn| -> Result<(), Error> {
            let times = (
                attempt::started_at.eq(instant("2026-01-05T02:00:00Z")),
                attempt::hand_in_by.eq(instant("2026-01-05T02:30:00Z")),
            );
            diesel::update(attempt::table.filter(attempt::id.eq_any(ids))).set(times).execute(conn)?;
            Ok(())
        })
        .expect("their time is over");
        let server = Served::on(&database.url);
        let patience = Patience::new();
        for mut one in late {
            one.now_at(&server);
            while one.actor.get(&one.path).await.location != Some(format!("{}/result", one.path)) {
                patience.lasts("an attempt whose time is over is closed");
            }
            one.is_marked_once(&db);
        }

        // The others go on and hand in; the server is killed once more in the middle of that.
        for one in &mut all {
            one.now_at(&server);
            let edition = one.kept(&db).get(&1).map_or(0, |answer| answer.edition) + 1;
            let page = one.save(1, edition).await.expect("an answer");
            assert_eq!(page.status, 200, "the attempt goes on: {}", page.body);
        }
        let (ended, mut ends) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for one in all {
            let ended = ended.clone();
            tasks.spawn(async move {
                let page = one.hands_in(&format!("first-{}", one.number)).await;
                let _ = ended.send(());
                (one, page)
            });
        }
        for _ in 0..4 {
            ends.recv().await.expect("somebody has handed in");
        }
        server.kill();
        let all = tasks.join_all().await;
        let server = Served::on(&database.url);
        for (mut one, first) in all {
            one.now_at(&server);
            let key = format!("again-{}", one.number);
            let (a, b) = tokio::join!(one.hands_in(&key), one.hands_in(&key));
            for page in [first, a, b].into_iter().flatten() {
                assert_eq!((page.status, page.location), (303, Some(format!("{}/result", one.path))));
            }
            one.finds_all_it_was_told(&db);
            one.is_marked_once(&db);
        }
    }
}

on_both_for_real! {
    async fn what_is_saved_while_another_browser_hands_in_is_marked_or_refused(database: Database) {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let mut tasks = JoinSet::new();
        for mut phone in Candidate::all(&server, &db, 16).await {
            let desk = Actor::with_session(server.address, &token(phone.number));
            let (saved, mut acknowledged) = mpsc::unbounded_channel();
            let path = format!("{}/finish", phone.path);
            let number = phone.number;
            tasks.spawn(async move {
                let saving = async move {
                    for position in 1..=QUESTIONS {
                        let page = phone.save(position, 1).await.expect("an answer");
                        if page.status != 200 {
                            assert_eq!((page.status, said(&page)["reason"].as_str()), (409, Some("finished")));
                            break;
                        }
                        let _ = saved.send(());
                    }
                    phone
                };
                let handing_in = async {
                    // Each a little later than the one before.
                    for _ in 0..=number {
                        acknowledged.recv().await;
                    }
                    desk.post(&path, &[("form_key", &format!("desk-{number}"))]).await
                };
                tokio::join!(saving, handing_in)
            });
        }
        for (phone, handed_in) in tasks.join_all().await {
            assert_eq!(handed_in.status, 303, "{}", handed_in.body);
            let kept: Vec<i64> = phone.kept(&db).into_keys().collect();
            let told: Vec<i64> = phone.told.keys().copied().collect();
            assert_eq!(kept, told, "what was refused is not kept, what was acknowledged is");
            phone.is_marked_once(&db);
        }
    }
}

on_both_for_real! {
    async fn two_browsers_on_one_attempt_end_with_the_newest_answers(database: Database) {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let phone = Candidate::all(&server, &db, 1).await.remove(0);
        let mut desk = Candidate { key: phone.key.clone(), told: Told::new(), path: phone.path.clone(), ..phone };
        let mut phone = Candidate { actor: desk.actor.clone(), number: 0, path: desk.path.clone(), key: desk.key.clone(), told: Told::new() };
        let writing = async |one: &mut Candidate, editions: [i64; 3]| {
            for edition in editions {
                for position in 1..=QUESTIONS {
                    let page = one.save(position, edition).await.expect("an answer");
                    let stale = said(&page)["reason"].as_str() == Some("stale");
                    assert!(page.status == 200 || stale, "{}", page.body);
                }
            }
        };
        tokio::join!(writing(&mut phone, [1, 3, 6]), writing(&mut desk, [2, 4, 5]));
        phone.finds_all_it_was_told(&db);
        desk.finds_all_it_was_told(&db);
        for (position, answer) in phone.kept(&db) {
            assert_eq!((answer.edition, answer.response.as_str()), (6, phone.answer(position, 6)));
        }
    }
}

on_both! {
    async fn a_clock_set_forward_and_back_closes_at_most_once_and_gives_no_time(world: World) {
        let (lin, wang) = (world.lin().await, world.wang().await);
        let (jumped, calm) = (start(&lin).await, start(&wang).await);
        let save = async |actor: &Actor, path: &str, edition: i64| {
            crate::exams::save(actor, path, 1, "", edition).await
        };
        assert_eq!(save(&lin, &jumped, 1).await.status, 200);
        // An hour forward: whoever asks now is late, and stays so.
        world.clock.advance(chrono::Duration::hours(1));
        let late = save(&lin, &jumped, 2).await;
        assert_eq!((late.status, said(&late)["reason"].as_str()), (409, Some("time")));
        world.clock.advance(chrono::Duration::hours(-1));
        let after = save(&lin, &jumped, 2).await;
        assert_eq!((after.status, said(&after)["reason"].as_str()), (409, Some("finished")));
        // Whoever did not ask meanwhile has lost nothing.
        assert_eq!(save(&wang, &calm, 1).await.status, 200);
        // Ten minutes forward with a save, then back: the ten minutes are used up.
        world.clock.advance(chrono::Duration::minutes(10));
        let left = said(&save(&wang, &calm, 2).await)["remaining_seconds"].as_i64();
        world.clock.advance(chrono::Duration::minutes(-30));
        let again = save(&wang, &calm, 3).await;
        assert_eq!((again.status, said(&again)["remaining_seconds"].as_i64()), (200, left));
        world.clock.advance(chrono::Duration::hours(2));
        tokio::join!(world.round(), world.round());
        for path in [jumped, calm] {
            let id = id_of(&path);
            let results: i64 = world.arrange(move |conn| {
                Ok(attempt_result::table.filter(attempt_result::attempt_id.eq(id)).count().get_result(conn)?)
            }).await;
            assert_eq!(results, 1, "{path} is marked once");
        }
    }
}

/// Somebody else's connection, which holds everything.
enum Lock {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Lock {
    fn take(url: &str) -> Lock {
        match url.strip_prefix("sqlite://") {
            Some(file) => {
                let mut conn = SqliteConnection::establish(file).expect("opens");
                conn.batch_execute("PRAGMA busy_timeout = 20000; BEGIN EXCLUSIVE").expect("locked");
                Lock::Sqlite(conn)
            }
            None => {
                let mut conn = PgConnection::establish(url).expect("opens");
                conn.batch_execute("BEGIN; LOCK TABLE answer IN EXCLUSIVE MODE").expect("locked");
                Lock::Postgres(conn)
            }
        }
    }

    fn release(self) {
        match self {
            Lock::Sqlite(mut conn) => conn.batch_execute("COMMIT"),
            Lock::Postgres(mut conn) => conn.batch_execute("COMMIT"),
        }
        .expect("released");
    }
}

/// What a refused save says, to a script and to a person.
fn says_why(page: &Page) {
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(page.headers.contains_key("retry-after"));
    assert!(
        said(page)["error"]["en"].as_str().is_some_and(|why| why.contains("Nothing was saved"))
    );
}

on_both_for_real! {
    async fn a_locked_database_makes_saves_wait_or_refuses_them_and_goes_on(database: Database) {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let all = Candidate::all(&server, &db, 12).await;
        let lock = Lock::take(&database.url);
        let mut tasks = JoinSet::new();
        for mut one in all {
            tasks.spawn(async move {
                let page = one.save(1, 1).await.expect("an answer");
                (one, page)
            });
        }
        // The lock stays until the first of them has heard about it. Pages are read all the while.
        let (first, refused) = tasks.join_next().await.expect("an answer").expect("no panic");
        says_why(&refused);
        let paper = first.actor.get(&first.path).await;
        assert_eq!(paper.status, 200);
        assert!(first.kept(&db).is_empty(), "what was refused is not there");
        lock.release();
        let mut all = vec![first];
        while let Some(answered) = tasks.join_next().await {
            let (one, page) = answered.expect("no panic");
            if page.status != 200 {
                says_why(&page);
            }
            one.finds_all_it_was_told(&db);
            all.push(one);
        }
        for mut one in all {
            assert_eq!(one.save(1, 1).await.expect("an answer").status, 200, "it goes on by itself");
            one.finds_all_it_was_told(&db);
        }
    }
}

#[test]
fn a_postgresql_that_stops_and_comes_back_loses_nothing_and_needs_no_restart() {
    if let Some(lack) = Backend::Postgres.lack() {
        return left_out(lack);
    }
    let cluster = Cluster::start();
    let database = cluster.database();
    run(async {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let mut all = Candidate::all(&server, &db, 12).await;
        for round in 1..=2 {
            for one in &mut all {
                assert_eq!(one.save(1, round).await.expect("an answer").status, 200);
            }
            cluster.stop();
            let mut tasks = JoinSet::new();
            for mut one in all {
                tasks.spawn(async move {
                    let page = one.save(2, round).await.expect("an answer");
                    says_why(&page);
                    one
                });
            }
            all = tasks.join_all().await;
            let health = all[0].actor.get("/healthz").await;
            assert_eq!(health.status, 503);
            cluster.serve();
            let patience = Patience::new();
            for one in &mut all {
                while one.save(2, round).await.expect("an answer").status != 200 {
                    patience.lasts("it goes on by itself");
                }
                assert_eq!(one.actor.get(&one.path).await.status, 200);
                one.finds_all_it_was_told(&db);
            }
        }
        for one in &all {
            assert_eq!(
                one.hands_in(&format!("end-{}", one.number)).await.expect("an answer").status,
                303
            );
            one.is_marked_once(&db);
        }
    });
}

#[test]
fn a_full_disk_refuses_saves_spoils_nothing_and_goes_on_when_there_is_room() {
    for_real(Backend::Sqlite, async |database: Database| {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let all = Candidate::all(&server, &db, 12).await;
        let file = database.url.strip_prefix("sqlite://").expect("a file");
        let log = std::fs::metadata(format!("{file}-wal")).map_or(0, |log| log.len());
        server.limit_files(Some(log + 100_000));
        let mut tasks = JoinSet::new();
        for mut one in all {
            tasks.spawn(async move {
                let patience = Patience::new();
                for edition in 1.. {
                    for position in 1..=QUESTIONS {
                        let page = one.save(position, edition).await.expect("an answer");
                        if page.status != 200 {
                            says_why(&page);
                            return one;
                        }
                    }
                    patience.lasts("the disk fills up");
                }
                one
            });
        }
        let mut all = tasks.join_all().await;
        for one in &all {
            one.finds_all_it_was_told(&db);
            assert_eq!(one.actor.get(&one.path).await.status, 200, "pages can still be read");
        }
        server.limit_files(None);
        for one in &mut all {
            let edition = one.kept(&db).get(&1).map_or(0, |answer| answer.edition) + 1;
            assert_eq!(one.save(1, edition).await.expect("an answer").status, 200, "there is room");
            one.finds_all_it_was_told(&db);
            assert_eq!(
                one.hands_in(&format!("end-{}", one.number)).await.expect("an answer").status,
                303
            );
            one.is_marked_once(&db);
        }
        let mut conn = SqliteConnection::establish(file).expect("opens");
        #[derive(diesel::QueryableByName)]
        struct Check {
            #[diesel(sql_type = diesel::sql_types::Text)]
            integrity_check: String,
        }
        let found: Vec<Check> =
            diesel::sql_query("PRAGMA integrity_check").load(&mut conn).expect("checked");
        assert_eq!(
            found.iter().map(|one| one.integrity_check.as_str()).collect::<Vec<_>>(),
            ["ok"]
        );
    });
}

#[test]
fn a_session_that_ends_stops_saving_at_once() {
    for_real(Backend::Sqlite, async |database: Database| {
        let db = Db::open(&database.url).expect("the database opens beside the server");
        let server = Served::on(&database.url);
        let mut one = Candidate::all(&server, &db, 1).await.remove(0);
        assert_eq!(one.save(1, 1).await.expect("an answer").status, 200);
        assert_eq!(one.actor.post("/sign-out", &[("form_key", "k")]).await.status, 303);
        assert_eq!(one.save(1, 2).await.expect("an answer").status, 401);
        assert_eq!(one.kept(&db)[&1].edition, 1);
        let nobody = Actor::new(server.address);
        let path = format!("{}/answers", one.path);
        assert_eq!(nobody.post_json(&path, &json!({ "nonsense": true })).await.status, 401);
        assert!(one.actor.get(EXAM).await.location.is_some_and(|to| to.starts_with("/sign-in?")));
    });
}
