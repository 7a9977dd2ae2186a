//! Sittings: nobody is put down who may not sit, no seat is sold twice, and what happens in the
//! room reaches the candidate.

use diesel::prelude::*;
use serde_json::{Value, json};
use shifu::{
    db::schema::{
        accommodation, attempt, attempt_event, outbox, outbox_body, registration, sitting,
    },
    record::{Kind, NewFact, Source, ledger},
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const EXAM: &str = "/exams/inhouse-default/brake-theory";
const CODE: &str = "inhouse-default/brake-theory";

/// A sitting on Tuesday the 24th, nine o'clock in Shanghai, as the form takes it.
const PLAN: [(&str, &str); 9] = [
    ("exam", CODE),
    ("site", "pudong"),
    ("room", "301"),
    ("opens_at", "2026-11-24T09:00"),
    ("start_by", "2026-11-24T09:30"),
    ("seats", "10"),
    ("release", "at-once"),
    ("invigilators", "T0002"),
    ("note", "请带工号牌"),
];

const OPENS: &str = "2026-11-24T01:00:00Z";
const OPEN: &str = "2026-11-24T01:10:00Z";

/// Plans a sitting with some fields changed; where it is shown.
async fn plan(actor: &Actor, changed: &[(&str, &str)]) -> String {
    let sent = try_plan(actor, changed).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    sent.location.expect("the sitting")
}

async fn try_plan(actor: &Actor, changed: &[(&str, &str)]) -> Page {
    let page = actor.get("/exams/sittings/new").await;
    let fields: Vec<(&str, &str)> = [&PLAN[..], changed].concat();
    actor.submit(&page, "/exams/sittings/new", &fields).await
}

async fn post(actor: &Actor, path: &str, fields: &[(&str, &str)]) -> Page {
    let key = fresh_key();
    actor.post(path, &[&[("form_key", key.as_str())], fields].concat()).await
}

fn fresh_key() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("key-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn register(actor: &Actor, path: &str, staff_no: &str) -> Page {
    post(actor, &format!("{path}/register"), &[("staff_no", staff_no)]).await
}

async fn start(actor: &Actor, code: &str) -> Page {
    post(actor, &format!("{EXAM}/start"), &[("entry_code", code)]).await
}

fn said(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("JSON, not: {}", page.body))
}

async fn seconds_left(actor: &Actor, attempt: &str) -> i64 {
    let clock = said(&actor.get(&format!("{attempt}/clock")).await);
    clock["remaining_seconds"].as_i64().expect("a number")
}

/// The same but for the seconds that pass while a test runs.
fn about(one: i64, other: i64) -> bool {
    (one - other).abs() <= 8
}

/// The mails to somebody with an appointment: subject and iCalendar without folded lines.
async fn appointments(world: &World, who: &'static str) -> Vec<(String, String)> {
    let person = world.id(who).await;
    let rows: Vec<(String, Option<String>)> = world
        .arrange(move |conn| {
            Ok(outbox::table
                .inner_join(outbox_body::table)
                .filter(outbox::person_id.eq(person))
                .order(outbox::id)
                .select((outbox::subject, outbox_body::calendar))
                .load(conn)?)
        })
        .await;
    let unfolded = |ics: String| ics.replace("\r\n ", "");
    rows.into_iter().filter_map(|(subject, ics)| Some((subject, unfolded(ics?)))).collect()
}

fn line<'a>(ics: &'a str, name: &str) -> &'a str {
    let found = ics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {name} in {ics}"))
}

async fn attempts(world: &World) -> i64 {
    world.arrange(|conn| Ok(attempt::table.count().get_result(conn)?)).await
}

on_both! {
    async fn a_candidate_registers_and_the_calendar_entry_moves_and_goes_with_the_sitting(world: World) {
        let (zhao, lin) = (world.zhao().await, world.lin().await.reads("en").await);
        let path = plan(&zhao, &[]).await;
        assert!(lin.get("/exams/sittings").await.links().contains(&path), "open to me");
        let page = lin.get(&path).await;
        assert!(page.has(".verdict"), "the reasons stand there line by line");
        assert!(page.body.contains("the day after them is the first"), "and how days are counted");
        let sent = lin.submit(&page, &format!("{path}/register"), &[]).await;
        assert_eq!(sent.location.as_deref(), Some(path.as_str()));
        assert!(lin.follow(&sent).await.says(".badge", "Registered"));
        assert!(lin.get("/exams").await.links().contains(&path), "my sittings stand with my exams");
        let (verdict, content): (String, i64) = world.arrange(|conn| {
            Ok(registration::table.select((registration::verdict, registration::content_id)).first(conn)?)
        }).await;
        assert!(verdict.contains("\"met\":true") && content > 0, "the evidence is kept: {verdict}");
        // Another room and hour.
        let edit = zhao.get(&format!("{path}/edit")).await;
        let changed: Vec<_> = [&PLAN[..], &[("room", "302"), ("opens_at", "2026-11-24T10:00"), ("start_by", "2026-11-24T10:30")]].concat();
        let sent = zhao.submit(&edit, &format!("{path}/edit"), &changed).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        // A note alone is no news.
        let edit = zhao.get(&format!("{path}/edit")).await;
        let noted: Vec<_> = [&changed[..], &[("note", "新说明")]].concat();
        assert_eq!(zhao.submit(&edit, &format!("{path}/edit"), &noted).await.status, 303);
        assert_eq!(post(&zhao, &format!("{path}/cancel"), &[("why", "停电")]).await.status, 303);
        for (who, subjects) in [("T0001", ["报名成功", "有变", "取消"]), ("T0002", ["监考", "有变", "取消"])] {
            let mails = appointments(&world, who).await;
            assert_eq!(mails.len(), 3, "{mails:?}");
            for ((subject, _), word) in mails.iter().zip(subjects) {
                assert!(subject.contains(word), "{subject}");
            }
            let uids: std::collections::BTreeSet<_> = mails.iter().map(|(_, ics)| line(ics, "UID").to_owned()).collect();
            assert_eq!(uids.len(), 1, "one entry for life");
            let sequences: Vec<i64> = mails.iter().map(|(_, ics)| line(ics, "SEQUENCE").parse().expect("a number")).collect();
            assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
            let methods: Vec<_> = mails.iter().map(|(_, ics)| line(ics, "METHOD")).collect();
            assert_eq!(methods, ["REQUEST", "REQUEST", "CANCEL"]);
            assert_eq!(line(&mails[1].1, "DTSTART"), "20261124T020000Z");
            assert_eq!(line(&mails[2].1, "STATUS"), "CANCELLED");
        }
        let page = lin.get(&path).await;
        assert!(page.says(".alert", "停电"), "the reason stands on the page");
        assert_eq!(register(&lin, &path, "").await.status, 303, "registered already");
        assert_eq!(register(&zhao, &path, "M0001").await.status, 409, "nobody is added to a cancelled one");
    }
}

on_both! {
    async fn the_last_seat_is_sold_once(world: World) {
        let (zhao, lin, zhou) = (world.zhao().await, world.lin().await, world.zhou().await);
        let path = plan(&zhao, &[("seats", "1")]).await;
        let (a, b) = tokio::join!(register(&lin, &path, ""), register(&zhou, &path, ""));
        let mut codes = [a.status, b.status];
        codes.sort_unstable();
        assert_eq!(codes, [303, 409], "{} {}", a.body, b.body);
        let taken: i64 = world.arrange(|conn| Ok(registration::table.count().get_result(conn)?)).await;
        assert_eq!(taken, 1);
    }
}

on_both! {
    async fn a_failed_attempt_is_waited_out_in_full_days_judged_for_the_day_of_the_sitting(world: World) {
        let (zhao, lin) = (world.zhao().await, world.lin().await.reads("en").await);
        let person = world.id("T0001").await;
        world.arrange(move |conn| {
            let failed = NewFact::new(Kind::Exam, CODE, day("2026-11-20")).amount(40, 1, None);
            let stamp = ledger::Stamp { at: instant(BEGINNING), by: None };
            ledger::append(conn, person, &failed, Source::new("import-line", 1), stamp)
        }).await;
        // 20 November: 21 November to 20 December are thirty full days.
        let early = plan(&zhao, &[("opens_at", "2026-12-20T09:00"), ("start_by", "2026-12-20T09:30")]).await;
        let late = plan(&zhao, &[("opens_at", "2026-12-21T09:00"), ("start_by", "2026-12-21T09:30")]).await;
        let refused = register(&lin, &early, "").await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("21 Dec 2026"), "{}", refused.body);
        assert!(lin.get(&early).await.says(".verdict", "30 full days"));
        assert_eq!(register(&lin, &late, "").await.status, 303, "judged for that day, not for today");
    }
}

on_both! {
    async fn overlapping_sittings_a_second_of_the_same_exam_and_ones_own_watch_are_refused(world: World) {
        let (zhao, lin, wang) = (world.zhao().await, world.lin().await.reads("en").await, world.wang().await.reads("en").await);
        let first = plan(&zhao, &[]).await;
        let second = plan(&zhao, &[("opens_at", "2026-11-26T09:00"), ("start_by", "2026-11-26T09:30")]).await;
        let other = plan(&zhao, &[("exam", "inhouse-default/brake-theory"), ("room", "305"), ("invigilators", "")]).await;
        assert_eq!(register(&lin, &first, "").await.status, 303);
        let overlap = register(&lin, &other, "").await;
        assert!(overlap.status == 409 && overlap.body.contains("overlaps"), "{}", overlap.body);
        let twice = register(&lin, &second, "").await;
        assert!(twice.status == 409 && twice.body.contains("same exam"), "{}", twice.body);
        let own = register(&wang, &first, "").await;
        assert!(own.status == 409 && own.body.contains("invigilates"), "{}", own.body);
        // Moving takes the name off here and puts it down there.
        let code = second.rsplit('/').next().expect("a code");
        let moved = post(&lin, &format!("{first}/move"), &[("to", code)]).await;
        assert_eq!(moved.location.as_deref(), Some(second.as_str()), "{}", moved.body);
        let methods: Vec<String> = appointments(&world, "T0001").await.iter().map(|(_, ics)| line(ics, "METHOD").to_owned()).collect();
        assert_eq!(methods, ["REQUEST", "REQUEST", "CANCEL"]);
        // Back again: the entry that was cancelled comes back under a higher sequence.
        let code = first.rsplit('/').next().expect("a code");
        assert_eq!(post(&lin, &format!("{second}/move"), &[("to", code)]).await.status, 303);
        let of_first: Vec<i64> = appointments(&world, "T0001").await.iter()
            .filter(|(_, ics)| line(ics, "UID").contains(code))
            .map(|(_, ics)| line(ics, "SEQUENCE").parse().expect("a number")).collect();
        assert!(of_first.len() == 3 && of_first.is_sorted_by(|a, b| a < b), "{of_first:?}");
    }
}

on_both! {
    async fn managers_register_their_people_and_withdrawing_needs_a_reason(world: World) {
        let (zhao, zhou, lin) = (world.zhao().await, world.zhou().await, world.lin().await);
        let path = plan(&zhao, &[]).await;
        assert_eq!(register(&zhou, &path, "T0001").await.status, 303);
        assert_eq!(register(&zhou, &path, "T0003").await.status, 409, "not in reach, so nobody");
        assert_eq!(register(&lin, &path, "T0002").await.status, 403, "a technician registers nobody else");
        let page = zhou.get(&path).await;
        assert!(page.says("td", "T0001"));
        assert_eq!(post(&lin, &format!("{path}/withdraw"), &[("why", "")]).await.status, 400);
        assert_eq!(post(&lin, &format!("{path}/withdraw"), &[("why", "出差")]).await.status, 303);
        let mails = appointments(&world, "T0001").await;
        assert_eq!(line(&mails[1].1, "METHOD"), "CANCEL");
        assert!(!zhou.get(&path).await.says("td", "T0001"));
        world.clock.travel_to(instant("2026-11-24T01:31:00Z"));
        let zhou = world.zhou().await;
        assert_eq!(register(&zhou, &path, "T0001").await.status, 409, "after the last start");
    }
}

on_both! {
    async fn the_window_the_code_and_the_network_are_checked_at_the_door(world: World) {
        let (zhao, lin) = (world.zhao().await, world.lin().await.reads("en").await);
        let path = plan(&zhao, &[("entry_code", "brake 24"), ("networks", "192.168.10.0/24"), ("hand_in_by", "2026-11-24T09:40")]).await;
        assert_eq!(register(&lin, &path, "").await.status, 303);
        assert!(!lin.get(&path).await.body.contains("BRAKE24"), "candidates learn the code in the room");
        assert!(zhao.get(&path).await.body.contains("BRAKE24"));
        world.clock.travel_to(instant(OPEN));
        let lin = world.lin().await.reads("en").await;
        let page = lin.get(EXAM).await;
        assert!(page.has("#entry_code"), "{}", page.body);
        assert!(page.says("li", "Start by: 24 Nov 2026 09:30") && page.says("li", "ends for everybody on 24 Nov 2026 09:40"), "{}", page.body);
        let outside = start(&lin, "brake24").await;
        assert!(outside.status == 409 && outside.body.contains("networks"), "{}", outside.body);
        let inside = [("x-forwarded-for", "192.168.10.77")];
        let action = format!("{EXAM}/start");
        for _ in 0..5 {
            let key = fresh_key();
            let wrong = lin.post_with(&action, &inside, &[("form_key", &key), ("entry_code", "clutch")]).await;
            assert_eq!(wrong.location, Some(format!("{EXAM}?entry=wrong")), "{}", wrong.body);
        }
        assert!(lin.get(&format!("{EXAM}?entry=wrong")).await.says("[role=alert]", "not the entry code"));
        let right = [("form_key", "right-1"), ("entry_code", "BRAKE24")];
        assert_eq!(lin.post_with(&action, &inside, &right).await.status, 429, "limited tries");
        world.clock.advance(chrono::Duration::minutes(16));
        let lin = world.lin().await;
        let right = [("form_key", "right-2"), ("entry_code", " brake-24 ")];
        let started = lin.post_with(&action, &inside, &right).await;
        assert!(started.location.as_deref().is_some_and(|to| to.starts_with("/exams/attempts/")), "{}", started.body);
        // 09:26 and half an hour would be 09:56: the end for everybody comes first.
        let left = seconds_left(&lin, &started.location.expect("an attempt")).await;
        assert!(about(left, 14 * 60), "cut by the end for everybody: {left}");
        let (attendance, seat): (Option<String>, Option<i64>) = world.arrange(|conn| Ok((
            registration::table.select(registration::attendance).first(conn)?,
            attempt::table.select(attempt::sitting_id).first(conn)?,
        ))).await;
        assert_eq!((attendance.as_deref(), seat.is_some()), (Some("present"), true));
    }
}

on_both! {
    async fn nonsense_in_a_plan_is_marked_at_its_field(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        for (field, value, words) in [
            ("networks", "192.168.10.7/24", "192.168.10.0/24"),
            ("networks", "0.0.0.0/0", "every address"),
            ("start_by", "2026-11-24T08:00", "before it opens"),
            ("hand_in_by", "2026-11-24T09:30", "after the last start"),
            ("opens_at", "2026-11-22T09:00", "later than now"),
            ("seats", "0", "from 1"),
            ("site", "beijing", "Choose a site"),
            ("invigilators", "T0003", "not in your reach"),
            ("release", "at-time", "after the last start"),
        ] {
            let again = try_plan(&zhao, &[(field, value)]).await;
            assert_eq!(again.status, 422, "{field} = {value}");
            assert!(again.says(".text-danger", words), "{field} = {value}: {:?}", again.texts(".text-danger"));
        }
        let none: i64 = world.arrange(|conn| Ok(sitting::table.count().get_result(conn)?)).await;
        assert_eq!(none, 0);
        let page = zhao.get(&format!("{}?per=10&least=3", plan(&zhao, &[("seats", "31")]).await)).await;
        assert!(page.says(".alert", "with all 31 seats taken it is 4"), "{:?}", page.texts(".alert"));
    }
}

/// Lin in a sitting that Wang watches, at ten past nine; their attempt.
async fn under_way(world: &World) -> (String, Actor, Actor, String) {
    let (zhao, lin) = (world.zhao().await, world.lin().await);
    let path = plan(&zhao, &[]).await;
    assert_eq!(register(&lin, &path, "").await.status, 303);
    world.clock.travel_to(instant(OPEN));
    let (lin, wang) = (world.lin().await.reads("en").await, world.wang().await.reads("en").await);
    let started = start(&lin, "").await;
    let attempt = started.location.unwrap_or_else(|| panic!("{}", started.body));
    (path, lin, wang, attempt)
}

async fn save(actor: &Actor, path: &str, response: &str, edition: i64) -> Page {
    let body = json!({ "position": 1, "response": response, "edition": edition });
    actor.post_json(&format!("{path}/answers"), &body).await
}

on_both! {
    async fn a_pause_stops_the_clock_hides_the_questions_and_gives_the_time_back(world: World) {
        let (path, lin, wang, attempt) = under_way(&world).await;
        let before = seconds_left(&lin, &attempt).await;
        let live = format!("{path}/live");
        assert_eq!(post(&wang, &format!("{live}/pause"), &[("why", "火警")]).await.status, 303);
        let refused = save(&lin, &attempt, "", 1).await;
        assert_eq!((refused.status, said(&refused)["reason"].as_str()), (409, Some("paused")));
        let page = lin.get(&attempt).await;
        assert!(page.says("#exam-paused", "paused") && !page.has("fieldset"), "no question is shown");
        assert_eq!(page.headers.get("refresh").and_then(|value| value.to_str().ok()), Some("10"));
        // Long after the time would have been over.
        world.clock.advance(chrono::Duration::hours(3));
        world.round().await;
        let (lin, wang) = (world.lin().await, world.wang().await.reads("en").await);
        assert!(wang.get(&live).await.says(".badge", "Paused"), "the sweep leaves it alone");
        assert!(about(seconds_left(&lin, &attempt).await, before));
        assert_eq!(post(&lin, &format!("{attempt}/finish"), &[]).await.status, 409, "nothing is handed in while it stands still");
        assert_eq!(post(&wang, &format!("{live}/resume"), &[]).await.status, 303);
        assert!(about(seconds_left(&lin, &attempt).await, before));
        assert!(lin.get(&attempt).await.has("fieldset"));
        // Extra time is seen with the next look at the clock.
        let one = attempt.rsplit('/').next().expect("an id");
        assert_eq!(post(&wang, &format!("{live}/extra"), &[("attempt", one), ("minutes", "10"), ("why", "")]).await.status, 400, "a reason is needed");
        assert_eq!(post(&wang, &format!("{live}/extra"), &[("attempt", one), ("minutes", "10"), ("why", "停电")]).await.status, 303);
        assert!(about(seconds_left(&lin, &attempt).await, before + 600));
        let kinds: Vec<String> = world.arrange(|conn| Ok(attempt_event::table.order(attempt_event::id).select(attempt_event::kind).load(conn)?)).await;
        assert_eq!(kinds, ["pause", "resume", "extra-time"]);
    }
}

on_both! {
    async fn an_invigilator_closes_one_and_the_sitting_and_each_attempt_ends_once(world: World) {
        let (path, lin, wang, attempt) = under_way(&world).await;
        let live = format!("{path}/live");
        post(&wang, &format!("{live}/pause"), &[]).await;
        let one = attempt.rsplit('/').next().expect("an id");
        let closed = post(&wang, &format!("{live}/close"), &[("attempt", one), ("why", "作弊")]).await;
        assert_eq!(closed.status, 303, "{}", closed.body);
        let result = lin.get(&format!("{attempt}/result")).await;
        assert!(result.body.contains("Closed by the invigilator"), "{}", result.body);
        assert_eq!(post(&wang, &format!("{live}/close"), &[("why", "结束")]).await.status, 303);
        assert!(wang.get(&live).await.says(".badge", "Handed in"));
        let facts = { let person = world.id("T0001").await; world.arrange(move |conn| ledger::facts_of(conn, person, None)).await };
        assert_eq!(facts.iter().filter(|fact| fact.kind == Kind::Exam).count(), 1);
    }
}

on_both! {
    async fn the_room_shows_how_far_everybody_is_and_who_has_gone_silent(world: World) {
        let (path, lin, wang, attempt) = under_way(&world).await;
        let rows = format!("{path}/live/rows");
        lin.get(&format!("{attempt}/clock")).await;
        let page = wang.get(&rows).await;
        assert!(page.says("td", "Lin Tao") && page.says(".badge", "Connected"), "{}", page.body);
        assert!(!page.has("html > body nav"), "a fragment, not a page");
        world.clock.advance(chrono::Duration::seconds(61));
        assert!(wang.get(&rows).await.says(".badge", "Disconnected since 09:10:"));
        let moved = lin.post_with(&format!("{attempt}/break"), &[], &[("form_key", "no-break")]).await;
        assert_eq!(moved.status, 409, "nobody takes a break who was granted none");
        // Written at most every twenty seconds.
        lin.get(&format!("{attempt}/clock")).await;
        assert!(wang.get(&rows).await.says(".badge", "Connected"));
        assert_eq!(attempts(&world).await, 1);
    }
}

on_both! {
    async fn extra_time_reaches_a_running_attempt_at_once_and_breaks_stop_the_clock(world: World) {
        let (_, lin, _, attempt) = under_way(&world).await;
        let he = world.he().await.reads("en").await;
        let before = seconds_left(&lin, &attempt).await;
        let id = world.id("T0001").await;
        let path = format!("/people/{id}/accommodations");
        let page = he.get(&path).await;
        let grant = |percent: &'static str, minutes: &'static str| [("extra_percent", percent), ("break_minutes", minutes), ("note", "医生证明")];
        assert_eq!(he.submit(&page, &path, &grant("50", "5")).await.status, 303);
        let whole = seconds_left(&lin, &attempt).await;
        assert!(about(whole, before + 900), "half of thirty minutes");
        // The same again gives nothing twice; a larger one only what is more.
        let page = he.get(&path).await;
        assert_eq!(he.submit(&page, &path, &grant("50", "5")).await.status, 303);
        assert!(about(seconds_left(&lin, &attempt).await, whole));
        let page = he.get(&path).await;
        assert_eq!(he.submit(&page, &path, &grant("100", "5")).await.status, 303);
        assert!(about(seconds_left(&lin, &attempt).await, whole + 900), "100 % is twice 50 %");
        let left = seconds_left(&lin, &attempt).await;
        let paper = lin.get(&attempt).await;
        let sent = lin.submit(&paper, &format!("{attempt}/break"), &[]).await;
        let resting = lin.follow(&sent).await;
        assert!(resting.says("#exam-paused", "On a break") && !resting.has("fieldset"), "{}", resting.body);
        world.clock.advance(chrono::Duration::minutes(2));
        assert!(about(seconds_left(&lin, &attempt).await, left));
        assert_eq!(lin.submit(&resting, &format!("{attempt}/break-over"), &[]).await.status, 303);
        assert!(about(seconds_left(&lin, &attempt).await, left));
        // Three minutes are left of five; the clock goes on by itself when they are used up.
        let paper = lin.get(&attempt).await;
        lin.submit(&paper, &format!("{attempt}/break"), &[]).await;
        world.clock.advance(chrono::Duration::minutes(4));
        assert!(about(seconds_left(&lin, &attempt).await, left - 60));
        assert!(!lin.get(&attempt).await.has(&format!("form[action='{attempt}/break']")), "no minute is left");
    }
}

on_both! {
    async fn what_was_granted_before_applies_at_the_start_and_concerns_few(world: World) {
        let (zhao, he, lin) = (world.zhao().await, world.he().await, world.lin().await.reads("en").await);
        let id = world.id("T0001").await;
        let path = format!("/people/{id}/accommodations");
        let alone = { let started = start(&lin, "").await; started.location.expect("sat alone") };
        let usual = seconds_left(&lin, &alone).await;
        let page = he.get(&path).await;
        he.submit(&page, &path, &[("extra_percent", "20"), ("break_minutes", "0"), ("note", "证明")]).await;
        assert!(lin.get(&path).await.body.contains("证明"), "the person reads it");
        assert_eq!(zhao.get(&path).await.status, 403, "a trainer does not");
        assert_eq!(world.sun().await.get(&path).await.status, 404);
        let he_id = world.id("H0001").await;
        assert_eq!(post(&he, &format!("/people/{he_id}/accommodations"), &[("extra_percent", "20")]).await.status, 403, "nobody grants themselves");
        assert!(about(seconds_left(&lin, &alone).await, usual + 360));
        let granted: i64 = world.arrange(|conn| Ok(accommodation::table.count().get_result(conn)?)).await;
        assert_eq!(granted, 1);
    }
}

on_both! {
    async fn the_east_is_out_of_sight_for_beijing_and_a_room_for_who_does_not_watch_it(world: World) {
        let (zhao, sun, lin, wang) = (world.zhao().await, world.sun().await, world.lin().await, world.wang().await);
        let watched = plan(&zhao, &[]).await;
        let other = plan(&zhao, &[("room", "305"), ("invigilators", "M0001")]).await;
        for page in ["", "/live", "/live/rows"] {
            assert_eq!(sun.get(&format!("{watched}{page}")).await.status, 404, "{page}");
        }
        assert!(!sun.get("/exams/sittings").await.body.contains(&watched));
        assert_eq!(register(&sun, &watched, "").await.status, 404);
        assert_eq!(wang.get(&format!("{watched}/live")).await.status, 200);
        assert_eq!(wang.get(&format!("{other}/live")).await.status, 404, "not their room");
        assert_eq!(lin.get(&format!("{watched}/live")).await.status, 404);
        assert_eq!(post(&lin, &format!("{watched}/live/pause"), &[]).await.status, 404);
        assert_eq!(lin.get(&format!("{watched}/edit")).await.status, 403);
        assert_eq!(post(&wang, &format!("{watched}/cancel"), &[("why", "x")]).await.status, 403);
        // An attempt of one room is not there in another.
        assert_eq!(register(&lin, &watched, "").await.status, 303);
        world.clock.travel_to(instant(OPENS));
        let (lin, zhou) = (world.lin().await, world.zhou().await);
        let attempt = start(&lin, "").await.location.expect("started");
        let one = attempt.rsplit('/').next().expect("an id");
        assert_eq!(post(&zhou, &format!("{other}/live/pause"), &[("attempt", one)]).await.status, 404);
    }
}

on_both! {
    async fn who_does_not_come_is_seen_absent_and_marked_by_hand(world: World) {
        let (zhao, lin) = (world.zhao().await, world.lin().await);
        let path = plan(&zhao, &[]).await;
        register(&lin, &path, "").await;
        let early = instant(OPENS).plus(chrono::Duration::minutes(-30));
        world.clock.travel_to(early);
        let wang = world.wang().await.reads("en").await;
        let room = wang.get(&format!("{path}/live")).await;
        let mark = format!("{path}/attendance");
        assert_eq!(wang.submit(&room, &mark, &[("attendance", "absent")]).await.status, 409, "too early to be absent");
        world.clock.travel_to(instant("2026-11-24T01:31:00Z"));
        let wang = world.wang().await.reads("en").await;
        let room = wang.get(&format!("{path}/live")).await;
        assert!(room.says(".badge", "Did not come"));
        let kept: Option<String> = world.arrange(|conn| Ok(registration::table.select(registration::attendance).first(conn)?)).await;
        assert_eq!(kept, None, "shown, not stored by itself");
        assert_eq!(wang.submit(&room, &mark, &[("attendance", "excused"), ("note", "生病")]).await.status, 303);
        assert!(wang.get(&format!("{path}/live")).await.says(".badge", "Excused"));
    }
}
