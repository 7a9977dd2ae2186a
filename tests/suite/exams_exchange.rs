//! Import and export of questions: told before it is done, all or nothing, once, and taken back.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use diesel::prelude::*;
use serde_json::Value;
use shifu::{
    access::audit,
    db::{
        Conn,
        schema::{practice_answer, question, question_import, question_version},
    },
    exams::{
        exchange::{self, ExchangeError, Format, Import, Report, Source, TypeCodes},
        questions::{QuestionId, bank, model::Stage},
    },
    i18n::Lang,
    record::ledger::Stamp,
};

use crate::{
    on_both,
    world::{Actor, Backend, Page, World, named_as_left_out},
};

const START: &str = "/exams/banks/brake-systems/import";
const CARRY_OUT: &str = "/exams/banks/brake-systems/import/carry-out";

const GIFT: &str =
    "// [id:gx-1]\n::Pads::How thin may pads be?{=2 mm ~5 mm}\n\n// [id:gx-2]\nDiscs wear.{T}\n";

async fn upload(actor: &Actor, name: &str, bytes: impl Into<Vec<u8>>) -> Page {
    let sent = actor.upload(START, &[("format", ""), ("lang", "")], name, bytes.into()).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    actor.follow(&sent).await
}

/// Questions of the bank, versions of them, and imports.
async fn counts(world: &World) -> (i64, i64, i64) {
    world
        .arrange(|conn| {
            Ok((
                question::table.count().get_result(conn)?,
                question_version::table.count().get_result(conn)?,
                question_import::table.count().get_result(conn)?,
            ))
        })
        .await
}

/// The live questions of the bank with these codes.
async fn live(world: &World, start: &'static str) -> Vec<String> {
    let live = world.arrange(|conn| bank::live(conn, "brake-systems")).await;
    live.into_iter().map(|one| one.code).filter(|code| code.starts_with(start)).collect()
}

fn figures(page: &Page) -> Vec<String> {
    page.texts("main .badge")
}

on_both! {
    async fn a_file_is_previewed_imported_once_as_drafts_and_taken_back(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        let before = counts(&world).await;
        let preview = upload(&zhao, "pads.gift", GIFT).await;
        assert!(preview.says("td", "How thin may pads be?") && preview.says("li", "2 mm"), "{}", preview.body);
        assert_eq!(figures(&preview), ["Added", "Added"]);
        assert_eq!(counts(&world).await, before, "a preview writes nothing");
        let sent = zhao.submit(&preview, CARRY_OUT, &[]).await;
        let again = zhao.submit(&preview, CARRY_OUT, &[]).await;
        assert_eq!((sent.status, &sent.location), (303, &again.location), "pressed twice is once");
        let after = (before.0 + 2, before.1 + 2, before.2 + 1);
        assert_eq!(counts(&world).await, after);
        assert!(live(&world, "gx-").await.is_empty(), "drafts are not drawn");
        let report = zhao.follow(&sent).await;
        assert!(report.says(".alert", "2 added"), "{}", report.body);
        let same = upload(&zhao, "pads.gift", GIFT).await;
        assert_eq!(figures(&same), ["Unchanged", "Unchanged"]);
        assert!(!same.body.contains("carry-out"), "there is nothing to do");
        let undo = format!("{}/undo", sent.location.unwrap().split('?').next().unwrap());
        let none = zhao.submit(&report, &undo, &[("reason", " ")]).await;
        assert_eq!(none.status, 409, "without a reason");
        let undone = zhao.submit(&report, &undo, &[("reason", "wrong file")]).await;
        assert_eq!(undone.status, 303, "{}", undone.body);
        assert!(zhao.follow(&undone).await.says(".alert", "taken back"));
        assert_eq!(counts(&world).await, after, "nothing is deleted");
        let back = upload(&zhao, "pads.gift", GIFT).await;
        assert_eq!(figures(&back), ["Changed", "Changed"], "retired questions come back");
    }
}

on_both! {
    async fn refused_questions_are_told_with_their_lines_and_stop_the_rest(world: World) {
        let zhao = world.zhao().await.reads("en").await;
        let before = counts(&world).await;
        let file = format!("{GIFT}\nBroken {{=a ~b\n\nWhich?{{~a ~b}}\n");
        let preview = upload(&zhao, "pads.gift", file).await;
        assert!(preview.says("td", "braces"), "{}", preview.body);
        let lines = preview.texts("tbody tr td:first-child");
        assert_eq!(lines, ["7", "9", "2", "5"], "the refused come first");
        let sent = zhao.submit(&preview, CARRY_OUT, &[]).await;
        let shown = zhao.follow(&sent).await;
        assert!(shown.says(".alert", "Nothing was written"), "{}", shown.body);
        assert_eq!(counts(&world).await, before);
        let sent = zhao.submit(&shown, CARRY_OUT, &[("skip", "true")]).await;
        assert!(zhao.follow(&sent).await.says(".alert", "2 refused"));
        assert_eq!(counts(&world).await.0, before.0 + 2);
    }
}

on_both! {
    async fn digits_for_types_are_asked_about_before_anything_is_read(world: World) {
        let zhao = world.zhao().await;
        let file = "题型,题干,选项1,选项2,答案\n1,甲是什么？,x,y,1\n2,乙有哪些？,x,y,12\n";
        let preview = upload(&zhao, "题库.csv", file).await;
        assert!(preview.has("#asks select"), "{}", preview.body);
        assert!(preview.says("label", "甲是什么？"));
        assert!(!preview.body.contains("carry-out"));
        let query: Vec<(String, String)> = preview.form("/exams/banks/brake-systems/import/preview")
            .into_iter().filter(|(name, _)| name != "type").collect();
        let mut link = form_urlencoded::Serializer::new(format!("{START}/preview?"));
        link.extend_pairs(query).append_pair("type", "1=single").append_pair("type", "2=multiple");
        let read = zhao.get(&link.finish()).await;
        assert!(!read.has("#asks"), "{}", read.body);
        assert!(read.says("td", "单选题") && read.says("td", "多选题"), "{}", read.body);
        let sent = zhao.submit(&read, CARRY_OUT, &[]).await;
        assert!(zhao.follow(&sent).await.says(".alert", "新增 2"));
    }
}

on_both! {
    async fn only_authors_come_near_and_unknown_banks_are_not_found(world: World) {
        let (lin, chen) = (world.lin().await, world.chen().await);
        assert_eq!(lin.get(START).await.status, 403);
        assert_eq!(lin.get("/exams/banks/brake-systems/export/gift").await.status, 403);
        assert_eq!(chen.get(START).await.status, 200);
        assert_eq!(chen.get("/exams/banks/nowhere/import").await.status, 404);
        assert_eq!(chen.get("/exams/banks/brake-systems/imports/999").await.status, 404);
        assert_eq!(chen.get("/exams/banks/brake-systems/export/aiken").await.status, 404);
        let exported = chen.get("/exams/banks/brake-systems/export/gift").await;
        assert!(exported.status == 200 && exported.body.contains("::br-001::"));
        let lines = world.arrange(|conn| audit::lines(conn, "export-questions", 10, 0)).await;
        assert_eq!(lines.len(), 1, "who took the keys is known");
        assert_eq!(chen.get(&format!("{START}/template")).await.status, 200);
        let broken = upload(&chen, "broken.xml", "<quiz>\n<question>\n</quiz>").await;
        assert_eq!(broken.status, 409);
        assert!(broken.body.contains("line 3"), "{}", broken.body);
    }
}

/// Imports a file as the command line does, in one transaction.
fn import(conn: &mut Conn, text: &str, stamp: Stamp) -> Result<Report, ExchangeError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let source = Source::open(file.path(), "x.gift", Some(Format::Gift))?;
    let import = Import {
        source: &source,
        bank: "brake-systems",
        new_bank: None,
        lang: Some(Lang::En),
        codes: &TypeCodes::new(),
        skip_refused: false,
        stage: Stage::Draft,
    };
    import.carry_out(conn, &|_| true, stamp)
}

/// The newest version of a question, its number and stem.
fn newest(conn: &mut Conn, code: &str) -> Result<(QuestionId, i64, String), shifu::db::Error> {
    Ok(question::table
        .inner_join(question_version::table)
        .filter(question::code.eq(code))
        .order(question_version::version.desc())
        .select((question::id, question_version::version, question_version::digest))
        .first(conn)?)
}

on_both! {
    async fn a_changed_question_gets_a_draft_and_undo_brings_its_words_back(world: World) {
        let stamp = Stamp { at: world.clock.now(), by: None };
        let before = world.arrange(|conn| newest(conn, "br-001")).await;
        let report = world.shared.db.write(move |conn| import(conn, "// [id:br-001]\nWhat is the pressure?{#60:1}\n", stamp)).await.unwrap();
        assert_eq!((report.changed, report.added), (1, 0), "{:?}", report.lines);
        assert_eq!(live(&world, "br-001").await, ["br-001"], "the former version is drawn on");
        let changed = world.arrange(|conn| newest(conn, "br-001")).await;
        assert_eq!(changed.1, before.1 + 1);
        let run = report.run.unwrap();
        world.shared.db.write(move |conn| exchange::undo(conn, run, "wrong", stamp)).await.unwrap();
        let after = world.arrange(|conn| newest(conn, "br-001")).await;
        assert_eq!((after.1, &after.2), (before.1 + 2, &before.2), "its former words are its newest version");
        assert_eq!(live(&world, "br-001").await, ["br-001"]);
        let twice = world.shared.db.write(move |conn| exchange::undo(conn, run, "again", stamp)).await;
        assert!(matches!(twice, Err(ExchangeError::Refused(_))));
    }
}

on_both! {
    async fn what_was_used_since_cannot_be_taken_back(world: World) {
        let stamp = Stamp { at: world.clock.now(), by: None };
        let run = world.shared.db.write(move |conn| import(conn, GIFT, stamp)).await.unwrap().run.unwrap();
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let version: i64 = question::table.inner_join(question_version::table)
                .filter(question::code.eq("gx-2")).select(question_version::id).first(conn)?;
            diesel::insert_into(practice_answer::table).values((
                practice_answer::person_id.eq(lin.0), practice_answer::question_version_id.eq(version),
                practice_answer::part.eq(0), practice_answer::response.eq("true"),
                practice_answer::earned.eq(10_000), practice_answer::answered_at.eq(stamp.at),
            )).execute(conn)?;
            Ok(())
        }).await;
        let refused = world.shared.db.write(move |conn| exchange::undo(conn, run, "wrong", stamp)).await;
        let Err(ExchangeError::Refused(why)) = refused else { panic!("it was used") };
        assert!(why.en.contains("gx-2") && why.en.contains("line 5"), "{}", why.en);
        let kept = world.arrange(move |conn| exchange::run(conn, run)).await.unwrap();
        assert!(kept.undone_at.is_none());
    }
}

on_both! {
    async fn an_import_that_breaks_off_leaves_nothing(world: World) {
        let stamp = Stamp { at: world.clock.now(), by: None };
        let before = counts(&world).await;
        let broken: Result<(), ExchangeError> = world.shared.db.write(move |conn| {
            assert!(import(conn, GIFT, stamp)?.run.is_some());
            Err(ExchangeError::Refused(shifu::text!("断电", "the power went")))
        }).await;
        assert!(broken.is_err());
        assert_eq!(counts(&world).await, before);
    }
}

/// Runs the program; its exit code and its output.
fn shifu(world: &World, arguments: &[&str]) -> (i32, String) {
    let url = world.shared.db.url().to_string();
    let done = Command::new(env!("CARGO_BIN_EXE_shifu"))
        .args(["--database", &url])
        .args(arguments)
        .output()
        .expect("the program runs");
    (done.status.code().expect("a code"), String::from_utf8_lossy(&done.stdout).into_owned())
}

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("written");
    path.to_string_lossy().into_owned()
}

on_both! {
    async fn the_command_line_says_what_it_does_by_its_exit_code(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let good = file(folder.path(), "pads.gift", GIFT);
        let asked = ["import", "questions", &good, "--bank", "brake-systems", "--json"];
        let (code, said) = shifu(&world, &[&asked[..], &["--dry-run"]].concat());
        let report: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, &report["added"], &report["run"]), (0, &Value::from(2), &Value::Null), "{said}");
        let (code, said) = shifu(&world, &asked);
        let report: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, &report["added"]), (0, &Value::from(2)), "{said}");
        let (_, said) = shifu(&world, &asked);
        assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["unchanged"], 2, "{said}");
        let run = report["run"].to_string();
        assert_eq!(shifu(&world, &["import", "undo-questions", &run]).0, 0);
        assert_eq!(shifu(&world, &["import", "undo-questions", &run]).0, 1);
        let bad = file(folder.path(), "bad.gift", "Q {=a\n\nGood.{T}\n");
        let (code, said) = shifu(&world, &["import", "questions", &bad, "--bank", "brake-systems"]);
        assert!(code == 1 && said.contains("line 1") && said.contains("Nothing was written"), "{said}");
        let digits = file(folder.path(), "a.csv", "type,stem,A,B,answer\n3,Which?,x,y,A\n");
        let (code, said) = shifu(&world, &["import", "questions", &digits, "--bank", "brake-systems"]);
        assert!(code == 1 && said.contains("--type-code 3="), "{said}");
        let told = ["import", "questions", &digits, "--bank", "brake-systems", "--type-code", "3=single"];
        assert_eq!(shifu(&world, &told).0, 0);
        let unknown = shifu(&world, &["import", "questions", &good, "--bank", "nowhere"]);
        assert!(unknown.0 == 1 && unknown.1.contains("brake-systems"), "{}", unknown.1);
        let made = ["import", "questions", &good, "--bank", "fresh", "--new-bank", "Fresh", "--stage", "live"];
        assert_eq!(shifu(&world, &made).0, 0);
        assert_eq!(world.arrange(|conn| bank::live(conn, "fresh")).await.len(), 2);
        for wrong in [&["import", "questions", &good][..], &["import", "questions", "/nowhere", "--bank", "x"],
            &["import", "questions", &good, "--bank", "x", "--format", "word"]] {
            assert_eq!(shifu(&world, wrong).0, 2, "{wrong:?}");
        }
    }
}

on_both! {
    async fn what_was_exported_is_known_already_when_imported(world: World) {
        let folder = tempfile::tempdir().unwrap();
        for (format, name) in [("gift", "b.gift"), ("moodle-xml", "b.xml"), ("xlsx", "b.xlsx")] {
            for bank in ["brake-systems", "hv-safety"] {
                let path = folder.path().join(name).to_string_lossy().into_owned();
                let (code, _) = shifu(&world, &["export", "questions", "--bank", bank, "--format", format, "-o", &path]);
                assert_eq!(code, 0, "{format}");
                let (code, said) = shifu(&world, &["import", "questions", &path, "--bank", bank, "--json"]);
                let report: Value = serde_json::from_str(&said).unwrap();
                assert_eq!((code, &report["format"]), (0, &Value::from(format)), "{said}");
                assert_eq!((&report["added"], &report["changed"], &report["refused"]), (&0.into(), &0.into(), &0.into()), "{said}");
                assert!(report["unchanged"].as_u64().unwrap() > 10);
            }
        }
        assert_eq!(shifu(&world, &["export", "questions", "--bank", "nowhere", "--format", "gift"]).0, 1);
    }
}

on_both! {
    async fn hostile_files_are_refused_and_the_program_lives_on(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let entities = "<?xml version=\"1.0\"?>\n<!DOCTYPE q [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n<quiz>&a;</quiz>";
        for (name, bytes, says) in [
            ("bomb.xml", entities.as_bytes().to_vec(), "line 2"),
            ("nul.gift", b"a\nb\0{T}".to_vec(), "line 2"),
            ("deep.xml", format!("<quiz>{}", "<a>".repeat(500_000)).into_bytes(), "nested"),
            ("large.gift", vec![b'x'; 21 << 20], "20 MB"),
            ("line.csv", format!("stem,answer\n{},x\n", "y".repeat(10_000_000)).into_bytes(), "line 2"),
            ("broken.xlsx", b"PK\x03\x04 broken".to_vec(), "broken"),
        ] {
            let path = file(folder.path(), name, bytes);
            let (code, said) = shifu(&world, &["import", "questions", &path, "--bank", "brake-systems"]);
            assert!(code == 1 && said.contains(says), "{name}: {code} {said}");
        }
    }
}

/// The folder with foreign files, where somebody has one.
fn fixtures(folder: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("SHIFU_FIXTURES") else {
        named_as_left_out(
            "the checks against foreign files (set SHIFU_FIXTURES to a folder with gift/ and qti21/)",
        );
        return None;
    };
    Some(PathBuf::from(root).join(folder)).filter(|path| path.is_dir())
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|one| one == ending)).collect();
    files.sort();
    files
}

async fn look(world: &World, path: PathBuf, format: Format) -> Result<Report, ExchangeError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    world
        .shared
        .db
        .read(move |conn| {
            let source = Source::open(&path, &name, Some(format))?;
            Import {
                source: &source,
                bank: "brake-systems",
                new_bank: None,
                lang: Some(Lang::En),
                codes: &TypeCodes::new(),
                skip_refused: false,
                stage: Stage::Draft,
            }
            .preview(conn)
        })
        .await
}

/// Letters and digits only, without what looks like a tag: what two readers must agree on.
fn bare(words: &str) -> String {
    let mut inside = false;
    let kept = words.chars().filter(|c| {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                return false;
            }
            _ => {}
        }
        !inside && c.is_alphanumeric()
    });
    kept.take(80).collect()
}

#[test]
fn foreign_gift_files_are_read_as_another_reader_reads_them() {
    let Some(folder) = fixtures("gift") else { return };
    crate::world::run(Backend::Sqlite, |world| async move {
        for path in files(&folder, "gift") {
            let json = std::fs::read_to_string(path.with_extension("json")).expect("its structure");
            let expected: Vec<Value> = serde_json::from_str(&json).expect("JSON");
            let expected: Vec<&Value> =
                expected.iter().filter(|one| one["type"] != "Category").collect();
            let report = look(&world, path.clone(), Format::Gift)
                .await
                .unwrap_or_else(|why| panic!("{path:?}: {why}"));
            let name = path.display();
            assert_eq!(report.lines.len(), expected.len(), "{name}: {:?}", report.lines);
            for (line, expected) in report.lines.iter().zip(expected) {
                let kind = line.kind.map(|kind| kind.word());
                let fits = match expected["type"].as_str().unwrap_or_default() {
                    "MC" => matches!(kind, Some("single" | "multiple")),
                    "TF" => kind == Some("true-false"),
                    "Short" => kind == Some("short"),
                    "Numerical" => kind == Some("numeric"),
                    "Matching" => kind == Some("matching"),
                    "Essay" => kind == Some("essay"),
                    "Description" => line.change.word() == "skipped",
                    other => panic!("{other}"),
                };
                assert!(fits, "{name}: {line:?} for {expected}");
                if kind.is_some() {
                    let stem = bare(expected["stem"]["text"].as_str().unwrap_or_default());
                    let read = bare(line.stem.get(Lang::En));
                    let common = stem.len().min(read.len());
                    assert!(
                        stem.is_char_boundary(common)
                            && stem.starts_with(&read[..common.min(read.len())]),
                        "{name}: {read} for {stem}"
                    );
                }
            }
        }
    });
}

#[test]
fn foreign_qti_items_are_read_or_refused_by_name() {
    let Some(folder) = fixtures("qti21") else { return };
    crate::world::run(Backend::Sqlite, |world| async move {
        for path in files(&folder, "xml") {
            let report = look(&world, path.clone(), Format::Qti)
                .await
                .unwrap_or_else(|why| panic!("{path:?}: {why}"));
            let [line] = report.lines.as_slice() else { panic!("{path:?}: one item") };
            let said = line.kind.map(|kind| kind.word().to_owned());
            let why: Vec<&str> =
                line.reasons.iter().chain(&line.notes).map(|text| text.en.as_str()).collect();
            println!(
                "{}: {} {why:?}",
                path.file_name().unwrap_or_default().display(),
                said.as_deref().unwrap_or("refused")
            );
            assert_eq!(line.change.word() == "refused", !line.reasons.is_empty(), "{line:?}");
        }
    });
}
