//! Promotion by a competition result: who may be raised, once a result, once a year.

use shifu::{
    access::{Role, queries as grants},
    db::Error,
    record::{
        FactId, Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
    staff::queries::site_by_code,
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const PAGE: &str = "/promotion/competitions";

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

async fn record(world: &World, person: PersonId, facts: Vec<NewFact>) -> Vec<FactId> {
    world
        .arrange(move |conn| {
            let held = ledger::rows_of(conn, person, None)?.len() as i64;
            facts
                .iter()
                .enumerate()
                .map(|(at, fact)| {
                    let source = Source::new("import", person.0).line(held + at as i64 + 1);
                    ledger::append(conn, person, fact, source, stamp())
                })
                .collect::<Result<Vec<_>, Error>>()
        })
        .await
}

fn result(class: &str, place: i64, on: &str) -> NewFact {
    NewFact::new(Kind::Competition, format!("cn-tj-detail/{class}"), day(on))
        .amount(place, 40, None)
}

fn grade(level: &str) -> NewFact {
    NewFact::new(Kind::Grade, "cn-auto-mechanic", day("2020-01-01")).level(level)
}

async fn levels(world: &World, person: PersonId) -> Vec<String> {
    let rows = world.shared.db.read(move |conn| ledger::rows_of(conn, person, None)).await.unwrap();
    let grades = rows.into_iter().filter(|row| row.kind == "grade");
    grades.filter_map(|row| row.level).collect()
}

async fn raise(hr: &Actor, result: FactId, reason: &str) -> Page {
    let address = format!("{PAGE}/{result}");
    let page = hr.get(&address).await;
    hr.submit(&page, &address, &[("reason", reason)]).await
}

/// Somebody who reviews for another part of the tree.
async fn also_hr(world: &World, staff_no: &'static str, site: &'static str) {
    let person = world.id(staff_no).await;
    world
        .arrange(move |conn| {
            let site = site_by_code(conn, site)?.expect("of the cast").id;
            grants::add_grant(conn, person, Role::Hr, site, day("2020-01-01"), None, stamp().at)
        })
        .await;
}

on_both! {
    async fn t1_a_result_raises_once_and_a_second_award_of_the_year_raises_nobody(world: World) {
        let wang = world.id("T0002").await;
        let facts = record(&world, wang, vec![
            grade("L2"),
            result("class-1", 3, "2026-05-01"),
            result("class-2", 1, "2026-10-01"),
            result("class-1", 30, "2026-06-01"),
        ]).await;
        let he = world.he().await.reads("zh-CN").await;
        let open = he.get(PAGE).await;
        assert_eq!(open.texts("#list tbody tr").len(), 1, "{:?}", open.texts("#list tbody tr"));
        assert!(open.says("#list tbody tr", "王建国") && open.says("#list tbody tr", "高级技师"));
        assert!(open.says("#list tbody tr", "第 3 名（共 40 人）"));
        let idle = he.get(&format!("{PAGE}?list=idle")).await;
        assert!(idle.says("#list tbody tr", "名次或奖项不在晋级范围内"));
        assert!(idle.says("#list tbody tr", "已达到或超过可晋升的等级"), "class 2 brings L2 at most");

        let address = format!("{PAGE}/{}", facts[1]);
        let page = he.get(&address).await;
        assert!(page.body.contains("publicservices.hrss.tj.gov.cn"), "the rule says its source");
        let fields = [("reason", "市总工会通报名单。"), ("effective_on", "2026-12-01")];
        let (first, second) =
            tokio::join!(he.submit(&page, &address, &fields), he.submit(&page, &address, &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click is harmless");
        let rows = world.shared.db.read(move |conn| ledger::rows_of(conn, wang, None)).await.unwrap();
        let granted = rows.iter().find(|row| row.level.as_deref() == Some("L1")).expect("raised");
        assert_eq!((granted.source_kind.as_str(), granted.source_id), ("competition", facts[1].0));
        assert_eq!((granted.from_on, granted.through_on), (day("2026-12-01"), None));
        assert_eq!(rows.iter().filter(|row| row.kind == "grade").count(), 2);

        let page = he.get(&address).await;
        assert!(page.says("#decision", "市总工会通报名单") && page.says("#decision", "何静"));
        assert!(page.says("#decision .verdict", "晋升“一级/高级技师”"), "the reason stays with it");
        assert!(!page.has("form[action^='/promotion/competitions/']"));
        let again = [("form_key", "k"), ("reason", "再来"), ("effective_on", "2026-12-01")];
        let again = he.post(&address, &again).await;
        assert_eq!(again.status, 409);
        assert!(again.body.contains("已用于晋级"), "{}", again.body);

        // A better result of the same year does not help; one of the next year would.
        let third = record(&world, wang, vec![result("class-1", 1, "2026-11-20")]).await[0];
        assert!(!he.get(PAGE).await.has("#list tbody tr"));
        let late = [("form_key", "l"), ("reason", "再来"), ("effective_on", "2026-12-01")];
        assert_eq!(he.post(&format!("{PAGE}/{third}"), &late).await.status, 409);
        let mails = world.shared.db.read(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 50, 0)
        }).await.unwrap();
        assert_eq!(mails.iter().filter(|mail| mail.subject.contains("竞赛晋级")).count(), 2);
    }
}

on_both! {
    async fn the_yearly_limit_is_counted_over_all_competitions_of_the_rule_set(world: World) {
        let lin = world.id("T0001").await;
        let facts = record(&world, lin, vec![
            grade("L5"),
            result("enterprise", 12, "2025-03-01"),
            result("class-2", 6, "2025-09-01"),
            result("class-2", 6, "2026-01-10"),
        ]).await;
        let he = world.he().await.reads("zh-CN").await;
        assert_eq!(raise(&he, facts[1], "集团比武。").await.status, 303);
        assert_eq!(levels(&world, lin).await, ["L5", "L4"]);
        let spent = he.get(&format!("{PAGE}/{}", facts[2])).await;
        assert!(spent.body.contains("2025 年的竞赛成绩已晋级过一次"), "{}", spent.body);
        let fields = [("form_key", "k"), ("reason", "再来"), ("effective_on", "2026-11-23")];
        let refused = he.post(&format!("{PAGE}/{}", facts[2]), &fields).await;
        assert_eq!(refused.status, 409);
        assert_eq!(raise(&he, facts[3], "下一年的成绩。").await.status, 303);
        assert_eq!(levels(&world, lin).await, ["L5", "L4", "L3"]);
        let file = he.get(&format!("{PAGE}/export?list=used")).await;
        assert_eq!(file.body.matches("T0001").count(), 2, "{}", file.body);
    }
}

on_both! {
    async fn of_two_reviewers_at_once_one_raises(world: World) {
        let lin = world.id("T0001").await;
        let facts = record(&world, lin, vec![
            grade("L4"),
            result("class-2", 2, "2026-09-01"),
            result("class-1", 9, "2026-10-01"),
        ]).await;
        also_hr(&world, "A0001", "group").await;
        let (he, gao) = (world.he().await, world.gao().await);
        let wang = world.id("T0002").await;
        let same = record(&world, wang, vec![grade("L4"), result("class-2", 2, "2026-09-01")]).await[1];
        // Two results of one year, and then the same result twice.
        for (keys, one, other) in [(["a1", "b1"], facts[1], facts[2]), (["a2", "b2"], same, same)] {
            let form = |key| [("form_key", key), ("reason", "通报"), ("effective_on", "2026-11-23")];
            let (hers, his) = (form(keys[0]), form(keys[1]));
            let (one, other) = (format!("{PAGE}/{one}"), format!("{PAGE}/{other}"));
            let (one, other) = tokio::join!(he.post(&one, &hers), gao.post(&other, &his));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 409], "{} {}", one.body, other.body);
        }
        assert_eq!(levels(&world, wang).await.len(), 2, "raised once");
        assert_eq!(levels(&world, lin).await.len(), 2, "raised once");
    }
}

on_both! {
    async fn only_hr_within_reach_and_never_about_oneself(world: World) {
        let (lin, he_id) = (world.id("T0001").await, world.id("H0001").await);
        let result_of_lin =
            record(&world, lin, vec![grade("L4"), result("class-2", 2, "2026-09-01")]).await[1];
        let own = record(&world, he_id, vec![grade("L4"), result("class-2", 1, "2026-09-01")]).await[1];
        let fields = [("form_key", "k"), ("reason", "好"), ("effective_on", "2026-11-23")];
        for actor in [world.zhou().await, world.zhao().await, world.lin().await] {
            assert_eq!(actor.get(PAGE).await.status, 403);
            assert_eq!(actor.post(&format!("{PAGE}/{result_of_lin}"), &fields).await.status, 403);
        }
        also_hr(&world, "T0003", "north").await;
        let sun = world.sun().await;
        assert!(!sun.get(PAGE).await.body.contains("T0001"));
        assert_eq!(sun.get(&format!("{PAGE}/{result_of_lin}")).await.status, 404);
        assert_eq!(sun.post(&format!("{PAGE}/{result_of_lin}"), &fields).await.status, 404);
        let he = world.he().await;
        assert!(!he.get(&format!("{PAGE}/{own}")).await.has("#reason"), "no form about oneself");
        assert_eq!(he.post(&format!("{PAGE}/{own}"), &fields).await.status, 403);
        assert_eq!(levels(&world, he_id).await, ["L4"]);
        let empty = he.get(&format!("{PAGE}/{result_of_lin}")).await;
        let empty = he.submit(&empty, &format!("{PAGE}/{result_of_lin}"), &[("reason", ""), ("effective_on", "2020-01-01")]).await;
        assert_eq!(empty.status, 422);
        assert!(empty.has("#reason-note .text-danger") && empty.has("#effective_on-note .text-danger"));
    }
}

on_both! {
    async fn a_result_that_was_taken_back_raises_nobody_and_what_it_raised_keeps_its_reason(world: World) {
        let lin = world.id("T0001").await;
        let facts = record(&world, lin, vec![
            grade("L4"),
            result("class-2", 2, "2026-09-01"),
            result("class-2", 2, "2025-09-01"),
        ]).await;
        let he = world.he().await.reads("zh-CN").await;
        assert_eq!(raise(&he, facts[1], "通报").await.status, 303);
        let (first, second) = (facts[1], facts[2]);
        world.arrange(move |conn| {
            ledger::void(conn, first, "名单有误", stamp())?;
            ledger::void(conn, second, "名单有误", stamp())
        }).await;
        let fields = [("form_key", "k"), ("reason", "好"), ("effective_on", "2026-11-23")];
        assert_eq!(he.post(&format!("{PAGE}/{second}"), &fields).await.status, 404);
        assert_eq!(he.get(&format!("{PAGE}/{second}")).await.status, 404);
        let page = he.get(&format!("{PAGE}/{first}")).await;
        assert!(page.body.contains("后来已从档案中撤销"), "the reader is told");
        assert!(page.says("#decision .verdict", "第 2 名"));
    }
}
