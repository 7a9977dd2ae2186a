//! Knowing every question for what it is worth, and setting a pass mark by judges.

use diesel::prelude::*;
use shifu::{
    access::{Role, queries as grants},
    app::Shared,
    db::{Conn, Error, Instant, schema::attempt},
    exams::{
        attempts::{
            finish,
            model::{Answer, AttemptId, EndedBy},
            queries,
        },
        blueprints,
        questions::{
            QuestionKind, VersionId, bank,
            scoring::{Item, model_response},
        },
        rules::Offer,
    },
    record::PersonId,
};

use crate::{
    on_both,
    world::{Actor, World, day, instant},
};

const CODE: &str = "inhouse-default/brake-theory";
const PAGE: &str = "/exams/analysis/inhouse-default/brake-theory";

/// Somebody sits the brake exam by the same functions as on the pages, only faster.
fn sit(
    conn: &mut Conn,
    shared: &Shared,
    person: PersonId,
    number: i64,
    at: Instant,
    answer: impl Fn(VersionId, &Item) -> Option<String>,
) -> Result<AttemptId, Error> {
    let offer = Offer::find(&shared.rules, CODE).expect("the brake exam");
    let paper = blueprints::prepare(conn, CODE, offer.plan, person, number, at)?;
    let paper = paper.expect("a full bank");
    let new = queries::NewAttempt {
        person,
        exam: CODE,
        content: shared.rules.revision(offer.set),
        seed: number,
        pass_score: offer.pass_score(),
        started_at: at,
        hand_in_by: at.plus(chrono::Duration::minutes(30)),
        blueprint: paper.blueprint,
    };
    let id = queries::add(conn, &new, &paper.drawn)?;
    for ((position, item), drawn) in queries::paper(conn, id)?.into_iter().zip(&paper.drawn) {
        if let Some(response) = answer(drawn.version, &item) {
            let answer = Answer { response, edition: 1, saved_at: at };
            queries::put_answer(conn, id, position, &answer)?;
        }
    }
    let attempt = queries::attempt(conn, id)?.expect("just added");
    let end = at.plus(chrono::Duration::minutes(20));
    let by = EndedBy::Candidate;
    finish::finish(conn, &attempt, by, end, &shared.rules, &shared.consequences)?;
    Ok(id)
}

fn right(item: &Item) -> String {
    model_response(item.task().expect("a task"), &item.order).expect("a key")
}

/// The first thing that is not right.
fn wrong(item: &Item) -> String {
    let right = right(item);
    match item.kind {
        QuestionKind::TrueFalse => (right != "true").to_string(),
        QuestionKind::Numeric => "987654".to_owned(),
        _ if right == "a" => "b".to_owned(),
        _ => "a".to_owned(),
    }
}

/// Evenly between 0 and 1, the same every time.
fn even(a: i64, b: i64) -> f64 {
    let mixed = (a * 7919 + b * 104_729 + 12_345).rem_euclid(9973);
    let again = (mixed * mixed + 31 * a + 17 * b).rem_euclid(9973);
    again as f64 / 9973.0
}

/// So many attempts in which the able get more right, except at one question, where it is the
/// other way round. Which one that is.
async fn history(world: &World, attempts: i64) -> String {
    let person = world.id("T0001").await;
    let shared = world.shared.clone();
    world
        .arrange(move |conn| {
            let live = bank::live(conn, "brake-systems")?;
            let bad = live.iter().find(|one| one.kind == QuestionKind::Single).expect("a choice");
            let (bad, code) = (bad.version, bad.code.clone());
            for number in 0..attempts {
                let able = number as f64 / attempts as f64;
                let at = instant("2026-06-01T01:00:00Z").plus(chrono::Duration::hours(number));
                sit(conn, &shared, person, number, at, |version, item| {
                    let hard = even(version.0, 3);
                    let chance = 1.0 / (1.0 + (-5.0 * (able - hard) - 0.5).exp());
                    let knows = match version == bad {
                        true => able < 0.5,
                        false => even(number, version.0) < chance,
                    };
                    Some(if knows { right(item) } else { wrong(item) })
                })?;
            }
            Ok(code)
        })
        .await
}

on_both! {
    async fn a_question_that_the_able_get_wrong_stands_first(world: World) {
        let bad = history(&world, 150).await;
        let chen = world.chen().await.reads("en").await;
        let list = chen.get("/exams/analysis").await;
        assert!(list.says("tr", "150") && list.says("tr", "Brake systems theory"), "{}", list.body);
        let page = chen.get(PAGE).await;
        assert!(page.says("dt", "Reliability (KR-20)"), "{:?}", page.texts("dt"));
        let rows = page.texts("table tbody tr:has(td[data-label=Discrimination])");
        assert_eq!(rows.len(), 30, "every question was drawn");
        assert!(rows[0].starts_with(&bad) && rows[0].contains("Check the key"), "{}", rows[0]);
        assert!(!rows[0].contains("provisional"), "more than a hundred had it: {}", rows[0]);
        // The picture has a dot for each question, and each leads to its page.
        let link = page.attribute("svg a:has(.check-key)", "href").expect("a dot on red ground");
        assert_eq!(page.texts("svg a .dot").len(), 30);
        assert!(page.has("svg .bar") && page.has("svg line.cut"));
        let question = chen.get(&link).await;
        assert!(question.heading().starts_with(&bad));
        assert!(question.says("td", "Attracts the strong"), "{}", question.body);
        assert!(question.has("svg .series.right polyline"), "its option curves");
        let reliability = page.texts("dd").iter().find_map(|text| text.split(' ').next()?.parse::<f64>().ok().filter(|r| *r < 1.0));
        assert!(reliability.is_some_and(|r| r > 0.6), "{:?}", page.texts("dd"));
    }
}

on_both! {
    async fn a_filter_stands_in_the_address_and_holds_for_the_export(world: World) {
        let bad = history(&world, 60).await;
        let zhao = world.zhao().await.reads("en").await;
        let rows = "table tbody tr:has(td[data-label=Discrimination])";
        let doubtful = zhao.get(&format!("{PAGE}?show=doubtful&sort=code")).await;
        let codes = doubtful.texts(&format!("{rows} td:first-child a"));
        assert!(codes.contains(&bad) && codes.len() < 30, "{codes:?}");
        assert!(codes.is_sorted(), "{codes:?}");
        let area = doubtful.attribute("#area option:nth-child(2)", "value").expect("an area");
        let of_area: String = form_urlencoded(&area);
        let some = zhao.get(&format!("{PAGE}?area={of_area}")).await.texts(rows).len();
        assert!(some > 0 && some < 30, "{some}");
        let export = doubtful.links().into_iter().find(|link| link.contains(".csv")).expect("an export");
        let csv = zhao.get(&export).await.body;
        assert_eq!(csv.lines().count(), codes.len() + 1);
        assert!(csv.contains(&bad) && csv.contains("Check the key"), "{csv}");
    }
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

on_both! {
    async fn few_papers_are_not_judged(world: World) {
        let chen = world.chen().await.reads("en").await;
        let empty = chen.get(PAGE).await;
        assert!(empty.says(".empty-title", "No paper has been handed in"), "{}", empty.body);
        history(&world, 5).await;
        let page = chen.get(PAGE).await;
        assert!(page.says(".alert", "Only 5 papers"), "{}", page.body);
        assert!(page.says("td", "Too few") && !page.says("td .badge", "Check the key"));
        let link = page.links().into_iter().find(|link| link.starts_with(&format!("{PAGE}/questions/"))).expect("a question");
        let question = chen.get(&link).await;
        assert!(question.says(".empty-title", "No curve can be drawn"));
    }
}

on_both! {
    async fn what_everybody_knows_has_no_discrimination(world: World) {
        let (person, shared) = (world.id("T0002").await, world.shared.clone());
        world.arrange(move |conn| {
            for number in 0..40 {
                let at = instant("2026-05-01T01:00:00Z").plus(chrono::Duration::hours(number));
                sit(conn, &shared, person, number, at, |_, item| Some(right(item)))?;
            }
            Ok(())
        }).await;
        let page = world.chen().await.reads("en").await.get(PAGE).await;
        assert!(page.says("td[data-label=Discrimination]", "—"), "{}", page.body);
        assert!(page.says("td[data-label=Judgement]", "Undefined") && page.says("td[data-label=Judgement]", "Very easy"));
        assert!(!page.body.contains("NaN"));
        let reliability = page.texts("dl dd").into_iter().find(|text| text.starts_with('—'));
        assert!(reliability.is_some(), "{:?}", page.texts("dl dd"));
    }
}

on_both! {
    async fn left_open_and_drawn_are_counted(world: World) {
        let (person, shared) = (world.id("T0002").await, world.shared.clone());
        let seen = world.arrange(move |conn| {
            let version = bank::live(conn, "brake-systems")?[0].version;
            let mut on = 0;
            for number in 0..40 {
                let at = instant("2024-05-01T01:00:00Z").plus(chrono::Duration::days(number * 20));
                let id = sit(conn, &shared, person, number, at, |this, item| (this != version).then(|| right(item)))?;
                use shifu::db::schema::attempt_question as on_paper;
                let found: i64 = on_paper::table.filter(on_paper::attempt_id.eq(id).and(on_paper::question_version_id.eq(version))).count().get_result(conn)?;
                on += found;
            }
            Ok((version, on))
        }).await;
        let chen = world.chen().await.reads("en").await;
        let page = chen.get(&format!("{PAGE}/questions/{}", seen.0)).await;
        let figures: Vec<String> = page.texts("dl dt").into_iter().zip(page.texts("dl dd")).map(|(label, value)| format!("{label}: {value}")).collect();
        let times = seen.1;
        assert!(figures.contains(&"Left open: 100.0 %".to_owned()), "{figures:?}");
        assert!(figures.contains(&format!("Times drawn: {times}")), "{figures:?}");
        assert!(figures.iter().any(|line| line.starts_with("Exposure (12 months)") && !line.ends_with("100.0 %")), "{figures:?}");
    }
}

on_both! {
    async fn only_trainers_and_examiners_look_and_what_is_not_there_is_not_there(world: World) {
        for actor in [world.lin().await, world.zhou().await, world.he().await] {
            for path in ["/exams/analysis", PAGE, "/exams/standards", "/exams/standards/new"] {
                assert_eq!(actor.get(path).await.status, 403, "{path}");
            }
        }
        let chen = world.chen().await;
        for path in ["/exams/analysis/inhouse-default/nothing", &format!("{PAGE}/questions/1"), &format!("{PAGE}/questions/x"), "/exams/standards/1"] {
            assert_eq!(chen.get(path).await.status, 404, "{path}");
        }
    }
}

/// Plans a study of the first five questions with these judges; where it is.
async fn plan(world: &World, chen: &Actor, judges: &[&'static str]) -> (String, Vec<VersionId>) {
    let questions = world
        .arrange(|conn| {
            let live = bank::live(conn, "brake-systems")?;
            Ok(live.into_iter().take(5).map(|one| one.version).collect::<Vec<_>>())
        })
        .await;
    let page = chen.get(&format!("/exams/standards/new?exam={CODE}")).await;
    let mut fields =
        vec![("title".to_owned(), "Autumn".to_owned()), ("which".to_owned(), "chosen".to_owned())];
    fields.extend(questions.iter().map(|version| (format!("question-{version}"), "on".to_owned())));
    for judge in judges {
        fields.push((format!("judge-{}", world.id(judge).await), "on".to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let sent = chen.submit(&page, "/exams/standards", &fields).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    (sent.location.expect("the study"), questions)
}

/// Fills in a judge's sheet.
async fn judge(actor: &Actor, study: &str, questions: &[VersionId], said: &[i64]) -> u16 {
    let action = format!("{study}/estimates");
    let fields: Vec<(String, String)> = questions
        .iter()
        .zip(said)
        .map(|(version, percent)| (format!("q{version}"), percent.to_string()))
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    actor.post(&action, &fields).await.status
}

async fn close(chen: &Actor, study: &str) -> u16 {
    let page = chen.get(study).await;
    chen.submit(&page, &format!("{study}/close"), &[]).await.status
}

/// The pass mark of the attempt lin starts now.
async fn pass_mark_of_a_start(world: &World) -> i64 {
    let lin = world.lin().await;
    let explain = lin.get(&format!("/exams/{CODE}")).await;
    let sent = lin.submit(&explain, &format!("/exams/{CODE}/start"), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    world
        .arrange(|conn| {
            Ok(attempt::table.order(attempt::id.desc()).select(attempt::pass_score).first(conn)?)
        })
        .await
}

on_both! {
    async fn three_judges_set_a_pass_mark_in_two_rounds(world: World) {
        let wang = world.id("T0002").await;
        world.arrange(move |conn| {
            let pudong = shifu::staff::queries::site_by_code(conn, "pudong")?.expect("a site").id;
            grants::add_grant(conn, wang, Role::Trainer, pudong, day("2026-01-01"), None, instant("2026-01-01T00:00:00Z"))
        }).await;
        let (chen, zhao, wang) = (world.chen().await.reads("en").await, world.zhao().await.reads("en").await, world.wang().await);
        let (study, questions) = plan(&world, &chen, &["E0001", "R0001", "T0002"]).await;
        assert!(zhao.get("/exams/standards").await.says("td", "5 questions wait for you"));

        assert_eq!(judge(&chen, &study, &questions, &[90, 70, 60, 50, 40]).await, 303);
        assert_eq!(judge(&zhao, &study, &questions, &[80, 80, 50, 60]).await, 303);
        let shown = zhao.get(&study).await;
        assert!(shown.says("tr", "4/5") && !shown.has("svg.spread"), "nobody sees the others in the first round");
        assert!(!zhao.get(&format!("{study}/estimates")).await.has("svg.spread"));
        assert_eq!(judge(&zhao, &study, &questions, &[80, 80, 50, 60, 10]).await, 303);
        assert_eq!(judge(&wang, &study, &questions, &[95, 75, 55, 45, 35]).await, 303);
        assert_eq!(judge(&wang, &study, &questions[..1], &[101]).await, 400);
        assert_eq!(close(&chen, &study).await, 303);

        let sheet = zhao.get(&format!("{study}/estimates")).await;
        assert_eq!(sheet.texts("svg.spread .judge").len(), 15, "three judges on five questions");
        assert!(!sheet.body.contains("陈刚") && !sheet.body.contains("Chen Gang"), "without names");
        // What is left as it was still holds.
        assert_eq!(judge(&zhao, &study, &questions[4..], &[30]).await, 303);
        assert_eq!(close(&chen, &study).await, 303);
        assert_eq!(judge(&zhao, &study, &questions, &[1, 1, 1, 1, 1]).await, 409);

        let result = chen.get(&study).await;
        let second = result.texts("dl dd");
        assert!(second.contains(&"61.00 ± 0.58".to_owned()), "{second:?}");
        assert!(result.says(".alert", "Only 3 judges"), "{}", result.body);
        assert!(result.says(".text-secondary", "") && result.form(&format!("{study}/adopt")).contains(&("cut".to_owned(), "61.00".to_owned())));

        assert_eq!(pass_mark_of_a_start(&world).await, 6000, "before the decision");
        let action = format!("{study}/adopt");
        assert_eq!(zhao.post(&action, &[("form_key", "k"), ("cut", "61"), ("why", "x")]).await.status, 403);
        let silent = chen.submit(&result, &action, &[("why", " ")]).await;
        assert_eq!(silent.status, 422, "a decision has a reason");
        assert!(silent.says(".text-danger", "Say why."), "{}", silent.body);
        let sent = chen.submit(&result, &action, &[("why", "Two rounds, little spread.")]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let decided = chen.follow(&sent).await;
        assert!(decided.says("dd", "Two rounds, little spread.") && decided.says("dd", "Chen Gang"));

        // One that has started keeps what it started with; one that starts now is held to the cut.
        let kept: Vec<i64> = world.arrange(|conn| Ok(attempt::table.select(attempt::pass_score).load(conn)?)).await;
        assert_eq!(kept, [6000]);
        let wang = world.wang().await.reads("en").await;
        assert!(wang.get(&format!("/exams/{CODE}")).await.says("dd", "61 of 100"));
        let explain = wang.get(&format!("/exams/{CODE}")).await;
        wang.submit(&explain, &format!("/exams/{CODE}/start"), &[]).await;
        let newest: i64 = world.arrange(|conn| Ok(attempt::table.order(attempt::id.desc()).select(attempt::pass_score).first(conn)?)).await;
        assert_eq!(newest, 6100);
        let page = chen.get("/exams/analysis").await;
        assert!(page.says("tr", "61.00") && page.says("tr", "by judges"), "{}", page.body);
    }
}

on_both! {
    async fn a_round_closes_once_somebody_has_judged_everything(world: World) {
        let chen = world.chen().await;
        let (study, questions) = plan(&world, &chen, &["E0001"]).await;
        assert_eq!(close(&chen, &study).await, 409);
        assert_eq!(judge(&chen, &study, &questions, &[50; 5]).await, 303);
        let zhao = world.zhao().await;
        assert_eq!(judge(&zhao, &study, &questions, &[50; 5]).await, 404, "not invited");
        assert_eq!(zhao.get(&format!("{study}/estimates")).await.status, 404);
        let page = chen.get(&study).await;
        let invited = format!("judge-{}", world.id("R0001").await);
        assert_eq!(chen.submit(&page, &format!("{study}/judges"), &[(&invited, "on")]).await.status, 303);
        assert_eq!(zhao.get(&format!("{study}/estimates")).await.status, 200);
        let mails: i64 = world.arrange(|conn| Ok(shifu::db::schema::outbox::table.count().get_result(conn)?)).await;
        assert_eq!(mails, 2, "each judge was written to once");
        assert_eq!(close(&chen, &study).await, 303);
        let early = chen.post(&format!("{study}/adopt"), &[("form_key", "k"), ("cut", "61"), ("why", "x")]).await;
        assert_eq!(early.status, 409, "not before both rounds are closed");
    }
}

on_both! {
    async fn a_study_without_a_name_or_a_judge_is_shown_again(world: World) {
        let chen = world.chen().await.reads("en").await;
        let page = chen.get(&format!("/exams/standards/new?exam={CODE}")).await;
        let sent = chen.submit(&page, "/exams/standards", &[("title", " ")]).await;
        assert_eq!(sent.status, 422);
        assert!(sent.says(".text-danger", "Please fill this in.") && sent.says(".text-danger", "Invite at least one judge."), "{}", sent.body);
    }
}
