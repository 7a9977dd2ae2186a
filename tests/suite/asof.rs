//! Any day, as known at any moment: what was recorded later is unseen, what was voided later counts.

use chrono::{Days, NaiveDate};
use proptest::{
    prelude::*,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use shifu::{
    certification::{
        acts, asof,
        asof::Known,
        model::{Act, ActKind, Basis, CertificateId},
        queries::{self, NewCertificate},
    },
    content::ContentId,
    db::{Conn, Error, Instant},
    i18n::Lang,
    record::{
        FactId, Kind, NewFact, PersonId, Source,
        asof::{AsOf, Days as AskedDays},
        ledger::{self, Stamp},
    },
    staff::{
        queries::{Filter, Scope},
        transfers::{self, NewPerson},
    },
};

use crate::{
    on_both,
    world::{Page, World, day, instant},
};

pub const BRAKES: &str = "inhouse-default/brake-specialist";
pub const BRAKES_TITLE: &str = "Brake specialist";

pub fn at(moment: &str) -> Stamp {
    Stamp { at: instant(moment), by: None }
}

impl World {
    /// Somebody passes what brake specialists need, and the certificate is issued at this moment.
    pub async fn brakes(&self, who: &'static str, moment: &'static str) {
        let (person, consequences) = (self.id(who).await, self.shared.consequences.clone());
        self.arrange(move |conn| {
            let stamp = at(moment);
            let on = stamp.at.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
            let course = NewFact::new(Kind::Course, "brake-systems", on).amount(8, 1, Some("h"));
            let exam =
                NewFact::new(Kind::Exam, "inhouse-default/brake-theory", on).amount(85, 1, None);
            let rows = ledger::rows_of(conn, person, None)?.len() as i64;
            for (line, fact) in [course, exam].iter().enumerate() {
                let source = Source::new("test", person.0 * 1000 + rows).line(line as i64 + 1);
                ledger::append(conn, person, fact, source, stamp)?;
            }
            consequences.follow(conn, person, on, stamp)
        })
        .await;
    }

    /// A certificate from elsewhere is entered into somebody's record.
    async fn certified_elsewhere(
        &self,
        who: &'static str,
        from: &'static str,
        moment: &'static str,
    ) -> FactId {
        let person = self.id(who).await;
        self.arrange(move |conn| {
            let fact = NewFact::new(Kind::Certificate, BRAKES, day(from))
                .through(Some(day("2028-01-31")))
                .number("EXT-1");
            ledger::append(conn, person, &fact, Source::new("test", 77).line(person.0), at(moment))
        })
        .await
    }
}

/// How the certificate of brakes stands on a person's page, by address.
async fn state(world: &World, path: &str) -> String {
    let page = world.he().await.reads("en").await.get(path).await;
    assert_eq!(page.status, 200, "{path}");
    certificate_of(&page)
}

/// What the card of certificates says of the brakes.
fn certificate_of(page: &Page) -> String {
    let titles = page.texts("#certificates dt");
    let place = titles.iter().position(|title| title == BRAKES_TITLE);
    place.map_or_else(|| "none".to_owned(), |at| page.texts("#certificates dd")[at].clone())
}

on_both! {
    async fn a_fact_recorded_later_is_unseen_until_then_and_counts_from_then_on(world: World) {
        let lin = world.id("T0001").await;
        world.certified_elsewhere("T0001", "2026-02-01", "2026-11-20T02:00:00Z").await;
        let of = |query: &str| format!("/people/{lin}?{query}");
        assert!(state(&world, &of("on=2026-03-14")).await.starts_with("Valid"), "as known now");
        assert_eq!(state(&world, &of("on=2026-03-14&known_on=2026-11-19")).await, "none");
        let then = state(&world, &of("on=2026-03-14&known_on=2026-11-20")).await;
        assert!(then.starts_with("Valid"), "known by the end of that day: {then}");
        assert_eq!(state(&world, &of("on=2026-01-31")).await, "none", "it had not begun");
        assert!(state(&world, &of("on=2028-01-31")).await.starts_with("Ends today"));
        assert!(state(&world, &of("on=2028-02-01")).await.contains("Expired"), "a forecast");
        let page = world.he().await.reads("en").await.get(&of("on=2028-02-01")).await;
        assert!(page.says(".as-of-banner", "As of 1 Feb 2028, as known now"));
        assert!(page.says(".as-of-banner", "a forecast"));
        let page = world.he().await.get(&of("on=2026-03-14&known_on=2026-11-19")).await;
        assert!(page.says(".as-of-banner", "以下是 2026年3月14日 的情况，按 2026年11月19日 结束时所知"));
        assert!(!world.he().await.get(&format!("/people/{lin}")).await.has(".as-of-banner"));
    }
}

on_both! {
    async fn what_was_voided_later_counted_then(world: World) {
        let lin = world.id("T0001").await;
        let fact = world.certified_elsewhere("T0001", "2026-02-01", "2026-03-01T02:00:00Z").await;
        world.arrange(move |conn| ledger::void(conn, fact, "证书系伪造", at("2026-10-05T02:00:00Z"))).await;
        let of = |query: &str| format!("/people/{lin}?{query}");
        assert_eq!(state(&world, &of("on=2026-03-14")).await, "none", "as known now");
        let before = of("on=2026-03-14&known_on=2026-10-04");
        assert!(state(&world, &before).await.starts_with("Valid"));
        assert_eq!(state(&world, &of("on=2026-03-14&known_on=2026-10-05")).await, "none");
        let page = world.he().await.get(&before).await;
        assert!(!page.says("body", "证书系伪造"), "nobody knew that then");
        assert!(world.he().await.get(&of("on=2026-03-14")).await.says("body", "证书系伪造"));
    }
}

on_both! {
    async fn a_suspension_entered_after_the_day_is_unseen_by_those_who_ask_as_known_then(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let one = queries::issued_to(conn, lin)?.remove(0);
            let act = Act::new(one.id, ActKind::Suspended, day("2026-11-18"), "事故待查", at("2026-11-20T03:00:00Z"));
            let back = Act::new(one.id, ActKind::Reinstated, day("2026-11-22"), "已澄清", at("2026-11-22T03:00:00Z"));
            queries::add_act(conn, &act)?;
            queries::add_act(conn, &back).map(drop)
        }).await;
        let of = |query: &str| format!("/people/{lin}?{query}");
        for (query, expected) in [
            ("on=2026-11-17", "Valid"),
            ("on=2026-11-19", "Suspended"),
            ("on=2026-11-19&known_on=2026-11-19", "Valid"),
            ("on=2026-11-19&known_on=2026-11-20", "Suspended"),
            ("on=2026-11-23&known_on=2026-11-21", "Suspended"),
            ("on=2026-11-23", "Valid"),
            ("on=2026-11-17&known_on=2026-11-15", "none"),
        ] {
            let found = state(&world, &of(query)).await;
            assert!(found.starts_with(expected), "{query}: {found}");
        }
        assert!(state(&world, &of("on=2026-11-19")).await.contains("事故待查"), "with its reason");
    }
}

on_both! {
    async fn a_name_put_right_brings_another_certificate_from_that_day_on(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let he = world.he().await;
        let sheet = he.get("/certificates/SF-2026-000001").await;
        let fields = [("act", "replaced"), ("name", "林滔"), ("name_en", "Lin Tao"), ("why", "姓名有误")];
        let sent = he.submit(&sheet, "/certificates/SF-2026-000001/acts", &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let lin = world.id("T0001").await;
        let of = |query: &str| format!("/people/{lin}?{query}");
        for (query, number) in [
            ("on=2026-11-20", "SF-2026-000001"),
            ("on=2026-11-23", "SF-2026-000002"),
            ("on=2026-11-23&known_on=2026-11-22", "SF-2026-000001"),
            ("on=2028-11-01", "SF-2026-000002"),
        ] {
            let found = state(&world, &of(query)).await;
            assert!(found.contains(number), "{query}: {found}");
            assert!(!found.contains("Superseded"), "{query}: {found}");
        }
    }
}

/// The days on which the record says that brakes are held, as known now.
async fn spans(world: &World, who: PersonId) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let known = world.arrange(move |conn| Known::load(conn, who, None)).await;
    let brakes = |code: &str| code == BRAKES;
    let held =
        known.facts.iter().filter(|fact| fact.kind == Kind::Certificate && brakes(&fact.code));
    held.map(|fact| (fact.from, fact.through)).collect()
}

on_both! {
    async fn a_name_put_right_gives_back_no_day_on_which_the_old_one_did_not_count(world: World) {
        world.brakes("T0001", "2026-11-02T02:00:00Z").await;
        let lin = world.id("T0001").await;
        let (he, path) = (world.he().await, "/certificates/SF-2026-000001");
        for fields in [
            [("act", "suspended"), ("why", "事故待查"), ("on", "2026-11-10")],
            [("act", "reinstated"), ("why", "已澄清"), ("on", "2026-11-20")],
        ] {
            let sent = he.submit(&he.get(path).await, &format!("{path}/acts"), &fields).await;
            assert_eq!(sent.status, 303, "{}", sent.body);
        }
        // It has run out for a month when a rule extends it.
        world.clock.travel_to(instant("2028-12-10T02:00:00Z"));
        world.arrange(move |conn| {
            let (one, stamp) = (queries::issued_to(conn, lin)?.remove(0), at("2028-12-10T02:00:00Z"));
            let act = Act::new(one.id, ActKind::Extended, day("2028-12-01"), "rule", stamp);
            acts::apply(conn, &one, &Act { through: Some(day("2029-12-31")), ..act }, stamp)
        }).await;
        let before = spans(&world, lin).await;
        assert_eq!(before.len(), 3, "with two gaps: {before:?}");
        let he = world.he().await;
        let fields = [("act", "replaced"), ("name", "林滔"), ("name_en", "Lin Tao"), ("why", "姓名有误")];
        let sent = he.submit(&he.get(path).await, &format!("{path}/acts"), &fields).await;
        assert_eq!(sent.location.as_deref(), Some("/certificates/SF-2028-000001"), "{}", sent.body);
        assert_eq!(spans(&world, lin).await, before, "no day is gained or lost");
        let of = |query: &str| format!("/people/{lin}?{query}");
        for (query, state_of, number) in [
            ("on=2026-11-15", "Suspended", "SF-2026-000001"),
            ("on=2026-11-15&known_on=2026-11-22", "Valid", "SF-2026-000001"),
            ("on=2026-11-21", "Valid", "SF-2026-000001"),
            ("on=2028-11-15", "Expired, renewable", "SF-2026-000001"),
            ("on=2028-12-11", "Valid", "SF-2028-000001"),
        ] {
            let found = state(&world, &of(query)).await;
            assert!(found.starts_with(state_of) && found.contains(number), "{query}: {found}");
        }
        let rules = world.shared.rules.clone();
        world.arrange(move |conn| {
            let known = Known::load(conn, lin, None)?;
            for n in 0..1_200 {
                let on = day("2026-11-01") + Days::new(n);
                let counts = known.counting(rules.context(), on).iter().any(asof::Seen::in_force);
                let said = before.iter().any(|(from, through)| *from <= on && through.is_none_or(|last| on <= last));
                assert_eq!(counts, said, "{on}: pages and record say the same");
            }
            let new = known.all(rules.context(), day("2026-11-15")).pop().expect("the new one");
            assert!(new.held.acts.is_empty(), "what was done to the old one is not listed on the new one");
            assert!(new.why(day("2026-11-15")).is_some_and(|why| why.zh.contains("事故待查")));
            Ok(())
        }).await;
    }
}

const BATTERY: &str = "inhouse-default/battery-repair";

on_both! {
    async fn which_renewal_an_imported_one_is_stands_in_the_record(world: World) {
        let (lin, rules) = (world.id("T0001").await, world.shared.rules.clone());
        let seen = world.arrange(move |conn| {
            let stamp = at("2026-11-20T02:00:00Z");
            let qualified = NewFact::new(Kind::Certificate, "inhouse-default/hv-qualified", day("2020-01-01"))
                .through(Some(day("2030-12-31")));
            ledger::append(conn, lin, &qualified, Source::new("test", 78), stamp)?;
            let (set, _) = rules.certification(BATTERY).expect("a certification");
            for (number, from, through) in [("IM-1", "2022-12-11", "2024-12-10"), ("IM-2", "2024-12-11", "2026-12-10")] {
                let new = NewCertificate {
                    person: lin,
                    certification: BATTERY,
                    content: rules.revision(set),
                    number,
                    check_code: "AAAAAAAAAA",
                    issued_on: day(from),
                    valid_from: day(from),
                    valid_through: Some(day(through)),
                    printed: "{}".to_owned(),
                    verdict: "null".to_owned(),
                    cycle: 0,
                    basis: Basis::Import,
                    issuer: None,
                    foreign_number: None,
                    previous: None,
                    why: None,
                    template: None,
                    import: None,
                };
                let id = queries::add(conn, &new, stamp)?;
                let kept = queries::by_number(conn, number)?.expect("kept");
                let fact = acts::record::follow(conn, &kept, "import", 0, stamp)?;
                queries::name_fact(conn, id, fact.expect("a fact"))?;
            }
            let (today, context) = (day("2026-11-23"), rules.context());
            let known = Known::load(conn, lin, None)?.all(context, today);
            let (scope, filter) = (Scope::everyone(), Filter::default());
            let board = asof::board(conn, context, &scope, &filter, today, &AsOf::now(today))?;
            Ok([known, board.into_iter().map(|(_, seen)| seen).collect()])
        }).await;
        let cycles = seen.map(|all| {
            let battery = all.into_iter().filter(|seen| seen.held.code == BATTERY);
            battery.map(|seen| (seen.held.number.expect("a number"), seen.held.cycle)).collect::<Vec<_>>()
        });
        let [first, second] = [("IM-1".to_owned(), 0), ("IM-2".to_owned(), 1)];
        assert_eq!(cycles, [vec![first, second.clone()], vec![second]], "by what was held until then");
        let mine = world.lin().await.reads("en").await.get("/certificates").await;
        let next = mine.texts("article").into_iter().find(|card| card.contains("Renewal open")).expect("a renewal");
        assert!(next.contains("Delta course on traction batteries"), "the second renewal takes the course: {next}");
    }
}

on_both! {
    async fn a_day_ends_where_the_site_is(world: World) {
        // 23:59:59 and 00:00:00 in Shanghai.
        world.certified_elsewhere("T0001", "2026-02-01", "2026-11-20T15:59:59Z").await;
        world.certified_elsewhere("T0003", "2026-02-01", "2026-11-20T16:00:00Z").await;
        for (who, expected) in [("T0001", 1), ("T0003", 0)] {
            let person = world.id(who).await;
            let rules = world.shared.rules.clone();
            let asof = AskedDays { on: None, known_on: Some(day("2026-11-20")) }
                .at(day("2026-11-23"), chrono_tz::Asia::Shanghai);
            let held = world.arrange(move |conn| {
                shifu::certification::asof::of_person(conn, rules.context(), person, &asof)
            }).await;
            assert_eq!(held.len(), expected, "{who}");
        }
    }
}

on_both! {
    async fn wrong_days_are_named_on_the_form_and_far_ones_are_answered(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let lin = world.lin().await.reads("en").await;
        for page in ["/me", "/certificates", "/certificates/board"] {
            let (actor, page) = if page.ends_with("board") { (world.he().await.reads("en").await, page) } else { (lin.clone(), page) };
            for (query, words) in [
                ("on=2026-02-30", "is not a day"),
                ("on=0026-03-14", "with a year from 1900 to 2199"),
                ("on=%3Cb%3E", "“<b>” is not a day"),
                ("known_on=2026-11-24", "has not come yet"),
            ] {
                let answer = actor.get(&format!("{page}?{query}")).await;
                assert_eq!(answer.status, 422, "{page}?{query}");
                assert!(answer.says("form.as-of .text-danger", words), "{page}?{query}: {:?}", answer.texts("form.as-of"));
                assert!(answer.has("[role=alert]") && !answer.has(".as-of-banner"));
            }
            for query in ["on=1900-01-01", "on=2199-12-31", "on=1900-01-01&known_on=1900-01-01", "on=&known_on="] {
                assert_eq!(actor.get(&format!("{page}?{query}")).await.status, 200, "{page}?{query}");
            }
        }
        assert!(lin.get("/me?on=2199-12-31").await.says("#certificates", "Expired"));
        assert!(!lin.get("/me?on=1900-01-01").await.says("#certificates", BRAKES_TITLE));
        assert!(lin.get("/certificates?on=2199-12-31").await.says("article", "Expired"));
        assert!(!lin.get("/certificates?on=2026-11-15").await.says("article", "SF-2026-000001"));
    }
}

on_both! {
    async fn the_board_of_a_day_shows_who_held_what_where_they_worked_then(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        world.brakes("T0002", "2026-11-20T02:00:00Z").await;
        let he = world.he().await.reads("en").await;
        let rows = |page: Page| page.texts("tbody tr").len();
        assert_eq!(rows(he.get("/certificates/board").await), 2);
        assert_eq!(rows(he.get("/certificates/board?on=2026-11-18").await), 1, "the other came later");
        assert_eq!(rows(he.get("/certificates/board?on=2026-11-21&known_on=2026-11-18").await), 1);
        assert_eq!(rows(he.get("/certificates/board?on=2026-11-15").await), 0);
        let valid = he.get("/certificates/board?on=2028-11-17&state=valid").await;
        assert_eq!(rows(valid), 1, "a forecast: the older one has ended");
        // A transfer: the board of a day shows people where they worked that day.
        let (lin, beijing) = (world.id("T0001").await, "beijing");
        world.arrange(move |conn| {
            let site = shifu::staff::queries::site_by_code(conn, beijing)?.expect("a site").id;
            let post = transfers::NewAssignment {
                person: lin, site, position: "technician", occupation: "auto-mechanic",
                manager: None, starts_on: day("2026-11-22"), ends_on: None,
            };
            transfers::assign(conn, &post, at("2026-11-22T02:00:00Z")).map(drop)
        }).await;
        assert_eq!(rows(he.get("/certificates/board?on=2026-11-18").await), 0, "out of reach today is out of sight for every day");
        let csv = world.he().await.get("/certificates/board.csv?on=2026-11-21").await;
        assert!(csv.body.contains("T0002") && !csv.body.contains("T0001"), "{}", csv.body);
    }
}

/// Something that happens to a person's certificates, at the moment of its place in the story.
#[derive(Clone, Debug)]
enum Event {
    Recorded { code: usize, from: u64, length: u64 },
    Voided { which: usize },
    Issued { code: usize, from: u64, length: u64 },
    Acted { which: usize, kind: usize, on: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..3usize, 0..900u64, 1..900u64).prop_map(|(code, from, length)| Event::Recorded {
            code,
            from,
            length
        }),
        (0..8usize).prop_map(|which| Event::Voided { which }),
        (0..3usize, 0..900u64, 1..900u64).prop_map(|(code, from, length)| Event::Issued {
            code,
            from,
            length
        }),
        (0..8usize, 0..4usize, 0..1200u64).prop_map(|(which, kind, on)| Event::Acted {
            which,
            kind,
            on
        }),
    ]
}

const CODES: [&str; 3] = [BRAKES, "inhouse-default/hv-aware", "elsewhere/unknown"];
const KINDS: [ActKind; 4] =
    [ActKind::Suspended, ActKind::Reinstated, ActKind::Revoked, ActKind::Extended];

fn nth(day_of: u64) -> NaiveDate {
    day("2024-01-01") + Days::new(day_of)
}

fn moment(place: usize) -> Instant {
    instant("2026-01-01T00:00:00Z").plus(chrono::Duration::hours(place as i64 * 7))
}

/// Lets the first events of a story happen to somebody new.
fn replay(
    conn: &mut Conn,
    name: &str,
    content: ContentId,
    events: &[Event],
) -> Result<PersonId, Error> {
    let new =
        NewPerson { staff_no: name, name, name_en: None, email: None, phone: None, lang: Lang::Zh };
    let person = transfers::add_person(conn, &new, at("2025-12-31T00:00:00Z"))?;
    let (mut facts, mut certificates) = (Vec::new(), Vec::new());
    for (place, event) in events.iter().enumerate() {
        let stamp = Stamp { at: moment(place), by: None };
        match event {
            Event::Recorded { code, from, length } => {
                let fact = NewFact::new(Kind::Certificate, CODES[*code], nth(*from))
                    .through(Some(nth(from + length)))
                    .number(format!("R{place}"));
                let source = Source::new("test", person.0 * 1000 + place as i64);
                facts.push(ledger::append(conn, person, &fact, source, stamp)?);
            }
            Event::Voided { which } => {
                if let Some(fact) = facts.get(*which) {
                    ledger::void(conn, *fact, "错", stamp)?;
                }
            }
            Event::Issued { code, from, length } => {
                let number = format!("{name}-{place}");
                certificates.push(issue(
                    conn,
                    person,
                    content,
                    &number,
                    (CODES[*code], *from, *length),
                    stamp,
                )?);
            }
            Event::Acted { which, kind, on } => {
                if let Some(id) = certificates.get(*which) {
                    let mut act = Act::new(*id, KINDS[*kind], nth(*on), "因", stamp);
                    act.through = (act.kind == ActKind::Extended).then(|| nth(on + 400));
                    queries::add_act(conn, &act)?;
                }
            }
        }
    }
    Ok(person)
}

fn issue(
    conn: &mut Conn,
    person: PersonId,
    content: ContentId,
    number: &str,
    (code, from, length): (&str, u64, u64),
    stamp: Stamp,
) -> Result<CertificateId, Error> {
    let new = NewCertificate {
        person,
        certification: code,
        content,
        number,
        check_code: "AAAAAAAAAA",
        issued_on: nth(from),
        valid_from: nth(from),
        valid_through: Some(nth(from + length)),
        printed: "{}".to_owned(),
        verdict: "{}".to_owned(),
        cycle: 0,
        basis: Basis::Decision,
        issuer: None,
        foreign_number: None,
        previous: None,
        why: None,
        template: None,
        import: None,
    };
    let id = queries::add(conn, &new, stamp)?;
    let fact = NewFact::new(Kind::Certificate, code, nth(from)).through(Some(nth(from + length)));
    let fact = ledger::append(conn, person, &fact, Source::new("certificate", id.0), stamp)?;
    queries::name_fact(conn, id, fact)?;
    Ok(id)
}

/// Everything that can be said of a person on some days, without what tells two people apart.
fn told(known: &Known, context: &shifu::record::context::Context) -> Vec<String> {
    let mut told: Vec<String> = known
        .facts
        .iter()
        .map(|fact| format!("{:?} {} {} {:?}", fact.kind, fact.code, fact.from, fact.through))
        .collect();
    told.sort();
    for on in [0, 200, 500, 900, 1500] {
        for seen in known.counting(context, nth(on)) {
            let held = &seen.held;
            let number = held.number.as_deref().unwrap_or_default();
            let number = number.rsplit('-').next().unwrap_or_default();
            told.push(format!(
                "{on}: {} {number} {:?} {:?} {:?}",
                held.code,
                held.standing,
                held.through,
                seen.why(nth(on))
            ));
        }
    }
    told
}

on_both! {
    async fn as_known_at_a_moment_is_a_replay_of_what_was_recorded_by_then(world: World) {
        let rules = world.shared.rules.clone();
        let (set, _) = rules.certification(BRAKES).expect("a certification");
        let content = rules.revision(set);
        let mut runner = TestRunner::deterministic();
        let stories = proptest::collection::vec(event(), 3..14);
        for story in 0..24 {
            let events = stories.new_tree(&mut runner).expect("a story").current();
            let rules = rules.clone();
            world.arrange(move |conn| {
                let whole = replay(conn, &format!("S{story}"), content, &events)?;
                for until in 0..=events.len() {
                    // Between this event and the next; before the first one nothing is known.
                    let then = moment(until).plus(-chrono::Duration::hours(1));
                    let known = Known::load(conn, whole, Some(then))?;
                    let part = replay(conn, &format!("S{story}P{until}"), content, &events[..until])?;
                    let replayed = Known::load(conn, part, None)?;
                    let context = rules.context();
                    assert_eq!(told(&known, context), told(&replayed, context), "{until} of {events:?}");
                    assert_eq!(Known::load(conn, part, Some(moment(99)))?.facts, replayed.facts);
                }
                Ok(())
            }).await;
        }
    }
}
