//! What HR does in the life of a certificate: each act with its page, its letter and its facts.

use shifu::{
    certification::{
        model::Certificate,
        queries as certificates,
        rules::Barrier,
        standing::{Life, standing},
    },
    db::{Conn, Error},
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
    staff::transfers,
};

use crate::{
    careers::explain,
    on_both,
    world::{Actor, Page, World, day, instant},
};

const BRAKES: &str = "inhouse-default/brake-specialist";
const PAGE: &str = "/certificates/SF-2026-000001";
const ACTS: &str = "/certificates/SF-2026-000001/acts";

fn stamp() -> Stamp {
    Stamp { at: instant(crate::world::BEGINNING), by: None }
}

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
    /// The person earns the brake certificate on a day, by rule.
    async fn earns(&self, who: &'static str, on: &'static str) {
        let (person, consequences) = (self.id(who).await, self.shared.consequences.clone());
        self.arrange(move |conn| {
            done(conn, person, Kind::Course, "brake-systems", on)?;
            done(conn, person, Kind::Exam, "inhouse-default/brake-theory", on)?;
            consequences.follow(conn, person, day(on), stamp())
        })
        .await;
    }

    async fn issued(&self, who: &'static str) -> Vec<Certificate> {
        let person = self.id(who).await;
        self.arrange(move |conn| certificates::issued_to(conn, person)).await
    }

    /// The days of a certificate as the record says them now.
    async fn spans(&self, who: &'static str) -> Vec<(String, Option<String>, Option<String>)> {
        let person = self.id(who).await;
        let rows = self.arrange(move |conn| ledger::rows_of(conn, person, None)).await;
        let rows = rows.into_iter().filter(|row| row.kind == "certificate");
        rows.map(|row| {
            (row.from_on.to_string(), row.through_on.map(|day| day.to_string()), row.note)
        })
        .collect()
    }

    async fn subjects_sent(&self) -> Vec<String> {
        let mails = self.arrange(|conn| {
            shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::All, 1000, 0)
        });
        mails.await.into_iter().map(|mail| mail.subject).collect()
    }

    /// On every day for four years, the acts and the record say the same of a person.
    async fn record_follows_acts(&self, who: &'static str) {
        let person = self.id(who).await;
        let rules = self.shared.rules.clone();
        self.arrange(move |conn| {
            let facts = ledger::facts_of(conn, person, None)?;
            let acts = certificates::acts_of(conn, person)?;
            let all = certificates::issued_to(conn, person)?;
            for n in 0..1_500 {
                let on = day("2026-01-01") + chrono::Days::new(n);
                let by_acts = all.iter().any(|one| {
                    let life = Life {
                        code: &one.certification,
                        from: one.valid_from,
                        through: one.valid_through,
                        cycle: 0,
                        acts: acts.get(&one.id).map_or(&[][..], Vec::as_slice),
                    };
                    standing(rules.context(), &life, &[], on).state.in_force()
                });
                let by_facts = facts.iter().any(|fact| {
                    fact.kind == Kind::Certificate
                        && fact.from <= on
                        && fact.through.is_none_or(|through| on <= through)
                });
                assert_eq!(by_acts, by_facts, "{on}");
            }
            Ok(())
        })
        .await;
    }
}

/// Opens the sheet and does an act on it.
async fn act(actor: &Actor, fields: &[(&str, &str)]) -> Page {
    let sheet = actor.get(PAGE).await;
    actor.submit(&sheet, ACTS, fields).await
}

on_both! {
    async fn an_act_is_dated_back_but_neither_far_nor_into_the_future(world: World) {
        world.earns("T0001", "2026-11-02").await;
        let he = world.he().await;
        for (on, status) in [("2026-11-24", 409), ("2025-11-01", 409), ("gestern", 422)] {
            let fields = [("act", "suspended"), ("why", "等待复核"), ("on", on)];
            assert_eq!(act(&he, &fields).await.status, status, "{on}");
        }
        let fields = [("act", "suspended"), ("why", "等待复核"), ("on", "2026-11-10"), ("evidence", "质检通知 7 号")];
        assert_eq!(act(&he, &fields).await.status, 303);
        let before = [("act", "reinstated"), ("why", "误会"), ("on", "2026-11-09")];
        assert_eq!(act(&he, &before).await.status, 409, "not before the act before it");
        let fields = [("act", "reinstated"), ("why", "复核通过"), ("on", "2026-11-20")];
        assert_eq!(act(&he, &fields).await.status, 303);
        let some = |word: &str| Some(word.to_owned());
        assert_eq!(world.spans("T0001").await, [
            ("2026-11-02".to_owned(), some("2026-11-09"), some("suspended")),
            ("2026-11-20".to_owned(), some("2028-11-01"), None),
        ]);
        world.record_follows_acts("T0001").await;
        let sheet = he.get(PAGE).await;
        for words in ["质检通知 7 号", "复核通过", "何静", "2026年11月10日"] {
            assert!(sheet.says("#history li", words), "{words}");
        }
        let own = world.lin().await.get(PAGE).await;
        assert!(own.says("#history li", "复核通过") && !own.has("form[action$='/acts']"));
    }
}

on_both! {
    async fn a_stale_page_is_refused_and_a_double_click_is_not(world: World) {
        world.earns("T0001", "2026-11-20").await;
        let he = world.he().await;
        let stale = he.get(PAGE).await;
        let fields = [("act", "suspended"), ("why", "等待复核")];
        let (first, second) = tokio::join!(he.submit(&stale, ACTS, &fields), he.submit(&stale, ACTS, &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click");
        // Another window opened before: it still shows a certificate without acts.
        let mut old = stale.form(ACTS);
        old.retain(|(name, _)| name != "form_key" && name != "act" && name != "why");
        old.extend([("form_key", "another"), ("act", "revoked"), ("why", "旧页面")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let old: Vec<(&str, &str)> = old.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let refused = he.post(ACTS, &old).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("has acted on this certificate"), "{}", refused.body);
        assert_eq!(world.spans("T0001").await.len(), 1, "suspended once, not revoked");
    }
}

on_both! {
    async fn two_of_hr_at_once_do_it_once(world: World) {
        world.earns("T0001", "2026-11-20").await;
        let (one, other) = (world.he().await, world.he().await);
        let (a, b) = (one.get(PAGE).await, other.get(PAGE).await);
        let fields = [("act", "revoked"), ("why", "考试作弊")];
        let (first, second) = tokio::join!(one.submit(&a, ACTS, &fields), other.submit(&b, ACTS, &fields));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "one did it, the other hears so");
        let revoked = world.subjects_sent().await.into_iter().filter(|subject| subject.contains("吊销")).count();
        assert_eq!(revoked, 1, "one letter");
    }
}

on_both! {
    async fn an_extension_moves_the_last_day_without_a_gap(world: World) {
        world.earns("T0001", "2026-11-20").await;
        let he = world.he().await;
        for (through, status) in [("", 422), ("2026-11-22", 409), ("2028-11-19", 409), ("2042-01-01", 409)] {
            let fields = [("act", "extended"), ("why", "疫情延期"), ("through", through)];
            assert_eq!(act(&he, &fields).await.status, status, "{through}");
        }
        let fields = [("act", "extended"), ("why", "疫情延期"), ("through", "2029-03-31")];
        assert_eq!(act(&he, &fields).await.status, 303);
        assert_eq!(world.spans("T0001").await, [("2026-11-20".to_owned(), Some("2029-03-31".to_owned()), None)]);
        // Shorter is possible, too, and so is going on after the end.
        let fields = [("act", "extended"), ("why", "转岗"), ("through", "2026-12-31")];
        assert_eq!(act(&he, &fields).await.status, 303);
        world.clock.travel_to(instant("2027-02-01T02:00:00Z"));
        let he = world.he().await;
        assert!(he.get(PAGE).await.says(".badge", "已过期") || he.get(PAGE).await.says(".badge", "换证"));
        let fields = [("act", "extended"), ("why", "补办"), ("through", "2027-06-30")];
        assert_eq!(act(&he, &fields).await.status, 303);
        assert_eq!(world.spans("T0001").await, [("2026-11-20".to_owned(), Some("2027-06-30".to_owned()), None)]);
        world.record_follows_acts("T0001").await;
        assert!(he.get(PAGE).await.says("#history li", "2027年6月30日"));
        assert!(world.subjects_sent().await.iter().any(|subject| subject == "证书有效期已变更：制动系统专修"));
    }
}

on_both! {
    async fn a_wrong_name_is_put_right_on_a_new_certificate_with_the_same_dates(world: World) {
        world.earns("T0001", "2026-11-02").await;
        let he = world.he().await;
        let suspended = [("act", "suspended"), ("why", "等待复核"), ("on", "2026-11-10")];
        assert_eq!(act(&he, &suspended).await.status, 303);
        let reinstated = [("act", "reinstated"), ("why", "复核通过"), ("on", "2026-11-20")];
        assert_eq!(act(&he, &reinstated).await.status, 303);
        let before = world.spans("T0001").await;
        assert_eq!(act(&he, &[("act", "replaced"), ("why", "姓名有误"), ("name", "")]).await.status, 422);
        let fields = [("act", "replaced"), ("why", "姓名有误"), ("name", "林滔"), ("name_en", "Lin Tao")];
        let done = act(&he, &fields).await;
        assert_eq!(done.location.as_deref(), Some("/certificates/SF-2026-000002"));
        let all = world.issued("T0001").await;
        assert_eq!(all.len(), 2);
        let (old, new) = (&all[0], &all[1]);
        assert_eq!((new.valid_from, new.valid_through, new.cycle), (old.valid_from, old.valid_through, old.cycle));
        assert_eq!((new.basis.word(), new.previous_id), ("replacement", Some(old.id)));
        assert_eq!((old.printed().name.as_str(), new.printed().name.as_str()), ("林涛", "林滔"));
        assert_eq!(world.spans("T0001").await, before, "no day is gained or lost, a suspension included");
        let sheet = he.get("/certificates/SF-2026-000002").await;
        assert!(sheet.says(".holder", "林滔") && sheet.says(".badge", "有效"));
        let old = he.get(PAGE).await;
        assert!(old.says(".badge", "已被取代") && old.says(".holder", "林涛"));
        assert!(old.says(".alert", "SF-2026-000002") && !old.has("form[action$='/acts']"));
        // Suspended from now on, the new one keeps the days before.
        let acts = "/certificates/SF-2026-000002/acts";
        let again = [("act", "suspended"), ("why", "再次复核"), ("on", "2026-11-21")];
        assert_eq!(he.submit(&sheet, acts, &again).await.status, 303);
        let days: Vec<String> = world.spans("T0001").await.into_iter().map(|(from, ..)| from).collect();
        assert_eq!(days, ["2026-11-02", "2026-11-20"]);
    }
}

on_both! {
    async fn another_certificate_takes_its_place(world: World) {
        world.earns("T0001", "2026-11-20").await;
        let he = world.he().await;
        let own = [("act", "superseded"), ("why", "升级"), ("other", "SF-2026-000001")];
        assert_eq!(act(&he, &own).await.status, 409, "nothing to choose yet");
        issue(&he, "T0001", "inhouse-default/hv-aware", &[("exception", "yes")]).await;
        let fields = [("act", "superseded"), ("why", "升级"), ("other", "HVA-2026-000001")];
        assert_eq!(act(&he, &fields).await.status, 303);
        let sheet = he.get(PAGE).await;
        assert!(sheet.says(".badge", "已被取代") && sheet.says("#history li", "HVA-2026-000001"));
        let rest = ("2026-11-20".to_owned(), Some("2026-11-22".to_owned()), Some("superseded".to_owned()));
        assert!(world.spans("T0001").await.contains(&rest));
    }
}

on_both! {
    async fn what_hr_superseded_is_not_issued_again_by_rule(world: World) {
        let (lin, consequences) = (world.id("T0001").await, world.shared.consequences.clone());
        world.arrange(move |conn| {
            for (course, on) in [(true, "2026-11-02"), (false, "2026-11-20")] {
                if course {
                    done(conn, lin, Kind::Course, "hv-safety", on)?;
                }
                done(conn, lin, Kind::Exam, "inhouse-default/hv-safety-theory", on)?;
                consequences.follow(conn, lin, day(on), stamp())?;
            }
            Ok(())
        }).await;
        let he = world.he().await;
        issue(&he, "T0001", "inhouse-default/hv-qualified", &[("exception", "yes")]).await;
        let fields = [("act", "superseded"), ("why", "已有作业资格"), ("other", "HVQ-2026-000001")];
        let sheet = he.get("/certificates/HVA-2026-000001").await;
        assert_eq!(he.submit(&sheet, "/certificates/HVA-2026-000001/acts", &fields).await.status, 303);
        let consequences = world.shared.consequences.clone();
        world.arrange(move |conn| consequences.follow(conn, lin, day("2026-11-24"), stamp())).await;
        assert_eq!(world.issued("T0001").await.len(), 2, "the exam of the twentieth brings no third");
    }
}

on_both! {
    async fn a_revocation_dated_back_over_a_renewal_takes_the_old_one_with_it(world: World) {
        world.earns("T0001", "2026-11-20").await;
        world.earns("T0001", "2028-09-02").await;
        world.clock.travel_to(instant("2029-01-10T02:00:00Z"));
        let he = world.he().await;
        let renewed = world.issued("T0001").await[1].number.clone();
        let sheet = he.get(&format!("/certificates/{renewed}")).await;
        let fields = [("act", "revoked"), ("why", "考试作弊"), ("on", "2028-10-01")];
        let acts = format!("/certificates/{renewed}/acts");
        assert_eq!(he.submit(&sheet, &acts, &fields).await.status, 303);
        let cut = ("2026-11-20".to_owned(), Some("2028-09-30".to_owned()), Some("revoked".to_owned()));
        assert_eq!(world.spans("T0001").await, [cut], "the old one had not run out on that day");
        let (lin, consequences) = (world.id("T0001").await, world.shared.consequences.clone());
        world.arrange(move |conn| consequences.follow(conn, lin, day("2029-01-11"), stamp())).await;
        assert_eq!(world.issued("T0001").await.len(), 2, "no rule undoes it");
    }
}

on_both! {
    async fn a_name_put_right_frees_nothing_that_was_used_up(world: World) {
        world.earns("T0001", "2026-11-02").await;
        let he = world.he().await;
        for fields in [
            &[("act", "suspended"), ("why", "等待复核"), ("on", "2026-11-10")][..],
            &[("act", "reinstated"), ("why", "复核通过"), ("on", "2026-11-20")],
            &[("act", "extended"), ("why", "积分"), ("through", "2029-03-31")],
            &[("act", "replaced"), ("why", "姓名有误"), ("name", "林滔")],
        ] {
            assert_eq!(act(&he, fields).await.status, 303, "{fields:?}");
        }
        let lin = world.id("T0001").await;
        let (barriers, rows) = world.arrange(move |conn| {
            let barriers = shifu::certification::issue::barriers_of(conn, lin, day("2026-11-24"))?;
            Ok((barriers, ledger::rows_of(conn, lin, None)?))
        }).await;
        let (on, through) = (day("2026-11-23"), Some(day("2029-03-31")));
        assert_eq!(barriers.get(BRAKES), Some(&Barrier::Issued { on, through }), "extended on that day");
        let held = rows.into_iter().filter(|row| row.kind == "certificate");
        let levels: Vec<Option<String>> = held.map(|row| row.level).collect();
        assert_eq!(levels, [None, Some("resumed:2026-11-02".to_owned())], "one certificate, interrupted");
    }
}

/// Issues by decision through the pages, and returns where that led.
async fn issue(actor: &Actor, staff_no: &str, code: &str, more: &[(&str, &str)]) -> Page {
    let page =
        actor.get(&format!("/certificates/issue?person={staff_no}&certification={code}")).await;
    assert!(
        page.has("form[method=post][action='/certificates/issue']"),
        "{:?}",
        page.texts(".alert")
    );
    let mut fields = page_form(&page);
    fields.push(("why".to_owned(), "经总部批准".to_owned()));
    fields.retain(|(name, value)| name != "why" || !value.is_empty());
    fields.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    actor.post("/certificates/issue", &fields).await
}

/// The fields of the form that decides: the first one only shows what would be decided.
fn page_form(page: &Page) -> Vec<(String, String)> {
    let html = scraper::Html::parse_document(&page.body);
    let inputs =
        scraper::Selector::parse("form[method=post][action^='/certificates/'] input[type=hidden]")
            .expect("a selector");
    html.select(&inputs)
        .map(|input| {
            let get = |name| input.value().attr(name).unwrap_or_default().to_owned();
            (get("name"), get("value"))
        })
        .collect()
}

on_both! {
    async fn hr_issues_by_decision_and_an_exception_says_so(world: World) {
        let he = world.he().await;
        let refused = issue(&he, "T0001", BRAKES, &[]).await;
        assert_eq!(refused.status, 422, "the requirement is not met");
        assert!(refused.body.contains("例外"));
        let page = he.get(&format!("/certificates/issue?person=T0001&certification={BRAKES}&from=2026-11-01")).await;
        assert_eq!(page.texts("#computed-through"), ["2028年10月31日"], "computed before it is decided");
        let done = issue(&he, "T0001", BRAKES, &[("exception", "yes")]).await;
        assert_eq!(done.location.as_deref(), Some(PAGE));
        for actor in [&he, &world.lin().await] {
            let sheet = actor.get(PAGE).await;
            assert!(sheet.says(".alert", "例外颁发") && sheet.says(".alert", "经总部批准"), "{:?}", sheet.texts(".alert"));
            assert!(sheet.says("#history li", "经批准颁发"));
        }
        let page = he.get(&format!("/certificates/issue?person=T0001&certification={BRAKES}")).await;
        assert!(page.says(".alert", "已持有"), "{:?}", page.texts(".alert"));
        let who = [("H0001", "自己"), ("T0003", "管理范围"), ("nobody", "管理范围")];
        for (number, words) in who {
            let page = he.get(&format!("/certificates/issue?person={number}&certification={BRAKES}")).await;
            assert!(page.says(".alert", words), "{number}");
        }
        assert_eq!(world.subjects_sent().await, ["证书已颁发：制动系统专修"]);
        let letter = he.get(PAGE).await.links().into_iter().find(|link| link.contains("/files/")).expect("a letter");
        let letter = world.lin().await.get(&letter).await;
        assert!(letter.body.contains("经总部批准"), "the holder may read what they were told");
        assert!(letter.headers["content-disposition"].to_str().is_ok_and(|value| value.starts_with("attachment")));
        assert_eq!(world.sun().await.get(PAGE).await.status, 404);
        assert_eq!(world.lin().await.get("/certificates/issue").await.status, 403);
    }
}

on_both! {
    async fn what_was_shown_is_what_is_decided(world: World) {
        let he = world.he().await;
        let page = he.get(&format!("/certificates/issue?person=T0001&certification={BRAKES}")).await;
        let mut fields = page_form(&page);
        fields.push(("why".into(), "批准".into()));
        fields.push(("exception".into(), "yes".into()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        world.earns("T0001", "2026-11-23").await;
        let refused = he.post("/certificates/issue", &fields).await;
        assert_eq!(refused.status, 409, "it came by rule meanwhile");
        assert_eq!(world.issued("T0001").await.len(), 1);
    }
}

on_both! {
    async fn many_are_issued_at_once_to_those_who_meet_the_rule(world: World) {
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        world.arrange(move |conn| {
            for person in [lin, wang] {
                done(conn, person, Kind::Course, "brake-systems", "2026-11-01")?;
                done(conn, person, Kind::Exam, "inhouse-default/brake-theory", "2026-11-01")?;
            }
            Ok(())
        }).await;
        let he = world.he().await;
        let path = format!("/certificates/issue-many?certification={BRAKES}&staff=T0001+T0002%2CM0001%0AT0003+T0001");
        let preview = he.get(&path).await;
        let rows = preview.texts("tbody tr");
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows.iter().any(|row| row.contains("M0001") && row.contains("还缺")), "who does not and why");
        assert!(preview.says(".alert", "T0003"), "out of reach");
        let mut fields = page_form(&preview);
        fields.push(("why".into(), "年度集中颁发".into()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let (first, second) = tokio::join!(he.post("/certificates/issue-many", &fields), he.post("/certificates/issue-many", &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click");
        assert_eq!((world.issued("T0001").await.len(), world.issued("T0002").await.len()), (1, 1));
        assert!(world.issued("M0001").await.is_empty());
        let other: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, if *k == "form_key" { "another" } else { *v })).collect();
        assert_eq!(he.post("/certificates/issue-many", &other).await.status, 409, "the preview is out of date");
        assert!(he.follow(&first).await.says(".alert", "2"));
    }
}

/// Lets people hold brake certificates that end on given days.
async fn holding(world: &World, ends: &'static [(&'static str, &'static str)]) {
    let rules = world.shared.rules.clone();
    for (at, (who, through)) in ends.iter().enumerate() {
        let (person, rules) = (world.id(who).await, rules.clone());
        world
            .arrange(move |conn| {
                let (set, _) = rules.certification(BRAKES).expect("a certification");
                let number = format!("OLD-{at}");
                let new = certificates::NewCertificate {
                    person,
                    certification: BRAKES,
                    content: rules.revision(set),
                    number: &number,
                    check_code: "AAAAAAAAAA",
                    issued_on: day("2019-01-01") + chrono::Days::new(at as u64),
                    valid_from: day("2019-01-01"),
                    valid_through: Some(day(through)),
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
                let kept = certificates::by_number(conn, &number)?.expect("kept");
                let fact =
                    shifu::certification::acts::record::follow(conn, &kept, "held", 0, stamp())?;
                certificates::name_fact(conn, id, fact.expect("a fact"))
            })
            .await;
    }
}

on_both! {
    async fn a_campaign_extends_what_ends_in_a_range_and_can_be_taken_back(world: World) {
        world.clock.travel_to(instant("2021-03-15T02:00:00Z"));
        holding(&world, &[
            ("M0001", "2021-03-31"), ("E0001", "2021-04-01"), ("T0002", "2021-09-30"), ("R0001", "2021-10-01"),
            ("T0003", "2021-06-30"),
        ]).await;
        let he = world.he().await;
        let path = "/certificates/extensions/new?certification=&first=2021-04-01&last=2021-09-30&months=6";
        let preview = he.get(path).await;
        let rows = preview.texts("tbody tr");
        assert_eq!(rows.len(), 2, "neither the day before nor the day after, nobody from Beijing: {rows:?}");
        assert!(rows[0].contains("2021年4月1日") && rows[0].contains("2021年10月1日"));
        assert!(rows[1].contains("2021年9月30日") && rows[1].contains("2022年3月30日"));
        let mut fields = page_form(&preview);
        fields.extend([("why", "考场关闭"), ("evidence", "集团通知 2021-03")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let (first, second) = tokio::join!(he.post("/certificates/extensions", &fields), he.post("/certificates/extensions", &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click");
        assert_eq!(first.location, second.location);
        let to = |word: &str| Some(word.to_owned());
        assert_eq!(world.spans("E0001").await, [("2019-01-01".to_owned(), to("2021-10-01"), None)]);
        assert_eq!(world.spans("T0002").await, [("2019-01-01".to_owned(), to("2022-03-30"), None)]);
        assert_eq!(world.spans("R0001").await, [("2019-01-01".to_owned(), to("2021-10-01"), None)]);
        let sheet = he.get("/certificates/OLD-1").await;
        assert!(sheet.says("#history li", "批量延期") && sheet.says("#history li", "集团通知 2021-03"));
        let list = he.get("/certificates/extensions").await;
        assert!(list.says("tbody tr", "考场关闭") && list.says("tbody tr", "何静") && list.says("tbody tr", "2 张"));
        // One of them is acted on; the other gets its former day again.
        let acts = "/certificates/OLD-2/acts";
        let page = he.get("/certificates/OLD-2").await;
        assert_eq!(he.submit(&page, acts, &[("act", "suspended"), ("why", "复核")]).await.status, 303);
        let campaign = he.follow(&first).await;
        let action = format!("{}/take-back", first.location.clone().expect("a campaign"));
        assert_eq!(he.submit(&campaign, &action, &[("why", " ")]).await.status, 409);
        assert_eq!(he.submit(&campaign, &action, &[("why", "通知撤销")]).await.status, 303);
        assert_eq!(world.spans("E0001").await, [("2019-01-01".to_owned(), to("2021-04-01"), None)]);
        assert_eq!(world.spans("T0002").await[0].1, to("2021-03-14"), "suspended as it was");
        let again = he.get(first.location.as_deref().expect("a campaign")).await;
        assert!(again.says("tbody tr", "已撤回") && !again.has(&format!("form[action='{action}']")));
        assert_eq!(world.zhou().await.get("/certificates/extensions").await.status, 403);
    }
}

on_both! {
    async fn a_campaign_that_is_taken_back_leaves_what_was_renewed_on_it(world: World) {
        world.earns("T0001", "2026-11-20").await;
        world.earns("T0002", "2026-11-20").await;
        world.clock.travel_to(instant("2028-11-10T02:00:00Z"));
        let he = world.he().await;
        let path = "/certificates/extensions/new?certification=&first=2028-11-01&last=2028-11-30&months=6";
        let mut fields = page_form(&he.get(path).await);
        fields.extend([("why", "考场关闭"), ("evidence", "集团通知 2028-11")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let sent = he.post("/certificates/extensions", &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let campaign = sent.location.clone().expect("a campaign");
        // One of them is renewed in the time that was given, from its end on.
        world.clock.travel_to(instant("2029-04-02T02:00:00Z"));
        world.earns("T0001", "2029-04-02").await;
        let to = |word: &str| Some(word.to_owned());
        let renewed = [
            ("2026-11-20".to_owned(), to("2029-05-19"), None), ("2029-05-20".to_owned(), to("2031-05-19"), None),
        ];
        assert_eq!(world.spans("T0001").await, renewed);
        let he = world.he().await;
        let page = he.get(&campaign).await;
        let said = |page: &Page| page.texts("tbody tr").iter().filter(|row| row.contains("之后已换证")).count();
        assert_eq!(said(&page), 1, "{:?}", page.texts("tbody tr"));
        let action = format!("{campaign}/take-back");
        assert_eq!(he.submit(&page, &action, &[("why", "通知撤销")]).await.status, 303);
        assert_eq!(world.spans("T0001").await, renewed, "no gap before the renewal");
        assert_eq!(world.spans("T0002").await[0].1, to("2029-04-01"));
        let again = he.get(&campaign).await;
        assert!(said(&again) == 1 && again.says("tbody tr", "已撤回") && !again.has(&format!("form[action='{action}']")));
    }
}

on_both! {
    async fn the_board_leads_to_what_can_be_done(world: World) {
        world.earns("T0001", "2026-11-20").await;
        world.earns("T0002", "2026-11-20").await;
        let he = world.he().await;
        let board = he.get("/certificates/board").await;
        assert!(board.says("#states a", "有效 2") && board.has("input[type=checkbox][name=number]"));
        let picked = he.get("/certificates/extensions/new?number=SF-2026-000001&months=1").await;
        assert_eq!(picked.texts("tbody tr").len(), 1);
        let none = he.get("/certificates/board?first=2030-01-01").await;
        assert!(none.has(".empty") && none.says("#states a", "全部 0"));
        let ends = he.get("/certificates/board?first=2028-11-01&last=2028-11-30&state=valid").await;
        assert_eq!(ends.texts("tbody tr").len(), 2);
        let csv = he.get("/certificates/board.csv").await.body;
        assert!(csv.lines().next().is_some_and(|line| line.contains("换证开始") && line.contains("原因")), "{csv}");
        let board = world.zhou().await.get("/certificates/board").await;
        assert!(!board.has("input[type=checkbox]"), "a manager looks and does not act");
    }
}

on_both! {
    async fn a_trainee_works_under_a_named_holder_until_either_stops_qualifying(world: World) {
        let he = world.he().await;
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        let path = format!("/certificates/of/{lin}");
        let action = format!("{path}/supervision");
        let code = "inhouse-default/hv-qualified";
        let wanted = [("certification", code), ("supervisor", "T0002")];
        let page = he.get(&path).await;
        assert_eq!(he.submit(&page, &action, &wanted).await.status, 409, "the supervisor holds nothing");
        world.arrange(move |conn| {
            for (person, code, line) in [(lin, "inhouse-default/hv-aware", 1), (wang, code, 2)] {
                let fact = NewFact::new(Kind::Certificate, code, day("2026-01-01")).through(Some(day("2027-06-30")));
                ledger::append(conn, person, &fact, Source::new("import", 77).line(line), stamp())?;
            }
            let born = NewFact::new(Kind::Birth, "born", day("1999-05-04"));
            ledger::append(conn, lin, &born, Source::new("import", 77).line(3), stamp()).map(drop)
        }).await;
        for (supervisor, through) in [("T0001", ""), ("T0003", ""), ("T0002", "2028-01-01"), ("T0002", "2026-01-01")] {
            let page = he.get(&path).await;
            let fields = [("certification", code), ("supervisor", supervisor), ("through", through)];
            assert_eq!(he.submit(&page, &action, &fields).await.status, 409, "{supervisor} {through}");
        }
        let page = he.get(&path).await;
        assert_eq!(he.submit(&page, &action, &wanted).await.status, 303);
        let mine = world.lin().await.get("/certificates").await;
        assert!(mine.says("#supervision li", "王建国") && mine.says("#supervision li", "2027年6月30日"), "{:?}", mine.texts("#supervision li"));
        let rules = world.shared.rules.clone();
        let (may, kinds) = world.arrange(move |conn| {
            let facts = ledger::facts_of(conn, lin, None)?;
            let (_, job) = rules.job("inhouse-default/hv-work").expect("a job");
            let met = shifu::record::verdict::is_met(&job.requires, rules.context(), &facts, day("2026-12-01"));
            Ok((met, facts.iter().filter(|fact| fact.kind == Kind::Supervision).count()))
        }).await;
        assert!(!may, "supervision is not holding it");
        assert_eq!(kinds, 1);
        let asked = ["--person", "T0001", "--job", "inhouse-default/hv-work", "--on", "2026-12-01"];
        let (code, _, said) = explain(&world, &asked);
        assert!(code == 1 && said.contains("under the eyes of") && said.contains("T0002"), "{said}");
        let (code, answer, _) = explain(&world, &[&asked[..], &["--json"]].concat());
        let answer = answer.expect("JSON");
        assert!(code == 1 && answer["met"] == false, "not alone: {answer}");
        let supervision = &answer["under_supervision"];
        assert_eq!((&supervision["supervisor"], &supervision["through"]), (&"T0002".into(), &"2027-06-30".into()));
        let again = he.get(&path).await;
        assert_eq!(he.submit(&again, &action, &wanted).await.status, 409, "there is one already");
        // The holder's certificate ends: nobody needs to do anything.
        world.clock.travel_to(instant("2027-07-01T02:00:00Z"));
        let mine = world.lin().await.get("/certificates").await;
        assert!(mine.says("#supervision li", "不可作业"), "{:?}", mine.texts("#supervision li"));
        let he = world.he().await;
        let page = he.get(&path).await;
        let end = page.attribute("form[action$='/end']", "action").expect("a form to end it");
        assert_eq!(he.submit(&page, &end, &[("why", "监护人证书到期")]).await.status, 303);
        assert!(he.get(&path).await.says("#supervision li", "已结束"));
        assert_eq!(world.lin().await.get(&format!("/certificates/of/{wang}")).await.status, 404);
    }
}

/// Somebody's last day at work was recorded.
async fn leaves(world: &World, who: &'static str, last: &'static str) {
    let person = world.id(who).await;
    world
        .arrange(move |conn| {
            let post = shifu::staff::queries::post_of(conn, person, day(last))?.expect("a post");
            let occupation = transfers::occupation_of(conn, &post.assignment)?;
            transfers::end(conn, &post.assignment, &occupation, day(last), "离职", stamp())
        })
        .await;
}

on_both! {
    async fn supervision_ends_with_the_last_day_of_supervisor_or_trainee(world: World) {
        let (lin, wang) = (world.id("T0001").await, world.id("T0002").await);
        let code = "inhouse-default/hv-qualified";
        world.arrange(move |conn| {
            for (person, code, line) in [(lin, "inhouse-default/hv-aware", 1), (wang, code, 2)] {
                let fact = NewFact::new(Kind::Certificate, code, day("2026-01-01")).through(Some(day("2028-06-30")));
                ledger::append(conn, person, &fact, Source::new("import", 77).line(line), stamp())?;
            }
            let born = NewFact::new(Kind::Birth, "born", day("1999-05-04"));
            ledger::append(conn, lin, &born, Source::new("import", 77).line(3), stamp()).map(drop)
        }).await;
        let he = world.he().await;
        let (path, wanted) = (format!("/certificates/of/{lin}"), [("certification", code), ("supervisor", "T0002")]);
        assert_eq!(he.submit(&he.get(&path).await, &format!("{path}/supervision"), &wanted).await.status, 303);
        let under = |on: &str| {
            let asked = ["--person", "T0001", "--job", "inhouse-default/hv-work", "--on", on, "--json"];
            explain(&world, &asked).1.expect("JSON")["under_supervision"].clone()
        };
        leaves(&world, "T0002", "2027-06-30").await;
        assert_eq!(under("2027-06-30")["supervisor"], "T0002", "on the last day");
        assert!(under("2027-07-01").is_null(), "the certificate runs on, but nobody supervises");
        world.clock.travel_to(instant("2027-07-05T02:00:00Z"));
        let mine = world.lin().await.get("/certificates").await;
        assert!(mine.says("#supervision li", "不可作业") && mine.says("#supervision li", "监护人已离职"), "{:?}", mine.texts("#supervision li"));
        leaves(&world, "T0001", "2027-03-31").await;
        assert_eq!(under("2027-03-31")["supervisor"], "T0002");
        assert!(under("2027-04-01").is_null(), "the trainee has left");
    }
}

on_both! {
    async fn only_running_certificates_that_rest_on_what_is_void_are_in_doubt(world: World) {
        let consequences = world.shared.consequences.clone();
        let people = [world.id("T0001").await, world.id("T0002").await, world.id("M0001").await];
        let exam = |points| NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day("2026-11-02")).amount(points, 1, None);
        let again = exam(90);
        world.arrange(move |conn| {
            for (n, person) in people.into_iter().enumerate() {
                done(conn, person, Kind::Course, "brake-systems", "2026-11-02")?;
                let source = Source::new("attempt", 7_000 + n as i64);
                let fact = ledger::append(conn, person, &exam(85), source, stamp())?;
                consequences.follow(conn, person, day("2026-11-02"), stamp())?;
                // The results of two are void; one of them has another that bears it as well.
                if n < 2 {
                    ledger::void(conn, fact, "更正", stamp())?;
                }
            }
            ledger::append(conn, people[1], &again, Source::new("attempt", 8_000), stamp()).map(drop)
        }).await;
        let he = world.he().await;
        let board = he.get("/certificates/board").await;
        assert_eq!(board.texts("#doubtful li").len(), 1, "{:?}", board.texts("#doubtful li"));
        assert!(board.says("#doubtful li", "T0001") && board.says("#doubtful li", "SF-2026-000001"));
        assert_eq!(act(&he, &[("act", "suspended"), ("why", "等待复核")]).await.status, 303);
        assert!(!he.get("/certificates/board").await.has("#doubtful"), "it was decided about");
    }
}

on_both! {
    async fn a_number_is_read_or_refused_with_the_reason(world: World) {
        let lin = world.lin().await.reads("en").await;
        let read = lin.get("/certificates/numbers?number=Y000123000001195000001").await;
        for words in ["Heilongjiang (23)", "2019", "5, junior worker", "employer"] {
            assert!(read.says("dd", words), "{words}");
        }
        for (word, reason) in [("S000044000001206000007", "16th"), ("s000044000001203000007", "capital"), ("hello", "none of these")] {
            assert!(lin.get(&format!("/certificates/numbers?number={word}")).await.says(".alert", reason), "{word}");
        }
    }
}
