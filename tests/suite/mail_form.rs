//! Every mail is read back by strict parsers: form, letters, calendars, feeds.
//!
//! With `SHIFU_LOOK_MAIL=FOLDER` the mails are also left there, for other parsers and for the eye.

use chrono::{Days, Duration};
use icalendar::{CalendarComponent, Component, DatePerhapsTime};
use mail_parser::{MessageParser, MimeHeaders};
use shifu::{
    i18n::Lang,
    mail::{
        self, DueDay, Enclosed, Letter, Recipient, Row, message,
        outbox::{self, Mail, Shown},
    },
    record::{
        Kind, NewFact, Source,
        ledger::{self, Stamp},
    },
};

use crate::{
    on_both,
    world::{World, day, instant},
};

impl World {
    async fn all_mails(&self) -> Vec<Mail> {
        self.arrange(|conn| outbox::list(conn, Shown::All, 1000, 0)).await
    }

    fn on_the_wire(&self, mail: &Mail) -> String {
        let wire = message::compose(mail, &self.shared.letterhead).expect("it can be made");
        String::from_utf8(wire.bytes).expect("text")
    }

    async fn lin_by_mail(&self, lang: Lang) -> Recipient {
        let (person, email) = (self.id("T0001").await, "t0001@evergreen.example".to_owned());
        Recipient { person, name: "林涛 龘𠮷 Łŵ".to_owned(), email, lang }
    }
}

/// Leaves a mail and its HTML where somebody asked for them.
fn leave(wire: &str, mail: &Mail) {
    let Some(folder) = std::env::var_os("SHIFU_LOOK_MAIL") else { return };
    let name = mail.message_id.trim_matches(['<', '>']).replace(['@', '/'], "-");
    let file = std::path::Path::new(&folder).join(name);
    std::fs::write(file.with_extension("eml"), wire).expect("the folder is there");
    std::fs::write(file.with_extension("html"), &mail.body.html).expect("the folder is there");
}

/// What holds for every mail, whatever it says; gives what a mail program shows: text and HTML.
fn strictly_read(wire: &str, mail: &Mail) -> (String, String) {
    leave(wire, mail);
    assert!(wire.is_ascii(), "no server has to know any other letters");
    assert_eq!(wire.matches('\n').count(), wire.matches("\r\n").count());
    assert_eq!(wire.matches('\r').count(), wire.matches("\r\n").count());
    for line in wire.split("\r\n") {
        assert!(line.len() <= 78 || line.starts_with("List-Unsubscribe: <"), "{line}");
    }
    let (head, _) = wire.split_once("\r\n\r\n").expect("a head and a body");
    for name in ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Content-Type"] {
        let lines = head.split("\r\n").filter(|line| line.starts_with(&format!("{name}: ")));
        assert_eq!(lines.count(), 1, "{name} in {head}");
    }
    let read = MessageParser::default().parse(wire.as_bytes()).expect("a mail");
    assert_eq!(read.subject(), Some(mail.subject.as_str()));
    assert_eq!(format!("<{}>", read.message_id().expect("an id")), mail.message_id);
    assert_eq!(
        read.date().map(|date| date.to_timestamp()),
        Some(mail.created_at.utc().timestamp())
    );
    let to = read.to().and_then(|to| to.first()).and_then(|to| to.address());
    assert_eq!(to, Some(mail.recipient.as_str()));
    let said = |name: &str| read.header_raw(name).map(str::trim).map(str::to_owned);
    assert_eq!(said("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(said("X-Auto-Response-Suppress").as_deref(), Some("All"));
    assert_eq!(said("List-Unsubscribe").is_some(), mail.unsubscribe.is_some());
    let post = said("List-Unsubscribe-Post");
    assert_eq!(post.as_deref(), mail.unsubscribe.as_ref().map(|_| "List-Unsubscribe=One-Click"));
    let text = read.body_text(0).expect("text").replace("\r\n", "\n");
    let html = read.body_html(0).expect("HTML").replace("\r\n", "\n");
    let kept = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!((kept(&text), kept(&html)), (kept(&mail.body.plain), kept(&mail.body.html)));
    (text, html)
}

/// The one calendar entry of a mail, read strictly; it must travel twice, and be the same.
fn calendar_of(wire: &str) -> (String, icalendar::Event) {
    let read = MessageParser::default().parse(wire.as_bytes()).expect("a mail");
    let calendars: Vec<String> = read
        .parts
        .iter()
        .filter(|part| {
            part.content_type().is_some_and(|kind| {
                matches!(
                    (kind.ctype(), kind.subtype()),
                    ("text", Some("calendar")) | ("application", Some("ics"))
                )
            })
        })
        .map(|part| String::from_utf8(part.contents().to_vec()).expect("UTF-8"))
        .collect();
    assert_eq!(calendars.len(), 2);
    assert_eq!(
        calendars[0].replace("\r\n", "\n").trim(),
        calendars[1].replace("\r\n", "\n").trim()
    );
    let ics = calendars[1].clone();
    let (method, events) = strict_calendar(&ics);
    let kind = read
        .parts
        .iter()
        .filter_map(MimeHeaders::content_type)
        .find(|kind| kind.subtype() == Some("calendar"));
    assert_eq!(kind.and_then(|kind| kind.attribute("method")), method.as_deref());
    (method.expect("a method"), events.into_iter().next().expect("an entry"))
}

/// Reads a calendar and holds it to what RFC 5545 asks for.
fn strict_calendar(ics: &str) -> (Option<String>, Vec<icalendar::Event>) {
    assert!(ics.starts_with("BEGIN:VCALENDAR\r\n") && ics.ends_with("END:VCALENDAR\r\n"), "{ics}");
    for line in ics.split("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line}");
    }
    let calendar: icalendar::Calendar = ics.parse().expect("a calendar");
    let method = calendar.property_value("METHOD").map(str::to_owned);
    let events: Vec<icalendar::Event> = calendar
        .components
        .iter()
        .filter_map(|component| match component {
            CalendarComponent::Event(event) => Some(event.clone()),
            _ => None,
        })
        .collect();
    for event in &events {
        assert!(event.get_uid().is_some_and(|uid| uid.contains('@')), "{ics}");
        for name in ["DTSTAMP", "SUMMARY"] {
            assert!(event.property_value(name).is_some(), "{name} in {ics}");
        }
        assert!(event.get_start().is_some() && event.get_end().is_some(), "{ics}");
    }
    (method, events)
}

on_both! {
    async fn what_the_house_writes_reads_back_as_it_was_meant(world: World) {
        let (lin, consequences) = (world.id("T0001").await, world.shared.consequences.clone());
        world.anybody().post("/forgotten", &[("who", "T0001")]).await;
        world.arrange(move |conn| {
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            let held = NewFact::new(Kind::Certificate, "inhouse-default/brake-specialist", day("2025-03-16"))
                .through(Some(day("2026-12-23"))).number("OLD-1".to_owned());
            ledger::append(conn, lin, &held, Source::new("import", 1), stamp)?;
            consequences.follow(conn, lin, day("2026-11-23"), stamp)
        }).await;
        world.round().await;
        let mails = world.all_mails().await;
        assert!(mails.len() >= 2, "a link, and reminders");
        for mail in &mails {
            let (text, html) = strictly_read(&world.on_the_wire(mail), mail);
            assert!(text.contains("http://shifu.test/") && html.contains("href=\"http://shifu.test/"), "it leads to the thing");
        }
    }
}

on_both! {
    async fn a_digest_with_everything_in_it_reads_back_too(world: World) {
        let (to, now, head) = (world.lin_by_mail(Lang::Zh).await, world.clock.now(), world.shared.letterhead.clone());
        let row = |n: usize| Row {
            heading: ["林涛", "Łukasz ŵ <b>"][n / 20].to_owned(),
            text: format!("高压安全操作资格 {n} & \"维护\" 𠮷：还有 5 天\r\n. 一行"),
            path: "/certificates/SF-2026-000007?x=1&y=2".to_owned(),
        };
        world.arrange(move |conn| {
            let letter = Letter {
                subject: "本周到期：".to_owned() + &"制动系统专修、高压安全操作资格、".repeat(12) + "龘 🚗",
                paragraphs: vec![".开头是点".to_owned(), "长".repeat(3000), "a".repeat(2000)],
                action: Some(("打开看板 → <全部>".to_owned(), "/certificates/board?state=expiring&site=pudong".to_owned())),
            };
            let due = DueDay { kind: "certificate", id: 7, on: Some(day("2028-02-29")), summary: "证书到期；\\, 第一批\nX:y".to_owned(), description: "说".repeat(200), path: "/certificates/SF-1".to_owned() };
            let enclosed = Enclosed {
                rows: (0..40).map(row).collect(),
                calendar: mail::announce(conn, &head, &to, &due, now)?,
                unsubscribe: Some(mail::choices::unsubscribe_path(conn, to.person, "digest", now)?),
            };
            mail::post_enclosing(conn, &head, &to, &letter, &enclosed, now)
        }).await;
        let mail = world.all_mails().await.remove(0);
        let wire = world.on_the_wire(&mail);
        let (text, html) = strictly_read(&wire, &mail);
        assert_eq!(text.matches("还有 5 天").count(), 40);
        assert!(html.contains("Łukasz ŵ &lt;b&gt;") && !html.contains("ŵ <b>"));
        let (method, event) = calendar_of(&wire);
        assert_eq!(method, "REQUEST");
        assert_eq!(event.get_summary(), Some("证书到期；\\, 第一批\nX:y"));
        assert_eq!(event.get_start(), Some(DatePerhapsTime::Date(day("2028-02-29"))));
        assert_eq!(event.get_end(), Some(DatePerhapsTime::Date(day("2028-03-01"))));
        assert!(mail.body.calendar.as_ref().is_some_and(|ics| ics.replace("\r\n ", "").contains("RSVP=FALSE:mailto:t0001@evergreen.example\r\n")));
    }
}

on_both! {
    async fn a_due_day_is_told_once_moved_under_its_uid_and_taken_away(world: World) {
        let (to, now, head) = (world.lin_by_mail(Lang::En).await, world.clock.now(), world.shared.letterhead.clone());
        let days = [Some("2027-03-15"), Some("2027-03-15"), Some("2027-06-15"), None, None, Some("2028-03-15"), Some("2028-03-15")];
        let told = world.arrange(move |conn| {
            days.into_iter().map(|on| {
                let due = DueDay { kind: "certificate", id: 7, on: on.map(day), summary: "Certificate ends".to_owned(), description: String::new(), path: "/certificates".to_owned() };
                mail::announce(conn, &head, &to, &due, now)
            }).collect::<Result<Vec<_>, _>>()
        }).await;
        let said: Vec<Option<(String, String, String, u32)>> = told.iter().map(|ics| {
            let ics = ics.as_ref()?;
            let (method, events) = strict_calendar(ics);
            let Some(DatePerhapsTime::Date(on)) = events[0].get_start() else { panic!("a whole day: {ics}") };
            assert_eq!(events[0].get_end(), Some(DatePerhapsTime::Date(on + Days::new(1))));
            Some((method?, on.to_string(), events[0].get_uid()?.to_owned(), events[0].get_sequence()?))
        }).collect();
        let shapes: Vec<Option<(&str, &str, u32)>> = said.iter().map(|said| said.as_ref().map(|(method, on, _, sequence)| (method.as_str(), on.as_str(), *sequence))).collect();
        assert_eq!(shapes, [
            Some(("REQUEST", "2027-03-15", 0)), None, Some(("REQUEST", "2027-06-15", 1)),
            Some(("CANCEL", "2027-06-15", 2)), None, Some(("REQUEST", "2028-03-15", 3)), None,
        ]);
        let uids: std::collections::HashSet<&String> = said.iter().flatten().map(|said| &said.2).collect();
        assert_eq!(uids.len(), 1);
    }
}

on_both! {
    async fn a_calendar_has_a_secret_address_that_can_be_changed_and_ended(world: World) {
        let lin_id = world.id("T0001").await;
        world.arrange(move |conn| {
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            let held = NewFact::new(Kind::Certificate, "inhouse-default/brake-specialist", day("2025-03-16"))
                .through(Some(day("2026-12-29"))).number("OLD-1".to_owned());
            ledger::append(conn, lin_id, &held, Source::new("import", 1), stamp).map(drop)
        }).await;
        let lin = world.lin().await.reads("en").await;
        let make = async || {
            let page = lin.get("/calendar").await;
            let page = lin.submit(&page, "/calendar", &[]).await;
            let address = page.attribute("#address", "value").expect("an address");
            assert!(page.has("a[href^='webcal://shifu.test/calendar/']"), "{}", page.body);
            address.strip_prefix("http://shifu.test").expect("of this installation").to_owned()
        };
        let first = make().await;
        assert!(!lin.get("/calendar").await.body.contains(&first), "shown once");
        let anybody = world.anybody();
        let page = anybody.get(&first).await;
        assert_eq!((page.status, page.headers["content-type"].to_str().expect("text")), (200, "text/calendar; charset=utf-8"));
        let (method, events) = strict_calendar(&page.body);
        assert_eq!(method, None);
        let summaries: Vec<&str> = events.iter().filter_map(Component::get_summary).collect();
        assert!(summaries.contains(&"证书到期：制动系统专修"), "in the language of the person: {summaries:?}");
        let ends = events.iter().find(|event| event.get_summary() == Some("证书到期：制动系统专修")).expect("it ends");
        assert_eq!(ends.get_start(), Some(DatePerhapsTime::Date(day("2026-12-29"))));

        let tag = page.headers["etag"].to_str().expect("text").to_owned();
        let again = reqwest::Client::new().get(anybody.url(&first)).header("if-none-match", &tag).send().await.expect("an answer");
        assert_eq!(again.status(), 304);
        world.clock.advance(Duration::days(1));
        assert_eq!(anybody.get(&first).await.headers["etag"].to_str().expect("text"), tag, "a day alone changes nothing");
        assert!(lin.get("/calendar").await.says("dd", "2026"), "it was fetched");

        let second = make().await;
        assert_ne!(first, second);
        assert_eq!((anybody.get(&first).await.status, anybody.get(&second).await.status), (404, 200));
        let settings = lin.get("/calendar").await;
        lin.submit(&settings, "/calendar/end", &[]).await;
        assert_eq!(anybody.get(&second).await.status, 404);
    }
}

on_both! {
    async fn a_calendar_cannot_be_guessed_nor_outlive_employment(world: World) {
        let lin = world.lin().await;
        let page = lin.get("/calendar").await;
        let secret = page.form("/calendar").into_iter().find(|(name, _)| name == "secret").expect("a secret").1;
        for _ in 0..2 {
            assert!(lin.submit(&page, "/calendar", &[]).await.body.contains(&secret), "a second click means the same");
        }
        let address = format!("/calendar/{secret}.ics");
        let anybody = world.anybody();
        for guess in 0..20 {
            assert_eq!(anybody.get(&format!("/calendar/{guess:043}.ics")).await.status, 404);
        }
        assert_eq!(anybody.get("/calendar/guess.ics").await.status, 429, "whoever guesses has to wait");
        assert_eq!(anybody.get(&address).await.status, 200, "who knows does not");
        assert_eq!(lin.post("/calendar", &[("secret", "weak")]).await.status, 400);
        let id = world.id("T0001").await;
        world.arrange(move |conn| {
            let post = shifu::staff::queries::post_of(conn, id, day("2026-11-23"))?.expect("a post");
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            shifu::staff::transfers::end(conn, &post.assignment, "auto-mechanic", day("2026-11-22"), "left", stamp)
        }).await;
        assert_eq!(anybody.get(&address).await.status, 404);
    }
}

const BRAKES: &str = "inhouse-default/brake-specialist";

impl World {
    /// What a mail about a moved day carries: method, day, sequence; the oldest first.
    async fn told_of_moves(&self) -> Vec<(String, String, u32)> {
        let mut mails = self.all_mails().await;
        mails.reverse();
        let moved = mails.iter().filter(|mail| mail.subject.contains("到期日"));
        moved
            .map(|mail| {
                let (method, event) = calendar_of(&self.on_the_wire(mail));
                let Some(DatePerhapsTime::Date(on)) = event.get_start() else { panic!("a day") };
                (method, on.to_string(), event.get_sequence().unwrap_or(0))
            })
            .collect()
    }

    async fn announces(&self, kind: &'static str, id: i64, on: &'static str) {
        let (to, now) = (self.lin_by_mail(Lang::Zh).await, self.clock.now());
        let head = self.shared.letterhead.clone();
        let due = DueDay {
            kind,
            id,
            on: Some(day(on)),
            summary: "证书到期".to_owned(),
            description: String::new(),
            path: "/certificates".to_owned(),
        };
        let told = self.arrange(move |conn| mail::announce(conn, &head, &to, &due, now)).await;
        assert!(told.is_some());
        self.clock.advance(Duration::minutes(1));
    }
}

on_both! {
    async fn a_renewal_elsewhere_takes_the_day_out_of_the_calendar(world: World) {
        let lin = world.id("T0001").await;
        let holds = |through: &'static str, number: i64, at: shifu::db::Instant| move |conn: &mut shifu::db::Conn| {
            let fact = NewFact::new(Kind::Certificate, BRAKES, day("2025-03-16")).through(Some(day(through))).number(format!("OLD-{number}"));
            ledger::append(conn, lin, &fact, Source::new("import", number), Stamp { at, by: None }).map(|fact| fact.0)
        };
        let fact = world.arrange(holds("2027-12-23", 1, world.clock.now())).await;
        world.announces("fact", fact, "2027-12-23").await;
        world.round().await;
        assert!(world.told_of_moves().await.is_empty());
        let renewed = NewFact::new(Kind::Certificate, BRAKES, day("2026-11-23")).through(Some(day("2029-01-01"))).number("NEW-1".to_owned());
        let at = world.clock.now();
        world.arrange(move |conn| ledger::append(conn, lin, &renewed, Source::new("import", 2), Stamp { at, by: None }).map(drop)).await;
        for _ in 0..2 {
            world.clock.advance(Duration::minutes(1));
            world.round().await;
            assert_eq!(world.told_of_moves().await, [("CANCEL".to_owned(), "2027-12-23".to_owned(), 1)]);
        }
    }
}

on_both! {
    async fn an_extension_moves_the_day_in_the_calendar(world: World) {
        use diesel::prelude::*;
        use shifu::{certification::{model::{Act, ActKind, CertificateId}, queries}, db::schema::certificate};
        let (lin, consequences) = (world.id("T0001").await, world.shared.consequences.clone());
        let id: CertificateId = world.arrange(move |conn| {
            let stamp = Stamp { at: instant(crate::world::BEGINNING), by: None };
            let course = NewFact::new(Kind::Course, "brake-systems", day("2026-11-23"));
            ledger::append(conn, lin, &course, Source::new("test", 1), stamp)?;
            let exam = NewFact::new(Kind::Exam, "inhouse-default/brake-theory", day("2026-11-23")).amount(90, 1, None);
            ledger::append(conn, lin, &exam, Source::new("test", 2), stamp)?;
            consequences.follow(conn, lin, day("2026-11-23"), stamp)?;
            Ok(certificate::table.select(certificate::id).first(conn)?)
        }).await;
        world.announces("certificate", id.0, "2028-11-22").await;
        let stamp = Stamp { at: world.clock.now(), by: Some(lin) };
        world.arrange(move |conn| {
            let act = Act { through: Some(day("2029-02-28")), ..Act::new(id, ActKind::Extended, day("2026-11-23"), "停课", stamp) };
            queries::add_act(conn, &act).map(drop)
        }).await;
        for _ in 0..2 {
            world.clock.advance(Duration::minutes(1));
            world.round().await;
            assert_eq!(world.told_of_moves().await, [("REQUEST".to_owned(), "2029-02-28".to_owned(), 1)]);
        }
    }
}
