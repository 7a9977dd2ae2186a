//! The main job, end to end, in a real browser: from a lesson to a certificate, a promotion and a
//! reminder.

use shifu::{
    app,
    db::Conn,
    exams::{
        attempts::{model::AttemptId, queries},
        questions::{
            QuestionKind,
            scoring::{Item, model_response},
        },
    },
    mail::{Smtp, Transport, delivery::Protection},
    record::{
        Kind, NewFact, PersonId, Source,
        ledger::{self, Stamp},
    },
};

use crate::world::{
    BEGINNING, Backend, Browser, World, browser_lack, day, instant, left_out, run,
    smtp::{MailServer, header},
};

/// Everything lin needs for T2 but the brake course's last lesson and its exam.
fn years_of_work(conn: &mut Conn, lin: PersonId) -> Result<(), shifu::db::Error> {
    let logbook = |task: &str, times| {
        NewFact::new(Kind::Logbook, task, day("2026-03-02")).amount(times, 1, Some("times"))
    };
    let mut facts = vec![
        NewFact::new(Kind::Course, "onboarding", day("2021-07-20")).amount(4, 1, Some("h")),
        NewFact::new(Kind::Grade, "technician", day("2024-02-01")).level("T1"),
        NewFact::new(Kind::Certificate, "inhouse-default/hv-aware", day("2026-06-01"))
            .through(Some(day("2030-05-31"))),
        logbook("routine-maintenance", 25),
        logbook("brake-service", 12),
    ];
    for month in 1..=10 {
        let from = chrono::NaiveDate::from_ymd_opt(2026, month, 1).expect("a month");
        let through = shifu::record::period::end_of_month(from);
        let kpi = NewFact::new(Kind::Kpi, "first-time-fix", from).amount(9, 9, None);
        facts.push(kpi.through(Some(through)));
    }
    let stamp = Stamp { at: instant(BEGINNING), by: None };
    for (n, fact) in facts.iter().enumerate() {
        ledger::append(conn, lin, fact, Source::new("history", n as i64), stamp)?;
    }
    Ok(())
}

/// The inputs a candidate who knows everything would press or fill in.
fn right_answer(position: i64, item: &Item) -> Vec<(String, Option<String>)> {
    let name = format!("#q{position} input[name=q{position}]");
    let choice = |value: &str| (format!("{name}[value='{value}']"), None);
    let task = item.task().expect("a task");
    let response = model_response(task, &item.order).expect("a right answer");
    match item.kind {
        QuestionKind::Numeric => vec![(name, Some(response))],
        _ => response.split(',').map(choice).collect(),
    }
}

async fn answer(browser: &Browser, position: i64, item: &Item) {
    for (css, text) in right_answer(position, item) {
        match text {
            Some(text) => browser.fill(&css, &text).await,
            None => browser.click(&css).await,
        }
    }
}

/// The last lesson, read and marked in the browser.
async fn finish_the_course(world: &World, browser: &Browser) {
    let course = world.shared.catalogue.get("brake-systems").expect("a course").clone();
    browser.goto("/courses/brake-systems").await;
    browser.submit("form[action='/courses/brake-systems/enrol'] button").await;
    for lesson in &course.plan.lessons {
        let path = format!("/courses/brake-systems/lessons/{}", lesson.slug);
        browser.goto(&path).await;
        assert!(browser.text(".prose").await.chars().count() > 300, "{path} is a real lesson");
        browser.submit(&format!("form[action='{path}/done'] button")).await;
    }
    browser.goto("/courses/brake-systems").await;
    browser.wait_for_words("完成本课程").await;
}

/// The exam, with the connection cut half-way and another page load in between.
async fn sit_the_exam(world: &World, browser: &Browser) {
    browser.goto("/exams/inhouse-default/brake-theory").await;
    browser.submit("form[action='/exams/inhouse-default/brake-theory/start'] button").await;
    browser.wait_for("#exam-form").await;
    let path = browser.path().await;
    let id: i64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an attempt");
    let paper = world.shared.db.read(move |conn| queries::paper(conn, AttemptId(id))).await;
    let paper = paper.expect("the paper");
    assert_eq!(paper.len(), 20);
    let half = paper.len() / 2;
    for (n, (position, item)) in paper.iter().enumerate() {
        if n == half {
            browser.offline(true).await;
        }
        answer(browser, *position, item).await;
        if n == half + 2 {
            browser.wait_for("#exam-notice:not([hidden])").await;
            browser.offline(false).await;
        }
    }
    // What was answered without a network arrives by itself.
    browser.script("document.activeElement && document.activeElement.blur()").await;
    browser.wait_for_words("全部已保存").await;
    browser.goto(&format!("{path}/finish")).await;
    browser.submit(&format!("form[action='{path}/finish'] button[type=submit]")).await;
    browser.wait_for("h1").await;
    assert!(browser.path().await.ends_with("/result"), "{}", browser.path().await);
    browser.wait_for_words("100").await;
}

#[test]
fn from_a_lesson_to_a_certificate_a_promotion_and_a_reminder() {
    if let Some(lack) = browser_lack() {
        return left_out(lack);
    }
    run(Backend::Sqlite, async |world| {
        let lin = world.id("T0001").await;
        world.arrange(move |conn| years_of_work(conn, lin)).await;

        let phone = Browser::signed_in(&world, "T0001").await;
        phone.size(360, 780).await;
        finish_the_course(&world, &phone).await;
        sit_the_exam(&world, &phone).await;
        phone.goto("/certificates").await;
        phone.wait_for_words("制动系统专修").await;
        phone.wait_for_words("2028年11月22日").await;
        promote(&world, &phone).await;
        remind(&world).await;
    });
}

/// Lin applies, the manager recommends, HR finds them on the board and promotes them.
async fn promote(world: &World, phone: &Browser) {
    phone.goto("/my-path/apply?path=inhouse-default/T2").await;
    phone.fill("textarea[name=statement]", "可以独立完成制动作业").await;
    phone.submit("form[action='/my-path/apply'] button[type=submit]").await;
    phone.wait_for("h1").await;
    let candidacy = phone.path().await;
    assert!(candidacy.starts_with("/candidacies/"), "{candidacy}");

    let manager = Browser::signed_in(world, "M0001").await;
    manager.goto(&candidacy).await;
    manager.fill("textarea[name=note]", "同意推荐").await;
    manager.submit("button[name=supports][value=true]").await;

    let hr = Browser::signed_in(world, "H0001").await;
    hr.goto("/promotion?path=inhouse-default/T2").await;
    hr.wait_for_words("林涛").await;
    hr.goto(&candidacy).await;
    hr.fill("textarea[name=reason]", "条件全部满足").await;
    hr.submit("button[name=outcome][value=promoted]").await;
    hr.wait_until_gone("button[name=outcome]").await;

    phone.goto("/my-path").await;
    assert!(phone.text(".ladder .here").await.contains("T2"), "lin stands on T2 now");
    for browser in [phone, &manager, &hr] {
        let complaints = browser.complaints().await;
        let grave: Vec<&String> =
            complaints.iter().filter(|line| !line.contains("ERR_INTERNET_DISCONNECTED")).collect();
        assert_eq!(grave, Vec::<&String>::new());
    }
}

/// The reminder for the new certificate: on the right day, once, in Chinese, by a real server.
async fn remind(world: &World) {
    let server = MailServer::start(&[]).await;
    let settings = Smtp {
        host: "127.0.0.1".to_owned(),
        port: Some(server.port),
        protection: Protection::None,
        username: None,
        password: None,
    };
    let transport = Transport::new(&settings).expect("a transport");
    let to_lin = |server: &MailServer| -> Vec<String> {
        let mails = server.taken().into_iter();
        mails.filter(|mail| header(mail, "To").is_some_and(|to| to.contains("t0001@"))).collect()
    };
    // The certificate and the promotion were announced already.
    app::round(&world.shared, Some(&transport)).await;
    let announced = to_lin(&server).len();
    assert!(announced >= 2, "the certificate and the promotion are announced: {announced}");
    // Valid through 2028-11-22: ninety days before is 2028-08-24, and not the day before that.
    for (moment, reminders) in [
        ("2028-08-23T02:00:00Z", 0),
        ("2028-08-24T02:00:00Z", 1),
        ("2028-08-24T08:00:00Z", 1),
        ("2028-08-25T02:00:00Z", 1),
    ] {
        world.clock.travel_to(instant(moment));
        app::round(&world.shared, Some(&transport)).await;
        assert_eq!(to_lin(&server).len() - announced, reminders, "by {moment}");
    }
    let sent = world
        .shared
        .db
        .read(|conn| shifu::mail::outbox::list(conn, shifu::mail::outbox::Shown::Sent, 50, 0));
    let sent = sent.await.expect("the outbox");
    let reminder =
        sent.iter().find(|mail| mail.recipient.contains("t0001@")).expect("the reminder");
    assert!(reminder.subject.contains("制动系统专修"), "{}", reminder.subject);
    assert!(reminder.body.plain.contains("2028年11月22日"), "{}", reminder.body.plain);
}
