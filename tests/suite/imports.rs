//! Sites, staff and history from files: told before it is done, all or nothing, and taken back.

use std::io::Write;

use shifu::{
    db::Conn,
    record::{Kind, ledger},
    staff::{
        self,
        import::{self, Import, ImportKind, Report, Run, Table},
        queries::Scope,
    },
};

use crate::{
    on_both,
    world::{Actor, Page, World, day},
};

/// Imports a file as the command line does.
async fn import_file(world: &World, kind: ImportKind, bytes: impl Into<Vec<u8>>) -> Report {
    let (bytes, rules, now) = (bytes.into(), world.shared.rules.clone(), world.clock.now());
    let outcome = world.shared.db.write(move |conn: &mut Conn| -> import::Result<Report> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&bytes).expect("written");
        let table = Table::open(file.path())?;
        let scope = Scope::everyone();
        let today = day("2026-11-23");
        let import =
            Import { kind, table: &table, file_name: "x", rules: &rules, scope: &scope, today };
        import.carry_out(conn, ledger::Stamp { at: now, by: None }, &mut |_| {})
    });
    outcome.await.expect("the file can be read")
}

async fn undo(world: &World) -> import::Result<Run> {
    let now = world.clock.now();
    world
        .shared
        .db
        .write(move |conn: &mut Conn| {
            let last = import::last_run(conn)?.expect("an import");
            import::undo(conn, last.id, "wrong file", ledger::Stamp { at: now, by: None })
        })
        .await
}

async fn facts(world: &World, staff_no: &'static str) -> Vec<ledger::Row> {
    world
        .shared
        .db
        .read(move |conn| {
            let person = staff::queries::person_by_staff_no(conn, staff_no)?.expect("somebody");
            ledger::rows_of(conn, person.id, None)
        })
        .await
        .expect("the database answers")
}

const STAFF: &str = "工号,姓名,邮箱,门店,岗位,入职日期,出生日期,上级工号,血型\r\n\
    T0101,　钱多多 ,qian@evergreen.example,pudong,机电技师,2024/3/1,1999年5月6日,T0102,A\r\n\
    T0102,孔明,,浦东店,workshop-manager,20200101,,,B\r\n";

on_both! {
    async fn a_staff_list_in_chinese_hires_people_whoever_manages_whom(world: World) {
        let report = import_file(&world, ImportKind::Staff, STAFF).await;
        assert!(report.can_be_done(), "{:?}", report.mistakes);
        assert_eq!((report.added, report.changed, report.facts), (2, 0, 5));
        assert_eq!(report.ignored_columns, ["血型"]);
        let said: Vec<_> = facts(&world, "T0101").await.into_iter().map(|f| (f.kind, f.code, f.from_on.to_string())).collect();
        let expected = [("birth", "", "1999-05-06"), ("employment", "auto-mechanic", "2024-03-01"), ("position", "technician", "2024-03-01")];
        assert_eq!(said, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        let (manager, qian) = (world.id("T0102").await, world.id("T0101").await);
        let post = world.shared.db.read(move |conn| staff::queries::post_of(conn, qian, day("2026-11-23"))).await.unwrap().unwrap();
        assert_eq!((post.person.name.as_str(), post.assignment.manager_id), ("钱多多", Some(manager)));
        let again = import_file(&world, ImportKind::Staff, STAFF).await;
        assert_eq!((again.added, again.changed, again.unchanged, again.run), (0, 0, 2, None), "{again:?}");
    }
}

on_both! {
    async fn gb18030_and_xlsx_say_the_same_as_utf8(world: World) {
        let (gb, ..) = encoding_rs::GB18030.encode(STAFF);
        assert_eq!(import_file(&world, ImportKind::Staff, gb.into_owned()).await.added, 2);
        let report = import_file(&world, ImportKind::Staff, workbook()).await;
        assert!(report.can_be_done(), "{:?}", report.mistakes);
        assert_eq!((report.added, report.unchanged), (1, 1), "{report:?}");
        assert_eq!(facts(&world, "1001").await[0].from_on, day("2025-02-03"));
    }
}

/// One known person with the dates as text, one new with a date and a number as spreadsheets have them.
fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in ["工号", "姓名", "门店", "岗位", "入职日期"].into_iter().enumerate()
    {
        sheet.write(0, column as u16, header).unwrap();
    }
    for (column, cell) in
        ["T0102", "孔明", "pudong", "车间主任", "2020-01-01"].into_iter().enumerate()
    {
        sheet.write(1, column as u16, cell).unwrap();
    }
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let hired = rust_xlsxwriter::ExcelDateTime::from_ymd(2025, 2, 3).unwrap();
    sheet.write(3, 0, 1001).unwrap();
    sheet.write(3, 1, "吴用").unwrap();
    sheet.write(3, 2, "beijing").unwrap();
    sheet.write(3, 3, "技师").unwrap();
    sheet.write_datetime_with_format(3, 4, &hired, &format).unwrap();
    book.save_to_buffer().unwrap()
}

on_both! {
    async fn every_mistake_of_a_file_is_told_with_its_line_and_nothing_is_written(world: World) {
        let file = "staff_no,name,site,position,hired_on,left_on,email,manager_no\n\
            T0201,,pudong,technician,2024-01-01,,,\n\
            T0202,A,nowhere,technician,2024-13-01,,,\n\
            T0203,B,pudong,technician,2024-01-01,2023-01-01,,X9\n\
            T0203,C,pudong,technician,2024-01-01,,t0001@evergreen.example,\n\
            T0204,D,pudong,technician,2024-01-01,,no-mail,T0204\n";
        let report = import_file(&world, ImportKind::Staff, file).await;
        let told: Vec<(u64, &str)> = report.mistakes.iter()
            .map(|m| (m.line, m.column.as_ref().map_or("", |c| c.en.as_str()))).collect();
        assert_eq!(told, [
            (2, "name"), (3, "site"), (3, "hired_on"), (4, "left_on"), (4, "manager_no"),
            (5, "staff_no"), (5, "email"), (6, "email"), (6, "manager_no"),
        ], "{:#?}", report.mistakes);
        assert!(report.mistakes.iter().all(|m| !m.text.zh.is_empty() && m.text.en != m.text.zh));
        assert_eq!(report.run, None);
        let found = world.shared.db.read(|conn| staff::queries::person_by_staff_no(conn, "T0204")).await;
        assert!(found.unwrap().is_none());
        let report = import_file(&world, ImportKind::Staff, "工号,姓名\nT1,x\n").await;
        assert_eq!(report.mistake_count, 3, "the missing columns, once each");
    }
}

on_both! {
    async fn a_transfer_by_file_keeps_tenure_without_a_gap(world: World) {
        let file = "工号,姓名,门店,岗位,入职日期,调动日期,手机\nT0001,林涛,pudong,班组长,2021-07-01,2026-10-01,13800000000\n";
        let report = import_file(&world, ImportKind::Staff, file).await;
        assert_eq!((report.changed, report.mistake_count), (1, 0), "{:?}", report.mistakes);
        let spans: Vec<_> = facts(&world, "T0001").await.into_iter()
            .filter(|f| f.kind == Kind::Position.word())
            .map(|f| (f.code, f.from_on.to_string(), f.through_on.map(|d| d.to_string()))).collect();
        assert_eq!(spans, [
            ("team-leader".to_owned(), "2026-10-01".to_owned(), None),
            ("technician".to_owned(), "2021-07-01".to_owned(), Some("2026-09-30".to_owned())),
        ]);
        assert_eq!(import_file(&world, ImportKind::Staff, file).await.unchanged, 1);
        undo(&world).await.expect("it can be taken back");
        let spans: Vec<_> = facts(&world, "T0001").await.into_iter()
            .filter(|f| f.kind == Kind::Position.word()).map(|f| (f.code, f.through_on)).collect();
        assert_eq!(spans, [("technician".to_owned(), None)]);
        let phone = world.shared.db.read(|conn| staff::queries::person_by_staff_no(conn, "T0001")).await.unwrap().unwrap().phone;
        assert_eq!(phone, None);
    }
}

on_both! {
    async fn who_left_is_ended_and_may_be_hired_again(world: World) {
        let left = "工号,姓名,门店,岗位,入职日期,离职日期\nT0003,孙悦,beijing,technician,2020-01-06,2026-05-31\n";
        assert_eq!(import_file(&world, ImportKind::Staff, left).await.changed, 1);
        assert_eq!(import_file(&world, ImportKind::Staff, left).await.unchanged, 1);
        let back = "工号,姓名,门店,岗位,入职日期\nT0003,孙悦,pudong,technician,2026-09-01\n";
        assert_eq!(import_file(&world, ImportKind::Staff, back).await.changed, 1);
        let spans: Vec<_> = facts(&world, "T0003").await.into_iter()
            .filter(|f| f.kind == "employment").map(|f| (f.from_on.to_string(), f.through_on.map(|d| d.to_string()))).collect();
        assert_eq!(spans, [("2020-01-06".to_owned(), Some("2026-05-31".to_owned())), ("2026-09-01".to_owned(), None)]);
    }
}

on_both! {
    async fn history_is_recorded_once_and_taken_back_by_voiding(world: World) {
        let file = "工号,类别,代码,等级,数值,开始日期,结束日期\n\
            T0001,技能等级,cn-auto-mechanic,L4,,2023-06-01,9999-01-01\n\
            T0001,kpi,ftf,,36/40,2026-10-01,2026-10-31\n\
            T0001,证书,VW/HV-2017,,,2017-05-01,\n\
            T0001,证书,VW/HV-2017,,,2017-05-01,\n";
        let report = import_file(&world, ImportKind::History, file).await;
        assert!(report.can_be_done(), "{:?}", report.mistakes);
        assert_eq!((report.added, report.unchanged), (3, 1));
        assert!(report.unknown_codes.iter().any(|c| c.code == "VW/HV-2017" && c.lines == 2), "{:?}", report.unknown_codes);
        let rows = facts(&world, "T0001").await;
        let kpi = rows.iter().find(|f| f.kind == "kpi").expect("kept");
        assert_eq!((kpi.amount_numerator, kpi.amount_denominator), (Some(36), Some(40)));
        assert_eq!(kpi.source(), format!("import:{}:3", report.run.unwrap()));
        assert_eq!(import_file(&world, ImportKind::History, file).await.unchanged, 4);
        undo(&world).await.expect("it can be taken back");
        assert_eq!(facts(&world, "T0001").await.len(), rows.len() - 3);
        assert_eq!(import_file(&world, ImportKind::History, file).await.added, 3, "and imported again");
    }
}

on_both! {
    async fn history_with_mistakes_names_each_line(world: World) {
        let file = "staff_no,kind,code,amount,from,through\n\
            X1,course,a,,2026-01-01,\nT0001,rocket,a,,2026-01-01,\nT0001,kpi,ftf,many,2026-01-01,\n\
            T0001,course,a,,2026-02-01,2026-01-01\nT0001,course,,,,\n";
        let report = import_file(&world, ImportKind::History, file).await;
        let lines: Vec<u64> = report.mistakes.iter().map(|m| m.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 6], "{:#?}", report.mistakes);
        assert_eq!(report.run, None);
    }
}

on_both! {
    async fn a_tree_is_imported_in_any_order_but_never_in_a_circle(world: World) {
        let file = "编码,名称,上级,类型,时区\nw1,一号车间,s9,班组,\ns9,宝山店,east,门店,Asia/Shanghai\npudong,浦东旗舰店,,,\n";
        let report = import_file(&world, ImportKind::Sites, file).await;
        assert_eq!((report.added, report.changed), (2, 1), "{:?}", report.mistakes);
        assert_eq!(import_file(&world, ImportKind::Sites, file).await.unchanged, 3);
        let circle = "code,name,parent,kind,time_zone\neast,East,w1,region,Mars/Base\n";
        let report = import_file(&world, ImportKind::Sites, circle).await;
        assert_eq!(report.mistake_count, 2, "{:?}", report.mistakes);
        let moved = "code,name,parent\ns9,宝山店,north\n";
        import_file(&world, ImportKind::Sites, moved).await;
        let site = world.shared.db.read(|conn| staff::queries::site_by_code(conn, "w1")).await.unwrap().unwrap();
        let north = world.shared.db.read(|conn| staff::queries::site_by_code(conn, "north")).await.unwrap().unwrap();
        assert!(site.lineage.starts_with(&north.lineage), "what stands below moves along");
        undo(&world).await.expect("the move back");
        undo(&world).await.expect("and the additions");
        let gone = world.shared.db.read(|conn| staff::queries::site_by_code(conn, "w1")).await.unwrap();
        assert!(gone.is_none());
    }
}

on_both! {
    async fn an_import_others_rely_on_is_not_taken_back(world: World) {
        import_file(&world, ImportKind::Staff, STAFF).await;
        let history = "工号,类别,代码,开始日期\nT0101,course,some-course,2026-02-01\n";
        import_file(&world, ImportKind::History, history).await;
        undo(&world).await.expect("the last one");
        let person = world.id("T0101").await;
        let now = world.clock.now();
        world.arrange(move |conn| {
            let fact = shifu::record::NewFact::new(Kind::Course, "other", day("2026-03-01"));
            ledger::append(conn, person, &fact, shifu::record::Source::new("enrolment", 1), ledger::Stamp { at: now, by: None })
        }).await;
        let refused = undo(&world).await.expect_err("somebody learnt something since");
        assert!(refused.to_string().contains("since"), "{refused}");
    }
}

/// Uploads a file and shows its preview.
async fn previewed(actor: &Actor, kind: &str, bytes: &str) -> Page {
    let sent = actor
        .upload("/admin/imports", &[("kind", kind)], "名单.csv", bytes.as_bytes().to_vec())
        .await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    actor.follow(&sent).await
}

on_both! {
    async fn an_administrator_sees_the_plan_confirms_it_and_takes_it_back(world: World) {
        let gao = world.gao().await.reads("en").await;
        let page = previewed(&gao, "staff", STAFF).await;
        assert_eq!(page.status, 200);
        assert!(page.says("td", "1 Mar 2024"), "computed dates stand in the preview");
        let sent = gao.submit(&page, "/admin/imports/carry-out", &[]).await;
        assert!(sent.location.as_deref().is_some_and(|to| to.starts_with("/admin/imports?done=")), "{:?}", sent.body);
        assert_eq!(gao.submit(&page, "/admin/imports/carry-out", &[]).await.location, sent.location);
        let list = gao.follow(&sent).await;
        assert!(list.says("[role=status]", "2 added"));
        assert!(gao.get("/people?q=T0101").await.says("td", "钱多多"));
        let undone = gao.submit(&list, "/admin/imports/undo", &[("reason", "wrong file")]).await;
        assert_eq!(undone.status, 303);
        assert!(gao.follow(&undone).await.says("td", "Taken back"));
        assert!(!gao.get("/people?q=T0101").await.says("td", "钱多多"));
        assert!(gao.get("/admin/audit").await.says("tr", "undo-import"));
    }
}

on_both! {
    async fn a_plan_that_no_longer_holds_is_shown_again(world: World) {
        let gao = world.gao().await.reads("en").await;
        let page = previewed(&gao, "staff", STAFF).await;
        let one: String = STAFF.lines().take(2).map(|line| format!("{}\n", line.replace("T0102", ""))).collect();
        import_file(&world, ImportKind::Staff, one).await;
        let sent = gao.submit(&page, "/admin/imports/carry-out", &[]).await;
        let again = gao.follow(&sent).await;
        assert!(again.says("[role=status]", "changed after your preview"), "{}", again.body);
    }
}

on_both! {
    async fn a_file_with_mistakes_offers_no_way_to_carry_it_out(world: World) {
        let gao = world.gao().await.reads("en").await;
        let page = previewed(&gao, "history", "工号,类别,代码,开始日期\nX9,kpi,ftf,2026-01-01\n").await;
        assert!(page.says("td", "X9"));
        assert!(!page.has("form[action='/admin/imports/carry-out']"));
        let broken = gao.upload("/admin/imports", &[("kind", "staff")], "a.csv", b"PK\x03\x04x".to_vec()).await;
        assert_eq!(broken.status, 409);
    }
}

on_both! {
    async fn imports_and_lists_are_for_those_who_may(world: World) {
        let lin = world.lin().await;
        for path in ["/admin/imports", "/people", "/people.csv", "/sites", "/people/new", "/people/1/transfer"] {
            assert_eq!(lin.get(path).await.status, 403, "{path}");
        }
        assert_eq!(lin.upload("/admin/imports", &[("kind", "staff")], "a.csv", b"x".to_vec()).await.status, 403);
        let (zhou, he) = (world.zhou().await, world.he().await);
        let east = he.get("/people").await;
        assert!(east.says("td", "T0001") && !east.says("td", "T0003"));
        let sun = world.id("T0003").await;
        assert_eq!(zhou.get(&format!("/people/{sun}/transfer")).await.status, 404);
        assert!(!he.get("/people.csv").await.body.contains("T0003"));
    }
}

on_both! {
    async fn an_administrator_of_a_part_imports_for_that_part_only(world: World) {
        let sun = world.sun_over_the_north(shifu::access::Role::Administrator).await.reads("en").await;
        let page = previewed(&sun, "staff", STAFF).await;
        assert!(page.says("td", "not within your reach"), "{}", page.body);
        let page = previewed(&sun, "history", "工号,类别,代码,开始日期\nT0001,course,a,2026-01-01\n").await;
        assert!(page.says("td", "T0001"), "somebody else's person cannot be written about");
        assert!(!page.has("form[action='/admin/imports/carry-out']"));
    }
}

on_both! {
    async fn a_manager_transfers_somebody_after_seeing_what_the_record_will_say(world: World) {
        let zhou = world.zhou().await.reads("en").await;
        let lin = world.id("T0001").await;
        let path = format!("/people/{lin}/transfer");
        let form = zhou.get(&path).await;
        assert_eq!(form.status, 200);
        let asked = format!("{path}?site=3&position=team-leader&manager=M0001&on=2026-12-01");
        let preview = zhou.get(&asked).await;
        assert!(preview.says("li", "since 1 Dec 2026"), "{}", preview.body);
        // Two forms lead to the same address; the one that changes something is a POST.
        let key = preview.attribute("input[name=form_key]", "value").expect("a key");
        let fields = [("form_key", key.as_str()), ("site", "3"), ("position", "team-leader"), ("manager", "M0001"), ("on", "2026-12-01")];
        let sent = zhou.post(&path, &fields).await;
        assert_eq!(sent.location, Some(format!("/people/{lin}")), "{}", sent.body);
        let spans: Vec<_> = facts(&world, "T0001").await.into_iter().filter(|f| f.kind == "employment")
            .map(|f| (f.from_on.to_string(), f.through_on.map(|d| d.to_string()))).collect();
        assert_eq!(spans, [("2021-07-01".to_owned(), Some("2026-11-30".to_owned())), ("2026-12-01".to_owned(), None)]);
        let own = world.id("M0001").await;
        assert_eq!(zhou.get(&format!("/people/{own}/transfer")).await.status, 403, "nobody moves themselves");
    }
}

on_both! {
    async fn hr_takes_somebody_on_and_records_that_they_leave(world: World) {
        let he = world.he().await.reads("en").await;
        let page = he.get("/people/new").await;
        let fields = [("staff_no", "T0300"), ("name", "刘洋"), ("site", "3"), ("position", "technician"), ("on", "2026-11-01"), ("language", "zh-CN")];
        let sent = he.submit(&page, "/people/new", &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        assert_eq!(he.submit(&he.get("/people/new").await, "/people/new", &fields).await.status, 422, "the number is taken");
        let path = format!("{}/leave", sent.location.expect("their page"));
        let preview = he.get(&format!("{path}?on=2026-11-20")).await;
        let key = preview.attribute("input[name=form_key]", "value").expect("a key");
        assert_eq!(he.post(&path, &[("form_key", &key), ("on", "2026-11-20")]).await.status, 303);
        assert!(!he.get("/people?q=T0300").await.says("td", "T0300"));
        assert!(he.get("/people?q=T0300&left=1").await.says("td", "T0300"));
        assert!(he.get("/sites").await.says("td", "pudong"));
    }
}
