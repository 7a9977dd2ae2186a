//! The ledger: one chain a person, and tampering shows.

use diesel::prelude::*;
use shifu::{
    db::schema::fact,
    record::{
        Kind, NewFact, Source, check,
        ledger::{self, Stamp},
    },
};

use crate::{
    on_both,
    world::{BEGINNING, World, day, instant},
};

const NOW: fn() -> Stamp = || Stamp { at: instant(BEGINNING), by: None };

on_both! {
    async fn a_changed_fact_breaks_its_chain(world: World) {
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let kpi = NewFact::new(Kind::Kpi, "first-time-fix", day("2026-10-01")).amount(37, 40, None);
            ledger::append(conn, lin, &kpi, Source::new("test", 1), NOW())
        }).await;
        let (facts, breaks) = world.shared.db.read(check::chains).await.unwrap();
        assert!(facts > 10 && breaks.is_empty(), "{breaks:?}");
        world.arrange(move |conn| {
            Ok(diesel::update(fact::table.filter(fact::person_id.eq(lin)).filter(fact::code.eq("first-time-fix")))
                .set(fact::amount_numerator.eq(40))
                .execute(conn)?)
        }).await;
        let (_, breaks) = world.shared.db.read(check::chains).await.unwrap();
        assert_eq!(breaks.iter().map(|b| (b.person, b.what)).collect::<Vec<_>>(), [(lin, "what the row says was changed")]);
    }
}

on_both! {
    async fn a_voided_fact_was_known_before_and_is_not_known_after(world: World) {
        let lin = world.id("T0001").await;
        let id = world.arrange(move |conn| {
            let grade = NewFact::new(Kind::Grade, "technician", day("2024-01-01")).level("T1");
            ledger::append(conn, lin, &grade, Source::new("test", 1), NOW())
        }).await;
        world.clock.advance(chrono::Duration::days(2));
        let later = world.clock.now();
        world.arrange(move |conn| {
            ledger::void(conn, id, "entered for the wrong person", Stamp { at: later, by: None })
        }).await;
        let grades = |known| world.shared.db.read(move |conn| {
            Ok::<_, shifu::db::Error>(ledger::facts_of(conn, lin, known)?.into_iter().filter(|f| f.kind == Kind::Grade).count())
        });
        assert_eq!(grades(None).await.unwrap(), 0);
        assert_eq!(grades(Some(instant("2026-11-24T00:00:00Z"))).await.unwrap(), 1);
        let (_, breaks) = world.shared.db.read(check::chains).await.unwrap();
        assert!(breaks.is_empty(), "{breaks:?}");
        let page = world.lin().await.get("/me").await;
        assert!(page.body.contains("entered for the wrong person"), "the correction is shown");
    }
}

on_both! {
    async fn two_writers_on_one_person_form_one_chain(world: World) {
        let lin = world.id("T0001").await;
        let write = |n: i64| world.arrange(move |conn| {
            let award = NewFact::new(Kind::Award, format!("award-{n}"), day("2026-01-01"));
            ledger::append(conn, lin, &award, Source::new("test", n), NOW())
        });
        let all: Vec<_> = (0..12).map(write).collect();
        futures_util::future::join_all(all).await;
        let (_, breaks) = world.shared.db.read(check::chains).await.unwrap();
        assert!(breaks.is_empty(), "{breaks:?}");
    }
}
