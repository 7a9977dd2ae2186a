//! Enrolling, reading, completing; who is where, and enrolling others.

use shifu::{
    content::{self, ContentKind, Piece},
    courses::queries,
    mail::outbox,
    record::{Fact, Kind, NewFact, PersonId, Source, ledger},
    staff::queries::Scope,
};

use crate::{
    on_both,
    world::{Actor, World, day, instant},
};

const ONBOARDING: [&str; 4] =
    ["who-does-what", "customer-journey", "workshop-safety-and-5s", "quality-grades-and-careers"];

fn lesson(slug: &str) -> String {
    format!("/courses/onboarding/lessons/{slug}")
}

async fn enrol(actor: &Actor, code: &str) {
    let page = actor.get(&format!("/courses/{code}")).await;
    let sent = actor.submit(&page, &format!("/courses/{code}/enrol"), &[]).await;
    assert_eq!(sent.status, 303, "enrols in {code}: {}", sent.body);
}

async fn mark(actor: &Actor, slug: &str) {
    let page = actor.get(&lesson(slug)).await;
    let sent = actor.submit(&page, &format!("{}/done", lesson(slug)), &[]).await;
    assert_eq!(sent.status, 303, "{slug} is marked");
}

/// The course facts of somebody.
async fn course_facts(world: &World, staff_no: &'static str) -> Vec<Fact> {
    let id = world.id(staff_no).await;
    let facts = world.shared.db.read(move |conn| ledger::facts_of(conn, id, None)).await.unwrap();
    facts.into_iter().filter(|fact| fact.kind == Kind::Course).collect()
}

/// Puts a completion from elsewhere into somebody's record.
async fn import_completion(world: &World, staff_no: &'static str, code: &'static str) -> PersonId {
    let id = world.id(staff_no).await;
    world
        .arrange(move |conn| {
            let said = NewFact::new(Kind::Course, code, day("2024-05-06"));
            let stamp = ledger::Stamp { at: instant(crate::world::BEGINNING), by: None };
            ledger::append(conn, id, &said, Source::new("import", 1).line(2), stamp)
        })
        .await;
    id
}

async fn mails(world: &World) -> Vec<outbox::Mail> {
    let list = world.shared.db.read(|conn| outbox::list(conn, outbox::Shown::All, 50, 0)).await;
    list.unwrap()
}

on_both! {
    async fn the_last_lesson_completes_the_course_and_writes_one_fact(world: World) {
        let lin = world.lin().await;
        enrol(&lin, "onboarding").await;
        for slug in &ONBOARDING[..3] { mark(&lin, slug).await; }
        assert!(course_facts(&world, "T0001").await.is_empty(), "not before the last lesson");
        assert!(lin.get("/courses").await.has(".list-group-item progress[value='3']"), "what next is told first");
        let last = lin.get(&lesson(ONBOARDING[3])).await;
        let action = format!("{}/done", lesson(ONBOARDING[3]));
        let sent = lin.submit(&last, &action, &[]).await;
        assert_eq!(sent.location.as_deref(), Some("/courses/onboarding"));
        assert_eq!(lin.submit(&last, &action, &[]).await.location, sent.location, "a double click");
        let facts = course_facts(&world, "T0001").await;
        assert_eq!(facts.len(), 1);
        let fact = &facts[0];
        let amount = fact.amount.map(|a| (a.numerator, a.denominator));
        assert_eq!((fact.code.as_str(), amount, fact.unit.as_deref()), ("onboarding", Some((4, 1)), Some("h")));
        assert_eq!((fact.from, fact.through), (day("2026-11-23"), None));
        assert!(lin.follow(&sent).await.says("[role=status]", "2026年11月23日 完成"));
    }
}

on_both! {
    async fn two_tabs_with_the_last_two_lessons_at_once_complete_it_once(world: World) {
        let lin = world.lin().await;
        enrol(&lin, "onboarding").await;
        for slug in &ONBOARDING[..2] { mark(&lin, slug).await; }
        let (third, fourth) = (lin.get(&lesson(ONBOARDING[2])).await, lin.get(&lesson(ONBOARDING[3])).await);
        let (one, other) = (format!("{}/done", lesson(ONBOARDING[2])), format!("{}/done", lesson(ONBOARDING[3])));
        let same = lin.get(&lesson(ONBOARDING[3])).await;
        let (a, b, c) = tokio::join!(
            lin.submit(&third, &one, &[]),
            lin.submit(&fourth, &other, &[]),
            lin.submit(&same, &other, &[]),
        );
        assert_eq!((a.status, b.status, c.status), (303, 303, 303));
        assert_eq!(course_facts(&world, "T0001").await.len(), 1);
    }
}

on_both! {
    /// Two transactions that each mark one of the last two lessons must not both overlook the other.
    async fn the_last_lesson_waits_for_another_that_is_just_being_marked(world: World) {
        let lin = world.lin().await;
        enrol(&lin, "onboarding").await;
        for slug in &ONBOARDING[..2] { mark(&lin, slug).await; }
        let id = world.id("T0001").await;
        let (marked, is_marked) = tokio::sync::oneshot::channel();
        let (answered, answer) = std::sync::mpsc::channel::<()>();
        let other_tab = world.arrange(move |conn| {
            let round = queries::round_of(conn, id, "onboarding")?.expect("a round");
            queries::take(conn, round.enrolment.id)?;
            queries::mark_done(conn, round.enrolment.id, ONBOARDING[2], instant(crate::world::BEGINNING))?;
            marked.send(()).expect("the test waits");
            // Stays open until the last lesson was answered, which it is only if it does not wait.
            let _ = answer.recv_timeout(std::time::Duration::from_millis(500));
            Ok(())
        });
        let last = async {
            is_marked.await.expect("marked");
            mark(&lin, ONBOARDING[3]).await;
            let _ = answered.send(());
        };
        tokio::join!(other_tab, last);
        assert_eq!(course_facts(&world, "T0001").await.len(), 1);
    }
}

on_both! {
    async fn enrolling_in_two_tabs_at_once_begins_one_round(world: World) {
        let lin = world.lin().await;
        let (one, other) = (lin.get("/courses/onboarding").await, lin.get("/courses/onboarding").await);
        let path = "/courses/onboarding/enrol";
        let (a, b) = tokio::join!(lin.submit(&one, path, &[]), lin.submit(&other, path, &[]));
        assert_eq!((a.status, b.status), (303, 303));
        assert_eq!(a.location, b.location, "both lead to the first lesson");
        let id = world.id("T0001").await;
        let rounds = world.shared.db.read(move |conn| queries::rounds_of(conn, id)).await.unwrap();
        assert_eq!(rounds.iter().map(|r| r.enrolment.round).collect::<Vec<_>>(), [1]);
    }
}

on_both! {
    async fn a_course_with_open_prerequisites_refuses_and_says_which(world: World) {
        let lin = world.lin().await.reads("en").await;
        let page = lin.get("/courses/nev-diagnosis").await;
        assert_eq!(page.status, 200);
        assert!(page.says("li", "Not completed"), "the page says what is missing");
        assert!(!page.has("form[action='/courses/nev-diagnosis/enrol']"), "and offers no button");
        let sent = lin.post("/courses/nev-diagnosis/enrol", &[("form_key", "by-hand")]).await;
        assert_eq!(sent.status, 409);
        for name in ["Onboarding", "High-voltage safety"] {
            assert!(sent.says("p", name), "{name} is named");
        }
    }
}

on_both! {
    async fn a_completion_from_an_import_opens_the_next_course(world: World) {
        let id = import_completion(&world, "T0001", "onboarding").await;
        let lin = world.lin().await.reads("en").await;
        assert!(lin.get("/courses/onboarding").await.says("[role=status]", "6 May 2024"));
        enrol(&lin, "hv-safety").await;
        let catalogue = world.shared.catalogue.clone();
        let open = world.shared.db.read(move |conn| {
            queries::in_progress(conn, &catalogue, id, day("2026-11-23"))
        }).await.unwrap();
        assert_eq!(open.iter().map(|p| (p.code.as_str(), p.done, p.total)).collect::<Vec<_>>(), [("hv-safety", 0, 5)]);
    }
}

on_both! {
    async fn a_refresher_is_a_new_round_with_a_fact_of_its_own(world: World) {
        import_completion(&world, "T0001", "onboarding").await;
        let lin = world.lin().await;
        for _ in 0..2 {
            enrol(&lin, "onboarding").await;
            for slug in ONBOARDING { mark(&lin, slug).await; }
            world.clock.advance(chrono::Duration::days(10));
        }
        let days: Vec<_> = course_facts(&world, "T0001").await.iter().map(|f| f.from).collect();
        assert_eq!(days, [day("2024-05-06"), day("2026-11-23"), day("2026-12-03")]);
    }
}

on_both! {
    async fn reading_needs_no_enrolment_and_leaves_no_trace(world: World) {
        let lin = world.lin().await.reads("en").await;
        let page = lin.get(&lesson(ONBOARDING[0])).await;
        assert_eq!(page.status, 200);
        assert!(page.says("[role=status]", "only reading"));
        assert!(!page.has(&format!("form[action='{}/done']", lesson(ONBOARDING[0]))));
        let sent = lin.post(&format!("{}/done", lesson(ONBOARDING[0])), &[("form_key", "by-hand")]).await;
        assert_eq!(sent.status, 409, "marking needs an enrolment");
        let id = world.id("T0001").await;
        assert!(world.shared.db.read(move |conn| queries::rounds_of(conn, id)).await.unwrap().is_empty());
    }
}

on_both! {
    async fn a_lesson_reads_in_both_languages_with_its_neighbours(world: World) {
        let lin = world.lin().await;
        let path = lesson(ONBOARDING[1]);
        let page = lin.get(&path).await;
        assert_eq!(page.heading(), "从预约到回访：客户走过的路");
        assert!(page.has("article.prose[lang=zh-CN] p"));
        for neighbour in [ONBOARDING[0], ONBOARDING[2]] {
            assert!(page.links().contains(&lesson(neighbour)), "leads to {neighbour}");
        }
        let switched = lin.submit(&page, "/reader", &[("lang", "en")]).await;
        assert_eq!(switched.location.as_deref(), Some(path.as_str()), "the switch stays at the lesson");
        assert_eq!(lin.follow(&switched).await.heading(), "From booking to follow-up: the customer's journey");
    }
}

on_both! {
    async fn pictures_of_lessons_are_there_and_can_do_no_harm(world: World) {
        let lin = world.lin().await;
        let slug = "/courses/hv-safety/lessons/isolate-and-verify";
        let source = lin.get(slug).await.attribute("article img", "src").expect("a picture");
        let picture = lin.get(&source).await;
        assert_eq!(picture.status, 200, "{source}");
        let header = |name: &str| picture.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/svg+xml");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert!(header("content-security-policy").contains("sandbox"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("cache-control").contains("max-age=604800"));
        for wrong in ["/courses/hv-safety/media/none.svg", "/courses/hv-safety/media/../course.toml"] {
            assert_eq!(lin.get(wrong).await.status, 404, "{wrong}");
        }
        assert_eq!(world.anybody().get(&source).await.status, 303, "strangers sign in first");
    }
}

on_both! {
    async fn a_course_or_lesson_that_is_not_there_is_not_found(world: World) {
        let lin = world.lin().await;
        for path in ["/courses/none", "/courses/none/lessons/one", "/courses/onboarding/lessons/none"] {
            assert_eq!(lin.get(path).await.status, 404, "{path}");
        }
        let sent = lin.post("/courses/none/enrol", &[("form_key", "by-hand")]).await;
        assert_eq!(sent.status, 404);
    }
}

on_both! {
    async fn the_catalogue_narrows_to_an_area_in_the_address(world: World) {
        let page = world.lin().await.reads("en").await.get("/courses?area=safety").await;
        assert_eq!(page.texts("h3"), ["High-voltage safety on electric vehicles"]);
        assert!(page.has("a[href='/courses?area=safety'][aria-current=page]"));
    }
}

on_both! {
    async fn somebody_enrolled_finishes_the_revision_they_began(world: World) {
        let id = world.id("T0001").await;
        world.arrange(move |conn| {
            let texts = [
                ("course.toml", "code = \"onboarding\"\nhours = 3\narea = \"onboarding\"\n\
                  title = { zh = \"旧版入职\", en = \"Old onboarding\" }\nsummary = { zh = \"旧\", en = \"old\" }\n\
                  [[lesson]]\nslug = \"only\"\ntitle = { zh = \"唯一一课\", en = \"The only lesson\" }\nminutes = 5\n"),
                ("lessons/only.zh-CN.md", "旧内容"),
                ("lessons/only.en.md", "old words"),
            ];
            let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
            let piece = Piece {
                kind: ContentKind::Course, code: "onboarding".to_owned(), texts,
                media: Default::default(),
            };
            let at = instant(crate::world::BEGINNING);
            let revision = content::keep(conn, &piece, at)?;
            let course = shifu::courses::catalogue::Course::of_revision(revision, "onboarding", piece.texts);
            queries::begin(conn, id, &course.expect("a course"), 1, None, (id, at))
        }).await;
        let lin = world.lin().await;
        let page = lin.get(&lesson("only")).await;
        assert!(page.says("article", "旧内容"));
        lin.submit(&page, &format!("{}/done", lesson("only")), &[]).await;
        let facts = course_facts(&world, "T0001").await;
        assert_eq!(facts.iter().map(|f| f.amount.map(|a| a.numerator)).collect::<Vec<_>>(), [Some(3)]);
        assert_eq!(lin.get(&lesson("only")).await.status, 404, "a new round takes today's revision");
    }
}

on_both! {
    async fn a_trainer_sees_the_east_and_not_beijing(world: World) {
        for actor in [world.lin().await, world.sun().await] { enrol(&actor, "onboarding").await; }
        let zhao = world.zhao().await;
        let page = zhao.get("/training").await;
        assert!(page.says("td", "T0001") && !page.says("td", "T0003"));
        for path in ["/training?site=pudong", "/training?course=onboarding&state=not-started"] {
            assert!(zhao.get(path).await.says("td", "T0001"), "{path}");
        }
        for path in ["/training?course=hv-safety", "/training?state=in-progress", "/training?state=completed", "/training?page=2"] {
            assert!(!zhao.get(path).await.says("td", "T0001"), "{path}");
        }
        assert_eq!(zhao.get("/training?site=beijing").await.status, 404);
        let csv = zhao.get("/training.csv?course=onboarding").await;
        assert!(csv.body.starts_with("\u{feff}工号,姓名"), "Excel reads it: {}", csv.body);
        assert!(csv.body.contains("T0001,林涛,浦东店,维修技师,onboarding") && !csv.body.contains("T0003"));
    }
}

on_both! {
    async fn learners_and_mentors_have_no_training_board(world: World) {
        for actor in [world.lin().await, world.wang().await, world.chen().await] {
            for path in ["/training", "/training.csv", "/training/enrol"] {
                assert_eq!(actor.get(path).await.status, 403, "{path}");
            }
            assert_eq!(actor.post("/training/enrol", &[("form_key", "k")]).await.status, 403);
            assert!(!actor.get("/courses").await.links().contains(&"/training".to_owned()));
        }
    }
}

on_both! {
    async fn a_list_with_a_mistake_enrols_nobody_and_names_the_lines(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        let page = zhao.get("/training/enrol").await;
        let fields = [("course", "onboarding"), ("staff_nos", "T0001 Lin\nX9999\n\nT0003\n")];
        let sent = zhao.submit(&page, "/training/enrol", &fields).await;
        assert_eq!(sent.status, 422);
        let mistakes = sent.texts("[role=alert] li");
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert!(mistakes[0].starts_with("Line 2: X9999") && mistakes[1].starts_with("Line 4: T0003"));
        assert!(sent.says("textarea", "X9999"), "the list is still there to be put right");
        assert!(!zhao.get("/training").await.says("td", "T0001"));
        assert!(mails(&world).await.is_empty());
        let locked = [("course", "hv-safety"), ("staff_nos", "T0001")];
        let sent = zhao.submit(&sent, "/training/enrol", &locked).await;
        assert!(sent.says("[role=alert] li", "Line 1: T0001: must complete Onboarding"));
    }
}

on_both! {
    async fn whoever_is_enrolled_by_somebody_else_gets_mail_in_their_language(world: World) {
        let wang = world.id("T0002").await;
        world.arrange(move |conn| {
            use diesel::prelude::*;
            use shifu::db::{schema::person, types::LangColumn};
            diesel::update(person::table.find(wang))
                .set(person::language.eq(LangColumn(shifu::i18n::Lang::En))).execute(conn)?;
            Ok(())
        }).await;
        let zhou = world.zhou().await;
        let page = zhou.get("/training/enrol").await;
        let fields = [("course", "onboarding"), ("staff_nos", "T0001\nT0002"), ("due_on", "2026-12-31")];
        let sent = zhou.submit(&page, "/training/enrol", &fields).await;
        assert_eq!(zhou.submit(&page, "/training/enrol", &fields).await.location, sent.location, "a double click");
        let mut subjects: Vec<_> = mails(&world).await.into_iter().map(|m| (m.recipient, m.subject)).collect();
        subjects.sort();
        let expected = [
            ("t0001@evergreen.example", "请在 2026年12月31日 前学完《入职培训：售后车间与服务文化》"),
            ("t0002@evergreen.example", "Please complete “Onboarding: the after-sales workshop and its service culture” by 31 Dec 2026"),
        ];
        assert_eq!(subjects, expected.map(|(to, subject)| (to.to_owned(), subject.to_owned())));
        assert!(zhou.follow(&sent).await.says("[role=status]", "已报名 2 人"));
        assert!(world.gao().await.get("/admin/audit").await.says("tr", "enrol-people"));
    }
}

on_both! {
    async fn who_misses_the_due_day_is_overdue_on_every_page(world: World) {
        let zhou = world.zhou().await;
        let page = zhou.get("/training/enrol").await;
        let early = [("course", "onboarding"), ("staff_nos", "T0001"), ("due_on", "2026-11-22")];
        assert_eq!(zhou.submit(&page, "/training/enrol", &early).await.status, 422, "a due day lies ahead");
        let fields = [("course", "onboarding"), ("staff_nos", "T0001"), ("due_on", "2026-11-30")];
        zhou.submit(&page, "/training/enrol", &fields).await;
        assert!(!zhou.get("/training?state=overdue").await.says("td", "T0001"));
        world.clock.advance(chrono::Duration::days(8));
        let list = zhou.get("/training?state=overdue").await;
        assert!(list.says("td", "T0001") && list.says(".badge", "已逾期"));
        let count = world.shared.db.read(|conn| {
            queries::overdue_in(conn, &Scope::everyone(), day("2026-12-01"))
        }).await.unwrap();
        assert_eq!(count, 1);
        assert!(world.lin().await.get("/courses").await.says(".badge", "已逾期"));
    }
}

on_both! {
    async fn a_position_is_enrolled_at_a_site_without_those_who_left(world: World) {
        let lin = world.id("T0001").await;
        let he = world.he().await;
        let page = he.get("/training/enrol").await;
        let group = [("course", "onboarding"), ("position", "technician"), ("site", "east")];
        let sent = he.submit(&page, "/training/enrol", &group).await;
        let list = he.follow(&sent).await;
        assert!(list.says("[role=status]", "已报名 2 人") && !list.says("td", "M0001"));
        world.arrange(move |conn| {
            let post = shifu::staff::queries::post_of(conn, lin, day("2026-11-23"))?.expect("a post");
            let stamp = ledger::Stamp { at: instant(crate::world::BEGINNING), by: None };
            let (held, last) = (&post.assignment, day("2026-11-20"));
            shifu::staff::transfers::end(conn, held, "auto-mechanic", last, "left", stamp)
        }).await;
        let page = he.get("/training/enrol").await;
        let fields = [("course", "onboarding"), ("staff_nos", "T0001\nT0002\nM0001")];
        let list = he.follow(&he.submit(&page, "/training/enrol", &fields).await).await;
        for said in ["已报名 1 人", "已离职，未报名：T0001", "未作改动：T0002"] {
            assert!(list.says("[role=status]", said), "{said}");
        }
    }
}
