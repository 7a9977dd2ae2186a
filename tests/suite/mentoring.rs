//! Pairing a mentor with an apprentice, the logbook, signatures.

use shifu::{
    access::{Role, queries as access_queries},
    i18n::Lang,
    record::{
        Fact, Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
    staff::{
        queries as staff_queries,
        transfers::{self, NewAssignment, NewPerson},
    },
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const NEW: &str = "/mentoring/pairings/new";
const PAIRINGS: &str = "/mentoring/pairings";

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

/// Gives people their grades on the technician ladder since 2024.
async fn grades(world: &World, held: &[(&'static str, &'static str)]) {
    for (staff_no, level) in held.iter().copied() {
        let id = world.id(staff_no).await;
        world
            .arrange(move |conn| {
                let fact = NewFact::new(Kind::Grade, "technician", day("2024-01-01")).level(level);
                ledger::append(conn, id, &fact, Source::new("import", id.0), stamp())
            })
            .await;
    }
}

/// More technicians of Pudong, `X0001` and on.
async fn novices(world: &World, n: usize) {
    world
        .arrange(move |conn| {
            let site = staff_queries::site_by_code(conn, "pudong")?.expect("Pudong").id;
            for i in 1..=n {
                let staff_no = format!("X{i:04}");
                let new = NewPerson {
                    staff_no: &staff_no,
                    name: &staff_no,
                    name_en: None,
                    email: None,
                    phone: None,
                    lang: Lang::Zh,
                };
                let person = transfers::add_person(conn, &new, stamp())?;
                let post = NewAssignment {
                    person,
                    site,
                    position: "apprentice",
                    occupation: "auto-mechanic",
                    manager: None,
                    starts_on: day("2026-01-01"),
                    ends_on: None,
                };
                transfers::assign(conn, &post, stamp())?;
            }
            Ok(())
        })
        .await;
}

fn preview(apprentice: &str, mentor: &str, months: &str) -> String {
    format!("{NEW}?apprentice={apprentice}&mentor={mentor}&starts_on=2026-11-23&months={months}")
}

/// Pairs two people through the front door.
async fn pair(manager: &Actor, apprentice: &str, mentor: &str) -> Page {
    let page = manager.get(&preview(apprentice, mentor, "12")).await;
    let goals = [("target-brake-service", "3"), ("goal", "升到 T2")];
    manager.submit(&page, PAIRINGS, &goals).await
}

/// Wang and Lin, paired for a year; answers the path of the pairing.
async fn wang_and_lin(world: &World) -> String {
    grades(world, &[("T0002", "T4"), ("T0001", "T1")]).await;
    let sent = pair(&world.zhou().await, "T0001", "T0002").await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    sent.location.expect("the pairing")
}

async fn facts(world: &World, person: PersonId, kind: Kind) -> Vec<Fact> {
    let all = world.shared.db.read(move |conn| ledger::facts_of(conn, person, None)).await;
    all.expect("the facts").into_iter().filter(|fact| fact.kind == kind).collect()
}

/// Lin writes an entry; answers its path.
async fn write(lin: &Actor, fields: &[(&str, &str)]) -> String {
    let form = lin.get("/mentoring/logbook/new").await;
    let mut all = vec![("task", "brake-service"), ("times", "2")];
    all.extend_from_slice(fields);
    let sent = lin.submit(&form, "/mentoring/logbook", &all).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    newest_entry(lin).await
}

async fn newest_entry(who: &Actor) -> String {
    let board = who.get("/mentoring").await;
    let is_entry = |link: &String| {
        link.strip_prefix("/mentoring/logbook/").is_some_and(|id| id.parse::<i64>().is_ok())
    };
    board.links().into_iter().find(is_entry).expect("an entry")
}

on_both! {
    async fn a_wrong_pairing_is_refused_with_every_reason(world: World) {
        grades(&world, &[("T0002", "T1"), ("T0001", "T1")]).await;
        let zhou = world.zhou().await.reads("en").await;
        let page = zhou.get(&preview("T0001", "T0002", "1")).await;
        for reason in ["must hold T2", "at least 1 grade above", "too short"] {
            assert!(page.says(".verdict .note", reason), "{reason}: {:?}", page.texts(".verdict li"));
        }
        assert!(!page.has(&format!("form[action=\"{PAIRINGS}\"]")), "no button to pair them anyway");
        let forced = zhou.post(PAIRINGS, &[
            ("form_key", "k1"), ("apprentice", "T0001"), ("mentor", "T0002"),
            ("starts_on", "2026-11-23"), ("months", "1"),
        ]).await;
        assert_eq!(forced.status, 422);
        assert!(forced.says(".verdict .note", "too short"));
        let oneself = zhou.get(&preview("T0001", "T0001", "12")).await;
        assert!(oneself.says(".verdict .note", "own apprentice"));
        assert!(oneself.says(".verdict .note", "no mentor role"));
    }
}

on_both! {
    async fn a_pairing_writes_open_facts_tells_both_and_shows_its_goals(world: World) {
        let path = wang_and_lin(&world).await;
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        for (person, kind) in [(lin, Kind::Apprentice), (wang, Kind::Mentor)] {
            let written = facts(&world, person, kind).await;
            assert_eq!(written.len(), 1);
            let open = &written[0];
            assert_eq!((open.code.as_str(), open.through, &open.level), ("technician", None, &None));
        }
        let mails = world.shared.db.read(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 10, 0)
        }).await.unwrap();
        assert_eq!(mails.len(), 2, "mentor and apprentice are told");
        for who in [world.lin().await, world.wang().await, world.zhou().await, world.he().await] {
            let page = who.get(&path).await;
            assert_eq!(page.status, 200);
            assert!(page.says(".goal", "0/3"));
        }
        assert_eq!(world.sun().await.get(&path).await.status, 404);
        let taken = world.zhou().await.reads("en").await.get(&preview("T0001", "T0002", "12")).await;
        assert!(taken.says(".verdict .note", "has a mentor on"));
    }
}

on_both! {
    async fn only_those_who_look_after_training_pair_and_nobody_pairs_themselves(world: World) {
        grades(&world, &[("T0002", "T4"), ("T0003", "T1")]).await;
        for who in [world.lin().await, world.wang().await, world.chen().await] {
            assert_eq!(who.get(NEW).await.status, 403);
            assert_eq!(who.post(PAIRINGS, &[("form_key", "x")]).await.status, 403);
        }
        let zhou = world.zhou().await.reads("en").await;
        let page = zhou.get(&preview("T0003", "T0002", "12")).await;
        assert!(page.says("#apprentice-note", "no staff number T0003 in your reach"));
        let page = zhou.get(&preview("T0001", "M0001", "12")).await;
        assert!(page.says("#mentor-note", "cannot pair yourself"));
    }
}

on_both! {
    async fn an_ended_pairing_frees_the_place_and_the_completed_facts_stay(world: World) {
        novices(&world, 3).await;
        let path = wang_and_lin(&world).await;
        let zhou = world.zhou().await.reads("en").await;
        for apprentice in ["X0001", "X0002"] {
            assert_eq!(pair(&zhou, apprentice, "T0002").await.status, 303);
        }
        let full = zhou.get(&preview("X0003", "T0002", "12")).await;
        assert!(full.says(".verdict .note", "the limit is 3"));
        world.clock.advance(chrono::Duration::days(100));
        let zhou = world.zhou().await.reads("en").await;
        let page = zhou.get(&path).await;
        let end = format!("{path}/end");
        let unexplained = zhou.submit(&page, &end, &[("outcome", "completed")]).await;
        assert_eq!(unexplained.status, 422, "goals are not reached: say why");
        assert!(unexplained.says("#why-note", "say why"));
        let ended = [("outcome", "completed"), ("why", "提前达标")];
        assert_eq!(zhou.submit(&page, &end, &ended).await.status, 303);
        assert_eq!(zhou.submit(&page, &end, &ended).await.status, 303, "a double click");
        for (staff_no, kind) in [("T0001", Kind::Apprentice), ("T0002", Kind::Mentor)] {
            let held = facts(&world, world.id(staff_no).await, kind).await;
            let done: Vec<&Fact> =
                held.iter().filter(|fact| fact.level.as_deref() == Some("completed")).collect();
            assert_eq!(done.len(), 1);
            assert_eq!(done[0].through, Some(day("2027-03-03")));
        }
        assert_eq!(facts(&world, world.id("T0001").await, Kind::Apprentice).await.len(), 1);
        assert_eq!(pair(&zhou, "X0003", "T0002").await.status, 303, "the place is free");
    }
}

on_both! {
    async fn two_who_pair_at_once_do_not_exceed_the_limit(world: World) {
        novices(&world, 5).await;
        grades(&world, &[("T0002", "T4")]).await;
        let (zhou, he) = (world.zhou().await, world.he().await);
        for apprentice in ["X0001", "X0002"] {
            assert_eq!(pair(&zhou, apprentice, "T0002").await.status, 303);
        }
        let (page, other) =
            (zhou.get(&preview("X0003", "T0002", "12")).await, he.get(&preview("X0004", "T0002", "12")).await);
        let (first, second) =
            tokio::join!(zhou.submit(&page, PAIRINGS, &[]), he.submit(&other, PAIRINGS, &[]));
        let made = [&first, &second].iter().filter(|page| page.status == 303).count();
        assert_eq!(made, 1, "{} {}", first.status, second.status);
        let wang = world.id("T0002").await;
        let active = world.shared.db
            .read(move |conn| shifu::mentoring::active_of(conn, wang)).await.unwrap();
        assert_eq!(active, 3);
    }
}

on_both! {
    async fn two_who_pair_one_apprentice_at_once_make_one_pairing(world: World) {
        novices(&world, 1).await;
        grades(&world, &[("T0002", "T4"), ("T0001", "T4")]).await;
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let site = staff_queries::site_by_code(conn, "pudong")?.expect("Pudong").id;
            access_queries::add_grant(conn, lin, Role::Mentor, site, day("2026-01-01"), None, stamp().at)
        }).await;
        let (zhou, he) = (world.zhou().await, world.he().await);
        let (page, other) =
            (zhou.get(&preview("X0001", "T0002", "12")).await, he.get(&preview("X0001", "T0001", "12")).await);
        let (first, second) =
            tokio::join!(zhou.submit(&page, PAIRINGS, &[]), he.submit(&other, PAIRINGS, &[]));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 303);
        assert!([409, 422].contains(&statuses[1]), "refused in words: {statuses:?}");
    }
}

on_both! {
    async fn an_entry_is_returned_written_again_and_signed_into_one_fact(world: World) {
        let pairing = wang_and_lin(&world).await;
        let (lin, wang) = (world.lin().await, world.wang().await);
        let path = write(&lin, &[("note", "换了前片")]).await;
        let page = wang.get(&path).await;
        let back = format!("{path}/return");
        assert_eq!(wang.submit(&page, &back, &[]).await.status, 422, "a reason is needed");
        assert_eq!(wang.submit(&page, &back, &[("reason", "请写工单号")]).await.status, 303);
        assert!(lin.get("/mentoring").await.says(".logbook-entry", "请写工单号"));
        let edit = lin.get(&format!("{path}/edit")).await;
        assert_eq!(lin.submit(&edit, &path, &[("task", "brake-service"), ("work_order", "W-7")]).await.status, 303);
        let stale = wang.submit(&page, &format!("{path}/sign"), &[]).await;
        assert_eq!(stale.status, 409, "what was not read cannot be signed");
        let page = wang.get(&path).await;
        assert!(page.says(".earlier-version", "换了前片"), "the old version stays visible");
        assert_eq!(wang.submit(&page, &format!("{path}/sign"), &[]).await.status, 303);
        let signed = facts(&world, world.id("T0001").await, Kind::Logbook).await;
        assert_eq!(signed.len(), 1);
        let fact = &signed[0];
        assert_eq!((fact.code.as_str(), fact.unit.as_deref()), ("brake-service", Some("times")));
        assert_eq!(fact.amount.map(|amount| (amount.numerator, amount.denominator)), Some((2, 1)));
        assert_eq!(fact.from, day("2026-11-23"));
        assert!(lin.get(&pairing).await.says(".goal", "2/3"));
        assert_eq!(lin.get(&format!("{path}/edit")).await.status, 409, "what is signed is final");
    }
}

on_both! {
    async fn a_double_click_and_two_mentors_at_once_sign_one_fact(world: World) {
        wang_and_lin(&world).await;
        let zhao = world.id("R0001").await;
        world.arrange(move |conn| {
            let site = staff_queries::site_by_code(conn, "east")?.expect("the east").id;
            access_queries::add_grant(conn, zhao, Role::Mentor, site, day("2026-01-01"), None, stamp().at)
        }).await;
        let (lin, wang, zhao) = (world.lin().await, world.wang().await, world.zhao().await);
        let path = write(&lin, &[]).await;
        let (page, deputy) = (wang.get(&path).await, zhao.get(&path).await);
        let sign = format!("{path}/sign");
        let (first, again, other) = tokio::join!(
            wang.submit(&page, &sign, &[]), wang.submit(&page, &sign, &[]), zhao.submit(&deputy, &sign, &[])
        );
        assert_eq!(first.status, again.status, "the same click leads to the same place");
        let mut outcomes = [first.status, other.status];
        outcomes.sort_unstable();
        assert_eq!(outcomes, [303, 409]);
        assert_eq!(facts(&world, world.id("T0001").await, Kind::Logbook).await.len(), 1);
    }
}

on_both! {
    async fn a_deputy_who_reaches_the_site_signs_and_the_review_says_so(world: World) {
        wang_and_lin(&world).await;
        let zhao = world.id("R0001").await;
        world.arrange(move |conn| {
            let site = staff_queries::site_by_code(conn, "east")?.expect("the east").id;
            access_queries::add_grant(conn, zhao, Role::Mentor, site, day("2026-01-01"), None, stamp().at)
        }).await;
        let (lin, zhao) = (world.lin().await.reads("en").await, world.zhao().await);
        let path = write(&lin, &[]).await;
        assert!(zhao.get("/mentoring").await.links().contains(&path), "the deputy sees it waiting");
        let page = zhao.get(&path).await;
        assert_eq!(zhao.submit(&page, &format!("{path}/sign"), &[]).await.status, 303);
        assert!(lin.get("/mentoring").await.says(".logbook-entry", "Signed by Zhao Qing as a deputy on"));
    }
}

on_both! {
    async fn an_apprentice_cannot_sign_their_own_entry_nor_can_a_stranger_see_it(world: World) {
        wang_and_lin(&world).await;
        let lin = world.lin().await;
        let path = write(&lin, &[]).await;
        assert!(!lin.get(&path).await.has("form[action$='/sign']"));
        let signature = [("form_key", "k"), ("version", "1")];
        assert_eq!(lin.post(&format!("{path}/sign"), &signature).await.status, 403);
        let (id, sun) = (world.id("T0001").await, world.id("T0003").await);
        world.arrange(move |conn| {
            let pudong = staff_queries::site_by_code(conn, "pudong")?.expect("Pudong").id;
            let beijing = staff_queries::site_by_code(conn, "beijing")?.expect("Beijing").id;
            for (who, site) in [(id, pudong), (sun, beijing)] {
                access_queries::add_grant(conn, who, Role::Mentor, site, day("2026-01-01"), None, stamp().at)?;
            }
            Ok(())
        }).await;
        assert_eq!(lin.post(&format!("{path}/sign"), &signature).await.status, 403, "not even as a mentor");
        let sun = world.sun().await;
        assert_eq!(sun.get(&path).await.status, 404);
        assert_eq!(sun.post(&format!("{path}/sign"), &signature).await.status, 404);
        assert_eq!(sun.post(&format!("{path}/return"), &[("form_key", "k"), ("version", "1"), ("reason", "x")]).await.status, 404);
        assert!(!sun.get("/mentoring").await.links().contains(&path));
        assert!(facts(&world, id, Kind::Logbook).await.is_empty());
    }
}

on_both! {
    async fn a_future_day_is_refused_beside_its_field(world: World) {
        wang_and_lin(&world).await;
        let lin = world.lin().await.reads("en").await;
        let form = lin.get("/mentoring/logbook/new").await;
        for (done_on, said) in [("2026-11-24", "future"), ("2026-11-22", "Before the pairing")] {
            let fields = [("task", "brake-service"), ("done_on", done_on), ("note", "kept")];
            let page = lin.submit(&form, "/mentoring/logbook", &fields).await;
            assert_eq!(page.status, 422);
            assert!(page.says("#done_on-note", said));
            assert!(page.says("#note", "kept"), "nothing typed is lost");
        }
    }
}

on_both! {
    async fn an_entry_sent_twice_is_one_entry(world: World) {
        wang_and_lin(&world).await;
        let lin = world.lin().await;
        let form = lin.get("/mentoring/logbook/new").await;
        let fields = [("task", "brake-service")];
        let (first, second) = tokio::join!(
            lin.submit(&form, "/mentoring/logbook", &fields),
            lin.submit(&form, "/mentoring/logbook", &fields)
        );
        assert_eq!((first.status, second.status), (303, 303));
        let requeued = lin.submit(&form, "/mentoring/logbook", &[("task", "brake-service"), ("form_key", "other")]).await;
        assert_eq!(requeued.status, 303, "the entry's own key holds even for another form");
        assert_eq!(lin.get("/mentoring").await.texts(".logbook-entry").len(), 1);
    }
}

on_both! {
    async fn a_mentor_sees_what_waits_oldest_first_and_signs_several_at_once(world: World) {
        let pairing = wang_and_lin(&world).await;
        let (lin, wang) = (world.lin().await, world.wang().await);
        write(&lin, &[("note", "older")]).await;
        world.clock.advance(chrono::Duration::minutes(1));
        write(&lin, &[("note", "newer")]).await;
        let wang_id = world.id("T0002").await;
        let waiting = world.shared.db
            .read(move |conn| shifu::mentoring::waiting_for(conn, wang_id)).await.unwrap();
        assert_eq!(waiting, 2);
        let board = wang.get("/mentoring").await;
        let lines = board.texts("article");
        assert!(lines[0].contains("older") && lines[1].contains("newer"), "{lines:?}");
        let versions: Vec<String> = board.body.split("name=\"version\"").skip(1)
            .filter_map(|rest| rest.split("value=\"").nth(1)?.split('"').next().map(str::to_owned))
            .collect();
        let mut fields: Vec<(&str, &str)> = versions.iter().map(|id| ("version", id.as_str())).collect();
        fields.push(("form_key", "several-1"));
        assert_eq!(wang.post("/mentoring/signatures", &fields).await.status, 303);
        assert_eq!(facts(&world, world.id("T0001").await, Kind::Logbook).await.len(), 2);
        assert!(lin.get(&pairing).await.says(".goal", "4/3"));
    }
}

on_both! {
    async fn everybody_finds_their_way_from_the_start_page(world: World) {
        for who in [world.lin().await, world.wang().await, world.zhou().await, world.chen().await] {
            let page = who.get("/mentoring").await;
            assert_eq!(page.status, 200);
            assert!(page.has(".empty-title"), "an empty page says what to do");
            assert_eq!(who.get("/mentoring/logbook/new").await.status, 200);
        }
        let path = wang_and_lin(&world).await;
        let zhou = world.zhou().await;
        assert!(zhou.get("/mentoring?q=T0001").await.links().contains(&path));
        assert!(!zhou.get("/mentoring?q=T0009").await.links().contains(&path));
        assert!(!zhou.get("/mentoring?state=ended").await.links().contains(&path));
        assert!(world.lin().await.get("/mentoring").await.says(".btn-lg", "写一条日志"));
    }
}
