//! Theory exams: nothing acknowledged is lost, nothing happens twice, the server's clock decides.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use diesel::prelude::*;
use serde_json::{Value, json};
use shifu::{
    db::{
        Conn, Error,
        schema::{answer, attempt, attempt_result, fact},
    },
    exams::{
        attempts::{model::AttemptId, queries},
        questions::{bank, scoring},
    },
    record::{Kind, NewFact, Source, ledger},
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Backend, Page, World, day, instant},
};

const EXAM: &str = "/exams/inhouse-default/brake-theory";
const CODE: &str = "inhouse-default/brake-theory";
const QUESTIONS: i64 = 20;

/// Starts the brake exam; where it is sat.
async fn start(actor: &Actor) -> String {
    let page = actor.get(EXAM).await;
    let action = format!("{EXAM}/start");
    let sent = actor.submit(&page, &action, &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    sent.location.expect("the attempt")
}

fn id_of(path: &str) -> AttemptId {
    AttemptId(path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"))
}

async fn save(actor: &Actor, path: &str, position: i64, response: &str, edition: i64) -> Page {
    let body =
        json!({ "position": position, "response": response, "edition": edition, "correct": true });
    actor.post_json(&format!("{path}/answers"), &body).await
}

fn said(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("JSON, not: {}", page.body))
}

/// What the key says, as this candidate would have to give it.
fn right_answers(conn: &mut Conn, id: AttemptId) -> Result<Vec<(i64, String)>, Error> {
    let items = queries::paper(conn, id)?;
    let answer_of = |item: &scoring::Item| {
        let task = item.task().expect("a task");
        scoring::model_response(task, &item.order).expect("a right answer")
    };
    Ok(items.iter().map(|(position, item)| (*position, answer_of(item))).collect())
}

/// Answers so many questions rightly and leaves the rest open.
async fn answer(world: &World, actor: &Actor, path: &str, right: usize) {
    let id = id_of(path);
    let key = world.arrange(move |conn| right_answers(conn, id)).await;
    for (position, response) in key.into_iter().take(right) {
        assert_eq!(save(actor, path, position, &response, 1).await.status, 200);
    }
}

async fn hand_in(actor: &Actor, path: &str) -> Page {
    let check = actor.get(&format!("{path}/finish")).await;
    let sent = actor.submit(&check, &format!("{path}/finish"), &[]).await;
    assert_eq!(sent.location, Some(format!("{path}/result")));
    actor.follow(&sent).await
}

async fn exam_facts(world: &World, who: &'static str) -> Vec<shifu::record::Fact> {
    let person = world.id(who).await;
    let facts = world.arrange(move |conn| ledger::facts_of(conn, person, None)).await;
    facts.into_iter().filter(|fact| fact.kind == Kind::Exam).collect()
}

/// The right answer to the first question.
async fn first_response(world: &World, path: &str) -> String {
    let id = id_of(path);
    world.arrange(move |conn| right_answers(conn, id)).await.remove(0).1
}

on_both! {
    async fn passing_records_the_fact_and_shows_no_key(world: World) {
        let lin = world.lin().await.reads("en").await;
        let path = start(&lin).await;
        let paper = lin.get(&path).await;
        assert_eq!(paper.texts("fieldset.exam-question").len(), QUESTIONS as usize);
        // Questions may well speak of the correct torque; nothing around them does.
        let spoken: Vec<String> = [paper.texts("legend"), paper.texts(".exam-option")].concat();
        let spoken = spoken.iter().map(|text| text.matches("correct").count()).sum::<usize>();
        assert_eq!(paper.body.matches("correct").count(), spoken, "no key");
        let id = id_of(&path);
        for (position, item) in world.arrange(move |conn| queries::paper(conn, id)).await {
            assert!(!paper.body.contains(&item.body.feedback.en), "no feedback on {position}");
        }
        answer(&world, &lin, &path, 15).await;
        let result = hand_in(&lin, &path).await;
        assert!(result.says(".exam-outcome", "Passed with 75 of 100"), "{}", result.body);
        assert!(result.links().contains(&"/certificates".to_owned()));
        assert!(!result.has("fieldset") && !result.has(".exam-option"), "no question comes back");
        let facts = exam_facts(&world, "T0001").await;
        assert_eq!(facts.len(), 1);
        let amount = facts[0].amount.expect("a score");
        assert_eq!((facts[0].code.as_str(), amount.numerator * 20), (CODE, amount.denominator * 1500));
        assert_eq!(facts[0].from, day("2026-11-23"));
    }
}

on_both! {
    async fn failing_writes_a_fact_too_and_names_the_first_day_after_thirty_full_days(world: World) {
        let lin = world.lin().await.reads("en").await;
        let path = start(&lin).await;
        answer(&world, &lin, &path, 11).await;
        let result = hand_in(&lin, &path).await;
        assert!(result.says(".exam-outcome", "Not passed: 55"));
        // Sat on 23 November: 24 November to 23 December are thirty full days.
        assert!(result.says(".badge", "24 Dec 2026"), "{}", result.body);
        assert_eq!(exam_facts(&world, "T0001").await.len(), 1);
        assert!(lin.get("/exams").await.says(".badge", "24 Dec 2026"));
        let form = [("form_key", "again")];
        let refused = lin.post(&format!("{EXAM}/start"), &form).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("24 Dec 2026") && refused.body.contains("30 full days"));
        world.clock.travel_to(instant("2026-12-24T01:00:00Z"));
        let later = world.lin().await;
        assert_ne!(start(&later).await, path, "on that day it can be sat");
    }
}

on_both! {
    async fn a_double_click_and_a_second_tab_start_one_attempt(world: World) {
        let lin = world.lin().await;
        let (one, two) = (lin.get(EXAM).await, lin.get(EXAM).await);
        let action = format!("{EXAM}/start");
        let (a, b, c) = tokio::join!(
            lin.submit(&one, &action, &[]),
            lin.submit(&one, &action, &[]),
            lin.submit(&two, &action, &[]),
        );
        assert!(a.location.as_ref().is_some_and(|to| to.starts_with("/exams/attempts/")), "{}", a.body);
        assert_eq!((&a.location, &a.location), (&b.location, &c.location));
        let count: i64 = world.arrange(|conn| Ok(attempt::table.count().get_result(conn)?)).await;
        assert_eq!(count, 1);
    }
}

on_both! {
    async fn a_stale_tab_changes_nothing_and_is_told(world: World) {
        let lin = world.lin().await;
        let path = start(&lin).await;
        let response = first_response(&world, &path).await;
        assert_eq!(save(&lin, &path, 1, &response, 3).await.status, 200);
        let repeated = save(&lin, &path, 1, &response, 3).await;
        assert_eq!((repeated.status, said(&repeated)["edition"].as_i64()), (200, Some(3)));
        let stale = save(&lin, &path, 1, "", 2).await;
        assert_eq!(stale.status, 409);
        assert_eq!((said(&stale)["reason"].as_str(), said(&stale)["response"].as_str()), (Some("stale"), Some(response.as_str())));
        let id = id_of(&path);
        let kept = world.arrange(move |conn| queries::answers(conn, id)).await;
        assert_eq!((kept.len(), kept[&1].edition, kept[&1].response.as_str()), (1, 3, response.as_str()));
    }
}

on_both! {
    async fn the_plain_form_saves_everything_and_another_device_goes_on(world: World) {
        let phone = world.lin().await;
        let path = start(&phone).await;
        let response = first_response(&world, &path).await;
        let page = phone.get(&path).await;
        let sent = phone.submit(&page, &path, &[("q1", &response), ("act", "save")]).await;
        assert_eq!(sent.status, 303);
        let desk = world.lin().await;
        let resumed = desk.get("/exams").await;
        assert!(resumed.links().contains(&path), "the running exam stands first");
        let paper = desk.get(&path).await;
        assert_eq!(paper.attribute("#q1", "data-edition").as_deref(), Some("1"));
        assert!(paper.has("#q1 input[checked]") || paper.attribute("#q1 input[type=text]", "value") == Some(response));
        // The first page again, as it was: it is older than what is kept.
        let stale = phone.submit(&page, &path, &[("q1", ""), ("act", "save")]).await;
        assert!(stale.location.as_deref().is_some_and(|to| to.ends_with("stale=1")), "{:?}", stale.location);
    }
}

on_both! {
    async fn what_is_not_mine_or_not_asked_is_not_there(world: World) {
        let (lin, wang) = (world.lin().await, world.wang().await);
        let path = start(&lin).await;
        for page in [path.clone(), format!("{path}/finish"), format!("{path}/result"), format!("{path}/clock")] {
            assert_eq!(wang.get(&page).await.status, 404, "{page}");
        }
        assert_eq!(save(&wang, &path, 1, "a", 1).await.status, 404);
        assert_eq!(wang.post(&format!("{path}/finish"), &[("form_key", "k")]).await.status, 404);
        for position in [0, QUESTIONS + 1, -1] {
            assert_eq!(save(&lin, &path, position, "a", 1).await.status, 404, "{position}");
        }
        assert_eq!(save(&lin, &path, 1, "<nonsense that no question takes, and far too long for one>", 1).await.status, 400);
        let kept: i64 = world.arrange(|conn| Ok(answer::table.count().get_result(conn)?)).await;
        assert_eq!(kept, 0);
    }
}

on_both! {
    async fn a_save_after_the_time_is_refused_and_what_was_saved_counts(world: World) {
        let lin = world.lin().await;
        let path = start(&lin).await;
        answer(&world, &lin, &path, 12).await;
        let key = { let id = id_of(&path); world.arrange(move |conn| right_answers(conn, id)).await };
        world.clock.travel_to(instant("2026-11-23T02:30:03Z"));
        assert_eq!(save(&lin, &path, 13, &key[12].1, 1).await.status, 200, "in flight at the end");
        world.clock.advance(chrono::Duration::seconds(60));
        let late = save(&lin, &path, 14, &key[13].1, 1).await;
        assert_eq!((late.status, said(&late)["reason"].as_str()), (409, Some("time")));
        let result = lin.get(&format!("{path}/result")).await;
        assert!(result.says(".exam-outcome", "65"), "{}", result.body);
        let after = save(&lin, &path, 14, &key[13].1, 2).await;
        assert_eq!((after.status, said(&after)["reason"].as_str()), (409, Some("finished")));
        assert_eq!(exam_facts(&world, "T0001").await.len(), 1);
    }
}

on_both! {
    async fn the_background_collects_what_nobody_handed_in(world: World) {
        let lin = world.lin().await;
        let path = start(&lin).await;
        answer(&world, &lin, &path, 13).await;
        world.round().await;
        assert_eq!(exam_facts(&world, "T0001").await.len(), 0, "its time is not over");
        world.clock.travel_to(instant("2026-11-26T09:00:00Z"));
        tokio::join!(world.round(), world.round());
        let facts = exam_facts(&world, "T0001").await;
        assert_eq!(facts.len(), 1, "once");
        assert_eq!(facts[0].from, day("2026-11-23"), "it ended on its own day");
        let ended: Vec<(String, i64)> = world.arrange(|conn| {
            Ok(attempt_result::table.select((diesel::dsl::sql::<diesel::sql_types::Text>("ended_by"), attempt_result::points)).load(conn)?)
        }).await;
        assert_eq!(ended, [("time".to_owned(), 13)]);
        assert_eq!(lin.get(&path).await.location, Some(format!("{path}/result")));
    }
}

on_both! {
    async fn setting_the_clock_back_gives_no_time(world: World) {
        let lin = world.lin().await;
        let path = start(&lin).await;
        let response = first_response(&world, &path).await;
        world.clock.advance(chrono::Duration::minutes(20));
        let left = said(&save(&lin, &path, 1, &response, 1).await)["remaining_seconds"].as_i64();
        world.clock.advance(chrono::Duration::minutes(-15));
        let clock = said(&lin.get(&format!("{path}/clock")).await)["remaining_seconds"].as_i64();
        assert!(clock <= left, "{clock:?} after {left:?}");
        assert!(left.is_some_and(|left| (500..=600).contains(&left)), "{left:?}");
    }
}

on_both! {
    async fn handing_in_twice_marks_once(world: World) {
        let lin = world.lin().await;
        let path = start(&lin).await;
        answer(&world, &lin, &path, 20).await;
        let action = format!("{path}/finish");
        let check = lin.get(&action).await;
        let (a, b, c) = tokio::join!(
            lin.submit(&check, &action, &[]),
            lin.submit(&check, &action, &[]),
            lin.post(&action, &[("form_key", "another-tab")]),
        );
        for sent in [a, b, c] {
            assert_eq!((sent.status, sent.location), (303, Some(format!("{path}/result"))));
        }
        assert_eq!(exam_facts(&world, "T0001").await.len(), 1);
        assert!(lin.get(&format!("{path}/result")).await.says(".exam-outcome", "100"));
    }
}

on_both! {
    async fn unanswered_questions_are_named_before_handing_in(world: World) {
        let lin = world.lin().await;
        let path = start(&lin).await;
        answer(&world, &lin, &path, 18).await;
        let check = lin.get(&format!("{path}/finish")).await;
        assert_eq!(check.texts("#unanswered a"), ["19", "20"]);
    }
}

on_both! {
    async fn results_are_seen_within_reach_and_by_nobody_else(world: World) {
        for actor in [world.lin().await, world.sun().await] {
            let path = start(&actor).await;
            answer(&world, &actor, &path, 14).await;
            hand_in(&actor, &path).await;
        }
        for actor in [world.zhou().await, world.zhao().await, world.chen().await, world.he().await] {
            let list = actor.get("/exams/results").await;
            assert!(list.says("tr", "T0001") && !list.says("tr", "T0003"));
        }
        let gao = world.gao().await;
        assert!(gao.get("/exams/results").await.says("tr", "T0003"));
        assert!(!gao.get("/exams/results?passed=no").await.says("tr", "T0001"));
        assert!(!gao.get("/exams/results?site=beijing").await.says("tr", "T0001"));
        assert!(!gao.get("/exams/results?through=2026-11-22").await.says("tr", "T0001"));
        let csv = gao.get("/exams/results.csv?from=2026-11-23&through=2026-11-23").await;
        assert!(csv.body.contains("T0001") && csv.body.contains("70"));
        assert_eq!(world.lin().await.get("/exams/results").await.status, 403);
        assert_eq!(world.sun().await.get("/exams/results.csv").await.status, 403);
    }
}

on_both! {
    async fn an_attempt_recorded_elsewhere_counts_for_the_wait(world: World) {
        let person = world.id("T0001").await;
        world.arrange(move |conn| {
            let said = NewFact::new(Kind::Exam, CODE, day("2026-11-10")).amount(40, 1, None);
            let stamp = ledger::Stamp { at: instant(BEGINNING), by: None };
            ledger::append(conn, person, &said, Source::new("import", 1), stamp)
        }).await;
        let lin = world.lin().await.reads("en").await;
        assert!(lin.get(EXAM).await.says(".badge", "11 Dec 2026"));
    }
}

on_both! {
    async fn a_bank_that_cannot_fill_the_plan_starts_nothing(world: World) {
        world.arrange(|conn| {
            use shifu::db::schema::question_stage;
            diesel::delete(question_stage::table).execute(conn)?;
            Ok(())
        }).await;
        let lin = world.lin().await.reads("en").await;
        assert!(lin.get(EXAM).await.says(".alert", "20 needed, the bank has 0"));
        let refused = lin.post(&format!("{EXAM}/start"), &[("form_key", "k")]).await;
        assert_eq!(refused.status, 409);
    }
}

on_both! {
    async fn a_changed_question_becomes_a_version_and_the_same_bank_changes_nothing(world: World) {
        let piece = shifu::content::read(None).expect("content").into_iter()
            .find(|piece| piece.code == "brake-systems" && piece.kind == shifu::content::ContentKind::QuestionBank)
            .expect("a bank");
        let count = || world.arrange(|conn| {
            use shifu::db::schema::question_version;
            let versions: i64 = question_version::table.count().get_result(conn)?;
            Ok((versions, bank::live(conn, "brake-systems")?.len()))
        });
        let before = count().await;
        let same = piece.clone();
        world.arrange(move |conn| bank::keep(conn, &same, instant(BEGINNING))).await;
        assert_eq!(count().await, before, "unchanged");
        let mut changed = piece.clone();
        for text in changed.texts.values_mut() {
            let first = text.find("[[question]]").expect("a question");
            let second = text[first + 5..].find("[[question]]").expect("another") + first + 5;
            let third = text[second + 5..].find("[[question]]").expect("a third") + second + 5;
            let edited = text[second..third].replacen("en = \"", "en = \"Now: ", 1);
            *text = format!("{}{edited}{}", &text[..first], &text[third..]);
        }
        for _ in 0..2 {
            let changed = changed.clone();
            world.arrange(move |conn| bank::keep(conn, &changed, instant(BEGINNING))).await;
            assert_eq!(count().await, (before.0 + 1, before.1 - 1), "one new version, one retired");
        }
        world.arrange(move |conn| bank::keep(conn, &piece, instant(BEGINNING))).await;
        assert_eq!(count().await, (before.0 + 2, before.1), "back again");
    }
}

/// The real program on a database file.
pub struct Served {
    child: Child,
    pub address: std::net::SocketAddr,
}

impl Served {
    pub fn on(url: &str) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shifu"))
            .args(["serve", "--database", url, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let address = out
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("shifu listens on http://").map(str::to_owned))
            .and_then(|address| address.parse().ok())
            .expect("it says where it listens");
        Served { child, address }
    }

    /// kill -9: no farewell.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    async fn lin(&self) -> Actor {
        let actor = Actor::new(self.address);
        let fields = [("who", "T0001"), ("password", crate::world::PASSWORD)];
        let mut page = actor.post("/sign-in", &fields).await;
        for _ in 0..3 {
            if page.status == 303 {
                break;
            }
            page = actor.post("/sign-in", &fields).await;
        }
        assert_eq!(page.status, 303);
        actor
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_killed_server_loses_no_acknowledged_answer() {
    let database = Backend::Sqlite.database();
    let url = database.url.clone();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let server = Served::on(&url);
        let lin = server.lin().await;
        let path = start(&lin).await;
        let db = shifu::db::Db::open(&url).expect("the file opens beside the server");
        let id = id_of(&path);
        let key = db.read_blocking(|conn| right_answers(conn, id)).expect("the key");
        for (position, response) in &key[..16] {
            assert_eq!(save(&lin, &path, *position, response, 1).await.status, 200);
        }
        server.kill();

        let server = Served::on(&url);
        let lin = server.lin().await;
        let paper = lin.get(&path).await;
        assert_eq!(paper.status, 200, "the attempt goes on");
        for (position, _) in &key[..16] {
            let edition = paper.attribute(&format!("#q{position}"), "data-edition");
            assert_eq!(edition.as_deref(), Some("1"), "answer {position} was acknowledged");
        }
        let (position, response) = &key[16];
        assert_eq!(save(&lin, &path, *position, response, 1).await.status, 200);
        let result = hand_in(&lin, &path).await;
        assert!(result.says(".exam-outcome", "85"), "{}", result.body);
        server.kill();

        let server = Served::on(&url);
        assert!(
            server.lin().await.get(&format!("{path}/result")).await.says(".exam-outcome", "85")
        );
        let marked: i64 = db
            .read_blocking(|conn| -> Result<i64, Error> {
                Ok(fact::table.filter(fact::kind.eq("exam")).count().get_result(conn)?)
            })
            .expect("a count");
        assert_eq!(marked, 1, "marked once");
    });
}
