//! Question banks in the browser: every kind can be written, nobody reviews what they wrote, and a
//! paper that was handed out keeps the question it was handed out with.

use diesel::prelude::*;
use shifu::{
    db::{
        Conn, Error,
        schema::{audit, exam_file, question, question_bank, question_stage, question_version},
    },
    exams::{
        attempts::queries as papers,
        questions::{Body, QuestionKind, Task, bank, model::Stage},
    },
};

use crate::{
    on_both,
    world::{Actor, Page, World, instant},
};

const BANKS: &str = "/exams/banks";
const TRIAL: &str = "/exams/banks/trial";

/// Opens an empty bank.
async fn open_bank(author: &Actor) {
    let page = author.get("/exams/banks/new").await;
    let fields = [("code", "trial"), ("title.zh", "试题库"), ("title.en", "Trial bank")];
    let sent = author.submit(&page, "/exams/banks/new", &fields).await;
    assert_eq!(sent.location.as_deref(), Some(TRIAL), "{}", sent.body);
}

/// What every question of these tests says about its place.
const PLACE: [(&str, &str); 4] = [
    ("new_area.en", "Bus systems"),
    ("level", "apply"),
    ("importance", "Y"),
    ("difficulty", "medium"),
];

/// Writes a question of a kind; what came back.
async fn write(author: &Actor, kind: &str, fields: &[(&str, &str)]) -> Page {
    let place = format!("{TRIAL}/new");
    let page = author.get(&format!("{place}?kind={kind}")).await;
    assert_eq!(page.status, 200);
    let all: Vec<(&str, &str)> =
        PLACE.iter().chain(&[("act", "save")]).chain(fields).copied().collect();
    author.submit(&page, &place, &all).await
}

async fn written(author: &Actor, kind: &str, fields: &[(&str, &str)]) -> String {
    let sent = write(author, kind, fields).await;
    assert_eq!(sent.status, 303, "{kind}: {}", sent.body);
    sent.location.expect("the question")
}

/// A statement in the trial bank.
async fn statement(author: &Actor) -> String {
    let said = [
        ("stem.zh", "测终端电阻前要断电。"),
        ("stem.en", "Isolate before measuring."),
        ("answer", "true"),
    ];
    written(author, "true-false", &said).await
}

async fn step(actor: &Actor, path: &str, version: &str, step: &str, why: &str) -> Page {
    let key = format!("{step}-{version}-{why}-{}", path.len());
    let fields = [("form_key", key.as_str()), ("version", version), ("step", step), ("why", why)];
    actor.post(&format!("{path}/stage"), &fields).await
}

/// The newest version of a question, as it is kept.
async fn newest(world: &World, path: &str) -> (i64, QuestionKind, Body) {
    let code = path.rsplit('/').next().expect("a code").to_owned();
    world
        .arrange(move |conn| {
            let (version, kind, json): (i64, QuestionKind, String) = question_version::table
                .inner_join(question::table)
                .filter(question::code.eq(code))
                .order(question_version::version.desc())
                .select((question_version::version, question_version::kind, question_version::body))
                .first(conn)?;
            Ok((version, kind, Body::read(kind, &json).expect("a body")))
        })
        .await
}

fn live(conn: &mut Conn) -> Result<Vec<(String, bool)>, Error> {
    Ok(bank::live(conn, "trial")?.into_iter().map(|one| (one.code, one.pilot)).collect())
}

on_both! {
    async fn every_kind_is_written_in_the_browser_and_shown_as_candidates_see_it(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        open_bank(&zhao).await;
        let picture = upload(&zhao, PNG.to_vec(), "hotspot", "hotspot.picture").await;
        let picture = picture.attribute("input[name='hotspot.picture']", "value").expect("a picture");
        let kinds: [(&str, &[(&str, &str)]); 10] = [
            ("single", &[("option.0.en", "60 Ω"), ("option.1.en", "120 Ω"), ("correct", "0")]),
            ("multiple", &[("option.0.en", "CAN-H"), ("option.1.en", "CAN-L"), ("option.3.en", "LIN"), ("correct", "1"), ("credit", "partial")]),
            ("true-false", &[("answer", "false")]),
            ("numeric", &[("numeric.value", "60"), ("numeric.tolerance", "5"), ("numeric.unit.en", "Ω"), ("also.0.value", "120"), ("also.0.share", "50")]),
            ("short", &[("accepted.0.form", "CAN"), ("accepted.2.form", "控制器局域网"), ("accepted.1.form", "*bus"), ("accepted.1.share", "25")]),
            ("ordering", &[("item.0.en", "isolate"), ("item.1.en", "verify"), ("item.2.en", "measure")]),
            ("matching", &[("pair.0.prompt.en", "R"), ("pair.0.partner.en", "Ω"), ("pair.1.prompt.en", "U"), ("pair.1.partner.en", "V"), ("distractor.0.en", "A")]),
            ("hotspot", &[("hotspot.picture", &picture), ("region.0.shape", "circle"), ("region.0.x", "500"), ("region.0.y", "400"), ("region.0.width", "80")]),
            ("case", &[("part.0.kind", "true-false"), ("part.0.stem.en", "Is the bus dead?"), ("part.0.answer", "true"),
                ("part.1.stem.en", "What next?"), ("part.1.option.0.en", "measure"), ("part.1.option.1.en", "replace"), ("part.1.correct", "0"), ("part.1.points", "2")]),
            ("essay", &[("essay.guide.en", "names the cause"), ("essay.markers", "2"), ("essay.words", "200")]),
        ];
        for (kind, fields) in kinds {
            let stem = format!("About {kind}: what holds for this {kind} on a bench of the workshop?");
            let all: Vec<(&str, &str)> = [("stem.en", stem.as_str()), ("act", "save-anyway")].iter().chain(fields).copied().collect();
            let path = written(&zhao, kind, &all).await;
            let (version, kept, body) = newest(&world, &path).await;
            assert_eq!((version, kept.word()), (1, kind));
            assert_eq!(body.area.en, "Bus systems");
            assert_eq!(body.places().len(), if kind == "case" { 2 } else { 1 });
            let page = zhao.get(&path).await;
            assert!(page.says(".preview", "what holds"), "{kind}: {}", page.body);
            assert!(page.has("#key *") && page.has("fieldset[disabled]"), "{kind}");
            let edit = zhao.get(&format!("{path}/edit")).await;
            assert_eq!(edit.status, 200);
        }
        let list = zhao.get(&format!("{TRIAL}?stage=draft")).await;
        assert_eq!(list.texts("tbody tr").len(), 10);
        let (narrowed, words) = (zhao.get(&format!("{TRIAL}?kind=essay")).await, zhao.get(&format!("{TRIAL}?words=about+CASE")).await);
        assert_eq!((narrowed.texts("tbody tr").len(), words.texts("tbody tr").len()), (1, 1));
        assert!(zhao.get(&format!("{TRIAL}?kind=single&level=recall")).await.says(".empty", "No questions match"));
    }
}

on_both! {
    async fn mistakes_stand_at_their_fields_and_what_was_typed_stays(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        open_bank(&zhao).await;
        let wrong = write(&zhao, "numeric", &[("stem.zh", "电阻是多少？"), ("numeric.value", "sixty"), ("numeric.tolerance", "-1"), ("points", "0")]).await;
        assert_eq!(wrong.status, 422);
        for (field, words) in [("numeric.value", "such as 60"), ("numeric.tolerance", "not below 0"), ("points", "1 to 100")] {
            assert!(wrong.says(&format!("[id='{field}-note']"), words), "{field}: {}", wrong.body);
        }
        let form = wrong.form(&format!("{TRIAL}/new"));
        assert!(form.contains(&("stem.zh".into(), "电阻是多少？".into())) && form.contains(&("numeric.value".into(), "sixty".into())));
        let single = [("stem.zh", "选哪一个？"), ("option.0.zh", "甲"), ("option.1.share", "50")];
        let wrong = write(&zhao, "single", &single).await;
        assert!(wrong.says("fieldset[data-rows='option']", "exactly one of them correct"), "{}", wrong.body);
        assert!(wrong.says("fieldset[data-rows='option']", "empty the whole row"));
        let more = zhao.submit(&wrong, &format!("{TRIAL}/new"), &[("more", "option")]).await;
        assert_eq!((more.status, more.texts("[data-rows='option'] .qe-row").len()), (200, 8));
        assert!(more.form(&format!("{TRIAL}/new")).contains(&("option.0.zh".into(), "甲".into())), "nothing typed is lost");
        let zh = world.zhao().await.reads("zh").await;
        let wrong = write(&zh, "true-false", &[]).await;
        assert!(wrong.says("[id='stem.zh-note']", "请至少用一种语言写题干"), "{}", wrong.body);
        let taken = zh.submit(&zh.get("/exams/banks/new").await, "/exams/banks/new", &[("code", "trial"), ("title.zh", "又一个")]).await;
        assert!(taken.status == 422 && taken.says("#code-note", "已有题库使用"), "{}", taken.body);
    }
}

on_both! {
    async fn nobody_reviews_what_they_wrote_and_every_stage_is_remembered(world: World) {
        let (zhao, chen) = (world.zhao().await.reads("en").await, world.chen().await.reads("en").await);
        open_bank(&zhao).await;
        let path = statement(&zhao).await;
        assert!(zhao.get(&path).await.body.contains("Nobody reviews what they wrote"));
        let own = step(&zhao, &path, "1", "review", "").await;
        assert!(own.status == 409 && own.body.contains("Nobody reviews"), "{}", own.body);
        assert_eq!(step(&chen, &path, "1", "release", "good").await.status, 409, "not before a review");
        let unsaid = step(&chen, &path, "1", "send-back", "").await;
        assert!(unsaid.status == 409 && unsaid.body.contains("Say why"));
        for (actor, act, why) in [(&chen, "send-back", "say at which voltage"), (&chen, "review", ""), (&zhao, "pilot", "")] {
            assert_eq!(step(actor, &path, "1", act, why).await.status, 303, "{act}");
        }
        assert_eq!(world.arrange(live).await.iter().map(|one| one.1).collect::<Vec<_>>(), [true], "a pilot is drawn unscored");
        assert_eq!(step(&zhao, &path, "1", "release", "").await.status, 303);
        assert_eq!(world.arrange(live).await.iter().map(|one| one.1).collect::<Vec<_>>(), [false]);
        assert_eq!(step(&zhao, &path, "1", "compromise", "seen in a chat group").await.status, 303);
        assert_eq!(world.arrange(live).await, []);
        assert_eq!(step(&chen, &path, "1", "reopen", "again").await.status, 409, "what leaked never comes back");
        let page = chen.get(&path).await;
        assert_eq!(page.texts("#history tbody tr").len(), 6);
        assert!(page.says("#history", "seen in a chat group") && page.says("#history", "Chen Gang"));
        let noted: i64 = world.arrange(|conn| Ok(audit::table.filter(audit::act.eq("set-question-stage")).count().get_result(conn)?)).await;
        assert_eq!(noted, 5);
    }
}

on_both! {
    async fn an_edit_is_a_new_version_and_two_editors_lose_nothing(world: World) {
        let (zhao, chen) = (world.zhao().await.reads("en").await, world.chen().await.reads("en").await);
        open_bank(&zhao).await;
        let path = statement(&zhao).await;
        step(&chen, &path, "1", "review", "").await;
        step(&zhao, &path, "1", "release", "a plain safety rule").await;
        let edit = format!("{path}/edit");
        let (first, second) = (zhao.get(&edit).await, chen.get(&edit).await);
        let kept = [("answer", "true"), ("area", "bus-systems"), ("level", "apply"), ("importance", "Y"), ("difficulty", "medium"), ("act", "save")];
        let with = |stem: &'static str| kept.into_iter().chain([("stem.en", stem)]).collect::<Vec<_>>();
        assert_eq!(zhao.submit(&first, &edit, &with("Isolate the bus before measuring.")).await.status, 303);
        let told = chen.submit(&second, &edit, &with("Isolate and wait before measuring.")).await;
        assert!(told.status == 422 && told.says(".alert", "Zhao Qing saved version 2"), "{}", told.body);
        assert!(told.form(&edit).contains(&("stem.en".into(), "Isolate and wait before measuring.".into())));
        let again = chen.submit(&told, &edit, &kept.to_vec()).await;
        assert_eq!(again.status, 303, "{}", again.body);
        let (version, _, body) = newest(&world, &path).await;
        assert_eq!((version, body.stem.en.as_str()), (3, "Isolate and wait before measuring."));
        // What is drawn is still the first version.
        assert_eq!(world.arrange(live).await.len(), 1);
        let page = zhao.get(&format!("{path}?version=2")).await;
        assert!(page.says(".alert", "Papers are drawn from version 1") && page.says(".alert", "newest version is 3"), "{}", page.body);
        assert_eq!(step(&zhao, &path, "2", "review", "").await.status, 409, "a later version is there");
        step(&zhao, &path, "3", "review", "").await;
        step(&chen, &path, "3", "release", "same rule, clearer words").await;
        let stages: Vec<(i64, Stage)> = world.arrange(|conn| {
            Ok(question_stage::table.inner_join(question_version::table.inner_join(question::table.inner_join(question_bank::table)))
                .filter(question_bank::code.eq("trial")).order(question_stage::id.desc()).limit(2)
                .select((question_version::version, question_stage::stage)).load(conn)?)
        }).await;
        assert_eq!(stages, [(3, Stage::Live), (1, Stage::Retired)], "one wording is in use at a time");
        // The same words again are no new version.
        let page = zhao.get(&edit).await;
        assert_eq!(zhao.submit(&page, &edit, &kept).await.status, 303);
        assert_eq!(newest(&world, &path).await.0, 3);
    }
}

on_both! {
    async fn an_edit_leaves_running_papers_alone_and_a_reload_of_the_file_keeps_it(world: World) {
        let (lin, zhao, chen) = (world.lin().await, world.zhao().await.reads("en").await, world.chen().await);
        let start = "/exams/inhouse-default/brake-theory";
        let page = lin.get(start).await;
        let paper = lin.submit(&page, &format!("{start}/start"), &[]).await.location.expect("a paper");
        let before = lin.get(&paper).await.texts("fieldset.exam-question");
        let id = paper.rsplit('/').next().and_then(|id| id.parse().ok()).map(shifu::exams::attempts::model::AttemptId).expect("an id");
        let stem = world.arrange(move |conn| Ok(papers::paper(conn, id)?.into_iter().find(|(_, item)| matches!(item.task(), Some(Task::TrueFalse { .. }))))).await;
        let stem = stem.expect("a statement is drawn").1.body.stem.zh.clone();
        let code: String = world.arrange(move |conn| {
            Ok(question_version::table.inner_join(question::table).filter(question_version::body.like(format!("%{stem}%"))).select(question::code).first(conn)?)
        }).await;
        let path = format!("{BANKS}/brake-systems/questions/{code}");
        let page = zhao.get(&path).await;
        assert!(page.says("#papers", "1") && page.body.contains("does not touch anybody"), "{}", page.body);
        assert!(page.links().contains(&start.to_owned()), "the exam that draws from it");
        let edit = zhao.get(&format!("{path}/edit")).await;
        let area = world.arrange({ let code = code.clone(); move |conn| Ok(question_version::table.inner_join(question::table).filter(question::code.eq(code)).select(question_version::area).first::<String>(conn)?) }).await;
        let said = [("stem.zh", "改写后的题干，内容不同。"), ("answer", "true"), ("area", area.as_str()), ("level", "recall"), ("importance", "X"), ("difficulty", "easy"), ("act", "save")];
        assert_eq!(zhao.submit(&edit, &format!("{path}/edit"), &said).await.status, 303);
        step(&chen, &path, "2", "review", "").await;
        assert_eq!(step(&chen, &path, "2", "release", "clearer").await.status, 303);
        assert_eq!(lin.get(&paper).await.texts("fieldset.exam-question"), before, "the paper stays as it was handed out");
        world.arrange(|conn| {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("course-content");
            let pieces = shifu::content::read(Some(&root)).expect("the content");
            let piece = pieces.iter().find(|piece| piece.code == "brake-systems").expect("the bank");
            bank::keep(conn, piece, instant("2026-11-24T00:00:00Z"))
        }).await;
        let (version, _, body) = newest(&world, &path).await;
        assert_eq!((version, body.stem.zh.as_str()), (2, "改写后的题干，内容不同。"));
        let live = world.arrange(|conn| bank::live(conn, "brake-systems")).await;
        assert_eq!(live.iter().filter(|one| one.code == code).count(), 1);
    }
}

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn upload(author: &Actor, bytes: Vec<u8>, kind: &str, target: &str) -> Page {
    let place = format!("{TRIAL}/new");
    let page = author.get(&format!("{place}?kind={kind}")).await;
    let mut fields = page.form(&place);
    for (name, value) in [
        ("act", "upload"),
        ("picture_for", target),
        ("picture.zh", "接线图"),
        ("stem.zh", "图中是什么？"),
    ] {
        fields.retain(|(known, _)| known != name);
        fields.push((name.to_owned(), value.to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    author.upload(&place, &fields, "../trick.svg", bytes).await
}

on_both! {
    async fn pictures_are_taken_for_what_they_are_and_served_to_those_who_are_signed_in(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        open_bank(&zhao).await;
        for (bytes, words) in [
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(), "Only PNG"),
            (b"not a picture".to_vec(), "Only PNG"),
            ([PNG, &vec![0; 5 << 20]].concat(), "larger than 5 MB"),
        ] {
            let refused = upload(&zhao, bytes, "single", "stem").await;
            assert!(refused.status == 422 && refused.body.contains(words), "{words}: {}", refused.status);
            assert!(refused.form(&format!("{TRIAL}/new")).contains(&("stem.zh".into(), "图中是什么？".into())), "what was typed stays");
        }
        let taken = upload(&zhao, PNG.to_vec(), "single", "stem").await;
        let again = upload(&zhao, PNG.to_vec(), "single", "stem").await;
        assert_eq!((taken.status, again.status), (200, 200));
        let stem = taken.form(&format!("{TRIAL}/new")).into_iter().find(|(name, _)| name == "stem.zh").expect("a stem").1;
        let address = stem.split_once("![接线图](").and_then(|(_, rest)| rest.strip_suffix(')')).expect("a picture in the stem").to_owned();
        let kept: i64 = world.arrange(|conn| Ok(exam_file::table.count().get_result(conn)?)).await;
        assert_eq!(kept, 1, "the same picture is kept once");
        let served = world.lin().await.get(&address).await;
        let header = |name: &str| served.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!((header("content-type").as_str(), header("x-content-type-options").as_str()), ("image/png", "nosniff"));
        assert!(header("cache-control").contains("immutable") && header("content-security-policy").contains("sandbox"));
        let away = world.anybody().get(&address).await;
        assert!(away.location.is_some_and(|to| to.starts_with("/sign-in")));
        assert_eq!(zhao.get("/exams/files/0000").await.status, 404);
    }
}

on_both! {
    async fn only_those_who_write_questions_see_a_bank(world: World) {
        let zhao = world.zhao().await;
        open_bank(&zhao).await;
        let path = statement(&zhao).await;
        for actor in [world.lin().await, world.wang().await, world.zhou().await, world.he().await, world.gao().await] {
            for page in [BANKS.to_owned(), TRIAL.to_owned(), path.clone(), format!("{path}/edit"), format!("{TRIAL}/duplicates"), format!("{TRIAL}/new?kind=single")] {
                let page = actor.get(&page).await;
                assert_eq!(page.status, 403);
                assert!(!page.body.contains("测终端电阻"));
            }
            assert_eq!(step(&actor, &path, "1", "review", "").await.status, 403);
            assert_eq!(actor.post(&format!("{path}/edit"), &[("form_key", "k")]).await.status, 403);
            assert!(!actor.get("/exams").await.links().contains(&BANKS.to_owned()));
        }
        assert!(zhao.get("/exams").await.links().contains(&BANKS.to_owned()));
        let none = zhao.get(&format!("{TRIAL}/questions/nothing")).await;
        assert_eq!(none.status, 404);
    }
}

on_both! {
    async fn a_question_worded_like_another_is_told_before_it_is_kept(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        open_bank(&zhao).await;
        let first = statement(&zhao).await;
        let twin = [("stem.zh", "测终端电阻前，要断电！"), ("answer", "true")];
        let told = write(&zhao, "true-false", &twin).await;
        assert!(told.status == 422 && told.says(".alert", "worded much like this one"), "{}", told.body);
        assert!(told.links().contains(&first), "it can be looked at");
        let fields: Vec<(&str, &str)> = PLACE.iter().copied().chain([("answer", "true"), ("act", "save-anyway")]).collect();
        let kept = zhao.submit(&told, &format!("{TRIAL}/new"), &fields).await;
        assert_eq!(kept.status, 303, "{}", kept.body);
        let page = zhao.get(&format!("{TRIAL}/duplicates")).await;
        assert_eq!(page.texts(".twin").len(), 2);
        assert!(page.says(".card-title", "88 % alike"), "{}", page.body);
        assert!(zhao.get(&first).await.links().iter().any(|link| kept.location.as_deref() == Some(link)));
    }
}

on_both! {
    async fn a_form_sent_twice_writes_one_question(world: World) {
        let zhao = world.zhao().await;
        open_bank(&zhao).await;
        let place = format!("{TRIAL}/new");
        let page = zhao.get(&format!("{place}?kind=true-false")).await;
        let fields: Vec<(&str, &str)> = PLACE.iter().copied().chain([("stem.zh", "只写一次。"), ("answer", "true"), ("act", "save")]).collect();
        let (a, b) = tokio::join!(zhao.submit(&page, &place, &fields), zhao.submit(&page, &place, &fields));
        assert_eq!((a.status, &a.location), (303, &b.location));
        assert!(zhao.get(TRIAL).await.texts("tbody tr").len() == 1);
    }
}

on_both! {
    async fn a_draft_that_is_put_aside_leaves_the_version_in_use(world: World) {
        let (zhao, chen) = (world.zhao().await.reads("en").await, world.chen().await);
        open_bank(&zhao).await;
        let path = statement(&zhao).await;
        step(&chen, &path, "1", "review", "").await;
        step(&zhao, &path, "1", "release", "plain rule").await;
        let edit = format!("{path}/edit");
        let said = [("stem.en", "Something else altogether."), ("answer", "false"), ("area", "bus-systems"), ("level", "recall"), ("importance", "X"), ("difficulty", "easy"), ("act", "save")];
        let page = zhao.get(&edit).await;
        assert_eq!(zhao.submit(&page, &edit, &said).await.status, 303);
        assert_eq!(step(&zhao, &path, "2", "retire", "was a mistake").await.status, 303);
        assert_eq!(world.arrange(live).await.len(), 1);
        assert!(zhao.get(&path).await.says(".page-header", "v1"), "the one in use is shown");
        assert_eq!(step(&zhao, &path, "1", "retire", "no longer taught").await.status, 303);
        assert!(world.arrange(live).await.is_empty());
        assert_eq!(step(&zhao, &path, "2", "reopen", "it was right").await.status, 303);
        assert_eq!(step(&zhao, &path, "2", "release", "at once").await.status, 409, "a draft again");
    }
}
