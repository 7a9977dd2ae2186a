//! Essays: blind markers, agreement, a third where they are apart; the result comes about once.

use diesel::prelude::*;
use serde_json::json;
use shifu::{
    access::{Role, queries as grants},
    db::schema::{attempt_result, marking},
    exams::{
        attempts::{model::AttemptId, queries},
        questions::{QuestionKind, scoring},
    },
    record::{Kind, ledger},
    staff,
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

pub const EXAM: &str = "/exams/inhouse-default/service-cases-theory";

/// Makes somebody an examiner of the east besides.
pub async fn make_examiner(world: &World, who: &'static str) {
    let person = world.id(who).await;
    world
        .arrange(move |conn| {
            let site = staff::queries::site_by_code(conn, "east")?.expect("the east");
            let at = instant(BEGINNING);
            grants::add_grant(conn, person, Role::Examiner, site.id, day("2020-01-01"), None, at)?;
            Ok(())
        })
        .await;
}

/// Sits the exam with the essay and hands it in.
pub async fn sit(world: &World, actor: &Actor) -> String {
    let path = answer_all(world, actor).await;
    let check = actor.get(&format!("{path}/finish")).await;
    let sent = actor.submit(&check, &format!("{path}/finish"), &[]).await;
    assert_eq!(sent.location, Some(format!("{path}/result")));
    path
}

/// Answers everything rightly, the essay in a few words.
async fn answer_all(world: &World, actor: &Actor) -> String {
    let page = actor.get(EXAM).await;
    let started = actor.submit(&page, &format!("{EXAM}/start"), &[]).await;
    let path = started.location.expect("an attempt");
    let id = AttemptId(path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"));
    let items = world.arrange(move |conn| queries::paper(conn, id)).await;
    for (position, item) in items {
        let task = item.task().expect("a task");
        let response = match item.kind {
            QuestionKind::Essay => "我先倾听，再致歉。\n赔偿由经理决定。".to_owned(),
            _ => scoring::model_response(task, &item.order).expect("a right answer"),
        };
        let body = json!({ "position": position, "response": response, "edition": 1 });
        let saved = actor.post_json(&format!("{path}/answers"), &body).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
    }
    path
}

/// The first answer on a marker's list.
pub async fn first_of(actor: &Actor) -> Option<String> {
    let page = actor.get("/exams/marking").await;
    let is_sheet = |link: &String| {
        link.strip_prefix("/exams/marking/").is_some_and(|id| id.parse::<i64>().is_ok())
    };
    // Done ones are listed below the open ones.
    page.has("table").then(|| page.links().into_iter().find(is_sheet)).flatten()
}

pub async fn give(actor: &Actor, sheet: &str, points: &str) -> Page {
    let page = actor.get(sheet).await;
    actor.submit(&page, sheet, &[("points", points), ("act", "submit")]).await
}

pub async fn exam_facts(world: &World, who: &'static str) -> Vec<shifu::record::Fact> {
    let person = world.id(who).await;
    let facts = world.arrange(move |conn| ledger::facts_of(conn, person, None)).await;
    facts.into_iter().filter(|fact| fact.kind == Kind::Exam).collect()
}

async fn results(world: &World) -> i64 {
    world.arrange(|conn| Ok(attempt_result::table.count().get_result(conn)?)).await
}

/// Releases everything that waits.
pub async fn release_all(actor: &Actor) {
    let page = actor.get("/exams/results/release").await;
    let action = "/exams/results/release";
    let sent = actor.submit(&page, action, &[("act", "all")]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
}

on_both! {
    async fn two_blind_markers_who_are_close_agree_on_their_mean(world: World) {
        make_examiner(&world, "T0002").await;
        make_examiner(&world, "R0001").await;
        let lin = world.lin().await.reads("en").await;
        let path = sit(&world, &lin).await;
        assert_eq!(results(&world).await, 0, "no result while the essay waits");
        let (wang, zhao) = (world.wang().await, world.zhao().await);
        let (one, two) = (first_of(&wang).await.expect("one"), first_of(&zhao).await.expect("two"));
        assert_ne!(one, two);
        let sheet = wang.get(&one).await;
        for name in ["林涛", "Lin Tao", "T0001"] {
            assert!(!sheet.body.contains(name), "the candidate stays anonymous");
        }
        assert!(sheet.body.contains("赔偿由经理决定"), "{}", sheet.body);
        assert_eq!(wang.get(&two).await.status, 404, "another's sheet is not there");
        assert_eq!(lin.get("/exams/marking").await.status, 403);
        let (a, b) = tokio::join!(give(&wang, &one, "8"), give(&zhao, &two, "7"));
        assert_eq!((a.status, b.status), (303, 303), "{} {}", a.body, b.body);
        assert_eq!(results(&world).await, 1, "one result, made by whoever came second");
        let before = lin.get(&format!("{path}/result")).await;
        assert!(before.says(".exam-outcome", "not released yet") && !before.body.contains("86.11"));
        release_all(&world.chen().await).await;
        let after = lin.get(&format!("{path}/result")).await;
        // Eight points besides, and 7.5 of ten: 15.5 of 18.
        assert!(after.says(".exam-outcome", "Passed with 86.11 of 100"), "{}", after.body);
        let facts = exam_facts(&world, "T0001").await;
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].from, day("2026-11-23"));
    }
}

on_both! {
    async fn markers_who_are_apart_need_a_third_who_decides(world: World) {
        make_examiner(&world, "T0002").await;
        make_examiner(&world, "R0001").await;
        let lin = world.lin().await.reads("en").await;
        let path = sit(&world, &lin).await;
        let (wang, zhao, chen) = (world.wang().await, world.zhao().await, world.chen().await);
        let (one, two) = (first_of(&wang).await.expect("one"), first_of(&zhao).await.expect("two"));
        assert_eq!(first_of(&chen).await, None, "two are enough so far");
        give(&wang, &one, "9").await;
        give(&zhao, &two, "5").await;
        assert_eq!(results(&world).await, 0);
        let third = first_of(&chen).await.expect("the third");
        assert!(!chen.get(&third).await.body.contains(">9<"), "nobody sees the others' points");
        assert_eq!(give(&chen, &third, "6.0").await.status, 303);
        let release = chen.reads("en").await.get("/exams/results/release").await;
        assert!(release.says("tr", "a third decided"), "{}", release.body);
        release_all(&world.chen().await).await;
        assert!(lin.get(&format!("{path}/result")).await.says(".exam-outcome", "77.78"));
    }
}

on_both! {
    async fn whoever_leads_the_candidate_is_never_given_the_answer(world: World) {
        make_examiner(&world, "M0001").await;
        let lin = world.lin().await;
        sit(&world, &lin).await;
        let chen = world.chen().await.reads("en").await;
        let page = chen.get("/exams/marking").await;
        assert!(page.says(".badge", "Nobody fits"), "{}", page.body);
        assert_eq!(first_of(&world.zhou().await).await, None);
        let slots: Vec<(i64, i64)> = world.arrange(|conn| {
            Ok(marking::table.select((marking::attempt_id, marking::position)).load(conn)?)
        }).await;
        let (attempt, position) = (slots[0].0.to_string(), slots[0].1.to_string());
        let fields = |marker| {
            let key = format!("by-hand-{marker}");
            (key, marker)
        };
        for (marker, status, why) in [
            ("M0001", 409, "reports to"),
            ("T0003", 409, "staff number"),
            ("E0001", 409, "same answer"),
        ] {
            let (key, marker) = fields(marker);
            let sent = chen.post("/exams/marking/assign", &[
                ("form_key", &key), ("attempt", &attempt), ("position", &position), ("slot", "2"), ("marker", marker),
            ]).await;
            assert_eq!(sent.status, status, "{}", sent.body);
            assert!(sent.body.contains(why), "{marker}: {}", sent.body);
        }
        make_examiner(&world, "R0001").await;
        let sent = chen.post("/exams/marking/assign", &[
            ("form_key", "zhao"), ("attempt", &attempt), ("position", &position), ("slot", "2"), ("marker", "R0001"),
        ]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        assert!(first_of(&world.zhao().await).await.is_some());
    }
}

on_both! {
    async fn a_mark_is_kept_while_it_is_written_and_submitted_once(world: World) {
        let lin = world.lin().await;
        sit(&world, &lin).await;
        let chen = world.chen().await.reads("en").await;
        let sheet = first_of(&chen).await.expect("an answer");
        let draft = |edition: i64, points: &str| json!({ "points": points, "comment": "好", "edition": edition });
        let path = format!("{sheet}/draft");
        assert_eq!(chen.post_json(&path, &draft(1, "7.5")).await.status, 200);
        assert_eq!(chen.post_json(&path, &draft(1, "2")).await.status, 409, "an old tab");
        let page = chen.get(&sheet).await;
        assert_eq!(page.attribute("input[name=points]", "value").as_deref(), Some("7.5"));
        let wrong = give(&chen, &sheet, "7.3").await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.says(".text-danger", "in halves"), "{}", wrong.body);
        assert_eq!(give(&chen, &sheet, "11").await.status, 422, "more than there are");
        let page = chen.get(&sheet).await;
        assert_eq!(chen.submit(&page, &sheet, &[("act", "submit")]).await.status, 303);
        assert_eq!(chen.post_json(&path, &draft(9, "1")).await.status, 409);
        let again = chen.post(&sheet, &[("form_key", "again"), ("points", "1"), ("edition", "9")]).await;
        assert_eq!(again.status, 409, "{}", again.body);
    }
}

on_both! {
    async fn finish_pressed_twice_and_swept_at_once_makes_one_result(world: World) {
        make_examiner(&world, "R0001").await;
        let lin = world.lin().await;
        let path = answer_all(&world, &lin).await;
        world.clock.travel_to(instant("2026-11-24T09:00:00Z"));
        let action = format!("{path}/finish");
        let (key, other) = ([("form_key", "a")], [("form_key", "b")]);
        tokio::join!(
            lin.post(&action, &key),
            lin.post(&action, &other),
            world.round(),
            world.round(),
        );
        let (chen, zhao) = (world.chen().await, world.zhao().await);
        let given: i64 = world.arrange(|conn| Ok(marking::table.count().get_result(conn)?)).await;
        assert_eq!(given, 2, "each slot is given once");
        for marker in [&chen, &zhao] {
            let sheet = first_of(marker).await.expect("an answer");
            assert_eq!(give(marker, &sheet, "8").await.status, 303);
        }
        assert_eq!(results(&world).await, 1);
        let he = world.he().await;
        let page = he.get("/exams/results/release").await;
        let action = "/exams/results/release";
        tokio::join!(
            he.submit(&page, action, &[("act", "all")]),
            chen.submit(&page, action, &[("act", "all"), ("form_key", "chen")]),
        );
        assert_eq!(exam_facts(&world, "T0001").await.len(), 1, "released once");
    }
}
