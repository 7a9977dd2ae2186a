//! Blueprints: written in the browser, checked against the bank, published, drawn by.

use std::collections::BTreeMap;

use shifu::exams::attempts::{model::AttemptId, queries};

use crate::{
    on_both,
    world::{Actor, Page, World},
};

const EXAM: &str = "inhouse-default/brake-theory";
const PAGE: &str = "/exams/blueprints/inhouse-default/brake-theory";

/// Writes a version with these fields; what stands in the form otherwise is cleared.
async fn write(actor: &Actor, fields: &[(&str, &str)]) -> Page {
    let page = actor.get(PAGE).await;
    let mut all: BTreeMap<&str, &str> =
        BTreeMap::from([("b1-areas", ""), ("b1-questions", ""), ("pilot", "0")]);
    all.extend(fields.iter().copied());
    let all: Vec<(&str, &str)> = all.into_iter().collect();
    actor.submit(&page, PAGE, &all).await
}

async fn publish(actor: &Actor, version: &str) -> Page {
    let page = actor.get(version).await;
    actor.submit(&page, &format!("{version}/publish"), &[]).await
}

async fn start(actor: &Actor) -> AttemptId {
    let page = actor.get(&format!("/exams/{EXAM}")).await;
    let sent = actor.submit(&page, &format!("/exams/{EXAM}/start"), &[]).await;
    let path = sent.location.expect("the attempt");
    AttemptId(path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"))
}

async fn areas(world: &World, id: AttemptId) -> BTreeMap<String, usize> {
    let items = world.arrange(move |conn| queries::paper(conn, id)).await;
    let mut counts = BTreeMap::new();
    for (_, item) in items {
        *counts.entry(item.area).or_insert(0) += 1;
    }
    counts
}

fn counts(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(area, count)| ((*area).to_owned(), *count)).collect()
}

on_both! {
    async fn a_published_table_is_what_papers_are_drawn_by(world: World) {
        let chen = world.chen().await.reads("en").await;
        let lines = "50 hydraulics\n50 Wear and repair\n  1 inspection\n  3 repair";
        let sent = write(&chen, &[("b1-questions", "8"), ("b1-areas", lines), ("b1-minutes", "12")]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let version = sent.location.clone().expect("the version");
        let lin = world.lin().await.reads("en").await;
        let before = start(&lin).await;
        assert_eq!(areas(&world, before).await.values().sum::<usize>(), 20, "a draft changes nothing");
        assert_eq!(publish(&chen, &version).await.status, 303);
        assert!(chen.get(PAGE).await.body.contains("published here"));
        let wang = world.wang().await.reads("en").await;
        assert!(wang.get(&format!("/exams/{EXAM}")).await.body.contains("12 minutes"));
        let paper = areas(&world, start(&wang).await).await;
        assert_eq!(paper, counts(&[("hydraulics", 4), ("inspection", 1), ("repair", 3)]));
        assert_eq!(areas(&world, before).await.values().sum::<usize>(), 20, "a running paper stays");
    }
}

on_both! {
    async fn what_the_bank_cannot_fill_is_said_and_not_published(world: World) {
        let chen = world.chen().await.reads("en").await;
        let sent = write(&chen, &[("b1-questions", "10"), ("b1-areas", "1 hydraulics")]).await;
        let version = sent.location.clone().expect("kept as a draft");
        let page = chen.get(&version).await;
        assert!(page.says(".alert", "“hydraulics” needs 10, the bank has 6"), "{}", page.body);
        assert!(!page.has(&format!("form[action='{version}/publish']")));
        let refused = chen.post(&format!("{version}/publish"), &[("form_key", "k")]).await;
        assert_eq!(refused.status, 409);
    }
}

on_both! {
    async fn each_wrong_line_is_named_and_nothing_typed_is_lost(world: World) {
        let chen = world.chen().await.reads("en").await;
        let sent = write(&chen, &[
            ("b1-questions", "eight"), ("b1-areas", "1 hydraulics\n1 brakes"), ("b1-picks", "2: br-999"),
        ]).await;
        assert_eq!(sent.status, 422);
        assert!(sent.says("#b1-areas-note", "line 2: the bank has no area “brakes”"), "{}", sent.body);
        assert!(sent.says("#b1-picks-note", "line 1") && sent.says("#b1-questions-note", "whole number"));
        assert!(sent.says("textarea[name=b1-areas]", "1 brakes"));
    }
}

on_both! {
    async fn a_blueprint_of_the_rule_set_draws_the_same_cells_for_everybody(world: World) {
        let hv = "/exams/inhouse-default/hv-safety-theory";
        for actor in [world.lin().await, world.wang().await] {
            let page = actor.get(hv).await;
            let sent = actor.submit(&page, &format!("{hv}/start"), &[]).await;
            let path = sent.location.expect("the attempt");
            let id = AttemptId(path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"));
            let wanted =
                [("emergency", 3), ("hazards", 4), ("isolation", 6), ("organisation", 3), ("system", 4)];
            assert_eq!(areas(&world, id).await, counts(&wanted));
        }
    }
}

on_both! {
    async fn only_authors_see_blueprints(world: World) {
        for actor in [world.lin().await, world.zhou().await, world.he().await] {
            assert_eq!(actor.get("/exams/blueprints").await.status, 403);
            assert_eq!(actor.get(PAGE).await.status, 403);
        }
        assert_eq!(world.zhao().await.get("/exams/blueprints").await.status, 200);
        assert_eq!(world.chen().await.get("/exams/blueprints/no/such").await.status, 404);
    }
}
