//! Practice outside exams: only what is open, each answer explained, progress by area.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use shifu::{
    db::schema::{practice_answer, question_bank},
    exams::{
        practice::{
            queries,
            rules::{Open, Unit},
        },
        questions::{bank, scoring},
    },
};

use crate::{
    on_both,
    world::{
        Actor, BEGINNING, Backend, Browser, Page, World, browser_lack, instant, left_out, run,
    },
};

async fn open(world: &World) -> Vec<Open> {
    world.arrange(queries::open).await
}

/// A round as the address carries it: its questions, and the seed.
fn round(path: &str) -> (Vec<Unit>, i64) {
    let query: BTreeMap<&str, &str> = path
        .split_once('?')
        .expect("a query")
        .1
        .split('&')
        .filter_map(|one| one.split_once('='))
        .collect();
    let units = query["list"].split('-').map(|word| Unit::parse(word).expect("a unit")).collect();
    (units, query["seed"].parse().expect("a seed"))
}

/// The right answer to a question of a round, as it is kept.
async fn model(
    world: &World,
    unit: Unit,
    seed: i64,
) -> (String, shifu::exams::questions::QuestionKind) {
    let (_, body) =
        world.arrange(move |conn| queries::wording(conn, unit.version)).await.expect("a wording");
    let place = body.places()[unit.part.saturating_sub(1)];
    let order =
        shifu::exams::practice::rules::shown_order(unit, place.options, place.fixed_order, seed);
    let task = body.task_at(unit.part).expect("a task");
    (scoring::model_response(task, &order).expect("a model response"), place.kind)
}

/// A response as a form sends it.
fn fields(
    at: usize,
    kind: shifu::exams::questions::QuestionKind,
    response: &str,
) -> Vec<(String, String)> {
    use shifu::exams::questions::QuestionKind::{Matching, Multiple, Ordering};
    let letters = response.split(',');
    match kind {
        Ordering => (1..)
            .zip(letters)
            .map(|(place, letter)| (format!("q{at}.{letter}"), place.to_string()))
            .collect(),
        Matching => (1..)
            .zip(letters)
            .map(|(prompt, letter)| (format!("q{at}.{prompt}"), letter.to_owned()))
            .collect(),
        Multiple => letters.map(|letter| (format!("q{at}"), letter.to_owned())).collect(),
        _ => vec![(format!("q{at}"), response.to_owned())],
    }
}

async fn send(actor: &Actor, page: &Page, fields: &[(String, String)]) -> Page {
    let mut all = page.form("/practice/round");
    all.retain(|(name, _)| !name.starts_with('q'));
    all.extend_from_slice(fields);
    let all: Vec<(&str, &str)> =
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    actor.post("/practice/round", &all).await
}

/// Begins a round; the address of its first question.
async fn begin(actor: &Actor, query: &str) -> String {
    let drawn = actor.get(&format!("/practice/new?{query}")).await;
    drawn.location.unwrap_or_else(|| panic!("a round, not: {}", drawn.body))
}

on_both! {
    async fn a_round_is_answered_explained_and_remembered(world: World) {
        let lin = world.lin().await.reads("en").await;
        let mut next = begin(&lin, "").await;
        let (units, seed) = round(&next);
        assert_eq!(units.len(), 10);
        for (at, unit) in (1..).zip(units) {
            let page = lin.get(&next).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let (model, kind) = model(&world, unit, seed).await;
            // Every third is left open, which is wrong.
            let given = if at % 3 == 0 { Vec::new() } else { fields(at, kind, &model) };
            let sent = send(&lin, &page, &given).await;
            assert_eq!(sent.status, 303, "{kind:?} {model}: {}", sent.body);
            assert_eq!(send(&lin, &page, &given).await.location, sent.location, "twice is once");
            let told = lin.follow(&sent).await;
            assert!(told.has("#references li") && told.has("#feedback p"), "{}", told.body);
            let verdict = if at % 3 == 0 { "Not right" } else { "Right" };
            assert!(told.says("#verdict", verdict), "{kind:?} {model} {}", told.body);
            assert_eq!(told.has("#right"), at % 3 == 0);
            if at == 10 {
                assert!(told.says("#round-result", "7 right of 10 questions"), "{}", told.body);
            } else {
                next = told.links().into_iter().find(|link| link.starts_with("/practice/round")).expect("the next question");
            }
        }
        let kept: i64 = world.arrange(|conn| Ok(practice_answer::table.count().get_result(conn)?)).await;
        assert_eq!(kept, 10);
        let start = lin.get("/practice").await;
        assert!(start.has("svg.practice-weeks rect") && start.says(".practice-area", "%"), "{}", start.body);
    }
}

on_both! {
    async fn nothing_an_exam_draws_is_shown_unless_its_bank_says_so(world: World) {
        let areas: BTreeSet<String> = open(&world).await.into_iter().map(|one| one.bank).collect();
        assert_eq!(areas.into_iter().collect::<Vec<_>>(), ["workshop-practice"]);
        // A question of an exam, asked for by hand.
        let secret = world.arrange(|conn| {
            let version = bank::live(conn, "brake-systems")?.remove(0).version;
            Ok(Unit { version, part: 0 })
        }).await;
        let lin = world.lin().await;
        let path = format!("/practice/round?seed=1&list={}&at=1", secret.word());
        assert!(lin.get(&path).await.location.is_some_and(|to| to.ends_with("at=2")));
        let at = secret.word();
        let form = [("form_key", "k"), ("seed", "1"), ("list", at.as_str()), ("at", "1"), ("q1", "a")];
        assert_eq!(lin.post("/practice/round", &form).await.status, 404);
        // Somebody opens the bank.
        world.arrange(|conn| {
            let bank = question_bank::table.filter(question_bank::code.eq("brake-systems"));
            Ok(diesel::update(bank).set(question_bank::practice.eq(true)).execute(conn)?)
        }).await;
        assert_eq!(lin.get(&path).await.status, 200);
    }
}

on_both! {
    async fn an_explanation_is_for_who_answered_and_while_the_bank_is_open(world: World) {
        let (lin, wang) = (world.lin().await, world.wang().await);
        let path = begin(&lin, "area=hv-safety&bank=workshop-practice").await;
        let sent = send(&lin, &lin.get(&path).await, &[]).await;
        let told = sent.location.expect("an explanation");
        assert_eq!(lin.get(&told).await.status, 200);
        assert_eq!(wang.get(&told).await.status, 404);
        let (units, _) = round(&path);
        let areas: BTreeSet<String> = open(&world).await.into_iter().filter(|one| units.contains(&one.unit())).map(|one| one.area).collect();
        assert_eq!(areas.into_iter().collect::<Vec<_>>(), ["hv-safety"]);
    }
}

on_both! {
    async fn the_question_itself_tells_nothing_of_the_answer(world: World) {
        let lin = world.lin().await.reads("en").await;
        for one in open(&world).await {
            let (unit, word) = (one.unit(), one.unit().word());
            let page = lin.get(&format!("/practice/round?seed=3&list={word}&at=1")).await;
            let (_, body) = world.arrange(move |conn| queries::wording(conn, unit.version)).await.expect("a wording");
            let plain = page.texts("main").concat();
            let feedback: String = body.feedback.en.chars().take(25).collect();
            assert!(!plain.contains(&feedback), "{}: {plain}", one.area);
            assert!(!plain.contains(&body.references[0]));
        }
    }
}

on_both! {
    async fn practice_rests_while_an_exam_runs(world: World) {
        let lin = world.lin().await;
        let exam = "/exams/inhouse-default/brake-theory";
        let before = lin.get(exam).await;
        assert!(before.links().contains(&"/practice".to_owned()), "practise first");
        let path = begin(&lin, "").await;
        lin.submit(&before, &format!("{exam}/start"), &[]).await;
        assert_eq!(lin.get(&path).await.status, 409);
        assert_eq!(lin.get("/practice/new").await.status, 409);
        let start = lin.get("/practice").await;
        assert!(start.has(".alert") && !start.links().contains(&"/practice/new".to_owned()));
    }
}

on_both! {
    async fn what_was_wrong_comes_back_and_a_course_leads_to_its_area(world: World) {
        let lin = world.id("T0001").await;
        let all = open(&world).await;
        let (wrong, at) = (all[0].unit(), instant(BEGINNING).plus(chrono::Duration::days(-3)));
        world.arrange(move |conn| {
            for one in &all {
                let earned = if one.unit() == wrong { 0 } else { 10_000 };
                for _ in 0..4 {
                    queries::add(conn, lin, one.unit(), "a", earned, at)?;
                }
            }
            Ok(())
        }).await;
        let actor = world.lin().await;
        let mut hits = 0;
        for _ in 0..20 {
            let (units, _) = round(&begin(&actor, "").await);
            hits += usize::from(units.contains(&wrong));
        }
        assert!(hits >= 12, "ten of {} by chance would be 7 times of 20: {hits}", 27);
        let course = actor.get("/courses/hv-safety").await;
        let link = course.links().into_iter().find(|link| link.starts_with("/practice")).expect("a link");
        let page = actor.get(&link).await;
        assert_eq!(page.texts(".practice-area h2"), ["高压安全"]);
        assert!(page.says(".practice-area", "100 %"));
    }
}

#[test]
fn a_round_goes_by_keyboard_on_a_phone_and_on_a_desk() {
    if let Some(lack) = browser_lack() {
        return left_out(lack);
    }
    run(Backend::Sqlite, async |world| {
        let all = open(&world).await;
        let browser = Browser::signed_in(&world, "T0001").await;
        let look = std::env::var_os("SHIFU_LOOK").map(std::path::PathBuf::from);
        for one in all.iter().filter(|one| one.part < 2) {
            let word = one.unit().word();
            browser.size(360, 740).await;
            browser.goto(&format!("/practice/round?seed=5&list={word}&at=1")).await;
            assert_eq!(browser.overflow().await, 0, "{word}");
            let kind =
                browser.script("return document.querySelector('[data-lone]').dataset.kind").await;
            if kind == "single" || kind == "true-false" {
                browser.press("2").await;
                browser.wait_for(".exam-option:nth-of-type(2) input:checked").await;
            }
            browser.submit("form[action='/practice/round'] button[type=submit].btn-primary").await;
            browser.wait_for("#verdict").await;
            assert_eq!(browser.overflow().await, 0, "{word}");
            if let Some(folder) = &look {
                let name = format!("practice-{}.png", kind.as_str().unwrap_or_default());
                browser.screenshot(&folder.join(name)).await;
            }
        }
        if let Some(folder) = &look {
            for (name, width, dark) in [("phone", 360, false), ("desk", 1280, true)] {
                browser.size(width, 760).await;
                browser.dark(dark).await;
                browser.goto("/practice").await;
                browser.screenshot(&folder.join(format!("practice-start-{name}.png"))).await;
            }
        }
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    });
}
