//! The paper in front of its candidate: every kind of question, with and without script.

use serde_json::{Value, json};
use shifu::{
    content::ContentId,
    db::{
        Conn, Error,
        schema::{attempt, attempt_event, content, question_bank},
    },
    exams::{
        attempts::{model::AttemptId, queries},
        blueprints::draw::Drawn,
        questions::{
            Body, QuestionKind, VersionId,
            bank::{self, Question},
            model::{Difficulty, Importance, Level, Stage},
        },
    },
};

use diesel::prelude::*;

use crate::{
    on_both,
    world::{Actor, BEGINNING, Backend, Browser, World, browser_lack, instant, left_out, run},
};

/// A word of the key: it must never reach a browser.
const SECRET: &str = "geheim";

fn said(words: &str) -> Value {
    json!({ "zh": format!("{words}（中）"), "en": words })
}

/// One question of each kind, and its case with two questions, with secrets in every key.
fn bodies() -> Vec<(QuestionKind, Value)> {
    let options = |right: &[usize]| -> Vec<Value> {
        let option = |at: usize| {
            let words = ["ring", "pad", "disc", "hose"][at];
            json!({ "zh": format!("{words}（中）"), "en": words, "correct": right.contains(&at), "feedback": said(&format!("{SECRET} choice")) })
        };
        (0..4).map(option).collect()
    };
    let with = |stem: &str, rest: Value| {
        let mut body = json!({ "area": said("Brakes"), "stem": said(stem), "feedback": said(&format!("{SECRET} feedback {stem}")), "references": [format!("{SECRET} manual")] });
        for (key, value) in rest.as_object().expect("an object") {
            body[key] = value.clone();
        }
        body
    };
    use QuestionKind::*;
    let part = |kind: &str, rest: Value| {
        let mut part = with("asked of the case", rest);
        let fields = part.as_object_mut().expect("an object");
        fields.remove("area");
        fields.remove("references");
        part["kind"] = json!(kind);
        part
    };
    vec![
        (Single, with("Which **part** wears?", json!({ "options": options(&[1]) }))),
        (
            Multiple,
            with(
                "Which turn?\n\n| mm | bar |\n|---|---|\n| 1 | 2 |",
                json!({ "options": options(&[0, 2]) }),
            ),
        ),
        (TrueFalse, with("Fluid ages.", json!({ "answer": true }))),
        (
            Numeric,
            with("How much pressure?", json!({ "numeric": { "value": "4711.25", "unit": "bar" } })),
        ),
        (Short, with("What is it called?", json!({ "accepted": [{ "form": SECRET }] }))),
        (
            Ordering,
            with(
                "In which order?",
                json!({ "items": [said("isolate"), said("lock"), said("verify")] }),
            ),
        ),
        (
            Matching,
            with(
                "What goes with what?",
                json!({ "pairs": [
            { "prompt": said("red"), "partner": said("stop") },
            { "prompt": said("green"), "partner": said("go") }], "distractors": [said("wait")] }),
            ),
        ),
        (
            Hotspot,
            with(
                "Where is the bleeder?",
                json!({ "hotspot": { "picture": "/exams/files/00", "alt": said("A calliper"), "regions": [{ "x": 431, "y": 617, "radius": 53 }] } }),
            ),
        ),
        (
            Essay,
            with(
                "Explain it to the customer.",
                json!({ "essay": { "guide": said(&format!("{SECRET} guide")), "words": 120, "markers": 1 } }),
            ),
        ),
        (
            Case,
            with(
                "A car comes in with a soft pedal.",
                json!({ "parts": [
            part("single", json!({ "options": options(&[0]) })),
            part("numeric", json!({ "numeric": { "value": "4711.25" } }))] }),
            ),
        ),
    ]
}

/// Where each kind stands on the paper.
const SINGLE: i64 = 1;
const ORDERING: i64 = 6;
const MATCHING: i64 = 7;
const HOTSPOT: i64 = 8;
const ESSAY: i64 = 9;
const LAST: i64 = 11;

/// Keeps the questions, and one more that is never asked; puts them on a paper of this person.
fn lay_out(conn: &mut Conn, person: shifu::record::PersonId) -> Result<AttemptId, Error> {
    let now = instant(BEGINNING);
    let bank: shifu::exams::questions::BankId = diesel::insert_into(question_bank::table)
        .values((
            question_bank::code.eq("every-kind"),
            question_bank::title_zh.eq("各种题"),
            question_bank::title_en.eq("Every kind"),
        ))
        .returning(question_bank::id)
        .get_result(conn)?;
    let mut versions: Vec<(VersionId, Body)> = Vec::new();
    let unasked = json!({ "area": said("Brakes"), "stem": said("unasked"), "answer": true });
    let all = bodies().into_iter().chain([(QuestionKind::TrueFalse, unasked)]);
    for (number, (kind, written)) in (1..).zip(all) {
        let body =
            Body::read(kind, &written.to_string()).unwrap_or_else(|why| panic!("{kind:?}: {why}"));
        let question = Question {
            code: format!("k{number:02}"),
            kind,
            area: "brakes".to_owned(),
            level: Level::Apply,
            importance: Importance::Core,
            difficulty: Difficulty::Medium,
            body: body.clone(),
        };
        let id = bank::add_question(conn, bank, &question.code)?;
        let version = bank::add_version(conn, id, 1, &question, (now, None))?;
        bank::set_stage(conn, version, Stage::Live, None, (now, None))?;
        versions.push((version, body));
    }
    versions.pop();
    let drawn: Vec<Drawn> = versions
        .iter()
        .flat_map(|(version, body)| {
            let is_case = body.task.kind() == QuestionKind::Case;
            let places = body.places().into_iter().enumerate();
            places.map(move |(at, place)| {
                let mut order: Vec<usize> = (0..place.options).collect();
                order.reverse();
                let part = if is_case { at + 1 } else { 0 };
                Drawn {
                    version: *version,
                    part,
                    kind: place.kind,
                    order,
                    weight: 1,
                    scored: true,
                    block: 0,
                }
            })
        })
        .collect();
    let content: ContentId = content::table.select(content::id).order(content::id).first(conn)?;
    let new = queries::NewAttempt {
        person,
        exam: "inhouse-default/brake-theory",
        content,
        seed: 1,
        pass_score: 6_000,
        started_at: now,
        hand_in_by: now.plus(chrono::Duration::minutes(30)),
        blueprint: None,
        sitting: None,
    };
    queries::add(conn, &new, &drawn)
}

/// A running paper of every kind for lin; where it is sat.
async fn every_kind(world: &World) -> (AttemptId, String) {
    let lin = world.id("T0001").await;
    let id = world.arrange(move |conn| lay_out(conn, lin)).await;
    (id, format!("/exams/attempts/{id}"))
}

/// What is kept, by place.
async fn kept(world: &World, id: AttemptId) -> Vec<(i64, String)> {
    let answers = world.arrange(move |conn| queries::answers(conn, id)).await;
    answers.into_iter().map(|(position, answer)| (position, answer.response)).collect()
}

async fn pause(world: &World, id: AttemptId, on: bool) {
    let at = on.then(|| instant(BEGINNING));
    world
        .arrange(move |conn| {
            Ok(diesel::update(attempt::table.find(id))
                .set(attempt::paused_at.eq(at))
                .execute(conn)?)
        })
        .await;
}

on_both! {
    async fn every_kind_is_answered_by_a_plain_form(world: World) {
        let (id, path) = every_kind(&world).await;
        let lin = world.lin().await;
        let page = lin.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.texts("fieldset.exam-question").len() as i64, LAST);
        assert_eq!(page.texts(".exam-case-text").len(), 1, "the text of a case stands once");
        assert!(page.has("#q1 strong") && page.has("#q2 table"), "Markdown is rendered");
        let sent = lin.submit(&page, &path, &[
            ("act", "review"),
            ("q1", "c"), ("q3", "true"), ("q4", "12,5 bar"), ("q5", "calliper"),
            ("q6.a", "3"), ("q6.b", "1"), ("q6.c", "2"),
            ("q7.1", "b"), ("q7.2", "-"),
            ("q8.x", "43.5"), ("q8.y", "61"),
            ("q9", "Two lines,\r\nnot more."), ("q10", "d"), ("q11", "7"),
            ("f4", "1"),
        ]).await;
        assert_eq!(sent.location, Some(format!("{path}/finish")), "{}", sent.body);
        let expected = [(1, "c"), (3, "true"), (4, "12,5 bar"), (5, "calliper"), (6, "b,c,a"),
            (7, "b,-"), (8, "435,610"), (9, "Two lines,\nnot more."), (10, "d"), (11, "7")];
        let expected: Vec<(i64, String)> = expected.map(|(at, said)| (at, said.to_owned())).to_vec();
        assert_eq!(kept(&world, id).await, expected);
        let review = lin.follow(&sent).await;
        assert_eq!(review.texts("#unanswered a"), ["2"]);
        assert_eq!(review.texts("#flagged a"), ["4"]);
        // The page shows it all again, in the order given.
        let again = lin.get(&path).await;
        assert_eq!(again.attribute("#q6 [data-letter]", "data-letter").as_deref(), Some("b"));
        assert_eq!(again.attribute("#q7 option[selected]", "value").as_deref(), Some("b"));
        assert_eq!(again.attribute("#q8 input[name='q8.x']", "value").as_deref(), Some("43.5"));
        assert!(again.has("#q8 circle.ring") && again.has("#q4 [data-flag][checked]"));
        assert!(again.says("#q9 textarea", "not more."));
    }
}

on_both! {
    async fn an_answer_that_cannot_be_read_costs_no_other(world: World) {
        let (id, path) = every_kind(&world).await;
        let lin = world.lin().await;
        let page = lin.get(&path).await;
        let sent = lin.submit(&page, &path, &[
            ("act", "review"), ("q1", "a"), ("q6.a", "1"), ("q6.b", "1"), ("q6.c", "2"),
            ("q4", &"9".repeat(60)),
        ]).await;
        assert_eq!(sent.location, Some(format!("{path}?saved=1&unclear=4,6&stale=")));
        assert_eq!(kept(&world, id).await, [(1, "a".to_owned())]);
        assert!(lin.follow(&sent).await.says(".alert", "4, 6"));
    }
}

on_both! {
    async fn nothing_of_the_key_and_nothing_unasked_reaches_the_browser(world: World) {
        let (_, path) = every_kind(&world).await;
        let lin = world.lin().await;
        let mut seen = vec![lin.get(&path).await, lin.get(&format!("{path}/finish")).await, lin.get(&format!("{path}/clock")).await];
        for (position, response) in [(1, "a"), (4, "1"), (5, "x"), (6, "a,b,c"), (8, "1,1"), (9, "words")] {
            let answer = json!({ "position": position, "response": response, "edition": 2 });
            seen.push(lin.post_json(&format!("{path}/answers"), &answer).await);
            let stale = json!({ "position": position, "response": "", "edition": 1 });
            seen.push(lin.post_json(&format!("{path}/answers"), &stale).await);
        }
        seen.push(lin.post_json(&format!("{path}/flags"), &json!({ "position": 1, "flagged": true })).await);
        let check = lin.get(&format!("{path}/finish")).await;
        let sent = lin.submit(&check, &format!("{path}/finish"), &[]).await;
        seen.push(lin.follow(&sent).await);
        for page in seen {
            assert!([200, 409].contains(&page.status), "{}", page.body);
            for secret in [SECRET, "4711.25", "unasked", "region", "\"correct\"", "every-kind", "feedback"] {
                assert!(!page.body.contains(secret), "{secret} in {}", page.body);
            }
        }
    }
}

on_both! {
    async fn flags_are_kept_for_every_device_and_only_by_their_candidate(world: World) {
        let (_, path) = every_kind(&world).await;
        let (lin, wang) = (world.lin().await, world.wang().await);
        let flag = |actor: Actor, position: i64, flagged: bool| {
            let path = format!("{path}/flags");
            async move { actor.post_json(&path, &json!({ "position": position, "flagged": flagged })).await.status }
        };
        assert_eq!(flag(lin.clone(), SINGLE, true).await, 200);
        assert_eq!(flag(lin.clone(), SINGLE, true).await, 200, "again changes nothing");
        assert_eq!(flag(lin.clone(), LAST + 1, true).await, 404);
        assert_eq!(flag(wang, SINGLE, false).await, 404);
        let desk = world.lin().await.get(&path).await;
        assert_eq!(desk.texts(".exam-map a.flagged"), ["1"]);
        assert_eq!(flag(lin.clone(), SINGLE, false).await, 200);
        assert!(!lin.get(&path).await.has(".exam-map a.flagged"));
    }
}

on_both! {
    async fn leaving_the_window_is_noted_within_bounds_and_announced_before(world: World) {
        let lin = world.lin().await.reads("en").await;
        let before = lin.get("/exams/inhouse-default/brake-theory").await;
        assert!(before.says("li", "Leaving the window"), "{}", before.body);
        let (id, path) = every_kind(&world).await;
        lin.get(&path).await;
        let events = format!("{path}/events");
        for _ in 0..2 {
            assert_eq!(lin.post_json(&events, &json!({ "kind": "left-window" })).await.status, 200);
            assert_eq!(lin.post_json(&events, &json!({ "kind": "returned", "seconds": 12 })).await.status, 200);
        }
        assert_eq!(lin.post_json(&events, &json!({ "kind": "address" })).await.status, 400);
        assert_eq!(lin.post_json(&events, &json!({ "kind": "pause" })).await.status, 400);
        assert_eq!(world.wang().await.post_json(&events, &json!({ "kind": "returned" })).await.status, 404);
        let noted = move |conn: &mut Conn| -> Result<Vec<(String, String)>, Error> {
            let of = attempt_event::table.filter(attempt_event::attempt_id.eq(id)).order(attempt_event::id);
            Ok(of.select((attempt_event::kind, attempt_event::detail)).load(conn)?)
        };
        let kinds: Vec<String> = world.arrange(noted).await.into_iter().map(|(kind, detail)| format!("{kind} {detail}")).collect();
        let away = ["left-window {}", "returned {\"seconds\":12}"];
        assert_eq!(kinds, [away[0], away[1], away[0], away[1]]);
        for _ in 0..220 {
            lin.post_json(&events, &json!({ "kind": "left-window" })).await;
        }
        assert_eq!(world.arrange(noted).await.len(), 200, "no more than tell the story");
    }
}

on_both! {
    async fn a_paused_paper_shows_no_question(world: World) {
        let (id, path) = every_kind(&world).await;
        let lin = world.lin().await.reads("en").await;
        pause(&world, id, true).await;
        let page = lin.get(&path).await;
        assert!(page.has("#exam-paused") && !page.has("fieldset"), "{}", page.body);
        assert_eq!(lin.get(&format!("{path}/finish")).await.location, Some(path.clone()));
        let clock: Value = serde_json::from_str(&lin.get(&format!("{path}/clock")).await.body).expect("JSON");
        assert_eq!(clock["paused"], true);
        pause(&world, id, false).await;
        assert!(lin.get(&path).await.has("fieldset"));
    }
}

/// Runs a story with lin in a browser in front of a paper of every kind.
fn at_a_desk<F: Future<Output = ()>>(story: impl FnOnce(World, Browser, AttemptId, String) -> F) {
    if let Some(lack) = browser_lack() {
        return left_out(lack);
    }
    run(Backend::Sqlite, async |world| {
        let (id, path) = every_kind(&world).await;
        let browser = Browser::signed_in(&world, "T0001").await;
        browser.goto(&path).await;
        browser.wait_for("#exam-display:not([hidden])").await;
        story(world, browser, id, path).await;
    });
}

const ALL_SAVED: &str = "全部已保存";

/// What a candidate gives who works through the paper.
fn worked_through() -> Vec<(i64, String)> {
    let expected = [
        (1, "b"),
        (2, "a,c"),
        (3, "false"),
        (4, "12.5"),
        (5, "calliper"),
        (6, "b,a,c"),
        (7, "a,b"),
        (8, "510,500"),
        (9, "Well done."),
        (10, "a"),
        (11, "7"),
    ];
    expected.map(|(at, said)| (at, said.to_owned())).to_vec()
}

#[test]
fn every_kind_is_answered_by_keyboard_alone() {
    at_a_desk(async |world, browser, id, _| {
        browser.size(1280, 800).await;
        // Number and letter keys; n goes on.
        for keys in ["1", "n"] {
            browser.press(keys).await;
        }
        browser.wait_for("#q2:focus").await;
        for keys in ["p", "b", "n", "n", "p"] {
            browser.press(keys).await;
        }
        for keys in ["1", "3", "f", "n", "2", "n"] {
            browser.press(keys).await;
        }
        browser.wait_for("#q4:focus").await;
        // In a field letters are letters.
        for keys in ["Tab", "12.5", "Tab", "Tab"] {
            browser.press(keys).await;
        }
        browser.focus("#q5 input[name=q5]").await;
        for keys in ["calliper", "Tab"] {
            browser.press(keys).await;
        }
        browser.focus("#q6 [data-letter=b] [data-move=up]").await;
        browser.press("Enter").await;
        browser.focus("#q7 select[name='q7.1']").await;
        for keys in ["ArrowDown", "Tab", "ArrowDown", "ArrowDown", "Tab"] {
            browser.press(keys).await;
        }
        browser.focus("#q8 .hotspot-frame").await;
        for keys in ["Enter", "ArrowRight"] {
            browser.press(keys).await;
        }
        browser.focus("#q9 textarea").await;
        for keys in ["Well done.", "Tab"] {
            browser.press(keys).await;
        }
        browser.focus("#q10").await;
        for keys in ["a", "n", "Tab", "7", "Tab"] {
            browser.press(keys).await;
        }
        browser.wait_for_words(ALL_SAVED).await;
        browser.wait_for("#q11 [data-saved]:not(:empty)").await;
        assert_eq!(kept(&world, id).await, worked_through());
        let flagged = world.arrange(move |conn| queries::flagged(conn, id)).await;
        assert_eq!(flagged, [2]);
    });
}

#[test]
fn every_kind_is_answered_by_touch_on_a_phone() {
    at_a_desk(async |world, browser, id, path| {
        browser.size(360, 740).await;
        browser.goto(&path).await;
        browser.wait_for("#exam-display:not([hidden])").await;
        assert_eq!(browser.overflow().await, 0);
        for css in [
            "#q1 input[value=b]",
            "#q2 input[value=a]",
            "#q2 input[value=c]",
            "#q3 input[value=false]",
        ] {
            browser.click(css).await;
        }
        browser.fill("#q4 input[name=q4]", "12.5").await;
        browser.fill("#q5 input[name=q5]", "calliper").await;
        browser.click("#q6 [data-letter=b] [data-move=up]").await;
        for (name, value) in [("q7.1", "a"), ("q7.2", "b")] {
            browser.click(&format!("#q7 select[name='{name}'] option[value={value}]")).await;
        }
        // The driver aims at the middle of what is in sight.
        let frame = "document.querySelector('#q8 .hotspot-frame')";
        browser.script(&format!("{frame}.scrollIntoView({{ block: 'center' }})")).await;
        browser.click("#q8 .hotspot-frame").await;
        browser.press("ArrowRight").await;
        browser.fill("#q9 textarea", "Well done.").await;
        assert!(browser.text("#q9 [data-words]").await.contains('2'));
        browser.click("#q10 input[value=a]").await;
        browser.fill("#q11 input[name=q11]", "7").await;
        browser.press("Tab").await;
        browser.wait_for("#q11 [data-saved]:not(:empty)").await;
        browser.wait_for_words(ALL_SAVED).await;
        // A finger hits within a pixel or two of the middle.
        let mut given = kept(&world, id).await;
        let spot = given.iter_mut().find(|(at, _)| *at == HOTSPOT).expect("a spot");
        let (x, y) = spot.1.split_once(',').expect("x,y");
        let near =
            |at: &str, middle: i64| at.parse::<i64>().is_ok_and(|at| (at - middle).abs() <= 40);
        assert!(near(x, 510) && near(y, 500), "{}", spot.1);
        spot.1 = "510,500".to_owned();
        assert_eq!(given, worked_through());
        // A desk's window at 400 %.
        browser.size(320, 256).await;
        assert_eq!(browser.overflow().await, 0);
    });
}

#[test]
fn answers_wait_through_lost_wifi_and_another_device_goes_on() {
    at_a_desk(async |world, phone, id, path| {
        phone.offline(true).await;
        phone.click("#q1 input[value=d]").await;
        phone.click(&format!("#q{ORDERING} [data-keep-order]")).await;
        phone.fill("#q9 textarea", "before the storm").await;
        phone.press("Tab").await;
        phone.wait_for("#exam-notice:not([hidden])").await;
        assert_eq!(kept(&world, id).await, []);
        phone.offline(false).await;
        phone.wait_for_words(ALL_SAVED).await;
        let given: Vec<(i64, String)> =
            [(SINGLE, "d"), (ORDERING, "a,b,c"), (ESSAY, "before the storm")]
                .map(|(at, said)| (at, said.to_owned()))
                .to_vec();
        assert_eq!(kept(&world, id).await, given);
        let desk = Browser::signed_in(&world, "T0001").await;
        desk.goto(&path).await;
        desk.wait_for("#q1 input[value=d]:checked").await;
        desk.wait_for(&format!("#q{ORDERING} [data-given=yes]")).await;
        desk.click("#q1 input[value=a]").await;
        desk.wait_for_words(ALL_SAVED).await;
        // The phone was behind: its change comes too late, and it is told and shows the newer one.
        phone.script("window.fetch = ((real) => (to, how) => to.endsWith('/answers') ? real(to, { ...how, body: how.body.replace('\"edition\":2', '\"edition\":1') }) : real(to, how))(window.fetch)").await;
        phone.click("#q1 input[value=b]").await;
        phone.wait_for_words("已在别的窗口或设备上改过").await;
        phone.wait_for("#q1 input[value=a]:checked").await;
    });
}

#[test]
fn a_pause_hides_the_questions_and_the_page_goes_on_by_itself() {
    at_a_desk(async |world, browser, id, _| {
        pause(&world, id, true).await;
        browser.script("window.dispatchEvent(new Event('online'))").await;
        browser.wait_for("#exam-paused:not([hidden])").await;
        browser.wait_for("#exam-form[hidden]").await;
        pause(&world, id, false).await;
        browser.wait_for("#exam-form:not([hidden])").await;
        browser.click("#q1 input[value=a]").await;
        browser.wait_for_words(ALL_SAVED).await;
    });
}

#[test]
fn one_question_at_a_time_is_remembered_and_extra_time_is_told() {
    at_a_desk(async |world, browser, id, path| {
        browser.script("document.getElementById('exam-display').open = true").await;
        browser.click("[data-display=one]").await;
        browser.wait_for("#exam-steps:not([hidden])").await;
        let shown = "return [...document.querySelectorAll('.exam-question')].filter(q => q.offsetParent).map(q => q.id).join()";
        assert_eq!(browser.script(shown).await, "q1");
        browser.click("[data-step='1']").await;
        assert_eq!(browser.script(shown).await, "q2");
        browser.goto(&format!("{path}#q{MATCHING}")).await;
        browser.script("location.reload()").await;
        browser.wait_for(&format!("#q{MATCHING}.current")).await;
        assert_eq!(browser.script(shown).await, format!("q{MATCHING}"));
        let until = instant("2026-11-23T03:10:00Z");
        world
            .arrange(move |conn| {
                Ok(diesel::update(attempt::table.find(id))
                    .set(attempt::hand_in_by.eq(until))
                    .execute(conn)?)
            })
            .await;
        browser.script("window.dispatchEvent(new Event('online'))").await;
        browser.wait_for_words("时间已延长，请在 11:10 前交卷").await;
    });
}

/// Pictures of the paper for people to look at: `SHIFU_LOOK=FOLDER`.
#[test]
fn the_paper_can_be_looked_at() {
    let Some(folder) = std::env::var_os("SHIFU_LOOK").map(std::path::PathBuf::from) else { return };
    at_a_desk(async |_, browser, _, path| {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let looks = [("", "paper"), ("contrast", "contrast"), ("one", "one")];
        for (name, width) in [("phone", 360), ("desk", 1280)] {
            for (time, dark) in [("day", false), ("night", true)] {
                for (display, look) in looks {
                    browser.size(width, 760).await;
                    browser.dark(dark).await;
                    let stored = if display.is_empty() {
                        json!({})
                    } else {
                        json!({ display: true, "keys": true })
                    };
                    browser
                        .script(&format!("localStorage.setItem('shifu-exam-display', '{stored}')"))
                        .await;
                    browser.goto(&path).await;
                    browser.wait_for("#exam-display:not([hidden])").await;
                    browser.script("document.querySelectorAll('.exam-tools details').forEach(d => d.open = true)").await;
                    for css in ["#q1 input[value=b]", "#q2 input[value=a]"] {
                        browser.script(&format!("document.querySelector('{css}').checked || document.querySelector('{css}').click()")).await;
                    }
                    browser.screenshot(&folder.join(format!("{look}-{name}-{time}.png"))).await;
                    assert_eq!(browser.overflow().await, 0, "{look} {name}");
                }
            }
        }
    });
}
