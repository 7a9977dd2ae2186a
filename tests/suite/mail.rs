//! Mail is never lost and never doubled by our doing: a server that refuses, hangs, breaks off or
//! is not there; the program killed between every two steps; several programs at once.

use chrono::Duration;
use diesel::{Connection, connection::SimpleConnection, prelude::*};
use shifu::{
    access::Role,
    app,
    db::{Conn, Db, Error, Instant, schema::outbox as table},
    i18n::Lang,
    mail::{
        self, Letter, Letterhead, Protection, Recipient, Smtp, Transport,
        outbox::{self, Mail, Shown},
        pause,
    },
    record::PersonId,
    staff,
};

use crate::{
    on_both,
    world::{
        Backend, Database, Served, World, left_out,
        smtp::{Does, Greets, MailServer, Step, header},
    },
};

fn head() -> Letterhead {
    let from = "shifu <training@evergreen.example>".to_owned();
    Letterhead { from, base_url: "http://shifu.test".to_owned() }
}

fn letter(number: usize) -> Letter {
    Letter {
        subject: format!("第 {number} 封 / mail {number}"),
        paragraphs: vec!["制动系统专修 将于 2027年3月15日 到期。".to_owned()],
        action: Some(("查看证书".to_owned(), "/certificates".to_owned())),
    }
}

/// Writes so many mails to somebody, as the work of a capability would.
fn write(
    conn: &mut Conn,
    person: PersonId,
    email: &str,
    count: usize,
    now: Instant,
) -> Result<(), Error> {
    let (name, lang) = ("林涛".to_owned(), Lang::Zh);
    let to = Recipient { person, name, email: email.to_owned(), lang };
    (0..count).try_for_each(|number| mail::post(conn, &head(), &to, &letter(number), now).map(drop))
}

impl World {
    async fn writes(&self, count: usize) {
        self.writes_to("t0001@evergreen.example", count).await;
    }

    async fn writes_to(&self, email: &'static str, count: usize) {
        let (person, now) = (self.id("T0001").await, self.clock.now());
        self.arrange(move |conn| write(conn, person, email, count, now)).await;
    }

    /// Every mail, the oldest first.
    async fn letters(&self) -> Vec<Mail> {
        let mut mails = self.arrange(|conn| outbox::list(conn, Shown::All, 1000, 0)).await;
        mails.reverse();
        mails
    }

    async fn send(&self, transport: &Transport) -> usize {
        let sent = transport.send_due(&self.shared.db, &self.clock, &self.shared.letterhead).await;
        sent.expect("the database answers")
    }

    async fn pause(&self) -> Option<pause::Pause> {
        self.arrange(pause::open).await
    }
}

fn transport(port: u16) -> Transport {
    patient(port, std::time::Duration::from_secs(60))
}

fn patient(port: u16, patience: std::time::Duration) -> Transport {
    let settings = Smtp {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        protection: Protection::None,
        username: None,
        password: None,
    };
    Transport::with_patience(&settings, patience).expect("a transport")
}

const SHORT: std::time::Duration = std::time::Duration::from_millis(300);

on_both! {
    async fn many_go_out_over_a_few_lines_each_once(world: World) {
        let server = MailServer::start(&[]).await;
        world.writes(200).await;
        assert_eq!(world.send(&transport(server.port)).await, 200);
        server.until_taken(200).await;
        let mut ids = server.taken_ids();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 200);
        assert!((2..=4).contains(&server.connections()), "{} connections", server.connections());
        let now = world.clock.now();
        assert!(world.letters().await.iter().all(|mail| mail.sent_at.is_some() && mail.tries == 1 && !mail.is_in_doubt(now)));
    }
}

on_both! {
    async fn a_server_that_is_not_there_costs_no_mail_a_try(world: World) {
        let port = MailServer::nobody().await;
        let transport = transport(port);
        world.writes(40).await;
        assert_eq!(world.send(&transport).await, 0);
        let first = world.pause().await.expect("a pause");
        assert!(first.failures == 1 && first.why.contains("refused"), "{first:?}");
        assert_eq!(world.send(&transport).await, 0);
        assert_eq!(world.pause().await, Some(first), "it is not asked again before its time");
        for failures in 2..=7 {
            world.clock.advance(Duration::minutes(9));
            world.send(&transport).await;
            assert_eq!(world.pause().await.expect("a pause").failures, failures);
        }
        let mails = world.letters().await;
        assert!(mails.iter().all(|mail| mail.tries == 0 && mail.leased_until.is_none() && mail.last_error.is_none()));
        let page = world.gao().await.reads("en").await.get("/admin/mail").await;
        assert!(page.says(".alert", "the mail server has taken nothing") && page.says(".alert", "refused"), "{}", page.body);
        let server = MailServer::at(port, &[]).await;
        world.clock.advance(Duration::minutes(9));
        assert_eq!(world.send(&transport).await, 40);
        assert_eq!((server.taken().len(), world.pause().await), (40, None));
    }
}

on_both! {
    async fn a_server_that_receives_nobody_costs_no_mail_a_try(world: World) {
        let server = MailServer::start(&[]).await;
        let transport = patient(server.port, SHORT);
        world.writes(1).await;
        for greets in [Greets::HangsUp, Greets::HangsUpMidWord, Greets::Busy, Greets::Silent] {
            server.greet(&[greets]);
            assert_eq!(world.send(&transport).await, 0, "{greets:?}");
            world.clock.advance(Duration::minutes(9));
        }
        assert_eq!(world.pause().await.expect("a pause").failures, 4);
        assert_eq!(world.letters().await[0].tries, 0);
        assert_eq!(world.send(&transport).await, 1);
    }
}

on_both! {
    async fn a_server_that_refuses_us_costs_no_mail_a_try(world: World) {
        let server = MailServer::start(&[Does::AtSender(550), Does::AtRecipient(530), Does::AfterData(421)]).await;
        let transport = transport(server.port);
        world.writes(1).await;
        for _ in 0..3 {
            assert_eq!(world.send(&transport).await, 0);
            let mail = world.letters().await.remove(0);
            assert!(mail.tries == 0 && mail.parked_at.is_none() && mail.handed_at.is_none(), "{mail:?}");
            world.clock.advance(Duration::minutes(9));
        }
        assert_eq!(world.send(&transport).await, 1);
        assert_eq!(world.letters().await[0].tries, 1);
    }
}

on_both! {
    async fn one_bad_mail_holds_up_no_other(world: World) {
        use Does::{Accept, AfterData, AtRecipient, HangUp};
        let script = [AtRecipient(550), AfterData(554), AtRecipient(451), HangUp, Accept, AfterData(452), Accept];
        let server = MailServer::start(&script).await;
        world.writes(7).await;
        world.writes_to("林涛", 1).await;
        world.writes_to("林涛@evergreen.example", 1).await;
        assert_eq!(world.send(&transport(server.port)).await, 2);
        let mails = world.letters().await;
        let parked: Vec<bool> = mails.iter().map(|mail| mail.parked_at.is_some()).collect();
        assert_eq!(parked, [true, true, false, false, false, false, false, true, true]);
        let sent: Vec<bool> = mails.iter().map(|mail| mail.sent_at.is_some()).collect();
        assert_eq!(sent, [false, false, false, false, true, false, true, false, false]);
        let why = |n: usize| mails[n].last_error.clone().expect("a reason");
        assert!(why(0).contains("550") && why(0).contains("not this one"), "{}", why(0));
        assert!(world.pause().await.is_none(), "the server works");
        let gao = world.gao().await.reads("en").await;
        let page = gao.get("/admin/mail?state=parked").await;
        assert!(page.says("td", "Put the person's address right") && page.says("td", "takes no address with such letters"), "{}", page.body);
        let waiting: Vec<i64> = mails.iter().filter(|mail| mail.parked_at.is_none() && mail.sent_at.is_none()).map(|mail| mail.tries).collect();
        assert_eq!(waiting, [1, 1, 1]);
        world.clock.advance(Duration::minutes(2));
        assert_eq!(world.send(&transport(server.port)).await, 3);
        let again = gao.submit(&page, "/admin/mail/again", &[]).await;
        assert_eq!(again.status, 303);
        assert_eq!(world.send(&transport(server.port)).await, 4, "each to the address its reader has now");
        assert!(world.letters().await.iter().all(|mail| mail.recipient == "t0001@evergreen.example"));
    }
}

on_both! {
    async fn a_mail_that_makes_the_server_hang_up_goes_behind_the_others(world: World) {
        let server = MailServer::start(&[Does::AfterData(421)]).await;
        world.writes(3).await;
        world.clock.advance(Duration::minutes(1));
        assert_eq!(world.send(&transport(server.port)).await, 0);
        world.clock.advance(Duration::minutes(9));
        assert_eq!(world.send(&transport(server.port)).await, 3);
        let ids: Vec<String> = world.letters().await.into_iter().map(|mail| mail.message_id).collect();
        assert_eq!(server.taken_ids(), [ids[1].as_str(), ids[2].as_str(), ids[0].as_str()]);
    }
}

on_both! {
    async fn waits_double_and_a_mail_is_given_up_in_the_end(world: World) {
        let server = MailServer::start(&[Does::AtRecipient(451); 14]).await;
        let transport = transport(server.port);
        world.writes(1).await;
        let mut waits = Vec::new();
        for _ in 0..14 {
            let now = world.clock.now();
            world.send(&transport).await;
            let mail = world.letters().await.remove(0);
            if mail.parked_at.is_none() {
                waits.push((mail.next_try_at.seconds_since(now) + 30) / 60);
                world.clock.travel_to(mail.next_try_at);
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]);
        assert!(world.letters().await[0].parked_at.is_some());
    }
}

on_both! {
    async fn an_answer_that_never_came_is_a_doubt_and_keeps_the_message_id(world: World) {
        for does in [Does::TakeAndHangUp, Does::TakeAndHang, Does::HangUpInText] {
            let server = MailServer::start(&[does]).await;
            let transport = patient(server.port, SHORT);
            world.writes(1).await;
            assert_eq!(world.send(&transport).await, 0, "{does:?}");
            let mail = world.letters().await.pop().expect("a mail");
            assert!(mail.is_in_doubt(world.clock.now()) && mail.tries == 1, "{does:?} {mail:?}");
            let gao = world.gao().await.reads("en").await;
            let page = gao.get("/admin/mail?state=doubt").await;
            assert!(page.says("td .badge", "In doubt") && page.texts("tbody tr").len() == 1, "{}", page.body);
            world.clock.advance(Duration::minutes(2));
            assert_eq!(world.send(&transport).await, 1, "{does:?}");
            let ids = server.taken_ids();
            assert!(ids.iter().all(|id| *id == mail.message_id), "{does:?}");
            assert_eq!(ids.len(), if does == Does::HangUpInText { 1 } else { 2 });
            assert!(!world.letters().await.pop().expect("a mail").is_in_doubt(world.clock.now()));
        }
    }
}

on_both! {
    async fn a_refusal_does_not_settle_an_earlier_doubt(world: World) {
        let server = MailServer::start(&[Does::TakeAndHangUp, Does::AtRecipient(451), Does::AtRecipient(550)]).await;
        world.writes(1).await;
        for _ in 0..3 {
            world.send(&transport(server.port)).await;
            assert!(world.letters().await[0].is_in_doubt(world.clock.now()));
            world.clock.advance(Duration::minutes(5));
        }
        assert!(world.letters().await[0].parked_at.is_some());
    }
}

on_both! {
    async fn a_server_that_always_breaks_off_costs_each_line_a_few_mails_and_then_all_wait(world: World) {
        let server = MailServer::start(&[Does::HangUp; 15]).await;
        world.writes(15).await;
        assert_eq!(world.send(&transport(server.port)).await, 0);
        let tried = world.letters().await.iter().filter(|mail| mail.tries > 0).count();
        assert_eq!((tried, server.connections()), (3, 3));
        assert_eq!(world.pause().await.expect("a pause").failures, 1);
    }
}

on_both! {
    async fn a_claim_that_ran_out_sends_nothing(world: World) {
        world.writes(3).await;
        let now = world.clock.now();
        let mine = world.arrange(move |conn| outbox::claim(conn, now, 2)).await;
        assert_eq!(mine.len(), 2);
        let later = now.plus(Duration::minutes(6));
        let theirs = world.arrange(move |conn| outbox::claim(conn, later, 2)).await;
        assert_eq!(theirs[0].mail.id, mine[0].mail.id, "the oldest first");
        let begun = world.arrange(move |conn| {
            let late = outbox::begin(conn, &mine[0], later)?;
            outbox::mark_failed(conn, &mine[0], "too late", outbox::Fate::NotTaken, later)?;
            outbox::park(conn, &mine[1], "too late", outbox::Fate::NotTaken, later)?;
            outbox::release(conn, &mine)?;
            Ok((late.is_some(), outbox::begin(conn, &theirs[0], later)?.is_some()))
        }).await;
        assert_eq!(begun, (false, true));
        assert!(world.letters().await.iter().all(|mail| mail.last_error.is_none()));
    }
}

on_both! {
    async fn whoever_is_told_to_stop_finishes_the_mail_in_hand(world: World) {
        let server = MailServer::start(&[]).await;
        server.hold(Step::Text);
        world.writes(5).await;
        let transport = transport(server.port);
        let sending = world.send(&transport);
        let stopping = async {
            server.until_held(Step::Text).await;
            transport.stop();
            server.let_go(Step::Text);
        };
        let (sent, ()) = tokio::join!(sending, stopping);
        assert_eq!((sent, server.taken().len()), (1, 1));
        let mails = world.letters().await;
        assert!(mails[0].sent_at.is_some() && mails[1..].iter().all(|mail| mail.leased_until.is_none() && mail.tries == 0));
    }
}

on_both! {
    async fn the_outbox_is_searched_read_and_sent_again(world: World) {
        let server = MailServer::start(&[Does::AtRecipient(550)]).await;
        world.writes(1).await;
        world.writes_to("wang@evergreen.example", 1).await;
        app::round(&world.shared, Some(&transport(server.port))).await;
        let gao = world.gao().await.reads("en").await;
        let found = gao.get("/admin/mail?q=WANG").await;
        assert_eq!(found.texts("tbody tr").len(), 1);
        assert!(found.says("tbody td", "wang@evergreen.example") && found.says(".badge", "Sent"));
        assert!(gao.get("/admin/mail?q=nobody").await.says(".empty", "No mail here"));
        let id = world.letters().await[0].id;
        let page = gao.get(&format!("/admin/mail/{id}")).await;
        assert_eq!(page.attribute("iframe", "sandbox").as_deref(), Some(""));
        let policy = |page: &crate::world::Page| page.headers["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy(&page).contains("frame-src 'self'") && policy(&page).contains("frame-ancestors 'none'"));
        let preview = gao.get(&page.attribute("iframe", "src").expect("a source")).await;
        assert!(policy(&preview).starts_with("sandbox;") && preview.body.contains("查看证书"));
        let raw = gao.get(&format!("/admin/mail/{id}/mail.eml")).await;
        assert_eq!(header(&raw.body.replace('\r', ""), "Message-ID"), Some(world.letters().await[0].message_id.clone()));
        let nobody = gao.get("/admin/mail/999/preview").await;
        assert_eq!((nobody.status, world.zhou().await.get(&format!("/admin/mail/{id}/mail.eml")).await.status), (404, 403));
    }
}

on_both! {
    async fn an_administrator_of_a_part_reads_nobodys_mail_and_changes_no_rule_for_all(world: World) {
        let sun = world.sun_over_the_north(Role::Administrator).await;
        world.writes(1).await;
        let id = world.letters().await[0].id;
        for page in ["/admin/mail".to_owned(), format!("/admin/mail/{id}"), format!("/admin/mail/{id}/preview"), format!("/admin/mail/{id}/mail.eml")] {
            assert_eq!((sun.get(&page).await.status, world.gao().await.get(&page).await.status), (403, 200), "{page}");
        }
        let key = || shifu::web::forms::new_key();
        for act in ["/admin/mail/again".to_owned(), format!("/admin/mail/{id}/again"), "/admin/mail/try-now".to_owned()] {
            let status = sun.post(&act, &[("form_key", key().as_str())]).await.status;
            assert_eq!(status, 403, "{act}");
        }
        let own = sun.get("/admin/reminders/hours/north").await;
        let others = sun.get("/admin/reminders/hours/east").await;
        for (page, status) in [(own, 303), (others, 403)] {
            let action = page.attribute("form[action$='/days']", "action").expect("a form");
            let day = [("first", "2027-02-01"), ("how", "off"), ("title", "店庆")];
            assert_eq!(sun.submit(&page, &action, &day).await.status, status, "{action}");
        }
    }
}

on_both! {
    async fn secrets_of_links_are_in_no_form_of_a_mail_that_was_sent(world: World) {
        let server = MailServer::start(&[]).await;
        world.anybody().post("/forgotten", &[("who", "T0001")]).await;
        let before = world.letters().await.remove(0);
        let (_, rest) = before.body.plain.split_once("/links/").expect("a link");
        let secret = rest.split_whitespace().next().expect("a secret").to_owned();
        assert_eq!(world.send(&transport(server.port)).await, 1);
        let gao = world.gao().await;
        for form in ["", "/preview", "/mail.eml"] {
            let page = gao.get(&format!("/admin/mail/{}{form}", before.id)).await;
            assert!(page.status == 200 && !page.body.contains(&secret), "{form}");
            if form == "/mail.eml" {
                let read = mail_parser::MessageParser::default().parse(page.body.as_bytes()).expect("a mail");
                let (text, html) = (read.body_text(0).expect("text"), read.body_html(0).expect("HTML"));
                assert!(text.contains("/links/___") && html.contains("/links/___"), "{text}");
            }
        }
    }
}

on_both! {
    async fn one_click_opts_out_and_another_takes_it_back(world: World) {
        let (lin, now) = (world.id("T0001").await, world.clock.now());
        let path = world.arrange(move |conn| mail::choices::unsubscribe_path(conn, lin, "logbook-waiting", now)).await;
        let again = world.arrange(move |conn| mail::choices::unsubscribe_path(conn, lin, "logbook-waiting", now)).await;
        assert_eq!(path, again, "the secret stays");
        let out = async || world.arrange(move |conn| mail::choices::opted_out(conn, lin)).await;
        let anybody = world.anybody().reads("en").await;
        let page = anybody.get(&path).await;
        assert!(page.says("button", "Stop them") && out().await.is_empty(), "looking changes nothing");
        assert!(page.says("p", "Stop mails about “Logbook waiting for a signature”?"), "{}", page.body);
        for _ in 0..2 {
            let page = anybody.post(&path, &[("List-Unsubscribe", "One-Click")]).await;
            assert!(page.status == 200 && page.says(".alert", "Done"), "{}", page.body);
            assert_eq!(out().await, ["logbook-waiting"]);
        }
        let other = path.replace("logbook-waiting", "sitting-tomorrow");
        anybody.post(&other, &[]).await;
        assert_eq!(out().await.len(), 2);
        let page = anybody.get(&other).await;
        assert!(page.says("button", "Get them again"));
        anybody.post(&other, &[("back", "1")]).await;
        assert_eq!(out().await, ["logbook-waiting"]);
        for wrong in ["/mail/unsubscribe/guessed/logbook-waiting", &path.replace("logbook", "LOG%22BOOK")] {
            assert_eq!((anybody.get(wrong).await.status, anybody.post(wrong, &[]).await.status), (404, 404), "{wrong}");
        }
    }
}

// The real program in a process of its own.

fn for_real<F: Future<Output = ()>>(backend: Backend, story: impl FnOnce(Database) -> F) {
    let Some(lack) = backend.lack() else {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
        return runtime.block_on(story(backend.database()));
    };
    left_out(lack);
}

/// The database beside the program.
struct Beside(Db);

impl Beside {
    fn of(database: &Database) -> Beside {
        Beside(Db::open(&database.url).expect("the database opens"))
    }

    fn writes(&self, count: usize) {
        let job = move |conn: &mut Conn| -> Result<(), Error> {
            let lin = staff::queries::person_by_staff_no(conn, "T0001")?.expect("lin");
            let now = shifu::web::Clock::default().now();
            write(conn, lin.id, "t0001@evergreen.example", count, now)
        };
        self.0.write_blocking(job).expect("mails");
    }

    fn mails(&self) -> Vec<Mail> {
        let mails = self.0.read_blocking(|conn| outbox::list(conn, Shown::All, 1000, 0));
        mails.expect("the database answers")
    }

    /// As if the claims of whoever was killed had run out: five minutes later.
    fn five_minutes_later(&self) {
        let job = |conn: &mut Conn| -> Result<(), Error> {
            let past = Instant::from(chrono::DateTime::UNIX_EPOCH);
            diesel::update(table::table.filter(table::leased_until.is_not_null()))
                .set(table::leased_until.eq(past))
                .execute(conn)?;
            Ok(())
        };
        self.0.write_blocking(job).expect("aged");
    }
}

/// Nobody else writes while this is held.
enum Locked {
    Sqlite(diesel::SqliteConnection),
    Postgres(diesel::PgConnection),
}

impl Locked {
    fn outbox_of(database: &Database) -> Locked {
        match database.url.strip_prefix("sqlite://") {
            Some(file) => {
                let mut conn = diesel::SqliteConnection::establish(file).expect("opens");
                conn.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE").expect("locked");
                Locked::Sqlite(conn)
            }
            None => {
                let mut conn = diesel::PgConnection::establish(&database.url).expect("opens");
                let lock = "BEGIN; LOCK TABLE outbox IN EXCLUSIVE MODE";
                conn.batch_execute(lock).expect("locked");
                Locked::Postgres(conn)
            }
        }
    }

    fn let_go(self) {
        match self {
            Locked::Sqlite(mut conn) => conn.batch_execute("ROLLBACK"),
            Locked::Postgres(mut conn) => conn.batch_execute("ROLLBACK"),
        }
        .expect("let go");
    }
}

/// Kills the program when it has got to a step and the server has not answered yet; then another one
/// goes on. How often was the mail taken, and was it known in between that nobody knows?
async fn killed_at(database: &Database, step: Step) -> (usize, bool) {
    let beside = Beside::of(database);
    beside.writes(1);
    let mail = beside.mails().remove(0);
    let find = || beside.mails().into_iter().find(|one| one.id == mail.id).expect("it is kept");
    let server = MailServer::start(&[]).await;
    server.hold(step);
    let first = Served::mailing(&database.url, server.port);
    server.until_held(step).await;
    first.kill();
    server.let_go(step);
    server.until("the killed one is gone", |seen| seen.open == 0).await;
    beside.five_minutes_later();
    let between = find();
    let doubtful = between.is_in_doubt(shifu::web::Clock::default().now());
    // One more behind it shows when the next program has been through with it.
    beside.writes(1);
    let more = if between.sent_at.is_some() { 1 } else { 2 };
    let expected = server.taken().len() + more;
    let second = Served::mailing(&database.url, server.port);
    server.until_taken(expected).await;
    second.kill();
    assert!(find().sent_at.is_some(), "{step:?}: it is known to be accepted in the end");
    let ids = server.taken_ids();
    (ids.iter().filter(|id| **id == mail.message_id).count(), doubtful)
}

async fn killed_between_every_two_steps(database: Database) {
    // Before the text was out it is sent once; nobody can know that of a text that was out.
    for step in [Step::Connected, Step::Hello] {
        assert_eq!(killed_at(&database, step).await, (1, false), "{step:?}");
    }
    for step in [Step::Sender, Step::Recipient, Step::Data] {
        assert_eq!(killed_at(&database, step).await.0, 1, "{step:?}");
    }
    assert_eq!(killed_at(&database, Step::Text).await, (2, true));
    assert_eq!(killed_at(&database, Step::Quit).await, (1, false), "it was written down before");
}

#[test]
fn killed_between_every_two_steps_it_sends_each_mail_sqlite() {
    for_real(Backend::Sqlite, killed_between_every_two_steps);
}

#[test]
fn killed_between_every_two_steps_it_sends_each_mail_postgres() {
    for_real(Backend::Postgres, killed_between_every_two_steps);
}

/// The one moment in which a mail is doubled: accepted, and killed before that is on disk. Only that
/// mail is, though others were accepted before it, and under the same Message-ID.
async fn killed_before_the_acceptance_is_on_disk(database: Database) {
    let beside = Beside::of(&database);
    beside.writes(5);
    let server = MailServer::start(&[]).await;
    server.hold_after(2, Step::Text);
    let first = Served::mailing(&database.url, server.port);
    server.until_held(Step::Text).await;
    let lock = Locked::outbox_of(&database);
    server.hold(Step::Answered);
    server.until_held(Step::Answered).await;
    first.kill();
    server.let_go(Step::Answered);
    lock.let_go();
    server.until("the killed one is gone", |seen| seen.open == 0).await;
    beside.five_minutes_later();
    let now = shifu::web::Clock::default().now();
    let mails = beside.mails();
    let known = mails.iter().filter(|mail| mail.sent_at.is_some()).count();
    let in_doubt: Vec<&Mail> = mails.iter().filter(|mail| mail.is_in_doubt(now)).collect();
    assert_eq!((known, in_doubt.len(), server.taken().len()), (2, 1, 3));
    assert_eq!(server.taken_ids().last(), Some(&in_doubt[0].message_id));
    let second = Served::mailing(&database.url, server.port);
    server.until_taken(6).await;
    second.kill();
    let mut counts: std::collections::BTreeMap<String, usize> = Default::default();
    server.taken_ids().into_iter().for_each(|id| *counts.entry(id).or_default() += 1);
    let twice: Vec<&String> = counts.iter().filter(|(_, n)| **n > 1).map(|(id, _)| id).collect();
    assert_eq!((counts.len(), twice), (5, vec![&in_doubt[0].message_id]));
}

#[test]
fn of_many_only_the_mail_whose_acceptance_was_not_on_disk_is_doubled_sqlite() {
    for_real(Backend::Sqlite, killed_before_the_acceptance_is_on_disk);
}

#[test]
fn of_many_only_the_mail_whose_acceptance_was_not_on_disk_is_doubled_postgres() {
    for_real(Backend::Postgres, killed_before_the_acceptance_is_on_disk);
}

/// Both are made to work at the same time: nobody gets past its greeting before both are there with
/// all their lines, each with mails in its hands.
#[test]
fn two_programs_on_one_postgresql_send_three_hundred_mails_once_each() {
    for_real(Backend::Postgres, async |database| {
        let beside = Beside::of(&database);
        beside.writes(300);
        let server = MailServer::start(&[]).await;
        server.hold(Step::Hello);
        let one = Served::mailing(&database.url, server.port);
        let two = Served::mailing(&database.url, server.port);
        server.until("both with four lines", |seen| seen.connections == 8).await;
        server.let_go(Step::Hello);
        server.until_taken(300).await;
        let mut ids = server.taken_ids();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), server.taken().len()), (300, 300));
        assert!(beside.mails().iter().all(|mail| mail.sent_at.is_some() && mail.tries == 1));
        one.kill();
        two.kill();
    });
}
