//! Results: released when they are to be, appealed in time, corrected for everybody, undone.

use diesel::prelude::*;
use serde_json::json;
use shifu::{
    db::schema::{
        attempt, attempt_question, attempt_result, fact, outbox, question_correction,
        question_version, sitting,
    },
    exams::{
        attempts::{model::AttemptId, queries},
        questions::{QuestionKind, VersionId, scoring},
    },
    record::{Kind, NewFact, Source, ledger},
    staff,
};

use crate::{
    exams_marking::{exam_facts, first_of, give, make_examiner, release_all, sit},
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const BRAKES: &str = "/exams/inhouse-default/brake-theory";

/// A brake exam handed in: so many right, and one single choice answered wrongly.
struct Sat {
    path: String,
    version: VersionId,
    /// The option that was chosen wrongly and the right one, in the author's numbering.
    wrong: usize,
}

async fn sit_brakes(world: &World, actor: &Actor, right: usize) -> Sat {
    let page = actor.get(BRAKES).await;
    let started = actor.submit(&page, &format!("{BRAKES}/start"), &[]).await;
    let path = started.location.expect("an attempt");
    let id = AttemptId(path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"));
    let items = world.arrange(move |conn| queries::paper(conn, id)).await;
    let key = |item: &scoring::Item| {
        scoring::model_response(item.task().expect("a task"), &item.order).expect("a key")
    };
    let (missed, item) =
        items.iter().find(|(_, item)| item.kind == QuestionKind::Single).expect("a single choice");
    let letter = ["a", "b"].into_iter().find(|letter| **letter != key(item)).expect("a wrong one");
    let wrong = item.order[usize::from(letter == "b")];
    let others = items.iter().filter(|(position, _)| position != missed).take(right);
    let mut answers: Vec<(i64, String)> = others.map(|(at, item)| (*at, key(item))).collect();
    answers.push((*missed, letter.to_owned()));
    for (position, response) in answers {
        let body = json!({ "position": position, "response": response, "edition": 1 });
        assert_eq!(actor.post_json(&format!("{path}/answers"), &body).await.status, 200);
    }
    let missed = *missed;
    let version: VersionId = world
        .arrange(move |conn| {
            Ok(attempt_question::table
                .find((id.0, missed))
                .select(attempt_question::question_version_id)
                .first(conn)?)
        })
        .await;
    Sat { path, version, wrong }
}

async fn hand_in(actor: &Actor, path: &str) -> Page {
    let check = actor.get(&format!("{path}/finish")).await;
    let sent = actor.submit(&check, &format!("{path}/finish"), &[]).await;
    actor.follow(&sent).await
}

async fn letters_to(world: &World, who: &'static str, words: &'static str) -> i64 {
    let person = world.id(who).await;
    world
        .arrange(move |conn| {
            Ok(outbox::table
                .filter(outbox::person_id.eq(person))
                .filter(outbox::subject.like(format!("%{words}%")))
                .count()
                .get_result(conn)?)
        })
        .await
}

/// The form of a correction, filled in; the dry run's page.
async fn try_out(actor: &Actor, sat: &Sat, kind: &str) -> Page {
    let new = actor.get(&format!("/exams/corrections/new?version={}&part=0", sat.version)).await;
    let right = sat.wrong.to_string();
    let fields = [("kind", kind), ("right", right.as_str()), ("why", "两个选项都对")];
    actor.submit(&new, "/exams/corrections/preview", &fields).await
}

on_both! {
    async fn before_its_time_nothing_is_told_and_then_whoever_looks_is_told_without_the_background(world: World) {
        let lin = world.lin().await.reads("en").await;
        let sat = sit_brakes(&world, &lin, 15).await;
        let chen_id = world.id("E0001").await;
        let path = sat.path.clone();
        world.arrange(move |conn| {
            let site = staff::queries::site_by_code(conn, "pudong")?.expect("Pudong");
            let (at, early) = (instant("2026-11-23T06:00:00Z"), instant(BEGINNING));
            let id: i64 = diesel::insert_into(sitting::table).values((
                (sitting::code.eq("s-1"), sitting::exam.eq("inhouse-default/brake-theory"), sitting::site_id.eq(site.id), sitting::room.eq("A")),
                (sitting::opens_at.eq(early), sitting::start_by.eq(early), sitting::seats.eq(10_i64), sitting::note.eq("")),
                (sitting::release.eq("at-time"), sitting::release_at.eq(at), sitting::created_at.eq(early), sitting::created_by.eq(chen_id), sitting::sequence.eq(0_i64)),
            )).returning(sitting::id).get_result(conn)?;
            diesel::update(attempt::table).set(attempt::sitting_id.eq(id)).execute(conn)?;
            Ok(())
        }).await;
        let result = hand_in(&lin, &path).await;
        assert!(result.says(".exam-outcome", "not released yet"), "{}", result.body);
        assert!(!result.body.contains("of 100"), "{}", result.body);
        for page in ["/exams", "/", BRAKES] {
            assert!(!lin.get(page).await.body.contains("Passed"), "{page}");
        }
        assert_eq!(lin.post(&format!("{BRAKES}/start"), &[("form_key", "again")]).await.status, 409);
        assert!(!world.chen().await.get("/exams/results").await.says("tr", "T0001"));
        assert_eq!(exam_facts(&world, "T0001").await.len(), 0);
        world.clock.travel_to(instant("2026-11-23T06:00:01Z"));
        let place = format!("{path}/result");
        let (one, two) = tokio::join!(lin.get(&place), lin.get(&place));
        for page in [one, two] {
            assert!(page.says(".exam-outcome", "Passed with 75 of 100"), "{}", page.body);
        }
        world.round().await;
        let facts = exam_facts(&world, "T0001").await;
        assert_eq!((facts.len(), facts[0].from), (1, day("2026-11-23")));
        assert_eq!(letters_to(&world, "T0001", "成绩已公布").await, 1);
        assert!(world.chen().await.get("/exams/results").await.says("tr", "T0001"));
    }
}

on_both! {
    async fn a_correction_is_tried_decided_once_and_undone(world: World) {
        let lin = world.lin().await.reads("en").await;
        let sat = sit_brakes(&world, &lin, 11).await;
        assert!(hand_in(&lin, &sat.path).await.says(".exam-outcome", "Not passed: 55"));
        let chen = world.chen().await.reads("en").await;
        let tried = try_out(&chen, &sat, "accept").await;
        assert_eq!(tried.status, 200, "{}", tried.body);
        assert_eq!((tried.texts("#changed"), tried.texts("#to-pass")), (vec!["1".to_owned()], vec!["1".to_owned()]));
        assert!(tried.says("tr", "T0001"));
        let stored: i64 = world.arrange(|conn| Ok(question_correction::table.count().get_result(conn)?)).await;
        assert_eq!(stored, 0, "a dry run stores nothing");
        let action = "/exams/corrections";
        let other = [("form_key", "another-tab")];
        let (a, b, c) = tokio::join!(
            chen.submit(&tried, action, &[]),
            chen.submit(&tried, action, &[]),
            chen.submit(&tried, action, &other),
        );
        let sent = [a, b, c];
        assert!(sent.iter().filter(|page| page.status == 303).count() >= 1, "{}", sent[0].body);
        let stored: i64 = world.arrange(|conn| Ok(question_correction::table.count().get_result(conn)?)).await;
        assert_eq!(stored, 1, "decided once");
        let result = lin.get(&format!("{}/result", sat.path)).await;
        assert!(result.says(".exam-outcome", "Passed with 60 of 100"), "{}", result.body);
        assert!(result.says(".card", "was put right"));
        let facts = exam_facts(&world, "T0001").await;
        assert_eq!((facts.len(), facts[0].from), (1, day("2026-11-23")));
        assert_eq!(letters_to(&world, "T0001", "成绩有变更").await, 1);
        let place = sent.iter().find_map(|page| page.location.clone()).expect("the correction");
        let report = chen.get(&place).await;
        assert_eq!(report.texts("#changed"), ["1"], "what the dry run said");
        let undone = chen.submit(&report, &format!("{place}/undo"), &[("why", "原答案正确")]).await;
        assert_eq!(undone.status, 303, "{}", undone.body);
        let result = lin.get(&format!("{}/result", sat.path)).await;
        assert!(result.says(".exam-outcome", "Not passed: 55"), "{}", result.body);
        let (kept, facts): (i64, i64) = world.arrange(|conn| {
            let kept = attempt_result::table.count().get_result(conn)?;
            Ok((kept, fact::table.filter(fact::kind.eq("exam")).count().get_result(conn)?))
        }).await;
        assert_eq!((kept, facts), (3, 3), "every result and every fact stays to be seen");
        assert_eq!(exam_facts(&world, "T0001").await.len(), 1, "one of them in force");
    }
}

on_both! {
    async fn a_running_attempt_is_scored_by_the_correction_when_it_ends(world: World) {
        let lin = world.lin().await.reads("en").await;
        let sat = sit_brakes(&world, &lin, 11).await;
        let he = world.he().await;
        let tried = try_out(&he, &sat, "accept").await;
        assert_eq!(tried.texts("#changed"), ["0"], "nobody has a result yet");
        assert_eq!(he.submit(&tried, "/exams/corrections", &[]).await.status, 303);
        assert!(hand_in(&lin, &sat.path).await.says(".exam-outcome", "Passed with 60"));
        let results: i64 = world.arrange(|conn| Ok(attempt_result::table.count().get_result(conn)?)).await;
        assert_eq!(results, 1);
    }
}

on_both! {
    async fn the_author_of_a_question_does_not_correct_it_and_a_reason_is_needed(world: World) {
        let lin = world.lin().await;
        let sat = sit_brakes(&world, &lin, 11).await;
        hand_in(&lin, &sat.path).await;
        let (chen, chen_id) = (world.chen().await.reads("en").await, world.id("E0001").await);
        let new = chen.get(&format!("/exams/corrections/new?version={}", sat.version)).await;
        let silent = chen.submit(&new, "/exams/corrections/preview", &[("kind", "void"), ("why", "")]).await;
        assert_eq!(silent.status, 422);
        let tried = try_out(&chen, &sat, "void").await;
        let version = sat.version;
        world.arrange(move |conn| {
            diesel::update(question_version::table.find(version)).set(question_version::created_by.eq(chen_id)).execute(conn)?;
            Ok(())
        }).await;
        let refused = chen.submit(&tried, "/exams/corrections", &[]).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("You wrote this question"), "{}", refused.body);
        assert_eq!(world.he().await.submit(&tried, "/exams/corrections", &[]).await.status, 303);
        assert_eq!(lin.get("/exams/corrections").await.status, 403);
    }
}

on_both! {
    async fn a_pass_that_turns_to_a_fail_revokes_nothing_by_itself(world: World) {
        let person = world.id("T0001").await;
        world.arrange(move |conn| {
            let said = NewFact::new(Kind::Course, "brake-systems", day("2026-11-01")).amount(8, 1, Some("h"));
            let stamp = ledger::Stamp { at: instant(BEGINNING), by: None };
            ledger::append(conn, person, &said, Source::new("import", 1), stamp)
        }).await;
        let lin = world.lin().await.reads("en").await;
        let sat = sit_brakes(&world, &lin, 12).await;
        assert!(hand_in(&lin, &sat.path).await.says(".exam-outcome", "Passed with 60"));
        let held = |facts: Vec<shifu::record::Fact>| facts.into_iter().filter(|fact| fact.kind == Kind::Certificate).count();
        let facts = world.arrange(move |conn| ledger::facts_of(conn, person, None)).await;
        assert_eq!(held(facts), 1, "the certificate was issued");
        // Another question, answered rightly, gets another key.
        let id = AttemptId(sat.path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"));
        let items = world.arrange(move |conn| queries::paper(conn, id)).await;
        let is_right = |item: &scoring::Item| item.kind == QuestionKind::Single && scoring::is_right(item);
        let (position, item) = items.iter().find(|(_, item)| is_right(item)).expect("a right answer");
        let place = usize::from(item.response.as_deref() == Some("a"));
        let (position, wrong) = (*position, item.order[place]);
        let version: VersionId = world.arrange(move |conn| {
            Ok(attempt_question::table.find((id.0, position)).select(attempt_question::question_version_id).first(conn)?)
        }).await;
        let chen = world.chen().await.reads("en").await;
        let other = Sat { path: sat.path.clone(), version, wrong };
        let tried = try_out(&chen, &other, "rekey").await;
        assert_eq!(tried.texts("#to-fail"), ["1"], "{}", tried.body);
        assert!(tried.says(".badge", "certificate"), "{}", tried.body);
        assert_eq!(chen.submit(&tried, "/exams/corrections", &[]).await.status, 303);
        assert!(lin.get(&format!("{}/result", sat.path)).await.says(".exam-outcome", "Not passed: 55"));
        let facts = world.arrange(move |conn| ledger::facts_of(conn, person, None)).await;
        assert_eq!(held(facts), 1, "HR decides about the certificate");
        let he = world.he().await.reads("en").await;
        let board = he.get("/certificates/board").await;
        assert!(board.says("#doubtful", "T0001"), "{}", board.body);
    }
}

on_both! {
    async fn an_appeal_has_an_essay_marked_again_and_changes_the_result_when_it_is_decided(world: World) {
        make_examiner(&world, "T0002").await;
        make_examiner(&world, "R0001").await;
        let lin = world.lin().await.reads("en").await;
        let path = sit(&world, &lin).await;
        for marker in [world.wang().await, world.zhao().await] {
            let sheet = first_of(&marker).await.expect("an answer");
            give(&marker, &sheet, "2").await;
        }
        let he = world.he().await.reads("en").await;
        release_all(&he).await;
        // Eight points besides, and two of ten.
        assert!(lin.get(&format!("{path}/result")).await.says(".exam-outcome", "Not passed: 55.56"));
        let action = format!("{path}/appeal");
        let form = lin.get(&action).await;
        let short = lin.submit(&form, &action, &[("grounds", "no")]).await;
        assert_eq!(short.status, 422);
        let grounds = [("grounds", "我写了三天内回访，却没有得分。")];
        let (a, b) = tokio::join!(lin.submit(&form, &action, &grounds), lin.submit(&form, &action, &grounds));
        assert_eq!((a.status, b.status), (303, 303));
        let again = lin.post(&action, &[("form_key", "again"), grounds[0]]).await;
        assert_eq!(again.status, 409, "{}", again.body);
        assert_eq!((letters_to(&world, "T0001", "申诉").await, letters_to(&world, "H0001", "申诉").await), (1, 1));
        let list = he.get("/exams/appeals").await;
        assert!(list.says("tr", "T0001"));
        let appeal = list.links().into_iter().find(|link| link.starts_with("/exams/appeals/")).expect("the appeal");
        assert_eq!(world.sun().await.get(&appeal).await.status, 403);
        let remark = format!("{appeal}/remark");
        let wang = world.wang().await.reads("en").await;
        let refused = wang.post(&remark, &[("form_key", "wang")]).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        assert!(refused.body.contains("You marked this paper"));
        let page = he.get(&appeal).await;
        assert_eq!(he.submit(&page, &remark, &[]).await.status, 303);
        let decide = format!("{appeal}/decide");
        let decision = [("outcome", "upheld"), ("reasons", "复核认为回访部分应得分。")];
        let early = he.submit(&he.get(&appeal).await, &decide, &decision).await;
        assert_eq!(early.status, 409, "{}", early.body);
        let chen = world.chen().await;
        let sheet = first_of(&chen).await.expect("the essay again");
        give(&chen, &sheet, "5").await;
        assert!(lin.get(&format!("{path}/result")).await.says(".exam-outcome", "55.56"), "nothing changes while it is open");
        let sent = he.submit(&he.get(&appeal).await, &decide, &decision).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let result = lin.get(&format!("{path}/result")).await;
        assert!(result.says(".exam-outcome", "Passed with 72.22"), "{}", result.body);
        assert!(result.says(".card", "Upheld"));
        let facts = exam_facts(&world, "T0001").await;
        assert_eq!((facts.len(), facts[0].from), (1, day("2026-11-23")), "the exam's own day");
        assert_eq!(letters_to(&world, "T0001", "成绩有变更").await, 1);
        let late = he.post(&decide, &[("form_key", "late"), decision[0], decision[1]]).await;
        assert_eq!(late.status, 409, "decided once");
    }
}

on_both! {
    async fn a_rejected_appeal_leaves_everything_and_the_deadline_holds(world: World) {
        let lin = world.lin().await.reads("en").await;
        let sat = sit_brakes(&world, &lin, 11).await;
        let result = hand_in(&lin, &sat.path).await;
        assert!(result.says(".card", "until 8 Dec 2026"), "{}", result.body);
        let action = format!("{}/appeal", sat.path);
        let form = lin.get(&action).await;
        world.clock.travel_to(instant("2026-12-08T15:59:00Z"));
        let lin = world.lin().await.reads("en").await;
        let sent = lin.submit(&form, &action, &[("grounds", "第三题的答案我有异议。")]).await;
        assert_eq!(sent.status, 303, "on the last day: {}", sent.body);
        let page = lin.get(&format!("{}/result", sat.path)).await;
        let withdrawn = lin.submit(&page, &format!("{action}/withdraw"), &[]).await;
        assert_eq!(withdrawn.status, 303, "{}", withdrawn.body);
        let filed = lin.post(&action, &[("form_key", "2"), ("grounds", "第三题的答案我有异议。")]).await;
        assert_eq!(filed.status, 303, "after a withdrawal, in time: {}", filed.body);
        let he = world.he().await;
        let list = he.get("/exams/appeals").await;
        let appeal = list.links().into_iter().find(|link| link.starts_with("/exams/appeals/")).expect("the appeal");
        let decision = [("outcome", "rejected"), ("reasons", "题目和答案都没有错误。")];
        let decide = format!("{appeal}/decide");
        assert_eq!(he.submit(&he.get(&appeal).await, &decide, &decision).await.status, 303);
        let page = lin.get(&format!("{}/result", sat.path)).await;
        assert!(page.says(".exam-outcome", "55") && page.says(".card", "Rejected"), "{}", page.body);
        let results: i64 = world.arrange(|conn| Ok(attempt_result::table.count().get_result(conn)?)).await;
        assert_eq!(results, 1, "nothing changed");
        world.clock.travel_to(instant("2026-12-30T02:00:00Z"));
        let lin = world.lin().await.reads("en").await;
        let sat = sit_brakes(&world, &lin, 11).await;
        hand_in(&lin, &sat.path).await;
        world.clock.travel_to(instant("2027-01-14T16:00:00Z"));
        let lin = world.lin().await;
        let late = lin.post(&format!("{}/appeal", sat.path), &[("form_key", "late"), ("grounds", "第三题的答案我有异议。")]).await;
        assert_eq!(late.status, 409, "a day too late: {}", late.body);
    }
}
