//! The start page and a person's whole record.

use shifu::record::{
    Kind, NewFact, Source,
    ledger::{self, Stamp},
};

use crate::{
    on_both,
    world::{BEGINNING, World, day, instant},
};

on_both! {
    async fn each_role_is_told_what_to_do_today(world: World) {
        for actor in [world.lin().await, world.wang().await, world.zhou().await, world.he().await, world.gao().await] {
            let page = actor.reads("en").await.get("/").await;
            assert_eq!(page.status, 200);
            assert!(page.says("h2", "What to do today"));
        }
        let lin = world.lin().await.reads("en").await.get("/").await;
        assert!(lin.says(".list-group-item", "to go"), "the next step and what is missing");
    }
}

on_both! {
    async fn a_certificate_that_ends_soon_stands_on_the_start_page(world: World) {
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let held = NewFact::new(Kind::Certificate, "inhouse-default/hv-aware", day("2024-12-10"));
            let held = held.through(Some(day("2026-12-09")));
            ledger::append(conn, lin, &held, Source::new("history", 1), Stamp { at: instant(BEGINNING), by: None })
        }).await;
        let browser = world.lin().await.reads("en").await;
        assert!(browser.get("/").await.says(".list-group-item", "Valid through 9 Dec 2026"));
        // No job has run since: the page is right all the same.
        world.clock.travel_to(instant("2026-12-10T02:00:00Z"));
        let browser = world.lin().await.reads("en").await;
        assert!(browser.get("/").await.says(".list-group-item", "Expired on 9 Dec 2026"));
        assert!(browser.get("/me").await.says(".badge", "Expired"));
    }
}

on_both! {
    async fn a_record_is_open_to_its_person_and_those_over_them_and_to_nobody_else(world: World) {
        let path = format!("/people/{}", world.id("T0001").await);
        for (actor, status) in [
            (world.lin().await, 200),
            (world.zhou().await, 200),
            (world.zhao().await, 200),
            (world.he().await, 200),
            (world.gao().await, 200),
            (world.sun().await, 404),
            (world.wang().await, 404),
        ] {
            assert_eq!(actor.get(&path).await.status, status);
            assert_eq!(actor.get(&format!("{path}/record.csv")).await.status, status);
        }
    }
}
