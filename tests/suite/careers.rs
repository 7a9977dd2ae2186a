//! My path, candidacies and their decisions, the promotion board, `shifu explain`.

use serde_json::Value;
use shifu::{
    access::{Role, queries as grants},
    db::Error,
    i18n::Lang,
    mail::outbox,
    record::{
        FactId, Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
    staff::{
        queries::site_by_code,
        transfers::{self, NewAssignment, NewPerson},
    },
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const STATEMENT: [(&str, &str); 2] =
    [("path", "inhouse-default/T1"), ("statement", "做满三个月，保养已独立完成。")];

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

/// What T1 asks for beside the three months of work.
fn ready_for_t1() -> Vec<NewFact> {
    vec![
        NewFact::new(Kind::Course, "onboarding", day("2026-10-02")),
        NewFact::new(Kind::Certificate, "inhouse-default/hv-aware", day("2026-10-03"))
            .through(Some(day("2028-10-02"))),
        NewFact::new(Kind::Logbook, "routine-maintenance", day("2026-10-20")).amount(8, 1, None),
    ]
}

async fn record(world: &World, person: PersonId, facts: Vec<NewFact>) -> Vec<FactId> {
    world
        .arrange(move |conn| {
            facts
                .iter()
                .enumerate()
                .map(|(at, fact)| {
                    let source = Source::new("import", person.0).line(at as i64 + 1);
                    ledger::append(conn, person, fact, source, stamp())
                })
                .collect::<Result<Vec<_>, Error>>()
        })
        .await
}

/// Hires a technician in Pudong who reports to nobody.
async fn hire(world: &World, staff_no: &'static str, since: &'static str) -> PersonId {
    world
        .arrange(move |conn| {
            let new = NewPerson {
                staff_no,
                name: "新人",
                name_en: None,
                email: None,
                phone: None,
                lang: Lang::Zh,
            };
            let person = transfers::add_person(conn, &new, stamp())?;
            let site = site_by_code(conn, "pudong")?.expect("of the cast").id;
            let post = NewAssignment {
                person,
                site,
                position: "technician",
                occupation: "auto-mechanic",
                manager: None,
                starts_on: day(since),
                ends_on: None,
            };
            transfers::assign(conn, &post, stamp())?;
            Ok(person)
        })
        .await
}

/// Applies for T1 through the page and says where that led.
async fn apply(actor: &Actor) -> Page {
    let page = actor.get("/my-path/apply?path=inhouse-default/T1").await;
    actor.submit(&page, "/my-path/apply", &STATEMENT).await
}

/// Lin with an open application for T1; its address.
async fn lin_applied(world: &World) -> String {
    let lin = world.id("T0001").await;
    record(world, lin, ready_for_t1()).await;
    let sent = apply(&world.lin().await).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    sent.location.expect("leads to the candidacy")
}

async fn decide(actor: &Actor, address: &str, outcome: &str) -> Page {
    let page = actor.get(address).await;
    let fields = [("outcome", outcome), ("reason", "条件齐备，表现稳定。")];
    actor.submit(&page, &format!("{address}/decision"), &fields).await
}

async fn grades(world: &World, person: PersonId) -> Vec<ledger::Row> {
    let rows = world.shared.db.read(move |conn| ledger::rows_of(conn, person, None)).await;
    rows.unwrap().into_iter().filter(|row| row.kind == "grade").collect()
}

async fn mails(world: &World) -> Vec<outbox::Mail> {
    let list = world.shared.db.read(|conn| outbox::list(conn, outbox::Shown::All, 50, 0)).await;
    list.unwrap()
}

on_both! {
    async fn a_technician_sees_where_they_stand_what_is_missing_and_the_first_day(world: World) {
        let lin = world.id("T0001").await;
        let l5 = NewFact::new(Kind::Grade, "cn-auto-mechanic", day("2023-06-01")).level("L5");
        record(&world, lin, vec![l5]).await;
        let page = world.lin().await.get("/my-path").await;
        assert_eq!(page.status, 200);
        assert!(page.says(".ladder li.here", "初级工"), "here on the national ladder");
        assert!(page.says(".ladder li.here", "尚未定级"), "no grade on the house's ladder yet");
        assert!(page.says(".ladder li.next", "T1"));
        assert!(page.says("section.card", "车间管理通道"), "both tracks are shown");
        assert!(page.says("section.card .badge", "2027年6月1日"), "the first day for L4");
        assert!(page.says(".verdict .note", "“常规保养”还差 5 次"), "{:?}", page.texts(".verdict .note"));
        assert!(page.says("section.card", "仅供参考"), "the rules say where they come from");
        let may_apply = |code: &str| page.links().iter().any(|link| link.contains(code));
        assert!(!may_apply("apply?path=inhouse-default%2FT1"), "the conditions are not met");
        assert!(may_apply("apply?path=cn-eight-grade%2F2"), "an L5 corresponds to grade 2");
    }
}

on_both! {
    async fn who_does_not_meet_the_conditions_cannot_apply_and_is_told_what_is_missing(world: World) {
        let lin = world.lin().await.reads("zh-CN").await;
        let fields = [("form_key", "k1"), STATEMENT[0], STATEMENT[1]];
        let sent = lin.post("/my-path/apply", &fields).await;
        assert_eq!(sent.status, 409);
        assert!(sent.body.contains("条件尚未满足"), "{}", sent.body);
        let far = [("form_key", "k2"), ("path", "inhouse-default/T4"), ("statement", "x")];
        assert_eq!(lin.post("/my-path/apply", &far).await.status, 409, "not a step from here");
        assert!(!lin.get("/my-path").await.says("h2", "申报记录"));
    }
}

on_both! {
    async fn an_application_without_a_statement_is_shown_again(world: World) {
        record(&world, world.id("T0001").await, ready_for_t1()).await;
        let lin = world.lin().await;
        let page = lin.get("/my-path/apply?path=inhouse-default/T1").await;
        let sent = lin.submit(&page, "/my-path/apply", &[("statement", "")]).await;
        assert_eq!(sent.status, 422);
        assert!(sent.has("#statement-note .text-danger"));
    }
}

on_both! {
    async fn a_recommended_candidate_is_promoted_once_and_both_are_told_in_chinese(world: World) {
        let address = lin_applied(&world).await;
        let zhou = world.zhou().await;
        assert!(zhou.get("/promotion").await.says("#waiting", "林涛"));
        let page = zhou.get(&address).await;
        let action = format!("{address}/recommendation");
        let fields = [("supports", "true"), ("note", "踏实，肯学。")];
        assert_eq!(zhou.submit(&page, &action, &fields).await.status, 303);
        assert!(!zhou.get("/promotion").await.says("#waiting", "林涛"), "the manager is done");

        let he = world.he().await;
        let page = he.get(&address).await;
        assert!(page.body.contains("踏实，肯学。"));
        assert!(page.has(".verdict .met"), "today's verdict is before their eyes");
        let fields = [("outcome", "promoted"), ("reason", "条件齐备。")];
        let action = format!("{address}/decision");
        let (first, second) =
            tokio::join!(he.submit(&page, &action, &fields), he.submit(&page, &action, &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click is harmless");
        assert_eq!(first.location, second.location);

        let lin = world.id("T0001").await;
        let grades = grades(&world, lin).await;
        assert_eq!(grades.len(), 1);
        let grade = &grades[0];
        assert_eq!((grade.code.as_str(), grade.level.as_deref()), ("technician", Some("T1")));
        assert_eq!((grade.from_on, grade.through_on), (day("2026-11-23"), None));
        assert_eq!(grade.note.as_deref(), Some("条件齐备。"));
        assert_eq!(grade.source_kind, "decision");

        let mails = mails(&world).await;
        let mut to: Vec<&str> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["m0001@evergreen.example", "t0001@evergreen.example"]);
        assert!(mails.iter().all(|mail| mail.subject.contains("晋升申报结果")));
        assert!(mails.iter().all(|mail| mail.body.plain.contains("条件齐备。")));
        assert!(world.lin().await.get("/my-path").await.says(".ladder li.here", "T1"));
    }
}

on_both! {
    async fn of_two_reviewers_at_once_the_second_is_told_it_is_decided(world: World) {
        let address = lin_applied(&world).await;
        let gao = world.id("A0001").await;
        world.arrange(move |conn| {
            let group = site_by_code(conn, "group")?.expect("of the cast").id;
            grants::add_grant(conn, gao, Role::Hr, group, day("2020-01-01"), None, stamp().at)
        }).await;
        let (he, gao) = (world.he().await, world.gao().await);
        let (hers, his) = (he.get(&address).await, gao.get(&address).await);
        let action = format!("{address}/decision");
        let fields = [("outcome", "promoted"), ("reason", "好")];
        let (one, other) =
            tokio::join!(he.submit(&hers, &action, &fields), gao.submit(&his, &action, &fields));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        let refused = if one.status == 409 { one } else { other };
        assert!(refused.body.contains("candidacy"), "{}", refused.body);
        assert_eq!(grades(&world, world.id("T0001").await).await.len(), 1);
        assert_eq!(mails(&world).await.len(), 2, "told once");
    }
}

on_both! {
    async fn nobody_decides_about_themselves(world: World) {
        let he = world.id("H0001").await;
        let mut facts = ready_for_t1();
        facts.push(NewFact::new(Kind::Employment, "auto-mechanic", day("2020-01-01")));
        facts.push(NewFact::new(Kind::Grade, "technician", day("2015-01-01"))
            .level("T1").through(Some(day("2016-01-01"))));
        record(&world, he, facts).await;
        // An HR officer who was a technician applies on the technicians' ladder.
        world.arrange(move |conn| {
            let new = shifu::careers::queries::NewCandidacy {
                person: he,
                path: "inhouse-default/T1",
                content: world_revision(conn)?,
                statement: "我",
                by: he,
                at: stamp().at,
            };
            shifu::careers::queries::add(conn, &new)
        }).await;
        let browser = world.he().await;
        let page = browser.get("/candidacies/1").await;
        assert_eq!(page.status, 200, "the candidate sees it");
        assert!(!page.body.contains("/candidacies/1/decision"));
        let fields = [("form_key", "k"), ("outcome", "promoted"), ("reason", "我行"), ("effective_on", "2026-11-23")];
        assert_eq!(browser.post("/candidacies/1/decision", &fields).await.status, 403);
        assert!(!browser.get("/promotion").await.says("#waiting", "何静"));
        let zhou = world.zhou().await;
        let note = [("form_key", "k"), ("supports", "true"), ("note", "好")];
        assert_eq!(zhou.post("/candidacies/1/recommendation", &note).await.status, 404, "not his people");
    }
}

/// The revision of the house's rules that the application loaded.
fn world_revision(conn: &mut shifu::db::Conn) -> Result<shifu::content::ContentId, Error> {
    use diesel::prelude::*;
    use shifu::db::schema::content;
    Ok(content::table
        .filter(content::code.eq("inhouse-default"))
        .order(content::revision.desc())
        .select(content::id)
        .first(conn)?)
}

on_both! {
    async fn reviewers_elsewhere_and_other_technicians_do_not_see_a_candidacy(world: World) {
        let address = lin_applied(&world).await;
        let sun = world.sun_over_the_north(Role::Hr).await;
        assert_eq!(sun.get(&address).await.status, 404);
        let fields = [("form_key", "k"), ("outcome", "declined"), ("reason", "no")];
        assert_eq!(sun.post(&format!("{address}/decision"), &fields).await.status, 404);
        assert!(!sun.get("/promotion").await.body.contains("林涛"));
        let (wang, zhao) = (world.wang().await, world.zhao().await);
        assert_eq!(wang.get(&address).await.status, 404);
        assert_eq!(zhao.get(&address).await.status, 404, "a trainer has no part in it");
        assert_eq!(wang.get("/promotion").await.status, 403);
        assert_eq!(wang.get(&format!("/people/{}/path", world.id("T0001").await)).await.status, 404);
    }
}

on_both! {
    async fn a_candidate_withdraws_and_may_apply_again(world: World) {
        let address = lin_applied(&world).await;
        let lin = world.lin().await;
        assert_eq!(apply_again(&lin).await, 409, "one open application a step");
        let page = lin.get(&address).await;
        assert_eq!(lin.submit(&page, &format!("{address}/withdrawal"), &[]).await.status, 303);
        assert!(lin.get(&address).await.says("#decision", "已撤回"));
        let late = [("form_key", "k"), ("outcome", "declined"), ("reason", "不行")];
        let late = world.he().await.post(&format!("{address}/decision"), &late).await;
        assert_eq!(late.status, 409, "it is closed");
        assert_eq!(apply(&lin).await.status, 303);
    }
}

async fn apply_again(actor: &Actor) -> u16 {
    actor.post("/my-path/apply", &[("form_key", "again"), STATEMENT[0], STATEMENT[1]]).await.status
}

on_both! {
    async fn what_is_no_longer_met_cannot_be_promoted_but_declined(world: World) {
        let lin = world.id("T0001").await;
        let facts = record(&world, lin, ready_for_t1()).await;
        let address = apply(&world.lin().await).await.location.expect("applied");
        let he = world.he().await.reads("zh-CN").await;
        let page = he.get(&address).await;
        world.arrange(move |conn| ledger::void(conn, facts[0], "录错了人", stamp())).await;
        let fields = [("outcome", "promoted"), ("reason", "好")];
        let refused = he.submit(&page, &format!("{address}/decision"), &fields).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("条件尚未满足"));
        assert!(grades(&world, lin).await.is_empty());
        assert_eq!(decide(&he, &address, "declined").await.status, 303);
        assert!(world.lin().await.get(&address).await.says("#decision", "未通过"));
    }
}

on_both! {
    async fn the_verdict_stays_with_the_decision_when_facts_are_voided_later(world: World) {
        let lin = world.id("T0001").await;
        let facts = record(&world, lin, ready_for_t1()).await;
        let address = apply(&world.lin().await).await.location.expect("applied");
        let he = world.he().await;
        decide(&he, &address, "promoted").await;
        let later = Stamp { at: instant("2026-11-30T02:00:00Z"), by: None };
        world.arrange(move |conn| {
            facts.into_iter().try_for_each(|fact| ledger::void(conn, fact, "撤销", later))
        }).await;
        world.clock.travel_to(instant("2026-12-01T02:00:00Z"));
        let page = he.get(&address).await;
        assert!(page.says("#decision .verdict .line", "入职培训"));
        assert!(!page.has("#decision .verdict .unmet"), "as it was");
        assert!(page.says("#decision", "规则第 1 版"), "with the revision of the rules");
        assert!(page.says("#decision", "何静"));
    }
}

on_both! {
    async fn the_board_says_who_is_eligible_soon_or_blocked(world: World) {
        record(&world, world.id("T0001").await, ready_for_t1()).await;
        let new = hire(&world, "T0009", "2026-10-01").await;
        record(&world, new, ready_for_t1()).await;
        record(&world, world.id("T0003").await, ready_for_t1()).await;
        let he = world.he().await;
        let on = |list: &str| format!("/promotion?path=inhouse-default/T1&list={list}");
        let eligible = he.get(&on("eligible")).await;
        assert_eq!(eligible.texts("#list tbody tr").len(), 1, "Lin; Sun is out of reach");
        assert!(eligible.says("#list tbody tr", "T0001"));
        let soon = he.get(&on("soon")).await;
        assert_eq!(soon.texts("#list tbody tr").len(), 1);
        assert!(soon.says("#list tbody tr", "T0009") && soon.says("#list tbody tr", "2027年1月1日"));
        let blocked = he.get(&on("blocked")).await;
        assert!(blocked.says("#list tbody tr", "T0002"), "Wang lacks nearly everything");
        assert!(!blocked.says("#list tbody tr", "H0001"), "HR does not climb this ladder");
        let elsewhere = he.get(&format!("{}&site=beijing", on("eligible"))).await;
        assert_eq!(elsewhere.status, 404);
        let file = he.get("/promotion/export?path=inhouse-default/T1&list=soon").await;
        assert!(file.body.contains("T0009") && file.body.contains("2027-01-01"), "{}", file.body);

        let page = he.get(&format!("/promotion/nominate?path=inhouse-default/T1&person={}", world.id("T0001").await)).await;
        let sent = he.submit(&page, "/promotion/nominate", &[("statement", "够格了")]).await;
        assert_eq!(sent.status, 303);
        assert!(he.get(&on("eligible")).await.says("#list tbody tr", "申报进行中"));
    }
}

/// Runs `shifu explain` on the world's database: its exit code, its JSON, and all it said.
pub fn explain(world: &World, arguments: &[&str]) -> (i32, Option<Value>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
        .args(["--database", &world.shared.db.url().to_string(), "explain"])
        .args(arguments)
        .env("SHIFU_LOG", "error")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    let code = output.status.code().expect("an exit code");
    (code, serde_json::from_slice(&output.stdout).ok(), said)
}

on_both! {
    async fn explain_tells_programs_the_verdict_its_evidence_and_what_was_known(world: World) {
        let person = hire(&world, "T0042", "2019-06-01").await;
        let l5 = NewFact::new(Kind::Grade, "cn-auto-mechanic", day("2019-06-01")).level("L5");
        let known = record(&world, person, vec![l5]).await;
        let asked = ["--person", "T0042", "--path", "cn-auto-mechanic-2018style/L4", "--json"];
        let on = |days: &[&'static str]| [&asked[..], days].concat();

        let (code, answer, _) = explain(&world, &on(&["--on", "2023-05-31"]));
        let answer = answer.expect("JSON");
        assert_eq!(code, 1, "one day short");
        assert_eq!(answer["person"], "T0042");
        assert_eq!(answer["subject"], "cn-auto-mechanic-2018style/L4");
        assert_eq!(answer["earliest"], "2023-06-01");
        let (code, answer, _) = explain(&world, &on(&["--on", "2023-06-01"]));
        let answer = answer.expect("JSON");
        assert_eq!((code, &answer["met"]), (0, &Value::Bool(true)));
        let evidence = &answer["line"]["lines"][0]["lines"][0]["evidence"][0];
        assert_eq!(evidence["source"], format!("import:{person}:1"));
        assert_eq!((&evidence["kind"], &evidence["level"]), (&"grade".into(), &"L5".into()));

        // Voided two days later: today it does not count, the day before it was known.
        let later = Stamp { at: instant("2026-11-25T02:00:00Z"), by: None };
        world.arrange(move |conn| ledger::void(conn, known[0], "证书系伪造", later)).await;
        let (code, answer, _) = explain(&world, &on(&["--on", "2023-06-01"]));
        assert_eq!(code, 1);
        assert_eq!(answer.expect("JSON")["earliest"], "2025-06-01", "by six years of work");
        let (code, ..) = explain(&world, &on(&["--on", "2023-06-01", "--known-on", "2026-11-24"]));
        assert_eq!(code, 0, "as known before");
        let (code, ..) = explain(&world, &on(&["--on", "2023-06-01", "--known-on", "2026-11-25"]));
        assert_eq!(code, 1, "known by the end of that day");
        let (code, _, said) = explain(&world, &on(&["--known-on", "2199-01-01"]));
        assert!(code == 2 && said.contains("has not come yet"), "{said}");
    }
}

on_both! {
    async fn explain_says_what_it_does_not_know_and_speaks_to_people(world: World) {
        let (code, _, said) = explain(&world, &["--person", "X9", "--path", "inhouse-default/T1"]);
        assert!(code == 2 && said.contains("X9"), "{said}");
        let (code, _, said) = explain(&world, &["--person", "T0001", "--job", "no/such"]);
        assert!(code == 2 && said.contains("no/such"), "{said}");
        assert_eq!(explain(&world, &["--person", "T0001"]).0, 2, "a subject is needed");
        let certification = ["--person", "T0001", "--certification", "inhouse-default/hv-aware"];
        let (code, _, said) = explain(&world, &[&certification[..], &["--lang", "zh"]].concat());
        assert!(code == 1 && said.contains("林涛 (T0001)") && said.contains("  ✗ "), "{said}");
    }
}
