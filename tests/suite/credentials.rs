//! Certificates that others verify without us: badges, tokens, status lists, keys, the code on paper,
//! and the public check.

mod fixtures;
mod independent;

use diesel::prelude::*;
use serde_json::{Value, json};
use shifu::{
    certification::{
        credentials::{self, badge, statement::Statement},
        model::{Act, ActKind, Certificate},
        queries,
    },
    db::schema::certificate,
    record::{
        Kind, NewFact, Source,
        ledger::{self, Stamp},
    },
    signing::{self, Algorithm, Key, encoding, proof},
};

use crate::{
    on_both,
    world::{Actor, Backend, Browser, Page, World, browser_lack, day, instant, left_out, run},
};

const NUMBER: &str = "SF-2026-000001";
const TODAY: &str = "2026-11-23";
const SHEET: &str = "/certificates/SF-2026-000001";
const ACTS: &str = "/certificates/SF-2026-000001/acts";

fn stamp() -> Stamp {
    Stamp { at: instant(crate::world::BEGINNING), by: None }
}

impl World {
    /// Lin completes the course and passes the exam, and is issued a certificate by rule.
    async fn lin_is_certified(&self) {
        let (lin, consequences) = (self.id("T0001").await, self.shared.consequences.clone());
        self.arrange(move |conn| {
            let course = NewFact::new(Kind::Course, "brake-systems", day(TODAY));
            let exam = NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day(TODAY));
            for (line, fact) in
                [course.amount(8, 1, Some("h")), exam.amount(85, 1, None)].iter().enumerate()
            {
                ledger::append(conn, lin, fact, Source::new("test", 900 + line as i64), stamp())?;
            }
            consequences.follow(conn, lin, day(TODAY), stamp())
        })
        .await;
    }

    async fn certificate(&self) -> Certificate {
        self.arrange(|conn| Ok(queries::by_number(conn, NUMBER)?.expect("it was issued"))).await
    }

    /// HR acts on it, on its page.
    async fn hr(&self, act: &str) {
        let he = self.he().await;
        let sheet = he.get(SHEET).await;
        let done = he.submit(&sheet, ACTS, &[("act", act), ("why", "内部原因：家事")]).await;
        assert_eq!(done.status, 303, "{act}");
    }

    async fn json(&self, path: &str) -> Value {
        let page = self.anybody().get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        serde_json::from_str(&page.body).expect("JSON")
    }

    /// The badge as its holder downloads it.
    async fn badge(&self) -> Value {
        let page = self.lin().await.get(&format!("{SHEET}/badge.json")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        serde_json::from_str(&page.body).expect("JSON")
    }

    /// The key a proof names, as the issuer's profile publishes it; nothing when it does not.
    async fn published_key(&self, document: &Value) -> Option<String> {
        let profile = self.json("/issuer").await;
        assert_eq!(profile["id"], "http://shifu.test/issuer");
        let methods = profile["verificationMethod"].as_array().expect("methods").clone();
        let named = &document["proof"]["verificationMethod"];
        let method = methods.into_iter().find(|method| method["id"] == *named)?;
        Some(method["publicKeyMultibase"].as_str().expect("a key").to_owned())
    }

    /// Whether a stranger takes it for genuine.
    async fn is_genuine(&self, document: &Value) -> bool {
        match self.published_key(document).await {
            Some(key) => independent::is_proven(document, &key),
            None => false,
        }
    }

    /// Which places of a status list are set, after a stranger has verified it.
    async fn places(&self, purpose: &str) -> Vec<i64> {
        let list = self.json(&format!("/credentials/status/{purpose}/0")).await;
        assert!(self.is_genuine(&list).await, "{purpose}");
        assert_eq!(list["credentialSubject"]["statusPurpose"], purpose);
        let packed = list["credentialSubject"]["encodedList"].as_str().expect("a list");
        let packed = encoding::from_base64url(&packed[1..]).expect("base64url");
        let mut bits = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut bits)
            .expect("gzip");
        assert_eq!(bits.len(), 16_384);
        (0..131_072).filter(|n| bits[*n as usize / 8] & (0x80 >> (n % 8)) != 0).collect()
    }

    /// The address a paper's code carries, and what stands behind its `#`.
    async fn code(&self) -> String {
        let (keys, head) = (self.shared.keys.clone(), self.shared.letterhead.clone());
        let (one, now) = (self.certificate().await, self.clock.now());
        let url = self
            .arrange(move |conn| {
                let signed = credentials::qr_url(conn, &keys, &head, &one, now);
                Ok(signed.expect("a secret is set").url)
            })
            .await;
        assert!(url.len() <= 400, "{} letters", url.len());
        url.strip_prefix("http://shifu.test/verify#").expect("the page and a statement").to_owned()
    }

    /// The keys a phone would have.
    async fn phone_keys(&self) -> Vec<Key> {
        let listed = self.json("/verify/keys.json").await;
        let keys = listed["keys"].as_array().expect("keys").iter().map(|key| {
            let public =
                encoding::from_base64url(key["x"].as_str().expect("a key")).expect("bytes");
            let made = Key::of(Algorithm::Ed25519, &public, stamp().at);
            assert_eq!(key["kid"], made.kid);
            let revoked_at = (key["revoked"] == true).then_some(stamp().at);
            Key { revoked_at, ..made }
        });
        keys.collect()
    }
}

on_both! {
    async fn a_badge_says_what_the_paper_says_and_strangers_verify_it(world: World) {
        world.lin_is_certified().await;
        let badge = world.badge().await;
        assert!(world.is_genuine(&badge).await);
        let subject = &badge["credentialSubject"];
        assert_eq!(badge["type"], json!(["VerifiableCredential", "OpenBadgeCredential"]));
        assert_eq!(badge["issuer"]["name"], "长青汽车集团 / Evergreen Motors");
        assert_eq!(badge["validFrom"], "2026-11-22T16:00:00Z", "midnight in Shanghai");
        assert_eq!(badge["validUntil"], "2028-11-22T15:59:59Z", "the end of its last day");
        assert_eq!(subject["licenseNumber"], NUMBER);
        assert_eq!(subject["identifier"][0]["identityHash"], "林涛 / Lin Tao");
        let (salt, hash) = (&subject["identifier"][1]["salt"], &subject["identifier"][1]["identityHash"]);
        let email = format!("t0001@evergreen.example{}", salt.as_str().expect("a salt"));
        assert_eq!(*hash, format!("sha256${}", encoding::hex(&encoding::sha256(email.as_bytes()))));
        assert!(!badge.to_string().contains("t0001"), "no address and no staff number");
        let achievement = subject["achievement"]["id"].as_str().expect("an address");
        let achievement = world.json(achievement.strip_prefix("http://shifu.test").expect("ours")).await;
        assert_eq!(achievement["criteria"], subject["achievement"]["criteria"]);
        assert!(achievement["criteria"]["narrative"].as_str().is_some_and(|said| said.contains("制动")));
        assert_eq!(world.badge().await, badge, "it is kept as it was signed");
        for (who, status) in [(world.sun().await, 404), (world.zhou().await, 200)] {
            assert_eq!(who.get(&format!("{SHEET}/badge.json")).await.status, status);
        }
    }
}

on_both! {
    async fn no_value_of_a_badge_can_be_altered(world: World) {
        world.lin_is_certified().await;
        let badge = world.badge().await;
        let multikey = world.published_key(&badge).await.expect("a published key");
        let key = world.phone_keys().await.remove(0);
        let ours = |document: &Value| {
            proof::verify(document, &badge::BADGE, |method| method.ends_with(&multikey).then(|| key.clone()))
        };
        assert_eq!(ours(&badge).expect("genuine").kid, key.kid);
        let copies = independent::tampered(&badge);
        assert!(copies.len() > 40, "{}", copies.len());
        for (path, copy) in copies {
            assert!(ours(&copy).is_err(), "{path}");
            // A stranger's reader panics on an address it may not load, and on other suites.
            if !path.contains("@context") && !path.starts_with("/proof/proofValue") {
                let refused = std::panic::catch_unwind(|| !independent::is_proven(&copy, &multikey));
                assert!(refused.unwrap_or(true), "{path}");
            }
        }
        for more in ["evidence", "name2", "@graph"] {
            let mut copy = badge.clone();
            copy[more] = json!("anything");
            assert!(ours(&copy).is_err(), "{more} would be outside the signature");
        }
    }
}

on_both! {
    async fn the_token_is_verified_by_the_published_set_of_keys(world: World) {
        world.lin_is_certified().await;
        let token = world.lin().await.get(&format!("{SHEET}/badge.jwt")).await.body;
        let keys = world.json("/.well-known/jwks.json").await;
        let claims = independent::claims(&token, &keys).expect("genuine");
        assert_eq!((&claims["iss"], &claims["jti"]), (&json!("http://shifu.test/issuer"), &claims["id"]));
        assert_eq!((&claims["nbf"], &claims["exp"]), (&json!(1_795_363_200), &json!(1_858_521_599)));
        assert_eq!(claims["sub"], claims["credentialSubject"]["id"]);
        assert_eq!(claims["credentialSubject"], world.badge().await["credentialSubject"]);
        for at in (0..token.len()).step_by(37) {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("letters");
            let genuine = std::panic::catch_unwind(|| independent::claims(&altered, &keys));
            assert!(!matches!(genuine, Ok(Some(_))), "letter {at}");
        }
        let header = encoding::from_base64url(token.split('.').next().expect("a header")).expect("base64url");
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        let address = header["kid"].as_str().expect("an address").strip_prefix("http://shifu.test").expect("ours");
        assert!(keys["keys"].as_array().expect("keys").contains(&world.json(address).await));
        let did = world.json("/.well-known/did.json").await;
        assert_eq!((&did["id"], &did["alsoKnownAs"][0]), (&json!("did:web:shifu.test"), &json!("http://shifu.test/issuer")));
        assert_eq!(did["verificationMethod"].as_array().expect("methods").len(), 2);
    }
}

on_both! {
    async fn the_picture_carries_the_badge(world: World) {
        world.lin_is_certified().await;
        let picture = world.lin().await.get(&format!("{SHEET}/badge.svg")).await;
        assert_eq!(picture.headers["content-type"], "image/svg+xml");
        let (_, rest) = picture.body.split_once("<![CDATA[").expect("a badge inside");
        let (inside, _) = rest.split_once("]]>").expect("its end");
        let inside: Value = serde_json::from_str(inside).expect("JSON");
        assert_eq!(inside, world.badge().await);
    }
}

on_both! {
    async fn status_lists_follow_the_acts(world: World) {
        world.lin_is_certified().await;
        let place = world.certificate().await.id.0;
        let entry = world.badge().await["credentialStatus"].clone();
        assert_eq!(entry["statusListIndex"], place.to_string());
        assert_eq!(entry["statusListCredential"], "http://shifu.test/credentials/status/revocation/0");
        assert_eq!((world.places("revocation").await, world.places("suspension").await), (vec![], vec![]));
        world.hr("suspended").await;
        assert_eq!((world.places("revocation").await, world.places("suspension").await), (vec![place], vec![place]));
        world.hr("reinstated").await;
        assert_eq!((world.places("revocation").await, world.places("suspension").await), (vec![], vec![]));
        world.hr("revoked").await;
        assert_eq!((world.places("revocation").await, world.places("suspension").await), (vec![place], vec![]));
        for none in ["/credentials/status/revocation/1", "/credentials/status/other/0", "/verify/status/7"] {
            assert_eq!(world.anybody().get(none).await.status, 404, "{none}");
        }
        let list = world.json("/credentials/status/revocation/0").await;
        let moment = |word: &str| instant(list[word].as_str().expect("a moment"));
        assert_eq!(moment("validUntil").seconds_since(moment("validFrom")), 24 * 3600, "believed for a day");
        assert!(moment("validFrom").seconds_since(stamp().at) < 600, "made just now");
    }
}

on_both! {
    async fn a_status_list_is_given_again_for_a_few_seconds_unless_somebody_acts(world: World) {
        world.lin_is_certified().await;
        let anybody = world.anybody();
        let paths = ["/credentials/status/revocation/0", "/verify/status/0"];
        for path in paths {
            world.clock.travel_to(instant("2026-11-23T03:00:00Z"));
            let first = anybody.get(path).await;
            assert_eq!(first.status, 200, "{}", first.body);
            world.clock.travel_to(instant("2026-11-23T03:00:05Z"));
            assert_eq!(anybody.get(path).await.body, first.body, "signed once");
            world.clock.travel_to(instant("2026-11-23T03:00:30Z"));
            assert_ne!(anybody.get(path).await.body, first.body, "as of now");
        }
        let place = world.certificate().await.id.0;
        assert_eq!(world.places("revocation").await, Vec::<i64>::new());
        world.hr("suspended").await;
        assert_eq!(world.places("revocation").await, [place], "at once");
    }
}

on_both! {
    async fn status_lists_know_what_a_condition_suspends(world: World) {
        let (lin, consequences) = (world.id("T0001").await, world.shared.consequences.clone());
        let place = world.arrange(move |conn| {
            let exam = NewFact::new(Kind::Exam, "inhouse-default/inspection-assessment", day(TODAY));
            ledger::append(conn, lin, &exam.amount(90, 1, None), Source::new("test", 930), stamp())?;
            consequences.follow(conn, lin, day(TODAY), stamp())?;
            Ok(queries::issued_to(conn, lin)?.remove(0).id.0)
        }).await;
        assert_eq!(world.places("revocation").await, Vec::<i64>::new());
        // The review was due two years after the first day.
        world.clock.travel_to(instant("2028-11-24T02:00:00Z"));
        assert_eq!((world.places("revocation").await, world.places("suspension").await), (vec![place], vec![place]));
        world.arrange(move |conn| {
            let review = NewFact::new(Kind::Exam, "inhouse-default/inspection-check", day("2028-11-24"));
            ledger::append(conn, lin, &review.amount(90, 1, None), Source::new("test", 931), stamp())
        }).await;
        world.clock.travel_to(instant("2028-11-24T02:10:00Z"));
        assert_eq!((world.places("revocation").await, world.places("suspension").await), (vec![], vec![]));
    }
}

on_both! {
    async fn an_extension_makes_another_edition(world: World) {
        world.lin_is_certified().await;
        let before = world.badge().await;
        let one = world.certificate().await;
        world.arrange(move |conn| {
            let act = Act::new(one.id, ActKind::Extended, day(TODAY), "疫情", stamp());
            queries::add_act(conn, &Act { through: Some(day("2029-02-22")), ..act }).map(drop)
        }).await;
        let after = world.badge().await;
        assert_eq!(after["validUntil"], "2029-02-22T15:59:59Z");
        assert_eq!(after["id"], before["id"], "the same credential, newer");
        assert!(world.is_genuine(&after).await && world.is_genuine(&before).await);
        let token = world.anybody().get("/verify/status/0").await.body;
        let key = world.phone_keys().await.remove(0);
        let told = signing::jws::verify(&token, |kid| (kid == key.kid).then(|| key.clone())).expect("genuine");
        let told: Value = serde_json::from_slice(&told.payload).expect("JSON");
        assert_eq!(told["extended"], json!({ world.certificate().await.id.0.to_string(): "2029-02-22" }));
    }
}

on_both! {
    async fn the_code_on_paper_says_what_the_paper_says(world: World) {
        world.lin_is_certified().await;
        let text = world.code().await;
        assert_eq!(world.code().await, text, "the same key says it the same way");
        let keys = world.phone_keys().await;
        let known = |kid: &str| keys.iter().find(|key| key.kid == kid).cloned();
        let (said, _) = Statement::verify(&text, known).expect("genuine");
        let one = world.certificate().await;
        assert_eq!(said, Statement::of(&one));
        assert_eq!((said.name.as_str(), said.number.as_str()), ("林涛 Lin Tao", NUMBER));
        assert_eq!(said.through, Some(day("2028-11-22")));
        let page = world.anybody().get("/verify").await;
        assert!(page.status == 200 && !page.body.contains(&text));
        assert!(page.says("#verify-busy", "Checking") && page.says("#verify-busy", "核对"), "both languages");
    }
}

on_both! {
    async fn a_rotated_key_proves_what_it_signed_and_a_revoked_one_nothing(world: World) {
        world.lin_is_certified().await;
        let (badge, text) = (world.badge().await, world.code().await);
        let old = world.phone_keys().await.remove(0).kid;
        let (keys, now) = (world.shared.keys.clone(), world.clock.now());
        let retiring = old.clone();
        world.arrange(move |conn| {
            keys.make(conn, Algorithm::Ed25519, now).expect("a new key");
            assert!(signing::retire(conn, &retiring, None, now).expect("retired"));
            Ok(())
        }).await;
        assert!(world.is_genuine(&badge).await, "retired, and still believed");
        assert_eq!(world.badge().await, badge, "and no reason to sign again");
        let keys = world.phone_keys().await;
        let known = |kid: &str| keys.iter().find(|key| key.kid == kid).cloned();
        assert_eq!(Statement::verify(&text, known).expect("genuine").1, old);
        let newer = world.code().await;
        assert_ne!(Statement::verify(&newer, known).expect("genuine").1, old, "the new key signs now");
        let revoking = old.clone();
        world.arrange(move |conn| {
            assert!(signing::revoke(conn, &revoking, "a laptop was stolen", now).expect("revoked"));
            Ok(())
        }).await;
        assert!(!world.is_genuine(&badge).await);
        let keys = world.phone_keys().await;
        let known = |kid: &str| keys.iter().find(|key| key.kid == kid).cloned();
        use shifu::certification::credentials::statement::Refusal;
        assert_eq!(Statement::verify(&text, known), Err(Refusal::RevokedKey));
        let again = world.badge().await;
        assert!(again != badge && world.is_genuine(&again).await, "made again by a key that is believed");
        assert_eq!(world.anybody().get(&format!("/issuer/keys/{old}")).await.status, 404);
    }
}

on_both! {
    async fn anybody_with_number_and_code_sees_the_state_and_why(world: World) {
        world.lin_is_certified().await;
        let code = world.certificate().await.check_code;
        let query = format!("number={}&code={}-{}", NUMBER.to_lowercase(), &code[..5], &code[5..]);
        let path = format!("/check?{query}");
        let anybody = world.anybody();
        let found = anybody.get(&path).await;
        for words in ["Valid", "林涛 Lin Tao", "23 Nov 2026", "By rule, when every condition was met", "Evergreen Motors"] {
            assert!(found.says(".card", words), "{words}");
        }
        let badge = anybody.get(&format!("/check/badge.json?{query}")).await;
        assert!(world.is_genuine(&serde_json::from_str(&badge.body).expect("JSON")).await);
        world.hr("suspended").await;
        let suspended = anybody.get(&path).await;
        assert!(suspended.says(".badge", "Suspended") && suspended.says(".certificate-reason", "from 23 Nov 2026"));
        assert!(!suspended.body.contains("家事"), "what HR wrote is for the holder");
        world.hr("reinstated").await;
        world.hr("revoked").await;
        assert!(anybody.get(&path).await.says(".certificate-reason", "Revoked by the issuer"));
    }
}

on_both! {
    async fn a_number_is_found_as_it_was_issued_and_stands_whole_in_the_code(world: World) {
        world.lin_is_certified().await;
        let long = "Hv-level3.shanghai-pudong_north-2026-000001";
        let one = world.arrange(move |conn| {
            diesel::update(certificate::table.filter(certificate::number.eq(NUMBER)))
                .set(certificate::number.eq(long))
                .execute(conn)?;
            Ok(queries::by_number(conn, long)?.expect("it was issued"))
        }).await;
        assert_eq!(Statement::of(&one).number, long, "a cut number finds nothing");
        let anybody = world.anybody();
        let asked = format!("number={long}&code={}", one.check_code);
        assert!(anybody.get(&format!("/check?{asked}")).await.says(".badge", "Valid"));
        assert_eq!(anybody.get(&format!("/check/badge.json?{asked}")).await.status, 200);
        assert_eq!(anybody.download(&format!("/check/paper.pdf?{asked}")).await.0, 200);
        let wrong = format!("/check?number={long}&code=AAAAAAAAAA");
        assert!(!anybody.get(&wrong).await.has(".badge"));
    }
}

on_both! {
    async fn guessing_tells_nothing_and_is_slowed_down(world: World) {
        world.lin_is_certified().await;
        let code = world.certificate().await.check_code;
        let body = |page: &Page| {
            let typed = [NUMBER, "SF-2026-999999", "AAAAAAAAAA", code.as_str()];
            typed.iter().fold(page.body.clone(), |body, typed| body.replace(typed, ""))
        };
        let ask = async |actor: &Actor, number: &str, code: &str, from: &str| {
            let path = format!("/check?number={number}&code={code}");
            actor.get_with(&path, &[("x-forwarded-for", from)]).await
        };
        let anybody = world.anybody();
        let wrong_code = ask(&anybody, NUMBER, "AAAAAAAAAA", "198.51.100.1").await;
        let wrong_number = ask(&anybody, "SF-2026-999999", &code, "198.51.100.1").await;
        assert_eq!(wrong_code.status, 200);
        assert_eq!(body(&wrong_code), body(&wrong_number), "they look alike");
        for path in ["badge.json", "badge.jwt"] {
            for (number, code) in [(NUMBER, "AAAAAAAAAA"), ("SF-2026-999999", code.as_str())] {
                let path = format!("/check/{path}?number={number}&code={code}");
                let page = anybody.get_with(&path, &[("x-forwarded-for", "198.51.100.2")]).await;
                assert_eq!(page.status, 404);
            }
        }
        // One household has many addresses and one limit; what it writes into the header itself does
        // not help, for the proxy beside us adds the address it saw.
        let mut passed = 0;
        for n in 0..40 {
            let from = format!("203.0.113.{n}, 2001:db8:7:7::{n:x}");
            passed += usize::from(ask(&anybody, NUMBER, "AAAAAAAAAA", &from).await.status == 200);
        }
        assert!((20..=25).contains(&passed), "{passed} passed");
        let right = ask(&anybody, NUMBER, &code, "2001:db8:7:7::abcd").await;
        assert_eq!(right.status, 429, "whoever guesses waits, even with the right code");
        assert!(ask(&anybody, NUMBER, &code, "2001:db8:7:8::1").await.says(".badge", "Valid"), "others do not");
    }
}

#[test]
fn codes_are_not_to_be_guessed() {
    let codes: std::collections::HashSet<String> = (0..20_000)
        .filter_map(|_| shifu::certification::rules::check_code(&rand::random::<[u8; 32]>()))
        .collect();
    assert!(codes.len() > 19_990, "all of them differ");
    let mut places = vec![std::collections::HashMap::<char, usize>::new(); 10];
    for code in &codes {
        code.chars()
            .enumerate()
            .for_each(|(at, letter)| *places[at].entry(letter).or_default() += 1);
    }
    // 800 of each letter are expected in each place; six standard deviations are 166.
    let far =
        places.iter().flat_map(|place| place.values()).filter(|count| count.abs_diff(800) > 166);
    assert_eq!(far.count(), 0);
    assert!(places.iter().all(|place| place.len() == 25));
}

#[test]
fn the_command_line_looks_after_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("shifu.db").display());
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
            .args(["--database", &url, "keys"])
            .args(args)
            .output()
            .expect("the program runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let json = |args: &[&str]| -> Vec<Value> {
        let (code, out) = run(args);
        assert_eq!(code, Some(0), "{out}");
        serde_json::from_str(&out).expect("JSON")
    };
    assert!(json(&["list", "--json"]).is_empty(), "none is made before it is needed");
    let first = json(&["new", "--json"]).remove(0)["kid"].as_str().expect("a kid").to_owned();
    assert!(folder.path().join("shifu.key").is_file(), "the secret beside the database");
    let rotated = json(&["rotate", "--json"]);
    let states: Vec<&Value> = rotated.iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["signs", "retired"]);
    assert_eq!(run(&["revoke", &first]).0, Some(2), "not without a reason");
    assert_eq!(run(&["revoke", &first, "--why", " "]).0, Some(2));
    assert_eq!(json(&["revoke", &first, "--why", "stolen", "--json"])[0]["state"], "revoked");
    assert_eq!(run(&["revoke", &first, "--why", "stolen"]).0, Some(1), "once");
    assert_eq!(run(&["retire", "0000000000000000"]).0, Some(1), "there is none");
    assert!(run(&["list"]).1.contains("stolen"));
    // Another secret opens nothing, and says so.
    std::fs::write(folder.path().join("shifu.key"), "x".repeat(43)).expect("written");
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_shifu"))
        .args(["--database", &url, "check"])
        .output()
        .expect("the program runs");
    let said = String::from_utf8(check.stdout).expect("text");
    assert_eq!(check.status.code(), Some(1));
    assert!(said.contains("sealed by another secret"), "{said}");
}

/// On a phone: the code is opened once with a network, then without one.
#[test]
fn a_phone_verifies_without_network() {
    if let Some(lack) = browser_lack() {
        return left_out(lack);
    }
    run(Backend::Sqlite, async |world: World| {
        // The page compares with the device's own date, which no test moves.
        world.clock.travel_to(instant("2026-11-23T02:00:00Z"));
        world.lin_is_certified().await;
        let text = world.code().await;
        let browser = Browser::open(&world).await;
        browser.size(360, 740).await;
        browser.goto(&format!("/verify#{text}")).await;
        browser.wait_for("[data-verdict]:not([hidden])").await;
        browser.wait_for("[data-status=as-of]:not([hidden])").await;
        browser.wait_for("#verify-kept:not([hidden])").await;
        let seen = browser.text("main").await;
        for words in ["林涛 Lin Tao", NUMBER, "2028-11-22"] {
            assert!(seen.contains(words), "{words}: {seen}");
        }
        assert_eq!(browser.overflow().await, 0);
        let online = verdict(&browser).await;
        assert!(["valid", "not-yet", "expiring", "expired"].contains(&online.as_str()), "{online}");
        assert_eq!(browser.complaints().await, Vec::<String>::new());

        browser.offline(true).await;
        world.stop().await;
        browser.script("document.body.dataset.old = 1; location.reload()").await;
        browser.wait_for("body:not([data-old]) [data-status=as-of]:not([hidden])").await;
        assert_eq!(verdict(&browser).await, online, "as before, without any network");
        let mut altered = encoding::from_base64url(&text).expect("base64url");
        altered[40] ^= 0x40;
        browser.script(&format!("location.hash = '{}'", encoding::base64url(&altered))).await;
        browser.wait_for("[data-verdict=altered]:not([hidden])").await;
        assert!(!browser.text("main").await.contains(NUMBER), "nothing of it is repeated");
        altered[1] ^= 1;
        browser.script(&format!("location.hash = '{}'", encoding::base64url(&altered))).await;
        browser.wait_for("[data-verdict=unknown-key]:not([hidden])").await;
        browser.script("location.hash = 'AAAA'").await;
        browser.wait_for("[data-verdict=malformed]:not([hidden])").await;
        browser.click("#verify-lang").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    });
}

/// Which verdict the page shows.
async fn verdict(browser: &Browser) -> String {
    let shown = "return document.querySelector('[data-verdict]:not([hidden])').dataset.verdict";
    browser.script(shown).await.as_str().expect("one").to_owned()
}

/// A browser that does not know Ed25519 verifies by the small library we serve.
#[test]
fn an_old_phone_verifies_as_well() {
    if let Some(lack) = browser_lack() {
        return left_out(lack);
    }
    run(Backend::Sqlite, async |world: World| {
        world.lin_is_certified().await;
        let text = world.code().await;
        let browser = Browser::open(&world).await;
        browser.goto("/verify").await;
        browser.wait_for("#verify-nothing:not([hidden])").await;
        browser
            .script("crypto.subtle.importKey = () => Promise.reject(new Error('unknown'))")
            .await;
        browser.script(&format!("location.hash = '{text}'")).await;
        browser.wait_for("[data-status=as-of]:not([hidden])").await;
        assert_eq!(
            browser.script("return typeof window.nacl").await,
            "object",
            "the library was used"
        );
        let mut altered = encoding::from_base64url(&text).expect("base64url");
        altered[30] ^= 1;
        browser.script(&format!("location.hash = '{}'", encoding::base64url(&altered))).await;
        browser.wait_for("[data-verdict=altered]:not([hidden])").await;
        browser.offline(false).await;
        world.hr("suspended").await;
        browser.script(&format!("location.hash = '{text}'")).await;
        browser.wait_for("[data-verdict=suspended]:not([hidden])").await;
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    });
}
