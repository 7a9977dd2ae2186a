//! Old certificates from a file or a form: told before it is done, with their scans, taken back.

use shifu::{
    certification::{model::Certificate, queries as certificates},
    record::{
        Kind,
        ledger::{self, Stamp},
    },
    staff::transfers::{self, NewAssignment},
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const LV: &str = "cn-special-operation-lv/low-voltage";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n";

impl World {
    async fn taken_over(&self, who: &'static str) -> Vec<Certificate> {
        let person = self.id(who).await;
        let mut all = self.arrange(move |conn| certificates::issued_to(conn, person)).await;
        all.retain(|one| one.basis.word() == "import");
        all
    }

    async fn held_facts(&self, who: &'static str) -> Vec<(String, Option<String>, Option<String>)> {
        let person = self.id(who).await;
        let rows = self.arrange(move |conn| ledger::rows_of(conn, person, None)).await;
        let rows = rows.into_iter().filter(|row| row.kind == Kind::Certificate.word());
        rows.map(|row| {
            (row.from_on.to_string(), row.through_on.map(|day| day.to_string()), row.number)
        })
        .collect()
    }
}

async fn upload(actor: &Actor, table: &[u8], scans: &[(&str, &[u8])]) -> Page {
    let files = std::iter::once(("file", "old.csv", table))
        .chain(scans.iter().map(|(name, bytes)| ("scan", *name, *bytes)));
    actor.upload_all("/certificates/import", &[], files).await
}

async fn preview(actor: &Actor, table: &[u8], scans: &[(&str, &[u8])]) -> Page {
    let page = upload(actor, table, scans).await;
    assert_eq!(page.status, 303, "{}", page.body);
    actor.follow(&page).await
}

const CARRY_OUT: &str = "/certificates/import/carry-out";

on_both! {
    async fn the_preview_prints_computed_dates_and_what_differs_from_the_rule(world: World) {
        let he = world.he().await;
        let table = format!("工号,证书代码,证书编号,发证机构,生效日期,有效期至,备注,扫描件,血型\n\
            T0001,{LV},LV-1,上海市应急管理局,2024-02-29,,,Scan.PDF,A\n\
            T0002,低压电工证,LV-2,上海市应急管理局,2023/5/1,2030-04-30,补录,,B\n\
            T0002,pre-technician,,某技师学院,2015-07-01,长期,,,\n");
        let page = preview(&he, table.as_bytes(), &[("scan.pdf", PDF)]).await;
        let rows = page.texts("#lines tbody tr");
        assert_eq!(rows.len(), 3, "{}", page.body);
        assert!(rows[0].contains("2030年2月28日") && rows[0].contains("末日由规则算出"), "{}", rows[0]);
        assert!(rows[1].contains("2030年4月30日") && rows[1].contains("规则为 2029年4月30日"), "{}", rows[1]);
        assert!(rows[2].contains("长期") && !rows[2].contains("规则"), "{}", rows[2]);
        assert!(page.says(".alert", "血型") && page.says("#notes td", "3"));
        assert!(world.taken_over("T0001").await.is_empty(), "a preview writes nothing");
        let fields = [];
        let (first, second) = tokio::join!(he.submit(&page, CARRY_OUT, &fields), he.submit(&page, CARRY_OUT, &fields));
        assert_eq!((first.status, second.status), (303, 303), "a double click");
        let one = world.taken_over("T0001").await.remove(0);
        assert_eq!((one.number.as_str(), one.foreign_number.as_deref()), ("IM-2026-000001", Some("LV-1")));
        assert_eq!(one.issuer.as_deref(), Some("上海市应急管理局"));
        let to = |word: &str| Some(word.to_owned());
        assert_eq!(world.held_facts("T0001").await, [("2024-02-29".to_owned(), to("2030-02-28"), to("LV-1"))]);
        assert_eq!(world.taken_over("T0002").await.len(), 2);
        let sheet = world.lin().await.get("/certificates/IM-2026-000001").await;
        assert!(sheet.says("dd", "LV-1") && !sheet.has(".certificate-sheet"), "no paper of ours");
        let link = sheet.links().into_iter().find(|link| link.contains("/files/")).expect("the scan");
        let scan = world.lin().await.get(&link).await;
        assert!(scan.body.starts_with("%PDF-1.7") && scan.headers["content-type"] == "application/pdf");
        assert_eq!(scan.headers["x-content-type-options"], "nosniff");
        assert!(scan.headers["content-security-policy"].to_str().is_ok_and(|value| value.contains("sandbox")));
        assert_eq!(world.sun().await.get(&link).await.status, 404);
        let again = preview(&he, table.as_bytes(), &[("scan.pdf", PDF)]).await;
        assert!(again.says(".alert", "没有需要导入") && !again.has("form[action$='carry-out']"));
    }
}

on_both! {
    async fn every_mistake_is_named_with_its_line(world: World) {
        let he = world.he().await;
        let table = format!("staff_no,certification,number,from,through,scan\n\
            T0009,{LV},,2024-01-01,,\n\
            T0003,{LV},,2024-01-01,,\n\
            H0001,{LV},,2024-01-01,,\n\
            T0001,nothing,,2024-01-01,,\n\
            T0001,{LV},,2027-01-01,,\n\
            T0001,{LV},,2024-13-01,,\n\
            T0001,{LV},,2024-01-01,2023-01-01,\n\
            T0001,{LV},Y000123000001196000001,2024-01-01,,\n\
            T0001,{LV},Ｙ000123000001195000001,2024-01-01,,\n\
            T0001,{LV},,2024-01-01,,lost.pdf\n\
            T0001,{LV},,2024-01-01,,trick.pdf\n\
            ,,,,,\n\
            T0001,,,,,\n");
        let page = preview(&he, table.as_bytes(), &[("trick.pdf", b"<html><script>alert(1)</script>")]).await;
        let said = page.texts("#mistakes tbody tr");
        for (line, words) in [
            ("2", "T0009"), ("3", "T0003"), ("4", "自己"), ("5", "nothing"), ("6", "将来"), ("7", "2024-13-01"),
            ("8", "早于"), ("9", "第 16 位"), ("10", "全角"), ("11", "lost.pdf"), ("12", "PDF、JPEG"), ("14", "不能为空"),
        ] {
            assert!(said.iter().any(|row| row.starts_with(line) && row.contains(words)), "{line} {words}: {said:?}");
        }
        assert!(!page.has("form[action$='carry-out']"));
        let headless = preview(&he, b"name,from\nx,2024-01-01\n", &[]).await;
        assert!(headless.says("#mistakes td", "缺少“工号”列"));
    }
}

on_both! {
    async fn what_is_no_table_is_refused_in_words(world: World) {
        let he = world.he().await;
        let large = vec![b'x'; 11 << 20];
        for (bytes, words) in [
            (&b""[..], "is empty"), (b"PK\x03\x04broken", "is broken"), (b"\xd0\xcf\x11\xe0", "old Excel"), (&large, "larger than 10 MB"),
        ] {
            let page = upload(&he, bytes, &[]).await;
            assert_eq!(page.status, 409, "{words}");
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        let binary = preview(&he, &[0xff, 0xfe, 0x00, 0x01, 0x80, 0x0a], &[]).await;
        assert!(!binary.has("form[action$='carry-out']"));
        assert_eq!(he.post("/certificates/import", &[("file", "x")]).await.status, 409, "no file at all");
        assert_eq!(world.zhou().await.get("/certificates/import").await.status, 403);
    }
}

on_both! {
    async fn nothing_is_written_when_things_have_changed_or_the_upload_is_gone(world: World) {
        let he = world.he().await;
        let table = format!("staff_no,certification,from\nT0001,{LV},2024-01-01\n");
        let page = preview(&he, table.as_bytes(), &[]).await;
        let other = preview(&he, table.as_bytes(), &[]).await;
        assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        let late = he.submit(&other, CARRY_OUT, &[]).await;
        assert!(he.follow(&late).await.says(".alert", "预览之后数据有变化"), "another window");
        assert_eq!(world.taken_over("T0001").await.len(), 1);
        // What a server that was killed in between has kept: nothing.
        let gone = [("form_key", "k"), ("mark", "x"), ("file", "0000000000000000000000000000000000000000000000000000000000000000")];
        let refused = he.post(CARRY_OUT, &gone).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("Upload it again"));
    }
}

on_both! {
    async fn an_import_is_taken_back_and_may_come_again(world: World) {
        let he = world.he().await;
        let table = format!("staff_no,certification,number,from\nT0001,{LV},LV-1,2024-01-01\nT0002,{LV},LV-2,2024-01-01\n");
        let page = preview(&he, table.as_bytes(), &[]).await;
        he.submit(&page, CARRY_OUT, &[]).await;
        let start = he.get("/certificates/import").await;
        let undo = start.attribute("form[action$='/undo']", "action").expect("a form to take it back");
        assert_eq!(he.submit(&start, &undo, &[("why", "")]).await.status, 409);
        assert_eq!(he.submit(&start, &undo, &[("why", "文件有误")]).await.status, 303);
        assert!(world.held_facts("T0001").await.is_empty(), "as if it had never been taken over");
        let sheet = he.get("/certificates/IM-2026-000001").await;
        assert!(sheet.says(".badge", "已吊销") && sheet.says("#history li", "文件有误"), "nothing is deleted");
        assert_eq!(he.post(&undo, &[("form_key", "again"), ("why", "再次")]).await.status, 409);
        let page = preview(&he, table.as_bytes(), &[]).await;
        assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        assert_eq!(world.held_facts("T0001").await.len(), 1);
        // One of the second run is acted on: then it cannot go as a whole.
        let sheet = he.get("/certificates/IM-2026-000003").await;
        let acts = "/certificates/IM-2026-000003/acts";
        assert_eq!(he.submit(&sheet, acts, &[("act", "suspended"), ("why", "复核")]).await.status, 303);
        let start = he.get("/certificates/import").await;
        let undo = start.attribute("form[action$='/undo']", "action").expect("a form to take it back");
        assert_eq!(he.submit(&start, &undo, &[("why", "文件有误")]).await.status, 409);
        let file = he.get(&undo.replace("undo", "file")).await;
        assert_eq!(file.body, table, "the file as it came");
    }
}

on_both! {
    async fn one_certificate_is_entered_with_its_scan(world: World) {
        let he = world.he().await;
        let path = "/certificates/import/one";
        let fields = [
            ("staff_no", "T0001"), ("certification", LV), ("number", "Y000123000001195000001"),
            ("issuer", "某机构"), ("from", "2024-02-29"), ("through", ""),
        ];
        let wrong: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, if *k == "number" { "Y00012300000119500001" } else { *v })).collect();
        let page = he.upload_all(path, &wrong, [("scan", "old.pdf", PDF)]).await;
        assert_eq!(page.status, 422);
        assert!(page.says(".text-danger", "22 位") && page.attribute("#issuer", "value").as_deref() == Some("某机构"));
        let page = he.upload_all(path, &fields, [("scan", "old.pdf", b"GIF89a".as_slice())]).await;
        assert!(page.status == 422 && page.says(".text-danger", "PDF、JPEG"));
        let page = he.upload_all(path, &fields, [("scan", "old.pdf", PDF)]).await;
        let preview = he.follow(&page).await;
        assert!(preview.says("#lines tr", "2030年2月28日"), "{}", preview.body);
        assert_eq!(he.submit(&preview, CARRY_OUT, &[]).await.status, 303);
        let sheet = he.get("/certificates/IM-2026-000001").await;
        assert!(sheet.says("dd", "黑龙江 (23)") && sheet.says("dd", "五级"), "the number is taken apart");
        assert!(sheet.says("#files li", "old.pdf"));
        let again = he.upload_all(path, &fields, [("scan", "old.pdf", PDF)]).await;
        assert!(again.status == 422 && again.says(".text-danger", "IM-2026-000001"));
    }
}

on_both! {
    async fn five_thousand_lines_are_taken_over_at_once(world: World) {
        let he = world.he().await;
        let mut table = String::from("staff_no,certification,number,from\n");
        for n in 0..5_000 {
            let (who, at) = (["T0001", "T0002", "M0001", "R0001", "E0001"][n % 5], n / 5);
            let on = chrono::NaiveDate::from_ymd_opt(2020, 1, 1).expect("a day") + chrono::Days::new(at as u64);
            table.push_str(&format!("{who},{LV},LV-{n},{on}\n"));
        }
        let page = preview(&he, table.as_bytes(), &[]).await;
        assert!(page.says(".card-link", "5000"), "{:?}", page.texts(".card-link"));
        assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        assert_eq!(world.taken_over("T0001").await.len(), 1_000);
        assert_eq!(world.held_facts("E0001").await.len(), 1_000);
        world.clock.travel_to(instant("2026-11-24T02:00:00Z"));
        let lin = world.id("T0001").await;
        let named = world.arrange(move |conn| {
            let ids: Vec<i64> = certificates::issued_to(conn, lin)?.iter().map(|one| one.id.0).collect();
            let facts = ledger::ids_said_by(conn, Kind::Certificate, certificates::SOURCE, &ids)?;
            let all = certificates::issued_to(conn, lin)?;
            Ok(all.iter().all(|one| facts.contains(&(one.id.0, one.fact_id))))
        }).await;
        assert!(named, "each certificate names its fact");
    }
}

/// The number of a special operation licence is that of its holder: a renewal keeps it.
const KEPT: &str = "T310101199001011234";
const FIRST: (&str, &str) = ("2018-03-01", "2024-02-29");
const RENEWED: (&str, &str) = ("2024-03-01", "2030-02-28");

fn numbered(lines: &[(&str, (&str, &str))]) -> String {
    let lines =
        lines.iter().map(|(who, (from, through))| format!("{who},{LV},{KEPT},{from},{through}\n"));
    format!("staff_no,certification,number,from,through\n{}", lines.collect::<String>())
}

on_both! {
    async fn a_renewal_that_keeps_its_number_is_another_certificate(world: World) {
        let he = world.he().await;
        let held = |(from, through): (&str, &str)| (from.to_owned(), Some(through.to_owned()), Some(KEPT.to_owned()));
        // One after the other, the later one first, then both in one file.
        for lines in [vec![("T0001", RENEWED)], vec![("T0001", FIRST)], vec![("T0002", FIRST), ("T0002", RENEWED)]] {
            let page = preview(&he, numbered(&lines).as_bytes(), &[]).await;
            assert!(!page.says("#lines", "已有") && !page.says("#lines", "重复"), "{:?}", page.texts("#lines tbody tr"));
            assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        }
        assert_eq!(world.held_facts("T0001").await, [held(FIRST), held(RENEWED)]);
        assert_eq!(world.held_facts("T0002").await, [held(FIRST), held(RENEWED)]);
        // In the form for one, too.
        let fields = |from: &'static str, through: &'static str| {
            [("staff_no", "M0001"), ("certification", LV), ("number", KEPT), ("from", from), ("through", through)]
        };
        for (from, through) in [FIRST, RENEWED] {
            let page = he.upload_all("/certificates/import/one", &fields(from, through), []).await;
            assert_eq!(page.status, 303, "{:?}", page.texts(".text-danger"));
            let page = he.follow(&page).await;
            assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        }
        assert_eq!(world.taken_over("M0001").await.len(), 2);
        // All of it once more, and the same paper with another first day.
        let again = numbered(&[("T0001", FIRST), ("T0001", RENEWED), ("T0002", RENEWED), ("T0002", FIRST)]);
        assert!(preview(&he, again.as_bytes(), &[]).await.says(".alert", "没有需要导入"));
        let page = he.upload_all("/certificates/import/one", &fields("2024-03-05", "2030-03-04"), []).await;
        assert!(page.status == 422 && page.says(".text-danger", "编号相同，有效期重叠"), "{}", page.body);
        let slip = numbered(&[("E0001", FIRST), ("E0001", ("2018-03-02", "2024-02-29")), ("E0001", RENEWED)]);
        let rows = preview(&he, slip.as_bytes(), &[]).await.texts("#lines tbody tr");
        let repeated: Vec<bool> = rows.iter().map(|row| row.contains("本文件中重复")).collect();
        assert_eq!(repeated, [false, true, false], "{rows:?}");
    }
}

on_both! {
    async fn two_who_import_the_same_list_at_once_take_it_over_once(world: World) {
        let table = format!("staff_no,certification,number,from\nT0001,{LV},LV-1,2024-01-01\nT0002,{LV},LV-2,2024-01-01\n");
        let (one, other) = (world.he().await, world.he().await);
        let (a, b) = (preview(&one, table.as_bytes(), &[]).await, preview(&other, table.as_bytes(), &[]).await);
        // Somebody else holds one of the people until both have begun.
        let lin = world.id("T0001").await;
        let (holds, is_held) = tokio::sync::oneshot::channel();
        let somebody = world.arrange(move |conn| {
            ledger::hold(conn, lin)?;
            holds.send(()).expect("the test waits");
            std::thread::sleep(std::time::Duration::from_millis(700));
            Ok(())
        });
        let both = async {
            is_held.await.expect("the other transaction is open");
            tokio::join!(one.submit(&a, CARRY_OUT, &[]), other.submit(&b, CARRY_OUT, &[]))
        };
        let ((), (first, second)) = tokio::join!(somebody, both);
        assert_eq!((first.status, second.status), (303, 303), "{} {}", first.body, second.body);
        let refused: Vec<&Page> = [&first, &second].into_iter()
            .filter(|page| page.location.as_deref().is_some_and(|location| location.contains("changed=true")))
            .collect();
        assert_eq!(refused.len(), 1, "{:?} {:?}", first.location, second.location);
        assert!(one.follow(refused[0]).await.says(".alert", "预览之后数据有变化"));
        for who in ["T0001", "T0002"] {
            assert_eq!((world.taken_over(who).await.len(), world.held_facts(who).await.len()), (1, 1), "{who}");
        }
        // Taken back by two at once, it is taken back once.
        let (a, b) = (one.get("/certificates/import").await, other.get("/certificates/import").await);
        let undo = a.attribute("form[action$='/undo']", "action").expect("a form to take it back");
        let fields = [("why", "文件有误")];
        let (first, second) = tokio::join!(one.submit(&a, &undo, &fields), other.submit(&b, &undo, &fields));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
        assert!(world.held_facts("T0001").await.is_empty());
    }
}

on_both! {
    async fn an_import_about_somebody_out_of_reach_is_not_taken_back(world: World) {
        let he = world.he().await;
        let table = format!("staff_no,certification,number,from\nT0001,{LV},LV-1,2024-01-01\nT0002,{LV},LV-2,2024-01-01\n");
        let page = preview(&he, table.as_bytes(), &[]).await;
        assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        let lin = world.id("T0001").await;
        world.arrange(move |conn| {
            let site = shifu::staff::queries::site_by_code(conn, "beijing")?.expect("a site").id;
            let post = NewAssignment {
                person: lin, site, position: "technician", occupation: "auto-mechanic",
                manager: None, starts_on: day("2026-11-23"), ends_on: None,
            };
            transfers::assign(conn, &post, Stamp { at: instant(BEGINNING), by: None }).map(drop)
        }).await;
        let start = he.get("/certificates/import").await;
        let undo = start.attribute("form[action$='/undo']", "action").expect("a form to take it back");
        let refused = he.submit(&start, &undo, &[("why", "文件有误")]).await;
        assert_eq!(refused.status, 409, "T0001 belongs to another HR now");
        assert!(refused.body.contains("T0001") && !refused.body.contains("T0002"), "{}", refused.body);
        for who in ["T0001", "T0002"] {
            assert_eq!(world.held_facts(who).await.len(), 1, "{who}: nothing was taken back");
        }
        assert!(he.get("/certificates/import").await.has("form[action$='/undo']"));
    }
}

on_both! {
    async fn an_imported_licence_counts_until_the_record_says_six_months_away(world: World) {
        let wang = world.id("T0002").await;
        world.arrange(move |conn| {
            let site = shifu::staff::queries::site_by_code(conn, "pudong")?.expect("a site").id;
            let post = NewAssignment {
                person: wang, site, position: "service-advisor", occupation: "service-advisor",
                manager: None, starts_on: day("2026-03-01"), ends_on: None,
            };
            let held = shifu::staff::queries::post_of(conn, wang, day("2026-02-28"))?.expect("a post");
            let stamp = Stamp { at: instant(BEGINNING), by: None };
            transfers::transfer(conn, &held.assignment, &post, "转岗", stamp).map(drop)
        }).await;
        let he = world.he().await.reads("zh-CN").await;
        let table = format!("staff_no,certification,number,from\nT0001,{LV},LV-1,2024-02-29\nT0002,{LV},LV-2,2024-02-29\n");
        let page = preview(&he, table.as_bytes(), &[]).await;
        assert_eq!(he.submit(&page, CARRY_OUT, &[]).await.status, 303);
        let sheet = he.get("/certificates/IM-2026-000001").await;
        assert!(sheet.says(".badge", "有效"), "a technician of the house: {:?}", sheet.texts(".badge"));
        let sheet = he.get("/certificates/IM-2026-000002").await;
        assert!(sheet.says(".badge", "已暂停"), "at a desk since March: {:?}", sheet.texts(".badge"));
    }
}
