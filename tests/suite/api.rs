//! The API: tokens and their reach, what it answers, and how it says no.

use serde_json::Value;
use shifu::{
    certification::{
        model::{Act, ActKind},
        queries as certificates,
    },
    db::{Conn, Error},
    record::ledger,
};

use crate::{
    asof::{BRAKES, at},
    on_both,
    world::{Backend, Page, World, day, instant, run},
};

/// Another system with a token.
struct System<'a> {
    world: &'a World,
    token: String,
}

impl World {
    /// An administrator makes a token for a part of the tree.
    async fn system(&self, site: &str) -> System<'_> {
        let gao = self.gao().await.reads("en").await;
        let page = gao.get("/admin/tokens").await;
        let fields = [("title", "Dispatch"), ("site", site), ("expires_on", "2026-12-31")];
        let shown = gao.submit(&page, "/admin/tokens", &fields).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        let token = shown.attribute("#token", "value").expect("shown once");
        System { world: self, token }
    }
}

impl System<'_> {
    async fn ask(&self, path: &str) -> Page {
        let bearer = format!("Bearer {}", self.token);
        self.world.anybody().get_with(path, &[("authorization", &bearer)]).await
    }

    async fn get(&self, path: &str) -> Value {
        let page = self.ask(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        serde_json::from_str(&page.body).expect("JSON")
    }

    /// What changed after a place, once there is so much of it: PostgreSQL shows a change when it is
    /// a second old.
    async fn changes(&self, after: &str, count: usize) -> Value {
        let path = format!("/api/v1/changes?after={after}");
        for _ in 0..100 {
            let answer = self.get(&path).await;
            if answer["items"].as_array().is_some_and(|items| items.len() >= count) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{count} changes after {after:?} did not come: {}", self.get(&path).await);
    }

    /// The status and the code of a problem.
    async fn problem(&self, path: &str) -> (u16, String) {
        problem(&self.ask(path).await)
    }
}

fn problem(page: &Page) -> (u16, String) {
    let kind = page.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    assert_eq!(kind, Some("application/problem+json"), "{}", page.body);
    let body: Value = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!(body["status"], page.status);
    for words in [&body["title"], &body["detail"], &body["zh"]["title"], &body["zh"]["detail"]] {
        assert!(words.as_str().is_some_and(|words| !words.is_empty()), "{body}");
    }
    let code = body["code"].as_str().expect("a code").to_owned();
    assert_eq!(body["type"], format!("urn:shifu:problem:{code}"));
    (page.status, code)
}

const OF_LIN: &str = "/api/v1/people/T0001/certificates";

on_both! {
    async fn a_token_reaches_its_part_of_the_tree_and_nothing_else(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        world.brakes("T0003", "2026-11-16T02:00:00Z").await;
        let (east, group) = (world.system("east").await, world.system("group").await);
        let held = east.get(OF_LIN).await;
        assert_eq!(held["person"]["staff_no"], "T0001");
        let one = &held["certificates"][0];
        for (field, expected) in [
            ("number", "SF-2026-000001"), ("certification", BRAKES), ("state", "valid"),
            ("valid_from", "2026-11-16"), ("valid_through", "2028-11-15"), ("issued_on", "2026-11-16"),
        ] {
            assert_eq!(one[field], expected, "{field}");
        }
        assert_eq!((&one["in_force"], &one["issued_here"], &one["why"]), (&true.into(), &true.into(), &Value::Null));
        for out in [
            "/api/v1/people/T0003/certificates", "/api/v1/certificates/SF-2026-000002", "/api/v1/people/X9/certificates",
            "/api/v1/certificates/SF-2026-999999", "/api/v1/certificates?site=beijing", "/api/v1/certificates?site=nowhere",
            &format!("/api/v1/explain?person=T0003&certification={BRAKES}"),
        ] {
            assert_eq!(east.problem(out).await, (404, "not-found".to_owned()), "{out}");
        }
        assert_eq!(group.get("/api/v1/certificates/SF-2026-000002").await["person"]["staff_no"], "T0003");
        let all = |list: Value| list["items"].as_array().expect("items").len();
        assert_eq!(all(east.get("/api/v1/certificates").await), 1);
        assert_eq!(all(group.get("/api/v1/certificates").await), 2);
        assert_eq!(all(group.get("/api/v1/certificates?site=beijing").await), 1);
    }
}

on_both! {
    async fn only_a_token_that_holds_opens_the_api(world: World) {
        let system = world.system("east").await;
        assert_eq!(system.ask(OF_LIN).await.status, 200);
        let none = world.anybody().get(OF_LIN).await;
        assert_eq!(problem(&none), (401, "token-missing".to_owned()));
        assert!(none.headers.contains_key("www-authenticate"));
        let signed_in = world.gao().await.get(OF_LIN).await;
        assert_eq!(problem(&signed_in), (401, "token-missing".to_owned()), "a session is no token");
        for wrong in ["Bearer shifu_wrong", "Bearer ", "Basic YTpi", "shifu"] {
            let page = world.anybody().get_with(OF_LIN, &[("authorization", wrong)]).await;
            assert_eq!(page.status, 401, "{wrong}");
        }
        let lower = format!("bearer {}", system.token);
        assert_eq!(world.anybody().get_with(OF_LIN, &[("authorization", &lower)]).await.status, 200);
        // The last day is the 31st in Shanghai.
        world.clock.travel_to(instant("2026-12-31T15:59:59Z"));
        assert_eq!(system.ask(OF_LIN).await.status, 200);
        world.clock.travel_to(instant("2026-12-31T16:00:00Z"));
        assert_eq!(system.problem(OF_LIN).await, (401, "token-expired".to_owned()));
        world.clock.travel_to(instant("2026-11-24T02:00:00Z"));
        assert_eq!(system.ask(OF_LIN).await.status, 200);
        let gao = world.gao().await.reads("en").await;
        let list = gao.get("/admin/tokens").await;
        assert!(list.says("tbody tr", "Dispatch") && !list.body.contains(&system.token));
        assert!(!list.says("tbody tr", "never"), "when it was used last");
        let end = "/admin/tokens/1/end";
        assert_eq!(gao.submit(&list, end, &[]).await.status, 303);
        assert_eq!(system.problem(OF_LIN).await, (401, "token-ended".to_owned()));
        assert!(gao.get("/admin/tokens").await.says(".badge", "Ended"));
    }
}

on_both! {
    async fn a_token_is_shown_once_and_made_by_administrators_within_their_reach(world: World) {
        let gao = world.gao().await.reads("en").await;
        let fields = [("form_key", "k"), ("title", "Dispatch"), ("site", "east"), ("expires_on", "2027-11-22")];
        assert!(gao.post("/admin/tokens", &fields).await.has("#token"));
        let again = gao.post("/admin/tokens", &fields).await;
        assert_eq!((again.status, again.location.as_deref()), (303, Some("/admin/tokens")), "nobody can be shown it twice");
        assert_eq!(gao.get("/admin/tokens").await.texts("tbody tr").len(), 1, "and a double click makes one");
        for (field, wrong) in [("title", " "), ("site", "nowhere"), ("expires_on", "2026-11-22"), ("expires_on", "2031-01-01"), ("expires_on", "soon")] {
            let mut fields = fields.to_vec();
            fields.retain(|(name, _)| *name != field && *name != "form_key");
            fields.extend([(field, wrong), ("form_key", "other")]);
            let page = gao.post("/admin/tokens", &fields).await;
            assert_eq!(page.status, 422, "{field}={wrong}");
            assert_eq!(page.texts(".text-danger").len(), 1, "{field}={wrong}");
        }
        for who in ["H0001", "M0001", "T0001"] {
            assert_eq!(world.signed_in(who).await.get("/admin/tokens").await.status, 403, "{who}");
        }
    }
}

on_both! {
    async fn every_answer_takes_a_day_and_a_day_of_knowledge(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let system = world.system("east").await;
        let number = "/api/v1/certificates/SF-2026-000001";
        for (query, state) in [("on=2026-11-20", "valid"), ("on=2028-11-01", "expiring"), ("on=2028-11-15", "expiring"), ("on=2199-01-01", "expired"), ("on=2026-11-01", "not-yet-valid")] {
            assert_eq!(system.get(&format!("{number}?{query}")).await["state"], state, "{query}");
        }
        let then = format!("{OF_LIN}?on=2026-11-20&known_on=2026-11-15");
        let answer = system.get(&then).await;
        assert_eq!(answer["certificates"], serde_json::json!([]));
        assert_eq!((&answer["on"], &answer["known_at"]), (&"2026-11-20".into(), &"2026-11-15T15:59:59.999999Z".into()));
        assert_eq!(system.problem(&format!("{number}?known_on=2026-11-15")).await.0, 404, "it was not there to be known");
        let list = |query: &str| format!("/api/v1/certificates?{query}");
        for (query, items) in [("", 1), ("state=valid", 1), ("state=revoked", 0), ("on=2026-11-15", 0), ("on=2028-11-15&state=expiring", 1), ("certification=no/such", 0), ("page=2", 0), ("known_on=2026-11-15", 0)] {
            let answer = system.get(&list(query)).await;
            assert_eq!(answer["items"].as_array().map(Vec::len), Some(items), "{query}");
            assert_eq!(answer["links"]["next"], Value::Null);
        }
        assert_eq!(system.get(&list("page=2")).await["links"]["previous"], "/api/v1/certificates?page=1");
        for (path, parameter) in [
            (list("on=2026-02-30"), "on"), (list("known_on=2026-11-24"), "known_on"), (list("page=0"), "page"), (list("page=x"), "page"),
            (list("state=good"), "state"), (format!("{OF_LIN}?on=0026-03-14"), "on"),
            ("/api/v1/explain?person=T0001".to_owned(), "subject"), (format!("/api/v1/explain?person=T0001&job=a/b&certification={BRAKES}"), "subject"),
            ("/api/v1/changes?after=x".to_owned(), "after"),
        ] {
            let page = system.ask(&path).await;
            assert_eq!(problem(&page), (400, "bad-parameter".to_owned()), "{path}");
            let body: Value = serde_json::from_str(&page.body).expect("JSON");
            assert_eq!(body["parameter"], parameter, "{path}");
        }
    }
}

on_both! {
    async fn explain_is_what_the_command_line_prints(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let system = world.system("east").await;
        for (kind, code) in [("certification", BRAKES), ("job", "inhouse-default/brake-work"), ("path", "inhouse-default/T2")] {
            for known in [None, Some("2026-11-15")] {
                let mut path = format!("/api/v1/explain?person=T0001&{kind}={code}&on=2026-11-20");
                let option = format!("--{kind}");
                let mut arguments = vec!["--person", "T0001", &option, code, "--on", "2026-11-20", "--json"];
                if let Some(day) = known {
                    path.push_str(&format!("&known_on={day}"));
                    arguments.extend(["--known-on", day]);
                }
                let output = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
                    .args(["--database", &world.shared.db.url().to_string(), "explain"])
                    .args(&arguments)
                    .env("SHIFU_LOG", "error")
                    .output()
                    .expect("the program runs");
                let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
                assert_eq!(system.get(&path).await, printed, "{path}");
                if kind == "certification" {
                    let state = &printed["certificate"]["state"];
                    assert_eq!(*state, known.map_or(Value::from("valid"), |_| Value::Null));
                }
            }
        }
        assert_eq!(system.problem("/api/v1/explain?person=T0001&job=no/such").await.0, 404);
    }
}

on_both! {
    async fn a_copy_is_kept_in_step_by_what_changed(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        world.brakes("T0003", "2026-11-16T03:00:00Z").await;
        let east = world.system("east").await;
        let first = east.changes("", 1).await;
        let items = first["items"].as_array().expect("items");
        assert_eq!(items.len(), 1, "the other region is left out");
        assert_eq!((&items[0]["change"], &items[0]["person"]), (&"issued".into(), &"T0001".into()));
        let he = world.he().await;
        let (page, acts) = ("/certificates/SF-2026-000001", "/certificates/SF-2026-000001/acts");
        let sheet = he.get(page).await;
        he.submit(&sheet, acts, &[("act", "suspended"), ("why", "事故待查")]).await;
        let next = east.changes(place(&first), 1).await;
        let item = &next["items"][0];
        assert_eq!((&item["change"], &item["why"], &item["on"]), (&"suspended".into(), &"事故待查".into(), &"2026-11-23".into()));
        let nothing = east.changes(place(&next), 0).await;
        assert_eq!((&nothing["items"], &nothing["after"], &nothing["more"]), (&serde_json::json!([]), &next["after"], &false.into()));
        let again = east.changes("", 2).await;
        let told: Vec<&str> = again["items"].as_array().expect("items").iter().filter_map(|item| item["change"].as_str()).collect();
        assert_eq!(told, ["issued", "suspended"], "a certificate before what is done to it");
    }
}

/// From where an answer says to go on.
fn place(answer: &Value) -> &str {
    answer["after"].as_str().expect("a cursor")
}

/// Notes an act on a certificate as if it had been asked for at this moment.
fn act(conn: &mut Conn, number: &str, kind: ActKind, moment: &str) -> Result<(), Error> {
    let found = certificates::by_number(conn, number)?.expect("a certificate");
    let act = Act::new(found.id, kind, day("2026-11-23"), "试", at(moment));
    certificates::add_act(conn, &act).map(drop)
}

on_both! {
    async fn what_was_asked_for_long_before_it_was_written_is_not_missed(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let east = world.system("east").await;
        let number = "SF-2026-000001";
        world.arrange(move |conn| act(conn, number, ActKind::Suspended, "2026-11-23T01:59:00Z")).await;
        let first = east.changes("", 2).await;
        // A long upload, or a wait for the writer: it was asked for earlier than what was read already.
        world.arrange(move |conn| act(conn, number, ActKind::Reinstated, "2026-11-23T01:00:00Z")).await;
        let next = east.changes(place(&first), 1).await;
        assert_eq!(next["items"][0]["change"], "reinstated");
        assert_eq!(next["items"][0]["at"], "2026-11-23T01:00:00Z");
        assert_eq!(east.changes(place(&next), 0).await["items"], serde_json::json!([]));
    }
}

/// Something large is being written while others write less: nobody may read past it.
#[test]
fn what_is_still_being_written_holds_up_what_came_later() {
    run(Backend::Postgres, async |world: World| {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        world.brakes("T0003", "2026-11-16T03:00:00Z").await;
        let group = world.system("group").await;
        let before = group.changes("", 2).await;
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel();
        let db = world.shared.db.clone();
        let large = std::thread::spawn(move || {
            db.write_blocking(move |conn| -> Result<(), Error> {
                // A transaction that has not written anything yet counts, too.
                assert!(certificates::by_number(conn, "SF-2026-000001")?.is_some());
                begun.send(()).expect("the test waits");
                may_go_on.recv().expect("the test goes on");
                act(conn, "SF-2026-000001", ActKind::Suspended, "2026-11-23T02:00:00Z")
            })
        });
        has_begun.recv().expect("it begins");
        let small = |conn: &mut Conn| {
            act(conn, "SF-2026-000002", ActKind::Suspended, "2026-11-23T02:00:01Z")
        };
        world.arrange(small).await;
        world.clock.advance(chrono::Duration::minutes(10));
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let waiting = group.changes(place(&before), 0).await;
        assert_eq!(waiting["items"], serde_json::json!([]), "the one before it is not there yet");
        go_on.send(()).expect("it waits");
        large.join().expect("it ends").expect("it is written");
        let both = group.changes(place(&before), 2).await;
        let numbers = [&both["items"][0]["number"], &both["items"][1]["number"]];
        assert_eq!(numbers, ["SF-2026-000001", "SF-2026-000002"]);
    });
}

on_both! {
    async fn long_lists_are_read_page_by_page_and_miss_nobody(world: World) {
        let new: Vec<String> = (0..450).map(|at| format!("N{at:04}")).collect();
        world.arrange(move |conn| {
            use shifu::{i18n::Lang, record::{Kind, NewFact, Source}, staff::transfers::{self, NewAssignment, NewPerson}};
            let site = shifu::staff::queries::site_by_code(conn, "pudong")?.expect("a site").id;
            for (at_place, staff_no) in new.iter().enumerate() {
                let one = NewPerson { staff_no, name: "新人", name_en: None, email: None, phone: None, lang: Lang::Zh };
                let stamp = at("2026-01-05T02:00:00Z");
                let person = transfers::add_person(conn, &one, stamp)?;
                let post = NewAssignment { person, site, position: "technician", occupation: "auto-mechanic", manager: None, starts_on: day("2026-01-05"), ends_on: None };
                transfers::assign(conn, &post, stamp)?;
                let fact = NewFact::new(Kind::Certificate, BRAKES, day("2026-01-05")).number(format!("E{at_place}"));
                ledger::append(conn, person, &fact, Source::new("import", at_place as i64), stamp)?;
            }
            Ok(())
        }).await;
        let system = world.system("east").await;
        let (mut path, mut seen) = (Some("/api/v1/certificates?state=valid&on=2026-06-01".to_owned()), Vec::new());
        let mut pages = 0;
        while let Some(next) = path {
            let answer = system.get(&next).await;
            seen.extend(answer["items"].as_array().expect("items").iter().map(|item| item["person"]["staff_no"].as_str().expect("a number").to_owned()));
            path = answer["links"]["next"].as_str().map(str::to_owned);
            pages += 1;
        }
        assert_eq!((pages, seen.len()), (3, 450));
        seen.dedup();
        assert_eq!(seen.len(), 450, "each once, by staff number");
    }
}

#[test]
fn the_description_names_every_address_and_no_other() {
    run(Backend::Sqlite, async |world: World| {
        let page = world.anybody().get("/api/v1/openapi.json").await;
        let described: Value = serde_json::from_str(&page.body).expect("JSON");
        assert_eq!(described["openapi"], "3.1.0");
        let mut paths: Vec<String> =
            described["paths"].as_object().expect("paths").keys().cloned().collect();
        paths.sort();
        let table = shifu::app::routes().table;
        let of_api = table.iter().filter(|route| route.path.starts_with("/api/"));
        let mut routes: Vec<String> = of_api.map(|route| route.path.to_owned()).collect();
        routes.sort();
        assert_eq!(paths, routes);
        let mut references = Vec::new();
        collect(&described, &mut references);
        for reference in references {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(described.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    });
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(all) => all.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[test]
fn a_token_that_asks_without_end_has_to_wait() {
    run(Backend::Sqlite, async |world: World| {
        let system = world.system("east").await;
        let path = "/api/v1/changes";
        // Time stands still, so that nothing is regained however slow this machine is.
        let moment = world.clock.now();
        let mut refused = None;
        for _ in 0..301 {
            world.clock.travel_to(moment);
            let page = system.ask(path).await;
            if page.status == 429 {
                refused = Some(page);
                break;
            }
        }
        let late = refused.expect("three hundred in a row, and no more");
        assert_eq!(problem(&late), (429, "too-many-requests".to_owned()));
        assert!(late.headers.contains_key("retry-after"));
    });
}
