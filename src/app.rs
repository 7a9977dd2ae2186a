//! The whole application: what every worker shares, every route, and the work in the background.

use std::time::Duration;

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    middleware::{Compress, from_fn},
    web,
};

use crate::{
    access::{self, Routes, Who, handlers::SecureCookies},
    api, calendar, careers, certification,
    content::{self, ContentKind, Piece},
    courses::{self, Catalogue, catalogue::Course},
    db::{Conn, Db, Error, Instant},
    exams, extracts, home,
    i18n::Text,
    mail::{Letterhead, MailDelivery, Smtp, Transport},
    mailroom, mentoring, people,
    record::{Consequences, LiveRules, Rules},
    reminders::{self, defaults::ReminderRules, planner::Desk},
    rulebook::{self, Rulebook, Shelf},
    settings::Settings,
    signing::Keys,
    web::{Clock, address::Proxies, assets, middleware},
};

/// What every request may need. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    pub db: Db,
    pub clock: Clock,
    /// The rules as they were when the program started.
    pub rules: Rules,
    pub live_rules: LiveRules,
    pub rulebook: Rulebook,
    pub catalogue: Catalogue,
    pub reminders: ReminderRules,
    pub reminded: reminders::memory::Memory,
    pub consequences: Consequences,
    pub letterhead: Letterhead,
    pub smtp: Option<Smtp>,
    pub keys: Keys,
    pub proxies: Proxies,
    pub check_limit: certification::CheckLimit,
    pub lists: certification::credentials::Lists,
    /// What this process calls itself where several share work.
    pub process: String,
}

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Database(#[from] Error),
    #[error("{0}")]
    Content(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Shared {
    /// Opens the database, brings it up to date and loads course-content into it.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Shared, StartError> {
        let pieces = content::read(settings.content.as_deref()).map_err(StartError::Content)?;
        let loaded = Loaded::parse(&pieces).map_err(StartError::Content)?;
        let reminders = content::file_at_top(settings.content.as_deref(), "reminders.toml")
            .and_then(|file| ReminderRules::parse(&file))
            .map_err(StartError::Content)?;
        let db = Db::open(&settings.database_url)?;
        let now = clock.now();
        let (rulebook, catalogue) =
            db.write_blocking(move |conn| loaded.keep(conn, &pieces, now))?;
        let letterhead =
            Letterhead { from: settings.mail_from.clone(), base_url: settings.base_url() };
        let smtp = settings.smtp.clone();
        let keys = Keys::new(settings.secret_place());
        let live_rules = rulebook.live.clone();
        let rules = live_rules.current();
        let consequences = consequences(&live_rules, &letterhead);
        let check_limit = certification::CheckLimit::default();
        let process = uuid::Uuid::now_v7().simple().to_string();
        Ok(Shared {
            db,
            clock,
            rules,
            live_rules,
            rulebook,
            catalogue,
            reminders,
            reminded: reminders::memory::Memory::default(),
            consequences,
            letterhead,
            smtp,
            keys,
            proxies: settings.trusted_proxies.clone(),
            check_limit,
            lists: certification::credentials::Lists::default(),
            process,
        })
    }
}

/// What follows from new facts, wired here because the capabilities that record facts stand below
/// those that read them.
fn consequences(live_rules: &LiveRules, letterhead: &Letterhead) -> Consequences {
    let (live_rules, letterhead) = (live_rules.clone(), letterhead.clone());
    Consequences::new(move |conn, person, today, stamp| {
        let rules = live_rules.current().on(today);
        certification::issue_due(conn, &rules, &letterhead, person, today, stamp).map(drop)
    })
}

/// course-content, understood but not yet kept.
struct Loaded {
    courses: Vec<Course>,
    shelf: Shelf,
}

impl Loaded {
    /// Understands everything before anything is kept; all mistakes are told at once.
    fn parse(pieces: &[Piece]) -> Result<Loaded, String> {
        let mut mistakes: Vec<Text> = Vec::new();
        let mut courses = Vec::new();
        let mut files = Vec::new();
        for piece in pieces {
            match piece.kind {
                ContentKind::Course => match Course::parse(piece) {
                    Ok(course) => courses.push(course),
                    Err(mistake) => mistakes.push(mistake),
                },
                ContentKind::QuestionBank => {
                    mistakes.extend(exams::questions::bank::check(piece).err())
                }
                ContentKind::RuleSet => {
                    files.push((format!("{}.toml", piece.code), piece.only_text().to_owned()));
                }
            }
        }
        let titles: Vec<(String, Text)> =
            courses.iter().map(|c| (c.plan.code.clone(), c.plan.title.clone())).collect();
        let programmes = Rules::parse(&files, &titles);
        let codes =
            files.into_iter().filter_map(|(name, _)| Some(name.strip_suffix(".toml")?.to_owned()));
        let shelf = Shelf { codes: codes.collect(), courses: titles };
        let said = mistakes.iter().map(|m| format!("{}\n  {}", m.en, m.zh));
        match programmes {
            Ok(_) if mistakes.is_empty() => Ok(Loaded { courses, shelf }),
            Ok(_) => Err(said.collect::<Vec<_>>().join("\n")),
            Err(problems) => {
                let problems = problems.iter().map(ToString::to_string);
                Err(said.chain(problems).collect::<Vec<_>>().join("\n"))
            }
        }
    }

    fn keep(
        mut self,
        conn: &mut Conn,
        pieces: &[Piece],
        now: Instant,
    ) -> Result<(Rulebook, Catalogue), Error> {
        for piece in pieces {
            let id = content::keep(conn, piece, now)?;
            match piece.kind {
                ContentKind::RuleSet => {}
                ContentKind::Course => {
                    let course = self.courses.iter_mut().find(|c| c.plan.code == piece.code);
                    if let Some(course) = course {
                        course.content = id;
                    }
                }
                ContentKind::QuestionBank => exams::questions::bank::keep(conn, piece, now)?,
            }
        }
        let today = now.utc().with_timezone(&chrono_tz::Asia::Shanghai).date_naive();
        let rulebook = Rulebook::open(conn, self.shelf, today)?;
        Ok((rulebook, Catalogue::new(self.courses)))
    }
}

/// Every route of the program, with who may use it.
pub fn routes() -> Routes {
    Routes::new()
        .get("/healthz", Who::Public, healthz)
        .get("/assets/{path:.*}", Who::Public, assets::serve)
        .and(access::routes())
        .and(people::routes())
        .and(courses::routes())
        .and(mentoring::routes())
        .and(exams::routes())
        .and(certification::routes())
        .and(careers::routes())
        .and(rulebook::routes())
        .and(extracts::routes())
        .and(reminders::routes())
        .and(mailroom::routes())
        .and(calendar::routes())
        .and(home::routes())
        .and(api::routes())
}

/// Whether the database answers, for a load balancer or a monitor.
async fn healthz(db: web::Data<Db>) -> HttpResponse {
    use diesel::connection::SimpleConnection;
    let answer = db.read(|conn| Ok::<_, Error>(conn.batch_execute("SELECT 1")?)).await;
    match answer {
        Ok(()) => HttpResponse::Ok().json(serde_json::json!({ "database": "ok" })),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            HttpResponse::ServiceUnavailable().json(serde_json::json!({ "database": "down" }))
        }
    }
}

/// Starts serving on a listener; the caller decides for how long.
pub fn serve(
    shared: Shared,
    listener: std::net::TcpListener,
    workers: Option<usize>,
) -> std::io::Result<Server> {
    let secure = SecureCookies(shared.letterhead.base_url.starts_with("https://"));
    let api_limit = web::Data::new(api::ApiLimit::default());
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(shared.db.clone()))
            .app_data(web::Data::new(shared.clock.clone()))
            .app_data(web::Data::new(shared.live_rules.clone()))
            .app_data(web::Data::new(shared.rulebook.clone()))
            .app_data(web::Data::new(shared.catalogue.clone()))
            .app_data(web::Data::new(shared.reminders.clone()))
            .app_data(web::Data::new(shared.consequences.clone()))
            .app_data(web::Data::new(shared.letterhead.clone()))
            .app_data(web::Data::new(MailDelivery(shared.smtp.is_some())))
            .app_data(web::Data::new(shared.keys.clone()))
            .app_data(web::Data::new(shared.proxies.clone()))
            .app_data(web::Data::new(shared.check_limit.clone()))
            .app_data(web::Data::new(shared.lists.clone()))
            .app_data(api_limit.clone())
            .app_data(web::Data::new(secure))
            .app_data(web::FormConfig::default().limit(256 * 1024))
            .wrap(from_fn(middleware::same_site_only))
            .wrap(from_fn(middleware::error_pages))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::security_headers))
            .wrap(tracing_actix_web::TracingLogger::default())
            .configure(|config| routes().configure(config))
    })
    // An answer goes out at once; otherwise its last part may wait 40 ms for the other side.
    .tcp_nodelay(true)
    .shutdown_timeout(30);
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    Ok(server.listen(listener)?.run())
}

/// How often the background looks for work. Nothing depends on it being punctual.
const ROUND: Duration = Duration::from_secs(20);
/// How often it looks for mail: somebody may be waiting for a link to set their password.
const MAIL_ROUND: Duration = Duration::from_secs(5);

/// Plans reminders, closes attempts whose time is over, hands mails over; until told to stop. A mail
/// server that is slow or silent holds up nothing but mail.
pub async fn background(shared: Shared, stop: tokio::sync::watch::Receiver<bool>) {
    let transport = shared.smtp.as_ref().and_then(|smtp| match Transport::new(smtp) {
        Ok(transport) => Some(transport),
        Err(error) => {
            tracing::error!(%error, "mail cannot be sent: the settings are wrong");
            None
        }
    });
    tokio::join!(rounds(&shared, stop.clone()), deliveries(&shared, transport, stop));
}

async fn rounds(shared: &Shared, mut stop: tokio::sync::watch::Receiver<bool>) {
    loop {
        round(shared, None).await;
        tokio::select! {
            _ = tokio::time::sleep(ROUND) => {}
            _ = stop.changed() => return,
        }
    }
}

/// The rules of today, with those of other days at hand for sites where it is another day.
fn rules_today(shared: &Shared) -> Rules {
    shared.live_rules.current().on(shared.clock.today(chrono_tz::Asia::Shanghai))
}

/// A stop lets the mails that are going out right now be accepted and written down.
async fn deliveries(
    shared: &Shared,
    transport: Option<Transport>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    const FAREWELL: Duration = Duration::from_secs(20);
    let Some(transport) = transport else { return };
    loop {
        let sending = deliver(shared, &transport);
        tokio::pin!(sending);
        tokio::select! {
            () = &mut sending => {}
            _ = stop.changed() => {
                transport.stop();
                let _ = tokio::time::timeout(FAREWELL, sending).await;
                return;
            }
        }
        tokio::select! {
            _ = tokio::time::sleep(MAIL_ROUND) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn deliver(shared: &Shared, transport: &Transport) {
    let outcome = transport.send_due(&shared.db, &shared.clock, &shared.letterhead).await;
    if let Err(error) = outcome {
        tracing::error!(%error, "sending mail failed");
    }
}

/// What exams have left to do: markers to be found, corrections to go on with, results whose time
/// has come.
async fn follow_up_on_exams(shared: &Shared) {
    let Shared { db, consequences, letterhead, clock, .. } = shared;
    let rules = &rules_today(shared);
    if let Err(error) = exams::assign_due(db, rules, clock.now()).await {
        tracing::error!(%error, "giving essays to markers failed");
    }
    let settled =
        exams::advance_corrections(db, rules, consequences, letterhead, clock.now()).await;
    if let Err(error) = settled {
        tracing::error!(%error, "settling corrected results failed");
    }
    if let Err(error) = exams::release_due(db, rules, consequences, letterhead, clock.now()).await {
        tracing::error!(%error, "releasing results failed");
    }
}

/// One round of the background's work; what fails is logged and tried again next time.
pub async fn round(shared: &Shared, transport: Option<&Transport>) {
    let Shared { db, consequences, letterhead, clock, process, .. } = shared;
    // What another server has published counts here from now on.
    if let Err(error) = shared.rulebook.refresh(db, clock.today(chrono_tz::Asia::Shanghai)).await {
        tracing::error!(%error, "looking for newer rules failed");
    }
    let rules = &rules_today(shared);
    // First what decides about results: a reminder may depend on it.
    if let Err(error) = exams::sweep(db, rules, consequences, clock.now()).await {
        tracing::error!(%error, "closing exams whose time is over failed");
    }
    follow_up_on_exams(shared).await;
    let (reminders, head, holder) = (&shared.reminders, letterhead, process.as_str());
    let desk = Desk { db, rules, reminders, head, holder, memory: &shared.reminded };
    let planned = crate::reminders::planner::round(desk, clock.now()).await;
    if let Err(error) = planned {
        tracing::error!(%error, "planning reminders failed");
    }
    if let Err(error) = calendar::tell_moved(db, rules, letterhead, clock.now()).await {
        tracing::error!(%error, "telling calendars what moved failed");
    }
    if let Some(transport) = transport {
        deliver(shared, transport).await;
    }
}
