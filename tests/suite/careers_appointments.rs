//! Appointments: a term, places that two cannot take at once, reviews, another term, an early end.

use shifu::{
    access::{Role, queries as grants},
    db::Error,
    i18n::Lang,
    record::{
        Kind, NewFact, PersonId, Source,
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

const DIRECTOR: &str = "inhouse-default/technical-director";
const BOARD: &str = "/promotion/appointments";

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

async fn record(world: &World, person: PersonId, facts: Vec<NewFact>) {
    world
        .arrange(move |conn| {
            let held = ledger::rows_of(conn, person, None)?.len() as i64;
            for (at, fact) in facts.iter().enumerate() {
                let source = Source::new("import", person.0).line(held + at as i64 + 1);
                ledger::append(conn, person, fact, source, stamp())?;
            }
            Ok::<_, Error>(())
        })
        .await;
}

/// Hires a technician at a site.
async fn hire(world: &World, staff_no: &'static str, site: &'static str) -> PersonId {
    world
        .arrange(move |conn| {
            let new = NewPerson {
                staff_no,
                name: staff_no,
                name_en: None,
                email: None,
                phone: None,
                lang: Lang::Zh,
            };
            let person = transfers::add_person(conn, &new, stamp())?;
            let site = site_by_code(conn, site)?.expect("of the cast").id;
            let post = NewAssignment {
                person,
                site,
                position: "technician",
                occupation: "auto-mechanic",
                manager: None,
                starts_on: day("2015-01-01"),
                ends_on: None,
            };
            transfers::assign(conn, &post, stamp())?;
            Ok(person)
        })
        .await
}

/// What the appointment of a technical director asks for.
fn qualified() -> Vec<NewFact> {
    vec![
        NewFact::new(Kind::Grade, "technician", day("2020-01-01")).level("T4"),
        NewFact::new(Kind::Certificate, "inhouse-default/hv-qualified", day("2026-01-01"))
            .through(Some(day("2035-12-31"))),
        NewFact::new(Kind::Mentor, "technician", day("2022-01-01"))
            .level("completed")
            .through(Some(day("2022-12-31"))),
    ]
}

/// HR nominates somebody for a step; the address of the candidacy.
async fn nominated(hr: &Actor, person: PersonId, path: &str) -> String {
    let page = hr.get(&format!("/promotion/nominate?path={path}&person={person}")).await;
    let sent = hr.submit(&page, "/promotion/nominate", &[("statement", "合适人选。")]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    sent.location.expect("leads to the candidacy")
}

async fn promote(hr: &Actor, candidacy: &str, more: &[(&str, &str)]) -> Page {
    let page = hr.get(candidacy).await;
    let fields = [&[("outcome", "promoted"), ("reason", "评聘通过。")], more].concat();
    hr.submit(&page, &format!("{candidacy}/decision"), &fields).await
}

/// Somebody qualified who is appointed technical director.
async fn appointed(world: &World, hr: &Actor, staff_no: &'static str) -> PersonId {
    let person = hire(world, staff_no, "pudong").await;
    record(world, person, qualified()).await;
    let candidacy = nominated(hr, person, DIRECTOR).await;
    let sent = promote(hr, &candidacy, &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    person
}

async fn grades(world: &World, person: PersonId, ladder: &'static str) -> Vec<ledger::Row> {
    let rows = world.shared.db.read(move |conn| ledger::rows_of(conn, person, None)).await;
    rows.unwrap().into_iter().filter(|row| row.kind == "grade" && row.code == ladder).collect()
}

/// The address of somebody's appointment, as the board links it.
fn appointment_of(board: &Page, nth: usize) -> String {
    let links = board.links();
    let mut links = links
        .iter()
        .filter(|link| link.starts_with(&format!("{BOARD}/")) && !link.contains("export"));
    links.nth(nth).expect("an appointment is listed").clone()
}

/// A second HR reviewer, for the whole group.
async fn gao_reviews(world: &World) -> Actor {
    let gao = world.id("A0001").await;
    world
        .arrange(move |conn| {
            let group = site_by_code(conn, "group")?.expect("of the cast").id;
            grants::add_grant(conn, gao, Role::Hr, group, day("2020-01-01"), None, stamp().at)
        })
        .await;
    world.gao().await
}

on_both! {
    async fn an_appointment_has_a_last_day_and_the_grade_below_stays_when_it_ends(world: World) {
        let he = world.he().await.reads("zh-CN").await;
        let person = appointed(&world, &he, "T0101").await;
        let held = grades(&world, person, "technical-posts").await;
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].level.as_deref(), Some("TD"));
        assert_eq!((held[0].from_on, held[0].through_on), (day("2026-11-23"), Some(day("2029-11-22"))));

        let board = he.get(BOARD).await;
        assert!(board.says("#list tbody tr", "T0101") && board.says("#list tbody tr", "区域技术总监"));
        assert!(board.says("#list tbody tr", "还有 1095 天"), "{:?}", board.texts("#list tbody tr"));
        assert!(board.says("#list tbody tr", "2027年11月22日"), "the review of the first year");
        assert!(board.says("#quotas", "华东区：3 个名额已用 1 个"), "{:?}", board.texts("#quotas"));
        let file = he.get(&format!("{BOARD}/export?list=running")).await;
        assert!(file.body.contains("T0101") && file.body.contains("2029-11-22"), "{}", file.body);

        // Nobody does anything; the last day passes.
        world.clock.travel_to(instant("2029-11-22T02:00:00Z"));
        let he = world.he().await.reads("zh-CN").await;
        assert!(he.get(BOARD).await.says("#list tbody tr", "还有 0 天"));
        world.clock.travel_to(instant("2029-11-23T02:00:00Z"));
        let he = world.he().await.reads("zh-CN").await;
        assert!(!he.get(BOARD).await.has("#list tbody tr"), "nobody is appointed any more");
        assert!(he.get(&format!("{BOARD}?list=over")).await.says("#list tbody tr", "T0101"));
        let path = he.get(&format!("/people/{person}/path")).await;
        assert!(path.says(".ladder li.here", "T4"), "what was held before is held still");
    }
}

on_both! {
    async fn the_fourth_finds_no_place_and_is_told_when_one_is_free(world: World) {
        let he = world.he().await.reads("zh-CN").await;
        for staff_no in ["T0101", "T0102"] {
            appointed(&world, &he, staff_no).await;
        }
        world.clock.travel_to(instant("2026-12-15T02:00:00Z"));
        let he = world.he().await.reads("zh-CN").await;
        appointed(&world, &he, "T0103").await;
        let fourth = hire(&world, "T0104", "pudong").await;
        record(&world, fourth, qualified()).await;
        let candidacy = nominated(&he, fourth, DIRECTOR).await;
        let page = he.get(&candidacy).await;
        assert!(page.says("#places", "华东区：3 个名额已用 3 个"), "{:?}", page.texts("#places"));
        assert!(page.says("#places", "2029年11月23日"), "next free");
        let refused = promote(&he, &candidacy, &[]).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("名额共 3 个") && refused.body.contains("2029年11月23日"), "{}", refused.body);
        assert!(grades(&world, fourth, "technical-posts").await.is_empty());

        // Elsewhere places are counted for themselves.
        let gao = gao_reviews(&world).await;
        let north = hire(&world, "T0105", "beijing").await;
        record(&world, north, qualified()).await;
        let there = nominated(&gao, north, DIRECTOR).await;
        assert_eq!(promote(&gao, &there, &[]).await.status, 303);
        let board = gao.reads("zh-CN").await.get(BOARD).await;
        assert!(board.says("#quotas", "华东区：3 个名额已用 3 个"), "{:?}", board.texts("#quotas"));
        assert!(board.says("#quotas", "华北区：3 个名额已用 1 个"), "{:?}", board.texts("#quotas"));

        // One ends early; the place is free on the day after.
        let board = he.get(BOARD).await;
        let one = appointment_of(&board, 0);
        let page = he.get(&one).await;
        let fields = [("last_day", "2026-12-31"), ("why", "转任管理岗位。")];
        let ended = he.submit(&page, &format!("{one}/end"), &fields).await;
        assert_eq!(ended.status, 303, "{}", ended.body);
        assert_eq!(promote(&he, &candidacy, &[]).await.status, 409, "not before");
        let sent = promote(&he, &candidacy, &[("effective_on", "2027-01-01")]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let held = grades(&world, fourth, "technical-posts").await;
        assert_eq!(held[0].through_on, Some(day("2029-12-31")));
        let page = he.get(&one).await;
        assert!(page.says("#acts", "提前结束") && page.says("#acts", "转任管理岗位"), "kept");
        let again = he.get(&one).await;
        assert!(!again.body.contains(&format!("{one}/end")), "it is ended once");
        let again = [("form_key", "again"), ("last_day", "2026-12-30"), ("why", "再结束一次")];
        assert_eq!(he.post(&format!("{one}/end"), &again).await.status, 409);
    }
}

on_both! {
    async fn of_two_reviewers_at_once_one_takes_the_last_place(world: World) {
        let he = world.he().await;
        let gao = gao_reviews(&world).await;
        for staff_no in ["T0101", "T0102"] {
            appointed(&world, &he, staff_no).await;
        }
        let mut candidacies = Vec::new();
        for staff_no in ["T0103", "T0104"] {
            let person = hire(&world, staff_no, "pudong").await;
            record(&world, person, qualified()).await;
            candidacies.push(nominated(&he, person, DIRECTOR).await);
        }
        let (one, other) =
            tokio::join!(promote(&he, &candidacies[0], &[]), promote(&gao, &candidacies[1], &[]));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "{} {}", one.body, other.body);
        let held = world.shared.db.read(|conn| {
            ledger::rows_at_level(conn, Kind::Grade, "technical-posts", "TD", day("2026-11-23"))
        }).await;
        assert_eq!(held.unwrap().len(), 3, "never more than there are places");
    }
}

on_both! {
    async fn another_term_is_decided_anew_and_begins_after_the_present_one(world: World) {
        let he = world.he().await.reads("zh-CN").await;
        let person = appointed(&world, &he, "T0101").await;
        let early = he.get(&format!("/promotion/nominate?path={DIRECTOR}&person={person}")).await;
        assert_eq!(early.status, 409, "three years are left");
        world.clock.travel_to(instant("2029-09-03T02:00:00Z"));
        let he = world.he().await.reads("zh-CN").await;
        let board = he.get(&format!("{BOARD}?list=ending")).await;
        let page = he.get(&appointment_of(&board, 0)).await;
        assert!(page.links().iter().any(|link| link.contains("/promotion/nominate?path=")));
        let candidacy = nominated(&he, person, DIRECTOR).await;
        let page = he.get(&candidacy).await;
        assert!(page.body.contains("聘期到 2032年11月22日"), "{}", page.body);
        assert_eq!(promote(&he, &candidacy, &[]).await.status, 303);
        let held = grades(&world, person, "technical-posts").await;
        let terms: Vec<_> = held.iter().map(|row| (row.from_on, row.through_on)).collect();
        assert_eq!(terms, [
            (day("2026-11-23"), Some(day("2029-11-22"))),
            (day("2029-11-23"), Some(day("2032-11-22"))),
        ]);
        assert!(he.get(&candidacy).await.says("#decision", "2029年11月23日 至 2032年11月22日"));
        let board = he.get(&format!("{BOARD}?list=upcoming")).await;
        assert!(board.says("#list tbody tr", "T0101"));
        assert!(board.says("#quotas", "已用 1 个"), "one person takes one place");
    }
}

on_both! {
    async fn where_the_rules_leave_the_term_open_whoever_appoints_says_how_long(world: World) {
        let he = world.he().await.reads("zh-CN").await;
        let person = hire(&world, "T0101", "pudong").await;
        record(&world, person, vec![
            NewFact::new(Kind::Grade, "cn-auto-mechanic", day("2020-01-01")).level("L1"),
            NewFact::new(Kind::Grade, "cn-eight-grade", day("2020-01-01")).level("6"),
            NewFact::new(Kind::Mentor, "technician", day("2022-01-01"))
                .level("completed").through(Some(day("2022-12-31"))),
        ]).await;
        let candidacy = nominated(&he, person, "cn-eight-grade/7").await;
        let silent = promote(&he, &candidacy, &[("through", "")]).await;
        assert_eq!(silent.status, 422);
        assert!(silent.has("#through-note .text-danger"));
        let backwards = promote(&he, &candidacy, &[("through", "2026-11-22")]).await;
        assert_eq!(backwards.status, 422);
        let sent = promote(&he, &candidacy, &[("through", "2028-11-22")]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let path = he.get(&format!("/people/{person}/path")).await;
        assert!(path.says(".ladder li.here", "特级技师"));
        // Before it ends, another term is applied for; it begins on the day after.
        let next = format!("/promotion/nominate?path=cn-eight-grade/7&person={person}");
        assert_eq!(he.get(&next).await.status, 409, "two years are left");
        world.clock.travel_to(instant("2028-10-16T02:00:00Z"));
        let he = world.he().await.reads("zh-CN").await;
        let candidacy = nominated(&he, person, "cn-eight-grade/7").await;
        let sent = promote(&he, &candidacy, &[("through", "2028-12-31")]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let terms: Vec<_> = grades(&world, person, "cn-eight-grade").await.into_iter()
            .filter(|row| row.level.as_deref() == Some("7"))
            .map(|row| (row.from_on, row.through_on))
            .collect();
        assert_eq!(terms, [
            (day("2026-11-23"), Some(day("2028-11-22"))),
            (day("2028-11-23"), Some(day("2028-12-31"))),
        ]);
        world.clock.travel_to(instant("2029-01-01T02:00:00Z"));
        let path = world.he().await.get(&format!("/people/{person}/path")).await;
        assert!(path.says(".ladder li.here", "高级技师"), "L1 stays");
        assert!(!path.says(".ladder li.here", "特级技师"));
    }
}

on_both! {
    async fn hr_reviews_within_the_term_and_nobody_else_acts_or_looks_in(world: World) {
        let he = world.he().await.reads("zh-CN").await;
        let person = appointed(&world, &he, "T0101").await;
        let one = appointment_of(&he.get(BOARD).await, 0);
        let empty = he.get(&one).await;
        let empty = he.submit(&empty, &format!("{one}/review"), &[("found", "")]).await;
        assert_eq!(empty.status, 422);
        assert!(empty.has("#found-note .text-danger"));
        world.clock.travel_to(instant("2027-10-08T02:00:00Z"));
        let he = world.he().await.reads("zh-CN").await;
        let page = he.get(&one).await;
        let fields = [("found", "任务完成，继续聘任。")];
        let review = format!("{one}/review");
        let (first, second) =
            tokio::join!(he.submit(&page, &review, &fields), he.submit(&page, &review, &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click is harmless");
        let page = he.get(&one).await;
        assert_eq!(page.texts("#acts tbody tr").len(), 1);
        assert!(page.body.contains("2028年11月22日"), "the next one is a year later");

        let zhou = world.zhou().await;
        let seen = zhou.get(&one).await;
        assert_eq!(seen.status, 200, "the manager sees it");
        assert!(!seen.body.contains(&format!("{one}/review")));
        let fields = [("form_key", "k"), ("found", "好"), ("last_day", "2027-12-31"), ("why", "好")];
        for act in ["review", "end"] {
            assert_eq!(zhou.post(&format!("{one}/{act}"), &fields).await.status, 403);
        }
        assert_eq!(world.lin().await.get(BOARD).await.status, 403);
        let sun = world.sun_over_the_north(Role::Hr).await;
        assert_eq!(sun.get(&one).await.status, 404);
        assert!(!sun.get(BOARD).await.body.contains("T0101"));
        for act in ["review", "end"] {
            assert_eq!(sun.post(&format!("{one}/{act}"), &fields).await.status, 404);
        }
        assert_eq!(he.get(&format!("{BOARD}/999999")).await.status, 404);
        let facts = world.shared.db.read(move |conn| ledger::rows_of(conn, person, None)).await.unwrap();
        let other = facts.iter().find(|row| row.kind == "certificate").expect("recorded").id;
        assert_eq!(he.get(&format!("{BOARD}/{other}")).await.status, 404, "no appointment");
    }
}

on_both! {
    async fn an_end_lies_within_the_term_and_is_told(world: World) {
        let he = world.he().await.reads("zh-CN").await;
        let wang = world.id("T0002").await;
        record(&world, wang, qualified()).await;
        let candidacy = nominated(&he, wang, DIRECTOR).await;
        assert_eq!(promote(&he, &candidacy, &[("effective_on", "2027-01-01")]).await.status, 303);
        let one = appointment_of(&he.get(&format!("{BOARD}?list=upcoming")).await, 0);
        for last_day in ["2029-12-31", "2030-06-01", "2026-12-30", "never"] {
            let page = he.get(&one).await;
            let fields = [("last_day", last_day), ("why", "误")];
            let sent = he.submit(&page, &format!("{one}/end"), &fields).await;
            let expected = if last_day == "never" { 422 } else { 409 };
            assert_eq!(sent.status, expected, "{last_day}");
        }
        let review = [("form_key", "r"), ("found", "还没有开始")];
        assert_eq!(he.post(&format!("{one}/review"), &review).await.status, 409);
        // Before it has begun it can be called off; nothing is left of it.
        let page = he.get(&one).await;
        let fields = [("last_day", "2026-12-31"), ("why", "本人放弃。")];
        assert_eq!(he.submit(&page, &format!("{one}/end"), &fields).await.status, 303);
        assert!(grades(&world, wang, "technical-posts").await.is_empty());
        assert!(he.get(&one).await.says("#acts", "本人放弃"), "what happened is kept");
        let mails = world.shared.db.read(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 50, 0)
        }).await.unwrap();
        let told: Vec<&str> = mails
            .iter()
            .filter(|mail| mail.subject.contains("聘任提前结束"))
            .map(|mail| mail.recipient.as_str())
            .collect();
        assert_eq!(told.len(), 2, "holder and manager: {told:?}");
    }
}
