//! Certificates on paper: what stands on them can be read again, and stays as it was issued.

use shifu::{
    access::Role,
    certification::{
        paper::{
            Body, Content,
            keeping::{self, Printer},
            layout::{Pictures, Setting},
        },
        queries,
    },
    db::schema::{certificate, certificate_file, person},
    i18n::{Lang, Text},
    mail::Letterhead,
    print,
    record::{
        Kind, NewFact, Source,
        ledger::{self, Stamp},
    },
    signing::{self, Keys, SecretPlace},
};

use diesel::prelude::*;
use proptest::prelude::*;

use crate::{
    on_both,
    world::{Actor, World, day, instant},
};

/// What a reader of PDF finds on the first page, without white space.
fn words(bytes: &[u8]) -> String {
    let document = lopdf::Document::load_mem(bytes).expect("a PDF");
    let text = document.extract_text(&[1]).expect("text on its page");
    text.split_whitespace().collect()
}

fn without_space(text: &str) -> String {
    text.split_whitespace().collect()
}

fn paper(body: &Body, content: &Content, lang: Lang) -> Result<Vec<u8>, print::Error> {
    let setting = Setting {
        body,
        pictures: &Pictures::default(),
        content,
        lang,
        qr: "http://shifu.test/check?number=SF-2026-000001&code=34679ACDEF",
        digest: &content.digest("standard"),
    };
    keeping::make(setting, instant(crate::world::BEGINNING))
}

fn content(name: Text, title: Text) -> Content {
    Content { name, title, ..Content::sample(day("2026-11-23")) }
}

#[test]
fn names_come_out_of_the_paper_as_they_went_in() {
    for (zh, en) in [
        ("欧阳龘𠮷", "Łucja Ŵynne ŵ"),
        ("阿卜杜拉·买买提", "Abdulla Memet"),
        ("王犇", "Nguyễn Thị Hằng"),
        ("曹喆", "Ирина Ελένη"),
    ] {
        for lang in Lang::ALL {
            let content = content(Text::new(zh, en), Text::new("制动系统专修", "Brake Specialist"));
            let bytes = paper(&Body::standard(), &content, lang).expect("a paper");
            let words = words(&bytes);
            for said in [zh, en, "制动系统专修", "Brake Specialist", "SF-0000-000000", "34679ACDEF"]
            {
                assert!(words.contains(&without_space(said)), "{said} in {lang:?}: {words}");
            }
            let last = content.valid_through.expect("an end");
            let through = shifu::i18n::date(lang, last);
            assert!(words.contains(&without_space(&through)), "{through}: {words}");
            let digest = content.digest("standard");
            assert!(words.contains(&digest), "{words}");
        }
    }
}

#[test]
fn a_paper_says_what_archives_ask_for() {
    let content = Content::sample(day("2026-11-23"));
    let bytes = paper(&Body::standard(), &content, Lang::Zh).expect("a paper");
    let document = lopdf::Document::load_mem(&bytes).expect("a PDF");
    let catalog = document.catalog().expect("a catalog");
    let metadata = catalog.get(b"Metadata").and_then(lopdf::Object::as_reference);
    let metadata = document.get_object(metadata.expect("metadata")).expect("metadata");
    let stream = metadata.as_stream().expect("a stream");
    let plain = stream.get_plain_content().expect("what it says");
    let xmp = String::from_utf8_lossy(&plain);
    assert!(xmp.contains("<pdfaid:part>2</pdfaid:part>"), "{xmp}");
    assert!(xmp.contains("<pdfaid:conformance>U</pdfaid:conformance>"), "{xmp}");
    assert!(catalog.get(b"OutputIntents").is_ok());
    let language = catalog.get(b"Lang").and_then(lopdf::Object::as_str).expect("a language");
    assert_eq!(language, b"zh-CN");
    // Every font is inside.
    let fonts = document.objects.values().filter_map(|object| object.as_dict().ok());
    let described: Vec<_> = fonts
        .filter(|dict| {
            let kind = dict.get(b"Type").and_then(lopdf::Object::as_name);
            kind.is_ok_and(|kind| kind == b"FontDescriptor")
        })
        .collect();
    assert!(described.len() >= 2, "Chinese and Latin");
    assert!(described.iter().all(|one| one.has(b"FontFile2") || one.has(b"FontFile3")));
}

#[test]
fn a_character_no_font_has_is_named() {
    let content = content(Text::same("张🐉"), Text::same("x"));
    let error = paper(&Body::standard(), &content, Lang::Zh).expect_err("no font has it");
    assert_eq!(error, print::Error::Missing { character: '🐉', within: "张🐉".into() });
    assert!(error.message().en.contains("U+1F409"), "{error}");
}

/// Every seventh Chinese character that can be printed.
fn chinese() -> Vec<char> {
    let printed = |character: &char| print::fonts::can_print(&character.to_string()).is_ok();
    ('一'..='龥').step_by(7).filter(printed).chain(['龘', '𠮷', '·']).collect()
}

/// The letters of Latin names that can be printed.
fn latin() -> Vec<char> {
    let printed = |character: &char| print::fonts::can_print(&character.to_string()).is_ok();
    let letters = ('A'..='Z').chain('a'..='z').chain('À'..='Ö').chain('Ø'..='ö').chain('ø'..='ž');
    letters.filter(printed).chain(['-', '\'']).collect()
}

fn latin_text(most: usize) -> impl Strategy<Value = String> {
    let character = prop::sample::select(latin());
    prop::collection::vec(character, 1..most).prop_map(|all| all.into_iter().collect())
}

#[test]
fn rare_letters_are_the_only_ones_that_cannot_be_printed() {
    let cannot = |character: &char| print::fonts::can_print(&character.to_string()).is_err();
    let missing: String = ('À'..='ž').filter(cannot).collect();
    assert_eq!(missing, "ĬĭĲĳŦŧ");
}

fn chinese_text(most: usize) -> impl Strategy<Value = String> {
    let character = prop::sample::select(chinese());
    prop::collection::vec(character, 1..most).prop_map(|all| all.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the name and title: it makes a small paper from which they can be read, the same
    /// twice.
    #[test]
    fn what_is_printed_can_be_read(
        zh in chinese_text(30),
        en in latin_text(40),
        title in chinese_text(60),
        landscape in any::<bool>(),
    ) {
        let body = Body { landscape, ..Body::standard() };
        let content = content(Text::new(&zh, &en), Text::new(&title, "Qualification"));
        let bytes = paper(&body, &content, Lang::Zh).expect("a paper");
        prop_assert!(bytes == paper(&body, &content, Lang::Zh).expect("a paper"));
        prop_assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
        let words = words(&bytes);
        for said in [&zh, &en, &title] {
            prop_assert!(words.contains(said.as_str()), "{} in {}", said, words);
        }
    }
}

impl World {
    /// Issues the brake certificate to Lin by the facts.
    async fn issue_to_lin(&self) {
        let (lin, consequences) = (self.id("T0001").await, self.shared.consequences.clone());
        self.arrange(move |conn| {
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            let course = NewFact::new(Kind::Course, "brake-systems", day("2026-11-23")).amount(
                8,
                1,
                Some("h"),
            );
            let exam = NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day("2026-11-23"))
                .amount(85, 1, None);
            for (line, fact) in [course, exam].iter().enumerate() {
                ledger::append(conn, lin, fact, Source::new("test", line as i64 + 1), stamp)?;
            }
            consequences.follow(conn, lin, day("2026-11-23"), stamp)
        })
        .await;
    }

    async fn rename_lin(&self, name: &'static str) {
        let lin = self.id("T0001").await;
        self.arrange(move |conn| {
            diesel::update(person::table.find(lin)).set(person::name.eq(name)).execute(conn)?;
            Ok(())
        })
        .await;
    }

    /// The Chinese paper of Lin's certificate as this printer makes or gives it.
    async fn printed_by(&self, head: &Letterhead, keys: &Keys) -> Vec<u8> {
        let found = self.arrange(|conn| queries::by_number(conn, "SF-2026-000001")).await;
        let printer = Printer { head, keys };
        let (one, now) = (found.expect("it was issued"), self.clock.now());
        keeping::paper(&self.shared.db, &printer, one, Lang::Zh, now, None).await.expect("a paper")
    }

    /// The kept papers in the order they were made: edition, key, address and digest.
    async fn editions(&self) -> Vec<(i64, Option<String>, Option<String>, String)> {
        self.arrange(|conn| {
            let papers = certificate_file::table.filter(certificate_file::kind.eq("paper"));
            let told = (
                certificate_file::edition,
                certificate_file::kid,
                certificate_file::base_url,
                certificate_file::digest,
            );
            Ok(papers.order(certificate_file::id).select(told).load(conn)?)
        })
        .await
    }

    async fn code_of(&self, number: &'static str) -> String {
        self.arrange(move |conn| {
            let found = certificate::table.filter(certificate::number.eq(number));
            Ok(found.select(certificate::check_code).first(conn)?)
        })
        .await
    }
}

const PAPER: &str = "/certificates/SF-2026-000001/paper.pdf";
/// One red pixel.
const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90\x77\x53\xde\x00\x00\x00\x0c\x49\x44\x41\x54\x78\xda\x63\x38\x21\xa0\x07\x00\x02\xaa\x01\x07\xbc\xd8\x49\x42\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// The fields of the standard template as the form sends them, with some changed.
fn fields<'a>(key: &'a str, changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("form_key", key),
        ("name_zh", "浦东样式"),
        ("name_en", "Pudong look"),
        ("certification", ""),
        ("heading_zh", "技能证书"),
        ("heading_en", "Certificate of Skill"),
        ("statement_zh", "兹证明 {name}"),
        ("statement_en", "This is to say that {name}"),
        ("closing_zh", "特发此证。"),
        ("closing_en", "Issued on {issued_on}."),
        ("accent", "#1f4e79"),
        ("orientation", "portrait"),
        ("languages", "both"),
        ("signature_1_zh", "总经理"),
        ("signature_1_en", "Managing director"),
    ];
    for &(name, value) in changed {
        all.retain(|(known, _)| *known != name);
        all.push((name, value));
    }
    all
}

/// A new draft; where it is.
async fn draft(gao: &Actor) -> String {
    let list = gao.get("/certificates/templates").await;
    let begun = gao.submit(&list, "/certificates/templates", &[]).await;
    assert_eq!(begun.status, 303, "{}", begun.body);
    begun.location.expect("where the draft is")
}

on_both! {
    async fn a_paper_stays_as_it_was_issued(world: World) {
        world.issue_to_lin().await;
        let lin = world.lin().await;
        let (status, first) = lin.download(&format!("{PAPER}?lang=zh")).await;
        assert_eq!(status, 200);
        assert!(words(&first).contains("林涛") && words(&first).contains("制动系统专修"));
        let (_, english) = lin.download(&format!("{PAPER}?lang=en")).await;
        assert!(first != english && words(&english).contains("CertificateofQualification"));
        // Another name, another look: what was issued is the same bytes.
        world.rename_lin("林大涛").await;
        let gao = world.gao().await;
        let at = draft(&gao).await;
        let key = shifu::web::forms::new_key();
        let saved = gao.post_files(&at, &fields(&key, &[]), &[("logo", "logo.png", PNG)]).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let page = gao.get(&at).await;
        let published = gao.submit(&page, &format!("{at}/publish"), &[]).await;
        assert_eq!(published.status, 303, "{}", published.body);
        let (_, again) = lin.download(&format!("{PAPER}?lang=zh")).await;
        assert!(again == first, "the same bytes");
    }
}

on_both! {
    async fn a_name_changed_before_the_first_download_is_not_printed(world: World) {
        world.issue_to_lin().await;
        world.rename_lin("林大涛").await;
        let (_, bytes) = world.lin().await.download(PAPER).await;
        let words = words(&bytes);
        assert!(words.contains("林涛") && !words.contains("林大涛"), "{words}");
    }
}

on_both! {
    async fn two_at_once_get_the_same_paper_and_one_is_kept(world: World) {
        world.issue_to_lin().await;
        let (lin, zhou) = (world.lin().await, world.zhou().await);
        let path = format!("{PAPER}?lang=en");
        let (a, b, c) = tokio::join!(lin.download(&path), zhou.download(&path), lin.download(&path));
        assert!(a.0 == 200 && a.1 == b.1 && b.1 == c.1);
        let kept = world
            .arrange(|conn| {
                let papers = certificate_file::table.filter(certificate_file::kind.eq("paper"));
                Ok(papers.count().get_result::<i64>(conn)?)
            })
            .await;
        assert_eq!(kept, 1);
    }
}

on_both! {
    async fn a_paper_whose_key_got_out_is_followed_by_another_edition(world: World) {
        world.issue_to_lin().await;
        let lin = world.lin().await;
        let path = format!("{PAPER}?lang=zh");
        let first = lin.download(&path).await.1;
        let kid = world.editions().await.remove(0).1.expect("a key");
        let (revoking, now) = (kid.clone(), world.clock.now());
        world.arrange(move |conn| {
            assert!(signing::revoke(conn, &revoking, "a laptop was stolen", now).expect("revoked"));
            Ok(())
        }).await;
        let second = lin.download(&path).await.1;
        assert!(second != first, "the old code says that its key was revoked");
        assert!(lin.download(&path).await.1 == second, "kept again");
        let kept = world.editions().await;
        let editions: Vec<i64> = kept.iter().map(|one| one.0).collect();
        assert_eq!(editions, [1, 2], "the old one stays with its digest");
        assert!(kept[1].1.as_ref().is_some_and(|newer| *newer != kid));
        assert_eq!(kept[0].3, shifu::certification::paper::content::hex_digest(&first));
        assert_eq!(kept[1].3, shifu::certification::paper::content::hex_digest(&second));
    }
}

on_both! {
    async fn a_paper_is_signed_as_soon_as_it_can_be_and_leads_to_where_we_are(world: World) {
        world.issue_to_lin().await;
        let (head, keys) = (world.shared.letterhead.clone(), world.shared.keys.clone());
        let before = Letterhead { base_url: "http://127.0.0.1:8080".to_owned(), ..head.clone() };
        let nothing = Keys::new(SecretPlace::Nowhere);
        let local = world.printed_by(&before, &nothing).await;
        assert!(world.printed_by(&before, &nothing).await == local, "kept while nothing can be signed");
        let unsigned = world.printed_by(&head, &nothing).await;
        assert!(unsigned != local, "the address is another one");
        let signed = world.printed_by(&head, &keys).await;
        assert!(signed != unsigned);
        // A server that still has the old address does not make them in turns.
        assert!(world.printed_by(&before, &keys).await != signed);
        assert!(world.printed_by(&head, &keys).await == signed);
        let kept = world.editions().await;
        let signs: Vec<(i64, bool)> = kept.iter().map(|one| (one.0, one.1.is_some())).collect();
        assert_eq!(signs, [(1, false), (2, false), (3, true), (4, true)]);
        assert!(world.lin().await.download(&format!("{PAPER}?lang=zh")).await.1 == signed);
    }
}

on_both! {
    async fn changed_bytes_are_given_to_nobody(world: World) {
        world.issue_to_lin().await;
        let lin = world.lin().await;
        assert_eq!(lin.download(PAPER).await.0, 200);
        world.arrange(|conn| {
            diesel::update(certificate_file::table)
                .set(certificate_file::bytes.eq(b"%PDF-1.7 forged".to_vec()))
                .execute(conn)?;
            Ok(())
        }).await;
        let refused = lin.get(PAPER).await;
        assert_eq!(refused.status, 500);
        assert!(!refused.body.contains("forged"));
    }
}

on_both! {
    async fn who_may_not_see_the_person_gets_no_paper(world: World) {
        world.issue_to_lin().await;
        for (who, status) in [(world.lin().await, 200), (world.zhou().await, 200), (world.he().await, 200), (world.sun().await, 404)] {
            assert_eq!(who.download(PAPER).await.0, status);
        }
        let anybody = world.anybody();
        assert_ne!(anybody.download(PAPER).await.0, 200);
        let code = world.code_of("SF-2026-000001").await;
        let public = |code: &str| format!("/check/paper.pdf?number=SF-2026-000001&code={code}&lang=en");
        assert_eq!(anybody.download(&public("34679ACDEF")).await.0, 404);
        let (status, bytes) = anybody.download(&public(&code)).await;
        assert_eq!(status, 200);
        assert!(words(&bytes).contains("LinTao"));
        let page = anybody.get(&format!("/check?number=SF-2026-000001&code={code}")).await;
        assert!(page.links().iter().any(|link| link.starts_with("/check/paper.pdf")));
        // Nobody downloads a fresh copy of what was revoked.
        let he = world.he().await;
        let sheet = he.get("/certificates/SF-2026-000001").await;
        let acts = "/certificates/SF-2026-000001/acts";
        assert_eq!(he.submit(&sheet, acts, &[("act", "revoked"), ("why", "考试作弊")]).await.status, 303);
        assert_eq!(anybody.download(&public(&code)).await.0, 404);
    }
}

on_both! {
    async fn a_character_no_font_has_is_said_and_issues_all_the_same(world: World) {
        world.rename_lin("林🐉").await;
        world.issue_to_lin().await;
        let lin = world.lin().await.reads("en").await;
        let page = lin.get("/certificates/SF-2026-000001").await;
        assert_eq!(page.status, 200);
        assert!(page.says(".alert", "U+1F409") && page.says(".alert", "another spelling"), "{}", page.body);
        let refused = lin.get(PAPER).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("U+1F409"));
    }
}

on_both! {
    async fn what_cannot_be_printed_is_changed_where_it_comes_from(world: World) {
        world.issue_to_lin().await;
        let lin = world.lin().await.reads("en").await;
        let words = Text::new("制动系统专修🐉", "Brake specialist");
        for (part, said) in [("title", "title in the rule set"), ("site", "list of sites"), ("issuer", "name of the issuer")] {
            let words = words.clone();
            world.arrange(move |conn| {
                let table = certificate::table.filter(certificate::number.eq("SF-2026-000001"));
                let printed: String = table.select(certificate::printed).first(conn)?;
                let mut printed: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
                for one in ["title", "site", "issuer"] {
                    let fine = Text::same("好");
                    printed[one] = serde_json::to_value(if one == part { &words } else { &fine }).expect("JSON");
                }
                diesel::update(table).set(certificate::printed.eq(printed.to_string())).execute(conn)?;
                Ok(())
            }).await;
            let page = lin.get("/certificates/SF-2026-000001").await;
            assert!(page.says(".alert", said), "{part}: {:?}", page.texts(".alert"));
            assert!(!page.says(".alert", "another spelling"), "a replacement changes the name alone");
            assert!(lin.get(PAPER).await.body.contains(said), "{part}");
        }
    }
}

on_both! {
    async fn templates_are_drafted_previewed_published_and_then_stay(world: World) {
        let gao = world.gao().await.reads("en").await;
        let at = draft(&gao).await;
        let key = shifu::web::forms::new_key();
        let wrong = [
            ("accent", "#ffeeee"), ("closing_en", "{nome}"), ("heading_zh", ""), ("signature_1_zh", "🐉"),
        ];
        let files = [("seal", "seal.svg", &b"<svg/>"[..])];
        let page = gao.post_files(&at, &fields(&key, &wrong), &files).await;
        assert_eq!(page.status, 422);
        for (field, said) in [("accent", "darker"), ("closing_en", "{nome}"), ("heading_zh", "fill this in"), ("signature_1_zh", "U+1F409"), ("seal", "PNG")] {
            assert!(page.says(&format!("#{field}-note"), said), "{field}: {:?}", page.texts(".text-danger"));
        }
        assert_eq!(page.attribute("#heading_en", "value").as_deref(), Some("Certificate of Skill"), "what was typed stays");
        let of = [("certification", "inhouse-default/brake-specialist")];
        let saved = gao.post_files(&at, &fields(&key, &of), &[("seal", "seal.png", PNG)]).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        for lang in ["zh", "en"] {
            let (status, bytes) = gao.download(&format!("{at}/preview.pdf?lang={lang}")).await;
            assert_eq!(status, 200);
            let words = words(&bytes);
            assert!(words.contains("欧阳龘𠮷") && words.contains("ŁucjaŴynne") && words.contains("技能证书"), "{words}");
            let picture = gao.get(&format!("{at}/preview.svg?lang={lang}")).await;
            assert!(picture.status == 200 && picture.body.starts_with("<svg"));
        }
        // A draft is not used.
        world.issue_to_lin().await;
        let (_, before) = world.lin().await.download(PAPER).await;
        assert!(!words(&before).contains("技能证书"));
        let page = gao.get(&at).await;
        let published = gao.submit(&page, &format!("{at}/publish"), &[]).await;
        assert_eq!(published.location.as_deref(), Some("/certificates/templates"));
        assert!(gao.get("/certificates/templates").await.says("td", "In use"));
        let again = shifu::web::forms::new_key();
        let late = gao.post_files(&at, &fields(&again, &[("heading_zh", "改过")]), &[]).await;
        assert_eq!(late.status, 409, "what is published never changes");
        let next = gao.get(&at).await;
        let next = gao.submit(&next, "/certificates/templates", &[]).await;
        let next = next.location.expect("a new draft");
        assert!(next != at && gao.get(&next).await.says("h1", "Pudong look"));
        // A draft nobody wants goes away; what is published does not.
        let (page, key) = (gao.get(&next).await, shifu::web::forms::new_key());
        let discarded = gao.submit(&page, &format!("{next}/discard"), &[]).await;
        assert_eq!(discarded.location.as_deref(), Some("/certificates/templates"));
        assert_eq!(gao.get(&next).await.status, 404);
        assert!(gao.get("/admin/audit").await.body.contains("discard-template"));
        assert_eq!(gao.post(&format!("{at}/discard"), &[("form_key", key.as_str())]).await.status, 409);
        assert!(gao.get("/certificates/templates").await.says("td", "In use"));
    }
}

on_both! {
    async fn only_administrators_make_templates(world: World) {
        for who in [world.lin().await, world.zhou().await, world.he().await] {
            assert_eq!(who.get("/certificates/templates").await.status, 403);
            assert_eq!(who.post("/certificates/templates", &[("form_key", "k")]).await.status, 403);
        }
    }
}

on_both! {
    async fn an_administrator_of_a_part_looks_at_templates_only(world: World) {
        let sun = world.sun_over_the_north(Role::Administrator).await.reads("en").await;
        let gao = world.gao().await;
        let at = draft(&gao).await;
        let list = sun.get("/certificates/templates").await;
        assert!(list.status == 200 && list.says(".alert", "whole group"), "{}", list.body);
        assert!(!list.has("form[action='/certificates/templates']"));
        let page = sun.get(&at).await;
        assert!(page.status == 200 && page.says(".alert", "whole group"), "{}", page.body);
        assert!(!page.has(&format!("form[action='{at}']")) && !page.has(&format!("form[action='{at}/publish']")));
        let key = shifu::web::forms::new_key();
        assert_eq!(sun.post("/certificates/templates", &[("form_key", key.as_str())]).await.status, 403);
        let saved = sun.post_files(&at, &fields(&key, &[("heading_zh", "华北样式")]), &[]).await;
        assert_eq!(saved.status, 403);
        for act in ["publish", "discard"] {
            assert_eq!(sun.post(&format!("{at}/{act}"), &[("form_key", key.as_str())]).await.status, 403);
        }
        assert!(gao.get(&at).await.has(&format!("form[action='{at}/publish']")), "nothing happened");
    }
}

on_both! {
    async fn a_certificate_is_printed_by_the_template_of_its_issue(world: World) {
        let gao = world.gao().await;
        let at = draft(&gao).await;
        let key = shifu::web::forms::new_key();
        assert_eq!(gao.post_files(&at, &fields(&key, &[]), &[]).await.status, 303);
        let page = gao.get(&at).await;
        assert_eq!(gao.submit(&page, &format!("{at}/publish"), &[]).await.status, 303);
        world.issue_to_lin().await;
        // A newer version before the first download changes nothing.
        let page = gao.get(&at).await;
        let next = gao.submit(&page, "/certificates/templates", &[]).await.location.expect("a draft");
        let key = shifu::web::forms::new_key();
        let newer = fields(&key, &[("heading_zh", "后来的标题")]);
        assert_eq!(gao.post_files(&next, &newer, &[]).await.status, 303);
        let page = gao.get(&next).await;
        assert_eq!(gao.submit(&page, &format!("{next}/publish"), &[]).await.status, 303);
        let (_, bytes) = world.lin().await.download(&format!("{PAPER}?lang=zh")).await;
        let words = words(&bytes);
        assert!(words.contains("技能证书") && words.contains("兹证明林涛") && !words.contains("后来的标题"), "{words}");
    }
}
