//! The rule book and what-if: what is foretold is what happens.

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use shifu::{
    access::{Role, queries as access},
    app::Shared,
    db::{Conn, schema::content},
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
        requirement::{self, Requirement, Rule},
        verdict,
    },
    rulebook::Rulebook,
    settings::Settings,
    staff,
};

use crate::{
    on_both,
    world::{Actor, BEGINNING, Page, World, day, instant},
};

const TODAY: &str = "2026-11-23";
const SET: &str = "inhouse-default";
const BRAKES: &str = "inhouse-default/brake-specialist";

fn stamp() -> Stamp {
    Stamp { at: instant(BEGINNING), by: None }
}

/// The course and the exam of the brake certificate.
fn brakes(conn: &mut Conn, person: PersonId, score: i64, on: &str) -> Result<(), shifu::db::Error> {
    let course = NewFact::new(Kind::Course, "brake-systems", day(on)).amount(8, 1, Some("h"));
    let exam =
        NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day(on)).amount(score, 1, None);
    for (line, fact) in [course, exam].iter().enumerate() {
        let source = Source::new("test", person.0 * 1000 + score).line(line as i64);
        ledger::append(conn, person, fact, source, stamp())?;
    }
    Ok(())
}

impl World {
    /// Somebody passes everything the brake certificate asks, and what follows happens.
    async fn earns_brakes(&self, who: &'static str, score: i64, on: &'static str) {
        let (person, consequences) = (self.id(who).await, self.shared.consequences.clone());
        self.arrange(move |conn| {
            brakes(conn, person, score, on)?;
            consequences.follow(conn, person, day(on), stamp())
        })
        .await;
    }

    /// Whether the rules in force on this server on a day say that somebody holds it.
    async fn says_held(&self, who: &'static str, on: &str) -> bool {
        let (person, rules) = (self.id(who).await, self.shared.live_rules.current().on(day(on)));
        let on = day(on);
        self.arrange(move |conn| {
            let facts = ledger::facts_of(conn, person, None)?;
            Ok(verdict::is_met(&holding(BRAKES), rules.context(), &facts, on))
        })
        .await
    }

    /// 何 answers for the whole group from now on.
    async fn he_of_the_group(&self) -> Actor {
        let (he, gao) = (self.id("H0001").await, self.id("A0001").await);
        self.arrange(move |conn| {
            let group = staff::queries::site_by_code(conn, "group")?.expect("the group");
            let since = day("2020-01-01");
            access::add_grant(conn, he, Role::Hr, group.id, since, Some(gao), stamp().at).map(drop)
        })
        .await;
        self.he().await.reads("en").await
    }

    /// Another server on the same database, with this course-content.
    fn another(&self, content: Option<PathBuf>) -> Shared {
        let settings = Settings {
            database_url: self.shared.db.url().to_string(),
            base_url: Some("http://shifu.test".to_owned()),
            content,
            ..Settings::default()
        };
        Shared::open(&settings, self.clock.clone()).expect("another server starts")
    }
}

/// The house rules as they lie in the folder.
fn house_rules() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("course-content/programmes");
    std::fs::read_to_string(folder.join("inhouse-default.toml")).expect("the house rules")
}

/// Their version.
fn house_version() -> String {
    let line = |line: &str| line.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_owned);
    house_rules().lines().find_map(line).expect("a version")
}

fn holding(code: &str) -> Requirement {
    let (code, strictly, for_months, ever) = (code.to_owned(), false, 0, false);
    Rule::Certificate(requirement::Certificate { code, strictly, for_months, ever }).into()
}

/// Starts a draft of the house rules and returns its address.
async fn drafted(actor: &Actor) -> String {
    let page = actor.get("/rules/inhouse-default").await;
    let started = actor.submit(&page, "/rules/inhouse-default/drafts", &[]).await;
    assert_eq!(started.status, 303, "{}", started.body);
    started.location.expect("the draft")
}

/// Changes the text of a draft.
async fn rewritten(actor: &Actor, draft: &str, change: impl Fn(&str) -> String) -> Page {
    let action = format!("{draft}/text");
    let page = actor.get(&action).await;
    let body = page.form(&action).into_iter().find(|(name, _)| name == "body").expect("a text").1;
    let changed = change(body.trim_start_matches('\n'));
    actor.submit(&page, &action, &[("body", &changed)]).await
}

/// Publishes a draft from a day on.
async fn published(actor: &Actor, draft: &str, plan: &str, version: &str) -> Page {
    let page = actor.get(&format!("{draft}/effects?{plan}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let fields = [("version", version), ("why", "A stricter figure"), ("alone", "yes")];
    actor.submit(&page, &format!("{draft}/publication"), &fields).await
}

/// Adds a version of a rule set that says the same, and returns its number.
fn said(
    code: &'static str,
    version: &'static str,
) -> impl FnOnce(&mut Conn) -> Result<i64, shifu::db::Error> + Send + 'static {
    move |conn| {
        let words = shifu::content::words(conn)?;
        let word = words.iter().rfind(|word| word.code == code).expect("a word");
        let renamed = |line: &str| match line.starts_with("version = ") {
            true => format!("version = \"{version}\""),
            false => line.to_owned(),
        };
        let text: Vec<String> = word.text.lines().map(renamed).collect();
        let id = shifu::content::publish(conn, code, &text.join("\n"), day(TODAY), stamp().at)?;
        Ok(id.0)
    }
}

/// Gives what was said another number.
fn moved(
    from: i64,
    to: i64,
) -> impl FnOnce(&mut Conn) -> Result<(), shifu::db::Error> + Send + 'static {
    move |conn| {
        diesel::update(content::table.find(from)).set(content::id.eq(to)).execute(conn)?;
        Ok(())
    }
}

/// 85 instead of 60 for the brake exam, wherever the certificate asks for it.
fn stricter(text: &str) -> String {
    let changed =
        text.replace("code = \"brake-theory\", min = 60", "code = \"brake-theory\", min = 85");
    assert_ne!(changed, text);
    changed
}

/// The job needs more than the certificate.
fn stricter_job(text: &str) -> String {
    let now = "requires.certificate = { code = \"brake-specialist\" }";
    assert!(text.contains(now));
    text.replace(now, "requires.all = [{ certificate = { code = \"brake-specialist\" } }, { certificate = { code = \"hv-aware\" } }]")
}

on_both! {
    async fn everybody_reads_the_rules_and_the_calculator_counts(world: World) {
        let lin = world.lin().await.reads("en").await;
        let list = lin.get("/rules").await;
        assert!(list.says("table", "In-house default rules") && list.says("table", "Not verified"));
        let set = lin.get("/rules/inhouse-default").await;
        assert!(set.says("table", "Brake specialist") && set.says("body", &house_version()));
        assert!(!set.body.contains("/rules/inhouse-default/drafts"), "reading is not writing");
        let page = "/rules/inhouse-default/certifications/brake-specialist";
        let one = lin.get(&format!("{page}?completed=2026-03-01")).await;
        let said: Vec<String> = one.texts("#calculator dd strong");
        assert_eq!(said, ["29 Feb 2028", "28 Feb 2030", "29 Feb 2032"]);
        assert!(one.says("#calculator dd", "1 Dec 2027"), "ninety days before: {}", one.body);
        assert!(one.says("#calculator dd", "30 Mar 2028"), "thirty days of grace");
        assert!(one.says("#calculator td", "29 Mar 2030"), "renewed on the last day of grace");
        let wrong = lin.get(&format!("{page}?completed=soon&cycle=-1")).await;
        assert!(wrong.says("#calculator .text-danger", "2026-01-31"));
        assert!(wrong.says("#calculator .text-danger", "0 to 99"));
        assert_eq!(lin.get("/rules/inhouse-default/certifications/none").await.status, 404);
        let early = lin.get(&format!("{page}?completed=2027-11-30&cycle=1&previous=2028-02-29")).await;
        assert!(early.says("#calculator .alert", "Too early: the window opens on 1 Dec 2027"), "{:?}", early.texts("#calculator .alert"));
        let late = lin.get(&format!("{page}?completed=2028-04-01&cycle=1&previous=2028-02-29")).await;
        assert!(late.says("#calculator .alert", "a first issue again"));
        // Only the extension is open: the certificate is the same one, and when it began was not asked.
        let inspector = "/rules/inhouse-default/certifications/final-inspector";
        let longer = lin.get(&format!("{inspector}?completed=2027-06-01&cycle=1&previous=2027-12-31")).await;
        assert_eq!(longer.texts("#calculator dd strong").first().map(String::as_str), Some("31 Dec 2028"));
        assert!(longer.says("#calculator", "The same certificate, extended") && longer.says("#calculator dd", "as before"));
        assert!(longer.says("#calculator dd", "counted from its first day") && !longer.body.contains("30 Dec 2027"));
        let chinese = lin.reads("zh-CN").await.get(page).await;
        assert!(chinese.says("h1", "制动系统专修") && chinese.says("body", "有效至对应日的前一天"));
    }
}

on_both! {
    async fn what_a_draft_foretells_is_what_publishing_does(world: World) {
        world.earns_brakes("T0001", 90, TODAY).await;
        world.earns_brakes("T0002", 70, TODAY).await;
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        assert_eq!(rewritten(&gao, &draft, |text| stricter(&stricter_job(text))).await.status, 303);
        let changes = gao.get(&draft).await;
        assert!(changes.says("td", "≥ 85") || changes.says("td", "85"), "{}", changes.body);
        let plan = "effective=2026-12-01&transition=from-date";
        let foretold = gao.get(&format!("{draft}/effects.csv?{plan}")).await;
        let falls_out: Vec<&str> = foretold.body.lines().filter(|line| line.contains("Falls out")).collect();
        let foretold_out = |who: &str| falls_out.iter().any(|line| line.starts_with(who));
        // Both lose the job; who keeps the certificate is up to the transition.
        for who in ["T0001", "T0002"] {
            let job = |line: &str| line.starts_with(who) && line.contains("May not do the job");
            assert!(foretold.body.lines().any(job), "{who}: {}", foretold.body);
        }
        let before: Vec<bool> = vec![world.says_held("T0001", "2026-11-30").await, world.says_held("T0002", "2026-11-30").await];
        assert_eq!(before, [true, true]);
        let done = published(&gao, &draft, plan, "next-1").await;
        assert_eq!((done.status, done.location.as_deref()), (303, Some("/rules/inhouse-default")));
        for who in ["T0001", "T0002"] {
            assert!(world.says_held(who, "2026-11-30").await, "{who}: the old version counts until then");
            assert_eq!(world.says_held(who, "2026-12-01").await, !foretold_out(who), "{who}");
        }
    }
}

on_both! {
    async fn holders_who_lack_something_fall_out_by_the_transition_chosen(world: World) {
        world.earns_brakes("T0001", 90, TODAY).await;
        world.earns_brakes("T0002", 70, TODAY).await;
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        rewritten(&gao, &draft, stricter).await;
        let effects = async |plan: &str| {
            let file = gao.get(&format!("{draft}/effects.csv?effective=2026-12-01&{plan}")).await;
            let lines = file.body.lines().filter(|line| line.contains(BRAKES));
            let mut said: Vec<String> = lines
                .filter(|line| line.contains("Falls out") || line.contains("Lacks something"))
                .map(|line| line.split(',').collect::<Vec<_>>())
                .map(|cells| format!("{} {} {}", cells[0], cells[4], cells[7]))
                .collect();
            said.sort();
            said
        };
        assert_eq!(effects("transition=from-date").await, ["T0002 Falls out 2026-12-01"]);
        assert_eq!(effects("transition=grace&grace=30").await, ["T0002 Falls out 2026-12-31"]);
        assert_eq!(effects("transition=grandfather").await, ["T0002 Lacks something at renewal 2028-11-23"]);
        published(&gao, &draft, "effective=2026-12-01&transition=grace&grace=30", "next-1").await;
        assert!(world.says_held("T0002", "2026-12-30").await && world.says_held("T0001", "2026-12-31").await);
        assert!(!world.says_held("T0002", "2026-12-31").await);
    }
}

on_both! {
    async fn a_version_for_a_later_day_begins_at_midnight_of_the_site(world: World) {
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        rewritten(&gao, &draft, |text| text.replacen("validity.months = 24\nnumber = \"SF-", "validity.months = 36\nnumber = \"SF-", 1)).await;
        published(&gao, &draft, "effective=2026-12-01", "next-1").await;
        let list = gao.get("/rules").await;
        assert!(list.says(".alert", "1 Dec 2026") && list.says("table", &house_version()), "announced, not in force");
        let says = async || {
            let page = gao.get("/rules/inhouse-default/certifications/brake-specialist").await;
            page.says("li", "3 years")
        };
        // Midnight in Shanghai is 16:00 UTC. Nothing runs and nothing restarts in between.
        world.clock.travel_to(instant("2026-11-30T15:59:59Z"));
        assert!(!says().await);
        world.clock.travel_to(instant("2026-11-30T16:00:00Z"));
        assert!(says().await);
        world.earns_brakes("T0001", 90, "2026-11-30").await;
        world.earns_brakes("T0002", 90, "2026-12-01").await;
        let mut ends = Vec::new();
        for who in ["T0001", "T0002"] {
            let person = world.id(who).await;
            let issued = world.arrange(move |conn| {
                shifu::certification::queries::issued_to(conn, person)
            }).await;
            ends.push((issued[0].valid_through, issued[0].content_id));
        }
        assert_eq!(ends[0].0, Some(day("2028-11-29")), "issued on the last day of the old version");
        assert_eq!(ends[1].0, Some(day("2029-11-30")), "issued on the first day of the new one");
        assert_ne!(ends[0].1, ends[1].1, "each keeps the version it was issued under");
    }
}

/// A copy of course-content with a change of the house rules.
fn content_with(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("course-content") {
            let entry = entry.expect("an entry");
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).expect("a copy");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("course-content"), folder.path());
    let file = folder.path().join("programmes/inhouse-default.toml");
    let text = std::fs::read_to_string(&file).expect("the house rules");
    std::fs::write(&file, change(&text)).expect("the house rules change");
    folder
}

on_both! {
    async fn a_changed_file_is_offered_and_undoes_nothing_that_was_published(world: World) {
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        rewritten(&gao, &draft, stricter_job).await;
        published(&gao, &draft, "", "next-1").await;
        let version = |shared: &Shared| {
            shared.live_rules.current().on(day(TODAY)).set(SET).expect("the house rules").version.clone()
        };
        assert_eq!(version(&world.shared), "next-1");
        assert_eq!(version(&world.another(None)), "next-1", "the same file says nothing new");
        assert!(!gao.get("/rules/inhouse-default").await.says(".alert", "has changed"));
        let folder = content_with(|text| {
            let text = text.replace(&format!("version = \"{}\"", house_version()), "version = \"next-2\"");
            text.replacen("validity.months = 24\nnumber = \"SF-", "validity.months = 36\nnumber = \"SF-", 1)
        });
        for _ in 0..2 {
            assert_eq!(version(&world.another(Some(folder.path().to_owned()))), "next-1");
        }
        world.round().await;
        assert_eq!(version(&world.shared), "next-1");
        let page = gao.get("/rules/inhouse-default").await;
        assert!(page.says(".alert", "has changed") && page.says("td", "next-2"), "{}", page.body);
        let action = "/rules/inhouse-default/drafts";
        let started = gao.submit(&page, action, &[("from_file", "yes")]).await;
        assert_eq!(started.status, 303, "{}", started.body);
        let carried = started.location.expect("the draft");
        let shown = gao.get(&carried).await;
        assert!(shown.says("tr.added td", "months = 36"), "{}", shown.body);
        assert_eq!(shown.texts("tr.gone").len(), 1, "what was published stays: {:?}", shown.texts("tr.gone"));
        assert_eq!(published(&gao, &carried, "", "next-3").await.status, 303);
        let page = gao.get("/rules/inhouse-default").await;
        assert!(!page.says(".alert", "has changed"), "nothing is offered any more");
        assert!(page.says("td", "published here") && page.says("td", "next-1"), "the old one stays");
        assert!(gao.get("/rules/inhouse-default/versions/2").await.says(".rule-text", "hv-aware"));
    }
}

on_both! {
    async fn of_two_drafts_published_at_once_the_second_undoes_nothing(world: World) {
        let gao = world.gao().await.reads("en").await;
        let he = world.he_of_the_group().await;
        let (first, second) = (drafted(&gao).await, drafted(&he).await);
        rewritten(&gao, &first, stricter_job).await;
        rewritten(&he, &second, stricter).await;
        let mine = gao.get(&format!("{first}/effects")).await;
        let theirs = he.get(&format!("{second}/effects")).await;
        let fields = |version| [("version", version), ("why", "x"), ("alone", "yes")];
        let (mine_to, theirs_to) = (format!("{first}/publication"), format!("{second}/publication"));
        let (my_fields, their_fields) = (fields("next-1"), fields("next-2"));
        let (one, other) = tokio::join!(
            gao.submit(&mine, &mine_to, &my_fields),
            he.submit(&theirs, &theirs_to, &their_fields),
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "{} {}", one.body, other.body);
        let versions = gao.get("/rules/inhouse-default").await;
        assert_eq!(versions.texts("td").iter().filter(|cell| *cell == "published here").count(), 1);
    }
}

on_both! {
    async fn what_came_to_light_late_is_not_missed(world: World) {
        // Of two who published at once, the one with the higher number was seen first.
        let other = world.arrange(said("uk-irtec", "next-irtec")).await;
        world.arrange(moved(other, other + 100)).await;
        world.round().await;
        let version = |code: &str| {
            world.shared.live_rules.current().on(day(TODAY)).set(code).expect("a set").version.clone()
        };
        assert_eq!((version("uk-irtec"), version(SET)), ("next-irtec".to_owned(), house_version()));
        let house = world.arrange(said(SET, "next-house")).await;
        world.arrange(moved(house, other + 50)).await;
        world.round().await;
        assert_eq!(version(SET), "next-house");
    }
}

on_both! {
    async fn a_version_that_goes_with_no_announced_one_is_refused(world: World) {
        let gao = world.gao().await.reads("en").await;
        let page = gao.get("/rules/uk-irtec").await;
        let started = gao.submit(&page, "/rules/uk-irtec/drafts", &[]).await;
        let irtec = started.location.expect("the draft");
        let needs = "requires.all = [\n    { certificate = { code = \"inhouse-default/brake-specialist\" } },\n";
        let saved = rewritten(&gao, &irtec, |text| text.replacen("requires.all = [\n", needs, 1)).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let done = published(&gao, &irtec, "effective=2027-01-01", "next-irtec").await;
        assert_eq!(done.status, 303, "{}", done.body);
        let house = drafted(&gao).await;
        rewritten(&gao, &house, |text| text.replace("\"brake-specialist\"", "\"brake-expert\"")).await;
        let refused = published(&gao, &house, "", "next-1").await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.says(".alert li", "uk-irtec.toml") && refused.says(".alert li", "1 Jan 2027"), "{:?}", refused.texts(".alert li"));
        // What was announced stays announced.
        let on = |date: &str| world.shared.live_rules.current().on(day(date));
        assert_eq!(on("2027-01-01").set("uk-irtec").expect("irtec").version, "next-irtec");
        assert_eq!(on("2027-01-01").set(SET).expect("the house").version, house_version());
    }
}

on_both! {
    async fn another_server_puts_a_new_version_in_force_in_its_next_round(world: World) {
        let other = world.another(None);
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        rewritten(&gao, &draft, stricter_job).await;
        published(&gao, &draft, "", "next-1").await;
        let version = |book: &Rulebook| {
            book.live.current().on(day(TODAY)).set(SET).expect("the house rules").version.clone()
        };
        assert_eq!(version(&other.rulebook), house_version());
        shifu::app::round(&other, None).await;
        assert_eq!(version(&other.rulebook), "next-1");
        other.rulebook.refresh(&other.db, day(TODAY)).await.expect("looking again costs nothing");
    }
}

on_both! {
    async fn mistakes_are_named_with_their_line_in_the_readers_language(world: World) {
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        let house = house_rules();
        let line = house.lines().position(|line| line == "[[ladder]]").expect("a ladder") + 1;
        let broken = rewritten(&gao, &draft, |text| text.replacen("\n[[ladder]]\n", "\n[[ladder\n", 1)).await;
        assert_eq!(broken.status, 422);
        assert!(broken.says(".alert li", &format!("Line {line}")), "{:?}", broken.texts(".alert li"));
        let unknown = rewritten(&gao, &draft, |text| text.replacen("course = { code = \"brake-systems\"", "course = { code = \"no-such-course\"", 1)).await;
        assert!(unknown.status == 422 && unknown.says(".alert li", "no-such-course"));
        assert!(unknown.body.contains("no-such-course"), "what was written is shown again");
        let chinese = gao.clone().reads("zh-CN").await;
        let broken = rewritten(&chinese, &draft, |text| text.replacen("min = 60, valid_months", "min = 60, oops, valid_months", 1)).await;
        assert!(broken.says(".alert li", "行") && broken.says(".alert li", "写法有误"));
        let action = format!("{draft}/certifications/brake-specialist");
        let form = chinese.reads("en").await.get(&action).await;
        let wrong = gao.submit(&form, &action, &[("requires", "requires.all = [\n{ oops }\n]"), ("length", "0")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.says(".text-danger", "1 to 6000"), "{:?}", wrong.texts(".text-danger"));
        let wrong = gao.submit(&form, &action, &[("requires", "requires.all = [\n{ oops }\n]")]).await;
        assert!(wrong.says(".text-danger", "line 2"), "{:?}", wrong.texts(".text-danger"));
    }
}

on_both! {
    async fn a_form_changes_one_certification_and_a_second_save_is_refused(world: World) {
        let gao = world.gao().await.reads("en").await;
        let he = world.he_of_the_group().await;
        let draft = drafted(&gao).await;
        let action = format!("{draft}/certifications/brake-specialist");
        let (mine, theirs) = (gao.get(&action).await, he.get(&action).await);
        let selects = [("validity", "months"), ("renewal-0-base", "previous-expiry")];
        let fields = |length: &'static str| [&selects[..], &[("length", length)]].concat();
        let saved = gao.submit(&mine, &action, &fields("36")).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let late = he.submit(&theirs, &action, &fields("12")).await;
        assert_eq!(late.status, 409);
        assert!(late.says("body", "Somebody has saved this draft"));
        let again = gao.submit(&mine, &action, &fields("36")).await;
        assert_eq!((again.status, again.location), (303, saved.location), "the same form twice is one");
        let page = gao.get(&draft).await;
        assert!(page.says("tr.added td", "months = 36") && page.says("tr.gone td", "validity.months = 24"));
        assert_eq!(page.texts("tr.added").len(), 1, "one line changes: {:?}", page.texts("tr.added"));
    }
}

on_both! {
    async fn a_draft_whose_ground_has_moved_is_carried_over_or_kept(world: World) {
        let gao = world.gao().await.reads("en").await;
        let (first, second, third) = (drafted(&gao).await, drafted(&gao).await, drafted(&gao).await);
        rewritten(&gao, &first, stricter_job).await;
        rewritten(&gao, &second, stricter).await;
        rewritten(&gao, &third, |text| text.replace("code = \"brake-work\"\ntitle", "code = \"brake-work\"\nnote = { zh = \"注\", en = \"n\" }\ntitle").replace("requires.certificate = { code = \"brake-specialist\" }", "requires.age = { min = 18 }")).await;
        let stale_plan = gao.get(&format!("{second}/effects")).await;
        published(&gao, &first, "", "next-1").await;
        let page = gao.get(&second).await;
        assert!(page.says(".alert", "has changed since this draft was begun"));
        let fields = [("version", "next-2"), ("why", "x"), ("alone", "yes")];
        let refused = gao.submit(&stale_plan, &format!("{second}/publication"), &fields).await;
        assert_eq!(refused.status, 409, "nobody's version is undone by accident");
        let rebase = format!("{second}/rebase");
        let merged = gao.submit(&page, &rebase, &[("how", "merge")]).await;
        assert_eq!(merged.status, 303);
        let page = gao.get(&second).await;
        assert!(!page.says(".alert", "has changed since") && !page.says("tr.added, tr.gone", "hv-aware"));
        assert!(page.says("tr.added td", "min = 85"));
        let page = gao.get(&third).await;
        let conflict = gao.submit(&page, &format!("{third}/rebase"), &[("how", "merge")]).await;
        assert_eq!(conflict.status, 409);
        let kept = gao.submit(&page, &format!("{third}/rebase"), &[("how", "keep")]).await;
        assert_eq!(kept.status, 303);
        assert!(gao.get(&third).await.says("tr.gone td", "hv-aware"), "what it would undo is shown");
    }
}

on_both! {
    async fn only_those_who_answer_for_the_group_write_and_a_second_person_publishes(world: World) {
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        rewritten(&gao, &draft, stricter_job).await;
        let zhou = world.zhou().await;
        assert_eq!(zhou.get(&draft).await.status, 403);
        let he = world.he().await.reads("en").await;
        let page = he.get(&draft).await;
        assert!(page.status == 200 && page.says(".alert", "whole group"), "a region may look");
        assert!(!page.body.contains(&format!("{draft}/withdrawal")));
        let forged = [("form_key", "k"), ("edition", "0"), ("title", "t"), ("body", "b")];
        assert_eq!(he.post(&format!("{draft}/text"), &forged).await.status, 403);
        let set = "/rules/inhouse-default/drafts";
        assert_eq!(he.post(set, &[("form_key", "k2")]).await.status, 403);
        let page = gao.get(&format!("{draft}/effects")).await;
        let publication = format!("{draft}/publication");
        let alone = gao.submit(&page, &publication, &[("version", "next-1"), ("why", "x")]).await;
        assert!(alone.status == 422 && alone.says(".text-danger", "You wrote this draft yourself"));
        let he = world.he_of_the_group().await;
        let page = he.get(&format!("{draft}/effects")).await;
        let taken = he.submit(&page, &publication, &[("version", house_version().as_str()), ("why", "x")]).await;
        assert!(taken.status == 422 && taken.says(".text-danger", "earlier version"));
        let done = he.submit(&page, &publication, &[("version", "next-1"), ("why", "x")]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let twice = he.submit(&page, &publication, &[("version", "next-1"), ("why", "x")]).await;
        assert_eq!((twice.status, twice.location), (303, done.location), "a double click publishes once");
        let audit = gao.get("/admin/audit?word=publish-rules").await;
        assert!(audit.body.contains("publish-rules"));
        let versions = gao.get("/rules/inhouse-default").await;
        assert_eq!(versions.texts("td").iter().filter(|cell| *cell == "published here").count(), 1);
    }
}

on_both! {
    async fn a_withdrawn_draft_stays_listed_and_cannot_be_changed(world: World) {
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        let form = gao.get(&format!("{draft}/text")).await;
        let page = gao.get(&draft).await;
        let action = format!("{draft}/withdrawal");
        assert_eq!(gao.submit(&page, &action, &[("why", " ")]).await.status, 422);
        assert_eq!(gao.submit(&page, &action, &[("why", "Not needed")]).await.status, 303);
        let late = gao.submit(&form, &format!("{draft}/text"), &[("title", "Later")]).await;
        assert_eq!(late.status, 409);
        let list = gao.get("/rules/drafts").await;
        assert!(list.says("td", "Withdrawn") && gao.get(&draft).await.says(".alert", "Not needed"));
    }
}

on_both! {
    async fn effects_keep_to_a_site_and_to_the_readers_reach(world: World) {
        world.earns_brakes("T0001", 90, TODAY).await;
        world.earns_brakes("T0003", 90, TODAY).await;
        let gao = world.gao().await.reads("en").await;
        let draft = drafted(&gao).await;
        rewritten(&gao, &draft, stricter_job).await;
        let staff = async |actor: &Actor, plan: &str| {
            let file = actor.get(&format!("{draft}/effects.csv?{plan}")).await;
            let mut people: Vec<String> = file.body.lines().skip(1)
                .map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect();
            people.sort();
            people.dedup();
            people
        };
        assert_eq!(staff(&gao, "").await, ["T0001", "T0003"]);
        assert_eq!(staff(&gao, "site=beijing").await, ["T0003"]);
        assert_eq!(staff(&gao, "change=gains").await, [""; 0]);
        let he = world.he().await.reads("en").await;
        assert_eq!(staff(&he, "").await, ["T0001"], "the eastern region only");
        assert_eq!(he.get(&format!("{draft}/effects?site=beijing")).await.status, 404);
        let page = gao.get(&format!("{draft}/effects")).await;
        assert!(page.says("table", "Brake work") && page.says("details li", "Pudong: 1 → 0"), "{}", page.body);
        assert_eq!(gao.get(&format!("{draft}/effects?effective=2020-01-01")).await.status, 422);
    }
}
