//! Extracts for auditors: what they say, that nobody can alter them, who may make and read them.

use serde_json::Value;
use shifu::{
    extracts::{body::FORMAT, make::TYPE},
    record::{Kind, NewFact, Source, ledger},
    signing::{self, jws},
};

use crate::{
    asof::{BRAKES, at},
    on_both,
    world::{Actor, Page, World, day, instant},
};

/// Fills in the form and follows it to the extract.
async fn make(actor: &Actor, action: &str, fields: &[(&str, &str)]) -> Page {
    let form = actor.get("/extracts").await;
    let sent = actor.submit(&form, action, fields).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    actor.follow(&sent).await
}

async fn json(actor: &Actor, number: &str) -> (Vec<u8>, Value) {
    let (status, bytes) = actor.bytes(&format!("/extracts/{number}/extract.json")).await;
    assert_eq!(status, 200);
    let value = serde_json::from_slice(&bytes).expect("JSON");
    (bytes, value)
}

fn answer<'a>(body: &'a Value, as_known: &str) -> &'a Value {
    let answers = body["answers"].as_array().expect("answers");
    answers.iter().find(|one| one["as_known"] == as_known).unwrap_or(&Value::Null)
}

/// Where the public check of an extract stands.
fn check_path(body: &Value) -> String {
    let link = body["check"].as_str().expect("a link");
    link.strip_prefix("http://shifu.test").expect("absolute").to_owned()
}

on_both! {
    async fn held_as_known_then_and_not_held_as_known_now(world: World) {
        let lin = world.id("T0001").await;
        let fact = world.arrange(move |conn| {
            let fact = NewFact::new(Kind::Certificate, BRAKES, day("2026-02-01"))
                .through(Some(day("2028-01-31"))).number("EXT-1");
            ledger::append(conn, lin, &fact, Source::new("import", 7).line(3), at("2026-02-03T02:00:00Z"))
        }).await;
        world.arrange(move |conn| ledger::void(conn, fact, "证书系伪造", at("2026-10-05T02:00:00Z"))).await;
        let he = world.he().await.reads("en").await;
        let fields = [("person", "T0001"), ("certification", BRAKES), ("on", "2026-03-14"), ("known_on", "2026-10-04")];
        let page = make(&he, "/extracts", &fields).await;
        assert_eq!(page.heading(), "Extract EX-2026-000001");
        assert!(page.says(".page-header", "Did Lin Tao (T0001) hold “Brake specialist” on 14 Mar 2026?"));
        let (_, body) = json(&he, "EX-2026-000001").await;
        assert_eq!(body["format"], FORMAT);
        assert_eq!(body["made_by"]["staff_no"], "H0001");
        assert_eq!((&body["on"], &body["time_zone"]), (&"2026-03-14".into(), &"Asia/Shanghai".into()));
        let (then, asked, now) = (answer(&body, "then"), answer(&body, "asked"), answer(&body, "now"));
        assert_eq!([&then["held"], &asked["held"], &now["held"]], [true, true, false]);
        assert_eq!(then["known_at"], "2026-03-14T15:59:59.999999Z", "the end of that day in Shanghai");
        assert_eq!(asked["known_at"], "2026-10-04T15:59:59.999999Z");
        assert!(then["statement"]["en"].as_str().is_some_and(|said| said.contains("held “Brake specialist”") && said.contains("EXT-1")));
        assert!(now["statement"]["zh"].as_str().is_some_and(|said| said.contains("不持有")));
        assert_eq!(then["facts"], serde_json::json!([fact]));
        assert_eq!(now["facts"], serde_json::json!([]));
        let told = &body["facts"][0];
        for (field, expected) in [
            ("source", "import:7:3"), ("number", "EXT-1"), ("from", "2026-02-01"), ("through", "2028-01-31"),
            ("recorded_at", "2026-02-03T02:00:00Z"), ("voided_at", "2026-10-05T02:00:00Z"), ("void_reason", "证书系伪造"),
        ] {
            assert_eq!(told[field], expected, "{field}");
        }
        assert!(then["record"]["rows"].as_i64() < now["record"]["rows"].as_i64(), "the chain has grown");
        assert_eq!(now["record"]["hash"].as_str().map(str::len), Some(64));
        assert_eq!(then["rules"]["set"], "inhouse-default");
        assert_eq!(then["rules"]["digest"].as_str().map(str::len), Some(64));
        for words in ["As known on that day", "As known when this was made", "证书系伪造", "import:7:3"] {
            assert!(page.says("body", words), "{words}");
        }
    }
}

on_both! {
    async fn a_certificate_of_ours_names_what_it_was_issued_for_and_what_was_done_to_it(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        world.clock.travel_to(instant("2026-11-20T02:00:00Z"));
        let he = world.he().await;
        let sheet = he.get("/certificates/SF-2026-000001").await;
        let acts = "/certificates/SF-2026-000001/acts";
        assert_eq!(he.submit(&sheet, acts, &[("act", "suspended"), ("why", "事故待查")]).await.status, 303);
        world.clock.travel_to(instant("2026-11-23T02:00:00Z"));
        for (on, then, now) in [("2026-11-19", true, true), ("2026-11-20", false, false), ("2026-11-15", false, false)] {
            let page = make(&he, "/extracts", &[("person", "T0001"), ("certification", BRAKES), ("on", on)]).await;
            let number = page.heading().rsplit(' ').next().expect("a number").to_owned();
            let (_, body) = json(&he, &number).await;
            assert_eq!([&answer(&body, "then")["held"], &answer(&body, "now")["held"]], [then, now], "{on}");
            for one in body["answers"].as_array().expect("answers") {
                // The verdict by the facts and the state by dates and acts say the same.
                let shown = one["certificates"].as_array().expect("certificates");
                assert_eq!(shown.iter().any(|one| one["in_force"] == true), one["held"], "{on}: {one}");
            }
        }
        let (_, body) = json(&he, "EX-2026-000001").await;
        let kinds: Vec<&str> = body["facts"].as_array().expect("facts").iter().filter_map(|fact| fact["kind"].as_str()).collect();
        assert!(kinds.contains(&"course") && kinds.contains(&"exam"), "what it was issued for: {kinds:?}");
        let shown = &answer(&body, "now")["certificates"][0];
        assert_eq!(shown["name"]["zh"], "林涛");
        assert_eq!((&shown["state"], &shown["acts"][0]["act"]), (&"valid".into(), &"suspended".into()));
        assert_eq!(answer(&body, "then")["certificates"][0]["acts"], serde_json::json!([]), "nobody knew yet");
        assert_eq!(shown["issued_under"]["set"], "inhouse-default");
        let (_, body) = json(&he, "EX-2026-000002").await;
        assert_eq!(answer(&body, "now")["certificates"][0]["state"], "suspended");
        assert!(answer(&body, "now")["certificates"][0]["why"]["zh"].as_str().is_some_and(|why| why.contains("事故待查")));
    }
}

on_both! {
    async fn what_was_altered_is_refused(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let he = world.he().await.reads("en").await;
        make(&he, "/extracts", &[("person", "T0001"), ("certification", BRAKES), ("on", "2026-11-17")]).await;
        let number = "EX-2026-000001";
        let (bytes, body) = json(&he, number).await;
        let (_, token) = he.bytes(&format!("/extracts/{number}/extract.jws")).await;
        let token = String::from_utf8(token).expect("text");
        let keys = world.shared.db.read(signing::all).await.expect("our keys");
        let key = |kid: &str| keys.iter().find(|key| key.kid == kid).cloned();
        let verified = jws::verify(&token, key).expect("our signature");
        assert_eq!(verified.payload, bytes, "the JSON is what was signed");
        assert_eq!(verified.header["typ"], TYPE);
        let [head, payload, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().expect("three parts");
        let flipped = flip(payload, 40);
        for wrong in [format!("{head}.{flipped}.{signature}"), format!("{head}.{payload}.{}", flip(signature, 3)), format!("{payload}.{payload}.{signature}")] {
            assert!(jws::verify(&wrong, key).is_err(), "{wrong}");
        }
        let (status, pdf) = he.bytes(&format!("/extracts/{number}/extract.pdf")).await;
        assert_eq!(status, 200);
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert_eq!(he.bytes(&format!("/extracts/{number}/extract.pdf")).await.1, pdf, "the same ever after");
        let path = check_path(&body);
        let anybody = world.anybody();
        let found = anybody.get(&path).await;
        assert!(found.says(".alert", "We made EX-2026-000001"), "{}", found.body);
        let digest = found.texts("code").join(" ");
        assert_eq!(digest.split(' ').count(), 2, "of the JSON and of the PDF: {digest}");
        let code = path.rsplit('=').next().expect("a code").to_owned();
        let fields = [("number", number), ("code", code.as_str())];
        for genuine in [&bytes, &pdf, &token.clone().into_bytes()] {
            let answer = anybody.upload("/check/extract", &fields, "given", genuine.clone()).await;
            assert!(answer.says(".alert", "exactly what we made"), "{}", answer.body);
        }
        let mut altered_pdf = pdf.clone();
        let middle = altered_pdf.len() / 2;
        altered_pdf[middle] ^= 1;
        let altered_json = String::from_utf8(bytes).expect("text").replacen("\"held\": true", "\"held\": false", 1);
        for altered in [altered_pdf, altered_json.into_bytes(), Vec::new()] {
            let answer = anybody.upload("/check/extract", &fields, "given", altered).await;
            assert!(answer.says(".alert[role=alert]", "Do not rely on it"), "{}", answer.body);
        }
    }
}

/// The text with one letter of base64 exchanged.
fn flip(text: &str, at: usize) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
    letters.into_iter().collect()
}

on_both! {
    async fn the_public_check_tells_nobody_which_numbers_exist_and_is_slow(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let he = world.he().await;
        make(&he, "/extracts", &[("person", "T0001"), ("certification", BRAKES), ("on", "2026-11-17")]).await;
        let anybody = world.anybody();
        let wrong_code = anybody.get("/check/extract?number=EX-2026-000001&code=AAAAAAAAAA").await;
        let wrong_number = anybody.get("/check/extract?number=EX-2026-999999&code=AAAAAAAAAA").await;
        assert_eq!(wrong_code.texts(".alert"), wrong_number.texts(".alert"));
        assert!(wrong_code.says(".alert", "No extract matches"));
        let answers = futures_util::future::join_all((0..25).map(|_| anybody.get("/check/extract?number=X&code=Y"))).await;
        assert!(answers.iter().any(|page| page.status == 429), "an address has to wait at some point");
    }
}

on_both! {
    async fn hr_makes_them_for_their_reach_and_everybody_for_themselves(world: World) {
        world.brakes("T0001", "2026-11-16T02:00:00Z").await;
        let fields = |person| [("form_key", "k"), ("person", person), ("certification", BRAKES), ("on", "2026-11-17")];
        for (who, expected) in [("M0001", 403), ("R0001", 403), ("E0001", 403), ("A0001", 403), ("T0001", 403), ("H0001", 303)] {
            let actor = world.signed_in(who).await;
            assert_eq!(actor.post("/extracts", &fields("T0001")).await.status, expected, "{who}");
        }
        let he = world.he().await.reads("en").await;
        for nobody in ["T0003", "X9999"] {
            let page = he.get("/extracts").await;
            let again = he.submit(&page, "/extracts", &[("person", nobody), ("certification", BRAKES), ("on", "2026-11-17")]).await;
            assert_eq!(again.status, 422);
            assert!(again.says(".text-danger", "Nobody in your reach has this staff number"), "{nobody}");
        }
        let page = he.get("/extracts").await;
        let again = he.submit(&page, "/extracts", &[("person", "T0001"), ("certification", "no/such"), ("on", "2026-02-30"), ("known_on", "2026-11-24")]).await;
        assert_eq!(again.status, 422);
        assert_eq!(again.texts(".text-danger").len(), 3, "{:?}", again.texts(".text-danger"));
        let again = he.submit(&page, "/extracts", &[("person", "T0001"), ("certification", BRAKES), ("on", "2026-11-17"), ("known_on", "2026-11-24")]).await;
        assert_eq!(again.texts(".text-danger").len(), 1, "{:?}", again.texts(".text-danger"));
        // Lin's own, and who may read it.
        let lin = world.lin().await;
        let own = make(&lin, "/extracts/mine", &[("certification", BRAKES), ("on", "2026-11-17")]).await;
        assert!(own.heading().ends_with("EX-2026-000002"), "{}", own.heading());
        for (who, expected) in [("T0001", 200), ("M0001", 200), ("H0001", 200), ("A0001", 200), ("T0002", 404), ("T0003", 404)] {
            let actor = world.signed_in(who).await;
            for file in ["", "/extract.json", "/extract.jws", "/extract.pdf"] {
                let path = format!("/extracts/EX-2026-000002{file}");
                assert_eq!(actor.bytes(&path).await.0, expected, "{who} {file}");
            }
        }
        assert_eq!(world.sun().await.get("/extracts").await.texts("tbody tr").len(), 0);
        assert_eq!(lin.get("/extracts").await.texts("tbody tr").len(), 2);
        assert_eq!(he.get("/extracts?person=T0001").await.texts("tbody tr").len(), 2);
        let twice = lin.post("/extracts/mine", &[("form_key", "twice"), ("certification", BRAKES), ("on", "2026-11-17")]).await;
        let again = lin.post("/extracts/mine", &[("form_key", "twice"), ("certification", BRAKES), ("on", "2026-11-17")]).await;
        assert_eq!(twice.location, again.location, "a double click makes one");
    }
}

/// Runs `shifu extract` on the world's database.
fn extract(world: &World, arguments: &[&str]) -> (i32, Vec<u8>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
        .args(["--database", &world.shared.db.url().to_string(), "extract"])
        .args(arguments)
        .env("SHIFU_LOG", "error")
        .env("SHIFU_SECRET", "a secret for tests, the same on both databases")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("an exit code"), output.stdout, said)
}

on_both! {
    async fn the_command_line_makes_the_same(world: World) {
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let fact = NewFact::new(Kind::Certificate, BRAKES, day("2020-02-01"))
                .through(Some(day("2022-01-31"))).number("EXT-1");
            ledger::append(conn, lin, &fact, Source::new("import", 7).line(3), at("2020-02-03T02:00:00Z"))
        }).await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name).display().to_string();
        let on = ["--person", "T0001", "--certification", BRAKES, "--on", "2020-03-14"];
        let (code, printed, said) = extract(&world, &on);
        assert_eq!(code, 0, "{said}");
        let body: Value = serde_json::from_slice(&printed).expect("JSON");
        // What `shifu extract … > e.json` leaves is what was kept, to the byte.
        let number = body["number"].as_str().expect("a number").to_owned();
        assert!(json(&world.he().await, &number).await.0 == printed, "nothing more and nothing less");
        let code = body["check"].as_str().and_then(|link| link.rsplit('=').next()).expect("a code");
        let fields = [("number", number.as_str()), ("code", code)];
        let checked = world.anybody().upload("/check/extract", &fields, "e.json", printed.clone()).await;
        assert!(checked.body.contains("exactly what we made"), "{}", checked.body);
        assert_eq!((&answer(&body, "then")["held"], &body["made_by"]), (&true.into(), &Value::Null));
        for (name, begin) in [("a.json", &b"{\n"[..]), ("a.jws", b"eyJ"), ("a.pdf", b"%PDF")] {
            let (code, _, said) = extract(&world, &[&on[..], &["-o", &file(name)]].concat());
            assert_eq!(code, 0, "{said}");
            assert!(std::fs::read(file(name)).expect("a file").starts_with(begin), "{name}");
        }
        for (wrong, words) in [
            (&["--person", "X9", "--certification", BRAKES, "--on", "2020-03-14"][..], "nobody with staff number X9"),
            (&["--person", "T0001", "--certification", "no/such", "--on", "2020-03-14"], "no rule set defines"),
            (&["--person", "T0001", "--certification", BRAKES, "--on", "2020-02-30"], "is not a day"),
            (&["--person", "T0001", "--certification", BRAKES, "--on", "2020-03-14", "-o", "a.txt"], ".json, .jws or .pdf"),
        ] {
            let (code, _, said) = extract(&world, wrong);
            assert_eq!(code, 2, "{said}");
            assert!(said.contains(words), "{said}");
        }
    }
}

/// What a reader of PDF finds on all pages, without white space.
fn words(bytes: &[u8]) -> String {
    let document = lopdf::Document::load_mem(bytes).expect("a PDF");
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    let text = document.extract_text(&pages).expect("text on its pages");
    text.split_whitespace().collect()
}

on_both! {
    async fn today_at_the_site_is_no_forecast(world: World) {
        // One o'clock on the 23rd in Shanghai; in UTC it is still the 22nd.
        world.clock.travel_to(instant("2026-11-22T17:00:00Z"));
        let he = world.he().await.reads("en").await;
        for (on, forecast) in [("2026-11-23", false), ("2026-11-24", true)] {
            let page = make(&he, "/extracts", &[("person", "T0001"), ("certification", BRAKES), ("on", on)]).await;
            assert_eq!(page.body.contains("a forecast"), forecast, "{on}");
            let number = page.heading().rsplit(' ').next().expect("a number").to_owned();
            let (_, pdf) = he.bytes(&format!("/extracts/{number}/extract.pdf")).await;
            assert_eq!(words(&pdf).contains("aforecast"), forecast, "{on}");
        }
    }
}

on_both! {
    async fn a_paper_leaves_nothing_out_and_says_when_there_is_no_end(world: World) {
        let lin = world.id("T0001").await;
        let reason = "龘".repeat(1_000);
        let fact = world.arrange(move |conn| {
            let fact = NewFact::new(Kind::Certificate, BRAKES, day("2026-02-01")).number("EXT-1");
            ledger::append(conn, lin, &fact, Source::new("import", 7).line(3), at("2026-02-03T02:00:00Z"))
        }).await;
        let he = world.he().await;
        let fields = [("person", "T0001"), ("certification", BRAKES), ("on", "2026-03-14")];
        make(&he, "/extracts", &fields).await;
        let said = words(&he.bytes("/extracts/EX-2026-000001/extract.pdf").await.1);
        assert!(said.contains("2026-02-01–长期noend") && !said.contains("[U+"), "{said}");
        world.arrange(move |conn| ledger::void(conn, fact, &reason, at("2026-10-05T02:00:00Z"))).await;
        make(&he, "/extracts", &fields).await;
        let said = words(&he.bytes("/extracts/EX-2026-000002/extract.pdf").await.1);
        assert_eq!(said.matches('龘').count(), 1_000, "{said}");
        assert!(said.contains("JSONSHA-256"), "and what comes after it");
    }
}

/// A lost secret is told as lost: nothing takes its place unless somebody says so.
#[test]
fn a_lost_secret_is_not_replaced_in_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("shifu.db").display());
    let (file, kept) = (folder.path().join("shifu.key"), folder.path().join("kept"));
    let run_with = |secret: Option<&str>, args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"));
        command.args(["--database", &url]).args(args).env("SHIFU_LOG", "error");
        match secret {
            Some(secret) => command.env("SHIFU_SECRET", secret),
            None => command.env_remove("SHIFU_SECRET").env_remove("SHIFU_SECRET_FILE"),
        };
        let output = command.output().expect("the program runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    };
    let run = |args: &[&str]| run_with(None, args);
    assert_eq!(run(&["check"]).0, Some(0), "before the first key nothing is missing");
    assert!(!file.exists());
    assert_eq!(run(&["keys", "new"]).0, Some(0));
    std::fs::rename(&file, &kept).expect("the file goes away");
    let missing = |(code, said): (Option<i32>, String), expected: i32| {
        assert_eq!(code, Some(expected), "{said}");
        assert!(said.contains("is missing: restore it"), "{said}");
        assert!(!file.exists(), "no other takes its place");
    };
    missing(run(&["check"]), 1);
    missing(run(&["keys", "rotate"]), 2);
    missing(run(&["keys", "new"]), 2);
    missing(run(&["keys", "new", "--algorithm", "rs256"]), 2);
    // The secret of somebody else's shell opens nothing, and seals nothing either.
    let (code, said) =
        run_with(Some("a secret of more than thirty-two letters"), &["keys", "rotate"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("sealed by another secret"), "{said}");
    std::fs::rename(&kept, &file).expect("it is restored");
    assert_eq!(run(&["keys", "list"]).1.lines().count(), 1, "nothing was made meanwhile");
    assert_eq!(run(&["keys", "rotate"]).0, Some(0));
    std::fs::remove_file(&file).expect("it is lost for good");
    let (code, said) = run(&["keys", "rotate", "--secret-lost"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(file.is_file());
    assert_eq!(run(&["check"]).0, Some(0));
}
