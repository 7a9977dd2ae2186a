//! Reminders: on their day, once, in the reader's language, through whatever happens to the mail.

use chrono::Duration;
use shifu::{
    app,
    mail::{
        OutboxId, Smtp, Transport,
        delivery::Protection,
        outbox::{self, Mail, Shown},
    },
    record::{
        Kind, NewFact, Source,
        ledger::{self, Stamp},
    },
    reminders::{hours::Week, planner, queries, recipients::When, sources::Whose},
};

use crate::{
    on_both,
    world::{
        World, day, instant,
        smtp::{Does, MailServer, header},
    },
};

const BRAKES: &str = "inhouse-default/brake-specialist";

impl World {
    /// The person holds a certificate through a day, as an import would record it.
    async fn holds(&self, who: &'static str, number: i64, through: &'static str) {
        let person = self.id(who).await;
        self.arrange(move |conn| {
            let fact = NewFact::new(Kind::Certificate, BRAKES, day("2025-03-16"))
                .through(Some(day(through)))
                .number(format!("OLD-{number}"));
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            ledger::append(conn, person, &fact, Source::new("import", number), stamp).map(drop)
        })
        .await;
    }

    /// Every mail so far: to whom, and its subject; oldest first.
    async fn mails(&self) -> Vec<(String, String)> {
        let mut mails = self.outbox().await;
        mails.reverse();
        mails.into_iter().map(|mail| (mail.recipient, mail.subject)).collect()
    }

    /// The same without what HR is told from a week before the end on.
    async fn mails_but_hr(&self) -> Vec<(String, String)> {
        let mut mails = self.mails().await;
        mails.retain(|mail| !mail.0.starts_with("h0001"));
        mails
    }

    async fn outbox(&self) -> Vec<Mail> {
        self.arrange(|conn| outbox::list(conn, Shown::All, 1000, 0)).await
    }

    /// Lets the background work at nine in the morning in Shanghai on this day.
    async fn round_on(&self, day: &str) {
        self.clock.travel_to(instant(&format!("{day}T01:00:00Z")));
        self.round().await;
    }
}

fn transport(server: &MailServer) -> Transport {
    patient(server, std::time::Duration::from_secs(30))
}

fn patient(server: &MailServer, patience: std::time::Duration) -> Transport {
    let settings = Smtp {
        host: "127.0.0.1".to_owned(),
        port: Some(server.port),
        protection: Protection::None,
        username: None,
        password: None,
    };
    Transport::with_patience(&settings, patience).expect("a transport")
}

on_both! {
    async fn every_step_goes_out_once_on_its_day(world: World) {
        world.holds("T0001", 1, "2027-03-15").await;
        let steps = ["2026-12-15", "2027-01-14", "2027-02-13", "2027-03-01", "2027-03-08", "2027-03-14", "2027-03-15"];
        let mut today = day("2026-12-10");
        let mut seen = Vec::new();
        let mut before = 0;
        while today <= day("2027-03-20") {
            world.round_on(&today.to_string()).await;
            world.round().await;
            let count = world.mails_but_hr().await.len();
            if count > before {
                assert_eq!(count, before + 2, "the holder and the manager");
                seen.push(today.to_string());
            }
            (before, today) = (count, today + Duration::days(1));
        }
        assert_eq!(seen, steps);
        let mails = world.mails_but_hr().await;
        assert_eq!(mails[0], ("t0001@evergreen.example".into(), "证书到期提醒：制动系统专修 还有 90 天到期".into()));
        assert_eq!(mails[1].0, "m0001@evergreen.example");
        assert!(mails[1].1.contains("林涛"));
        assert!(mails[13].1.contains("今天到期"), "{mails:?}");
    }
}

on_both! {
    async fn it_arrives_once_in_chinese(world: World) {
        let server = MailServer::start(&[]).await;
        let transport = transport(&server);
        world.holds("T0001", 1, "2026-12-23").await;
        for _ in 0..3 {
            app::round(&world.shared, Some(&transport)).await;
            world.clock.advance(Duration::minutes(11));
        }
        let taken = server.taken();
        assert_eq!(taken.len(), 2);
        let to_lin: Vec<_> = taken.iter().filter(|mail| mail.contains("To: t0001@")).collect();
        assert_eq!(to_lin.len(), 1);
        let subject = header(to_lin[0], "Subject").expect("a subject");
        assert!(subject.starts_with("=?utf-8?b?"), "{subject}");
        assert_eq!(header(to_lin[0], "Auto-Submitted").as_deref(), Some("auto-generated"));
        let mail = world.outbox().await.into_iter().find(|mail| mail.recipient.starts_with("t0001")).expect("kept");
        assert!(mail.body.plain.contains("还有 30 天到期") && mail.body.plain.contains("http://shifu.test/certificates"));
        assert!(mail.sent_at.is_some());
    }
}

on_both! {
    async fn whoever_reads_english_is_told_in_english(world: World) {
        world.arrange(|conn| {
            use diesel::prelude::*;
            use shifu::db::{schema::person, types::LangColumn};
            diesel::update(person::table.filter(person::staff_no.eq("M0001")))
                .set(person::language.eq(LangColumn(shifu::i18n::Lang::En))).execute(conn)?;
            Ok(())
        }).await;
        world.holds("T0001", 1, "2026-12-23").await;
        world.round().await;
        let mails = world.mails().await;
        assert_eq!(mails[1].1, "Reminder: Lin Tao's certificate Brake specialist ends in 30 days");
    }
}

on_both! {
    async fn a_temporary_refusal_is_tried_again_under_the_same_id(world: World) {
        let server = MailServer::start(&[Does::AtRecipient(451), Does::AfterData(452), Does::Accept]).await;
        let transport = transport(&server);
        world.holds("M0001", 1, "2026-12-23").await;
        app::round(&world.shared, Some(&transport)).await;
        let first = world.outbox().await.remove(0);
        assert!(first.sent_at.is_none() && first.parked_at.is_none() && first.last_error.is_some());
        app::round(&world.shared, Some(&transport)).await;
        assert_eq!(world.outbox().await[0].tries, 1, "not before its time");
        world.clock.advance(Duration::minutes(2));
        app::round(&world.shared, Some(&transport)).await;
        assert_eq!(world.outbox().await[0].tries, 2);
        world.clock.advance(Duration::minutes(3));
        app::round(&world.shared, Some(&transport)).await;
        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(header(&taken[0], "Message-ID"), Some(first.message_id));
    }
}

on_both! {
    async fn a_server_that_hangs_holds_up_one_mail_and_loses_none(world: World) {
        let server = MailServer::start(&[Does::Hang]).await;
        let transport = patient(&server, std::time::Duration::from_millis(300));
        world.holds("T0001", 1, "2026-12-23").await;
        app::round(&world.shared, Some(&transport)).await;
        let tries: i64 = world.outbox().await.iter().map(|mail| mail.tries).sum();
        assert_eq!(tries, 1, "the second mail does not wait behind the same silence");
        world.clock.advance(Duration::minutes(2));
        app::round(&world.shared, Some(&transport)).await;
        assert_eq!(server.taken().len(), 2);
    }
}

on_both! {
    async fn a_lost_answer_repeats_the_mail_under_the_same_id(world: World) {
        let server = MailServer::start(&[Does::TakeAndHangUp]).await;
        let transport = transport(&server);
        world.holds("M0001", 1, "2026-12-23").await;
        app::round(&world.shared, Some(&transport)).await;
        world.clock.advance(Duration::minutes(6));
        app::round(&world.shared, Some(&transport)).await;
        let ids: Vec<_> = server.taken().iter().map(|mail| header(mail, "Message-ID")).collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1], "the recipient's server can tell");
    }
}

on_both! {
    async fn a_worker_that_died_is_replaced_after_its_lease(world: World) {
        let server = MailServer::start(&[]).await;
        let transport = transport(&server);
        world.holds("M0001", 1, "2026-12-23").await;
        world.round().await;
        let now = world.clock.now();
        let taken = world.arrange(move |conn| outbox::claim(conn, now, 16)).await;
        assert_eq!(taken.len(), 1, "and then it was killed");
        app::round(&world.shared, Some(&transport)).await;
        assert!(server.taken().is_empty(), "somebody may be at it");
        world.clock.advance(Duration::minutes(6));
        app::round(&world.shared, Some(&transport)).await;
        assert_eq!(server.taken().len(), 1);
    }
}

on_both! {
    async fn a_refused_mail_is_parked_and_sent_again_by_hand(world: World) {
        let server = MailServer::start(&[Does::AtRecipient(550)]).await;
        let transport = transport(&server);
        world.holds("M0001", 1, "2026-12-23").await;
        app::round(&world.shared, Some(&transport)).await;
        let gao = world.gao().await;
        let parked = gao.get("/admin/mail?state=parked").await;
        assert!(parked.says("tbody td", "m0001@evergreen.example") && parked.says("tbody td", "not this one"));
        assert!(parked.says(".alert", "没有配置邮件服务器"), "these settings have none");
        let id = world.outbox().await[0].id;
        let page = gao.get(&format!("/admin/mail/{id}")).await;
        let again = format!("/admin/mail/{id}/again");
        assert_eq!(gao.submit(&page, &again, &[]).await.status, 303);
        world.clock.advance(Duration::minutes(1));
        app::round(&world.shared, Some(&transport)).await;
        assert_eq!(server.taken().len(), 1);
        let page = gao.get(&format!("/admin/mail/{id}")).await;
        assert!(page.says(".badge", "已发送") && !page.has("form[action$='/again']"));
        assert_eq!(world.zhou().await.get("/admin/mail").await.status, 403);
    }
}

on_both! {
    async fn two_planners_and_two_workers_send_each_mail_once(world: World) {
        let server = MailServer::start(&[]).await;
        for number in 1..=6 {
            world.holds(["T0001", "T0002"][number as usize % 2], number, ["2026-12-20", "2026-12-21", "2026-12-22", "2026-12-23", "2026-12-24", "2026-12-25"][number as usize - 1]).await;
        }
        let other = app::Shared { process: "another server".to_owned(), ..world.shared.clone() };
        let (one, two) = (transport(&server), transport(&server));
        tokio::join!(app::round(&world.shared, Some(&one)), app::round(&other, Some(&two)));
        world.clock.advance(Duration::minutes(11));
        tokio::join!(app::round(&world.shared, Some(&one)), app::round(&other, Some(&two)));
        // Later certificates take the place of earlier ones: two people, and a digest for their manager.
        assert_eq!(world.mails().await.len(), 3);
        assert_eq!(server.taken().len(), 3);
    }
}

on_both! {
    async fn planners_without_a_lease_still_double_nothing(world: World) {
        world.holds("T0001", 1, "2026-12-23").await;
        let (db, rules, head) = (&world.shared.db, &world.shared.rules, &world.shared.letterhead);
        let now = world.clock.now();
        let plan = || {
            let (rules, reminders) = (rules.clone(), world.shared.reminders.clone());
            db.read(move |conn| {
                let by = planner::By { rules: &rules, reminders: &reminders };
                planner::due(conn, by, When::now(now), 0, &Whose::Everyone)
            })
        };
        let (one, two): (Vec<_>, Vec<_>) = (plan().await.expect("a plan"), plan().await.expect("a plan"));
        assert_eq!((one.len(), two.len()), (2, 2), "both saw the same work");
        let (one, two) = tokio::join!(
            planner::post_due(db, head, one, now),
            planner::post_due(db, head, two, now)
        );
        let entered = one.expect("no error").entered + two.expect("no error").entered;
        assert_eq!((entered, world.mails().await.len()), (2, 2));
    }
}

on_both! {
    async fn after_a_silence_only_the_latest_step_is_sent(world: World) {
        world.holds("T0001", 1, "2027-03-15").await;
        world.round_on("2026-12-15").await;
        world.round_on("2027-03-10").await;
        let mails = world.mails_but_hr().await;
        assert_eq!(mails.len(), 4, "{mails:?}");
        assert!(mails[2].1.contains("还有 5 天到期"), "it says what is true on its day");
        world.round_on("2027-06-08").await;
        let mails = world.mails_but_hr().await;
        assert_eq!(mails.len(), 6, "90 days later: one more to each");
        assert!(mails[4].1.contains("已过期"));
    }
}

on_both! {
    async fn pages_are_right_while_the_scheduler_is_off(world: World) {
        world.holds("T0001", 1, "2027-02-20").await;
        world.clock.travel_to(instant("2027-02-20T02:00:00Z"));
        assert!(world.lin().await.get("/certificates").await.says("article .badge", "今天到期"));
        world.clock.travel_to(instant("2027-02-20T16:01:00Z"));
        assert!(world.lin().await.get("/certificates").await.says("article .badge", "已过期"));
        assert!(world.mails().await.is_empty());
    }
}

on_both! {
    async fn nobody_who_left_is_told_or_spoken_of(world: World) {
        world.holds("T0001", 1, "2026-12-23").await;
        world.holds("T0002", 2, "2026-12-23").await;
        let (lin, zhou) = (world.id("T0001").await, world.id("M0001").await);
        world.arrange(move |conn| {
            for (who, occupation) in [(lin, "auto-mechanic"), (zhou, "workshop-manager")] {
                let post = shifu::staff::queries::post_of(conn, who, day("2026-11-23"))?.expect("a post");
                let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
                shifu::staff::transfers::end(conn, &post.assignment, occupation, day("2026-11-22"), "left", stamp)?;
            }
            Ok(())
        }).await;
        world.round().await;
        let recipients: Vec<String> = world.mails().await.into_iter().map(|mail| mail.0).collect();
        assert_eq!(recipients, ["t0002@evergreen.example"]);
    }
}

on_both! {
    async fn what_was_renewed_or_revoked_reminds_nobody(world: World) {
        world.holds("T0001", 1, "2026-12-23").await;
        world.holds("T0001", 2, "2028-12-23").await;
        let (wang, consequences) = (world.id("T0002").await, world.shared.consequences.clone());
        world.arrange(move |conn| {
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            let course = NewFact::new(Kind::Course, "brake-systems", day("2026-11-23"));
            ledger::append(conn, wang, &course, Source::new("test", 1), stamp)?;
            let exam = NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day("2026-11-23")).amount(90, 1, None);
            ledger::append(conn, wang, &exam, Source::new("test", 2), stamp)?;
            consequences.follow(conn, wang, day("2026-11-23"), stamp)
        }).await;
        let told = |mails: Vec<(String, String)>| mails.iter().filter(|mail| mail.1.contains("到期提醒")).count();
        world.round_on("2028-08-24").await;
        assert_eq!(told(world.mails().await), 2, "ours is spoken of like an imported one");
        let he = world.he().await;
        let sheet = he.get("/certificates/SF-2026-000001").await;
        let acts = "/certificates/SF-2026-000001/acts";
        assert_eq!(he.submit(&sheet, acts, &[("act", "revoked"), ("why", "弄虚作假")]).await.status, 303);
        for day in ["2028-08-24", "2028-08-25", "2028-09-22", "2028-11-22", "2028-11-23"] {
            world.round_on(day).await;
        }
        let about_wang = |mail: &&(String, String)| mail.0.starts_with("t0002") && mail.1.contains("到期提醒");
        assert_eq!(world.mails().await.iter().filter(about_wang).count(), 1, "none since it was revoked");
    }
}

on_both! {
    async fn a_name_put_right_repeats_no_step(world: World) {
        let (wang, consequences) = (world.id("T0002").await, world.shared.consequences.clone());
        world.arrange(move |conn| {
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            let course = NewFact::new(Kind::Course, "brake-systems", day("2026-11-23"));
            ledger::append(conn, wang, &course, Source::new("test", 1), stamp)?;
            let exam = NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day("2026-11-23")).amount(90, 1, None);
            ledger::append(conn, wang, &exam, Source::new("test", 2), stamp)?;
            consequences.follow(conn, wang, day("2026-11-23"), stamp)
        }).await;
        let told = async || world.mails_but_hr().await.iter().filter(|mail| mail.1.contains("到期提醒")).count();
        world.round_on("2028-08-24").await;
        assert_eq!(told().await, 2, "Wang and the manager");
        let he = world.he().await;
        let sheet = he.get("/certificates/SF-2026-000001").await;
        let fields = [("act", "replaced"), ("why", "姓名有误"), ("name", "王建果"), ("name_en", "Wang Jianguo")];
        assert_eq!(he.submit(&sheet, "/certificates/SF-2026-000001/acts", &fields).await.status, 303);
        world.round_on("2028-08-25").await;
        assert_eq!(told().await, 2, "it is the same certificate");
        world.round_on("2028-09-23").await;
        assert_eq!(told().await, 4, "the next step comes as before");
        let mails = world.outbox().await;
        assert!(mails[0].body.plain.contains("SF-2028-000001"), "{}", mails[0].body.plain);
    }
}

on_both! {
    async fn after_months_without_a_mail_server_only_the_last_step_is_sent(world: World) {
        world.holds("T0001", 1, "2027-03-15").await;
        for day in ["2026-12-15", "2027-01-14", "2027-02-13", "2027-03-01", "2027-03-08", "2027-03-14", "2027-03-15", "2027-03-22"] {
            world.round_on(day).await;
        }
        let (waiting, overtaken): (Vec<Mail>, Vec<Mail>) = world.outbox().await.into_iter()
            .filter(|mail| mail.recipient.starts_with("t0001")).partition(|mail| mail.parked_at.is_none());
        assert_eq!((waiting.len(), overtaken.len()), (1, 7));
        assert!(overtaken.iter().all(|mail| mail.last_error.as_deref() == Some("overtaken")));
        let gao = world.gao().await;
        assert!(gao.get("/admin/mail?state=parked").await.says("tbody td", "已由后面的提醒取代"));
        assert!(gao.get("/admin/reminders/past?state=withheld&days=90").await.says("td", "已由后面的提醒取代"));
        let server = MailServer::start(&[]).await;
        app::round(&world.shared, Some(&transport(&server))).await;
        let mut to: Vec<String> = server.taken().iter().filter_map(|mail| header(mail, "To")).collect();
        to.sort();
        assert_eq!(to.len(), 3, "one to Lin, one to the manager, one to HR: {to:?}");
        let state = "/admin/reminders/past?state=sent&days=90";
        assert_eq!(gao.get(state).await.texts("tbody tr").len(), 3);
    }
}

on_both! {
    async fn what_a_calendar_was_to_be_told_comes_with_the_mail_that_is_sent(world: World) {
        world.holds("T0001", 1, "2027-03-15").await;
        for day in ["2026-12-15", "2027-01-14", "2027-02-13"] {
            world.round_on(day).await;
        }
        let mails = world.outbox().await;
        let waits = mails.iter().find(|mail| mail.recipient.starts_with("t0001") && mail.parked_at.is_none());
        let entry = waits.and_then(|mail| mail.body.calendar.clone()).expect("an entry");
        assert!(entry.contains("DTSTART;VALUE=DATE:20270315"), "{entry}");
    }
}

on_both! {
    async fn a_digest_waits_as_long_as_something_in_it_is_not_said_again(world: World) {
        for (who, number, through) in [("T0001", 1, "2026-12-23"), ("T0002", 2, "2026-12-23")] {
            world.holds(who, number, through).await;
        }
        let to_zhou = async || {
            let mut mails = world.outbox().await;
            mails.retain(|mail| mail.recipient.starts_with("m0001"));
            mails.reverse();
            mails.iter().map(|mail| mail.parked_at.is_some()).collect::<Vec<bool>>()
        };
        world.round_on("2026-11-23").await;
        assert_eq!(to_zhou().await, [false]);
        // Wang's is renewed: only Lin's comes again.
        world.holds("T0002", 3, "2028-12-23").await;
        world.round_on("2026-12-09").await;
        assert_eq!(to_zhou().await, [false, false], "the first one still speaks of Wang");
        world.round_on("2026-12-16").await;
        assert_eq!(to_zhou().await, [false, true, false]);
    }
}

on_both! {
    async fn what_waits_for_somebody_who_has_left_is_given_up(world: World) {
        world.holds("T0001", 1, "2026-12-23").await;
        world.round().await;
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let post = shifu::staff::queries::post_of(conn, lin, day("2026-11-23"))?.expect("a post");
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            shifu::staff::transfers::end(conn, &post.assignment, "auto-mechanic", day("2026-11-24"), "left", stamp)
        }).await;
        world.round_on("2026-11-26").await;
        let state = |mail: &Mail| (mail.recipient[..5].to_owned(), mail.last_error.clone());
        let mut mails: Vec<_> = world.outbox().await.iter().map(state).collect();
        mails.sort();
        assert_eq!(mails, [("m0001".to_owned(), None), ("t0001".to_owned(), Some("left".to_owned()))]);
    }
}

on_both! {
    async fn a_day_begins_when_it_begins_at_the_site(world: World) {
        world.holds("T0001", 1, "2027-03-15").await;
        let gao = world.id("A0001").await;
        world.arrange(move |conn| {
            let group = shifu::staff::queries::site_by_code(conn, "group")?.expect("the group");
            let never = Week { quiet_from: 0, quiet_until: 0, ..Week::default() };
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: Some(gao) };
            queries::set_week(conn, group.id, Some(never), stamp)
        }).await;
        world.clock.travel_to(instant("2026-12-14T15:55:00Z"));
        world.round().await;
        assert!(world.mails().await.is_empty(), "five minutes to midnight in Shanghai");
        world.clock.advance(Duration::minutes(6));
        world.round().await;
        assert_eq!(world.mails().await.len(), 2, "the planner looks again, though it looked just now");
    }
}

on_both! {
    async fn the_command_line_says_what_is_due_and_posts_it(world: World) {
        world.holds("T0001", 7, "2027-03-15").await;
        let url = world.shared.db.url().to_string();
        let remind = |more: &[&str]| {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
                .args(["--database", &url, "remind", "--json"]).args(more).output().expect("it runs");
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<serde_json::Value>>()
        };
        assert!(remind(&["--on", "2026-12-14", "--dry-run"]).is_empty());
        let said = remind(&["--on", "2026-12-15", "--dry-run"]);
        assert_eq!(said.len(), 1);
        assert_eq!(said[0]["rule"], "certificate-expiring");
        assert_eq!(said[0]["person"], "T0001");
        assert_eq!(said[0]["subject"], "inhouse-default/brake-specialist OLD-7");
        assert_eq!((&said[0]["due"], &said[0]["offset"]), (&"2027-03-15".into(), &90.into()));
        assert_eq!(said[0]["recipients"], serde_json::json!(["T0001", "M0001"]));
        assert!(world.mails().await.is_empty(), "a dry run posts nothing");
        let ahead = remind(&["--on", "2026-12-15", "--days", "90", "--dry-run"]);
        let days: Vec<_> = ahead.iter().map(|line| line["on"].as_str().expect("a day").to_owned()).collect();
        assert_eq!(days, ["2026-12-15", "2027-01-14", "2027-02-13", "2027-03-01", "2027-03-08", "2027-03-14", "2027-03-15"]);
        assert_eq!(remind(&["--on", "2026-12-15"]).len(), 1);
        assert_eq!(world.mails().await.len(), 2);
        assert!(remind(&["--on", "2026-12-15"]).is_empty(), "once");
    }
}

on_both! {
    async fn a_person_without_an_address_stands_in_the_list(world: World) {
        world.arrange(|conn| {
            use diesel::prelude::*;
            use shifu::db::schema::person;
            diesel::update(person::table.filter(person::staff_no.eq("T0001")))
                .set(person::email.eq(None::<String>)).execute(conn)?;
            Ok(())
        }).await;
        world.holds("T0001", 1, "2026-12-23").await;
        world.round().await;
        assert_eq!(world.mails().await.len(), 1, "the manager's");
        let gao = world.gao().await;
        let page = gao.get("/admin/reminders").await;
        assert!(page.says("p", "2 条提醒") && page.says("p", "1 条因没有邮箱"), "{}", page.body);
        assert!(gao.get("/admin/reminders/past").await.says("tr", "没有邮箱"));
    }
}

on_both! {
    async fn the_forecast_says_who_gets_what_when(world: World) {
        world.holds("T0001", 1, "2026-12-29").await;
        world.round().await;
        let page = world.gao().await.get("/admin/reminders").await;
        let rows = page.texts("tbody tr");
        let coming: Vec<_> = rows.iter().filter(|row| row.contains("2026年11月29日")).collect();
        assert_eq!(coming.len(), 2, "the step of 30 days, to two people: {rows:?}");
    }
}

on_both! {
    async fn a_one_time_link_is_hidden_once_mail_is_sent(world: World) {
        let server = MailServer::start(&[]).await;
        world.anybody().post("/forgotten", &[("who", "T0001")]).await;
        let gao = world.gao().await;
        let id: OutboxId = world.outbox().await[0].id;
        app::round(&world.shared, Some(&transport(&server))).await;
        let page = gao.get(&format!("/admin/mail/{id}")).await;
        assert!(page.says("pre", "/links/___"), "{}", page.body);
    }
}
