//! What falls due, source by source: who hears of it, by which day, and who does not.

use chrono::{Duration, NaiveDate};
use diesel::prelude::*;
use shifu::{
    content::ContentId,
    db::{Instant, schema},
    record::{
        Kind, NewFact, PersonId, Rules, Source as From,
        ledger::{self, Stamp},
        verdict,
    },
    reminders::{
        model::{Due, Source},
        planner::{self, By},
        recipients::When,
        sources::Whose,
    },
    staff,
};

use crate::{
    on_both,
    world::{BEGINNING, World, day, instant},
};

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

fn on(day: &str) -> When {
    When { now: instant(BEGINNING), on: Some(crate::world::day(day)) }
}

impl World {
    async fn fact(&self, who: &'static str, n: i64, fact: NewFact) {
        let person = self.id(who).await;
        self.arrange(move |conn| {
            ledger::append(conn, person, &fact, From::new("test", n), stamp()).map(drop)
        })
        .await;
    }

    /// What one source has to say on a day, as recipient, due date and step.
    async fn says(&self, source: Source, when: When) -> Vec<(String, NaiveDate, i32)> {
        let dues = self.planned(when, 0).await;
        let of_source = dues.into_iter().filter(|due| due.rule.source == source);
        of_source.map(|due| (due.to.staff_no, due.due_on, due.step)).collect()
    }
}

fn told(who: &str, due: &str, step: i32) -> (String, NaiveDate, i32) {
    (who.to_owned(), day(due), step)
}

on_both! {
    async fn a_condition_that_lapses_is_told_before_it_does(world: World) {
        let code = "de-dguv-209-093-s/1S";
        world.fact("T0001", 1, NewFact::new(Kind::Certificate, code, day("2025-06-01"))).await;
        world.fact("T0001", 2, NewFact::new(Kind::Course, "hv-instruction", day("2026-01-25"))).await;
        // Whoever has been instructed again is not told.
        world.fact("T0002", 3, NewFact::new(Kind::Certificate, code, day("2025-06-01"))).await;
        world.fact("T0002", 4, NewFact::new(Kind::Course, "hv-instruction", day("2026-01-25"))).await;
        world.fact("T0002", 5, NewFact::new(Kind::Course, "hv-instruction", day("2026-10-01"))).await;
        assert!(world.says(Source::SuspendedSoon, on("2026-11-01")).await.is_empty());
        let said = world.says(Source::SuspendedSoon, on("2026-12-05")).await;
        let recipients: Vec<&str> = said.iter().map(|(who, ..)| who.as_str()).collect();
        assert_eq!(recipients, ["T0001", "M0001"]);
        let (rules, lin) = (world.shared.live_rules.current(), world.id("T0001").await);
        let facts = world.arrange(move |conn| ledger::facts_of(conn, lin, None)).await;
        let condition = rules.context().certification(code).and_then(|one| one.suspended_unless.clone()).expect("a condition");
        let met = |on: NaiveDate| verdict::is_met(&condition, rules.context(), &facts, on);
        let due = said[0].1;
        assert!(met(due) && !met(due + Duration::days(1)), "{due} is its last day");
        let last = world.says(Source::SuspendedSoon, on(&(due + Duration::days(20)).to_string())).await;
        assert_eq!(last.iter().map(|(_, due, step)| (*due, *step)).collect::<Vec<_>>(), [(due, 0), (due, 0), (due, 0)], "also when it has lapsed, to HR as well");
    }
}

on_both! {
    async fn a_review_inside_the_validity_is_told(world: World) {
        let code = "cn-special-operation-lv/low-voltage";
        world.fact("T0001", 1, NewFact::new(Kind::Certificate, code, day("2024-03-01")).through(Some(day("2030-02-28")))).await;
        world.fact("T0001", 2, NewFact::new(Kind::Employment, "low-voltage-electrician", day("2020-01-01"))).await;
        assert!(world.says(Source::ReviewDue, on("2026-11-01")).await.is_empty());
        assert_eq!(world.says(Source::ReviewDue, on("2026-12-01")).await, [told("T0001", "2027-02-28", 90)]);
        assert_eq!(world.says(Source::ReviewDue, on("2027-01-30")).await, [told("T0001", "2027-02-28", 30), told("M0001", "2027-02-28", 30)]);
        // Once it is missed the certificate is suspended, and those who slept through its day are told.
        let missed = ["T0001", "M0001", "H0001"].map(|who| told(who, "2027-02-28", 0));
        let mut said = world.says(Source::ReviewDue, on("2027-03-03")).await;
        said.sort_by_key(|(who, ..)| missed.iter().position(|one| one.0 == *who));
        assert_eq!(said, missed);
    }
}

/// A set of one certification with sixty days of grace.
fn with_grace() -> Rules {
    let file = r#"
code = "graced"
version = "1"
title = { zh = "宽限", en = "Graced" }
jurisdiction = "in-house"
source = "a test"
verified = "primary"
notice = { zh = "测试", en = "A test." }

[[certification]]
code = "c"
title = { zh = "证", en = "C" }
validity.months = 12
requires.course.code = "brake-systems"

[[certification.renewal]]
window_days = 90
grace_days = 60
requires.course.code = "brake-systems"
"#;
    let files = [("graced.toml".to_owned(), file.to_owned())];
    let courses = [("brake-systems".to_owned(), shifu::i18n::Text::same("Brakes"))];
    Rules::new(Rules::parse(&files, &courses).expect("a rule set"), Default::default())
}

on_both! {
    async fn the_end_of_grace_is_told_until_it_is_over(world: World) {
        let fact = NewFact::new(Kind::Certificate, "graced/c", day("2025-11-01")).through(Some(day("2026-10-31")));
        world.fact("T0001", 1, fact).await;
        for (today, steps) in [("2026-12-15", vec![]), ("2026-12-16", vec![14, 14]), ("2026-12-29", vec![1, 1, 1]), ("2027-01-02", vec![])] {
            let (rules, reminders, when) = (with_grace(), world.shared.reminders.clone(), on(today));
            let dues: Vec<Due> = world.shared.db.read(move |conn| {
                planner::due(conn, By { rules: &rules, reminders: &reminders }, when, 0, &Whose::Everyone)
            }).await.expect("a plan");
            let grace = dues.iter().filter(|due| due.rule.source == Source::GraceEnding);
            let found: Vec<(NaiveDate, i32)> = grace.map(|due| (due.due_on, due.step)).collect();
            let expected: Vec<(NaiveDate, i32)> = steps.into_iter().map(|step| (day("2026-12-30"), step)).collect();
            assert_eq!(found, expected, "{today}");
        }
    }
}

async fn content(world: &World) -> ContentId {
    world
        .arrange(|conn| {
            Ok(schema::content::table
                .order(schema::content::id)
                .select(schema::content::id)
                .first(conn)?)
        })
        .await
}

on_both! {
    async fn a_logbook_reminds_the_mentor_and_later_the_manager(world: World) {
        let (lin, wang, content) = (world.id("T0001").await, world.id("T0002").await, content(&world).await);
        world.arrange(move |conn| {
            use schema::{logbook_entry as entry, logbook_version as version, pairing};
            let id: i64 = diesel::insert_into(pairing::table).values((
                pairing::mentor_id.eq(wang), pairing::apprentice_id.eq(lin), pairing::ladder.eq("inhouse"), pairing::content_id.eq(content),
                pairing::goal.eq(""), pairing::starts_on.eq(day("2026-10-01")), pairing::ends_on.eq(day("2027-10-01")),
                pairing::agreed_at.eq(instant(BEGINNING)), pairing::agreed_by.eq(wang), pairing::verdict.eq("{}"),
            )).returning(pairing::id).get_result(conn)?;
            let entry_id: i64 = diesel::insert_into(entry::table).values((
                entry::pairing_id.eq(id), entry::entry_key.eq("k"), entry::created_at.eq(instant(BEGINNING)),
            )).returning(entry::id).get_result(conn)?;
            // Half past midnight in Shanghai: the day at the site counts, not that of UTC.
            diesel::insert_into(version::table).values((
                version::entry_id.eq(entry_id), version::version.eq(1_i64), version::task.eq("brake-pads"), version::done_on.eq(day("2026-11-22")),
                version::times.eq(1_i64), version::work_order.eq("W1"), version::note.eq(""), version::written_at.eq(instant("2026-11-22T16:30:00Z")),
            )).execute(conn)?;
            Ok(())
        }).await;
        assert!(world.says(Source::LogbookWaiting, on("2026-11-25")).await.is_empty());
        assert_eq!(world.says(Source::LogbookWaiting, on("2026-11-26")).await, [told("T0002", "2026-11-23", -3)]);
        let later = world.says(Source::LogbookWaiting, on("2026-12-07")).await;
        assert_eq!(later, [told("M0001", "2026-11-23", -14), told("T0002", "2026-11-23", -14)]);
        world.arrange(move |conn| {
            use schema::logbook_review as review;
            let version: i64 = schema::logbook_version::table.select(schema::logbook_version::id).first(conn)?;
            diesel::insert_into(review::table).values((
                review::version_id.eq(version), review::outcome.eq("signed"), review::reviewed_at.eq(instant(BEGINNING)), review::reviewed_by.eq(wang),
            )).execute(conn)?;
            Ok(())
        }).await;
        assert!(world.says(Source::LogbookWaiting, on("2026-12-07")).await.is_empty(), "signed");
    }
}

on_both! {
    async fn a_candidacy_waits_for_the_manager_and_then_for_hr(world: World) {
        let (lin, zhou, content) = (world.id("T0001").await, world.id("M0001").await, content(&world).await);
        world.arrange(move |conn| {
            use schema::candidacy;
            diesel::insert_into(candidacy::table).values((
                candidacy::person_id.eq(lin), candidacy::path.eq("inhouse-default/L2"), candidacy::content_id.eq(content), candidacy::statement.eq(""),
                candidacy::applied_at.eq(instant("2026-11-23T02:00:00Z")), candidacy::applied_by.eq(lin),
            )).execute(conn)?;
            Ok(())
        }).await;
        assert_eq!(world.says(Source::CandidacyWaiting, on("2026-11-26")).await, [told("M0001", "2026-11-23", -3)]);
        world.arrange(move |conn| {
            use schema::recommendation as given;
            let id: i64 = schema::candidacy::table.select(schema::candidacy::id).first(conn)?;
            diesel::insert_into(given::table).values((
                given::candidacy_id.eq(id), given::supports.eq(true), given::note.eq(""), given::given_at.eq(instant("2026-12-01T02:00:00Z")), given::given_by.eq(zhou),
            )).execute(conn)?;
            Ok(())
        }).await;
        assert!(world.says(Source::CandidacyWaiting, on("2026-12-03")).await.is_empty(), "HR has only just got it");
        assert_eq!(world.says(Source::CandidacyWaiting, on("2026-12-04")).await, [told("H0001", "2026-12-01", -3)]);
    }
}

/// A sitting in Pudong.
async fn sitting(
    world: &World,
    exam: &'static str,
    opens_at: Instant,
    register_from: Option<Instant>,
) -> i64 {
    let chen = world.id("E0001").await;
    world
        .arrange(move |conn| {
            use schema::sitting;
            let site = staff::queries::site_by_code(conn, "pudong")?.expect("a site");
            Ok(diesel::insert_into(sitting::table)
                .values((
                    sitting::code.eq("S-1"),
                    sitting::exam.eq(exam),
                    sitting::site_id.eq(site.id),
                    sitting::room.eq("201"),
                    sitting::opens_at.eq(opens_at),
                    sitting::start_by.eq(opens_at.plus(Duration::minutes(30))),
                    sitting::seats.eq(10_i64),
                    sitting::register_from.eq(register_from),
                    sitting::release.eq("at-once"),
                    sitting::note.eq(""),
                    sitting::created_at.eq(instant(BEGINNING)),
                    sitting::created_by.eq(chen),
                    sitting::sequence.eq(0_i64),
                ))
                .returning(sitting::id)
                .get_result(conn)?)
        })
        .await
}

async fn register(world: &World, sitting: i64, who: &'static str) {
    let (person, content): (PersonId, _) = (world.id(who).await, content(world).await);
    world
        .arrange(move |conn| {
            use schema::registration as name;
            diesel::insert_into(name::table)
                .values((
                    name::sitting_id.eq(sitting),
                    name::person_id.eq(person),
                    name::registered_at.eq(instant(BEGINNING)),
                    name::registered_by.eq(person),
                    name::verdict.eq("{}"),
                    name::content_id.eq(content),
                ))
                .execute(conn)?;
            Ok(())
        })
        .await;
}

on_both! {
    async fn an_exam_of_tomorrow_is_told_today(world: World) {
        let id = sitting(&world, "inhouse-default/brake-theory", instant("2026-12-09T16:30:00Z"), None).await;
        register(&world, id, "T0001").await;
        assert!(world.says(Source::SittingTomorrow, on("2026-12-08")).await.is_empty());
        assert_eq!(world.says(Source::SittingTomorrow, on("2026-12-09")).await, [told("T0001", "2026-12-10", 1)], "half past midnight on the tenth, in Pudong");
        world.round().await;
        world.clock.travel_to(instant("2026-12-09T02:00:00Z"));
        world.round().await;
        let list = world.lin().await.get("/notices").await;
        assert!(list.says(".list-group-item", "2026-12-10 00:30") && list.says(".list-group-item", "201"), "{}", list.body);
        world.arrange(|conn| {
            diesel::update(schema::registration::table).set((
                schema::registration::withdrawn_at.eq(instant(BEGINNING)), schema::registration::withdrawn_by.eq(schema::registration::person_id.nullable()),
            )).execute(conn)?;
            diesel::delete(schema::reminder::table).execute(conn)?;
            Ok(())
        }).await;
        assert!(world.says(Source::SittingTomorrow, on("2026-12-09")).await.is_empty(), "withdrawn");
    }
}

on_both! {
    async fn open_registration_is_told_to_who_needs_the_exam(world: World) {
        // Lin's certificate ends soon and is renewed by this exam; Wang's lasts.
        world.certified("T0001", "inhouse-default/brake-specialist", "2026-12-31").await;
        world.certified("T0002", "inhouse-default/brake-specialist", "2028-12-31").await;
        world.certified("T0003", "inhouse-default/brake-specialist", "2026-12-31").await;
        let opening = Some(instant("2026-11-24T01:00:00Z"));
        let id = sitting(&world, "inhouse-default/brake-theory", instant("2026-12-10T01:00:00Z"), opening).await;
        assert!(world.says(Source::RegistrationOpen, on("2026-11-23")).await.is_empty());
        let said = world.says(Source::RegistrationOpen, on("2026-11-24")).await;
        assert_eq!(said, [told("T0001", "2026-11-24", 0), told("R0001", "2026-11-24", 0)], "not Sun, in another region");
        register(&world, id, "T0001").await;
        assert!(world.says(Source::RegistrationOpen, on("2026-11-24")).await.is_empty());
    }
}

on_both! {
    async fn registration_that_has_closed_is_not_announced(world: World) {
        world.certified("T0001", "inhouse-default/brake-specialist", "2026-12-31").await;
        let opening = Some(instant("2026-11-24T01:00:00Z"));
        sitting(&world, "inhouse-default/brake-theory", instant("2026-12-10T01:00:00Z"), opening).await;
        let on_opening = [told("T0001", "2026-11-24", 0), told("R0001", "2026-11-24", 0)];
        assert_eq!(world.says(Source::RegistrationOpen, on("2026-12-09")).await, on_opening, "late, and not too late");
        assert!(world.says(Source::RegistrationOpen, on("2026-12-10")).await.is_empty(), "the exam has begun");
        world.arrange(|conn| {
            diesel::update(schema::sitting::table)
                .set(schema::sitting::register_by.eq(instant("2026-12-01T10:00:00Z"))).execute(conn)?;
            Ok(())
        }).await;
        assert_eq!(world.says(Source::RegistrationOpen, on("2026-11-30")).await, on_opening);
        assert!(world.says(Source::RegistrationOpen, on("2026-12-02")).await.is_empty());
    }
}

on_both! {
    async fn a_result_is_told_to_those_who_were_not_mailed(world: World) {
        let (lin, sun, content) = (world.id("T0001").await, world.id("T0003").await, content(&world).await);
        world.arrange(move |conn| {
            use schema::{attempt, attempt_result as result};
            diesel::update(schema::person::table.find(sun)).set(schema::person::email.eq(None::<String>)).execute(conn)?;
            for person in [lin, sun] {
                let id: i64 = diesel::insert_into(attempt::table).values((
                    attempt::person_id.eq(person), attempt::exam.eq("inhouse-default/brake-theory"), attempt::content_id.eq(content),
                    attempt::number.eq(1_i64), attempt::seed.eq(1_i64), attempt::pass_score.eq(60_i64), attempt::started_at.eq(instant("2026-11-22T02:00:00Z")),
                    attempt::hand_in_by.eq(instant("2026-11-22T03:00:00Z")), attempt::finished_at.eq(instant("2026-11-22T03:00:00Z")),
                )).returning(attempt::id).get_result(conn)?;
                diesel::insert_into(result::table).values((
                    result::attempt_id.eq(id), result::ended_by.eq("candidate"), result::points.eq(80_i64), result::points_max.eq(100_i64), result::passed.eq(true),
                    result::by_area.eq("{}"), result::cause.eq("finish"), result::graded_at.eq(instant(BEGINNING)), result::released_at.eq(instant(BEGINNING)),
                )).execute(conn)?;
            }
            Ok(())
        }).await;
        let mut said = world.says(Source::ResultOut, on("2026-11-23")).await;
        said.sort();
        assert_eq!(said, [told("M0001", "2026-11-23", 0), told("T0003", "2026-11-23", 0)], "Lin had a letter; Sun has no address");
    }
}
