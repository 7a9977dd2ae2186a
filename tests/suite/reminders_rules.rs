//! Rules of reminders: who is told from which step on, in which form, at what hours, what is
//! muted or declined, and that nothing is lost, doubled or half done whatever happens meanwhile.

use chrono::Duration;
use diesel::{connection::SimpleConnection, prelude::*};
use shifu::{
    access::Role,
    app,
    db::{Conn, schema},
    i18n::Lang,
    mail::outbox::{self, Mail, Shown},
    record::{
        Kind, NewFact, Source,
        ledger::{self, Stamp},
    },
    reminders::{
        model::Due,
        planner::{self, By},
        queries::{self, Fate, Narrowed, Past},
        recipients::When,
        sources::Whose,
    },
    staff::{
        self, SiteKind,
        transfers::{self, NewAssignment, NewPerson, NewSite},
    },
};

use crate::{
    on_both,
    world::{BEGINNING, World, day, instant},
};

const BRAKES: &str = "inhouse-default/brake-specialist";

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

impl World {
    /// The person holds a certificate through a day, as an import would record it.
    pub async fn certified(&self, who: &'static str, code: &'static str, through: &str) {
        let (person, through) = (self.id(who).await, day(through));
        self.arrange(move |conn| {
            let fact = NewFact::new(Kind::Certificate, code, day("2025-03-16"))
                .through(Some(through))
                .number(format!("OLD-{person}"));
            let source = Source::new("import", person.0);
            ledger::append(conn, person, &fact, source, stamp()).map(drop)
        })
        .await;
    }

    async fn mailed_to(&self, who: &str) -> Vec<Mail> {
        let mut all = self.arrange(|conn| outbox::list(conn, Shown::All, 10_000, 0)).await;
        all.retain(|mail| mail.recipient.starts_with(&who.to_lowercase()));
        all.reverse();
        all
    }

    async fn round_at(&self, moment: &str) {
        self.clock.travel_to(instant(moment));
        self.round().await;
    }

    /// Everything that is due now, without posting it.
    pub async fn planned(&self, when: When, ahead: u32) -> Vec<Due> {
        let (rules, reminders) = (self.shared.live_rules.current(), self.shared.reminders.clone());
        let plan = self.shared.db.read(move |conn| {
            let by = By { rules: &rules, reminders: &reminders };
            planner::due(conn, by, when, ahead, &Whose::Everyone)
        });
        plan.await.expect("a plan")
    }

    async fn ledger(&self) -> Vec<Past> {
        self.arrange(|conn| queries::past(conn, &Narrowed::default(), 10_000, 0)).await
    }

    /// Somebody at a site in Berlin.
    async fn hire_in_berlin(&self) {
        self.arrange(|conn| {
            let new = NewSite {
                code: "berlin",
                name: "柏林店",
                name_en: Some("Berlin"),
                kind: SiteKind::Site,
                time_zone: "Europe/Berlin",
                parent: Some(staff::queries::site_by_code(conn, "group")?.expect("the group").id),
            };
            let site = transfers::add_site(conn, &new, stamp())?;
            let new = NewPerson {
                staff_no: "B0001",
                name: "Anna Weber",
                name_en: None,
                email: Some("b0001@evergreen.example"),
                phone: None,
                lang: Lang::En,
            };
            let person = transfers::add_person(conn, &new, stamp())?;
            let post = NewAssignment {
                person,
                site,
                position: "technician",
                occupation: "auto-mechanic",
                manager: None,
                starts_on: day("2022-01-01"),
                ends_on: None,
            };
            transfers::assign(conn, &post, stamp()).map(drop)
        })
        .await;
    }
}

/// As an administrator fills in the form of a rule: its fields, with some changed.
async fn change_rule(world: &World, code: &str, fields: &[(&str, &str)]) -> u16 {
    let gao = world.gao().await;
    let path = format!("/admin/reminders/rules/{code}");
    let page = gao.get(&path).await;
    gao.submit(&page, &path, fields).await.status
}

on_both! {
    async fn the_later_the_step_the_more_are_told(world: World) {
        world.certified("T0001", BRAKES, "2027-03-15").await;
        world.round_at("2027-02-15T02:00:00Z").await;
        assert_eq!(world.mailed_to("H0001").await.len(), 0, "thirty days before it is early");
        world.round_at("2027-03-08T02:00:00Z").await;
        let to_hr = world.mailed_to("H0001").await;
        assert_eq!(to_hr.len(), 1);
        assert!(to_hr[0].subject.contains("林涛"), "{}", to_hr[0].subject);
        assert_eq!(world.mailed_to("A0001").await.len(), 0, "headquarters need not hear of it");
        world.round_at("2027-03-22T02:00:00Z").await;
        assert_eq!(world.mailed_to("H0001").await.len(), 2, "a week after the end, once more");
        assert!(world.mailed_to("T0001").await.last().expect("a mail").subject.contains("已过期"));
    }
}

on_both! {
    async fn whoever_answers_for_many_gets_one_mail_a_day(world: World) {
        for who in ["T0001", "T0002", "R0001"] {
            world.certified(who, BRAKES, "2026-12-23").await;
        }
        world.round().await;
        let digests = world.mailed_to("M0001").await;
        assert_eq!(digests.len(), 1);
        let text = &digests[0].body.plain;
        assert!(digests[0].subject.contains("2 项") && text.contains("林涛") && text.contains("王建国"));
        assert!(text.contains("2026年12月23日") && text.contains("http://shifu.test/people/"), "{text}");
        assert!(digests[0].body.html.contains("<table") && digests[0].body.html.contains("/people/"));
        // What turns up later the same day waits for tomorrow's.
        world.certified("M0001", BRAKES, "2026-12-23").await;
        world.certified("T0001", "inhouse-default/hv-aware", "2026-12-23").await;
        world.round_at("2026-11-23T06:00:00Z").await;
        assert_eq!(world.mailed_to("M0001").await.len(), 2, "their own certificate, by itself");
        assert_eq!(world.mailed_to("T0001").await.len(), 2, "the holder is told at once");
        world.round_at("2026-11-24T02:00:00Z").await;
        let digests = world.mailed_to("M0001").await;
        assert_eq!(digests.len(), 3);
        assert!(digests[2].subject.contains("高压认知"), "one thing is told by itself: {}", digests[2].subject);
    }
}

on_both! {
    async fn a_digest_is_entered_whole_or_not_at_all(world: World) {
        world.certified("T0001", BRAKES, "2026-12-23").await;
        world.certified("T0002", BRAKES, "2026-12-23").await;
        let dues = world.planned(When::now(world.clock.now()), 0).await;
        let zhou = world.id("M0001").await;
        let mine: Vec<Due> = dues.into_iter().filter(|due| due.to.id == zhou).collect();
        assert_eq!(mine.len(), 2);
        // Somebody else enters the second one, after this planner has looked.
        let (theirs, now) = (mine[1..].to_vec(), world.clock.now());
        world.arrange(move |conn| queries::enter(conn, &theirs, None, None, now)).await;
        let (db, head) = (&world.shared.db, &world.shared.letterhead);
        let outcome = planner::post_due(db, head, mine, now).await.expect("no error");
        assert_eq!(outcome.entered, 0);
        let counts = world.arrange(|conn| {
            let digests: i64 = schema::reminder_digest::table.count().get_result(conn)?;
            let notices: i64 = schema::notice::table.count().get_result(conn)?;
            Ok((digests, notices))
        }).await;
        assert_eq!(counts, (0, 0), "neither the day was taken nor a notice left");
        assert_eq!((world.mailed_to("M0001").await.len(), world.ledger().await.len()), (0, 1));
        world.round().await;
        let mails = world.mailed_to("M0001").await;
        assert_eq!(mails.len(), 1, "what was left comes by itself");
        assert!(mails[0].subject.contains(&world.ledger().await.iter().find(|row| row.staff_no == "M0001" && row.mail.is_some()).and_then(|row| row.about.clone()).expect("a row").1));
    }
}

on_both! {
    async fn nothing_is_lost_while_the_outbox_takes_nothing(world: World) {
        world.certified("T0001", BRAKES, "2026-12-23").await;
        world.arrange(|conn| match conn {
            Conn::Sqlite(conn) => Ok(conn.batch_execute("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no room'); END")?),
            Conn::Postgres(conn) => Ok(conn.batch_execute("ALTER TABLE outbox ADD CONSTRAINT full_up CHECK (false) NOT VALID")?),
        }).await;
        world.round().await;
        assert!(world.ledger().await.is_empty() && world.mailed_to("T0001").await.is_empty());
        let page = world.gao().await.get("/admin/reminders").await;
        assert!(page.says(".alert", "运行失败"), "whoever looks is told");
        world.arrange(|conn| match conn {
            Conn::Sqlite(conn) => Ok(conn.batch_execute("DROP TRIGGER full")?),
            Conn::Postgres(conn) => Ok(conn.batch_execute("ALTER TABLE outbox DROP CONSTRAINT full_up")?),
        }).await;
        world.clock.advance(Duration::minutes(11));
        world.round().await;
        assert_eq!((world.mailed_to("T0001").await.len(), world.mailed_to("M0001").await.len()), (1, 1));
    }
}

on_both! {
    async fn many_servers_on_one_database_send_each_mail_once(world: World) {
        for who in ["T0001", "T0002", "T0003", "R0001", "E0001", "H0001"] {
            world.certified(who, BRAKES, "2026-12-23").await;
        }
        let others: Vec<app::Shared> = (0..3)
            .map(|n| app::Shared { process: format!("server {n}"), ..world.shared.clone() })
            .collect();
        tokio::join!(
            app::round(&world.shared, None),
            app::round(&others[0], None),
            app::round(&others[1], None),
            app::round(&others[2], None)
        );
        world.clock.advance(Duration::minutes(11));
        tokio::join!(app::round(&others[0], None), app::round(&others[1], None));
        let mut keys: Vec<_> = world.ledger().await.into_iter()
            .map(|row| (row.rule, row.staff_no, row.said, row.about, row.due_on, row.days_before)).collect();
        let rows = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!((rows, keys.len()), (8, 8), "six holders, and Zhou about two of them");
        let mails = world.arrange(|conn| outbox::list(conn, Shown::All, 100, 0)).await;
        assert_eq!(mails.len(), 7);
    }
}

on_both! {
    async fn after_ninety_days_of_silence_each_thing_is_told_once(world: World) {
        for (who, through) in [("T0001", "2027-03-15"), ("T0002", "2027-01-05"), ("T0003", "2027-02-21"), ("R0001", "2026-11-20")] {
            world.certified(who, BRAKES, through).await;
        }
        world.round().await;
        let before = world.ledger().await.len();
        world.clock.travel_to(instant("2027-02-21T02:00:00Z"));
        assert!(world.sun().await.get("/certificates").await.says("article .badge", "今天到期"), "pages need no scheduler");
        assert!(world.wang().await.get("/certificates").await.says("article .badge", "已过期"));
        world.round().await;
        for who in ["T0001", "T0002", "T0003", "R0001"] {
            let news = world.ledger().await.into_iter().rev().skip(before).filter(|row| row.staff_no == who).count();
            assert!(news <= 1, "{who} got {news}");
        }
        let last = world.mailed_to("T0002").await;
        assert!(last.last().expect("a mail").subject.contains("已过期"));
        assert_eq!(world.mailed_to("T0003").await.len(), 2);
    }
}

on_both! {
    async fn who_was_locked_out_is_not_told_and_a_new_manager_is(world: World) {
        world.certified("T0001", BRAKES, "2026-12-23").await;
        world.certified("T0002", BRAKES, "2026-12-23").await;
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        world.arrange(move |conn| {
            diesel::update(schema::account::table.find(lin))
                .set(schema::account::disabled_at.eq(instant(BEGINNING))).execute(conn)?;
            let beijing = staff::queries::site_by_code(conn, "beijing")?.expect("a site");
            let sun = staff::queries::person_by_staff_no(conn, "T0003")?.expect("Sun");
            let post = NewAssignment {
                person: wang, site: beijing.id, position: "technician", occupation: "auto-mechanic",
                manager: Some(sun.id), starts_on: day("2026-11-23"), ends_on: None,
            };
            let now = staff::queries::post_of(conn, wang, day("2026-11-22"))?.expect("a post");
            transfers::end(conn, &now.assignment, "auto-mechanic", day("2026-11-22"), "moved", stamp())?;
            transfers::assign(conn, &post, stamp()).map(drop)
        }).await;
        world.round().await;
        let mut told: Vec<String> = world.ledger().await.into_iter().map(|row| row.staff_no).collect();
        told.sort();
        assert_eq!(told, ["T0002", "T0003"], "not Lin, not the former manager");
    }
}

on_both! {
    async fn a_moved_due_date_counts_anew_and_repeats_nothing(world: World) {
        let lin = world.id("T0001").await;
        let set_due = |due: &'static str| move |conn: &mut Conn| -> Result<(), shifu::db::Error> {
            diesel::update(schema::enrolment::table).set(schema::enrolment::due_on.eq(day(due))).execute(conn)?;
            Ok(())
        };
        world.arrange(move |conn| {
            let content: i64 = schema::content::table.select(schema::content::id).first(conn)?;
            diesel::insert_into(schema::enrolment::table).values((
                schema::enrolment::person_id.eq(lin), schema::enrolment::course.eq("brake-systems"),
                schema::enrolment::content_id.eq(content), schema::enrolment::round.eq(1_i64),
                schema::enrolment::enrolled_at.eq(instant(BEGINNING)), schema::enrolment::due_on.eq(day("2026-12-04")),
            )).execute(conn)?;
            Ok(())
        }).await;
        world.round_at("2026-11-27T02:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 1, "a week before");
        world.arrange(set_due("2026-12-07")).await;
        world.round_at("2026-11-30T02:00:00Z").await;
        let told = world.mailed_to("T0001").await;
        assert_eq!(told.len(), 2, "a week before the new day");
        assert!(told[1].body.plain.contains("2026年12月7日"));
        world.arrange(set_due("2026-12-09")).await;
        world.arrange(set_due("2026-12-07")).await;
        world.round_at("2026-12-01T02:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 2, "moved to and fro: nothing new");
        world.round_at("2026-12-08T02:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 3, "overdue");
        assert_eq!(world.mailed_to("M0001").await.len(), 1, "and the manager hears of it");
    }
}

on_both! {
    async fn a_mute_withholds_with_its_reason_until_it_ends(world: World) {
        world.certified("T0001", BRAKES, "2026-12-29").await;
        let gao = world.gao().await;
        world.round_at("2026-11-23T02:00:00Z").await;
        let page = gao.get("/admin/reminders?days=14&person=T0001").await;
        let mute = page.links().into_iter().find(|link| link.contains("/mutes/new") && link.contains("recipient=T0001")).expect("a button");
        let form = gao.get(&mute).await;
        let refused = gao.submit(&form, "/admin/reminders/mutes/new", &[("scope", "one"), ("rule", "certificate-expiring"), ("why", ""), ("until", "2026-12-31")]).await;
        assert!(refused.status == 200 && refused.says(".text-danger", "原因"), "a reason is asked for");
        let done = gao.submit(&form, "/admin/reminders/mutes/new", &[("scope", "one"), ("rule", "certificate-expiring"), ("why", "已报名换证"), ("until", "2026-12-10")]).await;
        assert_eq!(done.location.as_deref(), Some("/admin/reminders/mutes"));
        assert!(gao.get("/admin/reminders?days=14").await.says(".badge", "已静音：已报名换证"));
        world.round_at("2026-11-29T02:00:00Z").await;
        let row = world.ledger().await.into_iter().find(|row| row.staff_no == "T0001" && row.days_before == 30).expect("it is kept");
        assert_eq!((row.fate(), row.withheld.as_deref()), (Fate::Withheld, Some("muted 已报名换证")));
        assert_eq!(world.mailed_to("T0001").await.len(), 1, "only the step before the mute");
        let coming = world.planned(When::now(world.clock.now()), 30).await;
        let coming: Vec<&Due> = coming.iter().filter(|due| due.to.staff_no == "T0001").collect();
        assert_eq!(coming.iter().map(|due| due.step).collect::<Vec<_>>(), [14, 7, 1, 0]);
        assert!(coming.iter().all(|due| due.withheld.is_none()), "by then the mute has ended");
        assert_eq!(world.mailed_to("M0001").await.len(), 2, "the manager is still told");
        assert!(gao.get("/admin/reminders/past?state=withheld").await.says("td", "已报名换证"));
        let mutes = gao.get("/admin/reminders/mutes").await;
        let end = mutes.body.split('"').find(|part| part.ends_with("/end")).expect("a button").to_owned();
        assert_eq!(gao.submit(&mutes, &end, &[]).await.status, 303);
        world.round_at("2026-12-22T02:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 2, "the latest step, not the muted one");
    }
}

on_both! {
    async fn a_person_declines_what_may_be_declined_and_nothing_else(world: World) {
        assert_eq!(change_rule(&world, "course-overdue", &[
            ("on", "yes"), ("optional", "yes"), ("hours", "daytime"), ("to_0_person", "yes"), ("days_0", "7"),
            ("days_1", ""), ("days_2", ""), ("days_3", ""), ("days_4", ""), ("why", "试行"),
        ]).await, 303);
        let lin = world.lin().await;
        let page = lin.get("/reminders/choices").await;
        assert!(page.says(".form-check-label", "课程逾期") && !page.says(".form-check-label", "证书到期"));
        assert_eq!(lin.submit(&page, "/reminders/choices", &[("rhythm", "")]).await.status, 303);
        let person = world.id("T0001").await;
        world.certified("T0001", BRAKES, "2026-12-23").await;
        world.arrange(move |conn| {
            let content: i64 = schema::content::table.select(schema::content::id).first(conn)?;
            diesel::insert_into(schema::enrolment::table).values((
                schema::enrolment::person_id.eq(person), schema::enrolment::course.eq("brake-systems"),
                schema::enrolment::content_id.eq(content), schema::enrolment::round.eq(1_i64),
                schema::enrolment::enrolled_at.eq(instant(BEGINNING)), schema::enrolment::due_on.eq(day("2026-11-30")),
            )).execute(conn)?;
            Ok(())
        }).await;
        world.round().await;
        let mails = world.mailed_to("T0001").await;
        assert_eq!(mails.len(), 1, "of the certificate");
        let kept = world.ledger().await.into_iter().find(|row| row.rule == "course-overdue").expect("kept");
        assert_eq!(kept.withheld.as_deref(), Some("opted-out"));
    }
}

on_both! {
    async fn what_stood_on_no_form_is_not_declined(world: World) {
        let (lin, person) = (world.lin().await, world.id("T0001").await);
        let page = lin.get("/reminders/choices").await;
        // Meanwhile one more may be declined, of which the form knows nothing.
        let optional = [
            ("on", "yes"), ("optional", "yes"), ("hours", "daytime"), ("to_0_person", "yes"), ("days_0", "7"),
            ("days_1", ""), ("days_2", ""), ("days_3", ""), ("days_4", ""), ("why", "试行"),
        ];
        assert_eq!(change_rule(&world, "course-overdue", &optional).await, 303);
        let fields = [("rhythm", "weekly"), ("wanted", "result-out")];
        assert_eq!(lin.submit(&page, "/reminders/choices", &fields).await.status, 303);
        let choice = world.arrange(move |conn| queries::choice_of(conn, person)).await;
        assert_eq!(choice.opted_out, ["exam-registration-open"]);
    }
}

on_both! {
    async fn a_rule_at_any_hour_does_not_use_up_the_day_of_a_digest(world: World) {
        assert_eq!(change_rule(&world, "certificate-expiring", &[
            ("on", "yes"), ("hours", "any"), ("digest_hr", "yes"), ("days_0", "7"), ("to_0_hr", "yes"), ("days_1", ""), ("days_2", ""),
            ("days_3", ""), ("days_4", ""), ("days_5", ""), ("days_6", ""), ("days_7", ""), ("why", "尽早"),
        ]).await, 303);
        world.certified("T0001", BRAKES, "2026-12-03").await;
        let (lin, zhou) = (world.id("T0001").await, world.id("M0001").await);
        world.arrange(move |conn| {
            use schema::{candidacy, recommendation as given};
            let content: i64 = schema::content::table.select(schema::content::id).first(conn)?;
            let id: i64 = diesel::insert_into(candidacy::table).values((
                candidacy::person_id.eq(lin), candidacy::path.eq("inhouse-default/L2"), candidacy::content_id.eq(content), candidacy::statement.eq(""),
                candidacy::applied_at.eq(instant("2026-11-22T02:00:00Z")), candidacy::applied_by.eq(lin),
            )).returning(candidacy::id).get_result(conn)?;
            diesel::insert_into(given::table).values((
                given::candidacy_id.eq(id), given::supports.eq(true), given::note.eq(""), given::given_at.eq(instant("2026-11-23T02:00:00Z")), given::given_by.eq(zhou),
            )).execute(conn)?;
            Ok(())
        }).await;
        world.round_at("2026-11-25T16:05:00Z").await;
        assert!(world.mailed_to("H0001").await.is_empty(), "five past midnight");
        world.round_at("2026-11-26T00:10:00Z").await;
        let digest = world.mailed_to("H0001").await;
        assert_eq!(digest.len(), 1);
        assert!(digest[0].subject.contains("2 项"), "the certificate and the candidacy: {}", digest[0].subject);
    }
}

on_both! {
    async fn a_step_that_waits_for_monday_is_not_too_late_by_then(world: World) {
        assert_eq!(change_rule(&world, "course-overdue", &[
            ("on", "yes"), ("hours", "workdays"), ("late_days", "7"), ("to_0_person", "yes"), ("days_0", "-7"),
            ("days_1", ""), ("days_2", ""), ("days_3", ""), ("days_4", ""), ("why", "一周后"),
        ]).await, 303);
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let content: i64 = schema::content::table.select(schema::content::id).first(conn)?;
            diesel::insert_into(schema::enrolment::table).values((
                schema::enrolment::person_id.eq(lin), schema::enrolment::course.eq("brake-systems"),
                schema::enrolment::content_id.eq(content), schema::enrolment::round.eq(1_i64),
                schema::enrolment::enrolled_at.eq(instant(BEGINNING)), schema::enrolment::due_on.eq(day("2026-12-05")),
            )).execute(conn)?;
            Ok(())
        }).await;
        world.round_at("2026-12-12T02:00:00Z").await;
        assert!(world.mailed_to("T0001").await.is_empty(), "a Saturday");
        world.round_at("2026-12-14T02:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 1, "the Monday after it");
    }
}

on_both! {
    async fn who_no_longer_holds_the_role_where_it_is_today_is_not_told(world: World) {
        world.certified("T0001", BRAKES, "2026-12-23").await;
        let he = world.id("H0001").await;
        world.arrange(move |conn| {
            use schema::role_grant as grant;
            diesel::update(grant::table.filter(grant::person_id.eq(he)))
                .set(grant::ends_on.eq(day("2026-12-15"))).execute(conn)?;
            Ok(())
        }).await;
        let told = |dues: Vec<Due>| dues.iter().any(|due| due.to.staff_no == "H0001");
        let until = When { now: instant(BEGINNING), on: Some(day("2026-12-15")) };
        assert!(told(world.planned(until, 1).await), "foreseen as things stand");
        // An hour past midnight in Shanghai, where it is the sixteenth; elsewhere it is still the fifteenth.
        let morning = When::now(instant("2026-12-15T17:00:00Z"));
        assert!(!told(world.planned(morning, 0).await));
    }
}

on_both! {
    async fn a_mentor_does_not_see_what_managers_are_told_of_an_apprentice(world: World) {
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        world.arrange(move |conn| {
            use schema::{candidacy, pairing};
            let content: i64 = schema::content::table.select(schema::content::id).first(conn)?;
            diesel::insert_into(pairing::table).values((
                pairing::mentor_id.eq(wang), pairing::apprentice_id.eq(lin), pairing::ladder.eq("inhouse"), pairing::content_id.eq(content),
                pairing::goal.eq(""), pairing::starts_on.eq(day("2026-10-01")), pairing::ends_on.eq(day("2027-10-01")),
                pairing::agreed_at.eq(instant(BEGINNING)), pairing::agreed_by.eq(wang), pairing::verdict.eq("{}"),
            )).execute(conn)?;
            diesel::insert_into(candidacy::table).values((
                candidacy::person_id.eq(lin), candidacy::path.eq("inhouse-default/L2"), candidacy::content_id.eq(content), candidacy::statement.eq(""),
                candidacy::applied_at.eq(instant("2026-11-22T02:00:00Z")), candidacy::applied_by.eq(lin),
            )).execute(conn)?;
            Ok(())
        }).await;
        assert!(world.zhou().await.get("/reminders?who=team").await.says("td", "林涛"));
        assert!(!world.wang().await.get("/reminders?who=team").await.says("td", "林涛"));
        assert!(!world.lin().await.get("/reminders?who=team").await.says("td", "林涛"), "nor the apprentice");
    }
}

on_both! {
    async fn a_round_goes_through_certificates_again_only_when_something_bears_on_them(world: World) {
        for who in ["T0001", "T0003"] {
            world.certified(who, BRAKES, "2026-12-23").await;
        }
        world.round().await;
        let told = async || (world.mailed_to("T0001").await.len(), world.mailed_to("T0002").await.len(), world.mailed_to("T0003").await.len());
        assert_eq!(told().await, (1, 0, 1));
        // Whoever looked again would tell it again.
        let forget = || world.arrange(|conn| Ok(diesel::delete(schema::reminder::table).execute(conn).map(drop)?));
        forget().await;
        world.clock.advance(Duration::minutes(11));
        world.round().await;
        assert_eq!(told().await, (1, 0, 1), "nothing has changed");
        world.certified("T0002", BRAKES, "2026-12-23").await;
        world.clock.advance(Duration::minutes(11));
        world.round().await;
        assert_eq!(told().await, (1, 1, 1), "whose record has changed is looked at, and nobody else");
        let wang = world.wang().await;
        let page = wang.get("/reminders/choices").await;
        assert_eq!(wang.submit(&page, "/reminders/choices", &[("rhythm", "each")]).await.status, 303);
        world.clock.advance(Duration::minutes(11));
        world.round().await;
        assert_eq!(told().await, (2, 1, 2), "what bears on everybody");
        forget().await;
        world.round_at("2026-11-24T02:00:00Z").await;
        assert_eq!(told().await, (3, 2, 3), "a new day");
    }
}

on_both! {
    async fn one_mail_a_day_or_a_week_for_who_wants_it(world: World) {
        let lin = world.lin().await;
        let page = lin.get("/reminders/choices").await;
        lin.submit(&page, "/reminders/choices", &[("rhythm", "weekly")]).await;
        world.certified("T0001", BRAKES, "2026-12-24").await;
        world.certified("T0001", "inhouse-default/hv-aware", "2026-12-26").await;
        world.round_at("2026-11-24T02:00:00Z").await;
        world.round_at("2026-11-27T02:00:00Z").await;
        assert!(world.mailed_to("T0001").await.is_empty(), "Tuesday, Friday");
        world.round_at("2026-11-30T02:00:00Z").await;
        let mails = world.mailed_to("T0001").await;
        assert_eq!(mails.len(), 1, "on Monday");
        assert!(mails[0].subject.contains("2 项"), "{}", mails[0].subject);
        world.round_at("2026-12-23T02:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 2, "tomorrow is the day: that does not wait");
    }
}

on_both! {
    async fn a_rule_is_changed_in_the_browser_and_keeps_its_story(world: World) {
        world.certified("T0001", BRAKES, "2026-12-03").await;
        let gao = world.gao().await;
        let path = "/admin/reminders/rules/certificate-expiring";
        let page = gao.get(path).await;
        let refused = gao.submit(&page, path, &[("on", "yes"), ("days_0", "x"), ("why", "")]).await;
        assert!(refused.status == 200 && refused.says(".text-danger", "原因") && refused.says(".alert", "整数"), "{}", refused.body);
        let fields: Vec<(String, String)> = (0..8).map(|n| (format!("days_{n}"), String::new())).collect();
        let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend([("on", "yes"), ("days_8", "10"), ("to_8_person", "yes"), ("late_days", "5"), ("hours", "any"), ("why", "集团通知 12 号")]);
        assert_eq!(gao.submit(&page, path, &fields).await.status, 303);
        world.round().await;
        let mails = world.mailed_to("T0001").await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].subject.contains("还有 10 天"), "{}", mails[0].subject);
        assert!(world.mailed_to("M0001").await.is_empty(), "the manager is no longer told");
        let page = gao.get(path).await;
        assert!(page.says("td", "集团通知 12 号") && page.says("td", "高远"));
        // The same form once more is the same change.
        let again = gao.submit(&page, path, &[("on", "yes"), ("to_0_person", "yes"), ("why", "关掉前")]).await;
        assert_eq!(again.status, 303);
        let versions = world.arrange(|conn| queries::versions_of(conn, "certificate-expiring")).await;
        assert_eq!(versions.iter().map(|one| one.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(world.zhou().await.get(path).await.status, 403);
        assert_eq!(gao.get("/admin/reminders/rules/no-such-rule").await.status, 404);
    }
}

on_both! {
    async fn a_rule_of_ones_own_watches_another_certificate(world: World) {
        let gao = world.gao().await;
        let page = gao.get("/admin/reminders/rules/new").await;
        let fields = [
            ("code", "brakes-covered"), ("source", "coverage-at-risk"), ("title_zh", "制动专修覆盖"), ("title_en", "Brakes covered"),
            ("on", "yes"), ("only", BRAKES), ("at_least", "2"), ("hours", "any"), ("late_days", "5"),
            ("days_0", "30"), ("to_0_manager", "yes"), ("why", "每店两人"),
        ];
        assert_eq!(gao.submit(&page, "/admin/reminders/rules/new", &fields).await.location.as_deref(), Some("/admin/reminders/rules/brakes-covered"));
        for (who, through) in [("T0001", "2026-12-20"), ("T0002", "2028-01-01")] {
            world.certified(who, BRAKES, through).await;
        }
        let dues = world.planned(When::now(world.clock.now()), 0).await;
        let due = dues.iter().find(|due| due.rule.code == "brakes-covered").expect("it is at risk");
        assert_eq!((due.due_on, due.to.staff_no.as_str()), (day("2026-12-20"), "M0001"));
        assert_eq!(due.subject.detail.en, "1 left after that, 2 needed");
        // With a third holder it is not.
        world.certified("M0001", BRAKES, "2028-01-01").await;
        let dues = world.planned(When::now(world.clock.now()), 0).await;
        assert!(dues.iter().all(|due| due.rule.code != "brakes-covered"));
        let same = gao.submit(&page, "/admin/reminders/rules/new", &[("code", "course-overdue"), ("source", "course-overdue"), ("title_zh", "x"), ("title_en", "x"), ("days_0", "1"), ("to_0_person", "yes"), ("late_days", "5"), ("why", "y")]).await;
        assert!(same.says(".text-danger", "已有同名规则"), "{}", same.body);
    }
}

on_both! {
    async fn quiet_hours_and_holidays_hold_a_mail_back(world: World) {
        let gao = world.gao().await;
        let east = "/admin/reminders/hours/east";
        let page = gao.get(east).await;
        let week = [("whose", "own"), ("quiet_from", "18:00"), ("quiet_until", "09:30"), ("monday", "yes"), ("tuesday", "yes"), ("wednesday", "yes"), ("thursday", "yes"), ("friday", "yes")];
        assert_eq!(gao.submit(&page, east, &week).await.status, 303);
        let wrong = gao.submit(&page, east, &[("whose", "own"), ("quiet_from", "soon")]).await;
        assert!(wrong.status == 200 && wrong.says(".text-danger", "20:00"));
        let days = "/admin/reminders/hours/east/days";
        let page = gao.get(east).await;
        assert_eq!(gao.submit(&page, days, &[("first", "2026-12-01"), ("last", "2026-12-03"), ("how", "off"), ("title", "盘点")]).await.status, 303);
        assert!(gao.get(east).await.says("li", "盘点"));
        assert!(gao.get("/admin/reminders/hours").await.says("tr", "09:30"), "Pudong follows its region");
        assert_eq!(change_rule(&world, "certificate-expiring", &[
            ("on", "yes"), ("hours", "workdays"), ("days_0", "30"), ("to_0_person", "yes"), ("days_1", ""), ("days_2", ""),
            ("days_3", ""), ("days_4", ""), ("days_5", ""), ("days_6", ""), ("days_7", ""), ("why", "只在工作日"),
        ]).await, 303);
        // Thirty days before lies on the first day of the stock-taking.
        world.certified("T0001", BRAKES, "2026-12-31").await;
        world.certified("T0003", BRAKES, "2026-12-31").await;
        let forecast = world.planned(When::now(world.clock.now()), 30).await;
        let of = |who: &str| forecast.iter().find(|due| due.to.staff_no == who).map(|due| due.on);
        assert_eq!((of("T0001"), of("T0003")), (Some(day("2026-12-04")), Some(day("2026-12-01"))));
        world.round_at("2026-12-01T02:00:00Z").await;
        assert_eq!((world.mailed_to("T0001").await.len(), world.mailed_to("T0003").await.len()), (0, 1));
        world.round_at("2026-12-04T01:00:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 0, "nine o'clock is too early here");
        world.round_at("2026-12-04T01:31:00Z").await;
        assert_eq!(world.mailed_to("T0001").await.len(), 1);
    }
}

on_both! {
    async fn a_morning_is_a_morning_through_the_change_of_the_clocks(world: World) {
        world.hire_in_berlin().await;
        // Steps of 60, 30 and 14 days lie before and after the last Sunday of March 2027.
        world.certified("B0001", BRAKES, "2027-04-11").await;
        for (moment, count, why) in [
            ("2027-02-10T06:45:00Z", 0, "a quarter to eight in winter"),
            ("2027-02-10T07:00:00Z", 1, "sixty days before, at eight"),
            ("2027-03-12T07:00:00Z", 2, "thirty days before"),
            ("2027-03-28T05:45:00Z", 2, "a quarter to eight in summer"),
            ("2027-03-28T06:00:00Z", 3, "fourteen days before, on the day of the change"),
            ("2027-04-03T22:30:00Z", 3, "already the fourth in Berlin, but night"),
            ("2027-04-04T06:00:00Z", 4, "seven days before"),
        ] {
            world.round_at(moment).await;
            assert_eq!(world.mailed_to("B0001").await.len(), count, "{why}");
        }
        assert!(world.mailed_to("B0001").await[2].subject.contains("ends in 14 days"));
    }
}

on_both! {
    async fn a_leap_day_and_a_new_year_are_days_like_any_other(world: World) {
        world.certified("T0001", BRAKES, "2028-03-01").await;
        for (moment, step) in [
            ("2027-12-31T02:00:00Z", Some(90_i64)),
            ("2028-01-01T02:00:00Z", Some(60)),
            ("2028-01-31T02:00:00Z", Some(30)),
            ("2028-02-28T02:00:00Z", Some(7)),
            ("2028-02-29T02:00:00Z", Some(1)),
            ("2028-03-01T02:00:00Z", Some(0)),
        ] {
            world.round_at(moment).await;
            let last = world.ledger().await.into_iter().find(|row| row.staff_no == "T0001");
            assert_eq!(last.map(|row| row.days_before), step, "{moment}");
        }
        assert_eq!(world.mailed_to("T0001").await.len(), 6);
    }
}

on_both! {
    async fn a_message_waits_inside_for_who_has_no_address(world: World) {
        world.arrange(|conn| {
            diesel::update(schema::person::table.filter(schema::person::staff_no.eq("T0001")))
                .set(schema::person::email.eq(None::<String>)).execute(conn)?;
            Ok(())
        }).await;
        world.certified("T0001", BRAKES, "2026-12-23").await;
        world.round().await;
        let lin = world.lin().await;
        let home = lin.get("/my-path").await;
        assert!(home.says("header a[href='/notices']", "1"), "the bell says so on every page");
        let list = lin.get("/notices").await;
        assert!(list.says(".list-group-item", "还有 30 天到期") && list.says(".badge", "新"));
        let link = list.links().into_iter().find(|link| link.starts_with("/notices/")).expect("a link");
        assert_eq!(world.wang().await.get(&link).await.status, 404, "nobody else's");
        assert_eq!(lin.get(&link).await.location.as_deref(), Some("/certificates"), "straight to the thing");
        assert!(!lin.get("/notices").await.says(".badge", "新"));
        let zhou = world.zhou().await;
        let list = zhou.get("/notices").await;
        assert_eq!(zhou.submit(&list, "/notices/read", &[]).await.status, 303);
        assert!(!zhou.get("/notices").await.has(".badge.bg-info-lt"));
    }
}

on_both! {
    async fn everybody_sees_their_own_and_a_manager_their_team(world: World) {
        world.certified("T0001", BRAKES, "2026-12-29").await;
        world.certified("T0003", BRAKES, "2026-12-29").await;
        world.round().await;
        let lin = world.lin().await;
        let own = lin.get("/reminders").await;
        assert!(own.says("td", "林涛") && !own.says("td", "孙悦") && !own.body.contains("mutes/new"));
        assert!(!lin.get("/reminders?who=team").await.says("td", "孙悦"));
        let zhou = world.zhou().await;
        let team = zhou.get("/reminders?who=team").await;
        assert_eq!(team.texts("tbody tr").len(), 2, "what Lin is told and what they are told of Lin");
        assert_eq!(zhou.get("/reminders").await.texts("tbody tr").len(), 1);
        assert_eq!(zhou.get("/reminders/past?who=team").await.texts("tbody tr").len(), 2);
        assert_eq!(lin.get("/reminders/past").await.texts("tbody tr").len(), 1);
        let csv = zhou.get("/reminders.csv?who=team").await;
        assert!(csv.status == 200 && csv.body.lines().count() == 3, "{}", csv.body);
        assert_eq!(zhou.get("/admin/reminders.csv").await.status, 403);
        let gao = world.gao().await;
        assert_eq!(gao.get("/admin/reminders?site=beijing").await.texts("tbody tr").len(), 1);
        assert_eq!(gao.get("/admin/reminders?person=%E6%9E%97").await.texts("tbody tr").len(), 2);
        assert_eq!(gao.get("/admin/reminders?rule=course-overdue").await.texts("tbody tr").len(), 0);
        assert_eq!(gao.get("/admin/reminders/past.csv").await.body.lines().count(), 4);
        assert!(gao.get("/admin").await.says("section", "3 条提醒"), "the heartbeat");
    }
}

on_both! {
    async fn an_administrator_of_a_part_sees_what_concerns_that_part(world: World) {
        let sun = world.sun_over_the_north(Role::Administrator).await;
        world.certified("T0001", BRAKES, "2026-12-29").await;
        world.certified("T0003", BRAKES, "2026-12-29").await;
        let gao = world.gao().await;
        for (who, why) in [("T0001", "林的理由"), ("T0003", "孙的理由"), ("", "大家的理由")] {
            let form = gao.get("/admin/reminders/mutes/new?scope=person-rule").await;
            let fields = [("recipient", who), ("rule", "course-overdue"), ("scope", "person-rule"), ("why", why), ("until", "2026-12-31")];
            assert_eq!(gao.submit(&form, "/admin/reminders/mutes/new", &fields).await.status, 303, "{who}");
        }
        world.round().await;
        for page in ["/admin/reminders", "/admin/reminders/past", "/admin/reminders.csv", "/admin/reminders/past.csv"] {
            let (theirs, all) = (sun.get(page).await, gao.get(page).await);
            assert_eq!((theirs.status, all.status), (200, 200), "{page}");
            assert!(theirs.body.contains("T0003") && !theirs.body.contains("T0001"), "{page}");
            assert!(all.body.contains("T0003") && all.body.contains("T0001"), "{page}");
        }
        let mutes = sun.get("/admin/reminders/mutes").await;
        assert!(mutes.says("td", "孙的理由") && mutes.says("td", "大家的理由") && !mutes.says("td", "林的理由"));
        assert_eq!(mutes.body.matches("/end\"").count(), 1, "what binds everybody they do not end");
        let rule = sun.get("/admin/reminders/rules/course-overdue").await;
        assert!(rule.says(".alert", "全集团") && !rule.has("button[type='submit'].btn-primary"));
        let list = sun.get("/admin/reminders/rules").await;
        assert!(list.status == 200 && !list.body.contains("/admin/reminders/rules/new"));
        assert_eq!(sun.get("/admin/reminders/rules/new").await.status, 403);
        for page in ["/", "/admin", "/admin/reminders", "/admin/reminders/past"] {
            assert!(!sun.get(page).await.body.contains("/admin/mail"), "{page} leads nowhere closed");
            assert!(gao.get(page).await.body.contains("/admin/mail"), "{page}");
        }
    }
}

on_both! {
    async fn the_command_line_tells_the_past(world: World) {
        world.certified("T0001", BRAKES, "2026-12-23").await;
        world.round().await;
        let url = world.shared.db.url().to_string();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
            .args(["--database", &url, "remind", "--past", "--json"]).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["rule"], &lines[0]["person"], &lines[0]["state"]), (&"certificate-expiring".into(), &"T0001".into(), &"waiting".into()));
        assert_eq!((&lines[0]["due"], &lines[0]["offset"]), (&"2026-12-23".into(), &30.into()));
        let subject = lines[0]["subject"].as_str().expect("a subject");
        assert!(subject.starts_with(BRAKES), "{subject}");
    }
}

on_both! {
    async fn whatever_the_days_of_its_runs_each_step_comes_once(world: World) {
        world.certified("T0001", BRAKES, "2027-03-15").await;
        // Days that are drawn, some close together and some far apart; always the same.
        let mut seed = 7_u64;
        let mut today = day("2026-11-25");
        while today < day("2027-06-20") {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            today += Duration::days(i64::try_from(seed >> 60).expect("small"));
            world.round_at(&format!("{today}T02:00:00Z")).await;
            let mut rows = world.ledger().await;
            rows.retain(|row| row.rule == "certificate-expiring");
            let mut keys: Vec<_> = rows.iter().map(|row| (row.staff_no.clone(), row.due_on, row.days_before)).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), rows.len(), "{today}");
            let reached = [90, 60, 30, 14, 7, 1, 0, -7].into_iter().rfind(|step| day("2027-03-15") - Duration::days(*step) <= today);
            let last = rows.iter().find(|row| row.staff_no == "T0001").map(|row| row.days_before);
            assert_eq!(last, reached, "{today}");
        }
    }
}
