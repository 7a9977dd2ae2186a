//! Practical exams: blind examiners, adjudication, vetoes, conflicts, results.

use shifu::{
    access::{Role, queries as access_queries},
    db::{Conn, Error},
    exams::practicals::{
        model::{Practical, PracticalId},
        queries,
    },
    record::{
        Fact, Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
        rubric::ScoreLine,
    },
    staff::queries as staff_queries,
    web::forms::new_key,
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Backend, PASSWORD, Page, Served, World, day, instant},
};

const BRAKES: &str = "inhouse-default/brake-practical";
const HIGH_VOLTAGE: &str = "inhouse-default/hv-practical";

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

fn id_of(conn: &mut Conn, staff_no: &str) -> Result<PersonId, Error> {
    Ok(staff_queries::person_by_staff_no(conn, staff_no)?.expect("somebody of the cast").id)
}

fn say(conn: &mut Conn, staff_no: &str, facts: &[NewFact]) -> Result<(), Error> {
    let person = id_of(conn, staff_no)?;
    for fact in facts {
        ledger::append(conn, person, fact, Source::new("import", person.0), stamp())?;
    }
    Ok(())
}

/// Chen, Zhao and Gao examine, with a grade of their own; Lin is aware of high voltage.
fn cast(conn: &mut Conn) -> Result<(), Error> {
    let east = staff_queries::site_by_code(conn, "east")?.expect("the east").id;
    for staff_no in ["E0001", "R0001", "A0001"] {
        let grade = |ladder: &str, level: &str| {
            NewFact::new(Kind::Grade, ladder, day("2020-01-01")).level(level)
        };
        say(conn, staff_no, &[grade("technician", "T5"), grade("cn-auto-mechanic", "L1")])?;
        if staff_no != "E0001" {
            let person = id_of(conn, staff_no)?;
            let since = day("2020-01-01");
            access_queries::add_grant(conn, person, Role::Examiner, east, since, None, stamp().at)?;
        }
    }
    let aware = NewFact::new(Kind::Certificate, "inhouse-default/hv-aware", day("2026-01-10"))
        .through(Some(day("2028-01-09")));
    say(conn, "T0001", &[aware])
}

async fn plan(who: &Actor, exam: &str, person: &str) -> String {
    let asked =
        format!("/exams/practicals/new?exam={exam}&person={person}&held_on=2026-11-23&site=pudong");
    let page = who.get(&asked).await;
    let sent = who.submit(&page, "/exams/practicals", &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    sent.location.expect("the exam")
}

async fn assign(who: &Actor, path: &str, examiner: PersonId, why: &str) -> Page {
    let (key, examiner) = (new_key(), examiner.to_string());
    let fields = [("form_key", key.as_str()), ("examiner", &examiner), ("why", why)];
    who.post(&format!("{path}/examiners"), &fields).await
}

/// An exam of Lin's, with Chen and Zhao as examiners, planned by He.
async fn planned(world: &World, exam: &str) -> String {
    world.arrange(cast).await;
    let he = world.he().await;
    let path = plan(&he, exam, "T0001").await;
    for examiner in ["E0001", "R0001"] {
        let sent = assign(&he, &path, world.id(examiner).await, "").await;
        assert_eq!(sent.status, 303, "{}", sent.body);
    }
    path
}

fn number(path: &str) -> PracticalId {
    PracticalId(path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"))
}

async fn sheet(world: &World, path: &str) -> Practical {
    let id = number(path);
    let found = world.shared.db.read(move |conn| queries::find(conn, id)).await;
    found.expect("the database answers").expect("the exam")
}

async fn save(
    who: &Actor,
    path: &str,
    at: (&str, &str),
    points: i64,
    note: &str,
    edition: i64,
) -> Page {
    let body = serde_json::json!({
        "station": at.0, "line": at.1, "points": points, "note": note, "edition": edition,
    });
    who.post_json(&format!("{path}/scores"), &body).await
}

/// Scores every line as told, and signs.
async fn judge(world: &World, who: &Actor, path: &str, points: impl Fn(&ScoreLine) -> i64) -> Page {
    score(world, who, path, points).await;
    sign(who, path).await
}

async fn score(world: &World, who: &Actor, path: &str, points: impl Fn(&ScoreLine) -> i64) {
    let exam = sheet(world, path).await;
    for (station, line) in exam.sheet.lines() {
        let chosen = points(&line);
        let note = if line.critical && chosen == 0 { "没有做" } else { "" };
        let saved = save(who, path, (&station.code, &line.code), chosen, note, 1).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
    }
}

async fn sign(who: &Actor, path: &str) -> Page {
    let key = new_key();
    who.post(&format!("{path}/score/sign"), &[("form_key", key.as_str())]).await
}

fn all(line: &ScoreLine) -> i64 {
    line.points_max()
}

/// Nothing on what is not critical.
fn least(line: &ScoreLine) -> i64 {
    if line.critical { line.points_max() } else { 0 }
}

async fn exams_of(world: &World, staff_no: &'static str) -> Vec<Fact> {
    let person = world.id(staff_no).await;
    let facts = world.shared.db.read(move |conn| ledger::facts_of(conn, person, None)).await;
    facts.expect("facts").into_iter().filter(|fact| fact.kind == Kind::Exam).collect()
}

async fn examiners(world: &World) -> (Actor, Actor) {
    (world.chen().await.reads("en").await, world.zhao().await.reads("en").await)
}

on_both! {
    async fn two_examiners_see_nothing_of_each_other_before_both_have_signed(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, zhao) = examiners(&world).await;
        let he = world.he().await.reads("en").await;
        let secret = "secret-remark";
        let photo = chen.upload(&format!("{path}/photos"),
            &[("form_key", "p1"), ("station", "inspect"), ("line", "measure")],
            "bay.jpg", vec![0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]).await;
        assert_eq!(photo.status, 303, "{}", photo.body);
        let own = chen.get(&format!("{path}/score?station=inspect")).await;
        let photo = own.links().into_iter().find(|link| link.contains("/photos/")).expect("the photo");
        assert_eq!(chen.get(&photo).await.status, 200);
        score(&world, &chen, &path, all).await;
        assert_eq!(save(&chen, &path, ("inspect", "measure"), 1300, secret, 5).await.status, 200);
        assert_eq!(sign(&chen, &path).await.status, 303);
        for page in ["", "/score", "/score?station=inspect", "/score/sign"] {
            let seen = zhao.get(&format!("{path}{page}")).await;
            assert_eq!(seen.status, 200, "{page}");
            assert!(!seen.body.contains(secret) && !seen.body.contains("Signed"), "{page}: {}", seen.body);
            assert!(!seen.has(".score-choice input[checked]"), "{page}: somebody else's points");
            assert!(!seen.has("progress"), "{page}: how far the other is");
        }
        assert_eq!(zhao.get(&photo).await.status, 404);
        let overview = he.get(&path).await;
        assert!(overview.says(".examiner", "Signed"), "HR sees progress");
        assert!(!overview.body.contains(secret) && !overview.has(".exam-outcome"), "and nothing else");
        assert_eq!(he.get(&photo).await.status, 404);
        let lin = world.lin().await.get(&path).await;
        assert_eq!(lin.status, 200);
        assert!(lin.says("li", "30"), "stations and minutes");
        for name in ["陈刚", "赵青", secret] {
            assert!(!lin.body.contains(name), "the candidate sees no {name}");
        }
        assert_eq!(judge(&world, &zhao, &path, all).await.status, 303);
        let after = zhao.get(&path).await;
        assert!(after.body.contains(secret), "both have signed: now it may be compared");
        assert_eq!(zhao.get(&photo).await.status, 200);
        assert_eq!(he.get(&photo).await.status, 200);
        assert_eq!(world.lin().await.get(&photo).await.status, 404);
    }
}

on_both! {
    async fn within_the_tolerance_the_mean_is_recorded_once_and_told(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, zhao) = examiners(&world).await;
        judge(&world, &chen, &path, all).await;
        assert!(exams_of(&world, "T0001").await.is_empty());
        let ten_less = |line: &ScoreLine| if line.code == "readings" { 0 } else { all(line) };
        assert_eq!(judge(&world, &zhao, &path, ten_less).await.status, 303);
        assert_eq!(sign(&zhao, &path).await.status, 303, "a double click");
        let facts = exams_of(&world, "T0001").await;
        assert_eq!(facts.len(), 1);
        let amount = facts[0].amount.expect("a score");
        assert_eq!((facts[0].code.as_str(), amount.to_string().as_str()), (BRAKES, "95"));
        assert_eq!(facts[0].from, day("2026-11-23"));
        let lin = world.lin().await.reads("en").await.get(&path).await;
        assert!(lin.says(".exam-outcome", "Passed with 95"));
        assert!(lin.says(".station-score", "Inspect"));
        let mails = world.shared.db.read(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 20, 0)
        }).await.unwrap();
        assert!(mails.iter().any(|mail| mail.subject.contains("考核成绩")));
        let late = save(&zhao, &path, ("inspect", "readings"), 1000, "", 9).await;
        assert_eq!(late.status, 409, "what is signed stays");
        assert!(late.body.contains("signed"));
    }
}

on_both! {
    async fn beyond_the_tolerance_a_third_is_asked_and_decides(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, zhao) = examiners(&world).await;
        let gao = world.gao().await.reads("en").await;
        judge(&world, &chen, &path, all).await;
        judge(&world, &zhao, &path, least).await;
        let he = world.he().await.reads("en").await;
        assert!(!he.get(&path).await.has(".exam-outcome"));
        assert!(he.get(&path).await.says(".card-title", "third examiner"));
        let chens = chen.get(&path).await;
        assert!(!chens.says(".card-title", "third"), "who examined does not learn of it");
        assert_eq!(assign(&chen, &path, world.id("A0001").await, "").await.status, 409);
        assert_eq!(assign(&he, &path, world.id("A0001").await, "").await.status, 303);
        let seen = gao.get(&format!("{path}/score")).await;
        assert!(seen.says(".alert", "third examiner") && !seen.has("input[checked]"));
        let ten_less = |line: &ScoreLine| if line.code == "readings" { 0 } else { all(line) };
        assert_eq!(judge(&world, &gao, &path, ten_less).await.status, 303);
        let facts = exams_of(&world, "T0001").await;
        // 90 decides; but the widest spread is flagged, so HR looks at it first.
        assert!(facts.is_empty());
        let overview = he.get(&path).await;
        assert!(overview.says(".alert", "points apart"), "{}", overview.body);
        let released = he.submit(&overview, &format!("{path}/release"), &[]).await;
        assert_eq!(released.status, 303);
        let facts = exams_of(&world, "T0001").await;
        assert_eq!(facts[0].amount.expect("a score").to_string(), "90");
    }
}

on_both! {
    async fn one_veto_goes_to_the_third_and_two_fail_whatever_the_points(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, zhao) = examiners(&world).await;
        let vetoing = |line: &ScoreLine| if line.code == "safety.2" { 0 } else { all(line) };
        let exam = sheet(&world, &path).await;
        for (station, line) in exam.sheet.lines() {
            save(&chen, &path, (&station.code, &line.code), vetoing(&line), "", 1).await;
        }
        let unexplained = sign(&chen, &path).await;
        assert_eq!(unexplained.status, 409, "a veto needs a note");
        save(&chen, &path, ("inspect", "safety.2"), 0, "未锁止就进入车下", 2).await;
        assert_eq!(sign(&chen, &path).await.status, 303);
        assert_eq!(judge(&world, &zhao, &path, all).await.status, 303);
        let he = world.he().await.reads("en").await;
        assert!(he.get(&path).await.says(".card-title", "third examiner"), "they differ about it");
        assign(&he, &path, world.id("A0001").await, "").await;
        let gao = world.gao().await;
        judge(&world, &gao, &path, vetoing).await;
        let facts = exams_of(&world, "T0001").await;
        assert_eq!(facts.len(), 1, "failed attempts are recorded too");
        assert_eq!(facts[0].amount.expect("a score").to_string(), "0", "a veto passes nowhere");
        let lin = world.lin().await.reads("en").await.get(&path).await;
        assert!(lin.says(".exam-outcome", "critical step"));
        let again = format!("/exams/practicals/new?exam={BRAKES}&person=T0001&held_on=2026-12-01&site=pudong");
        let waits = he.get(&again).await;
        assert!(!waits.has("form[action=\"/exams/practicals\"]"), "the waiting rule holds");
    }
}

on_both! {
    async fn a_former_mentor_and_who_taught_need_a_reason_and_a_second_person(world: World) {
        world.arrange(cast).await;
        world.arrange(|conn| {
            let (lin, wang) = (id_of(conn, "T0001")?, id_of(conn, "T0002")?);
            let (chen, east) = (id_of(conn, "E0001")?, staff_queries::site_by_code(conn, "east")?.expect("east").id);
            access_queries::add_grant(conn, wang, Role::Examiner, east, day("2020-01-01"), None, stamp().at)?;
            say(conn, "T0002", &[NewFact::new(Kind::Grade, "technician", day("2020-01-01")).level("T5")])?;
            // C1: their mentor until 20 months ago.
            let content: shifu::content::ContentId = {
                use diesel::prelude::*;
                use shifu::db::schema::content;
                content::table.select(content::id).first(conn)?
            };
            let pairing = shifu::mentoring::queries::NewPairing {
                mentor: wang, apprentice: lin, ladder: "technician".into(), content,
                goal: String::new(), starts_on: day("2024-03-01"), ends_on: day("2025-03-23"),
                verdict: "{}".into(), goals: Vec::new(),
            };
            let id = shifu::mentoring::queries::add(conn, &pairing, chen, stamp().at)?;
            let ending = shifu::mentoring::queries::Ending {
                on: day("2025-03-23"), outcome: shifu::mentoring::model::Outcome::Completed, why: None,
            };
            shifu::mentoring::queries::end(conn, id, &ending, stamp())?;
            // C2: Chen confirmed the course.
            let course = NewFact::new(Kind::Course, "brake-systems", day("2026-09-01"));
            let taught = Stamp { by: Some(chen), ..stamp() };
            ledger::append(conn, lin, &course, Source::new("class", 1), taught).map(drop)
        }).await;
        let he = world.he().await.reads("en").await;
        let path = plan(&he, BRAKES, "T0001").await;
        let page = he.get(&path).await;
        assert!(page.says(".possible", "mentor and apprentice until"), "{:?}", page.texts(".possible"));
        assert!(page.says(".possible", "Taught the candidate"));
        assert!(page.texts(".possible")[0].contains("Zhao Qing") || page.texts(".possible")[0].contains("Gao Yuan"), "the unbiased come first");
        for examiner in ["T0002", "E0001"] {
            let id = world.id(examiner).await;
            assert_eq!(assign(&he, &path, id, "").await.status, 409, "{examiner}");
        }
        let chen = world.chen().await.reads("en").await;
        let excepted = assign(&he, &path, world.id("E0001").await, "区域内没有其他合格考评员").await;
        assert_eq!(excepted.status, 303, "{}", excepted.body);
        assert_eq!(chen.get(&format!("{path}/score")).await.status, 409, "not before it is seconded");
        let page = he.get(&path).await;
        assert!(!page.has("form[action$=\"/second\"]"), "who made the exception cannot second it");
        let zhao = world.zhao().await;
        let page = zhao.get(&path).await;
        let exam = sheet(&world, &path).await;
        let seat = world.shared.db.read(move |conn| queries::seats(conn, exam.id)).await.unwrap()[0].clone();
        let second = format!("{path}/examiners/{}/second", seat.id);
        for nobody in [&he, &chen] {
            assert_eq!(nobody.post(&second, &[("form_key", "mine")]).await.status, 409);
        }
        assert_eq!(zhao.submit(&page, &second, &[]).await.status, 303);
        assert_eq!(chen.get(&format!("{path}/score")).await.status, 200);
        assert!(seat.conflicts.contains("Taught the candidate"), "kept as judged then");
        assert_eq!(seat.override_why.as_deref(), Some("区域内没有其他合格考评员"));
    }
}

on_both! {
    async fn nobody_examines_or_plans_for_themselves(world: World) {
        world.arrange(cast).await;
        let he = world.he().await;
        let chen = world.chen().await.reads("en").await;
        let path = plan(&he, BRAKES, "E0001").await;
        let oneself = assign(&he, &path, world.id("E0001").await, "实在没有别人了").await;
        assert_eq!(oneself.status, 409, "no reason excuses it");
        assert_eq!(assign(&chen, &path, world.id("R0001").await, "").await.status, 403);
        let asked = format!("/exams/practicals/new?exam={BRAKES}&person=E0001&held_on=2026-11-23&site=pudong");
        assert!(chen.get(&asked).await.says("#person-note", "nobody plans their own"));
        let own = chen.get(&path).await;
        assert!(own.status == 200 && !own.has(".examiner") && !own.has(".possible"));
        let unqualified = assign(&he, &path, world.id("M0001").await, "他很有经验").await;
        assert_eq!(unqualified.status, 409, "no role, no examiner");
    }
}

on_both! {
    async fn a_released_high_voltage_practical_leads_to_the_certificate(world: World) {
        world.arrange(|conn| {
            let exam = NewFact::new(Kind::Exam, "inhouse-default/hv-safety-theory", day("2026-03-01"));
            say(conn, "T0001", &[
                exam.amount(90, 1, None),
                NewFact::new(Kind::Course, "nev-diagnosis", day("2026-02-01")).amount(8, 1, Some("h")),
                NewFact::new(Kind::Birth, "born", day("1995-05-05")),
            ])
        }).await;
        let path = planned(&world, HIGH_VOLTAGE).await;
        let (chen, zhao) = examiners(&world).await;
        judge(&world, &chen, &path, all).await;
        judge(&world, &zhao, &path, all).await;
        let lin = world.lin().await.reads("en").await;
        assert!(exams_of(&world, "T0001").await.len() == 1, "not released yet");
        assert!(!lin.get(&path).await.has(".exam-outcome"));
        let release = format!("{path}/release");
        assert_eq!(zhao.post(&release, &[("form_key", "z")]).await.status, 403);
        let he = world.he().await;
        let page = he.get(&path).await;
        for _ in 0..2 {
            assert_eq!(he.submit(&page, &release, &[]).await.status, 303);
        }
        assert_eq!(he.post(&release, &[("form_key", "again")]).await.status, 303);
        assert_eq!(exams_of(&world, "T0001").await.len(), 2, "recorded once");
        assert!(lin.get(&path).await.says(".exam-outcome", "Passed with 100"));
        let person = world.id("T0001").await;
        let facts = world.shared.db.read(move |conn| ledger::facts_of(conn, person, None)).await.unwrap();
        assert!(facts.iter().any(|fact| fact.kind == Kind::Certificate && fact.code == "inhouse-default/hv-qualified"));
    }
}

on_both! {
    async fn a_panel_of_three_scores_alone_and_its_mean_counts(world: World) {
        let path = {
            world.arrange(cast).await;
            let he = world.he().await;
            let path = plan(&he, "cn-auto-mechanic-2018style/L2-review", "T0001").await;
            for examiner in ["E0001", "R0001", "A0001"] {
                assert_eq!(assign(&he, &path, world.id(examiner).await, "").await.status, 303);
            }
            path
        };
        let members = [world.chen().await, world.zhao().await, world.gao().await];
        for (member, percent) in members.iter().zip([50, 60, 100]) {
            let exam = sheet(&world, &path).await;
            assert!(!member.get(&path).await.has(".exam-outcome"));
            for (station, line) in exam.sheet.lines() {
                let points = all(&line) * percent / 100;
                let saved = save(member, &path, (&station.code, &line.code), points, "", 1).await;
                assert_eq!(saved.status, 200, "{}", saved.body);
            }
            assert_eq!(sign(member, &path).await.status, 303);
        }
        let he = world.he().await.reads("en").await;
        let page = he.get(&path).await;
        assert!(page.says(".exam-outcome", "Passed with 70"));
        assert!(page.says(".alert", "50 points apart"));
    }
}

on_both! {
    async fn an_unfinished_sheet_cannot_be_signed_and_an_older_edition_changes_nothing(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, _) = examiners(&world).await;
        let early = sign(&chen, &path).await;
        assert_eq!(early.status, 409);
        assert!(chen.get(&format!("{path}/score/sign")).await.has(".gap"));
        let line = ("inspect", "readings");
        assert_eq!(save(&chen, &path, line, 900, "", 2).await.status, 200);
        assert_eq!(save(&chen, &path, line, 900, "", 2).await.status, 200, "a repeat");
        let late = save(&chen, &path, line, 100, "", 1).await;
        assert!(late.status == 409 && late.body.contains("stale") && late.body.contains("900"));
        for wrong in [950, 100_000, -1] {
            assert_eq!(save(&chen, &path, line, wrong, "", 3).await.status, 400, "{wrong}");
        }
        assert_eq!(save(&chen, &path, ("inspect", "nothing"), 0, "", 3).await.status, 404);
        assert_eq!(save(&world.he().await, &path, line, 900, "", 3).await.status, 403);
        assert_eq!(save(&world.gao().await, &path, line, 900, "", 3).await.status, 403);
    }
}

on_both! {
    async fn without_script_a_station_is_one_form_and_the_clock_runs_on_the_server(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, _) = examiners(&world).await;
        let page = chen.get(&format!("{path}/score?station=inspect")).await;
        let fields = [("points-measure", "1200"), ("note-measure", "未校零"), ("points-readings", "1000")];
        let saved = chen.submit(&page, &format!("{path}/score"), &fields).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let again = chen.get(&format!("{path}/score?station=inspect")).await;
        assert!(again.body.contains("未校零"));
        let stale = chen.submit(&page, &format!("{path}/score"), &[("points-measure", "100")]).await;
        assert!(stale.location.as_deref().is_some_and(|to| to.contains("stale=1")), "an old page changes nothing newer");
        let started = chen.submit(&again, &format!("{path}/clock"), &[]).await;
        assert_eq!(started.status, 303);
        world.clock.advance(chrono::Duration::seconds(605));
        let running = chen.get(&format!("{path}/score?station=inspect")).await;
        assert!(running.texts("#practical-time")[0].starts_with("10:0"));
        chen.submit(&running, &format!("{path}/clock"), &[]).await;
        let stopped = chen.get(&format!("{path}/score?station=inspect")).await;
        world.clock.advance(chrono::Duration::seconds(600));
        let later = chen.get(&format!("{path}/score?station=inspect")).await;
        assert_eq!(later.texts("#practical-time"), stopped.texts("#practical-time"));
    }
}

on_both! {
    async fn evidence_is_a_picture_by_its_bytes_and_not_too_large(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, _) = examiners(&world).await;
        let photos = format!("{path}/photos");
        let send = async |key: &str, bytes: Vec<u8>| {
            let fields = [("form_key", key), ("station", "inspect"), ("line", "measure")];
            chen.upload(&photos, &fields, "photo.png", bytes).await.status
        };
        let png = b"\x89PNG\r\n\x1a\n1234".to_vec();
        assert_eq!(send("k1", png.clone()).await, 303);
        assert_eq!(send("k2", png).await, 303, "the same once more is kept once");
        assert_eq!(send("k3", b"<svg xmlns='x'/>".to_vec()).await, 409);
        let mut large = vec![0xff, 0xd8, 0xff];
        large.resize((8 << 20) + 1, 0);
        assert_eq!(send("k4", large).await, 409);
        let page = chen.get(&format!("{path}/score?station=inspect")).await;
        let kept: Vec<String> = page.links().into_iter().filter(|link| link.contains("/photos/")).collect();
        assert_eq!(kept.len(), 1);
        let picture = chen.get(&kept[0]).await;
        assert_eq!(picture.headers["content-type"], "image/png");
        assert_eq!(picture.headers["x-content-type-options"], "nosniff");
    }
}

on_both! {
    async fn who_is_not_meant_to_see_an_exam_does_not(world: World) {
        let path = planned(&world, BRAKES).await;
        for nobody in [world.sun().await, world.wang().await] {
            assert_eq!(nobody.get(&path).await.status, 404);
            let board = nobody.get("/exams/practicals").await;
            assert!(!board.links().contains(&path));
            assert_eq!(nobody.get(&format!("{path}/score")).await.status, 403);
            assert_eq!(nobody.get("/exams/practicals/agreement").await.status, 403);
        }
        let zhou = world.zhou().await.get(&path).await;
        assert!(zhou.status == 200 && !zhou.has(".examiner") && !zhou.has(".possible"));
        for who in [world.he().await, world.lin().await, world.chen().await] {
            let found = who.get("/exams/practicals").await;
            assert!(found.links().iter().any(|link| link.starts_with(&path)));
        }
        let he = world.he().await;
        assert!(!he.get("/exams/practicals?state=released").await.links().contains(&path));
        let page = he.get(&path).await;
        assert_eq!(he.submit(&page, &format!("{path}/cancel"), &[("why", "举升机故障")]).await.status, 303);
        assert_eq!(world.chen().await.get(&format!("{path}/score")).await.status, 409);
        assert!(he.get("/exams/practicals?state=cancelled").await.links().contains(&path));
    }
}

on_both! {
    async fn a_declared_tie_keeps_an_examiner_away_until_it_is_ended(world: World) {
        world.arrange(cast).await;
        let (lin, he) = (world.lin().await.reads("en").await, world.he().await.reads("en").await);
        let page = lin.get("/exams/conflicts").await;
        let wrong = lin.submit(&page, "/exams/conflicts", &[("other", "T0001"), ("relation", "kin")]).await;
        assert_eq!(wrong.status, 422);
        let kin = [("other", "E0001"), ("relation", "kin"), ("note", "表兄")];
        assert_eq!(lin.submit(&page, "/exams/conflicts", &kin).await.status, 303);
        let path = plan(&he, BRAKES, "T0001").await;
        assert!(he.get(&path).await.says(".possible", "Declared: relatives"));
        assert_eq!(assign(&he, &path, world.id("E0001").await, "").await.status, 409);
        let listed = lin.get("/exams/conflicts").await;
        let end = listed.attribute("form[action$=\"/end\"]", "action").expect("it can be ended");
        assert_eq!(world.sun().await.post(&end, &[("form_key", "x")]).await.status, 404);
        assert_eq!(world.chen().await.post(&end, &[("form_key", "x")]).await.status, 403);
        assert_eq!(lin.submit(&listed, &end, &[]).await.status, 303);
        assert!(lin.get("/exams/conflicts").await.says("td", "表兄"), "ended, not deleted");
        assert_eq!(assign(&he, &path, world.id("E0001").await, "").await.status, 303);
        let chen = world.chen().await;
        let mine = chen.get(&path).await;
        let recuse = mine.attribute("form[action$=\"/recuse\"]", "action").expect("they may step back");
        assert_eq!(chen.submit(&mine, &recuse, &[("why", "与考生有亲属关系")]).await.status, 303);
        assert!(he.get(&path).await.says(".examiner", "与考生有亲属关系"));
    }
}

on_both! {
    async fn agreement_tells_how_far_examiners_are_apart(world: World) {
        let path = planned(&world, BRAKES).await;
        let (chen, zhao) = examiners(&world).await;
        assert!(chen.get("/exams/practicals/agreement").await.has(".empty-title"));
        judge(&world, &chen, &path, all).await;
        let ten_less = |line: &ScoreLine| if line.code == "readings" { 0 } else { all(line) };
        judge(&world, &zhao, &path, ten_less).await;
        let page = chen.get("/exams/practicals/agreement").await;
        assert!(page.says("td", "-10.0") && page.says("td", "+10.0"), "{:?}", page.texts("td"));
        assert!(page.says("td", "few"), "small samples are named");
        assert!(page.says("svg title", "2026 Q4"));
    }
}

async fn signed_in(address: std::net::SocketAddr, staff_no: &str) -> Actor {
    let actor = Actor::new(address);
    let fields = [("who", staff_no), ("password", PASSWORD)];
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

#[test]
fn a_killed_server_loses_no_acknowledged_score() {
    let database = Backend::Sqlite.database();
    let url = database.url.clone();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let db = shifu::db::Db::open(&url).expect("the file opens");
        let chen = db
            .write_blocking(|conn| -> Result<PersonId, Error> {
                cast(conn)?;
                id_of(conn, "E0001")
            })
            .expect("arranged");
        let server = Served::on(&url);
        let he = signed_in(server.address, "H0001").await;
        let today = today();
        let asked =
            format!("/exams/practicals/new?exam={BRAKES}&person=T0001&held_on={today}&site=pudong");
        let page = he.get(&asked).await;
        let path = he.submit(&page, "/exams/practicals", &[]).await.location.expect("planned");
        assert_eq!(assign(&he, &path, chen, "").await.status, 303);
        let examiner = signed_in(server.address, "E0001").await;
        for (line, points) in [("measure", 1100), ("readings", 700)] {
            let saved = save(&examiner, &path, ("inspect", line), points, "", 1).await;
            assert_eq!(saved.status, 200, "{}", saved.body);
        }
        server.kill();

        let server = Served::on(&url);
        let examiner = signed_in(server.address, "E0001").await;
        let page = examiner.get(&format!("{path}/score?station=inspect")).await;
        let chosen =
            |line: &str| page.attribute(&format!("input[name=points-{line}][checked]"), "value");
        assert_eq!(chosen("measure").as_deref(), Some("1100"));
        assert_eq!(chosen("readings").as_deref(), Some("700"));
        server.kill();
    });
}

/// The day the real program takes for today.
fn today() -> chrono::NaiveDate {
    shifu::web::Clock::default().today(chrono_tz::Asia::Shanghai)
}
