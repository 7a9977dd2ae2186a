//! Certificates: issued by rule, renewed by new evidence, acted on, checked by anybody.

use shifu::{
    certification::queries as certificates,
    db::{Conn, Error},
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
};

use crate::{
    on_both,
    world::{World, day, instant},
};

const BRAKES: &str = "inhouse-default/brake-specialist";

fn stamp() -> Stamp {
    Stamp { at: instant(crate::world::BEGINNING), by: None }
}

/// A completed course or a passed exam, as their capabilities record them.
fn done(conn: &mut Conn, person: PersonId, kind: Kind, code: &str, on: &str) -> Result<(), Error> {
    let fact = NewFact::new(kind, code, day(on));
    let fact = match kind {
        Kind::Exam => fact.amount(85, 1, None),
        _ => fact.amount(8, 1, Some("h")),
    };
    let rows = ledger::rows_of(conn, person, None)?.len();
    ledger::append(conn, person, &fact, Source::new("test", person.0 * 1000 + rows as i64), stamp())
        .map(drop)
}

impl World {
    /// The person completes a course or passes an exam on a day, and what follows happens.
    async fn does(
        &self,
        who: &'static str,
        facts: &'static [(Kind, &'static str)],
        on: &'static str,
    ) {
        let (person, consequences) = (self.id(who).await, self.shared.consequences.clone());
        self.arrange(move |conn| {
            for (kind, code) in facts {
                done(conn, person, *kind, code, on)?;
            }
            consequences.follow(conn, person, day(on), stamp())
        })
        .await;
    }

    async fn certificates(&self, who: &'static str) -> Vec<(String, String, Option<String>)> {
        let person = self.id(who).await;
        self.arrange(move |conn| {
            let all = shifu::certification::queries::issued_to(conn, person)?;
            let through = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
            Ok(all
                .into_iter()
                .map(|c| (c.number, c.valid_from.to_string(), through(c.valid_through)))
                .collect())
        })
        .await
    }

    /// Whether the record says the person may do brake work on a day.
    async fn may_do_brake_work(&self, who: &'static str, on: &'static str) -> bool {
        let (person, rules) = (self.id(who).await, self.shared.rules.clone());
        self.arrange(move |conn| {
            let facts = ledger::facts_of(conn, person, None)?;
            let (_, job) = rules.job("inhouse-default/brake-work").expect("a job");
            Ok(shifu::record::verdict::is_met(&job.requires, rules.context(), &facts, day(on)))
        })
        .await
    }

    async fn subjects(&self) -> Vec<String> {
        let mails = self.arrange(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 100, 0)
        });
        mails.await.into_iter().map(|mail| mail.subject).collect()
    }
}

const BOTH: &[(Kind, &str)] =
    &[(Kind::Course, "brake-systems"), (Kind::Exam, "inhouse-default/brake-theory")];
const EXAM: &[(Kind, &str)] = &[(Kind::Exam, "inhouse-default/brake-theory")];
const TODAY: &str = "2026-11-23";

on_both! {
    async fn meeting_the_conditions_brings_one_certificate_and_one_mail(world: World) {
        world.does("T0001", EXAM, TODAY).await;
        assert!(world.certificates("T0001").await.is_empty(), "the course is missing");
        let missing = world.lin().await.get("/certificates").await;
        assert!(missing.says("body", "还缺") && missing.says("body", "制动系统专修"));
        world.does("T0001", &BOTH[..1], TODAY).await;
        world.does("T0001", &[], TODAY).await;
        world.does("T0001", &[], "2026-11-24").await;
        let expected = ("SF-2026-000001".to_owned(), TODAY.to_owned(), Some("2028-11-22".to_owned()));
        assert_eq!(world.certificates("T0001").await, [expected]);
        assert_eq!(world.subjects().await, ["证书已颁发：制动系统专修"]);
        assert!(world.may_do_brake_work("T0001", "2028-11-22").await);
        assert!(!world.may_do_brake_work("T0001", "2028-11-23").await);
        let mine = world.lin().await.get("/certificates").await;
        assert!(mine.says("article", "SF-2026-000001") && mine.says("article", "2028年11月22日"));
    }
}

on_both! {
    async fn two_at_once_issue_one_and_serials_have_no_gap(world: World) {
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        world.arrange(move |conn| {
            for (kind, code) in BOTH {
                done(conn, lin, *kind, code, TODAY)?;
                done(conn, wang, *kind, code, TODAY)?;
            }
            Ok(())
        }).await;
        let follow = |person| {
            let consequences = world.shared.consequences.clone();
            let db = world.shared.db.clone();
            async move { db.write(move |conn| consequences.follow(conn, person, day(TODAY), stamp())).await }
        };
        let (a, b, c, d) = tokio::join!(follow(lin), follow(lin), follow(wang), follow(wang));
        for outcome in [a, b, c, d] { outcome.expect("a double click is no error"); }
        let mut numbers: Vec<String> = Vec::new();
        for who in ["T0001", "T0002"] {
            numbers.extend(world.certificates(who).await.into_iter().map(|one| one.0));
        }
        numbers.sort();
        assert_eq!(numbers, ["SF-2026-000001", "SF-2026-000002"]);
    }
}

on_both! {
    async fn renewal_takes_new_evidence_inside_the_window_once(world: World) {
        world.does("T0001", BOTH, TODAY).await;
        world.does("T0001", EXAM, "2028-08-01").await;
        assert_eq!(world.certificates("T0001").await.len(), 1, "the window opens on 24 August");
        world.does("T0001", &[], "2028-09-01").await;
        assert_eq!(world.certificates("T0001").await.len(), 1, "an exam from before it renews nothing");
        world.does("T0001", EXAM, "2028-09-02").await;
        for on in ["2028-09-02", "2028-09-03", "2028-11-23", "2028-12-31"] {
            world.does("T0001", &[], on).await;
        }
        let all = world.certificates("T0001").await;
        assert_eq!(all.len(), 2);
        assert_eq!((all[1].1.as_str(), all[1].2.as_deref()), ("2028-11-23", Some("2030-11-22")));
        assert_eq!(all[1].0, "SF-2028-000001");
    }
}

on_both! {
    async fn a_renewal_ahead_of_the_end_is_told_beside_the_one_in_force(world: World) {
        world.does("T0001", BOTH, TODAY).await;
        world.does("T0001", EXAM, "2028-09-02").await;
        world.clock.travel_to(instant("2028-11-10T02:00:00Z"));
        let days = "已换证：2028年11月23日 起由新证接续，有效至 2030年11月22日。";
        for page in ["", "?on=2028-11-10", "?on=2028-11-09&known_on=2028-11-10"] {
            let mine = world.lin().await.get(&format!("/certificates{page}")).await;
            assert_eq!(mine.texts(".certificate-card .badge"), ["有效"], "{page}");
            assert!(mine.says(".certificate-card", days), "{page}: {:?}", mine.texts(".certificate-card"));
            assert!(!mine.says("main", "可以换证"), "it is renewed: {page}");
        }
        let before = world.lin().await.get("/certificates?on=2028-09-01&known_on=2028-09-01").await;
        assert!(!before.says(".certificate-card", "已换证"), "nobody knew of it then");
        let he = world.he().await;
        let board = he.get("/certificates/board?state=expiring").await;
        assert!(board.has(".empty"), "nothing is to be done about it");
        assert!(he.get("/certificates/board?state=valid").await.says("tbody tr", days));
        let start = world.lin().await.get("/").await;
        assert!(!start.says("main", "到期。"), "{:?}", start.texts("main li"));
        let sheet = world.lin().await.get("/certificates/SF-2026-000001").await;
        assert!(sheet.says(".page-header .badge", "有效") && sheet.says(".alert", days), "{:?}", sheet.texts(".page-header"));
        assert_eq!(he.get("/").await.texts("a[href='/certificates/board?state=expiring'] .h1"), ["0"]);
        let after = world.lin().await.get("/certificates?on=2028-11-23").await;
        assert!(after.says(".certificate-card", "SF-2028-000001"), "{:?}", after.texts(".certificate-card"));
    }
}

on_both! {
    async fn hr_revokes_with_a_reason_and_the_verdict_follows(world: World) {
        world.does("T0001", BOTH, "2026-11-20").await;
        let he = world.he().await;
        let (page, acts) = ("/certificates/SF-2026-000001", "/certificates/SF-2026-000001/acts");
        let sheet = he.get(page).await;
        assert_eq!(he.submit(&sheet, acts, &[("act", "revoked"), ("why", " ")]).await.status, 422);
        let fields = [("act", "revoked"), ("why", "考试作弊")];
        assert_eq!(he.submit(&sheet, acts, &fields).await.status, 303);
        assert_eq!(he.submit(&sheet, acts, &fields).await.status, 303, "a double click");
        let again = he.get(page).await;
        assert!(!again.has("form[action$='/acts']"), "nothing takes a revocation back");
        assert!(again.says(".badge", "已吊销") && again.says("li", "考试作弊"));
        assert!(world.may_do_brake_work("T0001", "2026-11-22").await, "what held then still held");
        assert!(!world.may_do_brake_work("T0001", "2026-11-23").await);
        world.does("T0001", &[], "2026-11-24").await;
        assert_eq!(world.certificates("T0001").await.len(), 1, "the old exam brings no new one");
        world.does("T0001", BOTH, "2026-12-24").await;
        assert_eq!(world.certificates("T0001").await.len(), 2, "starting again does");
        assert!(world.subjects().await.contains(&"证书已吊销：制动系统专修".to_owned()));
        let lin = world.lin().await;
        let own = [("form_key", "k"), ("act", "reinstated"), ("why", "请恢复")];
        assert_eq!(lin.post(acts, &own).await.status, 403);
        assert_eq!(world.sun().await.get(page).await.status, 404, "out of reach");
    }
}

on_both! {
    async fn a_suspension_ends_when_hr_says_so(world: World) {
        world.does("T0001", BOTH, "2026-11-20").await;
        let he = world.he().await;
        let (page, acts) = ("/certificates/SF-2026-000001", "/certificates/SF-2026-000001/acts");
        let sheet = he.get(page).await;
        he.submit(&sheet, acts, &[("act", "suspended"), ("why", "等待复核")]).await;
        assert!(!world.may_do_brake_work("T0001", TODAY).await);
        world.does("T0001", EXAM, TODAY).await;
        assert_eq!(world.certificates("T0001").await.len(), 1, "nothing is issued meanwhile");
        world.clock.travel_to(instant("2026-12-01T02:00:00Z"));
        let sheet = he.get(page).await;
        assert_eq!(he.submit(&sheet, acts, &[("act", "reinstated"), ("why", "复核通过")]).await.status, 303);
        assert!(world.may_do_brake_work("T0001", "2026-12-01").await);
        assert!(!world.may_do_brake_work("T0001", "2026-11-30").await);
        assert!(world.may_do_brake_work("T0001", "2028-11-19").await, "to its own last day");
        let sheet = he.get(page).await;
        assert_eq!(he.submit(&sheet, acts, &[("act", "reinstated"), ("why", "再次")]).await.status, 409);
    }
}

on_both! {
    async fn anybody_with_number_and_code_sees_the_state_now(world: World) {
        world.does("T0001", BOTH, TODAY).await;
        let sheet = world.lin().await.get("/certificates/SF-2026-000001").await;
        let link = sheet.attribute("a.qr", "href").expect("a link to check");
        let path = link.strip_prefix("http://shifu.test").expect("an absolute link").to_owned();
        assert!(sheet.has("a.qr svg"), "a picture to scan");
        let anybody = world.anybody();
        let found = anybody.get(&path).await;
        assert_eq!(found.status, 200);
        for words in ["Valid", "林涛 Lin Tao", "Brake specialist", "22 Nov 2028", "23 Nov 2026", "Evergreen Motors"] {
            assert!(found.says(".card", words), "{words}: {}", found.body);
        }
        let wrong_code = anybody.get("/check?number=SF-2026-000001&code=AAAAAAAAAA").await;
        let wrong_number = anybody.get("/check?number=SF-2026-999999&code=AAAAAAAAAA").await;
        assert_eq!(wrong_code.texts(".alert"), wrong_number.texts(".alert"));
        assert!(wrong_code.says(".alert", "No certificate matches"));
        world.clock.travel_to(instant("2028-11-22T16:00:00Z"));
        assert!(anybody.get(&path).await.says(".badge", "Expired"), "after midnight in Shanghai");
        let answers = futures_util::future::join_all((0..25).map(|_| anybody.get(&path))).await;
        assert!(answers.iter().any(|page| page.status == 429), "an address has to wait at some point");
    }
}

on_both! {
    async fn what_was_printed_stays_printed(world: World) {
        world.does("T0001", BOTH, TODAY).await;
        world.arrange(|conn| {
            use diesel::prelude::*;
            use shifu::db::schema::person;
            diesel::update(person::table.filter(person::staff_no.eq("T0001"))).set(person::name.eq("林滔")).execute(conn)?;
            Ok(())
        }).await;
        let sheet = world.lin().await.get("/certificates/SF-2026-000001").await;
        assert!(sheet.says(".holder", "林涛"));
    }
}

on_both! {
    async fn the_board_shows_reach_and_filters_in_the_address(world: World) {
        world.does("T0001", BOTH, TODAY).await;
        world.does("T0003", BOTH, TODAY).await;
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let old = NewFact::new(Kind::Certificate, "cn-special-operation-lv/low-voltage", day("2020-01-01"))
                .through(Some(day("2025-12-31"))).number("=1+1");
            ledger::append(conn, lin, &old, Source::new("import", 1), stamp()).map(drop)
        }).await;
        let zhou = world.zhou().await;
        let board = zhou.get("/certificates/board").await;
        assert_eq!(board.texts("tbody tr").len(), 2, "ours and the imported one, nobody from Beijing");
        assert!(board.has("svg.expiry-timeline"));
        let expired = zhou.get("/certificates/board?state=expired").await.texts("tbody tr");
        assert!(expired.len() == 1 && expired[0].contains("低压电工证"), "{expired:?}");
        assert_eq!(zhou.get(&format!("/certificates/board?certification={BRAKES}")).await.texts("tbody tr").len(), 1);
        let csv = zhou.get("/certificates/board.csv?state=expired").await.body;
        assert!(csv.starts_with('\u{feff}') && csv.contains("'=1+1"), "{csv}");
        assert_eq!(world.lin().await.get("/certificates/board").await.status, 403);
    }
}

on_both! {
    async fn what_only_takes_time_is_issued_when_the_time_has_come(world: World) {
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let birth = NewFact::new(Kind::Birth, "birth", day("2008-12-01"));
            ledger::append(conn, lin, &birth, Source::new("import", 9), stamp())?;
            let tasks = NewFact::new(Kind::Logbook, "hv-isolation", day(TODAY)).amount(5, 1, None);
            ledger::append(conn, lin, &tasks, Source::new("test", 99), stamp()).map(drop)
        }).await;
        world.does("T0001", &[
            (Kind::Course, "hv-safety"), (Kind::Course, "nev-diagnosis"), (Kind::Exam, "inhouse-default/hv-safety-theory"),
        ], TODAY).await;
        assert_eq!(world.certificates("T0001").await.len(), 1, "not yet 18");
        world.round().await;
        world.clock.travel_to(instant("2026-12-01T01:00:00Z"));
        world.round().await;
        let numbers: Vec<String> = world.certificates("T0001").await.into_iter().map(|one| one.0).collect();
        assert_eq!(numbers, ["HVA-2026-000001", "HVQ-2026-000001"], "18 today");
    }
}

on_both! {
    async fn what_fails_for_one_person_holds_up_nobody_else(world: World) {
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        assert!(lin < wang, "the one it fails for comes first");
        let rules = world.shared.rules.clone();
        world.arrange(move |conn| {
            for person in [lin, wang] {
                for (kind, code) in BOTH {
                    done(conn, person, *kind, code, TODAY)?;
                }
            }
            // A certificate whose fact is missing: another on the same day is refused.
            let (set, _) = rules.certification(BRAKES).expect("a certification");
            let new = certificates::NewCertificate {
                person: lin,
                certification: BRAKES,
                content: rules.revision(set),
                number: "OLD-1",
                check_code: "AAAAAAAAAA",
                issued_on: day("2026-11-24"),
                valid_from: day("2026-11-24"),
                valid_through: Some(day("2028-11-23")),
                printed: "{}".into(),
                verdict: "null".into(),
                cycle: 0,
                basis: shifu::certification::model::Basis::Rule,
                issuer: None,
                foreign_number: None,
                previous: None,
                why: None,
                template: None,
                import: None,
            };
            let id = certificates::add(conn, &new, stamp())?;
            let fact = ledger::rows_of(conn, lin, None)?[0].id;
            certificates::name_fact(conn, id, fact)
        }).await;
        world.clock.travel_to(instant("2026-11-24T01:00:00Z"));
        world.round().await;
        assert_eq!(world.certificates("T0001").await.len(), 1);
        assert_eq!(world.certificates("T0002").await.len(), 1, "issued all the same");
    }
}
